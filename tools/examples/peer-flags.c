// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * peer-flags - settings that all hosts of a group share, as a file
 *
 *	peer-flags [-g GROUP] set NAME VALUE
 *	peer-flags [-g GROUP] unset NAME
 *	peer-flags [-g GROUP] [-m MEMBER] list
 *	peer-flags [-g GROUP] [-m MEMBER] -o FILE watch [COMMAND [ARGUMENT]...]
 *
 * A flag is a record: its data is the value, its attribute "name" the name. "watch" is
 * a service: it keeps a file of lines NAME=VALUE, replaces it as a whole when a flag
 * changes, and then runs a command, which tells another service to read it.
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "common.h"
#include "output.h"
#include "safe.h"

#define LIFETIME	(3650U * 24 * 3600)	/* or as long as one is a member */
#define NAME_MAX_LEN	64
#define VALUE_MAX	1024

static const uuid_t flag_type = {
	0xe3, 0x0b, 0x77, 0x6a, 0x15, 0x9d, 0x4c, 0x2f,
	0x8a, 0x71, 0x44, 0x0d, 0x9e, 0x53, 0xb2, 0x18
};

static const char *only_member;

struct flag {
	char *name, *value;
	uint64_t modified;
	uuid_t id;
};

struct flags {
	struct flag *flag;
	size_t count;
};

/* ------------------------------------------------------------ reading flags -- */

static bool is_name(const char *name)
{
	return is_made_of(name, NAME_MAX_LEN, ALNUM "._-");
}

/* Of a member, whom this host need not know yet: the digits, and perhaps a classifier. */
static bool is_peer_name(const char *name)
{
	return strspn(name, "0123456789abcdef") >= 40 && (!name[40] || name[40] == '.');
}

/* A line of a file, so it may not hold another, and one that people look at. */
static bool is_value(const char *value, size_t size)
{
	return size <= VALUE_MAX && is_safe(value, size, "");
}

/*
 * Two hosts that set a new flag at the same time make two records of it. The later one
 * counts, and the higher id when even that is the same: so all hosts agree.
 */
static bool is_later(const struct flag *a, const struct flag *b)
{
	if (a->modified != b->modified)
		return a->modified > b->modified;
	return uuid_compare(a->id, b->id) > 0;
}

static void free_flag(struct flag *flag)
{
	free(flag->name);
	free(flag->value);
}

static void keep(struct flags *flags, struct flag *new)
{
	size_t i;

	for (i = 0; i < flags->count; i++)
		if (!strcmp(flags->flag[i].name, new->name))
			break;
	if (i == flags->count) {
		flags->flag = reallocarray(flags->flag, i + 1, sizeof(*new));
		if (!flags->flag)
			die("flags", E_OUTOFMEMORY);
		flags->count++;
	} else if (is_later(new, &flags->flag[i])) {
		free_flag(&flags->flag[i]);
	} else {
		free_flag(new);
		return;
	}
	flags->flag[i] = *new;
}

/* Whatever is in it, a member wrote it: what cannot be a line is no flag. */
static HRESULT add_flag(const struct peergroup_record *record, void *arg)
{
	struct flag new = { .modified = record->modified };

	if (only_member && strcmp(record->modifier, only_member))
		return S_OK;
	new.name = attribute(record, "name");
	if (!is_name(new.name) || !is_value(record->data, record->size)) {
		free(new.name);
		return S_OK;
	}
	new.value = strndup(record->data ? record->data : "", record->size);
	if (!new.value)
		return E_OUTOFMEMORY;
	memcpy(new.id, record->id, sizeof(new.id));
	keep(arg, &new);
	return S_OK;
}

static void free_flags(struct flags *flags)
{
	while (flags->count)
		free_flag(&flags->flag[--flags->count]);
	free(flags->flag);
	flags->flag = NULL;
}

static void read_lines(peergroup_t group, struct lines *lines)
{
	struct flags flags = { 0 };
	size_t i;

	check(peergroup_records(group, flag_type, add_flag, &flags), "flags");
	for (i = 0; i < flags.count; i++)
		lines_add(lines, "%s=%s", flags.flag[i].name, flags.flag[i].value);
	free_flags(&flags);
}

/* ------------------------------------------------------------ writing flags -- */

/* All records of a name, found by the attribute. */
static void find_flags(peergroup_t group, const char *name,
		       HRESULT (*each)(const struct peergroup_record *, void *), void *arg)
{
	char type[37], *query;
	struct peergroup_clause clauses[] = {
		{ .attrib = "peerrecordtype", .value = type },
		{ .attrib = "name", .value = name },	/* no wildcard can be in it */
	};

	uuid_unparse(flag_type, type);
	check(peergroup_query_build(clauses, 2, &query), "query");
	check(peergroup_search(group, query, each, arg), name);
	peergroup_free(query);
}

static int set_flag(peergroup_t group, const char *name, const char *value)
{
	struct peergroup_attribute attributes[] = { { "name", "string", name } };
	struct peergroup_new_record record = {
		.data = value, .size = strlen(value), .lifetime = LIFETIME,
	};
	struct flags before = { 0 };
	char *xml;
	HRESULT hr;

	if (!is_value(value, strlen(value))) {
		fputs("a value is a line of at most 1024 bytes, UTF-8 that can be seen\n", stderr);
		return 2;
	}
	find_flags(group, name, add_flag, &before);
	check(peergroup_attributes_build(attributes, 1, &xml), name);
	record.attributes = xml;
	hr = put_record(group, flag_type, before.count ? before.flag[0].id : NULL, &record);
	check(hr, name);
	peergroup_free(xml);
	free_flags(&before);
	return 0;
}

static HRESULT delete_flag(const struct peergroup_record *record, void *arg)
{
	return peergroup_delete_record(arg, record->id);
}

static int list_flags(peergroup_t group)
{
	struct lines lines = { 0 };
	size_t i;

	read_lines(group, &lines);
	lines_sort(&lines);
	for (i = 0; i < lines.count; i++)
		puts(lines.line[i]);
	lines_free(&lines);
	return 0;
}

/* ----------------------------------------------------------------- watching -- */

/* Run the command and wait for it: it has seen one file before there is the next. */
static void run(char **command)
{
	pid_t pid;
	int status;

	if (!*command)
		return;
	pid = fork();
	if (!pid) {
		/* Signals are blocked but for when the watch waits. */
		sigset_t none;

		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
		execvp(command[0], command);
		perror(command[0]);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		perror(command[0]);
	else if (status)
		fprintf(stderr, "%s: ended with status %d\n", command[0],
			WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

static int watch_flags(peergroup_t group, const char *path, char **command)
{
	struct output output = { .path = path, .end = '=', .compare = strncmp };
	peergroup_watch_t watch;
	bool changed = true;

	check(peergroup_watch_open(group, PEERGROUP_SINCE_NOW, &watch), "watch");
	do {
		if (changed) {
			struct lines lines = { 0 };

			changed = false;
			output_begin(&output, group);
			read_lines(group, &lines);
			if (output_write(&output, &lines))
				run(command);
			lines_free(&lines);
		}
		if (!take_events(watch, flag_type, &changed)) {
			fputs("the group has ended\n", stderr);
			return 1;
		}
	} while (changed || wait_readable(watch, -1) >= 0);
	lines_free(&output.carried);
	peergroup_watch_close(watch);
	return 0;
}

/* --------------------------------------------------------------------- main -- */

static int usage(void)
{
	fputs("usage: peer-flags [-g GROUP] set NAME VALUE\n"
	      "       peer-flags [-g GROUP] unset NAME\n"
	      "       peer-flags [-g GROUP] [-m MEMBER] list\n"
	      "       peer-flags [-g GROUP] [-m MEMBER] -o FILE watch [COMMAND [ARGUMENT]...]\n"
	      "  -g GROUP   peer name or friendly name (default: the only one)\n"
	      "  -m MEMBER  only what this member has set, by its peer name\n"
	      "  -o FILE    what to keep, as lines NAME=VALUE\n", stderr);
	return 2;
}

static int no_name(const char *name)
{
	fprintf(stderr, "%s: a name is 1 to %d letters, digits, dots, - and _\n", name,
		NAME_MAX_LEN);
	return 2;
}

static int run_command(peergroup_t group, const char *output, int argc, char **argv)
{
	if (!strcmp(argv[0], "set") && argc == 3)
		return is_name(argv[1]) ? set_flag(group, argv[1], argv[2]) : no_name(argv[1]);
	if (!strcmp(argv[0], "unset") && argc == 2) {
		if (!is_name(argv[1]))
			return no_name(argv[1]);
		find_flags(group, argv[1], delete_flag, group);
		return 0;
	}
	if (!strcmp(argv[0], "list") && argc == 1)
		return list_flags(group);
	if (!strcmp(argv[0], "watch") && output)
		return watch_flags(group, output, argv + 1);
	return usage();
}

int main(int argc, char **argv)
{
	const char *name = NULL, *output = NULL;
	peergroup_t group;
	int c;

	while ((c = getopt(argc, argv, "+g:m:o:")) != -1) {
		if (c == 'g')
			name = optarg;
		else if (c == 'm')
			only_member = optarg;
		else if (c == 'o')
			output = optarg;
		else
			return usage();
	}
	if (optind == argc)
		return usage();
	if (only_member && !is_peer_name(only_member)) {
		fprintf(stderr, "-m %s: not a peer name, as 'peergroup members' shows them\n",
			only_member);
		return 2;
	}
	group = open_group(name, NULL);
	c = run_command(group, output, argc - optind, argv + optind);
	peergroup_close(group);
	return c;
}
