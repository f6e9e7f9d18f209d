"""QUIC version 1 as somebody on the path sees it: long headers, the client's Initial, version negotiation.

The Initial is encrypted with keys that anybody can derive from the connection id (RFC 9001 section 5.2), so that the
ClientHello in it, and the server name, can be read on the way. A client may spread its CRYPTO frames over several
packets and in any order; ``InitialReader`` puts them together for one flow.

Not done: versions other than 1 are recognised, not decrypted; Retry's integrity tag is not checked.
"""

import hashlib
import hmac
from dataclasses import dataclass, field
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB

from raabta.wire.tls import MAX_HELLO_BYTES, ClientHello, read_client_hello

VERSION_1: Final = 1
RESERVED_VERSION: Final = 0x1A2A3A4A
"""A version of the form 0x?a?a?a?a, which no server may speak (RFC 9000 section 15): it must name those it speaks."""
MIN_DATAGRAM_BYTES: Final = 1200
"""Smallest datagram that a server answers (RFC 9000 section 14.1)."""

_INITIAL_SALT: Final = bytes.fromhex("38762cf7f55934b34d179ae6a4c80cadccbb7f0a")
"""RFC 9001 section 5.2."""
_INITIAL: Final = 0
"""Long packet type (RFC 9000 section 17.2)."""
_MAX_CONNECTION_ID: Final = 20
_MAX_PIECES: Final = 64
"""CRYPTO frames kept for one flow; browsers send about ten."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LongHeader:
    """A long header: ``at`` is where its packet begins in the datagram, ``end`` its end, ``number_at`` its number.

    Of versions other than 1 only the version and connection ids are known (RFC 8999): ``number_at`` is 0.
    """

    version: int
    packet_type: int
    destination_id: bytes
    source_id: bytes
    at: int = 0
    number_at: int = 0
    end: int = 0

    @property
    def is_initial(self) -> bool:
        """Whether it is a version 1 Initial packet."""
        return self.version == VERSION_1 and self.packet_type == _INITIAL


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionNegotiation:
    """A server's list of versions, with the connection ids that it sent back (RFC 9000 section 17.2.1)."""

    destination_id: bytes
    source_id: bytes
    versions: tuple[int, ...]


def read_long_header(datagram: bytes, *, at: int = 0) -> LongHeader | None:
    """Read the long header at a place of a datagram (RFC 8999 section 5.1); None if none is there."""
    if len(datagram) < at + 7 or not datagram[at] & 0x80:
        return None
    version = int.from_bytes(datagram[at + 1 : at + 5], "big")
    ids_at = at + 6
    source_at = ids_at + datagram[at + 5] + 1
    if source_at > len(datagram):
        return None
    end = source_at + datagram[source_at - 1]
    if end > len(datagram):
        return None
    packet_type = datagram[at] >> 4 & 3
    number_at, packet_end = _lengths(datagram, end, packet_type) if version == VERSION_1 else (0, len(datagram))
    return LongHeader(
        version=version,
        packet_type=packet_type,
        destination_id=datagram[ids_at : source_at - 1],
        source_id=datagram[source_at:end],
        at=at,
        number_at=number_at,
        end=packet_end,
    )


def open_client_initial(datagram: bytes, header: LongHeader, *, first_id: bytes) -> bytes | None:
    """Decrypt a client's Initial (RFC 9001 section 5); None if it does not open with the keys of ``first_id``.

    Args:
        datagram: The whole datagram.
        header: The header of an Initial in it.
        first_id: Destination connection id of the client's first Initial, or the one that a Retry gave.

    Returns:
        The frames.
    """
    sample = datagram[header.number_at + 4 : header.number_at + 20]
    if not header.is_initial or not header.number_at or len(sample) < 16:
        return None
    key, iv, mask_key = _client_keys(first_id)
    mask = Cipher(AES(mask_key), ECB()).encryptor().update(sample)  # noqa: S305  RFC 9001 section 5.4.3 says ECB
    first = datagram[header.at] ^ mask[0] & 0x0F
    n_number = (first & 3) + 1
    number_end = header.number_at + n_number
    number = bytes(a ^ b for a, b in zip(datagram[header.number_at : number_end], mask[1:], strict=False))
    associated = bytes([first]) + datagram[header.at + 1 : header.number_at] + number
    # A client's first packet numbers are small: the truncated number is the number.
    nonce = (int.from_bytes(iv, "big") ^ int.from_bytes(number, "big")).to_bytes(12, "big")
    try:
        return AESGCM(key).decrypt(nonce, datagram[number_end : header.end], associated)
    except InvalidTag:
        return None


def crypto_frames(frames: bytes) -> list[tuple[int, bytes]]:
    """List offset and data of the CRYPTO frames among the frames that an Initial may hold (RFC 9000 section 12.4)."""
    found: list[tuple[int, bytes]] = []
    at = 0
    while at < len(frames):
        kind = frames[at]
        at += 1
        if kind in {0, 1}:  # PADDING, PING
            continue
        if kind in {2, 3}:  # ACK: largest, delay, count, first range, then count pairs; with ECN three more
            skipped = _skip_ack(frames, at, kind)
            if skipped is None:
                break
            at = skipped
            continue
        offset = _varint(frames, at) if kind == 6 else None
        size = _varint(frames, offset[1]) if offset else None
        if offset is None or size is None or size[1] + size[0] > len(frames):
            break
        found.append((offset[0], frames[size[1] : size[1] + size[0]]))
        at = size[1] + size[0]
    return found


@dataclass(slots=True)
class InitialReader:
    """Reads the ClientHello of one flow from the client's datagrams, in whatever order they come."""

    first_ids: list[bytes] = field(default_factory=list)
    pieces: dict[int, bytes] = field(default_factory=dict)

    def feed(self, datagram: bytes) -> ClientHello | None:
        """Take one datagram from the client; give the hello once it is whole."""
        at = 0
        while (header := read_long_header(datagram, at=at)) and header.version == VERSION_1 and header.end > at:
            if header.is_initial:
                self._take(datagram, header)
            at = header.end
        message = self._message()
        return read_client_hello(message) if message else None

    def _take(self, datagram: bytes, header: LongHeader) -> None:
        # Keys come from the first id; after a Retry (RFC 9001 section 5.2) from the id that it gave.
        for first_id in (*self.first_ids, header.destination_id):
            frames = open_client_initial(datagram, header, first_id=first_id)
            if frames is None:
                continue
            if first_id not in self.first_ids:
                self.first_ids = [first_id]
                self.pieces.clear()
            for offset, data in crypto_frames(frames):
                if len(self.pieces) < _MAX_PIECES and offset + len(data) <= MAX_HELLO_BYTES:
                    self.pieces[offset] = max(self.pieces.get(offset, b""), data, key=len)
            return

    def _message(self) -> bytes | None:
        joined = b""
        for offset in sorted(self.pieces):
            if offset > len(joined):
                return None
            joined += self.pieces[offset][len(joined) - offset :]
        whole = 4 + int.from_bytes(joined[1:4], "big")
        return joined[:whole] if len(joined) >= max(whole, 5) else None


def build_version_probe(*, destination_id: bytes, source_id: bytes, version: int = RESERVED_VERSION) -> bytes:
    """Build a datagram that makes a server send version negotiation (RFC 9000 section 6.1), padded to 1200 bytes.

    Servers read no further than the connection ids (RFC 8999), so that nothing in it is encrypted. ``destination_id``
    has 8 to 20 bytes.
    """
    head = bytes([0xC0]) + version.to_bytes(4, "big")
    ids = bytes([len(destination_id)]) + destination_id + bytes([len(source_id)]) + source_id
    # An empty token and a length, as an Initial of version 1 has them, for servers that look further than they must.
    rest = MIN_DATAGRAM_BYTES - len(head) - len(ids) - 3
    return head + ids + b"\x00" + (0x4000 | rest).to_bytes(2, "big") + bytes(rest)


def read_version_negotiation(datagram: bytes) -> VersionNegotiation | None:
    """Read a version negotiation packet; None if the datagram is something else."""
    header = read_long_header(datagram)
    if header is None or header.version != 0:
        return None
    at = 7 + len(header.destination_id) + len(header.source_id)
    listed = datagram[at:]
    if not listed or len(listed) % 4:
        return None
    versions = tuple(int.from_bytes(listed[i : i + 4], "big") for i in range(0, len(listed), 4))
    return VersionNegotiation(destination_id=header.destination_id, source_id=header.source_id, versions=versions)


def build_version_negotiation(header: LongHeader, *, versions: tuple[int, ...]) -> bytes:
    """Build the answer to a packet of an unknown version: its connection ids swapped, and the versions."""
    ids = bytes([len(header.source_id)]) + header.source_id + bytes([len(header.destination_id)])
    listed = b"".join(version.to_bytes(4, "big") for version in versions)
    return b"\x80\x00\x00\x00\x00" + ids + header.destination_id + listed


def _lengths(datagram: bytes, at: int, packet_type: int) -> tuple[int, int]:
    """Where packet number and packet of version 1 begin and end; (0, end of datagram) where it has no length."""
    if packet_type == 3:  # Retry
        return 0, len(datagram)
    if packet_type == _INITIAL:
        token = _varint(datagram, at)
        if token is None:
            return 0, len(datagram)
        at = token[1] + token[0]
    size = _varint(datagram, at)
    if size is None or size[1] + size[0] > len(datagram):
        return 0, len(datagram)
    return size[1], size[1] + size[0]


def _varint(data: bytes, at: int) -> tuple[int, int] | None:
    """A variable-length integer (RFC 9000 section 16) and where it ends."""
    if at >= len(data):
        return None
    size = 1 << (data[at] >> 6)
    if at + size > len(data):
        return None
    return int.from_bytes(data[at : at + size], "big") & ((1 << (8 * size - 2)) - 1), at + size


def _skip_ack(frames: bytes, at: int, kind: int) -> int | None:
    """Where an ACK frame ends (RFC 9000 section 19.3)."""
    values: list[int] = []
    wanted = 4
    while len(values) < wanted:
        value = _varint(frames, at)
        if value is None:
            return None
        values.append(value[0])
        at = value[1]
        if len(values) == 3:
            wanted = 4 + 2 * min(value[0], len(frames)) + (3 if kind == 3 else 0)
    return at


def _expand_label(secret: bytes, label: bytes, size: int) -> bytes:
    """HKDF-Expand-Label with an empty context (RFC 8446 section 7.1), for outputs of at most one hash."""
    full = b"tls13 " + label
    info = size.to_bytes(2, "big") + bytes([len(full)]) + full + b"\x00"
    return hmac.digest(secret, info + b"\x01", hashlib.sha256)[:size]


def _client_keys(first_id: bytes) -> tuple[bytes, bytes, bytes]:
    """Key, IV and header protection key of a client's Initials."""
    initial = hmac.digest(_INITIAL_SALT, first_id, hashlib.sha256)
    client = _expand_label(initial, b"client in", 32)
    return (
        _expand_label(client, b"quic key", 16),
        _expand_label(client, b"quic iv", 12),
        _expand_label(client, b"quic hp", 16),
    )
