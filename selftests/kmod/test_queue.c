// SPDX-License-Identifier: GPL-2.0-only
/*
 * Records that a link's send queue does not take, as it is full of those that the other end
 * does not read: new ones, and answers to older versions. They are dropped and counted; the
 * link stays, and who reads again gets them by a reconciliation. Those that find no memory
 * are test_fail_link's.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "group.h"
#include "peer.h"
#include "tap.h"

#define PORT		3587
#define RECORDS		8
#define DATA_LEN	(600U << 10)	/* more than sockets take here, and more than the queue */
#define S(name)		PEERGROUP_A_STATS_##name
#define L(name)		PEERGROUP_A_LIMIT_##name

static struct nl nl;
static struct cert root, own, deaf, boss;
static uint32_t group;

/* What a table comes to hold, and how often each of it has come to the peer. */
static struct rec recs[RECORDS];
static unsigned int came[RECORDS], published;

static void publish(void)
{
	static char data[DATA_LEN];
	struct rec *rec = &recs[published++];

	rec_new(rec, &own, data, sizeof(data));
	rec_sign(rec, &own);
	NEED(!nl_put_record(&nl, group, rec->wire, rec->len));
}

static uint64_t dropped(void)
{
	return nl_stat(&nl, group, S(DROPPED_QUEUE));
}

/* Linked, and reads nothing: the first record fills the queue, and the second is dropped. */
static void link_full(struct peer *p)
{
	uint64_t before = dropped();

	peer_link(p, PORT, &deaf);
	memset(came, 0, sizeof(came));
	publish();
	CHECK(dropped() == before);
	publish();
	CHECK(dropped() == before + 1);
}

/* Its record is in the table. */
static void bring(struct peer *p, const struct rec *rec)
{
	uint64_t added = nl_stat(&nl, group, S(ADDED));

	peer_send(p, PG_MSG_RECORD, rec->wire, rec->len);
	NEED(wait_stat(&nl, group, S(ADDED), added + 1));
}

static void note(const struct peer *p)
{
	const struct peergroup_record_hdr *hdr = (const void *)p->got;
	unsigned int i;

	for (i = 0; i < published; i++)
		came[i] += !memcmp(recs[i].hdr.id, hdr->id, sizeof(hdr->id));
}

/* Up to a SYNC or SYNC_END, whichever it is; 0 where the link ends. */
static uint8_t read_records(struct peer *p)
{
	while (peer_next(p)) {
		if (p->type == PG_MSG_SYNC || p->type == PG_MSG_SYNC_END)
			return p->type;
		if (p->type == PG_MSG_RECORD)
			note(p);
	}
	return 0;
}

/* Of all records from @first on. */
static unsigned int missing(unsigned int first)
{
	unsigned int n = 0;

	for (; first < published; first++)
		n += !came[first];
	return n;
}

/*
 * Reads all that waited, among which @lost from @first on are not, and then is asked what
 * it has, which it says is nothing; and again, where one was dropped after the question.
 */
static void read_again(struct peer *p, unsigned int first, unsigned int lost)
{
	static const uint8_t nothing[] = { 2 /* a list */, 0 };
	uint64_t before = dropped();

	NEED(read_records(p) == PG_MSG_SYNC);
	CHECK(missing(first) == lost, "%u of %u are missing, not %u", missing(first),
	      published - first, lost);
	do {
		peer_send(p, PG_MSG_SYNC_REPLY, nothing, sizeof(nothing));
	} while (read_records(p) == PG_MSG_SYNC);
	CHECK(p->type == PG_MSG_SYNC_END);
	CHECK(!missing(0), "%u of %u never came", missing(0), published);
	CHECK(dropped() == before);
}

static void test_full(void)
{
	unsigned int first = published;
	struct peer p;

	link_full(&p);
	read_again(&p, first, 1);
	peer_close(&p);
}

/* Brings what is older than ours, which there is no room to answer with. */
static void test_older(void)
{
	uint64_t before;
	struct rec first, *second = &recs[published];
	unsigned int from = published++;
	struct peer p;

	rec_new(&first, &deaf, "first", 5);
	rec_sign(&first, &deaf);
	rec_next(second, &first, &deaf, "second", 6);
	rec_sign(second, &deaf);
	link_full(&p);
	/* In the table, and not in the queue: who says something is not told it. */
	bring(&p, second);
	before = dropped();
	peer_send(&p, PG_MSG_RECORD, first.wire, first.len);
	CHECK(wait_stat(&nl, group, S(DROPPED_QUEUE), before + 1));
	read_again(&p, from, 2);
	rec_free(&first);
	peer_close(&p);
}

/* What waits behind another gives way to its next version. */
static void test_newer(void)
{
	uint64_t before = nl_stat(&nl, group, S(COALESCED));
	struct rec next;
	struct peer p;
	int err;

	NEED(!group_limit(&nl, group, L(QUEUE), 1 << 20));
	peer_link(&p, PORT, &deaf);
	publish();
	publish();
	rec_next(&next, &recs[published - 1], &own, "next", 4);
	rec_sign(&next, &own);
	err = nl_put_record(&nl, group, next.wire, next.len);
	CHECK(!err, "%d (%s)", err, nl.text);
	CHECK(nl_stat(&nl, group, S(COALESCED)) == before + 1);
	rec_free(&next);
	peer_close(&p);
	NEED(!group_limit(&nl, group, L(QUEUE), 64 << 10));
}

static void put(const struct rec *rec)
{
	int err = nl_put_record(&nl, group, rec->wire, rec->len);

	CHECK(!err, "%d (%s)", err, nl.text);
}

/* Up to the record of that id: is it that version, and had its signer's certificate come? */
static void expect_signed(struct peer *p, const struct rec *rec)
{
	const struct peergroup_record_hdr *hdr;
	bool introduced = false;

	while (peer_next(p)) {
		introduced |= p->type == PG_MSG_GMC &&
			      memmem(p->got, p->len, boss.der.p, boss.der.len);
		if (p->type != PG_MSG_RECORD)
			continue;
		hdr = (const void *)p->got;
		if (!memcmp(hdr->modifier, boss.fingerprint, sizeof(hdr->modifier)))
			CHECK(introduced, "a record goes before its signer's certificate");
		if (!memcmp(hdr->id, rec->hdr.id, sizeof(hdr->id)))
			break;
	}
	CHECK(p->type == PG_MSG_RECORD && p->len == rec->len &&
	      !memcmp(p->got, rec->wire, rec->len), "not the newest version");
}

/*
 * A version by another member does not take the place of one that waits: that member's
 * certificate may wait, too, for a record that came later. One by the same does.
 */
static void test_newer_by_another(void)
{
	uint64_t before = nl_stat(&nl, group, S(COALESCED));
	struct rec first, other, second, third;
	struct peer p;

	/* Known to the group, and nobody that the other end was told of. */
	peer_link(&p, PORT, &boss);
	CHECK(peer_alive(&p));
	peer_close(&p);
	NEED(!group_limit(&nl, group, L(QUEUE), 1 << 20));
	peer_link(&p, PORT, &deaf);
	publish();
	rec_new(&first, &own, "first", 5);
	rec_sign(&first, &own);
	put(&first);
	rec_new(&other, &boss, "other", 5);
	rec_sign(&other, &boss);
	put(&other);
	CHECK(nl_stat(&nl, group, S(COALESCED)) == before);
	rec_next(&second, &first, &boss, "second", 6);
	rec_sign(&second, &boss);
	put(&second);
	CHECK(nl_stat(&nl, group, S(COALESCED)) == before + 1);
	rec_next(&third, &second, &boss, "third", 5);
	rec_sign(&third, &boss);
	put(&third);
	CHECK(nl_stat(&nl, group, S(COALESCED)) == before + 2);
	expect_signed(&p, &third);
	peer_close(&p);
	rec_free(&first);
	rec_free(&other);
	rec_free(&second);
	rec_free(&third);
	NEED(!group_limit(&nl, group, L(QUEUE), 64 << 10));
}

static void test_nothing_left(void)
{
	check_nothing_left(&nl, group);
}

/* Sockets that take little: what the queue still holds does not depend on when it is asked. */
static void small_sockets(void)
{
	static const char *const files[] = {
		"/proc/sys/net/ipv4/tcp_rmem", "/proc/sys/net/ipv4/tcp_wmem",
	};
	unsigned int i;
	FILE *f;

	for (i = 0; i < 2; i++) {
		f = fopen(files[i], "w");
		NEED(f && fputs("4096 16384 65536", f) >= 0 && !fclose(f));
	}
}

int main(void)
{
	static const struct tap_test tests[] = {
		{ "no room for what is new", test_full },
		{ "no room for the answer to what is older", test_older },
		{ "a version of what waits", test_newer },
		{ "a version by another of what waits", test_newer_by_another },
		{ "nothing is left behind", test_nothing_left },
	};

	need_module();
	own_namespace();
	small_sockets();
	NEED(!nl_open(&nl));
	cert_new_root(&root, test_key(0));
	cert_issue(&own, &root, test_key(0), PEERGROUP_ROLE_MEMBER);
	cert_issue(&deaf, &root, test_key(1), PEERGROUP_ROLE_MEMBER);
	cert_issue(&boss, &root, test_key(2), PEERGROUP_ROLE_ADMIN);
	group = group_of(&nl, &root, &own);
	group_online(&nl, group, &own, PORT);
	/* Who is deaf does not count as gone. */
	NEED(!group_limit(&nl, group, L(KEEPALIVE), 3600 * 1000));
	NEED(!group_limit(&nl, group, L(QUEUE), 64 << 10));
	return tap_main(tests, sizeof(tests) / sizeof(tests[0]));
}
