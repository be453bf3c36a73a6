// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "netlink.h"
#include "tap.h"

/* ------------------------------------------------------------- answers -- */

static void take_tlvs(struct nl *nl, const struct nlmsghdr *msg, size_t fixed)
{
	const struct nlattr *attr;

	if (!(msg->nlmsg_flags & NLM_F_ACK_TLVS))
		return;
	mnl_attr_for_each(attr, msg, fixed) {
		uint16_t type = mnl_attr_get_type(attr);

		if (type == NLMSGERR_ATTR_MSG)
			snprintf(nl->text, sizeof(nl->text), "%s", mnl_attr_get_str(attr));
		if (type == NLMSGERR_ATTR_COOKIE &&
		    mnl_attr_get_payload_len(attr) == sizeof(nl->cookie)) {
			memcpy(&nl->cookie, mnl_attr_get_payload(attr), sizeof(nl->cookie));
			nl->has_cookie = true;
		}
	}
}

static int take_error(struct nl *nl, const struct nlmsghdr *msg)
{
	const struct nlmsgerr *err = mnl_nlmsg_get_payload(msg);
	size_t fixed = sizeof(*err);

	if (!(msg->nlmsg_flags & NLM_F_CAPPED))
		fixed += MNL_ALIGN(err->msg.nlmsg_len) - sizeof(err->msg);
	take_tlvs(nl, msg, fixed);
	return err->error;
}

static int take_done(struct nl *nl, const struct nlmsghdr *msg)
{
	int err = 0;

	if (mnl_nlmsg_get_payload_len(msg) >= sizeof(err))
		memcpy(&err, mnl_nlmsg_get_payload(msg), sizeof(err));
	nl->said_done = true;
	take_tlvs(nl, msg, sizeof(err));
	return err;
}

/* Return: 1 to read on, or the answer's end: 0 or -errno. */
static int take_messages(struct nl *nl, int len, nl_each each, void *arg)
{
	const struct nlmsghdr *msg = (const void *)nl->in;

	for (; mnl_nlmsg_ok(msg, len); msg = mnl_nlmsg_next(msg, &len)) {
		if (msg->nlmsg_seq != nl->seq) {
			if (msg->nlmsg_type == nl->family)
				nl->amid = nl_cmd(msg);
			continue;
		}
		if (msg->nlmsg_type == NLMSG_ERROR)
			return take_error(nl, msg);
		if (msg->nlmsg_type == NLMSG_DONE)
			return take_done(nl, msg);
		if (each)
			each(msg, arg);
	}
	return 1;
}

int nl_hear(struct nl *nl, nl_each each, void *arg)
{
	int ret;

	do {
		ret = (int)mnl_socket_recvfrom(nl->sock, nl->in, sizeof(nl->in));
		if (ret < 0)
			return -errno;
		ret = take_messages(nl, ret, each, arg);
	} while (ret > 0);
	return ret;
}

int nl_talk(struct nl *nl, struct nlmsghdr *msg, nl_each each, void *arg)
{
	nl->text[0] = '\0';
	nl->has_cookie = false;
	nl->said_done = false;
	nl->amid = 0;
	if (mnl_socket_sendto(nl->sock, msg, msg->nlmsg_len) < 0)
		return -errno;
	return nl_hear(nl, each, arg);
}

/* ------------------------------------------------------------ requests -- */

static struct nlmsghdr *begin(struct nl *nl, uint16_t family, uint8_t cmd, uint16_t flags)
{
	struct nlmsghdr *msg = mnl_nlmsg_put_header(nl->out);
	struct genlmsghdr *genl;

	msg->nlmsg_type = family;
	msg->nlmsg_flags = NLM_F_REQUEST | (flags ? flags : NLM_F_ACK);
	msg->nlmsg_seq = ++nl->seq;
	genl = mnl_nlmsg_put_extra_header(msg, sizeof(*genl));
	genl->cmd = cmd;
	genl->version = PEERGROUP_FAMILY_VERSION;
	return msg;
}

struct nlmsghdr *nl_begin(struct nl *nl, uint8_t cmd, uint16_t flags)
{
	return begin(nl, nl->family, cmd, flags);
}

const struct nlattr *nl_attr(const struct nlmsghdr *msg, uint16_t type)
{
	const struct nlattr *attr;

	mnl_attr_for_each(attr, msg, sizeof(struct genlmsghdr))
		if (mnl_attr_get_type(attr) == type)
			return attr;
	return NULL;
}

uint32_t nl_u32(const struct nlmsghdr *msg, uint16_t type)
{
	const struct nlattr *attr = nl_attr(msg, type);

	return attr ? mnl_attr_get_u32(attr) : 0;
}

uint64_t nl_u64(const struct nlmsghdr *msg, uint16_t type)
{
	const struct nlattr *attr = nl_attr(msg, type);

	return attr ? mnl_attr_get_u64(attr) : 0;
}

uint8_t nl_cmd(const struct nlmsghdr *msg)
{
	const struct genlmsghdr *genl = mnl_nlmsg_get_payload(msg);

	return genl->cmd;
}

/* -------------------------------------------------------------- opening -- */

static void take_mcgrp(struct nl *nl, const struct nlattr *list)
{
	const struct nlattr *grp, *attr;

	mnl_attr_for_each_nested(grp, list)
		mnl_attr_for_each_nested(attr, grp)
			if (mnl_attr_get_type(attr) == CTRL_ATTR_MCAST_GRP_ID)
				nl->events = mnl_attr_get_u32(attr);
}

static void take_family(const struct nlmsghdr *msg, void *arg)
{
	const struct nlattr *id = nl_attr(msg, CTRL_ATTR_FAMILY_ID);
	const struct nlattr *groups = nl_attr(msg, CTRL_ATTR_MCAST_GROUPS);
	struct nl *nl = arg;

	if (id)
		nl->family = mnl_attr_get_u16(id);
	if (groups)
		take_mcgrp(nl, groups);
}

int nl_open(struct nl *nl)
{
	struct nlmsghdr *msg;
	int one = 1, err;

	memset(nl, 0, sizeof(*nl));
	nl->sock = mnl_socket_open2(NETLINK_GENERIC, SOCK_CLOEXEC);
	if (!nl->sock || mnl_socket_bind(nl->sock, 0, MNL_SOCKET_AUTOPID) < 0)
		return -errno;
	mnl_socket_setsockopt(nl->sock, NETLINK_EXT_ACK, &one, sizeof(one));
	mnl_socket_setsockopt(nl->sock, NETLINK_CAP_ACK, &one, sizeof(one));
	msg = begin(nl, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 0);
	mnl_attr_put_strz(msg, CTRL_ATTR_FAMILY_NAME, PEERGROUP_FAMILY_NAME);
	err = nl_talk(nl, msg, take_family, nl);
	return err ? err : nl->family ? 0 : -ENOENT;
}

void nl_close(struct nl *nl)
{
	if (nl->sock)
		mnl_socket_close(nl->sock);
	nl->sock = NULL;
}

int nl_listen(struct nl *nl)
{
	if (mnl_socket_setsockopt(nl->sock, NETLINK_ADD_MEMBERSHIP, &nl->events,
				  sizeof(nl->events)) < 0)
		return -errno;
	return 0;
}

/* ------------------------------------------------------ common requests -- */

int nl_simple(struct nl *nl, uint8_t cmd, uint16_t type, uint32_t index)
{
	struct nlmsghdr *msg = nl_begin(nl, cmd, 0);

	mnl_attr_put_u32(msg, type, index);
	return nl_talk(nl, msg, NULL, NULL);
}

struct wanted {
	uint16_t type;
	uint64_t value;
	bool found;
};

static void take_number(const struct nlmsghdr *msg, void *arg)
{
	struct wanted *w = arg;
	const struct nlattr *attr = nl_attr(msg, w->type);

	if (!attr)
		return;
	w->found = true;
	switch (mnl_attr_get_payload_len(attr)) {
	case 1:
		w->value = mnl_attr_get_u8(attr);
		break;
	case 2:
		w->value = mnl_attr_get_u16(attr);
		break;
	case 4:
		w->value = mnl_attr_get_u32(attr);
		break;
	default:
		w->value = mnl_attr_get_u64(attr);
	}
}

static uint64_t number(struct nl *nl, uint8_t cmd, uint16_t by, uint32_t index, uint16_t type)
{
	struct nlmsghdr *msg = nl_begin(nl, cmd, 0);
	struct wanted w = { .type = type };

	mnl_attr_put_u32(msg, by, index);
	NEED(!nl_talk(nl, msg, take_number, &w) && w.found);
	return w.value;
}

uint64_t nl_stat(struct nl *nl, uint32_t index, uint16_t counter)
{
	return number(nl, PEERGROUP_CMD_STATS_GET, PEERGROUP_A_STATS_GROUP, index, counter);
}

uint64_t nl_group_number(struct nl *nl, uint32_t index, uint16_t type)
{
	return number(nl, PEERGROUP_CMD_GROUP_GET, PEERGROUP_A_GROUP_INDEX, index, type);
}

static void count_one(const struct nlmsghdr *msg, void *arg)
{
	(void)msg;
	++*(unsigned int *)arg;
}

unsigned int nl_count(struct nl *nl, uint8_t cmd, uint16_t type, uint32_t index)
{
	struct nlmsghdr *msg = nl_begin(nl, cmd, NLM_F_DUMP);
	unsigned int n = 0;

	if (type)
		mnl_attr_put_u32(msg, type, index);
	NEED(!nl_talk(nl, msg, count_one, &n));
	return n;
}

static int stage(struct nl *nl, uint32_t index, const uint8_t *wire, size_t len)
{
	size_t at, part;
	int err = 0;

	for (at = 0; at < len && !err; at += part) {
		struct nlmsghdr *msg = nl_begin(nl, PEERGROUP_CMD_RECORD_STAGE, 0);

		part = len - at < PEERGROUP_CHUNK_MAX ? len - at : PEERGROUP_CHUNK_MAX;
		mnl_attr_put_u32(msg, PEERGROUP_A_RECORD_GROUP, index);
		mnl_attr_put_u32(msg, PEERGROUP_A_RECORD_SIZE, (uint32_t)len);
		mnl_attr_put_u32(msg, PEERGROUP_A_RECORD_OFFSET, (uint32_t)at);
		mnl_attr_put(msg, PEERGROUP_A_RECORD_WIRE, part, wire + at);
		err = nl_talk(nl, msg, NULL, NULL);
	}
	return err;
}

int nl_put_record(struct nl *nl, uint32_t index, const void *wire, size_t len)
{
	bool whole = len <= PEERGROUP_CHUNK_MAX;
	struct nlmsghdr *msg;
	int err = whole ? 0 : stage(nl, index, wire, len);

	if (err)
		return err;
	msg = nl_begin(nl, PEERGROUP_CMD_RECORD_PUT, 0);
	mnl_attr_put_u32(msg, PEERGROUP_A_RECORD_GROUP, index);
	if (whole)
		mnl_attr_put(msg, PEERGROUP_A_RECORD_WIRE, len, wire);
	else
		mnl_attr_put(msg, PEERGROUP_A_RECORD_STAGED, 0, NULL);
	return nl_talk(nl, msg, NULL, NULL);
}

int nl_put_kept(struct nl *nl, uint32_t index, const void *wire, size_t len, const void *seed,
		size_t seed_len)
{
	struct nlmsghdr *msg = nl_begin(nl, PEERGROUP_CMD_RECORD_PUT, 0);

	mnl_attr_put_u32(msg, PEERGROUP_A_RECORD_GROUP, index);
	mnl_attr_put(msg, PEERGROUP_A_RECORD_WIRE, len, wire);
	mnl_attr_put(msg, PEERGROUP_A_RECORD_SEED, seed_len, seed);
	return nl_talk(nl, msg, NULL, NULL);
}
