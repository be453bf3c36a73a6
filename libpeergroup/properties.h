/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a group is: the properties that its creator gave it. They travel as a record
 * that the group's own key signs.
 */
#ifndef _PEERGROUP_PROPERTIES_H
#define _PEERGROUP_PROPERTIES_H

#include "internal.h"

/* Text is malloc()ed; NULL is none. */
struct pgi_properties {
	char *cloud, *classifier;
	char *group, *creator;		/* peer names */
	char *friendly, *comment;
	uint32_t flags;			/* PEER_GROUP_PROPERTY_FLAGS */
	uint32_t member_data_lifetime;	/* seconds; 0: as long as the membership */
	uint32_t presence_lifetime;
	uint32_t schemes;		/* PEER_GROUP_AUTHENTICATION_SCHEME; to set: 0 as before */
	uint32_t password_role;		/* PEERGROUP_ROLE_* of who joins by password; 0 without */
	uint8_t password_mark[PGI_MARK_LEN];	/* drawn with each password; to set: 0 as before */
};

/* None was drawn, as by versions before there were any. */
static inline bool pgi_mark_none(const uint8_t mark[PGI_MARK_LEN])
{
	static const uint8_t none[PGI_MARK_LEN];

	return !memcmp(mark, none, sizeof(none));
}

/* ---- properties.c: what they may be, and their form ---- */

void pgi_properties_free(struct pgi_properties *p);

/* Those that may change later: PEER_E_INVALID_GROUP_PROPERTIES for what is not allowed. */
HRESULT pgi_properties_check(const struct pgi_properties *p);

/* One that is too short becomes the shortest there is. */
#define PGI_PRESENCE_MIN	300U
static inline uint32_t pgi_presence_lifetime(uint32_t seconds)
{
	return seconds < PGI_PRESENCE_MIN ? PGI_PRESENCE_MIN : seconds;
}

/* The data of the record. */
HRESULT pgi_properties_encode(const struct pgi_properties *p, struct pgi_blob *data);
/* PEER_E_INVALID_GROUP_PROPERTIES, PEER_E_UNSUPPORTED_VERSION. *@p is to be freed on success. */
HRESULT pgi_properties_decode(const void *data, size_t len, struct pgi_properties *p);

/* As what is on disk says; the text is the store's. */
void pgi_properties_borrow(const struct pgi_group_store *store, struct pgi_properties *p);
/* The other way round, from the wire form that @store has of the record. */
HRESULT pgi_properties_overlay(struct pgi_group_store *store);

/* ---- group_properties.c: the record ---- */

struct pgi_group;

/* PEER_E_GROUP_NOT_READY until they are known here. Free with pgi_properties_free(). */
HRESULT pgi_properties_read(struct pgi_group *group, struct pgi_properties *p);
/* The same for who holds the lock of the group's folder: the disk is not given what is newer. */
HRESULT pgi_properties_look(struct pgi_group *group, struct pgi_properties *p);

/* May this member change them? PEER_E_GROUP_NOT_READY, PEER_E_NOT_AUTHORIZED. */
HRESULT pgi_properties_check_setter(struct pgi_group *group);

/* Publishes them as @wanted has them; NULL in what cannot change leaves it. */
HRESULT pgi_properties_set(struct pgi_group *group, const struct pgi_properties *wanted);
/* Of @wanted the schemes, and the password's role and mark, only: nothing else changes. */
HRESULT pgi_properties_set_password(struct pgi_group *group, const struct pgi_properties *wanted);

/*
 * Sees to it that the kernel has the record, if this host ever had it, and that the
 * disk has the kernel's. S_FALSE where there is none.
 */
HRESULT pgi_properties_restore(struct pgi_group *group);

#endif /* _PEERGROUP_PROPERTIES_H */
