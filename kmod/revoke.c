// SPDX-License-Identifier: GPL-2.0-only
/*
 * Revocations: which may be made, which count, and what they mean for the members
 * of a group. Called by admission for records and by member.c for certificates;
 * group_revoke.c deals with what follows for links and records.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <asm/unaligned.h>
#include <crypto/sha2.h>
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
	struct sha256_state s;

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
	struct pg_revocation *rv = kzalloc(sizeof(*rv), GFP_KERNEL_ACCOUNT);

	if (!rv)
		return NULL;
	rv->signer = signer;
	memcpy(rv->key, pg_revocation_body(rec)->key, sizeof(rv->key));
	memcpy(rv->digest, rec->digest, sizeof(rv->digest));
	rv->time = rec->modified;
	rv->flags = pg_revocation_flags(rec);
	return rv;
}

/* ----------------------------------------------------------------- index -- */

static u32 pg_revocation_slot(const u8 *key)
{
	return get_unaligned_be32(key);
}

static bool pg_revocation_before(const struct pg_revocation *a, const struct pg_revocation *b)
{
	if (a->signer->depth != b->signer->depth)
		return a->signer->depth < b->signer->depth;
	if (a->time != b->time)
		return a->time < b->time;
	return memcmp(a->digest, b->digest, sizeof(a->digest)) < 0;
}

void pg_revocation_add(struct pg_members *ms, struct pg_revocation *rv)
{
	struct pg_revocation *other;
	struct list_head *at = &ms->revocations;

	mutex_lock(&ms->lock);
	list_for_each_entry(other, &ms->revocations, rank) {
		if (pg_revocation_before(rv, other)) {
			at = &other->rank;
			break;
		}
	}
	list_add_tail(&rv->rank, at);
	hash_add(ms->revoked, &rv->hash, pg_revocation_slot(rv->key));
	mutex_unlock(&ms->lock);
}

void pg_revocation_del(struct pg_members *ms, struct pg_revocation *rv)
{
	mutex_lock(&ms->lock);
	list_del(&rv->rank);
	hash_del(&rv->hash);
	mutex_unlock(&ms->lock);
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
	struct pg_revocation *rv;

	hash_for_each_possible(ms->revoked, rv, hash, pg_revocation_slot(m->gmc.spki_hash)) {
		u64 cut = rv->flags & PEERGROUP_REVOKE_WITHDRAW ? 0 : rv->time;

		if (!rv->counts || !pg_key_is(m, rv->key))
			continue;
		v->cut = min(v->cut, cut);
		if (rv->flags & PEERGROUP_REVOKE_ONLY)
			v->issuing = min(v->issuing, rv->time);
		else
			v->below = min(v->below, cut);
	}
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

	if (m->parent) {
		above.below = m->parent->below_cut;
		above.issuing = m->parent->issuing;
		pg_revocations_step(ms, m, &above, &v);
	}
	atomic64_set(&m->cut, v.cut);
	m->below_cut = v.below;
	m->issuing = v.issuing;
}

bool pg_revocations_apply(struct pg_members *ms,
			  void (*changed)(struct pg_member *m, void *arg), void *arg)
{
	struct pg_revocation *rv;
	struct pg_member *m;
	bool any = false;

	mutex_lock(&ms->lock);
	list_for_each_entry(rv, &ms->revocations, rank)
		rv->counts = false;
	list_for_each_entry(rv, &ms->revocations, rank)
		rv->counts = rv->time <= pg_revocations_cut(ms, rv->signer);
	/* Issuers come before what they issued. */
	for (m = ms->root; m; m = rcu_dereference_protected(m->next, lockdep_is_held(&ms->lock))) {
		u64 cut = pg_member_cut(m);

		pg_revocations_judge(ms, m);
		if (pg_member_cut(m) == cut)
			continue;
		any = true;
		if (changed)
			changed(m, arg);
	}
	mutex_unlock(&ms->lock);
	return any;
}
