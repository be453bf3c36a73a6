// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Connections and data for programs of <peergroup.h>: arguments checked, and the wait for a
 * direct connection. The rest is in direct.c; receiving is in watch.c.
 */
#include <errno.h>
#include <poll.h>
#include "address.h"
#include "group.h"

/* ----------------------------------------------------- waiting for it to be up -- */

struct waiting {
	uint64_t id;
	bool up, over;
	bool gone;			/* the kernel has none such any more */
	bool stale;			/* to be looked at when the socket is empty */
	HRESULT why;
};

/* With the group its links have gone, of which no more is said. */
static int take_end(const struct nlmsghdr *msg, struct waiting *w)
{
	const struct nlattr *a[PEERGROUP_A_GROUP_MAX + 1];

	pgi_nl_parse(msg, a, PEERGROUP_A_GROUP_MAX);
	if (!pgi_nl_u32(a[PEERGROUP_A_GROUP_STATUS])) {
		w->over = true;
		w->why = pgi_fail(PEER_E_INVALID_GROUP, "the group has ended");
	}
	return 0;
}

/* What an errno means of a connection; for the others its own words do. */
static const char *reason_text(int reason)
{
	switch (reason) {
	case 0:
		return "it has ended";
	case ELOOP:
		return "that is this host itself";
	case EOPNOTSUPP:
		return "no program there takes direct connections";
	case EKEYREJECTED:
		return "another member is there";
	default:
		return strerror(reason);
	}
}

static int take_outcome(const struct nlmsghdr *msg, void *arg)
{
	const struct nlattr *a[PEERGROUP_A_LINK_MAX + 1];
	struct waiting *w = arg;
	uint32_t state;
	int reason;

	if (msg->nlmsg_type < NLMSG_MIN_TYPE || w->over)
		return 0;
	if (pgi_nl_cmd(msg) == PEERGROUP_CMD_GROUP_NTF)
		return take_end(msg, w);
	if (pgi_nl_cmd(msg) != PEERGROUP_CMD_LINK_NTF)
		return 0;
	pgi_nl_parse(msg, a, PEERGROUP_A_LINK_MAX);
	if (pgi_nl_u64(a[PEERGROUP_A_LINK_ID]) != w->id || w->over)
		return 0;
	state = pgi_nl_u32(a[PEERGROUP_A_LINK_STATE]);
	w->up = w->up || state == PEERGROUP_LINK_UP;
	w->over = state == PEERGROUP_LINK_FAILED || state == PEERGROUP_LINK_DOWN;
	reason = (int)pgi_nl_u32(a[PEERGROUP_A_LINK_REASON]);
	if (w->over)
		w->why = pgi_fail(pgi_connection_failure(reason), "%s", reason_text(reason));
	return 0;
}

static int take_link(const struct nlmsghdr *msg, void *arg)
{
	const struct nlattr *a[PEERGROUP_A_LINK_MAX + 1];
	struct waiting *w = arg;

	pgi_nl_parse(msg, a, PEERGROUP_A_LINK_MAX);
	if (pgi_nl_u64(a[PEERGROUP_A_LINK_ID]) != w->id)
		return 0;
	w->gone = false;
	w->up = w->up || pgi_nl_u32(a[PEERGROUP_A_LINK_STATE]) == PEERGROUP_LINK_UP;
	return 0;
}

/*
 * Events were lost, and its among them, perhaps. While the kernel has it, its end is still to
 * be told.
 */
static HRESULT look(struct pgi_group *group, struct waiting *w)
{
	struct nlmsghdr *msg;
	HRESULT hr;

	pthread_mutex_lock(&group->lock);
	msg = pgi_nl_request(&group->nl, PEERGROUP_CMD_LINK_GET, NLM_F_DUMP);
	mnl_attr_put_u32(msg, PEERGROUP_A_LINK_GROUP, group->index);
	w->gone = true;
	hr = pgi_group_talk(group, msg, take_link, w);
	pthread_mutex_unlock(&group->lock);
	return hr;
}

/* Nothing is there to be read. */
static HRESULT nothing_more(struct waiting *w)
{
	if (!w->gone)
		return pgi_fail(PEER_E_TIMEOUT, "the connection did not come up in time");
	w->over = true;
	return pgi_fail(PEER_E_CONNECTION_FAILED, "it has ended, and why was lost");
}

static HRESULT await(struct pgi_group *group, struct pgi_nl *nl, struct waiting *w,
		     int64_t deadline)
{
	struct pollfd pfd = { .fd = pgi_nl_fd(nl), .events = POLLIN };
	HRESULT hr = S_OK;
	int len;

	while (!w->up && !w->over && SUCCEEDED(hr)) {
		/* Its end may not be among what was lost, and says why. */
		if (!poll(&pfd, 1, w->gone || w->stale ? 0 : pgi_time_left(deadline))) {
			if (w->gone || !w->stale)
				return nothing_more(w);
			/* Until it was read empty more was lost, without another word. */
			w->stale = false;
			hr = look(group, w);
			continue;
		}
		len = pgi_nl_receive(nl, 0);
		if (len == -ENOBUFS) {
			w->stale = true;
			hr = look(group, w);
		}
		if (len > 0)
			pgi_nl_each(nl, len, take_outcome, w);
	}
	return FAILED(hr) ? hr : w->over ? w->why : S_OK;
}

/* Nobody would know its number. The error stays the one that there was before. */
static void give_up(struct pgi_group *group, uint64_t id)
{
	char detail[512];

	snprintf(detail, sizeof(detail), "%s", peergroup_error_detail());
	pgi_direct_close(group, id);
	pgi_set_error("%s", detail);
}

static HRESULT open_and_wait(struct pgi_group *group, const char *identity,
			     const struct pgi_address *a, int timeout_ms, uint64_t *id)
{
	int64_t deadline = pgi_deadline(timeout_ms);
	struct waiting w = { .why = S_OK };
	struct pgi_nl nl;
	HRESULT hr;

	/* Heard first and asked then, so that nothing falls in between. */
	hr = pgi_nl_open(&nl, &group->nl);
	if (FAILED(hr))
		return hr;
	hr = pgi_nl_listen(&nl, group->index, 0);
	if (SUCCEEDED(hr))
		hr = pgi_direct_open(group, identity, a, &w.id);
	if (SUCCEEDED(hr)) {
		hr = await(group, &nl, &w, deadline);
		if (FAILED(hr) && !w.over)
			give_up(group, w.id);
	}
	pgi_nl_close(&nl);
	if (SUCCEEDED(hr))
		*id = w.id;
	return hr;
}

/* ------------------------------------------------------------------ calls -- */

PGI_PUBLIC HRESULT peergroup_direct_open(peergroup_t handle, const char *identity,
					 const char *address, int timeout_ms, uint64_t *id)
{
	struct pgi_group *group;
	struct pgi_address a;
	HRESULT hr;

	pgi_clear_error();
	if (id)
		*id = 0;
	if (!identity || !address || !id)
		return pgi_fail(E_INVALIDARG, "identity, address or id is NULL");
	hr = pgi_address_parse(address, &a);
	if (SUCCEEDED(hr))
		hr = pgi_group_find(handle, &group);
	if (FAILED(hr))
		return hr;
	hr = timeout_ms ? open_and_wait(group, identity, &a, timeout_ms, id) :
		pgi_direct_open(group, identity, &a, id);
	pgi_group_put(group);
	return hr;
}

PGI_PUBLIC HRESULT peergroup_direct_close(peergroup_t handle, uint64_t id)
{
	struct pgi_group *group;
	HRESULT hr;

	pgi_clear_error();
	hr = pgi_group_find(handle, &group);
	if (FAILED(hr))
		return hr;
	hr = pgi_direct_close(group, id);
	pgi_group_put(group);
	return hr;
}

PGI_PUBLIC HRESULT peergroup_send(peergroup_t handle, uint64_t id, const uuid_t type,
				  const void *data, size_t size, int timeout_ms)
{
	struct pgi_group *group;
	HRESULT hr;

	pgi_clear_error();
	if (!type || !data || !size)
		return pgi_fail(E_INVALIDARG, "type or data is NULL, or size is 0");
	hr = pgi_group_find(handle, &group);
	if (FAILED(hr))
		return hr;
	hr = pgi_send(group, id, type, data, size, timeout_ms);
	pgi_group_put(group);
	return hr;
}

PGI_PUBLIC HRESULT peergroup_connections(peergroup_t handle, uint32_t flags,
					 HRESULT (*each)(const struct peergroup_connection *c,
							 void *arg),
					 void *arg)
{
	struct pgi_connections list;
	struct pgi_group *group;
	HRESULT hr;
	size_t i;

	pgi_clear_error();
	if (!each)
		return pgi_fail(E_INVALIDARG, "each is NULL");
	hr = pgi_group_find_any(handle, &group);
	if (FAILED(hr))
		return hr;
	hr = pgi_connections_read(group, flags, &list);
	pgi_group_put(group);
	if (FAILED(hr))
		return hr;
	for (i = 0; i < list.count && hr == S_OK; i++)
		hr = each(&list.list[i], arg);
	pgi_connections_free(&list);
	return hr;
}
