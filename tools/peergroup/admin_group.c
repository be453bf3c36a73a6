// SPDX-License-Identifier: LGPL-2.1-or-later
/* The admin plane: groups, their owners and limits. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "admin_nl.h"
#include "cmd.h"

#define FOREIGN_MAX	8	/* groups that are told of */

static const struct nla_policy group_policy[__PEERGROUP_A_GROUP_MAX] = {
	[PEERGROUP_A_GROUP_INDEX] = { .type = NLA_U32 },
	[PEERGROUP_A_GROUP_NAME] = { .type = NLA_STRING },
	[PEERGROUP_A_GROUP_MEMBER] = { .type = NLA_STRING },
	[PEERGROUP_A_GROUP_LIMITS] = { .type = NLA_NESTED },
};

static void parse_limits(struct nlattr *nest, struct admin_group *group)
{
	struct nlattr *attr;
	int rest;

	nla_for_each_nested(attr, nest, rest) {
		if (nla_type(attr) == PEERGROUP_A_LIMIT_PAD || nla_type(attr) > PEERGROUP_A_LIMIT_MAX)
			continue;
		group->limits[nla_type(attr)] = admin_uint(attr);
		group->has_limit[nla_type(attr)] = true;
	}
}

static void parse_group(struct nlattr **tb, struct nlattr *first, int len, void *arg)
{
	struct admin_group *group = admin_list_add(arg, sizeof(*group));
	struct nlattr *attr;
	int rest;

	group->index = admin_uint(tb[PEERGROUP_A_GROUP_INDEX]);
	admin_bytes(tb[PEERGROUP_A_GROUP_ID], group->id, sizeof(group->id));
	group->name = admin_string(tb[PEERGROUP_A_GROUP_NAME]);
	if (!group->name)
		group->name = admin_copy("", 0);
	group->friendly = group->name;
	group->member = admin_string(tb[PEERGROUP_A_GROUP_MEMBER]);
	group->node = admin_uint(tb[PEERGROUP_A_GROUP_NODE]);
	admin_bytes(tb[PEERGROUP_A_GROUP_NODE_KEY], group->node_key, sizeof(group->node_key));
	group->credential_expires = admin_uint(tb[PEERGROUP_A_GROUP_CREDENTIAL_EXPIRES]);
	admin_bytes(tb[PEERGROUP_A_GROUP_SHOWN], group->shown, sizeof(group->shown));
	group->status = admin_uint(tb[PEERGROUP_A_GROUP_STATUS]);
	group->port = admin_uint(tb[PEERGROUP_A_GROUP_PORT]);
	group->seq = admin_uint(tb[PEERGROUP_A_GROUP_SEQ]);
	group->horizon = admin_uint(tb[PEERGROUP_A_GROUP_HORIZON]);
	group->records = admin_uint(tb[PEERGROUP_A_GROUP_RECORDS]);
	group->tombstones = admin_uint(tb[PEERGROUP_A_GROUP_TOMBSTONES]);
	group->bytes = admin_uint(tb[PEERGROUP_A_GROUP_BYTES]);
	group->holders = admin_uint(tb[PEERGROUP_A_GROUP_HOLDERS]);
	group->uid = admin_uint(tb[PEERGROUP_A_GROUP_UID]);
	group->gid = admin_uint(tb[PEERGROUP_A_GROUP_GID]);
	group->mode = admin_uint(tb[PEERGROUP_A_GROUP_MODE]);
	group->time_offset = (int64_t)admin_uint(tb[PEERGROUP_A_GROUP_TIME_OFFSET]);
	admin_bytes(tb[PEERGROUP_A_GROUP_FINGERPRINT], group->fingerprint,
		    sizeof(group->fingerprint));
	group->root = admin_blob(tb[PEERGROUP_A_GROUP_ROOT]);
	if (tb[PEERGROUP_A_GROUP_LIMITS])
		parse_limits(tb[PEERGROUP_A_GROUP_LIMITS], group);
	nla_for_each_attr(attr, first, len, rest) {
		if (nla_type(attr) != PEERGROUP_A_GROUP_CHAIN)
			continue;
		group->chain = admin_memory(group->chain,
					    (group->chain_len + 1) * sizeof(*group->chain));
		group->chain[group->chain_len++] = admin_blob(attr);
	}
}

int admin_groups(struct admin_group **groups, size_t *n)
{
	struct admin_list list = { NULL, 0 };
	struct admin_answer answer = {
		.parse = parse_group, .arg = &list,
		.policy = group_policy, .maxattr = PEERGROUP_A_GROUP_MAX,
	};
	struct peergroup_group_name *names = NULL;
	size_t n_names = 0, i, k;
	int ret = admin_open();

	*groups = NULL;
	*n = 0;
	if (ret == EXIT_OK)
		ret = admin_dump(admin_request(PEERGROUP_CMD_GROUP_GET, NLM_F_DUMP), &answer,
				 admin_list_reset, "cannot list groups");
	if (ret != EXIT_OK)
		return ret;
	*groups = list.items;
	*n = list.n;
	/* Friendly names are this user's knowledge; do without if there is none. */
	if (SUCCEEDED(peergroup_list_groups(NULL, &names, &n_names)))
		for (i = 0; i < list.n; i++)
			for (k = 0; k < n_names; k++) {
				if (!str_eq((*groups)[i].name, names[k].name))
					continue;
				(*groups)[i].friendly = admin_copy(names[k].friendly,
								   strlen(names[k].friendly));
				if (str_eq((*groups)[i].member, names[k].identity))
					(*groups)[i].mine = true;
			}
	peergroup_free(names);
	return EXIT_OK;
}

/* All that the kernel says about one group; the dump may be brief. */
static int complete_group(struct admin_group *group)
{
	struct admin_list list = { NULL, 0 };
	struct admin_answer answer = {
		.parse = parse_group, .arg = &list,
		.policy = group_policy, .maxattr = PEERGROUP_A_GROUP_MAX,
	};
	struct nl_msg *msg = admin_request(PEERGROUP_CMD_GROUP_GET, 0);
	char *friendly = group->friendly;
	bool mine = group->mine;
	int ret;

	NLA_PUT_U32(msg, PEERGROUP_A_GROUP_INDEX, group->index);
	ret = admin_perform(msg, &answer, group->friendly);
	if (ret != EXIT_OK)
		return ret;
	if (!list.n)
		return fail(EXIT_FAILED, "%s: the kernel said nothing", group->friendly);
	*group = *(struct admin_group *)list.items;
	group->friendly = friendly;
	group->mine = mine;
	return EXIT_OK;

nla_put_failure:
	nlmsg_free(msg);
	return fail_no_memory();
}

/*
 * Who may see other users' groups may have two that are called the same, or are
 * the same with two members: then this user's own is meant.
 */
static struct admin_group *choose_group(struct admin_group *groups, size_t n, const char *arg,
					const char *identity, size_t *matches)
{
	struct admin_group *found = NULL, *own = NULL;
	size_t i, mine = 0;

	*matches = 0;
	for (i = 0; i < n; i++) {
		if (identity && !str_eq(groups[i].member, identity))
			continue;
		if (arg && !str_eq(groups[i].name, arg) && !str_eq(groups[i].friendly, arg) &&
		    !(strlen(arg) >= 4 && str_starts(groups[i].name, arg)))
			continue;
		found = &groups[i];
		++*matches;
		if (groups[i].mine) {
			own = found;
			mine++;
		}
	}
	if (mine == 1) {
		*matches = 1;
		return own;
	}
	return found;
}

/*
 * Whose groups --identity means: an identity of this user, or else a member of a group that
 * runs here, whose identity may be another user's, or in another data folder.
 */
static int find_running_member(const struct admin_group *groups, size_t n, char **identity)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (!groups[i].mine && str_eq(groups[i].member, opt_identity)) {
			*identity = xstrdup(opt_identity);
			return EXIT_OK;
		}
	return find_identity(opt_identity, identity);
}

/*
 * Groups of which this user's data folder knows nothing, another's or this user's own from
 * before it was moved: by these names they can be told apart.
 */
static void tell_foreign(const struct admin_group *groups, size_t n)
{
	size_t i, told = 0;

	for (i = 0; i < n; i++) {
		if (groups[i].mine)
			continue;
		if (told++ == FOREIGN_MAX) {
			fail(EXIT_OK, "and others are up here");
			return;
		}
		fail(EXIT_OK, "up here is %s, as member %s", groups[i].name, groups[i].member);
	}
}

int admin_find_group(const char *arg, struct admin_group *group)
{
	struct admin_group *groups, *found;
	struct group_ref ref = { NULL, NULL, NULL };
	size_t n, matches;
	char *identity = NULL;
	int ret = admin_groups(&groups, &n);

	if (ret == EXIT_OK && opt_identity)
		ret = find_running_member(groups, n, &identity);
	if (ret != EXIT_OK)
		return ret;
	found = choose_group(groups, n, arg, identity, &matches);
	free(identity);
	if (matches == 1) {
		*group = *found;
		return complete_group(group);
	}
	if (matches && arg)
		return fail(EXIT_USAGE,
			    "%s: %zu groups are called so here; use the peer name, and --identity where that is the same",
			    arg, matches);
	if (matches)
		tell_foreign(groups, n);
	if (matches)
		return usage("there are %zu groups here: which one? Where it is one group, as several members, by --identity", matches);
	if (!arg && n)
		return fail(EXIT_NOT_FOUND, "no group of that identity is up");
	/* Known to this user, but not running? Otherwise find_group() says what is wrong. */
	ret = find_group(arg, &ref);
	if (ret == EXIT_OK)
		ret = fail_not_up(&ref);
	else if (ret == EXIT_NOT_FOUND)
		tell_foreign(groups, n);
	free_group(&ref);
	return ret;
}

int admin_member_until(const struct admin_group *group, uint64_t *until)
{
	struct admin_member *members;
	size_t n, i;
	int ret = admin_members(group->index, &members, &n);

	*until = 0;
	for (i = 0; ret == EXIT_OK && i < n; i++)
		if (!memcmp(members[i].fingerprint, group->shown, sizeof(group->shown)))
			*until = members[i].not_after;
	return ret;
}

bool admin_is_past(const struct admin_group *group, uint64_t peer_time)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return peer_time && peer_time <= peergroup_time_from_unix(&now) +
					 (uint64_t)group->time_offset;
}

int admin_set_owner(uint32_t index, const struct admin_owner *owner)
{
	struct nl_msg *msg = admin_request(PEERGROUP_CMD_GROUP_SET, 0);
	struct admin_answer answer = { .parse = NULL };

	NLA_PUT_U32(msg, PEERGROUP_A_GROUP_INDEX, index);
	if (owner->has_uid)
		NLA_PUT_U32(msg, PEERGROUP_A_GROUP_UID, owner->uid);
	if (owner->has_gid)
		NLA_PUT_U32(msg, PEERGROUP_A_GROUP_GID, owner->gid);
	if (owner->has_mode)
		NLA_PUT_U32(msg, PEERGROUP_A_GROUP_MODE, owner->mode);
	return admin_perform(msg, &answer, "cannot change who may use the group");

nla_put_failure:
	nlmsg_free(msg);
	return fail_no_memory();
}

int admin_let_go(uint32_t index)
{
	struct nl_msg *msg = admin_request(PEERGROUP_CMD_GROUP_SET, 0);
	struct admin_answer answer = { .parse = NULL };

	NLA_PUT_U32(msg, PEERGROUP_A_GROUP_INDEX, index);
	NLA_PUT_U8(msg, PEERGROUP_A_GROUP_ONLINE, 0);
	NLA_PUT_U8(msg, PEERGROUP_A_GROUP_KEEP, 0);
	return admin_perform(msg, &answer, "cannot take the group down");

nla_put_failure:
	nlmsg_free(msg);
	return fail_no_memory();
}

int admin_set_limits(uint32_t index, const uint64_t *values, const char *const *given,
		     const char *(*unit)(unsigned int limit))
{
	struct nl_msg *msg = admin_request(PEERGROUP_CMD_GROUP_SET, 0);
	unsigned int i, offset[__PEERGROUP_A_LIMIT_MAX] = { 0 };
	const char *culprit = "cannot set limits";
	struct admin_answer answer = { .parse = NULL };
	struct nlattr *nest;
	size_t used;
	int ret;

	NLA_PUT_U32(msg, PEERGROUP_A_GROUP_INDEX, index);
	nest = nla_nest_start(msg, PEERGROUP_A_GROUP_LIMITS | NLA_F_NESTED);
	if (!nest)
		goto nla_put_failure;
	for (i = 0; i < __PEERGROUP_A_LIMIT_MAX; i++) {
		if (!given[i])
			continue;
		offset[i] = NLMSG_ALIGN(nlmsg_hdr(msg)->nlmsg_len);
		if (i == PEERGROUP_A_LIMIT_BYTES || i == PEERGROUP_A_LIMIT_CREATOR_BYTES ||
		    i == PEERGROUP_A_LIMIT_INVITER_BYTES)
			NLA_PUT_U64(msg, i, values[i]);
		else
			NLA_PUT_U32(msg, i, values[i]);
	}
	nla_nest_end(msg, nest);
	ret = admin_exchange(msg, &answer);
	nlmsg_free(msg);
	if (ret != EXIT_OK || !answer.error)
		return ret;
	for (i = 0; i < __PEERGROUP_A_LIMIT_MAX; i++)
		if (answer.offset && offset[i] == answer.offset) {
			used = strlen(answer.detail);
			if (answer.ranged)
				snprintf(answer.detail + used, sizeof(answer.detail) - used, "%s",
					 unit(i));
			culprit = given[i];
		}
	return admin_refused(&answer, culprit);

nla_put_failure:
	nlmsg_free(msg);
	return fail_no_memory();
}
