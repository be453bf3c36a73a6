// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What others wrote, names and data, as it may be shown: nothing of it drives a terminal,
 * and nothing of it is unseen or changes the order in which the rest is read. Called by
 * all that prints, by json.c, which has an escape of its own, and by the programs of examples/.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "safe.h"

/*
 * Controls; what has no width of its own; what turns the direction of text around; line
 * and paragraph separators; tags, which can carry text unseen.
 */
static const struct {
	uint32_t first, last;
} unseen[] = {
	{ 0x00, 0x1f }, { 0x7f, 0x9f }, { 0xad, 0xad }, { 0x34f, 0x34f }, { 0x61c, 0x61c },
	{ 0x115f, 0x1160 }, { 0x17b4, 0x17b5 }, { 0x180b, 0x180f }, { 0x200b, 0x200f },
	{ 0x2028, 0x202e }, { 0x2060, 0x206f }, { 0x3164, 0x3164 },
	{ 0xfeff, 0xfeff }, { 0xffa0, 0xffa0 }, { 0xfff0, 0xfffb }, { 0x1bca0, 0x1bca3 },
	{ 0x1d173, 0x1d17a }, { 0xe0000, 0xe0fff },
};

bool is_unseen(uint32_t c)
{
	size_t i;

	for (i = 0; i < sizeof(unseen) / sizeof(unseen[0]); i++)
		if (c >= unseen[i].first && c <= unseen[i].last)
			return true;
	return false;
}

size_t utf8_next(const char *text, size_t len, uint32_t *out)
{
	const unsigned char *s = (const unsigned char *)text;
	uint32_t c;
	size_t n, i;

	*out = s[0];
	if (s[0] < 0x80)
		return 1;
	if (s[0] >= 0xc2 && s[0] <= 0xdf)
		n = 2;
	else if ((s[0] & 0xf0) == 0xe0)
		n = 3;
	else if (s[0] >= 0xf0 && s[0] <= 0xf4)
		n = 4;
	else
		return 0;
	if (len < n)
		return 0;
	c = s[0] & (0x7f >> n);
	for (i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (s[i] & 0x3f);
	}
	if ((n == 3 && c < 0x800) || (n == 4 && (c < 0x10000 || c > 0x10ffff)) ||
	    (c >= 0xd800 && c <= 0xdfff))
		return 0;
	*out = c;
	return n;
}

bool is_safe(const char *s, size_t len, const char *controls)
{
	size_t i, step;
	uint32_t c;

	for (i = 0; i < len; i += step) {
		step = utf8_next(s + i, len - i, &c);
		if (!step || !c || (is_unseen(c) && (step > 1 || !strchr(controls, s[i]))))
			return false;
	}
	return true;
}

char *safe_text(const char *s, size_t len)
{
	char *out = xalloc(8 * len + 1);	/* "\\u{e0001}" for four bytes, "\\x1b" for one */
	size_t i, n = 0, step;
	uint32_t c;

	for (i = 0; i < len; i += step) {
		step = utf8_next(s + i, len - i, &c);
		if (!step)
			step = 1;
		else if (!is_unseen(c))
			c = 0;
		/* A byte that is no text, or a sequence that is cut off, is shown as that. */
		if (c && c < 0x100)
			n += (size_t)sprintf(out + n, "\\x%02x", c);
		else if (c)
			n += (size_t)sprintf(out + n, c < 0x10000 ? "\\u%04x" : "\\U%08x", c);
		else if (step == 1 && !s[i])
			n += (size_t)sprintf(out + n, "\\x00");
		else
			n += (size_t)sprintf(out + n, "%.*s", (int)step, s + i);
	}
	out[n] = 0;
	return out;
}

void safe_print(const char *before, const char *text, const char *after)
{
	char *safe = safe_text(text, strlen(text));

	printf("%s%s%s", before, safe, after);
	free(safe);
}
