/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SHIM_LINUX_RHASHTABLE_H
#define _SHIM_LINUX_RHASHTABLE_H

struct rhash_head {
	void *unused;
};

struct rhashtable {
	void *unused;
};

#endif
