// SPDX-License-Identifier: LGPL-2.1-or-later
/* The admin plane: links and addresses. */
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include "admin_nl.h"
#include "cmd.h"

static const struct nla_policy link_policy[__PEERGROUP_A_LINK_MAX] = {
	[PEERGROUP_A_LINK_ADDRESS] = { .type = NLA_UNSPEC, .minlen = 4, .maxlen = 16 },
	[PEERGROUP_A_LINK_PEER] = { .type = NLA_STRING },
};

static void parse_link(struct nlattr **tb, struct nlattr *first, int len, void *arg)
{
	struct admin_link *link = admin_list_add(arg, sizeof(*link));

	(void)first;
	(void)len;
	link->id = admin_uint(tb[PEERGROUP_A_LINK_ID]);
	if (tb[PEERGROUP_A_LINK_ADDRESS]) {
		link->address_len = nla_len(tb[PEERGROUP_A_LINK_ADDRESS]);
		memcpy(link->address, nla_data(tb[PEERGROUP_A_LINK_ADDRESS]), link->address_len);
	}
	link->port = admin_uint(tb[PEERGROUP_A_LINK_PORT]);
	link->scope = admin_uint(tb[PEERGROUP_A_LINK_SCOPE]);
	link->state = admin_uint(tb[PEERGROUP_A_LINK_STATE]);
	link->outbound = admin_uint(tb[PEERGROUP_A_LINK_OUTBOUND]);
	link->direct = admin_uint(tb[PEERGROUP_A_LINK_DIRECT]);
	link->found = admin_uint(tb[PEERGROUP_A_LINK_FOUND]);
	link->node = admin_uint(tb[PEERGROUP_A_LINK_NODE]);
	link->peer = admin_string(tb[PEERGROUP_A_LINK_PEER]);
	link->reason = admin_uint(tb[PEERGROUP_A_LINK_REASON]);
	link->queued = admin_uint(tb[PEERGROUP_A_LINK_QUEUED]);
	link->rx_bytes = admin_uint(tb[PEERGROUP_A_LINK_RX_BYTES]);
	link->tx_bytes = admin_uint(tb[PEERGROUP_A_LINK_TX_BYTES]);
	link->rx_records = admin_uint(tb[PEERGROUP_A_LINK_RX_RECORDS]);
	link->tx_records = admin_uint(tb[PEERGROUP_A_LINK_TX_RECORDS]);
	link->retries = admin_uint(tb[PEERGROUP_A_LINK_RETRIES]);
	link->has_rtt = tb[PEERGROUP_A_LINK_RTT];
	link->rtt_us = admin_uint(tb[PEERGROUP_A_LINK_RTT]);
}

int admin_links(uint32_t index, struct admin_link **links, size_t *n)
{
	struct admin_list list = { NULL, 0 };
	struct admin_answer answer = {
		.parse = parse_link, .arg = &list,
		.policy = link_policy, .maxattr = PEERGROUP_A_LINK_MAX,
	};
	struct nl_msg *msg = admin_request(PEERGROUP_CMD_LINK_GET, NLM_F_DUMP);
	int ret;

	NLA_PUT_U32(msg, PEERGROUP_A_LINK_GROUP, index);
	ret = admin_dump(msg, &answer, admin_list_reset, "cannot list links");
	*links = list.items;
	*n = list.n;
	return ret;

nla_put_failure:
	nlmsg_free(msg);
	return fail_no_memory();
}

int admin_disconnect(uint32_t index, const struct sockaddr_storage *address, bool *was)
{
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)address;
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)address;
	struct nl_msg *msg = admin_request(PEERGROUP_CMD_LINK_DEL, 0);
	struct admin_answer answer = { .parse = NULL };
	int ret;

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
	ret = admin_exchange(msg, &answer);
	nlmsg_free(msg);
	*was = !answer.error;
	if (ret == EXIT_OK && answer.error && answer.error != ENOENT)
		ret = admin_refused(&answer, "cannot disconnect");
	return ret;

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
