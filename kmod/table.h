/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The record table of one group: by id for look-up and dedupe, ordered by id
 * with counts and fingerprints for reconciliation, by expiration for expiry,
 * by sequence for "changes since", and in the orders of search.h. Engine file: it
 * holds what it is given, checks no signature, sends nothing, reads no clock.
 *
 * Writers hold the group's lock (table->lock points at it for lockdep);
 * pg_table_get() and the dump walks run under RCU or with the lock, as each
 * says. A record version is immutable once inserted.
 */
#ifndef _PG_TABLE_H
#define _PG_TABLE_H

#include <linux/mutex.h>
#include <linux/rbtree.h>
#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/rhashtable.h>
#include "member.h"
#include "quota.h"
#include "record.h"
#include "search.h"

struct pg_refresh;
struct pg_revocation;

/**
 * struct pg_print - fingerprint of a set of records
 * @count: how many, tombstones too
 * @sum: sum of their digests modulo 2^256, least significant word first
 */
struct pg_print {
	u32 count;
	u64 sum[4];
};

/**
 * struct pg_record - one version of a record, in the table or on its way
 * @refs: the table's, send queues', dumps'
 * @rcu: frees it after the last reference
 * @hash: in the table by id
 * @tree: in the table by id, ordered; with @under
 * @expiry: in the table by (until, id)
 * @changes: in the table by seq
 * @under: fingerprint of this node's subtree of @tree
 * @index: in the table's other orders
 * @seq: of the change that brought this version
 * @added_seq: of the change that first brought the id alive; @seq itself in a
 *	tombstone whose id was never alive here
 * @creator: member of rec.creator, held
 * @modifier: member of rec.modifier, held
 * @quota: what it counts in while it is in the table
 * @inviter: what it counts in beside that, or NULL
 * @deputy: and beside these: of an administrator, or NULL
 * @revocation: what it is in pg_members, if it is one; owned
 * @refresh: how far it has been refreshed, if it has an anchor; owned
 * @until: peer time at which it expires, refreshes and all. In the table it changes under
 *	the lock; who has not got that asks pg_record_expires()
 * @rec: parsed header; spans point into @wire
 * @wire: the wire form, owned
 * @wire_len: its bytes
 * @asked: it came as a reconciliation asked for it; set before anybody else sees it
 */
struct pg_record {
	refcount_t refs;
	struct rcu_head rcu;
	struct rhash_head hash;
	struct rb_node tree;
	struct rb_node expiry;
	struct rb_node changes;
	struct pg_print under;
	struct pg_index index[PG_INDEXES];
	u64 seq;
	u64 added_seq;
	struct pg_member *creator;
	struct pg_member *modifier;
	struct pg_creator *quota;
	struct pg_creator *inviter;
	struct pg_creator *deputy;
	struct pg_revocation *revocation;
	struct pg_refresh *refresh;
	u64 until;
	struct pg_rec rec;
	u8 *wire;
	u32 wire_len;
	bool asked;
};

/**
 * pg_record_new() - wrap a wire form
 * @group: group id
 * @wire: allocated by kvmalloc(); taken over on success only
 * @len: its bytes
 * @gfp: allocation flags
 *
 * Return: a record with one reference and no members yet, or an ERR_PTR:
 * -EBADMSG (pg_rec_parse() refused it) or -ENOMEM.
 */
struct pg_record *pg_record_new(const u8 *group, u8 *wire, u32 len, gfp_t gfp);

static inline struct pg_record *pg_record_hold(struct pg_record *r)
{
	refcount_inc(&r->refs);
	return r;
}

/* Drops a reference; the last frees wire form and members after a grace period. Any context. */
void pg_record_put(struct pg_record *r);

static inline void pg_record_key(const struct pg_record *r, struct pg_rec_key *key)
{
	key->version = r->rec.version;
	key->modified = r->rec.modified;
	memcpy(key->digest, r->rec.digest, sizeof(key->digest));
}

/**
 * struct pg_gone - remembers that a record went without a tombstone, for "changes since"
 * @seq: of its going
 * @added_seq: the record's
 * @change: PEERGROUP_CHANGE_EXPIRED, or _DELETED where it was withdrawn
 * @id: the record's
 * @type: the record's
 */
struct pg_gone {
	u64 seq;
	u64 added_seq;
	u32 change;
	u8 id[PEERGROUP_ID_LEN];
	u8 type[PEERGROUP_ID_LEN];
};

#define PG_GONE_MAX	4096	/* power of two */

/* Revocations that are taken beyond the limits, and what each may have. */
#define PG_TABLE_SPARE		4096U
#define PG_TABLE_SPARE_BYTES	4096U

/**
 * struct pg_table_limits - how much a table takes
 * @record_size: weight of one record (pg_rec_weight())
 * @records: in the table, tombstones too
 * @bytes: as struct pg_table counts them
 * @refresh_steps: hashes that are done for one refresh of a record
 * @creator: of one creator
 * @inviter: of one who invites and all below
 *
 * Lowering a limit throws nothing out.
 */
struct pg_table_limits {
	u32 record_size;
	u32 records;
	u64 bytes;
	u32 refresh_steps;
	struct pg_quota_limits creator;
	struct pg_quota_limits inviter;
};

/**
 * struct pg_table - all records of one group
 * @lock: the group's lock, for lockdep
 * @hash: by id, for readers under RCU
 * @tree: by id, with fingerprints of subtrees
 * @expiry: by (until, id)
 * @changes: by seq
 * @index: by what searches ask for, see enum pg_order
 * @seq: of the latest change; 0 before the first
 * @horizon: "changes since" below it, but for 0, cannot be answered: an expiry
 *	or a deletion has been forgotten
 * @live: records that are not tombstones
 * @reserved: those of them that are of reserved types
 * @tombstones: the others
 * @reserved_tombstones: those of these that are of reserved types
 * @bytes: kernel memory of both: structures and wire forms
 * @limits: what it takes
 * @quotas: who has how much of it
 * @gone: ring of the last expiries, by seq
 * @gone_head: entries ever written to @gone, modulo 2^32
 * @gone_count: entries that are in it
 */
struct pg_table {
	struct mutex *lock;
	struct rhashtable hash;
	struct rb_root tree;
	struct rb_root_cached expiry;
	struct rb_root changes;
	struct rb_root index[PG_INDEXES];
	u64 seq;
	u64 horizon;
	u32 live;
	u32 reserved;
	u32 tombstones;
	u32 reserved_tombstones;
	u64 bytes;
	struct pg_table_limits limits;
	struct pg_quotas quotas;
	struct pg_gone *gone;
	u32 gone_head;
	u32 gone_count;
};

/* The slab of struct pg_record; exit waits for all that is freed by RCU. */
int __must_check pg_table_module_init(void);
void pg_table_module_exit(void);

int __must_check pg_table_init(struct pg_table *t, struct mutex *lock,
			       const struct pg_table_limits *limits);

/* Drops all records. The caller made sure that nobody looks any more. May sleep. */
void pg_table_destroy(struct pg_table *t);

/* The stored version of an id (tombstones too). RCU read side; no reference is taken. */
struct pg_record *pg_table_find(struct pg_table *t, const u8 *id);

/* As pg_table_find(), with a reference. Any context. */
struct pg_record *pg_table_get(struct pg_table *t, const u8 *id);

enum pg_verdict {
	PG_NEW,		/* newer than what is stored, or nothing is: commit */
	PG_PRESENT,	/* stored already */
	PG_OLD,		/* a newer version is stored */
};

/**
 * pg_table_compare() - where does a version stand against the stored one?
 * @t: the table
 * @id: of the record
 * @key: version, modification time and digest of what arrived
 * @stored: set to the stored record, with a reference, when the verdict is
 *	PG_OLD; else NULL. May be NULL where the caller does not want it
 *
 * Any context; cheap: this is the dedupe before any signature is checked.
 */
enum pg_verdict pg_table_compare(struct pg_table *t, const u8 *id,
				 const struct pg_rec_key *key,
				 struct pg_record **stored);

/* How many records one creator may have, or (@inviter) one who invites and all below. */
u32 pg_table_share_records(const struct pg_table *t, bool inviter);

/**
 * pg_table_full() - is there no place for a new id?
 * @r: its creator set
 *
 * Saves a signature check; pg_table_put() decides. Any context, no lock needed.
 *
 * Return: REFUSED_FULL or REFUSED_QUOTA if a record of its size would be one too
 * many, 0 also for an id that is in the table.
 */
unsigned int pg_table_full(struct pg_table *t, const struct pg_record *r);

/**
 * pg_table_put() - commit a verified version
 * @t: the table
 * @r: verified, members set; the table takes a reference of its own
 * @change: set to enum peergroup_change, or 0 for a tombstone of an id that
 *	was never here (nobody needs to hear of it)
 * @old: set to the version replaced, with the table's reference handed to the
 *	caller (who puts it), or NULL
 *
 * Compares once more under the lock, as the world may have moved during the
 * check. Limits hold for what adds: REFUSED_SIZE by record weight, REFUSED_FULL
 * by count or bytes, REFUSED_QUOTA by those of its creator; what makes the table
 * smaller passes, and the deletion of what is there always does. Gives @r its seq.
 * A version that follows a tombstone is ADDED, one tombstone that follows another
 * is no change. Lock held.
 *
 * Return: 0, a refusal (_SIZE, _FULL, _QUOTA, _NOMEM), or _STALE where a version at
 * least as new is stored by now.
 */
unsigned int __must_check pg_table_put(struct pg_table *t, struct pg_record *r,
				       u32 *change, struct pg_record **old);

/**
 * pg_table_expire() - take out one record whose time is over
 * @t: the table
 * @now: peer time
 *
 * Live records leave a struct pg_gone and get a seq (in r->seq, as the record
 * is out of every index by then and nobody else may write to it); tombstones
 * just go. Lock held.
 *
 * Return: the record, with the table's reference handed over, or NULL if none
 * is due.
 */
struct pg_record *pg_table_expire(struct pg_table *t, u64 now);

/**
 * pg_table_withdraw() - take out a record that is void by now
 * @t: the table
 * @r: in the table; its reference is handed to the caller
 *
 * What pg_table_expire() does with one that is over, but that it leaves a
 * deletion behind. Lock held.
 */
void pg_table_withdraw(struct pg_table *t, struct pg_record *r);

/**
 * pg_record_refresh_last() - how often may a record be refreshed, whatever time it is?
 * @r: with a chain, its members set
 *
 * Not after its signer was revoked, but for the time by which clocks may differ.
 *
 * Return: steps; U32_MAX where nothing bounds them.
 */
u32 pg_record_refresh_last(const struct pg_record *r);

/**
 * pg_record_expires() - when does a record expire, its refreshes counted?
 * @r: its members set
 *
 * No refresh makes a record outlive its signers' memberships. Needs no lock.
 *
 * Return: peer time.
 */
u64 pg_record_expires(const struct pg_record *r);

/* A record that is in the table has been refreshed, and expires later. Lock held. */
void pg_table_refreshed(struct pg_table *t, struct pg_record *r);

/* Peer time of the next expiry, U64_MAX if none. Lock held. */
u64 pg_table_next_expiry(struct pg_table *t);

/* ------------------------------------------------- walks, for dumps -- */

/* First record with an id of at least @id, or NULL. Lock held; no reference is taken. */
struct pg_record *pg_table_ceiling(struct pg_table *t, const u8 *id);

/* The record after @r, or NULL. Lock held; no reference is taken. */
struct pg_record *pg_table_after(struct pg_table *t, struct pg_record *r);

/**
 * struct pg_change - one answer to "what changed since"
 * @seq: of the change
 * @added_seq: the record's
 * @r: the record, held; NULL for an expiry
 * @gone: the expiry, copied
 */
struct pg_change {
	u64 seq;
	u64 added_seq;
	struct pg_record *r;
	struct pg_gone gone;
};

/**
 * pg_table_next_change() - the change with the lowest sequence above @since
 * @t: the table
 * @since: not below the horizon, or 0
 * @c: filled in
 *
 * Lock held; cost is logarithmic, so a dump costs what it returns.
 *
 * Return: true and @c filled in, or false at the end.
 */
bool pg_table_next_change(struct pg_table *t, u64 since, struct pg_change *c);

/* -------------------------------------- ranges, for reconciliation -- */

/**
 * pg_table_print() - fingerprint of the ids in [@lo, @hi)
 * @t: the table
 * @lo: NULL for the lowest
 * @hi: NULL for past the highest
 * @p: filled in
 *
 * O(log n). Lock held.
 */
void pg_table_print(struct pg_table *t, const u8 *lo, const u8 *hi, struct pg_print *p);

/**
 * pg_table_nth() - the record at a rank within [@lo, @hi)
 * @t: the table
 * @lo: NULL for the lowest
 * @hi: NULL for past the highest
 * @n: the rank, from 0
 *
 * O(log n). Lock held; no reference is taken.
 *
 * Return: the record or NULL when the range holds no more than @n.
 */
struct pg_record *pg_table_nth(struct pg_table *t, const u8 *lo, const u8 *hi, u32 n);

/* Writes a sum as 32 bytes, big-endian: the form on the wire. */
void pg_print_bytes(const struct pg_print *p, u8 *out);

#endif /* _PG_TABLE_H */
