// SPDX-License-Identifier: GPL-2.0-only
// timeout: 120
/*
 * The rule of groups in which nothing expires while nobody is connected. The case is
 * called by its rule in rules.tsv.
 */
#include <stdlib.h>
#include <string.h>
#include <p2p.h>
#include <peergroup.h>
#include "api.h"
#include "group.h"
#include "rules.h"
#include "tap.h"

static GUID add_until(HGROUP group, uint64_t expires)
{
	PEER_RECORD r = new_record();
	HRESULT hr;
	GUID id;

	r.ftExpiration = to_filetime(expires);
	hr = PeerGroupAddRecord(group, &r, &id);
	NEED(!hr);
	return id;
}

static bool is_past(void *arg)
{
	return peer_time_now() > *(uint64_t *)arg;
}

/* Does the group have it, by all the ways to ask? */
static bool there_is(HGROUP group, const GUID *id, ULONG total)
{
	PEER_RECORD *r = get_record(group, id);

	if (!r)
		return false;
	PeerFreeData(r);
	return count_records(group, &rules_type) == total;
}

RULE(E3, "with PEER_DEFER_EXPIRATION nothing expires while nobody is connected")
{
	struct listener here, there;
	uint64_t soon, past;
	GUID both, alone, kept;

	rules_connect();
	listen_for(&here, ours, PEER_GROUP_EVENT_RECORD_CHANGED, NULL);
	listen_for(&there, bobs, PEER_GROUP_EVENT_RECORD_CHANGED, NULL);
	soon = peer_time_now() + 4 * TICKS;
	both = add_until(ours, soon);
	kept = add_until(ours, soon);
	CHECK(rules_agree(&both) && rules_agree(&kept));
	CHECK(hear_change(&here, &kept, PEER_RECORD_ADDED));
	CHECK(hear_change(&there, &kept, PEER_RECORD_ADDED));

	/* Apart, both have it beyond its end, and Alice one that Bob never gets. */
	rules_part();
	alone = add_until(ours, soon + TICKS);
	CHECK(hear_change(&here, &alone, PEER_RECORD_ADDED));
	past = soon + 2 * TICKS;
	CHECK(wait_until(is_past, &past));
	CHECK(there_is(ours, &both, 3) && there_is(ours, &alone, 3));
	CHECK(there_is(bobs, &both, 2), "%u", count_records(bobs, &rules_type));
	CHECK(silent(&here) && silent(&there));
	/* What is still there can be prolonged, and then stays. */
	{
		PEER_RECORD *r = current(&kept);

		r->ftExpiration = to_filetime(peer_time_now() + HOUR);
		HR(PeerGroupUpdateRecord(ours, r), S_OK);
		PeerFreeData(r);
	}
	CHECK(hear_change(&here, &kept, PEER_RECORD_UPDATED));

	/* With the first connection it is over. */
	rules_meet();
	CHECK(hear_change(&here, &both, PEER_RECORD_EXPIRED));
	CHECK(hear_change(&here, &alone, PEER_RECORD_EXPIRED));
	CHECK(rules_agree(&kept));
	CHECK(!get_record(ours, &both) && !get_record(ours, &alone));
	CHECK(!get_record(bobs, &both) && !get_record(bobs, &alone));
	CHECK(there_is(ours, &kept, 1) && there_is(bobs, &kept, 1));

	/* And while there is one, each goes at its time. */
	both = add_until(ours, peer_time_now() + TICKS);
	CHECK(hear_change(&here, &both, PEER_RECORD_EXPIRED));
	stop_listening(&here);
	stop_listening(&there);
}

int main(void)
{
	rules_begin();
	rules_people();
	rules_group(PEER_DEFER_EXPIRATION, PEERGROUP_ROLE_MEMBER);
	return rules_main();
}
