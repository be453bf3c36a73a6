// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The members of a group by names that can be told apart, see people.h.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "common.h"
#include "people.h"
#include "safe.h"

struct person *people;

size_t cut(const char *text, size_t len, size_t max)
{
	if (len <= max)
		return len;
	while (max && ((unsigned char)text[max] & 0xc0) == 0x80)
		max--;
	return max;
}

/* A word that cannot be taken for something else in a line. */
static char *name_of(const char *friendly, const char *identity)
{
	char *name, *c;

	name = safe_text(*friendly ? friendly : identity, strlen(*friendly ? friendly : identity));
	name[cut(name, strlen(name), NAME_SHOWN)] = '\0';
	for (c = name; *c; c++)
		if (strchr(" <>[]~", *c))
			*c = '_';
	return name;
}

static void show_by(struct person *p, bool tail)
{
	snprintf(p->shown, sizeof(p->shown), tail ? "%s~%.*s" : "%s", p->name, TAIL, p->identity);
}

static struct person *add_person(const char *identity, const char *friendly)
{
	struct person *p = xalloc(sizeof(*p)), **at;
	bool twice = false;

	p->identity = strdup(identity);
	if (!p->identity)
		die("memory", E_OUTOFMEMORY);
	p->name = name_of(friendly, identity);
	for (at = &people; *at; at = &(*at)->next) {
		if (strcmp((*at)->name, p->name))
			continue;
		show_by(*at, true);
		twice = true;
	}
	show_by(p, twice);
	*at = p;
	return p;
}

static struct person *known(const char *identity)
{
	struct person *p = people;

	while (p && strcmp(p->identity, identity))
		p = p->next;
	return p;
}

void each_item(HPEERENUM list, void (*use)(void *item, void *arg), void *arg)
{
	PVOID *items;
	ULONG i, n = 32;

	for (; SUCCEEDED(PeerGetNextItem(list, &n, &items)) && n; n = 32) {
		for (i = 0; i < n; i++)
			use(items[i], arg);
		PeerFreeData(items);
	}
	PeerEndEnumeration(list);
}

static void use_member(void *item, void *arg)
{
	const PEER_MEMBER *m = item;
	char *identity = narrow_text(m->pwzIdentity);
	char *friendly = narrow_text(m->pCredentialInfo->pwzFriendlyName);

	(void)arg;
	if (!known(identity))
		add_person(identity, friendly);
	free(friendly);
	free(identity);
}

struct person *person(HGROUP group, PCWSTR wide)
{
	char *identity = narrow_text(wide);
	struct person *p = known(identity);
	HPEERENUM list;

	if (!p && SUCCEEDED(PeerGroupEnumMembers(group, 0, wide, &list))) {
		each_item(list, use_member, NULL);
		p = known(identity);
	}
	if (!p)		/* who is no member any more */
		p = add_person(identity, identity);
	free(identity);
	return p;
}

void find_people(HGROUP group)
{
	HPEERENUM list;

	check(PeerGroupEnumMembers(group, 0, NULL, &list), "members");
	each_item(list, use_member, NULL);
}

struct person *person_called(const char *name, size_t len)
{
	struct person *p = people;

	while (p && (strlen(p->shown) != len || memcmp(p->shown, name, len)))
		p = p->next;
	return p;
}
