// SPDX-License-Identifier: GPL-2.0-only
// timeout: 200
/*
 * Dumps that are narrowed by creator, type, id and times: each answer is compared
 * with what the filter means, for many random filters, and dumps by time of
 * modification miss nothing while records change it.
 */
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "group.h"
#include "tap.h"

#define RECORDS		600
#define CREATORS	2
#define TYPES		3
#define TIMES		20
#define FILTERS		400
#define MOVES		12	/* versions of each record that moves */

static struct nl nl;
static struct cert root, members[CREATORS];
static uint32_t group;
static uint64_t base;
/* The stored version of each; where @recs[i].len is 0, there is none any more. */
static struct rec recs[RECORDS];
static struct rec moves[RECORDS / 2][MOVES];

/* What a filter lets through. */
struct filter {
	int creator, type, id;		/* -1: any */
	uint64_t time[4];		/* in the order of the attributes */
	bool has_time[4];
	bool tombstones;
};

static const struct filter any = { .creator = -1, .type = -1, .id = -1 };

struct answer {
	unsigned int seen[RECORDS];
	unsigned int other;
};

/* ----------------------------------------------------------- the records -- */

static uint64_t moment(unsigned int n)
{
	return base + n * TICKS;
}

static void sign_all(struct rec *first, unsigned int n, unsigned int creator)
{
	struct rec **list = calloc(n, sizeof(*list));
	unsigned int i, count = 0;

	NEED(list);
	for (i = 0; i < n; i++)
		if (i % CREATORS == creator)
			list[count++] = &first[i];
	rec_sign_batch(list, count, &members[creator]);
	free(list);
}

static int put(struct nl *by, const struct rec *rec)
{
	int err = nl_put_record(by, group, rec->wire, rec->len);

	if (err)
		printf("# %s: %s\n", strerror(-err), by->text);
	return err;
}

static void put_all(void)
{
	unsigned int i;

	for (i = 0; i < RECORDS; i++)
		NEED(!put(&nl, &recs[i]));
}

static void make_records(void)
{
	static struct rec next[RECORDS];
	unsigned int i, c;

	base = peer_time_now() - 100 * TICKS;
	for (i = 0; i < RECORDS; i++) {
		rec_new(&recs[i], &members[i % CREATORS], "x", 1);
		recs[i].hdr.type[0] = (uint8_t)(0x40 + i % TYPES);
		recs[i].hdr.created = htobe64(moment((unsigned int)random() % TIMES));
		recs[i].hdr.modified = recs[i].hdr.created;
	}
	for (c = 0; c < CREATORS; c++)
		sign_all(recs, RECORDS, c);
	put_all();
	/* Every third changes later, every ninth goes. */
	for (i = 0; i < RECORDS; i++) {
		const struct cert *by = &members[i % CREATORS];

		if (i % 9 == 8)
			rec_tombstone(&next[i], &recs[i], by);
		else
			rec_next(&next[i], &recs[i], by, "y", 1);
		next[i].hdr.modified = htobe64(be64toh(recs[i].hdr.created) +
					       (1 + (uint64_t)random() % TIMES) * TICKS);
	}
	for (c = 0; c < CREATORS; c++)
		sign_all(next, RECORDS, c);
	for (i = 2; i < RECORDS; i += 3) {
		recs[i] = next[i];
		NEED(!put(&nl, &recs[i]));
	}
}

/* ------------------------------------------------------------- a filter -- */

static bool wanted(const struct filter *f, unsigned int i)
{
	const struct peergroup_record_hdr *hdr = &recs[i].hdr;
	uint64_t created = be64toh(hdr->created), modified = be64toh(hdr->modified);

	return (f->creator < 0 || i % CREATORS == (unsigned int)f->creator) &&
	       (f->type < 0 || hdr->type[0] == 0x40 + f->type) &&
	       (f->id < 0 || i == (unsigned int)f->id) &&
	       (f->tombstones || !(be32toh(hdr->flags) & PEERGROUP_RECORD_DELETED)) &&
	       (!f->has_time[0] || created >= f->time[0]) &&
	       (!f->has_time[1] || created <= f->time[1]) &&
	       (!f->has_time[2] || modified >= f->time[2]) &&
	       (!f->has_time[3] || modified <= f->time[3]);
}

static void take(const struct nlmsghdr *msg, void *arg)
{
	const uint8_t *id = mnl_attr_get_payload(nl_attr(msg, PEERGROUP_A_RECORD_ID));
	struct answer *a = arg;
	unsigned int i;

	for (i = 0; i < RECORDS; i++)
		if (!memcmp(recs[i].hdr.id, id, PEERGROUP_ID_LEN))
			break;
	if (i < RECORDS)
		a->seen[i]++;
	else
		a->other++;
}

static const char *name_of(unsigned int creator)
{
	static char name[2 * 20 + 64];
	uint8_t key[PEERGROUP_HASH_LEN];
	const char *classifier = members[creator].spec.classifier;
	unsigned int i;
	char *p = name;

	cert_spki_hash(members[creator].spec.key, key);
	for (i = 0; i < 20; i++)
		p += sprintf(p, "%02x", key[i]);
	if (classifier)
		snprintf(p, 64, ".%s", classifier);
	return name;
}

static int ask_each(const struct filter *f, nl_each each, void *arg)
{
	struct nlmsghdr *msg = nl_begin(&nl, PEERGROUP_CMD_RECORD_GET, NLM_F_DUMP);
	uint8_t type[PEERGROUP_ID_LEN];
	uint16_t i;

	mnl_attr_put_u32(msg, PEERGROUP_A_RECORD_GROUP, group);
	mnl_attr_put(msg, PEERGROUP_A_RECORD_BRIEF, 0, NULL);
	if (f->tombstones)
		mnl_attr_put(msg, PEERGROUP_A_RECORD_TOMBSTONES, 0, NULL);
	if (f->creator >= 0)
		mnl_attr_put_strz(msg, PEERGROUP_A_RECORD_CREATOR,
				  name_of((unsigned int)f->creator));
	if (f->type >= 0) {
		memcpy(type, test_type, sizeof(type));
		type[0] = (uint8_t)(0x40 + f->type);
		mnl_attr_put(msg, PEERGROUP_A_RECORD_TYPE, sizeof(type), type);
	}
	if (f->id >= 0)
		mnl_attr_put(msg, PEERGROUP_A_RECORD_ID, PEERGROUP_ID_LEN,
			     recs[f->id].hdr.id);
	for (i = 0; i < 4; i++)
		if (f->has_time[i])
			mnl_attr_put_u64(msg, PEERGROUP_A_RECORD_CREATED_FROM + i, f->time[i]);
	return nl_talk(&nl, msg, each, arg);
}

/* Asks, and compares with what is meant. */
static unsigned int compare(const struct filter *f)
{
	unsigned int i, n = 0, wrong = 0;
	struct answer a = { 0 };
	int err = ask_each(f, take, &a);

	CHECK(!err, "%s: %s", strerror(-err), nl.text);
	for (i = 0; i < RECORDS; i++) {
		wrong += a.seen[i] != wanted(f, i);
		n += a.seen[i];
	}
	CHECK(!wrong && !a.other, "creator %d, type %d, id %d, times %d%d%d%d: %u wrong, %u strange",
	      f->creator, f->type, f->id, f->has_time[0], f->has_time[1], f->has_time[2],
	      f->has_time[3], wrong, a.other);
	return n;
}

/* ----------------------------------------------------------------- tests -- */

static void test_single(void)
{
	struct filter f = any;
	unsigned int all = compare(&f), i;

	CHECK(all == RECORDS - RECORDS / 9, "%u", all);
	f.tombstones = true;
	CHECK(compare(&f) == RECORDS);
	for (i = 0; i < TYPES; i++) {
		f = any;
		f.type = (int)i;
		CHECK(compare(&f) > 0);
		f.creator = (int)(i % CREATORS);
		CHECK(compare(&f) > 0);
		f.type = -1;
		CHECK(compare(&f) > 0);
	}
	for (i = 0; i < 4; i++) {
		f = any;
		f.has_time[i] = true;
		f.time[i] = moment(TIMES / 2);
		CHECK(compare(&f) > 0 && compare(&f) < all);
		f.time[i] = i % 2 ? UINT64_MAX : 0;
		CHECK(compare(&f) == all);
		f.time[i] = i % 2 ? 0 : UINT64_MAX;
		CHECK(compare(&f) == 0);
	}
	f = any;
	f.id = 5;
	CHECK(compare(&f) == 1);
	f.creator = 0;
	CHECK(compare(&f) == 0, "of another creator");
}

static int one_of(unsigned int n)
{
	return random() % 2 ? -1 : (int)((unsigned int)random() % n);
}

static void test_random(void)
{
	unsigned int n, i, some = 0;
	struct filter f;

	for (n = 0; n < FILTERS; n++) {
		f = any;
		f.creator = one_of(CREATORS);
		f.type = one_of(TYPES);
		f.tombstones = random() % 4 == 0;
		for (i = 0; i < 4; i++) {
			f.has_time[i] = random() % 2;
			/* On a moment, just before, just behind. */
			f.time[i] = moment((unsigned int)random() % (2 * TIMES)) +
				    (uint64_t)random() % 3 - 1;
		}
		some += compare(&f) > 0;
	}
	printf("# %u of %u filters let something through\n", some, FILTERS);
	CHECK(some > FILTERS / 10);
}

static int refused(uint16_t type, const char *text, bool since)
{
	struct nlmsghdr *msg = nl_begin(&nl, PEERGROUP_CMD_RECORD_GET, NLM_F_DUMP);
	struct answer a;

	mnl_attr_put_u32(msg, PEERGROUP_A_RECORD_GROUP, group);
	if (text)
		mnl_attr_put_strz(msg, type, text);
	else
		mnl_attr_put_u64(msg, type, 1);
	if (since)
		mnl_attr_put_u64(msg, PEERGROUP_A_RECORD_SINCE, 0);
	memset(&a, 0, sizeof(a));
	return nl_talk(&nl, msg, take, &a);
}

static void test_refusals(void)
{
	static const char *const names[] = {
		"", "x", "0123456789012345678901234567890123456789x",
		"012345678901234567890123456789012345678",
		"012345678901234567890123456789012345678A.c",
		"01234567890123456789012345678901234567 9",
	};
	char longest[PEERGROUP_NAME_LEN_MAX + 2];
	unsigned int i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		CHECK(refused(PEERGROUP_A_RECORD_CREATOR, names[i], false) == -EINVAL, "%s",
		      names[i]);
		CHECK(strstr(nl.text, "peer name"), "%s", nl.text);
	}
	memset(longest, '0', sizeof(longest));
	longest[40] = '.';
	longest[sizeof(longest) - 1] = 0;
	CHECK(refused(PEERGROUP_A_RECORD_CREATOR, longest, false) == -EINVAL, "%s", nl.text);
	longest[sizeof(longest) - 2] = 0;
	CHECK(!refused(PEERGROUP_A_RECORD_CREATOR, longest, false), "nobody's");
	CHECK(refused(PEERGROUP_A_RECORD_CREATOR, longest, true) == -EINVAL);
	for (i = 0; i < 4; i++) {
		CHECK(refused((uint16_t)(PEERGROUP_A_RECORD_CREATED_FROM + i), NULL, true) ==
		      -EINVAL);
		CHECK(strstr(nl.text, "SINCE"), "%s", nl.text);
	}
}

/* --------------------------------------------------------- what moves -- */

/* Half of the records, to and fro between early and late. */
static void make_moves(void)
{
	unsigned int i, v, c;

	for (v = 0; v < MOVES; v++)
		for (i = 0; i < RECORDS / 2; i++) {
			const struct rec *before = v ? &moves[i][v - 1] : &recs[i];

			rec_next(&moves[i][v], before, &members[i % CREATORS], "z", 1);
			moves[i][v].hdr.flags = 0;
			moves[i][v].hdr.modified = htobe64(moment(v % 2 ? 41 : 60) + i);
		}
	for (c = 0; c < CREATORS; c++)
		for (i = c; i < RECORDS / 2; i += CREATORS) {
			struct rec *list[MOVES];

			for (v = 0; v < MOVES; v++)
				list[v] = &moves[i][v];
			rec_sign_batch(list, MOVES, &members[c]);
		}
}

/* Moves while a dump is under way: the kernel fills a buffer, and here some of it change. */
struct moving {
	struct answer a;
	struct nl *by;
	unsigned int told, moved;
};

static void take_and_move(const struct nlmsghdr *msg, void *arg)
{
	struct moving *m = arg;
	unsigned int i, n = m->moved / (RECORDS / 2);

	take(msg, &m->a);
	if (m->told++ % 5 || n == MOVES)
		return;
	i = m->moved++ % (RECORDS / 2);
	if (put(m->by, &moves[i][n]))
		m->a.other++;
}

static void test_moving(void)
{
	unsigned int i, rounds = 0, missed = 0, twice = 0, again = 0;
	static struct nl other;
	struct moving m = { .by = &other };
	struct filter f = any;

	make_moves();
	NEED(!nl_open(&other));
	for (; m.moved < RECORDS / 2; m.moved++)
		NEED(!put(&other, &moves[m.moved][0]));
	/* This leaves a few out, so by this order it is searched. */
	f.has_time[2] = true;
	f.time[2] = moment(1);
	f.tombstones = true;
	while (m.moved < MOVES * RECORDS / 2) {
		memset(&m.a, 0, sizeof(m.a));
		NEED(!ask_each(&f, take_and_move, &m));
		CHECK(!m.a.other);
		for (i = 0; i < RECORDS; i++) {
			missed += !m.a.seen[i] && (i < RECORDS / 2 || wanted(&f, i));
			twice += i >= RECORDS / 2 && m.a.seen[i] > 1;
			again += m.a.seen[i] > 1;
		}
		rounds++;
	}
	nl_close(&other);
	printf("# %u dumps, %u records told again\n", rounds, again);
	CHECK(!missed, "%u missed", missed);
	CHECK(!twice, "%u told twice that did not move", twice);
	CHECK(rounds > 1 && again);
	for (i = 0; i < RECORDS / 2; i++)
		recs[i] = moves[i][MOVES - 1];
	f = any;
	compare(&f);
	f.has_time[2] = true;
	f.time[2] = moment(41);
	CHECK(compare(&f) == RECORDS / 2);
}

/* Nothing of the orders is left behind when the records go. */
static void test_ends(void)
{
	NEED(!nl_simple(&nl, PEERGROUP_CMD_GROUP_CLOSE, PEERGROUP_A_GROUP_INDEX, group));
	CHECK(wait_slab("pg_record", 0), "%lu records", slab_objects("pg_record"));
	CHECK(no_leaks());
}

int main(void)
{
	static const struct tap_test tests[] = {
		{ "one filter at a time", test_single },
		{ "random filters", test_random },
		{ "what is refused", test_refusals },
		{ "records that move while they are searched", test_moving },
		{ "the end", test_ends },
	};
	struct chain chain = { .cert = { &members[0].der, &members[1].der }, .n = 2 };

	need_module();
	own_namespace();
	NEED(!nl_open(&nl));
	cert_new_root(&root, test_key(0));
	cert_issue(&members[0], &root, test_key(1), PEERGROUP_ROLE_ADMIN);
	cert_issue(&members[1], &members[0], test_key(2), PEERGROUP_ROLE_MEMBER);
	NEED(!group_open(&nl, &root.der, &chain, &group));
	make_records();
	return tap_main(tests, sizeof(tests) / sizeof(tests[0]));
}
