#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""The netlink family has three descriptions: the uapi header, which programs
compile against; the policies in kmod/netlink*.c, which the kernel enforces; and
Documentation/netlink/specs/peergroup.yaml, which people and generators read.
This checks that they say the same, and that Documentation/netlink.rst explains
the same errors.

usage: test_spec.py [TREE]    needs python3-yaml and a C compiler; output: TAP
"""

import errno
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml

TREE = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).resolve().parents[2])
HEADER = TREE / "kmod/include/uapi/linux/peergroup.h"
SPEC = TREE / "Documentation/netlink/specs/peergroup.yaml"
PAGE = TREE / "Documentation/netlink.rst"
SOURCES = sorted(TREE.glob("kmod/netlink*.c"))

NLA_TYPES = {
    "NLA_U8": "u8", "NLA_U16": "u16", "NLA_U32": "u32", "NLA_U64": "u64",
    "NLA_BINARY": "binary", "NLA_FLAG": "flag", "NLA_NESTED": "nest",
    "NLA_NUL_STRING": "string",
}
PUTS = {
    "nla_put_u8": "u8", "nla_put_u16": "u16", "nla_put_u32": "u32", "nla_put_s64": "s64",
    "nla_put_u64_64bit": "u64", "nla_put": "binary", "nla_put_in6_addr": "binary",
    "pg_nl_put_text": "string", "nla_nest_start": "nest", "nla_put_flag": "flag",
}
# Policies by function, and the lengths they let through.
VALIDATORS = {"pg_nl_address_check": (4, 16)}
# Events for one socket, not for all.
UNICAST_EVENTS = {"data-ntf", "send-ntf", "password-ntf"}
# Never leave the kernel, come from the core, or stand for what cannot happen.
QUIET_ERRNOS = {"EIO", "EMSGSIZE", "EINTR", "ESRCH"}


def strip_comments(text):
    return re.sub(r"/\*.*?\*/", " ", text, flags=re.S)


def c_name(prefix, name):
    return (prefix + name).upper().replace("-", "_")


class Header:
    """Enumerators with their values, and what the comment behind one says of its type."""

    def __init__(self, path):
        self.text = path.read_text()
        self.values = {}
        self.types = {}
        for body in re.findall(r"^enum[^{;]*\{(.*?)^\}", self.text, flags=re.S | re.M):
            self.read_enum(body)
        for name, bit in re.findall(r"#define (PEERGROUP_\w+)\s+\(1U << (\d+)\)", self.text):
            self.values[name] = 1 << int(bit)

    def read_enum(self, body):
        value = 0
        for line in re.sub(r"^\s*/\*.*?\*/\s*$", "", body, flags=re.M).splitlines():
            m = re.match(r"\s*(\w+)(?: = (\d+))?,?\s*(?:/\*(.*?)\*/)?\s*$", line)
            if not m or m.group(1).startswith("__"):
                continue
            value = int(m.group(2)) if m.group(2) else value
            self.values[m.group(1)] = value
            t = re.match(r"\s*(?:multi )?(u8|u16|u32|u64|s64|binary|string|flag|nest)\b",
                         m.group(3) or "")
            if t:
                self.types[m.group(1)] = t.group(1)
            value += 1

    def attributes(self, prefix):
        return {n: v for n, v in self.values.items() if n.startswith(prefix)}


class Source:
    """Policies, operations and what else of the family is told by the C files."""

    def __init__(self, paths):
        self.text = "\n".join(strip_comments(p.read_text()) for p in paths)
        self.macros = {}
        for name, body in re.findall(r"^#define (PG_NL_\w+_OUTPUT)\s+\\\n((?:.*\\\n)*.*)\n",
                                     self.text, flags=re.M):
            self.macros[name] = body.replace("\\\n", "\n")
        self.ranges = dict(re.findall(
            r"struct netlink_range_validation (\w+) = \{(.*?)\};", self.text, flags=re.S))
        self.policies = {}
        for name, size, body in re.findall(
                r"const struct nla_policy (\w+)\[(\w+) \+ 1\] = \{(.*?)^\};", self.text,
                flags=re.S | re.M):
            self.policies[name] = (size, self.read_policy(body))
        self.ops = self.read_ops()

    def read_policy(self, body):
        for name, text in self.macros.items():
            body = re.sub(rf"\b{name}\b", lambda _: text, body)
        entries = {}
        for attr, entry in re.findall(r"\[(\w+)\] = (.*?)(?=,?\s*(?:\[\w+\] =|\Z))", body,
                                      flags=re.S):
            if attr in entries:
                raise ValueError(f"{attr} is twice in a policy")
            entries[attr] = " ".join(entry.strip().rstrip(",").split())
        return entries

    def read_ops(self):
        body = re.search(r"struct genl_ops pg_nl_ops\[\] = \{(.*?)^\};", self.text,
                         flags=re.S | re.M).group(1)
        ops = {}
        for cmd, policy, rest in re.findall(r"PG_NL_OP\((\w+), (\w+)\),(.*?)\n\t\}", body,
                                            flags=re.S):
            ops[cmd] = {"policy": policy, "do": ".doit" in rest, "dump": ".dumpit" in rest}
        return ops


def evaluate(expressions):
    """Values of C constant expressions, by the compiler."""
    program = """
        #include <stdint.h>
        #include <stdio.h>
        #define BIT(n) (1U << (n))
        #define __packed __attribute__((packed))
        #define U16_MAX UINT16_MAX
        #include "wire.h"
        #include "consts.h"
        int main(void) {
        """
    for e in expressions:
        program += f'printf("%llu\\n", (unsigned long long)({e}));\n'
    program += "}\n"
    defines = "\n".join(re.findall(r"^#define PG_(?:NL_MS|NL_HOUR|NL_DAY|MODE_MASK|MEMBERS_MAX|"
                                   r"LINK_DEFER_MAX|NL_TAKES_MASK)\w*\s[^/\n]*",
                                   SOURCE.text + HEADERS, flags=re.M)) + "\n"
    with tempfile.TemporaryDirectory() as tmp:
        Path(tmp, "consts.h").write_text(defines)
        Path(tmp, "a.c").write_text(program)
        subprocess.run([os.environ.get("CC", "cc"), "-w", f"-I{TREE}/kmod", f"-I{tmp}", "-o",
                        f"{tmp}/a", f"{tmp}/a.c"], check=True)
        out = subprocess.run([f"{tmp}/a"], check=True, capture_output=True, text=True).stdout
    return dict(zip(expressions, map(int, out.split())))


class Constants:
    """evaluate(), once for all expressions seen on a first, dry run."""

    def __init__(self):
        self.known = None
        self.wanted = []

    def __call__(self, expression):
        if self.known is None:
            self.wanted.append(expression)
            return 0
        return self.known[expression]


def policy_bounds(entry, const):
    """(type, min, max) of a policy entry; None where it sets no bound."""
    m = re.match(r"\{ \.type = (\w+) \}$", entry)
    if m:
        return NLA_TYPES[m.group(1)], None, None
    m = re.match(r"\{ \.type = (NLA_NUL_STRING), \.len = (\w+) \}$", entry)
    if m:
        return NLA_TYPES[m.group(1)], None, const(m.group(2))
    m = re.match(r"NLA_POLICY_(\w+)\((.*)\)$", entry)
    kind, args = m.group(1), [a.strip() for a in m.group(2).split(",")]
    if kind == "EXACT_LEN":
        return "binary", const(args[0]), const(args[0])
    if kind == "NESTED":
        return "nest", None, None
    nla = NLA_TYPES[args[0]]
    if kind == "RANGE":
        return nla, const(args[1]), const(args[2])
    if kind == "MIN":
        return nla, const(args[1]), None
    if kind in ("MAX", "MASK"):
        return nla, None, const(args[1])
    if kind == "FULL_RANGE":
        body = SOURCE.ranges[args[1].lstrip("&")]
        return nla, *(const(re.search(rf"\.{x} = (.*?),", body).group(1)) for x in ("min", "max"))
    if kind == "VALIDATE_FN":
        return nla, *VALIDATORS[args[1]]
    raise ValueError(f"policy {entry} is new to this test")


def spec_bounds(attr, const):
    checks = attr.get("checks", {})
    if "exact-len" in checks:
        return const(checks["exact-len"]), const(checks["exact-len"])
    lo, hi = (checks.get(k, checks.get(f"{k}-len")) for k in ("min", "max"))
    return (None if lo is None else const(lo)), (None if hi is None else const(hi))


def spec_const(value):
    if isinstance(value, str):
        return next(d["value"] for d in SPECS["definitions"] if d["name"] == value)
    return value


def attribute_sets():
    for s in SPECS["attribute-sets"]:
        attrs, value = {}, 0
        for a in s["attributes"]:
            value = a.get("value", value + 1)
            attrs[a["name"]] = dict(a, value=value)
        yield s, attrs


def operations():
    value = 0
    for op in SPECS["operations"]["list"]:
        value = op.get("value", value + 1)
        yield dict(op, value=value, c=c_name(SPECS["operations"]["name-prefix"], op["name"]))


def requested(op):
    return {a for sub in ("do", "dump") if sub in op
            for a in op[sub].get("request", {}).get("attributes", [])}


# ------------------------------------------------------------------- checks --

def check_commands():
    want = {op["c"]: op["value"] for op in operations()}
    have = {n: v for n, v in HEAD.attributes("PEERGROUP_CMD_").items() if n != "PEERGROUP_CMD_MAX"}
    yield from differences("header", have, "spec", want)


def check_attributes():
    for s, attrs in attribute_sets():
        have = {n: v for n, v in HEAD.attributes(s["name-prefix"].upper().replace("-", "_")).items()
                if not n.endswith("_MAX") or n.endswith("RETRY_MAX")}
        want = {c_name(s["name-prefix"], n): a["value"] for n, a in attrs.items()}
        yield from differences("header", have, "spec", want)
        for n, a in attrs.items():
            if not a.get("doc") and a["type"] != "pad":
                yield f"{s['name']}.{n} has no doc"


def check_types():
    for s, attrs in attribute_sets():
        for n, a in attrs.items():
            c = c_name(s["name-prefix"], n)
            said = HEAD.types.get(c, a["type"])
            if s["name"] == "stats" and a["value"] > 2:
                said = "u64"
            if said != a["type"]:
                yield f"{c} is {said} in the header, {a['type']} in the spec"
            if a["type"] not in ("pad",) and c not in HEAD.types and s["name"] != "stats":
                yield f"{c} has no type in the header"


def check_values():
    for d in SPECS["definitions"]:
        start = d.get("value-start", 0)
        for i, e in enumerate(d.get("entries", [])):
            c = c_name(d["name-prefix"], e if isinstance(e, str) else e["name"])
            want = 1 << i if d["type"] == "flags" else start + i
            if HEAD.values.get(c) != want:
                yield f"{c} is {HEAD.values.get(c)} in the header, {want} in the spec"
    names = {d["name"]: d["value"] for d in SPECS["definitions"] if d["type"] == "const"}
    header = {n: c_name("peergroup-", n) for n in names if n != "record-wire-max"}
    header["record-wire-max"] = "PG_RECORD_BODY_MAX"
    values = evaluate(list(header.values()))
    for n, c in header.items():
        if values[c] != names[n]:
            yield f"{c} is {values[c]} in the header, {names[n]} in the spec"


def check_family():
    defines = dict(re.findall(r'#define PEERGROUP_(\w+)\s+"?(\w+)"?$', HEAD.text, flags=re.M))
    if defines["FAMILY_NAME"] != SPECS["name"]:
        yield f"family is {defines['FAMILY_NAME']} in the header, {SPECS['name']} in the spec"
    if int(defines["FAMILY_VERSION"]) != SPECS.get("version", 1):
        yield "family version differs"
    groups = [g["name"] for g in SPECS["mcast-groups"]["list"]]
    if groups != [defines["MCGRP_EVENTS"]]:
        yield f"multicast groups {groups}, header has {defines['MCGRP_EVENTS']}"
    for need in (".name = PEERGROUP_FAMILY_NAME", ".version = PEERGROUP_FAMILY_VERSION",
                 ".netnsok = true", ".flags = GENL_MCAST_CAP_NET_ADMIN"):
        if not re.search(re.sub(r"\s", r"\\s+", re.escape(need).replace(r"\ ", " ")), SOURCE.text):
            yield f"kmod/netlink*.c: no {need}"
    events = {op["name"] for op in operations() if "event" in op}
    for op in operations():
        if op["name"] in UNICAST_EVENTS:
            if "mcgrp" in op:
                yield f"{op['name']} goes to everybody"
        elif op["name"] in events and op.get("mcgrp") not in groups:
            yield f"{op['name']} goes to no multicast group"
        if op["name"] not in events and f"[{op['c']}] = " not in SOURCE.text:
            yield f"{op['name']}: pg_nl_needs[] does not say what it needs"


def check_operations():
    spec = {op["c"]: op for op in operations() if "event" not in op}
    for cmd in sorted(set(spec) ^ set(SOURCE.ops)):
        yield f"{cmd} is not in both, spec and pg_nl_ops[]"
    for cmd in set(spec) & set(SOURCE.ops):
        for sub in ("do", "dump"):
            if (sub in spec[cmd]) != SOURCE.ops[cmd][sub]:
                yield f"{cmd}: {sub} is not in both, spec and pg_nl_ops[]"


def check_users():
    """Each operation is tried by each class of user."""
    test = TREE / "selftests/kmod/test_permissions.c"
    if test.exists():
        text = test.read_text().replace("group_open(", "CMD(GROUP_OPEN)")
        tried = set(re.findall(r"CMD\((\w+)\)", text))
        for op in operations():
            if "event" not in op and op["name"].replace("-", "_").upper() not in tried:
                yield f"{op['name']} is not in {test.name}"


def check_memory():
    """In each operation memory fails."""
    # By these the tests call some, which others are about, too.
    calls = {"group_open(": "GROUP_OPEN", "nl_put_record(": "RECORD_PUT",
             "group_dial(": "LINK_ADD", "new_long_record(": "RECORD_STAGE"}
    tests = sorted((TREE / "selftests/kmod").glob("test_fail*.c"))
    text = "".join(test.read_text() for test in tests)
    tried = set(re.findall(r"PEERGROUP_CMD_(\w+)", text))
    tried |= {cmd for call, cmd in calls.items() if call in text}
    for op in operations():
        if tests and "event" not in op and op["name"].replace("-", "_").upper() not in tried:
            yield f"{op['name']} is not in {', '.join(test.name for test in tests)}"


def check_policies():
    """What an operation takes is what the spec says; what it does not is refused by name."""
    sets = {s["name"]: (s, attrs) for s, attrs in attribute_sets()}
    ever = {}
    for op in operations():
        ever.setdefault(op["attribute-set"], set()).update(requested(op))
    for op in operations():
        if op["c"] not in SOURCE.ops:
            continue
        s, attrs = sets[op["attribute-set"]]
        name = SOURCE.ops[op["c"]]["policy"]
        size, entries = SOURCE.policies[name]
        taken = {a for a, e in entries.items() if e != "PG_NL_OUTPUT"}
        want = {c_name(s["name-prefix"], n) for n in requested(op)}
        for a in sorted(taken ^ want):
            yield f"{op['name']}: {a} is not in both, {name} and the spec's request"
        for n, a in attrs.items():
            c = c_name(s["name-prefix"], n)
            if n not in ever[s["name"]] and a["value"] <= HEAD_MAX(size) and \
                    entries.get(c) != "PG_NL_OUTPUT":
                yield f"{name}: {c} is for answers only, but not marked so"


def HEAD_MAX(name):
    if name.endswith("_MAX") and name not in HEAD.values:
        return max(HEAD.attributes(name[:-len("MAX")]).values())
    return HEAD.values[name]


def bounds_pass(const):
    sets = {}
    for s, attrs in attribute_sets():
        for n, a in attrs.items():
            sets[c_name(s["name-prefix"], n)] = a
    exact, problems = {}, []
    for name, (_, entries) in SOURCE.policies.items():
        for c, entry in entries.items():
            if entry == "PG_NL_OUTPUT" or c not in sets:
                continue
            kind, lo, hi = policy_bounds(entry, const)
            want_lo, want_hi = spec_bounds(sets[c], spec_const)
            if kind != sets[c]["type"]:
                problems.append(f"{name}: {c} is {kind}, {sets[c]['type']} in the spec")
            natural = {"u8": 255, "u16": 65535, "u32": 2 ** 32 - 1}.get(kind)
            same = (lo or 0) == (want_lo or 0) and \
                (natural if hi is None else hi) == (natural if want_hi is None else want_hi)
            exact[c] = exact.get(c, False) or same
            if not same and ((lo or 0) < (want_lo or 0) or
                             (want_hi is not None and (hi is None or hi > want_hi))):
                problems.append(f"{name}: {c} takes {lo}..{hi}, the spec {want_lo}..{want_hi}")
    problems += [f"{c}: no policy has the spec's bounds" for c, ok in exact.items() if not ok]
    return problems


def check_bounds():
    """Types and bounds of what is taken; one operation may be stricter than the spec."""
    const = Constants()
    bounds_pass(const)
    const.known = evaluate(const.wanted)
    yield from bounds_pass(const)


def check_answers():
    """What is put into answers and events has the spec's type."""
    sets = {c_name(s["name-prefix"], n): a["type"] for s, attrs in attribute_sets()
            for n, a in attrs.items()}
    seen = set()
    for put, c in re.findall(r"\b(\w+)\(\w+,\s+(PEERGROUP_A_\w+)", SOURCE.text):
        if put not in PUTS or c not in sets:
            continue
        seen.add(c)
        if PUTS[put] != sets[c]:
            yield f"{put}({c}): the spec says {sets[c]}"
    loops = {c for c in sets if re.match(r"PEERGROUP_A_(STATS|LIMIT)_", c)}
    said = set()
    prefixes = {s["name"]: s["name-prefix"] for s, _ in attribute_sets()}
    for op in operations():
        names = op.get("event", {}).get("attributes", [])
        for sub in ("do", "dump"):
            names = names + op.get(sub, {}).get("reply", {}).get("attributes", [])
        said |= {c_name(prefixes[op["attribute-set"]], n) for n in names}
    for c in sorted((said ^ seen) - loops):
        yield f"{c} is not in both, the spec's answers and kmod/netlink*.c"


def check_errnos():
    """Every errno that a program may see is explained."""
    text = SOURCE.text + strip_comments((TREE / "kmod/stats.c").read_text())
    group = TREE / "kmod/group.c"
    if group.exists():
        text += "\n".join(l for l in group.read_text().splitlines() if "ERR_PTR" in l)
    used = set(re.findall(r"-(E[A-Z0-9]+)\b", text)) & set(errno.errorcode.values())
    told = set(re.findall(r"^ *- (E[A-Z0-9]+) ", SPECS["doc"], flags=re.M))
    for e in sorted(used - told - QUIET_ERRNOS):
        yield f"{e} is not explained in the spec's doc"
    for e in sorted(told - set(errno.errorcode.values())):
        yield f"{e} is no errno"
    page = set(re.findall(r"^   \* - ``(E\w+)``", PAGE.read_text(), flags=re.M))
    for e in sorted(page ^ (told | {"ENOBUFS"})):   # that one is for events only
        yield f"{e} is not in both, the spec's doc and {PAGE.name}"


def differences(a_name, a, b_name, b):
    for n in sorted(set(a) | set(b)):
        if a.get(n) != b.get(n):
            yield f"{n}: {a.get(n)} in the {a_name}, {b.get(n)} in the {b_name}"


CHECKS = [
    ("commands and their numbers", check_commands),
    ("attributes, their numbers and docs", check_attributes),
    ("attribute types of the header", check_types),
    ("enums, flags and constants", check_values),
    ("family, multicast group, permissions", check_family),
    ("operations: do and dump", check_operations),
    ("operations: each is tried by each class of user", check_users),
    ("operations: in each memory fails", check_memory),
    ("policies: what is taken, what is refused", check_policies),
    ("policies: types and bounds", check_bounds),
    ("answers and events: attributes and types", check_answers),
    ("errno values are explained", check_errnos),
]

HEAD = Header(HEADER)
SOURCE = Source(SOURCES)
HEADERS = "\n".join((TREE / "kmod" / n).read_text() for n in ("access.h", "member.h", "link.h"))
SPECS = yaml.safe_load(SPEC.read_text())


def main():
    failed = 0
    print("TAP version 13")
    print(f"1..{len(CHECKS)}")
    for i, (what, check) in enumerate(CHECKS, 1):
        problems = list(check())
        failed += bool(problems)
        print(f"{'not ok' if problems else 'ok'} {i} - {what}")
        for p in problems:
            print(f"#   {p}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
