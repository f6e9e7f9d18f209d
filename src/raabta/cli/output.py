"""Where bytes go: standard output, or a file that appears under its name only when it is whole."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from raabta.cli.diagnose import STANDARD


@contextmanager
def open_output(name: str) -> Iterator[BinaryIO]:
    """Open standard output ("-") or a file for writing.

    A file is written beside its place and renamed at the end; when anything goes wrong, also Ctrl-C, what stood there
    before still stands. A device or a named pipe is written as it is.

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
        with part.open("wb") as stream:
            yield stream
        part.replace(place)
    finally:
        part.unlink(missing_ok=True)
