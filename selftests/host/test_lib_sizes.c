// SPDX-License-Identifier: GPL-2.0-only
// also: test_lib_sizes_wchar
/*
 * The layouts that Windows documents, field by field, and the literals that fit
 * a WCHAR. Built twice: with a wide wchar_t, and with -fshort-wchar.
 */
#include "lib_test.h"

#if __SIZEOF_WCHAR_T__ == 2
#define W(s)	L##s
#else
#define W(s)	u##s
#endif

#define AT(type, field, off64, off32) \
	CHECK(offsetof(type, field) == (sizeof(void *) == 8 ? off64 : off32), \
	      "at %zu", offsetof(type, field))

static void records(void)
{
	AT(PEER_RECORD, type, 4, 4);
	AT(PEER_RECORD, id, 20, 20);
	AT(PEER_RECORD, dwVersion, 36, 36);
	AT(PEER_RECORD, dwFlags, 40, 40);
	AT(PEER_RECORD, pwzCreatorId, 48, 44);
	AT(PEER_RECORD, pwzModifiedById, 56, 48);
	AT(PEER_RECORD, pwzAttributes, 64, 52);
	AT(PEER_RECORD, ftCreation, 72, 56);
	AT(PEER_RECORD, ftExpiration, 80, 64);
	AT(PEER_RECORD, ftLastModified, 88, 72);
	AT(PEER_RECORD, securityData, 96, 80);
	AT(PEER_RECORD, data, 112, 88);
	CHECK(sizeof(PEER_RECORD) == (sizeof(void *) == 8 ? 128 : 96));
}

static void events(void)
{
	AT(PEER_CONNECTION_INFO, ullConnectionId, 8, 8);
	AT(PEER_CONNECTION_INFO, ullNodeId, 16, 16);
	AT(PEER_CONNECTION_INFO, pwzPeerId, 24, 24);
	AT(PEER_CONNECTION_INFO, address, 32, 28);
	AT(PEER_EVENT_INCOMING_DATA, ullConnectionId, 8, 8);
	AT(PEER_EVENT_INCOMING_DATA, type, 16, 16);
	AT(PEER_EVENT_INCOMING_DATA, data, 32, 32);
	AT(PEER_EVENT_RECORD_CHANGE_DATA, recordId, 8, 8);
	AT(PEER_EVENT_RECORD_CHANGE_DATA, recordType, 24, 24);
	AT(PEER_EVENT_CONNECTION_CHANGE_DATA, ullNextConnectionId, 24, 24);
	AT(PEER_EVENT_CONNECTION_CHANGE_DATA, hrConnectionFailedReason, 32, 32);
	AT(PEER_GROUP_EVENT_DATA, recordChangeData, 8, 8);
	AT(PEER_GROUP_EVENT_DATA, hrConnectionFailedReason, 8, 8);
	AT(PEER_ADDRESS, sin6, 4, 4);
}

static void others(void)
{
	AT(PEER_MEMBER, ullNodeId, 24, 16);
	AT(PEER_MEMBER, cAddresses, 32, 24);
	AT(PEER_MEMBER, pCredentialInfo, 48, 32);
	AT(PEER_CREDENTIAL_INFO, ftValidityStart, 40, 24);
	AT(PEER_CREDENTIAL_INFO, cRoles, 56, 40);
	AT(PEER_CREDENTIAL_INFO, pRoles, 64, 44);
	AT(PEER_INVITATION_INFO, dwScope, 16, 12);
	AT(PEER_INVITATION_INFO, pwzGroupPeerName, 24, 20);
	AT(PEER_INVITATION_INFO, ftValidityStart, 72, 44);
	AT(PEER_INVITATION_INFO, cRoles, 88, 60);
	AT(PEER_INVITATION_INFO, ppwzClassifiers, 112, 72);
	AT(PEER_INVITATION_INFO, authScheme, 128, 80);
	AT(PEER_GROUP_PROPERTIES, pwzGroupPeerName, 24, 16);
	AT(PEER_GROUP_PROPERTIES, ulMemberDataLifetime, 56, 32);
	AT(PEER_GROUP_PROPERTIES, dwAuthenticationSchemes, 64, 40);
	AT(PEER_GROUP_PROPERTIES, groupPasswordRole, 80, 48);
}

static void literals(void)
{
	static const WCHAR literal[] = W("gr\u00fc\U0001f600");
	PCWSTR text = W("x");
	char *utf8;

	CHECK(sizeof(WCHAR) == 2 && sizeof(literal) == 12);
	CHECK(text[0] == 'x' && !text[1]);
	NEED_OK(pgi_utf8_from_wide(literal, &utf8));
	CHECK(!strcmp(utf8, "gr\xc3\xbc\xf0\x9f\x98\x80"));
	free(utf8);
}

int main(void)
{
	static const struct tap_test tests[] = {
		{ "records", records },
		{ "events", events },
		{ "members, invitations, properties", others },
		{ "literals", literals },
	};

	return TESTS(tests);
}
