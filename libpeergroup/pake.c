// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Joining by password; see pake.h. Everything that comes in was written by somebody
 * who may not know the password: lengths first, then tags, and only behind a tag that
 * fits anything that has to be parsed.
 */
#include <endian.h>
#include <openssl/err.h>
#include <sodium.h>
#include <stdlib.h>
#include "pake.h"
#include "xml.h"

#define SALT_TAG	"peergroup password salt 1"
#define CHANNEL_TAG	"peergroup password channel 1"
#define JOINER_TAG	"peergroup password joiner 1"
#define ISSUER_TAG	"peergroup password issuer 1"
#define KEYS_TAG	"peergroup password keys 1"
#define PROOF_TAG	"peergroup password proof 1"

/* Argon2id: 64 MiB and three passes, some tenths of a second. */
#define VERIFIER_OPS	3
#define VERIFIER_MEMORY	(64U << 20)

#define PASSWORD_MIN	8	/* characters; PEERGROUP_PASSWORD_MIN says otherwise */
#define PASSWORD_MAX	256

/* ------------------------------------------------------------- passwords -- */

static unsigned long least_length(void)
{
	const char *text = secure_getenv("PEERGROUP_PASSWORD_MIN");
	unsigned long n = text ? strtoul(text, NULL, 10) : 0;

	return n ? n : PASSWORD_MIN;
}

HRESULT pgi_password_check(const char *password)
{
	size_t units, i;

	if (!pgi_utf8_valid(password))
		return pgi_fail(PEER_E_PASSWORD_DOES_NOT_MEET_POLICY,
				"the password is no proper text");
	units = pgi_utf8_units(password);
	if (!units || units < least_length() || units > PASSWORD_MAX)
		return pgi_fail(PEER_E_PASSWORD_DOES_NOT_MEET_POLICY,
				"a group's password has %lu to %d characters", least_length(),
				PASSWORD_MAX);
	for (i = 1; password[i] == password[0]; i++)
		;
	if (!password[i])
		return pgi_fail(PEER_E_PASSWORD_DOES_NOT_MEET_POLICY,
				"the password is one character again and again");
	return S_OK;
}

HRESULT pgi_verifier_make(const uint8_t authority[PEERGROUP_AUTHORITY_LEN],
			  const char *password, uint8_t verifier[PGI_VERIFIER_LEN])
{
	uint8_t salt[crypto_hash_sha256_BYTES];
	crypto_hash_sha256_state state;

	if (sodium_init() < 0)
		return E_OUTOFMEMORY;
	crypto_hash_sha256_init(&state);
	crypto_hash_sha256_update(&state, (const uint8_t *)SALT_TAG, sizeof(SALT_TAG) - 1);
	crypto_hash_sha256_update(&state, authority, PEERGROUP_AUTHORITY_LEN);
	crypto_hash_sha256_final(&state, salt);
	_Static_assert(sizeof(salt) >= crypto_pwhash_SALTBYTES, "the salt is cut, not padded");
	if (crypto_pwhash(verifier, PGI_VERIFIER_LEN, password, strlen(password), salt,
			  VERIFIER_OPS, VERIFIER_MEMORY, crypto_pwhash_ALG_ARGON2ID13))
		return E_OUTOFMEMORY;
	return S_OK;
}

HRESULT pgi_verifier_new(const uint8_t authority[PEERGROUP_AUTHORITY_LEN],
			 const char *password, struct pgi_verifier **verifier)
{
	*verifier = calloc(1, sizeof(**verifier));
	return *verifier ? pgi_verifier_make(authority, password, (*verifier)->key) : E_OUTOFMEMORY;
}

HRESULT pgi_mark_draw(uint8_t mark[PGI_MARK_LEN])
{
	if (sodium_init() < 0)
		return E_OUTOFMEMORY;
	randombytes_buf(mark, PGI_MARK_LEN);
	return S_OK;
}

/* ------------------------------------------------------- what both ends do -- */

struct keys {
	uint8_t joiner[32], issuer[32];
};

void pgi_pake_init(struct pgi_pake *p, const uint8_t authority[PEERGROUP_AUTHORITY_LEN],
		   const uint8_t verifier[PGI_VERIFIER_LEN])
{
	memset(p, 0, sizeof(*p));
	memcpy(p->authority, authority, sizeof(p->authority));
	memcpy(p->verifier, verifier, sizeof(p->verifier));
}

void pgi_pake_clear(struct pgi_pake *p)
{
	sodium_memzero(p, sizeof(*p));
}

/* The group is in the channel's name, who joins in the nonce, who answers in its data. */
static void context(const struct pgi_pake *p, struct pgi_cpace_context *c,
		    uint8_t channel[sizeof(CHANNEL_TAG) + PEERGROUP_AUTHORITY_LEN])
{
	memcpy(mempcpy(channel, CHANNEL_TAG, sizeof(CHANNEL_TAG)), p->authority,
	       sizeof(p->authority));
	c->password = (struct pgi_bytes){ p->verifier, sizeof(p->verifier) };
	c->channel = (struct pgi_bytes){ channel, sizeof(CHANNEL_TAG) + sizeof(p->authority) };
	c->session = (struct pgi_bytes){ p->nonce, sizeof(p->nonce) };
}

static void commit(const char *tag, const uint8_t blinder[PGI_BLINDER_LEN],
		   const uint8_t what[32], uint8_t out[32])
{
	crypto_hash_sha256_state state;

	crypto_hash_sha256_init(&state);
	crypto_hash_sha256_update(&state, (const uint8_t *)tag, strlen(tag));
	crypto_hash_sha256_update(&state, blinder, PGI_BLINDER_LEN);
	crypto_hash_sha256_update(&state, what, 32);
	crypto_hash_sha256_final(&state, out);
}

static void expand(const struct pgi_pake *p, const char *tag, uint8_t out[64])
{
	crypto_hash_sha512_state state;

	crypto_hash_sha512_init(&state);
	crypto_hash_sha512_update(&state, (const uint8_t *)tag, strlen(tag));
	crypto_hash_sha512_update(&state, p->nonce, sizeof(p->nonce));
	crypto_hash_sha512_update(&state, p->isk, sizeof(p->isk));
	crypto_hash_sha512_final(&state, out);
	sodium_memzero(&state, sizeof(state));
}

static void make_keys(const struct pgi_pake *p, struct keys *keys)
{
	uint8_t both[64];

	expand(p, KEYS_TAG, both);
	memcpy(keys->joiner, both, sizeof(keys->joiner));
	memcpy(keys->issuer, both + sizeof(keys->joiner), sizeof(keys->issuer));
	sodium_memzero(both, sizeof(both));
}

/* What who joins signs: it says nothing outside this one run. */
static void proof_digest(const struct pgi_pake *p, uint8_t digest[32])
{
	uint8_t both[64];

	expand(p, PROOF_TAG, both);
	memcpy(digest, both, 32);
	sodium_memzero(both, sizeof(both));
}

/* Each key seals one message, so that its nonce is zero. */
static const uint8_t no_nonce[crypto_aead_chacha20poly1305_ietf_NPUBBYTES];

static HRESULT seal(const uint8_t key[32], const uint8_t *text, size_t len, size_t before,
		    struct pgi_blob *out)
{
	unsigned long long sealed;

	out->len = before + len + crypto_aead_chacha20poly1305_ietf_ABYTES;
	out->data = malloc(out->len);
	if (!out->data)
		return E_OUTOFMEMORY;
	crypto_aead_chacha20poly1305_ietf_encrypt(out->data + before, &sealed, text, len, NULL,
						  0, NULL, no_nonce, key);
	return S_OK;
}

/* *@text: one byte longer than *@text_len, to end in a NUL. */
static HRESULT unseal(const uint8_t key[32], const uint8_t *msg, size_t len, uint8_t **text,
		      size_t *text_len)
{
	unsigned long long opened = 0;

	if (len < crypto_aead_chacha20poly1305_ietf_ABYTES)
		return PEER_E_NOT_AUTHORIZED;
	*text = calloc(1, len + 1);
	if (!*text)
		return E_OUTOFMEMORY;
	if (crypto_aead_chacha20poly1305_ietf_decrypt(*text, &opened, NULL, msg, len, NULL, 0,
						      no_nonce, key)) {
		free(*text);
		return PEER_E_NOT_AUTHORIZED;
	}
	*text_len = (size_t)opened;
	return S_OK;
}

/* Key and both tags, once both shares are known. */
static bool agree(struct pgi_pake *p, const uint8_t yb[PGI_CPACE_SHARE],
		  const uint8_t theirs[PGI_CPACE_SHARE], uint8_t answer_tag[PGI_CPACE_TAG])
{
	uint8_t channel[sizeof(CHANNEL_TAG) + PEERGROUP_AUTHORITY_LEN];
	struct pgi_cpace_transcript t;
	struct pgi_cpace_context c;

	context(p, &c, channel);
	memcpy(t.ya, p->ya, sizeof(t.ya));
	memcpy(t.yb, yb, sizeof(t.yb));
	t.ada = (struct pgi_bytes){ JOINER_TAG, sizeof(JOINER_TAG) - 1 };
	t.adb = (struct pgi_bytes){ p->commitment, sizeof(p->commitment) };
	return pgi_cpace_key(&c, &t, p->scalar, theirs, p->isk) &&
	       pgi_cpace_tag(&c, &t, p->isk, true, p->tag) &&
	       pgi_cpace_tag(&c, &t, p->isk, false, answer_tag);
}

/* -------------------------------------------------------------- who joins -- */

static void make_hint(const struct pgi_pake *p, uint8_t hint[PEERGROUP_HASH_LEN])
{
	crypto_hash_sha256_state state;

	crypto_hash_sha256_init(&state);
	crypto_hash_sha256_update(&state, (const uint8_t *)PEERGROUP_PASSWORD_TAG,
				  PEERGROUP_PASSWORD_TAG_LEN);
	crypto_hash_sha256_update(&state, p->authority, sizeof(p->authority));
	crypto_hash_sha256_update(&state, p->nonce, sizeof(p->nonce));
	crypto_hash_sha256_final(&state, hint);
}

HRESULT pgi_pake_open(struct pgi_pake *p, const struct pgi_identity *identity,
		      struct peergroup_password_opening *opening)
{
	uint8_t channel[sizeof(CHANNEL_TAG) + PEERGROUP_AUTHORITY_LEN];
	struct pgi_cpace_context c;

	if (sodium_init() < 0)
		return E_OUTOFMEMORY;
	randombytes_buf(p->blinder, sizeof(p->blinder));
	commit(JOINER_TAG, p->blinder, identity->spki_hash, p->nonce);
	context(p, &c, channel);
	if (!pgi_cpace_begin(&c, p->scalar, p->ya))
		return E_OUTOFMEMORY;
	memcpy(opening->magic, PEERGROUP_PASSWORD_MAGIC, sizeof(opening->magic));
	memcpy(opening->nonce, p->nonce, sizeof(opening->nonce));
	make_hint(p, opening->hint);
	memcpy(opening->share, p->ya, sizeof(opening->share));
	return S_OK;
}

/* Behind the tag, sealed: who one is, and a signature that one has the key of that. */
struct proof {
	uint8_t blinder[PGI_BLINDER_LEN];
	uint8_t algo;
	uint8_t zero;
	uint16_t sig_len;
	uint8_t sig[PEERGROUP_SIG_LEN_MAX];
	/* the identity's XML, to the end */
} __attribute__((packed));

static HRESULT make_proof(const struct pgi_pake *p, const struct pgi_identity *identity,
			  struct pgi_blob *text)
{
	struct proof proof = { 0 };
	size_t sig_len = sizeof(proof.sig);
	uint8_t digest[32];
	char *xml;
	HRESULT hr;

	memcpy(proof.blinder, p->blinder, sizeof(proof.blinder));
	proof_digest(p, digest);
	hr = pgi_sign_digest(identity, digest, proof.sig, &sig_len, &proof.algo);
	if (SUCCEEDED(hr))
		hr = pgi_identity_to_xml(identity, &xml);
	if (FAILED(hr))
		return hr;
	proof.sig_len = htobe16((uint16_t)sig_len);
	text->len = sizeof(proof) + strlen(xml);
	text->data = malloc(text->len);
	if (text->data)
		memcpy(mempcpy(text->data, &proof, sizeof(proof)), xml, strlen(xml));
	free(xml);
	return text->data ? S_OK : E_OUTOFMEMORY;
}

HRESULT pgi_pake_prove(struct pgi_pake *p, const struct pgi_identity *identity,
		       const uint8_t *msg, size_t len, struct pgi_blob *out)
{
	struct pgi_pake_answer answer;
	struct pgi_blob text = { 0 };
	uint8_t tag[PGI_CPACE_TAG];
	struct keys keys;
	HRESULT hr;

	memset(out, 0, sizeof(*out));
	if (len != sizeof(answer))
		return pgi_fail(PEER_E_NOT_AUTHORIZED, "what answers is no member");
	memcpy(&answer, msg, sizeof(answer));
	memcpy(p->commitment, answer.commitment, sizeof(p->commitment));
	if (!agree(p, answer.share, answer.share, tag) ||
	    sodium_memcmp(tag, answer.tag, sizeof(tag)))
		return pgi_fail(PEER_E_NOT_AUTHORIZED, "the password is not the group's");
	make_keys(p, &keys);
	hr = make_proof(p, identity, &text);
	if (SUCCEEDED(hr))
		hr = seal(keys.joiner, text.data, text.len, sizeof(p->tag), out);
	if (SUCCEEDED(hr))
		memcpy(out->data, p->tag, sizeof(p->tag));
	pgi_blob_free(&text);
	sodium_memzero(&keys, sizeof(keys));
	return hr;
}

/* The last message, sealed: what @commitment was made of, and how it ended. */
struct end {
	uint8_t blinder[PGI_BLINDER_LEN];
	uint8_t mark[PGI_MARK_LEN];
	uint32_t status;
	/* where that is 0 the invitation, to the end */
} __attribute__((packed));

HRESULT pgi_pake_accept(struct pgi_pake *p, const uint8_t *msg, size_t len, char **xml)
{
	struct keys keys;
	struct end end;
	uint8_t *text;
	size_t n;
	HRESULT hr;

	*xml = NULL;
	make_keys(p, &keys);
	hr = unseal(keys.issuer, msg, len, &text, &n);
	sodium_memzero(&keys, sizeof(keys));
	if (FAILED(hr))
		return pgi_fail(hr, "the answer is not the other end's");
	if (n < sizeof(end)) {
		hr = pgi_fail(PEER_E_INVITATION_NOT_TRUSTED, "the answer is too short");
	} else {
		memcpy(&end, text, sizeof(end));
		memcpy(p->blinder, end.blinder, sizeof(p->blinder));
		memcpy(p->mark, end.mark, sizeof(p->mark));
		/* Any other word of the other end's is none of what a call here returns. */
		hr = (HRESULT)be32toh(end.status);
		if (hr != S_OK)
			hr = pgi_fail(hr == PEER_E_CHAIN_TOO_LONG ? hr : PEER_E_NOT_AUTHORIZED,
				      "the member that answers issues nothing");
		else if (strlen((char *)text + sizeof(end)) != n - sizeof(end))
			hr = PEER_E_INVITATION_NOT_TRUSTED;
		else
			*xml = strdup((char *)text + sizeof(end));
		if (hr == S_OK && !*xml)
			hr = E_OUTOFMEMORY;
	}
	free(text);
	return hr;
}

bool pgi_pake_issuer(const struct pgi_pake *p, const uint8_t fingerprint[32])
{
	uint8_t expected[32];

	commit(ISSUER_TAG, p->blinder, fingerprint, expected);
	return !memcmp(expected, p->commitment, sizeof(expected));
}

/* ------------------------------------------------------------ who answers -- */

HRESULT pgi_pake_answer(struct pgi_pake *p, const uint8_t opening[PEERGROUP_PASSWORD_OPENING_LEN],
			const uint8_t fingerprint[32], struct pgi_pake_answer *out)
{
	uint8_t channel[sizeof(CHANNEL_TAG) + PEERGROUP_AUTHORITY_LEN];
	struct pgi_cpace_context c;

	if (sodium_init() < 0)
		return E_OUTOFMEMORY;
	memcpy(p->nonce, opening, sizeof(p->nonce));
	memcpy(p->ya, opening + sizeof(p->nonce), sizeof(p->ya));
	randombytes_buf(p->blinder, sizeof(p->blinder));
	commit(ISSUER_TAG, p->blinder, fingerprint, p->commitment);
	context(p, &c, channel);
	if (!pgi_cpace_begin(&c, p->scalar, out->share))
		return E_OUTOFMEMORY;
	memcpy(out->commitment, p->commitment, sizeof(out->commitment));
	if (!agree(p, out->share, p->ya, out->tag))
		return pgi_fail(PEER_E_NOT_AUTHORIZED, "the share is none");
	return S_OK;
}

static bool verify_digest(EVP_PKEY *key, const uint8_t digest[32], const uint8_t *sig,
			  size_t len)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
	bool ok;

	ok = ctx && EVP_PKEY_verify_init(ctx) > 0 &&
	     EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256()) > 0 &&
	     EVP_PKEY_verify(ctx, sig, len, digest, 32) == 1;
	EVP_PKEY_CTX_free(ctx);
	ERR_clear_error();
	return ok;
}

/* Is the identity's key there, and the very one that the opening was made for? */
static HRESULT check_proof(const struct pgi_pake *p, const struct proof *proof,
			   const char *xml)
{
	size_t sig_len = be16toh(proof->sig_len);
	uint8_t digest[32], nonce[32];
	struct pgi_idc idc;
	HRESULT hr;

	if (sig_len > sizeof(proof->sig))
		return PEER_E_NOT_AUTHORIZED;
	hr = pgi_identity_from_xml(xml, &idc);
	if (FAILED(hr))
		return hr;
	proof_digest(p, digest);
	commit(JOINER_TAG, proof->blinder, idc.spki_hash, nonce);
	if (memcmp(nonce, p->nonce, sizeof(nonce)) ||
	    !verify_digest(idc.key, digest, proof->sig, sig_len))
		hr = pgi_fail(PEER_E_NOT_AUTHORIZED, "who joins has not the key it speaks of");
	pgi_idc_free(&idc);
	return hr;
}

HRESULT pgi_pake_check(struct pgi_pake *p, const uint8_t *msg, size_t len,
		       char **identity_xml)
{
	struct proof proof;
	struct keys keys;
	uint8_t *text;
	size_t n;
	HRESULT hr;

	*identity_xml = NULL;
	if (p->joined || len < sizeof(p->tag) || sodium_memcmp(msg, p->tag, sizeof(p->tag)))
		return pgi_fail(PEER_E_NOT_AUTHORIZED, "a wrong password");
	p->joined = true;
	make_keys(p, &keys);
	hr = unseal(keys.joiner, msg + sizeof(p->tag), len - sizeof(p->tag), &text, &n);
	sodium_memzero(&keys, sizeof(keys));
	if (FAILED(hr))
		return hr;
	hr = PEER_E_NOT_AUTHORIZED;
	if (n > sizeof(proof) && strlen((char *)text + sizeof(proof)) == n - sizeof(proof)) {
		memcpy(&proof, text, sizeof(proof));
		hr = check_proof(p, &proof, (char *)text + sizeof(proof));
	}
	if (SUCCEEDED(hr)) {
		*identity_xml = strdup((char *)text + sizeof(proof));
		hr = *identity_xml ? S_OK : E_OUTOFMEMORY;
	}
	free(text);
	return hr;
}

HRESULT pgi_pake_issue(struct pgi_pake *p, const char *xml, HRESULT why,
		       struct pgi_blob *out)
{
	struct end end = { .status = htobe32((uint32_t)(xml ? S_OK : why)) };
	size_t n = xml ? strlen(xml) : 0;
	struct keys keys;
	uint8_t *text;
	HRESULT hr;

	memset(out, 0, sizeof(*out));
	if (n > PEERGROUP_PASSWORD_OUT_MAX - sizeof(end) -
		crypto_aead_chacha20poly1305_ietf_ABYTES)
		return pgi_fail(PEER_E_CHAIN_TOO_LONG, "the chain does not fit into the answer");
	memcpy(end.blinder, p->blinder, sizeof(end.blinder));
	memcpy(end.mark, p->mark, sizeof(end.mark));
	text = malloc(sizeof(end) + n);
	if (!text)
		return E_OUTOFMEMORY;
	memcpy(mempcpy(text, &end, sizeof(end)), xml ? xml : "", n);
	make_keys(p, &keys);
	hr = seal(keys.issuer, text, sizeof(end) + n, 0, out);
	sodium_memzero(&keys, sizeof(keys));
	free(text);
	return hr;
}
