// SPDX-License-Identifier: GPL-2.0-only
/*
 * Groups: finding, making, holding and ending them, their status, limits and
 * being online. Called by the netlink family for programs. Links are the
 * business of group_link.c, records that of group_flood.c; the locking rules
 * are in group.h.
 */
#include <linux/moduleparam.h>
#include <linux/netlink.h>
#include <linux/random.h>
#include <linux/rtnetlink.h>
#include <linux/slab.h>
#include <net/netns/generic.h>
#include <crypto/sha2.h>
#include "group.h"
#include "message.h"
#include "netlink.h"
#include "trace.h"

const struct pg_limits pg_limits_default = {
	.table = {
		.record_size = PEERGROUP_RECORD_SIZE_DEFAULT,
		.records = 1U << 20,
		.bytes = 256ULL << 20,
		.creator.rate = 10000,
	},
	.links = 64,
	.queue_bytes = 4U << 20,
	.keepalive_ms = 15 * 1000,
	.handshake_ms = 10 * 1000,
	.retry_min_ms = 1000,
	.retry_max_ms = 60 * 1000,
	.defer_ms = 5 * 1000,
	.defer_records = PG_LINK_DEFER_MAX,
	.defer_bytes = 4U << 20,
	.members = PG_MEMBERS_MAX,
	.invited = 1024,
	.half_open = 256,
	.half_open_prefix = 64,
	.member_links = 32,
	.proof_rate = 1000,
};

static bool pg_group_closing;	/* the module is on its way out */

/* A group costs some hundred KiB and a table of what its limits say. */
static unsigned int pg_groups_max = 1024;
module_param_named(groups_max, pg_groups_max, uint, 0644);
MODULE_PARM_DESC(groups_max, "Groups in one network namespace");

struct pg_net *pg_net_of(struct net *net)
{
	return net_generic(net, pg_net_id);
}

u64 pg_group_now(struct pg_group *g)
{
	u64 now;

	spin_lock(&g->clock_lock);
	now = pg_clock_now(&g->clock, pg_time_from_ns(ktime_get_real_ns()));
	spin_unlock(&g->clock_lock);
	return now;
}

/* --------------------------------------------------------------- status -- */

void pg_group_update_status(struct pg_group *g)
{
	u32 status = 0;

	lockdep_assert_held(&g->lock);
	if (g->listener)
		status |= PEERGROUP_STATUS_LISTENING;
	if (g->n_up)
		status |= PEERGROUP_STATUS_CONNECTED;
	if (g->ready)
		status |= PEERGROUP_STATUS_READY;
	if (g->kept)
		status |= PEERGROUP_STATUS_KEPT;
	if (g->self && pg_member_revoked(g->self))
		status |= PEERGROUP_STATUS_REVOKED;
	if (status == g->status || g->ended)
		return;
	g->status = status;
	pg_netlink_group(g, status, 0);
}

void pg_group_set_ready(struct pg_group *g)
{
	struct pg_sync_end end = { .flags = cpu_to_be32(PG_SYNC_END_READY) };
	struct pg_link *link;

	lockdep_assert_held(&g->lock);
	if (g->ready)
		return;
	WRITE_ONCE(g->ready, true);
	/* Where a run is under way or called for, its end will tell. */
	list_for_each_entry(link, &g->links, node) {
		if (!link->up || link->sync.phase != PG_SYNC_IDLE || READ_ONCE(link->resync))
			continue;
		/* Without memory for it, a run is called for, whose end tells. */
		if (pg_link_send(link, PG_MSG_SYNC_END, &end, sizeof(end)) == -ENOMEM)
			pg_link_resync(link);
	}
	pg_group_update_status(g);
}

/* ------------------------------------------------------ online, limits -- */

/* Two memberships of one group could not be told apart by an opening's hint. */
static bool pg_group_shadowed(struct pg_group *g, struct pg_listener *l)
{
	unsigned long index;
	struct pg_group *other;

	lockdep_assert_held(&g->pn->lock);
	xa_for_each(&g->pn->groups, index, other) {
		if (other != g && other->listener == l && !memcmp(other->id, g->id, sizeof(g->id)))
			return true;
	}
	return false;
}

static int pg_group_go_online(struct pg_group *g, u16 port, struct netlink_ext_ack *extack)
{
	struct pg_listener *l = pg_listen(g->pn, port ?: PEERGROUP_PORT);

	if (IS_ERR(l)) {
		if (PTR_ERR(l) != -ENOMEM && PTR_ERR(l) != -ENOBUFS)
			NL_SET_ERR_MSG(extack, "cannot listen on that port");
		return PTR_ERR(l);
	}
	if (pg_group_shadowed(g, l)) {
		pg_unlisten(l);
		NL_SET_ERR_MSG(extack, "another member of this group listens on that port here");
		return -EADDRINUSE;
	}
	mutex_lock(&g->lock);
	g->online = true;
	WRITE_ONCE(g->port, l->port);
	WRITE_ONCE(g->listener, l);
	pg_group_update_status(g);
	pg_group_redial(g);
	mutex_unlock(&g->lock);
	return 0;
}

static void pg_group_go_offline(struct pg_group *g)
{
	struct pg_listener *l;

	mutex_lock(&g->lock);
	l = g->listener;
	g->online = false;
	WRITE_ONCE(g->listener, NULL);
	pg_group_close_links(g);
	pg_group_update_status(g);
	mutex_unlock(&g->lock);
	if (l)
		pg_unlisten(l);
}

int pg_group_set_online(struct pg_group *g, bool online, u16 port,
			struct netlink_ext_ack *extack)
{
	lockdep_assert_held(&g->pn->lock);
	if (g->ended)
		return -ENOENT;
	if (g->online && online && port && port != g->port) {
		NL_SET_ERR_MSG(extack, "the group listens on another port; take it offline first");
		return -EBUSY;
	}
	if (g->online == online)
		return 0;
	if (online && !pg_group_proved(g)) {
		NL_SET_ERR_MSG(extack, "going online takes a CREDENTIAL that is valid now");
		return -ENOKEY;
	}
	if (online)
		return pg_group_go_online(g, port, extack);
	pg_group_go_offline(g);
	return 0;
}

void pg_group_set_kept(struct pg_group *g, bool kept, struct list_head *ended)
{
	bool idle;

	lockdep_assert_held(&g->pn->lock);
	mutex_lock(&g->lock);
	g->kept = kept;
	pg_group_update_status(g);
	idle = !kept && list_empty(&g->holders);
	mutex_unlock(&g->lock);
	if (idle)
		pg_group_end(g, ended);
}

/* Copies limits word by word: each is read on its own, and without the lock. */
static void pg_limits_copy(void *to, const void *from, size_t size)
{
	const unsigned long *src = from;
	unsigned long *dst = to;
	size_t i;

	for (i = 0; i < size / sizeof(*dst); i++)
		WRITE_ONCE(dst[i], src[i]);
}

void pg_group_set_limits(struct pg_group *g, const struct pg_limits *limits)
{
	static_assert(!(sizeof(g->limits) % sizeof(long)) &&
		      !(sizeof(g->table.limits) % sizeof(long)));

	mutex_lock(&g->lock);
	pg_limits_copy(&g->limits, limits, sizeof(g->limits));
	pg_limits_copy(&g->table.limits, &limits->table, sizeof(g->table.limits));
	WRITE_ONCE(g->members.max, limits->members);
	WRITE_ONCE(g->members.invited_max, limits->invited);
	WRITE_ONCE(g->members.issued_max, limits->issued);
	g->overlay.retry_min_ms = limits->retry_min_ms;
	g->overlay.retry_max_ms = limits->retry_max_ms;
	mutex_unlock(&g->lock);
}

/* ----------------------------------------------------------- life cycle -- */

struct pg_group *pg_group_get(struct pg_net *pn, u32 index)
{
	struct pg_group *g;

	rcu_read_lock();
	g = xa_load(&pn->groups, index);
	if (g && !kref_get_unless_zero(&g->refs))
		g = NULL;
	rcu_read_unlock();
	return g;
}

static void pg_group_free(struct kref *kref)
{
	struct pg_group *g = container_of(kref, struct pg_group, refs);

	pg_table_destroy(&g->table);
	pg_overlay_destroy(&g->overlay);
	if (g->self)
		pg_member_put(g->self);
	pg_members_destroy(&g->members);
	kfree(g->root);
	mem_cgroup_put(g->memcg);
	kfree(g->credential);
	memzero_explicit(g->node_key, sizeof(g->node_key));
	kfree_rcu(g, rcu);
}

void pg_group_put(struct pg_group *g)
{
	kref_put(&g->refs, pg_group_free);
}

void pg_group_end(struct pg_group *g, struct list_head *ended)
{
	lockdep_assert_held(&g->pn->lock);
	mutex_lock(&g->lock);
	if (g->ended) {
		mutex_unlock(&g->lock);
		return;
	}
	pg_netlink_group(g, 0, ENOENT);
	WRITE_ONCE(g->ended, true);
	pg_group_drop_holders(g);
	mutex_unlock(&g->lock);
	xa_erase(&g->pn->groups, g->index);
	g->pn->n_groups--;
	pg_group_go_offline(g);
	list_add_tail(&g->ending, ended);
}

void pg_group_wait(struct list_head *ended)
{
	struct pg_group *g, *tmp;

	list_for_each_entry_safe(g, tmp, ended, ending) {
		cancel_delayed_work_sync(&g->expire);
		cancel_delayed_work_sync(&g->dial);
		cancel_delayed_work_sync(&g->revoke);
		wait_event(g->idle, !atomic_read(&g->busy));
		list_del(&g->ending);
		pg_group_put(g);
	}
}

/*
 * Of two own certificates one that counts; of such the one that was issued for a later
 * time, as it may give a lower role.
 */
static bool pg_group_better_self(const struct pg_member *new, const struct pg_member *old)
{
	if (pg_member_revoked(old) != pg_member_revoked(new))
		return pg_member_revoked(old);
	if (new->gmc.not_before != old->gmc.not_before)
		return new->gmc.not_before > old->gmc.not_before;
	return new->gmc.not_after > old->gmc.not_after;
}

static bool pg_group_permits(struct pg_group *g, const struct pg_opener *opener,
			     unsigned int need)
{
	return opener->admin || pg_owner_permits(&g->owner, opener->cred, need);
}

/* What the group says of itself to others is for those to change who may write. */
static int pg_group_learn_self(struct pg_group *g, const struct pg_chain *chain,
			       const struct pg_opener *opener, struct netlink_ext_ack *extack)
{
	struct pg_member *self, *old = NULL;
	unsigned int refusal;

	refusal = pg_members_learn(&g->members, chain, &self);
	if (refusal) {
		if (refusal != PEERGROUP_A_STATS_REFUSED_NOMEM)
			NL_SET_ERR_MSG(extack, "membership chain is not valid in this group");
		return pg_refusal_errno(refusal);
	}
	if (self->gmc.not_after <= pg_group_now(g)) {
		pg_member_put(self);
		NL_SET_ERR_MSG(extack, "membership certificate has expired");
		return -EKEYEXPIRED;
	}
	mutex_lock(&g->lock);
	if (!g->self || (pg_group_better_self(self, g->self) &&
			 pg_group_permits(g, opener, PG_NEED_WRITE))) {
		old = g->self;
		WRITE_ONCE(g->self, self);
		pg_group_update_status(g);
	} else {
		old = self;
	}
	mutex_unlock(&g->lock);
	if (old)
		pg_member_put(old);
	return 0;
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
	INIT_DELAYED_WORK(&g->expire, pg_group_expire_work);
	INIT_DELAYED_WORK(&g->dial, pg_group_dial_work);
	INIT_DELAYED_WORK(&g->revoke, pg_group_revoke_work);
	init_waitqueue_head(&g->idle);
	pg_overlay_init(&g->overlay);
	g->flood.ops = &pg_group_flood_ops;
	g->flood.group = g->id;
	g->flood.lock = &g->lock;
	g->flood.table = &g->table;
	g->flood.members = &g->members;
	g->flood.stats = &g->stats;
	pg_flood_init(&g->flood);
	g->judged = jiffies - HZ;
	g->limits = *limits;
	g->overlay.retry_min_ms = limits->retry_min_ms;
	g->overlay.retry_max_ms = limits->retry_max_ms;
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
static int pg_group_publish(struct pg_net *pn, struct pg_group *g, u32 portid, bool ready,
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
	err = pg_group_hold_for(g, portid);
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

static int pg_group_share(struct pg_group *g, u32 portid, bool ready)
{
	int err;

	mutex_lock(&g->lock);
	err = pg_group_hold_for(g, portid);
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
		err = pg_group_share(g, opener->portid, ready);
	} else if (!there && !g->ended) {
		err = pg_group_publish(pn, g, opener->portid, ready, extack);
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

/* ------------------------------------------------- namespaces and module -- */

static int __net_init pg_net_init(struct net *net)
{
	struct pg_net *pn = pg_net_of(net);

	pn->net = net;
	mutex_init(&pn->lock);
	xa_init_flags(&pn->groups, XA_FLAGS_ALLOC1);
	INIT_LIST_HEAD(&pn->listeners);
	return 0;
}

static void pg_net_end_groups(struct pg_net *pn)
{
	LIST_HEAD(ended);
	unsigned long index;
	struct pg_group *g;

	mutex_lock(&pn->lock);
	xa_for_each(&pn->groups, index, g)
		pg_group_end(g, &ended);
	mutex_unlock(&pn->lock);
	pg_group_wait(&ended);
}

static void __net_exit pg_net_exit(struct net *net)
{
	struct pg_net *pn = pg_net_of(net);

	pg_net_end_groups(pn);
	xa_destroy(&pn->groups);
}

unsigned int pg_net_id;

static struct pernet_operations pg_net_ops = {
	.init = pg_net_init,
	.exit = pg_net_exit,
	.id = &pg_net_id,
	.size = sizeof(struct pg_net),
};

int __init pg_group_module_init(void)
{
	return register_pernet_subsys(&pg_net_ops);
}

void pg_group_module_stop(void)
{
	struct net *net;

	/* Who opens a group looks at it under the namespace's lock, which is taken below. */
	WRITE_ONCE(pg_group_closing, true);
	down_read(&net_rwsem);
	for_each_net(net)
		pg_net_end_groups(pg_net_of(net));
	up_read(&net_rwsem);
}

void pg_group_module_exit(void)
{
	unregister_pernet_subsys(&pg_net_ops);
}
