// SPDX-License-Identifier: GPL-2.0-only
/*
 * Records that a chain of hashes keeps alive: what a link may say of them, in any order and
 * as wrongly as it likes, and what a host does whose program has left it the seed. The
 * records were made ten minutes ago, so that some refreshes are due.
 */
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <openssl/rand.h>
#include "group.h"
#include "peer.h"
#include "tap.h"

#define PORT	3587
#define AGO	600
#define PERIOD	PEERGROUP_REFRESH_SECONDS_MIN
#define COUNT	100U
#define DUE	(AGO / PERIOD)
#define KEPT	64		/* records that a group refreshes at the most for its owner, */
#define OTHERS	64		/* and for all other users */
#define S(name)	PEERGROUP_A_STATS_##name
#define R(name)	PEERGROUP_A_RECORD_##name
#define HASH	PEERGROUP_HASH_LEN

static struct nl nl;
static struct cert root, own, member;
static uint32_t group;

/* A record and its chain. */
struct chained {
	struct rec rec;
	uint8_t value[COUNT + 1][HASH];	/* by step: the anchor first, the seed last */
};

static void chain_make(struct chained *c, const struct cert *by, int64_t expires)
{
	rec_new(&c->rec, by, "here", 4);
	rec_chain(&c->rec, PERIOD, COUNT, c->value);
	c->rec.hdr.created = htobe64(peer_time_now() - AGO * TICKS);
	c->rec.hdr.modified = c->rec.hdr.created;
	c->rec.hdr.expires = htobe64(peer_time_now() + expires * (int64_t)TICKS);
	rec_sign(&c->rec, by);
}

static void refresh_fill(struct pg_refresh_msg *msg, const struct chained *c, uint32_t step)
{
	peer_refresh(msg, &c->rec, root.spec.group, step, c->value[step < COUNT ? step : COUNT]);
}

static void send_refresh(struct peer *p, const struct chained *c, uint32_t step)
{
	struct pg_refresh_msg msg;

	refresh_fill(&msg, c, step);
	peer_send(p, PG_MSG_REFRESH, &msg, sizeof(msg));
}

static void send_record(struct peer *p, const struct chained *c)
{
	peer_send(p, PG_MSG_RECORD, c->rec.wire, c->rec.len);
}

/* ---------------------------------------------------------- what the kernel says -- */

struct seen {
	bool there, refreshed;
	uint64_t expires;
	uint32_t refreshes;
};

static void take_seen(const struct nlmsghdr *msg, void *arg)
{
	struct seen *s = arg;

	s->there = true;
	s->refreshed = nl_attr(msg, R(REFRESHED));
	s->expires = nl_u64(msg, R(EXPIRES));
	s->refreshes = nl_attr(msg, R(REFRESHES)) ? nl_u32(msg, R(REFRESHES)) : 0;
}

static struct seen see(const struct chained *c)
{
	struct nlmsghdr *msg = nl_begin(&nl, PEERGROUP_CMD_RECORD_GET, NLM_F_DUMP);
	struct seen s = { .there = false };

	mnl_attr_put_u32(msg, R(GROUP), group);
	mnl_attr_put(msg, R(ID), PEERGROUP_ID_LEN, c->rec.hdr.id);
	NEED(!nl_talk(&nl, msg, take_seen, &s));
	return s;
}

/* Refreshed so often, and what that gives. */
static void check_at(const struct chained *c, uint32_t step)
{
	struct seen s = see(c);
	uint64_t expires = be64toh(c->rec.hdr.expires) + step * PERIOD * TICKS;

	CHECK(s.there && s.refreshes == step, "%u refreshes, not %u", s.refreshes, step);
	CHECK(s.expires == expires, "expires %.1f s from %u refreshes",
	      (double)(int64_t)(s.expires - expires) / TICKS, step);
}

static void brings(struct peer *p, const struct chained *c)
{
	uint64_t added = nl_stat(&nl, group, S(ADDED));

	send_record(p, c);
	NEED(wait_stat(&nl, group, S(ADDED), added + 1));
}

/* ------------------------------------------------------------------- from links -- */

static void test_taken(void)
{
	uint64_t before = nl_stat(&nl, group, S(REFRESHED));
	struct pg_refresh_msg want;
	static struct chained c;
	struct peer p, other;

	peer_link(&p, PORT, &member);
	peer_link(&other, PORT, &own);
	chain_make(&c, &member, 30);
	brings(&p, &c);
	check_at(&c, 0);
	send_refresh(&p, &c, 5);
	NEED(wait_stat(&nl, group, S(REFRESHED), before + 1));
	check_at(&c, 5);
	/* Others hear of it, as it was said. */
	refresh_fill(&want, &c, 5);
	CHECK(peer_expect(&other, PG_MSG_REFRESH) && !memcmp(other.got, &want, sizeof(want)),
	      "not passed on");
	/* What is known is no news. */
	send_refresh(&p, &c, 5);
	send_refresh(&p, &c, 3);
	CHECK(peer_alive(&p));
	check_at(&c, 5);
	send_refresh(&other, &c, 6);
	NEED(wait_stat(&nl, group, S(REFRESHED), before + 2));
	check_at(&c, 6);
	CHECK(nl_stat(&nl, group, S(REFRESHED)) == before + 2);
	peer_close(&p);
	peer_close(&other);
	rec_free(&c.rec);
}

/* Who asks for a record late hears first how far it has been refreshed. */
static void test_late(void)
{
	struct {
		struct pg_want want;
		uint8_t id[PEERGROUP_ID_LEN];
	} ask = { .want = { .token = htobe32(7) } };
	struct pg_refresh_msg want;
	static struct chained c;
	struct peer p;

	peer_link(&p, PORT, &member);
	chain_make(&c, &member, 30);
	brings(&p, &c);
	send_refresh(&p, &c, 4);
	CHECK(peer_alive(&p));
	memcpy(ask.id, c.rec.hdr.id, sizeof(ask.id));
	peer_send(&p, PG_MSG_WANT, &ask, sizeof(ask));
	refresh_fill(&want, &c, 4);
	CHECK(peer_expect(&p, PG_MSG_REFRESH) && !memcmp(p.got, &want, sizeof(want)));
	CHECK(peer_next(&p) && p.type == PG_MSG_RECORD && p.len == c.rec.len &&
	      !memcmp(p.got, c.rec.wire, c.rec.len), "the record does not follow");
	peer_close(&p);
	rec_free(&c.rec);
}

/* A value that is none of the chain's costs the link, and changes nothing. */
static void check_forged(uint32_t step, size_t at)
{
	uint64_t before = nl_stat(&nl, group, S(REFUSED_REFRESH));
	struct pg_refresh_msg msg;
	static struct chained c;
	struct peer p;

	peer_link(&p, PORT, &member);
	chain_make(&c, &member, 30);
	brings(&p, &c);
	send_refresh(&p, &c, 2);
	CHECK(peer_alive(&p));
	refresh_fill(&msg, &c, step);
	msg.value[at] ^= 1;
	peer_send(&p, PG_MSG_REFRESH, &msg, sizeof(msg));
	CHECK(peer_closed(&p, NULL), "step %u, byte %zu", step, at);
	CHECK(counted_once(&nl, group, S(REFUSED_REFRESH), before));
	check_at(&c, 2);
	peer_close(&p);
	rec_free(&c.rec);
}

static void test_forged(void)
{
	check_forged(3, 0);
	check_forged(9, HASH - 1);
}

/* Counted, and nothing else: clocks and limits differ. */
static void refused(struct peer *p, const struct chained *c, uint32_t step, uint16_t counter)
{
	uint64_t before = nl_stat(&nl, group, counter);

	send_refresh(p, c, step);
	CHECK(counted_once(&nl, group, counter, before), "step %u", step);
	CHECK(peer_alive(p));
}

static void test_early_and_far(void)
{
	static struct chained c;
	struct peer p;

	peer_link(&p, PORT, &member);
	chain_make(&c, &member, 30);
	brings(&p, &c);
	/* As much as clocks may differ, it may come too early. */
	refused(&p, &c, DUE + 600 / PERIOD + 1, S(REFUSED_FUTURE));
	NEED(!group_limit(&nl, group, PEERGROUP_A_LIMIT_REFRESH_STEPS, 4));
	refused(&p, &c, 5, S(REFUSED_STEPS));
	refused(&p, &c, UINT32_MAX, S(REFUSED_STEPS));
	check_at(&c, 0);
	send_refresh(&p, &c, 4);
	CHECK(peer_alive(&p));
	send_refresh(&p, &c, 8);
	CHECK(peer_alive(&p));
	check_at(&c, 8);
	NEED(!group_limit(&nl, group, PEERGROUP_A_LIMIT_REFRESH_STEPS, COUNT));
	refused(&p, &c, COUNT, S(REFUSED_FUTURE));
	NEED(!group_limit(&nl, group, PEERGROUP_A_LIMIT_REFRESH_STEPS,
			  PEERGROUP_REFRESH_COUNT_MAX));
	peer_close(&p);
	rec_free(&c.rec);
}

/* Refreshes count in the creator's rate as versions do. */
static void test_rate(void)
{
	uint64_t before = nl_stat(&nl, group, S(REFUSED_RATE));
	static struct chained c;
	static struct cert hasty;
	struct peer p;
	uint32_t i;

	cert_issue(&hasty, &root, test_key(1), PEERGROUP_ROLE_MEMBER);
	peer_link(&p, PORT, &hasty);
	chain_make(&c, &hasty, 3600);
	brings(&p, &c);
	/* Ten seconds' worth at once. */
	NEED(!group_limit(&nl, group, PEERGROUP_A_LIMIT_CREATOR_RATE, 1));
	for (i = 1; i <= DUE + 9; i++)
		send_refresh(&p, &c, i);
	CHECK(peer_alive(&p));
	CHECK(nl_stat(&nl, group, S(REFUSED_RATE)) > before, "%u refreshes", see(&c).refreshes);
	CHECK(see(&c).refreshes >= 10, "%u refreshes", see(&c).refreshes);
	NEED(!group_limit(&nl, group, PEERGROUP_A_LIMIT_CREATOR_RATE, 10000));
	peer_close(&p);
	rec_free(&c.rec);
}

/* Other lengths, and records that have no chain or are not there. */
static void test_misfits(void)
{
	struct pg_refresh_msg msg = { .step = htobe32(1) };
	uint64_t before = nl_stat(&nl, group, S(REFRESHED)), deleted;
	static struct chained c, gone;
	struct rec dead;
	struct peer p;

	peer_link(&p, PORT, &member);
	peer_send(&p, PG_MSG_REFRESH, &msg, sizeof(msg));
	CHECK(peer_alive(&p));
	chain_make(&c, &member, 30);
	memset(c.rec.hdr.anchor, 0, HASH);
	c.rec.hdr.refresh_count = 0;
	rec_sign(&c.rec, &member);
	brings(&p, &c);
	send_refresh(&p, &c, 1);
	/* And what has been deleted. */
	chain_make(&gone, &member, 30);
	brings(&p, &gone);
	rec_tombstone(&dead, &gone.rec, &member);
	dead.hdr.modified = htobe64(peer_time_now());
	rec_sign(&dead, &member);
	deleted = nl_stat(&nl, group, S(DELETED));
	peer_send(&p, PG_MSG_RECORD, dead.wire, dead.len);
	NEED(wait_stat(&nl, group, S(DELETED), deleted + 1));
	send_refresh(&p, &gone, 1);
	CHECK(peer_alive(&p));
	CHECK(nl_stat(&nl, group, S(REFRESHED)) == before);
	peer_send(&p, PG_MSG_REFRESH, &msg, sizeof(msg) - 1);
	CHECK(peer_closed(&p, NULL), "one byte less");
	peer_close(&p);
	rec_free(&dead);
	rec_free(&gone.rec);
	rec_free(&c.rec);
}

/* What is over by its header alone lives by what was said right before it. */
static void test_claims(void)
{
	uint64_t before = nl_stat(&nl, group, S(REFUSED_EXPIRED)), forged;
	static struct chained c, other;
	struct pg_refresh_msg msg;
	struct peer p;

	/* One refresh is not enough for it, even if the group's clock is some seconds behind. */
	peer_link(&p, PORT, &member);
	chain_make(&c, &member, -90);
	chain_make(&other, &member, -90);
	send_record(&p, &c);
	CHECK(counted_once(&nl, group, S(REFUSED_EXPIRED), before));
	/* Of another record. */
	send_refresh(&p, &other, 3);
	send_record(&p, &c);
	CHECK(counted_once(&nl, group, S(REFUSED_EXPIRED), before + 1));
	/* Not far enough. */
	send_refresh(&p, &c, 1);
	send_record(&p, &c);
	CHECK(counted_once(&nl, group, S(REFUSED_EXPIRED), before + 2));
	send_refresh(&p, &c, 3);
	brings(&p, &c);
	check_at(&c, 3);
	/* Forged. */
	forged = nl_stat(&nl, group, S(REFUSED_REFRESH));
	refresh_fill(&msg, &other, 3);
	msg.value[7] ^= 0x10;
	peer_send(&p, PG_MSG_REFRESH, &msg, sizeof(msg));
	send_record(&p, &other);
	CHECK(peer_closed(&p, NULL));
	CHECK(counted_once(&nl, group, S(REFUSED_REFRESH), forged));
	CHECK(!see(&other).there);
	peer_close(&p);
	rec_free(&c.rec);
	rec_free(&other.rec);
}

/* No refresh makes a record outlive the membership of who signed it. */
static void test_membership(void)
{
	uint64_t before = nl_stat(&nl, group, S(REFRESHED));
	static struct chained c;
	static struct cert brief;
	static char until[] = "20991231235959Z";
	time_t at = time(NULL) + 100;
	struct tm tm;
	struct peer p;

	cert_below(&brief, &root, test_key(2), PEERGROUP_ROLE_MEMBER);
	gmtime_r(&at, &tm);
	strftime(until, sizeof(until), "%Y%m%d%H%M%SZ", &tm);
	brief.spec.not_after = until + 2;	/* UTCTime */
	cert_sign(&brief);
	peer_link(&p, PORT, &brief);
	chain_make(&c, &brief, 30);
	brings(&p, &c);
	send_refresh(&p, &c, DUE);
	NEED(wait_stat(&nl, group, S(REFRESHED), before + 1));
	CHECK(see(&c).expires <= be64toh(c.rec.hdr.expires) + 80 * TICKS,
	      "beyond the certificate");
	peer_close(&p);
	rec_free(&c.rec);
}

/*
 * A claim that would keep a record alive beyond the certificate of who signed it, which has run
 * out, costs no look at the signature: it could be made again and again.
 */
static void test_run_out(void)
{
	uint64_t before = nl_stat(&nl, group, S(REFUSED_EXPIRED)), verified;
	struct chain chain = { .n = 1 };
	static char until[] = "20991231235959Z";
	static struct chained c;
	static struct cert over;
	time_t at = time(NULL) - AGO / 2;
	struct peer p;
	struct tm tm;
	int i;

	cert_below(&over, &root, test_key(2), PEERGROUP_ROLE_MEMBER);
	gmtime_r(&at, &tm);
	strftime(until, sizeof(until), "%Y%m%d%H%M%SZ", &tm);
	over.spec.not_after = until + 2;	/* UTCTime */
	cert_sign(&over);
	chain.cert[0] = &over.der;
	peer_link(&p, PORT, &member);
	peer_gmc(&p, &chain);
	CHECK(peer_alive(&p));
	chain_make(&c, &over, -AGO / 2 - 10);
	verified = nl_stat(&nl, group, S(VERIFIED));
	for (i = 0; i < 3; i++) {
		send_refresh(&p, &c, DUE);
		send_record(&p, &c);
		CHECK(counted_once(&nl, group, S(REFUSED_EXPIRED), before + i));
	}
	CHECK(nl_stat(&nl, group, S(VERIFIED)) == verified, "its signature was checked");
	CHECK(peer_alive(&p));
	peer_close(&p);
	rec_free(&c.rec);
}

/*
 * What was due by the time of a revocation, and ten minutes as clocks differ, may be said
 * still; nothing after that, be it of a record that is here or along with one that comes.
 */
static void test_revoked(void)
{
	uint64_t now = peer_time_now(), before = nl_stat(&nl, group, S(REFUSED_REVOKED));
	unsigned int last = (7200 - 3600 + 600) / PERIOD;
	struct peergroup_revocation body = { 0 };
	static struct chained c, other;
	static struct cert admin, gone;
	struct peer p, by;
	struct rec rec;

	cert_issue(&admin, &root, test_key(1), PEERGROUP_ROLE_ADMIN);
	cert_issue(&gone, &root, test_key(3), PEERGROUP_ROLE_MEMBER);
	peer_link(&p, PORT, &gone);
	peer_link(&by, PORT, &admin);
	chain_make(&c, &gone, 3600);
	c.rec.hdr.created = htobe64(now - 7200 * TICKS);
	c.rec.hdr.modified = c.rec.hdr.created;
	rec_sign(&c.rec, &gone);
	chain_make(&other, &gone, -60);
	other.rec.hdr.created = c.rec.hdr.created;
	other.rec.hdr.modified = c.rec.hdr.created;
	rec_sign(&other.rec, &gone);
	brings(&p, &c);
	cert_spki_hash(gone.spec.key, body.key);
	rec_revocation_at(&rec, &admin, &body, now - 3600 * TICKS);
	rec_sign(&rec, &admin);
	peer_send(&by, PG_MSG_RECORD, rec.wire, rec.len);
	CHECK(peer_closed(&p, NULL));
	CHECK(see(&c).there, "gone with its signer");
	send_refresh(&by, &c, last);
	CHECK(peer_alive(&by));
	check_at(&c, last);
	send_refresh(&by, &c, last + 1);
	CHECK(counted_once(&nl, group, S(REFUSED_REVOKED), before));
	send_refresh(&by, &other, last + 1);
	send_record(&by, &other);
	CHECK(counted_once(&nl, group, S(REFUSED_REVOKED), before + 1));
	check_at(&c, last);
	CHECK(!see(&other).there);
	peer_close(&p);
	peer_close(&by);
	rec_free(&rec);
	rec_free(&other.rec);
	rec_free(&c.rec);
}

/* ------------------------------------------------------------------ kept here -- */

static int put_seed(const struct chained *c, const void *seed, size_t len)
{
	return nl_put_kept(&nl, group, c->rec.wire, c->rec.len, seed, len);
}

static int keep(const struct chained *c)
{
	return put_seed(c, c->value[COUNT], HASH);
}

static void test_seeds(void)
{
	static struct chained c, plain;

	chain_make(&c, &own, 30);
	CHECK(put_seed(&c, c.value[COUNT - 1], HASH) == -EINVAL && nl.text[0]);
	CHECK(put_seed(&c, c.value[COUNT], HASH - 1) < 0);
	CHECK(put_seed(&c, c.value[COUNT], HASH + 1) < 0);
	NEED(!group_limit(&nl, group, PEERGROUP_A_LIMIT_REFRESH_STEPS, COUNT - 1));
	CHECK(keep(&c) == -EFBIG && nl.text[0]);
	NEED(!group_limit(&nl, group, PEERGROUP_A_LIMIT_REFRESH_STEPS,
			  PEERGROUP_REFRESH_COUNT_MAX));
	rec_new(&plain.rec, &own, "here", 4);
	rec_sign(&plain.rec, &own);
	CHECK(put_seed(&plain, c.value[COUNT], HASH) == -EINVAL && nl.text[0]);
	CHECK(!see(&c).there && !see(&plain).there);
	/* A record that is refused leaves no seed behind. */
	c.rec.wire[c.rec.len - 1] ^= 1;
	CHECK(keep(&c) < 0);
	CHECK(!see(&c).there);
	rec_free(&plain.rec);
	rec_free(&c.rec);
}

static void test_kept(void)
{
	uint64_t before = nl_stat(&nl, group, S(REFRESHED));
	struct pg_refresh_msg want;
	static struct chained c;
	struct seen s;
	struct peer p;

	chain_make(&c, &own, 30);
	peer_link(&p, PORT, &member);
	CHECK(!keep(&c), "%s", nl.text);
	NEED(wait_stat(&nl, group, S(REFRESHED), before + 1));
	s = see(&c);
	CHECK(s.refreshed && s.refreshes >= DUE && s.refreshes <= DUE + 60, "%u", s.refreshes);
	CHECK(peer_expect(&p, PG_MSG_REFRESH));
	refresh_fill(&want, &c, s.refreshes);
	CHECK(!memcmp(p.got, &want, sizeof(want)), "another value");
	peer_close(&p);
	rec_free(&c.rec);
}

static void set_online(bool online)
{
	struct nlmsghdr *msg = nl_begin(&nl, PEERGROUP_CMD_GROUP_SET, 0);

	mnl_attr_put_u32(msg, PEERGROUP_A_GROUP_INDEX, group);
	mnl_attr_put_u8(msg, PEERGROUP_A_GROUP_ONLINE, online);
	if (online)
		mnl_attr_put_u16(msg, PEERGROUP_A_GROUP_PORT, PORT);
	NEED(!nl_talk(&nl, msg, NULL, NULL));
}

static bool is_due(void *c)
{
	return see(c).refreshes >= DUE;
}

/* A seed is of no use while the node is not there, and comes alive with it. */
static void test_offline(void)
{
	static struct chained c;
	unsigned int i;
	struct seen s;

	NEED(!nl_simple(&nl, PEERGROUP_CMD_GROUP_DESTROY, PEERGROUP_A_GROUP_INDEX, group));
	group = group_of(&nl, &root, &own);
	chain_make(&c, &own, 3600);
	CHECK(!keep(&c), "%s", nl.text);
	s = see(&c);
	CHECK(s.there && s.refreshed && !s.refreshes, "refreshed %u times", s.refreshes);
	group_online(&nl, group, &own, PORT);
	NEED(wait_stat(&nl, group, S(REFRESHED), 1));
	CHECK(see(&c).refreshes >= DUE);
	rec_free(&c.rec);
	/* Its credential is good still. */
	set_online(false);
	chain_make(&c, &own, 3600);
	CHECK(!keep(&c), "%s", nl.text);
	for (i = 0; i < 100; i++)
		CHECK(!see(&c).refreshes, "offline");
	set_online(true);
	CHECK(wait_until(is_due, &c), "online again");
	rec_free(&c.rec);
}

/* Puts records that the kernel is to refresh until one is refused: how many. */
static unsigned int keep_all(struct nl *by, const struct cert *as)
{
	static struct chained c;
	unsigned int n = 0;
	int err;

	do {
		chain_make(&c, as, 3600);
		err = nl_put_kept(by, group, c.rec.wire, c.rec.len, c.value[COUNT], HASH);
		rec_free(&c.rec);
	} while (!err && ++n < 2 * KEPT);
	CHECK(err == -ENOSPC && strstr(by->text, "too many"), "%d (%s)", err, by->text);
	return n;
}

/* A presence record of that node. */
static int keep_presence(struct nl *by, const struct cert *as, uint64_t node)
{
	static struct chained c;
	int err;

	rec_presence(&c.rec, as, node, PORT, NULL, 0);
	rec_chain(&c.rec, PERIOD, COUNT, c.value);
	c.rec.hdr.expires = htobe64(be64toh(c.rec.hdr.modified) + 3600 * TICKS);
	rec_sign(&c.rec, as);
	err = nl_put_kept(by, group, c.rec.wire, c.rec.len, c.value[COUNT], HASH);
	rec_free(&c.rec);
	return err;
}

static void set_mode(uint32_t mode)
{
	struct nlmsghdr *msg = nl_begin(&nl, PEERGROUP_CMD_GROUP_SET, 0);

	mnl_attr_put_u32(msg, PEERGROUP_A_GROUP_INDEX, group);
	mnl_attr_put_u32(msg, PEERGROUP_A_GROUP_MODE, mode);
	NEED(!nl_talk(&nl, msg, NULL, NULL));
}

/* One user has half of what all but the owner have; none of that is the owner's. */
static void test_others(void)
{
	static const unsigned int most[] = { OTHERS / 2, OTHERS / 2, 0 };
	static struct nl by;
	unsigned int i, n;
	struct peer p;

	peer_link(&p, PORT, &member);
	peer_close(&p);
	set_mode(0666);
	for (i = 0; i < 3; i++) {
		NEED(!seteuid(65534 - i) && !nl_open(&by) && !seteuid(0));
		n = keep_all(&by, &member);
		CHECK(n == most[i], "%u of user %u", n, i);
		CHECK(keep_presence(&by, &member, 42 + i) == -ENOSPC, "user %u: %s", i, by.text);
		nl_close(&by);
	}
	set_mode(0600);
}

/* There is a bound, which neither what is over counts against, nor one record's versions. */
static void test_bound(void)
{
	static struct chained c[KEPT + 1];
	unsigned int i, kept = 1;
	struct rec next, last, dead;

	for (i = 0; i <= KEPT; i++)
		chain_make(&c[i], &own, 3600);
	CHECK(!keep(&c[0]), "%s", nl.text);
	rec_next(&next, &c[0].rec, &own, "there", 5);
	next.hdr.modified = htobe64(peer_time_now());
	next.hdr.expires = htobe64(peer_time_now() + 2 * 3600 * TICKS);
	rec_sign(&next, &own);
	CHECK(!nl_put_kept(&nl, group, next.wire, next.len, c[0].value[COUNT], HASH), "%s",
	      nl.text);
	while (kept <= KEPT && !keep(&c[kept]))
		kept++;
	/* Two are of the test before. */
	CHECK(kept == KEPT - 2 && nl.text[0], "%u", kept);
	rec_next(&last, &next, &own, "nowhere", 7);
	last.hdr.modified = htobe64(peer_time_now());
	last.hdr.expires = htobe64(peer_time_now() + 3 * 3600 * TICKS);
	rec_sign(&last, &own);
	CHECK(!nl_put_kept(&nl, group, last.wire, last.len, c[0].value[COUNT], HASH),
	      "another version of one of them: %s", nl.text);
	CHECK(keep(&c[kept]) == -ENOSPC, "one more");
	rec_tombstone(&dead, &last, &own);
	dead.hdr.modified = htobe64(peer_time_now());
	dead.hdr.expires = htobe64(peer_time_now() + 4 * 3600 * TICKS);
	rec_sign(&dead, &own);
	CHECK(!nl_put_record(&nl, group, dead.wire, dead.len), "%s", nl.text);
	CHECK(!keep(&c[kept]), "%s", nl.text);
	for (i = 0; i <= KEPT; i++)
		rec_free(&c[i].rec);
	rec_free(&next);
	rec_free(&last);
	rec_free(&dead);
}

/* After test_bound(): for that one there is room in any case, and for no other. */
static void test_own_presence(void)
{
	struct peergroup_credential node;
	static struct nl by;

	group_node(&nl, group, &node);
	CHECK(keep_presence(&nl, &member, be64toh(node.node)) == -ENOSPC, "another member's");
	CHECK(keep_presence(&nl, &own, be64toh(node.node) + 1) == -ENOSPC, "another node's");
	set_mode(0666);
	NEED(!seteuid(65530) && !nl_open(&by) && !seteuid(0));
	CHECK(!keep_presence(&by, &own, be64toh(node.node)), "%s", by.text);
	nl_close(&by);
	set_mode(0600);
}

static void test_nothing_left(void)
{
	check_nothing_left(&nl, group);
}

int main(void)
{
	static const struct tap_test tests[] = {
		{ "a refresh, which others hear of", test_taken },
		{ "a record that is asked for late", test_late },
		{ "a value of no chain", test_forged },
		{ "too early, and too far", test_early_and_far },
		{ "rate of refreshes", test_rate },
		{ "what cannot be refreshed", test_misfits },
		{ "a record that is over but for its refreshes", test_claims },
		{ "a certificate ends before the chain", test_membership },
		{ "a certificate that has run out", test_run_out },
		{ "a chain of who was revoked", test_revoked },
		{ "seeds that do not fit", test_seeds },
		{ "a record that this host refreshes", test_kept },
		{ "offline, then online", test_offline },
		{ "the most that a group refreshes for other users than its owner", test_others },
		{ "the most that a group refreshes", test_bound },
		{ "its node's presence in any case", test_own_presence },
		{ "nothing is left behind", test_nothing_left },
	};

	need_module();
	own_namespace();
	NEED(!nl_open(&nl));
	cert_new_root(&root, test_key(0));
	cert_issue(&own, &root, test_key(0), PEERGROUP_ROLE_MEMBER);
	cert_issue(&member, &root, test_key(2), PEERGROUP_ROLE_MEMBER);
	group = group_of(&nl, &root, &own);
	group_online(&nl, group, &own, PORT);
	return tap_main(tests, sizeof(tests) / sizeof(tests[0]));
}
