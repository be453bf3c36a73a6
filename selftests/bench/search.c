// SPDX-License-Identifier: LGPL-2.1-or-later
#define _GNU_SOURCE
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "search.h"

#define RUNS	15

static const uuid_t rare_type = { 0x5b, 0x1d, 0x6a, 0x10, 0x7e, 0x52, 0x4b, 0x8e,
				  0x9d, 0x2c, 0x61, 0x0f, 0x42, 0x33, 0x85, 0x02 };
static char *other;			/* the second creator */
static uuid_t one;			/* of the rare records */
static uint64_t first, last;		/* their creation */

static void check(HRESULT hr, const char *what)
{
	if (hr >= 0)
		return;
	fprintf(stderr, "pg-bench: %s: %s (%s)\n", what, peergroup_strerror(hr),
		peergroup_error_detail());
	exit(1);
}

static double now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1e3 + ts.tv_nsec / 1e6;
}

static void add_rare(peergroup_t group)
{
	struct peergroup_new_record record = {
		.data = "x", .size = 1, .lifetime = 3600,
		.attributes = "<attributes><attribute name=\"n\" type=\"int\">1</attribute>"
			      "</attributes>",
	};
	struct peergroup_record *r;
	unsigned int i;

	for (i = 0; i < SEARCH_RARE; i++) {
		check(peergroup_add(group, rare_type, &record, one), "add");
		check(peergroup_get(group, one, &r), "get");
		first = i ? first : r->created;
		last = r->created;
		peergroup_free(r);
	}
}

static HRESULT count(const struct peergroup_record *record, void *arg)
{
	(void)record;
	++*(unsigned int *)arg;
	return S_OK;
}

static unsigned int run(peergroup_t group, const char *query)
{
	unsigned int n = 0;

	check(peergroup_search(group, query, count, &n), "search");
	return n;
}

static char *query_of(const struct peergroup_clause *clauses, size_t n)
{
	char *query;

	check(peergroup_query_build(clauses, n, &query), "query");
	return query;
}

/* The second creator is a member on this very host, and gone when the table grows. */
static void add_others(peergroup_t group)
{
	struct peergroup_clause clause = { .attrib = "peercreatorid" };
	char *xml, *invitation, *query;
	struct peergroup_status *status;
	peergroup_t theirs;
	bool ready = false;

	check(peergroup_identity_create("other", NULL, &other), "identity");
	check(peergroup_identity_xml(other, &xml), "identity");
	check(peergroup_invite(group, xml, 0, PEERGROUP_ROLE_MEMBER, &invitation), "invite");
	check(peergroup_join(other, invitation, &theirs), "join");
	check(peergroup_online(group, 0), "online");
	check(peergroup_online(theirs, 4000), "online");
	check(peergroup_connect(theirs, "127.0.0.1"), "connect");
	while (!ready) {
		check(peergroup_status(theirs, &status), "status");
		ready = status->flags & PEERGROUP_STATUS_READY;
		peergroup_free(status);
		usleep(1000);
	}
	add_rare(theirs);
	clause.value = other;
	query = query_of(&clause, 1);
	while (run(group, query) < SEARCH_RARE)
		usleep(1000);
	peergroup_close(theirs);
	check(peergroup_offline(group), "offline");
	peergroup_free(query);
	peergroup_free(xml);
	peergroup_free(invitation);
}

void search_prepare(peergroup_t group)
{
	add_others(group);
	/* What is found by type and by time is this host's own. */
	add_rare(group);
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static void measure(peergroup_t group, unsigned int table, const char *what,
		    const struct peergroup_clause *clauses, size_t n_clauses)
{
	char *query = query_of(clauses, n_clauses);
	unsigned int i, found = 0;
	double ms[RUNS];

	for (i = 0; i < RUNS; i++) {
		ms[i] = now_ms();
		found = run(group, query);
		ms[i] = now_ms() - ms[i];
		/* What reads everything need not do so often. */
		if (found > SEARCH_RARE * 2 && i == 2)
			break;
	}
	i = i < RUNS ? i + 1 : RUNS;
	qsort(ms, i, sizeof(*ms), compare);
	printf("search %-27s median %7.3f ms, %u found among %u\n", what, ms[i / 2], found, table);
	peergroup_free(query);
}

static const char *date(uint64_t time, char *out, size_t size)
{
	struct timespec ts;
	char seconds[32];
	struct tm tm;

	peergroup_time_to_unix(time, &ts);
	strftime(seconds, sizeof(seconds), "%Y-%m-%dT%H:%M:%S", gmtime_r(&ts.tv_sec, &tm));
	snprintf(out, size, "%s.%07ldZ", seconds, ts.tv_nsec / 100);
	return out;
}

void search_measure(peergroup_t group, unsigned int table)
{
	char type[UUID_STR_LEN], id[UUID_STR_LEN], from[64], to[64];
	const struct peergroup_clause by_type = { .attrib = "peerrecordtype", .value = type };
	const struct peergroup_clause by_id = { .attrib = "peerrecordid", .value = id };
	const struct peergroup_clause by_creator = { .attrib = "peercreatorid", .value = other };
	const struct peergroup_clause all = { "peercreationtime", "date", "greater", "1601" };
	const struct peergroup_clause by_attribute = { "n", "int", NULL, "1" };
	struct peergroup_clause by_time[] = {
		{ "peercreationtime", "date", "greaterorequal", from },
		{ "peercreationtime", "date", "lessorequal", to },
	}, by_change[2];

	uuid_unparse(rare_type, type);
	uuid_unparse(one, id);
	date(first, from, sizeof(from));
	date(last, to, sizeof(to));
	memcpy(by_change, by_time, sizeof(by_change));
	by_change[0].attrib = "peerlastmodificationtime";
	by_change[1].attrib = "peerlastmodificationtime";
	measure(group, table, "by id", &by_id, 1);
	measure(group, table, "by type", &by_type, 1);
	measure(group, table, "by creator", &by_creator, 1);
	measure(group, table, "by time of creation", by_time, 2);
	measure(group, table, "by time of modification", by_change, 2);
	measure(group, table, "by an attribute", &by_attribute, 1);
	measure(group, table, "everything", &all, 1);
}
