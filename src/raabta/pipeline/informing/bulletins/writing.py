"""Bulletins while they are written: new ones, changes (which void an approval), and those that are withdrawn.

What readers will see can be changed until it is published, and never after that.
"""

import datetime as dt
from collections.abc import Callable
from typing import Any, Final

from msgspec import Struct, structs

from raabta.model.bulletin import Advisory, Audience, Bulletin, BulletinKind, BulletinText, Meeting
from raabta.model.incident import EvidenceClass, Incident, IncidentState, Severity
from raabta.pipeline.informing.bulletins.fields import check_next_is_ahead, tidied
from raabta.pipeline.informing.bulletins.finding import require_bulletin, require_same_audience
from raabta.pipeline.informing.settings import Publishing
from raabta.publish.bulletin.approvers import acting_person
from raabta.registry import Records
from raabta.registry.incidents.steps import acting

CHANGEABLE: Final = (
    "texts",
    "incident_state",
    "severity",
    "component_ids",
    "operator_ids",
    "evidence_class",
    "probability_percent",
    "next_update_at",
    "final",
    "audience",
    "meeting",
    "advisory",
)
"""Fields that ``change_bulletin`` takes over."""
_OPEN: Final = frozenset({"draft", "approved"})


class Draft(Struct, frozen=True, kw_only=True):
    """What somebody wrote. None means: as the incident has it, else nothing.

    ``thread_id`` is the incident, or the earlier notice, meeting or advisory that this one continues; "" begins anew.
    """

    kind: BulletinKind
    thread_id: str = ""
    texts: tuple[BulletinText, ...]
    incident_state: IncidentState | None = None
    severity: Severity | None = None
    component_ids: tuple[str, ...] | None = None
    operator_ids: tuple[str, ...] | None = None
    evidence_class: EvidenceClass | None = None
    probability_percent: int | None = None
    next_update_at: dt.datetime | None = None
    final: bool = False
    corrects_id: str = ""
    audience: Audience = "public"
    meeting: Meeting | None = None
    advisory: Advisory | None = None


def write_bulletin(
    records: Records,
    draft: Draft,
    *,
    settings: Publishing,
    by: str,
    now: dt.datetime,
    new_id: Callable[[str], str],
) -> Bulletin:
    """Keep a new bulletin, as a draft.

    Args:
        records: Open for writing.
        draft: What was written.
        settings: The components, operators and products that there are.
        by: Who wrote it.
        now: Aware UTC.
        new_id: Makes an id that begins with "bu-".

    Returns:
        The draft as it is kept.

    Raises:
        ValueError: A field is wrong. The text names it.
        LookupError: There is no such incident or thread.
    """
    id_ = new_id("bu-")
    around = _from_incident(_incident(records, draft)) if draft.kind == "incident" else {"severity": "none"}
    thread_id = draft.thread_id or id_
    if draft.thread_id and draft.kind != "incident":
        _require_thread(records, draft)
    own = {name: value for name in _TAKEN if (value := getattr(draft, name)) is not None}
    if "evidence_class" in own:
        own.setdefault("probability_percent", None)
    bulletin = Bulletin(
        id=id_,
        thread_id=thread_id,
        kind=draft.kind,
        number=records.count(Bulletin, thread_id=thread_id) + 1,
        meeting=(draft.meeting,) if draft.meeting else (),
        advisory=(draft.advisory,) if draft.advisory else (),
        author=_person(by),
        created_at=now,
        changed_at=now,
        **(around | own),
    )
    kept = tidied(bulletin, settings.site)
    check_next_is_ahead(kept.next_update_at, settings.site, now=now)
    records.add(kept)
    return kept


_TAKEN: Final = (
    "texts",
    "incident_state",
    "severity",
    "component_ids",
    "operator_ids",
    "evidence_class",
    "probability_percent",
    "next_update_at",
    "final",
    "corrects_id",
    "audience",
)
"""Fields that a draft hands on as they are."""


def change_bulletin(
    records: Records, changed: Bulletin, *, settings: Publishing, by: str, now: dt.datetime
) -> Bulletin:
    """Take over what was changed in a draft (``CHANGEABLE``). An approval, and what was accepted with it, is void.

    Returns:
        The draft as it is kept.

    Raises:
        ValueError: A field is wrong, nothing changes, or it is published or withdrawn.
        LookupError: There is none of this id.
    """
    earlier = require_bulletin(records, changed.id)
    _check_open(earlier, "changed")
    facts: dict[str, Any] = {name: getattr(changed, name) for name in CHANGEABLE}
    merged = tidied(structs.replace(earlier, **facts), settings.site)
    if merged == earlier:
        message = "nothing changes: all of it stands so already."
        raise ValueError(message)
    if merged.next_update_at != earlier.next_update_at:
        check_next_is_ahead(merged.next_update_at, settings.site, now=now)
    if merged.corrects_id:
        require_same_audience(merged, require_bulletin(records, merged.corrects_id))
    kept = structs.replace(
        without_approval(merged),
        changed_by=_with(earlier.changed_by, _person(by)),
        changed_at=now,
        accepted=(),
    )
    records.put(kept)
    return kept


def withdraw_bulletin(records: Records, id_: str, *, by: str, now: dt.datetime) -> Bulletin:
    """Withdraw a draft: it is kept, and never published.

    Raises:
        ValueError: It is published: that is corrected, not withdrawn.
        LookupError: There is none of this id.
    """
    earlier = require_bulletin(records, id_)
    _check_open(earlier, "withdrawn")
    kept = structs.replace(
        without_approval(earlier),
        state="withdrawn",
        changed_by=_with(earlier.changed_by, _person(by)),
        changed_at=now,
    )
    records.put(kept)
    return kept


def without_approval(bulletin: Bulletin) -> Bulletin:
    """Give a bulletin that nobody has approved."""
    return structs.replace(bulletin, state="draft", approved_by="", approved_at=None, approved_hash="")


def _check_open(bulletin: Bulletin, what: str) -> None:
    if bulletin.state not in _OPEN:
        message = f"bulletin {bulletin.id} is {bulletin.state} and cannot be {what}. Try: raabta bulletin correct"
        raise ValueError(message)


def _person(by: str) -> str:
    return acting_person(acting(by))


def _with(names: tuple[str, ...], name: str) -> tuple[str, ...]:
    return names if name in names else (*names, name)


def _incident(records: Records, draft: Draft) -> Incident:
    incident = records.get(Incident, draft.thread_id)
    if incident is None:
        message = f"there is no incident {draft.thread_id or '(none was named)'}. See: raabta incident list"
        raise LookupError(message)
    return incident


def _from_incident(incident: Incident) -> dict[str, Any]:
    cause = incident.causes[-1] if incident.causes else None
    return {
        "incident_state": incident.state,
        "severity": incident.severity,
        "component_ids": incident.component_ids,
        "operator_ids": incident.operator_ids,
        "evidence_class": cause.evidence_class if cause else "none",
        "probability_percent": cause.probability_percent if cause else None,
    }


def _require_thread(records: Records, draft: Draft) -> None:
    first = records.get(Bulletin, draft.thread_id)
    if first is None or first.kind != draft.kind or first.thread_id != first.id:
        message = f"{draft.thread_id} is not the first {draft.kind} of a thread. See: raabta bulletin list"
        raise LookupError(message)
