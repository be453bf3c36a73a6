// SPDX-License-Identifier: GPL-2.0-only
/*
 * The members a group knows: chains of certificates go in, verified, and come
 * out by fingerprint. Links learn from what peers send, netlink from what
 * programs open groups with. Never forgets a member while the group lives and
 * never asks what time it is.
 */
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <crypto/sha2.h>
#include "alloc.h"
#include "compat.h"
#include "cursor.h"
#include "member.h"
#include "record.h"
#include "revoke.h"
#include "stats.h"
#include "verify.h"

/* --------------------------------------------------------------- members -- */

/* A member with one reference, parsed but not verified; holds no parent yet. */
static struct pg_member *pg_member_alloc(struct pg_span der)
{
	struct pg_member *m;
	int err;

	if (!der.len || der.len > PEERGROUP_CERT_LEN_MAX)
		return ERR_PTR(-EBADMSG);
	m = kzalloc(struct_size(m, der, der.len), PG_GFP_LINK);
	if (!m)
		return ERR_PTR(-ENOMEM);

	refcount_set(&m->refs, 1);
	atomic64_set(&m->cut, PG_NOT_REVOKED);
	m->below_cut = PG_NOT_REVOKED;
	m->issuing = PG_NOT_REVOKED;
	m->der_len = der.len;
	memcpy(m->der, der.p, der.len);
	err = pg_gmc_parse(&m->gmc, m->der, m->der_len);
	if (err) {
		kfree(m);
		return ERR_PTR(err);
	}
	return m;
}

static int pg_member_verify(const struct pg_member *m, const struct pg_gmc *issuer)
{
	u8 hash[PEERGROUP_HASH_LEN];

	sha256(m->gmc.tbs.p, m->gmc.tbs.len, hash);
	return pg_verify(issuer->algo, issuer->key, hash, m->gmc.sig);
}

/* The last reference to a member lets go of its issuer, and so on upwards. */
void pg_member_put(struct pg_member *m)
{
	while (m && refcount_dec_and_test(&m->refs)) {
		struct pg_member *parent = m->parent;

		kfree_rcu(m, rcu);
		m = parent;
	}
}

/* ----------------------------------------------------------------- table -- */

static u32 pg_member_key(const struct pg_members *ms, const u8 *fingerprint)
{
	return siphash_1u64(get_unaligned_be64(fingerprint), &ms->key);
}

/* Takes no reference: the caller is in an RCU read section or holds the lock. */
static struct pg_member *pg_members_find(struct pg_members *ms, const u8 *fingerprint)
{
	struct pg_member *m;

	hash_for_each_possible_rcu(ms->hash, m, hash, pg_member_key(ms, fingerprint),
				   lockdep_is_held(&ms->lock))
		if (!memcmp(m->gmc.fingerprint, fingerprint, sizeof(m->gmc.fingerprint)))
			return m;
	return NULL;
}

struct pg_member *pg_members_get(struct pg_members *ms, const u8 *fingerprint)
{
	struct pg_member *m;

	rcu_read_lock();
	m = pg_members_find(ms, fingerprint);
	if (m && !refcount_inc_not_zero(&m->refs))
		m = NULL;
	rcu_read_unlock();
	return m;
}

/* How many may be below @m: all of the table below those who made the group. */
static u32 pg_members_share(const struct pg_members *ms, const struct pg_member *m)
{
	u32 max = READ_ONCE(ms->max);

	if (!(m->gmc.roles & (PEERGROUP_ROLE_ADMIN | PEERGROUP_ROLE_ROOT)))
		return READ_ONCE(ms->invited_max);
	return m->depth < 2 ? max : READ_ONCE(ms->issued_max) ?: max / 2;
}

/*
 * Is there no room for one more below @parent? Who may invite may invite
 * inviters, so that all below one count for it, however deep. Administrators are
 * trusted with the group, but not to leave no room for what others do about them.
 */
static bool pg_members_full(const struct pg_members *ms, const struct pg_member *parent)
{
	const struct pg_member *m;

	if (READ_ONCE(ms->count) >= READ_ONCE(ms->max))
		return true;
	for (m = parent; m; m = m->parent)
		if (READ_ONCE(m->below) >= pg_members_share(ms, m))
			return true;
	return false;
}

/* Gives @m to the table, with a reference of its own. */
static void pg_members_add(struct pg_members *ms, struct pg_member *m)
{
	struct pg_member *above;

	lockdep_assert_held(&ms->lock);
	for (above = m->parent; above; above = above->parent)
		WRITE_ONCE(above->below, above->below + 1);
	m->nr = ms->count;
	pg_revocations_judge(ms, m);
	hash_add_rcu(ms->hash, &pg_member_hold(m)->hash,
		     pg_member_key(ms, m->gmc.fingerprint));
	if (ms->last)
		rcu_assign_pointer(ms->last->next, m);
	ms->last = m;
	WRITE_ONCE(ms->count, ms->count + 1);
	ms->changes++;
}

int pg_members_init(struct pg_members *ms, const u8 *der, size_t len)
{
	struct pg_member *root;
	int err;

	if (len > PEERGROUP_CERT_LEN_MAX)
		return -EBADMSG;
	root = pg_member_alloc((struct pg_span){ .p = der, .len = len });
	if (IS_ERR(root))
		return PTR_ERR(root);

	err = root->gmc.roles == PEERGROUP_ROLE_ROOT ? 0 : -EBADMSG;
	if (!err)
		err = pg_member_verify(root, &root->gmc);
	if (!err)
		err = pg_revocations_init(ms);
	if (err) {
		pg_member_put(root);
		return err;
	}

	get_random_bytes(&ms->key, sizeof(ms->key));
	hash_init(ms->hash);
	mutex_init(&ms->lock);
	ms->count = 0;
	ms->max = PG_MEMBERS_MAX;
	ms->invited_max = PG_MEMBERS_MAX;
	ms->issued_max = 0;
	ms->last = NULL;
	ms->root = root;
	mutex_lock(&ms->lock);
	pg_members_add(ms, root);
	mutex_unlock(&ms->lock);
	return 0;
}

void pg_members_destroy(struct pg_members *ms)
{
	struct pg_member *m;
	struct hlist_node *next;
	int bucket;

	hash_for_each_safe(ms->hash, bucket, next, m, hash) {
		hash_del_rcu(&m->hash);
		pg_member_put(m);
	}
	pg_revocations_destroy(ms);
	pg_member_put(ms->root);
	ms->root = NULL;
	ms->last = NULL;
	ms->count = 0;
	mutex_destroy(&ms->lock);
}

int pg_members_each(struct pg_members *ms, struct pg_member **last,
		    int (*fn)(struct pg_member *m, void *arg), void *arg)
{
	struct pg_member *m;
	int ret = 0;

	rcu_read_lock();
	m = *last ? rcu_dereference((*last)->next) : ms->root;
	for (; m; m = rcu_dereference(m->next)) {
		ret = fn(m, arg);
		if (ret)
			break;
		*last = m;
	}
	rcu_read_unlock();
	return ret;
}

/* ---------------------------------------------------------------- chains -- */

int pg_chain_decode(struct pg_chain *chain, const u8 *body, size_t len)
{
	struct pg_cursor c;

	chain->n = 0;
	pg_cursor_init(&c, body, len);
	while (pg_cursor_left(&c)) {
		struct pg_span s = { .len = pg_cursor_be16(&c) };

		s.p = pg_cursor_take(&c, s.len);
		if (!s.p || !s.len || s.len > PEERGROUP_CERT_LEN_MAX)
			return -EBADMSG;
		if (chain->n == PEERGROUP_CHAIN_MAX)
			return -EBADMSG;
		chain->cert[chain->n++] = s;
	}
	return chain->n ? 0 : -EBADMSG;
}

size_t pg_chain_encoded_len(const struct pg_member *m)
{
	size_t len = 0;

	for (; m->parent; m = m->parent)
		len += sizeof(__be16) + m->der_len;
	return len;
}

/* From the back: the issuers are found from the leaf up, and sent top first. */
void pg_chain_encode(const struct pg_member *m, u8 *buf)
{
	u8 *p = buf + pg_chain_encoded_len(m);

	for (; m->parent; m = m->parent) {
		p -= m->der_len;
		memcpy(p, m->der, m->der_len);
		p -= sizeof(__be16);
		put_unaligned_be16(m->der_len, p);
	}
}

/* -------------------------------------------------------------- learning -- */

static unsigned int pg_learn_refusal(int err)
{
	switch (err) {
	case -ENOMEM:
		return PEERGROUP_A_STATS_REFUSED_NOMEM;
	case -ENOPKG:
		return PEERGROUP_A_STATS_REFUSED_ALGORITHM;
	default:
		return PEERGROUP_A_STATS_REFUSED_CERT;
	}
}

/*
 * Puts a verified member into the table unless somebody else just did: *@m is
 * then theirs. The reference that *@m has is the caller's before and after.
 */
static unsigned int pg_members_commit(struct pg_members *ms, struct pg_member **m)
{
	unsigned int refusal = 0;
	struct pg_member *known;

	mutex_lock(&ms->lock);
	known = pg_members_find(ms, (*m)->gmc.fingerprint);
	if (known)
		pg_member_hold(known);
	else if (pg_members_full(ms, (*m)->parent))
		refusal = PEERGROUP_A_STATS_REFUSED_MEMBERS;
	else
		pg_members_add(ms, *m);
	mutex_unlock(&ms->lock);

	if (known) {
		pg_member_put(*m);
		*m = known;
	}
	return refusal;
}

/* Verifies a certificate that the table does not know; *@m is set on success only. */
static unsigned int pg_member_issued(struct pg_member *parent, struct pg_span der,
				     struct pg_member **m)
{
	struct pg_member *new = pg_member_alloc(der);
	int err = -EBADMSG;

	if (IS_ERR(new))
		return pg_learn_refusal(PTR_ERR(new));
	new->parent = pg_member_hold(parent);
	new->depth = parent->depth + 1;
	if (new->depth <= PEERGROUP_CHAIN_MAX && pg_gmc_may_issue(&parent->gmc, &new->gmc))
		err = pg_member_verify(new, &parent->gmc);
	if (err) {
		pg_member_put(new);
		return pg_learn_refusal(err);
	}
	*m = new;
	return 0;
}

/* The same, and remembers it. */
static unsigned int pg_members_admit(struct pg_members *ms, struct pg_member *parent,
				     struct pg_span der, struct pg_member **m)
{
	struct pg_member *new;
	unsigned int refusal;

	/* Saves the signature check; pg_members_commit() decides. */
	if (pg_members_full(ms, parent))
		return PEERGROUP_A_STATS_REFUSED_MEMBERS;

	refusal = pg_member_issued(parent, der, &new);
	if (refusal)
		return refusal;
	refusal = pg_members_commit(ms, &new);
	if (refusal)
		pg_member_put(new);
	else
		*m = new;
	return refusal;
}

/* One step down the chain: the member that @der is, below @parent, remembered if @learn. */
static unsigned int pg_members_step(struct pg_members *ms, struct pg_member *parent,
				    struct pg_span der, bool learn, struct pg_member **m)
{
	u8 fingerprint[PEERGROUP_HASH_LEN];
	struct pg_member *known;

	sha256(der.p, der.len, fingerprint);
	known = pg_members_get(ms, fingerprint);
	if (!known && learn)
		return pg_members_admit(ms, parent, der, m);
	if (!known)
		return pg_member_issued(parent, der, m);
	if (known->parent != parent) {
		pg_member_put(known);
		return PEERGROUP_A_STATS_REFUSED_CERT;
	}
	*m = known;
	return 0;
}

/* *@good: how many of the chain are known or, now, verified. */
static unsigned int pg_members_walk(struct pg_members *ms, const struct pg_chain *chain,
				    bool learn, struct pg_member **leaf, u32 *good)
{
	struct pg_member *at = pg_member_hold(ms->root);
	unsigned int refusal = 0;
	u32 i;

	if (leaf)
		*leaf = NULL;
	if (!chain->n || chain->n > PEERGROUP_CHAIN_MAX)
		refusal = PEERGROUP_A_STATS_REFUSED_CERT;

	for (i = 0; !refusal && i < chain->n; i++) {
		struct pg_member *parent = at;

		refusal = pg_members_step(ms, parent, chain->cert[i], learn, &at);
		if (!refusal)
			pg_member_put(parent);
	}

	*good = at->depth;
	if (!refusal && leaf)
		*leaf = at;
	else
		pg_member_put(at);
	return refusal;
}

unsigned int pg_members_learn(struct pg_members *ms, const struct pg_chain *chain,
			      struct pg_member **leaf)
{
	u32 good;

	return pg_members_walk(ms, chain, true, leaf, &good);
}

unsigned int pg_members_check(struct pg_members *ms, const struct pg_chain *chain, u32 *good)
{
	return pg_members_walk(ms, chain, false, NULL, good);
}

unsigned int pg_members_learn_one(struct pg_members *ms, struct pg_span der)
{
	struct pg_gmc *gmc = kmalloc(sizeof(*gmc), GFP_KERNEL);
	struct pg_member *parent, *m;
	unsigned int refusal;
	int err;

	if (!gmc)
		return PEERGROUP_A_STATS_REFUSED_NOMEM;
	err = pg_gmc_parse(gmc, der.p, der.len);
	parent = err ? NULL : pg_members_get(ms, gmc->issuer);
	kfree(gmc);
	if (err)
		return pg_learn_refusal(err);
	if (!parent)
		return PEERGROUP_A_STATS_REFUSED_UNKNOWN;
	refusal = pg_members_step(ms, parent, der, true, &m);
	if (!refusal)
		pg_member_put(m);
	pg_member_put(parent);
	return refusal;
}

struct pg_member *pg_members_barred(struct pg_members *ms, const struct pg_chain *chain)
{
	struct pg_member *m = NULL, *next = ms->root;
	u8 fingerprint[PEERGROUP_HASH_LEN];
	u32 i;

	mutex_lock(&ms->lock);
	for (i = 0; next && i < chain->n; i++) {
		m = next;
		sha256(chain->cert[i].p, chain->cert[i].len, fingerprint);
		next = pg_members_find(ms, fingerprint);
	}
	if (next || !m || m->below_cut == PG_NOT_REVOKED)
		m = NULL;
	else
		pg_member_hold(m);
	mutex_unlock(&ms->lock);
	return m;
}

/* ------------------------------------------------------------- vouching -- */

static bool pg_gmc_valid_at(const struct pg_gmc *gmc, u64 time)
{
	return gmc->not_before <= time && time <= gmc->not_after;
}

unsigned int pg_member_vouch(const struct pg_rec *rec, const struct pg_member *creator,
			     const struct pg_member *modifier)
{
	const struct pg_gmc *c = &creator->gmc, *m = &modifier->gmc;

	if (memcmp(rec->id, c->spki_hash, PEERGROUP_ID_LEN / 2))
		return PEERGROUP_A_STATS_REFUSED_ID;
	if (memcmp(c->spki_hash, m->spki_hash, sizeof(c->spki_hash)) &&
	    !(m->roles & PEERGROUP_ROLE_ADMIN))
		return PEERGROUP_A_STATS_REFUSED_ROLE;
	if (!pg_gmc_valid_at(c, rec->created) || !pg_gmc_valid_at(m, rec->modified))
		return PEERGROUP_A_STATS_REFUSED_TIMES;
	/* An administrator who is here for shorter may still change what is here for longer. */
	if (pg_rec_kind(rec->type) != PG_REC_REVOCATION &&
	    rec->expires > max(c->not_after, m->not_after))
		return PEERGROUP_A_STATS_REFUSED_TIMES;
	if (rec->sig_algo != m->algo)
		return PEERGROUP_A_STATS_REFUSED_SIGNATURE;
	return 0;
}
