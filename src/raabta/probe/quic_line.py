"""A QUIC connection over a UDP socket of the seam: aioquic's state machine gets datagrams, a clock and its timers here.

It checks no certificate, for the reason given in ``probe.tls``; ``probe.quic`` does.
"""

import asyncio
import contextlib
import logging
import ssl
from collections.abc import Callable
from typing import Final

from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.connection import QuicConnection
from aioquic.quic.events import ConnectionTerminated, HandshakeCompleted, QuicEvent
from cryptography.hazmat.primitives.serialization import Encoding

from raabta.probe.failures import EOF, QUIC_VERSION, TIMEOUT, failure_of_quic
from raabta.probe.network import Datagrams
from raabta.probe.recording import Peer
from raabta.probe.trace import Trace
from raabta.wire.ooni.writing import Event

_SUITES: Final = {
    0x1301: "TLS_AES_128_GCM_SHA256",
    0x1302: "TLS_AES_256_GCM_SHA384",
    0x1303: "TLS_CHACHA20_POLY1305_SHA256",
}
"""RFC 8446 appendix B.4."""
_NO_COMMON_VERSION: Final = "Could not find a common protocol version"
_IDLE: Final = "Idle timeout"
"""What aioquic says of ends that have no error code of their own."""

# aioquic says on stderr what a peer does wrong; here that is data, and stderr belongs to the command.
logging.getLogger("quic").addHandler(logging.NullHandler())


class QuicLine:
    """A QUIC connection under way on one UDP socket. ``ended`` says how it was terminated, None while it was not."""

    def __init__(self, trace: Trace, datagrams: Datagrams, *, peer: Peer, alpn: tuple[str, ...]) -> None:
        self.connection = QuicConnection(configuration=_configuration(peer.name, alpn))
        self.ended: ConnectionTerminated | None = None
        self.n_received = 0
        self.protocol = ""
        self._trace = trace
        self._datagrams = datagrams
        self.peer = peer

    def open(self) -> None:
        """Send the first packet. Raises ``OSError``."""
        self.connection.connect((self.peer.address, self.peer.port), now=self._clock())
        self.flush()

    async def run(self, take: Callable[[QuicEvent], bool]) -> None:
        """Exchange datagrams until ``take`` returns True of an event, or the connection ends.

        Raises:
            OSError: The socket failed. The caller sets the deadline.
            ValueError: ``take`` refused what came.
        """
        while True:
            while (event := self.connection.next_event()) is not None:
                if isinstance(event, ConnectionTerminated):
                    self.ended = event
                    return
                if isinstance(event, HandshakeCompleted):
                    self.protocol = event.alpn_protocol or ""
                if take(event):
                    self.flush()
                    return
            self.flush()
            await self._step()

    def flush(self) -> None:
        """Send what the connection wants to send. Raises ``OSError``."""
        for data, _ in self.connection.datagrams_to_send(now=self._clock()):
            t0 = self._trace.now()
            self._datagrams.send(data)
            self.note("write_to", t0=t0, n_bytes=len(data))

    def close(self) -> None:
        """Say good-bye and close the socket. May be called twice."""
        self.connection.close()
        with contextlib.suppress(OSError):  # the peer will notice by itself
            self.flush()
        self._datagrams.close()

    def note(self, operation: str, *, t0: float, failure: str | None = None, n_bytes: int | None = None) -> Event:
        """Write down one event of this connection, and what it spends."""
        event = Event(
            operation=operation,
            t0=t0,
            t=self._trace.now(),
            failure=failure,
            address=self.peer.endpoint,
            num_bytes=n_bytes,
            proto="udp",
            transaction_id=self.peer.transaction_id,
        )
        self._trace.events.append(event)
        if n_bytes:
            self._trace.budget.spend(packets=1, octets=n_bytes)
        return event

    async def _step(self) -> None:
        """Wait for a datagram or for the connection's timer, whichever comes first."""
        timer = self.connection.get_timer()
        t0 = self._trace.now()
        try:
            async with asyncio.timeout(None if timer is None else max(0.0, timer - self._clock())):
                data, _ = await self._datagrams.receive()
        except TimeoutError:
            self.connection.handle_timer(now=self._clock())
            return
        self.n_received += len(data)
        self.note("read_from", t0=t0, n_bytes=len(data))
        # The socket is connected: whoever it hears is the peer, whatever form its address has here.
        self.connection.receive_datagram(data, (self.peer.address, self.peer.port), now=self._clock())

    def _clock(self) -> float:
        return self._trace.network.clock()

    def chain(self) -> list[bytes]:
        """The certificates that the peer sent, DER, leaf first; empty before they came."""
        if not hasattr(self.connection, "tls"):
            return []
        tls = self.connection.tls
        leaf = tls._peer_certificate  # noqa: SLF001  aioquic has no public way
        others = tls._peer_certificate_chain  # noqa: SLF001
        return [item.public_bytes(Encoding.DER) for item in ([leaf, *others] if leaf else [])]

    def cipher_suite(self) -> str:
        """The suite's name, "" before a ServerHello."""
        schedule = self.connection.tls.key_schedule if hasattr(self.connection, "tls") else None
        return _SUITES.get(int(schedule.cipher_suite), "") if schedule else ""


def failure_of_end(line: QuicLine) -> str | None:
    """Say in df-007 words why a connection ended, None if it did not."""
    end = line.ended
    if end is None:
        return None
    if end.reason_phrase == _NO_COMMON_VERSION:
        return QUIC_VERSION
    if end.reason_phrase == _IDLE:
        return TIMEOUT
    # The phrase is the peer's: only our own library's words about a certificate would be worth reading.
    return failure_of_quic(end.error_code) if end.error_code else EOF


def _configuration(server_name: str, alpn: tuple[str, ...]) -> QuicConfiguration:
    return QuicConfiguration(
        alpn_protocols=list(alpn),
        server_name=server_name or None,
        verify_mode=ssl.CERT_NONE,
        max_data=WINDOW_BYTES,
        max_stream_data=STREAM_WINDOW_BYTES,
    )


WINDOW_BYTES: Final = 131_072
STREAM_WINDOW_BYTES: Final = 32_768
"""What a server may send before we read: a page over HTTP/3 is cut at 16 kB, and more would only cost the line."""
