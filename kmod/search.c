// SPDX-License-Identifier: GPL-2.0-only
/*
 * The orders in which a table has its records beside that of ids, and walks over
 * part of one of them.
 */
#include <linux/kernel.h>
#include <linux/rbtree_augmented.h>
#include <linux/string.h>
#include "compat.h"
#include "search.h"
#include "table.h"

#define PG_AUTHORITY_LEN	40	/* hex digits that a peer name begins with */

/* -------------------------------------------------------------- orders -- */

static struct pg_record *pg_index_record(struct rb_node *node, enum pg_order order)
{
	struct pg_index *entry = rb_entry(node, struct pg_index, node);

	return container_of(entry - order, struct pg_record, index[0]);
}

/* Where a record stands against a place in an order of the table. */
static int pg_index_cmp(enum pg_order order, const struct pg_record *r, const struct pg_place *p)
{
	u64 time = order == PG_BY_CREATED ? r->rec.created : r->rec.modified;
	int cmp = 0;

	if (order == PG_BY_TYPE)
		cmp = memcmp(r->rec.type, p->type, sizeof(p->type));
	else if (order != PG_BY_ID && time != p->time)
		cmp = time < p->time ? -1 : 1;
	return cmp ? cmp : memcmp(r->rec.id, p->id, sizeof(p->id));
}

static void pg_place_of(struct pg_place *p, enum pg_order order, const struct pg_record *r)
{
	memcpy(p->type, r->rec.type, sizeof(p->type));
	p->time = order == PG_BY_CREATED ? r->rec.created : r->rec.modified;
	memcpy(p->id, r->rec.id, sizeof(p->id));
}

static u32 pg_index_under(struct rb_node *node)
{
	return node ? rb_entry(node, struct pg_index, node)->under : 0;
}

static bool pg_index_compute(struct pg_index *entry, bool exit)
{
	u32 under = 1 + pg_index_under(entry->node.rb_left) + pg_index_under(entry->node.rb_right);

	if (exit && under == entry->under)
		return true;
	entry->under = under;
	return false;
}

RB_DECLARE_CALLBACKS(static, pg_index_callbacks, struct pg_index, node, under, pg_index_compute)

static void pg_index_insert(struct rb_root *root, enum pg_order order, struct pg_record *r)
{
	struct rb_node **link = &root->rb_node, *parent = NULL;
	struct pg_index *entry = &r->index[order];
	struct pg_place place;

	pg_place_of(&place, order, r);
	entry->under = 1;
	while (*link) {
		parent = *link;
		rb_entry(parent, struct pg_index, node)->under++;
		if (pg_index_cmp(order, pg_index_record(parent, order), &place) > 0)
			link = &parent->rb_left;
		else
			link = &parent->rb_right;
	}
	rb_link_node(&entry->node, parent, link);
	rb_insert_augmented(&entry->node, root, &pg_index_callbacks);
}

void pg_index_enter(struct pg_table *t, struct pg_record *r)
{
	enum pg_order order;

	for (order = 0; order < PG_INDEXES; order++)
		pg_index_insert(&t->index[order], order, r);
}

void pg_index_leave(struct pg_table *t, struct pg_record *r)
{
	enum pg_order order;

	for (order = 0; order < PG_INDEXES; order++)
		rb_erase_augmented(&r->index[order].node, &t->index[order], &pg_index_callbacks);
}

/* First record at @p or behind it; with @after, only behind. */
static struct pg_record *pg_index_first(struct pg_table *t, enum pg_order order,
					const struct pg_place *p, bool after)
{
	struct rb_node *node = t->index[order].rb_node;
	struct pg_record *best = NULL;

	while (node) {
		struct pg_record *r = pg_index_record(node, order);

		if (pg_index_cmp(order, r, p) < after) {
			node = node->rb_right;
		} else {
			best = r;
			node = node->rb_left;
		}
	}
	return best;
}

/* Records before @p; with @upto, the one at it, too. */
static u32 pg_index_rank(struct pg_table *t, enum pg_order order, const struct pg_place *p,
			 bool upto)
{
	struct rb_node *node = t->index[order].rb_node;
	u32 rank = 0;

	while (node) {
		if (pg_index_cmp(order, pg_index_record(node, order), p) < upto) {
			rank += 1 + pg_index_under(node->rb_left);
			node = node->rb_right;
		} else {
			node = node->rb_left;
		}
	}
	return rank;
}

/* -------------------------------------------------------------- filter -- */

void pg_filter_init(struct pg_filter *f)
{
	memset(f, 0, sizeof(*f));
	f->created[1] = U64_MAX;
	f->modified[1] = U64_MAX;
}

bool pg_filter_creator(struct pg_filter *f, const char *name, size_t len)
{
	size_t i;

	if (len < PG_AUTHORITY_LEN || (len > PG_AUTHORITY_LEN && name[PG_AUTHORITY_LEN] != '.'))
		return false;
	for (i = 0; i < PG_AUTHORITY_LEN; i++)
		if (hex_to_bin(name[i]) < 0 || (name[i] >= 'A' && name[i] <= 'F'))
			return false;
	if (hex2bin(f->key, name, sizeof(f->key)))
		return false;
	f->creator = name;
	f->creator_len = len;
	return true;
}

static bool pg_within(u64 time, const u64 range[2])
{
	return time >= range[0] && time <= range[1];
}

bool pg_filter_match(const struct pg_filter *f, const struct pg_record *r)
{
	const struct pg_span *creator = &r->creator->gmc.name;

	if (f->id && memcmp(f->id, r->rec.id, PEERGROUP_ID_LEN))
		return false;
	if (f->type && memcmp(f->type, r->rec.type, PEERGROUP_ID_LEN))
		return false;
	if (f->creator && (f->creator_len != creator->len ||
			   memcmp(f->creator, creator->p, creator->len)))
		return false;
	return pg_within(r->rec.created, f->created) && pg_within(r->rec.modified, f->modified);
}

/* --------------------------------------------------------------- walks -- */

/* Does the filter leave out anything of what that order sorts by? */
static bool pg_filter_narrows(const struct pg_filter *f, enum pg_order order)
{
	switch (order) {
	case PG_BY_TYPE:
		return f->type;
	case PG_BY_CREATED:
		return f->created[0] || f->created[1] != U64_MAX;
	case PG_BY_MODIFIED:
		return f->modified[0] || f->modified[1] != U64_MAX;
	default:
		return true;
	}
}

/* The part of an order outside of which nothing is wanted. */
static void pg_walk_range(struct pg_walk *w, enum pg_order order, const struct pg_filter *f)
{
	const u64 *time = order == PG_BY_CREATED ? f->created : f->modified;

	memset(w, 0, sizeof(*w));
	w->order = order;
	memset(w->end.id, 0xff, sizeof(w->end.id));
	if (f->type) {
		memcpy(w->at.type, f->type, sizeof(w->at.type));
		memcpy(w->end.type, f->type, sizeof(w->end.type));
	}
	w->at.time = time[0];
	w->end.time = time[1];
	if (order == PG_BY_CREATED || order == PG_BY_MODIFIED)
		return;
	if (f->creator) {
		memcpy(w->at.id, f->key, sizeof(f->key));
		memcpy(w->end.id, f->key, sizeof(f->key));
	}
	if (f->id) {
		memcpy(w->at.id, f->id, sizeof(w->at.id));
		memcpy(w->end.id, f->id, sizeof(w->end.id));
	}
}

/* How many records a walk would meet. */
static u32 pg_walk_count(struct pg_table *t, const struct pg_walk *w)
{
	struct pg_print print;
	u32 before, upto;

	if (w->order == PG_BY_ID) {
		pg_table_print(t, w->at.id, w->end.id, &print);
		return print.count;
	}
	before = pg_index_rank(t, w->order, &w->at, false);
	upto = pg_index_rank(t, w->order, &w->end, true);
	return upto > before ? upto - before : 0;
}

void pg_walk_begin(struct pg_walk *w, struct pg_table *t, const struct pg_filter *f)
{
	static const enum pg_order orders[] = { PG_BY_TYPE, PG_BY_CREATED, PG_BY_MODIFIED };
	struct pg_walk other;
	u32 count, least;
	int i;

	lockdep_assert_held(t->lock);
	pg_walk_range(w, PG_BY_ID, f);
	least = pg_walk_count(t, w);
	for (i = 0; i < ARRAY_SIZE(orders) && !f->id; i++) {
		if (!pg_filter_narrows(f, orders[i]))
			continue;
		pg_walk_range(&other, orders[i], f);
		count = pg_walk_count(t, &other);
		if (count < least) {
			least = count;
			*w = other;
		}
	}
	w->seq = t->seq;
}

/* What has changed since the walk began, or since it was here last. */
static struct pg_record *pg_walk_moved(struct pg_walk *w, struct pg_table *t)
{
	struct pg_change c;

	while (pg_table_next_change(t, w->seq, &c)) {
		w->seq = c.seq;
		if (c.r)
			return c.r;
	}
	return NULL;
}

struct pg_record *pg_walk_next(struct pg_walk *w, struct pg_table *t)
{
	struct pg_record *r;

	lockdep_assert_held(t->lock);
	if (w->order == PG_BY_ID) {
		r = pg_table_ceiling(t, w->at.id);
		if (r && w->begun && !pg_index_cmp(PG_BY_ID, r, &w->at))
			r = pg_table_after(t, r);
	} else {
		r = pg_index_first(t, w->order, &w->at, w->begun);
	}
	if (r && pg_index_cmp(w->order, r, &w->end) <= 0) {
		pg_place_of(&w->at, w->order, r);
		w->begun = true;
		return pg_record_hold(r);
	}
	return w->order == PG_BY_MODIFIED ? pg_walk_moved(w, t) : NULL;
}
