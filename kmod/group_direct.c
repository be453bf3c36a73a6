// SPDX-License-Identifier: GPL-2.0-only
/*
 * Direct connections: which are let in, how many there may be, and when they are
 * wanted no longer. Called by the netlink family for programs and by group_link.c for
 * links that come up and go. What travels over them is data.c's business.
 */
#include <linux/netlink.h>
#include "direct.h"
#include "group.h"
#include "netlink.h"
#include "trace.h"

/* Does a program take what others open? */
static bool pg_direct_taken(struct pg_group *g)
{
	struct pg_watch *w;

	list_for_each_entry(w, &g->watches, node)
		if (w->takes & PEERGROUP_TAKES_DIRECT && pg_netlink_permits(g, w, PG_NEED_READ))
			return true;
	return false;
}

/*
 * Not, where it is closing: but one that a program has closed takes memory for as long as what
 * was sent over it is not acknowledged, and the other end may see to it that it is not.
 */
static bool pg_direct_counts(const struct pg_link *link)
{
	return link->direct && (!pg_link_closing(link) || link->draining) &&
	       (link->outbound || link->state == PEERGROUP_LINK_UP);
}

/* Those that are up or under way from here, until they are gone. */
static u32 pg_direct_count(const struct pg_group *g)
{
	const struct pg_link *link;
	u32 n = 0;

	list_for_each_entry(link, &g->links, node)
		n += pg_direct_counts(link);
	return n;
}

/* A quarter of all is left for others; where one is all it is for who comes first. */
static u32 pg_direct_three_quarters(u32 most)
{
	return max(most - DIV_ROUND_UP(most, 4), 1U);
}

/* Others may come first, and be many: what is left then is for programs of this host. */
static bool pg_direct_full(const struct pg_group *g)
{
	const struct pg_link *link;
	u32 all = 0, came = 0;

	list_for_each_entry(link, &g->links, node) {
		if (!pg_direct_counts(link))
			continue;
		all++;
		came += !link->outbound;
	}
	return all >= g->limits.direct || came >= pg_direct_three_quarters(g->limits.direct);
}

/*
 * Are there as many as may be with the member at the other end? Or half of all, no less than with
 * one, with members whom one invited as it liked? What a program here opened is not for these
 * to prevent.
 */
static bool pg_direct_same_enough(const struct pg_group *g, const struct pg_link *like)
{
	const struct pg_limits *limits = &g->limits;
	const struct pg_link *link;
	u32 own = 0, branch = 0;

	list_for_each_entry(link, &g->links, node) {
		if (link == like || !pg_direct_counts(link))
			continue;
		own += pg_link_same_member(link, like);
		branch += pg_link_same_branch(link, like);
	}
	return own >= limits->member_direct ||
	       (!like->outbound && branch >= max(limits->member_direct, limits->direct / 2));
}

static u32 pg_direct_crowded(struct pg_group *g, const struct pg_link *link)
{
	u32 fault = 0;

	/* One that was opened here was counted in then, as far as all are concerned. */
	if (!link->outbound && pg_direct_full(g))
		fault = PEERGROUP_A_STATS_DIRECT_FULL;
	else if (pg_direct_same_enough(g, link))
		fault = PEERGROUP_A_STATS_DIRECT_MEMBER;
	if (!fault)
		return 0;
	pg_stat_inc(&g->stats, fault);
	return PG_BYE_FULL;
}

static u32 pg_direct_judge(struct pg_group *g, const struct pg_link *link)
{
	if (g->ended || !g->online)
		return PG_BYE_LEAVING;
	if (link->peer && pg_member_revoked(link->peer)) {
		pg_stat_inc(&g->stats, PEERGROUP_A_STATS_LINK_REVOKED);
		return PG_BYE_REVOKED;
	}
	if (!link->outbound && !pg_direct_taken(g)) {
		pg_stat_inc(&g->stats, PEERGROUP_A_STATS_DIRECT_REFUSED);
		return PG_BYE_REFUSED;
	}
	return pg_direct_crowded(g, link);
}

u32 pg_direct_link_up(struct pg_link *link)
{
	struct pg_group *g = link->group;
	u32 bye;

	lockdep_assert_held(&g->lock);
	bye = pg_direct_judge(g, link);
	/* The other end waits for this, so nothing else may come before it. */
	if (!bye && !link->outbound && pg_link_send(link, PG_MSG_WELCOME, NULL, 0))
		bye = PG_BYE_FULL;
	if (bye)
		return bye;
	/* Pairs with pg_link_state(). */
	smp_store_release(&link->state, PEERGROUP_LINK_UP);
	pg_stat_inc(&g->stats, PEERGROUP_A_STATS_DIRECT_UP);
	trace_pg_link_state(g->index, link->id, PEERGROUP_LINK_UP, 0);
	pg_netlink_link(g, link, PEERGROUP_LINK_UP, 0);
	return 0;
}

/* It is everybody's then who takes direct connections, as one that came in is. */
static void pg_direct_disclaim(struct pg_link *link)
{
	if (!link->opener)
		return;
	pg_claim_del(link->group, &link->claim);
	sock_put(link->opener);
	link->opener = NULL;
}

void pg_direct_link_gone(struct pg_link *link)
{
	struct pg_group *g = link->group;
	u32 state = 0;

	lockdep_assert_held(&g->lock);
	pg_direct_disclaim(link);
	if (link->state == PEERGROUP_LINK_UP) {
		state = PEERGROUP_LINK_DOWN;
		pg_stat_inc(&g->stats, PEERGROUP_A_STATS_DIRECT_DOWN);
	} else if (link->outbound) {
		state = PEERGROUP_LINK_FAILED;
		pg_stat_inc(&g->stats, PEERGROUP_A_STATS_DIRECT_FAILED);
	}
	trace_pg_link_state(g->index, link->id, state, link->error);
	if (state && !g->ended)
		pg_netlink_link(g, link, state, link->error);
}

/* ------------------------------------------------------ opening, closing -- */

static bool pg_direct_is_self(const struct pg_group *g, const u8 *name, u32 len)
{
	const struct pg_span *own = &g->self->gmc.name;

	return own->len == len && !memcmp(own->p, name, len);
}

/*
 * Has this user as many as one may have, half of all? Or have all that are not the owner three
 * quarters: some are left for that one, however many users somebody is, unless one is all.
 */
static bool pg_direct_greedy(struct pg_group *g, const struct cred *cred)
{
	kuid_t owner = pg_owner_uid(&g->owner), user = pg_cred_user(cred);
	u32 most = g->limits.direct, own = 0, others = 0;
	const struct pg_link *link;

	if (uid_eq(cred->euid, owner))
		return false;
	list_for_each_entry(link, &g->links, node) {
		if (!link->outbound || !pg_direct_counts(link))
			continue;
		own += uid_eq(link->opener_user, user);
		others += !uid_eq(link->opener_uid, owner);
	}
	return own >= most - most / 2 || others >= pg_direct_three_quarters(most);
}

static int pg_direct_may_open(struct pg_group *g, const u8 *name, u32 len,
			      const struct sock *sk, const struct cred *cred,
			      struct netlink_ext_ack *extack)
{
	bool full;

	if (g->ended) {
		NL_SET_ERR_MSG(extack, "group has ended");
		return -ENOENT;
	}
	/* Who opens a connection and is gone would leave it to nobody. */
	if (!pg_group_has_sock(g, sk)) {
		NL_SET_ERR_MSG(extack, "this socket neither holds nor watches the group");
		return -ENOENT;
	}
	if (pg_direct_is_self(g, name, len)) {
		NL_SET_ERR_MSG(extack, "that is this member itself");
		return -ELOOP;
	}
	if (!g->online) {
		NL_SET_ERR_MSG(extack, "the group is offline");
		return -ENETDOWN;
	}
	full = pg_direct_count(g) >= g->limits.direct;
	if (!full && !pg_direct_greedy(g, cred))
		return 0;
	pg_stat_inc(&g->stats, PEERGROUP_A_STATS_DIRECT_FULL);
	if (full)
		NL_SET_ERR_MSG(extack, "too many direct connections");
	else
		NL_SET_ERR_MSG(extack, "too many direct connections of users other than the owner");
	return -EMLINK;
}

/* NULL where there is none, or it is ending. Lock held. */
static struct pg_link *pg_direct_find(const struct pg_group *g, u64 id)
{
	struct pg_link *link;

	list_for_each_entry(link, &g->links, node)
		if (link->id == id && !pg_link_closing(link) && !link->draining)
			return link;
	return NULL;
}

/* The socket's end is the connection's, unless somebody takes what others open. */
static void pg_direct_claim(struct pg_group *g, u64 id, struct sock *sk, u32 portid,
			    const struct cred *cred)
{
	struct pg_link *link = pg_direct_find(g, id);

	if (!link)
		return;
	sock_hold(sk);
	link->opener = sk;
	link->opener_uid = cred->euid;
	link->opener_user = pg_cred_user(cred);
	pg_claim_add(g, &link->claim, portid);
}

int pg_direct_open(struct pg_group *g, const struct pg_addr *addr, const u8 *name, u32 len,
		   struct sock *sk, u32 portid, const struct cred *cred, u64 *id,
		   struct netlink_ext_ack *extack)
{
	struct pg_dial dial = {
		.id = pg_link_new_id(), .addr = addr, .direct = true,
		.expect = name, .expect_len = len,
	};
	int err;

	mutex_lock(&g->lock);
	err = pg_direct_may_open(g, name, len, sk, cred, extack);
	if (!err)
		err = pg_link_dial(g, &dial);
	if (!err)
		pg_direct_claim(g, dial.id, sk, portid, cred);
	mutex_unlock(&g->lock);
	*id = dial.id;
	return err;
}

/* What was sent over it still arrives. */
static void pg_direct_end(struct pg_link *link)
{
	/* @rx may be about to find it connected. */
	if (READ_ONCE(link->state) == PEERGROUP_LINK_UP)
		pg_link_drain(link);
	else
		pg_link_close(link, PG_BYE_LEAVING, ESHUTDOWN);
}

int pg_direct_close(struct pg_group *g, u64 id, struct netlink_ext_ack *extack)
{
	struct pg_link *link;
	int err = 0;

	mutex_lock(&g->lock);
	link = pg_direct_find(g, id);
	if (link && link->direct) {
		pg_direct_end(link);
	} else {
		NL_SET_ERR_MSG(extack, "no direct connection of that id");
		err = -ENOTCONN;
	}
	mutex_unlock(&g->lock);
	return err;
}

struct pg_link *pg_direct_link(struct pg_group *g, u64 id)
{
	struct pg_link *link;

	mutex_lock(&g->lock);
	link = pg_direct_find(g, id);
	if (link && READ_ONCE(link->state) == PEERGROUP_LINK_UP)
		pg_link_hold(link);
	else
		link = NULL;
	mutex_unlock(&g->lock);
	return link;
}

/* -------------------------------------------------- wanted no longer -- */

void pg_direct_reap(struct pg_group *g)
{
	struct pg_link *link;
	bool taken = false;
	struct pg_watch *w;

	lockdep_assert_held(&g->lock);
	list_for_each_entry(w, &g->watches, node)
		taken |= w->takes & PEERGROUP_TAKES_DIRECT;
	if (taken)
		return;
	/* What a program opened which is still there is still wanted. */
	list_for_each_entry(link, &g->links, node)
		if (link->direct && !link->opener && !link->draining)
			pg_direct_end(link);
}

void pg_direct_port_gone(struct pg_group *g, u32 portid)
{
	struct pg_link *link;

	mutex_lock(&g->lock);
	list_for_each_entry(link, &g->links, node) {
		pg_link_forget_port(link, portid);
		if (link->opener && pg_sock_ended(link->opener, link->claim.portid, portid))
			pg_direct_disclaim(link);
	}
	pg_direct_reap(g);
	mutex_unlock(&g->lock);
}
