/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SHIM_LINUX_OVERFLOW_H
#define _SHIM_LINUX_OVERFLOW_H

#define check_add_overflow(a, b, out)	__builtin_add_overflow(a, b, out)
#define check_mul_overflow(a, b, out)	__builtin_mul_overflow(a, b, out)

#endif
