// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Event objects for programs of <p2p.h> that have no Win32 at hand: a HANDLE
 * that is an eventfd, and the waits a port needs.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include "internal.h"

/* 0 would read as a NULL handle, and 1 and 2 get written to by anybody. */
static int above_standard(int fd)
{
	int other;

	if (fd < 0 || fd > STDERR_FILENO)
		return fd;
	other = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	close(fd);
	return other;
}

PGI_PUBLIC HRESULT peergroup_event_create(HANDLE *event)
{
	int fd;

	pgi_clear_error();
	if (!event)
		return pgi_fail(E_INVALIDARG, "event is NULL");
	*event = NULL;
	fd = above_standard(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
	if (fd < 0)
		return pgi_from_errno(errno);
	*event = (HANDLE)(intptr_t)fd;
	return S_OK;
}

PGI_PUBLIC int peergroup_event_fd(HANDLE event)
{
	return event ? (int)(intptr_t)event : -1;
}

static uint64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

/* Takes the signal if nobody was quicker. */
static HRESULT take(int fd)
{
	uint64_t count;

	if (read(fd, &count, sizeof(count)) == sizeof(count))
		return S_OK;
	return errno == EAGAIN || errno == EINTR ? S_FALSE : E_HANDLE;
}

PGI_PUBLIC HRESULT peergroup_event_wait(HANDLE event, int timeout_ms)
{
	struct pollfd pfd = { .fd = peergroup_event_fd(event), .events = POLLIN };
	uint64_t start = now_ms(), passed;
	int left = timeout_ms, n;
	HRESULT hr;

	pgi_clear_error();
	if (pfd.fd < 0)
		return pgi_fail(E_HANDLE, "event is NULL");
	for (;;) {
		n = poll(&pfd, 1, left);
		if (!n)
			return S_FALSE;
		if (n < 0 && errno != EINTR)
			return pgi_from_errno(errno);
		if (n > 0) {
			if (!(pfd.revents & POLLIN))
				return pgi_fail(E_HANDLE, "not an event");
			hr = take(pfd.fd);
			if (hr != S_FALSE)
				return hr;
		}
		if (timeout_ms < 0)
			continue;
		passed = now_ms() - start;
		left = passed < (uint64_t)timeout_ms ? timeout_ms - (int)passed : 0;
	}
}

PGI_PUBLIC void peergroup_event_close(HANDLE event)
{
	if (event)
		close((int)(intptr_t)event);
}
