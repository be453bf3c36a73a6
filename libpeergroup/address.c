// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Addresses of other members in their three forms.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include "address.h"

static HRESULT bad_address(const char *text)
{
	return pgi_fail(PEER_E_INVALID_ADDRESS, "\"%s\" is not an address", text);
}

/* Only IPv4 addresses may be followed by a port without brackets. */
static bool split(const char *text, char *host, size_t size, const char **port)
{
	const char *end;
	size_t len;

	*port = NULL;
	if (*text == '[') {
		end = strchr(++text, ']');
		if (!end || (end[1] && end[1] != ':'))
			return false;
		if (end[1])
			*port = end + 2;
	} else {
		end = strchr(text, ':');
		if (end && !strchr(end + 1, ':'))
			*port = end + 1;
		else
			end = text + strlen(text);
	}
	len = (size_t)(end - text);
	if (!len || len >= size)
		return false;
	memcpy(host, text, len);
	host[len] = '\0';
	return true;
}

static bool parse_port(const char *text, uint16_t *port)
{
	unsigned long value;
	char *end;

	*port = PEERGROUP_PORT;
	if (!text)
		return true;
	if (*text < '0' || *text > '9')
		return false;
	value = strtoul(text, &end, 10);
	if (*end || !value || value > UINT16_MAX)
		return false;
	*port = (uint16_t)value;
	return true;
}

static bool parse_scope(char *host, uint32_t *scope)
{
	char *percent = strchr(host, '%'), *end;
	unsigned long value;

	*scope = 0;
	if (!percent)
		return true;
	*percent++ = '\0';
	*scope = if_nametoindex(percent);
	if (*scope)
		return true;
	value = strtoul(percent, &end, 10);
	if (!*percent || *end || !value || value > UINT32_MAX)
		return false;
	*scope = (uint32_t)value;
	return true;
}

static void set_in6(struct pgi_address *a, const struct in6_addr *in6, uint32_t scope)
{
	if (IN6_IS_ADDR_V4MAPPED(in6)) {
		a->len = 4;
		memcpy(a->bytes, in6->s6_addr + 12, 4);
		return;
	}
	a->len = 16;
	memcpy(a->bytes, in6->s6_addr, 16);
	a->scope = IN6_IS_ADDR_LINKLOCAL(in6) ? scope : 0;
}

HRESULT pgi_address_parse(const char *text, struct pgi_address *out)
{
	struct in6_addr in6;
	const char *port;
	uint32_t scope;
	char host[64];

	memset(out, 0, sizeof(*out));
	if (!split(text, host, sizeof(host), &port) || !parse_port(port, &out->port) ||
	    !parse_scope(host, &scope))
		return bad_address(text);
	if (inet_pton(AF_INET, host, out->bytes) == 1)
		out->len = 4;
	else if (inet_pton(AF_INET6, host, &in6) == 1)
		set_in6(out, &in6, scope);
	else
		return bad_address(text);
	return S_OK;
}

HRESULT pgi_address_from_sockaddr(const struct sockaddr *sa, socklen_t len,
				  struct pgi_address *out)
{
	const struct sockaddr_in6 *sin6 = (const void *)sa;
	const struct sockaddr_in *sin = (const void *)sa;

	memset(out, 0, sizeof(*out));
	if (len >= sizeof(*sin) && sa->sa_family == AF_INET) {
		out->len = 4;
		memcpy(out->bytes, &sin->sin_addr, 4);
		out->port = ntohs(sin->sin_port);
	} else if (len >= sizeof(*sin6) && sa->sa_family == AF_INET6) {
		set_in6(out, &sin6->sin6_addr, sin6->sin6_scope_id);
		out->port = ntohs(sin6->sin6_port);
	} else {
		return pgi_fail(E_INVALIDARG, "neither an IPv4 nor an IPv6 socket address");
	}
	if (!out->port)
		out->port = PEERGROUP_PORT;
	return S_OK;
}

void pgi_address_format(const struct pgi_address *a, char text[PGI_ADDRESS_TEXT])
{
	char host[INET6_ADDRSTRLEN], scope[16] = "";

	inet_ntop(a->len == 4 ? AF_INET : AF_INET6, a->bytes, host, sizeof(host));
	if (a->scope)
		snprintf(scope, sizeof(scope), "%%%u", a->scope);
	snprintf(text, PGI_ADDRESS_TEXT, a->len == 4 ? "%s%s:%u" : "[%s%s]:%u", host, scope,
		 a->port);
}

void pgi_address_to_sockaddr(const struct pgi_address *a, struct sockaddr_storage *ss)
{
	struct sockaddr_in6 *sin6 = (void *)ss;
	struct sockaddr_in *sin = (void *)ss;

	memset(ss, 0, sizeof(*ss));
	if (a->len == 4) {
		sin->sin_family = AF_INET;
		sin->sin_port = htons(a->port);
		memcpy(&sin->sin_addr, a->bytes, 4);
	} else if (a->len == 16) {
		sin6->sin6_family = AF_INET6;
		sin6->sin6_port = htons(a->port);
		sin6->sin6_scope_id = a->scope;
		memcpy(&sin6->sin6_addr, a->bytes, 16);
	}
}

/* The scope is left out: the kernel may name an interface that the program did not. */
bool pgi_address_equal(const struct pgi_address *a, const struct pgi_address *b)
{
	return a->len == b->len && a->port == b->port && !memcmp(a->bytes, b->bytes, a->len);
}

/* ------------------------------------------------------- as PEER_ADDRESS -- */

/* AF_INET6 of Windows: what a program compiled with its headers says. */
#define WINDOWS_AF_INET6	23

HRESULT pgi_address_from_peer(const PEER_ADDRESS *from, struct pgi_address *to)
{
	struct sockaddr_in6 sin6;

	if (from->dwSize != sizeof(*from))
		return pgi_fail(E_INVALIDARG, "dwSize of a PEER_ADDRESS is wrong");
	memcpy(&sin6, &from->sin6, sizeof(sin6));
	if (sin6.sin6_family != AF_INET6 && sin6.sin6_family != WINDOWS_AF_INET6)
		return pgi_fail(E_INVALIDARG, "a PEER_ADDRESS is not of family AF_INET6");
	sin6.sin6_family = AF_INET6;
	return pgi_address_from_sockaddr((struct sockaddr *)&sin6, sizeof(sin6), to);
}

void pgi_address_to_peer(const struct pgi_address *from, PEER_ADDRESS *out)
{
	struct pgi_address a = *from;
	struct sockaddr_storage ss;

	memset(out, 0, sizeof(*out));
	out->dwSize = sizeof(*out);
	if (a.len == 4) {
		memmove(a.bytes + 12, a.bytes, 4);
		memset(a.bytes, 0, 10);
		memset(a.bytes + 10, 0xff, 2);
		a.len = 16;
	}
	pgi_address_to_sockaddr(&a, &ss);
	memcpy(&out->sin6, &ss, sizeof(out->sin6));
}
