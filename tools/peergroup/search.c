// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Searching: options become clauses, or a query is taken as it is.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "admin.h"
#include "record.h"

#define QUERY_MAX	(1UL << 20)

enum { TYPE = OPT_OWN, CREATOR, ATTR, FORMAT, TIMES };

/**
 * struct search - what is looked for
 * @clauses: all of them have to hold; texts are in @owned or in the arguments
 * @creator: from --creator, whose peer name is found when the group is open
 */
struct search {
	struct peergroup_clause *clauses;
	size_t n_clauses;
	char **owned;
	size_t n_owned;
	const char *creator;
	struct { unsigned int which; struct when when; } times[4];
	size_t n_times;
};

/* Which clauses the four options about times are. */
static const struct {
	const char *option, *attrib, *compare;
} times[] = {
	{ "--created-since", "peercreationtime", "greaterorequal" },
	{ "--created-until", "peercreationtime", "lessorequal" },
	{ "--modified-since", "peerlastmodificationtime", "greaterorequal" },
	{ "--modified-until", "peerlastmodificationtime", "lessorequal" },
};

static const struct option options[] = {
	{ "type", required_argument, NULL, TYPE },
	{ "creator", required_argument, NULL, CREATOR },
	{ "attr", required_argument, NULL, ATTR },
	{ "format", required_argument, NULL, FORMAT },
	{ "created-since", required_argument, NULL, TIMES },
	{ "created-until", required_argument, NULL, TIMES + 1 },
	{ "modified-since", required_argument, NULL, TIMES + 2 },
	{ "modified-until", required_argument, NULL, TIMES + 3 },
	COMMON_OPTIONS
};

static char *keep(struct search *s, char *text)
{
	s->owned = xrealloc(s->owned, (s->n_owned + 1) * sizeof(*s->owned));
	return s->owned[s->n_owned++] = text;
}

static void add_clause(struct search *s, const char *attrib, const char *type,
		       const char *compare, const char *value)
{
	s->clauses = xrealloc(s->clauses, (s->n_clauses + 1) * sizeof(*s->clauses));
	s->clauses[s->n_clauses++] = (struct peergroup_clause){ attrib, type, compare, value };
}

static void free_search(struct search *s)
{
	while (s->n_owned)
		free(s->owned[--s->n_owned]);
	free(s->owned);
	free(s->clauses);
}

/* "=", "!=", "<=" and so on at @op; *@value is behind it. NULL for none of them. */
static const char *compare_name(char *op, char **value)
{
	bool equal = op[1] == '=';

	*value = op + 1 + (equal && *op != '=');
	switch (*op) {
	case '=':
		return "equal";
	case '<':
		return equal ? "lessorequal" : "less";
	case '>':
		return equal ? "greaterorequal" : "greater";
	default:
		return equal ? "notequal" : NULL;
	}
}

/* "NAME=VALUE", "NAME:int<5", "NAME:date>=2027-01-01" */
static int take_attribute(struct search *s, const char *arg)
{
	char *name = keep(s, xstrdup(arg)), *op = name + strcspn(name, "=!<>"), *value, *type;
	const char *compare = *op && op != name ? compare_name(op, &value) : NULL;

	if (!compare)
		return usage("--attr %s: NAME=VALUE is wanted, or !=, <, <=, >, >=", arg);
	*op = 0;
	type = strchr(name, ':');
	if (type)
		*type++ = 0;
	add_clause(s, name, type, compare, value);
	return EXIT_OK;
}

/* Durations are ago. */
static int take_time(struct search *s, int which, const char *arg)
{
	struct when *when = &s->times[s->n_times].when;

	if (s->n_times == ARRAY_SIZE(s->times))
		return usage("%s %s: %zu times were given already", times[which].option, arg,
			     s->n_times);
	if (!parse_when(arg, when))
		return usage("%s %s: neither a date, as 2026-12-31, nor a time ago, as 2h",
			     times[which].option, arg);
	if (when->relative)
		when->unix_time = time(NULL) - (int64_t)when->relative;
	s->times[s->n_times++].which = (unsigned int)which;
	return EXIT_OK;
}

static int take_type(struct search *s, const char *arg)
{
	uuid_t type;

	if (!parse_type(arg, type))
		return bad_type(arg);
	add_clause(s, "peerrecordtype", NULL, NULL, keep(s, xstrdup(uuid_text(type))));
	return EXIT_OK;
}

static int take_option(int c, struct search *s, struct listing *listing)
{
	switch (c) {
	case TYPE:
		return take_type(s, optarg);
	case CREATOR:
		s->creator = optarg;
		return EXIT_OK;
	case ATTR:
		return take_attribute(s, optarg);
	case FORMAT:
		listing->format = optarg;
		return EXIT_OK;
	default:
		return take_time(s, c - TIMES, optarg);
	}
}

/* The group's clock may differ from this host's. */
static int add_times(struct search *s, peergroup_t group)
{
	struct peergroup_status *status;
	struct timespec ts = { 0 };
	char text[64];
	struct tm tm;
	HRESULT hr;
	size_t i;

	if (!s->n_times)
		return EXIT_OK;
	hr = peergroup_status(group, &status);
	if (FAILED(hr))
		return fail_result(hr, "cannot ask for the group's time");
	for (i = 0; i < s->n_times; i++) {
		ts.tv_sec = s->times[i].when.unix_time;
		peergroup_time_to_unix(peergroup_time_from_unix(&ts) + status->time_offset, &ts);
		strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&ts.tv_sec, &tm));
		add_clause(s, times[s->times[i].which].attrib, "date",
			   times[s->times[i].which].compare, keep(s, xstrdup(text)));
	}
	peergroup_free(status);
	return EXIT_OK;
}

static int add_creator(struct search *s, const struct group_ref *ref)
{
	struct admin_group running;
	char *name, *escaped;
	HRESULT hr;
	int ret;

	if (!s->creator)
		return EXIT_OK;
	ret = admin_find_group(ref->name, &running);
	if (ret == EXIT_OK)
		ret = find_member(running.index, s->creator, &name);
	if (ret != EXIT_OK)
		return ret;
	hr = peergroup_query_escape(name, &escaped);
	free(name);
	if (FAILED(hr))
		return fail_result(hr, "cannot search");
	add_clause(s, "peercreatorid", NULL, NULL, keep(s, xstrdup(escaped)));
	peergroup_free(escaped);
	return EXIT_OK;
}

/* *@query is to be freed by free(). */
static int make_query(struct search *s, peergroup_t group, const struct group_ref *ref,
		      char **query)
{
	int ret = add_creator(s, ref);
	char *made;
	HRESULT hr;

	if (ret == EXIT_OK)
		ret = add_times(s, group);
	if (ret != EXIT_OK)
		return ret;
	hr = peergroup_query_build(s->clauses, s->n_clauses, &made);
	if (FAILED(hr)) {
		fail_result(hr, "this cannot be searched for");
		return hr == E_OUTOFMEMORY ? EXIT_FAILED : EXIT_USAGE;
	}
	*query = xstrdup(made);
	peergroup_free(made);
	return EXIT_OK;
}

/* The list begins with the first record: a query may turn out to be none. */
struct results {
	struct listing *listing;
	struct group_ref *ref;
	bool begun;
	int status;
};

static HRESULT show(const struct peergroup_record *record, void *arg)
{
	struct results *results = arg;

	if (!results->begun) {
		results->begun = true;
		results->status = list_begin(results->listing, results->ref);
	}
	return results->status == EXIT_OK ? list_one(record, results->listing) : S_FALSE;
}

static int run_query(peergroup_t group, struct group_ref *ref, const char *query,
		     struct listing *listing)
{
	struct results results = { .listing = listing, .ref = ref };
	HRESULT hr;

	hr = peergroup_search(group, query, show, &results);
	if (FAILED(hr))
		return fail_result(hr, "cannot search '%s'", ref->friendly);
	if (!results.begun)
		results.status = list_begin(listing, ref);
	return results.status == EXIT_OK ? list_end(listing) : results.status;
}

static int search(const char *arg, const char *given, struct search *s, struct listing *listing)
{
	char *query = given ? xstrdup(given) : NULL;
	struct group_ref ref;
	peergroup_t group;
	int ret;

	ret = open_group(arg, &ref, &group);
	if (ret != EXIT_OK)
		goto free_query;
	if (!query)
		ret = make_query(s, group, &ref, &query);
	if (ret == EXIT_OK)
		ret = run_query(group, &ref, query, listing);
	peergroup_close(group);
	free_group(&ref);
free_query:
	free(query);
	return ret;
}

/* A QUERY begins as XML does; - is one on standard input. */
static bool is_query(const char *arg)
{
	return str_eq(arg, "-") || arg[strspn(arg, " \t\r\n")] == '<';
}

int cmd_search(int argc, char **argv)
{
	struct listing listing = { 0 };
	const char *query = NULL;
	struct search s = { 0 };
	char *read = NULL;
	int c, status, ret = EXIT_OK;
	size_t size;

	while (ret == EXIT_OK && (c = next_option(argc, argv, options, &status)) != -1) {
		if (!c) {
			free_search(&s);
			return status;
		}
		ret = take_option(c, &s, &listing);
	}
	if (ret == EXIT_OK && optind < argc && is_query(argv[argc - 1]))
		query = argv[--argc];
	if (ret == EXIT_OK && listing.format && opt_json)
		ret = usage("--format and --json exclude each other");
	if (ret == EXIT_OK && listing.format)
		ret = check_format(listing.format);
	if (ret == EXIT_OK && !query && argc - optind > 1)
		ret = usage("%s: a query is XML, which begins with <", argv[optind + 1]);
	if (ret == EXIT_OK && !query == !(s.n_clauses || s.n_times || s.creator))
		ret = usage("either a QUERY is wanted, or options that say what is searched for");
	if (ret == EXIT_OK && argc - optind > 1)
		ret = usage("%s: one GROUP only", argv[optind + 1]);
	if (ret == EXIT_OK && query && str_eq(query, "-")) {
		ret = read_input("-", QUERY_MAX, &read, &size);
		query = read;
	}
	if (ret == EXIT_OK)
		ret = search(optind < argc ? argv[optind] : NULL, query, &s, &listing);
	free(read);
	free_search(&s);
	return ret;
}
