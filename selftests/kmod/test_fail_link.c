// SPDX-License-Identifier: GPL-2.0-only
// timeout: 900
// long:
/*
 * No memory, at either end of a link: each allocation of the module fails in turn,
 * alone and then together with the next, as a link comes up, as the tables of both
 * ends are made the same, as records, certificates and credentials come later, as it is
 * heard of other nodes, as a member calls that was revoked, and as the link ends. It
 * comes up all the same, if not at the first go, both tables are the same in the end,
 * the new end knows that it is ready, and nothing is left behind.
 */
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/socket.h>
#include "fail.h"
#include "group.h"
#include "peer.h"
#include "tap.h"

#define PORT		3587
#define KEEPALIVE_MS	500
#define KEEPALIVE_LONG_MS	(3600 * 1000)
#define RETRY_MS	20
#define G(name)		PEERGROUP_A_GROUP_##name
#define L(name)		PEERGROUP_A_LINK_##name
#define LIMIT(name)	PEERGROUP_A_LIMIT_##name

/* One end is there all the time; the other is new each time, and dials. */
static struct nl nl, events;
static struct cert root, own[2], third;
static uint32_t old, new;
static uint32_t keepalive_ms = KEEPALIVE_MS;

/* Of each end, another version of it each time; and of a third member, from the old end. */
static struct rec recs[2], from_third;

struct table {
	uint8_t fingerprint[PEERGROUP_HASH_LEN];
	uint32_t status;
};

/* ------------------------------------------------------------------ groups -- */

static void take_table(const struct nlmsghdr *msg, void *arg)
{
	struct table *table = arg;
	const struct nlattr *print = nl_attr(msg, G(FINGERPRINT));

	NEED(print && mnl_attr_get_payload_len(print) == PEERGROUP_HASH_LEN);
	memcpy(table->fingerprint, mnl_attr_get_payload(print), PEERGROUP_HASH_LEN);
	table->status = nl_u32(msg, G(STATUS));
}

static void get_table(uint32_t index, struct table *table)
{
	struct nlmsghdr *msg = nl_begin(&nl, PEERGROUP_CMD_GROUP_GET, 0);

	mnl_attr_put_u32(msg, G(INDEX), index);
	NEED(!nl_talk(&nl, msg, take_table, table));
}

/* Linked, the tables the same, and the new end ready. */
static bool agreed(void *unused)
{
	struct table a, b;

	(void)unused;
	get_table(old, &a);
	get_table(new, &b);
	return a.status & PEERGROUP_STATUS_CONNECTED && b.status & PEERGROUP_STATUS_CONNECTED &&
	       b.status & PEERGROUP_STATUS_READY &&
	       !memcmp(a.fingerprint, b.fingerprint, PEERGROUP_HASH_LEN);
}

static bool alone(void *unused)
{
	(void)unused;
	return !nl_count(&nl, PEERGROUP_CMD_LINK_GET, L(GROUP), old);
}

static void take_index(const struct nlmsghdr *msg, void *arg)
{
	*(uint32_t *)arg = nl_u32(msg, G(INDEX));
}

/* As group_of(), but with nothing in it that would make it ready; online. */
static uint32_t online_group(const struct cert *member, uint16_t port)
{
	struct nlmsghdr *msg = nl_begin(&nl, PEERGROUP_CMD_GROUP_OPEN, 0);
	struct nlattr *nest;
	uint32_t index;

	mnl_attr_put(msg, G(ROOT), root.der.len, root.der.p);
	mnl_attr_put(msg, G(CHAIN), member->der.len, member->der.p);
	nest = mnl_attr_nest_start(msg, G(LIMITS));
	mnl_attr_put_u32(msg, LIMIT(KEEPALIVE), keepalive_ms);
	mnl_attr_put_u32(msg, LIMIT(RETRY_MIN), RETRY_MS);
	mnl_attr_put_u32(msg, LIMIT(RETRY_MAX), RETRY_MS);
	mnl_attr_nest_end(msg, nest);
	NEED(!nl_talk(&nl, msg, take_index, &index));
	group_online(&nl, index, member, port);
	return index;
}

static void set_ready(uint32_t index)
{
	struct nlmsghdr *msg = nl_begin(&nl, PEERGROUP_CMD_GROUP_SET, 0);

	mnl_attr_put_u32(msg, G(INDEX), index);
	mnl_attr_put_u8(msg, G(READY), 1);
	NEED(!nl_talk(&nl, msg, NULL, NULL));
}

static void end_group(uint32_t index)
{
	NEED(!nl_simple(&nl, PEERGROUP_CMD_GROUP_DESTROY, G(INDEX), index));
}

/* ----------------------------------------------------------------- records -- */

static int put(uint32_t index, const struct rec *rec)
{
	return nl_put_record(&nl, index, rec->wire, rec->len);
}

/* Makes a record its next version. */
static void advance(struct rec *rec, const struct cert *by)
{
	struct rec next;

	rec_next(&next, rec, by, "again", 5);
	rec_sign(&next, by);
	rec_free(rec);
	*rec = next;
}

static void put_next(uint32_t index, struct rec *rec, const struct cert *by)
{
	int err;

	advance(rec, by);
	err = put(index, rec);
	CHECK(!err, "%d (%s)", err, nl.text);
}

/* What the old end knows of the third member: its chain, and a record of its. */
static void introduce_third(void)
{
	static const uint8_t type[] = PEERGROUP_TYPE_MEMBERSHIP;
	static uint8_t body[2 * (2 + DER_ROOM)];
	const struct cert *chain[] = { &own[0], &third };
	struct rec membership;
	uint8_t *p = body;
	unsigned int i;

	for (i = 0; i < 2; i++) {
		*p++ = chain[i]->der.len >> 8;
		*p++ = chain[i]->der.len;
		p = mempcpy(p, chain[i]->der.p, chain[i]->der.len);
	}
	rec_new(&membership, &own[0], body, p - body);
	memcpy(membership.hdr.type, type, sizeof(type));
	rec_sign(&membership, &own[0]);
	NEED(!put(old, &membership));
	rec_free(&membership);
	rec_new(&from_third, &third, "hello", 5);
	rec_sign(&from_third, &third);
	NEED(!put(old, &from_third));
}

/* -------------------------------------------------------- what workers do -- */

/* A link's whole life. False where there are not so many allocations in it. */
static bool live(const void *unused, unsigned int nth, unsigned int times)
{
	bool up, same, gone;
	unsigned int failed;

	(void)unused;
	new = online_group(&own[1], PORT + 1);
	put_next(old, &recs[0], &own[0]);
	put_next(new, &recs[1], &own[1]);
	put_next(old, &from_third, &third);

	fail_arm(nth, times, FAIL_OTHERS);
	NEED(!group_dial(&nl, new, PORT));
	up = wait_until(agreed, NULL);
	put_next(old, &recs[0], &own[0]);
	put_next(new, &recs[1], &own[1]);
	group_vouch(&nl, old, &own[0]);
	group_vouch(&nl, new, &own[1]);
	same = wait_until(agreed, NULL);
	end_group(new);
	gone = wait_until(alone, NULL);
	failed = fail_disarm();
	CHECK(up, "allocation %u at %s: no link, or tables differ", nth, fail_where());
	CHECK(same, "allocation %u at %s: tables differ later", nth, fail_where());
	CHECK(gone, "allocation %u at %s: the link stays", nth, fail_where());
	return failed;
}

static void test_workers(void)
{
	fail_each("a life", live, NULL);
}

/* ------------------------------------------------------ what programs do -- */

static union {
	struct peergroup_credential c;
	uint8_t room[PEERGROUP_CREDENTIAL_LEN_MAX];
} credential;
static size_t credential_len;

static void next_record(void)
{
	advance(&recs[0], &own[0]);
}

static int put_record(void)
{
	return put(old, &recs[0]);
}

static void next_of_third(void)
{
	advance(&from_third, &third);
}

static int put_of_third(void)
{
	return put(old, &from_third);
}

static void next_credential(void)
{
	credential.c.not_before = htobe64(peer_time_now());
	credential.c.not_after = htobe64(peer_time_now() + 86400 * TICKS);
	group_node(&nl, old, &credential.c);
	credential_len = credential_sign(&credential.c, root.spec.group, own[0].spec.key);
}

static int renew(void)
{
	return group_credential(&nl, old, &credential, credential_len);
}

static const struct op {
	const char *name;
	void (*prepare)(void);
	int (*run)(void);
} ops[] = {
	{ "a record", next_record, put_record },
	{ "a record of another", next_of_third, put_of_third },
	{ "a credential", next_credential, renew },
};

/* What is put, or set, while there is a link; the same again where it is refused. */
static bool act(const void *arg, unsigned int nth, unsigned int times)
{
	const struct op *op = arg;
	unsigned int failed;
	int err;

	new = online_group(&own[1], PORT + 1);
	NEED(!group_dial(&nl, new, PORT));
	NEED(wait_until(agreed, NULL));
	op->prepare();
	fail_arm(nth, times, FAIL_OURS);
	err = op->run();
	failed = fail_disarm();
	CHECK(!err || (failed && err == -ENOMEM), "%s, allocation %u at %s: %d (%s)", op->name,
	      nth, fail_where(), err, nl.text);
	if (err)
		err = op->run();
	CHECK(!err, "%s, after allocation %u at %s: %d (%s)", op->name, nth, fail_where(), err,
	      nl.text);
	CHECK(wait_until(agreed, NULL), "%s, allocation %u at %s: tables differ", op->name, nth,
	      fail_where());
	end_group(new);
	NEED(wait_until(alone, NULL));
	return failed;
}

static void test_programs(void)
{
	uint64_t dropped;
	unsigned int i;

	for (i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
		dropped = nl_stat(&nl, old, PEERGROUP_A_STATS_DROPPED_QUEUE);
		fail_each(ops[i].name, act, &ops[i]);
		dropped = nl_stat(&nl, old, PEERGROUP_A_STATS_DROPPED_QUEUE) - dropped;
		/* There was no memory for what takes its place in the queue. */
		CHECK(ops[i].run == renew || dropped, "%s: none was dropped", ops[i].name);
	}
}

static bool linked(void *unused)
{
	struct table a, b;

	(void)unused;
	get_table(old, &a);
	get_table(new, &b);
	return a.status & b.status & PEERGROUP_STATUS_CONNECTED &&
	       !memcmp(a.fingerprint, b.fingerprint, PEERGROUP_HASH_LEN);
}

/* One end of a link becomes ready, and so does the other, who is told. */
static bool become_ready(const void *unused, unsigned int nth, unsigned int times)
{
	unsigned int failed;

	(void)unused;
	old = online_group(&own[0], PORT);
	new = online_group(&own[1], PORT + 1);
	NEED(!group_dial(&nl, new, PORT));
	NEED(wait_until(linked, NULL));
	fail_arm(nth, times, FAIL_OURS);
	set_ready(old);
	failed = fail_disarm();
	CHECK(wait_until(agreed, NULL), "allocation %u at %s: the other end was not told", nth,
	      fail_where());
	end_group(new);
	end_group(old);
	return failed;
}

static void test_ready(void)
{
	end_group(old);
	fail_each("ready", become_ready, NULL);
}

/* --------------------------------------------------- a reply that has to wait -- */

#define FEW	100
#define MANY	200

/* Under one signature. */
static void put_many(unsigned int n)
{
	static struct rec many[MANY];
	struct rec *all[MANY];
	unsigned int i;

	for (i = 0; i < n; i++) {
		all[i] = &many[i];
		rec_new(all[i], &own[0], "hello", 5);
	}
	rec_sign_batch(all, n, &own[0]);
	for (i = 0; i < n; i++) {
		NEED(!put(old, all[i]));
		rec_free(all[i]);
	}
}

static unsigned int waiting_failed(void)
{
	/* The one is part of the other, as compilers like it. */
	return fail_in("pg_sync_keep_reply") + fail_in("pg_sync_reply");
}

/*
 * The new end lacks that many. There would be too many allocations to fail each, so that
 * only those do that no link had before. Returns whether any did.
 */
static bool catch_up(unsigned int records)
{
	unsigned int failed;

	new = online_group(&own[1], PORT + 1);
	fail_arm(1, 0, FAIL_OTHERS);
	NEED(!group_dial(&nl, new, PORT));
	CHECK(wait_until(agreed, NULL), "allocation at %s: no link, or tables differ",
	      fail_where());
	failed = fail_disarm();
	if (failed)
		printf("# %u failed, the last at %s\n", failed, fail_where());
	CHECK(nl_group_number(&nl, new, G(RECORDS)) == records, "not all is there");
	end_group(new);
	CHECK(wait_until(alone, NULL), "allocation at %s: the link stays", fail_where());
	return failed;
}

static void test_waiting(void)
{
	unsigned int before = waiting_failed();

	old = online_group(&own[0], PORT);
	set_ready(old);
	put_many(FEW);
	while (catch_up(FEW))
		;
	CHECK(waiting_failed() == before, "a reply has waited");
	/* More than two WANTs ask for, in one reply: what is left waits for the first. */
	put_many(MANY - FEW);
	while (catch_up(MANY))
		;
	CHECK(waiting_failed() > before, "no reply had to wait");
	end_group(old);
}

/* What was lost is asked for at once, and not when something else is said on the link. */
static bool lose(unsigned int nth)
{
	unsigned int failed;

	advance(&recs[0], &own[0]);
	fail_arm(nth, 1, FAIL_OTHERS);
	NEED(!put(old, &recs[0]));
	CHECK(wait_until(agreed, NULL), "allocation %u at %s: tables differ", nth, fail_where());
	failed = fail_disarm();
	return failed;
}

static void test_quiet(void)
{
	unsigned int nth;

	keepalive_ms = KEEPALIVE_LONG_MS;
	old = online_group(&own[0], PORT);
	set_ready(old);
	new = online_group(&own[1], PORT + 1);
	NEED(!group_dial(&nl, new, PORT));
	NEED(wait_until(agreed, NULL));
	for (nth = 1; lose(nth); nth++)
		;
	printf("# %u allocations\n", nth - 1);
	end_group(new);
	end_group(old);
}

/* ------------------------------------------------------------- other nodes -- */

static struct rec node;
static uint64_t nodes_left_out;

/* The next version of it, with so many bytes of what it says. */
static void change_node(size_t len)
{
	struct rec next;

	rec_next(&next, &node, &third, node.data, len);
	rec_free(&node);
	node = next;
	rec_sign(&node, &third);
}

/*
 * A node that there is no memory for is not looked for until it is heard of again, and is
 * counted. One without an address is forgotten, and so is another one each time.
 */
static bool hear_of_node(const void *unused, unsigned int nth, unsigned int times)
{
	uint64_t before, left_out;
	unsigned int failed;
	int err;

	(void)unused;
	change_node(sizeof(struct peergroup_presence));
	NEED(!put(old, &node));
	change_node(sizeof(struct peergroup_presence) + PEERGROUP_PRESENCE_ADDRESS_LEN);
	before = nl_stat(&nl, old, PEERGROUP_A_STATS_VIEW_FULL);
	fail_arm(nth, times, FAIL_OURS);
	err = put(old, &node);
	failed = fail_disarm();
	CHECK(!err || (failed && err == -ENOMEM), "allocation %u at %s: %d (%s)", nth,
	      fail_where(), err, nl.text);
	left_out = nl_stat(&nl, old, PEERGROUP_A_STATS_VIEW_FULL) - before;
	CHECK(left_out <= failed, "allocation %u at %s: counted %u times", nth, fail_where(),
	      (unsigned int)left_out);
	nodes_left_out += left_out;
	if (err)
		err = put(old, &node);
	CHECK(!err, "after allocation %u at %s: %d (%s)", nth, fail_where(), err, nl.text);
	return failed;
}

static void test_nodes(void)
{
	static const char *const address = "::ffff:192.0.2.1";

	old = online_group(&own[0], PORT);
	rec_free(&from_third);
	introduce_third();
	rec_presence(&node, &third, 1, PORT, &address, 1);
	rec_sign(&node, &third);
	NEED(!put(old, &node));
	fail_each("a node", hear_of_node, NULL);
	CHECK(nodes_left_out, "there was memory for each node");
	rec_free(&node);
	end_group(old);
}

/* ------------------------------------------------------------- the revoked -- */

static struct cert gone;

static void put_out(const struct cert *whom)
{
	struct peergroup_revocation body = { 0 };
	struct rec rec;

	cert_spki_hash(whom->spec.key, body.key);
	rec_revocation(&rec, &own[0], &body);
	rec_sign(&rec, &own[0]);
	NEED(!put(old, &rec));
	rec_free(&rec);
}

static unsigned int members(void)
{
	return nl_count(&nl, PEERGROUP_CMD_MEMBER_GET, PEERGROUP_A_MEMBER_GROUP, old);
}

/* Who calls is told, or hung up on; an administrator that it shows is learnt, or not. */
static bool call_revoked(const void *unused, unsigned int nth, unsigned int times)
{
	static struct cert judge;
	struct chain chain = { .cert = { &judge.der }, .n = 1 };
	unsigned int before = members(), failed;
	struct noise_meet m;
	bool told, over;
	struct peer p;

	(void)unused;
	cert_issue(&judge, &root, test_key(2), PEERGROUP_ROLE_ADMIN);
	meet_fill(&m, &gone, NULL);
	fail_arm(nth, times, FAIL_OTHERS);
	peer_connect(&p, PORT);
	peer_keep_asking(&p);
	told = peer_handshake(&p, &m) && peer_expect(&p, PG_MSG_BYE);
	if (told)
		peer_gmc(&p, &chain);
	shutdown(p.fd, SHUT_WR);
	over = peer_closed(&p, NULL) && !p.late;
	failed = fail_disarm();
	peer_close(&p);
	CHECK(over, "allocation %u at %s: the connection stays", nth, fail_where());
	CHECK(told || failed, "it was not told");
	CHECK(members() == before + 1 || failed, "the administrator was not learnt");
	return failed;
}

static void test_revoked(void)
{
	old = online_group(&own[0], PORT);
	cert_issue(&gone, &root, test_key(3), PEERGROUP_ROLE_MEMBER);
	put_out(&gone);
	fail_each("a call by who was revoked", call_revoked, NULL);
	end_group(old);
}

/* --------------------------------------------------------------- the end -- */

static void test_nothing_left(void)
{
	fail_report();
	nl_close(&events);
	nl_close(&nl);
	CHECK(wait_slab("pg_record", 0));
	CHECK(no_leaks());
	CHECK(!system("rmmod peergroup"), "the module stays");
	fail_unload();
}

static void set_up(void)
{
	need_module();
	own_namespace();
	NEED(!nl_open(&nl) && !nl_open(&events) && !nl_listen(&events));
	cert_new_root(&root, test_key(0));
	cert_issue(&own[0], &root, test_key(0), PEERGROUP_ROLE_ADMIN | PEERGROUP_ROLE_MEMBER);
	cert_issue(&own[1], &root, test_key(1), PEERGROUP_ROLE_MEMBER);
	cert_issue(&third, &own[0], test_key(2), PEERGROUP_ROLE_MEMBER);
	old = online_group(&own[0], PORT);
	set_ready(old);
	rec_new(&recs[0], &own[0], "hello", 5);
	rec_new(&recs[1], &own[1], "hello", 5);
	introduce_third();
}

int main(void)
{
	static const struct tap_test tests[] = {
		{ "a link's whole life", test_workers },
		{ "programs while there is a link", test_programs },
		{ "being ready", test_ready },
		{ "a reply that has to wait", test_waiting },
		{ "while the link is quiet", test_quiet },
		{ "nodes that it is heard of", test_nodes },
		{ "a call by who was revoked", test_revoked },
		{ "nothing is left behind", test_nothing_left },
	};
	const char *why = fail_load();

	if (why) {
		printf("1..0 # SKIP %s\n", why);
		return 0;
	}
	set_up();
	return tap_main(tests, sizeof(tests) / sizeof(tests[0]));
}
