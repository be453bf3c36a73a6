// SPDX-License-Identifier: GPL-2.0-only
/*
 * A peer that does what it is told: it speaks the link protocol from user space,
 * rightly or wrongly, for tests of what a host does about it. Each argument is
 * one step; without arguments steps are read from standard input, one per line.
 * It prints what arrives, and fails at the first step that does not go as told.
 *
 *   chain FILE             PEM, group root first: who we say that we are
 *   group HEX              a group id without a chain
 *   connect ADDR [PORT]    IPv4 or IPv6, %interface allowed
 *   listen PORT            takes one connection
 *   hello [KEY=VALUE]...   magic=HEX hint=wrong node=N time=+SECONDS port=N flags=N
 *   gmc [FILE]             the chain of "chain", or another one
 *   handshake [KEY=VALUE]... hello and gmc, and waits for the other end's
 *   send TYPE [HEX|@FILE]  a message, TYPE by name (PING) or number
 *   announce TYPE LEN      only the header of one
 *   raw HEX|@FILE          bytes
 *   garbage N [SEED]       N random bytes
 *   record FILE|new [EDIT]...  a record, as "peergroup get --wire" gives it
 *   expect TYPE [SECONDS]  reads until a message of that type is here
 *   expect close [SECONDS] reads until the other end has closed
 *   expect open SECONDS    fails if it closes within that time
 *   sleep SECONDS
 *   shutdown | reset | close
 *
 * Edits of a record, in this order:
 *
 *   by CERT                creator and modifier, and the id's first half (PEM)
 *   modifier CERT          who signs this version
 *   set FIELD VALUE        version flags created modified expires (+N and -N are
 *                          seconds from what is there; now+N), type id (hex),
 *                          attrs data (text)
 *   sign KEY|new           hash the data and sign (PEM; new: a fresh RSA key)
 *   flip WHERE[.BIT]       WHERE is an offset, from the end if negative, or one
 *   put WHERE HEX          into a part: header+N attrs+N sig+N data+N
 *   cut N                  keep N bytes
 *   pad HEX                append
 */
#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>
#include <openssl/x509.h>

#define BIT(n)		(1U << (n))
#define __packed	__attribute__((packed))
#include "../../kmod/wire.h"

#define TICKS		10000000ULL		/* of peer time, per second */
#define EPOCH		116444736000000000ULL	/* 1970 in peer time */
#define CHAIN_MAX	64			/* longer than is allowed, too */
#define WAIT_DEFAULT	10.0

static const char *step = "";

static struct {
	X509 *certs[CHAIN_MAX];
	int n;
} chain;

static uint8_t group_id[32];
static bool have_group;
static int sock = -1;

static void __attribute__((noreturn, format(printf, 1, 2))) die(const char *fmt, ...)
{
	va_list ap;

	fflush(stdout);
	fprintf(stderr, "pg-peer: %s: ", step);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(1);
}

static void *alloc(void *p, size_t size)
{
	p = realloc(p, size ? size : 1);
	if (!p)
		die("out of memory");
	return p;
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

static uint64_t peer_time(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return EPOCH + ts.tv_sec * TICKS + ts.tv_nsec / 100;
}

/* -------------------------------------------------------------- arguments -- */

struct bytes {
	uint8_t *p;
	size_t len;
};

static struct bytes file_bytes(const char *path)
{
	FILE *file = fopen(path, "rb");
	struct bytes b = { NULL, 0 };
	size_t n;

	if (!file)
		die("%s: %s", path, strerror(errno));
	do {
		b.p = alloc(b.p, b.len + 65536);
		n = fread(b.p + b.len, 1, 65536, file);
		b.len += n;
	} while (n);
	fclose(file);
	return b;
}

/* HEX, or @FILE. */
static struct bytes get_bytes(const char *text)
{
	struct bytes b = { NULL, 0 };
	unsigned int v;
	size_t i;

	if (*text == '@')
		return file_bytes(text + 1);
	if (strlen(text) % 2)
		die("%s: an odd number of hex digits", text);
	b.len = strlen(text) / 2;
	b.p = alloc(NULL, b.len);
	for (i = 0; i < b.len; i++) {
		if (sscanf(text + 2 * i, "%2x", &v) != 1)
			die("%s: not hex", text);
		b.p[i] = v;
	}
	return b;
}

static long long number(const char *text)
{
	char *end;
	long long v;

	errno = 0;
	v = strtoll(text, &end, 0);
	if (*end || end == text || errno)
		die("%s: not a number", text);
	return v;
}

static double seconds(const char *text)
{
	char *end;
	double v;

	if (!text)
		return WAIT_DEFAULT;
	v = strtod(text, &end);
	if (*end || end == text || v < 0)
		die("%s: not a number of seconds", text);
	return v;
}

static const char *const type_names[] = {
	[PG_MSG_HELLO] = "HELLO", [PG_MSG_GMC] = "GMC", [PG_MSG_WANT_GMC] = "WANT_GMC",
	[PG_MSG_RECORD] = "RECORD", [PG_MSG_SYNC] = "SYNC", [PG_MSG_SYNC_REPLY] = "SYNC_REPLY",
	[PG_MSG_WANT] = "WANT", [PG_MSG_WANT_DONE] = "WANT_DONE",
	[PG_MSG_SYNC_END] = "SYNC_END", [PG_MSG_PING] = "PING", [PG_MSG_PONG] = "PONG",
	[PG_MSG_BYE] = "BYE",
};

#define N_TYPES (sizeof(type_names) / sizeof(type_names[0]))

static const char *type_name(unsigned int type)
{
	static char text[16];

	if (type < N_TYPES && type_names[type])
		return type_names[type];
	snprintf(text, sizeof(text), "%u", type);
	return text;
}

static uint8_t type_number(const char *name)
{
	unsigned int i;

	if (!name)
		die("a message type is missing");
	for (i = 0; i < N_TYPES; i++)
		if (type_names[i] && !strcasecmp(type_names[i], name))
			return i;
	return number(name);
}

/* ------------------------------------------------------------ certificates -- */

static X509 *read_cert(FILE *file)
{
	return PEM_read_X509(file, NULL, NULL, NULL);
}

static void spki_hash(X509 *cert, uint8_t hash[32])
{
	uint8_t *der = NULL;
	int len = i2d_PUBKEY(X509_get0_pubkey(cert), &der);

	if (len < 0)
		die("a certificate without a usable key");
	SHA256(der, len, hash);
	OPENSSL_free(der);
}

static void fingerprint(X509 *cert, uint8_t hash[32])
{
	uint8_t *der = NULL;
	int len = i2d_X509(cert, &der);

	if (len < 0)
		die("a certificate that cannot be written");
	SHA256(der, len, hash);
	OPENSSL_free(der);
}

static int read_chain(const char *path, X509 **certs)
{
	FILE *file = fopen(path, "r");
	int n = 0;

	if (!file)
		die("%s: %s", path, strerror(errno));
	while (n < CHAIN_MAX && (certs[n] = read_cert(file)))
		n++;
	fclose(file);
	if (!n)
		die("%s: no PEM certificate", path);
	return n;
}

/* The last one of a file. */
static X509 *one_cert(const char *path)
{
	X509 *certs[CHAIN_MAX];

	if (!path)
		die("a certificate is missing");
	return certs[read_chain(path, certs) - 1];
}

static void do_chain(const char *path)
{
	if (!path)
		die("a file is missing");
	chain.n = read_chain(path, chain.certs);
	spki_hash(chain.certs[0], group_id);
	have_group = true;
}

/* ---------------------------------------------------------------- the wire -- */

static void need_socket(void)
{
	if (sock < 0)
		die("not connected");
}

/*
 * The other end may have closed by the time we write: that is for "expect" to
 * find, so a failure here is told and no more.
 */
static void put(const void *data, size_t len)
{
	const uint8_t *p = data;
	struct pollfd pfd = { .events = POLLOUT };
	double end = now() + WAIT_DEFAULT;
	ssize_t n;

	need_socket();
	pfd.fd = sock;
	while (len) {
		n = send(sock, p, len, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n >= 0) {
			p += n;
			len -= n;
		} else if (errno == EAGAIN && now() < end) {
			poll(&pfd, 1, 100);
		} else if (errno != EINTR) {
			printf("> not sent: %s\n", strerror(errno));
			return;
		}
	}
}

static void send_header(uint8_t type, uint32_t len)
{
	struct pg_msg_hdr hdr = { .len = htobe32(len), .type = type };

	put(&hdr, sizeof(hdr));
}

static void send_message(uint8_t type, const void *body, size_t len)
{
	struct pg_msg_hdr hdr = { .len = htobe32(len), .type = type };
	uint8_t *all = alloc(NULL, sizeof(hdr) + len);

	memcpy(all, &hdr, sizeof(hdr));
	if (len)
		memcpy(all + sizeof(hdr), body, len);
	put(all, sizeof(hdr) + len);
	free(all);
}

enum got { GOT_ALL, GOT_CLOSE, GOT_NOTHING };

static enum got get(void *data, size_t len, double end)
{
	struct pollfd pfd = { .fd = sock, .events = POLLIN };
	uint8_t *p = data;
	ssize_t n;

	need_socket();
	while (len) {
		double left = end - now();

		if (left < 0)
			left = 0;
		if (poll(&pfd, 1, (int)(left * 1000) + 1) == 0)
			return GOT_NOTHING;
		n = recv(sock, p, len, MSG_DONTWAIT);
		if (n == 0 || (n < 0 && (errno == ECONNRESET || errno == EPIPE)))
			return GOT_CLOSE;
		if (n > 0) {
			p += n;
			len -= n;
		} else if (errno != EAGAIN && errno != EINTR) {
			die("cannot receive: %s", strerror(errno));
		}
	}
	return GOT_ALL;
}

static const char *bye_text(uint32_t reason)
{
	static const char *const names[] = {
		[PG_BYE_LEAVING] = "leaving", [PG_BYE_DUPLICATE] = "duplicate",
		[PG_BYE_SELF] = "self", [PG_BYE_CLOCK] = "clock", [PG_BYE_FULL] = "full",
		[PG_BYE_PROTOCOL] = "protocol",
	};

	return reason < sizeof(names) / sizeof(names[0]) && names[reason] ? names[reason] : "?";
}

/* Takes one message, prints it, answers a PING. */
static enum got take_message(uint8_t *type, double end)
{
	struct pg_msg_hdr hdr;
	enum got got = get(&hdr, sizeof(hdr), end);
	uint32_t len, reason;
	uint8_t *body;

	if (got != GOT_ALL)
		return got;
	len = be32toh(hdr.len);
	if (len > PG_RECORD_BODY_MAX)
		die("the other end announced %u bytes", len);
	body = alloc(NULL, len);
	got = get(body, len, end + WAIT_DEFAULT);
	if (got == GOT_ALL) {
		*type = hdr.type;
		printf("< %s %u", type_name(hdr.type), len);
		if (hdr.type == PG_MSG_BYE && len == sizeof(struct pg_bye)) {
			memcpy(&reason, body, sizeof(reason));
			printf(" %s", bye_text(be32toh(reason)));
		}
		putchar('\n');
		if (hdr.type == PG_MSG_PING)
			send_message(PG_MSG_PONG, body, len);
	}
	free(body);
	return got;
}

/* ------------------------------------------------------------------- steps -- */

static void do_close(void)
{
	if (sock >= 0)
		close(sock);
	sock = -1;
}

static void do_connect(const char *host, const char *port)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST };
	struct addrinfo *info;
	char text[16];
	int err, one = 1;

	if (!host)
		die("an address is missing");
	snprintf(text, sizeof(text), "%d", PEERGROUP_PORT);
	err = getaddrinfo(host, port ? port : text, &hints, &info);
	if (err)
		die("%s: %s", host, gai_strerror(err));
	do_close();
	sock = socket(info->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (sock < 0 || connect(sock, info->ai_addr, info->ai_addrlen))
		die("%s: %s", host, strerror(errno));
	setsockopt(sock, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	freeaddrinfo(info);
}

static void do_listen(const char *port)
{
	struct sockaddr_in6 address = { .sin6_family = AF_INET6 };
	int one = 1, zero = 0, fd;

	if (!port)
		die("a port is missing");
	address.sin6_port = htons(number(port));
	fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		die("no socket: %s", strerror(errno));
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &zero, sizeof(zero));
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) || listen(fd, 4))
		die("port %s: %s", port, strerror(errno));
	puts("listening");
	fflush(stdout);
	do_close();
	sock = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
	if (sock < 0)
		die("nobody came: %s", strerror(errno));
	close(fd);
}

static void do_hello(char **args)
{
	struct pg_hello hello = { .port = 0 };
	uint8_t text[sizeof(PG_HELLO_TAG) - 1 + 32 + 32];
	const size_t tag = sizeof(PG_HELLO_TAG) - 1;
	struct bytes b;
	uint64_t node, time = peer_time();

	memcpy(hello.magic, PG_HELLO_MAGIC, sizeof(hello.magic));
	if (!have_group)
		die("no group: \"chain\" or \"group\" first");
	RAND_bytes((uint8_t *)&node, sizeof(node));
	RAND_bytes(hello.nonce, sizeof(hello.nonce));
	memcpy(text, PG_HELLO_TAG, tag);
	memcpy(text + tag, group_id, 32);
	memcpy(text + tag + 32, hello.nonce, 32);
	SHA256(text, sizeof(text), hello.hint);
	hello.node = htobe64(node | 1);
	for (; *args; args++) {
		char *value = strchr(*args, '=');

		if (!value)
			die("%s: KEY=VALUE is wanted", *args);
		*value++ = 0;
		if (!strcmp(*args, "magic")) {
			b = get_bytes(value);
			memset(hello.magic, 0, sizeof(hello.magic));
			memcpy(hello.magic, b.p, b.len < 8 ? b.len : 8);
			free(b.p);
		} else if (!strcmp(*args, "hint")) {
			hello.hint[0] ^= 1;
		} else if (!strcmp(*args, "node")) {
			hello.node = htobe64(strtoull(value, NULL, 0));
		} else if (!strcmp(*args, "time")) {
			time += number(value) * (int64_t)TICKS;
		} else if (!strcmp(*args, "port")) {
			hello.port = htobe16(number(value));
		} else if (!strcmp(*args, "flags")) {
			hello.flags = htobe16(number(value));
		} else {
			die("%s: no such field", *args);
		}
	}
	hello.time = htobe64(time);
	send_message(PG_MSG_HELLO, &hello, sizeof(hello));
}

static void do_gmc(const char *path)
{
	X509 *certs[CHAIN_MAX];
	int n = chain.n, i, len;
	uint8_t *body = NULL, *der;
	size_t size = 0;

	if (path)
		n = read_chain(path, certs);
	else
		memcpy(certs, chain.certs, sizeof(certs));
	for (i = 1; i < n; i++) {
		der = NULL;
		len = i2d_X509(certs[i], &der);
		if (len < 0 || len > UINT16_MAX)
			die("certificate %d cannot be sent", i);
		body = alloc(body, size + 2 + len);
		body[size] = len >> 8;
		body[size + 1] = len;
		memcpy(body + size + 2, der, len);
		size += 2 + len;
		OPENSSL_free(der);
	}
	send_message(PG_MSG_GMC, body, size);
	free(body);
}

static void do_expect(const char *what, const char *time)
{
	bool close = what && !strcmp(what, "close"), open = what && !strcmp(what, "open");
	uint8_t wanted = close || open ? 0 : type_number(what), type = 0;
	double start = now(), end = start + seconds(time);
	enum got got;

	for (;;) {
		got = take_message(&type, end);
		if (got == GOT_NOTHING && open)
			return;
		if (got == GOT_NOTHING)
			die("not within %.0f s", end - start);
		if (got == GOT_CLOSE) {
			printf("< closed after %.3f s\n", now() - start);
			if (close)
				return;
			die("the other end closed");
		}
		if (!close && !open && type == wanted)
			return;
	}
}

static void do_handshake(char **args)
{
	do_hello(args);
	do_expect("HELLO", NULL);
	do_gmc(NULL);
	do_expect("GMC", NULL);
}

static void do_garbage(const char *count, const char *seed)
{
	long long n = number(count ? count : ""), i;
	uint8_t *p;

	if (n < 0 || n > 1 << 30)
		die("%s: not a number of bytes", count);
	p = alloc(NULL, n);
	srandom(seed ? number(seed) : (unsigned int)time(NULL));
	for (i = 0; i < n; i++)
		p[i] = random() >> 7;
	put(p, n);
	free(p);
}

static void do_reset(void)
{
	struct linger linger = { .l_onoff = 1 };

	need_socket();
	setsockopt(sock, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	do_close();
}

/* ----------------------------------------------------------------- records -- */

struct record {
	struct peergroup_record_hdr hdr;
	struct bytes attrs, sig, data;
	struct bytes wire;		/* once it was put together */
	bool assembled;
};

static struct bytes copy(const void *p, size_t len)
{
	struct bytes b = { alloc(NULL, len), len };

	if (len)
		memcpy(b.p, p, len);
	return b;
}

/* Splits what is well-formed; the signature block is whatever is left. */
static void split(struct record *r)
{
	size_t attrs, data, rest = r->wire.len - sizeof(r->hdr);

	if (r->wire.len < sizeof(r->hdr))
		die("%zu bytes are no record", r->wire.len);
	memcpy(&r->hdr, r->wire.p, sizeof(r->hdr));
	attrs = be32toh(r->hdr.attrs_len);
	data = be32toh(r->hdr.data_len);
	if (attrs > rest || data > rest - attrs)
		die("not a record: its lengths are wrong");
	r->attrs = copy(r->wire.p + sizeof(r->hdr), attrs);
	r->sig = copy(r->wire.p + sizeof(r->hdr) + attrs, rest - attrs - data);
	r->data = copy(r->wire.p + r->wire.len - data, data);
}

static void append(struct bytes *b, const void *p, size_t len)
{
	b->p = alloc(b->p, b->len + len);
	if (len)
		memcpy(b->p + b->len, p, len);
	b->len += len;
}

static void assemble(struct record *r)
{
	if (r->assembled)
		return;
	r->wire.len = 0;
	append(&r->wire, &r->hdr, sizeof(r->hdr));
	append(&r->wire, r->attrs.p, r->attrs.len);
	append(&r->wire, r->sig.p, r->sig.len);
	append(&r->wire, r->data.p, r->data.len);
	r->assembled = true;
}

static void new_record(struct record *r)
{
	uint64_t t = peer_time();

	RAND_bytes(r->hdr.id, sizeof(r->hdr.id));
	RAND_bytes(r->hdr.type, sizeof(r->hdr.type));
	r->hdr.version = htobe32(1);
	r->hdr.created = r->hdr.modified = htobe64(t);
	r->hdr.expires = htobe64(t + 3600 * TICKS);
}

/* "now", and "+N" or "-N" seconds from what is there; or a number. */
static uint64_t new_time(uint64_t old, const char *value)
{
	if (!strncmp(value, "now", 3)) {
		old = peer_time();
		value += 3;
	}
	if (!*value)
		return old;
	if (*value == '+' || *value == '-')
		return old + number(value) * (int64_t)TICKS;
	return number(value);
}

static void set_id(uint8_t id[16], const char *value)
{
	char hex[64];
	struct bytes b;
	size_t n = 0;

	for (; *value && n < sizeof(hex) - 1; value++)
		if (*value != '-')
			hex[n++] = *value;
	hex[n] = 0;
	b = get_bytes(hex);
	if (b.len != 16)
		die("%s: 16 bytes are wanted", hex);
	memcpy(id, b.p, 16);
	free(b.p);
}

/* The text itself, or @FILE. */
static struct bytes text(const char *value)
{
	return *value == '@' ? file_bytes(value + 1) : copy(value, strlen(value));
}

static void set_field(struct record *r, const char *field, const char *value)
{
	struct peergroup_record_hdr *h = &r->hdr;

	if (!field || !value)
		die("set FIELD VALUE");
	if (!strcmp(field, "version"))
		h->version = htobe32(number(value));
	else if (!strcmp(field, "flags"))
		h->flags = htobe32(number(value));
	else if (!strcmp(field, "created"))
		h->created = htobe64(new_time(be64toh(h->created), value));
	else if (!strcmp(field, "modified"))
		h->modified = htobe64(new_time(be64toh(h->modified), value));
	else if (!strcmp(field, "expires"))
		h->expires = htobe64(new_time(be64toh(h->expires), value));
	else if (!strcmp(field, "id"))
		set_id(h->id, value);
	else if (!strcmp(field, "type"))
		set_id(h->type, value);
	else if (!strcmp(field, "attrs"))
		r->attrs = text(value);
	else if (!strcmp(field, "data"))
		r->data = text(value);
	else
		die("%s: no such field", field);
	h->attrs_len = htobe32(r->attrs.len);
	h->data_len = htobe32(r->data.len);
}

static void set_creator(struct record *r, const char *path)
{
	X509 *cert = one_cert(path);
	uint8_t hash[32];

	spki_hash(cert, hash);
	memcpy(r->hdr.id, hash, 8);
	fingerprint(cert, r->hdr.creator);
	fingerprint(cert, r->hdr.modifier);
}

static EVP_PKEY *signing_key(const char *path)
{
	EVP_PKEY *key;
	FILE *file;

	if (!path)
		die("a key is missing");
	if (!strcmp(path, "new")) {
		key = EVP_RSA_gen(2048);
	} else {
		file = fopen(path, "r");
		if (!file)
			die("%s: %s", path, strerror(errno));
		key = PEM_read_PrivateKey(file, NULL, NULL, NULL);
		fclose(file);
	}
	if (!key)
		die("%s: no private key", path);
	return key;
}

static void sign(struct record *r, const char *path)
{
	EVP_PKEY *key = signing_key(path);
	bool rsa = EVP_PKEY_is_a(key, "RSA");
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
	struct peergroup_sig_hdr hdr = {
		.kind = PEERGROUP_SIG_DIRECT,
		.algo = rsa ? PEERGROUP_SIG_RSA_SHA256 : PEERGROUP_SIG_P256_SHA256,
	};
	uint8_t sig[1024], digest[32];
	struct bytes text = { NULL, 0 };
	size_t len = sizeof(sig);

	SHA256(r->data.p, r->data.len, r->hdr.data_hash);
	append(&text, PEERGROUP_RECORD_TAG, PEERGROUP_RECORD_TAG_LEN);
	append(&text, group_id, sizeof(group_id));
	append(&text, &r->hdr, sizeof(r->hdr));
	append(&text, r->attrs.p, r->attrs.len);
	SHA256(text.p, text.len, digest);
	if (!ctx || EVP_PKEY_sign_init(ctx) <= 0 ||
	    (rsa && EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) <= 0) ||
	    EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256()) <= 0 ||
	    EVP_PKEY_sign(ctx, sig, &len, digest, sizeof(digest)) <= 0)
		die("cannot sign");
	hdr.sig_len = htobe16(len);
	r->sig = copy(&hdr, sizeof(hdr));
	append(&r->sig, sig, len);
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(key);
	free(text.p);
}

/* "12", "-1", "data+3"; *@bit from behind a dot. */
static size_t where(const struct record *r, const char *text, unsigned int *bit)
{
	const struct {
		const char *name;
		size_t start;
	} parts[] = {
		{ "header", 0 },
		{ "attrs", sizeof(r->hdr) },
		{ "sig", sizeof(r->hdr) + r->attrs.len + sizeof(struct peergroup_sig_hdr) },
		{ "data", sizeof(r->hdr) + r->attrs.len + r->sig.len },
	};
	long long offset;
	size_t start = 0, i, len;
	char *end;

	if (!text)
		die("an offset is missing");
	for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		len = strlen(parts[i].name);
		if (!strncmp(text, parts[i].name, len) && text[len] == '+') {
			start = parts[i].start;
			text += len + 1;
		}
	}
	offset = strtoll(text, &end, 0);
	if (*end == '.' && bit)
		*bit = strtoul(end + 1, &end, 10) & 7;
	if (*end || end == text)
		die("%s: not an offset", text);
	offset += start;
	if (offset < 0)
		offset += r->wire.len;
	if (offset < 0 || (size_t)offset >= r->wire.len)
		die("%s: the record has %zu bytes", text, r->wire.len);
	return offset;
}

static char **edit(struct record *r, char **args)
{
	const char *verb = *args++;
	unsigned int bit = 0;
	struct bytes b;
	size_t at;

	if (!strcmp(verb, "by") || !strcmp(verb, "modifier") || !strcmp(verb, "set") ||
	    !strcmp(verb, "sign")) {
		if (r->assembled)
			die("%s: too late, bytes were edited", verb);
		if (!strcmp(verb, "by"))
			set_creator(r, *args);
		else if (!strcmp(verb, "modifier"))
			fingerprint(one_cert(*args), r->hdr.modifier);
		else if (!strcmp(verb, "sign"))
			sign(r, *args);
		else
			set_field(r, args[0], args[0] ? args[1] : NULL);
		return args + (strcmp(verb, "set") ? 1 : 2);
	}
	assemble(r);
	if (!strcmp(verb, "flip")) {
		at = where(r, *args, &bit);
		r->wire.p[at] ^= 1U << bit;
	} else if (!strcmp(verb, "put")) {
		at = where(r, *args++, NULL);
		b = get_bytes(*args ? *args : "");
		if (b.len > r->wire.len - at)
			die("put: the record has %zu bytes", r->wire.len);
		memcpy(r->wire.p + at, b.p, b.len);
		free(b.p);
	} else if (!strcmp(verb, "cut")) {
		at = number(*args ? *args : "");
		if (at < r->wire.len)
			r->wire.len = at;
	} else if (!strcmp(verb, "pad")) {
		b = get_bytes(*args ? *args : "");
		append(&r->wire, b.p, b.len);
		free(b.p);
	} else {
		die("%s: no such edit", verb);
	}
	return args + 1;
}

static void do_record(char **args)
{
	struct record r = { 0 };

	if (!*args)
		die("a file is missing");
	if (!strcmp(*args, "new")) {
		new_record(&r);
	} else {
		r.wire = file_bytes(*args);
		split(&r);
	}
	for (args++; *args;)
		args = edit(&r, args);
	assemble(&r);
	send_message(PG_MSG_RECORD, r.wire.p, r.wire.len);
	free(r.wire.p);
	free(r.attrs.p);
	free(r.sig.p);
	free(r.data.p);
}

/* -------------------------------------------------------------------- main -- */

static void run(char *line)
{
	char *args[64] = { NULL }, *save = NULL, *word;
	struct bytes b = { NULL, 0 };
	int n = 0;

	step = strdup(line);
	for (word = strtok_r(line, " \t\n", &save); word && n < 63;
	     word = strtok_r(NULL, " \t\n", &save))
		args[n++] = word;
	if (!n || args[0][0] == '#')
		return;
	word = args[0];
	if (!strcmp(word, "chain")) {
		do_chain(args[1]);
	} else if (!strcmp(word, "group")) {
		b = get_bytes(args[1] ? args[1] : "");
		if (b.len != sizeof(group_id))
			die("64 hex digits are wanted");
		memcpy(group_id, b.p, sizeof(group_id));
		have_group = true;
	} else if (!strcmp(word, "connect")) {
		do_connect(args[1], args[1] ? args[2] : NULL);
	} else if (!strcmp(word, "listen")) {
		do_listen(args[1]);
	} else if (!strcmp(word, "hello")) {
		do_hello(args + 1);
	} else if (!strcmp(word, "gmc")) {
		do_gmc(args[1]);
	} else if (!strcmp(word, "handshake")) {
		do_handshake(args + 1);
	} else if (!strcmp(word, "send")) {
		b = get_bytes(args[1] && args[2] ? args[2] : "");
		send_message(type_number(args[1]), b.p, b.len);
	} else if (!strcmp(word, "announce")) {
		send_header(type_number(args[1]), number(args[1] && args[2] ? args[2] : ""));
	} else if (!strcmp(word, "raw")) {
		b = get_bytes(args[1] ? args[1] : "");
		put(b.p, b.len);
	} else if (!strcmp(word, "garbage")) {
		do_garbage(args[1], args[1] ? args[2] : NULL);
	} else if (!strcmp(word, "record")) {
		do_record(args + 1);
	} else if (!strcmp(word, "expect")) {
		do_expect(args[1], args[1] ? args[2] : NULL);
	} else if (!strcmp(word, "sleep")) {
		usleep(seconds(args[1]) * 1e6);
	} else if (!strcmp(word, "shutdown")) {
		need_socket();
		shutdown(sock, SHUT_WR);
	} else if (!strcmp(word, "reset")) {
		do_reset();
	} else if (!strcmp(word, "close")) {
		do_close();
	} else {
		die("no such step");
	}
	free(b.p);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	char *line = NULL;
	size_t room = 0;
	int i;

	for (i = 1; i < argc; i++)
		run(argv[i]);
	while (argc < 2 && getline(&line, &room, stdin) >= 0) {
		line[strcspn(line, "\n")] = 0;
		run(line);
	}
	free(line);
	return 0;
}
