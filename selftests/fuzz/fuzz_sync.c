// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reconciliation: any SYNC is answered within its bound, any reply and any
 * WANT_DONE is taken or refused, from a leader in the state that a first question
 * leaves it in. The first byte says which; a reply may be followed by a second.
 */
#include "../host/reconcile_pair.h"
#include "fuzz.h"

#define RECORDS	300

static struct fake *mine, *theirs;

static void make_tables(void)
{
	int i;

	if (mine)
		return;
	mine = fake_new();
	theirs = fake_new();
	for (i = 0; i < RECORDS; i++) {
		struct pg_record *r = record(NULL, 1, 1);

		if (i % 3)
			fake_add(mine, r);
		if (i % 4)
			fake_add(theirs, r);
	}
}

static void answer(const uint8_t *data, size_t len)
{
	size_t out_len;
	u8 *out;

	if (pg_sync_answer(&mine->table, data, len, &out, &out_len))
		return;
	FUZZ_NEED(out_len <= PG_MSG_BODY_MAX);
	fuzz_taken = true;
	kvfree(out);
}

static void lead(const uint8_t *data, size_t len)
{
	struct pair *p = pair_new(mine, theirs, RECORDS);
	size_t first = len;
	int ret;

	if (len > 2) {
		first = get_unaligned_be16(data);
		data += 2;
		len -= 2;
		first = first < len ? first : len;
	}
	FUZZ_NEED(!pg_sync_start(&p->sync));
	ret = pg_sync_reply(&p->sync, data, first);
	fuzz_taken = ret >= 0;
	if (!ret && first < len)
		ret = pg_sync_reply(&p->sync, data + first, len - first);
	if (!ret)
		ret = pg_sync_want_done(&p->sync, p->sync.token);
	FUZZ_NEED(ret <= 1 && p->sync.n_stack <= PG_SYNC_STACK);
	pair_free(p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	make_tables();
	if (!len || len > PG_MSG_BODY_MAX)
		return 0;
	if (data[0] & 1)
		lead(data + 1, len - 1);
	else
		answer(data + 1, len - 1);
	return 0;
}

/* The first question and what comes back for it, as two hosts would send them. */
size_t fuzz_seed(unsigned int n, uint8_t *out)
{
	struct pair *p;
	struct msg *m;
	size_t len, out_len;
	u8 *reply;

	make_tables();
	if (n >= 2)
		return 0;
	p = pair_new(mine, theirs, RECORDS);
	NEED(!pg_sync_start(&p->sync) && p->to_b.n == 1);
	m = &p->to_b.m[0];
	out[0] = n;
	if (!n) {
		memcpy(out + 1, m->body, m->len);
		len = 1 + m->len;
	} else {
		NEED(!pg_sync_answer(&theirs->table, m->body, m->len, &reply, &out_len));
		put_unaligned_be16(out_len, out + 1);
		memcpy(out + 3, reply, out_len);
		kvfree(reply);
		len = 3 + out_len;
	}
	pair_free(p);
	return len;
}
