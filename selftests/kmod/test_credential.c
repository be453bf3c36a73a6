// SPDX-License-Identifier: GPL-2.0-only
/*
 * The member's word for the node: a group does not go online without one, and
 * takes none that another key signed, that is for another node or another group, that
 * reaches beyond the certificate, or that was signed as something else. Nobody who has
 * a link goes without the latest.
 */
#include <endian.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <time.h>
#include "group.h"
#include "peer.h"
#include "tap.h"

static struct cert root, own, other, foreign_root;
static struct nl nl;
static uint32_t group;

struct credential {
	struct peergroup_credential c;
	uint8_t sig[PEERGROUP_SIG_LEN_MAX];
	size_t len;
};

/* A good one, to be spoilt and signed. */
static void begin(struct credential *c)
{
	memset(c, 0, sizeof(*c));
	group_node(&nl, group, &c->c);
	c->c.not_before = htobe64(peer_time_now());
	c->c.not_after = htobe64(peer_time_now() + 60 * TICKS);
}

static void finish(struct credential *c, const struct cert *in, const struct cert *by)
{
	c->len = credential_sign(&c->c, in->spec.group, by->spec.key);
}

static void refused(struct credential *c, int err, const char *what)
{
	int got = group_credential(&nl, group, &c->c, c->len);

	CHECK(got == err, "%s: %s, not %s", what, strerror(-got), strerror(-err));
	CHECK(!got || nl.text[0], "%s: without a word", what);
}

static int online(bool on)
{
	struct nlmsghdr *msg = nl_begin(&nl, PEERGROUP_CMD_GROUP_SET, 0);

	mnl_attr_put_u32(msg, PEERGROUP_A_GROUP_INDEX, group);
	mnl_attr_put_u8(msg, PEERGROUP_A_GROUP_ONLINE, on);
	return nl_talk(&nl, msg, NULL, NULL);
}

static void test_none(void)
{
	CHECK(online(true) == -ENOKEY, "%s", nl.text);
	CHECK(strstr(nl.text, "CREDENTIAL"), "%s", nl.text);
}

static void test_other_key(void)
{
	struct credential c;

	begin(&c);
	finish(&c, &own, &other);
	refused(&c, -EKEYREJECTED, "signed by another member");
	begin(&c);
	finish(&c, &foreign_root, &own);
	refused(&c, -EKEYREJECTED, "signed for another group");
	begin(&c);
	finish(&c, &own, &own);
	c.sig[9] ^= 1;
	refused(&c, -EKEYREJECTED, "a bit of the signature");
}

static void test_other_node(void)
{
	struct credential c;

	begin(&c);
	c.c.key[7] ^= 1;
	finish(&c, &own, &own);
	refused(&c, -EKEYREJECTED, "another key");
	begin(&c);
	c.c.node ^= 1;
	finish(&c, &own, &own);
	refused(&c, -EKEYREJECTED, "another id");
}

static void test_times(void)
{
	struct credential c;

	begin(&c);
	c.c.not_before = htobe64(1);
	finish(&c, &own, &own);
	refused(&c, -EKEYEXPIRED, "older than the certificate");
	begin(&c);
	c.c.not_after = htobe64(UINT64_MAX);
	finish(&c, &own, &own);
	refused(&c, -EKEYEXPIRED, "longer than the certificate");
	begin(&c);
	c.c.not_before = htobe64(peer_time_now() - 2 * TICKS);
	c.c.not_after = htobe64(peer_time_now() - TICKS);
	finish(&c, &own, &own);
	refused(&c, -EKEYEXPIRED, "over");
	begin(&c);
	c.c.not_after = c.c.not_before;
	finish(&c, &own, &own);
	refused(&c, -EBADMSG, "no time at all");
}

#define TAG(name)	{ PEERGROUP_##name##_TAG, PEERGROUP_##name##_TAG_LEN }

/* What a member's signature is for, by the tag that it is made behind. */
static const struct tag {
	const char *text;
	size_t len;
} record_tag = TAG(RECORD), credential_tag = TAG(CREDENTIAL), others[] = {
	TAG(BATCH), TAG(REVOCATION), TAG(PASSWORD), { "", 0 },
};

/* Of @own, for this group, behind any tag; return: its bytes. */
static size_t sign_behind(const struct tag *tag, const void *text, size_t len, uint8_t *sig)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	size_t n = PEERGROUP_SIG_LEN_MAX;

	NEED(ctx && EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, own.spec.key) == 1);
	NEED(EVP_DigestSignUpdate(ctx, tag->text, tag->len) == 1 &&
	     EVP_DigestSignUpdate(ctx, own.spec.group, PEERGROUP_HASH_LEN) == 1 &&
	     EVP_DigestSignUpdate(ctx, text, len) == 1 &&
	     EVP_DigestSignFinal(ctx, sig, &n) == 1);
	EVP_MD_CTX_free(ctx);
	return n;
}

/* The very record, signed as something else; or (@sig) with a signature of something else. */
static void no_record(const struct tag *tag, const uint8_t *sig)
{
	uint64_t before = nl_stat(&nl, group, PEERGROUP_A_STATS_REFUSED_SIGNATURE);
	uint8_t *at, good[PEERGROUP_SIG_LEN_MAX];
	struct rec rec;
	size_t len;
	int err;

	rec_new(&rec, &own, "x", 1);
	rec_sign(&rec, &own);
	at = rec.wire + rec_sig_at(&rec);
	len = sign_behind(&record_tag, &rec.hdr, sizeof(rec.hdr), good);
	CHECK(!memcmp(at, good, len), "records are signed otherwise");
	if (sig)
		memcpy(at, sig, len);
	else
		sign_behind(tag, &rec.hdr, sizeof(rec.hdr), at);
	err = nl_put_record(&nl, group, rec.wire, rec.len);
	CHECK(err == -EKEYREJECTED, "a record as \"%s\": %d (%s)", tag->text, err, nl.text);
	CHECK(nl_stat(&nl, group, PEERGROUP_A_STATS_REFUSED_SIGNATURE) == before + 1, "\"%s\"",
	      tag->text);
	memcpy(at, good, len);
	CHECK(!nl_put_record(&nl, group, rec.wire, rec.len), "and signed as one: %s", nl.text);
	rec_free(&rec);
}

/* The same of a credential. */
static void no_credential(const struct tag *tag, const uint8_t *sig)
{
	struct credential c;

	begin(&c);
	finish(&c, &own, &own);
	if (sig)
		memcpy(c.sig, sig, c.len - sizeof(c.c));
	else
		sign_behind(tag, &c.c, offsetof(struct peergroup_credential, algo), c.sig);
	refused(&c, -EKEYREJECTED, tag->text);
	finish(&c, &own, &own);
	refused(&c, 0, "and signed as one");
}

/* Nothing that a member signs is anything else, too, not even where the bytes are the same. */
static void test_purpose(void)
{
	struct credential c;
	struct rec rec;
	unsigned int i;

	begin(&c);
	finish(&c, &own, &own);
	rec_new(&rec, &own, "x", 1);
	rec_sign(&rec, &own);
	no_record(&credential_tag, c.sig);
	no_record(&credential_tag, NULL);
	no_credential(&record_tag, rec.wire + rec_sig_at(&rec));
	no_credential(&record_tag, NULL);
	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		no_record(&others[i], NULL);
		no_credential(&others[i], NULL);
	}
	rec_free(&rec);
}

static void test_form(void)
{
	struct credential c;
	size_t len;

	begin(&c);
	finish(&c, &own, &own);
	len = c.len;
	for (c.len = 1; c.len < len; c.len++)
		refused(&c, -EBADMSG, "cut off");
	c.len = len + 1;
	refused(&c, -EBADMSG, "a byte too many");
	c.len = len;
	c.c.zero = 1;
	refused(&c, -EBADMSG, "what must be zero");
	c.c.zero = 0;
	c.c.algo = PEERGROUP_SIG_P256_SHA256;
	refused(&c, -EBADMSG, "another algorithm");
}

static void test_good(void)
{
	struct credential c;

	begin(&c);
	finish(&c, &own, &own);
	refused(&c, 0, "a good one");
	CHECK(nl_group_number(&nl, group, PEERGROUP_A_GROUP_CREDENTIAL_EXPIRES) ==
	      be64toh(c.c.not_after));
	CHECK(!online(true), "%s", nl.text);
	/* A bad one leaves the good one in its place. */
	c.sig[0] ^= 1;
	refused(&c, -EKEYREJECTED, "a bad one after it");
	CHECK(!online(false) && !online(true), "%s", nl.text);
}

/* A link that shows a member's proof before there is a new one hears of that when it is up. */
static void test_meanwhile(void)
{
	uint8_t msg[PG_FRAME_MAX];
	struct noise_meet meet;
	struct credential c;
	struct peer p;

	peer_connect(&p, PEERGROUP_PORT);
	meet_fill(&meet, &other, NULL);
	peer_call(&p, root.spec.group, NULL);
	NEED(peer_hear(&p));
	begin(&c);
	c.c.not_after = htobe64(be64toh(c.c.not_after) + TICKS);
	finish(&c, &own, &own);
	refused(&c, 0, "a new one");
	peer_raw(&p, msg, peer_third(&p, &meet, msg));
	NEED(peer_expect(&p, PG_MSG_WELCOME));
	peer_send(&p, PG_MSG_PING, &(struct pg_ping){ .time = htobe64(peer_time_now()) },
		  sizeof(struct pg_ping));
	while (peer_next(&p) && p.type != PG_MSG_CREDENTIAL && p.type != PG_MSG_PONG)
		;
	CHECK(p.type == PG_MSG_CREDENTIAL && !memcmp(p.got, &c.c, sizeof(c.c)));
	peer_close(&p);
	/* Who has seen the latest is not told again. */
	peer_link(&p, PEERGROUP_PORT, &other);
	peer_send(&p, PG_MSG_PING, &(struct pg_ping){ .time = htobe64(peer_time_now()) },
		  sizeof(struct pg_ping));
	while (peer_next(&p) && p.type != PG_MSG_CREDENTIAL && p.type != PG_MSG_PONG)
		;
	CHECK(p.type == PG_MSG_PONG);
	peer_close(&p);
}

/* The group is opened by one that begins now and soon ends; the longer one is there still. */
static bool open_brief(struct cert *brief, unsigned int seconds)
{
	struct chain chain = { .cert = { &brief->der }, .n = 1 };
	static char from[16], until[16];
	time_t now = time(NULL);
	time_t end = now + seconds;
	uint32_t index;

	strftime(from, sizeof(from), "%y%m%d%H%M%SZ", gmtime(&now));
	strftime(until, sizeof(until), "%y%m%d%H%M%SZ", gmtime(&end));
	cert_below(brief, &root, test_key(1), PEERGROUP_ROLE_MEMBER);
	brief->spec.not_before = from;
	brief->spec.not_after = until;
	cert_sign(brief);
	return !group_open(&nl, &root.der, &chain, &index);
}

/* The next proof shows that certificate. */
static bool shown(struct peer *p, const struct cert *cert)
{
	return peer_expect(p, PG_MSG_CREDENTIAL) &&
	       memmem(p->got, p->len, cert->der.p, cert->der.len);
}

/* True where the longer one takes the place of one that lasts so long, before that is over. */
static bool succeeds(struct peer *p, unsigned int seconds)
{
	uint64_t end = peer_time_now() + seconds * TICKS;
	struct cert brief;

	/* How long before depends on that. */
	CHECK(!group_limit(&nl, group, PEERGROUP_A_LIMIT_KEEPALIVE, seconds * 600), "%s", nl.text);
	/* No credential comes with it: the one that there is goes with this one, too. */
	return open_brief(&brief, seconds) && shown(p, &brief) && shown(p, &own) &&
	       peer_time_now() < end;
}

/* Who proved itself by a certificate that ends shows another before that, on its links. */
static void test_successor(void)
{
	unsigned int seconds = 6;
	struct credential c;
	struct peer p;

	/* The link's first look is not to be late. */
	CHECK(!group_limit(&nl, group, PEERGROUP_A_LIMIT_KEEPALIVE, seconds * 600), "%s", nl.text);
	peer_link(&p, PEERGROUP_PORT, &other);
	/* A machine may take long for what it does meanwhile. */
	while (!succeeds(&p, seconds)) {
		seconds *= 2;
		NEED(seconds < 100);
	}
	/* What was signed before the latest begins holds as well. */
	begin(&c);
	c.c.not_before = htobe64(peer_time_now() - 3600 * TICKS);
	finish(&c, &own, &own);
	refused(&c, 0, "one from before the latest");
	peer_close(&p);
}

int main(void)
{
	static const struct tap_test tests[] = {
		{ "without one a group stays offline", test_none },
		{ "one that the member did not sign", test_other_key },
		{ "one for another node", test_other_node },
		{ "one that is over, or outlives the certificate", test_times },
		{ "what was signed for one purpose is nothing for another", test_purpose },
		{ "one that breaks the format", test_form },
		{ "a good one", test_good },
		{ "a new one during a handshake", test_meanwhile },
		{ "the certificate that is shown ends, another does not", test_successor },
	};

	need_module();
	own_namespace();
	NEED(!nl_open(&nl));
	cert_new_root(&root, test_key(0));
	cert_new_root(&foreign_root, test_key(3));
	cert_issue(&own, &root, test_key(1), PEERGROUP_ROLE_MEMBER);
	cert_issue(&other, &root, test_key(2), PEERGROUP_ROLE_MEMBER);
	group = group_of(&nl, &root, &own);
	return tap_main(tests, sizeof(tests) / sizeof(tests[0]));
}
