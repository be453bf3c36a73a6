// SPDX-License-Identifier: GPL-2.0-only
/*
 * Creators of a record table and what each of them has in it. The table keeps
 * the books (table.c), admission asks about the rate (flood.c).
 */
#include <linux/math64.h>
#include <linux/random.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/string.h>
#include "alloc.h"
#include "compat.h"
#include "quota.h"

void pg_quotas_init(struct pg_quotas *q)
{
	get_random_bytes(&q->key, sizeof(q->key));
	hash_init(q->hash);
}

void pg_quotas_destroy(struct pg_quotas *q)
{
	struct pg_creator *c;
	struct hlist_node *next;
	int bucket;

	hash_for_each_safe(q->hash, bucket, next, c, node) {
		hash_del_rcu(&c->node);
		kfree(c);
	}
}

static u32 pg_quota_key(const struct pg_quotas *q, const u8 *key)
{
	return siphash_1u64(get_unaligned_be64(key), &q->key);
}

/* Entries stay, so a caller that holds the lock needs no RCU. */
struct pg_creator *pg_quota_find(struct pg_quotas *q, const u8 *key)
{
	struct pg_creator *c;

	hash_for_each_possible_rcu(q->hash, c, node, pg_quota_key(q, key), true)
		if (!memcmp(c->key, key, sizeof(c->key)))
			return c;
	return NULL;
}

struct pg_creator *pg_quota_get(struct pg_quotas *q, const u8 *key)
{
	struct pg_creator *c = pg_quota_find(q, key);

	if (c)
		return c;
	c = kzalloc(sizeof(*c), PG_GFP_LINK);
	if (!c)
		return NULL;
	memcpy(c->key, key, sizeof(c->key));
	hash_add_rcu(q->hash, &c->node, pg_quota_key(q, key));
	return c;
}

void pg_rate_take(u64 *due, u32 rate, u64 now, u64 most)
{
	u64 from = *due > now ? *due : now;
	u64 next;

	if (!rate)
		return;
	next = from + div_u64(1000000000ULL, rate);
	*due = next < now + most ? next : now + most;
}

void pg_rate_take_shared(atomic64_t *due, u32 rate, u64 now, u64 most)
{
	s64 had = atomic64_read(due);
	u64 next;

	do {
		next = had;
		pg_rate_take(&next, rate, now, most);
	} while (!atomic64_try_cmpxchg(due, &had, next));
}
