// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is said in reply to a SYNC: made from the table by the side that answers, which
 * keeps no state, and checked by the leader before reconcile.c acts upon it. The
 * messages are laid out in reconcile_priv.h.
 */
#include <linux/slab.h>
#include "alloc.h"
#include "reconcile_priv.h"

/* ------------------------------------------------------------ answerer -- */

static enum pg_sync_kind pg_answer_kind(struct pg_table *t, const struct pg_sync_query *q,
					u32 *count)
{
	struct pg_print p;

	pg_table_print(t, q->lo, pg_sync_bound(q->hi), &p);
	*count = p.count;
	if (pg_print_matches(&p, q->count, q->print))
		return PG_SYNC_EQUAL;
	return p.count <= PG_SYNC_LEAF ? PG_SYNC_LIST : PG_SYNC_SPLIT;
}

static size_t pg_answer_size(enum pg_sync_kind kind, u32 count)
{
	size_t len = sizeof(struct pg_sync_answer);

	if (kind == PG_SYNC_LIST)
		len += count * sizeof(struct pg_sync_entry);
	if (kind == PG_SYNC_SPLIT)
		len += PG_SYNC_BRANCH * sizeof(struct pg_sync_part);
	return len;
}

static u8 *pg_answer_list(struct pg_table *t, const u8 *lo, u32 count, u8 *out)
{
	struct pg_record *r = pg_table_ceiling(t, lo);

	for (; count; count--, r = pg_table_after(t, r)) {
		struct pg_sync_entry *e = (void *)out;

		memcpy(e->id, r->rec.id, sizeof(e->id));
		e->version = cpu_to_be32(r->rec.version);
		e->modified = cpu_to_be64(r->rec.modified);
		memcpy(e->digest, r->rec.digest, sizeof(e->digest));
		out += sizeof(*e);
	}
	return out;
}

/* Parts of equal size, give or take one; @count is above PG_SYNC_LEAF, so none is empty. */
static u8 *pg_answer_split(struct pg_table *t, const struct pg_sync_query *q, u32 count, u8 *out)
{
	const u8 *lo = q->lo, *hi = pg_sync_bound(q->hi);
	struct pg_print p;
	u32 i;

	for (i = 1; i <= PG_SYNC_BRANCH; i++) {
		struct pg_sync_part *part = (void *)out;
		const u8 *end = hi;

		if (i < PG_SYNC_BRANCH)
			end = pg_table_nth(t, q->lo, hi,
					   (u64)count * i / PG_SYNC_BRANCH)->rec.id;
		pg_table_print(t, lo, end, &p);
		memcpy(part->lo, lo, sizeof(part->lo));
		part->count = cpu_to_be32(p.count);
		pg_print_bytes(&p, part->print);
		out += sizeof(*part);
		lo = end;
	}
	return out;
}

static u8 *pg_answer_range(struct pg_table *t, const struct pg_sync_query *q,
			   enum pg_sync_kind kind, u32 count, u8 *out)
{
	struct pg_sync_answer *a = (void *)out;

	a->kind = kind;
	a->n = 0;
	out += sizeof(*a);
	if (kind == PG_SYNC_LIST) {
		a->n = count;
		return pg_answer_list(t, q->lo, count, out);
	}
	if (kind == PG_SYNC_SPLIT) {
		a->n = PG_SYNC_BRANCH;
		return pg_answer_split(t, q, count, out);
	}
	return out;
}

static bool pg_queries_valid(const struct pg_sync_query *q, size_t len)
{
	size_t i;

	if (!len || len % sizeof(*q) || len > PG_SYNC_BRANCH * sizeof(*q))
		return false;
	for (i = 0; i < len / sizeof(*q); i++)
		if (!pg_id_below(q[i].lo, pg_sync_bound(q[i].hi)))
			return false;
	return true;
}

u32 pg_sync_ranges(size_t len)
{
	return min_t(size_t, len / sizeof(struct pg_sync_query), PG_SYNC_BRANCH);
}

int pg_sync_answer(struct pg_table *t, const u8 *body, size_t len,
		   u8 **out, size_t *out_len)
{
	const struct pg_sync_query *q = (const void *)body;
	enum pg_sync_kind kind[PG_SYNC_BRANCH];
	u32 count[PG_SYNC_BRANCH];
	size_t i, n, size = 0;
	u8 *pos;

	lockdep_assert_held(t->lock);
	if (!pg_queries_valid(q, len))
		return -EPROTO;
	n = len / sizeof(*q);
	for (i = 0; i < n; i++) {
		kind[i] = pg_answer_kind(t, &q[i], &count[i]);
		size += pg_answer_size(kind[i], count[i]);
	}
	*out = kvmalloc(size, PG_GFP_LINK);
	if (!*out)
		return -ENOMEM;
	*out_len = size;
	for (i = 0, pos = *out; i < n; i++)
		pos = pg_answer_range(t, &q[i], kind[i], count[i], pos);
	return 0;
}

/* ------------------------------------------------------ reading a reply -- */

static bool pg_list_valid(struct pg_cursor *c, const struct pg_sync_range *range, u32 n)
{
	const u8 *hi = pg_sync_bound(range->hi), *last = NULL;
	const struct pg_sync_entry *e;

	if (n > PG_SYNC_LEAF)
		return false;
	for (; n; n--, last = e->id) {
		e = pg_cursor_take(c, sizeof(*e));
		if (!e || !e->version || !pg_id_below(e->id, hi))
			return false;
		if (last ? !pg_id_below(last, e->id) : pg_id_below(e->id, range->lo))
			return false;
	}
	return true;
}

static bool pg_split_valid(struct pg_cursor *c, const struct pg_sync_range *range, u32 n)
{
	const u8 *hi = pg_sync_bound(range->hi), *last = NULL;
	const struct pg_sync_part *part;
	u64 total = 0;

	if (n < 2 || n > PG_SYNC_BRANCH)
		return false;
	for (; n; n--, last = part->lo) {
		part = pg_cursor_take(c, sizeof(*part));
		if (!part || !part->count || !pg_id_below(part->lo, hi))
			return false;
		if (last ? !pg_id_below(last, part->lo) :
			   memcmp(part->lo, range->lo, sizeof(part->lo)) != 0)
			return false;
		total += be32_to_cpu(part->count);
	}
	return total > PG_SYNC_LEAF;	/* what is smaller is to be listed */
}

bool pg_reply_valid(const struct pg_sync_range *asked, u32 n_asked, const u8 *body, size_t len)
{
	const struct pg_sync_answer *a;
	struct pg_cursor c;
	bool ok = true;
	u32 i;

	pg_cursor_init(&c, body, len);
	for (i = 0; i < n_asked && ok; i++) {
		a = pg_cursor_take(&c, sizeof(*a));
		if (!a)
			return false;
		if (a->kind == PG_SYNC_EQUAL)
			ok = !a->n;
		else if (a->kind == PG_SYNC_LIST)
			ok = pg_list_valid(&c, &asked[i], a->n);
		else
			ok = a->kind == PG_SYNC_SPLIT &&
			     pg_split_valid(&c, &asked[i], a->n);
	}
	return ok && pg_cursor_done(&c);
}
