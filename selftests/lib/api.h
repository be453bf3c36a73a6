/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What tests of the Windows interface share: results, and text that is 16 bits wide.
 */
#ifndef _SELFTESTS_API_H
#define _SELFTESTS_API_H

#include <string.h>
#include <p2p.h>
#include <peergroup.h>
#include "tap.h"

#define HR(call, expected) do {						\
	HRESULT hr_ = (call);						\
									\
	CHECK(hr_ == (expected), "-> 0x%08x, %s", (unsigned int)hr_,	\
	      peergroup_error_detail());				\
} while (0)

#define WIDE_MAX	65536

/* ASCII; good until the fourth call after it. */
__attribute__((unused)) static WCHAR *wide(const char *s)
{
	static WCHAR buf[4][WIDE_MAX];
	static unsigned int next;
	WCHAR *w = buf[next++ % 4];
	size_t i;

	NEED(strlen(s) < WIDE_MAX);
	for (i = 0; s[i]; i++)
		w[i] = (WCHAR)s[i];
	w[i] = 0;
	return w;
}

/* NULL is the same as NULL only. */
__attribute__((unused)) static bool same(const WCHAR *w, const char *s)
{
	if (!w || !s)
		return !w && !s;
	while (*s && *w == (WCHAR)*s) {
		w++;
		s++;
	}
	return !*s && !*w;
}

#endif /* _SELFTESTS_API_H */
