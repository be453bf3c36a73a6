/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of the record table share: table.c, table_tree.c and table_limits.c.
 * All of it with the group's lock held.
 */
#ifndef _PG_TABLE_PRIV_H
#define _PG_TABLE_PRIV_H

#include <linux/string.h>
#include "table.h"

static inline int pg_id_cmp(const struct pg_record *a, const struct pg_record *b)
{
	return memcmp(a->rec.id, b->rec.id, PEERGROUP_ID_LEN);
}

/* ------------------------------------------------------- table_tree.c -- */

void pg_tree_insert(struct pg_table *t, struct pg_record *r);

/* Puts @r in the place of @old, which has the same id. */
void pg_tree_replace(struct pg_table *t, struct pg_record *old, struct pg_record *r);

void pg_tree_erase(struct pg_table *t, struct pg_record *r);

/* ----------------------------------------------------- table_limits.c -- */

/* Counts @r, its quota and inviter set, in (@sign 1) or out (-1). */
void pg_table_account(struct pg_table *t, const struct pg_record *r, int sign);

/**
 * pg_table_room() - is there room for @r in the place of @cur?
 * @t: the table
 * @r: its quota and inviter set
 * @cur: of the same id, in the table; NULL where there is none
 *
 * Return: 0 or a refusal (_FULL, _QUOTA).
 */
unsigned int pg_table_room(const struct pg_table *t, const struct pg_record *r,
			   const struct pg_record *cur);

#endif /* _PG_TABLE_PRIV_H */
