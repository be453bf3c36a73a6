/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Client of the module's generic-netlink family: one struct is one socket with
 * its buffer. None of it locks; who owns a socket guards it.
 */
#ifndef _PEERGROUP_NETLINK_H
#define _PEERGROUP_NETLINK_H

#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include "internal.h"

struct pgi_nl {
	struct mnl_socket *sock;	/* NULL while closed */
	char *buf;			/* a request, then its answers */
	uint32_t portid;
	uint32_t seq;
	uint16_t family;
	int patience;			/* ms that pgi_nl_receive() was to wait last, -1: no end */
	char message[256];		/* the kernel's words about the last refusal */
	bool sendable;			/* a link that was full may take data again */
};

/*
 * Opens a socket and finds the family; ERROR_SERVICE_DEPENDENCY_FAIL without
 * the module. @like, which may be NULL, is an open one that knows it already.
 */
HRESULT pgi_nl_open(struct pgi_nl *nl, const struct pgi_nl *like);
void pgi_nl_close(struct pgi_nl *nl);

/*
 * From now on the socket hears a group's events and takes PEERGROUP_TAKES_*: pgi_nl_receive()
 * gets them.
 */
HRESULT pgi_nl_listen(struct pgi_nl *nl, uint32_t group, uint32_t takes);

static inline int pgi_nl_fd(const struct pgi_nl *nl)
{
	return mnl_socket_get_fd(nl->sock);
}

/* Starts a request in the buffer; NLM_F_DUMP in @flags makes it a dump. */
struct nlmsghdr *pgi_nl_request(struct pgi_nl *nl, uint8_t cmd, uint16_t flags);

/* What is called with each answer; not 0 ends the calls and is returned. */
typedef int (*pgi_nl_answer)(const struct nlmsghdr *msg, void *arg);

/*
 * Sends the request and reads to the end of its answers. Return: 0, -errno by
 * the kernel (its text is in nl->message) or what @answer said.
 */
int pgi_nl_talk(struct pgi_nl *nl, const struct nlmsghdr *request,
		pgi_nl_answer answer, void *arg);
/* The same, but where @answer ends the calls the socket is closed: so a dump ends at once. */
int pgi_nl_talk_or_leave(struct pgi_nl *nl, const struct nlmsghdr *request,
			 pgi_nl_answer answer, void *arg);

/* The same @at bytes into the buffer, behind others; asks for no acknowledgement. */
struct nlmsghdr *pgi_nl_request_at(struct pgi_nl *nl, size_t at, uint8_t cmd, uint16_t flags);

/* Called for each of many requests that the kernel refused; nl->message has its words. */
typedef void (*pgi_nl_refused)(uint32_t nr, int err, void *arg);

/*
 * Sends the @n requests that fill the first @size bytes of the buffer, the last with
 * NLM_F_ACK and the others without, as one message. No more than PGI_NL_MANY, as all may
 * be refused and the socket has to hold what is said about that. Return: 0, also where
 * some were refused, or -errno where it is not known what became of them.
 */
#define PGI_NL_MANY		64U
#define PGI_NL_OVERHEAD		64U	/* of a request, around its longest attribute */
#define PGI_NL_MANY_SIZE	(128U << 10)	/* what a socket sends at once, for sure */
int pgi_nl_talk_many(struct pgi_nl *nl, size_t size, uint32_t n, pgi_nl_refused refused,
		     void *arg);

/*
 * Takes what a listening socket has, and waits @timeout ms for something, or with -1 for
 * as long as it takes. Return: bytes now in the buffer, -EAGAIN, -ENOBUFS (events were
 * lost), with a timeout also -EINTR, or -errno.
 */
int pgi_nl_receive(struct pgi_nl *nl, int timeout);

/* Sends it and waits for nothing: answers come as events do. 0 or -errno. */
int pgi_nl_send(struct pgi_nl *nl, const struct nlmsghdr *request);

/*
 * Hands the kernel what is too long for one request, for this socket's next one to refer
 * to as STAGED. 0 or -errno.
 */
int pgi_nl_stage(struct pgi_nl *nl, uint32_t group, const void *data, size_t len);

/* Waits for nl->sendable; a deadline by pgi_deadline(). False when it is past. */
bool pgi_nl_await_room(struct pgi_nl *nl, int64_t deadline);

/* Calls @answer with each event, and each end of a dump, among @len bytes of the buffer. */
void pgi_nl_each(struct pgi_nl *nl, int len, pgi_nl_answer answer, void *arg);

/* An errno of a group or link request, as the program is told; sets the detail. */
HRESULT pgi_nl_fail(const struct pgi_nl *nl, int err);

/* Does it say that there is no such group any more, or no module, which ends all of them? */
static inline bool pgi_nl_ended(HRESULT hr)
{
	return hr == PEER_E_INVALID_GROUP || hr == HRESULT_FROM_WIN32(RPC_S_SERVER_UNAVAILABLE);
}

/* Sorts attributes into @table, which has room for @max + 1. */
void pgi_nl_parse(const struct nlmsghdr *msg, const struct nlattr **table, uint16_t max);
void pgi_nl_parse_nest(const struct nlattr *nest, const struct nlattr **table, uint16_t max);

/* What an NLMSG_ERROR or an NLMSG_DONE says: 0 or -errno. */
int pgi_nl_error(const struct nlmsghdr *msg);

static inline uint8_t pgi_nl_cmd(const struct nlmsghdr *msg)
{
	return ((const struct genlmsghdr *)mnl_nlmsg_get_payload(msg))->cmd;
}

/* Zero or empty where the attribute is missing or too short. */
uint16_t pgi_nl_u16(const struct nlattr *attr);
uint32_t pgi_nl_u32(const struct nlattr *attr);
uint64_t pgi_nl_u64(const struct nlattr *attr);
const char *pgi_nl_str(const struct nlattr *attr);
bool pgi_nl_bytes(const struct nlattr *attr, void *out, size_t len);

#endif /* _PEERGROUP_NETLINK_H */
