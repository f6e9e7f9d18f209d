"""Builds of a site for tests of mirrors: a few files, made, signed and shown without a register."""

import datetime as dt
from pathlib import Path

from raabta.hub.mirrors.planning import Load
from raabta.model.publication import Manifest
from raabta.pipeline.informing.site.key import KEY_NAME, sign_manifest
from raabta.pipeline.informing.site.releases import CURRENT, Growing, current_serial, locked, release_of
from raabta.publish.manifest import MANIFEST_FILE, SIGNATURE_FILE, describe, encode_manifest, make_manifest
from raabta.remedy.keys import SigningKey

NOW = dt.datetime(2025, 5, 20, 13, 30, tzinfo=dt.UTC)
KEY = SigningKey(KEY_NAME, b"a site key made for tests only!!")
OTHER_KEY = SigningKey(KEY_NAME, b"another one, that signs no site!")
URL = "https://status.example.pk"

FILES = {
    "index.html": b"<!doctype html>front 1",
    "style.css": b"body{}",
    "en/index.html": b"<!doctype html>english 1",
    "en/incident/in-one.html": b"<!doctype html>one",
    "en/incident/in-two.html": b"<!doctype html>two",
    "ur/index.html": "<!doctype html>اردو".encode(),
    "cap/up-one.xml": b"<alert/>",
}


def make_release(
    site: Path,
    files: dict[str, bytes],
    *,
    serial: int,
    now: dt.datetime = NOW,
    key: SigningKey = KEY,
    spare: bool = True,
) -> Manifest:
    """Make a release of these files, signed, and show it; files that stayed are linked, as a build does.

    Without ``spare`` the oldest release stays as it is.
    """
    manifest = make_manifest(
        [describe(path, content) for path, content in files.items()], site=URL, serial=serial, sequence=serial, now=now
    )
    raw = encode_manifest(manifest)
    signed = {MANIFEST_FILE: raw, SIGNATURE_FILE: sign_manifest(raw, manifest, key=key)}
    with locked(site):
        shown = current_serial(site)
        growing = Growing(site, serial, anew=not spare)
        for path, content in {**files, **signed}.items():
            if shown and (site / CURRENT / path).is_file() and (site / CURRENT / path).read_bytes() == content:
                growing.keep(release_of(site, shown), (describe(path, content),))
            else:
                growing.write(path, content)
        growing.show()
    return manifest


def make_load(site: Path, files: dict[str, bytes], *, serial: int, full: bool = False) -> Load:
    """Make a release, ready to be brought."""
    manifest = make_release(site, files, serial=serial)
    return Load(release=site / "releases" / str(serial), manifest=manifest, key=KEY.public, base=site.parent, full=full)


def all_files(folder: Path) -> dict[str, bytes]:
    """All files beneath a folder, but a manifest and its signature."""
    found = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    return {name: path.read_bytes() for name, path in found.items() if name not in (MANIFEST_FILE, SIGNATURE_FILE)}
