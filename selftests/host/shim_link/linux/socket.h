/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SHIM_LINK_LINUX_SOCKET_H
#define _SHIM_LINK_LINUX_SOCKET_H

#include_next <linux/socket.h>
#include <sys/socket.h>

#endif
