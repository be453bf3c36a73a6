// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The counters that the kernel keeps about a group, by their names. Those that this
 * library has no name for yet are left out.
 */
#include "group.h"

#define NAME(counter, name)	[PEERGROUP_A_STATS_##counter] = #name

static const char *const names[__PEERGROUP_A_STATS_MAX] = {
	NAME(ADDED, added),
	NAME(UPDATED, updated),
	NAME(DELETED, deleted),
	NAME(EXPIRED, expired),
	NAME(VERIFIED, verified),
	NAME(PRESENT, present),
	NAME(OLD, old),
	NAME(DEFERRED, deferred),
	NAME(COALESCED, coalesced),
	NAME(FORWARDED, forwarded),
	NAME(SYNCS, syncs),
	NAME(LINKS_UP, links_up),
	NAME(LINKS_DOWN, links_down),
	NAME(LINKS_FAILED, links_failed),
	NAME(REFUSED_MALFORMED, refused_malformed),
	NAME(REFUSED_ID, refused_id),
	NAME(REFUSED_TIMES, refused_times),
	NAME(REFUSED_FUTURE, refused_future),
	NAME(REFUSED_EXPIRED, refused_expired),
	NAME(REFUSED_HASH, refused_hash),
	NAME(REFUSED_SIGNATURE, refused_signature),
	NAME(REFUSED_ALGORITHM, refused_algorithm),
	NAME(REFUSED_ROLE, refused_role),
	NAME(REFUSED_RESERVED, refused_reserved),
	NAME(REFUSED_UNKNOWN, refused_unknown),
	NAME(REFUSED_SIZE, refused_size),
	NAME(REFUSED_FULL, refused_full),
	NAME(REFUSED_STALE, refused_stale),
	NAME(REFUSED_CHANGED, refused_changed),
	NAME(REFUSED_NOMEM, refused_nomem),
	NAME(REFUSED_CERT, refused_cert),
	NAME(REFUSED_MEMBERS, refused_members),
	NAME(REFUSED_QUOTA, refused_quota),
	NAME(REFUSED_RATE, refused_rate),
	NAME(REFUSED_PERMISSION, refused_permission),
	NAME(LINK_PACED, link_paced),
	NAME(DROPPED_DEFERRED, dropped_deferred),
	NAME(DROPPED_QUEUE, dropped_queue),
	NAME(LINK_MALFORMED, link_malformed),
	NAME(LINK_OVERSIZE, link_oversize),
	NAME(LINK_HANDSHAKE, link_handshake),
	NAME(LINK_DUPLICATE, link_duplicate),
	NAME(LINK_TIMEOUT, link_timeout),
	NAME(LINK_CLOCK, link_clock),
	NAME(LINK_FULL, link_full),
	NAME(EVENTS_LOST, events_lost),
	NAME(LINK_CRYPTO, link_crypto),
	NAME(LINK_CREDENTIAL, link_credential),
	NAME(LINK_HALF_OPEN, link_half_open),
	NAME(REFUSED_REVOKED, refused_revoked),
	NAME(WITHDRAWN, withdrawn),
	NAME(LINK_REVOKED, link_revoked),
	NAME(LINK_MEMBER, link_member),
	NAME(BATCHED, batched),
	NAME(DIRECT_UP, direct_up),
	NAME(DIRECT_DOWN, direct_down),
	NAME(DIRECT_FAILED, direct_failed),
	NAME(DIRECT_REFUSED, direct_refused),
	NAME(DIRECT_FULL, direct_full),
	NAME(DIRECT_MEMBER, direct_member),
	NAME(DATA_SENT, data_sent),
	NAME(DATA_FULL, data_full),
	NAME(DATA_RECEIVED, data_received),
	NAME(DATA_UNWANTED, data_unwanted),
	NAME(DATA_LOST, data_lost),
	NAME(DATA_OVERSIZE, data_oversize),
	NAME(DATA_HELD, data_held),
	NAME(PASSWORD_OPENED, password_opened),
	NAME(PASSWORD_ISSUED, password_issued),
	NAME(PASSWORD_FAILED, password_failed),
	NAME(PASSWORD_MALFORMED, password_malformed),
	NAME(PASSWORD_RATE, password_rate),
	NAME(PASSWORD_FULL, password_full),
	NAME(PASSWORD_UNANSWERED, password_unanswered),
	NAME(LINKS_FOUND, links_found),
	NAME(REFRESHED, refreshed),
	NAME(REFUSED_REFRESH, refused_refresh),
	NAME(REFUSED_STEPS, refused_steps),
	NAME(VIEW_FULL, view_full),
};

PGI_PUBLIC const char *peergroup_counter_name(unsigned int counter)
{
	return counter < PGI_ARRAY_SIZE(names) ? names[counter] : NULL;
}

/* As many counters as this library knows; what an older kernel has not got is 0. */
static HRESULT make_list(const uint64_t *values, struct peergroup_counter **list, size_t *count)
{
	struct peergroup_counter *out = pgi_new(PGI_ARRAY_SIZE(names) * sizeof(*out));
	size_t i, n = 0;

	if (!out)
		return E_OUTOFMEMORY;
	for (i = 0; i < PGI_ARRAY_SIZE(names); i++) {
		if (names[i])
			out[n++] = (struct peergroup_counter){ names[i], values[i] };
	}
	*list = out;
	*count = n;
	return S_OK;
}

static int take_values(const struct nlmsghdr *msg, void *arg)
{
	const struct nlattr *attrs[PEERGROUP_A_STATS_MAX + 1];
	uint64_t *values = arg;
	size_t i;

	pgi_nl_parse(msg, attrs, PEERGROUP_A_STATS_MAX);
	for (i = 0; i < PGI_ARRAY_SIZE(names); i++)
		values[i] = pgi_nl_u64(attrs[i]);
	return 0;
}

static HRESULT ask(struct pgi_group *group, uint64_t *values)
{
	struct nlmsghdr *msg;
	HRESULT hr;

	pthread_mutex_lock(&group->lock);
	msg = pgi_nl_request(&group->nl, PEERGROUP_CMD_STATS_GET, 0);
	mnl_attr_put_u32(msg, PEERGROUP_A_STATS_GROUP, group->index);
	hr = pgi_group_talk(group, msg, take_values, values);
	pthread_mutex_unlock(&group->lock);
	return hr;
}

PGI_PUBLIC HRESULT peergroup_stats(peergroup_t handle, struct peergroup_counter **list,
				   size_t *count)
{
	uint64_t values[PGI_ARRAY_SIZE(names)] = { 0 };
	struct pgi_group *group;
	HRESULT hr;

	pgi_clear_error();
	if (list)
		*list = NULL;
	if (count)
		*count = 0;
	if (!list || !count)
		return pgi_fail(E_INVALIDARG, "%s is NULL", list ? "count" : "list");
	hr = pgi_group_find(handle, &group);
	if (FAILED(hr))
		return hr;
	hr = ask(group, values);
	if (SUCCEEDED(hr))
		hr = make_list(values, list, count);
	pgi_group_put(group);
	return hr;
}
