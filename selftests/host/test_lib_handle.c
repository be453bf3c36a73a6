// SPDX-License-Identifier: GPL-2.0-only
/*
 * Handles that are closed, foreign, made up or inherited; enumerations; the
 * count of start-ups. The kernel is played by two functions below.
 */
#include <sys/wait.h>
#include "lib_test.h"
#include "registration.h"

static HRESULT family = S_OK;
static unsigned int shutdowns, released;

HRESULT pgi_nl_family_present(void)
{
	return family;
}

void pgi_group_shutdown(void)
{
	shutdowns++;
}

static void release(struct pgi_object *obj)
{
	released++;
	free(obj);
}

static struct pgi_object *make(enum pgi_type type)
{
	struct pgi_object *obj = malloc(sizeof(*obj));

	NEED(obj);
	pgi_object_init(obj, type, release);
	return obj;
}

static void handles(void)
{
	struct pgi_object *obj = make(PGI_GROUP);
	void *h, *h2;

	released = 0;
	NEED_OK(pgi_handle_new(obj, &h));
	CHECK(h);
	CHECK(pgi_handle_get(h, PGI_GROUP) == obj);
	CHECK(!pgi_handle_get(h, PGI_ENUM));
	CHECK(!pgi_handle_get(NULL, PGI_GROUP));
	CHECK(!pgi_handle_get((void *)-1, PGI_GROUP));
	CHECK(!pgi_handle_get((char *)h + 1, PGI_GROUP));
	CHECK(!pgi_handle_get(obj, PGI_GROUP));
	CHECK(pgi_handle_remove(h, PGI_GROUP) == obj);
	CHECK(!pgi_handle_get(h, PGI_GROUP));
	CHECK(!pgi_handle_remove(h, PGI_GROUP));
	pgi_object_put(obj);
	CHECK(released == 0);		/* one reference is still held */
	pgi_object_put(obj);
	CHECK(released == 1);

	NEED_OK(pgi_handle_new(make(PGI_GROUP), &h2));
	CHECK(h2 != h);
	CHECK(!pgi_handle_get(h, PGI_GROUP));
	pgi_object_put(pgi_handle_remove(h2, PGI_GROUP));
}

#define MANY 5000

static bool is_event(struct pgi_object *obj, void *arg)
{
	(void)arg;
	return obj->type == PGI_EVENT;
}

static void many_handles(void)
{
	static void *h[MANY];
	int i;

	released = 0;
	for (i = 0; i < MANY; i++)
		NEED_OK(pgi_handle_new(make(i % 2 ? PGI_EVENT : PGI_GROUP), &h[i]));
	pgi_handle_remove_if(is_event, NULL);
	CHECK(released == MANY / 2);
	for (i = 0; i < MANY; i++) {
		struct pgi_object *obj = pgi_handle_get(h[i], PGI_GROUP);

		CHECK((obj == NULL) == (i % 2 == 1));
		pgi_object_put(obj);
	}
	pgi_handle_remove_if(NULL, NULL);
	CHECK(released == MANY);
}

static void *hammer(void *arg)
{
	void *h;
	int i;

	(void)arg;
	for (i = 0; i < 2000; i++) {
		struct pgi_object *obj = malloc(sizeof(*obj));

		pgi_object_init(obj, PGI_GROUP, (void (*)(struct pgi_object *))free);
		if (FAILED(pgi_handle_new(obj, &h)))
			return (void *)1;
		pgi_object_put(pgi_handle_get(h, PGI_GROUP));
		pgi_object_put(pgi_handle_remove(h, PGI_GROUP));
	}
	return NULL;
}

static void threads(void)
{
	pthread_t t[4];
	void *bad;
	int i;

	for (i = 0; i < 4; i++)
		NEED(!pthread_create(&t[i], NULL, hammer, NULL));
	for (i = 0; i < 4; i++) {
		pthread_join(t[i], &bad);
		CHECK(!bad);
	}
}

/* Its parent's: not to be used, and not to be closed with all others. */
static int in_child(const void *h)
{
	void *own;

	if (pgi_handle_get(h, PGI_GROUP))
		return 1;
	pgi_handle_remove_if(NULL, NULL);
	if (released)
		return 2;
	NEED_OK(pgi_handle_new(make(PGI_GROUP), &own));
	if (own == h)
		return 3;
	pgi_handle_remove_if(NULL, NULL);
	return released == 1 ? 0 : 4;
}

static void forked(void)
{
	int status;
	pid_t pid;
	void *h;

	released = 0;
	NEED_OK(pgi_handle_new(make(PGI_GROUP), &h));
	pid = fork();
	NEED(pid >= 0);
	if (!pid)
		_exit(in_child(h));
	NEED(waitpid(pid, &status, 0) == pid);
	CHECK(WIFEXITED(status) && !WEXITSTATUS(status), "%d", WEXITSTATUS(status));
	pgi_object_put(pgi_handle_remove(h, PGI_GROUP));
	CHECK(released == 1);
}

/* Of its parent's threads that signal events it has none. */
static int signals_in_child(void)
{
	PEER_VERSION_DATA v;

	if (pgi_signal_foreign())
		return 1;
	if (peergroup_signal_begin() != S_OK || !pgi_signal_foreign())
		return 2;
	if (PeerGroupShutdown() || pgi_signal_foreign())
		return 3;
	return PeerGroupStartup(PEER_GROUP_VERSION, &v) || pgi_signal_foreign() ? 4 : 0;
}

static void forked_signals(void)
{
	PEER_VERSION_DATA v;
	int status;
	pid_t pid;

	NEED_OK(PeerGroupStartup(PEER_GROUP_VERSION, &v));
	CHECK_HR(peergroup_signal_begin(), S_OK);
	CHECK_HR(peergroup_signal_begin(), S_FALSE);
	pid = fork();
	NEED(pid >= 0);
	if (!pid)
		_exit(signals_in_child());
	NEED(waitpid(pid, &status, 0) == pid);
	CHECK(WIFEXITED(status) && !WEXITSTATUS(status), "%d", WEXITSTATUS(status));
	CHECK(pgi_signal_foreign());
	NEED_OK(PeerGroupShutdown());
	CHECK(!pgi_signal_foreign());
	shutdowns = 0;
}

static bool freed;

static HRESULT copy_number(void *items, size_t i, void *top, void **item)
{
	*item = pgi_sub_copy(top, (int *)items + i, sizeof(int));
	return *item ? S_OK : E_OUTOFMEMORY;
}

static void free_numbers(void *items, size_t count)
{
	(void)items, (void)count;
	freed = true;
}

static void enumeration(void)
{
	static const struct pgi_enum_ops ops = { copy_number, free_numbers };
	static int numbers[] = { 10, 11, 12, 13, 14 };
	PVOID *items, *kept;
	HPEERENUM e;
	ULONG count;

	NEED_OK(pgi_enum_new(&ops, numbers, 5, &e));
	count = 99;
	CHECK_HR(PeerGetItemCount(e, &count), S_OK);
	CHECK(count == 5);
	count = 0;
	CHECK_HR(PeerGetNextItem(e, &count, &items), S_OK);
	CHECK(count == 0 && !items);
	count = 2;
	CHECK_HR(PeerGetNextItem(e, &count, &items), S_OK);
	CHECK(count == 2 && *(int *)items[0] == 10 && *(int *)items[1] == 11);
	PeerFreeData(items);
	CHECK_HR(PeerGetItemCount(e, &count), S_OK);
	CHECK(count == 5);
	count = UINT32_MAX;
	CHECK_HR(PeerGetNextItem(e, &count, &kept), S_OK);
	CHECK(count == 3 && *(int *)kept[0] == 12);
	count = 1;
	CHECK_HR(PeerGetNextItem(e, &count, &items), S_OK);
	CHECK(count == 0 && !items);
	CHECK_HR(PeerGetNextItem(e, NULL, &items), E_INVALIDARG);
	count = 1;
	CHECK_HR(PeerGetNextItem(e, &count, NULL), E_INVALIDARG);
	CHECK_HR(PeerGetItemCount(e, NULL), E_INVALIDARG);
	freed = false;
	CHECK_HR(PeerEndEnumeration(e), S_OK);
	CHECK(freed);
	CHECK(*(int *)kept[2] == 14);	/* outlives the enumeration */
	PeerFreeData(kept);
	CHECK_HR(PeerEndEnumeration(e), E_INVALIDARG);
	CHECK_HR(PeerEndEnumeration(NULL), E_INVALIDARG);
	CHECK_HR(PeerGetItemCount(e, &count), E_INVALIDARG);
	CHECK(count == 0);
	count = 1;
	CHECK_HR(PeerGetNextItem(e, &count, &items), E_INVALIDARG);
	CHECK(count == 0 && !items);
}

static void startup(void)
{
	PEER_VERSION_DATA v;
	void *h, *watch;

	CHECK_HR(PeerGroupShutdown(), PEER_E_NOT_INITIALIZED);
	CHECK_HR(pgi_started(), PEER_E_NOT_INITIALIZED);
	CHECK_HR(PeerGroupStartup(PEER_GROUP_VERSION, NULL), E_INVALIDARG);
	CHECK_HR(PeerGroupStartup(MAKEWORD(0, 0), &v), PEER_E_UNSUPPORTED_VERSION);
	CHECK_HR(PeerGroupStartup(MAKEWORD(2, 0), &v), PEER_E_UNSUPPORTED_VERSION);
	CHECK_HR(PeerGroupStartup(MAKEWORD(1, 2), &v), PEER_E_UNSUPPORTED_VERSION);
	family = HRESULT_FROM_WIN32(ERROR_SERVICE_DEPENDENCY_FAIL);
	CHECK_HR(PeerGroupStartup(PEER_GROUP_VERSION, &v),
		 HRESULT_FROM_WIN32(ERROR_SERVICE_DEPENDENCY_FAIL));
	CHECK_HR(pgi_started(), PEER_E_NOT_INITIALIZED);
	family = S_OK;
	CHECK_HR(PeerGroupStartup(PEER_GROUP_VERSION, &v), S_OK);
	CHECK(v.wVersion == 0x0101 && v.wHighestVersion == 0x0101);
	CHECK_HR(PeerGroupStartup(MAKEWORD(1, 0), &v), S_OK);
	CHECK(v.wVersion == 0x0001 && v.wHighestVersion == 0x0101);

	NEED_OK(pgi_handle_new(make(PGI_GROUP), &h));
	NEED_OK(pgi_handle_new(make(PGI_WATCH), &watch));
	pgi_handle_native(watch);
	released = 0;
	CHECK_HR(PeerGroupShutdown(), S_OK);
	CHECK(released == 0 && shutdowns == 0);
	CHECK_HR(pgi_started(), S_OK);
	CHECK_HR(PeerGroupShutdown(), S_OK);
	CHECK(released == 1 && shutdowns == 1);
	CHECK(!pgi_handle_get(h, PGI_GROUP));
	pgi_object_put(pgi_handle_remove(watch, PGI_WATCH));
	CHECK(released == 2);
	CHECK_HR(PeerGroupShutdown(), PEER_E_NOT_INITIALIZED);
}

int main(void)
{
	static const struct tap_test tests[] = {
		{ "closed, foreign and made up handles", handles },
		{ "many handles", many_handles },
		{ "handles in four threads", threads },
		{ "a child of fork has no handles", forked },
		{ "a child of fork has no thread that signals events", forked_signals },
		{ "enumeration", enumeration },
		{ "startup and shutdown", startup },
	};

	return TESTS(tests);
}
