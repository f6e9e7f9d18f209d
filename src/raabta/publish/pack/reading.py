"""Bytes that claim to be a pack: what is in them, and what is wrong with them.

Nothing is unpacked on disk here, and nothing is believed before it is checked. A pack is a ZIP as ``archive`` writes it
and as strict as that: entries one behind the other from the first byte to the directory, under the same name in both
places, so that every program reads the same. Refused: names that lead elsewhere (zip-slip) or that two systems read
differently, links, entries twice, encrypted ones, gaps in which something could hide, and entries that unpack to more
than they say (zip bombs): each is unpacked with a bound. What a wrong signature covers is not looked at.
"""

import hashlib
import io
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from typing import Final

import msgspec
from msgspec import Struct

from raabta.model.pack import PACK_VERSION, PackManifest
from raabta.publish.pack.names import KEY, MANIFEST, PACK_BYTES_MAX, SIGNATURE, is_safe

_ENTRIES_MAX: Final = 10_000
_MANIFEST_BYTES_MAX: Final = 10_000_000
_SMALL_BYTES_MAX: Final = 2_000
"""Of a signature's and a key's file."""
_NOT_LISTED: Final = frozenset({MANIFEST, SIGNATURE, KEY})
_WAYS: Final = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_FLAGS_REFUSED: Final = 0x1 | 0x8 | 0x20 | 0x40 | 0x2000
"""Encrypted, sizes behind the data, patched, strongly encrypted, masked (APPNOTE 4.4.4): our archives have none."""
_LOCAL: Final = struct.Struct("<4s5H3L2H")
"""A local file header (APPNOTE 4.3.7)."""
_LOCAL_MARK: Final = b"PK\x03\x04"

CheckSignature = Callable[[bytes, str], str]
"""Takes the manifest's bytes and the signature's text; gives the trusted comment, or raises ValueError."""


class PackReport(Struct, frozen=True, kw_only=True):
    """What was found. A pack is good where ``problems`` is empty.

    ``files`` are those that are as listed, and the manifest with its signature.
    """

    manifest: PackManifest | None
    files: dict[str, bytes]
    comment: str = ""
    public_key: str = ""
    """The key that the pack itself brings. It proves nothing."""
    problems: tuple[str, ...] = ()


def read_pack(raw: bytes, *, check: CheckSignature) -> PackReport:
    """Check a pack.

    Args:
        raw: The archive.
        check: Checks the manifest's signature, with a key that the reader trusts.

    Returns:
        The manifest, the listed files as they are, and every problem found. Without a valid manifest: no files.
    """
    try:
        entries = _entries(raw)
        missing = [name for name in (MANIFEST, SIGNATURE) if name not in entries]
        if missing:
            return _broken(f"{missing[0]} is missing: this is no evidence pack, or a part of one.")
        content = _unpack(raw, entries[MANIFEST], n_bytes_max=_MANIFEST_BYTES_MAX)
        signature = _unpack(raw, entries[SIGNATURE], n_bytes_max=_SMALL_BYTES_MAX)
        comment = check(content, signature.decode("utf-8", "replace"))
        manifest = msgspec.json.decode(content, type=PackManifest)
        _check_manifest(manifest)
        own = _own_key(raw, entries)
    except (msgspec.MsgspecError, ValueError) as error:
        return _broken(str(error))
    files = {MANIFEST: content, SIGNATURE: signature}
    problems = tuple(_compare(raw, entries, manifest=manifest, files=files))
    return PackReport(manifest=manifest, files=files, comment=comment, public_key=own, problems=problems)


def find_own_key(raw: bytes) -> str:
    """Give the text of the key that a pack brings, "" where it brings none or is no pack."""
    try:
        return _own_key(raw, _entries(raw))
    except ValueError:
        return ""


def _own_key(raw: bytes, entries: dict[str, zipfile.ZipInfo]) -> str:
    """Give the text of the key among a pack's entries, "" where there is none."""
    if KEY not in entries:
        return ""
    return _unpack(raw, entries[KEY], n_bytes_max=_SMALL_BYTES_MAX).decode("utf-8", "replace")


def _entries(raw: bytes) -> dict[str, zipfile.ZipInfo]:
    """Read the archive's directory, and see that it is one that we could have written.

    Raises:
        ValueError: It is not. One line says why.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            entries, start, comment = archive.infolist(), archive.start_dir, archive.comment
    except (zipfile.BadZipFile, ValueError, NotImplementedError, struct.error, OverflowError, EOFError) as error:
        message = f"this is no ZIP archive: {error}. Fetch it again."
        raise ValueError(message) from error
    problem = next(_about_entries(entries), "") or _about_layout(raw, entries, start=start)
    if comment and not problem:
        problem = "the archive has a comment, in which something may hide."
    if problem:
        raise ValueError(problem)
    return {entry.filename: entry for entry in entries}


def _about_entries(entries: Sequence[zipfile.ZipInfo]) -> Iterator[str]:
    if len(entries) > _ENTRIES_MAX:
        yield f"it has {len(entries):,} entries; no pack has more than {_ENTRIES_MAX:,}."
    if sum(entry.file_size for entry in entries) > PACK_BYTES_MAX + _MANIFEST_BYTES_MAX:
        yield f"it would unpack to more than {PACK_BYTES_MAX:,} bytes."
    seen: set[str] = set()
    folders = {folder for entry in entries for folder in _folders(entry.filename.casefold())}
    for entry in entries:
        name = entry.filename
        kind = stat.S_IFMT(entry.external_attr >> 16)
        # orig_filename still has a NUL and what stood behind it.
        if not is_safe(name) or name != entry.orig_filename:
            yield f"{entry.orig_filename!a}: a name that may lead outside. Do not unpack it."
        elif kind not in (0, stat.S_IFREG):
            yield f"{name}: a link or device, not a file. Do not unpack it."
        elif name.casefold() in seen or name.casefold() in folders:
            yield f"{name}: stands in it twice, or is a folder too."
        elif entry.flag_bits & _FLAGS_REFUSED or entry.compress_type not in _WAYS:
            yield f"{name}: encrypted, or packed in a way that packs do not use."
        seen.add(name.casefold())


def _folders(name: str) -> Iterator[str]:
    while "/" in name:
        name = name.rpartition("/")[0]
        yield name


def _about_layout(raw: bytes, entries: Sequence[zipfile.ZipInfo], *, start: int) -> str:
    """Say what is wrong with the places of entries, "" where they fill the archive without gap or overlap."""
    place = 0
    for entry in sorted(entries, key=lambda one: one.header_offset):
        head = raw[entry.header_offset : entry.header_offset + _LOCAL.size]
        if entry.header_offset != place or len(head) < _LOCAL.size:
            return f"{entry.filename}: something stands before it that the directory does not name."
        mark, _, flags, way, _, _, _, n_packed, n_bytes, n_name, n_extra = _LOCAL.unpack(head)
        said = (mark, flags, way, n_packed, n_bytes, n_extra, n_name)
        name = entry.filename.encode()
        meant = (_LOCAL_MARK, entry.flag_bits, entry.compress_type, entry.compress_size, entry.file_size, 0, len(name))
        begin = place + _LOCAL.size
        if said != meant or raw[begin : begin + n_name] != name:
            return f"{entry.filename}: its own head says something else than the directory."
        place = begin + n_name + n_packed
    return "" if place == start else "something stands before the directory that it does not name."


def _check_manifest(manifest: PackManifest) -> None:
    if manifest.version > PACK_VERSION:
        message = f"{MANIFEST}: of version {manifest.version}, this Raabta knows {PACK_VERSION}. Take a newer one."
        raise ValueError(message)
    paths = [listed.path for listed in manifest.files]
    wrong = [path for path in paths if not is_safe(path) or path in _NOT_LISTED]
    if wrong or len(set(paths)) != len(paths):
        message = f"{MANIFEST}: it lists {ascii(wrong[0]) if wrong else 'a file twice'}. No pack of ours does."
        raise ValueError(message)


def _compare(
    raw: bytes, entries: dict[str, zipfile.ZipInfo], *, manifest: PackManifest, files: dict[str, bytes]
) -> Iterator[str]:
    """Compare files with the signed list, and take those that are as listed; give a line for each other one."""
    for listed in manifest.files:
        entry = entries.get(listed.path)
        if entry is None:
            yield f"{listed.path}: listed, but not there."
        elif entry.file_size != listed.size_bytes:
            yield f"{listed.path}: not as long as was signed."
        else:
            try:
                found = _unpack(raw, entry, n_bytes_max=listed.size_bytes)
            except ValueError as error:
                yield str(error)
                continue
            if hashlib.sha256(found).hexdigest() == listed.sha256:
                files[listed.path] = found
            else:
                yield f"{listed.path}: not what was signed."
    for name in sorted(entries.keys() - {listed.path for listed in manifest.files} - _NOT_LISTED):
        yield f"{name}: not listed, so not signed."


def _unpack(raw: bytes, entry: zipfile.ZipInfo, *, n_bytes_max: int) -> bytes:
    """Unpack an entry, and not a byte more than it may have.

    Raises:
        ValueError: It is longer, or damaged.
    """
    begin = entry.header_offset + _LOCAL.size + len(entry.filename.encode())
    packed = raw[begin : begin + entry.compress_size]
    bound = min(n_bytes_max, entry.file_size)
    try:
        if entry.compress_type == zipfile.ZIP_STORED:
            found, is_whole = packed[: bound + 1], True
        else:
            unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
            found = unpacker.decompress(packed, bound + 1)
            is_whole = len(found) > bound or (unpacker.eof and not unpacker.unused_data)
    except zlib.error as error:
        message = f"{entry.filename}: damaged ({error})."
        raise ValueError(message) from error
    if len(found) > bound:
        message = f"{entry.filename}: longer than it may be."
        raise ValueError(message)
    if not is_whole or len(found) != entry.file_size or zlib.crc32(found) != entry.CRC:
        message = f"{entry.filename}: damaged, or not whole."
        raise ValueError(message)
    return found


def _broken(*problems: str) -> PackReport:
    return PackReport(manifest=None, files={}, problems=problems)
