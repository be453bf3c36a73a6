/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SHIM_LINUX_HASHTABLE_H
#define _SHIM_LINUX_HASHTABLE_H

#include <linux/list.h>

#define DECLARE_HASHTABLE(name, bits)	struct hlist_head name[1 << (bits)]
#define hash_init(t)			memset((t), 0, sizeof(t))
#define hash_bucket(t, key)		(&(t)[((u32)(key) * 2654435769U) % ARRAY_SIZE(t)])

#define hash_add(t, node, key)		hlist_add_head((node), hash_bucket(t, key))
#define hash_add_rcu			hash_add
#define hash_del			hlist_del_init
#define hash_del_rcu			hlist_del

#define hash_for_each_possible(t, obj, member, key) \
	hlist_for_each_entry(obj, hash_bucket(t, key), member)
#define hash_for_each_possible_rcu(t, obj, member, key, ...) \
	hash_for_each_possible(t, obj, member, key)

#define hash_for_each(t, bkt, obj, member)					\
	for ((bkt) = 0, (obj) = NULL; !(obj) && (bkt) < (int)ARRAY_SIZE(t); (bkt)++)	\
		hlist_for_each_entry(obj, &(t)[bkt], member)
#define hash_for_each_rcu hash_for_each

#define hash_for_each_safe(t, bkt, after, obj, member)				\
	for ((bkt) = 0, (obj) = NULL; !(obj) && (bkt) < (int)ARRAY_SIZE(t); (bkt)++)	\
		hlist_for_each_entry_safe(obj, after, &(t)[bkt], member)

#endif
