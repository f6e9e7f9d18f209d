"""All mirrors beside each other: each has its own time, and a dead one holds up no other."""

import time
from collections.abc import Callable, Sequence
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Final

import msgspec

from raabta.hub.mirrors.beside import run_beside
from raabta.hub.mirrors.planning import Brought, Deadline, FolderTarget, Load, RsyncTarget, StoreTarget, read_target
from raabta.pipeline.informing.settings import Mirror
from raabta.pipeline.informing.site.releases import lock_file

DEADLINE_S: Final = 900.0
"""Of one mirror: the first time, 20,000 small files go over a slow line. Unvalidated."""
_HANGS: Final = "does not answer, not even to being stopped. Look at it, or leave it out"
_LOCK_S: Final = 60.0
"""So long a run waits for another one that brings to the same mirror; its own build is newer, and goes next time."""
_PLACE: Final = ".mirrors"


def bring(
    load: Load,
    mirrors: Sequence[Mirror],
    *,
    site: Path,
    tell: Callable[[Brought], None],
    deadline_s: float = DEADLINE_S,
) -> list[Brought]:
    """Bring a build to mirrors.

    Args:
        load: The build.
        mirrors: Where to.
        site: The site's folder, where one lock for each mirror stands: two runs never bring to the same one.
        tell: Is told of each mirror when it is done, in a thread of its own.
        deadline_s: How long one mirror may take.

    Returns:
        What became of each, in their order. A mirror that failed is told there, not raised: the next run goes on.
    """

    def bring_one(mirror: Mirror) -> Brought:
        began_s = time.monotonic()
        try:
            brought = _bring_one(load, mirror, site=site, deadline=Deadline(deadline_s))
        except (OSError, ValueError) as error:
            brought = Brought(name=mirror.name, failure=str(error) or type(error).__name__)
        brought = msgspec.structs.replace(brought, took_s=round(time.monotonic() - began_s, 3))
        tell(brought)
        return brought

    found = run_beside([partial(bring_one, mirror) for mirror in mirrors], deadline_s=deadline_s)
    hung = [Brought(name=mirror.name, failure=_HANGS, took_s=deadline_s) for mirror in mirrors]
    for one, instead in zip(found, hung, strict=True):
        if one is None:
            tell(instead)
    return [one or instead for one, instead in zip(found, hung, strict=True)]


def _bring_one(load: Load, mirror: Mirror, *, site: Path, deadline: Deadline) -> Brought:
    target = read_target(mirror, base=load.base)
    (site / _PLACE).mkdir(exist_ok=True)
    lock = site / _PLACE / f"{sha256(mirror.target.encode()).hexdigest()[:16]}.lock"
    with lock_file(lock, wait_s=min(deadline.left_s(), _LOCK_S), words="another run is still bringing to it"):
        match target:
            case FolderTarget():
                return _to_folder(load, target, mirror=mirror, deadline=deadline)
            case RsyncTarget():
                from raabta.hub.mirrors.rsync import bring_by_rsync  # noqa: PLC0415  seldom all three

                return bring_by_rsync(load, target, name=mirror.name, deadline=deadline)
            case StoreTarget():
                from raabta.hub.mirrors.store import bring_to_store  # noqa: PLC0415  takes 0.3 s

                return bring_to_store(load, target, name=mirror.name, deadline=deadline)


def _to_folder(load: Load, target: FolderTarget, *, mirror: Mirror, deadline: Deadline) -> Brought:
    from raabta.hub.mirrors.folder import bring_to_folder  # noqa: PLC0415  as above

    if target.folder.resolve().is_relative_to(load.release.parents[1].resolve()):
        message = f"{target.folder} lies in the site's own folder. Name another one"
        raise ValueError(message)
    if not target.folder.parent.is_dir():
        message = f"there is no folder {target.folder.parent}. Is its disk there? Else make it"
        raise ValueError(message)
    return bring_to_folder(load, target.folder, name=mirror.name, deadline=deadline)
