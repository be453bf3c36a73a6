// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reconciliation with an end that sends what is wrong, or right at the wrong
 * time: refused, without a read out of bounds and without growing.
 */
#include "reconcile_pair.h"

static void test_unsolicited(void)
{
	static const u8 equal[] = { PG_SYNC_EQUAL, 0 };
	struct fake *a = fake_new(), *b = fake_new();
	struct pair *p = pair_new(a, b, 100);
	u32 token;

	CHECK(pg_sync_reply(&p->sync, equal, sizeof(equal)) == -EPROTO);
	CHECK(pg_sync_want_done(&p->sync, 0) == -EPROTO);
	fake_add(b, record(NULL, 1, 1));
	CHECK(!pg_sync_start(&p->sync));
	CHECK(pg_sync_want_done(&p->sync, 0) == -EPROTO);
	CHECK(pg_sync_reply(&p->sync, equal, sizeof(equal)) == -EPROTO, "after the error");
	queue_drop(&p->to_b);
	CHECK(!pg_sync_start(&p->sync));
	token = p->sync.token;
	serve_b(p);
	CHECK(serve_a(p) == 0);
	CHECK(p->sync.phase == PG_SYNC_WANTING && p->sync.token == token + 1);
	CHECK(pg_sync_reply(&p->sync, equal, sizeof(equal)) == -EPROTO, "second reply");
	CHECK(pg_sync_want_done(&p->sync, p->sync.token) == -EPROTO);
	pair_free(p);
	fake_free(a);
	fake_free(b);
	pool_drop();
}

static struct pg_sync_range whole;

static bool valid(const void *body, size_t len)
{
	u8 *exact = malloc(len + !len);
	bool ok;

	NEED(exact);
	memcpy(exact, body, len);
	ok = pg_reply_valid(&whole, 1, exact, len);
	free(exact);
	return ok;
}

static size_t make_list(u8 *out, const u8 *ids, u8 n)
{
	struct pg_sync_entry *e = (void *)(out + 2);

	out[0] = PG_SYNC_LIST;
	out[1] = n;
	for (u8 i = 0; i < n; i++) {
		memset(&e[i], 0, sizeof(e[i]));
		e[i].id[15] = ids[i];
		e[i].version = cpu_to_be32(1);
	}
	return 2 + n * sizeof(*e);
}

static size_t make_split(u8 *out, const u8 *ids, u8 n, u32 count)
{
	struct pg_sync_part *part = (void *)(out + 2);

	out[0] = PG_SYNC_SPLIT;
	out[1] = n;
	for (u8 i = 0; i < n; i++) {
		memset(&part[i], 0, sizeof(part[i]));
		part[i].lo[15] = ids[i];
		part[i].count = cpu_to_be32(count);
	}
	return 2 + n * sizeof(*part);
}

#define LIST(...)	make_list(out, (const u8[]){ __VA_ARGS__ }, sizeof((u8[]){ __VA_ARGS__ }))
#define SPLIT(c, ...)	make_split(out, (const u8[]){ __VA_ARGS__ }, \
				   sizeof((u8[]){ __VA_ARGS__ }), c)

static void test_reply_rules(void)
{
	static u8 ids[256];
	static u8 out[65536];
	size_t len;
	int i;

	for (i = 0; i < 256; i++)
		ids[i] = i;
	whole = (struct pg_sync_range){ .lo = { [15] = 10 }, .hi = { [15] = 200 } };
	CHECK(valid(out, make_list(out, NULL, 0)));
	CHECK(valid(out, LIST(10, 11, 199)));
	CHECK(!valid(out, LIST(9, 11)), "below the range");
	CHECK(!valid(out, LIST(11, 200)), "at its end");
	CHECK(!valid(out, LIST(12, 11)), "out of order");
	CHECK(!valid(out, LIST(12, 12)), "twice");
	CHECK(valid(out, make_list(out, ids + 20, 64)));
	CHECK(!valid(out, make_list(out, ids + 20, 65)), "long");
	len = LIST(10, 11);
	((struct pg_sync_entry *)(out + 2))->version = 0;
	CHECK(!valid(out, len), "version 0");
	CHECK(valid(out, SPLIT(40, 10, 100)));
	CHECK(!valid(out, SPLIT(40, 10)), "one part");
	CHECK(!valid(out, SPLIT(40, 11, 100)), "does not begin at lo");
	CHECK(!valid(out, SPLIT(40, 10, 100, 100)), "empty part");
	CHECK(!valid(out, SPLIT(40, 10, 200)), "part beyond hi");
	CHECK(!valid(out, SPLIT(0, 10, 100)), "count 0");
	CHECK(!valid(out, SPLIT(32, 10, 100)), "to be listed");
	CHECK(valid(out, SPLIT(U32_MAX, 10, 100)));
	CHECK(valid(out, make_split(out, ids + 10, 16, 5)));
	CHECK(!valid(out, make_split(out, ids + 10, 17, 5)), "17 parts");
	CHECK(valid((u8[]){ PG_SYNC_EQUAL, 0 }, 2));
	CHECK(!valid((u8[]){ PG_SYNC_EQUAL, 1 }, 2));
	CHECK(!valid((u8[]){ 0, 0 }, 2) && !valid((u8[]){ 4, 0 }, 2));
	CHECK(!valid(out, 0) && !valid((u8[]){ PG_SYNC_EQUAL }, 1));
	CHECK(!valid((u8[]){ PG_SYNC_EQUAL, 0, 0 }, 3), "bytes left over");
	len = LIST(10, 11, 199);
	for (i = 0; i < (int)len; i++)
		CHECK(!valid(out, i), "cut at %d", i);
	len = SPLIT(40, 10, 100);
	for (i = 0; i < (int)len; i++)
		CHECK(!valid(out, i), "cut at %d", i);
	whole = (struct pg_sync_range){ };
	CHECK(valid(out, LIST(0, 255)), "no upper bound");
}

static int answer(struct fake *f, const void *q, size_t len)
{
	size_t out_len = 0;
	u8 *exact = malloc(len + !len), *out = NULL;
	int ret;

	NEED(exact);
	memcpy(exact, q, len);
	ret = pg_sync_answer(&f->table, exact, len, &out, &out_len);
	CHECK(ret == 0 || ret == -EPROTO || ret == -ENOMEM);
	CHECK(out_len <= PG_MSG_BODY_MAX && (!out || !ret));
	free(exact);
	free(out);
	return ret;
}

static void test_query_rules(void)
{
	static struct pg_sync_query q[17];
	struct fake *f = fake_new();

	for (int i = 0; i < 64; i++)
		fake_add(f, record(NULL, 1, 1));
	CHECK(answer(f, q, 0) == -EPROTO);
	CHECK(answer(f, q, sizeof(q[0]) - 1) == -EPROTO);
	CHECK(answer(f, q, sizeof(q[0]) + 1) == -EPROTO);
	CHECK(answer(f, q, sizeof(q[0])) == 0);
	CHECK(answer(f, q, 16 * sizeof(q[0])) == 0, "the longest reply");
	CHECK(answer(f, q, 17 * sizeof(q[0])) == -EPROTO);
	q[0].lo[0] = 1;
	q[0].hi[0] = 1;
	CHECK(answer(f, q, sizeof(q[0])) == -EPROTO, "empty range");
	q[0].hi[0] = 0;
	q[0].hi[1] = 1;
	CHECK(answer(f, q, sizeof(q[0])) == -EPROTO, "backward range");
	shim_allocs_left = 0;
	CHECK(answer(f, q + 1, sizeof(q[0])) == -ENOMEM);
	shim_allocs_left = -1;
	fake_free(f);
	pool_drop();
}

static size_t mutate(u8 *b, size_t len, size_t room)
{
	for (u32 n = 1 + below(3); n; n--) {
		u32 at = len ? below(len) : 0, to = len ? below(len) : 0;
		u32 k = len ? 1 + below(len) : 0;

		switch (below(7)) {
		case 0:
			if (len)
				b[at] ^= 1 << below(8);
			break;
		case 1:
			if (len)
				b[at] = rnd();
			break;
		case 2:
			len = at;
			break;
		case 3:
			if (len + 40 <= room) {
				fill(b + len, 40);
				len += 1 + below(40);
			}
			break;
		case 4:
			if (at + k <= len && to + k <= len)
				memmove(b + to, b + at, k);
			break;
		case 5:
			if (len)
				b[0] = below(5);
			break;
		case 6:
			if (len > 1)
				b[1] = below(80);
			break;
		}
	}
	return len;
}

/* Ends when the leader refuses, is done, or has been played with for long enough. */
static u32 hostile_run(struct pair *p, u32 *accepted)
{
	u32 rounds = 0;
	int ret = pg_sync_start(&p->sync);

	for (; !ret && rounds < 300; rounds++) {
		static u8 buf[PG_MSG_BODY_MAX];

		while (p->to_b.head < p->to_b.n)
			serve_b(p);
		if (p->to_a.head == p->to_a.n) {
			ret = pg_sync_continue(&p->sync);
			continue;
		}
		struct msg *m = &p->to_a.m[p->to_a.head];

		if (m->type == PG_MSG_SYNC_REPLY && !below(3)) {
			memcpy(buf, m->body, m->len);
			m->len = mutate(buf, m->len, sizeof(buf));
			free(m->body);
			m->body = malloc(m->len + 1);
			NEED(m->body);
			memcpy(m->body, buf, m->len);
		}
		ret = serve_a(p);
		check_bounds(p);
		*accepted += ret >= 0;
	}
	CHECK(ret == 0 || ret == 1 || ret == -EPROTO, "%d", ret);
	return ret == -EPROTO;
}

static void test_fuzz_reply(void)
{
	u32 refused = 0, accepted = 0;

	for (int trial = 0; trial < 20000 && !tap_bad; trial++) {
		struct fake *a = fake_new(), *b = fake_new();
		struct pair *p = pair_new(a, b, 1 + below(30));

		random_records(a, below(300), trial, 2);
		random_records(b, below(300), trial, 2);
		refused += hostile_run(p, &accepted);
		pair_free(p);
		fake_free(a);
		fake_free(b);
		pool_drop();
	}
	printf("# %u runs refused, %u messages accepted\n", refused, accepted);
	CHECK(refused > 1000 && accepted > 1000);
}

static void test_fuzz_query(void)
{
	u32 answered = 0, refused = 0;
	struct fake *f = fake_new();
	static u8 buf[2048];

	random_records(f, 3000, 6, 2);
	for (int trial = 0; trial < 200000 && !tap_bad; trial++) {
		u32 n = 1 + below(16);
		struct pg_sync_query *q = (void *)buf;

		memset(buf, 0, sizeof(buf));
		for (u32 i = 0; i < n; i++) {
			fill(q[i].lo, 2);
			if (below(2))
				fill(q[i].hi, 2);
			if (below(2))
				q[i].hi[0] |= 0xf0;
		}
		if (answer(f, buf, mutate(buf, n * sizeof(*q), sizeof(buf))))
			refused++;
		else
			answered++;
	}
	printf("# %u refused, %u answered\n", refused, answered);
	CHECK(refused > 1000 && answered > 1000);
	fake_free(f);
	pool_drop();
}

/* Splits a range, empty or not, as long as its bounds differ in their first 64 bits. */
static u8 *hostile_split(const struct pg_sync_query *q, u8 n, u32 count, u8 *out)
{
	struct pg_sync_part *part = (void *)(out + 2);
	u64 lo = get_unaligned_be64(q->lo), hi = get_unaligned_be64(q->hi) - 1;
	u64 step = (hi - lo) / n;

	if (!step) {
		out[0] = PG_SYNC_EQUAL;
		out[1] = 0;
		return out + 2;
	}
	out[0] = PG_SYNC_SPLIT;
	out[1] = n;
	memset(part, 0, n * sizeof(*part));
	for (u8 i = 0; i < n; i++) {
		put_unaligned_be64(lo + i * step, part[i].lo);
		part[i].count = cpu_to_be32(i ? count : U32_MAX);
	}
	return out + 2 + n * sizeof(*part);
}

/* To the end of the run, or no further than twice as many ranges as there may be in one. */
static u32 hostile_splits(u8 n, u32 count, u32 most)
{
	static u8 out[PG_MSG_BODY_MAX];
	struct fake *a = fake_new(), *b = fake_new();
	struct pair *p = pair_new(a, b, 100);
	u32 deepest, ranges = 0, runs = 0;
	int ret;

	a->table.limits.records = most;
	random_records(a, 20, 2, 1);
	ret = pg_sync_start(&p->sync);
	while (!ret && !tap_bad && ranges < 2 * most) {
		struct msg *m = &p->to_b.m[p->to_b.head++];
		const struct pg_sync_query *q = (void *)m->body;
		size_t asked = m->len / sizeof(*q);
		u8 *pos = out;

		runs += !memchr_inv(q, 0, sizeof(q->lo) + sizeof(q->hi));
		ranges += asked;
		for (size_t i = 0; i < asked; i++)
			pos = hostile_split(&q[i], n, count, pos);
		free(m->body);
		ret = pg_sync_reply(&p->sync, out, pos - out);
		check_bounds(p);
	}
	deepest = p->deepest;
	printf("# %u ways, %u in a part: at most %u ranges kept, %u asked about\n", n, count,
	       deepest, ranges);
	CHECK(ret == 1 && runs == 1, "%d, %u runs", ret, runs);
	CHECK(ranges >= most && ranges < most + PG_SYNC_BRANCH, "%u ranges", ranges);
	CHECK(p->sync.phase == PG_SYNC_IDLE && p->to_b.head == p->to_b.n);
	CHECK(p->sync.cut, "nobody knows that there is more to do");
	CHECK(!pg_sync_start(&p->sync) && !p->sync.cut && p->sync.ranges == 1);
	pair_free(p);
	fake_free(a);
	fake_free(b);
	pool_drop();
	return deepest;
}

/*
 * An answerer that fills the stack and then says that all is equal has had its run: what
 * found no room is left to another one, which the caller begins in its time.
 */
static void test_full_stack(void)
{
	static u8 out[PG_MSG_BODY_MAX];
	struct fake *a = fake_new(), *b = fake_new();
	struct pair *p = pair_new(a, b, 100);
	u32 rounds = 0, full = 0, runs = 0;
	int ret;

	random_records(a, 300, 2, 1);
	ret = pg_sync_start(&p->sync);
	for (; !ret && !tap_bad && rounds < 2000; rounds++) {
		struct msg *m = &p->to_b.m[p->to_b.head++];
		const struct pg_sync_query *q = (void *)m->body;
		u8 *pos = out;

		runs += !memchr_inv(q, 0, sizeof(q->lo) + sizeof(q->hi));
		for (size_t i = 0; i < m->len / sizeof(*q); i++) {
			if (full < 3) {
				pos = hostile_split(&q[i], PG_SYNC_BRANCH, 5, pos);
				continue;
			}
			*pos++ = PG_SYNC_EQUAL;
			*pos++ = 0;
		}
		free(m->body);
		full += p->deepest == PG_SYNC_STACK;
		ret = pg_sync_reply(&p->sync, out, pos - out);
		check_bounds(p);
	}
	CHECK(full >= 3);
	CHECK(ret == 1 && runs == 1, "%d, %u runs in %u replies", ret, runs, rounds);
	CHECK(p->sync.phase == PG_SYNC_IDLE && p->to_b.head == p->to_b.n);
	CHECK(p->sync.cut, "nobody knows that there is more to do");
	CHECK(!pg_sync_start(&p->sync) && !p->sync.cut);
	pair_free(p);
	fake_free(a);
	fake_free(b);
	pool_drop();
}

/*
 * An answerer that splits without end comes to the end of what a table may be asked about; with
 * parts said to be small, the stack fills up as well.
 */
static void test_endless(void)
{
	CHECK(hostile_splits(2, U32_MAX, PG_SYNC_RANGES_MIN) < PG_SYNC_STACK);
	hostile_splits(16, U32_MAX, PG_SYNC_RANGES_MIN);
	CHECK(hostile_splits(16, 1, PG_SYNC_RANGES_MIN) == PG_SYNC_STACK);
	hostile_splits(16, 1, PG_SYNC_RANGES_MIN + 1000);
}

/* A reply that has to wait and cannot be kept ends the run. */
static void test_no_memory(void)
{
	struct fake *a = fake_new(), *b = fake_new();
	struct pair *p = pair_new(a, b, 1);

	for (int i = 0; i < 10; i++)
		fake_add(a, record(NULL, 1, 1));
	CHECK(!pg_sync_start(&p->sync));
	serve_b(p);
	shim_allocs_left = 0;
	CHECK(serve_a(p) == -ENOMEM);
	shim_allocs_left = -1;
	CHECK(p->sync.phase == PG_SYNC_IDLE && pg_sync_continue(&p->sync) == 0);
	serve_b(p);
	CHECK(run(p) == 0);
	CHECK(same(a, b));
	pair_free(p);
	fake_free(a);
	fake_free(b);
	pool_drop();
}

int main(void)
{
	static const struct tap_test tests[] = {
		{ "unsolicited messages", test_unsolicited },
		{ "what a reply may hold", test_reply_rules },
		{ "what a query may hold", test_query_rules },
		{ "mutated replies", test_fuzz_reply },
		{ "mutated queries", test_fuzz_query },
		{ "endless splits", test_endless },
		{ "a stack that was filled", test_full_stack },
		{ "no memory", test_no_memory },
	};
	int ret = tap_main(tests, ARRAY_SIZE(tests));

	free(pool);
	return ret;
}
