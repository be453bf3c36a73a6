// SPDX-License-Identifier: GPL-2.0-only
/*
 * A group's properties in their record: written, read, and read from whatever else
 * somebody with the group's key may have signed.
 */
#include <string.h>
#include "lib_test.h"
#include "properties.h"

static const char name[] = "0123456789abcdef0123456789abcdef01234567.club";
static const char creator[] = "89abcdef0123456789abcdef0123456789abcdef";

static struct pgi_properties sample(void)
{
	return (struct pgi_properties) {
		.classifier = (char *)"club", .group = (char *)name, .creator = (char *)creator,
		.friendly = (char *)"Sch\xc3\xb6n", .comment = (char *)"two\nlines",
		.flags = PEER_DISABLE_PRESENCE, .member_data_lifetime = 86400,
		.presence_lifetime = 300, .schemes = PEER_GROUP_GMC_AUTHENTICATION,
	};
}

static bool equal(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

static void both_ways(void)
{
	struct pgi_properties p = sample(), q;
	struct pgi_blob data;

	NEED_OK(pgi_properties_encode(&p, &data));
	NEED_OK(pgi_properties_decode(data.data, data.len, &q));
	CHECK(equal(p.cloud, q.cloud) && equal(p.classifier, q.classifier));
	CHECK(equal(p.group, q.group) && equal(p.creator, q.creator));
	CHECK(equal(p.friendly, q.friendly) && equal(p.comment, q.comment));
	CHECK(p.flags == q.flags && p.schemes == q.schemes);
	CHECK(p.member_data_lifetime == q.member_data_lifetime);
	CHECK(p.presence_lifetime == q.presence_lifetime);
	pgi_properties_free(&q);
	CHECK(!q.group, "freed is empty");
	pgi_blob_free(&data);
}

/* Offsets as in Documentation/protocol.rst. */
static void form(void)
{
	struct pgi_properties p = sample(), q;
	struct pgi_blob data;
	uint8_t *longer;

	NEED_OK(pgi_properties_encode(&p, &data));
	CHECK(data.data[1] == 1 && !data.data[0] && !data.data[2] && !data.data[3]);
	CHECK(data.data[7] == PEER_DISABLE_PRESENCE && data.data[9] == 1 && data.data[10] == 0x51);
	CHECK(!data.data[20] && !data.data[21], "no cloud");
	CHECK(data.data[23] == 4 && !memcmp(data.data + 24, "club", 4));
	/* What a later version has more is passed over. */
	longer = calloc(1, data.len + 29);
	NEED(longer);
	memcpy(longer, data.data, data.len);
	longer[3] = 7;
	CHECK_HR(pgi_properties_decode(longer, data.len + 29, &q), S_OK);
	pgi_properties_free(&q);
	longer[1] = 2;
	CHECK_HR(pgi_properties_decode(longer, data.len, &q), PEER_E_UNSUPPORTED_VERSION);
	free(longer);
	pgi_blob_free(&data);
}

/* In a block of just that size, so that reading beyond it is seen. */
static HRESULT decode_exactly(const uint8_t *data, size_t len)
{
	uint8_t *copy = malloc(len ? len : 1);
	struct pgi_properties q;
	HRESULT hr;

	NEED(copy);
	memcpy(copy, data, len);
	hr = pgi_properties_decode(copy, len, &q);
	if (SUCCEEDED(hr))
		pgi_properties_free(&q);
	else
		CHECK(!q.group && !q.friendly, "nothing is left after a failure");
	free(copy);
	return hr;
}

static void damage(void)
{
	struct pgi_properties p = sample();
	struct pgi_blob data;
	uint8_t *name;
	unsigned int bit;
	size_t i;

	NEED_OK(pgi_properties_encode(&p, &data));
	for (i = 0; i < data.len; i++)
		CHECK_HR(decode_exactly(data.data, i), PEER_E_INVALID_GROUP_PROPERTIES);
	for (i = 0; i < data.len; i++) {
		for (bit = 0; bit < 8; bit++) {
			data.data[i] ^= 1U << bit;
			decode_exactly(data.data, data.len);
			data.data[i] ^= 1U << bit;
		}
	}
	CHECK_HR(decode_exactly(data.data, data.len), S_OK);
	/* A name goes to terminals. */
	name = memmem(data.data, data.len, "Sch", 3);
	NEED(name);
	*name = 27;
	CHECK(FAILED(decode_exactly(data.data, data.len)));
	pgi_blob_free(&data);
}

/* The password's role and mark are behind it, the mark from a minor version of its own on. */
static void password(void)
{
	struct pgi_properties p = sample(), q;
	struct pgi_blob data;

	p.schemes |= PEER_GROUP_PASSWORD_AUTHENTICATION;
	p.password_role = PEERGROUP_ROLE_MEMBER;
	memset(p.password_mark, 7, sizeof(p.password_mark));
	NEED_OK(pgi_properties_encode(&p, &data));
	NEED(data.len > PGI_MARK_LEN && data.data[3] == 2);
	CHECK(!memcmp(data.data + data.len - PGI_MARK_LEN, p.password_mark, PGI_MARK_LEN));
	CHECK_HR(decode_exactly(data.data, data.len - 1), PEER_E_INVALID_GROUP_PROPERTIES);
	NEED_OK(pgi_properties_decode(data.data, data.len, &q));
	CHECK(q.password_role == p.password_role && !memcmp(q.password_mark, p.password_mark, PGI_MARK_LEN));
	pgi_properties_free(&q);
	data.data[3] = 1;
	NEED_OK(pgi_properties_decode(data.data, data.len - PGI_MARK_LEN, &q));
	CHECK(q.password_role == p.password_role && pgi_mark_none(q.password_mark));
	pgi_properties_free(&q);
	pgi_blob_free(&data);
}

static HRESULT round_trip(const struct pgi_properties *p)
{
	struct pgi_blob data = { 0 };
	HRESULT hr;

	hr = pgi_properties_encode(p, &data);
	if (SUCCEEDED(hr))
		hr = decode_exactly(data.data, data.len);
	pgi_blob_free(&data);
	return hr;
}

#define WITH(change, expected) do {					\
	struct pgi_properties p = sample();				\
									\
	change;								\
	CHECK_HR(round_trip(&p), expected);				\
} while (0)

static void values(void)
{
	static char text[20000];

	memset(text, 'x', 256);
	WITH(p.group = NULL, PEER_E_INVALID_GROUP_PROPERTIES);
	WITH(p.group = (char *)"club", PEER_E_INVALID_GROUP_PROPERTIES);
	WITH(p.creator = NULL, PEER_E_INVALID_GROUP_PROPERTIES);
	WITH(p.creator = (char *)"somebody", PEER_E_INVALID_GROUP_PROPERTIES);
	WITH(p.classifier = text, PEER_E_INVALID_GROUP_PROPERTIES);
	WITH(p.friendly = text, PEER_E_INVALID_GROUP_PROPERTIES);
	WITH(p.comment = text, PEER_E_INVALID_GROUP_PROPERTIES);
	WITH(p.comment = (char *)"\xc3", PEER_E_INVALID_GROUP_PROPERTIES);
	WITH(p.comment = NULL; p.friendly = NULL; p.classifier = NULL, S_OK);
	WITH(p.comment = text + 1, S_OK);
	memset(text, 'x', sizeof(text) - 1);
	WITH(p.comment = text, PEER_E_INVALID_GROUP_PROPERTIES);
}

int main(void)
{
	static const struct tap_test tests[] = {
		{ "what is written is read", both_ways },
		{ "the form", form },
		{ "what is damaged", damage },
		{ "a password's role and mark", password },
		{ "values", values },
	};

	return TESTS(tests);
}
