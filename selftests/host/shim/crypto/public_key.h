/* SPDX-License-Identifier: GPL-2.0-only */
/* What kmod/verify.c fills in, and what kmod/compat.h has for it in a kernel. */
#ifndef _SHIM_CRYPTO_PUBLIC_KEY_H
#define _SHIM_CRYPTO_PUBLIC_KEY_H

#include <linux/types.h>

struct public_key {
	void *key;
	u32 keylen;
	const char *id_type;
	const char *pkey_algo;
};

struct public_key_signature {
	u8 *s;
	u8 *digest;
	u32 s_size;
	u32 digest_size;
	const char *pkey_algo;
	const char *hash_algo;
	const char *encoding;
};

/* The test's. */
int public_key_verify_signature(const struct public_key *pkey,
				const struct public_key_signature *sig);

#define PG_ALG_TYPE_SIG		7
#define PG_ALG_RSA_SHA256	"rsa"
#define PG_ALG_P256		"p256"

static inline void pg_sig_set_digest(struct public_key_signature *sig, u8 *digest, u32 len)
{
	sig->digest = digest;
	sig->digest_size = len;
}

#endif
