// SPDX-License-Identifier: GPL-2.0-only
// timeout: 200
/*
 * The identity that a call means that names none. Alice, Bob and somebody who has no
 * identity are users, with a data folder each; this process is each of them in turn. Each
 * case is called as in rules.tsv.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <p2p.h>
#include <peergroup.h>
#include "api.h"
#include "group.h"
#include "rules.h"
#include "tap.h"

#define PASSWORD	"correct horse battery"
#define BAD_TEXT	((PWSTR)&bad_handle)

static PWSTR for_bob, for_other, by_password;	/* invitations */
static char *other;				/* a younger identity of Bob's */

/* Becomes another user. */
static void become(const char *user)
{
	static char base[256];
	char home[300];

	if (!*base)
		snprintf(base, sizeof(base), "%s", getenv("PEERGROUP_HOME"));
	snprintf(home, sizeof(home), "%s/%s", base, user);
	mkdir(home, 0700);
	NEED(!setenv("PEERGROUP_HOME", home, 1));
}

static PEER_GROUP_PROPERTIES properties(void)
{
	return (PEER_GROUP_PROPERTIES){
		.dwSize = sizeof(PEER_GROUP_PROPERTIES), .pwzGroupPassword = wide(PASSWORD),
		.dwAuthenticationSchemes = PEER_GROUP_PASSWORD_AUTHENTICATION |
					   PEER_GROUP_GMC_AUTHENTICATION,
	};
}

static ULONG groups_of(const char *name)
{
	HPEERENUM list = NULL;
	ULONG n = 99;

	HR(PeerEnumGroups(wide(name), &list), S_OK);
	HR(PeerGetItemCount(list, &n), S_OK);
	HR(PeerEndEnumeration(list), S_OK);
	return n;
}

static void invite(const char *xml, PWSTR *text)
{
	HR(PeerGroupCreateInvitation(ours, wide(xml), NULL, 1, &PEER_GROUP_ROLE_MEMBER, text),
	   S_OK);
}

/* By the creator that is none in particular, for two identities of Bob's and for anybody. */
static void make_group(void)
{
	PEER_GROUP_PROPERTIES p = properties(), *is;
	char *bobs_xml, *others_xml, *younger;
	struct peergroup_status *status;

	become("bob");
	NEED(!peergroup_identity_create("bob", NULL, &bob));
	NEED(!peergroup_identity_create("other", NULL, &other));
	NEED(!peergroup_identity_xml(bob, &bobs_xml));
	NEED(!peergroup_identity_xml(other, &others_xml));
	become("alice");
	NEED(!peergroup_identity_create("alice", NULL, &alice));
	NEED(!peergroup_identity_create("younger", NULL, &younger));
	HR(PeerGroupCreate(&p, &ours), S_OK);
	NEED(ours);
	HR(PeerGroupGetProperties(ours, &is), S_OK);
	CHECK(is && same(is->pwzCreatorPeerName, alice));
	PeerFreeData(is);
	CHECK(groups_of(alice) == 1 && !groups_of(younger));
	invite(bobs_xml, &for_bob);
	invite(others_xml, &for_other);
	HR(PeerGroupCreatePasswordInvitation(ours, &by_password), S_OK);
	NEED(for_bob && for_other && by_password);
	NEED(!peergroup_status(ours, &status));
	group_name = strdup(status->name);
	peergroup_free(status);
	peergroup_free(bobs_xml);
	peergroup_free(others_xml);
	peergroup_free(younger);
}

/* Bob is in by a handle, and leaves. */
static void joined(HGROUP group)
{
	CHECK(groups_of(bob) == 1 && !groups_of(other));
	HR(PeerGroupClose(group), S_OK);
	HR(PeerGroupDelete(NULL, wide(group_name)), S_OK);
	CHECK(!groups_of(bob));
}

RULE(ID1, "NULL is the default identity, which is the oldest, of who creates, joins and leaves")
{
	HGROUP group = BAD_GROUP;

	make_group();
	become("bob");
	HR(PeerGroupJoin(NULL, for_other, NULL, &group), PEER_E_INVITATION_NOT_TRUSTED);
	CHECK(!group);
	HR(PeerGroupJoin(NULL, for_bob, NULL, &group), S_OK);
	joined(group);
	HR(PeerGroupPasswordJoin(NULL, by_password, wide(PASSWORD), NULL, &group), S_OK);
	joined(group);
}

static void check_none(void)
{
	PWSTR name = BAD_TEXT;

	HR(PeerIdentityGetDefault(&name), PEER_E_NOT_FOUND);
	CHECK(!name);
}

RULE(ID2, "of who has none it is PEER_E_NOT_FOUND, and none is made")
{
	PEER_GROUP_PROPERTIES p = properties();
	HGROUP group = BAD_GROUP;

	become("nobody");
	HR(PeerGroupCreate(&p, &group), PEER_E_NOT_FOUND);
	CHECK(!group);
	group = BAD_GROUP;
	HR(PeerGroupJoin(NULL, for_bob, NULL, &group), PEER_E_NOT_FOUND);
	CHECK(!group);
	group = BAD_GROUP;
	HR(PeerGroupPasswordJoin(NULL, by_password, wide(PASSWORD), NULL, &group),
	   PEER_E_NOT_FOUND);
	CHECK(!group);
	HR(PeerGroupDelete(NULL, wide(group_name)), PEER_E_NOT_FOUND);
	check_none();
}

RULE(ID3, "to show it to others makes one where there is none")
{
	PWSTR xml = BAD_TEXT, again = BAD_TEXT;
	HPEERENUM list = NULL;
	ULONG n = 99;

	check_none();
	HR(PeerIdentityGetXML(NULL, &xml), S_OK);
	HR(PeerIdentityGetXML(NULL, &again), S_OK);
	CHECK(xml && again);
	PeerFreeData(xml);
	PeerFreeData(again);
	HR(PeerEnumIdentities(&list), S_OK);
	HR(PeerGetItemCount(list, &n), S_OK);
	CHECK(n == 1, "the second is of what the first has made");
	HR(PeerEndEnumeration(list), S_OK);
	become("alice");
	HR(PeerGroupClose(ours), S_OK);
}

int main(void)
{
	rules_begin();
	return rules_main();
}
