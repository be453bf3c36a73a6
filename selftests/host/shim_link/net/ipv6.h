/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SHIM_LINK_NET_IPV6_H
#define _SHIM_LINK_NET_IPV6_H

#include <arpa/inet.h>
#include <linux/in6.h>
#include <linux/siphash.h>
#include <linux/string.h>

static inline bool ipv6_addr_v4mapped(const struct in6_addr *ip)
{
	static const u8 mapped[12] = { [10] = 0xff, [11] = 0xff };

	return !memcmp(ip, mapped, sizeof(mapped));
}

static inline u64 siphash_3u32(u32 a, u32 b, u32 c, const siphash_key_t *key)
{
	return siphash_2u64((u64)a << 32 | b, c, key);
}

#endif
