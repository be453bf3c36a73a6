/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernel's BLAKE2s library calls, of 32 byte hashes without a key, over libcrypto's. */
#ifndef _SHIM_CRYPTO_BLAKE2S_H
#define _SHIM_CRYPTO_BLAKE2S_H

#include <stdlib.h>
#include <openssl/evp.h>
#include <linux/types.h>

#define BLAKE2S_BLOCK_SIZE	64
#define BLAKE2S_HASH_SIZE	32

struct blake2s_ctx {
	EVP_MD_CTX *ctx;
};

static inline void blake2s_init(struct blake2s_ctx *s, const size_t outlen)
{
	s->ctx = EVP_MD_CTX_new();
	if (!s->ctx || outlen != BLAKE2S_HASH_SIZE ||
	    EVP_DigestInit_ex(s->ctx, EVP_blake2s256(), NULL) <= 0)
		abort();
}

static inline void blake2s_update(struct blake2s_ctx *s, const u8 *in, size_t len)
{
	if (len && EVP_DigestUpdate(s->ctx, in, len) <= 0)
		abort();
}

static inline void blake2s_final(struct blake2s_ctx *s, u8 *out)
{
	if (EVP_DigestFinal_ex(s->ctx, out, NULL) <= 0)
		abort();
	EVP_MD_CTX_free(s->ctx);
	s->ctx = NULL;
}

#endif
