/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SHIM_LINK_LINUX_NET_H
#define _SHIM_LINK_LINUX_NET_H

#include <linux/types.h>
#include <sys/uio.h>

struct sock;

struct socket {
	struct sock *sk;
};

struct kvec {
	void *iov_base;
	size_t iov_len;
};

/* What comes is the test's. */
struct msghdr;
int kernel_recvmsg(struct socket *sock, struct msghdr *msg, struct kvec *vec, size_t n, size_t len,
		   int flags);

#endif
