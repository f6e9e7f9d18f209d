"""Opening an incident, and changing its facts. What changed stands in the timeline."""

import datetime as dt
import typing
from collections.abc import Iterable, Sequence
from typing import Any, Final

from msgspec import structs

from raabta.model.incident import Incident, IncidentKind, IncidentState, IncidentStep, Severity, TimelineNote
from raabta.model.register import Organisation
from raabta.model.site import Site
from raabta.pipeline.informing.incidents.showing import require_incident
from raabta.registry.incidents.steps import acting, is_over, moment, past_moment, utc
from raabta.registry.incidents.texts import needed, tidy_line
from raabta.registry.store import Records

KINDS: Final[tuple[str, ...]] = typing.get_args(IncidentKind)
SEVERITIES: Final[tuple[str, ...]] = typing.get_args(Severity)
CHANGEABLE: Final = (
    "title_en",
    "title_ur",
    "kind",
    "severity",
    "component_ids",
    "operator_ids",
    "member_ids",
    "started_at",
    "ended_at",
    "related_ids",
)
"""Facts that ``change_incident`` takes over. States, causes and links have functions of their own."""
MEMBERS_MAX: Final = 2_000
"""Judgement: more than the association has members hit by anything so far."""


def open_incident(records: Records, given: Incident, *, site: Site) -> Incident:
    """Open an incident file.

    Args:
        records: Open for writing.
        given: Its facts; ``state`` is "reported", or "confirmed" where it was seen by ourselves. Steps are made here,
            at ``created_at``, by ``opened_by``.
        site: The components and operators that there are.

    Returns:
        The incident as it is kept.

    Raises:
        ValueError: A field is wrong. The text names it.
    """
    if given.steps or given.causes or given.links or given.ended_at:
        message = "steps: a new incident has no history. Open it, then take its steps."
        raise ValueError(message)
    if given.state not in {"reported", "confirmed"}:
        message = f"state: a new incident is reported or confirmed, not {given.state}. Take further steps afterwards."
        raise ValueError(message)
    by, at = acting(given.opened_by), given.created_at
    _check(records, given, site=site, now=at)
    states: tuple[IncidentState, ...] = ("reported",) if given.state == "reported" else ("reported", "confirmed")
    opened = structs.replace(
        _tidied(given),
        opened_by=by,
        changed_at=at,
        steps=tuple(IncidentStep(state=state, at=at, by=by) for state in states),
    )
    records.add(opened)
    return opened


def change_incident(records: Records, changed: Incident, *, site: Site, note: TimelineNote) -> Incident:
    """Take over changed facts of an incident (``CHANGEABLE``); nothing else of ``changed`` counts.

    Args:
        records: Open for writing.
        changed: The incident with its new facts.
        site: The components and operators that there are.
        note: Becomes the timeline's line on it: its id, time and author; its text goes behind what changed.

    Raises:
        ValueError: A field is wrong, or nothing changes.
        LookupError: There is none of this id.
    """
    earlier = require_incident(records, changed.id)
    facts: dict[str, Any] = {name: getattr(changed, name) for name in CHANGEABLE}
    merged = _tidied(structs.replace(earlier, **facts, changed_at=note.at))
    _check(records, merged, site=site, now=note.at)
    lines = [_said(name, earlier, merged) for name in CHANGEABLE if getattr(earlier, name) != getattr(merged, name)]
    if not lines:
        message = "nothing changes: all of it stands so already."
        raise ValueError(message)
    why = tidy_line("note", note.text)
    words = "Changed: " + "; ".join(lines) + (f". {why}" if why else "")
    records.put(merged)
    records.add(structs.replace(note, incident_id=merged.id, by=acting(note.by), text=words))
    return merged


def _tidied(given: Incident) -> Incident:
    return structs.replace(
        given,
        title_en=needed("title_en", tidy_line("title_en", given.title_en)),
        title_ur=tidy_line("title_ur", given.title_ur),
        started_at=moment("started_at", given.started_at),
        ended_at=None if given.ended_at is None else moment("ended_at", given.ended_at),
        component_ids=_once(given.component_ids),
        operator_ids=_once(given.operator_ids),
        member_ids=_once(given.member_ids),
        related_ids=_once(given.related_ids),
    )


def _check(records: Records, given: Incident, *, site: Site, now: dt.datetime) -> None:
    _among("kind", (given.kind,), KINDS)
    _among("severity", (given.severity,), SEVERITIES)
    _among("component_ids", given.component_ids, [one.id for one in site.components])
    _among("operator_ids", given.operator_ids, [one.id for one in site.operators])
    _check_members(records, given)
    for other in given.related_ids:
        require_incident(records, other)
    if given.id in given.related_ids:
        message = "related_ids: it is this incident itself. Name others."
        raise ValueError(message)
    if given.kind != "maintenance":
        past_moment("started_at", given.started_at, now=now)
    _check_end(given, now=now)


def _check_members(records: Records, given: Incident) -> None:
    ids = _once(given.member_ids)
    if len(ids) > MEMBERS_MAX:
        message = f"member_ids: {MEMBERS_MAX:,} at most."
        raise ValueError(message)
    there = {one.id for one in records.find(Organisation, id=list(ids))} if ids else set()
    missing = [id_ for id_ in ids if id_ not in there]
    if missing:
        message = f"member_ids: there is no organisation {missing[0]!r}. Try: raabta org list"
        raise LookupError(message)


def _check_end(given: Incident, *, now: dt.datetime) -> None:
    if given.ended_at is None:
        return
    if not is_over(given):
        message = "ended_at: it is not over. Take the step first: raabta incident step ID resolved"
        raise ValueError(message)
    if past_moment("ended_at", given.ended_at, now=now) < given.started_at:
        message = f"ended_at: it began at {utc(given.started_at)}. Give a later time."
        raise ValueError(message)


def _among(field: str, given: Iterable[str], there: Sequence[str]) -> None:
    wrong = next((one for one in given if one not in there), None)
    if wrong is not None:
        message = f"{field}: {wrong!r} is none of {', '.join(there) or '(publishing.toml names none)'}."
        raise ValueError(message)


def _said(name: str, earlier: Incident, merged: Incident) -> str:
    if name == "member_ids":
        return f"members {len(earlier.member_ids)} → {len(merged.member_ids)}"
    before, after = (_written(getattr(one, name)) for one in (earlier, merged))
    return f"{name.removesuffix('_ids').removesuffix('_at').replace('_', ' ')} {before} → {after}"


def _written(value: Any) -> str:
    if isinstance(value, dt.datetime):
        return utc(value)
    return (" ".join(value) if isinstance(value, tuple) else str(value or "")) or "(none)"


def _once(ids: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(ids))
