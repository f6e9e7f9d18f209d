"""A network that a test writes down, and a loop whose clock jumps: seconds of time-outs pass at once, and exactly.

    network = ScriptedNetwork(
        tcp={("192.0.2.1", 443): TcpPeer(talk=lambda data: [Said(RESET)])},
        udp={("192.0.2.53", 53): UdpPeer(answer=lambda query: [Said(forged), Said(true, after_s=0.1)])},
        names={"site.example": ["192.0.2.1"]},
        hops=["10.0.0.1", "198.51.100.1"],
    )
    connect, stream = on_virtual_time(tcp.connect(trace_on(network), "192.0.2.1", port=443, settings=SETTINGS))

Who is not written down is silent. A router on the way answers a packet whose time to live ends at it, unless its name
is "" (a router that says nothing). A *box* stands behind a router: it sees the packets that the router passes on.
"""

import asyncio
import errno
import selectors
import socket
from collections import deque
from collections.abc import Callable, Coroutine, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from raabta.probe.network import Datagrams, IcmpError, IcmpSentError, Network, Stream, Surroundings, TcpInfo
from raabta.probe.settings import ProbeSettings, Resolver
from raabta.probe.trace import Budget, Trace

T = TypeVar("T")

REFUSED: Final = errno.ECONNREFUSED
RESET: Final = errno.ECONNRESET
UNREACHABLE: Final = errno.EHOSTUNREACH

RTT_S: Final = 0.02
HOP_S: Final = 0.004
"""What a router adds to the round trip to it."""


# --- time that jumps ----------------------------------------------------------------------------------------


def on_virtual_time(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end on a loop whose clock begins at 0 and jumps to the next timer instead of waiting."""
    selector = selectors.DefaultSelector()
    now = 0.0
    look = selector.select

    def select(timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        nonlocal now
        ready = look(0)
        if ready or timeout == 0:
            return ready
        if timeout is None:
            return look(None)  # a thread will wake the loop
        now += timeout
        return []

    selector.select = select  # type: ignore[method-assign]
    loop = asyncio.SelectorEventLoop(selector)
    loop.time = lambda: now  # type: ignore[method-assign]
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        return runner.run(work)


# --- what peers say -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Said:
    """What a peer, or a box, sends: bytes (b"" ends a stream), or an errno; ``after_s`` the round trip.

    ``sender`` is another address than the one that was spoken to. ``icmp`` comes with an errno.
    """

    what: bytes | int
    after_s: float = 0.0
    sender: str = ""
    icmp: IcmpError | None = None


Talk = Callable[[bytes], Iterable[Said]]
"""What comes back to some bytes. Return [] for silence."""


def says_nothing(_data: bytes) -> list[Said]:
    """Be silent."""
    return []


@dataclass(kw_only=True)
class TcpPeer:
    """Who listens at an address and port.

    ``opens`` answers SYN: True, False (silence) or what is said instead (an errno). ``talk`` is called with each piece
    that arrives. ``n_hops`` routers stand before it (default: all of the network's).
    ``box``: a router's number and what the box behind it says to pieces; None lets a piece pass, [] swallows it.
    ``syn_box``: likewise for SYN.
    """

    opens: bool | Said = True
    talk: Talk = says_nothing
    rtt_s: float = RTT_S
    retransmits: int = 0
    box: tuple[int, Callable[[bytes], Iterable[Said] | None]] | None = None
    syn_box: tuple[int, Said | None] | None = None


@dataclass(kw_only=True)
class UdpPeer:
    """Who answers datagrams at an address and port. ``box`` as in ``TcpPeer``."""

    answer: Talk = says_nothing
    rtt_s: float = RTT_S
    box: tuple[int, Callable[[bytes], Iterable[Said] | None]] | None = None


AT_HOME: Final = Surroundings(
    interfaces=("eth0",), own_addresses=("10.0.0.2",), gateways=("10.0.0.1",), resolvers=("10.0.0.1",)
)


@dataclass(kw_only=True)
class ScriptedNetwork:
    """``probe.network.Network`` from a script. ``sent`` records what went out: what, whom to, when, how far.

    ``names``: what the system's resolver says: addresses of both families, an errno of getaddrinfo, or None (silence).
    """

    tcp: Mapping[tuple[str, int], TcpPeer | list[TcpPeer]] = field(default_factory=dict)
    udp: Mapping[tuple[str, int], UdpPeer] = field(default_factory=dict)
    names: Mapping[str, list[str] | int | None] = field(default_factory=dict)
    hops: list[str] = field(default_factory=list)
    around: Surroundings = AT_HOME
    sent: list[tuple[str, str, float, int]] = field(default_factory=list)
    n_open: int = 0
    """Sockets that were opened and not closed."""
    _tries: dict[tuple[str, int], int] = field(default_factory=dict)

    def clock(self) -> float:
        return asyncio.get_running_loop().time()

    async def resolve(self, name: str, *, ipv6: bool) -> list[str]:
        known = self.names.get(name, socket.EAI_NONAME)
        if known is None:
            await asyncio.Event().wait()
        if isinstance(known, int):
            raise socket.gaierror(known, "scripted")
        found = [address for address in known or () if (":" in address) == ipv6]
        if not found:
            raise socket.gaierror(socket.EAI_NODATA, "scripted")
        return found

    async def open_tcp(self, address: str, port: int, *, ttl: int = 0, until: float | None = None) -> Stream:
        async with asyncio.timeout_at(until):
            return await self._connect(address, port, ttl=ttl)

    async def _connect(self, address: str, port: int, *, ttl: int) -> Stream:
        self.sent.append(("syn", f"{address}:{port}", self.clock(), ttl))
        peer = self._peer(address, port)
        said = _of_syn(self.hops, peer, ttl)
        if said is None:
            await asyncio.Event().wait()
        elif said.what:
            await asyncio.sleep(said.after_s)
            raise _error(said)
        await asyncio.sleep(peer.rtt_s)
        return ScriptedStream(self, peer, f"{address}:{port}")

    def _peer(self, address: str, port: int) -> TcpPeer:
        known = self.tcp.get((address, port), TcpPeer(opens=False))
        if isinstance(known, TcpPeer):
            return known
        n = self._tries[address, port] = self._tries.get((address, port), 0) + 1
        return known[min(n, len(known)) - 1]

    def open_udp(self, address: str, port: int, *, any_sender: bool = False) -> Datagrams:
        return ScriptedDatagrams(self, self.udp.get((address, port), UdpPeer()), address, any_sender)

    def surroundings(self) -> Surroundings:
        return self.around


def _exceeded(hops: list[str], ttl: int) -> Said | None:
    """What a router says to a packet that lives for ``ttl``; a Said(b"") where it goes all the way."""
    if not 0 < ttl <= len(hops):
        return Said(b"")
    hop = hops[ttl - 1]
    icmp = IcmpError(type=11, code=0, sender=hop)
    return Said(UNREACHABLE, after_s=ttl * HOP_S, icmp=icmp) if hop else None


def _of_syn(hops: list[str], peer: TcpPeer, ttl: int) -> Said | None:
    """Answer a SYN: an errno, Said(b"") for an open connection, None for silence."""
    if peer.syn_box is not None and (ttl == 0 or ttl > peer.syn_box[0]):
        return peer.syn_box[1]
    exceeded = _exceeded(hops, ttl)
    if exceeded is None or exceeded.what:
        return exceeded
    if isinstance(peer.opens, Said):
        return peer.opens
    return Said(b"") if peer.opens else None


def _error(said: Said) -> OSError:
    assert isinstance(said.what, int)
    return OSError(said.what, "scripted") if said.icmp is None else IcmpSentError(said.what, said.icmp)


class _Inbox:
    """What has arrived for a socket, and who waits for it."""

    def __init__(self) -> None:
        self._arrived: deque[Said] = deque()
        self._more = asyncio.Event()

    def put_later(self, said: Said, rtt_s: float) -> None:
        asyncio.get_running_loop().call_later(said.after_s + rtt_s, self._put, said)

    def _put(self, said: Said) -> None:
        self._arrived.append(said)
        self._more.set()

    async def next(self) -> Said:
        while not self._arrived:
            self._more.clear()
            await self._more.wait()
        return self._arrived.popleft()


class ScriptedStream:
    """``probe.network.Stream`` from a script."""

    def __init__(self, network: ScriptedNetwork, peer: TcpPeer, name: str) -> None:
        self._network = network
        self._peer = peer
        self._name = name
        self._ttl = 0
        self._inbox = _Inbox()
        self._left = b""
        self._has_ended = False
        self._is_open = True
        network.n_open += 1

    async def send(self, data: bytes) -> None:
        assert self._is_open, "a closed stream was written to"
        self._network.sent.append(("tcp", self._name, self._network.clock(), self._ttl))
        for said, rtt_s in _routed(self._network.hops, self._peer, data, self._ttl, self._peer.talk):
            self._inbox.put_later(said, rtt_s)

    async def receive(self, limit: int = 65_536) -> bytes:
        if not self._left and not self._has_ended:
            said = await self._inbox.next()
            if isinstance(said.what, int):
                raise OSError(said.what, "scripted")
            self._left = said.what
            self._has_ended = not said.what
        given, self._left = self._left[:limit], self._left[limit:]
        return given

    def set_ttl(self, hops: int) -> None:
        self._ttl = hops

    def info(self) -> TcpInfo:
        rtt_ms = self._peer.rtt_s * 1000
        return TcpInfo(rtt_ms=rtt_ms, min_rtt_ms=rtt_ms, retransmits=self._peer.retransmits)

    def icmp(self) -> IcmpError | None:
        return None

    def close(self) -> None:
        self._network.n_open -= self._is_open
        self._is_open = False


class ScriptedDatagrams:
    """``probe.network.Datagrams`` from a script."""

    def __init__(self, network: ScriptedNetwork, peer: UdpPeer, address: str, any_sender: bool) -> None:
        self._network = network
        self._peer = peer
        self._address = address
        self._any_sender = any_sender
        self._inbox = _Inbox()
        self._icmp: deque[IcmpError] = deque()
        self._is_open = True
        network.n_open += 1

    def send(self, data: bytes, *, ttl: int = 0) -> None:
        assert self._is_open, "a closed socket was written to"
        self._network.sent.append(("udp", self._address, self._network.clock(), ttl))
        for said, rtt_s in _routed(self._network.hops, self._peer, data, ttl, self._peer.answer):
            self._inbox.put_later(said, rtt_s)

    async def receive(self) -> tuple[bytes, str]:
        while True:
            said = await self._inbox.next()
            if isinstance(said.what, int):
                if said.icmp is not None:
                    self._icmp.append(said.icmp)
                raise OSError(said.what, "scripted")
            if self._any_sender or not said.sender:
                return said.what, said.sender or self._address

    async def receive_until(self, deadline: float) -> tuple[bytes, str] | None:
        try:
            async with asyncio.timeout_at(deadline):
                return await self.receive()
        except TimeoutError:
            return None

    def icmp(self) -> IcmpError | None:
        return self._icmp.popleft() if self._icmp else None

    def close(self) -> None:
        self._network.n_open -= self._is_open
        self._is_open = False


def _routed(hops: list[str], peer: TcpPeer | UdpPeer, data: bytes, ttl: int, talk: Talk) -> list[tuple[Said, float]]:
    """Give what comes back to a packet, and after how long."""
    if peer.box is not None and (ttl == 0 or ttl > peer.box[0]):
        said = peer.box[1](data)
        if said is not None:
            return [(one, peer.box[0] * HOP_S) for one in said]
    exceeded = _exceeded(hops, ttl)
    if exceeded is None:
        return []
    if exceeded.what:
        return [(exceeded, 0.0)]
    return [(one, peer.rtt_s) for one in talk(data)]


# --- what steps are given -----------------------------------------------------------------------------------

RESOLVER: Final = Resolver(engine="udp", address="192.0.2.53", port=53)
SETTINGS: Final = ProbeSettings(plain_resolver=RESOLVER)


def trace_on(network: Network) -> Trace:
    """Give a trace with a large budget, whose zero is the beginning of virtual time."""
    return Trace(network=network, zero=0.0, budget=Budget(max_s=600.0, max_packets=100_000, max_bytes=10_000_000))


_CHECKED: Final[type[Network]] = ScriptedNetwork
