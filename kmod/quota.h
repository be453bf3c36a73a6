/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What each creator has of a record table, and how fast: so that no member, by
 * however many valid records or links, takes the place or the time of another. Engine
 * file: the time is an argument.
 *
 * A creator is a key: all certificates of one key share. Who may invite makes as many
 * keys as it likes, so what it and all below it have has a bound, too. Entries are never
 * freed while the table lives; there are no more than the group has members. Looked up
 * under RCU, changed with the group's lock held.
 */
#ifndef _PG_QUOTA_H
#define _PG_QUOTA_H

#include <linux/atomic.h>
#include <linux/hashtable.h>
#include <linux/siphash.h>
#include <linux/types.h>
#include "include/uapi/linux/peergroup.h"

#define PG_QUOTA_BITS		8

/* Of a table with limits so small a quarter would be of no use to anybody. */
#define PG_QUOTA_RECORDS_MIN	1024U
#define PG_QUOTA_BYTES_MIN	(4ULL << 20)

#define PG_QUOTA_INVITER	2U	/* times as much for who invites */
#define PG_QUOTA_DEPUTY		3U	/* and for an administrator whom another one invited */

/* Who was quiet may be this far ahead of the rate: the burst. */
#define PG_QUOTA_BURST		10U	/* s */
#define PG_QUOTA_BURST_NS	(PG_QUOTA_BURST * 1000000000ULL)

/* And who has had more, as by deletions, waits no longer than the excess. */
#define PG_QUOTA_AHEAD_NS	(PG_QUOTA_BURST_NS + 2 * 1000000000ULL)

/**
 * struct pg_share - a part of the table
 * @records: in the table, tombstones too
 * @bytes: as struct pg_table counts them
 */
struct pg_share {
	u32 records;
	u64 bytes;
};

/* What comes over links and has a rate for all of one member's. */
enum pg_pace {
	PG_PACE_PROOF,	/* proves memberships */
	PG_PACE_SYNC,	/* compares tables, or is a sign of life */
	PG_PACE_APPEAL,	/* proves memberships to who takes the sender for revoked */
	PG_PACE_WASTED,	/* was checked, and is true, and was refused */
	PG_PACES,
};

/**
 * struct pg_backlog - what reconciliations have brought, each as pg_backlog_left() has it
 * @versions: of records
 * @hashes: along their chains, as many versions as they count for
 */
struct pg_backlog {
	atomic64_t versions;
	atomic64_t hashes;
};

/**
 * struct pg_creator - what one creator has
 * @node: in struct pg_quotas by @key
 * @key: SHA-256 of its SubjectPublicKeyInfo
 * @own: what it made
 * @presence: how many of these are presence records
 * @branch: what it and all below it made, if it was invited by an administrator and
 *	is none
 * @issued: what it and all below it made, if it is an administrator whom another one
 *	invited, and none such is above it
 * @due: when the last version would have come if all had kept to the rate (ns)
 * @branch_due: the same of @branch and its rate
 * @backlog: what reconciliations have brought of @own
 * @branch_backlog: the same of @branch
 * @pace: when the last message of each kind would have come over its links, however many,
 *	if all had kept to the rate (ns)
 * @branch_pace: the same of what it and all below it send, as in @branch
 */
struct pg_creator {
	struct hlist_node node;
	u8 key[PEERGROUP_HASH_LEN];
	struct pg_share own;
	u32 presence;
	struct pg_share branch;
	struct pg_share issued;
	atomic64_t due;
	atomic64_t branch_due;
	struct pg_backlog backlog;
	struct pg_backlog branch_backlog;
	atomic64_t pace[PG_PACES];
	atomic64_t branch_pace[PG_PACES];
};

/**
 * struct pg_quota_limits - how much one creator, or one who invites, may have
 * @records: 0 for a quarter of the table's, or half
 * @bytes: likewise
 * @rate: versions a second; 0 for any; of a creator only, and who invites has
 *	PG_QUOTA_INVITER times as much
 */
struct pg_quota_limits {
	u32 records;
	u64 bytes;
	u32 rate;
};

struct pg_quotas {
	siphash_key_t key;	/* so that nobody can make keys that meet in one bucket */
	DECLARE_HASHTABLE(hash, PG_QUOTA_BITS);
};

void pg_quotas_init(struct pg_quotas *q);
/* Nobody looks any more. */
void pg_quotas_destroy(struct pg_quotas *q);

/* NULL for one that never had a record or a link here. RCU read side, or lock held. */
struct pg_creator *pg_quota_find(struct pg_quotas *q, const u8 *key);

/* Finds or makes it; NULL without memory. Lock held; may sleep. */
struct pg_creator *pg_quota_get(struct pg_quotas *q, const u8 *key);

/* What is in force: @own as set, or @quarters of the @table's but not less than @min each. */
static inline u64 pg_quota_share(u64 own, u64 table, u64 min, u32 quarters)
{
	u64 quarter = table / 4;

	if (own)
		return own;
	return quarters * (quarter > min ? quarter : min);
}

/**
 * pg_rate_over() - is one more too many now?
 * @due: of who asks
 * @rate: per second; 0 for any
 * @now: ns, monotonic
 */
static inline bool pg_rate_over(u64 due, u32 rate, u64 now, u64 burst)
{
	return rate && due > now + burst;
}

/*
 * Counts one more. What came in spite of the rate is not held against anybody for long:
 * @due gets no further ahead than @most (ns).
 */
void pg_rate_take(u64 *due, u32 rate, u64 now, u64 most);

/* The same where several do so at once. */
void pg_rate_take_shared(atomic64_t *due, u32 rate, u64 now, u64 most);

/**
 * pg_backlog_left() - how many versions is one ahead of what a rate allows?
 * @backlog: when some came last (s), and how many were left then in the lower half
 * @rate: per second
 * @now: s, monotonic, counts sleep: others publish by their rate while this host sleeps
 *
 * What comes because a reconciliation asked for it is not held to a creator's rate, as who was
 * away gets years of versions at once: one of each record that there is. So it has a measure of
 * its own, which is that number, and the rate makes up for it. It is a number and not a time, as
 * rates are, since by a low rate that would be days, and outlast a change of the limits. The hashes
 * along chains have one apart: how many there may be is a matter of how long chains may be, and
 * nobody who refreshes nothing is to have as many versions more.
 *
 * Who looks without the lock may have read the clock before the one who counted last did: no time
 * has gone by then, and not all the time there is.
 */
static inline u32 pg_backlog_left(u64 backlog, u32 rate, u32 now)
{
	s32 since = now - (u32)(backlog >> 32);
	u64 made_up = since > 0 ? (u64)since * rate : 0;
	u32 n = backlog;

	return n > made_up ? n - made_up : 0;
}

/* Counts @n more. The caller sees to it that others do not meanwhile. */
static inline void pg_backlog_add(atomic64_t *backlog, u32 n, u32 rate, u32 now)
{
	u32 left = pg_backlog_left(atomic64_read(backlog), rate, now);

	atomic64_set(backlog, (u64)now << 32 | (left + n));
}

#endif /* _PG_QUOTA_H */
