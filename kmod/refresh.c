// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hash chains that keep records alive. Called by admission for what links claim along
 * with a record, and by group_refresh.c for each refresh after that.
 */
#include <linux/kernel.h>
#include <linux/math64.h>
#include <linux/overflow.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <crypto/sha2.h>
#include "clock.h"
#include "refresh.h"

#define PG_REFRESH_CHUNK	1024U	/* hashes at a stretch */

struct pg_refresh *pg_refresh_new(const struct pg_rec *rec, gfp_t gfp)
{
	struct pg_refresh *rf = kzalloc(sizeof(*rf), gfp);

	if (rf)
		memcpy(rf->value, rec->anchor, sizeof(rf->value));
	return rf;
}

u64 pg_refresh_until(const struct pg_rec *rec, u32 step)
{
	u64 more, until;

	if (check_mul_overflow(rec->period * PG_TIME_SECOND, (u64)step, &more) ||
	    check_add_overflow(rec->expires, more, &until))
		return U64_MAX;
	return until;
}

u32 pg_refresh_due(const struct pg_rec *rec, u64 now)
{
	u64 steps = now > rec->modified ?
		    div64_u64(now - rec->modified, rec->period * PG_TIME_SECOND) : 0;

	return min_t(u64, steps, rec->count);
}

void pg_refresh_hash(u8 *value, u32 n)
{
	u32 i;

	for (i = 1; i <= n; i++) {
		sha256(value, PEERGROUP_HASH_LEN, value);
		if (i % PG_REFRESH_CHUNK == 0)
			cond_resched();
	}
}

bool pg_refresh_leads(const u8 *value, u32 step, const u8 *known, u32 known_step)
{
	u8 hash[PEERGROUP_HASH_LEN];

	memcpy(hash, value, sizeof(hash));
	pg_refresh_hash(hash, step - known_step);
	return !memcmp(hash, known, sizeof(hash));
}

void pg_refresh_advance(struct pg_refresh *rf, u32 step, const u8 *value)
{
	WRITE_ONCE(rf->step, step);
	memcpy(rf->value, value, sizeof(rf->value));
}
