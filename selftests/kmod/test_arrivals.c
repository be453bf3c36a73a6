// SPDX-License-Identifier: GPL-2.0-only
/*
 * Records of links that wait to be checked: no more of a group are in the queue that it shares
 * with others than there are CPUs to check them, and one; and what a member brought who was
 * caught in a lie meanwhile is not checked for its own sake.
 *
 * What others wait for here are records with a chain of hashes as long as there may be, all
 * of which is to be gone along: these take some milliseconds each.
 */
#include <endian.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <openssl/rand.h>
#include "group.h"
#include "peer.h"
#include "tap.h"

#define PORT	3587
#define SLOW	96U		/* all that are sent are fewer than a link may have waiting */
#define QUICK	24U
#define TRIES	100
#define COUNT	PEERGROUP_REFRESH_COUNT_MAX
#define PERIOD	PEERGROUP_REFRESH_SECONDS_MIN
#define S(name)	PEERGROUP_A_STATS_##name
#define HASH	PEERGROUP_HASH_LEN

static struct nl nl;
static struct cert root, own, sender, other, liar;
static uint32_t group;
static uint8_t chain[COUNT + 1][HASH];
static struct rec slow[SLOW], quick[QUICK];

/* How many of the group may be checked at a time. */
static unsigned int share(void)
{
	return (unsigned int)sysconf(_SC_NPROCESSORS_ONLN) + 1;
}

/* ------------------------------------------------------------- what is sent -- */

/* All by one chain, which has come to its end. */
static void make_slow(void)
{
	uint64_t made = peer_time_now() - (COUNT + 1ULL) * PERIOD * TICKS;
	struct rec *list[SLOW];
	struct rec first;
	unsigned int i;

	rec_new(&first, &sender, "slow", 4);
	rec_chain(&first, PERIOD, COUNT, chain);
	first.hdr.created = htobe64(made);
	first.hdr.modified = first.hdr.created;
	first.hdr.expires = htobe64(peer_time_now() + 3600 * TICKS);
	for (i = 0; i < SLOW; i++) {
		list[i] = &slow[i];
		slow[i] = first;
		NEED(RAND_bytes(slow[i].hdr.id + 8, 8) > 0);
	}
	rec_sign_batch(list, SLOW, &sender);
}

/* With a signature of their own each. */
static void make_quick(const struct cert *by, bool spoil)
{
	unsigned int i;

	for (i = 0; i < QUICK; i++) {
		rec_new(&quick[i], by, "quick", 5);
		rec_sign(&quick[i], by);
		quick[i].wire[rec_sig_at(&quick[i])] ^= spoil;
	}
}

static void free_recs(struct rec *rec, unsigned int n)
{
	while (n--)
		rec_free(&rec[n]);
}

static void send_slow(struct peer *p, unsigned int i, unsigned int end)
{
	struct pg_refresh_msg msg;

	for (; i < end; i++) {
		peer_refresh(&msg, &slow[i], root.spec.group, COUNT, chain[COUNT]);
		peer_send(p, PG_MSG_REFRESH, &msg, sizeof(msg));
		peer_send(p, PG_MSG_RECORD, slow[i].wire, slow[i].len);
	}
}

static void send_quick(struct peer *p)
{
	unsigned int i;

	for (i = 0; i < QUICK; i++)
		peer_send(p, PG_MSG_RECORD, quick[i].wire, quick[i].len);
}

/* ------------------------------------------------------------ a group's share -- */

struct order {
	unsigned int quick, slow;
	unsigned int before;	/* slow ones ahead of the first quick one */
};

static void take_order(const struct nlmsghdr *msg, void *arg)
{
	const void *id = mnl_attr_get_payload(nl_attr(msg, PEERGROUP_A_RECORD_ID));
	struct order *o = arg;
	unsigned int i;

	for (i = 0; i < SLOW; i++)
		o->slow += !memcmp(id, slow[i].hdr.id, PEERGROUP_ID_LEN);
	for (i = 0; i < QUICK; i++) {
		if (memcmp(id, quick[i].hdr.id, PEERGROUP_ID_LEN))
			continue;
		if (!o->quick++)
			o->before = o->slow;
	}
}

/* In the order in which they came into the table. */
static struct order order_since(uint64_t seq)
{
	struct nlmsghdr *msg = nl_begin(&nl, PEERGROUP_CMD_RECORD_GET, NLM_F_DUMP);
	struct order o = { 0 };

	mnl_attr_put_u32(msg, PEERGROUP_A_RECORD_GROUP, group);
	mnl_attr_put_u64(msg, PEERGROUP_A_RECORD_SINCE, seq);
	mnl_attr_put(msg, PEERGROUP_A_RECORD_BRIEF, 0, NULL);
	NEED(!nl_talk(&nl, msg, take_order, &o));
	return o;
}

/*
 * When the first of those that came last begins, all before it but one for each CPU are over:
 * however many were there at once, others' works found few of them in the queue.
 */
static void test_share(void)
{
	uint64_t seq = nl_group_number(&nl, group, PEERGROUP_A_GROUP_SEQ);
	uint64_t added = nl_stat(&nl, group, S(ADDED));
	struct order o;
	struct peer p;

	make_slow();
	make_quick(&sender, false);
	peer_link(&p, PORT, &sender);
	send_slow(&p, 0, SLOW);
	send_quick(&p);
	NEED(wait_stat(&nl, group, S(ADDED), added + SLOW + QUICK));
	o = order_since(seq);
	NEED(o.slow == SLOW && o.quick == QUICK);
	CHECK(o.before + share() > SLOW, "%u of %u were over when it was another's turn",
	      o.before, SLOW);
	CHECK(peer_alive(&p));
	peer_close(&p);
	free_recs(slow, SLOW);
	free_recs(quick, QUICK);
}

/* --------------------------------------------------------- who was caught in a lie -- */

static void take_one(const struct nlmsghdr *msg, void *arg)
{
	(void)msg;
	*(bool *)arg = true;
}

static bool is_there(void *arg)
{
	struct nlmsghdr *msg = nl_begin(&nl, PEERGROUP_CMD_RECORD_GET, NLM_F_DUMP);
	const struct rec *rec = arg;
	bool there = false;

	mnl_attr_put_u32(msg, PEERGROUP_A_RECORD_GROUP, group);
	mnl_attr_put(msg, PEERGROUP_A_RECORD_ID, PEERGROUP_ID_LEN, rec->hdr.id);
	NEED(!nl_talk(&nl, msg, take_one, &there));
	return there;
}

/* One more, of somebody honest: then all that came before are over, but for a share. */
static void last_of_all(void)
{
	struct rec rec;
	struct peer p;

	rec_new(&rec, &sender, "last", 4);
	rec_sign(&rec, &sender);
	peer_link(&p, PORT, &sender);
	peer_send(&p, PG_MSG_RECORD, rec.wire, rec.len);
	CHECK(wait_until(is_there, &rec));
	CHECK(peer_alive(&p));
	peer_close(&p);
	rec_free(&rec);
}

/* Slow ones, a lie, more slow ones, so that it is found out before the quick ones' turn. */
static void send_lie(struct peer *p)
{
	struct rec lie;

	rec_new(&lie, &liar, "lie", 3);
	rec_sign(&lie, &liar);
	lie.wire[rec_sig_at(&lie)] ^= 1;
	send_slow(p, 0, SLOW / 2);
	peer_send(p, PG_MSG_RECORD, lie.wire, lie.len);
	send_slow(p, SLOW / 2, SLOW);
	send_quick(p);
	rec_free(&lie);
}

/*
 * The liar says all that, and @as brings copies of the quick ones. False where that took so
 * long that the lie may have been looked at before.
 */
static bool try_lie(const struct cert *as)
{
	uint64_t present = nl_stat(&nl, group, S(PRESENT));
	uint64_t added = nl_stat(&nl, group, S(ADDED));
	struct peer p, twin;
	bool soon;

	peer_link(&p, PORT, &liar);
	peer_link(&twin, PORT, as);
	send_lie(&p);
	soon = peer_alive(&p);
	send_quick(&twin);
	CHECK(peer_alive(&twin) || !soon);
	soon = soon && nl_stat(&nl, group, S(ADDED)) - added + share() <= SLOW / 2;
	CHECK(!soon || nl_stat(&nl, group, S(PRESENT)) == present + QUICK);
	last_of_all();
	CHECK(peer_closed(&p, NULL));
	CHECK(peer_alive(&twin) || !soon, "who brought copies only is a liar");
	peer_close(&p);
	peer_close(&twin);
	return soon;
}

/* Return: how many of the quick ones were checked. */
static uint64_t checked_for(const struct cert *as, bool spoil)
{
	uint64_t seq, refused, checked;
	unsigned int i;
	bool done = false;

	for (i = 0; !done; i++) {
		NEED(i < TRIES);
		make_slow();
		make_quick(&liar, spoil);
		seq = nl_group_number(&nl, group, PEERGROUP_A_GROUP_SEQ);
		refused = nl_stat(&nl, group, S(REFUSED_SIGNATURE));
		done = try_lie(as);
		refused = nl_stat(&nl, group, S(REFUSED_SIGNATURE)) - refused;
		checked = spoil ? refused - 1 : order_since(seq).quick;
		free_recs(slow, SLOW);
		free_recs(quick, QUICK);
	}
	return checked;
}

/* All that it brought are dropped, by however many links. */
static void test_liar(void)
{
	uint64_t n = checked_for(&liar, true);

	CHECK(n < QUICK / 2, "%u of %u were checked", (unsigned int)n, QUICK);
}

/* Somebody else's copy was dropped as one was on the way: that goes on for its sake. */
static void test_other(void)
{
	uint64_t n = checked_for(&other, false);

	CHECK(n + share() > QUICK, "%u of %u were checked", (unsigned int)n, QUICK);
}

static void test_nothing_left(void)
{
	check_nothing_left(&nl, group);
}

int main(void)
{
	static const struct tap_test tests[] = {
		{ "what a group gives the queue at a time", test_share },
		{ "what a liar brings by two links", test_liar },
		{ "what a liar and somebody else bring", test_other },
		{ "nothing is left behind", test_nothing_left },
	};

	need_module();
	own_namespace();
	NEED(!nl_open(&nl));
	cert_new_root(&root, test_key(0));
	cert_issue(&own, &root, test_key(0), PEERGROUP_ROLE_MEMBER);
	cert_issue(&sender, &root, test_key(1), PEERGROUP_ROLE_MEMBER);
	cert_issue(&other, &root, test_key(2), PEERGROUP_ROLE_MEMBER);
	cert_issue(&liar, &root, test_key(3), PEERGROUP_ROLE_MEMBER);
	group = group_of(&nl, &root, &own);
	group_online(&nl, group, &own, PORT);
	/* Of a long chain each step counts. */
	NEED(!group_limit(&nl, group, PEERGROUP_A_LIMIT_CREATOR_RATE, 0));
	/* Nobody answers a ping while records are waited for, which takes its time. */
	NEED(!group_limit(&nl, group, PEERGROUP_A_LIMIT_KEEPALIVE, 3600 * 1000));
	return tap_main(tests, sizeof(tests) / sizeof(tests[0]));
}
