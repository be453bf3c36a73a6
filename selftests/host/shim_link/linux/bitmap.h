/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SHIM_LINK_LINUX_BITMAP_H
#define _SHIM_LINK_LINUX_BITMAP_H

#include <linux/slab.h>

#define BITS_PER_LONG	(8 * sizeof(long))

static inline unsigned long *bitmap_zalloc(unsigned int bits, gfp_t gfp)
{
	return kvcalloc((bits + BITS_PER_LONG - 1) / BITS_PER_LONG, sizeof(long), gfp);
}

#endif
