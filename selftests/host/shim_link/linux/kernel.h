/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SHIM_LINK_LINUX_KERNEL_H
#define _SHIM_LINK_LINUX_KERNEL_H

#include_next <linux/kernel.h>

#define pr_notice_ratelimited(...)	do { } while (0)

#endif
