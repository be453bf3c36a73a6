/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SHIM_LINK_LINUX_SPINLOCK_H
#define _SHIM_LINK_LINUX_SPINLOCK_H

#include <linux/mutex.h>

/* One thread: a spinlock is a lock like any other. */
typedef struct mutex spinlock_t;

#define spin_lock_init	mutex_init
#define spin_lock	mutex_lock
#define spin_unlock	mutex_unlock

#endif
