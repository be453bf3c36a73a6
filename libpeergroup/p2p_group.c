// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The calls of <p2p.h> about groups: UTF-16 and Windows structures turned into
 * what lifecycle.c works on, and the properties that only Windows programs give.
 */
#include <stdlib.h>
#include "group.h"

#define PASSWORD_MIN	8	/* characters */

/* The structure as it was before Windows Vista. */
#define PROPERTIES_SIZE_XP \
	offsetof(PEER_GROUP_PROPERTIES, dwAuthenticationSchemes)

/* Text of a program, converted; zeroed before use. */
struct texts {
	char *identity, *classifier, *friendly, *comment, *cloud;
};

static void free_texts(struct texts *t)
{
	free(t->identity);
	free(t->classifier);
	free(t->friendly);
	free(t->comment);
	free(t->cloud);
}

/* What is not proper Unicode is as wrong as the field it stands in. */
static HRESULT take_text(const WCHAR *from, char **to, HRESULT bad, const char *what)
{
	HRESULT hr = pgi_utf8_from_wide(from, to);

	if (hr == E_INVALIDARG)
		return pgi_fail(bad, "%s is not proper Unicode", what);
	return hr;
}

static HRESULT take_texts(const PEER_GROUP_PROPERTIES *p, struct texts *t)
{
	HRESULT hr;

	hr = take_text(p->pwzCloud, &t->cloud, PEER_E_NO_CLOUD, "pwzCloud");
	if (SUCCEEDED(hr))
		hr = take_text(p->pwzClassifier, &t->classifier, PEER_E_INVALID_CLASSIFIER,
			       "pwzClassifier");
	if (SUCCEEDED(hr))
		hr = take_text(p->pwzCreatorPeerName, &t->identity, PEER_E_INVALID_PEER_NAME,
			       "pwzCreatorPeerName");
	if (SUCCEEDED(hr))
		hr = take_text(p->pwzFriendlyName, &t->friendly,
			       PEER_E_INVALID_GROUP_PROPERTIES, "pwzFriendlyName");
	if (SUCCEEDED(hr))
		hr = take_text(p->pwzComment, &t->comment,
			       PEER_E_INVALID_GROUP_PROPERTIES, "pwzComment");
	return hr;
}

/* ------------------------------------------------------------- passwords -- */

static bool role_known(const GUID *role)
{
	static const GUID null;

	return !memcmp(role, &null, sizeof(null)) ||
	       !memcmp(role, &PEER_GROUP_ROLE_MEMBER, sizeof(*role)) ||
	       !memcmp(role, &PEER_GROUP_ROLE_INVITING_MEMBER, sizeof(*role)) ||
	       !memcmp(role, &PEER_GROUP_ROLE_ADMIN, sizeof(*role));
}

static size_t wide_length(const WCHAR *s)
{
	size_t n = 0;

	while (s[n])
		n++;
	return n;
}

static HRESULT check_password(const PEER_GROUP_PROPERTIES *p)
{
	const DWORD known = PEER_GROUP_GMC_AUTHENTICATION | PEER_GROUP_PASSWORD_AUTHENTICATION;
	bool wanted = p->dwAuthenticationSchemes & PEER_GROUP_PASSWORD_AUTHENTICATION;

	if (p->dwAuthenticationSchemes & ~known)
		return pgi_fail(PEER_E_INVALID_GROUP_PROPERTIES, "unknown authentication schemes");
	if (wanted != (p->pwzGroupPassword != NULL))
		return pgi_fail(PEER_E_INVALID_GROUP_PROPERTIES,
				"a password and its authentication scheme need each other");
	if (!role_known(&p->groupPasswordRole))
		return pgi_fail(PEER_E_INVALID_GROUP_PROPERTIES, "unknown groupPasswordRole");
	if (!wanted)
		return S_OK;
	if (wide_length(p->pwzGroupPassword) < PASSWORD_MIN)
		return pgi_fail(PEER_E_PASSWORD_DOES_NOT_MEET_POLICY,
				"the password has less than %d characters", PASSWORD_MIN);
	return pgi_fail(PEER_E_INVALID_GROUP_PROPERTIES,
			"this version makes no groups with a password");
}

/* ---------------------------------------------------------------- create -- */

/* A program for Windows XP has a shorter structure: the rest counts as zero. */
static HRESULT take_properties(const PEER_GROUP_PROPERTIES *from, PEER_GROUP_PROPERTIES *to)
{
	memset(to, 0, sizeof(*to));
	if (from->dwSize != sizeof(*from) && from->dwSize != PROPERTIES_SIZE_XP)
		return pgi_fail(E_INVALIDARG, "dwSize of the properties is wrong");
	memcpy(to, from, from->dwSize);
	if (to->pwzGroupPeerName)
		return pgi_fail(E_INVALIDARG, "pwzGroupPeerName is made by the library");
	return S_OK;
}

static HRESULT create(const PEER_GROUP_PROPERTIES *p, HGROUP *group)
{
	struct peergroup_create_options options;
	struct texts t = { 0 };
	HRESULT hr;

	hr = take_texts(p, &t);
	if (SUCCEEDED(hr))
		hr = check_password(p);
	if (SUCCEEDED(hr)) {
		options = (struct peergroup_create_options) {
			.classifier = t.classifier, .friendly = t.friendly,
			.comment = t.comment, .cloud = t.cloud, .flags = p->dwFlags,
			.member_data_lifetime = p->ulMemberDataLifetime,
			.presence_lifetime = p->ulPresenceLifetime,
		};
		hr = pgi_create(t.identity, &options, group);
	}
	/* A name that once was one's own: the contract has a code of its own. */
	if (hr == PEER_E_NOT_FOUND && t.identity)
		hr = pgi_fail(HRESULT_FROM_WIN32(ERROR_DELETE_PENDING),
			      "the identity %s does not exist or was deleted", t.identity);
	free_texts(&t);
	return hr;
}

PGI_PUBLIC HRESULT PeerGroupCreate(PPEER_GROUP_PROPERTIES properties, HGROUP *group)
{
	PEER_GROUP_PROPERTIES p;
	HRESULT hr;

	pgi_clear_error();
	if (group)
		*group = NULL;
	hr = pgi_started();
	if (FAILED(hr))
		return hr;
	if (!properties || !group)
		return pgi_fail(E_INVALIDARG, "%s is NULL", group ? "pProperties" : "phGroup");
	hr = take_properties(properties, &p);
	return FAILED(hr) ? hr : create(&p, group);
}

/* ------------------------------------------------------------ open, join -- */

static HRESULT check_cloud(const WCHAR *wide)
{
	char *cloud;
	HRESULT hr;

	hr = take_text(wide, &cloud, PEER_E_NO_CLOUD, "pwzCloud");
	if (FAILED(hr))
		return hr;
	if (!pgi_cloud_known(cloud))
		hr = pgi_fail(PEER_E_NO_CLOUD, "there is no cloud \"%s\"", cloud);
	free(cloud);
	return hr;
}

/* Two strings of a call; @first may be NULL. */
static HRESULT take_pair(const WCHAR *first, HRESULT bad_first, const WCHAR *second,
			 char **a, char **b)
{
	HRESULT hr;

	*b = NULL;
	hr = take_text(first, a, bad_first, "pwzIdentity");
	if (FAILED(hr)) {
		*a = NULL;
		return hr;
	}
	hr = pgi_utf8_from_wide(second, b);
	if (FAILED(hr)) {
		free(*a);
		*a = NULL;
		*b = NULL;
	}
	return hr;
}

PGI_PUBLIC HRESULT PeerGroupOpen(PCWSTR identity, PCWSTR name, PCWSTR cloud, HGROUP *group)
{
	char *identity8, *name8;
	HRESULT hr;

	pgi_clear_error();
	if (group)
		*group = NULL;
	hr = pgi_started();
	if (FAILED(hr))
		return hr;
	if (!identity || !name || !group)
		return pgi_fail(E_INVALIDARG, "pwzIdentity, pwzGroupPeerName or phGroup is NULL");
	hr = check_cloud(cloud);
	if (SUCCEEDED(hr))
		hr = take_pair(identity, E_INVALIDARG, name, &identity8, &name8);
	if (FAILED(hr))
		return hr;
	hr = pgi_group_open(identity8, name8, group);
	free(identity8);
	free(name8);
	return hr;
}

PGI_PUBLIC HRESULT PeerGroupJoin(PCWSTR identity, PCWSTR invitation, PCWSTR cloud,
				 HGROUP *group)
{
	char *identity8, *xml;
	HRESULT hr;

	pgi_clear_error();
	if (group)
		*group = NULL;
	hr = pgi_started();
	if (FAILED(hr))
		return hr;
	if (!invitation || !group)
		return pgi_fail(E_INVALIDARG, "pwzInvitation or phGroup is NULL");
	hr = check_cloud(cloud);
	if (SUCCEEDED(hr))
		hr = take_pair(identity, PEER_E_INVALID_PEER_NAME, invitation, &identity8, &xml);
	/* Half a character in an invitation is damage like any other. */
	if (hr == E_INVALIDARG)
		return pgi_fail(PEER_E_INVITATION_NOT_TRUSTED, "the invitation is damaged");
	if (FAILED(hr))
		return hr;
	hr = pgi_join(identity8, xml, group);
	free(identity8);
	free(xml);
	return hr;
}

/* --------------------------------------------------------- close, delete -- */

PGI_PUBLIC HRESULT PeerGroupClose(HGROUP group)
{
	HRESULT hr;

	pgi_clear_error();
	hr = pgi_started();
	return FAILED(hr) ? hr : pgi_close(group);
}

PGI_PUBLIC HRESULT PeerGroupDelete(PCWSTR identity, PCWSTR name)
{
	char *identity8, *name8;
	HRESULT hr;

	pgi_clear_error();
	hr = pgi_started();
	if (FAILED(hr))
		return hr;
	if (!name)
		return pgi_fail(E_INVALIDARG, "pwzGroupPeerName is NULL");
	hr = take_pair(identity, E_INVALIDARG, name, &identity8, &name8);
	if (FAILED(hr))
		return hr;
	hr = pgi_delete(identity8, name8);
	free(identity8);
	free(name8);
	return hr;
}

/* ------------------------------------------------------------- peer time -- */

/*
 * Source and destination may be the same object, and a destination is left
 * alone on failure.
 */
static HRESULT convert(HGROUP handle, const FILETIME *from, FILETIME *to, bool to_peer)
{
	struct pgi_group_state state = { 0 };
	struct pgi_group *group;
	uint64_t time, offset;
	HRESULT hr;

	pgi_clear_error();
	hr = pgi_started();
	if (FAILED(hr))
		return hr;
	if (!from || !to)
		return pgi_fail(E_INVALIDARG, "a time is NULL");
	hr = pgi_group_find(handle, &group);
	if (FAILED(hr))
		return hr;
	hr = pgi_group_ready(group);
	if (SUCCEEDED(hr))
		hr = pgi_group_state(group, &state);
	pgi_group_put(group);
	if (FAILED(hr))
		return hr;
	time = pgi_filetime(from);
	offset = (uint64_t)(to_peer ? state.time_offset : -state.time_offset);
	/* Either end of what a FILETIME can say; the sign tells which was passed. */
	if ((int64_t)time < 0 || (int64_t)(time + offset) < 0)
		return pgi_fail(E_INVALIDARG, "the time is out of range");
	*to = pgi_to_filetime(time + offset);
	return S_OK;
}

PGI_PUBLIC HRESULT PeerGroupPeerTimeToUniversalTime(HGROUP group, FILETIME *peer,
						    FILETIME *universal)
{
	return convert(group, peer, universal, false);
}

PGI_PUBLIC HRESULT PeerGroupUniversalTimeToPeerTime(HGROUP group, FILETIME *universal,
						    FILETIME *peer)
{
	return convert(group, universal, peer, true);
}
