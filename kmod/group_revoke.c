// SPDX-License-Identifier: GPL-2.0-only
/*
 * What follows from revocations in a group: links of revoked members end, their void
 * records go, programs hear of both. Called when a revocation enters or leaves the
 * table; the work is done a moment later and for all of them at once, as each time
 * all members are judged again. Who puts a revocation here waits for it.
 */
#include "group.h"
#include "netlink.h"
#include "revoke.h"

#define PG_REVOKE_PAUSE_MS	100	/* between two judgements */
#define PG_SWEEP_BATCH		256	/* records looked at under the lock in one go */

void pg_group_revocations_changed(struct pg_group *g)
{
	unsigned long pause = msecs_to_jiffies(PG_REVOKE_PAUSE_MS);

	lockdep_assert_held(&g->lock);
	g->revokes_changed = true;
	if (!g->ended)
		queue_delayed_work(pg_wq, &g->revoke,
				   time_before(jiffies, g->judged + pause) ? pause : 0);
}

void pg_group_revocations_settle(struct pg_group *g)
{
	u32 before;

	might_sleep();
	mutex_lock(&g->lock);
	before = g->judgements - !g->revokes_changed;
	mutex_unlock(&g->lock);
	/* Any judgement from now on has seen it. One that goes on in steps queues itself again. */
	while (READ_ONCE(g->judgements) == before && !READ_ONCE(g->ended))
		flush_delayed_work(&g->revoke);
}

void pg_group_check_peer(struct pg_link *link)
{
	struct pg_group *g = link->group;

	lockdep_assert_held(&g->lock);
	/* One that is about to go is still there, and was counted. */
	if (!link->peer || pg_link_closing(link) || !pg_member_revoked(link->peer))
		return;
	pg_stat_inc(&g->stats, PEERGROUP_A_STATS_LINK_REVOKED);
	pg_link_close(link, PG_BYE_REVOKED, EKEYREVOKED);
}

static void pg_group_member_changed(struct pg_member *m, void *arg)
{
	pg_netlink_member(arg, m);
}

/* Judges all members, and ends the links of those who are none any more. */
static void pg_group_judge(struct pg_group *g)
{
	struct pg_link *link;

	g->revokes_changed = false;
	g->judged = jiffies;
	WRITE_ONCE(g->judgements, g->judgements + 1);
	if (!pg_revocations_apply(&g->members, pg_group_member_changed, g))
		return;
	if (pg_group_choose_self(g))
		pg_group_announce(g);
	list_for_each_entry(link, &g->links, node)
		pg_group_check_peer(link);
	pg_group_update_status(g);
	g->sweeping = true;
	memset(g->sweep_id, 0, sizeof(g->sweep_id));
}

static void pg_group_withdraw(struct pg_group *g, struct pg_record *r)
{
	bool live = !pg_rec_deleted(&r->rec);

	pg_table_withdraw(&g->table, r);
	if (live) {
		pg_stat_inc(&g->stats, PEERGROUP_A_STATS_WITHDRAWN);
		pg_netlink_record(g, r, PEERGROUP_CHANGE_DELETED);
	}
	pg_record_put(r);
}

/* Takes out what is void, some records at a time. What comes in meanwhile is not. */
static void pg_group_sweep(struct pg_group *g)
{
	struct pg_record *r = pg_table_ceiling(&g->table, g->sweep_id), *next;
	u32 n;

	for (n = 0; r && n < PG_SWEEP_BATCH; n++, r = next) {
		next = pg_table_after(&g->table, r);
		if (pg_rec_voided(&r->rec, r->modifier))
			pg_group_withdraw(g, r);
	}
	g->sweeping = r;
	if (r)
		memcpy(g->sweep_id, r->rec.id, sizeof(g->sweep_id));
}

void pg_group_revoke_work(struct work_struct *work)
{
	struct pg_group *g = container_of(to_delayed_work(work), struct pg_group, revoke);
	struct mem_cgroup *memcg = pg_group_charge(g);

	mutex_lock(&g->lock);
	if (g->ended)
		goto out;
	/* One judgement at a time: it takes a while where there are many members. */
	if (g->revokes_changed && !g->sweeping)
		pg_group_judge(g);
	if (g->sweeping)
		pg_group_sweep(g);
	if (g->sweeping)
		queue_delayed_work(pg_wq, &g->revoke, 0);
	else if (g->revokes_changed)
		queue_delayed_work(pg_wq, &g->revoke, msecs_to_jiffies(PG_REVOKE_PAUSE_MS));
out:
	mutex_unlock(&g->lock);
	pg_group_uncharge(memcg);
}
