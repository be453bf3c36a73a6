// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Certificates are made: of members and roots as the uapi header describes them, of
 * identities, and those that a new group begins with.
 */
#include <stdlib.h>
#include <string.h>
#include <openssl/objects.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include "cert_asn1.h"

static ASN1_OBJECT *oid(const char *dotted)
{
	return OBJ_txt2obj(dotted, 1);
}

static bool set_time(ASN1_TIME *t, uint64_t time)
{
	int64_t seconds = (int64_t)(time / PEERGROUP_TIME_PER_SECOND) -
			  (int64_t)(PEERGROUP_TIME_UNIX_EPOCH / PEERGROUP_TIME_PER_SECOND);

	/* In days, for the sake of hosts with a 32 bit time_t. */
	return ASN1_TIME_adj(t, 0, (int)(seconds / 86400), (long)(seconds % 86400));
}

static bool set_serial(X509 *x)
{
	uint8_t random[16];
	BIGNUM *bn = NULL;
	bool ok;

	if (RAND_bytes(random, sizeof(random)) != 1)
		return false;
	random[0] = (random[0] & 0x7f) | 0x40;	/* positive, always 16 bytes */
	bn = BN_bin2bn(random, sizeof(random), NULL);
	ok = bn && BN_to_ASN1_INTEGER(bn, X509_get_serialNumber(x));
	BN_free(bn);
	return ok;
}

/* Names are for people who look with openssl(1): the authority. */
static bool set_name(X509_NAME *name, const char *peer_name)
{
	return X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
					  (const unsigned char *)peer_name,
					  PGI_AUTHORITY_LEN, -1, 0) == 1;
}

static bool add_extension(X509 *x, const char *dotted, bool critical, unsigned char *der,
			  int len)
{
	ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
	ASN1_OBJECT *obj = oid(dotted);
	X509_EXTENSION *ext = NULL;
	bool ok = false;

	if (der && len > 0 && value && obj && ASN1_OCTET_STRING_set(value, der, len)) {
		ext = X509_EXTENSION_create_by_OBJ(NULL, obj, critical, value);
		ok = ext && X509_add_ext(x, ext, -1) == 1;
	}
	X509_EXTENSION_free(ext);
	ASN1_OBJECT_free(obj);
	ASN1_OCTET_STRING_free(value);
	return ok;
}

static bool set_string(ASN1_STRING *s, const char *text)
{
	return ASN1_STRING_set(s, text, (int)strlen(text));
}

/* @group_id and @issuer: 32 bytes; @issuer may be NULL. */
static bool add_membership(X509 *x, const struct pgi_cert_spec *spec,
			   const uint8_t *group_id, const uint8_t *issuer)
{
	PGI_MEMBERSHIP *m = PGI_MEMBERSHIP_new();
	unsigned char *der = NULL;
	bool ok = false;
	int len;

	if (m && ASN1_INTEGER_set(m->version, 1) && ASN1_INTEGER_set(m->roles, spec->roles) &&
	    ASN1_OCTET_STRING_set(m->group_id, group_id, 32) &&
	    ASN1_OCTET_STRING_set(m->issuer, issuer, issuer ? 32 : 0) &&
	    set_string(m->name, spec->name) && set_string(m->friendly, spec->friendly)) {
		len = i2d_PGI_MEMBERSHIP(m, &der);
		ok = add_extension(x, PEERGROUP_OID, true, der, len);
	}
	OPENSSL_free(der);
	PGI_MEMBERSHIP_free(m);
	return ok;
}

/* Only where it says more than the certificate's beginning does. */
static bool add_since(X509 *x, const struct pgi_cert_spec *spec)
{
	ASN1_TIME *t = ASN1_TIME_new();
	ASN1_GENERALIZEDTIME *full = NULL;
	unsigned char *der = NULL;
	bool ok = false;
	int len;

	if (t && set_time(t, spec->since))
		full = ASN1_TIME_to_generalizedtime(t, NULL);
	if (full) {
		len = i2d_ASN1_GENERALIZEDTIME(full, &der);
		ok = add_extension(x, PEERGROUP_OID_SINCE, false, der, len);
	}
	OPENSSL_free(der);
	ASN1_GENERALIZEDTIME_free(full);
	ASN1_TIME_free(t);
	return ok;
}

static bool add_identity(X509 *x, const struct pgi_identity *identity)
{
	PGI_IDENTITY *i = PGI_IDENTITY_new();
	unsigned char *der = NULL;
	bool ok = false;
	int len;

	if (i && ASN1_INTEGER_set(i->version, 1) && set_string(i->name, identity->name) &&
	    set_string(i->friendly, identity->friendly)) {
		len = i2d_PGI_IDENTITY(i, &der);
		ok = add_extension(x, PGI_OID_IDENTITY, true, der, len);
	}
	OPENSSL_free(der);
	PGI_IDENTITY_free(i);
	return ok;
}

/* All but extension and signature. */
static X509 *begin_cert(EVP_PKEY *subject, const char *name, const char *issuer_name,
			uint64_t not_before, uint64_t not_after)
{
	X509 *x = X509_new();

	if (x && X509_set_version(x, X509_VERSION_3) && set_serial(x) &&
	    set_name(X509_get_subject_name(x), name) &&
	    set_name(X509_get_issuer_name(x), issuer_name) &&
	    set_time(X509_getm_notBefore(x), not_before) &&
	    set_time(X509_getm_notAfter(x), not_after) && X509_set_pubkey(x, subject))
		return x;
	X509_free(x);
	return NULL;
}

HRESULT pgi_cert_encode(X509 *x, struct pgi_blob *der)
{
	unsigned char *data = NULL;
	int len = i2d_X509(x, &data);
	HRESULT hr;

	if (len <= 0)
		return pgi_crypto_failed("encode a certificate");
	hr = pgi_blob_set(der, data, (size_t)len);
	OPENSSL_free(data);
	return hr;
}

#define SIGN_TRIES	128	/* each time is as good as the toss of a coin */

static bool sign_cert(X509 *x, EVP_PKEY *key)
{
	int i;

	for (i = 0; i < SIGN_TRIES; i++) {
		if (!X509_sign(x, key, EVP_sha256()))
			return false;
		if (pgi_signature_lower(x))
			return true;
	}
	return false;
}

static HRESULT finish_cert(X509 *x, bool extended, EVP_PKEY *key, struct pgi_blob *der)
{
	HRESULT hr;

	if (!extended || !sign_cert(x, key))
		hr = pgi_crypto_failed("make a certificate");
	else
		hr = pgi_cert_encode(x, der);
	X509_free(x);
	return hr;
}

HRESULT pgi_cert_issue(const struct pgi_cert *issuer, EVP_PKEY *issuer_key,
		       EVP_PKEY *subject, const struct pgi_cert_spec *spec,
		       struct pgi_blob *der)
{
	uint8_t own_id[32];
	const uint8_t *group_id = issuer ? issuer->group_id : own_id;
	bool extended;
	HRESULT hr;
	X509 *x;

	if (!issuer) {
		hr = pgi_key_hash(subject, own_id);
		if (FAILED(hr))
			return hr;
	}
	x = begin_cert(subject, spec->name, issuer ? issuer->name : spec->name,
		       spec->not_before, spec->not_after);
	if (!x)
		return pgi_crypto_failed("make a certificate");
	extended = add_membership(x, spec, group_id, issuer ? issuer->fingerprint : NULL) &&
		   (!spec->since || spec->since >= spec->not_before || add_since(x, spec));
	return finish_cert(x, extended, issuer_key, der);
}

HRESULT pgi_idc_make(const struct pgi_identity *identity, struct pgi_blob *der)
{
	uint64_t now = pgi_now();
	X509 *x = begin_cert(identity->key, identity->name, identity->name,
			     now - PGI_SKEW, now + PGI_THOUSAND_YEARS);

	if (!x)
		return pgi_crypto_failed("make a certificate");
	return finish_cert(x, add_identity(x, identity), identity->key, der);
}

/* ------------------------------------------------------------- a new group -- */

static HRESULT issue_creator(const struct pgi_identity *identity, EVP_PKEY *key,
			     const struct pgi_cert_spec *root_spec,
			     struct pgi_group_store *store)
{
	struct pgi_cert_spec spec = *root_spec;
	struct pgi_cert *root;
	HRESULT hr;

	spec.name = identity->name;
	spec.friendly = identity->friendly;
	spec.roles = PEERGROUP_ROLE_ADMIN;
	hr = pgi_cert_parse(store->root.data, store->root.len, &root);
	if (FAILED(hr))
		return hr;
	store->chain = calloc(1, sizeof(*store->chain));
	if (store->chain) {
		store->chain_len = 1;
		hr = pgi_cert_issue(root, key, identity->key, &spec, &store->chain[0]);
	} else {
		hr = E_OUTOFMEMORY;
	}
	pgi_cert_free(root);
	return hr;
}

HRESULT pgi_group_make(const struct pgi_identity *identity, const char *friendly,
		       struct pgi_group_store *store, EVP_PKEY **key)
{
	struct pgi_cert_spec spec = {
		.roles = PEERGROUP_ROLE_ROOT,
		.not_before = pgi_now() - PGI_SKEW,
	};
	HRESULT hr;

	spec.not_after = spec.not_before + PGI_SKEW + PGI_THOUSAND_YEARS;
	hr = pgi_key_make(2048, key);
	if (FAILED(hr))
		return hr;
	hr = pgi_key_hash(*key, store->id);
	if (SUCCEEDED(hr))
		hr = pgi_name_make(store->id, store->classifier, &store->name);
	if (SUCCEEDED(hr)) {
		store->friendly = strdup(friendly && *friendly ? friendly : store->name);
		hr = store->friendly ? S_OK : E_OUTOFMEMORY;
	}
	if (SUCCEEDED(hr)) {
		spec.name = store->name;
		spec.friendly = store->friendly;
		hr = pgi_cert_issue(NULL, *key, *key, &spec, &store->root);
	}
	if (SUCCEEDED(hr))
		hr = issue_creator(identity, *key, &spec, store);
	if (FAILED(hr)) {
		EVP_PKEY_free(*key);
		*key = NULL;
		return hr;
	}
	store->creator = true;
	store->ready = true;
	return S_OK;
}
