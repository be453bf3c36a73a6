// SPDX-License-Identifier: GPL-2.0-only
// timeout: 200
/*
 * Connecting, what is told of it, and several programs that share a group: the second is
 * this one again, started to do what it reads, a letter at a time. Each case is called as
 * in rules.tsv.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <p2p.h>
#include <peergroup.h>
#include "api.h"
#include "group.h"
#include "rules.h"
#include "tap.h"

#define PORT	3587

static DWORD status_of(HGROUP group)
{
	DWORD status = 99;

	HR(PeerGroupGetStatus(group, &status), S_OK);
	return status;
}

static struct listener failures, changes;

/* Why a connection failed; S_OK where nothing is told. */
static HRESULT failure(struct listener *l)
{
	PEER_GROUP_EVENT_DATA *data = hear(l);
	HRESULT hr = S_OK;

	if (data) {
		CHECK(data->eventType == PEER_GROUP_EVENT_CONNECTION_FAILED);
		hr = data->hrConnectionFailedReason;
	}
	PeerFreeData(data);
	return hr;
}

/* Is told that the status has, or has not, a bit: soon. */
static bool hear_status(struct listener *l, DWORD bit, bool on)
{
	PEER_GROUP_EVENT_DATA *data;
	bool is = false;

	while (!is && (data = hear(l))) {
		is = data->eventType == PEER_GROUP_EVENT_STATUS_CHANGED &&
		     !!(data->dwStatus & bit) == on;
		PeerFreeData(data);
	}
	return is;
}

/* ------------------------------------------------------------ connecting -- */

RULE(L20, "a group that is offline has the status 0")
{
	CHECK(status_of(ours) == 0 && status_of(bobs) == 0);
}

RULE(EV1, "where a member that has nothing yet knows nobody, there are no members found")
{
	listen_for(&failures, bobs, PEER_GROUP_EVENT_CONNECTION_FAILED, NULL);
	HR(PeerGroupConnect(bobs), S_OK);
	HR(failure(&failures), PEER_E_NO_MEMBERS_FOUND);
	CHECK(silent(&failures), "once");
}

RULE(L15, "where nobody answers at an address, no member has taken the connection")
{
	PEER_ADDRESS a = {
		.dwSize = sizeof(a),
		.sin6 = { .sin6_family = AF_INET6, .sin6_port = htons(3999),
			  .sin6_addr = IN6ADDR_LOOPBACK_INIT },
	};

	HR(PeerGroupConnectByAddress(bobs, 1, &a), S_OK);
	HR(failure(&failures), PEER_E_NO_MEMBER_CONNECTIONS);
}

RULE(L11, "a Connect has its own end, unless one is under way")
{
	struct sockaddr_in6 at = {
		.sin6_family = AF_INET6, .sin6_port = htons(3999),
		.sin6_addr = IN6ADDR_LOOPBACK_INIT,
	};
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);

	HR(PeerGroupConnect(bobs), S_OK);
	HR(failure(&failures), PEER_E_NO_MEMBERS_FOUND);
	/* From here on somebody is there, who says nothing. */
	NEED(fd >= 0 && !bind(fd, (struct sockaddr *)&at, sizeof(at)) && !listen(fd, 1));
	HR(PeerGroupConnect(bobs), S_OK);
	HR(PeerGroupConnect(bobs), PEER_S_ALREADY_CONNECTED);
	CHECK(silent(&failures));
	close(fd);
	HR(failure(&failures), PEER_E_NO_MEMBERS_FOUND);
	CHECK(silent(&failures));
	stop_listening(&failures);
	NEED(!peergroup_offline(bobs));
}

RULE(EV2, "where the port is taken, the group cannot listen")
{
	struct sockaddr_in6 any = { .sin6_family = AF_INET6, .sin6_port = htons(PORT) };
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);

	NEED(fd >= 0 && !bind(fd, (struct sockaddr *)&any, sizeof(any)) && !listen(fd, 1));
	listen_for(&failures, ours, PEER_GROUP_EVENT_CONNECTION_FAILED, NULL);
	HR(PeerGroupConnect(ours), S_OK);
	HR(failure(&failures), PEER_E_UNABLE_TO_LISTEN);
	CHECK(status_of(ours) == 0);
	close(fd);
}

RULE(L12, "a creator that is alone listens, which is no failure")
{
	listen_for(&changes, ours, PEER_GROUP_EVENT_STATUS_CHANGED, NULL);
	HR(PeerGroupConnect(ours), S_OK);
	CHECK(hear_status(&changes, PEER_GROUP_STATUS_LISTENING, true));
	CHECK(status_of(ours) == PEER_GROUP_STATUS_LISTENING);
	CHECK(silent(&failures));
	stop_listening(&failures);
}

RULE(L10, "who is connected and connects again is told so, and no event is")
{
	HR(PeerGroupConnect(ours), PEER_S_ALREADY_CONNECTED);
	CHECK(silent(&changes));
}

RULE(EV3, "who has neighbours, and who has lost them, is told by STATUS_CHANGED")
{
	PEER_GROUP_EVENT_DATA *data;

	rules_meet();
	data = hear(&changes);
	CHECK(data && data->dwStatus & PEER_GROUP_STATUS_HAS_CONNECTIONS,
	      "the first since L10 connected again");
	PeerFreeData(data);
	CHECK(status_of(ours) == (PEER_GROUP_STATUS_LISTENING |
				  PEER_GROUP_STATUS_HAS_CONNECTIONS));
	NEED(wait_until(is_ready, bobs));
}

/* Takes items up to one of a link that is so; all zero where none comes. */
static PEER_EVENT_CONNECTION_CHANGE_DATA hear_link(struct listener *l,
						   PEER_CONNECTION_STATUS status)
{
	PEER_EVENT_CONNECTION_CHANGE_DATA c = { 0 };
	PEER_GROUP_EVENT_DATA *data;

	while (c.status != status && (data = hear(l))) {
		CHECK(data->eventType == PEER_GROUP_EVENT_NEIGHBOR_CONNECTION, "event %d",
		      (int)data->eventType);
		c = data->connectionChangeData;
		PeerFreeData(data);
	}
	CHECK(c.status == status && c.dwSize == sizeof(c) && c.ullConnectionId);
	CHECK(!c.ullNextConnectionId, "none is tried next");
	return c;
}

RULE(EV4, "a neighbour that comes, goes, or cannot be had is a NEIGHBOR_CONNECTION")
{
	PEER_EVENT_CONNECTION_CHANGE_DATA up, c;
	struct listener l;

	listen_for(&l, ours, PEER_GROUP_EVENT_NEIGHBOR_CONNECTION, NULL);
	rules_part();
	HR(hear_link(&l, PEER_DISCONNECTED).hrConnectionFailedReason, S_OK);
	rules_meet();
	up = hear_link(&l, PEER_CONNECTED);
	CHECK(up.ullNodeId);
	HR(up.hrConnectionFailedReason, S_OK);
	rules_part();
	c = hear_link(&l, PEER_DISCONNECTED);
	CHECK(c.ullConnectionId == up.ullConnectionId && c.ullNodeId == up.ullNodeId);
	NEED(!peergroup_connect(ours, "127.0.0.1:3999"));
	c = hear_link(&l, PEER_CONNECTION_FAILED);
	HR(c.hrConnectionFailedReason, PEER_E_CONNECTION_FAILED);
	CHECK(c.ullConnectionId != up.ullConnectionId);
	stop_listening(&l);
	rules_meet();
}

ERROR(PeerGroupConnectByAddress, PEER_S_ALREADY_CONNECTED, "the group has neighbours")
{
	PEER_ADDRESS a = {
		.dwSize = sizeof(a),
		.sin6 = { .sin6_family = AF_INET6, .sin6_port = htons(PORT),
			  .sin6_addr = IN6ADDR_LOOPBACK_INIT },
	};

	HR(PeerGroupConnectByAddress(bobs, 1, &a), PEER_S_ALREADY_CONNECTED);
	rules_part();
	CHECK(hear_status(&changes, PEER_GROUP_STATUS_HAS_CONNECTIONS, false));
	NEED(!peergroup_offline(ours));
	CHECK(hear_status(&changes, PEER_GROUP_STATUS_LISTENING, false));
}

/* ------------------------------------------------------- a second program -- */

/* What it is asked, and the result of the call or the status. */
struct second {
	pid_t pid;
	int ask, answer;
};

static HRESULT obey(char what, HGROUP *group)
{
	DWORD status = 99;
	HRESULT hr;

	switch (what) {
	case 'o':
		return PeerGroupOpen(wide(alice), wide(group_name), NULL, group);
	case 'c':
		return PeerGroupConnect(*group);
	case 's':
		hr = PeerGroupGetStatus(*group, &status);
		return hr ? hr : (HRESULT)status;
	default:
		return PeerGroupClose(*group);
	}
}

static int be_second(char **names)
{
	PEER_VERSION_DATA version;
	HGROUP group = NULL;
	HRESULT hr;
	char what;

	alice = names[0];
	group_name = names[1];
	if (PeerGroupStartup(PEER_GROUP_VERSION, &version))
		return 1;
	while (read(0, &what, 1) == 1) {
		hr = obey(what, &group);
		if (write(1, &hr, sizeof(hr)) != sizeof(hr))
			return 1;
	}
	return PeerGroupShutdown() ? 1 : 0;
}

static void start(struct second *s)
{
	int to[2], from[2];

	NEED(!pipe2(to, O_CLOEXEC) && !pipe2(from, O_CLOEXEC));
	fflush(stdout);
	s->pid = fork();
	NEED(s->pid >= 0);
	if (!s->pid) {
		dup2(to[0], 0);
		dup2(from[1], 1);
		exec_self(alice, group_name);
	}
	close(to[0]);
	close(from[1]);
	s->ask = to[1];
	s->answer = from[0];
}

static HRESULT ask(struct second *s, char what)
{
	HRESULT hr;

	NEED(write(s->ask, &what, 1) == 1 && read(s->answer, &hr, sizeof(hr)) == sizeof(hr));
	return hr;
}

static void end(struct second *s)
{
	int status;

	close(s->ask);
	close(s->answer);
	NEED(waitpid(s->pid, &status, 0) == s->pid);
	CHECK(WIFEXITED(status) && !WEXITSTATUS(status), "%#x", (unsigned int)status);
}

static struct second second;

RULE(HG1, "what one program connects is connected for the others, who are told")
{
	start(&second);
	HR(ask(&second, 'o'), S_OK);
	HR(ask(&second, 's'), 0);
	HR(ask(&second, 'c'), S_OK);
	CHECK(hear_status(&changes, PEER_GROUP_STATUS_LISTENING, true));
	CHECK(status_of(ours) == PEER_GROUP_STATUS_LISTENING);
	HR(PeerGroupConnect(ours), PEER_S_ALREADY_CONNECTED);
}

RULE(HG2, "who opens a group that is online is online at once")
{
	HGROUP again;

	HR(PeerGroupOpen(wide(alice), wide(group_name), NULL, &again), S_OK);
	CHECK(status_of(again) == PEER_GROUP_STATUS_LISTENING);
	HR(PeerGroupClose(again), S_OK);
}

RULE(L17, "who closes leaves the others online, also where it has connected")
{
	HR(ask(&second, 'e'), S_OK);
	CHECK(status_of(ours) == PEER_GROUP_STATUS_LISTENING);
	end(&second);
	CHECK(status_of(ours) == PEER_GROUP_STATUS_LISTENING, "it has ended");
	start(&second);
	HR(ask(&second, 'o'), S_OK);
	stop_listening(&changes);
	HR(PeerGroupClose(ours), S_OK);
	HR(ask(&second, 's'), PEER_GROUP_STATUS_LISTENING);
}

RULE(HG3, "with the last handle a group goes offline")
{
	HR(ask(&second, 'e'), S_OK);
	HR(ask(&second, 'o'), S_OK);
	HR(ask(&second, 's'), 0);
}

RULE(L18, "with a group that is deleted the handles of all programs are none")
{
	HR(PeerGroupDelete(wide(alice), wide(group_name)), S_OK);
	HR(ask(&second, 's'), PEER_E_INVALID_GROUP);
	HR(ask(&second, 'c'), PEER_E_INVALID_GROUP);
	HR(ask(&second, 'o'), PEER_E_NOT_FOUND);
	end(&second);
}

int main(int argc, char **argv)
{
	if (argc == 3)
		return be_second(argv + 1);
	rules_begin();
	rules_people();
	rules_group(0, PEERGROUP_ROLE_MEMBER);
	return rules_main();
}
