// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fails one allocation of the module peergroup, or several in a row, that are
 * told by how many came before: those that have a function of the module among
 * their callers, whatever runs it. The kernel's own fault injection counts all
 * allocations of a task instead, and a kernel worker serves more than one module.
 *
 * Used by selftests/kmod/test_fail*.c. To be loaded before peergroup, so that it
 * fails what that allocates as it is loaded, too. How it comes between an allocation
 * and who asks for it is probes.c's business, or that of patch.c where a kernel has no
 * probes.
 *
 * debugfs, pg_fail/arm: "NTH TIMES PID" is written to it. PID is the only thread
 *	that counts; all but the threads of a process where it is negative; all where
 *	it is 0. Unless TIMES is one each behind them fails, too, that is of a place which
 *	never failed before. NTH 0 disarms.
 * pg_fail/state: what came since, how many of it were failed, and where the last
 * pg_fail/sites: all the places in the module that have allocated, how many times,
 *	and how many times that failed
 */
#include <linux/debugfs.h>
#include <linux/kallsyms.h>
#include <linux/module.h>
#include <linux/seq_file.h>
#include <linux/stacktrace.h>
#include <linux/uaccess.h>
#include "pg_fail.h"

#define PG_FAIL_NAME	"peergroup"
#define PG_FAIL_DEPTH	64
#define PG_FAIL_SITES	512

struct pg_fail_site {
	unsigned long where;
	atomic_t seen;
	atomic_t failed;
};

static struct module *pg_fail_of;	/* while it is loaded */
static struct pg_fail_site pg_fail_sites[PG_FAIL_SITES];
static bool pg_fail_armed;
static int pg_fail_pid;
static int pg_fail_nth;
static int pg_fail_times;
static atomic_t pg_fail_seen;
static atomic_t pg_fail_failed;
static unsigned long pg_fail_where;
static unsigned long pg_fail_spared, pg_fail_spared_end;
static struct dentry *pg_fail_dir;

/* --------------------------------------------------------- what shall fail -- */

static bool pg_fail_mine(void)
{
	int pid = READ_ONCE(pg_fail_pid);

	/* An interrupt's allocations are not those of whom it interrupts. */
	if (in_serving_softirq() || hardirq_count() > PG_FAIL_HARDIRQS)
		return false;
	return !pid || (pid > 0 ? current->pid == pid : current->tgid != -pid);
}

/*
 * The kernel's own sysfs_slab_add() does not free a cache's name where there is no memory
 * behind it (as of 6.1): that would be a leak, but none of the module's.
 */
static bool pg_fail_spares(unsigned long where)
{
	return where >= pg_fail_spared && where < pg_fail_spared_end;
}

static void __init pg_fail_find_spared(void)
{
	char text[KSYM_SYMBOL_LEN];
	unsigned long size;

	pg_fail_spared = pg_fail_find("sysfs_slab_add");
	if (!pg_fail_spared)
		return;
	sprint_symbol(text, pg_fail_spared);
	if (strchr(text, '/') && sscanf(strchr(text, '/'), "/0x%lx", &size) == 1)
		pg_fail_spared_end = pg_fail_spared + size;
}

/*
 * The innermost function of the module on the stack, or 0, also for what is spared. Its own
 * stack is for those only whose allocations count: others may have none to spare.
 */
static noinline unsigned long pg_fail_caller(void)
{
	struct module *of = READ_ONCE(pg_fail_of);
	unsigned long stack[PG_FAIL_DEPTH];
	unsigned int i, n;

	if (!of)
		return 0;
	n = stack_trace_save(stack, ARRAY_SIZE(stack), 0);
	for (i = 0; i < n && !pg_fail_spares(stack[i]); i++)
		if (within_module(stack[i], of))
			return stack[i];
	return 0;
}

static struct pg_fail_site *pg_fail_site(unsigned long where)
{
	unsigned int i, at;

	for (i = 0; i < PG_FAIL_SITES; i++) {
		struct pg_fail_site *site;
		unsigned long was;

		at = ((where >> 2) + i) % PG_FAIL_SITES;
		site = &pg_fail_sites[at];
		was = cmpxchg(&site->where, 0, where);
		if (!was || was == where)
			return site;
	}
	return NULL;
}

/* Is it the turn of the @n th allocation, which is of @site? */
static bool pg_fail_due(const struct pg_fail_site *site, int n)
{
	int behind = n - READ_ONCE(pg_fail_nth), times = READ_ONCE(pg_fail_times);

	if (behind < 0)
		return false;
	if (behind < times)
		return true;
	return times != 1 && site && !atomic_read(&site->failed);
}

/* Counts an allocation; shall it fail? */
static bool pg_fail_count(unsigned long where)
{
	struct pg_fail_site *site = pg_fail_site(where);
	int n;

	if (site)
		atomic_inc(&site->seen);
	n = atomic_inc_return(&pg_fail_seen);
	if (!pg_fail_due(site, n))
		return false;
	if (site)
		atomic_inc(&site->failed);
	atomic_inc(&pg_fail_failed);
	WRITE_ONCE(pg_fail_where, where);
	return true;
}

/**
 * pg_fail_now() - an allocation is asked for; shall it fail?
 * @gfp: how it is asked for
 *
 * Context: any.
 */
bool pg_fail_now(gfp_t gfp)
{
	unsigned long where;

	if (!READ_ONCE(pg_fail_armed) || (gfp & __GFP_NOFAIL) || !pg_fail_mine())
		return false;
	where = pg_fail_caller();
	return where && pg_fail_count(where);
}

/* ------------------------------------------------------- who is watched -- */

static int pg_fail_module(struct notifier_block *nb, unsigned long event, void *data)
{
	struct module *mod = data;

	if (strcmp(mod->name, PG_FAIL_NAME))
		return NOTIFY_DONE;
	/* Another load, of other code. */
	if (event == MODULE_STATE_COMING)
		memset(pg_fail_sites, 0, sizeof(pg_fail_sites));
	WRITE_ONCE(pg_fail_of, event == MODULE_STATE_GOING ? NULL : mod);
	return NOTIFY_OK;
}

static struct notifier_block pg_fail_notifier = {
	.notifier_call = pg_fail_module,
};

/* ----------------------------------------------------------------- debugfs -- */

static ssize_t pg_fail_arm(struct file *file, const char __user *from, size_t len, loff_t *at)
{
	int nth, times, pid;
	char text[64];

	if (len >= sizeof(text))
		return -EINVAL;
	if (copy_from_user(text, from, len))
		return -EFAULT;
	text[len] = '\0';
	if (sscanf(text, "%d %d %d", &nth, &times, &pid) != 3 || nth < 0 || times < 0)
		return -EINVAL;
	WRITE_ONCE(pg_fail_armed, false);
	if (!nth)
		return len;
	WRITE_ONCE(pg_fail_nth, nth);
	WRITE_ONCE(pg_fail_times, times);
	WRITE_ONCE(pg_fail_pid, pid);
	WRITE_ONCE(pg_fail_where, 0);
	atomic_set(&pg_fail_seen, 0);
	atomic_set(&pg_fail_failed, 0);
	/* Behind all that pg_fail_now() looks at next; it may well be a little late. */
	smp_wmb();
	WRITE_ONCE(pg_fail_armed, true);
	return len;
}

static const struct file_operations pg_fail_arm_ops = {
	.owner = THIS_MODULE,
	.open = simple_open,
	.write = pg_fail_arm,
	.llseek = noop_llseek,
};

static int pg_fail_state_show(struct seq_file *file, void *unused)
{
	seq_printf(file, "%d %d %pS\n", atomic_read(&pg_fail_seen), atomic_read(&pg_fail_failed),
		   (void *)READ_ONCE(pg_fail_where));
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(pg_fail_state);

static int pg_fail_sites_show(struct seq_file *file, void *unused)
{
	unsigned int i;

	for (i = 0; i < PG_FAIL_SITES; i++) {
		const struct pg_fail_site *site = &pg_fail_sites[i];

		if (READ_ONCE(site->where))
			seq_printf(file, "%d %d %pS\n", atomic_read(&site->seen),
				   atomic_read(&site->failed), (void *)site->where);
	}
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(pg_fail_sites);

static int __init pg_fail_init(void)
{
	int err;

	pg_fail_find_spared();
	err = pg_fail_hook();
	if (err)
		return err;
	err = register_module_notifier(&pg_fail_notifier);
	if (err) {
		pg_fail_unhook();
		return err;
	}
	pg_fail_dir = debugfs_create_dir("pg_fail", NULL);
	debugfs_create_file("arm", 0200, pg_fail_dir, NULL, &pg_fail_arm_ops);
	debugfs_create_file("state", 0400, pg_fail_dir, NULL, &pg_fail_state_fops);
	debugfs_create_file("sites", 0400, pg_fail_dir, NULL, &pg_fail_sites_fops);
	return 0;
}
module_init(pg_fail_init);

static void __exit pg_fail_exit(void)
{
	debugfs_remove(pg_fail_dir);
	unregister_module_notifier(&pg_fail_notifier);
	pg_fail_unhook();
}
module_exit(pg_fail_exit);

MODULE_DESCRIPTION("Fails allocations of the module peergroup, for its tests");
MODULE_LICENSE("GPL");
