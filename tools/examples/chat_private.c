// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What is said to one, see chat.h: each message goes over a direct connection of its own,
 * which ends when the other end has answered that it is there.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "chat.h"

#define ANSWER		20	/* seconds that an answer may take */

const GUID private_type = {
	0x5f0d1b2e, 0x3a84, 0x4e6d, { 0x9c, 0x07, 0x61, 0xe2, 0x4b, 0xd5, 0x90, 0x3e }
}, answer_type = {
	0x5f0d1b2f, 0x3a84, 0x4e6d, { 0x9c, 0x07, 0x61, 0xe2, 0x4b, 0xd5, 0x90, 0x3e }
};

/* A private message on its way; the earlier ones to the same person come first. */
struct outgoing {
	struct outgoing *next;
	struct person *to;
	char *text, *addresses, *rest;
	ULONGLONG connection;	/* 0: none yet */
	bool sent;
	time_t until;
};

static struct outgoing *outbox;

static void end_outgoing(struct outgoing *gone)
{
	struct outgoing **at = &outbox;

	while (*at != gone)
		at = &(*at)->next;
	*at = gone->next;
	if (gone->connection)
		PeerGroupCloseDirectConnection(group, gone->connection);
	free(gone->text);
	free(gone->addresses);
	free(gone);
}

/* Try the next address there is, or else tell of the last failure. */
static void dial(struct outgoing *out, HRESULT hr)
{
	char host[INET6_ADDRSTRLEN];
	PEER_ADDRESS address = { .dwSize = sizeof(address), .sin6.sin6_family = AF_INET6 };
	WCHAR *identity = wide_text(out->to->identity);
	unsigned int port;
	int n;

	if (out->connection)
		PeerGroupCloseDirectConnection(group, out->connection);
	out->connection = 0;
	while (!out->connection && sscanf(out->rest, "%45s %u%n", host, &port, &n) == 2) {
		out->rest += n;
		address.sin6.sin6_port = htons((uint16_t)port);
		if (inet_pton(AF_INET6, host, &address.sin6.sin6_addr) == 1)
			hr = PeerGroupOpenDirectConnection(group, identity, &address,
							   &out->connection);
	}
	free(identity);
	out->until = time(NULL) + ANSWER;
	if (!out->connection) {
		say("-- not sent to %s: %s", out->to->shown, peergroup_strerror(hr));
		end_outgoing(out);
	}
}

/* It may have arrived, so it is not sent again. */
static void give_up(struct outgoing *out, HRESULT hr)
{
	if (out->sent) {
		say("-- no answer from %s: %s", out->to->shown, out->text);
		end_outgoing(out);
	} else {
		dial(out, hr);
	}
}

bool work_outbox(void)
{
	struct outgoing *out, *next, *before;

	for (out = outbox; out; out = next) {
		next = out->next;
		for (before = outbox; before->to != out->to; before = before->next)
			;
		if (before != out)
			continue;
		if (!out->connection)
			dial(out, PEER_E_CONNECTION_FAILED);
		else if (time(NULL) > out->until)
			give_up(out, PEER_E_TIMEOUT);
	}
	return outbox;
}

void send_private(char *argument)
{
	size_t len = strcspn(argument, " ");
	char *text = argument + len + strspn(argument + len, " ");
	struct person *to = person_called(argument, len);
	struct outgoing *new, **end = &outbox;
	char *addresses = to ? addresses_of(to) : NULL;

	if (!addresses || !*text) {
		say("-- %.*s: %s", (int)len, argument, !to ? "nobody is called so, see /who" :
		    addresses ? "say what: /msg NAME TEXT" : "is not here");
		free(addresses);
		return;
	}
	new = xalloc(sizeof(*new));
	new->to = to;
	new->text = strdup(text);
	if (!new->text)
		die("memory", E_OUTOFMEMORY);
	new->addresses = new->rest = addresses;
	while (*end)
		end = &(*end)->next;
	*end = new;
}

static struct outgoing *outgoing_by(ULONGLONG connection)
{
	struct outgoing *out = outbox;

	while (out && out->connection != connection)
		out = out->next;
	return out;
}

void take_connection(const PEER_EVENT_CONNECTION_CHANGE_DATA *change)
{
	struct outgoing *out = outgoing_by(change->ullConnectionId);
	HRESULT hr;

	if (!out)
		return;		/* what others open, and what has been closed */
	if (change->status != PEER_CONNECTED) {
		give_up(out, change->status == PEER_CONNECTION_FAILED ?
			change->hrConnectionFailedReason : PEER_E_CONNECTION_FAILED);
		return;
	}
	hr = PeerGroupSendData(group, out->connection, &private_type, (ULONG)strlen(out->text),
			       out->text);
	out->sent = SUCCEEDED(hr);
	if (!out->sent)
		dial(out, hr);
}

/* Who is at the other end of a direct connection; links of the group are not for this. */
struct other_end {
	ULONGLONG connection;
	struct person *who;
};

static void use_connection(void *item, void *arg)
{
	const PEER_CONNECTION_INFO *info = item;
	struct other_end *other = arg;

	if (info->ullConnectionId == other->connection)
		other->who = person(group, info->pwzPeerId);
}

/* One message for each connection: nobody then fills the way back that the answer takes. */
static void take_private(const PEER_EVENT_INCOMING_DATA *in)
{
	struct other_end other = { .connection = in->ullConnectionId };
	HPEERENUM list;
	char *text;

	if (FAILED(PeerGroupEnumConnections(group, PEER_CONNECTION_DIRECT, &list)))
		return;
	each_item(list, use_connection, &other);
	if (!other.who)
		return;		/* who does not wait for the answer says nothing */
	text = shown_text(in->data.pbData, in->data.cbData);
	say("[from %s] %s", other.who->shown, text);
	free(text);
	PeerGroupSendData(group, in->ullConnectionId, &answer_type, 1, (PVOID)"");
	PeerGroupCloseDirectConnection(group, in->ullConnectionId);
}

void take_data(const PEER_EVENT_INCOMING_DATA *in)
{
	struct outgoing *out;

	if (!memcmp(&in->type, &private_type, sizeof(GUID))) {
		take_private(in);
		return;
	}
	out = outgoing_by(in->ullConnectionId);
	if (out && out->sent) {
		say("[to %s] %s", out->to->shown, out->text);
		end_outgoing(out);
	}
}
