// SPDX-License-Identifier: GPL-2.0-only
// timeout: 60
/*
 * Every call about groups, without a PeerGroupStartup(): the same error, whatever else
 * is wrong, and nothing given back. Each case is called by function and error, as in
 * rules.tsv.
 */
#include <p2p.h>
#include <peergroup.h>
#include "api.h"
#include "rules.h"
#include "tap.h"

#define SOME	((PCWSTR)u"some")

static PVOID out;		/* what a call could give back */
static ULONGLONG number;
static GUID id;
static FILETIME time_;
static DWORD word;

/* A call, and what is nothing after it. */
#define NOT_STARTED(function, ...)					\
ERROR(function, PEER_E_NOT_INITIALIZED, "without a PeerGroupStartup()")	\
{									\
	out = &bad_handle;						\
	HR(function(__VA_ARGS__), PEER_E_NOT_INITIALIZED);		\
	CHECK(!out || !strstr(#__VA_ARGS__, "out"));			\
}

NOT_STARTED(PeerGroupShutdown)
NOT_STARTED(PeerGroupCreate, &(PEER_GROUP_PROPERTIES){ .dwSize = sizeof(PEER_GROUP_PROPERTIES) },
	    &out)
NOT_STARTED(PeerGroupOpen, SOME, SOME, NULL, &out)
NOT_STARTED(PeerGroupJoin, NULL, SOME, NULL, &out)
NOT_STARTED(PeerGroupPasswordJoin, NULL, SOME, SOME, NULL, &out)
NOT_STARTED(PeerGroupConnect, BAD_GROUP)
NOT_STARTED(PeerGroupConnectByAddress, BAD_GROUP, 1,
	    &(PEER_ADDRESS){ .dwSize = sizeof(PEER_ADDRESS) })
NOT_STARTED(PeerGroupClose, BAD_GROUP)
NOT_STARTED(PeerGroupDelete, NULL, SOME)
NOT_STARTED(PeerGroupCreateInvitation, BAD_GROUP, SOME, NULL, 1, &PEER_GROUP_ROLE_MEMBER,
	    (PWSTR *)&out)
NOT_STARTED(PeerGroupCreatePasswordInvitation, BAD_GROUP, (PWSTR *)&out)
NOT_STARTED(PeerGroupParseInvitation, SOME, (PPEER_INVITATION_INFO *)&out)
NOT_STARTED(PeerGroupIssueCredentials, BAD_GROUP, SOME, NULL, 0, (PWSTR *)&out)
NOT_STARTED(PeerGroupGetStatus, BAD_GROUP, &word)
NOT_STARTED(PeerGroupGetProperties, BAD_GROUP, (PPEER_GROUP_PROPERTIES *)&out)
NOT_STARTED(PeerGroupSetProperties, BAD_GROUP,
	    &(PEER_GROUP_PROPERTIES){ .dwSize = sizeof(PEER_GROUP_PROPERTIES) })
NOT_STARTED(PeerGroupEnumMembers, BAD_GROUP, 0, NULL, &out)
NOT_STARTED(PeerGroupEnumConnections, BAD_GROUP, PEER_CONNECTION_NEIGHBOR, &out)
NOT_STARTED(PeerGroupOpenDirectConnection, BAD_GROUP, SOME,
	    &(PEER_ADDRESS){ .dwSize = sizeof(PEER_ADDRESS) }, &number)
NOT_STARTED(PeerGroupCloseDirectConnection, BAD_GROUP, 1)
NOT_STARTED(PeerGroupSendData, BAD_GROUP, 1, &rules_type, 1, "x")
NOT_STARTED(PeerGroupRegisterEvent, BAD_GROUP, &bad_handle, 1,
	    &(PEER_GROUP_EVENT_REGISTRATION){ PEER_GROUP_EVENT_STATUS_CHANGED, NULL }, &out)
NOT_STARTED(PeerGroupUnregisterEvent, BAD_EVENT)
NOT_STARTED(PeerGroupGetEventData, BAD_EVENT, (PPEER_GROUP_EVENT_DATA *)&out)
NOT_STARTED(PeerGroupGetRecord, BAD_GROUP, &rules_type, (PPEER_RECORD *)&out)
NOT_STARTED(PeerGroupAddRecord, BAD_GROUP, &(PEER_RECORD){ .dwSize = sizeof(PEER_RECORD) }, &id)
NOT_STARTED(PeerGroupUpdateRecord, BAD_GROUP, &(PEER_RECORD){ .dwSize = sizeof(PEER_RECORD) })
NOT_STARTED(PeerGroupDeleteRecord, BAD_GROUP, &rules_type)
NOT_STARTED(PeerGroupEnumRecords, BAD_GROUP, NULL, &out)
NOT_STARTED(PeerGroupSearchRecords, BAD_GROUP, SOME, &out)
NOT_STARTED(PeerGroupExportDatabase, BAD_GROUP, SOME)
NOT_STARTED(PeerGroupImportDatabase, BAD_GROUP, SOME)
NOT_STARTED(PeerGroupExportConfig, BAD_GROUP, SOME, (PWSTR *)&out)
NOT_STARTED(PeerGroupImportConfig, SOME, SOME, FALSE, (PWSTR *)&out, (PWSTR *)&out)
NOT_STARTED(PeerGroupPeerTimeToUniversalTime, BAD_GROUP, &time_, &time_)
NOT_STARTED(PeerGroupUniversalTimeToPeerTime, BAD_GROUP, &time_, &time_)
NOT_STARTED(PeerGroupResumePasswordAuthentication, BAD_GROUP, BAD_EVENT)

int main(void)
{
	return rules_main();
}
