// SPDX-License-Identifier: GPL-2.0-only
#include <endian.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <arpa/inet.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include "group.h"
#include "tap.h"

/* --------------------------------------------------------- certificates -- */

EVP_PKEY *test_key(unsigned int n)
{
	static EVP_PKEY *keys[KEYS];
	const char *build = getenv("PG_BUILD");
	char path[4096];
	FILE *file;

	NEED(n < KEYS);
	if (keys[n])
		return keys[n];
	NEED(build);
	snprintf(path, sizeof(path), "%s/selftests/keys/%u.pem", build, n);
	file = fopen(path, "r");
	NEED(file);
	keys[n] = PEM_read_PrivateKey(file, NULL, NULL, NULL);
	fclose(file);
	NEED(keys[n]);
	return keys[n];
}

void cert_root(struct cert *cert, EVP_PKEY *key)
{
	cert->spec = cert_spec_root(key);
}

void cert_below(struct cert *cert, const struct cert *issuer, EVP_PKEY *key, uint8_t roles)
{
	static unsigned int count;

	cert->spec = cert_spec_below(key, &issuer->spec, &issuer->der, cert->issuer, roles);
	snprintf(cert->friendly, sizeof(cert->friendly), "member %u", ++count);
	cert->spec.friendly = cert->friendly;
}

void cert_sign(struct cert *cert)
{
	cert_make(&cert->spec, &cert->der);
	SHA256(cert->der.p, cert->der.len, cert->fingerprint);
}

void cert_new_root(struct cert *cert, EVP_PKEY *key)
{
	cert_root(cert, key);
	cert_sign(cert);
}

void cert_issue(struct cert *cert, const struct cert *issuer, EVP_PKEY *key, uint8_t roles)
{
	cert_below(cert, issuer, key, roles);
	cert_sign(cert);
}

/* --------------------------------------------------------------- groups -- */

static void take_index(const struct nlmsghdr *msg, void *arg)
{
	*(uint32_t *)arg = nl_u32(msg, PEERGROUP_A_GROUP_INDEX);
}

int group_open(struct nl *nl, const struct der_buf *root, const struct chain *chain,
	       uint32_t *index)
{
	struct nlmsghdr *msg = nl_begin(nl, PEERGROUP_CMD_GROUP_OPEN, 0);
	unsigned int i;

	mnl_attr_put(msg, PEERGROUP_A_GROUP_ROOT, root->len, root->p);
	for (i = 0; i < chain->n; i++)
		mnl_attr_put(msg, PEERGROUP_A_GROUP_CHAIN, chain->cert[i]->len,
			     chain->cert[i]->p);
	mnl_attr_put_u8(msg, PEERGROUP_A_GROUP_READY, 1);
	*index = 0;
	return nl_talk(nl, msg, take_index, index);
}

uint32_t group_of(struct nl *nl, const struct cert *root, const struct cert *member)
{
	struct chain chain = { .cert = { &member->der }, .n = 1 };
	uint32_t index;
	int err = group_open(nl, &root->der, &chain, &index);

	if (err)
		printf("# %s: %s\n", strerror(-err), nl->text);
	NEED(!err && index);
	return index;
}

/* --------------------------------------------------------- credentials -- */

static void take_node(const struct nlmsghdr *msg, void *arg)
{
	struct peergroup_credential *c = arg;
	struct nlattr *attr;

	mnl_attr_for_each(attr, msg, sizeof(struct genlmsghdr)) {
		if (mnl_attr_get_type(attr) == PEERGROUP_A_GROUP_NODE)
			c->node = htobe64(mnl_attr_get_u64(attr));
		else if (mnl_attr_get_type(attr) == PEERGROUP_A_GROUP_NODE_KEY)
			memcpy(c->key, mnl_attr_get_payload(attr), sizeof(c->key));
	}
}

size_t credential_sign(struct peergroup_credential *c, const uint8_t *group, EVP_PKEY *key)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	size_t len = PEERGROUP_SIG_LEN_MAX;

	c->algo = PEERGROUP_SIG_RSA_SHA256;
	c->zero = 0;
	NEED(ctx && EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key) == 1);
	NEED(EVP_DigestSignUpdate(ctx, PEERGROUP_CREDENTIAL_TAG, PEERGROUP_CREDENTIAL_TAG_LEN) &&
	     EVP_DigestSignUpdate(ctx, group, PEERGROUP_HASH_LEN) &&
	     EVP_DigestSignUpdate(ctx, c, offsetof(struct peergroup_credential, algo)) &&
	     EVP_DigestSignFinal(ctx, (uint8_t *)(c + 1), &len) == 1);
	EVP_MD_CTX_free(ctx);
	c->sig_len = htobe16(len);
	return sizeof(*c) + len;
}

void group_node(struct nl *nl, uint32_t index, struct peergroup_credential *c)
{
	struct nlmsghdr *msg = nl_begin(nl, PEERGROUP_CMD_GROUP_GET, 0);

	mnl_attr_put_u32(msg, PEERGROUP_A_GROUP_INDEX, index);
	NEED(!nl_talk(nl, msg, take_node, c));
}

int group_credential(struct nl *nl, uint32_t index, const void *credential, size_t len)
{
	struct nlmsghdr *msg = nl_begin(nl, PEERGROUP_CMD_GROUP_SET, 0);

	mnl_attr_put_u32(msg, PEERGROUP_A_GROUP_INDEX, index);
	mnl_attr_put(msg, PEERGROUP_A_GROUP_CREDENTIAL, len, credential);
	return nl_talk(nl, msg, NULL, NULL);
}

void group_vouch(struct nl *nl, uint32_t index, const struct cert *member)
{
	union {
		struct peergroup_credential c;
		uint8_t room[sizeof(struct peergroup_credential) + PEERGROUP_SIG_LEN_MAX];
	} u = { .c = { .not_before = htobe64(peer_time_now()),
		       .not_after = htobe64(peer_time_now() + 86400 * TICKS) } };
	int err;

	group_node(nl, index, &u.c);
	err = group_credential(nl, index, &u,
			       credential_sign(&u.c, member->spec.group, member->spec.key));
	if (err)
		printf("# %s: %s\n", strerror(-err), nl->text);
	NEED(!err);
}

void group_online(struct nl *nl, uint32_t index, const struct cert *member, uint16_t port)
{
	struct nlmsghdr *msg;

	group_vouch(nl, index, member);
	msg = nl_begin(nl, PEERGROUP_CMD_GROUP_SET, 0);
	mnl_attr_put_u32(msg, PEERGROUP_A_GROUP_INDEX, index);
	mnl_attr_put_u8(msg, PEERGROUP_A_GROUP_ONLINE, 1);
	mnl_attr_put_u16(msg, PEERGROUP_A_GROUP_PORT, port);
	NEED(!nl_talk(nl, msg, NULL, NULL));
	/* Tests say whom their groups dial. */
	NEED(!group_limit(nl, index, PEERGROUP_A_LIMIT_ACTIVE_VIEW, 0));
}

void check_nothing_left(struct nl *nl, uint32_t index)
{
	NEED(!nl_simple(nl, PEERGROUP_CMD_GROUP_DESTROY, PEERGROUP_A_GROUP_INDEX, index));
	CHECK(wait_slab("pg_record", 0));
	CHECK(no_leaks());
}

static int put_limit(struct nl *nl, uint32_t index, uint16_t which, const void *value, size_t size)
{
	struct nlmsghdr *msg = nl_begin(nl, PEERGROUP_CMD_GROUP_SET, 0);
	struct nlattr *nest;

	mnl_attr_put_u32(msg, PEERGROUP_A_GROUP_INDEX, index);
	nest = mnl_attr_nest_start(msg, PEERGROUP_A_GROUP_LIMITS);
	mnl_attr_put(msg, which, size, value);
	mnl_attr_nest_end(msg, nest);
	return nl_talk(nl, msg, NULL, NULL);
}

int group_limit(struct nl *nl, uint32_t index, uint16_t which, uint32_t value)
{
	return put_limit(nl, index, which, &value, sizeof(value));
}

int group_limit_bytes(struct nl *nl, uint32_t index, uint16_t which, uint64_t value)
{
	return put_limit(nl, index, which, &value, sizeof(value));
}

int group_dial(struct nl *nl, uint32_t index, uint16_t port)
{
	struct nlmsghdr *msg = nl_begin(nl, PEERGROUP_CMD_LINK_ADD, 0);

	mnl_attr_put_u32(msg, PEERGROUP_A_LINK_GROUP, index);
	mnl_attr_put_u32(msg, PEERGROUP_A_LINK_ADDRESS, htonl(0x7f000001));
	mnl_attr_put_u16(msg, PEERGROUP_A_LINK_PORT, port);
	return nl_talk(nl, msg, NULL, NULL);
}

/* ------------------------------------------------------------- counters -- */

struct stat_wanted {
	struct nl *nl;
	uint32_t index;
	uint16_t counter;
	uint64_t least;
};

static bool stat_reached(void *arg)
{
	struct stat_wanted *w = arg;

	return nl_stat(w->nl, w->index, w->counter) >= w->least;
}

bool wait_stat(struct nl *nl, uint32_t index, uint16_t counter, uint64_t least)
{
	struct stat_wanted w = { nl, index, counter, least };

	return wait_until(stat_reached, &w);
}

bool counted_once(struct nl *nl, uint32_t index, uint16_t counter, uint64_t before)
{
	return wait_stat(nl, index, counter, before + 1) &&
	       nl_stat(nl, index, counter) == before + 1;
}
