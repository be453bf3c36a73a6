// SPDX-License-Identifier: GPL-2.0-only
/*
 * Revocations: who may make which, and that hosts agree about what follows from them
 * whatever the order in which they and the certificates come.
 */
#include <endian.h>
#include <stdlib.h>
#include <string.h>
#include <linux/kernel.h>
#include <crypto/sha2.h>
#include "certs.h"
#include "member.h"
#include "reserved.h"
#include "revoke.h"
#include "stats.h"
#include "tap.h"
#include "verify.h"
#include "verify_openssl.h"

#define ADMIN	PEERGROUP_ROLE_ADMIN
#define MEMBER	PEERGROUP_ROLE_MEMBER
#define REFUSED(name)	PEERGROUP_A_STATS_REFUSED_##name

/*
 * Who invited whom: the root A, A B, C, R and M, B D, D N, C O and E; C later than the
 * others, and R as early, but it was renewed.
 */
enum { ROOT, A, B, C, D, M, N, O, E, R, PEOPLE };

static const struct {
	int parent;
	u8 roles;
	const char *from, *since;
} people[PEOPLE] = {
	[A] = { ROOT, ADMIN }, [B] = { A, ADMIN }, [D] = { B, ADMIN },
	[C] = { A, ADMIN, "200102000000Z" }, [E] = { C, ADMIN },
	[R] = { A, ADMIN, "250101000000Z", "20200101000000Z" },
	[M] = { A, MEMBER }, [N] = { D, MEMBER }, [O] = { C, MEMBER },
};

static struct cert_spec spec[PEOPLE];
static struct der_buf der[PEOPLE];
static u8 issuer[PEOPLE][PEERGROUP_HASH_LEN];

static void make_people(void)
{
	int i;

	spec[ROOT] = cert_spec_root(cert_key_p256());
	cert_make(&spec[ROOT], &der[ROOT]);
	for (i = A; i < PEOPLE; i++) {
		int p = people[i].parent;

		spec[i] = cert_spec_below(cert_key_p256(), &spec[p], &der[p], issuer[i],
					  people[i].roles);
		if (people[i].from)
			spec[i].not_before = people[i].from;
		spec[i].since = people[i].since;
		cert_make(&spec[i], &der[i]);
	}
}

/* One host's view. */
struct host {
	struct pg_members ms;
	struct pg_member *m[PEOPLE];
};

static void host_learn(struct host *h, int who)
{
	struct pg_chain chain = { 0 };
	int i;

	for (i = who; i != ROOT; i = people[i].parent)
		chain.n++;
	for (i = who; i != ROOT; i = people[i].parent) {
		u32 at = chain.n - 1;
		int k;

		for (k = who; k != i; k = people[k].parent)
			at--;
		chain.cert[at] = (struct pg_span){ .p = der[i].p, .len = (u32)der[i].len };
	}
	if (!h->m[who])
		NEED(!pg_members_learn(&h->ms, &chain, &h->m[who]));
}

static void host_start(struct host *h)
{
	memset(h, 0, sizeof(*h));
	NEED(!pg_members_init(&h->ms, der[ROOT].p, der[ROOT].len));
	h->m[ROOT] = pg_member_hold(h->ms.root);
}

static void host_end(struct host *h)
{
	int i;

	for (i = 0; i < PEOPLE; i++)
		if (h->m[i])
			pg_member_put(h->m[i]);
	pg_members_destroy(&h->ms);
}

/* A revocation as a record, and as it is indexed by a host. */
struct made {
	struct peergroup_revocation body;
	struct pg_rec rec;
	int by;
};

static const u64 pg_time_2030 = 135379296000000000ULL;

#define T(n)	(pg_time_2030 + (u64)(n))

static void sign_id(struct made *r)
{
	u64 times[2] = { htobe64(r->rec.modified), htobe64(r->rec.expires) };
	u8 group[PEERGROUP_HASH_LEN], hash[32];
	struct sha256_ctx s;

	cert_spki_hash(spec[ROOT].key, group);
	sha256_init(&s);
	sha256_update(&s, (const u8 *)PEERGROUP_REVOCATION_TAG, PEERGROUP_REVOCATION_TAG_LEN);
	sha256_update(&s, group, sizeof(group));
	sha256_update(&s, (const u8 *)times, sizeof(times));
	sha256_update(&s, r->rec.data.p, r->rec.data.len);
	sha256_final(&s, hash);
	cert_spki_hash(spec[r->by].key, group);
	memcpy(r->rec.id, group, 8);
	memcpy(r->rec.id + 8, hash, 8);
}

static void make(struct made *r, int by, int whom, u64 time, u32 flags)
{
	static const u8 type[] = PEERGROUP_TYPE_REVOCATION;

	memset(r, 0, sizeof(*r));
	r->by = by;
	cert_spki_hash(spec[whom].key, r->body.key);
	r->body.flags = htobe32(flags);
	memcpy(r->rec.type, type, sizeof(type));
	r->rec.version = PEERGROUP_VERSION_FINAL;
	r->rec.created = time;
	r->rec.modified = time;
	r->rec.expires = T(1000000);
	r->rec.sig_algo = PEERGROUP_SIG_P256_SHA256;
	r->rec.data = (struct pg_span){ .p = (void *)&r->body, .len = sizeof(r->body) };
	sign_id(r);
	sha256((void *)&r->body, sizeof(r->body), r->rec.digest);
	r->rec.digest[0] ^= (u8)by;
	r->rec.digest[1] ^= (u8)time;
}

static struct pg_revocation *index_it(struct host *h, const struct made *r)
{
	struct pg_revocation *rv;

	host_learn(h, r->by);
	rv = pg_revocation_new(&r->rec, h->m[r->by]);
	NEED(rv);
	pg_revocation_add(&h->ms, rv);
	return rv;
}

static u64 cut(struct host *h, int who)
{
	host_learn(h, who);
	return pg_member_cut(h->m[who]);
}

/* What a host with just these says. */
static struct host one;
static struct pg_revocation *indexed[16];
static unsigned int n_indexed;

static void given(int by, int whom, u64 time, u32 flags)
{
	static struct made made[16];

	make(&made[n_indexed], by, whom, time, flags);
	indexed[n_indexed] = index_it(&one, &made[n_indexed]);
	n_indexed++;
	pg_revocations_apply(&one.ms);
}

static void begin(void)
{
	host_start(&one);
	n_indexed = 0;
}

static void everybody(void)
{
	int i;

	begin();
	for (i = A; i < PEOPLE; i++)
		host_learn(&one, i);
}

static void end(void)
{
	while (n_indexed) {
		pg_revocation_del(&one.ms, indexed[--n_indexed]);
		pg_revocation_free(indexed[n_indexed]);
	}
	host_end(&one);
}

/* -------------------------------------------------------------- verdicts -- */

static void test_renewed(void)
{
	begin();
	given(C, R, T(4), PEERGROUP_REVOKE_WITHDRAW);
	CHECK(cut(&one, R) == 0, "alone it counts");
	given(R, C, T(5), 0);
	CHECK(cut(&one, R) == PG_NOT_REVOKED, "a renewal costs no rank");
	CHECK(cut(&one, C) == T(5));
	end();
}

static void test_plain(void)
{
	begin();
	given(A, M, T(5), 0);
	CHECK(cut(&one, M) == T(5));
	CHECK(cut(&one, A) == PG_NOT_REVOKED && cut(&one, B) == PG_NOT_REVOKED);
	given(C, M, T(3), 0);
	CHECK(cut(&one, M) == T(3), "the earlier one holds");
	given(C, M, T(9), PEERGROUP_REVOKE_WITHDRAW);
	CHECK(cut(&one, M) == 0);
	end();
}

static void test_below(void)
{
	begin();
	given(A, B, T(5), 0);
	CHECK(cut(&one, B) == T(5) && cut(&one, D) == T(5) && cut(&one, N) == T(5));
	CHECK(cut(&one, C) == PG_NOT_REVOKED && cut(&one, O) == PG_NOT_REVOKED);
	end();
	begin();
	given(A, B, T(5), PEERGROUP_REVOKE_ONLY);
	CHECK(cut(&one, B) == T(5));
	CHECK(cut(&one, D) == PG_NOT_REVOKED && cut(&one, N) == PG_NOT_REVOKED);
	end();
	begin();
	given(A, B, 5, PEERGROUP_REVOKE_ONLY);
	CHECK(cut(&one, D) == 0 && cut(&one, N) == 0, "issued after the revocation");
	end();
}

/* What a record of theirs may be dated. */
static void test_voided(void)
{
	static const u8 presence[] = PEERGROUP_TYPE_PRESENCE;
	struct pg_rec rec = { .type = { 7 } };

	begin();
	given(A, M, T(5), 0);
	host_learn(&one, M);
	rec.modified = T(5);
	CHECK(!pg_rec_voided(&rec, one.m[M]));
	rec.modified = T(6);
	CHECK(pg_rec_voided(&rec, one.m[M]));
	memcpy(rec.type, presence, sizeof(presence));
	rec.modified = T(5);
	CHECK(pg_rec_voided(&rec, one.m[M]), "that it is there, whenever it said so");
	CHECK(!pg_rec_voided(&rec, one.m[A]));
	end();
}

static void test_conflicts(void)
{
	begin();
	given(D, C, T(5), 0);
	CHECK(cut(&one, C) == T(5));
	given(C, D, T(6), 0);
	CHECK(cut(&one, D) == T(6), "who is nearer to the root wins, also when later");
	CHECK(cut(&one, C) == PG_NOT_REVOKED, "and stays");
	end();
	begin();
	given(D, M, T(5), 0);
	given(C, D, T(6), 0);
	CHECK(cut(&one, M) == T(5), "what it revoked before stays revoked");
	given(A, D, T(9), PEERGROUP_REVOKE_WITHDRAW);
	CHECK(cut(&one, D) == 0 && cut(&one, M) == PG_NOT_REVOKED, "unless it is withdrawn");
	end();
	begin();
	given(A, B, T(5), 0);
	given(D, C, T(6), 0);
	CHECK(cut(&one, C) == PG_NOT_REVOKED, "it fell with who invited it");
	given(D, O, T(4), 0);
	CHECK(cut(&one, O) == T(4), "before that it could");
	end();
}

/* Whatever a revoked administrator dates, who revoked it stays. */
static void test_backdated(void)
{
	begin();
	given(B, C, T(5), 0);
	given(C, B, T(4), PEERGROUP_REVOKE_WITHDRAW);
	CHECK(cut(&one, C) == T(5), "it is out");
	CHECK(cut(&one, B) == PG_NOT_REVOKED, "who was an administrator earlier is not");
	given(E, B, T(3), 0);
	CHECK(cut(&one, B) == PG_NOT_REVOKED, "nor by one whom it invited");
	given(B, C, T(6), PEERGROUP_REVOKE_WITHDRAW);
	CHECK(cut(&one, C) == 0 && cut(&one, B) == PG_NOT_REVOKED);
	end();
	begin();
	given(C, B, T(4), 0);
	CHECK(cut(&one, B) == T(4), "alone it counts");
	end();
	begin();
	given(B, C, T(5), PEERGROUP_REVOKE_ONLY);
	given(C, B, T(4), 0);
	CHECK(cut(&one, B) == PG_NOT_REVOKED, "without what it issued");
	given(E, B, T(7), 0);
	CHECK(cut(&one, B) == T(7), "whom it invited before is not meant");
	given(B, C, T(6), 0);
	CHECK(cut(&one, B) == PG_NOT_REVOKED && cut(&one, E) == T(6), "now it is");
	end();
}

static void move_all(struct list_head *from, struct list_head *to)
{
	list_add_tail(to, from);
	list_del(from);
	INIT_LIST_HEAD(from);
}

static bool answers(int by, int whom)
{
	u8 key[PEERGROUP_HASH_LEN];

	cert_spki_hash(spec[whom].key, key);
	return pg_revocation_answers(&one.ms, one.m[by], key);
}

/*
 * Who was revoked is heard about who has revoked it, twice. That is asked for what nobody has
 * signed, so that it is not for the number of all revocations to say what it costs.
 */
static void test_answers(void)
{
	static struct pg_revocation *rv[3];
	static struct made made[3];
	struct list_head all;
	u32 i;

	everybody();
	given(B, C, T(5), 0);
	CHECK(answers(C, B), "who has revoked it");
	CHECK(answers(E, B), "one above it");
	CHECK(!answers(C, A) && !answers(C, M), "another one");
	CHECK(!answers(B, C), "who was not revoked by it");
	given(E, B, T(3), 0);
	for (i = 0; i < 3; i++) {
		CHECK(answers(C, B) == (i < 2), "said %u times", i);
		make(&made[i], C, B, T(i), 0);
		rv[i] = index_it(&one, &made[i]);
	}
	pg_revocations_apply(&one.ms);
	CHECK(!answers(C, B) && answers(E, B), "judged");
	pg_revocation_del(&one.ms, rv[1]);
	pg_revocation_free(rv[1]);
	/* As if none could be reached one by one. */
	move_all(&one.ms.revocations, &all);
	CHECK(!answers(C, B), "all of them are looked at");
	move_all(&all, &one.ms.revocations);
	pg_revocation_del(&one.ms, rv[0]);
	pg_revocation_free(rv[0]);
	CHECK(answers(C, B), "one is left");
	pg_revocation_del(&one.ms, rv[2]);
	pg_revocation_free(rv[2]);
	pg_revocations_apply(&one.ms);
	CHECK(answers(C, B), "none is left");
	end();
}

/* Looks for who is to be told of, from where it stopped. Return: how many, each in @told. */
static unsigned int tell(u32 looks, unsigned int *told)
{
	struct pg_member *m;
	unsigned int n = 0;
	int i;

	for (; (m = pg_revocations_changed(&one.ms, &looks)); n++)
		for (i = 0; i < PEOPLE; i++)
			told[i] += one.m[i] == m;
	return n;
}

/* Each member that has changed is told of once, in its turn, whatever changes meanwhile. */
static void test_changed(void)
{
	unsigned int told[PEOPLE] = { 0 }, n;
	int i;

	everybody();
	CHECK(!tell(1000, told), "nothing has happened");
	given(A, C, T(5), 0);
	CHECK(one.ms.n_changed == 3, "%u", one.ms.n_changed);
	for (i = 0, n = 0; i < PEOPLE; i++)
		n += tell(1, told);
	CHECK(n == 3 && told[C] == 1 && told[O] == 1 && told[E] == 1, "one after the other: %u", n);
	CHECK(!tell(1000, told), "again");

	/* The first is told of when all change once more. */
	memset(told, 0, sizeof(told));
	given(A, C, T(4), 0);
	for (n = 0; !n;)
		n = tell(1, told);
	given(A, C, T(3), 0);
	CHECK(one.ms.n_changed == 3, "%u", one.ms.n_changed);
	CHECK(tell(PEOPLE, told) == 3 && told[C] + told[O] + told[E] == 4, "each again");
	CHECK(!tell(1000, told), "and no more");
	end();
}

/* ------------------------------------------------------------------ many -- */

#define CROWD	4096

static unsigned int longest(const struct hlist_head *heads, u32 n)
{
	unsigned int most = 0, len;
	const struct hlist_node *node;
	u32 i;

	for (i = 0; i < n; i++) {
		for (len = 0, node = heads[i].first; node; node = node->next)
			len++;
		most = max(most, len);
	}
	return most;
}

/* One administrator makes up members, whose keys begin alike, and revokes them all. */
static void test_crowd(void)
{
	static struct pg_revocation *rv[CROWD];
	static struct made made[CROWD];
	u32 i, k;

	everybody();
	given(C, M, T(9), 0);
	for (i = 0; i < CROWD; i++) {
		make(&made[i], A, M, T(i), 0);
		for (k = 16; k < PEERGROUP_HASH_LEN; k++)
			made[i].body.key[k] = (u8)rand();
		rv[i] = index_it(&one, &made[i]);
	}
	/* Without memory for larger tables it only takes longer. */
	shim_allocs_left = 0;
	pg_revocations_apply(&one.ms);
	shim_allocs_left = -1;
	CHECK(cut(&one, M) == T(9));
	pg_revocations_apply(&one.ms);
	CHECK(cut(&one, M) == T(9) && cut(&one, O) == PG_NOT_REVOKED);
	CHECK(longest(one.ms.revoked, one.ms.heads) <= 16, "%u keys to look at",
	      longest(one.ms.revoked, one.ms.heads));
	CHECK(longest(one.ms.pairs, one.ms.heads) <= 16, "%u pairs to look at",
	      longest(one.ms.pairs, one.ms.heads));
	CHECK(longest(one.ms.said, one.ms.heads) <= 16, "%u counts to look at",
	      longest(one.ms.said, one.ms.heads));
	for (i = 0; i < CROWD; i++) {
		pg_revocation_del(&one.ms, rv[i]);
		pg_revocation_free(rv[i]);
	}
	pg_revocations_apply(&one.ms);
	CHECK(cut(&one, M) == T(9));
	CHECK(one.ms.heads < CROWD / 4, "%u heads are kept", one.ms.heads);
	end();
}

/* ----------------------------------------------------------- convergence -- */

#define ROUNDS	300
#define MANY	8

static void shuffle(int *order, int n)
{
	int i, k, t;

	for (i = 0; i < n; i++)
		order[i] = i;
	for (i = n - 1; i > 0; i--) {
		k = rand() % (i + 1);
		t = order[i];
		order[i] = order[k];
		order[k] = t;
	}
}

/* All of @made, and all people, in some order, judged now and then. */
static void play(const struct made *made, u64 *cuts)
{
	struct pg_revocation *rv[MANY];
	int order[MANY + PEOPLE], i;
	struct host h;

	host_start(&h);
	shuffle(order, MANY + PEOPLE);
	for (i = 0; i < MANY + PEOPLE; i++) {
		if (order[i] < MANY)
			rv[order[i]] = index_it(&h, &made[order[i]]);
		else if (order[i] != MANY)
			host_learn(&h, order[i] - MANY);
		if (rand() % 3 == 0)
			pg_revocations_apply(&h.ms);
	}
	pg_revocations_apply(&h.ms);
	CHECK(!pg_revocations_apply(&h.ms), "it is settled");
	for (i = 0; i < PEOPLE; i++)
		cuts[i] = cut(&h, i);
	for (i = 0; i < MANY; i++) {
		pg_revocation_del(&h.ms, rv[i]);
		pg_revocation_free(rv[i]);
	}
	pg_revocations_apply(&h.ms);
	for (i = 0; i < PEOPLE; i++)
		CHECK(cut(&h, i) == PG_NOT_REVOKED, "over when they are gone");
	host_end(&h);
}

static void test_any_order(void)
{
	static const int admins[] = { A, B, C, D, E, R };
	static struct made made[MANY];
	u64 first[PEOPLE], cuts[PEOPLE];
	int round, i, k;

	everybody();
	srand(7);
	for (round = 0; round < ROUNDS; round++) {
		for (i = 0; i < MANY; i++) {
			int by = admins[rand() % 6], whom = A + rand() % (PEOPLE - 1);

			make(&made[i], by, whom, T(rand() % 6), rand() % 4);
			if (pg_revocation_vouch(&made[i].rec, one.m[by]))
				i--;
		}
		play(made, first);
		for (k = 0; k < 4; k++) {
			play(made, cuts);
			CHECK(!memcmp(first, cuts, sizeof(first)), "round %d", round);
		}
	}
	end();
}

/* ------------------------------------------------------------- admission -- */

static unsigned int vouch(const struct made *r)
{
	return pg_rec_vouch(&r->rec, one.m[r->by], one.m[r->by]);
}

static void test_vouch(void)
{
	struct made r;

	everybody();
	make(&r, A, M, T(5), 0);
	CHECK(!vouch(&r));
	make(&r, D, C, T(5), 0);
	CHECK(!vouch(&r), "any administrator anybody");
	make(&r, M, O, T(5), 0);
	CHECK(vouch(&r) == REFUSED(ROLE), "a member");
	make(&r, ROOT, M, T(5), 0);
	CHECK(vouch(&r) == REFUSED(ROLE), "the root");
	make(&r, A, ROOT, T(5), PEERGROUP_REVOKE_ONLY);
	CHECK(vouch(&r) == REFUSED(ROLE), "of the root");
	make(&r, B, B, T(5), PEERGROUP_REVOKE_ONLY);
	CHECK(vouch(&r) == REFUSED(ROLE), "of oneself");
	make(&r, D, A, T(5), 0);
	CHECK(vouch(&r) == REFUSED(ROLE), "of who is above, with all below");
	make(&r, D, A, T(5), PEERGROUP_REVOKE_ONLY);
	CHECK(!vouch(&r), "of who is above alone");

	make(&r, A, M, T(5), 4);
	CHECK(vouch(&r) == REFUSED(MALFORMED), "flags");
	make(&r, A, M, T(5), 0);
	r.rec.data.len--;
	sign_id(&r);
	CHECK(vouch(&r) == REFUSED(MALFORMED), "length");
	make(&r, A, M, T(5), 0);
	r.rec.expires--;
	CHECK(vouch(&r) == REFUSED(ID), "another expiration than the id says");
	make(&r, A, M, T(5), 0);
	r.rec.modified--;
	r.rec.created--;
	CHECK(vouch(&r) == REFUSED(ID), "another time");
	make(&r, A, M, T(5), 0);
	r.body.flags = htobe32(PEERGROUP_REVOKE_WITHDRAW);
	CHECK(vouch(&r) == REFUSED(ID), "other flags");
	make(&r, A, M, T(5), 0);
	r.rec.expires = UINT64_MAX;
	sign_id(&r);
	CHECK(vouch(&r) == REFUSED(TIMES), "for longer than the group");
	end();
}

/* What reserved types and ids are good for. */
static void test_reserved(void)
{
	static const u8 properties[] = PEERGROUP_TYPE_PROPERTIES;
	static const u8 membership[] = PEERGROUP_TYPE_MEMBERSHIP;
	struct made r;

	everybody();
	make(&r, ROOT, M, T(5), 0);
	memset(r.rec.id + 8, 0, 8);
	r.rec.version = 1;
	memcpy(r.rec.type, properties, sizeof(properties));
	CHECK(!vouch(&r), "properties by the root");
	r.rec.flags = PEERGROUP_RECORD_DELETED;
	CHECK(vouch(&r) == REFUSED(MALFORMED), "never deleted");
	r.rec.flags = 0;
	r.rec.id[15] = 1;
	CHECK(vouch(&r) == REFUSED(ID), "properties under another id");
	r.rec.type[15] = 1;
	CHECK(vouch(&r) == REFUSED(ROLE), "anything else by the root");
	r.rec.id[15] = 0;
	CHECK(pg_rec_vouch(&r.rec, one.m[ROOT], one.m[A]) == REFUSED(ROLE),
	      "anything in the place of properties by an administrator");

	make(&r, A, M, T(5), 0);
	memset(r.rec.id + 8, 0, 8);
	r.rec.version = 1;
	memcpy(r.rec.type, properties, sizeof(properties));
	CHECK(vouch(&r) == REFUSED(ROLE), "properties by an administrator");
	memset(r.rec.type, 0, sizeof(r.rec.type));
	r.rec.type[2] = 3;
	CHECK(vouch(&r) == REFUSED(RESERVED), "contact");
	memset(r.rec.type, 9, sizeof(r.rec.type));
	CHECK(vouch(&r) == REFUSED(ID), "a reserved id");
	memcpy(r.rec.type, membership, sizeof(membership));
	CHECK(vouch(&r) == REFUSED(MALFORMED), "a membership without a chain");
	r.rec.flags = PEERGROUP_RECORD_DELETED;
	CHECK(vouch(&r) == REFUSED(MALFORMED), "deleting a membership");
	end();
}

static void chain_of(int who, struct der_buf *out)
{
	u8 len[2];

	if (people[who].parent != ROOT)
		chain_of(people[who].parent, out);
	len[0] = der[who].len >> 8;
	len[1] = der[who].len;
	der_put_raw(out, len, 2);
	der_put_raw(out, der[who].p, der[who].len);
}

static unsigned int vouch_membership(int by, int about, bool own_id)
{
	static const u8 membership[] = PEERGROUP_TYPE_MEMBERSHIP;
	struct der_buf chain = { .len = 0 };
	struct made r;

	make(&r, by, about, T(5), 0);
	r.rec.version = 1;
	memcpy(r.rec.type, membership, sizeof(membership));
	if (own_id)
		memset(r.rec.id + 8, 0, 8);
	chain_of(about, &chain);
	r.rec.data = (struct pg_span){ .p = chain.p, .len = (u32)chain.len };
	memcpy(r.rec.creator, one.m[by]->gmc.fingerprint, PEERGROUP_HASH_LEN);
	memcpy(r.rec.modifier, one.m[by]->gmc.fingerprint, PEERGROUP_HASH_LEN);
	return vouch(&r);
}

static void test_membership(void)
{
	everybody();
	CHECK(!vouch_membership(N, N, true), "one's own");
	CHECK(vouch_membership(N, N, false) == REFUSED(ROLE), "one's own under a random id");
	CHECK(!vouch_membership(D, N, false), "a renewal by the issuer");
	CHECK(vouch_membership(D, N, true) == REFUSED(ROLE), "somebody else's as one's own");
	CHECK(vouch_membership(C, N, false) == REFUSED(ROLE), "a renewal by somebody else");
	end();
}

int main(void)
{
	static const struct tap_test tests[] = {
		{ "a member, once and again", test_plain },
		{ "what it issued falls with it, or stays", test_below },
		{ "which records are void", test_voided },
		{ "administrators against each other", test_conflicts },
		{ "who revokes whom it was revoked by", test_backdated },
		{ "an administrator that was renewed", test_renewed },
		{ "who is heard about whom, once it is revoked", test_answers },
		{ "who is told of, and when", test_changed },
		{ "as many as one administrator makes up", test_crowd },
		{ "who may revoke whom", test_vouch },
		{ "reserved types and ids", test_reserved },
		{ "membership records", test_membership },
		{ "any order comes to the same", test_any_order },
	};
	int err, i;

	make_people();
	err = tap_main(tests, ARRAY_SIZE(tests));
	for (i = 0; i < PEOPLE; i++)
		EVP_PKEY_free(spec[i].key);
	return err;
}
