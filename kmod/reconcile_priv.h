/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of reconciliation share: reconcile.c, which leads, and
 * reconcile_answer.c, which answers and reads answers.
 *
 * SYNC, leader to answerer, is 1 to PG_SYNC_BRANCH of struct pg_sync_query:
 *
 *	 0	lo	16	lowest id of the range
 *	16	hi	16	id behind the range; zero: there is no upper bound
 *	32	count	4	entries of the leader's table in the range
 *	36	print	32	sum of their digests
 *
 * SYNC_REPLY has one answer per range, in the order of the ranges. Each is a
 * struct pg_sync_answer, {u8 kind, u8 n}, and n elements:
 *
 *	EQUAL	n is 0
 *	LIST	up to PG_SYNC_LEAF of struct pg_sync_entry: all that the
 *		answerer has in the range, by id
 *
 *		 0	id	 16
 *		16	version	  4
 *		20	modified  8
 *		28	digest	  8	first bytes of it
 *
 *	SPLIT	2 to PG_SYNC_BRANCH of struct pg_sync_part. A part reaches up to
 *		the next part's lo, the last one to the range's hi; the first
 *		one's lo is the range's
 *
 *		 0	lo	 16
 *		16	count	  4	entries of the answerer's table in the part
 *		20	print	 32
 *
 * WANT and WANT_DONE are in wire.h. One SYNC and one WANT may be out at a time,
 * and one of each may be out together.
 */
#ifndef _PG_RECONCILE_PRIV_H
#define _PG_RECONCILE_PRIV_H

#include <linux/build_bug.h>
#include <linux/string.h>
#include "reconcile.h"

struct pg_sync_query {
	u8	lo[PEERGROUP_ID_LEN];
	u8	hi[PEERGROUP_ID_LEN];
	__be32	count;
	u8	print[PEERGROUP_HASH_LEN];
} __packed;

enum pg_sync_kind {
	PG_SYNC_EQUAL = 1,
	PG_SYNC_LIST,
	PG_SYNC_SPLIT,
};

struct pg_sync_answer {
	u8	kind;
	u8	n;
} __packed;

struct pg_sync_entry {
	u8	id[PEERGROUP_ID_LEN];
	__be32	version;
	__be64	modified;
	u8	digest[8];
} __packed;

struct pg_sync_part {
	u8	lo[PEERGROUP_ID_LEN];
	__be32	count;
	u8	print[PEERGROUP_HASH_LEN];
} __packed;

static_assert(PG_SYNC_BRANCH * (sizeof(struct pg_sync_answer) +
				PG_SYNC_LEAF * sizeof(struct pg_sync_entry)) <= PG_MSG_BODY_MAX);
static_assert(PG_SYNC_BRANCH * (sizeof(struct pg_sync_answer) +
				PG_SYNC_BRANCH * sizeof(struct pg_sync_part)) <= PG_MSG_BODY_MAX);

/**
 * struct pg_sync_range - ids to be looked into
 * @lo: the lowest; in a range that is answered by a list, the lowest not yet settled
 * @hi: behind the highest; zero where there is no upper bound
 * @count: entries the other end has in it, as far as is known
 */
struct pg_sync_range {
	u8 lo[PEERGROUP_ID_LEN];
	u8 hi[PEERGROUP_ID_LEN];
	u32 count;
};

/* The upper bound as the table takes it: NULL where there is none. */
static inline const u8 *pg_sync_bound(const u8 *hi)
{
	return memchr_inv(hi, 0, PEERGROUP_ID_LEN) ? hi : NULL;
}

static inline bool pg_id_below(const u8 *id, const u8 *bound)
{
	return !bound || memcmp(id, bound, PEERGROUP_ID_LEN) < 0;
}

static inline bool pg_print_matches(const struct pg_print *p, __be32 count, const u8 *print)
{
	u8 ours[PEERGROUP_HASH_LEN];

	if (p->count != be32_to_cpu(count))
		return false;
	pg_print_bytes(p, ours);
	return !memcmp(ours, print, sizeof(ours));
}

/* ------------------------------------------------- reconcile_answer.c -- */

/**
 * pg_reply_valid() - is that an answer to what was asked?
 * @asked: the ranges of the SYNC
 * @n_asked: how many
 * @body: the reply, hostile
 * @len: its bytes
 *
 * All of a reply is checked before any of it is acted upon. Any context.
 */
bool pg_reply_valid(const struct pg_sync_range *asked, u32 n_asked, const u8 *body, size_t len);

#endif /* _PG_RECONCILE_PRIV_H */
