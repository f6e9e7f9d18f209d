"""What the agent keeps on disk, so that it can undo, prove what it did, and go on after a crash.

The kernel says which list it holds (a chain's name, ``remedy.policy``); the folder holds what that name means. So the
order is: write what is to be loaded, have it on disk, load it in one transaction, then note it in the history. Killed
between any two of these steps, the kernel's name still finds its file, and ``Store.recover`` writes the missing note.

``lists/`` lists by SHA-256, ``loads/`` what was loaded, by the kernel's name for it, ``acks/`` acknowledgements,
``history.json`` the last lists, ``notes.json`` what to remember between runs, ``gateway-key.pem`` the key that signs
acknowledgements, ``agent.lock`` held by whoever changes the kernel. ``metadata`` and ``good`` are ``gateway.fetch``'s.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Final, TypeVar

import msgspec
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import Struct

from raabta.model.exemption import ExemptionList, Lease
from raabta.remedy.canonical import canonical, read_canonical
from raabta.remedy.policy import read_marker

KEPT_SERIALS: Final = 5
"""How many lists back one may go. Judgement: a mistake is noticed within days."""
_KEY: Final = "gateway-key.pem"


class Load(Struct, frozen=True, kw_only=True):
    """A list and leases that were verified, to be loaded together."""

    list: ExemptionList
    leases: tuple[Lease, ...] = ()
    leases_version: int = 0
    fresh_until: datetime
    """Until when the list is known to be the newest."""


class _LoadFile(Struct, frozen=True, kw_only=True):
    list_hash: str
    leases: tuple[Lease, ...]
    leases_version: int
    fresh_until: datetime


class _Leases(Struct, frozen=True, kw_only=True):
    leases: tuple[Lease, ...]


class HistoryEntry(Struct, frozen=True, kw_only=True):
    """A list that the kernel held: the last load of it."""

    serial: int
    marker: str
    applied_at: datetime
    n_entries: int


class History(Struct, frozen=True, kw_only=True):
    """Lists that the kernel held, the newest last, one row for each serial."""

    rows: tuple[HistoryEntry, ...] = ()


class Notes(Struct, frozen=True, kw_only=True):
    """What to remember between runs."""

    held_above: int = 0
    """After an undo: lists up to this serial are not loaded by themselves again."""
    latest_at: datetime | None = None
    """The latest time that this clock showed."""
    rules: dict[str, str] = {}
    """Hash of the kernel's rules as they were right after they were loaded, by hash of the policy."""
    pulled_at: datetime | None = None
    trouble: str = ""
    """What kept the last pull or load from working, in words."""


_Kept = TypeVar("_Kept", History, Notes)


class Store:
    """The agent's folder. Every write is whole or not at all, and on disk before the next step."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._read_list: tuple[str, ExemptionList] | None = None
        for part in ("lists", "loads", "acks"):
            (folder / part).mkdir(mode=0o700, parents=True, exist_ok=True)

    @contextmanager
    def lock(self) -> Iterator[int]:
        """Wait to be the only one who changes the kernel, and give the lock's descriptor.

        An ``nft`` that outlives a killed agent holds it too, until it has its answer.
        """
        with self._alone("agent.lock") as handle:
            yield handle

    @contextmanager
    def _alone(self, name: str) -> Iterator[int]:
        handle = os.open(self.folder / name, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield handle
        finally:
            os.close(handle)

    def keep_load(self, marker: str, load: Load) -> None:
        """Write what is about to be loaded under this name.

        Raises:
            OSError: The folder cannot be written.
        """
        raw = canonical(load.list)
        list_hash = sha256(raw).hexdigest()
        place = self.folder / "lists" / f"{list_hash}.json"
        if not place.exists():
            write_whole(place, raw)
        kept = _LoadFile(
            list_hash=list_hash,
            leases=load.leases,
            leases_version=load.leases_version,
            fresh_until=load.fresh_until,
        )
        write_whole(self._load_place(marker), canonical(kept))

    def load_of(self, marker: str) -> Load | None:
        """Read what a name of the kernel's stands for; None where it is not known here.

        Raises:
            ValueError: A file is damaged.
        """
        place = self._load_place(marker)
        if not place.is_file():
            return None
        kept = read_canonical(place.read_bytes(), _LoadFile, name=str(place))
        return Load(
            list=self._list(kept.list_hash),
            leases=kept.leases,
            leases_version=kept.leases_version,
            fresh_until=kept.fresh_until,
        )

    def _list(self, list_hash: str) -> ExemptionList:
        """Read a list; the last one is remembered, since 100,000 entries take half a second."""
        if self._read_list and self._read_list[0] == list_hash:
            return self._read_list[1]
        place = self.folder / "lists" / f"{list_hash}.json"
        raw = place.read_bytes() if place.is_file() else b""
        if sha256(raw).hexdigest() != list_hash:
            message = f"{place}: missing or damaged. Pull and apply again: raabta gateway pull, raabta gateway apply"
            raise ValueError(message)
        read = read_canonical(raw, ExemptionList, name=str(place))
        self._read_list = (list_hash, read)
        return read

    def recover(self, marker: str, *, now: datetime) -> None:
        """Note that the kernel holds this, where the note is missing: the agent was killed before it could write it."""
        read = read_marker(marker)
        rows = self.history().rows
        if read is None or (rows and rows[-1].marker == marker):
            return
        load = self.load_of(marker)
        if load is not None:
            self.note_applied(marker, load, now=now)

    def note_applied(self, marker: str, load: Load, *, now: datetime) -> None:
        """Note that the kernel holds this, and remove what is no longer needed."""
        serial = load.list.serial
        row = HistoryEntry(serial=serial, marker=marker, applied_at=now, n_entries=len(load.list.entries))
        rows = (*(old for old in self.history().rows if old.serial != serial), row)[-KEPT_SERIALS:]
        write_whole(self.folder / "history.json", canonical(History(rows=rows)))
        self._tidy({one.marker for one in rows})

    def forget_history(self) -> None:
        """Note that the kernel holds nothing, and is to hold nothing."""
        write_whole(self.folder / "history.json", canonical(History()))

    def history(self) -> History:
        """Read which lists the kernel held.

        Raises:
            ValueError: The file is damaged.
        """
        return self._read("history.json", History)

    def notes(self) -> Notes:
        """Read what is remembered.

        Raises:
            ValueError: The file is damaged.
        """
        return self._read("notes.json", Notes)

    def change_notes(self, **changed: object) -> None:
        """Remember these fields of ``Notes`` anew; the others stay, whoever else is writing now.

        Raises:
            ValueError: The file is damaged.
            OSError: The folder cannot be written.
        """
        with self._alone("notes.lock"):
            write_whole(self.folder / "notes.json", canonical(msgspec.structs.replace(self.notes(), **changed)))

    def signing_key(self) -> Ed25519PrivateKey:
        """Read the key that signs acknowledgements; it is made where there is none.

        Raises:
            ValueError: The file holds something else.
        """
        place = self.folder / _KEY
        if not place.exists():
            form, plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            write_whole(place, Ed25519PrivateKey.generate().private_bytes(serialization.Encoding.PEM, form, plain))
        key = serialization.load_pem_private_key(place.read_bytes(), password=None)
        if not isinstance(key, Ed25519PrivateKey):
            message = f"{place} holds another kind of key than Ed25519. Put the right one back, or remove the file."
            raise ValueError(message)
        return key

    def _read(self, name: str, kind: type[_Kept]) -> _Kept:
        place = self.folder / name
        if not place.is_file():
            return kind()
        return read_canonical(place.read_bytes(), kind, name=str(place))

    def _load_place(self, marker: str) -> Path:
        return self.folder / "loads" / f"{marker}.json"

    def _tidy(self, markers: set[str]) -> None:
        for place in (self.folder / "loads").iterdir():
            if place.stem not in markers:
                place.unlink(missing_ok=True)
        kept = {
            msgspec.json.decode(place.read_bytes(), type=_LoadFile).list_hash
            for place in (self.folder / "loads").glob("*.json")
        }
        for place in (self.folder / "lists").iterdir():
            if place.stem not in kept:
                place.unlink(missing_ok=True)


def content_of(load: Load) -> str:
    """Hash what a load says, for its name in the kernel."""
    of_leases = canonical(_Leases(leases=load.leases))
    return sha256(sha256(canonical(load.list)).digest() + of_leases).hexdigest()[:16]


def write_whole(place: Path, raw: bytes) -> None:
    """Write a file that only its owner reads, whole or not at all, and have it on disk.

    Raises:
        OSError: The folder cannot be written.
    """
    part = place.with_name(f".{place.name}.{os.getpid()}.part")
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(raw)
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(place)
    finally:
        part.unlink(missing_ok=True)
    folder = os.open(place.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
