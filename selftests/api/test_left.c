// SPDX-License-Identifier: GPL-2.0-only
// timeout: 200
/*
 * Who has left: a member does once, when none of its certificates holds any more, whatever the
 * kernel tells of each. What that costs where many leave at once, or one after the other, and
 * where the program leaves its events. Alice's group, and members that are only certificates.
 */
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include <openssl/rsa.h>
#include "home.h"
#include "netlink.h"
#include "rules.h"
#include "sockets.h"

#define PATIENCE	20000	/* ms: what is not told by then is not told */
#define MANY		40	/* members that fall with one */
#define WAITING		2100	/* more than half of what may wait */

static struct nl nl;
static uint32_t group;
static struct cert creator;		/* Alice's */
static atomic_uint dumps;		/* of certificates, that were asked for */

/* The library's sockets ask by this. */
ssize_t sendto(int fd, const void *buf, size_t len, int flags, const struct sockaddr *to,
	       socklen_t to_len)
{
	const struct nlmsghdr *msg = buf;
	const struct genlmsghdr *head = NLMSG_DATA(msg);

	if (len >= NLMSG_LENGTH(sizeof(*head)) && msg->nlmsg_type == nl.family &&
	    msg->nlmsg_flags & NLM_F_DUMP && head->cmd == PEERGROUP_CMD_MEMBER_GET)
		atomic_fetch_add(&dumps, 1);
	return syscall(SYS_sendto, fd, buf, len, flags, to, to_len);
}

/* ----------------------------------------------------------------- members -- */

struct person {
	char name[256];
	EVP_PKEY *key;
	struct cert cert;
	unsigned int left, joined;	/* as a watch has told */
};

struct search {
	const uint8_t *fingerprint;
	char *name;
	unsigned int revoked;
};

static void look_at(const struct nlmsghdr *msg, void *arg)
{
	const struct nlattr *print = nl_attr(msg, PEERGROUP_A_MEMBER_FINGERPRINT);
	const struct nlattr *name = nl_attr(msg, PEERGROUP_A_MEMBER_NAME);
	struct search *s = arg;

	s->revoked += !!nl_attr(msg, PEERGROUP_A_MEMBER_REVOKED);
	if (s->name && !memcmp(mnl_attr_get_payload(print), s->fingerprint, PEERGROUP_HASH_LEN))
		snprintf(s->name, sizeof(((struct person *)NULL)->name), "%s",
			 mnl_attr_get_str(name));
}

static unsigned int search(struct search *s)
{
	struct nlmsghdr *msg = nl_begin(&nl, PEERGROUP_CMD_MEMBER_GET, NLM_F_DUMP);

	mnl_attr_put_u32(msg, PEERGROUP_A_MEMBER_GROUP, group);
	NEED(!nl_talk(&nl, msg, look_at, s));
	return s->revoked;
}

/* How many certificates are void. */
static unsigned int void_now(void)
{
	struct search s = { 0 };

	return search(&s);
}

static bool are_void(void *count)
{
	return void_now() >= *(unsigned int *)count;
}

static void add_cert(struct person *p)
{
	struct nlmsghdr *msg = nl_begin(&nl, PEERGROUP_CMD_MEMBER_ADD, 0);
	struct search s = { .fingerprint = p->cert.fingerprint, .name = p->name };
	int err;

	mnl_attr_put_u32(msg, PEERGROUP_A_MEMBER_GROUP, group);
	mnl_attr_put(msg, PEERGROUP_A_MEMBER_CERT, p->cert.der.len, p->cert.der.p);
	err = nl_talk(&nl, msg, NULL, NULL);
	if (err)
		printf("# a certificate: %d, %s\n", err, nl.text);
	NEED(!err);
	search(&s);
	NEED(p->name[0]);
}

/* Of a kind that is made at once, by which not every kernel checks what somebody has signed. */
static EVP_PKEY *quick_key(void)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	EVP_PKEY *key = NULL;

	NEED(ctx && EVP_PKEY_keygen_init(ctx) > 0);
	NEED(EVP_PKEY_CTX_set_group_name(ctx, "P-256") > 0 && EVP_PKEY_generate(ctx, &key) > 0);
	EVP_PKEY_CTX_free(ctx);
	return key;
}

/* "yymmddhhmmssZ", so many seconds from now. */
static void put_time(char text[32], time_t from_now)
{
	time_t at = time(NULL) + from_now;
	struct tm tm;

	gmtime_r(&at, &tm);
	strftime(text, 32, "%y%m%d%H%M%SZ", &tm);
}

/* Another certificate of somebody, or the first; @issuer is an administrator or may invite. */
static void certify(struct person *p, const struct cert *issuer, uint8_t role)
{
	if (!p->key)
		p->key = EVP_RSA_gen(2048);
	cert_below(&p->cert, issuer, p->key, role);
	cert_sign(&p->cert);
}

static void invite(struct person *p, const struct cert *issuer, uint8_t role)
{
	certify(p, issuer, role);
	add_cert(p);
}

static void forget(struct person *p)
{
	EVP_PKEY_free(p->key);
	memset(p, 0, sizeof(*p));
}

static const uint8_t membership[PEERGROUP_ID_LEN] = PEERGROUP_TYPE_MEMBERSHIP;

/* What a record of membership says: the certificates below the root. */
static size_t put_chain(uint8_t *data, const struct cert *const *chain, unsigned int n)
{
	uint8_t *at = data;

	for (; n; n--, chain++) {
		*at++ = (uint8_t)((*chain)->der.len >> 8);
		*at++ = (uint8_t)(*chain)->der.len;
		at = mempcpy(at, (*chain)->der.p, (*chain)->der.len);
	}
	return (size_t)(at - data);
}

static void put_record(struct rec *rec, const struct cert *by)
{
	rec_sign(rec, by);
	NEED(!nl_put_record(&nl, group, rec->wire, rec->len));
}

/* The certificate, as Alice's library leaves it in the group: where it is of use to all. */
static void leave_cert(const struct person *p)
{
	uint8_t data[2 * (2 + DER_ROOM)], hash[PEERGROUP_HASH_LEN];
	const struct cert *chain[] = { &creator, &p->cert };
	struct rec rec;

	rec_new(&rec, &creator, data, put_chain(data, chain, 2));
	cert_spki_hash(p->key, hash);
	memcpy(rec.hdr.id + 8, hash, 8);
	memcpy(rec.hdr.type, membership, sizeof(membership));
	put_record(&rec, &creator);
	rec_free(&rec);
}

static void invite_again(struct person *p)
{
	certify(p, &creator, PEERGROUP_ROLE_MEMBER);
	leave_cert(p);
}

/* ------------------------------------------------------------------ events -- */

static HANDLE event;
static HPEEREVENT reg;

static void listen_to(bool records)
{
	PEER_GROUP_EVENT_REGISTRATION want[] = {
		{ PEER_GROUP_EVENT_MEMBER_CHANGED, NULL },
		{ PEER_GROUP_EVENT_RECORD_CHANGED, NULL },
	};

	NEED(!peergroup_event_create(&event));
	NEED(!PeerGroupRegisterEvent(ours, event, 1 + records, want, &reg));
}

static void stop(void)
{
	HR(PeerGroupUnregisterEvent(reg), S_OK);
	peergroup_event_close(event);
}

/* The next of the registration; NULL where none comes. */
static PEER_GROUP_EVENT_DATA *next_event(void)
{
	PEER_GROUP_EVENT_DATA *data;

	while (PeerGroupGetEventData(reg, &data) != S_OK)
		if (peergroup_event_wait(event, PATIENCE) != S_OK)
			return NULL;
	return data;
}

/* Takes the next, which is about that member (NULL: any), and that. */
static bool is_told(const struct person *p, PEER_MEMBER_CHANGE_TYPE change)
{
	PEER_GROUP_EVENT_DATA *data = next_event();
	bool right = data && data->eventType == PEER_GROUP_EVENT_MEMBER_CHANGED &&
		     data->memberChangeData.changeType == change &&
		     (!p || same(data->memberChangeData.pwzIdentity, p->name));

	if (data && !right)
		printf("# event %d, change %d\n", (int)data->eventType,
		       data->eventType == PEER_GROUP_EVENT_MEMBER_CHANGED ?
		       (int)data->memberChangeData.changeType : 0);
	PeerFreeData(data);
	return right;
}

/* ------------------------------------------------------------------- tests -- */

static struct person many[MANY];

/* To look is to ask twice, ten times a second at the most; and others ask as well. */
static double most_since(double began)
{
	return 10 + 20 * (seconds_now() - began);
}

/* While the program leaves an event: all of them are looked at once, or a few times. */
static void test_many(void)
{
	static struct person inviter, first;
	PEER_GROUP_EVENT_DATA *data;
	unsigned int i, told = 0, before;
	double began, most;

	invite(&first, &creator, PEERGROUP_ROLE_MEMBER);
	invite(&inviter, &creator, PEERGROUP_ROLE_INVITING);
	for (i = 0; i < MANY; i++) {
		many[i].key = quick_key();
		invite(&many[i], &inviter.cert, PEERGROUP_ROLE_MEMBER);
	}
	listen_to(false);
	HR(peergroup_revoke(ours, first.name, 0), S_OK);
	CHECK(peergroup_event_wait(event, PATIENCE) == S_OK);
	i = void_now() + MANY + 1;
	began = seconds_now();
	before = atomic_load(&dumps);
	HR(peergroup_revoke(ours, inviter.name, 0), S_OK);
	NEED(wait_until(are_void, &i) && wait_until(sockets_read, NULL));
	while (told < MANY + 2 && (data = next_event())) {
		told += data->memberChangeData.changeType == PEER_MEMBER_LEFT;
		PeerFreeData(data);
	}
	CHECK(told == MANY + 2, "%u have left", told);
	before = atomic_load(&dumps) - before;
	most = most_since(began);
	CHECK(before <= most, "asked %u times, not %.0f", before, most);
	stop();
}

/* Whoever revokes without end has them looked at ten times a second at the most, and the last. */
static void test_one_by_one(void)
{
	static struct person each[MANY];
	unsigned int i, before;
	double began, most;

	for (i = 0; i < MANY; i++) {
		each[i].key = quick_key();
		invite(&each[i], &creator, PEERGROUP_ROLE_MEMBER);
	}
	listen_to(false);
	began = seconds_now();
	before = atomic_load(&dumps);
	for (i = 0; i < MANY; i++)
		HR(peergroup_revoke(ours, each[i].name, 0), S_OK);
	for (i = 0; i < MANY && is_told(NULL, PEER_MEMBER_LEFT); i++)
		;
	CHECK(i == MANY, "%u have left", i);
	before = atomic_load(&dumps) - before;
	/* Whoever revokes asks once. */
	most = MANY + most_since(began);
	CHECK(before <= most, "asked %u times, not %.0f", before, most);
	stop();
}

static void put_many(void)
{
	static struct rec recs[WAITING];
	struct rec *list[PEERGROUP_BATCH_MAX];
	unsigned int i, n;

	for (i = 0; i < WAITING; i += n) {
		for (n = 0; n < PEERGROUP_BATCH_MAX && i + n < WAITING; n++) {
			rec_new(&recs[i + n], &creator, "waits", 5);
			list[n] = &recs[i + n];
		}
		rec_sign_batch(list, n, &creator);
	}
	for (i = 0; i < WAITING; i++) {
		NEED(!nl_put_record(&nl, group, recs[i].wire, recs[i].len));
		rec_free(&recs[i]);
	}
	NEED(wait_until(sockets_read, NULL));
}

/* So many changes of records, and nothing else. */
static bool take_records(unsigned int count)
{
	PEER_GROUP_EVENT_DATA *data;
	bool right = true;

	while (count-- && right) {
		data = next_event();
		right = data && data->eventType == PEER_GROUP_EVENT_RECORD_CHANGED;
		PeerFreeData(data);
	}
	return right;
}

/* It is told at once, and what comes then is told behind it. */
static void test_full(void)
{
	static struct person p;
	struct rec last;

	invite(&p, &creator, PEERGROUP_ROLE_MEMBER);
	listen_to(true);
	put_many();
	/* Whoever takes one waits for the library to have taken in what it has read. */
	CHECK(take_records(1));
	while (peergroup_event_wait(event, 0) == S_OK)
		;
	HR(peergroup_revoke(ours, p.name, 0), S_OK);
	CHECK(peergroup_event_wait(event, PATIENCE) == S_OK, "it is not told");
	rec_new(&last, &creator, "last", 4);
	put_record(&last, &creator);
	rec_free(&last);
	CHECK(take_records(WAITING - 1));
	CHECK(is_told(&p, PEER_MEMBER_LEFT));
	CHECK(take_records(1));
	stop();
}

/* What could not be told before that is not told behind it. */
static void test_very_full(void)
{
	PEER_MEMBER_CHANGE_TYPE last = 0;
	PEER_GROUP_EVENT_DATA *data;
	static struct person p;

	invite(&p, &creator, PEERGROUP_ROLE_MEMBER);
	listen_to(true);
	put_many();
	put_many();
	invite_again(&p);
	NEED(wait_until(sockets_read, NULL));
	CHECK(take_records(1));
	while (peergroup_event_wait(event, 0) == S_OK)
		;
	HR(peergroup_revoke(ours, p.name, 0), S_OK);
	CHECK(peergroup_event_wait(event, PATIENCE) == S_OK, "it is not told");
	while (PeerGroupGetEventData(reg, &data) == S_OK) {
		if (data->eventType == PEER_GROUP_EVENT_MEMBER_CHANGED)
			last = data->memberChangeData.changeType;
		PeerFreeData(data);
	}
	CHECK(last == PEER_MEMBER_LEFT, "told last: %d", (int)last);
	stop();
}

/* Who has left joins with another certificate, though its record was there before. */
static void test_in_again(void)
{
	static struct person inviter, p;
	static uint8_t data[3 * (2 + DER_ROOM)];
	const struct cert *chain[] = { &creator, &inviter.cert, &p.cert };
	struct rec first, second, third;

	listen_to(false);
	invite(&inviter, &creator, PEERGROUP_ROLE_INVITING);
	invite(&p, &inviter.cert, PEERGROUP_ROLE_MEMBER);
	rec_new(&first, &p.cert, data, put_chain(data, chain, 3));
	memset(first.hdr.id + 8, 0, 8);
	memcpy(first.hdr.type, membership, sizeof(membership));
	put_record(&first, &p.cert);
	CHECK(is_told(&p, PEER_MEMBER_JOINED));
	HR(peergroup_revoke(ours, inviter.name, 0), S_OK);
	CHECK(is_told(NULL, PEER_MEMBER_LEFT) && is_told(NULL, PEER_MEMBER_LEFT));
	invite(&p, &creator, PEERGROUP_ROLE_MEMBER);
	chain[1] = &p.cert;
	rec_next(&second, &first, &p.cert, data, put_chain(data, chain, 2));
	put_record(&second, &p.cert);
	CHECK(is_told(&p, PEER_MEMBER_JOINED), "it is in again");
	rec_next(&third, &second, &p.cert, data, put_chain(data, chain, 2));
	put_record(&third, &p.cert);
	CHECK(is_told(&p, PEER_MEMBER_UPDATED), "and once");
	HR(peergroup_revoke(ours, p.name, 0), S_OK);
	CHECK(is_told(&p, PEER_MEMBER_LEFT));
	rec_free(&first);
	rec_free(&second);
	rec_free(&third);
	stop();
}

/* Who was revoked is not in again by what one issues that has not heard of it. */
static void test_stays_out(void)
{
	static struct person p, other;

	invite(&p, &creator, PEERGROUP_ROLE_MEMBER);
	invite(&other, &creator, PEERGROUP_ROLE_MEMBER);
	listen_to(false);
	HR(peergroup_revoke(ours, p.name, 0), S_OK);
	CHECK(is_told(&p, PEER_MEMBER_LEFT));
	invite_again(&p);
	HR(peergroup_revoke(ours, other.name, 0), S_OK);
	CHECK(is_told(&other, PEER_MEMBER_LEFT), "its certificate is void, too");
	stop();
}

/* Who has another one that is to hold soon, as clocks differ, is in again when it does. */
static void test_in_soon(void)
{
	static struct person inviter, p;
	char soon[32];

	invite(&inviter, &creator, PEERGROUP_ROLE_INVITING);
	invite(&p, &inviter.cert, PEERGROUP_ROLE_MEMBER);
	listen_to(false);
	HR(peergroup_revoke(ours, inviter.name, 0), S_OK);
	CHECK(is_told(NULL, PEER_MEMBER_LEFT) && is_told(NULL, PEER_MEMBER_LEFT));
	certify(&p, &creator, PEERGROUP_ROLE_MEMBER);
	put_time(soon, 3);
	p.cert.spec.not_before = soon;
	cert_sign(&p.cert);
	leave_cert(&p);
	CHECK(is_told(&p, PEER_MEMBER_JOINED));
	stop();
}

/* A key is revoked of which no certificate is here: what comes later is void from the start. */
static void test_void_at_once(void)
{
	struct peergroup_revocation body = { .flags = 0 };
	struct person p = { .key = EVP_RSA_gen(2048) }, other = { .key = NULL };
	struct search s = { .fingerprint = p.cert.fingerprint, .name = p.name };
	unsigned int count = void_now() + 1;
	struct rec rec;

	invite(&other, &creator, PEERGROUP_ROLE_MEMBER);
	cert_spki_hash(p.key, body.key);
	rec_revocation(&rec, &creator, &body);
	put_record(&rec, &creator);
	rec_free(&rec);
	/* The kernel has dealt with both then. */
	HR(peergroup_revoke(ours, other.name, 0), S_OK);
	NEED(wait_until(are_void, &count));
	listen_to(false);
	invite_again(&p);
	search(&s);
	CHECK(is_told(&p, PEER_MEMBER_JOINED), "it is published");
	CHECK(is_told(&p, PEER_MEMBER_LEFT), "and does not hold");
	stop();
	forget(&p);
	forget(&other);
}

/* Who is in again is so once, though a look has told it before its record could. */
static void test_in_once(void)
{
	static struct person inviter, p, other, last;
	PEER_GROUP_EVENT_DATA *data;
	unsigned int joined = 0;
	bool over = false;

	invite(&inviter, &creator, PEERGROUP_ROLE_INVITING);
	invite(&p, &inviter.cert, PEERGROUP_ROLE_MEMBER);
	invite(&other, &creator, PEERGROUP_ROLE_MEMBER);
	invite(&last, &creator, PEERGROUP_ROLE_MEMBER);
	listen_to(true);
	HR(peergroup_revoke(ours, inviter.name, 0), S_OK);
	CHECK(is_told(NULL, PEER_MEMBER_LEFT) && is_told(NULL, PEER_MEMBER_LEFT));
	put_many();
	put_many();
	invite_again(&p);
	invite_again(&last);
	NEED(wait_until(sockets_read, NULL));
	CHECK(take_records(1));
	while (peergroup_event_wait(event, 0) == S_OK)
		;
	HR(peergroup_revoke(ours, other.name, 0), S_OK);
	CHECK(peergroup_event_wait(event, PATIENCE) == S_OK, "it is not told");
	/* Records are caught up with in their order. */
	while (!over && (data = next_event())) {
		if (data->eventType == PEER_GROUP_EVENT_MEMBER_CHANGED &&
		    data->memberChangeData.changeType == PEER_MEMBER_JOINED) {
			joined += same(data->memberChangeData.pwzIdentity, p.name);
			over = same(data->memberChangeData.pwzIdentity, last.name);
		}
		PeerFreeData(data);
	}
	CHECK(over && joined == 1, "joined %u times", joined);
	stop();
}

/* What has run out, and what does not hold yet, is none that holds. */
static void test_not_now(void)
{
	static struct person inviter, p;
	char before[32], past[32], soon[32];

	put_time(before, -400);
	put_time(past, -300);
	put_time(soon, 3600);
	invite(&inviter, &creator, PEERGROUP_ROLE_INVITING);
	invite(&p, &inviter.cert, PEERGROUP_ROLE_MEMBER);
	certify(&p, &creator, PEERGROUP_ROLE_MEMBER);
	p.cert.spec.not_before = before;
	p.cert.spec.not_after = past;
	cert_sign(&p.cert);
	add_cert(&p);
	certify(&p, &creator, PEERGROUP_ROLE_MEMBER);
	p.cert.spec.not_before = soon;
	cert_sign(&p.cert);
	add_cert(&p);
	listen_to(false);
	HR(peergroup_revoke(ours, inviter.name, 0), S_OK);
	CHECK(is_told(NULL, PEER_MEMBER_LEFT));
	CHECK(is_told(NULL, PEER_MEMBER_LEFT), "one has a certificate that does not hold");
	stop();
}

/* ------------------------------------------------------------- of a watch -- */

static struct person carol, dave, erin;
static peergroup_watch_t watch;

static void note_event(const struct peergroup_event *e)
{
	struct person *all[] = { &carol, &dave, &erin };
	unsigned int i;

	for (i = 0; i < 3 && e->kind == PEERGROUP_EVENT_MEMBER; i++) {
		if (strcmp(e->link_peer, all[i]->name))
			continue;
		all[i]->left += e->member_change == PEER_MEMBER_LEFT && e->revoked;
		all[i]->joined += e->member_change == PEER_MEMBER_JOINED && !e->revoked;
	}
}

/* Waits until the watch has told that so often; @polls, or as a program that only waits. */
static bool is_watched(const unsigned int *what, unsigned int times, bool polls)
{
	struct pollfd pfd = { .fd = peergroup_watch_fd(watch), .events = POLLIN };
	double end = seconds_now() + PATIENCE / 1000;
	struct peergroup_event e;
	HRESULT hr = S_OK;

	while (SUCCEEDED(hr) && *what < times && seconds_now() < end) {
		if (polls)
			poll(&pfd, 1, PATIENCE);
		hr = polls ? peergroup_watch_next(watch, &e) :
			peergroup_watch_wait(watch, PATIENCE, &e);
		if (hr == S_OK)
			note_event(&e);
	}
	return *what == times;
}

/* Two of Dave's certificates are void one after the other, Erin's, and a later one of hers. */
static void watch_them(bool polls)
{
	NEED(!peergroup_watch_open(ours, PEERGROUP_SINCE_NOW, &watch));
	HR(peergroup_revoke(ours, carol.name, 0), S_OK);
	CHECK(is_watched(&carol.left, 1, polls) && is_watched(&erin.left, 1, polls));
	invite_again(&erin);
	CHECK(is_watched(&erin.joined, 1, polls), "joined %u times", erin.joined);
	CHECK(!dave.left, "he is in");
	HR(peergroup_revoke(ours, dave.name, 0), S_OK);
	CHECK(is_watched(&dave.left, 1, polls));
	HR(peergroup_revoke(ours, erin.name, 0), S_OK);
	CHECK(is_watched(&erin.left, 2, polls), "left %u times", erin.left);
	CHECK(carol.left == 1 && dave.left == 1 && erin.joined == 1 && !carol.joined &&
	      !dave.joined, "%u, %u; %u, %u, %u", carol.left, dave.left, carol.joined,
	      dave.joined, erin.joined);
	HR(peergroup_watch_close(watch), S_OK);
}

static void invite_them(void)
{
	forget(&carol);
	forget(&dave);
	forget(&erin);
	invite(&carol, &creator, PEERGROUP_ROLE_ADMIN);
	invite(&dave, &carol.cert, PEERGROUP_ROLE_MEMBER);
	invite(&dave, &creator, PEERGROUP_ROLE_MEMBER);
	invite(&erin, &carol.cert, PEERGROUP_ROLE_MEMBER);
}

static void test_watch(void)
{
	invite_them();
	watch_them(true);
}

static void test_watch_wait(void)
{
	invite_them();
	watch_them(false);
}

static void test_end(void)
{
	HR(PeerGroupClose(bobs), S_OK);
	HR(PeerGroupClose(ours), S_OK);
	HR(PeerGroupShutdown(), S_OK);
}

static void set_up(void)
{
	static char not_before[32], not_after[32];
	struct peergroup_status *status;
	static struct cert by_bob;

	rules_begin();
	rules_people();
	rules_group(0, PEERGROUP_ROLE_MEMBER);
	NEED(!nl_open(&nl) && !peergroup_status(ours, &status));
	group = status->index;
	peergroup_free(status);
	home_member(bob, &creator, &by_bob);
	EVP_PKEY_free(by_bob.spec.key);
	creator.spec.key = home_key(alice);
	put_time(not_before, 0);
	put_time(not_after, 365 * 86400);
	creator.spec.not_before = not_before;
	creator.spec.not_after = not_after;
	memcpy(creator.spec.group, by_bob.spec.group, PEERGROUP_HASH_LEN);
}

int main(void)
{
	static const struct tap_test tests[] = {
		{ "many leave at once", test_many },
		{ "many leave one by one", test_one_by_one },
		{ "one leaves while many events wait", test_full },
		{ "one joins and leaves while all that may wait does", test_very_full },
		{ "who has left is in again", test_in_again },
		{ "who was revoked is not in by another certificate", test_stays_out },
		{ "who is to be in soon is in then", test_in_soon },
		{ "a certificate is void from the start", test_void_at_once },
		{ "who is in again is so once", test_in_once },
		{ "who has another certificate, but not now", test_not_now },
		{ "a watch tells of members, not of certificates", test_watch },
		{ "and tells who waits for it", test_watch_wait },
		{ "the end", test_end },
	};

	set_up();
	return tap_main(tests, sizeof(tests) / sizeof(tests[0]));
}
