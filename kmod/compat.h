/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Differences between kernels from 6.1 on. The only file that asks for the
 * version.
 */
#ifndef _PG_COMPAT_H
#define _PG_COMPAT_H

#include <linux/fs.h>
#include <linux/version.h>

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

#endif /* _PG_COMPAT_H */
