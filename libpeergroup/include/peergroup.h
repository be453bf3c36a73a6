/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * peergroup for programs written for Linux: the Grouping API in UTF-8 and C
 * types, with file descriptors to poll where Windows has event objects. A group
 * handle here is an HGROUP of <p2p.h>, so both may be mixed.
 *
 * Every call returns an HRESULT: negative is failure (FAILED() tells), the
 * values are those of <p2p.h>. After a failure peergroup_error_detail() names
 * the culprit. All calls may be made from any thread. What a call returns
 * through a char ** or struct ** is one block, nested parts included: free it
 * with peergroup_free() (or PeerFreeData()). Out parameters are NULL or zero
 * after a failure.
 *
 * These calls need no PeerGroupStartup(); a missing kernel module makes each of
 * them fail with HRESULT_FROM_WIN32(ERROR_SERVICE_DEPENDENCY_FAIL).
 */
#ifndef _PEERGROUP_H
#define _PEERGROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>
#include <sys/socket.h>
#include <uuid/uuid.h>
#include <linux/peergroup.h>
#include <p2p.h>

#ifdef __cplusplus
extern "C" {
#endif

struct timespec;	/* strict C99 has none in <time.h> */

typedef struct peergroup *peergroup_t;			/* an HGROUP */
typedef struct peergroup_watch *peergroup_watch_t;
typedef struct peergroup_receiver *peergroup_receiver_t;

/* ---------------------------------------------------------------- general -- */

/**
 * peergroup_free - free what a call returned
 * @data: the top-level pointer, or NULL
 */
void peergroup_free(const void *data);

/**
 * peergroup_strerror - say what a result means
 * @result: any HRESULT
 *
 * Return: an English sentence without a full stop; static, never NULL.
 */
const char *peergroup_strerror(HRESULT result);

/**
 * peergroup_error_name - the name of a result
 * @result: any HRESULT
 *
 * Return: its constant in <p2p.h>, such as "PEER_E_NOT_FOUND"; NULL where it
 * has none. Static.
 */
const char *peergroup_error_name(HRESULT result);

/**
 * peergroup_error_detail - name the culprit of this thread's last failure
 *
 * The kernel's own words (extack), the file, the attribute or argument that a
 * call stumbled over.
 *
 * Return: a sentence, "" where nothing more is known; valid until this thread's
 * next call into the library.
 */
const char *peergroup_error_detail(void);

/* --------------------------------------------------------------- peer time -- */

/*
 * Times of records are peer time: 100 ns since 1601-01-01 UTC by the group's
 * clock, which may differ from this host's by the offset in struct
 * peergroup_status. Times of certificates and invitations are UTC.
 */
#define PEERGROUP_TIME_PER_SECOND	10000000ULL
#define PEERGROUP_TIME_UNIX_EPOCH	116444736000000000ULL

/**
 * peergroup_time_from_unix - convert a host time
 * @ts: time since 1970, not before 1601
 *
 * Return: the same instant in 100 ns since 1601.
 */
uint64_t peergroup_time_from_unix(const struct timespec *ts);

/**
 * peergroup_time_to_unix - convert to a host time
 * @time: 100 ns since 1601
 * @ts: receives the same instant since 1970
 */
void peergroup_time_to_unix(uint64_t time, struct timespec *ts);

/* -------------------------------------------------------------- identities -- */

/**
 * struct peergroup_name_pair - an identity
 * @name: peer name
 * @friendly: friendly name
 */
struct peergroup_name_pair {
	const char *name;
	const char *friendly;
};

/**
 * peergroup_identity_create - make a key pair and store it for this user
 * @classifier: tells identities apart for people, at most 149 characters
 *	(UTF-16 units); NULL or "" for none
 * @friendly: name to show, at most 255 characters; NULL for the peer name
 * @name: receives the peer name
 *
 * Return: S_OK, E_INVALIDARG, E_OUTOFMEMORY, PEER_E_NO_KEY_ACCESS where the
 * data folder cannot be written, PEER_E_TOO_MANY_IDENTITIES beyond 256,
 * PEER_E_DISK_FULL.
 */
HRESULT peergroup_identity_create(const char *classifier, const char *friendly,
				  char **name);

/**
 * peergroup_identity_delete - delete an identity and its private key
 * @name: peer name
 *
 * Return: S_OK, E_INVALIDARG, PEER_E_NOT_FOUND, PEER_E_GROUPS_EXIST while it is
 * a member of a group here: delete those first.
 */
HRESULT peergroup_identity_delete(const char *name);

/**
 * peergroup_identity_default - the identity used where NULL is given: the oldest
 * @name: receives the peer name
 *
 * Return: S_OK, E_INVALIDARG, E_OUTOFMEMORY, PEER_E_NOT_FOUND where there is none.
 */
HRESULT peergroup_identity_default(char **name);

/**
 * peergroup_identity_list - all identities of this user, oldest first
 * @list: receives an array, one block
 * @count: receives how many
 *
 * Return: S_OK, E_INVALIDARG, E_OUTOFMEMORY, PEER_E_CERT_STORE_CORRUPTED.
 */
HRESULT peergroup_identity_list(struct peergroup_name_pair **list, size_t *count);

/**
 * peergroup_identity_xml - what an inviter needs to know about an identity
 * @name: peer name; NULL for the default, which is made if there is none
 * @xml: receives PEERIDENTITYINFO XML; public, to be passed on unchanged
 *
 * Return: S_OK, E_HANDLE where there is no such identity, E_INVALIDARG,
 * E_OUTOFMEMORY, PEER_E_NO_KEY_ACCESS.
 */
HRESULT peergroup_identity_xml(const char *name, char **xml);

/**
 * peergroup_identity_friendly - the friendly name of an identity
 * @name: peer name
 * @friendly: receives it
 *
 * Return: S_OK, E_INVALIDARG, E_OUTOFMEMORY, PEER_E_NOT_FOUND, PEER_E_NO_KEY_ACCESS.
 */
HRESULT peergroup_identity_friendly(const char *name, char **friendly);

/**
 * peergroup_identity_set_friendly - change the friendly name of an identity
 * @name: peer name
 * @friendly: at most 255 characters (UTF-16 units); NULL or "" for the peer name
 *
 * Certificates that have been issued keep the name they were issued to.
 *
 * Return: S_OK, E_INVALIDARG, E_OUTOFMEMORY, PEER_E_NOT_FOUND, PEER_E_NO_KEY_ACCESS.
 */
HRESULT peergroup_identity_set_friendly(const char *name, const char *friendly);

/**
 * peergroup_identity_export - an identity, to be taken to another computer
 * @name: peer name; NULL for the default
 * @password: not empty; what is made is as safe as it
 * @xml: receives PEERIDENTITYEXPORT XML, which has the private key, encrypted
 *
 * Groups do not go along: see peergroup_export_config().
 *
 * Return: S_OK, E_INVALIDARG, E_OUTOFMEMORY, PEER_E_NOT_FOUND, PEER_E_NO_KEY_ACCESS.
 */
HRESULT peergroup_identity_export(const char *name, const char *password, char **xml);

/**
 * peergroup_identity_import - store an identity of another computer for this user
 * @xml: what peergroup_identity_export() made, unchanged
 * @password: as given there
 * @name: receives the peer name
 *
 * Return: S_OK, E_INVALIDARG for another password, too, E_OUTOFMEMORY,
 * PEER_E_ALREADY_EXISTS, PEER_E_TOO_MANY_IDENTITIES, PEER_E_NO_KEY_ACCESS.
 */
HRESULT peergroup_identity_import(const char *xml, const char *password, char **name);

/**
 * peergroup_identity_create_with_key - make another identity of the same key pair
 * @classifier: as for peergroup_identity_create(); tells it from the others of that key
 * @friendly: as there
 * @key: handle of the key; stays the caller's. 0: a new key pair
 * @name: receives the peer name
 *
 * Return: as peergroup_identity_create(); E_HANDLE for what is no key,
 * PEER_E_ALREADY_EXISTS where the key has an identity of that classifier.
 */
HRESULT peergroup_identity_create_with_key(const char *classifier, const char *friendly,
					   HCRYPTPROV key, char **name);

/**
 * peergroup_identity_key - the key pair of an identity, to sign with
 * @name: peer name; NULL for the default
 * @key: receives a handle for this process, which peergroup_key_release() gives up; a
 *	PeerGroupShutdown() does not
 *
 * The handle stays good when the identity is deleted. The private key cannot be read
 * through it.
 *
 * Return: S_OK, E_INVALIDARG, E_OUTOFMEMORY, PEER_E_NOT_FOUND, PEER_E_NO_KEY_ACCESS.
 */
HRESULT peergroup_identity_key(const char *name, HCRYPTPROV *key);

/**
 * peergroup_key_release - give up a handle of a key
 * @key: of peergroup_identity_key() or PeerIdentityGetCryptKey()
 *
 * Return: S_OK, E_HANDLE.
 */
HRESULT peergroup_key_release(HCRYPTPROV key);

/**
 * peergroup_key_public - the public half of a key
 * @key: handle
 * @der: receives the SubjectPublicKeyInfo; the SHA-256 of it begins the peer name
 * @size: receives its length
 *
 * Return: S_OK, E_INVALIDARG, E_HANDLE, E_OUTOFMEMORY.
 */
HRESULT peergroup_key_public(HCRYPTPROV key, void **der, size_t *size);

/**
 * peergroup_key_sign - sign data
 * @key: handle
 * @data: what to sign
 * @size: its length
 * @signature: receives the signature, by SHA-256 with RSA PKCS #1 1.5 or ECDSA (DER)
 * @signature_size: receives its length
 *
 * What is hashed is "peergroup signed data 1", a NUL and then @data, so that no
 * signature made here passes for a record's or a certificate's, whoever chose the data.
 *
 * Return: S_OK, E_INVALIDARG, E_HANDLE, E_OUTOFMEMORY.
 */
HRESULT peergroup_key_sign(HCRYPTPROV key, const void *data, size_t size, void **signature,
			   size_t *signature_size);

/**
 * peergroup_verify - check a signature of peergroup_key_sign()
 * @der: public key, as peergroup_key_public() gave it
 * @der_size: its length
 * @data: what was signed
 * @size: its length
 * @signature: the signature
 * @signature_size: its length
 *
 * Return: S_OK, E_INVALIDARG (no such key), NTE_BAD_SIGNATURE.
 */
HRESULT peergroup_verify(const void *der, size_t der_size, const void *data, size_t size,
			 const void *signature, size_t signature_size);

/**
 * peergroup_host_from_name - write a peer name as a host name below pnrp.net
 * @name: peer name, also an unsecured one ("0.classifier")
 * @host: receives it
 *
 * The labels of the classifier come first, those with other characters than ASCII in
 * Punycode, then the authority behind a letter p unless it begins with a letter; an
 * unsecured name has none. Nothing is looked up.
 *
 * Return: S_OK, E_INVALIDARG, E_OUTOFMEMORY, PEER_E_CANNOT_CONVERT_PEER_NAME for a name
 * that is malformed or too long, or that would not be the same when converted back.
 */
HRESULT peergroup_host_from_name(const char *name, char **host);

/**
 * peergroup_name_from_host - the peer name that a host name stands for
 * @host: host name below pnrp.net, in any case
 * @name: receives it
 *
 * Return: S_OK, E_INVALIDARG, E_OUTOFMEMORY, PEER_E_INVALID_PEER_HOST_NAME.
 */
HRESULT peergroup_name_from_host(const char *host, char **name);

/* ------------------------------------------------------------------ groups -- */

/**
 * struct peergroup_create_options - properties of a new group; zero is default
 * @classifier: part of the group's peer name, at most 149 characters
 * @friendly: name to show, at most 255 characters; the peer name if NULL
 * @comment: at most 255 characters
 * @cloud: NULL for the one that is everywhere, or a cloud's name; see peergroup(7)
 * @flags: PEER_GROUP_PROPERTY_FLAGS
 * @member_data_lifetime: seconds, 28800 to 315619200; 0 = as long as may be
 * @presence_lifetime: seconds; 0 = 300, which is also the least
 */
struct peergroup_create_options {
	const char *classifier;
	const char *friendly;
	const char *comment;
	const char *cloud;
	uint32_t flags;
	uint32_t member_data_lifetime;
	uint32_t presence_lifetime;
};

/**
 * peergroup_create - make a group and become its first member and administrator
 * @identity: peer name; NULL for the default
 * @options: properties, or NULL
 * @group: receives a handle; the group is offline, see peergroup_online()
 *
 * Return: S_OK, E_INVALIDARG, E_OUTOFMEMORY, PEER_E_NOT_FOUND (no identity),
 * PEER_E_INVALID_PEER_NAME, PEER_E_INVALID_CLASSIFIER,
 * PEER_E_INVALID_GROUP_PROPERTIES, PEER_E_NO_CLOUD, PEER_E_CLOUD_NAME_AMBIGUOUS,
 * PEER_E_NO_KEY_ACCESS,
 * E_ACCESSDENIED (the kernel wants CAP_NET_ADMIN to make a group).
 */
HRESULT peergroup_create(const char *identity,
			 const struct peergroup_create_options *options,
			 peergroup_t *group);

/**
 * peergroup_open - open a group created or joined before
 * @identity: peer name; NULL for the default
 * @name: the group's peer name
 * @group: receives a handle
 *
 * A group that is not in the kernel yet is made there, offline, and ends with the last
 * handle; see peergroup_online(). peergroup_list_groups() tells peer names by friendly ones,
 * and peergroup_close() closes the handle.
 *
 * Return: S_OK, E_INVALIDARG, E_OUTOFMEMORY, PEER_E_NOT_FOUND (the identity, or the group
 * among its own), PEER_E_NO_KEY_ACCESS,
 * E_ACCESSDENIED (the group is not for this user; or the kernel wants CAP_NET_ADMIN to make it).
 */
HRESULT peergroup_open(const char *identity, const char *name, peergroup_t *group);

/**
 * peergroup_join - become a member by an invitation; nothing goes on the wire yet
 * @identity: peer name of the invited; NULL for the default
 * @invitation: what peergroup_invite() made for it
 * @group: receives a handle
 *
 * The group is in the cloud that the invitation says, or, where that is not there or
 * ambiguous, in the one that is everywhere; see peergroup(7). Who is a member already keeps
 * its own.
 *
 * Return: S_OK, E_INVALIDARG, E_OUTOFMEMORY, PEER_E_INVITATION_NOT_TRUSTED,
 * PEER_E_INVALID_TIME_PERIOD, PEER_E_UNSUPPORTED_VERSION, PEER_E_NOT_FOUND,
 * PEER_E_INVALID_PEER_NAME, PEER_E_CIRCULAR_CHAIN_DETECTED, PEER_E_GROUP_IN_USE,
 * PEER_E_NO_KEY_ACCESS.
 */
HRESULT peergroup_join(const char *identity, const char *invitation,
		       peergroup_t *group);

/**
 * peergroup_close - give up a handle; a group that is not kept ends with its last
 * @group: handle
 *
 * Return: S_OK, PEER_E_INVALID_GROUP.
 */
HRESULT peergroup_close(peergroup_t group);

/**
 * peergroup_delete - leave a group: delete this user's local state of it
 * @identity: peer name; NULL for the default
 * @name: the group's peer name
 *
 * Return: S_OK, also where that was damaged, E_INVALIDARG, PEER_E_NOT_FOUND, E_ACCESSDENIED.
 */
HRESULT peergroup_delete(const char *identity, const char *name);

/* ------------------------------------------- taking groups somewhere else -- */

/**
 * peergroup_export_config - a membership, to be taken to another computer
 * @group: handle
 * @password: not empty; what is made is as safe as it
 * @xml: receives PEERGROUPCONFIG XML: certificates that all may read and, encrypted, the
 *	rest, with the group's own private key where this member created the group
 *
 * The records (peergroup_export_database()) and the identity
 * (peergroup_identity_export()) do not go along.
 *
 * Return: S_OK, E_INVALIDARG, E_OUTOFMEMORY, PEER_E_INVALID_GROUP, PEER_E_NO_KEY_ACCESS.
 */
HRESULT peergroup_export_config(peergroup_t group, const char *password, char **xml);

/**
 * peergroup_import_config - become that member on this computer
 * @xml: what peergroup_export_config() made, unchanged; its identity is here already
 * @password: as given there
 * @overwrite: replace what is known here of the group
 * @identity: receives the peer name of the member
 * @group: receives the peer name of the group, for peergroup_open()
 *
 * Return: S_OK, E_INVALIDARG for another password, too, E_OUTOFMEMORY, PEER_E_NOT_FOUND
 * (no such identity), PEER_E_ALREADY_EXISTS without @overwrite, PEER_E_GROUP_IN_USE
 * with it where the group is open, PEER_E_NO_KEY_ACCESS.
 */
HRESULT peergroup_import_config(const char *xml, const char *password, bool overwrite,
				char **identity, char **group);

/**
 * struct peergroup_transfer - what an export or import of records came to
 * @certificates: in the file
 * @records: in the file, deletions too
 * @taken: import: records that were new here, or newer
 * @present: import: records of which this host has a version at least as new
 * @expired: import: records whose time is over
 * @refused: import: records and certificates that the kernel does not take
 */
struct peergroup_transfer {
	uint64_t certificates;
	uint64_t records;
	uint64_t taken;
	uint64_t present;
	uint64_t expired;
	uint64_t refused;
};

/**
 * struct peergroup_refusal - something that an import did not take
 * @what: "record" or "certificate"
 * @id: of the record; zero where it has none
 * @type: of the record; zero where it has none
 * @result: why, as a result
 * @why: why, in words; until the callback returns
 */
struct peergroup_refusal {
	const char *what;
	uuid_t id;
	uuid_t type;
	HRESULT result;
	const char *why;
};

typedef void (*peergroup_refusal_fn)(const struct peergroup_refusal *refusal, void *arg);

/**
 * peergroup_export_database - write all records of a group to a file
 * @group: handle; may be online
 * @path: file; one that is there is replaced as a whole, when the new one is complete
 * @counts: receives what was written; NULL if it does not matter
 *
 * Deletions, properties, memberships and revocations go along, and the certificates of
 * all who have signed. The file is for this user only (0600) and is not encrypted. Links
 * are followed. A pipe or a character device is written to, when all is there; a FIFO
 * without a reader is a failure. A link or FIFO there of another user than this one and root
 * is replaced itself; one of its own is followed wherever it leads.
 *
 * Return: S_OK, E_INVALIDARG, E_OUTOFMEMORY, PEER_E_INVALID_GROUP, PEER_E_DISK_FULL and
 * other file errors.
 */
HRESULT peergroup_export_database(peergroup_t group, const char *path,
				  struct peergroup_transfer *counts);

/**
 * peergroup_import_database - add the records of a file to a group
 * @group: handle of the same group and member, offline
 * @path: what peergroup_export_database() made
 * @refused: called with each record or certificate that is not taken; may be NULL. It
 *	must not call the library.
 * @arg: for @refused
 * @counts: receives what came of it; NULL if it does not matter
 *
 * The file is checked as a whole before anything is taken. Then the kernel verifies each
 * record; of two versions the later one stays. A group that had synchronised where the
 * file was made is ready here afterwards.
 *
 * Return: S_OK, also where something was refused (peergroup_error_detail() says what
 * first), E_INVALIDARG, E_OUTOFMEMORY, PEER_E_INVALID_GROUP, PEER_E_GROUP_IN_USE,
 * PEER_E_INVALID_DATABASE, E_ACCESSDENIED and other file errors.
 */
HRESULT peergroup_import_database(peergroup_t group, const char *path,
				  peergroup_refusal_fn refused, void *arg,
				  struct peergroup_transfer *counts);

/* --------------------------------------------------------- lists of groups -- */

/**
 * struct peergroup_group_name - a group that an identity belongs to
 * @name: the group's peer name
 * @friendly: its friendly name
 * @identity: peer name of the member, one of ours
 */
struct peergroup_group_name {
	const char *name;
	const char *friendly;
	const char *identity;
};

/**
 * peergroup_list_groups - groups that this user's identities belong to
 * @identity: peer name; NULL for all identities
 * @list: receives an array, one block
 * @count: receives how many
 *
 * A group that is damaged in the data folder cannot be opened. It is listed nevertheless, to
 * be deleted, unless its names are lost as well; peergroup_error_detail() tells of it.
 *
 * Return: S_OK, also where a group is damaged, E_INVALIDARG, E_OUTOFMEMORY,
 * PEER_E_NO_KEY_ACCESS, PEER_E_NOT_FOUND (no such identity).
 */
HRESULT peergroup_list_groups(const char *identity,
			      struct peergroup_group_name **list, size_t *count);

/**
 * peergroup_invite - issue a membership certificate to another identity
 * @group: handle
 * @identity_xml: what peergroup_identity_xml() said at the invited
 * @expires: end of membership, UTC; 0 = as late as one's own
 * @roles: mask of PEERGROUP_ROLE_ADMIN, _INVITING, _MEMBER, none above one's own
 * @xml: receives the invitation, for the invited only
 *
 * Return: S_OK, E_INVALIDARG, E_OUTOFMEMORY, PEER_E_INVALID_GROUP,
 * PEER_E_GROUP_NOT_READY, PEER_E_NOT_AUTHORIZED, PEER_E_INVALID_TIME_PERIOD,
 * PEER_E_INVALID_ROLE_PROPERTY, PEER_E_CHAIN_TOO_LONG,
 * PEER_E_CIRCULAR_CHAIN_DETECTED, PEER_E_IDENTITY_DELETED, PEER_E_NO_KEY_ACCESS.
 */
HRESULT peergroup_invite(peergroup_t group, const char *identity_xml,
			 time_t expires, uint32_t roles, char **xml);

/**
 * struct peergroup_invitation - what an invitation says, for people to read
 * @group_name: peer name of the group
 * @group_friendly: friendly name of the group
 * @issuer_name: peer name of who invites
 * @issuer_friendly: friendly name of who invites
 * @subject_name: peer name of the invited
 * @subject_friendly: friendly name of the invited
 * @not_before: UTC, seconds since 1970
 * @not_after: UTC, seconds since 1970
 * @roles: mask of PEERGROUP_ROLE_*
 * @depth: place in the chain, 1 = the creator
 */
struct peergroup_invitation {
	const char *group_name;
	const char *group_friendly;
	const char *issuer_name;
	const char *issuer_friendly;
	const char *subject_name;
	const char *subject_friendly;
	int64_t not_before;
	int64_t not_after;
	uint32_t roles;
	uint32_t depth;
};

/**
 * peergroup_parse_invitation - check an invitation and say what it holds
 * @xml: the invitation; an expired one is fine
 * @invitation: receives one block
 *
 * Return: S_OK, E_INVALIDARG, E_OUTOFMEMORY, PEER_E_INVITATION_NOT_TRUSTED,
 * PEER_E_UNSUPPORTED_VERSION.
 */
HRESULT peergroup_parse_invitation(const char *xml,
				   struct peergroup_invitation **invitation);

/**
 * peergroup_online - listen, link and accept links
 * @group: handle
 * @port: TCP port; 0 for the one used before, or else PEERGROUP_PORT
 *
 * Return: S_OK, PEER_S_ALREADY_CONNECTED, PEER_E_INVALID_GROUP,
 * PEER_E_UNABLE_TO_LISTEN (the port is taken).
 */
HRESULT peergroup_online(peergroup_t group, uint16_t port);

/* Shortest lifetime of a node credential, in seconds. */
#define PEERGROUP_CREDENTIAL_LIFETIME_MIN	10

/**
 * peergroup_credential_lifetime - for how long a member vouches for this host
 * @group: handle
 * @seconds: PEERGROUP_CREDENTIAL_LIFETIME_MIN or more; 0 for as long as the
 *	membership certificate lasts, which is the default
 *
 * Holds for what is signed from now on through this handle, which renews it in
 * time for as long as it is open; where the group is online, at once. When it is
 * closed and nobody else renews it, the host's links end with the credential.
 *
 * Return: S_OK, E_INVALIDARG, PEER_E_INVALID_GROUP, PEER_E_NO_KEY_ACCESS.
 */
HRESULT peergroup_credential_lifetime(peergroup_t group, uint32_t seconds);

/**
 * peergroup_offline - end all links and stop listening, for all holders
 * @group: handle
 *
 * Return: S_OK, PEER_E_INVALID_GROUP.
 */
HRESULT peergroup_offline(peergroup_t group);

/**
 * peergroup_keep - let the group live in the kernel without any process
 * @group: handle
 * @keep: true to keep it, false to end it with its last handle
 *
 * Return: S_OK, PEER_E_INVALID_GROUP, E_ACCESSDENIED.
 */
HRESULT peergroup_keep(peergroup_t group, bool keep);

/**
 * peergroup_connect - link to a member's address, and go online if need be
 * @group: handle
 * @address: "ADDR", "ADDR:PORT", "[ADDR]:PORT"; IPv4 or IPv6, %scope allowed;
 *	PEERGROUP_PORT where none is given
 *
 * Returns once the kernel has taken the address; a watch tells what came of it.
 *
 * Return: S_OK, E_INVALIDARG, PEER_E_INVALID_ADDRESS, PEER_E_INVALID_GROUP,
 * PEER_E_UNABLE_TO_LISTEN.
 */
HRESULT peergroup_connect(peergroup_t group, const char *address);

/**
 * peergroup_connect_sockaddr - the same with a socket address
 * @group: handle
 * @address: struct sockaddr_in or sockaddr_in6
 * @len: its size
 *
 * Return: as peergroup_connect().
 */
HRESULT peergroup_connect_sockaddr(peergroup_t group, const struct sockaddr *address,
				   socklen_t len);

/**
 * peergroup_forget_address - forget an address that peergroup_connect() was given
 * @identity: peer name of the member; NULL or "" for the default identity
 * @group: peer name
 * @address: as for peergroup_connect()
 *
 * Addresses that were connected to are remembered on disk, and linked to again when the
 * group next goes online.  This one is not, from now on.  Links that there are stay.  The
 * group need not be open.
 *
 * Return: S_OK, S_FALSE (it was not remembered), E_INVALIDARG, PEER_E_INVALID_ADDRESS,
 * PEER_E_NOT_FOUND (no such identity, or it is in no such group),
 * PEER_E_CERT_STORE_CORRUPTED.
 */
HRESULT peergroup_forget_address(const char *identity, const char *group, const char *address);

/**
 * struct peergroup_status - state of a group
 * @name: its peer name
 * @friendly: its friendly name
 * @identity: own peer name
 * @index: number of the group in the kernel, as the netlink family uses it
 * @flags: PEERGROUP_STATUS_*
 * @roles: own roles, PEERGROUP_ROLE_*; who gave the last ones was revoked: those of before
 * @port: TCP port in use; 0 offline
 * @records: live records
 * @tombstones: deleted ones not yet expired
 * @sequence: of the latest change
 * @time_offset: peer time minus this host's, 100 ns
 * @fingerprint: of the whole table; equal tables have equal ones
 * @node_key: the key by which this host's node proves itself on links
 * @credential_expires: peer time until which the member vouches for it; 0 for none
 */
struct peergroup_status {
	const char *name;
	const char *friendly;
	const char *identity;
	uint32_t index;
	uint32_t flags;
	uint32_t roles;
	uint16_t port;
	uint32_t records;
	uint32_t tombstones;
	uint64_t sequence;
	int64_t time_offset;
	uint8_t fingerprint[PEERGROUP_HASH_LEN];
	uint8_t node_key[PEERGROUP_NODE_KEY_LEN];
	uint64_t credential_expires;
};

/**
 * peergroup_status - ask the kernel how a group is
 * @group: handle
 * @status: receives one block
 *
 * Return: S_OK, E_INVALIDARG, E_OUTOFMEMORY, PEER_E_INVALID_GROUP.
 */
HRESULT peergroup_status(peergroup_t group, struct peergroup_status **status);

/* ------------------------------------------------------- groups by password -- */

/**
 * peergroup_create_with_password - make a group that can be joined by a password
 * @identity: peer name; NULL for the default
 * @options: properties, or NULL
 * @password: at least 8 characters, UTF-8
 * @role: what it is good for, one of PEERGROUP_ROLE_*
 * @group: receives a handle; the group is offline, see peergroup_online()
 *
 * The password goes nowhere: not to the kernel, not into a record. What answers those who
 * join with it is this host, see peergroup_answer().
 *
 * Return: as peergroup_create(); PEER_E_PASSWORD_DOES_NOT_MEET_POLICY.
 */
HRESULT peergroup_create_with_password(const char *identity,
				       const struct peergroup_create_options *options,
				       const char *password, uint32_t role,
				       peergroup_t *group);

/**
 * peergroup_set_password - give a group a password, or tell this member what it is
 * @group: handle
 * @password: at least 8 characters; NULL for none any more
 * @role: what it is good for; 0 for PEERGROUP_ROLE_MEMBER
 *
 * The creator gives the group another password, or takes it away. Another member that may
 * issue @role answers with the password from now on; nothing of the group changes by
 * that, and @role is not looked at. Who is a member stays one.
 *
 * With the one of before nobody can join any longer, wherever the change has come: members
 * that answered by it do not until each of them is told the new one. Of two that are set at
 * the same time the later one is the group's and what this member answers with.
 *
 * Return: S_OK, E_OUTOFMEMORY, PEER_E_INVALID_GROUP, PEER_E_GROUP_NOT_READY,
 * PEER_E_NOT_AUTHORIZED, PEER_E_PASSWORD_DOES_NOT_MEET_POLICY,
 * PEER_E_INVALID_GROUP_PROPERTIES, PEER_E_NO_KEY_ACCESS,
 * HRESULT_FROM_WIN32(ERROR_LOCK_VIOLATION) (others changed the group's properties five times
 * meanwhile).
 */
HRESULT peergroup_set_password(peergroup_t group, const char *password, uint32_t role);

/**
 * peergroup_password_invitation - what somebody needs to join besides the password
 * @group: handle, of a member that may issue what the password is good for
 * @xml: receives the text, the same for everybody; there is no secret in it
 *
 * Return: S_OK, E_INVALIDARG, E_OUTOFMEMORY, PEER_E_INVALID_GROUP,
 * PEER_E_GROUP_NOT_READY, PEER_E_NOT_AUTHORIZED (also: the group has no password),
 * PEER_E_CHAIN_TOO_LONG.
 */
HRESULT peergroup_password_invitation(peergroup_t group, char **xml);

/**
 * peergroup_join_password - join by a password; nothing goes on the wire yet
 * @identity: peer name of who joins; NULL for the default
 * @invitation: what peergroup_password_invitation() made
 * @password: the group's
 * @group: receives a handle
 *
 * peergroup_connect(), with a member's address, then does it, and waits for it: it says
 * PEER_E_NOT_AUTHORIZED where the password is not the group's. Until it has succeeded
 * other calls say PEER_E_GROUP_NOT_READY. It may be in another process, later. Called
 * again, this takes another password. For the cloud see peergroup_join().
 *
 * Return: S_OK, PEER_S_ALREADY_A_MEMBER (joined by password before; @group is set),
 * E_INVALIDARG, E_OUTOFMEMORY, PEER_E_INVITATION_NOT_TRUSTED, PEER_E_UNSUPPORTED_VERSION,
 * PEER_E_NOT_FOUND, PEER_E_INVALID_PEER_NAME, PEER_E_NO_KEY_ACCESS.
 */
HRESULT peergroup_join_password(const char *identity, const char *invitation,
				const char *password, peergroup_t *group);

/**
 * peergroup_authenticate - prove the password to a member, and become one
 * @group: handle, by peergroup_join_password()
 * @address: of a member, as for peergroup_connect(); NULL for those connected to before
 *
 * What peergroup_connect() and peergroup_online() do first; by itself it does not take the
 * group online. Waits for up to 15 s. Each attempt is one guess to whoever is there.
 *
 * Return: S_OK (also where there is nothing left to do), E_OUTOFMEMORY,
 * PEER_E_INVALID_GROUP, PEER_E_INVALID_ADDRESS, PEER_E_NOT_AUTHORIZED (a wrong password, or
 * the member that answers issues nothing), PEER_E_NO_MEMBERS_FOUND (no address),
 * PEER_E_NO_MEMBER_CONNECTIONS (nobody there answers, or too many attempts), E_ACCESSDENIED.
 */
HRESULT peergroup_authenticate(peergroup_t group, const char *address);

/**
 * peergroup_answer - answer those who join by password
 * @group: handle
 *
 * Done in a thread, until @group is closed. peergroup_online() and peergroup_connect()
 * begin it, too, where the member knows the password and may issue; this is for a group
 * that another program has brought online, and tells why it cannot be.
 *
 * Return: S_OK, E_OUTOFMEMORY, PEER_E_INVALID_GROUP, PEER_E_GROUP_NOT_READY,
 * PEER_E_NOT_AUTHORIZED (also where the group has another password than this member was told;
 * the thread, if there is one, answers again once it was), PEER_E_CERT_STORE_CORRUPTED,
 * E_ACCESSDENIED.
 */
HRESULT peergroup_answer(peergroup_t group);

/**
 * struct peergroup_counter - something that the kernel has counted in a group
 * @name: of peergroup_counter_name()
 * @value: how often, since the group began on this host
 */
struct peergroup_counter {
	const char *name;
	uint64_t value;
};

/**
 * peergroup_stats - what the kernel has counted in a group
 * @group: handle
 * @list: receives an array, one block
 * @count: receives how many; later versions may have more
 *
 * Records that came and what became of them, each reason to refuse one by its own name,
 * links that came, went and were refused.
 *
 * Return: S_OK, E_INVALIDARG, E_OUTOFMEMORY, PEER_E_INVALID_GROUP.
 */
HRESULT peergroup_stats(peergroup_t group, struct peergroup_counter **list, size_t *count);

/**
 * peergroup_counter_name - the name of a counter
 * @counter: its number in the netlink family, in <linux/peergroup.h>: from 1 to
 *	PEERGROUP_A_STATS_MAX
 *
 * Return: such as "refused_signature"; NULL where there is none. Static.
 */
const char *peergroup_counter_name(unsigned int counter);

/**
 * struct peergroup_properties - what a group is, as its creator says
 * @name: its peer name
 * @creator: peer name of who created it
 * @classifier: part of its peer name, or NULL
 * @cloud: as given when it was created, or NULL
 * @friendly: name to show
 * @comment: what it is for, or NULL
 * @flags: PEER_GROUP_PROPERTY_FLAGS
 * @member_data_lifetime: seconds that a membership record lasts; 0 = as long as the
 *	membership
 * @presence_lifetime: seconds
 */
struct peergroup_properties {
	const char *name;
	const char *creator;
	const char *classifier;
	const char *cloud;
	const char *friendly;
	const char *comment;
	uint32_t flags;
	uint32_t member_data_lifetime;
	uint32_t presence_lifetime;
};

/**
 * peergroup_properties - what the group is
 * @group: handle
 * @properties: receives one block
 *
 * Return: S_OK, E_INVALIDARG, E_OUTOFMEMORY, PEER_E_INVALID_GROUP,
 * PEER_E_GROUP_NOT_READY, PEER_E_UNSUPPORTED_VERSION (they are of a
 * later version of the library).
 */
HRESULT peergroup_properties(peergroup_t group, struct peergroup_properties **properties);

/**
 * peergroup_set_properties - change what the group is, on all hosts
 * @group: handle, of the member that created the group: nobody else may
 * @properties: as peergroup_properties() gave them, but for what is to change
 *
 * These change: @friendly (the peer name if NULL), @comment (none if NULL), @flags and
 * the lifetimes. @name, @creator, @classifier and @cloud never do: they are NULL or what
 * they were.
 *
 * Return: S_OK, E_INVALIDARG, E_OUTOFMEMORY, PEER_E_INVALID_GROUP,
 * PEER_E_GROUP_NOT_READY, PEER_E_NOT_AUTHORIZED, PEER_E_INVALID_GROUP_PROPERTIES,
 * PEER_E_NO_KEY_ACCESS, HRESULT_FROM_WIN32(ERROR_LOCK_VIOLATION) (others changed them
 * five times meanwhile).
 */
HRESULT peergroup_set_properties(peergroup_t group,
				 const struct peergroup_properties *properties);

/* ----------------------------------------------------------------- members -- */

/* peergroup_renew(): into the group, where the member finds it. */
#define PEERGROUP_RENEW_STORE	1U

/**
 * struct peergroup_member - a member, or one of its nodes
 * @name: its peer name
 * @friendly: its friendly name
 * @issuer: peer name of who issued its certificate; "" if that is not known
 * @roles: PEERGROUP_ROLE_*
 * @not_before: peer time, as the next
 * @not_after: when its membership ends
 * @present: this is a node that is there
 * @node: its node id; 0 unless @present
 * @addresses: where it can be dialled, as it says itself or as this host has dialled it;
 *	NULL if not known
 * @n_addresses: how many
 */
struct peergroup_member {
	const char *name;
	const char *friendly;
	const char *issuer;
	uint32_t roles;
	uint64_t not_before;
	uint64_t not_after;
	bool present;
	uint64_t node;
	const struct sockaddr_storage *addresses;
	size_t n_addresses;
};

/**
 * peergroup_members - walk the members of a group
 * @group: handle
 * @flags: 0, or PEER_MEMBER_PRESENT for those that are there
 * @name: peer name of the one that is asked for, or NULL for all
 * @each: called for each, with what is good during the call; what is not S_OK ends the
 *	walk and is returned
 * @arg: passed on to @each
 *
 * This host's own comes first. A member is told of once for each of its nodes that are
 * there, or else once if it has a membership record. Who is there is known of neighbours,
 * and, while there are any, of all whose nodes have published that they are: see
 * PEER_DISABLE_PRESENCE. A host that ends without a word is there for the group's presence
 * lifetime, to those that had no link to it.
 *
 * Return: S_OK, E_INVALIDARG, E_OUTOFMEMORY, PEER_E_INVALID_GROUP.
 */
HRESULT peergroup_members(peergroup_t group, uint32_t flags, const char *name,
			  HRESULT (*each)(const struct peergroup_member *member, void *arg),
			  void *arg);

/**
 * peergroup_renew - give a member a later certificate
 * @group: handle
 * @member: peer name
 * @expires: when it ends, no later than one's own membership; 0: it lasts as long as
 *	the one before did, or as one's own
 * @roles: PEERGROUP_ROLE_*; 0: as before
 * @flags: PEERGROUP_RENEW_STORE: publish it in the group
 * @xml: receives an invitation, for peergroup_join(); may be NULL with
 *	PEERGROUP_RENEW_STORE
 *
 * For administrators, about members other than themselves and those who invited them.
 * From the group, the member takes it by itself when it next opens, connects or
 * closes the group. It counts from then on; what the member signed before remains
 * valid. A lower role is no revocation: who does not take the certificate keeps the
 * one before until it ends.
 *
 * Return: S_OK, E_INVALIDARG, E_OUTOFMEMORY, PEER_E_INVALID_GROUP,
 * PEER_E_GROUP_NOT_READY, PEER_E_NOT_AUTHORIZED, PEER_E_IDENTITY_DELETED (one's own, or
 * it was one of this user's), PEER_E_IDENTITY_NOT_FOUND (no member of that name is
 * known, or it was revoked), PEER_E_INVALID_TIME_PERIOD, PEER_E_INVALID_ROLE_PROPERTY,
 * PEER_E_CHAIN_TOO_LONG, PEER_E_CIRCULAR_CHAIN_DETECTED, PEER_E_NO_KEY_ACCESS,
 * PEER_E_DISK_FULL where the group has no room to store it, PEER_E_TOO_MUCH_LOAD where
 * one publishes faster than the group's limit, HRESULT_FROM_WIN32(ERROR_LOCK_VIOLATION)
 * (another program stored one just now).
 */
HRESULT peergroup_renew(peergroup_t group, const char *member, time_t expires,
			uint32_t roles, uint32_t flags, char **xml);

/**
 * peergroup_revoke - end a membership, for everybody and at once
 * @group: handle
 * @member: peer name; not one's own, and of who invited one (or invited them) only
 *	with PEERGROUP_REVOKE_ONLY
 * @flags: PEERGROUP_REVOKE_ONLY: those whom the member has invited stay.
 *	PEERGROUP_REVOKE_WITHDRAW: what it published before goes, too
 *
 * For administrators. Wherever this gets to, links of the member drop and what it
 * publishes from now on is refused. Its key stays out until its certificates have run
 * out: who is to come back makes a new identity.
 *
 * Return: S_OK, E_INVALIDARG, E_OUTOFMEMORY, PEER_E_INVALID_GROUP,
 * PEER_E_GROUP_NOT_READY, PEER_E_NOT_AUTHORIZED, PEER_E_NOT_FOUND (nobody of that
 * name is known), PEER_E_INVALID_PEER_NAME (one's own identity was deleted),
 * PEER_E_NO_KEY_ACCESS.
 */
HRESULT peergroup_revoke(peergroup_t group, const char *member, uint32_t flags);

/**
 * PeerGroupRevokeMember - end a membership on all hosts
 * @hGroup: the group
 * @pwzMember: the member's peer name
 * @dwFlags: 0 or any of the flags below
 *
 * This is peergroup_revoke() for programs of <p2p.h>. The flags are:
 *
 * * PEERGROUP_REVOKE_ONLY: those whom the member has invited, and so on, remain members.
 *   Without it they go, too.
 * * PEERGROUP_REVOKE_WITHDRAW: what the member published before is void as well: all
 *   hosts drop it. Without it, it stays until it expires.
 *
 * Only administrators may call it, about anybody but themselves. Of those who invited
 * one, or who invited them, only PEERGROUP_REVOKE_ONLY will do. A signed record goes to
 * all members. Each host that gets it drops its links to the member, makes no new ones,
 * and refuses what the member publishes from then on.
 *
 * A revocation is about the member's key, so it covers certificates that were issued to
 * it elsewhere. It cannot be taken back; who is to come back makes a new identity and is
 * invited again. If two administrators revoke each other, that one prevails who is
 * nearer to the group's creator in the chain of invitations, or else who has been an
 * administrator for longer: who did it first does not count.
 *
 * Windows: There is no such function there; a program that calls it runs here only.
 *
 * Return: S_OK or one of
 * * E_INVALIDARG: @pwzMember is NULL, or @dwFlags has unknown bits
 * * PEER_E_NOT_FOUND: this host knows no member of that name
 * * PEER_E_NOT_AUTHORIZED: this member is no administrator, its membership has expired
 *   or was revoked, or it would be revoked itself by that
 * * PEER_E_INVALID_PEER_NAME: the identity was deleted meanwhile
 * * PEER_E_INVALID_GROUP, PEER_E_GROUP_NOT_READY, PEER_E_NOT_INITIALIZED, E_OUTOFMEMORY
 *
 * See: peergroup_revoke(), PeerGroupCreateInvitation(), PeerGroupIssueCredentials()
 */
HRESULT PeerGroupRevokeMember(HGROUP hGroup, PCWSTR pwzMember, DWORD dwFlags);

/* ----------------------------------------------------------------- records -- */

/**
 * struct peergroup_new_record - what a program says about a record
 * @data: payload
 * @size: bytes of it
 * @attributes: attribute XML (peergroup_attributes_build() makes it), or NULL
 * @expires: peer time; 0 = see @lifetime
 * @lifetime: seconds from now, used where @expires is 0; both 0 on update: as
 *	before
 * @flags: 0, or PEERGROUP_RECORD_AUTOREFRESH: while the program that added it, or one
 *	of the same identity that opened the group later, has the group open and online,
 *	the record is published anew for as long again, a minute before it expires; it
 *	lives for four minutes or longer. Update: as stored, whatever is said
 */
struct peergroup_new_record {
	const void *data;
	size_t size;
	const char *attributes;
	uint64_t expires;
	uint32_t lifetime;
	uint32_t flags;
};

/**
 * struct peergroup_record - one version of a record
 * @id: chosen by the library
 * @type: chosen by the program
 * @version: 1 at first
 * @flags: PEERGROUP_RECORD_AUTOREFRESH where its publisher extends it
 * @creator: peer name
 * @modifier: peer name; the creator's while never updated
 * @attributes: attribute XML, or NULL
 * @created: peer time
 * @modified: peer time
 * @expires: peer time
 * @sequence: number of the change that brought this version here
 * @data: payload, NULL where @size is 0
 * @size: bytes of it
 */
struct peergroup_record {
	uuid_t id;
	uuid_t type;
	uint32_t version;
	uint32_t flags;
	const char *creator;
	const char *modifier;
	const char *attributes;
	uint64_t created;
	uint64_t modified;
	uint64_t expires;
	uint64_t sequence;
	const void *data;
	size_t size;
};

/**
 * peergroup_add - publish a record
 * @group: handle
 * @type: what the data means; not null, not reserved
 * @record: content
 * @id: receives the record's id
 *
 * Return: S_OK, E_INVALIDARG, E_OUTOFMEMORY, PEER_E_INVALID_GROUP,
 * PEER_E_GROUP_NOT_READY, PEER_E_NOT_AUTHORIZED, PEER_E_INVALID_RECORD,
 * PEER_E_INVALID_ATTRIBUTES, PEER_E_TOO_MANY_ATTRIBUTES,
 * PEER_E_MAX_RECORD_SIZE_EXCEEDED, PEER_E_INVALID_RECORD_EXPIRATION,
 * PEER_E_INVALID_PEER_NAME, PEER_E_DISK_FULL where the group's table, or one's share of
 * it, is full, PEER_E_TOO_MUCH_LOAD where one publishes faster than the group's limit.
 */
HRESULT peergroup_add(peergroup_t group, const uuid_t type,
		      const struct peergroup_new_record *record, uuid_t id);

/**
 * peergroup_update - replace a record's content; only creator and administrators
 * @group: handle
 * @id: which
 * @record: the whole new content; its expiration may grow, never shrink
 *
 * Return: as peergroup_add(), PEER_E_RECORD_NOT_FOUND, and
 * HRESULT_FROM_WIN32(ERROR_LOCK_VIOLATION) (others changed it five times meanwhile).
 */
HRESULT peergroup_update(peergroup_t group, const uuid_t id,
			 const struct peergroup_new_record *record);

/**
 * struct peergroup_batch_record - one of many records
 * @type: what the data means, for peergroup_add_batch()
 * @content: as for peergroup_add() and peergroup_update()
 * @id: receives the id of what was added; says which one to update
 * @result: receives what peergroup_add() or peergroup_update() would have returned, or
 *	E_ABORT where the call ended before the record's turn
 */
struct peergroup_batch_record {
	uuid_t type;
	struct peergroup_new_record content;
	uuid_t id;
	HRESULT result;
};

/**
 * peergroup_add_batch - publish many records, with one signature for up to 4096 of them
 * @group: handle
 * @records: the records, each with its own result
 * @count: how many; with more than PEERGROUP_BATCH_MAX there are several signatures
 * @progress: called now and then with how many of them are done, of @count; what it
 *	returns other than S_OK ends the call and is returned. May be NULL
 * @arg: passed to @progress
 *
 * Takes less time than as many calls of peergroup_add(). Each is a record by itself, which
 * can be updated and deleted like any other; only its signature block is longer, by up
 * to 384 bytes. Nothing is undone: where a record is refused the others stand, and after
 * a failure those behind what had been done by then were not tried.
 *
 * Return: S_OK or one of
 * * S_FALSE: records were refused
 * * E_INVALIDARG, E_OUTOFMEMORY, PEER_E_INVALID_GROUP, PEER_E_GROUP_NOT_READY,
 *   PEER_E_INVALID_PEER_NAME, PEER_E_NOT_AUTHORIZED, PEER_E_NO_KEY_ACCESS
 */
HRESULT peergroup_add_batch(peergroup_t group, struct peergroup_batch_record *records,
			    size_t count,
			    HRESULT (*progress)(size_t done, size_t count, void *arg),
			    void *arg);

/**
 * peergroup_update_batch - publish new versions of many records by few signatures
 * @group: handle
 * @records: the records; @type is not looked at, @id says which one
 * @count: how many
 * @progress: as for peergroup_add_batch()
 * @arg: passed to @progress
 *
 * A record that somebody else changes at the same time is tried again by itself, as
 * peergroup_update() does.
 *
 * Return: as peergroup_add_batch().
 */
HRESULT peergroup_update_batch(peergroup_t group, struct peergroup_batch_record *records,
			       size_t count,
			       HRESULT (*progress)(size_t done, size_t count, void *arg),
			       void *arg);

/**
 * peergroup_delete_record - delete a record; only creator and administrators
 * @group: handle
 * @id: which
 *
 * Return: S_OK, E_INVALIDARG, PEER_E_INVALID_GROUP, PEER_E_GROUP_NOT_READY,
 * PEER_E_NOT_AUTHORIZED, PEER_E_RECORD_NOT_FOUND, PEER_E_INVALID_PEER_NAME,
 * HRESULT_FROM_WIN32(ERROR_LOCK_VIOLATION) (others changed it five times meanwhile).
 */
HRESULT peergroup_delete_record(peergroup_t group, const uuid_t id);

/**
 * peergroup_get - read one record
 * @group: handle
 * @id: which
 * @record: receives one block
 *
 * Return: S_OK, E_INVALIDARG, E_OUTOFMEMORY, PEER_E_INVALID_GROUP,
 * PEER_E_GROUP_NOT_READY, PEER_E_RECORD_NOT_FOUND.
 */
HRESULT peergroup_get(peergroup_t group, const uuid_t id,
		      struct peergroup_record **record);

/**
 * peergroup_records - call back for each record, in no particular order
 * @group: handle
 * @type: only of this type; NULL for all but infrastructure's
 * @each: called with a record that is valid during the call only; a result
 *	other than S_OK ends the walk and is returned. It may call the library.
 * @arg: handed to @each
 *
 * Return: S_OK, E_INVALIDARG, E_OUTOFMEMORY, PEER_E_INVALID_GROUP, what @each said.
 */
HRESULT peergroup_records(peergroup_t group, const unsigned char *type,
			  HRESULT (*each)(const struct peergroup_record *record,
					  void *arg),
			  void *arg);

/**
 * peergroup_search - call back for each record that matches a query
 * @group: handle
 * @query: XML, as PeerGroupSearchRecords() takes it; peergroup_query_build() makes it
 * @each: called with a record that is valid during the call only; a result
 *	other than S_OK ends the walk and is returned. It may call the library.
 * @arg: handed to @each
 *
 * Looks at what is on this host. Where the query asks for a type, a creator, an id or
 * a time, the kernel finds these records without looking at the others. @each is
 * called when all have been found, in no particular order.
 *
 * Return: S_OK, E_INVALIDARG (also for a backslash in the query that escapes nothing),
 * E_OUTOFMEMORY, PEER_E_INVALID_GROUP, PEER_E_INVALID_SEARCH, what @each said.
 */
HRESULT peergroup_search(peergroup_t group, const char *query,
			 HRESULT (*each)(const struct peergroup_record *record, void *arg),
			 void *arg);

/**
 * struct peergroup_clause - one thing that a record is searched by
 * @attrib: name of an attribute, or peercreatorid, peerlastmodifiedby, peerrecordid,
 *	peerrecordtype, peercreationtime, peerlastmodificationtime
 * @type: "string", "int" or "date"; the attribute's has to be the same. NULL: string
 * @compare: "equal", "notequal", "less", "greater", "lessorequal" or
 *	"greaterorequal"; NULL: equal
 * @value: to compare with. In strings that are to be equal, or not, * stands for any
 *	characters and ? for one, see peergroup_query_escape()
 */
struct peergroup_clause {
	const char *attrib;
	const char *type;
	const char *compare;
	const char *value;
};

/**
 * peergroup_query_build - make a query for records of which all of this is true
 * @clauses: at least one
 * @count: how many
 * @query: receives the XML
 *
 * Return: S_OK, E_INVALIDARG (also for a backslash in a string that escapes nothing),
 * E_OUTOFMEMORY, PEER_E_INVALID_SEARCH (no such type or comparison, or a value that is
 * not of its type).
 */
HRESULT peergroup_query_build(const struct peergroup_clause *clauses, size_t count,
			      char **query);

/**
 * peergroup_query_escape - make text stand for itself in a query
 * @text: may hold *, ? and backslashes
 * @escaped: receives it with a backslash before each of them
 *
 * Return: S_OK, E_INVALIDARG, E_OUTOFMEMORY.
 */
HRESULT peergroup_query_escape(const char *text, char **escaped);

/**
 * struct peergroup_attribute - one attribute of a record
 * @name: letters and digits
 * @type: "string", "int" or "date"
 * @value: text of that type
 */
struct peergroup_attribute {
	const char *name;
	const char *type;
	const char *value;
};

/**
 * peergroup_attributes_build - make attribute XML
 * @attributes: at most 256; names are letters and digits and differ
 * @count: how many
 * @xml: receives the XML
 *
 * Return: S_OK, E_INVALIDARG, E_OUTOFMEMORY, PEER_E_INVALID_ATTRIBUTES,
 * PEER_E_TOO_MANY_ATTRIBUTES.
 */
HRESULT peergroup_attributes_build(const struct peergroup_attribute *attributes,
				   size_t count, char **xml);

/**
 * peergroup_attributes_parse - take attribute XML apart, checking it
 * @xml: as in a record; NULL and "" hold none
 * @attributes: receives an array, one block; NULL to check only
 * @count: receives how many
 *
 * Return: S_OK, E_INVALIDARG, E_OUTOFMEMORY, PEER_E_INVALID_ATTRIBUTES,
 * PEER_E_TOO_MANY_ATTRIBUTES.
 */
HRESULT peergroup_attributes_parse(const char *xml,
				   struct peergroup_attribute **attributes,
				   size_t *count);

/* ------------------------------------------------------------------ events -- */

/**
 * enum peergroup_event_kind - what an event is about
 * @PEERGROUP_EVENT_RECORD: a record has changed
 * @PEERGROUP_EVENT_LINK: what became of a link to a neighbour
 * @PEERGROUP_EVENT_STATUS: the group's status
 * @PEERGROUP_EVENT_GONE: the group ended; nothing follows
 * @PEERGROUP_EVENT_MEMBER: a member was revoked, or is in again
 * @PEERGROUP_EVENT_DIRECT: what became of a direct connection
 */
enum peergroup_event_kind {
	PEERGROUP_EVENT_RECORD = 1,
	PEERGROUP_EVENT_LINK,
	PEERGROUP_EVENT_STATUS,
	PEERGROUP_EVENT_GONE,
	PEERGROUP_EVENT_MEMBER,
	PEERGROUP_EVENT_DIRECT,
};

/**
 * struct peergroup_event - one thing that happened to a group
 * @kind: which part below is set
 * @sequence: of the change, for PEERGROUP_EVENT_RECORD
 * @change: what became of the record, one of PEERGROUP_CHANGE_*
 * @id: the record's
 * @type: the record's
 * @version: the record's
 * @link_id: the link's number, as struct peergroup_connection has it
 * @link_state: what became of the link, one of PEERGROUP_LINK_*; of a direct connection, too
 * @link_node: node id of the other end, 0 while unknown
 * @link_outbound: this host dialled
 * @link_error: errno of a failure, or 0
 * @link_peer: peer name of the other end, "" while unknown; of the member, for
 *	PEERGROUP_EVENT_MEMBER; valid until the watch's next event
 * @link_address: the other end, family AF_UNSPEC while unknown
 * @status: PEERGROUP_STATUS_*, for PEERGROUP_EVENT_STATUS
 * @reason: errno, for a STATUS or GONE that was a failure, or 0
 * @revoked: the member has a certificate that is void and none that holds, for
 *	PEERGROUP_EVENT_MEMBER
 * @member_change: of PEER_MEMBER_CHANGE_TYPE, for PEERGROUP_EVENT_MEMBER: PEER_MEMBER_LEFT, or
 *	PEER_MEMBER_JOINED of who is in again, by whichever of its certificates; who is connected
 *	peergroup_members() tells
 */
struct peergroup_event {
	enum peergroup_event_kind kind;
	uint64_t sequence;
	uint32_t change;
	uuid_t id;
	uuid_t type;
	uint32_t version;
	uint64_t link_id;
	uint32_t link_state;
	uint64_t link_node;
	bool link_outbound;
	int link_error;
	const char *link_peer;
	struct sockaddr_storage link_address;
	uint32_t status;
	int reason;
	bool revoked;
	uint32_t member_change;
};

#define PEERGROUP_SINCE_NOW	UINT64_MAX

/**
 * peergroup_watch_open - hear of changes, without loss
 * @group: handle; may be closed before the watch is
 * @since: first tell of changes with a higher sequence number; 0 for all
 *	records there are, PEERGROUP_SINCE_NOW for none
 * @watch: receives a watch
 *
 * Events that the kernel could not queue are made up for: those of records by sequence
 * number, those of links by what links there are, those of members by what certificates there
 * are. So a watch misses no record, no link and no revocation that lasts, though versions in
 * between may be skipped, and links that came and went. For what it tells of members all
 * certificates are looked at, and then not again for ten times as long as it took, 0.1 seconds at
 * least.
 *
 * Return: S_OK, E_INVALIDARG, E_OUTOFMEMORY, PEER_E_INVALID_GROUP.
 */
HRESULT peergroup_watch_open(peergroup_t group, uint64_t since,
			     peergroup_watch_t *watch);

/**
 * peergroup_watch_fd - what to poll for reading
 * @watch: watch
 *
 * Return: a file descriptor that belongs to the watch, -1 for a bad handle.
 */
int peergroup_watch_fd(peergroup_watch_t watch);

/**
 * peergroup_watch_next - take the next event; never blocks
 * @watch: watch
 * @event: receives it
 *
 * Call it until it says PEER_S_NO_EVENT_DATA, then poll.
 *
 * Example::
 *
 *	#include <poll.h>
 *	#include <peergroup.h>
 *
 *	struct pollfd pfd = { .events = POLLIN };
 *	struct peergroup_event event;
 *	peergroup_watch_t watch;
 *
 *	if (FAILED(peergroup_watch_open(group, 0, &watch)))
 *		return;
 *	pfd.fd = peergroup_watch_fd(watch);
 *	while (poll(&pfd, 1, -1) > 0) {
 *		while (peergroup_watch_next(watch, &event) == S_OK) {
 *			if (event.kind == PEERGROUP_EVENT_RECORD &&
 *			    event.change == PEERGROUP_CHANGE_ADDED)
 *				use(event.id);
 *		}
 *	}
 *	peergroup_watch_close(watch);
 *
 * Return: S_OK, PEER_S_NO_EVENT_DATA, E_INVALIDARG, E_OUTOFMEMORY.
 */
HRESULT peergroup_watch_next(peergroup_watch_t watch, struct peergroup_event *event);

/**
 * peergroup_watch_wait - take the next event, and wait for it
 * @watch: watch
 * @timeout: for how long at most, in milliseconds; -1 for as long as it takes
 * @event: receives it
 *
 * For a program, or a thread, that does nothing else: one system call where a poll and
 * peergroup_watch_next() are three. It may come back early and without an event: after a
 * signal, and when what has happened is nothing to tell. A watch serves one thread at a
 * time, so that others that want its events wait as long; peergroup_watch_close() does not
 * end the wait.
 *
 * Return: S_OK, PEER_S_NO_EVENT_DATA, E_INVALIDARG, E_OUTOFMEMORY.
 */
HRESULT peergroup_watch_wait(peergroup_watch_t watch, int timeout,
			     struct peergroup_event *event);

/**
 * peergroup_watch_close - stop hearing
 * @watch: watch
 *
 * Return: S_OK, E_INVALIDARG.
 */
HRESULT peergroup_watch_close(peergroup_watch_t watch);

/* ------------------------------------------------------ connections and data -- */

/**
 * struct peergroup_connection - a link that is up
 * @id: for peergroup_send(); of a link in events and dumps
 * @node: node id of the other end
 * @peer: peer name of the member there
 * @direct: carries data only; else it is a link to a neighbour
 * @outbound: this host dialled
 * @queued: bytes that wait to be sent
 * @address: the other end
 */
struct peergroup_connection {
	uint64_t id;
	uint64_t node;
	const char *peer;
	bool direct;
	bool outbound;
	uint32_t queued;
	struct sockaddr_storage address;
};

/**
 * peergroup_connections - walk the links of a group that are up
 * @group: handle
 * @flags: PEER_CONNECTION_NEIGHBOR or PEER_CONNECTION_DIRECT; both, or 0, for all
 * @each: called for each; what is not S_OK ends the walk and is returned
 * @arg: passed on to @each
 *
 * Return: S_OK, E_INVALIDARG, E_OUTOFMEMORY, PEER_E_INVALID_GROUP.
 */
HRESULT peergroup_connections(peergroup_t group, uint32_t flags,
			      HRESULT (*each)(const struct peergroup_connection *found,
					      void *arg),
			      void *arg);

/**
 * peergroup_direct_open - open a direct connection to a member
 * @group: handle, online; the connection ends with it, unless programs of this host
 *	take direct connections then
 * @identity: peer name of who has to be there
 * @address: where, as for peergroup_connect()
 * @timeout_ms: how long to wait until it is up, as in poll(2); 0 returns at once, and a
 *	watch tells what became of it (PEERGROUP_EVENT_DIRECT)
 * @id: receives its id
 *
 * Data goes over it and nothing else, both ways. It does not count as a link to a
 * neighbour. A program of the other host has to take direct connections, by
 * peergroup_receive_open() or PeerGroupRegisterEvent().
 *
 * Return: S_OK, E_INVALIDARG, E_OUTOFMEMORY, E_ACCESSDENIED, PEER_E_INVALID_GROUP,
 * PEER_E_INVALID_ADDRESS, PEER_E_CONNECT_SELF, PEER_E_GROUP_NOT_READY (offline),
 * PEER_E_TOO_MUCH_LOAD (too many of them), PEER_E_TIMEOUT, and after a wait
 * PEER_E_CONNECTION_FAILED, PEER_E_CONNECTION_REFUSED (nobody there takes it, or
 * there are too many) or PEER_E_CONNECTION_NOT_AUTHENTICATED (another member is there).
 */
HRESULT peergroup_direct_open(peergroup_t group, const char *identity, const char *address,
			      int timeout_ms, uint64_t *id);

/**
 * peergroup_direct_close - close a direct connection, whoever opened it
 * @group: handle
 * @id: of the connection
 *
 * What has been sent before still goes out, for some seconds.
 *
 * Return: S_OK, E_ACCESSDENIED, PEER_E_INVALID_GROUP, PEER_E_CONNECTION_NOT_FOUND.
 */
HRESULT peergroup_direct_close(peergroup_t group, uint64_t id);

/**
 * peergroup_send - send data to the programs at the other end of a connection
 * @group: handle
 * @id: of a direct connection, or of a link to a neighbour
 * @type: what the data means; the programs' business
 * @data: anything
 * @size: bytes of it, from 1 to the group's limit of a record
 * @timeout_ms: how long to wait for room in the connection's queue, as in poll(2); 0
 *	does not wait
 *
 * What is sent over one connection arrives in order and whole, as long as the connection
 * lasts. Success means that it is queued: nobody tells whether it arrived, and where no
 * program takes it, it is dropped.
 *
 * Return: S_OK, E_INVALIDARG, E_OUTOFMEMORY, E_ACCESSDENIED, PEER_E_INVALID_GROUP,
 * PEER_E_CONNECTION_NOT_FOUND, PEER_E_MAX_RECORD_SIZE_EXCEEDED, PEER_E_TIMEOUT.
 */
HRESULT peergroup_send(peergroup_t group, uint64_t id, const uuid_t type, const void *data,
		       size_t size, int timeout_ms);

/**
 * struct peergroup_data - data that another member's program has sent
 * @connection: over which it came
 * @peer: peer name of the member
 * @type: what it means
 * @data: what was sent
 * @size: bytes of it
 * @lost: so many before it were dropped, as this receiver was not read in time or there was
 *	no memory for them
 */
struct peergroup_data {
	uint64_t connection;
	const char *peer;
	uuid_t type;
	const void *data;
	size_t size;
	uint64_t lost;
};

/**
 * peergroup_receive_open - take data, and let members open direct connections
 * @group: handle; may be closed before the receiver is
 * @receiver: receives a receiver
 *
 * Each receiver of each program gets all data that comes from now on. One that is not read
 * holds up who sends over direct connections, and after some seconds loses what comes.
 *
 * Return: S_OK, E_INVALIDARG, E_OUTOFMEMORY, PEER_E_INVALID_GROUP.
 */
HRESULT peergroup_receive_open(peergroup_t group, peergroup_receiver_t *receiver);

/**
 * peergroup_receive_fd - what to poll for reading
 * @receiver: receiver
 *
 * Return: a file descriptor that belongs to the receiver, -1 for a bad handle.
 */
int peergroup_receive_fd(peergroup_receiver_t receiver);

/**
 * peergroup_receive_next - take what came next; never blocks
 * @receiver: receiver
 * @data: receives it; free it with peergroup_free()
 *
 * Call it until it says PEER_S_NO_EVENT_DATA, then poll.
 *
 * Return: S_OK, PEER_S_NO_EVENT_DATA, E_INVALIDARG, E_OUTOFMEMORY, PEER_E_INVALID_GROUP.
 */
HRESULT peergroup_receive_next(peergroup_receiver_t receiver, struct peergroup_data **data);

/**
 * peergroup_receive_close - take data no longer
 * @receiver: receiver
 *
 * Direct connections that came in end with the last receiver of all programs.
 *
 * Return: S_OK, E_INVALIDARG.
 */
HRESULT peergroup_receive_close(peergroup_receiver_t receiver);

/* ------------------------------------------- helpers for users of <p2p.h> -- */

/**
 * peergroup_event_create - make an event for PeerGroupRegisterEvent()
 * @event: receives a HANDLE that is an eventfd; close it with
 *	peergroup_event_close() after PeerGroupUnregisterEvent()
 *
 * Return: S_OK, E_INVALIDARG, HRESULT_FROM_WIN32(ERROR_TOO_MANY_OPEN_FILES).
 */
HRESULT peergroup_event_create(HANDLE *event);

/**
 * peergroup_event_fd - the file descriptor inside an event
 * @event: HANDLE
 *
 * Return: what to poll for reading; read 8 bytes (or peergroup_event_wait()) to
 * reset it, then drain with PeerGroupGetEventData().
 */
int peergroup_event_fd(HANDLE event);

/**
 * peergroup_event_wait - wait for an event and reset it
 * @event: HANDLE
 * @timeout_ms: as in poll(2): -1 waits for ever
 *
 * Return: S_OK when signalled, S_FALSE at the timeout, E_HANDLE.
 */
HRESULT peergroup_event_wait(HANDLE event, int timeout_ms);

/**
 * peergroup_event_close - close an event
 * @event: HANDLE
 */
void peergroup_event_close(HANDLE event);

/**
 * peergroup_signal_begin - say that events are the program's own
 *
 * For programs that bring a Win32 with them, whose events only its own threads may
 * signal. From now on, until the last PeerGroupShutdown(), PeerGroupRegisterEvent()
 * takes any HANDLE and does not look at it: a thread of the program signals it when
 * peergroup_signal_next() says so. Where <p2p.h> finds a windows.h it does all of this.
 *
 * Return: S_OK when the caller has to start that thread, S_FALSE when it was begun
 * already, PEER_E_NOT_INITIALIZED.
 */
HRESULT peergroup_signal_begin(void);

/**
 * peergroup_signal_next - wait for an event of the program's that is to be signalled
 * @event: receives what PeerGroupRegisterEvent() was given
 *
 * One thread calls this again and again. PeerGroupUnregisterEvent() for @event waits
 * until it does.
 *
 * Return: S_OK, S_FALSE after the last PeerGroupShutdown(), E_INVALIDARG.
 */
HRESULT peergroup_signal_next(HANDLE *event);

/**
 * peergroup_wide_from_utf8 - text as the calls of <p2p.h> take it
 * @utf8: text
 * @wide: receives the same in UTF-16; free it with peergroup_free() or PeerFreeData()
 *
 * Return: S_OK, E_INVALIDARG (also for what is not UTF-8), E_OUTOFMEMORY.
 */
HRESULT peergroup_wide_from_utf8(const char *utf8, PWSTR *wide);

/**
 * peergroup_utf8_from_wide - text that a call of <p2p.h> gave
 * @wide: text in UTF-16
 * @utf8: receives the same in UTF-8
 *
 * Return: S_OK, E_INVALIDARG (also for half a surrogate pair), E_OUTOFMEMORY.
 */
HRESULT peergroup_utf8_from_wide(PCWSTR wide, char **utf8);

/**
 * peergroup_guid_to_uuid - a GUID in text order, as libuuid has it
 * @guid: as Windows keeps it in memory
 * @uuid: receives the same
 */
void peergroup_guid_to_uuid(const GUID *guid, uuid_t uuid);

/**
 * peergroup_uuid_to_guid - the other way
 * @uuid: text order
 * @guid: receives the same
 */
void peergroup_uuid_to_guid(const uuid_t uuid, GUID *guid);

#ifdef __cplusplus
}
#endif

#endif /* _PEERGROUP_H */
