// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Certificates are read: of members and of identities, taken apart and checked as the
 * uapi header describes them, one at a time. cert_make.c makes them, chain.c says
 * whether they follow from each other.
 */
#include <stdlib.h>
#include <string.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/sha.h>
#include <openssl/x509v3.h>
#include "cert_asn1.h"

ASN1_SEQUENCE(PGI_MEMBERSHIP) = {
	ASN1_SIMPLE(PGI_MEMBERSHIP, version, ASN1_INTEGER),
	ASN1_SIMPLE(PGI_MEMBERSHIP, roles, ASN1_INTEGER),
	ASN1_SIMPLE(PGI_MEMBERSHIP, group_id, ASN1_OCTET_STRING),
	ASN1_SIMPLE(PGI_MEMBERSHIP, issuer, ASN1_OCTET_STRING),
	ASN1_SIMPLE(PGI_MEMBERSHIP, name, ASN1_UTF8STRING),
	ASN1_SIMPLE(PGI_MEMBERSHIP, friendly, ASN1_UTF8STRING),
} ASN1_SEQUENCE_END(PGI_MEMBERSHIP)

IMPLEMENT_ASN1_FUNCTIONS(PGI_MEMBERSHIP)

ASN1_SEQUENCE(PGI_IDENTITY) = {
	ASN1_SIMPLE(PGI_IDENTITY, version, ASN1_INTEGER),
	ASN1_SIMPLE(PGI_IDENTITY, name, ASN1_UTF8STRING),
	ASN1_SIMPLE(PGI_IDENTITY, friendly, ASN1_UTF8STRING),
} ASN1_SEQUENCE_END(PGI_IDENTITY)

IMPLEMENT_ASN1_FUNCTIONS(PGI_IDENTITY)

HRESULT pgi_untrusted(const char *why)
{
	ERR_clear_error();
	return pgi_fail(PEER_E_INVITATION_NOT_TRUSTED, "%s", why);
}

/* The signature algorithm must be one of ours and use SHA-256. */
static bool signature_allowed(X509 *x)
{
	int nid = X509_get_signature_nid(x);

	return nid == NID_sha256WithRSAEncryption || nid == NID_ecdsa_with_SHA256;
}

static bool get_time(const ASN1_TIME *t, uint64_t *time)
{
	struct timespec ts = { 0 };
	struct tm tm;

	if (!ASN1_TIME_to_tm(t, &tm))
		return false;
	ts.tv_sec = timegm(&tm);
	*time = peergroup_time_from_unix(&ts);
	return true;
}

static bool get_text(const ASN1_STRING *s, size_t max, char **out)
{
	size_t len = (size_t)ASN1_STRING_length(s);
	const unsigned char *data = ASN1_STRING_get0_data(s);

	if (len > max || (len && memchr(data, 0, len)))
		return false;
	*out = strndup(len ? (const char *)data : "", len);
	return *out && pgi_text_plain(*out);
}

/* The value of the extension with this OID, which must be the only critical one. */
static const ASN1_OCTET_STRING *find_extension(X509 *x, const char *dotted)
{
	ASN1_OBJECT *obj = OBJ_txt2obj(dotted, 1);
	X509_EXTENSION *found = NULL, *ext;
	bool ours, ok = obj;
	int i;

	for (i = 0; ok && i < X509_get_ext_count(x); i++) {
		ext = X509_get_ext(x, i);
		ours = !OBJ_cmp(X509_EXTENSION_get_object(ext), obj);
		ok = ours == (X509_EXTENSION_get_critical(ext) != 0) && !(ours && found);
		if (ours)
			found = ext;
	}
	ASN1_OBJECT_free(obj);
	return ok && found ? X509_EXTENSION_get_data(found) : NULL;
}

static bool read_membership(const PGI_MEMBERSHIP *m, struct pgi_cert *cert)
{
	int issuer_len = ASN1_STRING_length(m->issuer);
	int64_t version, roles;

	if (!ASN1_INTEGER_get_int64(&version, m->version) || version != 1 ||
	    !ASN1_INTEGER_get_int64(&roles, m->roles) ||
	    ASN1_STRING_length(m->group_id) != 32 || (issuer_len && issuer_len != 32) ||
	    !get_text(m->name, PEERGROUP_NAME_LEN_MAX, &cert->name) ||
	    !get_text(m->friendly, PEERGROUP_FRIENDLY_LEN_MAX, &cert->friendly))
		return false;
	cert->root = !issuer_len;
	if (cert->root ? roles != PEERGROUP_ROLE_ROOT : roles <= 0 || (roles & ~PGI_ISSUABLE))
		return false;
	cert->roles = (uint32_t)roles;
	memcpy(cert->group_id, ASN1_STRING_get0_data(m->group_id), 32);
	if (issuer_len)
		memcpy(cert->issuer, ASN1_STRING_get0_data(m->issuer), 32);
	return true;
}

/* DER has one form only: what re-encodes otherwise was not DER. */
static bool parse_membership(struct pgi_cert *cert)
{
	const ASN1_OCTET_STRING *value = find_extension(cert->x509, PEERGROUP_OID);
	const unsigned char *p;
	unsigned char *der = NULL;
	PGI_MEMBERSHIP *m;
	bool ok;
	int len;

	if (!value)
		return false;
	p = ASN1_STRING_get0_data(value);
	m = d2i_PGI_MEMBERSHIP(NULL, &p, ASN1_STRING_length(value));
	if (!m)
		return false;
	len = i2d_PGI_MEMBERSHIP(m, &der);
	ok = len == ASN1_STRING_length(value) &&
	     !memcmp(der, ASN1_STRING_get0_data(value), (size_t)len) &&
	     read_membership(m, cert);
	OPENSSL_free(der);
	PGI_MEMBERSHIP_free(m);
	return ok;
}

static bool spki_hash(X509 *x, uint8_t hash[32])
{
	unsigned char *der = NULL;
	int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x), &der);
	bool ok;

	if (len <= 0)
		return false;
	ok = SHA256(der, (size_t)len, hash);
	OPENSSL_free(der);
	return ok;
}

static X509 *parse_x509(const void *der, size_t len)
{
	const unsigned char *p = der;
	struct pgi_blob again = { 0 };
	X509 *x;

	if (!len || len > PEERGROUP_CERT_LEN_MAX)
		return NULL;
	x = d2i_X509(NULL, &p, (long)len);
	if (x && p == (const unsigned char *)der + len && SUCCEEDED(pgi_cert_encode(x, &again)) &&
	    again.len == len && !memcmp(again.data, der, len) &&
	    X509_get_version(x) == X509_VERSION_3 && signature_allowed(x) &&
	    pgi_signature_lower(x) && pgi_key_allowed(X509_get0_pubkey(x))) {
		pgi_blob_free(&again);
		return x;
	}
	pgi_blob_free(&again);
	X509_free(x);
	return NULL;
}

/* The kernel is the judge of its form, too. */
static bool parse_since(struct pgi_cert *cert)
{
	ASN1_OBJECT *obj = OBJ_txt2obj(PEERGROUP_OID_SINCE, 1);
	int at = obj ? X509_get_ext_by_OBJ(cert->x509, obj, -1) : -1;
	const ASN1_OCTET_STRING *value;
	ASN1_TIME *t = NULL;
	const unsigned char *p;
	bool ok = obj;

	cert->since = cert->not_before;
	ASN1_OBJECT_free(obj);
	if (at < 0)
		return ok;
	value = X509_EXTENSION_get_data(X509_get_ext(cert->x509, at));
	p = ASN1_STRING_get0_data(value);
	t = d2i_ASN1_TIME(NULL, &p, ASN1_STRING_length(value));
	ok = t && p == ASN1_STRING_get0_data(value) + ASN1_STRING_length(value) &&
	     get_time(t, &cert->since) && cert->since <= cert->not_before;
	ASN1_TIME_free(t);
	return ok;
}

static const char *fill_cert(struct pgi_cert *cert, const void *der, size_t len)
{
	cert->x509 = parse_x509(der, len);
	if (!cert->x509)
		return "not a certificate, or one with a key or signature of another kind";
	if (!parse_membership(cert))
		return "not a membership certificate";
	if (!spki_hash(cert->x509, cert->spki_hash) ||
	    !pgi_name_matches(cert->name, cert->spki_hash))
		return "the peer name in a certificate is not its key's";
	if (!get_time(X509_get0_notBefore(cert->x509), &cert->not_before) ||
	    !get_time(X509_get0_notAfter(cert->x509), &cert->not_after) ||
	    cert->not_before >= cert->not_after)
		return "a certificate has an impossible validity";
	if (!parse_since(cert))
		return "a certificate says that it renews one that began later";
	return SHA256(der, len, cert->fingerprint) ? NULL : "a certificate cannot be hashed";
}

HRESULT pgi_cert_parse(const void *der, size_t len, struct pgi_cert **out)
{
	struct pgi_cert *cert = calloc(1, sizeof(*cert));
	const char *why;
	HRESULT hr;

	*out = NULL;
	if (!cert)
		return E_OUTOFMEMORY;
	hr = pgi_blob_set(&cert->der, der, len);
	if (SUCCEEDED(hr)) {
		why = fill_cert(cert, der, len);
		if (why)
			hr = pgi_untrusted(why);
	}
	if (FAILED(hr))
		pgi_cert_free(cert);
	else
		*out = cert;
	return hr;
}

void pgi_cert_free(struct pgi_cert *cert)
{
	if (!cert)
		return;
	pgi_blob_free(&cert->der);
	free(cert->name);
	free(cert->friendly);
	X509_free(cert->x509);
	free(cert);
}

static bool parse_identity(X509 *x, struct pgi_idc *idc)
{
	const ASN1_OCTET_STRING *value = find_extension(x, PGI_OID_IDENTITY);
	const unsigned char *p;
	int64_t version;
	PGI_IDENTITY *i;
	bool ok;

	if (!value)
		return false;
	p = ASN1_STRING_get0_data(value);
	i = d2i_PGI_IDENTITY(NULL, &p, ASN1_STRING_length(value));
	ok = i && ASN1_INTEGER_get_int64(&version, i->version) && version == 1 &&
	     get_text(i->name, PEERGROUP_NAME_LEN_MAX, &idc->name) &&
	     get_text(i->friendly, PEERGROUP_FRIENDLY_LEN_MAX, &idc->friendly) &&
	     pgi_friendly_valid(idc->friendly);
	PGI_IDENTITY_free(i);
	return ok;
}

HRESULT pgi_idc_parse(const struct pgi_blob *der, struct pgi_idc *idc)
{
	X509 *x = parse_x509(der->data, der->len);
	HRESULT hr = S_OK;

	memset(idc, 0, sizeof(*idc));
	if (!x || !parse_identity(x, idc) || !spki_hash(x, idc->spki_hash) ||
	    !pgi_name_matches(idc->name, idc->spki_hash) ||
	    X509_verify(x, X509_get0_pubkey(x)) != 1)
		hr = pgi_fail(E_INVALIDARG, "the identity information is damaged or altered");
	else
		idc->key = X509_get_pubkey(x);
	ERR_clear_error();
	X509_free(x);
	if (FAILED(hr))
		pgi_idc_free(idc);
	return hr;
}

void pgi_idc_free(struct pgi_idc *idc)
{
	free(idc->name);
	free(idc->friendly);
	EVP_PKEY_free(idc->key);
	memset(idc, 0, sizeof(*idc));
}
