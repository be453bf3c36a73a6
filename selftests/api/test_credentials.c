// SPDX-License-Identifier: GPL-2.0-only
// timeout: 200
/*
 * PeerGroupIssueCredentials(): each error that is documented, a renewal by invitation
 * and one by way of the group, and that the member takes it, at connecting and at
 * closing. Alice's group and Bob's are two hosts to each other, although they are in
 * one process.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <uchar.h>
#include <openssl/evp.h>
#include <p2p.h>
#include <peergroup.h>
#include "api.h"
#include "group.h"
#include "tap.h"

static char bad_handle;
static char *alice, *bob, *group_name;
static peergroup_t ours, bobs;

#define BAD_GROUP	((HGROUP)&bad_handle)

static void test_not_initialized(void)
{
	WCHAR *xml = (WCHAR *)&bad_handle;

	HR(PeerGroupIssueCredentials(BAD_GROUP, wide("x"), NULL, 0, &xml),
	   PEER_E_NOT_INITIALIZED);
	CHECK(!xml);
}

static void set_up(void)
{
	PEER_VERSION_DATA version;
	char *xml, *invitation;
	struct peergroup_status *status;

	NEED(!PeerGroupStartup(PEER_GROUP_VERSION, &version));
	NEED(!peergroup_identity_create("alice", "Alice", &alice));
	NEED(!peergroup_identity_create("bob", "Bob", &bob));
	NEED(!peergroup_create(alice, NULL, &ours));
	NEED(!peergroup_status(ours, &status));
	group_name = strdup(status->name);
	NEED(!peergroup_identity_xml(bob, &xml));
	NEED(!peergroup_invite(ours, xml, 0, PEERGROUP_ROLE_INVITING, &invitation));
	NEED(!peergroup_join(bob, invitation, &bobs));
	NEED(!peergroup_online(ours, 0));
	NEED(!peergroup_online(bobs, 4000));
	peergroup_free(status);
	peergroup_free(xml);
	peergroup_free(invitation);
}

static uint64_t filetime(FILETIME ft)
{
	return (uint64_t)ft.dwHighDateTime << 32 | ft.dwLowDateTime;
}

static FILETIME to_filetime(uint64_t t)
{
	return (FILETIME){ .dwLowDateTime = (DWORD)t, .dwHighDateTime = (DWORD)(t >> 32) };
}

/* Bob as a group knows him, all in one block; NULL: it does not. */
static PEER_MEMBER **look_up(peergroup_t group, const char *name)
{
	PEER_MEMBER **items = NULL;
	HPEERENUM list;
	ULONG n = 1;

	NEED(!PeerGroupEnumMembers(group, 0, wide(name), &list));
	if (PeerGetNextItem(list, &n, (PVOID **)&items) != S_OK || !n)
		items = NULL;
	PeerEndEnumeration(list);
	return items;
}

static uint32_t own_roles(peergroup_t group, uint64_t *proved)
{
	struct peergroup_status *status;
	uint32_t roles;

	NEED(!peergroup_status(group, &status));
	roles = status->roles;
	if (proved)
		*proved = status->credential_expires;
	peergroup_free(status);
	return roles;
}

static const GUID *wanted_role;
static bool known_with_role(void *arg)
{
	PEER_MEMBER **m = look_up(arg, bob);
	bool is = m && (*m)->pCredentialInfo->cRoles == 1 &&
		  !memcmp((*m)->pCredentialInfo->pRoles, wanted_role, sizeof(GUID));

	PeerFreeData(m);
	return is;
}

static const char *known_name;

static bool is_known(void *arg)
{
	PEER_MEMBER **m = look_up(arg, known_name);

	PeerFreeData(m);
	return m;
}

static bool bob_is(peergroup_t group, const GUID *role)
{
	wanted_role = role;
	return wait_until(known_with_role, group);
}

static void test_unknown(void)
{
	WCHAR *xml = (WCHAR *)&bad_handle;

	HR(PeerGroupIssueCredentials(ours, wide(bob), NULL, 0, &xml),
	   PEER_E_IDENTITY_NOT_FOUND);
	CHECK(!xml, "Bob has not been seen");
	HR(peergroup_renew(ours, bob, 0, 0, PEERGROUP_RENEW_STORE, NULL),
	   PEER_E_IDENTITY_NOT_FOUND);
	HR(PeerGroupIssueCredentials(bobs, wide(alice), NULL, 0, &xml), PEER_E_GROUP_NOT_READY);
	NEED(!peergroup_connect(bobs, "127.0.0.1"));
	CHECK(bob_is(ours, &PEER_GROUP_ROLE_INVITING_MEMBER));
}

static void test_errors(void)
{
	WCHAR *xml;

	HR(PeerGroupIssueCredentials(ours, NULL, NULL, 0, &xml), E_INVALIDARG);
	HR(PeerGroupIssueCredentials(ours, wide(bob), NULL, 0, NULL), E_INVALIDARG);
	HR(PeerGroupIssueCredentials(ours, wide(bob), NULL, 2, &xml), E_INVALIDARG);
	HR(PeerGroupIssueCredentials(BAD_GROUP, wide(bob), NULL, 0, &xml), PEER_E_INVALID_GROUP);
	HR(PeerGroupIssueCredentials(ours, wide("nobody"), NULL, 0, &xml),
	   PEER_E_IDENTITY_NOT_FOUND);
	HR(PeerGroupIssueCredentials(ours, wide(group_name), NULL, 0, &xml),
	   PEER_E_IDENTITY_NOT_FOUND);
	HR(PeerGroupIssueCredentials(ours, wide(alice), NULL, 0, &xml),
	   PEER_E_CIRCULAR_CHAIN_DETECTED);
	NEED(wait_until(is_ready, bobs));
	HR(PeerGroupIssueCredentials(bobs, wide(alice), NULL, 0, &xml), PEER_E_NOT_AUTHORIZED);
	HR(peergroup_renew(ours, NULL, 0, 0, PEERGROUP_RENEW_STORE, NULL), E_INVALIDARG);
	HR(peergroup_renew(ours, bob, 0, 0, 0, NULL), E_INVALIDARG);
	HR(peergroup_renew(ours, bob, 0, 1U << 30, PEERGROUP_RENEW_STORE, NULL),
	   PEER_E_INVALID_ROLE_PROPERTY);
	HR(peergroup_renew(ours, bob, 1000, 0, PEERGROUP_RENEW_STORE, NULL),
	   PEER_E_INVALID_TIME_PERIOD);
}

/* With what is changed in @info put right again. */
#define INFO_HR(change, expected) do {					\
	PEER_CREDENTIAL_INFO info = *(*m)->pCredentialInfo;		\
	WCHAR *xml_;							\
									\
	info.ftValidityStart = to_filetime(filetime(info.ftValidityStart) + TICKS);	\
	change;								\
	HR(PeerGroupIssueCredentials(ours, wide(bob), &info, 0, &xml_), expected);	\
	PeerFreeData(xml_);						\
} while (0)

static void test_info_errors(void)
{
	PEER_MEMBER **m = look_up(ours, bob), **self = look_up(ours, alice);
	GUID other = { 0 };
	WCHAR text[300];
	unsigned int i;

	NEED(m && self);
	for (i = 0; i < 299; i++)
		text[i] = 'x';
	text[299] = 0;
	INFO_HR((void)0, S_OK);
	INFO_HR(info.dwSize--, E_INVALIDARG);
	INFO_HR(info.dwFlags = 1, PEER_E_INVALID_CREDENTIAL_INFO);
	INFO_HR(info.cRoles = 0, PEER_E_INVALID_CREDENTIAL_INFO);
	INFO_HR(info.pRoles = NULL, PEER_E_INVALID_CREDENTIAL_INFO);
	INFO_HR(info.pRoles = &other, PEER_E_INVALID_ROLE_PROPERTY);
	INFO_HR(info.pwzFriendlyName = text, PEER_E_INVALID_CREDENTIAL_INFO);
	INFO_HR(info.pwzFriendlyName = NULL, S_OK);
	INFO_HR(info.pPublicKey = NULL, S_OK);
	INFO_HR(info.pPublicKey = (*self)->pCredentialInfo->pPublicKey,
		PEER_E_INVALID_CREDENTIAL_INFO);
	INFO_HR(info.pPublicKey->PublicKey.cbData -= 5, PEER_E_INVALID_CREDENTIAL_INFO);
	(*m)->pCredentialInfo->pPublicKey->PublicKey.cbData += 5;
	INFO_HR(info.ftValidityStart = (*m)->pCredentialInfo->ftValidityStart,
		PEER_E_INVALID_CREDENTIAL_INFO);
	INFO_HR(info.ftValidityStart = to_filetime(0), S_OK);
	INFO_HR(info.ftValidityEnd = to_filetime(0), PEER_E_INVALID_TIME_PERIOD);
	INFO_HR(info.ftValidityEnd = info.ftValidityStart, PEER_E_INVALID_TIME_PERIOD);
	INFO_HR(info.ftValidityEnd = to_filetime(filetime(info.ftValidityEnd) + TICKS),
		PEER_E_INVALID_TIME_PERIOD);
	PeerFreeData(m);
	PeerFreeData(self);
}

static void test_new_key(void)
{
	PEER_MEMBER **m = look_up(ours, bob);
	PEER_CREDENTIAL_INFO info;
	WCHAR *xml;

	NEED(m);
	info = *(*m)->pCredentialInfo;
	info.pPublicKey = NULL;
	HR(PeerGroupIssueCredentials(ours, wide("nobody"), &info, 0, &xml),
	   PEER_E_INVALID_CREDENTIAL_INFO);
	PeerFreeData(m);
}

static void test_invitation(void)
{
	PEER_MEMBER **m = look_up(ours, bob);
	struct peergroup_invitation *i;
	uint32_t role = PEERGROUP_ROLE_MEMBER;
	struct timespec begin;
	char *xml;

	NEED(m);
	/* As before, but for when: the issuer's membership ends with it. */
	HR(peergroup_renew(ours, bob, 0, 0, 0, &xml), S_OK);
	HR(peergroup_parse_invitation(xml, &i), S_OK);
	CHECK(i->roles == PEERGROUP_ROLE_INVITING && !strcmp(i->subject_friendly, "Bob"));
	CHECK(!strcmp(i->subject_name, bob) && !strcmp(i->issuer_name, alice));
	peergroup_time_to_unix(filetime((*m)->pCredentialInfo->ftValidityStart), &begin);
	CHECK(i->not_before > begin.tv_sec);
	peergroup_free(i);
	peergroup_free(xml);
	/* Another role, and for as long as it says: what the member joins by. */
	HR(peergroup_renew(ours, bob, time(NULL) + 86400, role, 0, &xml), S_OK);
	CHECK(own_roles(bobs, NULL) == PEERGROUP_ROLE_INVITING, "not yet");
	PeerGroupClose(bobs);
	NEED(!peergroup_join(bob, xml, &bobs));
	CHECK(own_roles(bobs, NULL) == role);
	PeerGroupClose(bobs);
	NEED(!peergroup_open(bob, group_name, &bobs));
	CHECK(own_roles(bobs, NULL) == role, "and so it is on disk");
	peergroup_free(xml);
	PeerFreeData(m);
	NEED(!peergroup_online(bobs, 4000));
	NEED(!peergroup_connect(bobs, "127.0.0.1"));
	CHECK(bob_is(ours, &PEER_GROUP_ROLE_MEMBER));
}

/* Into the group: taken where the member connects, with the kernel's and the disk's. */
static void test_store(void)
{
	uint64_t before, after;
	WCHAR *xml = NULL;
	PEER_MEMBER **m = look_up(ours, bob);
	PEER_CREDENTIAL_INFO info;
	GUID role = PEER_GROUP_ROLE_ADMIN;

	NEED(m);
	info = *(*m)->pCredentialInfo;
	info.cRoles = 1;
	info.pRoles = &role;
	info.ftValidityStart = to_filetime(0);
	info.ftValidityEnd = to_filetime(filetime(info.ftValidityEnd) + 86400 * TICKS);
	HR(PeerGroupIssueCredentials(ours, wide(bob), &info, PEER_GROUP_STORE_CREDENTIALS, &xml),
	   S_OK);
	CHECK(xml, "both, where both are asked for");
	PeerFreeData(xml);
	PeerFreeData(m);
	CHECK(bob_is(bobs, &PEER_GROUP_ROLE_ADMIN));
	CHECK(own_roles(bobs, &before) == PEERGROUP_ROLE_MEMBER, "connected: not yet");
	NEED(!peergroup_offline(bobs));
	NEED(!peergroup_online(bobs, 4000));
	CHECK(own_roles(bobs, &after) == PEERGROUP_ROLE_ADMIN);
	CHECK(after > before, "it is the kernel's, too: else the credential were refused");
	CHECK(bob_is(ours, &PEER_GROUP_ROLE_ADMIN));
	HR(PeerGroupRevokeMember(bobs, wide("nobody"), 0), PEER_E_NOT_FOUND);
}

static uint32_t carols_records;

static uint32_t records(peergroup_t group)
{
	struct peergroup_status *status;
	uint32_t n;

	NEED(!peergroup_status(group, &status));
	n = status->records;
	peergroup_free(status);
	return n;
}

static bool has_come(void *arg)
{
	return records(arg) >= carols_records;
}

/*
 * Another administrator may issue what it likes below itself: who was above that, or
 * beside it, does not take it.
 */
static void test_equal(void)
{
	char *carol, *xml, *invitation;
	peergroup_t carols;

	NEED(!peergroup_identity_create("carol", "Carol", &carol));
	NEED(!peergroup_identity_xml(carol, &xml));
	NEED(!peergroup_invite(ours, xml, 0, PEERGROUP_ROLE_ADMIN, &invitation));
	NEED(!peergroup_join(carol, invitation, &carols));
	NEED(!peergroup_online(carols, 4001));
	NEED(!peergroup_connect(carols, "127.0.0.1"));
	NEED(wait_until(is_ready, carols));
	CHECK(bob_is(carols, &PEER_GROUP_ROLE_ADMIN));
	HR(peergroup_renew(carols, bob, 0, PEERGROUP_ROLE_MEMBER, PEERGROUP_RENEW_STORE, NULL),
	   S_OK);
	carols_records = records(carols);
	CHECK(wait_until(has_come, bobs), "it has come");
	CHECK(bob_is(bobs, &PEER_GROUP_ROLE_ADMIN), "and shows nowhere");
	CHECK(bob_is(carols, &PEER_GROUP_ROLE_ADMIN), "with whom issued it neither");
	NEED(!peergroup_offline(bobs));
	NEED(!peergroup_online(bobs, 4000));
	CHECK(own_roles(bobs, NULL) == PEERGROUP_ROLE_ADMIN, "and is not taken");
	NEED(!peergroup_connect(bobs, "127.0.0.1"));
	CHECK(bob_is(ours, &PEER_GROUP_ROLE_ADMIN));
	PeerGroupClose(carols);
	peergroup_free(xml);
	peergroup_free(invitation);
	peergroup_free(carol);
}

/* Does the certificate that renews a member say since when it has been what it is? */
static bool renewed_since(const char *member)
{
	static const uint8_t oid[] = PEERGROUP_OID_SINCE_DER;
	static uint8_t der[64 << 10];
	char *xml, *from, *to;
	bool says;
	int len;

	NEED(!peergroup_renew(ours, member, 0, 0, 0, &xml));
	from = strstr(xml, "<GMC");
	from = from ? strchr(from, '>') : NULL;
	to = from ? strstr(from, "</GMC>") : NULL;
	NEED(to && to - from < (ptrdiff_t)sizeof(der));
	len = EVP_DecodeBlock(der, (uint8_t *)from + 1, (int)(to - from - 1));
	NEED(len > 0);
	says = memmem(der, (size_t)len, oid, sizeof(oid));
	peergroup_free(xml);
	return says;
}

/* Who comes nearer to the root by it is not there since before. */
static void test_since(void)
{
	char *dave, *xml, *invitation;
	peergroup_t daves;

	NEED(!peergroup_identity_create("dave", "Dave", &dave));
	NEED(!peergroup_identity_xml(dave, &xml));
	NEED(!peergroup_invite(bobs, xml, 0, PEERGROUP_ROLE_ADMIN, &invitation));
	NEED(!peergroup_join(dave, invitation, &daves));
	NEED(!peergroup_online(daves, 4002));
	NEED(!peergroup_connect(daves, "127.0.0.1"));
	known_name = dave;
	NEED(wait_until(is_known, ours));
	CHECK(renewed_since(bob), "an administrator, where it was");
	CHECK(!renewed_since(dave), "one that another had invited, by the creator");
	PeerGroupClose(daves);
	peergroup_free(xml);
	peergroup_free(invitation);
	peergroup_free(dave);
}

/* A lower role, which nothing but its later beginning tells from the one before. */
static void test_close(void)
{
	HR(peergroup_renew(ours, bob, 0, PEERGROUP_ROLE_MEMBER, PEERGROUP_RENEW_STORE, NULL),
	   S_OK);
	CHECK(bob_is(bobs, &PEER_GROUP_ROLE_MEMBER));
	PeerGroupClose(bobs);
	NEED(!peergroup_open(bob, group_name, &bobs));
	CHECK(own_roles(bobs, NULL) == PEERGROUP_ROLE_MEMBER);
	/* And again: it is the same record, of a later version. */
	HR(peergroup_renew(ours, bob, 0, PEERGROUP_ROLE_INVITING, PEERGROUP_RENEW_STORE, NULL),
	   S_OK);
	NEED(!peergroup_connect(bobs, "127.0.0.1"));
	CHECK(bob_is(bobs, &PEER_GROUP_ROLE_INVITING_MEMBER));
}

static void test_revoked(void)
{
	WCHAR *xml;

	HR(PeerGroupRevokeMember(ours, wide(bob), 0), S_OK);
	HR(PeerGroupIssueCredentials(ours, wide(bob), NULL, 0, &xml), PEER_E_IDENTITY_NOT_FOUND);
	PeerGroupClose(ours);
	HR(PeerGroupIssueCredentials(ours, wide(bob), NULL, 0, &xml), PEER_E_INVALID_GROUP);
}

int main(void)
{
	static const struct tap_test tests[] = {
		{ "who is not known", test_unknown },
		{ "errors", test_errors },
		{ "errors in PEER_CREDENTIAL_INFO", test_info_errors },
		{ "neither known nor a key given", test_new_key },
		{ "a renewal by invitation", test_invitation },
		{ "a renewal in the group, taken by connecting", test_store },
		{ "an administrator is not renewed by its equal", test_equal },
		{ "since when one is an administrator", test_since },
		{ "a lower role, taken by closing", test_close },
		{ "who was revoked", test_revoked },
	};
	char home[] = "/tmp/credentials.XXXXXX";

	need_module();
	own_namespace();
	NEED(mkdtemp(home) && !setenv("PEERGROUP_HOME", home, 1));
	test_not_initialized();
	set_up();
	return tap_main(tests, sizeof(tests) / sizeof(tests[0]));
}
