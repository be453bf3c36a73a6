// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Members: those whom the kernel knows, renewing a membership and ending it.
 */
#include <stdlib.h>
#include <string.h>
#include "admin.h"
#include "cmd.h"
#include "json.h"
#include "record.h"

enum { ONLY = OPT_OWN, WITHDRAW, LIFETIME, ROLE, STORE };

/* Does the user mean this one? 2 beyond doubt. */
static int meant(const struct admin_member *m, const char *arg)
{
	if (!m->depth)
		return 0;
	if (str_eq(m->name, arg) || str_eq(m->friendly, arg))
		return 2;
	return str_starts(m->name, arg);
}

int find_member(uint32_t index, const char *arg, char **name)
{
	const struct admin_member *found = NULL;
	struct admin_member *members;
	int best = 0, ret;
	size_t n, i;

	ret = admin_members(index, &members, &n);
	if (ret != EXIT_OK)
		return ret;
	for (i = 0; i < n; i++) {
		int how = meant(&members[i], arg);

		if (how && how == best && !str_eq(found->name, members[i].name))
			return fail(EXIT_USAGE, "'%s' is more than one member; use the peer name",
				    arg);
		if (how <= best)
			continue;
		best = how;
		found = &members[i];
	}
	if (!found)
		return fail(EXIT_NOT_FOUND, "'%s' is no member that is known here", arg);
	*name = xstrdup(found->name);
	return EXIT_OK;
}

/* Opens a group that is up and finds the member; for close_member() on success. */
static int open_member(const char *arg, const char *member, struct group_ref *ref,
		       peergroup_t *group, char **name)
{
	struct admin_group running;
	int ret;

	ret = open_group(arg, ref, group);
	if (ret != EXIT_OK)
		return ret;
	ret = admin_find_group(ref->name, &running);
	if (ret == EXIT_OK)
		ret = find_member(running.index, member, name);
	if (ret != EXIT_OK) {
		peergroup_close(*group);
		free_group(ref);
	}
	return ret;
}

static void close_member(struct group_ref *ref, peergroup_t group, char *name)
{
	free(name);
	peergroup_close(group);
	free_group(ref);
}

/* ----------------------------------------------------------------- renew -- */

static void print_invitation(const char *xml)
{
	if (opt_json) {
		json_start(false);
		json_object(NULL);
		if (xml)
			json_str("invitation", xml);
		json_end_object();
		json_finish();
	} else if (xml) {
		puts(xml);
	}
}

static int renew_member(const char *arg, const char *member, time_t expires, uint32_t role,
			bool store)
{
	char *name = NULL, *xml = NULL;
	struct group_ref ref;
	peergroup_t group;
	HRESULT hr;
	int ret;

	ret = open_member(arg, member, &ref, &group, &name);
	if (ret != EXIT_OK)
		return ret;
	hr = peergroup_renew(group, name, expires, role, store ? PEERGROUP_RENEW_STORE : 0,
			     store ? NULL : &xml);
	if (FAILED(hr))
		ret = fail_result(hr, "cannot renew the membership of '%s'", member);
	else
		print_invitation(xml);
	peergroup_free(xml);
	close_member(&ref, group, name);
	return ret == EXIT_OK ? finish() : ret;
}

int cmd_renew(int argc, char **argv)
{
	static const struct option options[] = {
		{ "lifetime", required_argument, NULL, LIFETIME },
		{ "role", required_argument, NULL, ROLE },
		{ "store", no_argument, NULL, STORE },
		COMMON_OPTIONS
	};
	struct when when = { 0, 0 };
	bool store = false;
	uint32_t role = 0;
	int c, status;

	while ((c = next_option(argc, argv, options, &status)) != -1) {
		if (!c)
			return status;
		if (c == STORE)
			store = true;
		else if (c == ROLE && !parse_role(optarg, &role))
			return usage("--role %s: admin, inviting or member", optarg);
		else if (c == LIFETIME && !parse_when(optarg, &when))
			return bad_when("--lifetime", optarg);
	}
	if (argc - optind < 1 || argc - optind > 2)
		return usage("renew needs one MEMBER");
	return renew_member(argc - optind == 2 ? argv[optind] : NULL, argv[argc - 1],
			    when.unix_time, role, store);
}

/* ---------------------------------------------------------------- revoke -- */

static int revoke_member(const char *arg, const char *member, uint32_t flags)
{
	struct group_ref ref;
	char *name = NULL;
	peergroup_t group;
	HRESULT hr;
	int ret;

	ret = open_member(arg, member, &ref, &group, &name);
	if (ret != EXIT_OK)
		return ret;
	hr = peergroup_revoke(group, name, flags);
	if (FAILED(hr))
		ret = fail_result(hr, "cannot revoke '%s'", member);
	else if (opt_json)
		puts("{}");
	close_member(&ref, group, name);
	return ret == EXIT_OK ? finish() : ret;
}

int cmd_revoke(int argc, char **argv)
{
	static const struct option options[] = {
		{ "only", no_argument, NULL, ONLY },
		{ "withdraw", no_argument, NULL, WITHDRAW },
		COMMON_OPTIONS
	};
	uint32_t flags = 0;
	int c, status;

	while ((c = next_option(argc, argv, options, &status)) != -1) {
		if (!c)
			return status;
		flags |= c == ONLY ? PEERGROUP_REVOKE_ONLY : PEERGROUP_REVOKE_WITHDRAW;
	}
	if (argc - optind < 1 || argc - optind > 2)
		return usage("revoke needs one MEMBER");
	return revoke_member(argc - optind == 2 ? argv[optind] : NULL, argv[argc - 1], flags);
}
