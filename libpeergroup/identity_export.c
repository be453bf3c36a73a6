// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * An identity on its way to another computer: XML around a PKCS #12 that holds the
 * private key, encrypted by a password, and the identity's own certificate, which has
 * its names. Groups do not go along.
 */
#include <stdlib.h>
#include <openssl/err.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>
#include "cert.h"
#include "identity.h"
#include "xml.h"

#define PFX_MAX		(16U << 10)
/* Half a second of a computer of today; what asks for ten times that is not read. */
#define ITERATIONS	600000
#define ITERATIONS_MAX	(10 * ITERATIONS)

/* --------------------------------------------------------------- exporting -- */

static X509 *own_certificate(const struct pgi_identity *identity)
{
	struct pgi_blob der = { 0 };
	const unsigned char *p;
	X509 *x;

	if (FAILED(pgi_idc_make(identity, &der)))
		return NULL;
	p = der.data;
	x = d2i_X509(NULL, &p, (long)der.len);
	pgi_blob_free(&der);
	return x;
}

/* The certificate is for everybody to see; the key is under PBES2 with AES-256. */
static HRESULT make_pfx(const struct pgi_identity *identity, const char *password,
			struct pgi_blob *der)
{
	X509 *x = own_certificate(identity);
	PKCS12 *p12 = NULL;
	unsigned char *data = NULL;
	HRESULT hr;
	int len = 0;

	if (x)
		p12 = PKCS12_create(password, "peergroup identity", identity->key, x, NULL,
				    NID_aes_256_cbc, -1, ITERATIONS, -1, 0);
	if (p12 && PKCS12_set_mac(p12, password, -1, NULL, 16, ITERATIONS, EVP_sha256()))
		len = i2d_PKCS12(p12, &data);
	hr = len > 0 ? pgi_blob_set(der, data, (size_t)len) : pgi_crypto_failed("make a PKCS #12");
	OPENSSL_free(data);
	PKCS12_free(p12);
	X509_free(x);
	return hr;
}

/* Names are plain text, but may hold what XML has other uses for. */
static HRESULT put_xml(const char *name, const char *base64, char **xml)
{
	size_t size;
	FILE *out = pgi_stream_begin(xml, &size);

	if (!out)
		return E_OUTOFMEMORY;
	fprintf(out, "<PEERIDENTITYEXPORT VERSION=\"1.0\" xmlns:dt=\"%s\"><PEERNAME>",
		PGI_DT_NAMESPACE);
	pgi_xml_put(out, name);
	fprintf(out, "</PEERNAME><DATA dt:dt=\"bin.base64\">%s</DATA></PEERIDENTITYEXPORT>",
		base64);
	return pgi_stream_end(out, xml);
}

static HRESULT check_password(const char *password)
{
	return *password ? S_OK : pgi_fail(E_INVALIDARG, "the password is empty");
}

static HRESULT export(const char *name, const char *password, char **xml)
{
	struct pgi_identity *identity;
	struct pgi_blob der = { 0 };
	char *base64 = NULL;
	HRESULT hr;

	*xml = NULL;
	hr = check_password(password);
	if (SUCCEEDED(hr))
		hr = pgi_identity_load(name, &identity);
	if (FAILED(hr))
		return hr;
	hr = make_pfx(identity, password, &der);
	if (SUCCEEDED(hr)) {
		base64 = pgi_base64_encode(der.data, der.len);
		hr = base64 ? put_xml(identity->name, base64, xml) : E_OUTOFMEMORY;
	}
	free(base64);
	pgi_blob_free(&der);
	pgi_identity_free(identity);
	return hr;
}

/* --------------------------------------------------------------- importing -- */

static HRESULT damaged(void)
{
	ERR_clear_error();
	return pgi_fail(E_INVALIDARG, "the exported identity is damaged or altered");
}

/* One of the two spellings of the documentation; both texts are for xmlFree(). */
static bool take_elements(xmlNode *root, char **name, char **base64)
{
	xmlNode *first, *second;

	if (!pgi_xml_is(root, "PEERIDENTITYEXPORT") || !pgi_xml_only_elements(root) ||
	    !pgi_xml_only_attribute(root, NULL, "VERSION", "1.0"))
		return false;
	first = xmlFirstElementChild(root);
	second = first ? xmlNextElementSibling(first) : NULL;
	if (!second || xmlNextElementSibling(second))
		return false;
	*name = pgi_xml_plain(first, "PEERNAME");
	*base64 = pgi_xml_base64(second, "DATA");
	if (!*name && !*base64) {
		*name = pgi_xml_plain(first, "IDENTITY");
		*base64 = pgi_xml_base64(second, "IDENTITYDATA");
	}
	return *name && *base64;
}

static HRESULT parse_xml(const char *xml, char **name, struct pgi_blob *der)
{
	char *text = NULL, *base64 = NULL;
	xmlDoc *doc;
	HRESULT hr;

	*name = NULL;
	der->data = NULL;
	hr = pgi_utf8_valid(xml) ? pgi_xml_parse(xml, &doc) : E_INVALIDARG;
	if (FAILED(hr))
		return hr;
	if (!take_elements(pgi_xml_root(doc), &text, &base64) || !pgi_name_valid(text) ||
	    !pgi_base64_decode(base64, PFX_MAX, der)) {
		hr = damaged();
	} else {
		*name = strdup(text);
		hr = *name ? S_OK : E_OUTOFMEMORY;
	}
	xmlFree(text);
	xmlFree(base64);
	pgi_xml_free(doc);
	if (FAILED(hr))
		pgi_blob_free(der);
	return hr;
}

/* What a key's encryption asks for; false for another kind than ours. */
static bool encryption_bounded(const X509_ALGOR *alg)
{
	PBE2PARAM *pbe2 = NULL;
	PBKDF2PARAM *kdf = NULL;
	int64_t rounds;
	bool ok = false;

	if (OBJ_obj2nid(alg->algorithm) == NID_pbes2)
		pbe2 = ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(PBE2PARAM), alg->parameter);
	if (pbe2 && OBJ_obj2nid(pbe2->keyfunc->algorithm) == NID_id_pbkdf2)
		kdf = ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(PBKDF2PARAM),
						pbe2->keyfunc->parameter);
	if (kdf)
		ok = ASN1_INTEGER_get_int64(&rounds, kdf->iter) && rounds > 0 &&
		     rounds <= ITERATIONS_MAX;
	PBKDF2PARAM_free(kdf);
	PBE2PARAM_free(pbe2);
	return ok;
}

/*
 * An HMAC with SHA-256, as ours, or with SHA-1, as PKCS #12 began. OpenSSL from 3.4 on has
 * another MAC, PBMAC1, whose rounds are in the algorithm and not beside it.
 */
static bool mac_bounded(const PKCS12 *p12)
{
	const ASN1_INTEGER *iter = NULL;
	const X509_ALGOR *alg;
	int64_t rounds = 1;
	int digest;

	if (!PKCS12_mac_present(p12))
		return false;
	PKCS12_get0_mac(NULL, &alg, NULL, &iter, p12);
	digest = OBJ_obj2nid(alg->algorithm);
	if (digest != NID_sha256 && digest != NID_sha1)
		return false;
	return !iter || (ASN1_INTEGER_get_int64(&rounds, iter) && rounds > 0 &&
			 rounds <= ITERATIONS_MAX);
}

/* What is in the PKCS #12, the caller's to free, also where it is not all there. */
struct content {
	EVP_PKEY *key;
	X509 *cert;
};

/* A bag is a certificate, or a key that is encrypted as it should be; one of each. */
static bool take_bag(const PKCS12_SAFEBAG *bag, const char *password, struct content *c)
{
	const X509_ALGOR *alg;
	PKCS8_PRIV_KEY_INFO *p8;

	switch (PKCS12_SAFEBAG_get_nid(bag)) {
	case NID_certBag:
		if (c->cert || PKCS12_SAFEBAG_get_bag_nid(bag) != NID_x509Certificate)
			return false;
		c->cert = PKCS12_SAFEBAG_get1_cert(bag);
		return c->cert;
	case NID_pkcs8ShroudedKeyBag:
		if (c->key)
			return false;
		X509_SIG_get0(PKCS12_SAFEBAG_get0_pkcs8(bag), &alg, NULL);
		p8 = encryption_bounded(alg) ? PKCS12_decrypt_skey(bag, password, -1) : NULL;
		c->key = p8 ? EVP_PKCS82PKEY(p8) : NULL;
		PKCS8_PRIV_KEY_INFO_free(p8);
		return c->key;
	default:
		return false;
	}
}

static bool take_bags(PKCS7 *p7, const char *password, struct content *c)
{
	STACK_OF(PKCS12_SAFEBAG) *bags;
	bool ok;
	int i;

	/* Nothing of ours is encrypted as a whole. */
	bags = PKCS7_type_is_data(p7) ? PKCS12_unpack_p7data(p7) : NULL;
	ok = bags;
	for (i = 0; ok && i < sk_PKCS12_SAFEBAG_num(bags); i++)
		ok = take_bag(sk_PKCS12_SAFEBAG_value(bags, i), password, c);
	sk_PKCS12_SAFEBAG_pop_free(bags, PKCS12_SAFEBAG_free);
	return ok;
}

static bool take_content(PKCS12 *p12, const char *password, struct content *c)
{
	STACK_OF(PKCS7) *safes = PKCS12_unpack_authsafes(p12);
	bool ok = safes;
	int i;

	for (i = 0; ok && i < sk_PKCS7_num(safes); i++)
		ok = take_bags(sk_PKCS7_value(safes, i), password, c);
	sk_PKCS7_pop_free(safes, PKCS7_free);
	return ok && c->key && c->cert;
}

static HRESULT open_pfx(const struct pgi_blob *der, const char *password, struct content *c)
{
	const unsigned char *p = der->data;
	PKCS12 *p12 = d2i_PKCS12(NULL, &p, (long)der->len);
	HRESULT hr = S_OK;

	if (!p12 || p != der->data + der->len || !mac_bounded(p12))
		hr = damaged();
	else if (!PKCS12_verify_mac(p12, password, -1))
		hr = pgi_fail(E_INVALIDARG, "another password, or the identity was altered");
	else if (!take_content(p12, password, c))
		hr = damaged();
	ERR_clear_error();
	PKCS12_free(p12);
	return hr;
}

/* The certificate says who it is; the name beside it and the key have to agree. */
static HRESULT take_identity(const struct content *c, const char *name,
			     struct pgi_identity *identity)
{
	unsigned char *data = NULL;
	int len = i2d_X509(c->cert, &data);
	struct pgi_idc idc;
	struct pgi_blob der = { .data = data, .len = len > 0 ? (size_t)len : 0 };
	HRESULT hr;

	hr = len > 0 ? pgi_idc_parse(&der, &idc) : E_OUTOFMEMORY;
	OPENSSL_free(data);
	if (FAILED(hr))
		return hr;
	hr = pgi_key_hash(c->key, identity->spki_hash);
	if (SUCCEEDED(hr) && (strcmp(idc.name, name) || !pgi_key_allowed(c->key) ||
			      memcmp(idc.spki_hash, identity->spki_hash, 32)))
		hr = damaged();
	if (SUCCEEDED(hr)) {
		identity->name = idc.name;
		identity->friendly = idc.friendly;
		idc.name = NULL;
		idc.friendly = NULL;
		identity->key = EVP_PKEY_up_ref(c->key) == 1 ? c->key : NULL;
		hr = identity->key ? S_OK : E_OUTOFMEMORY;
	}
	pgi_idc_free(&idc);
	return hr;
}

static HRESULT import(const char *xml, const char *password, char **name)
{
	struct pgi_identity *identity = calloc(1, sizeof(*identity));
	struct content content = { 0 };
	struct pgi_blob der = { 0 };
	char *claimed = NULL;
	HRESULT hr;

	*name = NULL;
	hr = identity ? parse_xml(xml, &claimed, &der) : E_OUTOFMEMORY;
	if (SUCCEEDED(hr))
		hr = open_pfx(&der, password, &content);
	if (SUCCEEDED(hr))
		hr = take_identity(&content, claimed, identity);
	if (SUCCEEDED(hr))
		hr = pgi_identity_save(identity);
	if (SUCCEEDED(hr)) {
		*name = identity->name;
		identity->name = NULL;
	}
	EVP_PKEY_free(content.key);
	X509_free(content.cert);
	pgi_blob_free(&der);
	pgi_identity_free(identity);
	free(claimed);
	return hr;
}

/* ------------------------------------------------------- public functions -- */

PGI_PUBLIC HRESULT PeerIdentityExport(PCWSTR name, PCWSTR password, PWSTR *out)
{
	char *n = NULL, *p = NULL, *xml = NULL;
	HRESULT hr;

	pgi_clear_error();
	if (out)
		*out = NULL;
	if (!name || !password || !out)
		return pgi_fail(E_INVALIDARG, "identity, password or ppwzExportXML is NULL");
	hr = pgi_utf8_from_wide(name, &n);
	if (SUCCEEDED(hr))
		hr = pgi_utf8_from_wide(password, &p);
	if (SUCCEEDED(hr))
		hr = export(n, p, &xml);
	if (SUCCEEDED(hr))
		hr = pgi_wide_return(xml, out);
	free(xml);
	free(n);
	pgi_secret_free(p);
	return hr;
}

PGI_PUBLIC HRESULT peergroup_identity_export(const char *name, const char *password,
					     char **out)
{
	char *xml = NULL;
	HRESULT hr;

	pgi_clear_error();
	if (out)
		*out = NULL;
	if (!password || !out)
		return pgi_fail(E_INVALIDARG, "password or xml is NULL");
	if (!pgi_utf8_valid(password))
		return pgi_fail(E_INVALIDARG, "the password is not UTF-8");
	hr = export(name, password, &xml);
	if (SUCCEEDED(hr))
		hr = pgi_str_return(xml, out);
	free(xml);
	return hr;
}

PGI_PUBLIC HRESULT PeerIdentityImport(PCWSTR xml, PCWSTR password, PWSTR *out)
{
	char *x = NULL, *p = NULL, *name = NULL;
	PWSTR room = NULL;
	HRESULT hr;

	pgi_clear_error();
	if (out)
		*out = NULL;
	if (!xml || !password || !out)
		return pgi_fail(E_INVALIDARG, "XML, password or ppwzIdentity is NULL");
	hr = pgi_utf8_from_wide(xml, &x);
	if (SUCCEEDED(hr))
		hr = pgi_utf8_from_wide(password, &p);
	if (SUCCEEDED(hr))
		hr = pgi_wide_room(&room);
	if (SUCCEEDED(hr))
		hr = import(x, p, &name);
	free(x);
	pgi_secret_free(p);
	pgi_wide_end(hr, room, name, out);
	return hr;
}

PGI_PUBLIC HRESULT peergroup_identity_import(const char *xml, const char *password,
					     char **out)
{
	char *name = NULL, *room;
	HRESULT hr;

	pgi_clear_error();
	if (out)
		*out = NULL;
	if (!xml || !password || !out)
		return pgi_fail(E_INVALIDARG, "xml, password or name is NULL");
	if (!pgi_utf8_valid(password))
		return pgi_fail(E_INVALIDARG, "the password is not UTF-8");
	hr = pgi_str_room(&room);
	if (SUCCEEDED(hr))
		hr = import(xml, password, &name);
	pgi_str_end(hr, room, name, out);
	return hr;
}
