// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Errors with their exit codes, and the small text and time helpers.
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "cmd.h"

/* -------------------------------------------------------------- errors -- */

void complain(const char *fmt, va_list ap)
{
	char *text = xvprintf(fmt, ap);
	char *safe = safe_text(text, strlen(text));

	fflush(stdout);
	fprintf(stderr, "peergroup: %s", safe);
	free(safe);
	free(text);
}

int fail(int code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	complain(fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	return code;
}

int fail_other_file(const char *file, const char *xml, const char *wanted)
{
	static const struct {
		const char *root, *what, *command;
	} kinds[] = {
		{ "<PEERIDENTITYINFO", "an identity to invite", "peergroup invite --to" },
		{ "<PEERINVITATION", "an invitation", "peergroup join" },
		{ "<PEERIDENTITYEXPORT", "an exported identity", "peergroup identity import" },
		{ "<PEERGROUPCONFIG", "an exported membership", "peergroup config import" },
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strstr(xml, kinds[i].root) && !str_eq(kinds[i].command, wanted))
			return fail(EXIT_FAILED, "%s is %s: it is for '%s'", file, kinds[i].what,
				    kinds[i].command);
	return EXIT_OK;
}

int fail_no_module(void)
{
	return fail(EXIT_NO_MODULE,
		    "the kernel module peergroup is not loaded (as root: modprobe peergroup)");
}

/* complain() takes memory. */
int fail_no_memory(void)
{
	fflush(stdout);
	fputs("peergroup: out of memory\n", stderr);
	return EXIT_FAILED;
}

static int exit_code(HRESULT result)
{
	switch (result) {
	case PEER_E_NOT_FOUND:
	case PEER_E_RECORD_NOT_FOUND:
	case PEER_E_IDENTITY_NOT_FOUND:
	case PEER_E_INVALID_GROUP:
		return EXIT_NOT_FOUND;
	case PEER_E_NOT_AUTHORIZED:
	case E_ACCESSDENIED:
		return EXIT_NOT_AUTHORISED;
	case PEER_E_TIMEOUT:
		return EXIT_TIMED_OUT;
	/* Both are what was typed. */
	case PEER_E_INVALID_SEARCH:
	case PEER_E_INVALID_ATTRIBUTES:
		return EXIT_USAGE;
	default:
		return EXIT_FAILED;
	}
}

int fail_result(HRESULT result, const char *fmt, ...)
{
	/* May have in it what others wrote. */
	char *detail = safe_text(peergroup_error_detail(), strlen(peergroup_error_detail()));
	const char *meaning = peergroup_strerror(result);
	const char *name = peergroup_error_name(result);
	va_list ap;

	if (result == HRESULT_FROM_WIN32(ERROR_SERVICE_DEPENDENCY_FAIL)) {
		free(detail);
		return fail_no_module();
	}
	va_start(ap, fmt);
	complain(fmt, ap);
	va_end(ap);
	if (*detail)
		fprintf(stderr, ": %s (%s)\n", detail, name ? name : meaning);
	else if (name)
		fprintf(stderr, ": %s (%s)\n", meaning, name);
	else
		fprintf(stderr, ": %s (0x%08x)\n", meaning, (unsigned int)result);
	free(detail);
	return exit_code(result);
}

int finish(void)
{
	if (fflush(stdout) || ferror(stdout))
		return fail(EXIT_FAILED, "cannot write the output: %s", strerror(errno));
	return EXIT_OK;
}

void *xrealloc(void *p, size_t size)
{
	p = realloc(p, size ? size : 1);
	if (!p)
		exit(fail_no_memory());
	return p;
}

void *xalloc(size_t size)
{
	void *p = calloc(1, size ? size : 1);

	if (!p)
		exit(fail_no_memory());
	return p;
}

char *xstrdup(const char *s)
{
	size_t len = strlen(s) + 1;

	return memcpy(xrealloc(NULL, len), s, len);
}

char *xvprintf(const char *fmt, va_list ap)
{
	char *s;

	if (vasprintf(&s, fmt, ap) < 0)
		exit(fail_no_memory());
	return s;
}

char *xprintf(const char *fmt, ...)
{
	va_list ap;
	char *s;

	va_start(ap, fmt);
	s = xvprintf(fmt, ap);
	va_end(ap);
	return s;
}

/* ------------------------------------------------------------- parsing -- */

bool str_eq(const char *a, const char *b)
{
	return a && b && !strcmp(a, b);
}

bool str_starts(const char *s, const char *prefix)
{
	return !strncmp(s, prefix, strlen(prefix));
}

/* Digits at *@s, which moves behind them. */
static bool digits(const char **s, uint64_t *value)
{
	const char *p = *s;
	uint64_t v = 0;

	if (*p < '0' || *p > '9')
		return false;
	for (; *p >= '0' && *p <= '9'; p++)
		if (__builtin_mul_overflow(v, 10, &v) ||
		    __builtin_add_overflow(v, (uint64_t)(*p - '0'), &v))
			return false;
	*s = p;
	*value = v;
	return true;
}

bool parse_u64(const char *s, uint64_t max, uint64_t *value)
{
	return digits(&s, value) && !*s && *value <= max;
}

bool parse_size(const char *s, uint64_t *bytes)
{
	static const char units[] = "KMG";
	unsigned int shift = 0;
	const char *unit;

	if (!digits(&s, bytes))
		return false;
	if (*s) {
		unit = strchr(units, *s);
		if (!unit)
			return false;
		shift = 10 * (unit - units + 1);
		s++;
		if (str_starts(s, "iB"))
			s += 2;
	}
	if (*s || *bytes > UINT64_MAX >> shift)
		return false;
	*bytes <<= shift;
	return true;
}

bool parse_duration(const char *s, uint64_t *ms)
{
	static const struct {
		const char *name;
		uint64_t ms;
	} units[] = {
		{ "ms", 1 }, { "s", 1000 }, { "m", 60 * 1000ULL },
		{ "h", 3600 * 1000ULL }, { "d", 86400 * 1000ULL },
		{ "w", 7 * 86400 * 1000ULL }, { "y", 365 * 86400 * 1000ULL },
	};
	uint64_t n, total = 0;
	size_t i;

	if (!*s)
		return false;
	if (parse_u64(s, UINT64_MAX / 1000, &n)) {
		*ms = n * 1000;
		return true;
	}
	while (*s) {
		if (!digits(&s, &n))
			return false;
		for (i = 0; i < ARRAY_SIZE(units); i++)
			if (str_starts(s, units[i].name))
				break;
		if (i == ARRAY_SIZE(units) || __builtin_mul_overflow(n, units[i].ms, &n) ||
		    __builtin_add_overflow(total, n, &total))
			return false;
		s += strlen(units[i].name);
	}
	*ms = total;
	return true;
}

bool parse_deadline(const char *s, int64_t *at)
{
	uint64_t ms;

	if (!parse_duration(s, &ms) || ms > INT64_MAX / 2)
		return false;
	*at = now_ms() + (int64_t)ms;
	return true;
}

/* "", "Z" or "+hh:mm" to seconds east; local time where there is none. */
static bool parse_zone(const char *s, struct tm *tm, int64_t *out)
{
	unsigned int hours, minutes;
	int len = 0;

	if (!*s) {
		tm->tm_isdst = -1;
		*out = mktime(tm);
		return true;
	}
	*out = timegm(tm);
	if (str_eq(s, "Z"))
		return true;
	if ((*s != '+' && *s != '-') ||
	    sscanf(s + 1, "%2u:%2u%n", &hours, &minutes, &len) != 2 || s[1 + len])
		return false;
	*out += (*s == '+' ? -1 : 1) * (int64_t)(hours * 3600 + minutes * 60);
	return true;
}

bool parse_when(const char *s, struct when *when)
{
	struct tm tm = { 0 };
	const char *end;
	uint64_t ms;

	memset(when, 0, sizeof(*when));
	if (parse_duration(s, &ms)) {
		when->relative = (ms + 999) / 1000;
		when->unix_time = time(NULL) + (int64_t)when->relative;
		return when->relative <= UINT32_MAX && when->relative;
	}
	end = strptime(s, "%Y-%m-%d", &tm);
	if (!end)
		return false;
	if (*end == 'T' || *end == ' ') {
		s = end + 1;
		end = strptime(s, "%H:%M:%S", &tm);
		if (!end)
			end = strptime(s, "%H:%M", &tm);
		if (!end)
			return false;
	}
	return parse_zone(end, &tm, &when->unix_time) && when->unix_time > 0;
}

int bad_when(const char *option, const char *s)
{
	uint64_t ms = 1;

	if (parse_duration(s, &ms))
		return usage("%s %s: %s", option, s, ms ? "too far away" :
			     "has to be later than now");
	return usage("%s %s: not a time", option, s);
}

/* A slip in a UUID would make a name of it, which nobody else has. */
static bool is_nearly_uuid(const char *s)
{
	size_t len = strlen(s), dashes = 0, others = 0;

	if (len < 35 || len > 37)
		return false;
	for (; *s; s++) {
		dashes += *s == '-';
		others += *s != '-' && !isxdigit((unsigned char)*s);
	}
	return dashes >= 3 && dashes <= 5 && others <= 1;
}

int bad_type(const char *s)
{
	uuid_t type;

	if (!uuid_parse(s, type))
		return usage("--type %s: no type is all zeros", s);
	if (is_nearly_uuid(s))
		return usage("--type %s: that is nearly a UUID, and too much like one for a name",
			     s);
	return usage("--type %s: neither a UUID nor a name", s);
}

bool parse_type(const char *s, uuid_t type)
{
	/* Namespace of type names; peergroup(1) promises that it never changes. */
	static const uuid_t names = {
		0x01, 0xbc, 0x47, 0x02, 0x73, 0x24, 0x40, 0xd0,
		0x98, 0x3e, 0x3b, 0xd8, 0xa8, 0xf6, 0xc3, 0x81,
	};

	if (!*s)
		return false;
	if (uuid_parse(s, type) && is_nearly_uuid(s))
		return false;
	if (uuid_parse(s, type))
		uuid_generate_sha1(type, names, s, strlen(s));
	return !uuid_is_null(type);
}

int read_input(const char *path, size_t max, char **data, size_t *size)
{
	bool is_stdin = str_eq(path, "-");
	int fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	size_t len = 0, room = 4096;
	char *buf;
	ssize_t n;
	int err;

	if (is_stdin)
		path = "standard input";
	if (fd < 0)
		return fail(errno == ENOENT ? EXIT_NOT_FOUND : EXIT_FAILED, "%s: %s", path,
			    strerror(errno));
	buf = xalloc(room);
	for (;;) {
		n = read(fd, buf + len, room - len - 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		len += n;
		if (len > max) {
			errno = EFBIG;
			n = -1;
			break;
		}
		if (len + 1 == room) {
			room *= 2;
			buf = xrealloc(buf, room);
		}
	}
	err = errno;
	if (!is_stdin)
		close(fd);
	if (n < 0) {
		free(buf);
		return fail(EXIT_FAILED, "%s: %s", path, strerror(err));
	}
	buf[len] = 0;
	*data = buf;
	*size = len;
	return EXIT_OK;
}

int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* ---------------------------------------------------------------- text -- */

/* One of a few buffers in turn, so that a printf() may use several. */
static char *scratch(void)
{
	static char buf[16][160];
	static unsigned int next;

	return buf[next++ % ARRAY_SIZE(buf)];
}

#define SCRATCH 160

const char *time_text(uint64_t peer_time)
{
	char *s = scratch();
	struct timespec ts;
	struct tm tm;

	peergroup_time_to_unix(peer_time, &ts);
	if (!localtime_r(&ts.tv_sec, &tm) || !strftime(s, SCRATCH, "%Y-%m-%d %H:%M:%S", &tm))
		return "?";
	return s;
}

const char *time_until(uint64_t peer_time)
{
	static const struct {
		int64_t s;
		const char *name;
	} units[] = { { 365 * 86400, "y" }, { 86400, "d" }, { 3600, "h" }, { 60, "m" }, { 1, "s" } };
	char *s = scratch();
	struct timespec ts;
	int64_t d, abs;
	size_t i = 0;

	peergroup_time_to_unix(peer_time, &ts);
	d = ts.tv_sec - time(NULL);
	abs = d < 0 ? -d : d;
	while (i + 1 < ARRAY_SIZE(units) && abs < 2 * units[i].s)
		i++;
	snprintf(s, SCRATCH, d < 0 ? "%lld%s ago" : "in %lld%s",
		 (long long)(abs / units[i].s), units[i].name);
	return s;
}

const char *size_text(uint64_t bytes)
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB" };
	char *s = scratch();
	double v = bytes;
	size_t i = 0;

	while (v >= 1024 && i + 1 < ARRAY_SIZE(units)) {
		v /= 1024;
		i++;
	}
	snprintf(s, SCRATCH, v < 10 && i && v != (int)v ? "%.1f %s" : "%.0f %s", v, units[i]);
	return s;
}

const char *hex_text(const void *data, size_t len)
{
	const unsigned char *p = data;
	char *s = scratch();
	size_t i;

	for (i = 0; i < len && 2 * i + 3 < SCRATCH; i++)
		sprintf(s + 2 * i, "%02x", p[i]);
	s[2 * i] = 0;
	return s;
}

const char *uuid_text(const unsigned char *uuid)
{
	char *s = scratch();

	uuid_unparse_lower(uuid, s);
	return s;
}

/* Names of the bits that are set, with commas. */
static const char *bits_text(uint32_t bits, const char *const *names, size_t n)
{
	char *s = scratch();
	size_t i, len = 0;

	*s = 0;
	for (i = 0; i < n; i++)
		if (bits & 1U << i)
			len += snprintf(s + len, SCRATCH - len, "%s%s", len ? ", " : "", names[i]);
	return s;
}

const char *roles_text(uint32_t roles)
{
	static const char *const names[] = { "admin", "inviting", "member", "root" };

	return bits_text(roles, names, ARRAY_SIZE(names));
}

const char *status_text(uint32_t status)
{
	static const char *const names[] = { "listening", "connected", "ready", "kept",
		"revoked", "synchronised" };

	return bits_text(status, names, ARRAY_SIZE(names));
}

static const char *name_of(const char *const *names, size_t n, uint32_t value)
{
	return value < n && names[value] ? names[value] : "?";
}

const char *link_state_name(uint32_t state)
{
	static const char *const names[] = {
		[PEERGROUP_LINK_WAITING] = "waiting",
		[PEERGROUP_LINK_CONNECTING] = "connecting",
		[PEERGROUP_LINK_HANDSHAKE] = "handshake",
		[PEERGROUP_LINK_UP] = "up",
		[PEERGROUP_LINK_DOWN] = "down",
		[PEERGROUP_LINK_FAILED] = "failed",
	};

	return name_of(names, ARRAY_SIZE(names), state);
}

const char *link_error(int err)
{
	switch (err) {
	case ELOOP:
		return "that is this host itself";
	case EALREADY:
		return "another link to that host stays";
	case ETIME:
		return "clocks differ too much";
	case EMLINK:
		return "too many links there";
	case ESHUTDOWN:
		return "the group is leaving there";
	case EPROTO:
		return "not a host of this group, or it broke the protocol";
	case EKEYREJECTED:
		return "membership certificate refused";
	case EKEYREVOKED:
		return "membership was revoked";
	case EKEYEXPIRED:
		return "membership or its credential has expired";
	case EOPNOTSUPP:
		return "no program there takes direct connections";
	case ETIMEDOUT:
		return "no answer";
	default:
		return strerror(err);
	}
}

const char *change_name(uint32_t change)
{
	static const char *const names[] = {
		[PEERGROUP_CHANGE_ADDED] = "added",
		[PEERGROUP_CHANGE_UPDATED] = "updated",
		[PEERGROUP_CHANGE_DELETED] = "deleted",
		[PEERGROUP_CHANGE_EXPIRED] = "expired",
	};

	return name_of(names, ARRAY_SIZE(names), change);
}

const char *address_text(const void *address, size_t len, uint16_t port, uint32_t scope)
{
	static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };
	const unsigned char *a = address;
	char text[INET6_ADDRSTRLEN], zone[IF_NAMESIZE + 1] = "", name[IF_NAMESIZE];
	char *s = scratch();

	if (len == 16 && !memcmp(a, mapped, sizeof(mapped))) {
		a += 12;
		len = 4;
	}
	if (len != 4 && len != 16)
		return "";
	inet_ntop(len == 4 ? AF_INET : AF_INET6, a, text, sizeof(text));
	if (scope && len == 16) {
		if (if_indextoname(scope, name))
			snprintf(zone, sizeof(zone), "%%%s", name);
		else
			snprintf(zone, sizeof(zone), "%%%u", scope % 1000000);
	}
	snprintf(s, SCRATCH, len == 4 ? "%s%s:%u" : "[%s%s]:%u", text, zone, port);
	return s;
}

const char *short_name(const char *peer_name)
{
	const char *dot = peer_name ? strchr(peer_name, '.') : NULL;
	char *s = scratch();

	if (!peer_name)
		return "";
	if (dot)
		snprintf(s, SCRATCH, "%.12s%.100s", peer_name, dot);
	else
		snprintf(s, SCRATCH, "%.12s", peer_name);
	return s;
}
