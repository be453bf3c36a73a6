// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Handles of keys for programs, which sign by them but never see a private key; and
 * checking what was signed so.
 */
#include <stdlib.h>
#include <openssl/err.h>
#include <openssl/rsa.h>
#include "cert.h"
#include "key.h"

/* For programs, which may be asked to sign what others chose: never what the library signs. */
#define SIGN_TAG	"peergroup signed data 1"

static bool make_digest(const void *data, size_t size, uint8_t digest[32])
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool ok;

	ok = ctx && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) &&
	     EVP_DigestUpdate(ctx, SIGN_TAG, sizeof(SIGN_TAG)) &&
	     EVP_DigestUpdate(ctx, data, size) && EVP_DigestFinal_ex(ctx, digest, NULL);
	EVP_MD_CTX_free(ctx);
	return ok;
}

/* ------------------------------------------------------------ key handles -- */

struct key {
	struct pgi_object obj;
	EVP_PKEY *pkey;
};

static void release(struct pgi_object *obj)
{
	struct key *key = pgi_container_of(obj, struct key, obj);

	EVP_PKEY_free(key->pkey);
	free(key);
}

HRESULT pgi_key_get(HCRYPTPROV handle, EVP_PKEY **pkey)
{
	struct pgi_object *obj = pgi_handle_get((void *)(uintptr_t)handle, PGI_KEY);
	HRESULT hr = S_OK;

	*pkey = NULL;
	if (!obj)
		return pgi_fail(E_HANDLE, "not the handle of a key");
	if (EVP_PKEY_up_ref(pgi_container_of(obj, struct key, obj)->pkey) == 1)
		*pkey = pgi_container_of(obj, struct key, obj)->pkey;
	else
		hr = E_OUTOFMEMORY;
	pgi_object_put(obj);
	return hr;
}

static HRESULT make_handle(EVP_PKEY *pkey, HCRYPTPROV *out)
{
	struct key *key = calloc(1, sizeof(*key));
	void *handle;
	HRESULT hr;

	if (!key)
		return E_OUTOFMEMORY;
	pgi_object_init(&key->obj, PGI_KEY, release);
	if (EVP_PKEY_up_ref(pkey) == 1)
		key->pkey = pkey;
	hr = key->pkey ? pgi_handle_new(&key->obj, &handle) : E_OUTOFMEMORY;
	if (FAILED(hr)) {
		pgi_object_put(&key->obj);
		return hr;
	}
	/* Identities need no Startup, so no Shutdown takes their keys away. */
	pgi_handle_native(handle);
	*out = (HCRYPTPROV)(uintptr_t)handle;
	return S_OK;
}

static HRESULT open_key(const char *name, HCRYPTPROV *out)
{
	struct pgi_identity *identity;
	HRESULT hr;

	hr = pgi_identity_load(name, &identity);
	if (FAILED(hr))
		return hr;
	hr = make_handle(identity->key, out);
	pgi_identity_free(identity);
	return hr;
}

/* ------------------------------------------------------- public functions -- */

PGI_PUBLIC HRESULT PeerIdentityGetCryptKey(PCWSTR name, HCRYPTPROV *provider)
{
	HRESULT hr;
	char *n;

	pgi_clear_error();
	if (provider)
		*provider = 0;
	if (!name || !provider)
		return pgi_fail(E_INVALIDARG, "%s is NULL", name ? "phCryptProv" : "pwzIdentity");
	hr = pgi_utf8_from_wide(name, &n);
	if (FAILED(hr))
		return hr;
	hr = open_key(n, provider);
	free(n);
	return hr;
}

PGI_PUBLIC HRESULT peergroup_identity_key(const char *name, HCRYPTPROV *key)
{
	pgi_clear_error();
	if (!key)
		return pgi_fail(E_INVALIDARG, "key is NULL");
	*key = 0;
	return open_key(name, key);
}

PGI_PUBLIC HRESULT peergroup_key_release(HCRYPTPROV key)
{
	struct pgi_object *obj;

	pgi_clear_error();
	obj = pgi_handle_remove((void *)(uintptr_t)key, PGI_KEY);
	if (!obj)
		return pgi_fail(E_HANDLE, "not the handle of a key");
	pgi_object_put(obj);
	return S_OK;
}

static HRESULT return_block(const void *data, size_t size, void **out, size_t *out_size)
{
	*out = pgi_new(size);
	if (!*out)
		return E_OUTOFMEMORY;
	memcpy(*out, data, size);
	*out_size = size;
	return S_OK;
}

PGI_PUBLIC HRESULT peergroup_key_public(HCRYPTPROV key, void **der, size_t *size)
{
	unsigned char *spki = NULL;
	EVP_PKEY *pkey;
	HRESULT hr;
	int len;

	pgi_clear_error();
	if (!der || !size)
		return pgi_fail(E_INVALIDARG, "%s is NULL", der ? "size" : "der");
	*der = NULL;
	*size = 0;
	hr = pgi_key_get(key, &pkey);
	if (FAILED(hr))
		return hr;
	len = i2d_PUBKEY(pkey, &spki);
	hr = len > 0 ? return_block(spki, (size_t)len, der, size) :
		pgi_crypto_failed("encode a public key");
	OPENSSL_free(spki);
	EVP_PKEY_free(pkey);
	return hr;
}

PGI_PUBLIC HRESULT peergroup_key_sign(HCRYPTPROV key, const void *data, size_t size,
				      void **signature, size_t *signature_size)
{
	uint8_t digest[32], sig[PEERGROUP_SIG_LEN_MAX], algo;
	EVP_PKEY *pkey;
	HRESULT hr;
	size_t len;

	pgi_clear_error();
	if (!signature || !signature_size || (size && !data))
		return pgi_fail(E_INVALIDARG, "data, signature or its size is NULL");
	*signature = NULL;
	*signature_size = 0;
	hr = pgi_key_get(key, &pkey);
	if (FAILED(hr))
		return hr;
	hr = make_digest(data, size, digest) ? pgi_key_sign(pkey, digest, sig, &len, &algo) :
		pgi_crypto_failed("hash");
	if (SUCCEEDED(hr))
		hr = return_block(sig, len, signature, signature_size);
	EVP_PKEY_free(pkey);
	return hr;
}

static bool verify(EVP_PKEY *key, const uint8_t digest[32], const void *sig, size_t len)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
	bool ok;

	ok = ctx && EVP_PKEY_verify_init(ctx) == 1 &&
	     (!EVP_PKEY_is_a(key, "RSA") ||
	      EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) == 1) &&
	     EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256()) == 1 &&
	     EVP_PKEY_verify(ctx, sig, len, digest, 32) == 1;
	EVP_PKEY_CTX_free(ctx);
	ERR_clear_error();
	return ok;
}

PGI_PUBLIC HRESULT peergroup_verify(const void *der, size_t der_size, const void *data,
				    size_t size, const void *signature, size_t signature_size)
{
	const unsigned char *p = der;
	EVP_PKEY *key = NULL;
	uint8_t digest[32];
	HRESULT hr = S_OK;

	pgi_clear_error();
	if (!der || !signature || (size && !data))
		return pgi_fail(E_INVALIDARG, "key, data or signature is NULL");
	if (der_size && der_size <= PEERGROUP_CERT_LEN_MAX)
		key = d2i_PUBKEY(NULL, &p, (long)der_size);
	if (!key || p != (const unsigned char *)der + der_size || !pgi_key_allowed(key))
		hr = pgi_fail(E_INVALIDARG, "not a public key of a kind that identities have");
	else if (!make_digest(data, size, digest))
		hr = pgi_crypto_failed("hash");
	else if (!verify(key, digest, signature, signature_size))
		hr = pgi_fail(NTE_BAD_SIGNATURE, "the signature is not that key's");
	ERR_clear_error();
	EVP_PKEY_free(key);
	return hr;
}
