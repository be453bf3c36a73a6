/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SHIM_TABLE_LINUX_SLAB_H
#define _SHIM_TABLE_LINUX_SLAB_H

#include_next <linux/slab.h>

#ifndef GFP_KERNEL_ACCOUNT
#define GFP_KERNEL_ACCOUNT	GFP_KERNEL
#endif

static inline void *kvmalloc(size_t len, gfp_t gfp)
{
	return kmalloc(len, gfp);
}

#endif
