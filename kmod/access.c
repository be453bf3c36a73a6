// SPDX-License-Identifier: GPL-2.0-only
/*
 * Owner, group and mode of a group, and what they permit to whom. Asked by the
 * netlink family for each request and by events for each listener.
 */
#include <linux/user_namespace.h>
#include "access.h"

kuid_t pg_cred_user(const struct cred *cred)
{
	const struct user_namespace *ns;
	kuid_t user = cred->euid;

	for (ns = cred->user_ns; ns != &init_user_ns; ns = ns->parent)
		if (!uid_eq(ns->owner, GLOBAL_ROOT_UID))
			user = ns->owner;
	return user;
}

void pg_owner_init(struct pg_owner *o, const struct cred *cred)
{
	spin_lock_init(&o->lock);
	o->uid = cred->euid;
	o->gid = cred->egid;
	o->mode = PG_MODE_DEFAULT;
}

void pg_owner_get(struct pg_owner *o, kuid_t *uid, kgid_t *gid, u16 *mode)
{
	spin_lock(&o->lock);
	*uid = o->uid;
	*gid = o->gid;
	*mode = o->mode;
	spin_unlock(&o->lock);
}

void pg_owner_set(struct pg_owner *o, kuid_t uid, kgid_t gid, u16 mode)
{
	spin_lock(&o->lock);
	o->uid = uid;
	o->gid = gid;
	o->mode = mode;
	spin_unlock(&o->lock);
}

/* in_group_p() asks about the caller; here it is whoever opened a socket. */
bool pg_cred_in_group(const struct cred *cred, kgid_t gid)
{
	const struct group_info *groups = cred->group_info;
	int i;

	if (gid_eq(cred->egid, gid))
		return true;
	for (i = 0; i < groups->ngroups; i++)
		if (gid_eq(groups->gid[i], gid))
			return true;
	return false;
}

/* As with files the first class that fits decides, even if a later one has more. */
bool pg_owner_permits(struct pg_owner *o, const struct cred *cred, unsigned int needs)
{
	unsigned int granted;
	kuid_t uid;
	kgid_t gid;
	u16 mode;

	pg_owner_get(o, &uid, &gid, &mode);
	if (uid_eq(cred->euid, uid))
		granted = PG_NEED_OWN | (mode >> 6 & 6);
	else if (pg_cred_in_group(cred, gid))
		granted = mode >> 3 & 6;
	else
		granted = mode & 6;
	return !(needs & ~(granted | PG_NEED_NOTHING));
}
