// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What the example programs share, see common.h.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "common.h"
#include "safe.h"

const char *error_detail(void)
{
	const char *detail = peergroup_error_detail();
	static char *safe;

	free(safe);
	safe = safe_text(detail, strlen(detail));
	return safe;
}

void die(const char *what, HRESULT hr)
{
	const char *detail = error_detail();

	fprintf(stderr, "%s: %s", what, peergroup_strerror(hr));
	if (*detail)
		fprintf(stderr, " (%s)", detail);
	fputc('\n', stderr);
	exit(1);
}

void check(HRESULT hr, const char *what)
{
	if (FAILED(hr))
		die(what, hr);
}

void die_errno(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	exit(1);
}

static bool is_called(const struct peergroup_group_name *group, const char *name)
{
	return !name || !strcmp(group->name, name) || !strcmp(group->friendly, name);
}

peergroup_t open_group(const char *name, char **identity)
{
	const struct peergroup_group_name *found = NULL;
	struct peergroup_group_name *list;
	size_t count, i, matches = 0;
	peergroup_t group;

	check(peergroup_list_groups(NULL, &list, &count), "groups");
	for (i = 0; i < count; i++) {
		if (!is_called(&list[i], name))
			continue;
		found = &list[i];
		matches++;
	}
	if (matches != 1) {
		fprintf(stderr, "%s: %s\n", name ? name : "group", matches ?
			"more than one group is meant" : "there is no such group");
		exit(1);
	}
	check(peergroup_open(found->identity, found->name, &group), found->friendly);
	if (identity)
		*identity = strdup(found->identity);
	peergroup_free(list);
	if (identity && !*identity)
		die_errno("group");
	return group;
}

HRESULT put_record(peergroup_t group, const uuid_t type, const unsigned char *id,
		   struct peergroup_new_record *record)
{
	uuid_t new;
	HRESULT hr;

	for (;; record->lifetime /= 2) {
		hr = id ? peergroup_update(group, id, record) :
			  peergroup_add(group, type, record, new);
		/* Of no lifetime at all: an update leaves it as it was. */
		if (hr != PEER_E_INVALID_RECORD_EXPIRATION || !record->lifetime)
			return hr;
	}
}

static volatile sig_atomic_t ended;

static void on_signal(int number)
{
	(void)number;
	ended = 1;
}

/* Signals come in while it polls and at no other time, so that none is overlooked. */
int wait_for(struct pollfd *fds, nfds_t count, int timeout)
{
	static const int signals[] = { SIGTERM, SIGINT, SIGHUP };
	struct sigaction action = { .sa_handler = on_signal };
	struct timespec ts = { .tv_sec = timeout };
	sigset_t blocked, before;
	size_t i;
	int n;

	sigemptyset(&blocked);
	sigaddset(&blocked, SIGWINCH);	/* which ncurses takes */
	for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		sigaddset(&blocked, signals[i]);
		sigaction(signals[i], &action, NULL);
	}
	sigprocmask(SIG_BLOCK, &blocked, &before);
	sigdelset(&before, SIGWINCH);
	for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigdelset(&before, signals[i]);
	n = ended ? -1 : ppoll(fds, count, timeout < 0 ? NULL : &ts, &before);
	if (n < 0 && !ended && errno != EINTR)
		die_errno("poll");
	return ended ? -1 : n > 0;
}

int wait_readable(peergroup_watch_t watch, int timeout)
{
	struct pollfd pfd = { .fd = peergroup_watch_fd(watch), .events = POLLIN };

	return wait_for(&pfd, 1, timeout);
}

void *xalloc(size_t size)
{
	void *p = calloc(1, size ? size : 1);

	if (!p)
		die_errno("memory");
	return p;
}

char *query_for(const uuid_t type, const char *attrib, const char *pattern, const char *text)
{
	char type_text[37], *escaped, *value, *query;
	struct peergroup_clause clauses[] = {
		{ .attrib = "peerrecordtype", .value = type_text }, { .attrib = attrib },
	};

	uuid_unparse(type, type_text);
	check(peergroup_query_escape(text, &escaped), "query");
	if (asprintf(&value, pattern, escaped) < 0)
		die_errno("query");
	clauses[1].value = value;
	check(peergroup_query_build(clauses, 2, &query), "query");
	free(value);
	peergroup_free(escaped);
	return query;
}

/* ------------------------------------------------------------------- records -- */

char *attribute(const struct peergroup_record *record, const char *name)
{
	struct peergroup_attribute *list;
	char *value = NULL;
	size_t count, i;

	if (FAILED(peergroup_attributes_parse(record->attributes, &list, &count)))
		return NULL;
	for (i = 0; i < count && !value; i++)
		if (!strcmp(list[i].name, name) && !strcmp(list[i].type, "string"))
			value = strdup(list[i].value);
	peergroup_free(list);
	return value;
}

bool is_made_of(const char *text, size_t max, const char *characters)
{
	size_t len = text ? strlen(text) : 0;

	return len && len <= max && strspn(text, characters) == len;
}
