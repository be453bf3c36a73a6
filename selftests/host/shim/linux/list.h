/* SPDX-License-Identifier: GPL-2.0-only */
/* Hash chains and circular lists: what the engine uses of them. */
#ifndef _SHIM_LINUX_LIST_H
#define _SHIM_LINUX_LIST_H

#include <linux/kernel.h>

static inline void hlist_add_head(struct hlist_node *n, struct hlist_head *h)
{
	n->next = h->first;
	n->pprev = &h->first;
	if (n->next)
		n->next->pprev = &n->next;
	h->first = n;
}

static inline void hlist_del(struct hlist_node *n)
{
	*n->pprev = n->next;
	if (n->next)
		n->next->pprev = n->pprev;
	n->next = NULL;
	n->pprev = NULL;
}

#define hlist_entry_or_null(node, type, member) ({		\
	struct hlist_node *__n = (node);			\
	__n ? container_of(__n, type, member) : NULL; })

#define hlist_for_each_entry(pos, head, member)					\
	for ((pos) = hlist_entry_or_null((head)->first, __typeof__(*(pos)), member); \
	     (pos);								\
	     (pos) = hlist_entry_or_null((pos)->member.next, __typeof__(*(pos)), member))

#define hlist_for_each_entry_safe(pos, after, head, member)			\
	for ((pos) = hlist_entry_or_null((head)->first, __typeof__(*(pos)), member); \
	     (pos) && ((after) = (pos)->member.next, 1);			\
	     (pos) = hlist_entry_or_null((after), __typeof__(*(pos)), member))

static inline void INIT_LIST_HEAD(struct list_head *head)
{
	head->next = head;
	head->prev = head;
}

static inline void list_add_tail(struct list_head *n, struct list_head *head)
{
	n->next = head;
	n->prev = head->prev;
	head->prev->next = n;
	head->prev = n;
}

static inline void list_del(struct list_head *n)
{
	n->next->prev = n->prev;
	n->prev->next = n->next;
}

#define list_for_each_entry(pos, head, member)					\
	for ((pos) = container_of((head)->next, __typeof__(*(pos)), member);	\
	     &(pos)->member != (head);						\
	     (pos) = container_of((pos)->member.next, __typeof__(*(pos)), member))

#endif
