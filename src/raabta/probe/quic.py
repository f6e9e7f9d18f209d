"""One QUIC handshake, and one packet that asks for the versions.

Not done: 0-RTT, migration, sessions.
"""

import asyncio
import base64
import contextlib
import os
from datetime import datetime
from typing import Final

from aioquic.quic.events import HandshakeCompleted

from raabta.probe.failures import NETWORK_ERRORS, failure_of
from raabta.probe.network import Datagrams
from raabta.probe.quic_line import QuicLine, failure_of_end
from raabta.probe.recording import Peer, numbered
from raabta.probe.settings import ProbeSettings
from raabta.probe.tls import Hello
from raabta.probe.trace import Trace
from raabta.probe.trust import trust_anchors
from raabta.wire.ooni.writing import Certificate, Handshake
from raabta.wire.quic import build_version_probe, read_version_negotiation
from raabta.wire.x509 import check_chain

H3: Final = Hello(alpn=("h3",))
_ALERTS: Final = 0x100
"""Transport errors from here on carry a TLS alert (RFC 9000 section 20.1)."""
VERSIONS_S: Final = 3.0
"""For the question for versions, which needs one round trip."""
VERSIONS_AGAIN_S: Final = 1.0
"""When that question is sent once more: a lost datagram is no silence. Longer than a round trip by satellite."""


async def handshake(
    trace: Trace, *, peer: Peer, settings: ProbeSettings, verify_at: datetime, hello: Hello = H3
) -> tuple[Handshake, QuicLine | None]:
    """Take the step "QUIC handshake".

    Args:
        trace: Gets the events, and has the network.
        peer: End point and server name ("" sends none).
        settings: Deadline and trust store.
        verify_at: The time at which certificates are checked.
        hello: Protocols to offer and whether to judge the certificate; ``split`` means nothing here.

    Returns:
        The observation, and the connection if the handshake went well and the chain is good. The caller closes it.
    """
    trace.check_budget()
    peer = numbered(trace, peer)
    t0 = trace.now()
    try:
        datagrams = trace.network.open_udp(peer.address, peer.port)
    except OSError as error:
        return _observed(peer, failure_of(error, operation="quic_handshake"), t0=t0, t=trace.now()), None
    line = QuicLine(trace, datagrams, peer=peer, alpn=hello.alpn)
    line.note("quic_handshake_start", t0=t0)
    try:
        async with asyncio.timeout(settings.timeouts.quic_s):
            line.open()
            await line.run(lambda event: isinstance(event, HandshakeCompleted))
        failure = failure_of_end(line)
    except NETWORK_ERRORS as error:
        failure = failure_of(error, operation="quic_handshake")
    step = _observed(peer, failure, t0=t0, t=trace.now())
    chain = line.chain()
    if failure is None and hello.verify:
        fault = check_chain(chain, server_name=peer.name, anchors=trust_anchors(settings), at=verify_at)
        step.failure = fault.failure if fault else None
    step.no_tls_verify = not hello.verify
    step.peer_certificates = [Certificate(data=base64.b64encode(der).decode()) for der in chain]
    step.cipher_suite = line.cipher_suite()
    step.tls_version = "TLSv1.3" if chain else ""
    step.negotiated_protocol = line.protocol
    if line.ended and _ALERTS <= line.ended.error_code < _ALERTS + 256:
        step.x_alert = line.ended.error_code - _ALERTS
    line.note("quic_handshake_done", t0=t0, failure=step.failure)
    if step.failure is None:
        return step, line
    line.close()
    return step, None


async def ask_versions(trace: Trace, *, peer: Peer, settings: ProbeSettings) -> tuple[str | None, tuple[int, ...]]:
    """Send a packet of a version that nobody speaks, and say what versions the server names in return.

    Returns:
        A failure and no versions, or None and the versions (RFC 9000 section 6).
    """
    peer = numbered(trace, peer)
    try:
        datagrams = trace.network.open_udp(peer.address, peer.port)
    except OSError as error:
        return failure_of(error, operation="quic_handshake"), ()
    try:
        async with asyncio.timeout(min(VERSIONS_S, settings.timeouts.quic_s)):
            return None, await _ask_versions(trace, datagrams)
    except NETWORK_ERRORS as error:
        return failure_of(error, operation="quic_handshake"), ()
    finally:
        datagrams.close()


async def _ask_versions(trace: Trace, datagrams: Datagrams) -> tuple[int, ...]:
    source_id = os.urandom(8)
    question = build_version_probe(destination_id=os.urandom(8), source_id=source_id)
    for wait_s in (VERSIONS_AGAIN_S, None):
        datagrams.send(question)
        trace.budget.spend(packets=1, octets=len(question))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(wait_s):
                return await _hear_versions(trace, datagrams, source_id)
    raise TimeoutError


async def _hear_versions(trace: Trace, datagrams: Datagrams, source_id: bytes) -> tuple[int, ...]:
    while True:
        data, _ = await datagrams.receive()
        trace.budget.spend(packets=1, octets=len(data))
        answer = read_version_negotiation(data)
        if answer is not None and answer.destination_id == source_id:
            return answer.versions


def _observed(peer: Peer, failure: str | None, *, t0: float, t: float) -> Handshake:
    return Handshake(
        address=peer.endpoint,
        server_name=peer.name,
        network="udp",
        failure=failure,
        t0=t0,
        t=t,
        transaction_id=peer.transaction_id,
    )
