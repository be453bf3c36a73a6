// SPDX-License-Identifier: GPL-2.0-only
/*
 * Peer time, by which hosts agree on what has expired. The group asks for it
 * and feeds it what its neighbours' clocks say; this file never reads a clock.
 */
#include <linux/minmax.h>
#include <linux/types.h>
#include "clock.h"

/*
 * Two offsets lie at most 2 * PG_CLOCK_OFFSET_MAX apart. Where time falls back
 * by more, somebody has set the host's clock: holding still until it catches
 * up would stop peer time for as long as it had been wrong, so it follows.
 */
u64 pg_clock_now(struct pg_clock *clock, u64 host)
{
	u64 now = host + clock->offset;

	if (now < clock->last && clock->last - now <= 2 * PG_CLOCK_OFFSET_MAX)
		now = clock->last;
	clock->last = now;
	return now;
}

/* Insertion sort: there are few, and they are nearly in order from last time. */
static void pg_clock_sort(s64 *offsets, unsigned int n)
{
	unsigned int i, k;

	for (i = 1; i < n; i++) {
		s64 x = offsets[i];

		for (k = i; k && offsets[k - 1] > x; k--)
			offsets[k] = offsets[k - 1];
		offsets[k] = x;
	}
}

/* Element @at of the sorted offsets with our own, 0, among them behind @below others. */
static s64 pg_clock_pick(const s64 *offsets, unsigned int below, unsigned int at)
{
	if (at == below)
		return 0;
	return at < below ? offsets[at] : offsets[at - 1];
}

void pg_clock_adjust(struct pg_clock *clock, s64 *offsets, unsigned int n)
{
	const s64 most = PG_CLOCK_OFFSET_MAX;
	unsigned int below = 0, i;

	n = min_t(unsigned int, n, PG_CLOCK_SAMPLES);

	/* Clamped first: the median is the same, and adding two cannot overflow. */
	for (i = 0; i < n; i++) {
		offsets[i] = clamp(offsets[i], -most, most);
		below += offsets[i] < 0;
	}
	pg_clock_sort(offsets, n);

	/* n + 1 values with ours; of an even count the mean of the middle two. */
	clock->offset = (pg_clock_pick(offsets, below, n / 2) +
			 pg_clock_pick(offsets, below, (n + 1) / 2)) >> 1;
}
