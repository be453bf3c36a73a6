/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SHIM_LINK_LINUX_TRACEPOINT_H
#define _SHIM_LINK_LINUX_TRACEPOINT_H

#define TP_PROTO(...)		__VA_ARGS__
#define TP_ARGS(...)		__VA_ARGS__
#define TRACE_EVENT(name, proto, ...)				\
	static inline __attribute__((unused)) void trace_##name(proto)	\
	{							\
	}
#define TRACE_DEFINE_ENUM(name)

#endif
