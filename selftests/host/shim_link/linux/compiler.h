/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SHIM_LINK_LINUX_COMPILER_H
#define _SHIM_LINK_LINUX_COMPILER_H

#include_next <linux/compiler.h>

#define fallthrough	__attribute__((fallthrough))

/* One thread. */
#define smp_load_acquire(p)	READ_ONCE(*(p))
#define smp_mb__after_atomic()	do { } while (0)
#define smp_wmb()		do { } while (0)
#define smp_rmb()		do { } while (0)

#endif
