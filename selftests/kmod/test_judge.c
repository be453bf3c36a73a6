// SPDX-License-Identifier: GPL-2.0-only
/*
 * An administrator that revokes without end: what that makes a host do is a small part of
 * its time, as each judgement of all members is followed by a pause ten times as long. The
 * host's administrator does not wait for that, and another user of the host not the first time.
 * Nor does the group stand still while programs are told.
 */
#include <endian.h>
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/param.h>
#include <sys/socket.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include "group.h"
#include "peer.h"
#include "tap.h"

#define PORT	3587
#define MANY	(64U << 10)	/* revocations, unless a judgement is slow before that */
#define ROUND	1024U		/* of them under one signature */
#define SLOW	0.003		/* seconds: ten times that is more than the tick of a clock */
#define AFTER	8		/* and some more that each want a judgement at once */
#define PLENTY	8192U	/* records of one who is revoked */
#define TRIES	4
#define NOBODY	65534
#define TRACING	"/sys/kernel/tracing/"
#define S(name)	PEERGROUP_A_STATS_##name

static struct nl nl;
static struct cert root, own, admin;
static uint32_t group;

/* ------------------------------------------------------------ what is traced -- */

static bool tracing_set(const char *file, const char *text)
{
	FILE *f = fopen(file, "w");
	bool done = f && fputs(text, f) >= 0;

	return f && !fclose(f) && done;
}

/* Judgements of the group, in order. */
struct judged {
	double at;	/* when it was over */
	double took;
};

/* Reads the line of one: "... 12.345678: pg_judged: group=1 count=2 ns=3". */
static bool judged_parse(char *line, struct judged *j)
{
	char *event = strstr(line, ": pg_judged: "), *ns;
	char *at = event;

	ns = event ? strstr(event, " ns=") : NULL;
	if (!ns)
		return false;
	while (at > line && at[-1] != ' ')
		at--;
	j->at = strtod(at, NULL);
	j->took = strtod(ns + 4, NULL) / 1e9;
	return true;
}

static unsigned int judged_all(struct judged *j, unsigned int room)
{
	FILE *f = fopen(TRACING "trace", "r");
	unsigned int n = 0;
	char line[512];

	NEED(f);
	while (n < room && fgets(line, sizeof(line), f))
		n += judged_parse(line, &j[n]);
	fclose(f);
	return n;
}

/* ----------------------------------------------------------------- flooding -- */

/* Of members that nobody has heard of. */
static void revoke_some(struct rec *rec, struct peergroup_revocation *body, unsigned int n)
{
	struct rec *list[ROUND];
	unsigned int i;

	for (i = 0; i < n; i++) {
		memset(&body[i], 0, sizeof(body[i]));
		NEED(RAND_bytes(body[i].key, sizeof(body[i].key)) > 0);
		rec_revocation(&rec[i], &admin, &body[i]);
		list[i] = &rec[i];
	}
	rec_sign_batch(list, n, &admin);
}

static void revoke_by_link(struct peer *p, unsigned int number)
{
	static struct peergroup_revocation body[ROUND];
	static struct rec rec[ROUND];
	uint64_t added = nl_stat(&nl, group, S(ADDED));
	unsigned int i;

	revoke_some(rec, body, number);
	for (i = 0; i < number; i++) {
		peer_send(p, PG_MSG_RECORD, rec[i].wire, rec[i].len);
		rec_free(&rec[i]);
	}
	NEED(wait_stat(&nl, group, S(ADDED), added + number));
}

/* Acknowledged as soon as it holds. */
static void revoke_here(struct nl *by)
{
	struct peergroup_revocation body;
	struct rec rec;

	revoke_some(&rec, &body, 1);
	NEED(!nl_put_record(by, group, rec.wire, rec.len));
	rec_free(&rec);
}

/*
 * Until each judgement takes long enough for its pause to be told from none: twice as long, as
 * what is slow on a busy machine is not when it has less to do.
 */
static void revoke_until_slow(struct peer *p)
{
	static struct judged j[1024];
	unsigned int sent, n, i;
	double least = 0;

	for (sent = 0; sent < MANY && least < 2 * SLOW; sent += ROUND) {
		revoke_by_link(p, ROUND);
		for (i = 0; i < 3; i++)
			revoke_here(&nl);
		n = judged_all(j, 1024);
		NEED(n >= 3 && n < 1024);
		for (least = j[n - 1].took, i = 2; i <= 3; i++)
			least = MIN(least, j[n - i].took);
	}
	printf("# %u revocations are judged in %.1f ms\n", sent, least * 1e3);
	CHECK(least >= 2 * SLOW);
}

static struct judged all[2048];

static bool judged_again(void *arg)
{
	return judged_all(all, 2048) > *(const unsigned int *)arg;
}

/* None of @all comes, from the one after @first on, before the pause of the last is over. */
static void check_pauses(unsigned int first, unsigned int n)
{
	unsigned int i, slow = 0;

	NEED(n < 2048);
	for (i = first; i + 1 < n; i++) {
		if (all[i].took < SLOW)
			continue;
		slow++;
		/* Half, as ticks and what read the clock differ. */
		CHECK(all[i + 1].at - all[i].at >= all[i].took * 5,
		      "%.1f ms, and %.1f ms later again", all[i].took * 1e3,
		      (all[i + 1].at - all[i].at) * 1e3);
	}
	/* How many is a matter of how busy the machine is, but one shows it. */
	CHECK(slow >= 1, "%u of %u judgements took long", slow, n);
}

static void test_pause(void)
{
	unsigned int n, before;
	struct peer p;

	if (!tracing_set(TRACING "events/peergroup/pg_judged/enable", "1")) {
		tap_skip = "no tracepoints";
		return;
	}
	NEED(tracing_set(TRACING "trace", ""));
	peer_link(&p, PORT, &admin);
	revoke_until_slow(&p);
	before = judged_all(all, 2048);
	for (n = before; n < before + AFTER; n = judged_all(all, 2048)) {
		revoke_by_link(&p, 1);
		NEED(wait_until(judged_again, &n));
	}
	peer_close(&p);
	check_pauses(before - 1, n);
	tracing_set(TRACING "events/peergroup/pg_judged/enable", "0");
}

static void let_users_write(void)
{
	struct nlmsghdr *msg = nl_begin(&nl, PEERGROUP_CMD_GROUP_SET, 0);

	mnl_attr_put_u32(msg, PEERGROUP_A_GROUP_INDEX, group);
	mnl_attr_put_u32(msg, PEERGROUP_A_GROUP_MODE, 0666);
	NEED(!nl_talk(&nl, msg, NULL, NULL));
}

/* Records of a member that is revoked next: to take them out is what takes long. */
static void bring_many(struct peer *p, const struct cert *by)
{
	static struct rec rec[ROUND];
	struct rec *list[ROUND];
	uint64_t added;
	unsigned int i, n;

	for (n = 0; n < PLENTY; n += ROUND) {
		added = nl_stat(&nl, group, S(ADDED));
		for (i = 0; i < ROUND; i++) {
			list[i] = &rec[i];
			rec_new(list[i], by, "void", 4);
		}
		rec_sign_batch(list, ROUND, by);
		for (i = 0; i < ROUND; i++) {
			peer_send(p, PG_MSG_RECORD, rec[i].wire, rec[i].len);
			rec_free(&rec[i]);
		}
		NEED(wait_stat(&nl, group, S(ADDED), added + ROUND));
	}
}

/* Of a member that has published much. */
static void revoke_busy(struct rec *rec)
{
	struct peergroup_revocation body = { .flags = htobe32(PEERGROUP_REVOKE_WITHDRAW) };
	static struct cert busy;
	struct peer p;

	cert_issue(&busy, &root, EVP_RSA_gen(2048), PEERGROUP_ROLE_MEMBER);
	peer_link(&p, PORT, &busy);
	bring_many(&p, &busy);
	peer_close(&p);
	cert_spki_hash(busy.spec.key, body.key);
	rec_revocation(rec, &admin, &body);
	rec_sign(rec, &admin);
	EVP_PKEY_free(busy.spec.key);
}

/* Before all else that may run, as soon as what it waits for is there; or as others. */
static void go_first(bool first)
{
	const struct sched_param p = { .sched_priority = first };

	NEED(!sched_setscheduler(0, first ? SCHED_FIFO : SCHED_OTHER, &p));
}

/*
 * A user's revocation right behind that. Return: whether it was acknowledged before all that
 * was over, and so without a judgement.
 */
static bool revoke_amid(struct nl *by)
{
	uint64_t withdrawn = nl_stat(&nl, group, S(WITHDRAWN));
	struct peergroup_revocation nobody;
	struct rec first, second;
	bool amid;

	revoke_busy(&first);
	revoke_some(&second, &nobody, 1);
	go_first(true);
	NEED(!nl_put_record(&nl, group, first.wire, first.len));
	NEED(!seteuid(NOBODY) && !nl_put_record(by, group, second.wire, second.len) && !seteuid(0));
	amid = nl_stat(&nl, group, S(WITHDRAWN)) < withdrawn + PLENTY;
	go_first(false);
	NEED(wait_stat(&nl, group, S(WITHDRAWN), withdrawn + PLENTY));
	rec_free(&first);
	rec_free(&second);
	return amid;
}

/*
 * How long the pause will be is not known while what a judgement brought is not over: a user's
 * next one is not brought forward then. Again, where that was over too soon. The first test, as
 * a judgement that takes long brings a pause in any case.
 */
static void test_amid(void)
{
	unsigned int i;
	struct peer p;
	struct nl by;

	let_users_write();
	NEED(!seteuid(NOBODY) && !nl_open(&by) && !seteuid(0));
	peer_link(&p, PORT, &admin);
	for (i = 0; i < TRIES && !revoke_amid(&by); i++)
		;
	CHECK(i < TRIES, "each time it waited for its judgement");
	peer_close(&p);
	nl_close(&by);
}

/* The first one is not kept waiting by what came before, those after it by one another. */
static void test_user(void)
{
	unsigned int before, n;
	struct nl by;

	if (!tracing_set(TRACING "events/peergroup/pg_judged/enable", "1")) {
		tap_skip = "no tracepoints";
		return;
	}
	let_users_write();
	before = judged_all(all, 2048);
	NEED(!seteuid(NOBODY) && !nl_open(&by) && !seteuid(0));
	for (n = before; n < before + AFTER; n = judged_all(all, 2048)) {
		NEED(!seteuid(NOBODY));
		revoke_here(&by);
		NEED(!seteuid(0) && wait_until(judged_again, &n));
	}
	check_pauses(before, n);
	nl_close(&by);
	tracing_set(TRACING "events/peergroup/pg_judged/enable", "0");
}

/* ------------------------------------------------------------- what is told -- */

#define WATCHES	255U	/* that nobody reads: a few members are as many events as are sent at a time */
#define BELOW	120U	/* members below who is revoked */

static struct cert below[BELOW];

struct told {
	uint64_t cut[BELOW];	/* as told last */
	unsigned int events;
};

static void told_one(const struct nlmsghdr *msg, struct told *told)
{
	const struct genlmsghdr *genl = mnl_nlmsg_get_payload(msg);
	const struct nlattr *attr, *name = NULL, *cut = NULL;
	unsigned int i;

	if (genl->cmd != PEERGROUP_CMD_MEMBER_NTF)
		return;
	mnl_attr_for_each(attr, msg, sizeof(*genl)) {
		if (mnl_attr_get_type(attr) == PEERGROUP_A_MEMBER_FINGERPRINT)
			name = attr;
		if (mnl_attr_get_type(attr) == PEERGROUP_A_MEMBER_REVOKED)
			cut = attr;
	}
	NEED(name && cut);
	for (i = 0; i < BELOW; i++)
		if (!memcmp(mnl_attr_get_payload(name), below[i].fingerprint,
			    PEERGROUP_HASH_LEN)) {
			told->cut[i] = mnl_attr_get_u64(cut);
			told->events++;
		}
}

/* Takes in what is there for @by. */
static void hear(struct nl *by, struct told *told)
{
	static char buf[32768] __attribute__((aligned(8)));
	const struct nlmsghdr *msg;
	ssize_t n;
	int len;

	while ((n = recv(mnl_socket_get_fd(by->sock), buf, sizeof(buf), MSG_DONTWAIT)) > 0)
		for (len = (int)n, msg = (void *)buf; mnl_nlmsg_ok(msg, len);
		     msg = mnl_nlmsg_next(msg, &len))
			told_one(msg, told);
	NEED(errno == EAGAIN);
}

struct hearing {
	struct nl *by;
	struct told *told;
	uint64_t cut;
};

static bool all_told(void *arg)
{
	const struct hearing *h = arg;
	unsigned int i;

	hear(h->by, h->told);
	for (i = 0; i < BELOW; i++)
		if (h->told->cut[i] != h->cut)
			return false;
	return true;
}

/* @whom is revoked from @cut on, with all below. */
static void revoke_from(struct rec *rec, const struct cert *whom, uint64_t cut)
{
	struct peergroup_revocation body = { 0 };

	cert_spki_hash(whom->spec.key, body.key);
	rec_revocation_at(rec, &admin, &body, cut);
	rec_sign(rec, &admin);
}

/*
 * Twice, the second time before all are told of the first, or nearly. Return: whether some were
 * not told of that when it was acknowledged.
 */
static bool told_by_parts(struct nl *reader, const struct cert *top, uint64_t cut)
{
	struct told told = { .events = 0 };
	struct hearing h = { reader, &told, cut - TICKS };
	struct rec first, second;
	bool parts;

	revoke_from(&first, top, cut);
	revoke_from(&second, top, h.cut);
	go_first(true);
	NEED(!nl_put_record(&nl, group, first.wire, first.len));
	hear(reader, &told);
	parts = told.events && told.events < BELOW;
	NEED(!nl_put_record(&nl, group, second.wire, second.len));
	go_first(false);
	CHECK(wait_until(all_told, &h), "%u are told", told.events);
	rec_free(&first);
	rec_free(&second);
	return parts;
}

static void watch(struct nl *by)
{
	NEED(!nl_open(by));
	NEED(!nl_simple(by, PEERGROUP_CMD_GROUP_WATCH, PEERGROUP_A_GROUP_INDEX, group));
}

static void add_below(const struct cert *top)
{
	struct nlmsghdr *msg;
	unsigned int i;
	struct peer p;

	peer_link(&p, PORT, top);
	peer_close(&p);
	for (i = 0; i < BELOW; i++) {
		cert_issue(&below[i], top, test_key(3), PEERGROUP_ROLE_MEMBER);
		msg = nl_begin(&nl, PEERGROUP_CMD_MEMBER_ADD, 0);
		mnl_attr_put_u32(msg, PEERGROUP_A_MEMBER_GROUP, group);
		mnl_attr_put(msg, PEERGROUP_A_MEMBER_CERT, below[i].der.len, below[i].der.p);
		NEED(!nl_talk(&nl, msg, NULL, NULL));
	}
}

/*
 * What many programs are told of many members is no reason for the group to stand still: it is
 * told some at a time, behind which others have their turn; and in the end as it is then, whatever
 * has changed meanwhile. Again, where all was over too soon.
 */
static void test_told(void)
{
	static struct nl watches[WATCHES], reader;
	static struct cert top;
	/* Before test_holds(), which has revoked that key. */
	uint64_t from = peer_time_now() - 3600 * TICKS;
	unsigned int i;

	cert_issue(&top, &root, test_key(2), PEERGROUP_ROLE_ADMIN);
	add_below(&top);
	watch(&reader);
	for (i = 0; i < WATCHES; i++)
		watch(&watches[i]);
	for (i = 0; i < TRIES && !told_by_parts(&reader, &top, from - i * 60 * TICKS); i++)
		;
	CHECK(i < TRIES, "all of %u are told in one go", BELOW);
	for (i = 0; i < WATCHES; i++)
		nl_close(&watches[i]);
	nl_close(&reader);
}

/* Who revokes is not kept waiting for more than some seconds, and it holds then. */
static void test_holds(void)
{
	struct peergroup_revocation body = { 0 };
	static struct cert gone;
	uint64_t before = nl_stat(&nl, group, S(LINK_REVOKED));
	struct peer p, by;
	struct rec rec;

	cert_issue(&gone, &root, test_key(3), PEERGROUP_ROLE_MEMBER);
	peer_link(&p, PORT, &gone);
	peer_link(&by, PORT, &admin);
	revoke_by_link(&by, ROUND);
	cert_spki_hash(gone.spec.key, body.key);
	rec_revocation(&rec, &admin, &body);
	rec_sign(&rec, &admin);
	peer_send(&by, PG_MSG_RECORD, rec.wire, rec.len);
	rec_free(&rec);
	CHECK(counted_once(&nl, group, S(LINK_REVOKED), before));
	CHECK(peer_closed(&p, NULL));
	peer_close(&p);
	peer_close(&by);
}

static void test_nothing_left(void)
{
	check_nothing_left(&nl, group);
}

int main(void)
{
	static const struct tap_test tests[] = {
		{ "a user's amid what another one brings", test_amid },
		{ "one revocation after another", test_pause },
		{ "one revocation after another by a user of the host", test_user },
		{ "a revocation among many", test_holds },
		{ "many members that are revoked with one, and many programs", test_told },
		{ "nothing is left behind", test_nothing_left },
	};

	need_module();
	own_namespace();
	NEED(!nl_open(&nl));
	cert_new_root(&root, test_key(0));
	cert_issue(&own, &root, test_key(0), PEERGROUP_ROLE_MEMBER);
	cert_issue(&admin, &root, test_key(1), PEERGROUP_ROLE_ADMIN);
	group = group_of(&nl, &root, &own);
	group_online(&nl, group, &own, PORT);
	return tap_main(tests, sizeof(tests) / sizeof(tests[0]));
}
