"""Where the register is, and its key: every command that needs it begins here.

``--register FOLDER|URL``, else the variable RAABTA_REGISTER, else the folder ``raabta-register``. A folder holds
``register.sqlite`` and ``register.key`` (which RAABTA_REGISTER_KEY may put elsewhere). A URL with a password is taken
from the variable only: arguments are seen by everybody on the machine.
"""

import os
from base64 import b32encode
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from raabta.cli.collecting import without_collecting
from raabta.cli.diagnose import fail

if TYPE_CHECKING:
    from raabta.registry import Register, RegisterKey

PLACE: Final = "RAABTA_REGISTER"
KEY_PLACE: Final = "RAABTA_REGISTER_KEY"
FOLDER: Final = "raabta-register"
DATABASE_FILE: Final = "register.sqlite"
KEY_FILE: Final = "register.key"
DATABASE_FAILED: Final = 1
ID_BYTES: Final = 10
"""80 bits: 16 characters of base32."""

RegisterOption = Annotated[
    str | None,
    typer.Option("--register", metavar="FOLDER|URL", help="Where the register is. Default: $RAABTA_REGISTER."),
]


@contextmanager
def opened(register: str | None) -> Iterator["Register"]:
    """Open the register for one command, and say in plain words what went wrong inside.

    Wrong data end with exit code 2, a database that fails with 1.
    """
    try:
        with without_collecting(), open_from_options(register) as found:
            yield found
    except (KeyError, IndexError):
        raise
    except (ValueError, LookupError) as error:
        fail(str(error))
    except OSError as error:
        fail(str(error), code=DATABASE_FAILED)


def open_from_options(register: str | None) -> "Register":
    """Open the register that an option, or the environment, names; make it on first use.

    Raises:
        ValueError: It is no register, or its key is another or missing.
        OSError: It cannot be reached or made.
    """
    place = register or os.environ.get(PLACE) or FOLDER
    is_url = "://" in place
    for package, extra in (("sqlalchemy", "registry"), *((("psycopg", "postgresql"),) if is_url else ())):
        if find_spec(package) is None:
            fail(f"a register needs the package {package}. Try: pip install 'raabta[{extra}]'")
    if is_url and register and _has_password(place):
        fail(f"--register: a URL with a password is seen by everybody on this machine. Put it into {PLACE}.")
    folder = Path(FOLDER if is_url else place)
    if not is_url:
        _make_folder(folder)
    key_file = key_file_of(register)
    url = place if is_url else f"sqlite:///{folder / DATABASE_FILE}"

    from raabta.registry import open_register  # noqa: PLC0415  takes half a second, which --help need not wait for

    _see_key(key_file, url)
    return open_register(url, key=_find_key(key_file), now=now, new_id=new_id)


def key_file_of(register: str | None) -> Path:
    """Name the file of the register's key."""
    place = register or os.environ.get(PLACE) or FOLDER
    return Path(os.environ.get(KEY_PLACE) or Path(FOLDER if "://" in place else place) / KEY_FILE)


def now() -> datetime:
    """Tell the time."""
    return datetime.now(UTC)  # noqa: TID251  the clock enters here


def new_id(prefix: str) -> str:
    """Make an id: what it is of ("o-"), and 16 characters that nobody guesses."""
    return f"{prefix.rstrip('-')}-{b32encode(new_bytes(ID_BYTES)).decode().lower()}"


def new_bytes(n_bytes: int) -> bytes:
    """Draw bytes that nobody guesses: chance enters here."""
    return os.urandom(n_bytes)


def new_key(identity: bytes | None = None) -> "RegisterKey":
    """Make a key; with ``identity``, one that hashes identity numbers as before."""
    from raabta.registry.secrets import SECRET_BYTES, RegisterKey  # noqa: PLC0415  as above

    return RegisterKey(seal=new_bytes(SECRET_BYTES), identity=identity or new_bytes(SECRET_BYTES))


def _see_key(key_file: Path, url: str) -> None:
    """Ask the register which key it needs, where that is missing, or a new one waits after a deletion cut short."""
    waits = key_file.parent.is_dir() and any(key_file.parent.glob(f"{key_file.name}.*"))
    if key_file.exists() and not waits:
        return
    from raabta.registry.deletion import settle_key  # noqa: PLC0415  seldom needed
    from raabta.registry.store import read_fingerprint  # noqa: PLC0415

    fingerprint = read_fingerprint(url)
    settle_key(key_file, fingerprint)
    if fingerprint and not key_file.exists():
        message = f"{key_file}: the key of this register is missing. Bring it back, or name it in {KEY_PLACE}."
        raise ValueError(message)


def _find_key(key_file: Path) -> "RegisterKey":
    from raabta.registry.secrets import read_key, write_key  # noqa: PLC0415  as above

    if not key_file.exists():
        key_file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            write_key(key_file, new_key(), only_new=True)
        except FileExistsError:
            return read_key(key_file)  # another command was quicker
        words = "Made the register's key: {}. Copy it to a safe place: without it, names and contacts are lost."
        typer.echo(words.format(key_file), err=True)
    return read_key(key_file)


def _make_folder(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        fail(f"{folder}: a register is a folder, and this is a file. Name its folder, or another one.")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def _has_password(url: str) -> bool:
    user, at, _ = url.partition("://")[2].partition("@")
    return bool(at) and ":" in user.partition("/")[0]
