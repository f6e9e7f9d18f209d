"""The site's manifest: every file with size and hash, so that a mirror can be judged by who trusts only our key.

The manifest is JSON, signed beside it (``manifest.json.minisig``). It names neither itself nor its signature;
``serial`` rises with every build, and ``expires_at`` tells a mirror that stands still from one that is served. What is
judged here are values that somebody else read: bytes, sizes, hashes, times.

Not done: partial manifests. The whole one is about 150 bytes a file, and visitors never fetch it.
"""

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from typing import Final, Literal

import msgspec
from msgspec import Struct

from raabta.model.publication import PUBLICATION_VERSION, Manifest, PublishedFile

MANIFEST_FILE: Final = "manifest.json"
SIGNATURE_FILE: Final = "manifest.json.minisig"
KEY_FILE: Final = "raabta.pub"
UNLISTED: Final = frozenset({MANIFEST_FILE, SIGNATURE_FILE})
"""What a manifest cannot name."""
LIFE: Final = dt.timedelta(days=2)
"""How long a build is fresh: a desk that publishes each day, and misses one, is not called old. Unvalidated."""
CLOCK_SKEW: Final = dt.timedelta(minutes=5)
"""A visitor's clock may be wrong by so much before a manifest counts as one of the future (as Kerberos has it)."""
SERIAL_FORMAT: Final = "%Y%m%d%H%M%S"
"""Serials are readable and rise without a counter that a lost folder would reset, as those of DNS zones (RFC 1912)."""
MAX_MANIFEST_BYTES: Final = 64_000_000
"""Of what is fetched from a stranger: a hundred times a manifest of 10,000 incidents would still fit twenty times."""

_PATH: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*(/[A-Za-z0-9_][A-Za-z0-9._-]*)*")
_SHA256: Final = re.compile(r"[0-9a-f]{64}")

FaultKind = Literal[
    "unreachable", "signature", "site", "expired", "future", "older", "missing", "truncated", "changed", "extra"
]
"""What can be wrong with a mirror. ``older`` is a whole and signed site that is not the newest one."""


class Fault(Struct, frozen=True, kw_only=True):
    """One thing that is wrong with a mirror, in words that say what to try."""

    kind: FaultKind
    words: str
    path: str = ""


class Changes(Struct, frozen=True, kw_only=True):
    """What lies between two manifests: paths, ascending."""

    written: tuple[str, ...]
    """New ones, and those with other bytes."""
    removed: tuple[str, ...]
    same: tuple[str, ...]


class Seen(Struct, frozen=True, kw_only=True):
    """A file as it was found somewhere."""

    sha256: str
    size_bytes: int


def describe(path: str, content: bytes) -> PublishedFile:
    """Give the manifest's line of a file."""
    return PublishedFile(path=path, sha256=sha256(content).hexdigest(), size_bytes=len(content))


def make_manifest(
    files: Iterable[PublishedFile], *, site: str, serial: int, sequence: int, now: dt.datetime
) -> Manifest:
    """Make the manifest of a build.

    Args:
        files: Every file of the site, but the manifest's own two.
        site: The site's URL.
        serial: Higher than that of the build before: ``next_serial``.
        sequence: Of the newest bulletin within.
        now: Aware UTC.

    Raises:
        ValueError: A path is one that no server should be asked for, or stands there twice.
    """
    manifest = Manifest(
        site=site,
        serial=serial,
        sequence=sequence,
        made_at=now.replace(microsecond=0),
        expires_at=now.replace(microsecond=0) + LIFE,
        files=tuple(sorted(files, key=lambda one: one.path)),
    )
    _check(manifest, name="the site")
    return manifest


def next_serial(last: int, *, now: dt.datetime) -> int:
    """Give the serial of the next build: the time as 20241110090000 (UTC), or one more than the last one."""
    return max(last + 1, int(now.astimezone(dt.UTC).strftime(SERIAL_FORMAT)))


def encode_manifest(manifest: Manifest) -> bytes:
    """Give a manifest's bytes, as they are signed: JSON, and each file a line, so that versions can be compared."""
    head = msgspec.json.encode(msgspec.structs.replace(manifest, files=()))
    before, mark, after = head.partition(b'"files":[]')
    files = b",\n".join(map(msgspec.json.encode, manifest.files))
    return before + mark[:-1] + b"\n" + files + b"\n]" + after + b"\n"


def read_manifest(raw: bytes, *, name: str) -> Manifest:
    """Read a manifest. Its signature is checked elsewhere, and before.

    Args:
        raw: Its bytes.
        name: What to call it in an error.

    Raises:
        ValueError: It is none, of a newer Raabta, or names paths that must not be followed.
    """
    try:
        manifest = msgspec.json.decode(raw, type=Manifest)
    except (msgspec.DecodeError, ValueError) as error:
        message = f"{name}: this is no manifest of a site ({error}). Publish to this mirror again."
        raise ValueError(message) from error
    if manifest.version > PUBLICATION_VERSION:
        message = f"{name}: a newer Raabta made this manifest (version {manifest.version}). Use that one to check it."
        raise ValueError(message)
    _check(manifest, name=name)
    return manifest


def manifest_comment(manifest: Manifest) -> str:
    """Give the trusted comment of its signature: what a person with ``minisign`` alone wants to see."""
    until = manifest.expires_at.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return f"raabta site={manifest.site} serial={manifest.serial} sequence={manifest.sequence} expires={until}"


def compare(old: Manifest | None, new: Manifest) -> Changes:
    """Say what changes from one build to another; all is new where there is no old one."""
    before = {one.path: (one.sha256, one.size_bytes) for one in old.files} if old else {}
    written: list[str] = []
    same: list[str] = []
    for one in new.files:
        (same if before.pop(one.path, None) == (one.sha256, one.size_bytes) else written).append(one.path)
    return Changes(written=tuple(written), removed=tuple(sorted(before)), same=tuple(same))


def judge_times(manifest: Manifest, *, now: dt.datetime, newest: Manifest | None = None) -> Iterator[Fault]:
    """Say whether a signed manifest is fresh, and the newest one that is known.

    Args:
        manifest: Of the mirror.
        now: Aware UTC.
        newest: The newest that anybody showed, signed by the same key; None where this is the only one.
    """
    if now > manifest.expires_at:
        words = f"pages of {_say(manifest.made_at)}, good until {_say(manifest.expires_at)}: old. Publish to it again."
        yield Fault(kind="expired", words=words)
    if manifest.made_at > now + CLOCK_SKEW:
        words = f"made {_say(manifest.made_at)}, which is yet to come. Compare the clocks of both machines."
        yield Fault(kind="future", words=words)
    if newest is None:
        return
    if newest.site != manifest.site:
        yield Fault(kind="site", words=f"this is the site {manifest.site}, not {newest.site}. Look at its target.")
    elif newest.serial > manifest.serial:
        behind = newest.sequence - manifest.sequence
        what = f"{behind} bulletin{'s' * (behind != 1)} behind" if behind > 0 else "an older build"
        words = f"serial {manifest.serial}, and the newest is {newest.serial}: {what}. Publish to it again."
        yield Fault(kind="older", words=words)


def judge_file(listed: PublishedFile, seen: Seen | None) -> Fault | None:
    """Say what is wrong with one file of a mirror, None where nothing is.

    Args:
        listed: As the manifest has it.
        seen: As the mirror has it, None where it has not.
    """
    if seen is None:
        return Fault(kind="missing", path=listed.path, words="is missing")
    if seen.size_bytes < listed.size_bytes:
        words = f"ends after {seen.size_bytes:,} of {listed.size_bytes:,} bytes"
        return Fault(kind="truncated", path=listed.path, words=words)
    if (seen.sha256, seen.size_bytes) != (listed.sha256, listed.size_bytes):
        return Fault(kind="changed", path=listed.path, words="has other bytes than those that were signed")
    return None


def judge_names(manifest: Manifest, found: Iterable[str]) -> Iterator[Fault]:
    """Say which files a mirror holds that no manifest names: old pages, or somebody else's."""
    listed = {one.path for one in manifest.files} | UNLISTED
    for path in sorted(set(found) - listed):
        yield Fault(kind="extra", path=path, words="is no part of the site")


def choose(manifest: Manifest, n_most: int | None, *, draw: bytes, first: tuple[str, ...] = ()) -> list[PublishedFile]:
    """Choose which files of a mirror are looked at: all, or some that the mirror cannot foresee.

    Args:
        manifest: All there are.
        n_most: How many; None for all.
        draw: Bytes that nobody guesses.
        first: Paths that are always among them, such as front pages.
    """
    if n_most is None or n_most >= len(manifest.files):
        return list(manifest.files)
    ranked = sorted(manifest.files, key=lambda one: (one.path not in first, sha256(draw + one.path.encode()).digest()))
    return ranked[:n_most]


def judge_files(chosen: Iterable[PublishedFile], seen: Mapping[str, Seen | None]) -> Iterator[Fault]:
    """Say what is wrong with files that were looked at."""
    for listed in chosen:
        fault = judge_file(listed, seen.get(listed.path))
        if fault is not None:
            yield fault


def _say(at: dt.datetime) -> str:
    return f"{at.astimezone(dt.UTC):%Y-%m-%d %H:%M} UTC"


def _check(manifest: Manifest, *, name: str) -> None:
    """Paths are followed on disks and servers: none may lead out of its folder, or be two things at once."""
    paths = set()
    for one in manifest.files:
        if not _PATH.fullmatch(one.path) or not _SHA256.fullmatch(one.sha256) or one.size_bytes < 0:
            message = f"{name}: {one.path!r} cannot be a file of the site. Take letters, digits, '.', '_' and '-'."
            raise ValueError(message)
        if one.path in paths or one.path in UNLISTED:
            message = f"{name}: {one.path!r} stands there twice. Two pages want the same name."
            raise ValueError(message)
        paths.add(one.path)
