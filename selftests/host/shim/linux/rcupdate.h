/* SPDX-License-Identifier: GPL-2.0-only */
/* One thread: no readers to wait for. */
#ifndef _SHIM_LINUX_RCUPDATE_H
#define _SHIM_LINUX_RCUPDATE_H

#include <linux/slab.h>

struct rcu_head {
	void *unused;
};

static inline void rcu_read_lock(void)
{
}

static inline void rcu_read_unlock(void)
{
}

#define rcu_assign_pointer(p, v)	((p) = (v))
#define rcu_dereference(p)	(p)
#define rcu_dereference_protected(p, c)	(p)
#define rcu_dereference_raw(p)	(p)

#define kfree_rcu(p, head)	kfree(p)

#endif
