#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# The public headers under the language standards and compilers that are there,
# without a warning.

lib='@LIB@'
uapi='@UAPI@'
count=0
failed=0

try() {
	count=$((count + 1))
	if output=$(printf '#include <%s>\nint main(void) { return PEER_E_NOT_FOUND == %s; }\n' \
		"$header" 'HRESULT_FROM_WIN32(ERROR_NOT_FOUND) ? 0 : 1' |
		"$@" -Wall -Wextra -pedantic -Werror -fsyntax-only \
			-I"$lib/include" -I"$uapi" - 2>&1); then
		echo "ok $count $header: $*"
	else
		failed=$((failed + 1))
		echo "not ok $count $header: $*"
		echo "$output" | sed 's/^/# /'
	fi
}

echo "TAP version 13"
for header in p2p.h peergroup.h; do
	for cc in gcc clang; do
		command -v $cc > /dev/null || continue
		for std in c99 c11 c17 gnu11; do
			try $cc -x c -std=$std
			try $cc -x c -std=$std -fshort-wchar
		done
	done
	for cc in g++ clang++; do
		command -v $cc > /dev/null || continue
		for std in c++11 c++14 c++17 c++20; do
			try $cc -x c++ -std=$std
			try $cc -x c++ -std=$std -fshort-wchar
		done
	done
done

# A program's own windows.h comes first and its types are used.
windows=$(mktemp -d)
trap 'rm -rf "$windows"' EXIT
cat > "$windows/windows.h" <<'END'
#ifndef _WINDOWS_
#define _WINDOWS_
#include <stddef.h>
typedef void VOID, *PVOID, *HANDLE;
typedef const void *LPCVOID;
typedef char *LPSTR;
typedef unsigned short WCHAR;
typedef WCHAR *PWSTR;
typedef const WCHAR *PCWSTR;
typedef int BOOL;
typedef unsigned char BYTE, *PBYTE;
typedef unsigned short WORD;
typedef unsigned int DWORD, ULONG;
typedef unsigned long ULONG_PTR;
__extension__ typedef unsigned long long ULONGLONG;
typedef int HRESULT;
#define GUID_DEFINED
typedef struct _GUID {
	unsigned int Data1;
	unsigned short Data2, Data3;
	unsigned char Data4[8];
} GUID;
typedef struct _FILETIME { DWORD dwLowDateTime, dwHighDateTime; } FILETIME;
#define MAKEWORD(a, b) ((WORD)((a) | ((b) << 8)))
#define E_INVALIDARG ((HRESULT)0x80070057)
#endif
END
for cc in gcc g++; do
	command -v $cc > /dev/null || continue
	lang=c
	[ $cc = g++ ] && lang=c++
	count=$((count + 1))
	if output=$(printf '#include <windows.h>\n#include <p2p.h>\nint main(void) { return 0; }\n' |
		$cc -x $lang -Wall -Wextra -Werror -fsyntax-only \
			-I"$windows" -I"$lib/include" - 2>&1); then
		echo "ok $count p2p.h after windows.h: $cc"
	else
		failed=$((failed + 1))
		echo "not ok $count p2p.h after windows.h: $cc"
		echo "$output" | sed 's/^/# /'
	fi
done
echo "1..$count"
[ $failed = 0 ]
