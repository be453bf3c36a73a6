// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * PeerGroupGetEventData(): an event as programs of <p2p.h> know it.
 */
#include <errno.h>
#include <stdlib.h>
#include "registration.h"
#include "record.h"

/* Who is lost in the handshake did not prove itself, or did not believe this end. */
HRESULT pgi_connection_failure(int err)
{
	switch (err) {
	case EALREADY:
	case EEXIST:
	case EMLINK:
	case EISCONN:
	case EOPNOTSUPP:
		return PEER_E_CONNECTION_REFUSED;
	case EACCES:
	case EBADMSG:
	case ECONNABORTED:
	case ECONNRESET:
	case ELOOP:
	case EPIPE:
	case EPROTO:
	case EKEYREJECTED:
	case EKEYREVOKED:
	case EKEYEXPIRED:
		return PEER_E_CONNECTION_NOT_AUTHENTICATED;
	default:
		return PEER_E_CONNECTION_FAILED;
	}
}

static void fill_link(const struct peergroup_event *event,
		      PEER_EVENT_CONNECTION_CHANGE_DATA *out)
{
	out->dwSize = sizeof(*out);
	out->ullConnectionId = event->link_id;
	out->ullNodeId = event->link_node;
	if (event->link_state == PEERGROUP_LINK_UP) {
		out->status = PEER_CONNECTED;
	} else if (event->link_state == PEERGROUP_LINK_DOWN) {
		out->status = PEER_DISCONNECTED;
	} else {
		out->status = PEER_CONNECTION_FAILED;
		out->hrConnectionFailedReason =
			pgi_connection_failure(event->link_error);
	}
}

static HRESULT fill_member(const struct peergroup_event *event, PEER_GROUP_EVENT_DATA *out)
{
	PEER_EVENT_MEMBER_CHANGE_DATA *m = &out->memberChangeData;

	out->eventType = PEER_GROUP_EVENT_MEMBER_CHANGED;
	m->dwSize = sizeof(*m);
	m->changeType = (PEER_MEMBER_CHANGE_TYPE)event->member_change;
	m->pwzIdentity = pgi_sub_wide(out, event->link_peer);
	return m->pwzIdentity ? S_OK : E_OUTOFMEMORY;
}

static HRESULT fill_data(const struct pgi_item *item, PEER_GROUP_EVENT_DATA *out)
{
	PEER_EVENT_INCOMING_DATA *d = &out->incomingData;

	out->eventType = PEER_GROUP_EVENT_INCOMING_DATA;
	d->dwSize = sizeof(*d);
	d->ullConnectionId = item->event.link_id;
	peergroup_uuid_to_guid(item->event.type, &d->type);
	d->data.pbData = pgi_sub(out, item->size);
	if (!d->data.pbData)
		return E_OUTOFMEMORY;
	memcpy(d->data.pbData, item->data, item->size);
	d->data.cbData = (ULONG)item->size;
	return S_OK;
}

static HRESULT fill_event(const struct pgi_item *item, PEER_GROUP_EVENT_DATA *out)
{
	const struct peergroup_event *event = &item->event;

	if (item->failed == PGI_AUTHENTICATION_FAILED) {
		out->eventType = PEER_GROUP_EVENT_AUTHENTICATION_FAILED;	/* no data */
	} else if (item->failed != S_OK) {
		out->eventType = PEER_GROUP_EVENT_CONNECTION_FAILED;
		out->hrConnectionFailedReason = item->failed;
	} else if (event->kind == PEERGROUP_EVENT_STATUS) {
		out->eventType = PEER_GROUP_EVENT_STATUS_CHANGED;
		out->dwStatus = (PEER_GROUP_STATUS)(event->status & PGI_STATUS_BITS);
	} else if (event->kind == PEERGROUP_EVENT_LINK) {
		out->eventType = PEER_GROUP_EVENT_NEIGHBOR_CONNECTION;
		fill_link(event, &out->connectionChangeData);
	} else if (event->kind == PEERGROUP_EVENT_DIRECT) {
		out->eventType = PEER_GROUP_EVENT_DIRECT_CONNECTION;
		fill_link(event, &out->connectionChangeData);
	} else if (event->kind == PGI_EVENT_DATA) {
		return fill_data(item, out);
	} else if (event->kind == PEERGROUP_EVENT_MEMBER) {
		return fill_member(event, out);
	} else if (pgi_type_is_properties(event->type)) {
		out->eventType = PEER_GROUP_EVENT_PROPERTY_CHANGED;	/* no data */
	} else {
		out->eventType = PEER_GROUP_EVENT_RECORD_CHANGED;
		out->recordChangeData.dwSize = sizeof(out->recordChangeData);
		out->recordChangeData.changeType = (PEER_RECORD_CHANGE_TYPE)event->change;
		peergroup_uuid_to_guid(event->id, &out->recordChangeData.recordId);
		peergroup_uuid_to_guid(event->type, &out->recordChangeData.recordType);
	}
	return S_OK;
}

/* What there is no memory for stays the queue's first. */
static HRESULT take_item(struct registration *reg, PEER_GROUP_EVENT_DATA **out)
{
	PEER_GROUP_EVENT_DATA *data;
	HRESULT hr;

	if (!reg->feed.head || atomic_load(&reg->dead))
		return PEER_S_NO_EVENT_DATA;
	data = pgi_new(sizeof(*data));
	if (!data)
		return E_OUTOFMEMORY;
	hr = fill_event(reg->feed.head, data);
	if (FAILED(hr)) {
		PeerFreeData(data);
		return hr;
	}
	pgi_registration_done(reg, pgi_feed_pop(&reg->feed));
	pgi_feed_pull(&reg->feed);
	*out = data;
	return S_OK;
}

/* The thread hears of nothing that would make it find out what is owed. */
static bool owes(struct registration *reg)
{
	return !atomic_load(&reg->dead) && pgi_feed_owes(&reg->feed);
}

/* What was owed, and why there is none of it. */
static HRESULT take_owed(struct registration *reg, PEER_GROUP_EVENT_DATA **data)
{
	HRESULT served = pgi_registration_serve(reg), hr;

	pthread_mutex_lock(&reg->lock);
	hr = take_item(reg, data);
	if (hr == PEER_S_NO_EVENT_DATA && FAILED(served) && owes(reg))
		hr = served;
	pthread_mutex_unlock(&reg->lock);
	return hr;
}

PGI_PUBLIC HRESULT PeerGroupGetEventData(HPEEREVENT handle, PPEER_GROUP_EVENT_DATA *data)
{
	struct registration *reg;
	struct pgi_object *obj;
	bool owed;
	HRESULT hr;

	pgi_clear_error();
	if (data)
		*data = NULL;
	hr = pgi_started();
	if (FAILED(hr))
		return hr;
	if (!data)
		return pgi_fail(E_INVALIDARG, "ppEventData is NULL");
	obj = pgi_handle_get(handle, PGI_EVENT);
	if (!obj)
		return pgi_fail(E_INVALIDARG, "not a registration's handle");
	reg = pgi_container_of(obj, struct registration, obj);
	pthread_mutex_lock(&reg->lock);
	hr = take_item(reg, data);
	owed = owes(reg);
	pthread_mutex_unlock(&reg->lock);
	if (owed && hr == PEER_S_NO_EVENT_DATA)
		hr = take_owed(reg, data);
	else if (owed)
		pgi_registration_serve(reg);
	pgi_object_put(obj);
	return hr;
}
