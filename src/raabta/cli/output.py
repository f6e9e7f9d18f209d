"""Where bytes and text go: standard output, or a file that appears under its name only when it is whole."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, BinaryIO, cast

from raabta.cli.diagnose import STANDARD

if TYPE_CHECKING:
    from rich.console import Console


@contextmanager
def open_output(name: str, *, private: bool = False) -> Iterator[BinaryIO]:
    """Open standard output ("-") or a file for writing.

    A file is written beside its place and renamed at the end; when anything goes wrong, also Ctrl-C, what stood there
    before still stands. A device or a named pipe is written as it is. A ``private`` file is its owner's alone.

    Raises:
        OSError: The place cannot be written.
    """
    if name == STANDARD:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    place = Path(name).resolve()
    if place.exists() and not place.is_file():
        with place.open("wb") as stream:
            yield stream
        return
    part = place.with_name(f".{place.name}.{os.getpid()}.part")
    try:
        with open(part, "wb", opener=_for_owner if private else None) as stream:
            yield stream
        part.replace(place)
    finally:
        part.unlink(missing_ok=True)


def to_terminal(name: str) -> bool:
    """Say whether what goes there is read by a person at once, who wants a line to end."""
    return name == STANDARD and sys.stdout.isatty()


def _for_owner(name: str, flags: int) -> int:
    return os.open(name, flags, 0o600)


def open_console(output: BinaryIO) -> "Console":
    """Give a console that writes text for people to what ``open_output`` gave.

    Colour goes to terminals only, and NO_COLOR and FORCE_COLOR are heeded there; a file has none.
    """
    from rich.console import Console  # noqa: PLC0415  formats that programs read do not need it

    if output is sys.stdout.buffer:
        return Console(highlight=False)
    return Console(file=cast("IO[str]", _Text(output)), highlight=False, color_system=None, force_terminal=False)


class _Text:
    """Text over bytes that somebody else closes: what rich asks of a file."""

    encoding = "utf-8"

    def __init__(self, output: BinaryIO) -> None:
        self._output = output

    def write(self, text: str) -> int:
        self._output.write(text.encode("utf-8", "replace"))
        return len(text)

    def flush(self) -> None:
        self._output.flush()

    def isatty(self) -> bool:
        return False
