// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The calls of <p2p.h> that give or take a PEER_GROUP_PROPERTIES: creating a group,
 * and asking for and changing what it is.
 */
#include <stdlib.h>
#include <openssl/crypto.h>
#include "group.h"
#include "pake.h"
#include "properties.h"

/* The structure as it was before Windows Vista. */
#define PROPERTIES_SIZE_XP \
	offsetof(PEER_GROUP_PROPERTIES, dwAuthenticationSchemes)

/* ------------------------------------------------------------- passwords -- */

static bool role_known(const GUID *role)
{
	static const GUID null;

	return !memcmp(role, &null, sizeof(null)) ||
	       !memcmp(role, &PEER_GROUP_ROLE_MEMBER, sizeof(*role)) ||
	       !memcmp(role, &PEER_GROUP_ROLE_INVITING_MEMBER, sizeof(*role)) ||
	       !memcmp(role, &PEER_GROUP_ROLE_ADMIN, sizeof(*role));
}

/* @has: the group has a password, which one may leave as it is. */
static HRESULT take_password(const PEER_GROUP_PROPERTIES *p, bool has,
			     struct pgi_properties *to, char **text)
{
	const DWORD known = PEER_GROUP_GMC_AUTHENTICATION | PEER_GROUP_PASSWORD_AUTHENTICATION;
	HRESULT hr;
	bool wanted = p->dwAuthenticationSchemes & PEER_GROUP_PASSWORD_AUTHENTICATION;

	if (p->dwAuthenticationSchemes & ~known)
		return pgi_fail(PEER_E_INVALID_GROUP_PROPERTIES, "unknown authentication schemes");
	if (p->pwzGroupPassword ? !wanted : wanted && !has)
		return pgi_fail(PEER_E_INVALID_GROUP_PROPERTIES,
				"a password and its authentication scheme need each other");
	if (!role_known(&p->groupPasswordRole))
		return pgi_fail(PEER_E_INVALID_GROUP_PROPERTIES, "unknown groupPasswordRole");
	to->schemes = p->dwAuthenticationSchemes ? p->dwAuthenticationSchemes :
						   (DWORD)PEER_GROUP_GMC_AUTHENTICATION;
	if (!wanted)
		return S_OK;
	to->password_role = pgi_role_of_guid(&p->groupPasswordRole);
	if (!to->password_role)
		to->password_role = PEERGROUP_ROLE_MEMBER;
	hr = pgi_utf8_take(p->pwzGroupPassword, text, PEER_E_PASSWORD_DOES_NOT_MEET_POLICY,
			   "pwzGroupPassword");
	return SUCCEEDED(hr) && *text ? pgi_password_check(*text) : hr;
}

static void wipe(char *s)
{
	if (s)
		OPENSSL_clear_free(s, strlen(s));
}

/* ---------------------------------------------------------------- taking -- */

/* A program for Windows XP has a shorter structure: the rest counts as zero. */
static HRESULT take_structure(const PEER_GROUP_PROPERTIES *from, PEER_GROUP_PROPERTIES *to)
{
	memset(to, 0, sizeof(*to));
	if (from->dwSize != sizeof(*from) && from->dwSize != PROPERTIES_SIZE_XP)
		return pgi_fail(E_INVALIDARG, "dwSize of the properties is wrong");
	memcpy(to, from, from->dwSize);
	return S_OK;
}

/* Of a new group each field has an error of its own; @bad 0 stands for that. */
static HRESULT take_properties(const PEER_GROUP_PROPERTIES *from, HRESULT bad, bool has,
			       struct pgi_properties *to, char **password)
{
	const struct {
		const WCHAR *from;
		char **to;
		HRESULT bad;
		const char *name;
	} texts[] = {
		{ from->pwzCloud, &to->cloud, PEER_E_NO_CLOUD, "pwzCloud" },
		{ from->pwzClassifier, &to->classifier, PEER_E_INVALID_CLASSIFIER,
		  "pwzClassifier" },
		{ from->pwzGroupPeerName, &to->group, E_INVALIDARG, "pwzGroupPeerName" },
		{ from->pwzCreatorPeerName, &to->creator, PEER_E_INVALID_PEER_NAME,
		  "pwzCreatorPeerName" },
		{ from->pwzFriendlyName, &to->friendly, PEER_E_INVALID_GROUP_PROPERTIES,
		  "pwzFriendlyName" },
		{ from->pwzComment, &to->comment, PEER_E_INVALID_GROUP_PROPERTIES,
		  "pwzComment" },
	};
	HRESULT hr = S_OK;
	size_t i;

	*password = NULL;
	memset(to, 0, sizeof(*to));
	to->flags = from->dwFlags;
	to->member_data_lifetime = from->ulMemberDataLifetime;
	to->presence_lifetime = from->ulPresenceLifetime;
	for (i = 0; i < PGI_ARRAY_SIZE(texts) && SUCCEEDED(hr); i++)
		hr = pgi_utf8_take(texts[i].from, texts[i].to, bad ? bad : texts[i].bad,
				   texts[i].name);
	if (SUCCEEDED(hr))
		hr = take_password(from, has, to, password);
	if (FAILED(hr)) {
		pgi_properties_free(to);
		wipe(*password);
	}
	return hr;
}

/* ---------------------------------------------------------------- create -- */

static HRESULT create(const PEER_GROUP_PROPERTIES *from, HGROUP *group)
{
	struct peergroup_create_options options;
	struct pgi_password password;
	struct pgi_properties p;
	char *text;
	HRESULT hr;

	hr = take_properties(from, 0, false, &p, &text);
	if (FAILED(hr))
		return hr;
	options = (struct peergroup_create_options) {
		.classifier = p.classifier, .friendly = p.friendly,
		.comment = p.comment, .cloud = p.cloud, .flags = p.flags,
		.member_data_lifetime = p.member_data_lifetime,
		.presence_lifetime = p.presence_lifetime,
	};
	password = (struct pgi_password){ text, p.schemes, p.password_role };
	hr = pgi_create(p.creator, &options, text ? &password : NULL, group);
	wipe(text);
	/* A name that once was one's own: the contract has a code of its own. */
	if (hr == PEER_E_NOT_FOUND && p.creator)
		hr = pgi_fail(HRESULT_FROM_WIN32(ERROR_DELETE_PENDING),
			      "the identity %s does not exist or was deleted", p.creator);
	pgi_properties_free(&p);
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
	hr = take_structure(properties, &p);
	if (SUCCEEDED(hr) && p.pwzGroupPeerName)
		hr = pgi_fail(E_INVALIDARG, "pwzGroupPeerName is made by the library");
	return FAILED(hr) ? hr : create(&p, group);
}

/* ------------------------------------------------------------------- get -- */

static HRESULT show(const struct pgi_properties *p, PEER_GROUP_PROPERTIES *out)
{
	const struct {
		const char *from;
		PWSTR *to;
	} texts[] = {
		{ p->cloud ? p->cloud : "global", &out->pwzCloud },
		{ p->classifier, &out->pwzClassifier },
		{ p->group, &out->pwzGroupPeerName },
		{ p->creator, &out->pwzCreatorPeerName },
		{ p->friendly ? p->friendly : p->group, &out->pwzFriendlyName },
		{ p->comment, &out->pwzComment },
	};
	size_t i;

	out->dwSize = sizeof(*out);
	out->dwFlags = p->flags;
	out->ulMemberDataLifetime = p->member_data_lifetime;
	out->ulPresenceLifetime = p->presence_lifetime;
	out->dwAuthenticationSchemes = p->schemes;
	if (pgi_guid_of_role(p->password_role))
		out->groupPasswordRole = *pgi_guid_of_role(p->password_role);
	for (i = 0; i < PGI_ARRAY_SIZE(texts); i++) {
		if (!texts[i].from)
			continue;
		*texts[i].to = pgi_sub_wide(out, texts[i].from);
		if (!*texts[i].to)
			return E_OUTOFMEMORY;
	}
	return S_OK;
}

static HRESULT get(struct pgi_group *group, PEER_GROUP_PROPERTIES **out)
{
	struct pgi_properties p;
	HRESULT hr;

	hr = pgi_properties_read(group, &p);
	if (FAILED(hr))
		return hr;
	*out = pgi_new(sizeof(**out));
	hr = *out ? show(&p, *out) : E_OUTOFMEMORY;
	pgi_properties_free(&p);
	if (FAILED(hr)) {
		PeerFreeData(*out);
		*out = NULL;
	}
	return hr;
}

PGI_PUBLIC HRESULT PeerGroupGetProperties(HGROUP handle, PPEER_GROUP_PROPERTIES *out)
{
	struct pgi_group *group;
	HRESULT hr;

	pgi_clear_error();
	if (out)
		*out = NULL;
	hr = pgi_started();
	if (FAILED(hr))
		return hr;
	if (!out)
		return pgi_fail(E_INVALIDARG, "ppProperties is NULL");
	hr = pgi_group_find(handle, &group);
	if (FAILED(hr))
		return hr;
	hr = get(group, out);
	pgi_group_put(group);
	return hr;
}

/* ------------------------------------------------------------------- set -- */

static HRESULT set(struct pgi_group *group, const PEER_GROUP_PROPERTIES *from)
{
	struct pgi_properties p, is;
	char *password;
	bool has;
	HRESULT hr;

	/* Rights come before what may be wrong with the properties. */
	hr = pgi_properties_check_setter(group);
	if (SUCCEEDED(hr))
		hr = pgi_properties_read(group, &is);
	if (FAILED(hr))
		return hr;
	has = is.schemes & PEER_GROUP_PASSWORD_AUTHENTICATION;
	pgi_properties_free(&is);
	hr = take_properties(from, PEER_E_INVALID_GROUP_PROPERTIES, has, &p, &password);
	if (FAILED(hr))
		return hr;
	if (password)
		hr = pgi_mark_draw(p.password_mark);
	if (SUCCEEDED(hr))
		hr = pgi_properties_set(group, &p);
	/* A password that is not set stays, unless the group is to have none. */
	if (SUCCEEDED(hr) && (password || (has && !p.password_role)))
		hr = pgi_password_set(group, password, p.password_mark);
	pgi_properties_free(&p);
	wipe(password);
	return hr;
}

PGI_PUBLIC HRESULT PeerGroupSetProperties(HGROUP handle, PPEER_GROUP_PROPERTIES properties)
{
	PEER_GROUP_PROPERTIES p;
	struct pgi_group *group;
	HRESULT hr;

	pgi_clear_error();
	hr = pgi_started();
	if (FAILED(hr))
		return hr;
	if (!properties)
		return pgi_fail(E_INVALIDARG, "pProperties is NULL");
	hr = take_structure(properties, &p);
	if (SUCCEEDED(hr))
		hr = pgi_group_find(handle, &group);
	if (FAILED(hr))
		return hr;
	hr = set(group, &p);
	pgi_group_put(group);
	return hr;
}
