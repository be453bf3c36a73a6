// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What the library hands to programs. Each object is one block with a header
 * before it; parts that it points to come from the block's own chunks, so that
 * one PeerFreeData() on the top-level pointer frees everything.
 */
#include <stdlib.h>
#include <openssl/crypto.h>
#include "internal.h"

#define BLOCK_MAGIC	0x70675f626c6f636bULL	/* "pg_block" */
#define CHUNK_SIZE	4096
#define BLOCK_SLACK	192			/* for the strings of a small object */

struct chunk {
	struct chunk *next;
	max_align_t data[];
};

struct block {
	uint64_t magic;
	struct chunk *chunks;
	char *pos, *end;		/* free space */
	max_align_t data[];
};

static size_t aligned(size_t size)
{
	return (size + _Alignof(max_align_t) - 1) & ~(_Alignof(max_align_t) - 1);
}

static bool too_big(size_t size)
{
	return size > SIZE_MAX / 2;
}

static struct block *block_of(const void *data)
{
	return (struct block *)((char *)(uintptr_t)data - offsetof(struct block, data));
}

void *pgi_new(size_t size)
{
	struct block *block;

	if (too_big(size))
		return NULL;
	size = aligned(size ? size : 1);
	block = calloc(1, sizeof(*block) + size + BLOCK_SLACK);
	if (!block)
		return NULL;
	block->magic = BLOCK_MAGIC;
	block->pos = (char *)block->data + size;
	block->end = block->pos + BLOCK_SLACK;
	return block->data;
}

static void *new_chunk(struct block *block, size_t size)
{
	struct chunk *chunk = calloc(1, sizeof(*chunk) + size);

	if (!chunk)
		return NULL;
	chunk->next = block->chunks;
	block->chunks = chunk;
	return chunk->data;
}

void *pgi_sub(void *top, size_t size)
{
	struct block *block = block_of(top);
	char *p;

	if (too_big(size))
		return NULL;
	size = aligned(size ? size : 1);
	if (size > (size_t)(block->end - block->pos)) {
		/* A large part gets a chunk of its own, the current one goes on. */
		if (size > CHUNK_SIZE / 4)
			return new_chunk(block, size);
		p = new_chunk(block, CHUNK_SIZE);
		if (!p)
			return NULL;
		block->pos = p;
		block->end = p + CHUNK_SIZE;
	}
	p = block->pos;
	block->pos += size;
	return p;
}

void *pgi_sub_copy(void *top, const void *data, size_t size)
{
	void *p = pgi_sub(top, size);

	if (p && size)
		memcpy(p, data, size);
	return p;
}

char *pgi_sub_str(void *top, const char *utf8)
{
	return pgi_sub_copy(top, utf8, strlen(utf8) + 1);
}

PGI_PUBLIC VOID PeerFreeData(LPCVOID data)
{
	struct block *block;
	struct chunk *chunk;

	if (!data)
		return;
	block = block_of(data);
	if (block->magic != BLOCK_MAGIC)
		return;		/* not ours: a leak is better than a crash */
	block->magic = 0;
	while ((chunk = block->chunks)) {
		block->chunks = chunk->next;
		free(chunk);
	}
	free(block);
}

PGI_PUBLIC void peergroup_free(const void *data)
{
	PeerFreeData(data);
}

HRESULT pgi_str_return(const char *utf8, char **out)
{
	size_t len = strlen(utf8) + 1;

	*out = pgi_new(len);
	if (!*out)
		return E_OUTOFMEMORY;
	memcpy(*out, utf8, len);
	return S_OK;
}

HRESULT pgi_str_room(char **room)
{
	*room = pgi_new(3 * PGI_NAME_MAX + 1);
	return *room ? S_OK : E_OUTOFMEMORY;
}

void pgi_str_end(HRESULT hr, char *room, char *name, char **out)
{
	if (SUCCEEDED(hr)) {
		strcpy(room, name);
		*out = room;
	} else {
		PeerFreeData(room);
	}
	free(name);
}

void pgi_blob_free(struct pgi_blob *blob)
{
	free(blob->data);
	blob->data = NULL;
	blob->len = 0;
}

void pgi_blob_wipe(struct pgi_blob *blob)
{
	if (blob->data)
		OPENSSL_cleanse(blob->data, blob->len);
	pgi_blob_free(blob);
}

void pgi_secret_free(char *secret)
{
	if (secret)
		OPENSSL_cleanse(secret, strlen(secret));
	free(secret);
}

HRESULT pgi_blob_set(struct pgi_blob *blob, const void *data, size_t len)
{
	uint8_t *copy = malloc(len ? len : 1);

	if (!copy)
		return E_OUTOFMEMORY;
	if (len)
		memcpy(copy, data, len);
	free(blob->data);
	blob->data = copy;
	blob->len = len;
	return S_OK;
}

/* ---------------------------------------------------- texts that are written -- */

#define STREAM_ROOM	1024		/* at first */

struct stream {
	char **text;
	size_t *len;
	size_t room;
	bool cut;
};

static ssize_t stream_write(void *cookie, const char *data, size_t len)
{
	struct stream *s = cookie;
	size_t room = s->room ? s->room : STREAM_ROOM;
	char *more;

	while (room - *s->len <= len && !too_big(room))
		room *= 2;
	if (room != s->room) {
		more = too_big(room) ? NULL : realloc(*s->text, room);
		if (!more) {
			s->cut = true;
			return 0;
		}
		*s->text = more;
		s->room = room;
	}
	memcpy(*s->text + *s->len, data, len);
	*s->len += len;
	(*s->text)[*s->len] = 0;
	return (ssize_t)len;
}

static int stream_close(void *cookie)
{
	struct stream *s = cookie;
	bool cut = s->cut;

	free(s);
	return cut ? EOF : 0;
}

FILE *pgi_stream_begin(char **text, size_t *len)
{
	const cookie_io_functions_t calls = { .write = stream_write, .close = stream_close };
	struct stream *s = calloc(1, sizeof(*s));
	FILE *out = NULL;

	*text = NULL;
	*len = 0;
	if (!s)
		return NULL;
	s->text = text;
	s->len = len;
	stream_write(s, "", 0);
	if (!s->cut)
		out = fopencookie(s, "w", calls);
	if (out)
		return out;
	free(s);
	free(*text);
	*text = NULL;
	return NULL;
}

HRESULT pgi_stream_end(FILE *out, char **text)
{
	if (!fclose(out))
		return S_OK;
	free(*text);
	*text = NULL;
	return E_OUTOFMEMORY;
}
