// SPDX-License-Identifier: GPL-2.0-only
/*
 * Queries, and the attributes of a record that one is asked about: two texts, with a
 * NUL between them. Whatever matches has to lie in one of the boxes in which the
 * kernel is made to search.
 */
#include <string.h>
#include "query.h"
#include "fuzz.h"

#define Q(inside)	"<peersearch>" inside "</peersearch>"
#define AUTHORITY	"0123456789abcdef0123456789abcdef01234567"

static bool within(uint64_t time, const uint64_t range[2])
{
	return time >= range[0] && time <= range[1];
}

static bool inside(const struct pgi_box *b, const struct pgi_subject *s)
{
	return (!b->has_id || !memcmp(b->id, s->id, PEERGROUP_ID_LEN)) &&
	       (!b->has_type || !memcmp(b->type, s->type, PEERGROUP_ID_LEN)) &&
	       (!b->creator || !strcmp(b->creator, s->creator)) &&
	       within(s->created, b->created) && within(s->modified, b->modified);
}

static void ask(const struct pgi_criteria *query, const struct pgi_boxes *boxes,
		struct pgi_subject *s)
{
	HRESULT hr = pgi_criteria_match(query, s);
	bool found = false;
	size_t i;

	FUZZ_NEED(hr == S_OK || hr == S_FALSE);
	for (i = 0; i < boxes->count; i++)
		found |= inside(&boxes->box[i], s);
	FUZZ_NEED(hr == S_FALSE || found);
	fuzz_taken |= hr == S_OK;
	pgi_subject_done(s);
}

/* The times are those of the seeds, and around them. */
static void ask_several(const struct pgi_criteria *query, const char *attrs, size_t attrs_len)
{
	static const uint8_t ids[2][PEERGROUP_ID_LEN] = { { 0x11, 0x22 }, { 0x33 } };
	static const char *const names[] = { AUTHORITY, AUTHORITY ".alice" };
	static const uint64_t times[] = { 0, 134397792000000000, 134397792000000001, UINT64_MAX };
	struct pgi_boxes boxes;
	unsigned int i;

	pgi_criteria_narrow(query, &boxes);
	FUZZ_NEED(boxes.count <= PGI_BOXES);
	for (i = 0; i < 16; i++) {
		struct pgi_subject s = {
			.id = ids[i % 2], .type = ids[i / 2 % 2], .creator = names[i / 4 % 2],
			.modifier = names[i / 8], .created = times[i % 4],
			.modified = times[i / 4], .attrs = attrs, .attrs_len = attrs_len,
		};

		ask(query, &boxes, &s);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const uint8_t *end = memchr(data, 0, len);
	struct pgi_criteria *query;
	size_t query_len = end ? (size_t)(end - data) : len;
	char *xml = strndup((const char *)data, query_len);
	HRESULT hr;

	FUZZ_NEED(xml);
	hr = pgi_criteria_parse(xml, &query);
	free(xml);
	FUZZ_NEED(hr == S_OK || hr == PEER_E_INVALID_SEARCH || hr == E_INVALIDARG);
	FUZZ_NEED(!query == FAILED(hr));
	if (!query)
		return 0;
	/* The kernel lets no NUL into attributes. */
	data += query_len + !!end;
	len -= query_len + !!end;
	ask_several(query, (const char *)data, strnlen((const char *)data, len));
	pgi_criteria_free(query);
	return 0;
}

#define CLAUSE(attrib, type, compare, value) \
	"<clause attrib=\"" attrib "\" type=\"" type "\" compare=\"" compare "\">" value "</clause>"
#define ATTRS	"<attributes><attribute name=\"n\" type=\"int\">42</attribute>"		\
		"<attribute name=\"s\" type=\"string\">a*b&#x1F600;c</attribute>"	\
		"<attribute name=\"d\" type=\"date\">2003-02-28</attribute></attributes>"

size_t fuzz_seed(unsigned int n, uint8_t *out)
{
	static const char *const queries[] = {
		Q("<clause attrib=\"s\">a\\*b?*</clause>"),
		Q(CLAUSE("n", "int", "less", "43")),
		Q(CLAUSE("d", "date", "greaterorequal", "2003-02-27T18:30:00.0-05:30")),
		Q(CLAUSE("peercreatorid", "string", "equal", AUTHORITY ".alice")),
		Q(CLAUSE("peerrecordid", "string", "equal",
			 "{11220000-0000-0000-0000-000000000000}")),
		Q("<and>" CLAUSE("peercreationtime", "date", "lessorequal", "2026-11-22")
		  "<or>" CLAUSE("peerrecordtype", "string", "equal",
				"33000000-0000-0000-0000-000000000000")
		  CLAUSE("peerlastmodificationtime", "date", "greater", "2026-11-22T00:00Z")
		  CLAUSE("peerlastmodifiedby", "string", "notequal", "*.bob") "</or></and>"),
		Q(CLAUSE("peerlastmodificationtime", "date", "greater", "2026-11-22")),
		Q("<or>" CLAUSE("peercreationtime", "date", "less", "2026-11-22T00:00:00.0000001Z")
		  CLAUSE("peercreatorid", "string", "equal", AUTHORITY) "</or>"),
		"<?xml version=\"1.0\"?><!-- c -->"
		"<peersearch xmlns:xs=\"http://www.w3.org/2001/XMLSchema\"><or>"
		CLAUSE("s", "string", "less", "b") CLAUSE("s", "string", "equal", "<![CDATA[*c]]>")
		"</or></peersearch>",
	};
	size_t len;

	if (n >= sizeof(queries) / sizeof(queries[0]))
		return 0;
	len = strlen(queries[n]) + 1;
	memcpy(out, queries[n], len);
	memcpy(out + len, ATTRS, strlen(ATTRS));
	return len + strlen(ATTRS);
}
