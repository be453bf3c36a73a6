// SPDX-License-Identifier: GPL-2.0-only
// timeout: 200
/*
 * PeerGroupGetProperties() and PeerGroupSetProperties(): what they tell, each error that
 * is documented, the event at both ends, and that a group that is opened again, without
 * anybody else, is what it was. Alice's group and Bob's are two hosts to each other,
 * although they are in one process; Bob is an administrator, but not the creator.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uchar.h>
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
	PEER_GROUP_PROPERTIES p = { .dwSize = sizeof(p) }, *out = &p;

	HR(PeerGroupGetProperties(BAD_GROUP, &out), PEER_E_NOT_INITIALIZED);
	CHECK(!out);
	HR(PeerGroupSetProperties(BAD_GROUP, &p), PEER_E_NOT_INITIALIZED);
}

static void set_up(void)
{
	PEER_VERSION_DATA version;
	char *xml, *invitation;
	PEER_GROUP_PROPERTIES p = {
		.dwSize = sizeof(p), .dwFlags = PEER_DEFER_EXPIRATION,
		.pwzClassifier = wide("club"), .pwzFriendlyName = wide("The Club"),
		.ulMemberDataLifetime = 86400,
	};
	struct peergroup_status *status;

	NEED(!PeerGroupStartup(PEER_GROUP_VERSION, &version));
	NEED(!peergroup_identity_create("alice", "Alice", &alice));
	NEED(!peergroup_identity_create("bob", "Bob", &bob));
	p.pwzCreatorPeerName = wide(alice);
	NEED(!PeerGroupCreate(&p, (HGROUP *)&ours));
	NEED(!peergroup_status(ours, &status));
	group_name = strdup(status->name);
	peergroup_free(status);
	NEED(!peergroup_identity_xml(bob, &xml));
	NEED(!peergroup_invite(ours, xml, 0, PEERGROUP_ROLE_ADMIN, &invitation));
	NEED(!peergroup_join(bob, invitation, &bobs));
	peergroup_free(xml);
	peergroup_free(invitation);
}

static void check_properties(peergroup_t group, const char *friendly, const char *comment)
{
	PEER_GROUP_PROPERTIES *p;

	HR(PeerGroupGetProperties(group, &p), S_OK);
	if (!p)
		return;
	CHECK(p->dwSize == sizeof(*p) && p->dwFlags == PEER_DEFER_EXPIRATION);
	CHECK(same(p->pwzCloud, "global") && same(p->pwzClassifier, "club"));
	CHECK(same(p->pwzGroupPeerName, group_name) && same(p->pwzCreatorPeerName, alice));
	CHECK(same(p->pwzFriendlyName, friendly), "friendly name is not %s", friendly);
	CHECK(same(p->pwzComment, comment), "comment is not %s", comment ? comment : "NULL");
	CHECK(p->ulMemberDataLifetime == 86400 && p->ulPresenceLifetime == 300);
	CHECK(p->dwAuthenticationSchemes == PEER_GROUP_GMC_AUTHENTICATION);
	CHECK(!p->pwzGroupPassword);
	PeerFreeData(p);
}

static void test_created(void)
{
	PEER_GROUP_PROPERTIES p = { .dwSize = sizeof(p) }, *out = &p;
	HPEERENUM list;
	ULONG n = 99;

	check_properties(ours, "The Club", NULL);
	HR(PeerGroupGetProperties(bobs, &out), PEER_E_GROUP_NOT_READY);
	CHECK(!out, "who has joined and never connected");
	HR(PeerGroupSetProperties(bobs, &p), PEER_E_GROUP_NOT_READY);
	HR(PeerGroupGetProperties(ours, NULL), E_INVALIDARG);
	out = &p;
	HR(PeerGroupGetProperties(BAD_GROUP, &out), PEER_E_INVALID_GROUP);
	CHECK(!out);
	HR(PeerGroupEnumRecords(ours, NULL, &list), S_OK);
	HR(PeerGetItemCount(list, &n), S_OK);
	CHECK(!n, "they are no record of a program's");
	PeerEndEnumeration(list);
}

static PEER_GROUP_PROPERTIES *get(peergroup_t group)
{
	PEER_GROUP_PROPERTIES *p;

	NEED(!PeerGroupGetProperties(group, &p));
	return p;
}

/* With what is changed in what there is. */
#define SET(change, expected) do {					\
	PEER_GROUP_PROPERTIES *all = get(ours), p = *all;		\
									\
	change;								\
	HR(PeerGroupSetProperties(ours, &p), expected);			\
	PeerFreeData(all);						\
} while (0)

static WCHAR *long_text(unsigned int n)
{
	char text[300];

	memset(text, 'x', n);
	text[n] = 0;
	return wide(text);
}

#define BAD	PEER_E_INVALID_GROUP_PROPERTIES

static void test_errors(void)
{
	static WCHAR half[] = { 0xd800, 0 };
	static const GUID other = { 1, 2, 3, { 4 } };

	HR(PeerGroupSetProperties(ours, NULL), E_INVALIDARG);
	SET(p.dwSize--, E_INVALIDARG);
	SET(HR(PeerGroupSetProperties(BAD_GROUP, &p), PEER_E_INVALID_GROUP), S_OK);
	SET(p.pwzCloud = wide("other"), BAD);
	SET(p.pwzClassifier = wide("Club"), BAD);
	SET(p.pwzClassifier = wide(""), BAD);
	SET(p.pwzGroupPeerName = wide(alice), BAD);
	SET(p.pwzCreatorPeerName = wide(bob), BAD);
	SET(p.pwzFriendlyName = long_text(256), BAD);
	SET(p.pwzFriendlyName = wide("two\nlines"), BAD);
	SET(p.pwzFriendlyName = half, BAD);
	SET(p.pwzComment = long_text(256), BAD);
	SET(p.pwzComment = half, BAD);
	SET(p.dwFlags |= 8, BAD);
	SET(p.ulMemberDataLifetime = 28799, BAD);
	SET(p.ulMemberDataLifetime = 3654U * 86400, BAD);
	SET(p.dwAuthenticationSchemes = 4, BAD);
	SET(p.dwAuthenticationSchemes |= PEER_GROUP_PASSWORD_AUTHENTICATION, BAD);
	SET(p.pwzGroupPassword = wide("a long enough one"), BAD);
	SET(p.groupPasswordRole = other, BAD);
	SET(p.dwAuthenticationSchemes |= PEER_GROUP_PASSWORD_AUTHENTICATION;
	    p.pwzGroupPassword = wide("short"), PEER_E_PASSWORD_DOES_NOT_MEET_POLICY);
	check_properties(ours, "The Club", NULL);
}

/* What never changes may be left out, and an old program knows less of the structure. */
static void test_lenient(void)
{
	char all_x[256];

	SET(p.pwzCloud = NULL; p.pwzClassifier = NULL; p.pwzGroupPeerName = NULL;
	    p.pwzCreatorPeerName = NULL, S_OK);
	SET(p.pwzCloud = wide("Global_"), S_OK);
	SET(p.ulPresenceLifetime = 1, S_OK);
	SET(p.dwSize = offsetof(PEER_GROUP_PROPERTIES, dwAuthenticationSchemes);
	    p.dwAuthenticationSchemes = 99, S_OK);
	check_properties(ours, "The Club", NULL);
	SET(p.pwzFriendlyName = NULL; p.pwzComment = long_text(255), S_OK);
	all_x[255] = 0;
	check_properties(ours, group_name, memset(all_x, 'x', 255));
	SET(p.pwzFriendlyName = wide("The Club"); p.pwzComment = wide("first"), S_OK);
}

struct listener {
	HANDLE event;
	HPEEREVENT reg;
};

static void listen_to(peergroup_t group, struct listener *l)
{
	PEER_GROUP_EVENT_REGISTRATION want[] = {
		{ PEER_GROUP_EVENT_PROPERTY_CHANGED, NULL },
		{ PEER_GROUP_EVENT_RECORD_CHANGED, NULL },
	};

	NEED(!peergroup_event_create(&l->event));
	NEED(!PeerGroupRegisterEvent(group, l->event, 2, want, &l->reg));
}

static void stop_listening(struct listener *l)
{
	HR(PeerGroupUnregisterEvent(l->reg), S_OK);
	peergroup_event_close(l->event);
}

/* The next event, of whatever kind: 0 if there is none in time. */
static int next_event(struct listener *l, int wait_ms)
{
	PEER_GROUP_EVENT_DATA *data = NULL;
	int type;

	for (;;) {
		HR(PeerGroupGetEventData(l->reg, &data),
		   data ? S_OK : PEER_S_NO_EVENT_DATA);
		if (data)
			break;
		if (peergroup_event_wait(l->event, wait_ms) != S_OK)
			return 0;
	}
	type = (int)data->eventType;
	PeerFreeData(data);
	return type;
}

static void test_two(void)
{
	struct listener here, there;
	PEER_GROUP_PROPERTIES *p;

	listen_to(bobs, &there);
	NEED(!peergroup_online(ours, 0));
	NEED(!peergroup_online(bobs, 4000));
	NEED(!peergroup_connect(bobs, "127.0.0.1"));
	NEED(wait_until(is_ready, bobs));
	check_properties(bobs, "The Club", "first");
	CHECK(next_event(&there, 20000) == PEER_GROUP_EVENT_PROPERTY_CHANGED,
	      "they are new to Bob");
	p = get(bobs);
	HR(PeerGroupSetProperties(bobs, p), PEER_E_NOT_AUTHORIZED);
	PeerFreeData(p);

	listen_to(ours, &here);
	SET((void)0, S_OK);		/* changes nothing: no news */
	SET(p.pwzFriendlyName = wide("Renamed"), S_OK);
	CHECK(next_event(&here, 20000) == PEER_GROUP_EVENT_PROPERTY_CHANGED, "at Alice");
	CHECK(next_event(&there, 20000) == PEER_GROUP_EVENT_PROPERTY_CHANGED, "at Bob");
	check_properties(ours, "Renamed", "first");
	check_properties(bobs, "Renamed", "first");
	SET(p.pwzComment = NULL, S_OK);
	CHECK(next_event(&here, 20000) == PEER_GROUP_EVENT_PROPERTY_CHANGED, "at Alice");
	CHECK(next_event(&there, 20000) == PEER_GROUP_EVENT_PROPERTY_CHANGED, "at Bob");
	check_properties(bobs, "Renamed", NULL);
	CHECK(!next_event(&here, 0) && !next_event(&there, 0), "no more than was done");
	stop_listening(&here);
	stop_listening(&there);
}

static const char *listed_name(const char *identity)
{
	static char name[300];
	struct peergroup_group_name *list;
	size_t n;

	NEED(!peergroup_list_groups(identity, &list, &n) && n == 1);
	snprintf(name, sizeof(name), "%s", list[0].friendly);
	peergroup_free(list);
	return name;
}

/* The kernel has forgotten both groups: what is known of them comes from the disk. */
static void test_again(void)
{
	struct peergroup_status *status;
	PEER_GROUP_PROPERTIES *p;

	PeerGroupClose(ours);
	HR(PeerGroupGetProperties(ours, &p), PEER_E_INVALID_GROUP);
	PeerGroupClose(bobs);
	CHECK(!strcmp(listed_name(alice), "Renamed") && !strcmp(listed_name(bob), "Renamed"));
	NEED(!peergroup_open(bob, group_name, &bobs));
	check_properties(bobs, "Renamed", NULL);
	NEED(!peergroup_open(alice, group_name, &ours));
	check_properties(ours, "Renamed", NULL);
	SET(p.pwzComment = wide("offline"), S_OK);
	check_properties(ours, "Renamed", "offline");
	HR(peergroup_status(ours, &status), S_OK);
	CHECK(!strcmp(status->friendly, "Renamed") && !status->records);
	peergroup_free(status);
}

/* The calls of <peergroup.h>, over the same. */
static void test_native(void)
{
	struct peergroup_properties *p = NULL, q;

	HR(peergroup_properties(ours, NULL), E_INVALIDARG);
	HR(peergroup_set_properties(ours, NULL), E_INVALIDARG);
	HR(peergroup_properties(BAD_GROUP, &p), PEER_E_INVALID_GROUP);
	HR(peergroup_properties(ours, &p), S_OK);
	NEED(p);
	CHECK(!strcmp(p->name, group_name) && !strcmp(p->creator, alice));
	CHECK(!strcmp(p->classifier, "club") && !p->cloud);
	CHECK(!strcmp(p->friendly, "Renamed") && !strcmp(p->comment, "offline"));
	CHECK(p->flags == PEER_DEFER_EXPIRATION && p->member_data_lifetime == 86400);
	HR(peergroup_set_properties(BAD_GROUP, p), PEER_E_INVALID_GROUP);
	HR(peergroup_set_properties(bobs, p), PEER_E_NOT_AUTHORIZED);
	q = *p;
	q.creator = bob;
	HR(peergroup_set_properties(ours, &q), BAD);
	q = (struct peergroup_properties) { .friendly = "Mine", .flags = p->flags,
					    .member_data_lifetime = 86400 };
	HR(peergroup_set_properties(ours, &q), S_OK);
	check_properties(ours, "Mine", NULL);
	peergroup_free(p);
}

#define ROUNDS		40
#define PASSWORD_EACH	64	/* it takes its time, and to have none does not */

static atomic_bool enough;
static atomic_uint passwords;

/* Who changes something else meanwhile may come first a number of times: then once more. */
static void *set_passwords(void *unused)
{
	PEER_GROUP_PROPERTIES *p;
	unsigned int i = 0;
	bool has;
	HRESULT hr;

	while (!atomic_load(&enough)) {
		has = !(i % PASSWORD_EACH);
		hr = peergroup_set_password(ours, has ? "correct horse" : NULL, 0);
		if (hr == HRESULT_FROM_WIN32(ERROR_LOCK_VIOLATION))
			continue;
		HR(hr, S_OK);
		p = get(ours);
		CHECK(!(p->dwAuthenticationSchemes & PEER_GROUP_PASSWORD_AUTHENTICATION) == !has,
		      "%u: schemes %u", i, (unsigned int)p->dwAuthenticationSchemes);
		PeerFreeData(p);
		atomic_store(&passwords, ++i);
	}
	return unused;
}

static bool more_passwords(void *than)
{
	return atomic_load(&passwords) > *(unsigned int *)than;
}

/* One thread sets the password, another what else there is: neither undoes the other's. */
static void test_meanwhile(void)
{
	struct peergroup_properties *p, q = { .friendly = "Mine", .flags = PEER_DEFER_EXPIRATION,
					      .member_data_lifetime = 86400 };
	pthread_t setter;
	char comment[20];
	unsigned int i, n;
	HRESULT hr;

	q.comment = comment;
	NEED(!pthread_create(&setter, NULL, set_passwords, NULL));
	for (i = 0; i < ROUNDS; i++) {
		snprintf(comment, sizeof(comment), "round %u", i);
		do
			hr = peergroup_set_properties(ours, &q);
		while (hr == HRESULT_FROM_WIN32(ERROR_LOCK_VIOLATION));
		HR(hr, S_OK);
		/* Of the one that was being set, too. */
		n = atomic_load(&passwords);
		NEED(wait_until(more_passwords, &n));
		HR(peergroup_properties(ours, &p), S_OK);
		CHECK(!strcmp(p->comment, comment), "\"%s\", not \"%s\"", p->comment, comment);
		peergroup_free(p);
	}
	atomic_store(&enough, true);
	NEED(!pthread_join(setter, NULL));
}

int main(void)
{
	static const struct tap_test tests[] = {
		{ "a new group", test_created },
		{ "errors", test_errors },
		{ "what may be left out", test_lenient },
		{ "two hosts", test_two },
		{ "opened again", test_again },
		{ "the calls of <peergroup.h>", test_native },
		{ "a password is set while other things are", test_meanwhile },
	};
	char home[] = "/tmp/properties.XXXXXX";

	need_module();
	own_namespace();
	NEED(mkdtemp(home) && !setenv("PEERGROUP_HOME", home, 1));
	test_not_initialized();
	set_up();
	return tap_main(tests, sizeof(tests) / sizeof(tests[0]));
}
