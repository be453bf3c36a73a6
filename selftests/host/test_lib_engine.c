// SPDX-License-Identifier: GPL-2.0-only
/*
 * The library and the module agree about certificates: what the one makes the
 * other takes, and a chain that breaks a rule is refused by both.
 */
#include <openssl/ec.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include "lib_test.h"
#include "cert.h"
#include "engine_view.h"

static struct pgi_identity *ids[PEERGROUP_CHAIN_MAX + 1];
static struct pgi_group_store group;	/* of ids[0] */

static void make_identity(struct pgi_identity **id, const char *classifier)
{
	char *name;

	NEED_OK(peergroup_identity_create(classifier, "Fr\xc3\xa9""d", &name));
	NEED_OK(pgi_identity_load(name, id));
	peergroup_free(name);
}

static unsigned int engine_says(struct pgi_cert *const *chain, size_t len)
{
	struct engine_cert certs[PEERGROUP_CHAIN_MAX + 1];
	size_t i;

	for (i = 0; i < len; i++)
		certs[i] = (struct engine_cert){ chain[i]->der.data, chain[i]->der.len };
	return engine_refuses(certs, (unsigned int)len);
}

static void creator(void)
{
	struct pgi_cert **chain;
	EVP_PKEY *key;
	size_t len;

	make_identity(&ids[0], "\xe2\x82\xac.creator");
	group.identity = ids[0]->name;
	group.classifier = (char *)"g";
	NEED_OK(pgi_group_make(ids[0], NULL, &group, &key));
	EVP_PKEY_free(key);
	NEED_OK(pgi_chain_parse(&group, &chain, &len));
	CHECK(engine_says(chain, len) == 0);
	pgi_chain_free(chain, len);
}

static void longest(void)
{
	struct pgi_cert *chain[PEERGROUP_CHAIN_MAX + 1];
	struct pgi_cert_spec spec = { .friendly = "", .roles = PEERGROUP_ROLE_ADMIN };
	struct pgi_blob der = { 0 };
	size_t i;

	NEED_OK(pgi_cert_parse(group.root.data, group.root.len, &chain[0]));
	NEED_OK(pgi_cert_parse(group.chain[0].data, group.chain[0].len, &chain[1]));
	for (i = 2; i <= PEERGROUP_CHAIN_MAX; i++) {
		make_identity(&ids[i - 1], NULL);
		spec.name = ids[i - 1]->name;
		spec.not_before = chain[i - 1]->not_before;
		spec.not_after = chain[i - 1]->not_after;
		NEED_OK(pgi_cert_issue(chain[i - 1], ids[i - 2]->key, ids[i - 1]->key, &spec,
				       &der));
		NEED_OK(pgi_cert_parse(der.data, der.len, &chain[i]));
	}
	CHECK_HR(pgi_chain_verify(chain, i), S_OK);
	CHECK(engine_says(chain, i) == 0);
	pgi_blob_free(&der);
	while (i)
		pgi_cert_free(chain[--i]);
}

/* Puts the other signature into @x that can be made of its own, and encodes it. */
static void turn_signature(X509 *x, struct pgi_blob *der)
{
	EC_GROUP *p256 = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
	const ASN1_BIT_STRING *bits;
	uint8_t *sig = NULL, *out = NULL;
	const uint8_t *p;
	ECDSA_SIG *rs;
	BIGNUM *r, *s;
	int len;

	X509_get0_signature(&bits, NULL, x);
	p = ASN1_STRING_get0_data(bits);
	rs = d2i_ECDSA_SIG(NULL, &p, ASN1_STRING_length(bits));
	NEED(p256 && rs);
	r = BN_dup(ECDSA_SIG_get0_r(rs));
	s = BN_dup(EC_GROUP_get0_order(p256));
	NEED(r && s && BN_sub(s, s, ECDSA_SIG_get0_s(rs)) && ECDSA_SIG_set0(rs, r, s));
	len = i2d_ECDSA_SIG(rs, &sig);
	NEED(len > 0 && ASN1_STRING_set((ASN1_STRING *)bits, sig, len));
	len = i2d_X509(x, &out);
	NEED(len > 0);
	NEED_OK(pgi_blob_set(der, out, (size_t)len));
	OPENSSL_free(sig);
	OPENSSL_free(out);
	ECDSA_SIG_free(rs);
	EC_GROUP_free(p256);
}

/* Both verdicts about one more certificate, as its issuer signed it. */
static void judge(const char *what, const struct pgi_cert_spec *spec, bool good)
{
	struct engine_cert certs[3] = {
		{ group.root.data, group.root.len },
		{ group.chain[0].data, group.chain[0].len },
	};
	struct pgi_cert *chain[3] = { NULL };
	struct pgi_blob der = { 0 };
	HRESULT hr;
	int i;

	NEED_OK(pgi_cert_parse(certs[0].data, certs[0].len, &chain[0]));
	NEED_OK(pgi_cert_parse(certs[1].data, certs[1].len, &chain[1]));
	NEED_OK(pgi_cert_issue(chain[1], ids[0]->key, ids[1]->key, spec, &der));
	hr = pgi_cert_parse(der.data, der.len, &chain[2]);
	if (SUCCEEDED(hr))
		hr = pgi_chain_verify(chain, 3);
	certs[2] = (struct engine_cert){ der.data, der.len };
	CHECK(SUCCEEDED(hr) == good, "library on %s: %s", what, peergroup_error_detail());
	CHECK((engine_refuses(certs, 3) == 0) == good, "engine on %s", what);
	pgi_blob_free(&der);
	for (i = 0; i < 3; i++)
		pgi_cert_free(chain[i]);
}

static void rules(void)
{
	const uint64_t now = pgi_now(), year = 31556952ULL * PEERGROUP_TIME_PER_SECOND;
	const struct pgi_cert_spec good = {
		.name = ids[1]->name, .friendly = "x", .roles = PEERGROUP_ROLE_MEMBER,
		.not_before = now, .not_after = now + year,
	};
	struct pgi_cert_spec spec = good;
	char text[PEERGROUP_FRIENDLY_LEN_MAX + 2];
	uint32_t roles;

	judge("a good one", &good, true);
	for (roles = 0; roles < 18; roles++) {
		spec.roles = roles;
		judge("roles", &spec, roles >= 1 && roles <= 7);
	}
	spec = good, spec.name = ids[0]->name;
	judge("another's name", &spec, false);
	memset(text, 0, sizeof(text));
	strcpy(text, ids[1]->name);
	spec.name = strcat(text, ".");
	judge("an empty classifier", &spec, false);
	spec.name = strcat(text, "c\n");
	judge("a line break in the name", &spec, false);
	spec = good, spec.friendly = "\x1b[2J";
	judge("an escape in the friendly name", &spec, false);
	spec.friendly = "\xc2\x9b";
	judge("a C1 control in the friendly name", &spec, false);
	spec.friendly = "\xc3";
	judge("a friendly name not in UTF-8", &spec, false);
	memset(text, 'f', sizeof(text));
	text[PEERGROUP_FRIENDLY_LEN_MAX] = 0;
	spec.friendly = text;
	judge("the longest friendly name", &spec, true);
	text[PEERGROUP_FRIENDLY_LEN_MAX] = 'f';
	text[PEERGROUP_FRIENDLY_LEN_MAX + 1] = 0;
	judge("a longer friendly name", &spec, false);
	spec = good, spec.not_after = spec.not_before;
	judge("no validity", &spec, false);
	spec = good, spec.not_before = now - year;
	judge("before the issuer", &spec, false);
	spec = good, spec.not_after = now + 1001 * year;
	judge("outliving the issuer", &spec, false);
	spec = good, spec.not_after = now + 30 * year;		/* UTCTime ends in 2049 */
	judge("thirty years", &spec, true);
	spec = good, spec.not_after = now + 900 * year;
	judge("nine hundred years", &spec, true);
}

/* Since when, of a renewal: no longer than the issuer, and not from later on. */
static void renewals(void)
{
	const uint64_t hour = 3600 * PEERGROUP_TIME_PER_SECOND;
	struct pgi_cert_spec spec = {
		.name = ids[1]->name, .friendly = "x", .roles = PEERGROUP_ROLE_ADMIN,
	};
	struct pgi_cert *own, *made;
	struct pgi_blob der = { 0 };

	NEED_OK(pgi_cert_parse(group.chain[0].data, group.chain[0].len, &own));
	spec.not_before = own->not_before + hour;
	spec.not_after = own->not_after;
	spec.since = own->not_before;
	judge("as long as the issuer", &spec, true);
	NEED_OK(pgi_cert_issue(own, ids[0]->key, ids[1]->key, &spec, &der));
	NEED_OK(pgi_cert_parse(der.data, der.len, &made));
	CHECK(made->since == own->since && made->not_before == own->since + hour);
	pgi_cert_free(made);
	spec.since = own->not_before - PEERGROUP_TIME_PER_SECOND;
	judge("longer than the issuer", &spec, false);
	pgi_blob_free(&der);
	pgi_cert_free(own);
}

/* A root whose key is of the other kind. */
static struct pgi_cert *elliptic_root(EVP_PKEY *key)
{
	struct pgi_cert_spec spec = {
		.friendly = "x", .roles = PEERGROUP_ROLE_ROOT,
		.not_before = pgi_now(), .not_after = pgi_now() + PGI_THOUSAND_YEARS,
	};
	struct pgi_blob der = { 0 };
	struct pgi_cert *root;
	uint8_t hash[32];
	char *name;

	NEED_OK(pgi_key_hash(key, hash));
	NEED_OK(pgi_name_make(hash, "g", &name));
	spec.name = name;
	NEED_OK(pgi_cert_issue(NULL, key, key, &spec, &der));
	NEED_OK(pgi_cert_parse(der.data, der.len, &root));
	pgi_blob_free(&der);
	free(name);
	return root;
}

/* Of the two forms of an ECDSA signature both take the same one, and the library makes it. */
static void elliptic(void)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	struct pgi_cert *chain[2], *again;
	struct pgi_blob der = { 0 };
	struct pgi_cert_spec spec = {
		.name = ids[1]->name, .friendly = "", .roles = PEERGROUP_ROLE_ADMIN,
	};
	struct engine_cert view[2];
	int i;

	NEED(key);
	chain[0] = elliptic_root(key);
	spec.not_before = chain[0]->not_before;
	spec.not_after = chain[0]->not_after;
	for (i = 0; i < 16; i++) {
		NEED_OK(pgi_cert_issue(chain[0], key, ids[1]->key, &spec, &der));
		NEED_OK(pgi_cert_parse(der.data, der.len, &chain[1]));
		CHECK_HR(pgi_chain_verify(chain, 2), S_OK);
		CHECK(engine_says(chain, 2) == 0);
		if (i < 15)
			pgi_cert_free(chain[1]);
	}
	/* And what anybody can make of it neither. */
	turn_signature(chain[1]->x509, &der);
	view[0] = (struct engine_cert){ chain[0]->der.data, chain[0]->der.len };
	view[1] = (struct engine_cert){ der.data, der.len };
	CHECK(X509_verify(chain[1]->x509, key) == 1, "it is one");
	CHECK(engine_refuses(view, 2));
	CHECK_HR(pgi_cert_parse(der.data, der.len, &again), PEER_E_INVITATION_NOT_TRUSTED);
	pgi_cert_free(chain[1]);
	pgi_cert_free(chain[0]);
	pgi_blob_free(&der);
	EVP_PKEY_free(key);
}

static EVP_PKEY *rsa_key(const char *exponent)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_id(EVP_PKEY_RSA, NULL);
	EVP_PKEY *key = NULL;
	BIGNUM *e = NULL;

	NEED(ctx && BN_dec2bn(&e, exponent) && EVP_PKEY_keygen_init(ctx) > 0 &&
	     EVP_PKEY_CTX_set_rsa_keygen_bits(ctx, 2048) > 0 &&
	     EVP_PKEY_CTX_set1_rsa_keygen_pubexp(ctx, e) > 0 && EVP_PKEY_keygen(ctx, &key) > 0);
	EVP_PKEY_CTX_free(ctx);
	BN_free(e);
	return key;
}

/* A key that any kernel verifies by has an exponent of some size. */
static void exponents(void)
{
	static const struct {
		const char *e;
		bool good;
	} cases[] = {
		{ "3", false }, { "65535", false }, { "65537", true }, { "4294967291", true },
		{ "4294967297", false },
	};
	struct pgi_cert_spec spec = { .friendly = "x", .roles = PEERGROUP_ROLE_MEMBER };
	struct engine_cert view[3] = {
		{ group.root.data, group.root.len },
		{ group.chain[0].data, group.chain[0].len },
	};
	struct pgi_blob der = { 0 };
	struct pgi_cert *own, *made;
	size_t i;

	NEED_OK(pgi_cert_parse(view[1].data, view[1].len, &own));
	spec.not_before = own->not_before;
	spec.not_after = own->not_after;
	for (i = 0; i < PGI_ARRAY_SIZE(cases); i++) {
		EVP_PKEY *key = rsa_key(cases[i].e);
		uint8_t hash[32];
		char *name;
		HRESULT hr;

		NEED_OK(pgi_key_hash(key, hash));
		NEED_OK(pgi_name_make(hash, NULL, &name));
		spec.name = name;
		NEED_OK(pgi_cert_issue(own, ids[0]->key, key, &spec, &der));
		hr = pgi_cert_parse(der.data, der.len, &made);
		CHECK(SUCCEEDED(hr) == cases[i].good, "library on %s", cases[i].e);
		if (SUCCEEDED(hr))
			pgi_cert_free(made);
		view[2] = (struct engine_cert){ der.data, der.len };
		CHECK((engine_refuses(view, 3) == 0) == cases[i].good, "engine on %s", cases[i].e);
		free(name);
		EVP_PKEY_free(key);
	}
	pgi_blob_free(&der);
	pgi_cert_free(own);
}

int main(void)
{
	static const struct tap_test tests[] = {
		{ "a new group", creator },
		{ "a chain of 24", longest },
		{ "the rules", rules },
		{ "renewals", renewals },
		{ "ECDSA", elliptic },
		{ "RSA exponents", exponents },
	};
	size_t i;
	int ret;

	test_setup();
	ret = TESTS(tests);
	for (i = 0; i < PGI_ARRAY_SIZE(ids); i++)
		pgi_identity_free(ids[i]);
	free(group.name);
	free(group.friendly);
	pgi_blob_free(&group.root);
	pgi_bundle_free(group.chain, group.chain_len);
	return ret;
}
