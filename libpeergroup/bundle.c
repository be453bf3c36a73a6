// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Several certificates in one text: base64 of a PKCS #7 that holds certificates
 * and signs nothing, the form in which identities and invitations travel.
 */
#include <stdlib.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pkcs7.h>
#include "cert.h"

/* The largest proper bundle, in bytes of DER with room for its framing. */
#define BUNDLE_MAX	((PEERGROUP_CHAIN_MAX + 1) * (PEERGROUP_CERT_LEN_MAX + 8) + 256)

/* ----------------------------------------------------------------- base64 -- */

char *pgi_base64_encode(const void *data, size_t len)
{
	char *text = malloc((len + 2) / 3 * 4 + 1);

	if (text)
		EVP_EncodeBlock((unsigned char *)text, data, (int)len);
	return text;
}

static bool white(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

bool pgi_base64_decode(const char *text, size_t max, struct pgi_blob *out)
{
	size_t len = 0, pad, size;
	char *clean, *again;
	bool ok = false;
	int got;

	out->data = NULL;
	size = strlen(text);
	if (size > max * 2)
		return false;
	clean = malloc(size + 1);
	again = malloc(size + 8);
	out->data = malloc(size + 1);
	if (!clean || !again || !out->data)
		goto out;
	for (; *text; text++)
		if (!white(*text))
			clean[len++] = *text;
	clean[len] = 0;
	if (!len || len % 4)
		goto out;
	pad = (clean[len - 1] == '=') + (clean[len - 2] == '=');
	got = EVP_DecodeBlock(out->data, (unsigned char *)clean, (int)len);
	if (got < (int)pad)
		goto out;
	out->len = (size_t)got - pad;
	EVP_EncodeBlock((unsigned char *)again, out->data, (int)out->len);
	ok = !strcmp(again, clean);
out:
	free(clean);
	free(again);
	if (!ok)
		pgi_blob_free(out);
	return ok;
}

/* ---------------------------------------------------------------- bundles -- */

void pgi_bundle_free(struct pgi_blob *certs, size_t count)
{
	size_t i;

	for (i = 0; certs && i < count; i++)
		pgi_blob_free(&certs[i]);
	free(certs);
}

static PKCS7 *make_pkcs7(const struct pgi_blob *certs, size_t count)
{
	PKCS7 *p7 = PKCS7_new();
	size_t i;

	if (!p7 || !PKCS7_set_type(p7, NID_pkcs7_signed) ||
	    !PKCS7_content_new(p7, NID_pkcs7_data))
		goto fail;
	PKCS7_set_detached(p7, 1);	/* no content */
	for (i = 0; i < count; i++) {
		const unsigned char *p = certs[i].data;
		X509 *x = d2i_X509(NULL, &p, (long)certs[i].len);
		int ok = x && PKCS7_add_certificate(p7, x);

		X509_free(x);
		if (!ok)
			goto fail;
	}
	return p7;
fail:
	PKCS7_free(p7);
	return NULL;
}

HRESULT pgi_bundle_encode(const struct pgi_blob *certs, size_t count, char **base64)
{
	PKCS7 *p7 = make_pkcs7(certs, count);
	unsigned char *der = NULL;
	int len = p7 ? i2d_PKCS7(p7, &der) : 0;

	PKCS7_free(p7);
	ERR_clear_error();
	*base64 = len > 0 ? pgi_base64_encode(der, (size_t)len) : NULL;
	OPENSSL_free(der);
	return *base64 ? S_OK : E_OUTOFMEMORY;
}

static HRESULT take_certs(const STACK_OF(X509) *stack, struct pgi_blob **certs, size_t *count)
{
	int i, n = sk_X509_num(stack);
	HRESULT hr = S_OK;

	*certs = calloc((size_t)n, sizeof(**certs));
	if (!*certs)
		return E_OUTOFMEMORY;
	*count = (size_t)n;
	for (i = 0; i < n && SUCCEEDED(hr); i++) {
		unsigned char *der = NULL;
		int len = i2d_X509(sk_X509_value(stack, i), &der);

		hr = len > 0 ? pgi_blob_set(&(*certs)[i], der, (size_t)len) : E_OUTOFMEMORY;
		OPENSSL_free(der);
	}
	if (FAILED(hr)) {
		pgi_bundle_free(*certs, *count);
		*certs = NULL;
	}
	return hr;
}

HRESULT pgi_bundle_decode(const char *base64, struct pgi_blob **certs, size_t *count)
{
	const STACK_OF(X509) *stack = NULL;
	struct pgi_blob der;
	const unsigned char *p;
	HRESULT hr = E_INVALIDARG;
	PKCS7 *p7;

	*certs = NULL;
	*count = 0;
	if (!pgi_base64_decode(base64, BUNDLE_MAX, &der))
		return pgi_fail(E_INVALIDARG, "damaged base64");
	p = der.data;
	p7 = d2i_PKCS7(NULL, &p, (long)der.len);
	if (p7 && p == der.data + der.len && PKCS7_type_is_signed(p7) && p7->d.sign)
		stack = p7->d.sign->cert;
	if (stack && sk_X509_num(stack) > 0 && sk_X509_num(stack) <= PEERGROUP_CHAIN_MAX + 1)
		hr = take_certs(stack, certs, count);
	else
		pgi_set_error("not a PKCS #7 of certificates");
	ERR_clear_error();
	PKCS7_free(p7);
	pgi_blob_free(&der);
	return hr;
}
