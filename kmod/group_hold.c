// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who has a group open and who is sent its events: sockets that hold and sockets
 * that watch, and what follows when one goes. Called by the netlink family, and by
 * group.c when a group is opened or ends.
 */
#include <linux/netlink.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <net/sock.h>
#include "direct.h"
#include "group.h"
#include "netlink.h"
#include "password.h"

#define PG_WATCHES_MAX	256	/* sockets of one user that watch a group */
#define PG_HOLDERS_MAX	256	/* and that have it open */

/* However many uids somebody has; @own and @all: how many there are. Lock held. */
static bool pg_group_crowded_by(struct pg_group *g, const struct pg_opener *opener, u32 own,
				u32 all)
{
	bool owns = opener->admin || pg_owner_permits(&g->owner, opener->cred, PG_NEED_OWN);

	if (!pg_crowded(own, all, owns))
		return false;
	return owns || pg_crowded(own, all, true) || !opener->skb ||
	       !pg_netlink_admin(opener->skb);
}

bool pg_sock_ended(const struct sock *sk, u32 its_portid, u32 portid)
{
	return its_portid == portid && sock_flag(sk, SOCK_DEAD);
}

/* Those of one port whose socket is dead, or (@portid 0) all. Lock held. */
static void pg_group_drop_watches(struct pg_group *g, struct list_head *watches, u32 portid)
{
	struct pg_watch *w, *tmp;

	list_for_each_entry_safe(w, tmp, watches, node) {
		if (portid && !pg_sock_ended(w->sk, w->portid, portid))
			continue;
		list_del_rcu(&w->node);
		pg_data_empty(g, w);
		if (watches == &g->answerers)
			pg_password_unanswered(g, w->sk);
		if (!--w->user->n)
			kfree(w->user);
		put_cred(w->cred);
		sock_put(w->sk);
		kfree_rcu(w, rcu);
	}
}

static void pg_holder_drop(struct pg_holder *h)
{
	list_del_rcu(&h->node);
	sock_put(h->sk);
	kfree_rcu(h, rcu);
}

void pg_group_drop_holders(struct pg_group *g)
{
	struct pg_holder *h, *tmp;

	lockdep_assert_held(&g->lock);
	list_for_each_entry_safe(h, tmp, &g->holders, node)
		pg_holder_drop(h);
	pg_group_drop_watches(g, &g->watches, 0);
	pg_group_drop_watches(g, &g->answerers, 0);
}

int pg_group_hold_for(struct pg_group *g, const struct pg_opener *opener,
		      struct netlink_ext_ack *extack)
{
	kuid_t uid = pg_cred_user(opener->cred);
	struct pg_holder *h;
	u32 n = 0, all = 0;

	lockdep_assert_held(&g->lock);
	list_for_each_entry(h, &g->holders, node) {
		if (h->sk == opener->sk) {
			h->count++;
			return 0;
		}
		n += uid_eq(h->uid, uid);
		all++;
	}
	if (n >= PG_HOLDERS_MAX) {
		NL_SET_ERR_MSG(extack, "too many sockets of this user have the group open");
		return -ENOSPC;
	}
	if (pg_group_crowded_by(g, opener, n, all)) {
		NL_SET_ERR_MSG(extack, "too many sockets have the group open");
		return -ENOSPC;
	}
	h = kzalloc(sizeof(*h), GFP_KERNEL_ACCOUNT);
	if (!h)
		return -ENOMEM;
	sock_hold(opener->sk);
	h->sk = opener->sk;
	h->portid = opener->portid;
	h->uid = uid;
	h->count = 1;
	list_add_tail_rcu(&h->node, &g->holders);
	return 0;
}

/* Lets go of one hold of a socket. Tells whether nobody is left. */
static int pg_group_unhold(struct pg_group *g, const struct sock *sk, bool *idle)
{
	struct pg_holder *h;
	int err = -ENOENT;

	mutex_lock(&g->lock);
	list_for_each_entry(h, &g->holders, node) {
		if (h->sk != sk)
			continue;
		err = 0;
		if (!--h->count)
			pg_holder_drop(h);
		break;
	}
	*idle = !err && list_empty(&g->holders) && !g->kept;
	mutex_unlock(&g->lock);
	return err;
}

/* The same for all that ended sockets of a port had, their watches too. */
static bool pg_group_port_ended(struct pg_group *g, u32 portid)
{
	struct pg_holder *h, *tmp;
	bool held = false, idle;

	mutex_lock(&g->lock);
	pg_group_drop_watches(g, &g->watches, portid);
	pg_group_drop_watches(g, &g->answerers, portid);
	list_for_each_entry_safe(h, tmp, &g->holders, node) {
		if (!pg_sock_ended(h->sk, h->portid, portid))
			continue;
		pg_holder_drop(h);
		held = true;
	}
	idle = held && list_empty(&g->holders) && !g->kept;
	mutex_unlock(&g->lock);
	return idle;
}

int pg_group_release(struct pg_net *pn, struct pg_group *g, const struct sock *sk)
{
	LIST_HEAD(ended);
	bool idle;
	int err;

	mutex_lock(&pn->lock);
	err = pg_group_unhold(g, sk, &idle);
	if (idle)
		pg_group_end(g, &ended);
	mutex_unlock(&pn->lock);
	pg_group_wait(&ended);
	return err;
}

void pg_claims_init(struct pg_claims *claims)
{
	spin_lock_init(&claims->lock);
	get_random_bytes(&claims->key, sizeof(claims->key));
	hash_init(claims->hash);
}

static u32 pg_claim_key(const struct pg_claims *claims, u32 portid)
{
	return siphash_1u32(portid, &claims->key);
}

void pg_claim_add(struct pg_group *g, struct pg_claim *claim, u32 portid)
{
	claim->portid = portid;
	spin_lock(&g->claims.lock);
	hash_add(g->claims.hash, &claim->node, pg_claim_key(&g->claims, portid));
	spin_unlock(&g->claims.lock);
}

void pg_claim_del(struct pg_group *g, struct pg_claim *claim)
{
	spin_lock(&g->claims.lock);
	hash_del(&claim->node);
	spin_unlock(&g->claims.lock);
}

static bool pg_group_claimed(struct pg_group *g, u32 portid)
{
	const struct pg_claim *claim;
	bool found = false;

	spin_lock(&g->claims.lock);
	hash_for_each_possible(g->claims.hash, claim, node, pg_claim_key(&g->claims, portid)) {
		found = claim->portid == portid;
		if (found)
			break;
	}
	spin_unlock(&g->claims.lock);
	return found;
}

/*
 * May a socket of this port have the group open, watch it, wait for room on a link of it or
 * have opened one? No mutex is taken: nearly none of those that ask does, whoever else
 * has something to do with the group. RCU read side.
 */
static bool pg_group_knows(struct pg_group *g, u32 portid)
{
	const struct pg_holder *h;
	const struct pg_watch *w;

	list_for_each_entry_rcu(h, &g->holders, node)
		if (h->portid == portid)
			return true;
	list_for_each_entry_rcu(w, &g->watches, node)
		if (w->portid == portid)
			return true;
	list_for_each_entry_rcu(w, &g->answerers, node)
		if (w->portid == portid)
			return true;
	return pg_group_claimed(g, portid);
}

static bool pg_net_knows(struct pg_net *pn, u32 portid)
{
	unsigned long index;
	struct pg_group *g;
	bool found = false;

	rcu_read_lock();
	xa_for_each(&pn->groups, index, g) {
		found = pg_group_knows(g, portid);
		if (found)
			break;
	}
	rcu_read_unlock();
	return found;
}

/* True where nobody has the group open any more. */
static bool pg_group_release_port(struct pg_group *g, u32 portid)
{
	bool known, idle;

	rcu_read_lock();
	known = pg_group_knows(g, portid);
	rcu_read_unlock();
	if (!known)
		return false;
	idle = pg_group_port_ended(g, portid);
	pg_direct_port_gone(g, portid);
	return idle;
}

void pg_net_release_port(struct pg_net *pn, u32 portid)
{
	LIST_HEAD(ended);
	unsigned long index;
	struct pg_group *g;

	if (!pg_net_knows(pn, portid))
		return;
	mutex_lock(&pn->lock);
	xa_for_each(&pn->groups, index, g) {
		if (pg_group_release_port(g, portid))
			pg_group_end(g, &ended);
	}
	mutex_unlock(&pn->lock);
	pg_group_wait(&ended);
}

bool pg_group_has_sock(const struct pg_group *g, const struct sock *sk)
{
	const struct pg_holder *h;
	const struct pg_watch *w;

	lockdep_assert_held(&g->lock);
	list_for_each_entry(h, &g->holders, node)
		if (h->sk == sk)
			return true;
	list_for_each_entry(w, &g->watches, node)
		if (w->sk == sk)
			return true;
	return false;
}

/*
 * May one more socket of a user watch the group, or answer for it? @user: set to that one if it has
 * any there. Lock held.
 */
static int pg_group_watch_room(struct pg_group *g, const struct list_head *watches,
			       const struct pg_opener *opener, struct pg_user **user,
			       struct netlink_ext_ack *extack)
{
	kuid_t uid = pg_cred_user(opener->cred);
	const struct pg_watch *w;
	u32 n, all = 0;

	*user = NULL;
	list_for_each_entry(w, watches, node) {
		if (uid_eq(w->user->uid, uid))
			*user = w->user;
		all++;
	}
	n = *user ? (*user)->n : 0;
	if (n >= PG_WATCHES_MAX) {
		NL_SET_ERR_MSG(extack, "too many sockets of this user watch the group");
		return -ENOSPC;
	}
	if (pg_group_crowded_by(g, opener, n, all)) {
		NL_SET_ERR_MSG(extack, "too many sockets watch the group, or answer who joins");
		return -ENOSPC;
	}
	return 0;
}

/* What a socket that watches takes from now on. */
static void pg_watch_set_takes(struct pg_group *g, struct pg_watch *w, u32 takes)
{
	w->takes = takes;
	if (!(takes & PEERGROUP_TAKES_DATA))
		pg_data_empty(g, w);
	pg_direct_reap(g);
}

/* One more of @user's, or (NULL) the first of its user's. Lock held. */
static struct pg_watch *pg_watch_new(const struct pg_opener *opener, struct pg_user *user,
				     u32 takes)
{
	struct pg_watch *w = kzalloc(sizeof(*w), GFP_KERNEL_ACCOUNT);

	if (!w)
		return NULL;
	w->user = user ?: kzalloc(sizeof(*w->user), GFP_KERNEL_ACCOUNT);
	if (!w->user) {
		kfree(w);
		return NULL;
	}
	w->user->uid = pg_cred_user(opener->cred);
	w->user->n++;
	sock_hold(opener->sk);
	w->sk = opener->sk;
	w->portid = opener->portid;
	w->cred = get_cred(opener->cred);
	w->takes = takes;
	pg_inbox_init(&w->data);
	return w;
}

int pg_group_add_watch(struct pg_group *g, struct list_head *watches,
		       const struct pg_opener *opener, u32 takes,
		       struct netlink_ext_ack *extack)
{
	struct pg_user *user;
	struct pg_watch *w;
	int err;

	lockdep_assert_held(&g->lock);
	if (g->ended) {
		NL_SET_ERR_MSG(extack, "group has ended");
		return -ENOENT;
	}
	list_for_each_entry(w, watches, node)
		if (w->sk == opener->sk) {
			pg_watch_set_takes(g, w, takes);
			return 0;
		}
	err = pg_group_watch_room(g, watches, opener, &user, extack);
	if (err)
		return err;
	w = pg_watch_new(opener, user, takes);
	if (!w)
		return -ENOMEM;
	list_add_tail_rcu(&w->node, watches);
	return 0;
}

int pg_group_watch(struct pg_group *g, const struct pg_opener *opener, u32 takes,
		   struct netlink_ext_ack *extack)
{
	int err;

	mutex_lock(&g->lock);
	err = pg_group_add_watch(g, &g->watches, opener, takes, extack);
	mutex_unlock(&g->lock);
	return err;
}
