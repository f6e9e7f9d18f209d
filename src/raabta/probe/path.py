"""Walks by time to live: from which hop on does interference show?

The same packet is sent so that it lives for 1, 2, 3, … routers. While it dies on the way, the router where it dies says
so. From some hop on something else comes back: an answer, a reset, or nothing any more. Beside it goes a plain walk: a
datagram to a closed port of the same address, which nobody takes offence at, and where that is swallowed too, one to
an anchor. Where the plain packet still dies at a router at that hop, whoever answered (or swallowed) the other one
stands in front of the target.

Where exactly: the packet with time to live n was let through by router n - 1 and did not arrive as it should at router
n. The box is router n - 1 after it looked at the time to live, or stands on the line to router n. So it is counted to
the network of router n - 1; a box on the border line itself may belong to either side, which nobody can tell from
packets. Inside a home or an operator's private network (RFC 1918, RFC 6598) there are no AS numbers: a box behind the
first router there is the operator's.

Limits: a router that says nothing makes a gap; a box behind the last router cannot be told from the target; ways may
differ from packet to packet (load balancing by ports); a middlebox that repairs the time to live hides itself.
Addresses of hops stay in here: out come a hop's number, its AS number and one of five words.
"""

import asyncio
import ssl
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Final

from raabta.model.followup import FollowUp
from raabta.probe import hops
from raabta.probe.dns import random_id
from raabta.probe.failures import NETWORK_ERRORS, TIMEOUT
from raabta.probe.hops import ANSWERED, EXCEEDED, MAX_HOPS, Seen, Walked
from raabta.probe.network import Stream
from raabta.probe.places import AsnOf, own_asn, place_of
from raabta.probe.settings import ProbeSettings
from raabta.probe.trace import Trace
from raabta.wire.dns import answers, encode_query
from raabta.wire.ooni.writing import Contrast

_CONNECTED_S: Final = 4.0
"""For the connections that the first bytes go over: a lost SYN is repeated after 1 s and 3 s."""
_CONNECT_PACKETS: Final = 6
"""Three to open, three to close."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Way:
    """Routers by their distance, as plain packets found them, the target's distance (0: unknown), the operator."""

    target: str
    routers: dict[int, str]
    distance: int
    asn_of: AsnOf
    operator_asn: int

    def place(self, hop: int) -> tuple[str, int]:
        """Say where something stands that shows from ``hop`` on, in front of the target."""
        if hop <= 1:
            return self.of(self.routers.get(1, ""))
        before = next((self.routers[n] for n in range(hop - 1, 0, -1) if n in self.routers), "")
        place, asn = self.of(before)
        return ("access", self.operator_asn) if place == "local" else (place, asn)

    def of(self, router: str) -> tuple[str, int]:
        """Say where a router stands."""
        return place_of(router, target=self.target, asn_of=self.asn_of, operator_asn=self.operator_asn)

    def words(self) -> str:
        """List the networks on the way, without addresses."""
        asns = ((n, self.asn_of(router)) for n, router in sorted(self.routers.items()))
        return ", ".join(f"{n} AS{asn}" if asn else f"{n} ?" for n, asn in asns)


async def walk(trace: Trace, follow_up: FollowUp, *, settings: ProbeSettings, asn_of: AsnOf) -> Contrast:
    """Take one of the follow-ups ``dns.walk``, ``tcp.walk``, ``tls.walk`` and ``http.walk``.

    Args:
        trace: The measurement under way.
        follow_up: Address, port and name; a name lookup walks to the plain resolver instead.
        settings: The plain resolver, and anchors for the plain walk.
        asn_of: The table of networks.

    Returns:
        ``hop`` is the first time to live at which something else than a router's own message came back, or from which
        nothing did; 0 where no hop can be named. ``sender`` is ``local``, ``access`` or ``transit`` where that is in
        front of the target, ``target`` where it is there, and "" for a lookup that the resolver itself answered.
    """
    t0 = trace.now()
    is_lookup = follow_up.kind == "dns.walk"
    address = settings.plain_resolver.address if is_lookup else follow_up.address
    async with asyncio.TaskGroup() as group:
        walks = [group.create_task(_WALKS[follow_up.kind](trace, follow_up, settings)) for _ in range(WALKS)]
        plain = group.create_task(hops.walk(lambda ttl: hops.probe_closed_port(trace, address, ttl=ttl)))
        beside = group.create_task(_walk_beside(trace, settings, address))
    found = []
    for walked in (task.result() for task in walks):
        result = Contrast(
            kind=follow_up.kind,
            address=follow_up.address,
            port=follow_up.port,
            name=follow_up.name,
            t0=t0,
            t=trace.now(),
            transaction_id=trace.next_id(),
        )
        _judge(result, walked, _way(walked, plain.result(), beside.result(), target=address, asn_of=asn_of))
        found.append(result)
    nearest = min(found, key=lambda one: one.hop or MAX_HOPS + 1)
    if is_lookup and nearest.sender == "target":
        nearest.sender, nearest.asn = "", 0
    return nearest


WALKS: Final = 2
"""Walks side by side, of which the nearest find counts: who lets some packets pass would else be taken for the next
hop."""


async def _walk_beside(trace: Trace, settings: ProbeSettings, address: str) -> Walked:
    """Walk to an anchor of the same family: the first routers are the same."""
    others = [anchor.address for anchor in (settings.control_anchor, *settings.anchors) if anchor is not None]
    fit = [other for other in others if other != address and (":" in other) == (":" in address)]
    if not fit:
        return {}
    return await hops.walk(lambda ttl: hops.probe_closed_port(trace, fit[0], ttl=ttl))


def _way(walked: Walked, plain: Walked, beside: Walked, *, target: str, asn_of: AsnOf) -> _Way:
    """Put the routers together. The walk to an anchor counts as long as it meets the same routers."""
    routers: dict[int, str] = {}
    is_same_way = True
    for ttl in range(1, MAX_HOPS + 1):
        known = {seen.sender for seen in (_at(plain, ttl), _at(walked, ttl)) if _died(seen, target)}
        other = _at(beside, ttl)
        if known and _died(other, target) and other.sender not in known:
            is_same_way = False
        if known:
            routers[ttl] = _died_at(plain, walked, ttl, target)
        elif is_same_way and _died(other, target):
            routers[ttl] = other.sender
    operator_asn = own_asn((routers.get(ttl, "") for ttl in range(1, MAX_HOPS + 1)), asn_of=asn_of)
    distance = next((ttl for ttl in sorted(plain) if plain[ttl].sender == target), 0)
    return _Way(target=target, routers=routers, distance=distance, asn_of=asn_of, operator_asn=operator_asn)


def _at(walked: Walked, ttl: int) -> Seen:
    return walked.get(ttl, Seen(what=TIMEOUT))


def _died(seen: Seen, target: str) -> bool:
    """Say whether a router in front of the target is known from this."""
    return seen.what in (EXCEEDED, ANSWERED) and bool(seen.sender) and seen.sender != target


def _died_at(plain: Walked, walked: Walked, ttl: int, target: str) -> str:
    return next(seen.sender for seen in (_at(plain, ttl), _at(walked, ttl)) if _died(seen, target))


def _judge(result: Contrast, walked: Walked, way: _Way) -> None:
    """Find the hop, and say where it stands."""
    answered = next((ttl for ttl in sorted(walked) if walked[ttl].what not in (EXCEEDED, TIMEOUT)), 0)
    last = max((ttl for ttl, seen in walked.items() if seen.what == EXCEEDED), default=0)
    hop = answered or (last + 1 if last < MAX_HOPS else 0)
    if not hop or not walked:
        result.failure, result.detail = TIMEOUT, "nothing came back"
        return
    seen = _at(walked, hop)
    result.hop = hop
    result.failure = None if seen.what == ANSWERED else seen.what
    in_front = any(router >= hop for router in way.routers)
    result.n_good = int(in_front)
    if seen.sender and seen.what != ANSWERED:
        result.sender, result.asn = way.of(seen.sender)
    elif in_front:
        result.sender, result.asn = way.place(hop)
    elif 0 < way.distance <= hop or (answered and hop - 1 in way.routers):
        result.sender, result.asn = "target", way.asn_of(way.target)
    what = "silence" if not answered else result.failure or "answer"
    where = "other packets still meet routers there" if in_front else "no router is known there"
    result.detail = f"{what} from hop {hop} on; {where}; routers: {way.words() or 'none'}"


# --- the four walks -----------------------------------------------------------------------------------------


async def _walk_lookup(trace: Trace, follow_up: FollowUp, settings: ProbeSettings) -> Walked:
    resolver = settings.plain_resolver

    async def probe(ttl: int) -> Seen:
        query = encode_query(follow_up.name, "A", message_id=random_id())
        return await hops.probe_datagram(
            trace,
            lambda network: network.open_udp(resolver.address, resolver.port, any_sender=True),
            data=query,
            ttl=ttl,
            is_answer=lambda data: answers(data, query),
        )

    return await hops.walk(probe)


async def _walk_syn(trace: Trace, follow_up: FollowUp, _settings: ProbeSettings) -> Walked:
    return await hops.walk(lambda ttl: hops.probe_syn(trace, follow_up.address, port=follow_up.port, ttl=ttl))


async def _walk_hello(trace: Trace, follow_up: FollowUp, _settings: ProbeSettings) -> Walked:
    return await _walk_bytes(trace, follow_up, client_hello(follow_up.name))


async def _walk_request(trace: Trace, follow_up: FollowUp, _settings: ProbeSettings) -> Walked:
    return await _walk_bytes(trace, follow_up, request_in_clear(follow_up.name, path=follow_up.path))


async def _walk_bytes(trace: Trace, follow_up: FollowUp, data: bytes) -> Walked:
    """Open all connections first: after the first offence, a box may hold up everything to that address."""

    async def connected(ttl: int) -> tuple[int, Stream | None]:
        try:
            async with asyncio.timeout(_CONNECTED_S):
                return ttl, await trace.network.open_tcp(follow_up.address, follow_up.port)
        except NETWORK_ERRORS:
            return ttl, None

    async with asyncio.TaskGroup() as group:
        opening = [group.create_task(connected(ttl)) for ttl in range(1, MAX_HOPS + 1)]
    trace.budget.spend(packets=len(opening) * _CONNECT_PACKETS, octets=len(opening) * _CONNECT_PACKETS * 60)
    streams = {ttl: stream for ttl, stream in (task.result() for task in opening) if stream is not None}
    return await hops.walk(lambda ttl: hops.probe_bytes(trace, streams[ttl], data=data, ttl=ttl), over=list(streams))


_Walk = Callable[[Trace, FollowUp, ProbeSettings], Coroutine[Any, Any, Walked]]
_WALKS: Final[dict[str, _Walk]] = {
    "dns.walk": _walk_lookup,
    "tcp.walk": _walk_syn,
    "tls.walk": _walk_hello,
    "http.walk": _walk_request,
}


def client_hello(name: str) -> bytes:
    """Give OpenSSL's first message of a handshake with a server of this name."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.set_alpn_protocols(["h2", "http/1.1"])
    outgoing = ssl.MemoryBIO()
    tls = context.wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname=name)
    try:
        tls.do_handshake()
    except ssl.SSLWantReadError:
        return outgoing.read()
    raise EOFError  # a handshake without an answer does not exist


def request_in_clear(host: str, *, path: str) -> bytes:
    """Give a GET request as bytes, small enough for one packet."""
    return f"GET {path} HTTP/1.1\r\nHost: {host}\r\nAccept: */*\r\nConnection: close\r\n\r\n".encode()
