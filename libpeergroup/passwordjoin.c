// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Joining a group by its password: what is kept until that was done, and doing it. Who
 * joins is in no group yet, so it talks to a member's port over a socket of its own;
 * with the certificate it gets there the handle becomes one like any other.
 */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <openssl/crypto.h>
#include "cloud.h"
#include "cert.h"
#include "event.h"
#include "pake.h"

#define ATTEMPT_MS	15000	/* for all of it, with one address */

struct pgi_joining {
	pthread_mutex_t lock;		/* one attempt at a time */
	pthread_mutex_t thread_lock;	/* guards these three */
	bool running;			/* there is a thread to be joined, */
	atomic_bool busy;		/* ... and it has not come to its end */
	pthread_t thread;
	pid_t pid;
	int wake;			/* written to end it */
	struct pgi_group *group;
	struct pgi_address addresses[PGI_ATTEMPT_MAX];
	size_t count;
};

/* -------------------------------------------------------------- one member -- */

struct talk {
	int fd, wake;
	uint64_t until;			/* ms */
};

static uint64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

/* Of the joining thread: exit() waits for what it is at, but not for the network. */
static __thread bool working, over;

static bool waited(int n, const struct pollfd fds[2])
{
	if (working && !pgi_work_begin()) {
		working = false;
		over = true;	/* the process is ending */
	}
	return n > 0 && !fds[1].revents && !over;
}

/* Waits for @events; anything else ends the talk. */
static bool ready(const struct talk *t, short events)
{
	struct pollfd fds[2] = {
		{ .fd = t->fd, .events = events }, { .fd = t->wake, .events = POLLIN },
	};
	uint64_t now = now_ms();
	int n = 0;

	if (over)
		return false;
	if (working)
		pgi_work_end();
	for (; now < t->until; now = now_ms()) {
		n = poll(fds, 2, (int)(t->until - now));
		if (n >= 0 || errno != EINTR)
			break;
	}
	return waited(n, fds);
}

static bool send_all(const struct talk *t, const void *data, size_t len)
{
	const uint8_t *at = data;
	ssize_t n;

	while (len) {
		if (!ready(t, POLLOUT))
			return false;
		n = send(t->fd, at, len, MSG_NOSIGNAL);
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return false;
		if (n > 0) {
			at += n;
			len -= (size_t)n;
		}
	}
	return true;
}

static bool receive_all(const struct talk *t, void *data, size_t len)
{
	uint8_t *at = data;
	ssize_t n;

	while (len) {
		if (!ready(t, POLLIN))
			return false;
		n = recv(t->fd, at, len, 0);
		if (!n || (n < 0 && errno != EAGAIN && errno != EINTR))
			return false;
		if (n > 0) {
			at += n;
			len -= (size_t)n;
		}
	}
	return true;
}

static bool send_message(const struct talk *t, const struct pgi_blob *msg)
{
	uint16_t len = htobe16((uint16_t)msg->len);

	return send_all(t, &len, sizeof(len)) && send_all(t, msg->data, msg->len);
}

static HRESULT receive_message(const struct talk *t, struct pgi_blob *msg)
{
	uint16_t len;

	if (!receive_all(t, &len, sizeof(len)))
		return pgi_fail(PEER_E_NO_MEMBER_CONNECTIONS, "the member does not answer");
	msg->len = be16toh(len);
	msg->data = malloc(msg->len + 1U);
	if (!msg->data)
		return E_OUTOFMEMORY;
	if (receive_all(t, msg->data, msg->len))
		return S_OK;
	pgi_blob_free(msg);
	return pgi_fail(PEER_E_NO_MEMBER_CONNECTIONS, "the member does not answer");
}

static HRESULT dial(struct talk *t, const struct pgi_address *a)
{
	struct sockaddr_storage ss;
	int err = 0;
	socklen_t len = sizeof(err);

	pgi_address_to_sockaddr(a, &ss);
	t->fd = socket(ss.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (t->fd < 0)
		return pgi_from_errno(errno);
	if (!connect(t->fd, (struct sockaddr *)&ss, ss.ss_family == AF_INET ?
		     sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6)))
		return S_OK;
	err = errno;
	if (err == EINPROGRESS && (!ready(t, POLLOUT) ||
				   getsockopt(t->fd, SOL_SOCKET, SO_ERROR, &err, &len)))
		err = ETIMEDOUT;
	return err ? pgi_fail(PEER_E_NO_MEMBER_CONNECTIONS, "connect: %s", strerror(err)) : S_OK;
}

/* Opening, answer, proof, end. */
static HRESULT exchange(const struct talk *t, struct pgi_pake *p,
			const struct pgi_identity *identity, char **xml)
{
	struct peergroup_password_opening opening;
	struct pgi_blob msg = { 0 }, out = { 0 };
	HRESULT hr;

	hr = pgi_pake_open(p, identity, &opening);
	if (SUCCEEDED(hr) && !send_all(t, &opening, sizeof(opening)))
		hr = pgi_fail(PEER_E_NO_MEMBER_CONNECTIONS, "the member does not listen");
	if (SUCCEEDED(hr))
		hr = receive_message(t, &msg);
	if (SUCCEEDED(hr)) {
		hr = pgi_pake_prove(p, identity, msg.data, msg.len, &out);
		pgi_blob_free(&msg);
	}
	if (SUCCEEDED(hr) && !send_message(t, &out))
		hr = pgi_fail(PEER_E_NO_MEMBER_CONNECTIONS, "the member does not listen");
	pgi_blob_free(&out);
	if (SUCCEEDED(hr))
		hr = receive_message(t, &msg);
	if (SUCCEEDED(hr)) {
		hr = pgi_pake_accept(p, msg.data, msg.len, xml);
		pgi_blob_free(&msg);
	}
	return hr;
}

/* What came is an invitation to this group, for us, by who has proved the password. */
static HRESULT take_invitation(const struct pgi_group *group, const struct pgi_pake *p,
			       const char *xml, struct pgi_group_store **out)
{
	struct pgi_group_store *store;
	struct pgi_cert **chain;
	bool right;
	size_t len;
	HRESULT hr;

	hr = pgi_invitation_accept(xml, group->identity, &store);
	if (FAILED(hr))
		return hr;
	hr = pgi_chain_parse(store, &chain, &len);
	if (SUCCEEDED(hr)) {
		right = !strcmp(store->name, group->store->name) &&
			pgi_pake_issuer(p, chain[len - 2]->fingerprint);
		pgi_chain_free(chain, len);
		if (!right)
			hr = pgi_fail(PEER_E_INVITATION_NOT_TRUSTED,
				      "the certificate is another group's, or by another issuer");
	}
	if (FAILED(hr))
		pgi_group_store_free(store);
	else
		*out = store;
	return hr;
}

/* With the mark that the member says the password has. */
static HRESULT ask(struct pgi_group *group, struct pgi_verifier *verifier,
		   const struct pgi_address *a, struct pgi_group_store **store)
{
	struct talk t = { .fd = -1, .wake = group->joining->wake,
			  .until = now_ms() + ATTEMPT_MS };
	uint8_t authority[PEERGROUP_AUTHORITY_LEN];
	char hex[PGI_AUTHORITY_LEN + 1];
	struct pgi_pake p;
	char *xml = NULL;
	HRESULT hr;

	memcpy(hex, group->store->name, PGI_AUTHORITY_LEN);
	hex[PGI_AUTHORITY_LEN] = '\0';
	if (!pgi_unhex(hex, authority, sizeof(authority)))
		return PEER_E_CERT_STORE_CORRUPTED;
	pgi_pake_init(&p, authority, verifier->key);
	hr = dial(&t, a);
	if (SUCCEEDED(hr))
		hr = exchange(&t, &p, group->identity, &xml);
	if (t.fd >= 0)
		close(t.fd);
	if (SUCCEEDED(hr))
		hr = take_invitation(group, &p, xml, store);
	memcpy(verifier->mark, p.mark, sizeof(verifier->mark));
	free(xml);
	pgi_pake_clear(&p);
	return hr;
}

/* ---------------------------------------------------------------- becoming -- */

/* A member that may issue what the password gives goes on knowing it, to answer others. */
static void keep_or_forget(struct pgi_group *group)
{
	if (!pgi_roles_issuable(group->own->roles))
		pgi_group_store_forget_verifier(group->store);
}

/* Another program's that has been proved meanwhile stays what is on disk. */
static HRESULT keep_chain(const struct pgi_group_store *store)
{
	struct pgi_group_store *disk;
	HRESULT hr;
	int lock;

	hr = pgi_group_store_lock(store->identity, store->name, &lock);
	if (FAILED(hr))
		return hr;
	hr = pgi_group_store_load(store->identity, store->name, &disk);
	if (SUCCEEDED(hr) && disk->pending)
		hr = pgi_group_store_renew(store);
	pgi_group_store_free(disk);
	pgi_group_store_unlock(lock);
	return hr;
}

static void move_chain(struct pgi_group_store *to, struct pgi_group_store *from)
{
	to->root = from->root;
	to->chain = from->chain;
	to->chain_len = from->chain_len;
	memset(&from->root, 0, sizeof(from->root));
	from->chain = NULL;
	from->chain_len = 0;
}

/* The certificates are the handle's from now on. Others look at them once it is not pending. */
static HRESULT become_member(struct pgi_group *group, struct pgi_group_store *from)
{
	struct pgi_group_store *store = group->store;
	HRESULT hr;

	if (store->chain_len)
		return S_OK;
	memcpy(store->id, from->id, sizeof(store->id));
	move_chain(store, from);
	store->pending = false;
	hr = keep_chain(store);
	if (FAILED(hr)) {
		/* As before, so that it is tried again: the password is all there is on disk. */
		move_chain(from, store);
		store->pending = true;
	}
	return hr;
}

static HRESULT begin(struct pgi_group *group)
{
	HRESULT hr = S_OK;

	if (!group->own)
		hr = pgi_own_set(group, group->store);
	/* A try before this one may have come so far. */
	if (SUCCEEDED(hr) && !group->nl.sock)
		hr = pgi_group_begin(group);
	if (FAILED(hr))
		return hr;
	keep_or_forget(group);
	pgi_clear_error();
	return pgi_event_group_begun(group);
}

/* Another program, or a call before, may have joined it: then that is what counts. */
static HRESULT look_on_disk(struct pgi_group *group)
{
	struct pgi_group_store *disk;
	HRESULT hr;

	if (group->store->chain_len)
		return S_OK;
	hr = pgi_group_store_load(group->store->identity, group->store->name, &disk);
	if (FAILED(hr))
		return hr;
	hr = disk->pending ? S_FALSE : become_member(group, disk);
	pgi_group_store_free(disk);
	return hr;
}

/* At each address in turn. A member's word that it is the wrong password is one of them. */
static HRESULT ask_all(struct pgi_group *group, const struct pgi_address *a, size_t count)
{
	HRESULT hr = PEER_E_NO_MEMBERS_FOUND, one;
	struct pgi_verifier verifier;
	struct pgi_group_store *store;
	size_t i;

	one = pgi_group_store_verifier(group->store, &verifier);
	if (FAILED(one))
		return one;
	for (i = 0; i < count; i++) {
		one = ask(group, &verifier, &a[i], &store);
		if (SUCCEEDED(one)) {
			one = pgi_group_store_keep_verifier(group->store, &verifier);
			if (SUCCEEDED(one))
				one = become_member(group, store);
			pgi_group_store_free(store);
			hr = one;
			break;
		}
		if (hr != PEER_E_NOT_AUTHORIZED)
			hr = one;
	}
	OPENSSL_cleanse(&verifier, sizeof(verifier));
	if (hr == PEER_E_NO_MEMBERS_FOUND)
		pgi_set_error("no address of a member is known");
	return hr;
}

static HRESULT join_now(struct pgi_group *group, const struct pgi_address *a, size_t count)
{
	struct pgi_address known[PGI_ATTEMPT_MAX];
	uint16_t port;
	HRESULT hr;

	if (!atomic_load(&group->pending))
		return S_OK;
	if (!count) {
		count = pgi_recall(group, known, PGI_ATTEMPT_MAX, &port);
		a = known;
	}
	hr = look_on_disk(group);
	if (hr == S_FALSE)
		hr = ask_all(group, a, count);
	return SUCCEEDED(hr) ? begin(group) : hr;
}

HRESULT pgi_joining_now(struct pgi_group *group, const struct pgi_address *a, size_t count)
{
	HRESULT hr;

	if (!atomic_load(&group->pending))
		return S_OK;
	pthread_mutex_lock(&group->joining->lock);
	hr = join_now(group, a, count);
	pthread_mutex_unlock(&group->joining->lock);
	return hr;
}

/* ------------------------------------------------------------ in background -- */

static void tell_failure(struct pgi_group *group, HRESULT hr)
{
	if (hr == PEER_E_NOT_AUTHORIZED)
		pgi_event_not_authenticated(group);
	else if (hr == PEER_E_NO_MEMBERS_FOUND || hr == PEER_E_UNABLE_TO_LISTEN)
		pgi_event_failed(group, hr);
	else
		pgi_event_failed(group, PEER_E_NO_MEMBER_CONNECTIONS);
}

static void *run(void *arg)
{
	struct pgi_joining *j = arg;
	struct pgi_group *group = j->group;
	HRESULT hr;

	over = !pgi_work_begin();
	working = !over;
	hr = working ? pgi_joining_now(group, j->addresses, j->count) : E_FAIL;
	if (SUCCEEDED(hr))
		hr = pgi_connect_addresses(group, j->addresses, j->count);
	atomic_store(&j->busy, false);
	if (FAILED(hr) && !over)
		tell_failure(group, hr);
	if (working)
		pgi_work_end();
	return NULL;
}

/* thread_lock held */
static HRESULT start(struct pgi_joining *j)
{
	sigset_t all, old;
	int err;

	if (j->running)
		pthread_join(j->thread, NULL);
	j->running = false;
	atomic_store(&j->busy, true);
	pgi_work_prepare();
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	err = pthread_create(&j->thread, NULL, run, j);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (err) {
		atomic_store(&j->busy, false);
		return pgi_fail(pgi_from_errno(err), "joining thread: %s", strerror(err));
	}
	j->running = true;
	j->pid = pgi_process();
	return S_OK;
}

HRESULT pgi_joining_start(struct pgi_group *group, const struct pgi_address *a, size_t count)
{
	struct pgi_joining *j = group->joining;
	uint16_t port;
	HRESULT hr;
	size_t i;

	pthread_mutex_lock(&j->thread_lock);
	if (atomic_load(&j->busy) && j->pid == pgi_process()) {
		pthread_mutex_unlock(&j->thread_lock);
		return PEER_S_ALREADY_CONNECTED;
	}
	if (j->pid && j->pid != pgi_process())
		j->running = false;	/* after fork() the thread is the parent's */
	for (i = 0; i < count; i++)
		pgi_remember(group, &a[i]);
	j->count = count < PGI_ATTEMPT_MAX ? count : PGI_ATTEMPT_MAX;
	if (count)
		memcpy(j->addresses, a, j->count * sizeof(*a));
	else
		j->count = pgi_recall(group, j->addresses, PGI_ATTEMPT_MAX, &port);
	if (j->count) {
		hr = start(j);
	} else {
		pgi_event_failed(group, PEER_E_NO_MEMBERS_FOUND);
		hr = S_OK;
	}
	pthread_mutex_unlock(&j->thread_lock);
	return hr;
}

HRESULT pgi_joining_init(struct pgi_group *group)
{
	struct pgi_joining *j = calloc(1, sizeof(*j));

	if (!j)
		return E_OUTOFMEMORY;
	j->wake = eventfd(0, EFD_CLOEXEC);
	if (j->wake < 0) {
		free(j);
		return pgi_from_errno(errno);
	}
	pthread_mutex_init(&j->lock, NULL);
	pthread_mutex_init(&j->thread_lock, NULL);
	j->group = group;
	group->joining = j;
	return S_OK;
}

/* Never by the thread itself: it has no reference to the group, whose last put calls this. */
void pgi_joining_exit(struct pgi_group *group)
{
	struct pgi_joining *j = group->joining;

	if (!j)
		return;
	if (j->running && j->pid == pgi_process() &&
	    write(j->wake, &(uint64_t){ 1 }, sizeof(uint64_t)) > 0)
		pthread_join(j->thread, NULL);
	close(j->wake);
	pthread_mutex_destroy(&j->lock);
	pthread_mutex_destroy(&j->thread_lock);
	free(j);
	group->joining = NULL;
}

/* -------------------------------------------------------------------- joining -- */

static HRESULT make_verifier(struct pgi_group_store *store, const char *password)
{
	uint8_t authority[PEERGROUP_AUTHORITY_LEN];
	char hex[PGI_AUTHORITY_LEN + 1];

	memcpy(hex, store->name, PGI_AUTHORITY_LEN);
	hex[PGI_AUTHORITY_LEN] = '\0';
	if (!pgi_unhex(hex, authority, sizeof(authority)))
		return pgi_fail(PEER_E_INVITATION_NOT_TRUSTED, "the group's name is none");
	return pgi_verifier_new(authority, password, &store->verifier);
}

/* Joined by password before: with another password, as the one before may have been wrong. */
static HRESULT join_again(struct pgi_group_store *store, void **handle)
{
	struct pgi_group_store *old;
	HRESULT hr;

	hr = pgi_group_store_load(store->identity, store->name, &old);
	if (FAILED(hr))
		return hr;
	if (old->pending)
		hr = pgi_group_store_keep_verifier(old, store->verifier);
	pgi_group_store_free(old);
	if (SUCCEEDED(hr))
		hr = pgi_group_open(store->identity, store->name, handle);
	return SUCCEEDED(hr) ? PEER_S_ALREADY_A_MEMBER : hr;
}

static HRESULT join_as(const struct pgi_identity *identity, const char *invitation,
		       const char *password, const struct pgi_cloud *cloud, void **handle)
{
	struct pgi_group_store *store;
	HRESULT hr;

	hr = pgi_invitation_pending(invitation, identity, &store);
	if (FAILED(hr))
		return hr;
	hr = pgi_cloud_settle(store, cloud);
	if (SUCCEEDED(hr))
		hr = make_verifier(store, password);
	if (SUCCEEDED(hr))
		hr = pgi_group_store_create(store, NULL, false);
	if (hr == PEER_E_ALREADY_EXISTS)
		hr = join_again(store, handle);
	else if (SUCCEEDED(hr))
		hr = pgi_open_new(store, handle);
	pgi_group_store_free(store);
	return hr;
}

HRESULT pgi_password_join(const char *identity_name, const char *invitation,
			  const char *password, const struct pgi_cloud *cloud, void **handle)
{
	struct pgi_identity *identity;
	HRESULT hr;

	if (identity_name && !pgi_name_valid(identity_name))
		return pgi_fail(PEER_E_INVALID_PEER_NAME, "\"%s\" is not a peer name",
				identity_name);
	hr = pgi_identity_load(identity_name, &identity);
	if (FAILED(hr))
		return hr;
	hr = join_as(identity, invitation, password, cloud, handle);
	pgi_identity_free(identity);
	return hr;
}
