/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of a link share among themselves: link.c (life), handshake.c,
 * appeal.c, link_rx.c, link_queue.c, link_tx.c and listen.c, which makes links for those
 * who call.
 */
#ifndef _PG_LINK_PRIV_H
#define _PG_LINK_PRIV_H

#include <linux/in6.h>
#include <linux/socket.h>
#include "group.h"

/* ------------------------------------------------------------- link.c -- */

/* As pg_link_close(); @fault is a PEERGROUP_A_STATS_LINK_* to count, or 0. */
void pg_link_fail(struct pg_link *link, u32 bye, int error, u32 fault);

/* Queues one of the link's works, unless it is being closed. Process context. */
void pg_link_kick(struct pg_link *link, struct work_struct *work);

/* The link has come up: from now on @tick watches over silence. From @rx only. */
void pg_link_watch(struct pg_link *link);

static inline u32 pg_link_state(const struct pg_link *link)
{
	/* Who sees UP sees what the handshake has found out: pairs with pg_group_link_up(). */
	return smp_load_acquire(&link->state);
}

/* -------------------------------------------------------- handshake.c -- */

/* A dialled link's socket may have connected. Return: 1 if so, 0 not yet, or -errno. */
int pg_handshake_connect(struct pg_link *link);

/* How long the opening is that an accepted link begins with. */
#define PG_HANDSHAKE_OPENING	(sizeof(struct pg_opening) + PG_NOISE_FIRST)

/*
 * Acts on one block of the handshake: an opening or a Noise message, which is
 * overwritten. Return: 0, or -errno to close the link with (a fault of the other
 * end's has been counted by then, but for -EPROTO).
 */
int pg_handshake_block(struct pg_link *link, u8 *block, u32 len);

/* Forgets what a handshake knew. Neither @rx nor anybody else uses it any more. */
void pg_handshake_free(struct pg_link *link);

/* The proof of membership for a link that is up: PG_MSG_CREDENTIAL. May sleep. */
int pg_handshake_renew(struct pg_link *link, const u8 *body, u32 len);

/* May this message arrive when there are keys and the link is not up? */
bool pg_handshake_expects(const struct pg_link *link, u8 type, u32 len);

/*
 * Acts on one message that pg_handshake_expects(). @body is the caller's.
 * Return: 0, or -errno to close the link with (a fault of the other end's has
 * been counted by then).
 */
int pg_handshake_message(struct pg_link *link, u8 type, const u8 *body);

/* Keeps in mind which certificates the other end has shown. Return: 0 or -ENOMEM. */
int pg_handshake_told(struct pg_link *link);

/* ----------------------------------------------------------- appeal.c -- */

/*
 * The other end has called, proved who it is, and is revoked: tells it so and hears what it
 * has to say about that. There are keys. From @rx.
 */
void pg_appeal_hear(struct pg_link *link);

/* May this message arrive on a link on which pg_appeal_hear() was called? */
bool pg_appeal_expects(u8 type, u32 len);

/*
 * Acts on one that may. Takes @body. From @rx.
 * Return: 0, or -errno to close the link with.
 */
int pg_appeal_message(struct pg_link *link, u8 type, u8 *body, u32 len);

/*
 * The other end, which was called, takes this one for revoked: sends it the revocations
 * that are known here, after which the link ends. From @rx; takes the group's lock.
 * Return: false where there are none, or this was done already; the link is to be closed.
 */
bool pg_appeal_make(struct pg_link *link);

/* --------------------------------------------------------- link_rx.c -- */

void pg_rx_work(struct work_struct *work);

void pg_rx_pace_work(struct work_struct *work);

/*
 * Of who is charged with @link, which is about to be taken for revoked: is there anything left
 * of the rate of its appeals, and takes one signature check from it.
 */
bool pg_rx_may_appeal(const struct pg_link *link);
void pg_rx_take_appeal(struct pg_link *link);

/* Frees what is coming in. @rx does not run any more. */
void pg_rx_drop(struct pg_link *link);

/* Reading waits for arrivals or for a program, so silence is this end's doing. */
static inline bool pg_rx_paused(const struct pg_link *link)
{
	return test_bit(PG_LINK_PAUSED, &link->flags) || test_bit(PG_LINK_PACED, &link->flags) ||
	       test_bit(PG_LINK_HELD, &link->flags);
}

/* ------------------------------------------------------ link_queue.c -- */

void pg_tx_init(struct pg_link *link);

/* Queues a message of the handshake, which goes out as it is. As pg_link_send(). */
int pg_tx_raw(struct pg_link *link, const void *data, size_t len);

/* --------------------------------------------------------- link_tx.c -- */

void pg_tx_work(struct work_struct *work);

/*
 * Tells the other end why, where there are keys and no message is half sent. @tx
 * does not run any more.
 */
void pg_tx_bye(struct pg_link *link, u32 reason);

/* Empties the queue. @tx does not run any more. */
void pg_tx_drop(struct pg_link *link);

#endif /* _PG_LINK_PRIV_H */
