"""OpenVPN's opening: a hard reset out, the server's back; plain, or under a static key (tls-auth, tls-crypt).

On the wire a control packet is: opcode and key id (1 byte), the sender's session id (8), what the static key adds, then
acknowledged packet ids (a count, ids of 4 bytes, and the receiver's session id where there are any), the packet's own
id (4) and the payload. Over TCP each packet is preceded by its length (2 bytes).

- tls-auth adds an HMAC, a packet id and a time. The HMAC covers packet id and time *first*, then opcode, session id and
  the rest: OpenVPN swaps them before it computes (``swap_hmac`` in its ssl.c).
- tls-crypt adds packet id, time and a tag of 32 bytes (HMAC-SHA256 over header and plain text), and encrypts the rest
  with AES-256-CTR under the tag's first 16 bytes.

Whoever holds another static key meets silence over UDP and a closed connection over TCP. tls-crypt-v2 is not here: its
client keys are made for each client.

Pure: time, session ids are arguments. Source: OpenVPN 2.6's documentation of its wire protocol (openvpn-wire-protocol),
doc/tls-crypt-v2.txt and doc/doxygen of the sources.
"""

import hashlib
import hmac
import re
import struct
from dataclasses import dataclass
from typing import Final, Literal

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from msgspec import Struct

HARD_RESET_CLIENT: Final = 7
HARD_RESET_SERVER: Final = 8
ACK: Final = 5
SESSION_BYTES: Final = 8
STATIC_KEY_BYTES: Final = 256

Wrap = Literal["plain", "tls_auth", "tls_crypt"]

_HEAD_BYTES: Final = 1 + SESSION_BYTES
_STAMP: Final = struct.Struct(">II")
_TAG_BYTES: Final = 32
_MAX_ACKS: Final = 8
"""OpenVPN acknowledges at most this many packets in one."""
DIGESTS: Final = ("sha1", "sha224", "sha256", "sha384", "sha512")
"""What ``--auth`` may be here; OpenVPN's default is SHA1."""

_PEM: Final = re.compile(r"-----BEGIN OpenVPN Static key V1-----([0-9a-fA-F\s]+)-----END OpenVPN Static key V1-----")


class OpenVpnKeys(Struct, frozen=True, kw_only=True):
    """How control packets are wrapped.

    ``key`` is the static key, 256 bytes. ``direction`` is tls-auth's ``key-direction``: 1 for clients as a rule, 0 for
    servers, None where neither side names one; with tls-crypt it is fixed, and only says which side we are.
    """

    wrap: Wrap = "plain"
    key: bytes = b""
    digest: str = "sha1"
    direction: Literal[0, 1] | None = 1

    def __repr__(self) -> str:  # type: ignore[explicit-override]  # Python 3.11 cannot say it
        """Secrets stay out of logs."""
        return f"OpenVpnKeys({self.wrap})"

    def parts(self, *, outgoing: bool) -> tuple[bytes, bytes]:
        """Give the cipher's and the HMAC's part of the static key for one way."""
        second = self.direction is not None and (self.direction == 1) == outgoing
        half = self.key[128:] if second else self.key[:128]
        return half[:64], half[64:]


class Control(Struct, frozen=True, kw_only=True):
    """A control packet, read and found genuine. ``acknowledged`` names packets of ``remote``'s session."""

    opcode: int
    session: bytes
    acknowledged: tuple[int, ...] = ()
    remote: bytes = b""


def read_static_key(text: str, *, name: str) -> bytes:
    """Read a static key as ``openvpn --genkey`` writes it.

    Raises:
        ValueError: It is none. The text never repeats it.
    """
    found = _PEM.search(text)
    raw = bytes.fromhex("".join(found.group(1).split())) if found and len(found.group(1).split()) else b""
    if len(raw) != STATIC_KEY_BYTES:
        message = f"{name}: this is no OpenVPN static key of 2048 bits. Copy the whole file, with BEGIN and END lines."
        raise ValueError(message)
    return raw


def client_reset(keys: OpenVpnKeys, *, session: bytes, at_s: int) -> bytes:
    """Make a client's hard reset.

    Args:
        keys: How it is wrapped.
        session: 8 fresh bytes of chance, by which the answer is known.
        at_s: The time, in seconds since 1970; the static key's replay protection looks at it.
    """
    return _wrap(keys, _head(HARD_RESET_CLIENT, session), b"\x00" + bytes(4), at_s=at_s)


def server_reset(keys: OpenVpnKeys, *, session: bytes, remote: bytes, at_s: int) -> bytes:
    """Make a server's hard reset, which acknowledges the client's first packet; ``keys`` are the server's side."""
    rest = b"\x01" + bytes(4) + remote + bytes(4)
    return _wrap(keys, _head(HARD_RESET_SERVER, session), rest, at_s=at_s)


def read_control(keys: OpenVpnKeys, packet: bytes) -> Control | None:
    """Read a control packet, without payload; None where it is none, or not from who holds the key."""
    if len(packet) < _HEAD_BYTES + 1:
        return None
    rest = _unwrap(keys, packet[:_HEAD_BYTES], packet[_HEAD_BYTES:])
    if not rest:
        return None
    n_acks = rest[0]
    end = 1 + 4 * n_acks + (SESSION_BYTES if n_acks else 0)
    if n_acks > _MAX_ACKS or len(rest) < end:
        return None
    acknowledged = struct.unpack_from(f">{n_acks}I", rest, 1)
    remote = rest[end - SESSION_BYTES : end] if n_acks else b""
    return Control(opcode=packet[0] >> 3, session=packet[1:_HEAD_BYTES], acknowledged=acknowledged, remote=remote)


def is_answer(keys: OpenVpnKeys, packet: bytes, *, session: bytes) -> bool:
    """Say whether a packet is a genuine server's answer to our hard reset with this session id."""
    control = read_control(keys, packet)
    return control is not None and control.opcode in (HARD_RESET_SERVER, ACK) and control.remote == session


def framed(packet: bytes) -> bytes:
    """Put a packet's length before it, for TCP."""
    return struct.pack(">H", len(packet)) + packet


@dataclass(slots=True)
class Frames:
    """Packets out of a TCP stream."""

    waiting: bytes = b""

    def feed(self, data: bytes) -> list[bytes]:
        """Take bytes and give the packets that are whole now."""
        self.waiting += data
        whole: list[bytes] = []
        while len(self.waiting) >= 2:
            (length,) = struct.unpack_from(">H", self.waiting)
            if len(self.waiting) < 2 + length:
                break
            whole.append(self.waiting[2 : 2 + length])
            self.waiting = self.waiting[2 + length :]
        return whole


def _head(opcode: int, session: bytes) -> bytes:
    return bytes([opcode << 3]) + session


def _wrap(keys: OpenVpnKeys, head: bytes, rest: bytes, *, at_s: int) -> bytes:
    if keys.wrap == "plain":
        return head + rest
    stamp = _STAMP.pack(1, at_s)
    cipher_key, mac_key = keys.parts(outgoing=True)
    if keys.wrap == "tls_auth":
        return head + _auth_tag(keys, mac_key, stamp + head + rest) + stamp + rest
    tag = _crypt_tag(mac_key, head + stamp + rest)
    return head + stamp + tag + _crypt(cipher_key, tag, rest)


def _unwrap(keys: OpenVpnKeys, head: bytes, rest: bytes) -> bytes:
    """Give what the static key covered; b"" where it does not fit."""
    if keys.wrap == "plain":
        return rest
    cipher_key, mac_key = keys.parts(outgoing=False)
    if keys.wrap == "tls_auth":
        n_tag = hashlib.new(keys.digest).digest_size
        tag, stamp, covered = rest[:n_tag], rest[n_tag : n_tag + _STAMP.size], rest[n_tag + _STAMP.size :]
        expected = _auth_tag(keys, mac_key, stamp + head + covered)
        return covered if hmac.compare_digest(tag, expected) else b""
    stamp, tag = rest[: _STAMP.size], rest[_STAMP.size : _STAMP.size + _TAG_BYTES]
    if len(tag) < _TAG_BYTES:
        return b""
    covered = _crypt(cipher_key, tag, rest[_STAMP.size + _TAG_BYTES :])
    return covered if hmac.compare_digest(tag, _crypt_tag(mac_key, head + stamp + covered)) else b""


def _auth_tag(keys: OpenVpnKeys, mac_key: bytes, data: bytes) -> bytes:
    size = hashlib.new(keys.digest).digest_size
    return hmac.new(mac_key[:size], data, keys.digest).digest()


def _crypt_tag(mac_key: bytes, data: bytes) -> bytes:
    return hmac.new(mac_key[:32], data, hashlib.sha256).digest()


def _crypt(cipher_key: bytes, tag: bytes, data: bytes) -> bytes:
    worker = Cipher(algorithms.AES(cipher_key[:32]), modes.CTR(tag[:16])).encryptor()
    return worker.update(data) + worker.finalize()
