# SPDX-License-Identifier: LGPL-2.1-or-later
"""Groups: the calls that have a group's handle. Each docstring says what is
particular here; the rest is in the manual page of the call of the same name.
"""

import ctypes
import math
import os
import uuid
from collections.abc import Mapping
from ctypes import byref
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any, Callable, Iterable, Iterator, Optional, Union

from . import _c
from ._call import (address, attributes_xml, call_block, call_list, call_text, decode, encode,
                    number, query_of, record, required, utc_out, uuid_in, uuid_out, walk)
from ._types import (Attributes, Bytes, Connection, Error, Lifetime, Member, NewRecord, PeerTime,
                     Properties, PropertyFlag, Record, Refusal, Role, Status, StatusFlag,
                     Transfer, check, error_of, expect, lib)
from ._watch import Receiver, Watch

NOW = _c.PEERGROUP_SINCE_NOW

Path = Union[str, "os.PathLike[str]"]
Progress = Callable[[int, int], Any]


def _status(s: _c.peergroup_status) -> Status:
    return Status(name=required(s.name), friendly=required(s.friendly),
                  identity=required(s.identity), index=s.index, flags=StatusFlag(s.flags),
                  roles=Role(s.roles), port=s.port, records=s.records,
                  tombstones=s.tombstones, sequence=s.sequence,
                  time_offset=timedelta(microseconds=s.time_offset / 10),
                  fingerprint=bytes(s.fingerprint), node_key=bytes(s.node_key),
                  credential_expires=PeerTime(s.credential_expires))


def _properties(p: _c.peergroup_properties) -> Properties:
    return Properties(name=required(p.name), creator=required(p.creator),
                      classifier=decode(p.classifier), cloud=decode(p.cloud),
                      friendly=required(p.friendly), comment=decode(p.comment),
                      flags=PropertyFlag(p.flags),
                      member_data_lifetime=p.member_data_lifetime,
                      presence_lifetime=p.presence_lifetime)


def _member(m: _c.peergroup_member) -> Member:
    places = [address(m.addresses[i]) for i in range(m.n_addresses)]
    return Member(name=required(m.name), friendly=required(m.friendly), issuer=required(m.issuer),
                  roles=Role(m.roles), not_before=PeerTime(m.not_before),
                  not_after=PeerTime(m.not_after), present=m.present, node=m.node,
                  addresses=[place for place in places if place])


def _connection(c: _c.peergroup_connection) -> Connection:
    return Connection(id=c.id, node=c.node, peer=required(c.peer), direct=c.direct,
                      outbound=c.outbound, queued=c.queued, address=address(c.address))


def _transfer(t: _c.peergroup_transfer) -> Transfer:
    return Transfer(t.certificates, t.records, t.taken, t.present, t.expired, t.refused)


def _refusal(r: _c.peergroup_refusal) -> Refusal:
    return Refusal(required(r.what), uuid_in(r.id), uuid_in(r.type),
                   error_of(r.result, required(r.why)))


def _milliseconds(timeout: Optional[float]) -> int:
    # To wait a little is not to return at once, nor to wait long to wait for ever. What is left
    # of a time may be less than nothing.
    if timeout is None:
        return -1
    try:
        return math.ceil(min(max(timeout, 0) * 1000, 2**31 - 1))
    except TypeError:
        raise TypeError(f"timeout must be a number, not {type(timeout).__name__}") from None


def _raw(data: Bytes) -> bytes:
    if isinstance(data, str):
        return data.encode()
    try:
        return bytes(memoryview(data))      # bytes() of a number were as many zeros
    except TypeError:
        raise TypeError(f"data must be str or bytes, not {type(data).__name__}") from None


def _seconds(lifetime: Lifetime, what: str) -> int:
    # Rounded up, as 0 is no lifetime but stands for another.
    if isinstance(lifetime, timedelta):
        return number(-(-lifetime // timedelta(seconds=1)), what)
    # Of what is not finite there is none.
    return number(math.ceil(number(lifetime, what)), what)


def _new_record(data: Bytes, attributes: Union[Attributes, str, None],
                expires: Optional[PeerTime], lifetime: Lifetime) -> _c.peergroup_new_record:
    raw = _raw(data)
    xml = None
    if expires is not None and not isinstance(expires, int):
        expect(expires, PeerTime, "expires")
    if attributes:
        xml = attributes if isinstance(attributes, str) else attributes_xml(attributes)
    made = _c.peergroup_new_record(
        ctypes.cast(ctypes.c_char_p(raw), ctypes.c_void_p), len(raw), encode(xml, "attributes"),
        number(expires or 0, "expires", 64), _seconds(lifetime, "lifetime"))
    made.keep = raw     # the pointer does not
    return made


def _batch(function: Callable[..., int], handle: ctypes.c_void_p, ids: list[uuid.UUID],
           records: list[NewRecord], progress: Optional[Progress]) -> Any:
    """The array of a batch, with the result of each; ids: of those that are updated."""
    for r in records:
        expect(r, NewRecord, "records: each")
    new = [_new_record(r.data, r.attributes, r.expires, r.lifetime) for r in records]
    array = (_c.peergroup_batch_record * len(records))()
    for i, r in enumerate(records):
        array[i].type, array[i].content = uuid_out(r.type, "type"), new[i]
        if ids:
            array[i].id = uuid_out(ids[i], "id")
    failed: list[BaseException] = []

    def each(done: int, count: int, _: Any) -> int:
        try:
            if progress:
                progress(done, count)
        except BaseException as error:      # pylint: disable=broad-exception-caught
            failed.append(error)
            return _c.E_ABORT
        return 0

    hresult = function(handle, array, len(records), _c.Progress(each), None)
    if failed:
        raise failed[0]
    check(hresult)
    return array


class Group:
    """A group that this process has open; a context manager that closes it.

    Made by Group.create(), Group.open() and Group.join(). Any thread may use it.
    """

    def __init__(self, handle: ctypes.c_void_p) -> None:
        self._handle = handle

    @classmethod
    def _get(cls, function: Callable[..., int], *arguments: Any) -> "Group":
        handle = ctypes.c_void_p()
        check(function(*arguments, byref(handle)))
        return cls(handle)

    @classmethod
    def create(cls, friendly: Optional[str] = None, *, identity: Optional[str] = None,
               classifier: Optional[str] = None, comment: Optional[str] = None,
               cloud: Optional[str] = None, flags: PropertyFlag = PropertyFlag(0),
               member_data_lifetime: Lifetime = 0,
               presence_lifetime: Lifetime = 0, password: Optional[str] = None,
               password_role: Role = Role.MEMBER) -> "Group":
        """Make a group, as its first member and administrator; it is offline.

        With a password, who knows it can join, as one of that role.
        """
        options = _c.peergroup_create_options(
            encode(classifier, "classifier"), encode(friendly, "friendly"),
            encode(comment, "comment"), encode(cloud, "cloud"), number(flags, "flags"),
            _seconds(member_data_lifetime, "member_data_lifetime"),
            _seconds(presence_lifetime, "presence_lifetime"))
        if password is not None:
            return cls._get(lib.peergroup_create_with_password, encode(identity, "identity"),
                            byref(options), encode(password, "password"),
                            number(password_role, "password_role"))
        return cls._get(lib.peergroup_create, encode(identity, "identity"), byref(options))

    @classmethod
    def open(cls, name: str, *, identity: Optional[str] = None) -> "Group":
        """Open a group that this user has created or joined, by its peer name."""
        return cls._get(lib.peergroup_open, encode(identity, "identity"), encode(name, "name"))

    @classmethod
    def join(cls, invitation: str, *, identity: Optional[str] = None) -> "Group":
        """Become a member by an invitation."""
        return cls._get(lib.peergroup_join, encode(identity, "identity"),
                        encode(invitation, "invitation"))

    @classmethod
    def join_password(cls, invitation: str, password: str, *,
                      identity: Optional[str] = None) -> "Group":
        """Join by a password, which authenticate() then proves to a member."""
        return cls._get(lib.peergroup_join_password, encode(identity, "identity"),
                        encode(invitation, "invitation"), encode(password, "password"))

    def authenticate(self, address: Optional[str] = None) -> None:
        """Prove the password to the member at an address, and so become a member."""
        check(lib.peergroup_authenticate(self._handle, encode(address, "address")))

    def set_password(self, password: Optional[str], role: Role = Role(0)) -> None:
        """Set the group's password, or tell this member what it is; None: forget it."""
        check(lib.peergroup_set_password(self._handle, encode(password, "password"),
                                         number(role, "role")))

    def password_invitation(self) -> str:
        """An invitation for everybody who knows the password, which is not in it."""
        return call_text(lib.peergroup_password_invitation, self._handle)

    def answer(self) -> None:
        """Let in who joins by password, for as long as the group is open here."""
        check(lib.peergroup_answer(self._handle))

    def close(self) -> None:
        """Give up the handle. May be called again, and when the group has been deleted."""
        handle, self._handle = self._handle, ctypes.c_void_p()
        hresult = lib.peergroup_close(handle) if handle else 0
        if hresult != _c.PEER_E_INVALID_GROUP:
            check(hresult)

    def __enter__(self) -> "Group":
        return self

    def __exit__(self, kind: Optional[type[BaseException]], error: Optional[BaseException],
                 trace: Optional[TracebackType]) -> None:
        self.close()

    def __del__(self) -> None:
        if getattr(self, "_handle", None):
            lib.peergroup_close(self._handle)

    # ---- being online --------------------------------------------------------

    def online(self, port: int = 0) -> None:
        """Listen, link and accept links."""
        check(lib.peergroup_online(self._handle, number(port, "port", 16)))

    def offline(self) -> None:
        """End all links, for all programs that have the group open."""
        check(lib.peergroup_offline(self._handle))

    def keep(self, keep: bool = True) -> None:
        """Let the group live in the kernel without any process."""
        check(lib.peergroup_keep(self._handle, keep))

    def connect(self, address: str) -> None:
        """Link to a member at "ADDR", "ADDR:PORT" or "[ADDR]:PORT"."""
        check(lib.peergroup_connect(self._handle, encode(address, "address")))

    def credential_lifetime(self, lifetime: Lifetime) -> None:
        """For how long the member vouches for this host."""
        check(lib.peergroup_credential_lifetime(self._handle, _seconds(lifetime, "lifetime")))

    # ---- the group and who is in it ------------------------------------------

    @property
    def status(self) -> Status:
        """How the group is now."""
        return call_block(lib.peergroup_status, _c.peergroup_status, _status, self._handle)

    @property
    def properties(self) -> Properties:
        """What the group is, as its creator says."""
        return call_block(lib.peergroup_properties, _c.peergroup_properties, _properties,
                          self._handle)

    @property
    def stats(self) -> dict[str, int]:
        """What the kernel has counted in the group, since it began on this host."""
        return dict(call_list(lib.peergroup_stats, _c.peergroup_counter,
                              lambda c: (required(c.name), int(c.value)), self._handle))

    def set_properties(self, properties: Properties) -> None:
        """Change what the group is: dataclasses.replace() what properties has."""
        p = expect(properties, Properties, "properties")
        raw = _c.peergroup_properties(
            encode(p.name, "name"), encode(p.creator, "creator"),
            encode(p.classifier, "classifier"), encode(p.cloud, "cloud"),
            encode(p.friendly, "friendly"), encode(p.comment, "comment"), number(p.flags, "flags"),
            _seconds(p.member_data_lifetime, "member_data_lifetime"),
            _seconds(p.presence_lifetime, "presence_lifetime"))
        check(lib.peergroup_set_properties(self._handle, byref(raw)))

    def members(self, *, present: bool = False, name: Optional[str] = None) -> list[Member]:
        """The members, one for each node of those that are there; present: only these.

        name: of the one that is asked for, by its peer name.
        """
        return walk(lib.peergroup_members, _c.EachMember, _member, self._handle,
                    _c.PEER_MEMBER_PRESENT if present else 0, encode(name, "name"))

    def invite(self, identity_xml: str, *, expires: Optional[datetime] = None,
               roles: Role = Role.MEMBER) -> str:
        """An invitation for an identity, for it only."""
        return call_text(lib.peergroup_invite, self._handle, encode(identity_xml, "identity_xml"),
                         utc_out(expires, "expires"), number(roles, "roles"))

    def renew(self, member: str, *, expires: Optional[datetime] = None,
              roles: Role = Role(0)) -> str:
        """A later certificate for a member, as an invitation; also left in the group."""
        return call_text(lib.peergroup_renew, self._handle, encode(member, "member"),
                         utc_out(expires, "expires"), number(roles, "roles"),
                         _c.PEERGROUP_RENEW_STORE)

    def revoke(self, member: str, *, only: bool = False, withdraw: bool = False) -> None:
        """End a membership, for everybody and at once.

        only: those whom the member has invited stay. withdraw: what it published
        goes, too.
        """
        check(lib.peergroup_revoke(self._handle, encode(member, "member"),
                                   (_c.PEERGROUP_REVOKE_ONLY if only else 0) |
                                   (_c.PEERGROUP_REVOKE_WITHDRAW if withdraw else 0)))

    # ---- records -------------------------------------------------------------

    def add(self, type: uuid.UUID, data: Bytes = b"", *,    # pylint: disable=redefined-builtin
            attributes: Union[Attributes, str, None] = None,
            expires: Optional[PeerTime] = None, lifetime: Lifetime = 0) -> uuid.UUID:
        """Publish a record, for a lifetime (seconds) or until expires; its id.

        attributes: a mapping to str, int and dates, or attribute XML.
        """
        new = _new_record(data, attributes, expires, lifetime)
        out = _c.Uuid()
        check(lib.peergroup_add(self._handle, uuid_out(type, "type"), byref(new), out))
        return uuid_in(out)

    def update(self, id: uuid.UUID, data: Bytes = b"", *,   # pylint: disable=redefined-builtin
               attributes: Union[Attributes, str, None] = None,
               expires: Optional[PeerTime] = None, lifetime: Lifetime = 0) -> None:
        """Replace all of a record's content; without a time it expires as before."""
        new = _new_record(data, attributes, expires, lifetime)
        check(lib.peergroup_update(self._handle, uuid_out(id, "id"), byref(new)))

    def delete(self, id: uuid.UUID) -> None:        # pylint: disable=redefined-builtin
        """Delete a record on all hosts."""
        check(lib.peergroup_delete_record(self._handle, uuid_out(id, "id")))

    def add_batch(self, records: Iterable[NewRecord], *,
                  progress: Optional[Progress] = None) -> list[Union[uuid.UUID, Error]]:
        """Publish many records, with one signature for up to 4096 of them.

        For each in its place its id, or the error for which it was refused. progress is
        called now and then with how many of them are done, of how many; an exception
        from it ends the call.
        """
        array = _batch(lib.peergroup_add_batch, self._handle, [], list(records), progress)
        return [uuid_in(r.id) if r.result >= 0 else error_of(r.result) for r in array]

    def update_batch(self, records: Mapping[uuid.UUID, NewRecord], *,
                     progress: Optional[Progress] = None) -> dict[uuid.UUID, Error]:
        """Replace the contents of many records by few signatures; their types stay.

        Those that were refused, and for which error; the others are updated.
        """
        expect(records, Mapping, "records")
        array = _batch(lib.peergroup_update_batch, self._handle, list(records),
                       list(records.values()), progress)
        return {id: error_of(r.result) for id, r in zip(records, array) if r.result < 0}

    def get(self, id: uuid.UUID) -> Record:         # pylint: disable=redefined-builtin
        """One record."""
        return call_block(lib.peergroup_get, _c.peergroup_record, record, self._handle,
                          uuid_out(id, "id"))

    def records(self, type: Optional[uuid.UUID] = None      # pylint: disable=redefined-builtin
                ) -> Iterator[Record]:
        """All records, or those of a type, as they are when it is called."""
        return iter(walk(lib.peergroup_records, _c.Each, record, self._handle,
                         None if type is None else uuid_out(type, "type")))

    def search(self, query: Union[str, Mapping[str, Any]]) -> Iterator[Record]:
        """Records that match a query.

        query: XML, as PeerGroupSearchRecords(3) has it, or a mapping of which all has
        to be true: {"peerrecordtype": TYPE, "colour": "b*", "port less": 1024}. The
        name may be followed by a comparison, and * and ? in strings are wildcards: see
        escape().
        """
        xml = query if isinstance(query, str) else query_of(query)
        return iter(walk(lib.peergroup_search, _c.Each, record, self._handle,
                         encode(xml, "query")))

    def watch(self, since: int = NOW) -> Watch:
        """What happens from now on; or after sequence number since, 0 for all there is."""
        return Watch(self._handle, since)

    # ---- from program to program -----------------------------------------------

    def connections(self, *, neighbours: bool = True, direct: bool = True) -> list[Connection]:
        """The links that are up: to neighbours, and direct connections."""
        if not neighbours and not direct:
            return []       # flags of 0 are both
        return walk(lib.peergroup_connections, _c.EachConnection, _connection, self._handle,
                    (_c.PEER_CONNECTION_NEIGHBOR if neighbours else 0) |
                    (_c.PEER_CONNECTION_DIRECT if direct else 0))

    def open_direct(self, member: str, address: str,    # pylint: disable=redefined-outer-name
                    *, timeout: Optional[float] = None) -> int:
        """Connect to a program of a member, where one receive()s; the connection's id.

        timeout: seconds; 0 returns at once, and a watch tells what became of it.
        """
        out = ctypes.c_uint64()
        check(lib.peergroup_direct_open(self._handle, encode(member, "member"),
                                        encode(address, "address"),
                                        _milliseconds(timeout), byref(out)))
        return out.value

    def close_direct(self, id: int) -> None:        # pylint: disable=redefined-builtin
        """Close a direct connection; what has been sent before still goes out."""
        check(lib.peergroup_direct_close(self._handle, number(id, "id", 64)))

    def send(self, id: int, type: uuid.UUID, data: Bytes,   # pylint: disable=redefined-builtin
             *, timeout: Optional[float] = None) -> None:
        """Send data over a direct connection or to a neighbour, by the connection's id.

        timeout: seconds to wait for room in its queue.
        """
        raw = _raw(data)
        check(lib.peergroup_send(self._handle, number(id, "id", 64), uuid_out(type, "type"), raw,
                                 len(raw), _milliseconds(timeout)))

    def receive(self) -> Receiver:
        """What others send from now on; and let them open direct connections."""
        return Receiver(self._handle)

    # ---- to another computer ---------------------------------------------------

    def export_config(self, password: str) -> str:
        """The membership, as a text that is as safe as the password: import_config()."""
        return call_text(lib.peergroup_export_config, self._handle, encode(password, "password"))

    def export_database(self, path: Path) -> Transfer:
        """Write all records to a file, for this user only and not encrypted."""
        counts = _c.peergroup_transfer()
        check(lib.peergroup_export_database(self._handle, encode(os.fspath(path), "path"),
                                            byref(counts)))
        return _transfer(counts)

    def import_database(self, path: Path) -> tuple[Transfer, list[Refusal]]:
        """Add the records of a file to this group, which is offline.

        What came of it, and each that the kernel did not take.
        """
        counts = _c.peergroup_transfer()
        refused: list[Refusal] = []
        each = _c.peergroup_refusal_fn(lambda r, _: refused.append(_refusal(r.contents)))
        check(lib.peergroup_import_database(self._handle, encode(os.fspath(path), "path"),
                                            each, None, byref(counts)))
        return _transfer(counts), refused
