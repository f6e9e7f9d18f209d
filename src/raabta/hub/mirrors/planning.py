"""What a mirror's target is: a folder, ``user@host:/folder`` (rsync over SSH), or ``s3://bucket/prefix``."""

import re
import shlex
import stat
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from msgspec import Struct

from raabta.model.publication import Manifest
from raabta.pipeline.informing.settings import Mirror
from raabta.remedy.keys import PublicKey

_REMOTE: Final = re.compile(r"((?:[A-Za-z0-9_.-]+@)?(?:[A-Za-z0-9_.-]+|\[[0-9A-Fa-f:]+\])):((?:~?/)?[A-Za-z0-9_./-]*)")
_STORE: Final = re.compile(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/([A-Za-z0-9_./-]*))?")


class Load(Struct, frozen=True, kw_only=True):
    """A build that is brought to mirrors. ``base`` is what paths in the settings are relative to."""

    release: Path
    manifest: Manifest
    key: PublicKey
    base: Path
    full: bool = False
    """Bring every file, also where the mirror says that it has it."""


class Brought(Struct, frozen=True, kw_only=True):
    """What became of one mirror. ``failure`` is "" where it shows this build, or ``newer`` a newer one."""

    name: str
    failure: str = ""
    newer: int = 0
    """The serial that it shows already, brought by somebody else: it is left alone."""
    n_sent: int = 0
    n_removed: int = 0
    took_s: float = 0.0


class FolderTarget(Struct, frozen=True, kw_only=True):
    """A folder of this machine."""

    folder: Path


class RsyncTarget(Struct, frozen=True, kw_only=True):
    """A folder of another machine, by SSH. ``ssh`` is the command that reaches it, without the host."""

    host: str
    folder: str
    ssh: tuple[str, ...]


class StoreTarget(Struct, frozen=True, kw_only=True):
    """A part of a bucket. ``prefix`` is "" or ends with a slash."""

    bucket: str
    prefix: str
    mirror: Mirror
    key_file: Path | None


class Deadline:
    """A time by which a mirror must be done, on the machine's steady clock."""

    def __init__(self, length_s: float) -> None:
        self._until_s = time.monotonic() + length_s

    def left_s(self) -> float:
        """Give the seconds that are left.

        Raises:
            TimeoutError: None are.
        """
        left_s = self._until_s - time.monotonic()
        if left_s <= 0:
            message = "not done within its time. The next run goes on from here"
            raise TimeoutError(message)
        return left_s


def choose_mirrors(known: Sequence[Mirror], asked: Sequence[str]) -> list[Mirror]:
    """Give the mirrors that were asked for: names of the settings, or targets; all of the settings where none was.

    Raises:
        ValueError: It is neither a name nor a target.
    """
    by_name = {mirror.name: mirror for mirror in known}
    chosen = [by_name.get(one) or Mirror(name=one, target=one) for one in asked] if asked else list(known)
    for mirror in chosen:
        read_target(mirror, base=Path())
    return chosen


def read_target(mirror: Mirror, *, base: Path) -> FolderTarget | RsyncTarget | StoreTarget:
    """Read what a mirror's target is.

    Args:
        mirror: Of the settings.
        base: What its paths are relative to: the settings' folder.

    Raises:
        ValueError: It is nothing that can be brought to.
    """
    target = mirror.target
    key_file = base / mirror.key_file if mirror.key_file else None
    if target.startswith("s3:"):
        if not (store := _STORE.fullmatch(target)):
            message = f"mirror {mirror.name}: {target!r} is no bucket. Write s3://bucket or s3://bucket/prefix"
            raise ValueError(message)
        prefix = (store[2] or "").strip("/")
        return StoreTarget(bucket=store[1], prefix=f"{prefix}/" if prefix else "", mirror=mirror, key_file=key_file)
    if (remote := _REMOTE.fullmatch(target)) and "://" not in target:
        return _read_remote(mirror, remote[1], remote[2], key_file=key_file)
    if not target or ":" in target or target.startswith("-"):
        message = f"mirror {mirror.name}: {target!r} is no target. Write /folder, user@host:/folder or s3://bucket"
        raise ValueError(message)
    return FolderTarget(folder=base / target)


def _read_remote(mirror: Mirror, host: str, folder: str, *, key_file: Path | None) -> RsyncTarget:
    if host.startswith("-") or folder.strip("/.~") == "" or ".." in folder.split("/"):
        message = f"mirror {mirror.name}: {mirror.target!r} names no folder of its own. Write user@host:/srv/status"
        raise ValueError(message)
    ssh = ["ssh", "-o", "BatchMode=yes", "-o", "ConnectTimeout=10", "-o", "ServerAliveInterval=10"]
    if key_file is not None:
        ssh += ["-i", str(key_file), "-o", "IdentitiesOnly=yes"]
    for option in mirror.options:
        ssh += shlex.split(option)
    return RsyncTarget(host=host, folder=folder.removeprefix("~/"), ssh=tuple(ssh))


def read_secret(file: Path) -> list[str]:
    """Read the lines of a file that only its owner may read.

    Raises:
        ValueError: Others may read it too.
        OSError: It cannot be read.
    """
    if file.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        message = f"{file}: others may read this file. Try: chmod 600 {file}"
        raise ValueError(message)
    return [line.strip() for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]
