/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Signatures over batches of records, each checked once: what came of it is
 * remembered, in bounded memory, for the other records of the batch. Asked by
 * group_flood.c. Never looks into a record's place in its batch: record.c has folded
 * the path to the root by then.
 */
#ifndef _PG_BATCH_H
#define _PG_BATCH_H

#include <linux/spinlock.h>
#include <linux/wait.h>
#include "record.h"

struct pg_record;

#define PG_BATCH_WAYS		4
#define PG_BATCH_SET_BITS	6

/* What came of a check. The lower ones give way first. */
enum pg_batch_state {
	PG_BATCH_NONE,
	PG_BATCH_BAD,
	PG_BATCH_GOOD,
	PG_BATCH_CHECKING,	/* somebody is about to find out; gives way to nobody */
};

/**
 * struct pg_batch - one signature
 * @key: SHA-256 of all that the verdict depends on: the signer's certificate, the
 *	algorithm, what was signed, and the signature
 * @state: the verdict
 * @used: when it was last asked for, in pg_batches.turn
 */
struct pg_batch {
	u8 key[PEERGROUP_HASH_LEN];
	enum pg_batch_state state;
	u32 used;
};

/**
 * struct pg_batches - the signatures that a group remembers
 * @lock: guards the rest
 * @decided: woken when a check is over
 * @turn: counts up with each look
 * @set: where a key may be, by its first bits
 *
 * A verdict is about the key alone, which nobody can make two of, so that nothing
 * a host is sent can change another's. Who makes others forget by many batches of its own
 * pays for each by a signature, and costs what as many single records would.
 */
struct pg_batches {
	spinlock_t lock;
	wait_queue_head_t decided;
	u32 turn;
	struct pg_batch set[1 << PG_BATCH_SET_BITS][PG_BATCH_WAYS];
};

void pg_batches_init(struct pg_batches *b);

/**
 * pg_batch_verify() - is the signature over a record's batch good?
 * @b: what is remembered
 * @r: a record whose signature is one over a batch
 * @verify: checks the signature itself, which takes long; 0 or a refusal
 * @seen: set to whether it was known already
 *
 * Of several records of one batch that come at once, one is checked and the others
 * wait for what comes of it. Sleeps. No locks held.
 *
 * Return: 0 or a refusal.
 */
unsigned int __must_check pg_batch_verify(struct pg_batches *b, const struct pg_record *r,
					  unsigned int (*verify)(const struct pg_record *r),
					  bool *seen);

#endif /* _PG_BATCH_H */
