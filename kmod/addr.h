/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where a host is to be found: what overlay.c keeps and links are dialled to.
 */
#ifndef _PG_ADDR_H
#define _PG_ADDR_H

#include <linux/in6.h>
#include <linux/types.h>

/**
 * struct pg_addr - address and port
 * @ip: an IPv4 address is kept v4-mapped
 * @port: TCP port
 * @scope: index of the interface of a link-local address, else 0
 */
struct pg_addr {
	struct in6_addr ip;
	__be16 port;
	u32 scope;
};

#endif /* _PG_ADDR_H */
