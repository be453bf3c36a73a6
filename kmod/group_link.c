// SPDX-License-Identifier: GPL-2.0-only
/*
 * A group and its links: which addresses to dial when, which links to keep,
 * what follows from one coming up or going away. Called by link.c, handshake.c
 * and listen.c for the network, by the netlink family for addresses.
 */
#include <linux/netlink.h>
#include <linux/random.h>
#include <crypto/sha2.h>
#include "group.h"
#include "compat.h"
#include "direct.h"
#include "message.h"
#include "netlink.h"
#include "trace.h"

/* ---------------------------------------------------------------- links -- */

void pg_group_redial(struct pg_group *g)
{
	u64 now = pg_now_ms(), wait;

	lockdep_assert_held(&g->lock);
	if (!g->online || g->ended)
		return;
	wait = min(pg_overlay_wait(&g->overlay, now), pg_view_wait(&g->overlay, !g->n_up, now));
	if (wait != U64_MAX)
		mod_delayed_work(pg_wq, &g->dial, msecs_to_jiffies(min_t(u64, wait, 3600 * 1000)));
}

void pg_group_dial_work(struct work_struct *work)
{
	struct pg_group *g = container_of(to_delayed_work(work), struct pg_group, dial);
	struct pg_target *t;
	u64 now;
	int err;

	mutex_lock(&g->lock);
	now = pg_now_ms();	/* once: each address gets one turn, however short its wait */
	while (g->online && !g->ended && (t = pg_overlay_next(&g->overlay, now))) {
		struct pg_dial dial = { .id = t->id, .addr = &t->addr, .target = t };

		err = pg_link_dial(g, &dial);
		if (err)
			pg_overlay_link_gone(&g->overlay, t, -err, now, get_random_u32());
	}
	pg_group_maintain(g, now);
	pg_group_redial(g);
	mutex_unlock(&g->lock);
}

int pg_group_attach(struct pg_group *g, struct pg_link *link)
{
	lockdep_assert_held(&g->lock);
	if (g->ended || !g->online)
		return -ESHUTDOWN;
	/* @tick looks at it while an accepted link's handshake goes on. */
	WRITE_ONCE(link->group, g);
	list_add_tail(&link->node, &g->links);
	pg_group_busy(g);
	return 0;
}

/*
 * The same node: it is the key that it has proved to have. A node id is only what its
 * member says, who may say another node's.
 */
static bool pg_link_same_node(const struct pg_link *a, const struct pg_link *b)
{
	return !memcmp(a->peer_key, b->peer_key, sizeof(a->peer_key));
}

/* Both ends see the same two links and keep the one the lower node id dialled. */
static bool pg_group_prefers(const struct pg_group *g, const struct pg_link *link)
{
	return (g->node < link->peer_node) == link->outbound;
}

bool pg_link_same_member(const struct pg_link *a, const struct pg_link *b)
{
	return a->peer && b->peer && !memcmp(a->peer->gmc.spki_hash, b->peer->gmc.spki_hash,
					     sizeof(a->peer->gmc.spki_hash));
}

bool pg_link_same_branch(const struct pg_link *a, const struct pg_link *b)
{
	const struct pg_member *top, *other;

	top = a->peer ? pg_member_branch(a->peer) : NULL;
	other = b->peer ? pg_member_branch(b->peer) : NULL;
	return top && other && !memcmp(top->gmc.spki_hash, other->gmc.spki_hash,
				       sizeof(top->gmc.spki_hash));
}

/*
 * Does the member at its other end have its part of the links, or who invites members as
 * it likes, with all of them, half? Not that less than one member's would be half.
 */
static bool pg_group_greedy(const struct pg_group *g, const struct pg_link *link)
{
	const struct pg_limits *limits = &g->limits;
	const struct pg_link *other;
	u32 own = 0, branch = 0;

	list_for_each_entry(other, &g->links, node) {
		if (other == link || !other->up || pg_link_closing(other))
			continue;
		own += pg_link_same_member(other, link);
		branch += pg_link_same_branch(other, link);
	}
	return own >= limits->member_links ||
	       branch >= max(limits->member_links, limits->links / 2);
}

/*
 * Is there no room for @link? What a program asked for is not for others to prevent by
 * coming first, nor for one of them by coming often. What the group found by itself is.
 */
static u32 pg_group_crowded(struct pg_group *g, const struct pg_link *link)
{
	u32 fault = 0;

	if (link->outbound && !link->found)
		return 0;
	if (g->n_up >= g->limits.links)
		fault = PEERGROUP_A_STATS_LINK_FULL;
	else if (pg_group_greedy(g, link))
		fault = PEERGROUP_A_STATS_LINK_MEMBER;
	if (!fault)
		return 0;
	pg_stat_inc(&g->stats, fault);
	return PG_BYE_FULL;
}

static u32 pg_group_judge_link(struct pg_group *g, struct pg_link *link)
{
	struct pg_link *other;

	if (g->ended || !g->online)
		return PG_BYE_LEAVING;
	if (link->peer && pg_member_revoked(link->peer)) {
		pg_stat_inc(&g->stats, PEERGROUP_A_STATS_LINK_REVOKED);
		return PG_BYE_REVOKED;
	}
	list_for_each_entry(other, &g->links, node) {
		if (other == link || !other->up || pg_link_closing(other))
			continue;
		if (!pg_link_same_node(other, link))
			continue;
		pg_stat_inc(&g->stats, PEERGROUP_A_STATS_LINK_DUPLICATE);
		if (other->outbound == link->outbound || !pg_group_prefers(g, link))
			return PG_BYE_DUPLICATE;
		pg_link_close(other, PG_BYE_DUPLICATE, EALREADY);
		return 0;
	}
	return pg_group_crowded(g, link);
}

/* A member has one clock to be asked about, however many links it has. */
static bool pg_link_first_of_member(const struct pg_group *g, const struct pg_link *link)
{
	const struct pg_link *other;

	list_for_each_entry(other, &g->links, node) {
		if (other == link)
			break;
		if (other->up && pg_link_same_member(other, link))
			return false;
	}
	return true;
}

static void pg_group_adjust_clock(struct pg_group *g)
{
	s64 offsets[PG_CLOCK_SAMPLES];
	struct pg_link *link;
	unsigned int n = 0;

	list_for_each_entry(link, &g->links, node) {
		if (link->up && n < ARRAY_SIZE(offsets) && pg_link_first_of_member(g, link))
			offsets[n++] = link->clock_offset;
	}
	spin_lock(&g->clock_lock);
	pg_clock_adjust(&g->clock, offsets, n);
	spin_unlock(&g->clock_lock);
}

void pg_group_clock_heard(struct pg_link *link, u64 theirs)
{
	u64 host = pg_time_from_ns(ktime_get_real_ns());

	lockdep_assert_held(&link->group->lock);
	/* Only members have a say, and none whose clock would have kept it out. */
	if (!link->up || !link->peer || !pg_clock_acceptable(host, theirs))
		return;
	link->clock_offset = pg_clock_smooth(link->clock_offset, theirs - host);
	pg_group_adjust_clock(link->group);
}

u32 pg_group_link_up(struct pg_link *link)
{
	struct pg_group *g = link->group;
	u32 bye;

	mutex_lock(&g->lock);
	/* It has come to its end while this waited, which is counted and told already. */
	if (pg_link_closing(link)) {
		bye = PG_BYE_LEAVING;
		goto out;
	}
	if (link->direct) {
		bye = pg_direct_link_up(link);
		if (!bye)
			pg_group_catch_up(link);
		goto out;
	}
	bye = pg_group_judge_link(g, link);
	if (!bye && pg_sync_init(&link->sync, &g->table, &pg_message_sync_ops))
		bye = PG_BYE_FULL;
	/* The other end waits for this, so nothing else may come before it. */
	if (!bye && !link->outbound && pg_link_send(link, PG_MSG_WELCOME, NULL, 0))
		bye = PG_BYE_FULL;
	if (bye)
		goto out;
	link->up = true;
	/* Pairs with pg_link_state(). */
	smp_store_release(&link->state, PEERGROUP_LINK_UP);
	WRITE_ONCE(g->n_up, g->n_up + 1);
	if (link->target)
		pg_overlay_link_up(link->target);
	pg_group_adjust_clock(g);
	pg_stat_inc(&g->stats, PEERGROUP_A_STATS_LINKS_UP);
	if (link->found) {
		pg_stat_inc(&g->stats, PEERGROUP_A_STATS_LINKS_FOUND);
		pg_group_tried(link);
	}
	trace_pg_link_state(g->index, link->id, PEERGROUP_LINK_UP, 0);
	pg_netlink_link(g, link, PEERGROUP_LINK_UP, 0);
	pg_group_update_status(g);
	if (g->defer_expiry)
		mod_delayed_work(pg_wq, &g->expire, 0);
	pg_group_catch_up(link);
	link->last_sync = jiffies;
	if (link->outbound && pg_sync_start(&link->sync))
		bye = PG_BYE_FULL;
out:
	mutex_unlock(&g->lock);
	return bye;
}

static void pg_group_drop_deferred(struct pg_link *link)
{
	u32 i;

	for (i = 0; i < PG_LINK_DEFER_MAX; i++) {
		if (link->deferred[i].r)
			pg_record_put(pg_link_undefer(link, &link->deferred[i]));
	}
}

/* Is there another link to the node that @gone was to, if it has said which? */
static bool pg_group_linked(const struct pg_group *g, const struct pg_link *gone)
{
	const struct pg_link *link;

	if (!gone->peer_node)
		return false;
	list_for_each_entry(link, &g->links, node) {
		if (link->up && !pg_link_closing(link) && pg_link_same_node(link, gone))
			return true;
	}
	return false;
}

/* What the end of a link, which is out of the list, means for the addresses to dial. */
static void pg_group_retarget(struct pg_group *g, struct pg_link *link)
{
	bool linked = pg_group_linked(g, link);

	if (link->target) {
		pg_overlay_link_gone(&g->overlay, link->target, link->error, pg_now_ms(),
				     get_random_u32());
		if (linked && link->error == EALREADY)
			pg_overlay_satisfied(link->target, link->peer_node);
	}
	link->target = NULL;
	if (!linked && link->peer_node)
		pg_overlay_node_gone(&g->overlay, link->peer_node, pg_now_ms());
}

/* A link to a neighbour, or what was to become one, is out of the list. Lock held. */
static void pg_group_neighbour_gone(struct pg_group *g, struct pg_link *link)
{
	u32 state = PEERGROUP_LINK_DOWN;

	if (link->up) {
		link->up = false;
		WRITE_ONCE(g->n_up, g->n_up - 1);
		if (!g->n_up)
			pg_group_view_rest(g);
		pg_stat_inc(&g->stats, PEERGROUP_A_STATS_LINKS_DOWN);
	} else if (link->outbound) {
		state = PEERGROUP_LINK_FAILED;
		pg_stat_inc(&g->stats, PEERGROUP_A_STATS_LINKS_FAILED);
	} else {
		state = 0;
	}
	trace_pg_link_state(g->index, link->id, state, link->error);
	/* Nobody waits for what the group tries by itself. */
	if (state && !g->ended && !(link->found && state == PEERGROUP_LINK_FAILED))
		pg_netlink_link(g, link, state, link->error);
	pg_group_retarget(g, link);
	if (link->found)
		pg_group_tried(link);
	pg_group_drop_deferred(link);
	pg_sync_destroy(&link->sync);
	pg_group_adjust_clock(g);
	pg_group_update_status(g);
	pg_group_redial(g);
}

void pg_group_link_gone(struct pg_link *link)
{
	struct pg_group *g = link->group;

	mutex_lock(&g->lock);
	list_del_init(&link->node);
	if (link->direct)
		pg_direct_link_gone(link);
	else
		pg_group_neighbour_gone(g, link);
	mutex_unlock(&g->lock);
	pg_group_unbusy(g);
}

void pg_group_close_links(struct pg_group *g)
{
	struct pg_link *link;

	lockdep_assert_held(&g->lock);
	list_for_each_entry(link, &g->links, node)
		pg_link_close(link, PG_BYE_LEAVING, ESHUTDOWN);
}

int pg_group_add_target(struct pg_group *g, const struct pg_addr *addr,
			struct netlink_ext_ack *extack)
{
	struct pg_target *t;

	mutex_lock(&g->lock);
	t = pg_overlay_add(&g->overlay, addr, pg_link_new_id(), pg_now_ms());
	if (!IS_ERR(t))
		pg_group_redial(g);
	else if (PTR_ERR(t) != -ENOMEM)
		NL_SET_ERR_MSG(extack, "too many addresses");
	mutex_unlock(&g->lock);
	return PTR_ERR_OR_ZERO(t);
}

int pg_group_del_target(struct pg_group *g, const struct pg_addr *addr,
			struct netlink_ext_ack *extack)
{
	struct pg_target *t;
	struct pg_link *link;
	int err = -ENOENT;

	mutex_lock(&g->lock);
	t = pg_overlay_find(&g->overlay, addr);
	if (t) {
		list_for_each_entry(link, &g->links, node) {
			if (link->target != t)
				continue;
			link->target = NULL;
			pg_link_close(link, PG_BYE_LEAVING, ESHUTDOWN);
		}
		err = pg_overlay_del(&g->overlay, addr);
	}
	mutex_unlock(&g->lock);
	if (err)
		NL_SET_ERR_MSG(extack, "no link is kept to that address");
	return err;
}

/* ------------------------------------------------------- the opening's hint -- */

void pg_group_hint(const struct pg_group *g, const u8 *nonce, u8 *hint)
{
	struct sha256_ctx state;

	sha256_init(&state);
	sha256_update(&state, PG_OPENING_TAG, sizeof(PG_OPENING_TAG) - 1);
	sha256_update(&state, g->id, sizeof(g->id));
	sha256_update(&state, nonce, PG_NONCE_LEN);
	sha256_final(&state, hint);
}

struct pg_group *pg_group_by_hint(struct pg_listener *l, const u8 *nonce, const u8 *hint,
				  void (*make)(const struct pg_group *g, const u8 *nonce,
					       u8 *hint))
{
	u8 own[SHA256_DIGEST_SIZE];
	unsigned long index;
	struct pg_group *g;

	rcu_read_lock();
	xa_for_each(&l->pn->groups, index, g) {
		if (READ_ONCE(g->listener) != l)
			continue;
		make(g, nonce, own);
		if (!memcmp(own, hint, sizeof(own)) && kref_get_unless_zero(&g->refs))
			goto out;
	}
	g = NULL;
out:
	rcu_read_unlock();
	return g;
}

void pg_listener_limits(struct pg_listener *l, u32 *half_open, u32 *prefix)
{
	unsigned long index;
	struct pg_group *g;

	*half_open = 1;
	*prefix = 1;
	rcu_read_lock();
	xa_for_each(&l->pn->groups, index, g) {
		if (READ_ONCE(g->listener) != l)
			continue;
		*half_open = max(*half_open, READ_ONCE(g->limits.half_open));
		*prefix = max(*prefix, READ_ONCE(g->limits.half_open_prefix));
	}
	rcu_read_unlock();
}

void pg_listener_count(struct pg_listener *l, unsigned int stat)
{
	unsigned long index;
	struct pg_group *g;

	rcu_read_lock();
	xa_for_each(&l->pn->groups, index, g) {
		if (READ_ONCE(g->listener) == l)
			pg_stat_inc(&g->stats, stat);
	}
	rcu_read_unlock();
}
