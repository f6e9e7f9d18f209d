"""WireGuard's opening: one initiation out, one response (or, from a busy server, one cookie reply) back.

Noise_IKpsk2 over Curve25519, ChaCha20-Poly1305 and BLAKE2s. A server answers nobody whose key it does not know, and
nobody whose time stamp is not later than the last one of the same key: silence may mean either. A valid opening moves
the server's idea of where the peer is; so whoever probes takes a peer of its own, never one that carries a tunnel.

Pure: time, chance and indices are arguments. The answering side is here too, for tests and the lab; it keeps no
sessions, since nothing follows an opening here.

Source: J. Donenfeld, "WireGuard: Next Generation Kernel Network Tunnel" (2017), sections 5.4 and 5.4.7; RFC 8439
(ChaCha20); draft-irtf-cfrg-xchacha-03 (HChaCha20).
"""

import base64
import binascii
import datetime as dt
import hashlib
import hmac
import struct
from dataclasses import dataclass
from typing import Final, Literal

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from msgspec import Struct

INITIATION: Final = 1
RESPONSE: Final = 2
COOKIE: Final = 3
INITIATION_BYTES: Final = 148
RESPONSE_BYTES: Final = 92
COOKIE_BYTES: Final = 64
KEY_BYTES: Final = 32

_NO_KEY: Final = bytes(KEY_BYTES)
_NO_NONCE: Final = bytes(12)
_NO_MAC: Final = bytes(16)
_LABEL_MAC1: Final = b"mac1----"
_LABEL_COOKIE: Final = b"cookie--"
_TAI64_EPOCH: Final = 0x4000_0000_0000_000A
"""TAI64 label of 1970-01-01 with the ten leap seconds of then; later ones are left out, as all implementations do."""

_MAC1_AT: Final = 116
"""Offset of mac1 in an initiation."""


def _hash(*parts: bytes) -> bytes:
    return hashlib.blake2s(b"".join(parts)).digest()


def _mac(key: bytes, data: bytes) -> bytes:
    return hashlib.blake2s(data, key=key, digest_size=16).digest()


def _hmac(key: bytes, data: bytes) -> bytes:
    return hmac.new(key, data, hashlib.blake2s).digest()


_CHAIN: Final = _hash(b"Noise_IKpsk2_25519_ChaChaPoly_BLAKE2s")
_START: Final = _hash(_CHAIN, b"WireGuard v1 zx2c4 Jason@zx2c4.com")


class WireGuardKeys(Struct, frozen=True, kw_only=True):
    """What opens a session: one's own private key, the server's public key, and a shared key where there is one."""

    private_key: bytes
    peer_public_key: bytes
    preshared_key: bytes = _NO_KEY

    def __repr__(self) -> str:  # type: ignore[explicit-override]  # Python 3.11 cannot say it
        """Secrets stay out of logs."""
        return "WireGuardKeys(...)"

    @property
    def public_key(self) -> bytes:
        """Our own public key, by which the server knows us."""
        return public_key(self.private_key)


def read_key(text: str, *, name: str) -> bytes:
    """Read a key as ``wg`` writes it: 32 bytes in base64.

    Raises:
        ValueError: It is no key. The text never repeats it.
    """
    try:
        key = base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != KEY_BYTES:
        message = f"{name}: this is no WireGuard key (44 characters of base64). Copy it as `wg` shows it."
        raise ValueError(message)
    return key


def public_key(private_key: bytes) -> bytes:
    """Give the public key of a private one."""
    return X25519PrivateKey.from_private_bytes(private_key).public_key().public_bytes_raw()


def tai64n(at: dt.datetime) -> bytes:
    """Write an aware time as TAI64N: 8 bytes of seconds, 4 of nanoseconds, so that later times sort later."""
    since = at - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
    seconds = since.days * 86_400 + since.seconds
    return struct.pack(">QI", _TAI64_EPOCH + seconds, since.microseconds * 1_000)


@dataclass(slots=True)
class _Noise:
    """The handshake's two running values: chaining key and transcript hash."""

    chain: bytes = _CHAIN
    transcript: bytes = _START

    def absorb(self, data: bytes) -> None:
        self.transcript = _hash(self.transcript, data)

    def mix(self, secret: bytes, *, n_more: int = 0) -> list[bytes]:
        """KDF1 to KDF3: renew the chaining key and give ``n_more`` further keys."""
        root = _hmac(self.chain, secret)
        self.chain = _hmac(root, b"\x01")
        keys: list[bytes] = []
        last = self.chain
        for number in range(2, 2 + n_more):
            last = _hmac(root, last + bytes([number]))
            keys.append(last)
        return keys

    def seal(self, key: bytes, plain: bytes) -> bytes:
        sealed = ChaCha20Poly1305(key).encrypt(_NO_NONCE, plain, self.transcript)
        self.absorb(sealed)
        return sealed

    def unseal(self, key: bytes, sealed: bytes) -> bytes:
        plain = ChaCha20Poly1305(key).decrypt(_NO_NONCE, sealed, self.transcript)
        self.absorb(sealed)
        return plain

    def copy(self) -> "_Noise":
        return _Noise(self.chain, self.transcript)


def _exchange(private: bytes, public: bytes) -> bytes:
    return X25519PrivateKey.from_private_bytes(private).exchange(X25519PublicKey.from_public_bytes(public))


Answer = Literal["response", "cookie"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Initiation:
    """An opening that was made: the datagram to send, and what is needed to know its answer."""

    message: bytes
    sender: int
    keys: WireGuardKeys
    ephemeral: bytes
    noise: _Noise

    def check(self, datagram: bytes) -> Answer | None:
        """Say which answer to this opening a datagram is; None where it is none, or not from who holds the key."""
        if len(datagram) == RESPONSE_BYTES and datagram[:4] == bytes([RESPONSE, 0, 0, 0]):
            return "response" if self._is_response(datagram) else None
        if len(datagram) == COOKIE_BYTES and datagram[:4] == bytes([COOKIE, 0, 0, 0]):
            return "cookie" if self._is_cookie(datagram) else None
        return None

    def _is_response(self, datagram: bytes) -> bool:
        (receiver,) = struct.unpack_from("<I", datagram, 8)
        if receiver != self.sender:
            return False
        theirs, empty = datagram[12:44], datagram[44:60]
        noise = self.noise.copy()
        noise.mix(theirs)
        noise.absorb(theirs)
        try:
            noise.mix(_exchange(self.ephemeral, theirs))
            noise.mix(_exchange(self.keys.private_key, theirs))
            transcript_key, key = noise.mix(self.keys.preshared_key, n_more=2)
            noise.absorb(transcript_key)
            noise.unseal(key, empty)
        except (InvalidTag, ValueError):  # ValueError: a point of small order
            return False
        return True

    def _is_cookie(self, datagram: bytes) -> bool:
        (receiver,) = struct.unpack_from("<I", datagram, 4)
        if receiver != self.sender:
            return False
        key = _hash(_LABEL_COOKIE, self.keys.peer_public_key)
        mac1 = self.message[_MAC1_AT : _MAC1_AT + 16]
        try:
            _unseal_extended(key, nonce=datagram[8:32], sealed=datagram[32:], about=mac1)
        except InvalidTag:
            return False
        return True


def open_wireguard(keys: WireGuardKeys, *, ephemeral: bytes, sender: int, timestamp: bytes) -> Initiation:
    """Make one initiation.

    Args:
        keys: Whose, and to whom.
        ephemeral: 32 fresh bytes of chance: the private key of this one opening.
        sender: A number below 2**32 that the answer will carry.
        timestamp: From ``tai64n``; later than in every earlier opening with the same key, or the server stays silent.

    Raises:
        ValueError: The server's public key is a point of small order.
    """
    noise = _Noise()
    noise.absorb(keys.peer_public_key)
    ours = public_key(ephemeral)
    noise.mix(ours)
    noise.absorb(ours)
    (key,) = noise.mix(_exchange(ephemeral, keys.peer_public_key), n_more=1)
    static = noise.seal(key, keys.public_key)
    (key,) = noise.mix(_exchange(keys.private_key, keys.peer_public_key), n_more=1)
    stamp = noise.seal(key, timestamp)
    body = struct.pack("<II", INITIATION, sender) + ours + static + stamp
    mac1 = _mac(_hash(_LABEL_MAC1, keys.peer_public_key), body)
    return Initiation(message=body + mac1 + _NO_MAC, sender=sender, keys=keys, ephemeral=ephemeral, noise=noise)


# --- the answering side ---------------------------------------------------------------------------------------------


@dataclass(slots=True)
class WireGuardServer:
    """A server as far as its first answer. ``peers`` maps public keys to shared keys."""

    private_key: bytes
    peers: dict[bytes, bytes]
    latest: dict[bytes, bytes]
    """The last time stamp of each peer."""

    @classmethod
    def of(cls, private_key: bytes, *peers: bytes) -> "WireGuardServer":
        """A server that knows some public keys, without shared keys."""
        return cls(private_key, dict.fromkeys(peers, _NO_KEY), {})

    def answer(self, datagram: bytes, *, ephemeral: bytes, sender: int) -> bytes | None:
        """Answer an initiation; None for everything that a server meets with silence."""
        if not self._is_for_us(datagram):
            return None
        noise = _Noise()
        noise.absorb(public_key(self.private_key))
        theirs = datagram[8:40]
        noise.mix(theirs)
        noise.absorb(theirs)
        try:
            (key,) = noise.mix(_exchange(self.private_key, theirs), n_more=1)
            peer = noise.unseal(key, datagram[40:88])
            (key,) = noise.mix(_exchange(self.private_key, peer), n_more=1)
            stamp = noise.unseal(key, datagram[88:116])
        except (InvalidTag, ValueError):
            return None
        if peer not in self.peers or stamp <= self.latest.get(peer, b""):
            return None
        self.latest[peer] = stamp
        (receiver,) = struct.unpack_from("<I", datagram, 4)
        return _response(noise, peer=(peer, theirs, self.peers[peer]), ephemeral=ephemeral, ends=(sender, receiver))

    def cookie(self, datagram: bytes, *, cookie: bytes, nonce: bytes) -> bytes | None:
        """Answer as a server under load does: with a cookie (16 bytes), sealed with ``nonce`` (24 bytes)."""
        if not self._is_for_us(datagram):
            return None
        key = _hash(_LABEL_COOKIE, public_key(self.private_key))
        sealed = _seal_extended(key, nonce=nonce, plain=cookie, about=datagram[_MAC1_AT : _MAC1_AT + 16])
        return struct.pack("<I", COOKIE) + datagram[4:8] + nonce + sealed

    def _is_for_us(self, datagram: bytes) -> bool:
        if len(datagram) != INITIATION_BYTES or datagram[:4] != bytes([INITIATION, 0, 0, 0]):
            return False
        mac1 = _mac(_hash(_LABEL_MAC1, public_key(self.private_key)), datagram[:_MAC1_AT])
        return hmac.compare_digest(mac1, datagram[_MAC1_AT : _MAC1_AT + 16])


def _response(noise: _Noise, *, peer: tuple[bytes, bytes, bytes], ephemeral: bytes, ends: tuple[int, int]) -> bytes:
    """``peer`` is their static and ephemeral public keys and the shared key; ``ends`` our index and theirs."""
    static, theirs, shared = peer
    ours = public_key(ephemeral)
    noise.mix(ours)
    noise.absorb(ours)
    noise.mix(_exchange(ephemeral, theirs))
    noise.mix(_exchange(ephemeral, static))
    transcript_key, key = noise.mix(shared, n_more=2)
    noise.absorb(transcript_key)
    body = struct.pack("<III", RESPONSE, *ends) + ours + noise.seal(key, b"")
    return body + _mac(_hash(_LABEL_MAC1, static), body) + _NO_MAC


# --- XChaCha20-Poly1305, which only cookies need --------------------------------------------------------------------

_SIGMA: Final = struct.unpack("<4I", b"expand 32-byte k")
_COLUMNS: Final = ((0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15))
_DIAGONALS: Final = ((0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14))
_WORD: Final = 0xFFFF_FFFF


def _hchacha20(key: bytes, nonce: bytes) -> bytes:
    state = [*_SIGMA, *struct.unpack("<8I", key), *struct.unpack("<4I", nonce)]
    for _ in range(10):
        for a, b, c, d in (*_COLUMNS, *_DIAGONALS):
            _quarter_round(state, (a, b, c, d))
    return struct.pack("<8I", *state[:4], *state[12:])


def _quarter_round(state: list[int], places: tuple[int, int, int, int]) -> None:
    """RFC 8439 section 2.1."""
    a, b, c, d = places
    for one, two, three, turn in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
        state[one] = (state[one] + state[two]) & _WORD
        mixed = state[three] ^ state[one]
        state[three] = ((mixed << turn) | (mixed >> (32 - turn))) & _WORD


def _extended(key: bytes, nonce: bytes) -> tuple[ChaCha20Poly1305, bytes]:
    return ChaCha20Poly1305(_hchacha20(key, nonce[:16])), bytes(4) + nonce[16:]


def _seal_extended(key: bytes, *, nonce: bytes, plain: bytes, about: bytes) -> bytes:
    cipher, short = _extended(key, nonce)
    return cipher.encrypt(short, plain, about)


def _unseal_extended(key: bytes, *, nonce: bytes, sealed: bytes, about: bytes) -> bytes:
    cipher, short = _extended(key, nonce)
    return cipher.decrypt(short, sealed, about)
