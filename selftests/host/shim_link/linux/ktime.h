/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SHIM_LINK_LINUX_KTIME_H
#define _SHIM_LINK_LINUX_KTIME_H

#include <linux/jiffies.h>

typedef s64 ktime_t;

static inline u64 ktime_get_ns(void)
{
	return jiffies * 1000000ULL;
}

#define ktime_get		ktime_get_ns
#define ktime_get_boottime	ktime_get_ns
#define ktime_get_real_ns	ktime_get_ns

static inline s64 ktime_to_ms(ktime_t t)
{
	return t / 1000000;
}

static inline s64 ktime_us_delta(ktime_t later, ktime_t earlier)
{
	return (later - earlier) / 1000;
}

#endif
