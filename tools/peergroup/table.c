// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Aligned columns, by the width that a terminal gives each character.
 */
#include <stdlib.h>
#include <string.h>
#include <wchar.h>
#include "cmd.h"
#include "json.h"
#include "table.h"

struct table {
	size_t columns;
	size_t rows;
	bool *right;
	char **cells;
};

struct table *table_new(const char *const *headings)
{
	struct table *t = xalloc(sizeof(*t));
	size_t i;

	while (headings[t->columns])
		t->columns++;
	t->right = xalloc(t->columns * sizeof(*t->right));
	t->cells = xalloc(t->columns * sizeof(*t->cells));
	for (i = 0; i < t->columns; i++) {
		t->right[i] = headings[i][0] == '>';
		t->cells[i] = xstrdup(headings[i] + t->right[i]);
	}
	t->rows = 1;
	return t;
}

void table_row(struct table *t, ...)
{
	const char *cell;
	va_list ap;
	size_t i;

	t->cells = xrealloc(t->cells, (t->rows + 1) * t->columns * sizeof(*t->cells));
	va_start(ap, t);
	for (i = 0; i < t->columns; i++) {
		cell = va_arg(ap, const char *);
		if (!cell || !*cell)
			cell = "-";
		t->cells[t->rows * t->columns + i] = safe_text(cell, strlen(cell));
	}
	va_end(ap);
	t->rows++;
}

static int width(const char *s)
{
	wchar_t wide[1024];
	size_t n = mbstowcs(wide, s, ARRAY_SIZE(wide) - 1);
	int w;

	if (n == (size_t)-1)
		return (int)strlen(s);
	wide[n < ARRAY_SIZE(wide) ? n : ARRAY_SIZE(wide) - 1] = 0;
	w = wcswidth(wide, n);
	return w < 0 ? (int)strlen(s) : w;
}

void table_print(struct table *t)
{
	size_t i, row;
	int *most = xalloc(t->columns * sizeof(*most));
	int w, pad;

	for (i = 0; i < t->rows * t->columns; i++) {
		w = width(t->cells[i]);
		if (w > most[i % t->columns])
			most[i % t->columns] = w;
	}
	for (row = t->rows > 1 ? 0 : 1; row < t->rows; row++) {
		for (i = 0; i < t->columns; i++) {
			const char *cell = t->cells[row * t->columns + i];

			pad = most[i] - width(cell);
			if (t->right[i])
				printf("%*s%s", pad, "", cell);
			else if (i + 1 < t->columns)
				printf("%s%*s", cell, pad, "");
			else
				fputs(cell, stdout);
			fputs(i + 1 < t->columns ? "  " : "\n", stdout);
		}
	}
	for (i = 0; i < t->rows * t->columns; i++)
		free(t->cells[i]);
	free(t->cells);
	free(t->right);
	free(most);
	free(t);
}

struct table *rows_begin(const char *const *headings)
{
	if (!opt_json)
		return table_new(headings);
	json_start(false);
	json_array(NULL);
	return NULL;
}

void rows_end(struct table *t)
{
	if (t) {
		table_print(t);
		return;
	}
	json_end_array();
	json_finish();
}
