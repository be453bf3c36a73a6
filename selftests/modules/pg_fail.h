/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What fails allocations (main.c), and how it gets between them and who asks:
 * kprobes (probes.c), or code of the kernel that is written over (patch.c, of a
 * user-mode kernel, which has no probes).
 */
#ifndef _PG_FAIL_H
#define _PG_FAIL_H

#include <linux/gfp.h>
#include <linux/preempt.h>

/* What of hard interrupts there is where none is: a probe may itself look like one. */
#ifdef CONFIG_KPROBES
#define PG_FAIL_HARDIRQS	HARDIRQ_OFFSET
#else
#define PG_FAIL_HARDIRQS	0
#endif

bool pg_fail_now(gfp_t gfp);

/* From now on pg_fail_now() is asked about each allocation; 0 or an error. */
int pg_fail_hook(void);
void pg_fail_unhook(void);

/* Where a function of the kernel is, or 0. */
unsigned long pg_fail_find(const char *name);

#endif
