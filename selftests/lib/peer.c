// SPDX-License-Identifier: GPL-2.0-only
#include <endian.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <sys/socket.h>
#include "peer.h"
#include "tap.h"

void peer_connect(struct peer *p, uint16_t port)
{
	struct sockaddr_in in = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int one = 1;

	memset(p, 0, sizeof(*p));
	p->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	NEED(p->fd >= 0 && !connect(p->fd, (struct sockaddr *)&in, sizeof(in)));
	setsockopt(p->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
}

void peer_close(struct peer *p)
{
	if (p->fd >= 0)
		close(p->fd);
	p->fd = -1;
	free(p->got);
	p->got = NULL;
}

/* -------------------------------------------------------------- writing -- */

void peer_write(struct peer *p, const void *data, size_t len)
{
	const uint8_t *at = data;
	ssize_t n;

	while (len) {
		n = send(p->fd, at, len, MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return;
		at += n;
		len -= (size_t)n;
	}
}

void peer_header(struct peer *p, uint8_t type, uint32_t len)
{
	struct pg_msg_hdr hdr = { .len = htobe32(len), .type = type };

	peer_write(p, &hdr, sizeof(hdr));
}

void peer_send(struct peer *p, uint8_t type, const void *body, size_t len)
{
	peer_header(p, type, (uint32_t)len);
	peer_write(p, body, len);
}

void hello_fill(struct pg_hello *hello, const uint8_t *group)
{
	uint8_t text[sizeof(PG_HELLO_TAG) - 1 + PEERGROUP_HASH_LEN + sizeof(hello->nonce)];
	uint8_t *p = text;

	memset(hello, 0, sizeof(*hello));
	memcpy(hello->magic, PG_HELLO_MAGIC, sizeof(hello->magic));
	NEED(RAND_bytes(hello->nonce, sizeof(hello->nonce)) > 0);
	NEED(RAND_bytes((uint8_t *)&hello->node, sizeof(hello->node)) > 0);
	p = mempcpy(p, PG_HELLO_TAG, sizeof(PG_HELLO_TAG) - 1);
	p = mempcpy(p, group, PEERGROUP_HASH_LEN);
	memcpy(p, hello->nonce, sizeof(hello->nonce));
	SHA256(text, sizeof(text), hello->hint);
	hello->time = htobe64(peer_time_now());
}

void peer_gmc(struct peer *p, const struct chain *chain)
{
	static uint8_t body[CHAIN_ROOM * (2 + PEERGROUP_CERT_LEN_MAX)];
	size_t len = 0;
	unsigned int i;

	for (i = 0; i < chain->n; i++) {
		const struct der_buf *der = chain->cert[i];

		body[len++] = (uint8_t)(der->len >> 8);
		body[len++] = (uint8_t)der->len;
		memcpy(body + len, der->p, der->len);
		len += der->len;
	}
	peer_send(p, PG_MSG_GMC, body, len);
}

/* -------------------------------------------------------------- reading -- */

static bool take(struct peer *p, void *data, size_t len)
{
	struct pollfd pfd = { .fd = p->fd, .events = POLLIN };
	uint8_t *at = data;
	ssize_t n;

	while (len) {
		if (poll(&pfd, 1, WAIT_SECONDS * 1000) <= 0) {
			p->late = true;
			return false;
		}
		n = recv(p->fd, at, len, 0);
		if (n <= 0)
			return false;
		at += n;
		len -= (size_t)n;
	}
	return true;
}

bool peer_next(struct peer *p)
{
	struct pg_msg_hdr hdr;

	if (!take(p, &hdr, sizeof(hdr)))
		return false;
	p->type = hdr.type;
	p->len = be32toh(hdr.len);
	NEED(p->len <= PG_RECORD_BODY_MAX);
	free(p->got);
	p->got = malloc(p->len + 1);
	NEED(p->got);
	if (!take(p, p->got, p->len))
		return false;
	if (p->type == PG_MSG_PING)
		peer_send(p, PG_MSG_PONG, p->got, p->len);
	return true;
}

bool peer_expect(struct peer *p, uint8_t type)
{
	while (peer_next(p))
		if (p->type == type)
			return true;
	return false;
}

bool peer_closed(struct peer *p, uint32_t *bye)
{
	if (bye)
		*bye = 0;
	while (peer_next(p))
		if (p->type == PG_MSG_BYE && bye)
			*bye = be32toh(((struct pg_bye *)p->got)->reason);
	return !p->late;
}

bool peer_alive(struct peer *p)
{
	struct pg_ping ping = { .time = htobe64(peer_time_now()) };

	NEED(RAND_bytes((uint8_t *)&ping.token, sizeof(ping.token)) > 0);
	peer_send(p, PG_MSG_PING, &ping, sizeof(ping));
	while (peer_expect(p, PG_MSG_PONG))
		if (!memcmp(p->got, &ping.token, sizeof(ping.token)))
			return true;
	return false;
}

/* ------------------------------------------------------------ handshake -- */

void peer_hello(struct peer *p, const uint8_t *group)
{
	struct pg_hello hello;

	hello_fill(&hello, group);
	peer_send(p, PG_MSG_HELLO, &hello, sizeof(hello));
	NEED(peer_expect(p, PG_MSG_HELLO));
	NEED(peer_expect(p, PG_MSG_GMC));
}

void peer_link(struct peer *p, uint16_t port, const struct cert *as)
{
	struct chain chain = { .cert = { &as->der }, .n = 1 };

	peer_connect(p, port);
	peer_hello(p, as->spec.group);
	peer_gmc(p, &chain);
}
