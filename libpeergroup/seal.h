/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Sealing a few kilobytes by a password, for config.c. Documentation/formats.rst has
 * the form.
 */
#ifndef _PEERGROUP_SEAL_H
#define _PEERGROUP_SEAL_H

#include "internal.h"

#define PGI_SEALED_MAX	(256U << 10)

/* What stands before the sealed part; @aad is sealed in without being in it. */
HRESULT pgi_seal(const char *password, const struct pgi_blob *aad,
		 const struct pgi_blob *plain, struct pgi_blob *sealed);
/* E_INVALIDARG for another password, another @aad and whatever was altered; wipe @plain. */
HRESULT pgi_unseal(const char *password, const struct pgi_blob *aad,
		   const struct pgi_blob *sealed, struct pgi_blob *plain);

#endif /* _PEERGROUP_SEAL_H */
