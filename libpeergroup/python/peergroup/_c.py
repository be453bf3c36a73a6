# SPDX-License-Identifier: LGPL-2.1-or-later
"""The structures and functions of <peergroup.h>, as ctypes wants them.

For the other modules of this package. It holds what the C header says and nothing
else: selftests/host/test_python.py compares the two. Results that are failures
become exceptions in the others, not here.
"""

import ctypes
import os
from ctypes import (CFUNCTYPE, POINTER, Structure, c_bool, c_char_p, c_int, c_int32, c_int64,
                    c_size_t, c_ubyte, c_uint8, c_uint16, c_uint32, c_uint64, c_void_p)
from typing import Any

# Constants of the headers, under their own names.
PEERGROUP_TIME_PER_SECOND = 10000000
PEERGROUP_TIME_UNIX_EPOCH = 116444736000000000
PEERGROUP_SINCE_NOW = 2**64 - 1
PEERGROUP_HASH_LEN = 32
PEERGROUP_NODE_KEY_LEN = 32
PEERGROUP_PORT = 3587
PEERGROUP_ROLE_ADMIN = 1
PEERGROUP_ROLE_INVITING = 2
PEERGROUP_ROLE_MEMBER = 4
PEERGROUP_STATUS_LISTENING = 1
PEERGROUP_STATUS_CONNECTED = 2
PEERGROUP_STATUS_READY = 4
PEERGROUP_STATUS_KEPT = 8
PEERGROUP_STATUS_REVOKED = 16
PEERGROUP_STATUS_SYNCED = 32
PEERGROUP_RECORD_DELETED = 1
PEERGROUP_RECORD_AUTOREFRESH = 2
PEERGROUP_CHANGE_ADDED = 1
PEERGROUP_CHANGE_UPDATED = 2
PEERGROUP_CHANGE_DELETED = 3
PEERGROUP_CHANGE_EXPIRED = 4
PEERGROUP_LINK_WAITING = 1
PEERGROUP_LINK_CONNECTING = 2
PEERGROUP_LINK_HANDSHAKE = 3
PEERGROUP_LINK_UP = 4
PEERGROUP_LINK_DOWN = 5
PEERGROUP_LINK_FAILED = 6
PEERGROUP_EVENT_RECORD = 1
PEERGROUP_EVENT_LINK = 2
PEERGROUP_EVENT_STATUS = 3
PEERGROUP_EVENT_GONE = 4
PEERGROUP_EVENT_MEMBER = 5
PEERGROUP_EVENT_DIRECT = 6
PEERGROUP_RENEW_STORE = 1
PEERGROUP_REVOKE_ONLY = 1
PEERGROUP_REVOKE_WITHDRAW = 2
PEER_MEMBER_PRESENT = 1
PEER_CONNECTION_NEIGHBOR = 1
PEER_CONNECTION_DIRECT = 2
PEER_MEMBER_CONNECTED = 1
PEER_MEMBER_DISCONNECTED = 2
PEER_MEMBER_UPDATED = 3
PEER_MEMBER_JOINED = 4
PEER_MEMBER_LEFT = 5
PEER_S_NO_EVENT_DATA = 0x00630002
PEER_E_INVALID_GROUP = 0x80632093 - 2**32
E_ABORT = 0x80004004 - 2**32
PEER_MEMBER_DATA_OPTIONAL = 1
PEER_DISABLE_PRESENCE = 2
PEER_DEFER_EXPIRATION = 4

Uuid = c_ubyte * 16
Hresult = c_int32


class timespec(Structure):
    _fields_ = [("tv_sec", ctypes.c_long), ("tv_nsec", ctypes.c_long)]


class sockaddr_storage(Structure):
    # With the alignment of the C library's; only the family and the bytes matter here.
    _fields_ = [("ss_family", c_uint16), ("data", c_uint8 * 118), ("align", ctypes.c_ulong)]


class peergroup_name_pair(Structure):
    _fields_ = [("name", c_char_p), ("friendly", c_char_p)]


class peergroup_create_options(Structure):
    _fields_ = [("classifier", c_char_p), ("friendly", c_char_p), ("comment", c_char_p),
                ("cloud", c_char_p), ("flags", c_uint32), ("member_data_lifetime", c_uint32),
                ("presence_lifetime", c_uint32)]


class peergroup_group_name(Structure):
    _fields_ = [("name", c_char_p), ("friendly", c_char_p), ("identity", c_char_p)]


class peergroup_invitation(Structure):
    _fields_ = [("group_name", c_char_p), ("group_friendly", c_char_p),
                ("issuer_name", c_char_p), ("issuer_friendly", c_char_p),
                ("subject_name", c_char_p), ("subject_friendly", c_char_p),
                ("not_before", c_int64), ("not_after", c_int64),
                ("roles", c_uint32), ("depth", c_uint32)]


class peergroup_status(Structure):
    _fields_ = [("name", c_char_p), ("friendly", c_char_p), ("identity", c_char_p),
                ("index", c_uint32), ("flags", c_uint32), ("roles", c_uint32),
                ("port", c_uint16), ("records", c_uint32), ("tombstones", c_uint32),
                ("sequence", c_uint64), ("time_offset", c_int64),
                ("fingerprint", c_uint8 * PEERGROUP_HASH_LEN),
                ("node_key", c_uint8 * PEERGROUP_NODE_KEY_LEN),
                ("credential_expires", c_uint64)]


class peergroup_properties(Structure):
    _fields_ = [("name", c_char_p), ("creator", c_char_p), ("classifier", c_char_p),
                ("cloud", c_char_p), ("friendly", c_char_p), ("comment", c_char_p),
                ("flags", c_uint32), ("member_data_lifetime", c_uint32),
                ("presence_lifetime", c_uint32)]


class peergroup_new_record(Structure):
    _fields_ = [("data", c_void_p), ("size", c_size_t), ("attributes", c_char_p),
                ("expires", c_uint64), ("lifetime", c_uint32), ("flags", c_uint32)]


class peergroup_batch_record(Structure):
    _fields_ = [("type", Uuid), ("content", peergroup_new_record), ("id", Uuid),
                ("result", Hresult)]


class peergroup_counter(Structure):
    _fields_ = [("name", c_char_p), ("value", c_uint64)]


class peergroup_record(Structure):
    _fields_ = [("id", Uuid), ("type", Uuid), ("version", c_uint32), ("flags", c_uint32),
                ("creator", c_char_p), ("modifier", c_char_p), ("attributes", c_char_p),
                ("created", c_uint64), ("modified", c_uint64), ("expires", c_uint64),
                ("sequence", c_uint64), ("data", c_void_p), ("size", c_size_t)]


class peergroup_clause(Structure):
    _fields_ = [("attrib", c_char_p), ("type", c_char_p), ("compare", c_char_p),
                ("value", c_char_p)]


class peergroup_attribute(Structure):
    _fields_ = [("name", c_char_p), ("type", c_char_p), ("value", c_char_p)]


class peergroup_event(Structure):
    _fields_ = [("kind", c_int), ("sequence", c_uint64), ("change", c_uint32), ("id", Uuid),
                ("type", Uuid), ("version", c_uint32), ("link_id", c_uint64),
                ("link_state", c_uint32), ("link_node", c_uint64), ("link_outbound", c_bool),
                ("link_error", c_int), ("link_peer", c_char_p),
                ("link_address", sockaddr_storage), ("status", c_uint32), ("reason", c_int),
                ("revoked", c_bool), ("member_change", c_uint32)]


class peergroup_connection(Structure):
    _fields_ = [("id", c_uint64), ("node", c_uint64), ("peer", c_char_p), ("direct", c_bool),
                ("outbound", c_bool), ("queued", c_uint32), ("address", sockaddr_storage)]


class peergroup_member(Structure):
    _fields_ = [("name", c_char_p), ("friendly", c_char_p), ("issuer", c_char_p),
                ("roles", c_uint32), ("not_before", c_uint64), ("not_after", c_uint64),
                ("present", c_bool), ("node", c_uint64),
                ("addresses", POINTER(sockaddr_storage)), ("n_addresses", c_size_t)]


class peergroup_data(Structure):
    _fields_ = [("connection", c_uint64), ("peer", c_char_p), ("type", Uuid),
                ("data", c_void_p), ("size", c_size_t), ("lost", c_uint64)]


class peergroup_transfer(Structure):
    _fields_ = [("certificates", c_uint64), ("records", c_uint64), ("taken", c_uint64),
                ("present", c_uint64), ("expired", c_uint64), ("refused", c_uint64)]


class peergroup_refusal(Structure):
    _fields_ = [("what", c_char_p), ("id", Uuid), ("type", Uuid), ("result", Hresult),
                ("why", c_char_p)]


Each = CFUNCTYPE(Hresult, POINTER(peergroup_record), c_void_p)
EachConnection = CFUNCTYPE(Hresult, POINTER(peergroup_connection), c_void_p)
EachMember = CFUNCTYPE(Hresult, POINTER(peergroup_member), c_void_p)
Progress = CFUNCTYPE(Hresult, c_size_t, c_size_t, c_void_p)
peergroup_refusal_fn = CFUNCTYPE(None, POINTER(peergroup_refusal), c_void_p)

_handle = c_void_p
_handle_out = POINTER(c_void_p)
# Text that is handed out has to be freed by its address, so it is no c_char_p.
_text_out = POINTER(c_void_p)
_count_out = POINTER(c_size_t)
_uuid = POINTER(c_ubyte)


def _out(structure: Any) -> Any:
    return POINTER(POINTER(structure))


# Name: what it returns, its arguments.
FUNCTIONS: dict[str, tuple[Any, list[Any]]] = {
    "peergroup_free": (None, [c_void_p]),
    "peergroup_strerror": (c_char_p, [Hresult]),
    "peergroup_error_name": (c_char_p, [Hresult]),
    "peergroup_error_detail": (c_char_p, []),
    "peergroup_time_from_unix": (c_uint64, [POINTER(timespec)]),
    "peergroup_time_to_unix": (None, [c_uint64, POINTER(timespec)]),
    "peergroup_identity_create": (Hresult, [c_char_p, c_char_p, _text_out]),
    "peergroup_identity_delete": (Hresult, [c_char_p]),
    "peergroup_identity_default": (Hresult, [_text_out]),
    "peergroup_identity_list": (Hresult, [_out(peergroup_name_pair), _count_out]),
    "peergroup_identity_xml": (Hresult, [c_char_p, _text_out]),
    "peergroup_identity_friendly": (Hresult, [c_char_p, _text_out]),
    "peergroup_identity_set_friendly": (Hresult, [c_char_p, c_char_p]),
    "peergroup_identity_export": (Hresult, [c_char_p, c_char_p, _text_out]),
    "peergroup_identity_import": (Hresult, [c_char_p, c_char_p, _text_out]),
    "peergroup_host_from_name": (Hresult, [c_char_p, _text_out]),
    "peergroup_name_from_host": (Hresult, [c_char_p, _text_out]),
    "peergroup_create": (Hresult, [c_char_p, POINTER(peergroup_create_options), _handle_out]),
    "peergroup_open": (Hresult, [c_char_p, c_char_p, _handle_out]),
    "peergroup_join": (Hresult, [c_char_p, c_char_p, _handle_out]),
    "peergroup_create_with_password": (Hresult, [c_char_p, POINTER(peergroup_create_options),
                                                 c_char_p, c_uint32, _handle_out]),
    "peergroup_join_password": (Hresult, [c_char_p, c_char_p, c_char_p, _handle_out]),
    "peergroup_authenticate": (Hresult, [_handle, c_char_p]),
    "peergroup_set_password": (Hresult, [_handle, c_char_p, c_uint32]),
    "peergroup_password_invitation": (Hresult, [_handle, _text_out]),
    "peergroup_answer": (Hresult, [_handle]),
    "peergroup_close": (Hresult, [_handle]),
    "peergroup_delete": (Hresult, [c_char_p, c_char_p]),
    "peergroup_export_config": (Hresult, [_handle, c_char_p, _text_out]),
    "peergroup_import_config": (Hresult, [c_char_p, c_char_p, c_bool, _text_out, _text_out]),
    "peergroup_export_database": (Hresult, [_handle, c_char_p, POINTER(peergroup_transfer)]),
    "peergroup_import_database": (Hresult, [_handle, c_char_p, peergroup_refusal_fn, c_void_p,
                                            POINTER(peergroup_transfer)]),
    "peergroup_list_groups": (Hresult, [c_char_p, _out(peergroup_group_name), _count_out]),
    "peergroup_invite": (Hresult, [_handle, c_char_p, ctypes.c_long, c_uint32, _text_out]),
    "peergroup_parse_invitation": (Hresult, [c_char_p, _out(peergroup_invitation)]),
    "peergroup_online": (Hresult, [_handle, c_uint16]),
    "peergroup_credential_lifetime": (Hresult, [_handle, c_uint32]),
    "peergroup_offline": (Hresult, [_handle]),
    "peergroup_keep": (Hresult, [_handle, c_bool]),
    "peergroup_connect": (Hresult, [_handle, c_char_p]),
    "peergroup_status": (Hresult, [_handle, _out(peergroup_status)]),
    "peergroup_stats": (Hresult, [_handle, _out(peergroup_counter), _count_out]),
    "peergroup_properties": (Hresult, [_handle, _out(peergroup_properties)]),
    "peergroup_set_properties": (Hresult, [_handle, POINTER(peergroup_properties)]),
    "peergroup_members": (Hresult, [_handle, c_uint32, c_char_p, EachMember, c_void_p]),
    "peergroup_renew": (Hresult, [_handle, c_char_p, ctypes.c_long, c_uint32, c_uint32,
                                  _text_out]),
    "peergroup_revoke": (Hresult, [_handle, c_char_p, c_uint32]),
    "peergroup_add": (Hresult, [_handle, _uuid, POINTER(peergroup_new_record), _uuid]),
    "peergroup_update": (Hresult, [_handle, _uuid, POINTER(peergroup_new_record)]),
    "peergroup_add_batch": (Hresult, [_handle, POINTER(peergroup_batch_record), c_size_t,
                                      Progress, c_void_p]),
    "peergroup_update_batch": (Hresult, [_handle, POINTER(peergroup_batch_record), c_size_t,
                                         Progress, c_void_p]),
    "peergroup_delete_record": (Hresult, [_handle, _uuid]),
    "peergroup_get": (Hresult, [_handle, _uuid, _out(peergroup_record)]),
    "peergroup_records": (Hresult, [_handle, _uuid, Each, c_void_p]),
    "peergroup_search": (Hresult, [_handle, c_char_p, Each, c_void_p]),
    "peergroup_query_build": (Hresult, [POINTER(peergroup_clause), c_size_t, _text_out]),
    "peergroup_query_escape": (Hresult, [c_char_p, _text_out]),
    "peergroup_attributes_build": (Hresult, [POINTER(peergroup_attribute), c_size_t,
                                             _text_out]),
    "peergroup_attributes_parse": (Hresult, [c_char_p, _out(peergroup_attribute),
                                             _count_out]),
    "peergroup_watch_open": (Hresult, [_handle, c_uint64, _handle_out]),
    "peergroup_watch_fd": (c_int, [_handle]),
    "peergroup_watch_next": (Hresult, [_handle, POINTER(peergroup_event)]),
    "peergroup_watch_wait": (Hresult, [_handle, c_int, POINTER(peergroup_event)]),
    "peergroup_watch_close": (Hresult, [_handle]),
    "peergroup_connections": (Hresult, [_handle, c_uint32, EachConnection, c_void_p]),
    "peergroup_direct_open": (Hresult, [_handle, c_char_p, c_char_p, c_int,
                                        POINTER(c_uint64)]),
    "peergroup_direct_close": (Hresult, [_handle, c_uint64]),
    "peergroup_send": (Hresult, [_handle, c_uint64, _uuid, c_void_p, c_size_t, c_int]),
    "peergroup_receive_open": (Hresult, [_handle, _handle_out]),
    "peergroup_receive_fd": (c_int, [_handle]),
    "peergroup_receive_next": (Hresult, [_handle, _out(peergroup_data)]),
    "peergroup_receive_close": (Hresult, [_handle]),
}

# What Python has no use for, and why.
UNBOUND = {
    "peergroup_counter_name": "Group.stats has the names",
    "peergroup_connect_sockaddr": "addresses are text here",
    "peergroup_forget_address": "for the command's disconnect",
    "peergroup_identity_create_with_key": "Python has libraries for keys",
    "peergroup_identity_key": "Python has libraries for keys",
    "peergroup_key_release": "Python has libraries for keys",
    "peergroup_key_public": "Python has libraries for keys",
    "peergroup_key_sign": "Python has libraries for keys",
    "peergroup_verify": "Python has libraries for keys",
    "peergroup_event_create": "for events of <p2p.h>",
    "peergroup_event_fd": "for events of <p2p.h>",
    "peergroup_event_wait": "for events of <p2p.h>",
    "peergroup_event_close": "for events of <p2p.h>",
    "peergroup_signal_begin": "for events of <p2p.h>",
    "peergroup_signal_next": "for events of <p2p.h>",
    "peergroup_wide_from_utf8": "for text of <p2p.h>",
    "peergroup_utf8_from_wide": "for text of <p2p.h>",
    "peergroup_guid_to_uuid": "uuid.UUID does it",
    "peergroup_uuid_to_guid": "uuid.UUID does it",
}


def load() -> ctypes.CDLL:
    """The library, with the types of all its functions.

    PEERGROUP_LIBRARY names the file where it is not among the system's.
    """
    name = os.environ.get("PEERGROUP_LIBRARY", "libpeergroup.so.0")
    try:
        library = ctypes.CDLL(name)
        for function, (result, arguments) in FUNCTIONS.items():
            bound = getattr(library, function)
            bound.restype = result
            bound.argtypes = arguments
    except (OSError, AttributeError) as error:
        raise ImportError(f"peergroup needs the library {name}: {error}") from error
    return library
