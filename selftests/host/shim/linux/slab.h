/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SHIM_LINUX_SLAB_H
#define _SHIM_LINUX_SLAB_H

#include <stdlib.h>
#include <linux/types.h>

#define GFP_KERNEL	0U
#define GFP_KERNEL_ACCOUNT	GFP_KERNEL
#define GFP_ATOMIC	0U
#define __GFP_RETRY_MAYFAIL	0U
#define __GFP_NOWARN	0U

#define struct_size(p, member, n) \
	(sizeof(*(p)) + sizeof((p)->member[0]) * (size_t)(n))

/* How many allocations still succeed; below 0, all. Tests set it. */
__attribute__((weak)) int shim_allocs_left = -1;

static inline void *kzalloc(size_t len, gfp_t gfp)
{
	(void)gfp;
	if (!shim_allocs_left)
		return NULL;
	if (shim_allocs_left > 0)
		shim_allocs_left--;
	return calloc(1, len);
}

static inline void *kmalloc(size_t len, gfp_t gfp)
{
	return kzalloc(len, gfp);
}

static inline void *kvcalloc(size_t n, size_t len, gfp_t gfp)
{
	return kzalloc(n * len, gfp);
}

static inline void kfree(const void *p)
{
	free((void *)p);
}

static inline void kvfree(const void *p)
{
	kfree(p);
}

#endif
