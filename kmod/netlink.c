// SPDX-License-Identifier: GPL-2.0-only
/*
 * The generic-netlink family: what each operation takes (one strict policy
 * each), the table of operations, registration, and what happens when a socket
 * goes away. The operations themselves are in the other netlink_*.c files.
 *
 * Documentation/netlink/specs/peergroup.yaml describes the same family;
 * selftests/host/test_spec.py holds the two and the uapi header together.
 */
#include <linux/module.h>
#include <linux/netlink.h>
#include "netlink_internal.h"

/* An attribute that only answers and events carry. */
#define PG_NL_OUTPUT	{ .type = NLA_REJECT, .reject_message = "attribute is for answers only" }

#define PG_NL_TAKES_MASK	(PEERGROUP_TAKES_DIRECT | PEERGROUP_TAKES_DATA)

#define PG_NL_GROUP_OUTPUT						\
	[PEERGROUP_A_GROUP_PAD] = PG_NL_OUTPUT,				\
	[PEERGROUP_A_GROUP_NAME] = PG_NL_OUTPUT,			\
	[PEERGROUP_A_GROUP_MEMBER] = PG_NL_OUTPUT,			\
	[PEERGROUP_A_GROUP_NODE] = PG_NL_OUTPUT,			\
	[PEERGROUP_A_GROUP_STATUS] = PG_NL_OUTPUT,			\
	[PEERGROUP_A_GROUP_SEQ] = PG_NL_OUTPUT,				\
	[PEERGROUP_A_GROUP_HORIZON] = PG_NL_OUTPUT,			\
	[PEERGROUP_A_GROUP_RECORDS] = PG_NL_OUTPUT,			\
	[PEERGROUP_A_GROUP_TOMBSTONES] = PG_NL_OUTPUT,			\
	[PEERGROUP_A_GROUP_BYTES] = PG_NL_OUTPUT,			\
	[PEERGROUP_A_GROUP_FINGERPRINT] = PG_NL_OUTPUT,			\
	[PEERGROUP_A_GROUP_TIME_OFFSET] = PG_NL_OUTPUT,			\
	[PEERGROUP_A_GROUP_REASON] = PG_NL_OUTPUT,			\
	[PEERGROUP_A_GROUP_HOLDERS] = PG_NL_OUTPUT,			\
	[PEERGROUP_A_GROUP_NODE_KEY] = PG_NL_OUTPUT,			\
	[PEERGROUP_A_GROUP_CREDENTIAL_EXPIRES] = PG_NL_OUTPUT,		\
	[PEERGROUP_A_GROUP_SHOWN] = PG_NL_OUTPUT,			\
	[PEERGROUP_A_GROUP_MEMBER_CHANGES] = PG_NL_OUTPUT

#define PG_NL_RECORD_OUTPUT						\
	[PEERGROUP_A_RECORD_PAD] = PG_NL_OUTPUT,			\
	[PEERGROUP_A_RECORD_VERSION] = PG_NL_OUTPUT,			\
	[PEERGROUP_A_RECORD_FLAGS] = PG_NL_OUTPUT,			\
	[PEERGROUP_A_RECORD_MODIFIER] = PG_NL_OUTPUT,			\
	[PEERGROUP_A_RECORD_CREATED] = PG_NL_OUTPUT,			\
	[PEERGROUP_A_RECORD_MODIFIED] = PG_NL_OUTPUT,			\
	[PEERGROUP_A_RECORD_EXPIRES] = PG_NL_OUTPUT,			\
	[PEERGROUP_A_RECORD_SEQ] = PG_NL_OUTPUT,			\
	[PEERGROUP_A_RECORD_CHANGE] = PG_NL_OUTPUT,			\
	[PEERGROUP_A_RECORD_REFRESHES] = PG_NL_OUTPUT,			\
	[PEERGROUP_A_RECORD_REFRESHED] = PG_NL_OUTPUT

#define PG_NL_LINK_OUTPUT						\
	[PEERGROUP_A_LINK_PAD] = PG_NL_OUTPUT,				\
	[PEERGROUP_A_LINK_STATE] = PG_NL_OUTPUT,			\
	[PEERGROUP_A_LINK_OUTBOUND] = PG_NL_OUTPUT,			\
	[PEERGROUP_A_LINK_NODE] = PG_NL_OUTPUT,				\
	[PEERGROUP_A_LINK_REASON] = PG_NL_OUTPUT,			\
	[PEERGROUP_A_LINK_QUEUED] = PG_NL_OUTPUT,			\
	[PEERGROUP_A_LINK_RX_BYTES] = PG_NL_OUTPUT,			\
	[PEERGROUP_A_LINK_TX_BYTES] = PG_NL_OUTPUT,			\
	[PEERGROUP_A_LINK_RX_RECORDS] = PG_NL_OUTPUT,			\
	[PEERGROUP_A_LINK_TX_RECORDS] = PG_NL_OUTPUT,			\
	[PEERGROUP_A_LINK_RETRIES] = PG_NL_OUTPUT,			\
	[PEERGROUP_A_LINK_RTT] = PG_NL_OUTPUT,				\
	[PEERGROUP_A_LINK_DIRECT] = PG_NL_OUTPUT,			\
	[PEERGROUP_A_LINK_LISTEN] = PG_NL_OUTPUT,			\
	[PEERGROUP_A_LINK_FOUND] = PG_NL_OUTPUT

#define PG_NL_PASSWORD_OUTPUT						\
	[PEERGROUP_A_PASSWORD_PAD] = PG_NL_OUTPUT,			\
	[PEERGROUP_A_PASSWORD_ADDRESS] = PG_NL_OUTPUT,			\
	[PEERGROUP_A_PASSWORD_OPENING] = PG_NL_OUTPUT

/* Beyond what the s16 bounds of a policy entry can say; not const, as 6.1 wants them. */
static struct netlink_range_validation pg_nl_range_chunk = {
	.min = 1,
	.max = PEERGROUP_CHUNK_MAX,
};

static struct netlink_range_validation pg_nl_range_size = {
	.min = 1,
	.max = PG_RECORD_BODY_MAX,
};

static struct netlink_range_validation pg_nl_range_answer = {
	.min = 1,
	.max = PEERGROUP_PASSWORD_OUT_MAX,
};

static struct netlink_range_validation pg_nl_range_port = {
	.min = 1,
	.max = U16_MAX,
};

static const struct nla_policy pg_nl_group_open_policy[PEERGROUP_A_GROUP_MAX + 1] = {
	PG_NL_GROUP_OUTPUT,
	[PEERGROUP_A_GROUP_ROOT] = NLA_POLICY_RANGE(NLA_BINARY, 1, PEERGROUP_CERT_LEN_MAX),
	[PEERGROUP_A_GROUP_CHAIN] = NLA_POLICY_RANGE(NLA_BINARY, 1, PEERGROUP_CERT_LEN_MAX),
	[PEERGROUP_A_GROUP_READY] = NLA_POLICY_MAX(NLA_U8, 1),
	[PEERGROUP_A_GROUP_LIMITS] = NLA_POLICY_NESTED(pg_nl_limit_policy),
};

/* Close and destroy. */
static const struct nla_policy pg_nl_group_index_policy[PEERGROUP_A_GROUP_MAX + 1] = {
	PG_NL_GROUP_OUTPUT,
	[PEERGROUP_A_GROUP_INDEX] = { .type = NLA_U32 },
};

static const struct nla_policy pg_nl_group_watch_policy[PEERGROUP_A_GROUP_MAX + 1] = {
	PG_NL_GROUP_OUTPUT,
	[PEERGROUP_A_GROUP_INDEX] = { .type = NLA_U32 },
	[PEERGROUP_A_GROUP_TAKES] = NLA_POLICY_MASK(NLA_U32, PG_NL_TAKES_MASK),
};

static const struct nla_policy pg_nl_group_set_policy[PEERGROUP_A_GROUP_MAX + 1] = {
	PG_NL_GROUP_OUTPUT,
	[PEERGROUP_A_GROUP_INDEX] = { .type = NLA_U32 },
	[PEERGROUP_A_GROUP_ONLINE] = NLA_POLICY_MAX(NLA_U8, 1),
	[PEERGROUP_A_GROUP_KEEP] = NLA_POLICY_MAX(NLA_U8, 1),
	[PEERGROUP_A_GROUP_READY] = NLA_POLICY_RANGE(NLA_U8, 1, 1),
	[PEERGROUP_A_GROUP_PORT] = NLA_POLICY_FULL_RANGE(NLA_U16, &pg_nl_range_port),
	[PEERGROUP_A_GROUP_LIMITS] = NLA_POLICY_NESTED(pg_nl_limit_policy),
	[PEERGROUP_A_GROUP_UID] = { .type = NLA_U32 },
	[PEERGROUP_A_GROUP_GID] = { .type = NLA_U32 },
	[PEERGROUP_A_GROUP_MODE] = NLA_POLICY_MASK(NLA_U32, PG_MODE_MASK),
	[PEERGROUP_A_GROUP_CREDENTIAL] = NLA_POLICY_RANGE(NLA_BINARY, 1,
							  PEERGROUP_CREDENTIAL_LEN_MAX),
};

static const struct nla_policy pg_nl_group_get_policy[PEERGROUP_A_GROUP_MAX + 1] = {
	PG_NL_GROUP_OUTPUT,
	[PEERGROUP_A_GROUP_INDEX] = { .type = NLA_U32 },
	[PEERGROUP_A_GROUP_ID] = NLA_POLICY_EXACT_LEN(PEERGROUP_HASH_LEN),
};

static const struct nla_policy pg_nl_record_stage_policy[PEERGROUP_A_RECORD_MAX + 1] = {
	PG_NL_RECORD_OUTPUT,
	[PEERGROUP_A_RECORD_GROUP] = { .type = NLA_U32 },
	[PEERGROUP_A_RECORD_SIZE] = NLA_POLICY_FULL_RANGE(NLA_U32, &pg_nl_range_size),
	[PEERGROUP_A_RECORD_OFFSET] = { .type = NLA_U32 },
	[PEERGROUP_A_RECORD_WIRE] = NLA_POLICY_FULL_RANGE(NLA_BINARY, &pg_nl_range_chunk),
};

static const struct nla_policy pg_nl_record_put_policy[PEERGROUP_A_RECORD_MAX + 1] = {
	PG_NL_RECORD_OUTPUT,
	[PEERGROUP_A_RECORD_GROUP] = { .type = NLA_U32 },
	[PEERGROUP_A_RECORD_WIRE] = NLA_POLICY_FULL_RANGE(NLA_BINARY, &pg_nl_range_chunk),
	[PEERGROUP_A_RECORD_STAGED] = { .type = NLA_FLAG },
	[PEERGROUP_A_RECORD_SEED] = NLA_POLICY_EXACT_LEN(PEERGROUP_HASH_LEN),
};

static const struct nla_policy pg_nl_record_get_policy[PEERGROUP_A_RECORD_MAX + 1] = {
	PG_NL_RECORD_OUTPUT,
	[PEERGROUP_A_RECORD_GROUP] = { .type = NLA_U32 },
	[PEERGROUP_A_RECORD_ID] = NLA_POLICY_EXACT_LEN(PEERGROUP_ID_LEN),
	[PEERGROUP_A_RECORD_TYPE] = NLA_POLICY_EXACT_LEN(PEERGROUP_ID_LEN),
	[PEERGROUP_A_RECORD_SINCE] = { .type = NLA_U64 },
	[PEERGROUP_A_RECORD_BRIEF] = { .type = NLA_FLAG },
	[PEERGROUP_A_RECORD_TOMBSTONES] = { .type = NLA_FLAG },
	[PEERGROUP_A_RECORD_CREATOR] = { .type = NLA_NUL_STRING,
					 .len = PEERGROUP_NAME_LEN_MAX },
	[PEERGROUP_A_RECORD_CREATED_FROM] = { .type = NLA_U64 },
	[PEERGROUP_A_RECORD_CREATED_TO] = { .type = NLA_U64 },
	[PEERGROUP_A_RECORD_MODIFIED_FROM] = { .type = NLA_U64 },
	[PEERGROUP_A_RECORD_MODIFIED_TO] = { .type = NLA_U64 },
};

/* Add and delete. */
static const struct nla_policy pg_nl_link_address_policy[PEERGROUP_A_LINK_MAX + 1] = {
	PG_NL_LINK_OUTPUT,
	[PEERGROUP_A_LINK_GROUP] = { .type = NLA_U32 },
	[PEERGROUP_A_LINK_ADDRESS] = NLA_POLICY_VALIDATE_FN(NLA_BINARY, pg_nl_address_check),
	[PEERGROUP_A_LINK_PORT] = NLA_POLICY_FULL_RANGE(NLA_U16, &pg_nl_range_port),
	[PEERGROUP_A_LINK_SCOPE] = NLA_POLICY_MIN(NLA_U32, 1),
};

static const struct nla_policy pg_nl_link_get_policy[PEERGROUP_A_LINK_MAX + 1] = {
	PG_NL_LINK_OUTPUT,
	[PEERGROUP_A_LINK_GROUP] = { .type = NLA_U32 },
};

static const struct nla_policy pg_nl_direct_open_policy[PEERGROUP_A_LINK_MAX + 1] = {
	PG_NL_LINK_OUTPUT,
	[PEERGROUP_A_LINK_GROUP] = { .type = NLA_U32 },
	[PEERGROUP_A_LINK_ADDRESS] = NLA_POLICY_VALIDATE_FN(NLA_BINARY, pg_nl_address_check),
	[PEERGROUP_A_LINK_PORT] = NLA_POLICY_FULL_RANGE(NLA_U16, &pg_nl_range_port),
	[PEERGROUP_A_LINK_SCOPE] = NLA_POLICY_MIN(NLA_U32, 1),
	[PEERGROUP_A_LINK_PEER] = { .type = NLA_NUL_STRING, .len = PEERGROUP_NAME_LEN_MAX },
};

static const struct nla_policy pg_nl_direct_close_policy[PEERGROUP_A_LINK_MAX + 1] = {
	PG_NL_LINK_OUTPUT,
	[PEERGROUP_A_LINK_GROUP] = { .type = NLA_U32 },
	[PEERGROUP_A_LINK_ID] = { .type = NLA_U64 },
};

#define PG_NL_DATA_OUTPUT						\
	[PEERGROUP_A_DATA_PAD] = PG_NL_OUTPUT,				\
	[PEERGROUP_A_DATA_OFFSET] = PG_NL_OUTPUT,			\
	[PEERGROUP_A_DATA_PEER] = PG_NL_OUTPUT,				\
	[PEERGROUP_A_DATA_LOST] = PG_NL_OUTPUT

static const struct nla_policy pg_nl_data_send_policy[PEERGROUP_A_DATA_MAX + 1] = {
	PG_NL_DATA_OUTPUT,
	[PEERGROUP_A_DATA_GROUP] = { .type = NLA_U32 },
	[PEERGROUP_A_DATA_LINK] = { .type = NLA_U64 },
	[PEERGROUP_A_DATA_TYPE] = NLA_POLICY_EXACT_LEN(PEERGROUP_ID_LEN),
	[PEERGROUP_A_DATA_BYTES] = NLA_POLICY_FULL_RANGE(NLA_BINARY, &pg_nl_range_chunk),
	[PEERGROUP_A_DATA_STAGED] = { .type = NLA_FLAG },
};

static const struct nla_policy pg_nl_data_get_policy[PEERGROUP_A_DATA_MAX + 1] = {
	PG_NL_DATA_OUTPUT,
	[PEERGROUP_A_DATA_GROUP] = { .type = NLA_U32 },
	[PEERGROUP_A_DATA_SIZE] = { .type = NLA_U32 },
};

static const struct nla_policy pg_nl_member_get_policy[PEERGROUP_A_MEMBER_GROUP + 1] = {
	[PEERGROUP_A_MEMBER_PAD] = PG_NL_OUTPUT,
	[PEERGROUP_A_MEMBER_GROUP] = { .type = NLA_U32 },
};

static const struct nla_policy pg_nl_member_add_policy[PEERGROUP_A_MEMBER_CERT + 1] = {
	[PEERGROUP_A_MEMBER_PAD] = PG_NL_OUTPUT,
	[PEERGROUP_A_MEMBER_GROUP] = { .type = NLA_U32 },
	[PEERGROUP_A_MEMBER_FINGERPRINT] = PG_NL_OUTPUT,
	[PEERGROUP_A_MEMBER_NAME] = PG_NL_OUTPUT,
	[PEERGROUP_A_MEMBER_FRIENDLY] = PG_NL_OUTPUT,
	[PEERGROUP_A_MEMBER_ROLES] = PG_NL_OUTPUT,
	[PEERGROUP_A_MEMBER_NOT_BEFORE] = PG_NL_OUTPUT,
	[PEERGROUP_A_MEMBER_NOT_AFTER] = PG_NL_OUTPUT,
	[PEERGROUP_A_MEMBER_DEPTH] = PG_NL_OUTPUT,
	[PEERGROUP_A_MEMBER_CERT] = NLA_POLICY_RANGE(NLA_BINARY, 1, PEERGROUP_CERT_LEN_MAX),
};

static const struct nla_policy pg_nl_stats_get_policy[PEERGROUP_A_STATS_GROUP + 1] = {
	[PEERGROUP_A_STATS_PAD] = PG_NL_OUTPUT,
	[PEERGROUP_A_STATS_GROUP] = { .type = NLA_U32 },
};

static const struct nla_policy pg_nl_password_answer_policy[PEERGROUP_A_PASSWORD_MAX + 1] = {
	PG_NL_PASSWORD_OUTPUT,
	[PEERGROUP_A_PASSWORD_GROUP] = { .type = NLA_U32 },
};

static const struct nla_policy pg_nl_password_send_policy[PEERGROUP_A_PASSWORD_MAX + 1] = {
	PG_NL_PASSWORD_OUTPUT,
	[PEERGROUP_A_PASSWORD_GROUP] = { .type = NLA_U32 },
	[PEERGROUP_A_PASSWORD_ID] = { .type = NLA_U64 },
	[PEERGROUP_A_PASSWORD_DATA] = NLA_POLICY_FULL_RANGE(NLA_BINARY, &pg_nl_range_answer),
	[PEERGROUP_A_PASSWORD_LAST] = { .type = NLA_FLAG },
};

/*
 * No flag demands a capability here: what an operation needs depends on the
 * group, and is asked in netlink_access.c.
 */
#define PG_NL_OP(_cmd, _policy)						\
	.cmd = (_cmd),							\
	.policy = (_policy),						\
	.maxattr = ARRAY_SIZE(_policy) - 1

static const struct genl_ops pg_nl_ops[] = {
	{
		PG_NL_OP(PEERGROUP_CMD_GROUP_OPEN, pg_nl_group_open_policy),
		.doit = pg_nl_group_open,
	}, {
		PG_NL_OP(PEERGROUP_CMD_GROUP_CLOSE, pg_nl_group_index_policy),
		.doit = pg_nl_group_close,
	}, {
		PG_NL_OP(PEERGROUP_CMD_GROUP_SET, pg_nl_group_set_policy),
		.doit = pg_nl_group_set,
	}, {
		PG_NL_OP(PEERGROUP_CMD_GROUP_GET, pg_nl_group_get_policy),
		.doit = pg_nl_group_get,
		.start = pg_nl_group_get_start,
		.dumpit = pg_nl_group_get_dump,
	}, {
		PG_NL_OP(PEERGROUP_CMD_GROUP_DESTROY, pg_nl_group_index_policy),
		.doit = pg_nl_group_destroy,
	}, {
		PG_NL_OP(PEERGROUP_CMD_RECORD_STAGE, pg_nl_record_stage_policy),
		.doit = pg_nl_record_stage,
	}, {
		PG_NL_OP(PEERGROUP_CMD_RECORD_PUT, pg_nl_record_put_policy),
		.doit = pg_nl_record_put,
	}, {
		PG_NL_OP(PEERGROUP_CMD_RECORD_GET, pg_nl_record_get_policy),
		.start = pg_nl_record_get_start,
		.dumpit = pg_nl_record_get_dump,
		.done = pg_nl_record_get_done,
	}, {
		PG_NL_OP(PEERGROUP_CMD_LINK_ADD, pg_nl_link_address_policy),
		.doit = pg_nl_link_add,
	}, {
		PG_NL_OP(PEERGROUP_CMD_LINK_DEL, pg_nl_link_address_policy),
		.doit = pg_nl_link_del,
	}, {
		PG_NL_OP(PEERGROUP_CMD_LINK_GET, pg_nl_link_get_policy),
		.dumpit = pg_nl_link_get_dump,
	}, {
		PG_NL_OP(PEERGROUP_CMD_MEMBER_GET, pg_nl_member_get_policy),
		.start = pg_nl_member_get_start,
		.dumpit = pg_nl_member_get_dump,
	}, {
		PG_NL_OP(PEERGROUP_CMD_STATS_GET, pg_nl_stats_get_policy),
		.doit = pg_nl_stats_get,
	}, {
		PG_NL_OP(PEERGROUP_CMD_GROUP_WATCH, pg_nl_group_watch_policy),
		.doit = pg_nl_group_watch,
	}, {
		PG_NL_OP(PEERGROUP_CMD_MEMBER_ADD, pg_nl_member_add_policy),
		.doit = pg_nl_member_add,
	}, {
		PG_NL_OP(PEERGROUP_CMD_DIRECT_OPEN, pg_nl_direct_open_policy),
		.doit = pg_nl_direct_open,
	}, {
		PG_NL_OP(PEERGROUP_CMD_DIRECT_CLOSE, pg_nl_direct_close_policy),
		.doit = pg_nl_direct_close,
	}, {
		PG_NL_OP(PEERGROUP_CMD_DATA_SEND, pg_nl_data_send_policy),
		.doit = pg_nl_data_send,
	}, {
		PG_NL_OP(PEERGROUP_CMD_DATA_GET, pg_nl_data_get_policy),
		.dumpit = pg_nl_data_get_dump,
		.done = pg_nl_data_get_done,
	}, {
		PG_NL_OP(PEERGROUP_CMD_PASSWORD_ANSWER, pg_nl_password_answer_policy),
		.doit = pg_nl_password_answer,
	}, {
		PG_NL_OP(PEERGROUP_CMD_PASSWORD_SEND, pg_nl_password_send_policy),
		.doit = pg_nl_password_send,
	},
};

/* Tells of all groups, so it is for those who may read them all; others watch one. */
static const struct genl_multicast_group pg_nl_mcgrps[] = {
	[PG_NL_MCGRP_EVENTS] = {
		.name = PEERGROUP_MCGRP_EVENTS,
		.flags = GENL_MCAST_CAP_NET_ADMIN,
	},
};

struct genl_family pg_nl_family __ro_after_init = {
	.name = PEERGROUP_FAMILY_NAME,
	.version = PEERGROUP_FAMILY_VERSION,
	.netnsok = true,
	.parallel_ops = true,
	.module = THIS_MODULE,
	.ops = pg_nl_ops,
	.n_ops = ARRAY_SIZE(pg_nl_ops),
	.resv_start_op = PEERGROUP_CMD_GROUP_OPEN,
	.mcgrps = pg_nl_mcgrps,
	.n_mcgrps = ARRAY_SIZE(pg_nl_mcgrps),
};

/* A socket goes: so do its holds and what it has staged, however its process ended. */
static int pg_nl_event(struct notifier_block *nb, unsigned long event, void *data)
{
	struct netlink_notify *n = data;

	if (event != NETLINK_URELEASE || n->protocol != NETLINK_GENERIC)
		return NOTIFY_DONE;
	pg_netlink_release_port(n->net, n->portid);
	pg_net_release_port(pg_net_of(n->net), n->portid);
	return NOTIFY_OK;
}

static struct notifier_block pg_nl_notifier = {
	.notifier_call = pg_nl_event,
};

int __init pg_netlink_init(void)
{
	int err;

	err = pg_nl_stage_init();
	if (err)
		return err;
	err = netlink_register_notifier(&pg_nl_notifier);
	if (err)
		goto out_stage;
	err = genl_register_family(&pg_nl_family);
	if (err)
		goto out_notifier;
	return 0;

out_notifier:
	netlink_unregister_notifier(&pg_nl_notifier);
out_stage:
	pg_nl_stage_exit();
	return err;
}

/* No operation runs once the family is gone; then nobody can stage any more. */
void pg_netlink_exit(void)
{
	genl_unregister_family(&pg_nl_family);
	netlink_unregister_notifier(&pg_nl_notifier);
	pg_nl_stage_exit();
}
