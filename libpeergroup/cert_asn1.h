/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The extensions of our certificates as OpenSSL's ASN.1 code takes them: cert_make.c
 * writes and cert.c reads them.
 */
#ifndef _PEERGROUP_CERT_ASN1_H
#define _PEERGROUP_CERT_ASN1_H

#include <openssl/asn1t.h>
#include "cert.h"

#define PGI_OID_IDENTITY	PEERGROUP_OID ".1"

typedef struct {
	ASN1_INTEGER *version;
	ASN1_INTEGER *roles;
	ASN1_OCTET_STRING *group_id;
	ASN1_OCTET_STRING *issuer;
	ASN1_UTF8STRING *name;
	ASN1_UTF8STRING *friendly;
} PGI_MEMBERSHIP;

DECLARE_ASN1_FUNCTIONS(PGI_MEMBERSHIP)

/* Identity ::= SEQUENCE { version INTEGER (1), peerName, friendlyName UTF8String } */
typedef struct {
	ASN1_INTEGER *version;
	ASN1_UTF8STRING *name;
	ASN1_UTF8STRING *friendly;
} PGI_IDENTITY;

DECLARE_ASN1_FUNCTIONS(PGI_IDENTITY)

/* A certificate's DER form. */
HRESULT pgi_cert_encode(X509 *x, struct pgi_blob *der);

#endif /* _PEERGROUP_CERT_ASN1_H */
