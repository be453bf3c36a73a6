// SPDX-License-Identifier: GPL-2.0-only
// timeout: 300
// valgrind: no: malloc() is replaced
/*
 * No memory: what gives nothing back that would have to be allocated, or ends something,
 * with each allocation that a call makes failing in turn. What has to end does so without
 * memory, and what is asked for with a time or a number does not come wrong.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <p2p.h>
#include <peergroup.h>
#include "api.h"
#include "group.h"
#include "rules.h"
#include "tap.h"
#include "walk.h"

/* ---------------------------------------------------------------- endings -- */

/* A handle is good until it is closed, and not after that. */
static HRESULT close_once(void)
{
	DWORD status;
	HGROUP group;
	HRESULT hr;

	NEED(!PeerGroupOpen(wide(alice), wide(group_name), NULL, &group));
	hr = ARMED(PeerGroupClose(group));
	if (FAILED(hr))
		HR(PeerGroupClose(group), S_OK);
	HR(PeerGroupGetStatus(group, &status), PEER_E_INVALID_GROUP);
	return hr;
}

static void test_close(void)
{
	heap_walk(close_once, walk_files);
}

static HRESULT unregister_once(void)
{
	struct listener l;
	HRESULT hr;

	listen_for(&l, ours, PEER_GROUP_EVENT_RECORD_CHANGED, NULL);
	hr = ARMED(PeerGroupUnregisterEvent(l.handle));
	if (FAILED(hr))
		HR(PeerGroupUnregisterEvent(l.handle), S_OK);
	HR(PeerGroupUnregisterEvent(l.handle), E_INVALIDARG);
	peergroup_event_close(l.event);
	return hr;
}

/* Room for what says that a connection failed is kept from here on. */
static HRESULT register_once(void)
{
	PEER_GROUP_EVENT_REGISTRATION want[] = {
		{ PEER_GROUP_EVENT_CONNECTION_FAILED, NULL },
		{ PEER_GROUP_EVENT_AUTHENTICATION_FAILED, NULL },
	};
	HPEEREVENT reg = BAD_EVENT;
	HANDLE event;
	HRESULT hr;

	NEED(!peergroup_event_create(&event));
	hr = ARMED(PeerGroupRegisterEvent(ours, event, 2, want, &reg));
	if (FAILED(hr))
		CHECK(!reg);
	else
		HR(PeerGroupUnregisterEvent(reg), S_OK);
	peergroup_event_close(event);
	return hr;
}

static void test_unregister(void)
{
	heap_walk(register_once, NULL);
	heap_walk(unregister_once, NULL);
}

static HPEERENUM list;

static HRESULT count_once(void)
{
	ULONG n = 99;
	HRESULT hr = ARMED(PeerGetItemCount(list, &n));

	CHECK(FAILED(hr) || n == 1);
	return hr;
}

static HRESULT end_once(void)
{
	HRESULT hr;

	if (!list)
		NEED(!PeerEnumGroups(wide(alice), &list));
	hr = ARMED(PeerEndEnumeration(list));
	if (SUCCEEDED(hr))
		list = NULL;
	return hr;
}

static void test_list(void)
{
	NEED(!PeerEnumGroups(wide(alice), &list));
	heap_walk(count_once, NULL);
	heap_walk(end_once, NULL);
}

static HRESULT offline_once(void)
{
	DWORD status;
	HRESULT hr;

	NEED(SUCCEEDED(peergroup_online(ours, 0)));
	hr = ARMED(peergroup_offline(ours));
	NEED(!PeerGroupGetStatus(ours, &status));
	CHECK(!(status & PEER_GROUP_STATUS_LISTENING) == SUCCEEDED(hr));
	return hr;
}

/* The kernel is given a new word for the host, and it is signed anew. */
static HRESULT vouch_once(void)
{
	return ARMED(peergroup_credential_lifetime(ours, 3600));
}

static HRESULT keep_once(void)
{
	return ARMED(peergroup_keep(ours, true));
}

static void test_offline(void)
{
	heap_walk(offline_once, NULL);
	NEED(!peergroup_online(ours, 0));
	heap_walk(vouch_once, NULL);
	heap_walk(keep_once, NULL);
	HR(peergroup_keep(ours, false), S_OK);
}

/* ---------------------------------------------------------- what is asked -- */

static HRESULT status_once(void)
{
	DWORD status = 99;
	HRESULT hr = ARMED(PeerGroupGetStatus(ours, &status));

	CHECK(FAILED(hr) || status & PEER_GROUP_STATUS_LISTENING);
	return hr;
}

static HRESULT convert_once(HRESULT (*convert)(HGROUP group, FILETIME *from, FILETIME *to))
{
	FILETIME now = to_filetime(peer_time_now()), to = { 1, 1 };
	HRESULT hr = ARMED(convert(ours, &now, &to));

	if (FAILED(hr))
		CHECK(from_filetime(to) == from_filetime((FILETIME){ 1, 1 }));
	else
		CHECK(from_filetime(to) == from_filetime(now), "there is nobody to differ from");
	return hr;
}

static HRESULT to_peer_once(void)
{
	return convert_once(PeerGroupUniversalTimeToPeerTime);
}

static HRESULT from_peer_once(void)
{
	return convert_once(PeerGroupPeerTimeToUniversalTime);
}

static void test_asked(void)
{
	heap_walk(status_once, NULL);
	heap_walk(to_peer_once, NULL);
	heap_walk(from_peer_once, NULL);
}

static HGROUP unproved;
static struct listener resumed;

/* There is no password to prove: it looks for one, and that is all. */
static HRESULT resume_once(void)
{
	return ARMED(PeerGroupResumePasswordAuthentication(ours, resumed.handle));
}

/* Nobody is known whom the password could be proved to, which is told whatever memory lacks. */
static HRESULT resume_unproved_once(void)
{
	PEER_GROUP_EVENT_DATA *data;
	HRESULT hr;

	listen_for(&resumed, unproved, PEER_GROUP_EVENT_CONNECTION_FAILED, NULL);
	hr = ARMED(PeerGroupResumePasswordAuthentication(unproved, resumed.handle));
	data = SUCCEEDED(hr) ? hear(&resumed) : NULL;
	CHECK(FAILED(hr) || (data && data->eventType == PEER_GROUP_EVENT_CONNECTION_FAILED));
	CHECK(silent(&resumed));
	PeerFreeData(data);
	stop_listening(&resumed);
	return hr;
}

/* Bob's, of a group that he has not proved the password of. */
static void open_unproved(void)
{
	peergroup_t group;
	char *text;

	NEED(!peergroup_create_with_password(alice, NULL, PASSWORD, PEERGROUP_ROLE_MEMBER,
					     &group));
	NEED(!peergroup_password_invitation(group, &text));
	NEED(!peergroup_join_password(bob, text, PASSWORD, (peergroup_t *)&unproved));
	NEED(!peergroup_close(group));
	peergroup_free(text);
}

static void test_resume(void)
{
	listen_for(&resumed, ours, PEER_GROUP_EVENT_AUTHENTICATION_FAILED, NULL);
	heap_walk(resume_once, walk_files);
	CHECK(silent(&resumed));
	stop_listening(&resumed);
	open_unproved();
	heap_walk(resume_unproved_once, walk_files);
	HR(PeerGroupClose(unproved), S_OK);
}

/* ----------------------------------------------------------------- events -- */

static peergroup_watch_t watch;

static HRESULT watched(HRESULT hr, struct peergroup_event *event)
{
	/* What was not given for lack of memory is given the next time. */
	if (FAILED(hr))
		HR(peergroup_watch_wait(watch, WAIT_SECONDS * 1000, event), S_OK);
	CHECK(event->kind == PEERGROUP_EVENT_RECORD, "kind %d", (int)event->kind);
	return hr;
}

static HRESULT wait_once(void)
{
	struct peergroup_event event;
	GUID id = add_record();
	HRESULT hr = watched(ARMED(peergroup_watch_wait(watch, WAIT_SECONDS * 1000, &event)),
			     &event);

	CHECK(event.change == PEERGROUP_CHANGE_ADDED);
	HR(PeerGroupDeleteRecord(ours, &id), S_OK);
	HR(peergroup_watch_wait(watch, WAIT_SECONDS * 1000, &event), S_OK);
	CHECK(event.change == PEERGROUP_CHANGE_DELETED);
	return hr;
}

static HRESULT next_once(void)
{
	struct peergroup_event event;
	GUID id = add_record();
	HRESULT hr;

	/* It waits in the socket's queue. */
	hr = watched(ARMED(peergroup_watch_next(watch, &event)), &event);
	CHECK(event.change == PEERGROUP_CHANGE_ADDED);
	HR(PeerGroupDeleteRecord(ours, &id), S_OK);
	HR(peergroup_watch_wait(watch, WAIT_SECONDS * 1000, &event), S_OK);
	return hr;
}

static void test_watch(void)
{
	NEED(!peergroup_watch_open(ours, PEERGROUP_SINCE_NOW, &watch));
	heap_walk(wait_once, NULL);
	heap_walk(next_once, NULL);
	HR(peergroup_watch_close(watch), S_OK);
}

/* ------------------------------------------------------------- properties -- */

static HRESULT properties_once(void)
{
	struct peergroup_properties *p, *now;
	HRESULT hr;

	NEED(!peergroup_properties(ours, &p));
	p->comment = p->comment && !strcmp(p->comment, "one") ? "another" : "one";
	hr = ARMED(peergroup_set_properties(ours, p));
	NEED(!peergroup_properties(ours, &now));
	CHECK((now->comment && !strcmp(now->comment, p->comment)) == SUCCEEDED(hr));
	peergroup_free(now);
	peergroup_free(p);
	return hr;
}

static void test_properties(void)
{
	heap_walk(properties_once, walk_changes);
}

static HRESULT set_password_once(void)
{
	return ARMED(peergroup_set_password(ours, PASSWORD, PEERGROUP_ROLE_MEMBER));
}

/* Nobody answers at first; who answers already does so after that as well. */
static HRESULT answer_once(void)
{
	peergroup_t group;
	HRESULT hr;

	NEED(!peergroup_open(alice, group_name, &group));
	hr = ARMED(peergroup_answer(group));
	if (FAILED(hr))
		HR(peergroup_answer(group), S_OK);
	HR(peergroup_close(group), S_OK);
	return hr;
}

static void test_password(void)
{
	heap_walk(set_password_once, NULL);
	heap_walk(answer_once, NULL);
}

/* ------------------------------------------------------------------- keys -- */

static HCRYPTPROV key;
static void *der, *signature;
static size_t der_size, signature_size;

static HRESULT sign_once(void)
{
	void *made = &bad_handle;
	size_t size = 1;
	HRESULT hr = ARMED(peergroup_key_sign(key, "data", 4, &made, &size));

	CHECK(!made == FAILED(hr) && !size == FAILED(hr));
	peergroup_free(made);
	return hr;
}

static HRESULT public_once(void)
{
	void *made = &bad_handle;
	size_t size = 1;
	HRESULT hr = ARMED(peergroup_key_public(key, &made, &size));

	CHECK(!made == FAILED(hr) && !size == FAILED(hr));
	peergroup_free(made);
	return hr;
}

static HRESULT create_once(void)
{
	char *name = &bad_handle;
	HRESULT hr = ARMED(peergroup_identity_create_with_key("other", "Other", key, &name));

	CHECK(!name == FAILED(hr));
	if (SUCCEEDED(hr))
		HR(peergroup_identity_delete(name), S_OK);
	peergroup_free(name);
	return hr;
}

static HRESULT verify_once(void)
{
	return ARMED(peergroup_verify(der, der_size, "data", 4, signature, signature_size));
}

/* By libcrypto's own allocations, too: a good signature is not called bad for lack of memory. */
static void test_keys(void)
{
	NEED(!peergroup_identity_key(alice, &key));
	NEED(!peergroup_key_public(key, &der, &der_size));
	NEED(!peergroup_key_sign(key, "data", 4, &signature, &signature_size));
	heap_walk(public_once, NULL);
	heap_walk(create_once, walk_files);
	heap_walk(sign_once, NULL);
	heap_walk(verify_once, NULL);
	heap_all = true;
	heap_walk(sign_once, NULL);
	heap_walk(verify_once, NULL);
	heap_all = false;
	peergroup_free(signature);
	peergroup_free(der);
	HR(peergroup_key_release(key), S_OK);
}

/* ---------------------------------------------- events that are the program's -- */

#define FOREIGN	((HANDLE)&bad_handle)

static HPEEREVENT reg;

static HRESULT begin_once(void)
{
	return ARMED(peergroup_signal_begin());
}

/* Takes what there is; whether a record was deleted. */
static bool take_deletion(void)
{
	PEER_GROUP_EVENT_DATA *data;
	bool deleted = false;

	while (PeerGroupGetEventData(reg, &data) == S_OK) {
		deleted |= data->recordChangeData.changeType == PEER_RECORD_DELETED;
		PeerFreeData(data);
	}
	return deleted;
}

static HRESULT signal_once(void)
{
	HANDLE event;
	GUID id = add_record();
	HRESULT hr = ARMED(peergroup_signal_next(&event));

	CHECK(event == (FAILED(hr) ? NULL : FOREIGN));
	HR(PeerGroupDeleteRecord(ours, &id), S_OK);
	while (!take_deletion())
		NEED(peergroup_signal_next(&event) == S_OK);
	return hr;
}

static HRESULT signal_end_once(void)
{
	HANDLE event = FOREIGN;
	HRESULT hr = ARMED(peergroup_signal_next(&event));

	CHECK(!event && (FAILED(hr) || hr == S_FALSE));
	return hr;
}

/* Who asks for the next one has signalled the one before. */
static void *signal_rest(void *unused)
{
	HANDLE event;

	(void)unused;
	while (peergroup_signal_next(&event) == S_OK)
		;
	return NULL;
}

static void test_signals(void)
{
	PEER_GROUP_EVENT_REGISTRATION want = { PEER_GROUP_EVENT_RECORD_CHANGED, NULL };
	PEER_VERSION_DATA version;
	pthread_t rest;

	heap_walk(begin_once, NULL);
	NEED(!PeerGroupRegisterEvent(ours, FOREIGN, 1, &want, &reg));
	heap_walk(signal_once, NULL);
	NEED(!pthread_create(&rest, NULL, signal_rest, NULL));
	HR(PeerGroupUnregisterEvent(reg), S_OK);
	HR(PeerGroupShutdown(), S_OK);
	NEED(!pthread_join(rest, NULL));
	heap_walk(signal_end_once, NULL);
	NEED(!PeerGroupStartup(PEER_GROUP_VERSION, &version));
}

/* ---------------------------------------------------------------- the end -- */

static HRESULT shutdown_once(void)
{
	PEER_VERSION_DATA version;
	HRESULT hr = ARMED(PeerGroupShutdown());

	if (FAILED(hr))
		HR(PeerGroupShutdown(), S_OK);
	HR(PeerGroupShutdown(), PEER_E_NOT_INITIALIZED);
	NEED(!PeerGroupStartup(PEER_GROUP_VERSION, &version));
	return hr;
}

static void test_shutdown(void)
{
	heap_walk(shutdown_once, walk_files);
}

int main(void)
{
	static const struct tap_test tests[] = {
		{ "a handle is closed", test_close },
		{ "a registration begins and ends", test_unregister },
		{ "a list is counted and ends", test_list },
		{ "a group goes offline, a host is vouched for", test_offline },
		{ "status and times", test_asked },
		{ "authentication goes on", test_resume },
		{ "a watch is read", test_watch },
		{ "properties are changed", test_properties },
		{ "a password is told, and answered by", test_password },
		{ "a key signs, a signature is verified", test_keys },
		{ "a program signals its own events", test_signals },
		{ "the library is shut down", test_shutdown },
	};

	rules_begin();
	rules_people();
	rules_group(0, PEERGROUP_ROLE_MEMBER);
	return tap_main(tests, sizeof(tests) / sizeof(tests[0]));
}
