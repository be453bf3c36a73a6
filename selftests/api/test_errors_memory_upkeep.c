// SPDX-License-Identifier: GPL-2.0-only
// timeout: 300
// valgrind: no: malloc() is replaced
/*
 * No memory in the thread of the library's that does what an open group has to do again and
 * again, each place in turn and then for a while: it is done later. Time is not waited for: it
 * is set forward.
 */
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include <p2p.h>
#include <peergroup.h>
#include "api.h"
#include "group.h"
#include "heap.h"
#include "rules.h"
#include "tap.h"

#define TRIES_MAX	1000	/* each may fail at another place */

/* ----------------------------------------------------------------- its time -- */

static time_t ahead;

/* The clock that the library plans by is ahead of the machine's. */
int clock_gettime(clockid_t id, struct timespec *ts)
{
	int ret = (int)syscall(SYS_clock_gettime, id, ts);

	if (!ret && id == CLOCK_BOOTTIME)
		ts->tv_sec += __atomic_load_n(&ahead, __ATOMIC_RELAXED);
	return ret;
}

static void go_on(time_t seconds)
{
	__atomic_add_fetch(&ahead, seconds, __ATOMIC_RELAXED);
}

static unsigned int tries;

/* There is memory from the second look on; each time a little later it is tried again. */
static void again(time_t seconds)
{
	NEED(tries++ < TRIES_MAX);
	heap_return();
	go_on(seconds);
}

/* -------------------------------------------------------------- credentials -- */

static uint64_t proved(void)
{
	struct peergroup_status *status;
	uint64_t until;

	NEED(!peergroup_status(ours, &status));
	until = status->credential_expires;
	peergroup_free(status);
	return until;
}

/* The thread looks at the clock: when a program connects, it plans anew. */
static bool is_proved_anew(void *before)
{
	if (proved() != *(uint64_t *)before)
		return true;
	again(15);
	NEED(SUCCEEDED(PeerGroupConnect(ours)));
	return false;
}

static void renew_credential(void)
{
	uint64_t before;

	NEED(!peergroup_credential_lifetime(ours, 3600));
	before = proved();
	go_on(2500);
	tries = 0;
	CHECK(wait_until(is_proved_anew, &before));
}

/* ----------------------------------------------------------------- presence -- */

static HRESULT count_addresses(const struct peergroup_member *m, void *arg)
{
	*(size_t *)arg = m->n_addresses;
	return S_OK;
}

static bool has_addresses(void *n)
{
	size_t has = 0;

	NEED(!peergroup_members(ours, 0, alice, count_addresses, &has));
	if (has == *(size_t *)n)
		return true;
	again(61);
	NEED(!peergroup_credential_lifetime(ours, 3600));
	return false;
}

/* Another address of the host's. */
static void tell_presence(void)
{
	static size_t n = 1;

	n = 3 - n;
	if (n == 2)
		NEED(!system("ip address add 192.0.2.2/24 dev v0"));
	else
		NEED(!system("ip address del 192.0.2.2/24 dev v0"));
	go_on(400);
	NEED(!peergroup_credential_lifetime(ours, 3600));
	tries = 0;
	CHECK(wait_until(has_addresses, &n));
}

/* ------------------------------------------------------------------ records -- */

static bool is_refreshed(void *id)
{
	if (version_of(ours, id) == 2)
		return true;
	again(15);
	NEED(!peergroup_credential_lifetime(ours, 3600));
	return false;
}

static void refresh_record(void)
{
	PEER_RECORD r = new_record();
	GUID id;

	r.dwFlags = PEER_RECORD_FLAG_AUTOREFRESH;
	r.pwzAttributes = wide("<attributes><attribute name='a' type='int'>1</attribute>"
			       "</attributes>");
	r.ftExpiration = to_filetime(peer_time_now() + 300 * TICKS);
	NEED(!PeerGroupAddRecord(ours, &r, &id));
	set_clock(250);
	go_on(250);
	NEED(!peergroup_credential_lifetime(ours, 3600));
	tries = 0;
	CHECK(wait_until(is_refreshed, &id));
	NEED(!PeerGroupDeleteRecord(ours, &id));
}

static void upkeep_round(void)
{
	renew_credential();
	tell_presence();
	refresh_record();
}

static void test_upkeep(void)
{
	heap_walk_threads(upkeep_round);
}

/* ----------------------------------------------------------------- the end -- */

static void test_end(void)
{
	HR(PeerGroupClose(bobs), S_OK);
	HR(PeerGroupClose(ours), S_OK);
	HR(PeerGroupShutdown(), S_OK);
	heap_check_threads();
}

static void set_up(void)
{
	rules_begin();
	/* An address that others could dial: the loopback interface has none. */
	NEED(!system("ip link add v0 type veth peer name v1 && ip link set v1 up && "
		     "ip link set v0 up && ip address add 192.0.2.1/24 dev v0"));
	rules_people();
	rules_group(0, PEERGROUP_ROLE_MEMBER);
	NEED(!peergroup_online(ours, 0));
}

int main(void)
{
	static const struct tap_test tests[] = {
		{ "credential, presence and records are kept alive", test_upkeep },
		{ "nothing is left", test_end },
	};

	set_up();
	return tap_main(tests, sizeof(tests) / sizeof(tests[0]));
}
