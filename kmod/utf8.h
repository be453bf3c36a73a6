/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * UTF-8 as the cursor reads it: one code point at a time, nothing but the one
 * shortest form accepted. Used by the record and certificate parsers, so that
 * all hosts and the library agree on what text is.
 */
#ifndef _PG_UTF8_H
#define _PG_UTF8_H

#include "cursor.h"

/**
 * pg_utf8_take() - read one code point
 * @c: where to read
 *
 * Overlong forms, surrogates, values above U+10FFFF and sequences cut short
 * make the cursor bad.
 *
 * Return: the code point, 0 where the cursor is bad.
 */
static inline u32 pg_utf8_take(struct pg_cursor *c)
{
	static const u32 least[] = { 0, 0x80, 0x800, 0x10000 };
	u32 cp = pg_cursor_u8(c);
	unsigned int more, i;

	if (cp < 0x80)
		return cp;
	if (cp < 0xc0 || cp >= 0xf8) {
		c->bad = true;
		return 0;
	}
	more = cp < 0xe0 ? 1 : cp < 0xf0 ? 2 : 3;
	cp &= 0x3f >> more;
	for (i = 0; i < more; i++) {
		u8 next = pg_cursor_u8(c);

		if ((next & 0xc0) != 0x80)
			c->bad = true;
		cp = cp << 6 | (next & 0x3f);
	}
	if (cp < least[more] || cp > 0x10ffff || (cp >= 0xd800 && cp <= 0xdfff))
		c->bad = true;
	return c->bad ? 0 : cp;
}

#endif /* _PG_UTF8_H */
