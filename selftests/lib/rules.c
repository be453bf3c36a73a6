// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <openssl/evp.h>
#include "rules.h"

/* ---------------------------------------------------------------- cases -- */

/* Between these the linker puts what RULE() makes; none where a program has no cases. */
extern const struct rule *const __start_rules[] __attribute__((weak));
extern const struct rule *const __stop_rules[] __attribute__((weak));

static int by_line(const void *a, const void *b)
{
	const struct rule *const *x = a, *const *y = b;

	return (*x)->line - (*y)->line;
}

int rules_main(void)
{
	size_t n = (size_t)(__stop_rules - __start_rules), i;
	const struct rule **rules = calloc(n, sizeof(*rules));
	struct tap_test *tests = calloc(n, sizeof(*tests));
	int status;

	NEED(n && rules && tests);
	memcpy(rules, __start_rules, n * sizeof(*rules));
	qsort(rules, n, sizeof(*rules), by_line);
	for (i = 0; i < n; i++) {
		tests[i].name = rules[i]->name;
		tests[i].run = rules[i]->run;
	}
	free(rules);
	status = tap_main(tests, (unsigned int)n);
	free(tests);
	return status;
}

/* ---------------------------------------------------------- two members -- */

char *alice, *bob, *group_name, *invitation;
HGROUP ours, bobs;
char bad_handle;

void rules_begin(void)
{
	static char home[] = "/tmp/rules.XXXXXX";
	PEER_VERSION_DATA version;

	need_module();
	own_namespace();
	NEED(mkdtemp(home) && !setenv("PEERGROUP_HOME", home, 1));
	NEED(!PeerGroupStartup(PEER_GROUP_VERSION, &version));
}

void rules_people(void)
{
	NEED(!peergroup_identity_create("alice", "Alice", &alice));
	NEED(!peergroup_identity_create("bob", "Bob", &bob));
}

void rules_group(uint32_t flags, uint32_t role)
{
	struct peergroup_create_options options = {
		.classifier = "club", .friendly = "The Club", .flags = flags,
	};
	struct peergroup_status *status;
	char *xml;

	NEED(!peergroup_create(alice, &options, (peergroup_t *)&ours));
	NEED(!peergroup_status(ours, &status));
	group_name = strdup(status->name);
	peergroup_free(status);
	NEED(!peergroup_identity_xml(bob, &xml));
	NEED(!peergroup_invite(ours, xml, 0, role, &invitation));
	NEED(!peergroup_join(bob, invitation, (peergroup_t *)&bobs));
	peergroup_free(xml);
}

void bobs_key_hash(uint8_t hash[32])
{
	/* SubjectPublicKeyInfo around an RSA key of 2048 bits: a constant head. */
	static const uint8_t head[] = {
		0x30, 0x82, 0x01, 0x22, 0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86,
		0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00, 0x03, 0x82, 0x01, 0x0f, 0x00,
	};
	PEER_INVITATION_INFO *info = NULL;
	uint8_t spki[sizeof(head) + 270];
	CRYPT_BIT_BLOB *key;

	HR(PeerGroupParseInvitation(wide(invitation), &info), S_OK);
	NEED(info);
	key = &info->pSubjectPublicKey->PublicKey;
	NEED(key->cbData == 270);
	memcpy(spki, head, sizeof(head));
	memcpy(spki + sizeof(head), key->pbData, key->cbData);
	NEED(EVP_Digest(spki, sizeof(spki), hash, NULL, EVP_sha256(), NULL));
	PeerFreeData(info);
}

void rules_connect(void)
{
	NEED(!peergroup_online(ours, 0));
	rules_meet();
	NEED(wait_until(is_ready, bobs));
}

static DWORD status_of(HGROUP group)
{
	DWORD status = 0;

	NEED(!PeerGroupGetStatus(group, &status));
	return status;
}

static bool is_linked(void *group)
{
	return status_of(group) & PEER_GROUP_STATUS_HAS_CONNECTIONS;
}

static bool is_alone(void *group)
{
	return !is_linked(group);
}

void rules_part(void)
{
	NEED(!peergroup_offline(bobs));
	NEED(wait_until(is_alone, ours));
}

void rules_meet(void)
{
	NEED(!peergroup_online(bobs, BOBS_PORT));
	NEED(!peergroup_connect(bobs, "127.0.0.1"));
	NEED(wait_until(is_linked, bobs));
}

static bool has_same(void *arg)
{
	return version_of(bobs, arg) == version_of(ours, arg);
}

bool rules_agree(const GUID *id)
{
	return wait_until(has_same, (void *)id);
}

/* ------------------------------------------------------------- records -- */

const GUID rules_type = { 0x6b1f7c1e, 0x0d52, 0x4f1c, { 1, 2, 3, 4, 5, 6, 7, 8 } };

FILETIME to_filetime(uint64_t time)
{
	return (FILETIME){ .dwLowDateTime = (DWORD)time, .dwHighDateTime = (DWORD)(time >> 32) };
}

uint64_t from_filetime(FILETIME time)
{
	return (uint64_t)time.dwHighDateTime << 32 | time.dwLowDateTime;
}

PEER_RECORD new_record(void)
{
	return (PEER_RECORD){
		.dwSize = sizeof(PEER_RECORD), .type = rules_type,
		.ftExpiration = to_filetime(peer_time_now() + HOUR),
		.data = { 5, (PBYTE)"hello" },
	};
}

GUID add_with(const char *attributes)
{
	PEER_RECORD r = new_record();
	HRESULT hr;
	GUID id;

	r.pwzAttributes = attributes ? wide(attributes) : NULL;
	hr = PeerGroupAddRecord(ours, &r, &id);
	if (hr)
		printf("# 0x%08x: %s\n", (unsigned int)hr, peergroup_error_detail());
	NEED(!hr);
	return id;
}

GUID add_record(void)
{
	return add_with(NULL);
}

PEER_RECORD *bobs_record(void)
{
	PEER_RECORD r = new_record();
	GUID id;

	NEED(!PeerGroupAddRecord(bobs, &r, &id));
	NEED(rules_agree(&id));
	return current(&id);
}

void refuse(PEER_RECORD *r, HRESULT expected)
{
	GUID id = rules_type;

	HR(PeerGroupAddRecord(ours, r, &id), expected);
	CHECK(!id.Data1 && !id.Data4[7]);
}

bool guids_equal(const GUID *a, const GUID *b)
{
	return !memcmp(a, b, sizeof(*a));
}

WCHAR *many_attributes(unsigned int n)
{
	size_t size = 80 * ((size_t)n + 1), len, i;
	char *text = malloc(size);
	WCHAR *w = calloc(size, sizeof(*w));

	NEED(text && w);
	len = (size_t)sprintf(text, "<attributes>");
	while (n--)
		len += (size_t)sprintf(text + len, "<attribute name='a%u' type='int'>1</attribute>",
				       n);
	len += (size_t)sprintf(text + len, "</attributes>");
	for (i = 0; i < len; i++)
		w[i] = (WCHAR)text[i];
	free(text);
	return w;
}

PEER_RECORD *current(const GUID *id)
{
	PEER_RECORD *r = get_record(ours, id);

	NEED(r);
	return r;
}

PEER_RECORD *get_record(HGROUP group, const GUID *id)
{
	PEER_RECORD *r;

	return PeerGroupGetRecord(group, id, &r) == S_OK ? r : NULL;
}

DWORD version_of(HGROUP group, const GUID *id)
{
	PEER_RECORD *r = get_record(group, id);
	DWORD version = r ? r->dwVersion : 0;

	PeerFreeData(r);
	return version;
}

static ULONG count_and_end(HPEERENUM list)
{
	ULONG n = 9999;

	HR(PeerGetItemCount(list, &n), S_OK);
	HR(PeerEndEnumeration(list), S_OK);
	return n;
}

ULONG count_records(HGROUP group, const GUID *type)
{
	HPEERENUM list = NULL;

	HR(PeerGroupEnumRecords(group, type, &list), S_OK);
	return list ? count_and_end(list) : 9999;
}

ULONG count_found(HGROUP group, const char *query)
{
	HPEERENUM list = NULL;
	HRESULT hr = PeerGroupSearchRecords(group, wide(query), &list);

	CHECK(hr == S_OK, "0x%08x: %s for %s", (unsigned int)hr, peergroup_error_detail(), query);
	return list ? count_and_end(list) : 9999;
}

void *first_item(HPEERENUM list, void ***items, ULONG *count)
{
	ULONG n = 100;

	*items = NULL;
	HR(PeerGetNextItem(list, &n, items), S_OK);
	HR(PeerEndEnumeration(list), S_OK);
	if (count)
		*count = n;
	NEED(n && *items);
	return (*items)[0];
}

/* -------------------------------------------------------------- events -- */

#define EVENT_MS	(WAIT_SECONDS * 1000)

void listen_for(struct listener *l, HGROUP group, PEER_GROUP_EVENT_TYPE type, const GUID *filter)
{
	PEER_GROUP_EVENT_REGISTRATION r = { type, (GUID *)filter };

	NEED(!peergroup_event_create(&l->event));
	NEED(!PeerGroupRegisterEvent(group, l->event, 1, &r, &l->handle));
}

void stop_listening(struct listener *l)
{
	HR(PeerGroupUnregisterEvent(l->handle), S_OK);
	peergroup_event_close(l->event);
}

PEER_GROUP_EVENT_DATA *hear(struct listener *l)
{
	PEER_GROUP_EVENT_DATA *data;

	while (PeerGroupGetEventData(l->handle, &data) != S_OK) {
		if (peergroup_event_wait(l->event, EVENT_MS) != S_OK)
			return NULL;
	}
	return data;
}

bool hear_change(struct listener *l, const GUID *id, PEER_RECORD_CHANGE_TYPE change)
{
	PEER_GROUP_EVENT_DATA *data;
	bool is = false;

	while (!is) {
		data = hear(l);
		if (!data)
			return false;
		is = data->eventType == PEER_GROUP_EVENT_RECORD_CHANGED &&
		     data->recordChangeData.changeType == change &&
		     !memcmp(&data->recordChangeData.recordId, id, sizeof(*id));
		PeerFreeData(data);
	}
	return true;
}

bool silent(struct listener *l)
{
	PEER_GROUP_EVENT_DATA *data;
	HRESULT hr = PeerGroupGetEventData(l->handle, &data);

	PeerFreeData(data);
	return hr == PEER_S_NO_EVENT_DATA;
}

/* ------------------------------------------------------------- another -- */

void rules_damage(const char *file, bool damage)
{
	char pattern[512], aside[512];
	glob_t found;

	snprintf(pattern, sizeof(pattern), "%s/identities/%.40s*/%s",
		 getenv("PEERGROUP_HOME"), bob, file);
	snprintf(aside, sizeof(aside), "%s/aside", getenv("PEERGROUP_HOME"));
	NEED(!glob(pattern, 0, NULL, &found) && found.gl_pathc == 1);
	if (damage) {
		NEED(!rename(found.gl_pathv[0], aside));
		NEED(!close(open(found.gl_pathv[0], O_WRONLY | O_CREAT | O_EXCL, 0600)));
	} else {
		NEED(!rename(aside, found.gl_pathv[0]));
	}
	globfree(&found);
}

HRESULT as_nobody(HRESULT (*call)(void *arg), void *arg)
{
	HRESULT hr;

	NEED(!setegid(65534) && !seteuid(65534));
	hr = call(arg);
	NEED(!seteuid(0) && !setegid(0));
	return hr;
}
