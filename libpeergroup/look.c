// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Who has left. The kernel tells of each certificate, and of some again; a member leaves once,
 * and not while it has another one that holds. So that is what a look at all of them says, of
 * which there may be many: whoever revokes without end has them looked at for a part of the time.
 */
#include "feed.h"

/* So many times as long as a look took goes by before the next, which is a tenth of a processor. */
#define PAUSES		10ULL
/* No less, as many short ones wake a program as often; and clocks may be coarse. */
#define PAUSE_MIN_NS	(100 * 1000 * 1000ULL)

/* Nor is it later, as the kernel's clock may be set meanwhile. */
#define DUE_MAX		(3600 * PEERGROUP_TIME_PER_SECOND)
#define NS_PER_TICK	(1000 * 1000 * 1000ULL / PEERGROUP_TIME_PER_SECOND)

/* Of a list of certificates: who has one that is revoked has left. */
static HRESULT push_revoked(const char *name, uint32_t change, void *arg)
{
	bool revoked = change == PEER_MEMBER_CONNECTED;
	const struct peergroup_event event = {
		.kind = PEERGROUP_EVENT_MEMBER, .link_peer = name, .revoked = revoked,
		.member_change = revoked ? PEER_MEMBER_LEFT : PEER_MEMBER_JOINED,
	};

	return pgi_feed_push(arg, &event, S_OK);
}

/* Nobody tells that a certificate begins to hold, by which who has left is in again. */
static void plan_next(struct pgi_feed *feed, uint64_t now)
{
	uint64_t ticks = feed->revoked.due - now;

	if (ticks > DUE_MAX)
		ticks = DUE_MAX;
	feed->look_due = feed->revoked.due ?
		pgi_feed_clock(CLOCK_MONOTONIC) + ticks * NS_PER_TICK : 0;
}

static HRESULT look(struct pgi_feed *feed, pgi_presence_tell tell)
{
	struct pgi_presence *again = feed->members ? &feed->rejoined : NULL;
	HRESULT hr = pgi_feed_asking(feed);
	struct pgi_group_state state;
	uint64_t now;

	if (SUCCEEDED(hr))
		hr = pgi_group_state_by_index(&feed->ask, feed->group, &state);
	if (FAILED(hr))
		return hr;
	now = pgi_now() + (uint64_t)state.time_offset;
	hr = pgi_presence_compare_revoked(&feed->revoked, again, &feed->ask, feed->group, now,
					  tell, feed);
	plan_next(feed, now);
	return hr;
}

HRESULT pgi_feed_start_looks(struct pgi_feed *feed)
{
	return look(feed, NULL);
}

static HRESULT look_and_measure(struct pgi_feed *feed)
{
	uint64_t began = pgi_feed_clock(CLOCK_THREAD_CPUTIME_ID), pause;
	HRESULT hr = look(feed, push_revoked);

	/* The kernel's work for it is this thread's. */
	pause = PAUSES * (pgi_feed_clock(CLOCK_THREAD_CPUTIME_ID) - began);
	if (pause < PAUSE_MIN_NS)
		pause = PAUSE_MIN_NS;
	feed->look_from = pgi_feed_clock(CLOCK_MONOTONIC) + pause;
	feed->certs_behind = FAILED(hr);
	/* That a group has ended meanwhile is heard next. */
	return pgi_nl_ended(hr) ? S_OK : hr;
}

/* By CLOCK_MONOTONIC; 0: none is to be made. */
static uint64_t next_look(const struct pgi_feed *feed)
{
	if (feed->gone)
		return 0;
	return feed->certs_behind ? feed->look_from : feed->look_due;
}

/* It asks for no room in the queue, which gets two events of each member at most. */
HRESULT pgi_feed_look(struct pgi_feed *feed)
{
	uint64_t now = pgi_feed_clock(CLOCK_MONOTONIC);
	HRESULT hr = S_OK;

	feed->certs_behind |= feed->look_due && now >= feed->look_due;
	if (feed->certs_behind && !feed->gone && now >= feed->look_from)
		hr = look_and_measure(feed);
	pgi_feed_wait(feed, PGI_WAIT_LOOK, next_look(feed));
	return hr;
}

int pgi_feed_until_look(const struct pgi_feed *feed, int timeout)
{
	uint64_t now, ms = 0, next = next_look(feed);

	if (!timeout || !next)
		return timeout;
	now = pgi_feed_clock(CLOCK_MONOTONIC);
	if (now < next)
		ms = (next - now) / 1000000 + 1;
	return timeout < 0 || ms < (uint64_t)timeout ? (int)ms : timeout;
}
