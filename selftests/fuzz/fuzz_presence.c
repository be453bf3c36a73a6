// SPDX-License-Identifier: GPL-2.0-only
/*
 * Presence records of several members, one after another: what pg_rec_vouch() lets
 * through is learnt by the view of overlay.c, from which hosts dial. Nobody is to make
 * them dial what they must not, nor to have more than a part of the view.
 *
 * Input: for each record the member, flags, the length of the data, and the data.
 */
#include <linux/kernel.h>
#include <linux/slab.h>
#include <linux/string.h>
#include "member.h"
#include "overlay.h"
#include "record.h"
#include "reserved.h"
#include "fuzz.h"

#define MEMBERS	8
#define VIEW	8
#define SELF	0x0101010101010101ULL
#define DELETED	1U	/* of an input's flags, */
#define ASTRAY	2U	/* the id is of another node */
#define REVOKED	4U	/* the member is, from now on */

static struct pg_member members[MEMBERS];

static void begin(struct pg_overlay *o)
{
	unsigned int i;

	pg_overlay_init(o);
	o->view_max = VIEW;
	for (i = 0; i < MEMBERS; i++) {
		memset(&members[i], 0, sizeof(members[i]));
		refcount_set(&members[i].refs, 1);
		atomic64_set(&members[i].cut, PG_NOT_REVOKED);
		members[i].gmc.roles = PEERGROUP_ROLE_ADMIN;
		members[i].gmc.not_after = ~0ULL;
		members[i].gmc.algo = PEERGROUP_SIG_RSA_SHA256;
		memset(members[i].gmc.spki_hash, 1 + i, sizeof(members[i].gmc.spki_hash));
	}
}

/* Not by overlay.c's own words: of hosts elsewhere, and one each. */
static bool one_host(const struct in6_addr *ip)
{
	static const u8 zeros[16], mapped[12] = { [10] = 0xff, [11] = 0xff };
	const u8 *b = (const u8 *)ip;

	if (!memcmp(b, mapped, sizeof(mapped)))
		return b[12] != 0 && b[12] != 127 && b[12] < 0xe0 &&
		       (b[12] != 169 || b[13] != 254);
	return memcmp(b, zeros, 12) && b[0] != 0xff && (b[0] != 0xfe || b[1] < 0x80 || b[1] > 0xbf);
}

static void check(struct pg_overlay *o)
{
	unsigned int n = 0, of[MEMBERS] = { 0 }, i;
	struct pg_node *node;

	list_for_each_entry(node, &o->view, list) {
		n++;
		of[node->member - members]++;
		FUZZ_NEED(node->id != SELF);
		FUZZ_NEED(node->n_addr && node->n_addr <= PEERGROUP_PRESENCE_ADDRESSES_MAX);
		for (i = 0; i < node->n_addr; i++)
			FUZZ_NEED(node->addr[i].port && one_host(&node->addr[i].ip));
	}
	FUZZ_NEED(n == o->n_view && n <= VIEW);
	for (i = 0; i < MEMBERS; i++)
		FUZZ_NEED(of[i] <= VIEW / 4);
}

static void tell(struct pg_overlay *o, u8 who, u8 how, const u8 *data, size_t len)
{
	static const u8 type[] = PEERGROUP_TYPE_PRESENCE;
	struct pg_member *m = &members[who % MEMBERS];
	struct pg_rec rec = { .version = 2, .created = 1, .modified = 2, .expires = 3,
			      .sig_algo = PEERGROUP_SIG_RSA_SHA256 };

	memcpy(rec.id, m->gmc.spki_hash, PEERGROUP_ID_LEN / 2);
	memcpy(rec.id + PEERGROUP_ID_LEN / 2, data, min_t(size_t, len, PEERGROUP_ID_LEN / 2));
	rec.id[PEERGROUP_ID_LEN - 1] ^= !!(how & ASTRAY);
	memcpy(rec.type, type, sizeof(type));
	if (how & DELETED) {
		rec.flags = PEERGROUP_RECORD_DELETED;
	} else {
		rec.data.p = data;
		rec.data.len = len;
	}
	if (pg_rec_vouch(&rec, m, m))
		return;
	FUZZ_NEED(how & DELETED || !(how & ASTRAY));
	pg_view_learn(o, &rec, m, SELF, who * 0x01010101U);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct pg_overlay o;
	unsigned int i;

	begin(&o);
	while (len >= 3 && len - 3 >= data[2]) {
		tell(&o, data[0], data[1], data + 3, data[2]);
		if (data[1] & REVOKED) {
			atomic64_set(&members[data[0] % MEMBERS].cut, 0);
			while (pg_view_trim(&o, data[0]))
				;
		}
		check(&o);
		fuzz_taken |= o.n_view;
		len -= 3 + data[2];
		data += 3 + data[2];
	}
	pg_overlay_destroy(&o);
	for (i = 0; i < MEMBERS; i++)
		FUZZ_NEED(refcount_read(&members[i].refs) == 1);
	return 0;
}

static const u8 places[][PEERGROUP_PRESENCE_ADDRESS_LEN] = {
	{ [10] = 0xff, [11] = 0xff, 192, 0, 2, 1 },
	{ 0xfd, 0x88, [15] = 1 },
	{ [10] = 0xff, [11] = 0xff, 127, 0, 0, 1 },
	{ [10] = 0xff, [11] = 0xff, 169, 254, 169, 254 },
	{ [10] = 0xff, [11] = 0xff, 224, 0, 0, 1 },
	{ [15] = 1 },
	{ 0xfe, 0x80, [15] = 1 },
	{ 0xff, 2, [15] = 1 },
};

static uint8_t *put(uint8_t *p, u8 who, u8 how, u64 node, unsigned int n)
{
	struct peergroup_presence head = { cpu_to_be64(node), cpu_to_be16(3587) };
	size_t len = sizeof(head) + n * sizeof(places[0]);

	*p++ = who;
	*p++ = how;
	*p++ = len;
	memcpy(p, &head, sizeof(head));
	memcpy(p + sizeof(head), places, n * sizeof(places[0]));
	return p + len;
}

/* One; all addresses; a member with many nodes; many members; one that comes and goes. */
size_t fuzz_seed(unsigned int n, uint8_t *out)
{
	uint8_t *p = out;
	unsigned int i;

	switch (n) {
	case 0:
		p = put(p, 0, 0, 7, 1);
		break;
	case 1:
		p = put(put(p, 0, 0, 7, 8), 1, 0, SELF, 2);
		break;
	case 2:
		for (i = 0; i < 12; i++)
			p = put(p, 0, 0, 7 + i, 2);
		break;
	case 3:
		for (i = 0; i < 40; i++)
			p = put(p, i, 0, 7 + i, 2);
		break;
	case 4:
		p = put(put(p, 0, 0, 7, 2), 0, DELETED, 7, 0);
		p = put(put(p, 0, ASTRAY, 8, 2), 0, REVOKED, 9, 1);
		break;
	}
	return p - out;
}
