/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SHIM_LINUX_ATOMIC_H
#define _SHIM_LINUX_ATOMIC_H

#include <linux/types.h>

typedef struct {
	s64 n;
} atomic64_t;

static inline void atomic64_inc(atomic64_t *a)
{
	a->n++;
}

static inline void atomic64_add(s64 n, atomic64_t *a)
{
	a->n += n;
}

static inline void atomic64_set(atomic64_t *a, s64 n)
{
	a->n = n;
}

static inline s64 atomic64_read(const atomic64_t *a)
{
	return a->n;
}

#endif
