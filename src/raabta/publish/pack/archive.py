"""Files to one archive: a ZIP whose bytes are the same for the same content, with a signed list of what is in it."""

import datetime as dt
import hashlib
import io
import zipfile
from collections.abc import Callable, Iterable, Mapping
from typing import Final

import msgspec

from raabta.model.pack import PackContent, PackFile, PackManifest
from raabta.publish.pack.instructions import FOLDERS, readme, reproduce
from raabta.publish.pack.names import KEY, MANIFEST, PACK_BYTES_MAX, SIGNATURE, is_safe
from raabta.publish.pack.page import summary_html
from raabta.publish.pack.printed import summary_pdf
from raabta.publish.pack.timeline import timeline_csv

_WORDS: Final = {
    "README.txt": "what this is, and how to check it",
    "REPRODUCE.txt": "how to see it for yourself",
    "summary.html": "the summary",
    "summary.pdf": "the summary, to print",
    "timeline.csv": "every step, in UTC and in local time",
    "timeline.json": "the same for programs",
    "withheld.json": "what is not here, and why",
}

Sign = Callable[[bytes], str]
"""Gives the text of a file's minisign signature."""


def pack_files(content: PackContent, attached: Mapping[str, bytes]) -> dict[str, bytes]:
    """Give all files of a pack but its manifest.

    Args:
        content: What it says.
        attached: Bytes by the id of their attachment.

    Raises:
        ValueError: A file's name cannot stand in a pack, or all together are too large.
    """
    files = {
        "README.txt": readme(content),
        "REPRODUCE.txt": reproduce(content),
        "summary.html": summary_html(content),
        "summary.pdf": summary_pdf(content),
        "timeline.csv": timeline_csv(content),
        "timeline.json": _pretty(content.timeline),
        "withheld.json": _pretty(content.withheld),
    }
    for attachment in content.attachments:
        path = f"{FOLDERS[attachment.kind]}/{attachment.name}"
        if not is_safe(path) or path in files:
            message = f"attachment {attachment.id}: {attachment.name!r} cannot be its name in a pack, or is another's."
            raise ValueError(message)
        files[path] = attached[attachment.id]
    n_bytes = sum(map(len, files.values()))
    if n_bytes > PACK_BYTES_MAX:
        message = (
            f"the pack would have {n_bytes:,} bytes, at most {PACK_BYTES_MAX:,} go in. Withhold large attachments."
        )
        raise ValueError(message)
    return files


def write_archive(content: PackContent, files: Mapping[str, bytes], *, sign: Sign, public_key: str) -> bytes:
    """Write the archive.

    Args:
        content: What it says.
        files: Of ``pack_files``.
        sign: Signs the manifest.
        public_key: The public key's file, put in for convenience.
    """
    manifest = PackManifest(
        id=content.id,
        incident_id=content.incident.id,
        title=content.incident.title_en,
        publisher=content.site.name_en,
        site=content.site.url,
        recipient=content.recipient,
        made_at=content.made_at,
        zone=content.site.zone,
        software=content.software,
        files=tuple(_listed(path, raw) for path, raw in sorted(files.items())),
        withheld=content.withheld,
    )
    raw = _pretty(manifest)
    signed = {MANIFEST: raw, SIGNATURE: sign(raw).encode(), KEY: public_key.encode()}
    return _zip((*signed.items(), *sorted(files.items())), made_at=content.made_at)


def _zip(files: Iterable[tuple[str, bytes]], *, made_at: dt.datetime) -> bytes:
    out = io.BytesIO()
    stamp = made_at.astimezone(dt.UTC)
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, raw in files:
            entry = zipfile.ZipInfo(path, stamp.timetuple()[:6])
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3  # Unix, for the mode
            entry.external_attr = 0o100644 << 16
            archive.writestr(entry, raw)
    return out.getvalue()


def _listed(path: str, raw: bytes) -> PackFile:
    return PackFile(path=path, sha256=hashlib.sha256(raw).hexdigest(), size_bytes=len(raw), words=_WORDS.get(path, ""))


def _pretty(value: object) -> bytes:
    return msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n"
