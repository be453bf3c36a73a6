/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The other end of a link, which speaks the protocol as wrongly as it is told,
 * to a group of this namespace.
 */
#ifndef _SELFTESTS_PEER_H
#define _SELFTESTS_PEER_H

#include "group.h"
#include "noise_link.h"

/**
 * struct peer - a connection
 * @late: nothing came for too long
 * @got: body of the message taken last
 * @said: what message 2 held
 * @link: the encryption, from the handshake on
 * @text: of frames; what no message was made of yet is between @text_at and @text_len
 */
struct peer {
	int fd;
	bool late;
	uint8_t type;
	uint32_t len;
	uint8_t *got;
	uint8_t *said;
	size_t said_len;
	struct noise_link *link;
	uint8_t *text;
	size_t text_at;
	size_t text_len;
};

void peer_connect(struct peer *p, uint16_t port);
/* From an address of this namespace, IPv4 or IPv6, by that protocol. */
void peer_connect_from(struct peer *p, const char *from, uint16_t port);
/* Asks whether the other end is there: without memory TCP does not say that it has ended. */
void peer_keep_asking(struct peer *p);
void peer_close(struct peer *p);

/* What the other end does not take any more is nobody's loss. */
void peer_raw(struct peer *p, const void *data, size_t len);
/* Bytes of the stream of messages: in frames, once the handshake is over. */
void peer_write(struct peer *p, const void *data, size_t len);
void peer_header(struct peer *p, uint8_t type, uint32_t len);
void peer_send(struct peer *p, uint8_t type, const void *body, size_t len);
void peer_gmc(struct peer *p, const struct chain *chain);

/* That this record's chain has been shown up to @step, where @value is. */
void peer_refresh(struct pg_refresh_msg *msg, const struct rec *rec, const uint8_t *group,
		  uint32_t step, const uint8_t *value);

/* What a good member says of itself, its key that of @as, to be changed; lasts till the next. */
void meet_fill(struct noise_meet *m, const struct cert *as, const struct chain *chain);
/* The opening and message 1; the group's, unless @opening is given. */
void peer_call(struct peer *p, const uint8_t *group, const struct pg_opening *opening);
/* Takes message 2. False where the other end closes. */
bool peer_hear(struct peer *p);
/* Was this certificate in it? */
bool peer_showed(const struct peer *p, const struct cert *cert);
/* Message 3, as it goes out; and sends it. */
size_t peer_third(struct peer *p, const struct noise_meet *m, uint8_t *out);
/* All three. */
bool peer_handshake(struct peer *p, const struct noise_meet *m);
/* Connects as a member without administrators above it, until WELCOME has come. */
void peer_link(struct peer *p, uint16_t port, const struct cert *as);

/* Connects as one who joins by password, and says the opening. */
void peer_join(struct peer *p, uint16_t port, const uint8_t *group);

/*
 * Which byte to change behind @i of the @len of a handshake's message: each of the keys and
 * tags at its ends, and each of all the others or, but for --long, one in @stride.
 */
size_t peer_next_byte(size_t i, size_t len, size_t stride);

/* A socket that listens in this namespace. */
int peer_listen(uint16_t port);
/* Takes a call from it and hears message 1; what peer_third() makes then is message 2. */
void peer_called(struct peer *p, int listener, const uint8_t *group);

/* Takes the next message; false where the other end closes. */
bool peer_next(struct peer *p);
/* Takes messages until one of that type; false where the other end closes. */
bool peer_expect(struct peer *p, uint8_t type);
/* False unless the other end closes; a BYE's reason in *bye, 0 if there is none. */
bool peer_closed(struct peer *p, uint32_t *bye);
/* A PING is answered: all that was sent before has been read, and the link lives. */
bool peer_alive(struct peer *p);
/* PINGs that show another table, until the other end leads a reconciliation over the link. */
void peer_until_asked(struct peer *p);
/* Does it by itself, on a link that is busy both ways? That asks for this certificate. */
bool peer_asked_busy(struct peer *p, const struct cert *cert);

#endif
