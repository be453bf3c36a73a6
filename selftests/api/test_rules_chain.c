// SPDX-License-Identifier: GPL-2.0-only
// timeout: 400
/*
 * Who is the last that a chain of certificates has room for: what it may not issue any more.
 */
#include <stdio.h>
#include <string.h>
#include <p2p.h>
#include <peergroup.h>
#include "api.h"
#include "group.h"
#include "rules.h"
#include "tap.h"

#define CHAIN_MAX	24
#define BAD_TEXT	((PWSTR)&bad_handle)

static HGROUP last;		/* of the chain's last */
static char *bobs_xml;

/* A new administrator, invited by @above and synchronised; @above is closed. */
static HGROUP join_below(HGROUP above, unsigned int n)
{
	char classifier[20], *name, *xml, *text;
	HGROUP below;

	snprintf(classifier, sizeof(classifier), "m%u", n);
	NEED(!peergroup_identity_create(classifier, classifier, &name));
	NEED(!peergroup_identity_xml(name, &xml));
	NEED(!peergroup_invite(above, xml, 0, PEERGROUP_ROLE_ADMIN, &text));
	NEED(!peergroup_join(name, text, (peergroup_t *)&below));
	if (above != ours)
		NEED(!PeerGroupClose(above));
	NEED(!peergroup_online(below, (uint16_t)(BOBS_PORT + n)));
	NEED(!peergroup_connect(below, "127.0.0.1"));
	NEED(wait_until(is_ready, below));
	peergroup_free(name);
	peergroup_free(xml);
	peergroup_free(text);
	return below;
}

static void set_up(void)
{
	unsigned int i;
	PWSTR s;

	NEED(!peergroup_set_password(ours, "correct horse battery", PEERGROUP_ROLE_MEMBER));
	for (last = ours, i = 2; i < CHAIN_MAX; i++)
		last = join_below(last, i);
	/* With one place left it may. */
	HR(PeerGroupCreatePasswordInvitation(last, &s), S_OK);
	PeerFreeData(s);
	last = join_below(last, CHAIN_MAX);
}

ERROR(PeerGroupCreateInvitation, PEER_E_CHAIN_TOO_LONG, "by the chain's 24th")
{
	PWSTR s = BAD_TEXT;

	set_up();
	HR(PeerGroupCreateInvitation(last, wide(bobs_xml), NULL, 1, &PEER_GROUP_ROLE_MEMBER, &s),
	   PEER_E_CHAIN_TOO_LONG);
	CHECK(!s);
}

ERROR(PeerGroupCreatePasswordInvitation, PEER_E_CHAIN_TOO_LONG, "by the chain's 24th")
{
	PWSTR s = BAD_TEXT;

	HR(PeerGroupCreatePasswordInvitation(last, &s), PEER_E_CHAIN_TOO_LONG);
	CHECK(!s);
}

ERROR(PeerGroupIssueCredentials, PEER_E_CHAIN_TOO_LONG, "by the chain's 24th")
{
	PWSTR s = BAD_TEXT;

	HR(PeerGroupIssueCredentials(last, wide(bob), NULL, 0, &s), PEER_E_CHAIN_TOO_LONG);
	CHECK(!s);
}

int main(void)
{
	rules_begin();
	rules_people();
	rules_group(0, PEERGROUP_ROLE_MEMBER);
	rules_connect();
	NEED(!peergroup_identity_xml(bob, &bobs_xml));
	return rules_main();
}
