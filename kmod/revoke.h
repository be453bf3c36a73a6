/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Revocations: which of them count, and what they do to the members of a group.
 * Engine file: it holds those that are in the record table, checks no signature and
 * reads no clock.
 *
 * All hosts that have the same revocations come to the same result, whatever the
 * order in which these and the certificates came. Revocations have a rank: first by
 * the depth of the signer's certificate, so that who stands nearer to the root prevails;
 * then by since when it has been what it is, and by the certificate's fingerprint. A
 * signer dates its records itself, but not its certificate: so time and digest come last, among the
 * revocations by one certificate. One counts unless one of a higher rank that counts has
 * voided it, as it would void any other record of that signer, or it is about who has
 * revoked its signer: of two that revoke one another the higher in rank stays, whatever
 * the other dates.
 */
#ifndef _PG_REVOKE_H
#define _PG_REVOKE_H

#include <linux/hashtable.h>
#include <linux/list.h>
#include <linux/slab.h>
#include "member.h"
#include "record.h"

/**
 * struct pg_revoked - a key that revocations are about; pg_members.lock
 * @node: in pg_members.revoked by @key
 * @key: SHA-256 of its SubjectPublicKeyInfo
 * @n: how many revocations
 * @cut: what those that count say, as in struct pg_member; so the next two
 * @below_cut: of what it issued
 * @issuing: its certificates that begin later are void
 */
struct pg_revoked {
	struct hlist_node node;
	u8 key[PEERGROUP_HASH_LEN];
	u32 n;
	u64 cut;
	u64 below_cut;
	u64 issuing;
};

/**
 * struct pg_said - what the key of one member has to say of another; pg_members.lock
 * @node: in pg_members.said by @by and @of
 * @of: whom it is about
 * @by: SHA-256 of the signer's SubjectPublicKeyInfo
 * @n: how many revocations, whether or not they count
 */
struct pg_said {
	struct hlist_node node;
	struct pg_revoked *of;
	u8 by[PEERGROUP_HASH_LEN];
	u32 n;
};

/**
 * struct pg_revocation - one that is in the table
 * @rank: in pg_members.revocations, highest first when they have been judged
 * @pair: in pg_members.pairs by the signer's key and @key, if it counts and says more
 *	than those there
 * @of: whom it is about, while it is in the table
 * @said: its signer about that one, likewise
 * @spare: to be @of, where nothing is there yet; until it is added
 * @spare_said: to be @said, likewise
 * @signer: whose it is; the record holds it
 * @key: of whom it is about
 * @digest: of the record
 * @time: when the membership ended
 * @flags: PEERGROUP_REVOKE_*
 */
struct pg_revocation {
	struct list_head rank;
	struct hlist_node pair;
	struct pg_revoked *of;
	struct pg_said *said;
	struct pg_revoked *spare;
	struct pg_said *spare_said;
	const struct pg_member *signer;
	u8 key[PEERGROUP_HASH_LEN];
	u8 digest[PEERGROUP_HASH_LEN];
	u64 time;
	u32 flags;
};

/**
 * pg_revocation_vouch() - is this a revocation, and the signer's to make?
 * @rec: a parsed record of that type whose data is what its hash says
 * @signer: member of rec->modifier
 *
 * An administrator may revoke anybody but the root, unless it would revoke itself by
 * that. A verdict about the record and its signer's chain alone.
 *
 * Return: 0 or PEERGROUP_A_STATS_REFUSED_MALFORMED, _ID, _TIMES, _ROLE.
 */
unsigned int __must_check pg_revocation_vouch(const struct pg_rec *rec,
					      const struct pg_member *signer);

/**
 * pg_revocation_new() - make one from a record, to be added
 * @rec: pg_revocation_vouch() found nothing wrong with it
 * @signer: member of rec->modifier; held by the record for as long
 *
 * Return: to be freed by pg_revocation_free(), or NULL without memory.
 */
struct pg_revocation *pg_revocation_new(const struct pg_rec *rec,
					const struct pg_member *signer);

/* One that is in the table no more. Any context. */
static inline void pg_revocation_free(struct pg_revocation *rv)
{
	if (rv) {
		kfree(rv->spare);
		kfree(rv->spare_said);
	}
	kfree(rv);
}

/* Begins with none. 0 or -ENOMEM. */
int __must_check pg_revocations_init(struct pg_members *ms);

/* The last of them: those that are in the table yet do not look at @ms any more. */
void pg_revocations_destroy(struct pg_members *ms);

/* Its record enters the table, or leaves it. Takes @ms->lock; nothing follows yet. */
void pg_revocation_add(struct pg_members *ms, struct pg_revocation *rv);
void pg_revocation_del(struct pg_members *ms, struct pg_revocation *rv);

/**
 * pg_revocations_apply() - find out which revocations count, and judge all members
 * @ms: the table
 *
 * Marks each member whose verdict is another one now, for pg_revocations_changed(). Takes
 * @ms->lock; the caller sees to it that neither of the two runs twice at once, or with the
 * other. Costs the number of members, and of revocations (sorting them, where new ones came)
 * times the depth of chains.
 *
 * Return: true if there was any such member.
 */
bool pg_revocations_apply(struct pg_members *ms);

/**
 * pg_revocations_changed() - a member whose verdict has become another one, and its mark
 * @ms: the table
 * @looks: how many members may be looked at for that; what is left of it is set
 *
 * Goes on where it stopped, and from the end to the beginning: however often all are judged
 * meanwhile, each has its turn. No locks.
 *
 * Return: one, which is marked no more; NULL when there is none, or after so many looks.
 */
struct pg_member *pg_revocations_changed(struct pg_members *ms, u32 *looks);

/**
 * pg_revocation_answers() - is it worth hearing whom a revoked signer revokes?
 * @ms: the table
 * @signer: is revoked
 * @key: whom it revokes, in a record that is not there
 *
 * What it dates before its own revocation would count. So it has no say about others any
 * more, but about those who have revoked it, or one above it: rank decides about these,
 * and nobody has to say it more than twice. Asked before a signature is looked at, so that it
 * costs some look-ups, however many revocations there are. Takes @ms->lock.
 *
 * Return: true if it is.
 */
bool pg_revocation_answers(struct pg_members *ms, const struct pg_member *signer, const u8 *key);

/* Judges a member that enters the table by the revocations that count. @ms->lock held. */
void pg_revocations_judge(struct pg_members *ms, struct pg_member *m);

/**
 * pg_rec_voided() - has the signer's revocation voided this record?
 * @rec: a parsed record
 * @signer: member of rec->modifier
 *
 * Revocations are not voided so: they have their rank. And nobody who was revoked is
 * there any more, whenever it said so.
 *
 * Return: true if it has.
 */
static inline bool pg_rec_voided(const struct pg_rec *rec, const struct pg_member *signer)
{
	switch (pg_rec_kind(rec->type)) {
	case PG_REC_REVOCATION:
		return false;
	case PG_REC_PRESENCE:
		return pg_member_revoked(signer);
	default:
		return rec->modified > pg_member_cut(signer);
	}
}

#endif /* _PG_REVOKE_H */
