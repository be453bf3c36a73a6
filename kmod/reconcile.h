/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Range-based set reconciliation: two hosts of a link find what each lacks of
 * the other's table at a cost that follows the difference. The side that dialled
 * leads; the other answers from its table and keeps no state, so a hostile
 * leader can make it neither remember nor queue more than one reply.
 * Engine file: bytes in, bytes and orders out.
 */
#ifndef _PG_RECONCILE_H
#define _PG_RECONCILE_H

#include <linux/types.h>
#include "table.h"
#include "wire.h"

#define PG_SYNC_BRANCH	16	/* sub-ranges a differing range is split into */
#define PG_SYNC_LEAF	64	/* ranges up to this size are listed */
#define PG_SYNC_STACK	512	/* ranges a leader keeps to look into later */

/**
 * struct pg_sync_ops - what a reconciliation asks of its link
 * @send: queue one message; 0 or -errno
 * @push: queue a record of ours for the other end
 * @room: may a leader push more now? Where not, pg_sync_continue() is called later
 *
 * All are called with the group's lock held and must not sleep for the peer.
 */
struct pg_sync;
struct pg_sync_ops {
	int (*send)(struct pg_sync *s, u8 type, const void *body, size_t len);
	int (*push)(struct pg_sync *s, struct pg_record *r);
	bool (*room)(struct pg_sync *s);
};

struct pg_sync_range {
	u8 lo[PEERGROUP_ID_LEN];
	u8 hi[PEERGROUP_ID_LEN];
	bool open;		/* no upper bound; hi is ignored */
};

enum pg_sync_phase {
	PG_SYNC_IDLE,		/* none is running */
	PG_SYNC_ASKED,		/* a SYNC is out */
	PG_SYNC_WANTING,	/* a WANT is out */
	PG_SYNC_PUSHING,	/* sending what the other end lacks */
};

/**
 * struct pg_sync - the leader's half, one per link
 *
 * Private to reconcile.c but for @phase, which others may read.
 */
struct pg_sync {
	const struct pg_sync_ops *ops;
	struct pg_table *table;
	enum pg_sync_phase phase;
	bool again;		/* asked to run once more when this run ends */
	u32 token;		/* of the WANT that is out */
	u32 n_stack;
	struct pg_sync_range *stack;
	/* pushes still to do: one range of ours without the ids the peer listed */
	struct pg_sync_range push;
	bool pushing;
	u32 n_skip;
	u8 (*skip)[PEERGROUP_ID_LEN];
	/* reply being worked through when a push or want has to wait */
	u8 *reply;
	size_t reply_len;
	size_t reply_pos;
	u32 n_want;
	u8 (*want)[PEERGROUP_ID_LEN];
};

/* Allocates the leader's buffers. 0 or -ENOMEM. May sleep. */
int __must_check pg_sync_init(struct pg_sync *s, struct pg_table *t,
			      const struct pg_sync_ops *ops);
void pg_sync_destroy(struct pg_sync *s);

/**
 * pg_sync_start() - compare the whole table with the other end's
 *
 * A run that is already under way is followed by another one. Lock held.
 *
 * Return: 0 or -errno from @ops.
 */
int pg_sync_start(struct pg_sync *s);

/**
 * pg_sync_reply() - the other end answered a SYNC
 * @body: the message's body, hostile
 *
 * Lock held. Return: 0, 1 when this ended the run, or -EPROTO where the answer
 * is malformed or nobody asked.
 */
int __must_check pg_sync_reply(struct pg_sync *s, const u8 *body, size_t len);

/* WANT_DONE came. Lock held; returns as pg_sync_reply(). */
int __must_check pg_sync_want_done(struct pg_sync *s, u32 token);

/* The send queue has room again. Lock held; returns as pg_sync_reply(). */
int __must_check pg_sync_continue(struct pg_sync *s);

/**
 * pg_sync_answer() - answer a leader's SYNC, statelessly
 * @t: our table; lock held
 * @body: the message's body, hostile
 * @out: allocated reply body, kvfree() it
 * @out_len: its bytes, at most PG_MSG_BODY_MAX
 *
 * Return: 0, -EPROTO or -ENOMEM.
 */
int __must_check pg_sync_answer(struct pg_table *t, const u8 *body, size_t len,
				u8 **out, size_t *out_len);

#endif /* _PG_RECONCILE_H */
