/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Listening sockets: one per port and network namespace, shared by the groups
 * that listen there; the HELLO's hint says which group a connection is for.
 * Edge.
 */
#ifndef _PG_LISTEN_H
#define _PG_LISTEN_H

#include <linux/list.h>
#include <linux/net.h>
#include <linux/workqueue.h>

struct pg_group;
struct pg_net;

#define PG_HALF_OPEN_MAX	256	/* per listener; the oldest gives way */

/**
 * struct pg_listener - one port
 * @users: groups on it; pn->lock
 * @lock: guards @half_open
 * @half_open: links without a group, oldest first
 * @gone: woken when @half_open is empty
 */
struct pg_listener {
	struct list_head node;
	struct pg_net *pn;
	u16 port;
	u32 users;
	struct socket *sock;
	void (*old_data_ready)(struct sock *sk);
	struct work_struct accept;
	spinlock_t lock;
	struct list_head half_open;
	u32 n_half_open;
	wait_queue_head_t gone;
	bool closing;
};

/**
 * pg_listen() - listen on a port, or share who does
 * @pn: its lock is held
 * @port: 0 for any free one
 *
 * IPv6 socket that takes IPv4 too; where the namespace has no IPv6, IPv4. May sleep.
 *
 * Return: the listener (port filled in) or an ERR_PTR.
 */
struct pg_listener *pg_listen(struct pg_net *pn, u16 port);

/* Gives it up; the last user closes it and its half-open links. pn->lock held. May sleep. */
void pg_unlisten(struct pg_listener *l);

#endif /* _PG_LISTEN_H */
