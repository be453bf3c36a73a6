/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SHIM_LINK_NET_INET_SOCK_H
#define _SHIM_LINK_NET_INET_SOCK_H

#include <linux/net.h>

static inline int inet_sk_state_load(const struct sock *sk)
{
	(void)sk;
	return 0;
}

static inline int sock_error(struct sock *sk)
{
	(void)sk;
	return 0;
}

#endif
