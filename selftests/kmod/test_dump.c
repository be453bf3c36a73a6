// SPDX-License-Identifier: GPL-2.0-only
// timeout: 200
/*
 * Dumps while others add, update and delete two thousand records: what was
 * there all the time is told exactly once, large records are never torn, and
 * who follows the changes by their sequence ends with the table. Who may not read
 * the group any more is told nothing more of it.
 */
#include <errno.h>
#include <endian.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <openssl/sha.h>
#include <arpa/inet.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include "group.h"
#include "tap.h"

#define STABLE		300
#define CHANGING	2000
#define LARGE		4
#define LARGE_LEN	(100U << 10)
#define ALL		(STABLE + CHANGING + LARGE)
#define LARGE_VERSIONS	24
#define CHANGERS	2

static struct nl nl;
static struct cert root, own;
static uint32_t group;

/* First versions of all, next versions of those that change; all made beforehand. */
static struct rec first[ALL], next[CHANGING], large[LARGE][LARGE_VERSIONS];

/* ------------------------------------------------------- before it begins -- */

static void sign_all(struct rec *recs, unsigned int n)
{
	struct rec **list = calloc(n, sizeof(*list));
	unsigned int i;

	NEED(list);
	for (i = 0; i < n; i++)
		list[i] = &recs[i];
	rec_sign_batch(list, n, &own);
	free(list);
}

static void make_records(void)
{
	static char small[200];
	uint8_t *data;
	unsigned int i, v;

	for (i = 0; i < ALL; i++) {
		size_t len = i < STABLE + CHANGING ? sizeof(small) : LARGE_LEN;

		data = malloc(len);
		NEED(data);
		memset(data, (int)i, len);
		rec_new(&first[i], &own, data, len);
	}
	sign_all(first, ALL);
	for (i = 0; i < CHANGING; i++) {
		if (i % 3)
			rec_next(&next[i], &first[STABLE + i], &own, "second", 6);
		else
			rec_tombstone(&next[i], &first[STABLE + i], &own);
	}
	sign_all(next, CHANGING);
	for (i = 0; i < LARGE; i++) {
		const struct rec *before = &first[STABLE + CHANGING + i];

		for (v = 0; v < LARGE_VERSIONS; v++) {
			size_t len = LARGE_LEN - v * 1111;

			data = malloc(len);
			NEED(data);
			memset(data, (int)(i * 50 + v), len);
			rec_next(&large[i][v], before, &own, data, len);
			before = &large[i][v];
		}
		sign_all(large[i], LARGE_VERSIONS);
	}
}

static void put(struct nl *by, const struct rec *rec)
{
	int err = nl_put_record(by, group, rec->wire, rec->len);

	if (err)
		printf("# %s: %s\n", strerror(-err), by->text);
	NEED(!err);
}

/* -------------------------------------------------------------- changers -- */

static pid_t changers[CHANGERS];

/* Every second of what changes is theirs: added first, changed a little later. */
static void change(unsigned int who)
{
	static struct nl mine;
	unsigned int i, lag = 200, v = 0;

	NEED(!nl_open(&mine));
	for (i = who; i < CHANGING + lag; i += CHANGERS) {
		if (i < CHANGING)
			put(&mine, &first[STABLE + i]);
		if (i >= lag)
			put(&mine, &next[i - lag]);
		if (i % 180 == who && v < LARGE_VERSIONS) {
			put(&mine, &large[who][v]);
			put(&mine, &large[who + CHANGERS][v++]);
		}
	}
}

static void start_changers(void)
{
	unsigned int who;

	fflush(stdout);
	for (who = 0; who < CHANGERS; who++) {
		changers[who] = fork();
		NEED(changers[who] >= 0);
		if (changers[who])
			continue;
		change(who);
		_exit(0);
	}
}

/* True while one of them is at work; bails out where one failed. */
static bool changing(void)
{
	bool any = false;
	unsigned int who;
	int status;

	for (who = 0; who < CHANGERS; who++) {
		if (!changers[who])
			continue;
		if (waitpid(changers[who], &status, WNOHANG) == changers[who]) {
			NEED(WIFEXITED(status) && !WEXITSTATUS(status));
			changers[who] = 0;
		} else {
			any = true;
		}
	}
	return any;
}

/* --------------------------------------------------------- a dump by id -- */

struct dump {
	unsigned int seen[STABLE + LARGE];
	unsigned int records, torn, disorder, unknown;
	uint8_t last[PEERGROUP_ID_LEN];
	/* the record whose parts are coming */
	struct peergroup_record_hdr hdr;
	uint32_t size, have;
	uint8_t *wire;
};

static void note_stable(struct dump *d, const uint8_t *id)
{
	unsigned int i;

	for (i = 0; i < STABLE + LARGE; i++) {
		const struct rec *rec = &first[i < STABLE ? i : CHANGING + i];

		if (!memcmp(rec->hdr.id, id, PEERGROUP_ID_LEN))
			d->seen[i]++;
	}
}

/* Is a whole wire form one version, from its header to its last byte? */
static bool whole(const struct dump *d)
{
	const struct peergroup_record_hdr *hdr = (const void *)d->wire;
	uint32_t len = be32toh(hdr->data_len);
	uint8_t hash[PEERGROUP_HASH_LEN];

	if (d->size < sizeof(*hdr) || len > d->size)
		return false;
	SHA256(d->wire + d->size - len, len, hash);
	return !memcmp(hash, hdr->data_hash, sizeof(hash));
}

static void take_part(struct dump *d, const struct nlmsghdr *msg)
{
	const struct nlattr *wire = nl_attr(msg, PEERGROUP_A_RECORD_WIRE);
	uint32_t offset = nl_u32(msg, PEERGROUP_A_RECORD_OFFSET);
	uint32_t size = nl_u32(msg, PEERGROUP_A_RECORD_SIZE);
	uint32_t len = wire ? mnl_attr_get_payload_len(wire) : 0;

	if (!offset) {
		d->size = size;
		d->have = 0;
		d->wire = realloc(d->wire, size);
		NEED(d->wire);
	}
	if (offset != d->have || size != d->size || len > size - offset || !len) {
		d->torn++;
		return;
	}
	memcpy(d->wire + offset, mnl_attr_get_payload(wire), len);
	d->have += len;
	if (d->have == d->size && !whole(d))
		d->torn++;
}

static void take_record(const struct nlmsghdr *msg, void *arg)
{
	const uint8_t *id = mnl_attr_get_payload(nl_attr(msg, PEERGROUP_A_RECORD_ID));
	struct dump *d = arg;

	if (d->have == d->size) {
		if (d->records && memcmp(id, d->last, sizeof(d->last)) <= 0)
			d->disorder++;
		memcpy(d->last, id, sizeof(d->last));
		d->records++;
		note_stable(d, id);
	} else if (memcmp(id, d->last, sizeof(d->last))) {
		d->torn++;
	}
	take_part(d, msg);
}

static void dump_once(struct dump *d)
{
	struct nlmsghdr *msg = nl_begin(&nl, PEERGROUP_CMD_RECORD_GET, NLM_F_DUMP);
	unsigned int i;
	int err;

	memset(d, 0, sizeof(*d));
	mnl_attr_put_u32(msg, PEERGROUP_A_RECORD_GROUP, group);
	err = nl_talk(&nl, msg, take_record, d);
	CHECK(!err, "%d: %s", err, nl.text);
	CHECK(!d->torn && d->have == d->size, "%u records torn", d->torn);
	CHECK(!d->disorder, "%u out of order", d->disorder);
	for (i = 0; i < STABLE + LARGE; i++)
		CHECK(d->seen[i] == 1, "record %u was told %u times", i, d->seen[i]);
	free(d->wire);
}

/* ---------------------------------------------------- following by sequence -- */

struct follower {
	uint64_t seq;
	unsigned int disorder, untold, wrong;
	uint8_t state[CHANGING];	/* enum peergroup_change */
	unsigned int dump;		/* which one it is */
	unsigned int added[CHANGING];	/* in which dump it was told so */
};

static int changing_index(const uint8_t *id)
{
	unsigned int i;

	for (i = 0; i < CHANGING; i++)
		if (!memcmp(first[STABLE + i].hdr.id, id, PEERGROUP_ID_LEN))
			return (int)i;
	return -1;
}

/* Added once, then updated or deleted; added at once as its second version, too. */
static void take_change(const struct nlmsghdr *msg, void *arg)
{
	const uint8_t *id = mnl_attr_get_payload(nl_attr(msg, PEERGROUP_A_RECORD_ID));
	uint64_t seq = nl_u64(msg, PEERGROUP_A_RECORD_SEQ);
	uint32_t change = nl_u32(msg, PEERGROUP_A_RECORD_CHANGE);
	struct follower *f = arg;
	int i = changing_index(id);

	if (seq <= f->seq)
		f->disorder++;
	f->seq = seq;
	if (i < 0)
		return;
	/* One that changes while a dump is under way may come twice in it. */
	if (change == PEERGROUP_CHANGE_ADDED) {
		if (f->state[i] && f->added[i] != f->dump)
			f->wrong++;
		f->added[i] = f->dump;
	}
	/* A deletion may be told to be safe, though nobody heard of the record. */
	if (change == PEERGROUP_CHANGE_UPDATED && !f->state[i])
		f->untold++;
	f->state[i] = (uint8_t)change;
}

static void follow(struct follower *f)
{
	struct nlmsghdr *msg = nl_begin(&nl, PEERGROUP_CMD_RECORD_GET, NLM_F_DUMP);
	int err;

	f->dump++;
	mnl_attr_put_u32(msg, PEERGROUP_A_RECORD_GROUP, group);
	mnl_attr_put_u64(msg, PEERGROUP_A_RECORD_SINCE, f->seq);
	mnl_attr_put(msg, PEERGROUP_A_RECORD_BRIEF, 0, NULL);
	err = nl_talk(&nl, msg, take_change, f);
	CHECK(!err, "%d: %s", err, nl.text);
}

/* ------------------------------------------------------------------ tests -- */

static struct follower follower;
static unsigned int during;

static void test_dumps(void)
{
	struct dump d;

	/* A record that comes alive and goes between two looks was never there. */
	follower.seq = nl_group_number(&nl, group, PEERGROUP_A_GROUP_SEQ);
	start_changers();
	while (changing()) {
		dump_once(&d);
		follow(&follower);
		during++;
	}
	printf("# %u dumps while it changed\n", during);
	CHECK(during > 1);
	follow(&follower);
}

static void test_follower(void)
{
	unsigned int i, live = 0, gone = 0;

	CHECK(!follower.disorder, "%u out of order", follower.disorder);
	CHECK(!follower.untold && !follower.wrong, "%u never added, %u added twice",
	      follower.untold, follower.wrong);
	CHECK(follower.seq == nl_group_number(&nl, group, PEERGROUP_A_GROUP_SEQ));
	for (i = 0; i < CHANGING; i++) {
		bool deleted = !(i % 3);

		live += !deleted && (follower.state[i] == PEERGROUP_CHANGE_ADDED ||
				     follower.state[i] == PEERGROUP_CHANGE_UPDATED);
		gone += deleted && (!follower.state[i] ||
				    follower.state[i] == PEERGROUP_CHANGE_DELETED);
	}
	CHECK(live + gone == CHANGING, "%u live, %u deleted", live, gone);
}

static void test_afterwards(void)
{
	unsigned int i, deleted = (CHANGING + 2) / 3;
	struct follower again = { 0 };
	struct dump d;

	dump_once(&d);
	CHECK(d.records == ALL - deleted, "%u records", d.records);
	CHECK(nl_group_number(&nl, group, PEERGROUP_A_GROUP_RECORDS) == ALL - deleted);
	CHECK(nl_group_number(&nl, group, PEERGROUP_A_GROUP_TOMBSTONES) == deleted);

	/* From nothing: what is there, as added, in the order of the changes. */
	follow(&again);
	CHECK(!again.disorder && !again.untold && !again.wrong);
	for (i = 0; i < CHANGING; i++)
		CHECK(again.state[i] == (i % 3 ? PEERGROUP_CHANGE_ADDED : 0), "%u: %u", i,
		      again.state[i]);
}

static void count(const struct nlmsghdr *msg, void *arg)
{
	if (!nl_u32(msg, PEERGROUP_A_RECORD_OFFSET))
		++*(unsigned int *)arg;
}

static unsigned int dump_of(uint16_t attr, const void *value, bool tombstones)
{
	struct nlmsghdr *msg = nl_begin(&nl, PEERGROUP_CMD_RECORD_GET, NLM_F_DUMP);
	unsigned int n = 0;

	mnl_attr_put_u32(msg, PEERGROUP_A_RECORD_GROUP, group);
	if (attr)
		mnl_attr_put(msg, attr, PEERGROUP_ID_LEN, value);
	if (tombstones)
		mnl_attr_put(msg, PEERGROUP_A_RECORD_TOMBSTONES, 0, NULL);
	NEED(!nl_talk(&nl, msg, count, &n));
	return n;
}

static void test_selections(void)
{
	static const uint8_t nobody[PEERGROUP_ID_LEN] = { 1 };
	unsigned int deleted = (CHANGING + 2) / 3;

	CHECK(dump_of(PEERGROUP_A_RECORD_ID, first[0].hdr.id, false) == 1);
	CHECK(dump_of(PEERGROUP_A_RECORD_ID, nobody, false) == 0);
	CHECK(dump_of(PEERGROUP_A_RECORD_ID, first[STABLE].hdr.id, false) == 0);
	CHECK(dump_of(PEERGROUP_A_RECORD_ID, first[STABLE].hdr.id, true) == 1);
	CHECK(dump_of(PEERGROUP_A_RECORD_TYPE, test_type, false) == ALL - deleted);
	CHECK(dump_of(PEERGROUP_A_RECORD_TYPE, test_type, true) == ALL);
	CHECK(dump_of(PEERGROUP_A_RECORD_TYPE, nobody, true) == 0);
}

/* ---------------------------------------------------------------- links -- */

#define ADDRESSES	200
#define THERE		3600

static void dial(unsigned int i)
{
	struct nlmsghdr *msg = nl_begin(&nl, PEERGROUP_CMD_LINK_ADD, 0);

	mnl_attr_put_u32(msg, PEERGROUP_A_LINK_GROUP, group);
	mnl_attr_put_u32(msg, PEERGROUP_A_LINK_ADDRESS, htonl(0x7f000101 + i));
	mnl_attr_put_u16(msg, PEERGROUP_A_LINK_PORT, THERE);
	NEED(!nl_talk(&nl, msg, NULL, NULL));
}

struct told {
	uint64_t id[2 * ADDRESSES];
	unsigned int n;
};

static void tell(const struct nlmsghdr *msg, void *arg)
{
	struct told *told = arg;

	if (told->n < 2 * ADDRESSES)
		told->id[told->n++] = nl_u64(msg, PEERGROUP_A_LINK_ID);
}

static int listen_any(void)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(THERE) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	NEED(fd >= 0);
	NEED(!bind(fd, (struct sockaddr *)&in, sizeof(in)) && !listen(fd, ADDRESSES));
	return fd;
}

struct callers {
	int listener;
	unsigned int n;
};

/* They get no answer, and wait for it. */
static bool all_call(void *arg)
{
	struct callers *c = arg;

	while (accept(c->listener, NULL, NULL) >= 0)
		c->n++;
	return c->n == ADDRESSES;
}

/* Between two parts of the dump all addresses that had no link get one. */
static void test_links(void)
{
	struct callers callers = { .n = 0 };
	struct told told = { .n = 0 };
	static struct nl fresh;
	struct nlmsghdr *msg;
	unsigned int i;

	NEED(!group_limit(&nl, group, PEERGROUP_A_LIMIT_HANDSHAKE, 3600000));
	NEED(!group_limit(&nl, group, PEERGROUP_A_LIMIT_RETRY_MIN, 10));
	NEED(!group_limit(&nl, group, PEERGROUP_A_LIMIT_RETRY_MAX, 10));
	group_online(&nl, group, &own, 3587);
	for (i = 0; i < ADDRESSES; i++)
		dial(i);
	/* Of a socket that was never read from the kernel sends no more than a page at first. */
	fresh.family = nl.family;
	fresh.sock = mnl_socket_open(NETLINK_GENERIC);
	NEED(fresh.sock && !mnl_socket_bind(fresh.sock, 0, MNL_SOCKET_AUTOPID));
	msg = nl_begin(&fresh, PEERGROUP_CMD_LINK_GET, NLM_F_DUMP);
	mnl_attr_put_u32(msg, PEERGROUP_A_LINK_GROUP, group);
	NEED(mnl_socket_sendto(fresh.sock, msg, msg->nlmsg_len) > 0);
	callers.listener = listen_any();
	NEED(wait_until(all_call, &callers));
	NEED(!nl_hear(&fresh, tell, &told));
	CHECK(told.n == ADDRESSES, "%u", told.n);
	for (i = 1; i < told.n; i++)
		CHECK(told.id[i - 1] < told.id[i], "%u", i);
	nl_close(&fresh);
	close(callers.listener);
}

/* ----------------------------------------------------------- permission -- */

#define MEMBERS	60
#define NOBODY	65534

static void set_mode(uint32_t mode)
{
	struct nlmsghdr *msg = nl_begin(&nl, PEERGROUP_CMD_GROUP_SET, 0);

	mnl_attr_put_u32(msg, PEERGROUP_A_GROUP_INDEX, group);
	mnl_attr_put_u32(msg, PEERGROUP_A_GROUP_MODE, mode);
	NEED(!nl_talk(&nl, msg, NULL, NULL));
}

static void add_member(void)
{
	struct nlmsghdr *msg = nl_begin(&nl, PEERGROUP_CMD_MEMBER_ADD, 0);
	struct cert member;

	cert_issue(&member, &root, test_key(2), PEERGROUP_ROLE_MEMBER);
	mnl_attr_put_u32(msg, PEERGROUP_A_MEMBER_GROUP, group);
	mnl_attr_put(msg, PEERGROUP_A_MEMBER_CERT, member.der.len, member.der.p);
	NEED(!nl_talk(&nl, msg, NULL, NULL));
}

static void count_all(const struct nlmsghdr *msg, void *arg)
{
	(void)msg;
	++*(unsigned int *)arg;
}

static const struct dumped {
	const char *what;
	uint8_t cmd;
	uint16_t type;
} dumped[] = {
	{ "records", PEERGROUP_CMD_RECORD_GET, PEERGROUP_A_RECORD_GROUP },
	{ "members", PEERGROUP_CMD_MEMBER_GET, PEERGROUP_A_MEMBER_GROUP },
	{ "links", PEERGROUP_CMD_LINK_GET, PEERGROUP_A_LINK_GROUP },
};

/*
 * A dump that a user who may read the group, by its gid, begins, and goes on with when the
 * mode is another. Return: how it ends.
 */
static int dump_with_mode(const struct dumped *what, uint32_t mode, unsigned int *n)
{
	static struct nl fresh;
	struct nlmsghdr *msg;
	int err;

	*n = 0;
	set_mode(0640);
	/* One that was never read from, see test_links(). Root's capability is not to count. */
	memset(&fresh, 0, sizeof(fresh));
	fresh.family = nl.family;
	NEED(!seteuid(NOBODY));
	fresh.sock = mnl_socket_open(NETLINK_GENERIC);
	NEED(fresh.sock && !mnl_socket_bind(fresh.sock, 0, MNL_SOCKET_AUTOPID));
	msg = nl_begin(&fresh, what->cmd, NLM_F_DUMP);
	mnl_attr_put_u32(msg, what->type, group);
	NEED(mnl_socket_sendto(fresh.sock, msg, msg->nlmsg_len) > 0);
	NEED(!seteuid(0));
	set_mode(mode);
	NEED(!seteuid(NOBODY));
	err = nl_hear(&fresh, count_all, n);
	NEED(!seteuid(0));
	nl_close(&fresh);
	return err;
}

/* What is left of a dump is not for who may not read the group any more. */
static void test_permission(void)
{
	unsigned int i, all, n;
	int err;

	for (i = 0; i < MEMBERS; i++)
		add_member();
	for (i = 0; i < sizeof(dumped) / sizeof(dumped[0]); i++) {
		err = dump_with_mode(&dumped[i], 0640, &all);
		CHECK(!err, "%s: %d", dumped[i].what, err);
		err = dump_with_mode(&dumped[i], 0600, &n);
		CHECK(err == -ENOENT, "%s: %d", dumped[i].what, err);
		CHECK(n && n < all, "%s: %u of %u", dumped[i].what, n, all);
	}
	set_mode(0600);
}

/* A dump of that group that is begun, and goes no further than what its socket takes unread. */
static void begin_dump(struct nl *by, const struct dumped *what, uint32_t of)
{
	struct nlmsghdr *msg;

	/* One that was never read from, see test_links(). */
	by->family = nl.family;
	by->sock = mnl_socket_open(NETLINK_GENERIC);
	NEED(by->sock && !mnl_socket_bind(by->sock, 0, MNL_SOCKET_AUTOPID));
	msg = nl_begin(by, what->cmd, NLM_F_DUMP);
	mnl_attr_put_u32(msg, what->type, of);
	NEED(mnl_socket_sendto(by->sock, msg, msg->nlmsg_len) > 0);
}

#define HEAVY		60		/* records */
#define HEAVY_LEN	(200U << 10)	/* bytes of each */

static bool is_light(void *arg)
{
	return kernel_memory() < *(unsigned long *)arg;
}

/* A group that has ended is gone with all it had, although nobody reads on in dumps of it. */
static void test_ended(void)
{
	static uint8_t data[HEAVY_LEN];
	static struct nl by[2], holder;
	unsigned long light;
	struct cert other;
	unsigned int i, n;
	uint32_t ends;
	int err;

	cert_issue(&other, &root, test_key(3), PEERGROUP_ROLE_MEMBER);
	NEED(!nl_open(&holder));
	ends = group_of(&holder, &root, &other);
	for (i = 0; i < HEAVY; i++) {
		struct rec rec;

		rec_new(&rec, &other, data, sizeof(data));
		rec_sign(&rec, &other);
		NEED(!nl_put_record(&holder, ends, rec.wire, rec.len));
		rec_free(&rec);
	}
	for (i = 0; i < 2; i++)
		begin_dump(&by[i], &dumped[i], ends);
	light = kernel_memory() - (HEAVY - HEAVY / 10) * (HEAVY_LEN >> 10);
	nl_close(&holder);
	CHECK(wait_until(is_light, &light), "%lu KiB, not %lu", kernel_memory(), light);
	for (i = 0; i < 2; i++) {
		n = 0;
		err = nl_hear(&by[i], count_all, &n);
		/* Of a member there is no more than one buffer. */
		CHECK(err == (i ? 0 : -ENOENT), "%s: %d (%s)", dumped[i].what, err, by[i].text);
		CHECK(n, "%s", dumped[i].what);
		nl_close(&by[i]);
	}
}

#define DUMPS	256	/* of one user, that are under way */

/* How many there are is bounded, as each keeps a record that may not be there any more. */
static void test_many(void)
{
	static struct nl by[DUMPS], more;
	struct nlmsghdr *msg;
	unsigned int i, n = 0;
	int err;

	for (i = 0; i < DUMPS; i++)
		begin_dump(&by[i], &dumped[0], group);
	NEED(!nl_open(&more));
	msg = nl_begin(&more, PEERGROUP_CMD_RECORD_GET, NLM_F_DUMP);
	mnl_attr_put_u32(msg, PEERGROUP_A_RECORD_GROUP, group);
	err = nl_talk(&more, msg, count_all, &n);
	CHECK(err == -ENOSPC && !n && strstr(more.text, "too many sockets"), "%d (%s), %u records",
	      err, more.text, n);
	nl_close(&by[0]);
	msg = nl_begin(&more, PEERGROUP_CMD_RECORD_GET, NLM_F_DUMP);
	mnl_attr_put_u32(msg, PEERGROUP_A_RECORD_GROUP, group);
	err = nl_talk(&more, msg, count_all, &n);
	CHECK(!err && n, "%d (%s), %u records", err, more.text, n);
	for (i = 1; i < DUMPS; i++)
		nl_close(&by[i]);
	nl_close(&more);
}

/* Dumps begun and not read to their end hold on to nothing once their sockets are gone. */
static void test_abandoned(void)
{
	static struct nl nls[20];
	unsigned long records;
	unsigned int i;

	for (i = 0; i < 20; i++) {
		struct nlmsghdr *msg;

		NEED(!nl_open(&nls[i]));
		msg = nl_begin(&nls[i], PEERGROUP_CMD_RECORD_GET, NLM_F_DUMP);
		mnl_attr_put_u32(msg, PEERGROUP_A_RECORD_GROUP, group);
		NEED(mnl_socket_sendto(nls[i].sock, msg, msg->nlmsg_len) > 0);
	}
	for (i = 0; i < 20; i++)
		nl_close(&nls[i]);
	records = nl_group_number(&nl, group, PEERGROUP_A_GROUP_RECORDS) +
		  nl_group_number(&nl, group, PEERGROUP_A_GROUP_TOMBSTONES);
	CHECK(wait_slab("pg_record", records), "%lu records, %lu in the table",
	      slab_objects("pg_record"), records);
	NEED(!nl_simple(&nl, PEERGROUP_CMD_GROUP_CLOSE, PEERGROUP_A_GROUP_INDEX, group));
	CHECK(wait_slab("pg_record", 0), "%lu records", slab_objects("pg_record"));
	CHECK(no_leaks());
}

int main(void)
{
	static const struct tap_test tests[] = {
		{ "what is there all the time is told once in each dump, and whole", test_dumps },
		{ "who follows by sequence misses nothing", test_follower },
		{ "dumps of the table afterwards", test_afterwards },
		{ "dumps of one record, of one type, with tombstones", test_selections },
		{ "each link is told once, were it made meanwhile", test_links },
		{ "a dump goes on for who may read the group still", test_permission },
		{ "dumps of a group that has ended", test_ended },
		{ "dumps of one user that nobody reads", test_many },
		{ "dumps that nobody reads", test_abandoned },
	};
	unsigned int i;

	need_module();
	own_namespace();
	NEED(!nl_open(&nl));
	cert_new_root(&root, test_key(0));
	cert_issue(&own, &root, test_key(1), PEERGROUP_ROLE_MEMBER);
	group = group_of(&nl, &root, &own);
	make_records();
	for (i = 0; i < STABLE; i++)
		put(&nl, &first[i]);
	for (i = 0; i < LARGE; i++)
		put(&nl, &first[STABLE + CHANGING + i]);
	return tap_main(tests, sizeof(tests) / sizeof(tests[0]));
}
