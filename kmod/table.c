// SPDX-License-Identifier: GPL-2.0-only
/*
 * The record table of one group: a hash by id for readers under RCU, and trees
 * that only the group's lock opens: that of table_tree.c, by expiration, by sequence,
 * and those of search.c. A ring remembers the latest expiries, so that "changes since"
 * can tell of them. What there is room for is table_limits.c's to say.
 */
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/rbtree.h>
#include <linux/slab.h>
#include <linux/string.h>
#include "clock.h"
#include "compat.h"
#include "refresh.h"
#include "revoke.h"
#include "stats.h"
#include "table_priv.h"

static struct kmem_cache *pg_record_cache;

/* The key lies inside the record, so one of every version: hashing needs no callback. */
static const struct rhashtable_params pg_hash_params = {
	.key_len = PEERGROUP_ID_LEN,
	.key_offset = offsetof(struct pg_record, rec.id),
	.head_offset = offsetof(struct pg_record, hash),
	.automatic_shrinking = true,
};

int pg_table_module_init(void)
{
	pg_record_cache = KMEM_CACHE(pg_record, SLAB_ACCOUNT);
	return pg_record_cache ? 0 : -ENOMEM;
}

void pg_table_module_exit(void)
{
	rcu_barrier();
	kmem_cache_destroy(pg_record_cache);
}

/* ------------------------------------------------------------- records -- */

struct pg_record *pg_record_new(const u8 *group, u8 *wire, u32 len, gfp_t gfp)
{
	struct pg_record *r;
	int err;

	r = kmem_cache_zalloc(pg_record_cache, gfp);
	if (!r)
		return ERR_PTR(-ENOMEM);
	err = pg_rec_parse(&r->rec, group, wire, len);
	if (!err && r->rec.anchor) {
		r->refresh = pg_refresh_new(&r->rec, gfp);
		err = r->refresh ? 0 : -ENOMEM;
	}
	if (err) {
		kmem_cache_free(pg_record_cache, r);
		return ERR_PTR(err);
	}
	refcount_set(&r->refs, 1);
	r->until = r->rec.expires;
	r->wire = wire;
	r->wire_len = len;
	return r;
}

/*
 * Readers under RCU may look at members and wire form, so both go with the
 * record. kvfree() is allowed here: callbacks run with bottom halves off, and
 * there vfree() leaves the unmapping to a work item.
 */
static void pg_record_free_rcu(struct rcu_head *rcu)
{
	struct pg_record *r = container_of(rcu, struct pg_record, rcu);

	if (r->creator)
		pg_member_put(r->creator);
	if (r->modifier)
		pg_member_put(r->modifier);
	pg_revocation_free(r->revocation);
	kfree(r->refresh);
	kvfree(r->wire);
	kmem_cache_free(pg_record_cache, r);
}

void pg_record_put(struct pg_record *r)
{
	if (refcount_dec_and_test(&r->refs))
		call_rcu(&r->rcu, pg_record_free_rcu);
}

/* ------------------------------------- trees by expiration and by seq -- */

static bool pg_expiry_less(struct rb_node *a, const struct rb_node *b)
{
	const struct pg_record *x = rb_entry(a, struct pg_record, expiry);
	const struct pg_record *y = rb_entry(b, struct pg_record, expiry);

	if (x->until != y->until)
		return x->until < y->until;
	return pg_id_cmp(x, y) < 0;
}

static bool pg_changes_less(struct rb_node *a, const struct rb_node *b)
{
	const struct pg_record *x = rb_entry(a, struct pg_record, changes);
	const struct pg_record *y = rb_entry(b, struct pg_record, changes);

	return x->seq < y->seq;
}

/* Enters @r everywhere but in the hash and the tree by id. */
static void pg_table_enter(struct pg_table *t, struct pg_record *r)
{
	rb_add_cached(&r->expiry, &t->expiry, pg_expiry_less);
	rb_add(&r->changes, &t->changes, pg_changes_less);
	pg_index_enter(t, r);
	pg_table_account(t, r, 1);
}

static void pg_table_leave(struct pg_table *t, struct pg_record *r)
{
	rb_erase_cached(&r->expiry, &t->expiry);
	rb_erase(&r->changes, &t->changes);
	pg_index_leave(t, r);
	pg_table_account(t, r, -1);
}

/* --------------------------------------------------------------- table -- */

int pg_table_init(struct pg_table *t, struct mutex *lock, const struct pg_table_limits *limits)
{
	int err;

	memset(t, 0, sizeof(*t));
	t->lock = lock;
	t->tree = RB_ROOT;
	t->expiry = RB_ROOT_CACHED;
	t->changes = RB_ROOT;
	t->limits = *limits;
	pg_quotas_init(&t->quotas);
	t->gone = kvcalloc(PG_GONE_MAX, sizeof(*t->gone), GFP_KERNEL_ACCOUNT);
	if (!t->gone)
		return -ENOMEM;
	err = rhashtable_init(&t->hash, &pg_hash_params);
	if (err)
		kvfree(t->gone);
	return err;
}

void pg_table_destroy(struct pg_table *t)
{
	struct pg_record *r, *next;

	rhashtable_destroy(&t->hash);
	rbtree_postorder_for_each_entry_safe(r, next, &t->tree, tree) {
		pg_record_put(r);
		cond_resched();
	}
	t->tree = RB_ROOT;
	t->expiry = RB_ROOT_CACHED;
	t->changes = RB_ROOT;
	memset(t->index, 0, sizeof(t->index));
	kvfree(t->gone);
	t->gone = NULL;
	pg_quotas_destroy(&t->quotas);
}

struct pg_record *pg_table_find(struct pg_table *t, const u8 *id)
{
	return rhashtable_lookup(&t->hash, id, pg_hash_params);
}

/*
 * A record without references is about to be freed: the table has a newer
 * version by now, or none, so looking again ends.
 */
struct pg_record *pg_table_get(struct pg_table *t, const u8 *id)
{
	struct pg_record *r;

	rcu_read_lock();
	do {
		r = pg_table_find(t, id);
	} while (r && !refcount_inc_not_zero(&r->refs));
	rcu_read_unlock();
	return r;
}

static enum pg_verdict pg_record_verdict(const struct pg_record *stored,
					 const struct pg_rec_key *key)
{
	struct pg_rec_key ours;
	int cmp;

	if (!stored)
		return PG_NEW;
	pg_record_key(stored, &ours);
	cmp = pg_rec_key_cmp(key, &ours);
	if (cmp > 0)
		return PG_NEW;
	return cmp ? PG_OLD : PG_PRESENT;
}

enum pg_verdict pg_table_compare(struct pg_table *t, const u8 *id,
				 const struct pg_rec_key *key,
				 struct pg_record **stored)
{
	enum pg_verdict verdict;
	struct pg_record *r;

	rcu_read_lock();
	do {
		r = pg_table_find(t, id);
		verdict = pg_record_verdict(r, key);
	} while (verdict == PG_OLD && stored && !refcount_inc_not_zero(&r->refs));
	rcu_read_unlock();
	if (stored)
		*stored = verdict == PG_OLD ? r : NULL;
	return verdict;
}

/* The entry of who answers for a creator, which may be nobody. False: no memory. */
static bool pg_table_answers(struct pg_table *t, const struct pg_member *top,
			     struct pg_creator **c)
{
	*c = top ? pg_quota_get(&t->quotas, top->gmc.spki_hash) : NULL;
	return !top || *c;
}

/* May @r take the place of @cur (NULL: of none)? 0 or a refusal. */
static unsigned int pg_table_admit(struct pg_table *t, struct pg_record *r,
				   const struct pg_record *cur)
{
	struct pg_rec_key key;

	pg_record_key(r, &key);
	if (pg_record_verdict(cur, &key) != PG_NEW)
		return PEERGROUP_A_STATS_REFUSED_STALE;
	if (pg_rec_weight(&r->rec) > t->limits.record_size)
		return PEERGROUP_A_STATS_REFUSED_SIZE;
	r->quota = pg_quota_get(&t->quotas, r->creator->gmc.spki_hash);
	if (!r->quota || !pg_table_answers(t, pg_member_branch(r->creator), &r->inviter) ||
	    !pg_table_answers(t, pg_member_deputy(r->creator), &r->deputy))
		return PEERGROUP_A_STATS_REFUSED_NOMEM;
	return pg_table_room(t, r, cur);
}

/* A tombstone whose id has never been alive here: nobody has heard of the id. */
static bool pg_record_unheard(const struct pg_record *r)
{
	return pg_rec_deleted(&r->rec) && r->added_seq == r->seq;
}

static u32 pg_table_change(const struct pg_record *r, const struct pg_record *cur)
{
	bool was = cur && !pg_rec_deleted(&cur->rec);

	if (pg_rec_deleted(&r->rec))
		return was ? PEERGROUP_CHANGE_DELETED : 0;
	return was ? PEERGROUP_CHANGE_UPDATED : PEERGROUP_CHANGE_ADDED;
}

/* Last step that may fail; from here on readers see @r. */
static unsigned int pg_table_publish(struct pg_table *t, struct pg_record *r,
				     struct pg_record *cur)
{
	int err;

	if (cur)
		err = rhashtable_replace_fast(&t->hash, &cur->hash, &r->hash, pg_hash_params);
	else
		err = rhashtable_insert_fast(&t->hash, &r->hash, pg_hash_params);
	return err ? PEERGROUP_A_STATS_REFUSED_NOMEM : 0;
}

unsigned int pg_table_put(struct pg_table *t, struct pg_record *r,
			  u32 *change, struct pg_record **old)
{
	struct pg_record *cur;
	unsigned int refusal;

	lockdep_assert_held(t->lock);
	*change = 0;
	*old = NULL;
	rcu_read_lock();
	cur = pg_table_find(t, r->rec.id);
	rcu_read_unlock();	/* @cur stays: nobody else takes records out */
	refusal = pg_table_admit(t, r, cur);
	if (refusal)
		return refusal;
	r->seq = t->seq + 1;
	r->added_seq = cur && !pg_record_unheard(cur) ? cur->added_seq : r->seq;
	refusal = pg_table_publish(t, r, cur);
	if (refusal)
		return refusal;
	t->seq = r->seq;
	pg_record_hold(r);
	if (cur) {
		pg_table_leave(t, cur);
		pg_tree_replace(t, cur, r);
	} else {
		pg_tree_insert(t, r);
	}
	pg_table_enter(t, r);
	*change = pg_table_change(r, cur);
	*old = cur;
	return 0;
}

/* ------------------------------------------------- expiry and changes -- */

static struct pg_gone *pg_gone_at(struct pg_table *t, u32 n)
{
	return &t->gone[(t->gone_head - t->gone_count + n) & (PG_GONE_MAX - 1)];
}

/* A "since" below @seq would miss a change by now. */
static void pg_table_forget(struct pg_table *t, u64 seq)
{
	if (t->horizon < seq)
		t->horizon = seq;
}

static void pg_table_remember(struct pg_table *t, const struct pg_record *r, u32 change)
{
	struct pg_gone *g = &t->gone[t->gone_head & (PG_GONE_MAX - 1)];

	if (t->gone_count == PG_GONE_MAX)
		pg_table_forget(t, g->seq);
	else
		t->gone_count++;
	t->gone_head++;
	g->seq = r->seq;
	g->added_seq = r->added_seq;
	g->change = change;
	memcpy(g->id, r->rec.id, sizeof(g->id));
	memcpy(g->type, r->rec.type, sizeof(g->type));
}

static void pg_table_take_out(struct pg_table *t, struct pg_record *r, u32 change)
{
	rhashtable_remove_fast(&t->hash, &r->hash, pg_hash_params);
	pg_tree_erase(t, r);
	pg_table_leave(t, r);
	/* readers that found it before may still be looking at it */
	if (!pg_rec_deleted(&r->rec))
		WRITE_ONCE(r->seq, ++t->seq);
	/*
	 * Presence comes and goes all the time, and who follows it compares. Changes of
	 * other records can be asked for as long as without it.
	 */
	if (pg_rec_kind(r->rec.type) == PG_REC_PRESENCE)
		return;
	if (!pg_rec_deleted(&r->rec))
		pg_table_remember(t, r, change);
	else if (!pg_record_unheard(r))
		pg_table_forget(t, r->seq);
}

struct pg_record *pg_table_expire(struct pg_table *t, u64 now)
{
	struct rb_node *first = rb_first_cached(&t->expiry);
	struct pg_record *r;

	lockdep_assert_held(t->lock);
	r = rb_entry_safe(first, struct pg_record, expiry);
	if (!r || r->until > now)
		return NULL;
	pg_table_take_out(t, r, PEERGROUP_CHANGE_EXPIRED);
	return r;
}

void pg_table_withdraw(struct pg_table *t, struct pg_record *r)
{
	lockdep_assert_held(t->lock);
	pg_table_take_out(t, r, PEERGROUP_CHANGE_DELETED);
}

u64 pg_table_next_expiry(struct pg_table *t)
{
	struct rb_node *first = rb_first_cached(&t->expiry);

	lockdep_assert_held(t->lock);
	return first ? rb_entry(first, struct pg_record, expiry)->until : U64_MAX;
}

u32 pg_record_refresh_last(const struct pg_record *r)
{
	u64 cut = pg_member_cut(r->modifier);

	return cut > U64_MAX - PG_CLOCK_SKEW_MAX ? U32_MAX :
	       pg_refresh_due(&r->rec, cut + PG_CLOCK_SKEW_MAX);
}

u64 pg_record_expires(const struct pg_record *r)
{
	if (!r->refresh)
		return r->rec.expires;
	return min(pg_refresh_until(&r->rec, READ_ONCE(r->refresh->step)),
		   max(r->creator->gmc.not_after, r->modifier->gmc.not_after));
}

void pg_table_refreshed(struct pg_table *t, struct pg_record *r)
{
	lockdep_assert_held(t->lock);
	rb_erase_cached(&r->expiry, &t->expiry);
	r->until = pg_record_expires(r);
	rb_add_cached(&r->expiry, &t->expiry, pg_expiry_less);
}

static struct pg_record *pg_changes_above(struct pg_table *t, u64 since)
{
	struct rb_node *node = t->changes.rb_node;
	struct pg_record *best = NULL;

	while (node) {
		struct pg_record *r = rb_entry(node, struct pg_record, changes);

		if (r->seq <= since) {
			node = node->rb_right;
		} else {
			best = r;
			node = node->rb_left;
		}
	}
	return best;
}

static struct pg_gone *pg_gone_above(struct pg_table *t, u64 since)
{
	u32 lo = 0, hi = t->gone_count;

	while (lo < hi) {
		u32 mid = lo + (hi - lo) / 2;

		if (pg_gone_at(t, mid)->seq > since)
			hi = mid;
		else
			lo = mid + 1;
	}
	return lo < t->gone_count ? pg_gone_at(t, lo) : NULL;
}

bool pg_table_next_change(struct pg_table *t, u64 since, struct pg_change *c)
{
	struct pg_gone *gone;
	struct pg_record *r;

	lockdep_assert_held(t->lock);
	r = pg_changes_above(t, since);
	gone = pg_gone_above(t, since);
	memset(c, 0, sizeof(*c));
	if (gone && (!r || gone->seq < r->seq)) {
		c->seq = gone->seq;
		c->added_seq = gone->added_seq;
		c->gone = *gone;
		return true;
	}
	if (!r)
		return false;
	c->seq = r->seq;
	c->added_seq = r->added_seq;
	c->r = pg_record_hold(r);
	return true;
}
