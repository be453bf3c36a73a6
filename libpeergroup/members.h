/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The members of a group, as the kernel knows them, and the records that the library
 * itself keeps about them and about the group.
 */
#ifndef _PEERGROUP_MEMBERS_H
#define _PEERGROUP_MEMBERS_H

#include "group.h"

/* One certificate that the kernel has verified; a member may have several. */
struct pgi_member {
	uint8_t fingerprint[PEERGROUP_HASH_LEN];
	uint8_t issuer[PEERGROUP_HASH_LEN];	/* its fingerprint */
	char *name, *friendly;
	uint32_t roles;
	uint64_t not_before, not_after;
	uint32_t depth;			/* 0: the root */
	bool revoked;
	struct pgi_blob der;
};

struct pgi_members {
	struct pgi_member *list;
	size_t count;
	const struct pgi_member **by_name, **by_fingerprint;	/* @count each */
};

/* After @list was filled in, from where it may not be moved any more. */
HRESULT pgi_members_index(struct pgi_members *members);

/* All there are, each after its issuer; free with pgi_members_free(). */
HRESULT pgi_members_read(struct pgi_group *group, struct pgi_members *members);
void pgi_members_free(struct pgi_members *members);

/* Was @a issued for a later time than @b, a certificate of the same member? */
bool pgi_member_later(const struct pgi_member *a, const struct pgi_member *b);

/*
 * May @m, which is later, take the place of @before, for all that it is further down? Its
 * holder then falls with one more. Never with an administrator; with others for another
 * role, or when @before has less than half of its time left.
 */
bool pgi_member_may_follow(const struct pgi_member *m, const struct pgi_member *before,
			   uint64_t now);

/* Is its issuer, which is among @members, an administrator or the root? */
bool pgi_member_by_administrator(const struct pgi_members *members, const struct pgi_member *m);

/*
 * The certificate that speaks for that peer name at @now: of those that hold, and were not
 * revoked, if there is any, the one that the member goes by itself, as own.c has it;
 * NULL if there is none at all.
 */
const struct pgi_member *pgi_members_find(const struct pgi_members *members,
					  const char *name, uint64_t now);

/* All certificates of that peer name, *@n in a row, later ones behind. */
const struct pgi_member **pgi_members_named(const struct pgi_members *members,
					    const char *name, size_t *n);
/* NULL if there is none. */
const struct pgi_member *pgi_members_with(const struct pgi_members *members,
					  const uint8_t fingerprint[PEERGROUP_HASH_LEN]);

/* ---- membership.c ---- */

struct pgi_record;

/* Made by the member itself, by the record's id: else an administrator's renewal. */
bool pgi_membership_is_own(const uint8_t id[PEERGROUP_ID_LEN]);

/* The certificate that a membership record is about; S_FALSE where there is none. */
HRESULT pgi_membership_subject(const struct pgi_record *record, struct pgi_cert **cert);
bool pgi_membership_fingerprint(const struct pgi_record *record,
				uint8_t fingerprint[PEERGROUP_HASH_LEN]);

/* A membership record's data: certificates, below the root first. */
HRESULT pgi_membership_encode(const struct pgi_blob *certs, size_t count,
			      struct pgi_blob *data);

/*
 * The group is online, or may be: publishes the own membership record, unless it is
 * there, or may be left out. What goes wrong is tried again the next time.
 */
void pgi_membership_announce(struct pgi_group *group);
/* A turn of upkeep: the same, and plans the next. */
void pgi_membership_upkeep(struct pgi_group *group);
/* The member has published something at that peer time: who it is must be known then. */
void pgi_membership_acted(struct pgi_group *group, uint64_t when);

#endif /* _PEERGROUP_MEMBERS_H */
