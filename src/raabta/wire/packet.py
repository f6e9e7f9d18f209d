"""IP packets as bytes: IPv4 and IPv6 with TCP, UDP and ICMP, read and built with their checksums.

Reading looks no further than the ports, flags and numbers that somebody on the path needs. Building makes whole packets
for a raw socket, mostly as answers to a packet that was read: a reset towards its sender, the data that a server would
have sent, an ICMP error about it.

Sources: RFC 791, 792, 768, 9293, 8200, 4443. Not done: IPv4 options when building, IPv6 extension headers other than
as an unknown protocol, TCP options. Later fragments of IPv4 packets have no ports.
"""

import struct
from dataclasses import dataclass
from typing import Final

ICMP: Final = 1
"""Protocol numbers (IANA)."""
TCP: Final = 6
UDP: Final = 17
ICMP6: Final = 58

FIN: Final = 0x01
"""TCP flags (RFC 9293 section 3.1)."""
SYN: Final = 0x02
RST: Final = 0x04
PSH: Final = 0x08
ACK: Final = 0x10

DEFAULT_TTL: Final = 64
_QUOTE_BYTES: Final = 548
"""How much of a packet an ICMP error quotes: the error has at most 576 bytes (RFC 1812 section 4.3.2.3)."""
_WINDOW: Final = 65_535

_IPV4: Final = struct.Struct("!BBHHHBBH4s4s")
_IPV6: Final = struct.Struct("!IHBB16s16s")
_TCP: Final = struct.Struct("!HHIIBBHHH")
_TCP_READ: Final = struct.Struct("!HHIIBB")
_UDP: Final = struct.Struct("!HHHH")
_PORTS: Final = struct.Struct("!HH")


@dataclass(slots=True)
class Packet:
    """A packet as it was read. Addresses are packed (4 or 16 bytes); ``at`` is where its transport header begins.

    Ports are 0 where the protocol has none. ``seq``, ``ack`` and ``flags`` are TCP's. ``payload_at`` and ``end`` bound
    what the transport carries. ``ttl`` is the hop limit of IPv6.
    """

    data: bytes
    protocol: int
    source: bytes
    destination: bytes
    ttl: int
    at: int
    payload_at: int
    end: int
    source_port: int = 0
    destination_port: int = 0
    seq: int = 0
    ack: int = 0
    flags: int = 0

    @property
    def payload(self) -> bytes:
        """What the transport carries."""
        return self.data[self.payload_at : self.end]

    @property
    def n_payload_bytes(self) -> int:
        """How much the transport carries."""
        return self.end - self.payload_at

    @property
    def is_ipv6(self) -> bool:
        """Whether it is IPv6."""
        return len(self.source) == 16


@dataclass(frozen=True, slots=True)
class Ends:
    """Where a packet comes from and goes to: packed addresses and ports."""

    source: bytes
    destination: bytes
    source_port: int
    destination_port: int

    @property
    def reverse(self) -> "Ends":
        """The way back."""
        return Ends(self.destination, self.source, self.destination_port, self.source_port)


def read_packet(data: bytes) -> Packet | None:
    """Read one IP packet; None if it is none or is cut off before its transport's header ends."""
    if len(data) < 20:
        return None
    if data[0] >> 4 == 4:
        _, _, size, _, fragment, ttl, protocol, _, source, destination = _IPV4.unpack_from(data)
        at = (data[0] & 15) * 4
        end = min(size, len(data))
        if fragment & 0x1FFF:
            return Packet(data, protocol, source, destination, ttl, at, at, end) if at <= end else None
    elif data[0] >> 4 == 6 and len(data) >= 40:
        _, size, protocol, ttl, source, destination = _IPV6.unpack_from(data)
        at = 40
        end = min(40 + size, len(data))
    else:
        return None
    return _with_transport(Packet(data, protocol, source, destination, ttl, at, at, end))


def _with_transport(packet: Packet) -> Packet | None:
    at = packet.at
    if packet.protocol == TCP:
        if packet.end < at + 20:
            return None
        packet.source_port, packet.destination_port, packet.seq, packet.ack, words, packet.flags = (
            _TCP_READ.unpack_from(packet.data, at)
        )
        packet.payload_at = min(at + (words >> 4) * 4, packet.end)
    elif packet.protocol == UDP:
        if packet.end < at + 8:
            return None
        packet.source_port, packet.destination_port = _PORTS.unpack_from(packet.data, at)
        packet.payload_at = at + 8
    elif packet.protocol in {ICMP, ICMP6}:
        packet.payload_at = min(at + 8, packet.end)
    return packet if at <= packet.end else None


def ends_of(packet: Packet) -> Ends:
    """Where a packet comes from and goes to."""
    return Ends(packet.source, packet.destination, packet.source_port, packet.destination_port)


def checksum(data: bytes) -> int:
    """Compute the internet checksum (RFC 1071)."""
    if len(data) % 2:
        data += b"\x00"
    # 2**16 is 1 modulo 65535: the remainder of the whole number is the sum of its 16-bit words, end carries added.
    number = int.from_bytes(data, "big")
    return 0xFFFF - (number % 0xFFFF or (0xFFFF if number else 0))


def build_ip(ends: Ends, transport: bytes, *, protocol: int, ttl: int = DEFAULT_TTL) -> bytes:
    """Put a transport's bytes, complete with checksum, into an IPv4 or IPv6 packet."""
    if len(ends.source) == 16:
        return _IPV6.pack(0x60000000, len(transport), protocol, ttl, ends.source, ends.destination) + transport
    size = 20 + len(transport)
    # Don't fragment (0x4000), identification 0: RFC 6864 section 4.1.
    bare = _IPV4.pack(0x45, 0, size, 0, 0x4000, ttl, protocol, 0, ends.source, ends.destination)
    return bare[:10] + checksum(bare).to_bytes(2, "big") + bare[12:] + transport


def build_tcp(ends: Ends, *, seq: int, ack: int = 0, flags: int, payload: bytes = b"") -> bytes:
    """Build a TCP segment as a whole packet."""
    ports = (ends.source_port, ends.destination_port)
    window = 0 if flags & RST else _WINDOW
    header = _TCP.pack(*ports, seq % 2**32, ack % 2**32, 5 << 4, flags, window, 0, 0)
    return build_ip(ends, _summed(ends, header + payload, protocol=TCP, place=16), protocol=TCP)


def build_udp(ends: Ends, payload: bytes) -> bytes:
    """Build a UDP datagram as a whole packet."""
    header = _UDP.pack(ends.source_port, ends.destination_port, 8 + len(payload), 0)
    return build_ip(ends, _summed(ends, header + payload, protocol=UDP, place=6), protocol=UDP)


def tcp_to_sender(packet: Packet, *, flags: int, payload: bytes = b"", offset: int = 0) -> bytes:
    """Build a segment towards a segment's sender that continues the stream as its receiver would.

    ``offset`` is how many bytes of that stream were already sent so. The whole of ``packet`` is acknowledged.
    """
    n_numbers = packet.n_payload_bytes + bool(packet.flags & SYN) + bool(packet.flags & FIN)
    seq = packet.ack + offset if packet.flags & ACK else 0
    return build_tcp(ends_of(packet).reverse, seq=seq, ack=packet.seq + n_numbers, flags=flags | ACK, payload=payload)


def tcp_to_receiver(packet: Packet, *, flags: int) -> bytes:
    """Build a segment without data towards a segment's receiver, in the sender's name and in the segment's place."""
    return build_tcp(ends_of(packet), seq=packet.seq, ack=packet.ack, flags=flags | (packet.flags & ACK))


def udp_to_sender(packet: Packet, payload: bytes) -> bytes:
    """Build the answer to a datagram, in the name of its receiver."""
    return build_udp(ends_of(packet).reverse, payload)


def icmp_error(packet: Packet, *, sender: bytes, kind: int, code: int) -> bytes:
    """Build an ICMP error (ICMPv6 for IPv6) of type ``kind`` about a packet, from ``sender`` (packed) to its sender."""
    quote = packet.data[: packet.end][:_QUOTE_BYTES]
    ends = Ends(sender, packet.source, 0, 0)
    body = bytes([kind, code, 0, 0, 0, 0, 0, 0]) + quote
    if packet.is_ipv6:
        return build_ip(ends, _summed(ends, body, protocol=ICMP6, place=2), protocol=ICMP6)
    return build_ip(ends, body[:2] + checksum(body).to_bytes(2, "big") + body[4:], protocol=ICMP)


def with_payload(packet: Packet, payload: bytes) -> bytes:
    """Give a TCP segment another payload of the same length; its header, options too, stays as it was."""
    transport = packet.data[packet.at : packet.payload_at] + payload
    transport = transport[:16] + b"\x00\x00" + transport[18:]
    return packet.data[: packet.at] + _summed(ends_of(packet), transport, protocol=TCP, place=16)


def sums_hold(packet: Packet) -> bool:
    """Whether the checksums of a packet's headers are right."""
    transport = packet.data[packet.at : packet.end]
    if not packet.is_ipv6 and checksum(packet.data[: packet.at]) != 0:
        return False
    if packet.protocol == ICMP:
        return checksum(transport) == 0
    return checksum(_pseudo_header(ends_of(packet), len(transport), packet.protocol) + transport) == 0


def _summed(ends: Ends, transport: bytes, *, protocol: int, place: int) -> bytes:
    """Fill in the checksum at ``place``, where zeros stand."""
    found = checksum(_pseudo_header(ends, len(transport), protocol) + transport)
    # RFC 768: a computed zero is sent as ones.
    found = 0xFFFF if protocol == UDP and found == 0 else found
    return transport[:place] + found.to_bytes(2, "big") + transport[place + 2 :]


def _pseudo_header(ends: Ends, size: int, protocol: int) -> bytes:
    """What TCP, UDP and ICMPv6 sum besides themselves (RFC 9293 section 3.1, RFC 8200 section 8.1)."""
    return ends.source + ends.destination + struct.pack("!IHBB", size, 0, 0, protocol)
