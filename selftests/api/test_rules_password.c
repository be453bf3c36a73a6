// SPDX-License-Identifier: GPL-2.0-only
// timeout: 300
/*
 * Groups with a password: what PeerGroupCreatePasswordInvitation() and
 * PeerGroupPasswordJoin() are documented to return, and joining: with the wrong password
 * and the right one, too often, of a member that answers nobody, and where there is none.
 * Alice's host and Bob's are in one process, as in the other cases.
 */
#include <arpa/inet.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "rules.h"

#define PASSWORD	"correct horse battery"
#define WRONG		"wrong horse battery"
#define OTHER		"another horse battery"
#define BAD_TEXT	((PWSTR)&bad_handle)

static PWSTR text;			/* the invitation by password */
static HGROUP plain;			/* Alice's, without a password */

static void create(void)
{
	PEER_GROUP_PROPERTIES p = {
		.dwSize = sizeof(p), .pwzCreatorPeerName = wide(alice),
		.pwzFriendlyName = wide("The Club"), .pwzGroupPassword = wide(PASSWORD),
		.dwAuthenticationSchemes = PEER_GROUP_PASSWORD_AUTHENTICATION |
					   PEER_GROUP_GMC_AUTHENTICATION,
		.groupPasswordRole = PEER_GROUP_ROLE_MEMBER,
	};
	struct peergroup_status *status;

	HR(PeerGroupCreate(&p, &ours), S_OK);
	NEED(ours);
	NEED(!peergroup_status(ours, &status));
	group_name = strdup(status->name);
	peergroup_free(status);
}

static uint64_t counter(HGROUP group, const char *name)
{
	struct peergroup_counter *list;
	uint64_t value = 0;
	size_t n, i;

	NEED(!peergroup_stats(group, &list, &n));
	for (i = 0; i < n; i++)
		if (!strcmp(list[i].name, name))
			value = list[i].value;
	peergroup_free(list);
	return value;
}

/* ------------------------------------------------------------ invitations -- */

RULE(J2, "an invitation by password: name, friendly name, nothing secret, and it parses")
{
	PEER_INVITATION_INFO *info;
	char expected[1024];

	create();
	NEED(PeerGroupCreatePasswordInvitation(ours, &text) == S_OK);
	HR(PeerGroupParseInvitation(text, &info), S_OK);
	CHECK(same(info->pwzGroupPeerName, group_name));
	CHECK(same(info->pwzGroupFriendlyName, "The Club"));
	CHECK(info->authScheme == PEER_GROUP_PASSWORD_AUTHENTICATION);
	CHECK(!info->pwzSubjectPeerName && !info->pwzIssuerPeerName && !info->cRoles);
	PeerFreeData(info);
	snprintf(expected, sizeof(expected), "<PEERINVITATION VERSION=\"1.1\">"
		 "<CLOUDNAME>Global_</CLOUDNAME><SCOPE>GLOBAL</SCOPE><CLOUDFLAGS>0</CLOUDFLAGS>"
		 "<GROUPPEERNAME>%s</GROUPPEERNAME><GROUPFRIENDLYNAME>The Club</GROUPFRIENDLYNAME>"
		 "</PEERINVITATION>", group_name);
	CHECK(same(text, expected), "and that is all of it");
}

RULE(W1, "password, role and scheme are set when the group is made")
{
	PEER_GROUP_PROPERTIES *p;

	HR(PeerGroupGetProperties(ours, &p), S_OK);
	NEED(p);
	CHECK(p->dwAuthenticationSchemes & PEER_GROUP_PASSWORD_AUTHENTICATION);
	CHECK(guids_equal(&p->groupPasswordRole, &PEER_GROUP_ROLE_MEMBER));
	CHECK(!p->pwzGroupPassword, "which nobody is told");
	PeerFreeData(p);
}

static HRESULT create_with(const char *password)
{
	PEER_GROUP_PROPERTIES p = {
		.dwSize = sizeof(p), .pwzCreatorPeerName = wide(alice),
		.pwzGroupPassword = wide(password), .dwAuthenticationSchemes = PEER_GROUP_PASSWORD_AUTHENTICATION,
	};
	HGROUP group = BAD_GROUP;
	HRESULT hr = PeerGroupCreate(&p, &group);

	CHECK(!group);
	return hr;
}

RULE(W2, "a weak password is PEER_E_PASSWORD_DOES_NOT_MEET_POLICY")
{
	HR(create_with(""), PEER_E_PASSWORD_DOES_NOT_MEET_POLICY);
	HR(create_with("seven77"), PEER_E_PASSWORD_DOES_NOT_MEET_POLICY);
}

RULE(W3, "an invitation by password is for nobody in particular, without validity or roles")
{
	PEER_INVITATION_INFO *info;

	HR(PeerGroupParseInvitation(text, &info), S_OK);
	NEED(info);
	CHECK(!info->pwzSubjectPeerName && !info->pwzSubjectFriendlyName);
	CHECK(!from_filetime(info->ftValidityStart) && !from_filetime(info->ftValidityEnd));
	CHECK(!info->cRoles && !info->pRoles && !info->pSubjectPublicKey);
	PeerFreeData(info);
}

RULE(W7, "a group may know both schemes: password and certificate")
{
	PEER_GROUP_PROPERTIES *p;
	PWSTR xml, by_certificate = NULL;

	HR(PeerGroupGetProperties(ours, &p), S_OK);
	CHECK(p && p->dwAuthenticationSchemes == (PEER_GROUP_PASSWORD_AUTHENTICATION |
						  PEER_GROUP_GMC_AUTHENTICATION));
	PeerFreeData(p);
	HR(PeerIdentityGetXML(wide(bob), &xml), S_OK);
	HR(PeerGroupCreateInvitation(ours, xml, NULL, 1, &PEER_GROUP_ROLE_MEMBER,
				     &by_certificate), S_OK);
	PeerFreeData(by_certificate);
	PeerFreeData(xml);
}

#define INVITE(group, expected) do {					\
	PWSTR xml_ = BAD_TEXT;						\
									\
	HR(PeerGroupCreatePasswordInvitation(group, &xml_), expected);	\
	CHECK(!xml_);							\
} while (0)

ERROR(PeerGroupCreatePasswordInvitation, E_INVALIDARG, "no room")
{
	HR(PeerGroupCreatePasswordInvitation(ours, NULL), E_INVALIDARG);
}

ERROR(PeerGroupCreatePasswordInvitation, PEER_E_INVALID_GROUP, "no group's handle")
{
	INVITE(BAD_GROUP, PEER_E_INVALID_GROUP);
	INVITE(NULL, PEER_E_INVALID_GROUP);
}

/* ---------------------------------------------------------------- joining -- */

#define JOIN(identity, xml, password, cloud, expected) do {			\
	HGROUP g_ = BAD_GROUP;							\
										\
	HR(PeerGroupPasswordJoin(identity, xml, password, cloud, &g_), expected);	\
	CHECK(!g_);								\
} while (0)

ERROR(PeerGroupPasswordJoin, E_INVALIDARG, "no invitation, no password, or no room")
{
	JOIN(wide(bob), NULL, wide(PASSWORD), NULL, E_INVALIDARG);
	JOIN(wide(bob), text, NULL, NULL, E_INVALIDARG);
	HR(PeerGroupPasswordJoin(wide(bob), text, wide(PASSWORD), NULL, NULL), E_INVALIDARG);
}

ERROR(PeerGroupPasswordJoin, PEER_E_NO_CLOUD, "a cloud that is not there")
{
	JOIN(wide(bob), text, wide(PASSWORD), wide("nimbus"), PEER_E_NO_CLOUD);
}

ERROR(PeerGroupPasswordJoin, PEER_E_INVALID_PEER_NAME, "an identity's name that is none")
{
	JOIN(wide("no name"), text, wide(PASSWORD), NULL, PEER_E_INVALID_PEER_NAME);
}

ERROR(PeerGroupPasswordJoin, PEER_E_INVITATION_NOT_TRUSTED, "none, or for one identity")
{
	PWSTR xml, by_certificate;

	JOIN(wide(bob), wide("<PEERINVITATION"), wide(PASSWORD), NULL,
	     PEER_E_INVITATION_NOT_TRUSTED);
	NEED(!PeerIdentityGetXML(wide(bob), &xml));
	NEED(!PeerGroupCreateInvitation(ours, xml, NULL, 1,
					&PEER_GROUP_ROLE_MEMBER, &by_certificate));
	JOIN(wide(bob), by_certificate, wide(PASSWORD), NULL, PEER_E_INVITATION_NOT_TRUSTED);
	HR(PeerGroupJoin(wide(bob), text, NULL, &bobs), PEER_E_INVITATION_NOT_TRUSTED);
	PeerFreeData(by_certificate);
	PeerFreeData(xml);
}

ERROR(PeerGroupPasswordJoin, PEER_E_UNSUPPORTED_VERSION, "an invitation of another version")
{
	static const char version[] = "VERSION=\"1.1\"";
	WCHAR *copy = wide("");
	size_t i, k;

	for (i = 0; text[i]; i++)
		copy[i] = text[i];
	copy[i] = 0;
	for (i = 0, k = 0; copy[i] && version[k]; i++)
		k = copy[i] == (WCHAR)version[k] ? k + 1 : 0;
	NEED(!version[k]);
	copy[i - 4] = '9';
	JOIN(wide(bob), copy, wide(PASSWORD), NULL, PEER_E_UNSUPPORTED_VERSION);
}

static HRESULT join(void *arg)
{
	return PeerGroupPasswordJoin(wide(bob), text, wide(PASSWORD), NULL, arg);
}

ERROR(PeerGroupPasswordJoin, PEER_E_NO_KEY_ACCESS, "the folder of keys is another user's")
{
	HGROUP g = BAD_GROUP;

	HR(as_nobody(join, &g), PEER_E_NO_KEY_ACCESS);
	CHECK(!g);
}

/* -------------------------------------------------------------- the wrong -- */

static HRESULT connect_to(HGROUP group, uint16_t port)
{
	PEER_ADDRESS a = { .dwSize = sizeof(a), .sin6 = { .sin6_family = AF_INET6,
							  .sin6_port = htons(port) } };

	NEED(inet_pton(AF_INET6, "::ffff:127.0.0.1", &a.sin6.sin6_addr) == 1);
	return PeerGroupConnectByAddress(group, 1, &a);
}

/* One registration for two types of events: in which order they come shows only so. */
static void listen_for_both(struct listener *l, HGROUP group, const PEER_GROUP_EVENT_TYPE type[2])
{
	PEER_GROUP_EVENT_REGISTRATION r[] = { { type[0], NULL }, { type[1], NULL } };

	NEED(!peergroup_event_create(&l->event));
	NEED(!PeerGroupRegisterEvent(group, l->event, 2, r, &l->handle));
}

/* The type of the next event, and why, where it is of a connection; 0 where none comes. */
static PEER_GROUP_EVENT_TYPE hear_next(struct listener *l, HRESULT *why)
{
	PEER_GROUP_EVENT_DATA *data = hear(l);
	PEER_GROUP_EVENT_TYPE type = data ? data->eventType : 0;

	if (type == PEER_GROUP_EVENT_CONNECTION_FAILED && why)
		*why = data->hrConnectionFailedReason;
	PeerFreeData(data);
	return type;
}

RULE(W4, "nothing is asked when joining: a wrong password shows as an event, after Connect")
{
	static const PEER_GROUP_EVENT_TYPE expected[] = {
		PEER_GROUP_EVENT_AUTHENTICATION_FAILED, PEER_GROUP_EVENT_CONNECTION_FAILED,
	};
	struct listener l;
	HRESULT why = S_OK;
	unsigned int i;

	HR(PeerGroupPasswordJoin(wide(bob), text, wide(WRONG), NULL, &bobs), S_OK);
	NEED(bobs);
	NEED(!peergroup_online(ours, 0));
	listen_for_both(&l, bobs, expected);
	HR(connect_to(bobs, 3587), S_OK);
	for (i = 0; i < 2; i++)
		CHECK(hear_next(&l, &why) == expected[i], "event %u", i);
	CHECK(why == PEER_E_NOT_AUTHORIZED, "0x%08x", (unsigned int)why);
	CHECK(counter(ours, "password_issued") == 0);
	HR(PeerGroupResumePasswordAuthentication(bobs, l.handle), S_OK);
	CHECK(hear_next(&l, NULL) == expected[0], "again");
	CHECK(hear_next(&l, &why) == expected[1]);
	stop_listening(&l);
}

ERROR(PeerGroupCreatePasswordInvitation, PEER_E_GROUP_NOT_READY, "the password is not proved yet")
{
	INVITE(bobs, PEER_E_GROUP_NOT_READY);
}

/* Such a group has no member of this host yet: there is nobody to be linked. */
ERROR(PeerGroupEnumConnections, S_OK, "none, while the password is not proved yet")
{
	HPEERENUM list;
	ULONG n = 9;

	HR(PeerGroupEnumConnections(bobs, 0, &list), S_OK);
	HR(PeerGetItemCount(list, &n), S_OK);
	CHECK(!n);
	HR(PeerEndEnumeration(list), S_OK);
}

/* ... nor certificates or records to be exported, or to check an import by. */
ERROR(PeerGroupExportConfig, PEER_E_GROUP_NOT_READY, "the password is not proved yet")
{
	PWSTR xml = (PWSTR)&bad_handle;

	HR(PeerGroupExportConfig(bobs, wide("password"), &xml), PEER_E_GROUP_NOT_READY);
	CHECK(!xml);
}

ERROR(PeerGroupExportDatabase, PEER_E_GROUP_NOT_READY, "the password is not proved yet")
{
	HR(PeerGroupExportDatabase(bobs, wide("/tmp/export")), PEER_E_GROUP_NOT_READY);
	CHECK(access("/tmp/export", F_OK));
}

ERROR(PeerGroupImportDatabase, PEER_E_GROUP_NOT_READY, "the password is not proved yet")
{
	HR(PeerGroupImportDatabase(bobs, wide("/tmp/export")), PEER_E_GROUP_NOT_READY);
}

/* What Alice's host has counted of attempts, listened to or not. */
static uint64_t guesses(void)
{
	return counter(ours, "password_opened") + counter(ours, "password_rate");
}

static bool is_refused(void *arg)
{
	uint64_t before = guesses();

	(void)arg;
	CHECK(peergroup_authenticate(bobs, "127.0.0.1") < 0, "a wrong password does not do");
	CHECK(guesses() == before + 1, "an attempt is one guess, and not %u",
	      (unsigned int)(guesses() - before));
	return counter(ours, "password_rate");
}

/* Each that was listened to has come to nothing. */
static bool all_failed(void *arg)
{
	(void)arg;
	return counter(ours, "password_failed") == counter(ours, "password_opened");
}

RULE(W11, "who guesses is soon not listened to, while others from elsewhere are")
{
	uint64_t refused;

	CHECK(wait_until(is_refused, NULL));
	refused = counter(ours, "password_rate");
	HR(peergroup_authenticate(bobs, "127.0.0.1"), PEER_E_NO_MEMBER_CONNECTIONS);
	CHECK(counter(ours, "password_rate") == refused + 1);
	/* Another network's address: it is looked at, and is wrong. */
	HR(peergroup_authenticate(bobs, "::1"), PEER_E_NOT_AUTHORIZED);
	CHECK(counter(ours, "password_rate") == refused + 1);
	CHECK(counter(ours, "password_opened") < 60, "nor often");
	CHECK(wait_until(all_failed, NULL));
}

RULE(W8, "where nobody listens there is no member")
{
	struct listener failed;
	HRESULT why = S_OK;

	listen_for(&failed, bobs, PEER_GROUP_EVENT_CONNECTION_FAILED, NULL);
	HR(connect_to(bobs, 3999), S_OK);
	CHECK(hear_next(&failed, &why) == PEER_GROUP_EVENT_CONNECTION_FAILED);
	CHECK(why == PEER_E_NO_MEMBER_CONNECTIONS, "0x%08x", (unsigned int)why);
	stop_listening(&failed);
}

/* -------------------------------------------------------------- the right -- */

ERROR(PeerGroupPasswordJoin, PEER_S_ALREADY_A_MEMBER, "again, and with another password")
{
	HGROUP again = NULL;

	NEED(!peergroup_close(bobs));
	HR(PeerGroupPasswordJoin(wide(bob), text, wide(PASSWORD), NULL, &again),
	   PEER_S_ALREADY_A_MEMBER);
	NEED(again);
	bobs = again;
}

RULE(W5, "joining by password again succeeds, and opens the group")
{
	HGROUP again = NULL;

	NEED(!peergroup_close(bobs));
	HR(PeerGroupPasswordJoin(wide(bob), text, wide(PASSWORD), NULL, &again),
	   PEER_S_ALREADY_A_MEMBER);
	NEED(again && SUCCEEDED(PEER_S_ALREADY_A_MEMBER));
	bobs = again;
}

RULE(W6, "by the password one becomes a member of the role it gives")
{
	struct peergroup_status *status;

	HR(peergroup_authenticate(bobs, "::1"), S_OK);
	CHECK(counter(ours, "password_issued") == 1);
	NEED(!peergroup_status(bobs, &status));
	CHECK(status->roles == PEERGROUP_ROLE_MEMBER);
	peergroup_free(status);
	rules_meet();
	NEED(wait_until(is_ready, bobs));
	PeerFreeData(bobs_record());
}

ERROR(PeerGroupCreatePasswordInvitation, PEER_E_NOT_AUTHORIZED, "a member; no password")
{
	INVITE(bobs, PEER_E_NOT_AUTHORIZED);
	NEED(!peergroup_create(alice, NULL, (peergroup_t *)&plain));
	INVITE(plain, PEER_E_NOT_AUTHORIZED);
}

static bool unanswered_once(void *group)
{
	return counter(group, "password_unanswered") == 1;
}

/* As a copy that was cut off leaves it: nothing is answered with what it does not say. */
static void empty_file(void)
{
	char pattern[4096];
	glob_t found;

	snprintf(pattern, sizeof(pattern), "%s/groups/%.40s*/*/password",
		 getenv("PEERGROUP_HOME"), alice);
	NEED(!glob(pattern, 0, NULL, &found) && found.gl_pathc == 1);
	NEED(!truncate(found.gl_pathv[0], 0));
	globfree(&found);
	HR(peergroup_answer(ours), PEER_E_CERT_STORE_CORRUPTED);
}

RULE(W9, "a member that may not issue answers nobody")
{
	char *carol;
	HGROUP group;

	NEED(!peergroup_identity_create("carol", NULL, &carol));
	HR(PeerGroupPasswordJoin(wide(carol), text, wide(PASSWORD), NULL, &group), S_OK);
	HR(peergroup_authenticate(group, "127.0.0.1:4000"), PEER_E_NO_MEMBER_CONNECTIONS);
	/* Bob's host counts when it is done with the connection, which may be later. */
	CHECK(wait_until(unanswered_once, bobs));
	HR(peergroup_answer(bobs), PEER_E_NOT_AUTHORIZED);
	HR(peergroup_authenticate(group, "::1"), S_OK);
	HR(PeerGroupResumePasswordAuthentication(group, BAD_EVENT), E_INVALIDARG);
	peergroup_close(group);
	peergroup_free(carol);
}

/* NULL: it stays what it is, which the properties need not say. */
static void set_password(const char *password)
{
	PEER_GROUP_PROPERTIES *p;

	NEED(!PeerGroupGetProperties(ours, &p));
	p->pwzGroupPassword = password ? wide(password) : NULL;
	HR(PeerGroupSetProperties(ours, p), S_OK);
	PeerFreeData(p);
}

RULE(W10, "with another password that of before lets nobody in")
{
	HGROUP group;
	char *dave;

	NEED(!peergroup_identity_create("dave", NULL, &dave));
	HR(PeerGroupPasswordJoin(wide(dave), text, wide(PASSWORD), NULL, &group), S_OK);
	set_password(OTHER);
	HR(peergroup_authenticate(group, "::1"), PEER_E_NOT_AUTHORIZED);
	CHECK(strstr(peergroup_error_detail(), "not the group's"), "%s", peergroup_error_detail());
	NEED(!peergroup_close(group));
	HR(PeerGroupPasswordJoin(wide(dave), text, wide(OTHER), NULL, &group),
	   PEER_S_ALREADY_A_MEMBER);
	set_password(NULL);
	HR(peergroup_authenticate(group, "::1"), S_OK);
	peergroup_close(group);
	peergroup_free(dave);
	empty_file();
}

/* ------------------------------------------------------------- resuming -- */

ERROR(PeerGroupResumePasswordAuthentication, PEER_E_INVALID_GROUP, "no group's handle")
{
	HR(PeerGroupResumePasswordAuthentication(BAD_GROUP, BAD_EVENT), PEER_E_INVALID_GROUP);
	HR(PeerGroupResumePasswordAuthentication(NULL, BAD_EVENT), PEER_E_INVALID_GROUP);
}

ERROR(PeerGroupResumePasswordAuthentication, E_INVALIDARG, "no registration")
{
	HR(PeerGroupResumePasswordAuthentication(ours, BAD_EVENT), E_INVALIDARG);
	HR(PeerGroupResumePasswordAuthentication(ours, NULL), E_INVALIDARG);
}

ERROR(PeerGroupResumePasswordAuthentication, S_OK, "nothing waits for a password")
{
	struct listener l;

	listen_for(&l, ours, PEER_GROUP_EVENT_AUTHENTICATION_FAILED, NULL);
	HR(PeerGroupResumePasswordAuthentication(ours, l.handle), S_OK);
	CHECK(silent(&l));
	stop_listening(&l);
}

int main(void)
{
	rules_begin();
	rules_people();
	return rules_main();
}
