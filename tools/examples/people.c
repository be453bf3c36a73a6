// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The members of a group by names that can be told apart, see people.h.
 */
#include <stdlib.h>
#include <string.h>
#include "people.h"
#include "safe.h"

#define NAME_SIZE	32	/* bytes of a friendly name */
#define TAIL		12	/* digits of a peer name: too many to be made equal on purpose */

HRESULT all_items(HPEERENUM list, PVOID **items, ULONG *count)
{
	HRESULT hr;

	*items = NULL;
	hr = PeerGetItemCount(list, count);
	if (SUCCEEDED(hr))
		hr = PeerGetNextItem(list, count, items);
	PeerEndEnumeration(list);
	return hr;
}

/* As much of it as fits, as a word that cannot be taken for something else in a line. */
static char *word(PCWSTR wide, size_t max)
{
	char *text, *safe, *c;
	size_t len;

	check(peergroup_utf8_from_wide(wide, &text), "name");
	safe = safe_text(text, strlen(text));
	peergroup_free(text);
	len = strnlen(safe, max);
	while (safe[len] && ((unsigned char)safe[len] & 0xc0) == 0x80)
		len--;
	safe[len] = '\0';
	for (c = safe; (c = strpbrk(c, " <>[]~")); )
		*c = '_';
	return safe;
}

static bool is_called_twice(const struct lines *words, size_t which)
{
	size_t i;

	for (i = 0; i < words->count; i++)
		if (i != which && !strcmp(words->line[i], words->line[which]))
			return true;
	return false;
}

static void name_people(struct people *people)
{
	struct lines words = { 0 };
	char *text;
	ULONG i;

	lines_free(&people->names);
	for (i = 0; i < people->count; i++) {
		text = word(people->member[i]->pCredentialInfo->pwzFriendlyName, NAME_SIZE);
		lines_add(&words, "%s", text);
		free(text);
	}
	for (i = 0; i < people->count; i++) {
		text = word(people->member[i]->pwzIdentity, TAIL);
		lines_add(&people->names, is_called_twice(&words, i) ? "%s~%s" : "%s",
			  words.line[i], text);
		free(text);
	}
	lines_free(&words);
}

HRESULT people_read(HGROUP group, struct people *people)
{
	HPEERENUM list;
	PVOID *items;
	ULONG count;
	HRESULT hr;

	hr = PeerGroupEnumMembers(group, 0, NULL, &list);
	if (SUCCEEDED(hr))
		hr = all_items(list, &items, &count);
	if (FAILED(hr))
		return hr;
	PeerFreeData(people->member);
	people->member = (PEER_MEMBER **)items;
	people->count = count;
	name_people(people);
	return hr;
}

void people_free(struct people *people)
{
	PeerFreeData(people->member);
	lines_free(&people->names);
	people->member = NULL;
	people->count = 0;
}

static bool same(PCWSTR a, PCWSTR b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return *a == *b;
}

const char *people_name(const struct people *people, PCWSTR identity)
{
	static char tail[TAIL + 1];
	ULONG i;

	for (i = 0; i < people->count; i++)
		if (same(people->member[i]->pwzIdentity, identity))
			return people->names.line[i];
	for (i = 0; i < TAIL && identity[i]; i++)
		tail[i] = (char)identity[i];	/* digits, the kernel has seen to that */
	tail[i] = '\0';
	return tail;
}
