// SPDX-License-Identifier: GPL-2.0-only
/*
 * The member table: chains are verified once and kept, wrong ones are refused
 * for each reason there is, nothing leaks (LeakSanitizer watches) and nothing
 * is lost to a race.
 */
#include <stdlib.h>
#include <string.h>
#include <linux/kernel.h>
#include <crypto/sha2.h>
#include "certs.h"
#include "member.h"
#include "record.h"
#include "stats.h"
#include "tap.h"
#include "verify.h"
#include "verify_openssl.h"

#define ADMIN		PEERGROUP_ROLE_ADMIN
#define INVITING	PEERGROUP_ROLE_INVITING
#define MEMBER		PEERGROUP_ROLE_MEMBER
#define CERT		PEERGROUP_A_STATS_REFUSED_CERT

static EVP_PKEY *rsa_key, *ec_key[PEERGROUP_CHAIN_MAX + 2];

/* A chain of certificates under one root, link i issued by link i - 1. */
#define LINKS_MAX	(PEERGROUP_CHAIN_MAX + 1)

struct links {
	struct cert_spec root;
	struct der_buf root_der;
	unsigned int n;
	struct cert_spec spec[LINKS_MAX];
	struct der_buf der[LINKS_MAX];
	u8 issuer[LINKS_MAX][PEERGROUP_HASH_LEN];
};

static void links_start(struct links *l, EVP_PKEY *key)
{
	l->n = 0;
	l->root = cert_spec_root(key);
	cert_make(&l->root, &l->root_der);
}

/* The next link as it should be; change it and call links_sign(). */
static struct cert_spec *links_next(struct links *l, EVP_PKEY *key, u8 roles)
{
	unsigned int i = l->n++;

	NEED(i < LINKS_MAX);
	l->spec[i] = cert_spec_below(key, i ? &l->spec[i - 1] : &l->root,
				     i ? &l->der[i - 1] : &l->root_der, l->issuer[i], roles);
	return &l->spec[i];
}

static void links_sign(struct links *l)
{
	cert_make(&l->spec[l->n - 1], &l->der[l->n - 1]);
}

static void links_add(struct links *l, EVP_PKEY *key, u8 roles)
{
	links_next(l, key, roles);
	links_sign(l);
}

static struct pg_chain links_chain(const struct links *l)
{
	struct pg_chain chain = { .n = min(l->n, (unsigned int)PEERGROUP_CHAIN_MAX) };
	unsigned int i;

	for (i = 0; i < chain.n; i++)
		chain.cert[i] = (struct pg_span){ .p = l->der[i].p, .len = (u32)l->der[i].len };
	return chain;
}

static void table_start(struct pg_members *ms, const struct links *l)
{
	NEED(!pg_members_init(ms, l->root_der.p, l->root_der.len));
}

/* What a fresh table says to the chain, whether it is to remember it or not. */
static unsigned int verdict(const struct links *l)
{
	struct pg_chain chain = links_chain(l);
	unsigned int refusal, checked, good;
	struct pg_member *leaf = NULL;
	struct pg_members ms;

	table_start(&ms, l);
	checked = pg_members_check(&ms, &chain, &good);
	CHECK(ms.count == 1 && (good == chain.n) == !checked);
	refusal = pg_members_learn(&ms, &chain, &leaf);
	CHECK(!refusal == !!leaf && refusal == checked);
	if (leaf)
		pg_member_put(leaf);
	pg_members_destroy(&ms);
	return refusal;
}

static struct links l;

static void check_root(EVP_PKEY *key)
{
	struct pg_members ms;

	links_start(&l, key);
	CHECK(!pg_members_init(&ms, l.root_der.p, l.root_der.len));
	CHECK(ms.count == 1 && ms.root->depth == 0 && !ms.root->parent);
	CHECK(!pg_chain_encoded_len(ms.root));
	pg_members_destroy(&ms);
}

static void test_root(void)
{
	struct cert_spec spec;
	struct der_buf der;
	struct pg_members ms;

	check_root(rsa_key);
	check_root(ec_key[0]);

	verify_no_ecdsa = true;
	CHECK(pg_members_init(&ms, l.root_der.p, l.root_der.len) == -ENOPKG);
	verify_no_ecdsa = false;
	shim_allocs_left = 0;
	CHECK(pg_members_init(&ms, l.root_der.p, l.root_der.len) == -ENOMEM);
	shim_allocs_left = -1;
	CHECK(pg_members_init(&ms, l.root_der.p, 0) == -EBADMSG);
	CHECK(pg_members_init(&ms, l.root_der.p, (size_t)1 << 32) == -EBADMSG);

	links_add(&l, ec_key[1], ADMIN);
	CHECK(pg_members_init(&ms, l.der[0].p, l.der[0].len) == -EBADMSG, "not a root");

	spec = l.root;
	spec.signer = ec_key[1];
	cert_make(&spec, &der);
	CHECK(pg_members_init(&ms, der.p, der.len) == -EKEYREJECTED, "signed by another key");
}

static void test_chain(void)
{
	struct pg_member *leaf, *again, *found;
	struct pg_chain chain, decoded;
	struct pg_members ms;
	unsigned long calls;
	u8 *body;
	size_t len;

	links_start(&l, rsa_key);
	links_add(&l, ec_key[1], ADMIN);
	links_add(&l, ec_key[2], INVITING | MEMBER);
	links_add(&l, rsa_key, MEMBER);
	chain = links_chain(&l);

	table_start(&ms, &l);
	calls = verify_calls;
	NEED(!pg_members_learn(&ms, &chain, &leaf));
	CHECK(verify_calls == calls + 3 && ms.count == 4);
	CHECK(leaf->depth == 3 && leaf->parent->parent->parent == ms.root);
	CHECK(leaf->gmc.name.p > leaf->der && leaf->gmc.name.p < leaf->der + leaf->der_len);
	NEED(!pg_members_learn(&ms, &chain, &again));
	CHECK(again == leaf && verify_calls == calls + 3 && ms.count == 4);
	CHECK(!pg_members_learn(&ms, &chain, NULL));
	found = pg_members_get(&ms, leaf->gmc.fingerprint);
	CHECK(found == leaf);
	CHECK(refcount_read(&leaf->refs) == 4);
	CHECK(!pg_members_get(&ms, l.root.group));

	len = pg_chain_encoded_len(leaf);
	CHECK(len == 6 + l.der[0].len + l.der[1].len + l.der[2].len);
	body = malloc(len);
	NEED(body);
	pg_chain_encode(leaf, body);
	CHECK(!pg_chain_decode(&decoded, body, len) && decoded.n == 3);
	CHECK(decoded.cert[0].len == l.der[0].len &&
	      !memcmp(decoded.cert[0].p, l.der[0].p, l.der[0].len));
	CHECK(!pg_members_learn(&ms, &decoded, NULL) && ms.count == 4);
	free(body);

	/* References outlive the table, and take the issuers with them when they go. */
	pg_members_destroy(&ms);
	pg_member_put(again);
	pg_member_put(found);
	CHECK(leaf->parent->parent->parent->depth == 0);
	pg_member_put(leaf);
}

static void test_decode(void)
{
	static u8 body[PG_MEMBERS_MAX * 2];
	struct pg_chain chain;
	unsigned int n;

	CHECK(pg_chain_decode(&chain, body, 0) == -EBADMSG);
	CHECK(pg_chain_decode(&chain, body, 1) == -EBADMSG);
	CHECK(pg_chain_decode(&chain, body, 2) == -EBADMSG, "length 0");
	for (n = 1; n <= PEERGROUP_CHAIN_MAX + 1; n++) {
		body[3 * n - 3] = 0;
		body[3 * n - 2] = 1;
		body[3 * n - 1] = (u8)n;
		CHECK(pg_chain_decode(&chain, body, 3 * n) ==
		      (n > PEERGROUP_CHAIN_MAX ? -EBADMSG : 0), "%u", n);
		CHECK(pg_chain_decode(&chain, body, 3 * n - 1) == -EBADMSG);
	}
	CHECK(!pg_chain_decode(&chain, body, 3 * 24) && chain.n == 24 &&
	      chain.cert[23].len == 1 && *chain.cert[23].p == 24);
	body[0] = PEERGROUP_CERT_LEN_MAX >> 8;
	body[1] = 0;
	CHECK(!pg_chain_decode(&chain, body, 2 + PEERGROUP_CERT_LEN_MAX));
	body[1] = 1;
	CHECK(pg_chain_decode(&chain, body, 3 + PEERGROUP_CERT_LEN_MAX) == -EBADMSG);
}

static void test_depth(void)
{
	struct pg_chain chain;
	struct pg_members ms;
	unsigned int i;

	links_start(&l, ec_key[0]);
	for (i = 1; i <= PEERGROUP_CHAIN_MAX; i++)
		links_add(&l, ec_key[i], i < 12 ? ADMIN : INVITING);
	CHECK(!verdict(&l), "24 long");

	/* The 25th, whether it is announced or the 24th is known. */
	links_add(&l, ec_key[PEERGROUP_CHAIN_MAX + 1], MEMBER);
	table_start(&ms, &l);
	chain = links_chain(&l);
	CHECK(!pg_members_learn(&ms, &chain, NULL));
	CHECK(ms.count == 25);
	chain.n = 25;
	CHECK(pg_members_learn(&ms, &chain, NULL) == CERT);
	chain.n = 1;
	chain.cert[0] = (struct pg_span){ .p = l.der[24].p, .len = (u32)l.der[24].len };
	CHECK(pg_members_learn(&ms, &chain, NULL) == CERT);
	chain.n = 0;
	CHECK(pg_members_learn(&ms, &chain, NULL) == CERT);
	CHECK(ms.count == 25);
	pg_members_destroy(&ms);
}

static void test_rules(void)
{
	struct cert_spec *spec;
	u8 other[PEERGROUP_HASH_LEN];

	links_start(&l, rsa_key);
	links_add(&l, ec_key[1], MEMBER);
	links_add(&l, ec_key[2], MEMBER);
	CHECK(verdict(&l) == CERT, "a member issues");

	links_start(&l, rsa_key);
	links_add(&l, ec_key[1], INVITING);
	links_add(&l, ec_key[2], ADMIN);
	CHECK(verdict(&l) == CERT, "inviting issues admin");

	links_start(&l, rsa_key);
	links_add(&l, ec_key[1], ADMIN);
	spec = links_next(&l, ec_key[2], MEMBER);
	spec->not_after = "400101000001Z";
	links_sign(&l);
	CHECK(verdict(&l) == CERT, "outlives its issuer");
	spec->not_after = "400101000000Z";
	links_sign(&l);
	CHECK(!verdict(&l));
	spec->not_before = "191231235959Z";
	links_sign(&l);
	CHECK(verdict(&l) == CERT, "begins before its issuer");
	spec->not_before = "200101000000Z";

	cert_spki_hash(ec_key[5], other);
	memcpy(spec->group, other, sizeof(other));
	links_sign(&l);
	CHECK(verdict(&l) == CERT, "another group");
	memcpy(spec->group, l.root.group, sizeof(other));

	spec->issuer = other;
	links_sign(&l);
	CHECK(verdict(&l) == CERT, "another issuer");
	spec->issuer = l.issuer[1];

	spec->signer = ec_key[5];
	links_sign(&l);
	CHECK(verdict(&l) == CERT, "signed by another key");
	spec->signer = rsa_key;
	links_sign(&l);
	CHECK(verdict(&l) == CERT, "signed with another algorithm");
	spec->signer = ec_key[1];
	links_sign(&l);
	CHECK(!verdict(&l));

	/* A root, though signed by nobody else, is no member below one. */
	l.der[1] = l.root_der;
	CHECK(verdict(&l) == CERT, "the root below a member");
}

static void test_order(void)
{
	struct pg_chain chain;
	struct pg_members ms;
	struct pg_span first;
	u32 good;

	links_start(&l, ec_key[0]);
	links_add(&l, ec_key[1], ADMIN);
	links_add(&l, ec_key[2], ADMIN);
	table_start(&ms, &l);

	chain = links_chain(&l);
	first = chain.cert[0];
	chain.cert[0] = chain.cert[1];
	chain.cert[1] = first;
	CHECK(pg_members_learn(&ms, &chain, NULL) == CERT && ms.count == 1, "leaf first");

	chain = links_chain(&l);
	CHECK(!pg_members_learn(&ms, &chain, NULL) && ms.count == 3);
	chain.cert[0] = chain.cert[1];
	chain.n = 1;
	CHECK(pg_members_learn(&ms, &chain, NULL) == CERT, "known, without its issuer");
	CHECK(pg_members_check(&ms, &chain, &good) == CERT && !good, "the same, only looked at");
	chain.cert[0] = first;
	chain.cert[1] = first;
	chain.n = 2;
	CHECK(pg_members_learn(&ms, &chain, NULL) == CERT, "twice");
	chain.cert[0].len = 0;
	CHECK(pg_members_learn(&ms, &chain, NULL) == CERT, "empty");
	pg_members_destroy(&ms);
}

static void test_partial(void)
{
	struct pg_member *leaf = (void *)1;
	struct pg_chain chain;
	struct pg_members ms;

	links_start(&l, ec_key[0]);
	links_add(&l, ec_key[1], ADMIN);
	links_next(&l, ec_key[2], MEMBER)->signer = ec_key[3];
	links_sign(&l);
	table_start(&ms, &l);
	chain = links_chain(&l);
	CHECK(pg_members_learn(&ms, &chain, &leaf) == CERT);
	CHECK(!leaf && ms.count == 2, "the good one stays");
	CHECK(refcount_read(&ms.root->refs) == 3);
	pg_members_destroy(&ms);
}

static void test_resources(void)
{
	struct pg_chain chain;
	struct pg_members ms;
	int n;

	links_start(&l, ec_key[0]);
	links_add(&l, ec_key[1], ADMIN);
	links_add(&l, ec_key[2], ADMIN);
	links_add(&l, ec_key[3], MEMBER);
	chain = links_chain(&l);
	for (n = 0; n < 3; n++) {
		table_start(&ms, &l);
		shim_allocs_left = n;
		CHECK(pg_members_learn(&ms, &chain, NULL) == PEERGROUP_A_STATS_REFUSED_NOMEM);
		shim_allocs_left = -1;
		CHECK(ms.count == 1U + (unsigned int)n);
		CHECK(!pg_members_learn(&ms, &chain, NULL));
		pg_members_destroy(&ms);
	}

	table_start(&ms, &l);
	ms.count = PG_MEMBERS_MAX;
	CHECK(pg_members_learn(&ms, &chain, NULL) == PEERGROUP_A_STATS_REFUSED_MEMBERS);
	ms.count = PG_MEMBERS_MAX - 2;
	CHECK(pg_members_learn(&ms, &chain, NULL) == PEERGROUP_A_STATS_REFUSED_MEMBERS);
	CHECK(ms.count == PG_MEMBERS_MAX);
	pg_members_destroy(&ms);

	links_start(&l, rsa_key);
	links_add(&l, ec_key[1], ADMIN);
	links_add(&l, rsa_key, MEMBER);
	verify_no_ecdsa = true;
	CHECK(verdict(&l) == PEERGROUP_A_STATS_REFUSED_ALGORITHM);
	l.n = 1;
	CHECK(!verdict(&l), "an ECDSA key signed by RSA");
	verify_no_ecdsa = false;
}

static struct pg_members *race_table;
static const struct pg_chain *race_chain;
static bool race_full;

/* Another thread gets there first, while this one checks the signature. */
static void race(void)
{
	verify_hook = NULL;
	if (race_full)
		race_table->count = PG_MEMBERS_MAX;
	else
		CHECK(!pg_members_learn(race_table, race_chain, NULL));
}

static void test_race(void)
{
	struct pg_member *leaf, *found;
	struct pg_chain chain;
	struct pg_members ms;

	links_start(&l, ec_key[0]);
	links_add(&l, ec_key[1], ADMIN);
	links_add(&l, ec_key[2], MEMBER);
	chain = links_chain(&l);
	table_start(&ms, &l);
	race_table = &ms;
	race_chain = &chain;
	verify_hook = race;
	NEED(!pg_members_learn(&ms, &chain, &leaf));
	CHECK(ms.count == 3);
	found = pg_members_get(&ms, leaf->gmc.fingerprint);
	CHECK(found == leaf);
	pg_member_put(found);
	pg_member_put(leaf);
	pg_members_destroy(&ms);

	table_start(&ms, &l);
	race_full = true;
	verify_hook = race;
	CHECK(pg_members_learn(&ms, &chain, NULL) == PEERGROUP_A_STATS_REFUSED_MEMBERS);
	CHECK(!pg_members_get(&ms, l.issuer[1]));
	pg_members_destroy(&ms);
}

struct walk {
	unsigned int seen, stop_at;
	u32 depths;
};

static int walk(struct pg_member *m, void *arg)
{
	struct walk *w = arg;

	if (w->seen == w->stop_at)
		return -EMSGSIZE;
	w->seen++;
	w->depths |= 1U << m->depth;
	return 0;
}

static void test_each(void)
{
	struct walk w = { .stop_at = 2 };
	struct pg_member *last = NULL;
	struct pg_chain chain;
	struct pg_members ms;
	unsigned int i;

	links_start(&l, ec_key[0]);
	for (i = 1; i <= 4; i++)
		links_add(&l, ec_key[i], ADMIN);
	chain = links_chain(&l);
	table_start(&ms, &l);
	chain.n = 2;
	NEED(!pg_members_learn(&ms, &chain, NULL));
	CHECK(pg_members_each(&ms, &last, walk, &w) == -EMSGSIZE && last->depth == 1);
	/* What comes in between is told too, and nothing twice. */
	chain.n = 4;
	NEED(!pg_members_learn(&ms, &chain, NULL));
	w.stop_at = 4;
	CHECK(pg_members_each(&ms, &last, walk, &w) == -EMSGSIZE && last->depth == 3);
	w.stop_at = 100;
	CHECK(!pg_members_each(&ms, &last, walk, &w) && last->depth == 4);
	CHECK(w.depths == 0x1f && w.seen == 5);
	pg_members_destroy(&ms);
}

/* Each byte of a certificate changed in turn: never the same member, never another. */
static void check_flips(EVP_PKEY *issuer, EVP_PKEY *key)
{
	struct pg_chain chain;
	struct pg_members ms;
	size_t i;
	int bit;

	links_start(&l, issuer);
	links_add(&l, key, MEMBER);
	chain = links_chain(&l);
	table_start(&ms, &l);
	for (i = 0; i < l.der[0].len; i++)
		for (bit = 0; bit < 8; bit++) {
			l.der[0].p[i] ^= (u8)(1 << bit);
			CHECK(pg_members_learn(&ms, &chain, NULL) == CERT, "byte %zu", i);
			l.der[0].p[i] ^= (u8)(1 << bit);
		}
	CHECK(ms.count == 1);
	CHECK(!pg_members_learn(&ms, &chain, NULL) && ms.count == 2);

	for (chain.cert[0].len = (u32)l.der[0].len; chain.cert[0].len--; )
		CHECK(pg_members_learn(&ms, &chain, NULL) == CERT, "%u bytes", chain.cert[0].len);
	pg_members_destroy(&ms);
}

static void check_root_flips(EVP_PKEY *key)
{
	struct pg_members ms;
	size_t i;

	links_start(&l, key);
	for (i = 0; i < l.root_der.len; i++) {
		int bit = (int)(i % 8);

		l.root_der.p[i] ^= (u8)(1 << bit);
		CHECK(pg_members_init(&ms, l.root_der.p, l.root_der.len), "byte %zu", i);
		l.root_der.p[i] ^= (u8)(1 << bit) ^ 0xff;
		CHECK(pg_members_init(&ms, l.root_der.p, l.root_der.len), "byte %zu", i);
		l.root_der.p[i] ^= 0xff;
	}
}

static void test_flips(void)
{
	check_flips(rsa_key, ec_key[1]);
	check_flips(ec_key[0], rsa_key);
	check_root_flips(rsa_key);
	check_root_flips(ec_key[0]);
}

static void set_member(struct pg_member *m, u8 key, u32 roles, u64 from, u64 to)
{
	memset(m, 0, sizeof(*m));
	memset(m->gmc.spki_hash, key, sizeof(m->gmc.spki_hash));
	m->gmc.roles = roles;
	m->gmc.algo = PEERGROUP_SIG_RSA_SHA256;
	m->gmc.not_before = from;
	m->gmc.not_after = to;
}

static void test_vouch(void)
{
	struct pg_rec good = {
		.id = "AAAAAAAArandom!!", .sig_algo = PEERGROUP_SIG_RSA_SHA256,
		.created = 100, .modified = 150, .expires = 200,
	}, rec = good;
	struct pg_member c, again, admin, other;

	set_member(&c, 'A', MEMBER, 100, 200);
	set_member(&again, 'A', MEMBER, 150, 300);
	set_member(&admin, 'B', ADMIN, 150, 160);
	set_member(&other, 'C', MEMBER | INVITING, 0, 1000);

	CHECK(!pg_member_vouch(&rec, &c, &c));
	CHECK(!pg_member_vouch(&rec, &c, &again), "a renewed certificate");
	CHECK(!pg_member_vouch(&rec, &c, &admin), "an administrator here for shorter");
	CHECK(pg_member_vouch(&rec, &c, &other) == PEERGROUP_A_STATS_REFUSED_ROLE);
	CHECK(pg_member_vouch(&rec, &other, &other) == PEERGROUP_A_STATS_REFUSED_ID);
	rec.id[7] = 'B';
	CHECK(pg_member_vouch(&rec, &c, &c) == PEERGROUP_A_STATS_REFUSED_ID);
	rec = good;
	rec.created = 99;
	CHECK(pg_member_vouch(&rec, &c, &c) == PEERGROUP_A_STATS_REFUSED_TIMES);
	rec = good;
	rec.expires = 201;
	CHECK(pg_member_vouch(&rec, &c, &c) == PEERGROUP_A_STATS_REFUSED_TIMES);
	CHECK(pg_member_vouch(&rec, &c, &admin) == PEERGROUP_A_STATS_REFUSED_TIMES);
	CHECK(!pg_member_vouch(&rec, &c, &again), "a renewed certificate prolongs");
	rec.modified = 149;
	CHECK(pg_member_vouch(&rec, &c, &again) == PEERGROUP_A_STATS_REFUSED_TIMES);
	rec.modified = 161;
	CHECK(pg_member_vouch(&rec, &c, &admin) == PEERGROUP_A_STATS_REFUSED_TIMES);
	rec = good;
	rec.sig_algo = PEERGROUP_SIG_P256_SHA256;
	CHECK(pg_member_vouch(&rec, &c, &c) == PEERGROUP_A_STATS_REFUSED_SIGNATURE);
}

/* Signatures over hashes, as records have them. */
static void check_verify(EVP_PKEY *key)
{
	u8 hash[PEERGROUP_HASH_LEN] = "hash";
	struct der_buf sig = { .len = 0 };
	struct pg_span span;
	struct pg_gmc gmc;

	links_start(&l, key);
	NEED(!pg_gmc_parse(&gmc, l.root_der.p, l.root_der.len));
	cert_sign_hash(key, hash, &sig);
	span = (struct pg_span){ .p = sig.p, .len = (u32)sig.len };
	CHECK(!pg_verify(gmc.algo, gmc.key, hash, span));
	CHECK(pg_verify(gmc.algo ^ 3, gmc.key, hash, span) == -EKEYREJECTED);
	CHECK(pg_verify(0, gmc.key, hash, span) == -EKEYREJECTED);
	hash[31] ^= 1;
	CHECK(pg_verify(gmc.algo, gmc.key, hash, span) == -EKEYREJECTED);
}

static void test_verify(void)
{
	check_verify(rsa_key);
	check_verify(ec_key[0]);
}

int main(void)
{
	static const struct tap_test tests[] = {
		{ "a root starts the table", test_root },
		{ "a chain is verified once, kept and sent on", test_chain },
		{ "bodies of GMC messages", test_decode },
		{ "24 below the root, not 25", test_depth },
		{ "rules between issuer and issued", test_rules },
		{ "order within a chain", test_order },
		{ "members above a bad certificate stay", test_partial },
		{ "no memory, no room, no algorithm", test_resources },
		{ "two learn the same chain", test_race },
		{ "walks go on where they stopped", test_each },
		{ "no changed or truncated certificate is learned", test_flips },
		{ "who may have signed a record", test_vouch },
		{ "signatures of records", test_verify },
	};
	unsigned int i;
	int err;

	rsa_key = cert_key_rsa(2048, 65537);
	for (i = 0; i < ARRAY_SIZE(ec_key); i++)
		ec_key[i] = cert_key_p256();
	err = tap_main(tests, ARRAY_SIZE(tests));
	for (i = 0; i < ARRAY_SIZE(ec_key); i++)
		EVP_PKEY_free(ec_key[i]);
	EVP_PKEY_free(rsa_key);
	return err;
}
