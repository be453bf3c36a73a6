// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * "peergroup identity": the key pairs of this user.
 */
#include <stdlib.h>
#include <string.h>
#include "cmd.h"
#include "json.h"
#include "table.h"
#include "transfer.h"

static int find(const char *arg, char **name, bool quiet)
{
	struct peergroup_name_pair *list;
	size_t n, i, matches = 0;
	const char *found = NULL;
	HRESULT hr;

	*name = NULL;
	if (!arg)
		return EXIT_OK;
	hr = peergroup_identity_list(&list, &n);
	if (FAILED(hr))
		return quiet ? EXIT_FAILED : fail_result(hr, "cannot list identities");
	for (i = 0; i < n; i++) {
		if (str_eq(list[i].name, arg)) {
			found = list[i].name;
			matches = 1;
			break;
		}
		if (str_eq(list[i].friendly, arg) ||
		    (strlen(arg) >= 4 && str_starts(list[i].name, arg))) {
			found = list[i].name;
			matches++;
		}
	}
	if (matches == 1)
		*name = xstrdup(found);
	peergroup_free(list);
	if (matches == 1)
		return EXIT_OK;
	if (quiet)
		return matches ? EXIT_USAGE : EXIT_NOT_FOUND;
	if (!matches)
		return fail(EXIT_NOT_FOUND, "no identity '%s' (see: peergroup identity list)", arg);
	return fail(EXIT_USAGE, "%zu identities are called '%s': use the peer name", matches, arg);
}

int find_identity(const char *arg, char **name)
{
	return find(arg, name, false);
}

int find_identity_quietly(const char *arg, char **name)
{
	return find(arg, name, true);
}

static int identity_create(int argc, char **argv)
{
	enum { CLASSIFIER = OPT_OWN, NAME };
	static const struct option options[] = {
		{ "classifier", required_argument, NULL, CLASSIFIER },
		{ "name", required_argument, NULL, NAME },
		COMMON_OPTIONS
	};
	const char *classifier = NULL, *friendly = NULL;
	int c, status;
	HRESULT hr;
	char *name;

	while ((c = next_option(argc, argv, options, &status)) != -1) {
		if (!c)
			return status;
		if (c == CLASSIFIER)
			classifier = optarg;
		else
			friendly = optarg;
	}
	if (optind != argc)
		return usage("%s: identity create takes options only; a name is --name %s",
			     argv[optind], argv[optind]);
	hr = peergroup_identity_create(classifier, friendly, &name);
	if (FAILED(hr))
		return fail_result(hr, "cannot make an identity");
	if (opt_json) {
		json_start(false);
		json_object(NULL);
		json_str("name", name);
		json_str("friendly", friendly ? friendly : name);
		json_end_object();
		json_finish();
	} else {
		safe_print("", name, "\n");
	}
	peergroup_free(name);
	return finish();
}

static int identity_list(void)
{
	static const char *const headings[] = { "", "NAME", "PEER NAME", NULL };
	struct peergroup_name_pair *list;
	char *first = NULL;
	struct table *t;
	size_t n, i;
	HRESULT hr;

	hr = peergroup_identity_list(&list, &n);
	if (FAILED(hr))
		return fail_result(hr, "cannot list identities");
	if (FAILED(peergroup_identity_default(&first)))
		first = NULL;
	if (opt_json) {
		json_start(false);
		json_array(NULL);
		for (i = 0; i < n; i++) {
			json_object(NULL);
			json_str("name", list[i].name);
			json_str("friendly", list[i].friendly);
			json_bool("default", str_eq(list[i].name, first));
			json_end_object();
		}
		json_end_array();
		json_finish();
	} else if (!n) {
		fputs("no identities (try: peergroup identity create)\n", stderr);
	} else {
		t = table_new(headings);
		for (i = 0; i < n; i++)
			table_row(t, str_eq(list[i].name, first) ? "*" : " ",
				  list[i].friendly, list[i].name);
		table_print(t);
	}
	peergroup_free(first);
	peergroup_free(list);
	return finish();
}

/* The identity that @arg (NULL: the default) means, as find_identity(), but never NULL. */
static int the_identity(const char *arg, char **name)
{
	int ret = find_identity(arg ? arg : opt_identity, name);
	char *own;
	HRESULT hr;

	if (ret != EXIT_OK || *name)
		return ret;
	hr = peergroup_identity_default(&own);
	if (hr == PEER_E_NOT_FOUND)
		return fail(EXIT_NOT_FOUND,
			    "there is no identity yet (try: peergroup identity create)");
	if (FAILED(hr))
		return fail_result(hr, "cannot find the default identity");
	*name = xstrdup(own);
	peergroup_free(own);
	return EXIT_OK;
}

static int identity_show(const char *arg)
{
	struct peergroup_group_name *groups = NULL;
	struct peergroup_name_pair *list = NULL;
	const char *friendly = "";
	size_t n, n_groups = 0, i;
	char *name;
	HRESULT hr;
	int ret = the_identity(arg, &name);

	if (ret != EXIT_OK)
		return ret;
	hr = peergroup_identity_list(&list, &n);
	if (SUCCEEDED(hr))
		hr = peergroup_list_groups(name, &groups, &n_groups);
	if (FAILED(hr)) {
		peergroup_free(list);
		ret = fail_result(hr, "identity %s", name);
		free(name);
		return ret;
	}
	for (i = 0; i < n; i++)
		if (str_eq(list[i].name, name))
			friendly = list[i].friendly;
	if (opt_json) {
		json_start(false);
		json_object(NULL);
		json_str("name", name);
		json_str("friendly", friendly);
		json_array("groups");
		for (i = 0; i < n_groups; i++) {
			json_object(NULL);
			json_str("name", groups[i].name);
			json_str("friendly", groups[i].friendly);
			json_end_object();
		}
		json_end_array();
		json_end_object();
		json_finish();
	} else {
		safe_print("peer name: ", name, "\n");
		safe_print("name:      ", friendly, "\n");
		for (i = 0; i < n_groups; i++) {
			safe_print(i ? "           " : "groups:    ", groups[i].friendly, "");
			safe_print(" (", groups[i].name, ")\n");
		}
	}
	peergroup_free(groups);
	peergroup_free(list);
	free(name);
	return finish();
}

static int identity_xml(const char *arg)
{
	char *name, *xml;
	HRESULT hr;
	int ret = find_identity(arg ? arg : opt_identity, &name);

	if (ret != EXIT_OK)
		return ret;
	hr = peergroup_identity_xml(name, &xml);
	if (FAILED(hr)) {
		ret = fail_result(hr, "identity %s", name ? name : "(default)");
		free(name);
		return ret;
	}
	if (opt_json) {
		json_start(false);
		json_object(NULL);
		json_str("xml", xml);
		json_end_object();
		json_finish();
	} else {
		puts(xml);
	}
	peergroup_free(xml);
	free(name);
	return finish();
}

static int identity_delete(const char *arg)
{
	char *name;
	HRESULT hr;
	int ret;

	if (!arg)
		return usage("which identity?");
	ret = find_identity(arg, &name);
	if (ret != EXIT_OK)
		return ret;
	hr = peergroup_identity_delete(name);
	if (hr == PEER_E_GROUPS_EXIST)
		ret = fail(EXIT_FAILED,
			   "identity '%s' is a member of a group (see: peergroup leave)", arg);
	else if (FAILED(hr))
		ret = fail_result(hr, "cannot delete identity '%s'", arg);
	free(name);
	if (ret == EXIT_OK && opt_json)
		puts("{}");
	return ret == EXIT_OK ? finish() : ret;
}

int cmd_identity(int argc, char **argv)
{
	static const struct option options[] = { COMMON_OPTIONS };
	const char *verb = argc > 1 ? argv[1] : "";
	int status;

	if (str_eq(verb, "create"))
		return identity_create(argc - 1, argv + 1);
	if (str_eq(verb, "export"))
		return identity_export(argc - 1, argv + 1);
	if (str_eq(verb, "import"))
		return identity_import(argc - 1, argv + 1);
	if (next_option(argc, argv, options, &status) == 0)
		return status;
	argc -= optind;
	argv += optind;
	if (!argc)
		return usage("identity: create, list, show, xml, export, import or delete?");
	if (argc > 2 || (argc == 2 && str_eq(argv[0], "list")))
		return usage("%s: not expected", argv[argc - 1]);
	verb = argv[0];
	if (str_eq(verb, "create"))
		return identity_create(1, argv);
	if (str_eq(verb, "list"))
		return identity_list();
	if (str_eq(verb, "show"))
		return identity_show(argv[1]);
	if (str_eq(verb, "xml"))
		return identity_xml(argv[1]);
	if (str_eq(verb, "delete"))
		return identity_delete(argv[1]);
	return usage("identity %s: no such thing", verb);
}
