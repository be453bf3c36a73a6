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

/* Of so many that a host has the first are published, and these are always the same. */
#define LISTED_MAX	64

static const uint8_t v4_mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

/*
 * Is it one that others can dial? Those of a host or a link alone mean nothing elsewhere,
 * and what dials for a program what a member says is not to be led to its own host.
 */
static bool is_dialable(const uint8_t bytes[ADDRESS_LEN])
{
	const uint8_t *v4 = bytes + sizeof(v4_mapped);
	struct in6_addr in6;

	memcpy(&in6, bytes, sizeof(in6));	/* it lies anywhere in a record */
	if (memcmp(bytes, v4_mapped, sizeof(v4_mapped)))
		return !IN6_IS_ADDR_UNSPECIFIED(&in6) && !IN6_IS_ADDR_LOOPBACK(&in6) &&
		       !IN6_IS_ADDR_LINKLOCAL(&in6) && !IN6_IS_ADDR_MULTICAST(&in6);
	return v4[0] && v4[0] != 127 && v4[0] < 224 && !(v4[0] == 169 && v4[1] == 254);
}

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
	const uint8_t *bytes;
	size_t i, n;

	if (record->flags & PEERGROUP_RECORD_DELETED ||
	    !pgi_record_parts(&record->wire, &parts) || parts.size < sizeof(head))
		return false;
	memcpy(&head, parts.data, sizeof(head));
	place->node = be64toh(head.node);
	place->count = 0;
	n = (parts.size - sizeof(head)) / ADDRESS_LEN;
	/* A port of 0 is none: nobody can be told to dial it. */
	for (i = 0; i < n && i < ADDRESSES_MAX && head.port; i++) {
		bytes = parts.data + sizeof(head) + i * ADDRESS_LEN;
		if (is_dialable(bytes))
			read_address(bytes, be16toh(head.port), &place->addresses[place->count++]);
	}
	return true;
}

/* --------------------------------------------------------------- writing -- */

static bool take_address(const struct sockaddr *sa, uint8_t bytes[ADDRESS_LEN])
{
	const struct sockaddr_in6 *sin6 = (const void *)sa;
	const struct sockaddr_in *sin = (const void *)sa;

	if (sa->sa_family == AF_INET) {
		memcpy(bytes, v4_mapped, sizeof(v4_mapped));
		memcpy(bytes + sizeof(v4_mapped), &sin->sin_addr, 4);
	} else if (sa->sa_family == AF_INET6) {
		memcpy(bytes, &sin6->sin6_addr, ADDRESS_LEN);
	} else {
		return false;
	}
	return is_dialable(bytes);
}

/* In the order of their bytes: that the kernel lists them in another is no change. */
static int by_bytes(const void *a, const void *b)
{
	return memcmp(a, b, ADDRESS_LEN);
}

static size_t list_addresses(const struct ifaddrs *all, uint8_t (*out)[ADDRESS_LEN], size_t max)
{
	const struct ifaddrs *i;
	size_t n = 0;

	for (i = all; i && n < max; i = i->ifa_next)
		if (i->ifa_addr && i->ifa_flags & IFF_UP && !(i->ifa_flags & IFF_LOOPBACK) &&
		    take_address(i->ifa_addr, out[n]))
			n++;
	qsort(out, n, ADDRESS_LEN, by_bytes);
	return n < ADDRESSES_MAX ? n : ADDRESSES_MAX;
}

HRESULT pgi_place_here(uint64_t node, uint16_t port, struct pgi_blob *data)
{
	uint8_t addresses[LISTED_MAX][ADDRESS_LEN];
	struct peergroup_presence head;
	struct ifaddrs *all;
	size_t n;

	if (getifaddrs(&all))
		return pgi_fail(pgi_from_errno(errno), "cannot list the addresses of this host: %s",
				strerror(errno));
	n = list_addresses(all, addresses, LISTED_MAX);
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
