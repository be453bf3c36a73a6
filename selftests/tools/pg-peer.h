/* SPDX-License-Identifier: GPL-2.0-only */
/* What the parts of pg-peer know of each other; see pg-peer.c. */
#ifndef _SELFTESTS_PG_PEER_H
#define _SELFTESTS_PG_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include "noise_link.h"

#define TICKS		10000000ULL		/* of peer time, per second */
#define EPOCH		116444736000000000ULL	/* 1970 in peer time */
#define CHAIN_MAX	64			/* longer than is allowed, too */
#define WAIT_DEFAULT	300.0

/* ---------------------------------------------------------- peer_args.c -- */

struct bytes {
	uint8_t *p;
	size_t len;
};

/* The step that is being done, for die(). */
extern const char *step;

void __attribute__((noreturn, format(printf, 1, 2))) die(const char *fmt, ...);
void *alloc(void *p, size_t size);
double now(void);
uint64_t peer_time(void);

struct bytes file_bytes(const char *path);
/* HEX, or @FILE. */
struct bytes get_bytes(const char *text);
struct bytes copy(const void *p, size_t len);
void append(struct bytes *b, const void *p, size_t len);
long long number(const char *text);
double seconds(const char *text);
/* "12", "-1" from the end of @len; *@bit from behind a dot, where that is not NULL. */
size_t offset_in(const char *text, size_t start, size_t len, unsigned int *bit);
void fill_group(uint8_t *group, const char *hex);

void spki_hash(X509 *cert, uint8_t *hash);
void fingerprint(X509 *cert, uint8_t *hash);
/* PEM; how many there are. */
int read_chain(const char *path, X509 **certs);
/* The last one of a file. */
X509 *one_cert(const char *path);
/* PEM, or "new". */
EVP_PKEY *read_key(const char *path);
/* As in a GMC message. */
struct bytes encode_chain(X509 *const *certs, int n);

/* ----------------------------------------------------------- peer_who.c -- */

/* Who we say that we are. */
struct who {
	X509 *certs[CHAIN_MAX];
	int n;
	EVP_PKEY *key;
	uint8_t group[PEERGROUP_HASH_LEN];
	bool have_group;
	/* Lies. */
	struct bytes magic;
	bool wrong_hint;
	uint8_t prologue[PEERGROUP_HASH_LEN];
	bool have_prologue;
	uint8_t priv[PG_NODE_KEY_LEN];
	bool have_priv;
	struct noise_meet meet;
	bool have_meet;
	long long time;
};

extern struct who who;

void do_chain(const char *path);
void do_group(const char *hex);
void do_home(const char *path);
/* KEY=VALUE... of "call", "say" and "handshake". */
void take_lies(char **args);
/* Our part of message 2 or 3, for the node with that static key. */
struct bytes who_meet(const uint8_t *key);

/* ---------------------------------------------------------- peer_link.c -- */

void do_connect(const char *host, const char *port);
void do_listen(const char *port);
void do_call(char **args);
void do_say(char **args);
void do_hear(void);
void do_join(void);
void do_handshake(char **args);
void do_close(void);
void do_reset(void);
void do_shutdown(void);
void do_expect(const char *what, const char *time);
void do_garbage(const char *count, const char *seed);
void do_crowd(char **args);

/* Bytes as they are; and bytes of the stream of messages, in frames once there are. */
void put_raw(const void *data, size_t len);
void put(const void *data, size_t len);
void put_frame(const void *text, size_t len);

uint8_t type_number(const char *name);
void send_header(uint8_t type, uint32_t len);
void send_message(uint8_t type, const void *body, size_t len);

/* --------------------------------------------------------- peer_spoil.c -- */

enum what { CALL, SECOND, THIRD, FRAME, WHATS };

void do_spoil(char **args);
/* Sends what is in @b, spoiled as it was asked for. */
void put_spoiled(enum what what, struct bytes *b);

/* -------------------------------------------------------- peer_record.c -- */

void do_record(char **args);

#endif
