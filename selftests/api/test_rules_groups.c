// SPDX-License-Identifier: GPL-2.0-only
// timeout: 300
/*
 * The rules of names, of identities and invitations as XML, of roles and membership,
 * and of enumerations. Each case is called by its rule in rules.tsv.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <uchar.h>
#include <p2p.h>
#include <peergroup.h>
#include "api.h"
#include "group.h"
#include "rules.h"
#include "tap.h"

static char *narrow(const WCHAR *w)
{
	static char text[65536];
	size_t i;

	for (i = 0; w && w[i] && i < sizeof(text) - 1; i++)
		text[i] = (char)w[i];
	text[i] = 0;
	return text;
}

/* A name of these parts, good until the next call; NULL where it is refused. */
static const char *make_name(const char *identity, const char *classifier, HRESULT *hr)
{
	static char name[512];
	PWSTR s = NULL;

	*hr = PeerCreatePeerName(identity ? wide(identity) : NULL,
				 classifier ? wide(classifier) : NULL, &s);
	if (*hr != S_OK) {
		CHECK(!s);
		return NULL;
	}
	snprintf(name, sizeof(name), "%.511s", narrow(s));
	PeerFreeData(s);
	return name;
}

static bool secure(const char *name)
{
	size_t n = strspn(name, "0123456789abcdef");

	return n == 40 && (!name[40] || name[40] == '.');
}

/* ----------------------------------------------------------------- names -- */

RULE(P1, "a name is authority, dot, classifier")
{
	HRESULT hr;
	const char *name = make_name(alice, "desk", &hr);

	HR(hr, S_OK);
	CHECK(name && !strncmp(name, alice, 40) && !strcmp(name + 40, ".desk"));
}

RULE(P2, "a secure authority is a hash of the key in 40 lowercase hex digits")
{
	uint8_t hash[32];
	char hex[41];
	int i;

	bobs_key_hash(hash);
	for (i = 0; i < 20; i++)
		sprintf(hex + 2 * i, "%02x", hash[i]);
	CHECK(secure(bob) && !strncmp(bob, hex, 40), "%s and %s", bob, hex);
}

RULE(P3, "an unsecured authority is a 0")
{
	HRESULT hr;
	const char *name = make_name(NULL, "desk", &hr);

	CHECK(name && !strcmp(name, "0.desk"));
}

RULE(P4, "a classifier has 149 characters at the most, of Unicode")
{
	char text[151];
	PWSTR s = NULL;
	HRESULT hr;

	memset(text, 'x', 150);
	text[150] = 0;
	make_name(alice, text, &hr);
	HR(hr, E_INVALIDARG);
	text[149] = 0;
	make_name(alice, text, &hr);
	HR(hr, S_OK);
	HR(PeerCreatePeerName(NULL, (PCWSTR)u"gr\u00fc\U0001f600", &s), S_OK);
	PeerFreeData(s);
}

RULE(P5, "a classifier may have dots: the first parts it from the authority")
{
	HRESULT hr;
	char name[512];

	NEED(make_name(alice, "a.b.c", &hr));
	snprintf(name, sizeof(name), "%s", make_name(alice, "a.b.c", &hr));
	CHECK(!strcmp(name + 40, ".a.b.c"));
	CHECK(!strcmp(make_name(name, "d", &hr) + 40, ".d"));
}

RULE(P6, "names are told apart by case")
{
	char other[512];
	HPEERENUM list;
	ULONG n = 9;

	snprintf(other, sizeof(other), "%s", alice);
	other[41] = 'A';
	HR(PeerIdentityDelete(wide(other)), PEER_E_NOT_FOUND);
	HR(PeerEnumIdentities(&list), S_OK);
	HR(PeerGetItemCount(list, &n), S_OK);
	HR(PeerEndEnumeration(list), S_OK);
	CHECK(n == 2);
}

RULE(P7, "a secure name may lack its classifier, an unsecured one not")
{
	HRESULT hr;
	char authority[41];
	const char *name;

	snprintf(authority, sizeof(authority), "%.40s", alice);
	name = make_name(authority, NULL, &hr);
	CHECK(name && !strcmp(name, authority));
	make_name(NULL, NULL, &hr);
	HR(hr, E_INVALIDARG);
	make_name("0", NULL, &hr);
	CHECK(hr != S_OK);
}

RULE(P8, "groups and identities have secure names")
{
	CHECK(secure(alice) && secure(bob) && secure(group_name));
}

RULE(P9, "a group's classifier is that of its name, and so is an identity's")
{
	CHECK(!strcmp(alice + 40, ".alice") && !strcmp(group_name + 40, ".club"));
	CHECK(strncmp(alice, group_name, 40), "of two keys");
}

RULE(P11, "the longest names are taken")
{
	char text[150], name[200];
	PWSTR host = NULL;
	HRESULT hr;

	memset(text, 'x', 149);
	text[149] = 0;
	snprintf(name, sizeof(name), "%s", make_name(alice, text, &hr));
	CHECK(strlen(name) == 190);
	/* Its label is too long for a name of the DNS, which is no fault of the name. */
	HR(PeerNameToPeerHostName(wide(name), &host), PEER_E_CANNOT_CONVERT_PEER_NAME);
	make_name(name, NULL, &hr);
	HR(hr, S_OK);
}

RULE(P12, "a host name has the labels turned round, below pnrp.net")
{
	char expected[512];
	PWSTR host, back;

	HR(PeerNameToPeerHostName(wide(alice), &host), S_OK);
	snprintf(expected, sizeof(expected), "alice.%s%.40s.pnrp.net",
		 alice[0] < 'a' ? "p" : "", alice);
	CHECK(same(host, expected), "%s, not %s", narrow(host), expected);
	HR(PeerHostNameToPeerName(host, &back), S_OK);
	CHECK(same(back, alice));
	PeerFreeData(host);
	PeerFreeData(back);
	HR(PeerNameToPeerHostName(wide("0.desk"), &host), S_OK);
	CHECK(same(host, "desk.pnrp.net"));
	PeerFreeData(host);
}

/* ------------------------------------------------------------------- XML -- */

RULE(J1, "an identity's XML is PEERIDENTITYINFO 1.0 with one certificate")
{
	PWSTR xml;
	char *text;

	HR(PeerIdentityGetXML(wide(bob), &xml), S_OK);
	text = narrow(xml);
	CHECK(strstr(text, "<PEERIDENTITYINFO") && strstr(text, "VERSION=\"1.0\""));
	CHECK(strstr(text, "<IDC") && strstr(text, "dt:dt=\"bin.base64\""));
	CHECK(strstr(text, "urn:schemas-microsoft-com:datatypes"));
	PeerFreeData(xml);
}

RULE(J3, "an invitation is PEERINVITATION 1.0 with cloud, scope and certificates")
{
	static const char *const parts[] = {
		"<PEERINVITATION", "VERSION=\"1.0\"", "<CLOUDNAME", "<SCOPE>GLOBAL</SCOPE>",
		"<CLOUDFLAGS>0</CLOUDFLAGS>", "<GMC", "dt:dt=\"bin.base64\"",
	};
	unsigned int i;

	for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		CHECK(strstr(invitation, parts[i]), "no %s", parts[i]);
}

RULE(J4, "an invitation that was changed is not trusted, one of another version not known")
{
	char *text = strdup(invitation), *at = strstr(text, "\"1.0\"");
	PEER_INVITATION_INFO *info = (void *)&bad_handle;
	HGROUP g = &bad_handle;

	NEED(at);
	at[1] = '7';
	HR(PeerGroupParseInvitation(wide(text), &info), PEER_E_UNSUPPORTED_VERSION);
	HR(PeerGroupJoin(wide(bob), wide(text), NULL, &g), PEER_E_UNSUPPORTED_VERSION);
	at[1] = '1';
	at = text + strlen(text) / 2;
	*at = *at == 'A' ? 'B' : 'A';
	HR(PeerGroupParseInvitation(wide(text), &info), PEER_E_INVITATION_NOT_TRUSTED);
	HR(PeerGroupJoin(wide(bob), wide(text), NULL, &g), PEER_E_INVITATION_NOT_TRUSTED);
	HR(PeerGroupJoin(wide(alice), wide(invitation), NULL, &g), PEER_E_INVITATION_NOT_TRUSTED);
	CHECK(!info && !g);
	free(text);
}

/* ----------------------------------------------------------------- roles -- */

static HRESULT invite(HGROUP group, const char *who, const GUID *role)
{
	PWSTR xml, s = NULL;
	HRESULT hr;

	NEED(!PeerIdentityGetXML(wide(who), &xml));
	hr = PeerGroupCreateInvitation(group, xml, NULL, 1, role, &s);
	PeerFreeData(xml);
	CHECK(!hr == !!s);
	PeerFreeData(s);
	return hr;
}

static char *carol;

RULE(R1, "the creator issues every role and sets properties")
{
	PEER_GROUP_PROPERTIES *p;

	NEED(!peergroup_identity_create("carol", "Carol", &carol));
	HR(invite(ours, carol, &PEER_GROUP_ROLE_ADMIN), S_OK);
	HR(invite(ours, carol, &PEER_GROUP_ROLE_INVITING_MEMBER), S_OK);
	HR(invite(ours, carol, &PEER_GROUP_ROLE_MEMBER), S_OK);
	HR(PeerGroupGetProperties(ours, &p), S_OK);
	HR(PeerGroupSetProperties(ours, p), S_OK);
	PeerFreeData(p);
	rules_connect();
}

RULE(R3, "an inviting member issues its own role and below, and changes its own records only")
{
	PEER_RECORD r = new_record();
	PEER_GROUP_PROPERTIES *p;
	GUID id = add_record();

	HR(invite(bobs, carol, &PEER_GROUP_ROLE_ADMIN), PEER_E_NOT_AUTHORIZED);
	HR(invite(bobs, carol, &PEER_GROUP_ROLE_INVITING_MEMBER), S_OK);
	HR(invite(bobs, carol, &PEER_GROUP_ROLE_MEMBER), S_OK);
	HR(PeerGroupAddRecord(bobs, &r, &r.id), S_OK);
	HR(PeerGroupUpdateRecord(bobs, &r), S_OK);
	CHECK(rules_agree(&id));
	HR(PeerGroupDeleteRecord(bobs, &id), PEER_E_NOT_AUTHORIZED);
	HR(PeerGroupGetProperties(bobs, &p), S_OK);
	HR(PeerGroupSetProperties(bobs, p), PEER_E_NOT_AUTHORIZED);
	PeerFreeData(p);
}

/* Bob by another role, until then: closed and joined again. */
static void rejoin(uint32_t role, time_t until)
{
	char *xml;

	NEED(!peergroup_renew(ours, bob, until, role, 0, &xml));
	rules_part();
	HR(PeerGroupClose(bobs), S_OK);
	NEED(!peergroup_join(bob, xml, (peergroup_t *)&bobs));
	peergroup_free(xml);
}

/* And linked again. */
static void become(uint32_t role)
{
	rejoin(role, 0);
	rules_meet();
}

RULE(R4, "a member publishes, and invites nobody")
{
	PEER_RECORD r = new_record();

	become(PEERGROUP_ROLE_MEMBER);
	HR(invite(bobs, carol, &PEER_GROUP_ROLE_MEMBER), PEER_E_NOT_AUTHORIZED);
	HR(PeerGroupAddRecord(bobs, &r, &r.id), S_OK);
	HR(PeerGroupUpdateRecord(bobs, &r), S_OK);
	HR(PeerGroupDeleteRecord(bobs, &r.id), S_OK);
}

RULE(R2, "an administrator issues every role and changes others' records, not the properties")
{
	PEER_GROUP_PROPERTIES *p;
	GUID id = add_record();

	become(PEERGROUP_ROLE_ADMIN);
	HR(invite(bobs, carol, &PEER_GROUP_ROLE_ADMIN), S_OK);
	HR(invite(bobs, carol, &PEER_GROUP_ROLE_MEMBER), S_OK);
	CHECK(rules_agree(&id));
	HR(PeerGroupDeleteRecord(bobs, &id), S_OK);
	HR(PeerGroupGetProperties(bobs, &p), S_OK);
	HR(PeerGroupSetProperties(bobs, p), PEER_E_NOT_AUTHORIZED);
	PeerFreeData(p);
}

/* ------------------------------------------------------------ membership -- */

RULE(M4, "who invited is not invited by who was")
{
	HR(invite(bobs, alice, &PEER_GROUP_ROLE_MEMBER), PEER_E_CIRCULAR_CHAIN_DETECTED);
}

ERROR(PeerGroupCreateInvitation, PEER_E_CIRCULAR_CHAIN_DETECTED, "somebody above oneself, or oneself")
{
	HR(invite(bobs, alice, &PEER_GROUP_ROLE_MEMBER), PEER_E_CIRCULAR_CHAIN_DETECTED);
	HR(invite(bobs, bob, &PEER_GROUP_ROLE_MEMBER), PEER_E_CIRCULAR_CHAIN_DETECTED);
	HR(invite(ours, alice, &PEER_GROUP_ROLE_MEMBER), PEER_E_CIRCULAR_CHAIN_DETECTED);
}

/* The member of that name, to be freed; NULL: none. */
static PEER_MEMBER **look_up(const char *name)
{
	PEER_MEMBER **items;
	HPEERENUM list;
	ULONG n = 1;

	NEED(!PeerGroupEnumMembers(ours, 0, wide(name), &list));
	NEED(!PeerGetNextItem(list, &n, (PVOID **)&items));
	PeerEndEnumeration(list);
	if (n)
		return items;
	PeerFreeData(items);
	return NULL;
}

#define A_YEAR	(365ULL * 86400 * TICKS)

RULE(M5, "a creator is administrator for a thousand years")
{
	PEER_MEMBER **m = look_up(alice);

	NEED(m);
	CHECK((*m)->pCredentialInfo->cRoles == 1 &&
	      guids_equal((*m)->pCredentialInfo->pRoles, &PEER_GROUP_ROLE_ADMIN));
	CHECK(from_filetime((*m)->pCredentialInfo->ftValidityEnd) > peer_time_now() + 999 * A_YEAR);
	PeerFreeData(m);
}

RULE(M6, "an invitation without an end has its issuer's")
{
	PEER_INVITATION_INFO *info;

	HR(PeerGroupParseInvitation(wide(invitation), &info), S_OK);
	CHECK(from_filetime(info->ftValidityEnd) > peer_time_now() + 999 * A_YEAR);
	PeerFreeData(info);
}

RULE(M7, "an invitation does not outlive its issuer's membership")
{
	FILETIME end = to_filetime(peer_time_now() + 1100 * A_YEAR);
	PWSTR xml, s = (PWSTR)&bad_handle;

	HR(PeerIdentityGetXML(wide(carol), &xml), S_OK);
	HR(PeerGroupCreateInvitation(ours, xml, &end, 1, &PEER_GROUP_ROLE_MEMBER, &s),
	   PEER_E_INVALID_TIME_PERIOD);
	CHECK(!s);
	PeerFreeData(xml);
}

static bool is_away(void *arg)
{
	PEER_MEMBER **m = look_up(arg);
	bool is = m && !((*m)->dwFlags & PEER_MEMBER_PRESENT) && !(*m)->cAddresses;

	PeerFreeData(m);
	return is;
}

static bool is_present(void *arg)
{
	PEER_MEMBER **m = look_up(arg);
	bool is = m && (*m)->dwFlags & PEER_MEMBER_PRESENT && (*m)->cAddresses;

	PeerFreeData(m);
	return is;
}

RULE(D3, "who is away is still a member, without addresses")
{
	CHECK(wait_until(is_present, bob));
	rules_part();
	CHECK(wait_until(is_away, bob));
	rules_meet();
	CHECK(wait_until(is_present, bob));
}

RULE(D4, "this host's member comes first")
{
	PEER_MEMBER **items;
	HPEERENUM list;
	ULONG n = 10;

	HR(PeerGroupEnumMembers(bobs, 0, NULL, &list), S_OK);
	HR(PeerGetNextItem(list, &n, (PVOID **)&items), S_OK);
	CHECK(n == 2 && same(items[0]->pwzIdentity, bob));
	PeerFreeData(items);
	HR(PeerEndEnumeration(list), S_OK);
}

/* --------------------------------------------------------------- renewal -- */

#define A_DAY	(86400 * TICKS)

static uint64_t start_of_bob, length_of_bob;

/* Alice's host knows Bob by a later certificate than before. */
static bool is_later(void *arg)
{
	PEER_MEMBER **m = look_up(bob);
	uint64_t start = m ? from_filetime((*m)->pCredentialInfo->ftValidityStart) : 0;
	bool is = start > start_of_bob;

	(void)arg;
	if (is) {
		length_of_bob = from_filetime((*m)->pCredentialInfo->ftValidityEnd) - start;
		start_of_bob = start;
	}
	PeerFreeData(m);
	return is;
}

/* What Alice issues to Bob, to be freed. */
static PEER_INVITATION_INFO *issued(PEER_CREDENTIAL_INFO *info)
{
	PEER_INVITATION_INFO *text = NULL;
	PWSTR xml = NULL;

	HR(PeerGroupIssueCredentials(ours, wide(bob), info, 0, &xml), S_OK);
	NEED(xml);
	HR(PeerGroupParseInvitation(xml, &text), S_OK);
	NEED(text);
	PeerFreeData(xml);
	return text;
}

RULE(L1, "a renewal without information lasts as long as before, as a text and stored")
{
	PEER_INVITATION_INFO *info;
	uint64_t length;

	NEED(wait_until(is_later, NULL));
	rejoin(PEERGROUP_ROLE_MEMBER, time(NULL) + 86400);
	rules_meet();
	NEED(wait_until(is_later, NULL));
	length = length_of_bob;
	CHECK(length > A_DAY - HOUR && length < A_DAY + HOUR);
	info = issued(NULL);
	CHECK(from_filetime(info->ftValidityEnd) - from_filetime(info->ftValidityStart) == length);
	CHECK(info->cRoles == 1 && guids_equal(info->pRoles, &PEER_GROUP_ROLE_MEMBER));
	PeerFreeData(info);
	HR(PeerGroupIssueCredentials(ours, wide(bob), NULL, PEER_GROUP_STORE_CREDENTIALS, NULL),
	   S_OK);
	CHECK(wait_until(is_later, NULL), "the group has it");
	CHECK(length_of_bob == length);
}

RULE(L2, "a renewal with information has its times and roles, within the issuer's")
{
	uint64_t second = (peer_time_now() / TICKS + 60) * TICKS;
	PEER_CREDENTIAL_INFO info = {
		.dwSize = sizeof(info), .cRoles = 1,
		.pRoles = (GUID *)&PEER_GROUP_ROLE_INVITING_MEMBER,
		.ftValidityStart = to_filetime(second),
		.ftValidityEnd = to_filetime(second + HOUR),
	};
	PEER_INVITATION_INFO *text = issued(&info);
	PWSTR xml = (PWSTR)&bad_handle;

	CHECK(from_filetime(text->ftValidityStart) == second);
	CHECK(from_filetime(text->ftValidityEnd) == second + HOUR);
	CHECK(text->cRoles == 1 &&
	      guids_equal(text->pRoles, &PEER_GROUP_ROLE_INVITING_MEMBER));
	PeerFreeData(text);
	info.ftValidityEnd = to_filetime(second + 1100 * A_YEAR);
	HR(PeerGroupIssueCredentials(ours, wide(bob), &info, 0, &xml),
	   PEER_E_INVALID_TIME_PERIOD);
	CHECK(!xml);
}

static bool has_passed(void *arg)
{
	return peer_time_now() > *(uint64_t *)arg;
}

/* Offline, where there is nobody else to keep him from it. */
RULE(B8, "nobody publishes whose membership has ended")
{
	uint64_t end;
	PEER_RECORD r = new_record();
	GUID id;

	HR(PeerGroupAddRecord(bobs, &r, &r.id), S_OK);
	NEED(rules_agree(&r.id));
	rejoin(PEERGROUP_ROLE_MEMBER, time(NULL) + 15);
	end = peer_time_now() + 16 * TICKS;
	NEED(wait_until(has_passed, &end));
	HR(PeerGroupAddRecord(bobs, &r, &id), PEER_E_NOT_AUTHORIZED);
	CHECK(count_records(bobs, &rules_type) == 0);
}

/* ---------------------------------------------------------- enumerations -- */

static HPEERENUM five(void)
{
	static const GUID type = { 0x55555, 1, 2, { 3 } };
	PEER_RECORD r = new_record();
	HPEERENUM list;
	unsigned int i;

	r.type = type;
	for (i = count_records(ours, &type); i < 5; i++)
		HR(PeerGroupAddRecord(ours, &r, &r.id), S_OK);
	HR(PeerGroupEnumRecords(ours, &type, &list), S_OK);
	return list;
}

RULE(N1, "as many items come as are wanted, or as remain")
{
	HPEERENUM list = five();
	void **items;
	ULONG n = 3;

	HR(PeerGetNextItem(list, &n, &items), S_OK);
	CHECK(n == 3);
	PeerFreeData(items);
	HR(PeerGetNextItem(list, &n, &items), S_OK);
	CHECK(n == 2);
	PeerFreeData(items);
	HR(PeerEndEnumeration(list), S_OK);
}

RULE(N2, "items are one block")
{
	HPEERENUM list = five();
	PEER_RECORD **items;
	ULONG n = 5;

	HR(PeerGetNextItem(list, &n, (PVOID **)&items), S_OK);
	HR(PeerEndEnumeration(list), S_OK);
	CHECK(n == 5 && items[4]->dwSize == sizeof(PEER_RECORD) && items[4]->data.cbData == 5);
	PeerFreeData(items);
}

RULE(N3, "the end is success, and no items; and again")
{
	HPEERENUM list = five();
	void **items;
	ULONG n = 9;

	HR(PeerGetNextItem(list, &n, &items), S_OK);
	PeerFreeData(items);
	n = 9;
	HR(PeerGetNextItem(list, &n, &items), S_OK);
	CHECK(n == 0);
	PeerFreeData(items);
	n = 9;
	HR(PeerGetNextItem(list, &n, &items), S_OK);
	CHECK(n == 0);
	PeerFreeData(items);
	HR(PeerEndEnumeration(list), S_OK);
}

RULE(N4, "at the end the items' pointer is written too")
{
	HPEERENUM list = five();
	void **items = (void **)&bad_handle;
	ULONG n = 5;

	HR(PeerGetNextItem(list, &n, &items), S_OK);
	PeerFreeData(items);
	items = (void **)&bad_handle;
	HR(PeerGetNextItem(list, &n, &items), S_OK);
	CHECK(items != (void **)&bad_handle);
	PeerFreeData(items);
	HR(PeerEndEnumeration(list), S_OK);
}

RULE(N5, "loops until none come, and until fewer come than were wanted")
{
	HPEERENUM list = five();
	unsigned int sum = 0;
	void **items;
	ULONG n;

	for (n = 2; n == 2; sum += n) {
		HR(PeerGetNextItem(list, &n, &items), S_OK);
		PeerFreeData(items);
	}
	HR(PeerEndEnumeration(list), S_OK);
	CHECK(sum == 5);
	list = five();
	sum = 0;
	for (n = 1; n; sum += n) {
		HR(PeerGetNextItem(list, &n, &items), S_OK);
		PeerFreeData(items);
	}
	HR(PeerEndEnumeration(list), S_OK);
	CHECK(sum == 5);
}

int main(void)
{
	rules_begin();
	rules_people();
	rules_group(0, PEERGROUP_ROLE_INVITING);
	return rules_main();
}
