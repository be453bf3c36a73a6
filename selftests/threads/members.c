// SPDX-License-Identifier: GPL-2.0-only
/*
 * Work for threads.h: a group that all connect, to where nobody is, and members that join by
 * an invitation, are renewed and revoked while others are listed.
 */
#include <stdio.h>
#include <arpa/inet.h>
#include "threads.h"

/* ------------------------------------------------------------- connecting -- */

static HGROUP lone;

/* Nobody listens on that port. */
static PEER_ADDRESS dead_address(void)
{
	PEER_ADDRESS a = bobs_address();

	a.sin6.sin6_port = htons(3999);
	return a;
}

/* An attempt's end is told to all that listen, whoever of them has begun it. */
static void hear_failure(struct listener *l)
{
	PEER_GROUP_EVENT_DATA *data = hear(l);

	EXPECT(data && data->eventType == PEER_GROUP_EVENT_CONNECTION_FAILED &&
	       data->hrConnectionFailedReason == PEER_E_NO_MEMBER_CONNECTIONS);
	PeerFreeData(data);
}

static void connect_alone(void)
{
	PEER_ADDRESS dead = dead_address();
	struct listener l;
	HRESULT hr;

	listen_for(&l, lone, PEER_GROUP_EVENT_CONNECTION_FAILED, NULL);
	hr = PeerGroupConnect(lone);
	expect(hr == S_OK || hr == PEER_S_ALREADY_CONNECTED, __FILE__, __LINE__, "connect", hr);
	OK(PeerGroupResumePasswordAuthentication(lone, l.handle));
	OK(PeerGroupConnectByAddress(lone, 1, &dead));
	hear_failure(&l);
	OK(PeerGroupUnregisterEvent(l.handle));
	peergroup_event_close(l.event);
}

static void open_lone(void)
{
	struct peergroup_create_options options = { .friendly = "Lone" };

	NEED(!peergroup_create(alice, &options, (peergroup_t *)&lone));
	/* It keeps the port. */
	NEED(!peergroup_online(lone, 6001));
	NEED(!peergroup_offline(lone));
}

static void connect_all(unsigned int me, unsigned int round)
{
	struct peergroup_status *status;

	(void)round;
	if (!me)
		open_lone();
	meet();
	connect_alone();
	meet();
	if (me)
		return;
	NEED(!peergroup_status(lone, &status));
	EXPECT(status->flags & PEERGROUP_STATUS_LISTENING && status->port == 6001);
	OK(PeerGroupDelete(alice_wide(), widen(status->name)));
	peergroup_free(status);
}

static bool is_connected(void *group)
{
	return has_status(group, PEERGROUP_STATUS_CONNECTED);
}

/*
 * Where there are neighbours already. Of two links, each end having dialled one, one is given up,
 * and that may be heard of before the other one is up: not connected, for that moment.
 */
static void connect_again(unsigned int me, unsigned int round)
{
	PEER_ADDRESS a = bobs_address();
	HRESULT hr;

	(void)me;
	(void)round;
	SAYS(PeerGroupConnect(ours), PEER_S_ALREADY_CONNECTED);
	hr = PeerGroupConnectByAddress(ours, 1, &a);
	expect(hr == S_OK || hr == PEER_S_ALREADY_CONNECTED, __FILE__, __LINE__, "connect", hr);
	EXPECT(hr == PEER_S_ALREADY_CONNECTED || wait_until(is_connected, ours));
}

/* ---------------------------------------------------------------- members -- */

static bool is_revoked(void *group)
{
	return has_status(group, PEERGROUP_STATUS_REVOKED);
}

static void live_as_member(HGROUP group, const char *name, uint16_t port)
{
	char *renewed;

	OK(peergroup_online(group, port));
	OK(peergroup_connect(group, "127.0.0.1"));
	EXPECT(wait_until(is_ready, group));
	if (OK(peergroup_renew(ours, name, 0, 0, PEERGROUP_RENEW_STORE, &renewed)))
		peergroup_free(renewed);
	OK(peergroup_revoke(ours, name, 0));
	EXPECT(wait_until(is_revoked, group));
}

static void join(const char *name, uint16_t port)
{
	char *xml, *text;
	HGROUP group;

	if (!OK(peergroup_identity_xml(name, &xml)))
		return;
	if (OK(peergroup_invite(ours, xml, 0, PEERGROUP_ROLE_MEMBER, &text))) {
		if (OK(PeerGroupJoin(widen(name), widen(text), NULL, &group))) {
			live_as_member(group, name, port);
			OK(PeerGroupClose(group));
			OK(PeerGroupDelete(widen(name), group_wide()));
		}
		peergroup_free(text);
	}
	peergroup_free(xml);
}

/* Each has a key of its own, and a link: a few threads join, all list them. */
static void come_and_go(unsigned int me, unsigned int round)
{
	HPEERENUM list;
	char *name;

	(void)round;
	if (OK(PeerGroupEnumMembers(ours, 0, NULL, &list)))
		EXPECT(drain(list, NULL, NULL, NULL) >= 2);
	if (me % 4 || !OK(peergroup_identity_create("guest", "Guest", &name)))
		return;
	join(name, (uint16_t)(7000 + me));
	OK(PeerIdentityDelete(widen(name)));
	peergroup_free(name);
}

const struct work work_members[] = {
	{ "a group is connected by all, to nobody", connect_all, 1, true },
	{ "what is connected is connected again", connect_again, 2, false },
	{ "members join, are renewed and revoked", come_and_go, 1, false },
	{ .name = NULL },
};
