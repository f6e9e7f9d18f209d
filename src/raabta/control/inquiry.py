"""One question answered: what the same target looks like from here.

All at once and within one deadline: the name's addresses, a connection and a handshake with each of them and with each
end point that the client named, QUIC where asked, and the page by the first connection that stands. What is refused is
said so and the rest is answered; when time runs out, what is known by then is the answer.
"""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from raabta.control.page import Attempts, get_page
from raabta.control.reach import Names, Reach
from raabta.control.settings import ControlSettings
from raabta.probe import quic
from raabta.probe.dns_sessions import DnsSessions
from raabta.probe.network import Network
from raabta.probe.recording import Peer
from raabta.probe.trace import Budget, Trace
from raabta.reference.guard import AddressPort, Guard, Place, Refusal
from raabta.wire.control import (
    FLAG_CONTROL,
    FLAG_PROBE,
    FLAG_VALID,
    ControlAddress,
    ControlAnswer,
    ControlConnect,
    ControlHandshake,
    ControlLookup,
    ControlPage,
    ControlQuestion,
)

_WEB: Final = frozenset({"http", "https"})
_TLS_PORTS: Final = {443: "https", 8443: "https", 853: "dot"}
_MAX_QUIC: Final = 2
# A measurement's own bounds are its deadline and the sizes in Limits; the budget is only there since steps count on it.
_BUDGET_PACKETS: Final = 100_000
_BUDGET_BYTES: Final = 16_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """What every question is answered with."""

    settings: ControlSettings
    guard: Guard
    network: Network
    sessions: DnsSessions


async def answer_question(question: ControlQuestion, *, outlook: Outlook, now: datetime) -> ControlAnswer:
    """Measure what a question asks. Never raises for what a network does."""
    settings, network = outlook.settings, outlook.network
    budget = Budget(max_s=settings.deadlines.measure_s, max_packets=_BUDGET_PACKETS, max_bytes=_BUDGET_BYTES)
    reach = Reach(
        settings=settings,
        steps=settings.for_steps(),
        guard=outlook.guard,
        trace=Trace(network=network, zero=network.clock(), budget=budget),
        verify_at=now,
        sessions=outlook.sessions,
    )
    inquiry = _Inquiry(reach=reach, question=question)
    try:
        async with asyncio.timeout(settings.deadlines.measure_s):
            await inquiry.run()
    except TimeoutError:
        inquiry.answer.x_unfinished = True
    finally:
        reach.close()
        inquiry.finish()
    return inquiry.answer


@dataclass(slots=True, kw_only=True)
class _Inquiry:
    reach: Reach
    question: ControlQuestion
    answer: ControlAnswer = field(default_factory=ControlAnswer)
    attempts: Attempts = field(default_factory=asyncio.Queue)
    flags: dict[str, int] = field(default_factory=dict)

    async def run(self) -> None:
        """Judge the question, then try everything that passed."""
        place = self._judged(self.question.http_request)
        asked = self._endpoints_of_client()
        names = await self.reach.resolve(place) if place is not None else Names()
        own: list[AddressPort] = []
        if place is not None:
            self._tell_names(place, names)
            own = [AddressPort(address, place.port) for address in names.addresses]
        endpoints = list(dict.fromkeys((*own, *asked)))[: self.reach.settings.limits.max_endpoints]
        self._note_addresses(names, endpoints)
        async with asyncio.TaskGroup() as group:
            for endpoint in endpoints:
                group.create_task(self._try(endpoint, place, is_own=endpoint in own))
            if place is not None and place.scheme in _WEB and own:
                group.create_task(self._get(place, n_attempts=len(own)))
            if place is not None and place.scheme == "https" and self.question.x_quic_enabled:
                for endpoint in own[:_MAX_QUIC]:
                    group.create_task(self._try_quic(endpoint, place.host))

    def finish(self) -> None:
        """Say what is known of each address that was met."""
        networks = self.reach.settings.tables.networks
        self.answer.ip_info = {
            address: ControlAddress(asn=networks.asn(address), flags=flags) for address, flags in self.flags.items()
        }

    def _judged(self, url: str) -> Place | None:
        if not url:
            return None
        place = self.reach.guard.read_url(url)
        if isinstance(place, Refusal):
            self.answer.x_refused[url[:400]] = place.reason
            return None
        return place

    def _endpoints_of_client(self) -> list[AddressPort]:
        endpoints = []
        for text in dict.fromkeys(self.question.tcp_connect or ()):
            endpoint = self.reach.guard.read_endpoint(text)
            if isinstance(endpoint, Refusal):
                self.answer.x_refused[text[:100]] = endpoint.reason
            else:
                endpoints.append(endpoint)
        most = self.reach.settings.limits.max_endpoints
        self.answer.x_refused |= {endpoint.text: "count" for endpoint in endpoints[most:]}
        return endpoints[:most]

    def _tell_names(self, place: Place, names: Names) -> None:
        if not place.is_address:
            self.answer.dns = ControlLookup(failure=names.failure, addrs=list(names.addresses))
        if names.refused:
            self.answer.x_refused[place.host] = names.refused[0]
        if not names.addresses and not names.refused and place.scheme in _WEB:
            self.answer.http_request = ControlPage(failure=names.failure)

    async def _try(self, endpoint: AddressPort, place: Place | None, *, is_own: bool) -> None:
        scheme = self._scheme(endpoint, place)
        name = place.host if place is not None else ""
        attempt = await self.reach.open(endpoint, name=name, scheme=scheme if name else "tcp")
        status = attempt.connect.status
        self.answer.tcp_connect[endpoint.text] = ControlConnect(status=status.success, failure=status.failure)
        if attempt.handshake is not None:
            failure = attempt.handshake.failure
            self.answer.tls_handshake[endpoint.text] = ControlHandshake(
                server_name=name, status=failure is None, failure=failure
            )
            if failure is None:
                self._flag(endpoint.address, FLAG_VALID)
        if is_own:
            self.attempts.put_nowait(attempt)
        elif attempt.line is not None:
            attempt.line.close()

    def _scheme(self, endpoint: AddressPort, place: Place | None) -> str:
        if place is not None and endpoint.port == place.port:
            return place.scheme
        return _TLS_PORTS.get(endpoint.port, "tcp")

    async def _get(self, place: Place, *, n_attempts: int) -> None:
        self.answer.http_request = await get_page(
            self.reach, place, attempts=self.attempts, n_attempts=n_attempts, refused=self.answer.x_refused
        )

    async def _try_quic(self, endpoint: AddressPort, name: str) -> None:
        handshake, line = await quic.handshake(
            self.reach.trace,
            peer=Peer(address=endpoint.address, port=endpoint.port, name=name),
            settings=self.reach.steps,
            verify_at=self.reach.verify_at,
        )
        if line is not None:
            line.close()
        self.answer.quic_handshake[endpoint.text] = ControlHandshake(
            server_name=name, status=handshake.failure is None, failure=handshake.failure
        )

    def _note_addresses(self, names: Names, endpoints: list[AddressPort]) -> None:
        for address in names.addresses:
            self._flag(address, FLAG_CONTROL)
        asked = {text.rpartition(":")[0].strip("[]") for text in self.question.tcp_connect or ()}
        for endpoint in endpoints:
            self._flag(endpoint.address, FLAG_PROBE if endpoint.address in asked else 0)

    def _flag(self, address: str, flag: int) -> None:
        self.flags[address] = self.flags.get(address, 0) | flag
