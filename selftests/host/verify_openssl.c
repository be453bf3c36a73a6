// SPDX-License-Identifier: GPL-2.0-only
/*
 * pg_verify() over libcrypto, for the engine in user space: what kmod/verify.c
 * is in the kernel. Tests and fuzzers link it; they may count the checks made
 * and take ECDSA away as a stock Debian kernel does.
 */
#include <errno.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rsa.h>
#include "verify.h"
#include "verify_openssl.h"

unsigned long verify_calls;
bool verify_no_ecdsa;
void (*verify_hook)(void);

static EVP_PKEY *rsa_key(struct pg_span key)
{
	const unsigned char *p = key.p;

	return d2i_PublicKey(EVP_PKEY_RSA, NULL, &p, key.len);
}

static EVP_PKEY *p256_key(struct pg_span key)
{
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME,
						 (char *)"prime256v1", 0),
		OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY,
						  (void *)key.p, key.len),
		OSSL_PARAM_construct_end(),
	};
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	EVP_PKEY *pkey = NULL;

	if (ctx && EVP_PKEY_fromdata_init(ctx) > 0 &&
	    EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_PUBLIC_KEY, params) <= 0)
		pkey = NULL;
	EVP_PKEY_CTX_free(ctx);
	return pkey;
}

static bool verify_ok(EVP_PKEY *pkey, bool rsa, const u8 *hash, struct pg_span sig)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(pkey, NULL);
	bool ok = ctx && EVP_PKEY_verify_init(ctx) > 0;

	if (ok && rsa)
		ok = EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) > 0;
	ok = ok && EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256()) > 0 &&
	     EVP_PKEY_verify(ctx, sig.p, sig.len, hash, PEERGROUP_HASH_LEN) == 1;
	EVP_PKEY_CTX_free(ctx);
	return ok;
}

int pg_verify_init(void)
{
	return 0;
}

int pg_verify(u8 algo, struct pg_span key, const u8 *hash, struct pg_span sig)
{
	bool rsa = algo == PEERGROUP_SIG_RSA_SHA256;
	EVP_PKEY *pkey;
	bool ok;

	if (!pg_sig_well_formed(algo, sig))
		return -EKEYREJECTED;
	if (!rsa && verify_no_ecdsa)
		return -ENOPKG;

	verify_calls++;
	if (verify_hook)
		verify_hook();
	pkey = rsa ? rsa_key(key) : p256_key(key);
	ok = pkey && verify_ok(pkey, rsa, hash, sig);
	EVP_PKEY_free(pkey);
	ERR_clear_error();
	return ok ? 0 : -EKEYREJECTED;
}
