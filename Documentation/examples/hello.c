// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * hello - publish a note in a group, and print everybody's notes, with the
 * Grouping API of <p2p.h>
 *
 *	hello GROUP ADDRESS|- [TEXT]
 *
 * GROUP is the peer name of a group that this user has created or joined,
 * ADDRESS the IPv6 address (or ::ffff: and an IPv4 one) of another member, "-"
 * for the addresses known from earlier times. It ends after ten quiet seconds.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <p2p.h>
#include <peergroup.h>

/* What the data of a note means, for all programs that know this number. */
static const GUID note_type = {
	0x9a3f1c52, 0x5d0e, 0x4b8a, { 0x93, 0x11, 0x6f, 0x20, 0x4e, 0x7b, 0x8c, 0x01 }
};

static void check(HRESULT hr, const char *what)
{
	if (SUCCEEDED(hr))
		return;
	fprintf(stderr, "%s: %s (%s)\n", what, peergroup_strerror(hr),
		peergroup_error_detail());
	exit(1);
}

/* Peer names without a classifier are ASCII. */
static WCHAR *widen(const char *ascii)
{
	size_t i, len = strlen(ascii);
	WCHAR *wide = calloc(len + 1, sizeof(*wide));

	if (!wide)
		exit(1);
	for (i = 0; i < len; i++)
		wide[i] = (unsigned char)ascii[i];
	return wide;
}

static HGROUP open_group(const char *name)
{
	WCHAR *wide = widen(name);
	PWSTR identity;
	HGROUP group;

	check(PeerIdentityGetDefault(&identity), "identity");
	check(PeerGroupOpen(identity, wide, NULL, &group), "open");
	PeerFreeData(identity);
	free(wide);
	return group;
}

static void go_online(HGROUP group, const char *address)
{
	PEER_ADDRESS a = { .dwSize = sizeof(a), .sin6 = { .sin6_family = AF_INET6 } };

	if (!strcmp(address, "-")) {
		check(PeerGroupConnect(group), "connect");
		return;
	}
	if (inet_pton(AF_INET6, address, &a.sin6.sin6_addr) != 1) {
		fprintf(stderr, "%s: not an IPv6 address\n", address);
		exit(1);
	}
	check(PeerGroupConnectByAddress(group, 1, &a), "connect");
}

static void publish(HGROUP group, char *text)
{
	struct timespec ts;
	FILETIME expires;
	uint64_t time;
	GUID id;

	clock_gettime(CLOCK_REALTIME, &ts);
	ts.tv_sec += 3600;
	time = peergroup_time_from_unix(&ts);
	expires.dwLowDateTime = (DWORD)time;
	expires.dwHighDateTime = (DWORD)(time >> 32);

	PEER_RECORD record = {
		.dwSize = sizeof(record),
		.type = note_type,
		.pwzAttributes = (PWSTR)u"<attributes><attribute name=\"lang\" type=\"string\">"
					"en</attribute></attributes>",
		.data = { (ULONG)strlen(text), (PBYTE)text },
	};
	check(PeerGroupUniversalTimeToPeerTime(group, &expires, &record.ftExpiration), "time");
	check(PeerGroupAddRecord(group, &record, &id), "add");
}

static void print_note(const PEER_RECORD *record)
{
	printf("%.*s\n", (int)record->data.cbData, (const char *)record->data.pbData);
	fflush(stdout);
}

/* What is there: a snapshot, fetched in pieces. */
static void print_all(HGROUP group)
{
	HPEERENUM list;
	PVOID *items;
	ULONG i, n;

	check(PeerGroupEnumRecords(group, &note_type, &list), "enumerate");
	for (;;) {
		n = 16;
		check(PeerGetNextItem(list, &n, &items), "next");
		if (!n)
			break;
		for (i = 0; i < n; i++)
			print_note(items[i]);
		PeerFreeData(items);
	}
	PeerEndEnumeration(list);
}

static void take_event(HGROUP group, const PEER_GROUP_EVENT_DATA *event)
{
	const PEER_EVENT_RECORD_CHANGE_DATA *change = &event->recordChangeData;
	PEER_RECORD *record;

	if (event->eventType == PEER_GROUP_EVENT_CONNECTION_FAILED) {
		fprintf(stderr, "cannot connect: %s\n",
			peergroup_strerror(event->hrConnectionFailedReason));
	} else if (event->eventType == PEER_GROUP_EVENT_RECORD_CHANGED &&
		   (change->changeType == PEER_RECORD_ADDED ||
		    change->changeType == PEER_RECORD_UPDATED) &&
		   /* It may be gone again: events are news, not the records. */
		   SUCCEEDED(PeerGroupGetRecord(group, &change->recordId, &record))) {
		print_note(record);
		PeerFreeData(record);
	}
}

int main(int argc, char **argv)
{
	PEER_GROUP_EVENT_REGISTRATION what[] = {
		{ PEER_GROUP_EVENT_RECORD_CHANGED, (GUID *)&note_type },
		{ PEER_GROUP_EVENT_CONNECTION_FAILED, NULL },
	};
	PEER_VERSION_DATA version;
	PEER_GROUP_EVENT_DATA *data;
	HPEEREVENT registration;
	HANDLE event;
	HGROUP group;

	if (argc != 3 && argc != 4) {
		fputs("usage: hello GROUP ADDRESS|- [TEXT]\n", stderr);
		return 2;
	}
	check(PeerGroupStartup(PEER_GROUP_VERSION, &version), "start");
	group = open_group(argv[1]);
	/* Registered before anything can happen. */
	check(peergroup_event_create(&event), "event");
	check(PeerGroupRegisterEvent(group, event, 2, what, &registration), "register");
	go_online(group, argv[2]);
	print_all(group);
	if (argc == 4)
		publish(group, argv[3]);

	while (peergroup_event_wait(event, 10000) == S_OK) {
		/* All there are, until it says PEER_S_NO_EVENT_DATA. */
		while (PeerGroupGetEventData(registration, &data) == S_OK) {
			take_event(group, data);
			PeerFreeData(data);
		}
	}
	PeerGroupUnregisterEvent(registration);
	peergroup_event_close(event);
	PeerGroupClose(group);
	PeerGroupShutdown();
	return 0;
}
