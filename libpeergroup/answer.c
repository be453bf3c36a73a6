// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Answering those who join by password: a thread of an open group whose member knows
 * the password and may issue what it is good for. The kernel hands it what comes in
 * on the group's port; the password, and the key that signs, stay here. It begins when
 * the handle goes online and ends when it is closed.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <openssl/crypto.h>
#include "cert.h"
#include "group.h"
#include "members.h"
#include "pake.h"
#include "properties.h"

#define EXCHANGES_MAX	64	/* at a time; the kernel's limit may be lower */

struct exchange {
	uint64_t id;		/* 0: free */
	struct pgi_pake pake;	/* with the mark of the password it goes by */
};

struct pgi_answering {
	struct pgi_group *group;
	pthread_t thread;
	pid_t pid;
	int wake;		/* written to end it */
	struct pgi_nl nl;	/* hears, and says: the kernel knows it by that socket */
	struct exchange list[EXCHANGES_MAX];
};

/* Guards each group's @answering. The threads never take it. */
static pthread_mutex_t starting = PTHREAD_MUTEX_INITIALIZER;

/* One message on its way out of the library. */
struct message {
	uint64_t id;
	const void *data;
	size_t len;
	bool last;
};

/* --------------------------------------------------------------- who may -- */

/* Was the password with that mark the last that the group was given? */
static HRESULT check_mark(const struct pgi_properties *p, const uint8_t mark[PGI_MARK_LEN])
{
	if (!memcmp(p->password_mark, mark, PGI_MARK_LEN) && !pgi_mark_none(mark))
		return S_OK;
	return pgi_fail(PEER_E_NOT_AUTHORIZED, pgi_mark_none(mark) ?
			"it is not known which of the group's passwords this member was told; tell it again" :
			"the group has another password since this member was told one; tell it that");
}

/*
 * The role that the password of that mark gives; S_FALSE where this member cannot give it
 * now, PEER_E_NOT_AUTHORIZED where the password is one of before.
 */
static HRESULT role_to_issue(struct pgi_group *group, const uint8_t mark[PGI_MARK_LEN],
			     uint32_t *role)
{
	struct pgi_group_state state;
	struct pgi_properties p;
	HRESULT hr;

	hr = pgi_properties_read(group, &p);
	if (FAILED(hr))
		return hr;
	*role = p.schemes & PEER_GROUP_PASSWORD_AUTHENTICATION ? p.password_role : 0;
	if (!*role || *role & ~pgi_roles_issuable(group->own->roles))
		hr = S_FALSE;
	else
		hr = check_mark(&p, mark);
	pgi_properties_free(&p);
	if (hr != S_OK)
		return hr;
	hr = pgi_group_state(group, &state);
	if (FAILED(hr))
		return hr;
	return state.status & PEERGROUP_STATUS_REVOKED ? S_FALSE : S_OK;
}

/* @mark: of the password that was proved, which may be one of before by now */
static HRESULT issue(struct pgi_group *group, const uint8_t mark[PGI_MARK_LEN],
		     const char *identity_xml, char **xml)
{
	uint32_t role;
	HRESULT hr;

	*xml = NULL;
	hr = role_to_issue(group, mark, &role);
	if (hr == S_FALSE)
		hr = PEER_E_NOT_AUTHORIZED;
	/* Whom an administrator has put out does not come back by the password either. */
	if (SUCCEEDED(hr))
		hr = pgi_group_check_not_revoked(&group->obj, identity_xml);
	if (SUCCEEDED(hr))
		hr = pgi_invite(group->own->store, group->identity, identity_xml, 0, role, xml);
	return hr;
}

/* -------------------------------------------------------------- messages -- */

/* By the socket that hears, as the kernel knows it by that; it does not wait there. */
static HRESULT send_to(struct pgi_answering *a, const struct message *m)
{
	size_t room = MNL_NLMSG_HDRLEN + 128 + m->len;
	_Alignas(struct nlmsghdr) char few[512] = { 0 };
	/* That it is over is said without memory, too: who joins waits for it. */
	char *buf = m->data ? calloc(1, room + MNL_SOCKET_BUFFER_SIZE) : few;
	struct genlmsghdr *genl;
	struct nlmsghdr *msg;
	HRESULT hr = S_OK;

	if (!buf)
		return E_OUTOFMEMORY;
	msg = mnl_nlmsg_put_header(buf);
	msg->nlmsg_type = a->nl.family;
	msg->nlmsg_flags = NLM_F_REQUEST;
	msg->nlmsg_seq = ++a->nl.seq;
	genl = mnl_nlmsg_put_extra_header(msg, sizeof(*genl));
	genl->cmd = PEERGROUP_CMD_PASSWORD_SEND;
	genl->version = PEERGROUP_FAMILY_VERSION;
	mnl_attr_put_u32(msg, PEERGROUP_A_PASSWORD_GROUP, a->group->index);
	mnl_attr_put_u64(msg, PEERGROUP_A_PASSWORD_ID, m->id);
	if (m->data)
		mnl_attr_put(msg, PEERGROUP_A_PASSWORD_DATA, m->len, m->data);
	if (m->last)
		mnl_attr_put(msg, PEERGROUP_A_PASSWORD_LAST, 0, NULL);
	if (mnl_socket_sendto(a->nl.sock, msg, msg->nlmsg_len) < 0)
		hr = pgi_from_errno(errno);
	if (buf != few)
		free(buf);
	return hr;
}

static void forget(struct exchange *ex)
{
	pgi_pake_clear(&ex->pake);
	ex->id = 0;
}

/* Ends it without a word: who does not know the password is told nothing. */
static void hang_up(struct pgi_answering *a, struct exchange *ex)
{
	const struct message m = { .id = ex->id, .last = true };

	send_to(a, &m);
	forget(ex);
}

static struct exchange *find(struct pgi_answering *a, uint64_t id)
{
	size_t i;

	for (i = 0; i < EXCHANGES_MAX; i++)
		if (a->list[i].id == id)
			return &a->list[i];
	return NULL;
}

/* By what is on disk at the time: another program may have been told another password. */
static HRESULT begin(struct pgi_answering *a, struct exchange *ex)
{
	struct pgi_verifier verifier;
	uint32_t role;
	HRESULT hr;

	hr = pgi_group_store_verifier(a->group->store, &verifier);
	if (SUCCEEDED(hr))
		hr = role_to_issue(a->group, verifier.mark, &role);
	if (hr == S_OK) {
		pgi_pake_init(&ex->pake, a->group->store->id, verifier.key);
		memcpy(ex->pake.mark, verifier.mark, sizeof(ex->pake.mark));
	}
	OPENSSL_cleanse(&verifier, sizeof(verifier));
	return hr;
}

static void opened(struct pgi_answering *a, uint64_t id, const uint8_t *opening)
{
	struct exchange *ex = find(a, 0), full = { .id = id };
	struct pgi_pake_answer answer;
	struct message m = { .id = id, .data = &answer, .len = sizeof(answer) };

	if (!ex) {
		hang_up(a, &full);
		return;
	}
	ex->id = id;
	if (begin(a, ex) != S_OK ||
	    FAILED(pgi_pake_answer(&ex->pake, opening, a->group->own->fingerprint, &answer)) ||
	    FAILED(send_to(a, &m)))
		hang_up(a, ex);
}

static void proved(struct pgi_answering *a, struct exchange *ex, const uint8_t *data, size_t len)
{
	struct message m = { .id = ex->id, .last = true };
	char *identity_xml, *xml = NULL;
	struct pgi_blob out;
	HRESULT hr;

	hr = pgi_pake_check(&ex->pake, data, len, &identity_xml);
	if (FAILED(hr)) {
		hang_up(a, ex);
		return;
	}
	hr = issue(a->group, ex->pake.mark, identity_xml, &xml);
	free(identity_xml);
	/* Without memory nothing was refused: it may be tried again, by another member, say. */
	if (hr == E_OUTOFMEMORY) {
		free(xml);
		hang_up(a, ex);
		return;
	}
	hr = pgi_pake_issue(&ex->pake, xml, hr, &out);
	free(xml);
	if (SUCCEEDED(hr)) {
		m.data = out.data;
		m.len = out.len;
		hr = send_to(a, &m);
		pgi_blob_free(&out);
	}
	if (SUCCEEDED(hr))
		forget(ex);
	else
		hang_up(a, ex);
}

static int take_event(const struct nlmsghdr *msg, void *arg)
{
	const struct nlattr *at[PEERGROUP_A_PASSWORD_MAX + 1];
	uint8_t opening[PEERGROUP_PASSWORD_OPENING_LEN];
	struct pgi_answering *a = arg;
	struct exchange *ex;
	uint64_t id;

	if (msg->nlmsg_type != a->nl.family || pgi_nl_cmd(msg) != PEERGROUP_CMD_PASSWORD_NTF)
		return 0;
	pgi_nl_parse(msg, at, PEERGROUP_A_PASSWORD_MAX);
	id = pgi_nl_u64(at[PEERGROUP_A_PASSWORD_ID]);
	if (!id)
		return 0;
	if (pgi_nl_bytes(at[PEERGROUP_A_PASSWORD_OPENING], opening, sizeof(opening))) {
		opened(a, id, opening);
		return 0;
	}
	ex = find(a, id);
	if (ex && at[PEERGROUP_A_PASSWORD_DATA])
		proved(a, ex, mnl_attr_get_payload(at[PEERGROUP_A_PASSWORD_DATA]),
		       mnl_attr_get_payload_len(at[PEERGROUP_A_PASSWORD_DATA]));
	else if (ex)
		forget(ex);
	return 0;
}

/* ------------------------------------------------------------- the thread -- */

/* Events were lost: who waits for an answer to one of them will try again. */
static void start_over(struct pgi_answering *a)
{
	size_t i;

	for (i = 0; i < EXCHANGES_MAX; i++)
		if (a->list[i].id)
			hang_up(a, &a->list[i]);
}

/* Takes what there is; false once the socket is of no use. */
static bool serve(struct pgi_answering *a)
{
	int n = pgi_nl_receive(&a->nl, 0);

	if (n > 0)
		pgi_nl_each(&a->nl, n, take_event, a);
	else if (n == -ENOBUFS)
		start_over(a);
	return n >= 0 || n == -ENOBUFS || n == -EAGAIN;
}

static void *run(void *arg)
{
	struct pgi_answering *a = arg;
	struct pollfd fds[2] = {
		{ .fd = pgi_nl_fd(&a->nl), .events = POLLIN },
		{ .fd = a->wake, .events = POLLIN },
	};
	bool on;

	for (;;) {
		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			break;
		if (fds[1].revents)
			break;
		if (!fds[0].revents)
			continue;
		if (!pgi_work_begin())
			break;		/* the process is ending */
		pgi_clear_error();
		on = serve(a);
		pgi_work_end();
		if (!on)
			break;
	}
	return NULL;
}

static void free_answering(struct pgi_answering *a)
{
	size_t i;

	for (i = 0; i < EXCHANGES_MAX; i++)
		forget(&a->list[i]);
	pgi_nl_close(&a->nl);
	if (a->wake >= 0)
		close(a->wake);
	free(a);
}

static HRESULT offer(struct pgi_answering *a)
{
	struct nlmsghdr *msg;
	HRESULT hr;
	int err;

	hr = pgi_nl_open(&a->nl, &a->group->nl);
	if (FAILED(hr))
		return hr;
	msg = pgi_nl_request(&a->nl, PEERGROUP_CMD_PASSWORD_ANSWER, 0);
	mnl_attr_put_u32(msg, PEERGROUP_A_PASSWORD_GROUP, a->group->index);
	err = pgi_nl_talk(&a->nl, msg, NULL, NULL);
	return err ? pgi_nl_fail(&a->nl, err) : S_OK;
}

static HRESULT start_thread(struct pgi_answering *a)
{
	sigset_t all, old;
	int err;

	a->wake = eventfd(0, EFD_CLOEXEC);
	if (a->wake < 0)
		return pgi_from_errno(errno);
	pgi_work_prepare();
	/* Signals are the program's: they go to its own threads. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	err = pthread_create(&a->thread, NULL, run, a);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (err)
		return pgi_fail(pgi_from_errno(err), "answering thread: %s", strerror(err));
	a->pid = pgi_process();
	return S_OK;
}

static HRESULT start(struct pgi_group *group)
{
	struct pgi_answering *a = calloc(1, sizeof(*a));
	HRESULT hr;

	if (!a)
		return E_OUTOFMEMORY;
	a->group = group;
	a->wake = -1;
	hr = offer(a);
	if (SUCCEEDED(hr))
		hr = start_thread(a);
	if (FAILED(hr)) {
		free_answering(a);
		return hr;
	}
	group->answering = a;
	return S_OK;
}

/* Never by the thread itself: it has no reference to the group, whose last put calls this. */
static void stop(struct pgi_group *group)
{
	struct pgi_answering *a = group->answering;

	if (!a)
		return;
	/* After fork() the thread is the parent's. */
	if (a->pid == pgi_process() && write(a->wake, &(uint64_t){ 1 }, sizeof(uint64_t)) > 0)
		pthread_join(a->thread, NULL);
	free_answering(a);
	group->answering = NULL;
}

/* By this process? */
static bool answering(const struct pgi_group *group)
{
	const struct pgi_answering *a = group->answering;

	return a && a->pid == pgi_process();
}

/* Whether it may answer: what was started before is looked at again. */
static HRESULT look(struct pgi_group *group)
{
	struct pgi_verifier verifier;
	uint32_t role;
	HRESULT hr;

	hr = pgi_group_store_verifier(group->store, &verifier);
	if (SUCCEEDED(hr))
		hr = role_to_issue(group, verifier.mark, &role);
	OPENSSL_cleanse(&verifier, sizeof(verifier));
	if (hr != PEER_E_NOT_FOUND)
		return hr;
	pgi_clear_error();
	return S_FALSE;
}

static void forked(void)
{
	pthread_mutex_init(&starting, NULL);
}

PGI_AT_FORK(NULL, NULL, forked)

HRESULT pgi_answer_start(struct pgi_group *group)
{
	HRESULT hr;

	pthread_mutex_lock(&starting);
	hr = look(group);
	if (hr == S_OK && !answering(group)) {
		stop(group);
		hr = start(group);
	} else if (hr == S_FALSE) {
		stop(group);
	}
	pthread_mutex_unlock(&starting);
	return hr;
}

void pgi_answer_stop(struct pgi_group *group)
{
	pthread_mutex_lock(&starting);
	stop(group);
	pthread_mutex_unlock(&starting);
}
