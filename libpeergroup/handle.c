// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Handles that programs hold. A handle is an index into a table and the
 * generation of that slot, never a pointer, so that a closed, foreign or made
 * up handle is told apart from a live one without touching memory.
 */
#include <stdlib.h>
#include <unistd.h>
#include "internal.h"

#define INDEX_BITS	16
#define SLOTS_MAX	((1U << INDEX_BITS) - 1)

struct slot {
	struct pgi_object *obj;		/* NULL: free */
	uintptr_t generation;		/* of the handle in use or used last */
};

static struct {
	pthread_mutex_t lock;
	struct slot *slots;
	unsigned int count, used;
	unsigned int hint;		/* where to look for a free one */
	pid_t pid;			/* whose handles these are */
} table = { .lock = PTHREAD_MUTEX_INITIALIZER };

void pgi_object_init(struct pgi_object *obj, enum pgi_type type,
		     void (*release)(struct pgi_object *obj))
{
	obj->type = type;
	obj->release = release;
	obj->windows = true;
	atomic_init(&obj->refs, 1);
}

struct pgi_object *pgi_object_get(struct pgi_object *obj)
{
	atomic_fetch_add_explicit(&obj->refs, 1, memory_order_relaxed);
	return obj;
}

void pgi_object_put(struct pgi_object *obj)
{
	if (obj && atomic_fetch_sub_explicit(&obj->refs, 1, memory_order_acq_rel) == 1)
		obj->release(obj);
}

static bool grow(void)
{
	unsigned int count = table.count ? 2 * table.count : 64;
	struct slot *slots;

	if (table.count == SLOTS_MAX)
		return false;
	if (count > SLOTS_MAX)
		count = SLOTS_MAX;
	slots = realloc(table.slots, count * sizeof(*slots));
	if (!slots)
		return false;
	memset(slots + table.count, 0, (count - table.count) * sizeof(*slots));
	table.slots = slots;
	table.hint = table.count;
	table.count = count;
	return true;
}

/* A child of fork() starts with an empty table: what is in it is its parent's. */
static void own_table(void)
{
	unsigned int i;

	if (table.pid == pgi_process())
		return;
	for (i = 0; i < table.count; i++)
		table.slots[i].obj = NULL;
	table.used = 0;
	table.pid = pgi_process();
}

static void lock_table(void)
{
	pthread_mutex_lock(&table.lock);
}

static void unlock_table(void)
{
	pthread_mutex_unlock(&table.lock);
}

/* A child still has to tell its own handles from its parent's. */
PGI_AT_FORK(lock_table, unlock_table, unlock_table)

HRESULT pgi_handle_new(struct pgi_object *obj, void **handle)
{
	HRESULT hr = E_OUTOFMEMORY;
	unsigned int i;

	*handle = NULL;
	pthread_mutex_lock(&table.lock);
	own_table();
	if (table.used == table.count && !grow())
		goto out;
	for (i = table.hint; table.slots[i].obj; i = (i + 1) % table.count)
		;
	table.slots[i].obj = obj;
	table.slots[i].generation++;
	/* After a wrap of 2^48 (2^16 on 32 bits) uses; zero would read as NULL. */
	if (!(uintptr_t)(table.slots[i].generation << INDEX_BITS))
		table.slots[i].generation = 1;
	table.hint = (i + 1) % table.count;
	table.used++;
	*handle = (void *)(table.slots[i].generation << INDEX_BITS | (i + 1));
	hr = S_OK;
out:
	pthread_mutex_unlock(&table.lock);
	return hr;
}

static struct slot *find(const void *handle, enum pgi_type type)
{
	uintptr_t h = (uintptr_t)handle;
	unsigned int i = (unsigned int)(h & SLOTS_MAX) - 1;
	struct slot *slot;

	/* A child of fork() shares sockets with its parent: not its handles. */
	if (!(h & SLOTS_MAX) || i >= table.count || table.pid != pgi_process())
		return NULL;
	slot = &table.slots[i];
	if (!slot->obj || slot->obj->type != type ||
	    (uintptr_t)(slot->generation << INDEX_BITS) != (h & ~(uintptr_t)SLOTS_MAX))
		return NULL;
	return slot;
}

struct pgi_object *pgi_handle_get(const void *handle, enum pgi_type type)
{
	struct pgi_object *obj = NULL;
	struct slot *slot;

	pthread_mutex_lock(&table.lock);
	slot = find(handle, type);
	if (slot)
		obj = pgi_object_get(slot->obj);
	pthread_mutex_unlock(&table.lock);
	return obj;
}

void pgi_handle_native(const void *handle)
{
	unsigned int i = (unsigned int)((uintptr_t)handle & SLOTS_MAX) - 1;

	pthread_mutex_lock(&table.lock);
	if (i < table.count && table.slots[i].obj)
		table.slots[i].obj->windows = false;
	pthread_mutex_unlock(&table.lock);
}

static struct pgi_object *clear(struct slot *slot)
{
	struct pgi_object *obj = slot->obj;

	slot->obj = NULL;
	table.used--;
	return obj;
}

struct pgi_object *pgi_handle_remove(const void *handle, enum pgi_type type)
{
	struct pgi_object *obj = NULL;
	struct slot *slot;

	pthread_mutex_lock(&table.lock);
	slot = find(handle, type);
	if (slot)
		obj = clear(slot);
	pthread_mutex_unlock(&table.lock);
	return obj;
}

void pgi_handle_remove_if(bool (*match)(struct pgi_object *obj, void *arg), void *arg)
{
	struct pgi_object *obj;
	unsigned int i;

	/* An object's release may close handles itself: never under the lock. */
	for (i = 0; ; i++) {
		obj = NULL;
		pthread_mutex_lock(&table.lock);
		own_table();
		for (; i < table.count; i++) {
			struct slot *slot = &table.slots[i];

			if (slot->obj && (!match || match(slot->obj, arg))) {
				obj = clear(slot);
				break;
			}
		}
		pthread_mutex_unlock(&table.lock);
		if (!obj)
			return;
		pgi_object_put(obj);
	}
}
