"""The site's key: Ed25519, in ``site.key`` beside the register's key, for its owner alone.

It signs the manifest whenever the site is built, also at night by a timer, so it lies there without a passphrase: it
says "this is what the desk published", and no exemption hangs on it. Whoever takes the file can sign pages in the
desk's name: then make a new one, and tell the new public key by another way than the site.
"""

import os
from pathlib import Path
from typing import Final

from raabta.model.publication import Manifest
from raabta.publish.manifest import manifest_comment, read_manifest
from raabta.registry.secrets import sync_folder
from raabta.remedy.keys import SEED_BYTES, PublicKey, SigningKey
from raabta.remedy.minisign import check_minisign, minisign, minisign_public, read_minisign_public

SITE_KEY_FILE: Final = "site.key"
KEY_NAME: Final = "raabta site"
_HEAD: Final = "raabta site key 1"


def find_site_key(folder: Path) -> SigningKey | None:
    """Read the site's key, None where there is none yet.

    Args:
        folder: That of the register's key.

    Raises:
        ValueError: The file is no key. The text repeats nothing of it.
        OSError: It cannot be read.
    """
    file = folder / SITE_KEY_FILE
    if not file.exists():
        return None
    try:
        head, line = file.read_text(encoding="ascii").splitlines()
        seed = bytes.fromhex(line.removeprefix("seed "))
    except ValueError:
        head, seed = "", b""
    if head != _HEAD or len(seed) != SEED_BYTES:
        message = f"{file}: this is no site key. Take your copy of it; a new one is made where there is none."
        raise ValueError(message)
    return SigningKey(KEY_NAME, seed)


def make_site_key(folder: Path, *, seed: bytes) -> SigningKey:
    """Make the site's key, or give the one that another command made first.

    Args:
        folder: That of the register's key.
        seed: 32 bytes that nobody guesses.

    Raises:
        OSError: It cannot be written.
    """
    file = folder / SITE_KEY_FILE
    part = folder / f".{SITE_KEY_FILE}.{os.getpid()}"
    part.unlink(missing_ok=True)
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)  # nobody else may read it, ever
    try:
        os.write(handle, f"{_HEAD}\nseed {seed.hex()}\n".encode())
        os.fsync(handle)
        file.hardlink_to(part)
    except FileExistsError:
        found = find_site_key(folder)
        assert found is not None  # noqa: S101  it is there
        return found
    finally:
        os.close(handle)
        part.unlink(missing_ok=True)
    sync_folder(folder)
    return SigningKey(KEY_NAME, seed)


def public_line(key: PublicKey) -> str:
    """Give the public key as ``minisign -P`` and the settings' ``site.key`` take it."""
    return minisign_public(key).splitlines()[1]


def read_public_line(text: str) -> PublicKey:
    """Read a public key: that line, or the two lines of a ``raabta.pub`` file.

    Raises:
        ValueError: It is none.
    """
    return read_minisign_public(text, name=KEY_NAME)


def sign_manifest(raw: bytes, manifest: Manifest, *, key: SigningKey) -> bytes:
    """Sign a manifest's bytes; give those of the file beside it."""
    return minisign(raw, key, comment=manifest_comment(manifest)).encode()


def open_manifest(raw: bytes, signature: bytes, *, key: PublicKey, name: str) -> Manifest:
    """Check a manifest's signature, then read it.

    Args:
        raw: Its bytes.
        signature: Those of the file beside it.
        key: Who must have signed.
        name: What to call it in an error.

    Raises:
        ValueError: The signature is not this key's over these bytes, or it is no manifest.
    """
    try:
        check_minisign(raw, signature.decode("ascii", "replace"), key=key)
    except ValueError as error:
        message = f"{name}: {error}"
        raise ValueError(message) from error
    return read_manifest(raw, name=name)
