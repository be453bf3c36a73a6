/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Counters of a group. A counter is named by its netlink attribute
 * (PEERGROUP_A_STATS_*), and so is a refusal: engine functions that refuse
 * something return the attribute's number, which the caller counts, traces and
 * turns into an errno and a text in one place (stats.c). 0 means accepted.
 */
#ifndef _PG_STATS_H
#define _PG_STATS_H

#include <linux/atomic.h>
#include <linux/types.h>
#include "include/uapi/linux/peergroup.h"

struct pg_stats {
	atomic64_t n[__PEERGROUP_A_STATS_MAX];
};

static inline void pg_stat_inc(struct pg_stats *stats, unsigned int which)
{
	atomic64_inc(&stats->n[which]);
}

static inline void pg_stat_add(struct pg_stats *stats, unsigned int which, u64 n)
{
	atomic64_add(n, &stats->n[which]);
}

/**
 * pg_refusal_errno() - the errno of a refusal
 * @refusal: PEERGROUP_A_STATS_REFUSED_*
 *
 * User space tells refusals apart by these; each is listed in
 * Documentation/netlink/specs/peergroup.yaml.
 *
 * Return: a negative errno.
 */
int pg_refusal_errno(unsigned int refusal);

/**
 * pg_refusal_text() - what a person is told about a refusal
 * @refusal: PEERGROUP_A_STATS_REFUSED_*
 *
 * Return: a constant string, for extack.
 */
const char *pg_refusal_text(unsigned int refusal);

#endif /* _PG_STATS_H */
