/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Peer time: the host's UTC plus an offset, the median of the neighbours'
 * offsets and 0, within a minute of the host's clock and never running
 * backwards by a change of offset. Engine file: the caller brings the host's
 * time.
 */
#ifndef _PG_CLOCK_H
#define _PG_CLOCK_H

#include <linux/math64.h>
#include <linux/types.h>

#define PG_TIME_SECOND		10000000ULL		/* peer time counts 100 ns */
#define PG_TIME_UNIX_EPOCH	116444736000000000ULL	/* 1970 in it */
#define PG_CLOCK_SKEW_MAX	(600 * PG_TIME_SECOND)	/* between two hosts of a link */
#define PG_CLOCK_OFFSET_MAX	(60 * PG_TIME_SECOND)
#define PG_CLOCK_SAMPLES	32

/**
 * struct pg_clock - one group's idea of time
 * @offset: peer time minus host time
 * @last: latest value handed out
 */
struct pg_clock {
	s64 offset;
	u64 last;
};

/* Host time in the units of peer time; ns is nanoseconds since 1970. */
static inline u64 pg_time_from_ns(u64 ns)
{
	return div_u64(ns, 100) + PG_TIME_UNIX_EPOCH;
}

/**
 * pg_clock_now() - peer time
 * @clock: the group's
 * @host: host time, in units of peer time
 *
 * Never runs backwards, unless the host's clock was set back by more than a
 * change of offset could explain: then it follows the host. The caller
 * serialises.
 *
 * Return: peer time.
 */
u64 pg_clock_now(struct pg_clock *clock, u64 host);

/**
 * pg_clock_adjust() - take a new offset from the neighbours' clocks
 * @clock: the group's
 * @offsets: each neighbour's peer time minus this host's clock (not its peer time,
 *	which @offset is in already), clobbered (sorted)
 * @n: how many, at most PG_CLOCK_SAMPLES
 *
 * The median of these and 0; of an even count the mean of the middle two.
 */
void pg_clock_adjust(struct pg_clock *clock, s64 *offsets, unsigned int n);

/**
 * pg_clock_smooth() - what a neighbour's offset is, after one more look at its clock
 * @offset: as known
 * @sample: as it looks now, late by the time the message took to come
 *
 * Moves an eighth of the way, so that one slow message is not worth much.
 *
 * Return: the new offset.
 */
static inline s64 pg_clock_smooth(s64 offset, s64 sample)
{
	return offset + (sample - offset) / 8;
}

/**
 * pg_clock_acceptable() - may a host with that clock be linked to?
 * @mine: this host's time
 * @theirs: what the other end says
 *
 * Return: true if it may.
 */
static inline bool pg_clock_acceptable(u64 mine, u64 theirs)
{
	u64 diff = mine > theirs ? mine - theirs : theirs - mine;

	return diff <= PG_CLOCK_SKEW_MAX;
}

#endif /* _PG_CLOCK_H */
