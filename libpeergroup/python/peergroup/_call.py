# SPDX-License-Identifier: LGPL-2.1-or-later
"""From Python's values to the library's and back, for the other modules.

Whatever the library hands out is copied and freed here, so that nobody else holds
a pointer of it.
"""

import ctypes
import socket
import struct
import uuid
from collections.abc import Mapping
from ctypes import byref
from datetime import date, datetime, timezone
from typing import Any, Callable, Optional, TypeVar, Union

from . import _c
from ._types import (Attribute, Attributes, Date, Error, PeerTime, Record, check, expect,
                     lib, utc_after)

Text = Optional[str]
T = TypeVar("T")


def encode(text: Text, what: str) -> Optional[bytes]:
    """Text for the library, which would end it at a NUL; what: the argument's name."""
    if text is None:
        return None
    data = expect(text, str, what).encode()
    if b"\0" in data:
        raise ValueError(f"{what}: text with a NUL")
    return data


def decode(text: Optional[bytes]) -> Text:
    return None if text is None else text.decode()


def required(text: Optional[bytes]) -> str:
    return (text or b"").decode()


def number(value: int, what: str, bits: int = 32) -> int:
    """A number for the library, of which ctypes would take the lowest bits only."""
    try:
        fits = 0 <= value < 1 << bits
    except TypeError:
        raise TypeError(f"{what} must be a number, not {type(value).__name__}") from None
    if not fits:
        raise ValueError(f"{what}: {value} is not from 0 to {(1 << bits) - 1}")
    return value


def uuid_out(which: uuid.UUID, what: str) -> Any:
    return _c.Uuid.from_buffer_copy(expect(which, uuid.UUID, what).bytes)


def uuid_in(which: Any) -> uuid.UUID:
    return uuid.UUID(bytes=bytes(which))


_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def utc_in(seconds: int) -> datetime:
    """Of seconds since 1970."""
    return utc_after(_EPOCH, seconds)


def utc_out(when: Optional[datetime], what: str) -> int:
    """Seconds since 1970, 0 for None."""
    if when is None:
        return 0
    if expect(when, datetime, what).tzinfo is None:
        raise ValueError(f"{what}: a time without a time zone")
    return int(when.timestamp())


def call_text(function: Callable[..., int], *arguments: Any) -> str:
    """Call what has a text as its last argument."""
    out = ctypes.c_void_p()
    check(function(*arguments, byref(out)))
    try:
        return ctypes.string_at(out.value or 0).decode()
    finally:
        lib.peergroup_free(out)


def call_block(function: Callable[..., int], structure: Any, make: Callable[[Any], T],
               *arguments: Any) -> T:
    """Call what has a structure as its last argument, and make a value of it."""
    out = ctypes.POINTER(structure)()
    check(function(*arguments, byref(out)))
    try:
        return make(out.contents)
    finally:
        lib.peergroup_free(out)


def call_list(function: Callable[..., int], structure: Any, make: Callable[[Any], T],
              *arguments: Any) -> list[T]:
    """The same with an array and its length."""
    out = ctypes.POINTER(structure)()
    count = ctypes.c_size_t()
    check(function(*arguments, byref(out), byref(count)))
    try:
        return [make(out[i]) for i in range(count.value)]
    finally:
        lib.peergroup_free(out)


def _attribute(name: str, value: Attribute) -> _c.peergroup_attribute:
    data = encode(expect(name, str, "an attribute's name"), "an attribute's name")
    if isinstance(value, bool) or not isinstance(value, (str, int, date)):
        raise TypeError(f"attribute {name} must be str, int or a date, not "
                        f"{type(value).__name__}")
    if isinstance(value, int):
        kind, text = b"int", str(int(value))
    elif isinstance(value, Date):
        kind, text = b"date", str(value)
    elif isinstance(value, date):
        kind, text = b"date", Date.of(value)
    else:
        kind, text = b"string", value
    return _c.peergroup_attribute(data, kind, encode(text, f"attribute {name}"))


def attributes_xml(attributes: Attributes) -> str:
    """Attribute XML of values."""
    expect(attributes, Mapping, "attributes")
    array = (_c.peergroup_attribute * len(attributes))(
        *(_attribute(name, value) for name, value in attributes.items()))
    return call_text(lib.peergroup_attributes_build, array, len(attributes))


def _number(text: str) -> int:
    """Of 64 bits, as the library has checked; but int() counts the zeros before it, too."""
    text = text.strip()
    size = int(text.lstrip("+-0") or "0")
    return -size if text.startswith("-") else size


def _value(attribute: _c.peergroup_attribute) -> tuple[str, Attribute]:
    name, text = required(attribute.name), required(attribute.value)
    if attribute.type == b"int":
        return name, _number(text)
    return name, Date(text) if attribute.type == b"date" else text


def parse_attributes(xml: Union[str, None]) -> dict[str, Attribute]:
    """Values of attribute XML."""
    if not xml:
        return {}
    return dict(call_list(lib.peergroup_attributes_parse, _c.peergroup_attribute, _value,
                          encode(xml, "xml")))


def query_of(clauses: Mapping[str, Any]) -> str:
    """A query for records of which all of this is true."""
    expect(clauses, Mapping, "query")
    array = (_c.peergroup_clause * len(clauses))()
    for clause, (key, value) in zip(array, clauses.items()):
        name, _, compare = expect(key, str, "an attribute's name").partition(" ")
        if isinstance(value, uuid.UUID):
            value = str(value)
        elif isinstance(value, PeerTime):
            value = value.utc
        made = _attribute(name, value)
        clause.attrib, clause.type, clause.value = made.name, made.type, made.value
        clause.compare = encode(compare.strip() or "equal", key)
    return call_text(lib.peergroup_query_build, array, len(clauses))


def _attributes(xml: Text) -> dict[str, Attribute]:
    """Of a record. No host looks at them before it has the record: what is wrong is none."""
    try:
        return parse_attributes(xml)
    except Error as error:
        if error.name == "E_OUTOFMEMORY":
            raise
        return {}


def record(r: _c.peergroup_record) -> Record:
    """A copy of a record, which the library is about to free."""
    return Record(id=uuid_in(r.id), type=uuid_in(r.type), version=r.version, flags=r.flags,
                  creator=required(r.creator), modifier=required(r.modifier),
                  attributes=_attributes(decode(r.attributes)),
                  created=PeerTime(r.created), modified=PeerTime(r.modified),
                  expires=PeerTime(r.expires), sequence=r.sequence,
                  data=ctypes.string_at(r.data, r.size) if r.size else b"")


def walk(function: Callable[..., int], kind: Any, convert: Callable[[Any], Any],
         *arguments: Any) -> list[Any]:
    """All that a function calls back for, by a callback of that kind."""
    found: list[Any] = []
    failed: list[BaseException] = []

    # An exception may not leave it, and a result that is not S_OK ends the walk.
    def each(item: Any, _: Any) -> int:
        try:
            found.append(convert(item.contents))
        except BaseException as error:      # pylint: disable=broad-exception-caught
            failed.append(error)
            return 1
        return 0

    hresult = function(*arguments, kind(each), None)
    if failed:
        raise failed[0]
    check(hresult)
    return found


def address(a: _c.sockaddr_storage) -> Optional[tuple[str, int]]:
    """Host and port, or None for an address that is not known."""
    raw = bytes(a)
    port = struct.unpack_from("!H", raw, 2)[0]
    if a.ss_family == socket.AF_INET:
        return socket.inet_ntop(socket.AF_INET, raw[4:8]), port
    if a.ss_family == socket.AF_INET6:
        return socket.inet_ntop(socket.AF_INET6, raw[8:24]), port
    return None
