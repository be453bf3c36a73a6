/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The Windows P2P Grouping API on Linux. Types, layouts and values are those
 * Windows documents, so that source written for it compiles here; functions are
 * declared once they work. Where a program brings its own windows.h (as under
 * Winelib), that one's types are used, and must come first.
 *
 * A WCHAR is 16 bits wide: wchar_t where the compiler makes that so
 * (-fshort-wchar), char16_t otherwise, so u"..." literals fit.
 *
 * An event HANDLE is an eventfd, cast; <peergroup.h> has helpers for it. Where there
 * is a windows.h it is one of that Win32: see the end of this file.
 *
 * The comments that begin with two stars are the manual: Documentation/gen-man makes a
 * page of each function's.
 */
#ifndef _P2P_H_
#define _P2P_H_

/* --------------------------------------------------------- basic types -- */

#if defined(_WINDOWS_) || defined(__WINE_WINDOWS_H) || defined(_WINDEF_)

#define PEERGROUP_FOREIGN_WINDOWS_H	1

#if defined(_WINSOCKAPI_) && !defined(_WINSOCK2API_) && !defined(__WINE_WINSOCK2_H)
#define _P2P_WINSOCK1			1
#endif

#if defined(__has_include) && !defined(_P2P_WINSOCK1)
#if !defined(__WS2TCPIP__) && !defined(_WS2TCPIP_H_) && __has_include(<ws2tcpip.h>)
#include <winsock2.h>
#include <ws2tcpip.h>
#define _P2P_HAVE_SOCKADDR_IN6	1
#endif
#endif
#ifdef __has_include
#if !defined(__WINE_WINCRYPT_H) && !defined(__WINCRYPT_H__) && __has_include(<wincrypt.h>)
#include <wincrypt.h>
#define _P2P_HAVE_WINCRYPT	1
#endif
#endif
#if defined(__WS2TCPIP__) || defined(_WS2TCPIP_H_)
#define _P2P_HAVE_SOCKADDR_IN6	1
#endif
#if defined(__WINE_WINCRYPT_H) || defined(__WINCRYPT_H__)
#define _P2P_HAVE_WINCRYPT	1
#endif

#else /* no windows.h */

#include <stddef.h>
#include <stdint.h>
#include <uchar.h>

#if __SIZEOF_WCHAR_T__ == 2
typedef wchar_t WCHAR;
#else
typedef char16_t WCHAR;
#endif

typedef void VOID, *PVOID, *LPVOID;
typedef const void *LPCVOID;
typedef char CHAR, *LPSTR;
typedef const char *LPCSTR;
typedef WCHAR *PWSTR, *LPWSTR, *PWCHAR;
typedef const WCHAR *PCWSTR, *LPCWSTR;
typedef int BOOL;
typedef uint8_t BYTE, *PBYTE;
typedef uint16_t WORD, USHORT;
typedef uint32_t DWORD, ULONG, *PDWORD, *PULONG;
typedef unsigned int UINT;
typedef int INT;
typedef int32_t LONG;
typedef uintptr_t ULONG_PTR;
typedef void *HANDLE;
typedef int32_t HRESULT;

/* Windows aligns these to 8 bytes on 32-bit x86 as well, Linux does not. */
#ifdef __i386__
__extension__ typedef unsigned long long ULONGLONG __attribute__((aligned(8)));
#else
__extension__ typedef unsigned long long ULONGLONG;
#endif
typedef ULONGLONG *PULONGLONG;

#ifndef TRUE
#define TRUE	1
#define FALSE	0
#endif

#ifndef GUID_DEFINED
#define GUID_DEFINED
/* The text form is Data1-Data2-Data3-Data4: the first three big-endian. */
typedef struct _GUID {
	uint32_t Data1;
	uint16_t Data2;
	uint16_t Data3;
	uint8_t Data4[8];
} GUID;
#endif

/* 100 ns since 1601-01-01 UTC. */
typedef struct _FILETIME {
	DWORD dwLowDateTime;
	DWORD dwHighDateTime;
} FILETIME, *PFILETIME, *LPFILETIME;

#define MAKEWORD(low, high) \
	((WORD)(((WORD)(low) & 0xff) | (((WORD)(high) & 0xff) << 8)))

#define SUCCEEDED(hr)		((HRESULT)(hr) >= 0)
#define FAILED(hr)		((HRESULT)(hr) < 0)

#endif /* no windows.h */

#ifdef _P2P_WINSOCK1
/* The first Winsock, which windows.h brings, has no IPv6 and bears not the second. */
typedef struct _P2P_SOCKADDR_IN6 {
	SHORT sin6_family;
	USHORT sin6_port;
	ULONG sin6_flowinfo;
	union {
		union {
			UCHAR Byte[16];
			USHORT Word[8];
		} u;
		UCHAR s6_addr[16];
	} sin6_addr;
	ULONG sin6_scope_id;
} SOCKADDR_IN6;
#elif !defined(_P2P_HAVE_SOCKADDR_IN6)
#include <netinet/in.h>
typedef struct sockaddr_in6 SOCKADDR_IN6;
#endif

#ifndef _P2P_HAVE_WINCRYPT
typedef ULONG_PTR HCRYPTPROV;

typedef struct _CRYPTOAPI_BLOB {
	DWORD cbData;
	BYTE *pbData;
} CRYPT_OBJID_BLOB, CRYPT_DATA_BLOB;

typedef struct _CRYPT_ALGORITHM_IDENTIFIER {
	LPSTR pszObjId;
	CRYPT_OBJID_BLOB Parameters;
} CRYPT_ALGORITHM_IDENTIFIER;

typedef struct _CRYPT_BIT_BLOB {
	DWORD cbData;
	BYTE *pbData;
	DWORD cUnusedBits;
} CRYPT_BIT_BLOB;

typedef struct _CERT_PUBLIC_KEY_INFO {
	CRYPT_ALGORITHM_IDENTIFIER Algorithm;
	CRYPT_BIT_BLOB PublicKey;
} CERT_PUBLIC_KEY_INFO, *PCERT_PUBLIC_KEY_INFO;
#endif

/* -------------------------------------------------------- result codes -- */

#define _P2P_HR(value)		((HRESULT)(value))

#ifndef HRESULT_FROM_WIN32
#define HRESULT_FROM_WIN32(code) \
	((HRESULT)(code) <= 0 ? (HRESULT)(code) : \
	 _P2P_HR(((code) & 0xffffU) | 0x80070000U))
#endif

#ifndef S_OK
#define S_OK				_P2P_HR(0)
#define S_FALSE				_P2P_HR(1)
#endif

#ifndef E_NOTIMPL
#define E_NOTIMPL			_P2P_HR(0x80004001U)
#endif
#ifndef E_POINTER
#define E_POINTER			_P2P_HR(0x80004003U)
#endif
#ifndef E_ABORT
#define E_ABORT				_P2P_HR(0x80004004U)
#endif
#ifndef E_FAIL
#define E_FAIL				_P2P_HR(0x80004005U)
#endif
#ifndef E_PENDING
#define E_PENDING			_P2P_HR(0x8000000aU)
#endif
#ifndef E_UNEXPECTED
#define E_UNEXPECTED			_P2P_HR(0x8000ffffU)
#endif
#ifndef E_ACCESSDENIED
#define E_ACCESSDENIED			_P2P_HR(0x80070005U)
#endif
#ifndef E_HANDLE
#define E_HANDLE			_P2P_HR(0x80070006U)
#endif
#ifndef E_OUTOFMEMORY
#define E_OUTOFMEMORY			_P2P_HR(0x8007000eU)
#endif
#ifndef E_INVALIDARG
#define E_INVALIDARG			_P2P_HR(0x80070057U)
#endif

/* Win32 codes, to be used through HRESULT_FROM_WIN32(). */
#ifndef ERROR_FILE_NOT_FOUND
#define ERROR_FILE_NOT_FOUND		2
#define ERROR_PATH_NOT_FOUND		3
#define ERROR_TOO_MANY_OPEN_FILES	4
#define ERROR_ACCESS_DENIED		5
#define ERROR_INVALID_HANDLE		6
#define ERROR_WRITE_PROTECT		19
#define ERROR_SHARING_VIOLATION		32
#define ERROR_LOCK_VIOLATION		33
#define ERROR_HANDLE_DISK_FULL		39
#define ERROR_FILE_EXISTS		80
#define ERROR_INVALID_PASSWORD		86
#define ERROR_INVALID_PARAMETER		87
#define ERROR_DISK_FULL			112
#define ERROR_INVALID_NAME		123
#define ERROR_BAD_PATHNAME		161
#define ERROR_ALREADY_EXISTS		183
#define ERROR_FILENAME_EXCED_RANGE	206
#define ERROR_DIRECTORY			267
#define ERROR_DELETE_PENDING		303
#define ERROR_FILE_INVALID		1006
#define ERROR_SERVICE_DEPENDENCY_FAIL	1068
#define ERROR_IO_DEVICE			1117
#define ERROR_NOT_FOUND			1168
#define ERROR_FILE_CORRUPT		1392
#define RPC_S_SERVER_UNAVAILABLE	1722
#define RPC_S_CALL_FAILED		1726
#define EPT_S_NOT_REGISTERED		1753
#endif

/*
 * The peer-to-peer facility. Headers of Windows miss some of these, hence one
 * #ifndef for each.
 */
#ifndef PEER_S_GRAPH_DATA_CREATED
#define PEER_S_GRAPH_DATA_CREATED	_P2P_HR(0x00630001)
#endif
#ifndef PEER_S_NO_EVENT_DATA
#define PEER_S_NO_EVENT_DATA		_P2P_HR(0x00630002)
#endif
#ifndef PEER_S_NO_CONNECTIVITY
#define PEER_S_NO_CONNECTIVITY		_P2P_HR(0x00630005)
#endif
#ifndef PEER_S_ALREADY_A_MEMBER
#define PEER_S_ALREADY_A_MEMBER		_P2P_HR(0x00630006)
#endif
#ifndef PEER_S_ALREADY_CONNECTED
#define PEER_S_ALREADY_CONNECTED	_P2P_HR(0x00632000)
#endif
#ifndef PEER_S_SUBSCRIPTION_EXISTS
#define PEER_S_SUBSCRIPTION_EXISTS	_P2P_HR(0x00636000)
#endif
#ifndef PEER_E_IPV6_NOT_INSTALLED
#define PEER_E_IPV6_NOT_INSTALLED	_P2P_HR(0x80630001U)
#endif
#ifndef PEER_E_NOT_INITIALIZED
#define PEER_E_NOT_INITIALIZED		_P2P_HR(0x80630002U)
#endif
#ifndef PEER_E_CANNOT_START_SERVICE
#define PEER_E_CANNOT_START_SERVICE	_P2P_HR(0x80630003U)
#endif
#ifndef PEER_E_NOT_LICENSED
#define PEER_E_NOT_LICENSED		_P2P_HR(0x80630004U)
#endif
#ifndef PEER_E_INVALID_GRAPH
#define PEER_E_INVALID_GRAPH		_P2P_HR(0x80630010U)
#endif
#ifndef PEER_E_DBNAME_CHANGED
#define PEER_E_DBNAME_CHANGED		_P2P_HR(0x80630011U)
#endif
#ifndef PEER_E_DUPLICATE_GRAPH
#define PEER_E_DUPLICATE_GRAPH		_P2P_HR(0x80630012U)
#endif
#ifndef PEER_E_GRAPH_NOT_READY
#define PEER_E_GRAPH_NOT_READY		_P2P_HR(0x80630013U)
#endif
#ifndef PEER_E_GRAPH_SHUTTING_DOWN
#define PEER_E_GRAPH_SHUTTING_DOWN	_P2P_HR(0x80630014U)
#endif
#ifndef PEER_E_GRAPH_IN_USE
#define PEER_E_GRAPH_IN_USE		_P2P_HR(0x80630015U)
#endif
#ifndef PEER_E_INVALID_DATABASE
#define PEER_E_INVALID_DATABASE		_P2P_HR(0x80630016U)
#endif
#ifndef PEER_E_TOO_MANY_ATTRIBUTES
#define PEER_E_TOO_MANY_ATTRIBUTES	_P2P_HR(0x80630017U)
#endif
#ifndef PEER_E_CONNECTION_NOT_FOUND
#define PEER_E_CONNECTION_NOT_FOUND	_P2P_HR(0x80630103U)
#endif
#ifndef PEER_E_CONNECT_SELF
#define PEER_E_CONNECT_SELF		_P2P_HR(0x80630106U)
#endif
#ifndef PEER_E_ALREADY_LISTENING
#define PEER_E_ALREADY_LISTENING	_P2P_HR(0x80630107U)
#endif
#ifndef PEER_E_NODE_NOT_FOUND
#define PEER_E_NODE_NOT_FOUND		_P2P_HR(0x80630108U)
#endif
#ifndef PEER_E_CONNECTION_FAILED
#define PEER_E_CONNECTION_FAILED	_P2P_HR(0x80630109U)
#endif
#ifndef PEER_E_CONNECTION_NOT_AUTHENTICATED
#define PEER_E_CONNECTION_NOT_AUTHENTICATED	_P2P_HR(0x8063010aU)
#endif
#ifndef PEER_E_CONNECTION_REFUSED
#define PEER_E_CONNECTION_REFUSED	_P2P_HR(0x8063010bU)
#endif
#ifndef PEER_E_CLASSIFIER_TOO_LONG
#define PEER_E_CLASSIFIER_TOO_LONG	_P2P_HR(0x80630201U)
#endif
#ifndef PEER_E_TOO_MANY_IDENTITIES
#define PEER_E_TOO_MANY_IDENTITIES	_P2P_HR(0x80630202U)
#endif
#ifndef PEER_E_NO_KEY_ACCESS
#define PEER_E_NO_KEY_ACCESS		_P2P_HR(0x80630203U)
#endif
#ifndef PEER_E_GROUPS_EXIST
#define PEER_E_GROUPS_EXIST		_P2P_HR(0x80630204U)
#endif
#ifndef PEER_E_RECORD_NOT_FOUND
#define PEER_E_RECORD_NOT_FOUND		_P2P_HR(0x80630301U)
#endif
#ifndef PEER_E_DATABASE_ACCESSDENIED
#define PEER_E_DATABASE_ACCESSDENIED	_P2P_HR(0x80630302U)
#endif
#ifndef PEER_E_DBINITIALIZATION_FAILED
#define PEER_E_DBINITIALIZATION_FAILED	_P2P_HR(0x80630303U)
#endif
#ifndef PEER_E_MAX_RECORD_SIZE_EXCEEDED
#define PEER_E_MAX_RECORD_SIZE_EXCEEDED	_P2P_HR(0x80630304U)
#endif
#ifndef PEER_E_DATABASE_ALREADY_PRESENT
#define PEER_E_DATABASE_ALREADY_PRESENT	_P2P_HR(0x80630305U)
#endif
#ifndef PEER_E_DATABASE_NOT_PRESENT
#define PEER_E_DATABASE_NOT_PRESENT	_P2P_HR(0x80630306U)
#endif
#ifndef PEER_E_IDENTITY_NOT_FOUND
#define PEER_E_IDENTITY_NOT_FOUND	_P2P_HR(0x80630401U)
#endif
#ifndef PEER_E_EVENT_HANDLE_NOT_FOUND
#define PEER_E_EVENT_HANDLE_NOT_FOUND	_P2P_HR(0x80630501U)
#endif
#ifndef PEER_E_INVALID_SEARCH
#define PEER_E_INVALID_SEARCH		_P2P_HR(0x80630601U)
#endif
#ifndef PEER_E_INVALID_ATTRIBUTES
#define PEER_E_INVALID_ATTRIBUTES	_P2P_HR(0x80630602U)
#endif
#ifndef PEER_E_INVITATION_NOT_TRUSTED
#define PEER_E_INVITATION_NOT_TRUSTED	_P2P_HR(0x80630701U)
#endif
#ifndef PEER_E_CHAIN_TOO_LONG
#define PEER_E_CHAIN_TOO_LONG		_P2P_HR(0x80630703U)
#endif
#ifndef PEER_E_INVALID_TIME_PERIOD
#define PEER_E_INVALID_TIME_PERIOD	_P2P_HR(0x80630705U)
#endif
#ifndef PEER_E_CIRCULAR_CHAIN_DETECTED
#define PEER_E_CIRCULAR_CHAIN_DETECTED	_P2P_HR(0x80630706U)
#endif
#ifndef PEER_E_CERT_STORE_CORRUPTED
#define PEER_E_CERT_STORE_CORRUPTED	_P2P_HR(0x80630801U)
#endif
#ifndef PEER_E_NO_CLOUD
#define PEER_E_NO_CLOUD			_P2P_HR(0x80631001U)
#endif
#ifndef PEER_E_CLOUD_NAME_AMBIGUOUS
#define PEER_E_CLOUD_NAME_AMBIGUOUS	_P2P_HR(0x80631005U)
#endif
#ifndef PEER_E_INVALID_RECORD
#define PEER_E_INVALID_RECORD		_P2P_HR(0x80632010U)
#endif
#ifndef PEER_E_NOT_AUTHORIZED
#define PEER_E_NOT_AUTHORIZED		_P2P_HR(0x80632020U)
#endif
#ifndef PEER_E_PASSWORD_DOES_NOT_MEET_POLICY
#define PEER_E_PASSWORD_DOES_NOT_MEET_POLICY	_P2P_HR(0x80632021U)
#endif
#ifndef PEER_E_DEFERRED_VALIDATION
#define PEER_E_DEFERRED_VALIDATION	_P2P_HR(0x80632030U)
#endif
#ifndef PEER_E_INVALID_GROUP_PROPERTIES
#define PEER_E_INVALID_GROUP_PROPERTIES	_P2P_HR(0x80632040U)
#endif
#ifndef PEER_E_INVALID_PEER_NAME
#define PEER_E_INVALID_PEER_NAME	_P2P_HR(0x80632050U)
#endif
#ifndef PEER_E_INVALID_CLASSIFIER
#define PEER_E_INVALID_CLASSIFIER	_P2P_HR(0x80632060U)
#endif
#ifndef PEER_E_INVALID_FRIENDLY_NAME
#define PEER_E_INVALID_FRIENDLY_NAME	_P2P_HR(0x80632070U)
#endif
#ifndef PEER_E_INVALID_ROLE_PROPERTY
#define PEER_E_INVALID_ROLE_PROPERTY	_P2P_HR(0x80632071U)
#endif
#ifndef PEER_E_INVALID_CLASSIFIER_PROPERTY
#define PEER_E_INVALID_CLASSIFIER_PROPERTY	_P2P_HR(0x80632072U)
#endif
#ifndef PEER_E_INVALID_RECORD_EXPIRATION
#define PEER_E_INVALID_RECORD_EXPIRATION	_P2P_HR(0x80632080U)
#endif
#ifndef PEER_E_INVALID_CREDENTIAL_INFO
#define PEER_E_INVALID_CREDENTIAL_INFO	_P2P_HR(0x80632081U)
#endif
#ifndef PEER_E_INVALID_CREDENTIAL
#define PEER_E_INVALID_CREDENTIAL	_P2P_HR(0x80632082U)
#endif
#ifndef PEER_E_INVALID_RECORD_SIZE
#define PEER_E_INVALID_RECORD_SIZE	_P2P_HR(0x80632083U)
#endif
#ifndef PEER_E_UNSUPPORTED_VERSION
#define PEER_E_UNSUPPORTED_VERSION	_P2P_HR(0x80632090U)
#endif
#ifndef PEER_E_GROUP_NOT_READY
#define PEER_E_GROUP_NOT_READY		_P2P_HR(0x80632091U)
#endif
#ifndef PEER_E_GROUP_IN_USE
#define PEER_E_GROUP_IN_USE		_P2P_HR(0x80632092U)
#endif
#ifndef PEER_E_INVALID_GROUP
#define PEER_E_INVALID_GROUP		_P2P_HR(0x80632093U)
#endif
#ifndef PEER_E_NO_MEMBERS_FOUND
#define PEER_E_NO_MEMBERS_FOUND		_P2P_HR(0x80632094U)
#endif
#ifndef PEER_E_NO_MEMBER_CONNECTIONS
#define PEER_E_NO_MEMBER_CONNECTIONS	_P2P_HR(0x80632095U)
#endif
#ifndef PEER_E_UNABLE_TO_LISTEN
#define PEER_E_UNABLE_TO_LISTEN		_P2P_HR(0x80632096U)
#endif
#ifndef PEER_E_IDENTITY_DELETED
#define PEER_E_IDENTITY_DELETED		_P2P_HR(0x806320a0U)
#endif
#ifndef PEER_E_SERVICE_NOT_AVAILABLE
#define PEER_E_SERVICE_NOT_AVAILABLE	_P2P_HR(0x806320a1U)
#endif
#ifndef PEER_E_CANNOT_CONVERT_PEER_NAME
#define PEER_E_CANNOT_CONVERT_PEER_NAME	_P2P_HR(0x80634001U)
#endif
#ifndef PEER_E_INVALID_PEER_HOST_NAME
#define PEER_E_INVALID_PEER_HOST_NAME	_P2P_HR(0x80634002U)
#endif
#ifndef PEER_E_NO_MORE
#define PEER_E_NO_MORE			_P2P_HR(0x80634003U)
#endif
#ifndef PEER_E_PNRP_DUPLICATE_PEER_NAME
#define PEER_E_PNRP_DUPLICATE_PEER_NAME	_P2P_HR(0x80634005U)
#endif
#ifndef PEER_E_CONTACT_NOT_FOUND
#define PEER_E_CONTACT_NOT_FOUND	_P2P_HR(0x80636001U)
#endif
#ifndef PEER_E_INVITE_CANCELLED
#define PEER_E_INVITE_CANCELLED		_P2P_HR(0x80637000U)
#endif
#ifndef PEER_E_INVITE_RESPONSE_NOT_AVAILABLE
#define PEER_E_INVITE_RESPONSE_NOT_AVAILABLE	_P2P_HR(0x80637001U)
#endif
#ifndef PEER_E_NOT_SIGNED_IN
#define PEER_E_NOT_SIGNED_IN		_P2P_HR(0x80637003U)
#endif
#ifndef PEER_E_PRIVACY_DECLINED
#define PEER_E_PRIVACY_DECLINED		_P2P_HR(0x80637004U)
#endif
#ifndef PEER_E_TIMEOUT
#define PEER_E_TIMEOUT			_P2P_HR(0x80637005U)
#endif
#ifndef PEER_E_INVALID_ADDRESS
#define PEER_E_INVALID_ADDRESS		_P2P_HR(0x80637007U)
#endif
#ifndef PEER_E_FW_EXCEPTION_DISABLED
#define PEER_E_FW_EXCEPTION_DISABLED	_P2P_HR(0x80637008U)
#endif
#ifndef PEER_E_FW_BLOCKED_BY_POLICY
#define PEER_E_FW_BLOCKED_BY_POLICY	_P2P_HR(0x80637009U)
#endif
#ifndef PEER_E_FW_BLOCKED_BY_SHIELDS_UP
#define PEER_E_FW_BLOCKED_BY_SHIELDS_UP	_P2P_HR(0x8063700aU)
#endif
#ifndef PEER_E_FW_DECLINED
#define PEER_E_FW_DECLINED		_P2P_HR(0x8063700bU)
#endif

/* The same in the Win32 facility. */
#ifndef PEER_E_NOT_FOUND
#define PEER_E_NOT_FOUND		_P2P_HR(0x80070490U)
#endif
#ifndef PEER_E_DISK_FULL
#define PEER_E_DISK_FULL		_P2P_HR(0x80070070U)
#endif
#ifndef PEER_E_ALREADY_EXISTS
#define PEER_E_ALREADY_EXISTS		_P2P_HR(0x800700b7U)
#endif
#ifndef PEER_E_CLOUD_NOT_FOUND
#define PEER_E_CLOUD_NOT_FOUND		_P2P_HR(0x80072cedU)
#endif
#ifndef PEER_E_CLOUD_DISABLED
#define PEER_E_CLOUD_DISABLED		_P2P_HR(0x80072ceeU)
#endif
#ifndef PEER_E_INVALID_IDENTITY
#define PEER_E_INVALID_IDENTITY		_P2P_HR(0x80072cefU)
#endif
#ifndef PEER_E_TOO_MUCH_LOAD
#define PEER_E_TOO_MUCH_LOAD		_P2P_HR(0x80072cf0U)
#endif
#ifndef PEER_E_CLOUD_IS_SEARCH_ONLY
#define PEER_E_CLOUD_IS_SEARCH_ONLY	_P2P_HR(0x80072cf1U)
#endif
#ifndef PEER_E_CLIENT_INVALID_COMPARTMENT_ID
#define PEER_E_CLIENT_INVALID_COMPARTMENT_ID	_P2P_HR(0x80072cf2U)
#endif
#ifndef PEER_E_DUPLICATE_PEER_NAME
#define PEER_E_DUPLICATE_PEER_NAME	_P2P_HR(0x80072cf4U)
#endif
#ifndef PEER_E_CLOUD_IS_DEAD
#define PEER_E_CLOUD_IS_DEAD		_P2P_HR(0x80072cf5U)
#endif

/* Cryptographic codes, returned where no code above says it. */
#ifndef NTE_BAD_UID
#define NTE_BAD_UID			_P2P_HR(0x80090001U)
#endif
#ifndef CRYPT_E_MSG_ERROR
#define CRYPT_E_MSG_ERROR		_P2P_HR(0x80091001U)
#endif
#ifndef NTE_BAD_HASH
#define NTE_BAD_HASH			_P2P_HR(0x80090002U)
#endif
#ifndef CRYPT_E_UNKNOWN_ALGO
#define CRYPT_E_UNKNOWN_ALGO		_P2P_HR(0x80091002U)
#endif
#ifndef NTE_BAD_KEY
#define NTE_BAD_KEY			_P2P_HR(0x80090003U)
#endif
#ifndef CRYPT_E_INVALID_MSG_TYPE
#define CRYPT_E_INVALID_MSG_TYPE	_P2P_HR(0x80091004U)
#endif
#ifndef NTE_BAD_LEN
#define NTE_BAD_LEN			_P2P_HR(0x80090004U)
#endif
#ifndef CRYPT_E_UNEXPECTED_ENCODING
#define CRYPT_E_UNEXPECTED_ENCODING	_P2P_HR(0x80091005U)
#endif
#ifndef NTE_BAD_DATA
#define NTE_BAD_DATA			_P2P_HR(0x80090005U)
#endif
#ifndef CRYPT_E_HASH_VALUE
#define CRYPT_E_HASH_VALUE		_P2P_HR(0x80091007U)
#endif
#ifndef NTE_BAD_SIGNATURE
#define NTE_BAD_SIGNATURE		_P2P_HR(0x80090006U)
#endif
#ifndef CRYPT_E_SIGNER_NOT_FOUND
#define CRYPT_E_SIGNER_NOT_FOUND	_P2P_HR(0x8009100eU)
#endif
#ifndef NTE_BAD_VER
#define NTE_BAD_VER			_P2P_HR(0x80090007U)
#endif
#ifndef CRYPT_E_BAD_LEN
#define CRYPT_E_BAD_LEN			_P2P_HR(0x80092001U)
#endif
#ifndef NTE_BAD_ALGID
#define NTE_BAD_ALGID			_P2P_HR(0x80090008U)
#endif
#ifndef CRYPT_E_BAD_ENCODE
#define CRYPT_E_BAD_ENCODE		_P2P_HR(0x80092002U)
#endif
#ifndef NTE_BAD_FLAGS
#define NTE_BAD_FLAGS			_P2P_HR(0x80090009U)
#endif
#ifndef CRYPT_E_FILE_ERROR
#define CRYPT_E_FILE_ERROR		_P2P_HR(0x80092003U)
#endif
#ifndef NTE_BAD_TYPE
#define NTE_BAD_TYPE			_P2P_HR(0x8009000aU)
#endif
#ifndef CRYPT_E_NOT_FOUND
#define CRYPT_E_NOT_FOUND		_P2P_HR(0x80092004U)
#endif
#ifndef NTE_NO_KEY
#define NTE_NO_KEY			_P2P_HR(0x8009000dU)
#endif
#ifndef CRYPT_E_EXISTS
#define CRYPT_E_EXISTS			_P2P_HR(0x80092005U)
#endif
#ifndef NTE_NO_MEMORY
#define NTE_NO_MEMORY			_P2P_HR(0x8009000eU)
#endif
#ifndef CRYPT_E_NO_PROVIDER
#define CRYPT_E_NO_PROVIDER		_P2P_HR(0x80092006U)
#endif
#ifndef NTE_EXISTS
#define NTE_EXISTS			_P2P_HR(0x8009000fU)
#endif
#ifndef CRYPT_E_SELF_SIGNED
#define CRYPT_E_SELF_SIGNED		_P2P_HR(0x80092007U)
#endif
#ifndef NTE_PERM
#define NTE_PERM			_P2P_HR(0x80090010U)
#endif
#ifndef CRYPT_E_NO_MATCH
#define CRYPT_E_NO_MATCH		_P2P_HR(0x80092009U)
#endif
#ifndef NTE_NOT_FOUND
#define NTE_NOT_FOUND			_P2P_HR(0x80090011U)
#endif
#ifndef CRYPT_E_NO_KEY_PROPERTY
#define CRYPT_E_NO_KEY_PROPERTY		_P2P_HR(0x8009200bU)
#endif
#ifndef NTE_BAD_PUBLIC_KEY
#define NTE_BAD_PUBLIC_KEY		_P2P_HR(0x80090015U)
#endif
#ifndef CRYPT_E_NO_DECRYPT_CERT
#define CRYPT_E_NO_DECRYPT_CERT		_P2P_HR(0x8009200cU)
#endif
#ifndef NTE_BAD_KEYSET
#define NTE_BAD_KEYSET			_P2P_HR(0x80090016U)
#endif
#ifndef CRYPT_E_BAD_MSG
#define CRYPT_E_BAD_MSG			_P2P_HR(0x8009200dU)
#endif
#ifndef NTE_PROV_TYPE_NOT_DEF
#define NTE_PROV_TYPE_NOT_DEF		_P2P_HR(0x80090017U)
#endif
#ifndef CRYPT_E_NO_SIGNER
#define CRYPT_E_NO_SIGNER		_P2P_HR(0x8009200eU)
#endif
#ifndef NTE_KEYSET_NOT_DEF
#define NTE_KEYSET_NOT_DEF		_P2P_HR(0x80090019U)
#endif
#ifndef CRYPT_E_INVALID_IA5_STRING
#define CRYPT_E_INVALID_IA5_STRING	_P2P_HR(0x80092022U)
#endif
#ifndef NTE_FAIL
#define NTE_FAIL			_P2P_HR(0x80090020U)
#endif
#ifndef CRYPT_E_OSS_ERROR
#define CRYPT_E_OSS_ERROR		_P2P_HR(0x80093000U)
#endif
#ifndef NTE_SILENT_CONTEXT
#define NTE_SILENT_CONTEXT		_P2P_HR(0x80090022U)
#endif
#ifndef CRYPT_E_ASN1_ERROR
#define CRYPT_E_ASN1_ERROR		_P2P_HR(0x80093100U)
#endif
#ifndef NTE_INVALID_PARAMETER
#define NTE_INVALID_PARAMETER		_P2P_HR(0x80090027U)
#endif
#ifndef CRYPT_E_ASN1_CORRUPT
#define CRYPT_E_ASN1_CORRUPT		_P2P_HR(0x80093103U)
#endif
#ifndef NTE_DEVICE_NOT_READY
#define NTE_DEVICE_NOT_READY		_P2P_HR(0x80090030U)
#endif
#ifndef CRYPT_E_ASN1_BADTAG
#define CRYPT_E_ASN1_BADTAG		_P2P_HR(0x8009310bU)
#endif
#ifndef CERT_E_EXPIRED
#define CERT_E_EXPIRED			_P2P_HR(0x800b0101U)
#endif
#ifndef TRUST_E_CERT_SIGNATURE
#define TRUST_E_CERT_SIGNATURE		_P2P_HR(0x80096004U)
#endif
#ifndef CERT_E_VALIDITYPERIODNESTING
#define CERT_E_VALIDITYPERIODNESTING	_P2P_HR(0x800b0102U)
#endif
#ifndef SEC_E_INVALID_TOKEN
#define SEC_E_INVALID_TOKEN		_P2P_HR(0x80090308U)
#endif
#ifndef CERT_E_ROLE
#define CERT_E_ROLE			_P2P_HR(0x800b0103U)
#endif
#ifndef SEC_E_LOGON_DENIED
#define SEC_E_LOGON_DENIED		_P2P_HR(0x8009030cU)
#endif
#ifndef CERT_E_UNTRUSTEDROOT
#define CERT_E_UNTRUSTEDROOT		_P2P_HR(0x800b0109U)
#endif
#ifndef SEC_E_MESSAGE_ALTERED
#define SEC_E_MESSAGE_ALTERED		_P2P_HR(0x8009030fU)
#endif
#ifndef CERT_E_CHAINING
#define CERT_E_CHAINING			_P2P_HR(0x800b010aU)
#endif

/* ---------------------------------------------------------- enumerations -- */

#ifdef __cplusplus
extern "C" {
#endif

#define PEER_GROUP_VERSION	MAKEWORD(1, 1)

/**
 * enum PEER_RECORD_CHANGE_TYPE - what happened to a record
 * @PEER_RECORD_ADDED: it is new
 * @PEER_RECORD_UPDATED: there is a later version of it
 * @PEER_RECORD_DELETED: its creator or an administrator has deleted it
 * @PEER_RECORD_EXPIRED: its time is over
 */
typedef enum peer_record_change_type_tag {
	PEER_RECORD_ADDED = 1,
	PEER_RECORD_UPDATED = 2,
	PEER_RECORD_DELETED = 3,
	PEER_RECORD_EXPIRED = 4
} PEER_RECORD_CHANGE_TYPE;

/**
 * enum PEER_CONNECTION_STATUS - what became of a connection
 * @PEER_CONNECTED: it came up
 * @PEER_DISCONNECTED: it went down
 * @PEER_CONNECTION_FAILED: it was tried in vain, with a reason
 */
typedef enum peer_connection_status_tag {
	PEER_CONNECTED = 1,
	PEER_DISCONNECTED = 2,
	PEER_CONNECTION_FAILED = 3
} PEER_CONNECTION_STATUS;

/**
 * enum PEER_CONNECTION_FLAGS - kinds of connections, bits
 * @PEER_CONNECTION_NEIGHBOR: link to a neighbour, by which records go
 * @PEER_CONNECTION_DIRECT: direct connection, which carries data and nothing else
 */
typedef enum peer_connection_flags_tag {
	PEER_CONNECTION_NEIGHBOR = 0x1,
	PEER_CONNECTION_DIRECT = 0x2
} PEER_CONNECTION_FLAGS;

/**
 * enum PEER_RECORD_FLAGS - properties of a record, bits
 * @PEER_RECORD_FLAG_AUTOREFRESH: published anew before it expires, see
 *	PeerGroupAddRecord()
 * @PEER_RECORD_FLAG_DELETED: of the note that a deletion leaves: programs neither set
 *	nor see it
 */
typedef enum peer_record_flags_tag {
	PEER_RECORD_FLAG_AUTOREFRESH = 0x1,
	PEER_RECORD_FLAG_DELETED = 0x2
} PEER_RECORD_FLAGS;

/**
 * enum PEER_GROUP_EVENT_TYPE - what an event is about
 * @PEER_GROUP_EVENT_STATUS_CHANGED: @dwStatus: what it is now
 * @PEER_GROUP_EVENT_PROPERTY_CHANGED: no data: ask PeerGroupGetProperties(). It comes,
 *	too, when properties reach this host for the first time.
 * @PEER_GROUP_EVENT_RECORD_CHANGED: @recordChangeData: what happened, the record's id
 *	and type. The record itself is read with PeerGroupGetRecord(), which may find a
 *	later version or none.
 * @PEER_GROUP_EVENT_DIRECT_CONNECTION: @connectionChangeData: the same of a direct
 *	connection; see PeerGroupOpenDirectConnection()
 * @PEER_GROUP_EVENT_NEIGHBOR_CONNECTION: @connectionChangeData: a link to a neighbour
 *	came up, went down or was tried in vain
 * @PEER_GROUP_EVENT_INCOMING_DATA: @incomingData: what another member has sent
 * @PEER_GROUP_EVENT_MEMBER_CHANGED: @memberChangeData: names a member and says what is
 *	new about it
 * @PEER_GROUP_EVENT_CONNECTION_FAILED: @hrConnectionFailedReason: why going online
 *	failed; see PeerGroupConnect()
 * @PEER_GROUP_EVENT_AUTHENTICATION_FAILED: no data: the password was wrong by which the
 *	group was to be joined; a PEER_GROUP_EVENT_CONNECTION_FAILED follows
 */
typedef enum peer_group_event_type_tag {
	PEER_GROUP_EVENT_STATUS_CHANGED = 1,
	PEER_GROUP_EVENT_PROPERTY_CHANGED = 2,
	PEER_GROUP_EVENT_RECORD_CHANGED = 3,
	PEER_GROUP_EVENT_DIRECT_CONNECTION = 4,
	PEER_GROUP_EVENT_NEIGHBOR_CONNECTION = 5,
	PEER_GROUP_EVENT_INCOMING_DATA = 6,
	PEER_GROUP_EVENT_MEMBER_CHANGED = 8,
	PEER_GROUP_EVENT_CONNECTION_FAILED = 10,
	PEER_GROUP_EVENT_AUTHENTICATION_FAILED = 11
} PEER_GROUP_EVENT_TYPE;

/**
 * enum PEER_GROUP_STATUS - state of a group; bits, of which both may be set
 * @PEER_GROUP_STATUS_LISTENING: it is online
 * @PEER_GROUP_STATUS_HAS_CONNECTIONS: it has a link
 */
typedef enum peer_group_status_tag {
	PEER_GROUP_STATUS_LISTENING = 0x1,
	PEER_GROUP_STATUS_HAS_CONNECTIONS = 0x2
} PEER_GROUP_STATUS;

/**
 * enum PEER_GROUP_PROPERTY_FLAGS - properties of a group, bits
 * @PEER_MEMBER_DATA_OPTIONAL: a member's membership is published when it first
 *	publishes something, else when it first connects
 * @PEER_DISABLE_PRESENCE: nodes do not publish that they are there, and at which addresses
 * @PEER_DEFER_EXPIRATION: nothing expires on a host while it has no link
 */
typedef enum peer_group_property_flags_tag {
	PEER_MEMBER_DATA_OPTIONAL = 0x1,
	PEER_DISABLE_PRESENCE = 0x2,
	PEER_DEFER_EXPIRATION = 0x4
} PEER_GROUP_PROPERTY_FLAGS;

/**
 * enum PEER_GROUP_AUTHENTICATION_SCHEME - how a group is joined, bits
 * @PEER_GROUP_GMC_AUTHENTICATION: by invitations, which hold a certificate
 * @PEER_GROUP_PASSWORD_AUTHENTICATION: by the password, too
 */
typedef enum peer_group_authentication_scheme_tag {
	PEER_GROUP_GMC_AUTHENTICATION = 0x1,
	PEER_GROUP_PASSWORD_AUTHENTICATION = 0x2
} PEER_GROUP_AUTHENTICATION_SCHEME;

/**
 * enum PEER_MEMBER_FLAGS - state of a member, bits
 * @PEER_MEMBER_PRESENT: it is online, see PeerGroupEnumMembers()
 */
typedef enum peer_member_flags_tag {
	PEER_MEMBER_PRESENT = 0x1
} PEER_MEMBER_FLAGS;

/**
 * enum PEER_MEMBER_CHANGE_TYPE - what is new about a member
 * @PEER_MEMBER_CONNECTED: this host has a link to it, the first one
 * @PEER_MEMBER_DISCONNECTED: the last link to it is gone
 * @PEER_MEMBER_UPDATED: it has published its membership again, with another certificate
 *	or for longer
 * @PEER_MEMBER_JOINED: its membership was published: by itself, for the first time, or
 *	by an administrator with PeerGroupIssueCredentials(), or with a certificate by which
 *	it is in again. Or its revocation is over, or does not count. Who has left is told of
 *	by this only if it has a certificate that holds, and when it does; of who has one that
 *	was void before it came PEER_MEMBER_LEFT is told next.
 * @PEER_MEMBER_LEFT: it was revoked, or fell with who had invited it, and has no other
 *	certificate that holds
 */
typedef enum peer_member_change_type_tag {
	PEER_MEMBER_CONNECTED = 1,
	PEER_MEMBER_DISCONNECTED = 2,
	PEER_MEMBER_UPDATED = 3,
	PEER_MEMBER_JOINED = 4,
	PEER_MEMBER_LEFT = 5
} PEER_MEMBER_CHANGE_TYPE;

/**
 * enum PEER_GROUP_ISSUE_CREDENTIAL_FLAGS - where a certificate goes, bits
 * @PEER_GROUP_STORE_CREDENTIALS: into the group, where the member finds it
 */
typedef enum peer_issue_credential_flags_tag {
	PEER_GROUP_STORE_CREDENTIALS = 0x1
} PEER_GROUP_ISSUE_CREDENTIAL_FLAGS;

/* windows headers may have these two from pnrpdef.h. */
#ifndef _PNRPDEF_
/**
 * enum PNRP_SCOPE - how far a cloud reaches
 * @PNRP_SCOPE_ANY: any of these
 * @PNRP_GLOBAL_SCOPE: everywhere: the one that there is here
 * @PNRP_SITE_LOCAL_SCOPE: a site
 * @PNRP_LINK_LOCAL_SCOPE: a link
 */
typedef enum _PNRP_SCOPE {
	PNRP_SCOPE_ANY = 0,
	PNRP_GLOBAL_SCOPE = 1,
	PNRP_SITE_LOCAL_SCOPE = 2,
	PNRP_LINK_LOCAL_SCOPE = 3
} PNRP_SCOPE;

/**
 * enum PNRP_CLOUD_FLAGS - properties of a cloud
 * @PNRP_CLOUD_NO_FLAGS: none
 * @PNRP_CLOUD_NAME_LOCAL: its name is good on one computer only
 * @PNRP_CLOUD_RESOLVE_ONLY: not used here
 * @PNRP_CLOUD_FULL_PARTICIPANT: not used here
 */
typedef enum _PNRP_CLOUD_FLAGS {
	PNRP_CLOUD_NO_FLAGS = 0,
	PNRP_CLOUD_NAME_LOCAL = 1,
	PNRP_CLOUD_RESOLVE_ONLY = 2,
	PNRP_CLOUD_FULL_PARTICIPANT = 4
} PNRP_CLOUD_FLAGS;
#endif

/* ------------------------------------------------------------ structures -- */

/*
 * A program sets dwSize to the size of the structure, and so does the library in what it
 * returns. What a structure points to is the program's in what it passes, of which no
 * call keeps anything, and part of the same block in what a call returns. Times are
 * 100 ns since 1601, "characters" UTF-16 units without the final NUL.
 */

typedef PVOID HGROUP, *PHGROUP;
typedef void *HPEERENUM;
typedef void *HPEEREVENT, *PHPEEREVENT;
typedef GUID PEER_ROLE_ID;

/**
 * struct PEER_VERSION_DATA - versions of the API, made by MAKEWORD(major, minor)
 * @wVersion: the one in use
 * @wHighestVersion: the highest there is
 */
typedef struct peer_version_data_tag {
	WORD wVersion;
	WORD wHighestVersion;
} PEER_VERSION_DATA, *PPEER_VERSION_DATA;

/**
 * struct PEER_DATA - some bytes
 * @cbData: how many
 * @pbData: the bytes; NULL in what a call returns where there are none
 */
typedef struct peer_data_tag {
	ULONG cbData;
	PBYTE pbData;
} PEER_DATA, *PPEER_DATA;

/**
 * struct PEER_RECORD - one version of a record
 * @dwSize: sizeof(PEER_RECORD)
 * @type: what the data means, chosen by the program; never changes
 * @id: made by the library; says which record is updated
 * @dwVersion: 1 at first, then one more each time
 * @dwFlags: of PEER_RECORD_FLAGS; never change
 * @pwzCreatorId: peer name of who added it
 * @pwzModifiedById: peer name of who made this version; the creator while it was never
 *	updated
 * @pwzAttributes: XML of names and values, or NULL: see peergroup_attributes_build()
 * @ftCreation: when it was added, in peer time
 * @ftExpiration: when it expires, in peer time; may grow but never shrink
 * @ftLastModified: when this version was made, in peer time
 * @securityData: what it was signed with, of no concern to programs
 * @data: the data; may be empty
 *
 * Peer time is the group's clock: PeerGroupPeerTimeToUniversalTime() and
 * PeerGroupUniversalTimeToPeerTime() convert it.
 */
typedef struct peer_record_tag {
	DWORD dwSize;
	GUID type;
	GUID id;
	DWORD dwVersion;
	DWORD dwFlags;
	PWSTR pwzCreatorId;
	PWSTR pwzModifiedById;
	PWSTR pwzAttributes;
	FILETIME ftCreation;
	FILETIME ftExpiration;
	FILETIME ftLastModified;
	PEER_DATA securityData;
	PEER_DATA data;
} PEER_RECORD, *PPEER_RECORD;

/**
 * struct PEER_ADDRESS - an address of a member
 * @dwSize: sizeof(PEER_ADDRESS)
 * @sin6: family AF_INET6: an IPv6 address, or an IPv4 one in its IPv6-mapped form,
 *	::ffff:a.b.c.d; address and port in network byte order. A link-local address needs
 *	its @sin6_scope_id.
 */
typedef struct peer_address_tag {
	DWORD dwSize;
	SOCKADDR_IN6 sin6;
} PEER_ADDRESS, *PPEER_ADDRESS;
typedef const PEER_ADDRESS *PCPEER_ADDRESS;

/**
 * struct PEER_CONNECTION_INFO - a link that is up
 * @dwSize: sizeof(PEER_CONNECTION_INFO)
 * @dwFlags: its kind, one of PEER_CONNECTION_FLAGS
 * @ullConnectionId: its id, as events have it and PeerGroupSendData() takes it
 * @ullNodeId: node id of the other end
 * @pwzPeerId: peer name of the member there
 * @address: address of the other end
 */
typedef struct peer_connection_info_tag {
	DWORD dwSize;
	DWORD dwFlags;
	ULONGLONG ullConnectionId;
	ULONGLONG ullNodeId;
	PWSTR pwzPeerId;
	PEER_ADDRESS address;
} PEER_CONNECTION_INFO, *PPEER_CONNECTION_INFO;

/**
 * struct PEER_EVENT_INCOMING_DATA - data that another member has sent
 * @dwSize: sizeof(PEER_EVENT_INCOMING_DATA)
 * @ullConnectionId: the connection over which it came. Who is at the other end
 *	PeerGroupEnumConnections() tells.
 * @type: what it means, as the sender said
 * @data: what was sent
 */
typedef struct peer_event_incoming_data_tag {
	DWORD dwSize;
	ULONGLONG ullConnectionId;
	GUID type;
	PEER_DATA data;
} PEER_EVENT_INCOMING_DATA, *PPEER_EVENT_INCOMING_DATA;

/**
 * struct PEER_EVENT_RECORD_CHANGE_DATA - a change of a record
 * @dwSize: sizeof(PEER_EVENT_RECORD_CHANGE_DATA)
 * @changeType: what happened
 * @recordId: the record's id
 * @recordType: the record's type
 */
typedef struct peer_event_record_change_data_tag {
	DWORD dwSize;
	PEER_RECORD_CHANGE_TYPE changeType;
	GUID recordId;
	GUID recordType;
} PEER_EVENT_RECORD_CHANGE_DATA, *PPEER_EVENT_RECORD_CHANGE_DATA;

/**
 * struct PEER_EVENT_CONNECTION_CHANGE_DATA - what became of a link
 * @dwSize: sizeof(PEER_EVENT_CONNECTION_CHANGE_DATA)
 * @status: what became of it
 * @ullConnectionId: its id
 * @ullNodeId: node id of the other end; 0 while unknown
 * @ullNextConnectionId: 0: what is tried next is not told
 * @hrConnectionFailedReason: with PEER_CONNECTION_FAILED, PEER_E_CONNECTION_REFUSED,
 *	PEER_E_CONNECTION_NOT_AUTHENTICATED or PEER_E_CONNECTION_FAILED; else 0
 */
typedef struct peer_event_connection_change_data_tag {
	DWORD dwSize;
	PEER_CONNECTION_STATUS status;
	ULONGLONG ullConnectionId;
	ULONGLONG ullNodeId;
	ULONGLONG ullNextConnectionId;
	HRESULT hrConnectionFailedReason;
} PEER_EVENT_CONNECTION_CHANGE_DATA, *PPEER_EVENT_CONNECTION_CHANGE_DATA;

/**
 * struct PEER_EVENT_MEMBER_CHANGE_DATA - a change of a member
 * @dwSize: sizeof(PEER_EVENT_MEMBER_CHANGE_DATA)
 * @changeType: what is new about it
 * @pwzIdentity: the member's peer name
 */
typedef struct peer_event_member_change_data_tag {
	DWORD dwSize;
	PEER_MEMBER_CHANGE_TYPE changeType;
	PWSTR pwzIdentity;
} PEER_EVENT_MEMBER_CHANGE_DATA, *PPEER_EVENT_MEMBER_CHANGE_DATA;

/**
 * struct PEER_CREDENTIAL_INFO - what a certificate of membership says
 * @dwSize: sizeof(PEER_CREDENTIAL_INFO)
 * @dwFlags: 0
 * @pwzFriendlyName: the member's friendly name, at most 255 characters
 * @pPublicKey: the member's public key: its algorithm's object identifier in ASCII, the
 *	parameters in DER, and the key's bits
 * @pwzIssuerPeerName: peer name of who has issued it; empty while unknown here
 * @pwzIssuerFriendlyName: friendly name of who has issued it; empty while unknown here
 * @ftValidityStart: when the membership begins, UTC
 * @ftValidityEnd: when it ends, UTC
 * @cRoles: how many roles
 * @pRoles: the roles, PEER_GROUP_ROLE_*
 */
typedef struct peer_credential_info_tag {
	DWORD dwSize;
	DWORD dwFlags;
	PWSTR pwzFriendlyName;
	CERT_PUBLIC_KEY_INFO *pPublicKey;
	PWSTR pwzIssuerPeerName;
	PWSTR pwzIssuerFriendlyName;
	FILETIME ftValidityStart;
	FILETIME ftValidityEnd;
	ULONG cRoles;
	PEER_ROLE_ID *pRoles;
} PEER_CREDENTIAL_INFO, *PPEER_CREDENTIAL_INFO;

/**
 * struct PEER_MEMBER - a member
 * @dwSize: sizeof(PEER_MEMBER)
 * @dwFlags: 0 or PEER_MEMBER_PRESENT, of PEER_MEMBER_FLAGS
 * @pwzIdentity: its peer name
 * @pwzAttributes: NULL
 * @ullNodeId: node id of its host while it is present, else 0
 * @cAddresses: number of items in @pAddresses
 * @pAddresses: where the node can be dialled: what it has published, 8 at the most, for
 *	which there is its word only, and the address of a link to it
 * @pCredentialInfo: its latest certificate; never NULL
 */
typedef struct peer_member_tag {
	DWORD dwSize;
	DWORD dwFlags;
	PWSTR pwzIdentity;
	PWSTR pwzAttributes;
	ULONGLONG ullNodeId;
	ULONG cAddresses;
	PEER_ADDRESS *pAddresses;
	PEER_CREDENTIAL_INFO *pCredentialInfo;
} PEER_MEMBER, *PPEER_MEMBER;

/**
 * struct PEER_INVITATION_INFO - what an invitation says
 * @dwSize: sizeof(PEER_INVITATION_INFO)
 * @dwFlags: 0
 * @pwzCloudName: name of the group's cloud
 * @dwScope: of PNRP_SCOPE, how far the cloud reaches
 * @dwCloudFlags: of PNRP_CLOUD_FLAGS
 * @pwzGroupPeerName: peer name of the group
 * @pwzIssuerPeerName: peer name of who invites
 * @pwzSubjectPeerName: peer name of the invited
 * @pwzGroupFriendlyName: friendly name of the group
 * @pwzIssuerFriendlyName: friendly name of who invites
 * @pwzSubjectFriendlyName: friendly name of the invited
 * @ftValidityStart: when the membership begins, UTC
 * @ftValidityEnd: when it ends, UTC
 * @cRoles: how many roles
 * @pRoles: the roles that it gives, PEER_GROUP_ROLE_*
 * @cClassifiers: 0
 * @ppwzClassifiers: NULL
 * @pSubjectPublicKey: public key of the invited, as in PEER_CREDENTIAL_INFO
 * @authScheme: how the group is joined by it
 *
 * One for joining by password names the cloud and the group and says @authScheme; the
 * rest is NULL or 0.
 */
typedef struct peer_invitation_info_tag {
	DWORD dwSize;
	DWORD dwFlags;
	PWSTR pwzCloudName;
	DWORD dwScope;
	DWORD dwCloudFlags;
	PWSTR pwzGroupPeerName;
	PWSTR pwzIssuerPeerName;
	PWSTR pwzSubjectPeerName;
	PWSTR pwzGroupFriendlyName;
	PWSTR pwzIssuerFriendlyName;
	PWSTR pwzSubjectFriendlyName;
	FILETIME ftValidityStart;
	FILETIME ftValidityEnd;
	ULONG cRoles;
	PEER_ROLE_ID *pRoles;
	ULONG cClassifiers;
	PWSTR *ppwzClassifiers;
	CERT_PUBLIC_KEY_INFO *pSubjectPublicKey;
	PEER_GROUP_AUTHENTICATION_SCHEME authScheme;
} PEER_INVITATION_INFO, *PPEER_INVITATION_INFO;

/**
 * struct PEER_GROUP_PROPERTIES - what a group is
 * @dwSize: sizeof(PEER_GROUP_PROPERTIES), or the size the structure had in Windows XP,
 *	where what follows the lifetimes counts as zero
 * @dwFlags: of PEER_GROUP_PROPERTY_FLAGS, or 0
 * @pwzCloud: NULL, "", "global" or "Global_" for the cloud that is everywhere, or another's
 *	name: one that is configured, or ``LinkLocal_`` and an interface's name; see peergroup(7)
 * @pwzClassifier: part of the group's peer name, at most 149 characters; may be NULL
 * @pwzGroupPeerName: the group's peer name
 * @pwzCreatorPeerName: the identity that creates it; NULL for the default
 * @pwzFriendlyName: the name to show, at most 255 characters; the peer name where it is
 *	NULL
 * @pwzComment: at most 255 characters; may be NULL
 * @ulMemberDataLifetime: seconds, 28800 (8 hours) to 315619200 (ten years), or 0 for as
 *	long as may be: how long a member's membership record lasts, by which it is known
 *	while it is away
 * @ulPresenceLifetime: seconds; less than 300 counts as 300: for how long a node that
 *	is heard of no more is taken to be there, a day at the most; see
 *	PeerGroupEnumMembers()
 * @dwAuthenticationSchemes: of PEER_GROUP_AUTHENTICATION_SCHEME: 0 or
 *	PEER_GROUP_GMC_AUTHENTICATION for a group that is joined by invitations only; with
 *	PEER_GROUP_PASSWORD_AUTHENTICATION it is joined by the password, too
 * @pwzGroupPassword: the password, at least 8 characters, where the scheme says that
 *	there is one, else NULL. See PeerGroupCreatePasswordInvitation().
 * @groupPasswordRole: which role who joins by the password gets; a member's where it is
 *	zero
 */
typedef struct peer_group_properties_tag {
	DWORD dwSize;
	DWORD dwFlags;
	PWSTR pwzCloud;
	PWSTR pwzClassifier;
	PWSTR pwzGroupPeerName;
	PWSTR pwzCreatorPeerName;
	PWSTR pwzFriendlyName;
	PWSTR pwzComment;
	ULONG ulMemberDataLifetime;
	ULONG ulPresenceLifetime;
	DWORD dwAuthenticationSchemes;
	PWSTR pwzGroupPassword;
	PEER_ROLE_ID groupPasswordRole;
} PEER_GROUP_PROPERTIES, *PPEER_GROUP_PROPERTIES;

/**
 * struct PEER_GROUP_EVENT_REGISTRATION - events that a program wants to be told of
 * @eventType: which
 * @pType: narrows PEER_GROUP_EVENT_RECORD_CHANGED down to records of one type, and
 *	PEER_GROUP_EVENT_INCOMING_DATA to data of one; NULL means all
 */
typedef struct peer_group_event_registration_tag {
	PEER_GROUP_EVENT_TYPE eventType;
	GUID *pType;
} PEER_GROUP_EVENT_REGISTRATION, *PPEER_GROUP_EVENT_REGISTRATION;

/**
 * struct PEER_GROUP_EVENT_DATA - an event
 * @eventType: what it is about; says which of the others is set
 * @dwStatus: of PEER_GROUP_EVENT_STATUS_CHANGED
 * @incomingData: of PEER_GROUP_EVENT_INCOMING_DATA
 * @recordChangeData: of PEER_GROUP_EVENT_RECORD_CHANGED
 * @connectionChangeData: of PEER_GROUP_EVENT_NEIGHBOR_CONNECTION and
 *	PEER_GROUP_EVENT_DIRECT_CONNECTION
 * @memberChangeData: of PEER_GROUP_EVENT_MEMBER_CHANGED
 * @hrConnectionFailedReason: of PEER_GROUP_EVENT_CONNECTION_FAILED:
 *	PEER_E_UNABLE_TO_LISTEN, PEER_E_NO_MEMBERS_FOUND, PEER_E_NO_MEMBER_CONNECTIONS or
 *	PEER_E_NOT_AUTHORIZED
 */
typedef struct peer_group_event_data_tag {
	PEER_GROUP_EVENT_TYPE eventType;
	__extension__ union {
		PEER_GROUP_STATUS dwStatus;
		PEER_EVENT_INCOMING_DATA incomingData;
		PEER_EVENT_RECORD_CHANGE_DATA recordChangeData;
		PEER_EVENT_CONNECTION_CHANGE_DATA connectionChangeData;
		PEER_EVENT_MEMBER_CHANGE_DATA memberChangeData;
		HRESULT hrConnectionFailedReason;
	};
} PEER_GROUP_EVENT_DATA, *PPEER_GROUP_EVENT_DATA;

/**
 * struct PEER_NAME_PAIR - a name, and how it is shown
 * @dwSize: sizeof(PEER_NAME_PAIR)
 * @pwzPeerName: peer name
 * @pwzFriendlyName: friendly name
 */
typedef struct peer_name_pair_tag {
	DWORD dwSize;
	PWSTR pwzPeerName;
	PWSTR pwzFriendlyName;
} PEER_NAME_PAIR, *PPEER_NAME_PAIR;

/* What Windows documents; an array of negative size says where we differ. */
#define _P2P_SIZE(type, size64, size32) \
	typedef char _p2p_size_of_##type[sizeof(type) == \
		(sizeof(void *) == 8 ? (size64) : (size32)) ? 1 : -1]

_P2P_SIZE(WCHAR, 2, 2);
_P2P_SIZE(GUID, 16, 16);
_P2P_SIZE(PEER_VERSION_DATA, 4, 4);
_P2P_SIZE(PEER_DATA, 16, 8);
_P2P_SIZE(PEER_RECORD, 128, 96);
_P2P_SIZE(PEER_ADDRESS, 32, 32);
_P2P_SIZE(PEER_CONNECTION_INFO, 64, 64);
_P2P_SIZE(PEER_EVENT_INCOMING_DATA, 48, 40);
_P2P_SIZE(PEER_EVENT_RECORD_CHANGE_DATA, 40, 40);
_P2P_SIZE(PEER_EVENT_CONNECTION_CHANGE_DATA, 40, 40);
_P2P_SIZE(PEER_EVENT_MEMBER_CHANGE_DATA, 16, 12);
_P2P_SIZE(PEER_CREDENTIAL_INFO, 72, 48);
_P2P_SIZE(PEER_MEMBER, 56, 40);
_P2P_SIZE(PEER_INVITATION_INFO, 136, 84);
_P2P_SIZE(PEER_GROUP_PROPERTIES, 96, 64);
_P2P_SIZE(PEER_GROUP_EVENT_REGISTRATION, 16, 8);
_P2P_SIZE(PEER_GROUP_EVENT_DATA, 56, 48);
_P2P_SIZE(PEER_NAME_PAIR, 24, 12);
_P2P_SIZE(CERT_PUBLIC_KEY_INFO, 48, 24);

/* ------------------------------------------------------------- functions -- */

/**
 * PEER_GROUP_ROLE_ADMIN - an administrator: 04387127-aa56-450a-8ce5-4f565c6790f4
 */
extern const GUID PEER_GROUP_ROLE_ADMIN;

/**
 * PEER_GROUP_ROLE_MEMBER - a member: f12dc4c7-0857-4ca0-93fc-b1bb19a3d8c2
 */
extern const GUID PEER_GROUP_ROLE_MEMBER;

/**
 * PEER_GROUP_ROLE_INVITING_MEMBER - an inviting member: 4370fd89-dc18-4cfb-8dbf-9853a8a9f905
 */
extern const GUID PEER_GROUP_ROLE_INVITING_MEMBER;

/**
 * DOC: Results
 *
 * What these mean where the comment of a call names them and says no more:
 *
 * * E_OUTOFMEMORY: there is no memory
 * * E_INVALIDARG: a required argument is NULL, or one is malformed
 * * E_HANDLE: there is no such object
 * * HRESULT_FROM_WIN32(ERROR_SERVICE_DEPENDENCY_FAIL): the kernel module is not loaded
 * * HRESULT_FROM_WIN32(RPC_S_SERVER_UNAVAILABLE): the kernel module was unloaded while the
 *   group was open; the handle is good for PeerGroupClose() only
 * * PEER_E_NOT_INITIALIZED: PeerGroupStartup() was not called
 * * PEER_E_INVALID_GROUP: not the handle of an open group, or the group has ended in the
 *   kernel
 * * PEER_E_GROUP_NOT_READY: this member has joined the group and never synchronised with
 *   another member: connect first
 * * PEER_E_NOT_AUTHORIZED: this member's certificate does not permit it, or is not valid
 *   now
 * * PEER_E_NO_KEY_ACCESS: the data folder or a private key in it cannot be read or
 *   written, or others may read the key
 * * PEER_E_CERT_STORE_CORRUPTED: what the data folder holds is damaged;
 *   peergroup_error_detail() names it
 * * PEER_E_INVALID_GROUP_PROPERTIES: a text is too long, a lifetime out of range, a flag
 *   unknown, or what never changes differs
 * * PEER_E_INVALID_RECORD_EXPIRATION: the expiration is later than the end of the
 *   membership, or earlier than before
 * * PEER_E_INVALID_PEER_NAME: not a peer name, or that identity is gone
 * * PEER_E_INVALID_TIME_PERIOD: the period of validity is past, not begun or too long
 * * PEER_E_INVITATION_NOT_TRUSTED: the invitation is damaged, altered, or for another
 *   identity
 *
 * libpeergroup(3) has those that any call may return, named by its comment or not. Unless
 * a comment says otherwise, a call may be made from any thread.
 */

/**
 * PeerGroupStartup - begin to use the Grouping API
 * @wVersionRequested: the version of the API that the program was written for:
 *	PEER_GROUP_VERSION, which is 1.1, or 1.0
 * @pVersionData: receives the version in use, which is the one requested, and the highest
 *	there is
 *
 * A program calls PeerGroupStartup() before any other call whose name begins with
 * PeerGroup. The calls about identities and enumerations need no start, and neither does
 * <peergroup.h>.
 *
 * Calls are counted: each that succeeded needs a PeerGroupShutdown() of its own. Nothing
 * is started, neither a process nor a thread; the call looks whether the kernel module
 * and IPv6 are there.
 *
 * Example::
 *
 *	#include <err.h>
 *	#include <peergroup.h>
 *
 *	PEER_VERSION_DATA version;
 *	HRESULT hr = PeerGroupStartup(PEER_GROUP_VERSION, &version);
 *
 *	if (FAILED(hr))
 *		errx(1, "%s: %s", peergroup_strerror(hr),
 *		     peergroup_error_detail());
 *
 * Windows: The dependency that may be missing is the kernel module, not a service for
 * resolving names.
 *
 * Return: S_OK or one of
 * * E_INVALIDARG: @pVersionData is NULL
 * * PEER_E_UNSUPPORTED_VERSION: @wVersionRequested is neither 1.0 nor 1.1
 * * PEER_E_IPV6_NOT_INSTALLED: the kernel has no IPv6
 * * HRESULT_FROM_WIN32(ERROR_SERVICE_DEPENDENCY_FAIL), E_OUTOFMEMORY
 *
 * See: PeerGroupCreate(), PeerGroupOpen(), PeerGroupShutdown()
 */
HRESULT PeerGroupStartup(WORD wVersionRequested, PPEER_VERSION_DATA pVersionData);

/**
 * PeerGroupShutdown - end the use of the Grouping API
 *
 * The call takes back one PeerGroupStartup(). The last one closes every group,
 * enumeration and registration that the process still has open, and ends the event
 * thread. Groups and watches opened through <peergroup.h> stay: that interface knows no
 * start-up. Memory that calls have returned stays valid until it is freed.
 *
 * Return: S_OK or one of
 * * PEER_E_NOT_INITIALIZED: there is no PeerGroupStartup() left to take back
 *
 * See: PeerGroupClose(), PeerGroupStartup()
 */
HRESULT PeerGroupShutdown(void);

/**
 * PeerIdentityCreate - make a key pair and a peer name for this user
 * @pwzClassifier: becomes the part of the peer name behind the dot, to tell identities
 *	apart: at most 149 characters, none of them a control character. NULL or empty for
 *	none.
 * @pwzFriendlyName: the name to show to people, at most 255 characters. The peer name
 *	where it is NULL or empty.
 * @hCryptProv: handle of a key that PeerIdentityGetCryptKey() returned, for another
 *	identity of the same key; 0 for a new one
 * @ppwzIdentity: receives the peer name
 *
 * The call makes an RSA key of 2048 bits and stores it with the names in the user's data
 * folder, in a file that only the user can read. It takes as long as finding two primes
 * does: a fraction of a second.
 *
 * The first 40 characters of a peer name are the start of the SHA-256 of the public key
 * in hexadecimal digits, so a name cannot be claimed without the key.
 *
 * The first identity of a user becomes the default; see PeerIdentityGetDefault().
 *
 * Windows: There are no cryptographic providers: a key that is given is one of this
 * library's own identities, by the handle of PeerIdentityGetCryptKey(). Names are made
 * with SHA-256 and never equal those of Windows.
 *
 * Return: S_OK or one of
 * * E_INVALIDARG: @ppwzIdentity is NULL, a text is too long, holds a control character
 *   or is not proper Unicode
 * * E_HANDLE: @hCryptProv is no handle of a key
 * * PEER_E_ALREADY_EXISTS: the key has an identity of that classifier
 * * PEER_E_TOO_MANY_IDENTITIES: the user has 256 identities
 * * PEER_E_DISK_FULL: there is no room for the files
 * * PEER_E_NO_KEY_ACCESS, PEER_E_CERT_STORE_CORRUPTED, E_OUTOFMEMORY
 *
 * See: PeerCreatePeerName(), PeerEnumIdentities(), PeerIdentityDelete(),
 * PeerIdentityGetDefault(), PeerIdentityGetXML(), PeerIdentitySetFriendlyName()
 */
HRESULT PeerIdentityCreate(PCWSTR pwzClassifier, PCWSTR pwzFriendlyName,
			   HCRYPTPROV hCryptProv, PWSTR *ppwzIdentity);

/**
 * PeerIdentityDelete - delete an identity and its private key
 * @pwzIdentity: the peer name
 *
 * The files of the identity are removed. It must have left all its groups before;
 * PeerGroupDelete() does that.
 *
 * That it existed is remembered without its key, so that an invitation for it is refused
 * on this host (PEER_E_IDENTITY_DELETED).
 *
 * Return: S_OK or one of
 * * E_INVALIDARG: @pwzIdentity is NULL or not a peer name
 * * PEER_E_NOT_FOUND: the user has no such identity
 * * PEER_E_GROUPS_EXIST: it still belongs to a group
 * * PEER_E_NO_KEY_ACCESS, E_OUTOFMEMORY
 *
 * See: PeerGroupDelete(), PeerIdentityCreate()
 */
HRESULT PeerIdentityDelete(PCWSTR pwzIdentity);

/**
 * PeerIdentityGetDefault - get the identity that is used where none is named
 * @ppwzPeerName: receives the peer name
 *
 * The default is the oldest identity of the user. It changes only where that one is
 * deleted.
 *
 * Return: S_OK or one of
 * * E_INVALIDARG: @ppwzPeerName is NULL
 * * PEER_E_NOT_FOUND: the user has no identity
 * * PEER_E_CERT_STORE_CORRUPTED, PEER_E_NO_KEY_ACCESS, E_OUTOFMEMORY
 *
 * See: PeerEnumIdentities(), PeerIdentityCreate()
 */
HRESULT PeerIdentityGetDefault(PWSTR *ppwzPeerName);

/**
 * PeerIdentityGetXML - describe an identity to somebody who is to invite it
 * @pwzIdentity: the peer name; NULL for the default, which is made where the user has no
 *	identity
 * @ppwzIdentityXML: receives the XML
 *
 * The text holds the peer name, the friendly name and the public key, signed with the
 * private key. It is no secret, but has to come to the inviter from the right person:
 * whoever it describes is who will be let in. It has to be passed on unchanged to
 * PeerGroupCreateInvitation().
 *
 * Return: S_OK or one of
 * * E_INVALIDARG: @ppwzIdentityXML is NULL, or @pwzIdentity is not a peer name
 * * E_HANDLE: the user has no such identity
 * * PEER_E_NO_KEY_ACCESS, PEER_E_CERT_STORE_CORRUPTED, E_OUTOFMEMORY
 *
 * See: PeerGroupCreateInvitation(), PeerIdentityCreate()
 */
HRESULT PeerIdentityGetXML(PCWSTR pwzIdentity, PWSTR *ppwzIdentityXML);

/**
 * PeerIdentityGetFriendlyName - get the friendly name of an identity
 * @pwzIdentity: peer name of the identity
 * @ppwzFriendlyName: receives the friendly name
 *
 * Where none was chosen it is the peer name.
 *
 * Return: S_OK or one of
 * * E_INVALIDARG: an argument is NULL, or the name is malformed
 * * PEER_E_NOT_FOUND: the user has no such identity
 * * PEER_E_CERT_STORE_CORRUPTED, PEER_E_NO_KEY_ACCESS, E_OUTOFMEMORY
 *
 * See: peergroup_identity_friendly(), PeerIdentityCreate(),
 * PeerIdentitySetFriendlyName()
 */
HRESULT PeerIdentityGetFriendlyName(PCWSTR pwzIdentity, PWSTR *ppwzFriendlyName);

/**
 * PeerIdentitySetFriendlyName - change the friendly name of an identity
 * @pwzIdentity: peer name of the identity
 * @pwzFriendlyName: at most 255 characters, none of them a control character; NULL or
 *	empty for the peer name
 *
 * The name goes into what PeerIdentityGetXML() says from now on. Memberships that the
 * identity has keep the name they were issued to.
 *
 * Return: S_OK or one of
 * * E_INVALIDARG: @pwzIdentity is NULL or malformed, or the friendly name is too long or
 *   not plain text
 * * PEER_E_NOT_FOUND: the user has no such identity
 * * PEER_E_CERT_STORE_CORRUPTED, PEER_E_NO_KEY_ACCESS, E_OUTOFMEMORY
 *
 * See: peergroup_identity_set_friendly(), PeerIdentityCreate(),
 * PeerIdentityGetFriendlyName()
 */
HRESULT PeerIdentitySetFriendlyName(PCWSTR pwzIdentity, PCWSTR pwzFriendlyName);

/**
 * PeerIdentityGetCryptKey - get a handle of the key of an identity
 * @pwzIdentity: the peer name
 * @phCryptProv: receives the handle
 *
 * The handle is a thing of this library: it makes another identity of the same key by
 * PeerIdentityCreate(), and signs by peergroup_key_sign(). The private key cannot be
 * read through it. Give it up by peergroup_key_release(); it outlives the identity and
 * PeerGroupShutdown(), but not the process.
 *
 * Return: S_OK or one of
 * * E_INVALIDARG: an argument is NULL, or @pwzIdentity is not a peer name
 * * PEER_E_NOT_FOUND: the user has no such identity
 * * PEER_E_CERT_STORE_CORRUPTED, PEER_E_NO_KEY_ACCESS, E_OUTOFMEMORY
 *
 * See: peergroup_identity_key(), peergroup_key_release(), peergroup_key_sign(),
 * PeerIdentityCreate()
 */
HRESULT PeerIdentityGetCryptKey(PCWSTR pwzIdentity, HCRYPTPROV *phCryptProv);

/**
 * PeerIdentityExport - write an identity with its private key, encrypted
 * @pwzIdentity: the peer name
 * @pwzPassword: the password, which may not be empty; what is made is as safe as it is
 * @ppwzExportXML: receives the XML
 *
 * The XML holds the name and a PKCS #12 with the private key, under AES-256 by the
 * password, and the certificate of the identity. Groups do not go along, and the
 * identity stays.
 *
 * Return: S_OK or one of
 * * E_INVALIDARG: an argument is NULL, the password is empty, or @pwzIdentity is not a
 *   peer name
 * * PEER_E_NOT_FOUND: the user has no such identity
 * * PEER_E_CERT_STORE_CORRUPTED, PEER_E_NO_KEY_ACCESS, E_OUTOFMEMORY
 *
 * See: peergroup_identity_export(), PeerGroupExportConfig(), PeerIdentityImport()
 */
HRESULT PeerIdentityExport(PCWSTR pwzIdentity, PCWSTR pwzPassword, PWSTR *ppwzExportXML);

/**
 * PeerIdentityImport - store an identity of another computer
 * @pwzImportXML: what PeerIdentityExport() made, unchanged
 * @pwzPassword: the password that was given there
 * @ppwzIdentity: receives the peer name
 *
 * The identity belongs to the user from then on, as if it had been made here.
 *
 * Return: S_OK or one of
 * * E_INVALIDARG: an argument is NULL, the password is another, or the XML was altered
 * * PEER_E_ALREADY_EXISTS: the user has that identity
 * * PEER_E_TOO_MANY_IDENTITIES: the user has 256 identities
 * * PEER_E_NO_KEY_ACCESS, PEER_E_CERT_STORE_CORRUPTED, E_OUTOFMEMORY
 *
 * See: peergroup_identity_import(), PeerGroupImportConfig(), PeerIdentityExport()
 */
HRESULT PeerIdentityImport(PCWSTR pwzImportXML, PCWSTR pwzPassword, PWSTR *ppwzIdentity);

/**
 * PeerEnumIdentities - enumerate the identities of this user
 * @phPeerEnum: receives the handle of an enumeration
 *
 * The items are of type PEER_NAME_PAIR: a peer name and a friendly name, the oldest
 * identity, which is the default, first. The enumeration is a snapshot: what is created
 * or deleted later does not change it.
 *
 * Example::
 *
 *	HPEERENUM list;
 *	ULONG i, n = 8;
 *	PVOID *items;
 *
 *	if (FAILED(PeerEnumIdentities(&list)))
 *		return;
 *	while (SUCCEEDED(PeerGetNextItem(list, &n, &items)) && n) {
 *		for (i = 0; i < n; i++)
 *			use(((PEER_NAME_PAIR **)items)[i]);
 *		PeerFreeData(items);
 *		n = 8;
 *	}
 *	PeerEndEnumeration(list);
 *
 * Return: S_OK or one of
 * * E_INVALIDARG: @phPeerEnum is NULL
 * * PEER_E_CERT_STORE_CORRUPTED, PEER_E_NO_KEY_ACCESS, E_OUTOFMEMORY
 *
 * See: PeerEndEnumeration(), PeerEnumGroups(), PeerGetItemCount(), PeerGetNextItem(),
 * PeerIdentityGetDefault()
 */
HRESULT PeerEnumIdentities(HPEERENUM *phPeerEnum);

/**
 * PeerEnumGroups - enumerate the groups that an identity belongs to
 * @pwzIdentity: peer name of the identity
 * @phPeerEnum: receives the handle of an enumeration, which may be empty
 *
 * The items are of type PEER_NAME_PAIR: peer name and friendly name of each group that
 * the identity has created or joined on this host, whether it is open or not.
 * PeerGroupStartup() need not have been called. A group that is damaged in the data folder is
 * listed, too, unless its names are lost as well; peergroup_error_detail() tells of it.
 *
 * Return: S_OK or one of
 * * E_INVALIDARG: @pwzIdentity or @phPeerEnum is NULL, or the name is malformed
 * * PEER_E_NOT_FOUND: the user has no such identity
 * * PEER_E_NO_KEY_ACCESS, E_OUTOFMEMORY
 *
 * See: PeerEndEnumeration(), PeerEnumIdentities(), PeerGetNextItem(),
 * peergroup_list_groups(), PeerGroupOpen()
 */
HRESULT PeerEnumGroups(PCWSTR pwzIdentity, HPEERENUM *phPeerEnum);

/**
 * PeerCreatePeerName - put a peer name together
 * @pwzIdentity: peer name of an identity, which need not exist; NULL for an unsecured
 *	name
 * @pwzClassifier: classifier, at most 149 characters; NULL or empty for that of the
 *	identity
 * @ppwzPeerName: receives the peer name
 *
 * The result has the authority of the identity, or 0 in an unsecured name, and the
 * classifier. Nothing is created but text, and PeerGroupStartup() need not have been
 * called.
 *
 * Return: S_OK or one of
 * * E_INVALIDARG: @ppwzPeerName is NULL, neither an identity nor a classifier is given,
 *   the identity is no secure peer name, or the classifier is too long or not plain text
 * * E_OUTOFMEMORY
 *
 * See: PeerIdentityCreate(), PeerNameToPeerHostName()
 */
HRESULT PeerCreatePeerName(PCWSTR pwzIdentity, PCWSTR pwzClassifier,
			   PWSTR *ppwzPeerName);

/**
 * PeerNameToPeerHostName - write a peer name as a host name
 * @pwzPeerName: the peer name, secure or not
 * @ppwzHostName: receives a name below pnrp.net
 *
 * The labels of the classifier come first, as they are or, where they have other
 * characters than ASCII, in Punycode (RFC 3492); then the authority, behind a letter p
 * unless it begins with a letter. An unsecured name has no authority. Nothing is looked
 * up. PeerHostNameToPeerName() gives the same peer name again.
 *
 * Return: S_OK or one of
 * * E_INVALIDARG: an argument is NULL
 * * PEER_E_CANNOT_CONVERT_PEER_NAME: the name is malformed, has an empty label or one of
 *   more than 63 characters, is longer than 253 characters, or would be another one when
 *   converted back
 * * E_OUTOFMEMORY
 *
 * See: PeerCreatePeerName(), peergroup_host_from_name(), PeerHostNameToPeerName()
 */
HRESULT PeerNameToPeerHostName(PCWSTR pwzPeerName, PWSTR *ppwzHostName);

/**
 * PeerHostNameToPeerName - read a peer name out of a host name
 * @pwzHostName: a host name below pnrp.net; upper and lower case are the same in the
 *	authority and in pnrp.net
 * @ppwzPeerName: receives the peer name
 *
 * What PeerNameToPeerHostName() has made becomes what it was; of a name that has lost
 * its case on the way, the authority is in lower case again and the classifier stays as
 * it is.
 *
 * Return: S_OK or one of
 * * E_INVALIDARG: an argument is NULL
 * * PEER_E_INVALID_PEER_HOST_NAME: the host name is not one below pnrp.net, or has a
 *   label that no peer name has
 * * E_OUTOFMEMORY
 *
 * See: peergroup_name_from_host(), PeerNameToPeerHostName()
 */
HRESULT PeerHostNameToPeerName(PCWSTR pwzHostName, PWSTR *ppwzPeerName);

/**
 * PeerGroupCreate - make a group
 * @pProperties: the properties; @pwzGroupPeerName is NULL, as the call makes the name
 * @phGroup: receives a handle
 *
 * The call makes a key pair for the group, issues the creator a certificate as its
 * administrator, and opens the group. The group is offline: call PeerGroupConnect()
 * next, or those who are invited find nobody.
 *
 * Example::
 *
 *	PEER_GROUP_PROPERTIES p = {
 *		.dwSize = sizeof(p), .pwzFriendlyName = (PWSTR)u"lab",
 *	};
 *	HGROUP group;
 *	HRESULT hr = PeerGroupCreate(&p, &group);
 *
 *	if (SUCCEEDED(hr))
 *		hr = PeerGroupConnect(group);
 *
 * Windows: A process needs CAP_NET_ADMIN to create a group; its owner and mode say who
 * may use it afterwards, see peergroup(1).
 *
 * Return: S_OK or one of
 * * E_INVALIDARG: an argument is NULL, @dwSize is wrong, or @pwzGroupPeerName is not NULL
 * * PEER_E_INVALID_CLASSIFIER: @pwzClassifier is too long or holds a control character
 * * PEER_E_INVALID_PEER_NAME: @pwzCreatorPeerName is not a peer name
 * * HRESULT_FROM_WIN32(ERROR_DELETE_PENDING): @pwzCreatorPeerName does not exist, or not
 *   any more
 * * PEER_E_NOT_FOUND: @pwzCreatorPeerName is NULL and the user has no identity
 * * PEER_E_INVALID_GROUP_PROPERTIES: a text is too long, a lifetime is out of range,
 *   flags or schemes are unknown, or a password and its scheme are not given together
 * * PEER_E_PASSWORD_DOES_NOT_MEET_POLICY: the password has less than 8 characters
 * * PEER_E_NO_CLOUD: @pwzCloud names a cloud that does not exist
 * * PEER_E_CLOUD_NAME_AMBIGUOUS: @pwzCloud names several clouds
 * * E_ACCESSDENIED: the process lacks CAP_NET_ADMIN in its network namespace
 * * PEER_E_NO_KEY_ACCESS, HRESULT_FROM_WIN32(ERROR_SERVICE_DEPENDENCY_FAIL),
 *   PEER_E_NOT_INITIALIZED, E_OUTOFMEMORY
 *
 * See: PeerGroupClose(), PeerGroupConnect(), PeerGroupCreateInvitation(),
 * PeerGroupDelete(), PeerGroupGetProperties(), PeerGroupSetProperties()
 */
HRESULT PeerGroupCreate(PPEER_GROUP_PROPERTIES pProperties, HGROUP *phGroup);

/**
 * PeerGroupOpen - open a group that was created or joined before
 * @pwzIdentity: the member, one of the user's identities
 * @pwzGroupPeerName: the group's peer name
 * @pwzCloud: NULL, or a cloud that there is; the group stays in its own
 * @phGroup: receives a handle
 *
 * Handles to one group share what is below them, within a process and between processes
 * in the same network namespace: the records, the links and whether it is online. A
 * handle of a group that is online is online at once.
 *
 * The kernel holds the records as long as a handle is open or the group is kept; see
 * peergroup_keep().
 *
 * Return: S_OK or one of
 * * E_INVALIDARG: a required argument is NULL, or not a peer name
 * * PEER_E_NO_CLOUD: @pwzCloud names a cloud that does not exist
 * * PEER_E_CLOUD_NAME_AMBIGUOUS: @pwzCloud names several clouds
 * * PEER_E_NOT_FOUND: there is no such identity, or it is not a member of such a group
 * * E_ACCESSDENIED: the group is not in the kernel, or is in another user's hands who
 *   does not let this one read it, and the process lacks CAP_NET_ADMIN in its network
 *   namespace
 * * PEER_E_NO_KEY_ACCESS, PEER_E_CERT_STORE_CORRUPTED,
 *   HRESULT_FROM_WIN32(ERROR_SERVICE_DEPENDENCY_FAIL), PEER_E_NOT_INITIALIZED,
 *   E_OUTOFMEMORY
 *
 * See: PeerEnumGroups(), PeerGroupClose(), PeerGroupCreate(), PeerGroupJoin()
 */
HRESULT PeerGroupOpen(PCWSTR pwzIdentity, PCWSTR pwzGroupPeerName,
		      PCWSTR pwzCloud, HGROUP *phGroup);

/**
 * PeerGroupJoin - become a member by an invitation
 * @pwzIdentity: the identity that is invited; NULL for the default
 * @pwzInvitation: the text that PeerGroupCreateInvitation() made for it
 * @pwzCloud: which cloud the group is in here; NULL: the one that the invitation says
 * @phGroup: receives a handle
 *
 * The certificates in the invitation are checked, up to the group's root, and stored.
 * Nothing is sent. The group is offline, and not ready until it has synchronised with a
 * member once: PeerGroupConnectByAddress() is what follows.
 *
 * Joining again by an invitation whose certificate is newer renews the membership,
 * provided that no program has the group open.
 *
 * Windows: An expired invitation always yields PEER_E_INVALID_TIME_PERIOD.
 *
 * Return: S_OK or one of
 * * E_INVALIDARG: a required argument is NULL
 * * PEER_E_NO_CLOUD: @pwzCloud, or else the invitation to a group that is not known here,
 *   names a cloud that does not exist
 * * PEER_E_CLOUD_NAME_AMBIGUOUS: it names several clouds, or a link, of which there are
 *   several: give one in @pwzCloud
 * * PEER_E_INVALID_PEER_NAME: @pwzIdentity is not a peer name
 * * PEER_E_NOT_FOUND: there is no such identity
 * * PEER_E_INVITATION_NOT_TRUSTED: the invitation is damaged or altered, or was made for
 *   another identity
 * * PEER_E_INVALID_TIME_PERIOD: the invitation has expired, or begins in the future by
 *   this host's clock
 * * PEER_E_CIRCULAR_CHAIN_DETECTED: somebody is a member by whom it was let in itself
 * * PEER_E_UNSUPPORTED_VERSION: the invitation is of a version unknown here
 * * PEER_E_GROUP_IN_USE: the identity is a member already and a program has the group
 *   open
 * * E_ACCESSDENIED: the group is not in the kernel, or is in another user's hands who
 *   does not let this one read it, and the process lacks CAP_NET_ADMIN in its network
 *   namespace
 * * PEER_E_NO_KEY_ACCESS, PEER_E_CERT_STORE_CORRUPTED,
 *   HRESULT_FROM_WIN32(ERROR_SERVICE_DEPENDENCY_FAIL), PEER_E_NOT_INITIALIZED,
 *   E_OUTOFMEMORY
 *
 * See: PeerGroupConnectByAddress(), PeerGroupCreateInvitation(),
 * PeerGroupParseInvitation(), PeerIdentityGetXML()
 */
HRESULT PeerGroupJoin(PCWSTR pwzIdentity, PCWSTR pwzInvitation,
		      PCWSTR pwzCloud, HGROUP *phGroup);

/**
 * PeerGroupPasswordJoin - join a group by its password
 * @pwzIdentity: the identity that joins; NULL for the default
 * @pwzInvitation: the text that PeerGroupCreatePasswordInvitation() made
 * @pwzPassword: the group's password
 * @pwzCloud: which cloud the group is in here; NULL: the one that the invitation says
 * @phGroup: receives a handle, also where the result is PEER_S_ALREADY_A_MEMBER
 *
 * Nothing is sent, and nothing can tell here whether the password is right.
 * PeerGroupConnectByAddress() proves it to a member, which issues a certificate; until
 * then the handle serves for little more than to register events. With a wrong password
 * PEER_GROUP_EVENT_AUTHENTICATION_FAILED and then PEER_GROUP_EVENT_CONNECTION_FAILED
 * with PEER_E_NOT_AUTHORIZED are what happens.
 *
 * Of the password a hash that is hard to compute is kept in the data folder until it has
 * been proved; a member that may issue what it gives keeps it for answering others.
 *
 * Windows: The protocol by which the password is proved is one of its own.
 *
 * Return: S_OK or one of
 * * PEER_S_ALREADY_A_MEMBER: the identity has joined by password before. If that has not
 *   led to a membership yet, this password takes the place of the one before.
 * * E_INVALIDARG: a required argument is NULL
 * * PEER_E_NO_CLOUD: @pwzCloud, or else the invitation to a group that is not known here,
 *   names a cloud that does not exist
 * * PEER_E_CLOUD_NAME_AMBIGUOUS: it names several clouds, or a link, of which there are
 *   several: give one in @pwzCloud
 * * PEER_E_INVALID_PEER_NAME: @pwzIdentity is not a peer name
 * * PEER_E_NOT_FOUND: there is no such identity
 * * PEER_E_INVITATION_NOT_TRUSTED: the invitation is damaged, or not for joining by
 *   password
 * * PEER_E_UNSUPPORTED_VERSION: the invitation is of a version unknown here
 * * PEER_E_NO_KEY_ACCESS: the data folder or a private key in it cannot be read or
 *   written
 * * PEER_E_NOT_INITIALIZED, E_OUTOFMEMORY
 *
 * See: peergroup_join_password(), PeerGroupConnectByAddress(),
 * PeerGroupCreatePasswordInvitation(), PeerGroupResumePasswordAuthentication()
 */
HRESULT PeerGroupPasswordJoin(PCWSTR pwzIdentity, PCWSTR pwzInvitation, PCWSTR pwzPassword,
			      PCWSTR pwzCloud, HGROUP *phGroup);

/**
 * PeerGroupCreatePasswordInvitation - make an invitation for all who know the password
 * @hGroup: the group, as a member that may issue the role which the password gives
 * @ppwzInvitation: receives the text
 *
 * The group was created with a password, or PeerGroupSetProperties() gave it one. The
 * invitation names the group. There is no secret in it, it is the same for everybody and
 * it does not end.
 *
 * Whoever follows it needs a member that answers: one that may issue, knows the password
 * and has the group online in a program of this library, or by the command ``peergroup
 * answer``.
 *
 * Return: S_OK or one of
 * * E_INVALIDARG: @ppwzInvitation is NULL
 * * PEER_E_GROUP_NOT_READY: the group has never synchronised with another member
 * * PEER_E_NOT_AUTHORIZED: the group has no password, or the member may not issue what
 *   it gives
 * * PEER_E_CHAIN_TOO_LONG: the chain of certificates has as many as one may have
 * * PEER_E_INVALID_GROUP, PEER_E_NOT_INITIALIZED, E_OUTOFMEMORY
 *
 * See: peergroup_answer(), PeerGroupCreate(), PeerGroupPasswordJoin(),
 * PeerGroupSetProperties()
 */
HRESULT PeerGroupCreatePasswordInvitation(HGROUP hGroup, PWSTR *ppwzInvitation);

/**
 * PeerGroupResumePasswordAuthentication - prove a group's password once more
 * @hGroup: a group that was joined by password
 * @hPeerEventHandle: of a registration, by which the outcome is told
 *
 * Tries again what ended with PEER_GROUP_EVENT_AUTHENTICATION_FAILED, at the addresses
 * that were tried before and with the password that PeerGroupPasswordJoin() was given
 * last. Where nothing is left to be proved, or an attempt is under way, it does nothing.
 *
 * Windows: Of this function only the prototype is documented.
 *
 * Return: S_OK or one of
 * * E_INVALIDARG: @hPeerEventHandle is not a registration's
 * * PEER_E_INVALID_GROUP, PEER_E_NOT_INITIALIZED, E_OUTOFMEMORY
 *
 * See: PeerGroupPasswordJoin(), PeerGroupRegisterEvent()
 */
HRESULT PeerGroupResumePasswordAuthentication(HGROUP hGroup, HPEEREVENT hPeerEventHandle);

/**
 * PeerGroupConnect - go online
 * @hGroup: the group
 *
 * The group listens on its port and links to the addresses it remembers: those that were
 * last given to PeerGroupConnectByAddress() or peergroup_connect(), eight at most. The
 * kernel tries them again and again, without the program. The port is 3587 unless
 * peergroup_online() has set another.
 *
 * What comes of it is told by events: PEER_GROUP_EVENT_STATUS_CHANGED when the group
 * listens and when it has its first link, PEER_GROUP_EVENT_CONNECTION_FAILED otherwise.
 * So events should be registered first. The reasons are PEER_E_UNABLE_TO_LISTEN (the
 * port is taken), PEER_E_NO_MEMBERS_FOUND (a member that never synchronised knows no
 * address, or none of those it knows answers) and PEER_E_NOT_AUTHORIZED.
 *
 * All handles of the group, in all processes, go online together. The group stays online
 * until the last of them is closed, or longer where peergroup_keep() or ``peergroup up``
 * said so.
 *
 * Windows: Members are not looked up by name (PNRP): a group goes to the addresses it
 * was given before. So a member that has just joined uses PeerGroupConnectByAddress().
 *
 * Return: S_OK or one of
 * * PEER_S_ALREADY_CONNECTED: the group is listening already. Not so where a member that
 *   never synchronised has no link, and was told that it failed: that begins another attempt
 * * E_ACCESSDENIED: this user does not own the group, and the process lacks
 *   CAP_NET_ADMIN in its network namespace
 * * PEER_E_INVALID_GROUP, PEER_E_NOT_INITIALIZED, E_OUTOFMEMORY
 *
 * See: peergroup_online(), PeerGroupClose(), PeerGroupConnectByAddress(),
 * PeerGroupGetStatus(), PeerGroupRegisterEvent()
 */
HRESULT PeerGroupConnect(HGROUP hGroup);

/**
 * PeerGroupConnectByAddress - go online and link to given addresses
 * @hGroup: the group
 * @cAddresses: how many addresses
 * @pAddresses: addresses of members. Port 0 stands for 3587.
 *
 * The group listens, as after PeerGroupConnect(), and the kernel links to each address
 * and keeps trying. The addresses are remembered for the next PeerGroupConnect().
 *
 * The call returns as soon as the kernel has taken the addresses.
 * PEER_GROUP_EVENT_STATUS_CHANGED tells of the first link;
 * PEER_GROUP_EVENT_CONNECTION_FAILED with PEER_E_NO_MEMBER_CONNECTIONS tells that every
 * address has failed once. With PEER_E_UNABLE_TO_LISTEN it tells that the port is taken.
 *
 * Example::
 *
 *	#include <arpa/inet.h>
 *	#include <p2p.h>
 *
 *	PEER_ADDRESS a = {
 *		.dwSize = sizeof(a),
 *		.sin6 = {
 *			.sin6_family = AF_INET6, .sin6_port = htons(3587),
 *		},
 *	};
 *
 *	inet_pton(AF_INET6, "2001:db8::7", &a.sin6.sin6_addr);
 *	hr = PeerGroupConnectByAddress(group, 1, &a);
 *
 * Windows: Both values of AF_INET6 are taken, that of Linux (10) and that of Windows
 * (23).
 *
 * Return: S_OK or one of
 * * PEER_S_ALREADY_CONNECTED: the group has links already; the addresses were added
 * * E_INVALIDARG: there is no address, or one has a wrong @dwSize or another family than
 *   AF_INET6
 * * PEER_E_INVALID_ADDRESS: the kernel does not link to such an address
 * * E_ACCESSDENIED: this user does not own the group, and the process lacks
 *   CAP_NET_ADMIN in its network namespace
 * * PEER_E_INVALID_GROUP, PEER_E_NOT_INITIALIZED, E_OUTOFMEMORY
 *
 * See: peergroup_connect(), PeerGroupConnect(), PeerGroupGetStatus(),
 * PeerGroupRegisterEvent()
 */
HRESULT PeerGroupConnectByAddress(HGROUP hGroup, ULONG cAddresses,
				  PPEER_ADDRESS pAddresses);

/**
 * PeerGroupClose - give up a handle of a group
 * @hGroup: the handle
 *
 * The handle is invalid afterwards. Registrations that were made with it get no more
 * events; it is good form to undo them first. With the last handle, in all processes,
 * the group goes offline and the kernel forgets its records, unless it is kept: see
 * peergroup_keep(). The membership stays.
 *
 * Windows: There is no database on disk. Without any handle, and not kept, a group's
 * records are only with the other members; PeerGroupExportDatabase() makes a file of them.
 *
 * Return: S_OK or one of
 * * PEER_E_INVALID_GROUP, PEER_E_NOT_INITIALIZED
 *
 * See: peergroup_keep(), PeerGroupDelete(), PeerGroupOpen(), PeerGroupUnregisterEvent()
 */
HRESULT PeerGroupClose(HGROUP hGroup);

/**
 * PeerGroupDelete - leave a group: delete what this user holds of it
 * @pwzIdentity: the member; NULL for the default identity
 * @pwzGroupPeerName: the group's peer name
 *
 * Certificates, the group's key where the identity is the creator, and the remembered
 * addresses are deleted, and the group ends in the kernel. Handles to it are invalid
 * afterwards, here and in other processes. Nothing is sent: records of this member stay
 * with the others until they expire, and its certificate stays valid unless an
 * administrator revokes it. A group of which the files are damaged is deleted like any.
 *
 * Return: S_OK or one of
 * * E_INVALIDARG: @pwzGroupPeerName is NULL, or an argument is not a peer name
 * * PEER_E_NOT_FOUND: there is no such identity, or it is in no such group
 * * E_ACCESSDENIED: a file could not be deleted, or the group is in the kernel, this
 *   user does not own it, and the process lacks CAP_NET_ADMIN. The group has ended in
 *   the kernel by then where only a file could not be deleted.
 * * PEER_E_NO_KEY_ACCESS: the data folder cannot be read
 * * PEER_E_CERT_STORE_CORRUPTED: the default identity is meant, and what is kept of an
 *   identity is damaged
 * * PEER_E_NOT_INITIALIZED, E_OUTOFMEMORY
 *
 * See: PeerGroupClose(), PeerIdentityDelete()
 */
HRESULT PeerGroupDelete(PCWSTR pwzIdentity, PCWSTR pwzGroupPeerName);

/**
 * PeerGroupExportConfig - write a membership, to be taken to another computer
 * @hGroup: an open group
 * @pwzPassword: the password, which may not be empty; what is made is as safe as it is
 * @ppwzXML: receives the XML
 *
 * The XML names the identity and the group and holds the certificates of the membership,
 * for all to read. What else the computer has of the group is encrypted by the password:
 * with scrypt and AES-256-GCM. That is also where the private key of the group goes, if
 * this member created it. Records and the key of the identity do not go along.
 *
 * Return: S_OK or one of
 * * E_INVALIDARG: an argument is NULL, or the password is empty
 * * PEER_E_GROUP_NOT_READY: the group's password is not proved yet: connect first
 * * PEER_E_NOT_INITIALIZED, PEER_E_INVALID_GROUP, PEER_E_NO_KEY_ACCESS, E_OUTOFMEMORY
 *
 * See: peergroup_export_config(), PeerGroupExportDatabase(), PeerGroupImportConfig(),
 * PeerIdentityExport()
 */
HRESULT PeerGroupExportConfig(HGROUP hGroup, PCWSTR pwzPassword, PWSTR *ppwzXML);

/**
 * PeerGroupImportConfig - become a member on this computer, too
 * @pwzXML: what PeerGroupExportConfig() made, unchanged
 * @pwzPassword: the password that was given there
 * @fOverwrite: whether what is known here of the group may be replaced
 * @ppwzIdentity: receives the peer name of the member
 * @ppwzGroup: receives the peer name of the group, for PeerGroupOpen()
 *
 * The identity has to be here already: see PeerIdentityImport().
 *
 * Return: S_OK or one of
 * * E_INVALIDARG: an argument is NULL, the password is another, or the XML was altered
 * * PEER_E_NOT_FOUND: the user has no such identity
 * * PEER_E_ALREADY_EXISTS: the identity is in that group, and @fOverwrite is false
 * * PEER_E_GROUP_IN_USE: the group that would be replaced is open
 * * PEER_E_NOT_INITIALIZED, PEER_E_NO_KEY_ACCESS, E_OUTOFMEMORY
 *
 * See: peergroup_import_config(), PeerGroupExportConfig(), PeerGroupImportDatabase(),
 * PeerGroupOpen(), PeerIdentityImport()
 */
HRESULT PeerGroupImportConfig(PCWSTR pwzXML, PCWSTR pwzPassword, BOOL fOverwrite,
			      PWSTR *ppwzIdentity, PWSTR *ppwzGroup);

/**
 * PeerGroupExportDatabase - write all records of a group to a file
 * @hGroup: an open group; it may be online
 * @pwzFilePath: an absolute path; a file that is there is replaced as a whole, when the
 *	new one is complete
 *
 * Deletions go along, and so do properties, memberships and revocations, and the
 * certificates of all who have signed. The file is for the user only (mode 0600) and is
 * not encrypted. Links are followed. A pipe or a character device is written to, when all
 * is there; a FIFO without a reader is a failure. A link or FIFO there of another user than
 * this one and root is replaced itself; one of its own is followed wherever it leads.
 *
 * Return: S_OK or one of
 * * E_INVALIDARG: the path is NULL or not absolute
 * * HRESULT_FROM_WIN32(ERROR_PATH_NOT_FOUND): the folder is not there
 * * HRESULT_FROM_WIN32(ERROR_INVALID_NAME): the path ends with a folder's name and a slash
 * * HRESULT_FROM_WIN32(ERROR_DIRECTORY): the path is that of a folder
 * * HRESULT_FROM_WIN32(ERROR_FILE_INVALID): it is that of a socket or a disk
 * * HRESULT_FROM_WIN32(ERROR_FILENAME_EXCED_RANGE): a name in the path is too long
 * * HRESULT_FROM_WIN32(ERROR_WRITE_PROTECT): the file system is read only
 * * HRESULT_FROM_WIN32(ERROR_TOO_MANY_OPEN_FILES): the process may not open more files
 * * E_ACCESSDENIED: the file may not be written
 * * PEER_E_DISK_FULL: there is no room for it
 * * PEER_E_GROUP_NOT_READY: the group's password is not proved yet: connect first
 * * PEER_E_NOT_INITIALIZED, PEER_E_INVALID_GROUP, E_OUTOFMEMORY
 *
 * See: peergroup_export_database(), PeerGroupExportConfig(), PeerGroupImportDatabase()
 */
HRESULT PeerGroupExportDatabase(HGROUP hGroup, PCWSTR pwzFilePath);

/**
 * PeerGroupImportDatabase - add the records of a file to a group
 * @hGroup: an open group that no program has connected
 * @pwzFilePath: the absolute path of what PeerGroupExportDatabase() made, of the same
 *	group and member
 *
 * The file is checked as a whole before anything of it is taken. Then the kernel
 * verifies each record as if it had come over a link; of two versions the later one
 * stays. What is refused is passed over: the call succeeds, and peergroup_error_detail()
 * says how much it was and what first; peergroup_import_database() tells all of it.
 * Programs that have registered for PEER_GROUP_EVENT_RECORD_CHANGED, this one too, hear
 * of what was new to the group as of any change. A group that had synchronised where the
 * file was made is ready afterwards.
 *
 * Return: S_OK or one of
 * * E_INVALIDARG: the path is NULL or not absolute
 * * PEER_E_GROUP_IN_USE: the group is connected, by whatever program
 * * PEER_E_INVALID_DATABASE: the file is no such file, was altered or cut off, or is of
 *   another group or member
 * * HRESULT_FROM_WIN32(ERROR_FILE_NOT_FOUND): the file is not there
 * * HRESULT_FROM_WIN32(ERROR_PATH_NOT_FOUND): the path leads through what is no folder
 * * HRESULT_FROM_WIN32(ERROR_DIRECTORY): the path is that of a folder
 * * HRESULT_FROM_WIN32(ERROR_FILE_INVALID): the path is that of a device or a pipe
 * * HRESULT_FROM_WIN32(ERROR_FILENAME_EXCED_RANGE): a name in the path is too long
 * * HRESULT_FROM_WIN32(ERROR_TOO_MANY_OPEN_FILES): the process may not open more files
 * * E_ACCESSDENIED: the file may not be read, or the group not be written to
 * * PEER_E_GROUP_NOT_READY: the group's password is not proved yet: connect first
 * * PEER_E_NOT_INITIALIZED, PEER_E_INVALID_GROUP, E_OUTOFMEMORY
 *
 * See: peergroup_import_database(), PeerGroupExportDatabase(), PeerGroupImportConfig()
 */
HRESULT PeerGroupImportDatabase(HGROUP hGroup, PCWSTR pwzFilePath);

/**
 * PeerGroupCreateInvitation - issue a membership certificate to another identity
 * @hGroup: the group
 * @pwzIdentityInfo: what PeerIdentityGetXML() said at the invited
 * @pftExpiration: end of the membership, UTC; NULL for the end of one's own. It may not
 *	be later than that.
 * @cRoles: how many roles
 * @pRoles: roles: PEER_GROUP_ROLE_ADMIN, PEER_GROUP_ROLE_INVITING_MEMBER,
 *	PEER_GROUP_ROLE_MEMBER
 * @ppwzInvitation: receives the invitation
 *
 * The invitation is XML that holds the certificate and those of the inviters up to the
 * group's root. It is of use to the invited only, and travels by whatever way the
 * program has: mail, a file, a web page. Nothing is published in the group.
 *
 * An administrator may give any role, an inviting member may invite members and inviting
 * members, a member nobody. A member is the 24th below the root at most.
 *
 * Return: S_OK or one of
 * * E_INVALIDARG: a required argument is NULL, @cRoles is 0, or @pwzIdentityInfo is not
 *   what PeerIdentityGetXML() made
 * * PEER_E_NOT_AUTHORIZED: this member may not issue one of the roles, or the invited's
 *   key was revoked in the group, for which only a new identity helps
 * * PEER_E_INVALID_ROLE_PROPERTY: a role is unknown
 * * PEER_E_INVALID_TIME_PERIOD: @pftExpiration is past or later than the end of one's
 *   own membership, or that is over
 * * PEER_E_CHAIN_TOO_LONG: the invited would be the 25th below the root
 * * PEER_E_CIRCULAR_CHAIN_DETECTED: the invited is among those who invited this member,
 *   or is this member
 * * PEER_E_IDENTITY_DELETED: the invited is an identity that this user has deleted
 * * PEER_E_INVALID_GROUP, PEER_E_GROUP_NOT_READY, PEER_E_NO_KEY_ACCESS,
 *   PEER_E_CERT_STORE_CORRUPTED, PEER_E_NOT_INITIALIZED, E_OUTOFMEMORY
 *
 * See: PeerGroupIssueCredentials(), PeerGroupJoin(), PeerGroupParseInvitation(),
 * PeerGroupRevokeMember(), PeerIdentityGetXML()
 */
HRESULT PeerGroupCreateInvitation(HGROUP hGroup, PCWSTR pwzIdentityInfo,
				  FILETIME *pftExpiration, ULONG cRoles,
				  const GUID *pRoles, PWSTR *ppwzInvitation);

/**
 * PeerGroupParseInvitation - check an invitation and say what it holds
 * @pwzInvitation: the invitation
 * @ppInvitationInfo: receives what it says
 *
 * The certificates are checked as PeerGroupJoin() does, except for the time: an expired
 * invitation can be shown. The call needs no group and no identity. It also takes apart
 * invitations for joining by password, for which @authScheme says
 * PEER_GROUP_PASSWORD_AUTHENTICATION; they name a group and nobody else.
 *
 * Return: S_OK or one of
 * * E_INVALIDARG: an argument is NULL
 * * PEER_E_INVITATION_NOT_TRUSTED: the invitation is damaged or was altered
 * * PEER_E_UNSUPPORTED_VERSION: it is of a version unknown here
 * * PEER_E_NOT_INITIALIZED, E_OUTOFMEMORY
 *
 * See: PeerGroupCreateInvitation(), PeerGroupJoin()
 */
HRESULT PeerGroupParseInvitation(PCWSTR pwzInvitation,
				 PPEER_INVITATION_INFO *ppInvitationInfo);

/**
 * PeerGroupRegisterEvent - ask to be told of events in a group
 * @hGroup: the group
 * @hEvent: an eventfd, cast to a HANDLE: peergroup_event_create() makes one
 * @cEventRegistration: how many registrations follow
 * @pEventRegistrations: which events. An event type may be there several times.
 * @phPeerEvent: receives a handle for PeerGroupGetEventData()
 *
 * From now on events are queued, and the eventfd becomes readable when the queue has
 * something new. What a program does then is reset the eventfd (peergroup_event_wait()
 * does, or reading 8 bytes) and call PeerGroupGetEventData() until it says
 * PEER_S_NO_EVENT_DATA. What was there before the call is not told; enumerate it after
 * registering.
 *
 * No change of a record, of the properties, of a member or of a connection is lost. When
 * the kernel's queue overflows, changes of records are asked for by their sequence numbers,
 * and connections are compared with those that were told of: versions in between, and
 * connections that came and went meanwhile, may be skipped. The same goes for a program that
 * leaves 4096 events in the queue, not counting data: those that follow are told, the last
 * state of each, when it has taken half of them, and what the status is then. Only that a
 * neighbour could not be connected to is not told then. How a PeerGroupOpenDirectConnection()
 * of this host has failed is told at once, and PEER_MEMBER_LEFT, and who has left and is in
 * again, however many events wait: for that all certificates are looked at, and then not again
 * for ten times as long as it took, 0.1 seconds at least. What there is no memory for is told
 * in the same way when there is; but data that comes then is dropped.
 *
 * All events of PEER_GROUP_EVENT_TYPE are told.
 *
 * As long as anybody is registered for PEER_GROUP_EVENT_DIRECT_CONNECTION other members
 * may open direct connections to this host; when nobody is, those they opened end. Data
 * comes to who is registered for PEER_GROUP_EVENT_INCOMING_DATA, all or that of one
 * type. It has to be taken by PeerGroupGetEventData(): who does not holds up the senders
 * on direct connections, and after some seconds (the group's limit ``receive_wait``)
 * loses what comes.
 *
 * With the first registration the library starts one thread, which has all signals
 * blocked; it ends after the last one is undone. The library works with a copy of the
 * file descriptor, so closing the event too early does no harm.
 *
 * Example::
 *
 *	#include <peergroup.h>
 *
 *	PEER_GROUP_EVENT_REGISTRATION what[] = {
 *		{ PEER_GROUP_EVENT_RECORD_CHANGED, NULL },
 *		{ PEER_GROUP_EVENT_STATUS_CHANGED, NULL },
 *	};
 *	PEER_GROUP_EVENT_DATA *data;
 *	HPEEREVENT registration;
 *	HANDLE event;
 *
 *	peergroup_event_create(&event);
 *	PeerGroupRegisterEvent(group, event, 2, what, &registration);
 *	while (peergroup_event_wait(event, -1) == S_OK) {
 *		while (PeerGroupGetEventData(registration, &data) == S_OK) {
 *			use(data);
 *			PeerFreeData(data);
 *		}
 *	}
 *
 * Windows: An event object is an eventfd. A group handle that is closed takes its
 * registrations' events with it.
 *
 * Return: S_OK or one of
 * * E_INVALIDARG: an argument is NULL or 0, an event type is unknown, or @hEvent is not
 *   an open file descriptor
 * * HRESULT_FROM_WIN32(ERROR_TOO_MANY_OPEN_FILES): the process may not open more files
 * * PEER_E_INVALID_GROUP, PEER_E_NOT_INITIALIZED, E_OUTOFMEMORY
 *
 * See: peergroup_event_create(), peergroup_watch_open(), PeerGroupGetEventData(),
 * PeerGroupGetStatus(), PeerGroupUnregisterEvent()
 */
HRESULT PeerGroupRegisterEvent(HGROUP hGroup, HANDLE hEvent, DWORD cEventRegistration,
			       PEER_GROUP_EVENT_REGISTRATION *pEventRegistrations,
			       HPEEREVENT *phPeerEvent);

/**
 * PeerGroupUnregisterEvent - undo a registration for events
 * @hPeerEvent: the registration
 *
 * Events that nobody fetched are dropped. The event object stays the program's, to be
 * closed with peergroup_event_close().
 *
 * Return: S_OK or one of
 * * E_INVALIDARG: @hPeerEvent is not a registration
 * * PEER_E_NOT_INITIALIZED
 *
 * See: peergroup_event_close(), PeerGroupRegisterEvent()
 */
HRESULT PeerGroupUnregisterEvent(HPEEREVENT hPeerEvent);

/**
 * PeerGroupGetEventData - take the next event of a registration
 * @hPeerEvent: the registration
 * @ppEventData: receives the event, or NULL where there is none
 *
 * The call waits for nothing to happen. Where events were left out of a full queue, as
 * PeerGroupRegisterEvent() says, the call that makes room asks the kernel for them. Where
 * it cannot, and the queue is empty, it returns why, and the event stays signalled: call
 * again when it may have passed. @eventType of the event says which part of the union is set.
 *
 * Return: S_OK or one of
 * * PEER_S_NO_EVENT_DATA: the queue is empty. SUCCEEDED() is true for this value, so
 *   compare with S_OK.
 * * E_INVALIDARG: @hPeerEvent is not a registration, or @ppEventData is NULL
 * * PEER_E_NOT_INITIALIZED, E_OUTOFMEMORY
 *
 * See: PeerGroupGetRecord(), PeerGroupRegisterEvent()
 */
HRESULT PeerGroupGetEventData(HPEEREVENT hPeerEvent,
			      PPEER_GROUP_EVENT_DATA *ppEventData);

/**
 * PeerGroupGetRecord - read a record
 * @hGroup: the group
 * @pRecordId: which record
 * @ppRecord: receives the record
 *
 * The record comes from this host's table. All its fields are set.
 *
 * Return: S_OK or one of
 * * E_INVALIDARG: an argument is NULL
 * * PEER_E_RECORD_NOT_FOUND: there is no such record, or it was deleted or has expired
 * * PEER_E_INVALID_GROUP, PEER_E_GROUP_NOT_READY, PEER_E_NOT_INITIALIZED, E_OUTOFMEMORY
 *
 * See: PeerGroupEnumRecords(), PeerGroupPeerTimeToUniversalTime(),
 * PeerGroupSearchRecords(), PeerGroupUpdateRecord()
 */
HRESULT PeerGroupGetRecord(HGROUP hGroup, const GUID *pRecordId,
			   PPEER_RECORD *ppRecord);

/**
 * PeerGroupAddRecord - publish a record
 * @hGroup: the group
 * @pRecord: the record, of which some fields are taken, see below
 * @pRecordId: receives its id
 *
 * The record is signed with the identity's key and handed to the kernel, which checks
 * it, stores it and sends it to the other members. When the call returns it is in this
 * host's table, and programs that wait for events are being told. A group need not be
 * online.
 *
 * These fields are taken; the others are ignored:
 *
 * * @dwSize: sizeof(PEER_RECORD)
 * * @type: what the data means, chosen by the program; not null
 * * @dwFlags: 0, or PEER_RECORD_FLAG_AUTOREFRESH: while the program has the group open
 *   and online, the record is published anew a minute before it expires, as an update
 *   that gives it as long a life again; programs of the same identity that open the
 *   group later go on with it. Such a record lives for four minutes or longer, whatever
 *   @ftExpiration says, and never longer than the membership. When the last of them has
 *   closed the group, it expires.
 * * @pwzAttributes: XML of names and values, or NULL: see peergroup_attributes_build()
 * * @ftExpiration: peer time: PeerGroupUniversalTimeToPeerTime() makes it from UTC
 * * @data: the data. It may be empty; together with the attributes, each character of
 *   which counts two bytes, it may have 1 MiB unless the group's limit is set otherwise.
 *
 * Example::
 *
 *	GUID id;
 *	FILETIME in_a_day;	// UTC, filled in before
 *	PEER_RECORD r = {
 *		.dwSize = sizeof(r), .type = MY_TYPE,
 *		.data = { 5, (PBYTE)"hello" },
 *	};
 *
 *	PeerGroupUniversalTimeToPeerTime(group, &in_a_day, &r.ftExpiration);
 *	hr = PeerGroupAddRecord(group, &r, &id);
 *
 * Windows: The limit on a record's size is 1 MiB at first and can be set for each host,
 * up to 60 MiB.
 *
 * Return: S_OK or one of
 * * E_INVALIDARG: an argument is NULL, @dwSize is wrong, or @data.pbData is NULL with
 *   @data.cbData not 0
 * * PEER_E_NOT_AUTHORIZED: the type is reserved for the group itself, the membership has
 *   expired, not begun or was revoked, or this user may not write to the group on this
 *   host
 * * PEER_E_INVALID_RECORD: @type is null, @dwFlags has another flag than
 *   PEER_RECORD_FLAG_AUTOREFRESH, @ftExpiration is not in the future, or the kernel found
 *   the record malformed
 * * PEER_E_INVALID_RECORD_EXPIRATION: @ftExpiration is later than the end of the
 *   membership
 * * PEER_E_INVALID_ATTRIBUTES: @pwzAttributes does not follow the schema
 * * PEER_E_TOO_MANY_ATTRIBUTES: there are more than 256 attributes
 * * PEER_E_MAX_RECORD_SIZE_EXCEEDED: the data and twice the attributes' length exceed
 *   the group's limit
 * * PEER_E_INVALID_PEER_NAME: the identity was deleted meanwhile
 * * PEER_E_DISK_FULL: the group's table has reached its limit of records or bytes, or
 *   this member its share of it
 * * PEER_E_TOO_MUCH_LOAD: this member publishes faster than the group's limit allows
 * * PEER_E_INVALID_GROUP, PEER_E_GROUP_NOT_READY, PEER_E_NOT_INITIALIZED, E_OUTOFMEMORY
 *
 * See: peergroup_attributes_build(), PeerGroupDeleteRecord(), PeerGroupGetRecord(),
 * PeerGroupUniversalTimeToPeerTime(), PeerGroupUpdateRecord()
 */
HRESULT PeerGroupAddRecord(HGROUP hGroup, PPEER_RECORD pRecord, GUID *pRecordId);

/**
 * PeerGroupUpdateRecord - publish a new version of a record
 * @hGroup: the group
 * @pRecord: the record as PeerGroupGetRecord() returned it, changed
 *
 * Data, attributes and expiration may change; id, type and flags stay, and the
 * expiration may grow but never shrink. A record may be changed by its creator and by
 * administrators.
 *
 * Where two hosts update a record at the same time, all hosts come to have the same one
 * of the two versions; the other is lost. An update that meets a newer version on this
 * host is tried again on top of it, five times.
 *
 * Return: S_OK or one of
 * * E_INVALIDARG: @pRecord is NULL, @dwSize is wrong, or @data.pbData is NULL with
 *   @data.cbData not 0
 * * PEER_E_RECORD_NOT_FOUND: there is no such record, or it was deleted or has expired
 * * PEER_E_NOT_AUTHORIZED: this member is neither creator nor administrator, its
 *   membership has expired or was revoked, or this user may not write to the group on
 *   this host
 * * PEER_E_INVALID_RECORD: @type or @dwFlags differ from the record's
 * * PEER_E_INVALID_RECORD_EXPIRATION: @ftExpiration is earlier than before, or later than
 *   the end of the membership
 * * PEER_E_INVALID_ATTRIBUTES: @pwzAttributes does not follow the schema
 * * PEER_E_TOO_MANY_ATTRIBUTES: there are more than 256 attributes
 * * PEER_E_MAX_RECORD_SIZE_EXCEEDED: the record is larger than the group allows
 * * PEER_E_INVALID_PEER_NAME: the identity was deleted meanwhile
 * * PEER_E_DISK_FULL: the group's table has reached its limit of bytes, or this member
 *   its share of it
 * * PEER_E_TOO_MUCH_LOAD: this member publishes faster than the group's limit allows
 * * HRESULT_FROM_WIN32(ERROR_LOCK_VIOLATION): others changed the record five times while
 *   this was tried
 * * PEER_E_INVALID_GROUP, PEER_E_GROUP_NOT_READY, PEER_E_NOT_INITIALIZED, E_OUTOFMEMORY
 *
 * See: PeerGroupAddRecord(), PeerGroupDeleteRecord(), PeerGroupGetRecord()
 */
HRESULT PeerGroupUpdateRecord(HGROUP hGroup, PPEER_RECORD pRecord);

/**
 * PeerGroupDeleteRecord - delete a record on all hosts
 * @hGroup: the group
 * @pRecordId: which record
 *
 * A signed note of the deletion takes the record's place and goes to all members. It
 * lives until the record would have expired, so that no host that was away brings the
 * record back. A record may be deleted by its creator and by administrators.
 *
 * Return: S_OK or one of
 * * E_INVALIDARG: @pRecordId is NULL
 * * PEER_E_RECORD_NOT_FOUND: there is no such record, or it was deleted or has expired
 * * PEER_E_NOT_AUTHORIZED: this member is neither creator nor administrator, its
 *   membership has expired or was revoked, or this user may not write to the group on
 *   this host
 * * PEER_E_INVALID_PEER_NAME: the identity was deleted meanwhile
 * * HRESULT_FROM_WIN32(ERROR_LOCK_VIOLATION): others changed the record five times while
 *   this was tried
 * * PEER_E_INVALID_GROUP, PEER_E_GROUP_NOT_READY, PEER_E_NOT_INITIALIZED, E_OUTOFMEMORY
 *
 * See: PeerGroupAddRecord(), PeerGroupUpdateRecord()
 */
HRESULT PeerGroupDeleteRecord(HGROUP hGroup, const GUID *pRecordId);

/**
 * PeerGroupGetStatus - tell whether a group is online and connected
 * @hGroup: the group
 * @pdwStatus: receives the status
 *
 * The status has the bits of PEER_GROUP_STATUS; offline it is 0. A program hears of
 * changes by PEER_GROUP_EVENT_STATUS_CHANGED.
 *
 * Return: S_OK or one of
 * * E_INVALIDARG: @pdwStatus is NULL
 * * PEER_E_INVALID_GROUP, PEER_E_NOT_INITIALIZED, E_OUTOFMEMORY
 *
 * See: peergroup_status(), PeerGroupConnect(), PeerGroupRegisterEvent()
 */
HRESULT PeerGroupGetStatus(HGROUP hGroup, DWORD *pdwStatus);

/**
 * PeerGroupGetProperties - ask what a group is
 * @hGroup: the group
 * @ppProperties: receives what its creator has given it, as of the latest change that
 *	has come here
 *
 * @dwSize is that of the whole structure. @pwzClassifier and @pwzComment are NULL where
 * the group has none; @pwzCloud is "global" unless a cloud was named.
 * In @ulMemberDataLifetime, 0 means as long as the membership. @pwzGroupPassword is always
 * NULL.
 *
 * Properties are known offline, too, and after the group was closed: this host keeps
 * what it saw last.
 *
 * Return: S_OK or one of
 * * E_INVALIDARG: @ppProperties is NULL
 * * PEER_E_UNSUPPORTED_VERSION: the creator has a later version of the library, whose
 *   properties this one cannot read
 * * PEER_E_INVALID_GROUP, PEER_E_GROUP_NOT_READY, PEER_E_NOT_INITIALIZED, E_OUTOFMEMORY
 *
 * See: peergroup_properties(), PeerGroupCreate(), PeerGroupRegisterEvent(),
 * PeerGroupSetProperties()
 */
HRESULT PeerGroupGetProperties(HGROUP hGroup, PPEER_GROUP_PROPERTIES *ppProperties);

/**
 * PeerGroupSetProperties - change what a group is
 * @hGroup: the group
 * @pProperties: what it is to be: best what PeerGroupGetProperties() gave, changed
 *
 * These change: @dwFlags, @pwzFriendlyName (the group's peer name if NULL), @pwzComment
 * (none if NULL), @ulMemberDataLifetime and @ulPresenceLifetime, within the limits of
 * PEER_GROUP_PROPERTIES. The cloud, the classifier and both peer names never do: they are
 * NULL or what they were.
 *
 * With PEER_GROUP_PASSWORD_AUTHENTICATION in @dwAuthenticationSchemes and a
 * @pwzGroupPassword the group has that password from now on and no other, and
 * @groupPasswordRole is what it gives; a NULL password leaves the one that there is.
 * Without the scheme nobody joins by a password any more.
 *
 * Only the member that created the group may call it, on the host where it did: it takes
 * the group's own key. The group need not be online; the others hear of it when it is.
 * Everywhere, registrations for PEER_GROUP_EVENT_PROPERTY_CHANGED are told. What changes
 * nothing is no event.
 *
 * Return: S_OK or one of
 * * E_INVALIDARG: @pProperties is NULL, or @dwSize is neither that of the structure nor
 *   what it had in Windows XP
 * * PEER_E_NOT_AUTHORIZED: this member has not created the group
 * * PEER_E_INVALID_GROUP_PROPERTIES: what never changes differs, a text is too long or
 *   not proper Unicode, a lifetime is out of range, flags or authentication schemes are
 *   unknown, or a password is given without its scheme
 * * PEER_E_PASSWORD_DOES_NOT_MEET_POLICY: the password is shorter than 8 characters
 * * PEER_E_NO_KEY_ACCESS: the group's key cannot be read
 * * HRESULT_FROM_WIN32(ERROR_LOCK_VIOLATION): others changed the properties five times
 *   while this was tried
 * * PEER_E_INVALID_GROUP, PEER_E_GROUP_NOT_READY, PEER_E_NOT_INITIALIZED, E_OUTOFMEMORY
 *
 * See: peergroup_set_properties(), PeerGroupCreate(), PeerGroupGetProperties(),
 * PeerGroupRegisterEvent()
 */
HRESULT PeerGroupSetProperties(HGROUP hGroup, PPEER_GROUP_PROPERTIES pProperties);

/**
 * PeerGroupIssueCredentials - renew a membership, or give it another role
 * @hGroup: the group
 * @pwzSubjectIdentity: the member's peer name
 * @pCredentialInfo: what the new certificate says, or NULL: the same roles and key as
 *	the member's latest one, and as long a period, if one's own membership lasts that
 *	long
 * @dwFlags: 0, or PEER_GROUP_STORE_CREDENTIALS to publish the certificate in the group
 * @ppwzInvitation: receives an invitation; may be NULL if @dwFlags is not 0
 *
 * Of @pCredentialInfo, the issuer's names are not looked at. @pwzFriendlyName and
 * @pPublicKey may be NULL: as before. @ftValidityStart may be zero: now; otherwise it
 * has to be later than that of the certificate before, as that is how hosts tell which
 * of the two counts.
 *
 * Only administrators may call it, about members other than themselves and those who
 * have invited them.
 *
 * The invitation is for PeerGroupJoin(), which replaces the certificate of who has
 * joined before. A certificate that was published is taken by the member itself, if an
 * administrator issued it, when it next opens, connects or closes the group. Until then,
 * and for links that are up, the one before counts.
 *
 * A lower role is no revocation: a member that does not take the certificate keeps the
 * one before until it ends; see PeerGroupRevokeMember().
 *
 * Return: S_OK or one of
 * * E_INVALIDARG: @pwzSubjectIdentity is NULL, @dwFlags has unknown bits or is 0 without
 *   @ppwzInvitation, or @dwSize is wrong
 * * PEER_E_IDENTITY_DELETED: one's own identity was deleted, or the member's was one of
 *   this user's and was
 * * PEER_E_IDENTITY_NOT_FOUND: this host knows no member of that name, or it was revoked
 * * PEER_E_NOT_AUTHORIZED: this member is no administrator, or its membership has
 *   expired or was revoked
 * * PEER_E_CHAIN_TOO_LONG: there are 24 certificates between the root and the new one
 * * PEER_E_CIRCULAR_CHAIN_DETECTED: the member is oneself, or among those who have
 *   invited one
 * * PEER_E_INVALID_CREDENTIAL_INFO: @dwFlags is not 0, there are no roles, the friendly
 *   name is not one, the key is not that of the peer name or not known, or the period
 *   does not begin later than before
 * * PEER_E_INVALID_ROLE_PROPERTY: a role is not known
 * * PEER_E_INVALID_TIME_PERIOD: the period is past, or not within one's own membership
 * * PEER_E_NO_KEY_ACCESS: the data folder or the private key in it cannot be used
 * * PEER_E_DISK_FULL: the group has no room to store the certificate, or this member
 *   none
 * * PEER_E_TOO_MUCH_LOAD: this member publishes faster than the group's limit allows
 * * HRESULT_FROM_WIN32(ERROR_LOCK_VIOLATION): another program has stored a certificate
 *   for the member just now
 * * PEER_E_INVALID_GROUP, PEER_E_GROUP_NOT_READY, PEER_E_NOT_INITIALIZED, E_OUTOFMEMORY
 *
 * See: peergroup_renew(), PeerGroupCreateInvitation(), PeerGroupEnumMembers(),
 * PeerGroupJoin(), PeerGroupRevokeMember()
 */
HRESULT PeerGroupIssueCredentials(HGROUP hGroup, PCWSTR pwzSubjectIdentity,
				  PEER_CREDENTIAL_INFO *pCredentialInfo, DWORD dwFlags,
				  PWSTR *ppwzInvitation);

/**
 * PeerGroupEnumMembers - enumerate the members of a group
 * @hGroup: the group
 * @dwFlags: 0 for all members, PEER_MEMBER_PRESENT for those that are online
 * @pwzIdentity: the peer name of the only member wanted, or NULL
 * @phPeerEnum: receives the handle of an enumeration
 *
 * The items are of type PEER_MEMBER. This member comes first, then the others in the
 * order that this host learned of them: those that are present, and those whose
 * membership record is here. A member publishes that record when it first connects; in a
 * group with PEER_MEMBER_DATA_OPTIONAL, when it first publishes something. It lasts for
 * @ulMemberDataLifetime of the group's properties, and for half of that, at least, from
 * when the member connected last. A member has one item, with its latest certificate, or
 * one for each of its nodes that are online, 16 at the most; who was revoked, or whose
 * certificates have expired, has none. A name that nobody has gives an empty enumeration.
 *
 * Online is this host's node, if it is, and those that it has a link to. While it has
 * any, so are those whose presence record is here: each node publishes one when it goes
 * online, its kernel keeps that alive for as long as the group is online there, and it is
 * taken back when the node goes offline or the last program closes the group. Otherwise
 * the record ends after @ulPresenceLifetime of the group's properties. There is none of a member whose
 * certificate ends before that, nor in a group with PEER_DISABLE_PRESENCE.
 *
 * Return: S_OK or one of
 * * E_INVALIDARG: @phPeerEnum is NULL, or @dwFlags has unknown bits
 * * PEER_E_INVALID_GROUP, PEER_E_NOT_INITIALIZED, E_OUTOFMEMORY
 *
 * See: PeerEndEnumeration(), PeerGetItemCount(), PeerGetNextItem(),
 * PeerGroupIssueCredentials(), PeerGroupRevokeMember()
 */
HRESULT PeerGroupEnumMembers(HGROUP hGroup, DWORD dwFlags, PCWSTR pwzIdentity,
			     HPEERENUM *phPeerEnum);

/**
 * PeerGroupOpenDirectConnection - connect to a member for sending data
 * @hGroup: the group, which is online
 * @pwzIdentity: peer name of the member that has to be there
 * @pAddress: where. Port 0 is that of peergroup, 3587.
 * @pullConnectionId: receives the connection's id, which is never 0
 *
 * Opens a connection that carries data and nothing else, to one member at one address.
 * It is encrypted and both ends prove their membership, as on any link, but it does not
 * count as a neighbour: no records go over it.
 *
 * The call does not wait. What becomes of it is an event
 * PEER_GROUP_EVENT_DIRECT_CONNECTION, at both ends, for who has registered for it, or,
 * at this end only, PEER_CONNECTION_FAILED with a reason: PEER_E_CONNECTION_REFUSED
 * where no program of that host has registered for direct connections, or there are too
 * many; PEER_E_CONNECTION_NOT_AUTHENTICATED where another member is there, or a
 * membership is not accepted; and PEER_E_CONNECTION_FAILED where nobody answers.
 *
 * The connection is shared by all programs of the host that use the group as this
 * member. It is to be closed by PeerGroupCloseDirectConnection(). It ends, too, with the
 * group, and when both the handle that opened it is closed and nobody here has
 * registered for direct connections any more. Several connections to one member are
 * fine.
 *
 * Return: S_OK or one of
 * * E_INVALIDARG: an argument is NULL, @pwzIdentity is not a peer name, or @pAddress is
 *   not the address of one host
 * * PEER_E_CONNECT_SELF: the member is this one
 * * PEER_E_GROUP_NOT_READY: the group is offline
 * * PEER_E_TOO_MUCH_LOAD: there are as many direct connections as the group's limit
 *   ``direct`` allows
 * * E_ACCESSDENIED: the group's mode does not let this user write
 * * PEER_E_INVALID_GROUP, PEER_E_NOT_INITIALIZED, E_OUTOFMEMORY
 *
 * See: peergroup_direct_open(), PeerGroupCloseDirectConnection(),
 * PeerGroupEnumConnections(), PeerGroupRegisterEvent(), PeerGroupSendData()
 */
HRESULT PeerGroupOpenDirectConnection(HGROUP hGroup, PCWSTR pwzIdentity,
				      PPEER_ADDRESS pAddress,
				      ULONGLONG *pullConnectionId);

/**
 * PeerGroupCloseDirectConnection - close a direct connection
 * @hGroup: the group
 * @ullConnectionId: the connection
 *
 * Closes a direct connection, whoever has opened it, this host or the other. The id is
 * good for nothing from now on. What was sent before still goes out, for some seconds;
 * then both ends get an event PEER_GROUP_EVENT_DIRECT_CONNECTION with PEER_DISCONNECTED.
 *
 * Return: S_OK or one of
 * * PEER_E_CONNECTION_NOT_FOUND: there is no direct connection of that id; it may have
 *   ended, or be a neighbour's
 * * E_ACCESSDENIED: the group's mode does not let this user write
 * * PEER_E_INVALID_GROUP, PEER_E_NOT_INITIALIZED, E_OUTOFMEMORY
 *
 * See: peergroup_direct_close(), PeerGroupEnumConnections(),
 * PeerGroupOpenDirectConnection(), PeerGroupSendData()
 */
HRESULT PeerGroupCloseDirectConnection(HGROUP hGroup, ULONGLONG ullConnectionId);

/**
 * PeerGroupEnumConnections - list the connections of a group
 * @hGroup: the group
 * @dwFlags: PEER_CONNECTION_NEIGHBOR for links to neighbours, PEER_CONNECTION_DIRECT for
 *	direct connections; both, or 0, for all
 * @phPeerEnum: receives the enumeration
 *
 * The items are of type PEER_CONNECTION_INFO: the links that are up now.
 *
 * Return: S_OK or one of
 * * E_INVALIDARG: @phPeerEnum is NULL, or @dwFlags has unknown bits
 * * PEER_E_INVALID_GROUP, PEER_E_NOT_INITIALIZED, E_OUTOFMEMORY
 *
 * See: PeerEndEnumeration(), PeerGetNextItem(), peergroup_connections(),
 * PeerGroupCloseDirectConnection(), PeerGroupOpenDirectConnection(), PeerGroupSendData()
 */
HRESULT PeerGroupEnumConnections(HGROUP hGroup, DWORD dwFlags, HPEERENUM *phPeerEnum);

/**
 * PeerGroupSendData - send data over a connection
 * @hGroup: the group
 * @ullConnectionId: the connection, which is up
 * @pType: what the data means; the programs' business
 * @cbData: bytes, from 1 to the group's limit of a record
 * @pvData: the data
 *
 * Sends data to the programs at the other end of a direct connection, or of a link to a
 * neighbour.
 *
 * Success means that it is queued. Where as much is queued as the group's limit
 * ``send_queue`` allows, the call waits for room; so it does where the other end does
 * not read. What is sent over one connection arrives whole and in order, as long as the
 * connection lasts, but nobody tells that it has. There it is an event
 * PEER_GROUP_EVENT_INCOMING_DATA for each registration that is for it; where there is
 * none, it is dropped. A registration whose events are not taken in time loses data, as
 * is counted there: ``data_lost`` of ``peergroup stats``, see peergroup(1).
 *
 * Return: S_OK or one of
 * * E_INVALIDARG: an argument is NULL, or @cbData is 0
 * * PEER_E_CONNECTION_NOT_FOUND: no connection of that id is up
 * * PEER_E_MAX_RECORD_SIZE_EXCEEDED: there is more data than a record may have
 * * E_ACCESSDENIED: the group's mode does not let this user write
 * * PEER_E_INVALID_GROUP, PEER_E_NOT_INITIALIZED, E_OUTOFMEMORY
 *
 * See: peergroup_send(), PeerGroupCloseDirectConnection(), PeerGroupEnumConnections(),
 * PeerGroupOpenDirectConnection(), PeerGroupRegisterEvent()
 */
HRESULT PeerGroupSendData(HGROUP hGroup, ULONGLONG ullConnectionId, const GUID *pType,
			  ULONG cbData, PVOID pvData);

/**
 * PeerGroupEnumRecords - enumerate the records of a group
 * @hGroup: the group
 * @pRecordType: only records of this type; NULL for all but those of the group itself
 * @phPeerEnum: receives the handle of an enumeration
 *
 * The items are of type PEER_RECORD, in no particular order. They are a snapshot, data
 * included: what changes later does not change it. For very large groups
 * peergroup_records() needs less memory.
 *
 * Return: S_OK or one of
 * * E_INVALIDARG: @phPeerEnum is NULL
 * * PEER_E_INVALID_GROUP, PEER_E_NOT_INITIALIZED, E_OUTOFMEMORY
 *
 * See: PeerEndEnumeration(), PeerGetItemCount(), PeerGetNextItem(), peergroup_records(),
 * PeerGroupGetRecord(), PeerGroupSearchRecords()
 */
HRESULT PeerGroupEnumRecords(HGROUP hGroup, const GUID *pRecordType,
			     HPEERENUM *phPeerEnum);

/**
 * DOC: Queries
 *
 * A query is an element ``peersearch`` with exactly one of these in it:
 *
 * * ``clause``: true where a record's attribute compares with the element's text as it
 *   says. Its XML attributes are ``attrib``, the attribute's name; ``type``, which is
 *   ``string`` (the default), ``int`` or ``date``; and ``compare``, which is ``equal``
 *   (the default), ``notequal``, ``less``, ``greater``, ``lessorequal`` or
 *   ``greaterorequal``.
 * * ``and``: true where all of the elements in it are: one or more of ``clause``, ``and``,
 *   ``or``, up to 64 levels deep
 * * ``or``: true where one of them is
 *
 *	<peersearch>
 *	  <and>
 *	    <clause attrib="filename" type="string">data-0?.xml</clause>
 *	    <clause attrib="length" type="int" compare="less">1000</clause>
 *	  </and>
 *	</peersearch>
 *
 * A clause about an attribute that a record does not have, or that is of another type, is
 * false, whatever the comparison. Each record has these, besides its own:
 *
 * * ``peercreatorid``: string: peer name of its creator
 * * ``peerlastmodifiedby``: string: peer name of who made this version
 * * ``peerrecordid``: string: GUID, in braces or without
 * * ``peerrecordtype``: string: the same
 * * ``peercreationtime``: date: peer time
 * * ``peerlastmodificationtime``: date: peer time
 *
 * Values are
 *
 * * ``string``: any text, compared by its UTF-16 code units; white space and case count.
 *   With ``equal`` and ``notequal``, ``*`` stands for any characters, also none, and ``?``
 *   for one. A backslash before ``*``, ``?`` or a backslash makes it stand for itself;
 *   before anything else it is an error, in every comparison.
 * * ``int``: a signed integer of 64 bits
 * * ``date``: ``YYYY``, ``YYYY-MM``, ``YYYY-MM-DD`` or ``YYYY-MM-DDThh:mm[:ss[.s]]TZD``,
 *   ``TZD`` being ``Z``, ``+hh:mm`` or ``-hh:mm``. Without a time it is the first moment,
 *   in UTC; moments are compared to 100 ns.
 *
 * Namespace declarations do not matter. A document type declaration is refused.
 */

/**
 * DOC: Cost
 *
 * What a query says about ``peerrecordid``, ``peerrecordtype``, ``peercreatorid`` (each
 * with ``equal`` and without wildcards), ``peercreationtime`` and
 * ``peerlastmodificationtime`` is found by the kernel, without a look at other records.
 * This holds inside ``and``, and inside an ``or`` of which all branches say such things,
 * up to eight. Other queries read all records of the group, so PeerGroupEnumRecords() is
 * the cheaper way to get all of them.
 */

/**
 * PeerGroupSearchRecords - enumerate the records of a group that match a query
 * @hGroup: the group; it need not have synchronised
 * @pwzCriteria: the query, XML
 * @phPeerEnum: receives the handle of an enumeration, which may be empty
 *
 * The items are of type PEER_RECORD, in no particular order: a snapshot of what matches
 * on this host. Deleted and expired records and those of the group itself are not among
 * them.
 *
 * Return: S_OK, also where nothing was found, or one of
 * * E_INVALIDARG: @pwzCriteria or @phPeerEnum is NULL, or there is a backslash in a
 *   string that escapes nothing
 * * PEER_E_INVALID_SEARCH: @pwzCriteria is not XML of this form, longer than 512 KiB or
 *   nested too deep, or a value is not of its type. peergroup_error_detail() says what
 *   is wrong.
 * * PEER_E_INVALID_GROUP, PEER_E_NOT_INITIALIZED, E_OUTOFMEMORY
 *
 * See: PeerEndEnumeration(), PeerGetItemCount(), PeerGetNextItem(),
 * peergroup_query_build(), peergroup_query_escape(), peergroup_search(),
 * PeerGroupAddRecord(), PeerGroupEnumRecords()
 */
HRESULT PeerGroupSearchRecords(HGROUP hGroup, PCWSTR pwzCriteria,
			       HPEERENUM *phPeerEnum);

/**
 * PeerGroupPeerTimeToUniversalTime - convert from the group's clock to UTC
 * @hGroup: the group
 * @pftPeerTime: peer time
 * @pftUniversalTime: receives UTC
 *
 * The times of records are peer time: the group's clock, on which its members agree to
 * within their delays, in units of 100 ns since 1601. Times of certificates and
 * invitations are UTC. Both calls add or take away the difference that holds now; both
 * arguments may be the same object. Where a call fails, the result is left as it was.
 *
 * Windows: Of the errors of remote procedure calls there is one: the kernel is asked
 * directly, and cuts no call off.
 *
 * Return: S_OK or one of
 * * E_INVALIDARG: a time is NULL, or the result cannot be expressed
 * * HRESULT_FROM_WIN32(RPC_S_SERVER_UNAVAILABLE): the kernel module was unloaded meanwhile
 * * PEER_E_INVALID_GROUP, PEER_E_GROUP_NOT_READY, PEER_E_NOT_INITIALIZED, E_OUTOFMEMORY
 *
 * See: peergroup_time_from_unix(), peergroup_time_to_unix(),
 * PeerGroupUniversalTimeToPeerTime()
 */
HRESULT PeerGroupPeerTimeToUniversalTime(HGROUP hGroup, FILETIME *pftPeerTime,
					 FILETIME *pftUniversalTime);

/**
 * PeerGroupUniversalTimeToPeerTime - convert from UTC to the group's clock
 * @hGroup: the group
 * @pftUniversalTime: UTC
 * @pftPeerTime: receives peer time
 *
 * The times of records are peer time: the group's clock, on which its members agree to
 * within their delays, in units of 100 ns since 1601. Times of certificates and
 * invitations are UTC. Both calls add or take away the difference that holds now; both
 * arguments may be the same object. Where a call fails, the result is left as it was.
 *
 * Windows: Of the errors of remote procedure calls there is one: the kernel is asked
 * directly, and cuts no call off.
 *
 * Return: S_OK or one of
 * * E_INVALIDARG: a time is NULL, or the result cannot be expressed
 * * HRESULT_FROM_WIN32(RPC_S_SERVER_UNAVAILABLE): the kernel module was unloaded meanwhile
 * * PEER_E_INVALID_GROUP, PEER_E_GROUP_NOT_READY, PEER_E_NOT_INITIALIZED, E_OUTOFMEMORY
 *
 * See: peergroup_time_from_unix(), PeerGroupAddRecord(),
 * PeerGroupPeerTimeToUniversalTime()
 */
HRESULT PeerGroupUniversalTimeToPeerTime(HGROUP hGroup, FILETIME *pftUniversalTime,
					 FILETIME *pftPeerTime);

/**
 * PeerFreeData - free what a call has returned
 * @pvData: the pointer as the call returned it; NULL does nothing
 *
 * What a call returns through a pointer argument is one block, with all that it points
 * to. It is freed with one PeerFreeData() of the outermost pointer, never in parts. The
 * array that PeerGetNextItem() returns is such a block too, with all its items. Memory
 * from elsewhere must not be passed.
 *
 * See: PeerGetNextItem(), peergroup_free()
 */
VOID PeerFreeData(LPCVOID pvData);

/**
 * PeerGetItemCount - say how many items an enumeration has
 * @hPeerEnum: the enumeration
 * @pCount: receives the count
 *
 * The count is that of all items, whether they were fetched already or not.
 *
 * Return: S_OK or one of
 * * E_INVALIDARG: @hPeerEnum is not an enumeration, or @pCount is NULL
 *
 * See: PeerEndEnumeration(), PeerGetNextItem()
 */
HRESULT PeerGetItemCount(HPEERENUM hPeerEnum, ULONG *pCount);

/**
 * PeerGetNextItem - take the next items of an enumeration
 * @hPeerEnum: the enumeration
 * @pCount: how many items are wanted; receives how many came
 * @pppvItems: receives an array of pointers to them, or NULL where none came
 *
 * At the end the call returns S_OK with a count of 0, not an error. Of what type the
 * items are, the call that made the enumeration says. Where the call fails, the position
 * in the enumeration stays as it was.
 *
 * Return: S_OK or one of
 * * E_INVALIDARG: @hPeerEnum is not an enumeration, or an argument is NULL
 * * E_OUTOFMEMORY
 *
 * See: PeerEndEnumeration(), PeerEnumGroups(), PeerEnumIdentities(), PeerFreeData(),
 * PeerGetItemCount(), PeerGroupEnumMembers(), PeerGroupEnumRecords(),
 * PeerGroupSearchRecords()
 */
HRESULT PeerGetNextItem(HPEERENUM hPeerEnum, ULONG *pCount, PVOID **pppvItems);

/**
 * PeerEndEnumeration - close an enumeration
 * @hPeerEnum: the enumeration
 *
 * The snapshot is freed. Items that were fetched stay the program's.
 *
 * Return: S_OK or one of
 * * E_INVALIDARG: @hPeerEnum is not an enumeration
 *
 * See: PeerGetNextItem()
 */
HRESULT PeerEndEnumeration(HPEERENUM hPeerEnum);

#if defined(_WINBASE_) || defined(__WINE_WINBASE_H)
/*
 * The library's own threads are none of this program's Win32 and must not signal its
 * events: a thread that PeerGroupStartup() starts does. <peergroup.h> explains the two.
 */
HRESULT peergroup_signal_begin(void);
HRESULT peergroup_signal_next(HANDLE *event);

static __inline DWORD WINAPI _p2p_signal(LPVOID pUnused)
{
	HANDLE hEvent;

	(void)pUnused;
	while (peergroup_signal_next(&hEvent) == S_OK)
		SetEvent(hEvent);
	return 0;
}

static __inline HRESULT _p2p_startup(WORD wVersionRequested, PPEER_VERSION_DATA pVersionData)
{
	HRESULT hr = PeerGroupStartup(wVersionRequested, pVersionData);
	HANDLE hThread;

	if (hr != S_OK || peergroup_signal_begin() != S_OK)
		return hr;
	hThread = CreateThread(NULL, 0, _p2p_signal, NULL, 0, NULL);
	if (!hThread) {
		PeerGroupShutdown();
		return E_OUTOFMEMORY;
	}
	CloseHandle(hThread);
	return hr;
}

#define PeerGroupStartup	_p2p_startup
#endif /* windows.h */

#ifdef __cplusplus
}
#endif

#endif /* _P2P_H_ */
