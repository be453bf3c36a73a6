// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The calls about groups with a password, of <p2p.h> and <peergroup.h>: invitations,
 * joining, trying again, and who answers.
 */
#include <stdio.h>
#include <stdlib.h>
#include <openssl/crypto.h>
#include "cloud.h"
#include "cert.h"
#include "address.h"
#include "group.h"
#include "pake.h"
#include "properties.h"
#include "xml.h"

static void wipe(char *s)
{
	if (s)
		OPENSSL_clear_free(s, strlen(s));
}

/* ------------------------------------------------------------ invitations -- */

static HRESULT write_invitation(const struct pgi_properties *p, const char *cloud, char **xml)
{
	char *elements = pgi_cloud_elements(cloud);
	size_t size;
	FILE *out = elements ? pgi_stream_begin(xml, &size) : NULL;

	if (out)
		fprintf(out, "<PEERINVITATION VERSION=\"1.1\">%s<GROUPPEERNAME>", elements);
	free(elements);
	if (!out)
		return E_OUTOFMEMORY;
	pgi_xml_put(out, p->group);
	fputs("</GROUPPEERNAME><GROUPFRIENDLYNAME>", out);
	pgi_xml_put(out, p->friendly ? p->friendly : p->group);
	fputs("</GROUPFRIENDLYNAME></PEERINVITATION>", out);
	return pgi_stream_end(out, xml);
}

static HRESULT make_invitation(struct pgi_group *group, char **xml)
{
	struct pgi_properties p;
	HRESULT hr;

	hr = pgi_properties_read(group, &p);
	if (FAILED(hr))
		return hr;
	if (!(p.schemes & PEER_GROUP_PASSWORD_AUTHENTICATION))
		hr = pgi_fail(PEER_E_NOT_AUTHORIZED, "the group has no password");
	else if (p.password_role & ~pgi_roles_issuable(group->own->roles))
		hr = pgi_fail(PEER_E_NOT_AUTHORIZED,
			      "this member has no role that may issue what the password gives");
	else
		hr = pgi_chain_room(group->own->depth);
	if (SUCCEEDED(hr))
		hr = write_invitation(&p, group->own->store->cloud, xml);
	pgi_properties_free(&p);
	return hr;
}

static HRESULT invitation(const void *handle, char **xml)
{
	struct pgi_group *group;
	HRESULT hr;

	*xml = NULL;
	hr = pgi_group_find(handle, &group);
	if (FAILED(hr))
		return hr;
	hr = make_invitation(group, xml);
	pgi_group_put(group);
	return hr;
}

PGI_PUBLIC HRESULT PeerGroupCreatePasswordInvitation(HGROUP group, PWSTR *out)
{
	char *xml;
	HRESULT hr;

	pgi_clear_error();
	if (out)
		*out = NULL;
	hr = pgi_started();
	if (FAILED(hr))
		return hr;
	if (!out)
		return pgi_fail(E_INVALIDARG, "ppwzInvitation is NULL");
	hr = invitation(group, &xml);
	if (SUCCEEDED(hr))
		hr = pgi_wide_return(xml, out);
	free(xml);
	return hr;
}

PGI_PUBLIC HRESULT peergroup_password_invitation(peergroup_t group, char **out)
{
	char *xml;
	HRESULT hr;

	pgi_clear_error();
	if (out)
		*out = NULL;
	if (!out)
		return pgi_fail(E_INVALIDARG, "xml is NULL");
	hr = invitation(group, &xml);
	if (SUCCEEDED(hr))
		hr = pgi_str_return(xml, out);
	free(xml);
	return hr;
}

/* ---------------------------------------------------------------- joining -- */

static HRESULT join_wide(const WCHAR *identity, const WCHAR *text, const WCHAR *password,
			 const struct pgi_cloud *cloud, HGROUP *group)
{
	char *identity8 = NULL, *xml = NULL, *password8 = NULL;
	HRESULT hr;

	hr = pgi_utf8_take(identity, &identity8, PEER_E_INVALID_PEER_NAME, "pwzIdentity");
	if (SUCCEEDED(hr))
		hr = pgi_utf8_take(text, &xml, PEER_E_INVITATION_NOT_TRUSTED, "pwzInvitation");
	if (SUCCEEDED(hr))
		hr = pgi_utf8_take(password, &password8, E_INVALIDARG, "pwzPassword");
	if (SUCCEEDED(hr))
		hr = pgi_password_join(identity8, xml, password8, cloud, group);
	free(identity8);
	free(xml);
	wipe(password8);
	return hr;
}

PGI_PUBLIC HRESULT PeerGroupPasswordJoin(PCWSTR identity, PCWSTR text, PCWSTR password,
					 PCWSTR cloud, HGROUP *group)
{
	struct pgi_cloud found;
	HRESULT hr;

	pgi_clear_error();
	if (group)
		*group = NULL;
	hr = pgi_started();
	if (FAILED(hr))
		return hr;
	if (!text || !password || !group)
		return pgi_fail(E_INVALIDARG, "pwzInvitation, pwzPassword or phGroup is NULL");
	hr = pgi_cloud_take(cloud, &found);
	return FAILED(hr) ? hr : join_wide(identity, text, password, &found, group);
}

PGI_PUBLIC HRESULT peergroup_join_password(const char *identity, const char *text,
					   const char *password, peergroup_t *group)
{
	pgi_clear_error();
	if (group)
		*group = NULL;
	if (!text || !password || !group)
		return pgi_fail(E_INVALIDARG, "invitation, password or group is NULL");
	if (!pgi_utf8_valid(password))
		return pgi_fail(E_INVALIDARG, "the password is not UTF-8");
	return pgi_native_handle(pgi_password_join(identity && *identity ? identity : NULL, text,
						   password, NULL, (void **)group), group);
}

PGI_PUBLIC HRESULT peergroup_authenticate(peergroup_t handle, const char *address)
{
	struct pgi_address a;
	struct pgi_group *group;
	HRESULT hr = S_OK;

	pgi_clear_error();
	if (address)
		hr = pgi_address_parse(address, &a);
	if (SUCCEEDED(hr))
		hr = pgi_group_find_any(handle, &group);
	if (FAILED(hr))
		return hr;
	hr = pgi_joining_now(group, address ? &a : NULL, address ? 1 : 0);
	if (SUCCEEDED(hr) && address)
		pgi_remember(group, &a);
	pgi_group_put(group);
	return hr;
}

/* Whether the event handle is one, of whatever group. */
static HRESULT check_event(HPEEREVENT event)
{
	struct pgi_object *obj = pgi_handle_get(event, PGI_EVENT);

	if (!obj)
		return pgi_fail(E_INVALIDARG, "not a registration's handle");
	pgi_object_put(obj);
	return S_OK;
}

PGI_PUBLIC HRESULT PeerGroupResumePasswordAuthentication(HGROUP handle, HPEEREVENT event)
{
	struct pgi_group *group;
	HRESULT hr;

	pgi_clear_error();
	hr = pgi_started();
	if (SUCCEEDED(hr))
		hr = pgi_group_find_any(handle, &group);
	if (FAILED(hr))
		return hr;
	hr = check_event(event);
	/* What is under way goes on; what is joined has nothing to resume. */
	if (SUCCEEDED(hr) && atomic_load(&group->pending))
		hr = pgi_joining_start(group, NULL, 0);
	pgi_group_put(group);
	return FAILED(hr) ? hr : S_OK;
}

/* ----------------------------------------------------- setting a password -- */

static bool role_valid(uint32_t role)
{
	return role == PEERGROUP_ROLE_MEMBER || role == PEERGROUP_ROLE_INVITING ||
	       role == PEERGROUP_ROLE_ADMIN;
}

PGI_PUBLIC HRESULT peergroup_create_with_password(const char *identity,
						  const struct peergroup_create_options *o,
						  const char *password, uint32_t role,
						  peergroup_t *group)
{
	const struct pgi_password p = {
		password, PEER_GROUP_GMC_AUTHENTICATION | PEER_GROUP_PASSWORD_AUTHENTICATION,
		role,
	};

	pgi_clear_error();
	if (group)
		*group = NULL;
	if (!group || !password)
		return pgi_fail(E_INVALIDARG, "%s is NULL", group ? "password" : "group");
	if (!role_valid(role))
		return pgi_fail(PEER_E_INVALID_GROUP_PROPERTIES, "not one role: %#x", role);
	return pgi_native_handle(pgi_create(identity && *identity ? identity : NULL, o, &p,
					    (void **)group), group);
}

/*
 * Has the group been given another password since, or none, by another thread or program?
 * That one's is what counts, whoever of the two is done first. Any member may stop to answer.
 */
static bool superseded(const struct pgi_group *group, const struct pgi_properties *is,
		       const struct pgi_verifier *verifier)
{
	bool has = is->schemes & PEER_GROUP_PASSWORD_AUTHENTICATION;

	if (!verifier)
		return has && group->store->creator;
	return !has || memcmp(is->password_mark, verifier->mark, sizeof(verifier->mark));
}

/* What is kept from now on, or NULL for nothing. S_FALSE where it is not what counts. */
static HRESULT replace(struct pgi_group *group, const struct pgi_verifier *verifier)
{
	struct pgi_properties is;
	HRESULT hr;
	int lock;

	hr = pgi_group_store_lock(group->store->identity, group->store->name, &lock);
	if (FAILED(hr))
		return hr;
	hr = pgi_properties_look(group, &is);
	if (SUCCEEDED(hr)) {
		if (superseded(group, &is, verifier))
			hr = S_FALSE;
		else if (verifier)
			hr = pgi_group_store_keep_verifier(group->store, verifier);
		else
			hr = pgi_group_store_forget_verifier(group->store);
		pgi_properties_free(&is);
	}
	pgi_group_store_unlock(lock);
	return hr;
}

/* Answers with what is kept; again, another may have been set. */
static HRESULT answer(struct pgi_group *group)
{
	struct pgi_group_state state;
	HRESULT hr = pgi_group_state(group, &state);

	if (SUCCEEDED(hr) && state.status & PEERGROUP_STATUS_LISTENING)
		hr = pgi_answer_start(group);
	if (hr == PEER_E_NOT_AUTHORIZED)
		pgi_clear_error();
	return FAILED(hr) && hr != PEER_E_NOT_AUTHORIZED ? hr : S_OK;
}

/* Kept where this member answers with it from now on. */
static HRESULT keep(struct pgi_group *group, const char *password,
		    const uint8_t mark[PGI_MARK_LEN])
{
	struct pgi_verifier verifier;
	HRESULT hr;

	memcpy(verifier.mark, mark, sizeof(verifier.mark));
	hr = pgi_verifier_make(group->store->id, password, verifier.key);
	if (SUCCEEDED(hr))
		hr = replace(group, &verifier);
	OPENSSL_cleanse(&verifier, sizeof(verifier));
	if (hr == S_OK)
		hr = answer(group);
	return FAILED(hr) ? hr : S_OK;
}

HRESULT pgi_password_set(struct pgi_group *group, const char *password,
			 const uint8_t mark[PGI_MARK_LEN])
{
	HRESULT hr;

	if (password)
		return keep(group, password, mark);
	hr = replace(group, NULL);
	if (hr == S_FALSE)
		return S_OK;
	/* With nothing to answer with that ends; but another password may have been set since. */
	return SUCCEEDED(hr) ? answer(group) : hr;
}

/*
 * The creator says what it is good for, and that it is another; who else may issue is only
 * told the password.
 */
static HRESULT set_password(struct pgi_group *group, const char *password, uint32_t role)
{
	struct pgi_properties p;
	HRESULT hr;

	hr = pgi_properties_read(group, &p);
	if (FAILED(hr))
		return hr;
	if (group->store->creator) {
		p.schemes = PEER_GROUP_GMC_AUTHENTICATION;
		p.password_role = 0;
		if (password) {
			p.schemes |= PEER_GROUP_PASSWORD_AUTHENTICATION;
			p.password_role = role ? role : (uint32_t)PEERGROUP_ROLE_MEMBER;
			hr = pgi_mark_draw(p.password_mark);
		}
		if (SUCCEEDED(hr))
			hr = pgi_properties_set_password(group, &p);
	} else if (password && (!p.password_role ||
				p.password_role & ~pgi_roles_issuable(group->own->roles))) {
		hr = pgi_fail(PEER_E_NOT_AUTHORIZED, p.password_role ?
			      "this member has no role that may issue what the password gives" :
			      "the group has no password; its creator gives it one");
	}
	if (SUCCEEDED(hr))
		hr = pgi_password_set(group, password, p.password_mark);
	pgi_properties_free(&p);
	return hr;
}

PGI_PUBLIC HRESULT peergroup_set_password(peergroup_t handle, const char *password,
					  uint32_t role)
{
	struct pgi_group *group;
	HRESULT hr;

	pgi_clear_error();
	hr = pgi_group_find(handle, &group);
	if (FAILED(hr))
		return hr;
	if (role && !role_valid(role))
		hr = pgi_fail(PEER_E_INVALID_GROUP_PROPERTIES, "not one role: %#x", role);
	if (SUCCEEDED(hr) && password)
		hr = pgi_password_check(password);
	if (SUCCEEDED(hr))
		hr = set_password(group, password, role);
	pgi_group_put(group);
	return hr;
}

/* Why there is nothing to answer with. */
static HRESULT cannot_answer(struct pgi_group *group)
{
	struct pgi_properties p;
	bool has = true;

	if (SUCCEEDED(pgi_properties_read(group, &p))) {
		has = p.schemes & PEER_GROUP_PASSWORD_AUTHENTICATION;
		pgi_properties_free(&p);
	}
	return pgi_fail(PEER_E_NOT_AUTHORIZED, has ?
			"this member does not know the password, or may not issue" :
			"the group has no password (its creator may try: peergroup password --file)");
}

PGI_PUBLIC HRESULT peergroup_answer(peergroup_t handle)
{
	struct pgi_group *group;
	HRESULT hr;

	pgi_clear_error();
	hr = pgi_group_find(handle, &group);
	if (FAILED(hr))
		return hr;
	hr = pgi_answer_start(group);
	if (hr == S_FALSE)
		hr = cannot_answer(group);
	pgi_group_put(group);
	return hr;
}
