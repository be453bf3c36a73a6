// SPDX-License-Identifier: GPL-2.0-only
/*
 * Groups: their status, limits, being online, and their end. Called by the netlink
 * family for programs. Finding and making them is the business of group_open.c, links
 * that of group_link.c, records that of group_flood.c; the locking rules are in
 * group.h.
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
		.refresh_steps = PEERGROUP_REFRESH_COUNT_MAX,
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
	.sync_rate = 1000,
	.direct = 64,
	.member_direct = 8,
	.send_queue = 4U << 20,
	.receive_queue = 4U << 20,
	.receive_total = 64U << 20,
	.receive_wait_ms = 5 * 1000,
	.data_rate = 10000,
	.passwords = 16,
	.password_rate = 60,
	.password_prefix_rate = 10,
	.passive_view = 30,
	.active_view = 5,
	.maintenance_ms = 30 * 1000,
};

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
	if (g->synced)
		status |= PEERGROUP_STATUS_SYNCED;
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

void pg_group_set_synced(struct pg_group *g)
{
	lockdep_assert_held(&g->lock);
	WRITE_ONCE(g->synced, true);
	pg_group_set_ready(g);
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
	int err = PTR_ERR_OR_ZERO(l);

	if (!err && pg_group_shadowed(g, l)) {
		pg_unlisten(l);
		err = -EADDRINUSE;
	}
	/* Not by whom: that may be a group that is none of this user's business. */
	if (err == -EADDRINUSE)
		NL_SET_ERR_MSG(extack, "cannot listen on that port: it is in use");
	else if (err && err != -ENOMEM && err != -ENOBUFS)
		NL_SET_ERR_MSG(extack, "cannot listen on that port");
	if (err)
		return err;
	mutex_lock(&g->lock);
	g->online = true;
	WRITE_ONCE(g->port, l->port);
	WRITE_ONCE(g->listener, l);
	pg_group_update_status(g);
	pg_group_view_rest(g);
	pg_group_redial(g);
	pg_group_refresh_soon(g);
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
	pg_group_set_overlay(g, limits);
	pg_group_redial(g);
	/* Programs that hold links up may have less time for that now. */
	if (!g->ended)
		mod_delayed_work(pg_wq, &g->unhold, 0);
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

	pg_group_drop_keepers(g);
	pg_table_destroy(&g->table);
	pg_overlay_destroy(&g->overlay);
	pg_group_drop_own(g);
	pg_members_destroy(&g->members);
	kfree(g->root);
	mem_cgroup_put(g->memcg);
	kfree(g->credential);
	kvfree(g->password_rate);
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
	wake_up_all(&g->judgement);
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
		lockdep_assert_not_held(&g->pn->lock);
		lockdep_assert_not_held(&g->lock);
		cancel_delayed_work_sync(&g->expire);
		cancel_delayed_work_sync(&g->dial);
		cancel_delayed_work_sync(&g->revoke);
		cancel_delayed_work_sync(&g->tell);
		cancel_delayed_work_sync(&g->unhold);
		cancel_delayed_work_sync(&g->refresh);
		wait_event(g->idle, !atomic_read(&g->busy));
		list_del(&g->ending);
		pg_group_put(g);
	}
}

/* ------------------------------------------------- namespaces and module -- */

/*
 * All of them, and the lock of the list. Each new namespace of the machine takes it while all
 * others wait, so it is never held while a group ends: who ends those of several namespaces
 * has the other one, by which no namespace goes before they have ended.
 */
static LIST_HEAD(pg_nets);
static DEFINE_SPINLOCK(pg_nets_lock);
static DEFINE_MUTEX(pg_nets_ending);

static int __net_init pg_net_init(struct net *net)
{
	struct pg_net *pn = pg_net_of(net);

	pn->net = net;
	mutex_init(&pn->lock);
	xa_init_flags(&pn->groups, XA_FLAGS_ALLOC1);
	INIT_LIST_HEAD(&pn->listeners);
	INIT_LIST_HEAD(&pn->ending);
	spin_lock_init(&pn->dumps_lock);
	INIT_LIST_HEAD(&pn->dumps);
	spin_lock(&pg_nets_lock);
	list_add(&pn->node, &pg_nets);
	spin_unlock(&pg_nets_lock);
	return 0;
}

static void pg_net_end_groups(struct pg_net *pn, struct list_head *ended)
{
	unsigned long index;
	struct pg_group *g;

	mutex_lock(&pn->lock);
	xa_for_each(&pn->groups, index, g)
		pg_group_end(g, ended);
	mutex_unlock(&pn->lock);
}

/* Those that go, @own among them; or all, without it. No one else's groups end meanwhile. */
static void pg_nets_collect(const struct pg_net *own, struct list_head *list)
{
	struct pg_net *pn;

	lockdep_assert_held(&pg_nets_ending);
	spin_lock(&pg_nets_lock);
	list_for_each_entry(pn, &pg_nets, node) {
		if (pn->going || (own && pn != own && check_net(pn->net)))
			continue;
		pn->going = own;
		list_add_tail(&pn->turn, list);
	}
	spin_unlock(&pg_nets_lock);
}

/*
 * While there still are interfaces over which neighbours can be told. Many namespaces may go
 * one after the other while others wait to go: all that go end their groups with the
 * first, and what neighbours take to acknowledge the last word is waited for once.
 */
static void __net_exit pg_net_pre_exit(struct net *net)
{
	struct pg_net *own = pg_net_of(net), *pn;
	LIST_HEAD(list);

	mutex_lock(&pg_nets_ending);
	if (!own->going)
		pg_nets_collect(own, &list);
	/* None of them is gone before it has had the lock, too. */
	list_for_each_entry(pn, &list, turn)
		pg_net_end_groups(pn, &pn->ending);
	mutex_unlock(&pg_nets_ending);
	pg_group_wait(&own->ending);
}

static void __net_exit pg_net_exit(struct net *net)
{
	struct pg_net *pn = pg_net_of(net);

	spin_lock(&pg_nets_lock);
	list_del(&pn->node);
	spin_unlock(&pg_nets_lock);
	xa_destroy(&pn->groups);
}

unsigned int pg_net_id;

static struct pernet_operations pg_net_ops = {
	.init = pg_net_init,
	.pre_exit = pg_net_pre_exit,
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
	struct pg_net *pn;
	LIST_HEAD(ended);
	LIST_HEAD(list);

	/*
	 * Who opens a group looks at it under the namespace's lock, which is taken below; in a
	 * namespace that is too new to be in the list then, it is seen in any case.
	 */
	WRITE_ONCE(pg_group_closing, true);
	mutex_lock(&pg_nets_ending);
	pg_nets_collect(NULL, &list);
	list_for_each_entry(pn, &list, turn)
		pg_net_end_groups(pn, &ended);
	/* No namespace goes before its groups do: it would have to have the lock. */
	pg_group_wait(&ended);
	mutex_unlock(&pg_nets_ending);
}

void pg_group_module_exit(void)
{
	unregister_pernet_subsys(&pg_net_ops);
}
