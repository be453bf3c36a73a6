// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Does a record match a query? What is compared with a record's own attributes
 * needs their XML, which is read only when the first clause asks for it.
 */
#include <stdlib.h>
#include "query.h"
#include "value.h"

/* ----------------------------------------------------------------- strings -- */

/* Characters beyond 16 bits begin with a unit below U+E000. */
static int32_t utf16_order(int32_t c)
{
	if (c >= 0x10000)
		return 0xd800 + (c - 0x10000) / 0x400;
	return c;
}

int pgi_text_compare(const char *a, const char *b)
{
	int32_t x, y;

	while (*a && *b) {
		x = pgi_utf8_next(&a);
		y = pgi_utf8_next(&b);
		if (x == y)
			continue;
		if (utf16_order(x) != utf16_order(y))
			return utf16_order(x) < utf16_order(y) ? -1 : 1;
		return x < y ? -1 : 1;
	}
	return *a ? 1 : *b ? -1 : 0;
}

/*
 * On a mismatch the latest "many" takes one more character; that earlier ones need
 * not be tried again keeps the cost at length times length.
 */
static bool like(const uint32_t *pattern, size_t n, const char *text)
{
	const char *s = text, *retry = NULL, *next;
	size_t i = 0, many = 0;

	while (*s) {
		if (i < n && pattern[i] == PGI_ANY_MANY) {
			many = ++i;
			retry = s;
			continue;
		}
		next = s;
		if (i < n && ((uint32_t)pgi_utf8_next(&next) == pattern[i] ||
			      pattern[i] == PGI_ANY_ONE)) {
			s = next;
			i++;
		} else if (retry) {
			pgi_utf8_next(&retry);
			s = retry;
			i = many;
		} else {
			return false;
		}
	}
	while (i < n && pattern[i] == PGI_ANY_MANY)
		i++;
	return i == n;
}

/* ------------------------------------------------------------- comparisons -- */

static bool holds(enum pgi_compare compare, int order)
{
	switch (compare) {
	case PGI_EQUAL:
		return !order;
	case PGI_NOTEQUAL:
		return order;
	case PGI_LESS:
		return order < 0;
	case PGI_GREATER:
		return order > 0;
	case PGI_LESSOREQUAL:
		return order <= 0;
	default:
		return order >= 0;
	}
}

static bool string_holds(const struct pgi_criteria *c, const char *text)
{
	if (c->type != PGI_STRING)
		return false;
	if (c->pattern)
		return holds(c->compare, !like(c->pattern, c->pattern_len, text));
	return holds(c->compare, pgi_text_compare(text, c->text));
}

static bool number_holds(const struct pgi_criteria *c, enum pgi_value_type type, int64_t number)
{
	if (c->type != type)
		return false;
	return holds(c->compare, number < c->number ? -1 : number > c->number);
}

static bool time_holds(const struct pgi_criteria *c, uint64_t time)
{
	return number_holds(c, PGI_DATE, time < INT64_MAX ? (int64_t)time : INT64_MAX);
}

static bool guid_holds(const struct pgi_criteria *c, const uint8_t *guid)
{
	char text[UUID_STR_LEN];

	uuid_unparse_lower(guid, text);
	return string_holds(c, text);
}

/* -------------------------------------------------------------- attributes -- */

/* Somebody else's may be anything: what breaks the rules has no attributes. */
static HRESULT read_attributes(struct pgi_subject *s)
{
	HRESULT hr;
	char *xml;

	if (s->attrs_read || !s->attrs_len)
		return S_OK;
	xml = strndup(s->attrs, s->attrs_len);
	if (!xml)
		return E_OUTOFMEMORY;
	hr = pgi_attributes_read(xml, &s->list);
	free(xml);
	if (hr == E_OUTOFMEMORY)
		return hr;
	s->attrs_read = true;
	return S_OK;
}

void pgi_subject_done(struct pgi_subject *s)
{
	pgi_attributes_free(s->list);
	s->list = NULL;
}

static bool attribute_holds(const struct pgi_criteria *c, const struct peergroup_attribute *a)
{
	int64_t number;

	if (!strcmp(a->type, "int"))
		return pgi_value_int(a->value, &number) && number_holds(c, PGI_INT, number);
	if (!strcmp(a->type, "date"))
		return pgi_value_date(a->value, &number) && number_holds(c, PGI_DATE, number);
	return string_holds(c, a->value);
}

static HRESULT match_attribute(const struct pgi_criteria *c, struct pgi_subject *s)
{
	HRESULT hr = read_attributes(s);
	size_t i;

	if (FAILED(hr))
		return hr;
	for (i = 0; s->list && i < s->list->count; i++)
		if (!strcmp(s->list->items[i].name, c->attrib))
			return attribute_holds(c, &s->list->items[i]) ? S_OK : S_FALSE;
	return S_FALSE;
}

/* -------------------------------------------------------------------- tree -- */

static HRESULT match_clause(const struct pgi_criteria *c, struct pgi_subject *s)
{
	bool is;

	switch (c->field) {
	case PGI_FIELD_CREATOR:
		is = string_holds(c, s->creator);
		break;
	case PGI_FIELD_MODIFIER:
		is = string_holds(c, s->modifier);
		break;
	case PGI_FIELD_ID:
		is = guid_holds(c, s->id);
		break;
	case PGI_FIELD_TYPE:
		is = guid_holds(c, s->type);
		break;
	case PGI_FIELD_CREATED:
		is = time_holds(c, s->created);
		break;
	case PGI_FIELD_MODIFIED:
		is = time_holds(c, s->modified);
		break;
	default:
		return match_attribute(c, s);
	}
	return is ? S_OK : S_FALSE;
}

HRESULT pgi_criteria_match(const struct pgi_criteria *query, struct pgi_subject *subject)
{
	const struct pgi_criteria *child;
	/* The result that decides: "and" ends with the first that is not, "or" that is. */
	HRESULT hr, last = query->kind == PGI_AND ? S_FALSE : S_OK;

	if (query->kind == PGI_CLAUSE)
		return match_clause(query, subject);
	for (child = query->child; child; child = child->next) {
		hr = pgi_criteria_match(child, subject);
		if (FAILED(hr) || hr == last)
			return hr;
	}
	return last == S_OK ? S_FALSE : S_OK;
}
