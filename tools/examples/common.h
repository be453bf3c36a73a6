/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the example programs share: to end with a message, to find a group, to wait. Only
 * wait_...() waits.
 */
#ifndef EXAMPLES_COMMON_H
#define EXAMPLES_COMMON_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <peergroup.h>

/**
 * die - print what a call stumbled over, and end the program
 * @what: what was tried
 * @hr: the result
 */
void die(const char *what, HRESULT hr) __attribute__((noreturn));

/*
 * What the library says of the last failure, by safe_text(), as others may have written some
 * of it; until the next call.
 */
const char *error_detail(void);

/* The same where errno says why. */
void die_errno(const char *what) __attribute__((noreturn));

/* die() if @hr is a failure. */
void check(HRESULT hr, const char *what);

/**
 * open_group - open one of this user's groups
 * @name: peer name or friendly name; NULL for the only one there is
 * @identity: receives the member's peer name, to be freed; or NULL
 *
 * Return: a handle; where there is none, or several, the program ends.
 */
peergroup_t open_group(const char *name, char **identity);

/**
 * put_record - publish a record for as long as may be
 * @group: handle
 * @type: of a new record
 * @id: which one to update; NULL to add one
 * @record: its lifetime is how long at the most; a membership may end before
 *
 * Return: as peergroup_add() and peergroup_update().
 */
HRESULT put_record(peergroup_t group, const uuid_t type, const unsigned char *id,
		   struct peergroup_new_record *record);

/**
 * wait_for - poll until there is something, or a signal ends the program
 * @fds: as for poll()
 * @count: how many
 * @timeout: seconds; -1 waits for ever
 *
 * Return: 1, 0 at the time-out and behind another signal, -1 behind a SIGTERM, SIGINT
 * or SIGHUP.
 */
int wait_for(struct pollfd *fds, nfds_t count, int timeout);

/**
 * wait_readable - poll a watch until there is something, or a signal ends the program
 * @watch: all its events have been taken
 * @timeout: seconds; -1 waits for ever
 *
 * Return: as wait_for().
 */
int wait_readable(peergroup_watch_t watch, int timeout);

/**
 * attribute - the value of one of a record's attributes
 * @record: whatever a member has published
 * @name: which
 *
 * Return: a copy, to be freed; NULL where there is no such string.
 */
char *attribute(const struct peergroup_record *record, const char *name);

/* Memory of zeros; where there is none, the program ends. */
void *xalloc(size_t size);

/**
 * query_for - a query for records of a type by something else
 * @type: of the records
 * @attrib: an attribute, or what struct peergroup_clause knows beside
 * @pattern: what it is like, with one %s in it
 * @text: stands there for itself, whatever it has in it
 *
 * Return: XML, for peergroup_free(); where there is no memory the program ends.
 */
char *query_for(const uuid_t type, const char *attrib, const char *pattern, const char *text)
	__attribute__((format_arg(3)));

/* Whether text is not empty, no longer than @max and of these characters only. */
bool is_made_of(const char *text, size_t max, const char *characters);

#define ALNUM	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

#endif
