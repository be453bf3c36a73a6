// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which of several certificates speaks for a member: whoever may invite can issue one for
 * anybody's key, and others must not go by that.
 */
#include "lib_test.h"
#include "members.h"

#define ADMIN	PEERGROUP_ROLE_ADMIN
#define INVITER	PEERGROUP_ROLE_INVITING
#define MEMBER	PEERGROUP_ROLE_MEMBER
#define NOW	1000
#define BOB	5	/* Bob's certificates start here: the first */

/* A certificate is known by its number, which its fingerprint is full of. */
struct cert {
	const char *name;
	uint8_t number, issuer;
	uint32_t roles, depth;
	uint64_t from, to;
	bool revoked;
};

/* The root, its creator, two administrators below it and one who may invite. */
static const struct cert others[] = {
	{ "group", 0, 0, PEERGROUP_ROLE_ROOT, 0, 0, 9000, false },
	{ "alice", 1, 0, ADMIN, 1, 10, 9000, false },
	{ "carol", 2, 1, ADMIN, 2, 20, 9000, false },
	{ "ivan", 3, 1, INVITER, 2, 20, 9000, false },
	{ "judy", 4, 2, ADMIN, 3, 20, 9000, false },
};

#define N_OTHERS	PGI_ARRAY_SIZE(others)

/* Two of Bob's, in both orders in which a host may get to know them: which speaks? */
static void check_order(const struct cert *bobs, size_t n, int expected, bool turned)
{
	struct pgi_member list[N_OTHERS + 4] = { 0 };
	struct pgi_members members = { .list = list, .count = N_OTHERS + n };
	const struct pgi_member *m;
	size_t i;

	for (i = 0; i < members.count; i++) {
		size_t at = turned ? n - 1 - (i - N_OTHERS) : i - N_OTHERS;
		const struct cert *c = i < N_OTHERS ? &others[i] : &bobs[at];

		memset(list[i].fingerprint, c->number, sizeof(list[i].fingerprint));
		memset(list[i].issuer, c->issuer, sizeof(list[i].issuer));
		list[i].name = (char *)c->name;
		list[i].roles = c->roles;
		list[i].depth = c->depth;
		list[i].not_before = c->from;
		list[i].not_after = c->to;
		list[i].revoked = c->revoked;
	}
	NEED_OK(pgi_members_index(&members));
	m = pgi_members_find(&members, "bob", NOW);
	CHECK(m && m->fingerprint[0] == expected, "%d, not %d", m ? m->fingerprint[0] : -1,
	      expected);
	free(members.by_name);
	free(members.by_fingerprint);
}

static void check(const struct cert *bobs, size_t n, int expected)
{
	check_order(bobs, n, expected, false);
	check_order(bobs, n, expected, true);
}

#define SPEAKS(list, expected)	check(list, PGI_ARRAY_SIZE(list), expected)

static void later(void)
{
	const struct cert one[] = { { "bob", BOB, 1, MEMBER, 2, 100, 2000, false } };
	const struct cert begins[] = {
		{ "bob", BOB, 1, MEMBER, 2, 100, 2000, false },
		{ "bob", BOB + 1, 2, INVITER, 3, 200, 1500, false },
	};
	const struct cert ends[] = {
		{ "bob", BOB, 3, MEMBER, 3, 100, 2000, false },
		{ "bob", BOB + 1, 3, MEMBER, 3, 100, 2500, false },
	};

	SPEAKS(one, BOB);
	SPEAKS(begins, BOB + 1);
	SPEAKS(ends, BOB + 1);
}

static void of_an_inviter(void)
{
	const struct cert lower[] = {
		{ "bob", BOB, 1, INVITER, 2, 100, 2000, false },
		{ "bob", BOB + 1, 3, MEMBER, 3, 200, 2500, false },
	};
	const struct cert higher[] = {
		{ "bob", BOB, 3, MEMBER, 3, 100, 2000, false },
		{ "bob", BOB + 1, 1, ADMIN, 2, 200, 1500, false },
		{ "bob", BOB + 2, 3, MEMBER, 3, 300, 2500, false },
	};

	SPEAKS(lower, BOB);
	SPEAKS(higher, BOB + 1);
}

static void of_an_administrator(void)
{
	const struct cert below[] = {
		{ "bob", BOB, 1, ADMIN, 2, 100, 2000, false },
		{ "bob", BOB + 1, 2, MEMBER, 3, 200, 2500, false },
	};
	const struct cert beside[] = {
		{ "bob", BOB, 1, ADMIN, 2, 100, 2000, false },
		{ "bob", BOB + 1, 1, MEMBER, 2, 200, 1500, false },
	};
	/* It was a member by then, whom any administrator may make something else. */
	const struct cert twice[] = {
		{ "bob", BOB, 1, ADMIN, 2, 100, 2000, false },
		{ "bob", BOB + 1, 1, MEMBER, 2, 200, 1500, false },
		{ "bob", BOB + 2, 4, INVITER, 4, 300, 1500, false },
	};

	SPEAKS(below, BOB);
	SPEAKS(beside, BOB + 1);
	SPEAKS(twice, BOB + 2);
}

static void not_now(void)
{
	const struct cert over[] = {
		{ "bob", BOB, 1, ADMIN, 2, 100, NOW, false },
		{ "bob", BOB + 1, 3, MEMBER, 3, 200, 2500, false },
	};
	const struct cert to_come[] = {
		{ "bob", BOB, 1, MEMBER, 2, 100, 2000, false },
		{ "bob", BOB + 1, 1, MEMBER, 2, NOW + 1, 2500, false },
	};
	const struct cert fallen[] = {
		{ "bob", BOB, 1, MEMBER, 2, 100, 2000, false },
		{ "bob", BOB + 1, 2, MEMBER, 3, 200, 2500, true },
	};
	const struct cert revoked[] = { { "bob", BOB, 1, MEMBER, 2, 100, 2000, true } };

	SPEAKS(over, BOB + 1);
	SPEAKS(to_come, BOB);
	SPEAKS(fallen, BOB);
	SPEAKS(revoked, BOB);
}

int main(void)
{
	static const struct tap_test tests[] = {
		{ "the later one", later },
		{ "one of who may invite", of_an_inviter },
		{ "an administrator's", of_an_administrator },
		{ "what does not hold now", not_now },
	};

	return TESTS(tests);
}
