/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernel's SHA-256 library calls over libcrypto's (-DOPENSSL_SUPPRESS_DEPRECATED). */
#ifndef _SHIM_CRYPTO_SHA2_H
#define _SHIM_CRYPTO_SHA2_H

#include <openssl/sha.h>
#include <linux/types.h>

#define SHA256_DIGEST_SIZE	32

struct sha256_ctx {
	SHA256_CTX ctx;
};

static inline void sha256_init(struct sha256_ctx *s)
{
	SHA256_Init(&s->ctx);
}

static inline void sha256_update(struct sha256_ctx *s, const u8 *data, unsigned int len)
{
	SHA256_Update(&s->ctx, data, len);
}

static inline void sha256_final(struct sha256_ctx *s, u8 *out)
{
	SHA256_Final(out, &s->ctx);
}

static inline void sha256(const u8 *data, unsigned int len, u8 *out)
{
	SHA256(data, len, out);
}

#endif
