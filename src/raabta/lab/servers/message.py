"""DNS messages as a server reads and writes them (RFC 1035 section 4): one question in, one answer out. Pure.

Written apart from the probe's codec on purpose: two independent readings of the same RFC check each other.
"""

import ipaddress
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

A: Final = 1
"""Record types (IANA's registry of RFC 1035, 3596, 9460)."""
NS: Final = 2
CNAME: Final = 5
SOA: Final = 6
TXT: Final = 16
AAAA: Final = 28
OPT: Final = 41
HTTPS: Final = 65

NOERROR: Final = 0
"""Response codes (RFC 1035 section 4.1.1)."""
SERVFAIL: Final = 2
NXDOMAIN: Final = 3
REFUSED: Final = 5

PLAIN_UDP_BYTES: Final = 512
"""Without EDNS an answer over UDP may not be longer (RFC 1035 section 4.2.1)."""
OUR_UDP_BYTES: Final = 1232
"""What we offer and keep to: DNS Flag Day 2020."""

_HEADER: Final = struct.Struct("!HHHHHH")
_RECORD: Final = struct.Struct("!HHIH")
_IN: Final = 1
_QR, _TC, _RD, _RA, _OPCODE = 0x8000, 0x0200, 0x0100, 0x0080, 0x7800


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A query with its one question. ``name`` is lower-case without the last dot; ``raw`` the question as it was sent.

    ``udp_bytes`` is what the asker takes over UDP, 0 where it does not speak EDNS.
    """

    id: int
    flags: int
    name: str
    type: int
    raw: bytes
    udp_bytes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One resource record of class IN; ``data`` is its RDATA."""

    name: str
    type: int
    data: bytes
    ttl_s: int = 300


def read_question(message: bytes) -> Question | None:
    """Read a query; None where it is none, or one that nobody sends (no or several questions, compressed name)."""
    if len(message) < 17:
        return None
    message_id, flags, n_questions, _, _, n_additional = _HEADER.unpack_from(message)
    if flags & (_QR | _OPCODE) or n_questions != 1:
        return None
    labels, place = [], 12
    while place < len(message) and message[place]:
        length = message[place]
        if length > 63:
            return None
        labels.append(message[place + 1 : place + 1 + length])
        place += 1 + length
    end = place + 5
    if end > len(message):
        return None
    kind = int.from_bytes(message[place + 1 : place + 3], "big")
    name = b".".join(labels).decode("ascii", "replace").lower()
    # EDNS (RFC 6891): root name, type OPT, the class field is the size.
    is_edns = n_additional > 0 and message[end : end + 3] == b"\x00\x00\x29"
    udp_bytes = int.from_bytes(message[end + 3 : end + 5], "big") if is_edns else 0
    return Question(id=message_id, flags=flags, name=name, type=kind, raw=message[12:end], udp_bytes=udp_bytes)


def write_answer(
    question: Question, records: Sequence[Record], *, rcode: int = NOERROR, authority: Sequence[Record] = ()
) -> bytes:
    """Write the answer to a question, of any length."""
    flags = _QR | (question.flags & _RD) | _RA | rcode
    n_additional = 1 if question.udp_bytes else 0
    header = _HEADER.pack(question.id, flags, 1, len(records), len(authority), n_additional)
    body = b"".join(_write_record(record, question) for record in (*records, *authority))
    edns = b"\x00" + _RECORD.pack(OPT, OUR_UDP_BYTES, 0, 0) if question.udp_bytes else b""
    return header + question.raw + body + edns


def fit_udp(question: Question, answer: bytes) -> bytes:
    """Give the answer, or where it is too long for UDP an empty one that says so (RFC 2181 section 9)."""
    limit = min(max(question.udp_bytes, PLAIN_UDP_BYTES), OUR_UDP_BYTES) if question.udp_bytes else PLAIN_UDP_BYTES
    if len(answer) <= limit:
        return answer
    empty = bytearray(write_answer(question, ()))
    flags = int.from_bytes(empty[2:4], "big") | _TC
    empty[2:4] = flags.to_bytes(2, "big")
    return bytes(empty)


def address_record(name: str, address: str, *, ttl_s: int = 300) -> Record:
    """Make an A or AAAA record."""
    packed = ipaddress.ip_address(address).packed
    return Record(name=name, type=A if len(packed) == 4 else AAAA, data=packed, ttl_s=ttl_s)


def cname_record(name: str, to: str) -> Record:
    """Make a CNAME record."""
    return Record(name=name, type=CNAME, data=write_name(to))


def text_record(name: str, text: str) -> Record:
    """Make a TXT record of one short string. It is not to be kept: such names tell who asked."""
    data = text.encode()[:255]
    return Record(name=name, type=TXT, data=bytes([len(data)]) + data, ttl_s=0)


def https_record(name: str, *, alpn: Sequence[str], hints4: Sequence[str] = ()) -> Record:
    """Make an HTTPS record in service mode for the name itself (RFC 9460), with ``alpn`` and ``ipv4hint``."""
    protocols = b"".join(bytes([len(item)]) + item.encode() for item in alpn)
    data = b"\x00\x01\x00" + struct.pack("!HH", 1, len(protocols)) + protocols
    if hints4:
        packed = b"".join(ipaddress.IPv4Address(address).packed for address in hints4)
        data += struct.pack("!HH", 4, len(packed)) + packed
    return Record(name=name, type=HTTPS, data=data)


def soa_record(zone: str) -> Record:
    """Make the SOA record that an answer without data carries (RFC 2308)."""
    times = struct.pack("!IIIII", 1, 3600, 600, 86_400, 60)
    return Record(name=zone, type=SOA, data=write_name(f"ns.{zone}") + write_name(f"admin.{zone}") + times, ttl_s=60)


def write_name(name: str) -> bytes:
    """Write a name without compression."""
    labels = (label.encode("ascii", "replace") for label in name.split(".") if label)
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\x00"


def _write_record(record: Record, question: Question) -> bytes:
    name = b"\xc0\x0c" if record.name == question.name else write_name(record.name)
    return name + _RECORD.pack(record.type, _IN, record.ttl_s, len(record.data)) + record.data
