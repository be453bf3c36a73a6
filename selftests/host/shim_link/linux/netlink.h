/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SHIM_LINK_LINUX_NETLINK_H
#define _SHIM_LINK_LINUX_NETLINK_H

#include_next <linux/netlink.h>

#define NL_SET_ERR_MSG(extack, text)	((void)(extack))

#endif
