// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Lines that scroll and one that is edited, see screen.h.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>
#include <wctype.h>
#define NCURSES_WIDECHAR 1
#include <curses.h>
#include "common.h"
#include "screen.h"

#define KEPT		2000	/* lines that can be scrolled back to */
#define ROWS_MAX	512	/* of one line */
#define INDENT		6	/* of all rows but the first, which nobody else's text reaches */
#define INPUT_MAX	1000
#define CTRL(c)		((c) & 0x1f)

static bool on_terminal;
static wchar_t *title, *kept[KEPT];
static size_t n_kept;			/* ever; the newest is at (n_kept - 1) % KEPT */
static size_t scrolled;			/* rows between the newest one and the lowest shown */
static wchar_t input[INPUT_MAX + 1];
static size_t length, cursor;

/* ---------------------------------------------------------------- the lines -- */

/* Columns; what the C library does not know becomes what stands for it. */
static int width_of(wchar_t c)
{
	int width = wcwidth(c);

	return width < 0 ? 1 : width;
}

static wchar_t *widened(const char *text)
{
	size_t i, len = strlen(text);
	wchar_t *wide = xalloc((len + 1) * sizeof(*wide));

	if (mbstowcs(wide, text, len + 1) == (size_t)-1)
		wcscpy(wide, L"?");
	for (i = 0; wide[i]; i++)
		if (wcwidth(wide[i]) < 0)
			wide[i] = 0xfffd;
	return wide;
}

/* Where the row that begins at @text ends: behind a space, if there is one. */
static size_t row_length(const wchar_t *text, int width)
{
	size_t i, space = 0;

	for (i = 0; text[i]; i++) {
		width -= width_of(text[i]);
		if (width < 0 && i)
			return space ? space : i;
		if (text[i] == ' ')
			space = i + 1;
	}
	return i;
}

/* Where each row of a line begins, and the last one ends. */
static size_t split(const wchar_t *text, size_t starts[ROWS_MAX + 1])
{
	size_t n = 0;

	starts[0] = 0;
	do {
		starts[n + 1] = starts[n] + row_length(text + starts[n],
						       n ? COLS - INDENT : COLS);
		n++;
	} while (text[starts[n]] && n < ROWS_MAX);
	return n;
}

void screen_add(const char *text)
{
	size_t starts[ROWS_MAX + 1];
	wchar_t **line = &kept[n_kept % KEPT];

	if (!on_terminal) {
		puts(text);
		fflush(stdout);
		return;
	}
	free(*line);
	*line = widened(text);
	n_kept++;
	if (scrolled)		/* who looks at what was is not to be disturbed */
		scrolled += split(*line, starts);
}

void screen_title(const char *text)
{
	free(title);
	title = widened(text);
}

/* ------------------------------------------------------------- the terminal -- */

/* The lowest rows, without those scrolled over; how many of a page are missing. */
static size_t draw_lines(void)
{
	size_t starts[ROWS_MAX + 1], skip = scrolled, i, row;
	size_t oldest = n_kept > KEPT ? n_kept - KEPT : 0;
	int y = LINES - 2;

	for (i = n_kept; i-- > oldest && y >= 1;) {
		const wchar_t *text = kept[i % KEPT];

		for (row = split(text, starts); row-- > 0 && y >= 1;) {
			if (skip)
				skip--;
			else
				mvaddnwstr(y--, row ? INDENT : 0, text + starts[row],
					   (int)(starts[row + 1] - starts[row]));
		}
	}
	return skip + (y > 0 ? (size_t)y : 0);
}

static void draw_input(void)
{
	size_t from = cursor;
	int width = COLS - 4;

	while (from && (width -= width_of(input[from - 1])) >= 0)
		from--;
	mvaddstr(LINES - 1, 0, scrolled ? "^ " : "> ");
	addnwstr(input + from, (int)row_length(input + from, COLS - 3));
	move(LINES - 1, 2);
	addnwstr(input + from, (int)(cursor - from));
}

void screen_draw(void)
{
	size_t missing;

	if (!on_terminal)
		return;
	erase();
	while ((missing = draw_lines()) && scrolled) {
		scrolled -= missing < scrolled ? missing : scrolled;
		erase();
	}
	attron(A_REVERSE);
	mvhline(0, 0, ' ', COLS);
	if (title)
		mvaddnwstr(0, 0, title, (int)row_length(title, COLS));
	attroff(A_REVERSE);
	draw_input();
	refresh();
}

void screen_open(void)
{
	on_terminal = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) &&
		      newterm(NULL, stdout, stdin);
	if (!on_terminal)
		return;
	atexit(screen_close);
	cbreak();
	noecho();
	nonl();
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	set_escdelay(50);
}

void screen_close(void)
{
	if (on_terminal)
		endwin();
	on_terminal = false;
}

/* -------------------------------------------------------------- the input -- */

static void delete(size_t from, size_t to)
{
	wmemmove(input + from, input + to, length - to + 1);
	length -= to - from;
	cursor = from;
}

static void insert(wchar_t c)
{
	if (length == INPUT_MAX || !iswprint((wint_t)c))
		return;
	wmemmove(input + cursor + 1, input + cursor, length - cursor + 1);
	input[cursor++] = c;
	length++;
}

/* Where the word before the cursor begins. */
static size_t word(void)
{
	size_t i = cursor;

	while (i && input[i - 1] == ' ')
		i--;
	while (i && input[i - 1] != ' ')
		i--;
	return i;
}

static void edit(bool special, wint_t key)
{
	size_t page = LINES > 4 ? (size_t)LINES - 4 : 1;

	if (special ? key == KEY_BACKSPACE : key == CTRL('H') || key == 0x7f)
		delete(cursor - !!cursor, cursor);
	else if (special && key == KEY_DC)
		delete(cursor, cursor + (cursor < length));
	else if (special && key == KEY_LEFT)
		cursor -= !!cursor;
	else if (special && key == KEY_RIGHT)
		cursor += cursor < length;
	else if (special ? key == KEY_HOME : key == CTRL('A'))
		cursor = 0;
	else if (special ? key == KEY_END : key == CTRL('E'))
		cursor = length;
	else if (special && key == KEY_PPAGE)
		scrolled += page;
	else if (special && key == KEY_NPAGE)
		scrolled -= page < scrolled ? page : scrolled;
	else if (!special && key == CTRL('U'))
		delete(0, cursor);
	else if (!special && key == CTRL('W'))
		delete(word(), cursor);
	else if (special ? key == KEY_RESIZE : key == CTRL('L'))
		clearok(stdscr, TRUE);	/* terminals differ in what is left on them */
	else if (!special)
		insert((wchar_t)key);
}

static char *entered(void)
{
	size_t size = length * MB_CUR_MAX + 1;
	char *line = xalloc(size);

	wcstombs(line, input, size);
	length = cursor = scrolled = 0;
	input[0] = '\0';
	return line;
}

static char *read_keys(bool *end)
{
	struct pollfd pfd = { .fd = STDIN_FILENO, .events = POLLIN };
	wint_t key;
	int kind;

	while ((kind = get_wch(&key)) != ERR) {
		if (kind == OK && key == CTRL('D') && !length)
			*end = true;
		else if ((kind == OK && key == '\r') || (kind == OK && key == '\n') ||
			 (kind == KEY_CODE_YES && key == KEY_ENTER))
			return entered();
		else
			edit(kind == KEY_CODE_YES, key);
	}
	if (poll(&pfd, 1, 0) > 0 && pfd.revents & (POLLHUP | POLLERR | POLLNVAL))
		*end = true;	/* nobody is there any more */
	return NULL;
}

/* A line of a pipe; what is too long for one comes as several. */
static char *read_pipe(bool *end)
{
	struct pollfd pfd = { .fd = STDIN_FILENO, .events = POLLIN };
	static char buf[4 * INPUT_MAX + 1];
	static size_t used;
	char *line, *newline;
	ssize_t n = 1;

	while (!(newline = memchr(buf, '\n', used)) && used < sizeof(buf) - 1 && n > 0) {
		if (*end || poll(&pfd, 1, 0) <= 0)
			return NULL;
		n = read(STDIN_FILENO, buf + used, sizeof(buf) - 1 - used);
		if (n < 0 && errno == EINTR)
			return NULL;
		*end = n <= 0;
		used += n > 0 ? (size_t)n : 0;
	}
	if (!used)
		return NULL;
	n = newline ? newline - buf : (ssize_t)used;
	line = xalloc((size_t)n + 1);
	memcpy(line, buf, (size_t)n);
	used -= (size_t)n + !!newline;
	memmove(buf, buf + n + !!newline, used);
	return line;
}

char *screen_read(bool *end)
{
	return on_terminal ? read_keys(end) : read_pipe(end);
}
