// SPDX-License-Identifier: GPL-2.0-only
/*
 * What follows from revocations in a group: links of revoked members end, their void
 * records go, programs hear of both. Called when a revocation enters or leaves the
 * table; the work is done a moment later and for all of them at once, as each time
 * all members are judged again. Who puts a revocation here waits for it, unless there is a pause.
 */
#include <linux/ktime.h>
#include <linux/wait.h>
#include "group.h"
#include "netlink.h"
#include "revoke.h"
#include "trace.h"

/*
 * A judgement costs the number of members and revocations, and that of records where a
 * member's verdict changed. How often revocations come is for administrators to choose, as no
 * rate keeps them from revoking. So what they make a host do is bounded instead: after each
 * judgement comes a pause in proportion to the time it took. It ends in any case, so that who
 * revokes a hostile administrator does not wait for longer than that. What a program of this
 * host has put waits for no pause that others have made necessary; but for that of the judgement
 * that a program had before, or anybody who may write could have one after the other made. Not so
 * CAP_NET_ADMIN of the host: who has that may stop the machine.
 */
#define PG_REVOKE_SHARE		10	/* times as long as the judgement before took */
#define PG_REVOKE_PAUSE_MAX_NS	(5ULL * NSEC_PER_SEC)
#define PG_REVOKE_PAUSE_MIN_NS	(100ULL * NSEC_PER_MSEC)
#define PG_SWEEP_BATCH		256	/* records looked at under the lock in one go */
#define PG_TELL_BATCH		4096	/* members, and events that sockets are sent, likewise */

static u64 pg_group_revoke_pause(const struct pg_group *g)
{
	return min(PG_REVOKE_SHARE * g->judge_ns, PG_REVOKE_PAUSE_MAX_NS);
}

/* How many jiffies of a pause are left; a part of one is none. Lock held. */
static unsigned long pg_group_pause_left(const struct pg_group *g, u64 pause)
{
	u64 now = ktime_get_ns(), until = g->judged + pause;

	return until > now ? nsecs_to_jiffies(until - now) : 0;
}

/* How soon the next judgement comes, or what is left of this one. */
static unsigned long pg_group_judge_in(const struct pg_group *g)
{
	u64 pause = pg_group_revoke_pause(g);

	if (g->sweeping || g->rush)
		return 0;
	return pg_group_pause_left(g, max(pause, PG_REVOKE_PAUSE_MIN_NS));
}

static void pg_group_judge_later(struct pg_group *g)
{
	queue_delayed_work(pg_wq, &g->revoke, pg_group_judge_in(g));
}

void pg_group_revocations_changed(struct pg_group *g)
{
	lockdep_assert_held(&g->lock);
	g->revokes_changed = true;
	if (!g->ended)
		pg_group_judge_later(g);
}

/* For a program, if that is its turn, a judgement is brought forward. Return: whether it is. */
static bool pg_group_rush(struct pg_group *g, bool admin)
{
	if (!g->revokes_changed || g->ended)
		return false;
	g->programs = true;
	if (!g->rush) {
		/* Of what is not over yet the pause is not known. */
		g->rush = admin || !g->rushed ||
			  (!g->sweeping && !pg_group_pause_left(g, pg_group_revoke_pause(g)));
		/* While records are looked through it is in the queue, and would lose its place. */
		if (g->rush && !g->sweeping)
			mod_delayed_work(pg_wq, &g->revoke, 0);
	}
	return g->rush;
}

void pg_group_revocations_settle(struct pg_group *g, bool admin)
{
	bool wait;
	u32 before;

	might_sleep();
	mutex_lock(&g->lock);
	before = g->judgements;
	wait = pg_group_rush(g, admin);
	mutex_unlock(&g->lock);
	/* Any judgement from now on has seen it. */
	if (wait)
		wait_event_killable(g->judgement, READ_ONCE(g->judgements) != before ||
				    READ_ONCE(g->ended));
}

void pg_group_check_peer(struct pg_link *link)
{
	struct pg_group *g = link->group;

	lockdep_assert_held(&g->lock);
	/* One that is about to go is still there, and was counted. So was one that appeals. */
	if (!link->peer || pg_link_closing(link) || READ_ONCE(link->appeal) ||
	    !pg_member_revoked(link->peer))
		return;
	pg_stat_inc(&g->stats, PEERGROUP_A_STATS_LINK_REVOKED);
	pg_link_close(link, PG_BYE_REVOKED, EKEYREVOKED);
}

static u32 pg_group_watched(const struct pg_group *g)
{
	const struct pg_watch *w;
	u32 n = 0;

	list_for_each_entry(w, &g->watches, node)
		n++;
	return n;
}

/*
 * Tells programs of members whose verdict has become another one: of all of them each socket
 * that watches. Who revokes may have all members change again and again, so that it is some at
 * a time, with a pause as after a judgement. Meanwhile others are judged, and a member that changes
 * again before its turn is told of once.
 */
static void pg_group_tell(struct pg_group *g)
{
	s64 left = PG_TELL_BATCH, each = 1 + pg_group_watched(g);
	u64 start = ktime_get_ns(), pause;
	u32 looks = PG_TELL_BATCH;
	struct pg_member *m;

	while (left > 0 && (m = pg_revocations_changed(&g->members, &looks))) {
		pg_netlink_member(g, m);
		left -= each;
		cond_resched();
	}
	if (!g->members.n_changed)
		return;
	pause = min(PG_REVOKE_SHARE * (ktime_get_ns() - start), PG_REVOKE_PAUSE_MAX_NS);
	queue_delayed_work(pg_wq, &g->tell, nsecs_to_jiffies(pause));
}

void pg_group_tell_work(struct work_struct *work)
{
	struct pg_group *g = container_of(to_delayed_work(work), struct pg_group, tell);

	mutex_lock(&g->lock);
	if (!g->ended)
		pg_group_tell(g);
	mutex_unlock(&g->lock);
}

/* Judges all members, and ends the links of those who are none any more. */
static void pg_group_judge(struct pg_group *g)
{
	struct pg_link *link;

	g->revokes_changed = false;
	g->rushed = g->programs;
	g->programs = false;
	g->rush = false;
	if (!pg_revocations_apply(&g->members))
		return;
	pg_group_tell(g);
	if (pg_group_choose_self(g))
		pg_group_announce(g);
	list_for_each_entry(link, &g->links, node)
		pg_group_check_peer(link);
	pg_group_update_status(g);
	pg_group_refresh_soon(g);
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

/* A judgement, unless it is too early, or a step of what follows from the last one. */
static void pg_group_revoke_step(struct pg_group *g)
{
	u64 start = ktime_get_ns();
	bool judges = !g->sweeping;

	if (judges) {
		if (!g->revokes_changed)
			return;
		if (!g->rush && pg_group_pause_left(g, pg_group_revoke_pause(g)))
			return;
		g->judge_ns = 0;
		pg_group_judge(g);
	}
	if (g->sweeping)
		pg_group_sweep(g);
	if (judges) {
		WRITE_ONCE(g->judgements, g->judgements + 1);
		wake_up_all(&g->judgement);
	}
	g->judged = ktime_get_ns();
	g->judge_ns += g->judged - start;
	if (!g->sweeping)
		trace_pg_judged(g->index, g->judgements, g->judge_ns);
}

void pg_group_revoke_work(struct work_struct *work)
{
	struct pg_group *g = container_of(to_delayed_work(work), struct pg_group, revoke);
	struct mem_cgroup *memcg = pg_group_charge(g);

	mutex_lock(&g->lock);
	if (!g->ended) {
		pg_group_revoke_step(g);
		if (g->sweeping || g->revokes_changed)
			pg_group_judge_later(g);
	}
	mutex_unlock(&g->lock);
	pg_group_uncharge(memcg);
}
