/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernel's Curve25519 library calls over libcrypto's. */
#ifndef _SHIM_CRYPTO_CURVE25519_H
#define _SHIM_CRYPTO_CURVE25519_H

#include <stdlib.h>
#include <string.h>
#include <openssl/evp.h>
#include <linux/types.h>

#define CURVE25519_KEY_SIZE	32

static inline void curve25519_clamp_secret(u8 secret[CURVE25519_KEY_SIZE])
{
	secret[0] &= 248;
	secret[31] = (secret[31] & 127) | 64;
}

/* As in the kernel, false where the result is all zeroes; libcrypto then gives none. */
static inline bool __must_check curve25519(u8 out[CURVE25519_KEY_SIZE],
					   const u8 secret[CURVE25519_KEY_SIZE],
					   const u8 point[CURVE25519_KEY_SIZE])
{
	EVP_PKEY *priv, *pub;
	EVP_PKEY_CTX *ctx;
	size_t len = CURVE25519_KEY_SIZE;
	bool good;

	priv = EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL, secret, len);
	pub = EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, NULL, point, len);
	ctx = priv ? EVP_PKEY_CTX_new(priv, NULL) : NULL;
	if (!pub || !ctx || EVP_PKEY_derive_init(ctx) <= 0 ||
	    EVP_PKEY_derive_set_peer(ctx, pub) <= 0)
		abort();
	good = EVP_PKEY_derive(ctx, out, &len) > 0;
	if (!good)
		memset(out, 0, CURVE25519_KEY_SIZE);
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(priv);
	EVP_PKEY_free(pub);
	return good;
}

static inline bool __must_check curve25519_generate_public(u8 pub[CURVE25519_KEY_SIZE],
							   const u8 secret[CURVE25519_KEY_SIZE])
{
	static const u8 base[CURVE25519_KEY_SIZE] = { 9 };

	return curve25519(pub, secret, base);
}

#endif
