/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Making, listing and deleting identities, for the files that do so; who only acts for
 * an identity needs internal.h.
 */
#ifndef _PEERGROUP_IDENTITY_H
#define _PEERGROUP_IDENTITY_H

#include "internal.h"

/* All of this user's, oldest first, without their keys. */
struct pgi_identities {
	struct pgi_identity **items;
	size_t count;
};

HRESULT pgi_identities_read(struct pgi_identities *list);
void pgi_identities_free(struct pgi_identities *list);

/*
 * A new one of @key, which may be NULL for one to be made; *@name is malloc()ed.
 * E_INVALIDARG, PEER_E_ALREADY_EXISTS, PEER_E_TOO_MANY_IDENTITIES, PEER_E_NO_KEY_ACCESS.
 */
HRESULT pgi_identity_create(const char *classifier, const char *friendly, EVP_PKEY *key,
			    char **name);
/* One that is complete but for its time, which becomes now; errors as above. */
HRESULT pgi_identity_save(struct pgi_identity *identity);
/* E_INVALIDARG, PEER_E_NOT_FOUND, PEER_E_GROUPS_EXIST. */
HRESULT pgi_identity_delete(const char *name);

#endif /* _PEERGROUP_IDENTITY_H */
