// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Node credentials: the member's signature that lets the kernel's node speak
 * for it on links. The kernel makes the node's key and keeps it; what it cannot
 * do is sign. A credential lasts as long as the certificate unless a program
 * wants it shorter: then the thread of the open group (upkeep.c) renews it in time.
 */
#include <endian.h>
#include <openssl/evp.h>
#include <stddef.h>
#include "group.h"

/* Of a lifetime, when to renew; and how soon again where that failed. */
#define RENEW_NUMERATOR		2
#define RENEW_DENOMINATOR	3
#define RETRY_SECONDS		10

/* --------------------------------------------------------------- signing -- */

static bool make_digest(const uint8_t group[PEERGROUP_HASH_LEN],
			const struct peergroup_credential *c, uint8_t digest[32])
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool ok;

	ok = ctx && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) &&
	     EVP_DigestUpdate(ctx, PEERGROUP_CREDENTIAL_TAG, PEERGROUP_CREDENTIAL_TAG_LEN) &&
	     EVP_DigestUpdate(ctx, group, PEERGROUP_HASH_LEN) &&
	     EVP_DigestUpdate(ctx, c, offsetof(struct peergroup_credential, algo)) &&
	     EVP_DigestFinal_ex(ctx, digest, NULL);
	EVP_MD_CTX_free(ctx);
	return ok;
}

HRESULT pgi_credential_make(struct pgi_group *group, struct pgi_credential *out)
{
	struct peergroup_credential *c = &out->hdr;
	struct pgi_group_state state;
	size_t sig_len = sizeof(out->sig);
	uint32_t lifetime;
	uint8_t digest[32];
	uint64_t now, until;
	HRESULT hr;

	hr = pgi_group_state(group, &state);
	if (FAILED(hr))
		return hr;
	pthread_mutex_lock(&group->lock);
	lifetime = group->credential_lifetime;
	pthread_mutex_unlock(&group->lock);
	now = pgi_now() + (uint64_t)state.time_offset;
	until = now + lifetime * PEERGROUP_TIME_PER_SECOND;
	if (!lifetime || until > group->own->not_after)
		until = group->own->not_after;
	memset(out, 0, sizeof(*out));
	memcpy(c->key, state.node_key, sizeof(c->key));
	c->node = htobe64(state.node);
	c->not_before = htobe64(now);
	c->not_after = htobe64(until);
	if (!make_digest(group->store->id, c, digest))
		return E_OUTOFMEMORY;
	hr = pgi_sign_digest(group->identity, digest, out->sig, &sig_len, &c->algo);
	c->sig_len = htobe16((uint16_t)sig_len);
	out->len = sizeof(*c) + sig_len;
	return hr;
}

/* -------------------------------------------------------------- renewing -- */

HRESULT pgi_credential_set(struct pgi_group *group)
{
	struct pgi_credential credential;
	struct nlmsghdr *msg;
	HRESULT hr;

	hr = pgi_credential_make(group, &credential);
	if (FAILED(hr))
		return hr;
	pthread_mutex_lock(&group->lock);
	msg = pgi_group_request(group, PEERGROUP_CMD_GROUP_SET);
	mnl_attr_put(msg, PEERGROUP_A_GROUP_CREDENTIAL, credential.len, &credential.hdr);
	hr = pgi_group_talk(group, msg, NULL, NULL);
	pthread_mutex_unlock(&group->lock);
	return hr;
}

static bool is_online(struct pgi_group *group)
{
	struct pgi_group_state state;

	return SUCCEEDED(pgi_group_state(group, &state)) &&
	       (state.status & PEERGROUP_STATUS_LISTENING);
}

/* When to renew, by the lifetime that is wanted now. Lock held. */
static void plan(struct pgi_group *group, bool failed)
{
	uint64_t seconds = (uint64_t)group->credential_lifetime * RENEW_NUMERATOR /
			   RENEW_DENOMINATOR;

	if (failed && seconds > RETRY_SECONDS)
		seconds = RETRY_SECONDS;
	group->upkeep.at[PGI_UPKEEP_CREDENTIAL] =
		group->credential_lifetime ? pgi_boottime() + seconds : 0;
}

void pgi_credential_upkeep(struct pgi_group *group)
{
	bool failed = is_online(group) && FAILED(pgi_credential_set(group));

	pthread_mutex_lock(&group->lock);
	plan(group, failed);
	pthread_mutex_unlock(&group->lock);
}

static HRESULT set_lifetime(struct pgi_group *group, uint32_t seconds)
{
	HRESULT hr = S_OK;

	pthread_mutex_lock(&group->lock);
	group->credential_lifetime = seconds;
	plan(group, false);
	if (seconds)
		hr = pgi_upkeep_start(group);
	pthread_mutex_unlock(&group->lock);
	if (SUCCEEDED(hr) && is_online(group))
		hr = pgi_credential_set(group);
	return hr;
}

PGI_PUBLIC HRESULT peergroup_credential_lifetime(peergroup_t handle, uint32_t seconds)
{
	struct pgi_group *group;
	HRESULT hr;

	pgi_clear_error();
	if (seconds && seconds < PEERGROUP_CREDENTIAL_LIFETIME_MIN)
		return pgi_fail(E_INVALIDARG, "a credential lasts %u s or longer",
				PEERGROUP_CREDENTIAL_LIFETIME_MIN);
	hr = pgi_group_find(handle, &group);
	if (FAILED(hr))
		return hr;
	hr = set_lifetime(group, seconds);
	pgi_group_put(group);
	return hr;
}
