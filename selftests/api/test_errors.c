// SPDX-License-Identifier: GPL-2.0-only
// timeout: 200
/*
 * Each documented error of each call of <p2p.h>, in the case it is documented
 * for, and what a call gives back besides: nothing.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uchar.h>
#include <sys/wait.h>
#include <p2p.h>
#include <peergroup.h>
#include "group.h"
#include "tap.h"

#define HR(call, expected) do {						\
	HRESULT hr_ = (call);						\
									\
	CHECK(hr_ == (expected), "-> %s (0x%08x), %s", name_of(hr_),	\
	      (unsigned int)hr_, peergroup_error_detail());		\
} while (0)

static PWSTR alice, bob, group_name, invitation;
static HGROUP ours, bobs;	/* Alice's, who made it, and Bob's, who has not synchronised */
static const GUID type = { 0x6b1f7c1e, 0x0d52, 0x4f1c, { 1, 2, 3, 4, 5, 6, 7, 8 } };
static const GUID nobody = { 1, 2, 3, { 4 } };
static char bad_handle;

#define BAD_GROUP	((HGROUP)&bad_handle)

static const char *name_of(HRESULT hr)
{
	const char *name = peergroup_error_name(hr);

	return name ? name : "?";
}

/* ----------------------------------------------------------- text as WCHAR -- */

static PWSTR wide_copy(const WCHAR *from, size_t len)
{
	PWSTR to = calloc(len + 1, sizeof(*to));

	NEED(to);
	memcpy(to, from, len * sizeof(*to));
	return to;
}

static size_t wide_len(const WCHAR *s)
{
	size_t n = 0;

	while (s[n])
		n++;
	return n;
}

/* So many letters. */
static PWSTR letters(size_t n)
{
	PWSTR s = calloc(n + 1, sizeof(*s));

	NEED(s);
	while (n--)
		s[n] = u'a';
	return s;
}

/* Where an ASCII text stands in another. */
static WCHAR *wide_find(WCHAR *in, const char *what)
{
	size_t i, len = strlen(what);

	for (; *in; in++) {
		for (i = 0; i < len && in[i] == (WCHAR)what[i]; i++)
			;
		if (i == len)
			return in;
	}
	return NULL;
}

/* ------------------------------------------------------------- before all -- */

static PEER_RECORD a_record(void)
{
	PEER_RECORD r = { .dwSize = sizeof(r), .type = type };
	uint64_t expires = peer_time_now() + 3600 * TICKS;

	r.ftExpiration.dwLowDateTime = (DWORD)expires;
	r.ftExpiration.dwHighDateTime = (DWORD)(expires >> 32);
	return r;
}

static PEER_GROUP_PROPERTIES properties(void)
{
	return (PEER_GROUP_PROPERTIES){
		.dwSize = sizeof(PEER_GROUP_PROPERTIES), .pwzCreatorPeerName = alice,
	};
}

static void test_not_initialized(void)
{
	PEER_GROUP_PROPERTIES p = properties();
	PEER_RECORD r = a_record(), *got = &r;
	HPEERENUM list = &bad_handle;
	HGROUP g = BAD_GROUP;
	FILETIME t = { 0 };
	GUID id = type;

	HR(PeerGroupShutdown(), PEER_E_NOT_INITIALIZED);
	HR(PeerGroupCreate(&p, &g), PEER_E_NOT_INITIALIZED);
	CHECK(!g);
	HR(PeerGroupOpen((PCWSTR)u"a", (PCWSTR)u"b", NULL, &g), PEER_E_NOT_INITIALIZED);
	HR(PeerGroupJoin(NULL, (PCWSTR)u"x", NULL, &g), PEER_E_NOT_INITIALIZED);
	HR(PeerGroupConnect(BAD_GROUP), PEER_E_NOT_INITIALIZED);
	HR(PeerGroupConnectByAddress(BAD_GROUP, 0, NULL), PEER_E_NOT_INITIALIZED);
	HR(PeerGroupClose(BAD_GROUP), PEER_E_NOT_INITIALIZED);
	HR(PeerGroupDelete(NULL, (PCWSTR)u"x"), PEER_E_NOT_INITIALIZED);
	HR(PeerGroupAddRecord(BAD_GROUP, &r, &id), PEER_E_NOT_INITIALIZED);
	HR(PeerGroupUpdateRecord(BAD_GROUP, &r), PEER_E_NOT_INITIALIZED);
	HR(PeerGroupDeleteRecord(BAD_GROUP, &type), PEER_E_NOT_INITIALIZED);
	HR(PeerGroupGetRecord(BAD_GROUP, &type, &got), PEER_E_NOT_INITIALIZED);
	CHECK(!got);
	HR(PeerGroupEnumRecords(BAD_GROUP, NULL, &list), PEER_E_NOT_INITIALIZED);
	CHECK(!list);
	HR(PeerGroupPeerTimeToUniversalTime(BAD_GROUP, &t, &t), PEER_E_NOT_INITIALIZED);
	HR(PeerGroupUniversalTimeToPeerTime(BAD_GROUP, &t, &t), PEER_E_NOT_INITIALIZED);
}

static void test_startup(void)
{
	PEER_VERSION_DATA version = { 7, 7 };

	HR(PeerGroupStartup(PEER_GROUP_VERSION, NULL), E_INVALIDARG);
	HR(PeerGroupStartup(MAKEWORD(2, 0), &version), PEER_E_UNSUPPORTED_VERSION);
	HR(PeerGroupStartup(0, &version), PEER_E_UNSUPPORTED_VERSION);
	CHECK(!version.wVersion);
	HR(PeerGroupStartup(PEER_GROUP_VERSION, &version), S_OK);
	CHECK(version.wVersion == PEER_GROUP_VERSION);
	HR(PeerGroupStartup(MAKEWORD(1, 0), &version), S_OK);
	HR(PeerGroupShutdown(), S_OK);
}

/* ------------------------------------------------------------- identities -- */

static void test_identity_none(void)
{
	PWSTR s = (PWSTR)u"x";

	HR(PeerIdentityGetDefault(&s), PEER_E_NOT_FOUND);
	CHECK(!s);
	HR(PeerIdentityGetDefault(NULL), E_INVALIDARG);
}

static void test_identities(void)
{
	PWSTR s = (PWSTR)u"x", longer = letters(150), longest = letters(256);

	HR(PeerIdentityCreate(NULL, NULL, 0, NULL), E_INVALIDARG);
	HR(PeerIdentityCreate(longer, NULL, 0, &s), E_INVALIDARG);
	CHECK(!s);
	HR(PeerIdentityCreate(NULL, longest, 0, &s), E_INVALIDARG);
	HR(PeerIdentityCreate((PCWSTR)u"alice", NULL, 0, &alice), S_OK);
	HR(PeerIdentityCreate((PCWSTR)u"bob", NULL, 0, &bob), S_OK);
	NEED(alice && bob);

	HR(PeerIdentityDelete(NULL), E_INVALIDARG);
	HR(PeerIdentityDelete((PCWSTR)u"0123456789012345678901234567890123456789.x"),
	   PEER_E_NOT_FOUND);
	HR(PeerIdentityGetXML(alice, NULL), E_INVALIDARG);
	HR(PeerIdentityGetXML((PCWSTR)u"0123456789012345678901234567890123456789.x", &s), E_HANDLE);
	CHECK(!s);
	HR(PeerEnumIdentities(NULL), E_INVALIDARG);
	free(longer);
	free(longest);
}

/* Another user's data folder; exit status 0 where that is what is said. */
static int as_nobody(void)
{
	PWSTR s = (PWSTR)u"x";

	if (setgid(65534) || setuid(65534))
		return 100;
	if (PeerIdentityCreate(NULL, NULL, 0, &s) != PEER_E_NO_KEY_ACCESS || s)
		return 1;
	s = (PWSTR)u"x";
	if (PeerIdentityGetXML(alice, &s) != PEER_E_NO_KEY_ACCESS || s)
		return 2;
	return PeerIdentityDelete(alice) == PEER_E_NO_KEY_ACCESS ? 0 : 3;
}

static void test_no_key_access(void)
{
	pid_t pid = fork();
	int status;

	NEED(pid >= 0);
	if (!pid)
		_exit(as_nobody());
	NEED(waitpid(pid, &status, 0) == pid);
	CHECK(WIFEXITED(status) && !WEXITSTATUS(status), "%d", WEXITSTATUS(status));
}

/* ----------------------------------------------------------------- create -- */

static void check_create(PEER_GROUP_PROPERTIES *p, HRESULT expected)
{
	HGROUP g = BAD_GROUP;

	HR(PeerGroupCreate(p, &g), expected);
	CHECK(!g);
}

static void test_create(void)
{
	PWSTR longer = letters(150), longest = letters(256);
	PEER_GROUP_PROPERTIES p = properties();
	HGROUP g;

	HR(PeerGroupCreate(NULL, &g), E_INVALIDARG);
	HR(PeerGroupCreate(&p, NULL), E_INVALIDARG);
	p.dwSize = 4;
	check_create(&p, E_INVALIDARG);
	p = properties();
	p.pwzGroupPeerName = alice;
	check_create(&p, E_INVALIDARG);
	p = properties();
	p.pwzCloud = (PWSTR)u"nine";
	check_create(&p, PEER_E_NO_CLOUD);
	p = properties();
	p.pwzClassifier = longer;
	check_create(&p, PEER_E_INVALID_CLASSIFIER);
	p = properties();
	p.pwzCreatorPeerName = (PWSTR)u"not a name";
	check_create(&p, PEER_E_INVALID_PEER_NAME);
	p = properties();
	p.pwzFriendlyName = longest;
	check_create(&p, PEER_E_INVALID_GROUP_PROPERTIES);
	p = properties();
	p.dwFlags = 0x80;
	check_create(&p, PEER_E_INVALID_GROUP_PROPERTIES);
	p = properties();
	p.ulMemberDataLifetime = 28799;
	check_create(&p, PEER_E_INVALID_GROUP_PROPERTIES);
	p = properties();
	p.dwAuthenticationSchemes = PEER_GROUP_PASSWORD_AUTHENTICATION;
	check_create(&p, PEER_E_INVALID_GROUP_PROPERTIES);
	p.pwzGroupPassword = (PWSTR)u"short";
	check_create(&p, PEER_E_PASSWORD_DOES_NOT_MEET_POLICY);
	free(longer);
	free(longest);
}

static void test_created(void)
{
	PEER_GROUP_PROPERTIES p = properties();
	PPEER_INVITATION_INFO info;
	GUID role = PEER_GROUP_ROLE_MEMBER;
	FILETIME end;
	uint64_t time = peer_time_now() + 86400 * TICKS;
	PWSTR xml;

	HR(PeerGroupCreate(&p, &ours), S_OK);
	HR(PeerIdentityGetXML(bob, &xml), S_OK);
	end.dwLowDateTime = (DWORD)time;
	end.dwHighDateTime = (DWORD)(time >> 32);
	HR(PeerGroupCreateInvitation(ours, xml, &end, 1, &role, &invitation), S_OK);
	NEED(ours && invitation);
	HR(PeerGroupParseInvitation(invitation, &info), S_OK);
	NEED(info);
	group_name = wide_copy(info->pwzGroupPeerName, wide_len(info->pwzGroupPeerName));
	PeerFreeData(info);
	PeerFreeData(xml);
	HR(PeerIdentityDelete(alice), PEER_E_GROUPS_EXIST);
}

/* ------------------------------------------------------------- invitations -- */

static void test_deleted_identity(void)
{
	PEER_GROUP_PROPERTIES p = properties();
	GUID role = PEER_GROUP_ROLE_MEMBER;
	PWSTR carol, xml, inv = (PWSTR)u"x";

	HR(PeerIdentityCreate((PCWSTR)u"carol", NULL, 0, &carol), S_OK);
	HR(PeerIdentityGetXML(carol, &xml), S_OK);
	HR(PeerIdentityDelete(carol), S_OK);
	HR(PeerIdentityDelete(carol), PEER_E_NOT_FOUND);
	HR(PeerGroupCreateInvitation(ours, xml, NULL, 1, &role, &inv), PEER_E_IDENTITY_DELETED);
	CHECK(!inv);
	p.pwzCreatorPeerName = carol;
	check_create(&p, HRESULT_FROM_WIN32(ERROR_DELETE_PENDING));
	PeerFreeData(carol);
	PeerFreeData(xml);
}

static void test_invite(void)
{
	GUID role = PEER_GROUP_ROLE_MEMBER, no_role = nobody;
	FILETIME past = { 0, 1 };
	PWSTR xml, own_xml, inv = (PWSTR)u"x";

	HR(PeerIdentityGetXML(bob, &xml), S_OK);
	HR(PeerIdentityGetXML(alice, &own_xml), S_OK);
	HR(PeerGroupCreateInvitation(BAD_GROUP, xml, NULL, 1, &role, &inv), PEER_E_INVALID_GROUP);
	CHECK(!inv);
	HR(PeerGroupCreateInvitation(ours, NULL, NULL, 1, &role, &inv), E_INVALIDARG);
	HR(PeerGroupCreateInvitation(ours, xml, NULL, 1, &role, NULL), E_INVALIDARG);
	HR(PeerGroupCreateInvitation(ours, xml, NULL, 1, NULL, &inv), E_INVALIDARG);
	HR(PeerGroupCreateInvitation(ours, (PCWSTR)u"<xml/>", NULL, 1, &role, &inv),
	   E_INVALIDARG);
	HR(PeerGroupCreateInvitation(ours, xml, NULL, 1, &no_role, &inv),
	   PEER_E_INVALID_ROLE_PROPERTY);
	HR(PeerGroupCreateInvitation(ours, xml, &past, 1, &role, &inv),
	   PEER_E_INVALID_TIME_PERIOD);
	HR(PeerGroupCreateInvitation(ours, own_xml, NULL, 1, &role, &inv),
	   PEER_E_CIRCULAR_CHAIN_DETECTED);
	PeerFreeData(xml);
	PeerFreeData(own_xml);
}

static void test_parse_invitation(void)
{
	PPEER_INVITATION_INFO info = (void *)&bad_handle;
	PWSTR copy = wide_copy(invitation, wide_len(invitation));
	WCHAR *at;

	HR(PeerGroupParseInvitation(NULL, &info), E_INVALIDARG);
	CHECK(!info);
	HR(PeerGroupParseInvitation(invitation, NULL), E_INVALIDARG);
	HR(PeerGroupParseInvitation((PCWSTR)u"nonsense", &info), PEER_E_INVITATION_NOT_TRUSTED);
	at = wide_find(copy, "\"1.0\"");
	NEED(at);
	at[1] = u'9';
	HR(PeerGroupParseInvitation(copy, &info), PEER_E_UNSUPPORTED_VERSION);
	HR(PeerGroupJoin(bob, copy, NULL, &bobs), PEER_E_UNSUPPORTED_VERSION);
	at[1] = u'1';
	at = copy + wide_len(copy) / 2;		/* in the certificates */
	at[0] = at[0] == u'A' ? u'B' : u'A';
	HR(PeerGroupParseInvitation(copy, &info), PEER_E_INVITATION_NOT_TRUSTED);
	HR(PeerGroupJoin(bob, copy, NULL, &bobs), PEER_E_INVITATION_NOT_TRUSTED);
	CHECK(!info && !bobs);
	free(copy);
}

static bool has_passed(void *arg)
{
	return peer_time_now() > *(uint64_t *)arg;
}

static void test_join(void)
{
	uint64_t time = peer_time_now() + 2 * TICKS;
	GUID role = PEER_GROUP_ROLE_MEMBER;
	HGROUP g = BAD_GROUP;
	PWSTR xml, inv;
	FILETIME end;

	HR(PeerGroupJoin(bob, NULL, NULL, &g), E_INVALIDARG);
	CHECK(!g);
	HR(PeerGroupJoin(bob, invitation, NULL, NULL), E_INVALIDARG);
	HR(PeerGroupJoin(bob, invitation, (PCWSTR)u"nine", &g), PEER_E_NO_CLOUD);
	HR(PeerGroupJoin((PCWSTR)u"not a name", invitation, NULL, &g),
	   PEER_E_INVALID_PEER_NAME);
	HR(PeerGroupJoin(alice, invitation, NULL, &g), PEER_E_INVITATION_NOT_TRUSTED);

	HR(PeerIdentityGetXML(bob, &xml), S_OK);
	end.dwLowDateTime = (DWORD)time;
	end.dwHighDateTime = (DWORD)(time >> 32);
	HR(PeerGroupCreateInvitation(ours, xml, &end, 1, &role, &inv), S_OK);
	time += TICKS;		/* certificates know whole seconds only */
	NEED(wait_until(has_passed, &time));
	HR(PeerGroupJoin(bob, inv, NULL, &g), PEER_E_INVALID_TIME_PERIOD);
	PeerFreeData(inv);
	PeerFreeData(xml);

	HR(PeerGroupJoin(bob, invitation, NULL, &bobs), S_OK);
	NEED(bobs);
	HR(PeerGroupJoin(bob, invitation, NULL, &g), PEER_E_GROUP_IN_USE);
	CHECK(!g);
}

/* ------------------------------------------------------------ open, close -- */

static void test_open(void)
{
	static const WCHAR *const no_group = (PCWSTR)u"0123456789012345678901234567890123456789.x";
	HGROUP g = BAD_GROUP;

	HR(PeerGroupOpen(NULL, group_name, NULL, &g), E_INVALIDARG);
	CHECK(!g);
	HR(PeerGroupOpen(alice, NULL, NULL, &g), E_INVALIDARG);
	HR(PeerGroupOpen(alice, group_name, NULL, NULL), E_INVALIDARG);
	HR(PeerGroupOpen(alice, group_name, (PCWSTR)u"nine", &g), PEER_E_NO_CLOUD);
	HR(PeerGroupOpen(alice, no_group, NULL, &g), PEER_E_NOT_FOUND);
	HR(PeerGroupOpen(alice, group_name, NULL, &g), S_OK);
	HR(PeerGroupClose(g), S_OK);
	HR(PeerGroupClose(g), PEER_E_INVALID_GROUP);
	HR(PeerGroupClose(NULL), PEER_E_INVALID_GROUP);
	HR(PeerGroupClose(BAD_GROUP), PEER_E_INVALID_GROUP);
	HR(PeerGroupDelete(alice, NULL), E_INVALIDARG);
	HR(PeerGroupDelete(alice, no_group), PEER_E_NOT_FOUND);
}

static void test_connect(void)
{
	PEER_ADDRESS address = { .dwSize = sizeof(address), .sin6.sin6_family = AF_INET6 };

	HR(PeerGroupConnect(BAD_GROUP), PEER_E_INVALID_GROUP);
	HR(PeerGroupConnectByAddress(BAD_GROUP, 1, &address), PEER_E_INVALID_GROUP);
	HR(PeerGroupConnectByAddress(ours, 0, &address), E_INVALIDARG);
	HR(PeerGroupConnectByAddress(ours, 1, NULL), E_INVALIDARG);
	address.dwSize = 1;
	HR(PeerGroupConnectByAddress(ours, 1, &address), E_INVALIDARG);
}

/* ----------------------------------------------------------------- records -- */

static void test_not_ready(void)
{
	GUID role = PEER_GROUP_ROLE_MEMBER, id = type;
	PEER_RECORD r = a_record(), *got = &r;
	PWSTR xml, inv = (PWSTR)u"x";
	FILETIME t = { 1, 1 };

	HR(PeerGroupAddRecord(bobs, &r, &id), PEER_E_GROUP_NOT_READY);
	CHECK(!id.Data1);
	HR(PeerGroupUpdateRecord(bobs, &r), PEER_E_GROUP_NOT_READY);
	HR(PeerGroupDeleteRecord(bobs, &type), PEER_E_GROUP_NOT_READY);
	HR(PeerGroupGetRecord(bobs, &type, &got), PEER_E_GROUP_NOT_READY);
	CHECK(!got);
	HR(PeerGroupPeerTimeToUniversalTime(bobs, &t, &t), PEER_E_GROUP_NOT_READY);
	HR(PeerGroupUniversalTimeToPeerTime(bobs, &t, &t), PEER_E_GROUP_NOT_READY);
	HR(PeerIdentityGetXML(alice, &xml), S_OK);
	HR(PeerGroupCreateInvitation(bobs, xml, NULL, 1, &role, &inv), PEER_E_GROUP_NOT_READY);
	PeerFreeData(xml);
}

static void check_add(PEER_RECORD *r, HRESULT expected)
{
	GUID id = type;

	HR(PeerGroupAddRecord(ours, r, &id), expected);
	CHECK(!id.Data1 && !id.Data4[7]);
}

static void test_add(void)
{
	static BYTE large[PEERGROUP_RECORD_SIZE_DEFAULT + 1];
	PEER_RECORD r = a_record();
	GUID id;

	HR(PeerGroupAddRecord(BAD_GROUP, &r, &id), PEER_E_INVALID_GROUP);
	HR(PeerGroupAddRecord(ours, &r, NULL), E_INVALIDARG);
	check_add(NULL, E_INVALIDARG);
	r.dwSize = sizeof(r) - 1;
	check_add(&r, E_INVALIDARG);
	r = a_record();
	r.data.cbData = 5;
	check_add(&r, E_INVALIDARG);
	r = a_record();
	memset(&r.type, 0, sizeof(r.type));
	check_add(&r, PEER_E_INVALID_RECORD);
	r = a_record();
	r.type = (GUID){ 0x00000400, 0, 0, { 0 } };
	check_add(&r, PEER_E_NOT_AUTHORIZED);
	r = a_record();
	r.dwFlags = 0x80;
	check_add(&r, PEER_E_INVALID_RECORD);
	r = a_record();
	r.ftExpiration.dwHighDateTime = 1;
	check_add(&r, PEER_E_INVALID_RECORD);
	r = a_record();
	r.pwzCreatorId = (PWSTR)u"somebody else";
	r.data.pbData = large;
	r.data.cbData = sizeof(large);
	check_add(&r, PEER_E_MAX_RECORD_SIZE_EXCEEDED);
}

static void test_attributes(void)
{
	static const WCHAR *const bad[] = {
		(PCWSTR)u"x", (PCWSTR)u"<attributes>", (PCWSTR)u"<other/>",
		(PCWSTR)u"<attributes><attribute name='a'>1</attribute></attributes>",
		(PCWSTR)u"<attributes><attribute attributetype='none' attributename='a'>1"
			"</attribute></attributes>",
		(PCWSTR)u"<attributes><attribute attributetype='int' attributename='a'>one"
			"</attribute></attributes>",
		(PCWSTR)u"<!DOCTYPE x []><attributes/>",
	};
	PEER_RECORD r = a_record();
	unsigned int i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		r.pwzAttributes = (PWSTR)bad[i];
		check_add(&r, PEER_E_INVALID_ATTRIBUTES);
	}
}

static GUID added;

static void test_update(void)
{
	PEER_RECORD r = a_record(), *got = &r;
	uint64_t sooner;

	r.data.pbData = (PBYTE)"one";
	r.data.cbData = 3;
	HR(PeerGroupAddRecord(ours, &r, &added), S_OK);
	HR(PeerGroupUpdateRecord(ours, NULL), E_INVALIDARG);
	HR(PeerGroupUpdateRecord(BAD_GROUP, &r), PEER_E_INVALID_GROUP);
	r.id = nobody;
	HR(PeerGroupUpdateRecord(ours, &r), PEER_E_RECORD_NOT_FOUND);
	r.id = added;
	r.dwSize = 3;
	HR(PeerGroupUpdateRecord(ours, &r), E_INVALIDARG);
	r.dwSize = sizeof(r);
	sooner = peer_time_now() + 60 * TICKS;
	r.ftExpiration.dwLowDateTime = (DWORD)sooner;
	r.ftExpiration.dwHighDateTime = (DWORD)(sooner >> 32);
	HR(PeerGroupUpdateRecord(ours, &r), PEER_E_INVALID_RECORD_EXPIRATION);
	r = a_record();
	r.id = added;
	r.pwzAttributes = (PWSTR)u"x";
	HR(PeerGroupUpdateRecord(ours, &r), PEER_E_INVALID_ATTRIBUTES);
	HR(PeerGroupGetRecord(ours, &added, &got), S_OK);
	CHECK(got && got->dwVersion == 1 && got->data.cbData == 3);
	PeerFreeData(got);
}

/* Hosts' clocks differ by a little: the version before may be of the future. */
static void test_slow_clock(void)
{
	PEER_RECORD r = a_record(), *got = &r;

	HR(PeerGroupAddRecord(ours, &r, &r.id), S_OK);
	set_clock(-5);
	HR(PeerGroupUpdateRecord(ours, &r), S_OK);
	HR(PeerGroupUpdateRecord(ours, &r), S_OK);
	HR(PeerGroupGetRecord(ours, &r.id, &got), S_OK);
	CHECK(got && got->dwVersion == 3);
	PeerFreeData(got);
	HR(PeerGroupDeleteRecord(ours, &r.id), S_OK);
	set_clock(5);
}

static void test_get(void)
{
	PPEER_RECORD got = (void *)&bad_handle;
	HPEERENUM list = &bad_handle;

	HR(PeerGroupGetRecord(BAD_GROUP, &added, &got), PEER_E_INVALID_GROUP);
	CHECK(!got);
	HR(PeerGroupGetRecord(ours, NULL, &got), E_INVALIDARG);
	HR(PeerGroupGetRecord(ours, &added, NULL), E_INVALIDARG);
	HR(PeerGroupGetRecord(ours, &nobody, &got), PEER_E_RECORD_NOT_FOUND);
	HR(PeerGroupDeleteRecord(ours, NULL), E_INVALIDARG);
	HR(PeerGroupDeleteRecord(BAD_GROUP, &added), PEER_E_INVALID_GROUP);
	HR(PeerGroupDeleteRecord(ours, &nobody), PEER_E_RECORD_NOT_FOUND);
	HR(PeerGroupEnumRecords(BAD_GROUP, NULL, &list), PEER_E_INVALID_GROUP);
	CHECK(!list);
	HR(PeerGroupEnumRecords(ours, NULL, NULL), E_INVALIDARG);
}

static void test_enumerations(void)
{
	HPEERENUM list;
	void **items;
	ULONG n = 1;

	HR(PeerGetItemCount(NULL, &n), E_INVALIDARG);
	HR(PeerGetItemCount(&bad_handle, &n), E_INVALIDARG);
	HR(PeerGetNextItem(&bad_handle, &n, &items), E_INVALIDARG);
	HR(PeerEndEnumeration(&bad_handle), E_INVALIDARG);
	HR(PeerGroupEnumRecords(ours, NULL, &list), S_OK);
	HR(PeerGetItemCount(list, NULL), E_INVALIDARG);
	HR(PeerGetNextItem(list, NULL, &items), E_INVALIDARG);
	HR(PeerGetNextItem(list, &n, NULL), E_INVALIDARG);
	HR(PeerEndEnumeration(list), S_OK);
	HR(PeerEndEnumeration(list), E_INVALIDARG);
	/* One kind of handle is not another. */
	HR(PeerEndEnumeration(ours), E_INVALIDARG);
	HR(PeerGroupClose(list), PEER_E_INVALID_GROUP);
}

static void test_events(void)
{
	PEER_GROUP_EVENT_REGISTRATION all = { PEER_GROUP_EVENT_RECORD_CHANGED, NULL };
	PEER_GROUP_EVENT_REGISTRATION none = { 77, NULL };
	PPEER_GROUP_EVENT_DATA data = (void *)&bad_handle;
	HPEEREVENT reg = &bad_handle;
	HANDLE event;

	HR(peergroup_event_create(&event), S_OK);
	HR(PeerGroupRegisterEvent(BAD_GROUP, event, 1, &all, &reg), PEER_E_INVALID_GROUP);
	CHECK(!reg);
	HR(PeerGroupRegisterEvent(ours, NULL, 1, &all, &reg), E_INVALIDARG);
	HR(PeerGroupRegisterEvent(ours, event, 0, &all, &reg), E_INVALIDARG);
	HR(PeerGroupRegisterEvent(ours, event, 1, NULL, &reg), E_INVALIDARG);
	HR(PeerGroupRegisterEvent(ours, event, 1, &all, NULL), E_INVALIDARG);
	HR(PeerGroupRegisterEvent(ours, event, 1, &none, &reg), E_INVALIDARG);
	HR(PeerGroupRegisterEvent(ours, event, 1, &all, &reg), S_OK);
	HR(PeerGroupGetEventData(&bad_handle, &data), E_INVALIDARG);
	HR(PeerGroupGetEventData(reg, NULL), E_INVALIDARG);
	data = (void *)&bad_handle;
	HR(PeerGroupGetEventData(reg, &data), PEER_S_NO_EVENT_DATA);
	CHECK(!data);
	HR(PeerGroupUnregisterEvent(&bad_handle), E_INVALIDARG);
	HR(PeerGroupUnregisterEvent(reg), S_OK);
	HR(PeerGroupUnregisterEvent(reg), E_INVALIDARG);
	HR(PeerGroupGetEventData(reg, &data), E_INVALIDARG);
	peergroup_event_close(event);
}

static void test_times(void)
{
	FILETIME t = { 1, 1 }, late = { 0xffffffff, 0xffffffff };

	HR(PeerGroupPeerTimeToUniversalTime(ours, NULL, &t), E_INVALIDARG);
	HR(PeerGroupPeerTimeToUniversalTime(ours, &t, NULL), E_INVALIDARG);
	HR(PeerGroupUniversalTimeToPeerTime(ours, &late, &t), E_INVALIDARG);
	CHECK(t.dwLowDateTime == 1 && t.dwHighDateTime == 1);
	HR(PeerGroupPeerTimeToUniversalTime(BAD_GROUP, &t, &t), PEER_E_INVALID_GROUP);
	HR(PeerGroupPeerTimeToUniversalTime(ours, &t, &t), S_OK);
}

/* -------------------------------------------------------- a member may not -- */

static bool bob_is_ready(void *arg)
{
	struct peergroup_status *status;
	bool ready = false;

	(void)arg;
	if (peergroup_status(bobs, &status) == S_OK)
		ready = status->flags & PEERGROUP_STATUS_READY && status->records == 1;
	peergroup_free(status);
	return ready;
}

/* Both in one namespace, so on two ports. */
static void test_not_authorized(void)
{
	GUID role = PEER_GROUP_ROLE_MEMBER;
	PWSTR xml, inv = (PWSTR)u"x";
	PEER_RECORD r = a_record();

	HR(PeerGroupConnect(ours), S_OK);
	HR(PeerGroupConnect(ours), PEER_S_ALREADY_CONNECTED);
	HR(peergroup_online(bobs, 3588), S_OK);
	HR(peergroup_connect(bobs, "127.0.0.1:3587"), S_OK);
	NEED(wait_until(bob_is_ready, NULL));

	r.id = added;
	HR(PeerGroupUpdateRecord(bobs, &r), PEER_E_NOT_AUTHORIZED);
	HR(PeerGroupDeleteRecord(bobs, &added), PEER_E_NOT_AUTHORIZED);
	HR(PeerIdentityGetXML(alice, &xml), S_OK);
	HR(PeerGroupCreateInvitation(bobs, xml, NULL, 1, &role, &inv), PEER_E_NOT_AUTHORIZED);
	CHECK(!inv);
	PeerFreeData(xml);
	HR(PeerGroupDeleteRecord(ours, &added), S_OK);
	HR(PeerGroupDeleteRecord(ours, &added), PEER_E_RECORD_NOT_FOUND);
	HR(PeerGroupUpdateRecord(ours, &r), PEER_E_RECORD_NOT_FOUND);
}

static void test_deleted_group(void)
{
	PEER_RECORD r = a_record();
	GUID id;

	HR(PeerGroupDelete(bob, group_name), S_OK);
	HR(PeerGroupAddRecord(bobs, &r, &id), PEER_E_INVALID_GROUP);
	HR(PeerGroupConnect(bobs), PEER_E_INVALID_GROUP);
	HR(PeerGroupClose(bobs), PEER_E_INVALID_GROUP);
	HR(PeerGroupDelete(bob, group_name), PEER_E_NOT_FOUND);
	HR(PeerIdentityDelete(bob), S_OK);
}

static void test_shutdown(void)
{
	HR(PeerGroupShutdown(), S_OK);
	HR(PeerGroupShutdown(), PEER_E_NOT_INITIALIZED);
	HR(PeerGroupClose(ours), PEER_E_NOT_INITIALIZED);
	CHECK(wait_slab("pg_record", 0), "%lu records", slab_objects("pg_record"));
}

int main(void)
{
	static const struct tap_test tests[] = {
		{ "before PeerGroupStartup", test_not_initialized },
		{ "PeerGroupStartup", test_startup },
		{ "no identity", test_identity_none },
		{ "identities", test_identities },
		{ "no access to keys", test_no_key_access },
		{ "PeerGroupCreate", test_create },
		{ "a group is made, and its creator kept", test_created },
		{ "an identity that was deleted", test_deleted_identity },
		{ "PeerGroupCreateInvitation", test_invite },
		{ "PeerGroupParseInvitation", test_parse_invitation },
		{ "PeerGroupJoin", test_join },
		{ "PeerGroupOpen, PeerGroupClose, PeerGroupDelete", test_open },
		{ "PeerGroupConnect, PeerGroupConnectByAddress", test_connect },
		{ "before the first synchronisation", test_not_ready },
		{ "PeerGroupAddRecord", test_add },
		{ "attributes", test_attributes },
		{ "PeerGroupUpdateRecord", test_update },
		{ "an update by a clock that is behind", test_slow_clock },
		{ "PeerGroupGetRecord, -DeleteRecord, -EnumRecords", test_get },
		{ "enumerations", test_enumerations },
		{ "events", test_events },
		{ "times", test_times },
		{ "what a member may not", test_not_authorized },
		{ "a group that was deleted", test_deleted_group },
		{ "PeerGroupShutdown", test_shutdown },
	};
	char home[] = "/tmp/errors.XXXXXX";

	need_module();
	own_namespace();
	NEED(mkdtemp(home) && !setenv("PEERGROUP_HOME", home, 1));
	return tap_main(tests, sizeof(tests) / sizeof(tests[0]));
}
