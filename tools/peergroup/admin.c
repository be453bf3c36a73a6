// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The admin plane over libnl-genl: one socket, requests that are answered
 * before they return, dumps that start over if the kernel says that they were
 * interrupted.
 */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <linux/netlink.h>
#include <netlink/attr.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>
#include "admin_nl.h"
#include "cmd.h"

#define BUFFER_SIZE	(128 << 10)	/* a record chunk, and room */
#define DUMP_TRIES	20

static struct nl_sock *sock;
static int family;

int admin_open(void)
{
	int one = 1, err;

	if (sock)
		return EXIT_OK;
	sock = nl_socket_alloc();
	if (!sock)
		return fail_no_memory();
	err = genl_connect(sock);
	if (err < 0) {
		nl_socket_free(sock);
		sock = NULL;
		return fail(EXIT_FAILED, "cannot reach netlink: %s", nl_geterror(err));
	}
	family = genl_ctrl_resolve(sock, PEERGROUP_FAMILY_NAME);
	if (family < 0) {
		nl_socket_free(sock);
		sock = NULL;
		return fail_no_module();
	}
	setsockopt(nl_socket_get_fd(sock), SOL_NETLINK, NETLINK_EXT_ACK, &one, sizeof(one));
	setsockopt(nl_socket_get_fd(sock), SOL_NETLINK, NETLINK_GET_STRICT_CHK, &one, sizeof(one));
	nl_socket_set_msg_buf_size(sock, BUFFER_SIZE);
	return EXIT_OK;
}

static int on_valid(struct nl_msg *msg, void *arg)
{
	struct nlmsghdr *nlh = nlmsg_hdr(msg);
	struct nlattr *tb[__PEERGROUP_A_STATS_MAX];
	struct admin_answer *answer = arg;
	struct nlattr *first;
	int len;

	if (nlh->nlmsg_flags & NLM_F_DUMP_INTR)
		answer->interrupted = true;
	if (nlh->nlmsg_type != family || !genlmsg_valid_hdr(nlh, 0) || !answer->parse)
		return NL_OK;
	first = genlmsg_attrdata(nlmsg_data(nlh), 0);
	len = genlmsg_attrlen(nlmsg_data(nlh), 0);
	if (nla_parse(tb, answer->maxattr, first, len, answer->policy) < 0) {
		answer->error = EBADMSG;
		return NL_OK;
	}
	answer->parse(tb, first, len, answer->arg);
	return NL_OK;
}

/* What a number may be, which the kernel tells beside that it is not. */
static void take_range(struct admin_answer *answer, struct nlattr *policy)
{
	struct nlattr *tb[NL_POLICY_TYPE_ATTR_MAX + 1];
	size_t used = strlen(answer->detail);

	if (nla_parse_nested(tb, NL_POLICY_TYPE_ATTR_MAX, policy, NULL) < 0 ||
	    !tb[NL_POLICY_TYPE_ATTR_MIN_VALUE_U] || !tb[NL_POLICY_TYPE_ATTR_MAX_VALUE_U])
		return;
	snprintf(answer->detail + used, sizeof(answer->detail) - used, ": %llu to %llu",
		 (unsigned long long)nla_get_u64(tb[NL_POLICY_TYPE_ATTR_MIN_VALUE_U]),
		 (unsigned long long)nla_get_u64(tb[NL_POLICY_TYPE_ATTR_MAX_VALUE_U]));
	answer->ranged = true;
}

/* The kernel's own words, out of the attributes behind an error or the end of a dump. */
static void take_extack(struct admin_answer *answer, struct nlattr *first, int len)
{
	struct nlattr *attr;
	int rest;

	nla_for_each_attr(attr, first, len, rest) {
		if (nla_type(attr) == NLMSGERR_ATTR_MSG)
			snprintf(answer->detail, sizeof(answer->detail), "%.*s",
				 nla_len(attr), (const char *)nla_data(attr));
		if (nla_type(attr) == NLMSGERR_ATTR_OFFS && nla_len(attr) == 4)
			answer->offset = nla_get_u32(attr);
		if (nla_type(attr) == NLMSGERR_ATTR_POLICY)
			take_range(answer, attr);
	}
}

static int on_error(struct sockaddr_nl *from, struct nlmsgerr *error, void *arg)
{
	struct nlmsghdr *nlh = (struct nlmsghdr *)error - 1;
	struct admin_answer *answer = arg;
	size_t skip = sizeof(*error);

	(void)from;
	answer->error = -error->error;
	answer->done = true;
	if (!(nlh->nlmsg_flags & NLM_F_CAPPED))
		skip += error->msg.nlmsg_len - NLMSG_HDRLEN;
	skip = NLMSG_ALIGN(skip);
	if (nlh->nlmsg_flags & NLM_F_ACK_TLVS && (size_t)nlmsg_datalen(nlh) > skip)
		take_extack(answer, (struct nlattr *)((char *)error + skip),
			    nlmsg_datalen(nlh) - (int)skip);
	return NL_STOP;
}

static int on_finish(struct nl_msg *msg, void *arg)
{
	struct nlmsghdr *nlh = nlmsg_hdr(msg);
	struct admin_answer *answer = arg;
	int *error = nlmsg_data(nlh);

	answer->done = true;
	if (nlh->nlmsg_flags & NLM_F_DUMP_INTR)
		answer->interrupted = true;
	if (nlmsg_datalen(nlh) >= (int)sizeof(*error) && *error < 0) {
		answer->error = -*error;
		if (nlh->nlmsg_flags & NLM_F_ACK_TLVS)
			take_extack(answer, (struct nlattr *)(error + 1),
				    nlmsg_datalen(nlh) - (int)sizeof(*error));
	}
	return NL_STOP;
}

static int on_ack(struct nl_msg *msg, void *arg)
{
	struct admin_answer *answer = arg;

	(void)msg;
	answer->done = true;
	return NL_STOP;
}

struct nl_msg *admin_request(uint8_t cmd, int flags)
{
	struct nl_msg *msg = nlmsg_alloc();

	if (!msg || !genlmsg_put(msg, NL_AUTO_PORT, NL_AUTO_SEQ, family, 0, flags, cmd,
				 PEERGROUP_FAMILY_VERSION))
		exit(fail_no_memory());
	return msg;
}

int admin_exchange(struct nl_msg *msg, struct admin_answer *answer)
{
	struct nl_cb *cb = nl_cb_alloc(NL_CB_DEFAULT);
	int err;

	if (!cb)
		return fail_no_memory();
	answer->error = 0;
	answer->done = false;
	answer->interrupted = false;
	answer->ranged = false;
	answer->offset = 0;
	answer->detail[0] = 0;
	nl_cb_set(cb, NL_CB_VALID, NL_CB_CUSTOM, on_valid, answer);
	nl_cb_set(cb, NL_CB_FINISH, NL_CB_CUSTOM, on_finish, answer);
	nl_cb_set(cb, NL_CB_ACK, NL_CB_CUSTOM, on_ack, answer);
	nl_cb_err(cb, NL_CB_CUSTOM, on_error, answer);
	nlmsg_hdr(msg)->nlmsg_seq = NL_AUTO_SEQ;
	err = nl_send_auto(sock, msg);
	while (err >= 0 && !answer->done) {
		err = nl_recvmsgs(sock, cb);
		if (err == -NLE_DUMP_INTR) {
			answer->interrupted = true;
			answer->done = true;
			err = 0;
		}
	}
	nl_cb_put(cb);
	if (err < 0 && !answer->error)
		return fail(EXIT_FAILED, "netlink: %s", nl_geterror(err));
	return EXIT_OK;
}

int admin_refused(const struct admin_answer *answer, const char *what)
{
	int code = EXIT_FAILED;

	if (answer->error == ENOENT || answer->error == ENODEV)
		code = EXIT_NOT_FOUND;
	else if (answer->error == EPERM || answer->error == EACCES)
		code = EXIT_NOT_AUTHORISED;
	return fail(code, "%s: %s", what, answer->detail[0] ? answer->detail :
		    answer->error == EPERM ? "this needs CAP_NET_ADMIN in the network namespace" :
		    strerror(answer->error));
}

int admin_perform(struct nl_msg *msg, struct admin_answer *answer, const char *what)
{
	int ret = admin_exchange(msg, answer);

	nlmsg_free(msg);
	if (ret == EXIT_OK && answer->error)
		ret = admin_refused(answer, what);
	return ret;
}

int admin_dump(struct nl_msg *msg, struct admin_answer *answer, void (*reset)(void *arg),
	       const char *what)
{
	int try, ret = EXIT_OK;

	for (try = 0; try < DUMP_TRIES; try++) {
		reset(answer->arg);
		ret = admin_exchange(msg, answer);
		if (ret != EXIT_OK || answer->error || !answer->interrupted)
			break;
	}
	nlmsg_free(msg);
	if (ret == EXIT_OK && answer->error)
		ret = admin_refused(answer, what);
	return ret;
}

/* --------------------------------------------------- reading attributes -- */

uint64_t admin_uint(struct nlattr *attr)
{
	switch (attr ? nla_len(attr) : 0) {
	case 1:
		return nla_get_u8(attr);
	case 2:
		return nla_get_u16(attr);
	case 4:
		return nla_get_u32(attr);
	case 8:
		return nla_get_u64(attr);
	default:
		return 0;
	}
}

/* All that was given, in one list, as one thing given points to others. */
struct block {
	LIST_ENTRY(block) all;
	max_align_t bytes[];
};

static LIST_HEAD(, block) blocks = LIST_HEAD_INITIALIZER(blocks);

void *admin_memory(void *bytes, size_t size)
{
	struct block *block = NULL;

	if (bytes) {
		block = (struct block *)((char *)bytes - offsetof(struct block, bytes));
		LIST_REMOVE(block, all);
	}
	block = xrealloc(block, sizeof(*block) + size);
	LIST_INSERT_HEAD(&blocks, block, all);
	return block->bytes;
}

void *admin_copy(const void *bytes, size_t len)
{
	char *copy = admin_memory(NULL, len + 1);

	memcpy(copy, bytes, len);
	copy[len] = 0;
	return copy;
}

void admin_free(void)
{
	struct block *block;

	while ((block = LIST_FIRST(&blocks))) {
		LIST_REMOVE(block, all);
		free(block);
	}
}

char *admin_string(struct nlattr *attr)
{
	return attr ? admin_copy(nla_data(attr), strnlen(nla_data(attr), nla_len(attr))) : NULL;
}

void admin_bytes(struct nlattr *attr, void *out, size_t len)
{
	if (attr && (size_t)nla_len(attr) == len)
		memcpy(out, nla_data(attr), len);
}

struct admin_blob admin_blob(struct nlattr *attr)
{
	struct admin_blob blob = { 0, NULL };

	if (attr) {
		blob.len = nla_len(attr);
		blob.data = admin_copy(nla_data(attr), blob.len);
	}
	return blob;
}

void *admin_list_add(struct admin_list *list, size_t size)
{
	char *item;

	list->items = admin_memory(list->items, (list->n + 1) * size);
	item = (char *)list->items + list->n++ * size;
	return memset(item, 0, size);
}

void admin_list_reset(void *arg)
{
	struct admin_list *list = arg;

	list->n = 0;
}
