// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Many records by one signature: a Merkle tree over their digests (merkle.c), whose root
 * is signed, and each record with its own way to the root. Each is a record like any
 * other from then on. The kernel gets many in one message, and refuses each for itself.
 * Called by native_batch.c.
 */
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include "members.h"
#include "merkle.h"
#include "refresh.h"

/* A record that is signed, and which of the items it is. */
struct leaf {
	struct pgi_draft draft;
	struct peergroup_record_hdr hdr;
	struct pgi_batch_item *item;
};

struct batch {
	struct pgi_group *group;
	bool update;
	pgi_progress_fn progress;	/* may be NULL */
	void *arg;
	uint64_t now;			/* peer time at which they were made */
	struct leaf *leaf;
	unsigned int leaves;
	bool looked;			/* for another certificate of one's own */
	struct pgi_tree tree;
	uint8_t sig[PEERGROUP_SIG_LEN_MAX];
	size_t sig_len;
	uint8_t algo;
};

/* --------------------------------------------------------------- signing -- */

static HRESULT add_leaf(struct batch *b, unsigned int nr)
{
	struct leaf *leaf = &b->leaf[nr];
	uint8_t digest[PEERGROUP_HASH_LEN];
	HRESULT hr;

	hr = pgi_record_header(&leaf->draft, &leaf->hdr);
	if (SUCCEEDED(hr))
		hr = pgi_record_digest(&leaf->draft, &leaf->hdr, b->group->store->id, digest);
	if (SUCCEEDED(hr))
		hr = pgi_tree_leaf(&b->tree, nr, digest, sizeof(digest));
	return hr;
}

/* SHA-256(tag || group || leaves || root) */
static HRESULT sign_root(struct batch *b)
{
	uint8_t hash[PEERGROUP_HASH_LEN];
	uint32_t count = htobe32(b->leaves);
	EVP_MD_CTX *ctx = b->tree.ctx;

	if (!EVP_DigestInit_ex(ctx, NULL, NULL) ||
	    !EVP_DigestUpdate(ctx, PEERGROUP_BATCH_TAG, PEERGROUP_BATCH_TAG_LEN) ||
	    !EVP_DigestUpdate(ctx, b->group->store->id, PEERGROUP_HASH_LEN) ||
	    !EVP_DigestUpdate(ctx, &count, sizeof(count)) ||
	    !EVP_DigestUpdate(ctx, pgi_tree_root(&b->tree), PEERGROUP_HASH_LEN) ||
	    !EVP_DigestFinal_ex(ctx, hash, NULL))
		return E_OUTOFMEMORY;
	b->sig_len = sizeof(b->sig);
	return pgi_sign_digest(b->group->identity, hash, b->sig, &b->sig_len, &b->algo);
}

static HRESULT sign(struct batch *b)
{
	unsigned int i;
	HRESULT hr;

	hr = pgi_tree_new(&b->tree, b->leaves);
	for (i = 0; i < b->leaves && SUCCEEDED(hr); i++)
		hr = add_leaf(b, i);
	if (SUCCEEDED(hr))
		hr = pgi_tree_close(&b->tree);
	return SUCCEEDED(hr) ? sign_root(b) : hr;
}

/* ---------------------------------------------------------- the wire form -- */

static size_t wire_max(const struct pgi_draft *draft)
{
	return pgi_draft_head_len(draft) + sizeof(struct peergroup_sig_hdr) +
	       PEERGROUP_SIG_LEN_MAX + PEERGROUP_BATCH_DEPTH * PEERGROUP_HASH_LEN + draft->size;
}

/* Writes a record, up to wire_max() bytes; returns how many. */
static size_t put_wire(const struct batch *b, unsigned int nr, uint8_t *buf)
{
	struct peergroup_sig_hdr sig = { .kind = PEERGROUP_SIG_BATCH, .algo = b->algo };
	const struct leaf *leaf = &b->leaf[nr];
	uint8_t *p = buf + pgi_draft_head_len(&leaf->draft);
	size_t block;

	sig.sig_len = htobe16((uint16_t)b->sig_len);
	sig.leaf = htobe16((uint16_t)nr);
	sig.leaves = htobe16((uint16_t)b->leaves);
	memcpy(p, &sig, sizeof(sig));
	memcpy(p + sizeof(sig), b->sig, b->sig_len);
	block = sizeof(sig) + b->sig_len;
	block += pgi_tree_path(&b->tree, nr, p + block);
	return pgi_record_write(&leaf->draft, &leaf->hdr, block, buf);
}

/* --------------------------------------------------------------- sending -- */

/* What one message to the kernel brings: neighbours. */
struct load {
	struct batch *b;
	unsigned int from, n;
	size_t size;			/* of the buffer that is full */
};

static void refused(uint32_t nr, int err, void *arg)
{
	const struct load *load = arg;
	struct pgi_batch_item *item = load->b->leaf[load->from + nr].item;

	/* To be tried again when the socket is free. */
	item->hr = err == -ESTALE ? S_FALSE : pgi_put_refused(&load->b->group->nl, err);
}

/* Puts one more into the buffer. The last of a message is acknowledged. */
static void add_load(struct load *load, bool last)
{
	struct pgi_group *group = load->b->group;
	struct nlmsghdr *msg;
	struct nlattr *attr;
	size_t len;

	msg = pgi_nl_request_at(&group->nl, load->size, PEERGROUP_CMD_RECORD_PUT,
				last ? NLM_F_ACK : 0);
	mnl_attr_put_u32(msg, PEERGROUP_A_RECORD_GROUP, group->index);
	attr = mnl_nlmsg_get_payload_tail(msg);
	len = sizeof(*attr) + put_wire(load->b, load->from + load->n, (uint8_t *)(attr + 1));
	attr->nla_type = PEERGROUP_A_RECORD_WIRE;
	attr->nla_len = (uint16_t)len;
	msg->nlmsg_len += MNL_ALIGN((uint32_t)len);
	load->size += msg->nlmsg_len;
	load->n++;
}

static bool is_large(const struct batch *b, unsigned int nr)
{
	return wire_max(&b->leaf[nr].draft) > PEERGROUP_CHUNK_MAX;
}

/* Is what comes next the last for this message, as there would be no room behind it? */
static bool load_ends(const struct load *load)
{
	unsigned int next = load->from + load->n + 1;

	return load->n + 1 == PGI_NL_MANY || next == load->b->leaves ||
	       is_large(load->b, next) ||
	       load->size + 2 * (PEERGROUP_CHUNK_MAX + PGI_NL_OVERHEAD) > PGI_NL_MANY_SIZE;
}

/* Sends as many as one message takes, from @from on; returns how many. */
static unsigned int send_small(struct batch *b, unsigned int from)
{
	struct load load = { .b = b, .from = from };
	struct pgi_nl *nl = &b->group->nl;
	unsigned int i;
	bool last;
	int err;

	pthread_mutex_lock(&b->group->lock);
	do {
		last = load_ends(&load);
		add_load(&load, last);
	} while (!last);
	err = pgi_nl_talk_many(nl, load.size, load.n, refused, &load);
	for (i = 0; err && i < load.n; i++)
		b->leaf[from + i].item->hr = pgi_nl_fail(nl, err);
	pthread_mutex_unlock(&b->group->lock);
	return load.n;
}

/* By itself, in parts. */
static HRESULT send_large(struct batch *b, unsigned int nr)
{
	struct pgi_blob wire;
	bool stale = false;
	HRESULT hr;

	wire.data = malloc(wire_max(&b->leaf[nr].draft));
	if (!wire.data)
		return E_OUTOFMEMORY;
	wire.len = put_wire(b, nr, wire.data);
	hr = pgi_record_put(b->group, &wire, &stale);
	pgi_blob_free(&wire);
	return SUCCEEDED(hr) && stale ? S_FALSE : hr;
}

/* Refused, as the certificate it was signed by is one no more? It is looked for once. */
static bool outdated(struct batch *b, const struct leaf *leaf)
{
	if (leaf->item->hr != PEER_E_NOT_AUTHORIZED)
		return false;
	if (!b->looked)
		pgi_own_changed(b->group, leaf->draft.modifier);
	b->looked = true;
	return memcmp(leaf->draft.modifier, b->group->own->fingerprint,
		      sizeof(leaf->draft.modifier));
}

/*
 * What became of a record. An update that lost against somebody else's is tried by itself,
 * and so is what was signed as a member that one is no more.
 */
static void settle(struct batch *b, struct leaf *leaf)
{
	struct pgi_batch_item *item = leaf->item;

	if (outdated(b, leaf))
		item->hr = b->update ? pgi_record_update(b->group, item->id, &item->content) :
				       pgi_record_add(b->group, &item->content,
						      leaf->draft.id);
	else if (item->hr == S_FALSE && b->update)
		item->hr = pgi_record_update(b->group, item->id, &item->content);
	else if (item->hr == S_FALSE)
		item->hr = pgi_fail(E_UNEXPECTED, "a random record id was taken");
	if (SUCCEEDED(item->hr))
		memcpy(item->id, leaf->draft.id, sizeof(item->id));
}

static unsigned int send_some(struct batch *b, unsigned int from)
{
	unsigned int n = 1, i;

	if (is_large(b, from))
		b->leaf[from].item->hr = send_large(b, from);
	else
		n = send_small(b, from);
	for (i = from; i < from + n; i++)
		settle(b, &b->leaf[i]);
	return n;
}

/* Where the program has had enough, the others are left. */
static HRESULT send_all(struct batch *b, const struct pgi_batch_item *items)
{
	unsigned int nr = 0;
	HRESULT hr = S_OK;

	while (nr < b->leaves && hr == S_OK) {
		nr += send_some(b, nr);
		if (b->progress)
			hr = b->progress((size_t)(b->leaf[nr - 1].item - items) + 1, b->arg);
	}
	for (; nr < b->leaves; nr++)
		b->leaf[nr].item->hr = E_ABORT;
	return hr;
}

/* ------------------------------------------------------------ all of it -- */

static HRESULT draft_item(struct batch *b, struct pgi_batch_item *item, uint64_t now)
{
	struct leaf *leaf = &b->leaf[b->leaves];

	leaf->item = item;
	if (b->update)
		return pgi_record_draft_change(b->group, item->id, &item->content, &leaf->draft);
	return pgi_record_draft_add(b->group, &item->content, now, &leaf->draft);
}

static HRESULT draft_all(struct batch *b, struct pgi_batch_item *items, size_t count)
{
	HRESULT hr;
	size_t i;

	hr = pgi_group_ready(b->group);
	if (SUCCEEDED(hr))
		hr = pgi_group_now(b->group, &b->now);
	if (SUCCEEDED(hr))
		hr = pgi_check_publisher(b->group, b->now);
	for (i = 0; i < count && SUCCEEDED(hr); i++) {
		if (SUCCEEDED(items[i].hr))
			items[i].hr = draft_item(b, &items[i], b->now);
		if (SUCCEEDED(items[i].hr))
			b->leaves++;
	}
	return hr;
}

static void plan_refreshes(const struct batch *b)
{
	unsigned int i;

	for (i = 0; i < b->leaves; i++)
		if (b->leaf[i].item->hr == S_OK)
			pgi_refresh_plan(b->group, &b->leaf[i].draft);
}

/* It ended before the turn of any. */
static void give_up(struct pgi_batch_item *items, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (SUCCEEDED(items[i].hr))
			items[i].hr = E_ABORT;
}

static HRESULT sign_all(struct batch *b, struct pgi_batch_item *items, size_t count)
{
	HRESULT hr;

	b->leaf = calloc(count, sizeof(*b->leaf));
	hr = b->leaf ? draft_all(b, items, count) : E_OUTOFMEMORY;
	if (SUCCEEDED(hr) && b->leaves)
		hr = sign(b);
	if (FAILED(hr))
		give_up(items, count);
	return hr;
}

HRESULT pgi_record_batch(struct pgi_group *group, struct pgi_batch_item *items, size_t count,
			 bool update, pgi_progress_fn progress, void *arg)
{
	struct batch b = { .group = group, .update = update, .progress = progress, .arg = arg };
	HRESULT hr;

	hr = sign_all(&b, items, count);
	if (SUCCEEDED(hr) && b.leaves) {
		hr = send_all(&b, items);
		plan_refreshes(&b);
	}
	pgi_tree_free(&b.tree);
	free(b.leaf);
	if (SUCCEEDED(hr) && b.leaves)
		pgi_membership_acted(group, b.now);
	return hr;
}
