// SPDX-License-Identifier: GPL-2.0-only
/*
 * A table's tree by id, with counts and fingerprints of each subtree: for dumps, and
 * for reconciliation, which asks about ranges of ids. table.c puts records in and takes
 * them out.
 */
#include <linux/rbtree_augmented.h>
#include <linux/string.h>
#include "compat.h"
#include "table_priv.h"

/* -------------------------------------------------------- fingerprints -- */

static void pg_print_add(struct pg_print *p, const struct pg_print *q)
{
	u64 carry = 0;
	int i;

	p->count += q->count;
	for (i = 0; i < ARRAY_SIZE(p->sum); i++) {
		u64 sum = p->sum[i] + q->sum[i];
		u64 over = sum < q->sum[i];

		p->sum[i] = sum + carry;
		carry = over | (p->sum[i] < carry);
	}
}

static void pg_print_sub(struct pg_print *p, const struct pg_print *q)
{
	u64 borrow = 0;
	int i;

	p->count -= q->count;
	for (i = 0; i < ARRAY_SIZE(p->sum); i++) {
		u64 diff = p->sum[i] - q->sum[i];
		u64 under = p->sum[i] < q->sum[i];

		p->sum[i] = diff - borrow;
		borrow = under | (diff < borrow);
	}
}

/* The fingerprint of one record is its digest, read as a number. */
static void pg_print_one(struct pg_print *p, const struct pg_record *r)
{
	int i;

	p->count = 1;
	for (i = 0; i < ARRAY_SIZE(p->sum); i++)
		p->sum[i] = get_unaligned_be64(r->rec.digest + 8 * (3 - i));
}

void pg_print_bytes(const struct pg_print *p, u8 *out)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(p->sum); i++)
		put_unaligned_be64(p->sum[i], out + 8 * (3 - i));
}

/* --------------------------------------------- tree by id, with prints -- */

static struct pg_record *pg_tree_record(struct rb_node *node)
{
	return rb_entry_safe(node, struct pg_record, tree);
}

static void pg_print_add_under(struct pg_print *p, struct rb_node *node)
{
	if (node)
		pg_print_add(p, &rb_entry(node, struct pg_record, tree)->under);
}

/* Makes @r's print that of its children and itself; true if asked to stop where nothing changed. */
static bool pg_tree_compute(struct pg_record *r, bool exit)
{
	struct pg_print p;

	pg_print_one(&p, r);
	pg_print_add_under(&p, r->tree.rb_left);
	pg_print_add_under(&p, r->tree.rb_right);
	if (exit && p.count == r->under.count && !memcmp(p.sum, r->under.sum, sizeof(p.sum)))
		return true;
	r->under = p;
	return false;
}

RB_DECLARE_CALLBACKS(static, pg_tree_callbacks, struct pg_record, tree, under, pg_tree_compute)

void pg_tree_insert(struct pg_table *t, struct pg_record *r)
{
	struct rb_node **link = &t->tree.rb_node, *parent = NULL;

	pg_print_one(&r->under, r);
	while (*link) {
		struct pg_record *p = rb_entry(*link, struct pg_record, tree);

		parent = *link;
		pg_print_add(&p->under, &r->under);
		link = pg_id_cmp(r, p) < 0 ? &parent->rb_left : &parent->rb_right;
	}
	rb_link_node(&r->tree, parent, link);
	rb_insert_augmented(&r->tree, &t->tree, &pg_tree_callbacks);
}

void pg_tree_replace(struct pg_table *t, struct pg_record *old, struct pg_record *r)
{
	struct pg_print was, is;
	struct rb_node *node;

	pg_print_one(&was, old);
	pg_print_one(&is, r);
	r->under = old->under;
	rb_replace_node(&old->tree, &r->tree, &t->tree);
	for (node = &r->tree; node; node = rb_parent(node)) {
		struct pg_record *p = rb_entry(node, struct pg_record, tree);

		pg_print_sub(&p->under, &was);
		pg_print_add(&p->under, &is);
	}
}

void pg_tree_erase(struct pg_table *t, struct pg_record *r)
{
	rb_erase_augmented(&r->tree, &t->tree, &pg_tree_callbacks);
}

/* Fingerprint of all ids below @id. */
static void pg_tree_below(struct pg_table *t, const u8 *id, struct pg_print *p)
{
	struct rb_node *node = t->tree.rb_node;
	struct pg_print one;

	memset(p, 0, sizeof(*p));
	while (node) {
		struct pg_record *r = rb_entry(node, struct pg_record, tree);

		if (memcmp(r->rec.id, id, PEERGROUP_ID_LEN) >= 0) {
			node = node->rb_left;
			continue;
		}
		pg_print_one(&one, r);
		pg_print_add(p, &one);
		pg_print_add_under(p, node->rb_left);
		node = node->rb_right;
	}
}

void pg_table_print(struct pg_table *t, const u8 *lo, const u8 *hi, struct pg_print *p)
{
	struct pg_print below;

	lockdep_assert_held(t->lock);
	memset(p, 0, sizeof(*p));
	if (lo && hi && memcmp(lo, hi, PEERGROUP_ID_LEN) >= 0)
		return;
	if (hi)
		pg_tree_below(t, hi, p);
	else
		pg_print_add_under(p, t->tree.rb_node);
	if (lo) {
		pg_tree_below(t, lo, &below);
		pg_print_sub(p, &below);
	}
}

/* The record that has @rank others before it. */
static struct pg_record *pg_tree_select(struct pg_table *t, u64 rank)
{
	struct rb_node *node = t->tree.rb_node;

	while (node) {
		struct pg_record *left = pg_tree_record(node->rb_left);
		u32 before = left ? left->under.count : 0;

		if (rank == before)
			break;
		if (rank < before) {
			node = node->rb_left;
		} else {
			rank -= before + 1;
			node = node->rb_right;
		}
	}
	return pg_tree_record(node);
}

struct pg_record *pg_table_nth(struct pg_table *t, const u8 *lo, const u8 *hi, u32 n)
{
	struct pg_print below = { };
	struct pg_record *r;

	lockdep_assert_held(t->lock);
	if (lo)
		pg_tree_below(t, lo, &below);
	r = pg_tree_select(t, (u64)below.count + n);
	if (r && hi && memcmp(r->rec.id, hi, PEERGROUP_ID_LEN) >= 0)
		return NULL;
	return r;
}

struct pg_record *pg_table_ceiling(struct pg_table *t, const u8 *id)
{
	struct rb_node *node = t->tree.rb_node;
	struct pg_record *best = NULL;

	lockdep_assert_held(t->lock);
	while (node) {
		struct pg_record *r = rb_entry(node, struct pg_record, tree);

		if (memcmp(r->rec.id, id, PEERGROUP_ID_LEN) < 0) {
			node = node->rb_right;
		} else {
			best = r;
			node = node->rb_left;
		}
	}
	return best;
}

struct pg_record *pg_table_after(struct pg_table *t, struct pg_record *r)
{
	lockdep_assert_held(t->lock);
	return pg_tree_record(rb_next(&r->tree));
}
