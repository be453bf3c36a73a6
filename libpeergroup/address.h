/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Addresses of other members: as text, as socket addresses, as the kernel takes
 * them. IPv4 is always kept as IPv4, however it was written.
 */
#ifndef _PEERGROUP_ADDRESS_H
#define _PEERGROUP_ADDRESS_H

#include "internal.h"

#define PGI_ADDRESS_TEXT	80	/* [v6%scope]:port */

struct pgi_address {
	uint8_t bytes[16];
	uint8_t len;		/* 4 or 16 */
	uint16_t port;		/* never 0 */
	uint32_t scope;		/* interface of a link-local address */
};

/* PEER_E_INVALID_ADDRESS */
HRESULT pgi_address_parse(const char *text, struct pgi_address *out);
HRESULT pgi_address_from_sockaddr(const struct sockaddr *sa, socklen_t len,
				  struct pgi_address *out);
/* Back to text that pgi_address_parse() takes. */
void pgi_address_format(const struct pgi_address *a, char text[PGI_ADDRESS_TEXT]);
void pgi_address_to_sockaddr(const struct pgi_address *a, struct sockaddr_storage *ss);
bool pgi_address_equal(const struct pgi_address *a, const struct pgi_address *b);

/* As PEER_ADDRESS has it, IPv4 as ::ffff:a.b.c.d; and back, E_INVALIDARG for what is none. */
void pgi_address_to_peer(const struct pgi_address *from, PEER_ADDRESS *out);
HRESULT pgi_address_from_peer(const PEER_ADDRESS *from, struct pgi_address *to);

#endif /* _PEERGROUP_ADDRESS_H */
