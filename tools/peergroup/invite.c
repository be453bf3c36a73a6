// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Inviting to a group, and joining by an invitation; password.c has what is different
 * where that is by password.
 */
#include <stdlib.h>
#include "cmd.h"
#include "json.h"

#define INVITATION_MAX	(1 << 20)	/* more than any chain of certificates */

bool parse_role(const char *text, uint32_t *roles)
{
	if (str_eq(text, "admin"))
		*roles = PEERGROUP_ROLE_ADMIN;
	else if (str_eq(text, "inviting"))
		*roles = PEERGROUP_ROLE_INVITING;
	else if (str_eq(text, "member"))
		*roles = PEERGROUP_ROLE_MEMBER;
	else
		return false;
	return true;
}

static void print_invitation(char *xml)
{
	if (opt_json) {
		json_start(false);
		json_object(NULL);
		json_str("invitation", xml);
		json_end_object();
		json_finish();
	} else {
		puts(xml);
	}
	peergroup_free(xml);
}

/* @expires 0: the default of the library. */
static int invite(const char *arg, const char *file, uint32_t roles, time_t expires)
{
	struct group_ref ref;
	peergroup_t group;
	char *identity, *xml;
	size_t size;
	HRESULT hr;
	int ret = find_group(arg, &ref);

	if (ret != EXIT_OK)
		return ret;
	ret = read_input(file, INVITATION_MAX, &identity, &size);
	if (ret != EXIT_OK)
		goto out;
	if (!size)
		ret = fail(EXIT_FAILED, "%s is empty: what 'peergroup identity xml' printed there is wanted",
			   file);
	else
		ret = open_found(&ref, &group);
	if (ret == EXIT_OK) {
		hr = peergroup_invite(group, identity, expires, roles, &xml);
		if (FAILED(hr) && !fail_other_file(file, identity, "peergroup invite --to"))
			ret = fail_result(hr, "cannot invite '%s' to '%s'", file, ref.friendly);
		else if (FAILED(hr))
			ret = EXIT_FAILED;
		else
			print_invitation(xml);
		peergroup_close(group);
	}
	free(identity);
out:
	free_group(&ref);
	return ret == EXIT_OK ? finish() : ret;
}

static int invite_by_password(const char *arg)
{
	struct group_ref ref;
	peergroup_t group;
	char *xml;
	HRESULT hr;
	int ret = find_group(arg, &ref);

	if (ret == EXIT_OK)
		ret = open_found(&ref, &group);
	if (ret != EXIT_OK) {
		free_group(&ref);
		return ret;
	}
	hr = peergroup_password_invitation(group, &xml);
	if (FAILED(hr))
		ret = fail_result(hr, "cannot invite to '%s' by password", ref.friendly);
	else
		print_invitation(xml);
	peergroup_close(group);
	free_group(&ref);
	return ret == EXIT_OK ? finish() : ret;
}

int cmd_invite(int argc, char **argv)
{
	enum { TO = OPT_OWN, ROLE, EXPIRES, PASSWORD };
	static const struct option options[] = {
		{ "to", required_argument, NULL, TO },
		{ "role", required_argument, NULL, ROLE },
		{ "expires", required_argument, NULL, EXPIRES },
		{ "password", no_argument, NULL, PASSWORD },
		COMMON_OPTIONS
	};
	const char *to = NULL, *only_to = NULL;
	uint32_t roles = PEERGROUP_ROLE_MEMBER;
	struct when when = { 0, 0 };
	bool by_password = false;
	int c, status;

	while ((c = next_option(argc, argv, options, &status)) != -1) {
		if (!c)
			return status;
		if (c == TO)
			to = optarg;
		else if (c == PASSWORD)
			by_password = true;
		else if (c == ROLE && !parse_role(optarg, &roles))
			return usage("--role %s: admin, inviting or member", optarg);
		else if (c == EXPIRES && !parse_when(optarg, &when))
			return bad_when("--expires", optarg);
		if (c == ROLE || c == EXPIRES)
			only_to = c == ROLE ? "--role" : "--expires";
	}
	if (by_password == !!to)
		return usage(to ? "--to and --password exclude each other" :
				  "either --to or --password is wanted: whom to invite?");
	if (by_password && only_to)
		return usage("%s goes with --to only", only_to);
	if (argc - optind > 1)
		return usage("%s: one GROUP only", argv[optind + 1]);
	if (by_password)
		return invite_by_password(argv[optind]);
	return invite(argv[optind], to, roles, when.unix_time);
}

/* Which of our identities is invited; the library tells if it is none. */
static const char *invited(const struct peergroup_invitation *invitation, const char *identity)
{
	return identity ? identity : invitation->subject_name;
}

/* Joining again goes by the later of two certificates; nothing else comes of it. */
static bool is_member(const struct peergroup_invitation *invitation, const char *identity)
{
	struct peergroup_group_name *list;
	bool found = false;
	size_t i, n;

	if (FAILED(peergroup_list_groups(invited(invitation, identity), &list, &n)))
		return false;
	for (i = 0; i < n; i++)
		found |= str_eq(list[i].name, invitation->group_name);
	peergroup_free(list);
	return found;
}

int cmd_join(int argc, char **argv)
{
	enum { PASSWORD = OPT_OWN };
	static const struct option options[] = {
		{ "password-file", required_argument, NULL, PASSWORD },
		COMMON_OPTIONS
	};
	struct peergroup_invitation *invitation;
	const char *file = NULL;
	char *xml, *identity;
	peergroup_t group;
	size_t size;
	int c, status, ret;
	bool again;
	HRESULT hr;

	while ((c = next_option(argc, argv, options, &status)) != -1) {
		if (!c)
			return status;
		file = optarg;
	}
	if (optind + 1 != argc)
		return usage("join needs one INVITATION");
	ret = find_identity(opt_identity, &identity);
	if (ret == EXIT_OK)
		ret = read_input(argv[optind], INVITATION_MAX, &xml, &size);
	if (ret != EXIT_OK)
		return ret;
	if (!size)
		return fail(EXIT_FAILED, "%s is empty: what 'peergroup invite' printed is wanted",
			    argv[optind]);
	hr = peergroup_parse_invitation(xml, &invitation);
	if (FAILED(hr)) {
		ret = fail_other_file(argv[optind], xml, "peergroup join");
		return ret ? ret : fail_result(hr, "%s is no invitation that could be followed",
					       argv[optind]);
	}
	if (!invitation->subject_name || file) {
		ret = join_by_password(identity, xml, invitation, file);
		peergroup_free(invitation);
		free(xml);
		free(identity);
		return ret;
	}
	again = is_member(invitation, identity);
	hr = peergroup_join(invited(invitation, identity), xml, &group);
	if (hr == PEER_E_NOT_FOUND && !identity)
		ret = fail(EXIT_NOT_FOUND, "%s: it is for %s (%s), who is no identity of this user",
			   argv[optind], invitation->subject_name, invitation->subject_friendly);
	else if (FAILED(hr))
		ret = fail_result(hr, "cannot join '%s'", invitation->group_friendly);
	if (SUCCEEDED(hr)) {
		if (again)
			fail(EXIT_OK, "%s is a member of '%s' already; the later certificate counts",
			     short_name(invited(invitation, identity)),
			     invitation->group_friendly);
		ret = report_new(group, invitation->group_friendly);
		peergroup_close(group);
	}
	peergroup_free(invitation);
	free(xml);
	free(identity);
	return ret;
}
