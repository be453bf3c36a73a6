# SPDX-License-Identifier: LGPL-2.1-or-later
"""Watches: what happens to a group, one event after the other; and receivers, which are
the same for data that other members send.

Used by Group.watch() and Group.receive(). Each is an iterator that waits, an
asynchronous one for asyncio, and a file descriptor for other event loops. It starts no
thread.
"""

import asyncio
import ctypes
import os
import select
import threading
import time
from contextlib import contextmanager
from ctypes import byref
from types import TracebackType
from typing import Any, AsyncIterator, Callable, Generic, Iterator, Optional, TypeVar

from . import _c
from ._call import address, number, required, uuid_in
from ._types import (Change, Data, DirectEvent, Event, GoneEvent, LinkEvent, LinkState,
                     MemberChange, MemberEvent, RecordEvent, StatusEvent, StatusFlag, check, lib)

T = TypeVar("T")
Q = TypeVar("Q", bound="Queue[Any]")

_LONGEST = 1000000      # seconds that poll() waits; then it is called again


def _event(e: _c.peergroup_event) -> Optional[Event]:
    """An event as a value; None for a kind that is newer than this module."""
    if e.kind == _c.PEERGROUP_EVENT_RECORD:
        return RecordEvent(e.sequence, Change(e.change), uuid_in(e.id), uuid_in(e.type),
                           e.version)
    if e.kind in (_c.PEERGROUP_EVENT_LINK, _c.PEERGROUP_EVENT_DIRECT):
        kind = LinkEvent if e.kind == _c.PEERGROUP_EVENT_LINK else DirectEvent
        return kind(e.link_id, LinkState(e.link_state), e.link_node, e.link_outbound,
                    e.link_error, required(e.link_peer), address(e.link_address))
    if e.kind == _c.PEERGROUP_EVENT_STATUS:
        return StatusEvent(StatusFlag(e.status), e.reason)
    if e.kind == _c.PEERGROUP_EVENT_MEMBER:
        return MemberEvent(required(e.link_peer), MemberChange(e.member_change), e.revoked)
    if e.kind == _c.PEERGROUP_EVENT_GONE:
        return GoneEvent(e.reason)
    return None


class _Task:
    """A task that waits in an event loop, on a descriptor of its own: the other may be closed,
    and its number be another file's, before the loop is told so.
    """

    def __init__(self, fd: int) -> None:
        self.loop = asyncio.get_running_loop()
        self.ready: asyncio.Future[None] = self.loop.create_future()
        self._fd = os.dup(fd)
        self.loop.add_reader(self._fd, self.end)

    def forget(self) -> None:
        """Let the loop watch it no longer. May be called again, in the loop's thread."""
        fd, self._fd = self._fd, -1
        if fd >= 0:
            self.loop.remove_reader(fd)
            os.close(fd)

    def end(self) -> None:
        """Let it go on, by the same rules."""
        self.forget()
        if not self.ready.done():
            self.ready.set_result(None)

    def wake(self) -> None:
        """The same in any thread."""
        try:
            if asyncio.get_running_loop() is self.loop:
                self.end()
        except RuntimeError:
            pass            # no loop runs in this thread
        try:
            # Also where it runs in this one: who calls may be a signal's handler.
            self.loop.call_soon_threadsafe(self.end)
        except RuntimeError:
            pass            # the loop is closed, and nobody waits in it


class Queue(Generic[T]):
    """What comes of a group, one after the other."""

    _close: Callable[..., int]

    def __init__(self, handle: ctypes.c_void_p, fd: int) -> None:
        self._handle = handle
        self._gone = False      # nothing will come any more
        self._closed = False
        self._fd = fd
        # For the handle, and for all below. A signal's handler may find it taken by what it
        # has interrupted.
        self._lock = threading.RLock()
        self._held = False      # by what close() may interrupt
        self._tasks: set[_Task] = set()
        self._threads = 0       # that wait, ...
        self._pipe: list[int] = []      # ... until its end to write, the last, is closed

    def _take(self) -> Optional[T]:
        """By poll(). It may set _gone and never takes that back: close() may have set it, too."""
        raise NotImplementedError

    @contextmanager
    def _hold(self) -> Iterator[None]:
        """Keep the handle and its descriptor, whoever closes it meanwhile."""
        with self._lock:
            before, self._held = self._held, True
            try:
                yield
            finally:
                self._held = before
                if self._closed and not before:
                    self._give_up()

    def poll(self) -> Optional[T]:
        """The next one if there is one, without waiting.

        Not for a signal's handler that has interrupted just that: RuntimeError.
        """
        with self._lock:
            # The library would take back what it has given to what is interrupted.
            if self._held:
                raise RuntimeError("a signal's handler cannot take what its thread is taking")
            with self._hold():
                return self._take()

    def close(self) -> None:
        """Stop hearing, and end what waits for the next one. May be called again, by any thread."""
        with self._lock:
            if not self._closed:
                self._gone = self._closed = True
                if self._pipe:
                    os.close(self._pipe.pop())
                for task in self._tasks:
                    task.wake()
            # What the handle has given is still read by what this has interrupted.
            if not self._held:
                self._give_up()

    def _give_up(self) -> None:
        handle, self._handle = self._handle, ctypes.c_void_p()
        self._drop_pipe()
        if handle:
            check(self._close(handle))

    def _drop_pipe(self) -> None:
        while self._pipe and self._closed and not self._threads:
            os.close(self._pipe.pop())

    def fileno(self) -> int:
        """What to poll for reading; then take until there is nothing."""
        if self._closed:
            raise ValueError("it is closed")
        return self._fd

    def next(self, timeout: Optional[float] = None) -> Optional[T]:
        """The next one; None after so many seconds, or at the end."""
        end = None if timeout is None else time.monotonic() + timeout
        while True:
            event = self.poll()
            left = None if end is None else max(0.0, end - time.monotonic())
            if event or self._gone or left == 0:
                return event
            self._readable(left)

    def _readable(self, seconds: Optional[float]) -> None:
        poller = select.poll()
        with self._lock:
            self._threads += 1
        try:
            with self._lock:
                if not self._pipe:
                    self._pipe.extend(os.pipe())
                # Should the one be closed and another file have its number, the other ends it.
                poller.register(self._fd, select.POLLIN)
                poller.register(self._pipe[0], 0)
            if not self._closed:
                poller.poll(None if seconds is None else int(min(seconds, _LONGEST) * 1000) + 1)
        finally:
            with self._lock:
                self._threads -= 1
                self._drop_pipe()

    async def next_async(self) -> Optional[T]:
        """The next one, for asyncio; None at the end."""
        while True:
            event = self.poll()
            if event or self._gone:
                return event
            await self._readable_async()

    async def _readable_async(self) -> None:
        with self._hold():
            if self._closed:
                return
            task = _Task(self._fd)
            self._tasks.add(task)
            # By a signal's handler, which has not found it there.
            if self._closed:
                task.end()
        try:
            await task.ready
        finally:
            task.forget()
            with self._lock:
                self._tasks.discard(task)

    def __iter__(self) -> Iterator[T]:
        return self

    def __next__(self) -> T:
        event = None if self._gone else self.next()
        if event is None:
            raise StopIteration
        return event

    def __aiter__(self) -> AsyncIterator[T]:
        return self

    async def __anext__(self) -> T:
        event = await self.next_async()
        if event is None:
            raise StopAsyncIteration
        return event

    def __enter__(self: Q) -> Q:
        return self

    def __exit__(self, kind: Optional[type[BaseException]], error: Optional[BaseException],
                 trace: Optional[TracebackType]) -> None:
        self.close()

    async def __aenter__(self: Q) -> Q:
        return self

    async def __aexit__(self, kind: Optional[type[BaseException]],
                        error: Optional[BaseException],
                        trace: Optional[TracebackType]) -> None:
        self.close()

    def __del__(self) -> None:
        for fd in getattr(self, "_pipe", []):
            os.close(fd)
        if getattr(self, "_handle", None):
            self._close(self._handle)


class Watch(Queue[Event]):
    """What happens to a group from now on, or from a sequence number on.

        with group.watch() as watch:
            for event in watch: ...

        async with group.watch() as watch:
            async for event in watch: ...

    Both end after the group's GoneEvent, or when the watch is closed, by whichever thread.
    One task or thread at a time may take events.
    """

    _close = staticmethod(lib.peergroup_watch_close)

    def __init__(self, group: ctypes.c_void_p, since: int) -> None:
        handle = ctypes.c_void_p()
        check(lib.peergroup_watch_open(group, number(since, "since", 64), byref(handle)))
        super().__init__(handle, lib.peergroup_watch_fd(handle))

    def _take(self) -> Optional[Event]:
        raw = _c.peergroup_event()
        while not self._gone:
            if check(lib.peergroup_watch_next(self._handle, byref(raw))) == \
                    _c.PEER_S_NO_EVENT_DATA:
                return None
            event = _event(raw)
            if event:
                if isinstance(event, GoneEvent):
                    self._gone = True
                return event
        return None


class Receiver(Queue[Data]):
    """What other members' programs send, from now on: as a Watch is used.

    While there is one, members may open direct connections to this host. Who does not read
    holds up who sends, and after some seconds loses what comes. It ends with the group.
    """

    _close = staticmethod(lib.peergroup_receive_close)

    def __init__(self, group: ctypes.c_void_p) -> None:
        handle = ctypes.c_void_p()
        check(lib.peergroup_receive_open(group, byref(handle)))
        super().__init__(handle, lib.peergroup_receive_fd(handle))

    def _take(self) -> Optional[Data]:
        out = ctypes.POINTER(_c.peergroup_data)()
        if self._gone:
            return None
        hresult = lib.peergroup_receive_next(self._handle, byref(out))
        if hresult == _c.PEER_E_INVALID_GROUP:
            self._gone = True
            return None
        if check(hresult) == _c.PEER_S_NO_EVENT_DATA:
            return None
        try:
            d = out.contents
            return Data(d.connection, required(d.peer), uuid_in(d.type),
                        ctypes.string_at(d.data, d.size), d.lost)
        finally:
            lib.peergroup_free(out)
