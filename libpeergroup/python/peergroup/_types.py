# SPDX-License-Identifier: LGPL-2.1-or-later
"""What programs see of the library: errors, times, flags and values.

For the other modules of this package, which make these out of what the library
says. Nothing here calls the library, but to say what an error means.
"""

import enum
import uuid
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from typing import Any, Mapping, TypeVar, Union

from . import _c

lib = _c.load()
T = TypeVar("T")


def _shown(text: str) -> str:
    """Others may have written it: nothing drives a terminal, is unseen or turns text around."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


class Error(Exception):
    """A call failed.

    hresult  the result as the library gave it, negative
    name     its constant, such as "PEER_E_NOT_FOUND", or None
    detail   the culprit in words, or ""

    As text it has the detail, too, with escapes for what cannot be shown.
    """

    def __init__(self, hresult: int, detail: str = "") -> None:
        name = lib.peergroup_error_name(hresult)
        self.hresult: int = hresult
        self.name: Union[str, None] = name.decode() if name else None
        self.detail: str = detail
        meaning = lib.peergroup_strerror(hresult).decode()
        super().__init__(f"{meaning} [{self.name or hex(hresult & 0xffffffff)}]"
                         + (f": {_shown(detail)}" if detail else ""))

    def __reduce__(self) -> tuple[type, tuple[int, str]]:
        return type(self), (self.hresult, self.detail)


class NotFoundError(Error):
    """There is no such record, group, member or identity."""


class NotReadyError(Error):
    """This member has joined and not synchronised yet."""


class PermissionDeniedError(Error):
    """The membership, or the kernel, does not allow it."""


class ServiceError(Error):
    """The kernel module is not there."""


_CLASSES = {
    "PEER_E_NOT_FOUND": NotFoundError,
    "PEER_E_RECORD_NOT_FOUND": NotFoundError,
    "PEER_E_IDENTITY_NOT_FOUND": NotFoundError,
    "PEER_E_CONNECTION_NOT_FOUND": NotFoundError,
    "PEER_E_GROUP_NOT_READY": NotReadyError,
    "PEER_E_NOT_AUTHORIZED": PermissionDeniedError,
    "E_ACCESSDENIED": PermissionDeniedError,
    "PEER_E_NO_KEY_ACCESS": PermissionDeniedError,
}
_SERVICE_MISSING = 0x8007042c - 2**32       # ERROR_SERVICE_DEPENDENCY_FAIL


def error_of(hresult: int, detail: str = "") -> Error:
    """What fits a failure."""
    name = (lib.peergroup_error_name(hresult) or b"").decode()
    kind = ServiceError if hresult == _SERVICE_MISSING else _CLASSES.get(name, Error)
    return kind(hresult, detail)


def check(hresult: int) -> int:
    """A result that is no failure; raise what fits one that is."""
    if hresult >= 0:
        return hresult
    raise error_of(hresult, (lib.peergroup_error_detail() or b"").decode(errors="replace"))


_EPOCH = datetime(1601, 1, 1, tzinfo=timezone.utc)


def utc_after(epoch: datetime, seconds: int, microseconds: int = 0) -> datetime:
    """The sum, or the last or first that a datetime can say where that is beyond it."""
    try:
        return epoch + timedelta(seconds=seconds, microseconds=microseconds)
    except OverflowError:
        nearest = datetime.max if seconds > 0 else datetime.min
        return nearest.replace(tzinfo=timezone.utc)


def expect(value: T, kind: Any, what: str) -> T:
    """The value of an argument, if it is of that kind; who calls is told which one is not."""
    if not isinstance(value, kind):
        raise TypeError(f"{what} must be {kind.__name__}, not {type(value).__name__}")
    return value


class PeerTime(int):
    """A time as records have it: 100 ns since 1601, by the group's clock."""

    @property
    def utc(self) -> datetime:
        """The same in UTC, rounded down to a microsecond; at the most the end of year 9999."""
        seconds, rest = divmod(int(self), 10000000)
        return utc_after(_EPOCH, seconds, rest // 10)

    @classmethod
    def of(cls, when: datetime) -> "PeerTime":
        """Of a datetime that has a time zone."""
        if expect(when, datetime, "when").tzinfo is None:
            raise ValueError("a time without a time zone")
        return cls((when - _EPOCH) // timedelta(microseconds=1) * 10)

    def __repr__(self) -> str:
        return f"PeerTime({int(self)})"


class Date(str):
    """An attribute of type "date", in the form it has in the record."""

    @classmethod
    def of(cls, when: Union[date, datetime]) -> "Date":
        """Of a date, or of a datetime that has a time zone."""
        if not isinstance(when, datetime):
            return cls(expect(when, date, "when").isoformat())
        if when.tzinfo is None:
            raise ValueError("a time without a time zone")
        return cls(when.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ"))


Attribute = Union[str, int, Date, date, datetime]
Attributes = Mapping[str, Attribute]
Bytes = Union[bytes, bytearray, memoryview, str]
Lifetime = Union[int, timedelta]


class Role(enum.IntFlag):
    """What a member may do; each includes those after it."""
    ADMIN = _c.PEERGROUP_ROLE_ADMIN
    INVITING = _c.PEERGROUP_ROLE_INVITING
    MEMBER = _c.PEERGROUP_ROLE_MEMBER


class StatusFlag(enum.IntFlag):
    """How a group is on this host."""
    LISTENING = _c.PEERGROUP_STATUS_LISTENING
    CONNECTED = _c.PEERGROUP_STATUS_CONNECTED
    READY = _c.PEERGROUP_STATUS_READY
    KEPT = _c.PEERGROUP_STATUS_KEPT
    REVOKED = _c.PEERGROUP_STATUS_REVOKED
    SYNCED = _c.PEERGROUP_STATUS_SYNCED


class Change(enum.IntEnum):
    """What happened to a record."""
    ADDED = _c.PEERGROUP_CHANGE_ADDED
    UPDATED = _c.PEERGROUP_CHANGE_UPDATED
    DELETED = _c.PEERGROUP_CHANGE_DELETED
    EXPIRED = _c.PEERGROUP_CHANGE_EXPIRED


class LinkState(enum.IntEnum):
    """How far a link is."""
    WAITING = _c.PEERGROUP_LINK_WAITING
    CONNECTING = _c.PEERGROUP_LINK_CONNECTING
    HANDSHAKE = _c.PEERGROUP_LINK_HANDSHAKE
    UP = _c.PEERGROUP_LINK_UP
    DOWN = _c.PEERGROUP_LINK_DOWN
    FAILED = _c.PEERGROUP_LINK_FAILED


class MemberChange(enum.IntEnum):
    """What happened to a member."""
    CONNECTED = _c.PEER_MEMBER_CONNECTED
    DISCONNECTED = _c.PEER_MEMBER_DISCONNECTED
    UPDATED = _c.PEER_MEMBER_UPDATED
    JOINED = _c.PEER_MEMBER_JOINED
    LEFT = _c.PEER_MEMBER_LEFT


class PropertyFlag(enum.IntFlag):
    """Settings of a group."""
    MEMBER_DATA_OPTIONAL = _c.PEER_MEMBER_DATA_OPTIONAL
    DISABLE_PRESENCE = _c.PEER_DISABLE_PRESENCE
    DEFER_EXPIRATION = _c.PEER_DEFER_EXPIRATION


@dataclass(frozen=True)
class Identity:
    """One of this user's identities."""
    name: str
    friendly: str


@dataclass(frozen=True)
class GroupName:
    """A group of this user, and which identity is its member."""
    name: str
    friendly: str
    identity: str


@dataclass(frozen=True)
class Invitation:
    """What an invitation says. No time is after the year 9999, as a datetime is not."""
    group_name: str
    group_friendly: str
    issuer_name: str
    issuer_friendly: str
    subject_name: str
    subject_friendly: str
    not_before: datetime
    not_after: datetime
    roles: Role
    depth: int


@dataclass(frozen=True)
class Status:
    """How a group is; peergroup_status(3) says what each of these is."""
    name: str
    friendly: str
    identity: str
    index: int
    flags: StatusFlag
    roles: Role
    port: int
    records: int
    tombstones: int
    sequence: int
    time_offset: timedelta
    fingerprint: bytes
    node_key: bytes
    credential_expires: PeerTime


@dataclass(frozen=True)
class Properties:
    """What a group is, as its creator says."""
    name: str
    creator: str
    classifier: Union[str, None]
    cloud: Union[str, None]
    friendly: str
    comment: Union[str, None]
    flags: PropertyFlag
    member_data_lifetime: int
    presence_lifetime: int


@dataclass(frozen=True)
class Member:
    """A node of a member's that is there, or a member that is not.

    addresses: (host, port) of where it can be dialled; node: 0 unless present.
    """
    name: str
    friendly: str
    issuer: str
    roles: Role
    not_before: PeerTime
    not_after: PeerTime
    present: bool
    node: int
    addresses: list[tuple[str, int]]


@dataclass(frozen=True)
class Record:
    """One version of a record."""
    id: uuid.UUID
    type: uuid.UUID
    version: int
    flags: int
    creator: str
    modifier: str
    attributes: dict[str, Attribute]
    created: PeerTime
    modified: PeerTime
    expires: PeerTime
    sequence: int
    data: bytes


@dataclass(frozen=True)
class NewRecord:
    """One of many records to publish: what Group.add() and Group.update() take of one."""
    type: uuid.UUID
    data: Bytes = b""
    attributes: Union[Attributes, str, None] = None
    expires: Union[PeerTime, None] = None
    lifetime: Lifetime = 0


@dataclass(frozen=True)
class Connection:
    """A link that is up: to a neighbour, or a direct connection, which carries data only.

    address is (host, port), or None while unknown; queued: bytes that wait to be sent.
    """
    id: int
    node: int
    peer: str
    direct: bool
    outbound: bool
    queued: int
    address: Union[tuple[str, int], None]


@dataclass(frozen=True)
class Data:
    """What another member's program has sent; lost: so many before it were dropped."""
    connection: int
    peer: str
    type: uuid.UUID
    data: bytes
    lost: int


@dataclass(frozen=True)
class Transfer:
    """What an export or import of records came to; peergroup_import_database(3)."""
    certificates: int
    records: int
    taken: int
    present: int
    expired: int
    refused: int


@dataclass(frozen=True)
class Refusal:
    """A record or certificate that an import did not take, and why."""
    what: str
    id: uuid.UUID
    type: uuid.UUID
    error: Error


@dataclass(frozen=True)
class RecordEvent:
    """A record was added, updated or deleted, or has expired."""
    sequence: int
    change: Change
    id: uuid.UUID
    type: uuid.UUID
    version: int


@dataclass(frozen=True)
class _Link:
    id: int
    state: LinkState
    node: int
    outbound: bool
    error: int
    peer: str
    address: Union[tuple[str, int], None]


@dataclass(frozen=True)
class LinkEvent(_Link):
    """A link to another host comes, goes or fails.

    address is (host, port), or None while unknown; error an errno, or 0.
    """


@dataclass(frozen=True)
class DirectEvent(_Link):
    """The same of a direct connection."""


@dataclass(frozen=True)
class StatusEvent:
    """The group's status changed; reason is an errno, or 0."""
    status: StatusFlag
    reason: int


@dataclass(frozen=True)
class MemberEvent:
    """A member has left, as none of its certificates holds any more, or is in again."""
    peer: str
    change: MemberChange
    revoked: bool


@dataclass(frozen=True)
class GoneEvent:
    """The group has ended; no event follows. reason is an errno, or 0."""
    reason: int


Event = Union[RecordEvent, LinkEvent, DirectEvent, StatusEvent, MemberEvent, GoneEvent]
