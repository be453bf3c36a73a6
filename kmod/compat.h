/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Differences between kernels from 6.1 on. The only file that asks for the
 * version. Engine files are compiled in user space, too, where it is of no
 * importance.
 */
#ifndef _PG_COMPAT_H
#define _PG_COMPAT_H

#ifndef __KERNEL__
#include <asm/unaligned.h>
#else
#include <linux/fs.h>
#include <linux/version.h>
#include <net/genetlink.h>

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
#include <linux/unaligned.h>
#else
#include <asm/unaligned.h>
#endif

/* A file that is not being closed, held, or NULL. The caller keeps its memory from going. */
static inline struct file *pg_get_file_active(struct file **slot)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 7, 0)
	return get_file_active(slot);
#else
	struct file *file = READ_ONCE(*slot);

	return file && get_file_rcu(file) ? file : NULL;
#endif
}

/* What a dump was asked for. */
static inline struct nlattr **pg_dumpit_attrs(struct netlink_callback *cb)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 6, 0)
	return genl_dumpit_info(cb)->info.attrs;
#else
	return genl_dumpit_info(cb)->attrs;
#endif
}
#endif /* __KERNEL__ */

#endif /* _PG_COMPAT_H */
