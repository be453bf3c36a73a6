// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Ending somebody's membership: a signed record that says so. What it means is the
 * kernel's business, on every host; here it is made, for long enough.
 */
#include <stdlib.h>
#include <endian.h>
#include <openssl/evp.h>
#include "members.h"
#include "records.h"

static const uint8_t revocation_type[PEERGROUP_ID_LEN] = PEERGROUP_TYPE_REVOCATION;

static HRESULT key_of(const struct pgi_member *m, uint8_t key[PEERGROUP_HASH_LEN])
{
	struct pgi_cert *cert;
	HRESULT hr;

	hr = pgi_cert_parse(m->der.data, m->der.len, &cert);
	if (FAILED(hr))
		return hr;
	memcpy(key, cert->spki_hash, PEERGROUP_HASH_LEN);
	pgi_cert_free(cert);
	return S_OK;
}

/*
 * Until the last of the certificates it covers has run out, which no certificate
 * below them outlives. What an administrator has changed may be anybody's and live
 * as long as their certificates.
 */
static uint64_t until(const struct pgi_members *members, const struct pgi_member *target)
{
	uint64_t end = target->not_after;
	bool admin = false;
	size_t i;

	/* In any certificate: another one for its key may come from whoever may invite. */
	for (i = 0; i < members->count; i++)
		if (!strcmp(members->list[i].name, target->name))
			admin |= members->list[i].roles & PEERGROUP_ROLE_ADMIN;
	for (i = 0; i < members->count; i++) {
		const struct pgi_member *m = &members->list[i];

		if (m->depth && (admin || !strcmp(m->name, target->name)) && m->not_after > end)
			end = m->not_after;
	}
	return end;
}

/* The id says what the record says: see struct peergroup_revocation. */
static HRESULT set_id(const struct pgi_group *group, struct pgi_draft *d)
{
	uint64_t times[2] = { htobe64(d->modified), htobe64(d->expires) };
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	uint8_t hash[PEERGROUP_HASH_LEN];
	bool done;

	done = ctx && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) &&
	       EVP_DigestUpdate(ctx, PEERGROUP_REVOCATION_TAG, PEERGROUP_REVOCATION_TAG_LEN) &&
	       EVP_DigestUpdate(ctx, group->store->id, sizeof(group->store->id)) &&
	       EVP_DigestUpdate(ctx, times, sizeof(times)) &&
	       EVP_DigestUpdate(ctx, d->data, d->size) &&
	       EVP_DigestFinal_ex(ctx, hash, NULL);
	EVP_MD_CTX_free(ctx);
	if (!done)
		return E_OUTOFMEMORY;
	memcpy(d->id, group->identity->spki_hash, 8);
	memcpy(d->id + 8, hash, 8);
	return S_OK;
}

static HRESULT publish(struct pgi_group *group, const struct pgi_members *members,
		       const struct pgi_member *target, uint32_t flags, uint64_t now)
{
	struct peergroup_revocation body = { .flags = htobe32(flags) };
	struct pgi_draft d = {
		.version = PEERGROUP_VERSION_FINAL, .created = now, .modified = now,
		.data = &body, .size = sizeof(body),
	};
	bool stale;
	HRESULT hr;

	hr = key_of(target, body.key);
	if (FAILED(hr))
		return hr;
	d.expires = until(members, target);
	if (d.expires <= now)
		return S_OK;		/* over by itself */
	memcpy(d.type, revocation_type, sizeof(d.type));
	memcpy(d.creator, group->own->fingerprint, sizeof(d.creator));
	memcpy(d.modifier, group->own->fingerprint, sizeof(d.modifier));
	hr = set_id(group, &d);
	return SUCCEEDED(hr) ? pgi_record_publish(group, group->identity, &d, &stale) : hr;
}

/* Has it invited this member, or one of those who did in turn? */
static bool is_above(const struct pgi_group *group, const struct pgi_members *members,
		     const struct pgi_member *target)
{
	const struct pgi_member *m = pgi_members_with(members, group->own->fingerprint);

	for (; m && m->depth; m = pgi_members_with(members, m->issuer))
		if (!strcmp(m->name, target->name))
			return true;
	return false;
}

static HRESULT revoke_target(struct pgi_group *group, const struct pgi_members *members,
			     const char *name, uint32_t flags, uint64_t now)
{
	const struct pgi_member *target = pgi_members_find(members, name, now);

	if (!target)
		return pgi_fail(PEER_E_NOT_FOUND, "%s is no member that is known here", name);
	if (!(flags & PEERGROUP_REVOKE_ONLY) && is_above(group, members, target))
		return pgi_fail(PEER_E_NOT_AUTHORIZED,
				"%s is among those who have invited this member, which would fall with it: revoke only it",
				name);
	return publish(group, members, target, flags, now);
}

static HRESULT revoke_member(struct pgi_group *group, const char *name, uint32_t flags)
{
	struct pgi_members members;
	uint64_t now;
	HRESULT hr;

	hr = pgi_group_ready(group);
	if (SUCCEEDED(hr))
		hr = pgi_group_now(group, &now);
	if (SUCCEEDED(hr))
		hr = pgi_check_publisher(group, now);
	if (FAILED(hr))
		return hr;
	if (!(group->own->roles & PEERGROUP_ROLE_ADMIN))
		return pgi_fail(PEER_E_NOT_AUTHORIZED, "only an administrator may revoke");
	if (!strcmp(name, group->identity->name))
		return pgi_fail(PEER_E_NOT_AUTHORIZED, "nobody revokes himself: leave instead");
	hr = pgi_members_read(group, &members);
	if (FAILED(hr))
		return hr;
	hr = revoke_target(group, &members, name, flags, now);
	pgi_members_free(&members);
	return hr;
}

static HRESULT revoke_by_handle(const void *handle, const char *name, uint32_t flags)
{
	struct pgi_group *group;
	HRESULT hr;

	hr = pgi_group_find(handle, &group);
	if (FAILED(hr))
		return hr;
	if (flags & ~(PEERGROUP_REVOKE_ONLY | PEERGROUP_REVOKE_WITHDRAW))
		hr = pgi_fail(E_INVALIDARG, "unknown flags in %#x", flags);
	else
		hr = revoke_member(group, name, flags);
	pgi_group_put(group);
	return hr;
}

PGI_PUBLIC HRESULT peergroup_revoke(peergroup_t group, const char *member, uint32_t flags)
{
	pgi_clear_error();
	if (!member)
		return pgi_fail(E_INVALIDARG, "member is NULL");
	return revoke_by_handle(group, member, flags);
}

PGI_PUBLIC HRESULT PeerGroupRevokeMember(HGROUP handle, PCWSTR member, DWORD flags)
{
	char *name;
	HRESULT hr;

	pgi_clear_error();
	hr = pgi_started();
	if (FAILED(hr))
		return hr;
	if (!member)
		return pgi_fail(E_INVALIDARG, "pwzMember is NULL");
	hr = pgi_utf8_from_wide(member, &name);
	if (FAILED(hr))
		return hr;
	hr = revoke_by_handle(handle, name, flags);
	free(name);
	return hr;
}
