"""Who attends a socket, and asyncio's own protocols that only hand on what happens: nothing else inherits from them."""

import asyncio
from typing import Protocol, cast


class StreamEnd(Protocol):
    """Attends one TCP connection, under the names that asyncio gives to what happens."""

    def connection_made(self, transport: asyncio.Transport) -> None:
        """It is open."""

    def data_received(self, data: bytes) -> None:
        """Bytes arrived."""

    def eof_received(self) -> bool:
        """The peer sends no more. True keeps the connection open."""

    def connection_lost(self, exc: Exception | None) -> None:
        """It is gone; ``exc`` where it was not closed in order."""


class DatagramEnd(Protocol):
    """Attends one UDP socket."""

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:
        """It is open."""

    def datagram_received(self, data: bytes, sender: tuple[str, int]) -> None:
        """A datagram arrived."""


# Python 3.11 has no ``typing.override``, which the type checker would have these methods marked with.


class StreamProtocol(asyncio.Protocol):
    """Hands on what happens to a connection. ``attendant`` may be replaced while it is open."""

    def __init__(self, attendant: StreamEnd) -> None:
        self.attendant = attendant

    def connection_made(self, transport: asyncio.BaseTransport) -> None:  # type: ignore[explicit-override]
        """Hand on."""
        self.attendant.connection_made(cast("asyncio.Transport", transport))

    def data_received(self, data: bytes) -> None:  # type: ignore[explicit-override]
        """Hand on."""
        self.attendant.data_received(data)

    def eof_received(self) -> bool:  # type: ignore[explicit-override]
        """Hand on."""
        return self.attendant.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:  # type: ignore[explicit-override]
        """Hand on."""
        self.attendant.connection_lost(exc)


class DatagramProtocol(asyncio.DatagramProtocol):
    """Hands on what happens to a UDP socket. Errors that come back (ICMP) mean that a client has gone."""

    def __init__(self, attendant: DatagramEnd) -> None:
        self._attendant = attendant

    def connection_made(self, transport: asyncio.BaseTransport) -> None:  # type: ignore[explicit-override]
        """Hand on."""
        self._attendant.connection_made(cast("asyncio.DatagramTransport", transport))

    def datagram_received(  # type: ignore[explicit-override]
        self, data: bytes, addr: tuple[str, int]
    ) -> None:
        """Hand on."""
        self._attendant.datagram_received(data, addr)
