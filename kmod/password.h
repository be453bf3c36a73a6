/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Joining by password, as far as the kernel has to do with it: it carries a few
 * messages between a connection that has said a password opening and a program
 * that answers for the group. What they hold it never looks at. Edge.
 */
#ifndef _PG_PASSWORD_H
#define _PG_PASSWORD_H

#include <linux/siphash.h>
#include <linux/types.h>
#include "include/uapi/linux/peergroup.h"

struct netlink_ext_ack;
struct pg_group;
struct pg_link;
struct pg_opener;
struct pg_watch;
struct sock;

#define PG_PASSWORD_SLOTS	1024

/**
 * struct pg_password_rate - how fast attempts come
 * @key: so that nobody can choose prefixes that share a slot with another's
 * @due: when the last would have come if all had kept to the rate (ns)
 * @prefix_due: the same by prefix
 * @calls: what tells how long ago an answerer was called; goes up with each, and each that fails
 */
struct pg_password_rate {
	siphash_key_t key;
	u64 due;
	u64 prefix_due[PG_PASSWORD_SLOTS];
	u64 calls;
};

/* Whether a connection's first block is one, PG_HANDSHAKE_OPENING bytes long. */
bool pg_password_is_opening(const u8 *block);

/**
 * pg_password_begin() - a connection that wants to join by password
 * @link: half-open, without a group
 * @block: its opening
 *
 * Finds the group, and hands the opening to a program. From @rx; takes the group's lock.
 * Return: 0, or -errno to close the link with (counted by then, but for -EPROTO).
 */
int pg_password_begin(struct pg_link *link, const u8 *block);

/* One message of it. As pg_password_begin(). */
int pg_password_message(struct pg_link *link, const u8 *data, u32 len);

/* The connection is over: lets go of what it had. Nobody else uses it any more. */
void pg_password_end(struct pg_link *link);

/**
 * pg_group_answer() - a socket answers who joins by password
 * @opener: its socket hears of them from now on, until it closes
 *
 * Takes the group's lock. Return: 0, -ENOENT, -ENOSPC or -ENOMEM with extack set.
 */
int pg_group_answer(struct pg_group *g, const struct pg_opener *opener,
		    struct netlink_ext_ack *extack);

/*
 * A socket that answered is gone: so are those whom it answered, but for those that have been
 * answered to the end. Lock held.
 */
void pg_password_unanswered(struct pg_group *g, const struct sock *sk);

/**
 * pg_group_password_send() - a program's message to who joins
 * @id: the link's
 * @sk: has to be the one that was given it
 * @data: to be sent, or NULL for none
 * @last: nothing follows; without @data the connection ends
 *
 * Takes the group's lock. Return: 0 or -errno with extack set.
 */
int pg_group_password_send(struct pg_group *g, u64 id, const struct sock *sk, const u8 *data,
			   u32 len, bool last, struct netlink_ext_ack *extack);

#endif /* _PG_PASSWORD_H */
