// SPDX-License-Identifier: GPL-2.0-only
/*
 * The library and the module agree about certificates: what the one makes the
 * other takes, and a chain that breaks a rule is refused by both.
 */
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

int main(void)
{
	static const struct tap_test tests[] = {
		{ "a new group", creator },
		{ "a chain of 24", longest },
		{ "the rules", rules },
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
