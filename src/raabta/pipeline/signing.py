"""Signing sheets: folders that are carried to key holders, who sign on machines of their own.

A sheet holds ``sheet.json`` (what it is for), ``draft.json`` (the unsigned metadata), ``root.json`` (whose keys count,
but for a first root), for a list ``exemptions.json`` and, for comparison, ``previous.json``; and ``signatures/``, one
small file per holder. Nothing in it is secret from who signs, and no private key ever enters it. Holders may sign one
after the other, or each a copy, whose files of signatures are then put together.

Before a signature is made, the holder's own machine checks that the metadata says the list that lies beside it and
nothing else, and lints that list. Whether ``root.json`` and the recipient's networks in the sheet are the true ones it
cannot know: so a holder keeps a copy of the root to compare with, and the networks are shown.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final, Literal

import msgspec
from msgspec import Struct

from raabta.model.exemption import ExemptionList, LintFinding, Recipient
from raabta.pipeline.publishing import Published, folder_of, publish_list, publish_root, read_published
from raabta.remedy.canonical import canonical, read_canonical
from raabta.remedy.keys import SigningKey
from raabta.remedy.repository import (
    ROOT_LIFE,
    TARGETS_LIFE,
    KeySignature,
    RoleKeys,
    Standing,
    check_is_list,
    check_is_root,
    draft_root,
    draft_targets,
    online_key_of,
    sign_draft,
    standing,
    with_signatures,
)

Lint = Callable[[ExemptionList, Recipient, ExemptionList | None], Sequence[LintFinding]]
"""List, for whom, the one before: what is wrong with it."""

_HEAD: Final = "sheet.json"
_DRAFT: Final = "draft.json"
_ROOT: Final = "root.json"
_LIST: Final = "exemptions.json"
_PREVIOUS: Final = "previous.json"
_SIGNATURES: Final = "signatures"
_FINDINGS_SHOWN: Final = 10


class Head(Struct, frozen=True, kw_only=True):
    """What a sheet is for. The recipient is without its secret."""

    kind: Literal["root", "list"]
    recipient: Recipient
    made_at: datetime


class Sheet(Struct, frozen=True, kw_only=True):
    """A sheet as it was read. ``root`` is empty for a recipient's first root, the lists for any root."""

    folder: Path
    head: Head
    draft: bytes
    root: bytes = b""
    exemptions: bytes = b""
    previous: bytes = b""
    signatures: tuple[KeySignature, ...] = ()

    @property
    def signed(self) -> bytes:
        """The metadata with the signatures so far."""
        return with_signatures(self.draft, self.signatures)

    @property
    def standings(self) -> tuple[Standing, ...]:
        """How far it is by each root whose keys count: a new root needs the one before it, and itself."""
        roots = [self.root] if self.root else []
        if self.head.kind == "root":
            roots.append(self.draft)
        return tuple(standing(self.signed, root=root) for root in roots)

    @property
    def listed(self) -> ExemptionList:
        """The list that is to be signed."""
        return read_canonical(self.exemptions, ExemptionList, name=str(self.folder / _LIST))

    @property
    def listed_before(self) -> ExemptionList | None:
        """The list that was published when the sheet was made."""
        if not self.previous:
            return None
        return read_canonical(self.previous, ExemptionList, name=str(self.folder / _PREVIOUS))


def make_root_sheet(folder: Path, keys: RoleKeys, *, recipient: Recipient, repository: Path, now: datetime) -> Sheet:
    """Make the sheet of a recipient's first root metadata, or of the one that replaces it.

    Raises:
        ValueError: The keys do not fit together.
        OSError: The folder is there already, or cannot be made.
    """
    current = read_published(folder_of(repository, recipient.id))
    version = current.versions["root"] + 1 if current else 1
    draft = draft_root(keys, version=version, expires_at=now + ROOT_LIFE)
    return _save(folder, "root", recipient=recipient, now=now, files={_DRAFT: draft, _ROOT: _root_of(current)})


def make_list_sheet(
    folder: Path, exemptions: ExemptionList, *, recipient: Recipient, repository: Path, lint: Lint, now: datetime
) -> Sheet:
    """Make the sheet of a list, after lint.

    Raises:
        ValueError: A rule refuses the list, its serial is not the next, or the recipient has no root yet.
        OSError: The folder is there already, or cannot be made.
    """
    place = folder_of(repository, recipient.id)
    current = read_published(place)
    if current is None:
        message = f"{place}: no root was published yet. Hold the key ceremony first: raabta list keys root"
        raise ValueError(message)
    before = _before(current)
    if before is not None and exemptions.serial <= before.serial:
        message = f"serial {exemptions.serial} is not above {before.serial}, which is published. Compile the list anew."
        raise ValueError(message)
    refuse(lint(exemptions, recipient, before))
    raw = canonical(exemptions)
    draft = draft_targets(
        raw,
        online=online_key_of(current.root),
        version=current.versions.get("targets", 0) + 1,
        expires_at=now + TARGETS_LIFE,
    )
    files = {_DRAFT: draft, _ROOT: current.root, _LIST: raw, _PREVIOUS: current.exemption_file}
    return _save(folder, "list", recipient=recipient, now=now, files=files)


def read_sheet(folder: Path) -> Sheet:
    """Read a sheet.

    Raises:
        ValueError: It is none, or was damaged.
    """
    head = folder / _HEAD
    if not head.is_file():
        message = f"{folder}: this is no signing sheet. `raabta list compile` and `raabta list keys root` make one."
        raise ValueError(message)
    try:
        return Sheet(
            folder=folder,
            head=msgspec.json.decode(head.read_bytes(), type=Head),
            draft=(folder / _DRAFT).read_bytes(),
            root=_optional(folder / _ROOT),
            exemptions=_optional(folder / _LIST),
            previous=_optional(folder / _PREVIOUS),
            signatures=tuple(
                msgspec.json.decode(path.read_bytes(), type=KeySignature)
                for path in sorted((folder / _SIGNATURES).glob("*.json"))
            ),
        )
    except msgspec.DecodeError as error:
        message = f"{folder}: a file of this sheet is damaged ({error}). Take it from who made the sheet again."
        raise ValueError(message) from error


def check_sheet(sheet: Sheet, *, lint: Lint) -> None:
    """Check what a holder is about to sign: that the metadata says what lies beside it, and that no rule refuses it.

    Raises:
        ValueError: It does not, or one does.
    """
    if sheet.head.kind == "root":
        check_is_root(sheet.draft)
        return
    check_is_list(sheet.draft, sheet.exemptions, root=sheet.root)
    listed = sheet.listed
    if listed.recipient != sheet.head.recipient.id:
        message = f"{sheet.folder}: the list is for {listed.recipient!r}, the sheet for {sheet.head.recipient.id!r}."
        raise ValueError(message)
    refuse(lint(listed, sheet.head.recipient, sheet.listed_before))


def sign_sheet(sheet: Sheet, key: SigningKey, *, lint: Lint, root: bytes = b"") -> Path:
    """Check a sheet and sign it with one key.

    Args:
        sheet: The sheet.
        key: The holder's.
        lint: The rules.
        root: The holder's own copy of the newest root metadata; the sheet must have the same. Empty: not compared.

    Returns:
        The file of the signature.

    Raises:
        ValueError: The check failed, or this key may not sign it.
    """
    if root and root != sheet.root:
        message = (
            f"{sheet.folder}: its root metadata is not the copy that you keep. Do not sign; ask who made the sheet."
        )
        raise ValueError(message)
    check_sheet(sheet, lint=lint)
    holders = {name for one in sheet.standings for name in (*one.signed, *one.missing)}
    signature = sign_draft(sheet.draft, key)
    alone = msgspec.structs.replace(sheet, signatures=(signature,))
    if not any(one.signed for one in alone.standings):
        message = f"key {key.public.name!r} may not sign this. Its holders are: {', '.join(sorted(holders))}."
        raise ValueError(message)
    path = sheet.folder / _SIGNATURES / f"{signature.keyid[:16]}.json"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(msgspec.json.format(msgspec.json.encode(signature)) + b"\n")
    return path


def publish_sheet(
    sheet: Sheet, repository: Path, *, online: SigningKey | None, lint: Lint, now: datetime
) -> Published | Path:
    """Put a sheet that enough holders have signed into the repository, after the same checks once more.

    Args:
        sheet: The sheet.
        repository: The folder of all recipients' repositories.
        online: The key that signs timestamps; not needed for a root.
        lint: The rules.
        now: Aware UTC.

    Returns:
        For a list, what is published now; for a root, its file.

    Raises:
        ValueError: Signatures are missing, or a check failed.
    """
    check_sheet(sheet, lint=lint)
    place = folder_of(repository, sheet.head.recipient.id)
    if sheet.head.kind == "root":
        return publish_root(place, sheet.signed)
    if online is None:
        message = "a list needs the online key, too: give --online-key FILE"
        raise ValueError(message)
    return publish_list(place, sheet.signed, exemptions=sheet.exemptions, online=online, now=now)


def refuse(findings: Sequence[LintFinding], *, what: str = "the list") -> None:
    """Refuse what a rule refuses.

    Raises:
        ValueError: A finding is hard; the text has the findings.
    """
    hard = [finding for finding in findings if finding.hard]
    if not hard:
        return
    shown = [f"{one.rule} ({one.subject}, {one.place}): {one.words}. {one.advice}" for one in hard[:_FINDINGS_SHOWN]]
    more = [f"and {len(hard) - len(shown)} more"] if len(hard) > len(shown) else []
    raise ValueError("\n".join([f"{what} is refused, {len(hard)} findings:", *shown, *more]))


def _save(
    folder: Path, kind: Literal["root", "list"], *, recipient: Recipient, now: datetime, files: dict[str, bytes]
) -> Sheet:
    folder.mkdir(parents=True)
    (folder / _SIGNATURES).mkdir()
    head = Head(kind=kind, recipient=msgspec.structs.replace(recipient, reference_key=""), made_at=now)
    for name, raw in files.items():
        if raw:
            (folder / name).write_bytes(raw)
    (folder / _HEAD).write_bytes(msgspec.json.format(msgspec.json.encode(head)) + b"\n")
    return read_sheet(folder)


def _before(current: Published) -> ExemptionList | None:
    if not current.exemption_file:
        return None
    return read_canonical(current.exemption_file, ExemptionList, name="the published list")


def _root_of(current: Published | None) -> bytes:
    return current.root if current else b""


def _optional(path: Path) -> bytes:
    return path.read_bytes() if path.is_file() else b""
