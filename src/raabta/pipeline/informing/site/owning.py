"""Whose folder is it? Builds are removed again, so they go only into a folder that is ours, and only ours are removed.

A folder that is new or empty gets a marker, and is ours from then on. One that holds other things and no marker is
refused, unless each release in it is one of ours: folders of before there were markers get theirs so.
"""

import os
from pathlib import Path
from typing import Final

import msgspec

from raabta.model.publication import Manifest
from raabta.publish.manifest import MANIFEST_FILE, SIGNATURE_FILE

RELEASES: Final = "releases"
STATE_END: Final = ".state"
"""Of a file beside a release, with what its build knew. It goes with the release."""
MARKER: Final = ".raabta-site"
_MARK: Final = b"Builds of a site by Raabta: those in releases/ come and go. Keep nothing else here.\n"
NOTHING: Final = frozenset({"lost+found"})
"""What an empty disk holds all the same (ext4)."""


def claim(folder: Path) -> None:
    """See that a folder is ours, and mark it where it is not marked yet. It is made where it is missing.

    Raises:
        ValueError: It is something else's.
        OSError: It cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    names = {path.name for path in folder.iterdir()} - NOTHING
    if MARKER in names:
        return
    if names and not _holds_only_ours(folder):
        message = (
            f"{folder}: this folder holds other things, and builds of a site come and go. Name an empty or a new one."
        )
        raise ValueError(message)
    handle = os.open(folder / MARKER, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    with os.fdopen(handle, "wb") as stream:
        stream.write(_MARK)
        stream.flush()
        os.fsync(handle)


def is_release(folder: Path, serial: int | str) -> bool:
    """Say whether a release there is one of ours: signed by us, or with what its build knew beside it."""
    release = folder / RELEASES / str(serial)
    if release.is_symlink() or not release.is_dir():
        return False
    signed = (release / MANIFEST_FILE).is_file() and (release / SIGNATURE_FILE).is_file()
    return signed or (folder / RELEASES / f"{serial}{STATE_END}").is_file()


def our_serials(folder: Path) -> list[int]:
    """Give the serials of our releases there, ascending."""
    names = [path.name for path in (folder / RELEASES).iterdir() if path.name.isdecimal()]
    return sorted(int(name) for name in names if is_release(folder, name))


def _holds_only_ours(folder: Path) -> bool:
    """Say whether there are releases in an unmarked folder, each of them one of ours."""
    if not (folder / RELEASES).is_dir():
        return False
    names = [path.name for path in (folder / RELEASES).iterdir() if path.name.isdecimal()]
    return bool(names) and all(_is_surely_ours(folder, name) for name in names)


def _is_surely_ours(folder: Path, name: str) -> bool:
    """Say whether the manifest of a release is one of a site, and of this serial: no marker vouches for it."""
    if not is_release(folder, name):
        return False
    try:
        raw = (folder / RELEASES / name / MANIFEST_FILE).read_bytes()
        return msgspec.json.decode(raw, type=Manifest).serial == int(name)
    except (OSError, msgspec.DecodeError):
        return False
