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

static bool peer_address(struct sockaddr_storage *to, socklen_t *len, const char *text,
			 uint16_t port)
{
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)to;
	struct sockaddr_in *in = (struct sockaddr_in *)to;

	memset(to, 0, sizeof(*to));
	if (inet_pton(AF_INET, text, &in->sin_addr) == 1) {
		in->sin_family = AF_INET;
		in->sin_port = htons(port);
		*len = sizeof(*in);
		return true;
	}
	in6->sin6_family = AF_INET6;
	in6->sin6_port = htons(port);
	*len = sizeof(*in6);
	return inet_pton(AF_INET6, text, &in6->sin6_addr) == 1;
}

void peer_connect_from(struct peer *p, const char *from, uint16_t port)
{
	struct sockaddr_storage own, to;
	socklen_t own_len, to_len;
	int one = 1;

	NEED(peer_address(&own, &own_len, from, 0));
	NEED(peer_address(&to, &to_len, own.ss_family == AF_INET ? "127.0.0.1" : "::1", port));
	memset(p, 0, sizeof(*p));
	p->fd = socket(own.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	NEED(p->fd >= 0 && !bind(p->fd, (struct sockaddr *)&own, own_len) &&
	     !connect(p->fd, (struct sockaddr *)&to, to_len));
	setsockopt(p->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
}

void peer_connect(struct peer *p, uint16_t port)
{
	peer_connect_from(p, "127.0.0.1", port);
}

void peer_keep_asking(struct peer *p)
{
	static const struct { int level, name, value; } options[] = {
		{ SOL_SOCKET, SO_KEEPALIVE, 1 }, { IPPROTO_TCP, TCP_KEEPIDLE, 1 },
		{ IPPROTO_TCP, TCP_KEEPINTVL, 1 },
	};
	unsigned int i;

	for (i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		NEED(!setsockopt(p->fd, options[i].level, options[i].name, &options[i].value,
				 sizeof(options[i].value)));
}

size_t peer_next_byte(size_t i, size_t len, size_t stride)
{
	const char *all = getenv("PG_LONG");

	return i + ((all && *all) || i < 80 || i > len - 20 ? 1 : stride);
}

int peer_listen(uint16_t port)
{
	struct sockaddr_in in = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;

	NEED(fd >= 0);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	NEED(!bind(fd, (struct sockaddr *)&in, sizeof(in)) && !listen(fd, 1));
	return fd;
}

void peer_close(struct peer *p)
{
	if (p->fd >= 0)
		close(p->fd);
	p->fd = -1;
	free(p->got);
	p->got = NULL;
	free(p->said);
	p->said = NULL;
	p->said_len = 0;
	noise_link_free(p->link);
	p->link = NULL;
	free(p->text);
	p->text = NULL;
	p->text_at = p->text_len = 0;
}

/* -------------------------------------------------------------- writing -- */

void peer_raw(struct peer *p, const void *data, size_t len)
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

static bool sealed(const struct peer *p)
{
	return p->link && noise_link_up(p->link);
}

void peer_write(struct peer *p, const void *data, size_t len)
{
	static uint8_t frame[NOISE_ROOM];
	const uint8_t *at = data;
	size_t n;
	int all;

	if (!sealed(p)) {
		peer_raw(p, data, len);
		return;
	}
	for (; len; at += n, len -= n) {
		n = len < PG_FRAME_TEXT ? len : PG_FRAME_TEXT;
		all = noise_link_seal(p->link, at, n, frame);
		NEED(all > 0);
		peer_raw(p, frame, (size_t)all);
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

static size_t chain_encode(const struct chain *chain, uint8_t *out)
{
	size_t len = 0;
	unsigned int i;

	for (i = 0; i < chain->n; i++) {
		const struct der_buf *der = chain->cert[i];

		out[len++] = (uint8_t)(der->len >> 8);
		out[len++] = (uint8_t)der->len;
		memcpy(out + len, der->p, der->len);
		len += der->len;
	}
	return len;
}

/* Of any chain that tests make. */
#define CHAIN_LEN	(CHAIN_ROOM * (2 + PEERGROUP_CERT_LEN_MAX))

void peer_gmc(struct peer *p, const struct chain *chain)
{
	static uint8_t body[CHAIN_LEN];

	peer_send(p, PG_MSG_GMC, body, chain_encode(chain, body));
}

/* -------------------------------------------------------------- reading -- */

static bool take_raw(struct peer *p, void *data, size_t len)
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

/* A length, and as many bytes. */
static bool take_sized(struct peer *p, uint8_t *data, size_t *len)
{
	uint8_t size[2];

	if (!take_raw(p, size, sizeof(size)))
		return false;
	*len = (size_t)size[0] << 8 | size[1];
	return take_raw(p, data, *len);
}

static bool take_frame(struct peer *p)
{
	size_t len;
	int n;

	if (!p->text)
		p->text = malloc(PG_FRAME_MAX);
	NEED(p->text);
	p->text_at = p->text_len = 0;
	if (!take_sized(p, p->text, &len))
		return false;
	n = noise_link_open(p->link, p->text, len);
	NEED(n > 0);
	p->text_len = (size_t)n;
	return true;
}

static bool take(struct peer *p, void *data, size_t len)
{
	uint8_t *at = data;
	size_t n;

	if (!sealed(p))
		return take_raw(p, data, len);
	for (; len; at += n, len -= n) {
		if (p->text_at == p->text_len && !take_frame(p))
			return false;
		n = len < p->text_len - p->text_at ? len : p->text_len - p->text_at;
		memcpy(at, p->text + p->text_at, n);
		p->text_at += n;
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

/* There are no messages yet: what comes is an answer to peer_call(), or was not asked for. */
static void drain(struct peer *p)
{
	uint8_t byte;

	while (take_raw(p, &byte, 1))
		if (!p->link && !p->got)
			p->got = malloc(1);
}

bool peer_closed(struct peer *p, uint32_t *bye)
{
	if (bye)
		*bye = 0;
	if (!sealed(p)) {
		drain(p);
		return !p->late;
	}
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

void peer_until_asked(struct peer *p)
{
	struct pg_ping ping = { .token = 7 };

	for (p->type = 0; p->type != PG_MSG_SYNC; ) {
		ping.time = htobe64(peer_time_now());
		peer_send(p, PG_MSG_PING, &ping, sizeof(ping));
		do {
			NEED(peer_next(p));
		} while (p->type != PG_MSG_SYNC && p->type != PG_MSG_PONG);
	}
}

struct busy {
	struct peer *p;
	struct pg_want_gmc want;
};

static bool asked_meanwhile(void *arg)
{
	struct busy *b = arg;

	peer_send(b->p, PG_MSG_WANT_GMC, &b->want, sizeof(b->want));
	do {
		NEED(peer_next(b->p));
	} while (b->p->type != PG_MSG_SYNC && b->p->type != PG_MSG_GMC);
	return b->p->type == PG_MSG_SYNC;
}

bool peer_asked_busy(struct peer *p, const struct cert *cert)
{
	struct busy b = { .p = p };

	memcpy(b.want.fingerprint, cert->fingerprint, sizeof(b.want.fingerprint));
	return wait_until(asked_meanwhile, &b);
}

void peer_refresh(struct pg_refresh_msg *msg, const struct rec *rec, const uint8_t *group,
		  uint32_t step, const uint8_t *value)
{
	uint8_t text[PEERGROUP_RECORD_TAG_LEN + PEERGROUP_HASH_LEN + sizeof(rec->hdr)];
	uint8_t *p = mempcpy(text, PEERGROUP_RECORD_TAG, PEERGROUP_RECORD_TAG_LEN);

	memcpy(mempcpy(p, group, PEERGROUP_HASH_LEN), &rec->hdr, sizeof(rec->hdr));
	SHA256(text, sizeof(text), msg->digest);
	memcpy(msg->id, rec->hdr.id, sizeof(msg->id));
	msg->step = htobe32(step);
	memcpy(msg->value, value, sizeof(msg->value));
}

/* ------------------------------------------------------------ handshake -- */

void meet_fill(struct noise_meet *m, const struct cert *as, const struct chain *chain)
{
	struct chain alone = { .cert = { &as->der }, .n = 1 };
	static uint8_t encoded[CHAIN_LEN];

	noise_meet_init(m, as->spec.group, peer_time_now());
	m->signer = as->spec.key;
	m->chain = encoded;
	m->chain_len = chain_encode(chain ? chain : &alone, encoded);
}

void peer_call(struct peer *p, const uint8_t *group, const struct pg_opening *opening)
{
	uint8_t call[NOISE_CALL_LEN];
	struct pg_opening good;

	noise_opening(&good, group);
	p->link = noise_link_new(true, NULL);
	NEED(p->link);
	NEED(!noise_link_call(p->link, opening ? opening : &good, group, call));
	peer_raw(p, call, sizeof(call));
}

void peer_called(struct peer *p, int listener, const uint8_t *group)
{
	struct pollfd pfd = { .fd = listener, .events = POLLIN };
	uint8_t call[NOISE_CALL_LEN];

	memset(p, 0, sizeof(*p));
	NEED(poll(&pfd, 1, WAIT_SECONDS * 1000) > 0);
	p->fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	NEED(p->fd >= 0 && take_raw(p, call, sizeof(call)));
	p->link = noise_link_new(false, NULL);
	NEED(p->link && !noise_link_called(p->link, group, call));
}

bool peer_hear(struct peer *p)
{
	static uint8_t msg[PG_FRAME_MAX];
	uint8_t *payload;
	size_t len;
	int n;

	if (!take_sized(p, msg, &len))
		return false;
	n = noise_link_hear(p->link, msg, len, &payload);
	NEED(n > 0);
	p->said_len = (size_t)n;
	p->said = malloc(p->said_len);
	NEED(p->said);
	memcpy(p->said, payload, p->said_len);
	return true;
}

bool peer_showed(const struct peer *p, const struct cert *cert)
{
	return memmem(p->said, p->said_len, cert->der.p, cert->der.len);
}

size_t peer_third(struct peer *p, const struct noise_meet *m, uint8_t *out)
{
	static uint8_t payload[PG_FRAME_MAX];
	int len = noise_meet_write(m, noise_link_key(p->link), payload);

	NEED(len > 0);
	len = noise_link_say(p->link, payload, (size_t)len, out);
	NEED(len > 0);
	return (size_t)len;
}

bool peer_handshake(struct peer *p, const struct noise_meet *m)
{
	static uint8_t msg[NOISE_ROOM];

	peer_call(p, m->group, NULL);
	if (!peer_hear(p))
		return false;
	peer_raw(p, msg, peer_third(p, m, msg));
	return true;
}

void peer_link(struct peer *p, uint16_t port, const struct cert *as)
{
	struct noise_meet meet;

	meet_fill(&meet, as, NULL);
	peer_connect(p, port);
	NEED(peer_handshake(p, &meet));
	NEED(peer_expect(p, PG_MSG_WELCOME));
}

void peer_join(struct peer *p, uint16_t port, const uint8_t *group)
{
	struct peergroup_password_opening opening = { .magic = PEERGROUP_PASSWORD_MAGIC };
	uint8_t text[PEERGROUP_PASSWORD_TAG_LEN + PEERGROUP_AUTHORITY_LEN + sizeof(opening.nonce)];
	uint8_t *at = mempcpy(text, PEERGROUP_PASSWORD_TAG, PEERGROUP_PASSWORD_TAG_LEN);

	at = mempcpy(at, group, PEERGROUP_AUTHORITY_LEN);
	memcpy(at, opening.nonce, sizeof(opening.nonce));
	SHA256(text, sizeof(text), opening.hint);
	peer_connect(p, port);
	peer_raw(p, &opening, sizeof(opening));
}
