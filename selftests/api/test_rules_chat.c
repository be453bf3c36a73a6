// SPDX-License-Identifier: GPL-2.0-only
// timeout: 200
/*
 * What the group chat that Windows programmers learnt from does, as it does it: from
 * making a group to the lines that come back to who wrote them. Each case is called by
 * its rule in rules.tsv.
 */
#include <stdlib.h>
#include <string.h>
#include <p2p.h>
#include <peergroup.h>
#include "api.h"
#include "group.h"
#include "rules.h"
#include "tap.h"

#define MINUTE	(60 * TICKS)
#define DAY	(24 * HOUR)

/* Text as it lies in a file, and back: a line of 16-bit characters with nothing around. */
static WCHAR *through_file(const WCHAR *text)
{
	static WCHAR copy[WIDE_MAX];
	size_t len = 0, n;
	FILE *f = tmpfile();

	while (text[len])
		len++;
	NEED(f && fwrite(text, sizeof(*text), len, f) == len && !fseek(f, 0, SEEK_SET));
	n = fread(copy, sizeof(*copy), WIDE_MAX - 1, f);
	fclose(f);
	CHECK(n == len);
	copy[n] = 0;
	return copy;
}

RULE(K1, "a group is made of size, classifier, friendly name and creator alone")
{
	PEER_GROUP_PROPERTIES p = { .dwSize = sizeof(p) }, *made;

	p.pwzClassifier = wide("chat");
	p.pwzFriendlyName = wide("A chat");
	p.pwzCreatorPeerName = wide(alice);
	HR(PeerGroupCreate(&p, &ours), S_OK);
	NEED(ours);
	HR(PeerGroupGetProperties(ours, &made), S_OK);
	CHECK(same(made->pwzFriendlyName, "A chat") && same(made->pwzClassifier, "chat"));
	PeerFreeData(made);
	HR(PeerGroupConnect(ours), S_OK);
}

static PWSTR bobs_xml, bobs_invitation;

RULE(K3, "one role is a pointer to it and a count of 1")
{
	FILETIME end = to_filetime(peer_time_now() + HOUR);
	PWSTR s = NULL;

	HR(PeerIdentityGetXML(wide(bob), &bobs_xml), S_OK);
	HR(PeerGroupCreateInvitation(ours, bobs_xml, &end, 1, &PEER_GROUP_ROLE_MEMBER, &s), S_OK);
	PeerFreeData(s);
}

RULE(K4, "an invitation is for fifteen days, by the clock of the computer")
{
	uint64_t now = peer_time_now();
	FILETIME end = to_filetime(now + 15 * DAY);
	PEER_INVITATION_INFO *info;

	HR(PeerGroupCreateInvitation(ours, through_file(bobs_xml), &end, 1,
				     &PEER_GROUP_ROLE_MEMBER, &bobs_invitation), S_OK);
	NEED(bobs_invitation);
	HR(PeerGroupParseInvitation(bobs_invitation, &info), S_OK);
	CHECK(from_filetime(info->ftValidityEnd) > now + 15 * DAY - MINUTE);
	CHECK(from_filetime(info->ftValidityEnd) <= now + 15 * DAY);
	PeerFreeData(info);
}

RULE(K2, "XML goes through files of 16-bit characters without a mark at their beginning")
{
	CHECK(bobs_xml[0] == '<' && bobs_invitation[0] == '<');
	HR(PeerGroupJoin(wide(bob), through_file(bobs_invitation), NULL, &bobs), S_OK);
	NEED(bobs);
	PeerFreeData(bobs_xml);
	PeerFreeData(bobs_invitation);
	rules_meet();
	NEED(wait_until(is_ready, bobs));
}

static struct listener here;
static GUID line;

RULE(K6, "a line is a record for two minutes, without attributes or flags")
{
	static WCHAR text[] = { 'h', 'i', 0 };
	PEER_RECORD r = {
		.dwSize = sizeof(r), .type = rules_type,
		.data = { sizeof(text), (PBYTE)text },
	};

	listen_for(&here, ours, PEER_GROUP_EVENT_RECORD_CHANGED, &rules_type);
	r.ftExpiration = to_filetime(peer_time_now() + 2 * MINUTE);
	HR(PeerGroupUniversalTimeToPeerTime(ours, &r.ftExpiration, &r.ftExpiration), S_OK);
	HR(PeerGroupAddRecord(ours, &r, &line), S_OK);
	CHECK(rules_agree(&line));
}

RULE(K10, "one's own line comes back as an event")
{
	PEER_RECORD *r;

	CHECK(hear_change(&here, &line, PEER_RECORD_ADDED));
	HR(PeerGroupGetRecord(ours, &line, &r), S_OK);
	CHECK(r && r->data.cbData == 6 && same((WCHAR *)r->data.pbData, "hi"));
	CHECK(r && same(r->pwzCreatorId, alice));
	PeerFreeData(r);
	stop_listening(&here);
}

RULE(K7, "nothing may be freed, and at the end of a list its pointer is written")
{
	HPEERENUM list;
	void **items;
	ULONG n = 1;

	PeerFreeData(NULL);
	HR(PeerGroupEnumRecords(ours, &rules_type, &list), S_OK);
	while (n) {
		HR(PeerGetNextItem(list, &n, &items), S_OK);
		if (n)
			PeerFreeData(items);
	}
	/* Were it what it was, this would free it twice. */
	PeerFreeData(items);
	HR(PeerEndEnumeration(list), S_OK);
}

ERROR(PeerFreeData, NULL, "nothing happens")
{
	PeerFreeData(NULL);
	PeerFreeData(NULL);
}

RULE(K8, "a filter beside events that know none is let be")
{
	listen_for(&here, ours, PEER_GROUP_EVENT_DIRECT_CONNECTION, &rules_type);
	stop_listening(&here);
}

RULE(K9, "who is there is listed with credentials, which have a friendly name")
{
	PEER_MEMBER **items;
	HPEERENUM list;
	ULONG n = 10, i, named = 0;

	HR(PeerGroupEnumMembers(ours, PEER_MEMBER_PRESENT, NULL, &list), S_OK);
	HR(PeerGetNextItem(list, &n, (PVOID **)&items), S_OK);
	CHECK(n == 2);
	for (i = 0; i < n; i++) {
		NEED(items[i]->pCredentialInfo);
		named += same(items[i]->pCredentialInfo->pwzFriendlyName, "Alice") ||
			 same(items[i]->pCredentialInfo->pwzFriendlyName, "Bob");
	}
	CHECK(named == 2);
	PeerFreeData(items);
	HR(PeerEndEnumeration(list), S_OK);
}

int main(void)
{
	rules_begin();
	rules_people();
	return rules_main();
}
