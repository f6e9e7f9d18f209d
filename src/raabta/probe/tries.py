"""One try of a follow-up: connect, shake hands, ask for a page, as far as its kind needs it; and several tries as one.

A try gives a ``Contrast``. Its ``detail`` says how far it came: ``tcp`` or ``tls`` where it ended before the step that
the follow-up is about; ``completed``; ``alert N`` and the name of a certificate's fault, which are answers too;
``status N`` for a page.
"""

import asyncio
import os
from collections import Counter
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from raabta.model.followup import FollowUp
from raabta.probe import http, tcp, tls
from raabta.probe.failures import EOF, NETWORK_ERRORS, failure_of
from raabta.probe.network import Stream
from raabta.probe.recording import Peer, RecordedStream
from raabta.probe.settings import ProbeSettings
from raabta.probe.signs import page_signs
from raabta.probe.tls import Hello
from raabta.probe.trace import Trace
from raabta.reference.tables import Tables
from raabta.wire.ooni.writing import Connect, Contrast, Handshake
from raabta.wire.tls import ALERT, ECH_NOISE_BYTES, HANDSHAKE, with_grease_ech

CLEAR_PORT: Final = 80
"""The port where requests are made in clear; at every other one in TLS."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A follow-up with all that is needed to take it. ``now`` is when certificates are checked.

    ``tables`` know pages and special addresses; without them no page is looked at.
    """

    trace: Trace
    follow_up: FollowUp
    settings: ProbeSettings
    now: datetime
    asn_of: Callable[[str], int]
    tables: Tables | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a try goes, and by which name."""

    address: str
    port: int
    name: str = ""

    @classmethod
    def of(cls, asked: Asked, *, name: str | None = None, port: int | None = None) -> "Place":
        """The end point of the follow-up, by another name or port where one is given."""
        follow_up = asked.follow_up
        return cls(
            address=follow_up.address,
            port=follow_up.port if port is None else port,
            name=follow_up.name if name is None else name,
        )

    def peer(self, transaction_id: int = 0) -> Peer:
        """The end point as the steps take it."""
        return Peer(address=self.address, port=self.port, name=self.name, transaction_id=transaction_id)


Try = Callable[[], Coroutine[Any, Any, Contrast]]


async def repeat(asked: Asked, attempt: Try) -> Contrast:
    """Take a try ``n`` times, all at once: a block that lingers after one try would spoil the next.

    ``failure`` is the failure seen most often, None if there was none.
    """
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(attempt()) for _ in range(max(1, asked.follow_up.n))]
    tries = [task.result() for task in tasks]
    failures = Counter(item.failure for item in tries if item.failure is not None)
    worst = failures.most_common(1)[0][0] if failures else None
    whole = next(item for item in tries if item.failure == worst)
    whole.n = len(tries)
    whole.n_good = sum(item.n_good for item in tries)
    whole.t0 = min(item.t0 for item in tries)
    whole.t = max(item.t for item in tries)
    whole.rtt_ms = min((item.rtt_ms for item in tries if item.rtt_ms is not None), default=None)
    return whole


def not_asked(asked: Asked, reason: str) -> Contrast:
    """Say that a follow-up could not be taken: no tries."""
    return Contrast(kind=asked.follow_up.kind, n=0, detail=reason)


async def shake(asked: Asked, place: Place, *, hello: Hello = tls.PLAIN, any_answer: bool = False) -> Contrast:
    """Connect and shake hands.

    Args:
        asked: The follow-up.
        place: Where to.
        hello: How to open the handshake.
        any_answer: Whether an alert or a bad certificate counts as success: the server answered.
    """
    connect, stream = await _connect(asked, place)
    if stream is None:
        return _not_connected(asked, place, connect)
    peer = place.peer(connect.transaction_id)
    try:
        step, _ = await tls.handshake(
            asked.trace, stream, peer=peer, settings=asked.settings, verify_at=asked.now, hello=hello
        )
    finally:
        stream.close()
    return of_handshake(asked, place, step=step, any_answer=any_answer, rtt_ms=connect.x_rtt_ms)


def of_handshake(
    asked: Asked, place: Place, *, step: Handshake, any_answer: bool, rtt_ms: float | None = None
) -> Contrast:
    """Make a contrast of a TLS or QUIC handshake."""
    answered = step.failure is None or step.x_alert is not None or bool(step.peer_certificates)
    detail = "completed" if step.failure is None else ""
    if step.failure is not None and answered:
        detail = step.failure if step.x_alert is None else f"alert {step.x_alert}"
    result = contrast(
        asked, place, failure=None if any_answer and answered else step.failure, t0=step.t0, t=step.t, detail=detail
    )
    result.rtt_ms = rtt_ms
    result.transaction_id = step.transaction_id
    return result


async def first_answer_to_ech(asked: Asked, place: Place) -> Contrast:
    """Send a ClientHello with a GREASE ECH extension and see whether the server's first record comes.

    OpenSSL did not make that extension and could not go on, so that the handshake ends there.
    """
    trace = asked.trace
    connect, stream = await _connect(asked, place)
    if stream is None:
        return _not_connected(asked, place, connect)
    peer = place.peer(connect.transaction_id)
    raw = RecordedStream(trace, stream, peer=peer)
    hello = with_grease_ech(tls.client_hello(place.name), noise=os.urandom(ECH_NOISE_BYTES))
    t0 = trace.now()
    failure: str | None = None
    detail = ""
    try:
        async with asyncio.timeout(asked.settings.timeouts.tls_s):
            await raw.send(hello)
            answer = await raw.receive()
        failure = None if answer else EOF
        detail = _first_record(answer)
    except NETWORK_ERRORS as error:
        failure = failure_of(error, operation="tls_handshake")
    finally:
        stream.close()
    result = contrast(asked, place, failure=failure, t0=t0, t=trace.now(), detail=detail)
    result.rtt_ms, result.transaction_id = connect.x_rtt_ms, connect.transaction_id
    return result


async def fetch(asked: Asked, place: Place, *, path: str, verify: bool = True) -> Contrast:
    """Ask for a page: in clear on port 80, in TLS elsewhere.

    Times are those of request and answer. Bytes are all that were read on the connection, TLS and headers included, as
    ``wire.ooni.events`` counts those of a page: a transfer that stopped can then be compared with its repeat.
    """
    connect, stream = await _connect(asked, place)
    if stream is None:
        return _not_connected(asked, place, connect)
    try:
        result = await _fetch(asked, place, stream, connect=connect, path=path, verify=verify)
    finally:
        stream.close()
    result.rtt_ms, result.transaction_id = connect.x_rtt_ms, connect.transaction_id
    result.received_bytes = _bytes_read(asked.trace, connect.transaction_id)
    return result


def _bytes_read(trace: Trace, transaction_id: int) -> int:
    reads = (event for event in trace.events if event.operation == "read" and event.transaction_id == transaction_id)
    return sum(event.num_bytes or 0 for event in reads)


async def _fetch(asked: Asked, place: Place, stream: Stream, *, connect: Connect, path: str, verify: bool) -> Contrast:
    trace, settings = asked.trace, asked.settings
    peer = place.peer(connect.transaction_id)
    scheme = "http" if place.port == CLEAR_PORT else "https"
    line: Stream = stream
    if scheme == "https":
        step, encrypted = await tls.handshake(
            trace, stream, peer=peer, settings=settings, verify_at=asked.now, hello=Hello(verify=verify)
        )
        if encrypted is None:
            return contrast(asked, place, failure=step.failure, t0=step.t0, t=step.t, detail="tls")
        line = encrypted
    host = f"[{place.name}]" if ":" in place.name else place.name
    exchange, body = await http.get(
        trace, line, url=f"{scheme}://{host}:{place.port}{path}", peer=peer, settings=settings
    )
    detail = f"status {exchange.response.code}" if exchange.response else ""
    result = contrast(asked, place, failure=exchange.failure, t0=exchange.t0, t=exchange.t, detail=detail)
    if asked.tables is not None and asked.follow_up.kind == "dns.odd_page" and exchange.response is not None:
        response = exchange.response
        signs = page_signs(body, headers=response.headers, status=response.code, tables=asked.tables)
        result.detail = signs.kind or ("refusal" if signs.refusal else result.detail)
    return result


def contrast(asked: Asked, place: Place, *, failure: str | None, t0: float, t: float, detail: str = "") -> Contrast:
    """Write down one try."""
    return Contrast(
        kind=asked.follow_up.kind,
        address=place.address,
        port=place.port,
        name=place.name,
        failure=failure,
        n=1,
        n_good=int(failure is None),
        t0=t0,
        t=t,
        detail=detail,
    )


async def _connect(asked: Asked, place: Place) -> tuple[Connect, Stream | None]:
    return await tcp.connect(asked.trace, place.address, port=place.port, settings=asked.settings, asn_of=asked.asn_of)


def _not_connected(asked: Asked, place: Place, connect: Connect) -> Contrast:
    result = contrast(asked, place, failure=connect.status.failure, t0=connect.t0, t=connect.t, detail="tcp")
    result.transaction_id = connect.transaction_id
    if connect.x_icmp is not None:
        result.sender, result.asn = connect.x_icmp.sender, connect.x_icmp.asn
    return result


def _first_record(answer: bytes) -> str:
    if not answer:
        return ""
    if answer[0] == ALERT:
        return f"alert {answer[6]}" if len(answer) > 6 else "alert"
    return "answered" if answer[0] == HANDSHAKE else "no TLS"
