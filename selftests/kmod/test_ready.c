// SPDX-License-Identifier: GPL-2.0-only
/*
 * What makes a group ready, and what must not: a peer that only says that all is
 * done, records that still wait for a certificate; and that a host which says "you
 * have all you asked for" has queued it all, however short its queue.
 */
#include <endian.h>
#include <stdlib.h>
#include <string.h>
#include "group.h"
#include "peer.h"
#include "tap.h"

#define FIRST_PORT	3587
#define RECORDS		PG_WANT_MAX
#define BURST		100
#define DATA_LEN	(150U << 10)	/* all of them are more than sockets take */

static struct nl nl;
static struct cert root, own[3], member, stranger;

static void take_index(const struct nlmsghdr *msg, void *arg)
{
	*(uint32_t *)arg = nl_u32(msg, PEERGROUP_A_GROUP_INDEX);
}

static void new_certs(unsigned int key)
{
	unsigned int i;

	cert_new_root(&root, test_key(key));
	for (i = 0; i < 3; i++)
		cert_issue(&own[i], &root, test_key(i), PEERGROUP_ROLE_MEMBER);
	cert_issue(&member, &root, test_key(3), PEERGROUP_ROLE_MEMBER);
	cert_issue(&stranger, &root, test_key(3), PEERGROUP_ROLE_MEMBER);
}

/*
 * A group of @as in which stray records may wait long; @before: it has synchronised before it
 * came here.
 */
static uint32_t new_group(const struct cert *as, uint16_t port, bool before)
{
	struct nlmsghdr *msg = nl_begin(&nl, PEERGROUP_CMD_GROUP_OPEN, 0);
	uint32_t index = 0;

	mnl_attr_put(msg, PEERGROUP_A_GROUP_ROOT, root.der.len, root.der.p);
	mnl_attr_put(msg, PEERGROUP_A_GROUP_CHAIN, as->der.len, as->der.p);
	if (before)
		mnl_attr_put_u8(msg, PEERGROUP_A_GROUP_READY, 1);
	NEED(!nl_talk(&nl, msg, take_index, &index) && index);
	NEED(!group_limit(&nl, index, PEERGROUP_A_LIMIT_DEFER, 3600000));
	group_online(&nl, index, as, port);
	return index;
}

static bool ready(void *arg)
{
	return nl_group_number(&nl, *(uint32_t *)arg, PEERGROUP_A_GROUP_STATUS) &
	       PEERGROUP_STATUS_READY;
}

static bool synced(void *arg)
{
	return nl_group_number(&nl, *(uint32_t *)arg, PEERGROUP_A_GROUP_STATUS) &
	       PEERGROUP_STATUS_SYNCED;
}

/* A link from a host that says its table is whole. */
static void whole_peer(struct peer *p, uint16_t port)
{
	struct noise_meet meet;

	meet_fill(&meet, &member, NULL);
	meet.meet.flags = htobe16(PG_MEET_READY);
	peer_connect(p, port);
	NEED(peer_handshake(p, &meet));
	NEED(peer_expect(p, PG_MSG_WELCOME));
}

static void send_sync(struct peer *p)
{
	uint8_t everything[68] = { 0 };

	peer_send(p, PG_MSG_SYNC, everything, sizeof(everything));
	CHECK(peer_expect(p, PG_MSG_SYNC_REPLY));
}

static void send_end(struct peer *p)
{
	struct pg_sync_end end = { .flags = htobe32(PG_SYNC_END_READY) };

	peer_send(p, PG_MSG_SYNC_END, &end, sizeof(end));
	CHECK(peer_alive(p));
}

static void test_end_alone(void)
{
	uint32_t group = new_group(&own[0], FIRST_PORT, false);
	struct peer p;

	whole_peer(&p, FIRST_PORT);
	send_end(&p);
	CHECK(!ready(&group), "nothing was compared");
	send_sync(&p);
	CHECK(peer_alive(&p) && !ready(&group), "the comparison is not over");
	send_end(&p);
	CHECK(wait_until(ready, &group));
	peer_close(&p);
}

static void check_waiting(uint32_t group, uint16_t port, bool (*holds)(void *arg))
{
	struct chain chain = { .cert = { &stranger.der }, .n = 1 };
	struct peer p;
	struct rec rec;

	rec_new(&rec, &stranger, "hello", 5);
	rec_sign(&rec, &stranger);
	CHECK(!holds(&group), "nothing was compared");
	whole_peer(&p, port);
	send_sync(&p);
	peer_send(&p, PG_MSG_RECORD, rec.wire, rec.len);
	send_end(&p);
	CHECK(!holds(&group), "a record waits for its signer's certificate");
	peer_gmc(&p, &chain);
	CHECK(wait_until(holds, &group));
	CHECK(ready(&group) && synced(&group));
	CHECK(nl_group_number(&nl, group, PEERGROUP_A_GROUP_RECORDS) == 1);
	rec_free(&rec);
	peer_close(&p);
}

static void test_waiting(void)
{
	check_waiting(new_group(&own[1], FIRST_PORT + 1, false), FIRST_PORT + 1, ready);
}

/* It is ready by what a program remembers, while the table is not that of before. */
static void test_again(void)
{
	uint32_t group;

	/* Another group: of the other ones, all memberships are there. */
	new_certs(1);
	group = new_group(&own[0], FIRST_PORT + 4, true);
	CHECK(ready(&group));
	check_waiting(group, FIRST_PORT + 4, synced);
}

/*
 * Records that waited in vain for a certificate, for too long or as there are too many: whoever
 * brought them does not do so again by itself. They are asked for, however busy the link is, and
 * until then it is no whole table that has come.
 */
static void check_dropped(uint16_t counter, unsigned int n)
{
	uint32_t group = new_group(&own[0], FIRST_PORT + 6, true);
	struct chain chain = { .cert = { &stranger.der }, .n = 1 };
	static const uint8_t equal[] = { 1, 0 };
	struct rec rec;
	struct peer p;

	NEED(!group_limit(&nl, group, PEERGROUP_A_LIMIT_KEEPALIVE, 600000));
	if (n == 1)
		NEED(!group_limit(&nl, group, PEERGROUP_A_LIMIT_DEFER, 10));
	else
		NEED(!group_limit(&nl, group, PEERGROUP_A_LIMIT_DEFER_RECORDS, n - 1));
	/* So that no PING of the peer, whose table is empty, says that nothing is missing. */
	rec_new(&rec, &own[0], "hello", 5);
	rec_sign(&rec, &own[0]);
	NEED(!nl_put_record(&nl, group, rec.wire, rec.len));
	rec_free(&rec);
	whole_peer(&p, FIRST_PORT + 6);
	send_sync(&p);
	while (n--) {
		rec_new(&rec, &stranger, "hello", 5);
		rec_sign(&rec, &stranger);
		peer_send(&p, PG_MSG_RECORD, rec.wire, rec.len);
		rec_free(&rec);
	}
	NEED(wait_stat(&nl, group, counter, 1));
	peer_gmc(&p, &chain);
	send_end(&p);
	NEED(!synced(&group));	/* one was dropped */
	NEED(!group_limit(&nl, group, PEERGROUP_A_LIMIT_KEEPALIVE, 1000));
	NEED(peer_asked_busy(&p, &member));
	CHECK(!synced(&group), "nothing has come since");
	peer_send(&p, PG_MSG_SYNC_REPLY, equal, sizeof(equal));
	CHECK(wait_until(synced, &group));
	peer_close(&p);
	NEED(!nl_simple(&nl, PEERGROUP_CMD_GROUP_CLOSE, PEERGROUP_A_GROUP_INDEX, group));
}

/*
 * One that comes each time it is asked for, and waits each time for what does not come, longer
 * than a link is left in peace: it is asked for ever less often, and no group waits for it.
 */
static void test_never(void)
{
	static const uint8_t equal[] = { 1, 0 };
	const unsigned int tries = 8;
	unsigned int asked = 0;
	uint32_t group;
	struct rec rec;
	struct peer p;

	new_certs(2);
	group = new_group(&own[0], FIRST_PORT + 7, true);
	NEED(!group_limit(&nl, group, PEERGROUP_A_LIMIT_KEEPALIVE, 1000));
	NEED(!group_limit(&nl, group, PEERGROUP_A_LIMIT_DEFER, 3000));
	/* So that no PING of the peer, whose table is empty, says that nothing is missing. */
	rec_new(&rec, &own[0], "hello", 5);
	rec_sign(&rec, &own[0]);
	NEED(!nl_put_record(&nl, group, rec.wire, rec.len));
	rec_free(&rec);
	rec_new(&rec, &stranger, "hello", 5);
	rec_sign(&rec, &stranger);
	whole_peer(&p, FIRST_PORT + 7);
	send_sync(&p);
	peer_send(&p, PG_MSG_RECORD, rec.wire, rec.len);
	send_end(&p);
	while (!synced(&group) && asked < tries) {
		NEED(peer_asked_busy(&p, &member));
		peer_send(&p, PG_MSG_RECORD, rec.wire, rec.len);
		peer_send(&p, PG_MSG_SYNC_REPLY, equal, sizeof(equal));
		asked++;
	}
	CHECK(asked && asked < tries, "%u times", asked);
	CHECK(nl_stat(&nl, group, PEERGROUP_A_STATS_REFUSED_UNKNOWN) > 1);
	peer_close(&p);
	rec_free(&rec);
	NEED(!nl_simple(&nl, PEERGROUP_CMD_GROUP_CLOSE, PEERGROUP_A_GROUP_INDEX, group));
}

static void test_dropped(void)
{
	new_certs(2);
	check_dropped(PEERGROUP_A_STATS_REFUSED_UNKNOWN, 1);
	new_certs(3);
	check_dropped(PEERGROUP_A_STATS_DROPPED_DEFERRED, 2);
}

/* The end comes while records are still being verified: the last of them is what counts. */
static void test_burst(void)
{
	uint32_t group = new_group(&own[1], FIRST_PORT + 5, true);
	struct rec recs[BURST];
	unsigned int i;
	struct peer p;

	for (i = 0; i < BURST; i++) {
		rec_new(&recs[i], &member, "hello", 5);
		rec_sign(&recs[i], &member);
	}
	/* No ping is to come to its help. */
	NEED(!group_limit(&nl, group, PEERGROUP_A_LIMIT_KEEPALIVE, 600000));
	whole_peer(&p, FIRST_PORT + 5);
	send_sync(&p);
	for (i = 0; i < BURST; i++)
		peer_send(&p, PG_MSG_RECORD, recs[i].wire, recs[i].len);
	send_end(&p);
	CHECK(wait_until(synced, &group));
	CHECK(nl_group_number(&nl, group, PEERGROUP_A_GROUP_RECORDS) == BURST);
	for (i = 0; i < BURST; i++)
		rec_free(&recs[i]);
	peer_close(&p);
}

/* Puts records whose ids are left in a WANT. */
static void put_records(uint32_t group, struct pg_want *want)
{
	static char data[DATA_LEN];
	static struct rec recs[RECORDS];
	struct rec *list[RECORDS];
	unsigned int i;

	for (i = 0; i < RECORDS; i++) {
		rec_new(&recs[i], &own[2], data, sizeof(data));
		memcpy(want->ids[i], recs[i].hdr.id, PEERGROUP_ID_LEN);
		list[i] = &recs[i];
	}
	rec_sign_batch(list, RECORDS, &own[2]);
	for (i = 0; i < RECORDS; i++) {
		NEED(!nl_put_record(&nl, group, recs[i].wire, recs[i].len));
		rec_free(&recs[i]);
	}
}

static void test_want(void)
{
	uint32_t group = new_group(&own[2], FIRST_PORT + 2, false);
	size_t len = sizeof(struct pg_want) + RECORDS * PEERGROUP_ID_LEN;
	struct pg_want *want = calloc(1, len);
	unsigned int records = 0;
	struct peer p;

	NEED(want);
	put_records(group, want);
	NEED(!group_limit(&nl, group, PEERGROUP_A_LIMIT_QUEUE, 64 << 10));
	whole_peer(&p, FIRST_PORT + 2);
	want->token = htobe32(7);
	peer_send(&p, PG_MSG_WANT, want, len);
	while (peer_next(&p) && p.type != PG_MSG_WANT_DONE)
		records += p.type == PG_MSG_RECORD;
	CHECK(p.type == PG_MSG_WANT_DONE && !memcmp(p.got, &want->token, sizeof(want->token)));
	CHECK(records == RECORDS, "%u records came", records);
	CHECK(!nl_stat(&nl, group, PEERGROUP_A_STATS_DROPPED_QUEUE));

	/* A second question before the answer to the first: nobody does that. */
	peer_send(&p, PG_MSG_WANT, want, len);
	peer_send(&p, PG_MSG_WANT, want, len);
	CHECK(wait_stat(&nl, group, PEERGROUP_A_STATS_LINK_MALFORMED, 1));
	free(want);
	peer_close(&p);
}

static void set_online(uint32_t group, bool on)
{
	struct nlmsghdr *msg = nl_begin(&nl, PEERGROUP_CMD_GROUP_SET, 0);

	mnl_attr_put_u32(msg, PEERGROUP_A_GROUP_INDEX, group);
	mnl_attr_put_u8(msg, PEERGROUP_A_GROUP_ONLINE, on);
	NEED(!nl_talk(&nl, msg, NULL, NULL));
}

/* Who publishes and leaves at once has still said it. */
static void test_last_words(void)
{
	uint32_t group = new_group(&own[0], FIRST_PORT, false);
	unsigned int i, heard = 0;
	struct rec rec[20];
	struct peer p;

	for (i = 0; i < 20; i++) {
		rec_new(&rec[i], &own[0], "x", 1);
		rec_sign(&rec[i], &own[0]);
	}
	for (i = 0; i < 20; i++) {
		whole_peer(&p, FIRST_PORT);
		NEED(!nl_put_record(&nl, group, rec[i].wire, rec[i].len));
		set_online(group, false);
		heard += peer_expect(&p, PG_MSG_RECORD);
		peer_close(&p);
		set_online(group, true);
		rec_free(&rec[i]);
	}
	CHECK(heard == 20, "%u of 20", heard);
	NEED(!nl_simple(&nl, PEERGROUP_CMD_GROUP_CLOSE, PEERGROUP_A_GROUP_INDEX, group));
}

int main(void)
{
	static const struct tap_test tests[] = {
		{ "an end without a comparison makes no group ready", test_end_alone },
		{ "nor does it while a record waits for a certificate", test_waiting },
		{ "all that was asked for comes through a short queue", test_want },
		{ "what is published right before the end is sent", test_last_words },
		{ "what was ready before has synchronised no sooner", test_again },
		{ "but when the last record has been verified", test_burst },
		{ "records that waited for a certificate and were dropped", test_dropped },
		{ "a record that waits in vain each time", test_never },
	};

	need_module();
	own_namespace();
	NEED(!nl_open(&nl));
	new_certs(0);
	return tap_main(tests, sizeof(tests) / sizeof(tests[0]));
}
