// SPDX-License-Identifier: GPL-2.0-only
/*
 * Limits and timers of a group in netlink messages: their ranges, reading them
 * over the values that hold so far, writing them.
 */
#include "netlink_internal.h"

#define PG_NL_MS_MIN		10U		/* timers of tests; nobody else wants less */
#define PG_NL_HOUR_MS		(3600U * 1000)
#define PG_NL_DAY_MS		(24 * PG_NL_HOUR_MS)

static struct netlink_range_validation pg_nl_range_record_size = {
	.min = PEERGROUP_RECORD_SIZE_MIN,
	.max = PEERGROUP_RECORD_SIZE_MAX,
};

static struct netlink_range_validation pg_nl_range_records = {
	.min = 1,
	.max = 1U << 24,
};

static struct netlink_range_validation pg_nl_range_bytes = {
	.min = 64U << 10,
	.max = 1ULL << 40,
};

/* 0: a part of the table's. */
static struct netlink_range_validation pg_nl_range_creator_records = {
	.min = 0,
	.max = 1U << 24,
};

static struct netlink_range_validation pg_nl_range_creator_bytes = {
	.min = 0,
	.max = 1ULL << 40,
};

/* Above it the time between two would round to nothing. */
static struct netlink_range_validation pg_nl_range_rate = {
	.min = 0,
	.max = 10000000,
};

static struct netlink_range_validation pg_nl_range_members = {
	.min = 2,	/* the root and oneself */
	.max = PG_MEMBERS_MAX,
};

/* 0: half of the members. */
static struct netlink_range_validation pg_nl_range_issued = {
	.min = 0,
	.max = PG_MEMBERS_MAX,
};

static struct netlink_range_validation pg_nl_range_half_open = {
	.min = 1,
	.max = 1U << 16,
};

static struct netlink_range_validation pg_nl_range_queue = {
	.min = 64U << 10,
	.max = 1U << 30,
};

static struct netlink_range_validation pg_nl_range_hour = {
	.min = PG_NL_MS_MIN,
	.max = PG_NL_HOUR_MS,
};

static struct netlink_range_validation pg_nl_range_day = {
	.min = PG_NL_MS_MIN,
	.max = PG_NL_DAY_MS,
};

static struct netlink_range_validation pg_nl_range_refresh = {
	.min = 1,
	.max = PEERGROUP_REFRESH_COUNT_MAX,
};

const struct nla_policy pg_nl_limit_policy[PEERGROUP_A_LIMIT_MAX + 1] = {
	[PEERGROUP_A_LIMIT_RECORD_SIZE] = NLA_POLICY_FULL_RANGE(NLA_U32, &pg_nl_range_record_size),
	[PEERGROUP_A_LIMIT_RECORDS] = NLA_POLICY_FULL_RANGE(NLA_U32, &pg_nl_range_records),
	[PEERGROUP_A_LIMIT_BYTES] = NLA_POLICY_FULL_RANGE(NLA_U64, &pg_nl_range_bytes),
	[PEERGROUP_A_LIMIT_LINKS] = NLA_POLICY_RANGE(NLA_U32, 1, 1024),
	[PEERGROUP_A_LIMIT_QUEUE] = NLA_POLICY_FULL_RANGE(NLA_U32, &pg_nl_range_queue),
	[PEERGROUP_A_LIMIT_KEEPALIVE] = NLA_POLICY_FULL_RANGE(NLA_U32, &pg_nl_range_hour),
	[PEERGROUP_A_LIMIT_HANDSHAKE] = NLA_POLICY_FULL_RANGE(NLA_U32, &pg_nl_range_hour),
	[PEERGROUP_A_LIMIT_RETRY_MIN] = NLA_POLICY_FULL_RANGE(NLA_U32, &pg_nl_range_day),
	[PEERGROUP_A_LIMIT_RETRY_MAX] = NLA_POLICY_FULL_RANGE(NLA_U32, &pg_nl_range_day),
	[PEERGROUP_A_LIMIT_DEFER] = NLA_POLICY_FULL_RANGE(NLA_U32, &pg_nl_range_hour),
	[PEERGROUP_A_LIMIT_CREATOR_RECORDS] =
		NLA_POLICY_FULL_RANGE(NLA_U32, &pg_nl_range_creator_records),
	[PEERGROUP_A_LIMIT_CREATOR_BYTES] =
		NLA_POLICY_FULL_RANGE(NLA_U64, &pg_nl_range_creator_bytes),
	[PEERGROUP_A_LIMIT_CREATOR_RATE] = NLA_POLICY_FULL_RANGE(NLA_U32, &pg_nl_range_rate),
	[PEERGROUP_A_LIMIT_LINK_RATE] = NLA_POLICY_FULL_RANGE(NLA_U32, &pg_nl_range_rate),
	[PEERGROUP_A_LIMIT_MEMBERS] = NLA_POLICY_FULL_RANGE(NLA_U32, &pg_nl_range_members),
	[PEERGROUP_A_LIMIT_INVITED] = NLA_POLICY_FULL_RANGE(NLA_U32, &pg_nl_range_members),
	[PEERGROUP_A_LIMIT_DEFER_RECORDS] = NLA_POLICY_RANGE(NLA_U32, 1, PG_LINK_DEFER_MAX),
	[PEERGROUP_A_LIMIT_DEFER_BYTES] = NLA_POLICY_FULL_RANGE(NLA_U32, &pg_nl_range_queue),
	[PEERGROUP_A_LIMIT_HALF_OPEN] = NLA_POLICY_FULL_RANGE(NLA_U32, &pg_nl_range_half_open),
	[PEERGROUP_A_LIMIT_HALF_OPEN_PREFIX] =
		NLA_POLICY_FULL_RANGE(NLA_U32, &pg_nl_range_half_open),
	[PEERGROUP_A_LIMIT_MEMBER_LINKS] = NLA_POLICY_RANGE(NLA_U32, 1, 1024),
	[PEERGROUP_A_LIMIT_PROOF_RATE] = NLA_POLICY_FULL_RANGE(NLA_U32, &pg_nl_range_rate),
	[PEERGROUP_A_LIMIT_ISSUED] = NLA_POLICY_FULL_RANGE(NLA_U32, &pg_nl_range_issued),
	[PEERGROUP_A_LIMIT_INVITER_RECORDS] =
		NLA_POLICY_FULL_RANGE(NLA_U32, &pg_nl_range_creator_records),
	[PEERGROUP_A_LIMIT_INVITER_BYTES] =
		NLA_POLICY_FULL_RANGE(NLA_U64, &pg_nl_range_creator_bytes),
	[PEERGROUP_A_LIMIT_DIRECT] = NLA_POLICY_MAX(NLA_U32, 1024),
	[PEERGROUP_A_LIMIT_MEMBER_DIRECT] = NLA_POLICY_RANGE(NLA_U32, 1, 1024),
	[PEERGROUP_A_LIMIT_SEND_QUEUE] = NLA_POLICY_FULL_RANGE(NLA_U32, &pg_nl_range_queue),
	[PEERGROUP_A_LIMIT_RECEIVE_QUEUE] = NLA_POLICY_FULL_RANGE(NLA_U32, &pg_nl_range_queue),
	[PEERGROUP_A_LIMIT_RECEIVE_TOTAL] = NLA_POLICY_FULL_RANGE(NLA_U32, &pg_nl_range_queue),
	[PEERGROUP_A_LIMIT_RECEIVE_WAIT] = NLA_POLICY_FULL_RANGE(NLA_U32, &pg_nl_range_hour),
	[PEERGROUP_A_LIMIT_DATA_RATE] = NLA_POLICY_FULL_RANGE(NLA_U32, &pg_nl_range_rate),
	[PEERGROUP_A_LIMIT_PASSWORDS] = NLA_POLICY_RANGE(NLA_U32, 1, 1024),
	[PEERGROUP_A_LIMIT_PASSWORD_RATE] = NLA_POLICY_FULL_RANGE(NLA_U32, &pg_nl_range_rate),
	[PEERGROUP_A_LIMIT_PASSWORD_PREFIX_RATE] =
		NLA_POLICY_FULL_RANGE(NLA_U32, &pg_nl_range_rate),
	[PEERGROUP_A_LIMIT_SYNC_RATE] = NLA_POLICY_FULL_RANGE(NLA_U32, &pg_nl_range_rate),
	[PEERGROUP_A_LIMIT_PASSIVE_VIEW] = NLA_POLICY_MAX(NLA_U32, 1024),
	[PEERGROUP_A_LIMIT_ACTIVE_VIEW] = NLA_POLICY_MAX(NLA_U32, 64),
	[PEERGROUP_A_LIMIT_MAINTENANCE] = NLA_POLICY_FULL_RANGE(NLA_U32, &pg_nl_range_hour),
	[PEERGROUP_A_LIMIT_REFRESH_STEPS] =
		NLA_POLICY_FULL_RANGE(NLA_U32, &pg_nl_range_refresh),
};

/* Where the u32 ones live. */
static const struct {
	u16 type;
	u16 offset;
} pg_nl_limits[] = {
	{ PEERGROUP_A_LIMIT_RECORD_SIZE, offsetof(struct pg_limits, table.record_size) },
	{ PEERGROUP_A_LIMIT_RECORDS, offsetof(struct pg_limits, table.records) },
	{ PEERGROUP_A_LIMIT_LINKS, offsetof(struct pg_limits, links) },
	{ PEERGROUP_A_LIMIT_QUEUE, offsetof(struct pg_limits, queue_bytes) },
	{ PEERGROUP_A_LIMIT_KEEPALIVE, offsetof(struct pg_limits, keepalive_ms) },
	{ PEERGROUP_A_LIMIT_HANDSHAKE, offsetof(struct pg_limits, handshake_ms) },
	{ PEERGROUP_A_LIMIT_RETRY_MIN, offsetof(struct pg_limits, retry_min_ms) },
	{ PEERGROUP_A_LIMIT_RETRY_MAX, offsetof(struct pg_limits, retry_max_ms) },
	{ PEERGROUP_A_LIMIT_DEFER, offsetof(struct pg_limits, defer_ms) },
	{ PEERGROUP_A_LIMIT_CREATOR_RECORDS, offsetof(struct pg_limits, table.creator.records) },
	{ PEERGROUP_A_LIMIT_CREATOR_RATE, offsetof(struct pg_limits, table.creator.rate) },
	{ PEERGROUP_A_LIMIT_LINK_RATE, offsetof(struct pg_limits, link_rate) },
	{ PEERGROUP_A_LIMIT_MEMBERS, offsetof(struct pg_limits, members) },
	{ PEERGROUP_A_LIMIT_INVITED, offsetof(struct pg_limits, invited) },
	{ PEERGROUP_A_LIMIT_DEFER_RECORDS, offsetof(struct pg_limits, defer_records) },
	{ PEERGROUP_A_LIMIT_DEFER_BYTES, offsetof(struct pg_limits, defer_bytes) },
	{ PEERGROUP_A_LIMIT_HALF_OPEN, offsetof(struct pg_limits, half_open) },
	{ PEERGROUP_A_LIMIT_HALF_OPEN_PREFIX, offsetof(struct pg_limits, half_open_prefix) },
	{ PEERGROUP_A_LIMIT_MEMBER_LINKS, offsetof(struct pg_limits, member_links) },
	{ PEERGROUP_A_LIMIT_PROOF_RATE, offsetof(struct pg_limits, proof_rate) },
	{ PEERGROUP_A_LIMIT_ISSUED, offsetof(struct pg_limits, issued) },
	{ PEERGROUP_A_LIMIT_INVITER_RECORDS, offsetof(struct pg_limits, table.inviter.records) },
	{ PEERGROUP_A_LIMIT_DIRECT, offsetof(struct pg_limits, direct) },
	{ PEERGROUP_A_LIMIT_MEMBER_DIRECT, offsetof(struct pg_limits, member_direct) },
	{ PEERGROUP_A_LIMIT_SEND_QUEUE, offsetof(struct pg_limits, send_queue) },
	{ PEERGROUP_A_LIMIT_RECEIVE_QUEUE, offsetof(struct pg_limits, receive_queue) },
	{ PEERGROUP_A_LIMIT_RECEIVE_TOTAL, offsetof(struct pg_limits, receive_total) },
	{ PEERGROUP_A_LIMIT_RECEIVE_WAIT, offsetof(struct pg_limits, receive_wait_ms) },
	{ PEERGROUP_A_LIMIT_DATA_RATE, offsetof(struct pg_limits, data_rate) },
	{ PEERGROUP_A_LIMIT_PASSWORDS, offsetof(struct pg_limits, passwords) },
	{ PEERGROUP_A_LIMIT_PASSWORD_RATE, offsetof(struct pg_limits, password_rate) },
	{ PEERGROUP_A_LIMIT_PASSWORD_PREFIX_RATE,
	  offsetof(struct pg_limits, password_prefix_rate) },
	{ PEERGROUP_A_LIMIT_SYNC_RATE, offsetof(struct pg_limits, sync_rate) },
	{ PEERGROUP_A_LIMIT_PASSIVE_VIEW, offsetof(struct pg_limits, passive_view) },
	{ PEERGROUP_A_LIMIT_ACTIVE_VIEW, offsetof(struct pg_limits, active_view) },
	{ PEERGROUP_A_LIMIT_MAINTENANCE, offsetof(struct pg_limits, maintenance_ms) },
	{ PEERGROUP_A_LIMIT_REFRESH_STEPS, offsetof(struct pg_limits, table.refresh_steps) },
};

/**
 * pg_nl_limits_get() - read a nest of limits
 * @limits: what holds so far; changed where the nest says so
 * @nest: PEERGROUP_A_GROUP_LIMITS, its ranges checked by the policy already
 * @extack: for the refusal
 *
 * Return: 0 or -errno with extack set.
 */
int pg_nl_limits_get(struct pg_limits *limits, const struct nlattr *nest,
		     struct netlink_ext_ack *extack)
{
	struct nlattr *tb[PEERGROUP_A_LIMIT_MAX + 1];
	unsigned int i;
	int err;

	err = nla_parse_nested(tb, PEERGROUP_A_LIMIT_MAX, nest, pg_nl_limit_policy, extack);
	if (err)
		return err;

	for (i = 0; i < ARRAY_SIZE(pg_nl_limits); i++) {
		const struct nlattr *attr = tb[pg_nl_limits[i].type];

		if (attr)
			*(u32 *)((u8 *)limits + pg_nl_limits[i].offset) = nla_get_u32(attr);
	}
	if (tb[PEERGROUP_A_LIMIT_BYTES])
		limits->table.bytes = nla_get_u64(tb[PEERGROUP_A_LIMIT_BYTES]);
	if (tb[PEERGROUP_A_LIMIT_CREATOR_BYTES])
		limits->table.creator.bytes = nla_get_u64(tb[PEERGROUP_A_LIMIT_CREATOR_BYTES]);
	if (tb[PEERGROUP_A_LIMIT_INVITER_BYTES])
		limits->table.inviter.bytes = nla_get_u64(tb[PEERGROUP_A_LIMIT_INVITER_BYTES]);

	if (limits->retry_min_ms > limits->retry_max_ms) {
		NL_SET_ERR_MSG_ATTR(extack,
				    tb[PEERGROUP_A_LIMIT_RETRY_MIN] ?:
				    tb[PEERGROUP_A_LIMIT_RETRY_MAX],
				    "RETRY_MIN must not be above RETRY_MAX");
		return -EINVAL;
	}
	return 0;
}

int pg_nl_limits_put(struct sk_buff *skb, const struct pg_limits *limits)
{
	struct nlattr *nest;
	unsigned int i;

	nest = nla_nest_start(skb, PEERGROUP_A_GROUP_LIMITS);
	if (!nest)
		return -EMSGSIZE;
	for (i = 0; i < ARRAY_SIZE(pg_nl_limits); i++) {
		const u8 *at = (const u8 *)limits + pg_nl_limits[i].offset;

		if (nla_put_u32(skb, pg_nl_limits[i].type, *(const u32 *)at))
			return -EMSGSIZE;
	}
	if (nla_put_u64_64bit(skb, PEERGROUP_A_LIMIT_BYTES, limits->table.bytes,
			      PEERGROUP_A_LIMIT_PAD) ||
	    nla_put_u64_64bit(skb, PEERGROUP_A_LIMIT_CREATOR_BYTES, limits->table.creator.bytes,
			      PEERGROUP_A_LIMIT_PAD) ||
	    nla_put_u64_64bit(skb, PEERGROUP_A_LIMIT_INVITER_BYTES, limits->table.inviter.bytes,
			      PEERGROUP_A_LIMIT_PAD))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}
