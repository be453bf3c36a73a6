// SPDX-License-Identifier: GPL-2.0-only
/*
 * The life of a link: how it is made from a socket, what its socket's callbacks
 * do, its clock, and how it ends. Bytes are the business of link_rx.c and
 * link_queue.c and link_tx.c, coming up that of handshake.c.
 *
 * Who may touch what is simple because of the end: pg_link_close() only sets a
 * flag and queues the close work; that work first takes the callbacks off the
 * socket, then waits for @rx, @tx and @tick, and from there on nobody else
 * uses the socket, but @linger where there is a last word to be acknowledged.
 * The kernel's sockets do not hold their namespace, so a link is out of its
 * group's or listener's books only after its socket is released.
 */
#include <linux/bitmap.h>
#include <linux/in.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/tcp.h>
#include <net/inet_sock.h>
#include <net/ipv6.h>
#include <net/sock.h>
#include <net/tcp_states.h>
#include "compat.h"
#include "link_priv.h"
#include "message.h"
#include "password.h"

#define PG_LINK_LINGER	(HZ / 5)	/* for a last word to be acknowledged */
#define PG_LINK_DRAIN	(5 * HZ)	/* for what programs sent, when they close */
#define PG_TICK_MIN_MS	50
#define PG_TICK_MAX_MS	5000

/* Closing waits for works of pg_wq, so it must not be one of them. */
static struct workqueue_struct *pg_close_wq;

u64 pg_link_new_id(void)
{
	static atomic64_t last;

	return atomic64_inc_return(&last);
}

int pg_bye_errno(u32 reason)
{
	switch (reason) {
	case PG_BYE_LEAVING:
		return -ESHUTDOWN;
	case PG_BYE_DUPLICATE:
		return -EALREADY;
	case PG_BYE_SELF:
		return -ELOOP;
	case PG_BYE_CLOCK:
		return -ETIME;
	case PG_BYE_FULL:
		return -EMLINK;
	case PG_BYE_CREDENTIAL:
		return -EKEYEXPIRED;
	case PG_BYE_REVOKED:
		return -EKEYREVOKED;
	case PG_BYE_REFUSED:
		return -EOPNOTSUPP;
	default:
		return -ECONNABORTED;
	}
}

/* ------------------------------------------------------------- addresses -- */

static int pg_addr_to_sockaddr(const struct pg_addr *addr, struct sockaddr_storage *ss)
{
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)ss;
	struct sockaddr_in *in = (struct sockaddr_in *)ss;

	memset(ss, 0, sizeof(*ss));
	if (ipv6_addr_v4mapped(&addr->ip)) {
		in->sin_family = AF_INET;
		in->sin_addr.s_addr = addr->ip.s6_addr32[3];
		in->sin_port = addr->port;
		return sizeof(*in);
	}
	in6->sin6_family = AF_INET6;
	in6->sin6_addr = addr->ip;
	in6->sin6_port = addr->port;
	in6->sin6_scope_id = addr->scope;
	return sizeof(*in6);
}

static void pg_addr_from_sockaddr(struct pg_addr *addr, const struct sockaddr_storage *ss)
{
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)ss;
	const struct sockaddr_in *in = (const struct sockaddr_in *)ss;

	memset(addr, 0, sizeof(*addr));
	if (ss->ss_family == AF_INET) {
		ipv6_addr_set_v4mapped(in->sin_addr.s_addr, &addr->ip);
		addr->port = in->sin_port;
		return;
	}
	addr->ip = in6->sin6_addr;
	addr->port = in6->sin6_port;
	addr->scope = in6->sin6_scope_id;
}

/* --------------------------------------------------- the socket's callbacks -- */

static void pg_link_data_ready(struct sock *sk)
{
	struct pg_link *link;

	read_lock_bh(&sk->sk_callback_lock);
	link = sk->sk_user_data;
	if (link)
		queue_work(pg_wq, &link->rx);
	read_unlock_bh(&sk->sk_callback_lock);
}

/* Connected, or ended: reading finds out which. */
static void pg_link_state_change(struct sock *sk)
{
	pg_link_data_ready(sk);
}

static void pg_link_write_space(struct sock *sk)
{
	void (*ready)(struct sock *sk) = NULL;
	struct pg_link *link;

	read_lock_bh(&sk->sk_callback_lock);
	link = sk->sk_user_data;
	if (link) {
		ready = link->old_write_space;
		if (sk_stream_is_writeable(sk))
			queue_work(pg_wq, &link->tx);
	}
	read_unlock_bh(&sk->sk_callback_lock);
	/* It clears SOCK_NOSPACE. */
	if (ready)
		ready(sk);
}

/* An accepted socket has inherited its listener's callback. */
static void pg_link_hook(struct pg_link *link)
{
	struct sock *sk = link->sock->sk;

	write_lock_bh(&sk->sk_callback_lock);
	link->old_data_ready = link->listener ? link->listener->old_data_ready :
						sk->sk_data_ready;
	link->old_write_space = sk->sk_write_space;
	link->old_state_change = sk->sk_state_change;
	sk->sk_user_data = link;
	sk->sk_data_ready = pg_link_data_ready;
	sk->sk_write_space = pg_link_write_space;
	sk->sk_state_change = pg_link_state_change;
	write_unlock_bh(&sk->sk_callback_lock);
}

static void pg_link_unhook(struct pg_link *link)
{
	struct sock *sk = link->sock->sk;

	write_lock_bh(&sk->sk_callback_lock);
	if (sk->sk_user_data == link) {
		sk->sk_data_ready = link->old_data_ready;
		sk->sk_write_space = link->old_write_space;
		sk->sk_state_change = link->old_state_change;
		sk->sk_user_data = NULL;
	}
	write_unlock_bh(&sk->sk_callback_lock);
}

/* ----------------------------------------------------------------- the clock -- */

u32 pg_link_tick_ms(const struct pg_group *group)
{
	return clamp(READ_ONCE(group->limits.keepalive_ms) / 4,
		     (u32)PG_TICK_MIN_MS, (u32)PG_TICK_MAX_MS);
}

/*
 * How often to look. Whole seconds where that is precise enough, so that many
 * links wake a sleeping CPU once.
 */
static unsigned long pg_tick_period(const struct pg_link *link)
{
	u32 ms = pg_link_tick_ms(link->group);
	unsigned long period = msecs_to_jiffies(ms);

	return ms >= MSEC_PER_SEC ? round_jiffies_relative(period) : period;
}

/*
 * The other end is lost when it has been silent for three times the keepalive,
 * and has had time to answer a PING: if it was this host that stood still, none
 * has been sent yet.
 */
static bool pg_tick_lost(const struct pg_link *link, unsigned long now, unsigned long alive)
{
	unsigned long heard = READ_ONCE(link->last_rx);

	/* A byte may have come in since @now was read. */
	return (long)(now - heard) >= (long)(3 * alive) &&
	       time_after_eq(link->last_ping, heard) && now - link->last_ping >= alive;
}

/* The other end has to renew its proof of membership before it runs out. */
static bool pg_tick_expired(struct pg_link *link)
{
	return pg_group_now(link->group) >= (u64)atomic64_read(&link->peer_until);
}

/* A link that is up: asks for a sign of life, or takes the silence for an answer. */
static void pg_tick_up(struct pg_link *link)
{
	unsigned long alive = msecs_to_jiffies(READ_ONCE(link->group->limits.keepalive_ms));
	unsigned long now = jiffies;
	int err = 0;

	pg_group_succeed(link);
	if (pg_tick_expired(link)) {
		pg_link_fail(link, PG_BYE_CREDENTIAL, EKEYEXPIRED,
			     PEERGROUP_A_STATS_LINK_CREDENTIAL);
		return;
	}
	if (pg_link_draining(link) && time_after(now, link->drain_by)) {
		pg_link_close(link, PG_BYE_LEAVING, ESHUTDOWN);
		return;
	}
	/* A message that is half there may be what it owes. */
	if (pg_rx_paused(link) || READ_ONCE(link->rx_len))
		WRITE_ONCE(link->answer_heard, now);
	if (pg_rx_paused(link))
		WRITE_ONCE(link->last_rx, now);
	if (pg_tick_lost(link, now, alive) || pg_message_overdue(link)) {
		pg_link_fail(link, 0, ETIMEDOUT, PEERGROUP_A_STATS_LINK_TIMEOUT);
		return;
	}
	/* Who is held up does not see what this end reads: it is shown that this end lives. */
	if ((test_bit(PG_LINK_HELD, &link->flags) ||
	     (long)(now - READ_ONCE(link->last_rx)) >= (long)alive) &&
	    now - link->last_ping >= alive) {
		link->last_ping = now;
		err = pg_message_ping(link);
	}
	if (err)
		pg_link_close(link, 0, -err);
	else
		pg_message_tick(link);
}

/* A link that is coming up. Return: jiffies left for that. */
static unsigned long pg_tick_young(struct pg_link *link)
{
	struct pg_group *g = READ_ONCE(link->group);
	u32 ms = READ_ONCE((g ? &g->limits : &pg_limits_default)->handshake_ms);
	unsigned long left = link->born + msecs_to_jiffies(ms) - jiffies;
	u32 fault = 0;

	if ((long)left > 0)
		return left;
	if (READ_ONCE(link->appeal)) {
		pg_link_close(link, 0, EKEYREVOKED);
		return 0;
	}
	/* Where nobody answered the connection there was no handshake to be slow. */
	if (pg_link_state(link) != PEERGROUP_LINK_CONNECTING && !READ_ONCE(link->exchange))
		fault = PEERGROUP_A_STATS_LINK_HANDSHAKE;
	pg_link_fail(link, 0, ETIMEDOUT, fault);
	return 0;
}

static void pg_link_tick_work(struct work_struct *work)
{
	struct pg_link *link = container_of(to_delayed_work(work), struct pg_link, tick);
	struct mem_cgroup *memcg;
	unsigned long delay;

	if (pg_link_closing(link))
		return;
	if (pg_link_state(link) == PEERGROUP_LINK_UP) {
		memcg = pg_group_charge(link->group);
		pg_tick_up(link);
		pg_group_uncharge(memcg);
		delay = pg_tick_period(link);
	} else {
		delay = pg_tick_young(link);
	}
	if (!pg_link_closing(link))
		queue_delayed_work(pg_wq, &link->tick, delay);
}

void pg_link_watch(struct pg_link *link)
{
	mod_delayed_work(pg_wq, &link->tick, pg_tick_period(link));
}

/* ---------------------------------------------------------------- the end -- */

/* Our end is closed, and the other has not acknowledged all that came before that. */
static bool pg_fin_on_its_way(const struct sock *sk)
{
	return (1 << inet_sk_state_load(sk)) & (TCPF_FIN_WAIT1 | TCPF_CLOSING | TCPF_LAST_ACK);
}

/* There still is time for what a program sent: nobody waits for the group to end. */
static bool pg_link_may_linger(const struct pg_link *link)
{
	return pg_link_draining(link) && time_before(jiffies, link->drain_by) &&
	       !READ_ONCE(link->group->ended);
}

/* The other end has acknowledged the last word, or there is nobody any more. */
static void pg_link_heard(struct sock *sk)
{
	struct pg_link *link;

	read_lock_bh(&sk->sk_callback_lock);
	link = sk->sk_user_data;
	if (link && !pg_fin_on_its_way(sk))
		mod_delayed_work(pg_close_wq, &link->linger, 0);
	read_unlock_bh(&sk->sk_callback_lock);
}

/*
 * The other end gets a moment to acknowledge what it was sent last; what programs sent, as
 * long as is left of the time for that. No work waits for it: they would be all there are, if
 * somebody had enough links that nobody acknowledges, and all ends would wait for these.
 * From here on the link is @linger's.
 */
static void pg_link_begin_linger(struct pg_link *link)
{
	struct sock *sk = link->sock->sk;

	kernel_sock_shutdown(link->sock, SHUT_WR);
	write_lock_bh(&sk->sk_callback_lock);
	sk->sk_user_data = link;
	sk->sk_state_change = pg_link_heard;
	queue_delayed_work(pg_close_wq, &link->linger,
			   pg_fin_on_its_way(sk) ? PG_LINK_LINGER : 0);
	write_unlock_bh(&sk->sk_callback_lock);
}

static void pg_link_count_fault(struct pg_link *link)
{
	if (!link->fault)
		return;
	if (link->group)
		pg_stat_inc(&link->group->stats, link->fault);
	else
		pg_listener_count(link->listener, link->fault);
}

/*
 * Ends the connection. What is left of it is reset: a socket of the kernel that
 * lingers without its owner has no timers to retransmit by, and may outlive its
 * namespace. What the other end has acknowledged it can still read.
 */
static void pg_link_hang_up(struct pg_link *link)
{
	sock_no_linger(link->sock->sk);
	sock_release(link->sock);
	link->sock = NULL;
	pg_tx_drop(link);
	pg_rx_drop(link);
	pg_handshake_free(link);
	pg_password_end(link);
	if (link->listener)
		pg_listener_forget(link);
	if (link->group)
		pg_group_link_gone(link);
	pg_link_put(link);
}

static void pg_link_linger_work(struct work_struct *work)
{
	struct pg_link *link = container_of(to_delayed_work(work), struct pg_link, linger);

	if (pg_fin_on_its_way(link->sock->sk) && pg_link_may_linger(link)) {
		queue_delayed_work(pg_close_wq, &link->linger, PG_LINK_LINGER);
		return;
	}
	pg_link_unhook(link);
	/* It may have been queued anew since this began; nobody does so any more. */
	cancel_delayed_work(&link->linger);
	pg_link_hang_up(link);
}

static void pg_link_close_work(struct work_struct *work)
{
	struct pg_link *link = container_of(work, struct pg_link, close);

	pg_link_unhook(link);
	/* @rx first: when a link comes up it sets @tick. */
	cancel_delayed_work_sync(&link->pace);
	cancel_work_sync(&link->rx);
	cancel_work_sync(&link->tx);
	cancel_delayed_work_sync(&link->tick);
	/* Who sees the connection end may look at the count of why. */
	pg_link_count_fault(link);
	if (link->bye && pg_link_state(link) != PEERGROUP_LINK_CONNECTING)
		pg_tx_bye(link, link->bye);
	if (pg_link_draining(link) ||
	    (link->bye == PG_BYE_LEAVING && pg_link_state(link) == PEERGROUP_LINK_UP))
		pg_link_begin_linger(link);
	else
		pg_link_hang_up(link);
}

void pg_link_fail(struct pg_link *link, u32 bye, int error, u32 fault)
{
	bool first;

	spin_lock(&link->state_lock);
	first = !link->closing;
	if (first) {
		WRITE_ONCE(link->closing, true);
		link->bye = bye;
		WRITE_ONCE(link->error, error);	/* dumps look at it */
		link->fault = fault;
		queue_work(pg_close_wq, &link->close);
	}
	spin_unlock(&link->state_lock);
}

void pg_link_drain(struct pg_link *link)
{
	lockdep_assert_held(&link->group->lock);
	link->drain_by = jiffies + PG_LINK_DRAIN;
	/* Pairs with pg_link_draining(). */
	smp_store_release(&link->draining, true);
	pg_link_kick(link, &link->tx);
}

void pg_link_close(struct pg_link *link, u32 bye, int error)
{
	pg_link_fail(link, bye, error, 0);
}

void pg_link_kick(struct pg_link *link, struct work_struct *work)
{
	spin_lock(&link->state_lock);
	if (!link->closing)
		queue_work(pg_wq, work);
	spin_unlock(&link->state_lock);
}

static void pg_link_release(struct kref *refs)
{
	struct pg_link *link = container_of(refs, struct pg_link, refs);

	if (link->peer)
		pg_member_put(link->peer);
	bitmap_free(link->told);
	kfree(link->expect);
	if (link->group)
		pg_group_put(link->group);
	kvfree_sensitive(link, sizeof(*link));
}

void pg_link_put(struct pg_link *link)
{
	kref_put(&link->refs, pg_link_release);
}

/* -------------------------------------------------------------- the beginning -- */

/*
 * Charged to @memcg. The socket is not, nor may it be: where @memcg has no memory left for
 * its inode, the kernel would kill one of its tasks.
 */
static struct pg_link *pg_link_new(struct socket *sock, u64 id, u32 state,
				   struct mem_cgroup *memcg)
{
	struct mem_cgroup *before = set_active_memcg(memcg);
	struct pg_link *link = kvzalloc(sizeof(*link), PG_GFP_LINK);

	set_active_memcg(before);
	if (!link)
		return NULL;
	kref_init(&link->refs);
	link->id = id;
	link->sock = sock;
	link->state = state;
	link->born = jiffies;
	link->last_rx = jiffies;
	link->last_ping = jiffies;
	INIT_LIST_HEAD(&link->node);
	INIT_LIST_HEAD(&link->half);
	INIT_LIST_HEAD(&link->near);
	INIT_HLIST_NODE(&link->prefix);
	spin_lock_init(&link->state_lock);
	pg_tx_init(link);
	INIT_WORK(&link->rx, pg_rx_work);
	INIT_DELAYED_WORK(&link->pace, pg_rx_pace_work);
	INIT_WORK(&link->tx, pg_tx_work);
	INIT_WORK(&link->close, pg_link_close_work);
	INIT_DELAYED_WORK(&link->linger, pg_link_linger_work);
	INIT_DELAYED_WORK(&link->tick, pg_link_tick_work);
	tcp_sock_set_nodelay(sock->sk);
	return link;
}

/*
 * Sets a link going that is in its group's or listener's books. Nobody closes it
 * before the callbacks are in place; as soon as they are, anybody may.
 */
static void pg_link_start(struct pg_link *link)
{
	pg_link_hold(link);
	pg_link_hook(link);
	spin_lock(&link->state_lock);
	if (!link->closing) {
		queue_delayed_work(pg_wq, &link->tick, 0);
		queue_work(pg_wq, &link->rx);
	}
	spin_unlock(&link->state_lock);
	pg_link_put(link);
}

/* Undoes pg_link_new() for a link that nobody else has seen. Takes the socket along. */
static void pg_link_discard(struct pg_link *link)
{
	sock_no_linger(link->sock->sk);
	sock_release(link->sock);
	pg_link_put(link);
}

/* What a link that is dialled has from who asked for it. */
static int pg_link_aim(struct pg_link *link, const struct pg_dial *dial)
{
	link->outbound = true;
	link->target = dial->target;
	link->found = dial->found;
	link->addr = *dial->addr;
	link->direct = dial->direct;
	if (!dial->direct)
		return 0;
	link->expect_len = dial->expect_len;
	link->expect = kmemdup(dial->expect, dial->expect_len, PG_GFP_LINK);
	return link->expect ? 0 : -ENOMEM;
}

int pg_sock_create(struct net *net, int family, struct socket **sock)
{
	if (family == AF_INET6 && !ipv6_mod_enabled())
		return -EAFNOSUPPORT;
	return sock_create_kern(net, family, SOCK_STREAM, IPPROTO_TCP, sock);
}

int pg_link_dial(struct pg_group *group, const struct pg_dial *dial)
{
	struct sockaddr_storage ss;
	struct pg_link *link;
	struct socket *sock;
	int err, len;

	lockdep_assert_held(&group->lock);
	len = pg_addr_to_sockaddr(dial->addr, &ss);
	err = pg_sock_create(group->pn->net, ss.ss_family, &sock);
	if (err)
		return err;
	link = pg_link_new(sock, dial->id, PEERGROUP_LINK_CONNECTING, group->memcg);
	if (!link) {
		sock_release(sock);
		return -ENOMEM;
	}
	err = pg_link_aim(link, dial);
	if (!err)
		err = pg_group_attach(group, link);
	if (err) {
		pg_link_discard(link);
		return err;
	}
	kref_get(&group->refs);
	err = kernel_connect(sock, (struct sockaddr_unsized *)&ss, len, O_NONBLOCK);
	if (err && err != -EINPROGRESS)
		pg_link_close(link, 0, -err);
	else
		pg_link_start(link);
	return 0;
}

int pg_link_accept(struct pg_listener *listener, struct socket *sock)
{
	struct sockaddr_storage ss;
	struct pg_link *link;
	int err;

	err = kernel_getpeername(sock, (struct sockaddr *)&ss);
	if (err < 0)
		goto release;
	err = -ENOMEM;
	link = pg_link_new(sock, pg_link_new_id(), PEERGROUP_LINK_HANDSHAKE,
			   listener->memcg);
	if (!link)
		goto release;
	link->listener = listener;
	link->rx_want = PG_HANDSHAKE_OPENING;
	pg_addr_from_sockaddr(&link->addr, &ss);
	err = pg_listener_add(listener, link);
	if (err) {
		pg_link_discard(link);
		return err;
	}
	pg_link_start(link);
	return 0;
release:
	sock_no_linger(sock->sk);
	sock_release(sock);
	return err;
}

int pg_link_module_init(void)
{
	/* Each waits for works of its link, and for the group's lock: many at once. */
	pg_close_wq = alloc_workqueue("peergroup_close", WQ_UNBOUND, WQ_UNBOUND_MAX_ACTIVE);
	return pg_close_wq ? 0 : -ENOMEM;
}

void pg_link_module_exit(void)
{
	destroy_workqueue(pg_close_wq);
	/* A packet that completes a connection calls its listener's callback under RCU. */
	synchronize_rcu();
}
