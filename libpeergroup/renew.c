// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Renewing a membership, or giving it another role: an administrator issues another
 * certificate to a member. It goes to the member as an invitation, or into the group
 * as a record, from where the member takes it by itself.
 */
#include <stdlib.h>
#include "cert.h"
#include "members.h"
#include "records.h"

#define KNOWN_FLAGS	PEER_GROUP_STORE_CREDENTIALS
#define ROLES	(PEERGROUP_ROLE_ADMIN | PEERGROUP_ROLE_INVITING | PEERGROUP_ROLE_MEMBER)

static const uint8_t membership_type[PEERGROUP_ID_LEN] = PEERGROUP_TYPE_MEMBERSHIP;

/* What is asked for; zero and NULL: as it is now. */
struct renewal {
	const char *subject;
	const char *friendly;
	EVP_PKEY *key;
	uint32_t roles;
	uint64_t from, until;
	uint32_t flags;
	bool anew;			/* need not be a renewal: key and all are given */
};

/* The certificate in the making. */
struct issue {
	struct pgi_cert **chain;	/* the issuer's, root first */
	size_t len;
	const struct pgi_member *known;	/* the subject's latest certificate, or NULL */
	EVP_PKEY *key;
	uint8_t spki_hash[32];
	struct pgi_cert_spec spec;
	struct pgi_blob *certs;		/* @chain, borrowed, and the new one */
};

static HRESULT bad_info(const char *what)
{
	return pgi_fail(PEER_E_INVALID_CREDENTIAL_INFO, "%s", what);
}

static uint64_t whole_seconds(uint64_t time)
{
	return time - time % PEERGROUP_TIME_PER_SECOND;
}

/* ---------------------------------------------------------------- checks -- */

static HRESULT check_issuer(struct pgi_group *group)
{
	HRESULT hr = pgi_group_ready(group);

	if (FAILED(hr))
		return hr;
	hr = pgi_identity_still(group->identity->name, PEER_E_IDENTITY_DELETED);
	if (FAILED(hr))
		return hr;
	if (!(group->own->roles & PEERGROUP_ROLE_ADMIN))
		return pgi_fail(PEER_E_NOT_AUTHORIZED, "only an administrator may renew");
	return S_OK;
}

static HRESULT find_known(const struct renewal *r, const struct pgi_members *members,
			  uint64_t now, struct issue *i)
{
	bool deleted;
	HRESULT hr = pgi_identity_was_deleted(r->subject, &deleted);

	if (FAILED(hr))
		return hr;
	if (deleted)
		return pgi_fail(PEER_E_IDENTITY_DELETED, "%s was deleted", r->subject);
	i->known = pgi_members_find(members, r->subject, now);
	if (i->known && i->known->revoked)
		return pgi_fail(PEER_E_IDENTITY_NOT_FOUND,
				"%s was revoked: invite a new identity", r->subject);
	if (i->known || r->key)
		return S_OK;
	return r->anew ? bad_info("the member is not known here, nor its key given") :
		pgi_fail(PEER_E_IDENTITY_NOT_FOUND, "%s is no member that is known here",
			 r->subject);
}

static HRESULT find_key(const struct renewal *r, struct issue *i)
{
	struct pgi_cert *cert;
	HRESULT hr = S_OK;

	if (r->key) {
		i->key = r->key;
		EVP_PKEY_up_ref(i->key);
	} else {
		hr = pgi_cert_parse(i->known->der.data, i->known->der.len, &cert);
		if (FAILED(hr))
			return hr;
		i->key = X509_get_pubkey(cert->x509);
		pgi_cert_free(cert);
		if (!i->key)
			return E_OUTOFMEMORY;
	}
	hr = pgi_key_hash(i->key, i->spki_hash);
	if (SUCCEEDED(hr) && !pgi_name_matches(r->subject, i->spki_hash))
		hr = bad_info("the public key is not that of the peer name");
	return hr;
}

static HRESULT check_place(const struct renewal *r, const struct issue *i)
{
	HRESULT hr = pgi_chain_room(i->len - 1);
	size_t n;

	if (FAILED(hr))
		return hr;
	for (n = 0; n < i->len; n++)
		if (!memcmp(i->chain[n]->spki_hash, i->spki_hash, sizeof(i->spki_hash)))
			return pgi_fail(PEER_E_CIRCULAR_CHAIN_DETECTED,
					"%s is among those who have invited this member",
					r->subject);
	return S_OK;
}

/* Begins after the one it replaces: that is how hosts tell which of the two counts. */
static HRESULT set_begin(const struct renewal *r, struct issue *i, uint64_t now)
{
	const struct pgi_cert *own = i->chain[i->len - 1];
	uint64_t begin = whole_seconds(r->from ? r->from : now - PGI_SKEW);

	if (i->known && begin <= i->known->not_before) {
		if (r->from)
			return bad_info("begins no later than the certificate it is to replace");
		begin = i->known->not_before + PEERGROUP_TIME_PER_SECOND;
	}
	if (!r->from && begin < own->not_before)
		begin = own->not_before;
	i->spec.not_before = begin;
	return S_OK;
}

/* As long as before means: unless that is longer than the issuer's own lasts. */
static HRESULT set_end(const struct renewal *r, struct issue *i, uint64_t now)
{
	const struct pgi_cert *own = i->chain[i->len - 1];
	uint64_t end = whole_seconds(r->until);

	if (!r->until) {
		end = i->spec.not_before + (i->known->not_after - i->known->not_before);
		if (end > own->not_after)
			end = own->not_after;
	}
	i->spec.not_after = end;
	if (i->spec.not_before < own->not_before || end > own->not_after)
		return pgi_fail(PEER_E_INVALID_TIME_PERIOD,
				"the period of validity is not within one's own");
	if (end <= now || end <= i->spec.not_before)
		return pgi_fail(PEER_E_INVALID_TIME_PERIOD, "the period of validity is past");
	return S_OK;
}

/*
 * An administrator that is renewed is one since before: else any other that was not would
 * prevail over it, when they revoke one another. No longer than the issuer itself, and
 * not where it comes nearer to the root: among those who are there it is the last.
 */
static HRESULT set_since(struct issue *i)
{
	const struct pgi_cert *own = i->chain[i->len - 1];
	struct pgi_cert *known;
	HRESULT hr;

	if (!i->known || !(i->known->roles & i->spec.roles & PEERGROUP_ROLE_ADMIN) ||
	    i->known->depth > i->len)
		return S_OK;
	hr = pgi_cert_parse(i->known->der.data, i->known->der.len, &known);
	if (FAILED(hr))
		return hr;
	i->spec.since = known->since > own->since ? known->since : own->since;
	pgi_cert_free(known);
	return S_OK;
}

static HRESULT prepare(struct pgi_group *group, const struct renewal *r,
		       const struct pgi_members *members, struct issue *i)
{
	/* Certificates go by UTC, as those of invitations, and not by the group's time. */
	uint64_t now = pgi_now();
	HRESULT hr;

	hr = find_known(r, members, now, i);
	if (SUCCEEDED(hr))
		hr = find_key(r, i);
	if (SUCCEEDED(hr))
		hr = pgi_chain_parse(group->own->store, &i->chain, &i->len);
	if (SUCCEEDED(hr))
		hr = check_place(r, i);
	if (SUCCEEDED(hr))
		hr = set_begin(r, i, now);
	if (SUCCEEDED(hr))
		hr = set_end(r, i, now);
	i->spec.name = r->subject;
	i->spec.friendly = r->friendly ? r->friendly : i->known ? i->known->friendly : "";
	i->spec.roles = r->roles ? r->roles : i->known ? i->known->roles : 0;
	return SUCCEEDED(hr) ? set_since(i) : hr;
}

/* --------------------------------------------------------------- issuing -- */

static HRESULT sign(const struct pgi_group *group, struct issue *i)
{
	struct pgi_cert *made;
	HRESULT hr;
	size_t n;

	i->certs = calloc(i->len + 1, sizeof(*i->certs));
	if (!i->certs)
		return E_OUTOFMEMORY;
	for (n = 0; n < i->len; n++)	/* borrowed */
		i->certs[n] = i->chain[n]->der;
	hr = pgi_cert_issue(i->chain[i->len - 1], group->identity->key, i->key, &i->spec,
			    &i->certs[i->len]);
	if (FAILED(hr))
		return hr;
	/* What no host would take is not given away: a key of another kind, say. */
	hr = pgi_cert_parse(i->certs[i->len].data, i->certs[i->len].len, &made);
	if (hr == PEER_E_INVITATION_NOT_TRUSTED)
		return bad_info("no certificate can be made of this name and key");
	if (SUCCEEDED(hr))
		pgi_cert_free(made);
	return hr;
}

static void free_issue(struct issue *i)
{
	if (i->certs)
		pgi_blob_free(&i->certs[i->len]);
	free(i->certs);
	pgi_chain_free(i->chain, i->len);
	EVP_PKEY_free(i->key);
}

/* ------------------------------------------------------------ publishing -- */

/* One record per issuer and member, so that a renewal takes the place of the one before. */
static HRESULT fill_draft(struct pgi_group *group, const struct issue *i, uint64_t now,
			  struct pgi_draft *d)
{
	struct pgi_record *old;
	struct pgi_parts parts;
	HRESULT hr;

	memcpy(d->id, group->identity->spki_hash, 8);
	memcpy(d->id + 8, i->spki_hash, 8);
	memcpy(d->type, membership_type, sizeof(d->type));
	/* The certificate in the chain, not what the own one may have become meanwhile. */
	memcpy(d->modifier, i->chain[i->len - 1]->fingerprint, sizeof(d->modifier));
	memcpy(d->creator, d->modifier, sizeof(d->creator));
	d->version = 1;
	d->created = now;
	d->modified = now;
	d->expires = i->spec.not_after;
	hr = pgi_fetch_one(group, d->id, &old);
	if (hr == PEER_E_RECORD_NOT_FOUND)
		return S_OK;
	if (FAILED(hr))
		return hr;
	if (pgi_record_parts(&old->wire, &parts)) {
		memcpy(d->creator, parts.hdr->creator, sizeof(d->creator));
		d->version = pgi_next_version(old->version);
		d->created = old->created;
		d->modified = pgi_after(old->modified, now);
		if (d->expires < old->expires)
			d->expires = old->expires;
	}
	pgi_record_free(old);
	return S_OK;
}

static HRESULT publish(struct pgi_group *group, const struct issue *i)
{
	struct pgi_blob chain = { 0 };
	struct pgi_draft d = { 0 };
	bool stale = false;
	uint64_t now;
	HRESULT hr;

	hr = pgi_group_now(group, &now);
	if (SUCCEEDED(hr))
		hr = pgi_check_publisher(group, now);
	if (SUCCEEDED(hr))
		hr = pgi_membership_encode(i->certs + 1, i->len, &chain);
	if (SUCCEEDED(hr))
		hr = fill_draft(group, i, now, &d);
	d.data = chain.data;
	d.size = chain.len;
	if (SUCCEEDED(hr))
		hr = pgi_record_publish(group, group->identity, &d, &stale);
	pgi_blob_free(&chain);
	if (SUCCEEDED(hr) && stale)
		hr = pgi_fail(HRESULT_FROM_WIN32(ERROR_LOCK_VIOLATION),
			      "another program renewed this membership just now");
	return hr;
}

/* -------------------------------------------------------------- the call -- */

static HRESULT renew(struct pgi_group *group, const struct renewal *r, char **xml)
{
	struct pgi_members members;
	struct issue i = { 0 };
	uint64_t now;
	HRESULT hr;

	hr = check_issuer(group);
	if (SUCCEEDED(hr))
		hr = pgi_members_read(group, &members);
	if (FAILED(hr))
		return hr;
	hr = prepare(group, r, &members, &i);
	if (SUCCEEDED(hr))
		hr = sign(group, &i);
	if (SUCCEEDED(hr) && xml)
		hr = pgi_invitation_xml(group->own->store->cloud, i.certs, i.len + 1, xml);
	if (SUCCEEDED(hr) && r->flags & PEER_GROUP_STORE_CREDENTIALS)
		hr = publish(group, &i);
	if (SUCCEEDED(hr) && SUCCEEDED(pgi_group_now(group, &now)))
		pgi_membership_acted(group, now);
	free_issue(&i);
	pgi_members_free(&members);
	return hr;
}

static HRESULT check_arguments(const void *member, uint32_t flags, const void *out)
{
	if (!member)
		return pgi_fail(E_INVALIDARG, "member is NULL");
	if (flags & ~(uint32_t)KNOWN_FLAGS)
		return pgi_fail(E_INVALIDARG, "unknown flags in %#x", flags);
	if (!out && !flags)
		return pgi_fail(E_INVALIDARG, "neither stored nor returned: to what end?");
	return S_OK;
}

PGI_PUBLIC HRESULT peergroup_renew(peergroup_t handle, const char *member, time_t expires,
				   uint32_t roles, uint32_t flags, char **out)
{
	struct renewal r = { .subject = member, .roles = roles, .flags = flags };
	struct timespec ts = { .tv_sec = expires };
	struct pgi_group *group;
	char *xml = NULL;
	HRESULT hr;

	pgi_clear_error();
	if (out)
		*out = NULL;
	hr = check_arguments(member, flags, out);
	if (SUCCEEDED(hr))
		hr = pgi_group_find(handle, &group);
	if (FAILED(hr))
		return hr;
	if (expires)
		r.until = expires < 0 ? 1 : peergroup_time_from_unix(&ts);
	if (roles & ~ROLES)
		hr = pgi_fail(PEER_E_INVALID_ROLE_PROPERTY, "unknown role in %#x", roles);
	else
		hr = renew(group, &r, out ? &xml : NULL);
	if (SUCCEEDED(hr) && out)
		hr = pgi_str_return(xml, out);
	free(xml);
	pgi_group_put(group);
	return hr;
}

/* -------------------------------------------------- the call of <p2p.h> -- */

static HRESULT take_roles(const PEER_CREDENTIAL_INFO *info, uint32_t *roles)
{
	uint32_t role;
	ULONG i;

	if (!info->cRoles || !info->pRoles)
		return bad_info("there are no roles");
	for (i = 0; i < info->cRoles; i++) {
		role = pgi_role_of_guid(&info->pRoles[i]);
		if (!role)
			return pgi_fail(PEER_E_INVALID_ROLE_PROPERTY, "role %u is unknown", i);
		*roles |= role;
	}
	return S_OK;
}

/* *@friendly is the caller's to free; so is the key. */
static HRESULT take_info(const PEER_CREDENTIAL_INFO *info, struct renewal *r, char **friendly)
{
	HRESULT hr;

	if (info->dwFlags)
		return bad_info("dwFlags is not 0");
	r->anew = true;
	r->from = pgi_filetime(&info->ftValidityStart);
	/* A given time is never "none": zero is in the past. */
	r->until = pgi_filetime(&info->ftValidityEnd) ? pgi_filetime(&info->ftValidityEnd) : 1;
	hr = take_roles(info, &r->roles);
	if (SUCCEEDED(hr))
		hr = pgi_utf8_from_wide(info->pwzFriendlyName, friendly);
	if (hr == E_INVALIDARG || (SUCCEEDED(hr) && *friendly &&
				   (!pgi_friendly_valid(*friendly) || !pgi_text_plain(*friendly))))
		return bad_info("the friendly name is too long or not plain text");
	r->friendly = *friendly;
	if (SUCCEEDED(hr) && info->pPublicKey)
		hr = pgi_key_from_info(info->pPublicKey, &r->key);
	return hr;
}

static HRESULT renew_wide(HGROUP handle, const PEER_CREDENTIAL_INFO *info, struct renewal *r,
			  PWSTR *out)
{
	char *xml = NULL, *friendly = NULL;
	struct pgi_group *group;
	HRESULT hr;

	hr = pgi_group_find(handle, &group);
	if (FAILED(hr))
		return hr;
	if (info)
		hr = take_info(info, r, &friendly);
	if (SUCCEEDED(hr))
		hr = renew(group, r, out ? &xml : NULL);
	if (SUCCEEDED(hr) && out)
		hr = pgi_wide_return(xml, out);
	EVP_PKEY_free(r->key);
	free(friendly);
	free(xml);
	pgi_group_put(group);
	return hr;
}

PGI_PUBLIC HRESULT PeerGroupIssueCredentials(HGROUP handle, PCWSTR subject,
					     PEER_CREDENTIAL_INFO *info, DWORD flags,
					     PWSTR *invitation)
{
	struct renewal r = { .flags = flags };
	char *name;
	HRESULT hr;

	pgi_clear_error();
	if (invitation)
		*invitation = NULL;
	hr = pgi_started();
	if (SUCCEEDED(hr))
		hr = check_arguments(subject, flags, invitation);
	if (SUCCEEDED(hr) && info && info->dwSize != sizeof(*info))
		hr = pgi_fail(E_INVALIDARG, "dwSize of the credentials is wrong");
	if (SUCCEEDED(hr))
		hr = pgi_utf8_from_wide(subject, &name);
	if (FAILED(hr))
		return hr;
	r.subject = name;
	hr = renew_wide(handle, info, &r, invitation);
	free(name);
	return hr;
}
