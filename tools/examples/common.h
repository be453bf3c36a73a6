/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the example programs share: to end with a message, to find a group, to wait, and
 * files that are made of lines and replaced as a whole. Only wait_...() waits.
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

/* Lines of text, in any order until they are written. */
struct lines {
	char **line;
	size_t count;
};

void lines_add(struct lines *lines, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void lines_sort(struct lines *lines);
void lines_free(struct lines *lines);

/**
 * lines_write - make a file hold exactly these lines, sorted, each once
 * @lines: sorted by this
 * @path: replaced by rename(), so that nobody sees half of it; it is left alone where
 *	it holds them already. Of a link, what it leads to is. A pipe or a device is written
 *	to, where the lines are others than the last time.
 *
 * Return: whether it was replaced or written; where it cannot be, the program ends.
 */
bool lines_write(struct lines *lines, const char *path);

/**
 * struct output - a file of lines about what is in a group, each of which begins with a name
 * @path: the file
 * @end: what stands behind a name
 * @compare: strncmp(), or strncasecmp() where names are the same in any case
 *
 * After a restart of the host the group's table is empty until it has synchronised. So until
 * then what the file has stays in it, but for names that were heard of here; before this host
 * has ever synchronised the file is left alone, and also where nothing was heard of at all:
 * then all hosts were started again, and nothing of the group is left but such files.
 */
struct output {
	const char *path;
	char end;
	int (*compare)(const char *a, const char *b, size_t len);
	/* The rest is common.c's. */
	struct lines carried;
	bool begun, anything;
};

/* Something is known of that name, even where it leads to no line. */
void output_heard(struct output *out, const char *name);

/**
 * output_write - make the file have what is known
 * @out: which
 * @group: handle
 * @lines: all there is in the group now; lines that stay in the file are added
 *
 * To be called again when a status or the records have changed.
 *
 * Return: as lines_write(), and false where the file was left alone.
 */
bool output_write(struct output *out, peergroup_t group, struct lines *lines);

/**
 * take_events - take all that a watch has
 * @watch: which
 * @type: of the records that are in an output
 * @changed: set where output_write() is to be called again
 *
 * Return: whether the group lives on.
 */
bool take_events(peergroup_watch_t watch, const uuid_t type, bool *changed);

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
