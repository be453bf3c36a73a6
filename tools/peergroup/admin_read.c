// SPDX-License-Identifier: LGPL-2.1-or-later
/* The admin plane: what is only read: members, counters, a record as it is stored. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "admin_nl.h"
#include "cmd.h"

/* ------------------------------------------------------------- members -- */

static const struct nla_policy member_policy[__PEERGROUP_A_MEMBER_MAX] = {
	[PEERGROUP_A_MEMBER_NAME] = { .type = NLA_STRING },
	[PEERGROUP_A_MEMBER_FRIENDLY] = { .type = NLA_STRING },
};

static void parse_member(struct nlattr **tb, struct nlattr *first, int len, void *arg)
{
	struct admin_member *member = admin_list_add(arg, sizeof(*member));

	(void)first;
	(void)len;
	admin_bytes(tb[PEERGROUP_A_MEMBER_FINGERPRINT], member->fingerprint,
		    sizeof(member->fingerprint));
	member->name = admin_string(tb[PEERGROUP_A_MEMBER_NAME]);
	member->friendly = admin_string(tb[PEERGROUP_A_MEMBER_FRIENDLY]);
	member->roles = admin_uint(tb[PEERGROUP_A_MEMBER_ROLES]);
	member->not_before = admin_uint(tb[PEERGROUP_A_MEMBER_NOT_BEFORE]);
	member->not_after = admin_uint(tb[PEERGROUP_A_MEMBER_NOT_AFTER]);
	member->depth = admin_uint(tb[PEERGROUP_A_MEMBER_DEPTH]);
	member->cert = admin_blob(tb[PEERGROUP_A_MEMBER_CERT]);
	member->revoked = tb[PEERGROUP_A_MEMBER_REVOKED];
	member->records_until = admin_uint(tb[PEERGROUP_A_MEMBER_REVOKED]);
}

int admin_members(uint32_t index, struct admin_member **members, size_t *n)
{
	struct admin_list list = { NULL, 0 };
	struct admin_answer answer = {
		.parse = parse_member, .arg = &list,
		.policy = member_policy, .maxattr = PEERGROUP_A_MEMBER_MAX,
	};
	struct nl_msg *msg = admin_request(PEERGROUP_CMD_MEMBER_GET, NLM_F_DUMP);
	int ret;

	NLA_PUT_U32(msg, PEERGROUP_A_MEMBER_GROUP, index);
	ret = admin_dump(msg, &answer, admin_list_reset, "cannot list members");
	*members = list.items;
	*n = list.n;
	return ret;

nla_put_failure:
	nlmsg_free(msg);
	return fail_no_memory();
}

/* ------------------------------------------------------------ counters -- */

const char *stat_name(unsigned int stat)
{
	return peergroup_counter_name(stat);
}

unsigned int stat_by_name(const char *name)
{
	unsigned int i;

	for (i = 0; i < __PEERGROUP_A_STATS_MAX; i++)
		if (str_eq(peergroup_counter_name(i), name))
			return i;
	return 0;
}

static void parse_stats(struct nlattr **tb, struct nlattr *first, int len, void *arg)
{
	uint64_t *values = arg;
	unsigned int i;

	(void)first;
	(void)len;
	for (i = 0; i < __PEERGROUP_A_STATS_MAX; i++)
		if (stat_name(i))
			values[i] = admin_uint(tb[i]);
}

int admin_stats(uint32_t index, uint64_t values[__PEERGROUP_A_STATS_MAX])
{
	static const struct nla_policy policy[__PEERGROUP_A_STATS_MAX];
	struct admin_answer answer = {
		.parse = parse_stats, .arg = values,
		.policy = policy, .maxattr = PEERGROUP_A_STATS_MAX,
	};
	struct nl_msg *msg = admin_request(PEERGROUP_CMD_STATS_GET, 0);

	memset(values, 0, __PEERGROUP_A_STATS_MAX * sizeof(*values));
	NLA_PUT_U32(msg, PEERGROUP_A_STATS_GROUP, index);
	return admin_perform(msg, &answer, "cannot read counters");

nla_put_failure:
	nlmsg_free(msg);
	return fail_no_memory();
}

/* ------------------------------------------------------------- records -- */

static const struct nla_policy record_policy[__PEERGROUP_A_RECORD_MAX];

/* A large record comes in chunks, in order. */
static void parse_record(struct nlattr **tb, struct nlattr *first, int len, void *arg)
{
	struct nlattr *wire = tb[PEERGROUP_A_RECORD_WIRE];
	struct admin_list *list = arg;
	size_t n;

	(void)first;
	(void)len;
	if (!wire || admin_uint(tb[PEERGROUP_A_RECORD_OFFSET]) != list->n)
		return;
	n = nla_len(wire);
	list->items = admin_memory(list->items, list->n + n);
	memcpy((char *)list->items + list->n, nla_data(wire), n);
	list->n += n;
}

int admin_record(uint32_t index, const unsigned char *id, struct admin_blob *wire)
{
	struct admin_list list = { NULL, 0 };
	struct admin_answer answer = {
		.parse = parse_record, .arg = &list,
		.policy = record_policy, .maxattr = PEERGROUP_A_RECORD_MAX,
	};
	struct nl_msg *msg = admin_request(PEERGROUP_CMD_RECORD_GET, NLM_F_DUMP);
	int ret;

	NLA_PUT_U32(msg, PEERGROUP_A_RECORD_GROUP, index);
	NLA_PUT(msg, PEERGROUP_A_RECORD_ID, PEERGROUP_ID_LEN, id);
	NLA_PUT_FLAG(msg, PEERGROUP_A_RECORD_TOMBSTONES);
	ret = admin_dump(msg, &answer, admin_list_reset, "cannot read the record");
	if (ret == EXIT_OK && !list.n)
		ret = fail(EXIT_NOT_FOUND, "no record %s", uuid_text(id));
	wire->data = list.items;
	wire->len = list.n;
	return ret;

nla_put_failure:
	nlmsg_free(msg);
	return fail_no_memory();
}
