/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What each message of an established link means: a table of handlers between
 * link_rx.c, which knows bytes, and the engine, which knows records.
 */
#ifndef _PG_MESSAGE_H
#define _PG_MESSAGE_H

#include <linux/types.h>

struct pg_bye;
struct pg_link;
struct pg_sync_ops;

/* How a link's reconciliation reaches its link. */
extern const struct pg_sync_ops pg_message_sync_ops;

/**
 * pg_message_limit() - longest body this end takes of a message type
 * @skip: set where a longer body is passed over, not an offence (a record over
 *	this group's own limit)
 *
 * Return: bytes; 0 for a type that may not arrive on an established link.
 */
u32 pg_message_limit(struct pg_link *link, u8 type, bool *skip);

/**
 * pg_message() - act on one message
 * @body: from kvmalloc(), taken over in any case; NULL if @len is 0
 *
 * Called from the link's rx work, no locks held. Return: 0, or -errno to close
 * the link with (-EPROTO: counted as malformed).
 */
int pg_message(struct pg_link *link, u8 type, u8 *body, u32 len);

/**
 * pg_message_ping() - ask the other end for a sign of life
 *
 * Carries the table's fingerprint, so that two quiet ends notice a difference.
 * No locks held. Return: 0 or -errno as pg_link_send().
 */
int pg_message_ping(struct pg_link *link);

/* The other end said why it ends the link, up or not. No locks held. Return: the -errno. */
int pg_message_bye(struct pg_link *link, const struct pg_bye *bye);

/*
 * Has the other end not answered a SYNC or WANT in all the time that it may take, though it
 * lives? Not while it sends anything that may stand before the answer. Any context.
 */
bool pg_message_overdue(const struct pg_link *link);

/* Once per tick of an established link: gives up on certificates that never came. */
void pg_message_tick(struct pg_link *link);

/* Something about the link's queue or arrivals changed: go on with a sync that waits. */
void pg_message_drained(struct pg_link *link);

#endif /* _PG_MESSAGE_H */
