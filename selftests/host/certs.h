/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Membership certificates for tests, written DER element by DER element, so
 * that each can be replaced by something wrong and still be signed properly.
 */
#ifndef _CERTS_H
#define _CERTS_H

#include <stdbool.h>
#include <stdint.h>
#include <openssl/evp.h>
#include "../../kmod/include/uapi/linux/peergroup.h"

#define DER_ROOM	8192

struct der_buf {
	size_t len;
	uint8_t p[DER_ROOM];
};

/* Elements that a test may replace, whole. */
enum cert_part {
	CERT_VERSION,
	CERT_SERIAL,
	CERT_ALG,		/* inside */
	CERT_ISSUER,
	CERT_VALIDITY,
	CERT_SUBJECT,
	CERT_SPKI,
	CERT_UIDS,		/* none, unless replaced; so the next two */
	CERT_EXT_BEFORE,
	CERT_EXT_AFTER,
	CERT_EXT_OID,
	CERT_EXT_CRITICAL,
	CERT_MS_VERSION,
	CERT_MS_ROLES,
	CERT_MS_GROUP,
	CERT_MS_ISSUER,
	CERT_MS_NAME,
	CERT_MS_FRIENDLY,
	CERT_MS_TRAILER,
	CERT_EXT_TRAILER,	/* behind the extensions, in tbs */
	CERT_ALG_OUTSIDE,
	CERT_SIG,
	CERT_TRAILER,		/* inside the certificate, at its end */
	CERT_BEHIND,		/* behind the certificate */
	CERT_PARTS
};

struct cert_spec {
	EVP_PKEY *key;
	EVP_PKEY *signer;
	uint8_t roles;
	uint8_t group[PEERGROUP_HASH_LEN];
	const uint8_t *issuer;		/* fingerprint; NULL in a root */
	const char *not_before;		/* 13 characters: UTCTime; 15: GeneralizedTime */
	const char *not_after;
	const char *since;		/* in a renewal; may be NULL */
	const char *classifier;		/* behind the key's hash and a dot; may be NULL */
	const char *friendly;
	const struct der_buf *part[CERT_PARTS];
};

EVP_PKEY *cert_key_rsa(unsigned int bits, unsigned int exponent);
EVP_PKEY *cert_key_p256(void);
bool cert_key_is_rsa(EVP_PKEY *key);
void cert_spki(EVP_PKEY *key, struct der_buf *out);
void cert_spki_hash(EVP_PKEY *key, uint8_t *hash);

/* Appends an element to @out. */
void der_put(struct der_buf *out, uint8_t tag, const void *p, size_t len);
void der_put_raw(struct der_buf *out, const void *p, size_t len);

/* Signs a hash with SHA-256's rules, PKCS#1 v1.5 or ECDSA. */
void cert_sign_hash(EVP_PKEY *key, const uint8_t *hash, struct der_buf *sig);

/* Replaces an ECDSA signature by the other that can be made of it; it is as long, or not. */
void cert_sig_turn(struct der_buf *sig);

void cert_make(const struct cert_spec *spec, struct der_buf *out);

/* A good root, and a good certificate below an issuer; both valid 2020 to 2040. */
struct cert_spec cert_spec_root(EVP_PKEY *key);
struct cert_spec cert_spec_below(EVP_PKEY *key, const struct cert_spec *issuer,
				 const struct der_buf *issuer_der, uint8_t *fingerprint, uint8_t roles);

#endif
