// SPDX-License-Identifier: GPL-2.0-only
/*
 * Membership certificates: good ones say what was put in, each rule broken is
 * found, times are read exactly, and no byte can be lost or changed.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <openssl/asn1.h>
#include <openssl/x509v3.h>
#include <linux/kernel.h>
#include <crypto/sha2.h>
#include "certs.h"
#include "clock.h"
#include "gmc.h"
#include "tap.h"
#include "verify.h"

static EVP_PKEY *rsa_key, *ec_key;

/* Parses from memory of exactly the certificate's size. */
static int parse(const struct der_buf *der, struct pg_gmc *gmc)
{
	u8 *p = malloc(der->len + !der->len);
	int err;

	NEED(p);
	memcpy(p, der->p, der->len);
	err = pg_gmc_parse(gmc, p, der->len);
	free(p);
	return err;
}

static int parse_spec(const struct cert_spec *spec, struct pg_gmc *gmc)
{
	struct der_buf der;

	cert_make(spec, &der);
	return parse(&der, gmc);
}

static bool span_is(struct pg_span s, const char *text)
{
	return s.len == strlen(text) && !memcmp(s.p, text, s.len);
}

static void check_good(EVP_PKEY *key, EVP_PKEY *member)
{
	struct cert_spec root = cert_spec_root(key), spec;
	u8 fp[32], spki[32], own[32];
	struct der_buf root_der, der;
	struct pg_gmc gmc;

	cert_make(&root, &root_der);
	CHECK(!pg_gmc_parse(&gmc, root_der.p, root_der.len));
	cert_spki_hash(key, spki);
	CHECK(!memcmp(gmc.spki_hash, spki, 32) && !memcmp(gmc.group, spki, 32));
	CHECK(gmc.roles == PEERGROUP_ROLE_ROOT && gmc.algo == gmc.sig_algo);
	CHECK(span_is(gmc.friendly, "a group"));
	CHECK(gmc.name.len == 46 && !memcmp(gmc.name.p + 40, ".group", 6));

	spec = cert_spec_below(member, &root, &root_der, fp,
			       PEERGROUP_ROLE_ADMIN | PEERGROUP_ROLE_MEMBER);
	cert_make(&spec, &der);
	CHECK(!pg_gmc_parse(&gmc, der.p, der.len));
	sha256(der.p, (unsigned int)der.len, own);
	cert_spki_hash(member, spki);
	CHECK(!memcmp(gmc.fingerprint, own, 32) && !memcmp(gmc.spki_hash, spki, 32));
	CHECK(!memcmp(gmc.group, root.group, 32) && !memcmp(gmc.issuer, fp, 32));
	CHECK(gmc.roles == (PEERGROUP_ROLE_ADMIN | PEERGROUP_ROLE_MEMBER));
	CHECK(gmc.algo == (cert_key_is_rsa(member) ? 1 : 2));
	CHECK(gmc.sig_algo == (cert_key_is_rsa(key) ? 1 : 2));
	CHECK(gmc.not_before == PG_TIME_UNIX_EPOCH + 1577836800 * PG_TIME_SECOND);
	CHECK(gmc.not_after == PG_TIME_UNIX_EPOCH + 2208988800 * PG_TIME_SECOND);
	CHECK(span_is(gmc.friendly, "a member") && gmc.name.len == 40);
}

static void test_good(void)
{
	check_good(rsa_key, ec_key);
	check_good(ec_key, rsa_key);
}

static void add_ext(X509 *cert, int nid, const char *value)
{
	X509_EXTENSION *ext = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

	NEED(ext && X509_add_ext(cert, ext, -1));
	X509_EXTENSION_free(ext);
}

/* As a program would: OpenSSL's own encoder, and the usual extensions besides. */
static void test_openssl(void)
{
	static const u8 oid[] = PEERGROUP_OID_DER;
	struct cert_spec root = cert_spec_root(ec_key);
	struct der_buf ours;
	struct pg_gmc gmc;
	ASN1_OBJECT *obj = OBJ_txt2obj(PEERGROUP_OID, 1);
	X509 *theirs;
	const unsigned char *p;
	unsigned char *again = NULL;
	int at, len, tries = 100;

	NEED(obj);
	CHECK(OBJ_length(obj) == sizeof(oid) && !memcmp(OBJ_get0_data(obj), oid, sizeof(oid)));

	cert_make(&root, &ours);
	p = ours.p;
	theirs = d2i_X509(NULL, &p, (long)ours.len);
	NEED(theirs && p == ours.p + ours.len);
	CHECK(X509_verify(theirs, ec_key) == 1);
	at = X509_get_ext_by_OBJ(theirs, obj, -1);
	CHECK(at >= 0 && X509_EXTENSION_get_critical(X509_get_ext(theirs, at)));

	/* Add what OpenSSL would, sign anew, encode. */
	add_ext(theirs, NID_basic_constraints, "critical,CA:TRUE");
	add_ext(theirs, NID_key_usage, "critical,keyCertSign,digitalSignature");
	/* Which of the two signatures it comes to is chance. */
	do {
		OPENSSL_free(again);
		again = NULL;
		NEED(X509_sign(theirs, ec_key, EVP_sha256()) > 0);
		len = i2d_X509(theirs, &again);
		NEED(len > 0);
	} while (pg_gmc_parse(&gmc, again, (size_t)len) && --tries);
	CHECK(tries);
	CHECK(gmc.roles == PEERGROUP_ROLE_ROOT);
	OPENSSL_free(again);
	X509_free(theirs);
	ASN1_OBJECT_free(obj);
}

struct part_case {
	const char *name;
	enum cert_part part;
	const char *p;
	size_t len;
	bool ok;
};

#define RAW(s)		(s), sizeof(s) - 1
#define EXT(oid, rest)	"\x30" rest "\x06\x03" oid

static void check_parts(const struct part_case *cases, unsigned int n, bool in_root)
{
	struct cert_spec root = cert_spec_root(ec_key);
	struct der_buf root_der;
	unsigned int i;
	u8 fp[32];

	cert_make(&root, &root_der);
	for (i = 0; i < n; i++) {
		struct cert_spec spec = cert_spec_below(rsa_key, &root, &root_der, fp,
							PEERGROUP_ROLE_MEMBER);
		struct der_buf part = { .len = 0 };
		struct pg_gmc gmc;

		if (in_root)
			spec = root;
		der_put_raw(&part, cases[i].p, cases[i].len);
		spec.part[cases[i].part] = &part;
		CHECK(parse_spec(&spec, &gmc) == (cases[i].ok ? 0 : -EBADMSG),
		      "%s", cases[i].name);
	}
}

static void test_frame(void)
{
	static const struct part_case cases[] = {
		{ "version 3", CERT_VERSION, RAW("\xa0\x03\x02\x01\x02"), true },
		{ "version 1", CERT_VERSION, RAW("\xa0\x03\x02\x01\x00"), false },
		{ "version 1 by default", CERT_VERSION, RAW(""), false },
		{ "version 4", CERT_VERSION, RAW("\xa0\x03\x02\x01\x03"), false },
		{ "two versions", CERT_VERSION, RAW("\xa0\x06\x02\x01\x02\x02\x01\x02"), false },
		{ "long version", CERT_VERSION, RAW("\xa0\x04\x02\x02\x00\x02"), false },
		{ "version length not the shortest", CERT_VERSION,
		  RAW("\xa0\x81\x03\x02\x01\x02"), false },
		{ "version of indefinite length", CERT_VERSION,
		  RAW("\xa0\x80\x02\x01\x02\x00\x00"), false },
		{ "serial 0", CERT_SERIAL, RAW("\x02\x01\x00"), true },
		{ "serial of 20 bytes", CERT_SERIAL,
		  RAW("\x02\x14zzzzzzzzzzzzzzzzzzzz"), true },
		{ "serial of 21 bytes", CERT_SERIAL,
		  RAW("\x02\x15zzzzzzzzzzzzzzzzzzzzz"), false },
		{ "serial negative", CERT_SERIAL, RAW("\x02\x01\x80"), false },
		{ "serial empty", CERT_SERIAL, RAW("\x02\x00"), false },
		{ "serial not the shortest", CERT_SERIAL, RAW("\x02\x02\x00\x01"), false },
		{ "serial missing", CERT_SERIAL, RAW(""), false },
		{ "RSA inside, ECDSA outside", CERT_ALG,
		  RAW("\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b\x05\x00"), false },
		{ "RSA outside, ECDSA inside", CERT_ALG_OUTSIDE,
		  RAW("\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b\x05\x00"), false },
		{ "ECDSA with NULL", CERT_ALG,
		  RAW("\x30\x0c\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02\x05\x00"), false },
		{ "empty issuer", CERT_ISSUER, RAW("\x30\x00"), true },
		{ "issuer missing", CERT_ISSUER, RAW(""), false },
		{ "issuer no DER inside", CERT_ISSUER, RAW("\x30\x02\x31\x05"), false },
		{ "issuer with indefinite length inside", CERT_ISSUER,
		  RAW("\x30\x04\x31\x80\x00\x00"), false },
		{ "issuer with a long tag", CERT_ISSUER, RAW("\x30\x04\x1f\x81\x01\x00"), false },
		{ "issuer nested to the limit", CERT_ISSUER,
		  RAW("\x30\x18\x30\x16\x30\x14\x30\x12\x30\x10\x30\x0e\x30\x0c\x30\x0a"
		      "\x30\x08\x30\x06\x30\x04\x30\x02\x30\x00"), true },
		{ "issuer nested too deeply", CERT_ISSUER,
		  RAW("\x30\x1a\x30\x18\x30\x16\x30\x14\x30\x12\x30\x10\x30\x0e\x30\x0c\x30\x0a"
		      "\x30\x08\x30\x06\x30\x04\x30\x02\x30\x00"), false },
		{ "subject missing", CERT_SUBJECT, RAW(""), false },
		{ "unique identifier", CERT_UIDS, RAW("\x81\x02\x00\x55"), false },
		{ "behind the extensions", CERT_EXT_TRAILER, RAW("\x05\x00"), false },
		{ "in the certificate", CERT_TRAILER, RAW("\x05\x00"), false },
		{ "behind the certificate", CERT_BEHIND, RAW("\x00"), false },
		{ "behind the certificate, DER", CERT_BEHIND, RAW("\x05\x00"), false },
		{ "signature missing", CERT_SIG, RAW(""), false },
		{ "signature empty", CERT_SIG, RAW("\x03\x01\x00"), false },
		{ "signature of no bits", CERT_SIG, RAW("\x03\x00"), false },
		{ "signature of odd bits", CERT_SIG,
		  RAW("\x03\x09\x01\x30\x06\x02\x01\x01\x02\x01\x02"), false },
		{ "signature well-formed", CERT_SIG,
		  RAW("\x03\x09\x00\x30\x06\x02\x01\x01\x02\x01\x01"), true },
	};

	check_parts(cases, ARRAY_SIZE(cases), false);
}

static void test_membership(void)
{
	static const struct part_case cases[] = {
		{ "version 0", CERT_MS_VERSION, RAW("\x02\x01\x00"), false },
		{ "version 2", CERT_MS_VERSION, RAW("\x02\x01\x02"), false },
		{ "version missing", CERT_MS_VERSION, RAW(""), false },
		{ "version no integer", CERT_MS_VERSION, RAW("\x0a\x01\x01"), false },
		{ "no role", CERT_MS_ROLES, RAW("\x02\x01\x00"), false },
		{ "all roles but root", CERT_MS_ROLES, RAW("\x02\x01\x07"), true },
		{ "root with an issuer", CERT_MS_ROLES, RAW("\x02\x01\x08"), false },
		{ "root and member", CERT_MS_ROLES, RAW("\x02\x01\x0c"), false },
		{ "unknown role", CERT_MS_ROLES, RAW("\x02\x01\x14"), false },
		{ "negative roles", CERT_MS_ROLES, RAW("\x02\x01\x84"), false },
		{ "roles of two bytes", CERT_MS_ROLES, RAW("\x02\x02\x01\x04"), false },
		{ "roles not the shortest", CERT_MS_ROLES, RAW("\x02\x02\x00\x04"), false },
		{ "group of 31 bytes", CERT_MS_GROUP,
		  RAW("\x04\x1fggggggggggggggggggggggggggggggg"), false },
		{ "group of 33 bytes", CERT_MS_GROUP,
		  RAW("\x04\x21ggggggggggggggggggggggggggggggggg"), false },
		{ "group empty", CERT_MS_GROUP, RAW("\x04\x00"), false },
		{ "another group", CERT_MS_GROUP,
		  RAW("\x04\x20gggggggggggggggggggggggggggggggg"), true },
		{ "no issuer", CERT_MS_ISSUER, RAW("\x04\x00"), false },
		{ "issuer of 31 bytes", CERT_MS_ISSUER,
		  RAW("\x04\x1fggggggggggggggggggggggggggggggg"), false },
		{ "name of another key", CERT_MS_NAME,
		  RAW("\x0c\x28" "0123456789012345678901234567890123456789"), false },
		{ "name empty", CERT_MS_NAME, RAW("\x0c\x00"), false },
		{ "name too short", CERT_MS_NAME, RAW("\x0c\x03" "abc"), false },
		{ "friendly name empty", CERT_MS_FRIENDLY, RAW("\x0c\x00"), true },
		{ "friendly name missing", CERT_MS_FRIENDLY, RAW(""), false },
		{ "friendly name no UTF-8", CERT_MS_FRIENDLY, RAW("\x0c\x02\xc3\x28"), false },
		{ "friendly name with NUL", CERT_MS_FRIENDLY, RAW("\x0c\x02" "a\0"), false },
		{ "friendly name with a new line", CERT_MS_FRIENDLY, RAW("\x0c\x01\n"), false },
		{ "friendly name with DEL", CERT_MS_FRIENDLY, RAW("\x0c\x01\x7f"), false },
		{ "friendly name with C1 control", CERT_MS_FRIENDLY, RAW("\x0c\x02\xc2\x9b"), false },
		{ "friendly name with no-break space", CERT_MS_FRIENDLY,
		  RAW("\x0c\x02\xc2\xa0"), true },
		{ "friendly name as IA5String", CERT_MS_FRIENDLY, RAW("\x16\x01" "a"), false },
		{ "one field more", CERT_MS_TRAILER, RAW("\x05\x00"), false },
		{ "not critical", CERT_EXT_CRITICAL, RAW(""), false },
		{ "critical FALSE", CERT_EXT_CRITICAL, RAW("\x01\x01\x00"), false },
		{ "critical as BER has it", CERT_EXT_CRITICAL, RAW("\x01\x01\x01"), false },
		{ "critical empty", CERT_EXT_CRITICAL, RAW("\x01\x00"), false },
		{ "another extension instead", CERT_EXT_OID, RAW("\x06\x03\x55\x1d\x13"), false },
		{ "an unknown one instead", CERT_EXT_OID, RAW("\x06\x03\x2a\x03\x04"), false },
	};

	check_parts(cases, ARRAY_SIZE(cases), false);
}

static void test_extensions(void)
{
	static const struct part_case cases[] = {
		{ "unknown", CERT_EXT_BEFORE, RAW("\x30\x08\x06\x02\x2a\x03\x04\x02\xff\xff"), true },
		{ "unknown, behind", CERT_EXT_AFTER,
		  RAW("\x30\x08\x06\x02\x2a\x03\x04\x02\xff\xff"), true },
		{ "unknown and critical", CERT_EXT_BEFORE,
		  RAW("\x30\x0b\x06\x02\x2a\x03\x01\x01\xff\x04\x02\xff\xff"), false },
		{ "unknown and critical, behind", CERT_EXT_AFTER,
		  RAW("\x30\x0b\x06\x02\x2a\x03\x01\x01\xff\x04\x02\xff\xff"), false },
		{ "basicConstraints, critical", CERT_EXT_BEFORE,
		  RAW("\x30\x0c\x06\x03\x55\x1d\x13\x01\x01\xff\x04\x02\x30\x00"), true },
		{ "keyUsage, critical", CERT_EXT_BEFORE,
		  RAW("\x30\x0e\x06\x03\x55\x1d\x0f\x01\x01\xff\x04\x04\x03\x02\x01\x86"), true },
		{ "subject key identifier, critical", CERT_EXT_BEFORE,
		  RAW("\x30\x0c\x06\x03\x55\x1d\x0e\x01\x01\xff\x04\x02\x04\x00"), true },
		{ "authority key identifier, critical", CERT_EXT_BEFORE,
		  RAW("\x30\x0c\x06\x03\x55\x1d\x23\x01\x01\xff\x04\x02\x30\x00"), true },
		{ "nameConstraints, critical", CERT_EXT_BEFORE,
		  RAW("\x30\x0c\x06\x03\x55\x1d\x1e\x01\x01\xff\x04\x02\x30\x00"), false },
		{ "critical FALSE written out", CERT_EXT_BEFORE,
		  RAW("\x30\x0b\x06\x02\x2a\x03\x01\x01\x00\x04\x02\xff\xff"), false },
		{ "no value", CERT_EXT_BEFORE, RAW("\x30\x04\x06\x02\x2a\x03"), false },
		{ "two values", CERT_EXT_BEFORE,
		  RAW("\x30\x08\x06\x02\x2a\x03\x04\x00\x04\x00"), false },
		{ "no sequence", CERT_EXT_BEFORE, RAW("\x05\x00"), false },
	};

	check_parts(cases, ARRAY_SIZE(cases), false);
}

/* Ours twice: the second copy is cut out of a certificate that has one. */
static void test_duplicate(void)
{
	static const u8 oid[] = PEERGROUP_OID_DER;
	struct cert_spec root = cert_spec_root(ec_key);
	struct der_buf der, ext = { .len = 0 };
	struct pg_gmc gmc;
	size_t i, len;

	cert_make(&root, &der);
	for (i = 0; memcmp(der.p + i, oid, sizeof(oid)); i++)
		NEED(i + sizeof(oid) < der.len);
	i -= 5;					/* 30 81 len 06 14 */
	NEED(der.p[i] == 0x30 && der.p[i + 1] == 0x81);
	len = 3U + der.p[i + 2];
	der_put_raw(&ext, der.p + i, len);

	root.part[CERT_EXT_AFTER] = &ext;
	CHECK(parse_spec(&root, &gmc) == -EBADMSG);
	root.part[CERT_EXT_AFTER] = NULL;
	CHECK(!parse_spec(&root, &gmc));
}

static void check_since(const char *from, const char *since, int expected)
{
	struct cert_spec root = cert_spec_root(ec_key);
	struct pg_gmc gmc, plain;

	NEED(!parse_spec(&root, &plain));
	CHECK(plain.since == plain.not_before);
	root.not_before = from;
	root.since = since;
	CHECK(parse_spec(&root, &gmc) == expected, "%s, from %s", since, from);
	CHECK(expected || gmc.since == plain.not_before);
}

/* Since when, in a renewal. */
static void test_since(void)
{
	static const u8 oid[] = PEERGROUP_OID_SINCE_DER;
	struct cert_spec root = cert_spec_root(ec_key);
	struct der_buf ext = { .len = 0 }, inner = { .len = 0 };
	struct pg_gmc gmc;

	check_since("200101000000Z", "20200101000000Z", 0);
	check_since("250101000000Z", "20200101000000Z", 0);
	check_since("250101000000Z", "200101000000Z", 0);
	check_since("200101000000Z", "20200101000001Z", -EBADMSG);
	check_since("200101000000Z", "20191301000000Z", -EBADMSG);
	check_since("200101000000Z", "16010101000000Z", -EBADMSG);
	check_since("200101000000Z", "20200101000000", -EBADMSG);

	der_put(&inner, 0x06, oid, sizeof(oid));
	der_put(&inner, 0x04, "\x17\x0d" "200101000000Z", 15);
	der_put(&ext, 0x30, inner.p, inner.len);
	root.part[CERT_EXT_AFTER] = &ext;
	CHECK(!parse_spec(&root, &gmc));
	root.since = "200101000000Z";
	CHECK(parse_spec(&root, &gmc) == -EBADMSG, "twice");
}

/* Of the two signatures that can be made of one a certificate has the lower one. */
static void test_other_signature(void)
{
	struct cert_spec root = cert_spec_root(ec_key);
	struct der_buf der, sig, bits = { .len = 0 }, bent = { .len = 0 };
	struct pg_gmc gmc;
	u8 hash[PEERGROUP_HASH_LEN];

	cert_make(&root, &der);
	NEED(!pg_gmc_parse(&gmc, der.p, der.len));
	sig.len = 0;
	der_put_raw(&sig, gmc.sig.p, gmc.sig.len);
	cert_sig_turn(&sig);
	sha256(gmc.tbs.p, gmc.tbs.len, hash);
	CHECK(!pg_verify(gmc.algo, gmc.key, hash,
			 (struct pg_span){ .p = sig.p, .len = (u32)sig.len }), "as good");
	der_put_raw(&bits, "", 1);
	der_put_raw(&bits, sig.p, sig.len);
	der_put(&bent, 0x03, bits.p, bits.len);
	root.part[CERT_SIG] = &bent;
	/* Of no other certificate: none is signed before its form is found to be good. */
	CHECK(parse_spec(&root, &gmc) == -EBADMSG);
	cert_sig_turn(&sig);
	bits.len = 1;
	der_put_raw(&bits, sig.p, sig.len);
	bent.len = 0;
	der_put(&bent, 0x03, bits.p, bits.len);
	CHECK(!parse_spec(&root, &gmc));
}

static void test_root_rules(void)
{
	static const struct part_case cases[] = {
		{ "another group", CERT_MS_GROUP,
		  RAW("\x04\x20gggggggggggggggggggggggggggggggg"), false },
		{ "an issuer", CERT_MS_ISSUER,
		  RAW("\x04\x20gggggggggggggggggggggggggggggggg"), false },
		{ "administrator without issuer", CERT_MS_ROLES, RAW("\x02\x01\x01"), false },
		{ "root and administrator", CERT_MS_ROLES, RAW("\x02\x01\x09"), false },
	};
	struct cert_spec root = cert_spec_root(ec_key);
	struct pg_gmc gmc;

	check_parts(cases, ARRAY_SIZE(cases), true);
	root.signer = rsa_key;
	CHECK(parse_spec(&root, &gmc) == -EBADMSG, "signed by another kind of key");
}

static void check_classifier(const char *classifier, bool ok)
{
	struct cert_spec root = cert_spec_root(ec_key);
	struct pg_gmc gmc;

	root.classifier = classifier;
	CHECK(parse_spec(&root, &gmc) == (ok ? 0 : -EBADMSG), "%.20s", classifier);
}

/* Each digit of the key's hash counts, in lower case only; so does the dot. */
static void check_authority(void)
{
	struct cert_spec root = cert_spec_root(ec_key);
	struct der_buf der, name;
	struct pg_gmc gmc;
	unsigned int i;

	cert_make(&root, &der);
	NEED(!pg_gmc_parse(&gmc, der.p, der.len));
	for (i = 0; i <= 40; i++) {
		u8 text[46];

		memcpy(text, gmc.name.p, sizeof(text));
		text[i] = text[i] >= 'a' ? text[i] - 'a' + 'A' : text[i] ^ 1;
		name.len = 0;
		der_put(&name, 0x0c, text, sizeof(text));
		root.part[CERT_MS_NAME] = &name;
		CHECK(parse_spec(&root, &gmc) == -EBADMSG, "character %u", i);
		NEED(!pg_gmc_parse(&gmc, der.p, der.len));
	}
	name.len = 0;
	der_put(&name, 0x0c, gmc.name.p, 39);
	CHECK(parse_spec(&root, &gmc) == -EBADMSG, "a digit short");
}

static void test_names(void)
{
	struct cert_spec root = cert_spec_root(ec_key);
	char longest[PEERGROUP_FRIENDLY_LEN_MAX + 2] = "";
	struct pg_gmc gmc;

	check_authority();
	check_classifier(NULL, true);
	check_classifier("", false);
	check_classifier("x", true);
	check_classifier(".a.b.", true);
	check_classifier("\xf0\x9f\x90\xa7", true);
	check_classifier("a\tb", false);
	check_classifier("\xed\xa0\x80", false);

	memset(longest, 'a', PEERGROUP_NAME_LEN_MAX - 41);
	check_classifier(longest, true);
	memset(longest, 'a', PEERGROUP_NAME_LEN_MAX - 40);
	check_classifier(longest, false);

	memset(longest, 'a', PEERGROUP_FRIENDLY_LEN_MAX);
	root.friendly = longest;
	CHECK(!parse_spec(&root, &gmc));
	memset(longest, 'a', PEERGROUP_FRIENDLY_LEN_MAX + 1);
	CHECK(parse_spec(&root, &gmc) == -EBADMSG);
}

struct time_case {
	const char *text;
	s64 unix_time;		/* S64_MIN: refused */
};

static void test_times(void)
{
	static const struct time_case cases[] = {
		{ "700101000000Z", 0 },
		{ "19700101000000Z", 0 },
		{ "16010101000000Z", -11644473600 },
		{ "16001231235959Z", S64_MIN },
		{ "00000101000000Z", S64_MIN },
		{ "99991231235959Z", 253402300799 },
		{ "500101000000Z", -631152000 },
		{ "491231235959Z", 2524607999 },
		{ "20240229000000Z", 1709164800 },
		{ "20230229000000Z", S64_MIN },
		{ "20000229235959Z", 951868799 },
		{ "19000229000000Z", S64_MIN },
		{ "21000301000000Z", 4107542400 },
		{ "20240431000000Z", S64_MIN },
		{ "20240430120102Z", 1714478462 },
		{ "20241301000000Z", S64_MIN },
		{ "20240001000000Z", S64_MIN },
		{ "20240100000000Z", S64_MIN },
		{ "20240132000000Z", S64_MIN },
		{ "20240101240000Z", S64_MIN },
		{ "20240101006000Z", S64_MIN },
		{ "20240101000060Z", S64_MIN },
		{ "2024010100000zZ", S64_MIN },
		{ "20240101000000z", S64_MIN },
		{ "240101000000+", S64_MIN },
		{ "/40101000000Z", S64_MIN },
		{ ":40101000000Z", S64_MIN },
		{ "2401010000Z", S64_MIN },
		{ "240101000000+0000", S64_MIN },
		{ "20240101000000.0Z", S64_MIN },
		{ "20240101000000", S64_MIN },
		{ "", S64_MIN },
	};
	struct cert_spec root = cert_spec_root(ec_key);
	struct pg_gmc gmc;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		bool end = cases[i].unix_time == 253402300799;
		u64 want = PG_TIME_UNIX_EPOCH + (u64)cases[i].unix_time * PG_TIME_SECOND;
		int err;

		root.not_before = end ? "16010101000000Z" : cases[i].text;
		root.not_after = end ? cases[i].text : "99991231235959Z";
		err = parse_spec(&root, &gmc);
		if (cases[i].unix_time == S64_MIN)
			CHECK(err == -EBADMSG, "%s", cases[i].text);
		else
			CHECK(!err && (end ? gmc.not_after : gmc.not_before) == want,
			      "%s", cases[i].text);
	}
}

/* All years, in steps that fall on all days, against the C library. */
static void test_calendar(void)
{
	struct cert_spec root = cert_spec_root(ec_key);
	struct pg_gmc gmc;
	time_t t;

	for (t = -11644473600; t < 253402300799; t += 86400 * 997 + 3661) {
		struct tm tm;
		char text[64];

		gmtime_r(&t, &tm);
		snprintf(text, sizeof(text), "%04d%02d%02d%02d%02d%02dZ", tm.tm_year + 1900,
			 tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
		root.not_before = text;
		root.not_after = "99991231235959Z";
		CHECK(!parse_spec(&root, &gmc), "%s", text);
		CHECK(gmc.not_before == PG_TIME_UNIX_EPOCH + (u64)t * PG_TIME_SECOND, "%s", text);
	}
}

static void test_validity(void)
{
	static const struct part_case cases[] = {
		{ "one time", CERT_VALIDITY, RAW("\x30\x0f\x17\x0d" "200101000000Z"), false },
		{ "three times", CERT_VALIDITY,
		  RAW("\x30\x2d\x17\x0d" "200101000000Z\x17\x0d" "300101000000Z"
		      "\x17\x0d" "400101000000Z"), false },
		{ "two times", CERT_VALIDITY,
		  RAW("\x30\x1e\x17\x0d" "200101000000Z\x17\x0d" "200101000001Z"), true },
		{ "no time between", CERT_VALIDITY,
		  RAW("\x30\x1e\x17\x0d" "200101000000Z\x17\x0d" "200101000000Z"), false },
		{ "the wrong way round", CERT_VALIDITY,
		  RAW("\x30\x1e\x17\x0d" "200101000001Z\x17\x0d" "200101000000Z"), false },
		{ "no times", CERT_VALIDITY,
		  RAW("\x30\x1e\x0c\x0d" "200101000000Z\x0c\x0d" "200101000001Z"), false },
	};

	check_parts(cases, ARRAY_SIZE(cases), false);
}

/* An RSA SubjectPublicKeyInfo of given modulus and exponent, as contents of INTEGERs. */
static void rsa_spki(struct der_buf *spki, const u8 *n, size_t n_len, const u8 *e, size_t e_len,
		     bool null_params)
{
	static const u8 alg[] = { 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d,
				  0x01, 0x01, 0x01, 0x05, 0x00 };
	struct der_buf key = { .len = 0 }, bits = { .len = 0 }, inner = { .len = 0 };

	der_put(&key, 0x02, n, n_len);
	der_put(&key, 0x02, e, e_len);
	der_put_raw(&bits, "", 1);
	der_put(&bits, 0x30, key.p, key.len);
	der_put(&inner, 0x30, alg, sizeof(alg) - (null_params ? 0 : 2));
	der_put(&inner, 0x03, bits.p, bits.len);
	spki->len = 0;
	der_put(spki, 0x30, inner.p, inner.len);
}

/* The key in the certificate replaced, with the name to fit it. */
static int parse_spki(const struct der_buf *spki)
{
	struct cert_spec root = cert_spec_root(ec_key);
	struct der_buf root_der, name = { .len = 0 };
	struct cert_spec spec;
	struct pg_gmc gmc;
	char text[41];
	u8 fp[32], hash[32];
	int i;

	cert_make(&root, &root_der);
	spec = cert_spec_below(rsa_key, &root, &root_der, fp, PEERGROUP_ROLE_MEMBER);
	sha256(spki->p, (unsigned int)spki->len, hash);
	for (i = 0; i < 20; i++)
		sprintf(text + 2 * i, "%02x", hash[i]);
	der_put(&name, 0x0c, text, 40);
	spec.part[CERT_SPKI] = spki;
	spec.part[CERT_MS_NAME] = &name;
	return parse_spec(&spec, &gmc);
}

static void test_rsa_keys(void)
{
	static const u16 good[] = { 256, 384, 512 };
	static const u16 bad[] = { 0, 1, 128, 192, 255, 257, 288, 320, 383, 385, 448, 511, 513, 1024 };
	struct der_buf spki;
	u8 n[1100] = { 0 };
	unsigned int i;

	memset(n + 1, 0xff, sizeof(n) - 1);
	for (i = 0; i < ARRAY_SIZE(good); i++) {
		rsa_spki(&spki, n, good[i] + 1U, (const u8 *)"\x01\x00\x01", 3, true);
		CHECK(!parse_spki(&spki), "%u bytes", good[i]);
	}
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		rsa_spki(&spki, n, bad[i] + 1U, (const u8 *)"\x01\x00\x01", 3, true);
		CHECK(parse_spki(&spki) == -EBADMSG, "%u bytes", bad[i]);
	}
	rsa_spki(&spki, n + 1, 256, (const u8 *)"\x01\x00\x01", 3, true);
	CHECK(parse_spki(&spki) == -EBADMSG, "negative modulus");
	n[1] = 0x7f;
	rsa_spki(&spki, n + 1, 256, (const u8 *)"\x01\x00\x01", 3, true);
	CHECK(parse_spki(&spki) == -EBADMSG, "2047 bits");
	rsa_spki(&spki, n, 257, (const u8 *)"\x01\x00\x01", 3, true);
	CHECK(parse_spki(&spki) == -EBADMSG, "2047 bits, padded");
	n[1] = 0x80;
	rsa_spki(&spki, n, 257, (const u8 *)"\x01\x00\x01", 3, true);
	CHECK(!parse_spki(&spki));
	rsa_spki(&spki, n, 257, (const u8 *)"\x01\x00\x01", 3, false);
	CHECK(parse_spki(&spki) == -EBADMSG, "no NULL");
	n[256] = 0xfe;
	rsa_spki(&spki, n, 257, (const u8 *)"\x01\x00\x01", 3, true);
	CHECK(parse_spki(&spki) == -EBADMSG, "even modulus");
}

static void test_rsa_exponents(void)
{
	static const struct part_case cases[] = {
		{ "0", 0, RAW("\x00"), false },
		{ "1", 0, RAW("\x01"), false },
		{ "2", 0, RAW("\x02"), false },
		{ "3", 0, RAW("\x03"), false },
		{ "4", 0, RAW("\x04"), false },
		{ "65535", 0, RAW("\x00\xff\xff"), false },
		{ "65536", 0, RAW("\x01\x00\x00"), false },
		{ "65537", 0, RAW("\x01\x00\x01"), true },
		{ "65538", 0, RAW("\x01\x00\x02"), false },
		{ "2^32 - 1", 0, RAW("\x00\xff\xff\xff\xff"), true },
		{ "2^32 + 1", 0, RAW("\x01\x00\x00\x00\x01"), false },
		{ "not the shortest", 0, RAW("\x00\x01\x00\x01"), false },
		{ "negative", 0, RAW("\xff"), false },
		{ "none", 0, RAW(""), false },
	};
	struct der_buf spki;
	u8 n[257] = { 0 };
	unsigned int i;

	memset(n + 1, 0xff, sizeof(n) - 1);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		rsa_spki(&spki, n, sizeof(n), (const u8 *)cases[i].p, cases[i].len, true);
		CHECK(parse_spki(&spki) == (cases[i].ok ? 0 : -EBADMSG), "%s", cases[i].name);
	}
}

static void test_other_keys(void)
{
	EVP_PKEY *p384 = EVP_EC_gen("P-384"), *ed = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	struct der_buf spki = { .len = 0 };

	cert_spki(ec_key, &spki);
	CHECK(!parse_spki(&spki));
	NEED(spki.p[26] == 4);
	spki.p[26] = 2;
	CHECK(parse_spki(&spki) == -EBADMSG, "not uncompressed");
	spki.p[26] = 4;
	spki.p[25] = 1;
	CHECK(parse_spki(&spki) == -EBADMSG, "unused bits");

	spki.len = 0;
	cert_spki(p384, &spki);
	CHECK(parse_spki(&spki) == -EBADMSG, "P-384");
	spki.len = 0;
	cert_spki(ed, &spki);
	CHECK(parse_spki(&spki) == -EBADMSG, "Ed25519");
	EVP_PKEY_free(p384);
	EVP_PKEY_free(ed);
}

static void test_length(void)
{
	struct cert_spec root = cert_spec_root(ec_key);
	struct der_buf der, ext = { .len = 0 }, value = { .len = 0 };
	struct pg_gmc gmc;
	static u8 fill[PEERGROUP_CERT_LEN_MAX];
	int more;

	/* Filled up by an extension nobody knows to 4096 bytes, then to 4097. */
	for (more = 0; more < 2; more++) {
		size_t pad = 3000;

		do {
			value.len = 0;
			ext.len = 0;
			der_put_raw(&value, "\x06\x02\x2a\x03", 4);
			der_put(&value, 0x04, fill, pad);
			der_put(&ext, 0x30, value.p, value.len);
			root.part[CERT_EXT_AFTER] = &ext;
			cert_make(&root, &der);
			/* An ECDSA signature's length varies: until it fits. */
			if (der.len < (size_t)PEERGROUP_CERT_LEN_MAX + more)
				pad++;
			else if (der.len > (size_t)PEERGROUP_CERT_LEN_MAX + more)
				pad--;
		} while (der.len != (size_t)PEERGROUP_CERT_LEN_MAX + more);
		CHECK(parse(&der, &gmc) == (more ? -EBADMSG : 0));
	}
}

static void check_truncated(EVP_PKEY *key)
{
	struct cert_spec root = cert_spec_root(key);
	struct der_buf der, cut;
	struct pg_gmc gmc;

	cert_make(&root, &der);
	for (cut = der; cut.len--; )
		CHECK(parse(&cut, &gmc) == -EBADMSG, "%zu bytes", cut.len);

	/* Cut short inside, with the outer length adjusted to it. */
	NEED(der.p[0] == 0x30 && der.p[1] == 0x82);
	for (cut = der; cut.len-- > 4; ) {
		cut.p[2] = (u8)((cut.len - 4) >> 8);
		cut.p[3] = (u8)(cut.len - 4);
		CHECK(parse(&cut, &gmc) == -EBADMSG, "%zu bytes, adjusted", cut.len);
	}
}

static void test_truncated(void)
{
	check_truncated(rsa_key);
	check_truncated(ec_key);
}

/* Whatever the bytes, no read outside them (AddressSanitizer watches). */
static void test_noise(void)
{
	struct cert_spec root = cert_spec_root(ec_key);
	struct der_buf der, bent;
	struct pg_gmc gmc;
	unsigned int i, k, good = 0;

	cert_make(&root, &der);
	srand(1);
	for (i = 0; i < 50000; i++) {
		bent = der;
		for (k = 0; k < 1U + i % 4; k++)
			bent.p[(unsigned int)rand() % der.len] = (u8)rand();
		if (i % 3 == 0)
			bent.len = (unsigned int)rand() % der.len;
		good += !parse(&bent, &gmc);
	}
	printf("# %u of %u still parse\n", good, i);
}

static void test_may_issue(void)
{
	static const struct { u8 parent, child; bool ok; } cases[] = {
		{ 8, 1, true }, { 8, 2, true }, { 8, 4, true }, { 8, 7, true }, { 8, 8, false },
		{ 1, 1, true }, { 1, 7, true }, { 1, 8, false },
		{ 2, 1, false }, { 2, 2, true }, { 2, 4, true }, { 2, 6, true }, { 2, 3, false },
		{ 4, 1, false }, { 4, 2, false }, { 4, 4, false },
		{ 6, 4, true }, { 6, 1, false }, { 5, 7, true },
	};
	struct pg_gmc parent = { .algo = 1, .not_before = 10, .not_after = 20 };
	struct pg_gmc child = { .sig_algo = 1, .not_before = 10, .not_after = 20 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		parent.roles = cases[i].parent;
		child.roles = cases[i].child;
		CHECK(pg_gmc_may_issue(&parent, &child) == cases[i].ok, "%u below %u",
		      child.roles, parent.roles);
	}
	parent.roles = 1;
	child.roles = 4;
	CHECK(pg_gmc_may_issue(&parent, &child));
	child.not_before = 9;
	CHECK(!pg_gmc_may_issue(&parent, &child));
	child.not_before = 10;
	child.not_after = 21;
	CHECK(!pg_gmc_may_issue(&parent, &child));
	child.not_after = 20;
	parent.since = 9;
	child.since = 8;
	CHECK(!pg_gmc_may_issue(&parent, &child));
	child.since = 9;
	CHECK(pg_gmc_may_issue(&parent, &child));
	child.sig_algo = 2;
	CHECK(!pg_gmc_may_issue(&parent, &child));
	child.sig_algo = 1;
	child.group[31] = 1;
	CHECK(!pg_gmc_may_issue(&parent, &child));
	child.group[31] = 0;
	child.issuer[31] = 1;
	CHECK(!pg_gmc_may_issue(&parent, &child));
}

int main(void)
{
	static const struct tap_test tests[] = {
		{ "good certificates say what was put in", test_good },
		{ "OpenSSL and the engine read each other", test_openssl },
		{ "rules of the X.509 frame", test_frame },
		{ "rules of the membership extension", test_membership },
		{ "other extensions", test_extensions },
		{ "the membership extension twice", test_duplicate },
		{ "since when", test_since },
		{ "the other signature", test_other_signature },
		{ "rules of the root", test_root_rules },
		{ "peer names and friendly names", test_names },
		{ "times", test_times },
		{ "the calendar from 1601 to 9999", test_calendar },
		{ "validity", test_validity },
		{ "RSA moduli", test_rsa_keys },
		{ "RSA exponents", test_rsa_exponents },
		{ "other keys", test_other_keys },
		{ "longest certificate", test_length },
		{ "truncated at every length", test_truncated },
		{ "random changes", test_noise },
		{ "who may issue whom", test_may_issue },
	};

	int err;

	rsa_key = cert_key_rsa(2048, 65537);
	ec_key = cert_key_p256();
	err = tap_main(tests, ARRAY_SIZE(tests));
	EVP_PKEY_free(rsa_key);
	EVP_PKEY_free(ec_key);
	return err;
}
