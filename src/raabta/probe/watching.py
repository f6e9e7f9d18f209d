"""Waiting until a socket can be read or written, for less than asyncio's own way costs.

``loop.add_reader`` and ``remove_reader`` around every wait take longer than the wait's system calls. Where there is
epoll, one epoll of our own is watched by the loop (see epoll(7)). A socket that is read stays in it between waits, and
is taken out when something arrives that nobody waits for; one that is to be written is armed for one event, since it
nearly always can be. A deadline ends the wait instead of cancelling the task, and the deadlines of one ``TICK_S`` share
a timer. Other platforms use the loop's way. Measured by tests/bench/probe_rates.py.
"""

import asyncio
import select
from collections.abc import Awaitable
from typing import Final, Protocol

_HAS_EPOLL: Final = hasattr(select, "epoll")
_MAX_EVENTS: Final = 256
"""Events taken at a time, so that other work of the loop has its turn."""

_ONCE_TO_WRITE: Final = select.EPOLLOUT | select.EPOLLONESHOT if _HAS_EPOLL else 0

TICK_S: Final = 0.01
"""How late a deadline may come. Times that are written down are taken when something arrives, not from deadlines."""

Wait = asyncio.Future[bool]


class Watcher(Protocol):
    """Wakes up whoever waits for a socket. One waiter for reading and one for writing at a time."""

    def ready(self, fd: int, *, to_write: bool, until: float | None = None) -> Awaitable[bool]:
        """Wait until a socket is ready, or has an error to tell; False where the loop's time ``until`` came first."""

    def forget(self, fd: int) -> None:
        """Give up watching a socket. To be called before it is closed."""


class EpollWatcher:
    """``Watcher`` by an epoll of our own."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._epoll = select.epoll()
        self._watched: dict[int, int] = {}
        """By socket: what it is watched for."""
        self._waits: dict[int, list[Wait | None]] = {}
        """By socket: who waits to read, who waits to write."""
        self._ending: dict[int, list[Wait]] = {}
        loop.add_reader(self._epoll.fileno(), self._wake)

    def ready(self, fd: int, *, to_write: bool, until: float | None = None) -> Wait:
        """Wait for a socket."""
        wait: Wait = asyncio.Future(loop=self._loop)
        pair = self._waits.get(fd)
        if pair is None:
            pair = self._waits[fd] = [None, None]
        pair[to_write] = wait
        self._watch(fd, pair)
        if until is not None:
            self._end_at(until, wait)
        return wait

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

    def _watch(self, fd: int, pair: list[Wait | None]) -> None:
        events = select.EPOLLIN if pair[0] is not None else 0
        if pair[1] is not None:
            events |= _ONCE_TO_WRITE
        watched = self._watched.get(fd)
        if watched is None:
            self._epoll.register(fd, events)
        elif watched != events or pair[1] is not None:
            self._epoll.modify(fd, events)
        self._watched[fd] = events

    def _wake(self) -> None:
        for fd, events in self._epoll.poll(0, _MAX_EVENTS):
            pair = self._waits.get(fd)
            if pair is None:
                self.forget(fd)  # nobody waits: do not turn in circles
            else:
                self._tell(fd, pair, events)

    def _tell(self, fd: int, pair: list[Wait | None], events: int) -> None:
        if events & ~select.EPOLLOUT and pair[0] is not None:
            _settle(pair[0], True)  # noqa: FBT003  as timers call it
            pair[0] = None
        if events & ~select.EPOLLIN and pair[1] is not None:
            _settle(pair[1], True)  # noqa: FBT003  as timers call it
            pair[1] = None
        if pair[0] is None and pair[1] is None:
            del self._waits[fd]
        elif self._watched[fd] & select.EPOLLONESHOT:
            self._watch(fd, pair)

    def forget(self, fd: int) -> None:
        """Give up watching a socket."""
        self._waits.pop(fd, None)
        if self._watched.pop(fd, None) is not None:
            self._epoll.unregister(fd)


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
