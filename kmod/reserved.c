// SPDX-License-Identifier: GPL-2.0-only
/*
 * The rules of the reserved record types. Called by admission, for what links bring
 * and for what programs put: it is the library that makes such records, but nothing
 * here trusts it.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <crypto/sha2.h>
#include "clock.h"
#include "reserved.h"
#include "revoke.h"
#include "stats.h"

/* Random ids do not look like this. */
static bool pg_rec_id_reserved(const struct pg_rec *rec)
{
	return !memchr_inv(rec->id + PEERGROUP_ID_LEN / 2, 0, PEERGROUP_ID_LEN / 2);
}

static bool pg_rec_is_root(const struct pg_member *m)
{
	return m->gmc.roles & PEERGROUP_ROLE_ROOT;
}

static bool pg_rec_by_creator(const struct pg_member *creator, const struct pg_member *modifier)
{
	return !memcmp(creator->gmc.spki_hash, modifier->gmc.spki_hash,
		       sizeof(creator->gmc.spki_hash));
}

static unsigned int pg_properties_vouch(const struct pg_rec *rec,
					const struct pg_member *creator,
					const struct pg_member *modifier)
{
	if (!pg_rec_is_root(creator) || !pg_rec_is_root(modifier))
		return PEERGROUP_A_STATS_REFUSED_ROLE;
	if (!pg_rec_id_reserved(rec))
		return PEERGROUP_A_STATS_REFUSED_ID;
	if (rec->flags || rec->attrs.len || rec->data.len > PEERGROUP_PROPERTIES_LEN_MAX)
		return PEERGROUP_A_STATS_REFUSED_MALFORMED;
	return 0;
}

/* Does the certificate have this fingerprint? */
static bool pg_cert_is(const struct pg_span *cert, const u8 *fingerprint)
{
	u8 hash[SHA256_DIGEST_SIZE];

	sha256(cert->p, cert->len, hash);
	return !memcmp(hash, fingerprint, sizeof(hash));
}

static unsigned int pg_membership_vouch(const struct pg_rec *rec,
					const struct pg_member *creator,
					const struct pg_member *modifier)
{
	struct pg_chain chain;

	if (!pg_rec_by_creator(creator, modifier) || pg_rec_is_root(modifier))
		return PEERGROUP_A_STATS_REFUSED_ROLE;
	/* An issuer may take back what it has left for a member; nobody unmakes himself. */
	if (pg_rec_deleted(rec) && !pg_rec_id_reserved(rec))
		return 0;
	if (rec->flags || rec->attrs.len ||
	    pg_chain_decode(&chain, rec->data.p, rec->data.len))
		return PEERGROUP_A_STATS_REFUSED_MALFORMED;
	if (!pg_rec_id_reserved(rec))
		return chain.n > 1 && pg_cert_is(&chain.cert[chain.n - 2], rec->modifier) ?
			0 : PEERGROUP_A_STATS_REFUSED_ROLE;
	return pg_cert_is(&chain.cert[chain.n - 1], rec->modifier) ?
		0 : PEERGROUP_A_STATS_REFUSED_ROLE;
}

/* A member speaks for its own nodes only, and has one record for each. */
static unsigned int pg_presence_vouch(const struct pg_rec *rec,
				      const struct pg_member *creator,
				      const struct pg_member *modifier)
{
	struct peergroup_presence p;
	size_t rest;

	if (!pg_rec_by_creator(creator, modifier) || pg_rec_is_root(modifier))
		return PEERGROUP_A_STATS_REFUSED_ROLE;
	if (pg_rec_id_reserved(rec))
		return PEERGROUP_A_STATS_REFUSED_ID;
	if (pg_rec_deleted(rec))
		return 0;
	/* It is a chain that keeps it alive, if anything does. */
	if ((rec->flags && !rec->anchor) || rec->attrs.len || rec->data.len < sizeof(p))
		return PEERGROUP_A_STATS_REFUSED_MALFORMED;
	/* Who ends without a word is not to be there for years. */
	if (rec->expires - rec->modified > PEERGROUP_PRESENCE_SECONDS_MAX * PG_TIME_SECOND ||
	    rec->period > PEERGROUP_PRESENCE_SECONDS_MAX)
		return PEERGROUP_A_STATS_REFUSED_TIMES;
	rest = rec->data.len - sizeof(p);
	if (rest % PEERGROUP_PRESENCE_ADDRESS_LEN ||
	    rest / PEERGROUP_PRESENCE_ADDRESS_LEN > PEERGROUP_PRESENCE_ADDRESSES_MAX)
		return PEERGROUP_A_STATS_REFUSED_MALFORMED;
	memcpy(&p, rec->data.p, sizeof(p));
	return memcmp(rec->id + PEERGROUP_ID_LEN / 2, &p.node, sizeof(p.node)) ?
		PEERGROUP_A_STATS_REFUSED_ID : 0;
}

unsigned int pg_rec_vouch(const struct pg_rec *rec, const struct pg_member *creator,
			  const struct pg_member *modifier)
{
	unsigned int refusal = pg_member_vouch(rec, creator, modifier);

	if (refusal)
		return refusal;
	switch (pg_rec_kind(rec->type)) {
	case PG_REC_PROPERTIES:
		return pg_properties_vouch(rec, creator, modifier);
	case PG_REC_MEMBERSHIP:
		return pg_membership_vouch(rec, creator, modifier);
	case PG_REC_PRESENCE:
		return pg_presence_vouch(rec, creator, modifier);
	case PG_REC_REVOCATION:
		return pg_revocation_vouch(rec, modifier);
	case PG_REC_UNUSED:
		return PEERGROUP_A_STATS_REFUSED_RESERVED;
	case PG_REC_PROGRAM:
		break;
	}
	if (pg_rec_is_root(creator) || pg_rec_is_root(modifier))
		return PEERGROUP_A_STATS_REFUSED_ROLE;
	return pg_rec_id_reserved(rec) ? PEERGROUP_A_STATS_REFUSED_ID : 0;
}

u32 pg_properties_flags(const struct pg_rec *rec)
{
	struct peergroup_properties_head p;

	if (rec->data.len < sizeof(p))
		return 0;
	memcpy(&p, rec->data.p, sizeof(p));
	return be16_to_cpu(p.major) == PEERGROUP_PROPERTIES_MAJOR ? be32_to_cpu(p.flags) : 0;
}
