/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Two hosts that reconcile, in one process. Their tables are sorted arrays;
 * messages wait in two queues, of which any may be served next, so that
 * records, replies and room in the send queue come in every order that a link
 * allows. A test is one file: it includes this one, and this one both halves.
 */
#include <stdlib.h>
#include "tap.h"
#include "../../kmod/reconcile.c"
#include "../../kmod/reconcile_answer.c"

/* Not every test program uses all that is here. */
#define __test	static __attribute__((unused))

/* ---------------------------------------------------------------- fake table -- */

struct fake {
	struct pg_table table;
	struct mutex lock;
	struct pg_record **r;		/* r[0] to r[sorted - 1] by id */
	struct pg_print *below;			/* below[i]: of the first i of those */
	size_t n, sorted, room;		/* r[sorted] and later came since */
};

static u64 seed = 1;

/* splitmix64: the same numbers on every host, for failures that can be repeated */
__test u64 rnd(void)
{
	u64 z = seed += 0x9e3779b97f4a7c15ULL;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

__test u32 below(u32 n)
{
	return rnd() % n;
}

__test void fill(void *p, size_t len)
{
	u8 *b = p;

	while (len--)
		*b++ = rnd();
}

__test int cmp_id(const struct pg_record *a, const struct pg_record *b)
{
	return memcmp(a->rec.id, b->rec.id, PEERGROUP_ID_LEN);
}

__test int cmp_version(const struct pg_record *a, const struct pg_record *b)
{
	if (a->rec.version != b->rec.version)
		return a->rec.version > b->rec.version ? 1 : -1;
	if (a->rec.modified != b->rec.modified)
		return a->rec.modified > b->rec.modified ? 1 : -1;
	return memcmp(a->rec.digest, b->rec.digest, sizeof(a->rec.digest));
}

/* Newest version of an id first. */
__test int cmp_sort(const void *a, const void *b)
{
	const struct pg_record *x = *(struct pg_record *const *)a;
	const struct pg_record *y = *(struct pg_record *const *)b;
	int order = cmp_id(x, y);

	return order ? order : cmp_version(y, x);
}

__test void add_digest(struct pg_print *p, const u8 *digest)
{
	unsigned __int128 carry = 0;
	int i;

	p->count++;
	for (i = 0; i < 4; i++) {
		carry += p->sum[i];
		carry += get_unaligned_be64(digest + 24 - 8 * i);
		p->sum[i] = (u64)carry;
		carry >>= 64;
	}
}

/* How many of what is sorted have an id below that. */
__test size_t rank_sorted(const struct fake *f, const u8 *id)
{
	size_t lo = 0, hi = f->sorted, mid;

	while (lo < hi) {
		mid = (lo + hi) / 2;
		if (memcmp(f->r[mid]->rec.id, id, PEERGROUP_ID_LEN) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/*
 * Merges what came since into what is sorted; of one id, the newest stays. What is below
 * all that came is left alone: records come in the order of their ids, mostly.
 */
__test void settle(struct fake *f)
{
	struct pg_record **all;
	size_t from, i, j = f->sorted, n = 0;

	if (f->sorted == f->n)
		return;
	qsort(f->r + j, f->n - j, sizeof(*f->r), cmp_sort);
	from = i = rank_sorted(f, f->r[j]->rec.id);
	all = malloc((f->n - from) * sizeof(*all));
	NEED(all);
	while (i < f->sorted || j < f->n) {
		bool left = j == f->n || (i < f->sorted && cmp_sort(&f->r[i], &f->r[j]) <= 0);
		struct pg_record *r = f->r[left ? i++ : j++];

		if (n && !cmp_id(all[n - 1], r))
			continue;
		f->below[from + n + 1] = f->below[from + n];
		add_digest(&f->below[from + n + 1], r->rec.digest);
		all[n++] = r;
	}
	memcpy(f->r + from, all, n * sizeof(*all));
	free(all);
	f->n = from + n;
	f->sorted = f->n;
}

__test struct fake *fake_new(void)
{
	struct fake *f = calloc(1, sizeof(*f));

	NEED(f);
	f->table.lock = &f->lock;
	f->below = calloc(1, sizeof(*f->below));
	NEED(f->below);
	return f;
}

__test void fake_free(struct fake *f)
{
	free(f->r);
	free(f->below);
	free(f);
}

/* Records are shared between tables and never change. */
__test void fake_add(struct fake *f, struct pg_record *r)
{
	if (f->n == f->room) {
		f->room = 2 * f->room + 16;
		f->r = realloc(f->r, f->room * sizeof(*f->r));
		f->below = realloc(f->below, (f->room + 1) * sizeof(*f->below));
		NEED(f->r && f->below);
	}
	f->r[f->n++] = r;
}

__test struct fake *fake_of(struct pg_table *t)
{
	return container_of(t, struct fake, table);
}

/* Records with an id below @id. */
__test size_t rank_of(struct fake *f, const u8 *id)
{
	settle(f);
	return rank_sorted(f, id);
}

struct pg_record *pg_table_ceiling(struct pg_table *t, const u8 *id)
{
	struct fake *f = fake_of(t);
	size_t rank = rank_of(f, id);

	return rank < f->n ? f->r[rank] : NULL;
}

struct pg_record *pg_table_after(struct pg_table *t, struct pg_record *r)
{
	struct fake *f = fake_of(t);
	size_t rank = rank_of(f, r->rec.id) + 1;

	return rank < f->n ? f->r[rank] : NULL;
}

struct pg_record *pg_table_nth(struct pg_table *t, const u8 *lo, const u8 *hi, u32 n)
{
	struct fake *f = fake_of(t);
	size_t first = lo ? rank_of(f, lo) : 0;
	size_t end = hi ? rank_of(f, hi) : f->n;

	settle(f);
	return first + n < end ? f->r[first + n] : NULL;
}

void pg_table_print(struct pg_table *t, const u8 *lo, const u8 *hi, struct pg_print *p)
{
	struct fake *f = fake_of(t);
	size_t first = lo ? rank_of(f, lo) : 0, end;
	__int128 borrow = 0;
	int i;

	settle(f);
	end = hi ? rank_of(f, hi) : f->n;
	p->count = end - first;
	for (i = 0; i < 4; i++) {
		borrow += f->below[end].sum[i];
		borrow -= f->below[first].sum[i];
		p->sum[i] = (u64)borrow;
		borrow >>= 64;
	}
}

void pg_print_bytes(const struct pg_print *p, u8 *out)
{
	int i;

	for (i = 0; i < 4; i++)
		put_unaligned_be64(p->sum[i], out + 24 - 8 * i);
}

/* -------------------------------------------------------------- records -- */

static struct pg_record **pool;
static size_t pool_n, pool_room;

__test struct pg_record *record(const u8 *id, u32 version, u64 modified)
{
	struct pg_record *r = calloc(1, sizeof(*r));

	if (pool_n == pool_room) {
		pool_room = 2 * pool_room + 1024;
		pool = realloc(pool, pool_room * sizeof(*pool));
	}
	NEED(r && pool);
	pool[pool_n++] = r;
	if (id)
		memcpy(r->rec.id, id, sizeof(r->rec.id));
	else
		fill(r->rec.id, sizeof(r->rec.id));
	r->rec.version = version;
	r->rec.modified = modified;
	fill(r->rec.digest, sizeof(r->rec.digest));
	return r;
}

__test void pool_drop(void)
{
	while (pool_n)
		free(pool[--pool_n]);
}

/* ----------------------------------------------------------------- link -- */

struct msg {
	u8 type;
	size_t len;
	u8 *body;
	struct pg_record *r;
};

struct queue {
	struct msg *m;
	size_t head, n, room;
};

/* Two hosts; a leads. */
struct pair {
	struct pg_sync sync;
	struct fake *a, *b;
	struct queue to_a, to_b;
	size_t window;		/* records that may wait for b */
	size_t waiting;
	size_t syncs, replies, wants, records, bytes;
	size_t paced;		/* as sync_rate counts them, at either end */
	u32 wanted;		/* ids of the WANT that is out */
	u32 deepest;		/* ranges on the leader's stack */
};

__test void enqueue(struct queue *q, u8 type, const void *body, size_t len, struct pg_record *r)
{
	struct msg *m;

	if (q->head == q->n)
		q->head = q->n = 0;
	if (q->n == q->room) {
		q->room = 2 * q->room + 64;
		q->m = realloc(q->m, q->room * sizeof(*q->m));
		NEED(q->m);
	}
	m = &q->m[q->n++];
	m->type = type;
	m->len = len;
	m->r = r;
	m->body = NULL;
	if (body) {
		/* exactly as long as the message, for the sanitizer */
		m->body = malloc(len ? len : 1);
		NEED(m->body);
		memcpy(m->body, body, len);
	}
}

__test void queue_drop(struct queue *q)
{
	for (; q->head < q->n; q->head++)
		free(q->m[q->head].body);
}

__test void queue_free(struct queue *q)
{
	queue_drop(q);
	free(q->m);
}

__test int op_send(struct pg_sync *s, u8 type, const void *body, size_t len)
{
	struct pair *p = container_of(s, struct pair, sync);

	CHECK(len <= PG_MSG_BODY_MAX);
	CHECK(type == PG_MSG_SYNC || type == PG_MSG_WANT);
	p->bytes += len;
	p->paced++;
	if (type == PG_MSG_SYNC) {
		p->syncs++;
		p->paced += (pg_sync_asked(s) - 1) / 4;
		if (p->deepest < s->n_stack + s->n_asked)
			p->deepest = s->n_stack + s->n_asked;
	}
	if (type == PG_MSG_WANT) {
		CHECK(!p->wanted, "two WANTs at once");
		p->wanted = (len - sizeof(struct pg_want)) / PEERGROUP_ID_LEN;
		CHECK(p->wanted && p->wanted <= PG_WANT_MAX);
		p->wants++;
	}
	enqueue(&p->to_b, type, body, len, NULL);
	return 0;
}

__test int op_push(struct pg_sync *s, struct pg_record *r)
{
	struct pair *p = container_of(s, struct pair, sync);

	p->waiting++;
	p->records++;
	enqueue(&p->to_b, PG_MSG_RECORD, NULL, 0, r);
	return 0;
}

__test bool op_room(struct pg_sync *s)
{
	struct pair *p = container_of(s, struct pair, sync);

	return p->waiting < p->window;
}

static const struct pg_sync_ops ops = {
	.send = op_send,
	.push = op_push,
	.room = op_room,
};

__test struct pair *pair_new(struct fake *a, struct fake *b, size_t window)
{
	struct pair *p = calloc(1, sizeof(*p));

	NEED(p);
	p->a = a;
	p->b = b;
	p->window = window;
	NEED(!pg_sync_init(&p->sync, &a->table, &ops));
	return p;
}

__test void pair_free(struct pair *p)
{
	pg_sync_destroy(&p->sync);
	queue_free(&p->to_a);
	queue_free(&p->to_b);
	free(p);
}

__test void answer_want(struct pair *p, const struct msg *m)
{
	const struct pg_want *w = (const void *)m->body;
	u32 n = (m->len - sizeof(*w)) / PEERGROUP_ID_LEN;

	for (u32 i = 0; i < n; i++) {
		struct pg_record *r = pg_table_ceiling(&p->b->table, w->ids[i]);

		if (r && !memcmp(r->rec.id, w->ids[i], PEERGROUP_ID_LEN)) {
			p->records++;
			enqueue(&p->to_a, PG_MSG_RECORD, NULL, 0, r);
		}
	}
	enqueue(&p->to_a, PG_MSG_WANT_DONE, w, sizeof(*w), NULL);
}

/* b takes a message */
__test void serve_b(struct pair *p)
{
	struct msg m = p->to_b.m[p->to_b.head++];
	size_t len;
	u8 *out;

	if (m.type == PG_MSG_RECORD) {
		p->waiting--;
		fake_add(p->b, m.r);
	} else if (m.type == PG_MSG_WANT) {
		answer_want(p, &m);
	} else {
		NEED(!pg_sync_answer(&p->b->table, m.body, m.len, &out, &len));
		CHECK(len <= PG_MSG_BODY_MAX);
		p->bytes += len;
		p->replies++;
		enqueue(&p->to_a, PG_MSG_SYNC_REPLY, out, len, NULL);
		free(out);
	}
	free(m.body);
}

__test int take_a(struct pair *p, const struct msg *m)
{
	if (m->type == PG_MSG_RECORD) {
		fake_add(p->a, m->r);
		return 0;
	}
	if (m->type == PG_MSG_SYNC_REPLY)
		return pg_sync_reply(&p->sync, m->body, m->len);
	p->wanted = 0;
	return pg_sync_want_done(&p->sync, get_unaligned_be32(m->body));
}

__test int serve_a(struct pair *p)
{
	struct msg m = p->to_a.m[p->to_a.head++];
	int ret = take_a(p, &m);

	/* what is needed later must have been copied */
	if (m.body)
		memset(m.body, 0xa5, m.len);
	free(m.body);
	return ret;
}

__test void check_bounds(const struct pair *p)
{
	CHECK(p->sync.n_stack <= PG_SYNC_STACK);
	CHECK(p->sync.n_want <= PG_WANT_MAX);
	CHECK(p->sync.n_asked <= PG_SYNC_BRANCH);
}

/* Until the run ends; 0, or an error that the leader gave. */
__test int run(struct pair *p)
{
	int ret = pg_sync_start(&p->sync);

	while (!ret) {
		bool a = p->to_a.head < p->to_a.n, b = p->to_b.head < p->to_b.n;

		check_bounds(p);
		if (!a && !b) {
			/* nothing on its way: only room may be what it waits for */
			ret = pg_sync_continue(&p->sync);
			CHECK(ret || p->to_b.head < p->to_b.n, "stuck in phase %d",
			      p->sync.phase);
			if (tap_bad)
				return -1;
		} else if (b && (!a || below(2))) {
			serve_b(p);
			if (!below(3))
				ret = pg_sync_continue(&p->sync);
		} else {
			ret = serve_a(p);
		}
	}
	if (ret < 0)
		return ret;
	CHECK(p->sync.phase == PG_SYNC_IDLE);
	while (p->to_b.head < p->to_b.n)
		serve_b(p);
	while (p->to_a.head < p->to_a.n)
		CHECK(serve_a(p) == 0);
	return 0;
}

__test bool same(struct fake *a, struct fake *b)
{
	settle(a);
	settle(b);
	if (a->n != b->n)
		return false;
	return !a->n || !memcmp(a->r, b->r, a->n * sizeof(*a->r));
}

/* Both hosts must come to the union, with no record sent that the other end had. */
__test void expect(struct fake *a, struct fake *b, size_t window, const char *what)
{
	struct fake *all = fake_new();
	struct pair *p = pair_new(a, b, window);
	size_t lacking = 0, i, j;

	settle(a);
	settle(b);
	for (i = 0; i < a->n; i++)
		fake_add(all, a->r[i]);
	for (i = 0; i < b->n; i++)
		fake_add(all, b->r[i]);
	settle(all);
	for (i = j = 0; i < all->n; i++) {
		while (j < a->n && cmp_id(a->r[j], all->r[i]) < 0)
			j++;
		lacking += j == a->n || a->r[j] != all->r[i];
	}
	for (i = j = 0; i < all->n; i++) {
		while (j < b->n && cmp_id(b->r[j], all->r[i]) < 0)
			j++;
		lacking += j == b->n || b->r[j] != all->r[i];
	}
	CHECK(run(p) == 0, "%s", what);
	/* What sync_rate lets through at once, at either end, with the SYNC_END. */
	CHECK(p->paced < 10000, "%s: %zu SYNC, %zu WANT", what, p->syncs, p->wants);
	CHECK(same(a, all), "%s: leader has %zu of %zu", what, a->n, all->n);
	CHECK(same(b, all), "%s: answerer has %zu of %zu", what, b->n, all->n);
	CHECK(p->records == lacking, "%s: %zu records sent for %zu lacking", what,
	      p->records, lacking);
	if (what[0] != '-')
		printf("# %s: %zu records crossed, %zu SYNC, %zu WANT, %zu bytes besides\n",
		       what, p->records, p->syncs, p->wants, p->bytes);
	pair_free(p);
	fake_free(all);
}

__test void add_both(struct fake *a, struct fake *b, size_t n)
{
	while (n--) {
		struct pg_record *r = record(NULL, 1 + below(3), rnd());

		fake_add(a, r);
		fake_add(b, r);
	}
}

__test void random_id(u8 *id, unsigned int spread)
{
	memset(id, spread & 1 ? 0xff : 0, PEERGROUP_ID_LEN);
	if (spread & 2)
		fill(id, PEERGROUP_ID_LEN);
	put_unaligned_be16(below(spread & 4 ? 4000 : 200), id + 14);
	if (spread & 2)
		put_unaligned_be16(below(200), id);
}

__test void random_records(struct fake *f, u32 n, unsigned int spread, u32 versions)
{
	u8 id[PEERGROUP_ID_LEN];

	while (n--) {
		random_id(id, spread);
		fake_add(f, record(id, 1 + below(versions), below(3)));
	}
}
