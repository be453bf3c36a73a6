// SPDX-License-Identifier: GPL-2.0-only
/*
 * Module init and exit. Groups end first, with the family there to tell of it;
 * then what was set up last goes first: programs lose their way in, and nothing
 * is queued any more when the workqueue goes.
 */
#include <linux/module.h>
#include <linux/workqueue.h>
#include <net/genetlink.h>
#include "group.h"
#include "netlink.h"
#include "release.h"
#include "verify.h"

/*
 * Links, admission, expiry and dialling: short works that may run on any CPU. Many may wait for
 * one group's lock at a time, for which no other group's are to wait: so many at once.
 */
struct workqueue_struct *pg_wq;

static int __init pg_init(void)
{
	int err = -ENOMEM;

	pg_wq = alloc_workqueue("peergroup", WQ_UNBOUND, WQ_UNBOUND_MAX_ACTIVE);
	if (!pg_wq)
		return err;
	err = pg_verify_init();
	if (err)
		goto wq;
	err = pg_table_module_init();
	if (err)
		goto wq;
	err = pg_link_module_init();
	if (err)
		goto table;
	err = pg_group_module_init();
	if (err)
		goto link;
	err = pg_netlink_init();
	if (err)
		goto group;
	return 0;
group:
	pg_group_module_exit();
link:
	pg_link_module_exit();
table:
	pg_table_module_exit();
wq:
	destroy_workqueue(pg_wq);
	return err;
}

static void __exit pg_exit(void)
{
	pg_group_module_stop();
	pg_netlink_exit();
	pg_group_module_exit();
	pg_link_module_exit();
	destroy_workqueue(pg_wq);
	pg_table_module_exit();
}

module_init(pg_init);
module_exit(pg_exit);
MODULE_LICENSE("GPL");
MODULE_VERSION(PG_RELEASE);
MODULE_DESCRIPTION("Groups of hosts that agree about signed records");
MODULE_ALIAS_GENL_FAMILY(PEERGROUP_FAMILY_NAME);
