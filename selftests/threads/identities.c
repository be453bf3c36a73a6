// SPDX-License-Identifier: GPL-2.0-only
/*
 * Work for threads.h: identities that come and go while all are listed, keys, names, texts
 * that are put together and taken apart, and what the last error of a thread was.
 */
#include <stdio.h>
#include <sched.h>
#include "threads.h"

/* ------------------------------------------------------------- identities -- */

static bool is_named(const void *item, const void *name)
{
	const PEER_NAME_PAIR *pair = item;

	return pair->dwSize == sizeof(*pair) && same(pair->pwzPeerName, name);
}

static void sign_with(HCRYPTPROV key)
{
	size_t der_size, size;
	void *der, *signature;

	if (!OK(peergroup_key_public(key, &der, &der_size)))
		return;
	if (OK(peergroup_key_sign(key, "data", 4, &signature, &size))) {
		OK(peergroup_verify(der, der_size, "data", 4, signature, size));
		SAYS(peergroup_verify(der, der_size, "Data", 4, signature, size),
		     NTE_BAD_SIGNATURE);
		peergroup_free(signature);
	}
	peergroup_free(der);
}

static void use_identity(const char *name, unsigned int me)
{
	char friendly[32];
	ULONG found = 0;
	HPEERENUM list;
	WCHAR *text;

	snprintf(friendly, sizeof(friendly), "thread %u", me);
	if (OK(PeerIdentityGetXML(widen(name), &text)))
		PeerFreeData(text);
	OK(PeerIdentitySetFriendlyName(widen(name), widen(friendly)));
	if (OK(PeerIdentityGetFriendlyName(widen(name), &text))) {
		EXPECT(same(text, friendly));
		PeerFreeData(text);
	}
	if (OK(PeerEnumIdentities(&list))) {
		EXPECT(drain(list, is_named, name, &found) >= 3);
		EXPECT(found == 1);
	}
}

/* By either API. */
static bool create_of(HCRYPTPROV key, const char *classifier, bool windows, char **name)
{
	WCHAR *wide_name;
	bool is;

	if (!windows)
		return OK(peergroup_identity_create_with_key(classifier, "x", key, name));
	if (!OK(PeerIdentityCreate(widen(classifier), widen("x"), key, &wide_name)))
		return false;
	is = OK(peergroup_utf8_from_wide(wide_name, name));
	PeerFreeData(wide_name);
	return is;
}

/* Identities of one key, so that none has to be made. */
static void come_and_go(unsigned int me, unsigned int round)
{
	char classifier[32], *name;
	HCRYPTPROV key;
	WCHAR *text;

	snprintf(classifier, sizeof(classifier), "t%u.%u", me, round);
	if (!OK(PeerIdentityGetCryptKey(alice_wide(), &key)))
		return;
	sign_with(key);
	if (create_of(key, classifier, me % 2, &name)) {
		use_identity(name, me);
		OK(PeerIdentityDelete(widen(name)));
		SAYS(PeerIdentityGetFriendlyName(widen(name), &text), PEER_E_NOT_FOUND);
		peergroup_free(name);
	}
	OK(peergroup_key_release(key));
	SAYS(peergroup_key_release(key), E_HANDLE);
}

static WCHAR *exported;

static void carry(unsigned int me, unsigned int round)
{
	WCHAR *name;

	(void)round;
	if (!me)
		OK(PeerIdentityExport(alice_wide(), widen("password"), &exported));
	meet();
	if (me < 2)		/* a password takes its time */
		SAYS(PeerIdentityImport(exported, widen("password"), &name),
		     PEER_E_ALREADY_EXISTS);
	meet();
	if (!me)
		PeerFreeData(exported);
}

/* ---------------------------------------------------------- names and texts -- */

static void convert_names(void)
{
	WCHAR *name, *host, *back;

	if (OK(PeerCreatePeerName(alice_wide(), widen("some.thing"), &name))) {
		if (OK(PeerNameToPeerHostName(name, &host))) {
			if (OK(PeerHostNameToPeerName(host, &back)))
				PeerFreeData(back);
			PeerFreeData(host);
		}
		PeerFreeData(name);
	}
	if (OK(PeerIdentityGetDefault(&name))) {
		EXPECT(name[0]);
		PeerFreeData(name);
	}
}

static void convert_attributes(unsigned int me)
{
	char value[16];
	struct peergroup_attribute in = { "number", "int", value }, *out;
	struct peergroup_clause clause = { "number", "int", "equal", value };
	char *xml, *query;
	size_t n;

	snprintf(value, sizeof(value), "%u", me);
	if (OK(peergroup_attributes_build(&in, 1, &xml))) {
		if (OK(peergroup_attributes_parse(xml, &out, &n))) {
			EXPECT(n == 1 && !strcmp(out->value, value));
			peergroup_free(out);
		}
		peergroup_free(xml);
	}
	SAYS(peergroup_attributes_parse("<attributes><attribute", &out, &n),
	     PEER_E_INVALID_ATTRIBUTES);
	if (OK(peergroup_query_build(&clause, 1, &query)))
		peergroup_free(query);
	if (OK(peergroup_query_escape("a*b", &query))) {
		EXPECT(!strcmp(query, "a\\*b"));
		peergroup_free(query);
	}
}

static void convert(unsigned int me, unsigned int round)
{
	PEER_INVITATION_INFO *info;

	(void)round;
	convert_names();
	convert_attributes(me);
	if (OK(PeerGroupParseInvitation(widen(invitation), &info))) {
		EXPECT(same(info->pwzGroupPeerName, group_name));
		PeerFreeData(info);
	}
}

/* ----------------------------------------------------------------- errors -- */

/* What the detail says is of this thread, whatever others stumble over meanwhile. */
static void stumble(unsigned int me, unsigned int round)
{
	char path[64], *xml;
	unsigned int i;

	(void)round;
	snprintf(path, sizeof(path), "/nowhere/%u/file", me);
	for (i = 0; i < 20; i++) {
		EXPECT(FAILED(peergroup_export_database(ours, path, NULL)));
		sched_yield();
		EXPECT(strstr(peergroup_error_detail(), path));
	}
	OK(peergroup_identity_xml(alice, &xml));
	EXPECT(!peergroup_error_detail()[0]);
	peergroup_free(xml);
	EXPECT(peergroup_strerror(PEER_E_NOT_FOUND)[0]);
	EXPECT(!strcmp(peergroup_error_name(PEER_E_NOT_FOUND), "PEER_E_NOT_FOUND"));
}

const struct work work_identities[] = {
	{ "identities come, are listed, sign and go", come_and_go, 2, false },
	{ "an identity is taken along", carry, 1, true },
	{ "names, attributes, queries and invitations are taken apart", convert, 4, false },
	{ "each thread has its own last error", stumble, 2, false },
	{ .name = NULL },
};
