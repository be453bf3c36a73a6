// SPDX-License-Identifier: GPL-2.0-only
/*
 * Between an allocation and who asks for it: probes of those two functions that the
 * kernel has for its own fault injection.
 */
#include <linux/kprobes.h>
#include "pg_fail.h"

/* These run in the place of what is probed, where that shall say "fail". */
static noinline int pg_fail_slab(void)
{
	return -ENOMEM;
}

static noinline bool pg_fail_page(void)
{
	return true;
}

static int pg_fail_slab_enter(struct kprobe *p, struct pt_regs *regs)
{
	if (!pg_fail_now(regs_get_kernel_argument(regs, 1)))
		return 0;
	instruction_pointer_set(regs, (unsigned long)pg_fail_slab);
	return 1;
}
NOKPROBE_SYMBOL(pg_fail_slab_enter);

static int pg_fail_page_enter(struct kprobe *p, struct pt_regs *regs)
{
	if (!pg_fail_now(regs_get_kernel_argument(regs, 0)))
		return 0;
	instruction_pointer_set(regs, (unsigned long)pg_fail_page);
	return 1;
}
NOKPROBE_SYMBOL(pg_fail_page_enter);

/* With this a probe is not made into a jump, which could not change where to go on. */
static void pg_fail_left(struct kprobe *p, struct pt_regs *regs, unsigned long flags)
{
}
NOKPROBE_SYMBOL(pg_fail_left);

static struct kprobe pg_fail_slab_probe = {
	.symbol_name = "should_failslab",
	.pre_handler = pg_fail_slab_enter,
	.post_handler = pg_fail_left,
};

static struct kprobe pg_fail_page_probe = {
	.symbol_name = "should_fail_alloc_page",
	.pre_handler = pg_fail_page_enter,
	.post_handler = pg_fail_left,
};

static struct kprobe *pg_fail_probes[] = { &pg_fail_slab_probe, &pg_fail_page_probe };

/**
 * pg_fail_hook() - come between allocations and who asks for them
 *
 * Context: may sleep. Return: 0 or an error.
 */
int pg_fail_hook(void)
{
	return register_kprobes(pg_fail_probes, ARRAY_SIZE(pg_fail_probes));
}

/**
 * pg_fail_unhook() - undo pg_fail_hook()
 *
 * Context: may sleep.
 */
void pg_fail_unhook(void)
{
	unregister_kprobes(pg_fail_probes, ARRAY_SIZE(pg_fail_probes));
}

/**
 * pg_fail_find() - where a function of the kernel is
 * @name: its name
 *
 * Context: may sleep. Return: its address, or 0 where it cannot be probed.
 */
unsigned long pg_fail_find(const char *name)
{
	struct kprobe probe = { .symbol_name = name };
	unsigned long at;

	if (register_kprobe(&probe))
		return 0;
	at = (unsigned long)probe.addr;
	unregister_kprobe(&probe);
	return at;
}
