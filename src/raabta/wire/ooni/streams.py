"""A byte stream to documents: unpack it, cut it into batches, cut a batch into documents.

Compression is told by magic bytes, never by the file's name. Documents are told apart by a ``{`` in the first column:
JSON holds no raw line break inside a string and printers indent what is inside, so this finds the start of every
document, compact or pretty, also after one that is cut short. Batches end where a document begins, so that each can be
read by another process; memory is bounded by ``MAX_DOCUMENT_BYTES``.

Not done: a JSON array of documents, or two on one line. They are rejected with a reason.
"""

import gzip
import tarfile
from collections.abc import Iterator
from typing import IO, Final, Protocol, cast

from msgspec import Struct

from raabta.model import Rejection

try:
    from isal import igzip

    _open_gzip = igzip.open
except ImportError:  # no wheel for this platform: the standard library is slower and right
    _open_gzip = gzip.open

BATCH_BYTES: Final = 1 << 18
MAX_DOCUMENT_BYTES: Final = 64 << 20
"""A larger document is rejected. The largest seen in OONI's archive is some 10 MB."""

_GZIP: Final = b"\x1f\x8b"
_ZSTD: Final = b"\x28\xb5\x2f\xfd"
_TAR_MAGIC_AT: Final = 257
_HEAD_BYTES: Final = 512
_BOM: Final = b"\xef\xbb\xbf"
_ZSTD_BLOCK_BYTES: Final = 1 << 16
_MAX_LAYERS: Final = 4
"""A tar in a gzip in a zstd is read; a longer chain is made to exhaust us."""

STREAM_ERRORS: Final = (OSError, EOFError, ValueError, tarfile.TarError, RuntimeError)
"""What a broken or truncated container raises (zlib, zstd and isal errors derive from these)."""


class Cut(Struct, frozen=True, gc=False):
    """The bytes of one document and the line it begins on."""

    line: int
    data: bytes


class Batch(Struct, frozen=True, gc=False):
    """Whole documents as they stand in a stream, from ``first_line`` and byte ``offset`` on (-1: not known)."""

    first_line: int
    data: bytes
    offset: int = -1


class Readable(Protocol):
    """A byte stream as far as it is needed here."""

    def read(self, size: int = -1, /) -> bytes:
        """Give at most ``size`` bytes, none at the end."""
        ...


def open_stream(stream: Readable, *, name: str, layers: int = 0) -> Iterator[tuple[str, Readable]]:
    """Unpack a stream: gzip, zstd and tar, in each other too.

    Args:
        stream: The bytes of a file or of standard input; need not be seekable.
        name: Its name. A file inside a tar is called ``name!member``.
        layers: How many containers are around it already.

    Yields:
        Each plain stream inside, with its name. It must be read before the next one is asked for.

    Raises:
        One of ``STREAM_ERRORS``: The container is broken; what came before was good.
    """
    peeking = _Peeked(stream)
    head = peeking.head
    if layers >= _MAX_LAYERS:
        raise ValueError(f"more than {_MAX_LAYERS} containers in each other")
    if head[:2] == _GZIP:
        yield from open_stream(_open_gzip(peeking, "rb"), name=name, layers=layers + 1)  # type: ignore[no-untyped-call]
    elif head[:4] == _ZSTD:
        yield from open_stream(_Zstd(peeking), name=name, layers=layers + 1)
    elif head[_TAR_MAGIC_AT : _TAR_MAGIC_AT + 5] == b"ustar":
        for member, inner in _members(peeking):
            yield from open_stream(inner, name=f"{name}!{member}", layers=layers + 1)
    else:
        yield name, peeking


def _members(stream: Readable) -> Iterator[tuple[str, Readable]]:
    with tarfile.open(fileobj=cast("IO[bytes]", stream), mode="r|") as archive:
        for member in archive:
            inner = archive.extractfile(member) if member.isfile() else None
            if inner is not None:
                yield member.name, inner


class _Zstd:
    """Frames of zstd, one after another. The library's own reader takes a file that is cut short for a whole one."""

    def __init__(self, stream: Readable) -> None:
        import zstandard  # noqa: PLC0415  few inputs are zstd

        self._make = zstandard.ZstdDecompressor().decompressobj
        self._stream = stream
        self._frame = self._make()
        self._begun = False
        self._held = b""

    def read(self, size: int = -1, /) -> bytes:
        """Give at most ``size`` bytes, none at the end."""
        while (size < 0 or len(self._held) < size) and (block := self._stream.read(_ZSTD_BLOCK_BYTES)):
            self._held += self._unpack(block)
        if not self._held and self._begun:
            raise EOFError("the zstd data end in the middle of a frame")
        given = self._held if size < 0 else self._held[:size]
        self._held = self._held[len(given) :]
        return given

    def _unpack(self, block: bytes) -> bytes:
        unpacked = []
        while block:
            unpacked.append(self._frame.decompress(block))
            self._begun = not self._frame.eof
            block = self._frame.unused_data if self._frame.eof else b""
            if self._frame.eof:
                self._frame = self._make()
        return b"".join(unpacked)


class _Peeked:
    """A stream of which the first bytes were looked at and are given again. Nothing else is buffered or copied."""

    def __init__(self, stream: Readable) -> None:
        self._stream = stream
        self.head = _read_up_to(stream, _HEAD_BYTES)
        self._again = self.head

    def read(self, size: int = -1, /) -> bytes:
        if not self._again:
            return self._stream.read(size)
        given = self._again if size < 0 else self._again[:size]
        self._again = self._again[len(given) :]
        return given + self._stream.read() if size < 0 else given

    def readinto(self, buffer: memoryview) -> int:
        """Fill a buffer, as the gzip readers ask for it."""
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


def _read_up_to(stream: Readable, size: int) -> bytes:
    """Read ``size`` bytes, fewer at the end only."""
    data = b""
    while len(data) < size and (block := stream.read(size - len(data))):
        data += block
    return data


def split_batches(stream: Readable, *, name: str, batch_bytes: int = BATCH_BYTES) -> Iterator[Batch | Rejection]:
    """Cut a plain stream into batches of whole documents.

    Args:
        stream: Plain bytes, from ``open_stream``.
        name: Its name, for rejections.
        batch_bytes: How large batches are, about.

    Yields:
        Batches, in order; a rejection for a document beyond ``MAX_DOCUMENT_BYTES``.

    Raises:
        One of ``STREAM_ERRORS``: The stream broke. What could be read before has been yielded.
    """
    line = 1
    offset = 0
    held: list[bytes] = []
    n_held = 0
    broken: Exception | None = None
    blocks = _blocks(stream, batch_bytes)
    while True:
        try:
            block = next(blocks, b"")
        except STREAM_ERRORS as error:
            block, broken = b"", error
        if not block:
            break
        if line == 1 and not held:
            offset = len(_BOM) if block.startswith(_BOM) else 0
            block = block[offset:]
            unfit = _unfit(block)
            if unfit:
                yield _reject(name, 1, unfit)
                return
        start = _last_start(held, block)
        if start >= 0:
            whole = b"".join((*held, block[:start]))
            yield Batch(line, whole, offset)
            offset += len(whole) if offset >= 0 else 0
            line += _count_lines(whole, 0, len(whole))
            held, n_held = [block[start:]], len(block) - start
            continue
        held.append(block)
        n_held += len(block)
        if n_held > MAX_DOCUMENT_BYTES:
            yield _reject(name, line, f"longer than {MAX_DOCUMENT_BYTES >> 20} MiB")
            skipped, rest = _skip_document(blocks, b"".join(held))
            line, offset = line + skipped, -1
            held, n_held = [rest], len(rest)
    rest = b"".join(held)
    if rest.strip():
        # Also after a break: the last document is tried, and rejected if it is half.
        yield Batch(line, rest, offset)
    if broken is not None:
        raise broken


def _last_start(held: list[bytes], block: bytes) -> int:
    """Give where the last document that begins in a block begins, -1 where none does."""
    found = block.rfind(b"\n{")
    if found >= 0:
        return found + 1
    return 0 if held and held[-1][-1:] == b"\n" and block[:1] == b"{" else -1


def _unfit(head: bytes) -> str:
    """Say why the start of a stream cannot be that of documents, "" where it can."""
    start = head.lstrip()[:1]
    if start == b"[":
        return "a JSON list; give one measurement a line, or a file each (for example: jq -c '.[]')"
    if start != b"{" and b"\0" in head[:4096]:
        return "not text; give OONI measurement documents (JSON)"
    return ""


def _blocks(stream: Readable, size: int) -> Iterator[bytes]:
    while block := stream.read(size):
        yield block


def _reject(name: str, line: int, reason: str) -> Rejection:
    return Rejection(file=name, line=line, field="(document)", reason=reason)


def _skip_document(blocks: Iterator[bytes], held: bytes) -> tuple[int, bytes]:
    """Read on to the start of the next document; give the lines passed and what was read of it."""
    lines = held.count(b"\n")
    tail = held[-1:]
    for read in blocks:
        block = tail + read
        start = block.find(b"\n{") + 1
        if start:
            return lines + block.count(b"\n", len(tail), start), block[start:]
        lines += block.count(b"\n", len(tail))
        tail = block[-1:]
    return lines, b""


def cut_documents(batch: Batch) -> Iterator[Cut]:
    """Cut a batch into documents.

    Yields:
        Every piece that is not blank, in order. A piece that is no document is for the reader to reject.
    """
    data = batch.data
    line = batch.first_line
    at, end = 0, len(data)
    while at < end:
        lines = 1
        stop = data.find(b"\n", at)
        stop = end if stop < 0 else stop
        if data[at : at + 1] == b"{" and data[max(at, stop - 8) : stop].rstrip()[-1:] != b"}":
            stop = data.find(b"\n{", at)
            stop = end if stop < 0 else stop
            lines = data.count(b"\n", at, stop) + 1
        piece = data[at:stop]
        if piece and not piece.isspace():
            yield Cut(line, piece)
        line += lines
        at = stop + 1


_MANY_LINES: Final = 2048


def _count_lines(data: bytes, start: int, end: int) -> int:
    """Count line breaks. Searching is faster than counting where lines are long, as in JSON Lines."""
    for n_lines in range(_MANY_LINES):
        found = data.find(b"\n", start, end)
        if found < 0:
            return n_lines
        start = found + 1
    return _MANY_LINES + data.count(b"\n", start, end)
