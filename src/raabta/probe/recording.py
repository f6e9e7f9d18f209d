"""A stream that writes down what passes it: df-008 events, and what the budget spends.

Every read is an event of its own at first. A long transfer would give hundreds, so that later reads close together are
one event, whose ``t`` is the last read's: the sum of bytes, the first and the last arrival stay exact.
"""

from dataclasses import dataclass, replace
from typing import Final

from raabta.probe.failures import failure_of
from raabta.probe.network import IcmpError, Stream, TcpInfo
from raabta.probe.trace import Trace
from raabta.wire.ooni.writing import Event

N_SINGLE_READS: Final = 12
"""Reads of a connection that get an event each: a handshake and a page's beginning."""
MERGED_S: Final = 0.1
"""Later reads are merged while they come within this time of the first of them. Judgement."""
SEGMENT_BYTES: Final = 1400
"""Payload of a usual packet, to estimate packets from bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """Whom a connection is with: the end point, the name that is asked for there, the connection's number."""

    address: str
    port: int
    name: str = ""
    transaction_id: int = 0

    @property
    def endpoint(self) -> str:
        """Address and port as df-006 and df-008 write them."""
        return f"[{self.address}]:{self.port}" if ":" in self.address else f"{self.address}:{self.port}"


def numbered(trace: Trace, peer: Peer) -> Peer:
    """Give the peer with a transaction number, a new one where the connection has none yet."""
    return peer if peer.transaction_id else replace(peer, transaction_id=trace.next_id())


class RecordedStream:
    """A ``Stream`` over another, with events. Failures are written down and raised on."""

    def __init__(self, trace: Trace, stream: Stream, *, peer: Peer) -> None:
        self.n_received = 0
        self._trace = trace
        self._stream = stream
        self._peer = peer
        self._n_reads = 0
        self._merged: Event | None = None
        self._merged_at = 0.0

    async def send(self, data: bytes) -> None:
        """Send all of ``data``."""
        t0 = self._trace.now()
        try:
            await self._stream.send(data)
        except OSError as error:
            self.note("write", t0=t0, failure=failure_of(error, operation="write"))
            raise
        self.note("write", t0=t0, n_bytes=len(data))
        self._spend(len(data))

    async def receive(self, limit: int = 65536) -> bytes:
        """Give what arrives; b"" at the end of the stream."""
        t0 = self._trace.now()
        try:
            data = await self._stream.receive(limit)
        except OSError as error:
            self.note("read", t0=t0, failure=failure_of(error, operation="read"))
            raise
        if not data:
            self.note("read", t0=t0, failure="eof_error")
            return data
        self.n_received += len(data)
        self._spend(len(data))
        self._note_read(t0, len(data))
        return data

    def set_ttl(self, hops: int) -> None:
        """Let packets from now on live for ``hops`` routers."""
        self._stream.set_ttl(hops)

    def info(self) -> TcpInfo:
        """Ask the kernel."""
        return self._stream.info()

    def icmp(self) -> IcmpError | None:
        """Give the ICMP error that arrived for this connection."""
        return self._stream.icmp()

    def close(self) -> None:
        """Close the connection underneath."""
        self._stream.close()

    def note(self, operation: str, *, t0: float, failure: str | None = None, n_bytes: int | None = None) -> Event:
        """Write down one event of this connection."""
        event = Event(
            operation=operation,
            t0=t0,
            t=self._trace.now(),
            failure=failure,
            address=self._peer.endpoint,
            num_bytes=n_bytes,
            proto="tcp",
            transaction_id=self._peer.transaction_id,
        )
        self._trace.events.append(event)
        return event

    def _note_read(self, t0: float, n_bytes: int) -> None:
        self._n_reads += 1
        merged = self._merged
        now = self._trace.now()
        if merged is not None and now - self._merged_at < MERGED_S:
            merged.num_bytes = (merged.num_bytes or 0) + n_bytes
            merged.t = now
            return
        event = self.note("read", t0=t0, n_bytes=n_bytes)
        self._merged = event if self._n_reads > N_SINGLE_READS else None
        self._merged_at = now

    def _spend(self, n_bytes: int) -> None:
        self._trace.budget.spend(packets=1 + n_bytes // SEGMENT_BYTES, octets=n_bytes)
