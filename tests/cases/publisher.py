"""A publisher of lists with keys that are the same in every run, a gateway that pulls, and an attacker's mirror."""

import datetime as dt
import hashlib
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from raabta.gateway.fetch import Fetched, Source, fetch, last_good
from raabta.model.exemption import ExemptionEntry, ExemptionList, Lease, LintFinding, Recipient
from raabta.pipeline.publishing import Published, folder_of, publish_list, publish_root, read_published, refresh
from raabta.remedy.canonical import canonical
from raabta.remedy.keys import SigningKey
from raabta.remedy.lint import LintBench, bench_of
from raabta.remedy.repository import (
    ROOT_LIFE,
    TARGETS_LIFE,
    RoleKeys,
    draft_root,
    draft_targets,
    sign_draft,
    with_signatures,
)
from tests.cases.leasing import NOW, a_grant, tables

DAY = dt.timedelta(days=1)
RECIPIENT = Recipient(id="north", name="North Networks", asns=(64500,), reference_key="5ec4e7")
TABLES = tables()
BENCH = bench_of(TABLES, RECIPIENT)


def signing_key(name: str) -> SigningKey:
    """A key that is the same in every run."""
    return SigningKey(name, hashlib.sha256(name.encode()).digest())


ROOT_KEYS = tuple(signing_key(f"root-{name}") for name in ("ayesha", "bilal", "chand"))
TARGETS_KEYS = tuple(signing_key(f"targets-{name}") for name in ("ayesha", "bilal", "chand"))
ONLINE = signing_key("online")


def role_keys(*, online: SigningKey = ONLINE, root: Sequence[SigningKey] = ROOT_KEYS, **changed: Any) -> RoleKeys:
    given: dict[str, Any] = {
        "root": tuple(key.public for key in root),
        "targets": tuple(key.public for key in TARGETS_KEYS),
        "online": online.public,
    }
    return RoleKeys(**given | changed)


def an_entry(number: int = 1, **changed: Any) -> ExemptionEntry:
    given: dict[str, Any] = {
        "id": f"x-{number:016d}",
        "source": f"198.18.{number // 250}.{number % 250 + 1}/32",
        "destination": "198.19.0.7/32",
        "port": 51820,
        "origin_asn": 64500,
        "organisation_ref": f"ref-{number}",
        "evidence_level": 2,
        "basis": "pk.A",
        "not_before": NOW - 10 * DAY,
        "not_after": NOW + 80 * DAY,
    }
    return ExemptionEntry(**given | changed)


def a_list(serial: int = 1, *entries: ExemptionEntry, **changed: Any) -> ExemptionList:
    given: dict[str, Any] = {
        "recipient": "north",
        "country": "PK",
        "serial": serial,
        "made_at": NOW,
        "expires_at": NOW + 30 * DAY,
        "entries": entries or (an_entry(serial=1),),
        "grants": (a_grant(destination="198.19.0.9/32"),),
    }
    return ExemptionList(**given | changed)


def by(draft: bytes, *keys: SigningKey) -> bytes:
    """Metadata with these signatures."""
    return with_signatures(draft, [sign_draft(draft, key) for key in keys])


class Publisher:
    """Signs and publishes for one recipient, with no lint: what a gateway must notice is put there on purpose."""

    def __init__(self, repository: Path, *, recipient: str = "north", online: SigningKey = ONLINE) -> None:
        self.folder = folder_of(repository, recipient)
        self.online = online

    def root(
        self,
        keys: RoleKeys | None = None,
        *,
        by_keys: Sequence[SigningKey] = ROOT_KEYS[:2],
        expires_at: dt.datetime = NOW + ROOT_LIFE,
    ) -> bytes:
        current = read_published(self.folder)
        version = current.versions["root"] + 1 if current else 1
        draft = draft_root(keys or role_keys(online=self.online), version=version, expires_at=expires_at)
        return publish_root(self.folder, by(draft, *by_keys)).read_bytes()

    def publish(
        self,
        exemptions: ExemptionList | bytes,
        *,
        by_keys: Sequence[SigningKey] = TARGETS_KEYS[:2],
        now: dt.datetime = NOW,
    ) -> Published:
        raw = exemptions if isinstance(exemptions, bytes) else canonical(exemptions)
        return publish_list(self.folder, self.targets(raw, by_keys, now), exemptions=raw, online=self.online, now=now)

    def targets(self, raw: bytes, by_keys: Sequence[SigningKey], now: dt.datetime = NOW) -> bytes:
        current = read_published(self.folder)
        version = (current.versions.get("targets", 0) if current else 0) + 1
        draft = draft_targets(raw, online=self.online.public, version=version, expires_at=now + TARGETS_LIFE)
        return by(draft, *by_keys)

    def refresh(self, *, now: dt.datetime = NOW, leases: Sequence[Lease] | None = None) -> Published:
        return refresh(self.folder, online=self.online, now=now, leases=leases)


class Gateway:
    """Pulls from a folder, or from what ``url`` says."""

    def __init__(self, state: Path, folder: Path, root: bytes, **changed: Any) -> None:
        self.state = state
        self.source = Source(url=folder.as_uri(), recipient="north", root=root)
        self.source = msgspec.structs.replace(self.source, **changed)

    def pull(self, *, now: dt.datetime = NOW, url: str = "", bench: LintBench = BENCH) -> Fetched:
        source = msgspec.structs.replace(self.source, url=url) if url else self.source
        return fetch(source, self.state, now=now, bench=bench)

    def good_at(self, now: dt.datetime) -> Fetched:
        found = last_good(self.state, now=now, bench=BENCH)
        assert found
        return found

    @property
    def good(self) -> Fetched | None:
        return last_good(self.state, now=NOW, bench=BENCH)

    @property
    def serial(self) -> int:
        """Of the last good list, 0 where there is none."""
        return self.good.list.serial if self.good else 0


def mirror_of(folder: Path, place: Path) -> Path:
    """A copy of a repository as it is now, for an attacker to serve."""
    shutil.copytree(folder, place)
    return place


def no_lint(_listed: ExemptionList, _recipient: Recipient, _before: ExemptionList | None) -> list[LintFinding]:
    return []
