// SPDX-License-Identifier: GPL-2.0-only
// timeout: 200
/*
 * A node whose encryption is not this module's, nor made of it, has links to it in both
 * roles: noise_peer.go, which says what it does, with a membership that is made here.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/wait.h>
#include <openssl/rand.h>
#include "group.h"
#include "peer.h"
#include "tap.h"

#define PORT		3587
#define THERE		3600
#define LINK(name)	PEERGROUP_A_STATS_LINK_##name
/* Keys are changed after fewer. */
#define FRAMES		4100

static struct nl nl;
static struct cert root, own, member;
static uint32_t group;
static char folder[] = "/tmp/interop.XXXXXX", program[4096];

static void put_file(const char *name, const void *data, size_t len)
{
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "w");
	NEED(file && fwrite(data, 1, len, file) == len && !fclose(file));
}

/* Another node of the member with each call. */
static void put_files(void)
{
	static uint8_t payload[PG_FRAME_MAX];
	uint8_t key[PG_NODE_KEY_LEN];
	struct noise_link *link;
	struct noise_meet m;
	int len;

	NEED(RAND_bytes(key, sizeof(key)) > 0);
	link = noise_link_new(true, key);
	NEED(link);
	meet_fill(&m, &member, NULL);
	len = noise_meet_write(&m, noise_link_key(link), payload);
	NEED(len > 0);
	put_file("group", root.spec.group, sizeof(root.spec.group));
	put_file("key", key, sizeof(key));
	put_file("payload", payload, (size_t)len);
	noise_link_free(link);
}

/* Starts it: what it says comes out of the pipe. */
static FILE *run(const char *role, uint16_t port)
{
	char command[8192];
	FILE *pipe;

	put_files();
	snprintf(command, sizeof(command), "exec '%s' %s %u %s %u 2>&1", program, role, port,
		 folder, FRAMES);
	pipe = popen(command, "r");
	NEED(pipe);
	return pipe;
}

/* Did it all go well? */
static bool done(FILE *pipe)
{
	char line[256];
	int status;

	while (fgets(line, sizeof(line), pipe))
		printf("# %s", line);
	status = pclose(pipe);
	return WIFEXITED(status) && !WEXITSTATUS(status);
}

static uint64_t failures(void)
{
	return nl_stat(&nl, group, LINK(CRYPTO)) + nl_stat(&nl, group, LINK(HANDSHAKE)) +
	       nl_stat(&nl, group, LINK(CREDENTIAL)) + nl_stat(&nl, group, LINK(MALFORMED));
}

static void test_called(void)
{
	uint64_t before = nl_stat(&nl, group, PEERGROUP_A_STATS_LINKS_UP);

	CHECK(done(run("call", PORT)));
	CHECK(nl_stat(&nl, group, PEERGROUP_A_STATS_LINKS_UP) == before + 1);
	CHECK(!failures());
}

static void test_calls(void)
{
	uint64_t before = nl_stat(&nl, group, PEERGROUP_A_STATS_LINKS_UP);
	FILE *pipe = run("answer", THERE);
	char line[256];

	CHECK(fgets(line, sizeof(line), pipe) && !strcmp(line, "ready\n"));
	NEED(!group_dial(&nl, group, THERE));
	CHECK(done(pipe));
	CHECK(nl_stat(&nl, group, PEERGROUP_A_STATS_LINKS_UP) == before + 1);
	CHECK(!failures());
}

static void test_nothing_left(void)
{
	check_nothing_left(&nl, group);
}

int main(void)
{
	static const struct tap_test tests[] = {
		{ "another implementation calls the module", test_called },
		{ "the module calls another implementation", test_calls },
		{ "nothing is left behind", test_nothing_left },
	};

	snprintf(program, sizeof(program), "%s/selftests/kmod/noise_peer", getenv("PG_BUILD"));
	if (access(program, X_OK)) {
		puts("1..0 # SKIP no golang-go, or no golang-github-flynn-noise-dev");
		return 4;
	}
	need_module();
	own_namespace();
	NEED(mkdtemp(folder));
	NEED(!nl_open(&nl));
	cert_new_root(&root, test_key(0));
	cert_issue(&own, &root, test_key(0), PEERGROUP_ROLE_MEMBER);
	cert_issue(&member, &root, test_key(2), PEERGROUP_ROLE_MEMBER);
	group = group_of(&nl, &root, &own);
	group_online(&nl, group, &own, PORT);
	/* A PING of the module's own has not to be waited for long. */
	NEED(!group_limit(&nl, group, PEERGROUP_A_LIMIT_KEEPALIVE, 8000));
	return tap_main(tests, sizeof(tests) / sizeof(tests[0]));
}
