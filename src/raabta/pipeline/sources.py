"""Paths to batches of documents. The one place of the bulk reader that opens files."""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from msgspec import Struct

from raabta.model import Rejection
from raabta.wire.ooni import open_stream, split_batches
from raabta.wire.ooni.streams import BATCH_BYTES, STREAM_ERRORS, Batch, Readable

STANDARD_INPUT: Final = "-"

_SUFFIXES: Final = (".json", ".jsonl", ".ndjson", ".gz", ".zst", ".zstd", ".tar", ".tgz")
"""What is taken from a folder. A file that is named is always read."""


class FileBatch(Struct, frozen=True, gc=False):
    """Whole documents of one file, and how many bytes of the given paths (as they stand) were read so far.

    ``is_plain``: they stand in the file as they are here, so that another process can read them at their offset.
    """

    file: str
    batch: Batch
    read_bytes: int
    is_plain: bool = False


class _Counting:
    """A stream that counts what was read of it."""

    def __init__(self, stream: Readable) -> None:
        self._stream = stream
        self.read_bytes = 0

    def read(self, size: int = -1, /) -> bytes:
        data = self._stream.read(size)
        self.read_bytes += len(data)
        return data


def list_files(paths: Sequence[str]) -> Iterator[str | Rejection]:
    """Give the files behind paths, folders' files sorted by name; a path that does not exist is a rejection."""
    for path in paths:
        place = Path(path)
        if path == STANDARD_INPUT or place.is_file():
            yield path
        elif place.is_dir():
            found = [str(item) for item in sorted(place.rglob("*")) if item.is_file() and item.suffix in _SUFFIXES]
            if not found:
                yield _reject(path, f"the folder holds no file ending in {' '.join(_SUFFIXES)}")
            yield from found
        elif place.exists():
            yield path
        else:
            yield _reject(path, "there is no such file or folder")


def total_bytes(paths: Sequence[str]) -> int:
    """Give the size of all files in bytes, for a progress bar; standard input counts nothing."""
    files = [path for path in list_files(paths) if isinstance(path, str) and path != STANDARD_INPUT]
    return sum(Path(path).stat().st_size for path in files)


def read_batches(paths: Sequence[str], *, batch_bytes: int = BATCH_BYTES) -> Iterator[FileBatch | Rejection]:
    """Read files, folders and standard input ("-") as batches of whole documents (about ``batch_bytes``), in order.

    Yields:
        Batches; a rejection for each file that cannot be opened or unpacked, after what could be read of it.
    """
    done = 0
    for path in list_files(paths):
        if isinstance(path, Rejection):
            yield path
            continue
        try:
            stream = sys.stdin.buffer if path == STANDARD_INPUT else Path(path).open("rb")  # noqa: SIM115  closed below
        except OSError as error:
            yield _reject(path, f"cannot be opened: {error.strerror or error}")
            continue
        counting = _Counting(stream)
        try:
            yield from _read_stream(path, counting, done=done, batch_bytes=batch_bytes)
        finally:
            done += counting.read_bytes
            if path != STANDARD_INPUT:
                stream.close()


def _read_stream(path: str, counting: _Counting, *, done: int, batch_bytes: int) -> Iterator[FileBatch | Rejection]:
    name = path
    is_file = path != STANDARD_INPUT and Path(path).is_file()
    try:
        for inner, plain in open_stream(counting, name=path):
            name = inner
            for batch in split_batches(plain, name=name, batch_bytes=batch_bytes):
                plainly = is_file and name == path
                yield _of_file(batch, name=name, read_bytes=done + counting.read_bytes, plainly=plainly)
    except STREAM_ERRORS as error:
        yield _reject(name, f"cannot be unpacked to its end ({error}); what came before was read")


def _reject(path: str, reason: str) -> Rejection:
    return Rejection(file=path, line=1, field="(file)", reason=reason)


def _of_file(batch: Batch | Rejection, *, name: str, read_bytes: int, plainly: bool) -> FileBatch | Rejection:
    if isinstance(batch, Rejection):
        return batch
    return FileBatch(name, batch, read_bytes, plainly and batch.offset >= 0)
