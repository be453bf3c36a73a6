/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tracepoints: the way of a record through this host, step by step, and what
 * befalls links. Their arguments are plain numbers and record ids, so that any
 * file may call them. Ids print as GUIDs.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM peergroup

#if !defined(_PG_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _PG_TRACE_H

#include <linux/tracepoint.h>
#include "reconcile.h"

/*
 * What became of a record that did not go into the table: the counter that counts it.
 */
#define PG_TRACE_VERDICTS						\
	EM(PEERGROUP_A_STATS_PRESENT, "present")			\
	EM(PEERGROUP_A_STATS_OLD, "old")				\
	EM(PEERGROUP_A_STATS_DEFERRED, "deferred")			\
	EM(PEERGROUP_A_STATS_REFUSED_MALFORMED, "malformed")		\
	EM(PEERGROUP_A_STATS_REFUSED_ID, "id")				\
	EM(PEERGROUP_A_STATS_REFUSED_TIMES, "times")			\
	EM(PEERGROUP_A_STATS_REFUSED_FUTURE, "future")			\
	EM(PEERGROUP_A_STATS_REFUSED_EXPIRED, "expired")		\
	EM(PEERGROUP_A_STATS_REFUSED_HASH, "hash")			\
	EM(PEERGROUP_A_STATS_REFUSED_SIGNATURE, "signature")		\
	EM(PEERGROUP_A_STATS_REFUSED_ALGORITHM, "algorithm")		\
	EM(PEERGROUP_A_STATS_REFUSED_ROLE, "role")			\
	EM(PEERGROUP_A_STATS_REFUSED_RESERVED, "reserved")		\
	EM(PEERGROUP_A_STATS_REFUSED_UNKNOWN, "unknown-signer")		\
	EM(PEERGROUP_A_STATS_REFUSED_SIZE, "size")			\
	EM(PEERGROUP_A_STATS_REFUSED_FULL, "full")			\
	EM(PEERGROUP_A_STATS_REFUSED_STALE, "stale")			\
	EM(PEERGROUP_A_STATS_REFUSED_CHANGED, "changed")		\
	EM(PEERGROUP_A_STATS_REFUSED_NOMEM, "nomem")			\
	EM(PEERGROUP_A_STATS_REFUSED_CERT, "certificate")		\
	EM(PEERGROUP_A_STATS_REFUSED_MEMBERS, "members")		\
	EM(PEERGROUP_A_STATS_REFUSED_QUOTA, "quota")			\
	EM(PEERGROUP_A_STATS_REFUSED_RATE, "rate")			\
	EM(PEERGROUP_A_STATS_REFUSED_REVOKED, "revoked")		\
	EMe(PEERGROUP_A_STATS_DROPPED_DEFERRED, "dropped")

#define PG_TRACE_CHANGES						\
	EM(PEERGROUP_CHANGE_ADDED, "added")				\
	EM(PEERGROUP_CHANGE_UPDATED, "updated")				\
	EM(PEERGROUP_CHANGE_DELETED, "deleted")				\
	EMe(PEERGROUP_CHANGE_EXPIRED, "expired")

#define PG_TRACE_LINK_STATES						\
	EM(PEERGROUP_LINK_WAITING, "waiting")				\
	EM(PEERGROUP_LINK_CONNECTING, "connecting")			\
	EM(PEERGROUP_LINK_HANDSHAKE, "handshake")			\
	EM(PEERGROUP_LINK_UP, "up")					\
	EM(PEERGROUP_LINK_DOWN, "down")					\
	EMe(PEERGROUP_LINK_FAILED, "failed")

#define PG_TRACE_SYNC_PHASES						\
	EM(PG_SYNC_IDLE, "done")					\
	EM(PG_SYNC_ASKED, "asked")					\
	EM(PG_SYNC_WANTING, "wanting")					\
	EMe(PG_SYNC_PUSHING, "pushing")

/* First pass: let user space resolve the names used in the formats. */
#undef EM
#undef EMe
#define EM(a, b)	TRACE_DEFINE_ENUM(a);
#define EMe(a, b)	TRACE_DEFINE_ENUM(a);

PG_TRACE_VERDICTS
PG_TRACE_CHANGES
PG_TRACE_LINK_STATES
PG_TRACE_SYNC_PHASES

/* From here on: tables for __print_symbolic(). */
#undef EM
#undef EMe
#define EM(a, b)	{ a, b },
#define EMe(a, b)	{ a, b }

TRACE_EVENT(pg_record_received,
	TP_PROTO(u32 group, u64 link, const u8 *id, u32 version, u32 len),
	TP_ARGS(group, link, id, version, len),
	TP_STRUCT__entry(
		__field(u64, link)
		__field(u32, group)
		__field(u32, version)
		__field(u32, len)
		__array(u8, id, PEERGROUP_ID_LEN)
	),
	TP_fast_assign(
		__entry->link = link;
		__entry->group = group;
		__entry->version = version;
		__entry->len = len;
		memcpy(__entry->id, id, PEERGROUP_ID_LEN);
	),
	TP_printk("group=%u link=%llu id=%pUb version=%u len=%u",
		  __entry->group, __entry->link, __entry->id, __entry->version, __entry->len)
);

/* It is in a frame, which is sealed and given to the socket next. */
TRACE_EVENT(pg_record_sent,
	TP_PROTO(u32 group, u64 link, const u8 *id, u32 version),
	TP_ARGS(group, link, id, version),
	TP_STRUCT__entry(
		__field(u64, link)
		__field(u32, group)
		__field(u32, version)
		__array(u8, id, PEERGROUP_ID_LEN)
	),
	TP_fast_assign(
		__entry->link = link;
		__entry->group = group;
		__entry->version = version;
		memcpy(__entry->id, id, PEERGROUP_ID_LEN);
	),
	TP_printk("group=%u link=%llu id=%pUb version=%u",
		  __entry->group, __entry->link, __entry->id, __entry->version)
);

/* @verdict: PEERGROUP_A_STATS_PRESENT, _OLD, _DEFERRED, _DROPPED_DEFERRED or _REFUSED_*. */
TRACE_EVENT(pg_record_verdict,
	TP_PROTO(u32 group, u64 link, const u8 *id, u32 version, u32 verdict),
	TP_ARGS(group, link, id, version, verdict),
	TP_STRUCT__entry(
		__field(u64, link)
		__field(u32, group)
		__field(u32, version)
		__field(u32, verdict)
		__array(u8, id, PEERGROUP_ID_LEN)
	),
	TP_fast_assign(
		__entry->link = link;
		__entry->group = group;
		__entry->version = version;
		__entry->verdict = verdict;
		memcpy(__entry->id, id, PEERGROUP_ID_LEN);
	),
	TP_printk("group=%u link=%llu id=%pUb version=%u verdict=%s",
		  __entry->group, __entry->link, __entry->id, __entry->version,
		  __print_symbolic(__entry->verdict, { 0, "new" }, PG_TRACE_VERDICTS))
);

TRACE_EVENT(pg_record_committed,
	TP_PROTO(u32 group, const u8 *id, u32 version, u32 change, u64 seq),
	TP_ARGS(group, id, version, change, seq),
	TP_STRUCT__entry(
		__field(u64, seq)
		__field(u32, group)
		__field(u32, version)
		__field(u32, change)
		__array(u8, id, PEERGROUP_ID_LEN)
	),
	TP_fast_assign(
		__entry->seq = seq;
		__entry->group = group;
		__entry->version = version;
		__entry->change = change;
		memcpy(__entry->id, id, PEERGROUP_ID_LEN);
	),
	TP_printk("group=%u id=%pUb version=%u change=%s seq=%llu",
		  __entry->group, __entry->id, __entry->version,
		  __print_symbolic(__entry->change, { 0, "unseen" }, PG_TRACE_CHANGES),
		  __entry->seq)
);

/* @result: 0 for a good signature, else the refusal; @ns: how long the check took. */
TRACE_EVENT(pg_verify,
	TP_PROTO(u32 group, const u8 *id, u32 result, u64 ns),
	TP_ARGS(group, id, result, ns),
	TP_STRUCT__entry(
		__field(u64, ns)
		__field(u32, group)
		__field(u32, result)
		__array(u8, id, PEERGROUP_ID_LEN)
	),
	TP_fast_assign(
		__entry->ns = ns;
		__entry->group = group;
		__entry->result = result;
		memcpy(__entry->id, id, PEERGROUP_ID_LEN);
	),
	TP_printk("group=%u id=%pUb result=%s ns=%llu",
		  __entry->group, __entry->id,
		  __print_symbolic(__entry->result, { 0, "good" }, PG_TRACE_VERDICTS),
		  __entry->ns)
);

TRACE_EVENT(pg_link_state,
	TP_PROTO(u32 group, u64 link, u32 state, int error),
	TP_ARGS(group, link, state, error),
	TP_STRUCT__entry(
		__field(u64, link)
		__field(u32, group)
		__field(u32, state)
		__field(int, error)
	),
	TP_fast_assign(
		__entry->link = link;
		__entry->group = group;
		__entry->state = state;
		__entry->error = error;
	),
	TP_printk("group=%u link=%llu state=%s error=%d", __entry->group, __entry->link,
		  __print_symbolic(__entry->state, PG_TRACE_LINK_STATES), __entry->error)
);

/* @phase: enum pg_sync_phase. */
TRACE_EVENT(pg_sync,
	TP_PROTO(u32 group, u64 link, u32 phase),
	TP_ARGS(group, link, phase),
	TP_STRUCT__entry(
		__field(u64, link)
		__field(u32, group)
		__field(u32, phase)
	),
	TP_fast_assign(
		__entry->link = link;
		__entry->group = group;
		__entry->phase = phase;
	),
	TP_printk("group=%u link=%llu phase=%s", __entry->group, __entry->link,
		  __print_symbolic(__entry->phase, PG_TRACE_SYNC_PHASES))
);

/* All members have been judged, and void records taken out: the @count-th time. */
TRACE_EVENT(pg_judged,
	TP_PROTO(u32 group, u32 count, u64 ns),
	TP_ARGS(group, count, ns),
	TP_STRUCT__entry(
		__field(u64, ns)
		__field(u32, group)
		__field(u32, count)
	),
	TP_fast_assign(
		__entry->ns = ns;
		__entry->group = group;
		__entry->count = count;
	),
	TP_printk("group=%u count=%u ns=%llu", __entry->group, __entry->count, __entry->ns)
);

#endif /* _PG_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
