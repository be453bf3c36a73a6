/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * For tests of the library: a data folder of their own, deleted at the end, and
 * checks of result codes that say what came instead.
 */
#ifndef _LIB_TEST_H
#define _LIB_TEST_H

#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "tap.h"
#include "internal.h"

#define CHECK_HR(expr, expected) do {						\
	HRESULT hr_ = (expr);							\
	CHECK(hr_ == (expected), "%s, is %#x %s (%s), not %s", #expr, (unsigned int)hr_, \
	      peergroup_strerror(hr_), peergroup_error_detail(), #expected);	\
} while (0)

#define NEED_OK(expr) do {							\
	HRESULT hr_ = (expr);							\
	if (hr_ != S_OK)							\
		printf("# %s: %#x %s (%s)\n", #expr, (unsigned int)hr_,		\
		       peergroup_strerror(hr_), peergroup_error_detail());	\
	NEED(hr_ == S_OK);							\
} while (0)

#define TESTS(list) tap_main(list, sizeof(list) / sizeof((list)[0]))

static char test_home[64];

static int remove_entry(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st, (void)flag, (void)ftw;
	return remove(path);
}

static inline void test_clear(void)
{
	nftw(test_home, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

static inline void test_setup(void)
{
	strcpy(test_home, "/tmp/peergroup-test-XXXXXX");
	NEED(mkdtemp(test_home));
	NEED(!setenv("PEERGROUP_HOME", test_home, 1));
	atexit(test_clear);
}

static inline bool wide_is(const WCHAR *wide, const char *utf8)
{
	char *text = NULL;
	bool same;

	if (!wide || FAILED(pgi_utf8_from_wide(wide, &text)))
		return false;
	same = !strcmp(text, utf8);
	free(text);
	return same;
}

#endif
