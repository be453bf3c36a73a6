// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Making, joining, leaving groups, taking them online and offline, and finding
 * the one that the user means.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <linux/capability.h>
#include "admin.h"
#include "cmd.h"
#include "json.h"
#include "table.h"

#define INVITATION_MAX	(1 << 20)	/* more than any chain of certificates */

/* ----------------------------------------------------- naming a group -- */

/* How well a group fits what was typed: 0 not at all, 2 exactly. */
static int fits(const struct peergroup_group_name *group, const char *arg)
{
	if (!arg || str_eq(group->name, arg) || str_eq(group->friendly, arg))
		return 2;
	return strlen(arg) >= 4 && str_starts(group->name, arg);
}

/* Does not tell why where @quiet. */
static int look_up(const char *arg, struct group_ref *ref, bool quiet)
{
	struct peergroup_group_name *list, *found = NULL;
	char *identity = NULL;
	int best = 0, fit, ret;
	size_t n, i, matches = 0;
	HRESULT hr;

	memset(ref, 0, sizeof(*ref));
	ret = find_identity(opt_identity, &identity);
	if (ret != EXIT_OK)
		return ret;
	hr = peergroup_list_groups(identity, &list, &n);
	free(identity);
	if (FAILED(hr))
		return quiet ? EXIT_FAILED : fail_result(hr, "cannot list groups");
	for (i = 0; i < n; i++) {
		fit = fits(&list[i], arg);
		if (fit > best)
			matches = 0;
		if (!fit || fit < best)
			continue;
		best = fit;
		found = &list[i];
		matches++;
	}
	if (matches == 1) {
		ref->name = xstrdup(found->name);
		ref->friendly = xstrdup(found->friendly);
		ref->identity = xstrdup(found->identity);
	}
	peergroup_free(list);
	if (matches == 1)
		return EXIT_OK;
	if (quiet)
		return matches ? EXIT_USAGE : EXIT_NOT_FOUND;
	if (!n)
		return fail(EXIT_NOT_FOUND,
			    "no groups yet (try: peergroup create NAME, or peergroup join FILE)");
	if (!matches)
		return fail(EXIT_NOT_FOUND, "no group '%s' (see: peergroup groups)", arg);
	if (!arg)
		return usage("there are %zu groups: which one?", n);
	return fail(EXIT_USAGE, "%zu groups are called '%s': use the peer name, or --identity",
		    matches, arg);
}

int find_group(const char *arg, struct group_ref *ref)
{
	return look_up(arg, ref, false);
}

void free_group(struct group_ref *ref)
{
	free(ref->name);
	free(ref->friendly);
	free(ref->identity);
	memset(ref, 0, sizeof(*ref));
}

bool is_group(const char *arg)
{
	struct group_ref ref;
	int ret = look_up(arg, &ref, true);

	free_group(&ref);
	return ret == EXIT_OK || ret == EXIT_USAGE;
}

static int do_open(const struct group_ref *ref, peergroup_t *group)
{
	HRESULT hr = peergroup_open(ref->identity, ref->name, group);

	if (FAILED(hr))
		return fail_result(hr, "cannot open group '%s'", ref->friendly);
	return EXIT_OK;
}

/* Is this group, as this member, running in the kernel? */
static int is_running(const struct group_ref *ref, bool *running)
{
	struct admin_group *groups;
	size_t n, i;
	int ret = admin_groups(&groups, &n);

	*running = false;
	for (i = 0; ret == EXIT_OK && i < n; i++)
		if (str_eq(groups[i].name, ref->name) && str_eq(groups[i].member, ref->identity))
			*running = true;
	return ret;
}

int open_group(const char *arg, struct group_ref *ref, peergroup_t *group)
{
	bool running = false;
	int ret = find_group(arg, ref);

	/* Opening would make an empty group that ends with this process. */
	if (ret == EXIT_OK)
		ret = is_running(ref, &running);
	if (ret == EXIT_OK && !running)
		ret = fail_not_up(ref->friendly);
	if (ret == EXIT_OK)
		ret = do_open(ref, group);
	if (ret != EXIT_OK)
		free_group(ref);
	return ret;
}

/* ---------------------------------------------------------- commands -- */

/* Says which group came into being, and what to do next. */
static int report_new(peergroup_t group, const char *friendly)
{
	struct peergroup_status *status;
	HRESULT hr = peergroup_status(group, &status);

	if (FAILED(hr))
		return fail_result(hr, "cannot ask how '%s' is", friendly);
	if (opt_json) {
		json_start(false);
		json_object(NULL);
		json_str("name", status->name);
		json_str("friendly", status->friendly);
		json_str("identity", status->identity);
		json_roles("roles", status->roles);
		json_end_object();
		json_finish();
	} else {
		puts(status->name);
	}
	peergroup_free(status);
	return finish();
}

int cmd_create(int argc, char **argv)
{
	enum { CLASSIFIER = OPT_OWN, COMMENT };
	static const struct option options[] = {
		{ "classifier", required_argument, NULL, CLASSIFIER },
		{ "comment", required_argument, NULL, COMMENT },
		COMMON_OPTIONS
	};
	struct peergroup_create_options properties = { 0 };
	char *identity, *made;
	peergroup_t group;
	int c, status, ret;
	HRESULT hr;

	while ((c = next_option(argc, argv, options, &status)) != -1) {
		if (!c)
			return status;
		if (c == CLASSIFIER)
			properties.classifier = optarg;
		else
			properties.comment = optarg;
	}
	if (optind + 1 != argc)
		return usage("create needs one NAME");
	properties.friendly = argv[optind];
	ret = find_identity(opt_identity, &identity);
	if (ret != EXIT_OK)
		return ret;
	hr = peergroup_create(identity, &properties, &group);
	if (hr == PEER_E_NOT_FOUND && !identity) {
		/* The first group of a user who has no identity yet. */
		hr = peergroup_identity_create(NULL, NULL, &made);
		if (SUCCEEDED(hr)) {
			peergroup_free(made);
			hr = peergroup_create(NULL, &properties, &group);
		}
	}
	free(identity);
	if (FAILED(hr))
		return fail_result(hr, "cannot create group '%s'", properties.friendly);
	ret = report_new(group, properties.friendly);
	peergroup_close(group);
	return ret;
}

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
		ret = do_open(&ref, &group);
	if (ret == EXIT_OK) {
		hr = peergroup_invite(group, identity, expires, roles, &xml);
		if (FAILED(hr)) {
			ret = fail_result(hr, "cannot invite '%s' to '%s'", file, ref.friendly);
		} else if (opt_json) {
			json_start(false);
			json_object(NULL);
			json_str("invitation", xml);
			json_end_object();
			json_finish();
		} else {
			puts(xml);
		}
		if (SUCCEEDED(hr))
			peergroup_free(xml);
		peergroup_close(group);
	}
	free(identity);
out:
	free_group(&ref);
	return ret == EXIT_OK ? finish() : ret;
}

int cmd_invite(int argc, char **argv)
{
	enum { TO = OPT_OWN, ROLE, EXPIRES };
	static const struct option options[] = {
		{ "to", required_argument, NULL, TO },
		{ "role", required_argument, NULL, ROLE },
		{ "expires", required_argument, NULL, EXPIRES },
		COMMON_OPTIONS
	};
	uint32_t roles = PEERGROUP_ROLE_MEMBER;
	struct when when = { 0, 0 };
	const char *to = NULL;
	int c, status;

	while ((c = next_option(argc, argv, options, &status)) != -1) {
		if (!c)
			return status;
		if (c == TO)
			to = optarg;
		else if (c == ROLE && !parse_role(optarg, &roles))
			return usage("--role %s: admin, inviting or member", optarg);
		else if (c == EXPIRES && !parse_when(optarg, &when))
			return bad_when("--expires", optarg);
	}
	if (!to)
		return usage("--to is missing: whom?");
	if (argc - optind > 1)
		return usage("%s: one GROUP only", argv[optind + 1]);
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
	static const struct option options[] = { COMMON_OPTIONS };
	struct peergroup_invitation *invitation;
	char *xml, *identity;
	peergroup_t group;
	size_t size;
	int status, ret;
	bool again;
	HRESULT hr;

	if (next_option(argc, argv, options, &status) == 0)
		return status;
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
	if (FAILED(hr))
		return fail_result(hr, "%s is no invitation that could be followed", argv[optind]);
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

int cmd_leave(int argc, char **argv)
{
	static const struct option options[] = { COMMON_OPTIONS };
	struct group_ref ref;
	bool running;
	int status, ret;
	HRESULT hr;

	if (next_option(argc, argv, options, &status) == 0)
		return status;
	if (optind + 1 != argc)
		return usage("leave needs one GROUP");
	ret = find_group(argv[optind], &ref);
	if (ret != EXIT_OK)
		return ret;
	ret = is_running(&ref, &running);
	if (ret == EXIT_OK && running)
		ret = fail(EXIT_FAILED, "group '%s' is up (first: peergroup down %s)",
			   ref.friendly, ref.friendly);
	if (ret == EXIT_OK) {
		hr = peergroup_delete(ref.identity, ref.name);
		if (FAILED(hr))
			ret = fail_result(hr, "cannot leave '%s'", ref.friendly);
		else if (opt_json)
			puts("{}");
	}
	free_group(&ref);
	return ret == EXIT_OK ? finish() : ret;
}

int cmd_groups(int argc, char **argv)
{
	enum { NAMES = OPT_OWN };
	static const char *const headings[] = {
		"GROUP", "STATUS", ">PORT", ">RECORDS", "MEMBER", "PEER NAME", NULL
	};
	static const struct option options[] = {
		{ "names", no_argument, NULL, NAMES },
		COMMON_OPTIONS
	};
	struct admin_group *running = NULL, *r;
	struct peergroup_group_name *list;
	size_t n, n_running = 0, i, k;
	bool names = false;
	struct table *t = NULL;
	char *identity;
	int c, status, ret;
	HRESULT hr;

	while ((c = next_option(argc, argv, options, &status)) != -1) {
		if (!c)
			return status;
		names = true;
	}
	if (optind != argc)
		return usage("%s: groups takes options only", argv[optind]);
	if (names && opt_json)
		return usage("--names and --json exclude each other");
	ret = find_identity(opt_identity, &identity);
	if (ret != EXIT_OK)
		return ret;
	hr = peergroup_list_groups(identity, &list, &n);
	free(identity);
	if (FAILED(hr))
		return fail_result(hr, "cannot list groups");
	if (names) {
		for (i = 0; i < n; i++)
			puts(list[i].friendly);
		peergroup_free(list);
		return finish();
	}
	ret = admin_groups(&running, &n_running);
	if (ret != EXIT_OK) {
		peergroup_free(list);
		return ret;
	}
	if (opt_json) {
		json_start(false);
		json_array(NULL);
	} else {
		t = table_new(headings);
	}
	for (i = 0; i < n; i++) {
		for (k = 0, r = NULL; k < n_running && !r; k++)
			if (str_eq(running[k].name, list[i].name) &&
			    str_eq(running[k].member, list[i].identity))
				r = &running[k];
		if (opt_json) {
			json_object(NULL);
			json_str("name", list[i].name);
			json_str("friendly", list[i].friendly);
			json_str("identity", list[i].identity);
			json_bool("running", r);
			json_status(r ? r->status : 0);
			json_u64("port", r ? r->port : 0);
			json_u64("records", r ? r->records : 0);
			json_end_object();
		} else {
			char *port = xprintf("%u", r ? r->port : 0);
			char *records = xprintf("%u", r ? r->records : 0);

			table_row(t, list[i].friendly, r ? status_text(r->status) : "down",
				  r && r->port ? port : "", r ? records : "",
				  short_name(list[i].identity), list[i].name);
			free(port);
			free(records);
		}
	}
	peergroup_free(list);
	if (opt_json) {
		json_end_array();
		json_finish();
	} else {
		table_print(t);
		if (!n)
			fputs("no groups (try: peergroup create NAME, or peergroup join FILE)\n",
			      stderr);
	}
	return finish();
}

static int bring_up(const struct group_ref *ref, uint16_t port, uint64_t lifetime,
		    char **addresses, size_t n)
{
	struct peergroup_status *status;
	peergroup_t group;
	size_t i;
	HRESULT hr;
	int ret = do_open(ref, &group);

	if (ret != EXIT_OK)
		return ret;
	hr = peergroup_credential_lifetime(group, lifetime);
	if (SUCCEEDED(hr))
		hr = peergroup_online(group, port);
	if (hr == PEER_E_UNABLE_TO_LISTEN)
		ret = fail_result(hr, "cannot listen on port %u (try: --port N)",
				  port ? port : PEERGROUP_PORT);
	else if (FAILED(hr))
		ret = fail_result(hr, "cannot bring '%s' up", ref->friendly);
	if (ret == EXIT_OK) {
		hr = peergroup_keep(group, true);
		if (FAILED(hr))
			ret = fail_result(hr, "cannot keep '%s' up", ref->friendly);
	}
	for (i = 0; ret == EXIT_OK && i < n; i++) {
		hr = peergroup_connect(group, addresses[i]);
		if (FAILED(hr))
			ret = fail_result(hr, "cannot connect to %s", addresses[i]);
	}
	if (ret == EXIT_OK) {
		hr = peergroup_status(group, &status);
		if (FAILED(hr)) {
			ret = fail_result(hr, "cannot ask how '%s' is", ref->friendly);
		} else if (opt_json) {
			json_start(false);
			json_object(NULL);
			json_str("name", status->name);
			json_str("friendly", status->friendly);
			json_u64("port", status->port);
			json_status(status->flags);
			json_end_object();
			json_finish();
		} else {
			printf("%s is up on port %u\n",
			       safe_text(ref->friendly, strlen(ref->friendly)), status->port);
		}
		if (SUCCEEDED(hr))
			peergroup_free(status);
	}
	peergroup_close(group);
	return ret == EXIT_OK ? finish() : ret;
}

int cmd_up(int argc, char **argv)
{
	enum { PORT = OPT_OWN, CONNECT, LIFETIME };
	static const struct option options[] = {
		{ "port", required_argument, NULL, PORT },
		{ "connect", required_argument, NULL, CONNECT },
		{ "credential-lifetime", required_argument, NULL, LIFETIME },
		COMMON_OPTIONS
	};
	struct sockaddr_storage address;
	char **addresses = NULL;
	struct group_ref ref;
	uint64_t port = 0, lifetime = 0;
	int c, status, ret;
	size_t n = 0;

	while ((c = next_option(argc, argv, options, &status)) != -1) {
		if (!c)
			return status;
		if (c == PORT && (!parse_u64(optarg, 65535, &port) || !port))
			return usage("--port %s: not a port", optarg);
		if (c == LIFETIME && (!parse_duration(optarg, &lifetime) ||
				      lifetime < PEERGROUP_CREDENTIAL_LIFETIME_MIN * 1000 ||
				      lifetime / 1000 > UINT32_MAX))
			return usage("--credential-lifetime %s: not %u s or more", optarg,
				     PEERGROUP_CREDENTIAL_LIFETIME_MIN);
		if (c != CONNECT)
			continue;
		if (!parse_address(optarg, &address))
			return usage("--connect %s: not an address", optarg);
		addresses = xrealloc(addresses, (n + 1) * sizeof(*addresses));
		addresses[n++] = optarg;
	}
	if (argc - optind > 1)
		return usage("%s: one GROUP only", argv[optind + 1]);
	ret = find_group(argv[optind], &ref);
	if (ret == EXIT_OK)
		ret = bring_up(&ref, port, lifetime / 1000, addresses, n);
	free_group(&ref);
	free(addresses);
	return ret;
}

/* Making a group takes more than what its owner may do with it. */
static bool may_make_groups(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = { 0 };

	return syscall(SYS_capget, &header, data) ||
	       data[CAP_TO_INDEX(CAP_NET_ADMIN)].effective & CAP_TO_MASK(CAP_NET_ADMIN);
}

int cmd_down(int argc, char **argv)
{
	static const struct option options[] = { COMMON_OPTIONS };
	struct group_ref ref;
	peergroup_t group;
	int status, ret;
	HRESULT hr;

	if (next_option(argc, argv, options, &status) == 0)
		return status;
	if (argc - optind > 1)
		return usage("%s: one GROUP only", argv[optind + 1]);
	ret = open_group(argv[optind], &ref, &group);
	if (ret != EXIT_OK)
		return ret;
	hr = peergroup_offline(group);
	if (SUCCEEDED(hr))
		hr = peergroup_keep(group, false);
	if (FAILED(hr))
		ret = fail_result(hr, "cannot take '%s' down", ref.friendly);
	else if (!may_make_groups())
		fprintf(stderr, "peergroup: when no program has '%s' open, only who has CAP_NET_ADMIN can take it up again\n",
			ref.friendly);
	if (SUCCEEDED(hr) && opt_json)
		puts("{}");
	peergroup_close(group);
	free_group(&ref);
	return ret == EXIT_OK ? finish() : ret;
}
