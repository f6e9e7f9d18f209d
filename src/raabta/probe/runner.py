"""One end point: name lookups, connections, handshakes, the page and its redirects, QUIC. Every step is visible.

The order is that of the protocols. For each host all resolvers are asked at once; then all chosen addresses are
connected to at once; the page is asked for over the first good connection, an everyday resolver's address first, since
that is what a person gets. A redirect is a new hop: another host is looked up and connected to like the first.

While this goes on, somebody elsewhere (the control) is asked about the same target; addresses that only it knows are
tried too, so that a false name lookup does not hide what happens behind it.

Requests are written last first, as OONI does: ``diagnose.chain`` follows them from the input by their redirects.

Not done: cookies (a site that insists on them ends as a loop of redirects), pages' images and scripts.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, TypeVar

import msgspec
from msgspec import Struct

from raabta.probe import dns, http, http3, quic, tcp, tls
from raabta.probe.dns_sessions import DnsSessions
from raabta.probe.failures import BAD_REDIRECT, TIMEOUT, TOO_MANY_REDIRECTS
from raabta.probe.network import Stream
from raabta.probe.plan import (
    MAX_FURTHER,
    MAX_IPV4,
    Aim,
    Choice,
    Found,
    addresses_found,
    choose_addresses,
    further_addresses,
    next_hop,
)
from raabta.probe.recording import Peer
from raabta.probe.settings import ProbeSettings, Resolver
from raabta.probe.signs import page_signs
from raabta.probe.trace import BudgetSpentError, Trace
from raabta.reference.addresses import is_address
from raabta.reference.tables import Tables
from raabta.wire.ooni.writing import Exchange, Query, Skipped, TestKeys

Result = TypeVar("Result")

LATER_ADDRESSES: Final = 2
"""Addresses tried of a host that a redirect leads to."""

MAX_OUT_OF_REACH: Final = 6
"""Lookups of a round that may find an encrypted resolver out of reach before it is left out. Judgement."""

AGAIN_S: Final = 4.0
"""How long the system's resolver may take when it is asked again; glibc sends a second packet after 5 s only."""

_PERHAPS_CHANCE: Final = frozenset((TIMEOUT, "dns_temporary_failure"))
"""Failures of the system's lookup that lost packets give as well."""

BUDGET: Final = "the budget was spent"
CHOICE: Final = "left out by choice"
UNTRIED: Final = "a host has more addresses than were tried"

H3_BODY_BYTES: Final = 16_384
"""Bytes of a page read over HTTP/3. The page was read over TCP already; this only shows that data flow."""


class Elsewhere(Struct, frozen=True, kw_only=True):
    """What somebody elsewhere knows of a target that is useful while measuring."""

    addresses: tuple[str, ...] = ()
    quic: bool = False


Ask = Callable[[Aim, Sequence[str]], Awaitable[Elsewhere]]
"""Asks the control about an end point, and about addresses that were found for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """What all measurements of a round share.

    ``slots`` bounds the TLS handshakes in flight; ``ipv6`` says whether the line has IPv6; ``now`` is the clock by
    which certificates are checked. ``sessions`` are connections to encrypted resolvers, which stay open;
    ``out_of_reach`` counts the lookups in which they could not be reached. ``operator_asn`` is 0 where unknown.
    ``resolver_works`` says that the system's resolver answered when the round began: then its silence is told twice.
    """

    settings: ProbeSettings
    tables: Tables
    slots: AbstractAsyncContextManager[Any]
    now: Callable[[], datetime]
    sessions: DnsSessions | None = None
    out_of_reach: Counter[Resolver] = field(default_factory=Counter)
    operator_asn: int = 0
    resolver_works: bool = True
    ipv6: bool = False
    ask: Ask | None = None


@dataclass(slots=True, kw_only=True)
class _Visit:
    """One measurement under way."""

    trace: Trace
    tools: Tools
    keys: TestKeys = field(default_factory=TestKeys)
    found: dict[str, Found] = field(default_factory=dict)
    tried: set[tuple[str, int, str]] = field(default_factory=set)
    open: list[Stream] = field(default_factory=list)
    quic_hosts: set[str] = field(default_factory=set)

    @property
    def settings(self) -> ProbeSettings:
        return self.tools.settings

    def wants(self, *layers: str) -> bool:
        return any(layer in self.settings.layers for layer in layers)

    def skip(self, what: str, reason: str) -> None:
        if not any(item.what == what and item.reason == reason for item in self.keys.x_skipped):
            self.keys.x_skipped.append(Skipped(what=what, reason=reason))

    async def step(self, what: str, taking: Coroutine[Any, Any, Result]) -> Result | None:
        """Take a step, or note that the budget does not allow it."""
        try:
            self.trace.check_budget()
            return await taking
        except BudgetSpentError:
            taking.close()
            self.skip(what, BUDGET)
            return None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Opened:
    """A connection ready for a request."""

    stream: Stream
    peer: Peer
    protocol: str = ""


async def probe_endpoint(endpoint: Aim, *, trace: Trace, tools: Tools) -> TestKeys:
    """Measure one end point.

    Args:
        endpoint: What to measure.
        trace: A fresh one; its budget bounds what is sent, and its events end up in the result.
        tools: What the round shares.

    Returns:
        All steps. A failure of the network is in them; what was not tried is in ``x_skipped``.
    """
    visit = _Visit(trace=trace, tools=tools)
    for layer in ("dns", "tcp", "tls", "http", "quic"):
        if layer not in tools.settings.layers:
            visit.skip(layer, CHOICE)
    try:
        found = await _look_up(visit, endpoint.host)
        async with asyncio.TaskGroup() as group:
            if tools.ask is not None:
                group.create_task(_ask(visit, endpoint, found))
            group.create_task(_follow(visit, endpoint))
        await _resolver_works(visit, endpoint)
        if endpoint.web and endpoint.encrypted and endpoint.host in visit.quic_hosts and visit.wants("quic"):
            await visit.step("quic", _quic(visit, endpoint))
    finally:
        for stream in visit.open:
            stream.close()
    visit.keys.requests.reverse()
    visit.keys.network_events = trace.events
    return visit.keys


# --- names ------------------------------------------------------------------------------------------------------------


async def _look_up(visit: _Visit, host: str) -> Found:
    """Ask every resolver for a host, all at once; a host is asked for once a measurement."""
    if host in visit.found:
        return visit.found[host]
    if is_address(host):
        visit.found[host] = Found(system=(host,))
        return visit.found[host]
    trace, settings = visit.trace, visit.settings
    types = ("A", "AAAA") if visit.tools.ipv6 else ("A",)
    if not visit.tools.ipv6:
        visit.skip("ipv6", "this line has no IPv6")
    asked: list[asyncio.Task[list[Query] | None]] = []
    async with asyncio.TaskGroup() as group:

        def ask(taking: Coroutine[Any, Any, list[Query]]) -> None:
            asked.append(group.create_task(visit.step("dns", taking)))

        for query_type in types:
            ask(_by_system(trace, host, ipv6=query_type == "AAAA", again=visit.tools.resolver_works))
        if visit.wants("dns"):
            for query_type in (*types, "HTTPS"):
                ask(_by_resolver(visit, host, query_type, resolver=settings.plain_resolver))
            for query_type in types:
                ask(_by_encrypted(visit, host, query_type))
    queries = [query for task in asked for query in task.result() or ()]
    visit.keys.queries += queries
    if any(_names_h3(query) for query in queries):
        visit.quic_hosts.add(host)
    visit.found[host] = addresses_found(queries)
    return visit.found[host]


async def _by_system(trace: Trace, host: str, *, ipv6: bool, again: bool) -> list[Query]:
    """Ask the system's resolver; where it is silent for a while, once again: on a lossy line that is chance."""
    query = await dns.look_up_system(trace, host, ipv6=ipv6)
    if not again or query.failure not in _PERHAPS_CHANCE:
        return [query]
    return [query, await dns.look_up_system(trace, host, ipv6=ipv6, deadline_s=AGAIN_S)]


async def _by_resolver(visit: _Visit, host: str, query_type: str, *, resolver: Resolver) -> list[Query]:
    query, late = await dns.look_up(
        visit.trace,
        host,
        query_type=query_type,
        resolver=resolver,
        settings=visit.settings,
        sessions=visit.tools.sessions,
    )
    visit.keys.x_dns_duplicate_responses += late
    return [query]


async def _by_encrypted(visit: _Visit, host: str, query_type: str) -> list[Query]:
    """Ask the first encrypted resolver; where it cannot be reached, the second too.

    One that could not be reached for several targets is left out for the others, so that a blocked resolver costs its
    time-out a few times and not 150 times.
    """
    queries: list[Query] = []
    out_of_reach = visit.tools.out_of_reach
    for resolver in visit.settings.encrypted_resolvers[:2]:
        if out_of_reach[resolver] >= MAX_OUT_OF_REACH:
            visit.skip(f"dns over {resolver.engine}", "this resolver could not be reached for other targets")
            continue
        queries += await _by_resolver(visit, host, query_type, resolver=resolver)
        failure = queries[-1].failure
        if failure is None or failure.startswith("dns_"):
            break
        out_of_reach[resolver] += 1
    return queries


def _names_h3(query: Query) -> bool:
    """Say whether an HTTPS record offers HTTP/3 (RFC 9460, alpn)."""
    return any("h3" in (answer.x_value or "") for answer in query.answers or () if answer.answer_type == "HTTPS")


async def _ask(visit: _Visit, endpoint: Aim, found: Found) -> None:
    """Ask the control, and try an address that only it knows, where ours have none in common with it."""
    ask = visit.tools.ask
    if ask is None:
        return
    elsewhere = await ask(endpoint, found.all)
    if elsewhere.quic:
        visit.quic_hosts.add(endpoint.host)
    if not elsewhere.addresses or not set(elsewhere.addresses).isdisjoint(found.all):
        return
    choice = _choose(visit, Found(encrypted=elsewhere.addresses), most=1)
    async with asyncio.TaskGroup() as group:
        for address in choice.tried:
            group.create_task(visit.step("tcp", _open(visit, endpoint, address)))


# --- connections ------------------------------------------------------------------------------------------------------


def _choose(visit: _Visit, found: Found, *, most: int) -> Choice:
    kind_of = visit.tools.tables.special.kind
    choice = choose_addresses(found, kind_of=kind_of, ipv6=visit.tools.ipv6, most=most)
    if choice.special:
        visit.skip("tcp", "an address that the name resolved to is nobody's on the internet")
    return choice


async def _open(visit: _Visit, endpoint: Aim, address: str) -> _Opened | None:
    """Connect, and shake hands where the end point is encrypted. None where that failed, or nothing more is wanted."""
    place = (address, endpoint.port, endpoint.host)
    first_time = place not in visit.tried
    visit.tried.add(place)
    connect, stream = await tcp.connect(
        visit.trace,
        address,
        port=endpoint.port,
        settings=visit.settings,
        asn_of=visit.tools.tables.networks.asn,
        operator_asn=visit.tools.operator_asn,
    )
    visit.keys.tcp_connect.append(connect)
    if stream is None:
        return None
    visit.open.append(stream)
    peer = Peer(address=address, port=endpoint.port, name=endpoint.host, transaction_id=connect.transaction_id)
    if not endpoint.encrypted:
        return _Opened(stream=stream, peer=peer)
    if not visit.wants("tls", "http"):
        return None
    settings, hello = visit.settings, tls.Hello(alpn=endpoint.alpn)
    async with visit.tools.slots:
        shaking = tls.handshake(
            visit.trace, stream, peer=peer, settings=settings, verify_at=visit.tools.now(), hello=hello
        )
        step, encrypted = await shaking
    if not first_time:
        step.tags = [*step.tags, "again"]
    visit.keys.tls_handshakes.append(step)
    if encrypted is None:
        stream.close()
        return None
    return _Opened(stream=encrypted, peer=peer, protocol=encrypted.protocol)


async def _reach(visit: _Visit, endpoint: Aim, *, addresses: Sequence[str], group: asyncio.TaskGroup) -> _Opened | None:
    """Connect to all addresses at once; give the first good connection, those of everyday resolvers first."""
    found = visit.found[endpoint.host]
    everyday = [address for address in addresses if address in found.system or address in found.plain]
    opening = {address: group.create_task(visit.step("tcp", _open(visit, endpoint, address))) for address in addresses}
    others = [address for address in addresses if address not in everyday]
    for listed in (everyday, others):
        pending = {opening[address] for address in listed}
        while pending:
            done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
            good = [opened for task in done if (opened := task.result()) is not None]
            if good:
                return good[0]
    return None


async def _reach_any(
    visit: _Visit, endpoint: Aim, *, addresses: Sequence[str], group: asyncio.TaskGroup
) -> _Opened | None:
    """Reach one of the chosen addresses; where not one opens a connection, one of the host's others."""
    found, tables = visit.found[endpoint.host], visit.tools.tables
    opened = await _reach(visit, endpoint, addresses=addresses, group=group)
    tried = {address for address, port, host in visit.tried if (port, host) == (endpoint.port, endpoint.host)}
    left = further_addresses(found, tried=tried, kind_of=tables.special.kind, ipv6=visit.tools.ipv6)
    steps = (step for step in visit.keys.tcp_connect if step.port == endpoint.port and step.ip in found.all)
    if opened is None and not any(step.status.success for step in steps):
        opened = await _reach(visit, endpoint, addresses=left[:MAX_FURTHER], group=group)
        left = left[MAX_FURTHER:]
    if left:
        visit.skip("tcp", UNTRIED)
    return opened


# --- pages ------------------------------------------------------------------------------------------------------------


async def _follow(visit: _Visit, first: Aim) -> None:
    """Follow a chain of redirects from its first URL. Connections that are slow to fail do not hold it up."""
    hop: Aim | None = first
    seen: set[str] = set()
    worked: dict[tuple[str, int], str] = {}
    async with asyncio.TaskGroup() as group:
        while hop is not None:
            seen.add(hop.url)
            found = await _look_up(visit, hop.host)
            again = worked.get((hop.host, hop.port))
            most = MAX_IPV4 if hop.host == first.host else LATER_ADDRESSES
            addresses = (again,) if again else _choose(visit, found, most=most).tried
            if not visit.wants("tcp", "tls", "http"):
                return
            opened = await _reach_any(visit, hop, addresses=addresses, group=group)
            if opened is None or not hop.web or not visit.wants("http"):
                return
            worked[hop.host, hop.port] = opened.peer.address
            exchange = await visit.step("http", _fetch(visit, hop, opened))
            opened.stream.close()
            hop = None if exchange is None else _next(visit, exchange, seen=seen)


async def _fetch(visit: _Visit, endpoint: Aim, opened: _Opened) -> Exchange:
    trace, settings = visit.trace, visit.settings
    exchange, body = await http.get(trace, opened.stream, url=endpoint.url, peer=opened.peer, settings=settings)
    _keep_signs(visit, exchange, body)
    response = exchange.response
    if response is not None and endpoint.encrypted and "h3" in _header(response.headers, "alt-svc"):
        visit.quic_hosts.add(endpoint.host)
    visit.keys.requests.append(exchange)
    return exchange


def _keep_signs(visit: _Visit, exchange: Exchange, body: bytes) -> None:
    response = exchange.response
    if response is not None:
        response.x_page = page_signs(body, headers=response.headers, status=response.code, tables=visit.tools.tables)


def _next(visit: _Visit, exchange: Exchange, *, seen: set[str]) -> Aim | None:
    """Give where a response sends us, None at the chain's end; what ends a chain badly is written on its last step."""
    response = exchange.response
    if response is None or exchange.failure is not None or response.code not in (301, 302, 303, 307, 308):
        return None
    location = _header(response.headers, "location")
    if not location:
        return None
    following = next_hop(exchange.request.url, location)
    if following is None:
        exchange.failure = BAD_REDIRECT
    elif following.url in seen or len(seen) > visit.settings.max_redirects:
        exchange.failure = TOO_MANY_REDIRECTS
        return None
    return following


def _header(headers: dict[str, str], name: str) -> str:
    return next((value for key, value in headers.items() if key.lower() == name), "")


# --- other protocols --------------------------------------------------------------------------------------------------


async def _resolver_works(visit: _Visit, endpoint: Aim) -> None:
    """Where the end point is an encrypted resolver, ask it for a harmless name."""
    if endpoint.scheme not in ("dot", "doh") or not visit.wants("dns"):
        return
    good = [step for step in visit.keys.tls_handshakes if step.failure is None]
    if not good:
        return
    address = good[0].address.rpartition(":")[0].strip("[]")
    resolver = Resolver(
        engine="dot" if endpoint.scheme == "dot" else "doh",
        address=address,
        port=endpoint.port,
        name=endpoint.host,
        path=endpoint.path if endpoint.path != "/" else "/dns-query",
    )
    asking = _by_resolver(visit, visit.settings.other_name, "A", resolver=resolver)
    visit.keys.queries += await visit.step("dns", asking) or []


async def _quic(visit: _Visit, endpoint: Aim) -> None:
    """Take QUIC's handshake and HTTP/3's request at one address: one that TCP reached, if there is one."""
    reached = [step.ip for step in visit.keys.tcp_connect if step.status.success and step.port == endpoint.port]
    chosen = _choose(visit, visit.found[endpoint.host], most=1).tried
    address = next((one for one in reached if one in visit.found[endpoint.host].all), chosen[0] if chosen else "")
    if not address:
        return
    peer = Peer(address=address, port=endpoint.port, name=endpoint.host)
    settings = msgspec.structs.replace(visit.settings, max_body_bytes=H3_BODY_BYTES)
    async with visit.tools.slots:
        step, line = await quic.handshake(visit.trace, peer=peer, settings=settings, verify_at=visit.tools.now())
    visit.keys.quic_handshakes.append(step)
    if line is None:
        return
    try:
        if visit.wants("http"):
            exchange, body = await http3.get(visit.trace, line, url=endpoint.url, peer=peer, settings=settings)
            _keep_signs(visit, exchange, body)
            visit.keys.requests.insert(0, exchange)
    finally:
        line.close()
