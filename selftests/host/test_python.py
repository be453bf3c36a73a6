#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""The Python module says what <peergroup.h> says: each structure's layout, each
function's types, each constant's value; and leaves nothing of it out.
"""

import asyncio
import ctypes
import dataclasses
import datetime
import os
import re
import subprocess
import sys
import tempfile
import types
import uuid

TOP = os.environ.get("PG_TOP", os.path.realpath(os.path.join(os.path.dirname(__file__), "../..")))
BUILD = os.environ.get("PG_BUILD", os.path.join(TOP, "build"))
INCLUDES = ["-I", f"{TOP}/libpeergroup/include", "-I", f"{TOP}/kmod/include/uapi"]
HEADER = f"{TOP}/libpeergroup/include/peergroup.h"

os.environ.setdefault("PEERGROUP_LIBRARY", f"{BUILD}/libpeergroup/libpeergroup.so.0")
if not os.path.exists(os.environ["PEERGROUP_LIBRARY"]):
    print("1..0 # SKIP the library is not built")
    sys.exit(4)
sys.dont_write_bytecode = True
sys.path.insert(0, f"{TOP}/libpeergroup/python")
import peergroup                        # noqa: E402 pylint: disable=wrong-import-position
from peergroup import _c, _call, _group, _watch  # noqa: E402 pylint: disable=wrong-import-position

count = failed = 0      # pylint: disable=invalid-name


def result(good, what, *comments):
    """A line of TAP."""
    global count, failed                # pylint: disable=global-statement
    count += 1
    failed += not good
    print(f"{'ok' if good else 'not ok'} {count} - {what}")
    for comment in [] if good else comments:
        print(f"# {comment}")


def compiled(statements):
    """What a C program of these statements prints."""
    with tempfile.TemporaryDirectory() as folder:
        with open(f"{folder}/print.c", "w", encoding="utf-8") as file:
            file.write("#include <stdio.h>\n#include <stddef.h>\n#include <peergroup.h>\n"
                       "int main(void)\n{\n" + "\n".join(statements) + "\nreturn 0;\n}\n")
        subprocess.run([os.environ.get("CC", "cc"), *INCLUDES, "-o", f"{folder}/print",
                        f"{folder}/print.c"], check=True)
        return subprocess.run([f"{folder}/print"], check=True, stdout=subprocess.PIPE,
                              text=True).stdout.splitlines()


def layout_here(structure):
    """Name, offset and size of a structure and each of its members."""
    yield f"{structure.__name__} 0 {ctypes.sizeof(structure)}"
    for name, *_ in structure._fields_:
        field = getattr(structure, name)
        yield f"{structure.__name__}.{name} {field.offset} {field.size}"


def layout_in_c(name, members):
    """Statements that print the same."""
    yield f'printf("{name} 0 %zu\\n", sizeof(struct {name}));'
    for member in members:
        yield (f'printf("{name}.{member} %zu %zu\\n", offsetof(struct {name}, {member}), '
               f'sizeof(((struct {name} *)0)->{member}));')


def c_type(declaration):
    """The ctypes type of an argument or a result, by how it is declared."""
    text = " ".join(re.sub(r"\b(const|struct)\b", " ", declaration).split())
    if "(*progress" in text:
        return _c.Progress
    if "(*" in text:
        return {"peergroup_connection": _c.EachConnection, "peergroup_member": _c.EachMember,
                "peergroup_record": _c.Each}[re.search(r"peergroup_\w+", text)[0]]
    text = re.sub(r"(?<=[\s*])\w+(\[\d*\])?$", "", text).strip() if " " in text else text
    text = text.replace(" ", "")
    named = {"HRESULT": ctypes.c_int32, "void": None, "int": ctypes.c_int,
             "uint64_t": ctypes.c_uint64, "uint32_t": ctypes.c_uint32,
             "int32_t": ctypes.c_int32, "uint16_t": ctypes.c_uint16, "bool": ctypes.c_bool,
             "size_t": ctypes.c_size_t, "size_t*": ctypes.POINTER(ctypes.c_size_t),
             "uint64_t*": ctypes.POINTER(ctypes.c_uint64),
             "uint32_t*": ctypes.POINTER(ctypes.c_uint32),
             "time_t": ctypes.c_long, "char*": ctypes.c_char_p,
             "char**": ctypes.POINTER(ctypes.c_void_p), "void*": ctypes.c_void_p,
             "uuid_t": ctypes.POINTER(ctypes.c_ubyte), "uuid_t*": ctypes.POINTER(_c.Uuid),
             "unsignedchar*": ctypes.POINTER(ctypes.c_ubyte),
             "peergroup_t": ctypes.c_void_p, "peergroup_t*": ctypes.POINTER(ctypes.c_void_p),
             "peergroup_watch_t": ctypes.c_void_p, "peergroup_receiver_t": ctypes.c_void_p,
             "peergroup_receiver_t*": ctypes.POINTER(ctypes.c_void_p),
             "peergroup_watch_t*": ctypes.POINTER(ctypes.c_void_p),
             "peergroup_refusal_fn": _c.peergroup_refusal_fn}
    if text in named:
        return named[text]
    kind = getattr(_c, text.rstrip("*"))
    for _ in range(text.count("*")):
        kind = ctypes.POINTER(kind)
    return kind


def arguments(text):
    """Split at the commas that are not in parentheses."""
    parts, depth = [""], 0
    for c in text:
        depth += (c == "(") - (c == ")")
        if c == "," and not depth:
            parts.append("")
        else:
            parts[-1] += c
    return [part.strip() for part in parts if part.strip() not in ("", "void")]


def declared():
    """Name, result and arguments of each function in the header."""
    with open(HEADER, encoding="utf-8") as file:
        text = re.sub(r"/\*.*?\*/", "", file.read(), flags=re.DOTALL)
    for found in re.finditer(r"^((?:const )?\w+[ *]+)(peergroup_\w+)\(([^;]*)\);", text, re.M):
        yield found[2], found[1] + " x", arguments(found[3])


def same(left, right):
    """ctypes makes a POINTER() of a type once, and a CFUNCTYPE() of its types too."""
    return left is right


structures = [s for s in vars(_c).values() if isinstance(s, type)
              and issubclass(s, ctypes.Structure) and s is not ctypes.Structure]
ours = [s for s in structures if s.__name__.startswith("peergroup_")]
here = [line for s in ours for line in layout_here(s)]
there = compiled(line for s in ours
                 for line in layout_in_c(s.__name__, [name for name, *_ in s._fields_]))
for structure in ours:
    mine, theirs = ([line for line in lines if re.match(rf"{structure.__name__}\b", line)]
                    for lines in (here, there))
    result(mine == theirs, f"struct {structure.__name__}: {len(mine) - 1} members",
           *(f"here {m}; in C {t}" for m, t in zip(mine, theirs) if m != t))
for name in ("timespec", "sockaddr_storage"):
    result(compiled([f'printf("%zu %zu", sizeof(struct {name}), _Alignof(struct {name}));']) ==
           [f"{ctypes.sizeof(getattr(_c, name))} {ctypes.alignment(getattr(_c, name))}"],
           f"struct {name}: size")

# Members that the header has and the module lacks would be holes, or at the end.
with open(HEADER, encoding="utf-8") as header:
    source = re.sub(r"/\*.*?\*/", "", header.read(), flags=re.DOTALL)
for name, body in re.findall(r"^struct (\w+) \{\n(.*?)^\};", source, re.DOTALL | re.M):
    members = re.findall(r"(\w+)(?:\[\w+\])?;", body)
    mine = [field[0] for field in getattr(getattr(_c, name, None), "_fields_", [])]
    result(mine == members, f"struct {name} is complete", f"here {mine}", f"in C {members}")

functions = {name: (kind, args) for name, kind, args in declared()}
for name, (kind, args) in functions.items():
    if name in _c.UNBOUND:
        continue
    if name not in _c.FUNCTIONS:
        result(False, f"{name}() is there, or it is said why not")
        continue
    expected = [c_type(kind), *map(c_type, args)]
    got = [_c.FUNCTIONS[name][0], *_c.FUNCTIONS[name][1]]
    result(len(got) == len(expected) and all(map(same, got, expected)), f"{name}()",
           f"here {got}", f"in C {expected}")
stray = (set(_c.FUNCTIONS) | set(_c.UNBOUND)) - set(functions)
result(not stray, "and no function that is not in the header", *stray)

constants = [name for name in vars(_c) if re.match(r"PEER(GROUP)?_", name)]
values = compiled([f'printf("{n} %llu\\n", (unsigned long long)({n}));' for n in constants])
result(values == [f"{n} {getattr(_c, n) % 2**64}" for n in constants], f"{len(constants)} constants",
       *values)

exported = set(peergroup.__all__)
result(all(hasattr(peergroup, name) for name in exported), "all that is exported exists")
undocumented = [name for name in exported
                if isinstance(getattr(peergroup, name), (type, types.FunctionType))
                and not getattr(peergroup, name).__doc__]
result(not undocumented, "and is documented", *undocumented)

# What can be seen without the module.
os.environ["PEERGROUP_HOME"] = "/nonexistent"
try:
    peergroup.Group.open("nobody's")
except peergroup.Error as error:
    result(error.name is not None and error.hresult < 0 and str(error), "a failure is raised")
else:
    result(False, "a failure is raised")
result(peergroup.PeerTime.of(peergroup.PeerTime(133000000000000010).utc) == 133000000000000010,
       "times there and back")
xml = peergroup.attributes_xml({"a": "<&>", "n": -5, "d": peergroup.Date("2030-01")})
result(peergroup.parse_attributes(xml) == {"a": "<&>", "n": -5, "d": "2030-01"}
       and isinstance(peergroup.parse_attributes(xml)["d"], peergroup.Date),
       "attributes there and back", xml)
try:
    got = [peergroup.parse_attributes("<attributes><attribute name='n' type='int'>"
                                      f"{number}</attribute></attributes>")["n"]
           for number in (" +0042\n", "-0", "-" + 4301 * "0" + "12")]
except ValueError as error:
    got = error     # pylint: disable=invalid-name
result(got == [42, 0, -12], "numbers, however long they are", got)
try:
    peergroup.parse_attributes("<attributes><attribute name='\u202e\x9b' type='string'/>"
                               "</attributes>")
except peergroup.Error as error:
    result("\u202e\x9b" in error.detail and "\\u202e\\x9b" in str(error),
           "what others wrote is escaped in the text of a failure", ascii(str(error)))
else:
    result(False, "what others wrote is escaped in the text of a failure")
try:
    peergroup.attributes_xml({"a": "x\0y"})
except ValueError:
    result(True, "text does not end at a NUL")
else:
    result(False, "text does not end at a NUL")

# Of a number that is too large for the library's type ctypes would pass on some of its bits.
nobody = peergroup.Group(ctypes.c_void_p())
type_ = uuid.UUID(int=1)


def refused(what, function, *arguments, **named):
    """A number has to be refused here, by a ValueError and not by the library."""
    try:
        function(*arguments, **named)
    except ValueError as error:
        result(True, f"{what}: {error}")
    except peergroup.Error as error:
        result(False, f"{what} is refused", error)
    else:
        result(False, f"{what} is refused", "it was taken")


def mistaken(what, words, function, *arguments, **named):
    """A value of a wrong type has to be refused by a TypeError that names the argument."""
    try:
        function(*arguments, **named)
    except Exception as error:          # pylint: disable=broad-exception-caught
        result(type(error) is TypeError and words in str(error),
               f"{what} is refused by its name", type(error), error)
    else:
        result(False, f"{what} is refused", "it was taken")


for wrong, words in ((1.5, "a must be str, int or a date, not float"),
                     (b"x", "a must be str, int or a date, not bytes"),
                     (True, "not bool"), (None, "not NoneType")):
    mistaken(f"attribute {wrong!r}", words, nobody.add, type_, attributes={"a": wrong})
    mistaken(f"clause {wrong!r}", words, peergroup.query_of, {"a less": wrong})
mistaken("an attribute without a name", "name must be str, not int", peergroup.attributes_xml,
         {1: "x"})
mistaken("a clause without a name", "name must be str, not int", peergroup.query_of, {1: "x"})
for name, function in (("add()", nobody.add), ("records()", nobody.records),
                       ("send()", lambda kind: nobody.send(1, kind, b"")),
                       ("add_batch()", lambda t: nobody.add_batch([peergroup.NewRecord(t)]))):
    mistaken(f"type of {name}", "type must be UUID, not str", function, "note")
for name, function in (("get()", nobody.get), ("update()", nobody.update),
                       ("delete()", nobody.delete),
                       ("update_batch()",
                        lambda which: nobody.update_batch({which: peergroup.NewRecord(type_)}))):
    mistaken(f"id of {name}", "id must be UUID, not str", function, "zzz")
now = datetime.datetime.now(datetime.timezone.utc)
for words, function, wrong in (
        ("data must be str or bytes, not int", lambda data: nobody.add(type_, data), 5),
        ("data must be str or bytes, not list", lambda data: nobody.send(1, type_, data), []),
        ("attributes must be Mapping, not list",
         lambda which: nobody.add(type_, attributes=which), ["a"]),
        ("expires must be PeerTime, not datetime", lambda t: nobody.add(type_, expires=t), now),
        ("lifetime must be a number, not str", lambda n: nobody.add(type_, lifetime=n), "30d"),
        ("query must be Mapping, not int", nobody.search, 5),
        ("records: each must be NewRecord, not bytes", nobody.add_batch, [b"x"]),
        ("records must be Mapping, not list", nobody.update_batch, []),
        ("properties must be Properties, not dict", nobody.set_properties, {}),
        ("name must be str, not bytes", peergroup.Group.open, b"lab"),
        ("identity must be str, not int", peergroup.groups, 5),
        ("address must be str, not tuple", nobody.connect, ("192.0.2.1", 3587)),
        ("expires must be datetime, not int", lambda t: nobody.invite("<x/>", expires=t), 1),
        ("roles must be a number, not str", lambda r: nobody.invite("<x/>", roles=r), "admin"),
        ("port must be a number, not str", nobody.online, "3587"),
        ("since must be a number, not NoneType", nobody.watch, None),
        ("timeout must be a number, not str",
         lambda t: nobody.send(1, type_, b"", timeout=t), "5"),
        ("when must be datetime, not str", peergroup.PeerTime.of, "2030-01-01"),
        ("when must be date, not str", peergroup.Date.of, "2030-01-01")):
    mistaken(words, words, function, wrong)
# To tell so it has to have a name, which that of typing has not in Python 3.9.
for module in (_call, _group):
    result(isinstance(module.Mapping, type), f"Mapping of {module.__name__} is a class")
for good in (b"x", bytearray(b"x"), memoryview(b"x"), "x"):
    result(_group._raw(good) == b"x",           # pylint: disable=protected-access
           f"{type(good).__name__} is data")

for lifetime in (-1, 2 ** 32, datetime.timedelta(microseconds=-1000001),
                 datetime.timedelta(seconds=2 ** 32 - 1, microseconds=1), 2 ** 32 - 0.5,
                 float("inf"), float("nan")):
    for name, function in (("credential_lifetime()", nobody.credential_lifetime),
                           ("add()", lambda n: nobody.add(type_, lifetime=n)),
                           ("create()", lambda n: peergroup.Group.create(presence_lifetime=n))):
        refused(f"lifetime {lifetime} of {name}", function, lifetime)
properties = peergroup.Properties("", "", None, None, "", None, peergroup.PropertyFlag(0), 0, 0)
for wrong in (-1, 2 ** 32):
    refused(f"flags {wrong}", peergroup.Group.create, flags=wrong)
    refused(f"role {wrong}", nobody.set_password, "long enough", wrong)
    refused(f"role {wrong} of a password", peergroup.Group.create, password="long enough",
            password_role=wrong)
    refused(f"role {wrong} of an invitation", nobody.invite, "<x/>", roles=wrong)
    refused(f"role {wrong} of a renewal", nobody.renew, "x", roles=wrong)
    for name in ("flags", "member_data_lifetime", "presence_lifetime"):
        refused(f"{name} {wrong} of properties", nobody.set_properties,
                dataclasses.replace(properties, **{name: wrong}))
for wrong in (-1, 2 ** 64):
    refused(f"sequence number {wrong}", nobody.watch, since=wrong)
    refused(f"connection {wrong}", nobody.send, wrong, type_, b"")
    refused(f"connection {wrong}, closed", nobody.close_direct, wrong)
    refused(f"expiry at {wrong}", nobody.add, type_, expires=peergroup.PeerTime(wrong))
    refused(f"expiry at {wrong} of many", nobody.add_batch,
            [peergroup.NewRecord(type_, expires=peergroup.PeerTime(wrong))])
seconds = [_group._seconds(n, "n") for n in      # pylint: disable=protected-access
           (0, 0.5, datetime.timedelta(microseconds=1), 1, 1.5, 2 ** 32 - 1,
            datetime.timedelta(seconds=2 ** 32 - 1))]
result(seconds == [0, 1, 1, 1, 2, 2 ** 32 - 1, 2 ** 32 - 1], "part of a second counts", seconds)
times = [_group._milliseconds(n) for n in   # pylint: disable=protected-access
         (None, 0, -0.01, 0.0001, 1e9, float("inf"))]
result(times == [-1, 0, 0, 1, 2 ** 31 - 1, 2 ** 31 - 1], "no time left is at once, not for ever",
       times)
result(peergroup.escape("a*b?c\\") == r"a\*b\?c\\", "escape()")
result("colour" in peergroup.query_of({"colour": "b*", "n less": 3}), "query_of()")
# A signal's handler may close what it has interrupted, wherever that was.
class Closed(_watch.Queue):
    """A queue of a pipe, where nothing comes. Closing it closes the descriptor, as it does with
    the library.
    """

    def __init__(self):
        read, self.write = os.pipe()
        super().__init__(ctypes.c_void_p(read), read)

    @staticmethod
    def _close(handle):
        os.close(handle.value)
        return 0

    def _take(self):
        return None


def while_taking(kind, handle, **functions):
    """What a watch or receiver gives that is closed in the midst of a call of the library."""
    queue = kind.__new__(kind)
    queue._close = lambda handle: 0     # pylint: disable=protected-access
    _watch.Queue.__init__(queue, ctypes.c_void_p(1), -1)
    calls = []

    def call(*arguments):
        calls.append(arguments)
        if len(calls) > 1:
            raise AssertionError("it is asked once more")
        queue.close()
        return handle(*arguments)

    before, _watch.lib = _watch.lib, types.SimpleNamespace(
        **{functions.pop("call"): call}, **functions)
    try:
        first = queue.poll()
        return first, queue.next(), list(queue)
    except AssertionError as error:
        return error
    finally:
        _watch.lib = before


def an_event(_, out):
    """peergroup_watch_next()"""
    out._obj.kind = _c.PEERGROUP_EVENT_STATUS       # pylint: disable=protected-access
    return 0


def some_data(_, out):
    """peergroup_receive_next()"""
    data = _c.peergroup_data(peer=b"p", data=None, size=0)
    out._obj.contents = data                        # pylint: disable=protected-access
    return 0


freed = []
got = while_taking(peergroup.Watch, an_event, call="peergroup_watch_next")
result(isinstance(got, tuple) and isinstance(got[0], peergroup.StatusEvent) and
       got[1:] == (None, []), "a watch that is closed while it takes an event is at its end", got)
got = while_taking(peergroup.Receiver, some_data, call="peergroup_receive_next",
                   peergroup_free=freed.append)
result(isinstance(got, tuple) and isinstance(got[0], peergroup.Data) and got[1:] == (None, []),
       "so is a receiver", got)
result(len(freed) == 1, "whose data is freed", freed)


class Draining(Closed):
    """A signal's handler that comes while it is taken from takes, too, and closes it."""

    def _take(self):
        try:
            self.poll()
        except RuntimeError as error:
            self.close()
            return error, os.fstat(self._handle.value)
        return None


draining = Draining()
got = draining.poll()
result(isinstance(got, tuple), "a signal's handler takes nothing in the midst of taking", got)
result(not draining._handle,                    # pylint: disable=protected-access
       "and what it has closed is given up afterwards")
os.close(draining.write)


async def while_waiting(early):
    """What a task gets that is about to wait for what is closed."""
    queue = Closed()
    make = _watch._Task.__init__                    # pylint: disable=protected-access

    def closes(task, fd):
        if early:
            queue.close()
        make(task, fd)
        queue.close()

    _watch._Task.__init__ = closes                  # pylint: disable=protected-access
    try:
        waiting = asyncio.ensure_future(queue.next_async())
        await asyncio.wait([waiting], timeout=60)
        done = waiting.done()
        waiting.cancel()
        return done and (await asyncio.gather(waiting, return_exceptions=True))[0]
    finally:
        _watch._Task.__init__ = make                # pylint: disable=protected-access
        os.close(queue.write)


descriptors = len(os.listdir("/proc/self/fd"))
for sooner in (True, False):
    got = asyncio.run(while_waiting(sooner))
    result(got is None, "a task that is about to wait ends where the queue is closed "
           f"{'before' if sooner else 'after'} it has a descriptor of its own", got)
got = len(os.listdir("/proc/self/fd"))
result(got == descriptors, "no descriptor is left", got, descriptors)
print(f"1..{count}")
sys.exit(failed != 0)
