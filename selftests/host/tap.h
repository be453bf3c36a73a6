/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * TAP, the output of kselftests, for test programs. A test is a function; checks
 * inside it, in whatever file, report the first few that fail and go on.
 */
#ifndef _TAP_H
#define _TAP_H

#include <stdio.h>
#include <stdlib.h>

#define TAP_REPORTS_MAX	10

/* Weak: one of each, however many files of a program include this. */
#define TAP_SHARED	__attribute__((weak))

TAP_SHARED unsigned int tap_count, tap_failed, tap_bad, tap_skips;
/* A test sets it where this machine has no object for it. */
TAP_SHARED const char *tap_skip;

#define CHECK(cond, ...) do {						\
	if (cond)							\
		break;							\
	if (tap_bad++ >= TAP_REPORTS_MAX)				\
		break;							\
	printf("# %s:%d: not so: %s", __FILE__, __LINE__, #cond);	\
	printf(" " __VA_ARGS__);					\
	printf("\n");							\
} while (0)

/* Without which a test cannot go on. */
#define NEED(cond) do {							\
	if (!(cond)) {							\
		printf("Bail out! %s:%d: %s\n", __FILE__, __LINE__, #cond); \
		exit(1);						\
	}								\
} while (0)

struct tap_test {
	const char *name;
	void (*run)(void);
};

static inline int tap_main(const struct tap_test *tests, unsigned int n)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("TAP version 13\n1..%u\n", n);
	for (; tap_count < n; tap_count++) {
		tap_bad = 0;
		tap_skip = NULL;
		tests[tap_count].run();
		printf("%sok %u %s%s%s\n", tap_bad ? "not " : "", tap_count + 1,
		       tests[tap_count].name, tap_skip ? " # SKIP " : "",
		       tap_skip ? tap_skip : "");
		tap_failed += tap_bad != 0;
		tap_skips += !tap_bad && tap_skip;
	}
	printf("# Totals: pass:%u fail:%u xfail:0 xpass:0 skip:%u error:0\n",
	       n - tap_failed - tap_skips, tap_failed, tap_skips);
	return tap_failed ? 1 : 0;
}

#endif
