/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SHIM_LINK_LINUX_KREF_H
#define _SHIM_LINK_LINUX_KREF_H

#include <linux/refcount.h>

struct kref {
	refcount_t refs;
};

static inline void kref_get(struct kref *k)
{
	refcount_inc(&k->refs);
}

#endif
