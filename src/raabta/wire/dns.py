"""DNS messages (RFC 1035): queries out, answers in. Fast for A, AAAA, CNAME and TXT; HTTPS records by dnspython.

Only the answer section is read: it is what a resolver says to the question. An authority section says why there is no
answer, an additional section helps caches; neither tells a probe more. Queries carry EDNS (RFC 6891) without a client
subnet: nothing in them speaks of the person who asks.

The decoder takes any bytes and raises nothing but ``ValueError``.
"""

import ipaddress
import struct
from typing import Final, NamedTuple

import dns.exception
import dns.rdata
import dns.rdtypes.svcbbase

QUERY_TYPES: Final = {"A": 1, "NS": 2, "CNAME": 5, "SOA": 6, "PTR": 12, "TXT": 16, "AAAA": 28, "HTTPS": 65}
"""Numbers of the record types that are spoken of by name (IANA)."""
_TYPE_NAMES: Final = {number: name for name, number in QUERY_TYPES.items()}

UDP_PAYLOAD_BYTES: Final = 1232
"""The largest answer that is asked for over UDP: no fragments on any usual path (DNS flag day 2020)."""

_HEADER: Final = struct.Struct("!6H")
_RECORD: Final = struct.Struct("!HHIH")
_RECURSION_WANTED: Final = 0x0100
_IS_ANSWER: Final = 0x8000
_TRUNCATED: Final = 0x0200
_OPT: Final = b"\0" + _RECORD.pack(41, UDP_PAYLOAD_BYTES, 0, 0)
"""RFC 6891 section 6.1: root name, type 41, payload size in place of the class, no options."""
_MAX_NAME_BYTES: Final = 255
_MAX_LABEL_BYTES: Final = 63
_LENGTHS: Final = tuple(bytes((length,)) for length in range(_MAX_LABEL_BYTES + 1))
_POINTER: Final = 0xC0
"""RFC 1035 section 2.3.4 and 4.1.4."""


class DnsRecord(NamedTuple):
    """One record of an answer. ``type`` is a name of ``QUERY_TYPES`` or ``TYPE<number>``; ``text`` as in zone files.

    ``text`` of an HTTPS record is its own form: ``1 . alpn=h3,h2 ech ipv4hint=192.0.2.1`` (no key of ``ech``).
    """

    type: str
    text: str
    ttl_s: int


class DnsMessage(NamedTuple):
    """An answer: its id, code, whether it was cut short, and the records of the answer section."""

    id: int
    rcode: int
    is_truncated: bool
    records: tuple[DnsRecord, ...]


def encode_query(name: str, query_type: str, *, message_id: int) -> bytes:
    """Build a query with recursion wanted and EDNS.

    Args:
        name: Host name; letters beyond ASCII are written in IDNA.
        query_type: A name of ``QUERY_TYPES``.
        message_id: 16 random bits.

    Raises:
        ValueError: No name can be like this.
    """
    header = _HEADER.pack(message_id, _RECURSION_WANTED, 1, 0, 0, 1)
    return b"".join((header, _encode_name(name), struct.pack("!HH", QUERY_TYPES[query_type], 1), _OPT))


def _encode_name(name: str) -> bytes:
    raw = (name if name.isascii() else name.encode("idna").decode("ascii")).rstrip(".").encode("ascii")
    if not raw:
        return b"\0"
    labels = raw.split(b".")
    if b"" in labels or max(map(len, labels)) > _MAX_LABEL_BYTES or len(raw) > _MAX_NAME_BYTES - 2:
        raise ValueError("not a host name")
    return b"".join([_LENGTHS[len(label)] + label for label in labels]) + b"\0"


def answers(data: bytes, query: bytes) -> bool:
    """Say whether a message is an answer to a query: same id, same question in any case of letters.

    An answer without a question (some servers leave it out of an error) counts if its id fits.
    """
    if len(data) < _HEADER.size or data[:2] != query[:2] or not data[2] & 0x80:
        return False
    if data[4:6] == b"\0\0":
        return data[3] & 0x0F != 0
    asked = query[_HEADER.size : -len(_OPT)]
    return data[_HEADER.size : _HEADER.size + len(asked)].lower() == asked.lower()


def decode_answer(data: bytes) -> DnsMessage:
    """Read an answer.

    Raises:
        ValueError: The bytes are no DNS answer, or end too early.
    """
    try:
        return _decode(data)
    except (struct.error, IndexError) as error:
        raise ValueError("a DNS message that ends too early") from error


def _decode(data: bytes) -> DnsMessage:
    message_id, flags, n_questions, n_answers, _, _ = _HEADER.unpack_from(data)
    if not flags & _IS_ANSWER:
        raise ValueError("a DNS message that is no answer")
    at = _HEADER.size
    for _ in range(n_questions):
        at = _skip_name(data, at) + 4
    is_truncated = bool(flags & _TRUNCATED)
    records = []
    for _ in range(n_answers):
        if is_truncated and at >= len(data):
            break
        at = _skip_name(data, at)
        number, _, ttl_s, n_bytes = _RECORD.unpack_from(data, at)
        at += _RECORD.size
        if at + n_bytes > len(data):
            raise ValueError("a DNS record that ends too early")
        name = _TYPE_NAMES.get(number) or f"TYPE{number}"
        records.append(DnsRecord(name, _text(data, at, n_bytes=n_bytes, kind=name), ttl_s))
        at += n_bytes
    return DnsMessage(message_id, flags & 0x0F, is_truncated, tuple(records))


def _skip_name(data: bytes, at: int) -> int:
    """Give the offset after a name. A pointer ends it (RFC 1035 section 4.1.4)."""
    while True:
        length = data[at]
        if length == 0:
            return at + 1
        if length >= _POINTER:
            return at + 2
        at += 1 + length


def _text(data: bytes, at: int, *, n_bytes: int, kind: str) -> str:
    match kind:
        case "A" if n_bytes == 4:
            return f"{data[at]}.{data[at + 1]}.{data[at + 2]}.{data[at + 3]}"
        case "AAAA" if n_bytes == 16:
            return str(ipaddress.IPv6Address(data[at : at + 16]))
        case "A" | "AAAA":
            raise ValueError("an address of the wrong length")
        case "CNAME" | "PTR" | "NS":
            return _name(data, at)
        case "TXT":
            return _strings(data, at, end=at + n_bytes)
        case "HTTPS":
            return _service(data, at, n_bytes=n_bytes)
        case _:
            return data[at : at + n_bytes].hex()


def _name(data: bytes, at: int) -> str:
    labels = []
    n_bytes = 0
    before = at + 1
    while length := data[at]:
        if length >= _POINTER:
            at = (length & ~_POINTER) << 8 | data[at + 1]
            if at >= before:  # a pointer leads back, never on, so that it cannot turn in circles
                raise ValueError("a DNS name that points ahead")
            before = at
            continue
        if length > _MAX_LABEL_BYTES:
            raise ValueError("a DNS label of an unknown kind")
        n_bytes += 1 + length
        if n_bytes >= _MAX_NAME_BYTES or at + length >= len(data):
            raise ValueError("a DNS name that is too long")
        labels.append(data[at + 1 : at + 1 + length].decode("ascii", "backslashreplace"))
        at += 1 + length
    return ".".join(labels).lower()


def _strings(data: bytes, at: int, *, end: int) -> str:
    parts = []
    while at < end:
        length = data[at]
        if at + 1 + length > end:
            raise ValueError("a DNS text that ends too early")
        parts.append(data[at + 1 : at + 1 + length].decode("utf-8", "backslashreplace"))
        at += 1 + length
    return "".join(parts)


def _service(data: bytes, at: int, *, n_bytes: int) -> str:
    """Read an HTTPS record (RFC 9460). ``ech`` (RFC 9849) is only named: whether it is there is what matters."""
    try:
        record = dns.rdata.from_wire("IN", "HTTPS", data, at, n_bytes)
    except (dns.exception.DNSException, ValueError, IndexError, struct.error) as error:
        raise ValueError("an HTTPS record that cannot be read") from error
    if not isinstance(record, dns.rdtypes.svcbbase.SVCBBase):
        raise ValueError("an HTTPS record that cannot be read")
    words = [str(record.priority), str(record.target)]
    words += [_parameter(key, value) for key, value in sorted(record.params.items())]
    return " ".join(words)


def _parameter(key: int, value: object) -> str:
    match value:
        case dns.rdtypes.svcbbase.ALPNParam():
            return "alpn=" + ",".join(name.decode("ascii", "backslashreplace") for name in value.ids)
        case dns.rdtypes.svcbbase.IPv4HintParam():
            return "ipv4hint=" + ",".join(value.addresses)
        case dns.rdtypes.svcbbase.IPv6HintParam():
            return "ipv6hint=" + ",".join(value.addresses)
        case dns.rdtypes.svcbbase.PortParam():
            return f"port={value.port}"
        case dns.rdtypes.svcbbase.ECHParam():
            return "ech"
        case _:
            return f"key{int(key)}"


def addresses_of(message: DnsMessage) -> list[str]:
    """Give the addresses of an answer, in its order."""
    return [record.text for record in message.records if record.type in ("A", "AAAA")]
