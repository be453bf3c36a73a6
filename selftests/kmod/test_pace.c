// SPDX-License-Identifier: GPL-2.0-only
/*
 * How fast one link may be: records, proofs of membership, and small questions with
 * long answers each have a rate, above which the link is read more slowly and nothing
 * is lost. Who asks and does not take the answers has no link for long.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include "group.h"
#include "peer.h"
#include "tap.h"

#define PORT	3587
#define RECORDS	200		/* in the table: a question for part of it has a long answer */
#define RATE	4		/* a second; ten seconds' worth at once, and a second's more */
#define TOO_MANY	(10 * RATE + RATE)
#define S(name)	PEERGROUP_A_STATS_##name
#define L(name)	PEERGROUP_A_LIMIT_##name

static struct nl nl;
static struct cert root, own, flooder;
static uint32_t group;

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
	struct chain chain = { .cert = { &flooder.der }, .n = 1 };
	uint64_t before = nl_stat(&nl, group, S(LINK_PACED));
	struct peer p;
	double start;
	int i;

	NEED(!group_limit(&nl, group, L(PROOF_RATE), RATE));
	peer_link(&p, PORT, &flooder);
	start = seconds_now();
	for (i = 0; i < TOO_MANY; i++)
		peer_gmc(&p, &chain);
	CHECK(peer_alive(&p));
	check_paced("chains", start, before);
	peer_close(&p);
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
	double start;
	struct peer p;
	uint32_t i;

	peer_link(&p, PORT, &flooder);
	start = seconds_now();
	for (i = 0; i < TOO_MANY; i++)
		ask(&p, kind, i);
	CHECK(peer_alive(&p), "%s: the link ends", what);
	check_paced(what, start, before);
	peer_close(&p);
}

/* A question about sixteen ranges is as four. */
static void test_ranges(void)
{
	uint64_t before = nl_stat(&nl, group, S(LINK_PACED));
	double start;
	struct peer p;
	int i;

	NEED(!group_limit(&nl, group, L(SYNC_RATE), RATE));
	peer_link(&p, PORT, &flooder);
	start = seconds_now();
	for (i = 0; i < TOO_MANY; i += 4)
		ask_for_all(&p, 16);
	CHECK(peer_alive(&p), "the link ends");
	check_paced("SYNC of 16 ranges", start, before);
	peer_close(&p);
	NEED(!group_limit(&nl, group, L(SYNC_RATE), 0));
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
	NEED(!nl_simple(&nl, PEERGROUP_CMD_GROUP_DESTROY, PEERGROUP_A_GROUP_INDEX, group));
	CHECK(wait_slab("pg_record", 0));
	CHECK(no_leaks());
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
