# SPDX-License-Identifier: LGPL-2.1-or-later
"""Watches: what happens to a group, one event after the other.

Used by Group.watch(). A watch is an iterator that waits, an asynchronous one for
asyncio, and a file descriptor for other event loops. It starts no thread.
"""

import asyncio
import ctypes
import select
import time
from ctypes import byref
from types import TracebackType
from typing import AsyncIterator, Iterator, Optional

from . import _c
from ._call import address, required, uuid_in
from ._types import (Change, Event, GoneEvent, LinkEvent, LinkState, MemberChange, MemberEvent,
                     RecordEvent, StatusEvent, StatusFlag, check, lib)


def _event(e: _c.peergroup_event) -> Optional[Event]:
    """An event as a value; None for a kind that is newer than this module."""
    if e.kind == _c.PEERGROUP_EVENT_RECORD:
        return RecordEvent(e.sequence, Change(e.change), uuid_in(e.id), uuid_in(e.type),
                           e.version)
    if e.kind == _c.PEERGROUP_EVENT_LINK:
        return LinkEvent(e.link_id, LinkState(e.link_state), e.link_node, e.link_outbound,
                         e.link_error, required(e.link_peer), address(e.link_address))
    if e.kind == _c.PEERGROUP_EVENT_STATUS:
        return StatusEvent(StatusFlag(e.status), e.reason)
    if e.kind == _c.PEERGROUP_EVENT_MEMBER:
        return MemberEvent(required(e.link_peer), MemberChange(e.member_change), e.revoked)
    if e.kind == _c.PEERGROUP_EVENT_GONE:
        return GoneEvent(e.reason)
    return None


def _set(ready: "asyncio.Future[None]") -> None:
    if not ready.done():
        ready.set_result(None)


class Watch:
    """What happens to a group from now on, or from a sequence number on.

        with group.watch() as watch:
            for event in watch: ...

        async with group.watch() as watch:
            async for event in watch: ...

    Both end after the group's GoneEvent, or when the watch is closed. One task or
    thread at a time may take events.
    """

    def __init__(self, group: ctypes.c_void_p, since: int) -> None:
        self._handle = ctypes.c_void_p()
        self._gone = False
        check(lib.peergroup_watch_open(group, since, byref(self._handle)))
        self._fd: int = lib.peergroup_watch_fd(self._handle)

    def close(self) -> None:
        """Stop hearing. May be called again."""
        handle, self._handle = self._handle, ctypes.c_void_p()
        self._gone = True
        if handle:
            check(lib.peergroup_watch_close(handle))

    def fileno(self) -> int:
        """What to poll for reading; then take events until there are none."""
        if not self._handle:
            raise ValueError("the watch is closed")
        return self._fd

    def poll(self) -> Optional[Event]:
        """The next event if there is one, without waiting."""
        raw = _c.peergroup_event()
        while not self._gone:
            if check(lib.peergroup_watch_next(self._handle, byref(raw))) == \
                    _c.PEER_S_NO_EVENT_DATA:
                return None
            event = _event(raw)
            if event:
                self._gone = isinstance(event, GoneEvent)
                return event
        return None

    def next(self, timeout: Optional[float] = None) -> Optional[Event]:
        """The next event; None after so many seconds, or at the end."""
        end = None if timeout is None else time.monotonic() + timeout
        poller = select.poll()
        poller.register(self.fileno(), select.POLLIN)
        while True:
            event = self.poll()
            left = None if end is None else max(0.0, end - time.monotonic())
            if event or self._gone or left == 0:
                return event
            poller.poll(None if left is None else int(left * 1000) + 1)

    async def next_async(self) -> Optional[Event]:
        """The next event, for asyncio; None at the end."""
        while True:
            event = self.poll()
            if event or self._gone:
                return event
            await self._readable()

    async def _readable(self) -> None:
        loop = asyncio.get_running_loop()
        ready: asyncio.Future[None] = loop.create_future()
        fd = self.fileno()
        loop.add_reader(fd, _set, ready)
        try:
            await ready
        finally:
            loop.remove_reader(fd)

    def __iter__(self) -> Iterator[Event]:
        return self

    def __next__(self) -> Event:
        event = None if self._gone else self.next()
        if event is None:
            raise StopIteration
        return event

    def __aiter__(self) -> AsyncIterator[Event]:
        return self

    async def __anext__(self) -> Event:
        event = await self.next_async()
        if event is None:
            raise StopAsyncIteration
        return event

    def __enter__(self) -> "Watch":
        return self

    def __exit__(self, kind: Optional[type[BaseException]], error: Optional[BaseException],
                 trace: Optional[TracebackType]) -> None:
        self.close()

    async def __aenter__(self) -> "Watch":
        return self

    async def __aexit__(self, kind: Optional[type[BaseException]],
                        error: Optional[BaseException],
                        trace: Optional[TracebackType]) -> None:
        self.close()

    def __del__(self) -> None:
        if getattr(self, "_handle", None):
            lib.peergroup_watch_close(self._handle)
