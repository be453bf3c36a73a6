/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Direct connections of a group: links that a program opens to one member and that
 * carry data only. They are in the group's list of links and end as these do, but
 * never count as neighbours: what is told, compared or counted there is not for them.
 */
#ifndef _PG_DIRECT_H
#define _PG_DIRECT_H

#include <linux/types.h>

struct cred;
struct netlink_ext_ack;
struct sock;
struct pg_addr;
struct pg_group;
struct pg_link;

/**
 * pg_direct_open() - open a direct connection
 * @g: the group
 * @addr: where the member is to be
 * @name: peer name of the member, @len bytes
 * @sk: the socket that asks, which holds or watches the group
 * @portid: its port
 * @cred: of who opened it
 * @id: receives the link's id
 *
 * Does not wait: the outcome is an event of that link. Takes the group's lock.
 * Return: 0; -ENETDOWN (offline), -ELOOP (the member is this one), -EMLINK (too many, in
 * all or of users other than the owner), -ENOENT (the socket does neither, or the group has
 * ended) with extack set; or -errno where not even a start was possible.
 */
int pg_direct_open(struct pg_group *g, const struct pg_addr *addr, const u8 *name, u32 len,
		   struct sock *sk, u32 portid, const struct cred *cred, u64 *id,
		   struct netlink_ext_ack *extack);

/* Closes one, whoever opened it. Takes the group's lock. 0 or -ENOTCONN with extack set. */
int pg_direct_close(struct pg_group *g, u64 id, struct netlink_ext_ack *extack);

/**
 * pg_direct_link() - the link of that id that data may be sent over
 *
 * Of neighbours, too. Takes the group's lock. Return: the link with a reference, or NULL.
 */
struct pg_link *pg_direct_link(struct pg_group *g, u64 id);

/* The handshake of a direct link is over: 0, or the reason to close it. Lock held. */
u32 pg_direct_link_up(struct pg_link *link);

/* A direct link is out of the group's list. Lock held. */
void pg_direct_link_gone(struct pg_link *link);

/* A netlink socket is gone, and so may be who wanted a connection. Takes the group's lock. */
void pg_direct_port_gone(struct pg_group *g, u32 portid);

/* Closes connections that nobody wants any more. Lock held. */
void pg_direct_reap(struct pg_group *g);

#endif /* _PG_DIRECT_H */
