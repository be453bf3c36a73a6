// SPDX-License-Identifier: GPL-2.0-only
// timeout: 600
// long: hundreds of tries to join by password
// valgrind: no: malloc() is replaced
/*
 * No memory in the threads of the library's that join by password and that answer who does,
 * each place in turn and then for a while: who joins is told that it did not come about, though
 * not that the password is wrong, and has joined after another try.
 */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <p2p.h>
#include <peergroup.h>
#include "api.h"
#include "group.h"
#include "heap.h"
#include "netlink.h"
#include "rules.h"
#include "tap.h"
#include "walk.h"

#define ALICES_PORT	3600	/* Bob has what is usual, when he has joined */
#define PATIENCE	20000	/* ms: what is not told by then is lost */
#define TRIES_MAX	1000	/* each may fail at another place */

static PWSTR text;			/* the invitation by password */

/* As often as one likes. */
static void no_limits(void)
{
	struct peergroup_status *status;
	struct nl nl;

	NEED(!peergroup_status(ours, &status));
	NEED(!nl_open(&nl));
	NEED(!group_limit(&nl, status->index, PEERGROUP_A_LIMIT_PASSWORD_RATE, 0));
	NEED(!group_limit(&nl, status->index, PEERGROUP_A_LIMIT_PASSWORD_PREFIX_RATE, 0));
	nl_close(&nl);
	peergroup_free(status);
}

static void connect_to_alice(void)
{
	PEER_ADDRESS a = { .dwSize = sizeof(a), .sin6 = { .sin6_family = AF_INET6,
							  .sin6_port = htons(ALICES_PORT) } };
	HRESULT hr;

	NEED(inet_pton(AF_INET6, "::ffff:127.0.0.1", &a.sin6.sin6_addr) == 1);
	hr = PeerGroupConnectByAddress(bobs, 1, &a);
	CHECK(SUCCEEDED(hr), "0x%08x, %s", (unsigned int)hr, peergroup_error_detail());
}

/* How an attempt ended; false where it is not told. */
static bool hear_end(struct listener *l, bool *joined)
{
	PEER_GROUP_EVENT_DATA *data;
	bool ended = false;
	HRESULT hr;

	while (!ended) {
		if (peergroup_event_wait(l->event, PATIENCE) != S_OK)
			return false;
		while ((hr = PeerGroupGetEventData(l->handle, &data)) == S_OK) {
			CHECK(data->eventType != PEER_GROUP_EVENT_AUTHENTICATION_FAILED,
			      "the password is the right one");
			if (data->eventType == PEER_GROUP_EVENT_CONNECTION_FAILED)
				ended = true;
			if (data->eventType == PEER_GROUP_EVENT_STATUS_CHANGED &&
			    data->dwStatus & PEER_GROUP_STATUS_HAS_CONNECTIONS) {
				ended = true;
				*joined = true;
			}
			PeerFreeData(data);
		}
		CHECK(hr == PEER_S_NO_EVENT_DATA, "0x%08x", (unsigned int)hr);
	}
	return true;
}

static void join_round(void)
{
	PEER_GROUP_EVENT_REGISTRATION r[] = {
		{ PEER_GROUP_EVENT_AUTHENTICATION_FAILED, NULL },
		{ PEER_GROUP_EVENT_CONNECTION_FAILED, NULL },
		{ PEER_GROUP_EVENT_STATUS_CHANGED, NULL },
	};
	bool joined = false;
	struct listener l;
	unsigned int tries;

	NEED(!PeerGroupPasswordJoin(wide(bob), text, wide(PASSWORD), NULL, &bobs));
	NEED(!peergroup_event_create(&l.event));
	NEED(!PeerGroupRegisterEvent(bobs, l.event, 3, r, &l.handle));
	for (tries = 0; !joined && !tap_bad; tries++) {
		NEED(tries < TRIES_MAX);
		connect_to_alice();
		CHECK(hear_end(&l, &joined), "nothing is told");
		heap_return();
	}
	stop_listening(&l);
	HR(PeerGroupClose(bobs), S_OK);
	HR(PeerGroupDelete(wide(bob), wide(group_name)), S_OK);
}

static void test_password(void)
{
	NEED(!PeerGroupCreatePasswordInvitation(ours, &text));
	no_limits();
	heap_times = 1;
	heap_walk_threads(join_round);
	PeerFreeData(text);
}

static void test_end(void)
{
	HR(PeerGroupClose(ours), S_OK);
	HR(PeerGroupShutdown(), S_OK);
	heap_check_threads();
}

static void set_up(void)
{
	PEER_GROUP_PROPERTIES p = {
		.dwSize = sizeof(p), .pwzFriendlyName = (PWSTR)u"The Club",
		.pwzGroupPassword = wide(PASSWORD),
		.dwAuthenticationSchemes = PEER_GROUP_PASSWORD_AUTHENTICATION |
					   PEER_GROUP_GMC_AUTHENTICATION,
		.groupPasswordRole = PEER_GROUP_ROLE_MEMBER,
	};
	struct peergroup_status *status;

	rules_begin();
	rules_people();
	p.pwzCreatorPeerName = wide(alice);
	NEED(!PeerGroupCreate(&p, &ours));
	NEED(!peergroup_status(ours, &status));
	group_name = strdup(status->name);
	NEED(group_name);
	peergroup_free(status);
	NEED(!peergroup_online(ours, ALICES_PORT));
}

int main(void)
{
	static const struct tap_test tests[] = {
		{ "who joins by password, and who answers", test_password },
		{ "nothing is left", test_end },
	};

	set_up();
	return tap_main(tests, sizeof(tests) / sizeof(tests[0]));
}
