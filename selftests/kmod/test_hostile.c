// SPDX-License-Identifier: GPL-2.0-only
// timeout: 200
/*
 * What a hostile peer may send: everything that breaks the protocol ends its
 * link, or is passed over where honest hosts may differ, each under its own
 * counter, and costs no memory; meanwhile a real link does its work.
 */
#include <endian.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "group.h"
#include "peer.h"
#include "tap.h"

#define PORT		3587
#define OTHER_PORT	3588
#define STAT(name)	PEERGROUP_A_STATS_##name
#define LINK(name)	PEERGROUP_A_STATS_LINK_##name
#define REFUSED(name)	PEERGROUP_A_STATS_REFUSED_##name

static struct nl nl;
/* @own is attacked, @friend is linked to it, @member is who the attacker says to be. */
static struct cert root, own, friend, member, stranger;
static uint32_t group, other;

/* -------------------------------------------------------------- waiting -- */

static bool counted(uint16_t counter, uint64_t before)
{
	return counted_once(&nl, group, counter, before);
}

static bool tables_are_the_same(void *unused)
{
	(void)unused;
	return nl_group_number(&nl, group, PEERGROUP_A_GROUP_RECORDS) ==
	       nl_group_number(&nl, other, PEERGROUP_A_GROUP_RECORDS);
}

/* Neither table lacks what the other has, once all has arrived. */
static bool same_tables(void)
{
	return wait_until(tables_are_the_same, NULL);
}

/* A record of the friend's arrives over the link that was there all the time. */
static bool friend_is_heard(void)
{
	struct rec rec;
	int err;

	rec_new(&rec, &friend, "still here", 10);
	rec_sign(&rec, &friend);
	err = nl_put_record(&nl, other, rec.wire, rec.len);
	rec_free(&rec);
	return !err && same_tables() && nl_stat(&nl, other, STAT(LINKS_UP)) == 1;
}

/* ---------------------------------------------------- messages that are wrong -- */

static void check_message(uint8_t type, uint8_t zero, const void *body, size_t len,
			  uint16_t counter)
{
	struct pg_msg_hdr hdr = { .len = htobe32(len), .type = type };
	uint64_t before = nl_stat(&nl, group, counter);
	struct peer p;
	uint32_t bye;

	hdr.zero[zero % 3] = zero;
	peer_link(&p, PORT, &member);
	peer_write(&p, &hdr, sizeof(hdr));
	peer_write(&p, body, len);
	CHECK(peer_closed(&p, &bye), "type %u, %zu bytes: stays open", type, len);
	CHECK(bye == PG_BYE_PROTOCOL, "type %u, %zu bytes: bye %u", type, len, bye);
	CHECK(counted(counter, before), "type %u, %zu bytes: not counted once", type, len);
	peer_close(&p);
}

static void test_types(void)
{
	check_message(PG_MSG_WELCOME, 0, "", 0, LINK(MALFORMED));
	check_message(0, 0, "", 0, LINK(MALFORMED));
	check_message(PG_MSG_CREDENTIAL + 1, 0, "", 0, LINK(MALFORMED));
	check_message(16, 0, "x", 1, LINK(MALFORMED));
	check_message(255, 0, "x", 1, LINK(MALFORMED));
	check_message(PG_MSG_SYNC_END, 1, "\0\0\0", 4, LINK(MALFORMED));
	CHECK(friend_is_heard());
}

static void test_bodies(void)
{
	static const uint8_t zeros[PG_MSG_BODY_MAX];
	static const struct {
		uint8_t type;
		size_t len;
	} bad[] = {
		{ PG_MSG_WANT_GMC, sizeof(struct pg_want_gmc) - 1 }, { PG_MSG_WANT_GMC, 0 },
		{ PG_MSG_RECORD, 0 },
		{ PG_MSG_SYNC, 0 }, { PG_MSG_SYNC, 1 }, { PG_MSG_SYNC, 1000 },
		{ PG_MSG_SYNC, PG_MSG_BODY_MAX },
		{ PG_MSG_SYNC_REPLY, 0 }, { PG_MSG_SYNC_REPLY, 500 },	/* nobody asked */
		{ PG_MSG_WANT, 0 }, { PG_MSG_WANT, 3 }, { PG_MSG_WANT, 4 },
		{ PG_MSG_WANT, 4 + 15 }, { PG_MSG_WANT, 4 + 17 },
		{ PG_MSG_WANT_DONE, 3 }, { PG_MSG_WANT_DONE, 4 },	/* nobody wanted */
		{ PG_MSG_SYNC_END, 3 }, { PG_MSG_SYNC_END, 0 },
		{ PG_MSG_PING, sizeof(struct pg_ping) - 1 }, { PG_MSG_PONG, 1 },
		{ PG_MSG_BYE, 0 }, { PG_MSG_BYE, 3 },
		{ PG_MSG_REFRESH, 0 }, { PG_MSG_REFRESH, sizeof(struct pg_refresh_msg) - 1 },
		{ PG_MSG_DIRECT, 0 }, { PG_MSG_DIRECT, sizeof(struct pg_direct) - 1 },
		{ PG_MSG_DIRECT, sizeof(struct pg_direct) },		/* without data */
		{ PG_MSG_CREDENTIAL, 0 },
		{ PG_MSG_CREDENTIAL, sizeof(struct peergroup_credential) - 1 },
		{ PG_MSG_CREDENTIAL, sizeof(struct peergroup_credential) },
		{ PG_MSG_CREDENTIAL, PEERGROUP_CREDENTIAL_LEN_MAX },
	};
	unsigned int i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		check_message(bad[i].type, 0, zeros, bad[i].len, LINK(MALFORMED));
	CHECK(friend_is_heard());
}

/* The proof that the link came up with, again: so much of it, and so much behind. */
static bool renews(size_t less, size_t more)
{
	uint64_t before = nl_stat(&nl, group, LINK(MALFORMED));
	static uint8_t body[PG_FRAME_MAX + 1];
	struct noise_meet meet;
	struct peer p;
	uint32_t bye;
	bool good;
	int len;

	meet_fill(&meet, &member, NULL);
	peer_connect(&p, PORT);
	NEED(peer_handshake(&p, &meet));
	NEED(peer_expect(&p, PG_MSG_WELCOME));
	len = noise_meet_write(&meet, noise_link_key(p.link), body);
	NEED(len > (int)(sizeof(meet.meet) + less));
	memset(body + len, 0, more);
	peer_send(&p, PG_MSG_CREDENTIAL, body + sizeof(meet.meet),
		  (size_t)len - sizeof(meet.meet) - less + more);
	good = !less && !more;
	if (good)
		good = peer_alive(&p);
	else
		CHECK(peer_closed(&p, &bye) && bye == PG_BYE_PROTOCOL &&
		      counted(LINK(MALFORMED), before), "%zu less, %zu more", less, more);
	peer_close(&p);
	return good;
}

static void test_credentials(void)
{
	struct noise_meet meet;

	CHECK(renews(0, 0));
	/* Of its certificate a byte, and all but the first; that, and some of the signature. */
	meet_fill(&meet, &member, NULL);
	renews(1, 0);
	renews(meet.chain_len - 1, 0);
	renews(meet.chain_len, 0);
	renews(meet.chain_len + 1, 0);
	renews(0, 1);
	renews(0, 2);
	CHECK(friend_is_heard());
}

static void test_oversize(void)
{
	static const struct {
		uint8_t type;
		uint32_t limit;
	} bad[] = {
		{ PG_MSG_GMC, PG_GMC_BODY_MAX },
		{ PG_MSG_WANT_GMC, sizeof(struct pg_want_gmc) },
		{ PG_MSG_RECORD, PG_RECORD_BODY_MAX },
		{ PG_MSG_SYNC, PG_MSG_BODY_MAX },
		{ PG_MSG_SYNC_REPLY, PG_MSG_BODY_MAX },
		{ PG_MSG_WANT, sizeof(struct pg_want) + PG_WANT_MAX * PEERGROUP_ID_LEN },
		{ PG_MSG_WANT_DONE, sizeof(struct pg_want) },
		{ PG_MSG_SYNC_END, sizeof(struct pg_sync_end) },
		{ PG_MSG_PING, sizeof(struct pg_ping) },
		{ PG_MSG_PONG, sizeof(struct pg_ping) },
		{ PG_MSG_BYE, sizeof(struct pg_bye) },
		{ PG_MSG_REFRESH, sizeof(struct pg_refresh_msg) },
		{ PG_MSG_CREDENTIAL, PEERGROUP_CREDENTIAL_LEN_MAX + PG_CHAIN_LEN_MAX },
		{ PG_MSG_DIRECT, PG_RECORD_BODY_MAX },
		{ PG_MSG_SYNC, 0xfffffffe },
	};
	unsigned int i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		uint64_t before = nl_stat(&nl, group, LINK(OVERSIZE));
		struct peer p;
		uint32_t bye;

		peer_link(&p, PORT, &member);
		peer_header(&p, bad[i].type, bad[i].limit + 1);
		CHECK(peer_closed(&p, &bye), "type %u stays open", bad[i].type);
		CHECK(bye == PG_BYE_PROTOCOL, "type %u: bye %u", bad[i].type, bye);
		CHECK(counted(LINK(OVERSIZE), before), "type %u", bad[i].type);
		peer_close(&p);
	}
	CHECK(friend_is_heard());
}

static void pass_over(struct peer *p, uint8_t type, size_t len, uint16_t counter)
{
	uint64_t before = nl_stat(&nl, group, counter);
	static uint8_t zeros[64 << 10];
	size_t at;

	peer_header(p, type, (uint32_t)len);
	for (at = 0; at < len; at += sizeof(zeros))
		peer_write(p, zeros, len - at < sizeof(zeros) ? len - at : sizeof(zeros));
	CHECK(peer_alive(p));
	CHECK(counted(counter, before));
}

/* What is longer than this host takes is passed over, and the link goes on. */
static void test_too_large(void)
{
	uint64_t before = nl_stat(&nl, group, STAT(ADDED));
	struct rec rec;
	struct peer p;

	peer_link(&p, PORT, &member);
	pass_over(&p, PG_MSG_RECORD, PEERGROUP_RECORD_SIZE_DEFAULT + PG_RECORD_OVERHEAD + 1,
		  REFUSED(SIZE));
	rec_new(&rec, &member, "behind it", 9);
	rec_sign(&rec, &member);
	peer_send(&p, PG_MSG_RECORD, rec.wire, rec.len);
	CHECK(counted(STAT(ADDED), before));
	rec_free(&rec);
	peer_close(&p);
	CHECK(friend_is_heard());
}

static void test_too_much_data(void)
{
	uint64_t before = nl_stat(&nl, group, STAT(DATA_UNWANTED));
	uint8_t one[sizeof(struct pg_direct) + 1] = { 0 };
	struct peer p;

	peer_link(&p, PORT, &member);
	pass_over(&p, PG_MSG_DIRECT, PEERGROUP_RECORD_SIZE_DEFAULT + sizeof(struct pg_direct) + 1,
		  STAT(DATA_OVERSIZE));
	peer_send(&p, PG_MSG_DIRECT, one, sizeof(one));
	CHECK(counted(STAT(DATA_UNWANTED), before));
	peer_close(&p);
	CHECK(friend_is_heard());
}

/* --------------------------------------------------------------- records -- */

/* @drops: whether the link ends with it. */
static void check_record(struct rec *rec, uint16_t counter, bool drops, const char *what)
{
	uint64_t before = nl_stat(&nl, group, counter);
	uint64_t changes = nl_group_number(&nl, group, PEERGROUP_A_GROUP_SEQ);
	struct peer p;
	uint32_t bye;

	peer_link(&p, PORT, &member);
	peer_send(&p, PG_MSG_RECORD, rec->wire, rec->len);
	CHECK(counted(counter, before), "%s: not counted once", what);
	if (drops) {
		CHECK(peer_closed(&p, &bye), "%s: the link stays", what);
		CHECK(bye == PG_BYE_PROTOCOL, "%s: bye %u", what, bye);
	} else {
		CHECK(peer_alive(&p), "%s: the link ends", what);
	}
	CHECK(nl_group_number(&nl, group, PEERGROUP_A_GROUP_SEQ) ==
	      changes + (counter == STAT(ADDED)), "%s: something changed", what);
	peer_close(&p);
	rec_free(rec);
}

/* A good record with one byte changed after it was signed. */
static void check_changed(size_t at, uint16_t counter, bool drops, const char *what)
{
	struct rec rec;

	rec_new(&rec, &member, "some data", 9);
	rec.attrs = "<attributes/>";
	rec_sign(&rec, &member);
	rec.wire[at < rec.len ? at : rec.len - 1] ^= 0x10;
	check_record(&rec, counter, drops, what);
}

#define HDR(field)	offsetof(struct peergroup_record_hdr, field)
#define ATTRS		sizeof(struct peergroup_record_hdr)
#define SIG		(ATTRS + 13 + sizeof(struct peergroup_sig_hdr))

static void test_flipped(void)
{
	struct rec rec;

	rec_new(&rec, &member, "control", 7);
	rec_sign(&rec, &member);
	check_record(&rec, STAT(ADDED), false, "a good record");

	check_changed(HDR(id), REFUSED(ID), true, "the id's first half");
	check_changed(HDR(id) + 12, REFUSED(SIGNATURE), true, "the id's second half");
	check_changed(HDR(type) + 5, REFUSED(SIGNATURE), true, "the type");
	check_changed(HDR(version), REFUSED(MALFORMED), true, "the version");
	check_changed(HDR(flags) + 3, REFUSED(MALFORMED), true, "the flags");
	check_changed(HDR(created) + 7, REFUSED(MALFORMED), true, "the creation");
	check_changed(HDR(expires) + 7, REFUSED(SIGNATURE), true, "the expiration");
	check_changed(HDR(anchor), REFUSED(MALFORMED), true, "the anchor");
	check_changed(HDR(attrs_len) + 3, REFUSED(MALFORMED), true, "the attributes' length");
	check_changed(HDR(data_len) + 1, REFUSED(MALFORMED), true, "the data's length");
	check_changed(HDR(data_hash), REFUSED(HASH), true, "the data's hash");
	check_changed(ATTRS + 3, REFUSED(SIGNATURE), true, "the attributes");
	check_changed(SIG - sizeof(struct peergroup_sig_hdr), REFUSED(MALFORMED), true, "the kind");
	check_changed(SIG + 100, REFUSED(SIGNATURE), true, "the signature");
	check_changed((size_t)-1, REFUSED(HASH), true, "the data");
	CHECK(friend_is_heard());
}

static void test_signers(void)
{
	struct rec rec, first;

	rec_new(&rec, &member, "x", 1);
	rec_sign_with(&rec, root.spec.group, test_key(3));
	check_record(&rec, REFUSED(SIGNATURE), true, "signed by another key");

	rec_new(&rec, &member, "x", 1);
	memcpy(rec.hdr.id, "\1\2\3\4\5\6\7\10", 8);
	rec_sign(&rec, &member);
	check_record(&rec, REFUSED(ID), true, "an id of another key");

	rec_new(&first, &friend, "mine", 4);
	rec_sign(&first, &friend);
	NEED(!nl_put_record(&nl, other, first.wire, first.len));
	CHECK(same_tables());
	rec_next(&rec, &first, &member, "no, mine", 8);
	rec_sign(&rec, &member);
	check_record(&rec, REFUSED(ROLE), true, "a member changes another's");
	rec_tombstone(&rec, &first, &member);
	rec_sign(&rec, &member);
	check_record(&rec, REFUSED(ROLE), true, "a member deletes another's");
	rec_free(&first);
	CHECK(friend_is_heard());
}

/* Whoever has an old version only is given the new one. */
static void test_old(void)
{
	uint64_t before = nl_stat(&nl, group, STAT(OLD));
	struct rec first, second;
	struct peer p;

	rec_new(&first, &friend, "old", 3);
	rec_sign(&first, &friend);
	rec_next(&second, &first, &friend, "new", 3);
	rec_sign(&second, &friend);
	NEED(!nl_put_record(&nl, other, second.wire, second.len));
	CHECK(same_tables());
	peer_link(&p, PORT, &member);
	peer_send(&p, PG_MSG_RECORD, first.wire, first.len);
	CHECK(peer_expect(&p, PG_MSG_RECORD));
	CHECK(p.len == second.len && !memcmp(p.got, second.wire, p.len));
	CHECK(nl_stat(&nl, group, STAT(OLD)) == before + 1);
	CHECK(peer_alive(&p));
	peer_close(&p);
	rec_free(&first);
	rec_free(&second);
}

/* Asked for the certificate that it does not have, the peer keeps silent. */
static void test_stranger(void)
{
	uint64_t before = nl_stat(&nl, group, REFUSED(UNKNOWN));
	struct peer p;
	struct rec rec;

	rec_new(&rec, &stranger, "hello", 5);
	rec_sign(&rec, &stranger);
	peer_link(&p, PORT, &member);
	peer_send(&p, PG_MSG_RECORD, rec.wire, rec.len);
	CHECK(peer_expect(&p, PG_MSG_WANT_GMC));
	CHECK(p.len == PEERGROUP_HASH_LEN &&
	      !memcmp(p.got, stranger.fingerprint, PEERGROUP_HASH_LEN));
	CHECK(counted(REFUSED(UNKNOWN), before));
	CHECK(peer_alive(&p));
	peer_close(&p);
	rec_free(&rec);
	CHECK(friend_is_heard());
}

#define STRANGERS	100
#define MAY_WAIT	64U

static struct rec strangers[STRANGERS];

/* @arg: one bool for each of them. */
static void take_stranger(const struct nlmsghdr *msg, void *arg)
{
	const struct nlattr *id = nl_attr(msg, PEERGROUP_A_RECORD_ID);
	bool *there = arg;
	unsigned int i;

	NEED(id);
	for (i = 0; i < STRANGERS; i++)
		there[i] |= !memcmp(mnl_attr_get_payload(id), strangers[i].hdr.id,
				    PEERGROUP_ID_LEN);
}

/* Those that came last are in the table. */
static void check_strangers(unsigned int waited)
{
	struct nlmsghdr *msg = nl_begin(&nl, PEERGROUP_CMD_RECORD_GET, NLM_F_DUMP);
	bool there[STRANGERS] = { false };
	unsigned int i;

	mnl_attr_put_u32(msg, PEERGROUP_A_RECORD_GROUP, group);
	mnl_attr_put(msg, PEERGROUP_A_RECORD_BRIEF, 0, NULL);
	NEED(!nl_talk(&nl, msg, take_stranger, there));
	for (i = 0; i < STRANGERS; i++)
		CHECK(there[i] == (i >= STRANGERS - waited), "%u of %u", i, waited);
}

static void make_strangers(size_t len)
{
	static const uint8_t zeros[PEERGROUP_CHUNK_MAX];
	struct rec *list[STRANGERS];
	unsigned int i;

	cert_issue(&stranger, &root, test_key(3), PEERGROUP_ROLE_MEMBER);
	for (i = 0; i < STRANGERS; i++) {
		list[i] = &strangers[i];
		rec_new(list[i], &stranger, zeros, len);
	}
	rec_sign_batch(list, STRANGERS, &stranger);
}

/* The certificate of all of them comes in the end, when so many are left that wait. */
static void defer_strangers(size_t len, unsigned int waited)
{
	uint64_t before = nl_stat(&nl, group, STAT(DROPPED_DEFERRED));
	uint64_t added = nl_stat(&nl, group, STAT(ADDED));
	struct chain chain = { .cert = { &stranger.der }, .n = 1 };
	uint64_t dropped = STRANGERS - waited;
	struct peer p;
	unsigned int i;

	make_strangers(len);
	peer_link(&p, PORT, &member);
	for (i = 0; i < STRANGERS; i++)
		peer_send(&p, PG_MSG_RECORD, strangers[i].wire, strangers[i].len);
	CHECK(wait_stat(&nl, group, STAT(DROPPED_DEFERRED), before + dropped));
	CHECK(peer_alive(&p));
	peer_gmc(&p, &chain);
	CHECK(wait_stat(&nl, group, STAT(ADDED), added + waited));
	CHECK(peer_alive(&p));
	before = nl_stat(&nl, group, STAT(DROPPED_DEFERRED)) - before;
	CHECK(before == dropped, "%llu, not %llu", (unsigned long long)before,
	      (unsigned long long)dropped);
	check_strangers(waited);
	peer_close(&p);
	for (i = 0; i < STRANGERS; i++)
		rec_free(&strangers[i]);
}

/* More of them than may wait, by their number or their bytes: the oldest give way. */
static void test_strangers(void)
{
	NEED(!group_limit(&nl, group, PEERGROUP_A_LIMIT_DEFER, 3600000));
	defer_strangers(5, MAY_WAIT);
	NEED(!group_limit(&nl, group, PEERGROUP_A_LIMIT_DEFER_RECORDS, 3));
	defer_strangers(5, 3);
	NEED(!group_limit(&nl, group, PEERGROUP_A_LIMIT_DEFER_RECORDS, MAY_WAIT));
	/* Of a little more than 15 KiB each. */
	NEED(!group_limit(&nl, group, PEERGROUP_A_LIMIT_DEFER_BYTES, 64 << 10));
	defer_strangers(15 << 10, 4);
	NEED(!group_limit(&nl, group, PEERGROUP_A_LIMIT_DEFER_BYTES, 4 << 20));
	NEED(!group_limit(&nl, group, PEERGROUP_A_LIMIT_DEFER, 100));
	CHECK(friend_is_heard());
}

/*
 * A batch with one record altered, then with another signature, and each ends the link
 * that brought it. Neither is in the way of the others, which are as they were signed.
 */
static void test_batch(void)
{
	uint64_t refused = nl_stat(&nl, group, REFUSED(SIGNATURE));
	uint64_t verified = nl_stat(&nl, group, STAT(VERIFIED));
	uint64_t batched = nl_stat(&nl, group, STAT(BATCHED));
	struct rec recs[8], *list[8];
	struct peer p;
	unsigned int i;

	for (i = 0; i < 8; i++) {
		rec_new(&recs[i], &member, "of many", 7);
		list[i] = &recs[i];
	}
	rec_sign_batch(list, 8, &member);
	for (i = 0; i < 2; i++) {
		/* Its expiration; then a bit of the signature that all of them share. */
		size_t at = i ? rec_sig_at(&recs[3]) : offsetof(struct peergroup_record_hdr,
								 expires) + 7;

		recs[3].wire[at] ^= 1;
		peer_link(&p, PORT, &member);
		peer_send(&p, PG_MSG_RECORD, recs[3].wire, recs[3].len);
		CHECK(peer_closed(&p, NULL), "%u", i);
		peer_close(&p);
		recs[3].wire[at] ^= 1;
		CHECK(nl_stat(&nl, group, REFUSED(SIGNATURE)) == refused + i + 1, "%u", i);
	}
	peer_link(&p, PORT, &member);
	for (i = 0; i < 8; i++)
		peer_send(&p, PG_MSG_RECORD, recs[i].wire, recs[i].len);
	CHECK(wait_stat(&nl, group, STAT(BATCHED), batched + 7));
	CHECK(nl_stat(&nl, group, STAT(VERIFIED)) == verified + 1);
	CHECK(peer_alive(&p));
	peer_close(&p);
	for (i = 0; i < 8; i++)
		rec_free(&recs[i]);
	CHECK(friend_is_heard());
}

/* One of a batch is altered, amid the others: it is refused, and they stand. */
static void test_one_of_batch(void)
{
	uint64_t refused = nl_stat(&nl, group, REFUSED(SIGNATURE));
	uint64_t added = nl_stat(&nl, group, STAT(ADDED));
	struct rec recs[8], *list[8];
	const size_t at = offsetof(struct peergroup_record_hdr, expires) + 7;
	const unsigned int bad = 3;
	struct peer p;
	unsigned int i;

	for (i = 0; i < 8; i++) {
		rec_new(&recs[i], &member, "of many", 7);
		list[i] = &recs[i];
	}
	rec_sign_batch(list, 8, &member);
	recs[bad].wire[at] ^= 1;
	peer_link(&p, PORT, &member);
	for (i = 0; i < bad; i++)
		peer_send(&p, PG_MSG_RECORD, recs[i].wire, recs[i].len);
	CHECK(wait_stat(&nl, group, STAT(ADDED), added + bad));
	peer_send(&p, PG_MSG_RECORD, recs[bad].wire, recs[bad].len);
	CHECK(peer_closed(&p, NULL));
	peer_close(&p);
	CHECK(nl_stat(&nl, group, REFUSED(SIGNATURE)) == refused + 1);
	peer_link(&p, PORT, &member);
	for (i = bad + 1; i < 8; i++)
		peer_send(&p, PG_MSG_RECORD, recs[i].wire, recs[i].len);
	CHECK(wait_stat(&nl, group, STAT(ADDED), added + 7));
	/* So it is not there, and nothing keeps it out as it was signed. */
	recs[bad].wire[at] ^= 1;
	peer_send(&p, PG_MSG_RECORD, recs[bad].wire, recs[bad].len);
	CHECK(wait_stat(&nl, group, STAT(ADDED), added + 8));
	CHECK(peer_alive(&p));
	peer_close(&p);
	for (i = 0; i < 8; i++)
		rec_free(&recs[i]);
}

static void test_times(void)
{
	struct rec rec;

	rec_new(&rec, &member, "x", 1);
	rec.hdr.created = htobe64(peer_time_now() - 100 * TICKS);
	rec.hdr.modified = rec.hdr.created;
	rec.hdr.expires = htobe64(peer_time_now() - TICKS);
	rec_sign(&rec, &member);
	check_record(&rec, REFUSED(EXPIRED), false, "over already");

	rec_new(&rec, &member, "x", 1);
	rec.hdr.created = htobe64(peer_time_now() + 700 * TICKS);
	rec.hdr.modified = rec.hdr.created;
	rec_sign(&rec, &member);
	check_record(&rec, REFUSED(FUTURE), false, "made in the future");

	rec_new(&rec, &member, "x", 1);
	rec.hdr.expires = htobe64(~0ULL);
	rec_sign(&rec, &member);
	check_record(&rec, REFUSED(TIMES), true, "outlives its signer's certificate");
	CHECK(friend_is_heard());
}

static void test_forms(void)
{
	static const uint8_t reserved[PEERGROUP_ID_LEN] = { 0, 0, 3, 0 };
	struct rec rec, first;

	rec_new(&rec, &member, "x", 1);
	memcpy(rec.hdr.type, reserved, sizeof(reserved));
	rec_sign(&rec, &member);
	check_record(&rec, REFUSED(RESERVED), false, "a reserved type");

	rec_new(&first, &member, "x", 1);
	rec_tombstone(&rec, &first, &member);
	rec.data = "x";
	rec.data_len = 1;
	rec_sign(&rec, &member);
	check_record(&rec, REFUSED(MALFORMED), true, "a tombstone with data");

	rec_new(&rec, &member, "x", 1);
	rec_sign(&rec, &member);
	rec.len--;
	check_record(&rec, REFUSED(MALFORMED), true, "cut off");

	rec_new(&rec, &member, "", 0);
	rec_sign(&rec, &member);
	rec.len = 20;
	check_record(&rec, REFUSED(MALFORMED), true, "less than a header");

	rec_new(&rec, &member, "x", 1);
	rec.attrs = "\xed\xa0\x80";
	rec_sign(&rec, &member);
	check_record(&rec, REFUSED(MALFORMED), true, "attributes that are no UTF-8");
	CHECK(friend_is_heard());
}

/* ---------------------------------------------------- what costs memory -- */

#define ANNOUNCERS	20
#define MEMORY_SLACK	(16UL << 10)		/* KiB, for all of them */

/*
 * Each announces 60 MiB and sends next to nothing of it: more than the machine
 * has, if it were believed. Then the silence ends them.
 */
static void test_announced(void)
{
	uint64_t before = nl_stat(&nl, group, LINK(TIMEOUT));
	unsigned long memory, now;
	struct peer p[ANNOUNCERS];
	unsigned int i;

	NEED(!group_limit(&nl, group, PEERGROUP_A_LIMIT_RECORD_SIZE, PEERGROUP_RECORD_SIZE_MAX));
	for (i = 0; i < ANNOUNCERS; i++) {
		peer_link(&p[i], PORT, &member);
		NEED(peer_alive(&p[i]));
	}
	memory = kernel_memory();
	for (i = 0; i < ANNOUNCERS; i++) {
		peer_header(&p[i], PG_MSG_RECORD, PEERGROUP_RECORD_SIZE_MAX);
		peer_write(&p[i], "abc", i % 4);
	}
	/* The real link must not have been silent for longer than it may be from now on. */
	CHECK(friend_is_heard());
	NEED(!group_limit(&nl, group, PEERGROUP_A_LIMIT_KEEPALIVE, 2000));
	CHECK(wait_stat(&nl, group, LINK(TIMEOUT), before + ANNOUNCERS), "%llu ended",
	      (unsigned long long)(nl_stat(&nl, group, LINK(TIMEOUT)) - before));
	now = kernel_memory();
	CHECK(now < memory + MEMORY_SLACK, "%lu KiB before, %lu now", memory, now);
	for (i = 0; i < ANNOUNCERS; i++) {
		CHECK(peer_closed(&p[i], NULL));
		peer_close(&p[i]);
	}
	NEED(!group_limit(&nl, group, PEERGROUP_A_LIMIT_KEEPALIVE, 15000));
	NEED(!group_limit(&nl, group, PEERGROUP_A_LIMIT_RECORD_SIZE,
			  PEERGROUP_RECORD_SIZE_DEFAULT));
	CHECK(friend_is_heard());
}

/* ----------------------------------------------------- half a handshake -- */

#define SILENT		3

static struct peer silent[SILENT];

/* One says nothing, the others begin. */
static void open_silent(void)
{
	unsigned int i;

	for (i = 0; i < SILENT; i++)
		peer_connect(&silent[i], PORT);
	peer_raw(&silent[1], PG_OPENING_MAGIC, sizeof(PG_OPENING_MAGIC) - 1);
	peer_call(&silent[2], root.spec.group, NULL);
}

static void check_silent(void)
{
	unsigned int i;

	for (i = 0; i < SILENT; i++) {
		CHECK(peer_closed(&silent[i], NULL), "%u", i);
		CHECK(!silent[i].got, "%u: it spoke", i);
		peer_close(&silent[i]);
	}
}

static void test_silent(void)
{
	uint64_t before = nl_stat(&nl, group, LINK(HANDSHAKE));

	open_silent();
	CHECK(wait_stat(&nl, group, LINK(HANDSHAKE), before + SILENT));
	check_silent();
	CHECK(nl_stat(&nl, group, LINK(HANDSHAKE)) == before + SILENT);
	CHECK(friend_is_heard());
}

/* It goes on as if nothing had been. */
static bool comes_up(struct peer *p)
{
	struct noise_meet m;

	meet_fill(&m, &member, NULL);
	return peer_handshake(p, &m) && peer_expect(p, PG_MSG_WELCOME);
}

/* More than may be half-open, from one place or in all: the oldest give way. */
static void check_half_open(uint16_t limit, unsigned int many)
{
	enum { MOST = 300, ROOM = 50 };
	uint64_t slow = nl_stat(&nl, group, LINK(HANDSHAKE));
	uint64_t gone = nl_stat(&nl, group, LINK(HALF_OPEN));
	static struct peer p[MOST];
	unsigned int i;
	bool newest;

	NEED(!group_limit(&nl, group, limit, ROOM));
	for (i = 0; i < many; i++)
		peer_connect(&p[i], PORT);
	CHECK(wait_stat(&nl, group, LINK(HALF_OPEN), gone + many - ROOM));
	CHECK(friend_is_heard());
	newest = comes_up(&p[many - 1]);
	CHECK(newest && comes_up(&p[many - ROOM]));
	for (i = 0; newest && i < many - ROOM; i++)
		CHECK(peer_closed(&p[i], NULL), "%u", i);
	for (i = 0; i < many; i++)
		peer_close(&p[i]);
	CHECK(wait_stat(&nl, group, LINK(HANDSHAKE), slow + ROOM - 2));
	CHECK(nl_stat(&nl, group, LINK(HANDSHAKE)) == slow + ROOM - 2 &&
	      nl_stat(&nl, group, LINK(HALF_OPEN)) == gone + many - ROOM);
}

static void test_half_open(void)
{
	NEED(!group_limit(&nl, group, PEERGROUP_A_LIMIT_HANDSHAKE, 3600000));
	check_half_open(PEERGROUP_A_LIMIT_HALF_OPEN_PREFIX, 300);
	NEED(!group_limit(&nl, group, PEERGROUP_A_LIMIT_HALF_OPEN_PREFIX, 1 << 16));
	/* Those that are being closed count, up to twice as many. */
	check_half_open(PEERGROUP_A_LIMIT_HALF_OPEN, 90);
	NEED(!group_limit(&nl, group, PEERGROUP_A_LIMIT_HALF_OPEN, 256));
	NEED(!group_limit(&nl, group, PEERGROUP_A_LIMIT_HANDSHAKE, 10000));
}

/* Ten from two addresses of one owner's are ten of one; one of another is none of them. */
static void check_prefix(const char *const near[2], const char *far)
{
	enum { MANY = 10, ROOM = 3 };
	uint64_t slow = nl_stat(&nl, group, LINK(HANDSHAKE));
	uint64_t gone = nl_stat(&nl, group, LINK(HALF_OPEN));
	struct peer p[MANY], other;
	bool newest, all;
	unsigned int i;

	NEED(!group_limit(&nl, group, PEERGROUP_A_LIMIT_HALF_OPEN_PREFIX, ROOM));
	peer_connect_from(&other, far, PORT);
	for (i = 0; i < MANY; i++)
		peer_connect_from(&p[i], near[i % 2], PORT);
	all = wait_stat(&nl, group, LINK(HALF_OPEN), gone + MANY - ROOM);
	CHECK(all, "%s and %s are not one's", near[0], near[1]);
	newest = comes_up(&p[MANY - 1]);
	CHECK(newest && comes_up(&p[MANY - ROOM]));
	CHECK(comes_up(&other), "%s is taken for one of them", far);
	CHECK(nl_stat(&nl, group, LINK(HALF_OPEN)) == gone + MANY - ROOM);
	for (i = 0; all && newest && i < MANY - ROOM; i++)
		CHECK(peer_closed(&p[i], NULL), "%u", i);
	for (i = 0; i < MANY; i++)
		peer_close(&p[i]);
	peer_close(&other);
	CHECK(wait_stat(&nl, group, LINK(HANDSHAKE), slow + ROOM - 2));
}

/* One of each of so many that some meet in a bucket: none gives way but to its like. */
static void check_many_prefixes(void)
{
	enum { MANY = 200 };
	uint64_t slow = nl_stat(&nl, group, LINK(HANDSHAKE));
	uint64_t gone = nl_stat(&nl, group, LINK(HALF_OPEN));
	static struct peer p[MANY + 1];
	char from[16];
	unsigned int i;

	NEED(!group_limit(&nl, group, PEERGROUP_A_LIMIT_HALF_OPEN_PREFIX, 1));
	for (i = 0; i <= MANY; i++) {
		snprintf(from, sizeof(from), "127.0.%u.%u", i % MANY, 1 + i / MANY);
		peer_connect_from(&p[i], from, PORT);
	}
	CHECK(wait_stat(&nl, group, LINK(HALF_OPEN), gone + 1));
	/* The last one of all. */
	CHECK(comes_up(&p[MANY]) && peer_closed(&p[0], NULL));
	CHECK(nl_stat(&nl, group, LINK(HALF_OPEN)) == gone + 1, "%u gave way",
	      (unsigned int)(nl_stat(&nl, group, LINK(HALF_OPEN)) - gone));
	for (i = 0; i <= MANY; i++)
		peer_close(&p[i]);
	CHECK(wait_stat(&nl, group, LINK(HANDSHAKE), slow + MANY - 1));
}

/* Who has one address of a prefix has them all. */
static void test_prefixes(void)
{
	static const char *const v4[] = { "127.0.0.1", "127.0.0.2" };
	static const char *const v6[] = { "fd00:1::1", "fd00:1::2" };

	NEED(!system("ip address add fd00:1::1/128 dev lo && ip address add fd00:1::2/128 dev lo &&"
		     "ip address add fd00:2::1/128 dev lo"));
	NEED(!group_limit(&nl, group, PEERGROUP_A_LIMIT_HANDSHAKE, 3600000));
	check_prefix(v4, "127.0.1.1");
	check_prefix(v6, "fd00:2::1");
	check_many_prefixes();
	NEED(!group_limit(&nl, group, PEERGROUP_A_LIMIT_HALF_OPEN_PREFIX, 1 << 16));
	NEED(!group_limit(&nl, group, PEERGROUP_A_LIMIT_HANDSHAKE, 10000));
}

/* ------------------------------------------------------------ reconciliation -- */

#define WAYS	16		/* PG_SYNC_BRANCH */

struct query {
	uint8_t lo[PEERGROUP_ID_LEN];
	uint8_t hi[PEERGROUP_ID_LEN];
	uint8_t rest[4 + PEERGROUP_HASH_LEN];
} __attribute__((packed));

struct part {
	uint8_t lo[PEERGROUP_ID_LEN];
	uint32_t count;
	uint8_t print[PEERGROUP_HASH_LEN];
} __attribute__((packed));

static uint64_t first_bytes(const uint8_t *id)
{
	uint64_t n;

	memcpy(&n, id, sizeof(n));
	return be64toh(n);
}

/* That all is equal, or as many parts as may be, as long as the bounds differ that much. */
static uint8_t *answer(const struct query *q, bool splits, uint8_t *out)
{
	uint64_t lo = first_bytes(q->lo), step = (first_bytes(q->hi) - 1 - lo) / WAYS, at;
	struct part *part = (void *)(out + 2);
	int i;

	splits &= step > 0;
	out[0] = splits ? 3 : 1;
	out[1] = splits ? WAYS : 0;
	if (!splits)
		return out + 2;
	memset(part, 0, WAYS * sizeof(*part));
	for (i = 0; i < WAYS; i++) {
		at = htobe64(lo + i * step);
		memcpy(part[i].lo, &at, sizeof(at));
		part[i].count = htobe32(i ? 5 : UINT32_MAX);
	}
	return out + 2 + WAYS * sizeof(*part);
}

/* The latest SYNC. */
static struct query asked[WAYS];
static unsigned int n_asked;

static void take_sync(const struct peer *p)
{
	NEED(p->type == PG_MSG_SYNC && p->len <= sizeof(asked));
	memcpy(asked, p->got, p->len);
	n_asked = p->len / sizeof(asked[0]);
}

static void answer_sync(struct peer *p, bool splits)
{
	static uint8_t out[WAYS * (2 + WAYS * sizeof(struct part))];
	uint8_t *end = out;
	unsigned int i;

	for (i = 0; i < n_asked; i++)
		end = answer(&asked[i], splits, end);
	n_asked = 0;
	peer_send(p, PG_MSG_SYNC_REPLY, out, end - out);
}

/* Does another SYNC come before the answer to what is asked behind the reply? */
static bool goes_on(struct peer *p)
{
	struct pg_want_gmc want;

	memcpy(want.fingerprint, member.fingerprint, sizeof(want.fingerprint));
	peer_send(p, PG_MSG_WANT_GMC, &want, sizeof(want));
	do {
		NEED(peer_next(p));
		if (p->type == PG_MSG_SYNC)
			take_sync(p);
	} while (p->type != PG_MSG_GMC);
	return n_asked;
}

/*
 * Who makes a reconciliation leave something out is asked again in time, though the link is
 * never quiet; and a run that was whole is all that there is to it.
 */
static void test_cut(void)
{
	uint64_t before = nl_stat(&nl, group, STAT(SYNCS));
	unsigned int n = 0;
	struct peer p;

	NEED(!group_limit(&nl, group, PEERGROUP_A_LIMIT_KEEPALIVE, 1000));
	peer_link(&p, PORT, &member);
	peer_until_asked(&p);
	take_sync(&p);
	do {
		answer_sync(&p, n++ < 20);
	} while (goes_on(&p));
	CHECK(nl_stat(&nl, group, STAT(SYNCS)) == before + 1);
	CHECK(peer_asked_busy(&p, &member), "what was left out is not made up for");
	take_sync(&p);
	answer_sync(&p, false);
	CHECK(peer_expect(&p, PG_MSG_SYNC_END));
	CHECK(nl_stat(&nl, group, STAT(SYNCS)) == before + 2);
	peer_close(&p);
	NEED(!group_limit(&nl, group, PEERGROUP_A_LIMIT_KEEPALIVE, 15000));
	CHECK(friend_is_heard());
}

/* ------------------------------------------------------------------ the end -- */

static void test_nothing_left(void)
{
	unsigned long records = nl_group_number(&nl, group, PEERGROUP_A_GROUP_RECORDS) +
				nl_group_number(&nl, other, PEERGROUP_A_GROUP_RECORDS);

	CHECK(nl_stat(&nl, other, STAT(LINKS_DOWN)) == 0, "the real link went down");
	CHECK(wait_slab("pg_record", records), "%lu records, %lu in the tables",
	      slab_objects("pg_record"), records);
	CHECK(no_leaks());
}

static void set_up(void)
{
	NEED(!nl_open(&nl));
	cert_new_root(&root, test_key(0));
	cert_issue(&own, &root, test_key(0), PEERGROUP_ROLE_MEMBER);
	cert_issue(&friend, &root, test_key(1), PEERGROUP_ROLE_MEMBER);
	cert_issue(&member, &root, test_key(2), PEERGROUP_ROLE_MEMBER);
	cert_issue(&stranger, &root, test_key(3), PEERGROUP_ROLE_MEMBER);
	group = group_of(&nl, &root, &own);
	other = group_of(&nl, &root, &friend);
	NEED(!group_limit(&nl, group, PEERGROUP_A_LIMIT_DEFER, 100));
	group_online(&nl, group, &own, PORT);
	group_online(&nl, other, &friend, OTHER_PORT);
	NEED(!group_dial(&nl, other, PORT));
	NEED(wait_stat(&nl, other, STAT(LINKS_UP), 1));
}

int main(void)
{
	static const struct tap_test tests[] = {
		{ "messages that may not come", test_types },
		{ "bodies of a wrong length, and answers to nothing", test_bodies },
		{ "a new credential cut off, and with something behind", test_credentials },
		{ "bodies announced too long", test_oversize },
		{ "a record over this host's limit is passed over", test_too_large },
		{ "data over this host's limit is passed over", test_too_much_data },
		{ "records changed on the way", test_flipped },
		{ "records signed by the wrong one", test_signers },
		{ "an old version replayed", test_old },
		{ "a record of a stranger", test_stranger },
		{ "more records of strangers than may wait", test_strangers },
		{ "a batch of which one is altered", test_batch },
		{ "one altered record of a batch, amid the others", test_one_of_batch },
		{ "records out of time", test_times },
		{ "records that break their form", test_forms },
		{ "60 MiB announced and not sent, twenty times", test_announced },
		{ "more links half-open than there may be", test_half_open },
		{ "links half-open by their addresses' prefix", test_prefixes },
		{ "half a handshake left open", test_silent },
		{ "a reconciliation that is cut short, on a busy link", test_cut },
		{ "nothing is left behind", test_nothing_left },
	};

	need_module();
	own_namespace();
	set_up();
	return tap_main(tests, sizeof(tests) / sizeof(tests[0]));
}
