/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A read cursor over bytes somebody else wrote. It never passes its end: a
 * read that would sets @bad, returns zero or NULL, and so does each later one,
 * so that a parser may read a whole structure and look once.
 */
#ifndef _PG_CURSOR_H
#define _PG_CURSOR_H

#include <linux/types.h>
#include "compat.h"

struct pg_cursor {
	const u8 *pos;
	const u8 *end;
	bool bad;
};

static inline void pg_cursor_init(struct pg_cursor *c, const void *data, size_t len)
{
	/* An empty message has no memory, and with no pointer at all nobody may reckon. */
	c->pos = len ? data : (const void *)"";
	c->end = c->pos + len;
	c->bad = false;
}

static inline size_t pg_cursor_left(const struct pg_cursor *c)
{
	return c->end - c->pos;
}

static inline const void *pg_cursor_take(struct pg_cursor *c, size_t len)
{
	const u8 *p = c->pos;

	if (c->bad || len > pg_cursor_left(c)) {
		c->bad = true;
		return NULL;
	}
	c->pos += len;
	return p;
}

static inline u8 pg_cursor_u8(struct pg_cursor *c)
{
	const u8 *p = pg_cursor_take(c, 1);

	return p ? *p : 0;
}

static inline u16 pg_cursor_be16(struct pg_cursor *c)
{
	const u8 *p = pg_cursor_take(c, 2);

	return p ? get_unaligned_be16(p) : 0;
}

/* True when everything was read and nothing was missing. */
static inline bool pg_cursor_done(const struct pg_cursor *c)
{
	return !c->bad && c->pos == c->end;
}

#endif /* _PG_CURSOR_H */
