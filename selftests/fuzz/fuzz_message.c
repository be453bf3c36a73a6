// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a member may send: the plaintext of a link, sealed here, in frames and in pieces of
 * all lengths, through link_rx.c, message.c and what they call as these stand, up to the
 * table, the queue and the programs, which are this file's. Also a little of what comes
 * before a link is up: a last word, and the appeal of somebody revoked.
 *
 * Input: the state of the link (flags), how the stream is cut, and the plaintext.
 */
#include <errno.h>
#include <linux/bitmap.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <openssl/rand.h>
#include <asm/unaligned.h>
#include <crypto/sha2.h>
#include "../host/certs.h"
#include "../host/tap.h"
#include "cursor.h"
#include "link_priv.h"
#include "message.h"
#include "netlink.h"
#include "refresh.h"
#include "fuzz.h"

/* Of an input's flags. */
#define DIRECT	1U	/* a link for data */
#define DIALLED	2U	/* by this end */
#define COMING	4U	/* it is not up */
#define ASKED	8U	/* this end leads a reconciliation */
#define BUSY	16U	/* little room to queue records, and for data */

#define RECORD_MAX	3000U		/* small, so that some are too long */
#define NODE		7ULL
#define STEPS		64U		/* of the record that is refreshed */
#define RECORDS		48U
#define WAITS		4U		/* times in a row that nothing moves, and it is over */

unsigned long jiffies;
struct workqueue_struct *pg_wq;

static struct pg_group group;
static struct pg_watch watch;
static struct pg_user whose;		/* that is */
static struct cred user;
static u8 id[PEERGROUP_HASH_LEN];
static const u8 peer_key[PG_NODE_KEY_LEN] = "the other node's key";
static const struct pg_noise_cipher cipher = { .key = "of frames" };
static struct der_buf root, admin, inviter, member, later;
static EVP_PKEY *keys[4];
static u64 now;
static u32 n_members;		/* that the group begins with, 0 where they are to be made */

/* The state of one input. */
static struct {
	const u8 *text;			/* to be sent still */
	size_t left;
	u8 frame[2 + PG_FRAME_MAX];
	size_t frame_at, frame_len;
	struct pg_noise_cipher seal;
	u32 frames, cut;
	unsigned int room;		/* for records in the queue */
	u32 arrivals[PG_LINK_ARRIVALS_MAX];	/* sizes of those being checked */
	unsigned int n_arrivals;
	u32 token;			/* of the last WANT that was sent */
	u8 asked[PG_MSG_BODY_MAX];	/* the last SYNC */
	size_t asked_len;
	unsigned int again;		/* records that a certificate was missing for */
} in;

/* ---------------------------------------------------------------- the table -- */

static struct pg_record records[RECORDS];
static struct pg_refresh refreshing;
static u8 chain[STEPS + 1][PEERGROUP_HASH_LEN];		/* by step; [0] is the anchor */
static struct pg_table others;				/* the other end's, for seeds */

static bool has(const struct pg_table *t, unsigned int i)
{
	return t == &others ? i % 4 : i % 3;
}

static struct pg_record *from(const struct pg_table *t, unsigned int i)
{
	for (; i < RECORDS; i++)
		if (has(t, i))
			return &records[i];
	return NULL;
}

static unsigned int rank(const u8 *lo)
{
	unsigned int i = 0;

	while (lo && i < RECORDS && memcmp(records[i].rec.id, lo, PEERGROUP_ID_LEN) < 0)
		i++;
	return i;
}

struct pg_record *pg_table_ceiling(struct pg_table *t, const u8 *lo)
{
	return from(t, rank(lo));
}

struct pg_record *pg_table_after(struct pg_table *t, struct pg_record *r)
{
	return from(t, r - records + 1);
}

struct pg_record *pg_table_nth(struct pg_table *t, const u8 *lo, const u8 *hi, u32 n)
{
	struct pg_record *r = from(t, rank(lo));

	while (r && n--)
		r = pg_table_after(t, r);
	return r && (!hi || memcmp(r->rec.id, hi, PEERGROUP_ID_LEN) < 0) ? r : NULL;
}

void pg_table_print(struct pg_table *t, const u8 *lo, const u8 *hi, struct pg_print *p)
{
	unsigned int i, end = hi ? rank(hi) : RECORDS;

	memset(p, 0, sizeof(*p));
	for (i = rank(lo); i < end; i++) {
		if (!has(t, i))
			continue;
		p->count++;
		p->sum[0] += get_unaligned_be64(records[i].rec.digest);
	}
}

void pg_print_bytes(const struct pg_print *p, u8 *out)
{
	memset(out, 0, PEERGROUP_HASH_LEN);
	put_unaligned_be64(p->sum[0], out);
}

struct pg_record *pg_table_find(struct pg_table *t, const u8 *id)
{
	struct pg_record *r = pg_table_ceiling(t, id);

	return r && !memcmp(r->rec.id, id, PEERGROUP_ID_LEN) ? r : NULL;
}

struct pg_record *pg_table_get(struct pg_table *t, const u8 *id)
{
	struct pg_record *r = pg_table_find(t, id);

	return r ? pg_record_hold(r) : NULL;
}

/* The table has one reference to each. */
void pg_record_put(struct pg_record *r)
{
	FUZZ_NEED(!refcount_dec_and_test(&r->refs));
}

void pg_table_refreshed(struct pg_table *t, struct pg_record *r)
{
	FUZZ_NEED(r->refresh->step <= r->rec.count);
	FUZZ_NEED(!memcmp(r->refresh->value, chain[r->refresh->step], PEERGROUP_HASH_LEN));
}

u32 pg_record_refresh_last(const struct pg_record *r)
{
	return U32_MAX;
}

void pg_flood_take_refresh(struct pg_flood *f, const struct pg_record *r, u32 n)
{
	FUZZ_NEED(n && n <= STEPS);
}

bool pg_flood_rate_over(struct pg_flood *f, const struct pg_member *creator)
{
	return false;
}

/* Is parsed, and waits to be checked. */
void pg_flood_arrival(struct pg_flood *f, struct pg_link *from, u8 *wire, u32 len)
{
	struct pg_rec rec;

	FUZZ_NEED(len && len <= RECORD_MAX + PG_RECORD_OVERHEAD);
	if (pg_rec_parse(&rec, id, wire, len))
		pg_stat_inc(&group.stats, PEERGROUP_A_STATS_REFUSED_MALFORMED);
	kvfree(wire);
	FUZZ_NEED(in.n_arrivals < PG_LINK_ARRIVALS_MAX);
	in.arrivals[in.n_arrivals++] = len;
	atomic_inc(&from->arrivals);
	atomic_add(len, &from->arrival_bytes);
}

void pg_flood_again(struct pg_flood *f, struct pg_link *from, struct pg_record *r)
{
	in.again++;
	pg_record_put(r);
}

/* ----------------------------------------------------------------- the link -- */

void pg_link_fail(struct pg_link *link, u32 bye, int error, u32 fault)
{
	FUZZ_NEED(error > 0);
	if (link->closing)
		return;
	link->closing = true;
	link->bye = bye;
	link->error = error;
	link->fault = fault;
}

void pg_link_close(struct pg_link *link, u32 bye, int error)
{
	pg_link_fail(link, bye, error, 0);
}

int pg_bye_errno(u32 reason)
{
	return reason == PG_BYE_REVOKED ? -EKEYREVOKED : -ESHUTDOWN;
}

void pg_link_kick(struct pg_link *link, struct work_struct *work)
{
	queue_work(pg_wq, work);
}

void pg_link_watch(struct pg_link *link)
{
	FUZZ_NEED(link->told && link->up);
}

void pg_link_drain(struct pg_link *link)
{
	link->draining = true;
}

/* What is sent has a bound, whatever was asked. */
int pg_link_send(struct pg_link *link, u8 type, const void *body, size_t len)
{
	bool skip;

	FUZZ_NEED(len <= pg_message_limit(link, type, &skip));
	if (type == PG_MSG_SYNC)
		memcpy(in.asked, body, in.asked_len = len);
	if (type == PG_MSG_WANT)
		in.token = get_unaligned_be32(body);
	return 0;
}

int pg_link_send_record(struct pg_link *link, struct pg_record *r)
{
	FUZZ_NEED(in.room);
	in.room--;
	return 0;
}

void pg_link_send_refresh(struct pg_link *link, const struct pg_record *r)
{
	FUZZ_NEED(r->refresh);
}

bool pg_link_room(struct pg_link *link)
{
	return in.room;
}

/* ---------------------------------------------------------------- the group -- */

u64 pg_group_now(struct pg_group *g)
{
	return now;
}

u64 pg_group_credential_until(const struct pg_group *g)
{
	return 0;
}

void pg_group_clock_heard(struct pg_link *link, u64 theirs)
{
	link->clock_offset = theirs;
}

void pg_group_set_synced(struct pg_group *g)
{
	g->ready = g->synced = true;
}

void pg_group_disowned(struct pg_link *link)
{
}

void pg_group_check_peer(struct pg_link *link)
{
	FUZZ_NEED(link->peer && link->payer);
}

void pg_group_presence_changed(struct pg_group *g, const struct pg_record *r)
{
}

u32 pg_group_link_up(struct pg_link *link)
{
	link->up = true;
	link->state = PEERGROUP_LINK_UP;
	return 0;
}

bool pg_netlink_permits(struct pg_group *g, struct pg_watch *w, unsigned int needs)
{
	return true;
}

void pg_netlink_data(struct pg_group *g, struct pg_watch *w)
{
	FUZZ_NEED(!list_empty(&w->data.letters));
}

void pg_filter_init(struct pg_filter *f)
{
	memset(f, 0, sizeof(*f));
}

bool pg_filter_match(const struct pg_filter *f, const struct pg_record *r)
{
	return true;
}

void pg_walk_begin(struct pg_walk *w, struct pg_table *t, const struct pg_filter *f)
{
}

/* Two revocations, and then no room. */
struct pg_record *pg_walk_next(struct pg_walk *w, struct pg_table *t)
{
	return in.room > 1 ? pg_record_hold(&records[in.room % RECORDS]) : NULL;
}

/* Of a handshake, which is over. */
#define NEVER(type, name, ...)	type name(__VA_ARGS__) { abort(); }

NEVER(int, pg_tx_raw, struct pg_link *link, const void *data, size_t len)
NEVER(void, pg_listener_forget, struct pg_link *link)
NEVER(bool, pg_listener_take, struct pg_listener *l, struct pg_link *link)
NEVER(bool, pg_password_is_opening, const u8 *block)
NEVER(int, pg_password_begin, struct pg_link *link, const u8 *block)
NEVER(int, pg_password_message, struct pg_link *link, const u8 *data, u32 len)
NEVER(void, pg_group_put, struct pg_group *g)
NEVER(int, pg_group_attach, struct pg_group *g, struct pg_link *link)
NEVER(int, pg_group_introduce, struct pg_group *g, u8 **out, size_t *len)
NEVER(void, pg_group_hint, const struct pg_group *g, const u8 *nonce, u8 *hint)
NEVER(struct pg_group *, pg_group_by_hint, struct pg_listener *l, const u8 *nonce, const u8 *hint,
      void (*make)(const struct pg_group *g, const u8 *nonce, u8 *hint))

/* --------------------------------------------------------------- the stream -- */

static u32 next_cut(void)
{
	in.cut = in.cut * 1664525U + 1013904223U;
	return in.cut >> 8;
}

/* How much goes into the next frame; 0 of an input's cuts: as much as may. */
static size_t frame_text(void)
{
	static const size_t usual[] = { 1, sizeof(struct pg_msg_hdr), PG_FRAME_TEXT };
	size_t len = PG_FRAME_MAX - PG_NOISE_TAG_LEN;

	/* To seal takes its time. */
	if (in.cut && in.frames < 200)
		len = next_cut() % 4 ? 1 + next_cut() % 300 : usual[next_cut() % ARRAY_SIZE(usual)];
	return len < in.left ? len : in.left;
}

static void make_frame(void)
{
	size_t len = frame_text();

	in.frame[0] = (len + PG_NOISE_TAG_LEN) >> 8;
	in.frame[1] = len + PG_NOISE_TAG_LEN;
	memcpy(in.frame + 2, in.text, len);
	FUZZ_NEED(!pg_noise_seal(&in.seal, in.frame + 2, len));
	if (++in.frames % PG_REKEY_FRAMES == 0)
		pg_noise_rekey(&in.seal);
	in.text += len;
	in.left -= len;
	in.frame_at = 0;
	in.frame_len = 2 + len + PG_NOISE_TAG_LEN;
}

int kernel_recvmsg(struct socket *sock, struct msghdr *msg, struct kvec *vec, size_t n, size_t len,
		   int flags)
{
	FUZZ_NEED(len);
	if (in.frame_at == in.frame_len && in.left)
		make_frame();
	if (in.frame_at == in.frame_len)
		return -EAGAIN;
	if (len > in.frame_len - in.frame_at)
		len = in.frame_len - in.frame_at;
	if (in.cut && next_cut() % 8 == 0)
		len = 1 + next_cut() % len;
	memcpy(vec->iov_base, in.frame + in.frame_at, len);
	in.frame_at += len;
	return len;
}

/* ------------------------------------------------------------------- making -- */

static u64 rand_state;

/* So that keys, and with them the seeds, are the same in each process. */
static int same_bytes(unsigned char *p, int len)
{
	while (len--) {
		rand_state = rand_state * 6364136223846793005ULL + 1442695040888963407ULL;
		*p++ = rand_state >> 56;
	}
	return 1;
}

static int same_status(void)
{
	return 1;
}

static void make_certs(void)
{
	static const RAND_METHOD same = { .bytes = same_bytes, .pseudorand = same_bytes,
					  .status = same_status };
	static u8 print[4][PEERGROUP_HASH_LEN];
	struct cert_spec root_spec, admin_spec, inviter_spec, spec;
	unsigned int i;

	RAND_set_rand_method(&same);
	for (i = 0; i < ARRAY_SIZE(keys); i++)
		keys[i] = cert_key_rsa(2048, 65537);
	RAND_set_rand_method(RAND_OpenSSL());
	root_spec = cert_spec_root(keys[0]);
	cert_make(&root_spec, &root);
	memcpy(id, root_spec.group, sizeof(id));
	admin_spec = cert_spec_below(keys[1], &root_spec, &root, print[0], PEERGROUP_ROLE_ADMIN);
	cert_make(&admin_spec, &admin);
	inviter_spec = cert_spec_below(keys[2], &admin_spec, &admin, print[1],
				       PEERGROUP_ROLE_INVITING | PEERGROUP_ROLE_MEMBER);
	cert_make(&inviter_spec, &inviter);
	spec = cert_spec_below(keys[3], &inviter_spec, &inviter, print[2], PEERGROUP_ROLE_MEMBER);
	cert_make(&spec, &member);
	/* The same member, later: so much that nobody has seen it. */
	spec.not_before = "250101000000Z";
	cert_make(&spec, &later);
}

static void make_records(void)
{
	unsigned int i, step;
	struct pg_rec *rec;

	for (step = STEPS; step--; )
		sha256(chain[step + 1], PEERGROUP_HASH_LEN, chain[step]);
	for (i = 0; i < RECORDS; i++) {
		rec = &records[i].rec;
		refcount_set(&records[i].refs, 1);
		sha256((u8 *)&i, sizeof(i), rec->digest);
		put_unaligned_be32(i * (U32_MAX / RECORDS), rec->id);
		rec->version = 1;
		rec->modified = now - 1000 * PG_TIME_SECOND;
		rec->expires = now;
	}
	rec = &records[1].rec;
	rec->period = 1;
	rec->count = STEPS;
	rec->anchor = chain[0];
	records[1].refresh = &refreshing;
}

static void set_up(void)
{
	struct pg_gmc gmc;

	if (now)
		return;
	make_certs();
	FUZZ_NEED(!pg_gmc_parse(&gmc, member.p, member.len));
	now = gmc.not_before + (gmc.not_after - gmc.not_before) / 2;
	make_records();
}

static struct pg_chain chain_of(const struct der_buf *leaf)
{
	struct pg_chain c = {
		.n = 3,
		.cert = { { admin.p, admin.len }, { inviter.p, inviter.len },
			  { leaf->p, leaf->len } },
	};

	return c;
}

/* The root, and those above the other end and itself. */
static void begin_members(void)
{
	struct pg_chain known = chain_of(&member);

	FUZZ_NEED(!pg_members_init(&group.members, root.p, root.len));
	group.members.max = group.members.invited_max = 100;
	FUZZ_NEED(!pg_members_learn(&group.members, &known, NULL));
	n_members = group.members.count;
}

static void begin_group(bool busy)
{
	static const struct pg_limits limits = {
		.table.record_size = RECORD_MAX, .table.refresh_steps = STEPS / 2,
		.keepalive_ms = 15000, .link_rate = 100, .data_rate = 100, .proof_rate = 10,
		.sync_rate = 10, .receive_queue = 10000, .receive_total = 30000,
		.receive_wait_ms = 5000,
	};
	struct pg_members members = group.members;

	memset(&group, 0, sizeof(group));
	memcpy(group.id, id, sizeof(id));
	group.limits = limits;
	group.table.lock = &group.lock;
	group.table.limits = limits.table;
	if (busy)
		group.limits.receive_queue = 1;
	mutex_init(&group.lock);
	pg_quotas_init(&group.table.quotas);
	if (n_members)
		group.members = members;	/* in the same place */
	else
		begin_members();
	INIT_LIST_HEAD(&group.links);
	INIT_LIST_HEAD(&group.watches);
	INIT_LIST_HEAD(&group.keepers);
	memset(&watch, 0, sizeof(watch));
	memset(&whose, 0, sizeof(whose));
	whose.n = 1;
	watch.cred = &user;
	watch.user = &whose;
	watch.takes = PEERGROUP_TAKES_DATA;
	pg_inbox_init(&watch.data);
	list_add_tail(&watch.node, &group.watches);
	memset(&refreshing, 0, sizeof(refreshing));
	memcpy(refreshing.value, chain[0], sizeof(refreshing.value));
}

/* Somebody has said something whose certificate is missing. */
static void defer(struct pg_link *link)
{
	struct pg_deferred *d = &link->deferred[3];

	d->r = pg_record_hold(&records[2]);
	sha256(later.p, later.len, d->missing);
	d->deadline = jiffies + 1000;
}

static struct pg_link *begin_link(u8 flags)
{
	struct pg_link *link = calloc(1, sizeof(*link));
	u8 print[PEERGROUP_HASH_LEN];

	FUZZ_NEED(link);
	sha256(member.p, member.len, print);
	link->peer = pg_members_get(&group.members, print);
	FUZZ_NEED(link->peer);
	link->group = &group;
	link->id = 1;
	link->peer_node = NODE;
	memcpy(link->peer_key, peer_key, sizeof(peer_key));
	link->outbound = flags & DIALLED;
	link->direct = flags & DIRECT;
	link->keyed = true;
	link->rx_cipher = cipher;
	link->payer = pg_quota_get(&group.table.quotas, link->peer->gmc.spki_hash);
	link->inviter = pg_quota_get(&group.table.quotas, link->peer->parent->gmc.spki_hash);
	link->ping_token = NODE;
	mutex_init(&link->state_lock);
	FUZZ_NEED(!pg_sync_init(&link->sync, &group.table, &pg_message_sync_ops));
	list_add_tail(&link->node, &group.links);
	link->state = PEERGROUP_LINK_HANDSHAKE;
	if (flags & COMING) {
		link->appeal = !link->outbound;
		return link;
	}
	FUZZ_NEED(!pg_handshake_told(link) && !pg_group_link_up(link));
	if (!link->direct)
		defer(link);
	return link;
}

static void end_all(struct pg_link *link)
{
	unsigned int i;

	for (i = 0; i < PG_LINK_DEFER_MAX; i++)
		if (link->deferred[i].r)
			pg_record_put(pg_link_undefer(link, &link->deferred[i]));
	mutex_lock(&group.lock);
	pg_data_empty(&group, &watch);
	mutex_unlock(&group.lock);
	FUZZ_NEED(!group.data_bytes);
	pg_sync_destroy(&link->sync);
	pg_rx_drop(link);
	pg_member_put(link->peer);
	free(link->told);
	free(link);
	/* To check their signatures takes most of the time, and hardly ever is there another. */
	if (group.members.count != n_members) {
		pg_members_destroy(&group.members);
		n_members = 0;
	}
	pg_quotas_destroy(&group.table.quotas);
	mutex_destroy(&group.lock);
	for (i = 0; i < RECORDS; i++)
		FUZZ_NEED(refcount_read(&records[i].refs) == 1);
}

/* ------------------------------------------------------------------ running -- */

/* Memory follows what has come. */
static void check(const struct pg_link *link)
{
	FUZZ_NEED(!group.lock.taken && !group.members.lock.taken && !link->state_lock.taken);
	FUZZ_NEED(link->rx_room <= max(64U << 10, 2 * link->rx_have));
	FUZZ_NEED(link->rx_have <= link->rx_len && link->rx_room <= link->rx_len);
	FUZZ_NEED(link->rx_block_room <= max(512U, 2 * (PG_FRAME_MAX - 1)));
	FUZZ_NEED(link->rx_skip <= PG_RECORD_BODY_MAX);
	FUZZ_NEED(link->want_n <= PG_WANT_MAX && (!link->want_n || link->want_at <= link->want_n));
	FUZZ_NEED(group.data_bytes <= group.limits.receive_total + 2 * RECORD_MAX);
	FUZZ_NEED(atomic_read(&link->arrivals) <= PG_LINK_ARRIVALS_MAX);
}

/* What reading waits for happens. Return: whether there was anything. */
static bool go_on(struct pg_link *link)
{
	if (link->pace.work.queued) {
		link->pace.work.queued = false;
		jiffies += 60000;
		pg_rx_pace_work(&link->pace.work);
	}
	while (in.n_arrivals)
		pg_link_arrival_done(link, in.arrivals[--in.n_arrivals]);
	if (test_bit(PG_LINK_HELD, &link->flags)) {
		mutex_lock(&group.lock);
		pg_data_empty(&group, &watch);
		mutex_unlock(&group.lock);
	}
	if (link->up && !link->closing) {
		in.room = 2;
		pg_message_drained(link);
	}
	return link->rx.queued;
}

static s64 refusals(void)
{
	unsigned int i;
	s64 n = 0;

	for (i = PEERGROUP_A_STATS_REFUSED_MALFORMED; i <= PEERGROUP_A_STATS_REFUSED_MEMBERS; i++)
		n += atomic64_read(&group.stats.n[i]);
	return n + atomic64_read(&group.stats.n[PEERGROUP_A_STATS_REFUSED_REFRESH]) +
	       atomic64_read(&group.stats.n[PEERGROUP_A_STATS_REFUSED_STEPS]);
}

static void run(struct pg_link *link)
{
	unsigned int waits = 0;
	size_t left;

	do {
		left = in.left + link->rx_text - link->rx_text_at;
		link->rx.queued = false;
		pg_rx_work(&link->rx);
		check(link);
		if (go_on(link) || left != in.left + link->rx_text - link->rx_text_at)
			waits = 0;
	} while (!link->closing && waits++ < WAITS);
	fuzz_taken = !in.left && in.frame_at == in.frame_len && link->rx_text_at == link->rx_text &&
		     !link->rx_hdr_have && !link->rx_skip && !link->fault && !refusals() &&
		     (!link->error || link->error == ESHUTDOWN);
	if (link->up && !link->closing) {
		jiffies += 60000;
		pg_message_tick(link);
		pg_message_overdue(link);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct pg_link *link;

	set_up();
	if (len < 2 || (data[0] & (DIRECT | COMING)) == (DIRECT | COMING))
		return 0;
	memset(&in, 0, offsetof(__typeof__(in), frame));
	in.frame_at = in.frame_len = 0;
	in.seal = cipher;
	in.frames = in.n_arrivals = in.again = 0;
	in.cut = data[1];
	in.text = data + 2;
	in.left = len - 2;
	in.room = data[0] & BUSY ? 1 : 1000;
	jiffies = 1000000;
	begin_group(data[0] & BUSY);
	link = begin_link(data[0]);
	if (data[0] & ASKED && link->up && !link->direct) {
		mutex_lock(&group.lock);
		FUZZ_NEED(!pg_sync_start(&link->sync));
		mutex_unlock(&group.lock);
	}
	run(link);
	end_all(link);
	return 0;
}

/* -------------------------------------------------------------------- seeds -- */

static uint8_t *put_header(uint8_t *at, u8 type, size_t len)
{
	struct pg_msg_hdr hdr = { .len = cpu_to_be32(len), .type = type };

	return mempcpy(at, &hdr, sizeof(hdr));
}

static uint8_t *put(uint8_t *at, u8 type, const void *body, size_t len)
{
	return mempcpy(put_header(at, type, len), body, len);
}

static uint8_t *put_chain(uint8_t *at, const struct pg_chain *c)
{
	u32 i;

	for (i = 0; i < c->n; i++) {
		put_unaligned_be16(c->cert[i].len, at);
		at = mempcpy(at + 2, c->cert[i].p, c->cert[i].len);
	}
	return at;
}

static uint8_t *seed_alive(uint8_t *at)
{
	struct pg_ping ping = { .token = cpu_to_be64(NODE), .time = cpu_to_be64(now) };
	struct pg_sync_end end = { .flags = cpu_to_be32(PG_SYNC_END_READY) };

	at = put(at, PG_MSG_PING, &ping, sizeof(ping));
	at = put(at, PG_MSG_PING, &ping, sizeof(ping));
	at = put(at, PG_MSG_PONG, &ping, sizeof(ping));
	return put(at, PG_MSG_SYNC_END, &end, sizeof(end));
}

/* The certificate that is missing, and a question for one. */
static uint8_t *seed_certs(uint8_t *at)
{
	struct pg_chain c = chain_of(&later);
	struct pg_want_gmc want;
	uint8_t body[4 * DER_ROOM];

	at = put(at, PG_MSG_GMC, body, put_chain(body, &c) - body);
	sha256(member.p, member.len, want.fingerprint);
	return put(at, PG_MSG_WANT_GMC, &want, sizeof(want));
}

static uint8_t *seed_credential(uint8_t *at)
{
	struct peergroup_credential cred = {
		.node = cpu_to_be64(NODE), .not_before = cpu_to_be64(now - 1),
		.not_after = cpu_to_be64(now + 1000 * PG_TIME_SECOND),
		.algo = PEERGROUP_SIG_RSA_SHA256,
	};
	uint8_t body[4 * DER_ROOM], *to = body;
	struct pg_chain c = chain_of(&later);
	struct sha256_ctx state;
	u8 hash[PEERGROUP_HASH_LEN];
	struct der_buf sig = { 0 };

	memcpy(cred.key, peer_key, sizeof(cred.key));
	sha256_init(&state);
	sha256_update(&state, (const u8 *)PEERGROUP_CREDENTIAL_TAG, PEERGROUP_CREDENTIAL_TAG_LEN);
	sha256_update(&state, id, sizeof(id));
	sha256_update(&state, (const u8 *)&cred, offsetof(struct peergroup_credential, algo));
	sha256_final(&state, hash);
	cert_sign_hash(keys[3], hash, &sig);
	cred.sig_len = cpu_to_be16(sig.len);
	to = mempcpy(to, &cred, sizeof(cred));
	to = mempcpy(to, sig.p, sig.len);
	return put(at, PG_MSG_CREDENTIAL, body, put_chain(to, &c) - body);
}

/* Two steps of the record's chain; the same of one that is not here. */
static uint8_t *seed_refresh(uint8_t *at)
{
	struct pg_refresh_msg msg;
	unsigned int step;

	memcpy(msg.id, records[1].rec.id, sizeof(msg.id));
	memcpy(msg.digest, records[1].rec.digest, sizeof(msg.digest));
	for (step = 1; step < 10; step += 3) {
		msg.step = cpu_to_be32(step);
		memcpy(msg.value, chain[step], sizeof(msg.value));
		at = put(at, PG_MSG_REFRESH, &msg, sizeof(msg));
	}
	msg.id[15]++;
	return put(at, PG_MSG_REFRESH, &msg, sizeof(msg));
}

static size_t make_record(uint8_t *out, u32 version, const u8 *type, const void *data, size_t len)
{
	struct peergroup_record_hdr hdr = {
		.version = cpu_to_be32(version), .created = cpu_to_be64(now - 1),
		.modified = cpu_to_be64(now - 1), .expires = cpu_to_be64(now + 1),
		.data_len = cpu_to_be32(len),
	};
	struct peergroup_sig_hdr sig = {
		.kind = PEERGROUP_SIG_DIRECT, .algo = PEERGROUP_SIG_RSA_SHA256,
		.sig_len = cpu_to_be16(256),
	};
	uint8_t *at = out;

	memcpy(hdr.type, type, sizeof(hdr.type));
	sha256(admin.p, admin.len, hdr.creator);
	sha256(admin.p, admin.len, hdr.modifier);
	sha256(data, len, hdr.data_hash);
	at = mempcpy(at, &hdr, sizeof(hdr));
	at = mempcpy(at, &sig, sizeof(sig));
	memset(at, 0x5a, 256);
	return (uint8_t *)mempcpy(at + 256, data, len) - out;
}

/* One, then data that is too long, which is passed over, and another. */
static uint8_t *seed_records(uint8_t *at)
{
	static const u8 type[PEERGROUP_ID_LEN] = "a type";
	static uint8_t body[2 * RECORD_MAX];
	size_t len = make_record(body, 1, type, "data", 4);

	at = put(at, PG_MSG_RECORD, body, len);
	at = put(at, PG_MSG_DIRECT, body, RECORD_MAX + sizeof(struct pg_direct) + 1);
	at = put(at, PG_MSG_RECORD, body, len);
	return put(at, PG_MSG_DIRECT, body, sizeof(struct pg_direct) + 5);
}

/* More than a program reads at once. */
static uint8_t *seed_data(uint8_t *at)
{
	static const u8 body[RECORD_MAX + sizeof(struct pg_direct)] = "of a type";
	unsigned int i;

	for (i = 0; i < 6; i++)
		at = put(at, PG_MSG_DIRECT, body, sizeof(body) - i * 500);
	return at;
}

/* A question, with its answer or without; then for records. */
static uint8_t *seed_sync(uint8_t *at, bool answered)
{
	u8 question[2] = { ASKED }, *body;
	struct pg_want *want;
	size_t len;
	u32 i;

	LLVMFuzzerTestOneInput(question, sizeof(question));
	if (answered) {
		FUZZ_NEED(!pg_sync_answer(&others, in.asked, in.asked_len, &body, &len));
		at = put(at, PG_MSG_SYNC_REPLY, body, len);
		kvfree(body);
		return at;
	}
	at = put(at, PG_MSG_SYNC, in.asked, in.asked_len);
	len = sizeof(*want) + 5 * PEERGROUP_ID_LEN;
	at = put_header(at, PG_MSG_WANT, len);
	want = (void *)at;
	want->token = 0;
	for (i = 0; i < 5; i++)
		memcpy(want->ids[i], records[7 * i].rec.id, PEERGROUP_ID_LEN);
	return at + len;
}

/* And that what was asked for after it has come. */
static uint8_t *seed_done(uint8_t *out)
{
	uint8_t *at = seed_sync(out, true);
	struct pg_want done;

	LLVMFuzzerTestOneInput(out - 2, at - out + 2);
	done.token = cpu_to_be32(in.token);
	return put(at, PG_MSG_WANT_DONE, &done, sizeof(done));
}

static uint8_t *seed_appeal(uint8_t *at)
{
	static const u8 type[] = PEERGROUP_TYPE_REVOCATION;
	struct peergroup_revocation what = { .key = "somebody's" };
	struct pg_chain c = { .n = 1, .cert = { { admin.p, admin.len } } };
	uint8_t body[4 * DER_ROOM];
	size_t len;

	at = put(at, PG_MSG_GMC, body, put_chain(body, &c) - body);
	len = make_record(body, PEERGROUP_VERSION_FINAL, type, &what, sizeof(what));
	return put(at, PG_MSG_RECORD, body, len);
}

static uint8_t *seed_bye(uint8_t *at, u32 reason)
{
	struct pg_bye bye = { .reason = cpu_to_be32(reason) };

	return put(at, PG_MSG_BYE, &bye, sizeof(bye));
}

size_t fuzz_seed(unsigned int n, uint8_t *out)
{
	static const u8 flags[] = {
		0, 0, 0, 0, 0, DIRECT, DIRECT | BUSY, BUSY, ASKED | DIALLED, ASKED | BUSY,
		COMING, COMING | DIALLED, 0, COMING | DIALLED,
	};
	uint8_t *at = out + 2;

	set_up();
	if (n >= 2 * ARRAY_SIZE(flags))
		return 0;
	out[0] = flags[n / 2];
	out[1] = n % 2 * n;
	switch (n / 2) {
	case 0:
		return seed_alive(at) - out;
	case 1:
		return seed_certs(at) - out;
	case 2:
		return seed_credential(at) - out;
	case 3:
		return seed_refresh(at) - out;
	case 4:
		return seed_records(at) - out;
	case 5:
	case 6:
		return seed_data(at) - out;
	case 7:
		return seed_sync(at, false) - out;
	case 8:
	case 9:
		return seed_done(at) - out;
	case 10:
		return seed_appeal(at) - out;
	case 11:
		return seed_alive(put_header(at, PG_MSG_WELCOME, 0)) - out;
	default:
		return seed_bye(at, n / 2 == 12 ? PG_BYE_LEAVING : PG_BYE_REVOKED) - out;
	}
}
