// SPDX-License-Identifier: GPL-2.0-only
// timeout: 200
/*
 * Each error that the functions for starting, identities, names and enumerations are
 * documented to return, and what a call gives back besides: nothing. Each case is
 * called by function and error, as in rules.tsv.
 */
#include <errno.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <p2p.h>
#include <peergroup.h>
#include "api.h"
#include "group.h"
#include "rules.h"
#include "tap.h"

#define BAD_TEXT	((PWSTR)&bad_handle)
#define BAD_LIST	((HPEERENUM)&bad_handle)

/* A name so long, good until the fourth call after it. */
static WCHAR *letters(unsigned int n)
{
	char text[300];

	memset(text, 'x', n);
	text[n] = 0;
	return wide(text);
}

/* ----------------------------------------------------------------- start -- */

static bool no_ipv6;

/* What a kernel without IPv6 says; the library calls this one. */
int socket(int domain, int type, int protocol)
{
	int (*real)(int, int, int) = (int (*)(int, int, int))dlsym(RTLD_NEXT, "socket");

	if (no_ipv6 && domain == AF_INET6) {
		errno = EAFNOSUPPORT;
		return -1;
	}
	return real(domain, type, protocol);
}

ERROR(PeerGroupStartup, E_INVALIDARG, "no room for the version")
{
	HR(PeerGroupStartup(PEER_GROUP_VERSION, NULL), E_INVALIDARG);
}

ERROR(PeerGroupStartup, PEER_E_UNSUPPORTED_VERSION, "a version other than 1.0 and 1.1")
{
	PEER_VERSION_DATA v = { 7, 7 };

	HR(PeerGroupStartup(MAKEWORD(2, 0), &v), PEER_E_UNSUPPORTED_VERSION);
	CHECK(!v.wVersion && !v.wHighestVersion);
	HR(PeerGroupStartup(MAKEWORD(1, 2), &v), PEER_E_UNSUPPORTED_VERSION);
	HR(PeerGroupStartup(0, &v), PEER_E_UNSUPPORTED_VERSION);
	HR(PeerGroupStartup(MAKEWORD(1, 0), &v), S_OK);
	CHECK(v.wVersion == MAKEWORD(1, 0) && v.wHighestVersion == PEER_GROUP_VERSION);
	HR(PeerGroupShutdown(), S_OK);
}

ERROR(PeerGroupStartup, PEER_E_IPV6_NOT_INSTALLED, "the kernel has no IPv6")
{
	PEER_VERSION_DATA v;

	no_ipv6 = true;
	HR(PeerGroupStartup(PEER_GROUP_VERSION, &v), PEER_E_IPV6_NOT_INSTALLED);
	no_ipv6 = false;
}

ERROR(PeerGroupShutdown, PEER_E_NOT_INITIALIZED, "without a PeerGroupStartup()")
{
	PEER_VERSION_DATA v;

	HR(PeerGroupShutdown(), S_OK);
	HR(PeerGroupShutdown(), PEER_E_NOT_INITIALIZED);
	NEED(!PeerGroupStartup(PEER_GROUP_VERSION, &v));
}

/* ------------------------------------------------------------ identities -- */

ERROR(PeerIdentityGetDefault, PEER_E_NOT_FOUND, "the user has no identity")
{
	PWSTR s = BAD_TEXT;

	HR(PeerIdentityGetDefault(&s), PEER_E_NOT_FOUND);
	CHECK(!s);
}

ERROR(PeerIdentityGetDefault, E_INVALIDARG, "no room for the name")
{
	HR(PeerIdentityGetDefault(NULL), E_INVALIDARG);
}

ERROR(PeerIdentityCreate, E_INVALIDARG, "no room for the name, or names that are too long")
{
	PWSTR s = BAD_TEXT;

	HR(PeerIdentityCreate(NULL, NULL, 0, NULL), E_INVALIDARG);
	HR(PeerIdentityCreate(letters(150), NULL, 0, &s), E_INVALIDARG);
	CHECK(!s);
	HR(PeerIdentityCreate(NULL, letters(256), 0, &s), E_INVALIDARG);
	HR(PeerIdentityCreate(wide("a\nb"), NULL, 0, &s), E_INVALIDARG);
	rules_people();
}

static HRESULT create_identity(void *arg)
{
	return PeerIdentityCreate(NULL, NULL, 0, arg);
}

ERROR(PeerIdentityCreate, PEER_E_NO_KEY_ACCESS, "the folder of keys is another user's")
{
	PWSTR s = BAD_TEXT;

	HR(as_nobody(create_identity, &s), PEER_E_NO_KEY_ACCESS);
	CHECK(!s);
}

ERROR(PeerIdentityCreate, E_HANDLE, "no key's handle")
{
	PWSTR s = BAD_TEXT;

	HR(PeerIdentityCreate(wide("x"), NULL, (HCRYPTPROV)(uintptr_t)&bad_handle, &s), E_HANDLE);
	CHECK(!s);
}

ERROR(PeerIdentityCreate, PEER_E_ALREADY_EXISTS, "key and classifier are those of another identity")
{
	PWSTR s = BAD_TEXT;
	HCRYPTPROV key;

	NEED(!PeerIdentityGetCryptKey(wide(bob), &key));
	HR(PeerIdentityCreate(wide("bob"), NULL, key, &s), PEER_E_ALREADY_EXISTS);
	CHECK(!s);
	/* By another classifier the key has another identity. */
	HR(PeerIdentityCreate(wide("robert"), NULL, key, &s), S_OK);
	HR(PeerIdentityDelete(s), S_OK);
	PeerFreeData(s);
	HR(peergroup_key_release(key), S_OK);
}

/* What is there of an identity that nobody uses. */
static void put_identity(unsigned int n, bool there)
{
	char folder[512], file[520];
	FILE *f;

	snprintf(folder, sizeof(folder), "%s/identities/%040x", getenv("PEERGROUP_HOME"), n);
	snprintf(file, sizeof(file), "%s/info", folder);
	if (there) {
		NEED(!mkdir(folder, 0700));
		f = fopen(file, "w");
		NEED(f && fprintf(f, "name=%040x\nfriendly=f\ncreated=%u\n", n, 2000000000 + n) > 0);
		NEED(!fclose(f));
	} else {
		NEED(!unlink(file) && !rmdir(folder));
	}
}

/* Alice and Bob are two of them. */
ERROR(PeerIdentityCreate, PEER_E_TOO_MANY_IDENTITIES, "there are 256 already")
{
	PWSTR s = BAD_TEXT;
	HCRYPTPROV key;
	unsigned int i;

	NEED(!PeerIdentityGetCryptKey(wide(bob), &key));
	for (i = 2; i < 256; i++)
		put_identity(i, true);
	HR(PeerIdentityCreate(wide("x"), NULL, key, &s), PEER_E_TOO_MANY_IDENTITIES);
	CHECK(!s);
	put_identity(2, false);
	HR(PeerIdentityCreate(wide("x"), NULL, key, &s), S_OK);
	HR(PeerIdentityDelete(s), S_OK);
	PeerFreeData(s);
	for (i = 3; i < 256; i++)
		put_identity(i, false);
	HR(peergroup_key_release(key), S_OK);
}

ERROR(PeerIdentityDelete, E_INVALIDARG, "no name, or what is none")
{
	HR(PeerIdentityDelete(NULL), E_INVALIDARG);
	HR(PeerIdentityDelete(wide("../x")), E_INVALIDARG);
}

ERROR(PeerIdentityDelete, PEER_E_NOT_FOUND, "an unknown identity")
{
	HR(PeerIdentityDelete(wide(NOBODY)), PEER_E_NOT_FOUND);
}

ERROR(PeerIdentityDelete, PEER_E_GROUPS_EXIST, "the identity still has groups")
{
	rules_group(0, PEERGROUP_ROLE_MEMBER);
	HR(PeerIdentityDelete(wide(alice)), PEER_E_GROUPS_EXIST);
	HR(PeerIdentityDelete(wide(bob)), PEER_E_GROUPS_EXIST);
}

ERROR(PeerIdentityGetFriendlyName, E_INVALIDARG, "no name, or no room for one")
{
	PWSTR s = BAD_TEXT;

	HR(PeerIdentityGetFriendlyName(NULL, &s), E_INVALIDARG);
	CHECK(!s);
	HR(PeerIdentityGetFriendlyName(wide(alice), NULL), E_INVALIDARG);
	HR(PeerIdentityGetFriendlyName(wide("not a name"), &s), E_INVALIDARG);
}

ERROR(PeerIdentityGetFriendlyName, PEER_E_NOT_FOUND, "an unknown identity")
{
	PWSTR s = BAD_TEXT;

	HR(PeerIdentityGetFriendlyName(wide(NOBODY), &s), PEER_E_NOT_FOUND);
	CHECK(!s);
}

static HRESULT get_friendly(void *arg)
{
	return PeerIdentityGetFriendlyName(wide(alice), arg);
}

ERROR(PeerIdentityGetFriendlyName, PEER_E_NO_KEY_ACCESS, "the folder of keys is another user's")
{
	PWSTR s = BAD_TEXT;

	HR(as_nobody(get_friendly, &s), PEER_E_NO_KEY_ACCESS);
	CHECK(!s);
}

ERROR(PeerIdentitySetFriendlyName, E_INVALIDARG, "no name, or a friendly one that is too long")
{
	HR(PeerIdentitySetFriendlyName(NULL, wide("x")), E_INVALIDARG);
	HR(PeerIdentitySetFriendlyName(wide(alice), letters(256)), E_INVALIDARG);
}

ERROR(PeerIdentitySetFriendlyName, PEER_E_NOT_FOUND, "an unknown identity")
{
	HR(PeerIdentitySetFriendlyName(wide(NOBODY), wide("x")), PEER_E_NOT_FOUND);
}

static HRESULT set_friendly(void *arg)
{
	(void)arg;
	return PeerIdentitySetFriendlyName(wide(alice), wide("x"));
}

ERROR(PeerIdentitySetFriendlyName, PEER_E_NO_KEY_ACCESS, "the folder of keys is another user's")
{
	HR(as_nobody(set_friendly, NULL), PEER_E_NO_KEY_ACCESS);
}

ERROR(PeerIdentityExport, E_INVALIDARG, "no name, no password, an empty one, or no room")
{
	PWSTR s = BAD_TEXT;

	HR(PeerIdentityExport(NULL, wide("x"), &s), E_INVALIDARG);
	CHECK(!s);
	HR(PeerIdentityExport(wide(alice), NULL, &s), E_INVALIDARG);
	HR(PeerIdentityExport(wide(alice), wide(""), &s), E_INVALIDARG);
	HR(PeerIdentityExport(wide(alice), wide("x"), NULL), E_INVALIDARG);
	HR(PeerIdentityExport(wide("not a name"), wide("x"), &s), E_INVALIDARG);
}

ERROR(PeerIdentityExport, PEER_E_NOT_FOUND, "an unknown identity")
{
	PWSTR s = BAD_TEXT;

	HR(PeerIdentityExport(wide(NOBODY), wide("x"), &s), PEER_E_NOT_FOUND);
	CHECK(!s);
}

static HRESULT export_identity(void *arg)
{
	return PeerIdentityExport(wide(alice), wide("x"), arg);
}

ERROR(PeerIdentityExport, PEER_E_NO_KEY_ACCESS, "the folder of keys is another user's")
{
	PWSTR s = BAD_TEXT;

	HR(as_nobody(export_identity, &s), PEER_E_NO_KEY_ACCESS);
	CHECK(!s);
}

ERROR(PeerIdentityImport, E_INVALIDARG, "no text, no password, no room, or what is none")
{
	PWSTR s = BAD_TEXT;

	HR(PeerIdentityImport(NULL, wide("x"), &s), E_INVALIDARG);
	CHECK(!s);
	HR(PeerIdentityImport(wide("x"), NULL, &s), E_INVALIDARG);
	HR(PeerIdentityImport(wide("x"), wide("x"), NULL), E_INVALIDARG);
	HR(PeerIdentityImport(wide("<PEERIDENTITYEXPORT/>"), wide("x"), &s), E_INVALIDARG);
}

ERROR(PeerIdentityGetCryptKey, E_INVALIDARG, "no name, or no room for the key")
{
	HCRYPTPROV key = 1;

	HR(PeerIdentityGetCryptKey(NULL, &key), E_INVALIDARG);
	CHECK(!key);
	HR(PeerIdentityGetCryptKey(wide(alice), NULL), E_INVALIDARG);
}

ERROR(PeerIdentityGetCryptKey, PEER_E_NOT_FOUND, "an unknown identity")
{
	HCRYPTPROV key = 1;

	HR(PeerIdentityGetCryptKey(wide(NOBODY), &key), PEER_E_NOT_FOUND);
	CHECK(!key);
}

static HRESULT get_key(void *arg)
{
	return PeerIdentityGetCryptKey(wide(alice), arg);
}

ERROR(PeerIdentityGetCryptKey, PEER_E_NO_KEY_ACCESS, "the folder of keys is another user's")
{
	HCRYPTPROV key = 1;

	HR(as_nobody(get_key, &key), PEER_E_NO_KEY_ACCESS);
	CHECK(!key);
}

ERROR(PeerIdentityGetXML, E_INVALIDARG, "no room for the text")
{
	HR(PeerIdentityGetXML(wide(alice), NULL), E_INVALIDARG);
}

ERROR(PeerIdentityGetXML, E_HANDLE, "an unknown identity")
{
	PWSTR s = BAD_TEXT;

	HR(PeerIdentityGetXML(wide(NOBODY), &s), E_HANDLE);
	CHECK(!s);
}

ERROR(PeerEnumIdentities, E_INVALIDARG, "no room for the handle")
{
	HR(PeerEnumIdentities(NULL), E_INVALIDARG);
}

ERROR(PeerEnumGroups, E_INVALIDARG, "no identity, or no room for the handle")
{
	HPEERENUM list = BAD_LIST;

	HR(PeerEnumGroups(NULL, &list), E_INVALIDARG);
	CHECK(!list);
	HR(PeerEnumGroups(wide(alice), NULL), E_INVALIDARG);
}

ERROR(PeerEnumGroups, PEER_E_NOT_FOUND, "an unknown identity")
{
	HPEERENUM list = BAD_LIST;

	HR(PeerEnumGroups(wide(NOBODY), &list), PEER_E_NOT_FOUND);
	CHECK(!list);
}

ERROR(PeerIdentityGetXML, PEER_E_CERT_STORE_CORRUPTED, "what is kept of the identity is damaged")
{
	PWSTR s = BAD_TEXT;

	rules_damage("key.pem", true);
	HR(PeerIdentityGetXML(wide(bob), &s), PEER_E_CERT_STORE_CORRUPTED);
	CHECK(!s);
}

ERROR(PeerIdentityExport, PEER_E_CERT_STORE_CORRUPTED, "what is kept of the identity is damaged")
{
	PWSTR s = BAD_TEXT;

	HR(PeerIdentityExport(wide(bob), wide("x"), &s), PEER_E_CERT_STORE_CORRUPTED);
	CHECK(!s);
}

ERROR(PeerIdentityGetCryptKey, PEER_E_CERT_STORE_CORRUPTED, "what is kept of the identity is damaged")
{
	HCRYPTPROV key = 1;

	HR(PeerIdentityGetCryptKey(wide(bob), &key), PEER_E_CERT_STORE_CORRUPTED);
	CHECK(!key);
	rules_damage("key.pem", false);
}

/* For these the key is not needed. */
ERROR(PeerIdentityGetFriendlyName, PEER_E_CERT_STORE_CORRUPTED, "what is kept of it is damaged")
{
	PWSTR s = BAD_TEXT;

	rules_damage("info", true);
	HR(PeerIdentityGetFriendlyName(wide(bob), &s), PEER_E_CERT_STORE_CORRUPTED);
	CHECK(!s);
}

ERROR(PeerIdentitySetFriendlyName, PEER_E_CERT_STORE_CORRUPTED, "what is kept of it is damaged")
{
	HR(PeerIdentitySetFriendlyName(wide(bob), wide("x")), PEER_E_CERT_STORE_CORRUPTED);
}

ERROR(PeerIdentityGetDefault, PEER_E_CERT_STORE_CORRUPTED, "what is kept of one of them is damaged")
{
	PWSTR s = BAD_TEXT;

	HR(PeerIdentityGetDefault(&s), PEER_E_CERT_STORE_CORRUPTED);
	CHECK(!s);
}

ERROR(PeerEnumIdentities, PEER_E_CERT_STORE_CORRUPTED, "what is kept of one of them is damaged")
{
	HPEERENUM list = BAD_LIST;

	HR(PeerEnumIdentities(&list), PEER_E_CERT_STORE_CORRUPTED);
	CHECK(!list);
}

ERROR(PeerIdentityCreate, PEER_E_CERT_STORE_CORRUPTED, "what is kept of another is damaged")
{
	PWSTR s = BAD_TEXT;

	HR(PeerIdentityCreate(wide("x"), NULL, 0, &s), PEER_E_CERT_STORE_CORRUPTED);
	CHECK(!s);
	rules_damage("info", false);
}

/* ----------------------------------------------------------------- names -- */

ERROR(PeerCreatePeerName, E_INVALIDARG, "no part at all, no room, a part that is wrong")
{
	PWSTR s = BAD_TEXT;

	HR(PeerCreatePeerName(NULL, NULL, &s), E_INVALIDARG);
	CHECK(!s);
	HR(PeerCreatePeerName(wide(alice), NULL, NULL), E_INVALIDARG);
	HR(PeerCreatePeerName(wide(alice), letters(150), &s), E_INVALIDARG);
	HR(PeerCreatePeerName(wide("not a name"), wide("x"), &s), E_INVALIDARG);
}

ERROR(PeerNameToPeerHostName, E_INVALIDARG, "no name, or no room for one")
{
	PWSTR s = BAD_TEXT;

	HR(PeerNameToPeerHostName(NULL, &s), E_INVALIDARG);
	CHECK(!s);
	HR(PeerNameToPeerHostName(wide(alice), NULL), E_INVALIDARG);
}

ERROR(PeerNameToPeerHostName, PEER_E_CANNOT_CONVERT_PEER_NAME, "no peer name, or one too long")
{
	PWSTR s = BAD_TEXT;

	HR(PeerNameToPeerHostName(wide("not a name"), &s), PEER_E_CANNOT_CONVERT_PEER_NAME);
	CHECK(!s);
	HR(PeerNameToPeerHostName(letters(80), &s), PEER_E_CANNOT_CONVERT_PEER_NAME);
}

ERROR(PeerHostNameToPeerName, E_INVALIDARG, "no name, or no room for one")
{
	PWSTR s = BAD_TEXT;

	HR(PeerHostNameToPeerName(NULL, &s), E_INVALIDARG);
	CHECK(!s);
	HR(PeerHostNameToPeerName(wide("a.pnrp.net"), NULL), E_INVALIDARG);
}

ERROR(PeerHostNameToPeerName, PEER_E_INVALID_PEER_HOST_NAME, "a name outside pnrp.net")
{
	PWSTR s = BAD_TEXT;

	HR(PeerHostNameToPeerName(wide("a.example.net"), &s), PEER_E_INVALID_PEER_HOST_NAME);
	CHECK(!s);
	HR(PeerHostNameToPeerName(wide("pnrp.net"), &s), PEER_E_INVALID_PEER_HOST_NAME);
}

/* ---------------------------------------------------------- enumerations -- */

ERROR(PeerGetItemCount, E_INVALIDARG, "no enumeration, or no room for the count")
{
	HPEERENUM list;
	ULONG n;

	HR(PeerGetItemCount(NULL, &n), E_INVALIDARG);
	HR(PeerGetItemCount(BAD_LIST, &n), E_INVALIDARG);
	HR(PeerGetItemCount(ours, &n), E_INVALIDARG);
	NEED(!PeerEnumIdentities(&list));
	HR(PeerGetItemCount(list, NULL), E_INVALIDARG);
	HR(PeerEndEnumeration(list), S_OK);
	HR(PeerGetItemCount(list, &n), E_INVALIDARG);
}

ERROR(PeerGetNextItem, E_INVALIDARG, "no enumeration, no count, or no room for items")
{
	HPEERENUM list;
	void **items;
	ULONG n = 1;

	HR(PeerGetNextItem(BAD_LIST, &n, &items), E_INVALIDARG);
	NEED(!PeerEnumIdentities(&list));
	HR(PeerGetNextItem(list, NULL, &items), E_INVALIDARG);
	HR(PeerGetNextItem(list, &n, NULL), E_INVALIDARG);
	HR(PeerEndEnumeration(list), S_OK);
}

ERROR(PeerEndEnumeration, E_INVALIDARG, "no enumeration, or one that has ended")
{
	HPEERENUM list;

	HR(PeerEndEnumeration(NULL), E_INVALIDARG);
	HR(PeerEndEnumeration(BAD_LIST), E_INVALIDARG);
	HR(PeerEndEnumeration(ours), E_INVALIDARG);
	NEED(!PeerEnumIdentities(&list));
	HR(PeerEndEnumeration(list), S_OK);
	HR(PeerEndEnumeration(list), E_INVALIDARG);
}

int main(void)
{
	rules_begin();
	return rules_main();
}
