// SPDX-License-Identifier: GPL-2.0-only
/*
 * Joining by password, the programs' side: who answers, what it is told and what it
 * says. The messages are opaque; password.c decides whom they are carried for.
 */
#include <net/ipv6.h>
#include "netlink_internal.h"
#include "password.h"

#define PG_NL_PASSWORD_EVENT_SIZE	(nla_total_size(sizeof(u32)) +			\
					 nla_total_size_64bit(sizeof(u64)) +		\
					 nla_total_size(sizeof(struct in6_addr)) +	\
					 nla_total_size(PEERGROUP_PASSWORD_OPENING_LEN) + \
					 nla_total_size(0))

int pg_nl_password_answer(struct sk_buff *skb, struct genl_info *info)
{
	struct pg_opener opener = {
		.sk = NETLINK_CB(skb).sk,
		.portid = info->snd_portid,
		.cred = pg_nl_cred(skb),
		.skb = skb,
	};
	struct pg_group *g;
	int err;

	g = pg_nl_group_of(skb, info, PEERGROUP_A_PASSWORD_GROUP);
	if (IS_ERR(g))
		return PTR_ERR(g);
	err = pg_group_answer(g, &opener, info->extack);
	if (err)
		NL_SET_BAD_ATTR(info->extack, info->attrs[PEERGROUP_A_PASSWORD_GROUP]);
	pg_group_put(g);
	return err;
}

int pg_nl_password_send(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *id = info->attrs[PEERGROUP_A_PASSWORD_ID];
	struct nlattr *data = info->attrs[PEERGROUP_A_PASSWORD_DATA];
	bool last = nla_get_flag(info->attrs[PEERGROUP_A_PASSWORD_LAST]);
	struct pg_group *g;
	int err;

	if (!id)
		return PG_NL_MISSING(info->extack, PEERGROUP_A_PASSWORD_ID,
				     "with the connection's ID");
	if (!data && !last)
		return PG_NL_MISSING(info->extack, PEERGROUP_A_PASSWORD_DATA,
				     "with a message, or LAST to refuse");
	g = pg_nl_group_of(skb, info, PEERGROUP_A_PASSWORD_GROUP);
	if (IS_ERR(g))
		return PTR_ERR(g);
	err = pg_group_password_send(g, nla_get_u64(id), NETLINK_CB(skb).sk,
				     data ? nla_data(data) : NULL, data ? nla_len(data) : 0,
				     last, info->extack);
	if (err)
		NL_SET_BAD_ATTR(info->extack, id);
	pg_group_put(g);
	return err;
}

static int pg_nl_password_fill(struct sk_buff *skb, const struct pg_group *g,
			       const struct pg_link *link,
			       const struct peergroup_password_opening *opening,
			       const u8 *data, u32 len)
{
	bool v4 = ipv6_addr_v4mapped(&link->addr.ip);
	u8 first[PEERGROUP_PASSWORD_OPENING_LEN];
	int err;

	if (v4)
		err = nla_put(skb, PEERGROUP_A_PASSWORD_ADDRESS, sizeof(struct in_addr),
			      &link->addr.ip.s6_addr32[3]);
	else
		err = nla_put_in6_addr(skb, PEERGROUP_A_PASSWORD_ADDRESS, &link->addr.ip);
	if (err || nla_put_u32(skb, PEERGROUP_A_PASSWORD_GROUP, g->index) ||
	    nla_put_u64_64bit(skb, PEERGROUP_A_PASSWORD_ID, link->id, PEERGROUP_A_PASSWORD_PAD))
		return -EMSGSIZE;
	if (opening) {
		memcpy(first, opening->nonce, sizeof(opening->nonce));
		memcpy(first + sizeof(opening->nonce), opening->share, sizeof(opening->share));
		return nla_put(skb, PEERGROUP_A_PASSWORD_OPENING, sizeof(first), first);
	}
	if (data)
		return nla_put(skb, PEERGROUP_A_PASSWORD_DATA, len, data);
	return nla_put_flag(skb, PEERGROUP_A_PASSWORD_LAST);
}

/**
 * pg_netlink_password() - tells the program that answers
 * @g: the group, its lock held
 * @link: who joins
 * @w: the program's socket
 * @opening: for the first event, else NULL
 * @data: a message; NULL, without @opening, for the end
 * @len: its length
 *
 * Return: 0, or -errno where the socket did not take it.
 */
int pg_netlink_password(struct pg_group *g, const struct pg_link *link, struct pg_watch *w,
			const struct peergroup_password_opening *opening, const u8 *data,
			u32 len)
{
	struct sk_buff *skb = genlmsg_new(PG_NL_PASSWORD_EVENT_SIZE + nla_total_size(len),
					  GFP_KERNEL);
	void *hdr;

	/* Who joins is hung up on for the others, of which the end tells; of that nothing does. */
	if (!skb)
		return opening || data ? -ENOMEM : pg_nl_tell(g, w, NULL);
	hdr = genlmsg_put(skb, 0, 0, &pg_nl_family, 0, PEERGROUP_CMD_PASSWORD_NTF);
	if (!hdr || pg_nl_password_fill(skb, g, link, opening, data, len)) {
		WARN_ON_ONCE(1);
		nlmsg_free(skb);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, hdr);
	return pg_nl_tell(g, w, skb);
}
