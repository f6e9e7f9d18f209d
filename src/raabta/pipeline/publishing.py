"""A signed repository on disk: one folder per recipient, which any dumb file or HTTPS server may serve.

``REPO/<recipient>/metadata`` holds ``N.root.json``, ``N.targets.json``, ``N.leases.json``, ``N.snapshot.json`` and
``timestamp.json``; ``REPO/<recipient>/targets`` holds ``HASH.exemptions.json`` and ``HASH.leases.json``. No file but
``timestamp.json`` is ever changed, each appears by a rename, and ``timestamp.json`` comes last: so a reader sees the
state before or the state after, and a crash between leaves files that nothing names and the next run replaces.

Files that are no longer named stay for some versions, for readers that are in the middle of a pull. One writer at a
time (a lock file, which the kernel frees when its holder dies).

Not done: uploading. Copy the folder with a tool that renames (rsync does), ``timestamp.json`` last.
"""

import contextlib
import fcntl
import os
import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from raabta.model.exemption import ExemptionList, Lease, LeaseList
from raabta.remedy.canonical import canonical, read_canonical
from raabta.remedy.keys import PublicKey, SigningKey
from raabta.remedy.repository import (
    EXEMPTIONS,
    LEASES,
    LEASES_LIFE,
    LEASES_ROLE,
    SNAPSHOT_LIFE,
    TIMESTAMP_LIFE,
    draft_leases,
    draft_snapshot,
    draft_timestamp,
    leases_key_of,
    online_key_of,
    read_snapshot,
    read_targets,
    read_timestamp,
    sign_alone,
    standing,
    version_of,
)

_VERSIONS_KEPT: Final = 20
"""Renewed each quarter of an hour, a pull may take five hours. Unvalidated."""
_LISTS_KEPT: Final = 3
_LOCK: Final = ".lock"
_RECIPIENT: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


class Published(Struct, frozen=True, kw_only=True):
    """What a recipient's repository says now. ``root`` is the newest; the rest is empty before the first list."""

    root: bytes
    targets: bytes = b""
    leases: bytes = b""
    exemption_file: bytes = b""
    lease_file: bytes = b""
    versions: dict[str, int] = {}


def check_recipient(recipient: str) -> None:
    """Check that a recipient's id can be the name of a folder, here and on any server.

    Raises:
        ValueError: It cannot.
    """
    if not _RECIPIENT.fullmatch(recipient):
        message = f"recipient {recipient!r}: this cannot be the name of a folder. Take letters, digits, '-' and '_'."
        raise ValueError(message)


def folder_of(repository: Path, recipient: str) -> Path:
    """Say which folder is a recipient's.

    Raises:
        ValueError: The id cannot be a folder's name.
    """
    check_recipient(recipient)
    return repository / recipient


def read_published(folder: Path) -> Published | None:
    """Read what a recipient's repository says now, None where there is none.

    Raises:
        ValueError: It does not hold together.
    """
    metadata = folder / "metadata"
    roots = sorted(int(path.name.partition(".")[0]) for path in metadata.glob("*.root.json"))
    if not roots:
        return None
    root = (metadata / f"{roots[-1]}.root.json").read_bytes()
    timestamp = metadata / "timestamp.json"
    if not timestamp.is_file():
        return Published(root=root, versions={"root": roots[-1]})
    stamped = read_timestamp(timestamp.read_bytes(), name=str(timestamp))
    snapshot = _named(metadata, stamped.snapshot_meta.version, "snapshot")
    meta = read_snapshot(snapshot).meta
    versions = {name.removesuffix(".json"): item.version for name, item in meta.items()}
    targets = _named(metadata, versions["targets"], "targets")
    leases = _named(metadata, versions[LEASES_ROLE], LEASES_ROLE)
    return Published(
        root=root,
        targets=targets,
        leases=leases,
        exemption_file=_target(folder, targets, EXEMPTIONS),
        lease_file=_target(folder, leases, LEASES),
        versions={
            "root": roots[-1],
            "timestamp": stamped.version,
            "snapshot": stamped.snapshot_meta.version,
            **versions,
        },
    )


def published_file(repository: Path, recipient: str) -> bytes:
    """Read the list that is published for a recipient, and check that enough holders signed it.

    Raises:
        LookupError: None is published.
        ValueError: It is not what was signed, or not by enough holders of the root that lies beside it.
    """
    place = folder_of(repository, recipient)
    current = read_published(place)
    if current is None or not current.exemption_file:
        message = f"{place}: no list was published yet. Compile, sign and publish one: raabta list compile"
        raise LookupError(message)
    if not standing(current.targets, root=current.root).complete:
        message = f"{place}: the list is not signed by enough holders of its root. Sign and publish a list anew."
        raise ValueError(message)
    return current.exemption_file


def publish_root(folder: Path, root: bytes) -> Path:
    """Put new root metadata in place.

    Args:
        folder: The recipient's.
        root: Signed by enough holders of the root before it, where there is one, and of its own.

    Returns:
        Its file: the trust anchor that gateways are handed.

    Raises:
        ValueError: Signatures are missing, or its version is not the next one.
    """
    with locked(folder):
        current = read_published(folder)
        _check_complete(root, root)
        if current:
            _check_complete(root, current.root)
        expected = current.versions["root"] + 1 if current else 1
        if version_of(root) != expected:
            message = f"{folder}: the next root is version {expected}, not {version_of(root)}. Make a new sheet for it."
            raise ValueError(message)
        path = folder / "metadata" / f"{expected}.root.json"
        _write(path, root)
        return path


def publish_list(folder: Path, targets: bytes, *, exemptions: bytes, online: SigningKey, now: datetime) -> Published:
    """Put a list that was signed offline in place, with leases, snapshot and timestamp of now.

    Args:
        folder: The recipient's.
        targets: Metadata that says the list, signed by enough holders.
        exemptions: The list's bytes.
        online: The key that the root names for timestamps.
        now: Aware UTC.

    Raises:
        ValueError: Signatures are missing, the version is not the next one, or it is not this list that was signed.
    """
    with locked(folder):
        current = read_published(folder)
        if current is None:
            message = f"{folder}: no root was published yet. Make one: raabta list keys root"
            raise ValueError(message)
        _check_complete(targets, current.root)
        expected = current.versions.get("targets", 0) + 1
        if version_of(targets) != expected:
            message = f"{folder}: the next list is version {expected}, not {version_of(targets)}. Compile it anew."
            raise ValueError(message)
        if read_targets(targets).targets[EXEMPTIONS].hashes["sha256"] != sha256(exemptions).hexdigest():
            message = f"{folder}: what was signed is another list than the one in the sheet. Compile and sign it anew."
            raise ValueError(message)
        _write(folder / "targets" / f"{sha256(exemptions).hexdigest()}.{EXEMPTIONS}", exemptions)
        _write(folder / "metadata" / f"{expected}.targets.json", targets)
        fresh = msgspec.structs.replace(current, targets=targets, exemption_file=exemptions)
        return _renew(folder, fresh, online=online, now=now, leases=None)


def refresh(folder: Path, *, online: SigningKey, now: datetime, leases: Sequence[Lease] | None = None) -> Published:
    """Renew what the online key signs: leases, snapshot, timestamp. To be run at least every few hours.

    Args:
        folder: The recipient's.
        online: The key that the root names for timestamps.
        now: Aware UTC.
        leases: Those in force from now on; None keeps what is published. Only those in grants of the published list
            and not yet over are taken.

    Raises:
        ValueError: There is no list to refresh, or the key is another one.
    """
    with locked(folder):
        current = read_published(folder)
        if current is None or not current.targets:
            message = f"{folder}: no list was published yet. Compile, sign and publish one first."
            raise ValueError(message)
        return _renew(folder, current, online=online, now=now, leases=leases)


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Be the only one who changes this folder.

    Raises:
        OSError: Somebody else is changing it now.
    """
    for name in ("metadata", "targets"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    with (folder / _LOCK).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            message = f"{folder}: another command is publishing here. Wait until it is done, and try again."
            raise OSError(message) from error
        yield


def _renew(
    folder: Path, current: Published, *, online: SigningKey, now: datetime, leases: Sequence[Lease] | None
) -> Published:
    _check_online(current, online.public, folder)
    lease_file = _lease_file(current, leases, now)
    versions = {role: current.versions.get(role, 0) + 1 for role in (LEASES_ROLE, "snapshot", "timestamp")}
    signed = draft_leases(lease_file, version=versions[LEASES_ROLE], expires_at=now + LEASES_LIFE)
    signed = sign_alone(signed, online)
    snapshot = draft_snapshot(current.targets, signed, version=versions["snapshot"], expires_at=now + SNAPSHOT_LIFE)
    snapshot = sign_alone(snapshot, online)
    timestamp = draft_timestamp(snapshot, version=versions["timestamp"], expires_at=now + TIMESTAMP_LIFE)
    metadata = folder / "metadata"
    _write(folder / "targets" / f"{sha256(lease_file).hexdigest()}.{LEASES}", lease_file)
    _write(metadata / f"{versions[LEASES_ROLE]}.{LEASES_ROLE}.json", signed)
    _write(metadata / f"{versions['snapshot']}.snapshot.json", snapshot)
    _write(metadata / "timestamp.json", sign_alone(timestamp, online))
    _tidy(folder, versions)
    return msgspec.structs.replace(
        current,
        leases=signed,
        lease_file=lease_file,
        versions={"root": current.versions["root"], "targets": version_of(current.targets), **versions},
    )


def _lease_file(current: Published, leases: Sequence[Lease] | None, now: datetime) -> bytes:
    listed = read_canonical(current.exemption_file, ExemptionList, name=EXEMPTIONS)
    before = read_canonical(current.lease_file, LeaseList, name=LEASES) if current.lease_file else None
    if leases is None:
        leases = before.leases if before else ()
    grants = {grant.id for grant in listed.grants}
    return canonical(
        LeaseList(
            recipient=listed.recipient,
            serial=before.serial + 1 if before else 1,
            made_at=now,
            expires_at=now + LEASES_LIFE,
            leases=tuple(lease for lease in leases if lease.grant_id in grants and lease.not_after > now),
        )
    )


def _check_online(current: Published, key: PublicKey, folder: Path) -> None:
    expected = online_key_of(current.root)
    if key.public != expected.public:
        message = f"{folder}: key {key.name!r} may not renew it, {expected.name!r} may. Give that one as --online-key."
        raise ValueError(message)
    if leases_key_of(current.targets).public != key.public:
        message = f"{folder}: the online key was replaced, and the list still names the old one. Sign a new list first."
        raise ValueError(message)


def _check_complete(signed: bytes, root: bytes) -> None:
    found = standing(signed, root=root)
    if not found.complete:
        message = (
            f"{len(found.signed)} of {found.threshold} signatures that count are there, by the keys of root version "
            f"{version_of(root)}. Not signed: {', '.join(found.missing)}. Each signs with: raabta list sign SHEET"
        )
        raise ValueError(message)


def _named(metadata: Path, version: int, role: str) -> bytes:
    path = metadata / f"{version}.{role}.json"
    if not path.is_file():
        message = f"{path}: missing, though newer metadata names it. Restore the repository from its copy."
        raise ValueError(message)
    return path.read_bytes()


def _target(folder: Path, targets: bytes, name: str) -> bytes:
    named = read_targets(targets).targets.get(name)
    if named is None:
        message = f"{folder}: its metadata names no {name}. Restore the repository from its copy."
        raise ValueError(message)
    digest = named.hashes["sha256"]
    path = folder / "targets" / f"{digest}.{name}"
    raw = path.read_bytes() if path.is_file() else b""
    if sha256(raw).hexdigest() != digest:
        message = f"{path}: missing or not what was signed. Restore the repository from its copy."
        raise ValueError(message)
    return raw


def _write(path: Path, raw: bytes) -> None:
    new = path.with_name(f".{path.name}.new")
    with new.open("wb") as file:
        file.write(raw)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)


def _tidy(folder: Path, versions: dict[str, int]) -> None:
    """Remove what no reader asks for any more. Roots and lists' metadata stay: they are few and tell the history."""
    metadata = folder / "metadata"
    for role in (LEASES_ROLE, "snapshot"):
        for path in metadata.glob(f"*.{role}.json"):
            if int(path.name.partition(".")[0]) <= versions[role] - _VERSIONS_KEPT:
                path.unlink()
    named = {
        f"{target.hashes['sha256']}.{name}"
        for path in (*metadata.glob(f"*.{LEASES_ROLE}.json"), *_newest(metadata, "targets"))
        for name, target in read_targets(path.read_bytes()).targets.items()
    }
    for path in (folder / "targets").iterdir():
        if path.name not in named:
            path.unlink()


def _newest(metadata: Path, role: str) -> list[Path]:
    paths = sorted(metadata.glob(f"*.{role}.json"), key=lambda path: int(path.name.partition(".")[0]))
    return paths[-_LISTS_KEPT:]
