/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What others wrote, as it may be shown, see safe.c. Whoever links it has an xalloc().
 */
#ifndef SAFE_H
#define SAFE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Memory of zeros; where there is none, the program ends. */
void *xalloc(size_t size);

/*
 * A copy to be shown: "\x1b", "\u202e", "\U000e0041" for what would drive a terminal, or not
 * be seen, and for bytes that are no UTF-8. free() it.
 */
char *safe_text(const char *s, size_t len);
/* Is that how it is already, but for the controls that are named? */
bool is_safe(const char *s, size_t len, const char *controls);
/* Prints it, between two texts of the program's own. */
void safe_print(const char *before, const char *text, const char *after);
/* Is it one of these? */
bool is_unseen(uint32_t c);
/* The first character of UTF-8, which has *@c as its number; 0 if there is none. */
size_t utf8_next(const char *s, size_t len, uint32_t *c);

#endif
