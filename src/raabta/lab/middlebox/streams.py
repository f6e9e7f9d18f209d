"""What a connection's client says in clear, read from its packets: DNS query, ClientHello, request, QUIC packet.

Segments are put together in order, whatever order they come in (RFC 9293 section 3.10.7.4), so that splitting a first
message hides nothing. Reading ends with the first message: what follows on the connection is not looked at.
"""

import re
from dataclasses import dataclass, field
from typing import Final

from raabta.lab.servers.message import Question, read_question
from raabta.wire.packet import SYN, TCP, UDP, Packet
from raabta.wire.quic import InitialReader, read_long_header
from raabta.wire.tls import ClientHello, find_client_hello, may_be_hello

MAX_STREAM_BYTES: Final = 16_384
"""Kept of one connection's first message. Hellos have up to 2 kB, heads of requests up to 8 kB."""
MAX_AHEAD: Final = 8
"""Segments kept that came before their turn."""

_METHOD: Final = re.compile(rb"(?:GET|HEAD|POST|PUT|DELETE|OPTIONS|PATCH|CONNECT) ")
_HOST: Final = re.compile(rb"\r\nhost:[ \t]*([^\r\n:]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Request:
    """The head of an HTTP request in clear. ``host`` is lower-case, without the port."""

    head: bytes
    host: str


@dataclass(frozen=True, slots=True)
class QuicPacket:
    """A QUIC packet with a long header, and the ClientHello if it is whole by now."""

    version: int
    hello: ClientHello | None


Message = Question | ClientHello | Request | QuicPacket


@dataclass(slots=True)
class Stream:
    """The beginning of one direction of a TCP connection."""

    base: int
    joined: bytearray = field(default_factory=bytearray)
    ahead: dict[int, bytes] = field(default_factory=dict)

    def add(self, seq: int, data: bytes) -> None:
        """Take one segment. Repeated bytes are kept as they first came."""
        place = (seq - self.base) % 2**32
        if place + len(data) > MAX_STREAM_BYTES:
            return
        if place > len(self.joined):
            if len(self.ahead) < MAX_AHEAD:
                self.ahead.setdefault(place, data)
            return
        self.joined += data[len(self.joined) - place :]
        for later in sorted(self.ahead):
            if later <= len(self.joined):
                self.joined += self.ahead.pop(later)[len(self.joined) - later :]


@dataclass(slots=True)
class Reader:
    """Reads one connection's client. ``feed`` takes packets from the client only."""

    stream: Stream | None = None
    initial: InitialReader | None = None
    is_done: bool = False

    def feed(self, packet: Packet) -> Message | None:
        """Take a packet; give the message that it makes whole."""
        if packet.protocol == UDP:
            return self._feed_datagram(packet)
        if packet.protocol != TCP or self.is_done:
            return None
        if packet.flags & SYN:
            self.stream = Stream((packet.seq + 1) % 2**32)
        if packet.n_payload_bytes == 0:
            return None
        if self.stream is None:
            self.stream = Stream(packet.seq)
        self.stream.add(packet.seq, packet.payload)
        return self._read(bytes(self.stream.joined), packet.destination_port)

    def _read(self, data: bytes, port: int) -> Message | None:
        message: Message | None = None
        if port == 53:
            # RFC 1035 section 4.2.2: two bytes of length come first.
            size = int.from_bytes(data[:2], "big")
            self.is_done = len(data) >= 2 + size > 2
            message = read_question(data[2 : 2 + size]) if self.is_done else None
        elif may_be_hello(data):
            message = find_client_hello(data)
            self.is_done = message is not None
        elif len(data) < 8 or _METHOD.match(data):
            head, end, _ = data.partition(b"\r\n\r\n")
            self.is_done = bool(end)
            message = Request(head + end, host_of(head)) if end else None
        else:
            self.is_done = True
        if self.is_done:
            self.stream = None
        return message

    def _feed_datagram(self, packet: Packet) -> Message | None:
        if packet.destination_port == 53:
            return read_question(packet.payload)
        header = read_long_header(packet.payload)
        if header is None:
            return None
        self.initial = self.initial or InitialReader()
        return QuicPacket(header.version, self.initial.feed(packet.payload))


def host_of(head: bytes) -> str:
    """Give the Host of a request's head, lower-case, without the port; empty if there is none."""
    found = _HOST.search(head)
    return found[1].decode("latin-1").strip().lower() if found else ""
