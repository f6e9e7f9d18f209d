"""Builds beside each other in one folder: whatever is killed when, ``current`` shows one that is whole.

``FOLDER/releases/SERIAL`` is a build, ``FOLDER/current`` a link to one. A new build grows under a hidden name, out of
hard links to files of the build before and of new files; all of it is on the disk before it gets its name, and the link
is replaced by a rename. The last three stay, for whoever is reading and for going back. The one before those becomes
the next build: nearly all of its files are right already, which is quicker than 20,000 links and as many removals.

One writer at a time (a lock that the kernel frees when its holder dies); what a killed one left is cleared by the next.
A release is never changed once it has its name: its files may be linked from the next one. What is no release of ours
is never removed (``owning``).
"""

import fcntl
import os
import re
import shutil
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec

from raabta.model.publication import Manifest, PublishedFile
from raabta.pipeline.informing.site.owning import RELEASES, STATE_END, claim, our_serials
from raabta.publish.manifest import MANIFEST_FILE
from raabta.registry.secrets import sync_folder

CURRENT: Final = "current"
LOCK_FILE: Final = ".lock"
PART: Final = re.compile(r"\.\d+\.part")
KEPT: Final = 3
LOCK_WAIT_S: Final = 60.0
"""As long as the longest build takes: who comes meanwhile waits for it."""
_LOCK_STEP_S: Final = 0.1
SYNC_ALL: Final = 200
"""From so many new files on, one ``sync`` of all is quicker than one of each (0.2 s for 20,000, ext4)."""


@contextmanager
def locked(folder: Path, *, wait_s: float = LOCK_WAIT_S) -> Iterator[None]:
    """Be the only one that writes into a site's folder; it is made where it is missing.

    Raises:
        ValueError: The folder is something else's.
        OSError: Somebody else writes for too long, or the folder cannot be written.
    """
    claim(folder)
    (folder / RELEASES).mkdir(exist_ok=True)
    with lock_file(folder / LOCK_FILE, wait_s=wait_s, words="another build is still writing there"):
        yield


@contextmanager
def lock_file(file: Path, *, wait_s: float, words: str) -> Iterator[None]:
    """Hold the lock that is a file.

    Args:
        file: It stays when the lock goes.
        wait_s: How long to wait for who holds it.
        words: What that one does.

    Raises:
        OSError: It is held for too long.
    """
    until_s = time.monotonic() + wait_s
    handle = os.open(file, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        while not _is_locked(handle):
            if time.monotonic() > until_s:
                message = f"{file}: {words}. Try again when it is done."
                raise OSError(message)
            time.sleep(_LOCK_STEP_S)
        yield
    finally:
        os.close(handle)


def current_serial(folder: Path) -> int | None:
    """Tell which release is shown, None where there is none.

    Raises:
        ValueError: ``current`` is there and is no link to a release: the folder is something else's.
    """
    link = folder / CURRENT
    if not os.path.lexists(link):
        return None
    serial = link.readlink().name if link.is_symlink() else ""
    if not serial.isdecimal() or not release_of(folder, int(serial)).is_dir():
        message = f"{link}: this is no release of a site. Name an empty folder, or take {link.name} away there."
        raise ValueError(message)
    return int(serial)


def release_of(folder: Path, serial: int) -> Path:
    """Name the folder of a release."""
    return folder / RELEASES / str(serial)


def highest_serial(folder: Path) -> int:
    """Give the highest serial that stands there, shown or not; 0 where there is none."""
    names = [path.name for path in (folder / RELEASES).iterdir()] if (folder / RELEASES).is_dir() else []
    return max((int(name) for name in names if name.isdecimal()), default=0)


class Growing:
    """A release that is being made. ``write`` and ``keep`` files, then ``show`` it."""

    def __init__(self, folder: Path, serial: int, *, anew: bool = False) -> None:
        """Begin.

        Args:
            folder: The site's; the caller holds its lock.
            serial: Of the new release.
            anew: Take nothing over from a release that is due to go.
        """
        self._folder = folder
        self._serial = serial
        self.place = folder / RELEASES / f".{serial}.part"
        self._root = str(self.place)
        clear(folder)
        self._spare = {} if anew else _take_spare(folder, self.place)
        """Files that are there already, each with its inode; what is not claimed will go."""
        if not self.place.exists():
            self.place.mkdir()
        self.place.chmod(0o755)
        self._made = {""}
        self._written: list[str] = []

    def write(self, path: str, content: bytes) -> None:
        """Write a new file; one that is there is replaced, never written into: it may be linked."""
        file = self._file(path)
        if self._spare.pop(path, None) is not None:
            os.unlink(file)  # noqa: PTH108  as everywhere here: 20,000 times, and pathlib is half the speed
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
        with os.fdopen(handle, "wb") as stream:
            os.fchmod(handle, 0o644)  # a web server reads it, whatever this process's umask is
            stream.write(content)
        self._written.append(file)

    def keep(self, release: Path, files: Iterable[PublishedFile]) -> None:
        """Take over files of an earlier release of this folder as they are.

        Raises:
            OSError: One is gone.
        """
        root = str(release)
        for one in files:
            source = f"{root}/{one.path}"
            spare = self._spare.pop(one.path, None)
            if spare is not None and spare == os.stat(source).st_ino:  # noqa: PTH116  as above
                continue
            file = self._file(one.path)
            if spare is not None:
                os.unlink(file)  # noqa: PTH108  as above
            os.link(source, file)

    def copy(self, source: Path, path: str) -> None:
        """Take a file from another place."""
        self.write(path, (source / path).read_bytes())

    def show(self) -> Path:
        """Have the disk know all of it, give it its name, and show it."""
        for path in self._spare:
            os.unlink(self._file(path))  # noqa: PTH108  as above
        self._sync()
        release = release_of(self._folder, self._serial)
        self.place.rename(release)
        sync_folder(self._folder / RELEASES)
        show(self._folder, self._serial)
        return release

    def _file(self, path: str) -> str:
        parent = path.rpartition("/")[0]
        if parent not in self._made:
            for made in ("/".join(parent.split("/")[:n]) for n in range(1, parent.count("/") + 2)):
                if made not in self._made:
                    (self.place / made).mkdir(exist_ok=True)
                    (self.place / made).chmod(0o755)
                    self._made.add(made)
        return f"{self._root}/{path}"

    def _sync(self) -> None:
        if len(self._written) > SYNC_ALL:
            os.sync()
            return
        for place in (*self._written, *(place for place, _, _ in os.walk(self._root))):
            handle = os.open(place, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)


def show(folder: Path, serial: int) -> None:
    """Point ``current`` to a release, at one moment."""
    link = folder / f".{CURRENT}.new"
    if link.is_symlink():  # a killed run's; anything else is nobody's to remove
        link.unlink()
    link.symlink_to(Path(RELEASES) / str(serial))
    link.replace(folder / CURRENT)
    sync_folder(folder)


def clear(folder: Path) -> None:
    """Remove what killed builds left. The caller holds the lock."""
    for path in (folder / RELEASES).iterdir():
        if PART.fullmatch(path.name):
            shutil.rmtree(path)


def prune(folder: Path, *, kept: int = KEPT) -> None:
    """Remove our oldest releases, never the one that is shown. The caller holds the lock."""
    shown = current_serial(folder)
    for serial in our_serials(folder)[:-kept]:
        if serial != shown:
            (folder / RELEASES / f"{serial}{STATE_END}").unlink(missing_ok=True)
            gone = folder / RELEASES / f".{serial}.part"
            release_of(folder, serial).rename(gone)
            shutil.rmtree(gone)


def _is_locked(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _take_spare(folder: Path, place: Path) -> dict[str, int]:
    """Make the oldest release that is not needed any more the beginning of a new one; say which files are in it.

    Each comes with its inode: only what is the very file of the last release is taken over. What its manifest does not
    name is removed.
    """
    shown = current_serial(folder)
    serials = our_serials(folder)
    oldest = release_of(folder, serials[0]) if len(serials) >= KEPT and serials[0] != shown else None
    try:
        raw = (oldest / MANIFEST_FILE).read_bytes() if oldest else b""
        manifest = msgspec.json.decode(raw, type=Manifest)  # our own: only names that are found are followed
    except (OSError, msgspec.DecodeError):
        return {}
    if oldest is None:
        return {}
    (folder / RELEASES / f"{oldest.name}{STATE_END}").unlink(missing_ok=True)
    oldest.rename(place)
    listed = {one.path for one in manifest.files}
    found = {}
    for path, entry in _entries(str(place), ""):
        if path in listed and entry.is_file(follow_symlinks=False):
            found[path] = entry.stat().st_ino
        else:
            Path(entry.path).unlink()
    return found


def _entries(root: str, before: str) -> Iterator[tuple[str, "os.DirEntry[str]"]]:
    """Give all but folders beneath a folder, each with its path there."""
    with os.scandir(f"{root}/{before}") as inside:
        for entry in inside:
            if entry.is_dir(follow_symlinks=False):
                yield from _entries(root, f"{before}{entry.name}/")
            else:
                yield before + entry.name, entry
