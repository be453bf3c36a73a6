/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SHIM_LINK_LINUX_UIDGID_H
#define _SHIM_LINK_LINUX_UIDGID_H

#include <linux/types.h>

typedef struct {
	u32 val;
} kuid_t;

typedef struct {
	u32 val;
} kgid_t;

static inline bool uid_eq(kuid_t a, kuid_t b)
{
	return a.val == b.val;
}

#endif
