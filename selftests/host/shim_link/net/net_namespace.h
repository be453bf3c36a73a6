/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SHIM_LINK_NET_NET_NAMESPACE_H
#define _SHIM_LINK_NET_NET_NAMESPACE_H

struct net;

#endif
