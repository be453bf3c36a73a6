// SPDX-License-Identifier: GPL-2.0-only
/*
 * By its first byte the data of a properties record, as a group's creator may make it
 * up, the file of a group's password, as a disk may leave it, or a presence record, as a
 * member may. What is taken for one of the first two says the same again.
 */
#include <string.h>
#include "fuzz.h"
#include "presence.h"
#include "properties.h"
#include "record.h"
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
	fuzz_taken = true;
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
	fuzz_taken = hr == S_OK;
	if (hr == S_OK) {
		pgi_group_verifier_text(&v, &again);
		copy = (struct pgi_blob){ .data = (uint8_t *)again.data, .len = again.len };
		FUZZ_NEED(pgi_group_verifier_parse(&copy, &w) == S_OK && !memcmp(&v, &w, sizeof(v)));
		free(again.data);
	}
	free(text.data);
}

/* No address is there that has no port, or is none at all. */
static void find(const uint8_t *data, size_t len)
{
	struct pgi_record r = { .wire = { .data = (uint8_t *)data, .len = len } };
	static const uint8_t zeros[PEERGROUP_PRESENCE_ADDRESS_LEN];
	struct pgi_place place;
	size_t i;

	if (!pgi_place_read(&r, &place))
		return;
	fuzz_taken = place.count;
	FUZZ_NEED(place.count <= PEERGROUP_PRESENCE_ADDRESSES_MAX);
	for (i = 0; i < place.count; i++) {
		const struct pgi_address *a = &place.addresses[i];

		FUZZ_NEED(a->port && (a->len == 4 || a->len == 16));
		FUZZ_NEED(memcmp(a->bytes, zeros, a->len) && a->bytes[0] != (a->len == 4 ? 127 : 255));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	if (!len)
		return 0;
	if (*data & 2)
		find(data + 1, len - 1);
	else if (*data & 1)
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

/* An address of either kind, then one that nobody is to dial. */
static size_t seed_presence(uint8_t *out)
{
	static const uint8_t place[] = {
		0, 0, 0, 0, 0, 0, 0, 7, 0x0e, 0x03,
		0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 1,
		0xfd, 0x88, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1,
		0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 127, 0, 0, 1,
	};
	struct pgi_draft d = { .data = place, .size = sizeof(place) };
	struct peergroup_sig_hdr sig = { .kind = PEERGROUP_SIG_DIRECT };
	struct peergroup_record_hdr hdr;
	uint8_t wire[512];
	size_t len;

	FUZZ_NEED(pgi_record_header(&d, &hdr) == S_OK);
	len = pgi_record_write(&d, &hdr, sizeof(sig), wire);
	FUZZ_NEED(len <= sizeof(wire));
	memcpy(wire + sizeof(hdr), &sig, sizeof(sig));
	out[0] = 2;
	memcpy(out + 1, wire, len);
	return len + 1;
}

size_t fuzz_seed(unsigned int n, uint8_t *out)
{
	if (n < 3)
		return seed_properties(n, out);
	if (n < 5)
		return seed_file(n == 4, out);
	return n == 5 ? seed_presence(out) : 0;
}
