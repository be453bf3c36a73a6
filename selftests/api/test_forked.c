// SPDX-License-Identifier: GPL-2.0-only
// timeout: 100
// valgrind: no: a child loses the memory of what its parent has open
/*
 * A child of fork() has none of its parent's handles and none of its threads: what it calls
 * returns, and lets go of nothing that is its parent's, which goes on as if there were none.
 */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <p2p.h>
#include <peergroup.h>
#include "api.h"
#include "group.h"
#include "rules.h"
#include "tap.h"

static HGROUP windows;			/* Alice's, by PeerGroupOpen() */
static struct listener status;		/* so that there is a thread for events, too */

#define PATIENCE	120	/* seconds; what takes longer is taken to wait for ever */
#define CHILDREN	40
#define WORKERS		3

static int run_in_child(int (*what)(void))
{
	int result;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	NEED(pid >= 0);
	if (!pid) {
		alarm(PATIENCE);
		_exit(what());
	}
	NEED(waitpid(pid, &result, 0) == pid);
	CHECK(WIFEXITED(result), "ended by signal %d", WTERMSIG(result));
	return WIFEXITED(result) ? WEXITSTATUS(result) : -1;
}

/* Alice's group is as it was. */
static void check_parent(void)
{
	PEER_RECORD r = new_record();
	DWORD state = 0;
	GUID id;

	HR(PeerGroupGetStatus(windows, &state), S_OK);
	CHECK(state & PEER_GROUP_STATUS_LISTENING && state & PEER_GROUP_STATUS_HAS_CONNECTIONS,
	      "%#x", (unsigned int)state);
	HR(PeerGroupAddRecord(windows, &r, &id), S_OK);
	CHECK(rules_agree(&id));
}

static int use_none(void)
{
	struct peergroup_status *s;
	DWORD state;

	if (PeerGroupGetStatus(windows, &state) != PEER_E_INVALID_GROUP ||
	    peergroup_status(ours, &s) != PEER_E_INVALID_GROUP)
		return 1;
	if (PeerGroupClose(windows) != PEER_E_INVALID_GROUP ||
	    peergroup_close(ours) != PEER_E_INVALID_GROUP)
		return 2;
	return PeerGroupUnregisterEvent(status.handle) == E_INVALIDARG ? 0 : 3;
}

static void test_none(void)
{
	CHECK(run_in_child(use_none) == 0);
	check_parent();
}

static int shut_down(void)
{
	return PeerGroupShutdown() == S_OK ? 0 : 1;
}

static void test_shutdown(void)
{
	CHECK(run_in_child(shut_down) == 0);
	check_parent();
}

/* A handle of its own, and all it comes with. */
static int use_own(void)
{
	struct listener l;
	HGROUP own;

	if (PeerGroupOpen(wide(alice), wide(group_name), NULL, &own))
		return 1;
	listen_for(&l, own, PEER_GROUP_EVENT_STATUS_CHANGED, NULL);
	stop_listening(&l);
	if (PeerGroupClose(own))
		return 2;
	return shut_down();
}

static void test_own(void)
{
	CHECK(run_in_child(use_own) == 0);
	check_parent();
}

static bool to_fork;
static pid_t bystander;

/* While the library has it, another thread of the program's could fork, as this does. */
int flock(int fd, int how)
{
	int ret = (int)syscall(SYS_flock, fd, how);

	if (!ret && how == LOCK_EX && to_fork) {
		to_fork = false;
		bystander = fork();
		while (!bystander)
			pause();
	}
	return ret;
}

static int open_and_close(void)
{
	HGROUP own;

	if (PeerGroupOpen(wide(alice), wide(group_name), NULL, &own))
		return 1;
	return PeerGroupClose(own) == S_OK ? 0 : 2;
}

/* A child that was forked while its parent had the lock of what is stored. */
static void test_bystander(void)
{
	to_fork = true;
	CHECK(open_and_close() == 0 && bystander > 0);
	CHECK(run_in_child(open_and_close) == 0);
	NEED(!kill(bystander, SIGKILL) && waitpid(bystander, NULL, 0) == bystander);
	check_parent();
}

static atomic_bool enough;

static void *register_events(void *arg)
{
	struct listener l;

	(void)arg;
	while (!enough) {
		listen_for(&l, windows, PEER_GROUP_EVENT_STATUS_CHANGED, NULL);
		stop_listening(&l);
	}
	return NULL;
}

static void *start_up(void *arg)
{
	PEER_VERSION_DATA version;

	(void)arg;
	while (!enough)
		NEED(!PeerGroupStartup(PEER_GROUP_VERSION, &version) && !PeerGroupShutdown());
	return NULL;
}

/* Children that are forked while other threads of their parent's are at something. */
static void test_busy(void)
{
	void *(*const work[WORKERS])(void *) = { register_events, register_events, start_up };
	pthread_t threads[WORKERS];
	unsigned int i, well = 0;

	for (i = 0; i < WORKERS; i++)
		NEED(!pthread_create(&threads[i], NULL, work[i], NULL));
	for (i = 0; i < CHILDREN && well == i; i++)
		well += run_in_child(use_own) == 0;
	enough = true;
	for (i = 0; i < WORKERS; i++)
		pthread_join(threads[i], NULL);
	CHECK(well == CHILDREN, "%u of %u", well, CHILDREN);
	check_parent();
}

/* What is open in the parent is closed there. */
static int delete(void)
{
	return peergroup_delete(alice, group_name) == S_OK ? 0 : 1;
}

static void test_delete(void)
{
	DWORD state;

	CHECK(run_in_child(delete) == 0);
	HR(PeerGroupGetStatus(windows, &state), PEER_E_INVALID_GROUP);
	stop_listening(&status);
	HR(PeerGroupClose(windows), S_OK);
	HR(peergroup_close(ours), S_OK);
}

int main(void)
{
	static const struct tap_test tests[] = {
		{ "a child has no handle of its parent's", test_none },
		{ "its last PeerGroupShutdown() ends nothing of its parent's", test_shutdown },
		{ "it uses handles of its own", test_own },
		{ "it keeps no lock of its parent's", test_bystander },
		{ "what its parent's other threads have locked is not so in it", test_busy },
		{ "it deletes a group that its parent has open", test_delete },
	};
	int result;

	rules_begin();
	rules_people();
	rules_group(0, PEERGROUP_ROLE_MEMBER);
	rules_connect();
	NEED(!PeerGroupOpen(wide(alice), wide(group_name), NULL, &windows));
	listen_for(&status, windows, PEER_GROUP_EVENT_STATUS_CHANGED, NULL);
	result = tap_main(tests, sizeof(tests) / sizeof(tests[0]));
	NEED(!peergroup_close(bobs) && !PeerGroupShutdown());
	return result;
}
