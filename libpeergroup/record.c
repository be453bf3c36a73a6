// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The signed form of a record, as it goes to the kernel and comes back:
 * header, attributes, signature block, data. Encode and decode stand beside
 * each other; then the conversions to what programs see.
 */
#include <endian.h>
#include <stdlib.h>
#include <openssl/sha.h>
#include "record.h"

/* Graph Info, Signature, Contact, Presence; Membership, Security Properties. */
static const uint8_t reserved_types[][4] = {
	{ 0, 0, 1, 0 }, { 0, 0, 2, 0 }, { 0, 0, 3, 0 }, { 0, 0, 4, 0 },
	{ 1, 0, 0, 0 }, { 2, 0, 0, 0 },
};

bool pgi_type_reserved(const uint8_t type[PEERGROUP_ID_LEN])
{
	static const uint8_t revocation[] = PEERGROUP_TYPE_REVOCATION;
	static const uint8_t zero[PEERGROUP_ID_LEN - 4];
	size_t i;

	if (!memcmp(type, revocation, sizeof(revocation)))
		return true;
	if (memcmp(type + 4, zero, sizeof(zero)))
		return false;
	for (i = 0; i < PGI_ARRAY_SIZE(reserved_types); i++) {
		if (!memcmp(type, reserved_types[i], 4))
			return true;
	}
	return false;
}

bool pgi_type_is_properties(const uint8_t type[PEERGROUP_ID_LEN])
{
	static const uint8_t properties[PEERGROUP_ID_LEN] = PEERGROUP_TYPE_PROPERTIES;

	return !memcmp(type, properties, sizeof(properties));
}

bool pgi_type_is_membership(const uint8_t type[PEERGROUP_ID_LEN])
{
	static const uint8_t membership[PEERGROUP_ID_LEN] = PEERGROUP_TYPE_MEMBERSHIP;

	return !memcmp(type, membership, sizeof(membership));
}

bool pgi_type_is_presence(const uint8_t type[PEERGROUP_ID_LEN])
{
	static const uint8_t presence[PEERGROUP_ID_LEN] = PEERGROUP_TYPE_PRESENCE;

	return !memcmp(type, presence, sizeof(presence));
}

/* --------------------------------------------------------------- writing -- */

/* Where the chain of a seed ends. One context for all: to look the algorithm up costs more. */
static bool hash_chain(const uint8_t *seed, uint32_t count, uint8_t anchor[PEERGROUP_HASH_LEN])
{
	EVP_MD *sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool ok = sha256 && ctx;

	memcpy(anchor, seed, PEERGROUP_HASH_LEN);
	while (ok && count--)
		ok = EVP_DigestInit_ex(ctx, sha256, NULL) &&
		     EVP_DigestUpdate(ctx, anchor, PEERGROUP_HASH_LEN) &&
		     EVP_DigestFinal_ex(ctx, anchor, NULL);
	EVP_MD_CTX_free(ctx);
	EVP_MD_free(sha256);
	return ok;
}

HRESULT pgi_record_header(const struct pgi_draft *draft, struct peergroup_record_hdr *hdr)
{
	memset(hdr, 0, sizeof(*hdr));
	memcpy(hdr->id, draft->id, sizeof(hdr->id));
	memcpy(hdr->type, draft->type, sizeof(hdr->type));
	hdr->version = htobe32(draft->version);
	hdr->flags = htobe32(draft->flags);
	memcpy(hdr->creator, draft->creator, sizeof(hdr->creator));
	memcpy(hdr->modifier, draft->modifier, sizeof(hdr->modifier));
	hdr->created = htobe64(draft->created);
	hdr->modified = htobe64(draft->modified);
	hdr->expires = htobe64(draft->expires);
	hdr->refresh_period = htobe32(draft->refresh);
	hdr->attrs_len = htobe32((uint32_t)pgi_draft_attrs_len(draft));
	hdr->data_len = htobe32((uint32_t)draft->size);
	if (draft->seed) {
		hdr->refresh_count = htobe32(draft->count);
		if (!hash_chain(draft->seed, draft->count, hdr->anchor))
			return E_OUTOFMEMORY;
	}
	return SHA256(draft->data ? draft->data : "", draft->size, hdr->data_hash) ?
	       S_OK : E_OUTOFMEMORY;
}

static HRESULT digest_of(const struct peergroup_record_hdr *hdr, const char *attrs,
			 size_t attrs_len, const uint8_t group[32], uint8_t digest[32])
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool ok;

	ok = ctx && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) &&
	     EVP_DigestUpdate(ctx, PEERGROUP_RECORD_TAG, PEERGROUP_RECORD_TAG_LEN) &&
	     EVP_DigestUpdate(ctx, group, PEERGROUP_HASH_LEN) &&
	     EVP_DigestUpdate(ctx, hdr, sizeof(*hdr)) &&
	     EVP_DigestUpdate(ctx, attrs, attrs_len) &&
	     EVP_DigestFinal_ex(ctx, digest, NULL);
	EVP_MD_CTX_free(ctx);
	return ok ? S_OK : E_OUTOFMEMORY;
}

HRESULT pgi_record_digest(const struct pgi_draft *draft, const struct peergroup_record_hdr *hdr,
			  const uint8_t group[32], uint8_t digest[32])
{
	return digest_of(hdr, draft->attrs, pgi_draft_attrs_len(draft), group, digest);
}

/* Writes the signature block; it is @block bytes long. */
static HRESULT put_signature(uint8_t *buf, const uint8_t digest[32],
			     const struct pgi_identity *signer, size_t *block)
{
	struct peergroup_sig_hdr sig = { .kind = PEERGROUP_SIG_DIRECT };
	size_t sig_len = PEERGROUP_SIG_LEN_MAX;
	HRESULT hr;

	hr = pgi_sign_digest(signer, digest, buf + sizeof(sig), &sig_len, &sig.algo);
	if (FAILED(hr))
		return hr;
	sig.sig_len = htobe16((uint16_t)sig_len);
	memcpy(buf, &sig, sizeof(sig));
	*block = sizeof(sig) + sig_len;
	return S_OK;
}

HRESULT pgi_record_sign(const struct pgi_draft *draft, const uint8_t group[32],
			const struct pgi_identity *signer, struct pgi_blob *wire)
{
	size_t head = pgi_draft_head_len(draft), block;
	struct peergroup_record_hdr hdr;
	uint8_t digest[32], *buf;
	HRESULT hr;

	hr = pgi_record_header(draft, &hdr);
	if (SUCCEEDED(hr))
		hr = pgi_record_digest(draft, &hdr, group, digest);
	if (FAILED(hr))
		return hr;
	buf = malloc(head + sizeof(struct peergroup_sig_hdr) + PEERGROUP_SIG_LEN_MAX +
		     draft->size);
	if (!buf)
		return E_OUTOFMEMORY;
	hr = put_signature(buf + head, digest, signer, &block);
	if (FAILED(hr)) {
		free(buf);
		return hr;
	}
	wire->data = buf;
	wire->len = pgi_record_write(draft, &hdr, block, buf);
	return S_OK;
}

size_t pgi_record_write(const struct pgi_draft *draft, const struct peergroup_record_hdr *hdr,
			size_t block, uint8_t *buf)
{
	size_t attrs_len = pgi_draft_attrs_len(draft), head = sizeof(*hdr) + attrs_len;

	memcpy(buf, hdr, sizeof(*hdr));
	if (attrs_len)
		memcpy(buf + sizeof(*hdr), draft->attrs, attrs_len);
	if (draft->size)
		memcpy(buf + head + block, draft->data, draft->size);
	return head + block + draft->size;
}

/* --------------------------------------------------------------- reading -- */

/* Sibling hashes of a leaf in a tree of @leaves (RFC 6962, 2.1.1). */
static size_t path_length(uint32_t leaf, uint32_t leaves)
{
	size_t n = 0;

	if (!leaves)
		return 0;
	for (leaves--; leaves; leaves >>= 1, leaf >>= 1) {
		/* The last node of an odd level goes up without a sibling. */
		if ((leaf & 1) || leaf < leaves)
			n++;
	}
	return n;
}

static size_t signature_length(const uint8_t *block)
{
	struct peergroup_sig_hdr sig;

	memcpy(&sig, block, sizeof(sig));
	return sizeof(sig) + be16toh(sig.sig_len) +
	       PEERGROUP_HASH_LEN * path_length(be16toh(sig.leaf), be16toh(sig.leaves));
}

bool pgi_record_parts(const struct pgi_blob *wire, struct pgi_parts *parts)
{
	size_t len = wire->len, head;

	if (len < sizeof(*parts->hdr))
		return false;
	parts->hdr = (const struct peergroup_record_hdr *)wire->data;
	parts->attrs_len = be32toh(parts->hdr->attrs_len);
	parts->size = be32toh(parts->hdr->data_len);
	parts->attrs = (const char *)(parts->hdr + 1);
	head = sizeof(*parts->hdr) + parts->attrs_len;
	if (len < head + sizeof(struct peergroup_sig_hdr))
		return false;
	parts->signature = wire->data + head;
	parts->signature_len = signature_length(parts->signature);
	if (len != head + parts->signature_len + parts->size)
		return false;
	parts->data = parts->signature + parts->signature_len;
	return true;
}

bool pgi_record_version(const struct pgi_blob *wire, const uint8_t group[32],
			struct pgi_version *version)
{
	struct pgi_parts parts;

	memset(version, 0, sizeof(*version));
	if (!pgi_record_parts(wire, &parts) ||
	    FAILED(digest_of(parts.hdr, parts.attrs, parts.attrs_len, group, version->digest)))
		return false;
	version->number = be32toh(parts.hdr->version);
	version->modified = be64toh(parts.hdr->modified);
	return true;
}

bool pgi_version_newer(const struct pgi_version *a, const struct pgi_version *b)
{
	if (a->number != b->number)
		return a->number > b->number;
	if (a->modified != b->modified)
		return a->modified > b->modified;
	return memcmp(a->digest, b->digest, sizeof(a->digest)) > 0;
}

void pgi_record_free(struct pgi_record *record)
{
	if (!record)
		return;
	pgi_blob_free(&record->wire);
	free(record);
}

/* --------------------------------------------------------- for programs -- */

uint32_t pgi_flags_to_peer(uint32_t flags)
{
	uint32_t out = 0;

	if (flags & PEERGROUP_RECORD_AUTOREFRESH)
		out |= PEER_RECORD_FLAG_AUTOREFRESH;
	if (flags & PEERGROUP_RECORD_DELETED)
		out |= PEER_RECORD_FLAG_DELETED;
	return out;
}

/* Attributes are not terminated on the wire; programs get a string, or NULL for none. */
static HRESULT copy_attrs(const struct pgi_parts *parts, void *top, char **out)
{
	*out = NULL;
	if (!parts->attrs_len)
		return S_OK;
	*out = pgi_sub(top, parts->attrs_len + 1);
	if (!*out)
		return E_OUTOFMEMORY;
	memcpy(*out, parts->attrs, parts->attrs_len);
	return S_OK;
}

static HRESULT copy_data(void *top, const void *data, size_t size, PEER_DATA *out)
{
	out->cbData = (ULONG)size;
	if (!size)
		return S_OK;
	out->pbData = pgi_sub_copy(top, data, size);
	return out->pbData ? S_OK : E_OUTOFMEMORY;
}

static HRESULT broken_record(void)
{
	return pgi_fail(E_UNEXPECTED, "the kernel's copy of a record is not understood");
}

/* UTF-8 to UTF-16 of text that is not terminated. */
static HRESULT wide_attrs(const struct pgi_parts *parts, void *top, PWSTR *out)
{
	char *text;

	*out = NULL;
	if (!parts->attrs_len)
		return S_OK;
	text = strndup(parts->attrs, parts->attrs_len);
	if (!text)
		return E_OUTOFMEMORY;
	*out = pgi_sub_wide(top, text);
	free(text);
	return *out ? S_OK : E_OUTOFMEMORY;
}

HRESULT pgi_record_to_peer(const struct pgi_record *record, void *top, PEER_RECORD *out)
{
	struct pgi_parts parts;
	HRESULT hr;

	if (!pgi_record_parts(&record->wire, &parts))
		return broken_record();
	out->dwSize = sizeof(*out);
	peergroup_uuid_to_guid(record->type, &out->type);
	peergroup_uuid_to_guid(record->id, &out->id);
	out->dwVersion = record->version;
	out->dwFlags = pgi_flags_to_peer(record->flags);
	out->ftCreation = pgi_to_filetime(record->created);
	out->ftExpiration = pgi_to_filetime(record->expires);
	out->ftLastModified = pgi_to_filetime(record->modified);
	out->pwzCreatorId = pgi_sub_wide(top, record->creator);
	out->pwzModifiedById = pgi_sub_wide(top, record->modifier);
	if (!out->pwzCreatorId || !out->pwzModifiedById)
		return E_OUTOFMEMORY;
	hr = wide_attrs(&parts, top, &out->pwzAttributes);
	if (SUCCEEDED(hr))
		hr = copy_data(top, parts.signature, parts.signature_len, &out->securityData);
	if (SUCCEEDED(hr))
		hr = copy_data(top, parts.data, parts.size, &out->data);
	return hr;
}

HRESULT pgi_record_to_native(const struct pgi_record *record, void *top,
			     struct peergroup_record *out)
{
	struct pgi_parts parts;
	char *attrs;
	HRESULT hr;

	if (!pgi_record_parts(&record->wire, &parts))
		return broken_record();
	memcpy(out->id, record->id, sizeof(out->id));
	memcpy(out->type, record->type, sizeof(out->type));
	out->version = record->version;
	out->flags = record->flags;
	out->created = record->created;
	out->modified = record->modified;
	out->expires = record->expires;
	out->sequence = record->seq;
	out->creator = pgi_sub_str(top, record->creator);
	out->modifier = pgi_sub_str(top, record->modifier);
	if (!out->creator || !out->modifier)
		return E_OUTOFMEMORY;
	hr = copy_attrs(&parts, top, &attrs);
	if (FAILED(hr))
		return hr;
	out->attributes = attrs;
	out->size = parts.size;
	if (parts.size)
		out->data = pgi_sub_copy(top, parts.data, parts.size);
	return parts.size && !out->data ? E_OUTOFMEMORY : S_OK;
}
