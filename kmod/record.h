/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The record format: reading the wire form, its digest, what its signature
 * signs, the order of versions. Engine file: pure functions over bytes, no
 * knowledge of groups, tables or members.
 */
#ifndef _PG_RECORD_H
#define _PG_RECORD_H

#include <linux/types.h>
#include "gmc.h"

/**
 * struct pg_rec - a record's header, parsed; spans point into the wire form
 * @id: see struct peergroup_record_hdr; so the others down to @expires
 * @type: what the data means
 * @version: from 1
 * @flags: PEERGROUP_RECORD_*
 * @creator: fingerprint
 * @modifier: fingerprint
 * @created: peer time
 * @modified: peer time
 * @expires: peer time
 * @anchor: end of the chain that refreshes it, see refresh.h; NULL where there is none
 * @period: seconds that a refresh gives; 0 without PEERGROUP_RECORD_AUTOREFRESH
 * @count: length of the chain
 * @digest: SHA-256(tag || group || header || attributes)
 * @signed_hash: what @sig signs: @digest, or the batch's root hash
 * @sig_algo: enum peergroup_sig_algo
 * @attrs: attribute XML, UTF-8
 * @sig: the signature proper
 * @sig_block: all of the signature block
 * @data: the data
 * @data_hash: SHA-256 that the data should have
 */
struct pg_rec {
	u8 id[PEERGROUP_ID_LEN];
	u8 type[PEERGROUP_ID_LEN];
	u32 version;
	u32 flags;
	u8 creator[PEERGROUP_HASH_LEN];
	u8 modifier[PEERGROUP_HASH_LEN];
	u64 created;
	u64 modified;
	u64 expires;
	const u8 *anchor;
	u32 period;
	u32 count;
	u8 digest[PEERGROUP_HASH_LEN];
	u8 signed_hash[PEERGROUP_HASH_LEN];
	u8 sig_algo;
	struct pg_span attrs;
	struct pg_span sig;
	struct pg_span sig_block;
	struct pg_span data;
	const u8 *data_hash;
};

/**
 * pg_rec_parse() - read a record's wire form
 * @rec: filled in; its spans point into @wire
 * @group: the group id, part of what is signed
 * @wire: the record, hostile
 * @len: bytes of @wire
 *
 * Checks all that can be told from the bytes alone: lengths, flags, version
 * not 0, PEERGROUP_VERSION_FINAL exactly in a revocation, created <= modified <
 * expires, a first version (1 or FINAL) exactly when created ==
 * modified and then creator == modifier, tombstone without attributes and
 * data and with version above 1, refresh fields zero without AUTOREFRESH and
 * sane with it (period at least 60 s, count 1..2^20, anchor not zero), type
 * not all zero, attributes valid UTF-8 without NUL, attributes and data within
 * PEERGROUP_ATTRS_LEN_MAX and PEERGROUP_RECORD_SIZE_MAX, a known algorithm and
 * a signature of its form (pg_sig_well_formed()), batch path of the length
 * that leaf and leaves imply. Computes the digest and folds the batch path. It does
 * not hash the data: pg_rec_check_data() does, after dedupe.
 *
 * Pure function; may be called in any context.
 *
 * Return: 0 or -EBADMSG.
 */
int __must_check pg_rec_parse(struct pg_rec *rec, const u8 *group,
			      const u8 *wire, size_t len);

/**
 * pg_rec_check_data() - does the data match the hash in the header?
 * @rec: a parsed record whose wire form is still there
 *
 * May sleep: it gives way between pieces, as 60 MiB take a quarter of a second.
 *
 * Return: true if it does.
 */
bool pg_rec_check_data(const struct pg_rec *rec);

/**
 * pg_rec_weight() - a record's size in the sense of the record size limit
 * @rec: a parsed record
 *
 * Return: bytes of data plus twice the number of UTF-16 units of the attributes.
 */
u64 pg_rec_weight(const struct pg_rec *rec);

/**
 * struct pg_rec_key - what orders the versions of one record
 * @version: the version number
 * @modified: peer time
 * @digest: of the record
 */
struct pg_rec_key {
	u32 version;
	u64 modified;
	u8 digest[PEERGROUP_HASH_LEN];
};

/**
 * pg_rec_key_cmp() - order two versions of one record
 * @a: a version
 * @b: a version
 *
 * (version, modified, digest), lexicographic: total, so every host picks the
 * same winner.
 *
 * Return: below, equal to or above 0, as memcmp().
 */
int pg_rec_key_cmp(const struct pg_rec_key *a, const struct pg_rec_key *b);

static inline bool pg_rec_deleted(const struct pg_rec *rec)
{
	return rec->flags & PEERGROUP_RECORD_DELETED;
}

/* Does @sig stand for a whole batch of records? */
static inline bool pg_rec_batched(const struct pg_rec *rec)
{
	return *rec->sig_block.p == PEERGROUP_SIG_BATCH;
}

/* What a record's type means to the group itself. */
enum pg_rec_kind {
	PG_REC_PROGRAM,		/* nothing: it is some program's */
	PG_REC_MEMBERSHIP,
	PG_REC_PRESENCE,
	PG_REC_PROPERTIES,
	PG_REC_REVOCATION,
	PG_REC_UNUSED,		/* reserved, and of no use here */
};

/**
 * pg_rec_kind() - tell reserved types apart
 * @type: record type
 *
 * Return: enum pg_rec_kind.
 */
enum pg_rec_kind pg_rec_kind(const u8 *type);

/* Is this one of the types programs may not use? */
static inline bool pg_rec_type_reserved(const u8 *type)
{
	return pg_rec_kind(type) != PG_REC_PROGRAM;
}

#endif /* _PG_RECORD_H */
