/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SHIM_LINK_NET_TCP_STATES_H
#define _SHIM_LINK_NET_TCP_STATES_H

enum { TCP_ESTABLISHED = 1, TCP_SYN_SENT, TCP_SYN_RECV, TCP_CLOSE = 7 };

#endif
