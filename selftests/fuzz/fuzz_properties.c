// SPDX-License-Identifier: GPL-2.0-only
/*
 * By its first byte the data of a properties record, as a group's creator may make it
 * up, or the file of a group's password, as a disk may leave it. What is taken for one
 * says the same again.
 */
#include <string.h>
#include "fuzz.h"
#include "properties.h"
#include "store.h"

static void decode(const uint8_t *data, size_t len)
{
	struct pgi_properties p, q;
	struct pgi_blob again, third;
	HRESULT hr = pgi_properties_decode(data, len, &p);

	FUZZ_NEED(hr == S_OK || hr == PEER_E_INVALID_GROUP_PROPERTIES ||
		  hr == PEER_E_UNSUPPORTED_VERSION);
	if (FAILED(hr))
		return;
	FUZZ_NEED(p.group && p.creator);
	FUZZ_NEED(pgi_properties_encode(&p, &again) == S_OK);
	FUZZ_NEED(pgi_properties_decode(again.data, again.len, &q) == S_OK);
	FUZZ_NEED(!memcmp(p.password_mark, q.password_mark, sizeof(p.password_mark)) ||
		  !p.password_role);
	FUZZ_NEED(pgi_properties_encode(&q, &third) == S_OK && third.len == again.len &&
		  !memcmp(third.data, again.data, third.len));
	pgi_blob_free(&again);
	pgi_blob_free(&third);
	pgi_properties_free(&p);
	pgi_properties_free(&q);
}

static void parse(const uint8_t *data, size_t len)
{
	struct pgi_blob text = { .data = (uint8_t *)strndup((const char *)data, len) }, copy;
	struct pgi_verifier v, w;
	struct pgi_text again = { 0 };
	HRESULT hr;

	FUZZ_NEED(text.data);
	text.len = strlen((char *)text.data);
	hr = pgi_group_verifier_parse(&text, &v);
	FUZZ_NEED(hr == S_OK || hr == PEER_E_CERT_STORE_CORRUPTED);
	if (hr == S_OK) {
		pgi_group_verifier_text(&v, &again);
		copy = (struct pgi_blob){ .data = (uint8_t *)again.data, .len = again.len };
		FUZZ_NEED(pgi_group_verifier_parse(&copy, &w) == S_OK && !memcmp(&v, &w, sizeof(v)));
		free(again.data);
	}
	free(text.data);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	if (!len)
		return 0;
	if (*data & 1)
		parse(data + 1, len - 1);
	else
		decode(data + 1, len - 1);
	return 0;
}

static size_t seed_properties(unsigned int n, uint8_t *out)
{
	struct pgi_properties p = {
		.classifier = "club", .friendly = "The club", .comment = n ? "n\xc3\xa9" : NULL,
		.group = "0123456789abcdef0123456789abcdef01234567.club",
		.creator = "fedcba9876543210fedcba9876543210fedcba98",
		.member_data_lifetime = 86400, .presence_lifetime = 600,
		.schemes = PEER_GROUP_GMC_AUTHENTICATION,
	};
	struct pgi_blob data;
	size_t len;

	if (n) {
		p.schemes |= PEER_GROUP_PASSWORD_AUTHENTICATION;
		p.password_role = PEERGROUP_ROLE_MEMBER;
		memset(p.password_mark, 0x5a, sizeof(p.password_mark));
	}
	FUZZ_NEED(pgi_properties_encode(&p, &data) == S_OK);
	out[0] = 0;
	memcpy(out + 1, data.data, data.len);
	/* What was before there were marks. */
	if (n == 2)
		out[4] = 1;
	len = data.len + 1;
	pgi_blob_free(&data);
	return len;
}

static size_t seed_file(bool marked, uint8_t *out)
{
	struct pgi_verifier v = { .key = "of a password" };
	struct pgi_text text = { 0 };
	size_t len;

	if (marked)
		memset(v.mark, 0x5a, sizeof(v.mark));
	pgi_group_verifier_text(&v, &text);
	out[0] = 1;
	memcpy(out + 1, text.data, text.len);
	len = text.len + 1;
	free(text.data);
	return len;
}

size_t fuzz_seed(unsigned int n, uint8_t *out)
{
	if (n < 3)
		return seed_properties(n, out);
	return n < 5 ? seed_file(n == 4, out) : 0;
}
