// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Searching for programs of <peergroup.h>, and making queries.
 */
#include <stdio.h>
#include <stdlib.h>
#include "records.h"
#include "xml.h"

static HRESULT call(const struct pgi_record *r,
		    HRESULT (*fn)(const struct peergroup_record *record, void *arg), void *arg)
{
	struct peergroup_record *out = pgi_new(sizeof(*out));
	HRESULT hr;

	if (!out)
		return E_OUTOFMEMORY;
	hr = pgi_record_to_native(r, out, out);
	if (SUCCEEDED(hr))
		hr = fn(out, arg);
	peergroup_free(out);
	return hr;
}

PGI_PUBLIC HRESULT peergroup_search(peergroup_t handle, const char *query,
				    HRESULT (*each)(const struct peergroup_record *record,
						    void *arg),
				    void *arg)
{
	struct pgi_snapshot found = { 0 };
	struct pgi_group *group;
	HRESULT hr;
	size_t i;

	pgi_clear_error();
	if (!query || !each)
		return pgi_fail(E_INVALIDARG, "%s is NULL", query ? "each" : "query");
	hr = pgi_group_find(handle, &group);
	if (FAILED(hr))
		return hr;
	hr = pgi_search(group, query, &found);
	pgi_group_put(group);
	for (i = 0; i < found.count && hr == S_OK; i++)
		hr = call(found.records[i], each, arg);
	pgi_snapshot_free(&found);
	return hr;
}

/* ----------------------------------------------------------------- queries -- */

static void put_property(FILE *out, const char *name, const char *value)
{
	fprintf(out, " %s=\"", name);
	pgi_xml_put(out, value);
	fputc('"', out);
}

static void put_clauses(FILE *out, const struct peergroup_clause *clauses, size_t count)
{
	size_t i;

	fputs("<peersearch><and>", out);
	for (i = 0; i < count; i++) {
		const struct peergroup_clause *c = &clauses[i];

		fputs("<clause", out);
		put_property(out, "attrib", c->attrib);
		put_property(out, "type", c->type ? c->type : "string");
		put_property(out, "compare", c->compare ? c->compare : "equal");
		fputc('>', out);
		pgi_xml_put(out, c->value);
		fputs("</clause>", out);
	}
	fputs("</and></peersearch>", out);
}

static HRESULT build(const struct peergroup_clause *clauses, size_t count, char **query)
{
	struct pgi_criteria *checked;
	size_t len, i;
	HRESULT hr;
	FILE *out;

	*query = NULL;
	for (i = 0; i < count; i++)
		if (!clauses[i].attrib || !clauses[i].value)
			return pgi_fail(E_INVALIDARG, "clause %zu lacks a part", i);
	out = pgi_stream_begin(query, &len);
	if (!out)
		return E_OUTOFMEMORY;
	put_clauses(out, clauses, count);
	hr = pgi_stream_end(out, query);
	if (FAILED(hr))
		return hr;
	hr = pgi_criteria_parse(*query, &checked);
	pgi_criteria_free(checked);
	return hr;
}

PGI_PUBLIC HRESULT peergroup_query_build(const struct peergroup_clause *clauses, size_t count,
					 char **query)
{
	char *made = NULL;
	HRESULT hr;

	pgi_clear_error();
	if (query)
		*query = NULL;
	if (!query || !clauses || !count)
		return pgi_fail(E_INVALIDARG, "%s", query ? "there is no clause" :
				"query is NULL");
	hr = build(clauses, count, &made);
	if (SUCCEEDED(hr))
		hr = pgi_str_return(made, query);
	free(made);
	return hr;
}

PGI_PUBLIC HRESULT peergroup_query_escape(const char *text, char **escaped)
{
	char *buf, *p;
	HRESULT hr;

	pgi_clear_error();
	if (escaped)
		*escaped = NULL;
	if (!text || !escaped)
		return pgi_fail(E_INVALIDARG, "%s is NULL", text ? "escaped" : "text");
	buf = malloc(2 * strlen(text) + 1);
	if (!buf)
		return E_OUTOFMEMORY;
	for (p = buf; *text; text++) {
		if (strchr("*?\\", *text))
			*p++ = '\\';
		*p++ = *text;
	}
	*p = 0;
	hr = pgi_str_return(buf, escaped);
	free(buf);
	return hr;
}
