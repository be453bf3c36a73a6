/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An open group: the member's identity, what is on disk and the control socket
 * whose life is the kernel's hold on the group. One per HGROUP.
 */
#ifndef _PEERGROUP_GROUP_H
#define _PEERGROUP_GROUP_H

#include "internal.h"
#include "netlink.h"
#include "record.h"

/* There was no better certificate, nor will there be while this is so. */
struct pgi_none {
	uint64_t changes;		/* of the members, as the kernel counts them */
	uint64_t from, until;		/* peer time; 0: nothing is known */
};

/* The own membership. Not changed once it is in a group: a renewal makes another. */
struct pgi_own {
	struct pgi_own *before;
	struct pgi_group_store *store;	/* has the certificates */
	uint8_t fingerprint[PEERGROUP_HASH_LEN];
	uint32_t roles;
	uint32_t depth;			/* certificates below the root's */
	uint64_t not_before, not_after;
	struct pgi_none none;		/* but this, with the group's lock */
};

/* What has to be done again and again while a group is open. */
enum pgi_upkeep_job {
	PGI_UPKEEP_CREDENTIAL,		/* the node's credential is renewed */
	PGI_UPKEEP_REFRESH,		/* records of one's own are kept alive */
	PGI_UPKEEP_MEMBERSHIP,		/* ... and the own membership record */
	PGI_UPKEEP_PRESENCE,		/* ... and that this node is there */
	PGI_UPKEEP_JOBS,
};

struct pgi_upkeep {
	pthread_t thread;
	pid_t pid;			/* whose thread that is; 0 for none */
	pthread_cond_t wake;
	bool stop;
	uint64_t at[PGI_UPKEEP_JOBS];	/* when, by pgi_boottime(); 0: not at all */
};

struct pgi_group {
	struct pgi_object obj;
	struct pgi_identity *identity;
	struct pgi_group_store *store;	/* as it was when opened */
	struct pgi_own *_Atomic own;	/* changes with a renewal; what it was stays, too */
	uint32_t index;			/* in the kernel */
	atomic_bool ready;		/* stays once it is */
	atomic_bool pending;		/* to be joined by password; what the kernel has
					 * of a group it has not then, and @own is NULL */
	struct pgi_joining *joining;	/* where it was opened so */
	struct pgi_answering *answering;	/* those who join by password */

	pthread_mutex_t lock;		/* guards all below */
	struct pgi_nl nl;
	struct pgi_sender *sender;	/* that no call uses; one is kept */
	struct pgi_version properties_kept;	/* what is on disk, or is being written there */
	int64_t time_offset;		/* peer time minus this host's, */
	uint64_t offset_read;		/* ... as of this moment, host time */
	uint32_t record_limit;
	const struct pgi_own *membership_of;	/* the own record is of that certificate, */
	uint64_t membership_again;	/* ... and to be looked at then */
	uint32_t credential_lifetime;	/* seconds; 0: the certificate's */
	struct pgi_upkeep upkeep;
};

/* What the kernel says about a group. */
struct pgi_group_state {
	uint32_t index;
	uint32_t status;		/* PEERGROUP_STATUS_* */
	uint16_t port;
	uint64_t seq, horizon;
	uint32_t records, tombstones;
	int64_t time_offset;
	uint32_t record_limit;
	uint32_t refresh_limit;		/* steps of a chain of refreshes */
	uint32_t holders;
	uint64_t node;
	uint8_t node_key[PEERGROUP_NODE_KEY_LEN];
	uint64_t credential_expires;	/* 0: none */
	uint8_t id[PEERGROUP_HASH_LEN];
	uint8_t fingerprint[PEERGROUP_HASH_LEN];
	uint8_t shown[PEERGROUP_HASH_LEN];	/* the certificate that the node shows */
	uint64_t member_changes;	/* how often its members have changed */
};

void pgi_group_parse_state(const struct nlmsghdr *msg, struct pgi_group_state *state);

/* Loads a group from disk and opens it in the kernel; the handle is the program's. */
HRESULT pgi_group_open(const char *identity, const char *name, void **handle);

/*
 * A reference to the group behind a handle, or PEER_E_INVALID_GROUP. PEER_E_GROUP_NOT_READY
 * while it is to be joined by password; the second finds those too.
 */
HRESULT pgi_group_find(const void *handle, struct pgi_group **group);
HRESULT pgi_group_find_any(const void *handle, struct pgi_group **group);

static inline void pgi_group_put(struct pgi_group *group)
{
	pgi_object_put(&group->obj);
}

/* As pgi_nl_talk() on the control socket, group->lock held. */
HRESULT pgi_group_talk(struct pgi_group *group, const struct nlmsghdr *request,
		       pgi_nl_answer answer, void *arg);
/* Starts a request about the group, group->lock held. */
struct nlmsghdr *pgi_group_request(struct pgi_group *group, uint8_t cmd);

/* Asks the kernel now. */
HRESULT pgi_group_state(struct pgi_group *group, struct pgi_group_state *state);

/* The same on any socket: when it is gone, what pgi_nl_ended() knows. */
HRESULT pgi_group_state_by_index(struct pgi_nl *nl, uint32_t index,
				 struct pgi_group_state *state);

/* PEER_E_GROUP_NOT_READY until the group has synchronised once, ever. */
HRESULT pgi_group_ready(struct pgi_group *group);

/* Peer time, by an offset that is at most a second old. */
HRESULT pgi_group_now(struct pgi_group *group, uint64_t *now);

/* Remembers on disk that a group has synchronised. */
HRESULT pgi_group_save_ready(const char *identity, const char *name);

/*
 * Changes what is on disk, by what is there now: other programs write it too.
 * @change says S_FALSE where there is nothing to write.
 */
HRESULT pgi_group_save(struct pgi_group *group,
		       HRESULT (*change)(struct pgi_group_store *store, const void *arg),
		       const void *arg);
/* The same of a group that need not be open. */
HRESULT pgi_group_save_named(const char *identity, const char *name,
			     HRESULT (*change)(struct pgi_group_store *store, const void *arg),
			     const void *arg);

/*
 * Whether the kernel runs the group for that member, in this namespace; S_FALSE
 * if not. Works without an open handle.
 */
HRESULT pgi_group_running(struct pgi_nl *nl, const struct pgi_group_store *store,
			  struct pgi_group_state *state);

/* ---- lifecycle.c: properties that both APIs give, checked as one ---- */

/* What a password is to be had for; PEER_GROUP_AUTHENTICATION_SCHEME, PEERGROUP_ROLE_*. */
struct pgi_password {
	const char *text;
	uint32_t schemes, role;
};

/* @password: NULL for a group without. */
HRESULT pgi_create(const char *identity, const struct peergroup_create_options *options,
		   const struct pgi_password *password, void **handle);
/* Opens what was stored for the first time: what cannot be opened does not stay on disk. */
HRESULT pgi_open_new(const struct pgi_group_store *store, void **handle);
struct pgi_cloud;
HRESULT pgi_join(const char *identity, const char *invitation, const struct pgi_cloud *cloud,
		 void **handle);
HRESULT pgi_close(void *handle);
/* Of a call of <peergroup.h>: no Shutdown ends the handle that it made, if it did. */
HRESULT pgi_native_handle(HRESULT hr, const peergroup_t *group);
HRESULT pgi_delete(const char *identity, const char *name);
/*
 * PEER_E_GROUP_IN_USE while some program has the group open; a group that is merely kept
 * is not in use.
 */
HRESULT pgi_group_unused(const struct pgi_group_store *store);

/* ---- credential.c ---- */

/* As the kernel takes it: @len bytes from @hdr on. */
struct pgi_credential {
	struct peergroup_credential hdr;
	uint8_t sig[PEERGROUP_SIG_LEN_MAX];
	size_t len;
};

/* Signs one for the kernel's node, from now on. */
HRESULT pgi_credential_make(struct pgi_group *group, struct pgi_credential *credential);

/* Gives the kernel a new one. */
HRESULT pgi_credential_set(struct pgi_group *group);

/* The same as a turn of upkeep, and plans the next. */
void pgi_credential_upkeep(struct pgi_group *group);

/* ---- upkeep.c ---- */

void pgi_upkeep_init(struct pgi_group *group);
void pgi_upkeep_exit(struct pgi_group *group);

/* Seconds that go on while the machine sleeps, whatever its clock is set to. */
uint64_t pgi_boottime(void);

/* Times in group->upkeep have been set: has a thread that sees to them. Lock held. */
HRESULT pgi_upkeep_start(struct pgi_group *group);

/* ---- own.c ---- */

/* The certificates that a store has; it is the group's from then on, S_OK or not. */
HRESULT pgi_own_set(struct pgi_group *group, struct pgi_group_store *store);
void pgi_own_free(struct pgi_group *group);

/*
 * Takes a later certificate of this member that came with the group's records, or one from
 * before where the present one is revoked: keeps it on disk, and tells the kernel. S_FALSE
 * where there is none. @live: the handle is used.
 */
HRESULT pgi_own_renew(struct pgi_group *group, bool live);

/*
 * The kernel's node shows a certificate: where it is another, as the one before was revoked
 * or another program renewed it, the group's is too from now on; but not where it is shown
 * for a while because a member says that the other was revoked. Then the members are not read
 * again before something could come of it.
 */
void pgi_own_follow(struct pgi_group *group, const struct pgi_group_state *state);

/*
 * A signature by the own certificate @was has been refused: is there another one, or may
 * one be had now? The error's text stays.
 */
bool pgi_own_changed(struct pgi_group *group, const uint8_t was[PEERGROUP_HASH_LEN]);

/* ---- group.c, for passwordjoin.c and own.c ---- */

HRESULT pgi_group_begin(struct pgi_group *group);

/* Opens it in the kernel, by the certificates that @store has; again is fine. */
HRESULT pgi_group_enter(struct pgi_group *group, const struct pgi_group_store *store);

/* ---- direct.c ---- */

struct pgi_address;

/* Opens a direct connection to a member; its outcome is an event. */
HRESULT pgi_direct_open(struct pgi_group *group, const char *name,
			const struct pgi_address *address, uint64_t *id);
HRESULT pgi_direct_close(struct pgi_group *group, uint64_t id);

/* Sends; waits for room as long as poll() would with @timeout_ms: PEER_E_TIMEOUT. */
HRESULT pgi_send(struct pgi_group *group, uint64_t id, const uint8_t type[PEERGROUP_ID_LEN],
		 const void *data, size_t size, int timeout_ms);
void pgi_sender_free(struct pgi_group *group);

/* Links that are up, in one array; pgi_connections_free() frees it. */
struct pgi_connections {
	struct peergroup_connection *list;
	size_t count;
};

/* @flags: PEER_CONNECTION_NEIGHBOR, PEER_CONNECTION_DIRECT or both. */
HRESULT pgi_connections_read(struct pgi_group *group, uint32_t flags,
			     struct pgi_connections *out);
void pgi_connections_free(struct pgi_connections *c);

/* The other end of a link, from its attributes; AF_UNSPEC where they do not say. */
void pgi_link_address(const struct nlattr **a, struct sockaddr_storage *out);

/* Why a connection did not come about, by the errno of its event. */
HRESULT pgi_connection_failure(int err);

/* ---- connect.c ---- */

struct pgi_address;

HRESULT pgi_online(struct pgi_group *group, uint16_t port);
/* As PeerGroupConnectByAddress(): what fails later is an event. */
HRESULT pgi_connect_addresses(struct pgi_group *group, const struct pgi_address *a,
			      size_t count);
/* The remembered ones, the newest at most @max of them; *@port the last one used. */
size_t pgi_recall(struct pgi_group *group, struct pgi_address *out, size_t max,
		  uint16_t *port);
/* To be remembered. */
void pgi_remember(struct pgi_group *group, const struct pgi_address *a);

/* ---- passwordjoin.c ---- */

HRESULT pgi_password_join(const char *identity, const char *invitation,
			  const char *password, const struct pgi_cloud *cloud, void **handle);
HRESULT pgi_joining_init(struct pgi_group *group);
void pgi_joining_exit(struct pgi_group *group);
/* Begins to; how it ends is told to event registrations. @count 0: the remembered ones. */
HRESULT pgi_joining_start(struct pgi_group *group, const struct pgi_address *a, size_t count);
/* Does it. PEER_E_NOT_AUTHORIZED, PEER_E_NO_MEMBER_CONNECTIONS... */
HRESULT pgi_joining_now(struct pgi_group *group, const struct pgi_address *a, size_t count);

/* ---- p2p_password.c ---- */

/* What this member answers with, kept on disk with the properties' mark; NULL forgets it. */
HRESULT pgi_password_set(struct pgi_group *group, const char *password,
			 const uint8_t mark[PGI_MARK_LEN]);

/* ---- answer.c ---- */

/*
 * Answers who joins by password, until the handle is closed: S_FALSE where the member
 * does not know the password, or may not issue; PEER_E_NOT_AUTHORIZED where it knows one
 * of before. Again is fine, after a change.
 */
HRESULT pgi_answer_start(struct pgi_group *group);
void pgi_answer_stop(struct pgi_group *group);

#endif /* _PEERGROUP_GROUP_H */
