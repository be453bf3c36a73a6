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

/* False for a name that is none. */
static bool put_field(const struct peergroup_record *record, const char *name,
		      const struct peergroup_attribute *attributes, size_t n)
{
	const char *value;

	if (str_eq(name, "data")) {
		put_safe(record->data ? record->data : "", record->size);
		return true;
	}
	if (str_eq(name, "version") || str_eq(name, "size")) {
		printf("%zu", *name == 'v' ? (size_t)record->version : record->size);
		return true;
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
	else if (str_starts(name, "attr."))
		value = attribute(attributes, n, name + 5);
	else
		return false;
	put_safe(value, strlen(value));
	return true;
}

int print_formatted(const char *format, const struct peergroup_record *record)
{
	struct peergroup_attribute *attributes = NULL;
	const char *end;
	char *name;
	bool known = true;
	size_t n = 0;

	if (record->attributes &&
	    FAILED(peergroup_attributes_parse(record->attributes, &attributes, &n)))
		n = 0;
	for (; *format && known; format++) {
		end = strchr(format, '}');
		if (str_starts(format, "%{") && end) {
			name = xstrdup(format + 2);
			name[end - format - 2] = 0;
			known = put_field(record, name, attributes, n);
			if (!known)
				usage("--format: no field '%s'", name);
			free(name);
			format = end;
		} else if (*format == '\\' && (format[1] == 't' || format[1] == 'n')) {
			putchar(*++format == 't' ? '\t' : '\n');
		} else {
			putchar(*format);
		}
	}
	peergroup_free(attributes);
	if (!known)
		return EXIT_USAGE;
	putchar('\n');
	return EXIT_OK;
}
