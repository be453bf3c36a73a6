// SPDX-License-Identifier: GPL-2.0-only
/*
 * Events: what the group tells whoever listens. Built only where somebody
 * does. One that gets lost is counted and no more: the next one's sequence
 * shows the gap, and RECORD_GET with SINCE closes it.
 */
#include "netlink_internal.h"

#define PG_NL_RECORD_EVENT_SIZE	(4 * nla_total_size(sizeof(u32)) +			\
				 nla_total_size_64bit(sizeof(u64)) +			\
				 2 * nla_total_size(PEERGROUP_ID_LEN))
#define PG_NL_LINK_EVENT_SIZE	(7 * nla_total_size(sizeof(u32)) +			\
				 2 * nla_total_size_64bit(sizeof(u64)) +		\
				 nla_total_size(sizeof(struct in6_addr)))
#define PG_NL_GROUP_EVENT_SIZE	(3 * nla_total_size(sizeof(u32)) +			\
				 nla_total_size(PEERGROUP_HASH_LEN) +			\
				 nla_total_size_64bit(sizeof(u64)))
#define PG_NL_MEMBER_EVENT_SIZE	(nla_total_size(sizeof(u32)) +				\
				 nla_total_size(PEERGROUP_HASH_LEN) +			\
				 nla_total_size_64bit(sizeof(u64)) +			\
				 nla_total_size(1))

static bool pg_nl_heard(const struct pg_group *g)
{
	return genl_has_listeners(&pg_nl_family, g->pn->net, PG_NL_MCGRP_EVENTS) > 0;
}

/* An event with its header, or NULL, counted as lost. */
static struct sk_buff *pg_nl_event_begin(struct pg_group *g, size_t size, u8 cmd, void **hdr)
{
	struct sk_buff *skb = genlmsg_new(size, GFP_KERNEL);

	if (!skb) {
		pg_stat_inc(&g->stats, PEERGROUP_A_STATS_EVENTS_LOST);
		return NULL;
	}
	*hdr = genlmsg_put(skb, 0, 0, &pg_nl_family, 0, cmd);
	return skb;
}

static void pg_nl_event_send(struct pg_group *g, struct sk_buff *skb, void *hdr)
{
	int err;

	genlmsg_end(skb, hdr);
	err = genlmsg_multicast_netns(&pg_nl_family, g->pn->net, skb, 0, PG_NL_MCGRP_EVENTS,
				      GFP_KERNEL);
	/* -ESRCH: the last listener has just left */
	if (err && err != -ESRCH)
		pg_stat_inc(&g->stats, PEERGROUP_A_STATS_EVENTS_LOST);
}

/* Cannot happen: the sizes above are wrong. */
static void pg_nl_event_overflow(struct pg_group *g, struct sk_buff *skb)
{
	WARN_ON_ONCE(1);
	nlmsg_free(skb);
	pg_stat_inc(&g->stats, PEERGROUP_A_STATS_EVENTS_LOST);
}

void pg_netlink_record(struct pg_group *g, const struct pg_record *r, u32 change)
{
	struct sk_buff *skb;
	void *hdr;

	if (!change || !pg_nl_heard(g))
		return;
	skb = pg_nl_event_begin(g, PG_NL_RECORD_EVENT_SIZE, PEERGROUP_CMD_RECORD_NTF, &hdr);
	if (!skb)
		return;
	if (!hdr ||
	    nla_put_u32(skb, PEERGROUP_A_RECORD_GROUP, g->index) ||
	    nla_put_u64_64bit(skb, PEERGROUP_A_RECORD_SEQ, r->seq, PEERGROUP_A_RECORD_PAD) ||
	    nla_put_u32(skb, PEERGROUP_A_RECORD_CHANGE, change) ||
	    nla_put(skb, PEERGROUP_A_RECORD_ID, PEERGROUP_ID_LEN, r->rec.id) ||
	    nla_put(skb, PEERGROUP_A_RECORD_TYPE, PEERGROUP_ID_LEN, r->rec.type) ||
	    nla_put_u32(skb, PEERGROUP_A_RECORD_VERSION, r->rec.version))
		pg_nl_event_overflow(g, skb);
	else
		pg_nl_event_send(g, skb, hdr);
}

void pg_netlink_link(struct pg_group *g, const struct pg_link *link, u32 state, int error)
{
	struct sk_buff *skb;
	size_t size;
	void *hdr;

	if (!pg_nl_heard(g))
		return;
	size = PG_NL_LINK_EVENT_SIZE;
	if (link->peer)
		size += nla_total_size(link->peer->gmc.name.len + 1);
	skb = pg_nl_event_begin(g, size, PEERGROUP_CMD_LINK_NTF, &hdr);
	if (!skb)
		return;
	if (!hdr || pg_nl_put_link(skb, g, link, state, error))
		pg_nl_event_overflow(g, skb);
	else
		pg_nl_event_send(g, skb, hdr);
}

void pg_netlink_member(struct pg_group *g, const struct pg_member *m)
{
	struct sk_buff *skb;
	void *hdr;

	if (!pg_nl_heard(g))
		return;
	skb = pg_nl_event_begin(g, PG_NL_MEMBER_EVENT_SIZE + m->gmc.name.len,
				PEERGROUP_CMD_MEMBER_NTF, &hdr);
	if (!skb)
		return;
	if (!hdr ||
	    nla_put_u32(skb, PEERGROUP_A_MEMBER_GROUP, g->index) ||
	    nla_put(skb, PEERGROUP_A_MEMBER_FINGERPRINT, PEERGROUP_HASH_LEN,
		    m->gmc.fingerprint) ||
	    pg_nl_put_text(skb, PEERGROUP_A_MEMBER_NAME, &m->gmc.name) ||
	    (pg_member_revoked(m) &&
	     nla_put_u64_64bit(skb, PEERGROUP_A_MEMBER_REVOKED, pg_member_cut(m),
			       PEERGROUP_A_MEMBER_PAD)))
		pg_nl_event_overflow(g, skb);
	else
		pg_nl_event_send(g, skb, hdr);
}

/* The last one about a group has no status bits and says why there will be no more. */
void pg_netlink_group(struct pg_group *g, u32 status, int error)
{
	struct sk_buff *skb;
	void *hdr;

	if (!pg_nl_heard(g))
		return;
	skb = pg_nl_event_begin(g, PG_NL_GROUP_EVENT_SIZE, PEERGROUP_CMD_GROUP_NTF, &hdr);
	if (!skb)
		return;
	if (!hdr ||
	    nla_put_u32(skb, PEERGROUP_A_GROUP_INDEX, g->index) ||
	    nla_put(skb, PEERGROUP_A_GROUP_ID, PEERGROUP_HASH_LEN, g->id) ||
	    nla_put_u32(skb, PEERGROUP_A_GROUP_STATUS, status) ||
	    nla_put_u64_64bit(skb, PEERGROUP_A_GROUP_SEQ, g->table.seq, PEERGROUP_A_GROUP_PAD) ||
	    (error && nla_put_u32(skb, PEERGROUP_A_GROUP_REASON, abs(error))))
		pg_nl_event_overflow(g, skb);
	else
		pg_nl_event_send(g, skb, hdr);
}
