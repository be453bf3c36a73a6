/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the files of libpeergroup share. Inside, text is UTF-8 and times are
 * peer time; the functions of p2p.h convert on their way in and out. A pgi_
 * function returns S_OK or what its caller is to return to the program.
 */
#ifndef _PEERGROUP_INTERNAL_H
#define _PEERGROUP_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <peergroup.h>

#define PGI_PUBLIC	__attribute__((visibility("default")))
#define PGI_PRINTF(f, a) __attribute__((format(printf, f, a)))
#define PGI_UNUSED	__attribute__((unused))
#define PGI_MUST_CHECK	__attribute__((warn_unused_result))

#define PGI_ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define pgi_container_of(ptr, type, member) \
	((type *)((char *)(ptr) - offsetof(type, member)))

/* Limits of the contract, in UTF-16 units without the NUL. */
#define PGI_CLASSIFIER_MAX	149
#define PGI_FRIENDLY_MAX	255
#define PGI_COMMENT_MAX		255
#define PGI_NAME_MAX		190
#define PGI_AUTHORITY_LEN	40
#define PGI_IDENTITIES_MAX	256
#define PGI_ATTRIBUTES_MAX	256

#define PGI_MINUTE		(60 * PEERGROUP_TIME_PER_SECOND)
#define PGI_SKEW		(10 * PGI_MINUTE)	/* start of validity before now */

/* ------------------------------------------------------ hresult.c: errors -- */

/* A public function calls this first. */
void pgi_clear_error(void);

/*
 * Set this thread's detail; the second returns @hr, for "return pgi_fail(...)", or
 * E_OUTOFMEMORY where an allocation has failed since pgi_clear_error().
 */
void pgi_set_error(const char *fmt, ...) PGI_PRINTF(1, 2);
HRESULT pgi_fail(HRESULT hr, const char *fmt, ...) PGI_PRINTF(2, 3);

HRESULT pgi_from_errno(int err);		/* 0 gives S_OK */

/* ---------------------------------------- memory.c: what PeerFreeData frees -- */

/* A zeroed block for the program; NULL without memory. */
void *pgi_new(size_t size);
/* More zeroed memory, freed together with @top, which pgi_new() made. */
void *pgi_sub(void *top, size_t size);
char *pgi_sub_str(void *top, const char *utf8);
WCHAR *pgi_sub_wide(void *top, const char *utf8);	/* NULL also if not UTF-8 */
void *pgi_sub_copy(void *top, const void *data, size_t size);

struct pgi_blob {
	uint8_t *data;		/* malloc() */
	size_t len;
};

void pgi_blob_free(struct pgi_blob *blob);
/* The same for what nobody is to find in memory later. */
void pgi_blob_wipe(struct pgi_blob *blob);
void pgi_secret_free(char *secret);	/* of a text; NULL is fine */
HRESULT pgi_blob_set(struct pgi_blob *blob, const void *data, size_t len);

/*
 * A text that is written piece by piece: from malloc(), ended by a zero, *len without that.
 * open_memstream() does the same, and says nothing of what was lost for lack of memory.
 */
FILE *pgi_stream_begin(char **text, size_t *len);
/* E_OUTOFMEMORY, and no *text, where something was lost. */
HRESULT pgi_stream_end(FILE *out, char **text);

/* ------------------------------------------------------------ utf.c: text -- */

bool pgi_utf8_valid(const char *s);
/* Decodes one character and moves *@s behind it; -1 for a byte that is not UTF-8. */
int32_t pgi_utf8_next(const char **s);
size_t pgi_utf8_units(const char *s);		/* as UTF-16; @s is valid */
/* *@out is malloc()ed; E_INVALIDARG for text that is not proper Unicode. */
HRESULT pgi_utf8_from_wide(const WCHAR *s, char **out);	/* NULL stays NULL */
/* The same for a field of a program's: what is not proper is @bad, named @what. */
HRESULT pgi_utf8_take(const WCHAR *from, char **to, HRESULT bad, const char *what);
HRESULT pgi_wide_return(const char *utf8, WCHAR **out);	/* for the program to free */
HRESULT pgi_str_return(const char *utf8, char **out);	/* for the program to free */

/*
 * The same for a peer name, in two steps: room for it is made before what is not to be
 * undone for lack of memory, and given to the program afterwards, or freed where that
 * failed. @name is freed.
 */
HRESULT pgi_wide_room(WCHAR **room);
HRESULT pgi_str_room(char **room);
void pgi_wide_end(HRESULT hr, WCHAR *room, char *name, WCHAR **out);
void pgi_str_end(HRESULT hr, char *room, char *name, char **out);

void pgi_hex(const uint8_t *data, size_t len, char *out);	/* 2 * len + 1 bytes */
bool pgi_unhex(const char *hex, uint8_t *out, size_t len);	/* exactly 2 * len digits */

/* -------------------------------------------- time.c: time, GUIDs, roles -- */

uint64_t pgi_now(void);				/* this host's, as peer time */
/* When @timeout_ms from now will be, -1 for never; and what is left, as poll() takes it. */
int64_t pgi_deadline(int timeout_ms);
int pgi_time_left(int64_t deadline);
static inline uint64_t pgi_filetime(const FILETIME *ft)
{
	return (uint64_t)ft->dwHighDateTime << 32 | ft->dwLowDateTime;
}

static inline FILETIME pgi_to_filetime(uint64_t time)
{
	FILETIME ft;

	ft.dwLowDateTime = (uint32_t)time;
	ft.dwHighDateTime = (uint32_t)(time >> 32);
	return ft;
}

uint32_t pgi_role_of_guid(const GUID *guid);		/* PEERGROUP_ROLE_*, 0 if none */
const GUID *pgi_guid_of_role(uint32_t role);		/* of a single role; or NULL */

/* --------------------------------------------------- handle.c: the handles -- */

enum pgi_type { PGI_GROUP = 1, PGI_ENUM, PGI_EVENT, PGI_WATCH, PGI_KEY, PGI_RECEIVER };

/* First member of what a handle names. Made with one reference. */
struct pgi_object {
	enum pgi_type type;
	bool windows;			/* of <p2p.h>: the last PeerGroupShutdown() ends it */
	atomic_uint refs;
	void (*release)(struct pgi_object *obj);	/* with the last reference */
};

void pgi_object_init(struct pgi_object *obj, enum pgi_type type,
		     void (*release)(struct pgi_object *obj));
struct pgi_object *pgi_object_get(struct pgi_object *obj);
void pgi_object_put(struct pgi_object *obj);		/* NULL is fine */

/* The table takes over the caller's reference, on success only. */
HRESULT pgi_handle_new(struct pgi_object *obj, void **handle);
/* A new reference; NULL for a closed, foreign or inherited (fork) handle. */
struct pgi_object *pgi_handle_get(const void *handle, enum pgi_type type);
/* A handle just made is of the native interface: no Shutdown ends it. */
void pgi_handle_native(const void *handle);
/* Closes the handle: the table's reference goes to the caller. NULL as above. */
struct pgi_object *pgi_handle_remove(const void *handle, enum pgi_type type);
/* Closes every handle of this process for which @match (NULL: any) is true. */
void pgi_handle_remove_if(bool (*match)(struct pgi_object *obj, void *arg), void *arg);

/* -------------------------------------------------------------- process.c -- */

/* getpid(), without the system call; never fails. */
pid_t pgi_process(void);

/*
 * In a file that guards by a lock what is the process's: fork() calls @child in the child,
 * which makes the lock anew, as the thread that had it is not there. What it guards may be
 * half changed; where that cannot be thrown away, @before and @after take the lock and give
 * it back around fork(). Both may be NULL.
 */
#define PGI_AT_FORK(before, after, child)				\
	__attribute__((constructor)) static void at_fork(void)		\
	{								\
		pthread_atfork(before, after, child);			\
	}

/*
 * Around all that a thread of the library's own does: pgi_work_prepare() before it is
 * created, pgi_work_begin() before it uses anything; false when the process is ending and
 * the thread shall, too.
 */
void pgi_work_prepare(void);
bool pgi_work_begin(void);
void pgi_work_end(void);

/* -------------------------------------------------------------- startup.c -- */

/* S_OK, PEER_E_NOT_INITIALIZED; first thing in every PeerGroup function. */
HRESULT pgi_started(void);

/* signal.c: the last PeerGroupShutdown() ends peergroup_signal_next(). */
void pgi_signal_end(void);

/* ----------------------------------------------------------- enumeration.c -- */

/*
 * An enumeration of @count items. @copy makes item @i for the program inside
 * the block @top; @free_items frees @items with the enumeration. On failure the
 * caller keeps @items.
 */
struct pgi_enum_ops {
	HRESULT (*copy)(void *items, size_t i, void *top, void **item);
	void (*free_items)(void *items, size_t count);
};

HRESULT pgi_enum_new(const struct pgi_enum_ops *ops, void *items, size_t count,
		     HPEERENUM *handle);

/* -------------------------------------------------------- name.c: peer names -- */

/* authority[.classifier] of a key's hash; malloc()ed. */
HRESULT pgi_name_make(const uint8_t spki_hash[32], const char *classifier, char **name);
bool pgi_text_plain(const char *s);		/* UTF-8 without control characters */
bool pgi_text_xml(const char *s);		/* the same, without U+FFFE and U+FFFF */
bool pgi_name_valid(const char *name);		/* a secure peer name */
bool pgi_name_matches(const char *name, const uint8_t spki_hash[32]);
bool pgi_classifier_valid(const char *classifier);	/* NULL and "" are */
/* May a name be made with it? What is exported, and invitations, could not say all others. */
bool pgi_classifier_new(const char *classifier);
bool pgi_friendly_valid(const char *friendly);		/* NULL and "" are */

/* ------------------------------------------------------ identity.c, store.c -- */

struct pgi_identity {
	char *name;
	char *friendly;
	EVP_PKEY *key;
	uint8_t spki_hash[32];
	uint64_t created;
};

/*
 * @name NULL is the default. E_INVALIDARG (not a peer name), PEER_E_NOT_FOUND,
 * PEER_E_NO_KEY_ACCESS, PEER_E_CERT_STORE_CORRUPTED.
 */
HRESULT pgi_identity_load(const char *name, struct pgi_identity **identity);
void pgi_identity_free(struct pgi_identity *identity);
/* S_OK while it is still in the store, else PEER_E_NOT_FOUND. */
HRESULT pgi_identity_exists(const char *name);
/* The same for one in use: @gone where it is no more, or why that cannot be seen. */
HRESULT pgi_identity_still(const char *name, HRESULT gone);
HRESULT pgi_identity_friendly(const char *name, char **friendly);	/* malloc() */
HRESULT pgi_identity_set_friendly(const char *name, const char *friendly);

/*
 * Sign a digest; @sig has room for PEERGROUP_SIG_LEN_MAX. *@algo becomes
 * PEERGROUP_SIG_RSA_SHA256 or PEERGROUP_SIG_P256_SHA256.
 */
HRESULT pgi_sign_digest(const struct pgi_identity *identity, const uint8_t digest[32],
			uint8_t *sig, size_t *len, uint8_t *algo);

#define PGI_FORMER_MAX	3

/* Certificates that a member went by before: DER, as in struct pgi_group_store. */
struct pgi_former {
	struct pgi_blob *chain;
	size_t len;
};

#define PGI_VERIFIER_LEN	32	/* what is kept of a password, and the PRS of CPace */
#define PGI_MARK_LEN		16	/* tells one setting of a group's password from another */

/* What is kept of a group's password; all zeros is no mark. */
struct pgi_verifier {
	uint8_t key[PGI_VERIFIER_LEN];
	uint8_t mark[PGI_MARK_LEN];	/* the properties' at the time */
};

/*
 * What is on disk of a group that an identity belongs to. Everything is
 * malloc()ed and freed by pgi_group_store_free().
 */
struct pgi_group_store {
	char *identity;			/* peer name of the member */
	char *name;			/* the group's peer name */
	char *friendly;			/* never NULL */
	char *classifier;		/* these three may be NULL */
	char *comment;
	char *cloud;
	uint8_t id[32];			/* SHA-256 of the root's SPKI */
	struct pgi_blob root;		/* DER */
	struct pgi_blob *chain;		/* DER, below the root first, own last */
	size_t chain_len;
	struct pgi_former former[PGI_FORMER_MAX];	/* the latest first */
	size_t former_len;
	bool creator;			/* made here: the group's key is on disk */
	bool ready;			/* was synchronised once */
	bool pending;			/* to be joined by password: no certificates yet */
	struct pgi_verifier *verifier;	/* of a store to be created; or NULL */
	uint16_t port;			/* last used, 0 = default */
	uint32_t flags;			/* PEER_GROUP_PROPERTY_FLAGS */
	uint32_t member_data_lifetime;
	uint32_t presence_lifetime;
	uint32_t schemes, password_role;	/* as in struct pgi_properties; 0 as none */
	uint8_t password_mark[PGI_MARK_LEN];
	struct pgi_blob properties;	/* wire form of the record, if one was seen */
	char **addresses;		/* remembered, in the form connect takes */
	size_t addresses_len;
};

/* @identity NULL is the default. PEER_E_NOT_FOUND for a group not joined. */
HRESULT pgi_group_store_load(const char *identity, const char *name,
			     struct pgi_group_store **store);
/* Of a group that is damaged: the names alone, and as much of its id as these tell. */
HRESULT pgi_group_store_named(const char *identity, const char *name,
			      struct pgi_group_store **store);
/*
 * Writes a new group, with the properties if @store has them; @key (may be NULL) is the
 * root's. With @replace it takes the place of one that is there, else
 * PEER_E_ALREADY_EXISTS.
 */
HRESULT pgi_group_store_create(const struct pgi_group_store *store, EVP_PKEY *key,
			       bool replace);
/* PEER_E_NOT_FOUND where @store->identity is in no group @store->name. */
HRESULT pgi_group_store_has(const struct pgi_group_store *store);
/*
 * Around loading and saving: other threads and programs may do the same.
 */
HRESULT pgi_group_store_lock(const char *identity, const char *name, int *lock);
void pgi_group_store_unlock(int lock);
/* Writes what changes with use: ready (which sticks), port, addresses. */
HRESULT pgi_group_store_save(const struct pgi_group_store *store);
/*
 * @store goes by @chain, which it takes over, from now on, and keeps what it went by until
 * now: who issued the new one may be revoked with all it issued. Does not save.
 */
void pgi_group_store_take(struct pgi_group_store *store, struct pgi_blob *chain, size_t len);
/* Forgets those of @store->former[@i]. Does not save. */
void pgi_group_store_drop(struct pgi_group_store *store, size_t i);
/* Writes the certificates, after another invitation was accepted. */
HRESULT pgi_group_store_renew(const struct pgi_group_store *store);
/* Writes the record of the group's properties, unless the disk has as new a one. */
HRESULT pgi_group_store_keep_properties(const struct pgi_group_store *store,
					const struct pgi_blob *wire);
HRESULT pgi_group_store_load_key(const struct pgi_group_store *store, EVP_PKEY **key);
HRESULT pgi_group_store_delete(const char *identity, const char *name);
void pgi_group_store_free(struct pgi_group_store *store);

/* What is kept of the group's password. PEER_E_NOT_FOUND, PEER_E_CERT_STORE_CORRUPTED. */
HRESULT pgi_group_store_verifier(const struct pgi_group_store *store,
				 struct pgi_verifier *verifier);
HRESULT pgi_group_store_keep_verifier(const struct pgi_group_store *store,
				      const struct pgi_verifier *verifier);
HRESULT pgi_group_store_forget_verifier(const struct pgi_group_store *store);

/*
 * Every group of @identity (NULL: of all); @each owns nothing. Of one that is damaged @each
 * gets what its info says, or else nothing; S_OK then, too, and the error's detail tells.
 */
HRESULT pgi_group_store_each(const char *identity,
			     HRESULT (*each)(const struct pgi_group_store *store, void *arg),
			     void *arg);
/* Adds to the remembered addresses (the newest 8 stay); does not save. */
HRESULT pgi_group_store_remember(struct pgi_group_store *store, const char *address);

/* ------------------------------------------------- cert.c: certificates -- */

struct pgi_cert {
	struct pgi_blob der;
	uint8_t fingerprint[32];	/* SHA-256 of the DER */
	uint8_t spki_hash[32];
	uint8_t group_id[32];
	uint8_t issuer[32];		/* fingerprint; zero in a root */
	bool root;
	uint32_t roles;
	char *name;
	char *friendly;
	uint64_t not_before, not_after;	/* 100 ns since 1601 */
	uint64_t since;			/* the same, but for renewals */
	X509 *x509;
};

/* PEER_E_INVITATION_NOT_TRUSTED for what is not a membership certificate. */
HRESULT pgi_cert_parse(const void *der, size_t len, struct pgi_cert **cert);
void pgi_cert_free(struct pgi_cert *cert);
/* All certificates of a group on disk, root first; free with pgi_chain_free(). */
HRESULT pgi_chain_parse(const struct pgi_group_store *store,
			struct pgi_cert ***chain, size_t *len);
void pgi_chain_free(struct pgi_cert **chain, size_t len);
/* May who has @depth certificates below the root issue another? PEER_E_CHAIN_TOO_LONG. */
HRESULT pgi_chain_room(size_t depth);
/* Root first; signatures, nesting, roles, group, depth. Not the clock. */
HRESULT pgi_chain_verify(struct pgi_cert *const *chain, size_t len);

/*
 * A new group for @identity: makes the group's key, root and the creator's
 * certificate. Fills @store's id, name, root, chain, creator, ready, friendly;
 * @store's identity and classifier are given. *@key is the root's, to be handed
 * to pgi_group_store_create() and freed.
 */
HRESULT pgi_group_make(const struct pgi_identity *identity, const char *friendly,
		       struct pgi_group_store *store, EVP_PKEY **key);

/* ------------------------------------------------ invite.c, invitation.c -- */

/*
 * Checks @xml for @identity and the clock and fills a store to be created.
 * PEER_E_INVITATION_NOT_TRUSTED, _INVALID_TIME_PERIOD, _UNSUPPORTED_VERSION.
 */
HRESULT pgi_invitation_accept(const char *xml, const struct pgi_identity *identity,
			      struct pgi_group_store **store);

/*
 * The same for an invitation to join by password. *@store has no certificates, and no
 * id, of which it knows the authority only.
 */
HRESULT pgi_invitation_pending(const char *xml, const struct pgi_identity *identity,
			       struct pgi_group_store **store);

/* Issues to @identity_xml; @expires in UTC, 0 = as late as may be. *@xml: malloc(). */
HRESULT pgi_invite(const struct pgi_group_store *store, const struct pgi_identity *identity,
		   const char *identity_xml, uint64_t expires, uint32_t roles, char **xml);

/* --------------------------------------------------------- attributes.c -- */

/*
 * PEER_E_INVALID_ATTRIBUTES, PEER_E_TOO_MANY_ATTRIBUTES, or, beyond
 * PEERGROUP_ATTRS_LEN_MAX, PEER_E_MAX_RECORD_SIZE_EXCEEDED. *@units becomes the
 * length in UTF-16 units, which the record size counts twice. NULL is fine.
 */
HRESULT pgi_attributes_check(const char *xml, size_t *units);

struct pgi_attributes {
	struct peergroup_attribute items[PGI_ATTRIBUTES_MAX];
	size_t count;
};

/* The same, and what is in it, to be freed. */
HRESULT pgi_attributes_read(const char *xml, struct pgi_attributes **list);
void pgi_attributes_free(struct pgi_attributes *list);

/* ------------- what the group side (group.c, netlink.c ...) provides -- */

/* Whether the kernel has the netlink family; never waits. */
HRESULT pgi_nl_family_present(void);

/*
 * For invite.c: a reference to an open group, or PEER_E_INVALID_GROUP. The
 * two below stay valid until pgi_object_put().
 */
HRESULT pgi_group_get(HGROUP handle, struct pgi_object **group);
const struct pgi_group_store *pgi_group_get_store(struct pgi_object *group);
const struct pgi_identity *pgi_group_get_identity(struct pgi_object *group);
HRESULT pgi_group_check_ready(struct pgi_object *group);	/* PEER_E_GROUP_NOT_READY */

/*
 * Would an invitation be in vain? PEER_E_NOT_AUTHORIZED where the key of @identity_xml was
 * revoked, as far as this host has heard. A courtesy: it is the kernel that lets nobody in.
 */
HRESULT pgi_group_check_not_revoked(struct pgi_object *group, const char *identity_xml);

/* For startup.c: the last Shutdown; ends threads, after all handles are closed. */
void pgi_group_shutdown(void);

#endif /* _PEERGROUP_INTERNAL_H */
