// SPDX-License-Identifier: GPL-2.0-only
/*
 * Limits and timers of a group in netlink messages: their ranges, who may set them
 * how far, reading them over the values that hold so far, writing them.
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

/* What a limit is to the host, which decides who may set it how far. */
enum pg_nl_sense {
	PG_NL_SHARE,	/* divides among members what there is */
	PG_NL_COST,	/* the more, the more the host may have to give */
	PG_NL_RATE,	/* the same, and 0 is more than all else */
	PG_NL_PAUSE,	/* the less, the more the host has to do */
};

static const struct pg_nl_limit {
	u16 type;
	u16 offset;
	u8 size;	/* of a u32 or a u64 */
	u8 sense;
} pg_nl_limits[] = {
#define PG_NL_LIMIT(name, field, is) {				\
		.type = PEERGROUP_A_LIMIT_##name,		\
		.offset = offsetof(struct pg_limits, field),	\
		.size = sizeof_field(struct pg_limits, field),	\
		.sense = PG_NL_##is,				\
	}
	PG_NL_LIMIT(RECORD_SIZE, table.record_size, COST),
	PG_NL_LIMIT(RECORDS, table.records, COST),
	PG_NL_LIMIT(BYTES, table.bytes, COST),
	PG_NL_LIMIT(LINKS, links, COST),
	PG_NL_LIMIT(QUEUE, queue_bytes, COST),
	PG_NL_LIMIT(KEEPALIVE, keepalive_ms, PAUSE),
	PG_NL_LIMIT(HANDSHAKE, handshake_ms, COST),
	PG_NL_LIMIT(RETRY_MIN, retry_min_ms, PAUSE),
	PG_NL_LIMIT(RETRY_MAX, retry_max_ms, PAUSE),
	PG_NL_LIMIT(DEFER, defer_ms, COST),
	PG_NL_LIMIT(CREATOR_RECORDS, table.creator.records, SHARE),
	PG_NL_LIMIT(CREATOR_BYTES, table.creator.bytes, SHARE),
	PG_NL_LIMIT(CREATOR_RATE, table.creator.rate, RATE),
	PG_NL_LIMIT(LINK_RATE, link_rate, RATE),
	PG_NL_LIMIT(MEMBERS, members, COST),
	PG_NL_LIMIT(INVITED, invited, SHARE),
	PG_NL_LIMIT(DEFER_RECORDS, defer_records, COST),
	PG_NL_LIMIT(DEFER_BYTES, defer_bytes, COST),
	PG_NL_LIMIT(HALF_OPEN, half_open, COST),
	PG_NL_LIMIT(HALF_OPEN_PREFIX, half_open_prefix, COST),
	PG_NL_LIMIT(MEMBER_LINKS, member_links, SHARE),
	PG_NL_LIMIT(PROOF_RATE, proof_rate, RATE),
	PG_NL_LIMIT(ISSUED, issued, SHARE),
	PG_NL_LIMIT(INVITER_RECORDS, table.inviter.records, SHARE),
	PG_NL_LIMIT(INVITER_BYTES, table.inviter.bytes, SHARE),
	PG_NL_LIMIT(DIRECT, direct, COST),
	PG_NL_LIMIT(MEMBER_DIRECT, member_direct, SHARE),
	PG_NL_LIMIT(SEND_QUEUE, send_queue, COST),
	PG_NL_LIMIT(RECEIVE_QUEUE, receive_queue, COST),
	PG_NL_LIMIT(RECEIVE_TOTAL, receive_total, COST),
	PG_NL_LIMIT(RECEIVE_WAIT, receive_wait_ms, SHARE),
	PG_NL_LIMIT(DATA_RATE, data_rate, RATE),
	PG_NL_LIMIT(PASSWORDS, passwords, COST),
	PG_NL_LIMIT(PASSWORD_RATE, password_rate, RATE),
	PG_NL_LIMIT(PASSWORD_PREFIX_RATE, password_prefix_rate, RATE),
	PG_NL_LIMIT(SYNC_RATE, sync_rate, RATE),
	PG_NL_LIMIT(PASSIVE_VIEW, passive_view, COST),
	PG_NL_LIMIT(ACTIVE_VIEW, active_view, COST),
	PG_NL_LIMIT(MAINTENANCE, maintenance_ms, PAUSE),
	PG_NL_LIMIT(REFRESH_STEPS, table.refresh_steps, COST),
#undef PG_NL_LIMIT
};

static u64 pg_nl_limit_get(const struct pg_limits *limits, const struct pg_nl_limit *l)
{
	const u8 *at = (const u8 *)limits + l->offset;

	return l->size == sizeof(u64) ? *(const u64 *)at : *(const u32 *)at;
}

static void pg_nl_limit_set(struct pg_limits *limits, const struct pg_nl_limit *l, u64 value)
{
	u8 *at = (u8 *)limits + l->offset;

	if (l->size == sizeof(u64))
		*(u64 *)at = value;
	else
		*(u32 *)at = value;
}

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
		const struct pg_nl_limit *l = &pg_nl_limits[i];
		const struct nlattr *attr = tb[l->type];

		if (attr)
			pg_nl_limit_set(limits, l, l->size == sizeof(u64) ? nla_get_u64(attr) :
					nla_get_u32(attr));
	}

	if (limits->retry_min_ms > limits->retry_max_ms) {
		NL_SET_ERR_MSG_ATTR(extack,
				    tb[PEERGROUP_A_LIMIT_RETRY_MIN] ?:
				    tb[PEERGROUP_A_LIMIT_RETRY_MAX],
				    "RETRY_MIN must not be above RETRY_MAX");
		return -EINVAL;
	}
	return 0;
}

static bool pg_nl_limit_beyond(const struct pg_nl_limit *l, u64 want, u64 allowed)
{
	switch (l->sense) {
	case PG_NL_COST:
		return want > allowed;
	case PG_NL_RATE:
		return want - 1 > allowed - 1;
	case PG_NL_PAUSE:
		return want < allowed;
	default:
		return false;
	}
}

/**
 * pg_nl_limits_within() - may somebody without the capability set limits so far?
 * @limits: what is wanted
 * @allowed: how far who has the capability has gone
 * @nest: that says which are set
 * @extack: for the refusal
 *
 * Return: 0, or -EPERM with extack set.
 */
int pg_nl_limits_within(const struct pg_limits *limits, const struct pg_limits *allowed,
			const struct nlattr *nest, struct netlink_ext_ack *extack)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(pg_nl_limits); i++) {
		const struct pg_nl_limit *l = &pg_nl_limits[i];
		const struct nlattr *attr = nla_find_nested(nest, l->type);

		if (attr && pg_nl_limit_beyond(l, pg_nl_limit_get(limits, l),
					       pg_nl_limit_get(allowed, l)))
			return pg_nl_refuse(extack, attr,
					    "it costs the host more than was allowed: that needs CAP_NET_ADMIN",
					    -EPERM);
	}
	return 0;
}

/* What the nest sets is allowed from here on. */
void pg_nl_limits_allow(struct pg_limits *allowed, const struct pg_limits *limits,
			const struct nlattr *nest)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(pg_nl_limits); i++) {
		const struct pg_nl_limit *l = &pg_nl_limits[i];

		if (nla_find_nested(nest, l->type))
			pg_nl_limit_set(allowed, l, pg_nl_limit_get(limits, l));
	}
}

int pg_nl_limits_put(struct sk_buff *skb, const struct pg_limits *limits)
{
	struct nlattr *nest;
	unsigned int i;

	/* All of them have a row: all but the padding, and 0. */
	BUILD_BUG_ON(ARRAY_SIZE(pg_nl_limits) != PEERGROUP_A_LIMIT_MAX - 1);
	nest = nla_nest_start(skb, PEERGROUP_A_GROUP_LIMITS);
	if (!nest)
		return -EMSGSIZE;
	for (i = 0; i < ARRAY_SIZE(pg_nl_limits); i++) {
		const struct pg_nl_limit *l = &pg_nl_limits[i];
		u64 value = pg_nl_limit_get(limits, l);

		if (l->size == sizeof(u64) ?
		    nla_put_u64_64bit(skb, l->type, value, PEERGROUP_A_LIMIT_PAD) :
		    nla_put_u32(skb, l->type, value))
			return -EMSGSIZE;
	}
	nla_nest_end(skb, nest);
	return 0;
}
