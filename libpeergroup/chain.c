// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Chains of membership certificates, root first. The kernel checks them for itself; the
 * checks here let a program know early that an invitation is worthless.
 */
#include <stdlib.h>
#include <string.h>
#include <openssl/x509.h>
#include "cert.h"

uint32_t pgi_roles_issuable(uint32_t roles)
{
	if (roles & (PEERGROUP_ROLE_ROOT | PEERGROUP_ROLE_ADMIN))
		return PGI_ISSUABLE;
	if (roles & PEERGROUP_ROLE_INVITING)
		return PEERGROUP_ROLE_INVITING | PEERGROUP_ROLE_MEMBER;
	return 0;
}

bool pgi_chain_order(struct pgi_cert **chain, size_t len)
{
	struct pgi_cert *found;
	size_t i, j;

	for (i = 0; i < len; i++) {
		for (j = i; j < len; j++)
			if (i ? !chain[j]->root && !memcmp(chain[j]->issuer,
							   chain[i - 1]->fingerprint, 32)
			      : chain[j]->root)
				break;
		if (j == len)
			return false;
		found = chain[j];
		chain[j] = chain[i];
		chain[i] = found;
	}
	return true;
}

static const char *verify_link(const struct pgi_cert *cert, const struct pgi_cert *issuer)
{
	if (cert->root != (cert == issuer))
		return "a certificate stands where the root should";
	if (memcmp(cert->group_id, cert->root ? cert->spki_hash : issuer->group_id, 32))
		return "a certificate is of another group";
	if (!cert->root && memcmp(cert->issuer, issuer->fingerprint, 32))
		return "a certificate was issued by another";
	if (!cert->root && (cert->roles & ~pgi_roles_issuable(issuer->roles)))
		return "a certificate has roles that its issuer may not give";
	if (cert->not_before < issuer->not_before || cert->not_after > issuer->not_after)
		return "a certificate outlives its issuer's";
	if (cert->since < issuer->since)
		return "a certificate says that it renews one from before its issuer's time";
	if (X509_verify(cert->x509, X509_get0_pubkey(issuer->x509)) != 1)
		return "a certificate's signature is wrong";
	return NULL;
}

HRESULT pgi_chain_verify(struct pgi_cert *const *chain, size_t len)
{
	const char *why = NULL;
	size_t i;

	if (len < 2)
		return pgi_untrusted("the chain of certificates has no member");
	if (len > PEERGROUP_CHAIN_MAX + 1)
		return pgi_untrusted("the chain of certificates is too long");
	for (i = 0; i < len && !why; i++)
		why = verify_link(chain[i], chain[i ? i - 1 : 0]);
	return why ? pgi_untrusted(why) : S_OK;
}

HRESULT pgi_chain_room(size_t depth)
{
	return depth < PEERGROUP_CHAIN_MAX ? S_OK :
		pgi_fail(PEER_E_CHAIN_TOO_LONG, "there are %zu certificates already", depth);
}

HRESULT pgi_chain_parse(const struct pgi_group_store *store, struct pgi_cert ***out,
			size_t *len)
{
	struct pgi_cert **chain = calloc(store->chain_len + 1, sizeof(*chain));
	HRESULT hr = chain ? S_OK : E_OUTOFMEMORY;
	size_t i;

	*out = NULL;
	*len = 0;
	for (i = 0; i <= store->chain_len && SUCCEEDED(hr); i++) {
		const struct pgi_blob *der = i ? &store->chain[i - 1] : &store->root;

		hr = pgi_cert_parse(der->data, der->len, &chain[i]);
	}
	if (FAILED(hr)) {
		if (chain)
			pgi_chain_free(chain, store->chain_len + 1);
		return hr;
	}
	*out = chain;
	*len = store->chain_len + 1;
	return S_OK;
}

void pgi_chain_free(struct pgi_cert **chain, size_t len)
{
	size_t i;

	for (i = 0; chain && i < len; i++)
		pgi_cert_free(chain[i]);
	free(chain);
}
