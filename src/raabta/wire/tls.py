"""TLS ClientHello in clear: find it in a stream, read it, cut it in two, give it one more extension.

A hello is one handshake message (RFC 8446 section 4.1.2) that may lie in several records (section 5.1) and each record
in several TCP segments. ``hello_message`` joins records; joining segments is the caller's work. Everything a peer sends
may be broken, so that reading answers None and never raises.

Not done: DTLS, SSL 2 hellos, decryption of anything.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

HANDSHAKE: Final = 22
"""Record type (RFC 8446 section 5.1)."""
ALERT: Final = 21
CLIENT_HELLO: Final = 1
"""Handshake type (RFC 8446 section 4)."""

SERVER_NAME: Final = 0
"""Extension types: the registry of RFC 8446 section 4.2 and IANA."""
ALPN: Final = 16
PRE_SHARED_KEY: Final = 41
SUPPORTED_VERSIONS: Final = 43
ENCRYPTED_CLIENT_HELLO: Final = 0xFE0D

HANDSHAKE_FAILURE: Final = 40
"""Alert descriptions (RFC 8446 section 6)."""
UNRECOGNIZED_NAME: Final = 112

MAX_HELLO_BYTES: Final = 65_536
"""Longer than any hello seen: post-quantum ones have about 1,800 bytes."""

ECH_NOISE_BYTES: Final = 1 + 32 + 144
"""What a GREASE ECH extension is filled with: config id, X25519 share, payload of 128 bytes and its tag."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientHello:
    """What a ClientHello says in clear. ``versions`` are those offered, newest way of saying first."""

    server_name: str
    alpn: tuple[str, ...]
    versions: tuple[int, ...]
    cipher_suites: tuple[int, ...]
    extensions: tuple[int, ...]

    @property
    def has_ech(self) -> bool:
        """Whether it carries an encrypted ClientHello, real or GREASE."""
        return ENCRYPTED_CLIENT_HELLO in self.extensions


def may_be_hello(stream: bytes) -> bool:
    """Whether ``stream``, perhaps too short yet, can be the beginning of a TLS ClientHello."""
    for place, wanted in ((0, HANDSHAKE), (1, 3), (5, CLIENT_HELLO)):
        if len(stream) > place and stream[place] != wanted:
            return False
    return True


def hello_message(stream: bytes) -> bytes | None:
    """Join the handshake message that begins a stream, its records' headers taken away; None while not whole."""
    parts: list[bytes] = []
    n_bytes = 0
    for start, end in _fragments(stream):
        parts.append(stream[start:end])
        n_bytes += end - start
        head = parts[0] if len(parts[0]) >= 4 else b"".join(parts)
        if len(head) >= 4 and n_bytes >= 4 + int.from_bytes(head[1:4], "big"):
            message = b"".join(parts)
            whole = message[: 4 + int.from_bytes(message[1:4], "big")]
            return whole if whole[0] == CLIENT_HELLO else None
    return None


def find_client_hello(stream: bytes) -> ClientHello | None:
    """Read the ClientHello at the beginning of a stream of TLS records; None if it is not (yet) there."""
    message = hello_message(stream) if may_be_hello(stream) else None
    return read_client_hello(message) if message is not None else None


def read_client_hello(message: bytes) -> ClientHello | None:
    """Read one whole handshake message, its 4-byte header included (QUIC carries it without records)."""
    layout = _layout(message)
    if layout is None:
        return None
    suites, extensions = layout
    found = {kind: message[start:end] for kind, start, end in extensions}
    name = _name_span(message, extensions)
    versions = _numbers(found.get(SUPPORTED_VERSIONS, b"")[1:]) or (int.from_bytes(message[4:6], "big"),)
    return ClientHello(
        server_name=message[name[0] : name[1]].decode("ascii", "replace").lower() if name else "",
        alpn=_protocols(found.get(ALPN, b"")),
        versions=versions,
        cipher_suites=_numbers(message[suites[0] : suites[1]]),
        extensions=tuple(kind for kind, _, _ in extensions),
    )


def server_name_span(stream: bytes) -> tuple[int, int] | None:
    """Say where, in a stream of records, the server name begins and ends; None if there is none."""
    message = hello_message(stream)
    layout = _layout(message) if message else None
    if message is None or layout is None:
        return None
    span = _name_span(message, layout[1])
    return (_place(stream, span[0]), _place(stream, span[1] - 1) + 1) if span else None


def split_hello(stream: bytes) -> tuple[bytes, bytes]:
    """Cut a hello in two in the middle of its server name, or in the middle if it has none.

    Sent as two TCP segments the two pieces are the same stream of bytes: whoever reassembles sees no difference.
    """
    span = server_name_span(stream)
    place = (span[0] + span[1]) // 2 if span else len(stream) // 2
    return stream[:place], stream[place:]


def with_grease_ech(stream: bytes, *, noise: bytes) -> bytes:
    """Give a hello a GREASE ECH extension, as browsers send it to servers without a key.

    The result is one record with another ClientHello: a library that keeps the transcript cannot go on from it, yet the
    server's first answer shows whether the hello passed. Source: draft-ietf-tls-esni section 6.2.

    Args:
        stream: Records that hold one whole ClientHello.
        noise: ``ECH_NOISE_BYTES`` random bytes; more lengthens the payload.

    Raises:
        ValueError: ``stream`` holds no ClientHello with extensions, or ``noise`` is too short.
    """
    message = hello_message(stream)
    layout = _layout(message) if message else None
    if message is None or layout is None or not layout[1] or len(noise) < ECH_NOISE_BYTES:
        raise ValueError("needs a whole ClientHello with extensions, and enough noise")
    # Outer hello (0), HKDF-SHA256 (1) with AES-128-GCM (1), config id, share, payload.
    body = b"\x00\x00\x01\x00\x01" + noise[:1] + _long(noise[1:33]) + _long(noise[33:])
    extension = ENCRYPTED_CLIENT_HELLO.to_bytes(2, "big") + _long(body)
    first = layout[1][0][1] - 4
    # RFC 8446 section 4.2.11: pre_shared_key stays the last extension.
    kind, last, _ = layout[1][-1]
    place = last - 4 if kind == PRE_SHARED_KEY else len(message)
    content = message[4 : first - 2] + _long(message[first:place] + extension + message[place:])
    return handshake_record(bytes([CLIENT_HELLO]) + len(content).to_bytes(3, "big") + content)


def handshake_record(message: bytes) -> bytes:
    """Put one handshake message into one record, with the version that first hellos carry (RFC 8446 section 5.1)."""
    return bytes([HANDSHAKE, 3, 1]) + _long(message)


def alert_record(description: int, *, fatal: bool = True) -> bytes:
    """Build an alert in clear (RFC 8446 section 6)."""
    return bytes([ALERT, 3, 3, 0, 2, 2 if fatal else 1, description])


def _long(data: bytes) -> bytes:
    """A vector with a length of two bytes."""
    return len(data).to_bytes(2, "big") + data


def _fragments(stream: bytes) -> Iterator[tuple[int, int]]:
    """Places of the contents of the whole handshake records that a stream begins with."""
    at = 0
    while len(stream) >= at + 5 and stream[at] == HANDSHAKE and at < MAX_HELLO_BYTES:
        end = at + 5 + int.from_bytes(stream[at + 3 : at + 5], "big")
        if end > len(stream):
            return
        yield at + 5, end
        at = end


def _place(stream: bytes, offset: int) -> int:
    """Where the byte ``offset`` of the joined message lies in the stream."""
    for start, end in _fragments(stream):
        if offset < end - start:
            return start + offset
        offset -= end - start
    return len(stream)


Span = tuple[int, int]
Extension = tuple[int, int, int]


def _layout(message: bytes) -> tuple[Span, list[Extension]] | None:
    """Where the cipher suites lie, and type, begin and end of each extension's data; None if broken."""
    if len(message) < 39 or message[0] != CLIENT_HELLO or len(message) < 4 + int.from_bytes(message[1:4], "big"):
        return None
    at = 39 + message[38]  # header 4, version 2, random 32, session id
    suites_end = at + 2 + int.from_bytes(message[at : at + 2], "big")
    if suites_end >= len(message):
        return None
    suites = (at + 2, suites_end)
    at = suites_end + 1 + message[suites_end]  # compression methods
    end = at + 2 + int.from_bytes(message[at : at + 2], "big")
    if at >= len(message):
        return suites, []
    if end > len(message):
        return None
    extensions: list[Extension] = []
    at += 2
    while at + 4 <= end:
        size = int.from_bytes(message[at + 2 : at + 4], "big")
        if at + 4 + size > end:
            return None
        extensions.append((int.from_bytes(message[at : at + 2], "big"), at + 4, at + 4 + size))
        at += 4 + size
    return suites, extensions


def _name_span(message: bytes, extensions: list[Extension]) -> Span | None:
    """Where the host name lies (RFC 6066 section 3: list length 2, type 1, name length 2, name)."""
    for kind, start, end in extensions:
        if kind == SERVER_NAME and end - start > 5 and message[start + 2] == 0:
            name_end = start + 5 + int.from_bytes(message[start + 3 : start + 5], "big")
            return (start + 5, name_end) if name_end <= end else None
    return None


def _numbers(data: bytes) -> tuple[int, ...]:
    return tuple(int.from_bytes(data[i : i + 2], "big") for i in range(0, len(data) - 1, 2))


def _protocols(data: bytes) -> tuple[str, ...]:
    """Names of an ALPN list (RFC 7301 section 3.1)."""
    names: list[str] = []
    at = 2
    while at < len(data):
        names.append(data[at + 1 : at + 1 + data[at]].decode("latin-1"))
        at += 1 + data[at]
    return tuple(names)
