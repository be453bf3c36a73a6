// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <sys/socket.h>
#include "sockets.h"
#include "tap.h"

bool socket_shrink(int fd)
{
	int small = 1;

	return !setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
}

int sockets_shrink_polled(int epoll)
{
	int fd, found = 0;
	char line[256];
	FILE *file;

	snprintf(line, sizeof(line), "/proc/self/fdinfo/%d", epoll);
	file = fopen(line, "r");
	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "tfd: %d", &fd) == 1)
			found += socket_shrink(fd);
	if (file)
		fclose(file);
	return found;
}

/* One number of each, summed up. */
static unsigned long sum_sockets(const char *format)
{
	FILE *file = fopen("/proc/self/net/netlink", "r");
	unsigned long n, sum = 0;
	char line[256];

	NEED(file);
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, format, &n) == 1)
			sum += n;
	fclose(file);
	return sum;
}

unsigned long sockets_dropped(void)
{
	return sum_sockets("%*s %*s %*s %*s %*s %*s %*s %*s %lu");
}

unsigned long sockets_dumping(void)
{
	return sum_sockets("%*s %*s %*s %*s %*s %*s %lu");
}

bool sockets_read(void *unused)
{
	(void)unused;
	return !sum_sockets("%*s %*s %*s %*s %lu");
}
