// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Many records: as a table, as JSON, or a line each.
 */
#include <stdlib.h>
#include "admin.h"
#include "json.h"
#include "record.h"
#include "table.h"

int list_begin(struct listing *listing, struct group_ref *ref)
{
	static const char *const headings[] = {
		"ID", "TYPE", ">VER", "CREATOR", ">DATA", ">EXPIRES", "ATTRIBUTES", NULL
	};
	struct admin_group running;
	int ret;

	if (opt_json) {
		json_start(false);
		json_array(NULL);
	}
	if (opt_json || listing->format)
		return EXIT_OK;
	listing->table = table_new(headings);
	opt_identity = ref->identity;
	ret = admin_find_group(ref->name, &running);
	if (ret == EXIT_OK)
		ret = admin_members(running.index, &listing->members, &listing->n_members);
	return ret;
}

static const char *creator_name(const struct listing *listing, const char *name)
{
	const char *text = short_name(name);
	size_t i;

	for (i = 0; i < listing->n_members; i++)
		if (str_eq(listing->members[i].name, name) &&
		    listing->members[i].friendly && *listing->members[i].friendly)
			text = listing->members[i].friendly;
	return text;
}

HRESULT list_one(const struct peergroup_record *record, void *arg)
{
	struct listing *listing = arg;
	char *version, *line;

	if (listing->format) {
		print_formatted(listing->format, record);
		return S_OK;
	}
	if (opt_json) {
		record_json(record, false);
		return S_OK;
	}
	version = xprintf("%u", record->version);
	line = attributes_line(record->attributes);
	table_row(listing->table, uuid_text(record->id),
		  listing->type ? listing->type : uuid_text(record->type), version,
		  creator_name(listing, record->creator), size_text(record->size),
		  time_until(record->expires), line);
	free(version);
	free(line);
	return S_OK;
}

int list_end(struct listing *listing)
{
	if (opt_json) {
		json_end_array();
		json_finish();
	} else if (listing->table) {
		table_print(listing->table);
	}
	return finish();
}

enum { TYPE = OPT_OWN, FORMAT };

int cmd_list(int argc, char **argv)
{
	static const struct option options[] = {
		{ "type", required_argument, NULL, TYPE },
		{ "format", required_argument, NULL, FORMAT },
		COMMON_OPTIONS
	};
	struct listing listing = { 0 };
	const char *type_arg = NULL;
	struct group_ref ref;
	peergroup_t group;
	int c, status, ret;
	uuid_t type;
	HRESULT hr;

	while ((c = next_option(argc, argv, options, &status)) != -1) {
		if (!c)
			return status;
		if (c == FORMAT)
			listing.format = optarg;
		else
			type_arg = optarg;
	}
	if (type_arg && !parse_type(type_arg, type))
		return bad_type(type_arg);
	listing.type = type_arg;
	if (listing.format && opt_json)
		return usage("--format and --json exclude each other");
	ret = listing.format ? check_format(listing.format) : EXIT_OK;
	if (ret != EXIT_OK)
		return ret;
	if (argc - optind > 1)
		return usage("%s: one GROUP only", argv[optind + 1]);
	ret = open_group(argv[optind], &ref, &group);
	if (ret != EXIT_OK)
		return ret;
	ret = list_begin(&listing, &ref);
	if (ret == EXIT_OK) {
		hr = peergroup_records(group, type_arg ? type : NULL, list_one, &listing);
		if (FAILED(hr))
			ret = fail_result(hr, "cannot list the records of '%s'", ref.friendly);
		else
			ret = list_end(&listing);
	}
	peergroup_close(group);
	free_group(&ref);
	return ret;
}
