// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * PeerGroupRegisterEvent(): a queue per registration and an event object that
 * becomes signalled when something is queued.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>
#include "registration.h"
#include "record.h"

/* --------------------------------------------------------------- filters -- */

static bool registered(const struct registration *reg, PEER_GROUP_EVENT_TYPE event,
		       const uint8_t *type)
{
	const struct filter *f;
	size_t i;

	for (i = 0; i < reg->n_filters; i++) {
		f = &reg->filters[i];
		if (f->event == event && (!type || !f->typed ||
					  !memcmp(f->type, type, sizeof(f->type))))
			return true;
	}
	return false;
}

static bool wants_failure(struct registration *reg, bool authentication)
{
	return registered(reg, authentication ? PEER_GROUP_EVENT_AUTHENTICATION_FAILED :
						PEER_GROUP_EVENT_CONNECTION_FAILED, NULL);
}

static bool keep_spare(struct registration *reg, bool authentication)
{
	static const struct peergroup_event none;
	struct pgi_item **spare = &reg->spare[authentication];

	if (!*spare && wants_failure(reg, authentication))
		*spare = pgi_item_new(&none, S_OK);
	return *spare;
}

/*
 * The call that began what has failed has succeeded, so that a program waits for this: room for
 * one of each kind is kept from the registration on.
 */
static void push_failed(struct registration *reg, HRESULT reason)
{
	bool authentication = reason == PGI_AUTHENTICATION_FAILED;
	struct pgi_item *item;

	if (!keep_spare(reg, authentication))
		return;
	item = reg->spare[authentication];
	reg->spare[authentication] = NULL;
	item->failed = reason;
	pgi_feed_put(&reg->feed, item);
	reg->pushed = true;
	keep_spare(reg, authentication);
}

void pgi_registration_done(struct registration *reg, struct pgi_item *item)
{
	struct pgi_item **spare = &reg->spare[item->failed == PGI_AUTHENTICATION_FAILED];

	if (item->failed != S_OK && !*spare) {
		item->failed = S_OK;
		item->next = NULL;
		*spare = item;
	} else {
		free(item);
	}
	if (reg->feed.links)
		pgi_feed_keep_spare(&reg->feed);
}

static bool all_failed(struct attempt *a, const struct pgi_address *address)
{
	bool all = true;
	size_t i;

	for (i = 0; i < a->count; i++) {
		if (pgi_address_equal(&a->addresses[i], address))
			a->failed[i] = true;
		all = all && a->failed[i];
	}
	return all;
}

/* A Connect succeeds with the first link and fails with the last address. */
static void follow_attempt(struct registration *reg, const struct peergroup_event *event)
{
	struct attempt *a = &reg->attempt;
	struct pgi_address address;
	HRESULT reason = a->reason;

	if (reason == S_OK)
		return;
	if (event->link_state == PEERGROUP_LINK_UP) {
		a->reason = S_OK;
	} else if (event->link_state == PEERGROUP_LINK_FAILED &&
		   SUCCEEDED(pgi_address_from_sockaddr(
				(const struct sockaddr *)&event->link_address,
				sizeof(event->link_address), &address)) &&
		   all_failed(a, &address)) {
		a->reason = S_OK;
		push_failed(reg, reason);
	}
}

static bool link_news(uint32_t state)
{
	return state == PEERGROUP_LINK_UP || state == PEERGROUP_LINK_DOWN ||
	       state == PEERGROUP_LINK_FAILED;
}

static HRESULT failure_of(int reason)
{
	switch (reason) {
	case EADDRINUSE:
	case EADDRNOTAVAIL:
		return PEER_E_UNABLE_TO_LISTEN;
	case EKEYREJECTED:
	case EKEYREVOKED:
	case EKEYEXPIRED:
	case EACCES:
		return PEER_E_NOT_AUTHORIZED;
	default:
		return PEER_E_NO_MEMBER_CONNECTIONS;
	}
}

static bool wanted(struct registration *reg, const struct peergroup_event *event)
{
	switch ((int)event->kind) {
	case PEERGROUP_EVENT_RECORD:
		if (pgi_type_is_properties(event->type))
			return registered(reg, PEER_GROUP_EVENT_PROPERTY_CHANGED, NULL);
		return registered(reg, PEER_GROUP_EVENT_RECORD_CHANGED, event->type) &&
		       !pgi_type_reserved(event->type);
	case PEERGROUP_EVENT_LINK:
		follow_attempt(reg, event);
		return link_news(event->link_state) &&
		       registered(reg, PEER_GROUP_EVENT_NEIGHBOR_CONNECTION, NULL);
	case PEERGROUP_EVENT_STATUS:
		if (event->reason)
			push_failed(reg, failure_of(event->reason));
		return (event->status ^ reg->feed.status) & PGI_STATUS_BITS &&
		       registered(reg, PEER_GROUP_EVENT_STATUS_CHANGED, NULL);
	case PEERGROUP_EVENT_MEMBER:
		return registered(reg, PEER_GROUP_EVENT_MEMBER_CHANGED, NULL);
	case PEERGROUP_EVENT_DIRECT:
		return link_news(event->link_state) &&
		       registered(reg, PEER_GROUP_EVENT_DIRECT_CONNECTION, NULL);
	case PGI_EVENT_DATA:
		return registered(reg, PEER_GROUP_EVENT_INCOMING_DATA, event->type);
	default:
		atomic_store(&reg->dead, true);
		return false;
	}
}

static bool filter_event(struct pgi_feed *feed, const struct peergroup_event *event)
{
	struct registration *reg = pgi_container_of(feed, struct registration, feed);
	bool want = wanted(reg, event);

	reg->pushed = reg->pushed || want;
	return want;
}

void pgi_registration_signal(struct registration *reg)
{
	static const uint64_t one = 1;

	if (reg->pushed && reg->signal < 0)
		pgi_signal_queue(reg);
	/* Full only after 2^64 events that nobody reset: it is signalled then. */
	else if (reg->pushed && write(reg->signal, &one, sizeof(one)) < 0 && errno == EBADF)
		atomic_store(&reg->dead, true);
	reg->pushed = false;
}

/* -------------------------------------------------------- registrations -- */

static void release(struct pgi_object *obj)
{
	struct registration *reg = pgi_container_of(obj, struct registration, obj);

	pgi_registration_unlist(reg);
	pgi_signal_drop(reg);
	pgi_feed_close(&reg->feed);
	if (reg->signal >= 0)
		close(reg->signal);
	pthread_mutex_destroy(&reg->lock);
	free(reg->spare[false]);
	free(reg->spare[true]);
	free(reg->filters);
	free(reg);
}

static bool event_known(PEER_GROUP_EVENT_TYPE type)
{
	switch (type) {
	case PEER_GROUP_EVENT_STATUS_CHANGED:
	case PEER_GROUP_EVENT_PROPERTY_CHANGED:
	case PEER_GROUP_EVENT_RECORD_CHANGED:
	case PEER_GROUP_EVENT_DIRECT_CONNECTION:
	case PEER_GROUP_EVENT_NEIGHBOR_CONNECTION:
	case PEER_GROUP_EVENT_INCOMING_DATA:
	case PEER_GROUP_EVENT_MEMBER_CHANGED:
	case PEER_GROUP_EVENT_CONNECTION_FAILED:
	case PEER_GROUP_EVENT_AUTHENTICATION_FAILED:
		return true;
	default:
		return false;
	}
}

static HRESULT take_filters(struct registration *reg,
			    const PEER_GROUP_EVENT_REGISTRATION *from, DWORD count)
{
	struct filter *f;
	DWORD i;

	reg->filters = calloc(count, sizeof(*reg->filters));
	if (!reg->filters)
		return E_OUTOFMEMORY;
	reg->n_filters = count;
	for (i = 0; i < count; i++) {
		f = &reg->filters[i];
		if (!event_known(from[i].eventType))
			return pgi_fail(E_INVALIDARG, "unknown event type %d",
					(int)from[i].eventType);
		f->event = from[i].eventType;
		f->typed = from[i].pType;
		if (f->typed)
			peergroup_guid_to_uuid(from[i].pType, f->type);
	}
	for (i = 0; i < 2; i++)
		if (!keep_spare(reg, i) && wants_failure(reg, i))
			return E_OUTOFMEMORY;
	return S_OK;
}

/* A copy, so that a program that closes its event too early does no harm. */
static HRESULT take_signal(struct registration *reg, HANDLE event)
{
	if (pgi_signal_foreign()) {
		reg->foreign = event;
		return S_OK;
	}
	reg->signal = fcntl((int)(intptr_t)event, F_DUPFD_CLOEXEC, 3);
	if (reg->signal >= 0)
		return S_OK;
	if (errno == EBADF)
		return pgi_fail(E_INVALIDARG, "the event is not an open eventfd");
	return pgi_from_errno(errno);
}

static HRESULT new_registration(struct pgi_group *group, HANDLE event,
				const PEER_GROUP_EVENT_REGISTRATION *from, DWORD count,
				HPEEREVENT *handle)
{
	struct registration *reg = calloc(1, sizeof(*reg));
	HRESULT hr;

	if (!reg)
		return E_OUTOFMEMORY;
	pgi_object_init(&reg->obj, PGI_EVENT, release);
	pthread_mutex_init(&reg->lock, NULL);
	reg->signal = -1;
	reg->feed.tail = &reg->feed.head;
	reg->feed.filter = filter_event;
	hr = take_filters(reg, from, count);
	if (SUCCEEDED(hr))
		hr = take_signal(reg, event);
	if (SUCCEEDED(hr)) {
		reg->feed.records = registered(reg, PEER_GROUP_EVENT_RECORD_CHANGED, NULL);
		reg->feed.properties = registered(reg, PEER_GROUP_EVENT_PROPERTY_CHANGED, NULL);
		reg->feed.members = registered(reg, PEER_GROUP_EVENT_MEMBER_CHANGED, NULL);
		reg->feed.certs = reg->feed.members;
		reg->feed.links = registered(reg, PEER_GROUP_EVENT_NEIGHBOR_CONNECTION, NULL);
		if (registered(reg, PEER_GROUP_EVENT_DIRECT_CONNECTION, NULL)) {
			reg->feed.links = true;
			reg->feed.takes |= PEERGROUP_TAKES_DIRECT;
		}
		if (registered(reg, PEER_GROUP_EVENT_INCOMING_DATA, NULL))
			reg->feed.takes |= PEERGROUP_TAKES_DATA;
		/* What the kernel does not have yet has no feed yet, either. */
		if (!atomic_load(&group->pending))
			hr = pgi_feed_open(&reg->feed, group, PEERGROUP_SINCE_NOW);
	}
	if (SUCCEEDED(hr)) {
		pgi_registration_signal(reg);
		hr = pgi_registration_list(reg, group);
	}
	if (SUCCEEDED(hr))
		hr = pgi_handle_new(&reg->obj, handle);
	if (FAILED(hr))
		pgi_object_put(&reg->obj);
	return hr;
}

/* ---------------------------------------------------- going online fails -- */

static void fail_now(struct registration *reg, void *arg)
{
	push_failed(reg, *(HRESULT *)arg);
	pgi_registration_signal(reg);
}

void pgi_event_failed(const struct pgi_group *group, HRESULT reason)
{
	pgi_registration_each(group, fail_now, &reason);
}

void pgi_event_not_authenticated(const struct pgi_group *group)
{
	pgi_event_failed(group, PGI_AUTHENTICATION_FAILED);
	pgi_event_failed(group, PEER_E_NOT_AUTHORIZED);
}

static void begin_attempt(struct registration *reg, void *arg)
{
	reg->attempt = *(const struct attempt *)arg;
}

void pgi_event_attempt(const struct pgi_group *group, HRESULT reason,
		       const struct pgi_address *addresses, size_t count)
{
	struct attempt a = { .reason = reason };

	a.count = count < PGI_ATTEMPT_MAX ? count : PGI_ATTEMPT_MAX;
	memcpy(a.addresses, addresses, a.count * sizeof(*addresses));
	pgi_registration_each(group, begin_attempt, &a);
}

static void is_attempting(struct registration *reg, void *arg)
{
	*(bool *)arg |= reg->attempt.reason != S_OK;
}

bool pgi_event_attempting(const struct pgi_group *group)
{
	bool any = false;

	pgi_registration_each(group, is_attempting, &any);
	return any;
}

/* -------------------------------------------------- the calls of <p2p.h> -- */

PGI_PUBLIC HRESULT PeerGroupRegisterEvent(HGROUP handle, HANDLE event, DWORD count,
					  PEER_GROUP_EVENT_REGISTRATION *registrations,
					  HPEEREVENT *out)
{
	struct pgi_group *group;
	HRESULT hr;

	pgi_clear_error();
	if (out)
		*out = NULL;
	hr = pgi_started();
	if (FAILED(hr))
		return hr;
	if (!event || !count || !registrations || !out)
		return pgi_fail(E_INVALIDARG, "no event, no registrations or no room for a handle");
	hr = pgi_group_find_any(handle, &group);
	if (FAILED(hr))
		return hr;
	hr = new_registration(group, event, registrations, count, out);
	pgi_group_put(group);
	return hr;
}

PGI_PUBLIC HRESULT PeerGroupUnregisterEvent(HPEEREVENT handle)
{
	struct pgi_object *obj;
	HRESULT hr;

	pgi_clear_error();
	hr = pgi_started();
	if (FAILED(hr))
		return hr;
	obj = pgi_handle_remove(handle, PGI_EVENT);
	if (!obj)
		return pgi_fail(E_INVALIDARG, "not a registration's handle");
	/* The feed's thread may hold it a moment longer. */
	pgi_signal_drop(pgi_container_of(obj, struct registration, obj));
	pgi_object_put(obj);
	return S_OK;
}
