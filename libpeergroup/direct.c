// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Direct connections, data sent over links, and what connections there are: what both
 * APIs share. Data that comes is incoming.c's.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include "address.h"
#include "group.h"

/* ------------------------------------------------------- opening, closing -- */

static HRESULT open_failed(const struct pgi_nl *nl, int err)
{
	switch (-err) {
	case ELOOP:
		return pgi_fail(PEER_E_CONNECT_SELF, "%s", nl->message);
	case ENETDOWN:
		return pgi_fail(PEER_E_GROUP_NOT_READY, "%s", nl->message);
	case EMLINK:
		return pgi_fail(PEER_E_TOO_MUCH_LOAD, "%s", nl->message);
	case EADDRNOTAVAIL:
		return pgi_fail(E_INVALIDARG, "%s", nl->message);
	default:
		return pgi_nl_fail(nl, err);
	}
}

static int take_id(const struct nlmsghdr *msg, void *arg)
{
	const struct nlattr *a[PEERGROUP_A_LINK_MAX + 1];

	pgi_nl_parse(msg, a, PEERGROUP_A_LINK_MAX);
	*(uint64_t *)arg = pgi_nl_u64(a[PEERGROUP_A_LINK_ID]);
	return 0;
}

HRESULT pgi_direct_open(struct pgi_group *group, const char *name,
			const struct pgi_address *a, uint64_t *id)
{
	struct nlmsghdr *msg;
	HRESULT hr = S_OK;
	int err;

	if (!pgi_name_valid(name))
		return pgi_fail(E_INVALIDARG, "\"%s\" is not a peer name", name);
	pthread_mutex_lock(&group->lock);
	msg = pgi_nl_request(&group->nl, PEERGROUP_CMD_DIRECT_OPEN, 0);
	mnl_attr_put_u32(msg, PEERGROUP_A_LINK_GROUP, group->index);
	mnl_attr_put(msg, PEERGROUP_A_LINK_ADDRESS, a->len, a->bytes);
	mnl_attr_put_u16(msg, PEERGROUP_A_LINK_PORT, a->port);
	if (a->scope)
		mnl_attr_put_u32(msg, PEERGROUP_A_LINK_SCOPE, a->scope);
	mnl_attr_put_strz(msg, PEERGROUP_A_LINK_PEER, name);
	err = pgi_nl_talk(&group->nl, msg, take_id, id);
	if (err)
		hr = open_failed(&group->nl, err);
	pthread_mutex_unlock(&group->lock);
	return hr;
}

HRESULT pgi_direct_close(struct pgi_group *group, uint64_t id)
{
	struct nlmsghdr *msg;
	HRESULT hr = S_OK;
	int err;

	pthread_mutex_lock(&group->lock);
	msg = pgi_nl_request(&group->nl, PEERGROUP_CMD_DIRECT_CLOSE, 0);
	mnl_attr_put_u32(msg, PEERGROUP_A_LINK_GROUP, group->index);
	mnl_attr_put_u64(msg, PEERGROUP_A_LINK_ID, id);
	err = pgi_nl_talk(&group->nl, msg, NULL, NULL);
	if (err == -ENOTCONN)
		hr = pgi_fail(PEER_E_CONNECTION_NOT_FOUND, "%s", group->nl.message);
	else if (err)
		hr = pgi_nl_fail(&group->nl, err);
	pthread_mutex_unlock(&group->lock);
	return hr;
}

/* --------------------------------------------------------------- sending -- */

/* A socket of its own for each send under way: one that waits keeps no other from sending. */
struct pgi_sender {
	struct pgi_nl nl;
};

void pgi_sender_free(struct pgi_group *group)
{
	if (group->sender)
		pgi_nl_close(&group->sender->nl);
	free(group->sender);
}

static HRESULT take_sender(struct pgi_group *group, struct pgi_sender **out)
{
	struct pgi_sender *s;
	HRESULT hr;

	pthread_mutex_lock(&group->lock);
	s = group->sender;
	group->sender = NULL;
	pthread_mutex_unlock(&group->lock);
	*out = s;
	if (s)
		return S_OK;
	s = calloc(1, sizeof(*s));
	if (!s)
		return E_OUTOFMEMORY;
	hr = pgi_nl_open(&s->nl, &group->nl);
	if (FAILED(hr))
		free(s);
	else
		*out = s;
	return hr;
}

/* What failed may have left something staged, which goes with the socket. */
static void give_back(struct pgi_group *group, struct pgi_sender *s, bool clean)
{
	struct pgi_sender *spare = s;

	pthread_mutex_lock(&group->lock);
	if (clean && !group->sender) {
		group->sender = s;
		spare = NULL;
	}
	pthread_mutex_unlock(&group->lock);
	if (spare)
		pgi_nl_close(&spare->nl);
	free(spare);
}

static HRESULT send_failed(const struct pgi_nl *nl, int err)
{
	switch (-err) {
	case ENOTCONN:
		return pgi_fail(PEER_E_CONNECTION_NOT_FOUND, "%s", nl->message);
	case EFBIG:
		return pgi_fail(PEER_E_MAX_RECORD_SIZE_EXCEEDED, "%s", nl->message);
	case EAGAIN:
		return pgi_fail(PEER_E_TIMEOUT, "%s", nl->message);
	default:
		return pgi_nl_fail(nl, err);
	}
}

struct message {
	uint32_t group;
	uint64_t link;
	const uint8_t *type;
	const void *data;
	size_t size;
};

static int send_once(struct pgi_nl *nl, const struct message *m)
{
	struct nlmsghdr *msg = pgi_nl_request(nl, PEERGROUP_CMD_DATA_SEND, 0);

	mnl_attr_put_u32(msg, PEERGROUP_A_DATA_GROUP, m->group);
	mnl_attr_put_u64(msg, PEERGROUP_A_DATA_LINK, m->link);
	mnl_attr_put(msg, PEERGROUP_A_DATA_TYPE, PEERGROUP_ID_LEN, m->type);
	if (m->size > PEERGROUP_CHUNK_MAX)
		mnl_attr_put(msg, PEERGROUP_A_DATA_STAGED, 0, NULL);
	else
		mnl_attr_put(msg, PEERGROUP_A_DATA_BYTES, m->size, m->data);
	nl->sendable = false;
	return pgi_nl_talk(nl, msg, NULL, NULL);
}

/* What is staged stays so while there is no room. */
static int send_over(struct pgi_nl *nl, const struct message *m, int64_t deadline)
{
	int err = 0;

	if (m->size > PEERGROUP_CHUNK_MAX)
		err = pgi_nl_stage(nl, m->group, m->data, m->size);
	while (!err) {
		err = send_once(nl, m);
		if (err != -EAGAIN || !pgi_nl_await_room(nl, deadline))
			return err;
		err = 0;
	}
	return err;
}

HRESULT pgi_send(struct pgi_group *group, uint64_t id, const uint8_t type[PEERGROUP_ID_LEN],
		 const void *data, size_t size, int timeout_ms)
{
	struct message m = { group->index, id, type, data, size };
	int64_t deadline = pgi_deadline(timeout_ms);
	struct pgi_sender *s;
	HRESULT hr;
	int err;

	if (size > PEERGROUP_RECORD_SIZE_MAX)
		return pgi_fail(PEER_E_MAX_RECORD_SIZE_EXCEEDED, "%zu bytes are too many", size);
	hr = take_sender(group, &s);
	if (FAILED(hr))
		return hr;
	err = send_over(&s->nl, &m, deadline);
	if (err)
		hr = send_failed(&s->nl, err);
	give_back(group, s, !err);
	return hr;
}

/* ----------------------------------------------------------- connections -- */

void pgi_link_address(const struct nlattr **a, struct sockaddr_storage *out)
{
	struct pgi_address addr = { 0 };
	const struct nlattr *bytes = a[PEERGROUP_A_LINK_ADDRESS];
	size_t len = bytes ? mnl_attr_get_payload_len(bytes) : 0;

	if (len == 4 || len == 16) {
		addr.len = (uint8_t)len;
		memcpy(addr.bytes, mnl_attr_get_payload(bytes), len);
	}
	addr.port = pgi_nl_u16(a[PEERGROUP_A_LINK_PORT]);
	addr.scope = pgi_nl_u32(a[PEERGROUP_A_LINK_SCOPE]);
	pgi_address_to_sockaddr(&addr, out);
}

struct reading {
	struct pgi_connections *out;
	uint32_t flags;
};

static int take_connection(const struct nlmsghdr *msg, void *arg)
{
	const struct nlattr *a[PEERGROUP_A_LINK_MAX + 1];
	struct peergroup_connection *c;
	struct reading *r = arg;
	uint8_t outbound;
	bool direct;

	pgi_nl_parse(msg, a, PEERGROUP_A_LINK_MAX);
	direct = a[PEERGROUP_A_LINK_DIRECT];
	if (pgi_nl_u32(a[PEERGROUP_A_LINK_STATE]) != PEERGROUP_LINK_UP ||
	    !(r->flags & (direct ? PEER_CONNECTION_DIRECT : PEER_CONNECTION_NEIGHBOR)))
		return 0;
	c = reallocarray(r->out->list, r->out->count + 1, sizeof(*c));
	if (!c)
		return -ENOMEM;
	r->out->list = c;
	c += r->out->count;
	memset(c, 0, sizeof(*c));
	c->peer = strdup(pgi_nl_str(a[PEERGROUP_A_LINK_PEER]));
	if (!c->peer)
		return -ENOMEM;
	r->out->count++;
	pgi_nl_bytes(a[PEERGROUP_A_LINK_OUTBOUND], &outbound, sizeof(outbound));
	c->id = pgi_nl_u64(a[PEERGROUP_A_LINK_ID]);
	c->node = pgi_nl_u64(a[PEERGROUP_A_LINK_NODE]);
	c->direct = direct;
	c->outbound = outbound;
	c->queued = pgi_nl_u32(a[PEERGROUP_A_LINK_QUEUED]);
	pgi_link_address(a, &c->address);
	return 0;
}

void pgi_connections_free(struct pgi_connections *c)
{
	size_t i;

	for (i = 0; i < c->count; i++)
		free((char *)c->list[i].peer);
	free(c->list);
	memset(c, 0, sizeof(*c));
}

HRESULT pgi_connections_read(struct pgi_group *group, uint32_t flags,
			     struct pgi_connections *out)
{
	const uint32_t both = PEER_CONNECTION_NEIGHBOR | PEER_CONNECTION_DIRECT;
	struct reading r = { .out = out, .flags = flags ? flags : both };
	struct nlmsghdr *msg;
	HRESULT hr = S_OK;
	int err;

	memset(out, 0, sizeof(*out));
	if (flags & ~both)
		return pgi_fail(E_INVALIDARG, "flags 0x%x: neighbours, direct or both", flags);
	/* One that is to be joined by password has no links that are up. */
	if (atomic_load(&group->pending))
		return S_OK;
	pthread_mutex_lock(&group->lock);
	msg = pgi_nl_request(&group->nl, PEERGROUP_CMD_LINK_GET, NLM_F_DUMP);
	mnl_attr_put_u32(msg, PEERGROUP_A_LINK_GROUP, group->index);
	err = pgi_nl_talk(&group->nl, msg, take_connection, &r);
	if (err)
		hr = pgi_nl_fail(&group->nl, err);
	pthread_mutex_unlock(&group->lock);
	if (FAILED(hr))
		pgi_connections_free(out);
	return hr;
}
