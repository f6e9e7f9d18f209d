"""Name lookups: one question to one resolver, one observation.

Over UDP the probe keeps listening for a while after the first answer. Whoever forges answers on the way is faster than
the resolver, whose own answer then arrives too: a second, different answer to the same question means that somebody
answered who was not asked. Each try has an id of its own, so that two answers to two tries are never taken for that.

Ids come from the system's random source; the kernel chooses the port.
"""

import asyncio
import contextlib
import os
from collections.abc import Iterable
from typing import Final, NamedTuple

import msgspec

from raabta.probe.asking import Progress
from raabta.probe.dns_sessions import DnsSessions
from raabta.probe.failures import MISBEHAVING, NETWORK_ERRORS, TIMEOUT, failure_of, failure_of_rcode
from raabta.probe.network import Datagrams, Network
from raabta.probe.places import OWN_KINDS
from raabta.probe.settings import ProbeSettings, Resolver
from raabta.probe.trace import Trace
from raabta.reference.special import special_range
from raabta.wire.dns import DnsMessage, DnsRecord, answers, decode_answer, encode_query
from raabta.wire.ooni.writing import Answer, Query

TRY_AGAIN_S: Final = (1.0, 1.2)
"""Seconds after which an unanswered UDP query is sent again. With 16 % of round trips lost (Pakistan's median line)
three tries fail together 0.4 % of the time, two 2.6 %."""

SYSTEM_DEADLINE_S: Final = 8.0
"""glibc asks a silent server again after 5 s and gives up after 10 s with a code that also means SERVFAIL: a deadline
in between leaves room for the second try and still reads silence as silence."""

_PACKET_BYTES: Final = 120
"""A small DNS message with its headers, for the budget."""
_HANDSHAKE_BYTES: Final = 5_000
"""A TLS or QUIC handshake with a chain of two certificates, for the budget."""


async def look_up(
    trace: Trace,
    name: str,
    *,
    query_type: str,
    resolver: Resolver,
    settings: ProbeSettings,
    sessions: DnsSessions | None = None,
) -> tuple[Query, list[Query]]:
    """Ask one resolver for one kind of record of one name.

    Args:
        trace: The measurement under way.
        name: Host name.
        query_type: ``A``, ``AAAA``, ``HTTPS``, ``CNAME`` or ``TXT``.
        resolver: Whom to ask, and how.
        settings: Time-outs and the trust store.
        sessions: Kept connections; without them this lookup opens one of its own.

    Returns:
        The first answer (or why there was none), and the different answers to the same question that came after it.
    """
    if resolver.engine == "udp":
        return await _look_up_udp(trace, name, query_type=query_type, resolver=resolver, settings=settings)
    if sessions is not None:
        return await _look_up_over(trace, name, query_type=query_type, resolver=resolver, sessions=sessions), []
    async with DnsSessions(trace.network, settings=settings) as own:
        return await _look_up_over(trace, name, query_type=query_type, resolver=resolver, sessions=own), []


async def look_up_system(trace: Trace, name: str, *, ipv6: bool, deadline_s: float = SYSTEM_DEADLINE_S) -> Query:
    """Ask the system's resolver for the addresses of one family."""
    kind = "AAAA" if ipv6 else "A"
    query = Query(
        engine="system",
        hostname=name,
        query_type=kind,
        resolver_address="",
        t0=trace.now(),
        transaction_id=trace.next_id(),
    )
    trace.budget.spend(packets=2, octets=2 * _PACKET_BYTES)
    try:
        async with asyncio.timeout(deadline_s):
            found = await trace.network.resolve(name, ipv6=ipv6)
    except NETWORK_ERRORS as error:
        query.failure = failure_of(error, operation="resolve")
    else:
        query.answers = [_answer(DnsRecord(kind, address, 0)) for address in found]
        query.failure = None if found else "dns_no_answer"
    query.t = trace.now()
    return query


async def _look_up_over(
    trace: Trace, name: str, *, query_type: str, resolver: Resolver, sessions: DnsSessions
) -> Query:
    """Ask over a connection. A failure's tag says at which operation it was met."""
    query = _begin(trace, name, query_type=query_type, resolver=resolver)
    message_id = 0 if resolver.engine in ("doh", "doq") else random_id()  # RFC 8484 4.1, RFC 9250 4.2.1
    sent = encode_query(name, query_type, message_id=message_id)
    progress = Progress()
    reply = await sessions.ask(sent, resolver=resolver, progress=progress)
    query.t0 = round(progress.started_at - trace.zero, 6)
    query.t = trace.now()
    is_first = progress.operation != "read"
    trace.budget.spend(packets=14 if is_first else 4, octets=4 * _PACKET_BYTES + is_first * _HANDSHAKE_BYTES)
    message = _read(reply.data, sent) if reply.failure is None else None
    if message is not None:
        _fill(query, message)
    else:
        query.failure = reply.failure or MISBEHAVING
        query.tags = [progress.operation]
    return query


async def _look_up_udp(
    trace: Trace, name: str, *, query_type: str, resolver: Resolver, settings: ProbeSettings
) -> tuple[Query, list[Query]]:
    query = _begin(trace, name, query_type=query_type, resolver=resolver)
    try:
        datagrams = trace.network.open_udp(resolver.address, resolver.port, any_sender=True)
    except OSError as error:
        query.failure, query.t = failure_of(error, operation="connect"), trace.now()
        return query, []
    exchange = _Exchange(trace.network, datagrams)
    try:
        await exchange.first(name, query_type, deadline=trace.network.clock() + settings.timeouts.dns_s)
        if exchange.heard:
            await exchange.others(settings.timeouts.dns_second_s)
    except OSError as error:
        query.failure = failure_of(error, operation="read")
    finally:
        datagrams.close()
    n_packets = exchange.n_sent + len(exchange.heard)
    trace.budget.spend(packets=n_packets, octets=n_packets * _PACKET_BYTES)
    query.x_tries = max(1, exchange.n_sent)
    if not exchange.heard:
        query.failure, query.t = query.failure or (MISBEHAVING if exchange.n_unreadable else TIMEOUT), trace.now()
        return query, []
    later = [_observe(trace, msgspec.structs.replace(query), one, resolver) for one in exchange.heard[1:]]
    return _observe(trace, query, exchange.heard[0], resolver), later


class _Heard(NamedTuple):
    """One message that came back, who sent it, and when by the network's clock."""

    message: DnsMessage
    sender: str
    at: float


class _Exchange:
    """The datagrams of one question over UDP. ``heard``: messages in order, each different from those before."""

    def __init__(self, network: Network, datagrams: Datagrams) -> None:
        self._network = network
        self._datagrams = datagrams
        self._sent: dict[bytes, bytes] = {}
        self._answered: bytes = b""
        self.heard: list[_Heard] = []
        self.n_unreadable = 0
        self.n_sent = 0

    async def first(self, name: str, query_type: str, *, deadline: float) -> None:
        """Send, send again where nothing comes, and return when the first answer, or the deadline, is there."""
        for wait_s in (*TRY_AGAIN_S, None):
            query = encode_query(name, query_type, message_id=random_id())
            self._sent[query[:2]] = query
            self._datagrams.send(query)
            self.n_sent += 1
            until = deadline if wait_s is None else min(deadline, self._network.clock() + wait_s)
            while not self.heard and (received := await self._datagrams.receive_until(until)) is not None:
                self._take(*received)
            if self.heard or until == deadline:
                return

    async def others(self, seconds: float) -> None:
        """Listen on. Errors that arrive now no longer matter."""
        deadline = self._network.clock() + seconds
        with contextlib.suppress(OSError):
            while (received := await self._datagrams.receive_until(deadline)) is not None:
                self._take(*received)

    def _take(self, data: bytes, sender: str) -> None:
        """Take in one datagram."""
        query = self._sent.get(data[:2])
        if query is None or not answers(data, query) or (self._answered and data[:2] != self._answered):
            return
        try:
            message = decode_answer(data)
        except ValueError:
            self.n_unreadable += 1
            return
        self._answered = data[:2]
        if not self.heard or _content(message) not in [_content(known.message) for known in self.heard]:
            self.heard.append(_Heard(message, sender, self._network.clock()))


def _content(message: DnsMessage) -> tuple[int, frozenset[tuple[str, str]]]:
    """What an answer says, without its order and its times to live."""
    return message.rcode, frozenset((record.type, record.text) for record in message.records)


def _observe(trace: Trace, query: Query, heard: _Heard, resolver: Resolver) -> Query:
    """Write down what was heard."""
    query.t = round(heard.at - trace.zero, 6)
    query.failure = None
    if heard.sender != resolver.address:
        query.x_from = _place(trace.network, heard.sender)
    _fill(query, heard.message)
    return query


def _place(network: Network, sender: str) -> str:
    """Say where an uninvited answer came from: ``local`` for the person's own network, else ``other``."""
    if special_range(sender) in OWN_KINDS or sender in network.surroundings().gateways:
        return "local"
    return "other"


def _begin(trace: Trace, name: str, *, query_type: str, resolver: Resolver) -> Query:
    return Query(
        engine=resolver.engine,
        hostname=name,
        query_type=query_type,
        resolver_address=resolver_url(resolver),
        resolver_hostname=resolver.name or None,
        t0=trace.now(),
        transaction_id=trace.next_id(),
    )


def resolver_url(resolver: Resolver) -> str:
    """Name a resolver as df-002 does: a URL for DoH, else address and port."""
    if resolver.engine == "doh":
        port = "" if resolver.port == 443 else f":{resolver.port}"
        return f"https://{resolver.name or resolver.address}{port}{resolver.path}"
    address = f"[{resolver.address}]" if ":" in resolver.address else resolver.address
    return f"{address}:{resolver.port}"


def _read(data: bytes, sent: bytes) -> DnsMessage | None:
    """Read an answer; None where it is none to this question."""
    if not answers(data, sent):
        return None
    try:
        return decode_answer(data)
    except ValueError:
        return None


def _fill(query: Query, message: DnsMessage) -> None:
    query.rcode = message.rcode
    query.answers = [_answer(record) for record in message.records]
    n_answers = sum(record.type == query.query_type for record in message.records)
    query.failure = failure_of_rcode(message.rcode, n_answers=n_answers)
    if message.is_truncated:
        query.tags = ["truncated"]


def _answer(record: DnsRecord) -> Answer:
    ttl = record.ttl_s or None
    match record.type:
        case "A":
            return Answer(answer_type="A", ipv4=record.text, ttl=ttl)
        case "AAAA":
            return Answer(answer_type="AAAA", ipv6=record.text, ttl=ttl)
        case "CNAME":
            return Answer(answer_type="CNAME", hostname=record.text, ttl=ttl)
        case kind:
            return Answer(answer_type=kind, x_value=record.text, ttl=ttl)


def addresses(answers_given: Iterable[Answer] | None) -> list[str]:
    """Give the addresses among answers, in their order."""
    return [answer.ipv4 or answer.ipv6 or "" for answer in answers_given or () if answer.ipv4 or answer.ipv6]


def random_id() -> int:
    """Give 16 bits that nobody can foresee."""
    return int.from_bytes(os.urandom(2), "big")
