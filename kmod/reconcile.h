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
#include "cursor.h"
#include "table.h"
#include "wire.h"

#define PG_SYNC_BRANCH	16	/* sub-ranges a differing range is split into */
#define PG_SYNC_LEAF	64	/* ranges up to this size are listed */
#define PG_SYNC_STACK	512	/* ranges a leader keeps to look into later */

struct pg_sync;

/**
 * struct pg_sync_ops - what a reconciliation asks of its link
 * @send: queue one message; 0 or -errno
 * @push: queue a record of ours for the other end
 * @room: may a leader push more now? Where not, pg_sync_continue() is called later
 *
 * All are called with the group's lock held and must not sleep for the peer.
 */
struct pg_sync_ops {
	int (*send)(struct pg_sync *s, u8 type, const void *body, size_t len);
	int (*push)(struct pg_sync *s, struct pg_record *r);
	bool (*room)(struct pg_sync *s);
};

enum pg_sync_phase {
	PG_SYNC_IDLE,		/* none is running */
	PG_SYNC_ASKED,		/* a SYNC is out */
	PG_SYNC_WANTING,	/* a WANT is out, and nothing can be done before it is done */
	PG_SYNC_PUSHING,	/* waits for room to send what the other end lacks */
};

/**
 * struct pg_sync - the leader's half, one per link
 * @phase: what it waits for; the one member that others may read
 * @cut: the latest run left something out, for lack of room or as it had no end; group's lock
 */
struct pg_sync {
	enum pg_sync_phase phase;
	bool cut;
	/* private: */
	const struct pg_sync_ops *ops;
	struct pg_table *table;
	bool again;		/* asked to run once more when this run ends */
	bool asked;		/* a SYNC is out */
	bool wanted;		/* a WANT is out */
	bool replied;		/* a reply is being worked through */
	u32 token;		/* of the latest WANT */
	u32 n_stack;		/* ranges still to ask about */
	u32 n_asked;		/* ranges in the latest SYNC */
	u32 ranges;		/* in all of this run */
	u32 n_want;		/* ids gathered for the next WANT */
	u32 n_due;		/* ids of the WANT that is out that have not come */
	struct pg_sync_buffers *buf;
	/* the reply: the caller's, or a copy where a push or a want has to wait */
	struct pg_cursor rest;
	u8 *copy;
	u32 at;			/* which of the ranges asked about is being answered */
	u32 listed;		/* entries left of the list at hand */
	bool in_list;
};

/* Allocates the leader's buffers, some 20 KiB. 0 or -ENOMEM. May sleep. */
int __must_check pg_sync_init(struct pg_sync *s, struct pg_table *t,
			      const struct pg_sync_ops *ops);
void pg_sync_destroy(struct pg_sync *s);

/**
 * pg_sync_start() - compare the whole table with the other end's
 * @s: the leader's half
 *
 * A run that is already under way is followed by another one. Lock held.
 *
 * Return: 0 or -errno from @ops.
 */
int pg_sync_start(struct pg_sync *s);

/**
 * pg_sync_reply() - the other end answered a SYNC
 * @s: the leader's half
 * @body: the message's body, hostile; not needed afterwards
 * @len: its bytes
 *
 * Lock held. Any error ends the run, and the link had better end, too.
 *
 * Return: 0, 1 when this ended the run (see @cut), -EPROTO where the answer is malformed
 * or nobody asked, -ENOMEM, or -errno from @ops.
 */
int __must_check pg_sync_reply(struct pg_sync *s, const u8 *body, size_t len);

/* WANT_DONE came. Lock held; returns as pg_sync_reply(). */
int __must_check pg_sync_want_done(struct pg_sync *s, u32 token);

/*
 * A record has come: is it one that a WANT asked for and that has not come since? Each is
 * so once. Lock held.
 */
bool pg_sync_due(struct pg_sync *s, const u8 *id);

/* The send queue has room again. Lock held; returns as pg_sync_reply(). */
int __must_check pg_sync_continue(struct pg_sync *s);

/*
 * How many ranges are answered if a SYNC_REPLY comes now, which only who asks next may change?
 * Without the lock.
 */
u32 pg_sync_asked(const struct pg_sync *s);

/* How many ranges a SYNC of that length asks about, of those that may be answered. */
u32 pg_sync_ranges(size_t len);

/**
 * pg_sync_answer() - answer a leader's SYNC, statelessly
 * @t: our table; lock held
 * @body: the message's body, hostile
 * @len: its bytes
 * @out: allocated reply body, kvfree() it
 * @out_len: its bytes, at most PG_MSG_BODY_MAX
 *
 * Return: 0, -EPROTO or -ENOMEM.
 */
int __must_check pg_sync_answer(struct pg_table *t, const u8 *body, size_t len,
				u8 **out, size_t *out_len);

#endif /* _PG_RECONCILE_H */
