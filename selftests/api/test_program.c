// SPDX-License-Identifier: GPL-2.0-only
/*
 * A program as the published documentation would have one write it: of ours it includes only
 * <p2p.h>, its wide literals are L"", and an event is an eventfd. It makes an identity and a
 * group, publishes a record, hears of it, reads it, finds it among others and takes all back.
 */
#include <p2p.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>
#include "tap.h"

/* What is around the program: the module, a network (selftests/lib/group.h). */
void need_module(void);
void own_namespace(void);

static const GUID TYPE_NOTE = {
	0x5f1b0f5c, 0x7ac5, 0x4f6b, { 0x9d, 0x0e, 0x31, 0x55, 0x7c, 0x11, 0x20, 0x05 }
};

static PWSTR identity;
static HGROUP group;
static GUID record_id;

static void test_group(void)
{
	PEER_GROUP_PROPERTIES properties = {
		.dwSize = sizeof(properties),
		.pwzFriendlyName = L"Lab",
		.pwzComment = L"a native program",
		.ulMemberDataLifetime = 86400,
	};
	PEER_GROUP_PROPERTIES *is;
	PEER_VERSION_DATA version;

	NEED(SUCCEEDED(PeerGroupStartup(PEER_GROUP_VERSION, &version)));
	NEED(SUCCEEDED(PeerIdentityCreate(L"alice", L"Alice", 0, &identity)));
	properties.pwzCreatorPeerName = identity;
	NEED(SUCCEEDED(PeerGroupCreate(&properties, &group)));
	NEED(SUCCEEDED(PeerGroupGetProperties(group, &is)));
	CHECK(!memcmp(is->pwzFriendlyName, L"Lab", sizeof(L"Lab")));
	CHECK(!memcmp(is->pwzComment, L"a native program", sizeof(L"a native program")));
	CHECK(is->pwzGroupPeerName && is->pwzCreatorPeerName);
	PeerFreeData(is);
}

/* Waits for a change of a record of that id. */
static PEER_RECORD_CHANGE_TYPE hear(HPEEREVENT registration, int event)
{
	struct pollfd pfd = { .fd = event, .events = POLLIN };
	PEER_RECORD_CHANGE_TYPE change = 0;
	PEER_GROUP_EVENT_DATA *data;
	uint64_t count;
	HRESULT hr;

	while (!change) {
		NEED(poll(&pfd, 1, 60000) == 1 && read(event, &count, sizeof(count)) > 0);
		while ((hr = PeerGroupGetEventData(registration, &data)) == S_OK) {
			CHECK(data->eventType == PEER_GROUP_EVENT_RECORD_CHANGED);
			CHECK(!memcmp(&data->recordChangeData.recordType, &TYPE_NOTE,
				      sizeof(GUID)));
			if (!memcmp(&data->recordChangeData.recordId, &record_id, sizeof(GUID)))
				change = data->recordChangeData.changeType;
			PeerFreeData(data);
		}
		CHECK(hr == PEER_S_NO_EVENT_DATA);
	}
	return change;
}

static void test_record(void)
{
	PEER_GROUP_EVENT_REGISTRATION wanted = { PEER_GROUP_EVENT_RECORD_CHANGED, (GUID *)&TYPE_NOTE };
	int event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	PEER_RECORD record = { .dwSize = sizeof(record), .type = TYPE_NOTE }, *found, **items;
	uint64_t ticks = ((uint64_t)time(NULL) + 11644473600) * 10000000;
	FILETIME now = { (DWORD)ticks, (DWORD)(ticks >> 32) };
	HPEEREVENT registration;
	HPEERENUM list;
	ULONG n = 1;

	NEED(event >= 0);
	NEED(SUCCEEDED(PeerGroupRegisterEvent(group, (HANDLE)(intptr_t)event, 1, &wanted,
					      &registration)));
	record.data.cbData = 5;
	record.data.pbData = (BYTE *)"hello";
	now.dwHighDateTime += 200;	/* a day, nearly */
	NEED(SUCCEEDED(PeerGroupUniversalTimeToPeerTime(group, &now, &record.ftExpiration)));
	NEED(SUCCEEDED(PeerGroupAddRecord(group, &record, &record_id)));
	CHECK(hear(registration, event) == PEER_RECORD_ADDED);
	NEED(SUCCEEDED(PeerGroupGetRecord(group, &record_id, &found)));
	CHECK(found->data.cbData == 5 && !memcmp(found->data.pbData, "hello", 5));
	PeerFreeData(found);
	NEED(SUCCEEDED(PeerGroupEnumRecords(group, &TYPE_NOTE, &list)));
	NEED(SUCCEEDED(PeerGetNextItem(list, &n, (PVOID **)&items)) && n == 1);
	CHECK(!memcmp(&items[0]->id, &record_id, sizeof(GUID)));
	PeerFreeData(items);
	CHECK(SUCCEEDED(PeerEndEnumeration(list)));
	NEED(SUCCEEDED(PeerGroupDeleteRecord(group, &record_id)));
	CHECK(hear(registration, event) == PEER_RECORD_DELETED);
	CHECK(SUCCEEDED(PeerGroupUnregisterEvent(registration)));
	close(event);
}

static void test_end(void)
{
	PEER_GROUP_PROPERTIES *is;

	NEED(SUCCEEDED(PeerGroupGetProperties(group, &is)));
	CHECK(SUCCEEDED(PeerGroupClose(group)));
	CHECK(SUCCEEDED(PeerGroupDelete(identity, is->pwzGroupPeerName)));
	PeerFreeData(is);
	CHECK(SUCCEEDED(PeerIdentityDelete(identity)));
	PeerFreeData(identity);
	CHECK(SUCCEEDED(PeerGroupShutdown()));
}

int main(void)
{
	static const struct tap_test tests[] = {
		{ "an identity and a group", test_group },
		{ "a record, its event, and where it is found", test_record },
		{ "all is taken back", test_end },
	};
	char home[] = "/tmp/program.XXXXXX";

	need_module();
	own_namespace();
	NEED(mkdtemp(home) && !setenv("PEERGROUP_HOME", home, 1));
	return tap_main(tests, sizeof(tests) / sizeof(tests[0]));
}
