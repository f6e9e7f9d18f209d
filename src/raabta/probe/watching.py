"""Waiting until a socket can be read or written, for less than asyncio's own way costs.

``loop.add_reader`` and ``remove_reader`` around every wait take longer than the wait's system calls. Where there is
epoll, one epoll of our own is watched by the loop, and a socket is put into it once and armed again for each wait
(EPOLLONESHOT, see epoll(7)). A deadline ends the wait instead of cancelling the task, and the deadlines of one
``TICK_S`` share a timer. Other platforms use the loop's way. Measured by tests/bench/probe_rates.py.
"""

import asyncio
import select
from typing import Final, Protocol

_HAS_EPOLL: Final = hasattr(select, "epoll")
_MAX_EVENTS: Final = 256
"""Events taken at a time, so that other work of the loop has its turn."""

TICK_S: Final = 0.01
"""How late a deadline may come. Times that are written down are taken when something arrives, not from deadlines."""

Wait = asyncio.Future[bool]


class Watcher(Protocol):
    """Wakes up whoever waits for a socket. One waiter for reading and one for writing at a time."""

    async def ready(self, fd: int, *, to_write: bool, until: float | None = None) -> bool:
        """Wait until a socket is ready, or has an error to tell; False where the loop's time ``until`` came first."""

    def forget(self, fd: int) -> None:
        """Give up watching a socket. To be called before it is closed."""


class EpollWatcher:
    """``Watcher`` by an epoll of our own."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._epoll = select.epoll()
        self._known: set[int] = set()
        self._waits: dict[int, list[Wait | None]] = {}
        """By socket: who waits to read, who waits to write. Only these are armed."""
        self._ending: dict[int, list[Wait]] = {}
        loop.add_reader(self._epoll.fileno(), self._wake)

    async def ready(self, fd: int, *, to_write: bool, until: float | None = None) -> bool:
        """Wait for a socket."""
        wait: Wait = self._loop.create_future()
        pair = self._waits.get(fd)
        if pair is None:
            pair = self._waits[fd] = [None, None]
        pair[to_write] = wait
        self._arm(fd, pair)
        if until is not None:
            self._end_at(until, wait)
        return await wait

    def _end_at(self, until: float, wait: Wait) -> None:
        tick = int(until / TICK_S) + 1
        ending = self._ending.get(tick)
        if ending is None:
            ending = self._ending[tick] = []
            self._loop.call_at(tick * TICK_S, self._end, tick)
        ending.append(wait)

    def _end(self, tick: int) -> None:
        for wait in self._ending.pop(tick):
            _settle(wait, False)  # noqa: FBT003  as timers call it

    def _arm(self, fd: int, pair: list[Wait | None]) -> None:
        events = select.EPOLLONESHOT
        if pair[0] is not None:
            events |= select.EPOLLIN
        if pair[1] is not None:
            events |= select.EPOLLOUT
        if fd in self._known:
            self._epoll.modify(fd, events)
        else:
            self._epoll.register(fd, events)
            self._known.add(fd)

    def _wake(self) -> None:
        for fd, events in self._epoll.poll(0, _MAX_EVENTS):
            pair = self._waits.get(fd)
            if pair is None:
                continue
            if events & ~select.EPOLLOUT and pair[0] is not None:
                _settle(pair[0], True)  # noqa: FBT003  as above
                pair[0] = None
            if events & ~select.EPOLLIN and pair[1] is not None:
                _settle(pair[1], True)  # noqa: FBT003  as above
                pair[1] = None
            if pair[0] is not None or pair[1] is not None:
                self._arm(fd, pair)
            else:
                del self._waits[fd]

    def forget(self, fd: int) -> None:
        """Give up watching a socket."""
        if self._waits.pop(fd, None) is not None:
            self._epoll.unregister(fd)  # closing would do, unless another process has a copy of the socket
        self._known.discard(fd)


class LoopWatcher:
    """``Watcher`` by the loop's own means."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    async def ready(self, fd: int, *, to_write: bool, until: float | None = None) -> bool:
        """Wait for a socket."""
        wait: Wait = self._loop.create_future()
        watch = self._loop.add_writer if to_write else self._loop.add_reader
        watch(fd, _settle, wait, True)  # noqa: FBT003  add_reader takes no keywords
        timer = None if until is None else self._loop.call_at(until, _settle, wait, False)  # noqa: FBT003  as above
        try:
            return await wait
        finally:
            if timer is not None:
                timer.cancel()
            if to_write:
                self._loop.remove_writer(fd)
            else:
                self._loop.remove_reader(fd)

    def forget(self, fd: int) -> None:
        """Nothing is kept between waits."""


def _settle(wait: Wait, is_ready: bool) -> None:
    if not wait.done():
        wait.set_result(is_ready)


def watcher_for(loop: asyncio.AbstractEventLoop) -> Watcher:
    """Give the best watcher that this platform has."""
    return EpollWatcher(loop) if _HAS_EPOLL else LoopWatcher(loop)
