/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SHIM_LINUX_CRYPTO_H
#define _SHIM_LINUX_CRYPTO_H

#include <linux/types.h>

#define CRYPTO_ALG_TYPE_MASK	0xf

/* The test's. */
int crypto_has_alg(const char *name, u32 type, u32 mask);

#endif
