// SPDX-License-Identifier: GPL-2.0-only
/*
 * How two hosts find out that they belong to the same group before a link is
 * up: one HELLO in each direction, the dialling side first. This is the place
 * that a Noise handshake will take; nothing outside this file knows the form
 * of a HELLO.
 */
#include <linux/bitmap.h>
#include <linux/ktime.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <net/inet_sock.h>
#include <net/tcp_states.h>
#include "link_priv.h"

static int pg_handshake_hello(struct pg_link *link)
{
	struct pg_group *g = link->group;
	struct pg_hello hello = {
		.node = cpu_to_be64(g->node),
		.time = cpu_to_be64(pg_group_now(g)),
		.port = cpu_to_be16(READ_ONCE(g->port)),
		.flags = cpu_to_be16(READ_ONCE(g->ready) ? PG_HELLO_READY : 0),
	};

	memcpy(hello.magic, PG_HELLO_MAGIC, sizeof(hello.magic));
	get_random_bytes(hello.nonce, sizeof(hello.nonce));
	memcpy(link->nonce, hello.nonce, sizeof(link->nonce));
	pg_group_hint(g, hello.nonce, hello.hint);
	return pg_link_send(link, PG_MSG_HELLO, &hello, sizeof(hello));
}

int pg_handshake_connect(struct pg_link *link)
{
	struct sock *sk = link->sock->sk;
	int err;

	switch (inet_sk_state_load(sk)) {
	case TCP_SYN_SENT:
	case TCP_SYN_RECV:
		return 0;
	case TCP_CLOSE:
		err = sock_error(sk);
		return err ? err : -ECONNABORTED;
	}
	WRITE_ONCE(link->state, PEERGROUP_LINK_HANDSHAKE);
	err = pg_handshake_hello(link);
	return err ? err : 1;
}

/*
 * The listening side speaks only when it was called rightly, so it has nothing
 * to be said BYE to before it is up.
 */
bool pg_handshake_expects(const struct pg_link *link, u8 type, u32 len)
{
	if (type == PG_MSG_HELLO)
		return len == sizeof(struct pg_hello);
	return link->outbound && type == PG_MSG_BYE && len == sizeof(struct pg_bye);
}

/*
 * A link to this very host: the address is never dialled again. Whoever sits at
 * an address can say that it is ours, or send us our node id; so what counts is
 * that a HELLO which this host sent has come in here.
 */
static void pg_handshake_self(struct pg_link *link, const struct pg_hello *hello)
{
	struct pg_group *g = link->group;
	struct pg_link *other;

	/* That is what a link has which has not sent one yet. */
	if (!memchr_inv(hello->nonce, 0, sizeof(hello->nonce)))
		return;
	mutex_lock(&g->lock);
	list_for_each_entry(other, &g->links, node) {
		if (other->outbound && other->target &&
		    !memcmp(other->nonce, hello->nonce, sizeof(other->nonce)))
			other->target->self = true;
	}
	mutex_unlock(&g->lock);
}

static int pg_handshake_bye(const struct pg_bye *bye)
{
	return pg_bye_errno(be32_to_cpu(bye->reason));
}

/* Finds the group that an accepted link is for, and enters it there. */
static int pg_handshake_attach(struct pg_link *link, const struct pg_hello *hello)
{
	struct pg_listener *l = link->listener;
	struct pg_group *g;
	int err;

	g = pg_group_by_hint(l, hello->nonce, hello->hint);
	if (!g)
		return -EPROTO;
	if (!pg_listener_take(l, link)) {
		pg_group_put(g);
		return -ECONNABORTED;
	}
	mutex_lock(&g->lock);
	err = pg_group_attach(g, link);
	mutex_unlock(&g->lock);
	if (err == -EMLINK)
		pg_link_fail(link, PG_BYE_FULL, EMLINK, PEERGROUP_A_STATS_LINK_FULL);
	if (err) {
		pg_group_put(g);
		return err;
	}
	/* From here on the group answers for the socket. */
	pg_listener_forget(link);
	return pg_handshake_hello(link);
}

/* The other end of a dialled link must be of the group that it was dialled for. */
static int pg_handshake_check(struct pg_link *link, const struct pg_hello *hello)
{
	u8 hint[PEERGROUP_HASH_LEN];

	pg_group_hint(link->group, hello->nonce, hint);
	return memcmp(hint, hello->hint, sizeof(hint)) ? -EPROTO : 0;
}

/* Takes down who the other end says it is, and whether it will do. */
static int pg_handshake_meet(struct pg_link *link, const struct pg_hello *hello)
{
	struct pg_group *g = link->group;
	u64 theirs = be64_to_cpu(hello->time);
	u64 mine = pg_group_now(g);

	link->peer_node = be64_to_cpu(hello->node);
	link->peer_ready = hello->flags & cpu_to_be16(PG_HELLO_READY);
	link->clock_offset = theirs - pg_time_from_ns(ktime_get_real_ns());
	if (!link->peer_node)
		return -EPROTO;
	if (link->peer_node == g->node) {
		if (!link->outbound)
			pg_handshake_self(link, hello);
		pg_link_fail(link, PG_BYE_SELF, ELOOP, PEERGROUP_A_STATS_LINK_DUPLICATE);
		return -ELOOP;
	}
	if (!pg_clock_acceptable(mine, theirs)) {
		pr_notice_ratelimited("link to %pI6c: clocks differ by more than ten minutes\n",
				      &link->addr.ip);
		pg_link_fail(link, PG_BYE_CLOCK, ETIME, PEERGROUP_A_STATS_LINK_CLOCK);
		return -ETIME;
	}
	return 0;
}

/* Says who we are, in a way that can be checked, and joins in. */
static int pg_handshake_up(struct pg_link *link)
{
	struct pg_group *g = link->group;
	u32 reason;
	int err;

	link->told = bitmap_zalloc(PG_MEMBERS_MAX, GFP_KERNEL_ACCOUNT);
	if (!link->told)
		return -ENOMEM;
	mutex_lock(&g->lock);
	err = pg_link_send_chain(link, g->self);
	mutex_unlock(&g->lock);
	if (err)
		return err;
	reason = pg_group_link_up(link);
	if (reason) {
		pg_link_close(link, reason, -pg_bye_errno(reason));
		return pg_bye_errno(reason);
	}
	pg_link_watch(link);
	return 0;
}

int pg_handshake_message(struct pg_link *link, u8 type, const u8 *body)
{
	const struct pg_hello *hello = (const void *)body;
	int err;

	if (type == PG_MSG_BYE)
		return pg_handshake_bye((const void *)body);
	if (memcmp(hello->magic, PG_HELLO_MAGIC, sizeof(hello->magic)))
		return -EPROTO;
	if (link->outbound)
		err = pg_handshake_check(link, hello);
	else
		err = pg_handshake_attach(link, hello);
	if (!err)
		err = pg_handshake_meet(link, hello);
	if (!err)
		err = pg_handshake_up(link);
	return err;
}
