// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What is said to all, see chat.h: each message is a record. Its data is the text, its
 * attribute "words" the same in small letters, for the search.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wctype.h>
#include "chat.h"
#include "safe.h"
#include "screen.h"

const GUID message_type = {
	0x5f0d1b2c, 0x3a84, 0x4e6d, { 0x9c, 0x07, 0x61, 0xe2, 0x4b, 0xd5, 0x90, 0x3e }
};

/* In peer time. A membership may end before, and then it is tried for half as long. */
HRESULT publish(PEER_RECORD *record, uint32_t seconds, GUID *id)
{
	struct timespec now;
	FILETIME utc;
	uint64_t time;
	HRESULT hr;

	do {
		clock_gettime(CLOCK_REALTIME, &now);
		now.tv_sec += seconds;
		time = peergroup_time_from_unix(&now);
		utc = (FILETIME){ (DWORD)time, (DWORD)(time >> 32) };
		hr = PeerGroupUniversalTimeToPeerTime(group, &utc, &record->ftExpiration);
		if (SUCCEEDED(hr))
			hr = PeerGroupAddRecord(group, record, id);
	} while (hr == PEER_E_INVALID_RECORD_EXPIRATION && (seconds /= 2));
	return hr;
}

/* Messages of a search, by time. */
struct found {
	struct {
		ULONGLONG time;
		char *line;
	} *message;
	size_t count;
};

static void say_when(char *text, size_t size, FILETIME peer_time)
{
	time_t now = time(NULL);
	struct timespec ts = { 0 };
	struct tm today, then;
	FILETIME utc;

	if (SUCCEEDED(PeerGroupPeerTimeToUniversalTime(group, &peer_time, &utc)))
		peergroup_time_to_unix((uint64_t)utc.dwHighDateTime << 32 | utc.dwLowDateTime, &ts);
	localtime_r(&now, &today);
	localtime_r(&ts.tv_sec, &then);
	strftime(text, size, then.tm_yday == today.tm_yday && then.tm_year == today.tm_year ?
		 "%H:%M" : "%Y-%m-%d %H:%M", &then);
}

char *shown_text(const void *data, size_t size)
{
	size_t len = cut(data, size, TEXT_MAX);
	char *safe = safe_text(data, len), *text;

	if (asprintf(&text, len < size ? "%s... (%zu bytes more)" : "%s", safe, size - len) < 0)
		die("memory", E_OUTOFMEMORY);
	free(safe);
	return text;
}

char *cleaned(const char *line)
{
	char *clean = xalloc(strlen(line) + 1);
	size_t left = strlen(line), n = 0, step;
	uint32_t c;

	for (; left; line += step, left -= step) {
		step = utf8_next(line, left, &c);
		if (step && !is_unseen(c)) {
			memcpy(clean + n, line, step);
			n += step;
		}
		step += !step;
	}
	clean[cut(clean, n, TEXT_MAX)] = '\0';
	return clean;
}

/* An administrator may change what somebody else has said; it is not to look so. */
static char *message_line(const PEER_RECORD *record)
{
	const struct person *who = person(group, record->pwzCreatorId);
	const struct person *by = person(group, record->pwzModifiedById);
	char *text = shown_text(record->data.pbData, record->data.cbData), *line, when[32];

	say_when(when, sizeof(when), record->ftCreation);
	if (asprintf(&line, "%s <%s%s%s> %s", when, who->shown,
		     record->dwVersion > 1 ? ", changed by " : "",
		     record->dwVersion > 1 ? by->shown : "", text) < 0)
		die("memory", E_OUTOFMEMORY);
	free(text);
	return line;
}

static void use_message(void *item, void *arg)
{
	const PEER_RECORD *record = item;
	struct found *found = arg;

	found->message = reallocarray(found->message, found->count + 1, sizeof(*found->message));
	if (!found->message)
		die("memory", E_OUTOFMEMORY);
	found->message[found->count].time =
		(ULONGLONG)record->ftCreation.dwHighDateTime << 32 | record->ftCreation.dwLowDateTime;
	found->message[found->count++].line = message_line(record);
}

static int by_time(const void *a, const void *b)
{
	const ULONGLONG *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static void show_found(HPEERENUM list, size_t max)
{
	struct found found = { 0 };
	size_t i;

	each_item(list, use_message, &found);
	if (found.count)
		qsort(found.message, found.count, sizeof(*found.message), by_time);
	for (i = 0; i < found.count; i++) {
		if (found.count - i <= max)
			screen_add(found.message[i].line);
		free(found.message[i].line);
	}
	free(found.message);
}

/* In small letters, for who does not know how it was written. */
static char *small_letters(const char *text)
{
	size_t i, n = strlen(text) + 1;
	wchar_t *wide = xalloc(n * sizeof(*wide));
	char *small = xalloc(n * MB_CUR_MAX);

	mbstowcs(wide, text, n);
	for (i = 0; wide[i]; i++)
		wide[i] = (wchar_t)towlower((wint_t)wide[i]);
	wcstombs(small, wide, n * MB_CUR_MAX);
	free(wide);
	return small;
}

/* Anything may be in the text: for the pattern it is escaped here, for XML by the library. */
void show_history(const char *text)
{
	char type[37], *small = small_letters(text), *escaped, *pattern, *query;
	struct peergroup_clause clauses[] = {
		{ .attrib = "peerrecordtype", .value = type }, { .attrib = "words" },
	};
	HPEERENUM list;
	WCHAR *wide;
	uuid_t uuid;
	HRESULT hr;

	peergroup_guid_to_uuid(&message_type, uuid);
	uuid_unparse(uuid, type);
	check(peergroup_query_escape(small, &escaped), "search");
	if (asprintf(&pattern, "*%s*", escaped) < 0)
		die("memory", E_OUTOFMEMORY);
	clauses[1].value = pattern;
	check(peergroup_query_build(clauses, 2, &query), "search");
	wide = wide_text(query);
	hr = PeerGroupSearchRecords(group, wide, &list);
	if (SUCCEEDED(hr))
		show_found(list, SIZE_MAX);
	else
		say_failed("not found", hr);
	free(wide);
	peergroup_free(query);
	free(pattern);
	peergroup_free(escaped);
	free(small);
}

void send_message(char *text)
{
	char *small = small_letters(text), *xml;
	struct peergroup_attribute words = { "words", "string", small };
	PEER_RECORD record = {
		.dwSize = sizeof(record), .type = message_type,
		.data = { (ULONG)strlen(text), (PBYTE)text },
	};
	HRESULT hr;
	GUID id;

	hr = peergroup_attributes_build(&words, 1, &xml);
	if (SUCCEEDED(hr)) {
		record.pwzAttributes = wide_text(xml);
		hr = publish(&record, hours * 3600, &id);
		free(record.pwzAttributes);
		peergroup_free(xml);
	}
	if (FAILED(hr))
		say_failed("not sent", hr);
	free(small);
}

void show_message(const GUID *id)
{
	PEER_RECORD *record;
	char *line;

	if (FAILED(PeerGroupGetRecord(group, id, &record)))
		return;		/* gone again */
	line = message_line(record);
	screen_add(line);
	free(line);
	PeerFreeData(record);
}

void show_latest(size_t max)
{
	HPEERENUM list;

	check(PeerGroupEnumRecords(group, &message_type, &list), "messages");
	show_found(list, max);
}
