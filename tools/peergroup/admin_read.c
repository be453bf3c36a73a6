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

#define STAT(upper, lower) [PEERGROUP_A_STATS_##upper] = #lower

static const char *const stat_names[__PEERGROUP_A_STATS_MAX] = {
	STAT(ADDED, added),
	STAT(UPDATED, updated),
	STAT(DELETED, deleted),
	STAT(EXPIRED, expired),
	STAT(VERIFIED, verified),
	STAT(PRESENT, present),
	STAT(OLD, old),
	STAT(DEFERRED, deferred),
	STAT(COALESCED, coalesced),
	STAT(FORWARDED, forwarded),
	STAT(SYNCS, syncs),
	STAT(LINKS_UP, links_up),
	STAT(LINKS_DOWN, links_down),
	STAT(LINKS_FAILED, links_failed),
	STAT(REFUSED_MALFORMED, refused_malformed),
	STAT(REFUSED_ID, refused_id),
	STAT(REFUSED_TIMES, refused_times),
	STAT(REFUSED_FUTURE, refused_future),
	STAT(REFUSED_EXPIRED, refused_expired),
	STAT(REFUSED_HASH, refused_hash),
	STAT(REFUSED_SIGNATURE, refused_signature),
	STAT(REFUSED_ALGORITHM, refused_algorithm),
	STAT(REFUSED_ROLE, refused_role),
	STAT(REFUSED_RESERVED, refused_reserved),
	STAT(REFUSED_UNKNOWN, refused_unknown),
	STAT(REFUSED_SIZE, refused_size),
	STAT(REFUSED_FULL, refused_full),
	STAT(REFUSED_STALE, refused_stale),
	STAT(REFUSED_CHANGED, refused_changed),
	STAT(REFUSED_NOMEM, refused_nomem),
	STAT(REFUSED_CERT, refused_cert),
	STAT(REFUSED_MEMBERS, refused_members),
	STAT(REFUSED_QUOTA, refused_quota),
	STAT(REFUSED_RATE, refused_rate),
	STAT(REFUSED_PERMISSION, refused_permission),
	STAT(LINK_PACED, link_paced),
	STAT(DROPPED_DEFERRED, dropped_deferred),
	STAT(DROPPED_QUEUE, dropped_queue),
	STAT(LINK_MALFORMED, link_malformed),
	STAT(LINK_OVERSIZE, link_oversize),
	STAT(LINK_HANDSHAKE, link_handshake),
	STAT(LINK_DUPLICATE, link_duplicate),
	STAT(LINK_TIMEOUT, link_timeout),
	STAT(LINK_CLOCK, link_clock),
	STAT(LINK_FULL, link_full),
	STAT(EVENTS_LOST, events_lost),
	STAT(LINK_CRYPTO, link_crypto),
	STAT(LINK_CREDENTIAL, link_credential),
	STAT(LINK_HALF_OPEN, link_half_open),
	STAT(REFUSED_REVOKED, refused_revoked),
	STAT(WITHDRAWN, withdrawn),
	STAT(LINK_REVOKED, link_revoked),
	STAT(LINK_MEMBER, link_member),
};

const char *stat_name(unsigned int stat)
{
	return stat < ARRAY_SIZE(stat_names) ? stat_names[stat] : NULL;
}

unsigned int stat_by_name(const char *name)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(stat_names); i++)
		if (str_eq(stat_names[i], name))
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
	list->items = xrealloc(list->items, list->n + n);
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
