// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The JSON writer. It keeps one bit per level: whether a comma is due.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>
#include "cmd.h"
#include "json.h"

static struct {
	unsigned int depth;
	uint64_t comma;		/* bit n: level n has an entry */
	bool lines;
} json;

void json_start(bool lines)
{
	json.depth = 0;
	json.comma = 0;
	json.lines = lines;
}

void json_finish(void)
{
	putchar('\n');
	json.comma = 0;
}

static void new_line(void)
{
	unsigned int i;

	if (json.lines)
		return;
	putchar('\n');
	for (i = 0; i < json.depth; i++)
		fputs("  ", stdout);
}

/* Above 0xffff by two, as in UTF-16. */
static void escape(uint32_t c)
{
	if (c < 0x10000) {
		printf("\\u%04x", c);
		return;
	}
	c -= 0x10000;
	printf("\\u%04x\\u%04x", 0xd800 + (c >> 10), 0xdc00 + (c & 0x3ff));
}

static void quote(const char *s, size_t len)
{
	const char *at, *from = "\"\\\b\f\n\r\t", *to = "\"\\bfnrt";
	uint32_t c;
	size_t n;

	putchar('"');
	for (; len; s += n, len -= n) {
		n = utf8_next(s, len, &c);
		if (!n) {
			fputs("\\ufffd", stdout);
			n = 1;
		} else if (*s && (at = strchr(from, *s))) {
			printf("\\%c", to[at - from]);
		} else if (is_unseen(c)) {
			escape(c);
		} else {
			fwrite(s, 1, n, stdout);
		}
	}
	putchar('"');
}

/* Whatever goes before a value: comma, new line, key. */
static void lead(const char *key)
{
	uint64_t bit = 1ULL << json.depth;

	if (json.comma & bit)
		fputs(json.lines ? ", " : ",", stdout);
	json.comma |= bit;
	if (json.depth)
		new_line();
	if (key) {
		quote(key, strlen(key));
		fputs(": ", stdout);
	}
}

static void begin(const char *key, char bracket)
{
	lead(key);
	putchar(bracket);
	json.depth++;
	json.comma &= ~(1ULL << json.depth);
}

static void end(char bracket)
{
	bool empty = !(json.comma & 1ULL << json.depth);

	json.depth--;
	if (!empty)
		new_line();
	putchar(bracket);
}

void json_object(const char *key)
{
	begin(key, '{');
}

void json_end_object(void)
{
	end('}');
}

void json_array(const char *key)
{
	begin(key, '[');
}

void json_end_array(void)
{
	end(']');
}

void json_null(const char *key)
{
	lead(key);
	fputs("null", stdout);
}

void json_text(const char *key, const char *value, size_t len)
{
	lead(key);
	quote(value, len);
}

void json_str(const char *key, const char *value)
{
	if (value)
		json_text(key, value, strlen(value));
	else
		json_null(key);
}

void json_u64(const char *key, uint64_t value)
{
	lead(key);
	printf("%llu", (unsigned long long)value);
}

void json_i64(const char *key, int64_t value)
{
	lead(key);
	printf("%lld", (long long)value);
}

void json_bool(const char *key, bool value)
{
	lead(key);
	fputs(value ? "true" : "false", stdout);
}

void json_hex(const char *key, const void *data, size_t len)
{
	const unsigned char *p = data;

	lead(key);
	putchar('"');
	for (; len; len--)
		printf("%02x", *p++);
	putchar('"');
}

void json_base64(const char *key, const void *data, size_t len)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const unsigned char *p = data;
	uint32_t v;
	size_t i, n;

	lead(key);
	putchar('"');
	for (; len; p += n, len -= n) {
		n = len < 3 ? len : 3;
		v = p[0] << 16 | (n > 1 ? p[1] << 8 : 0) | (n > 2 ? p[2] : 0);
		for (i = 0; i < 4; i++)
			putchar(i <= n ? digits[v >> (18 - 6 * i) & 63] : '=');
	}
	putchar('"');
}

void json_uuid(const char *key, const unsigned char *uuid)
{
	json_str(key, uuid_text(uuid));
}

void json_time(const char *key, uint64_t peer_time)
{
	struct timespec ts;
	struct tm tm;
	char text[64];
	size_t n;

	peergroup_time_to_unix(peer_time, &ts);
	if (!gmtime_r(&ts.tv_sec, &tm)) {
		json_null(key);
		return;
	}
	n = strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(text + n, sizeof(text) - n, ".%03ldZ", ts.tv_nsec / 1000000);
	json_str(key, text);
}

void json_roles(const char *key, uint32_t roles)
{
	const char *text = roles_text(roles), *end;

	json_array(key);
	for (; *text; text = end + strspn(end, ", ")) {
		end = text + strcspn(text, ",");
		json_text(NULL, text, end - text);
	}
	json_end_array();
}

void json_status(uint32_t status)
{
	json_bool("listening", status & PEERGROUP_STATUS_LISTENING);
	json_bool("connected", status & PEERGROUP_STATUS_CONNECTED);
	json_bool("ready", status & PEERGROUP_STATUS_READY);
	json_bool("kept", status & PEERGROUP_STATUS_KEPT);
	json_bool("synced", status & PEERGROUP_STATUS_SYNCED);
}
