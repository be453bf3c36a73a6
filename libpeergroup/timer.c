// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A feed's timer: one for all that it waits with, which ends when the first of that is due.
 */
#include <errno.h>
#include <sys/timerfd.h>
#include <unistd.h>
#include "feed.h"

#define NS_PER_SECOND	1000000000ULL

uint64_t pgi_feed_clock(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * NS_PER_SECOND + (uint64_t)ts.tv_nsec;
}

static bool needs_one(const struct pgi_feed *feed)
{
	return feed->takes & PEERGROUP_TAKES_DATA || feed->certs;
}

HRESULT pgi_feed_timer_open(struct pgi_feed *feed)
{
	if (!needs_one(feed))
		return S_OK;
	feed->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	return feed->timer < 0 ? pgi_from_errno(errno) : S_OK;
}

void pgi_feed_timer_close(struct pgi_feed *feed)
{
	if (feed->nl.sock && feed->timer >= 0)
		close(feed->timer);
}

/* What is set anew has not ended. */
static bool set(const struct pgi_feed *feed)
{
	struct itimerspec when = { 0 };
	uint64_t first = UINT64_MAX;
	size_t i;

	for (i = 0; i < PGI_WAITS; i++)
		if (feed->until[i] && feed->until[i] < first)
			first = feed->until[i];
	if (first != UINT64_MAX) {
		when.it_value.tv_sec = (time_t)(first / NS_PER_SECOND);
		when.it_value.tv_nsec = (long)(first % NS_PER_SECOND);
	}
	return !timerfd_settime(feed->timer, TFD_TIMER_ABSTIME, &when, NULL);
}

void pgi_feed_wait(struct pgi_feed *feed, enum pgi_wait what, uint64_t until)
{
	uint64_t was = feed->until[what];

	if (until == was)
		return;
	feed->until[what] = until;
	if (!set(feed))
		feed->until[what] = was;
}

bool pgi_feed_waited(struct pgi_feed *feed, enum pgi_wait what)
{
	if (!feed->until[what] || pgi_feed_clock(CLOCK_MONOTONIC) < feed->until[what])
		return false;
	pgi_feed_wait(feed, what, 0);
	return true;
}
