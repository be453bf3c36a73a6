/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SHIM_LINK_LINUX_MM_H
#define _SHIM_LINK_LINUX_MM_H

#include <linux/slab.h>

#endif
