/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Differences between kernels from 6.1 on. The only file that asks for the
 * version. Engine files are compiled in user space, too, where it is of no
 * importance.
 */
#ifndef _PG_COMPAT_H
#define _PG_COMPAT_H

#if __has_include(<linux/unaligned.h>)
#include <linux/unaligned.h>	/* from 6.12 on */
#else
#include <asm/unaligned.h>
#endif

#ifdef __KERNEL__
#include <linux/fs.h>
#include <linux/version.h>
#include <net/genetlink.h>

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
