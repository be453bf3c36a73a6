// SPDX-License-Identifier: GPL-2.0-only
// timeout: 200
/*
 * Membership chains that break a rule: refused where a program opens a group
 * with one, where a peer sends one, and where a program brings single certificates,
 * each under its name, and nothing of them is kept. Good ones of all lengths pass.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "group.h"
#include "peer.h"
#include "tap.h"

#define PORT	3587
#define ADMIN	PEERGROUP_ROLE_ADMIN
#define MEMBER	PEERGROUP_ROLE_MEMBER
#define INVITER	PEERGROUP_ROLE_INVITING

static struct nl nl;
/* @caller is who brings chains of others. */
static struct cert root, other_root, own, caller;
static uint32_t group;

/* ---------------------------------------------- the ways to bring one -- */

static unsigned int groups(void)
{
	return nl_count(&nl, PEERGROUP_CMD_GROUP_GET, 0, 0);
}

static int open_and_close(const struct der_buf *root_der, const struct chain *chain)
{
	uint32_t index;
	int err = group_open(&nl, root_der, chain, &index);

	if (!err)
		NEED(!nl_simple(&nl, PEERGROUP_CMD_GROUP_CLOSE, PEERGROUP_A_GROUP_INDEX, index));
	return err;
}

static void check_open(const struct chain *chain, int expected, const char *what)
{
	int err = open_and_close(&root.der, chain);

	CHECK(err == expected, "%s: %d (%s), expected %d", what, err, nl.text, expected);
	CHECK(!err || nl.text[0], "%s: no words", what);
	CHECK(groups() == 1, "%s", what);
}

struct knows {
	const uint8_t *fingerprint;
	bool found;
};

static void look_at_member(const struct nlmsghdr *msg, void *arg)
{
	const struct nlattr *attr = nl_attr(msg, PEERGROUP_A_MEMBER_FINGERPRINT);
	struct knows *k = arg;

	if (attr && !memcmp(mnl_attr_get_payload(attr), k->fingerprint, PEERGROUP_HASH_LEN))
		k->found = true;
}

static bool known(const struct cert *cert)
{
	struct nlmsghdr *msg = nl_begin(&nl, PEERGROUP_CMD_MEMBER_GET, NLM_F_DUMP);
	struct knows k = { .fingerprint = cert->fingerprint };

	mnl_attr_put_u32(msg, PEERGROUP_A_MEMBER_GROUP, group);
	NEED(!nl_talk(&nl, msg, look_at_member, &k));
	return k.found;
}

/* The link is dropped, @counter tells why, and no certificate came in. */
static void check_sent(const struct chain *chain, uint16_t counter, const char *what)
{
	unsigned int members = nl_count(&nl, PEERGROUP_CMD_MEMBER_GET,
					PEERGROUP_A_MEMBER_GROUP, group);
	uint64_t before = nl_stat(&nl, group, counter);
	struct peer p;

	peer_link(&p, PORT, &caller);
	peer_gmc(&p, chain);
	CHECK(peer_closed(&p, NULL), "%s: the link stays", what);
	peer_close(&p);
	CHECK(counted_once(&nl, group, counter, before), "%s: not counted once", what);
	CHECK(nl_count(&nl, PEERGROUP_CMD_MEMBER_GET, PEERGROUP_A_MEMBER_GROUP, group) ==
	      members, "%s: something was learnt", what);
}

static void check_both(const struct chain *chain, int expected, const char *what)
{
	check_open(chain, expected, what);
	check_sent(chain, PEERGROUP_A_STATS_REFUSED_CERT, what);
}

static int add(const struct cert *cert)
{
	struct nlmsghdr *msg = nl_begin(&nl, PEERGROUP_CMD_MEMBER_ADD, 0);

	mnl_attr_put_u32(msg, PEERGROUP_A_MEMBER_GROUP, group);
	mnl_attr_put(msg, PEERGROUP_A_MEMBER_CERT, cert->der.len, cert->der.p);
	return nl_talk(&nl, msg, NULL, NULL);
}

/* By itself, where it may be its issuer that is missed. */
static void check_added(const struct cert *cert, const char *what)
{
	unsigned int members = nl_count(&nl, PEERGROUP_CMD_MEMBER_GET,
					PEERGROUP_A_MEMBER_GROUP, group);
	int err = add(cert);

	CHECK(err == -EKEYREVOKED || err == -ENOKEY, "%s: added: %d (%s)", what, err, nl.text);
	CHECK(nl.text[0], "%s: no words", what);
	CHECK(nl_count(&nl, PEERGROUP_CMD_MEMBER_GET, PEERGROUP_A_MEMBER_GROUP, group) ==
	      members, "%s: something was learnt", what);
}

static void check_one(const struct cert *cert, const char *what)
{
	struct chain chain = { .cert = { &cert->der }, .n = 1 };

	check_both(&chain, -EKEYREVOKED, what);
	check_added(cert, what);
}

/* A good chain from a peer. */
static void teach(const struct chain *chain)
{
	struct peer p;

	peer_link(&p, PORT, &caller);
	peer_gmc(&p, chain);
	CHECK(peer_alive(&p));
	peer_close(&p);
}

/* The upper one is good; known beforehand, it is not counted as learnt. */
static void check_two(const struct cert *upper, const struct cert *lower, const char *what)
{
	struct chain chain = { .cert = { &upper->der, &lower->der }, .n = 1 };

	teach(&chain);
	CHECK(known(upper), "%s", what);
	chain.n = 2;
	check_both(&chain, -EKEYREVOKED, what);
	check_added(lower, what);
	CHECK(!known(lower), "%s", what);
}

/* --------------------------------------------------------------- the rules -- */

static void test_good(void)
{
	struct cert admin, inviter, member;
	struct chain chain = { .cert = { &admin.der, &inviter.der, &member.der }, .n = 3 };

	cert_issue(&admin, &root, test_key(1), ADMIN);
	cert_issue(&inviter, &admin, test_key(2), INVITER | MEMBER);
	cert_issue(&member, &inviter, test_key(3), MEMBER);
	check_open(&chain, 0, "a good chain");
	teach(&chain);
	CHECK(known(&admin) && known(&inviter) && known(&member));
}

/* A program brings the certificates of members that may be long gone. */
static void test_added(void)
{
	uint64_t unknown = nl_stat(&nl, group, PEERGROUP_A_STATS_REFUSED_UNKNOWN);
	struct cert admin, member, gone;

	cert_below(&admin, &root, test_key(1), ADMIN);
	admin.spec.classifier = "added";
	cert_sign(&admin);
	cert_issue(&member, &admin, test_key(2), MEMBER);
	CHECK(add(&member) == -ENOKEY, "%s", nl.text);
	CHECK(strstr(nl.text, "issuer"), "%s", nl.text);
	CHECK(nl_stat(&nl, group, PEERGROUP_A_STATS_REFUSED_UNKNOWN) == unknown + 1);
	CHECK(!known(&member));
	CHECK(!add(&admin) && known(&admin), "%s", nl.text);
	CHECK(!add(&member) && known(&member), "%s", nl.text);
	CHECK(!add(&member), "again: %s", nl.text);

	cert_below(&gone, &root, test_key(1), MEMBER);
	gone.spec.not_after = "210101000000Z";
	cert_sign(&gone);
	CHECK(!add(&gone) && known(&gone), "one that is over: %s", nl.text);
}

static void test_validity(void)
{
	struct chain chain = { .n = 1 };
	struct cert upper, cert;

	/* For a program's own certificate the time matters; of others records tell. */
	cert_below(&cert, &root, test_key(1), MEMBER);
	cert.spec.not_after = "210101000000Z";
	cert_sign(&cert);
	chain.cert[0] = &cert.der;
	check_open(&chain, -EKEYEXPIRED, "expired");

	cert_below(&cert, &root, test_key(1), MEMBER);
	cert.spec.not_after = "400101000001Z";
	cert_sign(&cert);
	check_one(&cert, "longer than the root, by a second");

	cert_below(&cert, &root, test_key(1), MEMBER);
	cert.spec.not_before = "191231235959Z";
	cert_sign(&cert);
	check_one(&cert, "earlier than the root, by a second");

	cert_below(&upper, &root, test_key(1), ADMIN);
	upper.spec.not_after = "210101000000Z";
	cert_sign(&upper);
	cert_below(&cert, &upper, test_key(2), MEMBER);
	cert.spec.not_after = "400101000000Z";
	cert_sign(&cert);
	check_two(&upper, &cert, "a child that outlives its expired issuer");
}

static void test_group(void)
{
	struct cert cert;

	cert_below(&cert, &root, test_key(1), MEMBER);
	memcpy(cert.spec.group, other_root.spec.group, sizeof(cert.spec.group));
	cert_sign(&cert);
	check_one(&cert, "signed by the root, for another group");

	cert_issue(&cert, &other_root, test_key(1), MEMBER);
	check_one(&cert, "another group's member");
	check_one(&other_root, "another group's root");
	check_one(&root, "the root itself as a member");
}

static void test_issuer(void)
{
	struct cert cert, upper;

	cert_below(&cert, &root, test_key(1), MEMBER);
	cert.issuer[31] ^= 1;
	cert_sign(&cert);
	check_one(&cert, "the issuer's fingerprint is wrong");

	cert_below(&cert, &root, test_key(1), MEMBER);
	cert.spec.signer = test_key(2);
	cert_sign(&cert);
	check_one(&cert, "signed by somebody else");

	cert_below(&cert, &root, test_key(1), MEMBER);
	cert.spec.signer = test_key(1);
	cert_sign(&cert);
	check_one(&cert, "signed by itself");

	cert_issue(&upper, &root, test_key(1), ADMIN);
	cert_issue(&cert, &upper, test_key(2), MEMBER);
	check_one(&cert, "the issuer is left out");
}

static void test_order(void)
{
	struct cert upper, lower;
	struct chain chain = { .cert = { &lower.der, &upper.der }, .n = 2 };

	cert_issue(&upper, &root, test_key(1), ADMIN);
	cert_issue(&lower, &upper, test_key(2), MEMBER);
	check_both(&chain, -EKEYREVOKED, "the leaf before its issuer");

	chain = (struct chain){ .cert = { &lower.der }, .n = 1 };
	check_both(&chain, -EKEYREVOKED, "the issuer is not there");
}

static void test_repeated(void)
{
	struct cert upper;
	struct chain chain = { .cert = { &upper.der, &upper.der }, .n = 2 };

	cert_issue(&upper, &root, test_key(1), ADMIN);
	check_open(&chain, -EKEYREVOKED, "one certificate twice");
}

static void check_issue(uint8_t issuer_roles, uint8_t roles, const char *what)
{
	struct cert upper, lower;

	cert_issue(&upper, &root, test_key(1), issuer_roles);
	cert_issue(&lower, &upper, test_key(2), roles);
	check_two(&upper, &lower, what);
}

static void test_roles(void)
{
	check_issue(MEMBER, MEMBER, "a member issues a member");
	check_issue(MEMBER, ADMIN, "a member issues an administrator");
	check_issue(INVITER, ADMIN, "an inviting member issues an administrator");
	check_issue(INVITER | MEMBER, ADMIN | MEMBER, "an inviting member issues one who is both");
}

static void test_root(void)
{
	struct chain chain = { .n = 1 };
	struct cert bad, member;

	chain.cert[0] = &member.der;
	cert_root(&bad, test_key(3));
	bad.spec.signer = test_key(2);
	cert_sign(&bad);
	cert_issue(&member, &bad, test_key(1), MEMBER);
	CHECK(open_and_close(&bad.der, &chain) == -EKEYREJECTED, "signed by another key");
	CHECK(nl.text[0]);

	cert_issue(&member, &root, test_key(1), ADMIN);
	CHECK(open_and_close(&member.der, &chain) == -EBADMSG, "an administrator as root");
	CHECK(nl.text[0]);

	cert_root(&bad, test_key(3));
	memcpy(bad.spec.group, root.spec.group, sizeof(bad.spec.group));
	cert_sign(&bad);
	CHECK(open_and_close(&bad.der, &chain) == -EBADMSG, "a root for another group's id");
	CHECK(nl.text[0]);
	CHECK(groups() == 1);
}

/* -------------------------------------------------------------- the length -- */

static struct cert tall[PEERGROUP_CHAIN_MAX + 1];

static void test_length(void)
{
	struct chain chain = { .n = 0 };
	unsigned int i;

	for (i = 0; i <= PEERGROUP_CHAIN_MAX; i++) {
		cert_issue(&tall[i], i ? &tall[i - 1] : &root, test_key(1 + i % 2), ADMIN);
		chain.cert[chain.n++] = &tall[i].der;
	}
	check_open(&chain, -E2BIG, "25 certificates");
	/* So long a message is none, whatever is in it. */
	check_sent(&chain, PEERGROUP_A_STATS_LINK_MALFORMED, "25 certificates");
	CHECK(!known(&tall[0]));

	chain.n = PEERGROUP_CHAIN_MAX;
	check_open(&chain, 0, "24 certificates");
	teach(&chain);
	CHECK(known(&tall[PEERGROUP_CHAIN_MAX - 1]) && !known(&tall[PEERGROUP_CHAIN_MAX]));
}

static void test_empty(void)
{
	struct chain chain = { .n = 0 };

	check_open(&chain, -EINVAL, "no certificate");
	check_sent(&chain, PEERGROUP_A_STATS_LINK_MALFORMED, "no certificate");
}

/* ------------------------------------------------------------- broken DER -- */

/* Every one of these must be refused; which part of the reader does it may vary. */
static void check_broken(const struct der_buf *root_der, const struct chain *chain,
			 const char *what, size_t at)
{
	int err = open_and_close(root_der, chain);

	CHECK(err == -EBADMSG || err == -EKEYREVOKED || err == -EKEYREJECTED,
	      "%s at %zu: %d", what, at, err);
	CHECK(!err || nl.text[0], "%s at %zu: no words", what, at);
}

static void test_truncated(void)
{
	static struct der_buf cut;
	struct cert upper, lower;
	struct chain leaf = { .cert = { &upper.der, &cut }, .n = 2 };
	struct chain middle = { .cert = { &cut, &lower.der }, .n = 2 };
	size_t len;

	cert_issue(&upper, &root, test_key(1), ADMIN);
	cert_issue(&lower, &upper, test_key(2), MEMBER);
	for (len = 1; len < lower.der.len; len += len < 64 ? 1 : 17) {
		cut = lower.der;
		cut.len = len;
		check_broken(&root.der, &leaf, "the leaf cut", len);
		cut = upper.der;
		cut.len = len < upper.der.len ? len : upper.der.len - 1;
		check_broken(&root.der, &middle, "the middle cut", len);
	}
	leaf.n = 1;
	teach(&leaf);
	leaf.n = 2;
	cut = lower.der;
	cut.p[cut.len++] = 0;
	check_broken(&root.der, &leaf, "a byte more", cut.len);
	CHECK(groups() == 1);
	check_sent(&leaf, PEERGROUP_A_STATS_REFUSED_CERT, "a byte more");
	cut.len -= 2;
	check_sent(&leaf, PEERGROUP_A_STATS_REFUSED_CERT, "a byte less");
}

/* Bits that lie far apart and in all positions of a byte. */
#define FLIP_STEP	29

static void test_flipped(void)
{
	static struct der_buf bad;
	struct cert member;
	struct chain leaf = { .cert = { &bad }, .n = 1 };
	struct chain good = { .cert = { &member.der }, .n = 1 };
	size_t bit;

	cert_issue(&member, &root, test_key(1), MEMBER);
	for (bit = 0; bit < member.der.len * 8; bit += FLIP_STEP) {
		bad = member.der;
		bad.p[bit / 8] ^= (uint8_t)(1 << bit % 8);
		check_broken(&root.der, &leaf, "the leaf's bit", bit);
	}
	for (bit = 3; bit < root.der.len * 8; bit += FLIP_STEP) {
		bad = root.der;
		bad.p[bit / 8] ^= (uint8_t)(1 << bit % 8);
		check_broken(&bad, &good, "the root's bit", bit);
	}
	CHECK(groups() == 1);
}

static void test_flipped_sent(void)
{
	static struct der_buf bad;
	struct cert member;
	struct chain chain = { .cert = { &bad }, .n = 1 };
	size_t bit;

	cert_issue(&member, &root, test_key(1), MEMBER);
	for (bit = 5; bit < member.der.len * 8; bit += FLIP_STEP * 11) {
		bad = member.der;
		bad.p[bit / 8] ^= (uint8_t)(1 << bit % 8);
		check_sent(&chain, PEERGROUP_A_STATS_REFUSED_CERT, "a flipped bit");
	}
}

static void test_framing(void)
{
	static const struct {
		uint8_t bytes[4];
		size_t len;
	} bad[] = {
		{ { 0 }, 1 },			/* half a length */
		{ { 0, 0 }, 2 },		/* nothing */
		{ { 0, 5, 0x30, 0x03 }, 4 },	/* less than announced */
		{ { 0x10, 0x01, 1, 1 }, 4 },	/* longer than a certificate may be */
	};
	struct peer p;
	unsigned int i;

	for (i = 0; i < 4; i++) {
		uint64_t before = nl_stat(&nl, group, PEERGROUP_A_STATS_LINK_MALFORMED);

		peer_link(&p, PORT, &caller);
		peer_send(&p, PG_MSG_GMC, bad[i].bytes, bad[i].len);
		CHECK(peer_closed(&p, NULL), "%u", i);
		peer_close(&p);
		CHECK(counted_once(&nl, group, PEERGROUP_A_STATS_LINK_MALFORMED, before), "%u", i);
	}
}

int main(void)
{
	static const struct tap_test tests[] = {
		{ "good chains are taken", test_good },
		{ "certificates one by one, after their issuers", test_added },
		{ "validity: expired, outliving its issuer, before its issuer", test_validity },
		{ "another group's certificates", test_group },
		{ "the issuer: its fingerprint, its signature", test_issuer },
		{ "a chain out of order, or with a gap", test_order },
		{ "one certificate twice", test_repeated },
		{ "roles that may not be issued", test_roles },
		{ "a root that is none", test_root },
		{ "24 certificates pass, 25 do not", test_length },
		{ "no certificate at all", test_empty },
		{ "certificates cut off", test_truncated },
		{ "certificates with a bit flipped", test_flipped },
		{ "the same from a peer", test_flipped_sent },
		{ "a chain's framing", test_framing },
	};

	struct peer p;

	need_module();
	own_namespace();
	NEED(!nl_open(&nl));
	cert_new_root(&root, test_key(0));
	cert_new_root(&other_root, test_key(3));
	cert_issue(&own, &root, test_key(0), ADMIN);
	group = group_of(&nl, &root, &own);
	group_online(&nl, group, &own, PORT);
	cert_issue(&caller, &root, test_key(2), MEMBER);
	peer_link(&p, PORT, &caller);
	peer_close(&p);
	return tap_main(tests, sizeof(tests) / sizeof(tests[0]));
}
