// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Result codes: their names and meaning, what errno becomes, and the sentence
 * that says more about this thread's last failure.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include "internal.h"

static _Thread_local char detail[512];

#define CODE(name, text)	{ name, #name, text }
#define WIN32(name, text) \
	{ HRESULT_FROM_WIN32(name), "HRESULT_FROM_WIN32(" #name ")", text }

static const struct {
	HRESULT value;
	const char *name;
	const char *text;
} codes[] = {
	CODE(S_OK, "success"),
	CODE(S_FALSE, "success, but nothing happened"),
	CODE(E_NOTIMPL, "not implemented"),
	CODE(E_POINTER, "null pointer"),
	CODE(E_ABORT, "aborted"),
	CODE(E_FAIL, "failure"),
	CODE(E_PENDING, "not complete yet"),
	CODE(E_UNEXPECTED, "internal failure"),
	CODE(E_ACCESSDENIED, "access denied"),
	CODE(E_HANDLE, "no such identity or handle"),
	CODE(E_OUTOFMEMORY, "out of memory"),
	CODE(E_INVALIDARG, "invalid argument"),
	CODE(PEER_S_GRAPH_DATA_CREATED, "graph data created"),
	CODE(PEER_S_NO_EVENT_DATA, "no event is waiting"),
	CODE(PEER_S_NO_CONNECTIVITY, "signed in without connectivity"),
	CODE(PEER_S_ALREADY_A_MEMBER, "already a member"),
	CODE(PEER_S_ALREADY_CONNECTED, "already connected"),
	CODE(PEER_S_SUBSCRIPTION_EXISTS, "subscription exists"),
	CODE(PEER_E_IPV6_NOT_INSTALLED, "IPv6 is not available"),
	CODE(PEER_E_NOT_INITIALIZED, "the library was not started"),
	CODE(PEER_E_CANNOT_START_SERVICE, "a needed service cannot start"),
	CODE(PEER_E_NOT_LICENSED, "not licensed"),
	CODE(PEER_E_INVALID_GRAPH, "not a graph handle"),
	CODE(PEER_E_DBNAME_CHANGED, "the database name changed"),
	CODE(PEER_E_DUPLICATE_GRAPH, "the graph exists already"),
	CODE(PEER_E_GRAPH_NOT_READY, "the graph has not synchronised yet"),
	CODE(PEER_E_GRAPH_SHUTTING_DOWN, "the graph is shutting down"),
	CODE(PEER_E_GRAPH_IN_USE, "the graph is in use"),
	CODE(PEER_E_INVALID_DATABASE, "the database belongs to another group"),
	CODE(PEER_E_TOO_MANY_ATTRIBUTES, "too many attributes"),
	CODE(PEER_E_CONNECTION_NOT_FOUND, "no such connection"),
	CODE(PEER_E_CONNECT_SELF, "cannot connect to oneself"),
	CODE(PEER_E_ALREADY_LISTENING, "already listening"),
	CODE(PEER_E_NODE_NOT_FOUND, "no such node"),
	CODE(PEER_E_CONNECTION_FAILED, "the connection failed"),
	CODE(PEER_E_CONNECTION_NOT_AUTHENTICATED, "the connection was not authenticated"),
	CODE(PEER_E_CONNECTION_REFUSED, "the connection was refused"),
	CODE(PEER_E_CLASSIFIER_TOO_LONG, "the classifier is too long"),
	CODE(PEER_E_TOO_MANY_IDENTITIES, "too many identities"),
	CODE(PEER_E_NO_KEY_ACCESS, "the key store is not accessible"),
	CODE(PEER_E_GROUPS_EXIST, "the identity still belongs to groups"),
	CODE(PEER_E_RECORD_NOT_FOUND, "no such record"),
	CODE(PEER_E_DATABASE_ACCESSDENIED, "access to the database denied"),
	CODE(PEER_E_DBINITIALIZATION_FAILED, "the database cannot be loaded"),
	CODE(PEER_E_MAX_RECORD_SIZE_EXCEEDED, "the record is larger than the group allows"),
	CODE(PEER_E_DATABASE_ALREADY_PRESENT, "the database exists already"),
	CODE(PEER_E_DATABASE_NOT_PRESENT, "the database does not exist"),
	CODE(PEER_E_IDENTITY_NOT_FOUND, "no such identity in the group"),
	CODE(PEER_E_EVENT_HANDLE_NOT_FOUND, "no such event handle"),
	CODE(PEER_E_INVALID_SEARCH, "the query breaks its schema"),
	CODE(PEER_E_INVALID_ATTRIBUTES, "the attributes break their schema"),
	CODE(PEER_E_INVITATION_NOT_TRUSTED, "the invitation is not trusted"),
	CODE(PEER_E_CHAIN_TOO_LONG, "the chain of certificates is too long"),
	CODE(PEER_E_INVALID_TIME_PERIOD, "the period of validity is wrong"),
	CODE(PEER_E_CIRCULAR_CHAIN_DETECTED, "the invited is among the inviters"),
	CODE(PEER_E_CERT_STORE_CORRUPTED, "the identity store is damaged"),
	CODE(PEER_E_NO_CLOUD, "no such cloud"),
	CODE(PEER_E_CLOUD_NAME_AMBIGUOUS, "several clouds have this name"),
	CODE(PEER_E_INVALID_RECORD, "a field of the record is invalid"),
	CODE(PEER_E_NOT_AUTHORIZED, "not authorized"),
	CODE(PEER_E_PASSWORD_DOES_NOT_MEET_POLICY, "the password is too weak"),
	CODE(PEER_E_DEFERRED_VALIDATION, "the record cannot be verified yet"),
	CODE(PEER_E_INVALID_GROUP_PROPERTIES, "a group property is invalid"),
	CODE(PEER_E_INVALID_PEER_NAME, "not a valid peer name"),
	CODE(PEER_E_INVALID_CLASSIFIER, "not a valid classifier"),
	CODE(PEER_E_INVALID_FRIENDLY_NAME, "not a valid friendly name"),
	CODE(PEER_E_INVALID_ROLE_PROPERTY, "no such role"),
	CODE(PEER_E_INVALID_CLASSIFIER_PROPERTY, "the classifier in the invitation is invalid"),
	CODE(PEER_E_INVALID_RECORD_EXPIRATION, "the expiration of the record is invalid"),
	CODE(PEER_E_INVALID_CREDENTIAL_INFO, "the credentials are invalid"),
	CODE(PEER_E_INVALID_CREDENTIAL, "the invitation is invalid"),
	CODE(PEER_E_INVALID_RECORD_SIZE, "the size of the record is invalid"),
	CODE(PEER_E_UNSUPPORTED_VERSION, "this version is not supported"),
	CODE(PEER_E_GROUP_NOT_READY, "the group has not synchronised yet"),
	CODE(PEER_E_GROUP_IN_USE, "the group is in use"),
	CODE(PEER_E_INVALID_GROUP, "not a group handle, or the group has ended"),
	CODE(PEER_E_NO_MEMBERS_FOUND, "no member of the group was found"),
	CODE(PEER_E_NO_MEMBER_CONNECTIONS, "no member accepted a connection"),
	CODE(PEER_E_UNABLE_TO_LISTEN, "cannot listen on the port"),
	CODE(PEER_E_IDENTITY_DELETED, "the identity was deleted"),
	CODE(PEER_E_SERVICE_NOT_AVAILABLE, "the service is not available"),
	CODE(PEER_E_CANNOT_CONVERT_PEER_NAME, "the peer name has no host name"),
	CODE(PEER_E_INVALID_PEER_HOST_NAME, "not a host name of a peer"),
	CODE(PEER_E_NO_MORE, "no more data"),
	CODE(PEER_E_PNRP_DUPLICATE_PEER_NAME, "the peer name is registered already"),
	CODE(PEER_E_CONTACT_NOT_FOUND, "no such contact"),
	CODE(PEER_E_INVITE_CANCELLED, "the invitation was cancelled"),
	CODE(PEER_E_INVITE_RESPONSE_NOT_AVAILABLE, "the invitation was not answered"),
	CODE(PEER_E_NOT_SIGNED_IN, "not signed in"),
	CODE(PEER_E_PRIVACY_DECLINED, "the privacy terms were declined"),
	CODE(PEER_E_TIMEOUT, "timed out"),
	CODE(PEER_E_INVALID_ADDRESS, "not a valid address"),
	CODE(PEER_E_FW_EXCEPTION_DISABLED, "the firewall exception is disabled"),
	CODE(PEER_E_FW_BLOCKED_BY_POLICY, "the firewall blocks this by policy"),
	CODE(PEER_E_FW_BLOCKED_BY_SHIELDS_UP, "the firewall blocks everything"),
	CODE(PEER_E_FW_DECLINED, "the firewall exception was declined"),
	CODE(PEER_E_NOT_FOUND, "not found"),
	CODE(PEER_E_DISK_FULL, "no space left"),
	CODE(PEER_E_ALREADY_EXISTS, "exists already"),
	CODE(PEER_E_CLOUD_NOT_FOUND, "cloud not found"),
	CODE(PEER_E_CLOUD_DISABLED, "the cloud is disabled"),
	CODE(PEER_E_INVALID_IDENTITY, "not a valid identity"),
	CODE(PEER_E_TOO_MUCH_LOAD, "too much load"),
	CODE(PEER_E_CLOUD_IS_SEARCH_ONLY, "the cloud can only be searched"),
	CODE(PEER_E_CLIENT_INVALID_COMPARTMENT_ID, "not a valid compartment"),
	CODE(PEER_E_DUPLICATE_PEER_NAME, "the peer name exists already"),
	CODE(PEER_E_CLOUD_IS_DEAD, "the cloud has no network"),
	WIN32(ERROR_FILE_NOT_FOUND, "file not found"),
	WIN32(ERROR_PATH_NOT_FOUND, "path not found"),
	WIN32(ERROR_TOO_MANY_OPEN_FILES, "too many open files"),
	WIN32(ERROR_WRITE_PROTECT, "the file system is read-only"),
	WIN32(ERROR_SHARING_VIOLATION, "in use by another process"),
	WIN32(ERROR_LOCK_VIOLATION, "locked by another process"),
	WIN32(ERROR_INVALID_NAME, "not a valid file name"),
	WIN32(ERROR_FILENAME_EXCED_RANGE, "the file name is too long"),
	WIN32(ERROR_DIRECTORY, "is a directory"),
	WIN32(ERROR_DELETE_PENDING, "the identity is being deleted"),
	WIN32(ERROR_SERVICE_DEPENDENCY_FAIL, "the kernel module peergroup is not loaded"),
	WIN32(ERROR_IO_DEVICE, "input/output error"),
	WIN32(RPC_S_SERVER_UNAVAILABLE, "the kernel did not answer, or its module was unloaded"),
	WIN32(RPC_S_CALL_FAILED, "the call to the kernel failed"),
};

PGI_PUBLIC const char *peergroup_strerror(HRESULT result)
{
	size_t i;

	for (i = 0; i < PGI_ARRAY_SIZE(codes); i++)
		if (codes[i].value == result)
			return codes[i].text;
	switch ((uint32_t)result & 0xffff0000U) {
	case 0x80090000U:	/* NTE_*, SEC_E_*, CRYPT_E_*, TRUST_E_*, CERT_E_* */
	case 0x800b0000U:
		return "cryptographic failure";
	case 0x80070000U:
		return "system error";
	}
	return FAILED(result) ? "unknown failure" : "success";
}

PGI_PUBLIC const char *peergroup_error_name(HRESULT result)
{
	size_t i;

	for (i = 0; i < PGI_ARRAY_SIZE(codes); i++)
		if (codes[i].value == result)
			return codes[i].name;
	return NULL;
}

PGI_PUBLIC const char *peergroup_error_detail(void)
{
	return detail;
}

void pgi_clear_error(void)
{
	detail[0] = 0;
	errno = 0;
}

/*
 * An allocation that fails, in whatever library, leaves ENOMEM in errno. What could not
 * be read for lack of memory looks damaged, or as if it were not there: of that nothing
 * is known, and the lack of memory is what to report.
 */
static HRESULT memory_first(HRESULT hr)
{
	if (SUCCEEDED(hr) || errno != ENOMEM)
		return hr;
	pgi_set_error("out of memory");
	return E_OUTOFMEMORY;
}

/* Through a copy, so that an argument may be the old detail. */
static void vset_error(const char *fmt, va_list args)
{
	char text[sizeof(detail)];

	vsnprintf(text, sizeof(text), fmt, args);
	memcpy(detail, text, sizeof(text));
}

void pgi_set_error(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vset_error(fmt, args);
	va_end(args);
}

HRESULT pgi_fail(HRESULT hr, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vset_error(fmt, args);
	va_end(args);
	return memory_first(hr);
}

HRESULT pgi_from_errno(int err)
{
	static const struct {
		int err;
		HRESULT hr;
	} map[] = {
		{ 0, S_OK },
		{ ENOENT, HRESULT_FROM_WIN32(ERROR_FILE_NOT_FOUND) },
		{ ENOTDIR, HRESULT_FROM_WIN32(ERROR_PATH_NOT_FOUND) },
		{ EMFILE, HRESULT_FROM_WIN32(ERROR_TOO_MANY_OPEN_FILES) },
		{ ENFILE, HRESULT_FROM_WIN32(ERROR_TOO_MANY_OPEN_FILES) },
		{ EACCES, E_ACCESSDENIED },
		{ EPERM, E_ACCESSDENIED },
		{ ELOOP, E_ACCESSDENIED },	/* O_NOFOLLOW met a link */
		{ EROFS, HRESULT_FROM_WIN32(ERROR_WRITE_PROTECT) },
		{ EBUSY, HRESULT_FROM_WIN32(ERROR_SHARING_VIOLATION) },
		{ ETXTBSY, HRESULT_FROM_WIN32(ERROR_SHARING_VIOLATION) },
		{ EAGAIN, HRESULT_FROM_WIN32(ERROR_LOCK_VIOLATION) },
		{ ENOSPC, PEER_E_DISK_FULL },
		{ EDQUOT, PEER_E_DISK_FULL },
		{ EEXIST, PEER_E_ALREADY_EXISTS },
		{ ENOTEMPTY, PEER_E_ALREADY_EXISTS },
		{ EINVAL, HRESULT_FROM_WIN32(ERROR_INVALID_NAME) },
		{ ENAMETOOLONG, HRESULT_FROM_WIN32(ERROR_FILENAME_EXCED_RANGE) },
		{ EISDIR, HRESULT_FROM_WIN32(ERROR_DIRECTORY) },
		{ ENOMEM, E_OUTOFMEMORY },
		{ EIO, HRESULT_FROM_WIN32(ERROR_IO_DEVICE) },
	};
	size_t i;

	for (i = 0; i < PGI_ARRAY_SIZE(map); i++)
		if (map[i].err == err)
			return map[i].hr;
	return E_UNEXPECTED;
}
