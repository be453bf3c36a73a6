/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Netlink sockets from outside: whether they are read, and little room in them.
 */
#ifndef _SELFTESTS_SOCKETS_H
#define _SELFTESTS_SOCKETS_H

#include <stdbool.h>

/* So little room that a few events fill it. */
bool socket_shrink(int fd);
/* The same for the sockets that an epoll holds: how many. */
int sockets_shrink_polled(int epoll);

/* Messages that found no room in any netlink socket of this namespace. */
unsigned long sockets_dropped(void);
/* Dumps that have yet to say more. */
unsigned long sockets_dumping(void);
/* All are read empty; for wait_until(). */
bool sockets_read(void *unused);

#endif /* _SELFTESTS_SOCKETS_H */
