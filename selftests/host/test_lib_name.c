// SPDX-License-Identifier: GPL-2.0-only
/*
 * Names: friendly ones, PeerEnumGroups() without a group, PeerCreatePeerName(), and
 * peer names as host names, with the samples of RFC 3492.
 */
#include <stdlib.h>
#include "lib_test.h"
#include "hostname.h"

#define DIGITS	"0123456789abcdef0123456789abcdef01234567"
#define LETTER	"f123456789abcdef0123456789abcdef01234567"
#define L63	"a23456789012345678901234567890123456789012345678901234567890123"

static WCHAR *wide(const char *utf8)
{
	static WCHAR *kept[8];
	static unsigned int next;
	WCHAR **w = &kept[next++ % 8];

	PeerFreeData(*w);
	*w = NULL;
	NEED_OK(pgi_wide_return(utf8, w));
	return *w;
}

/* ---------------------------------------------------------- friendly names -- */

static void check_friendly(const WCHAR *identity, const char *expected)
{
	WCHAR *friendly;

	NEED_OK(PeerIdentityGetFriendlyName(identity, &friendly));
	CHECK(wide_is(friendly, expected), "%s", expected);
	PeerFreeData(friendly);
}

static void friendly_names(void)
{
	char longest[PGI_FRIENDLY_MAX + 2], *name, *friendly;
	WCHAR *identity, *out;

	NEED_OK(peergroup_identity_create("c", "First", &name));
	identity = wide(name);
	check_friendly(identity, "First");
	NEED_OK(PeerIdentitySetFriendlyName(identity, wide("\xc3\x89t\xc3\xa9")));
	check_friendly(identity, "\xc3\x89t\xc3\xa9");
	NEED_OK(peergroup_identity_friendly(name, &friendly));
	CHECK(!strcmp(friendly, "\xc3\x89t\xc3\xa9"));
	peergroup_free(friendly);
	memset(longest, 'x', sizeof(longest));
	longest[PGI_FRIENDLY_MAX] = 0;
	NEED_OK(peergroup_identity_set_friendly(name, longest));
	check_friendly(identity, longest);
	longest[PGI_FRIENDLY_MAX] = 'x';
	longest[PGI_FRIENDLY_MAX + 1] = 0;
	CHECK_HR(PeerIdentitySetFriendlyName(identity, wide(longest)), E_INVALIDARG);
	CHECK_HR(peergroup_identity_set_friendly(name, "a\nb"), E_INVALIDARG);
	/* NULL and "" make it the peer name. */
	NEED_OK(PeerIdentitySetFriendlyName(identity, NULL));
	check_friendly(identity, name);
	NEED_OK(PeerIdentitySetFriendlyName(identity, wide("x")));
	NEED_OK(PeerIdentitySetFriendlyName(identity, wide("")));
	check_friendly(identity, name);

	out = identity;
	CHECK_HR(PeerIdentityGetFriendlyName(NULL, &out), E_INVALIDARG);
	CHECK(!out);
	CHECK_HR(PeerIdentityGetFriendlyName(identity, NULL), E_INVALIDARG);
	CHECK_HR(PeerIdentityGetFriendlyName(wide("x"), &out), E_INVALIDARG);
	CHECK_HR(PeerIdentityGetFriendlyName(wide(DIGITS ".c"), &out), PEER_E_NOT_FOUND);
	CHECK_HR(PeerIdentitySetFriendlyName(NULL, wide("x")), E_INVALIDARG);
	CHECK_HR(PeerIdentitySetFriendlyName(wide(DIGITS), wide("x")), PEER_E_NOT_FOUND);
	CHECK_HR(peergroup_identity_set_friendly(NULL, "x"), E_INVALIDARG);
	CHECK_HR(peergroup_identity_friendly(NULL, &friendly), E_INVALIDARG);
	peergroup_free(name);
}

static void no_groups(void)
{
	HPEERENUM list = &list;
	ULONG count = 9;
	char *name;

	NEED_OK(peergroup_identity_create(NULL, NULL, &name));
	NEED_OK(PeerEnumGroups(wide(name), &list));
	NEED_OK(PeerGetItemCount(list, &count));
	CHECK(count == 0);
	NEED_OK(PeerEndEnumeration(list));
	CHECK_HR(PeerEnumGroups(NULL, &list), E_INVALIDARG);
	CHECK(!list);
	CHECK_HR(PeerEnumGroups(wide(name), NULL), E_INVALIDARG);
	CHECK_HR(PeerEnumGroups(wide("x"), &list), E_INVALIDARG);
	CHECK_HR(PeerEnumGroups(wide(DIGITS), &list), PEER_E_NOT_FOUND);
	peergroup_free(name);
}

/* -------------------------------------------------------------- peer names -- */

static void check_name(const char *identity, const char *classifier, const char *expected)
{
	WCHAR *name;

	NEED_OK(PeerCreatePeerName(identity ? wide(identity) : NULL,
				   classifier ? wide(classifier) : NULL, &name));
	CHECK(wide_is(name, expected), "not %s", expected);
	PeerFreeData(name);
}

static void create_name(void)
{
	char longest[PGI_CLASSIFIER_MAX + 2], expected[PGI_CLASSIFIER_MAX + 64];
	WCHAR *name = wide("x");

	check_name(DIGITS ".alice", "chat", DIGITS ".chat");
	check_name(DIGITS, "chat.x", DIGITS ".chat.x");
	check_name(DIGITS ".alice", NULL, DIGITS ".alice");
	check_name(DIGITS ".alice", "", DIGITS ".alice");
	check_name(NULL, "chat", "0.chat");
	memset(longest, 'x', sizeof(longest));
	longest[PGI_CLASSIFIER_MAX] = 0;
	sprintf(expected, "0.%s", longest);
	check_name(NULL, longest, expected);
	longest[PGI_CLASSIFIER_MAX] = 'x';
	longest[PGI_CLASSIFIER_MAX + 1] = 0;
	CHECK_HR(PeerCreatePeerName(NULL, wide(longest), &name), E_INVALIDARG);
	CHECK(!name);
	CHECK_HR(PeerCreatePeerName(NULL, NULL, &name), E_INVALIDARG);
	CHECK_HR(PeerCreatePeerName(NULL, wide(""), &name), E_INVALIDARG);
	CHECK_HR(PeerCreatePeerName(wide(DIGITS), wide("x"), NULL), E_INVALIDARG);
	CHECK_HR(PeerCreatePeerName(wide("alice"), wide("x"), &name), E_INVALIDARG);
	CHECK_HR(PeerCreatePeerName(wide("0.alice"), wide("x"), &name), E_INVALIDARG);
	CHECK_HR(PeerCreatePeerName(wide(DIGITS), wide("a\nb"), &name), E_INVALIDARG);
}

/* -------------------------------------------------------------- host names -- */

static void host_names(void)
{
	static const struct {
		const char *name, *host;
	} pairs[] = {
		{ DIGITS, "p" DIGITS ".pnrp.net" }, { LETTER, LETTER ".pnrp.net" },
		{ DIGITS ".alice", "alice.p" DIGITS ".pnrp.net" },
		{ LETTER ".Alice", "Alice." LETTER ".pnrp.net" },
		{ DIGITS ".a.b", "a.b.p" DIGITS ".pnrp.net" },
		{ "0.alice", "alice.pnrp.net" }, { "0.a.b c", "a.b c.pnrp.net" },
		{ "0.b\xc3\xbc" "cher.x", "xn--bcher-kva.x.pnrp.net" },
		{ DIGITS ".\xc3\xbc", "xn--tda.p" DIGITS ".pnrp.net" },
		{ "0." DIGITS ".x", DIGITS ".x.pnrp.net" }, { "0." L63, L63 ".pnrp.net" },
		{ DIGITS "." DIGITS, DIGITS ".p" DIGITS ".pnrp.net" },
	};
	WCHAR *out;
	size_t i;

	for (i = 0; i < PGI_ARRAY_SIZE(pairs); i++) {
		NEED_OK(PeerNameToPeerHostName(wide(pairs[i].name), &out));
		CHECK(wide_is(out, pairs[i].host), "not %s", pairs[i].host);
		PeerFreeData(out);
		NEED_OK(PeerHostNameToPeerName(wide(pairs[i].host), &out));
		CHECK(wide_is(out, pairs[i].name), "not %s", pairs[i].name);
		PeerFreeData(out);
	}
	NEED_OK(PeerHostNameToPeerName(wide("Alice.P0123456789ABCDEF0123456789ABCDEF01234567"
					    ".PNRP.Net."), &out));
	CHECK(wide_is(out, DIGITS ".Alice"));
	PeerFreeData(out);
	NEED_OK(PeerHostNameToPeerName(wide("XN--BCHER-KVA." DIGITS ".pnrp.net"), &out));
	CHECK(wide_is(out, DIGITS ".B\xc3\xbc" "CHER"));
	PeerFreeData(out);
}

static void no_host_names(void)
{
	static const char *const names[] = {
		"", "alice", "0", "0.", "1.alice", ".alice", DIGITS ".", DIGITS "x", "0.a..b", "0..a",
		"0.a.", "0.xn--bcher-kva", "0.XN--a", "0.a" L63, "0.a\nb", "0." DIGITS,
		"0.x.p" DIGITS, "0.x." LETTER,
		"0." L63 "\xc3\xbc", "0." L63 "." L63 "." L63 "." L63,
		DIGITS "." L63 "." L63 "." L63,
	};
	static const char *const hosts[] = {
		"", ".", "pnrp.net", ".pnrp.net", "alice", "alice.example.net", "alicepnrp.net",
		"a..pnrp.net", "a..b.pnrp.net", ".a.pnrp.net", "a.pnrp.net..",
		"xn--.pnrp.net", "xn--a.pnrp.net", "xn---.pnrp.net", "xn---tda.pnrp.net",
		"xn--abc-.pnrp.net", "xn--99999999.pnrp.net", "xn--\xc3\xbc.pnrp.net",
		"b\xc3\xbc" "cher.pnrp.net", "a" L63 ".pnrp.net", "a\nb.pnrp.net",
		L63 "." L63 "." L63 ".pnrp.net", L63 "." L63 "." L63 "." L63 ".pnrp.net",
	};
	WCHAR *out = wide("x");
	size_t i;

	for (i = 0; i < PGI_ARRAY_SIZE(names); i++) {
		HRESULT hr = PeerNameToPeerHostName(wide(names[i]), &out);

		CHECK(hr == PEER_E_CANNOT_CONVERT_PEER_NAME, "%#x for %s", (unsigned int)hr,
		      names[i]);
		CHECK(!out);
	}
	for (i = 0; i < PGI_ARRAY_SIZE(hosts); i++) {
		HRESULT hr = PeerHostNameToPeerName(wide(hosts[i]), &out);

		CHECK(hr == PEER_E_INVALID_PEER_HOST_NAME, "%#x for %s", (unsigned int)hr,
		      hosts[i]);
		CHECK(!out);
	}
	CHECK_HR(PeerNameToPeerHostName(NULL, &out), E_INVALIDARG);
	CHECK_HR(PeerNameToPeerHostName(wide("0.a"), NULL), E_INVALIDARG);
	CHECK_HR(PeerHostNameToPeerName(NULL, &out), E_INVALIDARG);
	CHECK_HR(PeerHostNameToPeerName(wide("a.pnrp.net"), NULL), E_INVALIDARG);
	CHECK_HR(peergroup_host_from_name(NULL, (char *[]){ NULL }), E_INVALIDARG);
	CHECK_HR(peergroup_name_from_host("x", (char *[]){ NULL }),
		 PEER_E_INVALID_PEER_HOST_NAME);
}

/* Section 7.1 of RFC 3492, and the ends of what there is. */
static void punycode(void)
{
	static const struct {
		const char *text, *code;
	} samples[] = {
		{ "\xe4\xbb\x96\xe4\xbb\xac\xe4\xb8\xba\xe4\xbb\x80\xe4\xb9\x88\xe4\xb8\x8d"
		  "\xe8\xaf\xb4\xe4\xb8\xad\xe6\x96\x87", "ihqwcrb4cv8a8dqg056pqjye" },
		{ "3\xe5\xb9\xb4" "B\xe7\xb5\x84\xe9\x87\x91\xe5\x85\xab\xe5\x85\x88\xe7\x94\x9f",
		  "3B-ww4c5e180e575a65lsy2b" },
		{ "Hello-Another-Way-\xe3\x81\x9d\xe3\x82\x8c\xe3\x81\x9e\xe3\x82\x8c\xe3\x81\xae"
		  "\xe5\xa0\xb4\xe6\x89\x80", "Hello-Another-Way--fc4qua05auwb3674vfr0b" },
		{ "b\xc3\xbc" "cher", "bcher-kva" }, { "\xc3\xbc", "tda" },
		{ "\xf0\x9f\x98\x80", "e28h" }, { "\xf4\x8f\xbf\xbf", "dn32g" },
	};
	char out[256];
	size_t i;

	for (i = 0; i < PGI_ARRAY_SIZE(samples); i++) {
		CHECK(pgi_punycode_encode(samples[i].text, out, sizeof(out)) &&
		      !strcmp(out, samples[i].code), "%s, not %s", out, samples[i].code);
		CHECK(pgi_punycode_decode(samples[i].code, out, sizeof(out)) &&
		      !strcmp(out, samples[i].text), "%s from %s", out, samples[i].code);
		/* No more than there is room for. */
		CHECK(pgi_punycode_encode(samples[i].text, out, strlen(samples[i].code) + 1));
		CHECK(!pgi_punycode_encode(samples[i].text, out, strlen(samples[i].code)));
	}
	CHECK(!pgi_punycode_decode("dn32h", out, sizeof(out)), "beyond Unicode");
	CHECK(!pgi_punycode_decode("99999999999", out, sizeof(out)), "overflow");
}

int main(void)
{
	static const struct tap_test tests[] = {
		{ "friendly names", friendly_names },
		{ "an identity without groups", no_groups },
		{ "peer names put together", create_name },
		{ "peer names as host names", host_names },
		{ "what is none", no_host_names },
		{ "Punycode", punycode },
	};

	test_setup();
	return TESTS(tests);
}
