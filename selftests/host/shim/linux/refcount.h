/* SPDX-License-Identifier: GPL-2.0-only */
/* Aborts where the kernel would warn. */
#ifndef _SHIM_LINUX_REFCOUNT_H
#define _SHIM_LINUX_REFCOUNT_H

#include <stdlib.h>
#include <linux/types.h>

typedef struct {
	int n;
} refcount_t;

static inline void refcount_set(refcount_t *r, int n)
{
	r->n = n;
}

static inline int refcount_read(const refcount_t *r)
{
	return r->n;
}

static inline void refcount_inc(refcount_t *r)
{
	if (r->n++ <= 0)
		abort();
}

static inline bool refcount_inc_not_zero(refcount_t *r)
{
	if (!r->n)
		return false;
	refcount_inc(r);
	return true;
}

static inline bool refcount_dec_and_test(refcount_t *r)
{
	if (r->n <= 0)
		abort();
	return !--r->n;
}

#endif
