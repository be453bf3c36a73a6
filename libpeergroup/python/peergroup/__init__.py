# SPDX-License-Identifier: LGPL-2.1-or-later
"""Groups of hosts that agree about a set of signed records: peergroup for Python.

    import uuid
    import peergroup

    NOTE = uuid.UUID("5f0c6a4e-9d0b-4a52-8d3f-0c7b6f1e2a90")

    name = peergroup.groups()[0].name
    with peergroup.Group.open(name) as group:
        group.add(NOTE, b"hello", attributes={"lang": "en"}, lifetime=3600)
        for record in group.records(NOTE):
            print(record.modifier, record.data)

    async def follow(group):
        async with group.watch(since=0) as watch:
            async for event in watch:
                print(event)

A call that fails raises Error, which has the HRESULT, its name and the culprit.
Everything handed out is a copy. It is the C library, through ctypes: libpeergroup
must be installed, or named by the environment variable PEERGROUP_LIBRARY. A thread
that waits in a call does not keep others from running.
"""

import ctypes
from ctypes import byref
from typing import Optional

from . import _c
from ._call import (attributes_xml, call_block, call_list, call_text, encode, parse_attributes,
                    query_of, required, utc_in)
from ._group import NOW, Group
from ._types import (Attribute, Attributes, Change, Connection, Data, Date, DirectEvent, Error,
                     Event, GoneEvent, GroupName, Identity, Invitation, LinkEvent, LinkState,
                     Member, MemberChange, MemberEvent, NewRecord, NotFoundError, NotReadyError,
                     PeerTime, PermissionDeniedError, Properties, PropertyFlag, Record,
                     RecordEvent, Refusal, Role, ServiceError, Status, StatusEvent, StatusFlag,
                     Transfer, check, lib)
from ._watch import Receiver, Watch

__all__ = [
    "Attribute", "Attributes", "Change", "Connection", "Data", "Date", "DirectEvent", "Error",
    "Event", "GoneEvent", "Group", "GroupName", "Identity", "Invitation", "LinkEvent",
    "LinkState", "Member", "MemberChange", "MemberEvent", "NOW", "NewRecord", "NotFoundError",
    "NotReadyError", "PORT", "PeerTime", "PermissionDeniedError", "Properties", "PropertyFlag",
    "Receiver", "Record", "RecordEvent", "Refusal", "Role", "ServiceError", "Status",
    "StatusEvent", "StatusFlag", "Transfer", "Watch", "attributes_xml", "create_identity",
    "default_identity", "delete_group", "delete_identity", "escape", "export_identity",
    "friendly_name", "groups", "host_from_name", "identities", "identity_xml", "import_config",
    "import_identity", "name_from_host", "parse_attributes", "parse_invitation", "query_of",
    "set_friendly_name",
]

PORT = _c.PEERGROUP_PORT


def identities() -> list[Identity]:
    """All identities of this user, oldest first."""
    return call_list(lib.peergroup_identity_list, _c.peergroup_name_pair,
                     lambda i: Identity(required(i.name), required(i.friendly)))


def create_identity(friendly: Optional[str] = None, *,
                    classifier: Optional[str] = None) -> str:
    """Make a key pair; the peer name that follows from it."""
    return call_text(lib.peergroup_identity_create, encode(classifier, "classifier"),
                     encode(friendly, "friendly"))


def delete_identity(name: str) -> None:
    """Delete an identity and its private key."""
    check(lib.peergroup_identity_delete(encode(name, "name")))


def default_identity() -> str:
    """Peer name of the identity that is used where none is given: the oldest."""
    return call_text(lib.peergroup_identity_default)


def identity_xml(name: Optional[str] = None) -> str:
    """What an inviter needs to know about an identity; public."""
    return call_text(lib.peergroup_identity_xml, encode(name, "name"))


def friendly_name(name: str) -> str:
    """The name to show of an identity."""
    return call_text(lib.peergroup_identity_friendly, encode(name, "name"))


def set_friendly_name(name: str, friendly: Optional[str]) -> None:
    """Change the name to show; None for the peer name."""
    check(lib.peergroup_identity_set_friendly(encode(name, "name"), encode(friendly, "friendly")))


def export_identity(name: Optional[str], password: str) -> str:
    """An identity with its private key, as a text that is as safe as the password."""
    return call_text(lib.peergroup_identity_export, encode(name, "name"),
                     encode(password, "password"))


def import_identity(xml: str, password: str) -> str:
    """Store an identity of another computer for this user; its peer name."""
    return call_text(lib.peergroup_identity_import, encode(xml, "xml"),
                     encode(password, "password"))


def import_config(xml: str, password: str, *, overwrite: bool = False) -> tuple[str, str]:
    """Become the member that Group.export_config() took along; its name and the group's.

    overwrite: replace what is known here of the group.
    """
    identity = ctypes.c_void_p()
    group = call_text(lambda out: lib.peergroup_import_config(
        encode(xml, "xml"), encode(password, "password"), overwrite, byref(identity), out))
    try:
        return ctypes.string_at(identity.value or 0).decode(), group
    finally:
        lib.peergroup_free(identity)


def groups(identity: Optional[str] = None) -> list[GroupName]:
    """Groups that this user's identities, or one of them, belong to."""
    return call_list(lib.peergroup_list_groups, _c.peergroup_group_name,
                     lambda g: GroupName(required(g.name), required(g.friendly),
                                         required(g.identity)),
                     encode(identity, "identity"))


def delete_group(name: str, *, identity: Optional[str] = None) -> None:
    """Leave a group: delete this user's local state of it."""
    check(lib.peergroup_delete(encode(identity, "identity"), encode(name, "name")))


def _invitation(i: _c.peergroup_invitation) -> Invitation:
    return Invitation(required(i.group_name), required(i.group_friendly),
                      required(i.issuer_name), required(i.issuer_friendly),
                      required(i.subject_name), required(i.subject_friendly),
                      utc_in(i.not_before), utc_in(i.not_after), Role(i.roles), i.depth)


def parse_invitation(invitation: str) -> Invitation:
    """Check an invitation and say what it holds."""
    return call_block(lib.peergroup_parse_invitation, _c.peergroup_invitation, _invitation,
                      encode(invitation, "invitation"))


def host_from_name(name: str) -> str:
    """A peer name as a host name below pnrp.net."""
    return call_text(lib.peergroup_host_from_name, encode(name, "name"))


def name_from_host(host: str) -> str:
    """The peer name that a host name below pnrp.net stands for."""
    return call_text(lib.peergroup_name_from_host, encode(host, "host"))


def escape(text: str) -> str:
    """Make text stand for itself in a query, with any * and ? in it."""
    return call_text(lib.peergroup_query_escape, encode(text, "text"))
