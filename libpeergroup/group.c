// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * An open group. Its control socket is what holds the group in the kernel, so
 * opening is one request and closing is closing the socket; everything that is
 * known about the group's state is asked from there.
 */
#include <errno.h>
#include <stdlib.h>
#include "event.h"
#include "members.h"
#include "presence.h"
#include "properties.h"
#include "refresh.h"

/* How old the clock offset may be that a record is stamped with. */
#define OFFSET_AGE	PEERGROUP_TIME_PER_SECOND

/* ------------------------------------------------------------ its state -- */

static void parse_limits(const struct nlattr *nest, struct pgi_group_state *state)
{
	const struct nlattr *limits[PEERGROUP_A_LIMIT_MAX + 1];
	uint32_t size;

	pgi_nl_parse_nest(nest, limits, PEERGROUP_A_LIMIT_MAX);
	size = pgi_nl_u32(limits[PEERGROUP_A_LIMIT_RECORD_SIZE]);
	state->record_limit = size ? size : PEERGROUP_RECORD_SIZE_MAX;
	state->refresh_limit = pgi_nl_u32(limits[PEERGROUP_A_LIMIT_REFRESH_STEPS]);
}

void pgi_group_parse_state(const struct nlmsghdr *msg, struct pgi_group_state *state)
{
	const struct nlattr *a[PEERGROUP_A_GROUP_MAX + 1];

	pgi_nl_parse(msg, a, PEERGROUP_A_GROUP_MAX);
	state->index = pgi_nl_u32(a[PEERGROUP_A_GROUP_INDEX]);
	state->status = pgi_nl_u32(a[PEERGROUP_A_GROUP_STATUS]);
	state->port = pgi_nl_u16(a[PEERGROUP_A_GROUP_PORT]);
	state->seq = pgi_nl_u64(a[PEERGROUP_A_GROUP_SEQ]);
	state->horizon = pgi_nl_u64(a[PEERGROUP_A_GROUP_HORIZON]);
	state->records = pgi_nl_u32(a[PEERGROUP_A_GROUP_RECORDS]);
	state->tombstones = pgi_nl_u32(a[PEERGROUP_A_GROUP_TOMBSTONES]);
	state->time_offset = (int64_t)pgi_nl_u64(a[PEERGROUP_A_GROUP_TIME_OFFSET]);
	state->holders = pgi_nl_u32(a[PEERGROUP_A_GROUP_HOLDERS]);
	parse_limits(a[PEERGROUP_A_GROUP_LIMITS], state);
	state->node = pgi_nl_u64(a[PEERGROUP_A_GROUP_NODE]);
	state->credential_expires = pgi_nl_u64(a[PEERGROUP_A_GROUP_CREDENTIAL_EXPIRES]);
	pgi_nl_bytes(a[PEERGROUP_A_GROUP_NODE_KEY], state->node_key, sizeof(state->node_key));
	pgi_nl_bytes(a[PEERGROUP_A_GROUP_ID], state->id, sizeof(state->id));
	pgi_nl_bytes(a[PEERGROUP_A_GROUP_FINGERPRINT], state->fingerprint,
		     sizeof(state->fingerprint));
	pgi_nl_bytes(a[PEERGROUP_A_GROUP_SHOWN], state->shown, sizeof(state->shown));
	state->member_changes = pgi_nl_u64(a[PEERGROUP_A_GROUP_MEMBER_CHANGES]);
}

static int take_state(const struct nlmsghdr *msg, void *arg)
{
	pgi_group_parse_state(msg, arg);
	return 0;
}

struct nlmsghdr *pgi_group_request(struct pgi_group *group, uint8_t cmd)
{
	struct nlmsghdr *msg = pgi_nl_request(&group->nl, cmd, 0);

	mnl_attr_put_u32(msg, PEERGROUP_A_GROUP_INDEX, group->index);
	return msg;
}

HRESULT pgi_group_talk(struct pgi_group *group, const struct nlmsghdr *request,
		       pgi_nl_answer answer, void *arg)
{
	int err = pgi_nl_talk(&group->nl, request, answer, arg);

	return err ? pgi_nl_fail(&group->nl, err) : S_OK;
}

HRESULT pgi_group_state_by_index(struct pgi_nl *nl, uint32_t index,
				 struct pgi_group_state *state)
{
	struct nlmsghdr *msg = pgi_nl_request(nl, PEERGROUP_CMD_GROUP_GET, 0);
	int err;

	memset(state, 0, sizeof(*state));
	mnl_attr_put_u32(msg, PEERGROUP_A_GROUP_INDEX, index);
	err = pgi_nl_talk(nl, msg, take_state, state);
	return err ? pgi_nl_fail(nl, err) : S_OK;
}

/* Whether it has synchronised once is a fact that outlives the kernel's group. */
static void note_ready(struct pgi_group *group, const struct pgi_group_state *state)
{
	if (!(state->status & PEERGROUP_STATUS_READY) || atomic_exchange(&group->ready, true))
		return;
	pgi_group_save_ready(group->store->identity, group->store->name);
	pgi_membership_announce(group);
	pgi_presence_announce(group);
}

static void note_state(struct pgi_group *group, const struct pgi_group_state *state)
{
	group->time_offset = state->time_offset;
	group->offset_read = pgi_now();
	group->record_limit = state->record_limit;
}

HRESULT pgi_group_state(struct pgi_group *group, struct pgi_group_state *state)
{
	HRESULT hr;

	pthread_mutex_lock(&group->lock);
	hr = pgi_group_state_by_index(&group->nl, group->index, state);
	if (SUCCEEDED(hr))
		note_state(group, state);
	pthread_mutex_unlock(&group->lock);
	if (SUCCEEDED(hr))
		note_ready(group, state);
	return hr;
}

HRESULT pgi_group_ready(struct pgi_group *group)
{
	struct pgi_group_state state;
	HRESULT hr;

	if (atomic_load(&group->ready))
		return S_OK;
	hr = pgi_group_state(group, &state);
	if (FAILED(hr) || atomic_load(&group->ready))
		return hr;
	return pgi_fail(PEER_E_GROUP_NOT_READY,
			"the group has never synchronised with another member; connect first");
}

static bool offset_fresh(struct pgi_group *group, uint64_t now, int64_t *offset)
{
	bool fresh;

	pthread_mutex_lock(&group->lock);
	/* A host clock set back makes the difference huge: read it again then. */
	fresh = now - group->offset_read < OFFSET_AGE;
	*offset = group->time_offset;
	pthread_mutex_unlock(&group->lock);
	return fresh;
}

HRESULT pgi_group_now(struct pgi_group *group, uint64_t *now)
{
	struct pgi_group_state state;
	uint64_t host = pgi_now();
	int64_t offset;
	HRESULT hr;

	if (!offset_fresh(group, host, &offset)) {
		hr = pgi_group_state(group, &state);
		if (FAILED(hr))
			return hr;
		offset = state.time_offset;
	}
	*now = host + (uint64_t)offset;
	return S_OK;
}

HRESULT pgi_group_save_named(const char *identity, const char *name,
			     HRESULT (*change)(struct pgi_group_store *store, const void *arg),
			     const void *arg)
{
	struct pgi_group_store *store;
	HRESULT hr;
	int lock;

	hr = pgi_group_store_lock(identity, name, &lock);
	if (FAILED(hr))
		return hr;
	hr = pgi_group_store_load(identity, name, &store);
	if (SUCCEEDED(hr)) {
		hr = change(store, arg);
		if (hr == S_OK)
			hr = pgi_group_store_save(store);
		pgi_group_store_free(store);
	}
	pgi_group_store_unlock(lock);
	return hr;
}

HRESULT pgi_group_save(struct pgi_group *group,
		       HRESULT (*change)(struct pgi_group_store *store, const void *arg),
		       const void *arg)
{
	return pgi_group_save_named(group->store->identity, group->store->name, change, arg);
}

static HRESULT set_ready(struct pgi_group_store *store, const void *arg PGI_UNUSED)
{
	if (store->ready)
		return S_FALSE;		/* nothing to write */
	store->ready = true;
	return S_OK;
}

HRESULT pgi_group_save_ready(const char *identity, const char *name)
{
	return pgi_group_save_named(identity, name, set_ready, NULL);
}

/* --------------------------------------------------------------- opening -- */

static HRESULT load(struct pgi_group *group, const char *identity, const char *name)
{
	HRESULT hr;

	hr = pgi_identity_load(identity, &group->identity);
	if (SUCCEEDED(hr))
		hr = pgi_group_store_load(group->identity->name, name, &group->store);
	if (FAILED(hr))
		return hr;
	atomic_init(&group->ready, group->store->ready);
	atomic_init(&group->pending, group->store->pending);
	if (group->store->pending)
		hr = pgi_joining_init(group);
	else
		hr = pgi_own_set(group, group->store);
	return hr;
}

/* An open that the kernel refuses is about a certificate or a right, not a handle. */
static HRESULT open_failed(const struct pgi_nl *nl, int err)
{
	HRESULT hr = pgi_nl_fail(nl, err);

	if (err == -EKEYEXPIRED)
		return pgi_fail(hr, "%s: a new invitation is needed", nl->message);
	if (hr == PEER_E_INVALID_GROUP)
		return HRESULT_FROM_WIN32(RPC_S_SERVER_UNAVAILABLE);
	return hr;
}

static HRESULT enter(struct pgi_group *group, const struct pgi_group_store *store,
		     const struct pgi_former *by)
{
	struct pgi_group_state state = { 0 };
	struct nlmsghdr *msg;
	HRESULT hr = S_OK;
	size_t i;
	int err;

	pthread_mutex_lock(&group->lock);
	msg = pgi_nl_request(&group->nl, PEERGROUP_CMD_GROUP_OPEN, 0);
	mnl_attr_put(msg, PEERGROUP_A_GROUP_ROOT, store->root.len, store->root.data);
	for (i = 0; i < by->len; i++)
		mnl_attr_put(msg, PEERGROUP_A_GROUP_CHAIN, by->chain[i].len, by->chain[i].data);
	if (store->ready)
		mnl_attr_put_u8(msg, PEERGROUP_A_GROUP_READY, 1);
	err = pgi_nl_talk(&group->nl, msg, take_state, &state);
	if (err) {
		hr = open_failed(&group->nl, err);
	} else {
		group->index = state.index;
		note_state(group, &state);
	}
	pthread_mutex_unlock(&group->lock);
	if (SUCCEEDED(hr))
		note_ready(group, &state);
	return hr;
}

HRESULT pgi_group_enter(struct pgi_group *group, const struct pgi_group_store *store)
{
	const struct pgi_former now = { store->chain, store->chain_len };

	return enter(group, store, &now);
}

/* The kernel shows them to others where the present one turns out to be revoked. */
static void enter_former(struct pgi_group *group)
{
	const struct pgi_group_store *store = group->store;
	size_t i;

	for (i = 0; i < store->former_len; i++)
		if (FAILED(enter(group, store, &store->former[i])))
			pgi_clear_error();	/* expired, say */
}

/* What the group has come to know, for the next to open it. */
static void take_along(struct pgi_group *group)
{
	struct pgi_group_state state;

	/* What is known of the group may end here. */
	pgi_own_renew(group, false);
	if (!atomic_load(&group->ready))
		pgi_group_state(group, &state);
	if (atomic_load(&group->ready)) {
		pgi_properties_restore(group);
		pgi_membership_announce(group);
	}
}

/*
 * Goes, if others keep the group there. Under the lock of what is stored: of several that
 * close it at the same time just the last finds nobody else.
 */
static void leave_to_others(struct pgi_group *group)
{
	const struct pgi_group_store *store = group->store;
	struct pgi_group_state state;
	int lock;

	if (FAILED(pgi_group_store_lock(store->identity, store->name, &lock)))
		lock = -1;
	if (FAILED(pgi_group_state_by_index(&group->nl, group->index, &state)) ||
	    state.holders > 1 || state.status & PEERGROUP_STATUS_KEPT)
		pgi_nl_close(&group->nl);
	if (lock >= 0)
		pgi_group_store_unlock(lock);
}

static void leave(struct pgi_group *group)
{
	if (!group->index)
		return;
	take_along(group);
	leave_to_others(group);
	if (group->nl.sock && atomic_load(&group->ready))
		pgi_presence_withdraw(group);
	pgi_clear_error();
}

static void release(struct pgi_object *obj)
{
	struct pgi_group *group = pgi_container_of(obj, struct pgi_group, obj);

	pgi_event_group_closed(group);
	pgi_joining_exit(group);
	pgi_answer_stop(group);
	pgi_upkeep_exit(group);
	leave(group);
	pgi_sender_free(group);
	pgi_nl_close(&group->nl);
	pgi_own_free(group);
	pgi_identity_free(group->identity);
	pthread_mutex_destroy(&group->lock);
	free(group);
}

/* What has its certificates becomes a group of the kernel's. */
HRESULT pgi_group_begin(struct pgi_group *group)
{
	HRESULT hr;

	hr = pgi_nl_open(&group->nl, NULL);
	if (SUCCEEDED(hr))
		hr = pgi_group_enter(group, group->store);
	if (FAILED(hr))
		pgi_nl_close(&group->nl);	/* it may be tried again */
	else
		enter_former(group);
	/* Not everybody who may read a group may write to it. */
	if (SUCCEEDED(hr) && FAILED(pgi_properties_restore(group)))
		pgi_clear_error();
	/* A program before this one may have kept the group, and a renewal come meanwhile. */
	if (SUCCEEDED(hr)) {
		pgi_own_renew(group, true);
		pgi_membership_announce(group);
		pgi_presence_announce(group);
		pgi_refresh_take_over(group);
	}
	return hr;
}

HRESULT pgi_group_open(const char *identity, const char *name, void **handle)
{
	struct pgi_group *group = calloc(1, sizeof(*group));
	HRESULT hr;

	if (!group)
		return E_OUTOFMEMORY;
	pgi_object_init(&group->obj, PGI_GROUP, release);
	pthread_mutex_init(&group->lock, NULL);
	pgi_upkeep_init(group);
	hr = load(group, identity, name);
	if (SUCCEEDED(hr) && !atomic_load(&group->pending))
		hr = pgi_group_begin(group);
	if (SUCCEEDED(hr))
		hr = pgi_handle_new(&group->obj, handle);
	if (FAILED(hr))
		pgi_group_put(group);
	return hr;
}

HRESULT pgi_group_find(const void *handle, struct pgi_group **group)
{
	HRESULT hr = pgi_group_find_any(handle, group);

	if (FAILED(hr) || !atomic_load(&(*group)->pending))
		return hr;
	pgi_group_put(*group);
	return pgi_fail(PEER_E_GROUP_NOT_READY,
			"the group has yet to be joined, by its password; connect first");
}

HRESULT pgi_group_find_any(const void *handle, struct pgi_group **group)
{
	struct pgi_object *obj = pgi_handle_get(handle, PGI_GROUP);

	if (!obj)
		return pgi_fail(PEER_E_INVALID_GROUP, "not the handle of an open group");
	*group = pgi_container_of(obj, struct pgi_group, obj);
	return S_OK;
}

/* ------------------------------------------------- without a handle -- */

struct search {
	const struct pgi_group_store *store;
	struct pgi_group_state *state;
	bool found;
};

static int match_group(const struct nlmsghdr *msg, void *arg)
{
	const struct nlattr *a[PEERGROUP_A_GROUP_MAX + 1];
	struct search *s = arg;
	/* Without the root it is known by its name alone. */
	size_t known = s->store->root.len ? PEERGROUP_HASH_LEN : PEERGROUP_AUTHORITY_LEN;
	uint8_t id[PEERGROUP_HASH_LEN];

	pgi_nl_parse(msg, a, PEERGROUP_A_GROUP_MAX);
	if (!pgi_nl_bytes(a[PEERGROUP_A_GROUP_ID], id, sizeof(id)) ||
	    memcmp(id, s->store->id, known) ||
	    strcmp(pgi_nl_str(a[PEERGROUP_A_GROUP_MEMBER]), s->store->identity))
		return 0;
	pgi_group_parse_state(msg, s->state);
	s->found = true;
	return 0;
}

HRESULT pgi_group_running(struct pgi_nl *nl, const struct pgi_group_store *store,
			  struct pgi_group_state *state)
{
	struct search s = { .store = store, .state = state };
	struct nlmsghdr *msg = pgi_nl_request(nl, PEERGROUP_CMD_GROUP_GET, NLM_F_DUMP);
	int err;

	err = pgi_nl_talk(nl, msg, match_group, &s);
	if (err)
		return pgi_nl_fail(nl, err);
	return s.found ? S_OK : S_FALSE;
}

/* --------------------------------------------------- for the other files -- */

HRESULT pgi_group_get(HGROUP handle, struct pgi_object **out)
{
	struct pgi_group *group = NULL;
	HRESULT hr = pgi_group_find(handle, &group);

	*out = SUCCEEDED(hr) ? &group->obj : NULL;
	return hr;
}

static struct pgi_group *group_of(struct pgi_object *obj)
{
	return pgi_container_of(obj, struct pgi_group, obj);
}

const struct pgi_group_store *pgi_group_get_store(struct pgi_object *obj)
{
	const struct pgi_own *own = group_of(obj)->own;

	return own ? own->store : group_of(obj)->store;
}

const struct pgi_identity *pgi_group_get_identity(struct pgi_object *obj)
{
	return group_of(obj)->identity;
}

HRESULT pgi_group_check_ready(struct pgi_object *obj)
{
	return pgi_group_ready(group_of(obj));
}

void pgi_group_shutdown(void)
{
	pgi_event_shutdown();
}
