// SPDX-License-Identifier: GPL-2.0-only
/*
 * Admission of records: from the bytes of a link or a program to the table.
 * Called by message.c for links and by netlink_record.c for programs; speaks
 * to the world through struct pg_flood_ops and never touches a socket.
 */
#include <linux/cpumask.h>
#include <linux/slab.h>
#include <crypto/sha2.h>
#include "alloc.h"
#include "clock.h"
#include "compat.h"
#include "flood.h"
#include "refresh.h"
#include "reserved.h"
#include "revoke.h"

/* A record of a link on its way through the signature check. */
struct pg_arrival {
	struct work_struct work;
	struct hlist_node node;
	struct list_head turn;		/* in pg_flood.waiting */
	struct pg_flood *flood;
	struct pg_link *from;
	struct pg_record *r;
	u8 key[SHA256_DIGEST_SIZE];	/* recognises copies in flight */
	u32 bytes;			/* what it counts in its link's window */
	bool twin;			/* another member brought it, too; inflight_lock */
};

void pg_flood_init(struct pg_flood *f)
{
	spin_lock_init(&f->inflight_lock);
	hash_init(f->inflight);
	INIT_LIST_HEAD(&f->waiting);
}

/* The refusals that show a link's other end to be broken or hostile. */
static bool pg_refusal_invalid(unsigned int refusal)
{
	switch (refusal) {
	case PEERGROUP_A_STATS_REFUSED_MALFORMED:
	case PEERGROUP_A_STATS_REFUSED_ID:
	case PEERGROUP_A_STATS_REFUSED_TIMES:
	case PEERGROUP_A_STATS_REFUSED_HASH:
	case PEERGROUP_A_STATS_REFUSED_SIGNATURE:
	case PEERGROUP_A_STATS_REFUSED_ROLE:
	case PEERGROUP_A_STATS_REFUSED_REFRESH:
		return true;
	default:
		return false;
	}
}

static unsigned int pg_refuse(struct pg_flood *f, struct pg_link *from,
			      const struct pg_record *r, unsigned int refusal)
{
	pg_stat_inc(f->stats, refusal);
	f->ops->refused(f, from, r, refusal, pg_refusal_invalid(refusal));
	return refusal;
}

/* What can be told from the record and the clock, cheapest first. */
static unsigned int pg_flood_screen(struct pg_flood *f, const struct pg_record *r)
{
	u64 now = f->ops->now(f);

	if (pg_rec_kind(r->rec.type) == PG_REC_UNUSED)
		return PEERGROUP_A_STATS_REFUSED_RESERVED;
	if (r->until <= now)
		return PEERGROUP_A_STATS_REFUSED_EXPIRED;
	if (r->rec.modified > now + PG_CLOCK_SKEW_MAX)
		return PEERGROUP_A_STATS_REFUSED_FUTURE;
	if (pg_rec_weight(&r->rec) > READ_ONCE(f->table->limits.record_size))
		return PEERGROUP_A_STATS_REFUSED_SIZE;
	if (!pg_rec_check_data(&r->rec))
		return PEERGROUP_A_STATS_REFUSED_HASH;
	return 0;
}

/*
 * Finds the signers. Returns the fingerprint that is not known, or NULL. A
 * deferred record comes here again and keeps what it found before.
 */
static const u8 *pg_flood_members(struct pg_flood *f, struct pg_record *r)
{
	if (!r->creator)
		r->creator = pg_members_get(f->members, r->rec.creator);
	if (!r->creator)
		return r->rec.creator;
	if (!r->modifier)
		r->modifier = pg_members_get(f->members, r->rec.modifier);
	return r->modifier ? NULL : r->rec.modifier;
}

/*
 * May the signers have signed this, as far as can be told before the signature is
 * checked? A revocation gets what the index of them will need, while it may fail.
 */
static unsigned int pg_flood_vouch(struct pg_record *r)
{
	unsigned int refusal = pg_rec_vouch(&r->rec, r->creator, r->modifier);

	if (refusal)
		return refusal;
	if (pg_rec_voided(&r->rec, r->modifier))
		return PEERGROUP_A_STATS_REFUSED_REVOKED;
	if (pg_rec_kind(r->rec.type) != PG_REC_REVOCATION || r->revocation)
		return 0;
	r->revocation = pg_revocation_new(&r->rec, r->modifier);
	return r->revocation ? 0 : PEERGROUP_A_STATS_REFUSED_NOMEM;
}

/*
 * The same of what is claimed along with a record: it keeps none alive beyond its signers'
 * certificates, nor beyond a revocation, however long the chain.
 */
static unsigned int pg_flood_vouch_claim(struct pg_flood *f, struct pg_record *r)
{
	u64 last = max(r->creator->gmc.not_after, r->modifier->gmc.not_after);

	if (!r->refresh || !r->refresh->claim_step)
		return 0;
	if (r->refresh->claim_step > pg_record_refresh_last(r))
		return PEERGROUP_A_STATS_REFUSED_REVOKED;
	r->until = min(r->until, last);
	return r->until > f->ops->now(f) ? 0 : PEERGROUP_A_STATS_REFUSED_EXPIRED;
}

/* What a membership record brings is known from then on, also to who never meets the member. */
static unsigned int pg_flood_learn(struct pg_flood *f, const struct pg_record *r)
{
	unsigned int refusal;
	struct pg_chain chain;

	if (pg_rec_kind(r->rec.type) != PG_REC_MEMBERSHIP || pg_rec_deleted(&r->rec))
		return 0;
	if (pg_chain_decode(&chain, r->rec.data.p, r->rec.data.len))
		return PEERGROUP_A_STATS_REFUSED_MALFORMED;
	refusal = pg_members_learn(f->members, &chain, NULL);
	/* Who signed it has seen that it is not valid. */
	return refusal == PEERGROUP_A_STATS_REFUSED_CERT ?
		PEERGROUP_A_STATS_REFUSED_MALFORMED : refusal;
}

/* Has it been refreshed as often as whoever sent it claims? */
static unsigned int pg_flood_prove(struct pg_flood *f, struct pg_record *r)
{
	struct pg_refresh *rf = r->refresh;

	if (!rf || !rf->claim_step)
		return 0;
	/* Again: the signer may have been revoked during the check. */
	if (rf->claim_step > pg_record_refresh_last(r))
		return PEERGROUP_A_STATS_REFUSED_REVOKED;
	if (!pg_refresh_leads(rf->claim, rf->claim_step, rf->value, rf->step))
		return PEERGROUP_A_STATS_REFUSED_REFRESH;
	pg_refresh_advance(rf, rf->claim_step, rf->claim);
	rf->claim_step = 0;
	r->until = pg_record_expires(r);
	return r->until > f->ops->now(f) ? 0 : PEERGROUP_A_STATS_REFUSED_EXPIRED;
}

/* What takes time of a record whose signature is good. No locks held. */
static unsigned int pg_flood_examine(struct pg_flood *f, struct pg_record *r)
{
	return pg_flood_prove(f, r) ?: pg_flood_learn(f, r);
}

static void pg_flood_count(struct pg_flood *f, u32 change)
{
	switch (change) {
	case PEERGROUP_CHANGE_ADDED:
		pg_stat_inc(f->stats, PEERGROUP_A_STATS_ADDED);
		break;
	case PEERGROUP_CHANGE_UPDATED:
		pg_stat_inc(f->stats, PEERGROUP_A_STATS_UPDATED);
		break;
	case PEERGROUP_CHANGE_DELETED:
		pg_stat_inc(f->stats, PEERGROUP_A_STATS_DELETED);
		break;
	}
}

/* Versions a second by one creator, or by one who invites and all below; 0 for any. */
static u32 pg_flood_rate(const struct pg_flood *f, bool inviter)
{
	return READ_ONCE(f->table->limits.creator.rate) * (inviter ? PG_QUOTA_INVITER : 1);
}

/* The first of the measures: what came unasked. */
static bool pg_flood_rate_full(const struct pg_flood *f, const struct pg_creator *c, bool inviter)
{
	const atomic64_t *due = inviter ? &c->branch_due : &c->due;

	return pg_rate_over(atomic64_read(due), pg_flood_rate(f, inviter), ktime_get_ns(),
			    PG_QUOTA_BURST_NS);
}

/* Is that more than @most, and the burst, which came while these were asked for? */
static bool pg_flood_ahead(const atomic64_t *backlog, u32 rate, u32 most)
{
	u64 then = atomic64_read(backlog);

	return pg_backlog_left(then, rate, ktime_get_boottime_seconds()) >=
	       most + rate * PG_QUOTA_BURST;
}

/*
 * The second: what was asked for. Of who keeps to the rate there is no more to catch up on than
 * all records that it may have, each refreshed to the end of the longest chain.
 */
static bool pg_flood_backlog_full(const struct pg_flood *f, const struct pg_creator *c,
				  bool inviter)
{
	const struct pg_backlog *backlog = inviter ? &c->branch_backlog : &c->backlog;
	u32 longest = pg_flood_units(READ_ONCE(f->table->limits.refresh_steps));
	u32 records = pg_table_share_records(f->table, inviter);
	u32 rate = pg_flood_rate(f, inviter);

	return rate && (pg_flood_ahead(&backlog->versions, rate, records) ||
			pg_flood_ahead(&backlog->hashes, rate, records * longest));
}

/* Is that so of a creator, or of who answers for it? */
static bool pg_flood_over(struct pg_flood *f, const struct pg_member *creator,
			  bool (*full)(const struct pg_flood *f, const struct pg_creator *c,
				       bool inviter))
{
	const struct pg_member *top = pg_member_branch(creator);
	struct pg_creator *own, *inviter = NULL;
	bool over;

	rcu_read_lock();
	own = pg_quota_find(&f->table->quotas, creator->gmc.spki_hash);
	if (top)
		inviter = pg_quota_find(&f->table->quotas, top->gmc.spki_hash);
	over = (own && full(f, own, false)) || (inviter && full(f, inviter, true));
	rcu_read_unlock();
	return over;
}

bool pg_flood_rate_over(struct pg_flood *f, const struct pg_member *creator)
{
	return pg_flood_over(f, creator, pg_flood_rate_full);
}

/*
 * Was it asked for, and is it no more than there may be to catch up on? What this end asks for
 * is what the other one says that it has, and that may be another version each time.
 */
static bool pg_flood_catches_up(struct pg_flood *f, const struct pg_record *r)
{
	return r->asked && !pg_flood_over(f, r->creator, pg_flood_backlog_full);
}

/* Is it the end of a record? A tombstone upon a tombstone is a version like any. */
static bool pg_flood_deletes(struct pg_flood *f, const struct pg_record *r)
{
	const struct pg_record *stored;
	bool deletes;

	if (!pg_rec_deleted(&r->rec))
		return false;
	rcu_read_lock();
	stored = pg_table_find(f->table, r->rec.id);
	deletes = stored && !pg_rec_deleted(&stored->rec);
	rcu_read_unlock();
	return deletes;
}

/*
 * Does the creator publish faster than it may? A record that comes over a link
 * and is dropped for this is valid, and who forwarded it did well: the tables
 * differ then, and the next reconciliation that this end leads asks for it, which has
 * a measure of its own. Nobody is kept from deleting what there is, nor an administrator
 * from revoking.
 */
static bool pg_flood_hasty(struct pg_flood *f, const struct pg_record *r)
{
	return pg_flood_rate_over(f, r->creator) && !pg_flood_catches_up(f, r) &&
	       !pg_flood_deletes(f, r) && pg_rec_kind(r->rec.type) != PG_REC_REVOCATION;
}

/* Lock held; others read @due without. */
static void pg_flood_take(atomic64_t *due, u32 rate)
{
	u64 next = atomic64_read(due);

	pg_rate_take(&next, rate, ktime_get_ns(), PG_QUOTA_AHEAD_NS);
	atomic64_set(due, next);
}

static void pg_flood_take_rate(struct pg_flood *f, const struct pg_record *r)
{
	pg_flood_take(&r->quota->due, pg_flood_rate(f, false));
	if (r->inviter)
		pg_flood_take(&r->inviter->branch_due, pg_flood_rate(f, true));
}

void pg_flood_take_refresh(struct pg_flood *f, const struct pg_record *r, u32 n)
{
	u32 units;

	lockdep_assert_held(f->lock);
	for (units = pg_flood_units(n); units; units--)
		pg_flood_take_rate(f, r);
}

/* Lock held; others read @backlog without. */
static void pg_flood_put_off(struct pg_backlog *backlog, u32 rate, u32 hashes)
{
	u32 now = ktime_get_boottime_seconds();

	if (!rate)
		return;
	pg_backlog_add(&backlog->versions, 1, rate, now);
	if (hashes)
		pg_backlog_add(&backlog->hashes, pg_flood_units(hashes), rate, now);
}

static void pg_flood_take_backlog(struct pg_flood *f, const struct pg_record *r, u32 hashes)
{
	pg_flood_put_off(&r->quota->backlog, pg_flood_rate(f, false), hashes);
	if (r->inviter)
		pg_flood_put_off(&r->inviter->branch_backlog, pg_flood_rate(f, true), hashes);
}

/* Counts a version that is in the table now. */
static void pg_flood_take_version(struct pg_flood *f, const struct pg_record *r)
{
	u32 hashes = r->refresh ? r->refresh->step : 0;

	if (pg_flood_catches_up(f, r)) {
		pg_flood_take_backlog(f, r, hashes);
		return;
	}
	pg_flood_take_rate(f, r);
	pg_flood_take_refresh(f, r, hashes);
}

/* Makes a verified version part of the table. Lock held. */
static unsigned int pg_flood_commit(struct pg_flood *f, struct pg_link *from,
				    struct pg_record *r)
{
	struct pg_record *old = NULL;
	unsigned int refusal;
	u32 change;

	lockdep_assert_held(f->lock);
	/* The signer may have been revoked during the check. */
	if (pg_rec_voided(&r->rec, r->modifier))
		return PEERGROUP_A_STATS_REFUSED_REVOKED;
	if (pg_flood_hasty(f, r))
		return PEERGROUP_A_STATS_REFUSED_RATE;
	refusal = pg_table_put(f->table, r, &change, &old);
	if (refusal)
		return refusal;
	pg_flood_take_version(f, r);
	if (old && old->revocation)
		pg_revocation_del(f->members, old->revocation);
	if (r->revocation)
		pg_revocation_add(f->members, r->revocation);
	pg_flood_count(f, change);
	f->ops->committed(f, from, r, change);
	if (old)
		pg_record_put(old);
	return 0;
}

/* Drops what a link sent when the table has it, or something newer. */
static bool pg_flood_known(struct pg_flood *f, struct pg_link *from,
			   const struct pg_record *r)
{
	struct pg_record *stored = NULL;
	struct pg_rec_key key;

	pg_record_key(r, &key);
	switch (pg_table_compare(f->table, r->rec.id, &key, &stored)) {
	case PG_PRESENT:
		pg_stat_inc(f->stats, PEERGROUP_A_STATS_PRESENT);
		f->ops->present(f, from, r);
		return true;
	case PG_OLD:
		pg_stat_inc(f->stats, PEERGROUP_A_STATS_OLD);
		f->ops->old(f, from, r, stored);
		pg_record_put(stored);
		return true;
	default:
		return false;
	}
}

/* ------------------------------------------------- records of links -- */

/* What is claimed along with it is a part of what is checked. */
static void pg_arrival_key(const struct pg_record *r, u8 *key)
{
	struct sha256_ctx s;

	sha256_init(&s);
	sha256_update(&s, r->wire, r->rec.sig_block.p + r->rec.sig_block.len - r->wire);
	if (r->refresh) {
		sha256_update(&s, (const u8 *)&r->refresh->claim_step,
			      sizeof(r->refresh->claim_step));
		sha256_update(&s, r->refresh->claim, sizeof(r->refresh->claim));
	}
	sha256_final(&s, key);
}

/*
 * True where the same bytes are being checked already. Header, attributes and
 * signature block stand before the data in one piece; the data was found to
 * match its hash in the header before, so that a copy with other data cannot
 * push the true one aside.
 */
static bool pg_flood_track(struct pg_flood *f, struct pg_arrival *a)
{
	struct pg_arrival *other;
	bool found = false;
	u32 slot;

	pg_arrival_key(a->r, a->key);
	slot = get_unaligned_be32(a->key);
	spin_lock(&f->inflight_lock);
	hash_for_each_possible(f->inflight, other, node, slot) {
		if (!memcmp(other->key, a->key, sizeof(a->key))) {
			other->twin |= !f->ops->akin(other->from, a->from);
			found = true;
			break;
		}
	}
	if (!found)
		hash_add(f->inflight, &a->node, slot);
	spin_unlock(&f->inflight_lock);
	return found;
}

/*
 * The end of tracking: with @forgo only where nobody else relies on the check, as whose copy
 * was dropped for this one does. Return: false where it goes on.
 */
static bool pg_flood_untrack(struct pg_flood *f, struct pg_arrival *a, bool forgo)
{
	bool ends;

	spin_lock(&f->inflight_lock);
	ends = !forgo || !a->twin;
	if (ends)
		hash_del(&a->node);
	spin_unlock(&f->inflight_lock);
	return ends;
}

/*
 * The signature is good. What is refused all the same, and is not in the table after that, could
 * be sent again and again, by anybody who has it: so who sends it is charged with the check, and
 * not who has signed it. What is false ends the link in any case.
 */
static unsigned int pg_arrival_commit(struct pg_flood *f, struct pg_arrival *a)
{
	unsigned int refusal = pg_flood_examine(f, a->r);

	if (!refusal) {
		mutex_lock(f->lock);
		refusal = pg_flood_commit(f, a->from, a->r);
		mutex_unlock(f->lock);
	}
	if (refusal && !pg_refusal_invalid(refusal))
		f->ops->wasted(f, a->from, pg_flood_units(a->r->refresh ? a->r->refresh->step : 0));
	return refusal;
}

static void pg_arrival_check(struct pg_flood *f, struct pg_arrival *a)
{
	unsigned int refusal;

	/* A twin may have been committed between our look-up and our tracking. */
	if (pg_flood_known(f, a->from, a->r))
		return;
	refusal = f->ops->verify(f, a->r);
	if (!refusal)
		refusal = pg_arrival_commit(f, a);
	/* Overtaken by a newer version while we looked at the signature. */
	if (refusal == PEERGROUP_A_STATS_REFUSED_STALE)
		pg_stat_inc(f->stats, PEERGROUP_A_STATS_OLD);
	else if (refusal)
		pg_refuse(f, a->from, a->r, refusal);
}

/*
 * As many of a group at a time as there are CPUs to check them, and one more: most of them
 * wait for the group's lock in the end, and all groups' works share one queue.
 */
static void pg_arrival_begin(struct pg_flood *f, struct pg_arrival *a)
{
	bool begins;

	spin_lock(&f->inflight_lock);
	begins = f->checking <= num_online_cpus();
	if (begins)
		f->checking++;
	else
		list_add_tail(&a->turn, &f->waiting);
	spin_unlock(&f->inflight_lock);
	if (begins)
		f->ops->queue(f, &a->work);
}

/* One is over: the next takes its place. */
static void pg_arrival_next(struct pg_flood *f)
{
	struct pg_arrival *a;

	spin_lock(&f->inflight_lock);
	a = list_first_entry_or_null(&f->waiting, struct pg_arrival, turn);
	if (a)
		list_del(&a->turn);
	else
		f->checking--;
	spin_unlock(&f->inflight_lock);
	if (a)
		f->ops->queue(f, &a->work);
}

static void pg_arrival_work(struct work_struct *work)
{
	struct pg_arrival *a = container_of(work, struct pg_arrival, work);
	struct pg_flood *f = a->flood;
	struct mem_cgroup *memcg = f->ops->charge(f);

	/* Who was caught in a lie is not worth more signature checks. */
	if (!f->ops->lied(f, a->from) || !pg_flood_untrack(f, a, true)) {
		pg_arrival_check(f, a);
		pg_flood_untrack(f, a, false);
	}
	f->ops->uncharge(memcg);
	/* What follows may be the end of the group. */
	pg_arrival_next(f);
	f->ops->done(f, a->from, a->bytes);
	pg_record_put(a->r);
	kfree(a);
}

/* Takes over the reference to @r. */
static void pg_flood_check(struct pg_flood *f, struct pg_link *from, struct pg_record *r)
{
	struct pg_arrival *a = kzalloc(sizeof(*a), PG_GFP_LINK);

	if (!a) {
		pg_refuse(f, from, r, PEERGROUP_A_STATS_REFUSED_NOMEM);
		pg_record_put(r);
		return;
	}
	INIT_WORK(&a->work, pg_arrival_work);
	a->flood = f;
	a->from = from;
	a->r = r;
	a->bytes = r->wire_len;
	if (pg_flood_track(f, a)) {
		pg_stat_inc(f->stats, PEERGROUP_A_STATS_PRESENT);
		f->ops->present(f, from, r);
		pg_record_put(r);
		kfree(a);
		return;
	}
	f->ops->begin(f, from, a->bytes);
	pg_arrival_begin(f, a);
}

void pg_flood_again(struct pg_flood *f, struct pg_link *from, struct pg_record *r)
{
	unsigned int refusal;
	const u8 *missing;

	if (pg_flood_known(f, from, r))
		goto out;
	refusal = pg_flood_screen(f, r);
	if (refusal) {
		pg_refuse(f, from, r, refusal);
		goto out;
	}
	missing = pg_flood_members(f, r);
	if (missing) {
		pg_stat_inc(f->stats, PEERGROUP_A_STATS_DEFERRED);
		f->ops->defer(f, from, r, missing);
		return;
	}
	refusal = pg_flood_vouch(r);
	if (!refusal)
		refusal = pg_flood_vouch_claim(f, r);
	if (!refusal)
		refusal = pg_table_full(f->table, r);
	if (!refusal && pg_flood_hasty(f, r))
		refusal = PEERGROUP_A_STATS_REFUSED_RATE;
	if (refusal) {
		pg_refuse(f, from, r, refusal);
		goto out;
	}
	pg_flood_check(f, from, r);
	return;
out:
	pg_record_put(r);
}

void pg_flood_arrival(struct pg_flood *f, struct pg_link *from, u8 *wire, u32 len)
{
	struct pg_record *r = pg_record_new(f->group, wire, len, PG_GFP_LINK);

	if (IS_ERR(r)) {
		kvfree(wire);
		pg_refuse(f, from, NULL, PTR_ERR(r) == -ENOMEM ?
			  PEERGROUP_A_STATS_REFUSED_NOMEM :
			  PEERGROUP_A_STATS_REFUSED_MALFORMED);
		return;
	}
	f->ops->received(f, from, r);
	r->asked = f->ops->asked(f, from, r);
	if (r->refresh)
		f->ops->claim(f, from, r);
	pg_flood_again(f, from, r);
}

/* -------------------------------------- records of this host's programs -- */

/* What an update has to keep of the version it replaces. */
static unsigned int pg_flood_follows(struct pg_flood *f, const struct pg_record *r)
{
	unsigned int refusal = PEERGROUP_A_STATS_REFUSED_CHANGED;
	const struct pg_rec *new = &r->rec;
	struct pg_record *stored = pg_table_get(f->table, new->id);
	struct pg_rec_key key, had;

	if (!stored)
		return 0;
	pg_record_key(r, &key);
	pg_record_key(stored, &had);
	if (pg_rec_key_cmp(&key, &had) <= 0)
		refusal = PEERGROUP_A_STATS_REFUSED_STALE;
	else if (!memcmp(new->type, stored->rec.type, sizeof(new->type)) &&
		 !((new->flags ^ stored->rec.flags) & ~PEERGROUP_RECORD_DELETED) &&
		 new->created == stored->rec.created &&
		 new->expires >= stored->rec.expires &&
		 !memcmp(r->creator->gmc.spki_hash, stored->creator->gmc.spki_hash,
			 sizeof(r->creator->gmc.spki_hash)))
		/* It may have been refreshed since the program looked. */
		refusal = new->expires >= pg_record_expires(stored) ? 0 :
			  PEERGROUP_A_STATS_REFUSED_STALE;
	pg_record_put(stored);
	return refusal;
}

static unsigned int pg_flood_put_record(struct pg_flood *f, struct pg_record *r, u64 *seq)
{
	unsigned int refusal = pg_flood_screen(f, r);

	if (refusal)
		return refusal;
	if (pg_flood_members(f, r))
		return PEERGROUP_A_STATS_REFUSED_UNKNOWN;
	refusal = pg_flood_vouch(r);
	if (!refusal)
		refusal = pg_flood_follows(f, r);
	if (!refusal && pg_flood_hasty(f, r))
		refusal = PEERGROUP_A_STATS_REFUSED_RATE;
	if (!refusal)
		refusal = f->ops->verify(f, r);
	if (!refusal)
		refusal = pg_flood_examine(f, r);
	if (refusal)
		return refusal;
	mutex_lock(f->lock);
	/* Again: another version may have come while we looked at the signature. */
	refusal = pg_flood_follows(f, r);
	if (!refusal)
		refusal = pg_flood_commit(f, NULL, r);
	if (seq)
		*seq = r->seq;
	mutex_unlock(f->lock);
	return refusal;
}

unsigned int pg_flood_put(struct pg_flood *f, u8 *wire, u32 len, u64 *seq)
{
	struct pg_record *r = pg_record_new(f->group, wire, len, GFP_KERNEL_ACCOUNT);
	unsigned int refusal;

	if (IS_ERR(r)) {
		kvfree(wire);
		return pg_refuse(f, NULL, NULL, PTR_ERR(r) == -ENOMEM ?
				 PEERGROUP_A_STATS_REFUSED_NOMEM :
				 PEERGROUP_A_STATS_REFUSED_MALFORMED);
	}
	refusal = pg_flood_put_record(f, r, seq);
	if (refusal)
		pg_refuse(f, NULL, r, refusal);
	pg_record_put(r);
	return refusal;
}
