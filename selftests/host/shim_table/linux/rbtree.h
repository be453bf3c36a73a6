/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SHIM_LINUX_RBTREE_H
#define _SHIM_LINUX_RBTREE_H

struct rb_node {
	void *unused;
};

struct rb_root {
	void *unused;
};

struct rb_root_cached {
	void *unused;
};

#endif
