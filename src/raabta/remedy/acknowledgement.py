"""What a gateway says of the list that it holds, signed: the association learns which serial is in force where.

It says which list and when, how many elements, and nothing of traffic. Whoever sees the acknowledgement must know the
gateway's public key from elsewhere: ``raabta gateway init`` prints it.
"""

import base64
import binascii
import datetime as dt
from typing import Final

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from msgspec import Struct

from raabta.remedy.canonical import canonical, read_canonical

_PURPOSE: Final = b"raabta-acknowledgement-1\n"


class Acknowledgement(Struct, frozen=True, kw_only=True):
    """A gateway holds this list. The signature is over all else, in canonical form."""

    recipient: str
    serial: int
    list_hash: str
    """SHA-256 (hex) of the list's canonical bytes."""
    leases_version: int
    n_entries: int
    """In force, leases among them."""
    marker: str
    """The kernel's name for what it holds."""
    applied_at: dt.datetime
    key: str
    """The gateway's public key (Ed25519), base64."""
    signature: str = ""


def sign_acknowledgement(said: Acknowledgement, key: Ed25519PrivateKey) -> Acknowledgement:
    """Give it with the gateway's key and signature."""
    public = base64.b64encode(key.public_key().public_bytes_raw()).decode()
    named = msgspec.structs.replace(said, key=public, signature="")
    signature = base64.b64encode(key.sign(_PURPOSE + canonical(named))).decode()
    return msgspec.structs.replace(named, signature=signature)


def read_acknowledgement(raw: bytes, *, key: str, name: str) -> Acknowledgement:
    """Read an acknowledgement and check it against the key that the gateway is known by.

    Args:
        raw: The file.
        key: Ed25519 public key, base64.
        name: What to call the file in an error.

    Raises:
        ValueError: It is none, or not signed by this key.
    """
    said = read_canonical(raw, Acknowledgement, name=name)
    unsigned = msgspec.structs.replace(said, signature="")
    try:
        public = Ed25519PublicKey.from_public_bytes(base64.b64decode(key, validate=True))
        public.verify(base64.b64decode(said.signature, validate=True), _PURPOSE + canonical(unsigned))
    except (InvalidSignature, binascii.Error, ValueError) as error:
        message = f"{name}: not signed by the gateway's key. Ask the operator for the key: raabta gateway status"
        raise ValueError(message) from error
    if said.key != key:
        message = f"{name}: it names another key than the one that signed it."
        raise ValueError(message)
    return said
