// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * "peergroup list --format": one line per record, as the user wants it.
 */
#include <stdlib.h>
#include <string.h>
#include "cmd.h"

static const char *attribute(const struct peergroup_attribute *attributes, size_t n,
			     const char *name)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (str_eq(attributes[i].name, name))
			return attributes[i].value;
	return "";
}

/* No value may start a line of its own: a record is one line. */
static void put_safe(const char *value, size_t len)
{
	char *safe;

	if (len && value[len - 1] == '\n')
		len--;
	safe = safe_text(value, len);
	fputs(safe, stdout);
	free(safe);
}

static const char *const fields[] = {
	"id", "type", "version", "creator", "modifier", "expires", "size", "data",
};

static bool is_field(const char *name, size_t len)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(fields); i++)
		if (strlen(fields[i]) == len && !strncmp(fields[i], name, len))
			return true;
	return len > 5 && str_starts(name, "attr.");
}

int check_format(const char *format)
{
	const char *end;

	for (; (format = strstr(format, "%{")); format = end + 1) {
		format += 2;
		end = strchr(format, '}');
		if (!end)
			return usage("--format: %%{%s has no end", format);
		if (!is_field(format, (size_t)(end - format)))
			return usage("--format: no field '%.*s'; there are id, type, version, creator, modifier, expires, size, data and attr.NAME",
				     (int)(end - format), format);
	}
	return EXIT_OK;
}

/* One of the fields that check_format() knows. */
static void put_field(const struct peergroup_record *record, const char *name,
		      const struct peergroup_attribute *attributes, size_t n)
{
	const char *value;

	if (str_eq(name, "data")) {
		put_safe(record->data ? record->data : "", record->size);
		return;
	}
	if (str_eq(name, "version") || str_eq(name, "size")) {
		printf("%zu", *name == 'v' ? (size_t)record->version : record->size);
		return;
	}
	if (str_eq(name, "id"))
		value = uuid_text(record->id);
	else if (str_eq(name, "type"))
		value = uuid_text(record->type);
	else if (str_eq(name, "creator"))
		value = record->creator;
	else if (str_eq(name, "modifier"))
		value = record->modifier;
	else if (str_eq(name, "expires"))
		value = time_text(record->expires);
	else
		value = attribute(attributes, n, name + 5);
	put_safe(value, strlen(value));
}

void print_formatted(const char *format, const struct peergroup_record *record)
{
	struct peergroup_attribute *attributes = NULL;
	const char *end;
	size_t n = 0;
	char *name;

	if (record->attributes &&
	    FAILED(peergroup_attributes_parse(record->attributes, &attributes, &n)))
		n = 0;
	for (; *format; format++) {
		end = strchr(format, '}');
		if (str_starts(format, "%{") && end) {
			name = xstrdup(format + 2);
			name[end - format - 2] = 0;
			put_field(record, name, attributes, n);
			free(name);
			format = end;
		} else if (*format == '\\' && (format[1] == 't' || format[1] == 'n')) {
			putchar(*++format == 't' ? '\t' : '\n');
		} else {
			putchar(*format);
		}
	}
	peergroup_free(attributes);
	putchar('\n');
}
