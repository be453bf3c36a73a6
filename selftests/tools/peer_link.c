// SPDX-License-Identifier: GPL-2.0-only
/* pg-peer's end of a link: the socket, the handshake, frames and messages. */
#include <endian.h>
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include "pg-peer.h"

static int sock = -1;
static bool dialled;
static bool joining;			/* it says no other word than a password's opening */
static struct noise_link *link_state;
/* Text of frames that no message was made of yet. */
static uint8_t text[PG_FRAME_MAX];
static size_t text_at, text_len;

static const char *const type_names[] = {
	[PG_MSG_WELCOME] = "WELCOME", [PG_MSG_GMC] = "GMC", [PG_MSG_WANT_GMC] = "WANT_GMC",
	[PG_MSG_RECORD] = "RECORD", [PG_MSG_SYNC] = "SYNC", [PG_MSG_SYNC_REPLY] = "SYNC_REPLY",
	[PG_MSG_WANT] = "WANT", [PG_MSG_WANT_DONE] = "WANT_DONE",
	[PG_MSG_SYNC_END] = "SYNC_END", [PG_MSG_PING] = "PING", [PG_MSG_PONG] = "PONG",
	[PG_MSG_BYE] = "BYE", [PG_MSG_CREDENTIAL] = "CREDENTIAL",
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

uint8_t type_number(const char *name)
{
	unsigned int i;

	if (!name)
		die("a message type is missing");
	for (i = 0; i < N_TYPES; i++)
		if (type_names[i] && !strcasecmp(type_names[i], name))
			return i;
	return number(name);
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
void put_raw(const void *data, size_t len)
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

void put_frame(const void *plain, size_t len)
{
	struct bytes b = { alloc(NULL, NOISE_ROOM), 0 };
	int n = link_state ? noise_link_seal(link_state, plain, len, b.p) : -ENOTCONN;

	if (n < 0)
		die("no frame: %s", strerror(-n));
	b.len = (size_t)n;
	put_spoiled(FRAME, &b);
	free(b.p);
}

void put(const void *data, size_t len)
{
	const uint8_t *p = data;
	size_t n;

	if (!link_state || !noise_link_up(link_state))
		put_raw(data, len);
	while (len && link_state && noise_link_up(link_state)) {
		n = len < PG_FRAME_TEXT ? len : PG_FRAME_TEXT;
		put_frame(p, n);
		p += n;
		len -= n;
	}
}

void send_header(uint8_t type, uint32_t len)
{
	struct pg_msg_hdr hdr = { .len = htobe32(len), .type = type };

	put(&hdr, sizeof(hdr));
}

void send_message(uint8_t type, const void *body, size_t len)
{
	struct pg_msg_hdr hdr = { .len = htobe32(len), .type = type };
	struct bytes all = copy(&hdr, sizeof(hdr));

	append(&all, body, len);
	put(all.p, all.len);
	free(all.p);
}

enum got { GOT_ALL, GOT_CLOSE, GOT_NOTHING };

static enum got get_raw(void *data, size_t len, double end)
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

/* The be16 length, and as many bytes. *@len is 0 where it is too short for anything. */
static enum got get_sized(uint8_t *p, size_t *len, double end)
{
	uint8_t size[2];
	enum got got = get_raw(size, sizeof(size), end);

	if (got != GOT_ALL)
		return got;
	*len = (size_t)size[0] << 8 | size[1];
	return get_raw(p, *len, end + WAIT_DEFAULT);
}

static enum got get_frame(double end)
{
	enum got got = get_sized(text, &text_len, end);
	int n;

	text_at = 0;
	if (got != GOT_ALL) {
		text_len = 0;
		return got;
	}
	n = noise_link_open(link_state, text, text_len);
	if (n < 0)
		die("a frame of the other end's: %s", strerror(-n));
	text_len = (size_t)n;
	return GOT_ALL;
}

/* Bytes of the stream of messages. */
static enum got get(void *data, size_t len, double end)
{
	uint8_t *p = data;
	enum got got;
	size_t n;

	if (!link_state || !noise_link_up(link_state))
		return get_raw(data, len, end);
	while (len) {
		if (text_at == text_len) {
			got = get_frame(end);
			if (got != GOT_ALL)
				return got;
		}
		n = len < text_len - text_at ? len : text_len - text_at;
		memcpy(p, text + text_at, n);
		text_at += n;
		p += n;
		len -= n;
	}
	return GOT_ALL;
}

static const char *bye_text(uint32_t reason)
{
	static const char *const names[] = {
		[PG_BYE_LEAVING] = "leaving", [PG_BYE_DUPLICATE] = "duplicate",
		[PG_BYE_SELF] = "self", [PG_BYE_CLOCK] = "clock", [PG_BYE_FULL] = "full",
		[PG_BYE_PROTOCOL] = "protocol", [PG_BYE_CREDENTIAL] = "credential",
	};

	return reason < sizeof(names) / sizeof(names[0]) && names[reason] ? names[reason] : "?";
}

/* Before there are keys there are no messages; what comes is passed over. */
static enum got pass_over(double end)
{
	uint8_t byte;

	return get_raw(&byte, 1, end);
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

void do_close(void)
{
	if (sock >= 0)
		close(sock);
	sock = -1;
	noise_link_free(link_state);
	link_state = NULL;
	joining = false;
	text_at = text_len = 0;
}

/* From @source (host byte order; 0: from wherever), which need not be an address of this host. */
static int dial(const char *host, const char *port, uint32_t source)
{
	struct sockaddr_in from = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(source) };
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST };
	struct addrinfo *info;
	char number[16];
	int err, fd, one = 1;

	if (!host)
		die("an address is missing");
	snprintf(number, sizeof(number), "%d", PEERGROUP_PORT);
	err = getaddrinfo(host, port ? port : number, &hints, &info);
	if (err)
		die("%s: %s", host, gai_strerror(err));
	fd = socket(info->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (source && (setsockopt(fd, IPPROTO_IP, IP_FREEBIND, &one, sizeof(one)) ||
		       bind(fd, (struct sockaddr *)&from, sizeof(from))))
		die("a source address: %s", strerror(errno));
	if (fd < 0 || connect(fd, info->ai_addr, info->ai_addrlen))
		die("%s: %s", host, strerror(errno));
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	freeaddrinfo(info);
	return fd;
}

void do_connect(const char *host, const char *port)
{
	do_close();
	sock = dial(host, port, 0);
	dialled = true;
}

void do_listen(const char *port)
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
	dialled = false;
}

/* ------------------------------------------------------------- handshake -- */

static void new_link(void)
{
	need_socket();
	if (!who.have_group)
		die("no group: \"home\", \"chain\" or \"group\" first");
	noise_link_free(link_state);
	text_at = text_len = 0;
	link_state = noise_link_new(dialled, who.have_priv ? who.priv : NULL);
	if (!link_state)
		die("out of memory");
}

static const uint8_t *prologue_group(void)
{
	return who.have_prologue ? who.prologue : who.group;
}

static void make_call(struct bytes *b)
{
	struct pg_opening opening;

	noise_opening(&opening, who.group);
	if (who.magic.p) {
		memset(opening.magic, 0, sizeof(opening.magic));
		memcpy(opening.magic, who.magic.p,
		       who.magic.len < sizeof(opening.magic) ? who.magic.len :
							       sizeof(opening.magic));
	}
	opening.hint[0] ^= who.wrong_hint;
	b->p = alloc(NULL, NOISE_CALL_LEN);
	b->len = NOISE_CALL_LEN;
	if (noise_link_call(link_state, &opening, prologue_group(), b->p))
		die("the handshake cannot start");
}

void do_call(char **args)
{
	struct bytes b;

	take_lies(args);
	dialled = true;
	new_link();
	make_call(&b);
	put_spoiled(CALL, &b);
	free(b.p);
}

/* What one says before the other end has said its part is a mistake of the script. */
void do_say(char **args)
{
	struct bytes payload, b = { alloc(NULL, NOISE_ROOM), 0 };
	int n;

	take_lies(args);
	need_socket();
	if (!link_state)
		die("\"call\" or \"hear\" first");
	payload = who_meet(noise_link_key(link_state));
	n = noise_link_say(link_state, payload.p, payload.len, b.p);
	if (n < 0)
		die("it is not our turn, or too long: %s", strerror(-n));
	b.len = (size_t)n;
	put_spoiled(dialled ? THIRD : SECOND, &b);
	free(payload.p);
	free(b.p);
}

static void hear_gone(enum got got)
{
	if (got == GOT_NOTHING)
		die("the other end says nothing");
	if (got == GOT_CLOSE)
		die("the other end closed");
}

static void hear_call(void)
{
	uint8_t call[NOISE_CALL_LEN];
	struct pg_opening opening;

	dialled = false;
	new_link();
	hear_gone(get_raw(call, sizeof(call), now() + WAIT_DEFAULT));
	memcpy(&opening, call, sizeof(opening));
	if (!noise_opening_for(&opening, who.group))
		die("the other end calls for another group");
	if (noise_link_called(link_state, prologue_group(), call))
		die("the other end's first message is none");
	printf("< 1 %zu\n", sizeof(call));
}

/* A share as good as any: the generator of ristretto255 (RFC 9496). */
static const uint8_t share[PEERGROUP_SHARE_LEN] = {
	0xe2, 0xf2, 0xae, 0x0a, 0x6a, 0xbc, 0x4e, 0x71, 0xa8, 0x84, 0xa9, 0x61, 0xc5, 0x00, 0x51, 0x5f,
	0x58, 0xe3, 0x0b, 0x6a, 0xa5, 0x82, 0xdd, 0x8d, 0xb6, 0xa6, 0x59, 0x45, 0xe0, 0x8d, 0x2d, 0x76,
};

void do_join(void)
{
	struct peergroup_password_opening opening = { .magic = PEERGROUP_PASSWORD_MAGIC };
	uint8_t hashed[PEERGROUP_PASSWORD_TAG_LEN + PEERGROUP_AUTHORITY_LEN + sizeof(opening.nonce)];
	uint8_t *at = mempcpy(hashed, PEERGROUP_PASSWORD_TAG, PEERGROUP_PASSWORD_TAG_LEN);

	if (!who.have_group)
		die("no group: \"home\", \"chain\" or \"group\" first");
	if (RAND_bytes(opening.nonce, sizeof(opening.nonce)) != 1)
		die("no random numbers");
	at = mempcpy(at, who.group, PEERGROUP_AUTHORITY_LEN);
	memcpy(at, opening.nonce, sizeof(opening.nonce));
	SHA256(hashed, sizeof(hashed), opening.hint);
	memcpy(opening.share, share, sizeof(opening.share));
	put_raw(&opening, sizeof(opening));
	joining = true;
}

static void hear_answer(void)
{
	uint8_t *msg = alloc(NULL, 1 << 16);
	size_t len = 0;

	hear_gone(get_sized(msg, &len, now() + WAIT_DEFAULT));
	printf("< answer %zu\n", len);
	free(msg);
}

void do_hear(void)
{
	uint8_t *msg, *payload;
	size_t len = 0;
	int n;

	need_socket();
	if (joining) {
		hear_answer();
		return;
	}
	if (!link_state) {
		hear_call();
		return;
	}
	msg = alloc(NULL, PG_FRAME_MAX);
	hear_gone(get_sized(msg, &len, now() + WAIT_DEFAULT));
	n = noise_link_hear(link_state, msg, len, &payload);
	if (n < 0)
		die("the other end's message cannot be read: %s", strerror(-n));
	printf("< %d %zu\n", dialled ? 2 : 3, len);
	free(msg);
}

void do_handshake(char **args)
{
	if (dialled) {
		do_call(args);
		do_hear();
		do_say((char *[]){ NULL });
		do_expect("WELCOME", NULL);
	} else {
		take_lies(args);
		do_hear();
		do_say((char *[]){ NULL });
		do_hear();
		send_message(PG_MSG_WELCOME, NULL, 0);
	}
}

/* Connections that begin and leave it at that, until pg-peer ends. */
/* As many files as it takes. */
static void raise_files(rlim_t n)
{
	struct rlimit limit = { n, n };

	if (!getrlimit(RLIMIT_NOFILE, &limit) && limit.rlim_cur < n) {
		limit.rlim_cur = n;
		if (limit.rlim_max < n)
			limit.rlim_max = n;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

void do_crowd(char **args)
{
	long long i, n = number(args[0] ? args[0] : "");
	const char *port = args[1] ? args[2] : NULL;
	struct in_addr net = { 0 };
	uint32_t source = 0;
	struct bytes b;

	if (port && args[3] && inet_pton(AF_INET, args[3], &net) != 1)
		die("%s: not an IPv4 address", args[3]);
	raise_files(n + 64);
	for (i = 0; i < n; i++) {
		do_close();
		if (net.s_addr)
			source = ntohl(net.s_addr) + ((i & 255) << 8) + 1 + (i >> 8) % 250;
		sock = dial(args[1], port, source);
		dialled = true;
		new_link();
		make_call(&b);
		put_raw(b.p, b.len);
		free(b.p);
		sock = -1;	/* left open */
	}
	do_close();
	printf("crowd\n");
	fflush(stdout);
}

/* --------------------------------------------------------------- the end -- */

void do_expect(const char *what, const char *time)
{
	bool close = what && !strcmp(what, "close"), open = what && !strcmp(what, "open");
	uint8_t wanted = close || open ? 0 : type_number(what), type = 0;
	double start = now(), end = start + seconds(time);
	enum got got;

	for (;;) {
		if (link_state && noise_link_up(link_state))
			got = take_message(&type, end);
		else
			got = pass_over(end);
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

void do_garbage(const char *count, const char *seed)
{
	long long n = number(count ? count : ""), i;
	uint8_t *p;

	if (n < 0 || n > 1 << 30)
		die("%s: not a number of bytes", count);
	p = alloc(NULL, n);
	srandom(seed ? number(seed) : (unsigned int)time(NULL));
	for (i = 0; i < n; i++)
		p[i] = random() >> 7;
	put_raw(p, n);
	free(p);
}

void do_reset(void)
{
	struct linger linger = { .l_onoff = 1 };

	need_socket();
	setsockopt(sock, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	do_close();
}

void do_shutdown(void)
{
	need_socket();
	shutdown(sock, SHUT_WR);
}
