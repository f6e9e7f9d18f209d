"""From a name or an address to an open connection, past the guard: resolve once, judge, connect to what was judged.

Every step towards a target goes through here, the first URL's like a redirect's. A name is resolved once per question
and its judged addresses are remembered for as long as the question lasts, so that a second answer, were it another,
is never asked for.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from msgspec import Struct

from raabta.control.settings import ControlSettings
from raabta.probe import dns, tcp, tls
from raabta.probe.dns_sessions import DnsSessions
from raabta.probe.network import Stream
from raabta.probe.recording import Peer
from raabta.probe.settings import ProbeSettings
from raabta.probe.trace import Trace
from raabta.reference.guard import AddressPort, Guard, Place
from raabta.wire.ooni.writing import Connect, Handshake, Query

ENCRYPTED_SCHEMES: Final = frozenset({"https", "tls", "dot", "doh"})
_ALPN: Final = {"https": ("h2", "http/1.1"), "doh": ("h2", "http/1.1"), "dot": ("dot",)}
_MAX_ADDRESSES: Final = 6
"""Addresses of one name that are looked at: more are one pool and answer alike."""


class Names(Struct, frozen=True, kw_only=True):
    """What a name resolved to: addresses that passed the guard, and why others did not."""

    failure: str | None = None
    addresses: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()


class Attempt(Struct, frozen=True, kw_only=True):
    """One end point tried: its steps, and the open connection where all went well."""

    endpoint: AddressPort
    connect: Connect
    handshake: Handshake | None = None
    line: "Stream | tls.TlsStream | None" = None

    @property
    def failure(self) -> str | None:
        """The failure of the step that failed."""
        return self.connect.status.failure or (self.handshake.failure if self.handshake is not None else None)


@dataclass(slots=True, kw_only=True)
class Reach:
    """What the steps of one question share."""

    settings: ControlSettings
    steps: ProbeSettings
    guard: Guard
    trace: Trace
    verify_at: datetime
    sessions: DnsSessions
    _names: dict[str, Names] = field(default_factory=dict)
    _opened: list[Stream] = field(default_factory=list)

    async def resolve(self, place: Place) -> Names:
        """Give the judged addresses of a place's host. Asked once per name, however often it is called."""
        if place.is_address:
            return Names(addresses=(place.host,))
        known = self._names.get(place.host)
        if known is None:
            known = self._names[place.host] = self._judge(await self._look_up(place.host))
        return known

    async def open(self, endpoint: AddressPort, *, name: str, scheme: str) -> Attempt:
        """Connect to a judged end point, and do the handshake where the scheme has one."""
        connect, stream = await tcp.connect(self.trace, endpoint.address, port=endpoint.port, settings=self.steps)
        if stream is not None:
            self._opened.append(stream)
        if stream is None or scheme not in ENCRYPTED_SCHEMES:
            return Attempt(endpoint=endpoint, connect=connect, line=stream)
        handshake, line = await tls.handshake(
            self.trace,
            stream,
            peer=Peer(address=endpoint.address, port=endpoint.port, name=name, transaction_id=connect.transaction_id),
            settings=self.steps,
            verify_at=self.verify_at,
            hello=tls.Hello(alpn=_ALPN.get(scheme, ())),
        )
        if line is None:
            stream.close()
        return Attempt(endpoint=endpoint, connect=connect, handshake=handshake, line=line)

    def close(self) -> None:
        """Close whatever was opened for the question and is still open."""
        for stream in self._opened:
            stream.close()

    async def _look_up(self, name: str) -> list[Query]:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._ask(name, query_type)) for query_type in ("A", "AAAA")]
        return [task.result() for task in tasks]

    async def _ask(self, name: str, query_type: str) -> Query:
        resolver = self.settings.resolver
        if resolver is None:
            deadline_s = self.steps.timeouts.dns_s
            return await dns.look_up_system(self.trace, name, ipv6=query_type == "AAAA", deadline_s=deadline_s)
        query, _ = await dns.look_up(
            self.trace, name, query_type=query_type, resolver=resolver, settings=self.steps, sessions=self.sessions
        )
        return query

    def _judge(self, queries: list[Query]) -> Names:
        found = [answer.ipv4 or answer.ipv6 or "" for query in queries for answer in query.answers or ()]
        reasons = {address: self.guard.refuse_address(address) for address in dict.fromkeys(found) if address}
        good = tuple(address for address, reason in reasons.items() if reason is None)
        refused = tuple(reason for reason in reasons.values() if reason is not None)
        return Names(failure=_failure(queries, good, refused), addresses=_spread(good), refused=refused)


def _failure(queries: list[Query], good: tuple[str, ...], refused: tuple[str, ...]) -> str | None:
    """One family is enough. A failure of the IPv4 lookup is told before that of IPv6, since all names have that."""
    if good:
        return None
    if refused:
        return "dns_bogon_error"
    return next((query.failure for query in queries if query.failure), "dns_no_answer")


def _spread(addresses: tuple[str, ...]) -> tuple[str, ...]:
    """Keep some of each family, IPv4 first."""
    four = [address for address in addresses if ":" not in address]
    six = [address for address in addresses if ":" in address]
    n_six = min(len(six), max(_MAX_ADDRESSES // 2, _MAX_ADDRESSES - len(four)))
    return (*four[: _MAX_ADDRESSES - n_six], *six[:n_six])


def header_of(headers: Mapping[str, str], name: str) -> str:
    """Give a header's value whatever its case, "" where it is missing."""
    return next((value for key, value in headers.items() if key.lower() == name), "")
