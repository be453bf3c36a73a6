// SPDX-License-Identifier: GPL-2.0-only
// timeout: 200
/*
 * Requests that are wrong: each is refused with its errno and with words that
 * say why, changes nothing and leaves nothing behind. Who may not administrate
 * the network is refused everything.
 */
#include <errno.h>
#include <endian.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include "group.h"
#include "peer.h"
#include "sockets.h"
#include "tap.h"

#define PORT	3587
#define NOBODY	65534
#define ANY	1		/* of the errnos: whichever, but one */

static struct nl nl, other;
static struct cert root, own, admin, member, stranger;
static uint32_t group, foreign;

/* ------------------------------------------------- requests from a table -- */

enum kind { END, U8, U16, U32, U64, GROUP, ZEROS, NEST, NEST_PLAIN, ROOT, OWN, INSIDE };

/* One attribute: @value is a number, or how many zeros. */
struct attr {
	enum kind kind;
	uint16_t type;
	uint64_t value;
};

struct request {
	int err;
	uint8_t cmd;
	bool dump;
	const char *what;
	struct attr attrs[6];
};

static void put_attr(struct nlmsghdr *msg, const struct attr *a, struct nlattr **nest)
{
	static const uint8_t zeros[2 * PEERGROUP_CERT_LEN_MAX];

	switch (a->kind) {
	case U8:
		mnl_attr_put_u8(msg, a->type, (uint8_t)a->value);
		break;
	case U16:
		mnl_attr_put_u16(msg, a->type, (uint16_t)a->value);
		break;
	case GROUP:
	case U32:
	case INSIDE:
		mnl_attr_put_u32(msg, a->type, a->kind == GROUP ? group : (uint32_t)a->value);
		break;
	case U64:
		mnl_attr_put_u64(msg, a->type, a->value);
		break;
	case ZEROS:
		mnl_attr_put(msg, a->type, a->value, zeros);
		break;
	case NEST:
		*nest = mnl_attr_nest_start(msg, a->type);
		break;
	case NEST_PLAIN:
		*nest = mnl_attr_nest_start(msg, a->type);
		(*nest)->nla_type &= (uint16_t)~NLA_F_NESTED;
		break;
	case ROOT:
		mnl_attr_put(msg, a->type, root.der.len, root.der.p);
		break;
	case OWN:
		mnl_attr_put(msg, a->type, own.der.len, own.der.p);
		break;
	case END:
		break;
	}
}

static int ask(const struct request *r)
{
	struct nlmsghdr *msg = nl_begin(&nl, r->cmd, r->dump ? NLM_F_DUMP : 0);
	struct nlattr *nest = NULL;
	const struct attr *a;

	for (a = r->attrs; a < r->attrs + 6 && a->kind; a++)
		put_attr(msg, a, &nest);
	/* A nest is the last of a request. */
	if (nest)
		mnl_attr_nest_end(msg, nest);
	return nl_talk(&nl, msg, NULL, NULL);
}

static void check_request(const struct request *r)
{
	int err = ask(r);

	CHECK(err == r->err || (r->err == ANY && err < 0),
	      "%s: %d (%s), expected %d", r->what, err, nl.text, r->err);
	/* An operation that there is not is refused before the family can speak. */
	CHECK(nl.text[0] || err == -EOPNOTSUPP || !err, "%s: %d without words", r->what, err);
}

#define CHECK_ALL(table) do {						\
	unsigned int i_;						\
									\
	for (i_ = 0; i_ < sizeof(table) / sizeof(table[0]); i_++)	\
		check_request(&(table)[i_]);				\
} while (0)

#define DO(name, err)	(err), PEERGROUP_CMD_##name, false
#define DUMP(name, err)	(err), PEERGROUP_CMD_##name, true
#define G(name)		PEERGROUP_A_GROUP_##name
#define R(name)		PEERGROUP_A_RECORD_##name
#define L(name)		PEERGROUP_A_LINK_##name
#define M(name)		PEERGROUP_A_MEMBER_##name
#define D(name)		PEERGROUP_A_DATA_##name
#define PW(name)	PEERGROUP_A_PASSWORD_##name
#define LIM(name)	PEERGROUP_A_LIMIT_##name

static void test_missing(void)
{
	static const struct request table[] = {
		{ DO(GROUP_OPEN, -EINVAL), "open without anything", { { END } } },
		{ DO(GROUP_OPEN, -EINVAL), "open without CHAIN", { { ROOT, G(ROOT), 0 } } },
		{ DO(GROUP_OPEN, -EINVAL), "open without ROOT", { { OWN, G(CHAIN), 0 } } },
		{ DO(GROUP_CLOSE, -EINVAL), "close without INDEX", { { END } } },
		{ DO(GROUP_SET, -EINVAL), "set without INDEX", { { U8, G(KEEP), 1 } } },
		{ DO(GROUP_GET, -EINVAL), "get without INDEX or ID", { { END } } },
		{ DO(GROUP_DESTROY, -EINVAL), "destroy without INDEX", { { END } } },
		{ DO(RECORD_STAGE, -EINVAL), "stage without GROUP",
		  { { U32, R(SIZE), 9 }, { U32, R(OFFSET), 0 }, { ZEROS, R(WIRE), 9 } } },
		{ DO(RECORD_STAGE, -EINVAL), "stage without SIZE",
		  { { GROUP, R(GROUP), 0 }, { U32, R(OFFSET), 0 }, { ZEROS, R(WIRE), 9 } } },
		{ DO(RECORD_STAGE, -EINVAL), "stage without OFFSET",
		  { { GROUP, R(GROUP), 0 }, { U32, R(SIZE), 9 }, { ZEROS, R(WIRE), 9 } } },
		{ DO(RECORD_STAGE, -EINVAL), "stage without WIRE",
		  { { GROUP, R(GROUP), 0 }, { U32, R(SIZE), 9 }, { U32, R(OFFSET), 0 } } },
		{ DO(RECORD_PUT, -EINVAL), "put without GROUP", { { ZEROS, R(WIRE), 300 } } },
		{ DO(RECORD_PUT, -EINVAL), "put without WIRE", { { GROUP, R(GROUP), 0 } } },
		{ DUMP(RECORD_GET, -EINVAL), "records without GROUP", { { END } } },
		{ DO(LINK_ADD, -EINVAL), "link without GROUP", { { U32, L(ADDRESS), 1 } } },
		{ DO(LINK_ADD, -EINVAL), "link without ADDRESS", { { GROUP, L(GROUP), 0 } } },
		{ DO(LINK_DEL, -EINVAL), "no link without GROUP", { { U32, L(ADDRESS), 1 } } },
		{ DO(LINK_DEL, -EINVAL), "no link without ADDRESS", { { GROUP, L(GROUP), 0 } } },
		{ DUMP(LINK_GET, -EINVAL), "links without GROUP", { { END } } },
		{ DUMP(MEMBER_GET, -EINVAL), "members without GROUP", { { END } } },
		{ DO(MEMBER_ADD, -EINVAL), "a certificate without GROUP", { { ZEROS, M(CERT), 9 } } },
		{ DO(MEMBER_ADD, -EINVAL), "without a certificate", { { GROUP, M(GROUP), 0 } } },
		{ DO(STATS_GET, -EINVAL), "counters without GROUP", { { END } } },
		{ DO(DIRECT_OPEN, -EINVAL), "direct without GROUP", { { U32, L(ADDRESS), 1 } } },
		{ DO(DIRECT_OPEN, -EINVAL), "direct without ADDRESS",
		  { { GROUP, L(GROUP), 0 }, { ZEROS, L(PEER), 1 } } },
		{ DO(DIRECT_OPEN, -EINVAL), "direct without PEER",
		  { { GROUP, L(GROUP), 0 }, { U32, L(ADDRESS), 0x0100007f } } },
		{ DO(DIRECT_CLOSE, -EINVAL), "no direct without GROUP", { { U64, L(ID), 1 } } },
		{ DO(DIRECT_CLOSE, -EINVAL), "no direct without ID", { { GROUP, L(GROUP), 0 } } },
		{ DO(DATA_SEND, -EINVAL), "data without GROUP",
		  { { U64, D(LINK), 1 }, { ZEROS, D(TYPE), 16 }, { ZEROS, D(BYTES), 1 } } },
		{ DO(DATA_SEND, -EINVAL), "data without LINK",
		  { { GROUP, D(GROUP), 0 }, { ZEROS, D(TYPE), 16 }, { ZEROS, D(BYTES), 1 } } },
		{ DO(DATA_SEND, -EINVAL), "data without TYPE",
		  { { GROUP, D(GROUP), 0 }, { U64, D(LINK), 1 }, { ZEROS, D(BYTES), 1 } } },
		{ DO(DATA_SEND, -EINVAL), "data without BYTES",
		  { { GROUP, D(GROUP), 0 }, { U64, D(LINK), 1 }, { ZEROS, D(TYPE), 16 } } },
		{ DO(DATA_SEND, -EINVAL), "data, both BYTES and STAGED",
		  { { GROUP, D(GROUP), 0 }, { U64, D(LINK), 1 }, { ZEROS, D(TYPE), 16 },
		    { ZEROS, D(BYTES), 1 }, { ZEROS, D(STAGED), 0 } } },
		{ DO(DATA_SEND, -ENODATA), "data, and nothing is staged",
		  { { GROUP, D(GROUP), 0 }, { U64, D(LINK), 1 }, { ZEROS, D(TYPE), 16 },
		    { ZEROS, D(STAGED), 0 } } },
		{ DUMP(DATA_GET, -EINVAL), "what came, without GROUP", { { END } } },
		{ DO(PASSWORD_ANSWER, -EINVAL), "to answer without GROUP", { { END } } },
		{ DO(PASSWORD_SEND, -EINVAL), "an answer without GROUP",
		  { { U64, PW(ID), 1 }, { ZEROS, PW(DATA), 9 } } },
		{ DO(PASSWORD_SEND, -EINVAL), "an answer without ID",
		  { { GROUP, PW(GROUP), 0 }, { ZEROS, PW(DATA), 9 } } },
		{ DO(PASSWORD_SEND, -EINVAL), "an answer without DATA or LAST",
		  { { GROUP, PW(GROUP), 0 }, { U64, PW(ID), 1 } } },
	};

	CHECK_ALL(table);
}

static void test_lengths(void)
{
	static const struct request table[] = {
		{ DO(GROUP_CLOSE, -EINVAL), "INDEX of 2 bytes", { { U16, G(INDEX), 1 } } },
		{ DO(GROUP_GET, -EINVAL), "INDEX of 8 bytes", { { U64, G(INDEX), 1 } } },
		{ DO(GROUP_GET, -EINVAL), "INDEX of 0 bytes", { { ZEROS, G(INDEX), 0 } } },
		{ DO(GROUP_GET, ANY), "ID of 31 bytes", { { ZEROS, G(ID), 31 } } },
		{ DO(GROUP_GET, ANY), "ID of 33 bytes", { { ZEROS, G(ID), 33 } } },
		{ DO(GROUP_OPEN, ANY), "ROOT of 0 bytes",
		  { { ZEROS, G(ROOT), 0 }, { OWN, G(CHAIN), 0 } } },
		{ DO(GROUP_OPEN, ANY), "ROOT of 4097 bytes",
		  { { ZEROS, G(ROOT), 4097 }, { OWN, G(CHAIN), 0 } } },
		{ DO(GROUP_OPEN, ANY), "CHAIN of 4097 bytes",
		  { { ROOT, G(ROOT), 0 }, { ZEROS, G(CHAIN), 4097 } } },
		{ DO(GROUP_OPEN, -EBADMSG), "ROOT of zeros",
		  { { ZEROS, G(ROOT), 900 }, { OWN, G(CHAIN), 0 } } },
		{ DO(GROUP_OPEN, -EBADMSG), "CHAIN of zeros",
		  { { ROOT, G(ROOT), 0 }, { ZEROS, G(CHAIN), 4096 } } },
		{ DO(GROUP_SET, -EINVAL), "ONLINE of 4 bytes",
		  { { GROUP, G(INDEX), 0 }, { U32, G(ONLINE), 0 } } },
		{ DO(GROUP_SET, -EINVAL), "PORT of 4 bytes",
		  { { GROUP, G(INDEX), 0 }, { U8, G(ONLINE), 1 }, { U32, G(PORT), 9 } } },
		{ DO(RECORD_PUT, ANY), "WIRE of 0 bytes",
		  { { GROUP, R(GROUP), 0 }, { ZEROS, R(WIRE), 0 } } },
		{ DO(RECORD_PUT, ANY), "STAGED with a value",
		  { { GROUP, R(GROUP), 0 }, { U8, R(STAGED), 1 } } },
		{ DUMP(RECORD_GET, ANY), "ID of 15 bytes",
		  { { GROUP, R(GROUP), 0 }, { ZEROS, R(ID), 15 } } },
		{ DUMP(RECORD_GET, ANY), "TYPE of 17 bytes",
		  { { GROUP, R(GROUP), 0 }, { ZEROS, R(TYPE), 17 } } },
		{ DUMP(RECORD_GET, -EINVAL), "SINCE of 4 bytes",
		  { { GROUP, R(GROUP), 0 }, { U32, R(SINCE), 1 } } },
		{ DO(MEMBER_ADD, ANY), "CERT of 0 bytes",
		  { { GROUP, M(GROUP), 0 }, { ZEROS, M(CERT), 0 } } },
		{ DO(MEMBER_ADD, ANY), "CERT of 4097 bytes",
		  { { GROUP, M(GROUP), 0 }, { ZEROS, M(CERT), 4097 } } },
		{ DO(MEMBER_ADD, -EKEYREVOKED), "CERT of zeros",
		  { { GROUP, M(GROUP), 0 }, { ZEROS, M(CERT), 4096 } } },
		{ DO(PASSWORD_SEND, ANY), "DATA of 0 bytes",
		  { { GROUP, PW(GROUP), 0 }, { U64, PW(ID), 1 }, { ZEROS, PW(DATA), 0 } } },
		{ DO(PASSWORD_SEND, -EINVAL), "ID of 4 bytes",
		  { { GROUP, PW(GROUP), 0 }, { U32, PW(ID), 1 }, { ZEROS, PW(DATA), 9 } } },
		{ DO(PASSWORD_SEND, -ENOTCONN), "to nobody",
		  { { GROUP, PW(GROUP), 0 }, { U64, PW(ID), 1 }, { ZEROS, PW(DATA), 9 } } },
		{ DO(LINK_ADD, -EINVAL), "ADDRESS of 5 bytes",
		  { { GROUP, L(GROUP), 0 }, { ZEROS, L(ADDRESS), 5 } } },
		{ DO(LINK_ADD, -EINVAL), "ADDRESS of 0 bytes",
		  { { GROUP, L(GROUP), 0 }, { ZEROS, L(ADDRESS), 0 } } },
		{ DO(DIRECT_OPEN, ANY), "PEER that is too long",
		  { { GROUP, L(GROUP), 0 }, { U32, L(ADDRESS), 0x0100007f },
		    { ZEROS, L(PEER), PEERGROUP_NAME_LEN_MAX + 2 } } },
		{ DO(DIRECT_CLOSE, -EINVAL), "ID of 4 bytes",
		  { { GROUP, L(GROUP), 0 }, { U32, L(ID), 1 } } },
		{ DO(DATA_SEND, ANY), "TYPE of 15 bytes",
		  { { GROUP, D(GROUP), 0 }, { U64, D(LINK), 1 }, { ZEROS, D(TYPE), 15 },
		    { ZEROS, D(BYTES), 1 } } },
		{ DO(DATA_SEND, ANY), "BYTES of 0 bytes",
		  { { GROUP, D(GROUP), 0 }, { U64, D(LINK), 1 }, { ZEROS, D(TYPE), 16 },
		    { ZEROS, D(BYTES), 0 } } },
		{ DO(GROUP_WATCH, -EINVAL), "TAKES of a bit that there is not",
		  { { GROUP, G(INDEX), 0 }, { U32, G(TAKES), 4 } } },
	};

	CHECK_ALL(table);
}

static void test_unknown(void)
{
	static const struct request table[] = {
		{ DO(GROUP_GET, -EINVAL), "an attribute beyond the last",
		  { { GROUP, G(INDEX), 0 }, { U32, PEERGROUP_A_GROUP_MAX + 1, 0 } } },
		{ DO(GROUP_GET, -EINVAL), "attribute 0",
		  { { GROUP, G(INDEX), 0 }, { U32, 0, 0 } } },
		{ DO(GROUP_CLOSE, -EINVAL), "an attribute of another operation",
		  { { GROUP, G(INDEX), 0 }, { U8, G(ONLINE), 1 } } },
		{ DO(RECORD_PUT, -EINVAL), "SINCE in a put",
		  { { GROUP, R(GROUP), 0 }, { ZEROS, R(WIRE), 300 }, { U64, R(SINCE), 1 } } },
		{ DO(STATS_GET, -EINVAL), "a counter to be set",
		  { { GROUP, PEERGROUP_A_STATS_GROUP, 0 }, { U64, PEERGROUP_A_STATS_ADDED, 0 } } },
		{ DO(GROUP_SET, -EINVAL), "STATUS, which is for answers",
		  { { GROUP, G(INDEX), 0 }, { U32, G(STATUS), 0 } } },
		{ DO(GROUP_OPEN, -EINVAL), "NODE, which is for answers",
		  { { ROOT, G(ROOT), 0 }, { OWN, G(CHAIN), 0 }, { U64, G(NODE), 1 } } },
		{ DO(LINK_ADD, -EINVAL), "STATE, which is for answers",
		  { { GROUP, L(GROUP), 0 }, { U32, L(ADDRESS), 1 }, { U32, L(STATE), 4 } } },
		{ -EOPNOTSUPP, 0, false, "operation 0", { { END } } },
		{ -EOPNOTSUPP, PEERGROUP_CMD_MAX + 1, false, "an operation beyond the last",
		  { { END } } },
		{ DO(RECORD_NTF, -EOPNOTSUPP), "an event as request", { { END } } },
		{ DO(RECORD_GET, -EOPNOTSUPP), "RECORD_GET without a dump",
		  { { GROUP, R(GROUP), 0 } } },
		{ DUMP(RECORD_PUT, -EOPNOTSUPP), "RECORD_PUT as a dump",
		  { { GROUP, R(GROUP), 0 } } },
	};

	CHECK_ALL(table);
}

static void test_values(void)
{
	static const struct request table[] = {
		{ DO(GROUP_SET, -ERANGE), "ONLINE 2",
		  { { GROUP, G(INDEX), 0 }, { U8, G(ONLINE), 2 } } },
		{ DO(GROUP_SET, -ERANGE), "KEEP 255",
		  { { GROUP, G(INDEX), 0 }, { U8, G(KEEP), 255 } } },
		{ DO(GROUP_SET, -ERANGE), "READY 0",
		  { { GROUP, G(INDEX), 0 }, { U8, G(READY), 0 } } },
		{ DO(GROUP_SET, -ERANGE), "PORT 0",
		  { { GROUP, G(INDEX), 0 }, { U8, G(ONLINE), 1 }, { U16, G(PORT), 0 } } },
		{ DO(GROUP_SET, -EINVAL), "PORT without ONLINE",
		  { { GROUP, G(INDEX), 0 }, { U16, G(PORT), 4000 } } },
		{ DO(GROUP_SET, -EINVAL), "PORT with ONLINE 0",
		  { { GROUP, G(INDEX), 0 }, { U8, G(ONLINE), 0 }, { U16, G(PORT), 4000 } } },
		{ DO(GROUP_GET, -EINVAL), "INDEX and ID",
		  { { GROUP, G(INDEX), 0 }, { ZEROS, G(ID), 32 } } },
		{ DO(GROUP_GET, -ENOENT), "an ID of nobody", { { ZEROS, G(ID), 32 } } },
		{ DO(LINK_ADD, -EADDRNOTAVAIL), "0.0.0.0",
		  { { GROUP, L(GROUP), 0 }, { ZEROS, L(ADDRESS), 4 } } },
		{ DO(LINK_ADD, -EADDRNOTAVAIL), "::",
		  { { GROUP, L(GROUP), 0 }, { ZEROS, L(ADDRESS), 16 } } },
		{ DO(LINK_ADD, -EADDRNOTAVAIL), "255.255.255.255",
		  { { GROUP, L(GROUP), 0 }, { U32, L(ADDRESS), 0xffffffff } } },
		{ DO(LINK_ADD, -ERANGE), "PORT 0",
		  { { GROUP, L(GROUP), 0 }, { U32, L(ADDRESS), 0x0100007f }, { U16, L(PORT), 0 } } },
		{ DO(LINK_ADD, -ERANGE), "SCOPE 0",
		  { { GROUP, L(GROUP), 0 }, { U32, L(ADDRESS), 0x0100007f }, { U32, L(SCOPE), 0 } } },
		{ DO(LINK_ADD, -EINVAL), "SCOPE of an address that has none",
		  { { GROUP, L(GROUP), 0 }, { U32, L(ADDRESS), 0x0100007f }, { U32, L(SCOPE), 1 } } },
		{ DO(LINK_DEL, -ENOENT), "no such address",
		  { { GROUP, L(GROUP), 0 }, { U32, L(ADDRESS), 0x0200007f } } },
		{ DUMP(RECORD_GET, -ESTALE), "SINCE in the future",
		  { { GROUP, R(GROUP), 0 }, { U64, R(SINCE), 1ULL << 40 } } },
		{ DO(RECORD_PUT, -EINVAL), "WIRE and STAGED",
		  { { GROUP, R(GROUP), 0 }, { ZEROS, R(WIRE), 300 }, { ZEROS, R(STAGED), 0 } } },
		{ DO(RECORD_PUT, -EBADMSG), "a record of zeros",
		  { { GROUP, R(GROUP), 0 }, { ZEROS, R(WIRE), 600 } } },
		{ DO(RECORD_PUT, -EBADMSG), "a record of one byte",
		  { { GROUP, R(GROUP), 0 }, { ZEROS, R(WIRE), 1 } } },
	};

	CHECK_ALL(table);
}

/* Each operation that names a group, with an index that is nobody's. */
static void test_index(void)
{
	static const struct request table[] = {
		{ DO(GROUP_CLOSE, -ENOENT), "close", { { U32, G(INDEX), 99 } } },
		{ DO(GROUP_SET, -ENOENT), "set", { { U32, G(INDEX), 99 }, { U8, G(KEEP), 1 } } },
		{ DO(GROUP_GET, -ENOENT), "get", { { U32, G(INDEX), 0 } } },
		{ DO(GROUP_GET, -ENOENT), "get", { { U32, G(INDEX), 0xffffffff } } },
		{ DO(GROUP_DESTROY, -ENOENT), "destroy", { { U32, G(INDEX), 99 } } },
		{ DO(RECORD_STAGE, -ENOENT), "stage",
		  { { U32, R(GROUP), 99 }, { U32, R(SIZE), 9 }, { U32, R(OFFSET), 0 },
		    { ZEROS, R(WIRE), 9 } } },
		{ DO(RECORD_PUT, -ENOENT), "put", { { U32, R(GROUP), 99 }, { ZEROS, R(WIRE), 9 } } },
		{ DUMP(RECORD_GET, -ENOENT), "records", { { U32, R(GROUP), 99 } } },
		{ DO(LINK_ADD, -ENOENT), "link", { { U32, L(GROUP), 99 }, { U32, L(ADDRESS), 1 } } },
		{ DO(LINK_DEL, -ENOENT), "no link", { { U32, L(GROUP), 99 }, { U32, L(ADDRESS), 1 } } },
		{ DUMP(LINK_GET, -ENOENT), "links", { { U32, L(GROUP), 99 } } },
		{ DUMP(MEMBER_GET, -ENOENT), "members", { { U32, PEERGROUP_A_MEMBER_GROUP, 99 } } },
		{ DO(MEMBER_ADD, -ENOENT), "a certificate", { { U32, M(GROUP), 99 }, { ZEROS, M(CERT), 9 } } },
		{ DO(PASSWORD_ANSWER, -ENOENT), "to answer", { { U32, PW(GROUP), 99 } } },
		{ DO(PASSWORD_SEND, -ENOENT), "an answer",
		  { { U32, PW(GROUP), 99 }, { U64, PW(ID), 1 }, { ZEROS, PW(DATA), 9 } } },
		{ DO(STATS_GET, -ENOENT), "counters", { { U32, PEERGROUP_A_STATS_GROUP, 99 } } },
		{ DO(DIRECT_OPEN, -ENOENT), "direct", { { U32, L(GROUP), 99 }, { U32, L(ADDRESS), 1 } } },
		{ DO(DIRECT_CLOSE, -ENOENT), "no direct", { { U32, L(GROUP), 99 }, { U64, L(ID), 1 } } },
		{ DO(DATA_SEND, -ENOENT), "data", { { U32, D(GROUP), 99 }, { U64, D(LINK), 1 } } },
		{ DUMP(DATA_GET, -ENOENT), "what came", { { U32, D(GROUP), 99 } } },
		/* There is the group, but neither the link nor a watch. */
		{ DO(DIRECT_CLOSE, -ENOTCONN), "a link that there is not",
		  { { GROUP, L(GROUP), 0 }, { U64, L(ID), 1 } } },
		{ DO(DATA_SEND, -ENOTCONN), "data to a link that there is not",
		  { { GROUP, D(GROUP), 0 }, { U64, D(LINK), 1 }, { ZEROS, D(TYPE), 16 },
		    { ZEROS, D(BYTES), 1 } } },
		{ DUMP(DATA_GET, -ENOENT), "what came, without a watch",
		  { { GROUP, D(GROUP), 0 } } },
	};

	CHECK_ALL(table);
	CHECK(nl_simple(&other, PEERGROUP_CMD_GROUP_CLOSE, G(INDEX), group) == -ENOENT,
	      "another socket gives up our hold");
	CHECK(other.text[0]);
}

/* --------------------------------------------------------------- limits -- */

static void check_limit(uint16_t which, enum kind kind, uint64_t value, int expected)
{
	struct request r = { expected, PEERGROUP_CMD_GROUP_SET, false, "a limit",
			     { { GROUP, G(INDEX), 0 }, { NEST, G(LIMITS), 0 } } };
	int err;

	r.attrs[2] = (struct attr){ kind, which, value };
	err = ask(&r);
	CHECK(err == expected, "limit %u = %llu: %d (%s), expected %d", which,
	      (unsigned long long)value, err, nl.text, expected);
	CHECK(!err || nl.text[0], "limit %u = %llu: no words", which, (unsigned long long)value);
}

struct limit_wanted {
	uint16_t which;
	uint64_t value;
};

static void take_limit(const struct nlmsghdr *msg, void *arg)
{
	struct limit_wanted *w = arg;
	const struct nlattr *nest = nl_attr(msg, G(LIMITS)), *attr;

	NEED(nest);
	mnl_attr_for_each_nested(attr, nest)
		if (mnl_attr_get_type(attr) == w->which)
			w->value = mnl_attr_get_payload_len(attr) == sizeof(w->value) ?
				   mnl_attr_get_u64(attr) : mnl_attr_get_u32(attr);
}

static uint64_t limit_of(uint16_t which)
{
	struct nlmsghdr *msg = nl_begin(&nl, PEERGROUP_CMD_GROUP_GET, 0);
	struct limit_wanted w = { .which = which };

	mnl_attr_put_u32(msg, G(INDEX), group);
	NEED(!nl_talk(&nl, msg, take_limit, &w));
	return w.value;
}

#define MS		U32, 10, 3600000
#define DAY_MS		U32, 10, 24 * 3600000
#define RATE		U32, 0, 10000000
#define QUEUE_BYTES	U32, 64 << 10, 1 << 30
#define MEMBERS		65536

/* Each that there is. */
static const struct range {
	uint16_t which;
	enum kind kind;
	uint64_t min, max;
} ranges[] = {
	{ LIM(RECORD_SIZE), U32, PEERGROUP_RECORD_SIZE_MIN, PEERGROUP_RECORD_SIZE_MAX },
	{ LIM(RECORDS), U32, 1, 1 << 24 },
	{ LIM(BYTES), U64, 64 << 10, 1ULL << 40 },
	{ LIM(LINKS), U32, 1, 1024 },
	{ LIM(QUEUE), QUEUE_BYTES },
	{ LIM(KEEPALIVE), MS },
	{ LIM(HANDSHAKE), MS },
	{ LIM(RETRY_MIN), DAY_MS },
	{ LIM(RETRY_MAX), DAY_MS },
	{ LIM(DEFER), MS },
	{ LIM(CREATOR_RECORDS), U32, 0, 1 << 24 },
	{ LIM(CREATOR_BYTES), U64, 0, 1ULL << 40 },
	{ LIM(CREATOR_RATE), RATE },
	{ LIM(LINK_RATE), RATE },
	{ LIM(MEMBERS), U32, 2, MEMBERS },
	{ LIM(INVITED), U32, 2, MEMBERS },
	{ LIM(DEFER_RECORDS), U32, 1, 64 },
	{ LIM(DEFER_BYTES), QUEUE_BYTES },
	{ LIM(HALF_OPEN), U32, 1, 1 << 16 },
	{ LIM(HALF_OPEN_PREFIX), U32, 1, 1 << 16 },
	{ LIM(MEMBER_LINKS), U32, 1, 1024 },
	{ LIM(PROOF_RATE), RATE },
	{ LIM(ISSUED), U32, 0, MEMBERS },
	{ LIM(INVITER_RECORDS), U32, 0, 1 << 24 },
	{ LIM(INVITER_BYTES), U64, 0, 1ULL << 40 },
	{ LIM(DIRECT), U32, 0, 1024 },
	{ LIM(MEMBER_DIRECT), U32, 1, 1024 },
	{ LIM(SEND_QUEUE), QUEUE_BYTES },
	{ LIM(RECEIVE_QUEUE), QUEUE_BYTES },
	{ LIM(RECEIVE_TOTAL), QUEUE_BYTES },
	{ LIM(RECEIVE_WAIT), MS },
	{ LIM(DATA_RATE), RATE },
	{ LIM(PASSWORDS), U32, 1, 1024 },
	{ LIM(PASSWORD_RATE), RATE },
	{ LIM(PASSWORD_PREFIX_RATE), RATE },
	{ LIM(SYNC_RATE), RATE },
	{ LIM(PASSIVE_VIEW), U32, 0, 1024 },
	{ LIM(ACTIVE_VIEW), U32, 0, 64 },
	{ LIM(MAINTENANCE), MS },
	{ LIM(REFRESH_STEPS), U32, 1, PEERGROUP_REFRESH_COUNT_MAX },
};

static void check_range(const struct range *r)
{
	uint64_t before = limit_of(r->which);

	check_limit(r->which, r->kind, r->max + 1, -ERANGE);
	if (r->min)
		check_limit(r->which, r->kind, r->min - 1, -ERANGE);
	if (r->min)
		check_limit(r->which, r->kind, 0, -ERANGE);
	check_limit(r->which, r->kind == U32 ? U64 : U32, r->max, -EINVAL);
	CHECK(limit_of(r->which) == before, "limit %u changed", r->which);
	/* The one of the two that may not be below the other begins at its most. */
	check_limit(r->which, r->kind, r->max, r->which == LIM(RETRY_MIN) ? -EINVAL : 0);
	if (r->which != LIM(RETRY_MIN))
		CHECK(limit_of(r->which) == r->max, "limit %u at its most", r->which);
	check_limit(r->which, r->kind, r->min, r->which == LIM(RETRY_MAX) ? -EINVAL : 0);
	if (r->which != LIM(RETRY_MAX))
		CHECK(limit_of(r->which) == r->min, "limit %u at its least", r->which);
	check_limit(r->which, r->kind, before, 0);
	CHECK(limit_of(r->which) == before, "limit %u as it was", r->which);
}

static void test_limits(void)
{
	unsigned int i, listed = 0;
	uint16_t which;

	for (i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
		check_range(&ranges[i]);
	for (which = 1; which <= PEERGROUP_A_LIMIT_MAX; which++)
		listed += which != PEERGROUP_A_LIMIT_PAD;
	CHECK(listed == i, "%u limits, and %u here", listed, i);
	check_limit(LIM(RETRY_MIN), U32, 61000, -EINVAL);	/* above RETRY_MAX */
	check_limit(LIM(RETRY_MAX), U32, 999, -EINVAL);		/* below RETRY_MIN */
	check_limit(PEERGROUP_A_LIMIT_MAX + 1, U32, 1, -EINVAL);
	check_limit(0, U32, 1, -EINVAL);
}

/* What stands beside a wrong one does not hold either. */
static void test_all_or_nothing(void)
{
	static const struct request table[] = {
		{ DO(GROUP_SET, -ERANGE), "a good limit and a bad one",
		  { { GROUP, G(INDEX), 0 }, { NEST, G(LIMITS), 0 },
		    { INSIDE, LIM(LINKS), 7 }, { INSIDE, LIM(QUEUE), 1 } } },
		{ DO(GROUP_SET, -EINVAL), "LIMITS without the nesting flag",
		  { { GROUP, G(INDEX), 0 }, { NEST_PLAIN, G(LIMITS), 0 },
		    { INSIDE, LIM(LINKS), 7 } } },
		{ DO(GROUP_SET, ANY), "LIMITS that is too short for an attribute",
		  { { GROUP, G(INDEX), 0 }, { ZEROS, G(LIMITS) | NLA_F_NESTED, 3 } } },
		{ DO(GROUP_OPEN, -ERANGE), "a bad limit on open",
		  { { ROOT, G(ROOT), 0 }, { OWN, G(CHAIN), 0 }, { NEST, G(LIMITS), 0 },
		    { INSIDE, LIM(LINKS), 0 } } },
		{ DO(GROUP_SET, 0), "an empty nest",
		  { { GROUP, G(INDEX), 0 }, { NEST, G(LIMITS), 0 } } },
	};
	uint32_t links = (uint32_t)limit_of(LIM(LINKS));

	NEED(links && links != 7);
	CHECK_ALL(table);
	CHECK(limit_of(LIM(LINKS)) == links, "%llu",
	      (unsigned long long)limit_of(LIM(LINKS)));
	CHECK(nl_count(&nl, PEERGROUP_CMD_GROUP_GET, 0, 0) == 2);
}

/* ------------------------------------- every attribute of every operation -- */

/*
 * Whatever the attribute, whatever its length: an answer, and words where it is
 * a refusal. GROUP_DESTROY is left out as it might be granted.
 */
static void sweep(uint8_t cmd, uint16_t type, size_t len, bool dump)
{
	struct request r = { 0, cmd, dump, "", { { GROUP, G(INDEX), 0 }, { ZEROS, type, len } } };
	int err;

	/* Number 2 names the group in every operation. */
	err = ask(&r);
	CHECK(err <= 0 && (!err || err == -EOPNOTSUPP || nl.text[0]),
	      "operation %u, attribute %u of %zu bytes: %d without words", cmd, type, len, err);
}

static void test_sweep(void)
{
	static const size_t lens[] = { 0, 1, 2, 4, 5, 8, 16, 32, 300 };
	uint16_t type;
	unsigned int i;
	uint8_t cmd;

	for (cmd = PEERGROUP_CMD_GROUP_OPEN; cmd <= PEERGROUP_CMD_MAX; cmd++) {
		if (cmd == PEERGROUP_CMD_GROUP_DESTROY || cmd == PEERGROUP_CMD_GROUP_CLOSE)
			continue;
		for (type = 0; type <= PEERGROUP_A_GROUP_MAX + 1; type++) {
			for (i = 0; i < sizeof(lens) / sizeof(lens[0]); i++)
				sweep(cmd, type, lens[i], false);
			sweep(cmd, type, 4, true);
		}
	}
	CHECK(nl_count(&nl, PEERGROUP_CMD_GROUP_GET, 0, 0) == 2);
	CHECK(!nl_group_number(&nl, group, G(RECORDS)));
}

/* Headers that lie about their length. */
static void test_short(void)
{
	struct nlmsghdr *msg;
	struct nlattr *attr;

	msg = nl_begin(&nl, PEERGROUP_CMD_GROUP_GET, 0);
	mnl_attr_put_u32(msg, G(INDEX), group);
	attr = mnl_nlmsg_get_payload_offset(msg, sizeof(struct genlmsghdr));
	attr->nla_len = 200;
	CHECK(nl_talk(&nl, msg, NULL, NULL) == -EINVAL, "an attribute beyond the message");
	CHECK(nl.text[0]);

	msg = nl_begin(&nl, PEERGROUP_CMD_GROUP_GET, 0);
	mnl_attr_put_u32(msg, G(INDEX), group);
	attr = mnl_nlmsg_get_payload_offset(msg, sizeof(struct genlmsghdr));
	attr->nla_len = 2;
	CHECK(nl_talk(&nl, msg, NULL, NULL) == -EINVAL, "an attribute shorter than its header");
	CHECK(nl.text[0]);

	msg = nl_begin(&nl, PEERGROUP_CMD_GROUP_GET, 0);
	msg->nlmsg_len = NLMSG_HDRLEN;
	CHECK(nl_talk(&nl, msg, NULL, NULL) == -EINVAL, "no operation");
}

/* -------------------------------------------------------------- staging -- */

static int stage(struct nl *by, uint32_t index, uint32_t size, uint32_t offset, uint32_t len)
{
	static const uint8_t zeros[PEERGROUP_CHUNK_MAX + 1];
	struct nlmsghdr *msg = nl_begin(by, PEERGROUP_CMD_RECORD_STAGE, 0);

	mnl_attr_put_u32(msg, R(GROUP), index);
	mnl_attr_put_u32(msg, R(SIZE), size);
	mnl_attr_put_u32(msg, R(OFFSET), offset);
	mnl_attr_put(msg, R(WIRE), len, zeros);
	return nl_talk(by, msg, NULL, NULL);
}

static int put_staged(struct nl *by, uint32_t index)
{
	struct nlmsghdr *msg = nl_begin(by, PEERGROUP_CMD_RECORD_PUT, 0);

	mnl_attr_put_u32(msg, R(GROUP), index);
	mnl_attr_put(msg, R(STAGED), 0, NULL);
	return nl_talk(by, msg, NULL, NULL);
}

#define STAGED(expected, call) do {					\
	int err_ = (call);						\
									\
	CHECK(err_ == (expected), "%s: %d (%s)", #call, err_, nl.text);	\
	CHECK(!err_ || nl.text[0] || other.text[0], "%s: no words", #call); \
} while (0)

static void test_staging(void)
{
	STAGED(-ENODATA, put_staged(&nl, group));
	STAGED(-ENODATA, stage(&nl, group, 2000, 1000, 1000));

	STAGED(0, stage(&nl, group, 2000, 0, 1000));
	STAGED(-EINVAL, stage(&nl, group, 2000, 1001, 999));		/* a gap */
	STAGED(-ENODATA, stage(&nl, group, 2000, 1000, 1000));		/* which ended it */
	STAGED(0, stage(&nl, group, 2000, 0, 1000));
	STAGED(-EINVAL, stage(&nl, group, 2000, 500, 1000));		/* once more */
	STAGED(0, stage(&nl, group, 2000, 0, 1000));
	STAGED(-EINVAL, stage(&nl, group, 2001, 1000, 1000));		/* another size */
	STAGED(0, stage(&nl, group, 2000, 0, 1000));
	STAGED(-EINVAL, stage(&nl, foreign, 2000, 1000, 1000));		/* two groups */
	STAGED(0, stage(&nl, group, 2000, 0, 1000));
	STAGED(-EINVAL, stage(&nl, group, 2000, 1000, 1001));		/* beyond its end */
	STAGED(-EINVAL, stage(&nl, group, 2000, 0, 2001));

	STAGED(0, stage(&nl, group, 2000, 0, 1000));
	STAGED(-ENODATA, put_staged(&nl, group));			/* not whole */
	STAGED(-ENODATA, put_staged(&nl, group));			/* and gone */
	STAGED(0, stage(&nl, group, 2000, 0, 2000));
	STAGED(-EINVAL, put_staged(&nl, foreign));
	STAGED(0, stage(&nl, group, 2000, 0, 2000));
	STAGED(-ENODATA, put_staged(&other, group));			/* not his */
	STAGED(-EBADMSG, put_staged(&nl, group));			/* no record */
	STAGED(-ENODATA, put_staged(&nl, group));

	STAGED(-ERANGE, stage(&nl, group, 0, 0, 1));
	STAGED(-ERANGE, stage(&nl, group, 0xffffffff, 0, 1000));
	STAGED(-EFBIG, stage(&nl, group, 8 << 20, 0, 1000));
	STAGED(-ERANGE, stage(&nl, group, 1 << 20, 0, PEERGROUP_CHUNK_MAX + 1));
	STAGED(-ERANGE, stage(&nl, group, 1 << 20, 0, 0));
	CHECK(nl_stat(&nl, group, PEERGROUP_A_STATS_REFUSED_SIZE) == 1);
}

#define STAGERS		65		/* one more than there may be in a namespace */
#define STAGED_EACH	(512U << 10)

static bool memory_below(void *arg)
{
	return kernel_memory() < *(unsigned long *)arg;
}

/* Records that are never put: so many sockets may, and what they staged goes with them. */
static void test_staged_memory(void)
{
	static struct nl nls[STAGERS];
	unsigned long before = kernel_memory(), limit = before + 8 * 1024;
	unsigned int i;
	uint32_t at;

	for (i = 0; i < STAGERS; i++) {
		int err = nl_open(&nls[i]);

		NEED(!err);
		for (at = 0; !err && at < STAGED_EACH; at += PEERGROUP_CHUNK_MAX)
			err = stage(&nls[i], group, STAGED_EACH + 1, at, PEERGROUP_CHUNK_MAX);
		CHECK(err == (i < STAGERS - 1 ? 0 : -ENOSPC), "socket %u: %d", i, err);
		CHECK(!err || nls[i].text[0]);
	}
	CHECK(kernel_memory() > limit, "%lu KiB before, %lu now", before,
	      kernel_memory());
	for (i = 0; i < STAGERS; i++)
		nl_close(&nls[i]);
	CHECK(wait_until(memory_below, &limit), "%lu KiB before, %lu now", before,
	      kernel_memory());
	STAGED(0, stage(&nl, group, 2000, 0, 1000));
	STAGED(-ENODATA, put_staged(&nl, group));
}

/* -------------------------------------------------------------- records -- */

static void check_put(struct rec *rec, int expected, uint16_t counter, const char *what)
{
	uint64_t before = counter ? nl_stat(&nl, group, counter) : 0;
	int err = nl_put_record(&nl, group, rec->wire, rec->len);

	CHECK(err == expected, "%s: %d (%s), expected %d", what, err, nl.text, expected);
	CHECK(!err || nl.text[0], "%s: no words", what);
	if (counter)
		CHECK(nl_stat(&nl, group, counter) == before + 1, "%s: not counted", what);
	CHECK(err || nl.has_cookie, "%s: no sequence came back", what);
	rec_free(rec);
}

#define REFUSED(name)	PEERGROUP_A_STATS_REFUSED_##name

static void test_put_malformed(void)
{
	struct rec rec;
	unsigned int i;

	for (i = 0; i < 7; i++) {
		rec_new(&rec, &own, "x", 1);
		if (i == 0)
			rec.hdr.flags = htobe32(1 << 2);
		if (i == 1)
			rec.hdr.version = htobe32(2);
		if (i == 2)
			rec.hdr.expires = rec.hdr.created;
		if (i == 3)
			memset(rec.hdr.type, 0, sizeof(rec.hdr.type));
		if (i == 4)
			rec.hdr.flags = htobe32(PEERGROUP_RECORD_DELETED);
		if (i == 5)
			rec.hdr.anchor[0] = 1;
		if (i == 6)
			rec.attrs = "\xc3(";
		rec_sign(&rec, &own);
		check_put(&rec, -EBADMSG, REFUSED(MALFORMED), "a header that breaks a rule");
	}
	for (i = 1; i < 4; i++) {
		rec_new(&rec, &own, "xyz", 3);
		rec_sign(&rec, &own);
		rec.len -= i;
		check_put(&rec, -EBADMSG, REFUSED(MALFORMED), "a record cut off");
	}
	rec_new(&rec, &own, "xyz", 3);
	rec_sign(&rec, &own);
	rec.len = sizeof(rec.hdr);
	check_put(&rec, -EBADMSG, REFUSED(MALFORMED), "no signature");
}

static void test_put_forged(void)
{
	static const uint8_t other_group[PEERGROUP_HASH_LEN] = { 1 };
	struct rec rec;

	rec_new(&rec, &own, "data", 4);
	rec_sign_with(&rec, root.spec.group, test_key(3));
	check_put(&rec, -EKEYREJECTED, REFUSED(SIGNATURE), "signed by another key");

	rec_new(&rec, &own, "data", 4);
	rec_sign_with(&rec, root.spec.group, own.spec.key);
	memset(rec.wire + rec_sig_at(&rec), 0, 256);
	check_put(&rec, -EKEYREJECTED, REFUSED(SIGNATURE), "a signature of zeros");

	rec_new(&rec, &own, "data", 4);
	rec_sign_with(&rec, other_group, own.spec.key);
	check_put(&rec, -EKEYREJECTED, REFUSED(SIGNATURE), "signed for another group");

	rec_new(&rec, &stranger, "data", 4);
	rec_sign(&rec, &stranger);
	check_put(&rec, -ENOKEY, REFUSED(UNKNOWN), "signed by a stranger");

	rec_new(&rec, &own, "data", 4);
	memcpy(rec.hdr.id, "\0\0\0\0\0\0\0\0", 8);
	rec_sign(&rec, &own);
	check_put(&rec, -EBADSLT, REFUSED(ID), "an id of another key");

	rec_new(&rec, &own, "data", 4);
	rec_sign(&rec, &own);
	rec.wire[rec.len - 1] ^= 1;
	check_put(&rec, -EILSEQ, REFUSED(HASH), "other data than signed");
}

static void test_put_times(void)
{
	struct rec rec;

	rec_new(&rec, &own, "", 0);
	rec.hdr.expires = htobe64(be64toh(rec.hdr.created) + 40ULL * 365 * 86400 * TICKS);
	rec_sign(&rec, &own);
	check_put(&rec, -ERANGE, REFUSED(TIMES), "outlives its signer's certificate");

	rec_new(&rec, &own, "", 0);
	rec.hdr.created = htobe64(116444736000000000ULL);
	rec.hdr.modified = rec.hdr.created;
	rec_sign(&rec, &own);
	check_put(&rec, -ERANGE, REFUSED(TIMES), "older than its signer's certificate");

	rec_new(&rec, &own, "", 0);
	rec.hdr.created = htobe64(peer_time_now() + 700 * TICKS);
	rec.hdr.modified = rec.hdr.created;
	rec_sign(&rec, &own);
	check_put(&rec, -ETIME, REFUSED(FUTURE), "made in the future");

	rec_new(&rec, &own, "", 0);
	rec.hdr.created = htobe64(peer_time_now() - 100 * TICKS);
	rec.hdr.modified = rec.hdr.created;
	rec.hdr.expires = htobe64(peer_time_now() - TICKS);
	rec_sign(&rec, &own);
	check_put(&rec, -ETIMEDOUT, REFUSED(EXPIRED), "over already");
}

static void test_put_types(void)
{
	static const uint8_t reserved[][4] = {
		{ 0, 0, 1, 0 }, { 0, 0, 2, 0 }, { 0, 0, 3, 0 },
	};
	struct rec rec;
	unsigned int i;

	for (i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++) {
		rec_new(&rec, &own, "x", 1);
		memset(rec.hdr.type, 0, sizeof(rec.hdr.type));
		memcpy(rec.hdr.type, reserved[i], 4);
		rec_sign(&rec, &own);
		check_put(&rec, -EPERM, REFUSED(RESERVED), "a reserved type");
	}
}

static void test_put_update(void)
{
	static const char *const what[] = { "type", "flags", "creation", "expiration" };
	struct rec first, rec, second;
	unsigned int i;

	rec_new(&first, &own, "first", 5);
	rec_sign(&first, &own);
	NEED(!nl_put_record(&nl, group, first.wire, first.len));
	for (i = 0; i < 4; i++) {
		rec_next(&rec, &first, &own, "second", 6);
		if (i == 0)
			rec.hdr.type[0] ^= 1;
		if (i == 1) {
			rec.hdr.flags = htobe32(PEERGROUP_RECORD_AUTOREFRESH);
			rec.hdr.anchor[0] = 1;
			rec.hdr.refresh_period = htobe32(60);
			rec.hdr.refresh_count = htobe32(1);
		}
		if (i == 2)
			rec.hdr.created = htobe64(be64toh(rec.hdr.created) - 1);
		if (i == 3)
			rec.hdr.expires = htobe64(be64toh(rec.hdr.expires) - 1);
		rec_sign(&rec, &own);
		check_put(&rec, -EINVAL, REFUSED(CHANGED), what[i]);
	}
	rec_next(&rec, &first, &member, "second", 6);
	rec_sign(&rec, &member);
	check_put(&rec, -EACCES, REFUSED(ROLE), "an update by another member");
	rec_next(&second, &first, &admin, "second", 6);
	rec_sign(&second, &admin);
	check_put(&second, 0, 0, "an update by an administrator");
	check_put(&first, -ESTALE, REFUSED(STALE), "the first version once more");
}

static void test_put_limits(void)
{
	static const uint8_t zeros[1025];
	struct rec rec;

	NEED(!group_limit(&nl, group, LIM(RECORD_SIZE), 1024));
	rec_new(&rec, &own, zeros, 1025);
	rec_sign(&rec, &own);
	check_put(&rec, -EFBIG, REFUSED(SIZE), "too large by a byte");
	rec_new(&rec, &own, zeros, 1024);
	rec_sign(&rec, &own);
	check_put(&rec, 0, 0, "of the largest size");
	NEED(!group_limit(&nl, group, LIM(RECORD_SIZE), PEERGROUP_RECORD_SIZE_DEFAULT));

	NEED(!group_limit(&nl, group, LIM(RECORDS), 2));
	rec_new(&rec, &own, "x", 1);
	rec_sign(&rec, &own);
	check_put(&rec, -EDQUOT, REFUSED(FULL), "one more than there may be");
	NEED(!group_limit(&nl, group, LIM(RECORDS), 1000));
}

/* ----------------------------------------------------------------- events -- */

#define EVENTS	40U	/* more than there is room for */

static void put_many(void)
{
	struct rec rec;
	unsigned int i;

	for (i = 0; i < EVENTS; i++) {
		rec_new(&rec, &own, "x", 1);
		rec_sign(&rec, &own);
		NEED(!nl_put_record(&nl, group, rec.wire, rec.len));
		rec_free(&rec);
	}
}

/* What is in a socket, and whether it says that it ran over. */
static unsigned int heard(struct nl *deaf, bool *ran_over)
{
	int fd = mnl_socket_get_fd(deaf->sock);
	unsigned int n = 0;
	ssize_t len;

	*ran_over = false;
	for (;;) {
		len = recv(fd, deaf->in, sizeof(deaf->in), MSG_DONTWAIT);
		if (len < 0 && errno == ENOBUFS)
			*ran_over = true;
		else if (len < 0)
			break;
		else
			n++;
	}
	NEED(errno == EAGAIN);
	return n;
}

static void check_lost(struct nl *deaf, bool counted, const char *what)
{
	uint64_t before = nl_stat(&nl, group, PEERGROUP_A_STATS_EVENTS_LOST), lost;
	unsigned int n;
	bool ran_over;

	NEED(socket_shrink(mnl_socket_get_fd(deaf->sock)));
	put_many();
	lost = nl_stat(&nl, group, PEERGROUP_A_STATS_EVENTS_LOST) - before;
	n = heard(deaf, &ran_over);
	CHECK(n && n < EVENTS && ran_over, "%s: %u heard", what, n);
	CHECK(lost == (counted ? EVENTS - n : 0), "%s: %u heard, %llu counted as lost", what, n,
	      (unsigned long long)lost);
	nl_close(deaf);
}

/* Each event is heard or counted; of the many that a multicast may go to netlink tells few. */
static void test_lost(void)
{
	static struct nl deaf;
	int yes = 1;

	NEED(!nl_open(&deaf));
	NEED(!nl_simple(&deaf, PEERGROUP_CMD_GROUP_WATCH, G(INDEX), group));
	check_lost(&deaf, true, "a watch");
	NEED(!nl_open(&deaf) && !nl_listen(&deaf));
	NEED(!mnl_socket_setsockopt(deaf.sock, NETLINK_BROADCAST_ERROR, &yes, sizeof(yes)));
	check_lost(&deaf, true, "a listener that asks for it");
	NEED(!nl_open(&deaf) && !nl_listen(&deaf));
	check_lost(&deaf, false, "a listener");
}

/* ------------------------------------------------------------ who may not -- */

/* In a child without rights; the exit status says which request got through. */
static int try_all(void)
{
	uint8_t cmd;

	if (nl_listen(&nl) != -EPERM)
		return 99;
	for (cmd = PEERGROUP_CMD_GROUP_CLOSE; cmd <= PEERGROUP_CMD_STATS_GET; cmd++) {
		bool dump = cmd == PEERGROUP_CMD_RECORD_GET || cmd == PEERGROUP_CMD_LINK_GET ||
			    cmd == PEERGROUP_CMD_MEMBER_GET;
		struct request r = { 0, cmd, dump, "", { { GROUP, G(INDEX), 0 } } };
		int ret = ask(&r);

		/* The group is not there for them; some find other faults first. */
		if (ret != -ENOENT && ret != -EINVAL)
			return cmd;
	}
	return 0;
}

static int in_child(bool new_user_ns)
{
	pid_t pid = fork();
	int status;

	NEED(pid >= 0);
	if (!pid) {
		if (setgid(NOBODY) || setuid(NOBODY) || (new_user_ns && unshare(CLONE_NEWUSER)))
			_exit(100);
		if (nl_open(&nl))
			_exit(101);
		_exit(try_all());
	}
	NEED(waitpid(pid, &status, 0) == pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 102;
}

static void test_nobody(void)
{
	int status = in_child(false);

	CHECK(!status, "request %d", status);
}

/* All capabilities in a user namespace are none in somebody else's network. */
static void test_user_namespace(void)
{
	int status = in_child(true);

	CHECK(!status, "request %d", status);
}

/* ------------------------------------------------------------------ leaks -- */

static void test_nothing_left(void)
{
	NEED(!nl_simple(&nl, PEERGROUP_CMD_GROUP_CLOSE, G(INDEX), group));
	NEED(!nl_simple(&nl, PEERGROUP_CMD_GROUP_CLOSE, G(INDEX), foreign));
	CHECK(!nl_count(&nl, PEERGROUP_CMD_GROUP_GET, 0, 0));
	CHECK(wait_slab("pg_record", 0), "%lu records", slab_objects("pg_record"));
	CHECK(no_leaks());
}

/* A program brings its own chain only; those of others come from peers. */
static void teach(const struct cert *cert)
{
	struct peer p;

	peer_link(&p, PORT, cert);
	NEED(peer_alive(&p));
	peer_close(&p);
}

static void set_up(void)
{
	static struct cert other_root, other_own;

	NEED(!nl_open(&nl) && !nl_open(&other));
	cert_new_root(&root, test_key(0));
	cert_issue(&own, &root, test_key(0), PEERGROUP_ROLE_MEMBER);
	cert_issue(&admin, &root, test_key(1), PEERGROUP_ROLE_ADMIN);
	cert_issue(&member, &root, test_key(2), PEERGROUP_ROLE_MEMBER);
	cert_issue(&stranger, &root, test_key(3), PEERGROUP_ROLE_MEMBER);
	group = group_of(&nl, &root, &own);
	cert_new_root(&other_root, test_key(3));
	cert_issue(&other_own, &other_root, test_key(3), PEERGROUP_ROLE_MEMBER);
	foreign = group_of(&nl, &other_root, &other_own);
	group_online(&nl, group, &own, PORT);
	teach(&admin);
	teach(&member);
}

int main(void)
{
	static const struct tap_test tests[] = {
		{ "missing attributes", test_missing },
		{ "attributes of a wrong length", test_lengths },
		{ "unknown attributes and operations", test_unknown },
		{ "values out of range", test_values },
		{ "a group that is not there", test_index },
		{ "limits out of range", test_limits },
		{ "all of a request or nothing", test_all_or_nothing },
		{ "every attribute of every operation", test_sweep },
		{ "messages shorter than they say", test_short },
		{ "staging misused", test_staging },
		{ "records staged and never put", test_staged_memory },
		{ "records that are malformed", test_put_malformed },
		{ "records that are forged", test_put_forged },
		{ "records out of time", test_put_times },
		{ "records of reserved types", test_put_types },
		{ "updates that are none", test_put_update },
		{ "records over the limits", test_put_limits },
		{ "events that find no room are counted", test_lost },
		{ "a user without rights", test_nobody },
		{ "a user with rights elsewhere", test_user_namespace },
		{ "nothing is left behind", test_nothing_left },
	};

	need_module();
	own_namespace();
	set_up();
	return tap_main(tests, sizeof(tests) / sizeof(tests[0]));
}
