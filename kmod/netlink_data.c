// SPDX-License-Identifier: GPL-2.0-only
/*
 * Netlink operations on direct connections and on data: opening and closing, sending
 * over a link, and the dump by which a socket takes what has come for it.
 *
 * Nothing here waits: a link that is full says so, and tells the socket when it is
 * not any more, as the netlink family holds a lock meanwhile that loading other
 * families needs.
 */
#include "direct.h"
#include "netlink_internal.h"

/* ------------------------------------------------------ direct connections -- */

static int pg_nl_direct_reply(struct genl_info *info, const struct pg_group *g, u64 id)
{
	struct sk_buff *skb = genlmsg_new(NLMSG_DEFAULT_SIZE, GFP_KERNEL);
	void *hdr;

	if (!skb)
		return -ENOMEM;
	hdr = genlmsg_put_reply(skb, info, &pg_nl_family, 0, PEERGROUP_CMD_DIRECT_OPEN);
	if (!hdr ||
	    nla_put_u32(skb, PEERGROUP_A_LINK_GROUP, g->index) ||
	    nla_put_u64_64bit(skb, PEERGROUP_A_LINK_ID, id, PEERGROUP_A_LINK_PAD)) {
		nlmsg_free(skb);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, hdr);
	return genlmsg_reply(skb, info);
}

int pg_nl_direct_open(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *peer = info->attrs[PEERGROUP_A_LINK_PEER];
	struct pg_addr addr;
	struct pg_group *g;
	u64 id;
	int err;

	g = pg_nl_group_of(skb, info, PEERGROUP_A_LINK_GROUP);
	if (IS_ERR(g))
		return PTR_ERR(g);
	err = pg_nl_address_get(&addr, info);
	if (!err && !peer)
		err = PG_NL_MISSING(info->extack, PEERGROUP_A_LINK_PEER, "PEER");
	if (!err) {
		err = pg_direct_open(g, &addr, nla_data(peer), strlen(nla_data(peer)),
				     NETLINK_CB(skb).sk, info->snd_portid,
				     pg_nl_cred(skb), &id, info->extack);
		if (err == -ELOOP)
			NL_SET_BAD_ATTR(info->extack, peer);
	}
	if (!err) {
		err = pg_nl_direct_reply(info, g, id);
		if (err)
			pg_direct_close(g, id, NULL);
	}
	pg_group_put(g);
	return err;
}

int pg_nl_direct_close(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *id = info->attrs[PEERGROUP_A_LINK_ID];
	struct pg_group *g;
	int err;

	g = pg_nl_group_of(skb, info, PEERGROUP_A_LINK_GROUP);
	if (IS_ERR(g))
		return PTR_ERR(g);
	if (!id) {
		err = PG_NL_MISSING(info->extack, PEERGROUP_A_LINK_ID, "ID");
	} else {
		err = pg_direct_close(g, nla_get_u64(id), info->extack);
		if (err)
			NL_SET_BAD_ATTR(info->extack, id);
	}
	pg_group_put(g);
	return err;
}

/* --------------------------------------------------------------- sending -- */

static int pg_nl_no_link(struct genl_info *info)
{
	return pg_nl_refuse(info->extack, info->attrs[PEERGROUP_A_DATA_LINK],
			    "no link of that id is up", -ENOTCONN);
}

/* The capability is asked for where there is no room without. As pg_link_await_room(). */
static int pg_nl_data_wait(struct pg_link *link, struct sk_buff *skb, struct genl_info *info)
{
	struct pg_opener opener = {
		.sk = NETLINK_CB(skb).sk,
		.portid = info->snd_portid,
		.cred = pg_nl_cred(skb),
	};
	int err = pg_link_await_room(link, &opener);

	if (err != -EUSERS || !pg_nl_capable(skb, CAP_NET_ADMIN))
		return err;
	opener.admin = true;
	return pg_link_await_room(link, &opener);
}

/* Again and again while room comes and goes between the two. */
static int pg_nl_data_push(struct pg_group *g, struct pg_link *link, struct sk_buff *skb,
			   struct genl_info *info, const u8 *data, u32 len)
{
	const u8 *type = nla_data(info->attrs[PEERGROUP_A_DATA_TYPE]);
	int err, wait = -EBUSY;

	do {
		err = pg_link_send_data(link, type, data, len);
		if (err == -EAGAIN)
			wait = pg_nl_data_wait(link, skb, info);
	} while (err == -EAGAIN && wait == -EBUSY);
	if (err == -EAGAIN && wait)
		err = wait;
	if (err == -EAGAIN) {
		pg_stat_inc(&g->stats, PEERGROUP_A_STATS_DATA_FULL);
		GENL_SET_ERR_MSG(info, "as much data waits to be sent as may; an event will tell");
	} else if (err == -ENOSPC) {
		GENL_SET_ERR_MSG(info, "too many sockets of this user wait for that link");
	} else if (err == -EUSERS) {
		GENL_SET_ERR_MSG(info, "too many sockets wait for that link");
		err = -ENOSPC;
	} else if (err == -ENOTCONN) {
		err = pg_nl_no_link(info);
	} else if (!err) {
		pg_stat_inc(&g->stats, PEERGROUP_A_STATS_DATA_SENT);
	}
	return err;
}

static int pg_nl_data_send_over(struct pg_group *g, struct sk_buff *skb, struct genl_info *info,
				const u8 *data, u32 len)
{
	struct pg_link *link;
	int err;

	if (len > READ_ONCE(g->limits.table.record_size)) {
		GENL_SET_ERR_MSG(info, "data is larger than the group's limit of a record");
		return -EFBIG;
	}
	link = pg_direct_link(g, nla_get_u64(info->attrs[PEERGROUP_A_DATA_LINK]));
	if (!link)
		return pg_nl_no_link(info);
	err = pg_nl_data_push(g, link, skb, info, data, len);
	pg_link_put(link);
	return err;
}

/* What was staged stays so where the link is full: the next try needs not bring it again. */
static int pg_nl_data_send_staged(struct pg_group *g, struct sk_buff *skb,
				  struct genl_info *info)
{
	struct pg_nl_borrowed b;
	int err;

	err = pg_nl_stage_borrow(skb, info, info->attrs[PEERGROUP_A_DATA_GROUP],
				 info->attrs[PEERGROUP_A_DATA_STAGED], &b);
	if (err)
		return err;
	err = pg_nl_data_send_over(g, skb, info, b.bytes, b.len);
	pg_nl_stage_return(info, &b, err == -EAGAIN);
	return err;
}

static int pg_nl_data_check(struct genl_info *info)
{
	struct nlattr *bytes = info->attrs[PEERGROUP_A_DATA_BYTES];
	struct nlattr *staged = info->attrs[PEERGROUP_A_DATA_STAGED];

	if (!info->attrs[PEERGROUP_A_DATA_LINK])
		return PG_NL_MISSING(info->extack, PEERGROUP_A_DATA_LINK, "LINK");
	if (!info->attrs[PEERGROUP_A_DATA_TYPE])
		return PG_NL_MISSING(info->extack, PEERGROUP_A_DATA_TYPE, "TYPE");
	if (!bytes && !staged)
		return PG_NL_MISSING(info->extack, PEERGROUP_A_DATA_BYTES, "BYTES (or STAGED)");
	if (bytes && staged)
		return pg_nl_refuse(info->extack, staged, "BYTES or STAGED, not both", -EINVAL);
	return 0;
}

int pg_nl_data_send(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *bytes = info->attrs[PEERGROUP_A_DATA_BYTES];
	struct pg_group *g;
	int err;

	g = pg_nl_group_of(skb, info, PEERGROUP_A_DATA_GROUP);
	if (IS_ERR(g))
		return PTR_ERR(g);
	err = pg_nl_data_check(info);
	if (!err && bytes)
		err = pg_nl_data_send_over(g, skb, info, nla_data(bytes), nla_len(bytes));
	else if (!err)
		err = pg_nl_data_send_staged(g, skb, info);
	pg_group_put(g);
	return err;
}

/* -------------------------------------------------------------- receiving -- */

/* Where a dump stands, in the callback's context. */
struct pg_data_dump {
	u64 begun;	/* bytes of messages begun */
	bool over;	/* it has come to its end */
};

static struct pg_watch *pg_nl_data_watch(const struct pg_group *g, const struct sk_buff *skb)
{
	struct pg_watch *w;

	list_for_each_entry(w, &g->watches, node)
		if (w->sk == NETLINK_CB(skb).sk)
			return w;
	return NULL;
}

static int pg_nl_data_put_head(struct sk_buff *skb, const struct pg_group *g,
			       const struct pg_letter *letter, u32 offset)
{
	const struct pg_data *d = letter->data;

	if (nla_put_u32(skb, PEERGROUP_A_DATA_GROUP, g->index) ||
	    nla_put_u64_64bit(skb, PEERGROUP_A_DATA_LINK, d->link, PEERGROUP_A_DATA_PAD) ||
	    nla_put(skb, PEERGROUP_A_DATA_TYPE, PEERGROUP_ID_LEN, d->body) ||
	    nla_put_u32(skb, PEERGROUP_A_DATA_SIZE, d->len) ||
	    nla_put_u32(skb, PEERGROUP_A_DATA_OFFSET, offset))
		return -EMSGSIZE;
	if (offset)
		return 0;
	if (pg_nl_put_text(skb, PEERGROUP_A_DATA_PEER, &d->peer->gmc.name) ||
	    (letter->lost && nla_put_u64_64bit(skb, PEERGROUP_A_DATA_LOST, letter->lost,
					       PEERGROUP_A_DATA_PAD)))
		return -EMSGSIZE;
	return 0;
}

/* As much of it as one message takes: bytes, or -EMSGSIZE. As records' parts are. */
static int pg_nl_data_put_part(struct sk_buff *skb, const struct pg_data *d, u32 offset,
			       bool alone)
{
	u32 len = min(d->len - offset, PEERGROUP_CHUNK_MAX);
	int room = round_down(skb_tailroom(skb), NLA_ALIGNTO) - NLA_HDRLEN;

	if (room <= 0)
		return -EMSGSIZE;
	if (alone)
		len = min_t(u32, len, room);
	if (nla_put(skb, PEERGROUP_A_DATA_BYTES, len,
		    d->body + sizeof(struct pg_direct) + offset))
		return -EMSGSIZE;
	return len;
}

/* One message of the dump: bytes of data, or -EMSGSIZE. */
static int pg_nl_data_tell(struct sk_buff *skb, struct netlink_callback *cb,
			   const struct pg_group *g, struct pg_watch *w)
{
	const struct pg_letter *letter = pg_inbox_first(&w->data);
	bool alone = !skb->len;
	int part = -EMSGSIZE;
	void *hdr;

	hdr = genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq, &pg_nl_family,
			  NLM_F_MULTI, PEERGROUP_CMD_DATA_GET);
	if (!hdr)
		return -EMSGSIZE;
	if (!pg_nl_data_put_head(skb, g, letter, w->data.offset))
		part = pg_nl_data_put_part(skb, letter->data, w->data.offset, alone);
	if (part < 0)
		genlmsg_cancel(skb, hdr);
	else
		genlmsg_end(skb, hdr);
	return part;
}

/* What is left, or has come since the last step, is announced anew. Group's lock held. */
static void pg_nl_data_announce(struct pg_group *g, struct pg_watch *w)
{
	w->data.told = pg_inbox_first(&w->data);
	if (w->data.told)
		pg_netlink_data(g, w);
}

/*
 * As many as fit, and as were asked for. The rest is announced before the lock is given away:
 * when it is, a link may end, and who is told of that first takes it for all that came over it.
 * Group's lock held.
 */
static int pg_nl_data_dump(struct sk_buff *skb, struct netlink_callback *cb, struct pg_group *g,
			   struct pg_watch *w)
{
	struct nlattr *size = pg_dumpit_attrs(cb)[PEERGROUP_A_DATA_SIZE];
	u64 max = size ? nla_get_u32(size) : U64_MAX;
	struct pg_data_dump *d = (struct pg_data_dump *)cb->ctx;
	int part;

	while (pg_inbox_first(&w->data)) {
		if (!w->data.offset && d->begun && d->begun >= max)
			break;
		part = pg_nl_data_tell(skb, cb, g, w);
		if (part < 0)
			return part;
		d->begun += part;
		pg_data_read(g, w, part);
	}
	d->over = true;
	pg_nl_data_announce(g, w);
	return 0;
}

int pg_nl_data_get_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct pg_watch *w;
	struct pg_group *g;
	int err = 0;

	BUILD_BUG_ON(sizeof(struct pg_data_dump) > sizeof(cb->ctx));
	g = pg_nl_dump_group(cb, PEERGROUP_A_DATA_GROUP);
	if (IS_ERR(g))
		return PTR_ERR(g);
	mutex_lock(&g->lock);
	w = pg_nl_data_watch(g, cb->skb);
	if (w) {
		err = pg_nl_data_dump(skb, cb, g, w);
	} else {
		NL_SET_ERR_MSG(cb->extack, "this socket does not watch the group");
		err = -ENOENT;
	}
	mutex_unlock(&g->lock);
	pg_group_put(g);
	return err == -EMSGSIZE && skb->len ? skb->len : err;
}

/* Of one that was broken off. */
int pg_nl_data_get_done(struct netlink_callback *cb)
{
	const struct pg_data_dump *d = (const struct pg_data_dump *)cb->ctx;
	struct nlattr *index = pg_dumpit_attrs(cb)[PEERGROUP_A_DATA_GROUP];
	struct net *net = sock_net(NETLINK_CB(cb->skb).sk);
	struct pg_watch *w;
	struct pg_group *g;

	g = index && !d->over ? pg_group_get(pg_net_of(net), nla_get_u32(index)) : NULL;
	if (!g)
		return 0;
	mutex_lock(&g->lock);
	w = pg_nl_data_watch(g, cb->skb);
	if (w)
		pg_nl_data_announce(g, w);
	mutex_unlock(&g->lock);
	pg_group_put(g);
	return 0;
}
