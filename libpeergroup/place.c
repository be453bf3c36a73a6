// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Where a node is: the data of a presence record, written and read. Called by announce.c
 * for this node's, and for the others' by who tells of members.
 */
#include <endian.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdlib.h>
#include "presence.h"
#include "record.h"

#define ADDRESS_LEN	PEERGROUP_PRESENCE_ADDRESS_LEN
#define ADDRESSES_MAX	PEERGROUP_PRESENCE_ADDRESSES_MAX

static const uint8_t v4_mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

/* --------------------------------------------------------------- reading -- */

static void read_address(const uint8_t *bytes, uint16_t port, struct pgi_address *a)
{
	memset(a, 0, sizeof(*a));
	a->port = port;
	if (!memcmp(bytes, v4_mapped, sizeof(v4_mapped))) {
		a->len = 4;
		memcpy(a->bytes, bytes + sizeof(v4_mapped), 4);
	} else {
		a->len = ADDRESS_LEN;
		memcpy(a->bytes, bytes, ADDRESS_LEN);
	}
}

bool pgi_place_read(const struct pgi_record *record, struct pgi_place *place)
{
	struct peergroup_presence head;
	struct pgi_parts parts;
	size_t i;

	if (record->flags & PEERGROUP_RECORD_DELETED ||
	    !pgi_record_parts(&record->wire, &parts) || parts.size < sizeof(head))
		return false;
	memcpy(&head, parts.data, sizeof(head));
	place->node = be64toh(head.node);
	place->count = (parts.size - sizeof(head)) / ADDRESS_LEN;
	if (place->count > ADDRESSES_MAX)
		return false;
	/* A port of 0 is none: nobody can be told to dial it. */
	if (!head.port)
		place->count = 0;
	for (i = 0; i < place->count; i++)
		read_address(parts.data + sizeof(head) + i * ADDRESS_LEN, be16toh(head.port),
			     &place->addresses[i]);
	return true;
}

/* --------------------------------------------------------------- writing -- */

/* Is it one that others can dial? Those of a link alone mean nothing elsewhere. */
static bool take_address(const struct sockaddr *sa, uint8_t bytes[ADDRESS_LEN])
{
	const struct sockaddr_in6 *sin6 = (const void *)sa;
	const struct sockaddr_in *sin = (const void *)sa;
	uint32_t v4;

	if (sa->sa_family == AF_INET) {
		v4 = ntohl(sin->sin_addr.s_addr);
		memcpy(bytes, v4_mapped, sizeof(v4_mapped));
		memcpy(bytes + sizeof(v4_mapped), &sin->sin_addr, 4);
		return v4 >> 16 != 0xa9fe;	/* 169.254/16 */
	}
	if (sa->sa_family != AF_INET6)
		return false;
	memcpy(bytes, &sin6->sin6_addr, ADDRESS_LEN);
	return !IN6_IS_ADDR_LINKLOCAL(&sin6->sin6_addr);
}

/* In the order of their bytes: that the kernel lists them in another is no change. */
static int by_bytes(const void *a, const void *b)
{
	return memcmp(a, b, ADDRESS_LEN);
}

static size_t list_addresses(const struct ifaddrs *all, uint8_t (*out)[ADDRESS_LEN])
{
	const struct ifaddrs *i;
	size_t n = 0;

	for (i = all; i && n < ADDRESSES_MAX; i = i->ifa_next)
		if (i->ifa_addr && i->ifa_flags & IFF_UP && !(i->ifa_flags & IFF_LOOPBACK) &&
		    take_address(i->ifa_addr, out[n]))
			n++;
	qsort(out, n, ADDRESS_LEN, by_bytes);
	return n;
}

HRESULT pgi_place_here(uint64_t node, uint16_t port, struct pgi_blob *data)
{
	uint8_t addresses[ADDRESSES_MAX][ADDRESS_LEN];
	struct peergroup_presence head;
	struct ifaddrs *all;
	size_t n;

	if (getifaddrs(&all))
		return pgi_fail(pgi_from_errno(errno), "cannot list the addresses of this host: %s",
				strerror(errno));
	n = list_addresses(all, addresses);
	freeifaddrs(all);
	head.node = htobe64(node);
	head.port = htobe16(port);
	data->len = sizeof(head) + n * ADDRESS_LEN;
	data->data = malloc(data->len);
	if (!data->data)
		return E_OUTOFMEMORY;
	memcpy(mempcpy(data->data, &head, sizeof(head)), addresses, n * ADDRESS_LEN);
	return S_OK;
}
