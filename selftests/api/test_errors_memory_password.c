// SPDX-License-Identifier: GPL-2.0-only
// timeout: 300
// long: each try to prove the password takes a moment
// valgrind: no: malloc() is replaced
/*
 * No memory: groups with a password, with each allocation that a call of either API makes
 * failing in turn, and the data folder as it was before. What libcrypto allocates for itself
 * is left alone here.
 */
#include <stdlib.h>
#include <string.h>
#include <p2p.h>
#include <peergroup.h>
#include "api.h"
#include "group.h"
#include "netlink.h"
#include "rules.h"
#include "tap.h"
#include "walk.h"

/* It takes room of its own in what is said of an invitation. */
#define CLUB	"The Club of all who sit here and wait for memory that does not come, as each of "	\
		"them has been told that there is none, one after the other, over and over again "	\
		"until all have been told"

static PWSTR text;			/* the invitation by password */

static PEER_GROUP_PROPERTIES club(void)
{
	return (PEER_GROUP_PROPERTIES){
		.dwSize = sizeof(PEER_GROUP_PROPERTIES), .pwzCreatorPeerName = wide(alice),
		.pwzFriendlyName = wide(CLUB), .pwzGroupPassword = wide(PASSWORD),
		.dwAuthenticationSchemes = PEER_GROUP_PASSWORD_AUTHENTICATION |
					   PEER_GROUP_GMC_AUTHENTICATION,
		.groupPasswordRole = PEER_GROUP_ROLE_MEMBER,
	};
}

static char *name_of(HGROUP group)
{
	struct peergroup_status *status;
	char *name;

	NEED(!peergroup_status(group, &status));
	name = strdup(status->name);
	NEED(name);
	peergroup_free(status);
	return name;
}

static HRESULT create_once(void)
{
	PEER_GROUP_PROPERTIES p = club();
	HGROUP group = BAD_GROUP;
	HRESULT hr = ARMED(PeerGroupCreate(&p, &group));
	char *name;

	if (FAILED(hr)) {
		CHECK(!group);
		return hr;
	}
	name = name_of(group);
	HR(PeerGroupDelete(wide(alice), wide(name)), S_OK);
	free(name);
	return hr;
}

static HRESULT create_utf8_once(void)
{
	peergroup_t group = (peergroup_t)&bad_handle;
	HRESULT hr = ARMED(peergroup_create_with_password(alice, NULL, PASSWORD,
							  PEERGROUP_ROLE_MEMBER, &group));
	char *name;

	if (FAILED(hr)) {
		CHECK(!group);
		return hr;
	}
	name = name_of(group);
	HR(peergroup_delete(alice, name), S_OK);
	free(name);
	return hr;
}

ERROR(PeerGroupCreate, E_OUTOFMEMORY, "each allocation in turn, with a password")
{
	PEER_GROUP_PROPERTIES p;

	heap_walk(create_once, walk_files);
	heap_walk(create_utf8_once, walk_files);
	p = club();
	NEED(!PeerGroupCreate(&p, &ours));
	group_name = name_of(ours);
}

static HRESULT change_once(void)
{
	PEER_GROUP_PROPERTIES *p;
	HRESULT hr;

	NEED(!PeerGroupGetProperties(ours, &p));
	p->pwzGroupPassword = wide(PASSWORD);
	hr = ARMED(PeerGroupSetProperties(ours, p));
	PeerFreeData(p);
	return hr;
}

ERROR(PeerGroupSetProperties, E_OUTOFMEMORY, "each allocation in turn, with a password")
{
	heap_walk(change_once, NULL);
}

static HRESULT invite_once(void)
{
	return TEXT(PeerGroupCreatePasswordInvitation, ours);
}

static HRESULT invite_utf8_once(void)
{
	return GIVES(peergroup_password_invitation, ours);
}

ERROR(PeerGroupCreatePasswordInvitation, E_OUTOFMEMORY, "each allocation in turn")
{
	heap_walk(invite_once, walk_files);
	heap_walk(invite_utf8_once, walk_files);
	NEED(!PeerGroupCreatePasswordInvitation(ours, &text));
}

static HRESULT join_once(void)
{
	HGROUP group = BAD_GROUP;
	HRESULT hr = ARMED(PeerGroupPasswordJoin(wide(bob), text, wide(PASSWORD), NULL, &group));

	if (FAILED(hr))
		CHECK(!group);
	else
		HR(PeerGroupDelete(wide(bob), wide(group_name)), S_OK);
	return hr;
}

static char *text_utf8;

static HRESULT join_utf8_once(void)
{
	peergroup_t group = (peergroup_t)&bad_handle;
	HRESULT hr = ARMED(peergroup_join_password(bob, text_utf8, PASSWORD, &group));

	if (FAILED(hr))
		CHECK(!group);
	else
		HR(peergroup_delete(bob, group_name), S_OK);
	return hr;
}

/* It says no more than which group that is. */
static HRESULT parse_once(void)
{
	struct peergroup_invitation *i = (void *)&bad_handle;
	HRESULT hr = ARMED(peergroup_parse_invitation(text_utf8, &i));

	if (SUCCEEDED(hr))
		CHECK(!strcmp(i->group_name, group_name) && !i->subject_name);
	return walk_given(hr, i);
}

ERROR(PeerGroupPasswordJoin, E_OUTOFMEMORY, "each allocation in turn")
{
	heap_walk(join_once, walk_files);
	NEED(!peergroup_utf8_from_wide(text, &text_utf8));
	heap_walk(join_utf8_once, walk_files);
	heap_walk(parse_once, NULL);
	peergroup_free(text_utf8);
}

/* A handle of the group, which Bob has joined but not proved the password to. */
static HRESULT authenticate_once(void)
{
	HRESULT hr;

	NEED(!PeerGroupPasswordJoin(wide(bob), text, wide(PASSWORD), NULL, &bobs));
	hr = ARMED(peergroup_authenticate(bobs, "127.0.0.1"));
	HR(PeerGroupDelete(wide(bob), wide(group_name)), S_OK);
	return hr;
}

/* As often as one likes. */
static void no_limits(void)
{
	struct peergroup_status *status;
	struct nl nl;

	NEED(!peergroup_status(ours, &status));
	NEED(!nl_open(&nl));
	NEED(!group_limit(&nl, status->index, PEERGROUP_A_LIMIT_PASSWORD_RATE, 0));
	NEED(!group_limit(&nl, status->index, PEERGROUP_A_LIMIT_PASSWORD_PREFIX_RATE, 0));
	nl_close(&nl);
	peergroup_free(status);
}

RULE(W6, "the password is proved, with each allocation failing in turn")
{
	NEED(!peergroup_online(ours, 0));
	no_limits();
	heap_walk(authenticate_once, NULL);
	PeerFreeData(text);
}

int main(void)
{
	rules_begin();
	walk_people();
	return rules_main();
}
