// SPDX-License-Identifier: GPL-2.0-only
/*
 * One end of a Noise handshake and of what follows it, over TCP, by the
 * module's own engine; the other is noise_interop.go. It listens on a port of
 * its own, prints it, takes one connection and is the initiator or the
 * responder there:
 *
 *	noise_interop initiator|responder FRAMES REKEY
 *
 * Everything has its be16 length before it. Message N of the handshake has N *
 * 100 bytes of payload; then both say their handshake hash, and FRAMES frames
 * each, the Nth of N % 1000 bytes; keys change after each REKEY frames.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <netinet/in.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <linux/kernel.h>
#include "noise.h"

static int conn;
static u8 buf[PG_NOISE_MSG_MAX];

static void need(bool good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "noise_interop: %s\n", what);
	exit(1);
}

static void send_sized(const u8 *p, size_t len)
{
	u8 size[2] = { (u8)(len >> 8), (u8)len };

	need(send(conn, size, 2, MSG_NOSIGNAL | MSG_MORE) == 2 &&
	     send(conn, p, len, MSG_NOSIGNAL) == (ssize_t)len, "send");
}

static size_t receive_sized(void)
{
	size_t len;
	u8 size[2];

	need(recv(conn, size, 2, MSG_WAITALL) == 2, "receive");
	len = (size_t)size[0] << 8 | size[1];
	need(recv(conn, buf, len, MSG_WAITALL) == (ssize_t)len, "receive");
	return len;
}

static void fill(u8 *p, unsigned int n, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		p[i] = (u8)(n + i);
}

static bool is_text(const u8 *p, size_t have, unsigned int n, size_t len)
{
	u8 text[1000];

	fill(text, n, len);
	return have == len && !memcmp(p, text, len);
}

static void handshake(bool initiator, struct pg_noise_cipher *tx, struct pg_noise_cipher *rx)
{
	u8 key[PG_NOISE_KEY_LEN], fresh[PG_NOISE_KEY_LEN], text[200], hash[PG_NOISE_HASH_LEN];
	struct pg_noise s;
	unsigned int n;
	u8 *payload;
	size_t len;

	need(getrandom(key, sizeof(key), 0) == sizeof(key) &&
	     getrandom(fresh, sizeof(fresh), 0) == sizeof(fresh), "random bytes");
	pg_noise_init(&s, initiator, key, (const u8 *)"interop", 7);
	for (n = 0; n < PG_NOISE_STEPS; n++) {
		if (initiator == !(n % 2)) {
			fill(text, n, 100 * n);
			len = 100 * n + pg_noise_overhead(&s);
			need(!pg_noise_write(&s, fresh, text, 100 * n, buf), "write");
			send_sized(buf, len);
		} else {
			len = receive_sized();
			need(!pg_noise_read(&s, buf, len, &payload, &len), "read");
			need(is_text(payload, len, n, 100 * n), "payload");
		}
	}
	need(pg_noise_done(&s), "done");
	pg_noise_split(&s, tx, rx, hash);
	send_sized(hash, sizeof(hash));
	need(receive_sized() == sizeof(hash) && !memcmp(buf, hash, sizeof(hash)), "hash");
}

static void frames(struct pg_noise_cipher *tx, struct pg_noise_cipher *rx, unsigned int count,
		   unsigned int rekey)
{
	unsigned int n;
	size_t len;

	for (n = 0; n < count; n++) {
		fill(buf, n, n % 1000);
		need(!pg_noise_seal(tx, buf, n % 1000), "seal");
		send_sized(buf, n % 1000 + PG_NOISE_TAG_LEN);
		len = receive_sized();
		need(!pg_noise_open(rx, buf, len), "open");
		need(is_text(buf, len - PG_NOISE_TAG_LEN, n, n % 1000), "frame");
		if ((n + 1) % rekey == 0) {
			pg_noise_rekey(tx);
			pg_noise_rekey(rx);
		}
	}
}

int main(int argc, char **argv)
{
	struct sockaddr_in in = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	struct pg_noise_cipher tx, rx;
	socklen_t len = sizeof(in);

	need(argc == 4, "initiator|responder FRAMES REKEY");
	need(fd >= 0 && !bind(fd, (struct sockaddr *)&in, len) && !listen(fd, 1) &&
	     !getsockname(fd, (struct sockaddr *)&in, &len), "listen");
	printf("%u\n", ntohs(in.sin_port));
	fflush(stdout);
	conn = accept(fd, NULL, NULL);
	need(conn >= 0, "accept");
	handshake(!strcmp(argv[1], "initiator"), &tx, &rx);
	frames(&tx, &rx, strtoul(argv[2], NULL, 0), strtoul(argv[3], NULL, 0));
	close(conn);
	close(fd);
	return 0;
}
