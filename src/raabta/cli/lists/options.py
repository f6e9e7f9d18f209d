"""What several ``raabta list`` commands share: passphrases, keys, tables, errors in words."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from raabta.cli.diagnose import fail
from raabta.cli.register.opening import now

if TYPE_CHECKING:
    from raabta.pipeline.signing import Lint
    from raabta.reference.tables import Tables
    from raabta.remedy.keys import PublicKey, SigningKey

COULD_NOT: Final = 1
PASSPHRASE: Final = "RAABTA_PASSPHRASE"  # noqa: S105  the name of a variable

RepositoryOption = Annotated[
    Path, typer.Option("--repository", metavar="FOLDER", help="Where signed lists are kept: one folder per recipient.")
]
TablesOption = Annotated[
    Path | None, typer.Option("--tables", metavar="FILE", help="Own networks (TOML) beside the package's tables.")
]
PassphraseOption = Annotated[
    Path | None,
    typer.Option(
        "--passphrase-file", metavar="FILE", help=f"Its first line opens the key. Default: ${PASSPHRASE}, or asked for."
    ),
]
OnlineKeyOption = Annotated[
    Path | None, typer.Option("--online-key", metavar="FILE", help="The .key file that signs timestamps.")
]


@contextmanager
def in_words() -> Iterator[None]:
    """Say in plain words what went wrong: 2 where what was given is refused, 1 where a file or disk failed."""
    try:
        yield
    except (KeyError, IndexError):
        raise
    except (ValueError, LookupError) as error:
        fail(str(error))
    except FileExistsError as error:
        fail(f"{error.filename}: it is there already. Name another place, or remove it first.")
    except OSError as error:
        fail(f"{error.filename or ''}: {error.strerror or error}".removeprefix(": "), code=COULD_NOT)


def passphrase_from(file: Path | None, *, for_key: str, new: bool = False) -> str:
    """Get a passphrase: from a file, else the environment, else by asking; a new one twice."""
    if file is not None:
        lines = file.read_text("utf-8").splitlines()
        return lines[0] if lines else ""
    if PASSPHRASE in os.environ:
        return os.environ[PASSPHRASE]
    return str(typer.prompt(f"Passphrase of {for_key}", hide_input=True, confirmation_prompt=new, err=True))


def open_signing_key(file: Path, passphrase_file: Path | None) -> "SigningKey":
    """Open a ``.key`` file.

    Raises:
        ValueError: It is none, or the passphrase is wrong.
        OSError: It cannot be read.
    """
    from raabta.remedy.keys import check_key_file, open_key  # noqa: PLC0415  --help need not wait for it

    raw = file.read_bytes()
    check_key_file(raw, file=str(file))
    return open_key(raw, passphrase_from(passphrase_file, for_key=str(file)), file=str(file))


def read_public_key(file: Path) -> "PublicKey":
    """Read a ``.pub`` file.

    Raises:
        ValueError: It is none.
        OSError: It cannot be read.
    """
    from raabta.remedy.keys import read_public  # noqa: PLC0415  as above

    return read_public(file.read_bytes(), file=str(file))


def tables_from(file: Path | None) -> "Tables":
    """Load the tables that lint is held against: the package's, with own networks where a file is given.

    Raises:
        ValueError: The file of own tables is wrong.
        OSError: It cannot be read.
    """
    from raabta.reference.own import load_own_tables  # noqa: PLC0415  as above

    return load_own_tables(file)


def lint_by(tables: "Tables") -> "Lint":
    """Give the lint that signing asks."""
    from raabta.remedy.lint import bench_of, lint_list  # noqa: PLC0415  as above

    return lambda listed, recipient, before: lint_list(
        listed, bench=bench_of(tables, recipient), now=now(), previous=before
    )
