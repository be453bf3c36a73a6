/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SHIM_LINUX_MINMAX_H
#define _SHIM_LINUX_MINMAX_H

#define min(a, b) ({				\
	__typeof__(a) __a = (a);		\
	__typeof__(b) __b = (b);		\
	__a < __b ? __a : __b; })
#define max(a, b) ({				\
	__typeof__(a) __a = (a);		\
	__typeof__(b) __b = (b);		\
	__a > __b ? __a : __b; })
#define min_t(type, a, b)	min((type)(a), (type)(b))
#define max_t(type, a, b)	max((type)(a), (type)(b))
#define clamp(x, lo, hi) ({			\
	__typeof__(x) __x = (x);		\
	__x < (lo) ? (lo) : __x > (hi) ? (hi) : __x; })
#define swap(a, b) ({				\
	__typeof__(a) __t = (a);		\
	(a) = (b);				\
	(b) = __t; })

#endif
