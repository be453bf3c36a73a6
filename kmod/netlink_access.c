// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who may do what through the netlink family: the one table of it, and the
 * attributes that change it.
 *
 * What counts is who opened the socket, as with a file: a socket that is handed
 * to another process takes the right to use the group along. A capability is
 * not handed over that way: CAP_NET_ADMIN, which makes up for all else, has to
 * be with both, opener and sender, as everywhere in netlink.
 */
#include <linux/capability.h>
#include "netlink_internal.h"

/*
 * What each operation on a group that exists needs. Those that need nothing
 * find out by themselves whether the socket holds the group. Making a group,
 * in GROUP_OPEN, needs CAP_NET_ADMIN. What is not listed is the owner's.
 */
static const u8 pg_nl_needs[PEERGROUP_CMD_MAX + 1] = {
	[PEERGROUP_CMD_GROUP_OPEN] = PG_NEED_READ,
	[PEERGROUP_CMD_GROUP_CLOSE] = PG_NEED_NOTHING,
	[PEERGROUP_CMD_GROUP_SET] = PG_NEED_OWN,
	[PEERGROUP_CMD_GROUP_GET] = PG_NEED_READ,
	[PEERGROUP_CMD_GROUP_DESTROY] = PG_NEED_OWN,
	[PEERGROUP_CMD_RECORD_STAGE] = PG_NEED_WRITE,
	[PEERGROUP_CMD_RECORD_PUT] = PG_NEED_WRITE,
	[PEERGROUP_CMD_RECORD_GET] = PG_NEED_READ,
	[PEERGROUP_CMD_LINK_ADD] = PG_NEED_OWN,
	[PEERGROUP_CMD_LINK_DEL] = PG_NEED_OWN,
	[PEERGROUP_CMD_LINK_GET] = PG_NEED_READ,
	[PEERGROUP_CMD_MEMBER_ADD] = PG_NEED_WRITE,
	[PEERGROUP_CMD_MEMBER_GET] = PG_NEED_READ,
	[PEERGROUP_CMD_STATS_GET] = PG_NEED_READ,
	[PEERGROUP_CMD_GROUP_WATCH] = PG_NEED_READ,
	[PEERGROUP_CMD_DIRECT_OPEN] = PG_NEED_WRITE,
	[PEERGROUP_CMD_DIRECT_CLOSE] = PG_NEED_WRITE,
	[PEERGROUP_CMD_DATA_SEND] = PG_NEED_WRITE,
	[PEERGROUP_CMD_DATA_GET] = PG_NEED_READ,
	[PEERGROUP_CMD_PASSWORD_ANSWER] = PG_NEED_WRITE,
	[PEERGROUP_CMD_PASSWORD_SEND] = PG_NEED_WRITE,
};

/**
 * pg_nl_cred() - credentials of who opened the socket that a request came from
 * @skb: the request
 *
 * Return: valid as long as the request; NULL for a socket without a file, which
 * no program has.
 */
const struct cred *pg_nl_cred(const struct sk_buff *skb)
{
	const struct socket *sock = NETLINK_CB(skb).sk->sk_socket;

	return sock && sock->file ? sock->file->f_cred : NULL;
}

/* A capability in the user namespace that owns the request's network namespace. */
bool pg_nl_capable(const struct sk_buff *skb, int cap)
{
	return pg_nl_cred(skb) &&
	       netlink_ns_capable(skb, sock_net(NETLINK_CB(skb).sk)->user_ns, cap);
}

bool pg_netlink_admin(const struct sk_buff *skb)
{
	return pg_nl_capable(skb, CAP_NET_ADMIN);
}

/* May the request's sender do this? The capability is asked for last, as asking is audited. */
bool pg_nl_permits(const struct sk_buff *skb, struct pg_group *g, unsigned int needs)
{
	const struct cred *cred = pg_nl_cred(skb);

	if (cred && pg_owner_permits(&g->owner, cred, needs))
		return true;
	return pg_nl_capable(skb, CAP_NET_ADMIN);
}

/*
 * pg_nl_permitted() - may the sender do @cmd?
 * @skb: the request
 * @g: what it is about
 * @cmd: what is asked of the group
 * @attr: that named the group
 * @extack: for the refusal
 *
 * To somebody who may not even read a group it does not exist: the refusal is
 * then, word for word, the one for an index that nobody has.
 *
 * Return: 0, -EPERM or -ENOENT with extack set.
 */
int pg_nl_permitted(const struct sk_buff *skb, struct pg_group *g, u8 cmd,
		    const struct nlattr *attr, struct netlink_ext_ack *extack)
{
	unsigned int needs = cmd < ARRAY_SIZE(pg_nl_needs) ? pg_nl_needs[cmd] : 0;

	if (!needs)
		needs = PG_NEED_OWN;
	if (pg_nl_permits(skb, g, needs))
		return 0;
	pg_stat_inc(&g->stats, PEERGROUP_A_STATS_REFUSED_PERMISSION);
	if (!pg_nl_permits(skb, g, PG_NEED_READ) && !pg_nl_permits(skb, g, PG_NEED_OWN))
		return pg_nl_refuse(extack, attr, PG_NL_NO_INDEX, -ENOENT);
	return pg_nl_refuse(extack, attr, needs == PG_NEED_OWN ?
			    "only the group's owner or CAP_NET_ADMIN may do that" :
			    "the group's mode does not let this user do that", -EPERM);
}

/**
 * pg_nl_group() - the group that a request names by its index
 * @skb: the request
 * @cmd: what is asked of the group
 * @attrs: of the request
 * @type: number of the attribute with the index
 * @extack: for the refusal
 *
 * Return: the group with a reference, or an ERR_PTR with extack set. A group that
 * the sender may do @cmd with, that is; see pg_nl_permitted().
 */
struct pg_group *pg_nl_group(const struct sk_buff *skb, u8 cmd, struct nlattr **attrs, int type,
			     struct netlink_ext_ack *extack)
{
	struct pg_group *g;
	int err;

	if (!attrs[type])
		return ERR_PTR(PG_NL_MISSING(extack, type, "with the group's index"));
	g = pg_group_get(pg_net_of(sock_net(NETLINK_CB(skb).sk)), nla_get_u32(attrs[type]));
	if (!g)
		return ERR_PTR(pg_nl_refuse(extack, attrs[type], PG_NL_NO_INDEX, -ENOENT));
	err = pg_nl_permitted(skb, g, cmd, attrs[type], extack);
	if (err) {
		pg_group_put(g);
		return ERR_PTR(err);
	}
	return g;
}

/**
 * pg_nl_dump_again() - the group that a dump is about, for one of its steps
 * @cb: the dump
 * @type: number of the attribute with the index
 * @of: node id of the group, 0 in the first step, where it is set
 *
 * A dump keeps no reference between two steps: there may be no next one for as long as its
 * socket is open, and a group that has ended is to be gone. Whether it may be read is asked again.
 *
 * Return: as pg_nl_group().
 */
struct pg_group *pg_nl_dump_again(struct netlink_callback *cb, int type, u64 *of)
{
	struct pg_group *g = pg_nl_dump_group(cb, type);

	if (IS_ERR(g))
		return g;
	if (!*of)
		*of = g->node;
	if (*of == g->node)
		return g;
	/* Another one has got its index, which says nothing about this one. */
	pg_group_put(g);
	NL_SET_ERR_MSG(cb->extack, "group has ended");
	return ERR_PTR(-ENOENT);
}

/* ------------------------------------------------ owner, group and mode -- */

/* As chown(2) has it: away goes what is one's own by privilege only. */
static int pg_nl_uid_get(const struct sk_buff *skb, const struct nlattr *attr, kuid_t *uid,
			 struct netlink_ext_ack *extack)
{
	kuid_t want = make_kuid(pg_nl_cred(skb)->user_ns, nla_get_u32(attr));

	if (!uid_valid(want))
		return pg_nl_refuse(extack, attr, "no such UID in this user namespace", -EINVAL);
	if (!uid_eq(want, *uid) && !pg_nl_capable(skb, CAP_NET_ADMIN))
		return pg_nl_refuse(extack, attr, "giving a group away needs CAP_NET_ADMIN",
				    -EPERM);
	*uid = want;
	return 0;
}

static int pg_nl_gid_get(const struct sk_buff *skb, const struct nlattr *attr, kgid_t *gid,
			 struct netlink_ext_ack *extack)
{
	const struct cred *cred = pg_nl_cred(skb);
	kgid_t want = make_kgid(cred->user_ns, nla_get_u32(attr));

	if (!gid_valid(want))
		return pg_nl_refuse(extack, attr, "no such GID in this user namespace", -EINVAL);
	if (!gid_eq(want, *gid) && !pg_cred_in_group(cred, want) &&
	    !pg_nl_capable(skb, CAP_NET_ADMIN))
		return pg_nl_refuse(extack, attr, "a GID one is not in needs CAP_NET_ADMIN",
				    -EPERM);
	*gid = want;
	return 0;
}

/*
 * pg_nl_owner_get() - what UID, GID and MODE of a GROUP_SET make of the owner
 * @skb: the request
 * @g: the group
 * @attrs: of the request
 * @want: filled in, also where the request says nothing about it
 * @extack: for the refusal
 *
 * Return: 0 or -errno with extack set; nothing has been changed.
 */
int pg_nl_owner_get(const struct sk_buff *skb, struct pg_group *g, struct nlattr **attrs,
		    struct pg_nl_owner *want, struct netlink_ext_ack *extack)
{
	int err = 0;

	pg_owner_get(&g->owner, &want->uid, &want->gid, &want->mode);
	if (attrs[PEERGROUP_A_GROUP_UID])
		err = pg_nl_uid_get(skb, attrs[PEERGROUP_A_GROUP_UID], &want->uid, extack);
	if (!err && attrs[PEERGROUP_A_GROUP_GID])
		err = pg_nl_gid_get(skb, attrs[PEERGROUP_A_GROUP_GID], &want->gid, extack);
	if (attrs[PEERGROUP_A_GROUP_MODE])
		want->mode = nla_get_u32(attrs[PEERGROUP_A_GROUP_MODE]);
	return err;
}

/* In an answer to @skb: as its opener's user namespace calls them. */
int pg_nl_owner_put(struct sk_buff *out, const struct sk_buff *skb, struct pg_group *g)
{
	const struct cred *cred = pg_nl_cred(skb);
	struct user_namespace *ns = cred ? cred->user_ns : &init_user_ns;
	struct pg_nl_owner is;

	pg_owner_get(&g->owner, &is.uid, &is.gid, &is.mode);
	if (nla_put_u32(out, PEERGROUP_A_GROUP_UID, from_kuid_munged(ns, is.uid)) ||
	    nla_put_u32(out, PEERGROUP_A_GROUP_GID, from_kgid_munged(ns, is.gid)) ||
	    nla_put_u32(out, PEERGROUP_A_GROUP_MODE, is.mode))
		return -EMSGSIZE;
	return 0;
}
