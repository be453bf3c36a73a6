// SPDX-License-Identifier: GPL-2.0-only
// timeout: 200
/*
 * What one member may have: its share of records, bytes and time, and of the
 * member table where it invites. A flood of valid records by one takes nothing
 * from another, deleting always works, and what the rate drops comes back.
 */
#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <openssl/rsa.h>
#include "group.h"
#include "peer.h"
#include "tap.h"

#define PORT	3587
#define S(name)	PEERGROUP_A_STATS_##name
#define L(name)	PEERGROUP_A_LIMIT_##name

static struct nl nl;
static struct cert root, own, flooder, inviter;
static struct cert invited[2];		/* by the inviter, from test_inviter() on */
static uint32_t group;

static int add_member_to(uint32_t index, const struct cert *cert)
{
	struct nlmsghdr *msg = nl_begin(&nl, PEERGROUP_CMD_MEMBER_ADD, 0);

	mnl_attr_put_u32(msg, PEERGROUP_A_MEMBER_GROUP, index);
	mnl_attr_put(msg, PEERGROUP_A_MEMBER_CERT, cert->der.len, cert->der.p);
	return nl_talk(&nl, msg, NULL, NULL);
}

static int add_member(const struct cert *cert)
{
	return add_member_to(group, cert);
}

static int put(const struct rec *rec)
{
	return nl_put_record(&nl, group, rec->wire, rec->len);
}

static int add(struct rec *rec, const struct cert *by, size_t len)
{
	static const uint8_t zeros[64 << 10];

	rec_new(rec, by, zeros, len);
	rec_sign(rec, by);
	return put(rec);
}

static int limit_bytes(uint16_t which, uint64_t bytes)
{
	struct nlmsghdr *msg = nl_begin(&nl, PEERGROUP_CMD_GROUP_SET, 0);
	struct nlattr *nest;

	mnl_attr_put_u32(msg, PEERGROUP_A_GROUP_INDEX, group);
	nest = mnl_attr_nest_start(msg, PEERGROUP_A_GROUP_LIMITS);
	mnl_attr_put_u64(msg, which, bytes);
	mnl_attr_nest_end(msg, nest);
	return nl_talk(&nl, msg, NULL, NULL);
}

static void delete(const struct rec *of, const struct cert *by)
{
	struct rec gone;

	rec_tombstone(&gone, of, by);
	rec_sign(&gone, by);
	CHECK(!put(&gone), "deleting: %s", nl.text);
	rec_free(&gone);
}

/* Leaves the flooder at its quota; tombstones count until they expire. */
static void test_records(void)
{
	uint64_t before = nl_stat(&nl, group, S(REFUSED_QUOTA));
	struct rec first, rec;
	int i, err = 0;

	NEED(!group_limit(&nl, group, L(CREATOR_RECORDS), 5));
	NEED(!add(&first, &flooder, 100));
	for (i = 1; i < 20; i++) {
		err = add(&rec, &flooder, 100);
		CHECK(err == (i < 5 ? 0 : -EDQUOT), "record %d: %d (%s)", i, err, nl.text);
		rec_free(&rec);
	}
	CHECK(strstr(nl.text, "one may have"), "%s", nl.text);
	CHECK(nl_stat(&nl, group, S(REFUSED_QUOTA)) == before + 15);
	CHECK(!add(&rec, &own, 100), "another member: %s", nl.text);
	rec_free(&rec);

	rec_next(&rec, &first, &flooder, "y", 1);
	rec_sign(&rec, &flooder);
	CHECK(!put(&rec), "an update takes no more place: %s", nl.text);
	delete(&rec, &flooder);
	rec_free(&rec);
	rec_free(&first);
	NEED(!group_limit(&nl, group, L(CREATOR_RECORDS), 0));
}

static void become_presence(struct rec *rec, const struct peergroup_presence *place)
{
	static const uint8_t presence[PEERGROUP_ID_LEN] = PEERGROUP_TYPE_PRESENCE;

	memcpy(rec->hdr.type, presence, sizeof(presence));
	memcpy(rec->hdr.id + 8, &place->node, sizeof(place->node));
}

/* Over a link a version may be of another type than the one before. */
static void test_presence(void)
{
	struct peergroup_presence place = { .port = htobe16(PORT) };
	uint64_t before = nl_stat(&nl, group, S(REFUSED_QUOTA));
	uint64_t updated = nl_stat(&nl, group, S(UPDATED));
	struct rec rec, next;
	struct peer p;
	int i, err = 0;

	for (i = 1; i <= PEERGROUP_PRESENCE_RECORDS_MAX + 1; i++) {
		place.node = htobe64(i);
		rec_new(&rec, &flooder, &place, sizeof(place));
		become_presence(&rec, &place);
		rec_sign(&rec, &flooder);
		err = put(&rec);
		CHECK(err == (i <= PEERGROUP_PRESENCE_RECORDS_MAX ? 0 : -EDQUOT), "%d: %d (%s)", i,
		      err, nl.text);
		rec_free(&rec);
	}
	/* The one that was refused, out of a record of a program. */
	rec_new(&rec, &flooder, "x", 1);
	memcpy(rec.hdr.id + 8, &place.node, sizeof(place.node));
	rec_sign(&rec, &flooder);
	NEED(!put(&rec));
	rec_next(&next, &rec, &flooder, &place, sizeof(place));
	become_presence(&next, &place);
	rec_sign(&next, &flooder);
	peer_link(&p, PORT, &flooder);
	peer_send(&p, PG_MSG_RECORD, next.wire, next.len);
	CHECK(wait_stat(&nl, group, S(REFUSED_QUOTA), before + 2), "it was taken: %llu updated",
	      (unsigned long long)(nl_stat(&nl, group, S(UPDATED)) - updated));
	peer_close(&p);
	rec_free(&next);
	delete(&rec, &flooder);
	rec_free(&rec);
}

static void test_bytes(void)
{
	struct rec kept, rec;
	int i, err = 0;

	NEED(!add(&kept, &flooder, 1000));
	NEED(!limit_bytes(L(CREATOR_BYTES), 200 << 10));
	for (i = 0; !err && i < 20; i++) {
		err = add(&rec, &flooder, 32 << 10);
		rec_free(&rec);
	}
	CHECK(err == -EDQUOT, "%d (%s)", err, nl.text);
	CHECK(i > 2 && i < 8, "%d records", i);
	CHECK(!add(&rec, &own, 32 << 10), "another member: %s", nl.text);
	rec_free(&rec);
	NEED(!limit_bytes(L(CREATOR_BYTES), 1));
	delete(&kept, &flooder);
	rec_free(&kept);
	NEED(!limit_bytes(L(CREATOR_BYTES), 0));
}

/* How many bytes more the table has with that record. */
static uint64_t weighs(const struct rec *rec)
{
	uint64_t before = nl_group_number(&nl, group, PEERGROUP_A_GROUP_BYTES);

	NEED(!put(rec));
	return nl_group_number(&nl, group, PEERGROUP_A_GROUP_BYTES) - before;
}

/* What is kept of a revocation beside its record counts, too. */
static void test_revocation_bytes(void)
{
	struct peergroup_revocation nobody = { .key = { 1 } };
	uint64_t of_plain, all;
	struct rec rec, plain;
	struct cert admin;

	cert_issue(&admin, &root, test_key(1), PEERGROUP_ROLE_ADMIN);
	NEED(!add_member(&admin));
	rec_new(&plain, &admin, &nobody, sizeof(nobody));
	rec_sign(&plain, &admin);
	rec_revocation(&rec, &admin, &nobody);
	rec_sign(&rec, &admin);
	NEED(rec.len == plain.len);
	of_plain = weighs(&plain);
	all = weighs(&rec);
	CHECK(all >= of_plain + 256, "%llu, and %llu without", (unsigned long long)all,
	      (unsigned long long)of_plain);
	rec_free(&plain);
	rec_free(&rec);
}

/* However few are whose: what is there already is more than the table may have. */
static void test_full(void)
{
	uint64_t before = nl_stat(&nl, group, S(REFUSED_FULL));
	struct rec rec;
	int err;

	NEED(!limit_bytes(L(CREATOR_BYTES), 1ULL << 40) && !limit_bytes(L(BYTES), 64 << 10));
	err = add(&rec, &own, 32 << 10);
	CHECK(err == -EDQUOT && strstr(nl.text, "table is full"), "%d (%s)", err, nl.text);
	CHECK(nl_stat(&nl, group, S(REFUSED_FULL)) == before + 1);
	rec_free(&rec);
	NEED(!limit_bytes(L(BYTES), 256 << 20) && !limit_bytes(L(CREATOR_BYTES), 0));
	CHECK(!add(&rec, &own, 32 << 10), "%s", nl.text);
	rec_free(&rec);
}

/* Who may invite has several keys to publish with, and one share for all of them. */
static void test_inviter(void)
{
	struct chain chain = { .cert = { &inviter.der, NULL }, .n = 2 };
	struct rec rec;
	struct peer p;
	int i, err;

	NEED(!group_limit(&nl, group, L(INVITER_RECORDS), 4));
	peer_link(&p, PORT, &inviter);
	for (i = 0; i < 2; i++) {
		cert_issue(&invited[i], &inviter, test_key(i ? 2 : 0), PEERGROUP_ROLE_MEMBER);
		chain.cert[1] = &invited[i].der;
		peer_gmc(&p, &chain);
	}
	CHECK(peer_alive(&p));
	for (i = 0; i < 6; i++) {
		err = add(&rec, i < 3 ? &invited[0] : i < 5 ? &invited[1] : &inviter, 10);
		CHECK(err == (i < 4 ? 0 : -EDQUOT), "record %d: %d (%s)", i, err, nl.text);
		rec_free(&rec);
	}
	CHECK(!add(&rec, &own, 10), "another member: %s", nl.text);
	rec_free(&rec);
	peer_close(&p);
	NEED(!group_limit(&nl, group, L(INVITER_RECORDS), 0));
}

/* After test_inviter(). */
static void test_inviter_bytes(void)
{
	uint64_t before = nl_stat(&nl, group, S(REFUSED_QUOTA));
	struct rec rec;
	int i, err = 0;

	NEED(!limit_bytes(L(INVITER_BYTES), 200 << 10));
	for (i = 0; !err && i < 20; i++) {
		err = add(&rec, &invited[i % 2], 32 << 10);
		rec_free(&rec);
	}
	CHECK(err == -EDQUOT, "%d (%s)", err, nl.text);
	CHECK(i > 2 && i < 8, "%d records", i);
	CHECK(nl_stat(&nl, group, S(REFUSED_QUOTA)) == before + 1);
	CHECK(!add(&rec, &own, 32 << 10), "another member: %s", nl.text);
	rec_free(&rec);
	NEED(!limit_bytes(L(INVITER_BYTES), 0));
}

/* At one a second, ten come at once, and the twelfth is too many. */
static struct rec kept;

static void test_rate(void)
{
	uint64_t before = nl_stat(&nl, group, S(REFUSED_RATE));
	struct rec first, rec;
	int i, err = 0;

	NEED(!group_limit(&nl, group, L(CREATOR_RATE), 1));
	NEED(!add(&first, &flooder, 1));
	NEED(!add(&kept, &flooder, 1));
	for (i = 2; !err && i < 100; i++) {
		err = add(&rec, &flooder, 1);
		rec_free(&rec);
	}
	CHECK(err == -EAGAIN, "%d (%s)", err, nl.text);
	CHECK(i > 9, "%d records", i);
	CHECK(nl_stat(&nl, group, S(REFUSED_RATE)) == before + 1);
	CHECK(!add(&rec, &own, 1), "another member: %s", nl.text);
	rec_free(&rec);
	delete(&first, &flooder);
	rec_free(&first);
}

/*
 * What is deleted is deleted, and does not come again and again as that: the bucket is
 * empty still.
 */
static void test_rate_tombstones(void)
{
	struct rec rec[9];
	int i, err = 0;

	for (i = 0; i < 9 && !err; i++) {
		rec_tombstone(&rec[i], i ? &rec[i - 1] : &kept, &flooder);
		rec_sign(&rec[i], &flooder);
		err = nl_put_record(&nl, group, rec[i].wire, rec[i].len);
		CHECK(i || !err, "the first: %d (%s)", err, nl.text);
	}
	CHECK(err == -EAGAIN, "%d tombstones, %d (%s)", i, err, nl.text);
	while (i--)
		rec_free(&rec[i]);
	rec_free(&kept);
}

/* Over a link it is dropped, counted, and the link stays. The bucket is empty still. */
static void test_rate_link(void)
{
	uint64_t before = nl_stat(&nl, group, S(REFUSED_RATE));
	struct rec rec;
	struct peer p;

	peer_link(&p, PORT, &flooder);
	rec_new(&rec, &flooder, "x", 1);
	rec_sign(&rec, &flooder);
	peer_send(&p, PG_MSG_RECORD, rec.wire, rec.len);
	CHECK(wait_stat(&nl, group, S(REFUSED_RATE), before + 1));
	CHECK(peer_alive(&p), "the link is closed");
	NEED(!group_limit(&nl, group, L(CREATOR_RATE), 0));
	before = nl_stat(&nl, group, S(ADDED));
	peer_send(&p, PG_MSG_RECORD, rec.wire, rec.len);
	CHECK(wait_stat(&nl, group, S(ADDED), before + 1), "it does not come back");
	peer_close(&p);
	rec_free(&rec);
}

static bool may_add(void *arg)
{
	struct rec rec;
	int err = add(&rec, arg, 1);

	rec_free(&rec);
	CHECK(!err || err == -EAGAIN, "%d (%s)", err, nl.text);
	return !err;
}

/* The answer to a SYNC for all there is: these records, in the order of their ids. */
static void list(struct peer *p, const struct rec *rec, unsigned int n)
{
	static struct {
		uint8_t kind, n;
		struct {
			uint8_t id[PEERGROUP_ID_LEN];
			uint32_t version;
			uint64_t modified;
			uint8_t digest[8];
		} __attribute__((packed)) entry[PG_WANT_MAX];
	} __attribute__((packed)) reply = { .kind = 2 };
	unsigned int i;

	for (i = 0; i < n; i++) {
		memcpy(reply.entry[i].id, rec[i].hdr.id, sizeof(reply.entry[i].id));
		reply.entry[i].version = rec[i].hdr.version;
		reply.entry[i].modified = rec[i].hdr.modified;
	}
	reply.n = n;
	peer_send(p, PG_MSG_SYNC_REPLY, &reply, 2 + n * sizeof(reply.entry[0]));
}

#define VERSIONS	12

static uint64_t updated, over;

static bool all_judged(void *arg)
{
	return nl_stat(&nl, group, S(UPDATED)) - updated +
	       nl_stat(&nl, group, S(REFUSED_RATE)) - over >= *(unsigned int *)arg;
}

/* How often records here are refreshed, by more hashes than count as one version; or never. */
static unsigned int steps;
static uint8_t value[3073 + 1][PEERGROUP_HASH_LEN];

static void tell_refreshes(struct peer *p, const struct rec *rec)
{
	struct pg_refresh_msg msg;

	if (!rec->hdr.refresh_count)
		return;
	peer_refresh(&msg, rec, root.spec.group, steps, value[steps]);
	peer_send(p, PG_MSG_REFRESH, &msg, sizeof(msg));
}

/* Sends that many; what of them was taken is in @updated, what came too often in @over. */
static void send_all(struct peer *p, const struct rec *rec, unsigned int n)
{
	unsigned int i;

	updated = nl_stat(&nl, group, S(UPDATED));
	over = nl_stat(&nl, group, S(REFUSED_RATE));
	for (i = 0; i < n; i++) {
		tell_refreshes(p, &rec[i]);
		peer_send(p, PG_MSG_RECORD, rec[i].wire, rec[i].len);
	}
	CHECK(wait_until(all_judged, &n));
	updated = nl_stat(&nl, group, S(UPDATED)) - updated;
	over = nl_stat(&nl, group, S(REFUSED_RATE)) - over;
}

static void send_versions(struct peer *p, const struct rec *rec)
{
	while (may_add(&flooder))
		;
	send_all(p, rec, VERSIONS);
}

/*
 * A member who does not answer what it was asked in a reconciliation is no more free of
 * the rate than others; what it was asked for, is, once. And it has to answer some day.
 */
static void test_rate_asked(void)
{
	static struct rec rec[2 * VERSIONS + 1];
	uint64_t late = nl_stat(&nl, group, S(LINK_TIMEOUT));
	struct rec *next[2 * VERSIONS];
	struct peer p;
	int i;

	NEED(!add(&rec[0], &flooder, 1));
	for (i = 0; i < 2 * VERSIONS; i++) {
		next[i] = &rec[i + 1];
		rec_next(next[i], &rec[i], &flooder, "y", 1);
	}
	rec_sign_batch(next, 2 * VERSIONS, &flooder);
	NEED(!group_limit(&nl, group, L(CREATOR_RATE), 1));
	peer_link(&p, PORT, &flooder);
	peer_until_asked(&p);
	send_versions(&p, rec + 1);
	CHECK(over >= VERSIONS / 2, "while a SYNC is open: %u taken", (unsigned int)updated);
	list(&p, &rec[2 * VERSIONS], 1);
	NEED(peer_expect(&p, PG_MSG_WANT));
	send_versions(&p, rec + 1 + VERSIONS);
	CHECK(updated, "it was asked for");
	CHECK(over >= VERSIONS / 2, "while a WANT is open: %u taken", (unsigned int)updated);
	NEED(!group_limit(&nl, group, L(KEEPALIVE), 200));
	while (peer_alive(&p))
		usleep(50 * 1000);
	CHECK(wait_stat(&nl, group, S(LINK_TIMEOUT), late + 1));
	peer_close(&p);
	for (i = 0; i <= 2 * VERSIONS; i++)
		rec_free(&rec[i]);
	NEED(!group_limit(&nl, group, L(CREATOR_RATE), 0));
	NEED(!group_limit(&nl, group, L(KEEPALIVE), 15000));
}

static int by_id(const void *a, const void *b)
{
	const struct rec *x = a, *y = b;

	return memcmp(x->hdr.id, y->hdr.id, sizeof(x->hdr.id));
}

/* As many records as one WANT asks for, of each certificate in turn; and two versions more. */
static struct rec kin[3][PG_WANT_MAX];

/* All have one chain, and are as old as it has to be. */
static void refreshed_kin(struct rec *rec)
{
	uint64_t age = (uint64_t)steps * PEERGROUP_REFRESH_SECONDS_MIN * TICKS;
	static struct rec first;

	if (!steps)
		return;
	if (!first.hdr.refresh_count)
		rec_chain(&first, PEERGROUP_REFRESH_SECONDS_MIN, steps, value);
	rec->hdr.flags = first.hdr.flags;
	rec->hdr.refresh_period = first.hdr.refresh_period;
	rec->hdr.refresh_count = first.hdr.refresh_count;
	memcpy(rec->hdr.anchor, first.hdr.anchor, sizeof(rec->hdr.anchor));
	rec->hdr.created = htobe64(be64toh(rec->hdr.created) - age);
	rec->hdr.modified = rec->hdr.created;
}

static void make_kin(const struct cert *const by[2])
{
	struct rec *part[2][PG_WANT_MAX];
	unsigned int i, v, n[2];

	for (i = 0; i < PG_WANT_MAX; i++) {
		rec_new(&kin[0][i], by[i % 2], "x", 1);
		refreshed_kin(&kin[0][i]);
		rec_sign(&kin[0][i], by[i % 2]);
		NEED(!put(&kin[0][i]));
	}
	qsort(kin[0], PG_WANT_MAX, sizeof(kin[0][0]), by_id);
	for (v = 1; v < 3; v++) {
		memset(n, 0, sizeof(n));
		for (i = 0; i < PG_WANT_MAX; i++) {
			int who = !!memcmp(kin[0][i].hdr.creator, by[0]->fingerprint,
					   sizeof(by[0]->fingerprint));

			rec_next(&kin[v][i], &kin[v - 1][i], by[who], "y", 1);
			part[who][n[who]++] = &kin[v][i];
		}
		rec_sign_batch(part[0], n[0], by[0]);
		if (n[1])
			rec_sign_batch(part[1], n[1], by[1]);
	}
}

/* The whole of a reconciliation in which the other end is asked for all of these. */
static void bring_asked(struct peer *p, const struct rec *rec)
{
	struct pg_want done;

	NEED(!group_limit(&nl, group, L(KEEPALIVE), 1000));
	peer_until_asked(p);
	/* What is checked now takes longer than that in a kernel that looks at each access. */
	NEED(!group_limit(&nl, group, L(KEEPALIVE), 60000));
	list(p, rec, PG_WANT_MAX);
	NEED(peer_expect(p, PG_MSG_WANT));
	CHECK(p->len == sizeof(done) + PG_WANT_MAX * PEERGROUP_ID_LEN);
	memcpy(&done, p->got, sizeof(done));
	send_all(p, rec, PG_WANT_MAX);
	peer_send(p, PG_MSG_WANT_DONE, &done, sizeof(done));
	NEED(peer_expect(p, PG_MSG_SYNC_END));
}

/*
 * Who has been away gets all there is, though the rate is used up. But what it asks for is what
 * the other end says that it has, which may be new versions each time: of more than there was
 * to catch up on, no more is taken than by the rate.
 */
static void check_caught_up(const struct cert *const by[2], uint16_t which, unsigned int burst)
{
	unsigned int i;
	struct peer p;
	double start;

	make_kin(by);
	NEED(!group_limit(&nl, group, L(CREATOR_RATE), 1));
	while (may_add((void *)by[0]) || may_add((void *)by[1]))
		;
	start = seconds_now();
	NEED(!group_limit(&nl, group, which, PG_WANT_MAX));
	peer_link(&p, PORT, &flooder);
	bring_asked(&p, kin[1]);
	CHECK(updated == PG_WANT_MAX && !over, "all of it once: %u taken, %u refused",
	      (unsigned int)updated, (unsigned int)over);
	if (steps) {
		NEED(!group_limit(&nl, group, which, PG_WANT_MAX * 3 / 2));
		NEED(!group_limit(&nl, group, L(REFRESH_STEPS), 1024));
	}
	bring_asked(&p, kin[2]);
	CHECK(updated < burst + 2 * burst / 10 * (seconds_now() - start + 2),
	      "all of it again: %u taken", (unsigned int)updated);
	NEED(!group_limit(&nl, group, L(KEEPALIVE), 1000));
	CHECK(peer_asked_busy(&p, &flooder), "what was refused is not asked for");
	CHECK(peer_alive(&p), "the link is closed");
	peer_close(&p);
	for (i = 0; i < 3 * PG_WANT_MAX; i++)
		rec_free(&kin[i / PG_WANT_MAX][i % PG_WANT_MAX]);
	NEED(!group_limit(&nl, group, L(KEEPALIVE), 15000));
	NEED(!group_limit(&nl, group, which, 0));
	NEED(!group_limit(&nl, group, L(CREATOR_RATE), 0));
}

static void test_rate_caught_up(void)
{
	const struct cert *const by[2] = { &flooder, &flooder };

	check_caught_up(by, L(CREATOR_RECORDS), 10);
}

/*
 * Of records as many and chains as long as may be all comes, too. And where there may be more
 * records, with shorter chains, more hashes have been done than by the rate.
 */
static void check_refreshed(const struct cert *const by[2], uint16_t which, unsigned int burst)
{
	steps = sizeof(value) / sizeof(value[0]) - 1;
	NEED(!group_limit(&nl, group, L(REFRESH_STEPS), steps));
	check_caught_up(by, which, burst);
	steps = 0;
	NEED(!group_limit(&nl, group, L(REFRESH_STEPS), 16384));
}

/* A member of whose records none were asked for before, with a key of its own. */
static void newcomer(struct cert *cert, const struct cert *issuer, uint32_t roles)
{
	struct chain chain = { .cert = { &cert->der }, .n = 1 };
	struct peer p;

	cert_issue(cert, issuer, EVP_RSA_gen(2048), roles);
	if (issuer != &root)
		chain = (struct chain){ .cert = { &issuer->der, &cert->der }, .n = 2 };
	peer_link(&p, PORT, &flooder);
	peer_gmc(&p, &chain);
	NEED(peer_alive(&p));
	peer_close(&p);
}

static void gone(struct cert *cert)
{
	EVP_PKEY_free(cert->spec.key);
}

static void test_refreshed_caught_up(void)
{
	static struct cert who;
	const struct cert *const by[2] = { &who, &who };

	newcomer(&who, &root, PEERGROUP_ROLE_MEMBER);
	check_refreshed(by, L(CREATOR_RECORDS), 10);
	gone(&who);
}

/* Of two keys, neither of which has been asked for much; after test_inviter(). */
static void test_inviter_caught_up(void)
{
	const struct cert *const by[2] = { &invited[0], &invited[1] };

	check_caught_up(by, L(INVITER_RECORDS), 20);
}

static void test_inviter_refreshed(void)
{
	static struct cert top, who[2];
	const struct cert *const by[2] = { &who[0], &who[1] };

	newcomer(&top, &root, PEERGROUP_ROLE_INVITING | PEERGROUP_ROLE_MEMBER);
	newcomer(&who[0], &top, PEERGROUP_ROLE_MEMBER);
	newcomer(&who[1], &top, PEERGROUP_ROLE_MEMBER);
	check_refreshed(by, L(INVITER_RECORDS), 20);
	gone(&who[0]);
	gone(&who[1]);
	gone(&top);
}

/* A long way along a chain takes as long as several versions, and counts as these. */
static void test_steps_rate(void)
{
	uint64_t before = nl_stat(&nl, group, S(ADDED));
	double start = seconds_now();
	unsigned int n = 0;
	struct cert who;
	struct rec rec;
	struct peer p;

	newcomer(&who, &root, PEERGROUP_ROLE_MEMBER);
	steps = sizeof(value) / sizeof(value[0]) - 1;
	rec_new(&rec, &who, "x", 1);
	refreshed_kin(&rec);
	rec_sign(&rec, &who);
	NEED(!group_limit(&nl, group, L(CREATOR_RATE), 1));
	peer_link(&p, PORT, &flooder);
	tell_refreshes(&p, &rec);
	peer_send(&p, PG_MSG_RECORD, rec.wire, rec.len);
	NEED(wait_stat(&nl, group, S(ADDED), before + 1));
	while (may_add(&who))
		n++;
	CHECK(n < 4 + (seconds_now() - start), "%u more at once", n);
	NEED(!group_limit(&nl, group, L(CREATOR_RATE), 0));
	steps = 0;
	peer_close(&p);
	rec_free(&rec);
	gone(&who);
}

static uint64_t full, paced;

static bool one_judged(void *arg)
{
	(void)arg;
	return nl_stat(&nl, group, S(REFUSED_QUOTA)) > full ||
	       nl_stat(&nl, group, S(LINK_PACED)) > paced;
}

static void link_as(struct peer *p, const struct cert *as)
{
	bool below = as == &invited[0] || as == &invited[1];
	struct chain chain = { .cert = { &inviter.der, &as->der }, .n = 2 };
	struct noise_meet m;

	meet_fill(&m, as, below ? &chain : NULL);
	peer_connect(p, PORT);
	NEED(peer_handshake(p, &m));
	NEED(peer_expect(p, PG_MSG_WELCOME));
}

/*
 * A version of what each has that is longer than there is room for, which only the table
 * knows: true, and refused. Sent by @from, by turns, until one has to wait; how many had not.
 */
static unsigned int send_refused(const struct cert *const from[], const struct cert *const by[],
				 unsigned int n)
{
	static const uint8_t zeros[64 << 10];
	struct rec had[3], next[3];
	unsigned int i, sent = 0;
	struct peer p[3];

	for (i = 0; i < n; i++) {
		rec_new(&had[i], by[i], "x", 1);
		rec_sign(&had[i], by[i]);
		NEED(!put(&had[i]));
		rec_next(&next[i], &had[i], by[i], zeros, sizeof(zeros));
		rec_sign(&next[i], by[i]);
		link_as(&p[i], from[i]);
	}
	NEED(!limit_bytes(L(CREATOR_BYTES), 1));
	NEED(!group_limit(&nl, group, L(CREATOR_RATE), 1));
	full = nl_stat(&nl, group, S(REFUSED_QUOTA));
	paced = nl_stat(&nl, group, S(LINK_PACED));
	while (nl_stat(&nl, group, S(LINK_PACED)) == paced && sent < 100) {
		full = nl_stat(&nl, group, S(REFUSED_QUOTA));
		peer_send(&p[sent % n], PG_MSG_RECORD, next[sent % n].wire, next[sent % n].len);
		NEED(wait_until(one_judged, NULL));
		sent++;
	}
	CHECK(nl_stat(&nl, group, S(LINK_PACED)) == paced + 1, "never too often");
	NEED(!limit_bytes(L(CREATOR_BYTES), 0));
	for (i = 0; i < n; i++) {
		rec_free(&had[i]);
		rec_free(&next[i]);
		peer_close(&p[i]);
	}
	return sent;
}

/*
 * What is checked and then refused can be sent again and again, by anybody who has it: it is
 * who does that who has to wait, and not who has signed it.
 */
static void test_refused(void)
{
	struct cert sender, who;
	const struct cert *from[1] = { &sender }, *by[1] = { &who };
	struct rec rec;
	unsigned int n;

	newcomer(&who, &root, PEERGROUP_ROLE_MEMBER);
	newcomer(&sender, &root, PEERGROUP_ROLE_MEMBER);
	n = send_refused(from, by, 1);
	CHECK(n > 9, "%u", n);
	/* By the rate of one a second, of which ten may come at once. */
	rec_new(&rec, &who, "x", 1);
	rec_sign(&rec, &who);
	CHECK(!put(&rec), "%s", nl.text);
	rec_free(&rec);
	NEED(!group_limit(&nl, group, L(CREATOR_RATE), 0));
	gone(&sender);
	gone(&who);
}

/* For all of one who invites together: less than each of them may alone. */
static void test_inviter_refused(void)
{
	const struct cert *by[3] = { &inviter, &invited[0], &invited[1] };
	double start = seconds_now();
	unsigned int n;

	n = send_refused(by, by, 3);
	CHECK(n > 19 && n < 30 + 2 * (seconds_now() - start), "%u", n);
	NEED(!group_limit(&nl, group, L(CREATOR_RATE), 0));
}

/* What came in spite of the rate, as deletions do, is soon forgiven. */
static void test_rate_debt(void)
{
	struct rec rec[40];
	double start;
	int i;

	for (i = 0; i < 40; i++)
		NEED(!add(&rec[i], &flooder, 1));
	NEED(!group_limit(&nl, group, L(CREATOR_RATE), 1));
	for (i = 0; i < 40; i++) {
		delete(&rec[i], &flooder);
		rec_free(&rec[i]);
	}
	start = seconds_now();
	CHECK(wait_until(may_add, &flooder));
	CHECK(seconds_now() - start < 10, "after %.1f s", seconds_now() - start);
	NEED(!group_limit(&nl, group, L(CREATOR_RATE), 0));
}

/* Three keys, of which none comes too often, are one who invites, with twice the rate. */
static void test_inviter_rate(void)
{
	const struct cert *who[] = { &invited[0], &invited[1], &inviter };
	double start = seconds_now();
	struct rec rec;
	int i, err = 0;

	NEED(!group_limit(&nl, group, L(CREATOR_RATE), 1));
	for (i = 0; !err && i < 200; i++) {
		err = add(&rec, who[i % 3], 1);
		rec_free(&rec);
	}
	CHECK(err == -EAGAIN, "%d (%s)", err, nl.text);
	CHECK(i > 20 && i < 30 + 2 * (seconds_now() - start), "%d records", i);
	CHECK(!add(&rec, &own, 1), "another member: %s", nl.text);
	rec_free(&rec);
	NEED(!group_limit(&nl, group, L(CREATOR_RATE), 0));
}

static bool none_linked(void *arg)
{
	(void)arg;
	return nl_stat(&nl, group, S(LINKS_UP)) == nl_stat(&nl, group, S(LINKS_DOWN));
}

/* Whose they are does not matter: there is no room for one more. */
static void test_links(void)
{
	uint64_t before = nl_stat(&nl, group, S(LINK_FULL));
	struct noise_meet m;
	struct peer p, late;
	uint32_t bye;

	NEED(wait_until(none_linked, NULL));
	NEED(!group_limit(&nl, group, L(LINKS), 1));
	peer_link(&p, PORT, &flooder);
	peer_connect(&late, PORT);
	meet_fill(&m, &inviter, NULL);
	CHECK(peer_handshake(&late, &m));
	CHECK(peer_closed(&late, &bye) && bye == PG_BYE_FULL, "bye %u", bye);
	CHECK(counted_once(&nl, group, S(LINK_FULL), before));
	CHECK(peer_alive(&p));
	peer_close(&late);
	peer_close(&p);
	NEED(!group_limit(&nl, group, L(LINKS), 64));
}

/* One member's nodes have their share of the links, and keep nobody else out. */
static void test_member_links(void)
{
	uint64_t before = nl_stat(&nl, group, S(LINK_MEMBER));
	struct peer p[2], third, other;
	struct noise_meet m;
	struct chain chain = { .cert = { &flooder.der }, .n = 1 };
	uint32_t bye;

	NEED(wait_until(none_linked, NULL));
	NEED(!group_limit(&nl, group, L(MEMBER_LINKS), 2));
	peer_link(&p[0], PORT, &flooder);
	peer_link(&p[1], PORT, &flooder);
	peer_connect(&third, PORT);
	meet_fill(&m, &flooder, &chain);
	CHECK(peer_handshake(&third, &m));
	CHECK(peer_closed(&third, &bye) && bye == PG_BYE_FULL, "bye %u", bye);
	CHECK(counted_once(&nl, group, S(LINK_MEMBER), before));
	peer_link(&other, PORT, &inviter);
	CHECK(peer_alive(&other) && peer_alive(&p[0]) && peer_alive(&p[1]));
	peer_close(&other);
	peer_close(&third);
	peer_close(&p[0]);
	peer_close(&p[1]);
	NEED(!group_limit(&nl, group, L(MEMBER_LINKS), 32));
}

/* As inviters do, by as many members as they like: together they have half. */
static void test_inviter_links(void)
{
	struct chain chain = { .cert = { &inviter.der }, .n = 2 };
	uint64_t before = nl_stat(&nl, group, S(LINK_MEMBER));
	struct peer p[3], other;
	struct noise_meet m;
	uint32_t bye;
	int i;

	NEED(wait_until(none_linked, NULL));
	NEED(!group_limit(&nl, group, L(MEMBER_LINKS), 1));
	NEED(!group_limit(&nl, group, L(LINKS), 4));
	for (i = 0; i < 2; i++) {
		chain.cert[1] = &invited[i].der;
		peer_connect(&p[i], PORT);
		meet_fill(&m, &invited[i], &chain);
		CHECK(peer_handshake(&p[i], &m) && peer_expect(&p[i], PG_MSG_WELCOME));
	}
	chain.n = 1;
	peer_connect(&p[2], PORT);
	meet_fill(&m, &inviter, &chain);
	CHECK(peer_handshake(&p[2], &m));
	CHECK(peer_closed(&p[2], &bye) && bye == PG_BYE_FULL, "bye %u", bye);
	CHECK(counted_once(&nl, group, S(LINK_MEMBER), before));
	peer_link(&other, PORT, &flooder);
	CHECK(peer_alive(&other) && peer_alive(&p[0]) && peer_alive(&p[1]));
	peer_close(&other);
	for (i = 0; i < 3; i++)
		peer_close(&p[i]);
	NEED(!group_limit(&nl, group, L(MEMBER_LINKS), 32));
	NEED(!group_limit(&nl, group, L(LINKS), 64));
}

/* An administrator whom another one invited leaves a quarter, however many it invites. */
static void test_deputy(void)
{
	struct cert first, second, below[2];
	struct chain chain = { .cert = { &first.der, &second.der }, .n = 3 };
	struct rec rec;
	struct peer p;
	int i, err = 0;

	cert_issue(&first, &root, test_key(3), PEERGROUP_ROLE_ADMIN);
	cert_issue(&second, &first, test_key(2), PEERGROUP_ROLE_ADMIN);
	peer_link(&p, PORT, &flooder);
	for (i = 0; i < 2; i++) {
		cert_issue(&below[i], &second, test_key(i ? 3 : 1), PEERGROUP_ROLE_MEMBER);
		chain.cert[2] = &below[i].der;
		peer_gmc(&p, &chain);
	}
	CHECK(peer_alive(&p));
	NEED(!limit_bytes(L(BYTES), 16 << 20) && !limit_bytes(L(CREATOR_BYTES), 1ULL << 40));
	for (i = 0; !err && i < 400; i++) {
		err = add(&rec, &below[i % 2], 64 << 10);
		rec_free(&rec);
	}
	CHECK(err == -EDQUOT, "%d (%s) after %d", err, nl.text, i);
	err = add(&rec, &second, 64 << 10);
	CHECK(err == -EDQUOT, "%d (%s)", err, nl.text);
	rec_free(&rec);
	CHECK(!add(&rec, &own, 64 << 10), "another member: %s", nl.text);
	rec_free(&rec);
	NEED(!limit_bytes(L(BYTES), 256 << 20) && !limit_bytes(L(CREATOR_BYTES), 0));
	peer_close(&p);
}

/* So many small records, under one signature. */
static void sign_many(struct rec *rec, unsigned int n, const struct cert *by)
{
	struct rec **all = calloc(n, sizeof(*all));
	unsigned int i;

	NEED(all);
	for (i = 0; i < n; i++) {
		all[i] = &rec[i];
		rec_new(all[i], by, "x", 1);
	}
	rec_sign_batch(all, n, by);
	free(all);
}

/* A quarter of the records is left, too; in a group of its own, with nothing else in it. */
static void test_deputy_records(void)
{
	enum { ALL = 4096, MOST = ALL / 4 * 3, EACH = MOST / 2 + 10 };
	static struct cert top, first, second, below[2];
	static struct rec rec[2][EACH];
	struct rec other;
	unsigned int i;
	uint32_t index;
	int err = 0;

	cert_new_root(&top, test_key(0));
	cert_issue(&first, &top, test_key(1), PEERGROUP_ROLE_ADMIN | PEERGROUP_ROLE_MEMBER);
	cert_issue(&second, &first, test_key(2), PEERGROUP_ROLE_ADMIN);
	index = group_of(&nl, &top, &first);
	NEED(!group_limit(&nl, index, L(RECORDS), ALL));
	NEED(!group_limit(&nl, index, L(CREATOR_RECORDS), ALL));
	NEED(!add_member_to(index, &second));
	for (i = 0; i < 2; i++) {
		cert_issue(&below[i], &second, test_key(i ? 3 : 0), PEERGROUP_ROLE_MEMBER);
		NEED(!add_member_to(index, &below[i]));
		sign_many(rec[i], EACH, &below[i]);
	}
	for (i = 0; !err && i < 2 * EACH; i++) {
		const struct rec *next = &rec[i % 2][i / 2];

		err = nl_put_record(&nl, index, next->wire, next->len);
	}
	CHECK(err == -EDQUOT && strstr(nl.text, "one may have"), "%d (%s)", err, nl.text);
	CHECK(i == MOST + 1, "%u records, not %u", i - 1, MOST);
	rec_new(&other, &second, "x", 1);
	rec_sign(&other, &second);
	err = nl_put_record(&nl, index, other.wire, other.len);
	CHECK(err == -EDQUOT, "the administrator itself: %d (%s)", err, nl.text);
	rec_free(&other);
	rec_new(&other, &first, "x", 1);
	rec_sign(&other, &first);
	CHECK(!nl_put_record(&nl, index, other.wire, other.len), "another one: %s", nl.text);
	rec_free(&other);
	for (i = 0; i < 2 * EACH; i++)
		rec_free(&rec[i % 2][i / 2]);
	NEED(!nl_simple(&nl, PEERGROUP_CMD_GROUP_DESTROY, PEERGROUP_A_GROUP_INDEX, index));
}

/* There is no room for one more, whoever issued it, until there is more for all. */
static void test_members(void)
{
	unsigned int members = nl_count(&nl, PEERGROUP_CMD_MEMBER_GET, PEERGROUP_A_MEMBER_GROUP,
					group);
	uint64_t before = nl_stat(&nl, group, S(REFUSED_MEMBERS));
	struct cert late;
	int err;

	cert_issue(&late, &root, test_key(3), PEERGROUP_ROLE_MEMBER);
	NEED(!group_limit(&nl, group, L(MEMBERS), members));
	err = add_member(&late);
	CHECK(err == -EUSERS, "%d (%s)", err, nl.text);
	CHECK(nl_stat(&nl, group, S(REFUSED_MEMBERS)) == before + 1);
	NEED(!group_limit(&nl, group, L(MEMBERS), members + 1));
	CHECK(!add_member(&late), "%s", nl.text);
	NEED(!group_limit(&nl, group, L(MEMBERS), 65536));
}

/* An inviter fills its part, also by way of another inviter, and nobody else's. */
static void test_invited(void)
{
	struct cert below[4], other;
	struct chain chain = { .cert = { &inviter.der, &below[0].der }, .n = 2 };
	uint64_t before;
	struct peer p;
	int i;

	NEED(!group_limit(&nl, group, L(INVITED), 3 + 2));	/* two are there */
	before = nl_stat(&nl, group, S(REFUSED_MEMBERS));
	peer_link(&p, PORT, &flooder);
	for (i = 0; i < 4; i++) {
		cert_issue(&below[i], i ? &below[0] : &inviter, test_key(2),
			   PEERGROUP_ROLE_INVITING | PEERGROUP_ROLE_MEMBER);
		chain.n = i ? 3 : 2;
		chain.cert[2] = &below[i].der;
		peer_gmc(&p, &chain);
	}
	CHECK(wait_stat(&nl, group, S(REFUSED_MEMBERS), before + 1));
	CHECK(peer_alive(&p));
	CHECK(nl_stat(&nl, group, S(REFUSED_MEMBERS)) == before + 1);
	cert_issue(&other, &root, test_key(2), PEERGROUP_ROLE_MEMBER);
	chain = (struct chain){ .cert = { &other.der }, .n = 1 };
	i = nl_count(&nl, PEERGROUP_CMD_MEMBER_GET, PEERGROUP_A_MEMBER_GROUP, group);
	peer_gmc(&p, &chain);
	CHECK(peer_alive(&p));
	CHECK((int)nl_count(&nl, PEERGROUP_CMD_MEMBER_GET, PEERGROUP_A_MEMBER_GROUP, group) ==
	      i + 1, "another issuer is kept out");
	peer_close(&p);
}

/* An administrator whom another invited fills its part, by what it issues, no more. */
static void test_issued(void)
{
	struct cert first, second, below[3];
	struct chain chain = { .cert = { &first.der, &second.der }, .n = 3 };
	uint64_t before = nl_stat(&nl, group, S(REFUSED_MEMBERS));
	struct peer p;
	int i;

	NEED(!group_limit(&nl, group, L(ISSUED), 2));
	cert_issue(&first, &root, test_key(2), PEERGROUP_ROLE_ADMIN);
	cert_issue(&second, &first, test_key(3), PEERGROUP_ROLE_ADMIN);
	peer_link(&p, PORT, &flooder);
	for (i = 0; i < 3; i++) {
		cert_issue(&below[i], &second, test_key(2), PEERGROUP_ROLE_MEMBER);
		chain.cert[2] = &below[i].der;
		peer_gmc(&p, &chain);
	}
	CHECK(peer_alive(&p));
	CHECK(nl_stat(&nl, group, S(REFUSED_MEMBERS)) == before + 1);
	for (i = 0; i < 3; i++) {
		cert_issue(&below[i], &first, test_key(1), PEERGROUP_ROLE_MEMBER);
		chain.cert[1] = &below[i].der;
		chain.n = 2;
		peer_gmc(&p, &chain);
	}
	CHECK(peer_alive(&p));
	CHECK(nl_stat(&nl, group, S(REFUSED_MEMBERS)) == before + 1, "who invited it is kept out");
	peer_close(&p);
}

static void test_nothing_left(void)
{
	check_nothing_left(&nl, group);
}

/* A member is asked for the time once, however many links it has. */
static void test_clock(void)
{
	const struct cert *who[] = { &inviter, &own, &flooder, &flooder, &flooder };
	struct pg_ping ping = { 0 };
	struct peer p[5];
	int64_t offset;
	int i;

	for (i = 0; i < 5; i++)
		peer_link(&p[i], PORT, who[i]);
	for (i = 0; i < 5; i++) {
		ping.time = htobe64(peer_time_now() + (i > 1 ? 590 * TICKS : 0));
		peer_send(&p[i], PG_MSG_PING, &ping, sizeof(ping));
		NEED(peer_expect(&p[i], PG_MSG_PONG));
	}
	/* Each step of the group's clock is a small one. */
	for (i = 0; i < 60; i++) {
		ping.time = htobe64(peer_time_now() + 590 * TICKS);
		peer_send(&p[4], PG_MSG_PING, &ping, sizeof(ping));
		NEED(peer_expect(&p[4], PG_MSG_PONG));
	}
	offset = (int64_t)nl_group_number(&nl, group, PEERGROUP_A_GROUP_TIME_OFFSET);
	CHECK(llabs(offset) < 5 * (int64_t)TICKS, "%lld s", (long long)(offset / (int64_t)TICKS));
	for (i = 0; i < 5; i++)
		peer_close(&p[i]);
}

/* A socket that takes connections and says nothing. */
static int silent_listener(uint16_t *port)
{
	struct sockaddr_in sin = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000001) };
	socklen_t len = sizeof(sin);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	NEED(fd >= 0 && !bind(fd, (struct sockaddr *)&sin, len) && !listen(fd, 1) &&
	     !getsockname(fd, (struct sockaddr *)&sin, &len));
	*port = ntohs(sin.sin_port);
	return fd;
}

static int direct_open(struct nl *with, uint16_t port)
{
	struct nlmsghdr *msg = nl_begin(with, PEERGROUP_CMD_DIRECT_OPEN, 0);

	mnl_attr_put_u32(msg, PEERGROUP_A_LINK_GROUP, group);
	mnl_attr_put_u32(msg, PEERGROUP_A_LINK_ADDRESS, htonl(0x7f000001));
	mnl_attr_put_u16(msg, PEERGROUP_A_LINK_PORT, port);
	mnl_attr_put_strz(msg, PEERGROUP_A_LINK_PEER, "somebody");
	return nl_talk(with, msg, NULL, NULL);
}

/* Who opens a connection, lets go of the group and is gone leaves it to nobody. */
static void test_opener(void)
{
	uint64_t failed = nl_stat(&nl, group, PEERGROUP_A_STATS_DIRECT_FAILED);
	uint16_t port;
	int fd = silent_listener(&port);
	struct nl other;

	NEED(!group_limit(&nl, group, PEERGROUP_A_LIMIT_HANDSHAKE, 3600000));
	NEED(!nl_open(&other));
	CHECK(direct_open(&other, port) == -ENOENT, "%s", other.text);
	NEED(group_of(&other, &root, &own) == group);
	CHECK(!direct_open(&other, port), "%s", other.text);
	NEED(!nl_simple(&other, PEERGROUP_CMD_GROUP_CLOSE, PEERGROUP_A_GROUP_INDEX, group));
	CHECK(nl_stat(&nl, group, PEERGROUP_A_STATS_DIRECT_FAILED) == failed);
	nl_close(&other);
	CHECK(wait_stat(&nl, group, PEERGROUP_A_STATS_DIRECT_FAILED, failed + 1));
	close(fd);
}

/* A socket of that user's that has the group open. */
static void open_as(struct nl *by, uid_t uid)
{
	NEED(!seteuid(uid) && !nl_open(by) && !seteuid(0));
	NEED(group_of(by, &root, &own) == group);
}

static void set_mode(uint32_t mode)
{
	struct nlmsghdr *msg = nl_begin(&nl, PEERGROUP_CMD_GROUP_SET, 0);

	mnl_attr_put_u32(msg, PEERGROUP_A_GROUP_INDEX, group);
	mnl_attr_put_u32(msg, PEERGROUP_A_GROUP_MODE, mode);
	NEED(!nl_talk(&nl, msg, NULL, NULL));
}

/* Connections to who does not answer; until one is refused: how many. */
static unsigned int open_all(struct nl *by, uint16_t port)
{
	unsigned int n = 0;
	int err;

	do {
		err = direct_open(by, port);
	} while (!err && ++n < 20);
	CHECK(err == -EMLINK && strstr(by->text, "too many"), "%d (%s)", err, by->text);
	return n;
}

/* Where there may be @all, of which @most are of others than the owner. */
static void check_few(uint16_t port, unsigned int all, unsigned int most)
{
	uint64_t failed = nl_stat(&nl, group, S(DIRECT_FAILED));
	static struct nl one, another, owner;
	unsigned int n, rest;

	NEED(!group_limit(&nl, group, L(DIRECT), all));
	open_as(&one, 65534);
	open_as(&another, 65533);
	open_as(&owner, 0);
	n = open_all(&one, port);
	n += open_all(&another, port);
	CHECK(n == most, "%u of two users where %u are all", n, all);
	rest = open_all(&owner, port);
	CHECK(n + rest == all, "and %u of the owner", rest);
	nl_close(&one);
	nl_close(&another);
	nl_close(&owner);
	NEED(wait_stat(&nl, group, S(DIRECT_FAILED), failed + n + rest));
}

/* Of who may write to a group nobody, alone or with others, keeps its owner from opening some. */
static void test_direct_users(void)
{
	uint64_t failed = nl_stat(&nl, group, S(DIRECT_FAILED));
	uint64_t full = nl_stat(&nl, group, S(DIRECT_FULL));
	static struct nl one, another, owner;
	unsigned int n;
	uint16_t port;
	int fd = silent_listener(&port);

	NEED(!group_limit(&nl, group, L(HANDSHAKE), 3600000));
	NEED(!group_limit(&nl, group, L(DIRECT), 8));
	set_mode(0666);
	open_as(&one, 65534);
	open_as(&another, 65533);
	open_as(&owner, 0);
	n = open_all(&one, port);
	CHECK(n == 4, "%u of one user", n);
	n = open_all(&another, port);
	CHECK(n == 2, "%u of another", n);
	n = open_all(&owner, port);
	CHECK(n == 2, "%u of the owner", n);
	CHECK(nl_stat(&nl, group, S(DIRECT_FULL)) == full + 3);
	nl_close(&one);
	NEED(wait_stat(&nl, group, S(DIRECT_FAILED), failed + 4));
	n = open_all(&owner, port);
	CHECK(n == 4, "%u more of the owner", n);
	nl_close(&owner);
	nl_close(&another);
	NEED(wait_stat(&nl, group, S(DIRECT_FAILED), failed + 12));
	check_few(port, 3, 2);
	check_few(port, 2, 1);
	check_few(port, 1, 1);
	close(fd);
	set_mode(0600);
	NEED(!group_limit(&nl, group, L(DIRECT), 64));
}

/* A direct connection of a member's; @bye 0: it gets in. */
static void check_direct(struct peer *p, const struct cert *as, uint32_t bye)
{
	struct noise_meet m;
	uint32_t heard;

	meet_fill(&m, as, NULL);
	m.meet.flags |= htobe16(PG_MEET_DIRECT);
	peer_connect(p, PORT);
	CHECK(peer_handshake(p, &m));
	if (bye)
		CHECK(peer_closed(p, &heard) && heard == bye, "bye %u", heard);
	else
		CHECK(peer_expect(p, PG_MSG_WELCOME));
}

static void test_direct(void)
{
	uint64_t of_one = nl_stat(&nl, group, S(DIRECT_MEMBER));
	uint64_t full = nl_stat(&nl, group, S(DIRECT_FULL));
	uint64_t down = nl_stat(&nl, group, S(DIRECT_DOWN));
	struct nlmsghdr *msg;
	struct peer p[3];
	struct nl taker;
	uint16_t port;
	int fd, i;

	NEED(!nl_open(&taker));
	msg = nl_begin(&taker, PEERGROUP_CMD_GROUP_WATCH, 0);
	mnl_attr_put_u32(msg, PEERGROUP_A_GROUP_INDEX, group);
	mnl_attr_put_u32(msg, PEERGROUP_A_GROUP_TAKES, PEERGROUP_TAKES_DIRECT);
	NEED(!nl_talk(&taker, msg, NULL, NULL));
	NEED(!group_limit(&nl, group, L(MEMBER_DIRECT), 1));
	check_direct(&p[0], &flooder, 0);
	check_direct(&p[1], &flooder, PG_BYE_FULL);
	CHECK(counted_once(&nl, group, S(DIRECT_MEMBER), of_one));
	NEED(!group_limit(&nl, group, L(DIRECT), 1));
	check_direct(&p[2], &inviter, PG_BYE_FULL);
	CHECK(counted_once(&nl, group, S(DIRECT_FULL), full));
	fd = silent_listener(&port);
	CHECK(direct_open(&nl, port) == -EMLINK && nl.text[0], "%s", nl.text);
	CHECK(counted_once(&nl, group, S(DIRECT_FULL), full + 1));
	CHECK(peer_alive(&p[0]));
	close(fd);
	for (i = 0; i < 3; i++)
		peer_close(&p[i]);
	/* As long as it is not down it is one of those that the next test counts. */
	NEED(wait_stat(&nl, group, S(DIRECT_DOWN), down + 1));
	nl_close(&taker);
	NEED(!group_limit(&nl, group, L(MEMBER_DIRECT), 8) && !group_limit(&nl, group, L(DIRECT), 64));
}

/* As check_direct(), with a chain, and what a refusal counts says why. True where it gets in. */
static bool direct_gets_in(struct peer *p, const struct cert *as, const struct chain *chain)
{
	struct noise_meet m;

	meet_fill(&m, as, chain);
	m.meet.flags |= htobe16(PG_MEET_DIRECT);
	peer_connect(p, PORT);
	CHECK(peer_handshake(p, &m));
	return peer_expect(p, PG_MSG_WELCOME);
}

/*
 * One who invites takes no more than half, with however many members it makes; and all who come
 * leave some for programs of this host.
 */
static void test_direct_inviter(void)
{
	uint64_t of_one = nl_stat(&nl, group, S(DIRECT_MEMBER));
	uint64_t full = nl_stat(&nl, group, S(DIRECT_FULL));
	uint64_t failed = nl_stat(&nl, group, S(DIRECT_FAILED));
	uint64_t down = nl_stat(&nl, group, S(DIRECT_DOWN));
	struct chain chain = { .cert = { &inviter.der }, .n = 2 };
	struct nlmsghdr *msg;
	struct cert second;
	struct peer p[7];
	struct nl taker;
	uint16_t port;
	unsigned int i;
	int fd;

	cert_issue(&second, &root, test_key(2), PEERGROUP_ROLE_MEMBER);
	NEED(!nl_open(&taker));
	msg = nl_begin(&taker, PEERGROUP_CMD_GROUP_WATCH, 0);
	mnl_attr_put_u32(msg, PEERGROUP_A_GROUP_INDEX, group);
	mnl_attr_put_u32(msg, PEERGROUP_A_GROUP_TAKES, PEERGROUP_TAKES_DIRECT);
	NEED(!nl_talk(&taker, msg, NULL, NULL));
	NEED(!group_limit(&nl, group, L(MEMBER_DIRECT), 2));
	NEED(!group_limit(&nl, group, L(DIRECT), 8));
	for (i = 0; i < 4; i++) {
		chain.cert[1] = &invited[i / 2].der;
		CHECK(direct_gets_in(&p[i], &invited[i / 2], &chain));
	}
	CHECK(!direct_gets_in(&p[4], &inviter, NULL), "one more");
	CHECK(counted_once(&nl, group, S(DIRECT_MEMBER), of_one));
	peer_close(&p[4]);
	for (i = 4; i < 6; i++)
		CHECK(direct_gets_in(&p[i], &flooder, NULL));
	CHECK(!direct_gets_in(&p[6], &second, NULL), "one more of another");
	CHECK(counted_once(&nl, group, S(DIRECT_FULL), full));
	fd = silent_listener(&port);
	for (i = 0; i < 2; i++)
		CHECK(!direct_open(&nl, port), "connection %u from here: %s", i, nl.text);
	CHECK(direct_open(&nl, port) == -EMLINK, "%s", nl.text);
	close(fd);
	for (i = 0; i < 7; i++)
		peer_close(&p[i]);
	/* As in test_direct(). */
	NEED(wait_stat(&nl, group, S(DIRECT_DOWN), down + 6));
	NEED(wait_stat(&nl, group, S(DIRECT_FAILED), failed + 2));
	nl_close(&taker);
	NEED(!group_limit(&nl, group, L(MEMBER_DIRECT), 8));
	NEED(!group_limit(&nl, group, L(DIRECT), 64));
}

/* Who joins by password while as many do as may is hung up on, and they are not. */
static void test_passwords(void)
{
	uint64_t full = nl_stat(&nl, group, S(PASSWORD_FULL));
	uint64_t opened = nl_stat(&nl, group, S(PASSWORD_OPENED));
	struct peer p[2];
	struct nl answers;
	char byte;

	NEED(!nl_open(&answers));
	NEED(!nl_simple(&answers, PEERGROUP_CMD_PASSWORD_ANSWER, PEERGROUP_A_PASSWORD_GROUP, group));
	NEED(!group_limit(&nl, group, L(PASSWORDS), 1));
	peer_join(&p[0], PORT, root.spec.group);
	NEED(wait_stat(&nl, group, S(PASSWORD_OPENED), opened + 1));
	peer_join(&p[1], PORT, root.spec.group);
	CHECK(recv(p[1].fd, &byte, 1, 0) <= 0);
	CHECK(counted_once(&nl, group, S(PASSWORD_FULL), full));
	CHECK(recv(p[0].fd, &byte, 1, MSG_DONTWAIT) < 0 && errno == EAGAIN);
	peer_close(&p[0]);
	peer_close(&p[1]);
	nl_close(&answers);
	NEED(!group_limit(&nl, group, L(PASSWORDS), 16));
}

/* What is longer than a message of who joins may be ends that. */
static void test_password_message(void)
{
	static const uint8_t message[2 + PEERGROUP_PASSWORD_IN_MAX + 1] = {
		(PEERGROUP_PASSWORD_IN_MAX + 1) >> 8, (PEERGROUP_PASSWORD_IN_MAX + 1) & 0xff,
	};
	uint64_t malformed = nl_stat(&nl, group, S(PASSWORD_MALFORMED));
	uint64_t opened = nl_stat(&nl, group, S(PASSWORD_OPENED));
	struct nl answers;
	struct peer p;
	char byte;

	NEED(!nl_open(&answers));
	NEED(!nl_simple(&answers, PEERGROUP_CMD_PASSWORD_ANSWER, PEERGROUP_A_PASSWORD_GROUP, group));
	peer_join(&p, PORT, root.spec.group);
	NEED(wait_stat(&nl, group, S(PASSWORD_OPENED), opened + 1));
	peer_raw(&p, message, sizeof(message));
	CHECK(recv(p.fd, &byte, 1, 0) <= 0);
	CHECK(counted_once(&nl, group, S(PASSWORD_MALFORMED), malformed));
	peer_close(&p);
	nl_close(&answers);
}

/* Has this one been told of somebody who joins? */
static bool was_called(struct nl *by, uint64_t *id)
{
	const struct nlmsghdr *msg = (const void *)by->in;
	int fd = mnl_socket_get_fd(by->sock);

	while (recv(fd, by->in, sizeof(by->in), MSG_DONTWAIT) > 0) {
		*id = nl_u64(msg, PEERGROUP_A_PASSWORD_ID);
		if (nl_cmd(msg) == PEERGROUP_CMD_PASSWORD_NTF &&
		    nl_attr(msg, PEERGROUP_A_PASSWORD_OPENING))
			return true;
	}
	return false;
}

static void answer_last(struct nl *by, uint64_t id)
{
	struct nlmsghdr *msg = nl_begin(by, PEERGROUP_CMD_PASSWORD_SEND, 0);

	mnl_attr_put_u32(msg, PEERGROUP_A_PASSWORD_GROUP, group);
	mnl_attr_put_u64(msg, PEERGROUP_A_PASSWORD_ID, id);
	mnl_attr_put(msg, PEERGROUP_A_PASSWORD_DATA, 1, "x");
	mnl_attr_put(msg, PEERGROUP_A_PASSWORD_LAST, 0, NULL);
	NEED(!nl_talk(by, msg, NULL, NULL));
}

static bool joined_by_that(struct peer *p)
{
	char said[3];

	return recv(p->fd, said, sizeof(said), MSG_WAITALL) == sizeof(said) && said[2] == 'x';
}

/* However many sockets a user has that never answer, who calls again is answered by another's. */
static void test_silent(void)
{
	static struct nl silent[3], answers;
	unsigned int i, calls, joined = 0;
	uint64_t before, id;
	struct peer p;

	set_mode(0666);
	NEED(!seteuid(65534));
	for (i = 0; i < 3; i++)
		NEED(!nl_open(&silent[i]) &&
		     !nl_simple(&silent[i], PEERGROUP_CMD_PASSWORD_ANSWER,
				PEERGROUP_A_PASSWORD_GROUP, group));
	NEED(!seteuid(0) && !nl_open(&answers));
	NEED(!nl_simple(&answers, PEERGROUP_CMD_PASSWORD_ANSWER, PEERGROUP_A_PASSWORD_GROUP, group));
	for (calls = 0; calls < 4; calls++) {
		before = nl_stat(&nl, group, S(PASSWORD_OPENED));
		peer_join(&p, PORT, root.spec.group);
		NEED(wait_stat(&nl, group, S(PASSWORD_OPENED), before + 1));
		if (was_called(&answers, &id)) {
			answer_last(&answers, id);
			CHECK(joined_by_that(&p));
			joined++;
			peer_close(&p);
		} else {
			before = nl_stat(&nl, group, S(PASSWORD_FAILED));
			peer_close(&p);
			NEED(wait_stat(&nl, group, S(PASSWORD_FAILED), before + 1));
		}
		if (calls % 2)
			CHECK(joined > calls / 2, "%u of %u", joined, calls + 1);
	}
	for (i = 0; i < 3; i++)
		nl_close(&silent[i]);
	nl_close(&answers);
}

int main(void)
{
	static const struct tap_test tests[] = {
		{ "records of one creator", test_records },
		{ "bytes of one creator", test_bytes },
		{ "bytes of all", test_full },
		{ "bytes of a revocation", test_revocation_bytes },
		{ "records of one who invites", test_inviter },
		{ "bytes of one who invites", test_inviter_bytes },
		{ "rate of one creator", test_rate },
		{ "a rate per creator is no matter of tombstones either", test_rate_tombstones },
		{ "rate of one creator, over a link", test_rate_link },
		{ "rate of one creator who leaves a question open", test_rate_asked },
		{ "rate of one creator, of whose records all are asked for", test_rate_caught_up },
		{ "rate of one creator, of whose refreshed records all are asked for",
		  test_refreshed_caught_up },
		{ "rate of one creator, whose record took many hashes", test_steps_rate },
		{ "what is refused when it has been checked, of who sends it", test_refused },
		{ "more than the rate is no debt for long", test_rate_debt },
		{ "rate of one who invites", test_inviter_rate },
		{ "rate of one who invites, of whose records all are asked for",
		  test_inviter_caught_up },
		{ "rate of one who invites, of whose refreshed records all are asked for",
		  test_inviter_refreshed },
		{ "what is refused when it has been checked, of all whom one invited",
		  test_inviter_refused },
		{ "links of all", test_links },
		{ "links of one member", test_member_links },
		{ "links of one who invites", test_inviter_links },
		{ "bytes of one administrator and all below", test_deputy },
		{ "records of one administrator and all below", test_deputy_records },
		{ "members", test_members },
		{ "members below one who invites", test_invited },
		{ "members below one administrator", test_issued },
		{ "a member with many links has one clock", test_clock },
		{ "a connection whose opener let go of the group first", test_opener },
		{ "direct connections, of all and of one member", test_direct },
		{ "direct connections of one who invites, and of all others", test_direct_inviter },
		{ "direct connections that users of the host open", test_direct_users },
		{ "who join by password at a time", test_passwords },
		{ "a message of who joins by password that is too long", test_password_message },
		{ "a user that answers nobody who joins by password", test_silent },
		{ "presence records of one creator", test_presence },
		{ "nothing is left behind", test_nothing_left },
	};
	struct peer p;

	need_module();
	own_namespace();
	NEED(!nl_open(&nl));
	cert_new_root(&root, test_key(0));
	cert_issue(&own, &root, test_key(0), PEERGROUP_ROLE_MEMBER);
	cert_issue(&flooder, &root, test_key(1), PEERGROUP_ROLE_MEMBER);
	cert_issue(&inviter, &root, test_key(3), PEERGROUP_ROLE_INVITING | PEERGROUP_ROLE_MEMBER);
	group = group_of(&nl, &root, &own);
	group_online(&nl, group, &own, PORT);
	peer_link(&p, PORT, &flooder);
	NEED(peer_alive(&p));
	peer_close(&p);
	return tap_main(tests, sizeof(tests) / sizeof(tests[0]));
}
