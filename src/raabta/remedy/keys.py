"""Keys that sign lists: Ed25519, kept in a file that only a passphrase opens.

A key file is JSON: the seed sealed by AES-256-GCM under scrypt(passphrase) (RFC 7914), with all other fields bound to
it, so that nobody can exchange the public part or weaken the cost unnoticed. PEM is not used: its usual encryption
takes 20,000 rounds of PBKDF2, a thousandth of the work for who guesses.

Randomness is an argument: seed, salt and nonce come from the edge. Not done: hardware tokens.
"""

import base64
import binascii
import re
from typing import Final, Literal

import msgspec
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from msgspec import Struct

SEED_BYTES: Final = 32  # RFC 8032, 5.1.5
SALT_BYTES: Final = 16
NONCE_BYTES: Final = 12  # NIST SP 800-38D, 8.2
SCRYPT_N: Final = 2**17
"""With r = 8: 128 MiB and about half a second for one guess (OWASP's first choice for scrypt)."""
_SCRYPT_R: Final = 8
# A file may ask for more work than ours, not for all memory: 128 * n * r bytes.
_SCRYPT_BYTES_MAX: Final = 2**30
_NAME: Final = re.compile(r"\w[\w. -]{0,63}", re.ASCII)
PASSPHRASE_MIN: Final = 12
"""Characters. NIST SP 800-63B asks for 8 online; a stolen file is guessed offline."""


class PublicKey(Struct, frozen=True, kw_only=True):
    """The part of a key that everybody may see. ``name`` says whose it is, ``public`` is raw base64."""

    name: str
    public: str
    algorithm: Literal["ed25519"] = "ed25519"


class _Sealed(Struct, frozen=True, kw_only=True):
    """The key file."""

    name: str
    public: str
    salt: str
    nonce: str
    sealed: str = ""
    n: int
    r: int
    kdf: Literal["scrypt"] = "scrypt"
    raabta_key: Literal[1] = 1


class SigningKey:
    """A key that was opened. It says whose it is and never its seed."""

    def __init__(self, name: str, seed: bytes) -> None:
        self._private = Ed25519PrivateKey.from_private_bytes(seed)
        self.public = PublicKey(name=name, public=_text(self._private.public_key().public_bytes_raw()))
        """What others need to check its signatures."""

    def sign(self, message: bytes) -> bytes:
        """Sign (RFC 8032): 64 bytes."""
        return self._private.sign(message)


def is_signed(message: bytes, signature: bytes, *, key: PublicKey) -> bool:
    """Say whether this key signed this message."""
    try:
        Ed25519PublicKey.from_public_bytes(raw_public(key)).verify(signature, message)
    except InvalidSignature:
        return False
    return True


def raw_public(key: PublicKey) -> bytes:
    """Give the 32 bytes of a public key.

    Raises:
        ValueError: It is none.
    """
    try:
        raw = base64.b64decode(key.public, validate=True)
    except (binascii.Error, ValueError) as error:
        message = f"key {key.name!r}: its public part is no base64. Ask its holder for the .pub file again."
        raise ValueError(message) from error
    if len(raw) != SEED_BYTES:
        message = f"key {key.name!r}: its public part has {len(raw)} bytes, not 32. Ask its holder for the .pub file."
        raise ValueError(message)
    return raw


def seal_key(seed: bytes, passphrase: str, *, name: str, salt: bytes, nonce: bytes, n: int = SCRYPT_N) -> bytes:
    """Make the key file of a seed.

    Args:
        seed: 32 random bytes.
        passphrase: At least 12 characters.
        name: Whose key it is; stands in the root metadata.
        salt: 16 random bytes.
        nonce: 12 random bytes.
        n: Cost of scrypt, a power of two.

    Raises:
        ValueError: The passphrase is too short, or the sizes are wrong.
    """
    if len(passphrase) < PASSPHRASE_MIN:
        message = f"the passphrase of {name!r} has {len(passphrase)} characters. Take {PASSPHRASE_MIN} or more: words."
        raise ValueError(message)
    if not _NAME.fullmatch(name):
        message = f"a key cannot be called {name!r}. Take a short name: letters, digits, '.', '_', '-', blanks."
        raise ValueError(message)
    if (len(seed), len(salt), len(nonce)) != (SEED_BYTES, SALT_BYTES, NONCE_BYTES):
        message = f"key {name!r}: seed, salt and nonce have 32, 16 and 12 bytes"
        raise ValueError(message)
    public = SigningKey(name, seed).public.public
    file = _Sealed(name=name, public=public, salt=_text(salt), nonce=_text(nonce), n=n, r=_SCRYPT_R)
    sealed = AESGCM(_stretch(passphrase, file)).encrypt(nonce, seed, _bound(file))
    return msgspec.json.format(msgspec.json.encode(msgspec.structs.replace(file, sealed=_text(sealed)))) + b"\n"


def open_key(raw: bytes, passphrase: str, *, file: str) -> SigningKey:
    """Open a key file.

    Args:
        raw: Its bytes.
        passphrase: What it was sealed with.
        file: What to call it in an error.

    Raises:
        ValueError: It is no key file, or the passphrase is wrong.
    """
    try:
        sealed = msgspec.json.decode(raw, type=_Sealed)
        nonce, box = base64.b64decode(sealed.nonce, validate=True), base64.b64decode(sealed.sealed, validate=True)
        key = _stretch(passphrase, sealed)
    except (msgspec.DecodeError, ValueError) as error:
        message = f"{file}: this is no key file of Raabta ({error}). Take the .key file, not the .pub file."
        raise ValueError(message) from error
    try:
        seed = AESGCM(key).decrypt(nonce, box, _bound(sealed))
    except (InvalidTag, ValueError):
        message = f"{file}: the passphrase is wrong, or the file was changed. Try again, or take your copy of the file."
        raise ValueError(message) from None
    return SigningKey(sealed.name, seed)


def check_key_file(raw: bytes, *, file: str) -> None:
    """Check that this is a key file at all: nobody should be asked a passphrase for another file.

    Raises:
        ValueError: It is none.
    """
    try:
        msgspec.json.decode(raw, type=_Sealed)
    except msgspec.DecodeError as error:
        message = f"{file}: this is no key file of Raabta ({error}). Take the .key file, not the .pub file."
        raise ValueError(message) from error


def public_file(key: PublicKey) -> bytes:
    """Give the bytes of a ``.pub`` file."""
    return msgspec.json.encode(key) + b"\n"


def read_public(raw: bytes, *, file: str) -> PublicKey:
    """Read a ``.pub`` file.

    Raises:
        ValueError: It is none.
    """
    try:
        key = msgspec.json.decode(raw, type=PublicKey)
    except msgspec.DecodeError as error:
        message = f"{file}: this is no public key of Raabta ({error}). Take a .pub file."
        raise ValueError(message) from error
    raw_public(key)
    return key


def _stretch(passphrase: str, file: _Sealed) -> bytes:
    if not 0 < 128 * file.n * file.r <= _SCRYPT_BYTES_MAX:
        message = f"scrypt with n={file.n}, r={file.r} would take more than 1 GiB"
        raise ValueError(message)
    salt = base64.b64decode(file.salt, validate=True)
    return Scrypt(salt=salt, length=32, n=file.n, r=file.r, p=1).derive(passphrase.encode())


def _bound(file: _Sealed) -> bytes:
    return msgspec.json.encode(msgspec.structs.replace(file, sealed=""), order="sorted")


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
