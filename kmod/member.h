/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The members a group knows: membership certificates whose chain to the group
 * root has been verified, each once. They form a tree, as each certificate
 * names its issuer by fingerprint; a chain that arrives is checked from its
 * first unknown certificate down. Engine file.
 *
 * Readers look up under RCU. Who adds holds pg_members.lock for no longer than
 * that: a chain is verified before (pg_members_learn() says how).
 */
#ifndef _PG_MEMBER_H
#define _PG_MEMBER_H

#include <linux/atomic.h>
#include <linux/list.h>
#include <linux/hashtable.h>
#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/mutex.h>
#include <linux/siphash.h>
#include "gmc.h"

struct pg_rec;

/**
 * struct pg_member - one verified membership certificate, immutable but for what
 *	revocations do to it
 * @hash: in struct pg_members by fingerprint
 * @next: the one that came after it: none ever leaves, so a dump finds its place again
 * @refs: the table's own, children's, records', and lookups that asked
 * @rcu: for freeing
 * @parent: issuer, held; NULL in the root
 * @depth: 0 in the root
 * @below: how many are below it; the table's lock
 * @nr: counts up from 0, for bitmaps; below PG_MEMBERS_MAX
 * @cut: peer time: what it signed later is void; PG_NOT_REVOKED, or 0 where all is
 * @below_cut: the same for what it issued; pg_members.lock
 * @issuing: certificates below it that begin later are void; pg_members.lock
 * @changed: @cut is another one since programs were told; who judges all members
 * @gmc: parsed; spans point into @der
 * @der_len: bytes of @der
 * @der: the certificate
 */
struct pg_member {
	struct hlist_node hash;
	struct pg_member __rcu *next;
	refcount_t refs;
	struct rcu_head rcu;
	struct pg_member *parent;
	u32 depth;
	u32 below;
	u32 nr;
	atomic64_t cut;
	u64 below_cut;
	u64 issuing;
	bool changed;
	struct pg_gmc gmc;
	u32 der_len;
	u8 der[];
};

#define PG_NOT_REVOKED	U64_MAX

static inline u64 pg_member_cut(const struct pg_member *m)
{
	return atomic64_read(&m->cut);
}

/* Its membership was revoked, or that of somebody above it was. */
static inline bool pg_member_revoked(const struct pg_member *m)
{
	return pg_member_cut(m) != PG_NOT_REVOKED;
}

#define PG_MEMBERS_BITS	8
#define PG_MEMBERS_MAX	65536U

struct pg_members {
	siphash_key_t key;	/* so that nobody can make keys that meet in one bucket */
	DECLARE_HASHTABLE(hash, PG_MEMBERS_BITS);
	struct mutex lock;	/* orders additions, guards revocations */
	struct pg_member *root;
	struct pg_member *last;	/* the latest; @lock */
	u32 count;
	u64 changes;		/* how often one came, or revocations changed; @lock */
	u32 max;		/* as below: new ones over it are refused */
	u32 invited_max;	/* below one that is no administrator's */
	u32 issued_max;		/* below an administrator of another one; 0: half */
	struct list_head revocations;	/* revoke.h; by rank unless @unsorted */
	u32 n_revocations;
	bool unsorted;
	u32 heads;			/* in each of the next three, a power of two */
	struct hlist_head *revoked;	/* struct pg_revoked by key */
	struct hlist_head *said;	/* how often who about whom: struct pg_said */
	struct hlist_head *pairs;	/* who revoked whom: struct pg_revocation */
	u32 n_changed;			/* members that are @changed; these two: who judges */
	struct pg_member *look;		/* where to look for them; NULL: at @root */
};

/**
 * pg_members_init() - start with a group root
 * @ms: the table
 * @der: the root's certificate, hostile
 * @len: bytes of @der
 *
 * Parses it, demands ROOT, checks that it is signed by its own key. May sleep.
 *
 * Return: 0, -EBADMSG, -EKEYREJECTED, -ENOPKG or -ENOMEM.
 */
int __must_check pg_members_init(struct pg_members *ms, const u8 *der, size_t len);

/* Drops all members; no reader may be left that could look one up. */
void pg_members_destroy(struct pg_members *ms);

/**
 * pg_members_get() - look up by fingerprint
 * @ms: the table
 * @fingerprint: SHA-256 of the certificate
 *
 * Return: the member with a reference taken, or NULL. Any context.
 */
struct pg_member *pg_members_get(struct pg_members *ms, const u8 *fingerprint);

static inline struct pg_member *pg_member_hold(struct pg_member *m)
{
	refcount_inc(&m->refs);
	return m;
}

void pg_member_put(struct pg_member *m);

/*
 * Who answers for what @m publishes: the highest above it that is no administrator,
 * or itself; NULL for an administrator.
 */
static inline const struct pg_member *pg_member_branch(const struct pg_member *m)
{
	const struct pg_member *top = NULL;

	for (; m && !(m->gmc.roles & (PEERGROUP_ROLE_ADMIN | PEERGROUP_ROLE_ROOT)); m = m->parent)
		top = m;
	return top;
}

/*
 * The administrator whom another one invited, and who answers for what @m publishes: the
 * highest above it, or itself; NULL where there is none.
 */
static inline const struct pg_member *pg_member_deputy(const struct pg_member *m)
{
	const struct pg_member *top = NULL;

	for (; m && m->depth >= 2; m = m->parent)
		if (m->gmc.roles & PEERGROUP_ROLE_ADMIN)
			top = m;
	return top;
}

/*
 * The highest above @m that is revoked, or itself: whose key is, by that, in all of its
 * certificates; NULL where there is none.
 */
static inline const struct pg_member *pg_member_fallen(const struct pg_member *m)
{
	const struct pg_member *top = NULL;

	for (; m; m = m->parent)
		if (pg_member_revoked(m))
			top = m;
	return top;
}

/**
 * struct pg_chain - certificates in order, below the root first, leaf last
 * @n: how many
 * @cert: the certificates
 */
struct pg_chain {
	u32 n;
	struct pg_span cert[PEERGROUP_CHAIN_MAX];
};

/**
 * pg_chain_decode() - read the body of a GMC message
 * @chain: filled in; its spans point into @body
 * @body: the body, hostile
 * @len: bytes of @body
 *
 * Return: 0 or -EBADMSG (none, more than PEERGROUP_CHAIN_MAX, a length that
 * is 0 or over PEERGROUP_CERT_LEN_MAX, bytes left over).
 */
int __must_check pg_chain_decode(struct pg_chain *chain, const u8 *body, size_t len);

/**
 * pg_chain_encoded_len() - bytes pg_chain_encode() will write for @m's chain
 * @m: leaf of the chain
 *
 * Return: how many; 0 for the root.
 */
size_t pg_chain_encoded_len(const struct pg_member *m);

/**
 * pg_chain_encode() - write the body of a GMC message for @m and its issuers
 * @m: leaf of the chain
 * @buf: room for pg_chain_encoded_len() bytes
 */
void pg_chain_encode(const struct pg_member *m, u8 *buf);

/**
 * pg_members_learn() - verify a chain and remember its members
 * @ms: the table
 * @chain: from the network or a program, hostile
 * @leaf: set to the leaf's member with a reference, or NULL on failure; may be
 *	NULL where the caller does not want it
 *
 * Known certificates cost a lookup, unknown ones one signature check each.
 * Depth counts from the root: more than PEERGROUP_CHAIN_MAX is refused. A
 * certificate's validity is checked against its issuer's, not against now: a
 * record says by itself when it was signed. Members found valid before a bad
 * certificate stay. Sleeps; takes @ms->lock for insertion only.
 *
 * Return: 0 or a refusal: PEERGROUP_A_STATS_REFUSED_CERT, _ALGORITHM,
 * _MEMBERS or _NOMEM.
 */
unsigned int __must_check pg_members_learn(struct pg_members *ms,
					   const struct pg_chain *chain,
					   struct pg_member **leaf);

/**
 * pg_members_check() - verify a chain, and remember nothing of it
 * @ms: the table
 * @chain: as for pg_members_learn()
 * @good: set to how many of it, from the first on, hold
 *
 * For who is not worth a place in the table, which it takes none of: what is not known costs
 * as much each time. Sleeps.
 *
 * Return: 0 or a refusal, as pg_members_learn(), but not for want of room.
 */
unsigned int __must_check pg_members_check(struct pg_members *ms,
					   const struct pg_chain *chain, u32 *good);

/**
 * pg_members_learn_one() - verify a certificate whose issuer is known, and remember it
 * @ms: the table
 * @der: from a program, hostile
 *
 * As pg_members_learn() in all else. Sleeps.
 *
 * Return: 0 or a refusal, PEERGROUP_A_STATS_REFUSED_UNKNOWN where the issuer is not known.
 */
unsigned int __must_check pg_members_learn_one(struct pg_members *ms, struct pg_span der);

/**
 * pg_members_barred() - would a chain bring certificates below a revoked one?
 * @ms: the table
 * @chain: hostile
 *
 * That is, where the table knows it to some point: from there on, all that follows would be
 * revoked from the start. Checks no signature. Sleeps.
 *
 * Return: the last of @chain that is known, with a reference, if so; NULL, too, where there is
 * nothing in @chain to learn.
 */
struct pg_member *pg_members_barred(struct pg_members *ms, const struct pg_chain *chain);

/**
 * pg_members_each() - walk all members in the order they came, for dumps
 * @ms: the table
 * @last: the member that @fn accepted last, NULL to begin with
 * @fn: returns non-zero to stop before the entry is counted
 * @arg: passed to @fn
 *
 * A walk that goes on from @last tells each member once, whatever is added meanwhile.
 * Members stay as long as the table, so @last needs no reference of its own.
 * Runs under RCU; @fn must not sleep.
 *
 * Return: what @fn returned last.
 */
int pg_members_each(struct pg_members *ms, struct pg_member **last,
		    int (*fn)(struct pg_member *m, void *arg), void *arg);

/**
 * pg_member_vouch() - may the signer have signed this record?
 * @rec: a parsed record
 * @creator: member of rec->creator
 * @modifier: member of rec->modifier
 *
 * The id belongs to the creator's key, the signer is the creator (same key) or
 * an administrator, the modification lies inside the signer's certificate and
 * the creation inside the creator's, the record expires no later than the later
 * of the two certificates (a revocation outlives them), the signature's algorithm
 * is that of the signer's key.
 * A verdict about the record alone: it never depends on what else a host has
 * seen, so that all hosts come to the same one.
 *
 * Return: 0 or PEERGROUP_A_STATS_REFUSED_ID, _ROLE, _TIMES, _SIGNATURE.
 */
unsigned int __must_check pg_member_vouch(const struct pg_rec *rec,
					  const struct pg_member *creator,
					  const struct pg_member *modifier);

#endif /* _PG_MEMBER_H */
