/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How memory is asked for where it is the network that calls for it.
 */
#ifndef _PG_ALLOC_H
#define _PG_ALLOC_H

#include <linux/slab.h>

/*
 * Accounted, and never worth an OOM kill, be it by the host or by the memory cgroup
 * that pays: who asks can do without. Also where a program may ask, too.
 */
#define PG_GFP_LINK	(GFP_KERNEL_ACCOUNT | __GFP_RETRY_MAYFAIL)

#endif /* _PG_ALLOC_H */
