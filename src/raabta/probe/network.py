"""The one seam between the probe and a network: a protocol, so that tests pass a scripted network in its place.

Failures of the network are ``OSError`` (with errno) or ``TimeoutError``; ``probe.failures`` turns them into df-007
strings.
All times are seconds of ``clock()``, which never goes back. Whoever opens a stream or a datagram socket closes it.
"""

import os
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class TcpInfo:
    """What the kernel knows of a connection (TCP_INFO); None where the platform does not say."""

    rtt_ms: float | None = None
    min_rtt_ms: float | None = None
    retransmits: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IcmpError:
    """An ICMP error that arrived for a socket. ``sender`` is an address: it must not be written as it is."""

    type: int
    code: int
    sender: str
    ipv6: bool = False


class IcmpSentError(OSError):
    """An ICMP error ended a connection attempt, and the platform told which. ``errno`` is as without it."""

    def __init__(self, error: int, icmp: IcmpError) -> None:
        super().__init__(error, os.strerror(error))
        self.icmp = icmp


class Stream(Protocol):
    """One TCP connection."""

    async def send(self, data: bytes) -> None:
        """Send all of ``data``."""

    async def receive(self, limit: int = 65536) -> bytes:
        """Give what arrives, at most ``limit`` bytes; b"" at the end of the stream."""

    def set_ttl(self, hops: int) -> None:
        """Let packets from now on live for ``hops`` routers; 0 is the system's default."""

    def info(self) -> TcpInfo:
        """Ask the kernel."""

    def icmp(self) -> IcmpError | None:
        """Give the ICMP error that arrived for this connection, where the platform tells."""

    def close(self) -> None:
        """Close at once. May be called twice."""


class Datagrams(Protocol):
    """One connected UDP socket, or an unconnected one that hears any sender where ``any_sender`` was asked for."""

    def send(self, data: bytes, *, ttl: int = 0) -> None:
        """Send one datagram; ``ttl`` 0 is the system's default."""

    async def receive(self) -> tuple[bytes, str]:
        """Give the next datagram and the address that sent it. Raises ``OSError`` when an ICMP error arrived."""

    async def receive_until(self, deadline: float) -> tuple[bytes, str] | None:
        """Likewise; None where the network's clock came to ``deadline`` first. Cheaper than ``asyncio.timeout``."""

    def icmp(self) -> IcmpError | None:
        """Give the next ICMP error that arrived for this socket, where the platform tells (error queue)."""

    def close(self) -> None:
        """Close at once. May be called twice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What the machine says of its own network. Addresses stay inside the probe and are never written.

    ``interfaces`` are those that are up, without loopback; ``own_addresses`` all addresses of the machine;
    ``resolvers`` what the system asks.
    """

    interfaces: tuple[str, ...] = ()
    own_addresses: tuple[str, ...] = ()
    gateways: tuple[str, ...] = ()
    resolvers: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    """What this platform cannot tell, in words."""


class Network(Protocol):
    """A network as the probe sees it. Two implementations: the host's (``probe.host``) and a scripted one (tests)."""

    def clock(self) -> float:
        """Seconds, monotonic."""

    async def resolve(self, name: str, *, ipv6: bool) -> list[str]:
        """Ask the system's resolver for the addresses of one family. Raises ``OSError`` (``socket.gaierror``)."""

    async def open_tcp(self, address: str, port: int, *, ttl: int = 0, until: float | None = None) -> Stream:
        """Connect. The caller sets a deadline: ``until``, in seconds of the clock, or ``asyncio.timeout``.

        Raises:
            TimeoutError: ``until`` came first.
            OSError: Nobody was connected to; ``IcmpSentError`` where an ICMP error is known to be the reason.
        """

    def open_udp(self, address: str, port: int, *, any_sender: bool = False) -> Datagrams:
        """Open a UDP socket towards an address. Raises ``OSError``."""

    def surroundings(self) -> Surroundings:
        """Look at interfaces, routes and the resolver's configuration."""
