/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SHIM_LINK_LINUX_WORKQUEUE_H
#define _SHIM_LINK_LINUX_WORKQUEUE_H

#include <linux/bitops.h>
#include <linux/kernel.h>
#include <linux/ktime.h>

/* Nothing runs by itself: who queues is told of, the test runs it. */
struct work_struct {
	bool queued;
};

struct delayed_work {
	struct work_struct work;
};

struct workqueue_struct;

#define to_delayed_work(w)	container_of(w, struct delayed_work, work)

static inline bool queue_work(struct workqueue_struct *wq, struct work_struct *work)
{
	(void)wq;
	work->queued = true;
	return true;
}

static inline bool queue_delayed_work(struct workqueue_struct *wq, struct delayed_work *work,
				      unsigned long delay)
{
	(void)delay;
	return queue_work(wq, &work->work);
}

#define mod_delayed_work	queue_delayed_work

#endif
