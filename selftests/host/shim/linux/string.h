/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SHIM_LINUX_STRING_H
#define _SHIM_LINUX_STRING_H

#include <string.h>
#include <linux/types.h>

/* The compiler does not know what it is for, so it cannot leave it out. */
static inline void memzero_explicit(void *p, size_t len)
{
	memset(p, 0, len);
	__asm__ __volatile__("" : : "r" (p) : "memory");
}

/* The first byte that is not c, NULL where there is none. */
static inline void *memchr_inv(const void *start, int c, size_t len)
{
	const u8 *p = start;

	for (; len; p++, len--)
		if (*p != (u8)c)
			return (void *)p;
	return NULL;
}

#endif
