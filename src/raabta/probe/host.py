"""The network of the machine that this runs on: the one place of the probe that opens sockets.

Everything happens in the network namespace of the thread that runs the loop: sockets, threads and files under
/proc/thread-self belong to it.
"""

import asyncio
import socket
import threading
import time
from typing import Final

from raabta.probe import sockets
from raabta.probe.network import Datagrams, Network, Stream, Surroundings
from raabta.probe.surroundings import look_around
from raabta.probe.watching import Watcher, watcher_for


class HostNetwork:
    """``probe.network.Network`` on plain sockets."""

    def __init__(self) -> None:
        self._watched: tuple[asyncio.AbstractEventLoop, Watcher] | None = None

    def _watcher(self) -> Watcher:
        """Give the watcher of the running loop; a network may outlive a loop."""
        loop = asyncio.get_running_loop()
        if self._watched is None or self._watched[0] is not loop:
            self._watched = (loop, watcher_for(loop))
        return self._watched[1]

    def clock(self) -> float:
        """Seconds, monotonic."""
        return time.monotonic()

    async def resolve(self, name: str, *, ipv6: bool) -> list[str]:
        """Ask getaddrinfo, in a thread of its own.

        A thread cannot be stopped. It is a daemon, so that one which waits for a silent resolver holds up neither the
        caller, who sets a deadline, nor the end of the program (an executor's threads would).
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[list[str]] = loop.create_future()
        threading.Thread(target=_resolve, args=(name, ipv6, loop, future), daemon=True).start()
        return await future

    async def open_tcp(self, address: str, port: int, *, ttl: int = 0, until: float | None = None) -> Stream:
        """Connect."""
        return await sockets.connect(address, port, ttl=ttl, until=until, watcher=self._watcher())

    def open_udp(self, address: str, port: int, *, any_sender: bool = False) -> Datagrams:
        """Open a UDP socket towards an address."""
        return sockets.open_datagrams(address, port, any_sender=any_sender, watcher=self._watcher())

    def surroundings(self) -> Surroundings:
        """Look at interfaces, routes and the resolver's configuration."""
        return look_around()


def _resolve(name: str, ipv6: bool, loop: asyncio.AbstractEventLoop, future: "asyncio.Future[list[str]]") -> None:
    family = socket.AF_INET6 if ipv6 else socket.AF_INET
    try:
        found = socket.getaddrinfo(name, None, family, socket.SOCK_STREAM)
    except OSError as error:
        _tell(loop, future, error)
    except UnicodeError:  # no name can be like this (an empty or too long label)
        _tell(loop, future, socket.gaierror(socket.EAI_NONAME, "not a name"))
    else:
        _tell(loop, future, list(dict.fromkeys(str(row[4][0]).partition("%")[0] for row in found)))


def _tell(loop: asyncio.AbstractEventLoop, future: "asyncio.Future[list[str]]", outcome: list[str] | Exception) -> None:
    try:
        loop.call_soon_threadsafe(_settle, future, outcome)
    except RuntimeError:
        return  # the loop is closed: nobody waits any more


def _settle(future: "asyncio.Future[list[str]]", outcome: list[str] | Exception) -> None:
    if future.done():
        return
    if isinstance(outcome, Exception):
        future.set_exception(outcome)
    else:
        future.set_result(outcome)


_CHECKED: Final[type[Network]] = HostNetwork
