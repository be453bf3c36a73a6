// SPDX-License-Identifier: GPL-2.0-only
/*
 * A module that does wrong, to see whether the kernels that are there to notice do: see
 * host/test_watchers_long.sh. One wrong thing each time it is loaded, which always fails.
 */
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

static char *what;
module_param(what, charp, 0);
MODULE_PARM_DESC(what, "access, shift, index, leak, sleep, order, rcu or race");

/* What a compiler must not know. */
static int number = 40;
module_param(number, int, 0);

static DEFINE_MUTEX(first);
static DEFINE_MUTEX(second);
static DEFINE_SPINLOCK(spin);
static int __rcu *pointed;
static unsigned long counter;

static void do_access(void)
{
	char *bytes = kmalloc(number, GFP_KERNEL);

	if (!bytes)
		return;
	OPTIMIZER_HIDE_VAR(bytes);
	bytes[number] = 1;
	kfree(bytes);
}

static void do_shift(void)
{
	int one = 1;

	OPTIMIZER_HIDE_VAR(one);
	WRITE_ONCE(counter, one << number);
}

/* Within the structure, where no other check looks. */
static void do_index(void)
{
	struct {
		int few[4];
		int behind[60];
	} *numbers = kzalloc(sizeof(*numbers), GFP_KERNEL);

	if (numbers)
		WRITE_ONCE(numbers->few[number], 1);
	kfree(numbers);
}

/* As large as nothing that is about. */
static void do_leak(void)
{
	void *lost = kmalloc(777, GFP_KERNEL);

	OPTIMIZER_HIDE_VAR(lost);
}

static void do_sleep(void)
{
	spin_lock(&spin);
	mutex_lock(&first);
	mutex_unlock(&first);
	spin_unlock(&spin);
}

static void do_order(void)
{
	mutex_lock(&first);
	mutex_lock(&second);
	mutex_unlock(&second);
	mutex_unlock(&first);
	mutex_lock(&second);
	mutex_lock(&first);
	mutex_unlock(&first);
	mutex_unlock(&second);
}

static void do_rcu(void)
{
	WRITE_ONCE(counter, rcu_dereference(pointed) ? 1 : 0);
}

static int count(void *unused)
{
	while (!kthread_should_stop()) {
		counter++;
		cond_resched();
	}
	return 0;
}

static void do_race(void)
{
	unsigned long end = jiffies + 20 * HZ;
	struct task_struct *other = kthread_run(count, NULL, "pg_faulty");

	if (IS_ERR(other))
		return;
	while (time_before(jiffies, end)) {
		counter++;
		cond_resched();
	}
	kthread_stop(other);
}

static const struct {
	const char *name;
	void (*fn)(void);
} wrongs[] = {
	{ "access", do_access }, { "shift", do_shift }, { "index", do_index },
	{ "leak", do_leak }, { "sleep", do_sleep }, { "order", do_order },
	{ "rcu", do_rcu }, { "race", do_race },
};

static int __init faulty_init(void)
{
	size_t i;

	for (i = 0; what && i < ARRAY_SIZE(wrongs); i++)
		if (!strcmp(what, wrongs[i].name))
			wrongs[i].fn();
	return -ECANCELED;
}
module_init(faulty_init);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Does wrong, for those who watch");
