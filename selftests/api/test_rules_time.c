// SPDX-License-Identifier: GPL-2.0-only
// timeout: 300
/*
 * The rules of peer time, in a group whose clock is not this host's: the one neighbour,
 * which is Bob's membership in the hands of the test, says that it is much later, or
 * earlier. Each case is called by its rule in rules.tsv.
 */
#include <endian.h>
#include <time.h>
#include <p2p.h>
#include <peergroup.h>
#include "api.h"
#include "group.h"
#include "home.h"
#include "peer.h"
#include "rules.h"
#include "tap.h"

/* Further would be refused: ten minutes, of which the group's own offset is part. */
#define APART	((int64_t)(500 * TICKS))
/* What becomes of that: the mean of 0 and the most that a neighbour can say, a minute. */
#define OFFSET	((int64_t)(30 * TICKS))

static struct peer neighbour = { .fd = -1 };
static struct cert alices_cert, bobs_cert;

/* ---------------------------------------------------------- the neighbour -- */

static bool is_offset(void *arg)
{
	struct peergroup_status *status;
	bool is;

	NEED(!peergroup_status(ours, &status));
	is = status->time_offset == *(int64_t *)arg;
	peergroup_free(status);
	return is;
}

/* The neighbour says nothing while the rules are shown, however long that takes. */
static void bear_silence(void)
{
	struct peergroup_status *status;
	struct nl nl;

	NEED(!nl_open(&nl) && !peergroup_status(ours, &status));
	NEED(!group_limit(&nl, status->index, PEERGROUP_A_LIMIT_KEEPALIVE, 3600 * 1000));
	peergroup_free(status);
	nl_close(&nl);
}

/* Alice's host has one neighbour, whose clock is that far from hers. */
static void meet_neighbour(int64_t apart)
{
	struct chain chain = { .cert = { &alices_cert.der, &bobs_cert.der }, .n = 2 };
	int64_t expected = apart < 0 ? -OFFSET : OFFSET;
	struct noise_meet meet;

	if (!bobs_cert.spec.key)
		home_member(bob, &alices_cert, &bobs_cert);
	peer_close(&neighbour);
	meet_fill(&meet, &bobs_cert, &chain);
	meet.meet.time = htobe64(peer_time_now() + (uint64_t)apart);
	peer_connect(&neighbour, PEERGROUP_PORT);
	NEED(peer_handshake(&neighbour, &meet) && peer_expect(&neighbour, PG_MSG_WELCOME));
	NEED(wait_until(is_offset, &expected));
}

/* ------------------------------------------------------------------ rules -- */

typedef HRESULT (*conversion)(HGROUP group, FILETIME *from, FILETIME *to);

/* How far it moves a time. */
static int64_t moved(HGROUP group, conversion convert)
{
	FILETIME t = to_filetime(peer_time_now()), was = t, to;

	HR(convert(group, &t, &to), S_OK);
	CHECK(from_filetime(t) == from_filetime(was), "what it is given it lets be");
	return (int64_t)(from_filetime(to) - from_filetime(t));
}

RULE(T2, "a new group's time is its creator's")
{
	CHECK(!moved(ours, PeerGroupUniversalTimeToPeerTime));
	CHECK(!moved(ours, PeerGroupPeerTimeToUniversalTime));
}

RULE(T1, "peer time counts 100 ns since 1601, and is the group's, not the host's")
{
	struct timespec ts = { 0, 0 };

	CHECK(peergroup_time_from_unix(&ts) == 116444736000000000ULL);
	NEED(!peergroup_online(ours, 0));
	bear_silence();
	meet_neighbour(APART);
	CHECK(moved(ours, PeerGroupUniversalTimeToPeerTime) == OFFSET);
}

RULE(T4, "a record's times are peer time")
{
	uint64_t before = peer_time_now(), expires, after;
	PEER_RECORD r = new_record(), *got;
	GUID id;

	expires = from_filetime(r.ftExpiration);
	HR(PeerGroupAddRecord(ours, &r, &id), S_OK);
	after = peer_time_now();
	got = current(&id);
	CHECK(from_filetime(got->ftCreation) >= before + OFFSET);
	CHECK(from_filetime(got->ftCreation) <= after + OFFSET);
	CHECK(from_filetime(got->ftLastModified) == from_filetime(got->ftCreation));
	CHECK(from_filetime(got->ftExpiration) == expires, "as it was given");
	PeerFreeData(got);
}

/* When the membership begins that a text gives; frees it. Ends at @end, where that is not 0. */
static uint64_t begins(PWSTR text, uint64_t end)
{
	PEER_INVITATION_INFO *info;
	uint64_t begin;

	HR(PeerGroupParseInvitation(text, &info), S_OK);
	NEED(info);
	begin = from_filetime(info->ftValidityStart);
	CHECK(begin <= peer_time_now());
	/* A certificate's are whole seconds. */
	CHECK(!end || (from_filetime(info->ftValidityEnd) <= end &&
		       from_filetime(info->ftValidityEnd) > end - TICKS));
	PeerFreeData(info);
	PeerFreeData(text);
	return begin;
}

RULE(T5, "an invitation's and credentials' times are UTC")
{
	uint64_t end = peer_time_now() + HOUR, renewed;
	FILETIME until = to_filetime(end);
	PWSTR xml, text;

	HR(PeerGroupIssueCredentials(ours, wide(bob), NULL, 0, &text), S_OK);
	renewed = begins(text, 0);
	HR(PeerIdentityGetXML(wide(bob), &xml), S_OK);
	HR(PeerGroupCreateInvitation(ours, xml, &until, 1, &PEER_GROUP_ROLE_MEMBER, &text), S_OK);
	/* Both begin as long before now, but credentials after those that they replace. */
	CHECK(renewed <= begins(text, end) + TICKS);
	PeerFreeData(xml);
}

RULE(K5, "time is converted in its place")
{
	FILETIME t = to_filetime(peer_time_now());
	uint64_t before = from_filetime(t);

	HR(PeerGroupUniversalTimeToPeerTime(ours, &t, &t), S_OK);
	CHECK(from_filetime(t) == before + OFFSET);
	HR(PeerGroupPeerTimeToUniversalTime(ours, &t, &t), S_OK);
	CHECK(from_filetime(t) == before);
}

RULE(T6, "times are converted both ways, once the group has synchronised")
{
	FILETIME t = { 1, 1 };

	HR(PeerGroupPeerTimeToUniversalTime(bobs, &t, &t), PEER_E_GROUP_NOT_READY);
	HR(PeerGroupUniversalTimeToPeerTime(bobs, &t, &t), PEER_E_GROUP_NOT_READY);
	CHECK(t.dwLowDateTime == 1 && t.dwHighDateTime == 1);
	CHECK(moved(ours, PeerGroupUniversalTimeToPeerTime) == OFFSET);
	CHECK(moved(ours, PeerGroupPeerTimeToUniversalTime) == -OFFSET);
	meet_neighbour(-APART);
	CHECK(moved(ours, PeerGroupUniversalTimeToPeerTime) == -OFFSET);
	CHECK(moved(ours, PeerGroupPeerTimeToUniversalTime) == OFFSET);
	peer_close(&neighbour);
}

int main(void)
{
	rules_begin();
	rules_people();
	rules_group(0, PEERGROUP_ROLE_MEMBER);
	return rules_main();
}
