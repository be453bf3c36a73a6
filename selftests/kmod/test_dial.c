// SPDX-License-Identifier: GPL-2.0-only
// timeout: 200
/*
 * Whom a host calls that is not who it should be: somebody on the path, who has a key but
 * is no member, members of other groups, certificates and credentials out of time, message 2
 * changed, cut or said before. The caller says nothing of itself, counts it, and tries again.
 */
#include <endian.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/socket.h>
#include "group.h"
#include "peer.h"
#include "tap.h"

#define PORT		3587
#define THERE		3600
#define LINK(name)	PEERGROUP_A_STATS_LINK_##name

static struct nl nl;
static struct cert root, own, member;
static uint32_t group;
static int listener;

/* True where the other end goes without another word. */
static bool silent(struct peer *p)
{
	char byte;

	return recv(p->fd, &byte, 1, 0) <= 0;
}

/* Of a length that was changed: too few bytes make no tag, and what more there are never come. */
static uint16_t fault_of_size(const uint8_t *msg, size_t len)
{
	size_t size = (size_t)msg[0] << 8 | msg[1];

	if (size <= PG_NOISE_TAG_LEN)
		return LINK(HANDSHAKE);
	return size > len - 2 ? PEERGROUP_A_STATS_LINKS_FAILED : LINK(CRYPTO);
}

/* It is called, and says that, but for bits of a byte, or no more than up to there. */
static void answer(const struct noise_meet *m, size_t at, uint8_t flip, bool cut,
		   uint16_t counter, const char *what)
{
	static uint8_t msg[NOISE_ROOM];
	uint64_t before;
	struct peer p;
	size_t len;

	peer_called(&p, listener, root.spec.group);
	len = peer_third(&p, m, msg);
	if (at < len)
		msg[at] ^= flip;
	if (at < 2 && flip)
		counter = fault_of_size(msg, len);
	/* What the call before was counted as is there by now. */
	before = nl_stat(&nl, group, counter);
	peer_raw(&p, msg, cut ? at : len);
	if (counter == PEERGROUP_A_STATS_LINKS_FAILED)
		shutdown(p.fd, SHUT_WR);
	CHECK(silent(&p), "%s, byte %zu: it says who it is", what, at);
	CHECK(counted_once(&nl, group, counter, before), "%s, byte %zu: not counted once", what, at);
	peer_close(&p);
}

static void refuses(const struct noise_meet *m, uint16_t counter, const char *what)
{
	answer(m, SIZE_MAX, 0, false, counter, what);
}

/* A control: who should be there is believed. */
static void test_right(void)
{
	static uint8_t msg[NOISE_ROOM];
	struct noise_meet m;
	struct peer p;

	meet_fill(&m, &member, NULL);
	peer_called(&p, listener, root.spec.group);
	peer_raw(&p, msg, peer_third(&p, &m, msg));
	CHECK(peer_hear(&p), "it does not say who it is");
	peer_close(&p);
}

static void test_strangers(void)
{
	static struct cert foreign_root, foreign, made_up, over, early;
	struct noise_meet m;

	/* Who stands between two members has their chains at the most, and a key of its own. */
	meet_fill(&m, &member, NULL);
	m.signer = test_key(3);
	refuses(&m, LINK(CREDENTIAL), "a member's chain without its key");
	meet_fill(&m, &member, NULL);
	m.own_key = true;
	refuses(&m, LINK(CREDENTIAL), "a member's credential for another node's key");

	cert_new_root(&foreign_root, test_key(3));
	cert_issue(&foreign, &foreign_root, test_key(2), PEERGROUP_ROLE_MEMBER);
	meet_fill(&m, &foreign, NULL);
	memcpy(m.group, root.spec.group, sizeof(m.group));
	refuses(&m, LINK(CREDENTIAL), "a member of a group with the same names");

	cert_below(&made_up, &root, test_key(3), PEERGROUP_ROLE_MEMBER);
	made_up.spec.signer = test_key(3);
	cert_sign(&made_up);
	meet_fill(&m, &made_up, NULL);
	refuses(&m, LINK(CREDENTIAL), "a certificate made by oneself");

	cert_below(&over, &root, test_key(2), PEERGROUP_ROLE_MEMBER);
	over.spec.not_after = "210101000000Z";
	cert_sign(&over);
	meet_fill(&m, &over, NULL);
	refuses(&m, LINK(CREDENTIAL), "a certificate that is over");
	cert_below(&early, &root, test_key(2), PEERGROUP_ROLE_MEMBER);
	early.spec.not_before = "390101000000Z";
	cert_sign(&early);
	meet_fill(&m, &early, NULL);
	refuses(&m, LINK(CREDENTIAL), "a certificate that does not hold yet");
}

static void test_credentials(void)
{
	uint64_t t = peer_time_now();
	struct noise_meet good, m;

	meet_fill(&good, &member, NULL);
	m = good;
	m.spoil = true;
	refuses(&m, LINK(CREDENTIAL), "a bit of the signature");
	m = good;
	m.credential.not_before = htobe64(t - 7200 * TICKS);
	m.credential.not_after = htobe64(t - 3600 * TICKS);
	refuses(&m, LINK(CREDENTIAL), "expired");
	m = good;
	m.credential.not_before = htobe64(t + 3600 * TICKS);
	m.credential.not_after = htobe64(t + 7200 * TICKS);
	refuses(&m, LINK(CREDENTIAL), "not valid yet");
}

/* Who is a member, but of another time, is told so: behind message 3, which it may hear. */
static void test_clocks(void)
{
	static uint8_t msg[NOISE_ROOM];
	uint64_t before = nl_stat(&nl, group, LINK(CLOCK));
	struct noise_meet m;
	struct peer p;
	int i;

	for (i = 0; i < 2; i++) {
		meet_fill(&m, &member, NULL);
		m.meet.time = htobe64(peer_time_now() + (i ? -660 : 660) * (int64_t)TICKS);
		peer_called(&p, listener, root.spec.group);
		peer_raw(&p, msg, peer_third(&p, &m, msg));
		CHECK(counted_once(&nl, group, LINK(CLOCK), before + i), "%d", i);
		peer_close(&p);
	}
}

static void test_changed(void)
{
	struct noise_meet m;
	size_t len, i;

	meet_fill(&m, &member, NULL);
	len = PG_NODE_KEY_LEN * 2 + 2 * PG_NOISE_TAG_LEN + sizeof(m.meet) + sizeof(m.credential) +
	      256 + m.chain_len;
	for (i = 0; i < 16; i++)
		answer(&m, i / 8, 1 << i % 8, false, 0, "another length");
	for (i = 0; i < len; i = peer_next_byte(i, len, 29))
		answer(&m, 2 + i, 0x40, false, LINK(CRYPTO), "changed");
	answer(&m, 1, 0, true, PEERGROUP_A_STATS_LINKS_FAILED, "cut");
	for (i = 0; i < len; i += 101)
		answer(&m, 2 + i, 0, true, PEERGROUP_A_STATS_LINKS_FAILED, "cut");
}

/* An answer that was heard before is worth nothing to another call. */
static void test_replayed(void)
{
	uint64_t before = nl_stat(&nl, group, LINK(CRYPTO));
	static uint8_t msg[NOISE_ROOM], other[NOISE_ROOM];
	struct noise_meet m;
	struct peer p;
	size_t len;

	meet_fill(&m, &member, NULL);
	peer_called(&p, listener, root.spec.group);
	len = peer_third(&p, &m, msg);
	peer_close(&p);
	peer_called(&p, listener, root.spec.group);
	peer_third(&p, &m, other);
	peer_raw(&p, msg, len);
	CHECK(silent(&p), "it says who it is");
	CHECK(counted_once(&nl, group, LINK(CRYPTO), before), "not counted once");
	peer_close(&p);
}

static void test_nothing_left(void)
{
	close(listener);
	NEED(!nl_simple(&nl, PEERGROUP_CMD_GROUP_CLOSE, PEERGROUP_A_GROUP_INDEX, group));
	CHECK(no_leaks());
}

int main(void)
{
	static const struct tap_test tests[] = {
		{ "a member is believed", test_right },
		{ "no members of this group", test_strangers },
		{ "credentials of another key, of another time", test_credentials },
		{ "a clock of another time", test_clocks },
		{ "Noise message 2 changed or cut", test_changed },
		{ "Noise message 2 of another call", test_replayed },
		{ "nothing is left behind", test_nothing_left },
	};

	need_module();
	own_namespace();
	NEED(!nl_open(&nl));
	cert_new_root(&root, test_key(0));
	cert_issue(&own, &root, test_key(0), PEERGROUP_ROLE_MEMBER);
	cert_issue(&member, &root, test_key(2), PEERGROUP_ROLE_MEMBER);
	group = group_of(&nl, &root, &own);
	group_online(&nl, group, &own, PORT);
	NEED(!group_limit(&nl, group, PEERGROUP_A_LIMIT_RETRY_MIN, 10));
	NEED(!group_limit(&nl, group, PEERGROUP_A_LIMIT_RETRY_MAX, 10));
	listener = peer_listen(THERE);
	NEED(!group_dial(&nl, group, THERE));
	return tap_main(tests, sizeof(tests) / sizeof(tests[0]));
}
