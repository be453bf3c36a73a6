// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * peer-chat - the members of a group talk to each other
 *
 *	peer-chat [-g GROUP] [-e HOURS] [-n COUNT]
 *
 * To the Grouping API of <p2p.h>, as a program that comes from Windows; <peergroup.h> is
 * for what that leaves to Windows, and for building XML. Here are the events, the commands
 * and who is here: who is has a record, which the library keeps alive, and its data is
 * where direct connections are taken. Whatever others wrote is shown by way of safe_text().
 */
#include <arpa/inet.h>
#include <getopt.h>
#include <ifaddrs.h>
#include <langinfo.h>
#include <locale.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "chat.h"
#include "safe.h"
#include "screen.h"

#define HERE		300	/* seconds that one is said to be here after a crash */

static const GUID presence_type = {
	0x5f0d1b2d, 0x3a84, 0x4e6d, { 0x9c, 0x07, 0x61, 0xe2, 0x4b, 0xd5, 0x90, 0x3e }
};

struct presence {
	struct presence *next;
	struct person *who;
	GUID id;
	char *addresses;
};

HGROUP group;
unsigned int hours = 24;

static struct presence *present;
static GUID own_presence;
static bool announced, ending;

void say(const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		die("memory", E_OUTOFMEMORY);
	va_end(args);
	screen_add(text);
	free(text);
}

void say_failed(const char *what, HRESULT hr)
{
	say("-- %s: %s%s%s", what, peergroup_strerror(hr),
	    *peergroup_error_detail() ? ": " : "", peergroup_error_detail());
}

/* ----------------------------------------------------------------- presence -- */

static bool is_here(const struct person *p)
{
	const struct presence *at = present;

	while (at && at->who != p)
		at = at->next;
	return at;
}

char *addresses_of(const struct person *who)
{
	const struct presence *at;
	char *text = NULL;
	size_t size;
	FILE *out;

	if (!is_here(who))
		return NULL;
	out = open_memstream(&text, &size);
	for (at = present; at && out; at = at->next)
		if (at->who == who && at->addresses)
			fputs(at->addresses, out);
	if (!out || fclose(out) || !text)
		die("memory", E_OUTOFMEMORY);
	return text;
}

static void show_title(void)
{
	struct person *p;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		die("memory", E_OUTOFMEMORY);
	fputs(announced ? "here:" : "waiting for another member; here:", out);
	for (p = people; p; p = p->next)
		if (is_here(p))
			fprintf(out, " %s", p->shown);
	fclose(out);
	screen_title(text);
	free(text);
}

static void leaves(const GUID *id)
{
	struct presence **at = &present, *gone;

	while (*at && memcmp(&(*at)->id, id, sizeof(*id)))
		at = &(*at)->next;
	gone = *at;
	if (!gone)
		return;
	*at = gone->next;
	if (!is_here(gone->who))
		say("-- %s has left", gone->who->shown);
	free(gone->addresses);
	free(gone);
}

static void use_presence(void *item, void *arg)
{
	const PEER_RECORD *record = item;
	struct presence *new = present;

	while (new && memcmp(&new->id, &record->id, sizeof(GUID)))
		new = new->next;
	if (!new) {
		new = xalloc(sizeof(*new));
		new->who = person(group, record->pwzCreatorId);
		new->id = record->id;
		if (arg && !is_here(new->who))
			say("-- %s is here", new->who->shown);
		new->next = present;
		present = new;
	}
	free(new->addresses);
	new->addresses = strndup((const char *)record->data.pbData,
				 record->data.cbData < TEXT_MAX ? record->data.cbData : TEXT_MAX);
}

/* Where this host may be reached, as far as it knows. */
static size_t own_addresses(char *text, size_t size)
{
	struct peergroup_status *status;
	struct ifaddrs *list, *at;
	char host[INET6_ADDRSTRLEN];
	size_t n = 0;

	if (FAILED(peergroup_status(group, &status)) || getifaddrs(&list))
		return 0;
	for (at = list; at && n + sizeof(host) + 8 < size; at = at->ifa_next) {
		const struct sockaddr_in6 *six = (const void *)at->ifa_addr;
		const struct sockaddr_in *four = (const void *)at->ifa_addr;

		if (!at->ifa_addr || at->ifa_flags & IFF_LOOPBACK ||
		    (six->sin6_family == AF_INET6 && IN6_IS_ADDR_LINKLOCAL(&six->sin6_addr)))
			continue;
		if (four->sin_family == AF_INET)
			inet_ntop(AF_INET, &four->sin_addr, host, sizeof(host));
		else if (six->sin6_family != AF_INET6 ||
			 !inet_ntop(AF_INET6, &six->sin6_addr, host, sizeof(host)))
			continue;
		n += (size_t)snprintf(text + n, size - n, "%s%s %u\n",
				      four->sin_family == AF_INET ? "::ffff:" : "", host,
				      status->port);
	}
	freeifaddrs(list);
	peergroup_free(status);
	return n;
}

/* Nobody may publish before the first synchronisation: it is tried until that is done. */
static void announce(void)
{
	char text[TEXT_MAX];
	PEER_RECORD record = {
		.dwSize = sizeof(record), .type = presence_type,
		.dwFlags = PEER_RECORD_FLAG_AUTOREFRESH,
		.data = { (ULONG)own_addresses(text, sizeof(text)), (PBYTE)text },
	};
	HRESULT hr = publish(&record, HERE, &own_presence);

	announced = SUCCEEDED(hr);
	if (!announced && hr != PEER_E_GROUP_NOT_READY) {
		screen_close();		/* or else nobody sees why */
		die("cannot be here", hr);
	}
}


/* ------------------------------------------------------------ what happens -- */

static void take_record(const PEER_EVENT_RECORD_CHANGE_DATA *change)
{
	bool is_message = !memcmp(&change->recordType, &message_type, sizeof(GUID));
	PEER_RECORD *record;

	if (change->changeType == PEER_RECORD_DELETED || change->changeType == PEER_RECORD_EXPIRED) {
		if (!is_message)
			leaves(&change->recordId);
	} else if (is_message) {
		show_message(&change->recordId);
	} else if (SUCCEEDED(PeerGroupGetRecord(group, &change->recordId, &record))) {
		use_presence(record, (void *)change);
		PeerFreeData(record);
	}
}

static void take_event(const PEER_GROUP_EVENT_DATA *event)
{
	switch (event->eventType) {
	case PEER_GROUP_EVENT_RECORD_CHANGED:
		take_record(&event->recordChangeData);
		break;
	case PEER_GROUP_EVENT_DIRECT_CONNECTION:
		take_connection(&event->connectionChangeData);
		break;
	case PEER_GROUP_EVENT_INCOMING_DATA:
		take_data(&event->incomingData);
		break;
	case PEER_GROUP_EVENT_STATUS_CHANGED:
		if (event->dwStatus & PEER_GROUP_STATUS_HAS_CONNECTIONS)
			say("-- linked to other members");
		else
			say("-- no link to another member");
		break;
	case PEER_GROUP_EVENT_CONNECTION_FAILED:
		say_failed("cannot connect", event->hrConnectionFailedReason);
		break;
	default:
		break;
	}
}

/* ----------------------------------------------------------------- commands -- */

static void say_who(void)
{
	const struct person *p;

	for (p = people; p; p = p->next)
		say("-- %s, %.*s: %s", p->shown, TAIL, p->identity, is_here(p) ? "here" : "away");
}

static void take_line(const char *line)
{
	char *text = cleaned(line), *argument = text + strcspn(text, " ");

	argument += strspn(argument, " ");
	if (*text != '/') {
		if (*text)
			send_message(text);
	} else if (!strncmp(text, "/msg ", 5)) {
		send_private(argument);
	} else if (!strncmp(text, "/history ", 9)) {
		show_history(argument);
	} else if (!strcmp(text, "/who")) {
		say_who();
	} else if (!strcmp(text, "/quit")) {
		ending = true;
	} else {
		say("-- /msg NAME TEXT      to one, whom nobody else hears");
		say("-- /history TEXT       what was said with this in it");
		say("-- /who                who there is, and who is here");
		say("-- /quit               leave");
		say("-- PgUp and PgDn       what was before");
	}
	free(text);
}

/* --------------------------------------------------------------------- main -- */

static void run(HPEEREVENT registration, HANDLE event)
{
	struct pollfd fds[] = {
		{ .fd = 0, .events = POLLIN },
		{ .fd = peergroup_event_fd(event), .events = POLLIN },
	};
	PEER_GROUP_EVENT_DATA *data;
	bool busy = false;
	char *line;

	do {
		peergroup_event_wait(event, 0);		/* before what it tells of is read */
		while (PeerGroupGetEventData(registration, &data) == S_OK) {
			take_event(data);
			PeerFreeData(data);
		}
		if (!announced)
			announce();
		while (announced && !ending && (line = screen_read(&ending))) {
			take_line(line);
			free(line);
		}
		busy = work_outbox();
		show_title();
		screen_draw();
		fds[0].fd = announced && !ending ? 0 : -1;
	} while ((!ending || busy) && wait_for(fds, 2, busy || !announced ? 1 : -1) >= 0);
}

static void chat(size_t latest)
{
	PEER_GROUP_EVENT_REGISTRATION what[] = {
		{ PEER_GROUP_EVENT_RECORD_CHANGED, (GUID *)&message_type },
		{ PEER_GROUP_EVENT_RECORD_CHANGED, (GUID *)&presence_type },
		{ PEER_GROUP_EVENT_INCOMING_DATA, (GUID *)&private_type },
		{ PEER_GROUP_EVENT_INCOMING_DATA, (GUID *)&answer_type },
		{ PEER_GROUP_EVENT_DIRECT_CONNECTION, NULL },
		{ PEER_GROUP_EVENT_STATUS_CHANGED, NULL },
		{ PEER_GROUP_EVENT_CONNECTION_FAILED, NULL },
	};
	HPEEREVENT registration;
	HPEERENUM list;
	HANDLE event;
	DWORD status;

	check(peergroup_event_create(&event), "event");
	check(PeerGroupRegisterEvent(group, event, sizeof(what) / sizeof(what[0]), what,
				     &registration), "events");
	check(PeerGroupGetStatus(group, &status), "status");
	if (!(status & PEER_GROUP_STATUS_LISTENING))
		check(PeerGroupConnect(group), "connect");
	find_people(group);
	check(PeerGroupEnumRecords(group, &presence_type, &list), "presence");
	each_item(list, use_presence, NULL);
	show_latest(latest);
	run(registration, event);
	if (announced)
		PeerGroupDeleteRecord(group, &own_presence);
	PeerGroupUnregisterEvent(registration);
	peergroup_event_close(event);
}

static int usage(void)
{
	fputs("usage: peer-chat [-g GROUP] [-e HOURS] [-n COUNT]\n"
	      "  -g GROUP  peer name or friendly name (default: the only one)\n"
	      "  -e HOURS  how long messages are kept (default: 24)\n"
	      "  -n COUNT  how many earlier messages are shown at first (default: 20)\n", stderr);
	return 2;
}

/* Whether it is a number of at most @max. */
static bool is_number(const char *text, unsigned int max, unsigned int *number)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	*number = (unsigned int)value;
	return *text >= '0' && *text <= '9' && !*end && value <= max;
}

int main(int argc, char **argv)
{
	unsigned int latest = 20;
	const char *name = NULL;
	PEER_VERSION_DATA version;
	int c;

	while ((c = getopt(argc, argv, "g:e:n:")) != -1) {
		if (c == 'g')
			name = optarg;
		else if (!(c == 'e' && is_number(optarg, 365 * 24, &hours) && hours) &&
			 !(c == 'n' && is_number(optarg, 100000, &latest)))
			return usage();
	}
	if (optind != argc)
		return usage();
	setlocale(LC_ALL, "");
	if (strcmp(nl_langinfo(CODESET), "UTF-8") && !setlocale(LC_CTYPE, "C.UTF-8"))
		return fputs("peer-chat: this needs a locale of UTF-8\n", stderr), 1;
	check(PeerGroupStartup(PEER_GROUP_VERSION, &version), "start");
	group = open_group(name, NULL);
	screen_open();
	chat(latest);
	screen_close();
	PeerGroupClose(group);
	PeerGroupShutdown();
	return 0;
}
