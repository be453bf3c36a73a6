/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the files of the peergroup command share: the table of subcommands,
 * their common options, errors and exit codes, how a group is named on the
 * command line, and small helpers for text, time and record types.
 */
#ifndef PEERGROUP_CMD_H
#define PEERGROUP_CMD_H

#include <getopt.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <peergroup.h>
#include "safe.h"

/* Exit codes; scripts rely on them. */
enum {
	EXIT_OK,
	EXIT_FAILED,
	EXIT_USAGE,
	EXIT_NOT_FOUND,
	EXIT_NOT_AUTHORISED,
	EXIT_NO_MODULE,
	EXIT_TIMED_OUT,
};

#define PRINTF(f, a)	__attribute__((format(printf, f, a)))
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/**
 * struct command - one subcommand
 * @name: as typed
 * @run: gets argv[0] = name; returns an exit code
 * @args: synopsis behind the name; a line for each way to call it
 * @summary: one line for the overview
 * @help: options, one per line, then an example; printed by --help
 */
struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *args;
	const char *summary;
	const char *help;
};

int cmd_identity(int argc, char **argv);	/* identity.c */
int cmd_create(int argc, char **argv);		/* group.c */
int cmd_leave(int argc, char **argv);
int cmd_groups(int argc, char **argv);
int cmd_up(int argc, char **argv);
int cmd_down(int argc, char **argv);
int cmd_connect(int argc, char **argv);		/* link.c */
int cmd_disconnect(int argc, char **argv);
int cmd_links(int argc, char **argv);
int cmd_add(int argc, char **argv);		/* record.c */
int cmd_update(int argc, char **argv);
int cmd_delete(int argc, char **argv);
int cmd_get(int argc, char **argv);
int cmd_list(int argc, char **argv);		/* list.c */
int cmd_search(int argc, char **argv);		/* search.c */
int cmd_renew(int argc, char **argv);		/* member.c */
int cmd_revoke(int argc, char **argv);		/* member.c */
int cmd_watch(int argc, char **argv);		/* watch.c */
int cmd_wait(int argc, char **argv);
int cmd_members(int argc, char **argv);		/* info.c */
int cmd_stats(int argc, char **argv);
int cmd_limits(int argc, char **argv);
int cmd_info(int argc, char **argv);
int cmd_properties(int argc, char **argv);	/* properties.c */
int cmd_export(int argc, char **argv);		/* transfer.c */
int cmd_import(int argc, char **argv);
int cmd_config(int argc, char **argv);
int cmd_invite(int argc, char **argv);		/* invite.c */
int cmd_join(int argc, char **argv);
int cmd_password(int argc, char **argv);	/* password.c */
int cmd_answer(int argc, char **argv);
int cmd_chown(int argc, char **argv);		/* owner.c */
int cmd_chmod(int argc, char **argv);
int cmd_connections(int argc, char **argv);	/* direct.c */
int cmd_send(int argc, char **argv);
int cmd_receive(int argc, char **argv);

/* ------------------------------------------------------- options, main.c -- */

extern bool opt_json;			/* --json */
extern const char *opt_identity;	/* --identity, or NULL */

enum { OPT_JSON = 0x100, OPT_IDENTITY, OPT_OWN };	/* a command's own: OPT_OWN and up */

#define COMMON_OPTIONS						\
	{ "json",	no_argument,		NULL, OPT_JSON },	\
	{ "identity",	required_argument,	NULL, OPT_IDENTITY },	\
	{ "help",	no_argument,		NULL, 'h' },		\
	{ NULL,		0,			NULL, 0 }

/**
 * next_option() - getopt_long() that deals with the common options itself
 * @status: exit code where the result is 0
 *
 * Return: the command's own option, -1 at the end (the rest are arguments), 0
 * where the command is to end with *@status (after --help or a wrong option).
 */
int next_option(int argc, char **argv, const struct option *options, int *status);

/* ---------------------------------------------------------- errors, util.c -- */

/* Print "peergroup: ..." and no line end. What of it others wrote is shown safely. */
void complain(const char *fmt, va_list ap) PRINTF(1, 0);
/* The same, as a line, and return the exit code, for "return fail(...)". */
int fail(int code, const char *fmt, ...) PRINTF(2, 3);
/* The same, with what the library says about a result, and its exit code. */
int fail_result(HRESULT result, const char *fmt, ...) PRINTF(2, 3);
/* For wrong arguments: says how to get help too. */
int usage(const char *fmt, ...) PRINTF(1, 2);
int fail_no_module(void);
/*
 * Of @file with @xml, which the library did not take: says which command it is for, if that
 * is another than @wanted, "peergroup join" for example, and is EXIT_FAILED; EXIT_OK if not.
 */
int fail_other_file(const char *file, const char *xml, const char *wanted);
int fail_no_memory(void);

/* Flush the output: EXIT_OK, or a complaint where it could not be written. */
int finish(void);

/* Never NULL: they end the process without memory. */
void *xrealloc(void *p, size_t size);
char *xstrdup(const char *s);
char *xprintf(const char *fmt, ...) PRINTF(1, 2);
char *xvprintf(const char *fmt, va_list ap) PRINTF(1, 0);

/* ------------------------------------------------------------ text, util.c -- */

bool str_eq(const char *a, const char *b);
bool str_starts(const char *s, const char *prefix);

/* Whole numbers with an optional unit; false if there is anything else. */
bool parse_u64(const char *s, uint64_t max, uint64_t *value);
bool parse_size(const char *s, uint64_t *bytes);	/* K, M, G: powers of 1024 */
bool parse_duration(const char *s, uint64_t *ms);	/* 1w2d3h4m5s, ms, y; bare = seconds */
bool parse_deadline(const char *s, int64_t *at);	/* a duration from now on, by now_ms() */

/**
 * struct when - a moment given by the user
 * @relative: seconds from now; 0 where it was a date
 * @unix_time: seconds since 1970, in both cases by this host's clock
 */
struct when {
	uint64_t relative;
	int64_t unix_time;
};

/* "90m", "2d12h", "2026-12-31", "2026-12-31T23:59[:59][Z|+01:00]". */
bool parse_when(const char *s, struct when *when);
/* Says why @s was refused as what @option takes. Return: EXIT_USAGE. */
int bad_when(const char *option, const char *s);

/* "admin", "inviting", "member". */
bool parse_role(const char *text, uint32_t *roles);	/* invite.c */

/* Static text, valid for the next few calls. */
const char *time_text(uint64_t peer_time);	/* local time, for people */
const char *time_until(uint64_t peer_time);	/* "in 3h", "2d ago" */
const char *size_text(uint64_t bytes);
const char *hex_text(const void *data, size_t len);
const char *uuid_text(const unsigned char *uuid);
const char *roles_text(uint32_t roles);
const char *status_text(uint32_t status);	/* "listening, connected" */
const char *link_state_name(uint32_t state);
const char *link_error(int err);	/* what an errno means of a link */
const char *change_name(uint32_t change);
const char *address_text(const void *address, size_t len, uint16_t port, uint32_t scope);

const char *sockaddr_text(const struct sockaddr_storage *address);	/* direct.c */

/* The part of a peer name that people look at: 12 digits and the classifier. */
const char *short_name(const char *peer_name);

/*
 * A record type: a UUID, or a name, which stands for the version 5 UUID of its
 * bytes in the namespace of peergroup(1).
 */
bool parse_type(const char *s, uuid_t type);
/* Says why @s was refused as one. Return: EXIT_USAGE. */
int bad_type(const char *s);

/* A whole file, or stdin for "-"; NUL-terminated. Returns an exit code. */
int read_input(const char *path, size_t max, char **data, size_t *size);

/* Monotonic milliseconds. */
int64_t now_ms(void);

/* --------------------------------------------------- naming a group, group.c -- */

/**
 * struct group_ref - a group that an identity of this user is a member of
 */
struct group_ref {
	char *name;
	char *friendly;
	char *identity;
};

/**
 * find_group() - what the user means by GROUP
 * @arg: peer name, unique start of it, or friendly name; NULL for the only one
 * @ref: receives it
 *
 * Return: EXIT_OK, or an exit code after telling why.
 */
int find_group(const char *arg, struct group_ref *ref);
void free_group(struct group_ref *ref);

/* True if find_group() would find @arg. */
bool is_group(const char *arg);

/* find_group() and peergroup_open(), for a group that is up. */
int open_group(const char *arg, struct group_ref *ref, peergroup_t *group);

/* Says why @ref, which find_group() has found, is not to be had from the kernel. */
int fail_not_up(const struct group_ref *ref);

/**
 * find_identity() - what the user means by an identity
 * @arg: peer name, unique start of it, or friendly name; NULL for the default
 * @name: receives the peer name, NULL for the default
 *
 * Return: EXIT_OK, or an exit code after telling why.
 */
int find_identity(const char *arg, char **name);
/* The same, but does not tell why. */
int find_identity_quietly(const char *arg, char **name);

/* peergroup_open() of a group found before. */
int open_found(const struct group_ref *ref, peergroup_t *group);
/* Says which group came into being. */
int report_new(peergroup_t group, const char *friendly);

/* ------------------------------------------------------------- password.c -- */

/* The first line of a file, or of standard input for "-"; to be freed by free_password(). */
int read_password(const char *file, char **password);
void free_password(char *password);
int join_by_password(const char *identity, const char *xml,
		     const struct peergroup_invitation *invitation, const char *file);

/* ------------------------------------------------------- format.c, for list -- */

/* Has it only fields that there are? Returns an exit code, after telling why. */
int check_format(const char *format);
/* Prints a line for a record. The format has been checked. */
void print_formatted(const char *format, const struct peergroup_record *record);

#endif /* PEERGROUP_CMD_H */
