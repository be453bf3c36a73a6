// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Searching: the kernel hands out what lies in the boxes that a query comes down to,
 * and each of these records is asked the whole query.
 */
#include "records.h"

struct search {
	const struct pgi_criteria *query;
	struct pgi_snapshot *found;
};

static HRESULT take_matching(struct pgi_record **record, void *arg)
{
	const struct pgi_record *r = *record;
	struct search *search = arg;
	struct pgi_subject subject = {
		.id = r->id, .type = r->type, .creator = r->creator, .modifier = r->modifier,
		.created = r->created, .modified = r->modified,
	};
	struct pgi_parts parts;
	HRESULT hr;

	if (!pgi_record_parts(&r->wire, &parts))
		return pgi_fail(E_UNEXPECTED, "the kernel's copy of a record is not understood");
	subject.attrs = parts.attrs;
	subject.attrs_len = parts.attrs_len;
	hr = pgi_criteria_match(search->query, &subject);
	pgi_subject_done(&subject);
	if (hr == S_OK)
		return pgi_snapshot_add(record, search->found);
	return FAILED(hr) ? hr : S_OK;
}

static HRESULT search_box(struct pgi_group *group, const struct pgi_box *box,
			  struct search *search)
{
	struct pgi_query q = {
		.id = box->has_id ? box->id : NULL,
		.type = box->has_type ? box->type : NULL,
		.box = box,
	};

	return pgi_record_walk(group, &q, take_matching, search);
}

HRESULT pgi_search(struct pgi_group *group, const char *xml, struct pgi_snapshot *found)
{
	struct search search = { .found = found };
	struct pgi_criteria *query;
	struct pgi_boxes boxes;
	bool unique = true;
	HRESULT hr;
	size_t i;

	hr = pgi_criteria_parse(xml, &query);
	if (FAILED(hr))
		return hr;
	search.query = query;
	pgi_criteria_narrow(query, &boxes);
	for (i = 0; i < boxes.count && SUCCEEDED(hr); i++) {
		unique &= pgi_range_open(boxes.box[i].modified);
		hr = search_box(group, &boxes.box[i], &search);
	}
	/* Boxes overlap, and a record that changes meanwhile moves in time. */
	if (SUCCEEDED(hr) && (boxes.count > 1 || !unique))
		pgi_snapshot_unique(found);
	pgi_criteria_free(query);
	return hr;
}
