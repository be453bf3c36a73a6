// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * peer-chat - the members of a group talk to each other at their terminals
 *
 *	peer-chat [GROUP]
 *
 * To <p2p.h>, as a program that comes from Windows; <peergroup.h> is for what that leaves to
 * Windows (an event to poll, text), and for XML. A line to all is a record: its data is the text,
 * its attribute "words" the same in small letters, to be searched for. A line to one goes over a
 * direct connection of its own, which ends when the other end has answered.
 */
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/param.h>
#include <unistd.h>
#include <wctype.h>
#include <curses.h>
#include "people.h"
#include "safe.h"

#define KEPT		2000U	/* lines that can be scrolled back to */
#define LINE_SIZE	2000U	/* bytes of a line, whoever wrote it */
#define SAID_FOR	(7 * 24 * 3600)
#define PATIENCE	60	/* seconds until a line to one is given up */

#define TYPE(n) { (n), 0x3a84, 0x4e6d, { 0x9c, 7, 0x61, 0xe2, 0x4b, 0xd5, 0x90, 0x3e } }
static GUID message_type = TYPE(0x5f0d1b2c), private_type = TYPE(0x5f0d1b2e);
static GUID answer_type = TYPE(0x5f0d1b2f);

static HGROUP group;
static struct people people;
static char input[LINE_SIZE + MB_LEN_MAX];
static size_t length, scrolled;	/* lines between the newest one and the lowest shown */
static bool ending;
static struct lines outbox;	/* "NAME TEXT" to one; */
static size_t done;		/* ... so many are sent or given up, and the next goes */
static ULONGLONG connection;	/* ... over this, if it is not 0, */
static time_t until;		/* ... and is answered by then */

/*
 * What was said, as "WHO\tTEXT" behind SORT_KEY digits, and what the program says. Up to the tab
 * it is bold, so that nothing a member wrote passes for it; all that is theirs is safe_text().
 */
static struct lines said;
#define SORT_KEY	16
#define say(format, ...) lines_add(&said, "%*s" format, SORT_KEY, "", __VA_ARGS__)

static bool failed(const char *call, HRESULT hr)
{
	if (FAILED(hr))
		say("-- %s: %s %s", call, peergroup_strerror(hr), error_detail());
	return FAILED(hr);
}

/* ----------------------------------------------------------------- the terminal -- */

static void draw_said(WINDOW *window)
{
	size_t last = said.count - MIN(scrolled, said.count), i = last - MIN(last, (size_t)LINES);
	const char *line;
	int head;

	scrollok(window, TRUE);
	for (; i < last; i++) {
		line = said.line[i] + SORT_KEY;
		head = (int)strcspn(line, "\t");
		wattron(window, A_BOLD);
		wprintw(window, "\n%.*s", head, line);
		wattroff(window, A_BOLD);
		waddstr(window, line + head + !!line[head]);
	}
	delwin(window);
}

static void draw(void)
{
	WINDOW *line;
	ULONG i;

	erase();
	attron(A_REVERSE);
	mvhline(0, 0, ' ', COLS);
	addstr("here:");
	for (i = 0; i < people.count; i++)
		if (people.member[i]->dwFlags & PEER_MEMBER_PRESENT)
			printw(" %s", people.names.line[i]);
	attroff(A_REVERSE);
	move(1, 0);		/* it may have become more than a row */
	clrtobot();
	draw_said(derwin(stdscr, LINES - 2, COLS, 1, 0));
	line = derwin(stdscr, 1, COLS, LINES - 1, 0);
	scrollok(line, TRUE);	/* what is too long shows its end */
	waddstr(line, scrolled ? "^ " : "> ");
	waddstr(line, input);
	move(LINES - 1, getcurx(line));
	delwin(line);
	refresh();
}

/* Whether the key ends a line. */
static bool take_key(bool special, wint_t key)
{
	if (special ? key == KEY_BACKSPACE : key == '\b' || key == 0x7f)
		while (length && (input[--length] & 0xc0) == 0x80)
			;
	else if (special && key == KEY_PPAGE)
		scrolled = MIN(scrolled + (size_t)LINES / 2, said.count - !!said.count);
	else if (special && key == KEY_NPAGE)
		scrolled -= MIN((size_t)LINES / 2, scrolled);
	else if (special && key == KEY_RESIZE)
		clearok(stdscr, TRUE);	/* terminals differ in what is left on them */
	else if (!special && key == ('D' & 0x1f))
		ending = !length;
	else if (!special && length < LINE_SIZE && iswprint(key) && !is_unseen(key))
		length += (size_t)wctomb(input + length, (wchar_t)key);
	input[length] = '\0';
	return special ? key == KEY_ENTER : key == '\r' || key == '\n';
}

/* ----------------------------------------------------- what is said to all, and to one -- */

/* XML as <p2p.h> takes it, in small letters: its own are small ones. */
static PWSTR small_xml(const char *xml)
{
	PWSTR wide, c;

	check(peergroup_wide_from_utf8(xml, &wide), "text");
	for (c = wide; *c; c++)
		*c = (WCHAR)towlower(*c);
	return wide;
}

static void add_record(struct lines *to, const PEER_RECORD *r)
{
	char *text = safe_text((char *)r->data.pbData, MIN(r->data.cbData, LINE_SIZE)), when[32];
	FILETIME utc = r->ftCreation;
	struct timespec ts;
	ULONGLONG ticks;

	PeerGroupPeerTimeToUniversalTime(group, &utc, &utc);
	ticks = (ULONGLONG)utc.dwHighDateTime << 32 | utc.dwLowDateTime;
	peergroup_time_to_unix(ticks, &ts);
	strftime(when, sizeof(when), "%a %H:%M", localtime(&ts.tv_sec));
	lines_add(to, "%0*llx%s <%s>\t %s", SORT_KEY, ticks, when,
		  people_name(&people, r->pwzModifiedById), text);
	free(text);
}

/* The latest of what was said with that in it. */
static void search(const char *text)
{
	struct lines found = { 0 };
	PVOID *items = NULL;
	HPEERENUM list;
	ULONG n = 0, i;
	char *query;
	uuid_t type;
	PWSTR xml;

	peergroup_guid_to_uuid(&message_type, type);
	query = query_for(type, "words", "*%s*", text);
	xml = small_xml(query);
	if (!failed("PeerGroupSearchRecords", PeerGroupSearchRecords(group, xml, &list)))
		failed("PeerGetNextItem", all_items(list, &items, &n));
	for (i = 0; i < n; i++)
		add_record(&found, items[i]);
	lines_sort(&found);
	for (i = n - MIN(n, KEPT); i < n; i++)
		say("%s", found.line[i] + SORT_KEY);
	lines_free(&found);
	PeerFreeData(items);
	peergroup_free(xml);
	peergroup_free(query);
}

static void say_to_all(char *text)
{
	struct peergroup_attribute words = { "words", "string", text };
	PEER_RECORD record = { .dwSize = sizeof(record), .type = message_type,
			       .data = { (ULONG)strlen(text), (PBYTE)text } };
	unsigned int seconds = SAID_FOR;
	ULONGLONG ticks;
	HRESULT hr;
	char *xml;
	GUID id;

	check(peergroup_attributes_build(&words, 1, &xml), "attributes");
	record.pwzAttributes = small_xml(xml);
	do {			/* no longer than one is a member */
		ticks = PEERGROUP_TIME_UNIX_EPOCH + (time(NULL) + seconds) * PEERGROUP_TIME_PER_SECOND;
		record.ftExpiration = (FILETIME){ (DWORD)ticks, (DWORD)(ticks >> 32) };
		PeerGroupUniversalTimeToPeerTime(group, &record.ftExpiration, &record.ftExpiration);
		hr = PeerGroupAddRecord(group, &record, &id);
	} while (hr == PEER_E_INVALID_RECORD_EXPIRATION && (seconds /= 2));
	failed("PeerGroupAddRecord", hr);
	peergroup_free(record.pwzAttributes);
	peergroup_free(xml);
}

static void take_record(const PEER_EVENT_RECORD_CHANGE_DATA *change)
{
	PEER_RECORD *record;

	if (SUCCEEDED(PeerGroupGetRecord(group, &change->recordId, &record)))
		add_record(&said, record);	/* else it is gone again */
	PeerFreeData(record);
}

static void end_private(const char *how)
{
	const char *line = outbox.line[done++];
	int name = (int)strcspn(line, " ");

	say("[%s %.*s]\t%s", how, name, line, line + name);
	if (connection)
		PeerGroupCloseDirectConnection(group, connection);
	connection = 0;
}

/* Gives up what takes too long. Begins the next one, where none is under way. */
static void work_outbox(void)
{
	PEER_MEMBER *to;
	size_t name;
	ULONG i;

	if (connection && time(NULL) > until)
		end_private("no answer from");
	while (!connection && done < outbox.count) {
		name = strcspn(outbox.line[done], " ");
		for (i = 0, to = NULL; i < people.count; i++)
			if (strlen(people.names.line[i]) == name &&
			    !memcmp(people.names.line[i], outbox.line[done], name))
				to = people.member[i];
		until = time(NULL) + PATIENCE;
		if (!to || !to->cAddresses)
			end_private(to ? "not here:" : "nobody is called");
		else if (failed("PeerGroupOpenDirectConnection",
				PeerGroupOpenDirectConnection(group, to->pwzIdentity,
							      to->pAddresses, &connection)))
			end_private("not sent to");
	}
}

static void take_connection(const PEER_EVENT_CONNECTION_CHANGE_DATA *change)
{
	char *text;

	if (!connection || change->ullConnectionId != connection)
		return;		/* what others open, and what has been closed */
	text = strchr(outbox.line[done], ' ') + 1;
	if (change->status == PEER_CONNECTED &&
	    !failed("PeerGroupSendData", PeerGroupSendData(group, connection, &private_type,
							   (ULONG)strlen(text), text)))
		return;		/* it goes on with the answer */
	failed("PeerGroupOpenDirectConnection", change->hrConnectionFailedReason);
	end_private("no answer from");
}

/* One line for each connection: nobody then fills the way back that the answer takes. */
static void take_data(const PEER_EVENT_INCOMING_DATA *in)
{
	PEER_CONNECTION_INFO **items = NULL;
	HPEERENUM list;
	ULONG n = 0, i;
	char *text;

	if (connection && in->ullConnectionId == connection)
		end_private("to");	/* whatever has been answered */
	else if (!failed("PeerGroupEnumConnections",
			 PeerGroupEnumConnections(group, PEER_CONNECTION_DIRECT, &list)))
		failed("PeerGetNextItem", all_items(list, (PVOID **)&items, &n));
	for (i = 0; i < n; i++) {
		if (items[i]->ullConnectionId != in->ullConnectionId)
			continue;
		text = safe_text((char *)in->data.pbData, MIN(in->data.cbData, LINE_SIZE));
		say("[from %s]\t %s", people_name(&people, items[i]->pwzPeerId), text);
		free(text);
		PeerGroupSendData(group, in->ullConnectionId, &answer_type, 1, (PVOID)"");
		PeerGroupCloseDirectConnection(group, in->ullConnectionId);
	}
	PeerFreeData(items);
}

/* ------------------------------------------------------------------------ main -- */

static void take_line(void)
{
	if (!strncmp(input, "/msg ", 5) && strchr(input + 5, ' '))
		lines_add(&outbox, "%s", input + 5);
	else if (!strncmp(input, "/search ", 8))
		search(input + 8);
	else if (!strcmp(input, "/quit"))
		ending = true;
	else if (*input == '/')
		say("-- %s", "/msg NAME TEXT, /search TEXT, /quit; PgUp and PgDn");
	else if (*input)
		say_to_all(input);
	length = 0;
	input[0] = '\0';
	scrolled = 0;
}

static void take_member(const PEER_EVENT_MEMBER_CHANGE_DATA *change)
{
	static const char *const news[] = {	/* by PEER_MEMBER_CHANGE_TYPE */
		"", "is here", "has left", "still is a member", "is a member", "is no member",
	};

	failed("PeerGroupEnumMembers", people_read(group, &people));
	say("-- %s %s", people_name(&people, change->pwzIdentity), news[change->changeType]);
}

static void take_event(const PEER_GROUP_EVENT_DATA *e)
{
	if (e->eventType == PEER_GROUP_EVENT_MEMBER_CHANGED)
		take_member(&e->memberChangeData);
	else if (e->eventType == PEER_GROUP_EVENT_DIRECT_CONNECTION)
		take_connection(&e->connectionChangeData);
	else if (e->eventType == PEER_GROUP_EVENT_CONNECTION_FAILED)
		failed("PeerGroupConnect", e->hrConnectionFailedReason);
	else if (e->eventType == PEER_GROUP_EVENT_RECORD_CHANGED)
		take_record(&e->recordChangeData);
	else if (e->eventType == PEER_GROUP_EVENT_INCOMING_DATA)
		take_data(&e->incomingData);
}

static void run(HPEEREVENT registration, HANDLE event)
{
	struct pollfd fds[] = { { 0, POLLIN, 0 }, { peergroup_event_fd(event), POLLIN, 0 } };
	PEER_GROUP_EVENT_DATA *data;
	wint_t key;
	int kind;

	do {
		peergroup_event_wait(event, 0);		/* before what it tells of is read */
		while (PeerGroupGetEventData(registration, &data) == S_OK) {
			take_event(data);
			PeerFreeData(data);
		}
		while (!ending && (kind = get_wch(&key)) != ERR)
			if (take_key(kind != OK, key))
				take_line();
		work_outbox();
		for (; said.count > KEPT; said.count--) {
			free(said.line[0]);
			memmove(said.line, said.line + 1, (said.count - 1) * sizeof(*said.line));
		}
		draw();
		ending |= fds[0].revents & (POLLHUP | POLLERR | POLLNVAL);
	} while ((!ending || done < outbox.count) &&
		 wait_for(fds + ending, 2 - ending, done < outbox.count ? 1 : -1) >= 0);
}

static void chat(void)
{
	PEER_GROUP_EVENT_REGISTRATION what[] = {
		{ PEER_GROUP_EVENT_RECORD_CHANGED, &message_type },
		{ PEER_GROUP_EVENT_INCOMING_DATA, &private_type },
		{ PEER_GROUP_EVENT_INCOMING_DATA, &answer_type },
		{ PEER_GROUP_EVENT_DIRECT_CONNECTION, NULL },
		{ PEER_GROUP_EVENT_MEMBER_CHANGED, NULL },
		{ PEER_GROUP_EVENT_CONNECTION_FAILED, NULL },
	};
	HPEEREVENT registration;
	HANDLE event;

	check(peergroup_event_create(&event), "event");
	check(PeerGroupRegisterEvent(group, event, sizeof(what) / sizeof(what[0]), what,
				     &registration), "events");
	check(PeerGroupConnect(group), "connect");
	check(people_read(group, &people), "members");
	search("");
	initscr();
	cbreak();
	noecho();
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	run(registration, event);
	endwin();
	PeerGroupUnregisterEvent(registration);
	peergroup_event_close(event);
}

int main(int argc, char **argv)
{
	PEER_VERSION_DATA version;

	if (argc > 2 || (argc == 2 && *argv[1] == '-') || !isatty(0))
		return fputs("usage: peer-chat [GROUP], at a terminal\n", stderr), 2;
	setlocale(LC_CTYPE, "C.UTF-8");
	check(PeerGroupStartup(PEER_GROUP_VERSION, &version), "start");
	group = open_group(argv[1], NULL);
	chat();
	PeerGroupClose(group);
	PeerGroupShutdown();
	return 0;
}
