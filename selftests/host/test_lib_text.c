// SPDX-License-Identifier: GPL-2.0-only
/*
 * Text, peer names, times, GUIDs, result codes and the blocks that PeerFreeData
 * frees.
 */
#include <errno.h>
#include "lib_test.h"

static void utf8(void)
{
	static const char *const bad[] = {
		"\x80", "\xc0\x80", "\xc1\xbf", "\xc3", "\xe0\x80\x80", "\xe0\x9f\xbf",
		"\xed\xa0\x80", "\xed\xbf\xbf", "\xf0\x80\x80\x80", "\xf4\x90\x80\x80",
		"\xf5\x80\x80\x80", "\xff", "a\xe2\x82", "\xf0\x9f\x98",
	};
	size_t i;

	CHECK(pgi_utf8_valid(""));
	CHECK(pgi_utf8_valid("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"));
	CHECK(pgi_utf8_units("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80") == 5);
	CHECK(pgi_utf8_valid("\xef\xbf\xbf\xf4\x8f\xbf\xbf"));
	for (i = 0; i < PGI_ARRAY_SIZE(bad); i++)
		CHECK(!pgi_utf8_valid(bad[i]), "%zu", i);
}

static void utf16(void)
{
	static const WCHAR good[] = { 'a', 0xe9, 0x20ac, 0xd83d, 0xde00, 0 };
	static const WCHAR lone_high[] = { 0xd83d, 0 }, lone_low[] = { 0xde00, 0 };
	static const WCHAR swapped[] = { 0xde00, 0xd83d, 0 }, high_a[] = { 0xd83d, 'a', 0 };
	WCHAR *wide;
	char *text;

	NEED_OK(pgi_utf8_from_wide(good, &text));
	CHECK(!strcmp(text, "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"));
	NEED_OK(pgi_wide_return(text, &wide));
	CHECK(!memcmp(wide, good, sizeof(good)));
	PeerFreeData(wide);
	free(text);
	CHECK_HR(pgi_utf8_from_wide(lone_high, &text), E_INVALIDARG);
	CHECK(!text);
	CHECK_HR(pgi_utf8_from_wide(lone_low, &text), E_INVALIDARG);
	CHECK_HR(pgi_utf8_from_wide(swapped, &text), E_INVALIDARG);
	CHECK_HR(pgi_utf8_from_wide(high_a, &text), E_INVALIDARG);
	CHECK_HR(pgi_utf8_from_wide(NULL, &text), S_OK);
	CHECK(!text);
	CHECK_HR(peergroup_utf8_from_wide(good, &text), S_OK);
	CHECK(!strcmp(text, "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"));
	CHECK_HR(peergroup_wide_from_utf8(text, &wide), S_OK);
	CHECK(!memcmp(wide, good, sizeof(good)));
	peergroup_free(wide);
	peergroup_free(text);
	CHECK_HR(peergroup_utf8_from_wide(swapped, &text), E_INVALIDARG);
	CHECK(!text);
	CHECK_HR(peergroup_utf8_from_wide(NULL, &text), E_INVALIDARG);
	CHECK_HR(peergroup_utf8_from_wide(good, NULL), E_INVALIDARG);
	CHECK_HR(peergroup_wide_from_utf8("a\xe2\x82", &wide), E_INVALIDARG);
	CHECK(!wide);
	CHECK_HR(peergroup_wide_from_utf8(NULL, &wide), E_INVALIDARG);
	CHECK_HR(peergroup_wide_from_utf8("a", NULL), E_INVALIDARG);
}

#define AUTHORITY "0123456789abcdef0123456789abcdef01234567"

static void names(void)
{
	static const char *const good[] = {
		AUTHORITY, AUTHORITY ".a", AUTHORITY ".a.b", AUTHORITY "..", AUTHORITY ".\xc3\xa9",
		AUTHORITY ". /../x",
	};
	static const char *const bad[] = {
		"", "0", "0.a", AUTHORITY ".", AUTHORITY "0", AUTHORITY "a.b",
		"0123456789ABCDEF0123456789abcdef01234567", "0123456789abcdef.a",
		AUTHORITY ".a\n", AUTHORITY ".\x7f", AUTHORITY ".\xc2\x85", AUTHORITY ".\xff",
		"g123456789abcdef0123456789abcdef01234567",
	};
	char classifier[PGI_CLASSIFIER_MAX + 2], *name;
	uint8_t hash[32] = { 0xab, 0xcd };
	size_t i;

	for (i = 0; i < PGI_ARRAY_SIZE(good); i++)
		CHECK(pgi_name_valid(good[i]), "%s", good[i]);
	for (i = 0; i < PGI_ARRAY_SIZE(bad); i++)
		CHECK(!pgi_name_valid(bad[i]), "%s", bad[i]);
	NEED_OK(pgi_name_make(hash, "", &name));
	CHECK(strlen(name) == PGI_AUTHORITY_LEN && !strncmp(name, "abcd00", 6));
	CHECK(pgi_name_matches(name, hash));
	hash[19] ^= 1;
	CHECK(!pgi_name_matches(name, hash));
	hash[20] ^= 1;
	free(name);
	memset(classifier, 'c', sizeof(classifier));
	classifier[PGI_CLASSIFIER_MAX] = 0;
	NEED_OK(pgi_name_make(hash, classifier, &name));
	CHECK(pgi_utf8_units(name) == PGI_NAME_MAX);
	CHECK(pgi_name_valid(name));
	free(name);
	classifier[PGI_CLASSIFIER_MAX] = 'c';
	classifier[PGI_CLASSIFIER_MAX + 1] = 0;
	CHECK_HR(pgi_name_make(hash, classifier, &name), E_INVALIDARG);
}

static void times(void)
{
	struct timespec ts = { .tv_sec = 0 }, back;
	FILETIME ft;

	CHECK(peergroup_time_from_unix(&ts) == 116444736000000000ULL);
	ts.tv_sec = 1700000000;
	ts.tv_nsec = 123456700;
	peergroup_time_to_unix(peergroup_time_from_unix(&ts), &back);
	CHECK(back.tv_sec == ts.tv_sec && back.tv_nsec == ts.tv_nsec);
	peergroup_time_to_unix(0, &back);
	CHECK(back.tv_sec == -11644473600LL && back.tv_nsec == 0);
	ts.tv_sec = -2;
	ts.tv_nsec = 500000000;
	peergroup_time_to_unix(peergroup_time_from_unix(&ts), &back);
	CHECK(back.tv_sec == -2 && back.tv_nsec == 500000000);
	ft = pgi_to_filetime(0x0123456789abcdefULL);
	CHECK(ft.dwHighDateTime == 0x01234567 && ft.dwLowDateTime == 0x89abcdef);
	CHECK(pgi_filetime(&ft) == 0x0123456789abcdefULL);
}

static void guids(void)
{
	char text[37];
	uuid_t uuid;
	GUID guid;

	peergroup_guid_to_uuid(&PEER_GROUP_ROLE_ADMIN, uuid);
	uuid_unparse_lower(uuid, text);
	CHECK(!strcmp(text, "04387127-aa56-450a-8ce5-4f565c6790f4"), "%s", text);
	peergroup_uuid_to_guid(uuid, &guid);
	CHECK(!memcmp(&guid, &PEER_GROUP_ROLE_ADMIN, sizeof(guid)));
	peergroup_guid_to_uuid(&PEER_GROUP_ROLE_MEMBER, uuid);
	uuid_unparse_lower(uuid, text);
	CHECK(!strcmp(text, "f12dc4c7-0857-4ca0-93fc-b1bb19a3d8c2"), "%s", text);
	peergroup_guid_to_uuid(&PEER_GROUP_ROLE_INVITING_MEMBER, uuid);
	uuid_unparse_lower(uuid, text);
	CHECK(!strcmp(text, "4370fd89-dc18-4cfb-8dbf-9853a8a9f905"), "%s", text);
	CHECK(pgi_role_of_guid(&PEER_GROUP_ROLE_ADMIN) == PEERGROUP_ROLE_ADMIN);
	guid.Data1++;
	CHECK(!pgi_role_of_guid(&guid));
}

static void results(void)
{
	CHECK(!strcmp(peergroup_error_name(PEER_E_NOT_FOUND), "PEER_E_NOT_FOUND"));
	CHECK(!strcmp(peergroup_error_name(S_OK), "S_OK"));
	CHECK(!peergroup_error_name((HRESULT)0x81234567));
	CHECK(peergroup_strerror((HRESULT)0x81234567));
	CHECK(PEER_E_NOT_FOUND == HRESULT_FROM_WIN32(ERROR_NOT_FOUND));
	CHECK((uint32_t)PEER_E_IDENTITY_NOT_FOUND == 0x80630401);
	CHECK((uint32_t)HRESULT_FROM_WIN32(ERROR_SERVICE_DEPENDENCY_FAIL) == 0x8007042c);
	CHECK(pgi_from_errno(0) == S_OK);
	CHECK(pgi_from_errno(ENOMEM) == E_OUTOFMEMORY);
	CHECK(pgi_from_errno(ENOSPC) == PEER_E_DISK_FULL);
	CHECK((uint32_t)pgi_from_errno(EIO) == 0x8007045d);
	CHECK((uint32_t)pgi_from_errno(ENAMETOOLONG) == 0x800700ce);
	CHECK(FAILED(pgi_from_errno(12345)));
	CHECK(pgi_fail(E_FAIL, "the %s", "culprit") == E_FAIL);
	CHECK(!strcmp(peergroup_error_detail(), "the culprit"));
	pgi_set_error("again: %s", peergroup_error_detail());
	CHECK(!strcmp(peergroup_error_detail(), "again: the culprit"));
}

static void blocks(void)
{
	char *top, *part;
	size_t i, size;

	PeerFreeData(NULL);
	top = pgi_new(0);
	NEED(top);
	for (i = 0; i < 2000; i++) {
		size = i * 7 % 3000;
		part = pgi_sub(top, size);
		NEED(part);
		CHECK((uintptr_t)part % _Alignof(max_align_t) == 0);
		CHECK(!size || !part[size - 1]);
		memset(part, 0xee, size);
	}
	peergroup_free(top);
	CHECK(!pgi_new(SIZE_MAX));
	CHECK(!pgi_new(SIZE_MAX - 64));
}

static void hex(void)
{
	uint8_t out[2];
	char text[5];

	pgi_hex((const uint8_t *)"\x01\xfe", 2, text);
	CHECK(!strcmp(text, "01fe"));
	CHECK(pgi_unhex("01fe", out, 2) && out[0] == 1 && out[1] == 0xfe);
	CHECK(!pgi_unhex("01f", out, 2));
	CHECK(!pgi_unhex("01FE", out, 2));
	CHECK(!pgi_unhex("", out, 2));
}

int main(void)
{
	static const struct tap_test tests[] = {
		{ "UTF-8 is checked strictly", utf8 },
		{ "UTF-16 and back", utf16 },
		{ "peer names", names },
		{ "peer time", times },
		{ "GUIDs and roles", guids },
		{ "result codes", results },
		{ "blocks are freed whole", blocks },
		{ "hex", hex },
	};

	return TESTS(tests);
}
