/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Showing records, one or many.
 */
#ifndef PEERGROUP_RECORD_H
#define PEERGROUP_RECORD_H

#include <peergroup.h>
#include "cmd.h"

/* ---- record.c ---- */

/* "name=value, name=value"; allocated. */
char *attributes_line(const char *xml);
void record_json(const struct peergroup_record *record, bool data);

/* ---- list.c ---- */

/**
 * struct listing - records, printed one after the other or as a table
 * @format: of a line, or NULL
 * @type: as the user named the type that all have; NULL, and the table has it as a UUID
 */
struct listing {
	const char *format;
	const char *type;
	struct table *table;
	struct admin_member *members;
	size_t n_members;
};

/* Exit codes; between the two, list_one() is called with the listing as its argument. */
int list_begin(struct listing *listing, struct group_ref *ref);
HRESULT list_one(const struct peergroup_record *record, void *arg);
int list_end(struct listing *listing);

/* ---- member.c ---- */

/* A peer name, its unique start or a friendly name; *@name is a copy. Exit code. */
int find_member(uint32_t index, const char *arg, char **name);

#endif /* PEERGROUP_RECORD_H */
