// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The admin plane over libnl-genl: one socket, requests that are answered
 * before they return, dumps that start over if the kernel says that they were
 * interrupted.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <linux/netlink.h>
#include <netlink/attr.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>
#include "admin.h"
#include "cmd.h"

#define BUFFER_SIZE	(128 << 10)	/* a record chunk, and room */
#define DUMP_TRIES	20

typedef void (*parse_fn)(struct nlattr **tb, struct nlattr *first, int len, void *arg);

static struct nl_sock *sock;
static int family;

/**
 * struct answer - what came back for one request
 * @parse: called per message
 * @policy: of the attributes, @maxattr of them
 * @error: errno of the kernel, positive
 * @detail: its words (extack)
 * @offset: of the attribute that it complains about, in the request; or 0
 * @interrupted: a dump that has to start over
 */
struct answer {
	parse_fn parse;
	void *arg;
	const struct nla_policy *policy;
	int maxattr;
	int error;
	bool done;
	bool interrupted;
	unsigned int offset;
	char detail[256];
};

static int admin_open(void)
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
	struct answer *answer = arg;
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

/* The kernel's own words, out of the attributes behind an error or the end of a dump. */
static void take_extack(struct answer *answer, struct nlattr *first, int len)
{
	struct nlattr *attr;
	int rest;

	nla_for_each_attr(attr, first, len, rest) {
		if (nla_type(attr) == NLMSGERR_ATTR_MSG)
			snprintf(answer->detail, sizeof(answer->detail), "%.*s",
				 nla_len(attr), (const char *)nla_data(attr));
		if (nla_type(attr) == NLMSGERR_ATTR_OFFS && nla_len(attr) == 4)
			answer->offset = nla_get_u32(attr);
	}
}

static int on_error(struct sockaddr_nl *from, struct nlmsgerr *error, void *arg)
{
	struct nlmsghdr *nlh = (struct nlmsghdr *)error - 1;
	struct answer *answer = arg;
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
	struct answer *answer = arg;
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
	struct answer *answer = arg;

	(void)msg;
	answer->done = true;
	return NL_STOP;
}

static struct nl_msg *request(uint8_t cmd, int flags)
{
	struct nl_msg *msg = nlmsg_alloc();

	if (!msg || !genlmsg_put(msg, NL_AUTO_PORT, NL_AUTO_SEQ, family, 0, flags, cmd,
				 PEERGROUP_FAMILY_VERSION))
		exit(fail_no_memory());
	return msg;
}

/* Sends @msg, which stays the caller's, and takes what comes back. */
static int exchange(struct nl_msg *msg, struct answer *answer)
{
	struct nl_cb *cb = nl_cb_alloc(NL_CB_DEFAULT);
	int err;

	if (!cb)
		return fail_no_memory();
	answer->error = 0;
	answer->done = false;
	answer->interrupted = false;
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

static int fail_answer(const struct answer *answer, const char *what)
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

/* A request without an answer to parse, or with one. Frees @msg. */
static int perform(struct nl_msg *msg, struct answer *answer, const char *what)
{
	int ret = exchange(msg, answer);

	nlmsg_free(msg);
	if (ret == EXIT_OK && answer->error)
		ret = fail_answer(answer, what);
	return ret;
}

/*
 * A dump, from the start again while the kernel says that it was interrupted.
 * @reset drops what an interrupted try had collected. Frees @msg.
 */
static int dump(struct nl_msg *msg, struct answer *answer, void (*reset)(void *arg),
		const char *what)
{
	int try, ret = EXIT_OK;

	for (try = 0; try < DUMP_TRIES; try++) {
		reset(answer->arg);
		ret = exchange(msg, answer);
		if (ret != EXIT_OK || answer->error || !answer->interrupted)
			break;
	}
	nlmsg_free(msg);
	if (ret == EXIT_OK && answer->error)
		ret = fail_answer(answer, what);
	return ret;
}

/* --------------------------------------------------- reading attributes -- */

static uint64_t get_uint(struct nlattr *attr)
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

static char *get_string(struct nlattr *attr)
{
	return attr ? nla_strdup(attr) : NULL;
}

static void get_bytes(struct nlattr *attr, void *out, size_t len)
{
	if (attr && (size_t)nla_len(attr) == len)
		memcpy(out, nla_data(attr), len);
}

static struct admin_blob get_blob(struct nlattr *attr)
{
	struct admin_blob blob = { 0, NULL };

	if (attr) {
		blob.len = nla_len(attr);
		blob.data = memcpy(xalloc(blob.len), nla_data(attr), blob.len);
	}
	return blob;
}

/* A growing array: the state of each dump. */
struct list {
	void *items;
	size_t n;
};

static void *list_add(struct list *list, size_t size)
{
	char *item;

	list->items = xrealloc(list->items, (list->n + 1) * size);
	item = (char *)list->items + list->n++ * size;
	return memset(item, 0, size);
}

static void list_reset(void *arg)
{
	struct list *list = arg;

	list->n = 0;
}

/* -------------------------------------------------------------- groups -- */

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
		group->limits[nla_type(attr)] = get_uint(attr);
		group->has_limit[nla_type(attr)] = true;
	}
}

static void parse_group(struct nlattr **tb, struct nlattr *first, int len, void *arg)
{
	struct admin_group *group = list_add(arg, sizeof(*group));
	struct nlattr *attr;
	int rest;

	group->index = get_uint(tb[PEERGROUP_A_GROUP_INDEX]);
	get_bytes(tb[PEERGROUP_A_GROUP_ID], group->id, sizeof(group->id));
	group->name = get_string(tb[PEERGROUP_A_GROUP_NAME]);
	if (!group->name)
		group->name = xstrdup("");
	group->friendly = group->name;
	group->member = get_string(tb[PEERGROUP_A_GROUP_MEMBER]);
	group->node = get_uint(tb[PEERGROUP_A_GROUP_NODE]);
	get_bytes(tb[PEERGROUP_A_GROUP_NODE_KEY], group->node_key, sizeof(group->node_key));
	group->credential_expires = get_uint(tb[PEERGROUP_A_GROUP_CREDENTIAL_EXPIRES]);
	group->status = get_uint(tb[PEERGROUP_A_GROUP_STATUS]);
	group->port = get_uint(tb[PEERGROUP_A_GROUP_PORT]);
	group->seq = get_uint(tb[PEERGROUP_A_GROUP_SEQ]);
	group->horizon = get_uint(tb[PEERGROUP_A_GROUP_HORIZON]);
	group->records = get_uint(tb[PEERGROUP_A_GROUP_RECORDS]);
	group->tombstones = get_uint(tb[PEERGROUP_A_GROUP_TOMBSTONES]);
	group->bytes = get_uint(tb[PEERGROUP_A_GROUP_BYTES]);
	group->holders = get_uint(tb[PEERGROUP_A_GROUP_HOLDERS]);
	group->uid = get_uint(tb[PEERGROUP_A_GROUP_UID]);
	group->gid = get_uint(tb[PEERGROUP_A_GROUP_GID]);
	group->mode = get_uint(tb[PEERGROUP_A_GROUP_MODE]);
	group->time_offset = (int64_t)get_uint(tb[PEERGROUP_A_GROUP_TIME_OFFSET]);
	get_bytes(tb[PEERGROUP_A_GROUP_FINGERPRINT], group->fingerprint,
		  sizeof(group->fingerprint));
	group->root = get_blob(tb[PEERGROUP_A_GROUP_ROOT]);
	if (tb[PEERGROUP_A_GROUP_LIMITS])
		parse_limits(tb[PEERGROUP_A_GROUP_LIMITS], group);
	nla_for_each_attr(attr, first, len, rest) {
		if (nla_type(attr) != PEERGROUP_A_GROUP_CHAIN)
			continue;
		group->chain = xrealloc(group->chain,
					(group->chain_len + 1) * sizeof(*group->chain));
		group->chain[group->chain_len++] = get_blob(attr);
	}
}

int admin_groups(struct admin_group **groups, size_t *n)
{
	struct list list = { NULL, 0 };
	struct answer answer = {
		.parse = parse_group, .arg = &list,
		.policy = group_policy, .maxattr = PEERGROUP_A_GROUP_MAX,
	};
	struct peergroup_group_name *names = NULL;
	size_t n_names = 0, i, k;
	int ret = admin_open();

	*groups = NULL;
	*n = 0;
	if (ret == EXIT_OK)
		ret = dump(request(PEERGROUP_CMD_GROUP_GET, NLM_F_DUMP), &answer, list_reset,
			   "cannot list groups");
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
				(*groups)[i].friendly = xstrdup(names[k].friendly);
				if (str_eq((*groups)[i].member, names[k].identity))
					(*groups)[i].mine = true;
			}
	peergroup_free(names);
	return EXIT_OK;
}

/* All that the kernel says about one group; the dump may be brief. */
static int complete_group(struct admin_group *group)
{
	struct list list = { NULL, 0 };
	struct answer answer = {
		.parse = parse_group, .arg = &list,
		.policy = group_policy, .maxattr = PEERGROUP_A_GROUP_MAX,
	};
	struct nl_msg *msg = request(PEERGROUP_CMD_GROUP_GET, 0);
	char *friendly = group->friendly;
	int ret;

	NLA_PUT_U32(msg, PEERGROUP_A_GROUP_INDEX, group->index);
	ret = perform(msg, &answer, group->friendly);
	if (ret != EXIT_OK)
		return ret;
	if (!list.n)
		return fail(EXIT_FAILED, "%s: the kernel said nothing", group->friendly);
	*group = *(struct admin_group *)list.items;
	group->friendly = friendly;
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

int admin_find_group(const char *arg, struct admin_group *group)
{
	struct admin_group *groups, *found;
	struct group_ref ref = { NULL, NULL, NULL };
	size_t n, matches;
	char *identity = NULL;
	int ret = admin_groups(&groups, &n);

	if (ret == EXIT_OK && opt_identity)
		ret = find_identity(opt_identity, &identity);
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
		return usage("there are %zu groups here: which one?", matches);
	if (!arg && n)
		return fail(EXIT_NOT_FOUND, "no group of that identity is up");
	/* Known to this user, but not running? Otherwise find_group() says what is wrong. */
	ret = find_group(arg, &ref);
	if (ret == EXIT_OK)
		ret = fail_not_up(ref.friendly);
	free_group(&ref);
	return ret;
}

int admin_set_owner(uint32_t index, const struct admin_owner *owner)
{
	struct nl_msg *msg = request(PEERGROUP_CMD_GROUP_SET, 0);
	struct answer answer = { .parse = NULL };

	NLA_PUT_U32(msg, PEERGROUP_A_GROUP_INDEX, index);
	if (owner->has_uid)
		NLA_PUT_U32(msg, PEERGROUP_A_GROUP_UID, owner->uid);
	if (owner->has_gid)
		NLA_PUT_U32(msg, PEERGROUP_A_GROUP_GID, owner->gid);
	if (owner->has_mode)
		NLA_PUT_U32(msg, PEERGROUP_A_GROUP_MODE, owner->mode);
	return perform(msg, &answer, "cannot change who may use the group");

nla_put_failure:
	nlmsg_free(msg);
	return fail_no_memory();
}

int admin_set_limits(uint32_t index, const uint64_t *values, const char *const *given)
{
	struct nl_msg *msg = request(PEERGROUP_CMD_GROUP_SET, 0);
	unsigned int i, offset[__PEERGROUP_A_LIMIT_MAX] = { 0 };
	const char *culprit = "cannot set limits";
	struct answer answer = { .parse = NULL };
	struct nlattr *nest;
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
	ret = exchange(msg, &answer);
	nlmsg_free(msg);
	if (ret != EXIT_OK || !answer.error)
		return ret;
	for (i = 0; i < __PEERGROUP_A_LIMIT_MAX; i++)
		if (answer.offset && offset[i] == answer.offset)
			culprit = given[i];
	return fail_answer(&answer, culprit);

nla_put_failure:
	nlmsg_free(msg);
	return fail_no_memory();
}

/* --------------------------------------------------------------- links -- */

static const struct nla_policy link_policy[__PEERGROUP_A_LINK_MAX] = {
	[PEERGROUP_A_LINK_ADDRESS] = { .type = NLA_UNSPEC, .minlen = 4, .maxlen = 16 },
	[PEERGROUP_A_LINK_PEER] = { .type = NLA_STRING },
};

static void parse_link(struct nlattr **tb, struct nlattr *first, int len, void *arg)
{
	struct admin_link *link = list_add(arg, sizeof(*link));

	(void)first;
	(void)len;
	link->id = get_uint(tb[PEERGROUP_A_LINK_ID]);
	if (tb[PEERGROUP_A_LINK_ADDRESS]) {
		link->address_len = nla_len(tb[PEERGROUP_A_LINK_ADDRESS]);
		memcpy(link->address, nla_data(tb[PEERGROUP_A_LINK_ADDRESS]), link->address_len);
	}
	link->port = get_uint(tb[PEERGROUP_A_LINK_PORT]);
	link->scope = get_uint(tb[PEERGROUP_A_LINK_SCOPE]);
	link->state = get_uint(tb[PEERGROUP_A_LINK_STATE]);
	link->outbound = get_uint(tb[PEERGROUP_A_LINK_OUTBOUND]);
	link->node = get_uint(tb[PEERGROUP_A_LINK_NODE]);
	link->peer = get_string(tb[PEERGROUP_A_LINK_PEER]);
	link->reason = get_uint(tb[PEERGROUP_A_LINK_REASON]);
	link->queued = get_uint(tb[PEERGROUP_A_LINK_QUEUED]);
	link->rx_bytes = get_uint(tb[PEERGROUP_A_LINK_RX_BYTES]);
	link->tx_bytes = get_uint(tb[PEERGROUP_A_LINK_TX_BYTES]);
	link->rx_records = get_uint(tb[PEERGROUP_A_LINK_RX_RECORDS]);
	link->tx_records = get_uint(tb[PEERGROUP_A_LINK_TX_RECORDS]);
	link->retries = get_uint(tb[PEERGROUP_A_LINK_RETRIES]);
	link->has_rtt = tb[PEERGROUP_A_LINK_RTT];
	link->rtt_us = get_uint(tb[PEERGROUP_A_LINK_RTT]);
}

int admin_links(uint32_t index, struct admin_link **links, size_t *n)
{
	struct list list = { NULL, 0 };
	struct answer answer = {
		.parse = parse_link, .arg = &list,
		.policy = link_policy, .maxattr = PEERGROUP_A_LINK_MAX,
	};
	struct nl_msg *msg = request(PEERGROUP_CMD_LINK_GET, NLM_F_DUMP);
	int ret;

	NLA_PUT_U32(msg, PEERGROUP_A_LINK_GROUP, index);
	ret = dump(msg, &answer, list_reset, "cannot list links");
	*links = list.items;
	*n = list.n;
	return ret;

nla_put_failure:
	nlmsg_free(msg);
	return fail_no_memory();
}

int admin_disconnect(uint32_t index, const struct sockaddr_storage *address)
{
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)address;
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)address;
	struct nl_msg *msg = request(PEERGROUP_CMD_LINK_DEL, 0);
	struct answer answer = { .parse = NULL };

	NLA_PUT_U32(msg, PEERGROUP_A_LINK_GROUP, index);
	if (address->ss_family == AF_INET) {
		NLA_PUT(msg, PEERGROUP_A_LINK_ADDRESS, 4, &v4->sin_addr);
		NLA_PUT_U16(msg, PEERGROUP_A_LINK_PORT, ntohs(v4->sin_port));
	} else {
		NLA_PUT(msg, PEERGROUP_A_LINK_ADDRESS, 16, &v6->sin6_addr);
		NLA_PUT_U16(msg, PEERGROUP_A_LINK_PORT, ntohs(v6->sin6_port));
		if (v6->sin6_scope_id)
			NLA_PUT_U32(msg, PEERGROUP_A_LINK_SCOPE, v6->sin6_scope_id);
	}
	return perform(msg, &answer, "cannot disconnect");

nla_put_failure:
	nlmsg_free(msg);
	return fail_no_memory();
}

bool parse_address(const char *text, struct sockaddr_storage *address)
{
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)address;
	struct sockaddr_in *v4 = (struct sockaddr_in *)address;
	const char *port = NULL, *end;
	char host[INET6_ADDRSTRLEN + IF_NAMESIZE + 2], *zone;
	uint64_t number = PEERGROUP_PORT;

	if (*text == '[') {
		text++;
		end = strchr(text, ']');
		if (!end || (end[1] && end[1] != ':'))
			return false;
		port = end[1] ? end + 2 : NULL;
	} else {
		end = strchr(text, ':');
		if (end && strchr(end + 1, ':'))
			end = NULL;		/* bare IPv6 */
		port = end ? end + 1 : NULL;
		if (!end)
			end = text + strlen(text);
	}
	if ((size_t)(end - text) >= sizeof(host))
		return false;
	memcpy(host, text, end - text);
	host[end - text] = 0;
	if (port && (!parse_u64(port, 65535, &number) || !number))
		return false;
	zone = strchr(host, '%');
	if (zone)
		*zone++ = 0;
	memset(address, 0, sizeof(*address));
	if (inet_pton(AF_INET6, host, &v6->sin6_addr) == 1) {
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons(number);
		if (!zone)
			return true;
		v6->sin6_scope_id = if_nametoindex(zone);
		if (!v6->sin6_scope_id && parse_u64(zone, UINT32_MAX, &number))
			v6->sin6_scope_id = number;
		return v6->sin6_scope_id;
	}
	v4->sin_family = AF_INET;
	v4->sin_port = htons(number);
	return !zone && inet_pton(AF_INET, host, &v4->sin_addr) == 1;
}

/* ------------------------------------------------------------- members -- */

static const struct nla_policy member_policy[__PEERGROUP_A_MEMBER_MAX] = {
	[PEERGROUP_A_MEMBER_NAME] = { .type = NLA_STRING },
	[PEERGROUP_A_MEMBER_FRIENDLY] = { .type = NLA_STRING },
};

static void parse_member(struct nlattr **tb, struct nlattr *first, int len, void *arg)
{
	struct admin_member *member = list_add(arg, sizeof(*member));

	(void)first;
	(void)len;
	get_bytes(tb[PEERGROUP_A_MEMBER_FINGERPRINT], member->fingerprint,
		  sizeof(member->fingerprint));
	member->name = get_string(tb[PEERGROUP_A_MEMBER_NAME]);
	member->friendly = get_string(tb[PEERGROUP_A_MEMBER_FRIENDLY]);
	member->roles = get_uint(tb[PEERGROUP_A_MEMBER_ROLES]);
	member->not_before = get_uint(tb[PEERGROUP_A_MEMBER_NOT_BEFORE]);
	member->not_after = get_uint(tb[PEERGROUP_A_MEMBER_NOT_AFTER]);
	member->depth = get_uint(tb[PEERGROUP_A_MEMBER_DEPTH]);
	member->cert = get_blob(tb[PEERGROUP_A_MEMBER_CERT]);
	member->revoked = tb[PEERGROUP_A_MEMBER_REVOKED];
	member->records_until = get_uint(tb[PEERGROUP_A_MEMBER_REVOKED]);
}

int admin_members(uint32_t index, struct admin_member **members, size_t *n)
{
	struct list list = { NULL, 0 };
	struct answer answer = {
		.parse = parse_member, .arg = &list,
		.policy = member_policy, .maxattr = PEERGROUP_A_MEMBER_MAX,
	};
	struct nl_msg *msg = request(PEERGROUP_CMD_MEMBER_GET, NLM_F_DUMP);
	int ret;

	NLA_PUT_U32(msg, PEERGROUP_A_MEMBER_GROUP, index);
	ret = dump(msg, &answer, list_reset, "cannot list members");
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
			values[i] = get_uint(tb[i]);
}

int admin_stats(uint32_t index, uint64_t values[__PEERGROUP_A_STATS_MAX])
{
	static const struct nla_policy policy[__PEERGROUP_A_STATS_MAX];
	struct answer answer = {
		.parse = parse_stats, .arg = values,
		.policy = policy, .maxattr = PEERGROUP_A_STATS_MAX,
	};
	struct nl_msg *msg = request(PEERGROUP_CMD_STATS_GET, 0);

	memset(values, 0, __PEERGROUP_A_STATS_MAX * sizeof(*values));
	NLA_PUT_U32(msg, PEERGROUP_A_STATS_GROUP, index);
	return perform(msg, &answer, "cannot read counters");

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
	struct list *list = arg;
	size_t n;

	(void)first;
	(void)len;
	if (!wire || get_uint(tb[PEERGROUP_A_RECORD_OFFSET]) != list->n)
		return;
	n = nla_len(wire);
	list->items = xrealloc(list->items, list->n + n);
	memcpy((char *)list->items + list->n, nla_data(wire), n);
	list->n += n;
}

int admin_record(uint32_t index, const unsigned char *id, struct admin_blob *wire)
{
	struct list list = { NULL, 0 };
	struct answer answer = {
		.parse = parse_record, .arg = &list,
		.policy = record_policy, .maxattr = PEERGROUP_A_RECORD_MAX,
	};
	struct nl_msg *msg = request(PEERGROUP_CMD_RECORD_GET, NLM_F_DUMP);
	int ret;

	NLA_PUT_U32(msg, PEERGROUP_A_RECORD_GROUP, index);
	NLA_PUT(msg, PEERGROUP_A_RECORD_ID, PEERGROUP_ID_LEN, id);
	NLA_PUT_FLAG(msg, PEERGROUP_A_RECORD_TOMBSTONES);
	ret = dump(msg, &answer, list_reset, "cannot read the record");
	if (ret == EXIT_OK && !list.n)
		ret = fail(EXIT_NOT_FOUND, "no record %s", uuid_text(id));
	wire->data = list.items;
	wire->len = list.n;
	return ret;

nla_put_failure:
	nlmsg_free(msg);
	return fail_no_memory();
}
