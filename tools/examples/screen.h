/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Lines that scroll, and one that is edited: by ncurses on a terminal, or plainly where
 * input or output is a pipe or a file. Text is UTF-8 and drives no terminal any more,
 * see safe.h. Nothing here waits, and nothing knows what the lines are about.
 */
#ifndef EXAMPLES_SCREEN_H
#define EXAMPLES_SCREEN_H

#include <stdbool.h>

/**
 * screen_open - begin; the terminal is given back when the program ends
 *
 * It needs a locale of UTF-8, which is set before.
 */
void screen_open(void);
void screen_close(void);

/* What the topmost line says from now on; only on a terminal. */
void screen_title(const char *text);

/* Another line at the end. */
void screen_add(const char *text);

/**
 * screen_read - take a line that has been entered
 * @end: set where there will be no more
 *
 * Return: the line, to be freed; NULL while there is none.
 */
char *screen_read(bool *end);

/* Show what has changed. */
void screen_draw(void);

#endif
