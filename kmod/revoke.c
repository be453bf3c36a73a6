// SPDX-License-Identifier: GPL-2.0-only
/*
 * Revocations: which may be made, which count, and what they mean for the members
 * of a group. Called by admission for records and by member.c for certificates;
 * group_revoke.c deals with what follows for links and records.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/list_sort.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <crypto/sha2.h>
#include "alloc.h"
#include "compat.h"
#include "revoke.h"
#include "stats.h"

static bool pg_key_is(const struct pg_member *m, const u8 *key)
{
	return !memcmp(m->gmc.spki_hash, key, sizeof(m->gmc.spki_hash));
}

static const struct peergroup_revocation *pg_revocation_body(const struct pg_rec *rec)
{
	return (const void *)rec->data.p;
}

static u32 pg_revocation_flags(const struct pg_rec *rec)
{
	return get_unaligned_be32(&pg_revocation_body(rec)->flags);
}

/* ------------------------------------------------------------- admission -- */

/* The id says what the record says, so there is no other record with this id. */
static bool pg_revocation_id_ok(const struct pg_rec *rec, const struct pg_member *signer)
{
	__be64 times[2] = { cpu_to_be64(rec->modified), cpu_to_be64(rec->expires) };
	u8 hash[SHA256_DIGEST_SIZE];
	struct sha256_ctx s;

	sha256_init(&s);
	sha256_update(&s, (const u8 *)PEERGROUP_REVOCATION_TAG, PEERGROUP_REVOCATION_TAG_LEN);
	sha256_update(&s, signer->gmc.group, sizeof(signer->gmc.group));
	sha256_update(&s, (const u8 *)times, sizeof(times));
	sha256_update(&s, rec->data.p, rec->data.len);
	sha256_final(&s, hash);
	return !memcmp(rec->id + PEERGROUP_ID_LEN / 2, hash, PEERGROUP_ID_LEN / 2);
}

unsigned int pg_revocation_vouch(const struct pg_rec *rec, const struct pg_member *signer)
{
	const struct pg_member *m = signer;
	u32 flags;

	if (rec->flags || rec->attrs.len || rec->data.len != sizeof(struct peergroup_revocation))
		return PEERGROUP_A_STATS_REFUSED_MALFORMED;
	flags = pg_revocation_flags(rec);
	if (flags & ~(PEERGROUP_REVOKE_ONLY | PEERGROUP_REVOKE_WITHDRAW))
		return PEERGROUP_A_STATS_REFUSED_MALFORMED;
	if (!pg_revocation_id_ok(rec, signer))
		return PEERGROUP_A_STATS_REFUSED_ID;
	if (!(signer->gmc.roles & PEERGROUP_ROLE_ADMIN) ||
	    pg_key_is(signer, pg_revocation_body(rec)->key))
		return PEERGROUP_A_STATS_REFUSED_ROLE;
	for (; m->parent; m = m->parent)
		if (pg_key_is(m, pg_revocation_body(rec)->key) &&
		    !(flags & PEERGROUP_REVOKE_ONLY))
			return PEERGROUP_A_STATS_REFUSED_ROLE;
	if (pg_key_is(m, pg_revocation_body(rec)->key))
		return PEERGROUP_A_STATS_REFUSED_ROLE;
	return rec->expires > m->gmc.not_after ? PEERGROUP_A_STATS_REFUSED_TIMES : 0;
}

struct pg_revocation *pg_revocation_new(const struct pg_rec *rec,
					const struct pg_member *signer)
{
	struct pg_revocation *rv = kzalloc(sizeof(*rv), PG_GFP_LINK);

	if (!rv)
		return NULL;
	rv->spare = kzalloc(sizeof(*rv->spare), PG_GFP_LINK);
	rv->spare_said = kzalloc(sizeof(*rv->spare_said), PG_GFP_LINK);
	if (!rv->spare || !rv->spare_said) {
		pg_revocation_free(rv);
		return NULL;
	}
	rv->signer = signer;
	memcpy(rv->key, pg_revocation_body(rec)->key, sizeof(rv->key));
	memcpy(rv->digest, rec->digest, sizeof(rv->digest));
	rv->time = rec->modified;
	rv->flags = pg_revocation_flags(rec);
	return rv;
}

/* ----------------------------------------------------------------- index -- */

#define PG_REVOKED_HEADS_MIN	256U
#define PG_REVOKED_HEADS_MAX	(1U << 20)

/*
 * All of a key counts: whom a revocation is about is what its signer says, so keys that
 * begin alike are easily made up.
 */
static u64 pg_revoked_hash(const struct pg_members *ms, const u8 *key)
{
	return siphash(key, PEERGROUP_HASH_LEN, &ms->key);
}

static struct hlist_head *pg_revoked_head(struct pg_members *ms, const u8 *key)
{
	return &ms->revoked[pg_revoked_hash(ms, key) & (ms->heads - 1)];
}

static struct pg_revoked *pg_revoked_find(struct pg_members *ms, const u8 *key)
{
	struct pg_revoked *of;

	hlist_for_each_entry(of, pg_revoked_head(ms, key), node)
		if (!memcmp(of->key, key, sizeof(of->key)))
			return of;
	return NULL;
}

static u64 pg_pair_hash(const struct pg_members *ms, const u8 *by, const u8 *whom)
{
	return siphash_2u64(pg_revoked_hash(ms, by), pg_revoked_hash(ms, whom), &ms->key);
}

static struct hlist_head *pg_said_head(struct pg_members *ms, const u8 *by, const u8 *whom)
{
	return &ms->said[pg_pair_hash(ms, by, whom) & (ms->heads - 1)];
}

static struct pg_said *pg_said_find(struct pg_members *ms, const u8 *by, const u8 *whom)
{
	struct pg_said *said;

	hlist_for_each_entry(said, pg_said_head(ms, by, whom), node)
		if (!memcmp(said->by, by, sizeof(said->by)) &&
		    !memcmp(said->of->key, whom, sizeof(said->of->key)))
			return said;
	return NULL;
}

static void pg_revoked_reset(struct pg_revoked *of)
{
	of->cut = PG_NOT_REVOKED;
	of->below_cut = PG_NOT_REVOKED;
	of->issuing = PG_NOT_REVOKED;
}

void pg_revocation_add(struct pg_members *ms, struct pg_revocation *rv)
{
	const u8 *by = rv->signer->gmc.spki_hash;

	mutex_lock(&ms->lock);
	rv->of = pg_revoked_find(ms, rv->key);
	if (!rv->of) {
		swap(rv->of, rv->spare);
		memcpy(rv->of->key, rv->key, sizeof(rv->of->key));
		pg_revoked_reset(rv->of);
		hlist_add_head(&rv->of->node, pg_revoked_head(ms, rv->key));
	}
	rv->of->n++;
	rv->said = pg_said_find(ms, by, rv->key);
	if (!rv->said) {
		swap(rv->said, rv->spare_said);
		rv->said->of = rv->of;
		memcpy(rv->said->by, by, sizeof(rv->said->by));
		hlist_add_head(&rv->said->node, pg_said_head(ms, by, rv->key));
	}
	rv->said->n++;
	ms->n_revocations++;
	list_add_tail(&rv->rank, &ms->revocations);
	ms->unsorted = true;
	mutex_unlock(&ms->lock);
	/* What was there is used with it; these would be there for as long as the record. */
	kfree(rv->spare);
	kfree(rv->spare_said);
	rv->spare = NULL;
	rv->spare_said = NULL;
}

void pg_revocation_del(struct pg_members *ms, struct pg_revocation *rv)
{
	mutex_lock(&ms->lock);
	list_del(&rv->rank);
	ms->n_revocations--;
	hlist_del_init(&rv->pair);
	if (!--rv->said->n) {
		hlist_del_init(&rv->said->node);
		kfree(rv->said);
	}
	rv->said = NULL;
	if (!--rv->of->n) {
		hlist_del_init(&rv->of->node);
		kfree(rv->of);
	}
	rv->of = NULL;
	mutex_unlock(&ms->lock);
}

/* Of all three tables in one piece. */
static struct hlist_head *pg_revocations_heads(u32 n)
{
	return kvcalloc(3 * n, sizeof(struct hlist_head), PG_GFP_LINK | __GFP_NOWARN);
}

static void pg_revocations_set_heads(struct pg_members *ms, struct hlist_head *heads, u32 n)
{
	ms->heads = n;
	ms->revoked = heads;
	ms->said = heads + n;
	ms->pairs = heads + 2 * n;
}

int pg_revocations_init(struct pg_members *ms)
{
	struct hlist_head *heads = pg_revocations_heads(PG_REVOKED_HEADS_MIN);

	INIT_LIST_HEAD(&ms->revocations);
	ms->n_revocations = 0;
	ms->unsorted = false;
	if (!heads)
		return -ENOMEM;
	pg_revocations_set_heads(ms, heads, PG_REVOKED_HEADS_MIN);
	return 0;
}

void pg_revocations_destroy(struct pg_members *ms)
{
	struct hlist_node *next;
	struct pg_revoked *of;
	struct pg_said *said;
	u32 i;

	for (i = 0; i < ms->heads; i++) {
		hlist_for_each_entry_safe(of, next, &ms->revoked[i], node)
			kfree(of);
		hlist_for_each_entry_safe(said, next, &ms->said[i], node)
			kfree(said);
		cond_resched();
	}
	kvfree(ms->revoked);
	ms->revoked = NULL;
	ms->said = NULL;
	ms->pairs = NULL;
	ms->heads = 0;
}

/*
 * As many heads as there are revocations, or nearly: a look-up costs the same, however many
 * there are. Without memory it costs more. @pairs are none afterwards, in any case.
 */
static void pg_revocations_make_room(struct pg_members *ms)
{
	struct hlist_head *was = ms->revoked, *had = ms->said, *heads = NULL;
	u32 old = ms->heads, n = PG_REVOKED_HEADS_MIN, i;
	struct hlist_node *next;
	struct pg_revoked *of;
	struct pg_said *said;

	while (n < ms->n_revocations && n < PG_REVOKED_HEADS_MAX)
		n *= 2;
	if (n > old || n < old / 4)
		heads = pg_revocations_heads(n);
	if (!heads) {
		for (i = 0; i < old; i++) {
			INIT_HLIST_HEAD(&ms->pairs[i]);
			cond_resched();
		}
		return;
	}
	pg_revocations_set_heads(ms, heads, n);
	for (i = 0; i < old; i++) {
		hlist_for_each_entry_safe(of, next, &was[i], node)
			hlist_add_head(&of->node, pg_revoked_head(ms, of->key));
		hlist_for_each_entry_safe(said, next, &had[i], node)
			hlist_add_head(&said->node, pg_said_head(ms, said->by, said->of->key));
		cond_resched();
	}
	kvfree(was);
}

static int pg_cmp(u64 a, u64 b)
{
	return (a > b) - (a < b);
}

/* By signing certificate; what its signer could choose comes behind. */
static int pg_revocation_cmp(void *priv, const struct list_head *a, const struct list_head *b)
{
	const struct pg_revocation *x = list_entry(a, struct pg_revocation, rank);
	const struct pg_revocation *y = list_entry(b, struct pg_revocation, rank);
	const struct pg_gmc *s = &x->signer->gmc, *t = &y->signer->gmc;

	/* There may be some 10^5 of them, and a judgement holds mutexes only. */
	cond_resched();
	return pg_cmp(x->signer->depth, y->signer->depth) ?:
	       pg_cmp(s->since, t->since) ?:
	       memcmp(s->fingerprint, t->fingerprint, sizeof(s->fingerprint)) ?:
	       pg_cmp(x->time, y->time) ?:
	       memcmp(x->digest, y->digest, sizeof(x->digest));
}

/* --------------------------------------------------------------- verdicts -- */

/* What revocations make of one certificate: as the fields of struct pg_member. */
struct pg_verdict_of {
	u64 cut;
	u64 below;
	u64 issuing;
};

/* What the revocations that count and are about this very key say. */
static void pg_revocations_direct(struct pg_members *ms, const struct pg_member *m,
				  struct pg_verdict_of *v)
{
	const struct pg_revoked *of = pg_revoked_find(ms, m->gmc.spki_hash);

	if (!of)
		return;
	v->cut = min(v->cut, of->cut);
	v->below = min(v->below, of->below_cut);
	v->issuing = min(v->issuing, of->issuing);
}

/* Goes one step down a chain: what is above @m gives, and @m's own. */
static void pg_revocations_step(struct pg_members *ms, const struct pg_member *m,
				const struct pg_verdict_of *above, struct pg_verdict_of *v)
{
	u64 inherited = above->below;

	if (m->gmc.not_before > above->issuing)
		inherited = 0;
	v->cut = inherited;
	v->below = inherited;
	v->issuing = PG_NOT_REVOKED;
	pg_revocations_direct(ms, m, v);
}

static const struct pg_verdict_of pg_verdict_none = {
	.cut = PG_NOT_REVOKED, .below = PG_NOT_REVOKED, .issuing = PG_NOT_REVOKED,
};

/* What the revocations looked at so far mean for a signer, from the root down. */
static u64 pg_revocations_cut(struct pg_members *ms, const struct pg_member *signer)
{
	const struct pg_member *chain[PEERGROUP_CHAIN_MAX + 1];
	struct pg_verdict_of v = pg_verdict_none, above;
	u32 n = 0;

	for (; signer->parent && n < ARRAY_SIZE(chain); signer = signer->parent)
		chain[n++] = signer;
	while (n--) {
		above = v;
		pg_revocations_step(ms, chain[n], &above, &v);
	}
	return v.cut;
}

void pg_revocations_judge(struct pg_members *ms, struct pg_member *m)
{
	struct pg_verdict_of v = pg_verdict_none, above;

	lockdep_assert_held(&ms->lock);
	if (m->parent) {
		above.below = m->parent->below_cut;
		above.issuing = m->parent->issuing;
		pg_revocations_step(ms, m, &above, &v);
	}
	atomic64_set(&m->cut, v.cut);
	m->below_cut = v.below;
	m->issuing = v.issuing;
}

static struct hlist_head *pg_pair_head(struct pg_members *ms, const u8 *by, const u8 *whom)
{
	return &ms->pairs[pg_pair_hash(ms, by, whom) & (ms->heads - 1)];
}

/* Does one count by which the key @by revokes @whom, with @all including what that issued? */
static bool pg_revoked_by(struct pg_members *ms, const u8 *by, const u8 *whom, bool all)
{
	const struct pg_revocation *rv;

	hlist_for_each_entry(rv, pg_pair_head(ms, by, whom), pair)
		if (pg_key_is(rv->signer, by) && !memcmp(rv->key, whom, sizeof(rv->key)) &&
		    !(all && rv->flags & PEERGROUP_REVOKE_ONLY))
			return true;
	return false;
}

/*
 * Is it in vain: about one of a higher rank who has revoked its signer, or one above
 * that with all it issued?
 */
static bool pg_revocation_barred(struct pg_members *ms, const struct pg_revocation *rv)
{
	const struct pg_member *m;

	for (m = rv->signer; m; m = m->parent)
		if (pg_revoked_by(ms, rv->key, m->gmc.spki_hash, m != rv->signer))
			return true;
	return false;
}

bool pg_revocation_answers(struct pg_members *ms, const struct pg_member *signer, const u8 *key)
{
	const struct pg_said *said;
	const struct pg_member *m;
	bool answers = false;

	mutex_lock(&ms->lock);
	said = pg_said_find(ms, signer->gmc.spki_hash, key);
	if (!said || said->n < 2)
		for (m = signer; m && !answers; m = m->parent)
			answers = pg_revoked_by(ms, key, m->gmc.spki_hash, false);
	mutex_unlock(&ms->lock);
	return answers;
}

/* One that counts enters what is said about whom it is about. */
static void pg_revocation_take(struct pg_members *ms, struct pg_revocation *rv)
{
	const u8 *by = rv->signer->gmc.spki_hash;
	u64 cut = rv->flags & PEERGROUP_REVOKE_WITHDRAW ? 0 : rv->time;
	bool only = rv->flags & PEERGROUP_REVOKE_ONLY;
	struct pg_revoked *of = rv->of;

	of->cut = min(of->cut, cut);
	if (only)
		of->issuing = min(of->issuing, rv->time);
	else
		of->below_cut = min(of->below_cut, cut);
	/* No more than two of one by another: nobody makes the look-ups slow by repeating it. */
	if (!pg_revoked_by(ms, by, rv->key, !only))
		hlist_add_head(&rv->pair, pg_pair_head(ms, by, rv->key));
}

/* Finds out which of them count. */
static void pg_revocations_weigh(struct pg_members *ms)
{
	const struct pg_member *signer = NULL;
	struct pg_revocation *rv;
	u64 cut = 0;

	if (ms->unsorted)
		list_sort(NULL, &ms->revocations, pg_revocation_cmp);
	ms->unsorted = false;
	pg_revocations_make_room(ms);
	list_for_each_entry(rv, &ms->revocations, rank) {
		INIT_HLIST_NODE(&rv->pair);
		pg_revoked_reset(rv->of);
		cond_resched();
	}
	list_for_each_entry(rv, &ms->revocations, rank) {
		if (rv->signer != signer) {
			signer = rv->signer;
			cut = pg_revocations_cut(ms, signer);
		}
		if (rv->time <= cut && !pg_revocation_barred(ms, rv))
			pg_revocation_take(ms, rv);
		cond_resched();
	}
}

static struct pg_member *pg_members_next(const struct pg_member *m)
{
	/* It is set once, which may be now, and no member leaves the table. */
	return rcu_dereference_raw(m->next);
}

bool pg_revocations_apply(struct pg_members *ms)
{
	struct pg_member *m;
	bool any = false;

	mutex_lock(&ms->lock);
	pg_revocations_weigh(ms);
	/* Issuers come before what they issued. */
	for (m = ms->root; m; m = pg_members_next(m)) {
		u64 cut = pg_member_cut(m);

		pg_revocations_judge(ms, m);
		if (pg_member_cut(m) != cut) {
			any = true;
			ms->n_changed += !m->changed;
			m->changed = true;
		}
		cond_resched();
	}
	ms->changes += any;
	mutex_unlock(&ms->lock);
	return any;
}

struct pg_member *pg_revocations_changed(struct pg_members *ms, u32 *looks)
{
	struct pg_member *m;

	for (; ms->n_changed && *looks; --*looks) {
		m = ms->look ?: ms->root;
		ms->look = pg_members_next(m);
		if (!m->changed)
			continue;
		m->changed = false;
		ms->n_changed--;
		return m;
	}
	return NULL;
}
