// SPDX-License-Identifier: GPL-2.0-only
// timeout: 200
/*
 * Who is not let in, and what must not be believed: openings that are none,
 * handshakes by those who have no business here, messages and frames that were
 * changed on the way. Each ends its connection, under its own counter, and
 * teaches nothing; meanwhile another link does its work.
 */
#include <endian.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <arpa/inet.h>
#include <sys/socket.h>
#include "group.h"
#include "peer.h"
#include "tap.h"

#define PORT		3587
#define LINK(name)	PEERGROUP_A_STATS_LINK_##name

static struct nl nl;
/* @own is attacked; @member is whom the attacker plays, @friend has a link all the time. */
static struct cert root, own, friend, member;
static struct peer bystander;
static uint32_t group;

/* ----------------------------------------------- before there are any keys -- */

enum first { GARBAGE, TEXT, WRONG_MAGIC, WRONG_HINT, CUT, SILENT_THIRD, SHORT_THIRD, LONG_THIRD,
	     NOTHING, FIRSTS };

/* Message 2 comes, and then something else than message 3. */
static void wrong_third(struct peer *p, enum first which)
{
	static const uint8_t longest[2 + PG_FRAME_MAX] = { 0xff, 0xff };
	static const uint8_t shortest[2 + 63] = { 0, 63 };

	peer_call(p, root.spec.group, NULL);
	NEED(peer_hear(p));
	if (which == SHORT_THIRD)
		peer_raw(p, shortest, sizeof(shortest));
	if (which == LONG_THIRD)
		peer_raw(p, longest, sizeof(longest));
	shutdown(p->fd, SHUT_WR);
}

static void first_words(struct peer *p, enum first which)
{
	static const char http[] = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
				   "and so on, for as long as an opening is, or longer than that";
	static uint8_t junk[4096];
	struct pg_opening opening;
	unsigned int i;

	noise_opening(&opening, root.spec.group);
	for (i = 0; i < sizeof(junk); i++)
		junk[i] = (uint8_t)(i * 37 + 200);
	if (which == GARBAGE)
		peer_raw(p, junk, sizeof(junk));
	if (which == TEXT)
		peer_raw(p, http, sizeof(http) - 1);
	if (which == WRONG_MAGIC)
		opening.magic[7] = '1';
	if (which == WRONG_HINT)
		opening.hint[31] ^= 1;
	if (which == WRONG_MAGIC || which == WRONG_HINT)
		peer_call(p, root.spec.group, &opening);
	if (which == CUT) {
		peer_raw(p, &opening, sizeof(opening) - 1);
		shutdown(p->fd, SHUT_WR);
	}
	if (which >= SILENT_THIRD && which <= LONG_THIRD)
		wrong_third(p, which);
	if (which == NOTHING)
		peer_close(p);
}

static void test_handshake(void)
{
	enum first which;

	for (which = 0; which < FIRSTS; which++) {
		uint16_t counter = which == SHORT_THIRD || which == LONG_THIRD ? LINK(CRYPTO) :
										  LINK(HANDSHAKE);
		uint64_t before = nl_stat(&nl, group, counter);
		struct peer p;

		peer_connect(&p, PORT);
		first_words(&p, which);
		CHECK(which == NOTHING || peer_closed(&p, NULL), "%u: stays open", which);
		CHECK(!p.got, "%u: it spoke", which);
		CHECK(counted_once(&nl, group, counter, before), "%u: not counted once", which);
		peer_close(&p);
	}
	CHECK(peer_alive(&bystander));
}

/* A handshake that is right but for what it says; @reason 0: without a word. */
static void check_meet(const struct noise_meet *m, uint32_t reason, uint16_t counter,
		       const char *what)
{
	uint64_t before = nl_stat(&nl, group, counter);
	unsigned int members = nl_count(&nl, PEERGROUP_CMD_MEMBER_GET,
					PEERGROUP_A_MEMBER_GROUP, group);
	struct peer p;
	uint32_t bye;

	peer_connect(&p, PORT);
	CHECK(peer_handshake(&p, m), "%s", what);
	CHECK(peer_closed(&p, &bye), "%s: stays open", what);
	CHECK(bye == reason, "%s: bye %u, expected %u", what, bye, reason);
	CHECK(p.type != PG_MSG_WELCOME, "%s: welcome", what);
	CHECK(counted_once(&nl, group, counter, before), "%s: not counted once", what);
	CHECK(reason || nl_count(&nl, PEERGROUP_CMD_MEMBER_GET, PEERGROUP_A_MEMBER_GROUP,
				 group) == members, "%s: something was learnt", what);
	peer_close(&p);
}

static void test_meet(void)
{
	struct noise_meet m;

	meet_fill(&m, &member, NULL);
	m.meet.node = m.credential.node =
		htobe64(nl_group_number(&nl, group, PEERGROUP_A_GROUP_NODE));
	check_meet(&m, 0, LINK(HANDSHAKE), "our own node id");
	m.meet.node = m.credential.node = 0;
	check_meet(&m, 0, LINK(HANDSHAKE), "no node id");

	meet_fill(&m, &member, NULL);
	m.meet.time = htobe64(peer_time_now() + 660 * TICKS);
	check_meet(&m, PG_BYE_CLOCK, LINK(CLOCK), "eleven minutes ahead");
	m.meet.time = htobe64(peer_time_now() - 660 * TICKS);
	check_meet(&m, PG_BYE_CLOCK, LINK(CLOCK), "eleven minutes behind");
	m.meet.time = htobe64(~0ULL);
	check_meet(&m, PG_BYE_CLOCK, LINK(CLOCK), "at the end of time");
	CHECK(peer_alive(&bystander));
}

/* Who calls itself finds that out, and has no link. */
static void test_self(void)
{
	uint64_t before = nl_stat(&nl, group, LINK(DUPLICATE));
	struct nlmsghdr *msg;

	NEED(!group_dial(&nl, group, PORT));
	CHECK(wait_stat(&nl, group, LINK(DUPLICATE), before + 1));
	msg = nl_begin(&nl, PEERGROUP_CMD_LINK_DEL, 0);
	mnl_attr_put_u32(msg, PEERGROUP_A_LINK_GROUP, group);
	mnl_attr_put_u32(msg, PEERGROUP_A_LINK_ADDRESS, htonl(INADDR_LOOPBACK));
	mnl_attr_put_u16(msg, PEERGROUP_A_LINK_PORT, PORT);
	NEED(!nl_talk(&nl, msg, NULL, NULL));
	CHECK(peer_alive(&bystander));
}

/* A node is its key. Who says another's id of itself does not push that one out. */
static void test_same_id(void)
{
	struct noise_meet m;
	struct peer p, q;
	__be64 node;

	meet_fill(&m, &friend, NULL);
	node = m.meet.node;
	peer_connect(&p, PORT);
	NEED(peer_handshake(&p, &m) && peer_expect(&p, PG_MSG_WELCOME));
	meet_fill(&m, &member, NULL);
	m.meet.node = node;
	m.credential.node = node;
	peer_connect(&q, PORT);
	NEED(peer_handshake(&q, &m));
	CHECK(peer_expect(&q, PG_MSG_WELCOME), "taken for the other node");
	CHECK(peer_alive(&p), "the other node is pushed out");
	peer_close(&q);
	peer_close(&p);
}

/* ------------------------------------------------------- who has no business -- */

static void test_strangers(void)
{
	static struct cert foreign_root, foreign, unsigned_one, over, early;
	struct chain chain = { .n = 1 };
	struct noise_meet m;

	/* A stranger's key behind a member's certificate. */
	meet_fill(&m, &member, NULL);
	m.signer = test_key(3);
	check_meet(&m, 0, LINK(CREDENTIAL), "a member's chain without its key");
	m.signer = NULL;
	check_meet(&m, 0, LINK(CREDENTIAL), "a signature that is none");

	/* A member of a group with the same names, which another root made. */
	cert_new_root(&foreign_root, test_key(3));
	cert_issue(&foreign, &foreign_root, test_key(2), PEERGROUP_ROLE_MEMBER);
	meet_fill(&m, &foreign, NULL);
	memcpy(m.group, root.spec.group, sizeof(m.group));
	check_meet(&m, 0, LINK(CREDENTIAL), "another group's member");

	/* One that the root has never signed. */
	cert_below(&unsigned_one, &root, test_key(3), PEERGROUP_ROLE_MEMBER);
	unsigned_one.spec.signer = test_key(3);
	cert_sign(&unsigned_one);
	meet_fill(&m, &unsigned_one, NULL);
	check_meet(&m, 0, LINK(CREDENTIAL), "a certificate made by oneself");

	/* Who was a member and may have issued certificates teaches nobody more of them. */
	cert_below(&over, &root, test_key(3), PEERGROUP_ROLE_MEMBER);
	over.spec.not_after = "210101000000Z";
	cert_sign(&over);
	meet_fill(&m, &over, NULL);
	check_meet(&m, 0, LINK(CREDENTIAL), "a certificate that is over");

	cert_below(&early, &root, test_key(3), PEERGROUP_ROLE_MEMBER);
	early.spec.not_before = "390101000000Z";
	cert_sign(&early);
	/* Who is to be a member may be known before. */
	chain.cert[0] = &early.der;
	peer_gmc(&bystander, &chain);
	NEED(peer_alive(&bystander));
	meet_fill(&m, &early, NULL);
	check_meet(&m, 0, LINK(CREDENTIAL), "a certificate that does not hold yet");

	meet_fill(&m, &member, NULL);
	m.chain_len = 0;
	check_meet(&m, 0, LINK(HANDSHAKE), "no chain");
	CHECK(peer_alive(&bystander));
}

static void check_credential(const struct noise_meet *m, const char *what)
{
	check_meet(m, 0, LINK(CREDENTIAL), what);
}

static void test_credentials(void)
{
	uint64_t t = peer_time_now();
	struct noise_meet good, m;

	meet_fill(&good, &member, NULL);
	m = good;
	m.own_key = true;
	check_credential(&m, "another node's key");
	m = good;
	m.credential.node = htobe64(be64toh(m.meet.node) ^ 2);
	check_credential(&m, "another node's id");
	m = good;
	m.spoil = true;
	check_credential(&m, "a bit of its signature");
	m = good;
	m.credential.not_after = htobe64(t - 3600 * TICKS);
	m.credential.not_before = htobe64(t - 7200 * TICKS);
	check_credential(&m, "expired");
	m = good;
	m.credential.not_before = htobe64(t + 3600 * TICKS);
	m.credential.not_after = htobe64(t + 7200 * TICKS);
	check_credential(&m, "not valid yet");
	CHECK(peer_alive(&bystander));
}

/* --------------------------------------------------- bytes that were changed -- */

/*
 * The opening and message 1, each byte changed. It is of no use to who made it: of an
 * opening nothing comes back, and what an ephemeral key brings does not fit the call.
 */
static void test_first(void)
{
	uint8_t call[NOISE_CALL_LEN], answer[PG_FRAME_MAX], *payload;
	struct pg_opening opening;
	struct peer p;
	ssize_t len;
	size_t i;

	for (i = 0; i < sizeof(call); i++) {
		uint64_t before = nl_stat(&nl, group, LINK(HANDSHAKE));

		noise_opening(&opening, root.spec.group);
		peer_connect(&p, PORT);
		p.link = noise_link_new(true, NULL);
		NEED(p.link && !noise_link_call(p.link, &opening, root.spec.group, call));
		call[i] ^= 0x40;
		peer_raw(&p, call, sizeof(call));
		len = recv(p.fd, answer, sizeof(answer), 0);
		CHECK((len > 2) == (i >= sizeof(opening)), "byte %zu: %zd bytes", i, len);
		CHECK(len <= 2 || noise_link_hear(p.link, answer + 2, len - 2, &payload) < 0,
		      "byte %zu: goes on", i);
		peer_close(&p);
		CHECK(counted_once(&nl, group, LINK(HANDSHAKE), before), "byte %zu", i);
	}
	CHECK(peer_alive(&bystander));
}

/* And cut: nothing comes back of what is not whole. */
static void test_first_cut(void)
{
	uint8_t call[NOISE_CALL_LEN];
	struct pg_opening opening;
	struct peer p;
	size_t i;

	for (i = 0; i < sizeof(call); i++) {
		uint64_t before = nl_stat(&nl, group, LINK(HANDSHAKE));

		noise_opening(&opening, root.spec.group);
		peer_connect(&p, PORT);
		p.link = noise_link_new(true, NULL);
		NEED(p.link && !noise_link_call(p.link, &opening, root.spec.group, call));
		peer_raw(&p, call, i);
		shutdown(p.fd, SHUT_WR);
		CHECK(recv(p.fd, call, sizeof(call), 0) <= 0, "byte %zu: it spoke", i);
		peer_close(&p);
		CHECK(counted_once(&nl, group, LINK(HANDSHAKE), before), "byte %zu", i);
	}
	CHECK(peer_alive(&bystander));
}

static unsigned int size_of(const uint8_t *msg)
{
	return (unsigned int)msg[0] << 8 | msg[1];
}

/*
 * What is counted where all of @size bytes, or fewer, were sent, with that before them. Too
 * few make no tag; where it says more than were sent, the rest is waited for and never comes.
 */
static uint16_t fault_of(const uint8_t *msg, unsigned int size, uint16_t malformed, uint16_t ended)
{
	if (size_of(msg) <= PG_NOISE_TAG_LEN)
		return malformed;
	return size_of(msg) > size ? ended : LINK(CRYPTO);
}

/* Message 3 with bits of one byte changed, be it one of its length; and cut. */
static void check_third(size_t byte, uint8_t flip, bool cut)
{
	static uint8_t msg[NOISE_ROOM];
	struct noise_meet m;
	uint16_t counter;
	uint64_t before;
	struct peer p;
	size_t len;

	meet_fill(&m, &member, NULL);
	peer_connect(&p, PORT);
	peer_call(&p, root.spec.group, NULL);
	NEED(peer_hear(&p));
	len = peer_third(&p, &m, msg);
	byte %= len;
	msg[byte] ^= flip;
	counter = cut ? LINK(HANDSHAKE) : fault_of(msg, len - 2, LINK(HANDSHAKE), LINK(HANDSHAKE));
	before = nl_stat(&nl, group, counter);
	peer_raw(&p, msg, cut ? byte : len);
	if (counter == LINK(HANDSHAKE))
		shutdown(p.fd, SHUT_WR);
	CHECK(peer_closed(&p, NULL) && !p.got, "byte %zu, %#x", byte, flip);
	CHECK(counted_once(&nl, group, counter, before), "byte %zu, %#x", byte, flip);
	peer_close(&p);
}

static size_t third_len(void)
{
	struct noise_meet m;

	meet_fill(&m, &member, NULL);
	return PG_NODE_KEY_LEN + 2 * PG_NOISE_TAG_LEN + sizeof(m.meet) + sizeof(m.credential) +
	       256 + m.chain_len;
}

static void test_third(void)
{
	size_t len = third_len(), i;

	for (i = 0; i < 16; i++)
		check_third(i / 8, 1 << i % 8, false);
	for (i = 0; i < len; i = peer_next_byte(i, len, 13))
		check_third(2 + i, 0x40, false);
	check_third(1, 0, true);
	for (i = 0; i < len; i += 61)
		check_third(2 + i, 0, true);
	CHECK(peer_alive(&bystander));
}

enum frame { FLIPPED, CUT_OFF, TWICE, SWAPPED, LEFT_OUT, BARE, PLAIN, FRAMES };

#define PING_FRAME	(2 + sizeof(struct pg_msg_hdr) + sizeof(struct pg_ping) + PG_NOISE_TAG_LEN)

/* A frame that is not the one which is due. Return: what is counted then. */
static uint16_t send_frames(struct peer *p, enum frame how, size_t byte, uint8_t flip)
{
	struct pg_ping ping = { .token = 1 };
	struct pg_msg_hdr hdr = { .len = htobe32(sizeof(ping)), .type = PG_MSG_PING };
	uint8_t text[sizeof(hdr) + sizeof(ping)], frame[2][PING_FRAME];
	uint16_t counter = how == BARE ? LINK(MALFORMED) :
			   how == CUT_OFF ? PEERGROUP_A_STATS_LINKS_DOWN : LINK(CRYPTO);
	unsigned int i;
	int len = 0;

	memcpy(mempcpy(text, &hdr, sizeof(hdr)), &ping, sizeof(ping));
	for (i = 0; i < 2; i++)
		len = noise_link_seal(p->link, text, how == BARE ? 0 : sizeof(text), frame[i]);
	NEED(len > 0);
	if (how == FLIPPED) {
		frame[0][byte] ^= flip;
		counter = fault_of(frame[0], (unsigned int)len - 2, LINK(MALFORMED),
				   PEERGROUP_A_STATS_LINKS_DOWN);
	}
	if (how == CUT_OFF)
		len = (int)byte;
	if (how == PLAIN)
		memcpy(frame[0] + 2, text, sizeof(text));
	if (how != SWAPPED && how != LEFT_OUT)
		peer_raw(p, frame[0], (size_t)len);
	if (how == TWICE)
		peer_raw(p, frame[0], (size_t)len);
	if (how == SWAPPED || how == LEFT_OUT)
		peer_raw(p, frame[1], (size_t)len);
	if (how == SWAPPED)
		peer_raw(p, frame[0], (size_t)len);
	if (counter == PEERGROUP_A_STATS_LINKS_DOWN)
		shutdown(p->fd, SHUT_WR);
	return counter;
}

static bool only_bystander(void *unused)
{
	(void)unused;
	return nl_count(&nl, PEERGROUP_CMD_LINK_GET, PEERGROUP_A_LINK_GROUP, group) == 1;
}

static void check_frame(enum frame how, size_t byte, uint8_t flip)
{
	static const uint16_t counters[] = {
		LINK(MALFORMED), LINK(CRYPTO), PEERGROUP_A_STATS_LINKS_DOWN,
	};
	uint64_t before[3];
	uint16_t counter;
	unsigned int i;
	struct peer p;

	/* The end of the link before is counted by then. */
	NEED(wait_until(only_bystander, NULL));
	for (i = 0; i < 3; i++)
		before[i] = nl_stat(&nl, group, counters[i]);
	peer_link(&p, PORT, &member);
	counter = send_frames(&p, how, byte, flip);
	CHECK(peer_closed(&p, NULL), "%u, byte %zu: stays open", how, byte);
	for (i = 0; i < 3; i++)
		CHECK(counter != counters[i] || counted_once(&nl, group, counter, before[i]),
		      "%u, byte %zu, %#x: not counted once", how, byte, flip);
	peer_close(&p);
}

static void test_frames(void)
{
	size_t i;

	for (i = 0; i < 16; i++)
		check_frame(FLIPPED, i / 8, 1 << i % 8);
	for (i = 2; i < PING_FRAME; i++)
		check_frame(FLIPPED, i, 1);
	for (i = 1; i < PING_FRAME; i += 3)
		check_frame(CUT_OFF, i, 0);
	for (i = TWICE; i < FRAMES; i++)
		check_frame((enum frame)i, 0, 0);
	CHECK(peer_alive(&bystander));
}

/* More frames than one key is for, in both directions. */
static void test_many_frames(void)
{
	struct pg_ping ping = { .token = 7 };
	struct peer p;
	unsigned int i;

	peer_link(&p, PORT, &member);
	/* Header and body are a frame each. */
	for (i = 0; i < PG_REKEY_FRAMES + 10; i++) {
		peer_send(&p, PG_MSG_PING, &ping, sizeof(ping));
		if (!peer_expect(&p, PG_MSG_PONG))
			break;
	}
	CHECK(i == PG_REKEY_FRAMES + 10, "%u", i);
	CHECK(peer_alive(&p));
	peer_close(&p);
}

/* ------------------------------------------------------------------ the end -- */

static void test_nothing_left(void)
{
	peer_close(&bystander);
	NEED(!nl_simple(&nl, PEERGROUP_CMD_GROUP_CLOSE, PEERGROUP_A_GROUP_INDEX, group));
	CHECK(wait_slab("pg_record", 0));
	CHECK(no_leaks());
}

int main(void)
{
	static const struct tap_test tests[] = {
		{ "first words that are no opening of this group", test_handshake },
		{ "a node that is ourselves, nobody, of another time", test_meet },
		{ "this very node", test_self },
		{ "another node's id", test_same_id },
		{ "no members of this group", test_strangers },
		{ "credentials for another node, of another time", test_credentials },
		{ "the opening and Noise message 1 changed", test_first },
		{ "the opening and Noise message 1 cut", test_first_cut },
		{ "Noise message 3 changed or cut", test_third },
		{ "frames changed, cut, said twice, out of order, left out", test_frames },
		{ "new keys on the way", test_many_frames },
		{ "nothing is left behind", test_nothing_left },
	};

	need_module();
	own_namespace();
	NEED(!nl_open(&nl));
	cert_new_root(&root, test_key(0));
	cert_issue(&own, &root, test_key(0), PEERGROUP_ROLE_MEMBER);
	cert_issue(&friend, &root, test_key(1), PEERGROUP_ROLE_MEMBER);
	cert_issue(&member, &root, test_key(2), PEERGROUP_ROLE_MEMBER);
	group = group_of(&nl, &root, &own);
	group_online(&nl, group, &own, PORT);
	/* Who stands by says nothing for as long as a slow machine takes. */
	NEED(!group_limit(&nl, group, PEERGROUP_A_LIMIT_KEEPALIVE, 3600 * 1000));
	peer_link(&bystander, PORT, &friend);
	return tap_main(tests, sizeof(tests) / sizeof(tests[0]));
}
