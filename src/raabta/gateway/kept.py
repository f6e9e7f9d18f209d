"""What was good, on disk: the files of the last verified list, whole or not at all.

Files are named by their SHA-256; ``current.json`` names the two that belong together, is replaced by one rename, and is
written last. So after a crash at any moment either the old pair or the new one is there. The disk is trusted as far as
this process is; hashes are compared on reading to notice damage.
"""

import os
import re
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Final

from msgspec import Struct

from raabta.remedy.canonical import canonical, read_canonical

_CURRENT: Final = "current.json"
_NAME: Final = re.compile(r"[0-9a-f]{64}")


class Kept(Struct, frozen=True, kw_only=True):
    """Which files are the last good ones (hex SHA-256 of each), and what was known of them when they were verified."""

    exemptions: str
    leases: str
    serial: int
    versions: dict[str, int]
    fetched_at: datetime
    fresh_until: datetime


def place_of(good: Path, digest: str) -> Path:
    """Say where the file with this hash is kept.

    Raises:
        ValueError: That is no SHA-256 in hex: it came from outside, and becomes a file's name here.
    """
    if not _NAME.fullmatch(digest):
        message = f"{digest!r} is no SHA-256, so the metadata names its file wrongly. Tell the list's publisher."
        raise ValueError(message)
    return good / f"{digest}.json"


def read_kept(good: Path) -> Kept | None:
    """Read which files are the last good ones, None where there are none yet.

    Raises:
        ValueError: The file that says so is damaged.
    """
    path = good / _CURRENT
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        return None
    return read_canonical(raw, Kept, name=str(path))


def read_content(good: Path, digest: str) -> bytes:
    """Read one file.

    Raises:
        ValueError: It is missing or damaged.
    """
    path = place_of(good, digest)
    raw = path.read_bytes() if path.is_file() else b""
    if sha256(raw).hexdigest() != digest:
        message = f"{path}: missing or damaged. Remove the folder {good} and pull again: raabta gateway pull"
        raise ValueError(message)
    return raw


def keep(kept: Kept, good: Path) -> None:
    """Make these the last good files, and remove those that no longer are. Their content must be there already."""
    for digest in (kept.exemptions, kept.leases):
        _flush(place_of(good, digest))
    new = good / f"{_CURRENT}.new"
    new.write_bytes(canonical(kept))
    _flush(new)
    new.replace(good / _CURRENT)
    _flush(good)
    used = {place_of(good, kept.exemptions), place_of(good, kept.leases), good / _CURRENT}
    for path in set(good.iterdir()) - used:
        path.unlink(missing_ok=True)


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
