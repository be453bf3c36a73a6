/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Admission: the way of a record from "somebody says" to "in the table and on
 * its way to everybody else". Dedupe comes before any crypto, a record version
 * is checked once per host whatever the number of links it arrives on, and
 * checks run on all CPUs. Engine file: what to do about a verdict it asks of
 * its ops.
 *
 * Whether a record is valid depends on the record and its signers' certificates
 * alone, never on what this host happens to have seen before: so all hosts
 * agree, and a link that brings an invalid one may be dropped.
 */
#ifndef _PG_FLOOD_H
#define _PG_FLOOD_H

#include <linux/hashtable.h>
#include <linux/list.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>
#include "member.h"
#include "stats.h"
#include "table.h"

struct mem_cgroup;
struct pg_flood;
struct pg_link;

/**
 * struct pg_flood_ops - what admission asks of the group
 * @now: peer time
 * @verify: check @r's signature, which takes long, and count it; 0 or a refusal
 * @queue: run this work item soon, on any CPU
 * @received: @from sent a well-formed record
 * @present: @from sent what is here already
 * @old: @from is behind: send it ours
 * @defer: keep @r until the certificate @missing has come
 * @refused: @refusal was counted; where @invalid, the sender broke the rules
 * @committed: a change is in the table; tell programs and the other links
 * @begin: an arrival of @bytes from @from is about to be checked; holds @from
 * @done: that is over; lets go of @from
 * @charge: what is allocated from now on is the group's; what to give to @uncharge
 * @uncharge: no longer
 * @asked: has this end asked @from for @r in a reconciliation? Once for each time it has
 * @claim: what has @from said of @r's refreshes right before it?
 * @lied: was something of @from @refused as @invalid?
 * @akin: are both the same member's? Does not sleep
 * @wasted: a check of what @from sent, and @units' worth of hashes, were for nothing
 *
 * @from is NULL for what a program of this host puts; then only @now, @verify,
 * @refused and @committed are called. @committed is called with the group's
 * lock held, the others without.
 */
struct pg_flood_ops {
	u64 (*now)(struct pg_flood *f);
	unsigned int (*verify)(struct pg_flood *f, const struct pg_record *r);
	void (*queue)(struct pg_flood *f, struct work_struct *work);
	void (*received)(struct pg_flood *f, struct pg_link *from, const struct pg_record *r);
	void (*present)(struct pg_flood *f, struct pg_link *from, const struct pg_record *r);
	void (*old)(struct pg_flood *f, struct pg_link *from, const struct pg_record *r,
		    struct pg_record *ours);
	void (*defer)(struct pg_flood *f, struct pg_link *from, struct pg_record *r,
		      const u8 *missing);
	void (*refused)(struct pg_flood *f, struct pg_link *from, const struct pg_record *r,
			unsigned int refusal, bool invalid);
	void (*committed)(struct pg_flood *f, struct pg_link *from, struct pg_record *r,
			  u32 change);
	void (*begin)(struct pg_flood *f, struct pg_link *from, u32 bytes);
	void (*done)(struct pg_flood *f, struct pg_link *from, u32 bytes);
	struct mem_cgroup *(*charge)(struct pg_flood *f);
	void (*uncharge)(struct mem_cgroup *before);
	bool (*asked)(struct pg_flood *f, struct pg_link *from, const struct pg_record *r);
	void (*claim)(struct pg_flood *f, struct pg_link *from, struct pg_record *r);
	bool (*lied)(struct pg_flood *f, const struct pg_link *from);
	bool (*akin)(const struct pg_link *from, const struct pg_link *other);
	void (*wasted)(struct pg_flood *f, struct pg_link *from, u32 units);
};

#define PG_FLOOD_BITS	8

/**
 * struct pg_flood - admission of one group
 * @index: the group's, for tracepoints
 * @lock: the group's lock
 * @inflight_lock: guards what comes after it
 * @inflight: arrivals being checked, by SHA-256 of header, attributes and
 *	signature block: a copy with another signature is another arrival, so a
 *	liar cannot hide the true one behind a false one
 * @checking: how many of them are with the workqueue
 * @waiting: those that are not yet, in order
 */
struct pg_flood {
	const struct pg_flood_ops *ops;
	u32 index;
	const u8 *group;
	struct mutex *lock;
	struct pg_table *table;
	struct pg_members *members;
	struct pg_stats *stats;
	spinlock_t inflight_lock;
	DECLARE_HASHTABLE(inflight, PG_FLOOD_BITS);
	u32 checking;
	struct list_head waiting;
};

/* The caller has set what comes before @inflight_lock. */
void pg_flood_init(struct pg_flood *f);

/**
 * pg_flood_arrival() - a record came over a link
 * @wire: from kvmalloc(), taken over in any case
 *
 * Does here what costs little (parse, dedupe, may the signer do this) and
 * queues the rest. May sleep. No locks held.
 */
void pg_flood_arrival(struct pg_flood *f, struct pg_link *from, u8 *wire, u32 len);

/**
 * pg_flood_again() - a deferred record may go on
 * @r: reference taken over
 */
void pg_flood_again(struct pg_flood *f, struct pg_link *from, struct pg_record *r);

/**
 * pg_flood_put() - a program of this host publishes a version
 * @wire: from kvmalloc(), taken over in any case
 * @seq: set to the change's sequence; may be NULL
 *
 * All that holds for records from the network, and the rules that bind an
 * update to what is stored (an honest program keeps them; a host that only
 * hears of the update cannot check them). Sleeps for the signature check.
 *
 * Return: 0 or a refusal.
 */
unsigned int __must_check pg_flood_put(struct pg_flood *f, u8 *wire, u32 len, u64 *seq);

/* Has a creator, or have all for whom one answers, come too often? Any context. */
bool pg_flood_rate_over(struct pg_flood *f, const struct pg_member *creator);

#define PG_FLOOD_HASHES	256U	/* along a chain count as one version */

/* As how many versions so many hashes along a chain count. */
static inline u32 pg_flood_units(u32 hashes)
{
	return DIV_ROUND_UP(hashes, PG_FLOOD_HASHES);
}

/*
 * Counts a refresh that took @n hashes in the creator's rate: as a version, or several
 * where it was a long way along the chain. @r is in the table, or was. Lock held.
 */
void pg_flood_take_refresh(struct pg_flood *f, const struct pg_record *r, u32 n);

#endif /* _PG_FLOOD_H */
