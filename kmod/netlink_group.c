// SPDX-License-Identifier: GPL-2.0-only
/*
 * Netlink operations on groups: open, close, set, get and destroy.
 */
#include <linux/slab.h>
#include <net/ip.h>
#include "netlink_internal.h"

/* A group's message: two names, the root, the limits and forty small ones. */
#define PG_NL_GROUP_SIZE	(nla_total_size(PEERGROUP_CERT_LEN_MAX) +		\
				 2 * nla_total_size(PEERGROUP_NAME_LEN_MAX + 1) + 1024)

static int pg_nl_put_identity(struct sk_buff *skb, const struct pg_group *g)
{
	if (nla_put_u32(skb, PEERGROUP_A_GROUP_INDEX, g->index) ||
	    nla_put(skb, PEERGROUP_A_GROUP_ID, PEERGROUP_HASH_LEN, g->id) ||
	    nla_put(skb, PEERGROUP_A_GROUP_ROOT, g->root_len, g->root) ||
	    pg_nl_put_text(skb, PEERGROUP_A_GROUP_NAME, &g->members.root->gmc.name) ||
	    pg_nl_put_text(skb, PEERGROUP_A_GROUP_MEMBER, &g->self->gmc.name) ||
	    nla_put(skb, PEERGROUP_A_GROUP_SHOWN, PEERGROUP_HASH_LEN,
		    g->self->gmc.fingerprint) ||
	    nla_put_u64_64bit(skb, PEERGROUP_A_GROUP_NODE, g->node, PEERGROUP_A_GROUP_PAD) ||
	    nla_put(skb, PEERGROUP_A_GROUP_NODE_KEY, sizeof(g->node_public), g->node_public))
		return -EMSGSIZE;
	return 0;
}

/* Behind the changes that it counts: who reads this and the members then has seen them. */
static u64 pg_nl_member_changes(struct pg_group *g)
{
	u64 changes;

	mutex_lock(&g->members.lock);
	changes = g->members.changes;
	mutex_unlock(&g->members.lock);
	return changes;
}

static int pg_nl_put_state(struct sk_buff *skb, struct pg_group *g)
{
	u64 until = pg_group_credential_until(g);
	struct pg_holder *holder;
	u32 holders = 0;
	s64 offset;

	list_for_each_entry(holder, &g->holders, node)
		holders++;
	spin_lock(&g->clock_lock);
	offset = g->clock.offset;
	spin_unlock(&g->clock_lock);

	if (nla_put_u32(skb, PEERGROUP_A_GROUP_STATUS, g->status) ||
	    nla_put_u8(skb, PEERGROUP_A_GROUP_ONLINE, g->online) ||
	    nla_put_u8(skb, PEERGROUP_A_GROUP_KEEP, g->kept) ||
	    nla_put_u8(skb, PEERGROUP_A_GROUP_READY, g->ready) ||
	    (g->online && nla_put_u16(skb, PEERGROUP_A_GROUP_PORT, g->port)) ||
	    nla_put_u32(skb, PEERGROUP_A_GROUP_HOLDERS, holders) ||
	    (until && nla_put_u64_64bit(skb, PEERGROUP_A_GROUP_CREDENTIAL_EXPIRES, until,
					PEERGROUP_A_GROUP_PAD)) ||
	    nla_put_s64(skb, PEERGROUP_A_GROUP_TIME_OFFSET, offset, PEERGROUP_A_GROUP_PAD) ||
	    nla_put_u64_64bit(skb, PEERGROUP_A_GROUP_MEMBER_CHANGES, pg_nl_member_changes(g),
			      PEERGROUP_A_GROUP_PAD))
		return -EMSGSIZE;
	return 0;
}

static int pg_nl_put_table(struct sk_buff *skb, struct pg_group *g)
{
	u8 fingerprint[PEERGROUP_HASH_LEN];
	struct pg_table *t = &g->table;
	struct pg_print print;

	pg_table_print(t, NULL, NULL, &print);
	pg_print_bytes(&print, fingerprint);

	if (nla_put_u64_64bit(skb, PEERGROUP_A_GROUP_SEQ, t->seq, PEERGROUP_A_GROUP_PAD) ||
	    nla_put_u64_64bit(skb, PEERGROUP_A_GROUP_HORIZON, t->horizon, PEERGROUP_A_GROUP_PAD) ||
	    nla_put_u32(skb, PEERGROUP_A_GROUP_RECORDS, t->live - t->reserved) ||
	    nla_put_u32(skb, PEERGROUP_A_GROUP_TOMBSTONES,
			t->tombstones - t->reserved_tombstones) ||
	    nla_put_u64_64bit(skb, PEERGROUP_A_GROUP_BYTES, t->bytes, PEERGROUP_A_GROUP_PAD) ||
	    nla_put(skb, PEERGROUP_A_GROUP_FINGERPRINT, sizeof(fingerprint), fingerprint))
		return -EMSGSIZE;
	return 0;
}

/* Everything about a group, as of one moment, for who sent @req. -ENOENT if it has ended. */
static int pg_nl_fill_group(struct sk_buff *skb, const struct sk_buff *req, struct pg_group *g,
			    u32 seq, int flags, u8 cmd)
{
	void *hdr;
	int err;

	hdr = genlmsg_put(skb, NETLINK_CB(req).portid, seq, &pg_nl_family, flags, cmd);
	if (!hdr)
		return -EMSGSIZE;

	mutex_lock(&g->lock);
	err = g->ended ? -ENOENT : pg_nl_put_identity(skb, g);
	if (!err)
		err = pg_nl_put_state(skb, g);
	if (!err)
		err = pg_nl_owner_put(skb, req, g);
	if (!err)
		err = pg_nl_put_table(skb, g);
	if (!err)
		err = pg_nl_limits_put(skb, &g->limits);
	mutex_unlock(&g->lock);

	if (err) {
		genlmsg_cancel(skb, hdr);
		return err;
	}
	genlmsg_end(skb, hdr);
	return 0;
}

/* Genetlink keeps the last attribute of a kind only, so walk the message. */
static int pg_nl_chain_get(struct pg_chain *chain, struct genl_info *info)
{
	struct nlattr *attr;
	size_t len = 0;
	int rem;

	chain->n = 0;
	nlmsg_for_each_attr(attr, info->nlhdr, GENL_HDRLEN, rem) {
		if (nla_type(attr) != PEERGROUP_A_GROUP_CHAIN)
			continue;
		if (chain->n == PEERGROUP_CHAIN_MAX) {
			NL_SET_ERR_MSG_ATTR(info->extack, attr, "CHAIN is too long");
			return -E2BIG;
		}
		len += sizeof(__be16) + nla_len(attr);
		if (len > PG_CHAIN_LEN_MAX) {
			NL_SET_ERR_MSG_ATTR(info->extack, attr,
					    "CHAIN has more bytes than a handshake can carry");
			return -E2BIG;
		}
		chain->cert[chain->n].p = nla_data(attr);
		chain->cert[chain->n].len = nla_len(attr);
		chain->n++;
	}
	if (!chain->n)
		return PG_NL_MISSING(info->extack, PEERGROUP_A_GROUP_CHAIN, "CHAIN");
	return 0;
}

/* Opens the group and sends the reply, which it uses up; what cannot be told is not held either. */
static int pg_nl_open(struct sk_buff *reply, struct sk_buff *skb, struct genl_info *info,
		      const struct pg_chain *chain, const struct pg_limits *limits)
{
	struct pg_opener opener = {
		.sk = NETLINK_CB(skb).sk,
		.portid = info->snd_portid,
		.cred = pg_nl_cred(skb),
		.admin = pg_nl_capable(skb, CAP_NET_ADMIN),
	};
	struct pg_net *pn = pg_net_of(genl_info_net(info));
	struct nlattr *ready = info->attrs[PEERGROUP_A_GROUP_READY];
	struct nlattr *attr = info->attrs[PEERGROUP_A_GROUP_ROOT];
	struct pg_span root = { .p = nla_data(attr), .len = nla_len(attr) };
	struct pg_group *g;
	int err;

	g = pg_group_open(pn, root, chain, &opener, limits,
			  ready && nla_get_u8(ready), info->extack);
	if (IS_ERR(g)) {
		nlmsg_free(reply);
		return PTR_ERR(g);
	}

	err = pg_nl_fill_group(reply, skb, g, info->snd_seq, 0, PEERGROUP_CMD_GROUP_OPEN);
	if (err) {
		nlmsg_free(reply);
		GENL_SET_ERR_MSG(info, "group ended while it was opened");
	} else {
		err = genlmsg_reply(reply, info);
	}
	if (err)
		pg_group_release(pn, g, opener.sk);
	pg_group_put(g);
	return err;
}

int pg_nl_group_open(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *attr = info->attrs[PEERGROUP_A_GROUP_LIMITS];
	struct pg_limits limits = pg_limits_default;
	struct pg_chain chain;
	struct sk_buff *reply;
	int err;

	if (!pg_nl_cred(skb)) {
		NL_SET_ERR_MSG(info->extack, "the socket does not say who opened it");
		return -EPERM;
	}
	if (!info->attrs[PEERGROUP_A_GROUP_ROOT])
		return PG_NL_MISSING(info->extack, PEERGROUP_A_GROUP_ROOT, "ROOT");
	err = pg_nl_chain_get(&chain, info);
	if (err)
		return err;
	if (attr) {
		err = pg_nl_limits_get(&limits, attr, info->extack);
		if (err)
			return err;
	}

	reply = genlmsg_new(PG_NL_GROUP_SIZE, GFP_KERNEL);
	if (!reply)
		return -ENOMEM;
	return pg_nl_open(reply, skb, info, &chain, attr ? &limits : NULL);
}

int pg_nl_group_close(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *index = info->attrs[PEERGROUP_A_GROUP_INDEX];
	struct pg_group *g;
	int err;

	g = pg_nl_group_of(skb, info, PEERGROUP_A_GROUP_INDEX);
	if (IS_ERR(g))
		return PTR_ERR(g);
	err = pg_group_release(pg_net_of(genl_info_net(info)), g, NETLINK_CB(skb).sk);
	/* Who holds it may give that up; to others it exists where they may read it. */
	if (err)
		pg_nl_refuse(info->extack, index, pg_nl_permits(skb, g, PG_NEED_READ) ?
			     "this socket does not hold the group" : PG_NL_NO_INDEX, err);
	pg_group_put(g);
	return err;
}

static int pg_nl_set_online(struct pg_group *g, struct genl_info *info)
{
	struct nlattr *online = info->attrs[PEERGROUP_A_GROUP_ONLINE];
	struct nlattr *port = info->attrs[PEERGROUP_A_GROUP_PORT];
	int err;

	if (!online)
		return 0;
	err = pg_group_set_online(g, nla_get_u8(online), port ? nla_get_u16(port) : 0,
				  info->extack);
	if (err)
		NL_SET_BAD_ATTR(info->extack, port ?: online);
	return err;
}

/* Checks the credential that a GROUP_SET brings, if any: then *@wire is a copy. */
static int pg_nl_credential_get(struct pg_group *g, struct genl_info *info, u8 **wire, u32 *len)
{
	struct nlattr *attr = info->attrs[PEERGROUP_A_GROUP_CREDENTIAL];
	int err;

	*wire = NULL;
	if (!attr)
		return 0;
	*len = nla_len(attr);
	*wire = kmemdup(nla_data(attr), *len, GFP_KERNEL_ACCOUNT);
	if (!*wire)
		return -ENOMEM;
	err = pg_group_check_credential(g, *wire, *len, info->extack);
	if (err) {
		NL_SET_BAD_ATTR(info->extack, attr);
		kfree(*wire);
		*wire = NULL;
	}
	return err;
}

/* Goes online with a new credential, or without either. */
static int pg_nl_set_proved(struct pg_group *g, struct genl_info *info)
{
	u8 *wire;
	u32 len;
	int err;

	err = pg_nl_credential_get(g, info, &wire, &len);
	if (err)
		return err;
	if (!wire)
		return pg_nl_set_online(g, info);
	pg_group_swap_credential(g, &wire, &len);
	err = pg_nl_set_online(g, info);
	if (err) {
		pg_group_swap_credential(g, &wire, &len);
	} else {
		mutex_lock(&g->lock);
		pg_group_announce(g);
		mutex_unlock(&g->lock);
	}
	kfree(wire);
	return err;
}

/*
 * The socket will be the kernel's, which may use any port: what binding one
 * would have asked of the owner is asked here.
 */
static int pg_nl_port_permitted(struct pg_group *g, const struct sk_buff *skb,
				struct genl_info *info)
{
	struct nlattr *port = info->attrs[PEERGROUP_A_GROUP_PORT];

	if (!port || !inet_port_requires_bind_service(g->pn->net, nla_get_u16(port)) ||
	    pg_nl_capable(skb, CAP_NET_BIND_SERVICE) || pg_nl_capable(skb, CAP_NET_ADMIN))
		return 0;
	return pg_nl_refuse(info->extack, port, "that port needs CAP_NET_BIND_SERVICE", -EPERM);
}

/*
 * All of one GROUP_SET or none of it: what may still fail after the checks,
 * going online, comes early enough to be undone. KEEP is last, as it may end
 * the group. The namespace's lock is held, so the group cannot end meanwhile.
 */
static int pg_nl_set(struct pg_group *g, const struct sk_buff *skb, struct genl_info *info,
		     struct list_head *ended)
{
	struct nlattr *limits_attr = info->attrs[PEERGROUP_A_GROUP_LIMITS];
	struct nlattr *keep = info->attrs[PEERGROUP_A_GROUP_KEEP];
	struct pg_limits old, limits;
	struct pg_nl_owner owner;
	bool admin = false;
	int err;

	/* Before that lock was waited for, the group may have been given to another. */
	err = pg_nl_permitted(skb, g, PEERGROUP_CMD_GROUP_SET,
			      info->attrs[PEERGROUP_A_GROUP_INDEX], info->extack);
	if (!err)
		err = pg_nl_owner_get(skb, g, info->attrs, &owner, info->extack);
	if (!err)
		err = pg_nl_port_permitted(g, skb, info);
	if (err)
		return err;

	mutex_lock(&g->lock);
	old = g->limits;
	mutex_unlock(&g->lock);

	if (limits_attr) {
		limits = old;
		err = pg_nl_limits_get(&limits, limits_attr, info->extack);
		if (err)
			return err;
		admin = pg_nl_capable(skb, CAP_NET_ADMIN);
		if (!admin)
			err = pg_nl_limits_within(&limits, &g->allowed, limits_attr, info->extack);
		if (err)
			return err;
		pg_group_set_limits(g, &limits);
	}
	err = pg_nl_set_proved(g, info);
	if (err) {
		if (limits_attr)
			pg_group_set_limits(g, &old);
		return err;
	}
	mutex_lock(&g->lock);
	if (limits_attr)
		pg_group_view_trim(g);
	if (info->attrs[PEERGROUP_A_GROUP_READY])
		pg_group_set_ready(g);
	mutex_unlock(&g->lock);
	pg_owner_set(&g->owner, owner.uid, owner.gid, owner.mode);
	if (admin)
		pg_nl_limits_allow(&g->allowed, &limits, limits_attr);
	if (keep)
		pg_group_set_kept(g, nla_get_u8(keep), ended);
	return 0;
}

int pg_nl_group_set(struct sk_buff *skb, struct genl_info *info)
{
	struct pg_net *pn = pg_net_of(genl_info_net(info));
	struct nlattr *online = info->attrs[PEERGROUP_A_GROUP_ONLINE];
	struct nlattr *port = info->attrs[PEERGROUP_A_GROUP_PORT];
	struct nlattr *index = info->attrs[PEERGROUP_A_GROUP_INDEX];
	struct pg_group *g;
	LIST_HEAD(ended);
	int err;

	if (port && !(online && nla_get_u8(online))) {
		NL_SET_ERR_MSG_ATTR(info->extack, port, "PORT goes with ONLINE 1 only");
		return -EINVAL;
	}
	g = pg_nl_group_of(skb, info, PEERGROUP_A_GROUP_INDEX);
	if (IS_ERR(g))
		return PTR_ERR(g);

	mutex_lock(&pn->lock);
	err = g->ended ? pg_nl_refuse(info->extack, index, "group has ended", -ENOENT) :
	      pg_nl_set(g, skb, info, &ended);
	mutex_unlock(&pn->lock);
	pg_group_wait(&ended);
	pg_group_put(g);
	return err;
}

int pg_nl_group_destroy(struct sk_buff *skb, struct genl_info *info)
{
	struct pg_net *pn = pg_net_of(genl_info_net(info));
	struct nlattr *index = info->attrs[PEERGROUP_A_GROUP_INDEX];
	struct pg_group *g;
	LIST_HEAD(ended);
	int err = 0;

	g = pg_nl_group_of(skb, info, PEERGROUP_A_GROUP_INDEX);
	if (IS_ERR(g))
		return PTR_ERR(g);

	mutex_lock(&pn->lock);
	if (g->ended)
		err = pg_nl_refuse(info->extack, index, "group has ended", -ENOENT);
	else
		pg_group_end(g, &ended);
	mutex_unlock(&pn->lock);
	pg_group_wait(&ended);
	pg_group_put(g);
	return err;
}

/* The next group at or above an index that the sender may read, with a reference, or NULL. */
static struct pg_group *pg_nl_next_group(const struct sk_buff *skb, unsigned long *index)
{
	struct pg_net *pn = pg_net_of(sock_net(NETLINK_CB(skb).sk));
	struct pg_group *g;

	while (xa_find(&pn->groups, index, U32_MAX, XA_PRESENT)) {
		g = pg_group_get(pn, *index);
		if (g && pg_nl_permits(skb, g, PG_NEED_READ))
			return g;
		if (g)		/* else it ended between the two */
			pg_group_put(g);
		(*index)++;
	}
	return NULL;
}

/* By id there may be several: a namespace can hold more than one member of a group. */
static struct pg_group *pg_nl_group_by_id(const struct sk_buff *skb, const struct nlattr *attr,
					  struct netlink_ext_ack *extack)
{
	struct pg_group *g, *found = NULL;
	unsigned long index;

	for (index = 0; (g = pg_nl_next_group(skb, &index)); index++) {
		if (memcmp(g->id, nla_data(attr), PEERGROUP_HASH_LEN)) {
			pg_group_put(g);
			continue;
		}
		if (found) {
			NL_SET_ERR_MSG_ATTR(extack, attr,
					    "several groups of that ID; name one by INDEX");
			pg_group_put(found);
			pg_group_put(g);
			return ERR_PTR(-ENOTUNIQ);
		}
		found = g;
	}
	if (!found) {
		NL_SET_ERR_MSG_ATTR(extack, attr, "no group of that ID");
		return ERR_PTR(-ENOENT);
	}
	return found;
}

int pg_nl_group_get(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *index = info->attrs[PEERGROUP_A_GROUP_INDEX];
	struct nlattr *id = info->attrs[PEERGROUP_A_GROUP_ID];
	struct sk_buff *reply;
	struct pg_group *g;
	int err;

	if (index && id) {
		NL_SET_ERR_MSG_ATTR(info->extack, id, "INDEX or ID, not both");
		return -EINVAL;
	}
	g = id ? pg_nl_group_by_id(skb, id, info->extack) :
	    pg_nl_group_of(skb, info, PEERGROUP_A_GROUP_INDEX);
	if (IS_ERR(g))
		return PTR_ERR(g);

	err = -ENOMEM;
	reply = genlmsg_new(PG_NL_GROUP_SIZE, GFP_KERNEL);
	if (!reply)
		goto out;
	err = pg_nl_fill_group(reply, skb, g, info->snd_seq, 0, PEERGROUP_CMD_GROUP_GET);
	if (err) {
		pg_nl_refuse(info->extack, index ?: id, "group has ended", err);
		nlmsg_free(reply);
		goto out;
	}
	err = genlmsg_reply(reply, info);
out:
	pg_group_put(g);
	return err;
}

int pg_nl_group_get_start(struct netlink_callback *cb)
{
	cb->min_dump_alloc = PG_NL_GROUP_SIZE;
	return 0;
}

static bool pg_nl_group_wanted(const struct pg_group *g, struct nlattr **attrs)
{
	struct nlattr *index = attrs[PEERGROUP_A_GROUP_INDEX];
	struct nlattr *id = attrs[PEERGROUP_A_GROUP_ID];

	return (!index || nla_get_u32(index) == g->index) &&
	       (!id || !memcmp(nla_data(id), g->id, PEERGROUP_HASH_LEN));
}

int pg_nl_group_get_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct nlattr **attrs = pg_dumpit_attrs(cb);
	unsigned long index = cb->args[0];
	struct pg_group *g;
	int err = 0;

	for (; (g = pg_nl_next_group(cb->skb, &index)); index++) {
		if (pg_nl_group_wanted(g, attrs))
			err = pg_nl_fill_group(skb, cb->skb, g, cb->nlh->nlmsg_seq, NLM_F_MULTI,
					       PEERGROUP_CMD_GROUP_GET);
		pg_group_put(g);
		if (err == -ENOENT)	/* it ended just now: not there */
			err = 0;
		if (err)
			break;
	}
	cb->args[0] = index;
	return err ? skb->len ?: err : 0;
}
