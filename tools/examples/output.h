/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Files that are made of lines about what is in a group, and replaced as a whole. What cannot
 * be read or written ends the program.
 */
#ifndef EXAMPLES_OUTPUT_H
#define EXAMPLES_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <peergroup.h>

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
 *	to, where the lines are others than the last time; a FIFO that nobody reads then is
 *	passed over. A link or a FIFO that is neither this user's nor root's is replaced.
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
	/* The rest is output.c's. */
	struct lines carried;
	bool begun, anything, ready, synced;
};

/**
 * output_begin - note how far the group's table is to be believed
 * @out: which
 * @group: handle
 *
 * To be called before the records are read: should the synchronisation end in between, they are
 * taken for part of them once more, and that change of status leads to the next time.
 */
void output_begin(struct output *out, peergroup_t group);

/* Something is known of that name, even where it leads to no line. */
void output_heard(struct output *out, const char *name);

/**
 * output_write - make the file have what is known
 * @out: which, begun
 * @lines: all there is in the group now; lines that stay in the file are added
 *
 * To be begun and called again when a status or the records have changed.
 *
 * Return: as lines_write(), and false where the file was left alone.
 */
bool output_write(struct output *out, struct lines *lines);

/**
 * take_events - take all that a watch has
 * @watch: which
 * @type: of the records that are in an output
 * @changed: set where output_write() is to be called again
 *
 * Return: whether the group lives on.
 */
bool take_events(peergroup_watch_t watch, const uuid_t type, bool *changed);

#endif
