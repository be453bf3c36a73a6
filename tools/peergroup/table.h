/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Aligned columns for people. A heading that starts with '>' makes its column
 * flush right. Cells are copied and made safe for a terminal.
 */
#ifndef PEERGROUP_TABLE_H
#define PEERGROUP_TABLE_H

struct table;

/* @headings ends with NULL. */
struct table *table_new(const char *const *headings);
/* One const char * per column; NULL and "" show as "-". */
void table_row(struct table *t, ...);
/* Prints (no headings without rows), and frees. */
void table_print(struct table *t);

/* The same for a list that --json makes an array of: then there is no table, but NULL. */
struct table *rows_begin(const char *const *headings);
void rows_end(struct table *t);

#endif /* PEERGROUP_TABLE_H */
