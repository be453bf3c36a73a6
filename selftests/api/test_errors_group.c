// SPDX-License-Identifier: GPL-2.0-only
// timeout: 200
/*
 * Each error that the functions about groups, invitations and credentials are
 * documented to return, and what a call gives back besides: nothing. Each case is
 * called by function and error, as in rules.tsv.
 */
#include <ftw.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <openssl/pem.h>
#include <openssl/pkcs7.h>
#include <openssl/x509.h>
#include <p2p.h>
#include <peergroup.h>
#include "api.h"
#include "certs.h"
#include "group.h"
#include "rules.h"
#include "tap.h"

#define BAD_TEXT	((PWSTR)&bad_handle)

/* ---------------------------------------------------------------- create -- */

static PEER_GROUP_PROPERTIES properties(void)
{
	return (PEER_GROUP_PROPERTIES){
		.dwSize = sizeof(PEER_GROUP_PROPERTIES), .pwzCreatorPeerName = wide(alice),
	};
}

#define CREATE(change, expected) do {					\
	PEER_GROUP_PROPERTIES p = properties();				\
	HGROUP g_ = BAD_GROUP;						\
									\
	change;								\
	HR(PeerGroupCreate(&p, &g_), expected);				\
	CHECK(!g_);							\
} while (0)

ERROR(PeerGroupCreate, E_INVALIDARG, "no properties, no room, a wrong size, a group's name")
{
	PEER_GROUP_PROPERTIES p = properties();
	HGROUP g = BAD_GROUP;

	HR(PeerGroupCreate(NULL, &g), E_INVALIDARG);
	CHECK(!g);
	HR(PeerGroupCreate(&p, NULL), E_INVALIDARG);
	CREATE(p.dwSize = 4, E_INVALIDARG);
	CREATE(p.pwzGroupPeerName = wide(alice), E_INVALIDARG);
}

ERROR(PeerGroupCreate, PEER_E_NO_CLOUD, "a cloud that is not there")
{
	CREATE(p.pwzCloud = wide("nine"), PEER_E_NO_CLOUD);
}

ERROR(PeerGroupCreate, PEER_E_INVALID_CLASSIFIER, "a classifier too long, or of control characters")
{
	char text[151];

	memset(text, 'x', 150);
	text[150] = 0;
	CREATE(p.pwzClassifier = wide(text), PEER_E_INVALID_CLASSIFIER);
	CREATE(p.pwzClassifier = wide("a\nb"), PEER_E_INVALID_CLASSIFIER);
}

ERROR(PeerGroupCreate, PEER_E_INVALID_PEER_NAME, "a creator's name that is none")
{
	CREATE(p.pwzCreatorPeerName = wide("not a name"), PEER_E_INVALID_PEER_NAME);
}

ERROR(PeerGroupCreate, PEER_E_INVALID_GROUP_PROPERTIES, "values out of range, unknown flags and schemes")
{
	char text[257];

	memset(text, 'x', 256);
	text[256] = 0;
	CREATE(p.pwzFriendlyName = wide(text), PEER_E_INVALID_GROUP_PROPERTIES);
	CREATE(p.pwzComment = wide(text), PEER_E_INVALID_GROUP_PROPERTIES);
	CREATE(p.dwFlags = 0x80, PEER_E_INVALID_GROUP_PROPERTIES);
	CREATE(p.ulMemberDataLifetime = 28799, PEER_E_INVALID_GROUP_PROPERTIES);
	CREATE(p.dwAuthenticationSchemes = 4, PEER_E_INVALID_GROUP_PROPERTIES);
	CREATE(p.dwAuthenticationSchemes = PEER_GROUP_PASSWORD_AUTHENTICATION,
	       PEER_E_INVALID_GROUP_PROPERTIES);
}

ERROR(PeerGroupCreate, PEER_E_PASSWORD_DOES_NOT_MEET_POLICY, "a password that is too short")
{
	CREATE((p.dwAuthenticationSchemes = PEER_GROUP_PASSWORD_AUTHENTICATION,
		p.pwzGroupPassword = wide("short")), PEER_E_PASSWORD_DOES_NOT_MEET_POLICY);
}

static HRESULT create(void *arg)
{
	PEER_GROUP_PROPERTIES p = properties();

	return PeerGroupCreate(&p, arg);
}

ERROR(PeerGroupCreate, PEER_E_NO_KEY_ACCESS, "the folder of keys is another user's")
{
	HGROUP g = BAD_GROUP;

	HR(as_nobody(create, &g), PEER_E_NO_KEY_ACCESS);
	CHECK(!g);
}

static char *carol_xml;

ERROR(PeerGroupCreate, ERROR_DELETE_PENDING, "the creator's identity was deleted")
{
	char *carol;

	NEED(!peergroup_identity_create("carol", NULL, &carol));
	NEED(!peergroup_identity_xml(carol, &carol_xml));
	NEED(!peergroup_identity_delete(carol));
	CREATE(p.pwzCreatorPeerName = wide(carol), HRESULT_FROM_WIN32(ERROR_DELETE_PENDING));
	peergroup_free(carol);
	rules_group(0, PEERGROUP_ROLE_MEMBER);
}

/* ------------------------------------------------------------------ open -- */

ERROR(PeerGroupOpen, E_INVALIDARG, "no identity, no name, no room")
{
	HGROUP g = BAD_GROUP;

	HR(PeerGroupOpen(NULL, wide(group_name), NULL, &g), E_INVALIDARG);
	CHECK(!g);
	HR(PeerGroupOpen(wide(alice), NULL, NULL, &g), E_INVALIDARG);
	HR(PeerGroupOpen(wide(alice), wide(group_name), NULL, NULL), E_INVALIDARG);
}

ERROR(PeerGroupOpen, PEER_E_NO_CLOUD, "a cloud that is not there")
{
	HGROUP g = BAD_GROUP;

	HR(PeerGroupOpen(wide(alice), wide(group_name), wide("nine"), &g), PEER_E_NO_CLOUD);
	CHECK(!g);
}

static HRESULT open_group(void *arg)
{
	return PeerGroupOpen(wide(alice), wide(group_name), NULL, arg);
}

ERROR(PeerGroupOpen, PEER_E_NO_KEY_ACCESS, "the folder of keys is another user's")
{
	HGROUP g = BAD_GROUP;

	HR(as_nobody(open_group, &g), PEER_E_NO_KEY_ACCESS);
	CHECK(!g);
}

static int give_all(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	return lchown(path, 65534, (gid_t)-1);
}

static int take_back(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	return lchown(path, 0, (gid_t)-1);
}

ERROR(PeerGroupOpen, E_ACCESSDENIED, "the group is another user's, who lets nobody else read it")
{
	const char *home = getenv("PEERGROUP_HOME");
	HGROUP g = BAD_GROUP;

	NEED(home && !nftw(home, give_all, 16, FTW_PHYS));
	HR(as_nobody(open_group, &g), E_ACCESSDENIED);
	CHECK(!g);
	NEED(!nftw(home, take_back, 16, FTW_PHYS));
}

ERROR(PeerGroupOpen, PEER_E_NOT_FOUND, "a group that the identity is not in")
{
	HGROUP g = BAD_GROUP;

	HR(PeerGroupOpen(wide(alice), wide(NOBODY), NULL, &g), PEER_E_NOT_FOUND);
	CHECK(!g);
}

/* ------------------------------------------------------------------ join -- */

#define JOIN(who, text, cloud, expected) do {				\
	HGROUP g_ = BAD_GROUP;						\
									\
	HR(PeerGroupJoin(who, text, cloud, &g_), expected);		\
	CHECK(!g_);							\
} while (0)

ERROR(PeerGroupJoin, E_INVALIDARG, "no invitation, or no room")
{
	JOIN(wide(bob), NULL, NULL, E_INVALIDARG);
	HR(PeerGroupJoin(wide(bob), wide(invitation), NULL, NULL), E_INVALIDARG);
}

ERROR(PeerGroupJoin, PEER_E_NO_CLOUD, "a cloud that is not there")
{
	JOIN(wide(bob), wide(invitation), wide("nine"), PEER_E_NO_CLOUD);
}

ERROR(PeerGroupJoin, PEER_E_INVALID_PEER_NAME, "an identity's name that is none")
{
	JOIN(wide("not a name"), wide(invitation), NULL, PEER_E_INVALID_PEER_NAME);
}

/* The invitation, of another version or with a letter of its certificates changed. */
static char *changed(bool version)
{
	static char text[65536];
	char *at;

	snprintf(text, sizeof(text), "%s", invitation);
	at = version ? strstr(text, "\"1.0\"") + 1 : text + strlen(text) / 2;
	*at = *at == 'A' || version ? '9' : 'A';
	return text;
}

ERROR(PeerGroupJoin, PEER_E_INVITATION_NOT_TRUSTED, "an invitation that was changed, or for another")
{
	JOIN(wide(bob), wide(changed(false)), NULL, PEER_E_INVITATION_NOT_TRUSTED);
	JOIN(wide(bob), wide("nonsense"), NULL, PEER_E_INVITATION_NOT_TRUSTED);
	JOIN(wide(alice), wide(invitation), NULL, PEER_E_INVITATION_NOT_TRUSTED);
}

ERROR(PeerGroupJoin, PEER_E_UNSUPPORTED_VERSION, "an invitation of another version")
{
	JOIN(wide(bob), wide(changed(true)), NULL, PEER_E_UNSUPPORTED_VERSION);
}

static bool has_passed(void *arg)
{
	return peer_time_now() > *(uint64_t *)arg;
}

ERROR(PeerGroupJoin, PEER_E_INVALID_TIME_PERIOD, "an invitation that is over, or not valid yet")
{
	uint64_t end = peer_time_now() + 2 * TICKS;
	FILETIME ft = to_filetime(end);
	PWSTR xml, text;

	NEED(!PeerIdentityGetXML(wide(bob), &xml));
	HR(PeerGroupCreateInvitation(ours, xml, &ft, 1, &PEER_GROUP_ROLE_MEMBER, &text), S_OK);
	end += TICKS;		/* certificates know whole seconds only */
	NEED(wait_until(has_passed, &end));
	JOIN(wide(bob), text, NULL, PEER_E_INVALID_TIME_PERIOD);
	/* By a clock that is an hour slow, of an invitation that is good. */
	set_clock(-3600);
	JOIN(wide(bob), wide(invitation), NULL, PEER_E_INVALID_TIME_PERIOD);
	set_clock(3600);
	PeerFreeData(text);
	PeerFreeData(xml);
}

/* The key of a member, to be freed. */
static EVP_PKEY *key_of(const char *name)
{
	char pattern[512];
	EVP_PKEY *key;
	glob_t found;
	FILE *file;

	snprintf(pattern, sizeof(pattern), "%s/identities/%.40s*/key.pem",
		 getenv("PEERGROUP_HOME"), name);
	NEED(!glob(pattern, 0, NULL, &found) && found.gl_pathc == 1);
	file = fopen(found.gl_pathv[0], "r");
	NEED(file);
	key = PEM_read_PrivateKey(file, NULL, NULL, NULL);
	NEED(key);
	fclose(file);
	globfree(&found);
	return key;
}

#define LINKS	4

/* The invitation with another chain in it, good until it is next called. */
static char *invitation_of(const struct der_buf *certs, unsigned int n)
{
	static char text[65536];
	const char *head = strstr(strstr(invitation, "<GMC"), ">"), *tail = strstr(head, "</GMC>");
	PKCS7 *p7 = PKCS7_new();
	unsigned char *der = NULL;
	const uint8_t *p;
	int len = ++head - invitation;
	X509 *x;

	NEED(PKCS7_set_type(p7, NID_pkcs7_signed) && PKCS7_content_new(p7, NID_pkcs7_data));
	PKCS7_set_detached(p7, 1);
	while (n--) {
		p = certs[n].p;
		x = d2i_X509(NULL, &p, (long)certs[n].len);
		NEED(x && PKCS7_add_certificate(p7, x));
		X509_free(x);
	}
	memcpy(text, invitation, (size_t)len);
	n = (unsigned int)i2d_PKCS7(p7, &der);
	NEED(der && n < sizeof(text) / 2);
	len += EVP_EncodeBlock((unsigned char *)text + len, der, (int)n);
	snprintf(text + len, sizeof(text) - (size_t)len, "%s", tail);
	OPENSSL_free(der);
	PKCS7_free(p7);
	return text;
}

/* Another group: its root, Alice, Bob whom she has let in, and Alice whom he has: none makes it. */
static void make_circle(struct der_buf certs[LINKS])
{
	EVP_PKEY *keys[LINKS] = { test_key(0), key_of(alice), key_of(bob), key_of(alice) };
	static const char *const classifiers[] = { NULL, "alice", "bob", "alice" };
	uint8_t issuers[LINKS][PEERGROUP_HASH_LEN];
	struct cert_spec specs[LINKS];
	unsigned int i;

	specs[0] = cert_spec_root(keys[0]);
	cert_make(&specs[0], &certs[0]);
	for (i = 1; i < LINKS; i++) {
		specs[i] = cert_spec_below(keys[i], &specs[i - 1], &certs[i - 1], issuers[i],
					   PEERGROUP_ROLE_ADMIN);
		specs[i].classifier = classifiers[i];
		cert_make(&specs[i], &certs[i]);
	}
	while (--i)
		EVP_PKEY_free(keys[i]);
}

ERROR(PeerGroupJoin, PEER_E_CIRCULAR_CHAIN_DETECTED, "by somebody who is a member by oneself")
{
	struct der_buf *certs = calloc(LINKS, sizeof(*certs));
	struct peergroup_invitation *i;
	HGROUP bobs_too;

	NEED(certs);
	make_circle(certs);
	JOIN(wide(alice), wide(invitation_of(certs, LINKS)), NULL, PEER_E_CIRCULAR_CHAIN_DETECTED);
	/* Up to Bob it is as it should be. */
	NEED(!peergroup_parse_invitation(invitation_of(certs, LINKS - 1), &i));
	HR(PeerGroupJoin(wide(bob), wide(invitation_of(certs, LINKS - 1)), NULL, &bobs_too), S_OK);
	HR(PeerGroupDelete(wide(bob), wide(i->group_name)), S_OK);
	peergroup_free(i);
	free(certs);
}

static HRESULT join(void *arg)
{
	return PeerGroupJoin(wide(bob), wide(invitation), NULL, arg);
}

ERROR(PeerGroupJoin, PEER_E_NO_KEY_ACCESS, "the folder of keys is another user's")
{
	HGROUP g = BAD_GROUP;

	HR(as_nobody(join, &g), PEER_E_NO_KEY_ACCESS);
	CHECK(!g);
}

ERROR(PeerGroupJoin, PEER_E_GROUP_IN_USE, "the group is open")
{
	JOIN(wide(bob), wide(invitation), NULL, PEER_E_GROUP_IN_USE);
}

/* --------------------------------------------------------------- connect -- */

ERROR(PeerGroupConnect, PEER_E_INVALID_GROUP, "no group's handle")
{
	HR(PeerGroupConnect(BAD_GROUP), PEER_E_INVALID_GROUP);
	HR(PeerGroupConnect(NULL), PEER_E_INVALID_GROUP);
}

ERROR(PeerGroupConnectByAddress, PEER_E_INVALID_GROUP, "no group's handle")
{
	PEER_ADDRESS a = { .dwSize = sizeof(a), .sin6.sin6_family = AF_INET6 };

	HR(PeerGroupConnectByAddress(BAD_GROUP, 1, &a), PEER_E_INVALID_GROUP);
}

ERROR(PeerGroupConnectByAddress, E_INVALIDARG, "no addresses, or of a wrong size or family")
{
	PEER_ADDRESS a = { .dwSize = sizeof(a), .sin6.sin6_family = AF_INET6 };

	HR(PeerGroupConnectByAddress(ours, 0, &a), E_INVALIDARG);
	HR(PeerGroupConnectByAddress(ours, 1, NULL), E_INVALIDARG);
	a.dwSize--;
	HR(PeerGroupConnectByAddress(ours, 1, &a), E_INVALIDARG);
	a.dwSize++;
	a.sin6.sin6_family = AF_INET;
	HR(PeerGroupConnectByAddress(ours, 1, &a), E_INVALIDARG);
}

ERROR(PeerGroupClose, PEER_E_INVALID_GROUP, "no group's handle, or a closed one")
{
	HGROUP g;

	HR(PeerGroupClose(BAD_GROUP), PEER_E_INVALID_GROUP);
	HR(PeerGroupClose(NULL), PEER_E_INVALID_GROUP);
	HR(open_group(&g), S_OK);
	HR(PeerGroupClose(g), S_OK);
	HR(PeerGroupClose(g), PEER_E_INVALID_GROUP);
}

ERROR(PeerGroupDelete, E_INVALIDARG, "no group's name")
{
	HR(PeerGroupDelete(wide(alice), NULL), E_INVALIDARG);
}

ERROR(PeerGroupDelete, PEER_E_NOT_FOUND, "an unknown group")
{
	HR(PeerGroupDelete(wide(alice), wide(NOBODY)), PEER_E_NOT_FOUND);
}

static HRESULT delete_group(void *arg)
{
	(void)arg;
	return PeerGroupDelete(wide(alice), wide(group_name));
}

ERROR(PeerGroupDelete, PEER_E_NO_KEY_ACCESS, "the folder of keys is another user's")
{
	HR(as_nobody(delete_group, NULL), PEER_E_NO_KEY_ACCESS);
}

/* All of the data folder is the user's; but the folders that list its groups are root's. */
static int give_away(const char *path, const struct stat *st, int type, struct FTW *at)
{
	bool list = at->level == 2 && type == FTW_D && strstr(path, "/groups/");

	(void)st;
	return lchown(path, list ? 0 : 65534, (gid_t)-1) || (list && chmod(path, 0755));
}

ERROR(PeerGroupDelete, E_ACCESSDENIED, "the folder that lists the groups is another user's")
{
	const char *home = getenv("PEERGROUP_HOME");
	HGROUP g;

	HR(PeerGroupClose(ours), S_OK);
	NEED(home && !nftw(home, give_away, 16, FTW_PHYS));
	HR(as_nobody(delete_group, NULL), E_ACCESSDENIED);
	CHECK(strstr(peergroup_error_detail(), "delete"), "%s", peergroup_error_detail());
	NEED(!nftw(home, take_back, 16, FTW_PHYS));
	/* Nothing of it is gone. */
	HR(open_group(&g), S_OK);
	HR(PeerGroupClose(g), S_OK);
	HR(open_group(&ours), S_OK);
}

/* ----------------------------------------------------------- invitations -- */

static PWSTR xml_of(const char *name)
{
	PWSTR xml;

	NEED(!PeerIdentityGetXML(wide(name), &xml));
	return xml;
}

#define INVITE(group, xml, end, n, role, expected) do {			\
	PWSTR s_ = BAD_TEXT;						\
									\
	HR(PeerGroupCreateInvitation(group, xml, end, n, role, &s_), expected);	\
	CHECK(!s_);							\
} while (0)

ERROR(PeerGroupCreateInvitation, PEER_E_GROUP_NOT_READY, "joined, but never synchronised")
{
	PWSTR xml = xml_of(alice);

	INVITE(bobs, xml, NULL, 1, &PEER_GROUP_ROLE_MEMBER, PEER_E_GROUP_NOT_READY);
	PeerFreeData(xml);
}

ERROR(PeerGroupCreateInvitation, E_INVALIDARG, "no identity, no roles, no room, or what is none")
{
	PWSTR xml = xml_of(bob);

	INVITE(ours, NULL, NULL, 1, &PEER_GROUP_ROLE_MEMBER, E_INVALIDARG);
	INVITE(ours, xml, NULL, 0, &PEER_GROUP_ROLE_MEMBER, E_INVALIDARG);
	INVITE(ours, xml, NULL, 1, NULL, E_INVALIDARG);
	INVITE(ours, wide("<xml/>"), NULL, 1, &PEER_GROUP_ROLE_MEMBER, E_INVALIDARG);
	HR(PeerGroupCreateInvitation(ours, xml, NULL, 1, &PEER_GROUP_ROLE_MEMBER, NULL),
	   E_INVALIDARG);
	PeerFreeData(xml);
}

ERROR(PeerGroupCreateInvitation, PEER_E_INVALID_GROUP, "no group's handle")
{
	INVITE(BAD_GROUP, wide("x"), NULL, 1, &PEER_GROUP_ROLE_MEMBER, PEER_E_INVALID_GROUP);
}

ERROR(PeerGroupCreateInvitation, PEER_E_IDENTITY_DELETED, "an identity of this host that was deleted")
{
	INVITE(ours, wide(carol_xml), NULL, 1, &PEER_GROUP_ROLE_MEMBER, PEER_E_IDENTITY_DELETED);
}

ERROR(PeerGroupCreateInvitation, PEER_E_INVALID_ROLE_PROPERTY, "an unknown role")
{
	PWSTR xml = xml_of(bob);

	INVITE(ours, xml, NULL, 1, &rules_type, PEER_E_INVALID_ROLE_PROPERTY);
	PeerFreeData(xml);
}

ERROR(PeerGroupCreateInvitation, PEER_E_INVALID_TIME_PERIOD, "an end that is past, or after the issuer's")
{
	FILETIME past = { 0, 1 }, late = { 0, 0x7fffffff };
	PWSTR xml = xml_of(bob);

	INVITE(ours, xml, &past, 1, &PEER_GROUP_ROLE_MEMBER, PEER_E_INVALID_TIME_PERIOD);
	INVITE(ours, xml, &late, 1, &PEER_GROUP_ROLE_MEMBER, PEER_E_INVALID_TIME_PERIOD);
	PeerFreeData(xml);
}

struct invitee {
	HGROUP group;
	PWSTR xml, text;
};

static HRESULT invite(void *arg)
{
	struct invitee *i = arg;

	return PeerGroupCreateInvitation(i->group, i->xml, NULL, 1, &PEER_GROUP_ROLE_MEMBER,
					 &i->text);
}

ERROR(PeerGroupCreateInvitation, PEER_E_NO_KEY_ACCESS, "the folder of keys is another user's")
{
	struct invitee i = { ours, xml_of(bob), BAD_TEXT };

	HR(as_nobody(invite, &i), PEER_E_NO_KEY_ACCESS);
	CHECK(!i.text);
	PeerFreeData(i.xml);
}

ERROR(PeerGroupParseInvitation, E_INVALIDARG, "no invitation, or no room")
{
	PEER_INVITATION_INFO *info = (void *)&bad_handle;

	HR(PeerGroupParseInvitation(NULL, &info), E_INVALIDARG);
	CHECK(!info);
	HR(PeerGroupParseInvitation(wide(invitation), NULL), E_INVALIDARG);
}

ERROR(PeerGroupParseInvitation, PEER_E_INVITATION_NOT_TRUSTED, "an invitation that was changed")
{
	PEER_INVITATION_INFO *info = (void *)&bad_handle;

	HR(PeerGroupParseInvitation(wide(changed(false)), &info), PEER_E_INVITATION_NOT_TRUSTED);
	CHECK(!info);
	HR(PeerGroupParseInvitation(wide("x"), &info), PEER_E_INVITATION_NOT_TRUSTED);
}

ERROR(PeerGroupParseInvitation, PEER_E_UNSUPPORTED_VERSION, "an invitation of another version")
{
	PEER_INVITATION_INFO *info = (void *)&bad_handle;

	HR(PeerGroupParseInvitation(wide(changed(true)), &info), PEER_E_UNSUPPORTED_VERSION);
	CHECK(!info);
}

ERROR(PeerGroupCreateInvitation, PEER_E_NOT_AUTHORIZED, "a member, who invites nobody")
{
	PWSTR xml = xml_of(alice);

	rules_connect();
	INVITE(bobs, xml, NULL, 1, &PEER_GROUP_ROLE_MEMBER, PEER_E_NOT_AUTHORIZED);
	PeerFreeData(xml);
}

ERROR(PeerGroupConnect, PEER_S_ALREADY_CONNECTED, "the group is online")
{
	HR(PeerGroupConnect(ours), PEER_S_ALREADY_CONNECTED);
}

/* ----------------------------------------------------------- credentials -- */

#define ISSUE(group, who, info, flags, expected) do {			\
	PWSTR s_ = BAD_TEXT;						\
									\
	HR(PeerGroupIssueCredentials(group, who, info, flags, &s_), expected);	\
	CHECK(!s_);							\
} while (0)

ERROR(PeerGroupIssueCredentials, E_INVALIDARG, "no member, nothing to come of it, unknown flags")
{
	ISSUE(ours, NULL, NULL, 0, E_INVALIDARG);
	ISSUE(ours, wide(bob), NULL, 2, E_INVALIDARG);
	HR(PeerGroupIssueCredentials(ours, wide(bob), NULL, 0, NULL), E_INVALIDARG);
}

ERROR(PeerGroupIssueCredentials, PEER_E_INVALID_GROUP, "no group's handle")
{
	ISSUE(BAD_GROUP, wide(bob), NULL, 0, PEER_E_INVALID_GROUP);
}

ERROR(PeerGroupIssueCredentials, PEER_E_IDENTITY_NOT_FOUND, "no information, and a member who is unknown")
{
	ISSUE(ours, wide(NOBODY), NULL, 0, PEER_E_IDENTITY_NOT_FOUND);
}

ERROR(PeerGroupIssueCredentials, PEER_E_NOT_AUTHORIZED, "a member, who issues nothing")
{
	ISSUE(bobs, wide(alice), NULL, 0, PEER_E_NOT_AUTHORIZED);
}

static bool knows_bob(void *arg)
{
	PWSTR s;
	HRESULT hr = PeerGroupIssueCredentials(ours, wide(bob), NULL, 0, &s);

	(void)arg;
	PeerFreeData(s);
	return hr == S_OK;
}

ERROR(PeerGroupIssueCredentials, PEER_E_INVALID_CREDENTIAL_INFO, "flags, no roles, a name that is too long")
{
	PEER_CREDENTIAL_INFO info = { .dwSize = sizeof(info), .dwFlags = 1 };
	char text[257];

	NEED(wait_until(knows_bob, NULL));
	info.ftValidityEnd = to_filetime(peer_time_now() + HOUR);
	info.cRoles = 1;
	info.pRoles = (GUID *)&PEER_GROUP_ROLE_MEMBER;
	ISSUE(ours, wide(bob), &info, 0, PEER_E_INVALID_CREDENTIAL_INFO);
	info.dwFlags = 0;
	info.cRoles = 0;
	ISSUE(ours, wide(bob), &info, 0, PEER_E_INVALID_CREDENTIAL_INFO);
	info.cRoles = 1;
	ISSUE(ours, wide(NOBODY), &info, 0, PEER_E_INVALID_CREDENTIAL_INFO);
	memset(text, 'x', 256);
	text[256] = 0;
	info.pwzFriendlyName = wide(text);
	ISSUE(ours, wide(bob), &info, 0, PEER_E_INVALID_CREDENTIAL_INFO);
}

ERROR(PeerGroupIssueCredentials, PEER_E_INVALID_TIME_PERIOD, "an end that is past, or after the issuer's")
{
	PEER_CREDENTIAL_INFO info = {
		.dwSize = sizeof(info), .cRoles = 1, .pRoles = (GUID *)&PEER_GROUP_ROLE_MEMBER,
	};

	ISSUE(ours, wide(bob), &info, 0, PEER_E_INVALID_TIME_PERIOD);
	info.ftValidityEnd.dwHighDateTime = 0x7fffffff;
	ISSUE(ours, wide(bob), &info, 0, PEER_E_INVALID_TIME_PERIOD);
}

ERROR(PeerGroupIssueCredentials, PEER_E_INVALID_ROLE_PROPERTY, "an unknown role")
{
	PEER_CREDENTIAL_INFO info = {
		.dwSize = sizeof(info), .cRoles = 1, .pRoles = (GUID *)&rules_type,
	};

	info.ftValidityEnd = to_filetime(peer_time_now() + HOUR);
	ISSUE(ours, wide(bob), &info, 0, PEER_E_INVALID_ROLE_PROPERTY);
}

#define CAROLS_PORT	4001

/* Bob becomes an administrator, and lets Carol in as another. */
static HGROUP let_in_by_bob(char **carol)
{
	char *xml, *invited;
	HGROUP carols;

	NEED(!peergroup_renew(ours, bob, 0, PEERGROUP_ROLE_ADMIN, 0, &xml));
	rules_part();
	HR(PeerGroupClose(bobs), S_OK);
	NEED(!peergroup_join(bob, xml, (peergroup_t *)&bobs));
	peergroup_free(xml);
	rules_meet();
	NEED(!peergroup_identity_create("carol", "Carol", carol));
	NEED(!peergroup_identity_xml(*carol, &xml));
	NEED(!peergroup_invite(bobs, xml, 0, PEERGROUP_ROLE_ADMIN, &invited));
	NEED(!peergroup_join(*carol, invited, (peergroup_t *)&carols));
	peergroup_free(invited);
	peergroup_free(xml);
	NEED(!peergroup_online(carols, CAROLS_PORT) && !peergroup_connect(carols, "127.0.0.1"));
	NEED(wait_until(is_ready, carols));
	return carols;
}

/* By Alice, who may have to hear of that member first. */
static bool is_issued(void *member)
{
	PWSTR s;

	if (PeerGroupIssueCredentials(ours, wide(member), NULL, 0, &s) != S_OK)
		return false;
	PeerFreeData(s);
	return true;
}

ERROR(PeerGroupIssueCredentials, PEER_E_CIRCULAR_CHAIN_DETECTED, "oneself, and whoever is above, however far")
{
	HGROUP carols;
	char *carol;
	PWSTR s;

	ISSUE(ours, wide(alice), NULL, 0, PEER_E_CIRCULAR_CHAIN_DETECTED);
	carols = let_in_by_bob(&carol);
	ISSUE(bobs, wide(alice), NULL, 0, PEER_E_CIRCULAR_CHAIN_DETECTED);
	ISSUE(carols, wide(bob), NULL, 0, PEER_E_CIRCULAR_CHAIN_DETECTED);
	ISSUE(carols, wide(alice), NULL, 0, PEER_E_CIRCULAR_CHAIN_DETECTED);
	ISSUE(carols, wide(carol), NULL, 0, PEER_E_CIRCULAR_CHAIN_DETECTED);
	/* Down the chain it is none, past somebody neither. */
	HR(PeerGroupIssueCredentials(bobs, wide(carol), NULL, 0, &s), S_OK);
	PeerFreeData(s);
	CHECK(wait_until(is_issued, carol));
	HR(PeerGroupClose(carols), S_OK);
	peergroup_free(carol);
}

ERROR(PeerGroupIssueCredentials, PEER_E_IDENTITY_DELETED, "the issuer's identity is gone")
{
	NEED(!system("mv $PEERGROUP_HOME/identities $PEERGROUP_HOME/gone"));
	ISSUE(ours, wide(bob), NULL, 0, PEER_E_IDENTITY_DELETED);
	NEED(!system("mv $PEERGROUP_HOME/gone $PEERGROUP_HOME/identities"));
}

static HRESULT issue(void *arg)
{
	return PeerGroupIssueCredentials(ours, wide(bob), NULL, 0, arg);
}

ERROR(PeerGroupIssueCredentials, PEER_E_NO_KEY_ACCESS, "the folder of keys is another user's")
{
	PWSTR s = BAD_TEXT;

	HR(as_nobody(issue, &s), PEER_E_NO_KEY_ACCESS);
	CHECK(!s);
}

int main(void)
{
	rules_begin();
	rules_people();
	return rules_main();
}
