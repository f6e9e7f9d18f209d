"""Interception inside an operator: connections that were redirected to it end here, or are passed on untouched.

The kernel's redirect keeps where a connection was going (SO_ORIGINAL_DST). Its first message names whom it is for; if a
rule takes that name or address, the operator answers in the site's place, else bytes go to and from the original end.
Who redirects (``lab.interference``) redirects every connection that could be meant: probabilities are thrown here.
"""

import asyncio
import socket
import struct
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Final

from raabta.lab.servers.attending import StreamEnd, StreamProtocol
from raabta.lab.servers.chance import Chance
from raabta.lab.servers.hosts import Host
from raabta.lab.servers.operator import InterceptingHost, Interception
from raabta.lab.servers.sockets import Enter
from raabta.lab.servers.streams import reset
from raabta.lab.world.country import NetworkPlan
from raabta.wire.tls import MAX_HELLO_BYTES, find_client_hello, may_be_hello

_SO_ORIGINAL_DST: Final = 80
"""From linux/netfilter_ipv4.h; IPv6 has the same number on its own level."""
_CONNECT_S: Final = 20.0
_ADDRESS4: Final = struct.Struct("!2xH4s8x")
_ADDRESS6: Final = struct.Struct("!2xH4x16s4x")

End = tuple[str, int]
ReadName = Callable[[bytes], str | None]
"""Reads whom the first bytes of a connection are for: "" if they do not say, None while they may still."""


def read_server_name(first: bytes) -> str | None:
    """Read the server name of a ClientHello."""
    hello = find_client_hello(first)
    if hello is not None:
        return hello.server_name
    return None if may_be_hello(first) and len(first) < MAX_HELLO_BYTES else ""


def read_host(first: bytes) -> str | None:
    """Read the Host of a request in clear."""
    head, found, _ = first.partition(b"\r\n\r\n")
    if not found:
        return None if len(first) < MAX_HELLO_BYTES else ""
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"host":
            return value.strip().decode("latin-1").partition(":")[0].lower()
    return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Crossing:
    """What all connections at one port of interception share.

    ``enter`` leads into namespaces; ``answer`` makes the protocol that serves a host; ``start`` begins the task that
    connects to an original end.
    """

    network: NetworkPlan
    enter: Enter
    rules: tuple[Interception, ...]
    chance: Chance
    read_name: ReadName
    answer: Callable[[Host], StreamEnd]
    start: Callable[[Coroutine[None, None, None]], None]

    def host_for(self, name: str, end: End) -> Host | None:
        """Give who answers in the site's place; None where the connection is passed on."""
        for rule in self.rules:
            if rule.takes(name, end[0]) and self.chance.happens(rule.probability):
                return InterceptingHost(network=self.network, kind=rule.kind)
        return None

    def open_socket(self, address: str) -> socket.socket:
        """Make a socket in the operator's router for passing on, with its address: servers know the network by it."""
        is_ipv6 = ":" in address
        with self.enter(self.network.access):
            sock = socket.socket(socket.AF_INET6 if is_ipv6 else socket.AF_INET)
        sock.settimeout(0)
        sock.bind((self.network.gateway_address6 if is_ipv6 else self.network.gateway_address, 0))
        return sock


class CrossingLine:
    """One redirected connection, until it is known what becomes of it."""

    def __init__(self, crossing: Crossing) -> None:
        self._crossing = crossing
        self._transport: asyncio.Transport | None = None
        self._first = b""
        self._end: End = ("", 0)

    def connection_made(self, transport: asyncio.Transport) -> None:
        """Find out where it was going. Who came here on purpose finds nothing."""
        self._transport = transport
        self._end = original_end(transport.get_extra_info("socket"))
        if self._end[0] == transport.get_extra_info("sockname")[0]:
            transport.close()

    def data_received(self, data: bytes) -> None:
        """Read whom the first message is for, then answer or pass on."""
        self._first += data
        name = self._crossing.read_name(self._first)
        if name is None or self._transport is None:
            return
        host = self._crossing.host_for(name, self._end)
        if host is not None:
            self._become(self._transport, self._crossing.answer(host))
        else:
            self._transport.pause_reading()
            self._crossing.start(self._pass_on(self._transport))

    def eof_received(self) -> bool:
        """Close too."""
        return False

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  asyncio's signature
        """Nothing was begun yet."""
        self._transport = None

    def _become(self, transport: asyncio.Transport, attendant: StreamEnd) -> None:
        transport.set_protocol(StreamProtocol(attendant))
        attendant.connection_made(transport)
        attendant.data_received(self._first)

    async def _pass_on(self, transport: asyncio.Transport) -> None:
        near, far = SpliceEnd(), SpliceEnd()
        near.other, far.other = far, near
        loop = asyncio.get_running_loop()
        sock = self._crossing.open_socket(self._end[0])
        try:
            async with asyncio.timeout(_CONNECT_S):
                await loop.sock_connect(sock, self._end)
        except OSError:  # TimeoutError is one
            sock.close()
            reset(transport)
            return
        await loop.create_connection(lambda: StreamProtocol(far), sock=sock)
        if transport.is_closing():
            far.end(is_reset=True)
            return
        self._become(transport, near)
        transport.resume_reading()


class SpliceEnd:
    """One end of a connection that is passed on: what arrives goes out at the other."""

    def __init__(self) -> None:
        self.other: SpliceEnd | None = None
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:
        """Begin."""
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Pass on."""
        if self.other is not None:
            self.other.write(data)

    def eof_received(self) -> bool:
        """Pass on that no more will come, and stay open for the other way."""
        if self.other is not None:
            self.other.write_eof()
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        """End the other end the same way."""
        if self.other is not None:
            self.other.end(is_reset=exc is not None)

    def write(self, data: bytes) -> None:
        """Send."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)

    def write_eof(self) -> None:
        """Say that no more will come."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write_eof()

    def end(self, *, is_reset: bool) -> None:
        """Close."""
        if self._transport is None or self._transport.is_closing():
            return
        if is_reset:
            reset(self._transport)
        else:
            self._transport.close()


def original_end(sock: socket.socket) -> End:
    """Give the address and port that a redirected connection was going to; its own where it was not redirected."""
    is_ipv6 = sock.family == socket.AF_INET6
    layout = _ADDRESS6 if is_ipv6 else _ADDRESS4
    try:
        raw = sock.getsockopt(socket.IPPROTO_IPV6 if is_ipv6 else socket.SOL_IP, _SO_ORIGINAL_DST, layout.size)
    except OSError:
        name = sock.getsockname()
        return name[0], name[1]
    port, packed = layout.unpack(raw)
    return socket.inet_ntop(sock.family, packed), port
