// SPDX-License-Identifier: GPL-2.0-only
// timeout: 300
/*
 * Records that their publisher keeps alive. Each case is called by its rule in
 * rules.tsv. The clock is set forward, so that what is due in minutes is due now; what
 * goes by waiting is in long/test_timers.
 */
#include <string.h>
#include <p2p.h>
#include <peergroup.h>
#include "api.h"
#include "group.h"
#include "rules.h"
#include "tap.h"

#define MINUTES(n)	((n) * 60 * TICKS)

static GUID add_flagged(DWORD flags, uint64_t lifetime)
{
	PEER_RECORD r = new_record();
	GUID id;

	r.dwFlags = flags;
	r.pwzAttributes = (PWSTR)u"<attributes><attribute name=\"a\" "
				 u"type=\"string\">kept</attribute></attributes>";
	r.ftExpiration = to_filetime(peer_time_now() + lifetime);
	NEED(PeerGroupAddRecord(ours, &r, &id) == S_OK && rules_agree(&id));
	return id;
}

static uint64_t left(HGROUP group, const GUID *id)
{
	PEER_RECORD *r = get_record(group, id);
	uint64_t time = r ? from_filetime(r->ftExpiration) : 0, now = peer_time_now();

	PeerFreeData(r);
	return time > now ? time - now : 0;
}

static bool same_text(const WCHAR *a, const WCHAR *b)
{
	while (*a && *a == *b)
		a++, b++;
	return *a == *b;
}

static bool refreshed(void *id)
{
	return version_of(bobs, id) == 2;
}

static bool has_it(void *id)
{
	return version_of(ours, id) == 1;
}

/* Its program has been started anew, and has it to go on with. */
static void another_program(GUID *id)
{
	HGROUP again;

	HR(PeerGroupOpen(wide(alice), wide(group_name), NULL, &again), S_OK);
	CHECK(wait_until(refreshed, id));
	HR(PeerGroupClose(again), S_OK);
}

/* And it lives for four minutes or longer; its flag stays. */
static void test_flag(void)
{
	GUID id = add_flagged(PEER_RECORD_FLAG_AUTOREFRESH, MINUTES(1));
	PEER_RECORD *r;

	CHECK(left(ours, &id) > MINUTES(3));
	CHECK(left(ours, &id) <= MINUTES(4));
	r = current(&id);
	CHECK(r->dwFlags == PEER_RECORD_FLAG_AUTOREFRESH);
	r->dwFlags = 0;
	HR(PeerGroupUpdateRecord(ours, r), PEER_E_INVALID_RECORD);
	r->dwFlags = PEER_RECORD_FLAG_AUTOREFRESH;
	HR(PeerGroupUpdateRecord(ours, r), S_OK);
	CHECK(version_of(ours, &id) == 2);
	HR(PeerGroupDeleteRecord(ours, &id), S_OK);
	PeerFreeData(r);
}

static GUID bobs_refreshed(const char *data)
{
	PEER_RECORD r = new_record();
	GUID id;

	r.dwFlags = PEER_RECORD_FLAG_AUTOREFRESH;
	r.data.pbData = (PBYTE)data;
	r.data.cbData = (ULONG)strlen(data);
	r.ftExpiration = to_filetime(peer_time_now() + MINUTES(5));
	NEED(PeerGroupAddRecord(bobs, &r, &id) == S_OK);
	NEED(wait_until(has_it, &id));
	return id;
}

/* What an administrator made of a record is not signed by its publisher. */
static void test_changed(void)
{
	GUID changed = bobs_refreshed("bob's"), own = bobs_refreshed("bob's, too");
	PEER_RECORD *r = current(&changed);
	HGROUP again;

	r->data.pbData = (PBYTE)"alice's";
	r->data.cbData = 7;
	HR(PeerGroupUpdateRecord(ours, r), S_OK);
	NEED(wait_until(refreshed, &changed));
	set_clock(4 * 60 + 10);
	HR(PeerGroupOpen(wide(bob), wide(group_name), NULL, &again), S_OK);
	CHECK(wait_until(refreshed, &own));
	/* The turn in which that was ends before the handle does. */
	HR(PeerGroupClose(again), S_OK);
	CHECK(version_of(bobs, &changed) == 2);
	set_clock(-4 * 60 - 10);
	PeerFreeData(r);
}

RULE(E4, "the publisher's host extends a record in time, and only such a one")
{
	GUID kept = add_flagged(PEER_RECORD_FLAG_AUTOREFRESH, MINUTES(5));
	GUID early = add_flagged(PEER_RECORD_FLAG_AUTOREFRESH, MINUTES(30));
	GUID plain = add_flagged(0, MINUTES(5));
	PEER_RECORD *before = get_record(bobs, &kept), *after;

	set_clock(4 * 60 + 10);
	CHECK(left(bobs, &kept) < MINUTES(1));
	another_program(&kept);
	after = get_record(bobs, &kept);
	NEED(before && after);
	CHECK(left(bobs, &kept) > MINUTES(4));
	CHECK(after->dwFlags == PEER_RECORD_FLAG_AUTOREFRESH);
	CHECK(from_filetime(after->ftCreation) == from_filetime(before->ftCreation));
	CHECK(guids_equal(&after->type, &before->type));
	CHECK(after->data.cbData == before->data.cbData &&
	      !memcmp(after->data.pbData, before->data.pbData, before->data.cbData));
	CHECK(after->pwzAttributes && same_text(after->pwzAttributes, before->pwzAttributes));
	CHECK(version_of(ours, &early) == 1 && version_of(ours, &plain) == 1);
	PeerFreeData(before);
	PeerFreeData(after);
	set_clock(-4 * 60 - 10);
	test_flag();
	test_changed();
}

RULE(E6, "a refresh is an update, of one more version")
{
	GUID id = add_flagged(PEER_RECORD_FLAG_AUTOREFRESH, MINUTES(5));
	struct listener l;

	listen_for(&l, bobs, PEER_GROUP_EVENT_RECORD_CHANGED, &rules_type);
	set_clock(4 * 60 + 10);
	another_program(&id);
	CHECK(hear_change(&l, &id, PEER_RECORD_UPDATED));
	stop_listening(&l);
	set_clock(-4 * 60 - 10);
}

int main(void)
{
	rules_begin();
	rules_people();
	rules_group(0, PEERGROUP_ROLE_MEMBER);
	rules_connect();
	return rules_main();
}
