// SPDX-License-Identifier: GPL-2.0-only
/*
 * Netlink operations on links: the addresses a group shall keep a link to, and
 * the dump of links and of addresses that have none.
 */
#include <net/ipv6.h>
#include "netlink_internal.h"

#define PG_NL_V4_LEN		4	/* bytes of an IPv4 address, */
#define PG_NL_V4_AT		12	/* and its place in a v4-mapped one */

/* Policy callback: the length says which family it is. */
int pg_nl_address_check(const struct nlattr *attr, struct netlink_ext_ack *extack)
{
	if (nla_len(attr) == PG_NL_V4_LEN || nla_len(attr) == sizeof(struct in6_addr))
		return 0;
	NL_SET_ERR_MSG_ATTR(extack, attr, "ADDRESS is 4 or 16 bytes long");
	return -EINVAL;
}

static bool pg_nl_address_usable(const struct in6_addr *ip)
{
	__be32 v4 = ip->s6_addr32[3];

	if (!ipv6_addr_v4mapped(ip))
		return !ipv6_addr_any(ip) && !ipv6_addr_is_multicast(ip);
	return !ipv4_is_zeronet(v4) && !ipv4_is_multicast(v4) && !ipv4_is_lbcast(v4);
}

/* The ADDRESS, PORT and SCOPE of a request. 0 or -errno with extack set. */
int pg_nl_address_get(struct pg_addr *addr, struct genl_info *info)
{
	struct nlattr *attr = info->attrs[PEERGROUP_A_LINK_ADDRESS];
	struct nlattr *scope = info->attrs[PEERGROUP_A_LINK_SCOPE];
	struct nlattr *port = info->attrs[PEERGROUP_A_LINK_PORT];
	bool local;

	if (!attr)
		return PG_NL_MISSING(info->extack, PEERGROUP_A_LINK_ADDRESS, "ADDRESS");
	if (nla_len(attr) == PG_NL_V4_LEN)
		ipv6_addr_set_v4mapped(nla_get_in_addr(attr), &addr->ip);
	else
		addr->ip = nla_get_in6_addr(attr);
	if (!pg_nl_address_usable(&addr->ip))
		return pg_nl_refuse(info->extack, attr, "ADDRESS is not that of one host",
				    -EADDRNOTAVAIL);

	local = ipv6_addr_type(&addr->ip) & IPV6_ADDR_LINKLOCAL;
	if (local && !scope)
		return PG_NL_MISSING(info->extack, PEERGROUP_A_LINK_SCOPE,
				     "SCOPE, which a link-local ADDRESS needs,");
	if (!local && scope)
		return pg_nl_refuse(info->extack, scope, "SCOPE is for link-local addresses only",
				    -EINVAL);
	addr->scope = scope ? nla_get_u32(scope) : 0;
	addr->port = htons(port ? nla_get_u16(port) : PEERGROUP_PORT);
	return 0;
}

static int pg_nl_link_target(struct sk_buff *skb, struct genl_info *info,
			     int (*change)(struct pg_group *g, const struct pg_addr *addr,
					   struct netlink_ext_ack *extack))
{
	struct pg_addr addr;
	struct pg_group *g;
	int err;

	g = pg_nl_group_of(skb, info, PEERGROUP_A_LINK_GROUP);
	if (IS_ERR(g))
		return PTR_ERR(g);
	err = pg_nl_address_get(&addr, info);
	if (!err) {
		err = change(g, &addr, info->extack);
		if (err)
			NL_SET_BAD_ATTR(info->extack, info->attrs[PEERGROUP_A_LINK_ADDRESS]);
	}
	pg_group_put(g);
	return err;
}

int pg_nl_link_add(struct sk_buff *skb, struct genl_info *info)
{
	return pg_nl_link_target(skb, info, pg_group_add_target);
}

int pg_nl_link_del(struct sk_buff *skb, struct genl_info *info)
{
	return pg_nl_link_target(skb, info, pg_group_del_target);
}

/* Address, port and scope, as LINK_ADD takes them. */
static int pg_nl_put_address(struct sk_buff *skb, const struct pg_addr *addr)
{
	bool v4 = ipv6_addr_v4mapped(&addr->ip);
	int err;

	if (v4)
		err = nla_put(skb, PEERGROUP_A_LINK_ADDRESS, PG_NL_V4_LEN,
			      &addr->ip.s6_addr[PG_NL_V4_AT]);
	else
		err = nla_put_in6_addr(skb, PEERGROUP_A_LINK_ADDRESS, &addr->ip);
	if (err || nla_put_u16(skb, PEERGROUP_A_LINK_PORT, ntohs(addr->port)) ||
	    (addr->scope && nla_put_u32(skb, PEERGROUP_A_LINK_SCOPE, addr->scope)))
		return -EMSGSIZE;
	return 0;
}

/**
 * pg_nl_put_link() - what events and dumps both say about a link
 * @skb: where to
 * @g: the link's group
 * @link: the link
 * @state: enum peergroup_link_state
 * @error: errno of the last failure, 0 for none
 *
 * Group's lock held. Return: 0 or -EMSGSIZE.
 */
int pg_nl_put_link(struct sk_buff *skb, const struct pg_group *g, const struct pg_link *link,
		   u32 state, int error)
{
	u64 node = link->peer_node;

	lockdep_assert_held(&g->lock);
	if (nla_put_u32(skb, PEERGROUP_A_LINK_GROUP, g->index) ||
	    nla_put_u64_64bit(skb, PEERGROUP_A_LINK_ID, link->id, PEERGROUP_A_LINK_PAD) ||
	    pg_nl_put_address(skb, &link->addr) ||
	    nla_put_u32(skb, PEERGROUP_A_LINK_STATE, state) ||
	    nla_put_u8(skb, PEERGROUP_A_LINK_OUTBOUND, link->outbound) ||
	    (node && nla_put_u64_64bit(skb, PEERGROUP_A_LINK_NODE, node, PEERGROUP_A_LINK_PAD)) ||
	    (link->peer && pg_nl_put_text(skb, PEERGROUP_A_LINK_PEER, &link->peer->gmc.name)) ||
	    (link->direct && nla_put_u8(skb, PEERGROUP_A_LINK_DIRECT, 1)) ||
	    (link->found && nla_put_u8(skb, PEERGROUP_A_LINK_FOUND, 1)) ||
	    (link->peer_port && nla_put_u16(skb, PEERGROUP_A_LINK_LISTEN, link->peer_port)) ||
	    (error && nla_put_u32(skb, PEERGROUP_A_LINK_REASON, abs(error))))
		return -EMSGSIZE;
	return 0;
}

static int pg_nl_put_counters(struct sk_buff *skb, const struct pg_link *link)
{
	u32 rtt = link->rtt_us;

	if (nla_put_u32(skb, PEERGROUP_A_LINK_QUEUED, READ_ONCE(link->tx_bytes)) ||
	    nla_put_u64_64bit(skb, PEERGROUP_A_LINK_RX_BYTES,
			      atomic64_read(&link->stat_rx_bytes), PEERGROUP_A_LINK_PAD) ||
	    nla_put_u64_64bit(skb, PEERGROUP_A_LINK_TX_BYTES,
			      atomic64_read(&link->stat_tx_bytes), PEERGROUP_A_LINK_PAD) ||
	    nla_put_u64_64bit(skb, PEERGROUP_A_LINK_RX_RECORDS,
			      atomic64_read(&link->stat_rx_records), PEERGROUP_A_LINK_PAD) ||
	    nla_put_u64_64bit(skb, PEERGROUP_A_LINK_TX_RECORDS,
			      atomic64_read(&link->stat_tx_records), PEERGROUP_A_LINK_PAD) ||
	    (rtt && nla_put_u32(skb, PEERGROUP_A_LINK_RTT, rtt)))
		return -EMSGSIZE;
	return 0;
}

/* An address that waits to be dialled. */
static int pg_nl_put_target(struct sk_buff *skb, const struct pg_group *g,
			    const struct pg_target *t)
{
	if (nla_put_u32(skb, PEERGROUP_A_LINK_GROUP, g->index) ||
	    nla_put_u64_64bit(skb, PEERGROUP_A_LINK_ID, t->id, PEERGROUP_A_LINK_PAD) ||
	    pg_nl_put_address(skb, &t->addr) ||
	    nla_put_u32(skb, PEERGROUP_A_LINK_STATE, PEERGROUP_LINK_WAITING) ||
	    nla_put_u8(skb, PEERGROUP_A_LINK_OUTBOUND, 1) ||
	    nla_put_u32(skb, PEERGROUP_A_LINK_RETRIES, t->failures) ||
	    (t->error && nla_put_u32(skb, PEERGROUP_A_LINK_REASON, abs(t->error))))
		return -EMSGSIZE;
	return 0;
}

/* What a dump says of a link and of the address it was dialled for, if any. */
static int pg_nl_put_dumped(struct sk_buff *skb, const struct pg_group *g,
			    const struct pg_link *link)
{
	const struct pg_target *t = link->target;
	int error = READ_ONCE(link->error) ?: t ? t->error : 0;

	if (pg_nl_put_link(skb, g, link, READ_ONCE(link->state), error) ||
	    (t && nla_put_u32(skb, PEERGROUP_A_LINK_RETRIES, t->failures)))
		return -EMSGSIZE;
	return pg_nl_put_counters(skb, link);
}

/* One entry of the dump: a link, or (@link NULL) an address @t that has none. */
static int pg_nl_fill_link(struct sk_buff *skb, struct netlink_callback *cb,
			   const struct pg_group *g, const struct pg_link *link,
			   const struct pg_target *t)
{
	void *hdr;
	int err;

	hdr = genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq, &pg_nl_family,
			  NLM_F_MULTI, PEERGROUP_CMD_LINK_GET);
	if (!hdr)
		return -EMSGSIZE;
	err = link ? pg_nl_put_dumped(skb, g, link) : pg_nl_put_target(skb, g, t);
	if (err) {
		genlmsg_cancel(skb, hdr);
		return err;
	}
	genlmsg_end(skb, hdr);
	return 0;
}

/* The link with the lowest id above @id, or NULL. There are few: limits.links. */
static const struct pg_link *pg_nl_next_link(const struct pg_group *g, u64 id)
{
	const struct pg_link *link, *next = NULL;

	list_for_each_entry(link, &g->links, node)
		if (link->id > id && (!next || link->id < next->id))
			next = link;
	return next;
}

/* The same of the addresses that are to have one. */
static const struct pg_target *pg_nl_next_target(const struct pg_group *g, u64 id)
{
	const struct pg_target *t, *next = NULL;

	list_for_each_entry(t, &g->overlay.targets, node)
		if (t->id > id && (!next || t->id < next->id))
			next = t;
	return next;
}

/*
 * As many as fit, by their ids: an address and the link that it has at the time share one, so
 * that neither is left out or told twice however often it is dialled meanwhile. The id of the
 * last one is in the callback's context. Group's lock held.
 */
static int pg_nl_link_dump(struct sk_buff *skb, struct netlink_callback *cb,
			   const struct pg_group *g)
{
	u64 *last = (u64 *)cb->ctx;
	const struct pg_target *t;
	const struct pg_link *link;
	int err;

	for (;;) {
		link = pg_nl_next_link(g, *last);
		t = pg_nl_next_target(g, *last);
		if (!link && !t)
			return 0;
		/* Of the same id the link: it tells of the address, too. */
		if (link && t && t->id < link->id)
			link = NULL;
		if (link)
			t = NULL;
		err = pg_nl_fill_link(skb, cb, g, link, t);
		if (err)
			return err;
		*last = link ? link->id : t->id;
	}
}

int pg_nl_link_get_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct pg_group *g;
	int err;

	BUILD_BUG_ON(sizeof(u64) > sizeof(cb->ctx));
	g = pg_nl_dump_group(cb, PEERGROUP_A_LINK_GROUP);
	if (IS_ERR(g))
		return PTR_ERR(g);
	mutex_lock(&g->lock);
	err = g->ended ? 0 : pg_nl_link_dump(skb, cb, g);
	mutex_unlock(&g->lock);
	pg_group_put(g);
	return err == -EMSGSIZE && skb->len ? skb->len : err;
}
