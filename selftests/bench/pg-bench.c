// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The benchmark's program: one process per host, each in its own network
 * namespace and with its own identity, all of them users of the public library
 * and nothing else. Host 0 publishes, the others watch; times are
 * CLOCK_MONOTONIC, which all share. bench.sh makes the namespaces and runs it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <peergroup.h>
#include "search.h"

#define HOSTS_MAX	16
#define SAMPLES_MAX	200000
#define XML_MAX		(64 << 10)
#define LOST_NS		10000000000ULL

struct host {
	char xml[XML_MAX];		/* identity */
	char invitation[XML_MAX];
	atomic_uint stage;		/* how far the host has come */
	atomic_uint links;
	atomic_uint seen;		/* records that have become visible */
	uint64_t at[SAMPLES_MAX];	/* when */
	uint64_t wire_bytes;		/* sent by its interface */
};

struct shared {
	atomic_uint phase;		/* set by host 0 */
	atomic_uint goal;		/* records expected in this phase */
	char group[1024];
	struct host host[HOSTS_MAX];
};

enum { PHASE_JOIN = 1, PHASE_LINK, PHASE_RUN, PHASE_END };
enum { STAGE_IDENTITY = 1, STAGE_INVITED, STAGE_ONLINE, STAGE_DONE };

static struct shared *sh;
static unsigned int hosts = 8, reach = 2, samples = 200, burst = 2000, size = 256;
static unsigned int interval_us = 10000, bulk, rounds, groups;
static const char *prefix = "h", *home = "/tmp/pg-bench", *subnet = "10.88.0.", *times;
static const uuid_t record_type = { 0x5b, 0x1d, 0x6a, 0x10, 0x7e, 0x52, 0x4b, 0x8e,
				    0x9d, 0x2c, 0x61, 0x0f, 0x42, 0x33, 0x85, 0x01 };

static uint64_t clock_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

/*
 * CLOCK_MONOTONIC from the CPU's counter, as a kernel's vDSO reads it. User-mode Linux
 * has none, so that asking for the time is a system call there, which seven watchers
 * would make one after the other within what is measured.
 */
static struct {
	uint64_t ticks, ns;		/* where they met */
	double ns_per_tick;		/* 0: the system call it is */
} counter;

#if defined(__x86_64__)
static uint64_t ticks(void)
{
	return __builtin_ia32_rdtsc();
}

static bool counter_steady(void)
{
	char line[8192];
	bool steady = false;
	FILE *f = fopen("/proc/cpuinfo", "r");

	while (f && !steady && fgets(line, sizeof(line), f))
		steady = strstr(line, "constant_tsc") && strstr(line, "nonstop_tsc");
	if (f)
		fclose(f);
	return steady;
}
#else
static uint64_t ticks(void) { return 0; }
static bool counter_steady(void) { return false; }
#endif

/* Both at one moment: the closest of some tries. */
static void meet(uint64_t *tick, uint64_t *ns)
{
	uint64_t best = UINT64_MAX;
	int i;

	for (i = 0; i < 200; i++) {
		uint64_t before = ticks(), clock = clock_ns(), took = ticks() - before;

		if (took >= best)
			continue;
		best = took;
		*tick = before + took / 2;
		*ns = clock;
	}
}

/* Before the hosts are forked, as all share it. */
static void set_counter(void)
{
	uint64_t tick, ns;

	if (!counter_steady())
		return;
	meet(&counter.ticks, &counter.ns);
	usleep(200000);
	meet(&tick, &ns);
	counter.ns_per_tick = (double)(ns - counter.ns) / (tick - counter.ticks);
}

static uint64_t now_ns(void)
{
	if (!counter.ns_per_tick)
		return clock_ns();
	return counter.ns + (uint64_t)((ticks() - counter.ticks) * counter.ns_per_tick);
}

/* At the end: what the counter says must still be the time. */
static void check_counter(void)
{
	uint64_t tick, ns, says;

	if (!counter.ns_per_tick)
		return;
	meet(&tick, &ns);
	says = counter.ns + (uint64_t)((tick - counter.ticks) * counter.ns_per_tick);
	printf("%-34s %7.3f ms after %.1f s\n", "the counter is off the clock by",
	       ((double)says - ns) / 1e6, (ns - counter.ns) / 1e9);
	/* The clock is slewed, and by no more than this. */
	if (fabs((double)says - ns) > 1e6 + 5e-4 * (ns - counter.ns)) {
		fprintf(stderr, "pg-bench: the CPU's counter is no clock here\n");
		exit(1);
	}
}

static void check(HRESULT hr, const char *what)
{
	if (hr >= 0)
		return;
	fprintf(stderr, "pg-bench: %s: %s (%s)\n", what, peergroup_strerror(hr),
		peergroup_error_detail());
	exit(1);
}

/* Waits for another process; a condition of the test, so bounded generously. */
static void wait_for(atomic_uint *what, unsigned int least, const char *name)
{
	uint64_t start = now_ns();

	while (atomic_load(what) < least) {
		if (now_ns() - start > 120 * 1000000000ULL) {
			fprintf(stderr, "pg-bench: no %s (%u of %u)\n", name,
				atomic_load(what), least);
			exit(1);
		}
		usleep(200);
	}
}

static void enter_host(unsigned int me)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "/run/netns/%s%u", prefix, me + 1);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNET)) {
		fprintf(stderr, "pg-bench: %s: %s\n", path, strerror(errno));
		exit(1);
	}
	close(fd);
	snprintf(path, sizeof(path), "%s/%u", home, me);
	mkdir(path, 0700);
	setenv("PEERGROUP_HOME", path, 1);
}

static uint64_t interface_bytes(void)
{
	unsigned long long bytes = 0, field;
	char line[512], *p;
	FILE *f = fopen("/proc/self/net/dev", "r");

	while (f && fgets(line, sizeof(line), f)) {
		p = strchr(line, ':');
		if (!p || strstr(line, "lo:"))
			continue;
		/* The ninth figure is bytes sent. */
		if (sscanf(p + 1, "%*u %*u %*u %*u %*u %*u %*u %*u %llu", &field) == 1)
			bytes += field;
	}
	if (f)
		fclose(f);
	return bytes;
}

static void take_event(unsigned int me, const struct peergroup_event *ev)
{
	unsigned int n;

	if (ev->kind == PEERGROUP_EVENT_LINK) {
		if (ev->link_state == PEERGROUP_LINK_UP)
			atomic_fetch_add(&sh->host[me].links, 1);
		else if (ev->link_state == PEERGROUP_LINK_DOWN)
			atomic_fetch_sub(&sh->host[me].links, 1);
	} else if (ev->kind == PEERGROUP_EVENT_RECORD && ev->change == PEERGROUP_CHANGE_ADDED) {
		n = atomic_load(&sh->host[me].seen);
		if (n < SAMPLES_MAX)
			sh->host[me].at[n] = now_ns();
		atomic_store(&sh->host[me].seen, n + 1);
	}
}

static void watch_until(unsigned int me, peergroup_watch_t watch, unsigned int phase)
{
	struct peergroup_event ev;

	while (atomic_load(&sh->phase) < phase) {
		HRESULT hr = peergroup_watch_wait(watch, 100, &ev);

		check(hr, "wait");
		if (hr == S_OK)
			take_event(me, &ev);
	}
}

/* Each host dials the next @reach ones: a ring with chords. */
static void dial_neighbours(unsigned int me, peergroup_t group)
{
	char addr[64];
	unsigned int i;

	for (i = 1; i <= reach; i++) {
		snprintf(addr, sizeof(addr), "%s%u", subnet, (me + i) % hosts + 1);
		check(peergroup_connect(group, addr), "connect");
	}
}

static unsigned int degree(void)
{
	return 2 * reach < hosts - 1 ? 2 * reach : hosts - 1;
}

static void run_host(unsigned int me)
{
	struct host *h = &sh->host[me];
	peergroup_watch_t watch;
	uint64_t before;
	peergroup_t group;
	char *xml;

	enter_host(me);
	check(peergroup_identity_xml(NULL, &xml), "identity");
	snprintf(h->xml, sizeof(h->xml), "%s", xml);
	peergroup_free(xml);
	atomic_store(&h->stage, STAGE_IDENTITY);
	wait_for(&h->stage, STAGE_INVITED, "invitation");
	check(peergroup_join(NULL, h->invitation, &group), "join");
	check(peergroup_watch_open(group, PEERGROUP_SINCE_NOW, &watch), "watch");
	check(peergroup_online(group, 0), "online");
	atomic_store(&h->stage, STAGE_ONLINE);
	watch_until(me, watch, PHASE_LINK);
	dial_neighbours(me, group);
	watch_until(me, watch, PHASE_RUN);
	before = interface_bytes();
	watch_until(me, watch, PHASE_END);
	h->wire_bytes = interface_bytes() - before;
	peergroup_watch_close(watch);
	peergroup_close(group);
	atomic_store(&h->stage, STAGE_DONE);
}

static void add_one(peergroup_t group, const void *data)
{
	struct peergroup_new_record rec = { .data = data, .size = size, .lifetime = 3600 };
	uuid_t id;

	check(peergroup_add(group, record_type, &rec, id), "add");
}

static int compare_u64(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static double at_rank(const uint64_t *sorted, unsigned int n, double q)
{
	unsigned int i = q * (n - 1) + 0.5;

	return n ? sorted[i] / 1e6 : 0;
}

static void print_times(const char *what, uint64_t *ns, unsigned int n)
{
	qsort(ns, n, sizeof(*ns), compare_u64);
	printf("%-34s median %7.3f  90th %7.3f  99th %7.3f  max %7.3f ms\n", what,
	       at_rank(ns, n, 0.5), at_rank(ns, n, 0.9), at_rank(ns, n, 0.99),
	       at_rank(ns, n, 1));
}

/* What one private-key operation costs here, for the table of where time goes. */
static void measure_sign(unsigned int n, uint64_t *ns)
{
	EVP_PKEY *key = EVP_RSA_gen(2048);
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
	unsigned char hash[32] = { 1 }, sig[256];
	unsigned int i;

	EVP_PKEY_sign_init(ctx);
	EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING);
	EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256());
	for (i = 0; i < n; i++) {
		size_t len = sizeof(sig);
		uint64_t start = now_ns();

		hash[0] = i;
		if (EVP_PKEY_sign(ctx, sig, &len, hash, sizeof(hash)) <= 0)
			exit(1);
		ns[i] = now_ns() - start;
	}
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(key);
}

/*
 * The least that a program pays to ask its kernel for something. In user-mode Linux that
 * is much, and not the same from host to host, while eight programs do so for a record.
 */
static void measure_call(unsigned int n, uint64_t *ns)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		uint64_t start = now_ns(), asked = now_ns();

		syscall(SYS_getppid);
		/* Without what looking at the clock took. */
		ns[i] = now_ns() - asked;
		ns[i] -= ns[i] > asked - start ? asked - start : ns[i];
	}
}

/* Nanoseconds from @start until all other hosts have @n records; 0 if never. */
static uint64_t all_seen(unsigned int n, uint64_t start)
{
	uint64_t last = 0;
	unsigned int i;

	for (i = 1; i < hosts; i++) {
		while (atomic_load(&sh->host[i].seen) < n) {
			if (now_ns() - start > LOST_NS)
				return 0;
			usleep(2000);
		}
		if (sh->host[i].at[n - 1] > last)
			last = sh->host[i].at[n - 1];
	}
	return last - start;
}

/* For breakdown, which looks up in a trace what happened in between. */
static void write_sample(FILE *f, uint64_t start, uint64_t sign, uint64_t took)
{
	if (f)
		fprintf(f, "%" PRIu64 " %" PRIu64 " %" PRIu64 "\n", start, sign, start + took);
}

static void measure_latency(peergroup_t group, const char *data)
{
	uint64_t *far = calloc(samples, 8), *call = calloc(samples, 8), *sign, *ask;
	FILE *f = times ? fopen(times, "w") : NULL;
	unsigned int i, n = 0, lost = 0;

	sign = calloc(samples, 8);
	measure_sign(samples, sign);
	ask = calloc(samples, 8);
	measure_call(samples, ask);
	for (i = 0; i < samples; i++) {
		uint64_t start = now_ns(), took;

		add_one(group, data);
		call[i] = now_ns() - start;
		/* The hosts note the time: to look earlier only takes theirs. */
		usleep(interval_us);
		took = all_seen(i + 1, start);
		if (took) {
			far[n++] = took;
			write_sample(f, start, sign[i], took);
		} else {
			lost++;
		}
	}
	if (f)
		fclose(f);
	print_times("add to visible, farthest host", far, n);
	print_times("  the adding call alone", call, samples);
	print_times("  a signature alone (RSA-2048)", sign, samples);
	print_times("  a system call alone", ask, samples);
	printf("%-34s %u of %u\n", "lost", lost, samples);
	free(far);
	free(call);
	free(sign);
	free(ask);
}

static void measure_burst(peergroup_t group, const char *data)
{
	uint64_t start, took;
	unsigned int i, at = samples;

	if (!burst)
		return;
	start = now_ns();
	for (i = 0; i < burst; i++)
		add_one(group, data);
	took = now_ns() - start;
	printf("%-34s %7.0f records/s (%u records)\n", "signed and added, one program",
	       burst / (took / 1e9), burst);
	for (i = 1; i < hosts; i++)
		wait_for(&sh->host[i].seen, at + burst, "burst at every host");
	took = now_ns() - start;
	printf("%-34s %7.0f records/s, %.0f verifications/s in all\n",
	       "sustained, visible at every host", burst / (took / 1e9),
	       hosts * burst / (took / 1e9));
}

static void report_wire(uint64_t own)
{
	uint64_t bytes = own;
	unsigned int i, records = samples + burst;

	for (i = 1; i < hosts; i++)
		bytes += sh->host[i].wire_bytes;
	printf("%-34s %7.0f bytes (frames of all hosts; %u links)\n",
	       "on the wire, per record and link",
	       (double)bytes / records / (hosts * degree() / 2), hosts * degree() / 2);
}

static peergroup_t lead_start(peergroup_watch_t *watch)
{
	/* Without presence the group finds no links by itself, and only what is measured is sent. */
	struct peergroup_create_options opt = { .friendly = "bench", .flags = PEER_DISABLE_PRESENCE };
	peergroup_t group;
	char *xml;
	unsigned int i;

	enter_host(0);
	check(peergroup_identity_xml(NULL, &xml), "identity");
	peergroup_free(xml);
	check(peergroup_create(NULL, &opt, &group), "create");
	for (i = 1; i < hosts; i++) {
		wait_for(&sh->host[i].stage, STAGE_IDENTITY, "identity");
		check(peergroup_invite(group, sh->host[i].xml, 0, PEERGROUP_ROLE_MEMBER, &xml),
		      "invite");
		snprintf(sh->host[i].invitation, XML_MAX, "%s", xml);
		peergroup_free(xml);
		atomic_store(&sh->host[i].stage, STAGE_INVITED);
	}
	check(peergroup_watch_open(group, PEERGROUP_SINCE_NOW, watch), "watch");
	check(peergroup_online(group, 0), "online");
	for (i = 1; i < hosts; i++)
		wait_for(&sh->host[i].stage, STAGE_ONLINE, "host online");
	return group;
}

static void lead_link(peergroup_t group, peergroup_watch_t watch)
{
	struct peergroup_event ev;
	unsigned int i;

	atomic_store(&sh->phase, PHASE_LINK);
	dial_neighbours(0, group);
	while (atomic_load(&sh->host[0].links) < degree()) {
		if (peergroup_watch_wait(watch, 100, &ev) == S_OK)
			take_event(0, &ev);
	}
	for (i = 1; i < hosts; i++)
		wait_for(&sh->host[i].links, degree(), "links");
}

static void lead(const char *data)
{
	peergroup_watch_t watch;
	peergroup_t group = lead_start(&watch);
	uint64_t before;
	unsigned int i;

	lead_link(group, watch);
	peergroup_watch_close(watch);
	atomic_store(&sh->phase, PHASE_RUN);
	before = interface_bytes();
	measure_latency(group, data);
	measure_burst(group, data);
	before = interface_bytes() - before;
	atomic_store(&sh->phase, PHASE_END);
	for (i = 1; i < hosts; i++)
		wait_for(&sh->host[i].stage, STAGE_DONE, "end");
	report_wire(before);
	check_counter();
	peergroup_close(group);
}

/* How much memory many records take: one host, no links. */
static uint64_t meminfo(const char *key)
{
	char line[256];
	unsigned long long kb = 0;
	FILE *f = fopen("/proc/meminfo", "r");

	while (f && fgets(line, sizeof(line), f))
		if (!strncmp(line, key, strlen(key)))
			sscanf(line + strlen(key) + 1, "%llu", &kb);
	if (f)
		fclose(f);
	return kb * 1024;
}

static void lead_bulk(const char *data)
{
	struct peergroup_create_options opt = { .friendly = "bulk" };
	uint64_t start, slab, took;
	peergroup_t group;
	unsigned int i;

	enter_host(0);
	setenv("PEERGROUP_HOME", home, 1);
	check(peergroup_identity_xml(NULL, &(char *){ NULL }), "identity");
	check(peergroup_create(NULL, &opt, &group), "create");
	search_prepare(group);
	slab = meminfo("Slab:");
	start = now_ns();
	for (i = 0; i < bulk; i++)
		add_one(group, data);
	took = now_ns() - start;
	printf("%-34s %7.0f records/s up to %u\n", "added to a lone host",
	       bulk / (took / 1e9), bulk);
	printf("%-34s %7.0f bytes (growth of all slabs / records)\n",
	       "kernel memory per record", (double)(meminfo("Slab:") - slab) / bulk);
	search_measure(group, bulk + 2 * SEARCH_RARE);
	peergroup_close(group);
}

/* All of a list by one signature, in nanoseconds. */
static uint64_t time_batch(peergroup_t group, struct peergroup_batch_record *list, unsigned int n,
			   const void *data)
{
	uint64_t start;
	unsigned int i;

	memset(list, 0, n * sizeof(*list));
	for (i = 0; i < n; i++) {
		uuid_copy(list[i].type, record_type);
		list[i].content = (struct peergroup_new_record){
			.data = data, .size = size, .lifetime = 3600,
		};
	}
	start = now_ns();
	check(peergroup_add_batch(group, list, n, NULL, NULL), "add a batch");
	start = now_ns() - start;
	for (i = 0; i < n; i++)
		check(list[i].result, "one of a batch");
	return start;
}

/* Single adds and batches in turns, so that both meet the same machine and table. */
static void lead_batch(const char *data)
{
	struct peergroup_create_options opt = { .friendly = "batch" };
	struct peergroup_batch_record *list = calloc(PEERGROUP_BATCH_MAX, sizeof(*list));
	const unsigned int single = 256;
	uint64_t alone = 0, batch = 0, start;
	double rate, batch_rate;
	unsigned int i, round;
	peergroup_t group;

	enter_host(0);
	setenv("PEERGROUP_HOME", home, 1);
	check(peergroup_identity_xml(NULL, &(char *){ NULL }), "identity");
	check(peergroup_create(NULL, &opt, &group), "create");
	for (round = 0; round < rounds; round++) {
		start = now_ns();
		for (i = 0; i < single; i++)
			add_one(group, data);
		alone += now_ns() - start;
		batch += time_batch(group, list, PEERGROUP_BATCH_MAX, data);
	}
	rate = rounds * single / (alone / 1e9);
	batch_rate = rounds * PEERGROUP_BATCH_MAX / (batch / 1e9);
	printf("%-34s %7.0f records/s (%u)\n", "one by one", rate, rounds * single);
	printf("%-34s %7.0f records/s (%u batches of %u)\n", "in batches", batch_rate, rounds,
	       PEERGROUP_BATCH_MAX);
	printf("%-34s %7.1f times as fast\n", "a batch", batch_rate / rate);
	free(list);
	peergroup_close(group);
}

/* Groups that share a port of the first host's, until there is nobody who speaks to us. */
static void hold_groups(void)
{
	struct peergroup_create_options opt = { .friendly = "many", .flags = PEER_DISABLE_PRESENCE };
	peergroup_t group;
	unsigned int i;

	enter_host(0);
	setenv("PEERGROUP_HOME", home, 1);
	check(peergroup_identity_xml(NULL, &(char *){ NULL }), "identity");
	for (i = 0; i < groups; i++) {
		check(peergroup_create(NULL, &opt, &group), "create");
		check(peergroup_online(group, 0), "online");
	}
	puts("ready");
	while (getchar() != EOF)
		;
}

static void usage(void)
{
	fprintf(stderr,
		"usage: pg-bench [-n hosts] [-r reach] [-s samples] [-b burst] [-d bytes]\n"
		"                [-i interval_us] [-p namespace prefix] [-H folder] [-B bulk]\n"
		"                [-t file for the times] [-R turns] [-G groups]\n"
		"Hosts are the namespaces PREFIX1..PREFIXn on one bridge; each dials the\n"
		"next REACH. With -B it only adds that many records to one host, with -R\n"
		"it adds to one host by turns one by one and in batches, and with -G it\n"
		"has that many groups online on one host until its input ends.\n"
		"Example: pg-bench -n 8 -r 2 -s 200\n");
	exit(2);
}

int main(int argc, char **argv)
{
	unsigned int i;
	char *data;
	int opt;

	while ((opt = getopt(argc, argv, "n:r:s:b:d:i:p:H:B:R:t:G:")) != -1) {
		switch (opt) {
		case 'n': hosts = atoi(optarg); break;
		case 'r': reach = atoi(optarg); break;
		case 's': samples = atoi(optarg); break;
		case 'b': burst = atoi(optarg); break;
		case 'd': size = atoi(optarg); break;
		case 'i': interval_us = atoi(optarg); break;
		case 'p': prefix = optarg; break;
		case 'H': home = optarg; break;
		case 'B': bulk = atoi(optarg); break;
		case 'R': rounds = atoi(optarg); break;
		case 'G': groups = atoi(optarg); break;
		case 't': times = optarg; break;
		default: usage();
		}
	}
	if (hosts < 2 || hosts > HOSTS_MAX || samples + burst > SAMPLES_MAX)
		usage();
	setvbuf(stdout, NULL, _IOLBF, 0);
	mkdir(home, 0700);
	data = calloc(1, size);
	sh = mmap(NULL, sizeof(*sh), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (!data || sh == MAP_FAILED)
		return 1;
	memset(data, 'x', size);
	if (bulk || rounds || groups) {
		if (bulk)
			lead_bulk(data);
		else if (rounds)
			lead_batch(data);
		else
			hold_groups();
		return 0;
	}
	set_counter();
	for (i = 1; i < hosts; i++) {
		if (!fork()) {
			run_host(i);
			exit(0);
		}
	}
	lead(data);
	while (wait(NULL) > 0)
		;
	return 0;
}
