/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Handles of identities' keys, and what goes with a key beside certificates (cert.h).
 */
#ifndef _PEERGROUP_KEY_H
#define _PEERGROUP_KEY_H

#include "internal.h"

/* A reference to the key behind a handle, for EVP_PKEY_free(); E_HANDLE. */
HRESULT pgi_key_get(HCRYPTPROV handle, EVP_PKEY **pkey);

/* As pgi_sign_digest(). */
HRESULT pgi_key_sign(EVP_PKEY *key, const uint8_t digest[32], uint8_t *sig, size_t *len,
		     uint8_t *algo);

#endif /* _PEERGROUP_KEY_H */
