/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SHIM_LINK_LINUX_ATOMIC_H
#define _SHIM_LINK_LINUX_ATOMIC_H

#include_next <linux/atomic.h>

typedef struct {
	int n;
} atomic_t;

static inline int atomic_read(const atomic_t *a)
{
	return a->n;
}

static inline void atomic_set(atomic_t *a, int n)
{
	a->n = n;
}

static inline void atomic_add(int n, atomic_t *a)
{
	a->n += n;
}

static inline void atomic_sub(int n, atomic_t *a)
{
	a->n -= n;
}

static inline void atomic_inc(atomic_t *a)
{
	a->n++;
}

static inline void atomic_dec(atomic_t *a)
{
	a->n--;
}

static inline bool atomic_dec_and_test(atomic_t *a)
{
	return !--a->n;
}

static inline bool atomic_try_cmpxchg(atomic_t *a, int *old, int new)
{
	if (a->n != *old) {
		*old = a->n;
		return false;
	}
	a->n = new;
	return true;
}

static inline bool atomic64_try_cmpxchg(atomic64_t *a, s64 *old, s64 new)
{
	if (a->n != *old) {
		*old = a->n;
		return false;
	}
	a->n = new;
	return true;
}

#endif
