// SPDX-License-Identifier: GPL-2.0-only
/* What pg-peer does to handshake messages and frames on their way out. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "pg-peer.h"

enum how { AS_IS, FLIP, CUT, PAD, PUT, LENGTH, TWICE, DROP, HOLD, SAVE };

static const char *const how_names[] = {
	[FLIP] = "flip", [CUT] = "cut", [PAD] = "pad", [PUT] = "put", [LENGTH] = "length",
	[TWICE] = "twice", [DROP] = "drop", [HOLD] = "hold", [SAVE] = "save",
};

static const char *const what_names[] = {
	[CALL] = "1", [SECOND] = "2", [THIRD] = "3", [FRAME] = "frame",
};

static struct spoil {
	enum how how;
	char *arg, *value;
} spoils[WHATS];

/* What "hold" keeps until the next one of its kind has been sent. */
static struct bytes held[WHATS];

static unsigned int look_up(const char *name, const char *const *names, unsigned int n)
{
	unsigned int i;

	for (i = 0; name && i < n; i++)
		if (names[i] && !strcmp(names[i], name))
			return i;
	die("%s: no such thing to be spoiled, or no such way", name ? name : "spoil");
}

void do_spoil(char **args)
{
	enum what what = look_up(args[0], what_names, WHATS);
	struct spoil *s = &spoils[what];

	s->how = look_up(args[1], how_names, sizeof(how_names) / sizeof(how_names[0]));
	s->arg = args[2] ? strdup(args[2]) : NULL;
	s->value = args[2] && args[3] ? strdup(args[3]) : NULL;
	if (!s->arg && s->how != TWICE && s->how != DROP && s->how != HOLD)
		die("%s: of what?", args[1]);
}

static void save(const char *path, const struct bytes *b)
{
	FILE *file = fopen(path, "wb");

	if (!file || fwrite(b->p, 1, b->len, file) != b->len || fclose(file))
		die("%s: cannot be written", path);
}

/* The length that stands before it, where there is one. */
static void set_length(enum what what, struct bytes *b, long long len)
{
	if (what == CALL || b->len < 2)
		die("there is no length in it");
	b->p[0] = (uint8_t)(len >> 8);
	b->p[1] = (uint8_t)len;
}

static void change(enum what what, const struct spoil *s, struct bytes *b)
{
	unsigned int bit = 0;
	struct bytes other;
	size_t at;

	if (s->how == FLIP) {
		at = offset_in(s->arg, 0, b->len, &bit);
		b->p[at] ^= 1U << bit;
	} else if (s->how == CUT) {
		at = number(s->arg);
		b->len = at < b->len ? at : b->len;
	} else if (s->how == PAD) {
		other = get_bytes(s->arg);
		append(b, other.p, other.len);
		free(other.p);
	} else if (s->how == PUT) {
		other = get_bytes(s->value ? s->value : "");
		at = offset_in(s->arg, 0, b->len, NULL);
		if (other.len > b->len - at)
			die("put: it has %zu bytes", b->len);
		memcpy(b->p + at, other.p, other.len);
		free(other.p);
	} else if (s->how == LENGTH) {
		set_length(what, b, number(s->arg));
	} else if (s->how == SAVE) {
		save(s->arg, b);
	}
}

void put_spoiled(enum what what, struct bytes *b)
{
	struct spoil s = spoils[what];
	struct bytes before = held[what];

	memset(&spoils[what], 0, sizeof(spoils[what]));
	change(what, &s, b);
	if (s.how == HOLD) {
		held[what] = copy(b->p, b->len);
		return;
	}
	if (s.how != DROP)
		put_raw(b->p, b->len);
	if (s.how == TWICE)
		put_raw(b->p, b->len);
	if (before.p) {
		put_raw(before.p, before.len);
		free(before.p);
		memset(&held[what], 0, sizeof(held[what]));
	}
	free(s.arg);
	free(s.value);
}
