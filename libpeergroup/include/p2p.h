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

typedef enum peer_record_change_type_tag {
	PEER_RECORD_ADDED = 1,
	PEER_RECORD_UPDATED = 2,
	PEER_RECORD_DELETED = 3,
	PEER_RECORD_EXPIRED = 4
} PEER_RECORD_CHANGE_TYPE;

typedef enum peer_connection_status_tag {
	PEER_CONNECTED = 1,
	PEER_DISCONNECTED = 2,
	PEER_CONNECTION_FAILED = 3
} PEER_CONNECTION_STATUS;

typedef enum peer_connection_flags_tag {
	PEER_CONNECTION_NEIGHBOR = 0x1,
	PEER_CONNECTION_DIRECT = 0x2
} PEER_CONNECTION_FLAGS;

typedef enum peer_record_flags_tag {
	PEER_RECORD_FLAG_AUTOREFRESH = 0x1,
	PEER_RECORD_FLAG_DELETED = 0x2
} PEER_RECORD_FLAGS;

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

/* Bits; both may be set. */
typedef enum peer_group_status_tag {
	PEER_GROUP_STATUS_LISTENING = 0x1,
	PEER_GROUP_STATUS_HAS_CONNECTIONS = 0x2
} PEER_GROUP_STATUS;

typedef enum peer_group_property_flags_tag {
	PEER_MEMBER_DATA_OPTIONAL = 0x1,
	PEER_DISABLE_PRESENCE = 0x2,
	PEER_DEFER_EXPIRATION = 0x4
} PEER_GROUP_PROPERTY_FLAGS;

typedef enum peer_group_authentication_scheme_tag {
	PEER_GROUP_GMC_AUTHENTICATION = 0x1,
	PEER_GROUP_PASSWORD_AUTHENTICATION = 0x2
} PEER_GROUP_AUTHENTICATION_SCHEME;

typedef enum peer_member_flags_tag {
	PEER_MEMBER_PRESENT = 0x1
} PEER_MEMBER_FLAGS;

typedef enum peer_member_change_type_tag {
	PEER_MEMBER_CONNECTED = 1,
	PEER_MEMBER_DISCONNECTED = 2,
	PEER_MEMBER_UPDATED = 3,
	PEER_MEMBER_JOINED = 4,
	PEER_MEMBER_LEFT = 5
} PEER_MEMBER_CHANGE_TYPE;

typedef enum peer_issue_credential_flags_tag {
	PEER_GROUP_STORE_CREDENTIALS = 0x1
} PEER_GROUP_ISSUE_CREDENTIAL_FLAGS;

/* windows headers may have these two from pnrpdef.h. */
#ifndef _PNRPDEF_
typedef enum _PNRP_SCOPE {
	PNRP_SCOPE_ANY = 0,
	PNRP_GLOBAL_SCOPE = 1,
	PNRP_SITE_LOCAL_SCOPE = 2,
	PNRP_LINK_LOCAL_SCOPE = 3
} PNRP_SCOPE;

typedef enum _PNRP_CLOUD_FLAGS {
	PNRP_CLOUD_NO_FLAGS = 0,
	PNRP_CLOUD_NAME_LOCAL = 1,
	PNRP_CLOUD_RESOLVE_ONLY = 2,
	PNRP_CLOUD_FULL_PARTICIPANT = 4
} PNRP_CLOUD_FLAGS;
#endif

/* ------------------------------------------------------------ structures -- */

typedef PVOID HGROUP, *PHGROUP;
typedef void *HPEERENUM;
typedef void *HPEEREVENT, *PHPEEREVENT;
typedef GUID PEER_ROLE_ID;

typedef struct peer_version_data_tag {
	WORD wVersion;
	WORD wHighestVersion;
} PEER_VERSION_DATA, *PPEER_VERSION_DATA;

typedef struct peer_data_tag {
	ULONG cbData;
	PBYTE pbData;
} PEER_DATA, *PPEER_DATA;

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

typedef struct peer_address_tag {
	DWORD dwSize;
	SOCKADDR_IN6 sin6;
} PEER_ADDRESS, *PPEER_ADDRESS;
typedef const PEER_ADDRESS *PCPEER_ADDRESS;

typedef struct peer_connection_info_tag {
	DWORD dwSize;
	DWORD dwFlags;
	ULONGLONG ullConnectionId;
	ULONGLONG ullNodeId;
	PWSTR pwzPeerId;
	PEER_ADDRESS address;
} PEER_CONNECTION_INFO, *PPEER_CONNECTION_INFO;

typedef struct peer_event_incoming_data_tag {
	DWORD dwSize;
	ULONGLONG ullConnectionId;
	GUID type;
	PEER_DATA data;
} PEER_EVENT_INCOMING_DATA, *PPEER_EVENT_INCOMING_DATA;

typedef struct peer_event_record_change_data_tag {
	DWORD dwSize;
	PEER_RECORD_CHANGE_TYPE changeType;
	GUID recordId;
	GUID recordType;
} PEER_EVENT_RECORD_CHANGE_DATA, *PPEER_EVENT_RECORD_CHANGE_DATA;

typedef struct peer_event_connection_change_data_tag {
	DWORD dwSize;
	PEER_CONNECTION_STATUS status;
	ULONGLONG ullConnectionId;
	ULONGLONG ullNodeId;
	ULONGLONG ullNextConnectionId;
	HRESULT hrConnectionFailedReason;
} PEER_EVENT_CONNECTION_CHANGE_DATA, *PPEER_EVENT_CONNECTION_CHANGE_DATA;

typedef struct peer_event_member_change_data_tag {
	DWORD dwSize;
	PEER_MEMBER_CHANGE_TYPE changeType;
	PWSTR pwzIdentity;
} PEER_EVENT_MEMBER_CHANGE_DATA, *PPEER_EVENT_MEMBER_CHANGE_DATA;

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

typedef struct peer_group_event_registration_tag {
	PEER_GROUP_EVENT_TYPE eventType;
	GUID *pType;
} PEER_GROUP_EVENT_REGISTRATION, *PPEER_GROUP_EVENT_REGISTRATION;

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

/* 04387127-aa56-450a-8ce5-4f565c6790f4 */
extern const GUID PEER_GROUP_ROLE_ADMIN;
/* f12dc4c7-0857-4ca0-93fc-b1bb19a3d8c2 */
extern const GUID PEER_GROUP_ROLE_MEMBER;
/* 4370fd89-dc18-4cfb-8dbf-9853a8a9f905 */
extern const GUID PEER_GROUP_ROLE_INVITING_MEMBER;

HRESULT PeerGroupStartup(WORD wVersionRequested, PPEER_VERSION_DATA pVersionData);
HRESULT PeerGroupShutdown(void);

HRESULT PeerIdentityCreate(PCWSTR pwzClassifier, PCWSTR pwzFriendlyName,
			   HCRYPTPROV hCryptProv, PWSTR *ppwzIdentity);
HRESULT PeerIdentityDelete(PCWSTR pwzIdentity);
HRESULT PeerIdentityGetDefault(PWSTR *ppwzPeerName);
HRESULT PeerIdentityGetXML(PCWSTR pwzIdentity, PWSTR *ppwzIdentityXML);
HRESULT PeerIdentityGetFriendlyName(PCWSTR pwzIdentity, PWSTR *ppwzFriendlyName);
HRESULT PeerIdentitySetFriendlyName(PCWSTR pwzIdentity, PCWSTR pwzFriendlyName);
HRESULT PeerIdentityGetCryptKey(PCWSTR pwzIdentity, HCRYPTPROV *phCryptProv);
HRESULT PeerIdentityExport(PCWSTR pwzIdentity, PCWSTR pwzPassword, PWSTR *ppwzExportXML);
HRESULT PeerIdentityImport(PCWSTR pwzImportXML, PCWSTR pwzPassword, PWSTR *ppwzIdentity);
HRESULT PeerEnumIdentities(HPEERENUM *phPeerEnum);
HRESULT PeerEnumGroups(PCWSTR pwzIdentity, HPEERENUM *phPeerEnum);
HRESULT PeerCreatePeerName(PCWSTR pwzIdentity, PCWSTR pwzClassifier,
			   PWSTR *ppwzPeerName);
HRESULT PeerNameToPeerHostName(PCWSTR pwzPeerName, PWSTR *ppwzHostName);
HRESULT PeerHostNameToPeerName(PCWSTR pwzHostName, PWSTR *ppwzPeerName);

HRESULT PeerGroupCreate(PPEER_GROUP_PROPERTIES pProperties, HGROUP *phGroup);
HRESULT PeerGroupOpen(PCWSTR pwzIdentity, PCWSTR pwzGroupPeerName,
		      PCWSTR pwzCloud, HGROUP *phGroup);
HRESULT PeerGroupJoin(PCWSTR pwzIdentity, PCWSTR pwzInvitation,
		      PCWSTR pwzCloud, HGROUP *phGroup);
HRESULT PeerGroupPasswordJoin(PCWSTR pwzIdentity, PCWSTR pwzInvitation, PCWSTR pwzPassword,
			      PCWSTR pwzCloud, HGROUP *phGroup);
HRESULT PeerGroupCreatePasswordInvitation(HGROUP hGroup, PWSTR *ppwzInvitation);
HRESULT PeerGroupResumePasswordAuthentication(HGROUP hGroup, HPEEREVENT hPeerEventHandle);
HRESULT PeerGroupConnect(HGROUP hGroup);
HRESULT PeerGroupConnectByAddress(HGROUP hGroup, ULONG cAddresses,
				  PPEER_ADDRESS pAddresses);
HRESULT PeerGroupClose(HGROUP hGroup);
HRESULT PeerGroupDelete(PCWSTR pwzIdentity, PCWSTR pwzGroupPeerName);
HRESULT PeerGroupExportConfig(HGROUP hGroup, PCWSTR pwzPassword, PWSTR *ppwzXML);
HRESULT PeerGroupImportConfig(PCWSTR pwzXML, PCWSTR pwzPassword, BOOL fOverwrite,
			      PWSTR *ppwzIdentity, PWSTR *ppwzGroup);
HRESULT PeerGroupExportDatabase(HGROUP hGroup, PCWSTR pwzFilePath);
HRESULT PeerGroupImportDatabase(HGROUP hGroup, PCWSTR pwzFilePath);

HRESULT PeerGroupCreateInvitation(HGROUP hGroup, PCWSTR pwzIdentityInfo,
				  FILETIME *pftExpiration, ULONG cRoles,
				  const GUID *pRoles, PWSTR *ppwzInvitation);
HRESULT PeerGroupParseInvitation(PCWSTR pwzInvitation,
				 PPEER_INVITATION_INFO *ppInvitationInfo);

HRESULT PeerGroupRegisterEvent(HGROUP hGroup, HANDLE hEvent, DWORD cEventRegistration,
			       PEER_GROUP_EVENT_REGISTRATION *pEventRegistrations,
			       HPEEREVENT *phPeerEvent);
HRESULT PeerGroupUnregisterEvent(HPEEREVENT hPeerEvent);
HRESULT PeerGroupGetEventData(HPEEREVENT hPeerEvent,
			      PPEER_GROUP_EVENT_DATA *ppEventData);

HRESULT PeerGroupGetRecord(HGROUP hGroup, const GUID *pRecordId,
			   PPEER_RECORD *ppRecord);
HRESULT PeerGroupAddRecord(HGROUP hGroup, PPEER_RECORD pRecord, GUID *pRecordId);
HRESULT PeerGroupUpdateRecord(HGROUP hGroup, PPEER_RECORD pRecord);
HRESULT PeerGroupDeleteRecord(HGROUP hGroup, const GUID *pRecordId);
HRESULT PeerGroupGetStatus(HGROUP hGroup, DWORD *pdwStatus);
HRESULT PeerGroupGetProperties(HGROUP hGroup, PPEER_GROUP_PROPERTIES *ppProperties);
HRESULT PeerGroupSetProperties(HGROUP hGroup, PPEER_GROUP_PROPERTIES pProperties);
HRESULT PeerGroupIssueCredentials(HGROUP hGroup, PCWSTR pwzSubjectIdentity,
				  PEER_CREDENTIAL_INFO *pCredentialInfo, DWORD dwFlags,
				  PWSTR *ppwzInvitation);
HRESULT PeerGroupEnumMembers(HGROUP hGroup, DWORD dwFlags, PCWSTR pwzIdentity,
			     HPEERENUM *phPeerEnum);
HRESULT PeerGroupOpenDirectConnection(HGROUP hGroup, PCWSTR pwzIdentity,
				      PPEER_ADDRESS pAddress,
				      ULONGLONG *pullConnectionId);
HRESULT PeerGroupCloseDirectConnection(HGROUP hGroup, ULONGLONG ullConnectionId);
HRESULT PeerGroupEnumConnections(HGROUP hGroup, DWORD dwFlags, HPEERENUM *phPeerEnum);
HRESULT PeerGroupSendData(HGROUP hGroup, ULONGLONG ullConnectionId, const GUID *pType,
			  ULONG cbData, PVOID pvData);
HRESULT PeerGroupEnumRecords(HGROUP hGroup, const GUID *pRecordType,
			     HPEERENUM *phPeerEnum);
HRESULT PeerGroupSearchRecords(HGROUP hGroup, PCWSTR pwzCriteria,
			       HPEERENUM *phPeerEnum);

HRESULT PeerGroupPeerTimeToUniversalTime(HGROUP hGroup, FILETIME *pftPeerTime,
					 FILETIME *pftUniversalTime);
HRESULT PeerGroupUniversalTimeToPeerTime(HGROUP hGroup, FILETIME *pftUniversalTime,
					 FILETIME *pftPeerTime);

VOID PeerFreeData(LPCVOID pvData);
HRESULT PeerGetItemCount(HPEERENUM hPeerEnum, ULONG *pCount);
HRESULT PeerGetNextItem(HPEERENUM hPeerEnum, ULONG *pCount, PVOID **pppvItems);
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
