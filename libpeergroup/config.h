/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The XML of a group's configuration: written and read. What becomes of it is in
 * p2p_config.c. Documentation/formats.rst describes it.
 */
#ifndef _PEERGROUP_CONFIG_H
#define _PEERGROUP_CONFIG_H

#include "internal.h"

/* As it stands in the XML: nothing of it is trusted before the sealed part opened. */
struct pgi_config {
	char *identity, *group, *cloud;
	uint32_t scope, cloud_flags;	/* of the cloud */
	struct pgi_blob *certs;
	size_t certs_len;
	struct pgi_blob sealed;
};

/* E_INVALIDARG; free with pgi_config_free(). */
HRESULT pgi_config_parse(const char *xml, struct pgi_config *config);
void pgi_config_free(struct pgi_config *config);

/* *@xml: malloc(). PEER_E_NO_KEY_ACCESS where the group's key is to go along. */
HRESULT pgi_config_make(const struct pgi_group_store *store, const char *password, char **xml);

/*
 * What a configuration has for @identity, whose name it has: a store to be created, and
 * the group's key, or NULL. E_INVALIDARG for another password, too.
 */
HRESULT pgi_config_open(const struct pgi_config *config, const char *password,
			const struct pgi_identity *identity, struct pgi_group_store **store,
			EVP_PKEY **key);
/* Its sealed part, opened, which does not survive; @store and *@key are to be freed. */
HRESULT pgi_config_secrets(struct pgi_blob *plain, struct pgi_group_store *store,
			   EVP_PKEY **key);

#endif /* _PEERGROUP_CONFIG_H */
