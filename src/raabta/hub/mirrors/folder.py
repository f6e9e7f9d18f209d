"""A mirror that is a folder of this machine: laid out as the site's own, with copies of its own.

What the mirror's last manifest has already is linked there from its last release, unless it was changed since.
"""

from pathlib import Path

from raabta.hub.mirrors.planning import Brought, Deadline, Load
from raabta.model.publication import Manifest
from raabta.pipeline.informing.site.owning import is_release
from raabta.pipeline.informing.site.releases import Growing, current_serial, locked, prune, release_of, show
from raabta.pipeline.informing.site.spoilt import find_spoilt
from raabta.publish.manifest import MANIFEST_FILE, SIGNATURE_FILE, compare, read_manifest


def bring_to_folder(load: Load, folder: Path, *, name: str, deadline: Deadline) -> Brought:
    """Bring a build into a folder, and show it there.

    Args:
        load: The build.
        folder: Made where it is missing.
        name: The mirror's.
        deadline: When to give up.

    Raises:
        ValueError: The folder is something else's.
        OSError: It cannot be written, or not in time.
    """
    serial = load.manifest.serial
    with locked(folder, wait_s=deadline.left_s()):
        shown = current_serial(folder)
        if shown is not None and shown >= serial:
            return Brought(name=name, newer=shown if shown > serial else 0)
        if is_release(folder, serial):  # killed between giving it its name and showing it
            show(folder, serial)
            return Brought(name=name)
        last = release_of(folder, shown) if shown is not None and not load.full else None
        brought = _grow(load, folder, last=last, name=name, deadline=deadline)
        prune(folder)
    return brought


def _grow(load: Load, folder: Path, *, last: Path | None, name: str, deadline: Deadline) -> Brought:
    changes = compare(_read_manifest(last) if last else None, load.manifest)
    listed = {one.path: one for one in load.manifest.files}
    growing = Growing(folder, load.manifest.serial, anew=last is None)
    to_send = [*changes.written, SIGNATURE_FILE, MANIFEST_FILE]
    if last and changes.same:
        same = [listed[path] for path in changes.same]
        spoilt = set(find_spoilt(last, same, draw=str(load.manifest.serial)))
        to_send += spoilt
        for one in same:
            deadline.left_s()
            if one.path not in spoilt:
                growing.keep(last, (one,))
    for path in to_send:
        deadline.left_s()
        growing.copy(load.release, path)
    growing.show()
    return Brought(name=name, n_sent=len(to_send), n_removed=len(changes.removed))


def _read_manifest(release: Path) -> Manifest | None:
    """Give what a release says that it holds, None where it cannot be told: then all is brought anew."""
    file = release / MANIFEST_FILE
    try:
        return read_manifest(file.read_bytes(), name=str(file))
    except (OSError, ValueError):
        return None
