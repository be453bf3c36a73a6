# SPDX-License-Identifier: GPL-2.0-only
"""One host of test_group.sh:  host.py creator|member FOLDER

The two hand each other texts through files of FOLDER, as people would by mail, and
meet in the group for everything else. Each result is a line of TAP without a number.
"""

import asyncio
import dataclasses
import datetime
import glob
import hashlib
import os
import signal
import subprocess
import sys
import threading
import time
import uuid

import peergroup
from peergroup import Change, Group, LinkState, StatusFlag
from peergroup._call import utc_in

NOTE = uuid.UUID("5f0c6a4e-9d0b-4a52-8d3f-0c7b6f1e2a90")
REPLY = uuid.UUID("0d2f6c4b-25a1-4a0e-9f3c-8a4b7c6d5e01")
BULK = uuid.UUID("7f1c3e5a-6b0d-4c2e-8a91-5d4f3b2a1c02")
WRONG = uuid.UUID("3a9e0c17-52d8-4b66-8f0a-b1c7d2e49503")
LATER = b"the later version"
HOUR = datetime.timedelta(hours=1)
FOLDER = sys.argv[2]


def ok(good, what, *about):
    print("ok" if good else "not ok", "-", what, *([] if good else about), flush=True)


def raises(kind, name, what, function, *arguments):
    """A call has to fail so."""
    try:
        function(*arguments)
    except kind as error:
        ok(error.name == name and name in str(error) and error.hresult < 0, what, error.name)
    else:
        ok(False, what, "did not fail")


def result(function):
    """What it returns or raises: nobody is left waiting for a host that has failed."""
    try:
        return function()
    except Exception as error:          # pylint: disable=broad-exception-caught
        return error


def give(name, text):
    with open(f"{FOLDER}/{name}.new", "w", encoding="utf-8") as file:
        file.write(text)
    os.rename(f"{FOLDER}/{name}.new", f"{FOLDER}/{name}")


def take(name):
    while not os.path.exists(f"{FOLDER}/{name}"):
        time.sleep(0.02)
    with open(f"{FOLDER}/{name}", encoding="utf-8") as file:
        return file.read()


async def until(watch, wanted):
    """The first event of a watch that is wanted."""
    async for event in watch:
        if wanted(event):
            return event
    raise RuntimeError("the group has ended")


def batches(group):
    """Many records at once, one of them not to be taken, by the creator."""
    new = [peergroup.NewRecord(BULK, str(n), {"n": n}, lifetime=HOUR) for n in range(3)]
    seen = []
    bad, *ids = group.add_batch(
        [peergroup.NewRecord(BULK, attributes="<x/>", lifetime=HOUR), *new],
        progress=lambda *where: seen.append(where))
    ok(isinstance(bad, peergroup.Error) and bad.name == "PEER_E_INVALID_ATTRIBUTES" and
       sorted(r.id for r in group.records(BULK)) == sorted(ids), "add_batch()", bad, ids)
    ok(seen[-1:] == [(4, 4)], "its progress", seen)
    ok([group.get(i).data for i in ids] == [b"0", b"1", b"2"], "each in its place")
    unknown = uuid.UUID(int=1)
    refused = group.update_batch({ids[0]: peergroup.NewRecord(BULK, LATER),
                                  unknown: peergroup.NewRecord(BULK)})
    ok(list(refused) == [unknown] and isinstance(refused[unknown], peergroup.NotFoundError) and
       group.get(ids[0]).data == LATER, "update_batch()", refused)
    try:
        group.add_batch(new, progress=lambda done, count: done // 0)
    except ZeroDivisionError:
        ok(True, "an exception in a progress")
    else:
        ok(False, "an exception in a progress")
    ok(group.stats["verified"] > 0 and len(group.stats) > 20, "stats", group.stats)


async def connections(group, watch, member):
    """Data for the member, who takes it, over both kinds of connections."""
    direct = group.open_direct(member, "10.88.0.2", timeout=100)
    event = await until(watch, lambda e: isinstance(e, peergroup.DirectEvent))
    ok((event.id, event.state, event.peer) == (direct, LinkState.UP, member), "open_direct()",
       event)
    there = group.connections(neighbours=False)
    ok([(c.id, c.peer, c.direct, c.outbound) for c in there] == [(direct, member, True, True)],
       "connections()", there)
    neighbour = group.connections(direct=False)
    ok(len(neighbour) == 1 and neighbour[0].address[0] == "10.88.0.2" and
       not neighbour[0].direct and len(group.connections()) == 2, "of both kinds", neighbour)
    ok(group.connections(neighbours=False, direct=False) == [], "of neither kind")
    group.send(direct, NOTE, "directly", timeout=100)
    group.send(neighbour[0].id, REPLY, b"over a link")
    group.close_direct(direct)
    raises(peergroup.NotFoundError, "PEER_E_CONNECTION_NOT_FOUND", "close_direct()",
           group.send, direct, NOTE, "x")
    give("closed", "")


async def receive(receiver):
    """The same at the member."""
    got = [await asyncio.wait_for(receiver.next_async(), 150) for _ in range(2)]
    ok({(d.type, d.data, d.lost) for d in got} ==
       {(NOTE, b"directly", 0), (REPLY, b"over a link", 0)}, "receive()", got)
    ok(receiver.poll() is None and {d.peer for d in got} == {take("creator.name")},
       "nothing else")
    # Direct connections end with who takes them.
    take("closed")


def forged(path):
    """A copy of exported records, one of which has another signature: it ends at the data."""
    with open(path, "rb") as file:
        raw = bytearray(file.read())
    raw[raw.index(LATER) - 10] ^= 1
    raw[-32:] = hashlib.sha256(raw[:-32]).digest()
    with open(path + ".forged", "wb") as file:
        file.write(raw)
    return file.name


def move(me, name, membership, path, counts):
    """All of it goes, and comes back from what was exported."""
    identity = peergroup.export_identity(me, "secret")
    peergroup.delete_group(name)
    peergroup.delete_identity(me)
    ok(peergroup.import_identity(identity, "secret") == me, "import_identity()")
    ok(peergroup.import_config(membership, "secret") == (me, name), "import_config()")
    raises(peergroup.Error, "PEER_E_ALREADY_EXISTS", "but once",
           peergroup.import_config, membership, "secret")
    with Group.open(name) as group:
        came, refused = group.import_database(forged(path))
        ok(came.refused == 1 and len(refused) == 1 and refused[0].type == BULK and
           refused[0].what == "record" and isinstance(refused[0].error, peergroup.Error),
           "a refusal", came, refused)
        raises(peergroup.NotFoundError, "PEER_E_RECORD_NOT_FOUND", "is no record",
               group.get, refused[0].id)
        came, refused = group.import_database(path)
        ok((came.records, came.taken, came.refused, refused) == (counts.records, 1, 0, []),
           "import_database()", came, refused)
        ok(len(list(group.records(BULK))) >= 3, "the records are there")


def unread(group):
    """Whatever a member has put into attributes, its records are there as others are."""
    found = result(lambda: {r.data: r.attributes for r in group.records(WRONG)})
    ok(found == {b"nothing": {}, b"number": {"n": -1}},
       "attributes that are none, and that are long", found)
    found = result(lambda: [r.data for r in group.search({"peerrecordtype": WRONG, "n": -1})])
    ok(found == [b"number"], "the latter are searched, too", found)


def publish_wrong():
    """What no library signs: the attributes are not looked at before."""
    home = os.environ["PEERGROUP_HOME"]
    chain, = glob.glob(f"{home}/groups/*/*/chain.pem")
    key, = glob.glob(f"{home}/identities/*/key.pem")
    wrong = {"nothing": "x", "number": "<attributes><attribute name='n' type='int'>-"
             + 4301 * "0" + "1</attribute></attributes>"}
    for data, attributes in wrong.items():
        give("attributes", attributes)
        subprocess.run(["pg-peer", f"home {home}", "connect 10.88.0.1", "handshake",
                        f"record new by {chain} set type {WRONG} set data {data} "
                        f"set attrs @{FOLDER}/attributes sign {key}",
                        "send PING " + 52 * "00", "expect PONG"], check=True,
                       stdout=subprocess.DEVNULL)


def is_change(change, kind, **fields):
    return lambda e: (isinstance(e, peergroup.RecordEvent) and e.change == change and
                      e.type == kind and all(getattr(e, k) == v for k, v in fields.items()))


async def creator():
    """h1: makes the group, publishes, sees the reply, changes and deletes."""
    raises(peergroup.NotFoundError, "PEER_E_NOT_FOUND", "no identity yet",
           peergroup.default_identity)
    me = peergroup.create_identity("host1")
    ok(peergroup.identities() == [peergroup.Identity(me, "host1")], "identities()")
    give("creator.name", me)
    raises(peergroup.NotFoundError, "PEER_E_NOT_FOUND", "no such group",
           Group.open, me)
    with Group.create("lab", comment="first") as group:
        group.online()
        ok(group.status.flags & StatusFlag.LISTENING, "online", group.status)
        changed = dataclasses.replace(group.properties, comment="second")
        group.set_properties(changed)
        ok(group.properties == changed, "set_properties()", group.properties)
        note = group.add(NOTE, "hello", attributes={"colour": "blue", "n": 7}, lifetime=HOUR)
        raises(peergroup.Error, "PEER_E_INVALID_ATTRIBUTES", "attributes that are not good",
               lambda: group.add(NOTE, b"x", attributes="<x/>", lifetime=HOUR))
        async with group.watch() as watch:
            give("invitation", group.invite(take("identity")))
            event = await until(watch, lambda e: isinstance(e, peergroup.LinkEvent)
                                and e.state == LinkState.UP)
            ok(event.address[0] == "10.88.0.2" and not event.outbound, "a link", event)
            event = await until(watch, is_change(Change.ADDED, REPLY))
            ok(group.get(event.id).modifier != me, "the reply is another's")
            there = [m for m in group.members(present=True) if m.name != me]
            ok(len(there) == 1 and there[0].friendly == "host2" and there[0].issuer == me and
               there[0].present and there[0].roles == peergroup.Role.MEMBER and
               ("10.88.0.2", 3587) in there[0].addresses, "members()", there)
            ok(group.members(name=me)[0].name == me and group.members(name="nobody") == [],
               "members() by name")
            await connections(group, watch, take("identity.name"))
            batches(group)
            group.update(note, b"bye", attributes={"colour": "red"})
            group.delete(note)
            # The member deletes its own when it has seen that.
            await until(watch, is_change(Change.DELETED, REPLY, id=event.id))
            ok(True, "its deletion")
            unread(group)
            group.revoke(take("identity.name"), withdraw=True)
            event = await until(watch, lambda e: isinstance(e, peergroup.MemberEvent))
            ok(event.revoked, "revoke()", event)
            take("done")
        membership = group.export_config("secret")
        counts = group.export_database(f"{FOLDER}/records")
        raises(peergroup.Error, "PEER_E_GROUP_IN_USE", "nothing is imported while online",
               group.import_database, f"{FOLDER}/records")
        name = group.status.name
    move(me, name, membership, f"{FOLDER}/records", counts)
    raises(peergroup.Error, "PEER_E_INVALID_GROUP", "nothing works on a closed group",
           lambda: group.status)


def searches(group, note):
    """What is found, by the member."""
    for query, count in (({"colour": "b*"}, 1), ({"colour": peergroup.escape("b*")}, 0),
                         ({"n greater": 6, "peerrecordtype": NOTE}, 1), ({"n less": 7}, 0),
                         ("<peersearch><clause attrib='n' type='int'>7</clause></peersearch>",
                          1)):
        found = list(group.search(query))
        ok([r.id for r in found] == [note] * count, f"search({query})", found)
    raises(peergroup.Error, "PEER_E_INVALID_SEARCH", "a search that is none",
           group.search, "<x/>")


def descriptors():
    return len(os.listdir("/proc/self/fd"))


async def closes(group):
    """What waits for the next one ends when it is closed, whoever does that, and when."""
    before = descriptors()
    for make, what in ((group.watch, "watch"), (group.receive, "receiver")):
        # By a task beside the one that waits.
        queue = make()
        waiting = asyncio.ensure_future(until(queue, lambda e: False))
        await asyncio.sleep(0)
        queue.close()
        await asyncio.wait([waiting], timeout=60)
        ok(waiting.done() and isinstance(waiting.exception(), RuntimeError),
           f"a task that waits for a {what} ends with it", waiting)
        waiting.cancel()
        # By another thread.
        queue = make()
        waiting = asyncio.ensure_future(until(queue, lambda e: False))
        await asyncio.sleep(0)
        await asyncio.to_thread(queue.close)
        await asyncio.wait([waiting], timeout=60)
        ok(waiting.done() and isinstance(waiting.exception(), RuntimeError),
           f"also when another thread closes the {what}", waiting)
        waiting.cancel()
        # Of a thread: whether it waits already or is about to makes no difference.
        for sleeps in (False, True):
            queue = make()
            thread = threading.Thread(target=lambda q=queue: list(q), daemon=True)
            thread.start()
            while sleeps and not waits(thread):
                await asyncio.sleep(0.01)
            queue.close()
            await asyncio.to_thread(thread.join, 60)
            ok(not thread.is_alive(), f"a thread that {'waits' if sleeps else 'will wait'} "
               f"for a {what} ends with it")
        ok(queue.next() is None and queue.poll() is None and
           await queue.next_async() is None and list(queue) == [], f"a closed {what} is at its end")
        # By a signal's handler.
        queue = make()
        signal.signal(signal.SIGUSR1, lambda *_, q=queue: q.close())
        thread = threading.Thread(target=interrupt, args=(threading.current_thread(),),
                                  daemon=True)
        thread.start()
        ok(queue.next() is None and queue.next() is None,
           f"a handler of signals closes the {what}")
        thread.join()
    ok(descriptors() == before, "no descriptor is left", descriptors(), before)


def waits(thread):
    """Whether it is in a call of a watch or receiver."""
    frame = sys._current_frames().get(thread.ident)     # pylint: disable=protected-access
    return frame and frame.f_code.co_filename.endswith("_watch.py")


def interrupt(thread):
    while not waits(thread):
        time.sleep(0.01)
    signal.pthread_kill(thread.ident, signal.SIGUSR1)


async def member():
    """h2: joins, reads and searches, replies, sees the changes and its end."""
    me = peergroup.create_identity("host2")
    give("identity.name", me)
    give("identity", peergroup.identity_xml())
    invitation = take("invitation")
    says = peergroup.parse_invitation(invitation)
    ok((says.group_friendly, says.subject_name, says.depth) == ("lab", me, 2), "invitation",
       says)
    latest = datetime.datetime.max.replace(tzinfo=datetime.timezone.utc)
    ok(result(lambda: peergroup.PeerTime(2 ** 64 - 1).utc) == latest and
       result(lambda: utc_in(253402300800)) == latest, "no datetime is past the year 9999",
       result(lambda: utc_in(253402300800)))
    raises(peergroup.Error, "PEER_E_INVITATION_NOT_TRUSTED", "an altered one",
           Group.join, invitation.replace("A", "B", 1))
    group = Group.join(invitation)
    ok([g.name for g in peergroup.groups()] == [says.group_name], "groups()")
    raises(peergroup.NotReadyError, "PEER_E_GROUP_NOT_READY", "not ready yet",
           group.add, NOTE)
    watch = group.watch(since=0)
    group.connect("10.88.0.1")
    event = await asyncio.wait_for(until(watch, is_change(Change.ADDED, NOTE)), 150)
    while not group.status.flags & StatusFlag.READY:
        await watch.next_async()
    note = group.get(event.id)
    ok((note.data, note.attributes) == (b"hello", {"colour": "blue", "n": 7}), "the note", note)
    ok(abs(note.expires.utc - note.created.utc - HOUR) < datetime.timedelta(seconds=5),
       "its times", note)
    ok(note in list(group.records()) and list(group.records(REPLY)) == [], "records()")
    ok(group.properties.comment == "second", "properties")
    searches(group, note.id)
    with group.receive() as receiver:
        reply = group.add(REPLY, b"r", lifetime=60)
        await receive(receiver)
    await until(watch, is_change(Change.DELETED, NOTE, id=note.id))
    raises(peergroup.NotFoundError, "PEER_E_RECORD_NOT_FOUND", "deleted", group.get, note.id)
    publish_wrong()
    group.delete(reply)
    while not group.status.flags & StatusFlag.REVOKED:
        await watch.next_async()
    ok(True, "revoked")
    give("done", "")
    # One that waits ends with the task, not with the next event.
    waiting = asyncio.ensure_future(until(watch, lambda e: False))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    ok(waiting.cancelled(), "cancelled")
    await closes(group)
    peergroup.delete_group(says.group_name)
    ok(isinstance([*watch][-1], peergroup.GoneEvent), "the watch ends with the group")
    watch.close()
    group.close()


asyncio.run({"creator": creator, "member": member}[sys.argv[1]]())
