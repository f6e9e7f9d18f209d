"""What the register keeps to itself: sealing of personal fields, and keyed hashes of identity numbers.

A sealed field is AES-256-GCM with the place (table, column, id) as associated data, so that a value that was moved to
another row does not open. The nonce is derived from the key, the place and the text (as SIV modes do it): no chance
is needed here, and a nonce repeats only where the same text stands sealed in the same place. Lengths are not hidden.

The two secrets live in a file beside the register, never in it: whoever has a copy of the database alone learns
neither names nor contacts. Replacing the sealing secret after a deletion makes what old copies hold unreadable
(``deletion``); the identity secret stays, for without it nobody could tell that the same paper was seen before.
"""

import hashlib
import hmac
import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from pathlib import Path
from typing import Final

from msgspec import Struct

SECRET_BYTES: Final = 32
"""AES-256, and the block of HMAC-SHA-256."""
NONCE_BYTES: Final = 12
"""NIST SP 800-38D, 8.2."""
SEAL_MARK: Final = "s1."
"""Version of the sealed form."""
KEY_HEAD: Final = "raabta register key 1"
IDENTITY_HEX: Final = 40
"""160 bits: two papers never meet by chance."""
NUMBER_MIN: Final = 5
"""No paper has a shorter number (old passports have 7 signs): what is shorter was broken off in typing."""


class RegisterKey(Struct, frozen=True, kw_only=True):
    """The register's two secrets, 32 bytes each. Never printed: ``repr`` tells only which key it is."""

    seal: bytes
    identity: bytes

    def __repr__(self) -> str:  # type: ignore[explicit-override]  # Python 3.11 has no typing.override
        return f"RegisterKey({self.fingerprint})"

    @property
    def fingerprint(self) -> str:
        """Which sealing secret this is; tells nothing about it."""
        return hmac.digest(self.seal, b"raabta register key", "sha256").hex()[:32]

    def identity_hash(self, kind: str, number: str) -> str:
        """Give the keyed hash of an identity number: the same paper gives the same hash, however it is written.

        Raises:
            ValueError: It has fewer than 5 letters and digits. The text does not repeat the number.
        """
        plain = "".join(filter(str.isalnum, number)).upper()
        if len(plain) < NUMBER_MIN:
            message = (
                f"the identity number has fewer than {NUMBER_MIN} letters and digits. Read it from the paper again."
            )
            raise ValueError(message)
        return hmac.digest(self.identity, f"{kind}:{plain}".encode(), "sha256").hex()[:IDENTITY_HEX]


class Sealer:
    """Seals and opens fields with one key."""

    def __init__(self, key: RegisterKey) -> None:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415  most commands open no seal

        self._cipher = AESGCM(key.seal)
        self._nonce_key = hmac.digest(key.seal, b"raabta nonce", "sha256")

    def seal(self, text: str, place: str) -> str:
        """Seal a text for a place ("people.name.p-…")."""
        plain, bound = text.encode(), place.encode()
        nonce = hmac.digest(self._nonce_key, hashlib.sha256(bound).digest() + plain, "sha256")[:NONCE_BYTES]
        return SEAL_MARK + urlsafe_b64encode(nonce + self._cipher.encrypt(nonce, plain, bound)).decode()

    def open(self, sealed: str, place: str) -> str:
        """Open what was sealed for this place.

        Raises:
            ValueError: It was sealed with another key, for another place, or altered.
        """
        from cryptography.exceptions import InvalidTag  # noqa: PLC0415  as above

        try:
            raw = urlsafe_b64decode(sealed.removeprefix(SEAL_MARK))
            return self._cipher.decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], place.encode()).decode()
        except (InvalidTag, ValueError) as error:
            message = f"{place}: cannot be opened. Is register.key the key of this register, and the newest one?"
            raise ValueError(message) from error


def write_key(path: Path, key: RegisterKey, *, only_new: bool = False) -> None:
    """Write a key file, for its owner alone, whole or not at all; it is on the disk when this returns.

    Raises:
        FileExistsError: There is one, and ``only_new`` was asked for.
    """
    text = f"{KEY_HEAD}\nseal {key.seal.hex()}\nidentity {key.identity.hex()}\n"
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.unlink(missing_ok=True)
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)  # nobody else may read it, ever
    try:
        os.write(handle, text.encode())
        os.fsync(handle)
        if only_new:
            path.hardlink_to(temporary)
        else:
            temporary.replace(path)
    finally:
        os.close(handle)
        temporary.unlink(missing_ok=True)
    sync_folder(path.parent)


def read_key(path: Path) -> RegisterKey:
    """Read a key file.

    Raises:
        ValueError: It is no key file. The text repeats nothing of it.
        OSError: It cannot be read.
    """
    try:
        lines = path.read_text(encoding="ascii").splitlines()
        secrets = {name: bytes.fromhex(value) for name, value in (line.split(" ") for line in lines[1:])}
        key = RegisterKey(seal=secrets["seal"], identity=secrets["identity"])
    except (ValueError, KeyError):
        lines, key = [], None
    if key is None or lines[0] != KEY_HEAD or {len(key.seal), len(key.identity)} != {SECRET_BYTES}:
        message = f"{path}: this is no key of a register. Take the register.key that was made with it, or a copy of it."
        raise ValueError(message)
    return key


def sync_folder(folder: Path) -> None:
    """Have the disk know the names in a folder, so that a rename outlives a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
