/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SHIM_LINK_LINUX_CRED_H
#define _SHIM_LINK_LINUX_CRED_H

#include <linux/uidgid.h>

struct cred {
	kuid_t euid;
};

#endif
