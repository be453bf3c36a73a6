/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SHIM_LINK_LINUX_MEMCONTROL_H
#define _SHIM_LINK_LINUX_MEMCONTROL_H

#include <linux/sched.h>
#include <linux/string.h>

struct mem_cgroup;

static inline struct mem_cgroup *set_active_memcg(struct mem_cgroup *memcg)
{
	return memcg;
}

#endif
