// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Making and leaving groups, taking them online and offline, and finding
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

/* ----------------------------------------------------- naming a group -- */

/* How well a group fits what was typed: 0 not at all, 2 exactly. */
static int fits(const struct peergroup_group_name *group, const char *arg)
{
	if (!arg || str_eq(group->name, arg) || str_eq(group->friendly, arg))
		return 2;
	return strlen(arg) >= 4 && str_starts(group->name, arg);
}

/*
 * Several fit equally well. By a peer name they cannot be told apart where it is one group,
 * of which several identities of this user are members.
 */
static int ambiguous(const struct peergroup_group_name *list, size_t n, const char *arg,
		     int best, size_t matches)
{
	const struct peergroup_group_name *first = NULL;
	bool one = true;
	size_t i;

	for (i = 0; i < n; i++) {
		if (fits(&list[i], arg) != best)
			continue;
		if (!first)
			first = &list[i];
		one &= str_eq(list[i].name, first->name);
	}
	if (one)
		return fail(EXIT_USAGE,
			    "%zu identities of this user are members of '%s': choose by --identity, for example --identity %s (see: peergroup identity list)",
			    matches, first->friendly, first->identity);
	if (!arg)
		return usage("there are %zu groups: which one?", matches);
	return fail(EXIT_USAGE,
		    "%zu groups are called '%s': use the peer name (see: peergroup groups), or --identity",
		    matches, arg);
}

/* Of groups that are damaged, which are not all in a list. */
static void warn_damaged(void)
{
	const char *detail = peergroup_error_detail();

	if (*detail)
		fail(EXIT_OK, "%s", detail);
}

/* Does not tell why where @quiet. --identity may be another user's then, who has none here. */
static int look_up(const char *arg, struct group_ref *ref, bool quiet)
{
	struct peergroup_group_name *list, *found = NULL;
	char *identity = NULL;
	int best = 0, fit, ret;
	size_t n, i, matches = 0;
	HRESULT hr;

	memset(ref, 0, sizeof(*ref));
	ret = quiet ? find_identity_quietly(opt_identity, &identity) :
		find_identity(opt_identity, &identity);
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
	if (matches > 1)
		ret = quiet ? EXIT_USAGE : ambiguous(list, n, arg, best, matches);
	if (!matches && !quiet)
		warn_damaged();
	peergroup_free(list);
	if (matches)
		return ret;
	if (quiet)
		return EXIT_NOT_FOUND;
	if (!n)
		return fail(EXIT_NOT_FOUND,
			    "this user has no groups yet (try: peergroup create NAME, join FILE, or config import FILE)");
	return fail(EXIT_NOT_FOUND, "no group '%s' (see: peergroup groups)", arg);
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

int open_found(const struct group_ref *ref, peergroup_t *group)
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

/* To whom a group is not readable, it looks like one that is not there. */
int fail_not_up(const struct group_ref *ref)
{
	struct admin_group *groups;
	size_t n, i;
	int ret = admin_groups(&groups, &n);

	if (ret != EXIT_OK)
		return ret;
	for (i = 0; i < n; i++)
		if (str_eq(groups[i].name, ref->name) && !str_eq(groups[i].member, ref->identity))
			return fail(EXIT_NOT_FOUND,
				    "group '%s' is up as member %s, but this user is member %s",
				    ref->friendly, groups[i].member, ref->identity);
	if (geteuid())
		return fail(EXIT_NOT_FOUND,
			    "group '%s' is not up, or this user may not read it (see: peergroup chmod --help)",
			    ref->friendly);
	return fail(EXIT_NOT_FOUND, "group '%s' is not up (try: peergroup up %s)", ref->friendly,
		    ref->friendly);
}

int open_group(const char *arg, struct group_ref *ref, peergroup_t *group)
{
	bool running = false;
	int ret = find_group(arg, ref);

	/* Opening would make an empty group that ends with this process. */
	if (ret == EXIT_OK)
		ret = is_running(ref, &running);
	if (ret == EXIT_OK && !running)
		ret = fail_not_up(ref);
	if (ret == EXIT_OK)
		ret = open_found(ref, group);
	if (ret != EXIT_OK)
		free_group(ref);
	return ret;
}

/* ---------------------------------------------------------- commands -- */

/* Says which group came into being, and what to do next. */
int report_new(peergroup_t group, const char *friendly)
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
		safe_print("", status->name, "\n");
	}
	peergroup_free(status);
	return finish();
}

/* How many of this user's groups have this friendly name. */
static size_t count_called(const char *friendly)
{
	struct peergroup_group_name *list;
	size_t n, i, called = 0;

	if (FAILED(peergroup_list_groups(NULL, &list, &n)))
		return 0;
	for (i = 0; i < n; i++)
		called += str_eq(list[i].friendly, friendly);
	peergroup_free(list);
	return called;
}

static HRESULT create(const char *identity, const struct peergroup_create_options *properties,
		      const char *password, uint32_t role, peergroup_t *group)
{
	if (!password)
		return peergroup_create(identity, properties, group);
	return peergroup_create_with_password(identity, properties, password, role, group);
}

int cmd_create(int argc, char **argv)
{
	enum { CLASSIFIER = OPT_OWN, COMMENT, PASSWORD, ROLE };
	static const struct option options[] = {
		{ "classifier", required_argument, NULL, CLASSIFIER },
		{ "comment", required_argument, NULL, COMMENT },
		{ "password-file", required_argument, NULL, PASSWORD },
		{ "password-role", required_argument, NULL, ROLE },
		COMMON_OPTIONS
	};
	struct peergroup_create_options properties = { 0 };
	const char *file = NULL;
	char *identity, *made, *password = NULL;
	uint32_t role = 0;
	peergroup_t group;
	int c, status, ret;
	HRESULT hr;

	while ((c = next_option(argc, argv, options, &status)) != -1) {
		if (!c)
			return status;
		if (c == CLASSIFIER)
			properties.classifier = optarg;
		else if (c == COMMENT)
			properties.comment = optarg;
		else if (c == PASSWORD)
			file = optarg;
		else if (!parse_role(optarg, &role))
			return usage("--password-role %s: admin, inviting or member", optarg);
	}
	if (optind + 1 != argc)
		return usage("create needs one NAME");
	properties.friendly = argv[optind];
	if (!*properties.friendly)
		return usage("create needs a NAME that is not empty");
	if (role && !file)
		return usage("--password-role goes with --password-file");
	if (!role)
		role = PEERGROUP_ROLE_MEMBER;
	ret = find_identity(opt_identity, &identity);
	if (ret == EXIT_OK && file)
		ret = read_password(file, &password);
	if (ret != EXIT_OK)
		return ret;
	hr = create(identity, &properties, password, role, &group);
	if (hr == PEER_E_NOT_FOUND && !identity) {
		/* The first group of a user who has no identity yet. */
		hr = peergroup_identity_create(NULL, NULL, &made);
		if (SUCCEEDED(hr)) {
			peergroup_free(made);
			hr = create(NULL, &properties, password, role, &group);
		}
	}
	free(identity);
	free_password(password);
	if (FAILED(hr))
		return fail_result(hr, "cannot create group '%s'", properties.friendly);
	ret = report_new(group, properties.friendly);
	peergroup_close(group);
	if (count_called(properties.friendly) > 1)
		fail(EXIT_OK, "another group is called '%s', too: use their peer names from now on (see: peergroup groups)",
		     properties.friendly);
	return ret;
}

/* Then nobody can take it down first. */
static bool is_damaged(const struct group_ref *ref)
{
	peergroup_t group;
	HRESULT hr = peergroup_open(ref->identity, ref->name, &group);

	if (SUCCEEDED(hr))
		peergroup_close(group);
	return hr == PEER_E_CERT_STORE_CORRUPTED;
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
	if (ret == EXIT_OK && running && !is_damaged(&ref))
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

/*
 * Until when the membership lasted, where that is over; 0 if not. A credential that holds
 * says that it does, without a look at all members.
 */
static uint64_t expired_since(const struct admin_group *running)
{
	uint64_t until;

	if (!running || (running->credential_expires &&
			 !admin_is_past(running, running->credential_expires)))
		return 0;
	if (admin_member_until(running, &until) != EXIT_OK || !admin_is_past(running, until))
		return 0;
	return until;
}

static const char *group_status(const struct admin_group *running, uint64_t expired, char **own)
{
	if (!running)
		return "down";
	if (!expired)
		return status_text(running->status);
	*own = xprintf("membership expired %s", time_text(expired));
	return *own;
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
	uint64_t expired;
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
	warn_damaged();
	if (names) {
		for (i = 0; i < n; i++)
			safe_print("", list[i].friendly, "\n");
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
		expired = expired_since(r);
		if (opt_json) {
			json_object(NULL);
			json_str("name", list[i].name);
			json_str("friendly", list[i].friendly);
			json_str("identity", list[i].identity);
			json_bool("running", r);
			json_status(r ? r->status : 0);
			if (expired)
				json_time("membership_expired", expired);
			json_u64("port", r ? r->port : 0);
			json_u64("records", r ? r->records : 0);
			json_end_object();
		} else {
			char *port = xprintf("%u", r ? r->port : 0);
			char *records = xprintf("%u", r ? r->records : 0);
			char *own = NULL;

			table_row(t, list[i].friendly, group_status(r, expired, &own),
				  r && r->port ? port : "", r ? records : "",
				  short_name(list[i].identity), list[i].name);
			free(port);
			free(records);
			free(own);
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

/* Joined by password: the first of the addresses that does it, does. */
static HRESULT authenticate(peergroup_t group, char **addresses, size_t n)
{
	HRESULT hr, wrong = S_OK;
	size_t i;

	if (!n)
		return peergroup_authenticate(group, NULL);
	for (i = 0; i < n; i++) {
		hr = peergroup_authenticate(group, addresses[i]);
		if (SUCCEEDED(hr))
			return hr;
		if (hr == PEER_E_NOT_AUTHORIZED)
			wrong = hr;
	}
	return wrong == S_OK ? hr : wrong;
}

static int bring_up(const struct group_ref *ref, uint16_t port, uint64_t lifetime,
		    char **addresses, size_t n)
{
	struct peergroup_status *status;
	peergroup_t group;
	size_t i;
	HRESULT hr;
	int ret = open_found(ref, &group);

	if (ret != EXIT_OK)
		return ret;
	hr = authenticate(group, addresses, n);
	if (FAILED(hr)) {
		ret = fail_result(hr, "cannot join '%s' by its password", ref->friendly);
		peergroup_close(group);
		return ret;
	}
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
			safe_print("", ref->friendly, " is up on port ");
			printf("%u\n", status->port);
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

/* The member's own program takes back that the node is there, before the links end. */
static int end_opened(peergroup_t group, const char *friendly)
{
	HRESULT hr = peergroup_offline(group);

	if (SUCCEEDED(hr))
		hr = peergroup_keep(group, false);
	return FAILED(hr) ? fail_result(hr, "cannot take '%s' down", friendly) : EXIT_OK;
}

/*
 * What cannot be opened, as the membership has expired, say, or a key is gone, the kernel
 * is told to let go all the same: its owner may, and needs no key for it.
 */
static int end_group(const struct admin_group *running)
{
	peergroup_t group;
	int ret;

	if (!running->mine || FAILED(peergroup_open(running->member, running->name, &group)))
		return admin_let_go(running->index);
	ret = end_opened(group, running->friendly);
	peergroup_close(group);
	return ret;
}

/*
 * Another member's is not meant by a name alone where this user is one, too, and not at all
 * unless something was said.
 */
static int find_running(const char *arg, struct admin_group *running)
{
	struct group_ref ref;
	int ret = look_up(arg, &ref, true);

	/*
	 * Which of this user's is meant is for the user to say, whatever runs. There may be but
	 * one by now.
	 */
	if (ret == EXIT_USAGE) {
		ret = find_group(arg, &ref);
		if (ret != EXIT_OK)
			return ret;
	}
	ret = admin_find_group(arg, running);
	if (ret == EXIT_OK && ref.name && !str_eq(running->name, ref.name))
		ret = fail_not_up(&ref);
	else if (ret == EXIT_OK && !running->mine && ref.identity)
		ret = fail(EXIT_USAGE,
			   "group '%s' is up as member %s, but this user is member %s (try: --identity %s)",
			   ref.friendly, running->member, ref.identity, running->member);
	else if (ret == EXIT_OK && !running->mine && !arg && !opt_identity)
		ret = fail(EXIT_USAGE,
			   "group '%s' is up as member %s, which is no identity of this user: to take it down, name it",
			   running->friendly, running->member);
	free_group(&ref);
	return ret;
}

int cmd_down(int argc, char **argv)
{
	static const struct option options[] = { COMMON_OPTIONS };
	struct admin_group running;
	int status, ret;

	if (next_option(argc, argv, options, &status) == 0)
		return status;
	if (argc - optind > 1)
		return usage("%s: one GROUP only", argv[optind + 1]);
	ret = find_running(argv[optind], &running);
	if (ret == EXIT_OK)
		ret = end_group(&running);
	if (ret != EXIT_OK)
		return ret;
	if (!may_make_groups())
		fail(EXIT_OK, "when no program has '%s' open, only who has CAP_NET_ADMIN can take it up again",
		     running.friendly);
	if (opt_json)
		puts("{}");
	return finish();
}
