// SPDX-License-Identifier: GPL-2.0-only
/*
 * Links that a group looks for by itself: to nodes of its view (overlay.c), which
 * presence records tell of. Which of them is worth a dial depends on the links there are,
 * the record table and this host's addresses, so that is told from here.
 */
#include <linux/inetdevice.h>
#include <linux/ipv6.h>
#include <linux/random.h>
#include <net/addrconf.h>
#include <net/route.h>
#include "group.h"

static void pg_group_view_count(struct pg_group *g)
{
	pg_stat_add(&g->stats, PEERGROUP_A_STATS_VIEW_FULL, g->overlay.crowded);
	g->overlay.crowded = 0;
}

void pg_group_view_trim(struct pg_group *g)
{
	lockdep_assert_held(&g->lock);
	while (pg_view_trim(&g->overlay, get_random_u32()))
		;
	pg_group_view_count(g);
}

void pg_group_set_overlay(struct pg_group *g, const struct pg_limits *limits)
{
	struct pg_overlay *o = &g->overlay;

	o->retry_min_ms = limits->retry_min_ms;
	o->retry_max_ms = limits->retry_max_ms;
	o->view_max = limits->passive_view;
	o->active = limits->active_view;
	o->maintenance_ms = limits->maintenance_ms;
}

void pg_group_view_rest(struct pg_group *g)
{
	lockdep_assert_held(&g->lock);
	pg_view_rest(&g->overlay, pg_now_ms(), get_random_u32());
}

void pg_group_presence_changed(struct pg_group *g, const struct pg_record *r)
{
	bool empty = !g->overlay.n_view;

	lockdep_assert_held(&g->lock);
	pg_view_learn(&g->overlay, &r->rec, r->modifier, g->node, get_random_u32());
	pg_group_view_count(g);
	if (empty && g->overlay.n_view)
		pg_group_redial(g);
}

/* ------------------------------------------------------ whom to dial -- */

/*
 * No other host's: an address of this one, a broadcast address of one of its networks, or an
 * IPv6 address where there is no IPv6. Its addresses must not be looked up there.
 */
static bool pg_group_addr_unfit(const struct pg_group *g, const struct in6_addr *ip)
{
	struct net *net = g->pn->net;

	if (ipv6_addr_v4mapped(ip))
		return inet_addr_type(net, ip->s6_addr32[3]) != RTN_UNICAST;
	return !ipv6_mod_enabled() || ipv6_chk_addr(net, ip, NULL, 0);
}

/* Where the other end of a link takes links. */
static bool pg_link_leads_to(const struct pg_link *link, const struct pg_addr *addr)
{
	__be16 port = link->outbound ? link->addr.port : htons(link->peer_port);

	return port == addr->port && ipv6_addr_equal(&link->addr.ip, &addr->ip);
}

/* A link that is a neighbour's, or is to become one, and has not come to its end. */
static bool pg_link_counts(const struct pg_link *link)
{
	return !link->direct && !pg_link_closing(link);
}

static bool pg_group_addr_taken(struct pg_group *g, const struct pg_addr *addr)
{
	const struct pg_link *link;

	/* It is dialled as a program wants it. */
	if (pg_overlay_find(&g->overlay, addr))
		return true;
	list_for_each_entry(link, &g->links, node) {
		if (pg_link_counts(link) && pg_link_leads_to(link, addr))
			return true;
	}
	return false;
}

/* Which address of a node to dial, by turns; -1 for none. */
static int pg_group_place(struct pg_group *g, const struct pg_node *node)
{
	u32 i, at;

	for (i = 0; i < node->n_addr; i++) {
		at = (node->next + i) % node->n_addr;
		if (!pg_group_addr_unfit(g, &node->addr[at].ip) &&
		    !pg_group_addr_taken(g, &node->addr[at]))
			return at;
	}
	return -1;
}

static bool pg_group_node_linked(const struct pg_group *g, const struct pg_node *node)
{
	const struct pg_link *link;

	list_for_each_entry(link, &g->links, node) {
		if (pg_link_counts(link) && link->peer &&
		    pg_node_is(node, link->peer_node, link->peer->gmc.spki_hash))
			return true;
	}
	return false;
}

/* Does its member say that the node is there, as far as has been heard? */
static bool pg_group_node_known(struct pg_group *g, const struct pg_node *node)
{
	__be64 low = cpu_to_be64(node->id);
	const struct pg_record *r;
	u8 id[PEERGROUP_ID_LEN];
	bool known;

	memcpy(id, node->member->gmc.spki_hash, sizeof(id) - sizeof(low));
	memcpy(id + sizeof(id) - sizeof(low), &low, sizeof(low));
	rcu_read_lock();
	r = pg_table_find(&g->table, id);
	known = r && pg_rec_kind(r->rec.type) == PG_REC_PRESENCE && !pg_rec_deleted(&r->rec);
	rcu_read_unlock();
	return known;
}

/*
 * With as many links as the group looks for, and up to twice as many, a node is dialled all
 * the same if nothing has been heard of it for so long that its record is over: it may be
 * there, with others, on the far side of a cut that has been mended.
 */
static bool pg_group_node_wanted(const struct pg_node *node, void *arg)
{
	struct pg_group *g = arg;

	if (g->n_up >= g->overlay.active && pg_group_node_known(g, node))
		return false;
	return !pg_group_node_linked(g, node) && pg_group_place(g, node) >= 0;
}

/* -------------------------------------------------------------- dialling -- */

/*
 * What the end of a dial says of the node. Not reached by a host that has no link it may be
 * this host that is cut off, for however long; then it has to know whom to try.
 */
static void pg_group_node_tried(struct pg_group *g, struct pg_node *node, bool reached)
{
	if (reached)
		pg_node_reached(node);
	else if (g->online && g->n_up)
		pg_node_missed(&g->overlay, node, pg_group_node_known(g, node));
	else
		node->dial = 0;
}

void pg_group_tried(struct pg_link *link)
{
	struct pg_group *g = link->group;
	struct pg_node *node = pg_view_dialled(&g->overlay, link->id);

	lockdep_assert_held(&g->lock);
	if (node)
		pg_group_node_tried(g, node, link->peer &&
				    pg_node_is(node, link->peer_node, link->peer->gmc.spki_hash));
}

static void pg_group_dial_node(struct pg_group *g, struct pg_node *node)
{
	struct pg_dial dial = { .id = pg_link_new_id(), .found = true };
	int at = pg_group_place(g, node);

	/* The host's addresses may have changed since it was chosen. */
	if (at < 0)
		return;
	dial.addr = &node->addr[at];
	node->next = at + 1;
	node->dial = dial.id;
	if (pg_link_dial(g, &dial))
		pg_group_node_tried(g, node, false);
}

void pg_group_maintain(struct pg_group *g, u64 now_ms)
{
	struct pg_overlay *o = &g->overlay;
	struct pg_node *node;

	lockdep_assert_held(&g->lock);
	if (!g->online || g->ended || pg_view_wait(o, !g->n_up, now_ms))
		return;
	pg_view_rest(o, now_ms, get_random_u32());
	pg_group_view_trim(g);
	if (g->n_up >= min(g->limits.links, 2 * o->active))
		return;
	node = pg_view_draw(o, pg_group_node_wanted, g, get_random_u32());
	if (node)
		pg_group_dial_node(g, node);
}
