/* SPDX-License-Identifier: GPL-2.0-only */
/* Hash chains and rings. */
#ifndef _SHIM_LINUX_LIST_H
#define _SHIM_LINUX_LIST_H

#include <linux/kernel.h>

#define INIT_HLIST_HEAD(h)	((h)->first = NULL)

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

static inline void INIT_HLIST_NODE(struct hlist_node *n)
{
	n->next = NULL;
	n->pprev = NULL;
}

static inline void hlist_del_init(struct hlist_node *n)
{
	if (n->pprev)
		hlist_del(n);
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

/* A ring with a head. */
static inline void INIT_LIST_HEAD(struct list_head *h)
{
	h->next = h;
	h->prev = h;
}

static inline void list_add_tail(struct list_head *n, struct list_head *h)
{
	n->next = h;
	n->prev = h->prev;
	h->prev->next = n;
	h->prev = n;
}

static inline void list_del(struct list_head *n)
{
	n->next->prev = n->prev;
	n->prev->next = n->next;
	n->next = NULL;
	n->prev = NULL;
}

static inline void list_del_init(struct list_head *n)
{
	list_del(n);
	INIT_LIST_HEAD(n);
}

static inline int list_empty(const struct list_head *h)
{
	return h->next == h;
}

#define list_entry(p, type, member)	container_of(p, type, member)
#define list_last_entry(h, type, member) container_of((h)->prev, type, member)

#define list_for_each_entry(pos, head, member)					\
	for ((pos) = container_of((head)->next, __typeof__(*(pos)), member);	\
	     &(pos)->member != (head);						\
	     (pos) = container_of((pos)->member.next, __typeof__(*(pos)), member))

#define list_for_each_entry_safe(pos, after, head, member)			\
	for ((pos) = container_of((head)->next, __typeof__(*(pos)), member),	\
	     (after) = container_of((pos)->member.next, __typeof__(*(pos)), member); \
	     &(pos)->member != (head);						\
	     (pos) = (after),							\
	     (after) = container_of((pos)->member.next, __typeof__(*(pos)), member))

#endif
