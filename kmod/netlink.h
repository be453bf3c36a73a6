/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The generic-netlink family: programs' way in, and events' way out. Edge:
 * attributes into calls and back, nothing else.
 */
#ifndef _PG_NETLINK_H
#define _PG_NETLINK_H

#include <linux/types.h>
#include "include/uapi/linux/peergroup.h"

struct net;
struct pg_group;
struct pg_link;
struct pg_member;
struct pg_record;
struct pg_send_wait;
struct pg_watch;
struct sk_buff;

int __must_check pg_netlink_init(void);
void pg_netlink_exit(void);

/* Events; the group's lock is held. A lost one is counted: the sequence shows the gap. */
void pg_netlink_record(struct pg_group *g, const struct pg_record *r, u32 change);
void pg_netlink_link(struct pg_group *g, const struct pg_link *link, u32 state, int error);
void pg_netlink_group(struct pg_group *g, u32 status, int error);
void pg_netlink_member(struct pg_group *g, const struct pg_member *m);

/* A link takes data again, or has ended: told to a socket that waits. No locks; may sleep. */
void pg_netlink_sendable(struct pg_group *g, u64 link, const struct pg_send_wait *wait);

/* Data waits for a socket that watches. The group's lock is held. */
void pg_netlink_data(struct pg_group *g, struct pg_watch *w);

/* Has who sent a request CAP_NET_ADMIN in its network namespace? Process context. */
bool pg_netlink_admin(const struct sk_buff *skb);

/* May the socket that watches or answers still do so (PG_NEED_*)? The group's lock is held. */
bool pg_netlink_permits(struct pg_group *g, struct pg_watch *w, unsigned int needs);

/*
 * Joining by password: tells the program that answers @link, which is @w, of the opening,
 * of a message, or (both NULL) of the end. 0, or -errno where it did not take it. The
 * group's lock is held.
 */
int pg_netlink_password(struct pg_group *g, const struct pg_link *link, struct pg_watch *w,
			const struct peergroup_password_opening *opening, const u8 *data,
			u32 len);

/* Drops what a socket has staged; called when it goes away and by module exit. */
void pg_netlink_release_port(struct net *net, u32 portid);

#endif /* _PG_NETLINK_H */
