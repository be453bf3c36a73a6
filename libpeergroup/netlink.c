// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Client of the module's generic-netlink family: finding it, asking it, reading
 * its answers and what it says about a refusal. What the attributes mean is
 * the callers' business.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include "netlink.h"

/* A chain of 24 certificates is the largest request; answers are smaller. */
#define NL_BUFFER	(256U << 10)
/* Room for some ten thousand events while the program does something else. */
#define NL_EVENT_QUEUE	(8 << 20)

/* ------------------------------------------------------------ attributes -- */

static bool attr_fits(const struct nlattr *attr, size_t len)
{
	return attr && mnl_attr_get_payload_len(attr) >= len;
}

uint16_t pgi_nl_u16(const struct nlattr *attr)
{
	return attr_fits(attr, sizeof(uint16_t)) ? mnl_attr_get_u16(attr) : 0;
}

uint32_t pgi_nl_u32(const struct nlattr *attr)
{
	return attr_fits(attr, sizeof(uint32_t)) ? mnl_attr_get_u32(attr) : 0;
}

uint64_t pgi_nl_u64(const struct nlattr *attr)
{
	return attr_fits(attr, sizeof(uint64_t)) ? mnl_attr_get_u64(attr) : 0;
}

const char *pgi_nl_str(const struct nlattr *attr)
{
	const char *s;
	size_t len;

	if (!attr)
		return "";
	s = mnl_attr_get_payload(attr);
	len = mnl_attr_get_payload_len(attr);
	return memchr(s, '\0', len) ? s : "";
}

bool pgi_nl_bytes(const struct nlattr *attr, void *out, size_t len)
{
	if (!attr || mnl_attr_get_payload_len(attr) != len) {
		memset(out, 0, len);
		return false;
	}
	memcpy(out, mnl_attr_get_payload(attr), len);
	return true;
}

static void sort_attr(const struct nlattr *attr, const struct nlattr **table, uint16_t max)
{
	uint16_t type = mnl_attr_get_type(attr);

	if (type <= max)
		table[type] = attr;
}

void pgi_nl_parse(const struct nlmsghdr *msg, const struct nlattr **table, uint16_t max)
{
	const struct nlattr *attr;

	memset(table, 0, (max + 1) * sizeof(*table));
	mnl_attr_for_each(attr, msg, sizeof(struct genlmsghdr))
		sort_attr(attr, table, max);
}

void pgi_nl_parse_nest(const struct nlattr *nest, const struct nlattr **table, uint16_t max)
{
	const struct nlattr *attr;

	memset(table, 0, (max + 1) * sizeof(*table));
	if (!nest)
		return;
	mnl_attr_for_each_nested(attr, nest)
		sort_attr(attr, table, max);
}

/* --------------------------------------------------------------- talking -- */

struct nlmsghdr *pgi_nl_request(struct pgi_nl *nl, uint8_t cmd, uint16_t flags)
{
	return pgi_nl_request_at(nl, 0, cmd, NLM_F_ACK | flags);
}

struct nlmsghdr *pgi_nl_request_at(struct pgi_nl *nl, size_t at, uint8_t cmd, uint16_t flags)
{
	struct nlmsghdr *msg = mnl_nlmsg_put_header(nl->buf + at);
	struct genlmsghdr *genl;

	msg->nlmsg_type = nl->family;
	msg->nlmsg_flags = NLM_F_REQUEST | flags;
	msg->nlmsg_seq = ++nl->seq;
	genl = mnl_nlmsg_put_extra_header(msg, sizeof(*genl));
	genl->cmd = cmd;
	genl->version = PEERGROUP_FAMILY_VERSION;
	return msg;
}

/* The kernel's words stand in attributes behind a fixed part of the message. */
static void take_message(struct pgi_nl *nl, const struct nlmsghdr *msg, size_t fixed)
{
	const struct nlattr *attr;

	if (!(msg->nlmsg_flags & NLM_F_ACK_TLVS))
		return;
	mnl_attr_for_each(attr, msg, fixed) {
		if (mnl_attr_get_type(attr) == NLMSGERR_ATTR_MSG)
			snprintf(nl->message, sizeof(nl->message), "%s", pgi_nl_str(attr));
	}
}

static int take_error(struct pgi_nl *nl, const struct nlmsghdr *msg)
{
	const struct nlmsgerr *err = mnl_nlmsg_get_payload(msg);
	size_t fixed = sizeof(*err);

	if (mnl_nlmsg_get_payload_len(msg) < sizeof(*err))
		return -EBADMSG;
	if (err->error && !(msg->nlmsg_flags & NLM_F_CAPPED))
		fixed += MNL_ALIGN(err->msg.nlmsg_len) - sizeof(err->msg);
	if (err->error)
		take_message(nl, msg, fixed);
	return err->error;
}

int pgi_nl_error(const struct nlmsghdr *msg)
{
	int err;

	if (mnl_nlmsg_get_payload_len(msg) < sizeof(err))
		return 0;
	memcpy(&err, mnl_nlmsg_get_payload(msg), sizeof(err));
	return err;
}

static int take_done(struct pgi_nl *nl, const struct nlmsghdr *msg)
{
	int err = pgi_nl_error(msg);

	if (err)
		take_message(nl, msg, sizeof(err));
	return err;
}

struct talk {
	struct pgi_nl *nl;
	uint32_t seq;			/* of the last request, */
	uint32_t before;		/* ... and how many there were before it */
	pgi_nl_answer answer;
	pgi_nl_refused refused;
	void *arg;
	int result;
	bool leave;			/* not to be read on when @answer has had enough, */
	bool left;			/* ... as it has */
	bool done;
};

/* One of many requests was refused; or the last one was done, and so all of them are. */
static void take_one_of_many(struct talk *t, const struct nlmsghdr *msg)
{
	uint32_t nr = msg->nlmsg_seq - (t->seq - t->before);
	int err;

	if (msg->nlmsg_type != NLMSG_ERROR || nr > t->before)
		return;
	err = take_error(t->nl, msg);
	if (err)
		t->refused(nr, err, t->arg);
	t->nl->message[0] = '\0';
	t->done = nr == t->before;
}

static bool of_family(const struct pgi_nl *nl, const struct nlmsghdr *msg)
{
	return msg->nlmsg_type == nl->family &&
	       mnl_nlmsg_get_payload_len(msg) >= sizeof(struct genlmsghdr);
}

/* What comes unasked. */
static void take_aside(struct pgi_nl *nl, const struct nlmsghdr *msg)
{
	if (of_family(nl, msg) && pgi_nl_cmd(msg) == PEERGROUP_CMD_SEND_NTF)
		nl->sendable = true;
}

static void take(struct talk *t, const struct nlmsghdr *msg)
{
	int err;

	if (msg->nlmsg_pid != t->nl->portid)
		return take_aside(t->nl, msg);
	if (t->refused)
		return take_one_of_many(t, msg);
	if (msg->nlmsg_seq != t->seq)
		return;
	switch (msg->nlmsg_type) {
	case NLMSG_ERROR:
		err = take_error(t->nl, msg);
		t->done = true;
		break;
	case NLMSG_DONE:
		err = take_done(t->nl, msg);
		t->done = true;
		break;
	default:
		if (msg->nlmsg_type < NLMSG_MIN_TYPE || t->result || !t->answer)
			return;
		err = t->answer(msg, t->arg);
		t->left = err && t->leave;
	}
	if (!t->result)
		t->result = err;
}

static int receive(struct pgi_nl *nl)
{
	ssize_t n;

	do {
		n = mnl_socket_recvfrom(nl->sock, nl->buf, NL_BUFFER);
	} while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : (int)n;
}

static int send_bytes(struct pgi_nl *nl, const void *bytes, size_t size)
{
	while (mnl_socket_sendto(nl->sock, bytes, size) < 0) {
		if (errno != EINTR)
			return -errno;
	}
	return 0;
}

/*
 * Reads on after an answer that the caller did not like, to leave the socket clean, unless it
 * does not want the socket any more.
 */
static int talk(struct talk *t, const void *request, size_t size)
{
	const struct nlmsghdr *msg;
	struct pgi_nl *nl = t->nl;
	int len;

	nl->message[0] = '\0';
	len = send_bytes(nl, request, size);
	if (len < 0)
		return len;
	while (!t->done && !t->left) {
		len = receive(nl);
		if (len < 0)
			return len;
		for (msg = (void *)nl->buf; mnl_nlmsg_ok(msg, len);
		     msg = mnl_nlmsg_next(msg, &len))
			take(t, msg);
	}
	return t->result;
}

int pgi_nl_talk(struct pgi_nl *nl, const struct nlmsghdr *request,
		pgi_nl_answer answer, void *arg)
{
	struct talk t = { .nl = nl, .seq = request->nlmsg_seq, .answer = answer, .arg = arg };

	return talk(&t, request, request->nlmsg_len);
}

int pgi_nl_talk_or_leave(struct pgi_nl *nl, const struct nlmsghdr *request,
			 pgi_nl_answer answer, void *arg)
{
	struct talk t = { .nl = nl, .seq = request->nlmsg_seq, .answer = answer, .arg = arg,
			  .leave = true };
	int ret = talk(&t, request, request->nlmsg_len);

	if (t.left)
		pgi_nl_close(nl);
	return ret;
}

int pgi_nl_talk_many(struct pgi_nl *nl, size_t size, uint32_t n, pgi_nl_refused refused,
		     void *arg)
{
	struct talk t = { .nl = nl, .seq = nl->seq, .before = n - 1, .refused = refused,
			  .arg = arg };

	return talk(&t, nl->buf, size);
}

/* How long a call of the socket's waits; the socket remembers. */
static int set_patience(struct pgi_nl *nl, int timeout)
{
	struct timeval tv = { 0 };

	if (timeout == nl->patience)
		return 0;
	if (timeout > 0) {
		tv.tv_sec = timeout / 1000;
		tv.tv_usec = timeout % 1000 * 1000;
	}
	if (setsockopt(pgi_nl_fd(nl), SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)) < 0)
		return -errno;
	nl->patience = timeout;
	return 0;
}

int pgi_nl_receive(struct pgi_nl *nl, int timeout)
{
	int err = timeout ? set_patience(nl, timeout) : 0;
	ssize_t n;

	if (err)
		return err;
	/* Whatever is longer than any event is cut off, and then no event. */
	do {
		n = recv(pgi_nl_fd(nl), nl->buf, NL_BUFFER, timeout ? 0 : MSG_DONTWAIT);
	} while (n < 0 && errno == EINTR && !timeout);
	return n < 0 ? -errno : (int)n;
}

void pgi_nl_each(struct pgi_nl *nl, int len, pgi_nl_answer answer, void *arg)
{
	const struct nlmsghdr *msg;

	for (msg = (void *)nl->buf; mnl_nlmsg_ok(msg, len); msg = mnl_nlmsg_next(msg, &len)) {
		if (of_family(nl, msg) || msg->nlmsg_type == NLMSG_DONE ||
		    msg->nlmsg_type == NLMSG_ERROR)
			answer(msg, arg);
	}
}

int pgi_nl_send(struct pgi_nl *nl, const struct nlmsghdr *request)
{
	return send_bytes(nl, request, request->nlmsg_len);
}

int pgi_nl_stage(struct pgi_nl *nl, uint32_t group, const void *data, size_t total)
{
	struct nlmsghdr *msg;
	size_t offset, len;
	int err = 0;

	for (offset = 0; offset < total && !err; offset += len) {
		len = total - offset;
		if (len > PEERGROUP_CHUNK_MAX)
			len = PEERGROUP_CHUNK_MAX;
		msg = pgi_nl_request(nl, PEERGROUP_CMD_RECORD_STAGE, 0);
		mnl_attr_put_u32(msg, PEERGROUP_A_RECORD_GROUP, group);
		mnl_attr_put_u32(msg, PEERGROUP_A_RECORD_SIZE, (uint32_t)total);
		mnl_attr_put_u32(msg, PEERGROUP_A_RECORD_OFFSET, (uint32_t)offset);
		mnl_attr_put(msg, PEERGROUP_A_RECORD_WIRE, len, (const uint8_t *)data + offset);
		err = pgi_nl_talk(nl, msg, NULL, NULL);
	}
	return err;
}

static int note_aside(const struct nlmsghdr *msg, void *arg)
{
	take_aside(arg, msg);
	return 0;
}

bool pgi_nl_await_room(struct pgi_nl *nl, int64_t deadline)
{
	struct pollfd pfd = { .fd = pgi_nl_fd(nl), .events = POLLIN };
	int len;

	while (!nl->sendable) {
		if (!poll(&pfd, 1, pgi_time_left(deadline)))
			return false;
		len = pgi_nl_receive(nl, 0);
		/* Of what got lost this may have been one. */
		if (len == -ENOBUFS)
			nl->sendable = true;
		if (len > 0)
			pgi_nl_each(nl, len, note_aside, nl);
	}
	return true;
}

/* --------------------------------------------------------------- opening -- */

static int take_family(const struct nlmsghdr *msg, void *arg)
{
	const struct nlattr *attrs[CTRL_ATTR_MAX + 1];
	struct pgi_nl *nl = arg;

	pgi_nl_parse(msg, attrs, CTRL_ATTR_MAX);
	nl->family = pgi_nl_u16(attrs[CTRL_ATTR_FAMILY_ID]);
	return 0;
}

static HRESULT find_family(struct pgi_nl *nl)
{
	struct nlmsghdr *msg;
	int err;

	nl->family = GENL_ID_CTRL;
	msg = pgi_nl_request(nl, CTRL_CMD_GETFAMILY, 0);
	mnl_attr_put_strz(msg, CTRL_ATTR_FAMILY_NAME, PEERGROUP_FAMILY_NAME);
	err = pgi_nl_talk(nl, msg, take_family, nl);
	if (err == -ENOENT)
		return pgi_fail(HRESULT_FROM_WIN32(ERROR_SERVICE_DEPENDENCY_FAIL),
				"the kernel module peergroup is not loaded (as root: modprobe peergroup)");
	return err ? pgi_nl_fail(nl, err) : S_OK;
}

static HRESULT open_socket(struct pgi_nl *nl)
{
	int on = 1;

	nl->sock = mnl_socket_open2(NETLINK_GENERIC, SOCK_CLOEXEC);
	if (!nl->sock && (errno == EPROTONOSUPPORT || errno == EAFNOSUPPORT))
		return pgi_fail(HRESULT_FROM_WIN32(ERROR_SERVICE_DEPENDENCY_FAIL),
				"this kernel has no generic netlink");
	if (!nl->sock || mnl_socket_bind(nl->sock, 0, MNL_SOCKET_AUTOPID) < 0)
		return pgi_fail(pgi_from_errno(errno), "netlink socket: %s", strerror(errno));
	nl->portid = mnl_socket_get_portid(nl->sock);
	/* Refusals come with words, and without the megabytes they are about. */
	mnl_socket_setsockopt(nl->sock, NETLINK_EXT_ACK, &on, sizeof(on));
	mnl_socket_setsockopt(nl->sock, NETLINK_CAP_ACK, &on, sizeof(on));
	return S_OK;
}

HRESULT pgi_nl_open(struct pgi_nl *nl, const struct pgi_nl *like)
{
	HRESULT hr;

	memset(nl, 0, sizeof(*nl));
	nl->patience = -1;
	/* Zeroed, as libmnl leaves the padding of attributes as it is. */
	nl->buf = calloc(1, NL_BUFFER);
	if (!nl->buf)
		return E_OUTOFMEMORY;
	hr = open_socket(nl);
	if (SUCCEEDED(hr) && like)
		nl->family = like->family;
	else if (SUCCEEDED(hr))
		hr = find_family(nl);
	if (FAILED(hr))
		pgi_nl_close(nl);
	return hr;
}

void pgi_nl_close(struct pgi_nl *nl)
{
	if (nl->sock)
		mnl_socket_close(nl->sock);
	free(nl->buf);
	nl->sock = NULL;
	nl->buf = NULL;
}

HRESULT pgi_nl_listen(struct pgi_nl *nl, uint32_t group, uint32_t takes)
{
	int fd = pgi_nl_fd(nl), size = NL_EVENT_QUEUE, err;
	struct nlmsghdr *msg;

	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	/* The multicast group tells of all groups, and so is not for everybody. */
	msg = pgi_nl_request(nl, PEERGROUP_CMD_GROUP_WATCH, 0);
	mnl_attr_put_u32(msg, PEERGROUP_A_GROUP_INDEX, group);
	if (takes)
		mnl_attr_put_u32(msg, PEERGROUP_A_GROUP_TAKES, takes);
	err = pgi_nl_talk(nl, msg, NULL, NULL);
	return err ? pgi_nl_fail(nl, err) : S_OK;
}

HRESULT pgi_nl_family_present(void)
{
	struct pgi_nl nl;
	HRESULT hr = pgi_nl_open(&nl, NULL);

	if (SUCCEEDED(hr))
		pgi_nl_close(&nl);
	return hr;
}

/* ---------------------------------------------------------------- errors -- */

HRESULT pgi_nl_fail(const struct pgi_nl *nl, int err)
{
	const char *text = nl->message[0] ? nl->message : strerror(-err);

	switch (-err) {
	case EPERM:
		return pgi_fail(E_ACCESSDENIED, "%s", nl->message[0] ? nl->message :
				"this needs CAP_NET_ADMIN in the network namespace");
	case ENOENT:
		/* The module has words for each; without any, it is netlink that knows no family. */
		if (!nl->message[0])
			return pgi_fail(HRESULT_FROM_WIN32(RPC_S_SERVER_UNAVAILABLE),
					"the kernel module peergroup was unloaded meanwhile");
		return pgi_fail(PEER_E_INVALID_GROUP, "%s", text);
	case EADDRINUSE:
	case EADDRNOTAVAIL:
		return pgi_fail(PEER_E_UNABLE_TO_LISTEN, "%s", text);
	case ENOMEM:
	case ENOBUFS:
		return pgi_fail(E_OUTOFMEMORY, "%s", text);
	case EAGAIN:
		return pgi_fail(PEER_E_TOO_MUCH_LOAD, "%s", text);
	case EKEYREJECTED:
	case EKEYREVOKED:
	case EKEYEXPIRED:
		return pgi_fail(PEER_E_NOT_AUTHORIZED, "%s", text);
	case EINVAL:
		return pgi_fail(E_INVALIDARG, "%s", text);
	case ENOPKG:
		return pgi_fail(CRYPT_E_UNKNOWN_ALGO, "%s", text);
	default:
		return pgi_fail(pgi_from_errno(-err), "%s", text);
	}
}
