/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Keys and certificates, for the files that deal with them: key.c, cert.c,
 * cert_make.c, chain.c, bundle.c, identity.c, groupstore.c, invite.c and invitation.c.
 * The rest of the library needs internal.h only.
 */
#ifndef _PEERGROUP_CERT_H
#define _PEERGROUP_CERT_H

#include "internal.h"

/*
 * @what could not be done: E_OUTOFMEMORY or NTE_FAIL. OpenSSL says why in its error
 * queue, which is not ours to leave full.
 */
HRESULT pgi_crypto_failed(const char *what);

/* PEER_E_INVITATION_NOT_TRUSTED. */
HRESULT pgi_untrusted(const char *why);

/*
 * What the kernel verifies: RSA of 2048, 3072 or 4096 bits with an exponent above 2^16,
 * ECDSA on P-256.
 */
bool pgi_key_allowed(EVP_PKEY *key);

HRESULT pgi_key_make(unsigned int rsa_bits, EVP_PKEY **key);
HRESULT pgi_key_hash(EVP_PKEY *key, uint8_t spki_hash[32]);

/* Is its signature the lower one of the two that an ECDSA signature can be? */
bool pgi_signature_lower(X509 *x);

#define PGI_THOUSAND_YEARS	(31556952000ULL * PEERGROUP_TIME_PER_SECOND)

/* Roles that may be issued at all, and those that a holder of @roles may issue. */
#define PGI_ISSUABLE	(PEERGROUP_ROLE_ADMIN | PEERGROUP_ROLE_INVITING | PEERGROUP_ROLE_MEMBER)
uint32_t pgi_roles_issuable(uint32_t roles);

/* What a new membership certificate says besides keys and group. */
struct pgi_cert_spec {
	const char *name;
	const char *friendly;
	uint32_t roles;
	uint64_t not_before, not_after;
	uint64_t since;			/* before @not_before in a renewal; or 0 */
};

/* @issuer NULL makes a group root, signed by @subject itself. */
HRESULT pgi_cert_issue(const struct pgi_cert *issuer, EVP_PKEY *issuer_key,
		       EVP_PKEY *subject, const struct pgi_cert_spec *spec,
		       struct pgi_blob *der);

/*
 * An identity certificate: self-signed, with a critical extension of its own so
 * that it can never pass for a membership certificate.
 */
struct pgi_idc {
	char *name;
	char *friendly;
	EVP_PKEY *key;			/* public */
	uint8_t spki_hash[32];
};

HRESULT pgi_idc_make(const struct pgi_identity *identity, struct pgi_blob *der);
HRESULT pgi_idc_parse(const struct pgi_blob *der, struct pgi_idc *idc);	/* E_INVALIDARG */
void pgi_idc_free(struct pgi_idc *idc);

/* malloc()ed; NULL without memory. */
char *pgi_base64_encode(const void *data, size_t len);
/* Strict: what does not encode to the same text again is refused, or is above @max bytes. */
bool pgi_base64_decode(const char *text, size_t max, struct pgi_blob *out);

/* Certificates as base64 of a degenerate PKCS #7. */
HRESULT pgi_bundle_encode(const struct pgi_blob *certs, size_t count, char **base64);
HRESULT pgi_bundle_decode(const char *base64, struct pgi_blob **certs, size_t *count);
void pgi_bundle_free(struct pgi_blob *certs, size_t count);

/* Puts parsed certificates, in any order, root first; false if they are no chain. */
bool pgi_chain_order(struct pgi_cert **chain, size_t len);

/* The public key of a certificate, inside the block @top; NULL without memory. */
CERT_PUBLIC_KEY_INFO *pgi_key_info(void *top, X509 *x);

/* invite.c */
HRESULT pgi_identity_to_xml(const struct pgi_identity *identity, char **xml);
HRESULT pgi_identity_from_xml(const char *xml, struct pgi_idc *idc);	/* E_INVALIDARG */
/* Root first; *@xml: malloc(). */
HRESULT pgi_invitation_xml(const char *cloud, const struct pgi_blob *certs, size_t count,
			   char **xml);
/* invitation.c; the other way round from pgi_key_info(). PEER_E_INVALID_CREDENTIAL_INFO. */
HRESULT pgi_key_from_info(const CERT_PUBLIC_KEY_INFO *info, EVP_PKEY **key);
/* identity.c */
HRESULT pgi_identity_was_deleted(const char *name, bool *deleted);

#endif /* _PEERGROUP_CERT_H */
