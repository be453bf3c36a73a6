/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which links a group wants. First to the addresses that programs gave, each dialled
 * again with growing, jittered waits until it answers. Then, while it has few links, to
 * nodes of the view: some of those that presence records tell of. These records are
 * hostile, so the view is bounded, in all and for each member. Engine file: it is told
 * the time and answers what to dial.
 */
#ifndef _PG_OVERLAY_H
#define _PG_OVERLAY_H

#include <linux/list.h>
#include "addr.h"
#include "include/uapi/linux/peergroup.h"

struct pg_member;
struct pg_rec;

#define PG_TARGETS_MAX	256
#define PG_NODE_TRIES	4	/* that come to nothing, for a node without a record */

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

/**
 * struct pg_node - a node of another host, as its member says
 * @list: in struct pg_overlay
 * @id: node id
 * @member: whose it is: who signed the record; held
 * @share: entries in the view of that member, by its key
 * @addr: where it is; all of them may be dialled
 * @n_addr: how many, at least one
 * @next: which of them is tried next
 * @failures: dials in a row that came to nothing
 * @dial: id of the link that is being dialled to it, 0 for none
 * @drawn: is one of those of which one is drawn
 *
 * Two members may tell of nodes with one id; these are two entries.
 */
struct pg_node {
	struct list_head list;
	u64 id;
	struct pg_member *member;
	u32 share;
	struct pg_addr addr[PEERGROUP_PRESENCE_ADDRESSES_MAX];
	u32 n_addr;
	u32 next;
	u32 failures;
	u64 dial;
	bool drawn;
};

/**
 * struct pg_overlay - what one group wants of its links
 * @targets: struct pg_target
 * @n: how many
 * @retry_min_ms: first wait before an address is dialled again
 * @retry_max_ms: longest
 * @view: struct pg_node
 * @n_view: how many
 * @view_max: how many there may be
 * @crowded: nodes pushed out, or not let in, for want of room or memory, since the caller
 *	counted them
 * @active: links below which nodes of the view are dialled; 0: they never are
 * @maintenance_ms: between two of these dials, and a sixth of it while there is no link
 * @rested: ms, when the last of them was, or the waiting for one began
 * @jitter: 32 random bits for the wait since
 */
struct pg_overlay {
	struct list_head targets;
	u32 n;
	u32 retry_min_ms;
	u32 retry_max_ms;
	struct list_head view;
	u32 n_view;
	u32 view_max;
	u32 crowded;
	u32 active;
	u32 maintenance_ms;
	u64 rested;
	u32 jitter;
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

/* ------------------------------------------------------------ the view -- */

/**
 * pg_view_learn() - a presence record has been taken into the table
 * @o: whose view
 * @rec: pg_rec_vouch() found nothing wrong with it; newer than those before
 * @by: who signed it
 * @self: this host's node, which is not learnt
 * @random: 32 random bits
 *
 * What the node had in the view it has no longer; what the record says takes its place,
 * unless it is a tombstone or has no address that may be dialled. A new node in a full
 * view pushes one out of the member that has the most there. A member has a quarter of
 * the view at most, those whom one invited who is no administrator, and it, a half: a new
 * one pushes one of them out. May sleep for memory, and learns nothing without.
 */
void pg_view_learn(struct pg_overlay *o, const struct pg_rec *rec, struct pg_member *by,
		   u64 self, u32 random);

/*
 * Takes the nodes of revoked members out, and one more where there are too many: true if
 * there still are.
 */
bool pg_view_trim(struct pg_overlay *o, u32 random);

/* From now on it is a whole wait until the next node is dialled. */
void pg_view_rest(struct pg_overlay *o, u64 now_ms, u32 random);

/* ms until then, U64_MAX if none will be. @alone: there is no link. */
u64 pg_view_wait(const struct pg_overlay *o, bool alone, u64 now_ms);

/**
 * pg_view_draw() - choose a node to dial
 * @wanted: may it be? Asked about all that are not being dialled
 * @arg: passed to @wanted
 * @random: 32 random bits
 *
 * Return: any of those wanted, each as likely; NULL where there is none.
 */
struct pg_node *pg_view_draw(struct pg_overlay *o,
			     bool (*wanted)(const struct pg_node *node, void *arg), void *arg,
			     u32 random);

/* The node that the link is dialled to, NULL if there is none or it has left. */
struct pg_node *pg_view_dialled(struct pg_overlay *o, u64 link);

/* Is it the one with that id, of the member with that key? */
bool pg_node_is(const struct pg_node *node, u64 id, const u8 *key);

/* The dial has led to the node, or there is a link to it meanwhile. */
void pg_node_reached(struct pg_node *node);

/**
 * pg_node_missed() - the dial has not led to the node
 * @o: whose view
 * @node: may be gone then
 * @known: there is a record of it
 *
 * After PG_NODE_TRIES in a row a node of which there is no record is forgotten.
 */
void pg_node_missed(struct pg_overlay *o, struct pg_node *node, bool known);

#endif /* _PG_OVERLAY_H */
