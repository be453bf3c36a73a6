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

/* Makes @cred's effective user the owner. */
void pg_owner_init(struct pg_owner *o, const struct cred *cred);

/* All three at one moment. */
void pg_owner_get(struct pg_owner *o, kuid_t *uid, kgid_t *gid, u16 *mode);
void pg_owner_set(struct pg_owner *o, kuid_t uid, kgid_t gid, u16 mode);

/* May @cred do what @needs (enum pg_need, one or several) says? Process context. */
bool pg_owner_permits(struct pg_owner *o, const struct cred *cred, unsigned int needs);

/* Is @gid one of the groups of users that @cred is in? */
bool pg_cred_in_group(const struct cred *cred, kgid_t gid);

#endif /* _PG_ACCESS_H */
