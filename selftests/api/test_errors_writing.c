// SPDX-License-Identifier: GPL-2.0-only
// timeout: 400
/*
 * What the calls that write say where there is no room for it, where it comes too fast,
 * and where others write the same at the same time: each by its limit, set low, and by a
 * signature that is not made before somebody else has written. Each case is called by
 * function and error, as in rules.tsv.
 */
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <openssl/evp.h>
#include <p2p.h>
#include <peergroup.h>
#include "api.h"
#include "group.h"
#include "rules.h"
#include "tap.h"

#define LIMIT(which)	PEERGROUP_A_LIMIT_##which
#define BYTES		(256ULL << 20)	/* these as they are at first */
#define RECORDS		(1U << 20)
#define MEMBERS		(64U << 10)
/* Of tries to do more than one may: each that is let through is one that was too slow. */
#define TRIES		10000
#define UPDATES		5	/* tries of an update */

static struct nl nl;
static uint32_t our_index;
static GUID added;

static void set_limit(uint16_t which, uint32_t value)
{
	NEED(!group_limit(&nl, our_index, which, value));
}

static void set_bytes(uint16_t which, uint64_t value)
{
	NEED(!group_limit_bytes(&nl, our_index, which, value));
}

/* ------------------------------------------------------------ what writes -- */

static BYTE large[100 << 10];

static HRESULT add(void)
{
	PEER_RECORD r = new_record();
	GUID id = rules_type;
	HRESULT hr = PeerGroupAddRecord(ours, &r, &id);

	CHECK(!hr || (!id.Data1 && !id.Data4[7]));
	return hr;
}

static HRESULT update_with(HGROUP group, PEER_DATA data)
{
	PEER_RECORD *r = get_record(group, &added);
	HRESULT hr;

	NEED(r);
	r->data = data;
	hr = PeerGroupUpdateRecord(group, r);
	PeerFreeData(r);
	return hr;
}

static HRESULT update(void)
{
	return update_with(ours, (PEER_DATA){ 5, (PBYTE)"again" });
}

/* To Bob, and into the group. */
static HRESULT issue(void)
{
	PWSTR invitation_ = (PWSTR)&bad_handle;
	HRESULT hr = PeerGroupIssueCredentials(ours, wide(bob), NULL,
					       PEER_GROUP_STORE_CREDENTIALS, &invitation_);

	CHECK(!hr == !!invitation_);
	PeerFreeData(invitation_);
	return hr;
}

/* --------------------------------------------------------------- no room -- */

ERROR(PeerGroupAddRecord, PEER_E_DISK_FULL, "the table is full, or the creator's share of it")
{
	PEER_RECORD r = new_record();

	added = add_record();
	r.data = (PEER_DATA){ sizeof(large), large };
	set_limit(LIMIT(RECORDS), 1);
	HR(add(), PEER_E_DISK_FULL);
	set_limit(LIMIT(RECORDS), RECORDS);
	set_limit(LIMIT(CREATOR_RECORDS), 1);
	HR(add(), PEER_E_DISK_FULL);
	set_limit(LIMIT(CREATOR_RECORDS), 0);
	set_bytes(LIMIT(BYTES), sizeof(large));
	refuse(&r, PEER_E_DISK_FULL);
	set_bytes(LIMIT(BYTES), BYTES);
	HR(add(), S_OK);
}

ERROR(PeerGroupUpdateRecord, PEER_E_DISK_FULL, "more bytes than the table has, or the creator may have")
{
	PEER_DATA data = { sizeof(large), large };

	set_bytes(LIMIT(BYTES), sizeof(large));
	HR(update_with(ours, data), PEER_E_DISK_FULL);
	set_bytes(LIMIT(BYTES), BYTES);
	set_bytes(LIMIT(CREATOR_BYTES), sizeof(large));
	HR(update_with(ours, data), PEER_E_DISK_FULL);
	CHECK(version_of(ours, &added) == 1);
	set_bytes(LIMIT(CREATOR_BYTES), 0);
	HR(update_with(ours, data), S_OK);
}

static bool knows_bob(void *arg)
{
	PWSTR s;
	HRESULT hr = PeerGroupIssueCredentials(ours, wide(bob), NULL, 0, &s);

	(void)arg;
	PeerFreeData(s);
	return hr == S_OK;
}

ERROR(PeerGroupIssueCredentials, PEER_E_DISK_FULL, "no room for the record, or for one more certificate")
{
	NEED(wait_until(knows_bob, NULL));
	set_limit(LIMIT(RECORDS), 1);
	HR(issue(), PEER_E_DISK_FULL);
	set_limit(LIMIT(RECORDS), RECORDS);
	set_limit(LIMIT(MEMBERS), 2);
	HR(issue(), PEER_E_DISK_FULL);
	set_limit(LIMIT(MEMBERS), MEMBERS);
	HR(issue(), S_OK);
}

ERROR(PeerIdentityCreate, PEER_E_DISK_FULL, "there is no room for its files, and none is left")
{
	static const char page[4096];
	const char *home = getenv("PEERGROUP_HOME");
	char before[256], folder[256], filler[280];
	PWSTR name = (PWSTR)&bad_handle;
	HPEERENUM list;
	ULONG n = 99;
	FILE *f;

	NEED(home && strlen(home) < sizeof(before) - 16);
	strcpy(before, home);
	snprintf(folder, sizeof(folder), "%.200s/full", before);
	snprintf(filler, sizeof(filler), "%s/filler", folder);
	NEED(!mkdir(folder, 0700) && !mount("small", folder, "tmpfs", 0, "size=4k"));
	f = fopen(filler, "w");
	NEED(f && fwrite(page, sizeof(page), 1, f) == 1 && !fclose(f));
	NEED(!setenv("PEERGROUP_HOME", folder, 1));
	HR(PeerIdentityCreate(wide("carol"), NULL, 0, &name), PEER_E_DISK_FULL);
	CHECK(!name);
	HR(PeerEnumIdentities(&list), S_OK);
	HR(PeerGetItemCount(list, &n), S_OK);
	CHECK(!n);
	HR(PeerEndEnumeration(list), S_OK);
	NEED(!setenv("PEERGROUP_HOME", before, 1));
	NEED(!umount(folder) && !rmdir(folder));
}

/* -------------------------------------------------------------- too fast -- */

/* One a second, and a few at once: until there are too many. Then as many as one likes. */
static HRESULT too_fast(HRESULT (*call)(void))
{
	HRESULT hr = S_OK;
	int i;

	set_limit(LIMIT(CREATOR_RATE), 1);
	for (i = 0; i < TRIES && hr == S_OK; i++)
		hr = call();
	set_limit(LIMIT(CREATOR_RATE), 0);
	return hr;
}

ERROR(PeerGroupAddRecord, PEER_E_TOO_MUCH_LOAD, "more in a second than one may")
{
	HR(too_fast(add), PEER_E_TOO_MUCH_LOAD);
	HR(add(), S_OK);
}

ERROR(PeerGroupUpdateRecord, PEER_E_TOO_MUCH_LOAD, "more in a second than one may")
{
	HR(too_fast(update), PEER_E_TOO_MUCH_LOAD);
	HR(update(), S_OK);
}

/* After as many records as it takes, and as these are quicker. */
static HRESULT issue_in_haste(void)
{
	int i;

	for (i = 0; i < TRIES && add() == S_OK; i++)
		;
	return issue();
}

ERROR(PeerGroupIssueCredentials, PEER_E_TOO_MUCH_LOAD, "more in a second than one may")
{
	HR(too_fast(issue_in_haste), PEER_E_TOO_MUCH_LOAD);
	HR(issue(), S_OK);
}

/* ------------------------------------- others that write at the same time -- */

static void (*interfere)(void);
static unsigned int interfered;
static HGROUP second;		/* another program's */

/*
 * The library's own stands behind this one: what is signed has been made from what the
 * group had before.
 */
int EVP_PKEY_sign(EVP_PKEY_CTX *ctx, unsigned char *sig, size_t *sig_len,
		  const unsigned char *tbs, size_t tbs_len)
{
	__typeof__(&EVP_PKEY_sign) next = (__typeof__(&EVP_PKEY_sign))dlsym(RTLD_NEXT,
									     "EVP_PKEY_sign");
	void (*now)(void) = interfere;

	NEED(next);
	if (now) {
		interfere = NULL;	/* what it signs itself */
		interfered++;
		now();
		interfere = now;
	}
	return next(ctx, sig, sig_len, tbs, tbs_len);
}

/* How often has somebody got in between? */
#define INTERFERED(by, call, n) do {					\
	HRESULT hr_;							\
									\
	interfered = 0;							\
	interfere = by;							\
	hr_ = call;							\
	interfere = NULL;						\
	CHECK(hr_ == HRESULT_FROM_WIN32(ERROR_LOCK_VIOLATION), "-> 0x%08x, %s",	\
	      (unsigned int)hr_, peergroup_error_detail());		\
	CHECK(interfered == (n), "%u times", interfered);		\
} while (0)

static void update_by_other(void)
{
	HR(update_with(second, (PEER_DATA){ 5, (PBYTE)"other" }), S_OK);
}

ERROR(PeerGroupUpdateRecord, ERROR_LOCK_VIOLATION, "others change it during each of five tries")
{
	DWORD version = version_of(ours, &added);

	NEED(!peergroup_open(alice, group_name, (peergroup_t *)&second));
	INTERFERED(update_by_other, update(), UPDATES);
	CHECK(version_of(ours, &added) == version + UPDATES);
	HR(update(), S_OK);
}

ERROR(PeerGroupDeleteRecord, ERROR_LOCK_VIOLATION, "others change it during each of five tries")
{
	INTERFERED(update_by_other, PeerGroupDeleteRecord(ours, &added), UPDATES);
	HR(PeerGroupDeleteRecord(ours, &added), S_OK);
}

static HRESULT set_comment(HGROUP group, const char *comment)
{
	PEER_GROUP_PROPERTIES *p;
	HRESULT hr;

	NEED(!PeerGroupGetProperties(group, &p));
	p->pwzComment = wide(comment);
	hr = PeerGroupSetProperties(group, p);
	PeerFreeData(p);
	return hr;
}

static __thread bool elsewhere;	/* in another data folder, with locks of its own */

int flock(int fd, int how)
{
	return elsewhere ? 0 : (int)syscall(SYS_flock, fd, how);
}

/* Who has the same folder waits till it is done. */
static void set_by_other(void)
{
	char comment[16];

	snprintf(comment, sizeof(comment), "other %u", interfered);
	elsewhere = true;
	HR(set_comment(second, comment), S_OK);
	elsewhere = false;
}

ERROR(PeerGroupSetProperties, ERROR_LOCK_VIOLATION, "others change them during each of five tries")
{
	INTERFERED(set_by_other, set_comment(ours, "ours"), UPDATES);
	HR(set_comment(ours, "ours"), S_OK);
}

static void issue_by_other(void)
{
	HR(PeerGroupIssueCredentials(second, wide(bob), NULL, PEER_GROUP_STORE_CREDENTIALS, NULL),
	   S_OK);
}

ERROR(PeerGroupIssueCredentials, ERROR_LOCK_VIOLATION, "another program stores one for the member")
{
	INTERFERED(issue_by_other, issue(), 1);
	HR(issue(), S_OK);
	HR(PeerGroupClose(second), S_OK);
}

int main(void)
{
	struct peergroup_status *status;

	rules_begin();
	rules_people();
	rules_group(0, PEERGROUP_ROLE_MEMBER);
	rules_connect();
	NEED(!nl_open(&nl) && !peergroup_status(ours, &status));
	our_index = status->index;
	peergroup_free(status);
	return rules_main();
}
