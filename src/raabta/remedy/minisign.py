"""Signatures that small routers can check: minisign's format, prehashed.

A file's signature is Ed25519 over BLAKE2b-512 of the file ("ED"); a second one covers the first and the trusted
comment, which is where serial and end of a list stand. One key signs, so this is weaker than the repository with its
threshold and its protection from rollback: it is for devices that can run ``minisign`` and no TUF client.

Source: https://jedisct1.github.io/minisign/ "Signature format". A test lets Debian's minisign judge.
Not done: the legacy format without the prehash; minisign's own secret key files (keys are those of ``keys``).
"""

import base64
import binascii
from hashlib import blake2b
from typing import Final

from raabta.remedy.keys import PublicKey, SigningKey, is_signed, raw_public

_PUBLIC_KIND: Final = b"Ed"
_PREHASHED: Final = b"ED"
_KEY_ID_BYTES: Final = 8
_SIGNATURE_BYTES: Final = 64
_PUBLIC_BYTES: Final = 32
_UNTRUSTED: Final = "untrusted comment: "
_TRUSTED: Final = "trusted comment: "
_LINES: Final = 4


def minisign_public(key: PublicKey) -> str:
    """Give a public key as a file that ``minisign -V -p FILE`` reads; its second line is what ``-P`` takes."""
    number = _key_id(key)
    body = base64.b64encode(_PUBLIC_KIND + number + raw_public(key)).decode()
    return f"{_UNTRUSTED}minisign public key {number[::-1].hex().upper()}\n{body}\n"


def read_minisign_public(text: str, *, name: str) -> PublicKey:
    """Read a public key: the two lines of its file, or the second one alone.

    Args:
        text: What was given.
        name: Whose key it is.

    Raises:
        ValueError: It is none.
    """
    lines = [line for line in text.split("\n") if line.strip() and not line.startswith(_UNTRUSTED)]
    try:
        raw = base64.b64decode(lines[0].strip(), validate=True) if len(lines) == 1 else b""
    except (binascii.Error, ValueError):
        raw = b""
    if len(raw) != len(_PUBLIC_KIND) + _KEY_ID_BYTES + _PUBLIC_BYTES or not raw.startswith(_PUBLIC_KIND):
        message = "this is no public key of minisign. Take its .pub file, or that file's second line."
        raise ValueError(message)
    key = PublicKey(name=name, public=base64.b64encode(raw[-_PUBLIC_BYTES:]).decode())
    raw_public(key)
    return key


def minisign(content: bytes, key: SigningKey, *, comment: str) -> str:
    """Sign a file.

    Args:
        content: The file's bytes.
        key: What signs.
        comment: Signed with it, one line, such as ``raabta recipient=x serial=7 expires=…``.

    Returns:
        The text of its ``.minisig`` file.

    Raises:
        ValueError: The comment has more than one line.
    """
    if "\n" in comment or "\r" in comment:
        message = f"the trusted comment must be one line, not {comment!r}"
        raise ValueError(message)
    signature = key.sign(_digest(content))
    first = base64.b64encode(_PREHASHED + _key_id(key.public) + signature).decode()
    second = base64.b64encode(key.sign(signature + comment.encode())).decode()
    return f"{_UNTRUSTED}signature of {key.public.name}\n{first}\n{_TRUSTED}{comment}\n{second}\n"


def check_minisign(content: bytes, signature: str, *, key: PublicKey) -> str:
    """Check a ``.minisig`` file.

    Args:
        content: The signed file's bytes.
        signature: The text of its ``.minisig`` file.
        key: Who must have signed.

    Returns:
        The trusted comment.

    Raises:
        ValueError: It is no signature, or not of this key over this file.
    """
    lines = signature.splitlines()
    if len(lines) != _LINES or not lines[0].startswith(_UNTRUSTED) or not lines[2].startswith(_TRUSTED):
        message = "this is no minisign signature: it has not its four lines. Fetch the .minisig file again."
        raise ValueError(message)
    try:
        first, second = base64.b64decode(lines[1], validate=True), base64.b64decode(lines[3], validate=True)
    except (binascii.Error, ValueError) as error:
        message = "this is no minisign signature: a line is no base64. Fetch the .minisig file again."
        raise ValueError(message) from error
    kind, body = first[:2], first[2 + _KEY_ID_BYTES :]  # the key's number is a hint only
    if kind != _PREHASHED or len(body) != _SIGNATURE_BYTES:
        message = "the signature is no prehashed one. Where minisign is old, sign with its option -H."
        raise ValueError(message)
    comment = lines[2].removeprefix(_TRUSTED)
    if not is_signed(_digest(content), body, key=key) or not is_signed(body + comment.encode(), second, key=key):
        message = f"the file or its comment is not what {key.name!r} signed. Do not use it."
        raise ValueError(message)
    return comment


def _digest(content: bytes) -> bytes:
    return blake2b(content, digest_size=64).digest()


def _key_id(key: PublicKey) -> bytes:
    """Minisign draws it at random, and asks only that it is the same in key and signature."""
    return blake2b(raw_public(key), digest_size=_KEY_ID_BYTES).digest()
