// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Whose a group is on this host, and who of its users may read it and write to
 * it: chown and chmod.
 */
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include "admin.h"
#include "cmd.h"

/* "WHAT [GROUP]" behind the options; a negative value where the command is over. */
static int two_args(int argc, char **argv, const char *what)
{
	static const struct option options[] = { COMMON_OPTIONS };
	int status;

	if (next_option(argc, argv, options, &status) == 0)
		return status == EXIT_OK ? -1 : status;
	if (argc - optind < 1 || argc - optind > 2)
		return usage("%s is wanted, and one GROUP at most", what);
	return EXIT_OK;
}

static bool parse_user(const char *text, uint32_t *uid)
{
	const struct passwd *pw = getpwnam(text);
	uint64_t n;

	if (pw)
		*uid = pw->pw_uid;
	else if (parse_u64(text, UINT32_MAX - 1, &n))
		*uid = n;
	else
		return false;
	return true;
}

static bool parse_users(const char *text, uint32_t *gid)
{
	const struct group *gr = getgrnam(text);
	uint64_t n;

	if (gr)
		*gid = gr->gr_gid;
	else if (parse_u64(text, UINT32_MAX - 1, &n))
		*gid = n;
	else
		return false;
	return true;
}

/* "OWNER", "OWNER:GROUP" or ":GROUP" */
static int parse_owner(const char *text, struct admin_owner *owner)
{
	char *copy = xstrdup(text), *colon = strchr(copy, ':');
	int ret = EXIT_OK;

	if (colon) {
		*colon++ = 0;
		owner->has_gid = true;
		if (!parse_users(colon, &owner->gid))
			ret = usage("%s: no such group of users", colon);
	}
	if (ret == EXIT_OK && (*copy || !colon)) {
		owner->has_uid = true;
		if (!parse_user(copy, &owner->uid))
			ret = usage("%s: no such user", copy);
	}
	free(copy);
	return ret;
}

/* Which bits the letters in front of the operator stand for, and which of those are read or write. */
static bool parse_letters(const char **at, const char *letters, const uint32_t *bits,
			  uint32_t *mask)
{
	const char *found;

	*mask = 0;
	for (; **at && (found = strchr(letters, **at)); ++*at)
		*mask |= bits[found - letters];
	return *mask;
}

/* "640", or "u+w,g=r,o-rw" over @mode; there is nothing to execute. */
static bool parse_mode(const char *text, uint32_t *mode)
{
	static const uint32_t who_bits[] = { 0600, 0060, 0006, 0666 };
	static const uint32_t what_bits[] = { 0444, 0222 };
	uint32_t who, what;
	char op, *end;

	if (strspn(text, "01234567") == strlen(text)) {
		*mode = strtoul(text, &end, 8);
		return *text && strlen(text) <= 4 && !(*mode & ~0666U);
	}
	do {
		if (!parse_letters(&text, "ugoa", who_bits, &who))
			who = 0666;
		op = *text++;
		if (op != '+' && op != '-' && op != '=')
			return false;
		if (!parse_letters(&text, "rw", what_bits, &what) && op != '=')
			return false;
		if (op == '=')
			*mode &= ~who;
		if (op == '-')
			*mode &= ~(who & what);
		else
			*mode |= who & what;
	} while (*text == ',' && text++);
	return !*text;
}

static int set_owner(const struct admin_group *group, const struct admin_owner *owner)
{
	int ret = admin_set_owner(group->index, owner);

	if (ret == EXIT_OK && opt_json)
		puts("{}");
	return ret == EXIT_OK ? finish() : ret;
}

int cmd_chown(int argc, char **argv)
{
	struct admin_owner owner = { 0 };
	struct admin_group group;
	int ret = two_args(argc, argv, "OWNER[:GROUP]");

	if (ret == EXIT_OK)
		ret = parse_owner(argv[optind], &owner);
	if (ret == EXIT_OK)
		ret = admin_find_group(argv[optind + 1], &group);
	if (ret == EXIT_OK)
		return set_owner(&group, &owner);
	return ret < 0 ? EXIT_OK : ret;
}

int cmd_chmod(int argc, char **argv)
{
	struct admin_owner owner = { .has_mode = true };
	struct admin_group group;
	int ret = two_args(argc, argv, "MODE");

	if (ret == EXIT_OK)
		ret = admin_find_group(argv[optind + 1], &group);
	if (ret != EXIT_OK)
		return ret < 0 ? EXIT_OK : ret;
	owner.mode = group.mode;
	if (!parse_mode(argv[optind], &owner.mode))
		return usage("%s: not a mode (640, g+r, o=; there is nothing to execute)",
			     argv[optind]);
	return set_owner(&group, &owner);
}
