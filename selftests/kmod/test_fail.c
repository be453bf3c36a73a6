// SPDX-License-Identifier: GPL-2.0-only
// timeout: 600
// long:
/*
 * No memory: each allocation of the module fails in turn, alone and then together
 * with the next, which is what a fallback would take. While the module is loaded, and
 * in every operation of the netlink family: what is asked for is done, or refused with
 * ENOMEM and nothing is half done, and it works the next time. Links are the business
 * of test_fail_link.c.
 */
#include <errno.h>
#include <endian.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <netinet/in.h>
#include <openssl/sha.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include "fail.h"
#include "group.h"
#include "tap.h"

#define PORT		3587
#define GROUPS_MAX	16
#define G(name)		PEERGROUP_A_GROUP_##name
#define R(name)		PEERGROUP_A_RECORD_##name
#define L(name)		PEERGROUP_A_LINK_##name

static struct nl nl, events, watcher;
static struct cert root, admin, third, member;

/* One that stays, with records and a link in it; and the one that is tried on. */
static uint32_t standing, group;
static uint64_t horizon;
static struct rec rec, first;

static union {
	struct peergroup_credential c;
	uint8_t room[PEERGROUP_CREDENTIAL_LEN_MAX];
} credential;
static size_t credential_len;

/* ----------------------------------------------------------------- states -- */

struct state {
	unsigned int n;
	uint8_t hash[SHA256_DIGEST_LENGTH];
};

/* What may differ though nothing was done. */
static bool passing(uint8_t cmd, uint16_t type)
{
	switch (cmd) {
	case PEERGROUP_CMD_GROUP_GET:
		/* The members themselves are looked at where none is to be learned of. */
		return type == G(TIME_OFFSET) || type == G(MEMBER_CHANGES);
	case PEERGROUP_CMD_LINK_GET:
		return type != L(GROUP) && type != L(ADDRESS) && type != L(PORT);
	default:
		return false;
	}
}

/* Adds a message to what came so far. */
static void take_state(const struct nlmsghdr *msg, void *arg)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	struct state *state = arg;
	const struct nlattr *attr;

	NEED(ctx && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) > 0);
	EVP_DigestUpdate(ctx, state->hash, sizeof(state->hash));
	mnl_attr_for_each(attr, msg, sizeof(struct genlmsghdr))
		if (!passing(nl_cmd(msg), mnl_attr_get_type(attr)))
			EVP_DigestUpdate(ctx, attr, attr->nla_len);
	NEED(EVP_DigestFinal_ex(ctx, state->hash, NULL) > 0);
	EVP_MD_CTX_free(ctx);
	state->n++;
}

static int ask(struct nlmsghdr *msg, struct state *answer)
{
	memset(answer, 0, sizeof(*answer));
	return nl_talk(&nl, msg, take_state, answer);
}

static struct nlmsghdr *begin_dump(uint8_t cmd, uint16_t type, uint32_t index)
{
	struct nlmsghdr *msg = nl_begin(&nl, cmd, NLM_F_DUMP);

	if (index)
		mnl_attr_put_u32(msg, type, index);
	return msg;
}

static void add_dump(struct state *state, uint8_t cmd, uint16_t type, uint32_t index)
{
	NEED(!nl_talk(&nl, begin_dump(cmd, type, index), take_state, state));
}

struct indices {
	unsigned int n;
	uint32_t of[GROUPS_MAX];
};

static void take_group(const struct nlmsghdr *msg, void *arg)
{
	struct indices *groups = arg;

	NEED(groups->n < GROUPS_MAX);
	groups->of[groups->n++] = nl_u32(msg, G(INDEX));
}

/* All that can be seen of all groups, but for members where those are let be. */
static void get_state(struct state *state, bool but_members)
{
	struct indices groups = { 0 };
	unsigned int i;

	memset(state, 0, sizeof(*state));
	add_dump(state, PEERGROUP_CMD_GROUP_GET, 0, 0);
	NEED(!nl_talk(&nl, begin_dump(PEERGROUP_CMD_GROUP_GET, 0, 0), take_group, &groups));
	for (i = 0; i < groups.n; i++) {
		add_dump(state, PEERGROUP_CMD_RECORD_GET, R(GROUP), groups.of[i]);
		add_dump(state, PEERGROUP_CMD_LINK_GET, L(GROUP), groups.of[i]);
		if (!but_members)
			add_dump(state, PEERGROUP_CMD_MEMBER_GET, PEERGROUP_A_MEMBER_GROUP,
				 groups.of[i]);
	}
}

static bool same(const struct state *a, const struct state *b)
{
	return a->n == b->n && !memcmp(a->hash, b->hash, sizeof(a->hash));
}

/* ----------------------------------------------------------------- reading -- */

static struct state answer;

static int get_group(void)
{
	struct nlmsghdr *msg = nl_begin(&nl, PEERGROUP_CMD_GROUP_GET, 0);

	mnl_attr_put_u32(msg, G(INDEX), group);
	return ask(msg, &answer);
}

static int get_by_id(void)
{
	struct nlmsghdr *msg = nl_begin(&nl, PEERGROUP_CMD_GROUP_GET, 0);

	mnl_attr_put(msg, G(ID), PEERGROUP_HASH_LEN, root.spec.group);
	return ask(msg, &answer);
}

static int get_stats(void)
{
	struct nlmsghdr *msg = nl_begin(&nl, PEERGROUP_CMD_STATS_GET, 0);

	mnl_attr_put_u32(msg, PEERGROUP_A_STATS_GROUP, group);
	return ask(msg, &answer);
}

static int dump_groups(void)
{
	return ask(begin_dump(PEERGROUP_CMD_GROUP_GET, 0, 0), &answer);
}

static int dump_members(void)
{
	return ask(begin_dump(PEERGROUP_CMD_MEMBER_GET, PEERGROUP_A_MEMBER_GROUP, group), &answer);
}

static int dump_links(void)
{
	return ask(begin_dump(PEERGROUP_CMD_LINK_GET, L(GROUP), group), &answer);
}

static int dump_records(void)
{
	return ask(begin_dump(PEERGROUP_CMD_RECORD_GET, R(GROUP), group), &answer);
}

static int dump_one(void)
{
	struct nlmsghdr *msg = begin_dump(PEERGROUP_CMD_RECORD_GET, R(GROUP), group);

	mnl_attr_put(msg, R(ID), PEERGROUP_ID_LEN, first.hdr.id);
	return ask(msg, &answer);
}

static int dump_since(void)
{
	struct nlmsghdr *msg = begin_dump(PEERGROUP_CMD_RECORD_GET, R(GROUP), group);

	mnl_attr_put_u64(msg, R(SINCE), horizon);
	mnl_attr_put(msg, R(BRIEF), 0, NULL);
	mnl_attr_put(msg, R(TOMBSTONES), 0, NULL);
	return ask(msg, &answer);
}

/* ----------------------------------------------------------------- groups -- */

static int open_group(void)
{
	struct chain chain = { .cert = { &third.der }, .n = 1 };

	return group_open(&nl, &root.der, &chain, &group);
}

static void need_group(void)
{
	NEED(!open_group());
}

static int close_group(void)
{
	return nl_simple(&nl, PEERGROUP_CMD_GROUP_CLOSE, G(INDEX), group);
}

static int destroy_group(void)
{
	return nl_simple(&nl, PEERGROUP_CMD_GROUP_DESTROY, G(INDEX), group);
}

static void end_group(void)
{
	NEED(!destroy_group());
	rec_free(&rec);
	rec_free(&first);
}

static void need_credential(void)
{
	need_group();
	credential.c.not_before = htobe64(peer_time_now());
	credential.c.not_after = htobe64(peer_time_now() + 86400 * TICKS);
	group_node(&nl, group, &credential.c);
	credential_len = credential_sign(&credential.c, root.spec.group, third.spec.key);
}

/* All that a GROUP_SET may be about. */
static int set_all(void)
{
	struct nlmsghdr *msg = nl_begin(&nl, PEERGROUP_CMD_GROUP_SET, 0);
	struct nlattr *nest;

	mnl_attr_put_u32(msg, G(INDEX), group);
	mnl_attr_put(msg, G(CREDENTIAL), credential_len, &credential);
	mnl_attr_put_u8(msg, G(ONLINE), 1);
	mnl_attr_put_u16(msg, G(PORT), PORT);
	mnl_attr_put_u8(msg, G(READY), 1);
	mnl_attr_put_u32(msg, G(MODE), 0600);
	mnl_attr_put_u32(msg, G(UID), 1000);
	nest = mnl_attr_nest_start(msg, G(LIMITS));
	mnl_attr_put_u32(msg, PEERGROUP_A_LIMIT_LINKS, 7);
	mnl_attr_nest_end(msg, nest);
	mnl_attr_put_u8(msg, G(KEEP), 1);
	return nl_talk(&nl, msg, NULL, NULL);
}

static void need_online(void)
{
	need_credential();
	NEED(!set_all());
}

static int go_offline(void)
{
	struct nlmsghdr *msg = nl_begin(&nl, PEERGROUP_CMD_GROUP_SET, 0);

	mnl_attr_put_u32(msg, G(INDEX), group);
	mnl_attr_put_u8(msg, G(ONLINE), 0);
	mnl_attr_put_u8(msg, G(KEEP), 0);
	return nl_talk(&nl, msg, NULL, NULL);
}

static int watch(void)
{
	return nl_simple(&watcher, PEERGROUP_CMD_GROUP_WATCH, G(INDEX), group);
}

static void new_watcher(void)
{
	nl_close(&watcher);
	NEED(!nl_open(&watcher));
}

static int add_link(void)
{
	return group_dial(&nl, group, PORT + 1);
}

static int del_link(void)
{
	struct nlmsghdr *msg = nl_begin(&nl, PEERGROUP_CMD_LINK_DEL, 0);

	mnl_attr_put_u32(msg, L(GROUP), group);
	mnl_attr_put_u32(msg, L(ADDRESS), htonl(INADDR_LOOPBACK));
	mnl_attr_put_u16(msg, L(PORT), PORT + 1);
	return nl_talk(&nl, msg, NULL, NULL);
}

static void need_link(void)
{
	NEED(!add_link());
}

static void need_no_link(void)
{
	NEED(!del_link());
}

/* ---------------------------------------------------------------- records -- */

static int put(void)
{
	return nl_put_record(&nl, group, rec.wire, rec.len);
}

static void need_put(void)
{
	NEED(!put());
	first = rec;
	memset(&rec, 0, sizeof(rec));
}

static void new_record(void)
{
	rec_new(&rec, &admin, "hello", 5);
	rec.attrs = "<attributes/>";
	rec_sign(&rec, &admin);
}

static void new_long_record(void)
{
	static const uint8_t zeros[3 * PEERGROUP_CHUNK_MAX];

	rec_new(&rec, &admin, zeros, sizeof(zeros));
	rec_sign(&rec, &admin);
}

static uint8_t chain[9][PEERGROUP_HASH_LEN];

/* A group refreshes so many, hence one of its own. */
static void new_chained(void)
{
	need_group();
	rec_new(&rec, &third, "hello", 5);
	rec_chain(&rec, PEERGROUP_REFRESH_SECONDS_MIN, 8, chain);
	rec_sign(&rec, &third);
}

static int put_kept(void)
{
	return nl_put_kept(&nl, group, rec.wire, rec.len, chain[8], sizeof(chain[8]));
}

static void new_update(void)
{
	new_record();
	need_put();
	rec_next(&rec, &first, &admin, "again", 5);
	rec_sign(&rec, &admin);
}

static void new_tombstone(void)
{
	new_record();
	need_put();
	rec_tombstone(&rec, &first, &admin);
	rec_sign(&rec, &admin);
}

static void free_records(void)
{
	rec_free(&rec);
	rec_free(&first);
}

static void reserved(const struct cert *by, const void *type, const void *data, size_t len)
{
	rec_new(&rec, by, data, len);
	memcpy(rec.hdr.type, type, PEERGROUP_ID_LEN);
	memset(rec.hdr.id + 8, 0, 8);
	rec_sign(&rec, by);
}

/* Into a group of its own, as there is one only. */
static void new_properties(void)
{
	static const uint8_t type[] = PEERGROUP_TYPE_PROPERTIES;

	need_group();
	reserved(&root, type, "x", 1);
}

static size_t put_chain(uint8_t *out, const struct cert *cert)
{
	out[0] = cert->der.len >> 8;
	out[1] = cert->der.len;
	memcpy(out + 2, cert->der.p, cert->der.len);
	return 2 + cert->der.len;
}

/* A renewal, whose chain is news to the group. */
static void new_membership(void)
{
	static const uint8_t type[] = PEERGROUP_TYPE_MEMBERSHIP;
	static uint8_t chain[2 * (2 + DER_ROOM)];
	size_t len;

	need_group();
	cert_issue(&member, &third, test_key(3), PEERGROUP_ROLE_MEMBER);
	len = put_chain(chain, &third);
	len += put_chain(chain + len, &member);
	rec_new(&rec, &third, chain, len);
	memcpy(rec.hdr.type, type, sizeof(type));
	rec_sign(&rec, &third);
}

/* One certificate, of an issuer that the group knows by then. */
static void new_certificate(void)
{
	need_group();
	cert_issue(&member, &third, test_key(3), PEERGROUP_ROLE_MEMBER);
}

static int add_certificate(void)
{
	struct nlmsghdr *msg = nl_begin(&nl, PEERGROUP_CMD_MEMBER_ADD, 0);

	mnl_attr_put_u32(msg, PEERGROUP_A_MEMBER_GROUP, group);
	mnl_attr_put(msg, PEERGROUP_A_MEMBER_CERT, member.der.len, member.der.p);
	return nl_talk(&nl, msg, NULL, NULL);
}

/* Of a member with a record, which goes, too. */
static void new_revocation(void)
{
	static const uint8_t type[] = PEERGROUP_TYPE_REVOCATION;
	static struct peergroup_revocation body;
	uint8_t text[PEERGROUP_REVOCATION_TAG_LEN + PEERGROUP_HASH_LEN + 16 + sizeof(body)];
	uint8_t hash[SHA256_DIGEST_LENGTH], *p = text;

	new_membership();
	need_put();
	rec_new(&rec, &member, "x", 1);
	rec_sign(&rec, &member);
	need_put();
	body.flags = htobe32(PEERGROUP_REVOKE_WITHDRAW);
	cert_spki_hash(test_key(3), body.key);
	rec_new(&rec, &third, &body, sizeof(body));
	memcpy(rec.hdr.type, type, sizeof(type));
	rec.hdr.version = htobe32(PEERGROUP_VERSION_FINAL);
	p = mempcpy(p, PEERGROUP_REVOCATION_TAG, PEERGROUP_REVOCATION_TAG_LEN);
	p = mempcpy(p, root.spec.group, PEERGROUP_HASH_LEN);
	p = mempcpy(p, &rec.hdr.modified, 8);
	p = mempcpy(p, &rec.hdr.expires, 8);
	p = mempcpy(p, &body, sizeof(body));
	SHA256(text, p - text, hash);
	memcpy(rec.hdr.id + 8, hash, 8);
	rec_sign(&rec, &third);
}

/* ------------------------------------------------------------------ trying -- */

#define READS	1	/* and answers the same each time */
#define LEARNS	2	/* members, who are not forgotten should the rest come to nothing */

/**
 * struct op - something to be asked for
 * @prepare: makes what it needs
 * @run: what is tried
 * @undo: of both
 * @flags: READS, LEARNS
 */
struct op {
	const char *name;
	void (*prepare)(void);
	int (*run)(void);
	void (*undo)(void);
	int flags;
};

static const struct op ops_read[] = {
	{ "a group", NULL, get_group, NULL, READS },
	{ "a group by its id", NULL, get_by_id, NULL, READS },
	{ "counters", NULL, get_stats, NULL, 0 },
	{ "groups", NULL, dump_groups, NULL, READS },
	{ "members", NULL, dump_members, NULL, READS },
	{ "links", NULL, dump_links, NULL, READS },
	{ "records", NULL, dump_records, NULL, READS },
	{ "one record", NULL, dump_one, NULL, READS },
	{ "changes", NULL, dump_since, NULL, READS },
};

static const struct op ops_group[] = {
	{ "open", NULL, open_group, end_group, 0 },
	{ "open once more", need_group, open_group, end_group, 0 },
	{ "close", need_group, close_group, NULL, 0 },
	{ "destroy", need_group, destroy_group, NULL, 0 },
	{ "set", need_credential, set_all, end_group, 0 },
	{ "go offline", need_online, go_offline, end_group, 0 },
	{ "watch", NULL, watch, new_watcher, 0 },
	{ "add a link", NULL, add_link, need_no_link, 0 },
	{ "drop a link", need_link, del_link, NULL, 0 },
};

static const struct op ops_record[] = {
	{ "add", new_record, put, free_records, 0 },
	{ "add in parts", new_long_record, put, free_records, 0 },
	{ "add one to refresh", new_chained, put_kept, end_group, 0 },
	{ "update", new_update, put, free_records, 0 },
	{ "delete", new_tombstone, put, free_records, 0 },
	{ "properties", new_properties, put, end_group, 0 },
	{ "membership", new_membership, put, end_group, LEARNS },
	{ "revocation", new_revocation, put, end_group, 0 },
	{ "a certificate", new_certificate, add_certificate, end_group, LEARNS },
};

/* Takes what came. Return: how many events, or -1 where it says that some are lost. */
static int drain(struct nl *from)
{
	int fd = mnl_socket_get_fd(from->sock), n = 0;
	bool lost = false;

	for (;;) {
		if (recv(fd, from->in, sizeof(from->in), MSG_DONTWAIT) >= 0)
			n++;
		else if (errno == ENOBUFS)
			lost = true;
		else
			return lost ? -1 : n;
	}
}

/* Is that what is said where there is no memory? To make and bind sockets has other words. */
static bool no_memory(int err)
{
	if (err == -ENFILE)
		return !strcmp(nl.text, "cannot listen on that port");
	if (err == -EADDRINUSE)
		return !strcmp(nl.text, "cannot listen on that port: it is in use");
	return (err == -ENOMEM || err == -ENOBUFS) &&
	       (!nl.text[0] || strstr(nl.text, "memory"));
}

/* It was refused for want of memory: nothing has changed, and nothing stands in the way. */
static void check_refused(const struct op *op, unsigned int nth, int err,
			  const struct state *was)
{
	struct state is;

	CHECK(no_memory(err), "%s, allocation %u at %s: %d (%s)", op->name, nth, fail_where(),
	      err, nl.text);
	get_state(&is, op->flags & LEARNS);
	CHECK(same(was, &is), "%s, allocation %u at %s: something is half done", op->name, nth,
	      fail_where());
	err = op->run();
	CHECK(!err, "%s, after allocation %u at %s: %d (%s)", op->name, nth, fail_where(), err,
	      nl.text);
}

/*
 * Fails one allocation and those behind it. False where there are not so many. What is
 * done is told as always, or else that not all was told.
 */
static bool try(const void *arg, unsigned int nth, unsigned int times)
{
	struct nl *listeners[] = { &events, &watcher };
	static int told[2];	/* how many events came, at the least */
	const struct op *op = arg;
	struct state was, expected = { 0 };
	unsigned int failed, i;
	int err, n;

	if (nth == 1)
		told[0] = told[1] = INT_MAX;
	group = standing;
	if (op->prepare)
		op->prepare();
	get_state(&was, op->flags & LEARNS);
	if (op->flags & READS) {
		NEED(!op->run());
		expected = answer;
	}
	drain(&events);
	drain(&watcher);
	fail_arm(nth, times, FAIL_OURS);
	err = op->run();
	failed = fail_disarm();
	for (i = 0; i < 2 && !err; i++) {
		n = drain(listeners[i]);
		if (n >= 0 && n < told[i])
			told[i] = n;
		CHECK(failed || n == told[i], "%s: %d events, and once only %d", op->name, n,
		      told[i]);
	}
	if (err && failed)
		check_refused(op, nth, err, &was);
	else
		CHECK(!err, "%s: %d (%s)", op->name, err, nl.text);
	CHECK(!(op->flags & READS) || same(&answer, &expected), "%s, allocation %u at %s: wrong answer",
	      op->name, nth, fail_where());
	if (op->undo)
		op->undo();
	return failed;
}

static void try_all(const struct op *ops, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		fail_each(ops[i].name, try, &ops[i]);
}

static void test_read(void)
{
	try_all(ops_read, sizeof(ops_read) / sizeof(ops_read[0]));
}

static void test_group(void)
{
	try_all(ops_group, sizeof(ops_group) / sizeof(ops_group[0]));
}

static void test_record(void)
{
	try_all(ops_record, sizeof(ops_record) / sizeof(ops_record[0]));
}

/* ----------------------------------------------------------------- loading -- */

static void set_up(void)
{
	need_module();
	own_namespace();
	NEED(!nl_open(&nl) && !nl_open(&events) && !nl_open(&watcher) && !nl_listen(&events));
	cert_new_root(&root, test_key(0));
	cert_issue(&admin, &root, test_key(1), PEERGROUP_ROLE_ADMIN | PEERGROUP_ROLE_MEMBER);
	cert_issue(&third, &root, test_key(2), PEERGROUP_ROLE_ADMIN | PEERGROUP_ROLE_MEMBER);
	standing = group_of(&nl, &root, &admin);
	group = standing;
	NEED(!watch() && !group_dial(&nl, group, PORT + 2));
	new_record();
	need_put();
	horizon = nl_group_number(&nl, standing, G(HORIZON));
}

/* From memory: a machine that sees its files through another's takes its time. */
static void *read_module(size_t *len)
{
	int fd = open(getenv("PG_MODULE"), O_RDONLY | O_CLOEXEC);
	struct stat st;
	void *image;

	NEED(fd >= 0 && !fstat(fd, &st));
	*len = (size_t)st.st_size;
	image = malloc(*len);
	NEED(image && read(fd, image, *len) == st.st_size);
	close(fd);
	return image;
}

static void test_load(void)
{
	unsigned int nth = 0, failed;
	size_t len;
	void *image = read_module(&len);
	int err;

	do {
		fail_arm(++nth, 1, FAIL_OURS);
		err = syscall(SYS_init_module, image, len, "") ? errno : 0;
		failed = fail_disarm();
		CHECK(!err || (failed && err == ENOMEM), "allocation %u at %s: %s", nth,
		      fail_where(), strerror(err));
		NEED(err || !syscall(SYS_delete_module, "peergroup", 0));
	} while (failed);
	printf("# %u allocations\n", nth - 1);
	free(image);
	set_up();
}

/* --------------------------------------------------------------- the end -- */

static void test_nothing_left(void)
{
	nl_close(&watcher);
	nl_close(&events);
	nl_close(&nl);
	fail_report();
	CHECK(wait_slab("pg_record", 0));
	CHECK(no_leaks());
	CHECK(!system("rmmod peergroup"), "the module stays");
	fail_unload();
}

int main(void)
{
	static const struct tap_test tests[] = {
		{ "as the module is loaded", test_load },
		{ "reading", test_read },
		{ "groups", test_group },
		{ "records", test_record },
		{ "nothing is left behind", test_nothing_left },
	};
	const char *why = fail_load();

	if (why) {
		printf("1..0 # SKIP %s\n", why);
		return 0;
	}
	/* With what it depends on, which stays. */
	need_module();
	NEED(!system("rmmod peergroup"));
	return tap_main(tests, sizeof(tests) / sizeof(tests[0]));
}
