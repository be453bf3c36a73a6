// SPDX-License-Identifier: GPL-2.0-only
/*
 * A small cache of verdicts about signatures over batches. It keeps what was
 * asked for last, and which verdict it keeps is a matter of time, never of validity:
 * what is not here is checked again.
 */
#include <linux/sched.h>
#include <linux/string.h>
#include <crypto/sha2.h>
#include "batch.h"
#include "compat.h"
#include "table.h"

void pg_batches_init(struct pg_batches *b)
{
	spin_lock_init(&b->lock);
	init_waitqueue_head(&b->decided);
}

/* All that pg_verify() is given: the certificate's fingerprint stands for the key. */
static void pg_batch_key(u8 *key, const struct pg_rec *rec)
{
	struct sha256_ctx s;

	sha256_init(&s);
	sha256_update(&s, rec->modifier, sizeof(rec->modifier));
	sha256_update(&s, &rec->sig_algo, sizeof(rec->sig_algo));
	sha256_update(&s, rec->signed_hash, sizeof(rec->signed_hash));
	sha256_update(&s, rec->sig.p, rec->sig.len);
	sha256_final(&s, key);
}

static struct pg_batch *pg_batch_find(struct pg_batch *set, const u8 *key)
{
	unsigned int i;

	for (i = 0; i < PG_BATCH_WAYS; i++) {
		if (set[i].state != PG_BATCH_NONE &&
		    !memcmp(set[i].key, key, sizeof(set[i].key)))
			return &set[i];
	}
	return NULL;
}

/* Which gives way; NULL where all are being checked. */
static struct pg_batch *pg_batch_victim(struct pg_batch *set, u32 turn)
{
	struct pg_batch *victim = &set[0];
	unsigned int i;

	for (i = 1; i < PG_BATCH_WAYS; i++) {
		if (set[i].state < victim->state ||
		    (set[i].state == victim->state && turn - set[i].used > turn - victim->used))
			victim = &set[i];
	}
	return victim->state == PG_BATCH_CHECKING ? NULL : victim;
}

/* Is nobody checking this one? */
static bool pg_batch_decided(struct pg_batches *b, struct pg_batch *set, const u8 *key)
{
	const struct pg_batch *batch;
	bool decided;

	spin_lock(&b->lock);
	batch = pg_batch_find(set, key);
	decided = !batch || batch->state != PG_BATCH_CHECKING;
	spin_unlock(&b->lock);
	return decided;
}

/*
 * Finds the verdict, or a place for it: *@batch, which is the caller's to settle, or NULL
 * where there is no room. The state, PG_BATCH_CHECKING where it is somebody else's.
 */
static enum pg_batch_state pg_batch_look(struct pg_batches *b, struct pg_batch *set,
					 const u8 *key, struct pg_batch **batch)
{
	enum pg_batch_state state = PG_BATCH_NONE;

	spin_lock(&b->lock);
	b->turn++;
	*batch = pg_batch_find(set, key);
	if (*batch) {
		state = (*batch)->state;
		(*batch)->used = b->turn;
	} else {
		*batch = pg_batch_victim(set, b->turn);
		if (*batch) {
			memcpy((*batch)->key, key, sizeof((*batch)->key));
			(*batch)->state = PG_BATCH_CHECKING;
			(*batch)->used = b->turn;
		}
	}
	spin_unlock(&b->lock);
	return state;
}

static void pg_batch_settle(struct pg_batches *b, struct pg_batch *batch, unsigned int refusal)
{
	spin_lock(&b->lock);
	if (!refusal)
		batch->state = PG_BATCH_GOOD;
	else if (refusal == PEERGROUP_A_STATS_REFUSED_SIGNATURE)
		batch->state = PG_BATCH_BAD;
	else
		batch->state = PG_BATCH_NONE;	/* no verdict */
	spin_unlock(&b->lock);
	wake_up_all(&b->decided);
}

unsigned int pg_batch_verify(struct pg_batches *b, const struct pg_record *r,
			     unsigned int (*verify)(const struct pg_record *r), bool *seen)
{
	u8 key[PEERGROUP_HASH_LEN];
	enum pg_batch_state state;
	struct pg_batch *set, *batch;
	unsigned int refusal;

	pg_batch_key(key, &r->rec);
	set = b->set[key[0] >> (8 - PG_BATCH_SET_BITS)];
	while ((state = pg_batch_look(b, set, key, &batch)) == PG_BATCH_CHECKING)
		wait_event(b->decided, pg_batch_decided(b, set, key));
	*seen = state != PG_BATCH_NONE;
	if (*seen)
		return state == PG_BATCH_GOOD ? 0 : PEERGROUP_A_STATS_REFUSED_SIGNATURE;
	refusal = verify(r);
	if (batch)
		pg_batch_settle(b, batch, refusal);
	return refusal;
}
