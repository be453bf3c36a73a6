// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Events about the group itself: its properties, and its members as their records and
 * links tell of them. Only registrations of <p2p.h> want them; watches look at certificates.
 */
#include <errno.h>
#include <stdlib.h>
#include "feed.h"
#include "members.h"
#include "records.h"

static bool live(uint32_t change)
{
	return change == PEERGROUP_CHANGE_ADDED || change == PEERGROUP_CHANGE_UPDATED;
}

static HRESULT push_member(const char *name, uint32_t change, void *arg)
{
	const struct peergroup_event event = {
		.kind = PEERGROUP_EVENT_MEMBER, .link_peer = name, .member_change = change,
	};

	return pgi_feed_push(arg, &event, S_OK);
}

/* --------------------------------------------------------------- records -- */

static HRESULT take_one(struct pgi_record **record, void *arg)
{
	struct pgi_record **kept = arg;

	pgi_record_free(*kept);
	*kept = *record;
	*record = NULL;
	return S_OK;
}

/* A first certificate, and one that an administrator left, is a joining; a later one is not. */
static uint32_t change_of(const struct peergroup_event *event)
{
	bool own = pgi_membership_is_own(event->id);

	return own && event->change == PEERGROUP_CHANGE_UPDATED ? PEER_MEMBER_UPDATED :
		PEER_MEMBER_JOINED;
}

/* The record of an event; NULL where it or the group is gone already: nothing to tell. */
static HRESULT fetch(struct pgi_feed *feed, const struct peergroup_event *event,
		     struct pgi_record **record)
{
	struct pgi_query q = { .group = feed->group, .id = event->id };
	HRESULT hr;

	*record = NULL;
	hr = pgi_feed_asking(feed);
	if (SUCCEEDED(hr))
		hr = pgi_fetch(&feed->ask, &q, take_one, record, NULL);
	return pgi_nl_ended(hr) ? S_OK : hr;
}

/*
 * Who has left may be in again, by what it brings, or not: anybody who may invite can certify a
 * key that was revoked. So a look tells that. Nor does a first certificate have to hold, which
 * the kernel says only of those that it had before they were void.
 */
static HRESULT tell_subject(struct pgi_feed *feed, const struct pgi_cert *cert, uint32_t change)
{
	bool joins = change == PEER_MEMBER_JOINED;
	uint64_t id;
	HRESULT hr;

	memcpy(&id, cert->fingerprint, sizeof(id));
	if (pgi_presence_has_member(&feed->revoked, cert->name)) {
		feed->certs_behind = true;
		return S_OK;
	}
	/* A look was faster. */
	if (joins && pgi_presence_has(&feed->rejoined, id))
		return S_OK;
	hr = push_member(cert->name, change, feed);
	feed->certs_behind |= joins && SUCCEEDED(hr);
	return hr;
}

static HRESULT tell_membership(struct pgi_feed *feed, const struct peergroup_event *event)
{
	struct pgi_record *record;
	struct pgi_cert *cert;
	HRESULT hr;

	hr = fetch(feed, event, &record);
	if (SUCCEEDED(hr) && record) {
		hr = pgi_membership_subject(record, &cert);
		if (hr == S_OK) {
			hr = tell_subject(feed, cert, change_of(event));
			pgi_cert_free(cert);
		}
	}
	pgi_record_free(record);
	return hr;
}

/* Without a link all are away, whatever their records say. */
static bool knows_others(const struct pgi_feed *feed)
{
	return feed->status & PEERGROUP_STATUS_CONNECTED;
}

static HRESULT tell_node(struct pgi_feed *feed, const struct peergroup_event *event)
{
	struct pgi_record *record;
	HRESULT hr;

	if (!live(event->change))
		return pgi_presence_gone(&feed->presence, event->id, push_member, feed);
	if (!knows_others(feed))
		return S_OK;
	hr = fetch(feed, event, &record);
	if (SUCCEEDED(hr) && record)
		hr = pgi_presence_record(&feed->presence, record, push_member, feed);
	pgi_record_free(record);
	return hr;
}

HRESULT pgi_feed_tell_about(struct pgi_feed *feed, const struct peergroup_event *event)
{
	if (feed->members && pgi_type_is_presence(event->type))
		return tell_node(feed, event);
	if (!live(event->change))
		return S_OK;
	if (feed->properties && pgi_type_is_properties(event->type))
		return pgi_feed_push(feed, event, S_OK);
	if (!pgi_type_is_membership(event->type))
		return S_OK;
	if (feed->members)
		return tell_membership(feed, event);
	/* Who has left may be in again, by what it brings. */
	feed->certs_behind |= feed->certs && feed->revoked.count;
	return S_OK;
}

/* --------------------------------------------------------------- presence -- */

HRESULT pgi_feed_start_presence(struct pgi_feed *feed)
{
	return pgi_presence_compare(&feed->presence, &feed->ask, feed->group, knows_others(feed),
				    NULL, NULL);
}

HRESULT pgi_feed_compare_presence(struct pgi_feed *feed)
{
	return pgi_presence_compare(&feed->presence, &feed->ask, feed->group, knows_others(feed),
				    push_member, feed);
}

HRESULT pgi_feed_tell_presence(struct pgi_feed *feed, const struct peergroup_event *link)
{
	uint8_t key[PEERGROUP_ID_LEN];

	if (link->link_state == PEERGROUP_LINK_UP)
		return pgi_presence_link(&feed->presence, link->link_id, link->link_peer,
					 push_member, feed);
	pgi_presence_key(link->link_id, key);
	return pgi_presence_gone(&feed->presence, key, push_member, feed);
}

/* ---------------------------------------------------------- catching up -- */

/* The brief answers of a query, for when it is over: telling asks by the same socket. */
struct changes {
	struct peergroup_event *list;
	size_t count;
	uint64_t above, upto;
};

static HRESULT note_change(struct pgi_record **record, void *arg)
{
	struct changes *c = arg;
	struct peergroup_event *e;

	/* Of what is later than that an event is on its way. */
	if ((*record)->seq <= c->above || (*record)->seq > c->upto)
		return S_OK;
	e = reallocarray(c->list, c->count + 1, sizeof(*e));
	if (!e)
		return E_OUTOFMEMORY;
	c->list = e;
	e += c->count++;
	pgi_feed_event_of(*record, e);
	e->kind = PEERGROUP_EVENT_RECORD;
	/* Of a walk that is not by sequence; what it was before is not known. */
	if (!e->change && !((*record)->flags & PEERGROUP_RECORD_DELETED))
		e->change = PEERGROUP_CHANGE_UPDATED;
	return S_OK;
}

/* Changes of one type; where too much was forgotten, all that have come since. */
static HRESULT tell_since(struct pgi_feed *feed, const uint8_t type[PEERGROUP_ID_LEN])
{
	uint64_t since = feed->about_seq;
	struct changes c = { .above = since, .upto = feed->seq };
	struct pgi_query q = {
		.group = feed->group, .type = type, .since = &since, .brief = true,
	};
	HRESULT hr;
	size_t i;
	int err;

	hr = pgi_fetch(&feed->ask, &q, note_change, &c, &err);
	if (err == -ESTALE) {
		c.count = 0;
		q.since = NULL;
		hr = pgi_fetch(&feed->ask, &q, note_change, &c, NULL);
	}
	for (i = 0; i < c.count && SUCCEEDED(hr); i++)
		hr = pgi_feed_tell_about(feed, &c.list[i]);
	free(c.list);
	return hr;
}

HRESULT pgi_feed_catch_up_about(struct pgi_feed *feed)
{
	static const uint8_t properties[PEERGROUP_ID_LEN] = PEERGROUP_TYPE_PROPERTIES;
	static const uint8_t membership[PEERGROUP_ID_LEN] = PEERGROUP_TYPE_MEMBERSHIP;
	HRESULT hr = S_OK;

	if (feed->properties)
		hr = tell_since(feed, properties);
	if (SUCCEEDED(hr) && feed->members)
		hr = tell_since(feed, membership);
	if (SUCCEEDED(hr) && feed->members)
		hr = pgi_feed_compare_presence(feed);
	if (SUCCEEDED(hr))
		feed->about_seq = feed->seq;
	return hr;
}
