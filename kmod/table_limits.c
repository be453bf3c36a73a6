// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a table holds, and who has how much of it: the sums, and whether a record has
 * room beside them. table.c asks and tells it of each record that comes or goes.
 */
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/rcupdate.h>
#include "refresh.h"
#include "revoke.h"
#include "stats.h"
#include "table_priv.h"

/* What a revocation takes beside its record; a part of it is shared with others of that key. */
static u64 pg_revocation_bytes(void)
{
	return roundup_pow_of_two(sizeof(struct pg_revocation)) +
	       roundup_pow_of_two(sizeof(struct pg_revoked)) +
	       roundup_pow_of_two(sizeof(struct pg_said));
}

/*
 * Kernel memory of a record. No wire form is so short that kmalloc() would
 * have one of its odd sizes for it, so what it takes is a power of two;
 * ksize() would say the same, but switches KASAN off for the slack.
 */
static u64 pg_record_bytes(const struct pg_record *r)
{
	u64 wire = is_vmalloc_addr(r->wire) ? PAGE_ALIGN(r->wire_len) :
					      roundup_pow_of_two(r->wire_len);

	if (r->refresh)
		wire += roundup_pow_of_two(sizeof(*r->refresh));
	/* By its type: it is asked before there is one, too. */
	if (pg_rec_kind(r->rec.type) == PG_REC_REVOCATION)
		wire += pg_revocation_bytes();
	return ALIGN(sizeof(*r), sizeof(void *)) + wire;
}

static bool pg_record_presence(const struct pg_record *r)
{
	return pg_rec_kind(r->rec.type) == PG_REC_PRESENCE;
}

static void pg_share_account(struct pg_share *s, s64 bytes, int sign)
{
	WRITE_ONCE(s->bytes, s->bytes + bytes);
	WRITE_ONCE(s->records, s->records + sign);
}

/* pg_table_full() reads the sums without the lock. */
void pg_table_account(struct pg_table *t, const struct pg_record *r, int sign)
{
	s64 bytes = sign * (s64)pg_record_bytes(r);

	WRITE_ONCE(t->bytes, t->bytes + bytes);
	pg_share_account(&r->quota->own, bytes, sign);
	if (r->inviter)
		pg_share_account(&r->inviter->branch, bytes, sign);
	if (r->deputy)
		pg_share_account(&r->deputy->issued, bytes, sign);
	if (pg_record_presence(r))
		WRITE_ONCE(r->quota->presence, r->quota->presence + sign);
	if (pg_rec_deleted(&r->rec)) {
		WRITE_ONCE(t->tombstones, t->tombstones + sign);
		t->reserved_tombstones += sign * pg_rec_type_reserved(r->rec.type);
	} else {
		WRITE_ONCE(t->live, t->live + sign);
		t->reserved += sign * pg_rec_type_reserved(r->rec.type);
	}
}

/*
 * Each reader goes over all of these, and a member has few nodes. @had: 1 where @r takes
 * the place of one of @c.
 */
static bool pg_presence_full(const struct pg_creator *c, const struct pg_record *r, u32 had)
{
	return pg_record_presence(r) &&
	       READ_ONCE(c->presence) - had >= PEERGROUP_PRESENCE_RECORDS_MAX;
}

/* What a creator, or one who invites, may have. */
static struct pg_share pg_table_share(const struct pg_table *t, bool inviter)
{
	const struct pg_quota_limits *set = inviter ? &t->limits.inviter : &t->limits.creator;
	u32 quarters = inviter ? PG_QUOTA_INVITER : 1;

	return (struct pg_share){
		.records = pg_quota_share(READ_ONCE(set->records), READ_ONCE(t->limits.records),
					  PG_QUOTA_RECORDS_MIN, quarters),
		.bytes = pg_quota_share(READ_ONCE(set->bytes), READ_ONCE(t->limits.bytes),
					PG_QUOTA_BYTES_MIN, quarters),
	};
}

u32 pg_table_share_records(const struct pg_table *t, bool inviter)
{
	return pg_table_share(t, inviter).records;
}

/*
 * And an administrator whom another one invited, with all below, who may be as many as it
 * likes: no less than one who invites.
 */
static struct pg_share pg_table_deputy_share(const struct pg_table *t)
{
	struct pg_share room = pg_table_share(t, true);
	u64 records = pg_quota_share(0, READ_ONCE(t->limits.records), PG_QUOTA_RECORDS_MIN,
				     PG_QUOTA_DEPUTY);
	u64 bytes = pg_quota_share(0, READ_ONCE(t->limits.bytes), PG_QUOTA_BYTES_MIN,
				   PG_QUOTA_DEPUTY);

	room.records = max_t(u64, room.records, records);
	room.bytes = max(room.bytes, bytes);
	return room;
}

/*
 * Room that only revocations may use, beyond every limit: or else who fills the table
 * could not be made to leave.
 */
static u32 pg_table_spare(const struct pg_record *r)
{
	return pg_rec_kind(r->rec.type) == PG_REC_REVOCATION ? PG_TABLE_SPARE : 0;
}

static u64 pg_table_spare_bytes(const struct pg_record *r)
{
	return (u64)pg_table_spare(r) * PG_TABLE_SPARE_BYTES;
}

static struct pg_share pg_share_spare(struct pg_share room, const struct pg_record *r)
{
	room.records += pg_table_spare(r);
	room.bytes += pg_table_spare_bytes(r);
	return room;
}

/*
 * Is one with @has, of which @room is allowed, full for a new record? Without the lock, so
 * that where a u64 is read in two steps the bytes may be nonsense, and are not looked at.
 */
static bool pg_share_full(const struct pg_share *has, struct pg_share room, u64 bytes)
{
	if (READ_ONCE(has->records) >= room.records)
		return true;
	return IS_ENABLED(CONFIG_64BIT) && READ_ONCE(has->bytes) + bytes > room.bytes;
}

/* Of a member, which may be NULL, or have nothing. */
static const struct pg_creator *pg_table_entry(struct pg_table *t, const struct pg_member *m)
{
	return m ? pg_quota_find(&t->quotas, m->gmc.spki_hash) : NULL;
}

static bool pg_table_quota_full(struct pg_table *t, const struct pg_record *r)
{
	const struct pg_creator *own, *inviter, *deputy;
	u64 bytes = pg_record_bytes(r);

	own = pg_table_entry(t, r->creator);
	inviter = pg_table_entry(t, pg_member_branch(r->creator));
	deputy = pg_table_entry(t, pg_member_deputy(r->creator));
	return (own && pg_presence_full(own, r, 0)) ||
	       (own && pg_share_full(&own->own, pg_share_spare(pg_table_share(t, false), r),
				     bytes)) ||
	       (inviter && pg_share_full(&inviter->branch, pg_table_share(t, true), bytes)) ||
	       (deputy && pg_share_full(&deputy->issued,
					pg_share_spare(pg_table_deputy_share(t), r), bytes));
}

unsigned int pg_table_full(struct pg_table *t, const struct pg_record *r)
{
	u64 max = READ_ONCE(t->limits.bytes) + pg_table_spare_bytes(r);
	unsigned int refusal = 0;

	rcu_read_lock();
	if (pg_table_find(t, r->rec.id))
		goto out;
	if (READ_ONCE(t->live) + READ_ONCE(t->tombstones) >=
	    READ_ONCE(t->limits.records) + pg_table_spare(r) ||
	    (IS_ENABLED(CONFIG_64BIT) && READ_ONCE(t->bytes) + pg_record_bytes(r) > max))
		refusal = PEERGROUP_A_STATS_REFUSED_FULL;
	else if (pg_table_quota_full(t, r))
		refusal = PEERGROUP_A_STATS_REFUSED_QUOTA;
out:
	rcu_read_unlock();
	return refusal;
}

/* Does @has become more than @room by @r in the place of @cur (NULL: of none of theirs)? */
static bool pg_share_over(const struct pg_share *has, struct pg_share room,
			  const struct pg_record *r, const struct pg_record *cur)
{
	u64 bytes = pg_record_bytes(r), had = cur ? pg_record_bytes(cur) : 0;

	if (bytes > had && has->bytes - had + bytes > room.bytes)
		return true;
	return !cur && has->records >= room.records;
}

/*
 * Beside what all, what its creator and what those have for whom one answers, less
 * @cur. A tombstone of what is there needs no room: it has neither data nor attributes,
 * and nobody may be kept from deleting.
 */
unsigned int pg_table_room(const struct pg_table *t, const struct pg_record *r,
			   const struct pg_record *cur)
{
	struct pg_share all = { .records = t->live + t->tombstones, .bytes = t->bytes };
	struct pg_share most = { .records = t->limits.records, .bytes = t->limits.bytes };
	struct pg_share room = pg_share_spare(pg_table_share(t, false), r);
	const struct pg_record *own;

	if (cur && pg_rec_deleted(&r->rec))
		return 0;
	if (pg_share_over(&all, pg_share_spare(most, r), r, cur))
		return PEERGROUP_A_STATS_REFUSED_FULL;
	/* The other certificates of a key count in the same entry; another key's do not. */
	own = cur && cur->quota == r->quota ? cur : NULL;
	/* What it replaces may be of another type. */
	if (pg_presence_full(r->quota, r, own && pg_record_presence(own)))
		return PEERGROUP_A_STATS_REFUSED_QUOTA;
	if (pg_share_over(&r->quota->own, room, r, own))
		return PEERGROUP_A_STATS_REFUSED_QUOTA;
	if (r->inviter && pg_share_over(&r->inviter->branch, pg_table_share(t, true), r,
					cur && cur->inviter == r->inviter ? cur : NULL))
		return PEERGROUP_A_STATS_REFUSED_QUOTA;
	room = pg_share_spare(pg_table_deputy_share(t), r);
	if (r->deputy && pg_share_over(&r->deputy->issued, room, r,
				       cur && cur->deputy == r->deputy ? cur : NULL))
		return PEERGROUP_A_STATS_REFUSED_QUOTA;
	return 0;
}
