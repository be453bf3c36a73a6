/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Peer time: the host's UTC plus an offset, the median of the neighbours'
 * offsets and 0, within a minute of the host's clock and never running
 * backwards. Engine file: the caller brings the host's time.
 */
#ifndef _PG_CLOCK_H
#define _PG_CLOCK_H

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
	return ns / 100 + PG_TIME_UNIX_EPOCH;
}

/**
 * pg_clock_now() - peer time
 * @host: host time, in units of peer time
 *
 * The caller serialises.
 */
u64 pg_clock_now(struct pg_clock *clock, u64 host);

/**
 * pg_clock_adjust() - take a new offset from the neighbours' clocks
 * @offsets: each neighbour's peer time minus this host's, clobbered (sorted)
 * @n: how many, at most PG_CLOCK_SAMPLES
 */
void pg_clock_adjust(struct pg_clock *clock, s64 *offsets, unsigned int n);

/**
 * pg_clock_acceptable() - may a host with that clock be linked to?
 * @mine: this host's time
 * @theirs: what the other end says
 */
static inline bool pg_clock_acceptable(u64 mine, u64 theirs)
{
	u64 diff = mine > theirs ? mine - theirs : theirs - mine;

	return diff <= PG_CLOCK_SKEW_MAX;
}

#endif /* _PG_CLOCK_H */
