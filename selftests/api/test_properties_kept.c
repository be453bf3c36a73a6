// SPDX-License-Identifier: GPL-2.0-only
// timeout: 300
/*
 * The group's properties as a member keeps them on disk: which of two versions that is, and
 * that nobody waits for the disk who only wants to read them.
 */
#include <endian.h>
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include <openssl/pem.h>
#include <peergroup.h>
#include "api.h"
#include "group.h"
#include "home.h"
#include "tap.h"

#define SLOW_SECONDS	120	/* that the disk takes at the most */

static char *alice, *group_name;
static peergroup_t ours;

/* ------------------------------------------------------------- the disk -- */

static atomic_bool slow, gave_up;
static sem_t writing, go_on;

/* The library finds this one first. */
int fsync(int fd)
{
	struct timespec end;

	if (atomic_exchange(&slow, false)) {
		clock_gettime(CLOCK_REALTIME, &end);
		end.tv_sec += SLOW_SECONDS;
		sem_post(&writing);
		while (sem_timedwait(&go_on, &end)) {
			if (errno == EINTR)
				continue;
			atomic_store(&gave_up, true);
			break;
		}
	}
	return (int)syscall(SYS_fsync, fd);
}

struct bytes {
	uint8_t p[8192];
	size_t len;
};

static void on_disk(struct bytes *b)
{
	FILE *f = home_file("groups", alice, "*/properties");

	b->len = fread(b->p, 1, sizeof(b->p), f);
	fclose(f);
	NEED(b->len && b->len < sizeof(b->p));
}

static void to_disk(const struct bytes *b)
{
	char path[HOME_PATH];
	FILE *f;

	home_path("groups", alice, "*/properties", path);
	f = fopen(path, "w");
	NEED(f && fwrite(b->p, 1, b->len, f) == b->len);
	NEED(!fclose(f));
}

static bool disk_has(const struct bytes *b)
{
	static struct bytes is;

	on_disk(&is);
	return is.len == b->len && !memcmp(is.p, b->p, b->len);
}

static ino_t file_number(void)
{
	char path[HOME_PATH];
	struct stat st;

	home_path("groups", alice, "*/properties", path);
	NEED(!stat(path, &st));
	return st.st_ino;
}

/* ------------------------------------------------------------- versions -- */

static void set_comment(const char *comment)
{
	struct peergroup_properties *is, p;

	NEED(!peergroup_properties(ours, &is));
	p = *is;
	p.comment = comment;
	HR(peergroup_set_properties(ours, &p), S_OK);
	peergroup_free(is);
}

static bool comment_is(peergroup_t group, const char *comment)
{
	struct peergroup_properties *p;
	bool is;

	NEED(!peergroup_properties(group, &p));
	is = !strcmp(p->comment, comment);
	peergroup_free(p);
	return is;
}

/*
 * As another host of the creator's makes it: what is on disk, of the same number, modified
 * @later; where @comment was, it says @other, which is as long.
 */
static void make_rival(struct bytes *rival, unsigned int later, const char *comment,
		       const char *other)
{
	struct rec old = { 0 }, new;
	struct cert creator = { 0 };
	static struct bytes wire;
	uint8_t id[PEERGROUP_HASH_LEN];
	EVP_PKEY *key;
	char *at;
	FILE *f;

	on_disk(&wire);
	NEED(wire.len > sizeof(old.hdr));
	old.len = wire.len;
	memcpy(&old.hdr, wire.p, sizeof(old.hdr));
	old.data_len = be32toh(old.hdr.data_len);
	old.data = wire.p + rec_data_at(&old);
	at = memmem(old.data, old.data_len, comment, strlen(comment));
	NEED(at && strlen(comment) == strlen(other));
	memcpy(at, other, strlen(other));
	memcpy(creator.fingerprint, old.hdr.creator, sizeof(creator.fingerprint));
	rec_next(&new, &old, &creator, old.data, old.data_len);
	new.hdr.version = old.hdr.version;
	new.hdr.modified = htobe64(be64toh(old.hdr.modified) + later);
	f = home_file("groups", alice, "*/group-key.pem");
	key = PEM_read_PrivateKey(f, NULL, NULL, NULL);
	NEED(key);
	fclose(f);
	cert_spki_hash(key, id);
	rec_sign_with(&new, id, key);
	EVP_PKEY_free(key);
	NEED(new.len < sizeof(rival->p));
	rival->len = new.len;
	memcpy(rival->p, new.wire, new.len);
	rec_free(&new);
}

/* It comes to the kernel: 0, or -ESTALE where it has a newer one. */
static int arrives(const struct bytes *wire)
{
	struct peergroup_status *status;
	static struct nl nl;
	int err;

	NEED(!nl_open(&nl) && !peergroup_status(ours, &status));
	err = nl_put_record(&nl, status->index, wire->p, wire->len);
	peergroup_free(status);
	nl_close(&nl);
	return err;
}

/* ---------------------------------------------------------------- tests -- */

static void test_later(void)
{
	static struct bytes rival;

	set_comment("first");
	make_rival(&rival, 1, "first", "other");
	NEED(!arrives(&rival));
	CHECK(comment_is(ours, "other"));
	CHECK(disk_has(&rival));
	HR(peergroup_close(ours), S_OK);
	NEED(!peergroup_open(alice, group_name, &ours));
	CHECK(comment_is(ours, "other"));
}

/*
 * Two of one number and one time: whoever is told of the one that lost, by a kernel that has not
 * heard of the other, keeps the winner, and brings it along.
 */
static void test_same_time(void)
{
	static struct bytes mine, rival;
	const struct bytes *winner, *loser;
	peergroup_t other;
	int err;

	set_comment("again");
	on_disk(&mine);
	make_rival(&rival, 0, "again", "rival");
	err = arrives(&rival);
	NEED(!err || err == -ESTALE);
	winner = err ? &mine : &rival;
	loser = err ? &rival : &mine;
	HR(peergroup_close(ours), S_OK);
	to_disk(loser);
	NEED(!peergroup_open(alice, group_name, &other));
	CHECK(comment_is(other, err ? "rival" : "again"));
	to_disk(winner);
	NEED(!peergroup_open(alice, group_name, &ours));
	CHECK(disk_has(winner), "the one that lost was written over it");
	CHECK(comment_is(ours, err ? "again" : "rival"));
	CHECK(comment_is(other, err ? "again" : "rival"));
	HR(peergroup_close(other), S_OK);
	CHECK(disk_has(winner));
}

/* What another program has written meanwhile is not lost to an older one from the kernel. */
static void test_other_program(void)
{
	static struct bytes between, newest;

	set_comment("third");
	make_rival(&between, 1, "third", "lower");
	make_rival(&newest, 2, "third", "upper");
	to_disk(&newest);
	NEED(!arrives(&between));
	CHECK(comment_is(ours, "lower"));
	CHECK(disk_has(&newest), "an older one was written over it");
	HR(peergroup_close(ours), S_OK);
	NEED(!peergroup_open(alice, group_name, &ours));
	CHECK(comment_is(ours, "upper"));
}

static void test_written_once(void)
{
	ino_t before;

	set_comment("once");
	before = file_number();
	HR(peergroup_close(ours), S_OK);
	CHECK(file_number() == before, "written again as the group was closed");
	NEED(!peergroup_open(alice, group_name, &ours));
	CHECK(comment_is(ours, "once") && file_number() == before);
}

static void *read_them(void *arg)
{
	CHECK(comment_is(ours, arg));
	return NULL;
}

/* One thread writes what is new, and the disk takes its time: the others go on. */
static void test_slow_disk(void)
{
	static struct bytes rival;
	pthread_t reader;

	set_comment("quick");
	make_rival(&rival, 1, "quick", "tardy");
	NEED(!arrives(&rival));
	atomic_store(&slow, true);
	NEED(!pthread_create(&reader, NULL, read_them, "tardy"));
	NEED(!sem_wait(&writing));
	CHECK(comment_is(ours, "tardy"));
	CHECK(!atomic_load(&gave_up), "a call waited for the disk");
	sem_post(&go_on);
	pthread_join(reader, NULL);
	CHECK(disk_has(&rival));
}

static void set_up(void)
{
	struct peergroup_status *status;

	NEED(!sem_init(&writing, 0, 0) && !sem_init(&go_on, 0, 0));
	NEED(!peergroup_identity_create("alice", "Alice", &alice));
	NEED(!peergroup_create(alice, NULL, &ours));
	NEED(!peergroup_status(ours, &status));
	group_name = strdup(status->name);
	peergroup_free(status);
}

int main(void)
{
	static const struct tap_test tests[] = {
		{ "two versions of one number", test_later },
		{ "two versions of one time", test_same_time },
		{ "another program's", test_other_program },
		{ "written once", test_written_once },
		{ "a slow disk", test_slow_disk },
	};
	char home[] = "/tmp/kept.XXXXXX";

	need_module();
	own_namespace();
	NEED(mkdtemp(home) && !setenv("PEERGROUP_HOME", home, 1));
	set_up();
	return tap_main(tests, sizeof(tests) / sizeof(tests[0]));
}
