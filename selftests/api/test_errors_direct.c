// SPDX-License-Identifier: GPL-2.0-only
/*
 * Each error that the functions about connections and data are documented to return, and
 * what a call gives back besides: nothing. Each case is called by function and error, as
 * in rules.tsv. What becomes of a connection later is test_direct.c's.
 */
#include <arpa/inet.h>
#include <string.h>
#include <p2p.h>
#include <peergroup.h>
#include "api.h"
#include "group.h"
#include "netlink.h"
#include "rules.h"
#include "tap.h"

#define BAD_LIST	((HPEERENUM)&bad_handle)
#define NO_ID		(~0ULL)

static PEER_ADDRESS address(void)
{
	PEER_ADDRESS a = { .dwSize = sizeof(a) };

	a.sin6.sin6_family = AF_INET6;
	a.sin6.sin6_port = htons(BOBS_PORT);
	inet_pton(AF_INET6, "::ffff:127.0.0.1", &a.sin6.sin6_addr);
	return a;
}

/* -------------------------------------------------------------- to open one -- */

#define OPEN(group, who, address_, expected) do {					\
	ULONGLONG id_ = 1;								\
											\
	HR(PeerGroupOpenDirectConnection(group, who, address_, &id_), expected);	\
	CHECK(!id_);									\
} while (0)

ERROR(PeerGroupOpenDirectConnection, E_INVALIDARG, "nobody, nowhere, no room, no host's address")
{
	PEER_ADDRESS a = address(), bad = a;

	OPEN(ours, NULL, &a, E_INVALIDARG);
	OPEN(ours, wide("bob"), &a, E_INVALIDARG);
	OPEN(ours, wide(bob), NULL, E_INVALIDARG);
	HR(PeerGroupOpenDirectConnection(ours, wide(bob), &a, NULL), E_INVALIDARG);
	bad.dwSize--;
	OPEN(ours, wide(bob), &bad, E_INVALIDARG);
	bad = a;
	bad.sin6.sin6_family = AF_INET;
	OPEN(ours, wide(bob), &bad, E_INVALIDARG);
	bad = a;
	inet_pton(AF_INET6, "ff02::1", &bad.sin6.sin6_addr);
	OPEN(ours, wide(bob), &bad, E_INVALIDARG);
}

ERROR(PeerGroupOpenDirectConnection, PEER_E_INVALID_GROUP, "no group's handle")
{
	PEER_ADDRESS a = address();

	OPEN(BAD_GROUP, wide(bob), &a, PEER_E_INVALID_GROUP);
	OPEN(NULL, wide(bob), &a, PEER_E_INVALID_GROUP);
}

ERROR(PeerGroupOpenDirectConnection, PEER_E_CONNECT_SELF, "the member is this one")
{
	PEER_ADDRESS a = address();

	OPEN(ours, wide(alice), &a, PEER_E_CONNECT_SELF);
}

ERROR(PeerGroupOpenDirectConnection, PEER_E_TOO_MUCH_LOAD, "as many as the group may have")
{
	struct peergroup_status *status;
	PEER_ADDRESS a = address();
	struct nl nl;

	NEED(!peergroup_status(ours, &status));
	NEED(!nl_open(&nl));
	NEED(!group_limit(&nl, status->index, PEERGROUP_A_LIMIT_DIRECT, 0));
	OPEN(ours, wide(bob), &a, PEER_E_TOO_MUCH_LOAD);
	NEED(!group_limit(&nl, status->index, PEERGROUP_A_LIMIT_DIRECT, 64));
	nl_close(&nl);
	peergroup_free(status);
}

ERROR(PeerGroupOpenDirectConnection, PEER_E_GROUP_NOT_READY, "the group is offline")
{
	PEER_ADDRESS a = address();

	rules_part();
	OPEN(bobs, wide(alice), &a, PEER_E_GROUP_NOT_READY);
	rules_meet();
}

/* ------------------------------------------------------------- to close one -- */

ERROR(PeerGroupCloseDirectConnection, PEER_E_CONNECTION_NOT_FOUND, "no connection of that number")
{
	HR(PeerGroupCloseDirectConnection(ours, 0), PEER_E_CONNECTION_NOT_FOUND);
	HR(PeerGroupCloseDirectConnection(ours, NO_ID), PEER_E_CONNECTION_NOT_FOUND);
}

ERROR(PeerGroupCloseDirectConnection, PEER_E_INVALID_GROUP, "no group's handle")
{
	HR(PeerGroupCloseDirectConnection(BAD_GROUP, 1), PEER_E_INVALID_GROUP);
	HR(PeerGroupCloseDirectConnection(NULL, 1), PEER_E_INVALID_GROUP);
}

/* ----------------------------------------------------------------- to send -- */

ERROR(PeerGroupSendData, E_INVALIDARG, "no type, no data, or none of it")
{
	HR(PeerGroupSendData(ours, 1, NULL, 1, "x"), E_INVALIDARG);
	HR(PeerGroupSendData(ours, 1, &rules_type, 0, "x"), E_INVALIDARG);
	HR(PeerGroupSendData(ours, 1, &rules_type, 1, NULL), E_INVALIDARG);
}

ERROR(PeerGroupSendData, PEER_E_CONNECTION_NOT_FOUND, "no connection of that number")
{
	HR(PeerGroupSendData(ours, NO_ID, &rules_type, 1, "x"), PEER_E_CONNECTION_NOT_FOUND);
}

ERROR(PeerGroupSendData, PEER_E_INVALID_GROUP, "no group's handle")
{
	HR(PeerGroupSendData(BAD_GROUP, 1, &rules_type, 1, "x"), PEER_E_INVALID_GROUP);
	HR(PeerGroupSendData(NULL, 1, &rules_type, 1, "x"), PEER_E_INVALID_GROUP);
}

/* ----------------------------------------------------------------- to list -- */

ERROR(PeerGroupEnumConnections, E_INVALIDARG, "no room for the handle, or unknown flags")
{
	HPEERENUM list = BAD_LIST;

	HR(PeerGroupEnumConnections(ours, PEER_CONNECTION_NEIGHBOR, NULL), E_INVALIDARG);
	HR(PeerGroupEnumConnections(ours, 4, &list), E_INVALIDARG);
	CHECK(!list);
}

ERROR(PeerGroupEnumConnections, PEER_E_INVALID_GROUP, "no group's handle")
{
	HPEERENUM list = BAD_LIST;

	HR(PeerGroupEnumConnections(BAD_GROUP, PEER_CONNECTION_NEIGHBOR, &list),
	   PEER_E_INVALID_GROUP);
	CHECK(!list);
}

int main(void)
{
	rules_begin();
	rules_people();
	rules_group(0, PEERGROUP_ROLE_MEMBER);
	rules_connect();
	return rules_main();
}
