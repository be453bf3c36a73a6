// SPDX-License-Identifier: GPL-2.0-only
/*
 * Records that hash chains keep alive (refresh.h): what links tell of others', and the
 * refreshing of those whose seed a program has left here. Called by message.c and by
 * admission for the former, by netlink_stage.c for the latter.
 *
 * A seed is as good as the right to keep that one record alive until its chain ends: it
 * stays in the kernel, and goes when the record does.
 */
#include <linux/math64.h>
#include <linux/netlink.h>
#include <linux/slab.h>
#include "group.h"
#include "refresh.h"
#include "revoke.h"

#define PG_KEEPERS_MAX		64		/* of the group's owner, and of all others */
#define PG_KEEPERS_USER		32		/* of one of these */
#define PG_REFRESH_WAIT_MAX	(60 * 1000)	/* ms; the host's clock may be set */

/**
 * struct pg_keeper - what this host refreshes
 * @node: in its group's list
 * @uid: the effective user of who opened the socket that brought it
 * @presence: the record tells of the group's own node
 * @there: the record is in the table; or was, and this is to go
 * @id: the record's
 * @anchor: tells this version from others
 * @seed: where its chain begins
 * @count: hashes from there to the anchor
 */
struct pg_keeper {
	struct list_head node;
	kuid_t uid;
	bool presence;
	bool there;
	u8 id[PEERGROUP_ID_LEN];
	u8 anchor[PEERGROUP_HASH_LEN];
	u8 seed[PEERGROUP_HASH_LEN];
	u32 count;
};

/* A refresh of a record, to be looked at or worked out without the lock. */
struct pg_step {
	struct pg_record *r;
	u32 known_step;
	u8 known[PEERGROUP_HASH_LEN];
	u32 step;
	u8 value[PEERGROUP_HASH_LEN];
};

/* The record of that id, if it is in the table and has a chain. Lock held. */
static struct pg_record *pg_group_chained(struct pg_group *g, const u8 *id)
{
	struct pg_record *r;

	lockdep_assert_held(&g->lock);
	rcu_read_lock();
	r = pg_table_find(&g->table, id);
	rcu_read_unlock();	/* it stays while the lock is held */
	return r && r->refresh ? r : NULL;
}

/* Makes a step that is good part of the table, and passes it on. */
static void pg_group_refreshed(struct pg_group *g, struct pg_link *from, const struct pg_step *s)
{
	struct pg_record *r = s->r;
	struct pg_link *link;

	mutex_lock(&g->lock);
	/* In any case it was hashed, as it is for each link that brings it at once. */
	pg_flood_take_refresh(&g->flood, r, s->step - s->known_step);
	/* It may have gone meanwhile, or somebody else have brought this. */
	if (pg_group_chained(g, r->rec.id) != r || r->refresh->step >= s->step)
		goto out;
	pg_refresh_advance(r->refresh, s->step, s->value);
	pg_table_refreshed(&g->table, r);
	pg_stat_inc(&g->stats, PEERGROUP_A_STATS_REFRESHED);
	if (pg_rec_kind(r->rec.type) == PG_REC_PRESENCE)
		pg_group_presence_changed(g, r);
	list_for_each_entry(link, &g->links, node) {
		if (link != from && link->up)
			pg_link_send_refresh(link, r);
	}
out:
	mutex_unlock(&g->lock);
}

/* -------------------------------------------------------- what links tell -- */

/* What can be told without hashing; 0 or a refusal. Lock held. */
static unsigned int pg_refresh_screen(struct pg_group *g, const struct pg_rec *rec, u32 known,
				      u32 step)
{
	u64 latest = pg_group_now(g) + PG_CLOCK_SKEW_MAX;

	if (step - known > g->table.limits.refresh_steps)
		return PEERGROUP_A_STATS_REFUSED_STEPS;
	return step > pg_refresh_due(rec, latest) ? PEERGROUP_A_STATS_REFUSED_FUTURE : 0;
}

static bool pg_refresh_names(const struct pg_refresh_msg *msg, const struct pg_rec *rec)
{
	return !memcmp(msg->id, rec->id, sizeof(msg->id)) &&
	       !memcmp(msg->digest, rec->digest, sizeof(msg->digest));
}

/*
 * Is that news of a record that is here? Sets @s up then, with a reference. Of one that
 * is not here it is kept: the record itself may be what comes next.
 */
static bool pg_refresh_news(struct pg_link *link, const struct pg_refresh_msg *msg,
			    struct pg_step *s)
{
	struct pg_group *g = link->group;
	unsigned int refusal;
	struct pg_record *r;

	lockdep_assert_held(&g->lock);
	r = pg_group_chained(g, msg->id);
	if (!r || !pg_refresh_names(msg, &r->rec)) {
		link->fresh = *msg;
		return false;
	}
	s->step = be32_to_cpu(msg->step);
	s->known_step = r->refresh->step;
	if (s->step <= s->known_step)
		return false;
	refusal = pg_refresh_screen(g, &r->rec, s->known_step, s->step);
	if (!refusal && s->step > pg_record_refresh_last(r))
		refusal = PEERGROUP_A_STATS_REFUSED_REVOKED;
	if (!refusal && pg_flood_rate_over(&g->flood, r->creator))
		refusal = PEERGROUP_A_STATS_REFUSED_RATE;
	if (refusal) {
		pg_stat_inc(&g->stats, refusal);
		return false;
	}
	memcpy(s->known, r->refresh->value, sizeof(s->known));
	memcpy(s->value, msg->value, sizeof(s->value));
	s->r = pg_record_hold(r);
	return true;
}

int pg_group_refresh_arrival(struct pg_link *link, const struct pg_refresh_msg *msg)
{
	struct pg_group *g = link->group;
	struct pg_step s;
	bool news;
	int ret = 0;

	mutex_lock(&g->lock);
	news = pg_refresh_news(link, msg, &s);
	mutex_unlock(&g->lock);
	if (!news)
		return 0;
	if (pg_refresh_leads(s.value, s.step, s.known, s.known_step)) {
		pg_group_refreshed(g, link, &s);
	} else {
		/* Whoever passes one on has looked at it. */
		pg_stat_inc(&g->stats, PEERGROUP_A_STATS_REFUSED_REFRESH);
		ret = -EKEYREJECTED;
	}
	pg_record_put(s.r);
	return ret;
}

void pg_group_flood_claim(struct pg_flood *f, struct pg_link *from, struct pg_record *r)
{
	struct pg_group *g = container_of(f, struct pg_group, flood);
	const struct pg_refresh_msg *msg = &from->fresh;
	struct pg_refresh *rf = r->refresh;
	unsigned int refusal;
	u32 step;

	mutex_lock(&g->lock);
	step = be32_to_cpu(msg->step);
	if (!step || !pg_refresh_names(msg, &r->rec))
		goto out;
	refusal = pg_refresh_screen(g, &r->rec, 0, step);
	if (refusal) {
		pg_stat_inc(&g->stats, refusal);
		goto out;
	}
	rf->claim_step = step;
	memcpy(rf->claim, msg->value, sizeof(rf->claim));
	r->until = pg_refresh_until(&r->rec, step);
out:
	mutex_unlock(&g->lock);
}

/* ------------------------------------------------------- what is kept here -- */

/* Is this the version that it keeps alive? */
static bool pg_keeper_of(const struct pg_keeper *k, const struct pg_rec *rec)
{
	return rec->count == k->count && !memcmp(rec->anchor, k->anchor, sizeof(k->anchor));
}

static void pg_keeper_drop(struct pg_keeper *k)
{
	list_del(&k->node);
	kfree_sensitive(k);
}

void pg_keeper_free(struct pg_group *g, struct pg_keeper *k)
{
	if (!k)
		return;
	mutex_lock(&g->lock);
	pg_keeper_drop(k);
	mutex_unlock(&g->lock);
}

/* The record that it keeps alive, if that is there still and its chain not at the end. */
static struct pg_record *pg_keeper_record(struct pg_group *g, const struct pg_keeper *k)
{
	struct pg_record *r = pg_group_chained(g, k->id);

	if (!r || !pg_keeper_of(k, &r->rec))
		return NULL;
	if (r->refresh->step < k->count)
		return r;
	WRITE_ONCE(r->refresh->own, false);
	return NULL;
}

/* Lets go of those that have nothing left to do. Lock held. */
static void pg_group_prune_keepers(struct pg_group *g)
{
	struct pg_keeper *k, *tmp;

	list_for_each_entry_safe(k, tmp, &g->keepers, node) {
		if (k->there && !pg_keeper_record(g, k))
			pg_keeper_drop(k);
	}
}

/*
 * Is there room for one more? What the owner may have is not for others to take, however many
 * they are, and of what these have one does not take all.
 */
static bool pg_group_has_room(struct pg_group *g, const struct pg_keeper *k)
{
	const struct pg_keeper *other;
	kuid_t owner = pg_owner_uid(&g->owner);
	u32 own = 0, others = 0;

	list_for_each_entry(other, &g->keepers, node) {
		/* What this one is to supersede goes as soon as it is there. */
		if (other->presence ||
		    (other->there && !memcmp(other->id, k->id, sizeof(k->id))))
			continue;
		own += uid_eq(other->uid, k->uid);
		others += !uid_eq(other->uid, owner);
	}
	if (uid_eq(k->uid, owner))
		return own < PG_KEEPERS_MAX;
	return own < PG_KEEPERS_USER && others < PG_KEEPERS_MAX;
}

/* The presence record of the group's node, which is one: as its id is to be, if it is good. */
static bool pg_group_is_presence(const struct pg_group *g, const struct pg_keeper *k,
				 const u8 *type)
{
	const u8 *key = g->self->gmc.spki_hash;
	__be64 node = cpu_to_be64(g->node);

	return pg_rec_kind(type) == PG_REC_PRESENCE &&
	       !memcmp(k->id, key, PEERGROUP_ID_LEN / 2) &&
	       !memcmp(k->id + PEERGROUP_ID_LEN / 2, &node, sizeof(node));
}

/* Takes @k into the list, if there is room; for the presence of the node there is. */
static bool pg_group_admit_keeper(struct pg_group *g, struct pg_keeper *k, const u8 *type)
{
	bool room;

	mutex_lock(&g->lock);
	pg_group_prune_keepers(g);
	k->presence = pg_group_is_presence(g, k, type);
	room = k->presence || pg_group_has_room(g, k);
	if (room)
		list_add_tail(&k->node, &g->keepers);
	mutex_unlock(&g->lock);
	return room;
}

static void pg_keeper_read(struct pg_keeper *k, const struct peergroup_record_hdr *hdr,
			   const u8 *seed)
{
	memcpy(k->id, hdr->id, sizeof(k->id));
	memcpy(k->anchor, hdr->anchor, sizeof(k->anchor));
	memcpy(k->seed, seed, sizeof(k->seed));
	k->count = be32_to_cpu(hdr->refresh_count);
}

struct pg_keeper *pg_keeper_new(struct pg_group *g, const u8 *wire, u32 len, const u8 *seed,
				kuid_t uid, struct netlink_ext_ack *extack)
{
	const struct peergroup_record_hdr *hdr = (const void *)wire;
	struct pg_keeper *k;
	int err = -EINVAL;

	if (len < sizeof(*hdr) || !hdr->refresh_count ||
	    be32_to_cpu(hdr->flags) & PEERGROUP_RECORD_DELETED) {
		NL_SET_ERR_MSG(extack, "SEED is for a record with a chain of refreshes");
		return ERR_PTR(-EINVAL);
	}
	k = kzalloc(sizeof(*k), GFP_KERNEL_ACCOUNT);
	if (!k)
		return ERR_PTR(-ENOMEM);
	k->uid = uid;
	pg_keeper_read(k, hdr, seed);
	if (!pg_group_admit_keeper(g, k, hdr->type)) {
		NL_SET_ERR_MSG(extack, "too many records are refreshed here");
		kfree_sensitive(k);
		return ERR_PTR(-ENOSPC);
	}
	if (k->count > READ_ONCE(g->table.limits.refresh_steps)) {
		NL_SET_ERR_MSG(extack, "the chain is longer than REFRESH_STEPS");
		err = -EFBIG;
	} else if (!pg_refresh_leads(k->seed, k->count, k->anchor, 0)) {
		NL_SET_ERR_MSG(extack, "SEED does not lead to the record's anchor");
	} else {
		return k;
	}
	pg_keeper_free(g, k);
	return ERR_PTR(err);
}

void pg_group_refresh_soon(struct pg_group *g)
{
	lockdep_assert_held(&g->lock);
	if (!g->ended)
		mod_delayed_work(pg_wq, &g->refresh, 0);
}

/* An earlier version may have had the same chain: one seed is enough. Lock held. */
static void pg_group_supersede_keepers(struct pg_group *g, const struct pg_keeper *by)
{
	struct pg_keeper *k, *tmp;

	list_for_each_entry_safe(k, tmp, &g->keepers, node)
		if (k != by && k->there && !memcmp(k->id, by->id, sizeof(k->id)))
			pg_keeper_drop(k);
}

void pg_group_keep(struct pg_group *g, struct pg_keeper *k)
{
	struct pg_record *r;

	mutex_lock(&g->lock);
	k->there = true;
	r = pg_group_chained(g, k->id);
	if (r && pg_keeper_of(k, &r->rec)) {
		WRITE_ONCE(r->refresh->own, true);
		pg_group_supersede_keepers(g, k);
		pg_group_refresh_soon(g);
	} else {
		pg_keeper_drop(k);
	}
	mutex_unlock(&g->lock);
}

void pg_group_drop_keepers(struct pg_group *g)
{
	struct pg_keeper *k, *tmp;

	list_for_each_entry_safe(k, tmp, &g->keepers, node)
		pg_keeper_drop(k);
}

/* Peer time at which a record's next refresh is due. */
static u64 pg_refresh_next(const struct pg_record *r)
{
	return r->rec.modified + (pg_refresh_until(&r->rec, r->refresh->step + 1) - r->rec.expires);
}

/*
 * Finds what is due. True with @s set up, its value the seed; or sets @next to the peer
 * time when something will be, U64_MAX where nothing will. Drops what has nothing left to
 * do. Lock held.
 */
static bool pg_group_refresh_due(struct pg_group *g, u64 now, struct pg_step *s, u64 *next)
{
	struct pg_keeper *k;
	struct pg_record *r;

	*next = U64_MAX;
	pg_group_prune_keepers(g);
	list_for_each_entry(k, &g->keepers, node) {
		if (!k->there)
			continue;
		r = pg_group_chained(g, k->id);
		s->known_step = r->refresh->step;
		s->step = pg_refresh_due(&r->rec, now);
		if (s->step > s->known_step) {
			memcpy(s->value, k->seed, sizeof(s->value));
			s->r = pg_record_hold(r);
			return true;
		}
		*next = min(*next, pg_refresh_next(r));
	}
	return false;
}

/* Only a node that could prove itself is there, in the eyes of others. Lock held. */
static bool pg_group_refreshes(const struct pg_group *g, u64 now)
{
	return g->online && !g->ended && pg_group_credential_until(g) > now &&
	       !pg_member_revoked(g->self);
}

bool pg_group_refresh_overdue(struct pg_group *g, u64 now)
{
	const struct pg_keeper *k;
	const struct pg_record *r;

	lockdep_assert_held(&g->lock);
	if (!pg_group_refreshes(g, now))
		return false;
	list_for_each_entry(k, &g->keepers, node) {
		r = k->there ? pg_keeper_record(g, k) : NULL;
		if (r && r->until <= now && pg_refresh_due(&r->rec, now) > r->refresh->step)
			return true;
	}
	return false;
}

static bool pg_group_refresh_one(struct pg_group *g, u64 *wait_ms)
{
	struct pg_step s;
	u64 now, next = U64_MAX;
	bool due;

	mutex_lock(&g->lock);
	now = pg_group_now(g);
	due = pg_group_refreshes(g, now) && pg_group_refresh_due(g, now, &s, &next);
	mutex_unlock(&g->lock);
	*wait_ms = next == U64_MAX ? U64_MAX :
		   next > now ? div_u64(next - now, PG_TIME_SECOND / MSEC_PER_SEC) + 1 : 0;
	if (!due)
		return false;
	pg_refresh_hash(s.value, s.r->rec.count - s.step);
	pg_group_refreshed(g, NULL, &s);
	pg_record_put(s.r);
	memzero_explicit(&s, sizeof(s));
	return true;
}

/* Begun anew by what may make something due: a new record, going online, a proof. */
void pg_group_refresh_work(struct work_struct *work)
{
	struct pg_group *g = container_of(to_delayed_work(work), struct pg_group, refresh);
	struct mem_cgroup *memcg = pg_group_charge(g);
	u64 wait_ms;

	while (pg_group_refresh_one(g, &wait_ms))
		cond_resched();
	pg_group_uncharge(memcg);
	mutex_lock(&g->lock);
	if (wait_ms != U64_MAX && !g->ended)
		queue_delayed_work(pg_wq, &g->refresh,
				   msecs_to_jiffies(min_t(u64, wait_ms, PG_REFRESH_WAIT_MAX)));
	mutex_unlock(&g->lock);
}
