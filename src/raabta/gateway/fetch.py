"""Pulls a recipient's list: a bounded download, verified by TUF and by rules of our own; what was good is kept.

The order, and what each step stops (The Update Framework 1.0, section 5; attacks are named as there):

1. root: the trust anchor that was handed over by hand, then each successor, signed by a threshold of both;
2. timestamp (online key, a day): stops *freezing*; snapshot (online): stops *mix and match*; versions never go back:
   stops *rollback*; every size has a bound and the whole has a deadline: stops *endless data* and *slow retrieval*;
3. targets (offline, threshold): says which list is meant, by hash; delegates ``leases.json``, and that alone, to the
   online key;
4. the list itself: canonical bytes, this recipient's, serial not lower than the last good one, not expired, and no
   hard finding of the same rules that were asked before signing;
5. each lease: within a grant of *that* list and signed by the device that the grant names. So who steals the online
   key can withhold leases and repeat ones that are in force, and can make neither an entry nor a lease.

Only what passed all of it becomes ``last_good``. A failure says which of two it is: ``OSError``, the network or the
server failed and nothing is known; ``ValueError``, something was received and refused.

The clock is an argument. A gateway whose clock is far behind takes stale metadata for fresh, so keep it right (NTP).

Not done: proxies; HTTP/2; compressed transfer; several mirrors (the caller may try one source after the other).
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Final

from msgspec import Struct
from tuf.api.exceptions import (
    BadVersionNumberError,
    DownloadError,
    DownloadHTTPError,
    DownloadLengthMismatchError,
    ExpiredMetadataError,
    LengthOrHashMismatchError,
    RepositoryError,
    SlowRetrievalError,
    UnsignedMetadataError,
)
from tuf.ngclient import Updater, UpdaterConfig  # type: ignore[attr-defined]  # re-exported without saying so
from tuf.ngclient._internal.trusted_metadata_set import TrustedMetadataSet

from raabta.gateway.download import BoundedFetcher
from raabta.gateway.findings import each_rule_once
from raabta.gateway.kept import Kept, keep, place_of, read_content, read_kept
from raabta.model.exemption import ExemptionList, Lease, LeaseList, LintFinding
from raabta.remedy.canonical import read_canonical
from raabta.remedy.leases import leases_that_hold
from raabta.remedy.lint import LintBench, lint_list
from raabta.remedy.linting.sums import NUMBER_MAX
from raabta.remedy.repository import EXEMPTIONS, LEASES, LEASES_ROLE

_BYTES_MAX: Final = {EXEMPTIONS: 128 * 2**20, LEASES: 16 * 2**20}
"""100,000 entries have about 40 MB, 10,000 leases 4 MB. The online key signs how long the file of leases is, so its
word alone must not fill the disk."""
# A root with seven keys has 4 kB, timestamp and snapshot under 1 kB, targets 2 kB; a tenth of python-tuf's own limits.
_LIMITS: Final = UpdaterConfig(
    max_root_rotations=256,
    max_delegations=2,
    root_max_length=65_536,
    timestamp_max_length=16_384,
    snapshot_max_length=65_536,
    targets_max_length=65_536,
)
_ROLES: Final = ("root", "timestamp", "snapshot", "targets", LEASES_ROLE)
_WORDS: Final[tuple[tuple[type[Exception], type[Exception], str], ...]] = (
    (ExpiredMetadataError, ValueError, "too old: it was not renewed, or an old copy is served, or this clock is wrong"),
    (BadVersionNumberError, ValueError, "older than what was seen here before, or mixed from several states"),
    (UnsignedMetadataError, ValueError, "not signed by enough of the keys that may sign it"),
    (LengthOrHashMismatchError, ValueError, "a file is not the one that was signed"),
    (RepositoryError, ValueError, "the signed metadata does not hold together"),
    (DownloadLengthMismatchError, ValueError, "a file is longer than it may be"),
    (SlowRetrievalError, TimeoutError, "it came too slowly and was given up; try again later"),
    (DownloadHTTPError, OSError, "a file is not there; check the address of the source"),
    (DownloadError, OSError, "it cannot be reached; try again later"),
)
"""What python-tuf found, what it is for the caller, in plain words. The first that fits counts."""


class Source(Struct, frozen=True, kw_only=True):
    """Where a list comes from and whom to believe.

    Attributes:
        url: ``https://…/<recipient>/`` or ``file:///…/<recipient>/``: the folder with ``metadata`` and ``targets``.
        recipient: Id of the recipient whose list this must be.
        root: Bytes of the root metadata that was handed over by hand: the trust anchor.
        ca_file: Authorities (PEM) that the server's certificate may come from, "" for the system's.
        token: Shown to the server as a bearer token, "" for none.
        deadline_s: For all downloads of one pull together.
    """

    url: str
    recipient: str
    root: bytes
    ca_file: str = ""
    token: str = ""
    deadline_s: float = 300.0


class Fetched(Struct, frozen=True, kw_only=True):
    """A list that was verified, and the leases that may be believed beside it.

    Attributes:
        list: The list.
        leases: Leases in ``list``'s grants, signed by their devices, that no rule refused.
        refused: Why other leases of the file were left out.
        versions: Version of each TUF role: root, timestamp, snapshot, targets, leases.
        fetched_at: When it was verified against the source, aware UTC.
        fresh_until: End of the timestamp's day: from then on only the grace for static entries is left.
    """

    list: ExemptionList
    leases: tuple[Lease, ...]
    refused: tuple[LintFinding, ...]
    versions: dict[str, int]
    fetched_at: datetime
    fresh_until: datetime


def fetch(source: Source, state: Path, *, now: datetime, bench: LintBench) -> Fetched:
    """Pull the newest list, verify it, and keep it as the last good one.

    Args:
        source: Where from, and whom to believe.
        state: Folder of this agent; ``metadata`` and ``good`` in it are ours. Made where it is missing.
        now: The time, aware UTC.
        bench: Tables, and the recipient with its networks, that the list is held against.

    Raises:
        OSError: The source could not be reached or read in time. The last good list stands.
        ValueError: What came was refused, and why. The last good list stands.
    """
    good = state / "good"
    good.mkdir(parents=True, exist_ok=True)
    with _plain_words(source.url):
        updater, trusted = _updater(source, state / "metadata", now)
        updater.refresh()
        digests = {name: _obtain(updater, name, good) for name in _BYTES_MAX}
    exemptions, leases = _read_files(digests, good, source.url)
    versions = {role: trusted[role].version for role in _ROLES}
    _refuse_versions(versions, source.url)
    before = read_kept(good)
    _accept(exemptions, leases, recipient=source.recipient, before=before, now=now)
    if before and before.serial == exemptions.serial and before.exemptions != digests[EXEMPTIONS]:
        message = f"{source.url}: another list than the one here has its serial {before.serial}. Tell the publisher."
        raise ValueError(message)
    _refuse_hard(lint_list(exemptions, bench=bench, now=now), source.url)
    kept = Kept(
        exemptions=digests[EXEMPTIONS],
        leases=digests[LEASES],
        serial=exemptions.serial,
        versions=versions,
        fetched_at=now,
        fresh_until=trusted.timestamp.expires,
    )
    keep(kept, good)
    return _fetched(kept, exemptions, leases=leases, now=now, bench=bench)


def last_good(state: Path, *, now: datetime, bench: LintBench) -> Fetched | None:
    """Read what was last fetched and verified, None where nothing was. Its leases are judged anew, the list is not.

    Raises:
        ValueError: The kept files are damaged. The text says what to try.
    """
    good = state / "good"
    kept = read_kept(good)
    if kept is None:
        return None
    exemptions, leases = _read_files({EXEMPTIONS: kept.exemptions, LEASES: kept.leases}, good, str(good))
    return _fetched(kept, exemptions, leases=leases, now=now, bench=bench)


def _updater(source: Source, metadata: Path, now: datetime) -> tuple[Updater, TrustedMetadataSet]:
    metadata.mkdir(exist_ok=True)
    base = source.url.rstrip("/")
    updater = Updater(
        str(metadata),
        f"{base}/metadata/",
        target_base_url=f"{base}/targets/",
        fetcher=BoundedFetcher(deadline_s=source.deadline_s, ca_file=source.ca_file, token=source.token),
        config=_LIMITS,
        bootstrap=source.root,
    )
    # python-tuf 7 has no public way to say what time it is; a test notices when this way is gone.
    trusted = updater._trusted_set  # noqa: SLF001
    trusted.reference_time = now
    return updater, trusted


def _obtain(updater: Updater, name: str, good: Path) -> str:
    """Have a target's file among the good ones, downloaded or there already; give its SHA-256."""
    target = updater.get_targetinfo(name)
    if target is None:
        message = f"the repository has no {name}"
        raise RepositoryError(message)
    if target.length > _BYTES_MAX[name]:
        message = f"{name} would have {target.length} bytes, more than {_BYTES_MAX[name]}"
        raise DownloadLengthMismatchError(message)
    digest = target.hashes.get("sha256", "")
    path = str(place_of(good, digest))
    if updater.find_cached_target(target, path) is None:
        updater.download_target(target, path)
    return digest


def _read_files(digests: dict[str, str], good: Path, name: str) -> tuple[ExemptionList, LeaseList]:
    exemptions = read_canonical(read_content(good, digests[EXEMPTIONS]), ExemptionList, name=f"{name}: {EXEMPTIONS}")
    return exemptions, read_canonical(read_content(good, digests[LEASES]), LeaseList, name=f"{name}: {LEASES}")


def _accept(
    exemptions: ExemptionList, leases: LeaseList, *, recipient: str, before: Kept | None, now: datetime
) -> None:
    for words, of in (("list", exemptions.recipient), ("file of leases", leases.recipient)):
        if of != recipient:
            message = f"the {words} is for {of!r}, not for {recipient!r}. Ask the publisher for the right address."
            raise ValueError(message)
    if before and exemptions.serial < before.serial:
        message = f"the list has serial {exemptions.serial}, older than {before.serial}. The last good one stands."
        raise ValueError(message)
    # No such floor for leases: who stole the online key could raise it for ever. Their role's version is TUF's matter.
    if exemptions.expires_at <= now:
        message = f"the list ended on {exemptions.expires_at:%Y-%m-%d %H:%M} UTC. Ask the publisher for a new one."
        raise ValueError(message)


def _refuse_versions(versions: dict[str, int], name: str) -> None:
    """Versions are part of names in the kernel: who stole the online key must not make them too long to load."""
    for role, version in versions.items():
        if version > NUMBER_MAX:
            message = f"{name}: the version of {role} is a number of more digits than any publisher needs."
            raise ValueError(message)


def _refuse_hard(findings: Sequence[LintFinding], name: str) -> None:
    hard = [finding for finding in findings if finding.hard]
    if hard:
        shown = each_rule_once(hard)
        message = f"{name}: {len(hard)} entries or fields break a rule, so the whole list is refused: {shown}"
        raise ValueError(message)


def _fetched(kept: Kept, exemptions: ExemptionList, *, leases: LeaseList, now: datetime, bench: LintBench) -> Fetched:
    holding, findings = leases_that_hold(leases, exemptions, now=now, tables=bench.tables)
    return Fetched(
        list=exemptions,
        leases=tuple(lease for lease, _ in holding),
        refused=tuple(findings),
        versions=kept.versions,
        fetched_at=kept.fetched_at,
        fresh_until=kept.fresh_until,
    )


@contextmanager
def _plain_words(url: str) -> Iterator[None]:
    """Say what python-tuf found as an error of ours: who can do what about it."""
    try:
        yield
    except (RepositoryError, DownloadError) as error:
        kind, words = next((kind, words) for of, kind, words in _WORDS if isinstance(error, of))
        message = f"{url}: {words} ({error}). The last good list stands."
        raise kind(message) from error
