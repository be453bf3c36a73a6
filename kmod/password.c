// SPDX-License-Identifier: GPL-2.0-only
/*
 * Carries the messages by which somebody joins with a password between its
 * connection and the program that answers; see password.h. handshake.c calls it for
 * connections, netlink_password.c for programs. It decides how many may try how
 * often, and never what is a password or who gets in.
 *
 * Who answers is a socket in the group's list of answerers. A new connection goes to one of
 * the user whose turn was the longest ago, and keeps it: anybody who may write can be
 * in the list with many sockets and never answer. A connection stays in its listener's list of
 * half-open ones from beginning to end, and gives way like any of them.
 */
#include <linux/ktime.h>
#include <linux/netlink.h>
#include <linux/random.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <net/sock.h>
#include <crypto/sha2.h>
#include "compat.h"
#include "link_priv.h"
#include "netlink.h"
#include "password.h"

#define PG_PASSWORD_MINUTE_NS	(60 * (u64)NSEC_PER_SEC)

/**
 * struct pg_exchange - one who joins by password
 * @sk: the socket that answers, held; NULL before one does, and where it is gone after the @last
 * @in: messages that came
 * @out: messages that were sent
 * @opened: a program was told
 * @last: the last one was
 */
struct pg_exchange {
	struct sock *sk;
	u32 in;
	u32 out;
	bool opened;
	bool last;
};

/* ------------------------------------------------------------- how often -- */

static bool pg_minute_over(u64 due, u32 rate, u64 now)
{
	return rate && due > now + PG_PASSWORD_MINUTE_NS - div_u64(PG_PASSWORD_MINUTE_NS, rate);
}

static void pg_minute_take(u64 *due, u32 rate, u64 now)
{
	if (rate)
		*due = max(*due, now) + div_u64(PG_PASSWORD_MINUTE_NS, rate);
}

/* One more attempt from @addr: a minute's worth may come at once. Lock held. */
static bool pg_password_too_fast(struct pg_group *g, const struct pg_addr *addr)
{
	struct pg_password_rate *r = g->password_rate;
	u32 rate = g->limits.password_rate, prefix = g->limits.password_prefix_rate;
	u64 now = ktime_get_ns();
	u64 *slot;

	lockdep_assert_held(&g->lock);
	slot = &r->prefix_due[pg_addr_prefix_hash(addr, &r->key) % PG_PASSWORD_SLOTS];
	if (pg_minute_over(r->due, rate, now) || pg_minute_over(*slot, prefix, now))
		return true;
	pg_minute_take(&r->due, rate, now);
	pg_minute_take(slot, prefix, now);
	return false;
}

/* ------------------------------------------------------------- answerers -- */

static struct pg_watch *pg_password_answerer(struct pg_group *g, const struct sock *sk)
{
	struct pg_watch *w;

	lockdep_assert_held(&g->lock);
	list_for_each_entry(w, &g->answerers, node)
		if (w->sk == sk)
			return w;
	return NULL;
}

/* Is there one that may still answer? Who owns the group may have thought better of it. */
static bool pg_password_any_answerer(struct pg_group *g)
{
	struct pg_watch *w;

	lockdep_assert_held(&g->lock);
	list_for_each_entry(w, &g->answerers, node)
		if (pg_netlink_permits(g, w, PG_NEED_WRITE))
			return true;
	return false;
}

static int pg_password_prepare(struct pg_group *g)
{
	if (g->password_rate)
		return 0;
	g->password_rate = kvzalloc(sizeof(*g->password_rate), GFP_KERNEL_ACCOUNT);
	if (!g->password_rate)
		return -ENOMEM;
	get_random_bytes(&g->password_rate->key, sizeof(g->password_rate->key));
	return 0;
}

int pg_group_answer(struct pg_group *g, const struct pg_opener *opener,
		    struct netlink_ext_ack *extack)
{
	int err;

	mutex_lock(&g->lock);
	err = pg_password_prepare(g);
	if (!err)
		err = pg_group_add_watch(g, &g->answerers, opener, 0, extack);
	mutex_unlock(&g->lock);
	return err;
}

void pg_password_unanswered(struct pg_group *g, const struct sock *sk)
{
	struct pg_exchange *ex;
	struct pg_link *link;

	lockdep_assert_held(&g->lock);
	list_for_each_entry(link, &g->links, node) {
		ex = link->exchange;
		if (!ex || ex->sk != sk)
			continue;
		if (!ex->last) {
			pg_link_close(link, 0, ECONNABORTED);
			continue;
		}
		/* Who was answered to the end needs nobody, and is not to keep a namespace. */
		sock_put(ex->sk);
		ex->sk = NULL;
	}
}

/* ------------------------------------------------------------ connections -- */

bool pg_password_is_opening(const u8 *block)
{
	BUILD_BUG_ON(sizeof(struct peergroup_password_opening) != PG_HANDSHAKE_OPENING);
	BUILD_BUG_ON(sizeof(PEERGROUP_PASSWORD_TAG) != PEERGROUP_PASSWORD_TAG_LEN + 1);
	return !memcmp(block, PEERGROUP_PASSWORD_MAGIC, sizeof(PEERGROUP_PASSWORD_MAGIC) - 1);
}

/* By what a group's name has of its id: who joins knows no more. */
static void pg_password_hint(const struct pg_group *g, const u8 *nonce, u8 *hint)
{
	struct sha256_ctx sctx;

	sha256_init(&sctx);
	sha256_update(&sctx, PEERGROUP_PASSWORD_TAG, PEERGROUP_PASSWORD_TAG_LEN);
	sha256_update(&sctx, g->id, PEERGROUP_AUTHORITY_LEN);
	sha256_update(&sctx, nonce, PG_NONCE_LEN);
	sha256_final(&sctx, hint);
}

/* Takes one in, or says which counter is for its refusal. Lock held. */
static u32 pg_password_admit(struct pg_group *g, struct pg_link *link)
{
	struct pg_exchange *ex;

	/* What a revoked member issues is worth nothing. */
	if (!pg_password_any_answerer(g) || pg_member_revoked(g->self))
		return PEERGROUP_A_STATS_PASSWORD_UNANSWERED;
	if (pg_password_too_fast(g, &link->addr))
		return PEERGROUP_A_STATS_PASSWORD_RATE;
	if (g->n_exchanges >= g->limits.passwords)
		return PEERGROUP_A_STATS_PASSWORD_FULL;
	ex = kzalloc(sizeof(*ex), PG_GFP_LINK);
	if (!ex)
		return PEERGROUP_A_STATS_REFUSED_NOMEM;
	WRITE_ONCE(link->exchange, ex);
	g->n_exchanges++;
	return 0;
}

static int pg_password_refuse(struct pg_link *link, int error, u32 fault)
{
	pg_link_fail(link, 0, error, fault);
	return -error;
}

/* That was its turn, and its user's. */
static void pg_password_had_turn(struct pg_group *g, struct pg_watch *w)
{
	w->turn.last = ++g->password_rate->calls;
	w->user->turn = w->turn.last;
}

static int pg_turn_order(u64 a, u64 b)
{
	return (a > b) - (a < b);
}

/* How many are open is no measure between users: who hangs up at once has none. */
static int pg_turn_cmp(const void *a, const void *b)
{
	const struct pg_watch *x = *(struct pg_watch *const *)a;
	const struct pg_watch *y = *(struct pg_watch *const *)b;

	return pg_turn_order(x->user->turn, y->user->turn) ?:
	       pg_turn_order(x->turn.open, y->turn.open) ?:
	       pg_turn_order(x->turn.last, y->turn.last);
}

/*
 * All of them, in the order of their turns: any number may have no room, and to look for the next
 * among all each time would cost its square, which who joins could have as often as it likes. NULL
 * without memory.
 */
static struct pg_watch **pg_password_turns(struct pg_group *g, u32 *n)
{
	struct pg_watch **turns, *w;
	u32 all = 0;

	list_for_each_entry(w, &g->answerers, node)
		all++;
	turns = kvmalloc_array(all, sizeof(*turns), PG_GFP_LINK);
	if (!turns)
		return NULL;
	*n = 0;
	list_for_each_entry(w, &g->answerers, node)
		turns[(*n)++] = w;
	sort(turns, all, sizeof(*turns), pg_turn_cmp, NULL);
	return turns;
}

static bool pg_password_call_one(struct pg_group *g, struct pg_link *link, struct pg_watch *w,
				 const struct peergroup_password_opening *opening)
{
	if (!pg_netlink_permits(g, w, PG_NEED_WRITE) ||
	    pg_netlink_password(g, link, w, opening, NULL, 0))
		return false;
	sock_hold(w->sk);
	link->exchange->sk = w->sk;
	w->turn.open++;
	pg_password_had_turn(g, w);
	return true;
}

/* Tells the first that has room for it, of those whose turn it is. Or why there is none. */
static u32 pg_password_call(struct pg_group *g, struct pg_link *link,
			    const struct peergroup_password_opening *opening)
{
	u32 fault = PEERGROUP_A_STATS_PASSWORD_UNANSWERED, i, n;
	struct pg_watch **turns = pg_password_turns(g, &n);

	if (!turns)
		return PEERGROUP_A_STATS_REFUSED_NOMEM;
	for (i = 0; i < n && fault; i++) {
		if (pg_password_call_one(g, link, turns[i], opening))
			fault = 0;
		cond_resched();
	}
	kvfree(turns);
	return fault;
}

static int pg_password_enter(struct pg_group *g, struct pg_link *link,
			     const struct peergroup_password_opening *opening)
{
	u32 fault;

	lockdep_assert_held(&g->lock);
	fault = pg_password_admit(g, link);
	if (fault)
		return pg_password_refuse(link, ECONNREFUSED, fault);
	BUILD_BUG_ON(offsetofend(struct peergroup_password_opening, nonce) +
		     sizeof(opening->hint) !=
		     offsetof(struct peergroup_password_opening, share));
	fault = pg_password_call(g, link, opening);
	if (fault)
		return pg_password_refuse(link, ECONNREFUSED, fault);
	link->exchange->opened = true;
	pg_stat_inc(&g->stats, PEERGROUP_A_STATS_PASSWORD_OPENED);
	return 0;
}

int pg_password_begin(struct pg_link *link, const u8 *block)
{
	const struct peergroup_password_opening *opening = (const void *)block;
	struct pg_group *g;
	int err;

	g = pg_group_by_hint(link->listener, opening->nonce, opening->hint, pg_password_hint);
	if (!g)
		return -EPROTO;
	mutex_lock(&g->lock);
	err = pg_group_attach(g, link);
	if (err) {
		mutex_unlock(&g->lock);
		pg_group_put(g);
		return err;
	}
	/* Until pg_rx_work() ends, as for a handshake. */
	pg_group_charge(g);
	err = pg_password_enter(g, link, opening);
	mutex_unlock(&g->lock);
	return err;
}

int pg_password_message(struct pg_link *link, const u8 *data, u32 len)
{
	struct pg_exchange *ex = link->exchange;
	struct pg_group *g = link->group;
	struct pg_watch *w;
	int err = 0;

	mutex_lock(&g->lock);
	if (len > PEERGROUP_PASSWORD_IN_MAX || ex->last ||
	    ++ex->in > PEERGROUP_PASSWORD_MESSAGES) {
		err = pg_password_refuse(link, EPROTO, PEERGROUP_A_STATS_PASSWORD_MALFORMED);
	} else {
		w = pg_password_answerer(g, ex->sk);
		if (!w || pg_netlink_password(g, link, w, NULL, data, len))
			err = pg_password_refuse(link, ECONNABORTED, 0);
	}
	mutex_unlock(&g->lock);
	return err;
}

void pg_password_end(struct pg_link *link)
{
	struct pg_exchange *ex = link->exchange;
	struct pg_group *g = link->group;
	struct pg_watch *w;

	if (!ex)
		return;
	mutex_lock(&g->lock);
	WRITE_ONCE(link->exchange, NULL);
	g->n_exchanges--;
	if (ex->opened && !ex->last)
		pg_stat_inc(&g->stats, PEERGROUP_A_STATS_PASSWORD_FAILED);
	w = ex->opened ? pg_password_answerer(g, ex->sk) : NULL;
	if (w) {
		w->turn.open--;
		/* Whether it did not answer or who joins did: the next one goes to another. */
		if (!ex->last)
			pg_password_had_turn(g, w);
		pg_netlink_password(g, link, w, NULL, NULL, 0);
	}
	mutex_unlock(&g->lock);
	if (ex->sk)
		sock_put(ex->sk);
	kfree(ex);
}

/* -------------------------------------------------------------- programs -- */

static struct pg_link *pg_password_find(struct pg_group *g, u64 id, const struct sock *sk)
{
	struct pg_link *link;

	lockdep_assert_held(&g->lock);
	list_for_each_entry(link, &g->links, node)
		if (link->id == id && link->exchange && link->exchange->sk == sk &&
		    !pg_link_closing(link))
			return link;
	return NULL;
}

static int pg_password_write(struct pg_link *link, const u8 *data, u32 len)
{
	u8 *out = kvmalloc(sizeof(__be16) + len, GFP_KERNEL_ACCOUNT);
	int err;

	if (!out)
		return -ENOMEM;
	put_unaligned_be16(len, out);
	memcpy(out + sizeof(__be16), data, len);
	err = pg_tx_raw(link, out, sizeof(__be16) + len);
	kvfree(out);
	return err;
}

static int pg_password_reply(struct pg_group *g, struct pg_link *link, const u8 *data, u32 len,
			     bool last, struct netlink_ext_ack *extack)
{
	struct pg_exchange *ex = link->exchange;
	int err;

	if (!data) {
		pg_link_close(link, 0, ECONNREFUSED);
		return 0;
	}
	if (ex->last || ex->out == PEERGROUP_PASSWORD_MESSAGES) {
		NL_SET_ERR_MSG(extack, "the last message has been sent");
		return -EINVAL;
	}
	err = pg_password_write(link, data, len);
	if (err == -EPIPE) {
		NL_SET_ERR_MSG(extack, "who waited is gone");
		return -ENOTCONN;
	}
	if (err) {
		NL_SET_ERR_MSG(extack, "no memory or no room for the message");
		return err;
	}
	ex->out++;
	ex->last = last;
	if (last)
		pg_stat_inc(&g->stats, PEERGROUP_A_STATS_PASSWORD_ISSUED);
	return 0;
}

int pg_group_password_send(struct pg_group *g, u64 id, const struct sock *sk, const u8 *data,
			   u32 len, bool last, struct netlink_ext_ack *extack)
{
	struct pg_link *link;
	int err = -ENOTCONN;

	mutex_lock(&g->lock);
	link = pg_password_find(g, id, sk);
	if (link)
		err = pg_password_reply(g, link, data, len, last, extack);
	else
		NL_SET_ERR_MSG(extack, "nobody of that ID waits for this socket");
	mutex_unlock(&g->lock);
	return err;
}
