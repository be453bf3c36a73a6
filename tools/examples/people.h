/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The members of a group by names that can be told apart: friendly names, which anybody
 * may choose, with a part of the peer name where two are the same. They are words, and
 * drive no terminal. Nothing here waits.
 */
#ifndef EXAMPLES_PEOPLE_H
#define EXAMPLES_PEOPLE_H

#include "common.h"
#include "output.h"

struct people {
	PEER_MEMBER **member;
	ULONG count;
	struct lines names;	/* one for each, no two the same */
};

/**
 * people_read - ask who the members are, behind PeerGroupStartup()
 * @group: handle
 * @people: zero at first, or read before; it stays as it was where that fails
 *
 * Return: as PeerGroupEnumMembers().
 */
HRESULT people_read(HGROUP group, struct people *people);
void people_free(struct people *people);

/*
 * By peer name; valid until they are read again. Who is none of them, or is not known as one
 * yet, is called by a part of the peer name, and that until the next call.
 */
const char *people_name(const struct people *people, PCWSTR identity);

/**
 * all_items - what is left in an enumeration, which ends by this
 * @list: enumeration
 * @items: receives an array, for PeerFreeData(); NULL for none
 * @count: receives how many
 *
 * Return: as PeerGetNextItem().
 */
HRESULT all_items(HPEERENUM list, PVOID **items, ULONG *count);

#endif
