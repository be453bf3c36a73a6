// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Membership certificates: made, taken apart and checked as the uapi header
 * describes them. The kernel checks chains for itself; the checks here let a
 * program know early that an invitation is worthless.
 */
#include <stdio.h>
#include <stdlib.h>
#include <openssl/asn1t.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>
#include <openssl/x509v3.h>
#include "cert.h"

#define THOUSAND_YEARS	(31556952000ULL * PEERGROUP_TIME_PER_SECOND)
#define OID_IDENTITY	PEERGROUP_OID ".1"
#define ISSUABLE	(PEERGROUP_ROLE_ADMIN | PEERGROUP_ROLE_INVITING | PEERGROUP_ROLE_MEMBER)

typedef struct {
	ASN1_INTEGER *version;
	ASN1_INTEGER *roles;
	ASN1_OCTET_STRING *group_id;
	ASN1_OCTET_STRING *issuer;
	ASN1_UTF8STRING *name;
	ASN1_UTF8STRING *friendly;
} MEMBERSHIP;

DECLARE_ASN1_FUNCTIONS(MEMBERSHIP)

ASN1_SEQUENCE(MEMBERSHIP) = {
	ASN1_SIMPLE(MEMBERSHIP, version, ASN1_INTEGER),
	ASN1_SIMPLE(MEMBERSHIP, roles, ASN1_INTEGER),
	ASN1_SIMPLE(MEMBERSHIP, group_id, ASN1_OCTET_STRING),
	ASN1_SIMPLE(MEMBERSHIP, issuer, ASN1_OCTET_STRING),
	ASN1_SIMPLE(MEMBERSHIP, name, ASN1_UTF8STRING),
	ASN1_SIMPLE(MEMBERSHIP, friendly, ASN1_UTF8STRING),
} ASN1_SEQUENCE_END(MEMBERSHIP)

IMPLEMENT_ASN1_FUNCTIONS(MEMBERSHIP)

/* Identity ::= SEQUENCE { version INTEGER (1), peerName, friendlyName UTF8String } */
typedef struct {
	ASN1_INTEGER *version;
	ASN1_UTF8STRING *name;
	ASN1_UTF8STRING *friendly;
} IDENTITY;

DECLARE_ASN1_FUNCTIONS(IDENTITY)

ASN1_SEQUENCE(IDENTITY) = {
	ASN1_SIMPLE(IDENTITY, version, ASN1_INTEGER),
	ASN1_SIMPLE(IDENTITY, name, ASN1_UTF8STRING),
	ASN1_SIMPLE(IDENTITY, friendly, ASN1_UTF8STRING),
} ASN1_SEQUENCE_END(IDENTITY)

IMPLEMENT_ASN1_FUNCTIONS(IDENTITY)

/* OpenSSL says why in its error queue, which is not ours to leave full. */
static HRESULT crypto_failed(const char *what)
{
	unsigned long err = ERR_peek_last_error();
	char text[256] = "out of memory";
	bool memory = !err || ERR_GET_REASON(err) == ERR_R_MALLOC_FAILURE;

	if (err)
		ERR_error_string_n(err, text, sizeof(text));
	ERR_clear_error();
	return pgi_fail(memory ? E_OUTOFMEMORY : NTE_FAIL, "cannot %s: %s", what, text);
}

static HRESULT untrusted(const char *why)
{
	ERR_clear_error();
	return pgi_fail(PEER_E_INVITATION_NOT_TRUSTED, "%s", why);
}

/* ------------------------------------------------------------------- keys -- */

HRESULT pgi_key_make(unsigned int rsa_bits, EVP_PKEY **key)
{
	*key = EVP_RSA_gen(rsa_bits);
	return *key ? S_OK : crypto_failed("make a key");
}

HRESULT pgi_key_hash(EVP_PKEY *key, uint8_t spki_hash[32])
{
	unsigned char *der = NULL;
	int len = i2d_PUBKEY(key, &der);

	if (len <= 0)
		return crypto_failed("encode a public key");
	SHA256(der, (size_t)len, spki_hash);
	OPENSSL_free(der);
	return S_OK;
}

/* What the kernel verifies: RSA of 2048, 3072 or 4096 bits, ECDSA on P-256. */
static bool key_allowed(EVP_PKEY *key)
{
	int bits = key ? EVP_PKEY_get_bits(key) : 0;
	char curve[32];
	size_t len;

	if (!key)
		return false;
	if (EVP_PKEY_is_a(key, "RSA"))
		return bits == 2048 || bits == 3072 || bits == 4096;
	return EVP_PKEY_is_a(key, "EC") &&
	       EVP_PKEY_get_group_name(key, curve, sizeof(curve), &len) == 1 &&
	       OBJ_sn2nid(curve) == NID_X9_62_prime256v1;
}

HRESULT pgi_sign_digest(const struct pgi_identity *identity, const uint8_t digest[32],
			uint8_t *sig, size_t *len, uint8_t *algo)
{
	bool rsa = EVP_PKEY_is_a(identity->key, "RSA");
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(identity->key, NULL);
	HRESULT hr = S_OK;

	*len = PEERGROUP_SIG_LEN_MAX;
	*algo = rsa ? PEERGROUP_SIG_RSA_SHA256 : PEERGROUP_SIG_P256_SHA256;
	if (!ctx || EVP_PKEY_sign_init(ctx) != 1 ||
	    (rsa && EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) != 1) ||
	    EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256()) != 1 ||
	    EVP_PKEY_sign(ctx, sig, len, digest, 32) != 1)
		hr = crypto_failed("sign");
	EVP_PKEY_CTX_free(ctx);
	return hr;
}

/* ------------------------------------------------------------------ making -- */

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

static bool add_extension(X509 *x, const char *dotted, unsigned char *der, int len)
{
	ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
	ASN1_OBJECT *obj = oid(dotted);
	X509_EXTENSION *ext = NULL;
	bool ok = false;

	if (der && len > 0 && value && obj && ASN1_OCTET_STRING_set(value, der, len)) {
		ext = X509_EXTENSION_create_by_OBJ(NULL, obj, 1, value);
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
	MEMBERSHIP *m = MEMBERSHIP_new();
	unsigned char *der = NULL;
	bool ok = false;
	int len;

	if (m && ASN1_INTEGER_set(m->version, 1) && ASN1_INTEGER_set(m->roles, spec->roles) &&
	    ASN1_OCTET_STRING_set(m->group_id, group_id, 32) &&
	    ASN1_OCTET_STRING_set(m->issuer, issuer, issuer ? 32 : 0) &&
	    set_string(m->name, spec->name) && set_string(m->friendly, spec->friendly)) {
		len = i2d_MEMBERSHIP(m, &der);
		ok = add_extension(x, PEERGROUP_OID, der, len);
	}
	OPENSSL_free(der);
	MEMBERSHIP_free(m);
	return ok;
}

static bool add_identity(X509 *x, const struct pgi_identity *identity)
{
	IDENTITY *i = IDENTITY_new();
	unsigned char *der = NULL;
	bool ok = false;
	int len;

	if (i && ASN1_INTEGER_set(i->version, 1) && set_string(i->name, identity->name) &&
	    set_string(i->friendly, identity->friendly)) {
		len = i2d_IDENTITY(i, &der);
		ok = add_extension(x, OID_IDENTITY, der, len);
	}
	OPENSSL_free(der);
	IDENTITY_free(i);
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

static HRESULT encode(X509 *x, struct pgi_blob *der)
{
	unsigned char *data = NULL;
	int len = i2d_X509(x, &data);
	HRESULT hr;

	if (len <= 0)
		return crypto_failed("encode a certificate");
	hr = pgi_blob_set(der, data, (size_t)len);
	OPENSSL_free(data);
	return hr;
}

static HRESULT finish_cert(X509 *x, bool extended, EVP_PKEY *key, struct pgi_blob *der)
{
	HRESULT hr;

	if (!extended || !X509_sign(x, key, EVP_sha256()))
		hr = crypto_failed("make a certificate");
	else
		hr = encode(x, der);
	X509_free(x);
	return hr;
}

HRESULT pgi_cert_issue(const struct pgi_cert *issuer, EVP_PKEY *issuer_key,
		       EVP_PKEY *subject, const struct pgi_cert_spec *spec,
		       struct pgi_blob *der)
{
	uint8_t own_id[32];
	const uint8_t *group_id = issuer ? issuer->group_id : own_id;
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
		return crypto_failed("make a certificate");
	return finish_cert(x, add_membership(x, spec, group_id,
					     issuer ? issuer->fingerprint : NULL),
			   issuer_key, der);
}

HRESULT pgi_idc_make(const struct pgi_identity *identity, struct pgi_blob *der)
{
	uint64_t now = pgi_now();
	X509 *x = begin_cert(identity->key, identity->name, identity->name,
			     now - PGI_SKEW, now + THOUSAND_YEARS);

	if (!x)
		return crypto_failed("make a certificate");
	return finish_cert(x, add_identity(x, identity), identity->key, der);
}

/* ----------------------------------------------------------------- parsing -- */

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
	ASN1_OBJECT *obj = oid(dotted);
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

static bool read_membership(const MEMBERSHIP *m, struct pgi_cert *cert)
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
	if (cert->root ? roles != PEERGROUP_ROLE_ROOT : roles <= 0 || (roles & ~ISSUABLE))
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
	MEMBERSHIP *m;
	bool ok;
	int len;

	if (!value)
		return false;
	p = ASN1_STRING_get0_data(value);
	m = d2i_MEMBERSHIP(NULL, &p, ASN1_STRING_length(value));
	if (!m)
		return false;
	len = i2d_MEMBERSHIP(m, &der);
	ok = len == ASN1_STRING_length(value) &&
	     !memcmp(der, ASN1_STRING_get0_data(value), (size_t)len) &&
	     read_membership(m, cert);
	OPENSSL_free(der);
	MEMBERSHIP_free(m);
	return ok;
}

static bool spki_hash(X509 *x, uint8_t hash[32])
{
	unsigned char *der = NULL;
	int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x), &der);

	if (len <= 0)
		return false;
	SHA256(der, (size_t)len, hash);
	OPENSSL_free(der);
	return true;
}

static X509 *parse_x509(const void *der, size_t len)
{
	const unsigned char *p = der;
	struct pgi_blob again = { 0 };
	X509 *x;

	if (!len || len > PEERGROUP_CERT_LEN_MAX)
		return NULL;
	x = d2i_X509(NULL, &p, (long)len);
	if (x && p == (const unsigned char *)der + len && SUCCEEDED(encode(x, &again)) &&
	    again.len == len && !memcmp(again.data, der, len) &&
	    X509_get_version(x) == X509_VERSION_3 && signature_allowed(x) &&
	    key_allowed(X509_get0_pubkey(x))) {
		pgi_blob_free(&again);
		return x;
	}
	pgi_blob_free(&again);
	X509_free(x);
	return NULL;
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
	SHA256(der, len, cert->fingerprint);
	return NULL;
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
			hr = untrusted(why);
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
	const ASN1_OCTET_STRING *value = find_extension(x, OID_IDENTITY);
	const unsigned char *p;
	int64_t version;
	IDENTITY *i;
	bool ok;

	if (!value)
		return false;
	p = ASN1_STRING_get0_data(value);
	i = d2i_IDENTITY(NULL, &p, ASN1_STRING_length(value));
	ok = i && ASN1_INTEGER_get_int64(&version, i->version) && version == 1 &&
	     get_text(i->name, PEERGROUP_NAME_LEN_MAX, &idc->name) &&
	     get_text(i->friendly, PEERGROUP_FRIENDLY_LEN_MAX, &idc->friendly) &&
	     pgi_friendly_valid(idc->friendly);
	IDENTITY_free(i);
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

/* ------------------------------------------------------------------ chains -- */

uint32_t pgi_roles_issuable(uint32_t roles)
{
	if (roles & (PEERGROUP_ROLE_ROOT | PEERGROUP_ROLE_ADMIN))
		return ISSUABLE;
	if (roles & PEERGROUP_ROLE_INVITING)
		return PEERGROUP_ROLE_INVITING | PEERGROUP_ROLE_MEMBER;
	return 0;
}

bool pgi_chain_order(struct pgi_cert **chain, size_t len)
{
	struct pgi_cert *found;
	size_t i, j;

	for (i = 0; i < len; i++) {
		for (j = i; j < len; j++)
			if (i ? !chain[j]->root && !memcmp(chain[j]->issuer,
							   chain[i - 1]->fingerprint, 32)
			      : chain[j]->root)
				break;
		if (j == len)
			return false;
		found = chain[j];
		chain[j] = chain[i];
		chain[i] = found;
	}
	return true;
}

static const char *verify_link(const struct pgi_cert *cert, const struct pgi_cert *issuer)
{
	if (cert->root != (cert == issuer))
		return "a certificate stands where the root should";
	if (memcmp(cert->group_id, cert->root ? cert->spki_hash : issuer->group_id, 32))
		return "a certificate is of another group";
	if (!cert->root && memcmp(cert->issuer, issuer->fingerprint, 32))
		return "a certificate was issued by another";
	if (!cert->root && (cert->roles & ~pgi_roles_issuable(issuer->roles)))
		return "a certificate has roles that its issuer may not give";
	if (cert->not_before < issuer->not_before || cert->not_after > issuer->not_after)
		return "a certificate outlives its issuer's";
	if (X509_verify(cert->x509, X509_get0_pubkey(issuer->x509)) != 1)
		return "a certificate's signature is wrong";
	return NULL;
}

HRESULT pgi_chain_verify(struct pgi_cert *const *chain, size_t len)
{
	const char *why = NULL;
	size_t i;

	if (len < 2)
		return untrusted("the chain of certificates has no member");
	if (len > PEERGROUP_CHAIN_MAX + 1)
		return untrusted("the chain of certificates is too long");
	for (i = 0; i < len && !why; i++)
		why = verify_link(chain[i], chain[i ? i - 1 : 0]);
	return why ? untrusted(why) : S_OK;
}

HRESULT pgi_chain_parse(const struct pgi_group_store *store, struct pgi_cert ***out,
			size_t *len)
{
	struct pgi_cert **chain = calloc(store->chain_len + 1, sizeof(*chain));
	HRESULT hr = chain ? S_OK : E_OUTOFMEMORY;
	size_t i;

	*out = NULL;
	*len = 0;
	for (i = 0; i <= store->chain_len && SUCCEEDED(hr); i++) {
		const struct pgi_blob *der = i ? &store->chain[i - 1] : &store->root;

		hr = pgi_cert_parse(der->data, der->len, &chain[i]);
	}
	if (FAILED(hr)) {
		if (chain)
			pgi_chain_free(chain, store->chain_len + 1);
		return hr;
	}
	*out = chain;
	*len = store->chain_len + 1;
	return S_OK;
}

void pgi_chain_free(struct pgi_cert **chain, size_t len)
{
	size_t i;

	for (i = 0; chain && i < len; i++)
		pgi_cert_free(chain[i]);
	free(chain);
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

	spec.not_after = spec.not_before + PGI_SKEW + THOUSAND_YEARS;
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
