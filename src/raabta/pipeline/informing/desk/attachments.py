"""Files that belong to an incident: kept once, by their hash, in the folder beside the register.

``FOLDER/attachments/ab/abcd…`` holds a file under its SHA-256, readable by its owner only, and written whole or not at
all: the file first, then its record. A crash between leaves a file that nothing names, never a name without its file.
"""

import datetime as dt
import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Final, Literal, get_args

from msgspec import Struct, structs

from raabta.model.incident import Attachment, TimelineNote
from raabta.pipeline.informing.desk.inspecting import CAPTURE, inspect_file
from raabta.pipeline.informing.desk.questions import require_incident
from raabta.registry.incidents.finding import whole_id
from raabta.registry.incidents.steps import acting
from raabta.registry.incidents.texts import needed, tidy_line
from raabta.registry.records import Records
from raabta.registry.secrets import sync_folder

FOLDER: Final = "attachments"
FILE_BYTES_MAX: Final = 64 * 1024 * 1024
"""A day of verdicts; a pack holds several. Judgement."""
NAME_CHARACTERS_MAX: Final = 120

Kind = Literal["measurement", "verdict", "route", "capture", "document", "picture"]


class FileGiven(Struct, frozen=True, kw_only=True):
    """A file. ``name`` is how it is called, without folders; ``withheld`` why it goes into no evidence pack.

    ``include`` says that a person has looked into it: then it goes although no machine can (see ``inspecting``).
    """

    incident_id: str
    kind: Kind
    name: str
    content: bytes
    source: str = ""
    withheld: str = ""
    include: bool = False


def attach_file(
    records: Records, given: FileGiven, *, folder: Path, by: str, now: dt.datetime, new_id: Callable[[str], str]
) -> Attachment:
    """Keep a file with an incident, and read facts in it.

    Args:
        records: Of a change.
        given: The file.
        folder: Of the register's key.
        by: Who attaches it.
        now: Aware UTC.
        new_id: Makes the attachment's id.

    Returns:
        The attachment; the one that is there where the same file was attached before.

    Raises:
        LookupError: There is no such incident.
        ValueError: It is empty, too large, or still holds the address of who measured.
        OSError: It cannot be written.
    """
    require_incident(records, given.incident_id)
    name, author = _tidy_name(given.name), acting(by)
    source, wished = tidy_line("source", given.source), tidy_line("withheld", given.withheld)
    _check(given, name, is_withheld=bool(wished))
    found = inspect_file(given.content, kind=given.kind)
    if found.refusal:
        message = f"{name}: {found.refusal}"
        raise ValueError(message)
    withheld = wished or ("" if given.include else found.withheld)
    sha256 = hashlib.sha256(given.content).hexdigest()
    same = next((one for one in records.find(Attachment, incident_id=given.incident_id) if one.sha256 == sha256), None)
    _store(folder, sha256, given.content)
    if same is not None:
        is_capture = given.kind == "capture"
        return _again(records, same, is_capture=is_capture, withheld=withheld if wished or is_capture else "")
    attachment = Attachment(
        id=new_id("at-"),
        incident_id=given.incident_id,
        kind=given.kind,
        name=name,
        sha256=sha256,
        size_bytes=len(given.content),
        source=source,
        facts=found.facts,
        withheld=withheld,
        added_at=now,
        by=author,
    )
    records.add(attachment)
    return attachment


def _check(given: FileGiven, name: str, *, is_withheld: bool) -> None:
    if given.kind not in get_args(Kind):
        message = f"kind: one of {', '.join(get_args(Kind))}."
        raise ValueError(message)
    if not 0 < len(given.content) <= FILE_BYTES_MAX:
        message = f"{name}: a file has 1 to {FILE_BYTES_MAX >> 20} MiB. Attach a part of it."
        raise ValueError(message)
    if given.include and given.kind == "capture":
        message = f"{name}: {CAPTURE}, and goes into no pack. Leave out --include."
        raise ValueError(message)
    if given.include and is_withheld:
        raise ValueError("include, withheld: only one of them.")


def _again(records: Records, same: Attachment, *, is_capture: bool, withheld: str) -> Attachment:
    """Give what is attached already; withheld from now on where it is attached again as that, and never let go."""
    changed = structs.replace(same, kind="capture" if is_capture else same.kind, withheld=same.withheld or withheld)
    if changed != same:
        records.put(changed)
    return changed


def detach_file(records: Records, id_: str, *, note: TimelineNote) -> Attachment:
    """Take an attachment out of its incident. Its file goes by ``remove_unused``, after this change was committed.

    Causes that name it as evidence do so no more.

    Args:
        records: Of a change.
        id_: The attachment's.
        note: Becomes the timeline's line on it: its id, time and author; its text is the reason. The file's name and
            source do not stand there.

    Returns:
        What was attached.

    Raises:
        LookupError: There is none.
        ValueError: There is no reason.
    """
    attachment = require_attachment(records, id_)
    because = needed("because", tidy_line("because", note.text))
    incident = require_incident(records, attachment.incident_id)
    causes = tuple(
        structs.replace(cause, evidence_ids=tuple(one for one in cause.evidence_ids if one != attachment.id))
        for cause in incident.causes
    )
    if causes != incident.causes:
        records.put(structs.replace(incident, causes=causes, changed_at=note.at))
    records.remove(Attachment, attachment.id)
    words = f"Detached {attachment.id} ({attachment.kind}): {because}"
    records.add(structs.replace(note, incident_id=incident.id, text=words, by=acting(note.by)))
    return attachment


def remove_unused(records: Records, folder: Path, *, sha256: str) -> bool:
    """Remove a file that no attachment has any more; say whether it went.

    Args:
        records: Of a change, so that nobody attaches the same file meanwhile.
        folder: Of the register's key.
        sha256: The file's.

    Raises:
        OSError: It cannot be removed.
    """
    place = place_of(folder, sha256)
    if records.count(Attachment, sha256=sha256) or not place.exists():
        return False
    place.unlink()
    sync_folder(place.parent)
    return True


def withhold_attachment(records: Records, id_: str, *, reason: str) -> Attachment:
    """Keep an attachment out of evidence packs, or with an empty reason let it in again.

    Raises:
        LookupError: There is none.
        ValueError: It is a capture of packets, which never goes.
    """
    attachment = require_attachment(records, id_)
    withheld = tidy_line("reason", reason)
    if attachment.kind == "capture" and not withheld:
        message = f"{id_}: a capture of packets holds addresses of who measured, and goes into no pack."
        raise ValueError(message)
    changed = structs.replace(attachment, withheld=withheld)
    records.put(changed)
    return changed


def require_attachment(records: Records, id_: str) -> Attachment:
    """Give an attachment, by its id or the beginning of it.

    Raises:
        LookupError: There is none.
    """
    attachment = records.get(Attachment, whole_id(records, id_, prefix="at-", kind=Attachment))
    if attachment is None:
        message = f"{id_}: no attachment has this id. Look for it with: raabta incident attached INCIDENT"
        raise LookupError(message)
    return attachment


def place_of(folder: Path, sha256: str) -> Path:
    """Name the file that holds a content."""
    return folder / FOLDER / sha256[:2] / sha256


def read_attachment(folder: Path, attachment: Attachment) -> bytes:
    """Read an attached file.

    Raises:
        OSError: It cannot be read.
        ValueError: It is another one than was attached.
    """
    file = place_of(folder, attachment.sha256)
    content = file.read_bytes()
    if hashlib.sha256(content).hexdigest() != attachment.sha256:
        words = f"not the file that was attached: changed after it was attached as {attachment.name}"
        message = f"{file}: {words}. Bring back a copy."
        raise ValueError(message)
    return content


def _tidy_name(given: str) -> str:
    last = given.replace("\\", "/").rstrip("/").rpartition("/")[2]
    name = needed("name", tidy_line("name", last, n_most=NAME_CHARACTERS_MAX)).lstrip(".")
    return "".join(one if one.isalnum() or one in "._- ()" else "_" for one in name) or "file"


def _store(folder: Path, sha256: str, content: bytes) -> None:
    place = place_of(folder, sha256)
    if place.exists() and hashlib.sha256(place.read_bytes()).hexdigest() == sha256:
        return
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = place.with_name(f".{sha256}.{os.getpid()}")
    part.unlink(missing_ok=True)
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(place)
    finally:
        part.unlink(missing_ok=True)
    sync_folder(place.parent)
    sync_folder(place.parent.parent)
