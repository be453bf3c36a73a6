#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What the documents show compiles: the example of README.md exactly as it
# stands, those of programming.rst, and the programs of Documentation/examples.
# The commands they show exist.
#
# shellcheck disable=SC2013,SC2016 # words are wanted, and patterns not expanded
. "$(dirname "$0")/../lib.sh"

T=$(mktemp -d)
at_exit rm -rf "$T"
TOP=${PG_TOP:-$(realpath "$(dirname "$0")/../..")}
PG_BUILD=${PG_BUILD:-$TOP/build}
export LD_LIBRARY_PATH=$PG_BUILD/libpeergroup

[ -e "$PG_BUILD/libpeergroup/libpeergroup.so" ] || skip_all "the library is not built"

# compile PROGRAM SOURCE OPTION...: as pkg-config would have it once installed
compile() {
	local program=$1 source=$2
	shift 2
	# shellcheck disable=SC2046 # options, to be split
	"${CC:-cc}" -Wall -Wextra -Werror "$@" -I "$TOP/libpeergroup/include" \
		-I "$TOP/kmod/include/uapi" -o "$program" "$source" \
		-L "$PG_BUILD/libpeergroup" -lpeergroup $(pkg-config --cflags --libs uuid)
}

# example_of README: what stands in its first block of C
example_of() { sed -n '/^```c$/,/^```$/p' "$1" | sed '1d;$d'; }

example_of "$TOP/README.md" > "$T/hello.c"
check "README.md has an example" test -s "$T/hello.c"
check "it compiles and links" compile "$T/hello" "$T/hello.c"
check "also as C++" compile "$T/hello++" "$T/hello.c" \
	-x c++ -std=c++20 -Wno-missing-field-initializers
is "it has some ten lines of statements" \
	"$(($(grep -c . "$T/hello.c") <= 14))" 1
check_fails "it fails where there is no group" env PEERGROUP_HOME="$T/home" "$T/hello" x
output=$(PEERGROUP_HOME=$T/home "$T/hello" x 2>&1)
check "and says why" test -n "${output#hello: }"

# Each block of programming.rst that is a whole file or a piece of a function.
python3 - "$TOP/Documentation/programming.rst" "$T" << 'END'
import re, sys, textwrap
text = open(sys.argv[1], encoding="utf-8").read()
for i, found in enumerate(re.finditer(r"^\.\. code-block:: c\n\n((?:[ \t]+.*\n|\n)+)", text, re.M), 1):
    code = textwrap.dedent(found[1])
    if "#include" not in code:
        code = ("#include <poll.h>\n#include <string.h>\n#include <stdio.h>\n#include <stdlib.h>\n"
                "#include <peergroup.h>\n"
                "extern HGROUP group; extern HRESULT hr; extern GUID my_type, id;\n"
                "extern uuid_t type, uuid; extern char *name, *xml, *invitation; extern PWSTR wide;\n"
                "extern char **line; extern size_t n, i;\n"
                "void use(const void *);\n"
                "HRESULT each(const struct peergroup_record *record, void *arg);\n"
                "void piece(void);\nvoid piece(void)\n{\n" + code + "}\n")
    open(f"{sys.argv[2]}/piece{i}.c", "w", encoding="utf-8").write(code)
END
for piece in "$T"/piece*.c; do
	check "programming.rst: $(basename "$piece" .c) compiles" compile "$T/piece.o" "$piece" \
		-c -Wno-unused -Wno-maybe-uninitialized
done

for source in "$TOP"/Documentation/examples/*.c; do
	name=$(basename "$source" .c)
	check "example $name compiles and links" compile "$T/$name" "$source"
	check "with a short wchar_t too" compile "$T/$name.short" "$source" -fshort-wchar
done

# Commands shown in README.md, against what the command itself says.
help=$("$PG_BUILD/tools/peergroup" --help 2>&1)
unknown=''
for command in $(sed -n 's/^    \(echo .* | \)\{0,1\}peergroup \([a-z]*\).*/\2/p' "$TOP/README.md"); do
	grep -q "^  $command " <<< "$help" || unknown+=" $command"
done
is "README.md shows commands that there are" "$unknown" ''
for target in $(sed -n 's/^    \(sudo \)\{0,1\}make \([a-z_ -]*[a-z]\).*/\2/p
		s/.*`make \([a-z_-]*\)`.*/\1/p' "$TOP/README.md"); do
	grep -q "^$target:" "$TOP/Makefile" || unknown+=" $target"
done
is "and targets of make that there are" "$unknown" ''

is "README.md counts the functions of p2p.h" \
	"$(sed -n 's/.*Windows API, \([0-9]*\) functions.*/\1/p' "$TOP/README.md")" \
	"$(grep -cE '^(HRESULT|VOID) Peer' "$TOP/libpeergroup/include/p2p.h")"

# The tests that documents name, and the cases behind a name: ``SUBJECT/test_x``: *case*, *case*.
untrue() {
	python3 - "$TOP" <<- 'END'
		import glob, re, sys
		top = sys.argv[1]
		flat = lambda text: re.sub(r"\s+", " ", text)
		for page in sorted(glob.glob(top + "/Documentation/*.rst")):
		    text = flat(open(page, encoding="utf-8").read())
		    found = re.finditer(r"``(?:selftests/)?([a-z]+/(?:test|fuzz)_[a-z_0-9]+)(?:\.[a-z]+)?``"
		                        r"(?:(?: [a-z ]+)?: ((?:\*[^*]+\*(?:, )?)+))?", text)
		    for name, cases in ((m[1], m[2] or "") for m in found):
		        files = glob.glob(f"{top}/selftests/{name}.*")
		        source = flat("".join(open(f, encoding="utf-8").read() for f in files))
		        if not files:
		            print(f"no {name}")
		        for case in re.findall(r"\*([^*]+)\*", cases):
		            if f'"{case}' not in source and f"{case}\"" not in source:
		                print(f"no *{case}* in {name}")
	END
}
is "each test and case that a document names exists" "$(untrue)" ''

# services.rst says how long the programs are that it shows; what they share is counted apart.
is "each of the three programs is less than 400 lines" \
	"$(wc -l "$TOP"/tools/examples/peer-*.c | awk '$2 != "total" && $1 < 400' | wc -l)" 3

missing=''
for file in $(sed -n 's/.*](\([^)#]*\)).*/\1/p' "$TOP/README.md" | grep -v :); do
	[ -e "$TOP/$file" ] || missing+=" $file"
done
is "and files that there are" "$missing" ''
done_testing
