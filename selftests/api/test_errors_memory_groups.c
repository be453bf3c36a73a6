// SPDX-License-Identifier: GPL-2.0-only
// timeout: 300
/*
 * No memory: each of the functions about making and opening groups and about
 * invitations, with each allocation that it makes failing in turn, and the data folder as
 * it was before. What libcrypto allocates for itself is left alone here, and it makes no
 * keys.
 */
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/evp.h>
#include <p2p.h>
#include <peergroup.h>
#include "api.h"
#include "group.h"
#include "heap.h"
#include "rules.h"
#include "tap.h"

#define BAD_TEXT	((PWSTR)&bad_handle)

/* -------------------------------------------------- libcrypto's slow parts -- */

/* A key takes an emulated machine seconds: each of the first three is new. */
EVP_PKEY *EVP_PKEY_Q_keygen(OSSL_LIB_CTX *ctx, const char *propq, const char *type, ...)
{
	static unsigned int n;
	EVP_PKEY *key = test_key(n < KEYS - 1 ? n++ : n);

	(void)ctx;
	(void)propq;
	NEED(!strcmp(type, "RSA") && EVP_PKEY_up_ref(key) == 1);
	return key;
}

/* -------------------------------------------------------- the data folder -- */

static uint64_t folder;

static void mix(const void *data, size_t len)
{
	const uint8_t *p = data;

	while (len--)
		folder = (folder ^ *p++) * 0x100000001b3;
}

static int take_file(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	char data[65536];
	size_t n;
	FILE *file;

	(void)ftw;
	mix(path, strlen(path));
	mix(&st->st_mode, sizeof(st->st_mode));
	if (kind != FTW_F)
		return 0;
	file = fopen(path, "r");
	NEED(file);
	n = fread(data, 1, sizeof(data), file);
	fclose(file);
	mix(data, n);
	return 0;
}

static uint64_t files(void)
{
	folder = 0xcbf29ce484222325;
	NEED(!nftw(getenv("PEERGROUP_HOME"), take_file, 16, FTW_PHYS));
	return folder;
}

/* A text that @hr came with, or none, is freed. */
static HRESULT check_text(HRESULT hr, PWSTR text)
{
	if (FAILED(hr)) {
		CHECK(!text);
		return hr;
	}
	CHECK(text && text != BAD_TEXT && text[0]);
	PeerFreeData(text);
	return hr;
}

#define TEXT(function, ...) __extension__ ({				\
	PWSTR text_ = BAD_TEXT;						\
	HRESULT hr_ = ARMED(function(__VA_ARGS__, &text_));		\
									\
	check_text(hr_, text_);						\
})

/* ---------------------------------------------------------------- groups -- */

static HRESULT check_group(HRESULT hr, HGROUP group)
{
	if (FAILED(hr))
		CHECK(!group);
	else
		HR(PeerGroupClose(group), S_OK);
	return hr;
}

static void delete_named(const char *identity, HGROUP group)
{
	struct peergroup_status *status;

	NEED(!peergroup_status(group, &status));
	HR(PeerGroupDelete(wide(identity), wide(status->name)), S_OK);
	peergroup_free(status);
}

static PEER_GROUP_PROPERTIES properties(void)
{
	return (PEER_GROUP_PROPERTIES){
		.dwSize = sizeof(PEER_GROUP_PROPERTIES), .pwzCreatorPeerName = wide(alice),
		.pwzFriendlyName = wide("Another"), .pwzClassifier = wide("other"),
	};
}

static HRESULT create_once(void)
{
	PEER_GROUP_PROPERTIES p = properties();
	HGROUP group = BAD_GROUP;
	HRESULT hr = ARMED(PeerGroupCreate(&p, &group));

	if (FAILED(hr))
		CHECK(!group);
	else
		delete_named(alice, group);
	return hr;
}

ERROR(PeerGroupCreate, E_OUTOFMEMORY, "each allocation in turn")
{
	heap_walk(create_once, files);
}

static HRESULT open_once(void)
{
	HGROUP group = BAD_GROUP;
	HRESULT hr = ARMED(PeerGroupOpen(wide(alice), wide(group_name), NULL, &group));

	return check_group(hr, group);
}

ERROR(PeerGroupOpen, E_OUTOFMEMORY, "each allocation in turn")
{
	rules_group(0, PEERGROUP_ROLE_MEMBER);
	heap_walk(open_once, files);
}

static PWSTR bobs_xml;

static HRESULT invite_once(void)
{
	return TEXT(PeerGroupCreateInvitation, ours, bobs_xml, NULL, 1, &PEER_GROUP_ROLE_MEMBER);
}

ERROR(PeerGroupCreateInvitation, E_OUTOFMEMORY, "each allocation in turn")
{
	NEED(!PeerIdentityGetXML(wide(bob), &bobs_xml));
	heap_walk(invite_once, NULL);
}

static HRESULT parse_once(void)
{
	PEER_INVITATION_INFO *info = (void *)&bad_handle;
	HRESULT hr = ARMED(PeerGroupParseInvitation(wide(invitation), &info));

	if (FAILED(hr)) {
		CHECK(!info);
		return hr;
	}
	CHECK(same(info->pwzGroupPeerName, group_name) && same(info->pwzSubjectPeerName, bob));
	PeerFreeData(info);
	return hr;
}

ERROR(PeerGroupParseInvitation, E_OUTOFMEMORY, "each allocation in turn")
{
	heap_walk(parse_once, NULL);
}

int main(void)
{
	rules_begin();
	rules_people();
	return rules_main();
}
