"""One connection to a control: found by name or address, its certificate believed or pinned, requests by HTTP/1.1."""

import asyncio
import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import h11
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from msgspec import Struct

from raabta import __version__
from raabta.probe import dns, tcp, tls
from raabta.probe.failures import NETWORK_ERRORS, failure_of
from raabta.probe.network import Network
from raabta.probe.recording import Peer
from raabta.probe.settings import ProbeSettings
from raabta.probe.trace import Budget, Trace
from raabta.reference.addresses import is_address

WRONG_PIN: Final = "unknown_failure: control: the certificate is not the pinned one"
_MAX_ADDRESSES: Final = 3
_READ_BYTES: Final = 65_536
# What a control costs is bounded by its answers' sizes; the budget of a measurement is for its target.
_NO_BOUND: Final = 10**12


class Where(Struct, frozen=True, kw_only=True):
    """A control's place, its pin ("" for none), and headers for each request."""

    host: str
    port: int
    pin: str
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(slots=True, kw_only=True)
class Reply:
    """A reply, filled in as it comes. ``first_at`` and ``last_at`` are when its body came, in the network's clock."""

    max_bytes: int
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytearray = field(default_factory=bytearray)
    first_at: float | None = None
    last_at: float = 0.0


@dataclass(slots=True, kw_only=True)
class Line:
    """An open connection. ``usable`` says whether another request may follow; ``n_asked`` how many went before."""

    stream: tls.TlsStream
    where: Where
    clock: Callable[[], float]
    usable: bool = True
    n_asked: int = 0
    _http: h11.Connection = field(default_factory=lambda: h11.Connection(h11.CLIENT))

    async def exchange(self, method: str, target: str, *, reply: Reply, body: bytes = b"") -> None:
        """Make one request and fill in its reply.

        Raises:
            OSError: The connection broke.
            EOFError: It ended within the reply, or the control sent more than ``max_bytes`` or no HTTP.
        """
        self.usable = False
        self.n_asked += 1
        try:
            await self._send(method, target, body)
            while not isinstance(event := await self._next_event(), h11.EndOfMessage):
                self._take(event, reply)
        except h11.RemoteProtocolError as error:
            raise EOFError from error
        if self._http.our_state is h11.DONE and self._http.their_state is h11.DONE:
            self._http.start_next_cycle()
            self.usable = True

    def close(self) -> None:
        """Close at once. May be called twice."""
        self.usable = False
        self.stream.close()

    async def _send(self, method: str, target: str, body: bytes) -> None:
        host = f"[{self.where.host}]" if ":" in self.where.host else self.where.host
        headers = [
            ("Host", host if self.where.port == 443 else f"{host}:{self.where.port}"),
            ("User-Agent", f"raabta/{__version__}"),
            ("Content-Type", "application/json"),
            ("Content-Length", str(len(body))),
            *self.where.headers,
        ]
        head = self._http.send(h11.Request(method=method, target=target, headers=headers)) or b""
        data = self._http.send(h11.Data(data=body)) or b""
        await self.stream.send(head + data + (self._http.send(h11.EndOfMessage()) or b""))

    async def _next_event(self) -> Any:
        while (event := self._http.next_event()) is h11.NEED_DATA:
            self._http.receive_data(await self.stream.receive(_READ_BYTES))
        if isinstance(event, h11.ConnectionClosed):
            raise EOFError
        return event

    def _take(self, event: object, reply: Reply) -> None:
        if isinstance(event, h11.Response):
            reply.status = event.status_code
            reply.headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in event.headers}
        if isinstance(event, h11.Data):
            reply.last_at = self.clock()
            reply.first_at = reply.last_at if reply.first_at is None else reply.first_at
            reply.body += event.data
            if len(reply.body) > reply.max_bytes:
                raise EOFError


async def open_line(network: Network, where: Where, *, settings: ProbeSettings, now: datetime) -> Line | str:
    """Connect to a control; give the failure where nothing at its name stands for it.

    The system's resolver is believed first. Where nothing at its addresses is the control (a false answer, a block by
    address), encrypted resolvers are asked.
    """
    budget = Budget(max_s=_NO_BOUND, max_packets=_NO_BOUND, max_bytes=_NO_BOUND)
    trace = Trace(network=network, zero=network.clock(), budget=budget)
    tried: set[str] = set()
    failure = ""
    for ask in (_by_system, _by_encrypted):
        addresses, why = await ask(trace, where.host, settings)
        failure = failure or why
        for address in [address for address in addresses if address not in tried][:_MAX_ADDRESSES]:
            tried.add(address)
            opened = await _open(trace, address, where=where, settings=settings, now=now)
            if isinstance(opened, Line):
                return opened
            failure = opened
    return failure


async def _open(trace: Trace, address: str, *, where: Where, settings: ProbeSettings, now: datetime) -> Line | str:
    connect, stream = await tcp.connect(trace, address, port=where.port, settings=settings)
    if stream is None:
        return connect.status.failure or WRONG_PIN
    peer = Peer(address=address, port=where.port, name=where.host, transaction_id=connect.transaction_id)
    hello = tls.Hello(alpn=("http/1.1",), verify=not where.pin)
    step, encrypted = await tls.handshake(trace, stream, peer=peer, settings=settings, verify_at=now, hello=hello)
    fits = not where.pin or (step.peer_certificates and pin_of(step.peer_certificates[0].data) == where.pin)
    if encrypted is None or not fits:
        stream.close()
        return step.failure or WRONG_PIN
    return Line(stream=encrypted, where=where, clock=trace.network.clock)


async def _by_system(trace: Trace, host: str, settings: ProbeSettings) -> tuple[list[str], str]:
    if is_address(host):
        return [host], ""
    failure = ""
    for ipv6 in (False, True):
        try:
            async with asyncio.timeout(settings.timeouts.dns_s):
                addresses = await trace.network.resolve(host, ipv6=ipv6)
        except NETWORK_ERRORS as error:
            failure = failure or failure_of(error, operation="resolve")
            continue
        if addresses:
            return addresses, ""
    return [], failure or "dns_no_answer"


async def _by_encrypted(trace: Trace, host: str, settings: ProbeSettings) -> tuple[list[str], str]:
    if is_address(host):
        return [], ""
    failure = ""
    for resolver in settings.encrypted_resolvers:
        query, _ = await dns.look_up(trace, host, query_type="A", resolver=resolver, settings=settings)
        addresses = [answer.ipv4 for answer in query.answers or () if answer.ipv4]
        if addresses:
            return addresses, ""
        failure = failure or query.failure or ""
    return [], failure


def pin_of(certificate: str) -> str:
    """Give the pin of a certificate (base64 DER): base64 of its public key's SHA-256; "" where it cannot be read."""
    try:
        public = x509.load_der_x509_certificate(base64.b64decode(certificate)).public_key()
    except ValueError:
        return ""
    data = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(hashlib.sha256(data).digest()).decode()
