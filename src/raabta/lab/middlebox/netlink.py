"""NFQUEUE's messages as bytes: asking for a queue, packets from it, verdicts to it. Pure.

Source: linux/netlink.h, linux/netfilter/nfnetlink.h and nfnetlink_queue.h. Written out here because all it needs are
four kinds of messages, and a library would be one more thing that is not everywhere.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

NETLINK_NETFILTER: Final = 12
"""Protocol of the socket."""
SOL_NETLINK: Final = 270
NETLINK_NO_ENOBUFS: Final = 5
"""Socket option: lost messages are not reported as errors on the next read."""

_QUEUE: Final = 3 << 8  # NFNL_SUBSYS_QUEUE
_PACKET, _VERDICT, _CONFIG = _QUEUE, _QUEUE | 1, _QUEUE | 2
_ERROR: Final = 2
_REQUEST: Final = 1
_ACKNOWLEDGE: Final = 4

_ATTR_COMMAND, _ATTR_PARAMS, _ATTR_MAX_LENGTH, _ATTR_MASK, _ATTR_FLAGS = 1, 2, 3, 4, 5
_ATTR_PACKET_HEADER, _ATTR_VERDICT, _ATTR_PAYLOAD = 1, 2, 10
_BIND: Final = 1
_COPY_PACKET: Final = 2
_FAIL_OPEN: Final = 1
"""Where the queue is full, packets go on: a slow process must not look like interference."""
_MAX_WAITING: Final = 65_535

_HEADER: Final = struct.Struct("=IHHII")
_ATTR: Final = struct.Struct("=HH")
_QUEUE_NUMBER: Final = struct.Struct("!BBH")
_VERDICT_BODY: Final = struct.Struct("!II")
_ACCEPT, _DROP = 1, 0
# A verdict without other bytes is the same but for its numbers, and there are many.
_PLAIN_HEAD: Final = _HEADER.pack(32, _VERDICT, _REQUEST, 0, 0)
_PLAIN_ATTR: Final = _ATTR.pack(12, _ATTR_VERDICT)


@dataclass(frozen=True, slots=True)
class Queued:
    """A packet that waits for its verdict."""

    number: int
    data: bytes


def build_config(queue: int) -> list[bytes]:
    """Build the messages that bind a queue to the socket and say how packets are to come; each is acknowledged."""
    bind = struct.pack("!BBH", _BIND, 0, 0)
    params = struct.pack("!IB", 0xFFFF, _COPY_PACKET)
    flags = _attr(_ATTR_FLAGS, struct.pack("!I", _FAIL_OPEN)) + _attr(_ATTR_MASK, struct.pack("!I", _FAIL_OPEN))
    bodies = (
        _attr(_ATTR_COMMAND, bind),
        _attr(_ATTR_PARAMS, params) + flags + _attr(_ATTR_MAX_LENGTH, struct.pack("!I", _MAX_WAITING)),
    )
    return [_message(_CONFIG, _REQUEST | _ACKNOWLEDGE, queue, body) for body in bodies]


def build_verdict(queue: int, number: int, *, is_accepted: bool, data: bytes = b"") -> bytes:
    """Build one verdict; ``data`` replaces the packet's bytes. Several verdicts may be sent as one message."""
    verdict = _VERDICT_BODY.pack(_ACCEPT if is_accepted else _DROP, number)
    if data:
        return _message(_VERDICT, _REQUEST, queue, _attr(_ATTR_VERDICT, verdict) + _attr(_ATTR_PAYLOAD, data))
    return _PLAIN_HEAD + _QUEUE_NUMBER.pack(0, 0, queue) + _PLAIN_ATTR + verdict


def read_packets(datagram: bytes) -> Iterator[Queued]:
    """Give the packets in what was received."""
    at = 0
    while at + 20 <= len(datagram):
        size, kind = struct.unpack_from("=IH", datagram, at)
        if kind == _PACKET and size >= 20:
            queued = _read_packet(datagram, at + 20, min(at + size, len(datagram)))
            if queued is not None:
                yield queued
        at += max(20, (size + 3) & ~3)


def read_error(datagram: bytes) -> int | None:
    """Give the errno of an acknowledgement, 0 if all is well; None if it is another message."""
    if len(datagram) < 20 or struct.unpack_from("=H", datagram, 4)[0] != _ERROR:
        return None
    return -int(struct.unpack_from("=i", datagram, 16)[0])


def _read_packet(datagram: bytes, at: int, end: int) -> Queued | None:
    number, data = None, b""
    while at + 4 <= end:
        size, kind = _ATTR.unpack_from(datagram, at)
        if kind == _ATTR_PACKET_HEADER:
            number = int.from_bytes(datagram[at + 4 : at + 8], "big")
        elif kind == _ATTR_PAYLOAD:
            data = datagram[at + 4 : at + size]
        at += max(4, (size + 3) & ~3)
    return Queued(number, data) if number is not None else None


def _attr(kind: int, data: bytes) -> bytes:
    return _ATTR.pack(4 + len(data), kind) + data + bytes(-len(data) % 4)


def _message(kind: int, flags: int, queue: int, body: bytes) -> bytes:
    return _HEADER.pack(20 + len(body), kind, flags, 0, 0) + _QUEUE_NUMBER.pack(0, 0, queue) + body
