// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Files of lines about what is in a group, see output.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>
#include "common.h"
#include "output.h"

void lines_add(struct lines *lines, const char *format, ...)
{
	va_list args;

	lines->line = reallocarray(lines->line, lines->count + 1, sizeof(char *));
	if (!lines->line)
		die_errno("lines");
	va_start(args, format);
	if (vasprintf(&lines->line[lines->count++], format, args) < 0)
		die_errno("lines");
	va_end(args);
}

void lines_free(struct lines *lines)
{
	while (lines->count)
		free(lines->line[--lines->count]);
	free(lines->line);
	lines->line = NULL;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char * const *)a, *(char * const *)b);
}

void lines_sort(struct lines *lines)
{
	if (lines->count)
		qsort(lines->line, lines->count, sizeof(char *), by_text);
}

static char *joined(struct lines *lines, size_t *size)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, size);
	size_t i;

	if (!out)
		die_errno("lines");
	lines_sort(lines);
	for (i = 0; i < lines->count; i++)
		if (!i || strcmp(lines->line[i], lines->line[i - 1]))
			fprintf(out, "%s\n", lines->line[i]);
	if (fclose(out) || !text)
		die_errno("lines");
	return text;
}

/* Another user's link or FIFO may be put there to spoil something or to hold up who writes. */
static bool is_trusted(const struct stat *st)
{
	return !st->st_uid || st->st_uid == geteuid();
}

static bool is_same(const struct stat *a, const struct stat *b)
{
	return (a->st_mode & S_IFMT) == (b->st_mode & S_IFMT) && a->st_dev == b->st_dev &&
	       a->st_ino == b->st_ino;
}

/* What there is, for @link behind a link; false where nothing is. */
static bool look(const char *path, struct stat *st, bool *link)
{
	*link = false;
	if (lstat(path, st)) {
		if (errno != ENOENT)
			die_errno(path);
		return false;
	}
	*link = S_ISLNK(st->st_mode) && is_trusted(st);
	if (*link && stat(path, st))
		die_errno(path);	/* a link to nothing, say */
	return true;
}

/* A file to read; NULL, and nobody waits, where it is none. */
static FILE *open_file(const char *path, bool link)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC | (link ? 0 : O_NOFOLLOW));
	struct stat st;
	FILE *file = NULL;

	if (fd >= 0 && !fstat(fd, &st) && S_ISREG(st.st_mode))
		file = fdopen(fd, "r");
	if (fd >= 0 && !file)
		close(fd);
	return file;
}

static bool holds(const char *path, const char *text, size_t size)
{
	FILE *file = open_file(path, false);
	char *now = xalloc(size + 1);
	bool same = file && fread(now, 1, size + 1, file) == size &&
		    !memcmp(now, text, size);

	free(now);
	if (file)
		fclose(file);
	return same;
}

static bool write_all(int fd, const char *text, size_t size)
{
	ssize_t n;

	for (; size; text += n, size -= (size_t)n) {
		n = write(fd, text, size);
		if (n <= 0)
			return false;
	}
	return true;
}

static bool on_pipefs(const char *path)
{
	struct statfs fs;

	return !statfs(path, &fs) && fs.f_type == PIPEFS_MAGIC;
}

static bool is_through(const char *path, const struct stat *st)
{
	/* A pipe without a name is whose who has started the program. */
	return S_ISCHR(st->st_mode) ||
	       (S_ISFIFO(st->st_mode) && (is_trusted(st) || on_pipefs(path)));
}

/* Of a FIFO that nobody reads, or no longer, false: somebody may come yet. */
static bool write_to(const char *path, bool link, const struct stat *st, const char *text,
		     size_t size)
{
	int fd = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC | (link ? 0 : O_NOFOLLOW));
	struct stat now;
	bool good = false;
	int error = errno;

	if (fd >= 0) {
		if (fstat(fd, &now) || !is_same(&now, st)) {
			fprintf(stderr, "%s: no longer what it was\n", path);
			exit(1);
		}
		fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
		good = write_all(fd, text, size);
		error = errno;
		close(fd);
	}
	if (!good && (!S_ISFIFO(st->st_mode) || (error != ENXIO && error != EPIPE) ||
		      on_pipefs(path))) {
		errno = error;
		die_errno(path);
	}
	return good;
}

/* A device or a pipe, which stays what it is: it is told all lines each time. */
static bool write_through(const char *path, bool link, const struct stat *st, const char *text,
			  size_t size)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN }, before;
	static char *last;
	bool written;

	if (last && !strcmp(last, text))
		return false;
	sigaction(SIGPIPE, &ignore, &before);
	written = write_to(path, link, st, text, size);
	sigaction(SIGPIPE, &before, NULL);
	if (written) {
		free(last);
		last = strdup(text);
	}
	return written;
}

static void replace(const char *path, const char *text, size_t size)
{
	char *new;
	int fd;

	if (asprintf(&new, "%s.XXXXXX", path) < 0)
		die_errno(path);
	fd = mkostemp(new, O_CLOEXEC);
	if (fd < 0) {
		/* Of the name that has been made up nobody knows. */
		fprintf(stderr, "%s: no file can be made in its folder: %s\n", path,
			strerror(errno));
		exit(1);
	}
	/* Without fsync() a crash may leave the new name with nothing in it. */
	if (!write_all(fd, text, size) || fchmod(fd, 0644) || fsync(fd) || close(fd) ||
	    rename(new, path)) {
		int error = errno;

		unlink(new);
		errno = error;
		die_errno(path);
	}
	free(new);
}

/* A link stays one: what it leads to is the file. But another user's is replaced itself. */
static char *file_behind(const char *path, bool link, const struct stat *st)
{
	char *file = link ? realpath(path, NULL) : strdup(path);
	struct stat now;

	if (!file)
		die_errno(path);
	if (link && (lstat(file, &now) || !is_same(&now, st))) {
		fprintf(stderr, "%s: no longer what it was\n", path);
		exit(1);
	}
	return file;
}

bool lines_write(struct lines *lines, const char *path)
{
	bool link, there, differs;
	struct stat st;
	char *text, *file;
	size_t size;

	there = look(path, &st, &link);
	text = joined(lines, &size);
	if (there && is_through(path, &st)) {
		differs = write_through(path, link, &st, text, size);
	} else if (!there || S_ISREG(st.st_mode) || S_ISLNK(st.st_mode) || S_ISFIFO(st.st_mode)) {
		file = file_behind(path, link, &st);
		differs = !holds(file, text, size);
		if (differs)
			replace(file, text, size);
		free(file);
	} else {
		fprintf(stderr, "%s: neither a file, nor a pipe or character device\n", path);
		exit(1);
	}
	free(text);
	return differs;
}

/* ------------------------------------------------------- following a group -- */

static void carry_file(struct output *out)
{
	struct stat st;
	char *line = NULL;
	size_t size = 0;
	ssize_t len;
	FILE *file;
	bool link;

	out->begun = true;
	if (!look(out->path, &st, &link) || !S_ISREG(st.st_mode))
		return;
	file = open_file(out->path, link);
	if (!file)
		die_errno(out->path);
	while ((len = getline(&line, &size, file)) > 0)
		lines_add(&out->carried, "%.*s", (int)strcspn(line, "\n"), line);
	free(line);
	fclose(file);
}

static size_t name_len(const struct output *out, const char *line)
{
	const char *end = strchr(line, out->end);

	return end ? (size_t)(end - line) : strlen(line);
}

static void heard(struct output *out, const char *line)
{
	struct lines *c = &out->carried;
	size_t len = name_len(out, line), i = 0;

	while (i < c->count) {
		if (name_len(out, c->line[i]) == len && !out->compare(c->line[i], line, len)) {
			free(c->line[i]);
			c->line[i] = c->line[--c->count];
		} else {
			i++;
		}
	}
}

void output_heard(struct output *out, const char *name)
{
	if (!out->begun)
		carry_file(out);
	heard(out, name);
	out->anything = true;
}

void output_begin(struct output *out, peergroup_t group)
{
	struct peergroup_status *status;

	check(peergroup_status(group, &status), "status");
	out->ready = status->flags & PEERGROUP_STATUS_READY;
	out->synced = status->flags & PEERGROUP_STATUS_SYNCED;
	out->anything |= status->tombstones != 0;
	peergroup_free(status);
}

bool output_write(struct output *out, struct lines *lines)
{
	size_t i;

	out->anything |= lines->count != 0;
	if (!out->ready || !out->anything)
		return false;
	if (!out->begun)
		carry_file(out);
	for (i = 0; i < lines->count && out->carried.count; i++)
		heard(out, lines->line[i]);
	if (out->synced)
		lines_free(&out->carried);
	for (i = 0; i < out->carried.count; i++)
		lines_add(lines, "%s", out->carried.line[i]);
	return lines_write(lines, out->path);
}

bool take_events(peergroup_watch_t watch, const uuid_t type, bool *changed)
{
	struct peergroup_event event;
	HRESULT hr;

	while ((hr = peergroup_watch_next(watch, &event)) == S_OK) {
		if (event.kind == PEERGROUP_EVENT_GONE)
			return false;
		/* The status tells when the table is one to believe. */
		*changed |= event.kind == PEERGROUP_EVENT_STATUS ||
			    (event.kind == PEERGROUP_EVENT_RECORD &&
			     !uuid_compare(event.type, type));
	}
	check(hr, "watch");
	return true;
}
