"""Bytes that claim to be a pack: what is in them, and what is wrong with them.

Nothing is unpacked here, and nothing is believed before it is checked. Refused: names that lead elsewhere (zip-slip) or
that two systems read differently, links, entries twice, encrypted ones, files that the manifest does not list, and
entries that unpack to more than they say (zip bombs): each is read with a bound.
"""

import hashlib
import io
import stat
import zipfile
from collections.abc import Callable
from typing import Final

import msgspec
from msgspec import Struct

from raabta.model.pack import PACK_VERSION, PackManifest
from raabta.publish.pack.archive import KEY, MANIFEST, PACK_BYTES_MAX, SIGNATURE
from raabta.publish.pack.names import is_safe

_ENTRIES_MAX: Final = 10_000
_MANIFEST_BYTES_MAX: Final = 10_000_000
_NOT_LISTED: Final = frozenset({MANIFEST, SIGNATURE, KEY})
_WAYS: Final = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_ENCRYPTED: Final = 0x1
"""General purpose bit 0 (APPNOTE 4.4.4)."""

CheckSignature = Callable[[bytes, str], str]
"""Takes the manifest's bytes and the signature's text; gives the trusted comment, or raises ValueError."""


class PackReport(Struct, frozen=True, kw_only=True):
    """What was found. A pack is good where ``problems`` is empty; ``files`` are the listed ones that were as listed."""

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
        archive = zipfile.ZipFile(io.BytesIO(raw))
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        return _broken(f"this is no ZIP archive: {error}. Fetch it again.")
    with archive:
        entries = archive.infolist()
        problems = list(_about_entries(entries))
        if problems:
            return _broken(*problems)
        try:
            return _checked(archive, {entry.filename: entry for entry in entries}, check)
        except (zipfile.BadZipFile, ValueError, NotImplementedError, RuntimeError, EOFError) as error:
            return _broken(f"{error}")


def _about_entries(entries: list[zipfile.ZipInfo]) -> "list[str]":
    problems: list[str] = []
    if len(entries) > _ENTRIES_MAX:
        return [f"it has {len(entries):,} entries; no pack has more than {_ENTRIES_MAX:,}."]
    if sum(entry.file_size for entry in entries) > PACK_BYTES_MAX + _MANIFEST_BYTES_MAX:
        return [f"it would unpack to more than {PACK_BYTES_MAX:,} bytes."]
    seen: set[str] = set()
    for entry in entries:
        name = entry.filename
        kind = stat.S_IFMT(entry.external_attr >> 16)
        # orig_filename still has a NUL and what stood behind it.
        if not is_safe(name) or name != entry.orig_filename:
            problems.append(f"{entry.orig_filename!r}: a name that may lead outside. Do not unpack it.")
        elif kind not in (0, stat.S_IFREG):
            problems.append(f"{name}: a link or device, not a file. Do not unpack it.")
        elif name.casefold() in seen:
            problems.append(f"{name}: stands in it twice.")
        elif entry.flag_bits & _ENCRYPTED or entry.compress_type not in _WAYS:
            problems.append(f"{name}: encrypted, or packed in a way that packs do not use.")
        seen.add(name.casefold())
    return problems


def _checked(archive: zipfile.ZipFile, entries: dict[str, zipfile.ZipInfo], check: CheckSignature) -> PackReport:
    missing = [name for name in (MANIFEST, SIGNATURE) if name not in entries]
    if missing:
        return _broken(f"{missing[0]} is missing: this is no evidence pack, or a part of one.")
    raw = _read(archive, entries[MANIFEST], _MANIFEST_BYTES_MAX)
    signature = _read(archive, entries[SIGNATURE], 2_000).decode("utf-8", "replace")
    problems: list[str] = []
    comment = ""
    try:
        comment = check(raw, signature)
    except ValueError as error:
        problems.append(f"{SIGNATURE}: {error}")
    try:
        manifest = msgspec.json.decode(raw, type=PackManifest)
    except (msgspec.MsgspecError, ValueError) as error:
        return _broken(*problems, f"{MANIFEST}: {error}")
    if manifest.version > PACK_VERSION:
        problems.append(
            f"{MANIFEST}: of version {manifest.version}, this Raabta knows {PACK_VERSION}. Take a newer one."
        )
    own = _read(archive, entries[KEY], 2_000).decode("utf-8", "replace") if KEY in entries else ""
    files: dict[str, bytes] = {}
    for listed in manifest.files:
        found = _read(archive, entries[listed.path], listed.size_bytes) if listed.path in entries else None
        if found is None:
            problems.append(f"{listed.path}: listed, but not there.")
        elif hashlib.sha256(found).hexdigest() != listed.sha256:
            problems.append(f"{listed.path}: not what was signed.")
        else:
            files[listed.path] = found
    unlisted = sorted(entries.keys() - {listed.path for listed in manifest.files} - _NOT_LISTED)
    problems += [f"{name}: not listed, so not signed." for name in unlisted]
    return PackReport(manifest=manifest, files=files, comment=comment, public_key=own, problems=tuple(problems))


def _read(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, n_bytes_max: int) -> bytes:
    """Read an entry, and not a byte more than it may have."""
    with archive.open(entry) as stream:
        raw = stream.read(n_bytes_max + 1)
    if len(raw) > n_bytes_max:
        message = f"{entry.filename}: longer than was signed."
        raise ValueError(message)
    return raw


def _broken(*problems: str) -> PackReport:
    return PackReport(manifest=None, files={}, problems=problems)
