// SPDX-License-Identifier: GPL-2.0-only
/*
 * The role matrix, each cell, positive and negative: who may issue which role, who
 * may publish, change and delete whose records, and who the reserved types. Records
 * come once from a program of this host and once over a link; certificates, too.
 */
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "group.h"
#include "peer.h"
#include "tap.h"

#define PORT		13901
#define ROUNDS		8U
#define STAT(name)	PEERGROUP_A_STATS_##name
#define G(name)		PEERGROUP_A_GROUP_##name
#define REFUSED(name)	PEERGROUP_A_STATS_REFUSED_##name

#define ADMIN		PEERGROUP_ROLE_ADMIN
#define INVITING	PEERGROUP_ROLE_INVITING
#define MEMBER		PEERGROUP_ROLE_MEMBER

static struct nl nl;
static struct cert root, owner;
static uint32_t group;

/* Who signs: one of each role, and all roles at once is the first's affair. */
static struct signer {
	const char *name;
	uint8_t role;
	struct cert cert;
} signers[] = {
	{ .name = "an administrator", .role = ADMIN },
	{ .name = "an inviting member", .role = INVITING },
	{ .name = "a member", .role = MEMBER },
};

#define SIGNERS	(sizeof(signers) / sizeof(signers[0]))

/* ---------------------------------------------------------------- issuing -- */

/* May @parent issue @role? By a program that opens the group with it. */
static bool opens(const struct cert *parent, const struct cert *child)
{
	struct chain chain = { .n = 0 };
	uint32_t index;
	struct nl own;
	int err;

	if (parent != &root)
		chain.cert[chain.n++] = &parent->der;
	chain.cert[chain.n++] = &child->der;
	NEED(!nl_open(&own));
	err = group_open(&own, &root.der, &chain, &index);
	/* What is no certificate at all has an errno of its own. */
	CHECK(!err || err == -EKEYREVOKED || err == -EBADMSG, "%d (%s)", err, own.text);
	nl_close(&own);
	return !err;
}

/* By a peer that shows it. */
static bool shows(const struct cert *parent, const struct cert *child)
{
	struct chain chain = { .n = 0 };
	struct peer p;
	bool alive;

	if (parent != &root)
		chain.cert[chain.n++] = &parent->der;
	chain.cert[chain.n++] = &child->der;
	peer_link(&p, PORT, &owner);
	peer_gmc(&p, &chain);
	alive = peer_alive(&p);
	peer_close(&p);
	return alive;
}

static void check_issue(const struct cert *parent, const char *who, uint8_t role, bool may)
{
	static struct cert child;

	cert_issue(&child, parent, test_key(0), role);
	CHECK(shows(parent, &child) == may, "%s, role %u, over a link", who, role);
	cert_issue(&child, parent, test_key(0), role);
	CHECK(opens(parent, &child) == may, "%s, role %u, here", who, role);
}

static void test_issue(void)
{
	static const uint8_t roles[] = {
		ADMIN, INVITING, MEMBER, ADMIN | MEMBER, INVITING | MEMBER,
		PEERGROUP_ROLE_ROOT, ADMIN | PEERGROUP_ROLE_ROOT, 1 << 4, 0,
	};
	unsigned int i;

	for (i = 0; i < sizeof(roles); i++) {
		bool known = roles[i] && !(roles[i] & ~(ADMIN | INVITING | MEMBER));

		check_issue(&root, "the root", roles[i], known);
		check_issue(&signers[0].cert, signers[0].name, roles[i], known);
		check_issue(&signers[1].cert, signers[1].name, roles[i],
			    known && !(roles[i] & ADMIN));
		check_issue(&signers[2].cert, signers[2].name, roles[i], false);
	}
}

/* A certificate lies inside its issuer's. */
static void test_issue_times(void)
{
	static struct cert parent, child;
	unsigned int i;

	cert_below(&parent, &root, test_key(1), ADMIN);
	parent.spec.not_before = "250101000000Z";
	parent.spec.not_after = "350101000000Z";
	cert_sign(&parent);
	for (i = 0; i < 3; i++) {
		cert_below(&child, &parent, test_key(0), MEMBER);
		if (i == 1)
			child.spec.not_before = "241231235959Z";
		if (i == 2)
			child.spec.not_after = "350101000001Z";
		cert_sign(&child);
		CHECK(shows(&parent, &child) == !i, "case %u over a link", i);
		CHECK(opens(&parent, &child) == !i, "case %u here", i);
	}
}

/* ---------------------------------------------------------------- records -- */

/* A program puts it. */
static void put_here(const struct rec *rec, uint16_t counter, const char *who, const char *what)
{
	uint64_t before = nl_stat(&nl, group, counter);
	int err = nl_put_record(&nl, group, rec->wire, rec->len);
	bool good = counter == STAT(ADDED) || counter == STAT(UPDATED) ||
		    counter == STAT(DELETED);

	CHECK(!err == good, "%s, %s, here: %d (%s)", who, what, err, nl.text);
	CHECK(nl_stat(&nl, group, counter) == before + 1, "%s, %s, here: not counted", who, what);
}

/* It comes over a link. */
static void put_there(const struct rec *rec, uint16_t counter, const char *who, const char *what)
{
	uint64_t before = nl_stat(&nl, group, counter);
	struct peer p;

	peer_link(&p, PORT, &owner);
	peer_send(&p, PG_MSG_RECORD, rec->wire, rec->len);
	CHECK(counted_once(&nl, group, counter, before), "%s, %s, over a link", who, what);
	peer_close(&p);
}

static void put(const struct rec *rec, bool here, uint16_t counter, const char *who,
		const char *what)
{
	if (here)
		put_here(rec, counter, who, what);
	else
		put_there(rec, counter, who, what);
}

/* A record of @creator's that is here. */
static void given(struct rec *rec, const struct cert *creator)
{
	rec_new(rec, creator, "first", 5);
	rec_sign(rec, creator);
	NEED(!nl_put_record(&nl, group, rec->wire, rec->len));
}

static void check_change(const struct cert *creator, const struct signer *s, bool here,
			 bool may, bool delete, const char *what)
{
	struct rec first, next;

	given(&first, creator);
	if (delete)
		rec_tombstone(&next, &first, &s->cert);
	else
		rec_next(&next, &first, &s->cert, "second", 6);
	rec_sign(&next, &s->cert);
	put(&next, here, !may ? REFUSED(ROLE) : delete ? STAT(DELETED) : STAT(UPDATED),
	    s->name, what);
	rec_free(&next);
	rec_free(&first);
}

static void test_records(void)
{
	struct rec rec;
	unsigned int i;

	for (i = 0; i < 2 * SIGNERS; i++) {
		const struct signer *s = &signers[i / 2];
		bool here = i & 1, admin = s->role == ADMIN;

		rec_new(&rec, &s->cert, "x", 1);
		rec_sign(&rec, &s->cert);
		put(&rec, here, STAT(ADDED), s->name, "publishes");
		rec_free(&rec);
		check_change(&s->cert, s, here, true, false, "updates its own");
		check_change(&s->cert, s, here, true, true, "deletes its own");
		check_change(&owner, s, here, admin, false, "updates another's");
		check_change(&owner, s, here, admin, true, "deletes another's");
	}
}

/* Signed with the key of a role, in the name of another. */
static void test_borrowed(void)
{
	struct rec first, next;
	unsigned int here;

	for (here = 0; here < 2; here++) {
		given(&first, &owner);
		rec_next(&next, &first, &signers[0].cert, "second", 6);
		rec_sign_with(&next, root.spec.group, signers[2].cert.spec.key);
		put(&next, here, REFUSED(SIGNATURE), "a member", "as the administrator");
		rec_free(&next);
		rec_free(&first);
	}
}

static void test_times(void)
{
	static struct cert brief;
	struct rec rec;
	unsigned int i;

	cert_below(&brief, &root, test_key(3), MEMBER);
	brief.spec.not_before = "250101000000Z";
	brief.spec.not_after = "270101000000Z";
	cert_sign(&brief);
	CHECK(shows(&root, &brief));
	for (i = 0; i < 6; i++) {
		rec_new(&rec, &brief, "x", 1);
		if (i / 2 == 1)
			rec.hdr.expires = htobe64(134432352000000001ULL + 1000ULL * 86400 * TICKS);
		if (i / 2 == 2) {
			rec.hdr.created = htobe64(133000000000000000ULL);
			rec.hdr.modified = rec.hdr.created;
		}
		rec_sign(&rec, &brief);
		put(&rec, i & 1, i < 2 ? STAT(ADDED) : REFUSED(TIMES), "a certificate of two years",
		    i < 2 ? "inside" : i < 4 ? "expires later" : "made earlier");
		rec_free(&rec);
	}
}

/* --------------------------------------------------------- reserved types -- */

static const uint8_t properties[] = PEERGROUP_TYPE_PROPERTIES;
static const uint8_t membership[] = PEERGROUP_TYPE_MEMBERSHIP;

static void reserved(struct rec *rec, const struct cert *by, const uint8_t *type,
		     const void *data, size_t len)
{
	rec_new(rec, by, data, len);
	memcpy(rec->hdr.type, type, PEERGROUP_ID_LEN);
	memset(rec->hdr.id + 8, 0, 8);
}

static void revoking(struct rec *rec, const struct cert *by, const struct cert *whom,
		     struct peergroup_revocation *body)
{
	memset(body, 0, sizeof(*body));
	cert_spki_hash(whom->spec.key, body->key);
	rec_revocation(rec, by, body);
}

static void check_reserved(const struct cert *by, const uint8_t *type, const void *data,
			   size_t len, uint16_t counter, const char *who, const char *what)
{
	struct rec rec;
	unsigned int here;

	for (here = 0; here < 2; here++) {
		reserved(&rec, by, type, data, len);
		rec_sign(&rec, by);
		put(&rec, here, counter, who, what);
		rec_free(&rec);
	}
}

/* What may be is new once: on one side, and (@here: over a link) on the other its update. */
static void check_own(const struct cert *by, const uint8_t *type, const void *data, size_t len,
		      bool here, const char *who, const char *what)
{
	struct rec rec, next;

	reserved(&rec, by, type, data, len);
	rec_sign(&rec, by);
	put(&rec, here, STAT(ADDED), who, what);
	rec_next(&next, &rec, by, data, len);
	rec_sign(&next, by);
	put(&next, !here, STAT(UPDATED), who, what);
	rec_free(&next);
	rec_free(&rec);
}

static size_t chain_of(const struct cert *cert, uint8_t *out)
{
	out[0] = cert->der.len >> 8;
	out[1] = cert->der.len;
	memcpy(out + 2, cert->der.p, cert->der.len);
	return 2 + cert->der.len;
}

static void test_reserved(void)
{
	static const uint8_t contact[PEERGROUP_ID_LEN] = { 0, 0, 3, 0 };
	static uint8_t chain[DER_ROOM];
	struct peergroup_revocation body;
	struct rec rec, next;
	unsigned int i;
	size_t len;

	for (i = 0; i < SIGNERS; i++) {
		const struct signer *s = &signers[i];

		check_reserved(&s->cert, properties, "x", 1, REFUSED(ROLE), s->name,
			       "properties");
		check_reserved(&s->cert, contact, "x", 1, REFUSED(RESERVED), s->name,
			       "contact");
		check_reserved(&s->cert, test_type, "x", 1, REFUSED(ID), s->name,
			       "a reserved id");
		check_reserved(&s->cert, membership, "x", 1, REFUSED(MALFORMED), s->name,
			       "no chain");
		len = chain_of(&owner, chain);
		check_reserved(&s->cert, membership, chain, len, REFUSED(ROLE), s->name,
			       "another's membership");
		len = chain_of(&s->cert, chain);
		check_own(&s->cert, membership, chain, len, i & 1, s->name, "its membership");
	}
	check_reserved(&root, test_type, "x", 1, REFUSED(ROLE), "the root", "a record");
	check_own(&root, properties, "x", 1, true, "the root", "properties");

	/* An administrator may change anybody's records, but not these. */
	reserved(&rec, &root, properties, "x", 1);
	rec.hdr.version = htobe32(2);
	for (i = 0; i < 4; i++) {
		rec_next(&next, &rec, &signers[0].cert, "y", 1);
		if (i & 2)
			memcpy(next.hdr.type, test_type, sizeof(test_type));
		rec_sign(&next, &signers[0].cert);
		put(&next, i & 1, REFUSED(ROLE), "an administrator", "changes the properties");
		rec_free(&next);
	}
	rec_free(&rec);

	/* Nor what a member says of its own membership. */
	len = chain_of(&signers[2].cert, chain);
	reserved(&rec, &signers[2].cert, membership, chain, len);
	rec.hdr.version = htobe32(2);
	for (i = 0; i < 4; i++) {
		if (i & 2)
			rec_tombstone(&next, &rec, &signers[0].cert);
		else
			rec_next(&next, &rec, &signers[0].cert, chain, len);
		rec_sign(&next, &signers[0].cert);
		put(&next, i & 1, REFUSED(ROLE), "an administrator", "changes a membership");
		rec_free(&next);
	}
	rec_free(&rec);

	/* Of all revocations only an administrator's are taken; never the root's. */
	for (i = 0; i < 2 * SIGNERS; i++) {
		const struct signer *s = &signers[i / 2];

		if (s->role == ADMIN)
			continue;
		revoking(&rec, &s->cert, &owner, &body);
		rec_sign(&rec, &s->cert);
		put(&rec, i & 1, REFUSED(ROLE), s->name, "revokes");
		rec_free(&rec);
	}
	for (i = 0; i < 2; i++) {
		revoking(&rec, &root, &owner, &body);
		rec_sign(&rec, &root);
		put(&rec, i & 1, REFUSED(ROLE), "the root", "revokes");
		rec_free(&rec);
		revoking(&rec, &signers[0].cert, &root, &body);
		rec_sign(&rec, &signers[0].cert);
		put(&rec, i & 1, REFUSED(ROLE), "an administrator", "revokes the root");
		rec_free(&rec);
		revoking(&rec, &signers[0].cert, &signers[0].cert, &body);
		rec_sign(&rec, &signers[0].cert);
		put(&rec, i, REFUSED(ROLE), "an administrator", "revokes itself");
		rec_free(&rec);
		revoking(&rec, &signers[0].cert, &owner, &body);
		rec.hdr.version = htobe32(1);
		rec_sign(&rec, &signers[0].cert);
		put(&rec, i, REFUSED(MALFORMED), "an administrator", "a revocation of version 1");
		rec_free(&rec);
	}
}

/* ------------------------------------------------------------ presence -- */

#define NODE	0x1122334455667788ULL
#define A_DAY	(PEERGROUP_PRESENCE_SECONDS_MAX * TICKS)

#define ADDRESS	PEERGROUP_PRESENCE_ADDRESS_LEN

/* What the last one says. */
static struct {
	struct peergroup_presence head;
	uint8_t rest[(PEERGROUP_PRESENCE_ADDRESSES_MAX + 1) * ADDRESS];
} __attribute__((packed)) said;

/* By its id of a node, and by its data of NODE, at @n addresses and @extra bytes behind. */
static void presence(struct rec *rec, const struct cert *by, uint64_t node, size_t n,
		     size_t extra)
{
	static const uint8_t type[PEERGROUP_ID_LEN] = PEERGROUP_TYPE_PRESENCE;

	said.head = (struct peergroup_presence){ htobe64(NODE), htobe16(3587) };
	node = htobe64(node);
	rec_new(rec, by, &said, sizeof(said.head) + n * ADDRESS + extra);
	memcpy(rec->hdr.type, type, sizeof(type));
	memcpy(rec->hdr.id + 8, &node, sizeof(node));
}

static void check_presence(const struct signer *s, uint64_t node, size_t n, size_t extra,
			   uint32_t flags, uint16_t counter, const char *what)
{
	struct rec rec;
	unsigned int here;

	for (here = 0; here < 2; here++) {
		presence(&rec, &s->cert, node, n, extra);
		rec.hdr.flags |= htobe32(flags);
		if (flags)
			rec.hdr.refresh_period = htobe32(300);
		rec_sign(&rec, &s->cert);
		put(&rec, here, counter, s->name, what);
		rec_free(&rec);
	}
}

/* Each member speaks for its own nodes, with one record for each, of one form. */
static void test_presence(void)
{
	struct rec rec, next;
	unsigned int i;

	for (i = 0; i < SIGNERS; i++) {
		const struct signer *s = &signers[i];

		check_presence(s, NODE + 1, 1, 0, 0, REFUSED(ID), "another node's id");
		check_presence(s, 0, 1, 0, 0, REFUSED(ID), "a reserved id");
		check_presence(s, NODE, 1, 1, 0, REFUSED(MALFORMED), "a byte too much");
		check_presence(s, NODE, PEERGROUP_PRESENCE_ADDRESSES_MAX + 1, 0, 0,
			       REFUSED(MALFORMED), "an address too many");
		check_presence(s, NODE, 1, 0, PEERGROUP_RECORD_AUTOREFRESH, REFUSED(MALFORMED),
			       "flags");
		presence(&rec, &s->cert, NODE, 1, 0);
		rec.hdr.expires = htobe64(be64toh(rec.hdr.modified) + A_DAY + 1);
		rec_sign(&rec, &s->cert);
		put(&rec, i & 1, REFUSED(TIMES), s->name, "for more than a day");
		rec_free(&rec);
		presence(&rec, &s->cert, NODE, PEERGROUP_PRESENCE_ADDRESSES_MAX, 0);
		rec_sign(&rec, &s->cert);
		put(&rec, i & 1, STAT(ADDED), s->name, "presence");
		if (s->role != ADMIN) {
			rec_tombstone(&next, &rec, &signers[0].cert);
			rec_sign(&next, &signers[0].cert);
			put(&next, i & 1, REFUSED(ROLE), "an administrator", "ends another's");
			rec_free(&next);
		}
		rec_tombstone(&next, &rec, &s->cert);
		rec_sign(&next, &s->cert);
		put(&next, i & 1, STAT(DELETED), s->name, "its end");
		rec_free(&next);
		rec_free(&rec);
	}
}

static bool bytes_are(void *arg)
{
	return nl_group_number(&nl, group, G(BYTES)) == *(uint64_t *)arg;
}

/* One of a second, and its tombstone, are there and go. */
static void come_and_go(struct rec *rec, const struct cert *by)
{
	uint64_t before = nl_group_number(&nl, group, G(BYTES));
	struct rec next;

	rec->hdr.expires = htobe64(be64toh(rec->hdr.modified) + TICKS);
	rec_sign(rec, by);
	put(rec, true, STAT(ADDED), "somebody", "is there for a second");
	rec_tombstone(&next, rec, by);
	rec_sign(&next, by);
	put(&next, true, STAT(DELETED), "somebody", "goes");
	rec_free(&next);
	rec_free(rec);
	CHECK(wait_until(bytes_are, &before), "%llu bytes, not %llu",
	      (unsigned long long)nl_group_number(&nl, group, G(BYTES)),
	      (unsigned long long)before);
}

/* For who asks for changes since, no change is lost by what comes and goes all the time. */
static void test_presence_goes(void)
{
	uint64_t horizon = nl_group_number(&nl, group, G(HORIZON));
	const struct cert *by = &signers[1].cert;
	struct rec rec;

	presence(&rec, by, NODE + 2, 0, 0);
	said.head.node = htobe64(NODE + 2);
	come_and_go(&rec, by);
	CHECK(nl_group_number(&nl, group, G(HORIZON)) == horizon, "presence");
	rec_new(&rec, by, "x", 1);
	come_and_go(&rec, by);
	CHECK(nl_group_number(&nl, group, G(HORIZON)) > horizon, "a program's record");
}

/* A new word for a link's node, signed with a new certificate. */
static void renew(struct peer *p, const struct noise_meet *was, const struct cert *as,
		  const struct chain *chain)
{
	static uint8_t payload[PG_FRAME_MAX];
	struct noise_meet m;
	int len;

	meet_fill(&m, as, chain);
	m.credential.node = was->credential.node;
	len = noise_meet_write(&m, noise_link_key(p->link), payload);
	NEED(len > (int)sizeof(m.meet));
	peer_send(p, PG_MSG_CREDENTIAL, payload + sizeof(m.meet), len - sizeof(m.meet));
}

static struct cert fallen, by_fallen;

static void put_out(uint32_t index, struct nl *with, const struct cert *by, const struct cert *whom)
{
	struct peergroup_revocation body;
	struct rec rec;
	int err;

	revoking(&rec, by, whom, &body);
	rec_sign(&rec, by);
	err = nl_put_record(with, index, rec.wire, rec.len);
	CHECK(!err, "%d (%s)", err, with->text);
	rec_free(&rec);
}

/* An administrator is revoked, and with it what it issues, then or later. */
static void fall(uint32_t index, struct nl *with)
{
	put_out(index, with, &signers[0].cert, &fallen);
}

/* A link does not outlive a revocation by a certificate that fell with its issuer. */
static void test_renewed(void)
{
	static struct cert good;
	struct chain chain = { .cert = { &fallen.der, &by_fallen.der }, .n = 2 };
	struct noise_meet meet;
	uint64_t before, after;
	struct peer p, gone;
	uint32_t bye;

	cert_issue(&good, &root, test_key(3), MEMBER);
	meet_fill(&meet, &signers[2].cert, NULL);
	peer_connect(&p, PORT);
	NEED(peer_handshake(&p, &meet) && peer_expect(&p, PG_MSG_WELCOME));
	renew(&p, &meet, &good, NULL);
	CHECK(peer_alive(&p));

	peer_link(&gone, PORT, &fallen);
	fall(group, &nl);
	CHECK(peer_closed(&gone, &bye) && bye == PG_BYE_REVOKED, "bye %u", bye);
	peer_close(&gone);
	CHECK(peer_alive(&p));
	before = nl_stat(&nl, group, STAT(LINK_REVOKED));
	renew(&p, &meet, &by_fallen, &chain);
	CHECK(!peer_alive(&p));
	after = nl_stat(&nl, group, STAT(LINK_REVOKED));
	CHECK(after == before + 1, "%llu more", (unsigned long long)(after - before));
	peer_close(&p);
}

/*
 * In a group of its own: is a member told why, before its link ends? By who revokes it
 * here or (@there) over a link.
 */
static bool hears(uint16_t port, bool there)
{
	static struct cert top, admin, gone;
	struct peergroup_revocation body;
	bool heard = false;
	struct peer p, by;
	struct rec rec;
	uint32_t index;

	cert_new_root(&top, test_key(0));
	cert_issue(&admin, &top, test_key(1), ADMIN);
	cert_issue(&gone, &top, test_key(3), MEMBER);
	index = group_of(&nl, &top, &admin);
	group_online(&nl, index, &admin, port);
	peer_link(&p, port, &gone);
	NEED(peer_alive(&p));
	revoking(&rec, &admin, &gone, &body);
	rec_sign(&rec, &admin);
	if (there) {
		peer_link(&by, port, &admin);
		peer_send(&by, PG_MSG_RECORD, rec.wire, rec.len);
	} else {
		NEED(!nl_put_record(&nl, index, rec.wire, rec.len));
	}
	while (!heard && peer_next(&p))
		heard = p.type == PG_MSG_RECORD && p.len == rec.len &&
			!memcmp(p.got, rec.wire, rec.len);
	rec_free(&rec);
	peer_close(&p);
	if (there)
		peer_close(&by);
	NEED(!nl_simple(&nl, PEERGROUP_CMD_GROUP_CLOSE, PEERGROUP_A_GROUP_INDEX, index));
	return heard;
}

/*
 * Sending and judging go on side by side: what is queued must go out even where sending
 * is late, as it is here only where other processes come between.
 */
static void test_hears(void)
{
	unsigned int i, deaf = 0;

	for (i = 0; i < ROUNDS; i++)
		deaf += !hears(PORT + 1 + i, i & 1);
	CHECK(!deaf, "%u of %u do not hear of it", deaf, ROUNDS);
}

static bool own_revoked(void *arg)
{
	return nl_group_number(&nl, *(uint32_t *)arg, PEERGROUP_A_GROUP_STATUS) &
	       PEERGROUP_STATUS_REVOKED;
}

/* Who was let in again by another is in, even if for a shorter time. */
static void test_let_in_again(void)
{
	static struct cert again;
	struct chain chain = { .cert = { &fallen.der, &by_fallen.der }, .n = 2 };
	uint32_t index, same;
	struct peer p;

	NEED(!group_open(&nl, &root.der, &chain, &index));
	group_online(&nl, index, &by_fallen, PORT + 1);
	peer_link(&p, PORT + 1, &signers[0].cert);
	fall(index, &nl);
	CHECK(wait_until(own_revoked, &index));
	peer_close(&p);

	cert_below(&again, &root, test_key(3), MEMBER);
	again.spec.not_after = "350101000000Z";
	cert_sign(&again);
	chain = (struct chain){ .cert = { &again.der }, .n = 1 };
	NEED(!group_open(&nl, &root.der, &chain, &same));
	CHECK(same == index && !own_revoked(&index));
	NEED(!nl_simple(&nl, PEERGROUP_CMD_GROUP_DESTROY, PEERGROUP_A_GROUP_INDEX, index));
}

/* A link as @as that shows another chain later on, of the same key. */
static void link_as(struct peer *p, const struct cert *as, __be64 *node)
{
	struct noise_meet m;

	meet_fill(&m, as, NULL);
	*node = m.meet.node;
	peer_connect(p, PORT);
	NEED(peer_handshake(p, &m) && peer_expect(p, PG_MSG_WELCOME));
}

static void renew_as(struct peer *p, const struct cert *as, const struct chain *chain, __be64 node)
{
	static uint8_t text[PG_FRAME_MAX];
	struct noise_meet m;
	int len;

	meet_fill(&m, as, chain);
	m.credential.node = node;
	len = noise_meet_write(&m, noise_link_key(p->link), text);
	NEED(len > (int)sizeof(m.meet));
	peer_send(p, PG_MSG_CREDENTIAL, text + sizeof(m.meet), (size_t)len - sizeof(m.meet));
}

/* After that of key 3: what its administrator's certificate issued keeps no link. */
static void test_revoked_renewal(void)
{
	static struct cert fallen, below, late;
	struct chain chain = { .cert = { &fallen.der, &below.der }, .n = 2 };
	struct chain alone = { .cert = { &signers[0].cert.der }, .n = 1 };
	struct noise_meet m;
	unsigned int members;
	uint64_t revoked;
	struct peer p;
	__be64 node;
	uint32_t bye;

	cert_issue(&fallen, &root, test_key(3), ADMIN);
	cert_issue(&below, &fallen, test_key(1), MEMBER);
	link_as(&p, &signers[0].cert, &node);
	renew_as(&p, &signers[0].cert, &alone, node);
	CHECK(peer_alive(&p), "a good renewal");
	renew_as(&p, &below, &chain, node);
	CHECK(peer_closed(&p, &bye) && bye == PG_BYE_REVOKED, "bye %u", bye);
	peer_close(&p);

	/* Nor does what it issues from now on get into the table of members. */
	cert_issue(&late, &fallen, test_key(1), MEMBER);
	chain.cert[1] = &late.der;
	meet_fill(&m, &late, &chain);
	members = nl_count(&nl, PEERGROUP_CMD_MEMBER_GET, PEERGROUP_A_MEMBER_GROUP, group);
	revoked = nl_stat(&nl, group, STAT(LINK_REVOKED));
	peer_connect(&p, PORT);
	NEED(peer_handshake(&p, &m));
	CHECK(peer_closed(&p, NULL), "below somebody who was revoked: stays open");
	CHECK(counted_once(&nl, group, STAT(LINK_REVOKED), revoked));
	CHECK(nl_count(&nl, PEERGROUP_CMD_MEMBER_GET, PEERGROUP_A_MEMBER_GROUP, group) ==
	      members, "it was learnt");
	peer_close(&p);
}

/* It leaves a member less. */
static void test_revoked(void)
{
	struct peergroup_revocation body;
	struct rec rec, after;
	struct peer p;
	uint32_t bye;
	unsigned int here;

	rec_new(&after, &signers[2].cert, "later", 5);
	after.hdr.created = htobe64(be64toh(after.hdr.created) + 60 * TICKS);
	after.hdr.modified = after.hdr.created;
	rec_sign(&after, &signers[2].cert);
	revoking(&rec, &signers[0].cert, &signers[2].cert, &body);
	rec_sign(&rec, &signers[0].cert);
	peer_link(&p, PORT, &signers[2].cert);
	/* Who fills the table, and who fills an administrator's part of it, stops nobody from that. */
	NEED(!group_limit(&nl, group, PEERGROUP_A_LIMIT_RECORDS, 1));
	NEED(!group_limit(&nl, group, PEERGROUP_A_LIMIT_CREATOR_RECORDS, 1));
	put(&rec, true, STAT(ADDED), "an administrator", "revokes a member");
	NEED(!group_limit(&nl, group, PEERGROUP_A_LIMIT_RECORDS, 1 << 20));
	NEED(!group_limit(&nl, group, PEERGROUP_A_LIMIT_CREATOR_RECORDS, 0));
	/* It holds as soon as it is acknowledged, without waiting for the link to end. */
	put(&after, true, REFUSED(REVOKED), "a member", "publishes right after it was revoked");
	CHECK(peer_closed(&p, &bye) && bye == PG_BYE_REVOKED, "bye %u", bye);
	peer_close(&p);
	for (here = 0; here < 2; here++)
		put(&after, here, REFUSED(REVOKED), "a member", "publishes after it was revoked");
	rec_free(&after);

	/* Nothing takes the revocation's place. */
	rec_next(&after, &rec, &signers[0].cert, "", 0);
	memcpy(after.hdr.type, test_type, sizeof(test_type));
	for (here = 0; here < 2; here++) {
		after.hdr.version = htobe32(here ? 2 : PEERGROUP_VERSION_FINAL);
		rec_sign(&after, &signers[0].cert);
		put(&after, here, here ? REFUSED(STALE) : REFUSED(MALFORMED),
		    "an administrator", "puts something in a revocation's place");
	}
	rec_free(&after);
	rec_free(&rec);
}

struct judged {
	uint32_t index;
	uint64_t least;
};

static bool judged(void *arg)
{
	const struct judged *j = arg;

	return nl_stat(&nl, j->index, STAT(ADDED)) + nl_stat(&nl, j->index, REFUSED(RATE)) >=
	       j->least;
}

/* What comes over a link is taken, or refused as it comes too fast. */
static bool taken(struct peer *p, uint32_t index, const struct rec *rec)
{
	uint64_t before = nl_stat(&nl, index, STAT(ADDED));
	struct judged j = { index, before + nl_stat(&nl, index, REFUSED(RATE)) + 1 };

	peer_send(p, PG_MSG_RECORD, rec->wire, rec->len);
	CHECK(wait_until(judged, &j), "neither added nor too fast");
	return nl_stat(&nl, index, STAT(ADDED)) == before + 1;
}

/* An administrator who has used up its rate, here or (@p) over a link, revokes all the same. */
static void revokes_hasty(struct peer *p, uint32_t index, const struct cert *by,
			  const struct cert *whom)
{
	struct peergroup_revocation body;
	unsigned int n = 0;
	bool more = true;
	struct rec rec;
	int err;

	for (; more && n < 100; n++) {
		rec_new(&rec, by, "x", 1);
		rec_sign(&rec, by);
		err = p ? 0 : nl_put_record(&nl, index, rec.wire, rec.len);
		more = p ? taken(p, index, &rec) : !err;
		CHECK(more || p || err == -EAGAIN, "%d (%s)", err, nl.text);
		rec_free(&rec);
	}
	CHECK(!more, "any rate is taken");
	revoking(&rec, by, whom, &body);
	rec_sign(&rec, by);
	if (p) {
		CHECK(taken(p, index, &rec), "over a link");
	} else {
		err = nl_put_record(&nl, index, rec.wire, rec.len);
		CHECK(!err, "here: %d (%s)", err, nl.text);
	}
	rec_free(&rec);
}

/* In a group of its own. */
static void test_hasty(void)
{
	static struct cert top, admin, gone[2];
	uint16_t port = PORT + ROUNDS + 6;
	uint32_t index;
	struct peer p;

	cert_new_root(&top, test_key(0));
	cert_issue(&admin, &top, test_key(1), ADMIN);
	cert_issue(&gone[0], &top, test_key(2), MEMBER);
	cert_issue(&gone[1], &top, test_key(3), MEMBER);
	index = group_of(&nl, &top, &admin);
	NEED(!group_limit(&nl, index, PEERGROUP_A_LIMIT_CREATOR_RATE, 1));
	group_online(&nl, index, &admin, port);
	revokes_hasty(NULL, index, &admin, &gone[0]);
	peer_link(&p, port, &admin);
	revokes_hasty(&p, index, &admin, &gone[1]);
	peer_close(&p);
	NEED(!nl_simple(&nl, PEERGROUP_CMD_GROUP_CLOSE, PEERGROUP_A_GROUP_INDEX, index));
}

/* Calls the group at @port as @as, which is revoked there, and hears that it is. */
static void call_as(struct peer *p, uint16_t port, const struct cert *as, const struct chain *chain)
{
	struct noise_meet m;

	meet_fill(&m, as, chain);
	peer_connect(p, port);
	NEED(peer_handshake(p, &m));
	CHECK(peer_expect(p, PG_MSG_BYE), "not told");
}

static void call_revoked(struct peer *p)
{
	call_as(p, PORT, &signers[2].cert, NULL);
}

/* As one whom @fallen invited. */
static void call_fallen(struct peer *p, const struct cert *as)
{
	struct chain chain = { .cert = { &fallen.der, &as->der }, .n = 2 };

	call_as(p, PORT, as, &chain);
}

/* What it says then ends the link, and changes nothing. */
static void says_in_vain(uint8_t type, const void *body, size_t len, const char *what)
{
	unsigned int members = nl_count(&nl, PEERGROUP_CMD_MEMBER_GET, PEERGROUP_A_MEMBER_GROUP,
					group);
	uint64_t added = nl_stat(&nl, group, STAT(ADDED));
	struct peer p;

	call_revoked(&p);
	peer_send(&p, type, body, len);
	CHECK(peer_closed(&p, NULL), "%s: stays open", what);
	CHECK(nl_stat(&nl, group, STAT(ADDED)) == added, "%s: it is there", what);
	CHECK(nl_count(&nl, PEERGROUP_CMD_MEMBER_GET, PEERGROUP_A_MEMBER_GROUP, group) == members,
	      "%s: it was learnt", what);
	peer_close(&p);
}

/* After test_revoked(): it may bring revocations, which others made, and nothing else. */
static void test_appeal(void)
{
	static struct cert other, gone, second;
	struct peergroup_revocation body;
	uint8_t certs[DER_ROOM];
	struct rec rec, spoilt;
	uint64_t before, paced;
	struct peer p;
	int i, n;

	/* What ends a link below is what was said, and no deadline. */
	NEED(!group_limit(&nl, group, PEERGROUP_A_LIMIT_HANDSHAKE, 3600 * 1000));
	rec_new(&rec, &signers[0].cert, "an administrator's", 18);
	rec_sign(&rec, &signers[0].cert);
	says_in_vain(PG_MSG_RECORD, rec.wire, rec.len, "a record");
	rec_free(&rec);
	cert_issue(&other, &root, test_key(1), MEMBER);
	says_in_vain(PG_MSG_GMC, certs, chain_of(&other, certs), "a member's certificate");
	says_in_vain(PG_MSG_PING, "0123456789abcdef0123456789abcdef", sizeof(struct pg_ping), "a PING");

	cert_issue(&gone, &root, test_key(3), MEMBER);
	revoking(&rec, &signers[0].cert, &gone, &body);
	rec_sign(&rec, &signers[0].cert);
	spoilt = rec;
	spoilt.wire = malloc(rec.len);
	NEED(spoilt.wire);
	memcpy(spoilt.wire, rec.wire, rec.len);
	spoilt.wire[sizeof(struct peergroup_record_hdr) + 8] ^= 1;
	says_in_vain(PG_MSG_RECORD, spoilt.wire, rec.len, "a revocation that nobody signed");
	free(spoilt.wire);

	before = nl_stat(&nl, group, STAT(ADDED));
	call_revoked(&p);
	peer_send(&p, PG_MSG_RECORD, rec.wire, rec.len);
	CHECK(counted_once(&nl, group, STAT(ADDED), before), "a revocation");
	peer_close(&p);

	/* Nor the same without end. */
	NEED(!group_limit(&nl, group, PEERGROUP_A_LIMIT_PROOF_RATE, 1));
	paced = nl_stat(&nl, group, STAT(LINK_PACED));
	call_revoked(&p);
	for (i = 0; i < 20; i++)
		peer_send(&p, PG_MSG_RECORD, rec.wire, rec.len);
	CHECK(counted_once(&nl, group, STAT(LINK_PACED), paced), "it is read without end");
	peer_close(&p);
	/* And from those whose chains are not even learnt, as somebody above them was revoked. */
	cert_issue(&second, &fallen, test_key(1), MEMBER);
	paced = nl_stat(&nl, group, STAT(LINK_PACED));
	for (i = 0; i < 20 && nl_stat(&nl, group, STAT(LINK_PACED)) == paced; i++) {
		call_fallen(&p, i % 2 ? &second : &by_fallen);
		for (n = 0; n < 5; n++)
			peer_send(&p, PG_MSG_RECORD, rec.wire, rec.len);
		peer_close(&p);
	}
	CHECK(nl_stat(&nl, group, STAT(LINK_PACED)) > paced, "each call has a rate of its own");
	NEED(!group_limit(&nl, group, PEERGROUP_A_LIMIT_PROOF_RATE, 0));
	NEED(!group_limit(&nl, group, PEERGROUP_A_LIMIT_HANDSHAKE, 10 * 1000));
	rec_free(&rec);
}

/*
 * What a chain below somebody who was revoked costs is not remembered, so that it has a rate:
 * who calls again and again is only told in the end. Others' chains are no part of that.
 */
static void test_appeal_calls(void)
{
	static struct cert top, admin, gone, below[3], made_up;
	struct chain chain = { .cert = { &gone.der }, .n = 1 }, spoilt;
	struct noise_meet m;
	uint16_t port = PORT + ROUNDS + 3;
	uint64_t paced;
	uint32_t index;
	struct peer p;
	int i;

	cert_new_root(&top, test_key(0));
	cert_issue(&admin, &top, test_key(1), ADMIN);
	cert_issue(&gone, &top, test_key(2), INVITING);
	for (i = 0; i < 3; i++) {
		cert_issue(&below[i], i ? &below[i - 1] : &gone, test_key(3), INVITING);
		chain.cert[chain.n++] = &below[i].der;
	}
	cert_below(&made_up, &gone, test_key(3), INVITING);
	made_up.spec.signer = test_key(3);
	cert_sign(&made_up);
	spoilt = chain;
	spoilt.cert[1] = &made_up.der;
	index = group_of(&nl, &top, &admin);
	group_online(&nl, index, &admin, port);
	peer_link(&p, port, &gone);
	peer_close(&p);
	put_out(index, &nl, &admin, &gone);
	NEED(!group_limit(&nl, index, PEERGROUP_A_LIMIT_PROOF_RATE, 1));
	paced = nl_stat(&nl, index, STAT(LINK_PACED));
	for (i = 0; i < 40; i++) {
		peer_connect(&p, port);
		meet_fill(&m, &below[2], &spoilt);
		NEED(peer_handshake(&p, &m));
		CHECK(!peer_expect(&p, PG_MSG_BYE), "told who has made it up");
		peer_close(&p);
	}
	CHECK(nl_stat(&nl, index, STAT(LINK_PACED)) == paced, "by chains that do not hold");
	for (i = 0; i < 40 && nl_stat(&nl, index, STAT(LINK_PACED)) == paced; i++) {
		call_as(&p, port, &below[2], &chain);
		peer_close(&p);
	}
	CHECK(nl_stat(&nl, index, STAT(LINK_PACED)) > paced, "each call has its chain verified");
	NEED(!nl_simple(&nl, PEERGROUP_CMD_GROUP_CLOSE, PEERGROUP_A_GROUP_INDEX, index));
}

/* A call that shows no membership, revoked or not: without a word, and nothing is heard. */
static void proves_nothing(const struct noise_meet *m, const char *what)
{
	unsigned int members = nl_count(&nl, PEERGROUP_CMD_MEMBER_GET, PEERGROUP_A_MEMBER_GROUP,
					group);
	uint64_t before = nl_stat(&nl, group, STAT(LINK_CREDENTIAL));
	uint64_t revoked = nl_stat(&nl, group, STAT(LINK_REVOKED));
	struct peer p;
	uint32_t bye;

	peer_connect(&p, PORT);
	NEED(peer_handshake(&p, m));
	CHECK(peer_closed(&p, &bye) && !bye, "%s: bye %u", what, bye);
	CHECK(nl_stat(&nl, group, STAT(LINK_CREDENTIAL)) == before + 1, "%s: not counted", what);
	CHECK(nl_stat(&nl, group, STAT(LINK_REVOKED)) == revoked, "%s: taken for revoked", what);
	CHECK(nl_count(&nl, PEERGROUP_CMD_MEMBER_GET, PEERGROUP_A_MEMBER_GROUP, group) == members,
	      "%s: it was learnt", what);
	peer_close(&p);
}

/* After test_appeal(): a revoked one's certificate is known to all that it ever met. */
static void test_appeal_stranger(void)
{
	static struct cert made_up, inviting, below;
	struct chain chain = { .cert = { &fallen.der, &made_up.der }, .n = 2 };
	struct chain longer = { .cert = { &fallen.der, &inviting.der, &below.der }, .n = 3 };
	struct chain good = { .cert = { &fallen.der, &by_fallen.der }, .n = 2 };
	uint64_t now = peer_time_now();
	struct noise_meet m;

	cert_below(&made_up, &fallen, test_key(3), MEMBER);
	made_up.spec.signer = test_key(3);
	cert_sign(&made_up);
	meet_fill(&m, &made_up, &chain);
	proves_nothing(&m, "a certificate made by oneself");

	cert_issue(&inviting, &fallen, test_key(1), INVITING);
	cert_below(&below, &inviting, test_key(3), MEMBER);
	below.spec.signer = test_key(3);
	cert_sign(&below);
	meet_fill(&m, &below, &longer);
	proves_nothing(&m, "one made by oneself behind a good one");

	meet_fill(&m, &by_fallen, &good);
	m.signer = test_key(2);
	proves_nothing(&m, "a chain without its key");
	m.signer = NULL;
	proves_nothing(&m, "a signature that is none");
	meet_fill(&m, &by_fallen, &good);
	m.credential.not_before = htobe64(now - 7200 * TICKS);
	m.credential.not_after = htobe64(now - 3600 * TICKS);
	proves_nothing(&m, "a credential that is over");
}

#define LIES	40U

/* @of with signatures that are none, no two the same, in one piece: read before any is verified. */
static void send_lies(struct peer *p, const struct rec *of)
{
	struct pg_msg_hdr hdr = { .len = htobe32((uint32_t)of->len), .type = PG_MSG_RECORD };
	uint8_t *all = malloc(LIES * (sizeof(hdr) + of->len)), *at = all;
	unsigned int i;

	NEED(all);
	for (i = 0; i < LIES; i++) {
		at = mempcpy(at, &hdr, sizeof(hdr));
		memcpy(at, of->wire, of->len);
		at[rec_sig_at(of) + i] ^= 1;
		at += of->len;
	}
	peer_write(p, all, (size_t)(at - all));
	free(all);
}

/* Sends lies, and hears the link end: how many signatures were checked for that. */
static unsigned int lies_checked(struct peer *p, const struct rec *of)
{
	uint64_t before = nl_stat(&nl, group, REFUSED(SIGNATURE));
	struct peer after;

	send_lies(p, of);
	CHECK(peer_closed(p, NULL), "stays open");
	peer_close(p);
	/* Another one comes behind all that would still be checked. */
	peer_link(&after, PORT, &owner);
	CHECK(peer_alive(&after));
	peer_close(&after);
	return (unsigned int)(nl_stat(&nl, group, REFUSED(SIGNATURE)) - before);
}

/*
 * Of what waits to be verified nothing is any more when the first was a lie, and of what is
 * brought by who is no member, little waits.
 */
static void test_lies(void)
{
	struct peergroup_revocation body;
	static struct cert gone;
	struct rec rec, lie;
	unsigned int n;
	struct peer p;

	cert_issue(&gone, &root, test_key(3), MEMBER);
	revoking(&rec, &signers[0].cert, &gone, &body);
	rec_sign(&rec, &signers[0].cert);
	call_revoked(&p);
	n = lies_checked(&p, &rec);
	CHECK(n && n <= 4, "of who was revoked: %u of %u", n, LIES);
	rec_free(&rec);

	rec_new(&lie, &owner, "a lie", 5);
	rec_sign(&lie, &owner);
	peer_link(&p, PORT, &owner);
	n = lies_checked(&p, &lie);
	CHECK(n && n <= LIES / 2, "of a member: %u of %u", n, LIES);
	rec_free(&lie);
}

/* Calls as call_as(), and brings a record. */
static void appeal(struct peer *p, uint16_t port, const struct cert *as, const struct rec *rec)
{
	call_as(p, port, as, NULL);
	peer_send(p, PG_MSG_RECORD, rec->wire, rec->len);
}

/*
 * An administrator that was revoked dates what it likes. By itself it gets rid of nobody any
 * more, nor fills the table: what it says of who revoked it is heard, which rank decides
 * about, and not again and again.
 */
static void test_appeal_own(void)
{
	static struct cert top, admin, late, third;
	struct peergroup_revocation body;
	struct peer p, bystander;
	struct rec rec, more[4];
	uint32_t index;
	uint64_t added;
	unsigned int i;

	cert_new_root(&top, test_key(0));
	cert_issue(&admin, &top, test_key(1), ADMIN);
	cert_below(&late, &top, test_key(2), ADMIN);
	late.spec.not_before = "220101000000Z";
	cert_sign(&late);
	cert_issue(&third, &top, test_key(3), MEMBER);
	index = group_of(&nl, &top, &admin);
	group_online(&nl, index, &admin, PORT + ROUNDS + 1);
	peer_link(&bystander, PORT + ROUNDS + 1, &third);
	peer_link(&p, PORT + ROUNDS + 1, &late);
	/* Made, or so it says, before it was revoked. */
	revoking(&rec, &late, &third, &body);
	rec_sign(&rec, &late);
	for (i = 0; i < 4; i++) {
		revoking(&more[i], &late, &admin, &body);
		rec_sign(&more[i], &late);
	}
	peer_close(&p);
	put_out(index, &nl, &admin, &late);

	added = nl_stat(&nl, index, STAT(ADDED));
	appeal(&p, PORT + ROUNDS + 1, &late, &rec);
	peer_send(&p, PG_MSG_RECORD, more[0].wire, more[0].len);
	CHECK(counted_once(&nl, index, STAT(ADDED), added), "what it says of who revoked it");
	peer_close(&p);
	added = nl_stat(&nl, index, STAT(ADDED));
	for (i = 1; i < 4; i++) {
		appeal(&p, PORT + ROUNDS + 1, &late, &more[i]);
		peer_send(&p, PG_MSG_PING, "0123456789abcdef0123456789abcdef",
			  sizeof(struct pg_ping));
		CHECK(peer_closed(&p, NULL));
		peer_close(&p);
		if (i == 1)
			CHECK(wait_stat(&nl, index, STAT(ADDED), added + 1));
	}
	CHECK(counted_once(&nl, index, STAT(ADDED), added), "the same again and again");
	CHECK(peer_alive(&bystander), "it has revoked another one");
	for (i = 0; i < 4; i++)
		rec_free(&more[i]);
	rec_free(&rec);
	peer_close(&bystander);
	NEED(!nl_simple(&nl, PEERGROUP_CMD_GROUP_CLOSE, PEERGROUP_A_GROUP_INDEX, index));
}

/*
 * Who calls and is revoked is heard until the time for the handshake is over, whatever is judged
 * meanwhile: what it says first may be what makes all be judged again.
 */
static void test_appeal_on(void)
{
	static struct cert top, admin, gone, third;
	uint16_t port = PORT + ROUNDS + 5;
	struct peergroup_revocation body;
	uint64_t added, revoked;
	uint32_t index;
	struct peer p;
	struct rec rec;
	bool heard;

	cert_new_root(&top, test_key(0));
	cert_issue(&admin, &top, test_key(1), ADMIN);
	cert_issue(&gone, &top, test_key(2), MEMBER);
	cert_issue(&third, &top, test_key(3), MEMBER);
	index = group_of(&nl, &top, &admin);
	NEED(!group_limit(&nl, index, PEERGROUP_A_LIMIT_HANDSHAKE, 3600 * 1000));
	group_online(&nl, index, &admin, port);
	peer_link(&p, port, &third);
	peer_close(&p);
	peer_link(&p, port, &gone);
	put_out(index, &nl, &admin, &gone);
	CHECK(peer_closed(&p, NULL));
	peer_close(&p);
	revoked = nl_stat(&nl, index, STAT(LINK_REVOKED)) + 1;
	call_as(&p, port, &gone, NULL);
	CHECK(wait_stat(&nl, index, STAT(LINK_REVOKED), revoked));
	/* Judged before it is acknowledged, and a verdict is another one. */
	put_out(index, &nl, &admin, &third);
	heard = nl_stat(&nl, index, STAT(LINK_REVOKED)) == revoked;
	CHECK(heard, "counted again, and ended");
	added = nl_stat(&nl, index, STAT(ADDED));
	revoking(&rec, &admin, &third, &body);
	rec_sign(&rec, &admin);
	if (heard) {
		peer_send(&p, PG_MSG_RECORD, rec.wire, rec.len);
		CHECK(counted_once(&nl, index, STAT(ADDED), added), "it is heard no more");
	}
	rec_free(&rec);
	peer_close(&p);
	NEED(!nl_simple(&nl, PEERGROUP_CMD_GROUP_CLOSE, PEERGROUP_A_GROUP_INDEX, index));
}

/* A later one of the group's own member, from a program that opens the group. */
static void open_later(uint32_t index, const struct cert *top, struct cert *cert, const char *from)
{
	struct chain chain = { .n = 1 };
	uint32_t same;

	cert_below(cert, top, test_key(1), MEMBER);
	cert->spec.not_before = from;
	cert_sign(cert);
	chain.cert[0] = &cert->der;
	NEED(!group_open(&nl, &top->der, &chain, &same) && same == index);
}

/* The module shows @cert to who calls. */
static void meet(struct peer *p, uint16_t port, const struct cert *as, const struct cert *cert)
{
	peer_link(p, port, as);
	CHECK(peer_showed(p, cert));
}

static void say_revoked(struct peer *p)
{
	struct pg_bye bye = { .reason = htobe32(PG_BYE_REVOKED) };

	peer_send(p, PG_MSG_BYE, &bye, sizeof(bye));
	CHECK(peer_closed(p, NULL));
	peer_close(p);
}

/*
 * Who says that this end were revoked means what it was shown when they met: what it is told
 * of since, as here, it may not have heard yet. Then the next certificate has its turn.
 */
static void test_farewell(void)
{
	static struct cert top, first, second, third, other;
	uint16_t port = PORT + ROUNDS + 2;
	uint32_t index;
	struct peer p;

	cert_new_root(&top, test_key(0));
	cert_issue(&first, &top, test_key(1), MEMBER);
	cert_issue(&other, &top, test_key(2), MEMBER);
	index = group_of(&nl, &top, &first);
	group_online(&nl, index, &first, port);
	open_later(index, &top, &second, "250101000000Z");
	meet(&p, port, &other, &second);
	open_later(index, &top, &third, "260101000000Z");
	CHECK(peer_expect(&p, PG_MSG_CREDENTIAL));
	say_revoked(&p);
	meet(&p, port, &other, &third);
	say_revoked(&p);
	meet(&p, port, &other, &second);
	say_revoked(&p);
	meet(&p, port, &other, &first);
	peer_close(&p);
	NEED(!nl_simple(&nl, PEERGROUP_CMD_GROUP_DESTROY, PEERGROUP_A_GROUP_INDEX, index));
}

/* Of its links none is up. */
static bool alone(void *arg)
{
	const uint32_t *index = arg;

	return nl_stat(&nl, *index, STAT(LINKS_DOWN)) == nl_stat(&nl, *index, STAT(LINKS_UP));
}

/*
 * Who says so again and again is listened to once about each certificate, as long as another
 * member takes it.
 */
static void test_farewells(void)
{
	static struct cert top, first, second, liar, other;
	uint16_t port = PORT + ROUNDS + 4;
	struct peer p, bystander;
	uint32_t index;

	cert_new_root(&top, test_key(0));
	cert_issue(&first, &top, test_key(1), MEMBER);
	cert_issue(&liar, &top, test_key(2), MEMBER);
	cert_issue(&other, &top, test_key(3), MEMBER);
	index = group_of(&nl, &top, &first);
	group_online(&nl, index, &first, port);
	open_later(index, &top, &second, "250101000000Z");
	meet(&bystander, port, &other, &second);
	meet(&p, port, &liar, &second);
	say_revoked(&p);
	meet(&p, port, &liar, &first);
	say_revoked(&p);
	meet(&p, port, &liar, &second);
	say_revoked(&p);
	meet(&p, port, &liar, &second);
	CHECK(peer_alive(&bystander));
	peer_close(&bystander);
	/* What another one says counts. */
	meet(&bystander, port, &other, &second);
	say_revoked(&bystander);
	meet(&bystander, port, &other, &first);
	/* It takes not all of them now, so that it does not speak against the first one. */
	meet(&p, port, &liar, &first);
	say_revoked(&p);
	meet(&p, port, &liar, &second);
	peer_close(&bystander);
	peer_close(&p);
	/* And who may be the only one that can be reached is listened to again. */
	NEED(wait_until(alone, &index));
	meet(&p, port, &liar, &second);
	say_revoked(&p);
	meet(&p, port, &liar, &first);
	peer_close(&p);
	NEED(!nl_simple(&nl, PEERGROUP_CMD_GROUP_DESTROY, PEERGROUP_A_GROUP_INDEX, index));
}

static void set_up(void)
{
	struct peer p;
	unsigned int i;

	NEED(!nl_open(&nl));
	cert_new_root(&root, test_key(0));
	cert_issue(&owner, &root, test_key(0), MEMBER);
	group = group_of(&nl, &root, &owner);
	group_online(&nl, group, &owner, PORT);
	cert_issue(&fallen, &root, test_key(2), ADMIN);
	cert_issue(&by_fallen, &fallen, test_key(3), MEMBER);
	for (i = 0; i < SIGNERS; i++) {
		cert_issue(&signers[i].cert, &root, test_key(1 + i), signers[i].role);
		peer_link(&p, PORT, &signers[i].cert);
		NEED(peer_alive(&p));
		peer_close(&p);
	}
}

int main(void)
{
	static const struct tap_test tests[] = {
		{ "who may issue which role", test_issue },
		{ "certificates inside their issuer's", test_issue_times },
		{ "who may publish, change and delete whose records", test_records },
		{ "the name of one and the key of another", test_borrowed },
		{ "records inside their signer's certificate", test_times },
		{ "presence", test_presence },
		{ "reserved types", test_reserved },
		{ "presence that goes", test_presence_goes },
		{ "a link, renewed by an administrator that was revoked", test_renewed },
		{ "who is revoked hears of it", test_hears },
		{ "a member that was let in again", test_let_in_again },
		{ "a member that was revoked", test_revoked },
		{ "an administrator who has used up its rate revokes", test_hasty },
		{ "what a member that was revoked may bring", test_appeal },
		{ "who shows only that somebody was revoked", test_appeal_stranger },
		{ "who is revoked calls again and again", test_appeal_calls },
		{ "lies, of which the first is one too many", test_lies },
		{ "what an administrator that was revoked may bring", test_appeal_own },
		{ "who is revoked is heard, whatever is judged meanwhile", test_appeal_on },
		{ "a renewal by somebody who was revoked", test_revoked_renewal },
		{ "a farewell that crosses a later certificate", test_farewell },
		{ "one farewell after another", test_farewells },
	};

	need_module();
	own_namespace();
	set_up();
	return tap_main(tests, sizeof(tests) / sizeof(tests[0]));
}
