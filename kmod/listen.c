// SPDX-License-Identifier: GPL-2.0-only
/*
 * Listening sockets, one per port and namespace, and the links that have come
 * in through them but not yet proved that they are a member's. A listener answers
 * for the sockets of those links: it is not gone before they are.
 */
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/mm.h>
#include <linux/random.h>
#include <linux/siphash.h>
#include <linux/slab.h>
#include <net/ipv6.h>
#include <net/sock.h>
#include <net/tcp_states.h>
#include "compat.h"
#include "link_priv.h"

#define PG_LISTEN_BACKLOG	128
#define PG_ACCEPT_BUDGET	32	/* connections in one run of the work */
#define PG_ACCEPT_AGAIN		(HZ / 4)

/* ------------------------------------------- half-open links by their prefix -- */

/* What one owner of addresses has plenty of: an IPv6 /64 or an IPv4 /24. */
static bool pg_listener_near(const struct pg_addr *a, const struct pg_addr *b)
{
	bool v4 = ipv6_addr_v4mapped(&a->ip);

	return v4 == ipv6_addr_v4mapped(&b->ip) &&
	       ipv6_prefix_equal(&a->ip, &b->ip, v4 ? 96 + 24 : 64);
}

static struct hlist_head *pg_prefix_bucket(struct pg_listener *l, const struct pg_addr *addr)
{
	return &l->prefixes[pg_addr_prefix_hash(addr, &l->prefix_key) % ARRAY_SIZE(l->prefixes)];
}

/* The oldest from around @addr, which has the count of all; NULL where there is none. */
static struct pg_link *pg_prefix_oldest(struct pg_listener *l, const struct pg_addr *addr)
{
	struct pg_link *link;

	lockdep_assert_held(&l->lock);
	hlist_for_each_entry(link, pg_prefix_bucket(l, addr), prefix)
		if (pg_listener_near(&link->addr, addr))
			return link;
	return NULL;
}

static void pg_prefix_add(struct pg_listener *l, struct pg_link *link)
{
	struct pg_link *oldest = pg_prefix_oldest(l, &link->addr);

	if (oldest) {
		list_add_tail(&link->near, &oldest->near);
		oldest->n_near++;
		return;
	}
	INIT_LIST_HEAD(&link->near);
	link->n_near = 1;
	hlist_add_head(&link->prefix, pg_prefix_bucket(l, &link->addr));
}

static void pg_prefix_del(struct pg_listener *l, struct pg_link *link)
{
	struct pg_link *oldest = pg_prefix_oldest(l, &link->addr);

	if (oldest != link) {
		oldest->n_near--;
	} else {
		hlist_del_init(&link->prefix);
		if (!list_empty(&link->near)) {
			oldest = list_next_entry(link, near);
			oldest->n_near = link->n_near - 1;
			hlist_add_head(&oldest->prefix, pg_prefix_bucket(l, &link->addr));
		}
	}
	list_del_init(&link->near);
}

/* --------------------------------------------------------- half-open links -- */

static void pg_listener_list(struct pg_listener *l, struct pg_link *link)
{
	list_add_tail(&link->half, &l->half_open);
	l->n_half_open++;
	pg_prefix_add(l, link);
}

static void pg_listener_unlist(struct pg_listener *l, struct pg_link *link)
{
	lockdep_assert_held(&l->lock);
	list_del_init(&link->half);
	l->n_half_open--;
	pg_prefix_del(l, link);
}

/* Takes a link out of the list and closes it. Lets go of the lock meanwhile. */
static void pg_listener_evict(struct pg_listener *l, struct pg_link *link, int error, u32 fault)
	__must_hold(&l->lock)
{
	pg_listener_unlist(l, link);
	pg_link_hold(link);
	spin_unlock(&l->lock);
	pg_link_fail(link, 0, error, fault);
	pg_link_put(link);
	spin_lock(&l->lock);
}

/* Closes the oldest until @max are left. */
static void pg_listener_trim(struct pg_listener *l, u32 max, int error, u32 fault)
{
	spin_lock(&l->lock);
	while (l->n_half_open > max)
		pg_listener_evict(l, list_first_entry(&l->half_open, struct pg_link, half),
				  error, fault);
	spin_unlock(&l->lock);
}

static void pg_listener_trim_prefix(struct pg_listener *l, const struct pg_addr *addr, u32 max)
{
	struct pg_link *link;

	spin_lock(&l->lock);
	while ((link = pg_prefix_oldest(l, addr)) && link->n_near > max)
		pg_listener_evict(l, link, EMFILE, PEERGROUP_A_STATS_LINK_HALF_OPEN);
	spin_unlock(&l->lock);
}

int pg_listener_add(struct pg_listener *l, struct pg_link *link)
{
	struct pg_addr addr = link->addr;
	u32 max, prefix;
	int err = -EMFILE;

	pg_listener_limits(l, &max, &prefix);
	spin_lock(&l->lock);
	if (l->n_links < 2 * max) {
		pg_listener_list(l, link);
		WRITE_ONCE(l->n_links, l->n_links + 1);
		err = 0;
	}
	spin_unlock(&l->lock);
	if (err) {
		pg_listener_count(l, PEERGROUP_A_STATS_LINK_HALF_OPEN);
		return err;
	}
	pg_listener_trim_prefix(l, &addr, prefix);
	pg_listener_trim(l, max, EMFILE, PEERGROUP_A_STATS_LINK_HALF_OPEN);
	return 0;
}

bool pg_listener_take(struct pg_listener *l, struct pg_link *link)
{
	bool there;

	spin_lock(&l->lock);
	there = !list_empty(&link->half);
	if (there)
		pg_listener_unlist(l, link);
	spin_unlock(&l->lock);
	return there;
}

void pg_listener_forget(struct pg_link *link)
{
	struct pg_listener *l = link->listener;

	link->listener = NULL;
	spin_lock(&l->lock);
	if (!list_empty(&link->half))
		pg_listener_unlist(l, link);
	/* Under the lock, which pg_listener_end() takes before it frees @l. */
	WRITE_ONCE(l->n_links, l->n_links - 1);
	if (!l->n_links)
		wake_up(&l->gone);
	spin_unlock(&l->lock);
}

/* -------------------------------------------------------------- accepting -- */

/* Sockets that wait to be accepted have inherited this callback: not theirs. */
static void pg_listen_data_ready(struct sock *sk)
{
	struct pg_listener *l;

	read_lock_bh(&sk->sk_callback_lock);
	l = sk->sk_user_data;
	if (l && sk->sk_state == TCP_LISTEN)
		queue_delayed_work(pg_wq, &l->accept, 0);
	read_unlock_bh(&sk->sk_callback_lock);
}

static void pg_listen_accept_work(struct work_struct *work)
{
	struct pg_listener *l = container_of(to_delayed_work(work), struct pg_listener, accept);
	int budget = PG_ACCEPT_BUDGET;
	struct socket *sock;
	int err = 0;

	while (budget--) {
		err = kernel_accept(l->sock, &sock, O_NONBLOCK);
		if (err == -ECONNABORTED)
			continue;
		if (err)
			break;
		pg_link_accept(l, sock);
	}
	/* Short of memory: those who wait will not knock again. */
	if (err != -EAGAIN)
		queue_delayed_work(pg_wq, &l->accept, err ? PG_ACCEPT_AGAIN : 0);
}

static void pg_listener_hook(struct pg_listener *l)
{
	struct sock *sk = l->sock->sk;

	write_lock_bh(&sk->sk_callback_lock);
	l->old_data_ready = sk->sk_data_ready;
	sk->sk_user_data = l;
	sk->sk_data_ready = pg_listen_data_ready;
	write_unlock_bh(&sk->sk_callback_lock);
}

static void pg_listener_unhook(struct pg_listener *l)
{
	struct sock *sk = l->sock->sk;

	write_lock_bh(&sk->sk_callback_lock);
	sk->sk_data_ready = l->old_data_ready;
	sk->sk_user_data = NULL;
	write_unlock_bh(&sk->sk_callback_lock);
}

/* ------------------------------------------------------------ life cycle -- */

static int pg_listener_bind(struct socket *sock, int family, u16 port)
{
	struct sockaddr_in6 in6 = {
		.sin6_family = AF_INET6,
		.sin6_port = htons(port),
	};
	struct sockaddr_in in = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
	};

	if (family == AF_INET)
		return kernel_bind(sock, (struct sockaddr_unsized *)&in, sizeof(in));
	return kernel_bind(sock, (struct sockaddr_unsized *)&in6, sizeof(in6));
}

static int pg_listener_open(struct pg_listener *l, int family, u16 port)
{
	struct socket *sock;
	int err;

	err = pg_sock_create(l->pn->net, family, &sock);
	if (err)
		return err;
	sock_set_reuseaddr(sock->sk);
	if (family == AF_INET6) {
		/* The namespace's default may be otherwise. */
		lock_sock(sock->sk);
		sock->sk->sk_ipv6only = false;
		release_sock(sock->sk);
	}
	err = pg_listener_bind(sock, family, port);
	if (err)
		goto release;
	l->sock = sock;
	/* Before listening: a connection that came in between would not be noticed. */
	pg_listener_hook(l);
	err = kernel_listen(sock, PG_LISTEN_BACKLOG);
	if (err) {
		pg_listener_unhook(l);
		goto release;
	}
	return 0;
release:
	l->sock = NULL;
	sock_release(sock);
	return err;
}

/* Ends a listener that is in no list any more. */
static void pg_listener_end(struct pg_listener *l)
{
	pg_listener_unhook(l);
	cancel_delayed_work_sync(&l->accept);
	pg_listener_trim(l, 0, ESHUTDOWN, 0);
	sock_release(l->sock);
	wait_event(l->gone, !READ_ONCE(l->n_links));
	/* Whoever woke us has let go of the lock when we get it. */
	spin_lock(&l->lock);
	spin_unlock(&l->lock);
	mem_cgroup_put(l->memcg);
	kvfree(l);
}

static struct pg_listener *pg_listener_new(struct pg_net *pn, u16 port)
{
	struct pg_listener *l = kvzalloc(sizeof(*l), GFP_KERNEL_ACCOUNT);
	int err;

	if (!l)
		return ERR_PTR(-ENOMEM);
	l->pn = pn;
	l->port = port;
	l->users = 1;
	spin_lock_init(&l->lock);
	INIT_LIST_HEAD(&l->half_open);
	l->memcg = get_mem_cgroup_from_mm(current->mm);
	get_random_bytes(&l->prefix_key, sizeof(l->prefix_key));
	init_waitqueue_head(&l->gone);
	INIT_DELAYED_WORK(&l->accept, pg_listen_accept_work);
	err = pg_listener_open(l, AF_INET6, port);
	if (err == -EAFNOSUPPORT || err == -EADDRNOTAVAIL)
		err = pg_listener_open(l, AF_INET, port);
	if (err) {
		mem_cgroup_put(l->memcg);
		kvfree(l);
		return ERR_PTR(err);
	}
	return l;
}

struct pg_listener *pg_listen(struct pg_net *pn, u16 port)
{
	struct pg_listener *l;

	lockdep_assert_held(&pn->lock);
	list_for_each_entry(l, &pn->listeners, node) {
		if (l->port == port) {
			l->users++;
			return l;
		}
	}
	l = pg_listener_new(pn, port);
	if (!IS_ERR(l))
		list_add(&l->node, &pn->listeners);
	return l;
}

void pg_unlisten(struct pg_listener *l)
{
	lockdep_assert_held(&l->pn->lock);
	if (--l->users)
		return;
	list_del(&l->node);
	pg_listener_end(l);
}
