"""The control's question and answer (OONI's test-helper format), and what of an answer is signed.

The question is POSTed as JSON, the answer is JSON. Fields that OONI does not define begin with ``x_``. What the control
refused is in no other part of the answer: a step that was not made is absent and never a failure of the target.

An answer is signed with Ed25519 over four lines: the purpose, the ``Date`` header, the SHA-256 of the question's bytes
and the body. So an answer cannot be passed off as the answer to another question, nor dated anew. The answer that a
client keeps re-encodes to the very bytes that were signed (``sign_kept``), so a stored measurement can be checked.

Source: ooni/spec nettests/ts-017-web-connectivity, "test helper"; RFC 8032 (Ed25519); RFC 9110, 5.6.7 (dates).
"""

import base64
import binascii
import hashlib
from typing import Any, Final

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from msgspec import Struct

SIGNATURE_HEADER: Final = "X-Raabta-Signature"
KEY_HEADER: Final = "X-Raabta-Key"
KEPT_SIGNATURE: Final = "x_signature"
"""Where a client keeps the signature inside the answer."""

_PURPOSE: Final = b"raabta-control-1"

# Flags of an address in ``ip_info``, as ts-017 has them; 4 (bogon) never occurs, since such addresses are refused.
FLAG_PROBE: Final = 1
"""The client named it."""
FLAG_CONTROL: Final = 2
"""The control resolved it."""
FLAG_VALID: Final = 8
"""It showed a certificate that is valid for the name."""


class ControlQuestion(Struct, kw_only=True):
    """What a client asks: a URL, and end points (``address:port``, ``[v6]:port``) that it wants tried beside it.

    The client's request headers are read and not used: the control sends its own, the same for everybody.
    """

    http_request: str = ""
    http_request_headers: Any = None
    tcp_connect: list[str] | None = None
    x_quic_enabled: bool = False


class ControlConnect(Struct, kw_only=True):
    """How a connection attempt ended."""

    status: bool
    failure: str | None


class ControlHandshake(Struct, kw_only=True):
    """How a TLS or QUIC handshake ended."""

    server_name: str
    status: bool
    failure: str | None


class ControlLookup(Struct, kw_only=True):
    """What the name resolved to."""

    failure: str | None
    addrs: list[str]


class ControlPage(Struct, kw_only=True):
    """The page at the end of the chain of redirects; lengths and status are -1 where there is none.

    ``x_body_s`` is how long it was coming, in seconds from the first bytes to the last.
    """

    body_length: int = -1
    discovered_h3_endpoint: str = ""
    failure: str | None = None
    title: str = ""
    headers: dict[str, str] = {}
    status_code: int = -1
    x_body_s: float = 0.0


class ControlAddress(Struct, kw_only=True):
    """What is known of an address."""

    asn: int
    flags: int


class ControlClientNetwork(Struct, kw_only=True):
    """The network that the question came from, never its address."""

    asn: int
    cc: str


class ControlAnswer(Struct, kw_only=True):
    """The whole answer. ``x_refused`` maps what was not tried to the reason; ``x_unfinished``: time ran out."""

    tcp_connect: dict[str, ControlConnect] = {}
    tls_handshake: dict[str, ControlHandshake] = {}
    quic_handshake: dict[str, ControlHandshake] = {}
    http_request: ControlPage | None = None
    dns: ControlLookup | None = None
    ip_info: dict[str, ControlAddress] = {}
    x_refused: dict[str, str] = {}
    x_unfinished: bool = False
    x_client: ControlClientNetwork | None = None
    x_time: str = ""


def signed_bytes(body: bytes, *, question: bytes, date: str) -> bytes:
    """Give the bytes that a signature of an answer covers."""
    return _signed(body, hashlib.sha256(question).hexdigest(), date)


def is_signed(signed: bytes, *, signature: str, key: str) -> bool:
    """Say whether a signature (base64) over ``signed`` was made with the key (base64). Never raises on strings."""
    try:
        public = Ed25519PublicKey.from_public_bytes(base64.b64decode(key, validate=True))
        public.verify(base64.b64decode(signature, validate=True), signed)
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True


def sign_kept(answer: dict[str, Any], *, question: bytes, date: str, key: str, signature: str) -> dict[str, Any]:
    """Put the signature of an answer into it, for the record of a measurement."""
    kept = {
        "date": date,
        "question_sha256": hashlib.sha256(question).hexdigest(),
        "key": key,
        "signature": signature,
    }
    return {**answer, KEPT_SIGNATURE: kept}


def check_kept(answer: dict[str, Any], *, key: str) -> bool:
    """Say whether a stored answer is, to the byte, what the holder of ``key`` (base64) signed."""
    kept = answer.get(KEPT_SIGNATURE)
    fields = ("date", "question_sha256", "signature", "key")
    if not isinstance(kept, dict) or not all(isinstance(kept.get(name), str) for name in fields):
        return False
    body = msgspec.json.encode({name: value for name, value in answer.items() if name != KEPT_SIGNATURE})
    signed = _signed(body, kept["question_sha256"], kept["date"])
    return kept["key"] == key and is_signed(signed, signature=kept["signature"], key=key)


def _signed(body: bytes, question_sha256: str, date: str) -> bytes:
    return b"\n".join((_PURPOSE, date.encode(), question_sha256.encode(), body))
