/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SHIM_LINK_LINUX_SLAB_H
#define _SHIM_LINK_LINUX_SLAB_H

#include_next <linux/slab.h>
#include <string.h>

static inline void kvfree_sensitive(const void *p, size_t len)
{
	if (p)
		memset((void *)p, 0, len);
	kfree(p);
}

#define kfree_sensitive	kfree

#endif
