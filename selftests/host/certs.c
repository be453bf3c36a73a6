// SPDX-License-Identifier: GPL-2.0-only
/*
 * Makes the membership certificates that tests feed to the engine, good ones
 * and, by replacing parts, wrong ones. Keys come from libcrypto at run time.
 */
#include <stdlib.h>
#include <string.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>
#include <openssl/x509.h>
#include "certs.h"
#include "tap.h"

void der_put_raw(struct der_buf *out, const void *p, size_t len)
{
	NEED(out->len + len <= DER_ROOM);
	if (len)
		memcpy(out->p + out->len, p, len);
	out->len += len;
}

void der_put(struct der_buf *out, uint8_t tag, const void *p, size_t len)
{
	uint8_t head[4] = { tag, (uint8_t)len };
	size_t n = 2;

	if (len >= 0x100) {
		head[1] = 0x82;
		head[2] = (uint8_t)(len >> 8);
		head[3] = (uint8_t)len;
		n = 4;
	} else if (len >= 0x80) {
		head[1] = 0x81;
		head[2] = (uint8_t)len;
		n = 3;
	}
	der_put_raw(out, head, n);
	der_put_raw(out, p, len);
}

static void der_wrap(struct der_buf *b, uint8_t tag)
{
	struct der_buf whole = { 0 };

	der_put(&whole, tag, b->p, b->len);
	*b = whole;
}

EVP_PKEY *cert_key_rsa(unsigned int bits, unsigned int exponent)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	BIGNUM *e = BN_new();
	EVP_PKEY *key = NULL;

	NEED(ctx && e && BN_set_word(e, exponent) && EVP_PKEY_keygen_init(ctx) > 0);
	NEED(EVP_PKEY_CTX_set_rsa_keygen_bits(ctx, (int)bits) > 0);
	NEED(EVP_PKEY_CTX_set1_rsa_keygen_pubexp(ctx, e) > 0);
	NEED(EVP_PKEY_generate(ctx, &key) > 0);
	BN_free(e);
	EVP_PKEY_CTX_free(ctx);
	return key;
}

EVP_PKEY *cert_key_p256(void)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");

	NEED(key);
	return key;
}

bool cert_key_is_rsa(EVP_PKEY *key)
{
	return EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA;
}

void cert_spki(EVP_PKEY *key, struct der_buf *out)
{
	uint8_t *der = NULL;
	int len = i2d_PUBKEY(key, &der);

	NEED(len > 0);
	der_put_raw(out, der, (size_t)len);
	OPENSSL_free(der);
}

void cert_spki_hash(EVP_PKEY *key, uint8_t *hash)
{
	struct der_buf spki = { 0 };

	cert_spki(key, &spki);
	SHA256(spki.p, spki.len, hash);
}

void cert_sign_hash(EVP_PKEY *key, const uint8_t *hash, struct der_buf *sig)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
	size_t len = sizeof(sig->p);

	NEED(ctx && EVP_PKEY_sign_init(ctx) > 0);
	NEED(!cert_key_is_rsa(key) || EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) > 0);
	NEED(EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256()) > 0);
	NEED(EVP_PKEY_sign(ctx, sig->p, &len, hash, PEERGROUP_HASH_LEN) > 0);
	sig->len = len;
	EVP_PKEY_CTX_free(ctx);
}

/* The order of P-256. */
static BIGNUM *p256_order(void)
{
	EC_GROUP *p256 = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
	BIGNUM *order = p256 ? BN_dup(EC_GROUP_get0_order(p256)) : NULL;

	NEED(order);
	EC_GROUP_free(p256);
	return order;
}

void cert_sig_turn(struct der_buf *sig)
{
	const uint8_t *in = sig->p;
	uint8_t *out = sig->p;
	ECDSA_SIG *parsed = d2i_ECDSA_SIG(NULL, &in, (long)sig->len);
	BIGNUM *r, *s = p256_order();
	int len;

	NEED(parsed && BN_sub(s, s, ECDSA_SIG_get0_s(parsed)));
	r = BN_dup(ECDSA_SIG_get0_r(parsed));
	NEED(r && ECDSA_SIG_set0(parsed, r, s));
	len = i2d_ECDSA_SIG(parsed, &out);
	NEED(len > 0);
	sig->len = (size_t)len;
	ECDSA_SIG_free(parsed);
}

/* Of the two the lower one. */
static void sig_lower(struct der_buf *sig)
{
	const uint8_t *in = sig->p;
	ECDSA_SIG *parsed = d2i_ECDSA_SIG(NULL, &in, (long)sig->len);
	BIGNUM *half = p256_order();

	NEED(parsed && BN_rshift1(half, half));
	if (BN_cmp(ECDSA_SIG_get0_s(parsed), half) > 0)
		cert_sig_turn(sig);
	ECDSA_SIG_free(parsed);
	BN_free(half);
}

/* Appends the part that the test gives, or else what is in @usual. */
static void put_part(struct der_buf *out, const struct cert_spec *spec, enum cert_part part,
		     const struct der_buf *usual)
{
	const struct der_buf *b = spec->part[part] ? spec->part[part] : usual;

	if (b)
		der_put_raw(out, b->p, b->len);
}

static void put_element(struct der_buf *out, const struct cert_spec *spec, enum cert_part part,
			uint8_t tag, const void *p, size_t len)
{
	struct der_buf b = { 0 };

	der_put(&b, tag, p, len);
	put_part(out, spec, part, &b);
}

static void put_alg(struct der_buf *out, const struct cert_spec *spec, enum cert_part part)
{
	static const uint8_t rsa[] = { 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d,
				  0x01, 0x01, 0x0b, 0x05, 0x00 };
	static const uint8_t ecdsa[] = { 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02 };

	if (cert_key_is_rsa(spec->signer))
		put_element(out, spec, part, 0x30, rsa, sizeof(rsa));
	else
		put_element(out, spec, part, 0x30, ecdsa, sizeof(ecdsa));
}

/* A Name: one attribute, commonName. */
static void put_name(struct der_buf *out, const struct cert_spec *spec, enum cert_part part,
		     const char *cn)
{
	static const uint8_t oid[] = { 0x55, 0x04, 0x03 };
	struct der_buf b = { 0 };

	der_put(&b, 0x06, oid, sizeof(oid));
	der_put(&b, 0x0c, cn, strlen(cn));
	der_wrap(&b, 0x30);
	der_wrap(&b, 0x31);
	der_wrap(&b, 0x30);
	put_part(out, spec, part, &b);
}

static void put_validity(struct der_buf *out, const struct cert_spec *spec)
{
	struct der_buf b = { 0 };
	const char *t[] = { spec->not_before, spec->not_after };
	int i;

	for (i = 0; i < 2; i++)
		der_put(&b, strlen(t[i]) == 13 ? 0x17 : 0x18, t[i], strlen(t[i]));
	der_wrap(&b, 0x30);
	put_part(out, spec, CERT_VALIDITY, &b);
}

static void put_peer_name(struct der_buf *out, const struct cert_spec *spec)
{
	char name[PEERGROUP_NAME_LEN_MAX + 100];
	uint8_t hash[PEERGROUP_HASH_LEN];
	int i, n = 0;

	cert_spki_hash(spec->key, hash);
	for (i = 0; i < 20; i++)
		n += sprintf(name + n, "%02x", hash[i]);
	if (spec->classifier)
		n += snprintf(name + n, sizeof(name) - (size_t)n, ".%s", spec->classifier);
	put_element(out, spec, CERT_MS_NAME, 0x0c, name, (size_t)n);
}

static void put_membership(struct der_buf *out, const struct cert_spec *spec)
{
	static const uint8_t oid[] = PEERGROUP_OID_DER;
	static const uint8_t yes = 0xff, one = 1;
	struct der_buf ms = { 0 }, ext = { 0 };

	put_element(&ms, spec, CERT_MS_VERSION, 0x02, &one, 1);
	put_element(&ms, spec, CERT_MS_ROLES, 0x02, &spec->roles, 1);
	put_element(&ms, spec, CERT_MS_GROUP, 0x04, spec->group, sizeof(spec->group));
	put_element(&ms, spec, CERT_MS_ISSUER, 0x04, spec->issuer,
		    spec->issuer ? PEERGROUP_HASH_LEN : 0);
	put_peer_name(&ms, spec);
	put_element(&ms, spec, CERT_MS_FRIENDLY, 0x0c, spec->friendly, strlen(spec->friendly));
	der_wrap(&ms, 0x30);
	put_part(&ms, spec, CERT_MS_TRAILER, NULL);

	put_element(&ext, spec, CERT_EXT_OID, 0x06, oid, sizeof(oid));
	put_element(&ext, spec, CERT_EXT_CRITICAL, 0x01, &yes, 1);
	der_put(&ext, 0x04, ms.p, ms.len);
	der_put(out, 0x30, ext.p, ext.len);
}

static void put_since(struct der_buf *out, const char *since)
{
	static const uint8_t oid[] = PEERGROUP_OID_SINCE_DER;
	struct der_buf ext = { 0 }, time = { 0 };

	der_put(&time, strlen(since) == 13 ? 0x17 : 0x18, since, strlen(since));
	der_put(&ext, 0x06, oid, sizeof(oid));
	der_put(&ext, 0x04, time.p, time.len);
	der_put(out, 0x30, ext.p, ext.len);
}

static void put_extensions(struct der_buf *out, const struct cert_spec *spec)
{
	struct der_buf b = { 0 };

	put_part(&b, spec, CERT_EXT_BEFORE, NULL);
	put_membership(&b, spec);
	put_part(&b, spec, CERT_EXT_AFTER, NULL);
	if (spec->since)
		put_since(&b, spec->since);
	der_wrap(&b, 0x30);
	der_wrap(&b, 0xa3);
	der_put_raw(out, b.p, b.len);
}

static void make_tbs(const struct cert_spec *spec, struct der_buf *tbs)
{
	static const uint8_t version[] = { 0x02, 0x01, 0x02 };
	static const uint8_t serial[] = { 0x01, 0x23, 0x45 };
	struct der_buf spki = { 0 };

	put_element(tbs, spec, CERT_VERSION, 0xa0, version, sizeof(version));
	put_element(tbs, spec, CERT_SERIAL, 0x02, serial, sizeof(serial));
	put_alg(tbs, spec, CERT_ALG);
	put_name(tbs, spec, CERT_ISSUER, "issuer");
	put_validity(tbs, spec);
	put_name(tbs, spec, CERT_SUBJECT, "subject");
	cert_spki(spec->key, &spki);
	put_part(tbs, spec, CERT_SPKI, &spki);
	put_part(tbs, spec, CERT_UIDS, NULL);
	put_extensions(tbs, spec);
	put_part(tbs, spec, CERT_EXT_TRAILER, NULL);
	der_wrap(tbs, 0x30);
}

void cert_make(const struct cert_spec *spec, struct der_buf *out)
{
	struct der_buf tbs = { 0 }, sig = { 0 }, bits = { 0 };
	uint8_t hash[PEERGROUP_HASH_LEN];

	make_tbs(spec, &tbs);
	SHA256(tbs.p, tbs.len, hash);
	cert_sign_hash(spec->signer, hash, &sig);
	if (!cert_key_is_rsa(spec->signer))
		sig_lower(&sig);
	der_put_raw(&bits, "", 1);
	der_put_raw(&bits, sig.p, sig.len);

	out->len = 0;
	der_put_raw(out, tbs.p, tbs.len);
	put_alg(out, spec, CERT_ALG_OUTSIDE);
	put_element(out, spec, CERT_SIG, 0x03, bits.p, bits.len);
	put_part(out, spec, CERT_TRAILER, NULL);
	der_wrap(out, 0x30);
	put_part(out, spec, CERT_BEHIND, NULL);
}

struct cert_spec cert_spec_root(EVP_PKEY *key)
{
	struct cert_spec spec = {
		.key = key,
		.signer = key,
		.roles = PEERGROUP_ROLE_ROOT,
		.not_before = "200101000000Z",
		.not_after = "400101000000Z",
		.classifier = "group",
		.friendly = "a group",
	};

	cert_spki_hash(key, spec.group);
	return spec;
}

struct cert_spec cert_spec_below(EVP_PKEY *key, const struct cert_spec *issuer,
				 const struct der_buf *issuer_der, uint8_t *fingerprint, uint8_t roles)
{
	struct cert_spec spec = {
		.key = key,
		.signer = issuer->key,
		.roles = roles,
		.issuer = fingerprint,
		.not_before = issuer->not_before,
		.not_after = issuer->not_after,
		.friendly = "a member",
	};

	SHA256(issuer_der->p, issuer_der->len, fingerprint);
	memcpy(spec.group, issuer->group, sizeof(spec.group));
	return spec;
}
