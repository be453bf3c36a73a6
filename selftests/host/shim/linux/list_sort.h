/* SPDX-License-Identifier: GPL-2.0-only */
/* By insertion: the lists of tests are short. */
#ifndef _SHIM_LINUX_LIST_SORT_H
#define _SHIM_LINUX_LIST_SORT_H

#include <linux/list.h>

typedef int (*list_cmp_func_t)(void *priv, const struct list_head *a, const struct list_head *b);

static inline void list_sort(void *priv, struct list_head *head, list_cmp_func_t cmp)
{
	struct list_head *n = head->next, *next, *at;

	INIT_LIST_HEAD(head);
	for (; n != head; n = next) {
		next = n->next;
		for (at = head->next; at != head && cmp(priv, at, n) <= 0; at = at->next)
			;
		list_add_tail(n, at);
	}
}

#endif
