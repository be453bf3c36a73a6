/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SHIM_LINK_LINUX_WAIT_H
#define _SHIM_LINK_LINUX_WAIT_H

#include <linux/types.h>

typedef struct {
	bool woken;
} wait_queue_head_t;

static inline void wake_up_all(wait_queue_head_t *w)
{
	w->woken = true;
}

#endif
