#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""<p2p.h> against the one of mingw-w64 (Debian package mingw-w64-common): what has a
name in both has the same value, the same layout and the same prototype. Both are
compiled, by one compiler; of the other header nothing is copied."""

import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.realpath(__file__))
TOP = os.environ.get("PG_TOP", os.path.dirname(os.path.dirname(HERE)))
OURS = os.path.join(TOP, "libpeergroup", "include")
THEIRS = "/usr/share/mingw-w64/include"
CC = os.environ.get("CC", "gcc")
WINDOWS = ("-fms-extensions -D_WIN32 -D_WIN64 -D__MINGW32__ -D__MINGW64__ -U__linux__ -U__unix__ "
           "-Ulinux -Uunix -D__declspec(x)= -D__stdcall= -D__cdecl= -D_WIN32_WINNT=0x0601 "
           "-DNTDDI_VERSION=0x06010000 -nostdinc").split()
# Their header has a parameter list left empty where there are none.
EMPTY = ("", "void")


def compiler(theirs):
    """The compiler's arguments for one of the headers."""
    if not theirs:
        return [CC, "-fshort-wchar", "-I", OURS]
    own = subprocess.run([CC, "-print-file-name=include"], stdout=subprocess.PIPE, text=True,
                         check=True).stdout.strip()
    return [CC, "-fshort-wchar", "-w", *WINDOWS, "-isystem", THEIRS, "-isystem", own]


def head(theirs):
    """What a program includes first."""
    return ("#include <windows.h>\n" if theirs else "") + "#include <p2p.h>\n"


def preprocess(theirs, *options):
    """The header, preprocessed."""
    with tempfile.NamedTemporaryFile("w", suffix=".c") as file:
        file.write(head(theirs))
        file.flush()
        return subprocess.run([*compiler(theirs), "-E", "-P", *options, file.name],
                              stdout=subprocess.PIPE, text=True, check=True).stdout


def evaluate(theirs, expressions):
    """Constant expressions' values: read from the data of what is compiled, not run."""
    source = head(theirs) + "#include <stddef.h>\n" + "".join(
        f"const long long probe_{n} = (long long)({text});\n"
        for n, text in enumerate(expressions))
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "probe.c")
        with open(path, "w", encoding="utf-8") as file:
            file.write(source)
        done = subprocess.run([*compiler(theirs), "-S", "-o", "-", path], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"Bail out! cannot compile: {done.stderr[:2000]}")
    values = {}
    for number, rest in re.findall(r"^probe_(\d+):\n((?:\s+\..*\n)+)", done.stdout, re.MULTILINE):
        quad = re.search(r"\.quad\s+(-?\d+)", rest)
        values[expressions[int(number)]] = int(quad[1]) if quad else 0
    return values


def macros(theirs):
    """Names of macros without arguments that could be constants of this API."""
    found = re.findall(r"^#define ((?:PEER_|PNRP_|[ES]_[A-Z]|ERROR_|NTE_|CRYPT_E_|CERT_E_|TRUST_E_|"
                       r"SEC_E_|RPC_S_|EPT_S_)\w+) (.+)$", preprocess(theirs, "-dM"),
                       re.MULTILINE)
    return {name for name, text in found if not re.search(r'"|\bextern\b', text)}


def enums(text):
    """Members of enumerations of this API, by tag."""
    return {tag: re.findall(r"(\w+)\s*(?:=[^,}]*)?(?:,|$)", body.strip())
            for tag, body in re.findall(r"enum\s+((?:peer_|_?PNRP_)\w+)\s*\{([^}]*)\}", text)}


def structs(text):
    """Fields of structures of this API, by the name of the type."""
    found = {}
    for body, name in re.findall(r"typedef struct peer_\w+\s*\{((?:[^{}]|\{[^{}]*\})*)\}\s*(\w+)",
                                 text):
        body = re.sub(r"union\s*\{([^{}]*)\}\s*\w*\s*;", r"\1", body)
        found[name] = re.findall(r"(\w+)\s*;", body)
    return found


SYNONYMS = {
    "PCWSTR": "const WCHAR *", "LPCWSTR": "const WCHAR *", "PWSTR": "WCHAR *",
    "LPWSTR": "WCHAR *", "PVOID": "void *", "LPVOID": "void *", "LPCVOID": "const void *",
    "VOID": "void", "WINBOOL": "BOOL", "PHGROUP": "HGROUP *", "PULONGLONG": "ULONGLONG *",
}


def canonical(parameter):
    """A parameter's type, without its name, spelled in one way."""
    text = re.sub(r"\b(?:__extension__|WINAPI)\b", "", parameter).strip()
    words = re.findall(r"\w+|\*", text)
    if words and words[-1] != "*" and len([w for w in words if w not in ("const", "*")]) > 1:
        words.pop()
    out = []
    for word in words:
        word = SYNONYMS.get(word, word)
        out += re.findall(r"\w+|\*", re.sub(r"^P(PEER_\w+)$", r"\1 *", word))
    return " ".join(out)


def prototypes(text):
    """Functions of this API, each with its types."""
    found = {}
    pattern = r"\b(HRESULT|VOID|void)\s+(?:WINAPI\s+)?(Peer\w+)\s*\(([^()]*)\)\s*;"
    for result, name, parameters in re.findall(pattern, text):
        parts = [] if parameters.strip() in EMPTY else parameters.split(",")
        found[name] = [canonical(f"{result} x"), *map(canonical, parts)]
    return found


class Results:
    """Prints TAP."""

    def __init__(self):
        self.count = self.failed = 0

    def result(self, name, problems):
        """One result, and what is wrong with it."""
        self.count += 1
        self.failed += bool(problems)
        print(f"{'not ' if problems else ''}ok {self.count} {name}")
        for problem in problems:
            print(f"# {problem}")


def differing(what, ours, theirs):
    """Lines about names in both whose values differ."""
    return [f"{what} {name}: {ours[name]!r} here, {theirs[name]!r} there"
            for name in sorted(ours) if name in theirs and ours[name] != theirs[name]]


def check_constants(results):
    """Macros and members of enumerations."""
    both = sorted(macros(False) & macros(True))
    values = [evaluate(theirs, both) for theirs in (False, True)]
    problems = differing("constant", *values)
    if len(both) < 30:
        problems.append(f"only {len(both)} have a name in both headers")
    results.result(f"{len(both)} constants", problems)
    members = [enums(preprocess(theirs)) for theirs in (False, True)]
    problems = [f"enumeration {tag} has {members[0][tag]} here, {members[1][tag]} there"
                for tag in members[0] if tag in members[1]
                and sorted(members[0][tag]) != sorted(members[1][tag])]
    names = sorted({name for tag in members[0] if tag in members[1] for name in members[0][tag]}
                   & {name for tag in members[1] for name in members[1][tag]})
    values = [evaluate(theirs, names) for theirs in (False, True)]
    problems += differing("member", *values)
    if len(names) < 40:
        problems.append(f"only {len(names)} have a name in both headers")
    results.result(f"{len(names)} members of enumerations", problems)


def check_layouts(results, texts):
    """Sizes and offsets of structures."""
    fields = [structs(text) for text in texts]
    probes, problems = [], []
    for name in fields[0]:
        if name not in fields[1]:
            problems.append(f"they have no structure {name}")
            continue
        if fields[0][name] != fields[1][name]:
            problems.append(f"{name} has {fields[0][name]} here, {fields[1][name]} there")
        probes.append(f"sizeof({name})")
        probes += [f"offsetof({name}, {field})" for field in fields[0][name]
                   if field in fields[1][name]]
    values = [evaluate(theirs, probes) for theirs in (False, True)]
    problems += differing("layout", *values)
    if len(fields[0]) < 16:
        problems.append(f"only {len(fields[0])} structures were found")
    results.result(f"{len(fields[0])} structures", problems)


def check_prototypes(results, texts):
    """Functions: each is declared, and exported by the library."""
    ours, theirs = map(prototypes, texts)
    wanted = [name for name in theirs
              if re.match(r"Peer(?:Group|Identity|Enum(?:Identities|Groups)$|CreatePeerName$)", name)
              or name in ("PeerFreeData", "PeerGetItemCount", "PeerGetNextItem",
                          "PeerEndEnumeration", "PeerNameToPeerHostName",
                          "PeerHostNameToPeerName")]
    problems = differing("prototype", ours, theirs)
    if len(wanted) != 56:
        problems.append(f"they have {len(wanted)} functions of this API, not 56")
    with open(os.path.join(TOP, "libpeergroup", "libpeergroup.map"), encoding="utf-8") as file:
        exported = set(re.findall(r"^\t(Peer\w+);$", file.read(), re.MULTILINE))
    problems += [f"{name} is not declared here" for name in wanted if name not in ours]
    problems += [f"{name} is not exported here" for name in wanted if name not in exported]
    results.result(f"{len(wanted)} prototypes", problems)


def main():
    print("TAP version 13")
    if not os.path.exists(os.path.join(THEIRS, "p2p.h")):
        print("1..0 # SKIP no mingw-w64-common")
        return 4
    results = Results()
    texts = [preprocess(theirs) for theirs in (False, True)]
    check_constants(results)
    check_layouts(results, texts)
    check_prototypes(results, texts)
    print(f"1..{results.count}")
    return 1 if results.failed else 0


if __name__ == "__main__":
    sys.exit(main())
