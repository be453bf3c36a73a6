/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Listening sockets: one per port and network namespace, shared by the groups
 * that listen there; the opening's hint says which group a connection is for.
 * Edge.
 */
#ifndef _PG_LISTEN_H
#define _PG_LISTEN_H

#include <linux/list.h>
#include <linux/net.h>
#include <linux/siphash.h>
#include <linux/workqueue.h>
#include <net/ipv6.h>
#include "addr.h"

struct pg_link;
struct pg_net;

#define PG_PREFIX_BUCKETS	1024

/**
 * struct pg_listener - one port
 * @node: in pn->listeners; pn->lock
 * @users: groups on it; pn->lock
 * @lock: guards @half_open, @prefixes and the counts
 * @half_open: links that have not proved their membership, oldest first
 * @n_half_open: how many
 * @prefixes: the oldest of them from each IPv6 /64 or IPv4 /24
 * @prefix_key: so that nobody can choose addresses that meet in one bucket
 * @n_links: these and those that have been taken out, but are neither up nor
 *	gone yet: their sockets belong to the listener
 * @gone: woken when @n_links has come down to 0
 * @memcg: of who made it; pays for links that have no group yet
 */
struct pg_listener {
	struct list_head node;
	struct pg_net *pn;
	u16 port;
	u32 users;
	struct socket *sock;
	void (*old_data_ready)(struct sock *sk);
	struct delayed_work accept;
	spinlock_t lock;
	struct list_head half_open;
	u32 n_half_open;
	struct hlist_head prefixes[PG_PREFIX_BUCKETS];
	siphash_key_t prefix_key;
	u32 n_links;
	wait_queue_head_t gone;
	struct mem_cgroup *memcg;
};

/* What pg_listener_near() is true of has one hash. */
static inline u32 pg_addr_prefix_hash(const struct pg_addr *addr, const siphash_key_t *key)
{
	u32 low = ipv6_addr_v4mapped(&addr->ip) ? ntohl(addr->ip.s6_addr32[3]) >> 8 : 0;

	return siphash_3u32((__force u32)addr->ip.s6_addr32[0],
			    (__force u32)addr->ip.s6_addr32[1], low, key);
}

/**
 * pg_listen() - listen on a port, or share who does
 * @pn: its lock is held
 * @port: which
 *
 * IPv6 socket that takes IPv4 too; where the namespace has no IPv6, IPv4. May sleep.
 *
 * Return: the listener or an ERR_PTR.
 */
struct pg_listener *pg_listen(struct pg_net *pn, u16 port);

/*
 * Gives it up; the last user closes it and its half-open links and waits for them.
 * pn->lock held, no group's lock. May sleep.
 */
void pg_unlisten(struct pg_listener *l);

/* The half-open links; link.c and handshake.c call these. */

/* Counts a link in and lists it; the oldest gives way. -EMFILE: too many are closing. */
int __must_check pg_listener_add(struct pg_listener *l, struct pg_link *link);

/* Takes a link out of the list; false if it has been told to give way. */
bool pg_listener_take(struct pg_listener *l, struct pg_link *link);

/* The link is up, or is gone: the listener does not answer for it any more. */
void pg_listener_forget(struct pg_link *link);

#endif /* _PG_LISTEN_H */
