/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SHIM_LINK_LINUX_LIST_H
#define _SHIM_LINK_LINUX_LIST_H

#include_next <linux/list.h>

#define list_first_entry_or_null(h, type, member)	\
	(list_empty(h) ? NULL : container_of((h)->next, type, member))

#endif
