// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reconciliation: both hosts come to the union, and no record crosses in vain.
 */
// timeout: 900
#include "reconcile_pair.h"

static void test_equal(void)
{
	static const size_t sizes[] = { 0, 1, 64, 65, 100000 };

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct fake *a = fake_new(), *b = fake_new();
		struct pair *p = pair_new(a, b, 1);

		add_both(a, b, sizes[i]);
		CHECK(run(p) == 0);
		CHECK(p->syncs == 1 && p->replies == 1 && !p->wants && !p->records);
		CHECK(p->bytes == sizeof(struct pg_sync_query) + sizeof(struct pg_sync_answer));
		pair_free(p);
		fake_free(a);
		fake_free(b);
		pool_drop();
	}
}

static void test_disjoint(void)
{
	static const size_t sizes[][2] = {
		{ 0, 1 }, { 1, 0 }, { 1, 1 }, { 0, 64 }, { 64, 65 }, { 65, 0 }, { 1, 3000 },
		{ 3000, 1 }, { 5000, 5000 }, { 0, 100000 }, { 100000, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct fake *a = fake_new(), *b = fake_new();
		char what[64];
		size_t k;

		for (k = 0; k < sizes[i][0]; k++)
			fake_add(a, record(NULL, 1, 1));
		for (k = 0; k < sizes[i][1]; k++)
			fake_add(b, record(NULL, 1, 1));
		snprintf(what, sizeof(what), "disjoint %zu, %zu", sizes[i][0], sizes[i][1]);
		expect(a, b, 1 + below(200), what);
		fake_free(a);
		fake_free(b);
		pool_drop();
	}
}

/* As run(), but what comes for the leader's table waits for the end, which spares sorting. */
static int run_late(struct pair *p)
{
	struct fake *late = fake_new();
	int ret = pg_sync_start(&p->sync);
	size_t i;

	while (!ret && !tap_bad) {
		while (p->to_b.head < p->to_b.n)
			serve_b(p);
		if (p->to_a.head == p->to_a.n)
			ret = pg_sync_continue(&p->sync);
		for (; !ret && p->to_a.head < p->to_a.n; p->to_a.head++) {
			struct msg *m = &p->to_a.m[p->to_a.head];

			if (m->type == PG_MSG_RECORD)
				fake_add(late, m->r);
			else
				ret = take_a(p, m);
			free(m->body);
		}
	}
	while (p->to_b.head < p->to_b.n)
		serve_b(p);
	for (i = 0; i < late->n; i++)
		fake_add(p->a, late->r[i]);
	fake_free(late);
	return ret;
}

/* Records of two ends that have nothing in common; to the end of a run that is whole. */
static void check_ranges(size_t leader, size_t answerer)
{
	size_t both = leader + answerer;
	struct fake *a = fake_new(), *b = fake_new();
	struct pair *p = pair_new(a, b, 100000);

	while (leader--)
		fake_add(a, record(NULL, 1, 1));
	while (answerer--)
		fake_add(b, record(NULL, 1, 1));
	CHECK(run_late(p) == 1 && !p->sync.cut, "it was cut short");
	CHECK(same(a, b) && a->n == both, "%zu and %zu of %zu", a->n, b->n, both);
	/* As reconcile.c says of all that there is in the end. */
	CHECK(p->sync.ranges <= 1 + both * 263 / 1000, "%u ranges", p->sync.ranges);
	printf("# %zu records in the end: %u ranges, %zu SYNC\n", both, p->sync.ranges, p->syncs);
	pair_free(p);
	fake_free(a);
	fake_free(b);
	pool_drop();
}

/* Large tables, as different as can be; and the last to be split have one more than a list. */
static void test_ranges(void)
{
	check_ranges(100000, 100000);
	check_ranges(1000, 100000);
	check_ranges(100000, 1000);
	check_ranges(0, (PG_SYNC_LEAF + 1) * 16 * 16);
	check_ranges((PG_SYNC_LEAF + 1) * 16, (PG_SYNC_LEAF + 1) * 16 * 16);
}

static void test_differ(void)
{
	static const size_t diffs[] = { 1, 10, 100, 1000 };

	for (size_t i = 0; i < 2 * ARRAY_SIZE(diffs); i++) {
		struct fake *a = fake_new(), *b = fake_new();
		size_t n = diffs[i / 2], k;
		char what[64];

		add_both(a, b, 100000);
		for (k = 0; k < n; k++)
			fake_add(i & 1 ? a : b, record(NULL, 1, 1));
		snprintf(what, sizeof(what), "100000 the same, %s has %zu more",
			 i & 1 ? "leader" : "answerer", n);
		expect(a, b, 64, what);
		fake_free(a);
		fake_free(b);
		pool_drop();
	}
}

/* Newer by version, by modification time, by digest; on either side. */
static void test_versions(void)
{
	for (int kind = 0; kind < 3; kind++) {
		struct fake *a = fake_new(), *b = fake_new();
		char what[64];

		add_both(a, b, 10000);
		settle(a);
		for (int k = 0; k < 300; k++) {
			struct pg_record *was = a->r[below(10000)];

			fake_add(below(2) ? a : b,
				 record(was->rec.id, was->rec.version + (kind == 0),
					was->rec.modified + (kind == 1)));
		}
		snprintf(what, sizeof(what), "newer by %s",
			 kind == 0 ? "version" : kind == 1 ? "time" : "digest");
		expect(a, b, 5, what);
		fake_free(a);
		fake_free(b);
		pool_drop();
	}
}

/* Ids that share all but their last bytes, the lowest and the highest of all among them. */
static void test_dense(void)
{
	struct fake *a = fake_new(), *b = fake_new();
	u8 id[PEERGROUP_ID_LEN];

	for (int k = 0; k < 4000; k++) {
		memset(id, k & 1 ? 0xff : 0, sizeof(id));
		put_unaligned_be16(k & 1 ? 0xffff - k / 2 : k / 2, id + 14);
		fake_add(below(2) ? a : b, record(id, 1, 1));
	}
	expect(a, b, 3, "dense");
	fake_free(a);
	fake_free(b);
	pool_drop();
}

static void test_random(void)
{
	const char *all = getenv("PG_LONG");

	for (int trial = 0; trial < (all && *all ? 10000 : 400) && !tap_bad; trial++) {
		struct fake *a = fake_new(), *b = fake_new();
		u32 most = trial % 100 ? 100 : 2000, versions = 1 + below(3);
		unsigned int spread = below(8);

		add_both(a, b, below(most));
		random_records(a, below(most), spread, versions);
		random_records(b, below(most), spread, versions);
		expect(a, b, 1 + below(20), "-random");
		fake_free(a);
		fake_free(b);
		pool_drop();
	}
}

/* Records that come from elsewhere meanwhile; the run after that settles all. */
static void test_moving(void)
{
	for (int trial = 0; trial < 500 && !tap_bad; trial++) {
		struct fake *a = fake_new(), *b = fake_new();
		struct pair *p = pair_new(a, b, 1 + below(9));
		unsigned int spread = below(8);
		int ret;

		random_records(a, below(500), spread, 2);
		random_records(b, below(500), spread, 2);
		ret = pg_sync_start(&p->sync);
		while (!ret) {
			bool first = p->to_a.head < p->to_a.n;

			if (!below(4))
				random_records(below(2) ? a : b, below(9), spread, 3);
			if (first && below(2))
				ret = serve_a(p);
			else if (p->to_b.head < p->to_b.n)
				serve_b(p);
			else
				ret = first ? serve_a(p) : pg_sync_continue(&p->sync);
		}
		CHECK(ret == 1, "%d", ret);
		CHECK(run(p) == 0);
		CHECK(same(a, b));
		pair_free(p);
		fake_free(a);
		fake_free(b);
		pool_drop();
	}
}

/* A start during a run is a second run, and only one. */
static void test_again(void)
{
	struct fake *a = fake_new(), *b = fake_new();
	struct pair *p = pair_new(a, b, 100);

	add_both(a, b, 5);
	CHECK(!pg_sync_start(&p->sync));
	CHECK(!pg_sync_start(&p->sync));
	CHECK(p->syncs == 1);
	serve_b(p);
	CHECK(serve_a(p) == 0);
	CHECK(p->syncs == 2);
	serve_b(p);
	CHECK(serve_a(p) == 1);
	CHECK(pg_sync_continue(&p->sync) == 0);
	CHECK(p->sync.phase == PG_SYNC_IDLE);
	pair_free(p);
	fake_free(a);
	fake_free(b);
	pool_drop();
}

int main(void)
{
	static const struct tap_test tests[] = {
		{ "equal tables: one SYNC, one reply", test_equal },
		{ "disjoint tables", test_disjoint },
		{ "as many ranges as there can be", test_ranges },
		{ "few differences in many", test_differ },
		{ "newer versions on either side", test_versions },
		{ "dense ids at both ends", test_dense },
		{ "random tables come to the union", test_random },
		{ "tables that change meanwhile", test_moving },
		{ "start during a run", test_again },
	};
	int ret = tap_main(tests, ARRAY_SIZE(tests));

	free(pool);
	return ret;
}
