// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What a query has to say about the header of records, in the form in which the
 * kernel searches: boxes, each with an id, a type, a creator and ranges of times.
 * The boxes hold all that may match, and more; the query is asked again.
 */
#include "query.h"

static const struct pgi_box everything = {
	.created = { 0, UINT64_MAX }, .modified = { 0, UINT64_MAX },
};

static bool is_everything(const struct pgi_box *b)
{
	return !b->has_id && !b->has_type && !b->creator && pgi_range_open(b->created) &&
	       pgi_range_open(b->modified);
}

static void set_everything(struct pgi_boxes *boxes)
{
	boxes->box[0] = everything;
	boxes->count = 1;
}

/* ----------------------------------------------------------------- clauses -- */

static bool guid_box(const char *text, uint8_t guid[PEERGROUP_ID_LEN], bool *has)
{
	*has = true;
	return !uuid_parse(text, guid);
}

/* Can a member have that name? As the kernel has it, and not as strict as our own. */
static bool name_possible(const char *name)
{
	uint8_t authority[PGI_AUTHORITY_LEN / 2];

	return pgi_unhex(name, authority, sizeof(authority)) &&
	       (!name[PGI_AUTHORITY_LEN] || name[PGI_AUTHORITY_LEN] == '.') &&
	       strlen(name) <= PEERGROUP_NAME_LEN_MAX;
}

/* False where there is no such time. */
static bool time_box(enum pgi_compare compare, int64_t number, uint64_t range[2])
{
	uint64_t time = number < 0 ? 0 : (uint64_t)number;

	switch (compare) {
	case PGI_EQUAL:
		range[0] = time;
		range[1] = time;
		return number >= 0;
	case PGI_LESS:
		range[1] = time - 1;
		return number > 0;
	case PGI_LESSOREQUAL:
		range[1] = time;
		return number >= 0;
	case PGI_GREATER:
		range[0] = number < 0 ? 0 : time + 1;
		return true;
	case PGI_GREATEROREQUAL:
		range[0] = time;
		return true;
	default:
		return true;
	}
}

/* False where nothing can match. */
static bool clause_box(const struct pgi_criteria *c, struct pgi_box *b)
{
	bool literal = c->type == PGI_STRING && c->compare == PGI_EQUAL && !c->pattern;

	switch (c->field) {
	case PGI_FIELD_ID:
		return literal ? guid_box(c->text, b->id, &b->has_id) : c->type == PGI_STRING;
	case PGI_FIELD_TYPE:
		return literal ? guid_box(c->text, b->type, &b->has_type) : c->type == PGI_STRING;
	case PGI_FIELD_CREATOR:
		if (literal)
			b->creator = c->text;
		return literal ? name_possible(c->text) : c->type == PGI_STRING;
	case PGI_FIELD_CREATED:
		return c->type == PGI_DATE && time_box(c->compare, c->number, b->created);
	case PGI_FIELD_MODIFIED:
		return c->type == PGI_DATE && time_box(c->compare, c->number, b->modified);
	default:
		return true;
	}
}

/* -------------------------------------------------------------------- tree -- */

static bool cut_range(uint64_t a[2], const uint64_t b[2])
{
	if (a[0] < b[0])
		a[0] = b[0];
	if (a[1] > b[1])
		a[1] = b[1];
	return a[0] <= a[1];
}

static bool cut_guid(uint8_t *a, bool *has_a, const uint8_t *b, bool has_b)
{
	if (*has_a && has_b)
		return !memcmp(a, b, PEERGROUP_ID_LEN);
	if (has_b)
		memcpy(a, b, PEERGROUP_ID_LEN);
	*has_a |= has_b;
	return true;
}

/* What lies in both; false where nothing does. */
static bool cut(struct pgi_box *a, const struct pgi_box *b)
{
	if (a->creator && b->creator && strcmp(a->creator, b->creator))
		return false;
	if (b->creator)
		a->creator = b->creator;
	return cut_guid(a->id, &a->has_id, b->id, b->has_id) &&
	       cut_guid(a->type, &a->has_type, b->type, b->has_type) &&
	       cut_range(a->created, b->created) && cut_range(a->modified, b->modified);
}

/* Leaves @boxes as they are where there would be too many: what they hold is enough. */
static void narrow_and(struct pgi_boxes *boxes, const struct pgi_boxes *by)
{
	struct pgi_boxes both = { .count = 0 };
	struct pgi_box b;
	size_t i, k;

	for (i = 0; i < boxes->count; i++)
		for (k = 0; k < by->count; k++) {
			b = boxes->box[i];
			if (!cut(&b, &by->box[k]))
				continue;
			if (both.count == PGI_BOXES)
				return;
			both.box[both.count++] = b;
		}
	*boxes = both;
}

static void narrow_or(struct pgi_boxes *boxes, const struct pgi_boxes *more)
{
	size_t i;

	for (i = 0; i < more->count; i++) {
		if (boxes->count == PGI_BOXES || is_everything(&more->box[i]) ||
		    (boxes->count && is_everything(&boxes->box[0]))) {
			set_everything(boxes);
			return;
		}
		boxes->box[boxes->count++] = more->box[i];
	}
}

void pgi_criteria_narrow(const struct pgi_criteria *query, struct pgi_boxes *boxes)
{
	const struct pgi_criteria *child;
	struct pgi_boxes below;

	set_everything(boxes);
	if (query->kind == PGI_CLAUSE) {
		boxes->count = clause_box(query, &boxes->box[0]);
		return;
	}
	if (query->kind == PGI_OR)
		boxes->count = 0;
	for (child = query->child; child; child = child->next) {
		pgi_criteria_narrow(child, &below);
		if (query->kind == PGI_AND)
			narrow_and(boxes, &below);
		else
			narrow_or(boxes, &below);
	}
}
