// SPDX-License-Identifier: GPL-2.0-only
/*
 * Work for threads.h: the count of startups, handles of one group that come and go while it
 * is used, what a group says of itself, invitations, properties, exports, groups that are
 * made and deleted, joining by password, and what is brought along from elsewhere.
 */
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>
#include "threads.h"

#define LOCK_VIOLATION	HRESULT_FROM_WIN32(ERROR_LOCK_VIOLATION)

/* -------------------------------------------------- startups and handles -- */

static void open_and_close(unsigned int me, unsigned int round)
{
	PEER_VERSION_DATA version;
	HGROUP group;
	DWORD status;

	(void)me;
	(void)round;
	OK(PeerGroupStartup(PEER_GROUP_VERSION, &version));
	if (OK(PeerGroupOpen(alice_wide(), group_wide(), NULL, &group))) {
		OK(PeerGroupGetStatus(group, &status));
		OK(PeerGroupClose(group));
		SAYS(PeerGroupGetStatus(group, &status), PEER_E_INVALID_GROUP);
	}
	OK(PeerGroupShutdown());
}

/* The first startup and the last shutdown, of whichever thread. */
static void begin_and_end(unsigned int me, unsigned int round)
{
	PEER_VERSION_DATA version;
	unsigned int i;

	if (!me)
		OK(PeerGroupShutdown());
	meet();
	for (i = 0; i < 5; i++)
		open_and_close(me, round);
	meet();
	if (!me) {
		SAYS(PeerGroupShutdown(), PEER_E_NOT_INITIALIZED);
		OK(PeerGroupStartup(PEER_GROUP_VERSION, &version));
	}
	meet();
}

static HGROUP common;
static atomic_uint closed;

/* All use one handle until one of them has closed it. */
static void close_once(unsigned int me, unsigned int round)
{
	PEER_RECORD r = record_of(600 + me);
	HRESULT hr;
	GUID id;

	(void)round;
	if (!me) {
		NEED(!PeerGroupOpen(alice_wide(), group_wide(), NULL, &common));
		atomic_store(&closed, 0);
	}
	meet();
	hr = PeerGroupAddRecord(common, &r, &id);
	EXPECT(hr == S_OK || hr == PEER_E_INVALID_GROUP);
	if (hr == S_OK)
		OK(PeerGroupDeleteRecord(ours, &id));
	hr = PeerGroupClose(common);
	EXPECT(hr == S_OK || hr == PEER_E_INVALID_GROUP);
	atomic_fetch_add(&closed, hr == S_OK);
	meet();
	EXPECT(atomic_load(&closed) == 1);
	/* The next round counts anew. */
	meet();
}

/* ------------------------------------------------ what it says of itself -- */

static void ask_lists(void)
{
	struct peergroup_counter *counters;
	HPEERENUM list;
	size_t n;

	if (OK(PeerGroupEnumMembers(ours, PEER_MEMBER_PRESENT, NULL, &list)))
		drain(list, NULL, NULL, NULL);
	if (OK(PeerEnumGroups(alice_wide(), &list)))
		EXPECT(drain(list, NULL, NULL, NULL) >= 1);
	if (OK(peergroup_stats(ours, &counters, &n))) {
		EXPECT(n > 10);
		peergroup_free(counters);
	}
	if (OK(PeerGroupEnumConnections(bobs, PEER_CONNECTION_NEIGHBOR, &list)))
		drain(list, NULL, NULL, NULL);
}

static void ask(unsigned int me, unsigned int round)
{
	FILETIME now = to_filetime(peer_time_now()), there, back;
	struct peergroup_status *status;

	(void)me;
	(void)round;
	ask_lists();
	if (OK(peergroup_status(ours, &status))) {
		EXPECT(!strcmp(status->name, group_name));
		peergroup_free(status);
	}
	OK(PeerGroupUniversalTimeToPeerTime(ours, &now, &there));
	OK(PeerGroupPeerTimeToUniversalTime(ours, &there, &back));
	SAYS(peergroup_online(ours, 0), PEER_S_ALREADY_CONNECTED);
	OK(peergroup_keep(ours, false));
	OK(peergroup_credential_lifetime(ours, 0));
	OK(peergroup_connect(bobs, "127.0.0.1"));
}

static void set_properties(unsigned int me, unsigned int round)
{
	PEER_GROUP_PROPERTIES *p;
	char comment[32];
	HRESULT hr;

	snprintf(comment, sizeof(comment), "by %u, %u", me, round);
	if (!OK(PeerGroupGetProperties(ours, &p)))
		return;
	p->pwzComment = widen(comment);
	hr = PeerGroupSetProperties(ours, p);
	expect(hr == S_OK || hr == LOCK_VIOLATION, __FILE__, __LINE__, "set", hr);
	PeerFreeData(p);
}

/* ---------------------------------------------------- invitations, exports -- */

static void invite(unsigned int me, unsigned int round)
{
	WCHAR *xml, *text;
	FILETIME end = to_filetime(peer_time_now() + HOUR);
	PEER_INVITATION_INFO *info;

	(void)me;
	(void)round;
	if (!OK(PeerIdentityGetXML(widen(bob), &xml)))
		return;
	if (OK(PeerGroupCreateInvitation(ours, xml, &end, 1, &PEER_GROUP_ROLE_MEMBER, &text))) {
		if (OK(PeerGroupParseInvitation(text, &info))) {
			EXPECT(same(info->pwzSubjectPeerName, bob));
			PeerFreeData(info);
		}
		PeerFreeData(text);
	}
	PeerFreeData(xml);
	if (OK(PeerGroupIssueCredentials(ours, widen(bob), NULL, 0, &text)))
		PeerFreeData(text);
}

static void take_along(unsigned int me, unsigned int round)
{
	char path[300];

	(void)round;
	snprintf(path, sizeof(path), "%s/database.%u", getenv("PEERGROUP_HOME"), me);
	OK(PeerGroupExportDatabase(ours, widen(path)));
	SAYS(PeerGroupImportDatabase(ours, widen(path)), PEER_E_GROUP_IN_USE);
	unlink(path);
}

static WCHAR *config;

/* Scrypt takes its memory: two at a time do. */
static void take_membership_along(unsigned int me, unsigned int round)
{
	WCHAR *who, *group;

	(void)round;
	if (!me)
		OK(PeerGroupExportConfig(ours, widen("password"), &config));
	meet();
	if (me < 2)
		SAYS(PeerGroupImportConfig(config, widen("password"), FALSE, &who, &group),
		     PEER_E_ALREADY_EXISTS);
	meet();
	if (!me)
		PeerFreeData(config);
}

/* ------------------------------------------------------- groups of its own -- */

/* By either API. */
static bool create_for(const char *who, bool windows, peergroup_t *group)
{
	struct peergroup_create_options options = { .friendly = "Another" };
	PEER_GROUP_PROPERTIES p = {
		.dwSize = sizeof(p), .pwzCreatorPeerName = widen(who),
		.pwzFriendlyName = widen("Another"),
	};

	return windows ? OK(PeerGroupCreate(&p, (HGROUP *)group)) :
			 OK(peergroup_create(who, &options, group));
}

/* A group has a key, which takes its time: a few threads make some, all list them. */
static void make_and_delete(unsigned int me, unsigned int round)
{
	const char *who = me % 8 ? alice : bob;
	struct peergroup_status *status;
	peergroup_t group;
	HPEERENUM list;
	char *name;

	(void)round;
	if (OK(PeerEnumGroups(alice_wide(), &list)))
		EXPECT(drain(list, NULL, NULL, NULL) >= 1);
	if (me % 4)
		return;
	if (!create_for(who, me % 8, &group))
		return;
	OK(peergroup_online(group, (uint16_t)(5000 + me)));
	OK(peergroup_status(group, &status));
	name = strdup(status->name);
	peergroup_free(status);
	OK(peergroup_offline(group));
	OK(peergroup_close(group));
	OK(peergroup_delete(who, name));
	free(name);
}

/* ------------------------------------------------------------ by password -- */

static peergroup_t secret;
static char *way_in;

/* So many do: scrypt takes its memory. */
#define JOIN	3

/* By an invitation that this thread has asked for. */
static HRESULT join_by_own(peergroup_t *group)
{
	WCHAR *text;
	HRESULT hr;

	hr = PeerGroupCreatePasswordInvitation(secret, &text);
	expect(hr == S_OK, __FILE__, __LINE__, "invite by password", hr);
	if (FAILED(hr))
		return hr;
	hr = PeerGroupPasswordJoin(widen(bob), text, widen("correct horse"), NULL,
				   (HGROUP *)group);
	PeerFreeData(text);
	return hr;
}

static void join_once(unsigned int me)
{
	peergroup_t group;
	HRESULT hr;

	hr = me ? join_by_own(&group) :
		  peergroup_join_password(bob, way_in, "correct horse", &group);
	expect(hr == S_OK || hr == PEER_S_ALREADY_A_MEMBER, __FILE__, __LINE__, "join", hr);
	if (FAILED(hr))
		return;
	if (!me)
		OK(peergroup_authenticate(group, "127.0.0.1:6000"));
	OK(peergroup_close(group));
}

static void by_password(unsigned int me, unsigned int round)
{
	struct peergroup_create_options options = { .friendly = "Secret" };

	(void)round;
	if (!me) {
		NEED(!peergroup_create_with_password(alice, &options, "correct horse",
						     PEERGROUP_ROLE_MEMBER, &secret));
		NEED(!peergroup_online(secret, 6000));
		NEED(!peergroup_password_invitation(secret, &way_in));
	}
	meet();
	OK(peergroup_answer(secret));
	if (me < JOIN)
		join_once(me);
	meet();
	if (!me) {
		OK(peergroup_close(secret));
		peergroup_free(way_in);
	}
}

/* ------------------------------------------------- what is brought along -- */

/* So many at a time: what makes keys of passwords takes its memory. */
#define FEW	3

static sem_t few;
static char *moved;		/* the group's name */
static WCHAR *moved_config;
static char moved_path[300];

static char *name_of(peergroup_t group)
{
	struct peergroup_status *status;
	char *name;

	NEED(!peergroup_status(group, &status));
	name = strdup(status->name);
	NEED(name);
	peergroup_free(status);
	return name;
}

static ULONG brought(void)
{
	GUID type = type_of(700);
	HPEERENUM list;

	return OK(PeerGroupEnumRecords(secret, &type, &list)) ? drain(list, NULL, NULL, NULL) : 0;
}

/* A group that has nothing any more, and a file with what it had. */
static void leave_behind(void)
{
	struct peergroup_create_options options = { .friendly = "Moved" };
	PEER_RECORD r = record_of(700);
	unsigned int i;
	GUID id;

	NEED(!peergroup_create_with_password(alice, &options, "correct horse",
					     PEERGROUP_ROLE_MEMBER, &secret));
	moved = name_of(secret);
	for (i = 0; i < THREADS; i++)
		NEED(!PeerGroupAddRecord(secret, &r, &id));
	snprintf(moved_path, sizeof(moved_path), "%s/moved", getenv("PEERGROUP_HOME"));
	NEED(!PeerGroupExportDatabase(secret, widen(moved_path)));
	NEED(!peergroup_close(secret));
	NEED(!peergroup_open(alice, moved, &secret));
	EXPECT(!brought());
	NEED(!sem_init(&few, 0, FEW));
}

/* The group answers by the password that is its own, whoever set that. */
static void check_moved(void)
{
	EXPECT(brought() == THREADS);
	OK(peergroup_online(secret, 6001));
	OK(peergroup_answer(secret));
	OK(peergroup_close(secret));
	OK(peergroup_delete(alice, moved));
	unlink(moved_path);
	free(moved);
	sem_destroy(&few);
}

static uint64_t changes(void)
{
	struct peergroup_status *status;
	uint64_t n = 0;

	if (OK(peergroup_status(secret, &status))) {
		n = status->sequence;
		peergroup_free(status);
	}
	return n;
}

/*
 * The first one tells the group of its password first, and is slow to make a key of it: so
 * those of all others are set meanwhile.
 */
static void let_first_go_first(unsigned int me)
{
	const struct timespec ms = { .tv_nsec = 1000000 };
	static uint64_t before;
	static pid_t first;

	/* All that was imported is there. */
	meet();
	if (!me) {
		first = gettid();
		before = changes();
	}
	meet();
	while (me && changes() == before)
		nanosleep(&ms, NULL);
	if (me == 1)
		setpriority(PRIO_PROCESS, (id_t)first, 19);
}

static void move(unsigned int me, unsigned int round)
{
	char password[32];
	HRESULT hr;

	(void)round;
	if (!me)
		leave_behind();
	meet();
	OK(PeerGroupImportDatabase(secret, widen(moved_path)));
	EXPECT(brought() == THREADS);
	snprintf(password, sizeof(password), "the word of %u", me);
	let_first_go_first(me);
	sem_wait(&few);
	hr = peergroup_set_password(secret, password, PEERGROUP_ROLE_MEMBER);
	sem_post(&few);
	expect(hr == S_OK || hr == LOCK_VIOLATION, __FILE__, __LINE__, "set password", hr);
	meet();
	if (!me)
		check_moved();
	meet();
}

static bool is_moved(const void *item, const void *name)
{
	const PEER_NAME_PAIR *pair = item;

	return same(pair->pwzPeerName, name);
}

static void check_overwritten(void)
{
	peergroup_t group;
	HPEERENUM list;
	ULONG found = 0;
	char *name;

	if (OK(PeerEnumGroups(alice_wide(), &list)))
		drain(list, is_moved, moved, &found);
	EXPECT(found == 1);
	if (OK(peergroup_open(alice, moved, &group))) {
		name = name_of(group);
		EXPECT(!strcmp(name, moved));
		free(name);
		OK(peergroup_close(group));
	}
	OK(peergroup_delete(alice, moved));
	PeerFreeData(moved_config);
	free(moved);
	sem_destroy(&few);
}

/* What each brings takes the place of what another brought. */
static void overwrite(unsigned int me, unsigned int round)
{
	struct peergroup_create_options options = { .friendly = "Overwritten" };
	WCHAR *who, *what;
	peergroup_t group;
	bool ok;

	(void)round;
	if (!me) {
		NEED(!peergroup_create(alice, &options, &group));
		moved = name_of(group);
		NEED(!PeerGroupExportConfig(group, widen("password"), &moved_config));
		NEED(!peergroup_close(group) && !sem_init(&few, 0, FEW));
	}
	meet();
	sem_wait(&few);
	ok = OK(PeerGroupImportConfig(moved_config, widen("password"), TRUE, &who, &what));
	sem_post(&few);
	if (ok) {
		EXPECT(same(who, alice) && same(what, moved));
		PeerFreeData(who);
		PeerFreeData(what);
	}
	meet();
	if (!me)
		check_overwritten();
	meet();
}

const struct work work_groups[] = {
	{ "handles of a group come and go", open_and_close, 3, false },
	{ "the first startup, the last shutdown", begin_and_end, 1, true },
	{ "one handle is used by all, and closed by one", close_once, 2, true },
	{ "a group is asked for all it says", ask, 2, false },
	{ "properties are changed by all", set_properties, 1, false },
	{ "invitations and certificates are issued", invite, 1, false },
	{ "records are exported", take_along, 1, false },
	{ "a membership is exported", take_membership_along, 1, true },
	{ "groups are made, listed and deleted", make_and_delete, 1, false },
	{ "a group is joined by password", by_password, 1, true },
	{ "records are imported, and a password is changed by all", move, 1, true },
	{ "a membership is imported over itself by all", overwrite, 1, true },
	{ .name = NULL },
};
