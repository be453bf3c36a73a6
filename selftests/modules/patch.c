// SPDX-License-Identifier: GPL-2.0-only
/*
 * Between an allocation and who asks for it, in a user-mode kernel (x86-64), which has
 * no probes: the first bytes of those two functions that the kernel has for its own
 * fault injection become a jump to here. That takes their place altogether, so the
 * kernel's own fault injection does nothing meanwhile. One CPU, and no preemption:
 * nobody is in the middle of what is written over.
 *
 * Where they are is to be said as the module is loaded, "should_failslab=ADDRESS" and
 * so on: /proc/kallsyms tells who reads it, and a module that asks is told nothing.
 */
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/string.h>
#include "pg_fail.h"

/* The host's, for the process that is this kernel. */
#define PG_FAIL_MPROTECT	10
#define PG_FAIL_ALL_ACCESS	7

static unsigned long should_failslab, should_fail_alloc_page, sysfs_slab_add;
module_param(should_failslab, ulong, 0);
module_param(should_fail_alloc_page, ulong, 0);
module_param(sysfs_slab_add, ulong, 0);

static int pg_fail_slab(struct kmem_cache *cache, gfp_t gfp)
{
	return pg_fail_now(gfp) ? -ENOMEM : 0;
}

static bool pg_fail_page(gfp_t gfp, unsigned int order)
{
	return pg_fail_now(gfp);
}

/* movabs $ADDRESS, %rax; jmp *%rax */
struct pg_fail_jump {
	u8 movabs[2];
	const void *to;
	u8 jmp[2];
} __packed;

static struct pg_fail_patch {
	const unsigned long *at;
	const void *to;
	struct pg_fail_jump was;
} pg_fail_patches[] = {
	{ &should_failslab, pg_fail_slab },
	{ &should_fail_alloc_page, pg_fail_page },
};

/* Code can be read and run only, until its process says otherwise. */
static int pg_fail_writable(unsigned long at, size_t len)
{
	unsigned long from = at & PAGE_MASK, all = PAGE_ALIGN(at + len) - from;
	long err;

	asm volatile("syscall"
		     : "=a" (err)
		     : "a" (PG_FAIL_MPROTECT), "D" (from), "S" (all), "d" (PG_FAIL_ALL_ACCESS)
		     : "rcx", "r11", "memory");
	return err;
}

/**
 * pg_fail_hook() - come between allocations and who asks for them
 *
 * Context: may sleep. Return: 0 or an error.
 */
int pg_fail_hook(void)
{
	struct pg_fail_jump jump = { { 0x48, 0xb8 }, NULL, { 0xff, 0xe0 } };
	unsigned int i;
	int err;

	for (i = 0; i < ARRAY_SIZE(pg_fail_patches); i++) {
		if (!*pg_fail_patches[i].at)
			return -EINVAL;
		err = pg_fail_writable(*pg_fail_patches[i].at, sizeof(jump));
		if (err)
			return err;
	}
	for (i = 0; i < ARRAY_SIZE(pg_fail_patches); i++) {
		struct pg_fail_patch *patch = &pg_fail_patches[i];

		jump.to = patch->to;
		__builtin_memcpy(&patch->was, (void *)*patch->at, sizeof(jump));
		__builtin_memcpy((void *)*patch->at, &jump, sizeof(jump));
	}
	return 0;
}

/**
 * pg_fail_unhook() - undo pg_fail_hook()
 *
 * Context: may sleep.
 */
void pg_fail_unhook(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(pg_fail_patches); i++)
		__builtin_memcpy((void *)*pg_fail_patches[i].at, &pg_fail_patches[i].was,
				 sizeof(pg_fail_patches[i].was));
}

/**
 * pg_fail_find() - where a function of the kernel is
 * @name: its name
 *
 * Context: any. Return: its address, or 0 where nobody said.
 */
unsigned long pg_fail_find(const char *name)
{
	return strcmp(name, "sysfs_slab_add") ? 0 : sysfs_slab_add;
}
