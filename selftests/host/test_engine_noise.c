// SPDX-License-Identifier: GPL-2.0-only
/*
 * The handshake of links and its ciphers: the public test vectors of another
 * implementation, and what becomes of each message that is changed, cut, said
 * twice or said out of turn.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include "noise.h"
#include "tap.h"

#define VECTORS		"/usr/share/gocode/src/github.com/flynn/noise/vectors.txt"
#define NAME		"Noise_XX_25519_ChaChaPoly_BLAKE2s"
#define TEXT_MAX	512
#define MSGS		8

struct text {
	u8 p[TEXT_MAX];
	size_t len;
};

static bool same(const struct text *a, const u8 *p, size_t len)
{
	return a->len == len && (!len || !memcmp(a->p, p, len));
}

/* --------------------------------------------------------------- vectors -- */

struct vector {
	struct text s[2], e[2], prologue;
	struct text payload[MSGS], msg[MSGS];
	unsigned int n;
};

static void unhex(struct text *t, const char *hex)
{
	unsigned int v;

	t->len = 0;
	while (isxdigit((unsigned char)hex[0]) && isxdigit((unsigned char)hex[1])) {
		NEED(t->len < TEXT_MAX && sscanf(hex, "%2x", &v) == 1);
		t->p[t->len++] = (u8)v;
		hex += 2;
	}
	NEED(!*hex || isspace((unsigned char)*hex));
}

static void vector_line(struct vector *v, const char *key, const char *value)
{
	static const char *const names[] = { "init_static", "resp_static",
		"gen_init_ephemeral", "gen_resp_ephemeral", "prologue" };
	struct text *const texts[] = { &v->s[0], &v->s[1], &v->e[0], &v->e[1], &v->prologue };
	char what[16];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcmp(key, names[i])) {
			unhex(texts[i], value);
			return;
		}
	NEED(sscanf(key, "msg_%u_%15s", &i, what) == 2 && i < MSGS);
	unhex(!strcmp(what, "payload") ? &v->payload[i] : &v->msg[i], value);
	v->n = max(v->n, i + 1);
}

/* The next vector of ours; false at the end of the file. */
static bool vector_read(FILE *file, struct vector *v)
{
	static char line[16384];
	bool ours = false;
	char *value;

	memset(v, 0, sizeof(*v));
	while (fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\r\n")] = 0;
		value = strchr(line, '=');
		if (!value && ours)
			break;
		if (!value)
			continue;
		*value++ = 0;
		if (!strcmp(line, "handshake"))
			ours = !strcmp(value, NAME);
		else if (ours)
			vector_line(v, line, value);
	}
	return v->n;
}

static void vector_handshake(const struct vector *v, struct pg_noise end[2])
{
	u8 buf[TEXT_MAX], *payload = NULL;
	unsigned int i, from;
	size_t len = 0;

	for (i = 0; i < 2; i++)
		pg_noise_init(&end[i], !i, v->s[i].p, v->prologue.p, v->prologue.len);
	for (i = 0; i < PG_NOISE_STEPS; i++) {
		from = i % 2;
		len = v->payload[i].len + pg_noise_overhead(&end[from]);
		CHECK(!pg_noise_write(&end[from], v->e[from].p, v->payload[i].p,
				      v->payload[i].len, buf));
		CHECK(same(&v->msg[i], buf, len), "message %u", i);
		memcpy(buf, v->msg[i].p, v->msg[i].len);
		CHECK(!pg_noise_read(&end[!from], buf, v->msg[i].len, &payload, &len));
		CHECK(same(&v->payload[i], payload, len), "payload %u", i);
	}
}

static void vector_check(const struct vector *v)
{
	struct pg_noise_cipher tx[2], rx[2];
	u8 hash[2][PG_NOISE_HASH_LEN], buf[TEXT_MAX];
	struct pg_noise end[2];
	unsigned int i, from;

	vector_handshake(v, end);
	for (i = 0; i < 2; i++)
		pg_noise_split(&end[i], &tx[i], &rx[i], hash[i]);
	CHECK(!memcmp(hash[0], hash[1], PG_NOISE_HASH_LEN));
	for (i = PG_NOISE_STEPS; i < v->n; i++) {
		/* The fourth is the initiator's again in these vectors. */
		from = (i - PG_NOISE_STEPS) % 2;
		memcpy(buf, v->payload[i].p, v->payload[i].len);
		CHECK(!pg_noise_seal(&tx[from], buf, v->payload[i].len));
		CHECK(same(&v->msg[i], buf, v->payload[i].len + PG_NOISE_TAG_LEN), "frame %u", i);
		CHECK(!pg_noise_open(&rx[!from], buf, v->msg[i].len));
		CHECK(same(&v->payload[i], buf, v->payload[i].len));
	}
}

static void test_vectors(void)
{
	const char *path = getenv("NOISE_VECTORS");
	FILE *file = fopen(path ? path : VECTORS, "r");
	unsigned int n = 0, with_prologue = 0, with_payload = 0;
	static struct vector v;

	if (!file) {
		tap_skip = "no " VECTORS " (golang-github-flynn-noise-dev)";
		return;
	}
	while (vector_read(file, &v)) {
		vector_check(&v);
		n++;
		with_prologue += v.prologue.len != 0;
		with_payload += v.payload[1].len != 0;
	}
	fclose(file);
	printf("# %u vectors\n", n);
	CHECK(n >= 4 && with_prologue >= 2 && with_payload >= 2);
}

/* ------------------------------------------------------------- two ends -- */

#define PAYLOAD		48
#define MSG_ROOM	(PAYLOAD + 96 + 1)

static const u8 static_key[2][PG_NOISE_KEY_LEN] = { "static key of one end, 32 bytes",
						    "static key of the other, 32 too" };
static const u8 fresh[2][PG_NOISE_KEY_LEN] = { "ephemeral key of one, 32 bytes!",
					       "ephemeral key of the other end." };
static const u8 prologue[] = "prologue";

struct wire_msg {
	u8 p[MSG_ROOM];
	size_t len;
};

static void ends_start(struct pg_noise end[2])
{
	unsigned int i;

	for (i = 0; i < 2; i++)
		pg_noise_init(&end[i], !i, static_key[i], prologue, sizeof(prologue));
}

/* What the first has empty, in others some bytes. */
static void say(struct pg_noise end[2], struct wire_msg *m)
{
	unsigned int from = end[0].step % 2, step = end[from].step;
	u8 payload[PAYLOAD];

	memset(payload, 'a' + (int)step, sizeof(payload));
	m->len = (step ? PAYLOAD : 0) + pg_noise_overhead(&end[from]);
	NEED(!pg_noise_write(&end[from], step < 2 ? fresh[from] : NULL, payload,
			     step ? PAYLOAD : 0, m->p));
}

static int hear(struct pg_noise *end, const u8 *msg, size_t len)
{
	size_t payload_len = 0, i;
	u8 *copy = malloc(len ? len : 1), *payload = NULL;
	u8 step = end->step;
	int err;

	/* Of this size and no other, for the sanitizer to see what is read beyond. */
	memcpy(copy, msg, len);
	err = pg_noise_read(end, copy, len, &payload, &payload_len);
	if (!err && payload_len)
		CHECK(payload >= copy && payload + payload_len == copy + len -
		      (step ? PG_NOISE_TAG_LEN : 0));
	for (i = 0; !err && step && i < payload_len; i++)
		CHECK(payload[i] == 'a' + step);
	free(copy);
	return err;
}

/* Both ends as they are before message @step, and the message. */
static void ends_at(struct pg_noise end[2], unsigned int step, struct wire_msg *m)
{
	unsigned int i;

	ends_start(end);
	for (i = 0; i <= step; i++) {
		say(end, m);
		if (i < step)
			NEED(!hear(&end[!(i % 2)], m->p, m->len));
	}
}

static bool unusable(struct pg_noise *end)
{
	static const struct pg_noise none = { .step = PG_NOISE_BROKEN };
	u8 buf[256] = {}, *payload;
	size_t len;

	return !pg_noise_done(end) && !pg_noise_overhead(end) &&
	       !memcmp(end, &none, sizeof(none)) &&
	       pg_noise_write(end, fresh[0], NULL, 0, buf) == -EPROTO &&
	       pg_noise_read(end, buf, sizeof(buf), &payload, &len) == -EPROTO;
}

static void ciphers(struct pg_noise_cipher tx[2], struct pg_noise_cipher rx[2])
{
	u8 hash[2][PG_NOISE_HASH_LEN];
	struct pg_noise end[2];
	struct wire_msg m;
	unsigned int i;

	ends_at(end, 2, &m);
	NEED(!hear(&end[1], m.p, m.len));
	for (i = 0; i < 2; i++) {
		u8 pub[PG_NOISE_KEY_LEN];

		NEED(pg_noise_done(&end[i]));
		NEED(pg_noise_public(pub, static_key[!i]));
		CHECK(!memcmp(pub, pg_noise_remote(&end[i]), sizeof(pub)));
	}
	for (i = 0; i < 2; i++) {
		pg_noise_split(&end[i], &tx[i], &rx[i], hash[i]);
		CHECK(unusable(&end[i]), "the handshake's keys are gone");
	}
	CHECK(!memcmp(hash[0], hash[1], sizeof(hash[0])));
	for (i = 0; i < 2; i++)
		CHECK(!memcmp(&tx[i], &rx[!i], sizeof(tx[i])));
	CHECK(memcmp(tx[0].key, tx[1].key, PG_NOISE_KEY_LEN));
}

static void test_sizes(void)
{
	static u8 big[PG_NOISE_MSG_MAX + 1], out[PG_NOISE_MSG_MAX];
	static const size_t overhead[] = { 32, 96, 64 };
	struct pg_noise end[2];
	unsigned int i, from;
	u8 *payload;
	size_t len;

	ends_start(end);
	for (i = 0; i < PG_NOISE_STEPS; i++) {
		from = i % 2;
		CHECK(pg_noise_overhead(&end[0]) == overhead[i]);
		CHECK(pg_noise_overhead(&end[1]) == overhead[i]);
		len = PG_NOISE_MSG_MAX - overhead[i];
		CHECK(pg_noise_write(&end[from], fresh[from], big, len + 1, out) == -EMSGSIZE);
		CHECK(!pg_noise_write(&end[from], fresh[from], big, len, out));
		CHECK(!pg_noise_read(&end[!from], out, sizeof(out), &payload, &len));
		CHECK(len == PG_NOISE_MSG_MAX - overhead[i] && !memcmp(payload, big, len));
	}
	ends_start(end);
	CHECK(pg_noise_read(&end[1], big, sizeof(big), &payload, &len) == -EPROTO);
	CHECK(unusable(&end[1]));
}

/* ------------------------------------------------------ what is refused -- */

/*
 * Nothing authenticates the first message; a changed one shows in the second,
 * which the caller cannot open.
 */
static int first_changed(struct pg_noise end[2], struct wire_msg *m)
{
	struct wire_msg answer;
	u8 copy[MSG_ROOM];
	int err;

	memcpy(copy, m->p, m->len);
	err = hear(&end[1], copy, m->len);
	if (err)
		return err;
	answer.len = pg_noise_overhead(&end[1]);
	err = pg_noise_write(&end[1], fresh[1], NULL, 0, answer.p);
	if (err) {
		CHECK(unusable(&end[1]));
		return err;
	}
	return hear(&end[0], answer.p, answer.len);
}

static void check_flip(unsigned int step, size_t byte, unsigned int bit)
{
	struct pg_noise end[2], *to = &end[step ? !(step % 2) : 0];
	struct wire_msg m;
	int err;

	ends_at(end, step, &m);
	m.p[byte] ^= (u8)(1 << bit);
	err = step ? hear(to, m.p, m.len) : first_changed(end, &m);
	CHECK(err == -EBADMSG || (err == -EKEYREJECTED && byte < PG_NOISE_KEY_LEN),
	      "message %u, byte %zu, bit %u: %d", step, byte, bit, err);
	if (err == -EBADMSG)
		CHECK(unusable(to));
}

static void test_handshake_flips(void)
{
	struct pg_noise end[2];
	unsigned int step, bit;
	struct wire_msg m;
	size_t byte;

	for (step = 0; step < PG_NOISE_STEPS; step++) {
		ends_at(end, step, &m);
		CHECK(!hear(&end[!(step % 2)], m.p, m.len), "the message as it is");
		for (byte = 0; byte < m.len; byte++)
			for (bit = 0; bit < 8; bit++)
				check_flip(step, byte, bit);
	}
}

static void test_handshake_cuts(void)
{
	struct pg_noise end[2], *to;
	struct wire_msg m;
	unsigned int step;
	size_t len, all;
	int err;

	for (step = 0; step < PG_NOISE_STEPS; step++) {
		ends_at(end, step, &m);
		all = m.len;
		to = &end[!(step % 2)];
		for (len = 0; len < all; len++) {
			ends_at(end, step, &m);
			err = hear(to, m.p, len);
			CHECK(err == (len < all - (step ? PAYLOAD : 0) ? -EPROTO : -EBADMSG),
			      "message %u of %zu bytes: %d", step, len, err);
			CHECK(unusable(to));
		}
		ends_at(end, step, &m);
		m.p[m.len] = 0;
		if (step)
			CHECK(hear(to, m.p, m.len + 1) == -EBADMSG, "one byte more");
	}
}

static void test_handshake_turns(void)
{
	struct pg_noise end[2], before[2];
	unsigned int step, to;
	struct wire_msg m;
	u8 buf[MSG_ROOM];

	for (step = 0; step < PG_NOISE_STEPS; step++) {
		ends_at(end, step, &m);
		to = !(step % 2);
		memcpy(before, end, sizeof(before));
		CHECK(pg_noise_write(&end[to], fresh[to], NULL, 0, buf) == -EPROTO);
		CHECK(pg_noise_write(&end[!to], fresh[!to], NULL, 0, buf) == -EPROTO);
		CHECK(!memcmp(before, end, sizeof(before)), "that has cost nothing");
		CHECK(hear(&before[!to], m.p, m.len) != 0, "sent back");
		CHECK(step == 2 || unusable(&before[!to]));
		CHECK(!hear(&end[to], m.p, m.len));
		CHECK(hear(&end[to], m.p, m.len) == -EPROTO, "said twice");
	}
	ends_start(end);
	CHECK(pg_noise_write(&end[0], NULL, NULL, 0, buf) == -EPROTO, "no ephemeral key");
	ends_at(end, 1, &m);
	CHECK(hear(&end[0], m.p, m.len) == 0);
}

/* A message of one handshake is worth nothing in another. */
static void test_handshake_replay(void)
{
	static const u8 other[PG_NOISE_KEY_LEN] = "another ephemeral key, 32 bytes";
	struct pg_noise end[2];
	struct wire_msg old[PG_NOISE_STEPS], m;
	u8 buf[MSG_ROOM];
	unsigned int i;

	for (i = 0; i < PG_NOISE_STEPS; i++)
		ends_at(end, i, &old[i]);
	/* The second, to one who calls anew. */
	ends_start(end);
	NEED(!pg_noise_write(&end[0], other, NULL, 0, buf));
	CHECK(hear(&end[0], old[1].p, old[1].len) == -EBADMSG);
	/* The first and the third, to one who answers anew. */
	ends_start(end);
	CHECK(!hear(&end[1], old[0].p, old[0].len));
	NEED(!pg_noise_write(&end[1], other, NULL, 0, buf));
	CHECK(hear(&end[1], old[2].p, old[2].len) == -EBADMSG);
	/* The third as the second, the second as the third. */
	ends_at(end, 0, &m);
	CHECK(hear(&end[0], old[2].p, old[2].len) != 0);
	ends_at(end, 1, &m);
	CHECK(hear(&end[1], old[1].p, old[1].len) != 0);
	CHECK(unusable(&end[1]));
}

static void test_prologue(void)
{
	struct pg_noise end[2];
	struct wire_msg m;

	ends_start(end);
	pg_noise_init(&end[1], false, static_key[1], prologue, sizeof(prologue) - 1);
	say(end, &m);
	CHECK(!hear(&end[1], m.p, m.len));
	say(end, &m);
	CHECK(hear(&end[0], m.p, m.len) == -EBADMSG);
}

/* Points of small order: each leads to the same secret, whatever the other key is. */
static const u8 low_order[][PG_NOISE_KEY_LEN] = {
	{ 0 },
	{ 1 },
	{ 0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3, 0xfa, 0xf1, 0x9f,
	  0xc4, 0x6a, 0xda, 0x09, 0x8d, 0xeb, 0x9c, 0x32, 0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16,
	  0x5f, 0x49, 0xb8, 0x00 },
	{ 0x5f, 0x9c, 0x95, 0xbc, 0xa3, 0x50, 0x8c, 0x24, 0xb1, 0xd0, 0xb1, 0x55, 0x9c, 0x83,
	  0xef, 0x5b, 0x04, 0x44, 0x5c, 0xc4, 0x58, 0x1c, 0x8e, 0x86, 0xd8, 0x22, 0x4e, 0xdd,
	  0xd0, 0x9f, 0x11, 0x57 },
	/* p - 1, p, p + 1 */
	{ 0xec, [1 ... 30] = 0xff, 0x7f },
	{ 0xed, [1 ... 30] = 0xff, 0x7f },
	{ 0xee, [1 ... 30] = 0xff, 0x7f },
};

static void check_low_order(const u8 point[PG_NOISE_KEY_LEN])
{
	struct pg_noise end[2];
	struct wire_msg m;
	u8 buf[MSG_ROOM];

	ends_at(end, 0, &m);
	CHECK(!hear(&end[1], point, PG_NOISE_KEY_LEN));
	CHECK(pg_noise_write(&end[1], fresh[1], NULL, 0, buf) == -EKEYREJECTED);
	CHECK(unusable(&end[1]));

	ends_at(end, 1, &m);
	memcpy(m.p, point, PG_NOISE_KEY_LEN);
	CHECK(hear(&end[0], m.p, m.len) == -EKEYREJECTED);
	CHECK(unusable(&end[0]));

	/* As a static key, sent by one who does the rest rightly. */
	ends_start(end);
	say(end, &m);
	NEED(!hear(&end[1], m.p, m.len));
	say(end, &m);
	NEED(!hear(&end[0], m.p, m.len));
	memcpy(end[0].s_pub, point, PG_NOISE_KEY_LEN);
	say(end, &m);
	CHECK(hear(&end[1], m.p, m.len) == -EKEYREJECTED);
	CHECK(unusable(&end[1]));
}

static void test_low_order(void)
{
	u8 point[PG_NOISE_KEY_LEN];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(low_order); i++) {
		check_low_order(low_order[i]);
		memcpy(point, low_order[i], sizeof(point));
		point[31] |= 0x80;
		check_low_order(point);
	}
}

/* ---------------------------------------------------------------- frames -- */

#define FRAME	40

static void frame(struct pg_noise_cipher *tx, struct wire_msg *m, int c)
{
	memset(m->p, c, FRAME);
	m->len = FRAME + PG_NOISE_TAG_LEN;
	NEED(!pg_noise_seal(tx, m->p, FRAME));
}

static bool opens(struct pg_noise_cipher *rx, struct wire_msg *m, int c)
{
	return !pg_noise_open(rx, m->p, m->len) && m->p[0] == c && !memchr_inv(m->p, c, FRAME);
}

/* After a refusal nothing opens any more, not even the right frame. */
static void check_refused(struct pg_noise_cipher rx, const struct wire_msg *good,
			  u8 *bad, size_t len)
{
	struct wire_msg m = *good;

	CHECK(pg_noise_open(&rx, bad, len) == -EBADMSG);
	CHECK(pg_noise_open(&rx, m.p, m.len) == -ENOKEY);
	CHECK(!memchr_inv(rx.key, 0, sizeof(rx.key)));
	pg_noise_rekey(&rx);
	CHECK(pg_noise_open(&rx, m.p, m.len) == -ENOKEY);
	CHECK(pg_noise_seal(&rx, m.p, FRAME) == -ENOKEY);
}

static void test_frame_changes(void)
{
	struct pg_noise_cipher tx[2], rx[2];
	struct wire_msg good, bad;
	unsigned int bit;
	size_t byte, len;
	u8 *cut;

	ciphers(tx, rx);
	frame(&tx[0], &good, 'x');
	for (byte = 0; byte < good.len; byte++)
		for (bit = 0; bit < 8; bit++) {
			bad = good;
			bad.p[byte] ^= (u8)(1 << bit);
			check_refused(rx[1], &good, bad.p, bad.len);
		}
	for (len = 0; len < good.len; len++) {
		cut = malloc(len ? len : 1);
		memcpy(cut, good.p, len);
		check_refused(rx[1], &good, cut, len);
		free(cut);
	}
	bad = good;
	bad.p[bad.len] = 0;
	check_refused(rx[1], &good, bad.p, bad.len + 1);
	CHECK(opens(&rx[1], &good, 'x'));
}

static void test_frame_order(void)
{
	struct pg_noise_cipher tx[2], rx[2];
	struct wire_msg m[3], copy;
	unsigned int i;

	ciphers(tx, rx);
	for (i = 0; i < 3; i++)
		frame(&tx[0], &m[i], 'a' + (int)i);
	copy = m[0];
	check_refused(rx[0], &m[0], copy.p, copy.len);	/* sent back */
	copy = m[1];
	check_refused(rx[1], &m[0], copy.p, copy.len);	/* the first left out */
	copy = m[0];
	CHECK(opens(&rx[1], &m[0], 'a'));
	check_refused(rx[1], &m[1], copy.p, copy.len);	/* said twice */
	CHECK(opens(&rx[1], &m[1], 'b'));
	CHECK(opens(&rx[1], &m[2], 'c'));
	/* The other direction knows nothing of it. */
	frame(&tx[1], &m[0], 'd');
	CHECK(opens(&rx[0], &m[0], 'd'));
}

static void test_rekey(void)
{
	struct pg_noise_cipher tx[2], rx[2], old;
	struct wire_msg m, copy;
	unsigned int i;

	ciphers(tx, rx);
	for (i = 0; i < 4; i++) {
		old = rx[1];
		pg_noise_rekey(&tx[0]);
		frame(&tx[0], &m, 'r');
		copy = m;
		check_refused(old, &m, copy.p, copy.len);	/* one end only */
		pg_noise_rekey(&rx[1]);
		CHECK(rx[1].nonce == i, "the numbers go on");
		CHECK(memcmp(old.key, rx[1].key, sizeof(old.key)));
		CHECK(opens(&rx[1], &m, 'r'));
	}
	frame(&tx[1], &m, 's');
	CHECK(opens(&rx[0], &m, 's'), "the other direction has its old key");
}

static void test_frame_numbers(void)
{
	static u8 big[PG_NOISE_MSG_MAX + 1];
	struct pg_noise_cipher tx[2], rx[2];
	struct wire_msg m;

	ciphers(tx, rx);
	CHECK(pg_noise_seal(&tx[0], big, PG_NOISE_MSG_MAX - PG_NOISE_TAG_LEN + 1) == -EMSGSIZE);
	CHECK(!pg_noise_seal(&tx[0], big, PG_NOISE_MSG_MAX - PG_NOISE_TAG_LEN));
	CHECK(!pg_noise_open(&rx[1], big, PG_NOISE_MSG_MAX));
	CHECK(!memchr_inv(big, 0, PG_NOISE_MSG_MAX - PG_NOISE_TAG_LEN));
	CHECK(!pg_noise_seal(&tx[0], m.p, 0), "an empty one");
	CHECK(!pg_noise_open(&rx[1], m.p, PG_NOISE_TAG_LEN));
	tx[0].nonce = rx[1].nonce = U64_MAX - 1;
	frame(&tx[0], &m, 'l');
	CHECK(opens(&rx[1], &m, 'l'), "the last number");
	CHECK(pg_noise_seal(&tx[0], m.p, FRAME) == -ENOKEY);
	CHECK(pg_noise_open(&rx[1], m.p, m.len) == -ENOKEY);
	CHECK(pg_noise_open(&rx[0], big, PG_NOISE_MSG_MAX + 1) == -EBADMSG);
	CHECK(rx[0].nonce == U64_MAX);
}

static const struct tap_test tests[] = {
	{ "the public test vectors", test_vectors },
	{ "sizes of messages", test_sizes },
	{ "any bit of a handshake message changed", test_handshake_flips },
	{ "handshake messages cut short anywhere", test_handshake_cuts },
	{ "handshake messages out of turn", test_handshake_turns },
	{ "messages of another handshake", test_handshake_replay },
	{ "another prologue", test_prologue },
	{ "points of small order", test_low_order },
	{ "any bit of a frame changed, and frames cut anywhere", test_frame_changes },
	{ "frames said twice, left out or sent back", test_frame_order },
	{ "new keys", test_rekey },
	{ "the longest frame, and the last", test_frame_numbers },
};

int main(void)
{
	return tap_main(tests, ARRAY_SIZE(tests));
}
