/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SHIM_LINK_LINUX_BITOPS_H
#define _SHIM_LINK_LINUX_BITOPS_H

#include <linux/types.h>

static inline bool test_bit(unsigned int nr, const unsigned long *bits)
{
	return bits[nr / (8 * sizeof(long))] >> nr % (8 * sizeof(long)) & 1;
}

static inline void __set_bit(unsigned int nr, unsigned long *bits)
{
	bits[nr / (8 * sizeof(long))] |= 1UL << nr % (8 * sizeof(long));
}

static inline void clear_bit(unsigned int nr, unsigned long *bits)
{
	bits[nr / (8 * sizeof(long))] &= ~(1UL << nr % (8 * sizeof(long)));
}

static inline bool test_and_set_bit(unsigned int nr, unsigned long *bits)
{
	bool was = test_bit(nr, bits);

	__set_bit(nr, bits);
	return was;
}

static inline bool test_and_clear_bit(unsigned int nr, unsigned long *bits)
{
	bool was = test_bit(nr, bits);

	clear_bit(nr, bits);
	return was;
}

#define set_bit	__set_bit

#endif
