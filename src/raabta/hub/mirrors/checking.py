"""Look at mirrors as a stranger does, with nothing but our public key: what is served, is it ours, whole and new?

A mirror is a URL or a folder. Its manifest is fetched and its signature checked; then files are fetched and compared
with it: all of a folder, some of a URL, which the mirror cannot foresee. Serials of several mirrors are compared with
each other: one that stands still is older than the others long before its manifest expires.

No redirect is followed, and no more is read than the manifest allows. What a URL serves beside the site cannot be seen.
"""

import datetime as dt
from collections.abc import Sequence
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from raabta.hub.mirrors.beside import run_beside, work_off
from raabta.hub.mirrors.planning import Deadline
from raabta.hub.mirrors.readers import N_AT_ONCE, FolderReader, UrlReader
from raabta.model.publication import Manifest, PublishedFile
from raabta.pipeline.informing.site.key import open_manifest
from raabta.publish.manifest import (
    MANIFEST_FILE,
    MAX_MANIFEST_BYTES,
    SIGNATURE_FILE,
    Fault,
    Seen,
    choose,
    judge_files,
    judge_names,
    judge_times,
)
from raabta.remedy.keys import PublicKey

DEADLINE_S: Final = 120.0
"""Of one mirror."""
_SIGNATURE_MOST: Final = 2_000
"""Bytes. A minisign signature has about 300."""
FRONTS: Final = ("index.html", "en/index.html", "ur/index.html", "en/feed.atom", "ur/feed.atom", "en/feed.json")
"""Always looked at: what people and programs ask for first."""


class Request(Struct, frozen=True, kw_only=True):
    """How mirrors are looked at. ``draw`` are bytes that nobody guesses: they choose files."""

    key: PublicKey
    draw: bytes
    n_most: int | None = None
    """Files of a URL; None for all. Of a folder it is always all."""
    site: str = ""
    """URL of the site that mirrors should be of, "" where it is not known: then the first one found says it."""
    sequence: int = 0
    """Of the newest bulletin that the register knows, 0 where it is not asked."""
    deadline_s: float = DEADLINE_S
    ca_file: str = ""


class Checked(Struct, frozen=True, kw_only=True):
    """What was found at one mirror. ``manifest`` is None where none of ours is served; then nothing else was read."""

    place: str
    manifest: Manifest | None = None
    n_looked_at: int = 0
    faults: tuple[Fault, ...] = ()


def check_mirrors(places: Sequence[str], request: Request, *, now: dt.datetime) -> list[Checked]:
    """Look at mirrors, and compare them with each other.

    Args:
        places: URLs, or folders.
        request: How.
        now: Aware UTC.

    Returns:
        What was found at each, in their order.
    """
    jobs = [partial(_look, place, request) for place in places]
    hung = Fault(kind="unreachable", words="does not answer, not even to being stopped")
    looks = [
        look or Checked(place=place, faults=(hung,))
        for place, look in zip(places, run_beside(jobs, deadline_s=request.deadline_s), strict=True)
    ]
    manifests = [look.manifest for look in looks if look.manifest]
    ours = [one for one in manifests if one.site == (request.site or manifests[0].site)]
    newest = max(ours, key=lambda one: one.serial, default=None)
    return [_with_times(look, newest, request=request, now=now) for look in looks]


def _with_times(look: Checked, newest: Manifest | None, *, request: Request, now: dt.datetime) -> Checked:
    if look.manifest is None:
        return look
    faults = [*judge_times(look.manifest, now=now, newest=newest)]
    if newest is None:  # none of the site that was asked for: what is there is another one
        words = f"this is the site {look.manifest.site}, not {request.site}. Look at its target."
        faults.append(Fault(kind="site", words=words))
    if newest and look.manifest.sequence < request.sequence and newest.sequence < request.sequence:
        n_behind = request.sequence - look.manifest.sequence
        words = f"{n_behind} bulletin(s) were published since. Build the site: raabta publish --site DIR"
        faults.append(Fault(kind="older", words=words))
    return msgspec.structs.replace(look, faults=(*faults, *look.faults))


def _look(place: str, request: Request) -> Checked:
    """Look at one mirror; once more where it became another build meanwhile."""
    deadline = Deadline(request.deadline_s)
    try:
        is_url = place.startswith(("https://", "http://"))
        reader = UrlReader(place, deadline=deadline, ca_file=request.ca_file) if is_url else _folder(place)
        n_most = request.n_most if is_url else None
        look = _look_once(reader, request, place=place, n_most=n_most, deadline=deadline)
        serial = _serial(reader, request, deadline=deadline) if look.faults and look.manifest else None
        if serial is not None and look.manifest and serial != look.manifest.serial:
            look = _look_once(reader, request, place=place, n_most=n_most, deadline=deadline)
    except OSError as error:
        return Checked(place=place, faults=(Fault(kind="unreachable", words=str(error)),))
    except ValueError as error:
        return Checked(place=place, faults=(Fault(kind="signature", words=str(error)),))
    return look


def _folder(place: str) -> FolderReader:
    if not Path(place).is_dir():
        message = f"there is no folder {place}. Give the site's folder, or a URL that begins with https://"
        raise FileNotFoundError(message)
    return FolderReader(Path(place))


def _look_once(
    reader: FolderReader | UrlReader, request: Request, *, place: str, n_most: int | None, deadline: Deadline
) -> Checked:
    manifest = _manifest(reader, request, deadline=deadline)
    chosen = choose(manifest, n_most, draw=request.draw, first=FRONTS)
    seen: dict[str, Seen | None] = {}
    faults: list[Fault] = []

    def look(listed: PublishedFile) -> None:
        content = reader.read(listed.path, listed.size_bytes)
        seen[listed.path] = None if content is None else _describe(content)

    try:
        work_off(chosen, look, n_at_once=N_AT_ONCE, deadline=deadline)
    except OSError as error:
        faults.append(Fault(kind="unreachable", words=f"{error}; {len(seen)} of {len(chosen)} files were looked at"))
    found = dict(seen)  # what is still under way does not change it any more
    for fault in judge_files([listed for listed in chosen if listed.path in found], found):
        odd = fault.kind == "missing" and reader.is_odd(fault.path)
        faults.append(Fault(kind="changed", path=fault.path, words="is no plain file") if odd else fault)
    faults += judge_names(manifest, reader.names())
    return Checked(place=place, manifest=manifest, n_looked_at=len(found), faults=tuple(faults))


def _serial(reader: FolderReader | UrlReader, request: Request, *, deadline: Deadline) -> int | None:
    try:
        return _manifest(reader, request, deadline=deadline).serial
    except (OSError, ValueError):
        return None


def _manifest(reader: FolderReader | UrlReader, request: Request, *, deadline: Deadline) -> Manifest:
    read: dict[str, bytes | None] = {}

    def fetch(path: str) -> None:
        read[path] = reader.read(path, MAX_MANIFEST_BYTES if path == MANIFEST_FILE else _SIGNATURE_MOST)

    work_off((MANIFEST_FILE, SIGNATURE_FILE), fetch, n_at_once=1, deadline=deadline)
    raw, signature = read[MANIFEST_FILE], read[SIGNATURE_FILE]
    if raw is None or signature is None:
        message = f"there is no {MANIFEST_FILE if raw is None else SIGNATURE_FILE}. Publish to this mirror first"
        raise ValueError(message)
    return open_manifest(raw, signature, key=request.key, name=MANIFEST_FILE)


def _describe(content: bytes) -> Seen:
    return Seen(sha256=sha256(content).hexdigest(), size_bytes=len(content))
