// SPDX-License-Identifier: GPL-2.0-only
/*
 * Netlink operations on the members that a group knows, and its counters.
 */
#include "netlink_internal.h"

/* A member's message: certificate, two names, a few small ones. */
#define PG_NL_MEMBER_SIZE	(nla_total_size(PEERGROUP_CERT_LEN_MAX) +		\
				 nla_total_size(PEERGROUP_NAME_LEN_MAX + 1) +		\
				 nla_total_size(PEERGROUP_FRIENDLY_LEN_MAX + 1) + 512)

int pg_nl_member_get_start(struct netlink_callback *cb)
{
	cb->min_dump_alloc = PG_NL_MEMBER_SIZE;
	return 0;
}

static int pg_nl_put_member(struct sk_buff *skb, u32 group, const struct pg_member *m)
{
	if (nla_put_u32(skb, PEERGROUP_A_MEMBER_GROUP, group) ||
	    nla_put(skb, PEERGROUP_A_MEMBER_FINGERPRINT, PEERGROUP_HASH_LEN,
		    m->gmc.fingerprint) ||
	    pg_nl_put_text(skb, PEERGROUP_A_MEMBER_NAME, &m->gmc.name) ||
	    pg_nl_put_text(skb, PEERGROUP_A_MEMBER_FRIENDLY, &m->gmc.friendly) ||
	    nla_put_u32(skb, PEERGROUP_A_MEMBER_ROLES, m->gmc.roles) ||
	    nla_put_u64_64bit(skb, PEERGROUP_A_MEMBER_NOT_BEFORE, m->gmc.not_before,
			      PEERGROUP_A_MEMBER_PAD) ||
	    nla_put_u64_64bit(skb, PEERGROUP_A_MEMBER_NOT_AFTER, m->gmc.not_after,
			      PEERGROUP_A_MEMBER_PAD) ||
	    nla_put_u32(skb, PEERGROUP_A_MEMBER_DEPTH, m->depth) ||
	    nla_put(skb, PEERGROUP_A_MEMBER_CERT, m->der_len, m->der) ||
	    (m->parent && nla_put(skb, PEERGROUP_A_MEMBER_ISSUER, PEERGROUP_HASH_LEN,
				  m->gmc.issuer)) ||
	    (pg_member_revoked(m) &&
	     nla_put_u64_64bit(skb, PEERGROUP_A_MEMBER_REVOKED, pg_member_cut(m),
			       PEERGROUP_A_MEMBER_PAD)))
		return -EMSGSIZE;
	return 0;
}

struct pg_member_dump {
	struct sk_buff *skb;
	struct netlink_callback *cb;
	u32 group;
};

/**
 * struct pg_member_place - where a dump stands, in the callback's context
 * @of: node id of the group
 * @last: the member told last, which no reference is held to: it is there for as long as the group
 */
struct pg_member_place {
	u64 of;
	struct pg_member *last;
};

/* Callback of pg_members_each(): non-zero stops before the member is counted. */
static int pg_nl_fill_member(struct pg_member *m, void *arg)
{
	struct pg_member_dump *d = arg;
	void *hdr;

	hdr = genlmsg_put(d->skb, NETLINK_CB(d->cb->skb).portid, d->cb->nlh->nlmsg_seq,
			  &pg_nl_family, NLM_F_MULTI, PEERGROUP_CMD_MEMBER_GET);
	if (!hdr)
		return -EMSGSIZE;
	if (pg_nl_put_member(d->skb, d->group, m)) {
		genlmsg_cancel(d->skb, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(d->skb, hdr);
	return 0;
}

int pg_nl_member_get_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct pg_member_place *place = (struct pg_member_place *)cb->ctx;
	struct pg_member_dump d = { .skb = skb, .cb = cb };
	struct pg_group *g;
	int err;

	BUILD_BUG_ON(sizeof(*place) > sizeof(cb->ctx));
	g = pg_nl_dump_again(cb, PEERGROUP_A_MEMBER_GROUP, &place->of);
	if (IS_ERR(g))
		return PTR_ERR(g);
	d.group = g->index;
	err = pg_members_each(&g->members, &place->last, pg_nl_fill_member, &d);
	pg_group_put(g);
	return err == -EMSGSIZE && skb->len ? skb->len : err;
}

int pg_nl_member_add(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *attr = info->attrs[PEERGROUP_A_MEMBER_CERT];
	unsigned int refusal;
	struct pg_group *g;
	int err = 0;

	if (!attr)
		return PG_NL_MISSING(info->extack, PEERGROUP_A_MEMBER_CERT, "CERT");
	g = pg_nl_group_of(skb, info, PEERGROUP_A_MEMBER_GROUP);
	if (IS_ERR(g))
		return PTR_ERR(g);
	refusal = pg_members_learn_one(&g->members, (struct pg_span){
		.p = nla_data(attr), .len = nla_len(attr) });
	if (refusal) {
		pg_stat_inc(&g->stats, refusal);
		err = pg_nl_refuse(info->extack, attr,
				   refusal == PEERGROUP_A_STATS_REFUSED_UNKNOWN ?
				   "the issuer's certificate is not known" :
				   pg_refusal_text(refusal), pg_refusal_errno(refusal));
	}
	pg_group_put(g);
	return err;
}

int pg_nl_stats_get(struct sk_buff *skb, struct genl_info *info)
{
	struct sk_buff *reply;
	struct pg_group *g;
	int err = -ENOMEM;
	void *hdr;
	int i;

	g = pg_nl_group_of(skb, info, PEERGROUP_A_STATS_GROUP);
	if (IS_ERR(g))
		return PTR_ERR(g);
	reply = genlmsg_new(nla_total_size(sizeof(u32)) +
			    PEERGROUP_A_STATS_MAX * nla_total_size_64bit(sizeof(u64)), GFP_KERNEL);
	if (!reply)
		goto out;

	err = -EMSGSIZE;
	hdr = genlmsg_put_reply(reply, info, &pg_nl_family, 0, PEERGROUP_CMD_STATS_GET);
	if (!hdr || nla_put_u32(reply, PEERGROUP_A_STATS_GROUP, g->index))
		goto out_free;
	for (i = PEERGROUP_A_STATS_GROUP + 1; i <= PEERGROUP_A_STATS_MAX; i++)
		if (nla_put_u64_64bit(reply, i, atomic64_read(&g->stats.n[i]),
				      PEERGROUP_A_STATS_PAD))
			goto out_free;
	genlmsg_end(reply, hdr);
	err = genlmsg_reply(reply, info);
	goto out;

out_free:
	nlmsg_free(reply);
out:
	pg_group_put(g);
	return err;
}
