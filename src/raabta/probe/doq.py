"""DNS over QUIC (RFC 9250): aioquic's state machine, driven by whoever waits for an answer.

Nothing runs in the background: between two queries a kept connection sleeps, and what arrived meanwhile is read when
the next query is asked. aioquic checks the certificate, at the machine's own time.
"""

import asyncio
import contextlib
import ssl
from typing import Final

from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.connection import QuicConnection
from aioquic.quic.events import ConnectionTerminated, HandshakeCompleted, QuicEvent, StreamDataReceived
from aioquic.quic.packet import QuicErrorCode

from raabta.probe.asking import Progress, Reply
from raabta.probe.failures import EOF, QUIC_VERSION, TIMEOUT, failure_of_quic
from raabta.probe.network import Datagrams, Network
from raabta.probe.settings import Resolver

_PEER: Final = ("resolver", 0)
"""aioquic tells paths apart by address; a connected socket has one."""
_NO_ERROR: Final = 0
"""DOQ_NO_ERROR (RFC 9250 section 4.3)."""
_IDLE_S: Final = 30.0
"""A kept connection is given up after this; servers close theirs after 30 s or so."""


class Quic:
    """One QUIC connection to a resolver."""

    def __init__(self, datagrams: Datagrams, network: Network, configuration: QuicConfiguration) -> None:
        self._datagrams = datagrams
        self._network = network
        self._quic = QuicConnection(configuration=configuration)

    async def handshake(self) -> Reply:
        """Shake hands: an empty reply, or why not. Raises ``OSError``."""
        self._quic.connect(_PEER, now=self._network.clock())
        while True:
            match await self._next_event():
                case HandshakeCompleted():
                    return Reply()
                case ConnectionTerminated() as event:
                    return Reply(failure=_failure(event))
                case _:
                    continue

    async def ask(self, query: bytes) -> Reply:
        """Send one query on a stream of its own and give its answer. Raises ``OSError``."""
        stream_id = self._quic.get_next_available_stream_id()
        self._quic.send_stream_data(stream_id, len(query).to_bytes(2, "big") + query, end_stream=True)
        received = b""
        while True:
            match await self._next_event():
                case StreamDataReceived() as event if event.stream_id == stream_id:
                    received += event.data
                    if event.end_stream or len(received) >= 2 + int.from_bytes(received[:2], "big") > 2:
                        return Reply(received[2:])
                case ConnectionTerminated() as event:
                    return Reply(failure=_failure(event))
                case _:
                    continue

    async def _next_event(self) -> QuicEvent:
        while True:
            event = self._quic.next_event()
            if event is not None:
                return event
            self._flush()
            await self._wait()

    async def _wait(self) -> None:
        """Wait for a datagram, or for the state machine's own timer."""
        timer = self._quic.get_timer()
        try:
            async with asyncio.timeout(None if timer is None else max(0.0, timer - self._network.clock())):
                data, _ = await self._datagrams.receive()
        except TimeoutError:
            self._quic.handle_timer(now=self._network.clock())
        else:
            self._quic.receive_datagram(data, _PEER, now=self._network.clock())

    def _flush(self) -> None:
        for data, _ in self._quic.datagrams_to_send(now=self._network.clock()):
            self._datagrams.send(data)

    def close(self) -> None:
        """Say goodbye and close at once."""
        self._quic.close(error_code=_NO_ERROR)
        with contextlib.suppress(OSError):  # the other side may be gone
            self._flush()
        self._datagrams.close()


async def open_quic(network: Network, resolver: Resolver, *, trust_pem: str, progress: Progress) -> Quic | Reply:
    """Open a connection, or say why there is none. Raises ``OSError``."""
    progress.operation = "quic_handshake"
    configuration = QuicConfiguration(
        is_client=True,
        alpn_protocols=["doq"],
        server_name=resolver.name or resolver.address,
        cadata=trust_pem.encode() or None,
        verify_mode=ssl.CERT_REQUIRED,
        idle_timeout=_IDLE_S,
    )
    connection = Quic(network.open_udp(resolver.address, resolver.port), network, configuration)
    try:
        reply = await connection.handshake()
    except BaseException:
        connection.close()
        raise
    if reply.failure is not None:
        connection.close()
        return reply
    return connection


def _failure(event: ConnectionTerminated) -> str:
    """Class the end of a connection. aioquic names its own time-out and a lack of common versions in words."""
    match event.error_code:
        case QuicErrorCode.INTERNAL_ERROR if "timeout" in event.reason_phrase.lower():
            return TIMEOUT
        case QuicErrorCode.VERSION_NEGOTIATION_ERROR:
            return QUIC_VERSION
        case 0:
            return EOF
        case code:
            return failure_of_quic(code, reason=event.reason_phrase)
