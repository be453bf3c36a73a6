/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SHIM_LINK_LINUX_JIFFIES_H
#define _SHIM_LINK_LINUX_JIFFIES_H

#include <linux/types.h>

#define MSEC_PER_SEC	1000ULL
#define NSEC_PER_SEC	1000000000ULL

/* Of 1 ms each; the test is the clock. */
extern unsigned long jiffies;

#define time_after(a, b)	((long)((b) - (a)) < 0)
#define time_before(a, b)	time_after(b, a)
#define time_after_eq(a, b)	(!time_before(a, b))

static inline unsigned long msecs_to_jiffies(u64 ms)
{
	return ms;
}

static inline unsigned long nsecs_to_jiffies(u64 ns)
{
	return ns / 1000000;
}

#endif
