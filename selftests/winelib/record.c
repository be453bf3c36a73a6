// SPDX-License-Identifier: GPL-2.0-only
/*
 * A program for Windows, as the documentation of the P2P Grouping API would have it
 * written: a window's loop, events of Win32 and wide strings, and nothing of this
 * project but <p2p.h>. test_winelib.sh builds it with winegcc.
 *
 * It makes a group, takes it online, adds a record for each argument with that as its
 * data, and prints what it is told of until it has seen all of them. Then it deletes
 * what it made.
 */
#include <windows.h>
#include <p2p.h>
#include <stdio.h>

static const GUID type = { 0x4d5a9000, 0x0300, 0x0000, { 4, 0, 0, 0, 0xff, 0xff, 0, 0 } };
static HWND window;
static HGROUP group;
static HPEEREVENT registration;
static int left, result = 1;

static void need(HRESULT hr, const char *what)
{
	if (SUCCEEDED(hr))
		return;
	printf("%s: 0x%08x\n", what, (unsigned int)hr);
	fflush(stdout);
	ExitProcess(2);
}

static void print_record(const GUID *id)
{
	PEER_RECORD *record;

	need(PeerGroupGetRecord(group, id, &record), "PeerGroupGetRecord");
	if (!memcmp(&record->type, &type, sizeof(type))) {
		printf("record: %.*s\n", (int)record->data.cbData, (char *)record->data.pbData);
		if (!--left) {
			result = 0;
			PostMessageW(window, WM_CLOSE, 0, 0);
		}
	}
	PeerFreeData(record);
}

/* Win32 is to hand whenever the event was signalled, so all that is queued is read. */
static void read_events(void)
{
	PEER_GROUP_EVENT_DATA *data;

	while (PeerGroupGetEventData(registration, &data) == S_OK) {
		printf("event %d\n", (int)data->eventType);
		if (data->eventType == PEER_GROUP_EVENT_RECORD_CHANGED &&
		    data->recordChangeData.changeType == PEER_RECORD_ADDED)
			print_record(&data->recordChangeData.recordId);
		PeerFreeData(data);
	}
}

static LRESULT CALLBACK procedure(HWND hwnd, UINT message, WPARAM wparam, LPARAM lparam)
{
	if (message == WM_DESTROY) {
		PostQuitMessage(result);
		return 0;
	}
	return DefWindowProcW(hwnd, message, wparam, lparam);
}

static void make_window(void)
{
	static const WCHAR name[] = { 'p', 'e', 'e', 'r', 0 };
	WNDCLASSW class = {
		.lpfnWndProc = procedure,
		.hInstance = GetModuleHandleW(NULL),
		.lpszClassName = name,
	};

	/* One that only takes messages, since there is no screen to show another. */
	if (RegisterClassW(&class))
		window = CreateWindowExW(0, name, name, 0, 0, 0, 0, 0, HWND_MESSAGE, NULL,
					 class.hInstance, NULL);
	need(window ? S_OK : HRESULT_FROM_WIN32(GetLastError()), "CreateWindowExW");
}

static int loop(HANDLE event)
{
	MSG message;

	for (;;) {
		if (MsgWaitForMultipleObjects(1, &event, FALSE, INFINITE, QS_ALLINPUT) ==
		    WAIT_OBJECT_0)
			read_events();
		while (PeekMessageW(&message, NULL, 0, 0, PM_REMOVE)) {
			if (message.message == WM_QUIT)
				return (int)message.wParam;
			DispatchMessageW(&message);
		}
	}
}

static void add(const char *text)
{
	PEER_RECORD record = { .dwSize = sizeof(record), .type = type };
	ULARGE_INTEGER expires;
	GUID id;

	GetSystemTimeAsFileTime(&record.ftExpiration);
	expires.LowPart = record.ftExpiration.dwLowDateTime;
	expires.HighPart = record.ftExpiration.dwHighDateTime;
	expires.QuadPart += 3600 * 10000000ULL;
	record.ftExpiration.dwLowDateTime = expires.LowPart;
	record.ftExpiration.dwHighDateTime = expires.HighPart;
	record.data.cbData = (ULONG)strlen(text);
	record.data.pbData = (BYTE *)text;
	need(PeerGroupAddRecord(group, &record, &id), "PeerGroupAddRecord");
}

int main(int argc, char **argv)
{
	PEER_GROUP_EVENT_REGISTRATION wanted[] = {
		{ .eventType = PEER_GROUP_EVENT_STATUS_CHANGED },
		{ .eventType = PEER_GROUP_EVENT_RECORD_CHANGED },
	};
	PEER_GROUP_PROPERTIES properties = { .dwSize = sizeof(properties) };
	PEER_VERSION_DATA version;
	PEER_GROUP_PROPERTIES *created;
	PWSTR identity;
	HANDLE event;
	int i;

	need(PeerGroupStartup(PEER_GROUP_VERSION, &version), "PeerGroupStartup");
	make_window();
	event = CreateEventW(NULL, FALSE, FALSE, NULL);
	need(PeerIdentityCreate(NULL, NULL, 0, &identity), "PeerIdentityCreate");
	properties.pwzCreatorPeerName = identity;
	need(PeerGroupCreate(&properties, &group), "PeerGroupCreate");
	need(PeerGroupGetProperties(group, &created), "PeerGroupGetProperties");
	need(PeerGroupRegisterEvent(group, event, 2, wanted, &registration),
	     "PeerGroupRegisterEvent");
	need(PeerGroupConnect(group), "PeerGroupConnect");
	left = argc - 1;
	for (i = 1; i < argc; i++)
		add(argv[i]);
	i = loop(event);
	need(PeerGroupUnregisterEvent(registration), "PeerGroupUnregisterEvent");
	CloseHandle(event);
	need(PeerGroupClose(group), "PeerGroupClose");
	need(PeerGroupDelete(identity, created->pwzGroupPeerName), "PeerGroupDelete");
	PeerFreeData(created);
	need(PeerIdentityDelete(identity), "PeerIdentityDelete");
	PeerFreeData(identity);
	need(PeerGroupShutdown(), "PeerGroupShutdown");
	printf("ended\n");
	return i;
}
