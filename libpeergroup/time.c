// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Clocks, GUIDs and roles: conversion between what Linux, Windows and the group
 * use.
 */
#include "internal.h"

PGI_PUBLIC const GUID PEER_GROUP_ROLE_ADMIN = {
	0x04387127, 0xaa56, 0x450a,
	{ 0x8c, 0xe5, 0x4f, 0x56, 0x5c, 0x67, 0x90, 0xf4 }
};

PGI_PUBLIC const GUID PEER_GROUP_ROLE_MEMBER = {
	0xf12dc4c7, 0x0857, 0x4ca0,
	{ 0x93, 0xfc, 0xb1, 0xbb, 0x19, 0xa3, 0xd8, 0xc2 }
};

PGI_PUBLIC const GUID PEER_GROUP_ROLE_INVITING_MEMBER = {
	0x4370fd89, 0xdc18, 0x4cfb,
	{ 0x8d, 0xbf, 0x98, 0x53, 0xa8, 0xa9, 0xf9, 0x05 }
};

PGI_PUBLIC uint64_t peergroup_time_from_unix(const struct timespec *ts)
{
	return PEERGROUP_TIME_UNIX_EPOCH +
	       (uint64_t)ts->tv_sec * PEERGROUP_TIME_PER_SECOND +
	       (uint64_t)ts->tv_nsec / 100;
}

PGI_PUBLIC void peergroup_time_to_unix(uint64_t time, struct timespec *ts)
{
	/* Both divisions round down, so the nanoseconds are never negative. */
	ts->tv_sec = (time_t)((int64_t)(time / PEERGROUP_TIME_PER_SECOND) -
			      (int64_t)(PEERGROUP_TIME_UNIX_EPOCH /
					PEERGROUP_TIME_PER_SECOND));
	ts->tv_nsec = (long)(time % PEERGROUP_TIME_PER_SECOND) * 100;
}

uint64_t pgi_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return peergroup_time_from_unix(&ts);
}

static int64_t monotonic_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int64_t pgi_deadline(int timeout_ms)
{
	return timeout_ms < 0 ? -1 : monotonic_ms() + timeout_ms;
}

int pgi_time_left(int64_t deadline)
{
	int64_t left;

	if (deadline < 0)
		return -1;
	left = deadline - monotonic_ms();
	return left < 0 ? 0 : left > INT32_MAX ? INT32_MAX : (int)left;
}

PGI_PUBLIC void peergroup_guid_to_uuid(const GUID *guid, uuid_t uuid)
{
	int i;

	for (i = 0; i < 4; i++)
		uuid[i] = (unsigned char)(guid->Data1 >> (24 - 8 * i));
	for (i = 0; i < 2; i++) {
		uuid[4 + i] = (unsigned char)(guid->Data2 >> (8 - 8 * i));
		uuid[6 + i] = (unsigned char)(guid->Data3 >> (8 - 8 * i));
	}
	memcpy(uuid + 8, guid->Data4, 8);
}

PGI_PUBLIC void peergroup_uuid_to_guid(const uuid_t uuid, GUID *guid)
{
	guid->Data1 = (uint32_t)uuid[0] << 24 | (uint32_t)uuid[1] << 16 |
		      (uint32_t)uuid[2] << 8 | uuid[3];
	guid->Data2 = (uint16_t)(uuid[4] << 8 | uuid[5]);
	guid->Data3 = (uint16_t)(uuid[6] << 8 | uuid[7]);
	memcpy(guid->Data4, uuid + 8, 8);
}

static const struct {
	const GUID *guid;
	uint32_t role;
} roles[] = {
	{ &PEER_GROUP_ROLE_ADMIN, PEERGROUP_ROLE_ADMIN },
	{ &PEER_GROUP_ROLE_INVITING_MEMBER, PEERGROUP_ROLE_INVITING },
	{ &PEER_GROUP_ROLE_MEMBER, PEERGROUP_ROLE_MEMBER },
};

uint32_t pgi_role_of_guid(const GUID *guid)
{
	size_t i;

	for (i = 0; i < PGI_ARRAY_SIZE(roles); i++)
		if (!memcmp(guid, roles[i].guid, sizeof(*guid)))
			return roles[i].role;
	return 0;
}

const GUID *pgi_guid_of_role(uint32_t role)
{
	size_t i;

	for (i = 0; i < PGI_ARRAY_SIZE(roles); i++)
		if (roles[i].role == role)
			return roles[i].guid;
	return NULL;
}
