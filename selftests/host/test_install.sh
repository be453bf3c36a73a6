#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# "make install" puts everything where DESTDIR and PREFIX say, whatever the
# folder's name, and nothing anywhere else.
. "$(dirname "$0")/../lib.sh"

T=$(mktemp -d)
trap 'rm -rf "$T"' EXIT
stage="$T/a stage's 50%"

before=$(cd "$PG_TOP" && git status --porcelain --ignored 2> /dev/null)
install() { make -C "$PG_TOP" install DESTDIR="$stage" PREFIX=/opt/pg > "$T/out"; }
check "make install" install
hint=$(grep PYTHONPATH "$T/out")
rm -f "$T/out"
for file in bin/peergroup lib/libpeergroup.so lib/libpeergroup.a lib/pkgconfig/libpeergroup.pc \
	include/p2p.h include/peergroup.h include/linux/peergroup.h \
	share/man/man1/peergroup.1 share/man/man3/PeerGroupAddRecord.3 \
	share/doc/peergroup/protocol.rst share/doc/peergroup/examples/hello.c; do
	check "$file" test -s "$stage/opt/pg/$file"
done
is "nothing beside it" "$(ls "$T")" "a stage's 50%"
is "nothing in the sources" \
	"$(cd "$PG_TOP" && git status --porcelain --ignored 2> /dev/null)" "$before"
is "pkg-config knows where" \
	"$(PKG_CONFIG_PATH="$stage/opt/pg/lib/pkgconfig" pkg-config --variable=prefix libpeergroup)" \
	/opt/pg

# Python by itself does not look below such a prefix, but below its own.
dir=$stage$(sed -n 's/.*PYTHONPATH=//p' <<< "$hint")
check "it says where Python has to look" test -s "$dir/peergroup/__init__.py"
own() {
	make -C "$PG_TOP/libpeergroup" O=../build/libpeergroup DESTDIR="$stage/own" install \
		PREFIX="$(python3 -c 'import sys; print(sys.base_prefix)')"
}
is "and nothing where it looks by itself" "$(own | grep PYTHONPATH)" ""
done_testing
