/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The members of a group by names that can be told apart: friendly names, which anybody
 * may choose, with a part of the peer name where two are the same. They are words, and
 * drive no terminal. Called by peer-chat; nothing here waits.
 */
#ifndef EXAMPLES_PEOPLE_H
#define EXAMPLES_PEOPLE_H

#include <p2p.h>

#define NAME_SHOWN	32	/* bytes of a friendly name */
#define TAIL		12	/* digits of a peer name: too many to be made equal on purpose */

struct person {
	struct person *next;
	char *identity, *name;
	char shown[NAME_SHOWN + TAIL + 2];	/* no other person's; may grow */
};

extern struct person *people;

/* All members there are; a group that cannot be asked ends the program. */
void find_people(HGROUP group);

/* By peer name; never NULL, also where it is no member's. */
struct person *person(HGROUP group, PCWSTR identity);

/* By what is shown of them; NULL where nobody is called so. */
struct person *person_called(const char *name, size_t len);

/* Call for each item, and end the enumeration. */
void each_item(HPEERENUM list, void (*use)(void *item, void *arg), void *arg);

/* How many of @len bytes are no more than @max, and end with no half a character. */
size_t cut(const char *text, size_t len, size_t max);

#endif
