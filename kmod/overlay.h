/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which links a group wants: for now the addresses it was given, each dialled
 * again with growing, jittered waits until it answers. Views, shuffles and
 * partition repair will live here. Engine file: it is told the time and
 * answers what to dial.
 */
#ifndef _PG_OVERLAY_H
#define _PG_OVERLAY_H

#include <linux/list.h>
#include "addr.h"

#define PG_TARGETS_MAX	256

/**
 * struct pg_target - an address that a link is wanted to
 * @id: names it in dumps and events, and each link dialled for it
 * @busy: a link to it exists or is being dialled
 * @up: that link is established
 * @failures: dials in a row that came to nothing
 * @due: ms, when to dial next
 * @error: errno of the last failure
 * @self: turned out to be this very host: not dialled again until a program asks for it
 * @twin: node id of the host there, which has a link to here by another way: not
 *	dialled while that lasts; 0 for none
 */
struct pg_target {
	struct list_head node;
	u64 id;
	struct pg_addr addr;
	bool busy;
	bool up;
	bool self;
	u32 failures;
	u64 due;
	int error;
	u64 twin;
};

struct pg_overlay {
	struct list_head targets;
	u32 n;
	u32 retry_min_ms;
	u32 retry_max_ms;
};

void pg_overlay_init(struct pg_overlay *o);
void pg_overlay_destroy(struct pg_overlay *o);

/**
 * pg_overlay_add() - want a link to an address
 * @id: names it, should it be new
 *
 * An address that is there already becomes due now, even where its host is linked.
 *
 * Return: the target, or ERR_PTR(-ENOMEM) or ERR_PTR(-ENOSPC).
 */
struct pg_target *pg_overlay_add(struct pg_overlay *o, const struct pg_addr *addr,
				 u64 id, u64 now_ms);

/* Forgets an address. -ENOENT if unknown; the caller closes its link first. */
int pg_overlay_del(struct pg_overlay *o, const struct pg_addr *addr);

struct pg_target *pg_overlay_find(struct pg_overlay *o, const struct pg_addr *addr);

/* A target that is due and idle, marked busy, or NULL. */
struct pg_target *pg_overlay_next(struct pg_overlay *o, u64 now_ms);

/* ms until one is due, U64_MAX if none will be. */
u64 pg_overlay_wait(const struct pg_overlay *o, u64 now_ms);

void pg_overlay_link_up(struct pg_target *t);

/**
 * pg_overlay_link_gone() - a target's link ended or a dial failed
 * @error: why, a positive errno; EALREADY where another link to the same host stays
 * @random: 32 random bits, for the jitter
 *
 * The wait doubles with each failure from retry_min to retry_max, less a
 * random quarter; a link that had been up starts again at retry_min.
 */
void pg_overlay_link_gone(struct pg_overlay *o, struct pg_target *t, int error,
			  u64 now_ms, u32 random);

/* The target's host turned out to be linked already: it has what it wants meanwhile. */
void pg_overlay_satisfied(struct pg_target *t, u64 node);

/* The last link to a host ended: who relied on it has to be dialled again. */
void pg_overlay_node_gone(struct pg_overlay *o, u64 node, u64 now_ms);

#endif /* _PG_OVERLAY_H */
