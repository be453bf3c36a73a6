// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Punycode (RFC 3492): Unicode in letters, digits and hyphens. Labels are short, so
 * the characters of one are kept in an array.
 */
#include "hostname.h"

#define CHARS_MAX	256

enum { BASE = 36, TMIN = 1, TMAX = 26, SKEW = 38, DAMP = 700, BIAS = 72, FIRST = 0x80 };

/* How the threshold of the next number is chosen (section 6.1). */
static uint32_t adapt(uint32_t delta, uint32_t chars, bool first)
{
	uint32_t k = 0;

	delta = first ? delta / DAMP : delta / 2;
	delta += delta / chars;
	for (; delta > (BASE - TMIN) * TMAX / 2; k += BASE)
		delta /= BASE - TMIN;
	return k + (BASE - TMIN + 1) * delta / (delta + SKEW);
}

static uint32_t threshold(uint32_t k, uint32_t bias)
{
	if (k <= bias + TMIN)
		return TMIN;
	return k >= bias + TMAX ? TMAX : k - bias;
}

static char digit(uint32_t value)
{
	return (char)(value < 26 ? 'a' + value : '0' + value - 26);
}

static uint32_t digit_value(char c)
{
	if (c >= 'a' && c <= 'z')
		return (uint32_t)(c - 'a');
	if (c >= 'A' && c <= 'Z')
		return (uint32_t)(c - 'A');
	return c >= '0' && c <= '9' ? (uint32_t)(c - '0') + 26 : BASE;
}

/* ---------------------------------------------------------------- encoding -- */

/* A number of variable length; false where it does not fit. */
static bool put_number(uint32_t value, uint32_t bias, char **p, const char *end)
{
	uint32_t k, t;

	for (k = BASE;; k += BASE) {
		t = threshold(k, bias);
		if (*p == end)
			return false;
		if (value < t)
			break;
		*(*p)++ = digit(t + (value - t) % (BASE - t));
		value = (value - t) / (BASE - t);
	}
	*(*p)++ = digit(value);
	return true;
}

/* The lowest character that has not been coded yet. */
static uint32_t next_char(const uint32_t *chars, uint32_t count, uint32_t least)
{
	uint32_t i, next = UINT32_MAX;

	for (i = 0; i < count; i++)
		if (chars[i] >= least && chars[i] < next)
			next = chars[i];
	return next;
}

static bool encode_rest(const uint32_t *chars, uint32_t count, uint32_t basic, char *p,
			const char *end)
{
	uint32_t n = FIRST, delta = 0, bias = BIAS, done = basic, m, i;

	while (done < count) {
		m = next_char(chars, count, n);
		if (m - n > (UINT32_MAX - delta) / (done + 1))
			return false;
		delta += (m - n) * (done + 1);
		n = m;
		for (i = 0; i < count; i++) {
			delta += chars[i] < n;
			if (chars[i] != n)
				continue;
			if (!put_number(delta, bias, &p, end))
				return false;
			bias = adapt(delta, done + 1, done == basic);
			delta = 0;
			done++;
		}
		delta++;
		n++;
	}
	*p = 0;
	return true;
}

bool pgi_punycode_encode(const char *utf8, char *out, size_t size)
{
	uint32_t chars[CHARS_MAX], count = 0, basic = 0, i;
	char *p = out, *end = out + size - 1;

	while (*utf8 && count < CHARS_MAX)
		chars[count++] = (uint32_t)pgi_utf8_next(&utf8);
	if (*utf8)
		return false;
	for (i = 0; i < count; i++) {
		if (chars[i] >= FIRST)
			continue;
		if (p == end)
			return false;
		*p++ = (char)chars[i];
		basic++;
	}
	if (basic) {
		if (p == end)
			return false;
		*p++ = '-';
	}
	return encode_rest(chars, count, basic, p, end);
}

/* ---------------------------------------------------------------- decoding -- */

static bool get_number(const char **s, uint32_t bias, uint32_t *value)
{
	uint32_t k, t, d, weight = 1;

	for (k = BASE;; k += BASE) {
		d = digit_value(**s);
		if (d == BASE || d > (UINT32_MAX - *value) / weight)
			return false;
		(*s)++;
		*value += d * weight;
		t = threshold(k, bias);
		if (d < t)
			return true;
		if (weight > UINT32_MAX / (BASE - t))
			return false;
		weight *= BASE - t;
	}
}

static bool decode_rest(const char *s, uint32_t *chars, uint32_t *count)
{
	uint32_t n = FIRST, i = 0, bias = BIAS, before;
	bool first = true;

	while (*s) {
		before = i;
		if (*count == CHARS_MAX || !get_number(&s, bias, &i))
			return false;
		bias = adapt(i - before, *count + 1, first);
		first = false;
		if (i / (*count + 1) > 0x10ffff - n)
			return false;
		n += i / (*count + 1);
		i %= *count + 1;
		if (n >= 0xd800 && n < 0xe000)
			return false;
		memmove(chars + i + 1, chars + i, (*count - i) * sizeof(*chars));
		chars[i++] = n;
		(*count)++;
	}
	return true;
}

static char *put_utf8(char *p, uint32_t c)
{
	if (c < 0x80) {
		*p++ = (char)c;
		return p;
	}
	if (c < 0x800) {
		*p++ = (char)(0xc0 | c >> 6);
	} else {
		if (c < 0x10000) {
			*p++ = (char)(0xe0 | c >> 12);
		} else {
			*p++ = (char)(0xf0 | c >> 18);
			*p++ = (char)(0x80 | (c >> 12 & 0x3f));
		}
		*p++ = (char)(0x80 | (c >> 6 & 0x3f));
	}
	*p++ = (char)(0x80 | (c & 0x3f));
	return p;
}

bool pgi_punycode_decode(const char *ascii, char *out, size_t size)
{
	uint32_t chars[CHARS_MAX], count = 0, i;
	const char *last = strrchr(ascii, '-');

	for (; last && ascii < last; ascii++) {
		if ((unsigned char)*ascii >= FIRST || count == CHARS_MAX)
			return false;
		chars[count++] = (unsigned char)*ascii;
	}
	if (last)
		ascii = last + 1;
	if (!decode_rest(ascii, chars, &count) || size < 4 * (size_t)count + 1)
		return false;
	for (i = 0; i < count; i++)
		out = put_utf8(out, chars[i]);
	*out = 0;
	return true;
}
