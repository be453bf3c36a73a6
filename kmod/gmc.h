/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Membership certificates: reading one from DER and deciding whether it may
 * stand below another. Engine file: knows nothing of groups, clocks or keys
 * rings, checks no signature itself (verify.h does) and keeps no state.
 */
#ifndef _PG_GMC_H
#define _PG_GMC_H

#include <linux/types.h>
#include "include/uapi/linux/peergroup.h"

/**
 * struct pg_span - bytes inside somebody else's buffer
 * @p: the first
 * @len: how many
 */
struct pg_span {
	const u8 *p;
	u32 len;
};

/**
 * struct pg_gmc - a parsed certificate; spans point into the DER given
 * @fingerprint: SHA-256 of the DER
 * @spki_hash: SHA-256 of the SubjectPublicKeyInfo
 * @group: group id
 * @issuer: fingerprint of the issuer's certificate; zero in the root
 * @roles: PEERGROUP_ROLE_*
 * @algo: signature algorithm of the certificate's own key and of what it signs,
 *	enum peergroup_sig_algo
 * @sig_algo: algorithm of the signature on this certificate
 * @not_before: peer time
 * @not_after: peer time
 * @since: peer time: @not_before, or an earlier one where this certificate renews another
 * @tbs: the signed part
 * @key: RSAPublicKey DER, or the 65 byte P-256 point
 * @sig: signature on @tbs
 * @name: peer name, UTF-8
 * @friendly: friendly name, UTF-8
 */
struct pg_gmc {
	u8 fingerprint[PEERGROUP_HASH_LEN];
	u8 spki_hash[PEERGROUP_HASH_LEN];
	u8 group[PEERGROUP_HASH_LEN];
	u8 issuer[PEERGROUP_HASH_LEN];
	u32 roles;
	u8 algo;
	u8 sig_algo;
	u64 not_before;
	u64 not_after;
	u64 since;
	struct pg_span tbs;
	struct pg_span key;
	struct pg_span sig;
	struct pg_span name;
	struct pg_span friendly;
};

/**
 * pg_gmc_parse() - read one certificate
 * @gmc: filled in; its spans point into @der
 * @der: the certificate, hostile
 * @len: bytes of @der
 *
 * Strict: DER only, no trailing bytes, at most PEERGROUP_CERT_LEN_MAX, known
 * algorithms, RSA modulus odd and of 2048, 3072 or 4096 bits (the crypto API
 * takes no others) with a public exponent that is odd, above 2^16 (in FIPS mode
 * it takes no others, either) and below 2^32, a signature of its algorithm's
 * form (of the two that an ECDSA signature can be the one with the lower
 * number), valid UTF-8 without control
 * characters in names, a peer name that begins with the hash of the
 * certificate's own key and has no empty classifier, roles non-empty and known,
 * ROOT alone and with an empty issuer and with group equal to the own SPKI
 * hash, no unknown critical extension, no unique identifiers, serial number not
 * negative and at most 20 bytes, @not_before before @not_after, @since no later than
 * @not_before. Pure function, any context; stack use below 512 bytes without what
 * SHA-256 takes.
 *
 * Return: 0 or -EBADMSG.
 */
int __must_check pg_gmc_parse(struct pg_gmc *gmc, const u8 *der, size_t len);

/**
 * pg_sig_well_formed() - has a signature the form that its algorithm gives it?
 * @algo: enum peergroup_sig_algo, unchecked
 * @sig: the signature
 *
 * RSA: the length of one of the known moduli. ECDSA: strict DER of two positive
 * integers. Verifiers differ in what else they would accept; asking here first
 * gives one record or certificate one verdict on all hosts. Pure function.
 *
 * Return: true if it does; false for unknown algorithms too.
 */
bool __must_check pg_sig_well_formed(u8 algo, struct pg_span sig);

/**
 * pg_gmc_may_issue() - does @child fit below @parent?
 * @parent: the issuer, already accepted
 * @child: the certificate to judge
 *
 * Same group, issuer names @parent by fingerprint, roles that @parent may
 * issue (root and admin: admin, inviting, member; inviting: inviting, member;
 * member: none; nobody: root), validity inside @parent's, @since no earlier, signature algorithm
 * that of @parent's key. The signature itself is the caller's to check.
 *
 * Return: true if it does.
 */
bool pg_gmc_may_issue(const struct pg_gmc *parent, const struct pg_gmc *child);

#endif /* _PG_GMC_H */
