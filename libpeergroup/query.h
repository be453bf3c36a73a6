/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The query language of PeerGroupSearchRecords(): a tree of clauses, asked about
 * one record after the other, and what the kernel can leave out beforehand.
 * Nothing here talks to the kernel.
 */
#ifndef _PEERGROUP_QUERY_H
#define _PEERGROUP_QUERY_H

#include "internal.h"

#define PGI_QUERY_DEPTH		64	/* "and" and "or" inside each other */

enum pgi_query_kind { PGI_CLAUSE, PGI_AND, PGI_OR };

/* What a clause asks about. */
enum pgi_field {
	PGI_FIELD_ATTRIBUTE,		/* a program's own */
	PGI_FIELD_CREATOR,
	PGI_FIELD_MODIFIER,
	PGI_FIELD_ID,
	PGI_FIELD_TYPE,
	PGI_FIELD_CREATED,
	PGI_FIELD_MODIFIED,
};

enum pgi_value_type { PGI_STRING, PGI_INT, PGI_DATE };

enum pgi_compare {
	PGI_EQUAL,
	PGI_NOTEQUAL,
	PGI_LESS,
	PGI_GREATER,
	PGI_LESSOREQUAL,
	PGI_GREATEROREQUAL,
};

/* In a pattern, beside characters. */
#define PGI_ANY_ONE	0xfffffffeU
#define PGI_ANY_MANY	0xffffffffU

/* A node of the tree. */
struct pgi_criteria {
	enum pgi_query_kind kind;
	struct pgi_criteria *child;	/* the first one's */
	struct pgi_criteria *next;		/* below the same node */

	/* of a clause */
	enum pgi_field field;
	enum pgi_value_type type;
	enum pgi_compare compare;
	char *attrib;
	char *text;			/* string, unescaped */
	uint32_t *pattern;		/* NULL where there is no wildcard in it */
	size_t pattern_len;
	int64_t number;			/* int, date */
};

/*
 * PEER_E_INVALID_SEARCH for what the schema does not allow, or E_INVALIDARG for a
 * backslash that escapes nothing, where all else is in order.
 */
HRESULT pgi_criteria_parse(const char *xml, struct pgi_criteria **query);
void pgi_criteria_free(struct pgi_criteria *query);

/* query_match.c: a record as a query sees it; texts are the caller's. */
struct pgi_subject {
	const uint8_t *id, *type;
	const char *creator, *modifier;
	uint64_t created, modified;
	const char *attrs;		/* XML, not terminated; may be anything */
	size_t attrs_len;
	/* read when first asked for; pgi_subject_done() frees it */
	bool attrs_read;
	struct pgi_attributes *list;
};

/* S_OK: it is what is searched for. S_FALSE: it is not. Or E_OUTOFMEMORY. */
HRESULT pgi_criteria_match(const struct pgi_criteria *query, struct pgi_subject *subject);
void pgi_subject_done(struct pgi_subject *subject);

/* Orders two texts as their UTF-16 would be. */
int pgi_text_compare(const char *a, const char *b);

/* query_narrow.c: what the kernel looks for. */
struct pgi_box {
	bool has_id, has_type;
	uint8_t id[PEERGROUP_ID_LEN], type[PEERGROUP_ID_LEN];
	const char *creator;		/* NULL: any; points into the query */
	uint64_t created[2], modified[2];	/* first and last */
};

#define PGI_BOXES	8

/* All that a query may match lies in one of these; none: nothing can match. */
struct pgi_boxes {
	struct pgi_box box[PGI_BOXES];
	size_t count;
};

void pgi_criteria_narrow(const struct pgi_criteria *query, struct pgi_boxes *boxes);

/* A range of times leaves something out. */
static inline bool pgi_range_open(const uint64_t range[2])
{
	return !range[0] && range[1] == UINT64_MAX;
}

#endif /* _PEERGROUP_QUERY_H */
