"""A control's receipt: "who holds this key came from this address, at this time".

A client sends its public key, a nonce, the time and its signature over the three. The control checks them, keeps
nothing, and signs the address that it saw beside them. Two controls are asked at the same moment: an operator that
sends a member's traffic out by several addresses (split NAT) then shows two, and neither can be called the member's.

What a receipt does not show: that the client *lives* at the address. Whoever relays through another machine proves that
machine's address; so a proof takes several days, and addresses that many share are refused (``remedy.leases``). A
control that is dishonest can sign any address: hence two of them, by their keys. A request that a control passes on to
another one within the window gives a receipt for the control's own address, which no lease or proof names.

Signed are two lines: the purpose, and the record without its signature as JSON with sorted keys (RFC 8785).
"""

import base64
import binascii
import datetime as dt
import ipaddress
import re
from collections.abc import Collection
from typing import Annotated, Final

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import Meta, Struct

from raabta.wire.control import is_signed

RECEIPT_PATH: Final = "/receipt"
WINDOW_S: Final = 120
"""How far the clocks of a client and a control may lie apart, and two receipts of one moment. Design: remedy.md."""

_ASK_PURPOSE: Final = b"raabta-receipt-ask-1\n"
_PURPOSE: Final = b"raabta-receipt-1\n"
_NONCE: Final = re.compile(r"[0-9A-Za-z._~=+/-]{16,128}")
_KEY_BYTES: Final = 32  # RFC 8032, 5.1.5
_KEY_NAME: Final = "ed25519/"

Moment = Annotated[dt.datetime, Meta(tz=True)]
"""An aware time: one without its zone is refused where it is read."""


class ReceiptRequest(Struct, frozen=True, kw_only=True):
    """What a client sends. ``key`` is its Ed25519 public key, base64; ``nonce`` 16 to 128 signs of base64 or hex."""

    key: str
    nonce: str
    time: Moment
    signature: str = ""


class Receipt(Struct, frozen=True, kw_only=True):
    """What a control saw: the client's ``address``, ``seen_at`` by its own clock; ``control`` is its public key."""

    address: str
    key: str
    nonce: str
    seen_at: Moment
    control: str
    signature: str = ""


def request_bytes(request: ReceiptRequest) -> bytes:
    """Give the bytes that the client signs."""
    return _ASK_PURPOSE + msgspec.json.encode(msgspec.structs.replace(request, signature=""), order="sorted")


def receipt_bytes(receipt: Receipt) -> bytes:
    """Give the bytes that the control signs."""
    return _PURPOSE + msgspec.json.encode(msgspec.structs.replace(receipt, signature=""), order="sorted")


def sign_request(key: Ed25519PrivateKey, *, nonce: str, time: dt.datetime) -> ReceiptRequest:
    """Make a request for a receipt, signed."""
    request = ReceiptRequest(key=public_text(key), nonce=nonce, time=time)
    return msgspec.structs.replace(request, signature=signature_text(key, request_bytes(request)))


def refuse_request(request: ReceiptRequest, *, now: dt.datetime) -> str:
    """Say why a request gets no receipt; "" where it gets one."""
    if not is_nonce(request.nonce):
        return "the nonce has 16 to 128 signs of base64 or hex"
    if abs(request.time - now) > dt.timedelta(seconds=WINDOW_S):
        return f"the time lies more than {WINDOW_S} s from this clock (header Date); set the clock and ask again"
    if not is_signed(request_bytes(request), signature=request.signature, key=request.key):
        return "the signature was not made with this key over this nonce and time"
    return ""


def give_receipt(request: ReceiptRequest, *, address: str, now: dt.datetime, signing_key: Ed25519PrivateKey) -> Receipt:
    """Sign what was seen of a request that is not refused.

    Args:
        request: What was asked.
        address: Where it came from.
        now: The control's clock.
        signing_key: The control's.
    """
    receipt = Receipt(
        address=str(ipaddress.ip_address(address.partition("%")[0])),
        key=request.key,
        nonce=request.nonce,
        seen_at=now.astimezone(dt.UTC).replace(microsecond=0),
        control=public_text(signing_key),
    )
    return msgspec.structs.replace(receipt, signature=signature_text(signing_key, receipt_bytes(receipt)))


def is_genuine(receipt: Receipt, *, control_keys: Collection[str]) -> bool:
    """Say whether one of the known controls (public keys, base64) signed this, for an address. Never raises."""
    if receipt.control not in control_keys or not _is_usual(receipt.address):
        return False
    return is_signed(receipt_bytes(receipt), signature=receipt.signature, key=receipt.control)


def is_nonce(text: str) -> bool:
    """Say whether a text may be a nonce."""
    return bool(_NONCE.fullmatch(text))


def read_key(text: str) -> str:
    """Read an Ed25519 public key (base64, ``ed25519/`` before it or not) into its one spelling.

    Raises:
        ValueError: It is none. The text says what one looks like, and does not repeat what was given.
    """
    try:
        raw = base64.b64decode(text.strip().removeprefix(_KEY_NAME), validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if len(raw) != _KEY_BYTES:
        message = "this is no Ed25519 public key. One is 44 signs of base64, as `raabta lease key` or a control prints."
        raise ValueError(message)
    return base64.b64encode(raw).decode()


def read_keys(text: str, *, name: str) -> frozenset[str]:
    """Read public keys of controls, one a line; ``#`` begins a remark.

    Args:
        text: What stands in the file.
        name: The file, for the error.

    Raises:
        ValueError: A line holds no key, or no line does. The text names the line.
    """
    keys: set[str] = set()
    for number, line in enumerate(text.splitlines(), start=1):
        bare = line.partition("#")[0].strip()
        try:
            keys |= {read_key(bare)} if bare else set()
        except ValueError as error:
            message = f"{name}, line {number}: {error}"
            raise ValueError(message) from error
    if not keys:
        message = f"{name}: no key is in it. Give one a line: what `raabta control` prints after the word key."
        raise ValueError(message)
    return frozenset(keys)


def _is_usual(address: str) -> bool:
    """Say whether this is one address in its usual spelling."""
    try:
        return str(ipaddress.ip_address(address)) == address
    except ValueError:
        return False


def public_text(key: Ed25519PrivateKey) -> str:
    """Give the public half of a key, base64."""
    return base64.b64encode(key.public_key().public_bytes_raw()).decode()


def signature_text(key: Ed25519PrivateKey, signed: bytes) -> str:
    """Sign bytes; base64."""
    return base64.b64encode(key.sign(signed)).decode()
