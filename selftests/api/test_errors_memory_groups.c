// SPDX-License-Identifier: GPL-2.0-only
// timeout: 300
// long: a walk of some hundred allocations, most of them with a link or a key file
// valgrind: no: malloc() is replaced
/*
 * No memory: each of the functions about groups and invitations, of both APIs, with each
 * allocation that it makes failing in turn, and the data folder as it was before. What libcrypto
 * allocates for itself is left alone here, and it makes no keys.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <p2p.h>
#include <peergroup.h>
#include "api.h"
#include "group.h"
#include "rules.h"
#include "tap.h"
#include "walk.h"

/* ---------------------------------------------------------------- groups -- */

static HRESULT check_group(HRESULT hr, HGROUP group)
{
	if (FAILED(hr))
		CHECK(!group);
	else
		HR(PeerGroupClose(group), S_OK);
	return hr;
}

static void delete_named(const char *identity, HGROUP group)
{
	struct peergroup_status *status;

	NEED(!peergroup_status(group, &status));
	HR(PeerGroupDelete(wide(identity), wide(status->name)), S_OK);
	peergroup_free(status);
}

static PEER_GROUP_PROPERTIES properties(void)
{
	return (PEER_GROUP_PROPERTIES){
		.dwSize = sizeof(PEER_GROUP_PROPERTIES), .pwzCreatorPeerName = wide(alice),
		.pwzFriendlyName = wide("Another"), .pwzClassifier = wide("other"),
		.pwzCloud = wide("campus"),
	};
}

static void configure_cloud(void)
{
	char path[200];
	FILE *file;

	snprintf(path, sizeof(path), "%s/clouds", getenv("PEERGROUP_HOME"));
	file = fopen(path, "w");
	NEED(file && fputs("campus SITELOCAL\n", file) >= 0 && !fclose(file));
}

static HRESULT create_once(void)
{
	PEER_GROUP_PROPERTIES p = properties();
	HGROUP group = BAD_GROUP;
	HRESULT hr = ARMED(PeerGroupCreate(&p, &group));

	if (FAILED(hr))
		CHECK(!group);
	else
		delete_named(alice, group);
	return hr;
}

static HRESULT create_utf8_once(void)
{
	static const struct peergroup_create_options options = {
		.classifier = "other", .friendly = "Another", .comment = "one", .cloud = "campus",
	};
	HGROUP group = BAD_GROUP;
	HRESULT hr = ARMED(peergroup_create(alice, &options, (peergroup_t *)&group));

	if (FAILED(hr))
		CHECK(!group);
	else
		delete_named(alice, group);
	return hr;
}

ERROR(PeerGroupCreate, E_OUTOFMEMORY, "each allocation in turn")
{
	configure_cloud();
	heap_walk(create_once, walk_files);
	heap_walk(create_utf8_once, walk_files);
}

static PWSTR bobs_xml;
static HGROUP in_campus;

/* It says what cloud that is, or nothing. */
static HRESULT invite_once(void)
{
	PEER_INVITATION_INFO *info;
	PWSTR text = BAD_TEXT;
	HRESULT hr = ARMED(PeerGroupCreateInvitation(in_campus, bobs_xml, NULL, 1,
						     &PEER_GROUP_ROLE_MEMBER, &text));

	if (SUCCEEDED(hr)) {
		NEED(!PeerGroupParseInvitation(text, &info));
		CHECK(info->dwScope == PNRP_SITE_LOCAL_SCOPE, "scope %u", info->dwScope);
		PeerFreeData(info);
	}
	return walk_text(hr, text);
}

static char *bobs_utf8;

static HRESULT invite_utf8_once(void)
{
	return GIVES(peergroup_invite, in_campus, bobs_utf8, 0, PEERGROUP_ROLE_MEMBER);
}

ERROR(PeerGroupCreateInvitation, E_OUTOFMEMORY, "each allocation in turn")
{
	PEER_GROUP_PROPERTIES p = properties();

	NEED(!PeerGroupCreate(&p, &in_campus));
	NEED(!PeerIdentityGetXML(wide(bob), &bobs_xml));
	heap_walk(invite_once, NULL);
	NEED(!peergroup_identity_xml(bob, &bobs_utf8));
	heap_walk(invite_utf8_once, walk_files);
	peergroup_free(bobs_utf8);
	delete_named(alice, in_campus);
}

static HRESULT open_once(void)
{
	HGROUP group = BAD_GROUP;
	HRESULT hr = ARMED(PeerGroupOpen(wide(alice), wide(group_name), NULL, &group));

	return check_group(hr, group);
}

static HRESULT open_utf8_once(void)
{
	HGROUP group = BAD_GROUP;
	HRESULT hr = ARMED(peergroup_open(alice, group_name, (peergroup_t *)&group));

	return check_group(hr, group);
}

/* A handle is good until it is closed, and not after that. */
static HRESULT close_once(void)
{
	peergroup_t group;
	HRESULT hr;

	NEED(!peergroup_open(alice, group_name, &group));
	hr = ARMED(peergroup_close(group));
	if (FAILED(hr))
		HR(peergroup_close(group), S_OK);
	HR(peergroup_close(group), PEER_E_INVALID_GROUP);
	return hr;
}

ERROR(PeerGroupOpen, E_OUTOFMEMORY, "each allocation in turn")
{
	rules_group(0, PEERGROUP_ROLE_MEMBER);
	heap_walk(open_once, walk_files);
	heap_walk(open_utf8_once, walk_files);
	heap_walk(close_once, walk_files);
}

static HRESULT parse_once(void)
{
	PEER_INVITATION_INFO *info = (void *)&bad_handle;
	HRESULT hr = ARMED(PeerGroupParseInvitation(wide(invitation), &info));

	if (FAILED(hr)) {
		CHECK(!info);
		return hr;
	}
	CHECK(same(info->pwzGroupPeerName, group_name) && same(info->pwzSubjectPeerName, bob));
	PeerFreeData(info);
	return hr;
}

static HRESULT parse_utf8_once(void)
{
	struct peergroup_invitation *i = (void *)&bad_handle;
	HRESULT hr = ARMED(peergroup_parse_invitation(invitation, &i));

	if (SUCCEEDED(hr))
		CHECK(!strcmp(i->group_name, group_name) && !strcmp(i->subject_name, bob));
	return walk_given(hr, i);
}

ERROR(PeerGroupParseInvitation, E_OUTOFMEMORY, "each allocation in turn")
{
	heap_walk(parse_once, NULL);
	heap_walk(parse_utf8_once, NULL);
}

static HRESULT join_once(void)
{
	HGROUP group = BAD_GROUP;
	HRESULT hr = ARMED(PeerGroupJoin(wide(bob), wide(invitation), NULL, &group));

	if (FAILED(hr))
		CHECK(!group);
	else
		delete_named(bob, group);
	return hr;
}

static HRESULT join_utf8_once(void)
{
	HGROUP group = BAD_GROUP;
	HRESULT hr = ARMED(peergroup_join(bob, invitation, (peergroup_t *)&group));

	if (FAILED(hr))
		CHECK(!group);
	else
		delete_named(bob, group);
	return hr;
}

ERROR(PeerGroupJoin, E_OUTOFMEMORY, "each allocation in turn")
{
	NEED(!PeerGroupDelete(wide(bob), wide(group_name)));
	heap_walk(join_once, walk_files);
	heap_walk(join_utf8_once, walk_files);
}

/* It is gone, or as it was. */
static HRESULT delete_once(void)
{
	static HGROUP group;
	HRESULT hr;

	if (!group)
		NEED(!PeerGroupJoin(wide(bob), wide(invitation), NULL, &group));
	hr = ARMED(PeerGroupDelete(wide(bob), wide(group_name)));
	if (SUCCEEDED(hr))
		group = NULL;
	return hr;
}

static HRESULT delete_utf8_once(void)
{
	static peergroup_t group;
	HRESULT hr;

	if (!group)
		NEED(!peergroup_join(bob, invitation, &group));
	hr = ARMED(peergroup_delete(bob, group_name));
	if (SUCCEEDED(hr))
		group = NULL;
	return hr;
}

ERROR(PeerGroupDelete, E_OUTOFMEMORY, "each allocation in turn")
{
	heap_walk(delete_once, NULL);
	heap_walk(delete_utf8_once, NULL);
}

static HRESULT groups_once(void)
{
	HPEERENUM list = BAD_LIST;
	HRESULT hr = ARMED(PeerEnumGroups(wide(alice), &list));

	return walk_list(hr, list, 1);
}

ERROR(PeerEnumGroups, E_OUTOFMEMORY, "each allocation in turn")
{
	heap_walk(groups_once, NULL);
}

int main(void)
{
	rules_begin();
	walk_people();
	return rules_main();
}
