// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Records: add, update, delete, get.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "admin.h"
#include "cmd.h"
#include "json.h"
#include "record.h"

#define LIFETIME_DEFAULT	86400
#define SHOWN_MAX		4096	/* bytes of data, among the rest of a record */

/**
 * struct content - what the command line says about a record's content
 * @attributes: from --attr
 * @when: from --expires, where @has_when
 * @data: from FILE or --data, where @has_data
 */
struct content {
	struct peergroup_attribute *attributes;
	size_t n_attributes;
	bool no_attributes;
	struct when when;
	bool has_when;
	char *data;
	size_t size;
	bool has_data;
	uuid_t type;
	bool has_type;
	bool batch;
	bool refresh;
};

/* "NAME=VALUE", "NAME:int=5", "NAME:date=2027-01-01T00:00:00Z" */
static int parse_attribute(char *text, struct content *content)
{
	struct peergroup_attribute *attribute;
	char *value = strchr(text, '='), *type;

	if (!value || value == text)
		return usage("--attr %s: NAME=VALUE is wanted", text);
	*value++ = 0;
	type = strchr(text, ':');
	if (type) {
		*type++ = 0;
		if (!str_eq(type, "int") && !str_eq(type, "date") && !str_eq(type, "string"))
			return usage("--attr %s:%s: a type is int, date or string", text, type);
	}
	content->attributes = xrealloc(content->attributes, (content->n_attributes + 1) *
				       sizeof(*content->attributes));
	attribute = &content->attributes[content->n_attributes++];
	attribute->name = text;
	attribute->type = type ? type : "string";
	attribute->value = value;
	return EXIT_OK;
}

enum { TYPE = OPT_OWN, EXPIRES, ATTR, NO_ATTRS, BATCH, REFRESH, DATA };

static int content_option(int c, struct content *content)
{
	switch (c) {
	case TYPE:
		if (!parse_type(optarg, content->type))
			return bad_type(optarg);
		content->has_type = true;
		return EXIT_OK;
	case EXPIRES:
		if (!parse_when(optarg, &content->when))
			return bad_when("--expires", optarg);
		content->has_when = true;
		return EXIT_OK;
	case ATTR:
		return parse_attribute(optarg, content);
	case NO_ATTRS:
		content->no_attributes = true;
		return EXIT_OK;
	case BATCH:
		content->batch = true;
		return EXIT_OK;
	case REFRESH:
		content->refresh = true;
		return EXIT_OK;
	default:
		free(content->data);
		content->data = xstrdup(optarg);
		content->size = strlen(optarg);
		content->has_data = true;
		return EXIT_OK;
	}
}

static int content_file(const char *path, struct content *content)
{
	if (content->has_data)
		return usage("%s: --data was given, too", path);
	content->has_data = true;
	return read_input(path, PEERGROUP_RECORD_SIZE_MAX + 1UL, &content->data, &content->size);
}

static void content_free(struct content *content)
{
	free(content->attributes);
	free(content->data);
}

/* Relative times count from the group's clock, dates are this host's. */
static int set_expiry(peergroup_t group, const struct content *content,
		      struct peergroup_new_record *record)
{
	struct timespec ts = { .tv_sec = content->when.unix_time };
	struct peergroup_status *status;
	HRESULT hr;

	if (content->when.relative) {
		record->lifetime = content->when.relative;
		return EXIT_OK;
	}
	if (content->when.unix_time <= time(NULL))
		return fail(EXIT_USAGE, "--expires: that is in the past");
	hr = peergroup_status(group, &status);
	if (FAILED(hr))
		return fail_result(hr, "cannot ask for the group's time");
	record->expires = peergroup_time_from_unix(&ts) + status->time_offset;
	peergroup_free(status);
	return EXIT_OK;
}

/* Prints the id, for scripts, or the record in brief. */
static int report_record(const uuid_t id, const unsigned char *type)
{
	if (opt_json) {
		json_start(false);
		json_object(NULL);
		json_uuid("id", id);
		if (type)
			json_uuid("type", type);
		json_end_object();
		json_finish();
	} else {
		puts(uuid_text(id));
	}
	return finish();
}

/* ----------------------------------------------------------------- add -- */

/* What all records of one command have: expiration and attributes, which are *@attributes. */
static int set_common(peergroup_t group, const struct content *content,
		      struct peergroup_new_record *record, char **attributes)
{
	int ret = EXIT_OK;
	HRESULT hr;

	if (content->has_when) {
		record->lifetime = 0;
		ret = set_expiry(group, content, record);
	}
	if (ret == EXIT_OK && content->n_attributes) {
		hr = peergroup_attributes_build(content->attributes, content->n_attributes,
						attributes);
		if (FAILED(hr))
			ret = fail_result(hr, "wrong attributes");
		record->attributes = *attributes;
	}
	return ret;
}

/*
 * Is there data that this command was not told to read, through a pipe or in a file? What a
 * program writes before it is asked to is not waited for, nor is a file meant of which
 * somebody has read already, as the shell's "while read" does. Of a pipe that cannot be told:
 * it is not @piped where the record has something without it, as in such a loop.
 */
static bool is_unread(int fd, bool piped)
{
	struct stat st;
	int ready = 0;

	if (fstat(fd, &st))
		return false;
	if (S_ISFIFO(st.st_mode))
		return piped && !ioctl(fd, FIONREAD, &ready) && ready > 0;
	return S_ISREG(st.st_mode) && st.st_size && !lseek(fd, 0, SEEK_CUR);
}

/* The library keeps the record alive meanwhile. */
static int refresh_until_told(void)
{
	sigset_t end;
	int signal;

	sigemptyset(&end);
	sigaddset(&end, SIGINT);
	sigaddset(&end, SIGTERM);
	sigaddset(&end, SIGHUP);
	sigprocmask(SIG_BLOCK, &end, NULL);
	sigwait(&end, &signal);
	return EXIT_OK;
}

static int add(const char *arg, const struct content *content)
{
	struct peergroup_new_record record = {
		.data = content->data, .size = content->size, .lifetime = LIFETIME_DEFAULT,
		.flags = content->refresh ? PEERGROUP_RECORD_AUTOREFRESH : 0,
	};
	char *attributes = NULL;
	struct group_ref ref;
	peergroup_t group;
	uuid_t id;
	HRESULT hr;
	int ret = open_group(arg, &ref, &group);

	if (ret != EXIT_OK)
		return ret;
	ret = set_common(group, content, &record, &attributes);
	if (ret == EXIT_OK) {
		hr = peergroup_add(group, content->type, &record, id);
		if (FAILED(hr))
			ret = fail_result(hr, "cannot add a record to '%s'", ref.friendly);
		else
			ret = report_record(id, content->type);
		/* By now there is what a pipe will have. */
		if (ret == EXIT_OK && !content->has_data &&
		    is_unread(STDIN_FILENO, !content->n_attributes))
			fail(EXIT_OK, "the record has no data: standard input was not read, which is asked for by -");
		if (ret == EXIT_OK && content->refresh)
			ret = refresh_until_told();
	}
	peergroup_free(attributes);
	peergroup_close(group);
	free_group(&ref);
	return ret;
}

static void report_batch(char **files, const struct peergroup_batch_record *records, int n)
{
	int i;

	if (opt_json) {
		json_start(false);
		json_array(NULL);
	}
	for (i = 0; i < n; i++) {
		if (FAILED(records[i].result))
			continue;
		if (!opt_json) {
			puts(uuid_text(records[i].id));
			continue;
		}
		json_object(NULL);
		json_uuid("id", records[i].id);
		json_uuid("type", records[i].type);
		json_str("file", files[i]);
		json_end_object();
	}
	if (opt_json) {
		json_end_array();
		json_finish();
	}
}

/* Ids in the order of the files, of those that were added; a complaint for each other. */
static int put_batch(peergroup_t group, char **files, struct peergroup_batch_record *records,
		     int n)
{
	HRESULT hr = peergroup_add_batch(group, records, n, NULL, NULL);
	int i, ret = EXIT_OK, done;

	if (FAILED(hr))
		ret = fail_result(hr, "cannot add records");
	for (i = 0; i < n; i++) {
		if (FAILED(records[i].result) && records[i].result != E_ABORT)
			ret = fail(EXIT_FAILED, "%s: %s", files[i],
				   peergroup_strerror(records[i].result));
	}
	report_batch(files, records, n);
	done = finish();
	return ret == EXIT_OK ? done : ret;
}

/* One record for each file. */
static int add_batch(const char *arg, const struct content *content, char **files, int n)
{
	struct peergroup_batch_record *records = xalloc(n * sizeof(*records));
	struct peergroup_new_record common = { .lifetime = LIFETIME_DEFAULT };
	char *attributes = NULL, **data = xalloc(n * sizeof(*data));
	struct group_ref ref;
	peergroup_t group;
	int i, ret = EXIT_OK;

	for (i = 0; i < n && ret == EXIT_OK; i++)
		ret = read_input(files[i], PEERGROUP_RECORD_SIZE_MAX + 1UL, &data[i],
				 &records[i].content.size);
	if (ret == EXIT_OK)
		ret = open_group(arg, &ref, &group);
	if (ret == EXIT_OK) {
		ret = set_common(group, content, &common, &attributes);
		for (i = 0; i < n; i++) {
			common.data = data[i];
			common.size = records[i].content.size;
			records[i].content = common;
			uuid_copy(records[i].type, content->type);
		}
		if (ret == EXIT_OK)
			ret = put_batch(group, files, records, n);
		peergroup_close(group);
		free_group(&ref);
	}
	for (i = 0; i < n; i++)
		free(data[i]);
	peergroup_free(attributes);
	free(data);
	free(records);
	return ret;
}

/* "[GROUP] FILE...": a group's name goes before a file's. */
static int cmd_add_batch(const struct content *content, int argc, char **argv)
{
	const char *group = NULL;

	if (content->has_data)
		return usage("--batch takes files, not --data");
	if (optind < argc && !str_eq(argv[optind], "-") && is_group(argv[optind]))
		group = argv[optind++];
	if (optind == argc)
		return usage("--batch: which files?");
	return add_batch(group, content, argv + optind, argc - optind);
}

int cmd_add(int argc, char **argv)
{
	static const struct option options[] = {
		{ "type", required_argument, NULL, TYPE },
		{ "expires", required_argument, NULL, EXPIRES },
		{ "attr", required_argument, NULL, ATTR },
		{ "data", required_argument, NULL, DATA },
		{ "batch", no_argument, NULL, BATCH },
		{ "refresh", no_argument, NULL, REFRESH },
		COMMON_OPTIONS
	};
	struct content content = { 0 };
	const char *group = NULL, *file = NULL;
	int c, status, ret = EXIT_OK;

	while ((c = next_option(argc, argv, options, &status)) != -1) {
		if (!c)
			return status;
		ret = content_option(c, &content);
		if (ret != EXIT_OK)
			return ret;
	}
	if (!content.has_type)
		return usage("--type is missing");
	if (content.batch && content.refresh)
		return usage("--refresh: not together with --batch");
	if (content.batch) {
		ret = cmd_add_batch(&content, argc, argv);
		content_free(&content);
		return ret;
	}
	if (argc - optind > 2)
		return usage("%s: one GROUP and one FILE only", argv[optind + 2]);
	if (argc - optind == 2) {
		group = argv[optind];
		file = argv[optind + 1];
	} else if (argc - optind == 1) {
		/* A group's name goes before a file's. */
		if (!str_eq(argv[optind], "-") && is_group(argv[optind]))
			group = argv[optind];
		else if (str_eq(argv[optind], "-") || !access(argv[optind], F_OK))
			file = argv[optind];
		else
			return fail(EXIT_NOT_FOUND, "'%s' is neither a group nor a file",
				    argv[optind]);
	}
	if (file)
		ret = content_file(file, &content);
	if (ret == EXIT_OK)
		ret = add(group, &content);
	content_free(&content);
	return ret;
}

/* -------------------------------------------------------------- update -- */

/*
 * "[GROUP] ID" at the front of what is behind the options. Returns an exit code;
 * *@used is how many arguments that were.
 */
static int id_args(int argc, char **argv, const char **group, uuid_t id, int *used)
{
	*group = NULL;
	if (optind < argc && !uuid_parse(argv[optind], id)) {
		*used = 1;
		return EXIT_OK;
	}
	if (argc - optind < 2)
		return optind < argc ? usage("%s: not a record's ID", argv[optind]) :
		       usage("which record? ID is missing");
	if (uuid_parse(argv[optind + 1], id))
		return usage("%s: not a record's ID", argv[optind + 1]);
	*group = argv[optind];
	*used = 2;
	return EXIT_OK;
}

/* The attributes there are, with those of the command line in their places. */
static HRESULT merge_attributes(const char *xml, const struct content *content, char **merged)
{
	struct peergroup_attribute *old = NULL, *all;
	size_t n = 0, count = 0, i, k;
	HRESULT hr = S_OK;

	*merged = NULL;
	if (xml && !content->no_attributes)
		hr = peergroup_attributes_parse(xml, &old, &n);
	if (FAILED(hr))
		return hr;
	all = xalloc((n + content->n_attributes) * sizeof(*all));
	for (i = 0; i < n; i++) {
		for (k = 0; k < content->n_attributes; k++)
			if (str_eq(content->attributes[k].name, old[i].name))
				break;
		if (k == content->n_attributes)
			all[count++] = old[i];
	}
	for (k = 0; k < content->n_attributes; k++)
		all[count++] = content->attributes[k];
	if (count)
		hr = peergroup_attributes_build(all, count, merged);
	free(all);
	peergroup_free(old);
	return hr;
}

static int update(peergroup_t group, const uuid_t id, const struct content *content)
{
	struct peergroup_new_record record = { 0 };
	struct peergroup_record *old;
	char *attributes = NULL;
	int ret = EXIT_OK;
	HRESULT hr;

	hr = peergroup_get(group, id, &old);
	if (FAILED(hr))
		return fail_result(hr, "no record %s", uuid_text(id));
	if (content->has_data) {
		record.data = content->data;
		record.size = content->size;
	} else {
		record.data = old->data;
		record.size = old->size;
	}
	record.attributes = old->attributes;
	if (content->n_attributes || content->no_attributes) {
		hr = merge_attributes(old->attributes, content, &attributes);
		if (FAILED(hr))
			ret = fail_result(hr, "wrong attributes");
		record.attributes = attributes;
	}
	if (ret == EXIT_OK && content->has_when)
		ret = set_expiry(group, content, &record);
	if (ret == EXIT_OK) {
		hr = peergroup_update(group, id, &record);
		if (FAILED(hr))
			ret = fail_result(hr, "cannot update record %s", uuid_text(id));
		else
			ret = report_record(id, NULL);
	}
	peergroup_free(attributes);
	peergroup_free(old);
	return ret;
}

int cmd_update(int argc, char **argv)
{
	static const struct option options[] = {
		{ "expires", required_argument, NULL, EXPIRES },
		{ "attr", required_argument, NULL, ATTR },
		{ "no-attrs", no_argument, NULL, NO_ATTRS },
		{ "data", required_argument, NULL, DATA },
		COMMON_OPTIONS
	};
	struct content content = { 0 };
	struct group_ref ref;
	peergroup_t group;
	const char *arg;
	uuid_t id;
	int c, status, used, ret;

	while ((c = next_option(argc, argv, options, &status)) != -1) {
		if (!c)
			return status;
		ret = content_option(c, &content);
		if (ret != EXIT_OK)
			return ret;
	}
	ret = id_args(argc, argv, &arg, id, &used);
	if (ret != EXIT_OK)
		return ret;
	if (argc - optind > used + 1)
		return usage("%s: one FILE only", argv[optind + used + 1]);
	if (argc - optind > used)
		ret = content_file(argv[optind + used], &content);
	if (ret == EXIT_OK)
		ret = open_group(arg, &ref, &group);
	if (ret == EXIT_OK) {
		ret = update(group, id, &content);
		peergroup_close(group);
		free_group(&ref);
	}
	content_free(&content);
	return ret;
}

/* -------------------------------------------------------------- delete -- */

int cmd_delete(int argc, char **argv)
{
	static const struct option options[] = { COMMON_OPTIONS };
	struct group_ref ref;
	peergroup_t group;
	const char *arg;
	uuid_t id;
	int status, used, i, ret;
	HRESULT hr;

	if (next_option(argc, argv, options, &status) == 0)
		return status;
	ret = id_args(argc, argv, &arg, id, &used);
	if (ret != EXIT_OK)
		return ret;
	for (i = optind + used; i < argc; i++)
		if (uuid_parse(argv[i], id))
			return usage("%s: not a record's ID", argv[i]);
	ret = open_group(arg, &ref, &group);
	if (ret != EXIT_OK)
		return ret;
	if (opt_json) {
		json_start(false);
		json_object(NULL);
		json_array("deleted");
	}
	for (i = optind + used - 1; i < argc; i++) {
		uuid_parse(argv[i], id);
		hr = peergroup_delete_record(group, id);
		if (FAILED(hr))
			ret = fail_result(hr, "cannot delete record %s", argv[i]);
		else if (opt_json)
			json_uuid(NULL, id);
	}
	if (opt_json) {
		json_end_array();
		json_end_object();
		json_finish();
	}
	peergroup_close(group);
	free_group(&ref);
	return ret == EXIT_OK ? finish() : ret;
}

/* ----------------------------------------------------------------- get -- */

static void attributes_json(const char *xml)
{
	struct peergroup_attribute *attributes = NULL;
	size_t n = 0, i;

	if (xml && FAILED(peergroup_attributes_parse(xml, &attributes, &n)))
		n = 0;
	json_object("attributes");
	for (i = 0; i < n; i++) {
		json_object(attributes[i].name);
		json_str("type", attributes[i].type);
		json_str("value", attributes[i].value);
		json_end_object();
	}
	json_end_object();
	peergroup_free(attributes);
}

void record_json(const struct peergroup_record *record, bool data)
{
	json_object(NULL);
	json_uuid("id", record->id);
	json_uuid("type", record->type);
	json_u64("version", record->version);
	json_u64("sequence", record->sequence);
	json_str("creator", record->creator);
	json_str("modifier", record->modifier);
	json_time("created", record->created);
	json_time("modified", record->modified);
	json_time("expires", record->expires);
	attributes_json(record->attributes);
	json_u64("size", record->size);
	if (data)
		json_base64("data", record->data, record->size);
	json_end_object();
}

char *attributes_line(const char *xml)
{
	struct peergroup_attribute *attributes = NULL;
	char *line = xstrdup(""), *longer;
	size_t n = 0, i;

	if (xml && FAILED(peergroup_attributes_parse(xml, &attributes, &n)))
		n = 0;
	for (i = 0; i < n; i++) {
		longer = xprintf("%s%s%s=%s", line, i ? ", " : "", attributes[i].name,
				 attributes[i].value);
		free(line);
		line = longer;
	}
	peergroup_free(attributes);
	return line;
}

static void print_line(const char *label, const char *text)
{
	char *safe = safe_text(text, strlen(text));

	printf("%-12s%s\n", label, safe);
	free(safe);
}

static void print_record(const struct peergroup_record *record)
{
	char *line = attributes_line(record->attributes);
	char *version = xprintf("%u", record->version);
	char *expires = xprintf("%s (%s)", time_text(record->expires),
				time_until(record->expires));

	print_line("id:", uuid_text(record->id));
	print_line("type:", uuid_text(record->type));
	print_line("version:", version);
	print_line("creator:", record->creator);
	if (!str_eq(record->creator, record->modifier))
		print_line("modifier:", record->modifier);
	print_line("created:", time_text(record->created));
	if (record->version > 1)
		print_line("modified:", time_text(record->modified));
	print_line("expires:", expires);
	if (*line)
		print_line("attributes:", line);
	printf("%-12s%s\n", "data:", size_text(record->size));
	if (record->size && record->size <= SHOWN_MAX &&
	    is_safe(record->data, record->size, "\n\t")) {
		fwrite(record->data, 1, record->size, stdout);
		if (((const char *)record->data)[record->size - 1] != '\n')
			putchar('\n');
	}
	free(line);
	free(version);
	free(expires);
}

static int get_wire(const char *arg, const uuid_t id)
{
	struct admin_group group;
	struct admin_blob wire;
	int ret = admin_find_group(arg, &group);

	if (ret == EXIT_OK)
		ret = admin_record(group.index, id, &wire);
	if (ret != EXIT_OK)
		return ret;
	fwrite(wire.data, 1, wire.len, stdout);
	return finish();
}

int cmd_get(int argc, char **argv)
{
	enum { WIRE = DATA + 1 };
	static const struct option options[] = {
		{ "data", no_argument, NULL, DATA },
		{ "wire", no_argument, NULL, WIRE },
		COMMON_OPTIONS
	};
	bool data = false, wire = false;
	struct peergroup_record *record;
	struct group_ref ref;
	peergroup_t group;
	const char *arg;
	uuid_t id;
	int c, status, used, ret;
	HRESULT hr;

	while ((c = next_option(argc, argv, options, &status)) != -1) {
		if (!c)
			return status;
		if (c == DATA)
			data = true;
		else
			wire = true;
	}
	if ((data && wire) || ((data || wire) && opt_json))
		return usage("--data, --wire and --json exclude each other");
	ret = id_args(argc, argv, &arg, id, &used);
	if (ret != EXIT_OK)
		return ret;
	if (argc - optind > used)
		return usage("%s: one ID only", argv[optind + used]);
	if (wire)
		return get_wire(arg, id);
	ret = open_group(arg, &ref, &group);
	if (ret != EXIT_OK)
		return ret;
	hr = peergroup_get(group, id, &record);
	if (FAILED(hr)) {
		ret = fail_result(hr, "cannot get record %s", uuid_text(id));
	} else {
		if (data) {
			fwrite(record->data, 1, record->size, stdout);
		} else if (opt_json) {
			json_start(false);
			record_json(record, true);
			json_finish();
		} else {
			print_record(record);
		}
		peergroup_free(record);
	}
	peergroup_close(group);
	free_group(&ref);
	return ret == EXIT_OK ? finish() : ret;
}
