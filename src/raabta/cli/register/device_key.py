"""The key of a member's device: made once, kept in a file that only its owner reads, never sent anywhere."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from raabta.cli.diagnose import fail

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

DEVICE_KEY_FILE: Final = "raabta-device-key.pem"

KeyFileOption = Annotated[
    Path, typer.Option("--key", metavar="FILE", help="The device's key: raabta lease key makes it.")
]
ControlKeysOption = Annotated[
    Path, typer.Option("--control-keys", metavar="FILE", help="Keys of the association's controls, one a line.")
]


def read_device_key(file: Path) -> "Ed25519PrivateKey":
    """Read a device's key."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415  not for --help
    from cryptography.hazmat.primitives.serialization import load_pem_private_key  # noqa: PLC0415

    try:
        key = load_pem_private_key(file.read_bytes(), password=None)
    except FileNotFoundError:
        fail(f"{file}: there is no such key. Make one on this device: raabta lease key --key {file}")
    except (OSError, ValueError, TypeError):
        fail(f"{file}: this is no device's key that can be read. Make one: raabta lease key --key OTHER-FILE")
    if not isinstance(key, Ed25519PrivateKey):
        fail(f"{file}: another kind of key than Ed25519. Make one: raabta lease key --key OTHER-FILE")
    return key


def make_device_key(file: Path) -> None:
    """Make a device's key where there is none yet."""
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415  as above
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415

    pem = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    except OSError as error:
        fail(f"{file}: cannot be written ({error.strerror}). Name another place: --key FILE")
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(pem)
        stream.flush()
        os.fsync(stream.fileno())


def read_control_keys(file: Path) -> frozenset[str]:
    """Read the public keys of the association's controls.

    Raises:
        ValueError: The file holds something else.
    """
    from raabta.wire.receipt import read_keys  # noqa: PLC0415  as above

    try:
        text = file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        fail(f"--control-keys {file}: cannot be read ({error}). Give a text file with one key a line.")
    return read_keys(text, name=str(file))
