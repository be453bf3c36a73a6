// SPDX-License-Identifier: GPL-2.0-only
/*
 * CPace by the test vectors of draft-irtf-cfrg-cpace, section "Test vector for CPace using
 * group ristretto255 and hash SHA-512" (B.3 in draft-21; the same since draft-11); and the
 * messages that join by password, with the right password, with a wrong one, altered,
 * cut short and repeated.
 */
#include "lib_test.h"
#include "cpace.h"
#include "pake.h"

static const uint8_t g_expected[] = {
	0x5e, 0x25, 0x41, 0x1c, 0xa1, 0xad, 0x7c, 0x9d, 0xeb, 0xfd, 0x0b, 0x33, 0xad, 0x98, 0x7a, 0x95,
	0xce, 0xfe, 0xf2, 0xd3, 0xf1, 0x5d, 0xcc, 0x8b, 0xd2, 0x64, 0x15, 0xa5, 0xdf, 0xe2, 0xe1, 0x5a,
};
static const uint8_t ya[] = {
	0xda, 0x3d, 0x23, 0x70, 0x0a, 0x9e, 0x56, 0x99, 0x25, 0x8a, 0xef, 0x94, 0xdc, 0x06, 0x0d, 0xfd,
	0xa5, 0xeb, 0xb6, 0x1f, 0x02, 0xa5, 0xea, 0x77, 0xfa, 0xd5, 0x3f, 0x4f, 0xf0, 0x97, 0x6d, 0x08,
};
static const uint8_t ya_share[] = {
	0x38, 0x3a, 0x85, 0xdd, 0x23, 0x69, 0x78, 0xf1, 0x7f, 0x8c, 0x85, 0x45, 0xb5, 0x0d, 0xab, 0xc5,
	0x2a, 0x39, 0xfc, 0xda, 0xb2, 0xcf, 0x8b, 0xc5, 0x31, 0xce, 0x04, 0x0f, 0xf7, 0x7c, 0xa8, 0x2d,
};
static const uint8_t yb[] = {
	0xd2, 0x31, 0x6b, 0x45, 0x47, 0x18, 0xc3, 0x53, 0x62, 0xd8, 0x3d, 0x69, 0xdf, 0x63, 0x20, 0xf3,
	0x85, 0x78, 0xed, 0x59, 0x84, 0x65, 0x14, 0x35, 0xe2, 0x94, 0x97, 0x62, 0xd9, 0x00, 0xb8, 0x0d,
};
static const uint8_t yb_share[] = {
	0xa6, 0x20, 0x63, 0x09, 0xc0, 0xe8, 0xe5, 0xf5, 0x79, 0x29, 0x5e, 0x35, 0x99, 0x7a, 0xc4, 0x30,
	0x0a, 0xb3, 0xfe, 0xce, 0xc3, 0xc1, 0x7f, 0x7b, 0x60, 0x4f, 0x3e, 0x69, 0x8f, 0xa1, 0x38, 0x3c,
};
static const uint8_t isk_expected[] = {
	0xe9, 0x1c, 0xcb, 0x2c, 0x0f, 0x5e, 0x0d, 0x09, 0x93, 0xa3, 0x39, 0x56, 0xe3, 0xbe, 0x59, 0x75,
	0x4f, 0x3f, 0x2b, 0x07, 0xdb, 0x57, 0x63, 0x1f, 0x53, 0x94, 0x45, 0x2e, 0xa2, 0xe7, 0xb4, 0x35,
	0x46, 0x74, 0xeb, 0x1f, 0x56, 0x86, 0xc0, 0x78, 0x46, 0x2b, 0xf8, 0x3b, 0xec, 0x72, 0xe8, 0x74,
	0x3d, 0xf4, 0x40, 0x10, 0x8e, 0x63, 0x8f, 0x35, 0x26, 0xd9, 0xb9, 0x0e, 0x85, 0xbe, 0x09, 0x6f,
};
static const uint8_t sid[] = {
	0x7e, 0x4b, 0x47, 0x91, 0xd6, 0xa8, 0xef, 0x01, 0x9b, 0x93, 0x6c, 0x79, 0xfb, 0x7f, 0x2c, 0x57,
};
static const struct pgi_cpace_context vector = {
	{ "Password", 8 }, { "\nAinitiator\nBresponder", 22 }, { sid, sizeof(sid) },
};

static void test_vectors(void)
{
	struct pgi_cpace_transcript t = { .ada = { "ADa", 3 }, .adb = { "ADb", 3 } };
	uint8_t g[PGI_CPACE_SHARE], share[PGI_CPACE_SHARE], isk[PGI_CPACE_ISK];

	CHECK(pgi_cpace_generator(&vector, g) && !memcmp(g, g_expected, sizeof(g)), "g");
	CHECK(pgi_cpace_share(g, ya, share) && !memcmp(share, ya_share, sizeof(share)), "Ya");
	CHECK(pgi_cpace_share(g, yb, share) && !memcmp(share, yb_share, sizeof(share)), "Yb");
	memcpy(t.ya, ya_share, sizeof(t.ya));
	memcpy(t.yb, yb_share, sizeof(t.yb));
	CHECK(pgi_cpace_key(&vector, &t, ya, yb_share, isk) &&
	      !memcmp(isk, isk_expected, sizeof(isk)), "ISK_IR of the initiator");
	CHECK(pgi_cpace_key(&vector, &t, yb, ya_share, isk) &&
	      !memcmp(isk, isk_expected, sizeof(isk)), "ISK_IR of the responder");
}

/* Its two shares that have to end the run. */
static void test_invalid(void)
{
	static const uint8_t y_i1[] = {
		0x2b, 0x3c, 0x6b, 0x8c, 0x4f, 0x38, 0x00, 0xe7, 0xae, 0xf6, 0x86, 0x40, 0x25, 0xb4, 0xed,
		0x79, 0xbd, 0x59, 0x91, 0x17, 0xe4, 0x27, 0xc4, 0x1b, 0xd4, 0x7d, 0x93, 0xd6, 0x54, 0xb4,
		0xa5, 0x1c,
	};
	static const uint8_t y_i2[PGI_CPACE_SHARE];
	const struct pgi_cpace_transcript t = { .ada = { "", 0 }, .adb = { "", 0 } };
	uint8_t isk[PGI_CPACE_ISK];

	CHECK(!pgi_cpace_key(&vector, &t, ya, y_i1, isk), "what is no element");
	CHECK(!pgi_cpace_key(&vector, &t, ya, y_i2, isk), "the neutral one");
}

/* ---------------------------------------------------------- the messages -- */

static const uint8_t authority[PEERGROUP_AUTHORITY_LEN] = "twenty bytes of name";
static const uint8_t issuer[32] = "fingerprint of who answers";
static const uint8_t other[32] = "that of somebody else";
static struct pgi_identity *joiner;

struct run {
	struct pgi_pake a, b;
	struct peergroup_password_opening opening;
	struct pgi_pake_answer answer;
	struct pgi_blob proof, end;
};

static void opening_of(const struct run *r, uint8_t out[PEERGROUP_PASSWORD_OPENING_LEN])
{
	memcpy(mempcpy(out, r->opening.nonce, 32), r->opening.share, 32);
}

/* Up to the answer, with these two verifiers. */
static void begin(struct run *r, uint8_t of_a, uint8_t of_b)
{
	uint8_t a[PGI_VERIFIER_LEN] = { of_a }, b[PGI_VERIFIER_LEN] = { of_b };
	uint8_t opening[PEERGROUP_PASSWORD_OPENING_LEN];

	memset(r, 0, sizeof(*r));
	pgi_pake_init(&r->a, authority, a);
	pgi_pake_init(&r->b, authority, b);
	NEED(SUCCEEDED(pgi_pake_open(&r->a, joiner, &r->opening)));
	opening_of(r, opening);
	NEED(SUCCEEDED(pgi_pake_answer(&r->b, opening, issuer, &r->answer)));
}

static HRESULT prove(struct run *r)
{
	return pgi_pake_prove(&r->a, joiner, (uint8_t *)&r->answer, sizeof(r->answer), &r->proof);
}

static void end(struct run *r)
{
	pgi_blob_free(&r->proof);
	pgi_blob_free(&r->end);
}

static void test_right(void)
{
	char *xml, *who;
	struct run r;

	begin(&r, 1, 1);
	memset(r.b.mark, 7, sizeof(r.b.mark));
	CHECK(prove(&r) == S_OK, "who joins believes the answer");
	CHECK(pgi_pake_check(&r.b, r.proof.data, r.proof.len, &who) == S_OK,
	      "who answers believes the proof: %s", peergroup_error_detail());
	CHECK(who && strstr(who, "<PEERIDENTITYINFO"), "and has who it is");
	free(who);
	CHECK(pgi_pake_issue(&r.b, "<the invitation/>", S_OK, &r.end) == S_OK, "the end");
	CHECK(pgi_pake_accept(&r.a, r.end.data, r.end.len, &xml) == S_OK, "comes");
	CHECK(xml && !strcmp(xml, "<the invitation/>"), "as it was sent");
	CHECK(!memcmp(r.a.mark, r.b.mark, sizeof(r.a.mark)), "with the password's mark");
	CHECK(pgi_pake_issuer(&r.a, issuer), "by who proved the password");
	CHECK(!pgi_pake_issuer(&r.a, other), "and nobody else");
	free(xml);
	CHECK(pgi_pake_check(&r.b, r.proof.data, r.proof.len, &who) == PEER_E_NOT_AUTHORIZED,
	      "a proof counts once");
	end(&r);
	begin(&r, 1, 1);
	NEED(prove(&r) == S_OK);
	CHECK(pgi_pake_issue(&r.b, NULL, PEER_E_CHAIN_TOO_LONG, &r.end) == S_OK &&
	      pgi_pake_accept(&r.a, r.end.data, r.end.len, &xml) == PEER_E_CHAIN_TOO_LONG,
	      "why nothing is issued comes, too");
	end(&r);
	begin(&r, 1, 1);
	NEED(prove(&r) == S_OK);
	CHECK(pgi_pake_issue(&r.b, NULL, PEER_E_INVALID_GROUP, &r.end) == S_OK &&
	      pgi_pake_accept(&r.a, r.end.data, r.end.len, &xml) == PEER_E_NOT_AUTHORIZED,
	      "but not what only the other end can mean");
	end(&r);
}

static void test_wrong(void)
{
	struct run r, other;
	char *who;

	begin(&r, 1, 2);
	CHECK(prove(&r) == PEER_E_NOT_AUTHORIZED, "a wrong password shows to who joins");
	CHECK(!r.proof.data, "which says nothing more");
	end(&r);
	begin(&r, 1, 1);
	begin(&other, 1, 1);
	NEED(prove(&r) == S_OK);
	CHECK(pgi_pake_check(&other.b, r.proof.data, r.proof.len, &who) == PEER_E_NOT_AUTHORIZED,
	      "a proof is nothing to another run");
	end(&r);
	end(&other);
}

/* Each byte that comes in, altered. */
static void test_altered(void)
{
	unsigned int believed = 0;
	struct run r;
	char *text;
	size_t i;

	for (i = 0; i < sizeof(r.answer); i++) {
		begin(&r, 1, 1);
		((uint8_t *)&r.answer)[i] ^= 0x40;
		believed += prove(&r) == S_OK;
		end(&r);
	}
	CHECK(!believed, "%u altered answers", believed);
	begin(&r, 1, 1);
	NEED(prove(&r) == S_OK);
	for (i = 0; i < r.proof.len; i += 7) {
		r.proof.data[i] ^= 1;
		r.b.joined = false;
		believed += pgi_pake_check(&r.b, r.proof.data, r.proof.len, &text) == S_OK;
		r.proof.data[i] ^= 1;
	}
	for (i = 0; i < r.proof.len; i += 5) {
		r.b.joined = false;
		believed += pgi_pake_check(&r.b, r.proof.data, i, &text) == S_OK;
	}
	CHECK(!believed, "%u altered proofs", believed);
	NEED(pgi_pake_issue(&r.b, "<x/>", S_OK, &r.end) == S_OK);
	for (i = 0; i < r.end.len; i++) {
		r.end.data[i] ^= 1;
		believed += pgi_pake_accept(&r.a, r.end.data, r.end.len, &text) == S_OK;
		r.end.data[i] ^= 1;
		believed += pgi_pake_accept(&r.a, r.end.data, i, &text) == S_OK;
	}
	CHECK(!believed, "%u altered ends", believed);
	end(&r);
}

static void test_verifier(void)
{
	uint8_t a[PGI_VERIFIER_LEN], b[PGI_VERIFIER_LEN], other[PEERGROUP_AUTHORITY_LEN] = { 0 };

	CHECK(pgi_verifier_make(authority, "correct horse", a) == S_OK &&
	      pgi_verifier_make(authority, "correct horse", b) == S_OK &&
	      !memcmp(a, b, sizeof(a)), "the same for one password and group");
	CHECK(pgi_verifier_make(other, "correct horse", b) == S_OK && memcmp(a, b, sizeof(a)),
	      "another for another group");
	CHECK(pgi_password_check("") == PEER_E_PASSWORD_DOES_NOT_MEET_POLICY, "empty");
	CHECK(pgi_password_check("seven77") == PEER_E_PASSWORD_DOES_NOT_MEET_POLICY, "short");
	CHECK(pgi_password_check("aaaaaaaaaaaa") == PEER_E_PASSWORD_DOES_NOT_MEET_POLICY, "one");
	CHECK(pgi_password_check("\xff\xff\xff\xff\xff\xff\xff\xff\xff") ==
	      PEER_E_PASSWORD_DOES_NOT_MEET_POLICY, "no text");
	CHECK(pgi_password_check("correct horse") == S_OK, "a fair one");
}

int main(void)
{
	static const struct tap_test tests[] = {
		{ "the draft's vectors", test_vectors },
		{ "its invalid shares", test_invalid },
		{ "the right password", test_right },
		{ "a wrong password, another run", test_wrong },
		{ "messages that were altered", test_altered },
		{ "what is kept of a password", test_verifier },
	};
	char *name;
	int ret;

	test_setup();
	NEED_OK(peergroup_identity_create("joiner", NULL, &name));
	NEED_OK(pgi_identity_load(name, &joiner));
	ret = TESTS(tests);
	pgi_identity_free(joiner);
	peergroup_free(name);
	return ret;
}
