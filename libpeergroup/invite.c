// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Inviting: an identity says who it is in a signed XML text, and a member of a
 * group answers with a certificate for it. Nothing here talks to the kernel, and
 * no record is published: an invitation travels out of band.
 */
#include <stdio.h>
#include <stdlib.h>
#include "cert.h"
#include "cloud.h"
#include "xml.h"

/* ---------------------------------------------------- identity information -- */

HRESULT pgi_identity_to_xml(const struct pgi_identity *identity, char **xml)
{
	struct pgi_blob der = { 0 };
	char *base64 = NULL;
	HRESULT hr;

	*xml = NULL;
	hr = pgi_idc_make(identity, &der);
	if (SUCCEEDED(hr))
		hr = pgi_bundle_encode(&der, 1, &base64);
	pgi_blob_free(&der);
	if (SUCCEEDED(hr) &&
	    asprintf(xml, "<PEERIDENTITYINFO VERSION=\"1.0\" xmlns:dt=\"%s\">"
		     "<IDC dt:dt=\"bin.base64\">%s</IDC></PEERIDENTITYINFO>",
		     PGI_DT_NAMESPACE, base64) < 0) {
		*xml = NULL;
		hr = E_OUTOFMEMORY;
	}
	free(base64);
	return hr;
}

static HRESULT decode_idc(const char *base64, struct pgi_idc *idc)
{
	struct pgi_blob *certs;
	size_t count;
	HRESULT hr;

	hr = pgi_bundle_decode(base64, &certs, &count);
	if (FAILED(hr))
		return hr;
	hr = count == 1 ? pgi_idc_parse(&certs[0], idc) :
		pgi_fail(E_INVALIDARG, "the identity information holds several certificates");
	pgi_bundle_free(certs, count);
	return hr;
}

HRESULT pgi_identity_from_xml(const char *xml, struct pgi_idc *idc)
{
	char *base64 = NULL;
	xmlNode *root, *node;
	xmlDoc *doc;
	HRESULT hr;

	memset(idc, 0, sizeof(*idc));
	hr = pgi_xml_parse(xml, &doc);
	if (FAILED(hr))
		return hr;
	root = pgi_xml_root(doc);
	if (pgi_xml_is(root, "PEERIDENTITYINFO") && pgi_xml_only_elements(root) &&
	    pgi_xml_only_attribute(root, NULL, "VERSION", "1.0")) {
		node = xmlFirstElementChild(root);
		if (node && !xmlNextElementSibling(node))
			base64 = pgi_xml_base64(node, "IDC");
	}
	hr = base64 ? decode_idc(base64, idc) :
		pgi_fail(E_INVALIDARG, "not the XML of an identity");
	xmlFree(base64);
	pgi_xml_free(doc);
	return hr;
}

/* ----------------------------------------------------------------- inviting -- */

struct request {
	const char *identity_xml;
	uint64_t expires;		/* 0: as late as may be */
	uint32_t roles;
};

/* What the issuer may do comes before what the request says. */
static HRESULT check_request(const struct request *request, const struct pgi_cert *own,
			     size_t depth, uint64_t now)
{
	HRESULT hr;

	if (request->roles & ~pgi_roles_issuable(own->roles))
		return pgi_fail(PEER_E_NOT_AUTHORIZED,
				"%s has no role that may issue these roles", own->name);
	hr = pgi_chain_room(depth);
	if (FAILED(hr))
		return hr;
	if (now < own->not_before || now >= own->not_after)
		return pgi_fail(PEER_E_INVALID_TIME_PERIOD, "the own membership is over");
	if (request->expires && (request->expires <= now ||
				 request->expires > own->not_after))
		return pgi_fail(PEER_E_INVALID_TIME_PERIOD,
				"the expiration is past, or later than the own membership's");
	return S_OK;
}

static HRESULT check_subject(const struct pgi_idc *idc, struct pgi_cert *const *chain,
			     size_t len)
{
	bool deleted;
	HRESULT hr;
	size_t i;

	/* The root is no member, but nobody else has its key either. */
	for (i = 0; i < len; i++)
		if (!memcmp(chain[i]->spki_hash, idc->spki_hash, 32))
			return pgi_fail(PEER_E_CIRCULAR_CHAIN_DETECTED,
					"%s is among those who invite", idc->name);
	hr = pgi_identity_was_deleted(idc->name, &deleted);
	if (FAILED(hr))
		return hr;
	if (deleted)
		return pgi_fail(PEER_E_IDENTITY_DELETED, "%s was deleted", idc->name);
	return S_OK;
}

HRESULT pgi_invitation_xml(const char *cloud, const struct pgi_blob *certs, size_t count,
			   char **xml)
{
	char *base64, *elements = pgi_cloud_elements(cloud);
	HRESULT hr;

	if (!elements)
		return E_OUTOFMEMORY;
	hr = pgi_bundle_encode(certs, count, &base64);
	if (SUCCEEDED(hr) &&
	    asprintf(xml, "<PEERINVITATION VERSION=\"1.0\" xmlns:dt=\"%s\">%s"
		     "<GMC dt:dt=\"bin.base64\">%s</GMC></PEERINVITATION>",
		     PGI_DT_NAMESPACE, elements, base64) < 0) {
		*xml = NULL;
		hr = E_OUTOFMEMORY;
	}
	free(elements);
	free(base64);
	return hr;
}

static HRESULT issue(const struct request *request, const char *cloud,
		     const struct pgi_idc *idc, const struct pgi_identity *identity,
		     struct pgi_cert *const *chain, size_t len, char **xml)
{
	const struct pgi_cert *own = chain[len - 1];
	uint64_t start = pgi_now() - PGI_SKEW;
	struct pgi_cert_spec spec = {
		.name = idc->name,
		.friendly = idc->friendly,
		.roles = request->roles,
		.not_before = start > own->not_before ? start : own->not_before,
		.not_after = request->expires ? request->expires : own->not_after,
	};
	struct pgi_blob *certs = calloc(len + 1, sizeof(*certs));
	HRESULT hr;
	size_t i;

	if (!certs)
		return E_OUTOFMEMORY;
	hr = pgi_cert_issue(own, identity->key, idc->key, &spec, &certs[len]);
	for (i = 0; i < len; i++)	/* borrowed */
		certs[i] = chain[i]->der;
	if (SUCCEEDED(hr))
		hr = pgi_invitation_xml(cloud, certs, len + 1, xml);
	pgi_blob_free(&certs[len]);
	free(certs);
	return hr;
}

static HRESULT invite_by(const struct pgi_group_store *store,
			 const struct pgi_identity *identity,
			 const struct request *request, char **xml)
{
	struct pgi_cert **chain;
	struct pgi_idc idc;
	HRESULT hr;
	size_t len;

	hr = pgi_chain_parse(store, &chain, &len);
	if (FAILED(hr))
		return hr == PEER_E_INVITATION_NOT_TRUSTED ? PEER_E_CERT_STORE_CORRUPTED : hr;
	hr = check_request(request, chain[len - 1], len - 1, pgi_now());
	if (SUCCEEDED(hr))
		hr = pgi_identity_from_xml(request->identity_xml, &idc);
	if (SUCCEEDED(hr)) {
		hr = check_subject(&idc, chain, len);
		if (SUCCEEDED(hr))
			hr = issue(request, store->cloud, &idc, identity, chain, len, xml);
		pgi_idc_free(&idc);
	}
	pgi_chain_free(chain, len);
	return hr;
}

HRESULT pgi_invite(const struct pgi_group_store *store, const struct pgi_identity *identity,
		   const char *identity_xml, uint64_t expires, uint32_t roles, char **xml)
{
	struct request request = { identity_xml, expires, roles };

	*xml = NULL;
	return invite_by(store, identity, &request, xml);
}

static HRESULT invite(HGROUP handle, const struct request *request, char **xml)
{
	struct pgi_object *group;
	HRESULT hr;

	*xml = NULL;
	hr = pgi_group_get(handle, &group);
	if (FAILED(hr))
		return hr;
	hr = pgi_group_check_ready(group);
	if (SUCCEEDED(hr))
		hr = pgi_identity_still(pgi_group_get_identity(group)->name,
					PEER_E_IDENTITY_DELETED);
	if (SUCCEEDED(hr))
		hr = invite_by(pgi_group_get_store(group), pgi_group_get_identity(group),
			       request, xml);
	if (SUCCEEDED(hr))
		hr = pgi_group_check_not_revoked(group, request->identity_xml);
	pgi_object_put(group);
	return hr;
}

static HRESULT roles_of_guids(const GUID *guids, ULONG count, uint32_t *roles)
{
	uint32_t role;
	ULONG i;

	*roles = 0;
	for (i = 0; i < count; i++) {
		role = pgi_role_of_guid(&guids[i]);
		if (!role)
			return pgi_fail(PEER_E_INVALID_ROLE_PROPERTY, "role %u is unknown", i);
		*roles |= role;
	}
	return S_OK;
}

/*
 * The handle is looked at before the content of the other arguments, hence the
 * reference that is dropped at once: invite() takes its own.
 */
static HRESULT check_group(HGROUP handle)
{
	struct pgi_object *group;
	HRESULT hr;

	hr = pgi_group_get(handle, &group);
	if (FAILED(hr))
		return hr;
	hr = pgi_group_check_ready(group);
	pgi_object_put(group);
	return hr;
}

PGI_PUBLIC HRESULT PeerGroupCreateInvitation(HGROUP handle, PCWSTR identity_info,
					     FILETIME *expiration, ULONG role_count,
					     const GUID *roles, PWSTR *invitation)
{
	struct request request = { 0 };
	char *info = NULL, *xml = NULL;
	HRESULT hr;

	pgi_clear_error();
	if (invitation)
		*invitation = NULL;
	hr = pgi_started();
	if (FAILED(hr))
		return hr;
	if (!identity_info || !role_count || !roles || !invitation)
		return pgi_fail(E_INVALIDARG, "identity, roles and result are required");
	hr = check_group(handle);
	if (SUCCEEDED(hr))
		hr = roles_of_guids(roles, role_count, &request.roles);
	if (SUCCEEDED(hr))
		hr = pgi_utf8_from_wide(identity_info, &info);
	if (SUCCEEDED(hr)) {
		request.identity_xml = info;
		/* A given time is never "none": zero is in the past. */
		if (expiration)
			request.expires = pgi_filetime(expiration) ? pgi_filetime(expiration) : 1;
		hr = invite(handle, &request, &xml);
	}
	free(info);
	if (SUCCEEDED(hr))
		hr = pgi_wide_return(xml, invitation);
	free(xml);
	return hr;
}

PGI_PUBLIC HRESULT peergroup_invite(peergroup_t group, const char *identity_xml,
				    time_t expires, uint32_t roles, char **out)
{
	struct request request = { .identity_xml = identity_xml, .roles = roles };
	struct timespec ts = { .tv_sec = expires };
	char *xml = NULL;
	HRESULT hr;

	pgi_clear_error();
	if (out)
		*out = NULL;
	if (!identity_xml || !roles || !out)
		return pgi_fail(E_INVALIDARG, "identity_xml, roles and xml are required");
	hr = check_group(group);
	if (FAILED(hr))
		return hr;
	if (roles & ~(PEERGROUP_ROLE_ADMIN | PEERGROUP_ROLE_INVITING | PEERGROUP_ROLE_MEMBER))
		return pgi_fail(PEER_E_INVALID_ROLE_PROPERTY, "unknown role in %#x", roles);
	if (!pgi_utf8_valid(identity_xml))
		return pgi_fail(E_INVALIDARG, "identity_xml is not UTF-8");
	if (expires)
		request.expires = expires < 0 ? 1 : peergroup_time_from_unix(&ts);
	hr = invite(group, &request, &xml);
	if (SUCCEEDED(hr))
		hr = pgi_str_return(xml, out);
	free(xml);
	return hr;
}
