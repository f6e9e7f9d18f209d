"""Build the site: what is published, as files that are signed, in a folder that always shows a whole build.

Only what an update touches is rendered: its thread, the months and components that it is or was on, and what changes
with every build (front pages, history, feeds). All else is linked from the build before, and the last manifest knows
its hashes. A thread that is gone takes its files along. Settings, templates or a Raabta that changed, or a file of the
last build that is not what it was: all anew.
"""

import datetime as dt
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import msgspec
from msgspec import Struct

from raabta.model.publication import Manifest, PublishedFile
from raabta.model.site import Site
from raabta.pipeline.informing.settings import Publishing
from raabta.pipeline.informing.site import pages
from raabta.pipeline.informing.site.key import public_line, sign_manifest
from raabta.pipeline.informing.site.releases import LOCK_WAIT_S, Growing, highest_serial, locked, prune
from raabta.pipeline.informing.site.state import KnownThread, Last, SiteState, known, made_by, read_last, state_file
from raabta.publish.manifest import (
    KEY_FILE,
    MANIFEST_FILE,
    SIGNATURE_FILE,
    describe,
    encode_manifest,
    make_manifest,
    next_serial,
)
from raabta.registry import Records
from raabta.registry.publications import Line, all_ids, lines_above, newest_sequence
from raabta.remedy.keys import SigningKey
from raabta.remedy.minisign import minisign_public


class Built(Struct, frozen=True, kw_only=True):
    """A build that is shown. ``whole_because`` says why all was made anew, "" where only what changed was."""

    release: Path
    manifest: Manifest
    n_written: int
    n_kept: int
    n_removed: int
    whole_because: str = ""


class _Plan(Struct, frozen=True, kw_only=True):
    """What is to be rendered, and what stays from the last build."""

    sequence: int
    made_by: str
    lines: list[Line]
    """Threads to render."""
    months: frozenset[str]
    component_ids: frozenset[str]
    gone: frozenset[str] = frozenset()
    """Owners whose files of the last build do not stay."""
    last: Last | None = None
    whole_because: str = ""


def build_site(
    records: Records, settings: Publishing, *, folder: Path, key: SigningKey, now: dt.datetime, full: bool = False
) -> Built:
    """Build the site and show it.

    Args:
        records: The register, open for reading.
        settings: publishing.toml.
        folder: Where builds stand: ``folder/current`` is what a web server serves. Made where it is missing.
        key: The site's key.
        now: Aware UTC.
        full: Make every file anew, also where nothing changed.

    Raises:
        ValueError: The settings name another key, or the folder is something else's.
        OSError: The folder cannot be written, or another build is writing there.
    """
    site = with_key(settings.site, key)
    with locked(folder, wait_s=LOCK_WAIT_S):
        plan = _plan(records, site, folder=folder, full=full, draw=now.isoformat())
        serial = next_serial(highest_serial(folder), now=now)
        growing = Growing(folder, serial, anew=plan.last is None)
        build = _Build(growing, plan.last)
        for owner, files in _render(records, site, plan=plan, now=now):
            build.add(owner, files)
        build.add("key", {KEY_FILE: minisign_public(key.public).encode()})
        removed = build.keep_rest(plan)
        manifest = make_manifest(build.files.values(), site=site.url, serial=serial, sequence=plan.sequence, now=now)
        raw = encode_manifest(manifest)
        growing.write(MANIFEST_FILE, raw)
        growing.write(SIGNATURE_FILE, sign_manifest(raw, manifest, key=key))
        state = SiteState(
            made_by=plan.made_by,
            manifest_sha256=sha256(raw).hexdigest(),
            sequence=plan.sequence,
            threads=_threads(plan),
            owners=build.owners,
        )
        state_file(folder, serial).write_bytes(msgspec.json.encode(state))
        release = growing.show()
        prune(folder)
    return Built(
        release=release,
        manifest=manifest,
        n_written=build.n_written,
        n_kept=len(build.files) - build.n_written,
        n_removed=removed,
        whole_because=plan.whole_because,
    )


def with_key(site: Site, key: SigningKey) -> Site:
    """Give the site with its public key.

    Raises:
        ValueError: The settings name another one.
    """
    line = public_line(key.public)
    if site.key not in ("", line):
        message = "site.key in the settings is not the site's key. See: raabta publish key"
        raise ValueError(message)
    return msgspec.structs.replace(site, key=line)


class _Build:
    """Files of a build under way: written where their bytes are new, linked where the last build has the same."""

    def __init__(self, growing: Growing, last: Last | None) -> None:
        self._growing = growing
        self._last = last
        self._before = {one.path: one for one in last.manifest.files} if last else {}
        self.files: dict[str, PublishedFile] = {}
        self.owners: dict[str, tuple[str, ...]] = {}
        self.n_written = 0

    def add(self, owner: str, files: dict[str, bytes]) -> None:
        """Take what was rendered for an owner.

        Raises:
            ValueError: Another owner has a file of this name.
        """
        for path, content in files.items():
            if path in self.files:
                message = f"{owner}: another page has the name {path!r} too. Give one of both another id."
                raise ValueError(message)
            described = describe(path, content)
            self.files[path] = described
            if self._last and self._before.get(path) == described:
                self._growing.keep(self._last.release, (described,))
                continue
            self._growing.write(path, content)
            self.n_written += 1
        self.owners[owner] = tuple(files)

    def keep_rest(self, plan: _Plan) -> int:
        """Take over the files of owners that were not rendered; count those of the last build that go."""
        if self._last is None:
            return 0
        for owner, paths in self._last.state.owners.items():
            if owner in self.owners or owner in plan.gone:
                continue
            self._growing.keep(self._last.release, (self._before[path] for path in paths))
            self.files.update((path, self._before[path]) for path in paths)
            self.owners[owner] = paths
        return len(self._before.keys() - self.files.keys())


def _plan(records: Records, site: Site, *, folder: Path, full: bool, draw: str) -> _Plan:
    sequence, made = newest_sequence(records), made_by(site)
    last = "it was asked for" if full else read_last(folder, made_by=made, draw=draw)
    if isinstance(last, Last) and last.state.sequence > sequence:
        last = "the register is older than the last build"
    lines = lines_above(records, last.state.sequence if isinstance(last, Last) else 0)
    if not isinstance(last, Last):
        months = frozenset(line.month for line in lines)
        every = frozenset(one.id for one in site.components)
        whole = _Plan(sequence=sequence, made_by=made, lines=lines, months=months, component_ids=every)
        return msgspec.structs.replace(whole, whole_because=last)
    before = last.state.threads
    gone = before.keys() - all_ids(records)
    touched = [before[id_] for id_ in (*gone, *(line.id for line in lines)) if id_ in before]
    touched += known(lines).values()
    months = frozenset(one.month for one in touched)
    ids = frozenset(id_ for one in touched for id_ in one.component_ids)
    return _Plan(
        sequence=sequence,
        made_by=made,
        lines=lines,
        gone=frozenset(pages.thread_owner(id_) for id_ in gone) | frozenset(map(pages.month_owner, months)),
        months=months,
        component_ids=ids & {one.id for one in site.components},
        last=last,
    )


def _render(records: Records, site: Site, *, plan: _Plan, now: dt.datetime) -> Iterator[tuple[str, dict[str, bytes]]]:
    yield from pages.render_threads(records, site, ids=[line.id for line in plan.lines])
    yield from pages.render_months(records, site, months=plan.months)
    yield from pages.render_components(records, site, ids=plan.component_ids)
    yield from pages.render_always(records, site, now=now)
    if plan.last is None:
        yield from pages.render_fixed(site)


def _threads(plan: _Plan) -> dict[str, KnownThread]:
    before = plan.last.state.threads if plan.last else {}
    kept = {id_: one for id_, one in before.items() if pages.thread_owner(id_) not in plan.gone}
    return kept | known(plan.lines)
