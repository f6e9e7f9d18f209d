"""What the association will say in a consultation: drafts in versions, of which none is lost.

A version is never changed; a new one follows. After a draft was submitted or withdrawn it stays as it is.
"""

import datetime as dt
import difflib
from collections.abc import Callable
from typing import Final, Literal

from msgspec import Struct, structs

from raabta.model.incident import ConsultationDraft, DraftVersion
from raabta.pipeline.informing.desk.questions import require_incident
from raabta.registry.incidents.finding import whole_id
from raabta.registry.incidents.steps import acting, moment
from raabta.registry.incidents.texts import needed, tidy_line, tidy_text
from raabta.registry.records import Records

DRAFT_CHARACTERS_MAX: Final = 100_000
"""Some forty pages."""
VERSIONS_MAX: Final = 200

State = Literal["draft", "circulated", "submitted", "withdrawn"]

STEPS: Final[dict[State, tuple[State, ...]]] = {
    "draft": ("circulated", "submitted", "withdrawn"),
    "circulated": ("draft", "submitted", "withdrawn"),
    "submitted": (),
    "withdrawn": (),
}
"""What may follow."""


class DraftGiven(Struct, frozen=True, kw_only=True):
    """A draft's first version. ``consultation`` is whose consultation it is, and its reference."""

    title: str
    text: str
    consultation: str = ""
    respond_by: dt.datetime | None = None
    incident_id: str = ""


def new_draft(
    records: Records, given: DraftGiven, *, by: str, now: dt.datetime, new_id: Callable[[str], str]
) -> ConsultationDraft:
    """Begin a draft.

    Raises:
        ValueError: A field is wrong.
        LookupError: There is no such incident.
    """
    if given.incident_id:
        require_incident(records, given.incident_id)
    draft = ConsultationDraft(
        id=new_id("dr-"),
        incident_id=given.incident_id,
        title=needed("title", tidy_line("title", given.title)),
        consultation=tidy_line("consultation", given.consultation),
        respond_by=None if given.respond_by is None else moment("respond-by", given.respond_by),
        versions=(DraftVersion(number=1, text=_text(given.text), at=now, by=acting(by)),),
        created_at=now,
        changed_at=now,
    )
    records.add(draft)
    return draft


def add_version(
    records: Records, id_: str, *, text: str, by: str, note: str = "", now: dt.datetime
) -> ConsultationDraft:
    """Add a version.

    Args:
        records: Of a change.
        id_: The draft's.
        text: The whole text.
        by: Who wrote it.
        note: What is new, in a line.
        now: Aware UTC.

    Raises:
        LookupError: There is no such draft.
        ValueError: It is submitted or withdrawn, or the text is empty or the same as before.
    """
    draft = require_draft(records, id_)
    if not STEPS[draft.state]:
        message = f"{id_}: it is {draft.state}, and stays as it is. Begin another one: raabta incident draft new"
        raise ValueError(message)
    if len(draft.versions) >= VERSIONS_MAX:
        message = f"{id_}: it has {VERSIONS_MAX} versions. Begin another draft."
        raise ValueError(message)
    tidied = _text(text)
    if tidied == draft.versions[-1].text:
        message = f"{id_}: the text is the same as that of version {draft.versions[-1].number}."
        raise ValueError(message)
    number = draft.versions[-1].number + 1
    version = DraftVersion(number=number, text=tidied, at=now, by=acting(by), note=tidy_line("note", note))
    changed = structs.replace(draft, versions=(*draft.versions, version), changed_at=now)
    records.put(changed)
    return changed


def set_draft_state(records: Records, id_: str, *, state: State, now: dt.datetime) -> ConsultationDraft:
    """Say that a draft was circulated, submitted or withdrawn.

    Raises:
        LookupError: There is none.
        ValueError: That cannot follow.
    """
    draft = require_draft(records, id_)
    if state not in STEPS[draft.state]:
        may = ", ".join(STEPS[draft.state]) or "nothing"
        message = f"{id_}: it is {draft.state}; what may follow is {may}."
        raise ValueError(message)
    changed = structs.replace(draft, state=state, changed_at=now)
    records.put(changed)
    return changed


def version_of(draft: ConsultationDraft, number: int | None) -> DraftVersion:
    """Give a version by its number; the newest for None.

    Raises:
        LookupError: There is none of this number.
    """
    asked = draft.versions[-1].number if number is None else number
    found = next((one for one in draft.versions if one.number == asked), None)
    if found is None:
        message = f"{draft.id}: it has no version {number}. Versions are 1 to {draft.versions[-1].number}."
        raise LookupError(message)
    return found


def compare_versions(draft: ConsultationDraft, older: int, *, newer: int | None = None) -> list[str]:
    """Give the difference of two versions in lines, as ``diff -u`` writes it; none where they are the same.

    Raises:
        LookupError: There is none of this number.
    """
    first, second = version_of(draft, older), version_of(draft, newer)
    return list(
        difflib.unified_diff(
            first.text.split("\n"), second.text.split("\n"), _name(draft, first), _name(draft, second), lineterm=""
        )
    )


def require_draft(records: Records, id_: str) -> ConsultationDraft:
    """Give a draft, by its id or the beginning of it.

    Raises:
        LookupError: There is none.
    """
    draft = records.get(ConsultationDraft, whole_id(records, id_, prefix="dr-", kind=ConsultationDraft))
    if draft is None:
        message = f"{id_}: no draft has this id. Look for it with: raabta incident draft list"
        raise LookupError(message)
    return draft


def _name(draft: ConsultationDraft, version: DraftVersion) -> str:
    return f"{draft.id} version {version.number}, {version.at.astimezone(dt.UTC):%Y-%m-%d %H:%M} UTC, {version.by}"


def _text(text: str) -> str:
    return needed("text", tidy_text("text", text, n_most=DRAFT_CHARACTERS_MAX))
