// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Sealing by a password: scrypt makes a key of it, AES-256-GCM encrypts and
 * authenticates. What a sealed text says about its own cost is bounded, so that a
 * hostile one costs neither much memory nor much time.
 */
#include <stdlib.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include "cert.h"
#include "seal.h"

#define KEY_LEN		32
#define SALT_LEN	16
#define NONCE_LEN	12
#define TAG_LEN		16

/* 32 MiB and about a tenth of a second; up to four times that is read. */
#define LOG_N		15
#define LOG_N_MIN	14
#define LOG_N_MAX	17
#define SCRYPT_R	8
#define SCRYPT_P	1
#define SCRYPT_MEM	((128ULL * SCRYPT_R << LOG_N_MAX) + (1U << 20))

struct header {
	uint8_t version;
	uint8_t log_n, r, p;
	uint8_t salt[SALT_LEN];
	uint8_t nonce[NONCE_LEN];
};

#define OVERHEAD	(sizeof(struct header) + TAG_LEN)

static HRESULT derive(const char *password, const struct header *h, uint8_t key[KEY_LEN])
{
	if (EVP_PBE_scrypt(password, strlen(password), h->salt, sizeof(h->salt), 1ULL << h->log_n,
			   h->r, h->p, SCRYPT_MEM, key, KEY_LEN) != 1)
		return pgi_crypto_failed("make a key of the password");
	return S_OK;
}

/* The header is sealed in, too, and both parts have lengths that cannot be confused. */
static bool begin(EVP_CIPHER_CTX *ctx, const uint8_t *key, const struct header *h,
		  const struct pgi_blob *aad, bool encrypt)
{
	int len;

	return EVP_CipherInit_ex(ctx, EVP_aes_256_gcm(), NULL, key, h->nonce, encrypt) == 1 &&
	       EVP_CipherUpdate(ctx, NULL, &len, (const uint8_t *)h, sizeof(*h)) == 1 &&
	       EVP_CipherUpdate(ctx, NULL, &len, aad->data, (int)aad->len) == 1;
}

static bool encrypt(const uint8_t *key, const struct pgi_blob *aad,
		    const struct pgi_blob *plain, struct pgi_blob *sealed)
{
	const struct header *h = (const struct header *)sealed->data;
	uint8_t *out = sealed->data + sizeof(*h);
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int len, rest;
	bool ok;

	ok = ctx && begin(ctx, key, h, aad, true) &&
	     EVP_CipherUpdate(ctx, out, &len, plain->data, (int)plain->len) == 1 &&
	     EVP_CipherFinal_ex(ctx, out + len, &rest) == 1 &&
	     EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_GET_TAG, TAG_LEN, out + plain->len) == 1;
	EVP_CIPHER_CTX_free(ctx);
	return ok;
}

HRESULT pgi_seal(const char *password, const struct pgi_blob *aad,
		 const struct pgi_blob *plain, struct pgi_blob *sealed)
{
	struct header *h;
	uint8_t key[KEY_LEN];
	HRESULT hr;

	if (plain->len > PGI_SEALED_MAX - OVERHEAD)
		return pgi_fail(E_UNEXPECTED, "too much to seal");
	sealed->len = plain->len + OVERHEAD;
	sealed->data = calloc(1, sealed->len);
	h = (struct header *)sealed->data;
	if (!h)
		return E_OUTOFMEMORY;
	*h = (struct header){ .version = 1, .log_n = LOG_N, .r = SCRYPT_R, .p = SCRYPT_P };
	hr = RAND_bytes(h->salt, SALT_LEN) == 1 && RAND_bytes(h->nonce, NONCE_LEN) == 1 ? S_OK :
		pgi_fail(E_UNEXPECTED, "no random numbers");
	if (SUCCEEDED(hr))
		hr = derive(password, h, key);
	if (SUCCEEDED(hr) && !encrypt(key, aad, plain, sealed))
		hr = pgi_crypto_failed("encrypt");
	OPENSSL_cleanse(key, sizeof(key));
	if (FAILED(hr))
		pgi_blob_free(sealed);
	return hr;
}

static HRESULT check_header(const struct pgi_blob *sealed)
{
	const struct header *h = (const struct header *)sealed->data;

	if (sealed->len < OVERHEAD || sealed->len > PGI_SEALED_MAX)
		return pgi_fail(E_INVALIDARG, "the sealed part is cut off");
	if (h->version != 1)
		return pgi_fail(E_INVALIDARG, "the sealed part is of version %u", h->version);
	if (h->log_n < LOG_N_MIN || h->log_n > LOG_N_MAX || h->r != SCRYPT_R || h->p != SCRYPT_P)
		return pgi_fail(E_INVALIDARG, "the sealed part asks for another scrypt");
	return S_OK;
}

static bool decrypt(const uint8_t *key, const struct pgi_blob *aad,
		    const struct pgi_blob *sealed, struct pgi_blob *plain)
{
	const struct header *h = (const struct header *)sealed->data;
	const uint8_t *in = sealed->data + sizeof(*h);
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int len, rest;
	bool ok;

	ok = ctx && begin(ctx, key, h, aad, false) &&
	     EVP_CipherUpdate(ctx, plain->data, &len, in, (int)plain->len) == 1 &&
	     EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_SET_TAG, TAG_LEN,
				 (uint8_t *)(uintptr_t)in + plain->len) == 1 &&
	     EVP_CipherFinal_ex(ctx, plain->data + len, &rest) == 1;
	EVP_CIPHER_CTX_free(ctx);
	ERR_clear_error();
	return ok;
}

HRESULT pgi_unseal(const char *password, const struct pgi_blob *aad,
		   const struct pgi_blob *sealed, struct pgi_blob *plain)
{
	uint8_t key[KEY_LEN];
	HRESULT hr;

	plain->data = NULL;
	hr = check_header(sealed);
	if (FAILED(hr))
		return hr;
	plain->len = sealed->len - OVERHEAD;
	plain->data = malloc(plain->len + 1);
	if (!plain->data)
		return E_OUTOFMEMORY;
	hr = derive(password, (const struct header *)sealed->data, key);
	if (SUCCEEDED(hr) && !decrypt(key, aad, sealed, plain))
		hr = pgi_fail(E_INVALIDARG, "another password, or it was altered");
	OPENSSL_cleanse(key, sizeof(key));
	if (FAILED(hr))
		pgi_blob_wipe(plain);
	return hr;
}
