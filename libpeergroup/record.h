/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Records: their signed form, written and read, and what they look like to
 * programs of <p2p.h> and of <peergroup.h>. Nothing here talks to the kernel.
 */
#ifndef _PEERGROUP_RECORD_H
#define _PEERGROUP_RECORD_H

#include "internal.h"

/* What a version to be signed consists of; all is the caller's. */
struct pgi_draft {
	uint8_t id[PEERGROUP_ID_LEN];
	uint8_t type[PEERGROUP_ID_LEN];
	uint32_t version;
	uint32_t flags;			/* PEERGROUP_RECORD_* */
	uint8_t creator[PEERGROUP_HASH_LEN];
	uint8_t modifier[PEERGROUP_HASH_LEN];
	uint64_t created, modified, expires;
	uint32_t refresh;		/* seconds that a refresh gives; 0 without AUTOREFRESH */
	const uint8_t *seed;		/* of a chain by which the kernel refreshes it, or NULL */
	uint32_t count;			/* its length */
	const char *attrs;		/* NULL for none */
	const void *data;
	size_t size;
};

static inline size_t pgi_draft_attrs_len(const struct pgi_draft *draft)
{
	return draft->attrs ? strlen(draft->attrs) : 0;
}

/* Of what a signature is over: header and attributes. */
static inline size_t pgi_draft_head_len(const struct pgi_draft *draft)
{
	return sizeof(struct peergroup_record_hdr) + pgi_draft_attrs_len(draft);
}

/* The header, and what a signature over the version is over; E_OUTOFMEMORY. */
HRESULT pgi_record_header(const struct pgi_draft *draft, struct peergroup_record_hdr *hdr);
HRESULT pgi_record_digest(const struct pgi_draft *draft, const struct peergroup_record_hdr *hdr,
			  const uint8_t group[32], uint8_t digest[32]);

/* Writes the wire form around @block bytes of signature block; returns its length. */
size_t pgi_record_write(const struct pgi_draft *draft, const struct peergroup_record_hdr *hdr,
			size_t block, uint8_t *buf);

/*
 * When a version that follows is modified: now, but for a last one whose clock was ahead of
 * ours, by as much as is tolerated. Never at its very moment: the first version is told
 * from later ones by that.
 */
static inline uint64_t pgi_after(uint64_t modified, uint64_t now)
{
	return now > modified ? now : modified + 1;
}

/*
 * The number of a version that follows. The last one is a revocation's, which none follows:
 * from the one before on, versions follow each other by when they were modified alone, which
 * comes next in their order. So nobody uses up the numbers of a record that others may change.
 */
static inline uint32_t pgi_next_version(uint32_t version)
{
	return version < PEERGROUP_VERSION_FINAL - 1 ? version + 1 : version;
}

/* Signs a version in a group; @wire is its whole wire form. */
HRESULT pgi_record_sign(const struct pgi_draft *draft, const uint8_t group[32],
			const struct pgi_identity *signer, struct pgi_blob *wire);

/* One record as the kernel told of it; one malloc()ed block and the wire form. */
struct pgi_record {
	uint8_t id[PEERGROUP_ID_LEN];
	uint8_t type[PEERGROUP_ID_LEN];
	uint32_t version;
	uint32_t flags;
	uint64_t created, modified, expires;
	uint64_t seq;
	uint32_t change;
	bool refreshed;			/* by this host's kernel */
	struct pgi_blob wire;		/* empty in a brief answer */
	const char *creator, *modifier;	/* peer names, behind the struct */
};

void pgi_record_free(struct pgi_record *record);

/* Where the parts of a wire form are; they point into it. */
struct pgi_parts {
	const struct peergroup_record_hdr *hdr;
	const char *attrs;		/* no NUL behind them */
	size_t attrs_len;
	const uint8_t *signature;	/* the signature block */
	size_t signature_len;
	const uint8_t *data;
	size_t size;
};

bool pgi_record_parts(const struct pgi_blob *wire, struct pgi_parts *parts);

/* What decides which of two versions of a record is the newer, as the kernel sees it. */
struct pgi_version {
	uint32_t number;		/* 0: there is none */
	uint64_t modified;
	uint8_t digest[PEERGROUP_HASH_LEN];
};

/* False where it is not understood; the version is none then. */
bool pgi_record_version(const struct pgi_blob *wire, const uint8_t group[32],
			struct pgi_version *version);
bool pgi_version_newer(const struct pgi_version *a, const struct pgi_version *b);

/* A record for programs, inside the block @top. */
HRESULT pgi_record_to_peer(const struct pgi_record *record, void *top, PEER_RECORD *out);
HRESULT pgi_record_to_native(const struct pgi_record *record, void *top,
			     struct peergroup_record *out);

/* PEERGROUP_RECORD_* and PEER_RECORD_FLAG_*: same bits, other places. */
uint32_t pgi_flags_to_peer(uint32_t flags);

/* Record types that only the library itself may use; and three of them. */
bool pgi_type_reserved(const uint8_t type[PEERGROUP_ID_LEN]);
bool pgi_type_is_properties(const uint8_t type[PEERGROUP_ID_LEN]);
bool pgi_type_is_presence(const uint8_t type[PEERGROUP_ID_LEN]);
bool pgi_type_is_membership(const uint8_t type[PEERGROUP_ID_LEN]);

#endif /* _PEERGROUP_RECORD_H */
