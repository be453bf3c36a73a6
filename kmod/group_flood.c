// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a group does about its records: the answers to what admission (flood.c)
 * asks, and expiry. Holds no policy about validity.
 */
#include <linux/ktime.h>
#include <linux/math64.h>
#include "group.h"
#include "message.h"
#include "netlink.h"
#include "reserved.h"
#include "revoke.h"
#include "trace.h"
#include "verify.h"

#define PG_EXPIRE_BATCH		64
#define PG_EXPIRE_WAIT_MAX	(60 * 1000)	/* ms; the host's clock may be set */

/* -------------------------------------------- what admission asks of us -- */

static struct pg_group *pg_flood_group(struct pg_flood *f)
{
	return container_of(f, struct pg_group, flood);
}

static u64 pg_group_flood_now(struct pg_flood *f)
{
	return pg_group_now(pg_flood_group(f));
}

static unsigned int pg_group_verify(const struct pg_record *r)
{
	switch (pg_verify(r->rec.sig_algo, r->modifier->gmc.key, r->rec.signed_hash, r->rec.sig)) {
	case 0:
		return 0;
	case -ENOPKG:
		return PEERGROUP_A_STATS_REFUSED_ALGORITHM;
	case -ENOMEM:
		return PEERGROUP_A_STATS_REFUSED_NOMEM;
	default:
		return PEERGROUP_A_STATS_REFUSED_SIGNATURE;
	}
}

static unsigned int pg_group_flood_verify(struct pg_flood *f, const struct pg_record *r)
{
	struct pg_group *g = pg_flood_group(f);
	u64 start = ktime_get_ns();
	unsigned int refusal;
	bool seen = false;

	lockdep_assert_not_held(&g->lock);
	if (pg_rec_batched(&r->rec))
		refusal = pg_batch_verify(&g->batches, r, pg_group_verify, &seen);
	else
		refusal = pg_group_verify(r);
	if (!refusal)
		pg_stat_inc(&g->stats, seen ? PEERGROUP_A_STATS_BATCHED :
				       PEERGROUP_A_STATS_VERIFIED);
	trace_pg_verify(f->index, r->rec.id, refusal, ktime_get_ns() - start);
	return refusal;
}

static void pg_group_flood_queue(struct pg_flood *f, struct work_struct *work)
{
	queue_work(pg_wq, work);
}

static void pg_group_trace(struct pg_flood *f, const struct pg_link *from,
			   const struct pg_record *r, u32 verdict)
{
	static const u8 no_id[PEERGROUP_ID_LEN];

	trace_pg_record_verdict(f->index, from ? from->id : 0, r ? r->rec.id : no_id,
				r ? r->rec.version : 0, verdict);
}

static void pg_group_flood_received(struct pg_flood *f, struct pg_link *from,
				    const struct pg_record *r)
{
	trace_pg_record_received(f->index, from->id, r->rec.id, r->rec.version, r->wire_len);
}

static void pg_group_flood_present(struct pg_flood *f, struct pg_link *from,
				   const struct pg_record *r)
{
	/* A redundant path: dissemination will make use of this. */
	pg_group_trace(f, from, r, PEERGROUP_A_STATS_PRESENT);
}

static void pg_group_flood_old(struct pg_flood *f, struct pg_link *from,
			       const struct pg_record *r, struct pg_record *ours)
{
	struct pg_group *g = pg_flood_group(f);

	pg_group_trace(f, from, r, PEERGROUP_A_STATS_OLD);
	mutex_lock(&g->lock);
	if (from->up)
		pg_link_send_record(from, ours);
	mutex_unlock(&g->lock);
}

static void pg_group_drop_waiting(struct pg_link *link, struct pg_deferred *d)
{
	if (!d->r)
		return;
	pg_stat_inc(&link->group->stats, PEERGROUP_A_STATS_DROPPED_DEFERRED);
	pg_group_trace(&link->group->flood, link, d->r, PEERGROUP_A_STATS_DROPPED_DEFERRED);
	pg_record_put(pg_link_undefer(link, d));
	/* Who brought it takes it for delivered. */
	WRITE_ONCE(link->missed, true);
}

/*
 * The place of the ring for @bytes more. Anybody may send records whose signer
 * nobody knows, so what they keep is bounded in bytes, too.
 */
static struct pg_deferred *pg_group_make_room(struct pg_link *link, u32 bytes)
{
	const struct pg_limits *limits = &link->group->limits;
	u32 i, at = link->defer_next++ % PG_LINK_DEFER_MAX;

	pg_group_drop_waiting(link, &link->deferred[at]);
	/* The first places behind @at are the oldest. */
	for (i = 1; i < PG_LINK_DEFER_MAX; i++) {
		if (i > PG_LINK_DEFER_MAX - limits->defer_records &&
		    link->deferred_bytes + (u64)bytes <= limits->defer_bytes)
			break;
		pg_group_drop_waiting(link, &link->deferred[(at + i) % PG_LINK_DEFER_MAX]);
	}
	return &link->deferred[at];
}

/* Has the other end been asked for a certificate while the records that wait came? */
static bool pg_group_asked(const struct pg_link *link, const u8 *missing)
{
	u32 i;

	for (i = 0; i < PG_LINK_DEFER_MAX; i++) {
		const struct pg_deferred *d = &link->deferred[i];

		if (d->r && d->asked && !memcmp(d->missing, missing, sizeof(d->missing)))
			return true;
	}
	return false;
}

/*
 * Parks a record in its link's ring, where the newest pushes out the oldest. One
 * question for a certificate will do: an answer may be a hundred times as long
 * as the record, and who answers too often counts as somebody who does not read.
 */
static void pg_group_flood_defer(struct pg_flood *f, struct pg_link *from,
				 struct pg_record *r, const u8 *missing)
{
	struct pg_group *g = pg_flood_group(f);
	struct pg_want_gmc want;
	struct pg_deferred *d;
	bool asked;

	pg_group_trace(f, from, r, PEERGROUP_A_STATS_DEFERRED);
	memcpy(want.fingerprint, missing, sizeof(want.fingerprint));
	mutex_lock(&g->lock);
	if (!from->up) {
		mutex_unlock(&g->lock);
		pg_record_put(r);
		return;
	}
	asked = pg_group_asked(from, missing);
	d = pg_group_make_room(from, r->wire_len);
	d->r = r;
	from->deferred_bytes += r->wire_len;
	memcpy(d->missing, missing, sizeof(d->missing));
	d->asked = !asked;
	d->deadline = jiffies + msecs_to_jiffies(g->limits.defer_ms);
	mutex_unlock(&g->lock);
	if (!asked && pg_link_send(from, PG_MSG_WANT_GMC, &want, sizeof(want)))
		pg_link_close(from, 0, ENOBUFS);
}

static void pg_group_flood_refused(struct pg_flood *f, struct pg_link *from,
				   const struct pg_record *r, unsigned int refusal,
				   bool invalid)
{
	pg_group_trace(f, from, r, refusal);
	if (!from)
		return;
	/* Whoever forwards a record has verified it: this end has not. */
	if (invalid) {
		set_bit(PG_LINK_LIED, &from->flags);
		pg_link_close(from, PG_BYE_PROTOCOL, EKEYREJECTED);
	} else if (refusal == PEERGROUP_A_STATS_REFUSED_NOMEM) {
		pg_link_resync(from);
	} else if (refusal == PEERGROUP_A_STATS_REFUSED_RATE) {
		WRITE_ONCE(from->missed, true);
	}
}

static bool pg_group_flood_lied(struct pg_flood *f, const struct pg_link *from)
{
	return test_bit(PG_LINK_LIED, &from->flags);
}

static bool pg_group_flood_akin(const struct pg_link *from, const struct pg_link *other)
{
	/* Appeals are charged to who was revoked, and may be of many below that one. */
	return from == other ||
	       (!READ_ONCE(from->appeal) && !READ_ONCE(other->appeal) &&
		READ_ONCE(from->payer) == READ_ONCE(other->payer));
}

static void pg_group_flood_wasted(struct pg_flood *f, struct pg_link *from, u32 units)
{
	pg_link_wasted(from, 1 + units);
}

static void pg_group_properties_changed(struct pg_group *g, const struct pg_record *r)
{
	bool defer = pg_properties_flags(&r->rec) & PEERGROUP_PROPERTY_DEFER_EXPIRATION;

	WRITE_ONCE(g->defer_expiry, defer);
	if (!g->ended)
		mod_delayed_work(pg_wq, &g->expire, 0);
}

static void pg_group_flood_committed(struct pg_flood *f, struct pg_link *from,
				     struct pg_record *r, u32 change)
{
	struct pg_group *g = pg_flood_group(f);
	struct pg_link *link;
	u32 n = 0;

	lockdep_assert_held(&g->lock);
	trace_pg_record_committed(f->index, r->rec.id, r->rec.version, change, r->seq);
	if (from)
		from->futile = 0;
	list_for_each_entry(link, &g->links, node) {
		if (link == from || !link->up)
			continue;
		if (!pg_link_send_record(link, r))
			n++;
	}
	pg_stat_add(&g->stats, PEERGROUP_A_STATS_FORWARDED, n);
	if (change && !g->ended)
		pg_netlink_record(g, r, change);
	if (r->revocation)
		pg_group_revocations_changed(g);
	if (pg_rec_kind(r->rec.type) == PG_REC_PROPERTIES)
		pg_group_properties_changed(g, r);
	if (pg_rec_kind(r->rec.type) == PG_REC_PRESENCE)
		pg_group_presence_changed(g, r);
	if (pg_table_next_expiry(&g->table) == r->until && !g->ended)
		mod_delayed_work(pg_wq, &g->expire, 0);
}

static void pg_group_flood_begin(struct pg_flood *f, struct pg_link *from, u32 bytes)
{
	pg_group_busy(pg_flood_group(f));
	pg_link_hold(from);
	atomic_inc(&from->arrivals);
	atomic_add(bytes, &from->arrival_bytes);
}

static void pg_group_flood_done(struct pg_flood *f, struct pg_link *from, u32 bytes)
{
	struct pg_group *g = pg_flood_group(f);
	struct mem_cgroup *memcg = pg_group_charge(g);

	pg_link_arrival_done(from, bytes);
	/* The last one of a burst may be what readiness was waiting for. */
	if (!atomic_read(&from->arrivals) && (!READ_ONCE(g->synced) || READ_ONCE(from->resync)))
		pg_message_drained(from);
	pg_group_uncharge(memcg);
	/* The link holds the group, which pg_group_end() may let go of as soon as it is idle. */
	pg_group_unbusy(g);
	pg_link_put(from);
}

static struct mem_cgroup *pg_group_flood_charge(struct pg_flood *f)
{
	return pg_group_charge(pg_flood_group(f));
}

/* Nearly always nothing was asked for: that needs no lock, as only @rx, which this is, asks. */
static bool pg_group_flood_asked(struct pg_flood *f, struct pg_link *from,
				 const struct pg_record *r)
{
	struct pg_group *g = pg_flood_group(f);
	bool asked;

	if (READ_ONCE(from->sync.phase) == PG_SYNC_IDLE)
		return false;
	mutex_lock(&g->lock);
	asked = pg_sync_due(&from->sync, r->rec.id);
	mutex_unlock(&g->lock);
	return asked;
}

const struct pg_flood_ops pg_group_flood_ops = {
	.now = pg_group_flood_now,
	.verify = pg_group_flood_verify,
	.queue = pg_group_flood_queue,
	.received = pg_group_flood_received,
	.present = pg_group_flood_present,
	.old = pg_group_flood_old,
	.defer = pg_group_flood_defer,
	.refused = pg_group_flood_refused,
	.committed = pg_group_flood_committed,
	.begin = pg_group_flood_begin,
	.done = pg_group_flood_done,
	.charge = pg_group_flood_charge,
	.uncharge = pg_group_uncharge,
	.asked = pg_group_flood_asked,
	.claim = pg_group_flood_claim,
	.lied = pg_group_flood_lied,
	.akin = pg_group_flood_akin,
	.wasted = pg_group_flood_wasted,
};

/* --------------------------------------------------------------- expiry -- */

static void pg_group_expire_one(struct pg_group *g, struct pg_record *r)
{
	if (r->revocation) {
		pg_revocation_del(&g->members, r->revocation);
		pg_group_revocations_changed(g);
	}
	if (!pg_rec_deleted(&r->rec)) {
		pg_stat_inc(&g->stats, PEERGROUP_A_STATS_EXPIRED);
		pg_netlink_record(g, r, PEERGROUP_CHANGE_EXPIRED);
	}
	pg_record_put(r);
}

bool pg_group_expires(const struct pg_group *g)
{
	return READ_ONCE(g->n_up) || !READ_ONCE(g->defer_expiry);
}

/* Begun anew when a record expires earlier than others, and by what makes it expire at all. */
void pg_group_expire_work(struct work_struct *work)
{
	struct pg_group *g = container_of(to_delayed_work(work), struct pg_group, expire);
	struct pg_record *r = NULL;
	u64 next, now, wait_ms;
	u32 n;

	mutex_lock(&g->lock);
	if (g->ended || !pg_group_expires(g))
		goto out;
	now = pg_group_now(g);
	if (pg_group_refresh_overdue(g, now)) {
		pg_group_refresh_soon(g);
		mod_delayed_work(pg_wq, &g->expire, HZ);
		goto out;
	}
	for (n = 0; n < PG_EXPIRE_BATCH; n++) {
		r = pg_table_expire(&g->table, now);
		if (!r)
			break;
		pg_group_expire_one(g, r);
	}
	next = pg_table_next_expiry(&g->table);
	if (next != U64_MAX) {
		wait_ms = next > now ? div_u64(next - now, 10000) + 1 : 0;
		mod_delayed_work(pg_wq, &g->expire,
				 msecs_to_jiffies(min_t(u64, wait_ms, PG_EXPIRE_WAIT_MAX)));
	}
out:
	mutex_unlock(&g->lock);
}
