/* SPDX-License-Identifier: GPL-2.0-only */
/* One thread; taking a lock twice or giving back one not taken aborts. */
#ifndef _SHIM_LINUX_MUTEX_H
#define _SHIM_LINUX_MUTEX_H

#include <stdlib.h>
#include <linux/types.h>

struct mutex {
	bool taken;
};

#define lockdep_is_held(l)		((l)->taken)
#define lockdep_assert_held(l)		((void)(l))

static inline void mutex_init(struct mutex *m)
{
	m->taken = false;
}

static inline void mutex_lock(struct mutex *m)
{
	if (m->taken)
		abort();
	m->taken = true;
}

static inline void mutex_unlock(struct mutex *m)
{
	if (!m->taken)
		abort();
	m->taken = false;
}

static inline void mutex_destroy(struct mutex *m)
{
	if (m->taken)
		abort();
}

#endif
