// SPDX-License-Identifier: GPL-2.0-only
/*
 * Netlink operations that bring a record: whole in one RECORD_PUT, or, where it
 * is too large for one message, in parts by RECORD_STAGE first.
 *
 * A socket stages one record at a time. Its buffer grows with what arrives,
 * not with what is announced, is charged to the sender's memory cgroup, and
 * goes with the socket. Whoever works on a buffer has marked it as busy, so two
 * threads on one socket cannot meet in it. Buffers are counted by user, and all users'
 * by group, so that who may write to some group cannot keep others from writing to theirs.
 */
#include <linux/capability.h>
#include <linux/mm.h>
#include <linux/netlink.h>
#include <linux/slab.h>
#include <net/netns/generic.h>
#include <net/sock.h>
#include "netlink_internal.h"

/**
 * struct pg_staged - a record on its way in
 * @node: in the namespace's list
 * @busy: somebody works on it, and has it alone
 * @uid: whose socket it is, as pg_cred_user() has it
 * @sk: the socket, held
 * @portid: its port, which another one may have after its end
 * @group: index of the group; by who is busy with it, under the lock
 * @size: bytes of the whole record, as announced
 * @have: bytes that have come
 * @room: bytes allocated
 * @wire: what has come
 */
struct pg_staged {
	struct list_head node;
	bool busy;
	kuid_t uid;
	struct sock *sk;
	u32 portid;
	u32 group;
	u32 size;
	u32 have;
	u32 room;
	u8 *wire;
};

/**
 * struct pg_nl_net - what is staged in a namespace
 * @lock: guards the rest
 * @staged: all buffers
 */
struct pg_nl_net {
	spinlock_t lock;
	struct list_head staged;
};

static unsigned int pg_nl_net_id;

static struct pg_nl_net *pg_nl_net_of(struct net *net)
{
	return net_generic(net, pg_nl_net_id);
}

/* What a socket has staged; or, without one, what an ended one of @portid had. */
static bool pg_staged_is(const struct pg_staged *s, const struct sock *sk, u32 portid)
{
	if (sk)
		return s->sk == sk;
	return s->portid == portid && sock_flag(s->sk, SOCK_DEAD);
}

static struct pg_staged *pg_staged_take(struct pg_nl_net *nn, const struct sock *sk, u32 portid)
{
	struct pg_staged *s;

	spin_lock(&nn->lock);
	list_for_each_entry(s, &nn->staged, node) {
		if (!s->busy && pg_staged_is(s, sk, portid)) {
			s->busy = true;
			goto out;
		}
	}
	s = NULL;
out:
	spin_unlock(&nn->lock);
	return s;
}

static void pg_staged_give_back(struct pg_nl_net *nn, struct pg_staged *s)
{
	spin_lock(&nn->lock);
	s->busy = false;
	spin_unlock(&nn->lock);
}

/* Frees a buffer that is busy, and the wire form if it is still there. */
static void pg_staged_free(struct pg_nl_net *nn, struct pg_staged *s)
{
	if (!s)
		return;
	spin_lock(&nn->lock);
	list_del(&s->node);
	spin_unlock(&nn->lock);
	kvfree(s->wire);
	sock_put(s->sk);
	kfree(s);
}

/*
 * Puts a buffer, which is busy, among those for @group, from another group if need be. @owns: as
 * the owner of that one does. Return: 0, -ENOSPC where its user has too many, or -EUSERS where all
 * have.
 */
static int pg_staged_enter(struct pg_nl_net *nn, struct pg_staged *s, u32 group, bool owns)
{
	const struct pg_staged *other;
	u32 n = 0, own = 0, all = 0;
	int err = 0;

	spin_lock(&nn->lock);
	if (!list_empty(&s->node) && s->group == group)
		goto out;
	list_for_each_entry(other, &nn->staged, node) {
		if (other == s)
			continue;
		n += uid_eq(other->uid, s->uid);
		if (other->group != group)
			continue;
		own += uid_eq(other->uid, s->uid);
		all++;
	}
	if (n >= PG_NL_STAGED_MAX) {
		err = -ENOSPC;
	} else if (pg_crowded(own, all, owns)) {
		err = -EUSERS;
	} else {
		s->group = group;
		list_move(&s->node, &nn->staged);
	}
out:
	spin_unlock(&nn->lock);
	return err;
}

/* Starts over: what has come goes. The place among the others for that group stays. */
static int pg_staged_begin(struct pg_nl_net *nn, struct pg_staged *s, const struct sk_buff *skb,
			   struct genl_info *info, bool owns)
{
	u32 group = nla_get_u32(info->attrs[PEERGROUP_A_RECORD_GROUP]);
	int err = pg_staged_enter(nn, s, group, owns);

	/* Asked for where there is no room without, as asking is audited. */
	if (err == -EUSERS && !owns && pg_nl_capable(skb, CAP_NET_ADMIN))
		err = pg_staged_enter(nn, s, group, true);
	if (err)
		return pg_nl_refuse(info->extack, NULL, err == -EUSERS ?
				    "too many sockets stage a record" :
				    "too many sockets of this user stage a record", -ENOSPC);
	kvfree(s->wire);
	s->wire = NULL;
	s->have = 0;
	s->room = 0;
	s->size = nla_get_u32(info->attrs[PEERGROUP_A_RECORD_SIZE]);
	return 0;
}

/* The caller may write to the group, so it has credentials. Busy, and not in the list yet. */
static struct pg_staged *pg_staged_new(const struct sk_buff *skb, const struct genl_info *info)
{
	struct pg_staged *s = kzalloc(sizeof(*s), GFP_KERNEL_ACCOUNT);

	if (!s)
		return NULL;
	INIT_LIST_HEAD(&s->node);
	s->busy = true;
	s->uid = pg_cred_user(pg_nl_cred(skb));
	s->sk = NETLINK_CB(skb).sk;
	s->portid = info->snd_portid;
	sock_hold(s->sk);
	return s;
}

/* Doubles, so that a record is copied less than twice over; ends at its exact size. */
static int pg_staged_grow(struct pg_staged *s, u32 need)
{
	u32 room = min(max(s->room * 2, need), s->size);
	u8 *wire;

	if (need <= s->room)
		return 0;
	wire = kvmalloc(room, GFP_KERNEL_ACCOUNT);
	if (!wire)
		return -ENOMEM;
	if (s->have)
		memcpy(wire, s->wire, s->have);
	kvfree(s->wire);
	s->wire = wire;
	s->room = room;
	return 0;
}

static int pg_staged_append(struct pg_staged *s, struct genl_info *info)
{
	struct nlattr *offset = info->attrs[PEERGROUP_A_RECORD_OFFSET];
	struct nlattr *group = info->attrs[PEERGROUP_A_RECORD_GROUP];
	struct nlattr *size = info->attrs[PEERGROUP_A_RECORD_SIZE];
	struct nlattr *wire = info->attrs[PEERGROUP_A_RECORD_WIRE];
	u32 len = nla_len(wire);
	int err;

	if (nla_get_u32(group) != s->group)
		return pg_nl_refuse(info->extack, group, "GROUP is not the one begun with",
				    -EINVAL);
	if (nla_get_u32(size) != s->size)
		return pg_nl_refuse(info->extack, size, "SIZE is not the one begun with", -EINVAL);
	if (nla_get_u32(offset) != s->have)
		return pg_nl_refuse(info->extack, offset,
				    "OFFSET is not where the last part ended", -EINVAL);
	if (len > s->size - s->have)
		return pg_nl_refuse(info->extack, wire, "WIRE reaches beyond SIZE", -EINVAL);

	err = pg_staged_grow(s, s->have + len);
	if (err)
		return err;
	memcpy(s->wire + s->have, nla_data(wire), len);
	s->have += len;
	return 0;
}

/*
 * GROUP, SIZE, OFFSET and WIRE are there and SIZE is within the group's limit. @owns: set to
 * whether the sender is the group's owner.
 */
static int pg_nl_stage_check(struct sk_buff *skb, struct genl_info *info, bool *owns)
{
	struct nlattr *size = info->attrs[PEERGROUP_A_RECORD_SIZE];
	struct pg_group *g;
	u32 limit;

	if (!size)
		return PG_NL_MISSING(info->extack, PEERGROUP_A_RECORD_SIZE, "SIZE");
	if (!info->attrs[PEERGROUP_A_RECORD_OFFSET])
		return PG_NL_MISSING(info->extack, PEERGROUP_A_RECORD_OFFSET, "OFFSET");
	if (!info->attrs[PEERGROUP_A_RECORD_WIRE])
		return PG_NL_MISSING(info->extack, PEERGROUP_A_RECORD_WIRE, "WIRE");

	g = pg_nl_group_of(skb, info, PEERGROUP_A_RECORD_GROUP);
	if (IS_ERR(g))
		return PTR_ERR(g);
	limit = READ_ONCE(g->limits.table.record_size) + PG_RECORD_OVERHEAD;
	if (nla_get_u32(size) > limit) {
		pg_stat_inc(&g->stats, PEERGROUP_A_STATS_REFUSED_SIZE);
		pg_nl_refuse(info->extack, size,
			     pg_refusal_text(PEERGROUP_A_STATS_REFUSED_SIZE), 0);
		pg_group_put(g);
		return pg_refusal_errno(PEERGROUP_A_STATS_REFUSED_SIZE);
	}
	*owns = pg_owner_permits(&g->owner, pg_nl_cred(skb), PG_NEED_OWN);
	pg_group_put(g);
	return 0;
}

/* A part that does not fit ends the staging: what came before is worth nothing then. */
int pg_nl_record_stage(struct sk_buff *skb, struct genl_info *info)
{
	struct pg_nl_net *nn = pg_nl_net_of(genl_info_net(info));
	struct pg_staged *s;
	bool owns = false;
	int err;

	s = pg_staged_take(nn, NETLINK_CB(skb).sk, 0);
	err = pg_nl_stage_check(skb, info, &owns);
	if (err)
		goto out_free;

	if (!nla_get_u32(info->attrs[PEERGROUP_A_RECORD_OFFSET])) {
		if (!s)
			s = pg_staged_new(skb, info);
		if (!s)
			return -ENOMEM;
		err = pg_staged_begin(nn, s, skb, info, owns);
		if (err)
			goto out_free;
	} else if (!s) {
		return pg_nl_refuse(info->extack, info->attrs[PEERGROUP_A_RECORD_OFFSET],
				    "nothing is staged yet: begin with OFFSET 0", -ENODATA);
	}

	err = pg_staged_append(s, info);
	if (err)
		goto out_free;
	pg_staged_give_back(nn, s);
	return 0;

out_free:
	pg_staged_free(nn, s);
	return err;
}

/* Is that whole, and for that group? */
static int pg_staged_check(const struct pg_staged *s, struct genl_info *info,
			   const struct nlattr *group, const struct nlattr *staged)
{
	if (!s)
		return pg_nl_refuse(info->extack, staged, "nothing is staged", -ENODATA);
	if (s->group != nla_get_u32(group))
		return pg_nl_refuse(info->extack, group, "staged for another group", -EINVAL);
	if (s->have != s->size)
		return pg_nl_refuse(info->extack, staged, "staged record is incomplete", -ENODATA);
	return 0;
}

/**
 * pg_nl_stage_borrow() - what the socket has staged, to be used as it is
 * @skb: the request
 * @info: of it
 * @group: its attribute that names the group
 * @staged: its attribute that says STAGED
 * @b: filled in, for pg_nl_stage_return()
 *
 * Return: 0, or -errno with extack set; what was staged is gone then.
 */
int pg_nl_stage_borrow(const struct sk_buff *skb, struct genl_info *info,
		       const struct nlattr *group, const struct nlattr *staged,
		       struct pg_nl_borrowed *b)
{
	struct pg_nl_net *nn = pg_nl_net_of(genl_info_net(info));
	int err;

	b->staged = pg_staged_take(nn, NETLINK_CB(skb).sk, 0);
	err = pg_staged_check(b->staged, info, group, staged);
	if (err) {
		pg_staged_free(nn, b->staged);
		return err;
	}
	b->bytes = b->staged->wire;
	b->len = b->staged->size;
	return 0;
}

/* Gives it back; it stays staged where it is to be used again. */
void pg_nl_stage_return(struct genl_info *info, struct pg_nl_borrowed *b, bool keep)
{
	struct pg_nl_net *nn = pg_nl_net_of(genl_info_net(info));

	if (keep)
		pg_staged_give_back(nn, b->staged);
	else
		pg_staged_free(nn, b->staged);
}

/* The wire form that was staged, taken out; NULL with extack and *err set if it is not whole. */
static u8 *pg_nl_staged_wire(const struct sk_buff *skb, struct genl_info *info, u32 *len,
			     int *err)
{
	struct pg_nl_net *nn = pg_nl_net_of(genl_info_net(info));
	struct nlattr *staged = info->attrs[PEERGROUP_A_RECORD_STAGED];
	struct nlattr *group = info->attrs[PEERGROUP_A_RECORD_GROUP];
	struct pg_staged *s;
	u8 *wire = NULL;

	s = pg_staged_take(nn, NETLINK_CB(skb).sk, 0);
	*err = pg_staged_check(s, info, group, staged);
	if (!*err) {
		wire = s->wire;
		*len = s->size;
		s->wire = NULL;
	}
	pg_staged_free(nn, s);
	return wire;
}

static u8 *pg_nl_wire(const struct sk_buff *skb, struct genl_info *info, u32 *len, int *err)
{
	struct nlattr *staged = info->attrs[PEERGROUP_A_RECORD_STAGED];
	struct nlattr *attr = info->attrs[PEERGROUP_A_RECORD_WIRE];
	u8 *wire;

	if (attr && staged) {
		*err = pg_nl_refuse(info->extack, staged, "WIRE or STAGED, not both", -EINVAL);
		return NULL;
	}
	if (staged)
		return pg_nl_staged_wire(skb, info, len, err);
	if (!attr) {
		*err = PG_NL_MISSING(info->extack, PEERGROUP_A_RECORD_WIRE, "WIRE (or STAGED)");
		return NULL;
	}

	*len = nla_len(attr);
	wire = kvmalloc(*len, GFP_KERNEL_ACCOUNT);
	if (!wire) {
		*err = -ENOMEM;
		return NULL;
	}
	return memcpy(wire, nla_data(attr), *len);
}

static bool pg_nl_is_revocation(const u8 *wire, u32 len)
{
	const struct peergroup_record_hdr *hdr = (const void *)wire;

	return len >= sizeof(*hdr) && pg_rec_kind(hdr->type) == PG_REC_REVOCATION;
}

/* The acknowledgement's cookie carries the change's sequence. */
int pg_nl_record_put(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *attr = info->attrs[PEERGROUP_A_RECORD_WIRE] ?:
			      info->attrs[PEERGROUP_A_RECORD_STAGED];
	struct nlattr *seed = info->attrs[PEERGROUP_A_RECORD_SEED];
	struct pg_keeper *keeper = NULL;
	unsigned int refusal;
	struct pg_group *g;
	bool revocation;
	u64 seq = 0;
	u8 *wire;
	u32 len;
	int err;

	g = pg_nl_group_of(skb, info, PEERGROUP_A_RECORD_GROUP);
	if (IS_ERR(g))
		return PTR_ERR(g);
	wire = pg_nl_wire(skb, info, &len, &err);
	if (!wire)
		goto out;

	if (seed)
		keeper = pg_keeper_new(g, wire, len, nla_data(seed), pg_nl_cred(skb)->euid,
				       info->extack);
	if (IS_ERR(keeper)) {
		NL_SET_BAD_ATTR(info->extack, seed);
		err = PTR_ERR(keeper);
		kvfree(wire);
		goto out;
	}
	err = 0;
	revocation = pg_nl_is_revocation(wire, len);
	refusal = pg_flood_put(&g->flood, wire, len, &seq);
	if (!refusal && revocation)
		pg_group_revocations_settle(g, netlink_capable(skb, CAP_NET_ADMIN));
	if (keeper && !refusal)
		pg_group_keep(g, keeper);
	else
		pg_keeper_free(g, keeper);
	if (refusal)
		err = pg_nl_refuse(info->extack, attr, pg_refusal_text(refusal),
				   pg_refusal_errno(refusal));
	else if (READ_ONCE(g->ended))
		err = pg_nl_refuse(info->extack, info->attrs[PEERGROUP_A_RECORD_GROUP],
				   "group has ended", -ENOENT);
	else
		nl_set_extack_cookie_u64(info->extack, seq);
out:
	pg_group_put(g);
	return err;
}

void pg_netlink_release_port(struct net *net, u32 portid)
{
	struct pg_nl_net *nn = pg_nl_net_of(net);
	struct pg_staged *s;

	/* more than one where threads staged on one socket at the same time */
	while ((s = pg_staged_take(nn, NULL, portid)))
		pg_staged_free(nn, s);
}

static int __net_init pg_nl_net_init(struct net *net)
{
	struct pg_nl_net *nn = pg_nl_net_of(net);

	spin_lock_init(&nn->lock);
	INIT_LIST_HEAD(&nn->staged);
	return 0;
}

/* Sockets keep their namespace, so something is left on module exit only. */
static void __net_exit pg_nl_net_exit(struct net *net)
{
	struct pg_nl_net *nn = pg_nl_net_of(net);
	struct pg_staged *s, *next;

	list_for_each_entry_safe(s, next, &nn->staged, node)
		pg_staged_free(nn, s);
}

static struct pernet_operations pg_nl_net_ops = {
	.init = pg_nl_net_init,
	.exit = pg_nl_net_exit,
	.id = &pg_nl_net_id,
	.size = sizeof(struct pg_nl_net),
};

int __init pg_nl_stage_init(void)
{
	return register_pernet_subsys(&pg_nl_net_ops);
}

void pg_nl_stage_exit(void)
{
	unregister_pernet_subsys(&pg_nl_net_ops);
}
