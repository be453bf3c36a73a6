// SPDX-License-Identifier: GPL-2.0-only
/*
 * How fast one link may be, or all of one member's: records, proofs of membership, and small
 * questions with long answers each have a rate, above which the link is read more slowly and
 * nothing is lost. Who asks and does not take the answers has no link for long.
 */
#include <endian.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <openssl/rsa.h>
#include "group.h"
#include "peer.h"
#include "tap.h"

#define PORT	3587
#define RECORDS	200		/* in the table: a question for part of it has a long answer */
#define RATE	4		/* a second; ten seconds' worth at once, and a second's more */
#define TOO_MANY	(10 * RATE + RATE)
#define NOT_MANY	(10 * RATE - 4)
#define S(name)	PEERGROUP_A_STATS_##name
#define L(name)	PEERGROUP_A_LIMIT_##name

static struct nl nl;
static struct cert root, own, flooder;
static uint32_t group;

/* A member that has sent nothing before; not every kernel knows another kind of key. */
static void newcomer(struct cert *cert, const struct cert *issuer)
{
	cert_issue(cert, issuer, EVP_RSA_gen(2048), PEERGROUP_ROLE_MEMBER);
}

static void gone(struct cert *cert)
{
	EVP_PKEY_free(cert->spec.key);
}

/* What is more than the rate took so long, and was counted. */
static void check_paced(const char *what, double start, uint64_t before)
{
	double took = seconds_now() - start;

	CHECK(took > 0.7, "%s: in %.2f s", what, took);
	CHECK(nl_stat(&nl, group, S(LINK_PACED)) > before, "%s: not counted", what);
}

static void test_records(void)
{
	uint64_t before = nl_stat(&nl, group, S(LINK_PACED));
	uint64_t added = nl_stat(&nl, group, S(ADDED));
	struct rec rec[20];
	double start;
	struct peer p;
	int i;

	NEED(!group_limit(&nl, group, L(LINK_RATE), 20));
	for (i = 0; i < 20; i++) {	/* signing takes longer than the rate, here and there */
		rec_new(&rec[i], &flooder, "x", 1);
		rec_sign(&rec[i], &flooder);
	}
	peer_link(&p, PORT, &flooder);
	start = seconds_now();
	for (i = 0; i < 20; i++) {
		peer_send(&p, PG_MSG_RECORD, rec[i].wire, rec[i].len);
		rec_free(&rec[i]);
	}
	CHECK(wait_stat(&nl, group, S(ADDED), added + 20), "some were dropped");
	check_paced("records", start, before);
	peer_close(&p);
	NEED(!group_limit(&nl, group, L(LINK_RATE), 0));
}

/* Chains that are known already, more than ten seconds' worth. */
static void test_proofs(void)
{
	static struct cert who;
	struct chain chain = { .cert = { &who.der }, .n = 1 };
	uint64_t before = nl_stat(&nl, group, S(LINK_PACED));
	struct peer p;
	double start;
	int i;

	newcomer(&who, &root);
	NEED(!group_limit(&nl, group, L(PROOF_RATE), RATE));
	peer_link(&p, PORT, &who);
	start = seconds_now();
	for (i = 0; i < TOO_MANY; i++)
		peer_gmc(&p, &chain);
	CHECK(peer_alive(&p));
	check_paced("chains", start, before);
	peer_close(&p);
	gone(&who);
	NEED(!group_limit(&nl, group, L(PROOF_RATE), 0));
}

/* ------------------------------------------------------------- questions -- */

/* As many ranges as there may be, all of them everything, with a sum that is wrong. */
static void ask_for_all(struct peer *p, unsigned int ranges)
{
	static const uint8_t query[16 * (16 + 16 + 4 + 32)];

	peer_send(p, PG_MSG_SYNC, query, sizeof(query) / 16 * ranges);
}

static void ask_for_one(struct peer *p, uint32_t token)
{
	struct {
		struct pg_want want;
		uint8_t id[PEERGROUP_ID_LEN];
	} __attribute__((packed)) ask = { .want.token = token };

	peer_send(p, PG_MSG_WANT, &ask, sizeof(ask));
}

static void ask(struct peer *p, uint8_t kind, uint32_t i)
{
	static const struct pg_ping ping;

	if (kind == PG_MSG_SYNC)
		ask_for_all(p, 1);
	else if (kind == PG_MSG_WANT)
		ask_for_one(p, i);
	else if (kind == PG_MSG_SYNC_END)
		peer_send(p, kind, "\0\0\0", 4);
	else
		peer_send(p, kind, &ping, sizeof(ping));
}

/* None waits for an answer to the one before, however slow this end is. */
static void check_questions(uint8_t kind, const char *what)
{
	uint64_t before = nl_stat(&nl, group, S(LINK_PACED));
	static struct cert who;
	double start;
	struct peer p;
	uint32_t i;

	newcomer(&who, &root);
	peer_link(&p, PORT, &who);
	start = seconds_now();
	for (i = 0; i < TOO_MANY; i++)
		ask(&p, kind, i);
	CHECK(peer_alive(&p), "%s: the link ends", what);
	check_paced(what, start, before);
	peer_close(&p);
	gone(&who);
}

/* A question about sixteen ranges is as four. */
static void test_ranges(void)
{
	uint64_t before = nl_stat(&nl, group, S(LINK_PACED));
	static struct cert who;
	double start;
	struct peer p;
	int i;

	newcomer(&who, &root);
	NEED(!group_limit(&nl, group, L(SYNC_RATE), RATE));
	peer_link(&p, PORT, &who);
	start = seconds_now();
	for (i = 0; i < TOO_MANY; i += 4)
		ask_for_all(&p, 16);
	CHECK(peer_alive(&p), "the link ends");
	check_paced("SYNC of 16 ranges", start, before);
	peer_close(&p);
	gone(&who);
	NEED(!group_limit(&nl, group, L(SYNC_RATE), 0));
}

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

/* That a range has sixteen parts, as long as its bounds differ that much; or that it is equal. */
static uint8_t *split(const struct query *q, uint8_t *out)
{
	uint64_t lo = first_bytes(q->lo), step = (first_bytes(q->hi) - 1 - lo) / 16, at;
	struct part *part = (void *)(out + 2);
	unsigned int i, n = step ? 16 : 0;

	out[0] = n ? 3 : 1;
	out[1] = n;
	memset(part, 0, n * sizeof(*part));
	for (i = 0; i < n; i++) {
		at = htobe64(lo + i * step);
		memcpy(part[i].lo, &at, sizeof(at));
		part[i].count = htobe32(5);
	}
	return out + 2 + n * sizeof(*part);
}

static void split_all(struct peer *p)
{
	static uint8_t out[16 * (2 + 16 * sizeof(struct part))];
	const struct query *q = (const void *)p->got;
	size_t n = p->len / sizeof(*q);
	uint8_t *end = out;

	while (n--)
		end = split(q++, end);
	peer_send(p, PG_MSG_SYNC_REPLY, out, end - out);
}

/* Nor does an answer about sixteen count as one, to an end that asks on and on. */
static void test_answers(void)
{
	static struct cert who;
	uint64_t before;
	struct peer p;
	int i;

	newcomer(&who, &root);
	NEED(!group_limit(&nl, group, L(KEEPALIVE), 1000));
	peer_link(&p, PORT, &who);
	peer_until_asked(&p);
	NEED(!group_limit(&nl, group, L(SYNC_RATE), RATE));
	before = nl_stat(&nl, group, S(LINK_PACED));
	for (i = 0; i < 10 * RATE / 2 && nl_stat(&nl, group, S(LINK_PACED)) == before; i++) {
		split_all(&p);
		NEED(peer_expect(&p, PG_MSG_SYNC));
	}
	CHECK(nl_stat(&nl, group, S(LINK_PACED)) > before, "%d answers", i);
	peer_close(&p);
	gone(&who);
	NEED(!group_limit(&nl, group, L(SYNC_RATE), 0));
	NEED(!group_limit(&nl, group, L(KEEPALIVE), 15000));
}

static void test_questions(void)
{
	NEED(!group_limit(&nl, group, L(SYNC_RATE), RATE));
	check_questions(PG_MSG_SYNC, "SYNC");
	check_questions(PG_MSG_WANT, "WANT");
	check_questions(PG_MSG_SYNC_END, "SYNC_END");
	check_questions(PG_MSG_PING, "PING");
	NEED(!group_limit(&nl, group, L(SYNC_RATE), 0));
}

/* ------------------------------------------------------------- many links -- */

static void link_below(struct peer *p, const struct cert *as, const struct chain *chain)
{
	struct noise_meet m;

	meet_fill(&m, as, chain);
	peer_connect(p, PORT);
	NEED(peer_handshake(p, &m) && peer_expect(p, PG_MSG_WELCOME));
}

/* What each new link may bring at once. */
static void send_some(struct peer *p, const struct chain *chain, bool proofs)
{
	uint32_t i;

	for (i = 0; i < NOT_MANY; i++) {
		if (proofs)
			peer_gmc(p, chain);
		else
			ask(p, PG_MSG_PING, i);
	}
	CHECK(peer_alive(p));
}

/* It is of no use to come again, nor to have two links. */
static void check_links(uint16_t limit, bool proofs, const char *what)
{
	uint64_t before = nl_stat(&nl, group, S(LINK_PACED));
	static struct cert who;
	struct chain chain = { .cert = { &who.der }, .n = 1 };
	struct peer p[2];
	int i;

	newcomer(&who, &root);
	NEED(!group_limit(&nl, group, limit, RATE));
	peer_link(&p[0], PORT, &who);
	send_some(&p[0], &chain, proofs);
	for (i = 0; i < 20 && nl_stat(&nl, group, S(LINK_PACED)) == before; i++) {
		peer_link(&p[1], PORT, &who);
		send_some(&p[1], &chain, proofs);
		peer_close(&p[1]);
	}
	CHECK(nl_stat(&nl, group, S(LINK_PACED)) > before, "%s: each link has a rate of its own",
	      what);
	peer_close(&p[0]);
	NEED(!group_limit(&nl, group, limit, 0));
	gone(&who);
}

static void test_links(void)
{
	check_links(L(PROOF_RATE), true, "chains");
	check_links(L(SYNC_RATE), false, "PING");
}

/* Nor to invite members that do: they have twice the rate, together. */
static void test_invited(void)
{
	static struct cert inviter, who[6], other;
	struct chain chain = { .n = 2 };
	uint64_t before;
	struct peer p;
	int i;

	/* What those before sent is read until their links have ended. */
	NEED(wait_stat(&nl, group, S(LINKS_DOWN), nl_stat(&nl, group, S(LINKS_UP))));
	before = nl_stat(&nl, group, S(LINK_PACED));
	cert_issue(&inviter, &root, test_key(2), PEERGROUP_ROLE_INVITING | PEERGROUP_ROLE_MEMBER);
	chain.cert[0] = &inviter.der;
	NEED(!group_limit(&nl, group, L(SYNC_RATE), RATE));
	for (i = 0; i < 6; i++) {
		newcomer(&who[i], &inviter);
		chain.cert[1] = &who[i].der;
		link_below(&p, &who[i], &chain);
		send_some(&p, &chain, false);
		peer_close(&p);
		gone(&who[i]);
		if (!i)
			CHECK(nl_stat(&nl, group, S(LINK_PACED)) == before, "one alone");
	}
	CHECK(nl_stat(&nl, group, S(LINK_PACED)) > before, "each of them has a rate of its own");
	newcomer(&other, &root);
	before = nl_stat(&nl, group, S(LINK_PACED));
	peer_link(&p, PORT, &other);
	send_some(&p, &chain, false);
	CHECK(nl_stat(&nl, group, S(LINK_PACED)) == before, "somebody else waits for it");
	peer_close(&p);
	gone(&other);
	NEED(!group_limit(&nl, group, L(SYNC_RATE), 0));
}

/* Answers pile up as far as the queue of a link goes, and no further. */
static void test_unread(void)
{
	unsigned long memory = kernel_memory();
	int small = 4096;
	struct peer p;
	unsigned int i;

	peer_link(&p, PORT, &flooder);
	setsockopt(p.fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	/* What is sent after the link has ended is lost. */
	for (i = 0; i < 600; i++)
		ask_for_all(&p, 16);
	CHECK(wait_stat(&nl, group, S(LINKS_DOWN), nl_stat(&nl, group, S(LINKS_UP))),
	      "the link goes on");
	CHECK(kernel_memory() < memory + (16UL << 10), "%lu KiB more", kernel_memory() - memory);
	peer_close(&p);
	peer_link(&p, PORT, &flooder);
	CHECK(peer_alive(&p), "nobody else is heard");
	peer_close(&p);
}

/* ------------------------------------------------------------------ the end -- */

static void test_nothing_left(void)
{
	check_nothing_left(&nl, group);
}

static void fill_table(void)
{
	static struct rec recs[RECORDS];
	struct rec *list[RECORDS];
	unsigned int i;

	for (i = 0; i < RECORDS; i++) {
		rec_new(&recs[i], &own, "x", 1);
		list[i] = &recs[i];
	}
	rec_sign_batch(list, RECORDS, &own);
	for (i = 0; i < RECORDS; i++) {
		NEED(!nl_put_record(&nl, group, recs[i].wire, recs[i].len));
		rec_free(&recs[i]);
	}
}

int main(void)
{
	static const struct tap_test tests[] = {
		{ "rate of records over one link", test_records },
		{ "rate of certificates over one link", test_proofs },
		{ "rate of questions over one link", test_questions },
		{ "questions about many ranges", test_ranges },
		{ "answers about many ranges", test_answers },
		{ "one member over several links", test_links },
		{ "those whom one invited, together", test_invited },
		{ "who asks and does not read", test_unread },
		{ "nothing is left behind", test_nothing_left },
	};

	need_module();
	own_namespace();
	NEED(!nl_open(&nl));
	cert_new_root(&root, test_key(0));
	cert_issue(&own, &root, test_key(0), PEERGROUP_ROLE_MEMBER);
	cert_issue(&flooder, &root, test_key(1), PEERGROUP_ROLE_MEMBER);
	group = group_of(&nl, &root, &own);
	group_online(&nl, group, &own, PORT);
	fill_table();
	return tap_main(tests, sizeof(tests) / sizeof(tests[0]));
}
