// SPDX-License-Identifier: GPL-2.0-only
/*
 * Membership certificates: a strict reader for the X.509 they are, and the
 * rules by which one may stand below another. The member table reads each
 * certificate through here before it spends a signature check on it. Keeps no
 * state, allocates nothing, checks no signature.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <crypto/sha2.h>
#include "cursor.h"
#include "gmc.h"
#include "utf8.h"

/* ------------------------------------------------------------------ DER -- */

enum pg_der_tag {
	PG_DER_BOOLEAN		= 0x01,
	PG_DER_INTEGER		= 0x02,
	PG_DER_BIT_STRING	= 0x03,
	PG_DER_OCTET_STRING	= 0x04,
	PG_DER_OID		= 0x06,
	PG_DER_UTF8_STRING	= 0x0c,
	PG_DER_UTC_TIME		= 0x17,
	PG_DER_GENERALIZED_TIME	= 0x18,
	PG_DER_SEQUENCE		= 0x30,
	PG_DER_VERSION		= 0xa0,	/* [0] of TBSCertificate */
	PG_DER_EXTENSIONS	= 0xa3,	/* [3] */
};

#define PG_DER_CONSTRUCTED	0x20
#define PG_DER_TAG_LONG		0x1f
#define PG_DER_DEPTH		16

static bool pg_span_is(struct pg_span s, const void *bytes, size_t len)
{
	return s.len == len && !memcmp(s.p, bytes, len);
}

/* A length: definite and in its shortest form. Two bytes are enough for 4 KiB. */
static size_t pg_der_len(struct pg_cursor *c)
{
	size_t len = pg_cursor_u8(c);

	if (len < 0x80)
		return len;
	if (len == 0x81) {
		len = pg_cursor_u8(c);
		if (len >= 0x80)
			return len;
	} else if (len == 0x82) {
		len = pg_cursor_be16(c);
		if (len >= 0x100)
			return len;
	}
	c->bad = true;
	return 0;
}

/* The next tag, 0 at the end. */
static u8 pg_der_peek(const struct pg_cursor *c)
{
	return c->bad || !pg_cursor_left(c) ? 0 : *c->pos;
}

/* Takes an element with that tag; returns its contents, empty where it is not there. */
static struct pg_span pg_der_take(struct pg_cursor *c, u8 tag)
{
	struct pg_span s = { .p = c->pos };

	if (pg_cursor_u8(c) != tag)
		c->bad = true;
	s.len = pg_der_len(c);
	s.p = pg_cursor_take(c, s.len);
	if (!s.p)
		s = (struct pg_span){ .p = c->end };
	return s;
}

/* As pg_der_take(), but with tag and length. */
static struct pg_span pg_der_take_whole(struct pg_cursor *c, u8 tag)
{
	struct pg_span s = { .p = c->pos };

	pg_der_take(c, tag);
	s.len = c->bad ? 0 : c->pos - s.p;
	return s;
}

/* As pg_der_take(), for what has elements inside. */
static struct pg_cursor pg_der_enter(struct pg_cursor *c, u8 tag)
{
	struct pg_span s = pg_der_take(c, tag);
	struct pg_cursor inner;

	pg_cursor_init(&inner, s.p, s.len);
	inner.bad = c->bad;
	return inner;
}

/* An INTEGER that is not negative, without its sign byte. */
static struct pg_span pg_der_take_unsigned(struct pg_cursor *c)
{
	struct pg_span s = pg_der_take(c, PG_DER_INTEGER);

	if (!s.len || s.p[0] >= 0x80 || (s.len > 1 && !s.p[0] && s.p[1] < 0x80))
		c->bad = true;
	if (!c->bad && s.len > 1 && !s.p[0]) {
		s.p++;
		s.len--;
	}
	return s;
}

/* An INTEGER from 0 to 127. */
static u8 pg_der_take_small(struct pg_cursor *c)
{
	struct pg_span s = pg_der_take_unsigned(c);

	if (s.len != 1 || s.p[0] >= 0x80)
		c->bad = true;
	return c->bad ? 0 : s.p[0];
}

/* A BIT STRING of whole bytes. */
static struct pg_span pg_der_take_bits(struct pg_cursor *c)
{
	struct pg_span s = pg_der_take(c, PG_DER_BIT_STRING);

	if (!s.len || s.p[0])
		c->bad = true;
	if (!c->bad) {
		s.p++;
		s.len--;
	}
	return s;
}

/*
 * Is all of it DER, also what nobody here looks at (names, other extensions'
 * frames)? So what this kernel accepts is a certificate to others as well.
 */
static bool pg_der_sound(const u8 *der, size_t len)
{
	const u8 *end[PG_DER_DEPTH];
	unsigned int depth = 0;
	struct pg_cursor c;

	pg_cursor_init(&c, der, len);
	end[0] = c.end;
	for (;;) {
		u8 tag;
		size_t n;

		while (c.pos == end[depth])
			if (!depth--)
				return true;

		tag = pg_cursor_u8(&c);
		n = pg_der_len(&c);
		if (c.bad || !tag || (tag & PG_DER_TAG_LONG) == PG_DER_TAG_LONG)
			return false;
		if (c.pos > end[depth] || n > (size_t)(end[depth] - c.pos))
			return false;
		if (!(tag & PG_DER_CONSTRUCTED)) {
			c.pos += n;
			continue;
		}
		if (++depth == PG_DER_DEPTH)
			return false;
		end[depth] = c.pos + n;
	}
}

/* ----------------------------------------------------------- algorithms -- */

/* Whole AlgorithmIdentifiers: in DER there is one way only to write each. */
static const u8 pg_alg_sha256_rsa[] = {
	0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b, 0x05, 0x00,
};

static const u8 pg_alg_sha256_ecdsa[] = {
	0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02,
};

static const u8 pg_alg_rsa[] = {
	0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00,
};

static const u8 pg_alg_p256[] = {
	0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01,
	0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07,
};

#define PG_P256_SCALAR_LEN	32
#define PG_P256_POINT_LEN	65
#define PG_P256_UNCOMPRESSED	4

static bool pg_rsa_len_ok(u32 len)
{
	return len == 256 || len == 384 || len == 512;
}

static bool pg_ecdsa_scalar_ok(struct pg_span s)
{
	return s.len <= PG_P256_SCALAR_LEN && (s.len > 1 || s.p[0]);
}

/* Reads an ECDSA signature; sets @s to its second number. */
static bool pg_ecdsa_sig_read(struct pg_span sig, struct pg_span *s)
{
	struct pg_cursor c, rs;
	struct pg_span r;

	pg_cursor_init(&c, sig.p, sig.len);
	rs = pg_der_enter(&c, PG_DER_SEQUENCE);
	r = pg_der_take_unsigned(&rs);
	*s = pg_der_take_unsigned(&rs);
	return pg_cursor_done(&c) && pg_cursor_done(&rs) &&
	       pg_ecdsa_scalar_ok(r) && pg_ecdsa_scalar_ok(*s);
}

/*
 * Who has one ECDSA signature can make another of it, with the curve's order less the
 * second number. Of the two one must not do: else anybody could double a certificate.
 */
static bool pg_sig_lower(u8 algo, struct pg_span sig)
{
	static const u8 half[PG_P256_SCALAR_LEN] = {
		0x7f, 0xff, 0xff, 0xff, 0x80, 0x00, 0x00, 0x00,
		0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
		0xde, 0x73, 0x7d, 0x56, 0xd3, 0x8b, 0xcf, 0x42,
		0x79, 0xdc, 0xe5, 0x61, 0x7e, 0x31, 0x92, 0xa8,
	};
	struct pg_span s;

	if (algo != PEERGROUP_SIG_P256_SHA256)
		return true;
	return pg_ecdsa_sig_read(sig, &s) &&
	       (s.len < sizeof(half) || memcmp(s.p, half, sizeof(half)) <= 0);
}

bool pg_sig_well_formed(u8 algo, struct pg_span sig)
{
	struct pg_span s;

	switch (algo) {
	case PEERGROUP_SIG_RSA_SHA256:
		return pg_rsa_len_ok(sig.len);
	case PEERGROUP_SIG_P256_SHA256:
		return pg_ecdsa_sig_read(sig, &s);
	default:
		return false;
	}
}

/* Above 2^16: a kernel in FIPS mode takes no smaller one, and all are to agree. */
static bool pg_rsa_exponent_ok(struct pg_span e)
{
	return e.len > sizeof(u16) && e.len <= sizeof(u32) && (e.p[e.len - 1] & 1);
}

static bool pg_rsa_key_ok(struct pg_span key)
{
	struct pg_cursor c, ne;
	struct pg_span n, e;

	pg_cursor_init(&c, key.p, key.len);
	ne = pg_der_enter(&c, PG_DER_SEQUENCE);
	n = pg_der_take_unsigned(&ne);
	e = pg_der_take_unsigned(&ne);
	if (!pg_cursor_done(&c) || !pg_cursor_done(&ne))
		return false;
	return pg_rsa_len_ok(n.len) && n.p[0] >= 0x80 && (n.p[n.len - 1] & 1) &&
	       pg_rsa_exponent_ok(e);
}

/* ---------------------------------------------------------- certificate -- */

static const u8 pg_membership_oid[] = PEERGROUP_OID_DER;
static const u8 pg_since_oid[] = PEERGROUP_OID_SINCE_DER;

static bool pg_gmc_read_sig_algo(struct pg_gmc *gmc, struct pg_span alg)
{
	if (pg_span_is(alg, pg_alg_sha256_rsa, sizeof(pg_alg_sha256_rsa)))
		gmc->sig_algo = PEERGROUP_SIG_RSA_SHA256;
	else if (pg_span_is(alg, pg_alg_sha256_ecdsa, sizeof(pg_alg_sha256_ecdsa)))
		gmc->sig_algo = PEERGROUP_SIG_P256_SHA256;
	else
		return false;
	return true;
}

static bool pg_gmc_read_spki(struct pg_gmc *gmc, struct pg_span whole)
{
	struct pg_cursor c, spki;
	struct pg_span alg;

	pg_cursor_init(&c, whole.p, whole.len);
	spki = pg_der_enter(&c, PG_DER_SEQUENCE);
	alg = pg_der_take_whole(&spki, PG_DER_SEQUENCE);
	gmc->key = pg_der_take_bits(&spki);
	if (!pg_cursor_done(&spki))
		return false;

	sha256(whole.p, whole.len, gmc->spki_hash);
	if (pg_span_is(alg, pg_alg_rsa, sizeof(pg_alg_rsa))) {
		gmc->algo = PEERGROUP_SIG_RSA_SHA256;
		return pg_rsa_key_ok(gmc->key);
	}
	gmc->algo = PEERGROUP_SIG_P256_SHA256;
	return pg_span_is(alg, pg_alg_p256, sizeof(pg_alg_p256)) &&
	       gmc->key.len == PG_P256_POINT_LEN && gmc->key.p[0] == PG_P256_UNCOMPRESSED;
}

static unsigned int pg_two_digits(struct pg_cursor *c)
{
	u8 tens = pg_cursor_u8(c) - '0';
	u8 ones = pg_cursor_u8(c) - '0';

	if (tens > 9 || ones > 9)
		c->bad = true;
	return tens * 10U + ones;
}

static bool pg_leap_year(unsigned int year)
{
	return !(year % 4) && (year % 100 || !(year % 400));
}

/* Days from 1601-01-01 to the date; U32_MAX where there is no such date. */
static u32 pg_days_since_1601(unsigned int year, unsigned int month, unsigned int day)
{
	static const u8 month_days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	u32 past = year - 1601, days = day - 1;
	unsigned int m;

	if (year < 1601 || year > 9999 || month < 1 || month > 12 || day < 1)
		return U32_MAX;
	if (day > month_days[month - 1] + (month == 2 && pg_leap_year(year)))
		return U32_MAX;

	days += past * 365 + past / 4 - past / 100 + past / 400;
	for (m = 1; m < month; m++)
		days += month_days[m - 1] + (m == 2 && pg_leap_year(year));
	return days;
}

/* UTCTime or GeneralizedTime, to the second and in UTC; returns peer time. */
static u64 pg_der_take_time(struct pg_cursor *c)
{
	bool full = pg_der_peek(c) == PG_DER_GENERALIZED_TIME;
	unsigned int year, month, day, hour, minute, second;
	struct pg_cursor t;
	u32 days;

	t = pg_der_enter(c, full ? PG_DER_GENERALIZED_TIME : PG_DER_UTC_TIME);
	year = full ? pg_two_digits(&t) * 100 : 0;
	year += pg_two_digits(&t);
	if (!full)
		year += year < 50 ? 2000 : 1900;
	month = pg_two_digits(&t);
	day = pg_two_digits(&t);
	hour = pg_two_digits(&t);
	minute = pg_two_digits(&t);
	second = pg_two_digits(&t);

	days = pg_days_since_1601(year, month, day);
	if (pg_cursor_u8(&t) != 'Z' || !pg_cursor_done(&t) || days == U32_MAX ||
	    hour > 23 || minute > 59 || second > 59)
		c->bad = true;
	return (days * 86400ULL + hour * 3600 + minute * 60 + second) * 10000000;
}

static bool pg_gmc_read_validity(struct pg_gmc *gmc, struct pg_cursor *tbs)
{
	struct pg_cursor c = pg_der_enter(tbs, PG_DER_SEQUENCE);

	gmc->not_before = pg_der_take_time(&c);
	gmc->not_after = pg_der_take_time(&c);
	return pg_cursor_done(&c) && gmc->not_before < gmc->not_after;
}

/* Text without control characters: what a program may print as it is. */
static bool pg_gmc_text_ok(struct pg_span text, u32 max)
{
	struct pg_cursor c;

	if (text.len > max)
		return false;
	pg_cursor_init(&c, text.p, text.len);
	while (pg_cursor_left(&c)) {
		u32 cp = pg_utf8_take(&c);

		if (cp < 0x20 || (cp >= 0x7f && cp < 0xa0))
			return false;
	}
	return true;
}

static bool pg_gmc_roles_ok(u32 roles)
{
	const u32 below_root = PEERGROUP_ROLE_ADMIN | PEERGROUP_ROLE_INVITING |
			       PEERGROUP_ROLE_MEMBER;

	return roles == PEERGROUP_ROLE_ROOT || (roles && !(roles & ~below_root));
}

/* Membership, as the uapi header defines it. */
static bool pg_gmc_read_membership(struct pg_gmc *gmc, struct pg_span value)
{
	struct pg_span group, issuer;
	struct pg_cursor c, m;
	u8 version;

	pg_cursor_init(&c, value.p, value.len);
	m = pg_der_enter(&c, PG_DER_SEQUENCE);
	version = pg_der_take_small(&m);
	gmc->roles = pg_der_take_small(&m);
	group = pg_der_take(&m, PG_DER_OCTET_STRING);
	issuer = pg_der_take(&m, PG_DER_OCTET_STRING);
	gmc->name = pg_der_take(&m, PG_DER_UTF8_STRING);
	gmc->friendly = pg_der_take(&m, PG_DER_UTF8_STRING);
	if (!pg_cursor_done(&c) || !pg_cursor_done(&m))
		return false;
	if (version != 1 || !pg_gmc_roles_ok(gmc->roles) || group.len != sizeof(gmc->group))
		return false;
	if (issuer.len != (gmc->roles == PEERGROUP_ROLE_ROOT ? 0 : sizeof(gmc->issuer)))
		return false;

	memcpy(gmc->group, group.p, group.len);
	memcpy(gmc->issuer, issuer.p, issuer.len);
	return pg_gmc_text_ok(gmc->name, PEERGROUP_NAME_LEN_MAX) &&
	       pg_gmc_text_ok(gmc->friendly, PEERGROUP_FRIENDLY_LEN_MAX);
}

/* Since when it has been what it is, before this certificate; once at the most. */
static bool pg_gmc_read_since(struct pg_gmc *gmc, struct pg_span value)
{
	struct pg_cursor c;

	if (gmc->since)
		return false;
	pg_cursor_init(&c, value.p, value.len);
	gmc->since = pg_der_take_time(&c);
	return pg_cursor_done(&c) && gmc->since && gmc->since <= gmc->not_before;
}

/* Extensions that may be critical without meaning anything here. */
static bool pg_extension_known(struct pg_span oid)
{
	/* id-ce: subject and authority key identifier, key usage, basic constraints */
	return oid.len == 3 && oid.p[0] == 0x55 && oid.p[1] == 0x1d &&
	       (oid.p[2] == 14 || oid.p[2] == 35 || oid.p[2] == 15 || oid.p[2] == 19);
}

/* FALSE is the default, which DER leaves out. */
static bool pg_der_take_critical(struct pg_cursor *c)
{
	struct pg_span s;

	if (pg_der_peek(c) != PG_DER_BOOLEAN)
		return false;
	s = pg_der_take(c, PG_DER_BOOLEAN);
	if (s.len != 1 || s.p[0] != 0xff)
		c->bad = true;
	return true;
}

static bool pg_gmc_read_extension(struct pg_gmc *gmc, struct pg_cursor *list)
{
	struct pg_cursor c = pg_der_enter(list, PG_DER_SEQUENCE);
	struct pg_span oid, value;
	bool critical;

	oid = pg_der_take(&c, PG_DER_OID);
	critical = pg_der_take_critical(&c);
	value = pg_der_take(&c, PG_DER_OCTET_STRING);
	if (!pg_cursor_done(&c))
		return false;
	if (pg_span_is(oid, pg_since_oid, sizeof(pg_since_oid)))
		return !critical && pg_gmc_read_since(gmc, value);
	if (!pg_span_is(oid, pg_membership_oid, sizeof(pg_membership_oid)))
		return !critical || pg_extension_known(oid);

	/* Roles are never 0 once read: this one would be the second. */
	if (gmc->roles || !critical)
		return false;
	return pg_gmc_read_membership(gmc, value);
}

static bool pg_gmc_read_extensions(struct pg_gmc *gmc, struct pg_span extensions)
{
	struct pg_cursor outer, list;

	pg_cursor_init(&outer, extensions.p, extensions.len);
	list = pg_der_enter(&outer, PG_DER_SEQUENCE);
	if (!pg_cursor_done(&outer))
		return false;
	while (pg_cursor_left(&list))
		if (!pg_gmc_read_extension(gmc, &list))
			return false;
	if (!gmc->since)
		gmc->since = gmc->not_before;
	return gmc->roles;
}

#define PG_X509_V3		2
#define PG_SERIAL_LEN_MAX	20

/*
 * TBSCertificate; @alg is the signature algorithm given outside it. What is
 * long to read is found only, and read from less deep a stack.
 */
static bool pg_gmc_read_tbs(struct pg_gmc *gmc, struct pg_span alg, struct pg_span *spki,
			    struct pg_span *extensions)
{
	struct pg_cursor c, tbs, version;
	struct pg_span inner_alg;

	pg_cursor_init(&c, gmc->tbs.p, gmc->tbs.len);
	tbs = pg_der_enter(&c, PG_DER_SEQUENCE);
	version = pg_der_enter(&tbs, PG_DER_VERSION);
	if (pg_der_take_small(&version) != PG_X509_V3 || !pg_cursor_done(&version))
		return false;
	if (pg_der_take_unsigned(&tbs).len > PG_SERIAL_LEN_MAX)
		return false;
	inner_alg = pg_der_take_whole(&tbs, PG_DER_SEQUENCE);
	if (!pg_span_is(inner_alg, alg.p, alg.len))
		return false;
	pg_der_take(&tbs, PG_DER_SEQUENCE);			/* issuer */
	if (!pg_gmc_read_validity(gmc, &tbs))
		return false;
	pg_der_take(&tbs, PG_DER_SEQUENCE);			/* subject */
	*spki = pg_der_take_whole(&tbs, PG_DER_SEQUENCE);
	*extensions = pg_der_take(&tbs, PG_DER_EXTENSIONS);
	return pg_cursor_done(&tbs);
}

#define PG_AUTHORITY_LEN	20	/* bytes of key hash in a peer name */

/* The hash of the own key in hex, perhaps a dot and something behind it. */
static bool pg_gmc_name_ok(const struct pg_gmc *gmc)
{
	static const char hex[] = "0123456789abcdef";
	const u8 *p = gmc->name.p;
	unsigned int i;

	if (gmc->name.len < 2 * PG_AUTHORITY_LEN)
		return false;
	for (i = 0; i < PG_AUTHORITY_LEN; i++) {
		if (*p++ != hex[gmc->spki_hash[i] >> 4])
			return false;
		if (*p++ != hex[gmc->spki_hash[i] & 15])
			return false;
	}
	if (gmc->name.len == 2 * PG_AUTHORITY_LEN)
		return true;
	return *p == '.' && gmc->name.len > 2 * PG_AUTHORITY_LEN + 1;
}

/* Do the parts fit each other? Only the root is its own group, and signs itself. */
static bool pg_gmc_consistent(const struct pg_gmc *gmc)
{
	bool own = !memcmp(gmc->group, gmc->spki_hash, sizeof(gmc->group));

	if (!pg_gmc_name_ok(gmc))
		return false;
	return gmc->roles != PEERGROUP_ROLE_ROOT || (own && gmc->sig_algo == gmc->algo);
}

int pg_gmc_parse(struct pg_gmc *gmc, const u8 *der, size_t len)
{
	struct pg_span alg, spki, extensions;
	struct pg_cursor c, cert;

	memset(gmc, 0, sizeof(*gmc));
	if (len > PEERGROUP_CERT_LEN_MAX || !pg_der_sound(der, len))
		return -EBADMSG;

	pg_cursor_init(&c, der, len);
	cert = pg_der_enter(&c, PG_DER_SEQUENCE);
	gmc->tbs = pg_der_take_whole(&cert, PG_DER_SEQUENCE);
	alg = pg_der_take_whole(&cert, PG_DER_SEQUENCE);
	gmc->sig = pg_der_take_bits(&cert);
	if (!pg_cursor_done(&c) || !pg_cursor_done(&cert))
		return -EBADMSG;

	if (!pg_gmc_read_sig_algo(gmc, alg) || !pg_sig_well_formed(gmc->sig_algo, gmc->sig) ||
	    !pg_sig_lower(gmc->sig_algo, gmc->sig))
		return -EBADMSG;
	if (!pg_gmc_read_tbs(gmc, alg, &spki, &extensions) || !pg_gmc_read_spki(gmc, spki) ||
	    !pg_gmc_read_extensions(gmc, extensions) || !pg_gmc_consistent(gmc))
		return -EBADMSG;
	sha256(der, len, gmc->fingerprint);
	return 0;
}

static u32 pg_roles_issuable(u32 roles)
{
	u32 may = 0;

	if (roles & (PEERGROUP_ROLE_ROOT | PEERGROUP_ROLE_ADMIN))
		may |= PEERGROUP_ROLE_ADMIN | PEERGROUP_ROLE_INVITING | PEERGROUP_ROLE_MEMBER;
	if (roles & PEERGROUP_ROLE_INVITING)
		may |= PEERGROUP_ROLE_INVITING | PEERGROUP_ROLE_MEMBER;
	return may;
}

bool pg_gmc_may_issue(const struct pg_gmc *parent, const struct pg_gmc *child)
{
	if (memcmp(child->group, parent->group, sizeof(child->group)))
		return false;
	if (memcmp(child->issuer, parent->fingerprint, sizeof(child->issuer)))
		return false;
	if (child->roles & ~pg_roles_issuable(parent->roles))
		return false;
	if (child->not_before < parent->not_before || child->not_after > parent->not_after ||
	    child->since < parent->since)
		return false;
	return child->sig_algo == parent->algo;
}
