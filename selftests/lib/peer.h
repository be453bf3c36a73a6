/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The other end of a link, which speaks the protocol as wrongly as it is told,
 * to a group of this namespace.
 */
#ifndef _SELFTESTS_PEER_H
#define _SELFTESTS_PEER_H

#include "group.h"

#define BIT(n)		(1U << (n))
#define __packed	__attribute__((packed))
#include "../../kmod/wire.h"

/**
 * struct peer - a connection
 * @late: nothing came for too long
 * @got: body of the message taken last
 */
struct peer {
	int fd;
	bool late;
	uint8_t type;
	uint32_t len;
	uint8_t *got;
};

void peer_connect(struct peer *p, uint16_t port);
void peer_close(struct peer *p);

/* What the other end does not take any more is nobody's loss. */
void peer_write(struct peer *p, const void *data, size_t len);
void peer_header(struct peer *p, uint8_t type, uint32_t len);
void peer_send(struct peer *p, uint8_t type, const void *body, size_t len);

/* A good HELLO with a node id of its own, to be changed. */
void hello_fill(struct pg_hello *hello, const uint8_t *group);
void peer_gmc(struct peer *p, const struct chain *chain);
/* Says HELLO and waits for the other end's chain: the link is up then. */
void peer_hello(struct peer *p, const uint8_t *group);
/* All of it. */
void peer_link(struct peer *p, uint16_t port, const struct cert *as);

/* Takes the next message; false where the other end closes. */
bool peer_next(struct peer *p);
/* Takes messages until one of that type; false where the other end closes. */
bool peer_expect(struct peer *p, uint8_t type);
/* False unless the other end closes; a BYE's reason in *bye, 0 if there is none. */
bool peer_closed(struct peer *p, uint32_t *bye);
/* A PING is answered: all that was sent before has been read, and the link lives. */
bool peer_alive(struct peer *p);

#endif
