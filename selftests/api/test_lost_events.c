// SPDX-License-Identifier: GPL-2.0-only
// timeout: 200
/*
 * A program that does not read its events for a while loses some: it is told
 * so, and by the sequence of changes it finds out what it missed, even where
 * the kernel has forgotten part of it.
 */
#include <endian.h>
#include <errno.h>
#include <glob.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <openssl/pem.h>
#include <peergroup.h>
#include "api.h"
#include "group.h"
#include "home.h"
#include "sockets.h"
#include "tap.h"

#define MANY	1000

static struct nl nl;
static struct cert self;
static uint32_t group;
static peergroup_t handle;
static peergroup_watch_t watch;
static struct rec first[MANY], second[MANY], third[MANY], dying[2];

/* -------------------------------------------------------------- a group -- */

static EVP_PKEY *own_key(const char *home)
{
	char pattern[256];
	EVP_PKEY *key;
	glob_t found;
	FILE *file;

	snprintf(pattern, sizeof(pattern), "%s/identities/*/key.pem", home);
	NEED(!glob(pattern, 0, NULL, &found) && found.gl_pathc == 1);
	file = fopen(found.gl_pathv[0], "r");
	NEED(file);
	key = PEM_read_PrivateKey(file, NULL, NULL, NULL);
	NEED(key);
	fclose(file);
	globfree(&found);
	return key;
}

static void take_self(const struct nlmsghdr *msg, void *arg)
{
	const struct nlattr *attr = nl_attr(msg, PEERGROUP_A_MEMBER_FINGERPRINT);

	(void)arg;
	if (nl_u32(msg, PEERGROUP_A_MEMBER_DEPTH) == 1)
		memcpy(self.fingerprint, mnl_attr_get_payload(attr), PEERGROUP_HASH_LEN);
}

static void take_id(const struct nlmsghdr *msg, void *arg)
{
	(void)arg;
	memcpy(self.spec.group, mnl_attr_get_payload(nl_attr(msg, PEERGROUP_A_GROUP_ID)),
	       PEERGROUP_HASH_LEN);
}

/* The library's group; records are signed here, by its key, as it would take too long. */
static void make_group(const char *home)
{
	struct peergroup_status *status;
	struct nlmsghdr *msg;
	char *name;

	NEED(peergroup_identity_create("watcher", NULL, &name) == S_OK);
	NEED(peergroup_create(name, NULL, &handle) == S_OK);
	NEED(peergroup_status(handle, &status) == S_OK);
	group = status->index;
	peergroup_free(status);
	peergroup_free(name);

	self.spec.key = own_key(home);
	msg = nl_begin(&nl, PEERGROUP_CMD_MEMBER_GET, NLM_F_DUMP);
	mnl_attr_put_u32(msg, PEERGROUP_A_MEMBER_GROUP, group);
	NEED(!nl_talk(&nl, msg, take_self, NULL));
	msg = nl_begin(&nl, PEERGROUP_CMD_GROUP_GET, 0);
	mnl_attr_put_u32(msg, PEERGROUP_A_GROUP_INDEX, group);
	NEED(!nl_talk(&nl, msg, take_id, NULL));
}

static void sign_all(struct rec *recs)
{
	static struct rec *list[MANY];
	unsigned int i;

	for (i = 0; i < MANY; i++)
		list[i] = &recs[i];
	rec_sign_batch(list, MANY, &self);
}

/* Every second is deleted in the end. */
static void make_records(void)
{
	unsigned int i;

	for (i = 0; i < MANY; i++)
		rec_new(&first[i], &self, "one", 3);
	sign_all(first);
	for (i = 0; i < MANY; i++)
		rec_next(&second[i], &first[i], &self, "two", 3);
	sign_all(second);
	for (i = 0; i < MANY; i++) {
		if (i % 2)
			rec_next(&third[i], &second[i], &self, "three", 5);
		else
			rec_tombstone(&third[i], &second[i], &self);
	}
	sign_all(third);
}

static void put_all(const struct rec *recs)
{
	unsigned int i;

	for (i = 0; i < MANY; i++)
		NEED(!nl_put_record(&nl, group, recs[i].wire, recs[i].len));
}

/* ------------------------------------------------- what the watch has told -- */

struct known {
	uint8_t id[PEERGROUP_ID_LEN];
	uint32_t change;
	uint32_t version;
};

static struct known known[6 * MANY + 100];
static unsigned int n_known, told, bad_order, gone;
static uint64_t last_seq;

static struct known *look_up(const uint8_t *id)
{
	unsigned int i;

	for (i = 0; i < n_known; i++)
		if (!memcmp(known[i].id, id, PEERGROUP_ID_LEN))
			return &known[i];
	NEED(n_known < sizeof(known) / sizeof(known[0]));
	memcpy(known[n_known].id, id, PEERGROUP_ID_LEN);
	return &known[n_known++];
}

static void take_event(const struct peergroup_event *e)
{
	struct known *k;

	if (e->kind == PEERGROUP_EVENT_GONE)
		gone++;
	if (e->kind != PEERGROUP_EVENT_RECORD)
		return;
	if (e->sequence < last_seq)
		bad_order++;
	last_seq = e->sequence;
	k = look_up(e->id);
	k->change = e->change;
	k->version = e->version;
	told++;
}

static void drain(void)
{
	struct peergroup_event event;
	HRESULT hr;

	while ((hr = peergroup_watch_next(watch, &event)) == S_OK)
		take_event(&event);
	CHECK(hr == PEER_S_NO_EVENT_DATA, "0x%08x %s", (unsigned int)hr,
	      peergroup_error_detail());
}

static uint32_t change_of(const struct rec *rec)
{
	return look_up(rec->hdr.id)->change;
}

/* Reads until a record was told of; false where that does not come. */
static bool heard(const struct rec *rec)
{
	struct pollfd pfd = { .fd = peergroup_watch_fd(watch), .events = POLLIN };
	double end = seconds_now() + WAIT_SECONDS;

	drain();
	while (!change_of(rec)) {
		if (seconds_now() > end || poll(&pfd, 1, WAIT_SECONDS * 1000) <= 0)
			return false;
		drain();
	}
	return true;
}

/* ----------------------------------------------------------------- tests -- */

static uint64_t lost_by_library(void)
{
	struct peergroup_counter *list;
	uint64_t value = 0;
	size_t n, i;

	NEED(peergroup_stats(handle, &list, &n) == S_OK);
	for (i = 0; i < n; i++)
		if (!strcmp(list[i].name, "events_lost"))
			value = list[i].value;
	peergroup_free(list);
	return value;
}

static uint64_t lost_by_command(void)
{
	FILE *out = popen("\"$PG_BUILD\"/selftests/bound/peergroup stats", "r");
	unsigned long long value = 0;
	char line[256];

	NEED(out);
	while (fgets(line, sizeof(line), out))
		sscanf(line, "events_lost %llu", &value);
	NEED(!pclose(out));
	return value;
}

static void test_caught_up(void)
{
	unsigned long before = sockets_dropped(), dropped;
	unsigned int i;

	NEED(peergroup_watch_open(handle, PEERGROUP_SINCE_NOW, &watch) == S_OK);
	NEED(sockets_shrink_polled(peergroup_watch_fd(watch)) == 1);
	put_all(first);
	put_all(second);
	put_all(third);
	dropped = sockets_dropped() - before;
	CHECK(dropped, "no event was lost");
	CHECK(nl_stat(&nl, group, PEERGROUP_A_STATS_EVENTS_LOST) == dropped, "%llu of %lu counted",
	      (unsigned long long)nl_stat(&nl, group, PEERGROUP_A_STATS_EVENTS_LOST), dropped);
	CHECK(lost_by_library() == dropped, "%llu", (unsigned long long)lost_by_library());
	CHECK(lost_by_command() == dropped, "%llu", (unsigned long long)lost_by_command());
	drain();
	/* What came and went unseen is nothing to tell. */
	for (i = 0; i < MANY; i++) {
		struct known *k = look_up(first[i].hdr.id);

		if (i % 2)
			CHECK((k->change == PEERGROUP_CHANGE_ADDED ||
			       k->change == PEERGROUP_CHANGE_UPDATED) && k->version == 3,
			      "record %u: change %u, version %u", i, k->change, k->version);
		else
			CHECK(!k->change || k->change == PEERGROUP_CHANGE_DELETED,
			      "record %u: change %u", i, k->change);
	}
	CHECK(!bad_order, "%u out of order", bad_order);
	CHECK(told < 3 * MANY, "%u told, so none was lost", told);
}

static void test_goes_on(void)
{
	struct rec rec;

	rec_new(&rec, &self, "next", 4);
	rec_sign(&rec, &self);
	NEED(!nl_put_record(&nl, group, rec.wire, rec.len));
	CHECK(heard(&rec));
	CHECK(change_of(&rec) == PEERGROUP_CHANGE_ADDED);
	rec_free(&rec);
}

static bool all_forgotten(void *arg)
{
	uint64_t since = *(uint64_t *)arg;

	return nl_group_number(&nl, group, PEERGROUP_A_GROUP_HORIZON) > since &&
	       nl_group_number(&nl, group, PEERGROUP_A_GROUP_RECORDS) == MANY / 2 + 1;
}

static int dump_since(uint64_t since)
{
	struct nlmsghdr *msg = nl_begin(&nl, PEERGROUP_CMD_RECORD_GET, NLM_F_DUMP);

	mnl_attr_put_u32(msg, PEERGROUP_A_RECORD_GROUP, group);
	mnl_attr_put_u64(msg, PEERGROUP_A_RECORD_SINCE, since);
	return nl_talk(&nl, msg, NULL, NULL);
}

/* Two records that soon end: one is deleted, and its tombstone ends, too. */
static void put_dying(void)
{
	unsigned int i;

	for (i = 0; i < 2; i++) {
		rec_new(&dying[i], &self, "soon gone", 9);
		dying[i].hdr.expires = htobe64(peer_time_now() + 4 * TICKS);
		rec_sign(&dying[i], &self);
		NEED(!nl_put_record(&nl, group, dying[i].wire, dying[i].len));
	}
	CHECK(heard(&dying[0]) && heard(&dying[1]));
}

/* Updates of the half that lives, enough to fill the watch's socket. */
static void overflow(void)
{
	static struct rec fourth[MANY];
	struct rec *list[MANY];
	unsigned int i, n = 0;

	for (i = 1; i < MANY; i += 2) {
		rec_next(&fourth[i], &third[i], &self, "four", 4);
		list[n++] = &fourth[i];
	}
	rec_sign_batch(list, n, &self);
	for (i = 0; i < n; i++) {
		NEED(!nl_put_record(&nl, group, list[i]->wire, list[i]->len));
		rec_free(list[i]);
	}
}

/*
 * The kernel forgets expiries after 4096 of them, but a deletion as soon as its
 * tombstone expires: changes from before that cannot be listed any more.
 */
static void test_forgotten(void)
{
	unsigned long before = sockets_dropped();
	struct rec tombstone;
	unsigned int i;
	uint64_t since;

	put_dying();
	since = last_seq;
	CHECK(!dump_since(since));
	rec_tombstone(&tombstone, &dying[1], &self);
	rec_sign(&tombstone, &self);
	NEED(!nl_put_record(&nl, group, tombstone.wire, tombstone.len));
	rec_free(&tombstone);
	overflow();
	CHECK(sockets_dropped() > before, "no event was lost");
	CHECK(wait_until(all_forgotten, &since), "horizon %llu, since %llu",
	      (unsigned long long)nl_group_number(&nl, group, PEERGROUP_A_GROUP_HORIZON),
	      (unsigned long long)since);
	CHECK(dump_since(since) == -ESTALE);
	CHECK(nl.text[0]);
	CHECK(!dump_since(0));

	drain();
	for (i = 0; i < 2; i++)
		CHECK(change_of(&dying[i]) == PEERGROUP_CHANGE_EXPIRED ||
		      change_of(&dying[i]) == PEERGROUP_CHANGE_DELETED, "%u: %u", i,
		      change_of(&dying[i]));
	for (i = 1; i < MANY; i += 2)
		CHECK(look_up(first[i].hdr.id)->version == 4, "record %u: version %u", i,
		      look_up(first[i].hdr.id)->version);
}

/* The same without the library: the error, and the way out. */
static void test_enobufs(void)
{
	static struct nl deaf;
	uint64_t since = nl_group_number(&nl, group, PEERGROUP_A_GROUP_SEQ);
	struct rec rec;
	unsigned int i;
	int err = 0;

	NEED(!nl_open(&deaf) && !nl_listen(&deaf) && socket_shrink(mnl_socket_get_fd(deaf.sock)));
	for (i = 0; i < 40; i++) {
		rec_new(&rec, &self, "y", 1);
		rec_sign(&rec, &self);
		NEED(!nl_put_record(&nl, group, rec.wire, rec.len));
		rec_free(&rec);
	}
	for (i = 0; i < 100 && err != ENOBUFS; i++)
		err = recv(mnl_socket_get_fd(deaf.sock), deaf.in, sizeof(deaf.in),
			   MSG_DONTWAIT) < 0 ? errno : 0;
	CHECK(err == ENOBUFS, "%d", err);
	CHECK(!dump_since(since));
	nl_close(&deaf);
}

/* ------------------------------------------- news of the group itself -- */

#define BEFORE	100		/* so many events are more than the socket takes */
#define AFTER	10

/* In another process: 0 once a change of the properties and a joining were heard. */
static int hear_news(const char *name, int tell)
{
	PEER_GROUP_EVENT_REGISTRATION want[] = {
		{ PEER_GROUP_EVENT_PROPERTY_CHANGED, NULL },
		{ PEER_GROUP_EVENT_MEMBER_CHANGED, NULL },
	};
	unsigned int heard = 0;
	PEER_GROUP_EVENT_DATA *data;
	PEER_VERSION_DATA version;
	peergroup_t mine;
	HPEEREVENT reg;
	HANDLE event;
	int fd, found = 0;

	if (PeerGroupStartup(PEER_GROUP_VERSION, &version) ||
	    peergroup_open(NULL, name, &mine) || peergroup_event_create(&event) ||
	    PeerGroupRegisterEvent(mine, event, 2, want, &reg))
		return 2;
	for (fd = 3; fd < 64; fd++)
		found += sockets_shrink_polled(fd);
	if (found != 1 || write(tell, "", 1) != 1)
		return 3;
	while (heard != 3 && peergroup_event_wait(event, WAIT_SECONDS * 1000) == S_OK) {
		while (PeerGroupGetEventData(reg, &data) == S_OK) {
			heard |= data->eventType == PEER_GROUP_EVENT_PROPERTY_CHANGED;
			if (data->eventType == PEER_GROUP_EVENT_MEMBER_CHANGED &&
			    data->memberChangeData.changeType == PEER_MEMBER_JOINED)
				heard |= 2;
			PeerFreeData(data);
		}
	}
	return heard == 3 ? 0 : 1;
}

static void put_some(unsigned int count)
{
	struct rec rec;

	while (count--) {
		rec_new(&rec, &self, "z", 1);
		rec_sign(&rec, &self);
		NEED(!nl_put_record(&nl, group, rec.wire, rec.len));
		rec_free(&rec);
	}
}

static void add_unread(void)
{
	static struct rec recs[MANY];
	unsigned int i;

	for (i = 0; i < MANY; i++)
		rec_new(&recs[i], &self, "more", 4);
	sign_all(recs);
	put_all(recs);
	for (i = 0; i < MANY; i++)
		rec_free(&recs[i]);
}

static void change_group(void)
{
	struct peergroup_properties *all, p;

	NEED(!peergroup_properties(handle, &all));
	p = *all;
	p.comment = "changed";
	NEED(!peergroup_set_properties(handle, &p));
	peergroup_free(all);
	NEED(!peergroup_online(handle, 0));	/* publishes the membership */
}

/* A program that is stopped while it happens, among more events than it has room for. */
static void test_news(void)
{
	struct peergroup_status *status;
	unsigned long before;
	int tell[2], result;
	char number[16], c;
	pid_t pid;

	NEED(!peergroup_watch_close(watch) && !pipe(tell));
	NEED(!peergroup_status(handle, &status));
	snprintf(number, sizeof(number), "%d", tell[1]);
	pid = fork();
	NEED(pid >= 0);
	if (!pid)
		exec_self(status->name, number);
	peergroup_free(status);
	close(tell[1]);
	NEED(read(tell[0], &c, 1) == 1);
	NEED(!kill(pid, SIGSTOP));
	NEED(waitpid(pid, &result, WUNTRACED) == pid && WIFSTOPPED(result));
	before = sockets_dropped();
	put_some(BEFORE);
	change_group();
	put_some(AFTER);
	CHECK(sockets_dropped() > before, "no event was lost");
	NEED(!kill(pid, SIGCONT));
	NEED(waitpid(pid, &result, 0) == pid);
	CHECK(WIFEXITED(result) && !WEXITSTATUS(result), "status %#x", result);
	close(tell[0]);
	NEED(!peergroup_watch_open(handle, PEERGROUP_SINCE_NOW, &watch));
}

/* ------------------------------------------------ a program that is busy -- */

#define QUEUE_MAX	4096	/* feed.c's NEWS_MAX */
#define ROUNDS		7	/* each a change of MANY records: more than may wait */
#define LATE		4	/* sets added later: more than there is room for at all */

/* What waits shall do so in the registration, not in its socket. */
static void publish(struct rec *recs)
{
	unsigned int i;

	sign_all(recs);
	put_all(recs);
	for (i = 0; i < MANY; i++)
		rec_free(&recs[i]);
	NEED(wait_until(sockets_read, NULL));
}

static void add_many(struct rec *recs)
{
	unsigned int i;

	for (i = 0; i < MANY; i++)
		rec_new(&recs[i], &self, "busy", 4);
	publish(recs);
}

/* In the end every second is deleted. */
static void change_many(struct rec *recs)
{
	unsigned int i, round;
	struct rec before;

	for (round = 1; round < ROUNDS; round++) {
		for (i = 0; i < MANY; i++) {
			before = recs[i];
			if (round == ROUNDS - 1 && i % 2)
				rec_tombstone(&recs[i], &before, &self);
			else
				rec_next(&recs[i], &before, &self, "busy", 4);
		}
		publish(recs);
	}
}

/* What waits, all of it: how many events, and what the call said in the end. */
static unsigned int take_all(HPEEREVENT reg, HRESULT *end)
{
	PEER_EVENT_RECORD_CHANGE_DATA *change;
	PEER_GROUP_EVENT_DATA *data;
	unsigned int n = 0;
	uuid_t id;
	HRESULT hr;

	while ((hr = PeerGroupGetEventData(reg, &data)) == S_OK) {
		NEED(data->eventType == PEER_GROUP_EVENT_RECORD_CHANGED);
		change = &data->recordChangeData;
		peergroup_guid_to_uuid(&change->recordId, id);
		look_up(id)->change = change->changeType;
		PeerFreeData(data);
		n++;
	}
	*end = hr;
	return n;
}

/* No descriptor is to be had, so that the kernel cannot be asked by another socket. */
static void limit_files(bool on)
{
	static struct rlimit was;
	struct rlimit few;

	if (on) {
		NEED(!getrlimit(RLIMIT_NOFILE, &was));
		few = was;
		few.rlim_cur = 3;
		NEED(!setrlimit(RLIMIT_NOFILE, &few));
	} else {
		NEED(!setrlimit(RLIMIT_NOFILE, &was));
	}
}

/* Of how many something else was told last than what is so. */
static unsigned int count_wrong(const struct rec *old, const struct rec (*late)[MANY])
{
	unsigned int i, set, wrong = 0;

	for (i = 0; i < MANY; i++) {
		wrong += change_of(&old[i]) != (i % 2 ? PEER_RECORD_DELETED : PEER_RECORD_UPDATED);
		for (set = 0; set < LATE; set++)
			wrong += change_of(&late[set][i]) != PEER_RECORD_ADDED;
	}
	return wrong;
}

static struct rec late[LATE][MANY];

static void test_busy(void)
{
	PEER_GROUP_EVENT_REGISTRATION want[] = {
		{ PEER_GROUP_EVENT_RECORD_CHANGED, NULL },
		/* Of these nothing comes; they are looked for all the same. */
		{ PEER_GROUP_EVENT_MEMBER_CHANGED, NULL },
		{ PEER_GROUP_EVENT_PROPERTY_CHANGED, NULL },
	};
	static struct rec old[MANY];
	unsigned int n, set, wrong;
	PEER_GROUP_EVENT_DATA *data;
	HRESULT hr;
	PEER_VERSION_DATA version;
	HPEEREVENT reg;
	HANDLE event;

	NEED(!peergroup_watch_close(watch));
	NEED(!PeerGroupStartup(PEER_GROUP_VERSION, &version) && !peergroup_event_create(&event));
	NEED(!PeerGroupRegisterEvent(handle, event, 3, want, &reg));
	add_many(old);
	change_many(old);
	for (set = 0; set < LATE; set++)
		add_many(late[set]);
	n_known = 0;
	memset(known, 0, sizeof(known));
	/* What cannot be found out is an error, and the program is called to try again. */
	NEED(peergroup_event_wait(event, 0) == S_OK);
	limit_files(true);
	n = take_all(reg, &hr);
	CHECK(FAILED(hr), "0x%08x after %u", (unsigned int)hr, n);
	CHECK(peergroup_event_wait(event, 0) == S_OK);
	CHECK(PeerGroupGetEventData(reg, &data) == hr && peergroup_event_wait(event, 0) == S_OK);
	limit_files(false);
	n += take_all(reg, &hr);
	CHECK(hr == PEER_S_NO_EVENT_DATA, "0x%08x", (unsigned int)hr);
	wrong = count_wrong(old, (const struct rec (*)[MANY])late);
	CHECK(!wrong, "%u not as they are", wrong);
	CHECK(n >= QUEUE_MAX && n <= QUEUE_MAX + (1 + LATE) * MANY, "%u events", n);
	CHECK(!PeerGroupUnregisterEvent(reg) && !PeerGroupShutdown());
	peergroup_event_close(event);
	NEED(!peergroup_watch_open(handle, PEERGROUP_SINCE_NOW, &watch));
}

/* A watch that is behind is readable, though nothing waits and its socket is silent. */
static void test_owed(void)
{
	struct pollfd pfd = { .fd = peergroup_watch_fd(watch), .events = POLLIN };
	struct peergroup_event event;
	unsigned int i, set;
	struct rec before;
	HRESULT hr;

	NEED(sockets_shrink_polled(pfd.fd) == 1);
	for (set = 0; set < LATE; set++) {
		for (i = 0; i < MANY; i++) {
			before = late[set][i];
			rec_next(&late[set][i], &before, &self, "owed", 4);
		}
		sign_all(late[set]);
		put_all(late[set]);
		for (i = 0; i < MANY; i++)
			rec_free(&late[set][i]);
	}
	add_unread();
	told = 0;
	limit_files(true);
	while ((hr = peergroup_watch_next(watch, &event)) == S_OK)
		take_event(&event);
	CHECK(FAILED(hr) && told >= QUEUE_MAX && told < LATE * MANY + MANY, "0x%08x after %u",
	      (unsigned int)hr, told);
	CHECK(poll(&pfd, 1, 0) == 1 && peergroup_watch_next(watch, &event) == hr);
	CHECK(poll(&pfd, 1, 0) == 1);
	limit_files(false);
	drain();
	CHECK(told == LATE * MANY + MANY, "%u told", told);
	CHECK(!poll(&pfd, 1, 0));
}

/* --------------------------------- the same of what members say of themselves -- */

static const uint8_t membership[PEERGROUP_ID_LEN] = PEERGROUP_TYPE_MEMBERSHIP;

static peergroup_t bobs;
static char *bob, *watcher;
static uint8_t own_data[DER_ROOM];	/* of the watcher's membership */

static bool is_alone(void *arg)
{
	return !has_status(arg, PEERGROUP_STATUS_CONNECTED);
}

static void link_to_bob(void)
{
	NEED(!peergroup_online(bobs, 4000) && !peergroup_connect(bobs, "127.0.0.1"));
	NEED(wait_until(is_ready, bobs));
}

static void take_bob(void)
{
	struct peergroup_status *status;
	char *xml, *invitation;

	NEED(!peergroup_identity_create("bob", NULL, &bob));
	NEED(!peergroup_identity_xml(bob, &xml));
	NEED(!peergroup_invite(handle, xml, 0, PEERGROUP_ROLE_MEMBER, &invitation));
	NEED(!peergroup_join(bob, invitation, &bobs));
	peergroup_free(invitation);
	peergroup_free(xml);
	NEED(!peergroup_status(handle, &status));
	watcher = strdup(status->identity);
	peergroup_free(status);
	link_to_bob();
}

static void take_own(const struct nlmsghdr *msg, void *arg)
{
	const struct nlattr *wire = nl_attr(msg, PEERGROUP_A_RECORD_WIRE);
	const struct nlattr *id = nl_attr(msg, PEERGROUP_A_RECORD_ID);
	static const uint8_t zero[PEERGROUP_ID_LEN / 2];
	struct rec *rec = arg;
	uint8_t hash[PEERGROUP_HASH_LEN];

	/* One of each member: its own begins as its key's hash does. */
	cert_spki_hash(self.spec.key, hash);
	NEED(wire && id);
	if (memcmp((const uint8_t *)mnl_attr_get_payload(id) + sizeof(zero), zero, sizeof(zero)) ||
	    memcmp(mnl_attr_get_payload(id), hash, sizeof(zero)))
		return;
	rec->len = mnl_attr_get_payload_len(wire);
	rec->wire = malloc(rec->len);
	NEED(rec->wire);
	memcpy(rec->wire, mnl_attr_get_payload(wire), rec->len);
	memcpy(&rec->hdr, rec->wire, sizeof(rec->hdr));
	rec->data_len = be32toh(rec->hdr.data_len);
	NEED(rec->data_len <= sizeof(own_data));
	rec->data = memcpy(own_data, rec->wire + rec_data_at(rec), rec->data_len);
}

/* The watcher's own membership, as it is there. */
static void get_membership(struct rec *rec)
{
	struct nlmsghdr *msg = nl_begin(&nl, PEERGROUP_CMD_RECORD_GET, NLM_F_DUMP);

	memset(rec, 0, sizeof(*rec));
	mnl_attr_put_u32(msg, PEERGROUP_A_RECORD_GROUP, group);
	mnl_attr_put(msg, PEERGROUP_A_RECORD_TYPE, sizeof(membership), membership);
	NEED(!nl_talk(&nl, msg, take_own, rec) && rec->wire);
}

/* A thousand versions after that, which is freed, the last of them in its place. */
static void publish_versions(struct rec *rec, const struct cert *by, size_t less)
{
	static struct rec next[MANY];
	static struct rec *list[MANY];
	unsigned int i;

	for (i = 0; i < MANY; i++) {
		rec_next(&next[i], i ? &next[i - 1] : rec, by, rec->data,
			 rec->data_len - (i % 2 ? 0 : less));
		list[i] = &next[i];
	}
	rec_sign_batch(list, MANY, by);
	put_all(next);
	NEED(wait_until(sockets_read, NULL));
	for (i = 0; i < MANY - 1; i++)
		rec_free(&next[i]);
	rec_free(rec);
	*rec = next[MANY - 1];
}

/* How often each was told, and what last. */
struct told {
	unsigned int n, joined, updated;
	PEER_MEMBER_CHANGE_TYPE last;
};

static unsigned int take_member_events(HPEEREVENT reg, struct told *of_bob,
				       struct told *of_watcher)
{
	PEER_GROUP_EVENT_DATA *data;
	struct told *t;
	unsigned int n;
	HRESULT hr;

	for (n = 0; (hr = PeerGroupGetEventData(reg, &data)) == S_OK; n++) {
		PEER_EVENT_MEMBER_CHANGE_DATA *m = &data->memberChangeData;

		t = same(m->pwzIdentity, bob) ? of_bob : of_watcher;
		CHECK(t != of_watcher || same(m->pwzIdentity, watcher));
		t->n++;
		t->joined += m->changeType == PEER_MEMBER_JOINED;
		t->updated += m->changeType == PEER_MEMBER_UPDATED;
		t->last = m->changeType;
		PeerFreeData(data);
	}
	CHECK(hr == PEER_S_NO_EVENT_DATA, "0x%08x", (unsigned int)hr);
	return n;
}

static void test_busy_members(void)
{
	PEER_GROUP_EVENT_REGISTRATION want = { PEER_GROUP_EVENT_MEMBER_CHANGED, NULL };
	struct told of_bob = { 0 }, of_watcher = { 0 };
	PEER_VERSION_DATA version;
	static const char *const address = "2001:db8::1";
	static struct cert above, by_bob;
	struct rec own, node;
	HPEEREVENT reg;
	HANDLE event;
	unsigned int i, n;

	NEED(!peergroup_watch_close(watch));
	NEED(!PeerGroupStartup(PEER_GROUP_VERSION, &version) && !peergroup_event_create(&event));
	take_bob();
	NEED(!PeerGroupRegisterEvent(handle, event, 1, &want, &reg));
	get_membership(&own);
	home_member(bob, &above, &by_bob);
	rec_presence(&node, &by_bob, 7, 1, &address, 1);
	for (i = 0; i < ROUNDS - 2; i++)
		publish_versions(&own, &self, 0);
	/* With an address and without: what does not change is not told of. */
	for (; i < ROUNDS; i++)
		publish_versions(&node, &by_bob, PEERGROUP_PRESENCE_ADDRESS_LEN);
	rec_free(&own);
	rec_free(&node);
	EVP_PKEY_free(by_bob.spec.key);
	/* What comes then is told all the same, and as it is in the end. */
	NEED(!peergroup_renew(handle, bob, 0, PEERGROUP_ROLE_INVITING, PEERGROUP_RENEW_STORE,
			      NULL));
	NEED(!peergroup_offline(bobs) && wait_until(is_alone, handle));
	link_to_bob();
	NEED(!peergroup_offline(bobs) && wait_until(is_alone, handle));
	NEED(wait_until(sockets_read, NULL));
	n = take_member_events(reg, &of_bob, &of_watcher);
	/* His own membership may have been there before, or not. */
	CHECK(of_bob.joined == 1 || of_bob.joined == 2, "Bob's renewal was told %u times",
	      of_bob.joined);
	CHECK(of_bob.last == PEER_MEMBER_DISCONNECTED, "the last of %u of Bob: %d",
	      of_bob.n, of_bob.last);
	CHECK(of_watcher.updated == of_watcher.n && of_watcher.n >= QUEUE_MAX - 10, "%u of %u",
	      of_watcher.updated, of_watcher.n);
	CHECK(n >= QUEUE_MAX && n <= QUEUE_MAX + 10, "%u events", n);
	CHECK(!PeerGroupUnregisterEvent(reg) && !PeerGroupShutdown());
	peergroup_event_close(event);
	NEED(!peergroup_close(bobs));
	peergroup_free(bob);
	free(watcher);
	NEED(!peergroup_watch_open(handle, PEERGROUP_SINCE_NOW, &watch));
}

static void test_gone(void)
{
	struct pollfd pfd = { .fd = peergroup_watch_fd(watch), .events = POLLIN };

	drain();
	NEED(!nl_simple(&nl, PEERGROUP_CMD_GROUP_DESTROY, PEERGROUP_A_GROUP_INDEX, group));
	while (!gone && poll(&pfd, 1, WAIT_SECONDS * 1000) > 0)
		drain();
	CHECK(gone == 1);
	CHECK(peergroup_watch_close(watch) == S_OK);
	CHECK(peergroup_close(handle) == S_OK);
	CHECK(wait_slab("pg_record", 0), "%lu records", slab_objects("pg_record"));
	CHECK(no_leaks());
}

/* Called with a group's name and a descriptor by itself: the program that hears news. */
int main(int argc, char **argv)
{
	static const struct tap_test tests[] = {
		{ "3000 changes while nobody reads: the watch catches up", test_caught_up },
		{ "and goes on with events", test_goes_on },
		{ "what the kernel has forgotten is found by comparison", test_forgotten },
		{ "a socket without room is told so", test_enobufs },
		{ "news of properties and members that were lost", test_news },
		{ "a program that is busy: what waits for it is bounded, nothing is lost",
		  test_busy },
		{ "a watch that cannot catch up says so, and is readable", test_owed },
		{ "and of what members say of themselves: it is told as it is in the end",
		  test_busy_members },
		{ "the end of the group is told", test_gone },
	};
	char home[] = "/tmp/watch.XXXXXX";

	if (argc == 3)
		return hear_news(argv[1], atoi(argv[2]));
	need_module();
	own_namespace();
	NEED(mkdtemp(home) && !setenv("PEERGROUP_HOME", home, 1));
	NEED(!nl_open(&nl));
	make_group(home);
	make_records();
	return tap_main(tests, sizeof(tests) / sizeof(tests[0]));
}
