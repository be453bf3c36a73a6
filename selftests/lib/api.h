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

/* Are these flags of its status (PEERGROUP_STATUS_*) set? None is before a password is proved. */
__attribute__((unused)) static bool has_status(peergroup_t group, uint32_t flags)
{
	struct peergroup_status *status;
	HRESULT hr = peergroup_status(group, &status);
	bool has;

	if (hr == PEER_E_GROUP_NOT_READY)
		return false;
	NEED(!hr);
	has = (status->flags & flags) == flags;
	peergroup_free(status);
	return has;
}

/* Has it ever synchronised? For wait_until(). */
__attribute__((unused)) static bool is_ready(void *group)
{
	return has_status(group, PEERGROUP_STATUS_READY);
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
