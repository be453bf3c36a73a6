// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Keys: made, named by their hash, and signing. Whatever certificates and records need
 * of OpenSSL's keys is here; it keeps none.
 */
#include <errno.h>
#include <stdio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>
#include <openssl/x509.h>
#include "cert.h"
#include "key.h"

HRESULT pgi_crypto_failed(const char *what)
{
	unsigned long err = ERR_peek_last_error();
	char text[256] = "out of memory";
	bool memory = !err || ERR_GET_REASON(err) == ERR_R_MALLOC_FAILURE || errno == ENOMEM;

	if (err)
		ERR_error_string_n(err, text, sizeof(text));
	ERR_clear_error();
	return pgi_fail(memory ? E_OUTOFMEMORY : NTE_FAIL, "cannot %s: %s", what, text);
}

HRESULT pgi_key_make(unsigned int rsa_bits, EVP_PKEY **key)
{
	*key = EVP_RSA_gen(rsa_bits);
	return *key ? S_OK : pgi_crypto_failed("make a key");
}

HRESULT pgi_key_hash(EVP_PKEY *key, uint8_t spki_hash[32])
{
	unsigned char *der = NULL;
	int len = i2d_PUBKEY(key, &der);
	HRESULT hr;

	if (len <= 0)
		return pgi_crypto_failed("encode a public key");
	hr = SHA256(der, (size_t)len, spki_hash) ? S_OK : pgi_crypto_failed("hash a public key");
	OPENSSL_free(der);
	return hr;
}

/* Odd, above 2^16 and below 2^32. */
static bool exponent_allowed(EVP_PKEY *key)
{
	BIGNUM *e = NULL;
	bool ok = EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &e) == 1 && BN_is_odd(e) &&
		  BN_num_bits(e) > 16 && BN_num_bits(e) <= 32;

	BN_free(e);
	return ok;
}

bool pgi_key_allowed(EVP_PKEY *key)
{
	int bits = key ? EVP_PKEY_get_bits(key) : 0;
	char curve[32];
	size_t len;

	if (!key)
		return false;
	if (EVP_PKEY_is_a(key, "RSA"))
		return (bits == 2048 || bits == 3072 || bits == 4096) && exponent_allowed(key);
	return EVP_PKEY_is_a(key, "EC") &&
	       EVP_PKEY_get_group_name(key, curve, sizeof(curve), &len) == 1 &&
	       OBJ_sn2nid(curve) == NID_X9_62_prime256v1;
}

HRESULT pgi_key_sign(EVP_PKEY *key, const uint8_t digest[32], uint8_t *sig, size_t *len,
		     uint8_t *algo)
{
	bool rsa = EVP_PKEY_is_a(key, "RSA");
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
	HRESULT hr = S_OK;

	*len = PEERGROUP_SIG_LEN_MAX;
	*algo = rsa ? PEERGROUP_SIG_RSA_SHA256 : PEERGROUP_SIG_P256_SHA256;
	if (!ctx || EVP_PKEY_sign_init(ctx) != 1 ||
	    (rsa && EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) != 1) ||
	    EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256()) != 1 ||
	    EVP_PKEY_sign(ctx, sig, len, digest, 32) != 1)
		hr = pgi_crypto_failed("sign");
	EVP_PKEY_CTX_free(ctx);
	return hr;
}

HRESULT pgi_sign_digest(const struct pgi_identity *identity, const uint8_t digest[32],
			uint8_t *sig, size_t *len, uint8_t *algo)
{
	return pgi_key_sign(identity->key, digest, sig, len, algo);
}

/*
 * Of an ECDSA signature anybody can make another, so only the one with the lower second
 * number is taken.
 */
bool pgi_signature_lower(X509 *x)
{
	const ASN1_BIT_STRING *sig;
	BIGNUM *half = NULL;
	const uint8_t *p;
	EC_GROUP *p256;
	ECDSA_SIG *rs;
	bool lower;

	if (X509_get_signature_nid(x) != NID_ecdsa_with_SHA256)
		return true;
	X509_get0_signature(&sig, NULL, x);
	p = ASN1_STRING_get0_data(sig);
	rs = d2i_ECDSA_SIG(NULL, &p, ASN1_STRING_length(sig));
	p256 = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
	if (p256)
		half = BN_dup(EC_GROUP_get0_order(p256));
	lower = rs && half && BN_rshift1(half, half) &&
		BN_cmp(ECDSA_SIG_get0_s(rs), half) <= 0;
	BN_free(half);
	EC_GROUP_free(p256);
	ECDSA_SIG_free(rs);
	return lower;
}
