"""An operator's signed word that an address is a customer's: what it signs, and how that is checked.

The association sends the operator a request that names a prefix and a challenge. The challenge is bound to one member
and one end point, so the operator names nobody, and its word cannot be passed off as another member's. The answer is
the same JSON with the operator's network, dates and an Ed25519 signature over the purpose, a line feed and the
canonical JSON (sorted keys, no blanks) of everything but the signature.
"""

import base64
import binascii
import datetime as dt
import ipaddress
from typing import Final

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from msgspec import Struct

_PURPOSE: Final = b"raabta-attestation-1\n"
MAX_ATTESTATION_BYTES: Final = 8_192
"""One is some 500 bytes."""
MAX_DAYS: Final = 366
"""An operator does not know for longer whose an address will be. Judgement."""
_CLOCKS_APART: Final = dt.timedelta(minutes=5)


class Attestation(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an operator says: "this prefix is assigned to the customer who was given this challenge, until then".

    In a request ``asn``, ``made_at``, ``valid_until`` and ``signature`` are empty.
    """

    operator: str
    """The operator's recipient id."""
    prefix: str
    challenge: str
    asn: int = 0
    """The network that announces the prefix."""
    made_at: dt.datetime | None = None
    valid_until: dt.datetime | None = None
    signature: str = ""
    """Ed25519, base64."""
    version: int = 1


def read_attestation(raw: bytes, *, name: str) -> Attestation:
    """Read a request or an attestation.

    Args:
        raw: JSON, as people and programs write it.
        name: What to call it in an error.

    Raises:
        ValueError: It is neither. The text says what to try.
    """
    if len(raw) > MAX_ATTESTATION_BYTES:
        message = f"{name}: {len(raw)} bytes are too many for an attestation. Is it the right file?"
        raise ValueError(message)
    try:
        return msgspec.json.decode(raw, type=Attestation)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        message = f"{name}: this is no attestation: {error}. Ask the operator for the file as its tool wrote it."
        raise ValueError(message) from error


def write_attestation(attestation: Attestation) -> bytes:
    """Give it as JSON that people can read, with a line feed at its end."""
    return msgspec.json.format(msgspec.json.encode(attestation), indent=2) + b"\n"


def sign_attestation(attestation: Attestation, key: Ed25519PrivateKey) -> Attestation:
    """Sign; an earlier signature is replaced."""
    signature = base64.b64encode(key.sign(_signed(attestation))).decode()
    return msgspec.structs.replace(attestation, signature=signature)


def attestation_fault(
    attestation: Attestation, *, request: Attestation, key: str, asns: tuple[int, ...], now: dt.datetime
) -> str | None:
    """Say why an attestation does not answer a request; None where it does.

    Args:
        attestation: What the operator sent.
        request: What was asked: operator, prefix, challenge.
        key: The operator's public key, base64.
        asns: The operator's networks.
        now: The time of the check, aware UTC.
    """
    if not key:
        return "the register has no attestation key of this operator"
    if not _is_signed(attestation, key):
        return "it is not signed with this operator's key"
    if attestation.operator != request.operator:
        return f"it is by another operator than {request.operator!r}"
    if attestation.challenge != request.challenge:
        return "it answers another challenge: another member's, another end point's or an older one"
    # The very prefix: a wider one would say of many customers what was asked of one.
    if not _is_same(attestation.prefix, request.prefix):
        return f"it is for another prefix than {request.prefix!r}"
    if attestation.asn not in asns:
        return f"AS{attestation.asn} is no network of this operator"
    return _fault_of_dates(attestation, now)


def _fault_of_dates(attestation: Attestation, now: dt.datetime) -> str | None:
    made_at, until = attestation.made_at, attestation.valid_until
    if made_at is None or until is None or made_at.tzinfo is None or until.tzinfo is None:
        return "it has no dates with a time zone"
    if made_at > now + _CLOCKS_APART:
        return "it was made in the future: whose clock is wrong?"
    if until <= now:
        return "it has expired"
    if until - made_at > dt.timedelta(days=MAX_DAYS):
        return f"it is for more than {MAX_DAYS} days"
    return None


def _is_same(given: str, asked: str) -> bool:
    try:
        return ipaddress.ip_network(given) == ipaddress.ip_network(asked)
    except ValueError:
        return False


def _is_signed(attestation: Attestation, key: str) -> bool:
    try:
        public = Ed25519PublicKey.from_public_bytes(base64.b64decode(key, validate=True))
        public.verify(base64.b64decode(attestation.signature, validate=True), _signed(attestation))
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True


def _signed(attestation: Attestation) -> bytes:
    bare = msgspec.structs.replace(attestation, signature="")
    return _PURPOSE + msgspec.json.encode(bare, order="sorted")
