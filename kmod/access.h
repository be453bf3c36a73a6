/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who of this host's users may do what with a group: an owner, a group of users
 * and a mode, as IPC objects have them. Capabilities are the caller's business.
 */
#ifndef _PG_ACCESS_H
#define _PG_ACCESS_H

#include <linux/cred.h>
#include <linux/spinlock.h>
#include <linux/uidgid.h>

/* Bits of a mode that mean something: read and write, three times. */
#define PG_MODE_MASK	0666
#define PG_MODE_DEFAULT	0600

/* What is asked for. READ and WRITE are the bits of a mode. */
enum pg_need {
	PG_NEED_NOTHING = 1,	/* everybody has it */
	PG_NEED_WRITE = 2,
	PG_NEED_READ = 4,
	PG_NEED_OWN = 8,
};

/**
 * struct pg_owner - whose a group is
 * @lock: guards the rest; a leaf
 * @uid: owner
 * @gid: users that the middle three bits of @mode are for
 * @mode: read and write for owner, group, others
 */
struct pg_owner {
	spinlock_t lock;
	kuid_t uid;
	kgid_t gid;
	u16 mode;
};

/*
 * Sockets of all users: above the first nobody gets a second one, above the next not even one.
 * That is about others than the owner; but who that is may change, so that there is a last one.
 */
#define PG_CROWD_SHARED	1024U
#define PG_CROWD_MAX	2048U
#define PG_CROWD_OWNER	(PG_CROWD_MAX + 256)

/**
 * pg_crowded() - is there no room for one more socket of a user?
 * @own: how many sockets that user has
 * @all: how many all users have
 * @owns: it owns what all of them are for
 *
 * What is done for all of them is bounded by that, as a user may have many uids, each with its
 * share. They do not keep others' first socket away for less than that, and take nothing of the
 * owner's share.
 *
 * Return: true if there is none.
 */
static inline bool pg_crowded(u32 own, u32 all, bool owns)
{
	if (owns)
		return all >= PG_CROWD_OWNER;
	return all >= (own ? PG_CROWD_SHARED : PG_CROWD_MAX);
}

/* Makes @cred's effective user the owner. */
void pg_owner_init(struct pg_owner *o, const struct cred *cred);

/* All three at one moment. */
void pg_owner_get(struct pg_owner *o, kuid_t *uid, kgid_t *gid, u16 *mode);
void pg_owner_set(struct pg_owner *o, kuid_t uid, kgid_t gid, u16 mode);

static inline kuid_t pg_owner_uid(struct pg_owner *o)
{
	kuid_t uid;

	spin_lock(&o->lock);
	uid = o->uid;
	spin_unlock(&o->lock);
	return uid;
}

/* May @cred do what @needs (enum pg_need, one or several) says? Process context. */
bool pg_owner_permits(struct pg_owner *o, const struct cred *cred, unsigned int needs);

/**
 * pg_cred_user() - who is it, where it is counted what one has?
 * @cred: credentials
 *
 * A user may have many uids in a user namespace of its own (subuid(5)): these are all that user's.
 * Not so in one that root made: a container's users are not root. May what it does is not asked so.
 *
 * Return: the effective user, or who made the outermost namespace that is some user's.
 */
kuid_t pg_cred_user(const struct cred *cred);

/* Is @gid one of the groups of users that @cred is in? */
bool pg_cred_in_group(const struct cred *cred, kgid_t gid);

#endif /* _PG_ACCESS_H */
