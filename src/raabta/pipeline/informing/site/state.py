"""What a build knew, kept beside its release: so that the next one looks only at what changed since.

``made_by`` covers all that pages are made with (the settings' site, Raabta's version, templates and code of
``publish``): where any of it differs, or the state does not belong to the manifest that is shown, all is built anew.
"""

from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path

import msgspec
from msgspec import Struct

import raabta.publish
from raabta import __version__
from raabta.model.publication import Manifest
from raabta.model.site import Site
from raabta.pipeline.informing.site.owning import RELEASES, STATE_END
from raabta.pipeline.informing.site.releases import current_serial, release_of
from raabta.pipeline.informing.site.spoilt import find_spoilt
from raabta.publish.manifest import MANIFEST_FILE
from raabta.registry.publications import Line


class KnownThread(Struct, frozen=True, kw_only=True, array_like=True):
    """Which pages beside its own a thread stands on."""

    month: str
    component_ids: tuple[str, ...]


class SiteState(Struct, frozen=True, kw_only=True):
    """What the last build knew. ``owners`` names the files of each thing that has pages, such as "month 2024-11"."""

    made_by: str
    manifest_sha256: str
    sequence: int
    threads: dict[str, KnownThread]
    owners: dict[str, tuple[str, ...]]


class Last(Struct, frozen=True, kw_only=True):
    """The build that is shown, as far as it can be gone on from."""

    release: Path
    manifest: Manifest
    state: SiteState


def made_by(site: Site) -> str:
    """Give a hash of all that pages are made with, beside what is published."""
    place = Path(raabta.publish.__file__).parent
    files = sorted(file for file in place.rglob("*") if file.is_file() and "__pycache__" not in file.parts)
    digest = sha256(msgspec.json.encode((site, __version__)))
    for file in files:
        digest.update(sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def read_last(folder: Path, *, made_by: str, draw: str) -> Last | str:
    """Read what the last build knew, or say in words why all must be built anew.

    Args:
        folder: The site's.
        made_by: What the next build is made with.
        draw: Another one for each build: it chooses which files of the last one are read again.

    Raises:
        ValueError: The folder is something else's.
    """
    serial = current_serial(folder)
    if serial is None:
        return "it is the first build"
    release = release_of(folder, serial)
    try:
        raw = (release / MANIFEST_FILE).read_bytes()
        state = msgspec.json.decode(state_file(folder, serial).read_bytes(), type=SiteState)
        manifest = msgspec.json.decode(raw, type=Manifest)  # our own: the state has its hash
    except (OSError, msgspec.DecodeError):
        return "what the last build knew cannot be read"
    if state.manifest_sha256 != sha256(raw).hexdigest():
        return "what the last build knew is of another one"
    if state.made_by != made_by:
        return "settings, templates or Raabta are new"
    if spoilt := next(find_spoilt(release, manifest.files, draw=draw), ""):
        return f"{spoilt} of the last build is not what it was"
    return Last(release=release, manifest=manifest, state=state)


def state_file(folder: Path, serial: int) -> Path:
    """Name the file beside a release."""
    return folder / RELEASES / f"{serial}{STATE_END}"


def known(lines: Iterable[Line]) -> dict[str, KnownThread]:
    """Give what a state says of threads."""
    return {line.id: KnownThread(month=line.month, component_ids=line.component_ids) for line in lines}
