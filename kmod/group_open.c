// SPDX-License-Identifier: GPL-2.0-only
/*
 * Groups are found or made, and held by who opens them: who may, which certificate of
 * one's own counts, and how a new group enters the namespace. Called by the netlink
 * family for programs; what becomes of a group is the business of group.c.
 */
#include <linux/moduleparam.h>
#include <linux/netlink.h>
#include <linux/random.h>
#include <linux/slab.h>
#include "group.h"
#include "message.h"
#include "netlink.h"

bool pg_group_closing;

/* A group costs some hundred KiB and a table of what its limits say. */
static unsigned int pg_groups_max = 1024;
module_param_named(groups_max, pg_groups_max, uint, 0644);
MODULE_PARM_DESC(groups_max, "Groups in one network namespace");

static bool pg_group_permits(struct pg_group *g, const struct pg_opener *opener,
			     unsigned int need)
{
	return opener->admin || pg_owner_permits(&g->owner, opener->cred, need);
}

/* What the group says of itself to others is for those to change who may write. */
static int pg_group_learn_self(struct pg_group *g, const struct pg_chain *chain,
			       const struct pg_opener *opener, struct netlink_ext_ack *extack)
{
	unsigned int refusal;
	struct pg_member *self;
	int err = 0;

	refusal = pg_members_learn(&g->members, chain, &self);
	if (refusal) {
		if (refusal != PEERGROUP_A_STATS_REFUSED_NOMEM)
			NL_SET_ERR_MSG(extack, "membership chain is not valid in this group");
		return pg_refusal_errno(refusal);
	}
	if (self->gmc.not_after <= pg_group_now(g)) {
		NL_SET_ERR_MSG(extack, "membership certificate has expired");
		err = -EKEYEXPIRED;
	}
	mutex_lock(&g->lock);
	if (!err && (!g->self || pg_group_permits(g, opener, PG_NEED_WRITE)))
		pg_group_add_own(g, self);
	mutex_unlock(&g->lock);
	pg_member_put(self);
	return err;
}

static void pg_group_setup(struct pg_group *g, struct pg_net *pn,
			   const struct pg_gmc *root, const struct pg_opener *opener,
			   const struct pg_limits *limits)
{
	kref_init(&g->refs);
	pg_owner_init(&g->owner, opener->cred);
	g->pn = pn;
	memcpy(g->id, root->group, sizeof(g->id));
	do {
		g->node = get_random_u64();
	} while (!g->node);
	do {
		get_random_bytes(g->node_key, sizeof(g->node_key));
	} while (!pg_noise_public(g->node_public, g->node_key));
	mutex_init(&g->lock);
	spin_lock_init(&g->clock_lock);
	INIT_LIST_HEAD(&g->links);
	INIT_LIST_HEAD(&g->holders);
	INIT_LIST_HEAD(&g->watches);
	INIT_LIST_HEAD(&g->answerers);
	pg_claims_init(&g->claims);
	INIT_LIST_HEAD(&g->keepers);
	INIT_DELAYED_WORK(&g->expire, pg_group_expire_work);
	INIT_DELAYED_WORK(&g->dial, pg_group_dial_work);
	INIT_DELAYED_WORK(&g->revoke, pg_group_revoke_work);
	INIT_DELAYED_WORK(&g->tell, pg_group_tell_work);
	INIT_DELAYED_WORK(&g->unhold, pg_data_unhold_work);
	INIT_DELAYED_WORK(&g->refresh, pg_group_refresh_work);
	init_waitqueue_head(&g->idle);
	init_waitqueue_head(&g->judgement);
	pg_overlay_init(&g->overlay);
	g->flood.ops = &pg_group_flood_ops;
	g->flood.group = g->id;
	g->flood.lock = &g->lock;
	g->flood.table = &g->table;
	g->flood.members = &g->members;
	g->flood.stats = &g->stats;
	pg_flood_init(&g->flood);
	pg_batches_init(&g->batches);
	g->limits = *limits;
	g->allowed = *limits;
	pg_group_set_overlay(g, limits);
}

static struct pg_group *pg_group_new(struct pg_net *pn, struct pg_span root,
				     const struct pg_gmc *root_gmc,
				     const struct pg_opener *opener,
				     const struct pg_limits *limits,
				     struct netlink_ext_ack *extack)
{
	struct pg_group *g = kzalloc(sizeof(*g), GFP_KERNEL_ACCOUNT);
	int err = -ENOMEM;

	if (!g)
		return ERR_PTR(-ENOMEM);
	pg_group_setup(g, pn, root_gmc, opener, limits);
	g->root = kmemdup(root.p, root.len, GFP_KERNEL_ACCOUNT);
	g->root_len = root.len;
	if (!g->root)
		goto free;
	err = pg_members_init(&g->members, root.p, root.len);
	if (err) {
		if (err != -ENOMEM)
			NL_SET_ERR_MSG(extack, "group root is not valid");
		goto free;
	}
	err = pg_table_init(&g->table, &g->lock, &limits->table);
	if (err)
		goto members;
	g->members.max = limits->members;
	g->members.invited_max = limits->invited;
	g->members.issued_max = limits->issued;
	g->memcg = get_mem_cgroup_from_mm(current->mm);
	return g;
members:
	pg_members_destroy(&g->members);
free:
	kfree(g->root);
	kfree_sensitive(g);
	return ERR_PTR(err);
}

/* An own certificate may be replaced meanwhile, but its key stays and no member ever goes. */
static struct pg_group *pg_group_find(struct pg_net *pn, const struct pg_gmc *root,
				      const struct pg_gmc *leaf)
{
	const struct pg_member *self;
	unsigned long index;
	struct pg_group *g;

	lockdep_assert_held(&pn->lock);
	xa_for_each(&pn->groups, index, g) {
		self = READ_ONCE(g->self);
		if (!memcmp(g->id, root->group, sizeof(g->id)) &&
		    !memcmp(self->gmc.spki_hash, leaf->spki_hash, sizeof(leaf->spki_hash)))
			return g;
	}
	return NULL;
}

/*
 * An index that is free. It is random, so that those a user may see tell nothing
 * about how many there are that he may not, and one that is over is not met again.
 */
static int pg_group_index(struct pg_net *pn, struct pg_group *g)
{
	int err;

	do {
		g->index = 1 + get_random_u32() % (INT_MAX - 1);
		err = xa_insert(&pn->groups, g->index, g, GFP_KERNEL_ACCOUNT);
	} while (err == -EBUSY);
	return err;
}

/* A group that nobody else can see yet enters the namespace. */
static int pg_group_publish(struct pg_net *pn, struct pg_group *g,
			    const struct pg_opener *opener, bool ready,
			    struct netlink_ext_ack *extack)
{
	int err;

	lockdep_assert_held(&pn->lock);
	if (pn->n_groups >= READ_ONCE(pg_groups_max)) {
		NL_SET_ERR_MSG(extack, "too many groups in this network namespace");
		return -ENOSPC;
	}
	mutex_lock(&g->lock);
	g->ready = ready;
	g->status = ready ? PEERGROUP_STATUS_READY : 0;
	err = pg_group_hold_for(g, opener, extack);
	if (!err)
		err = pg_group_index(pn, g);
	if (err) {
		pg_group_drop_holders(g);
	} else {
		pn->n_groups++;
		g->flood.index = g->index;
		pg_netlink_group(g, g->status, 0);
	}
	mutex_unlock(&g->lock);
	return err;
}

static int pg_group_share(struct pg_group *g, const struct pg_opener *opener, bool ready,
			  struct netlink_ext_ack *extack)
{
	int err;

	mutex_lock(&g->lock);
	err = pg_group_hold_for(g, opener, extack);
	if (!err && ready)
		pg_group_set_ready(g);
	mutex_unlock(&g->lock);
	return err;
}

/*
 * The group as the namespace has it, with a reference, or else a new one. Who may not
 * read it is told what he would be told if there were none.
 */
static struct pg_group *pg_group_find_or_new(struct pg_net *pn, struct pg_span root,
					     const struct pg_gmc gmc[2],
					     const struct pg_opener *opener,
					     const struct pg_limits *limits,
					     struct netlink_ext_ack *extack)
{
	struct pg_group *g;

	mutex_lock(&pn->lock);
	g = pg_group_find(pn, &gmc[0], &gmc[1]);
	if (g && !pg_group_permits(g, opener, PG_NEED_READ))
		g = NULL;
	if (g)
		kref_get(&g->refs);
	mutex_unlock(&pn->lock);
	if (g)
		return g;
	if (!opener->admin) {
		NL_SET_ERR_MSG(extack,
			       "making a group needs CAP_NET_ADMIN in the network namespace");
		return ERR_PTR(-EPERM);
	}
	return pg_group_new(pn, root, &gmc[0], opener, limits ?: &pg_limits_default, extack);
}

/*
 * Holds a group that knows the holder's chain. -EAGAIN where the namespace's idea
 * of the group, or its owner's of who may read it, has become another while the
 * chain was verified.
 */
static int pg_group_enter(struct pg_net *pn, struct pg_group *g, const struct pg_gmc gmc[2],
			  const struct pg_opener *opener, bool ready,
			  struct netlink_ext_ack *extack)
{
	struct pg_group *there;
	int err = -EAGAIN;

	mutex_lock(&pn->lock);
	there = pg_group_find(pn, &gmc[0], &gmc[1]);
	if (READ_ONCE(pg_group_closing)) {
		NL_SET_ERR_MSG(extack, "the module is being unloaded");
		err = -ESHUTDOWN;
	} else if (there == g && pg_group_permits(g, opener, PG_NEED_READ)) {
		ready = ready && pg_group_permits(g, opener, PG_NEED_WRITE);
		err = pg_group_share(g, opener, ready, extack);
	} else if (!there && !g->ended) {
		err = pg_group_publish(pn, g, opener, ready, extack);
		if (!err)
			kref_get(&g->refs);
	}
	mutex_unlock(&pn->lock);
	return err;
}

struct pg_group *pg_group_open(struct pg_net *pn, struct pg_span root,
			       const struct pg_chain *chain, const struct pg_opener *opener,
			       const struct pg_limits *limits, bool ready,
			       struct netlink_ext_ack *extack)
{
	const struct pg_span *leaf = &chain->cert[chain->n - 1];
	struct pg_group *g;
	struct pg_gmc *gmc;
	int err;

	gmc = kcalloc(2, sizeof(*gmc), GFP_KERNEL);
	if (!gmc)
		return ERR_PTR(-ENOMEM);
	err = -EBADMSG;
	if (pg_gmc_parse(&gmc[0], root.p, root.len) || !(gmc[0].roles & PEERGROUP_ROLE_ROOT))
		NL_SET_ERR_MSG(extack, "group root is not a group root certificate");
	else if (pg_gmc_parse(&gmc[1], leaf->p, leaf->len))
		NL_SET_ERR_MSG(extack, "last certificate of the chain is malformed");
	else
		err = -EAGAIN;
	while (err == -EAGAIN) {
		g = pg_group_find_or_new(pn, root, gmc, opener, limits, extack);
		if (IS_ERR(g)) {
			err = PTR_ERR(g);
			break;
		}
		err = pg_group_learn_self(g, chain, opener, extack);
		if (!err)
			err = pg_group_enter(pn, g, gmc, opener, ready, extack);
		if (err)
			pg_group_put(g);
	}
	kfree(gmc);
	return err ? ERR_PTR(err) : g;
}
