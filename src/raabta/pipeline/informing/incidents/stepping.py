"""States, causes, links and notes of an incident."""

import datetime as dt

from msgspec import structs

from raabta.model.incident import Attachment, Cause, Incident, IncidentStep, Link, TimelineNote
from raabta.pipeline.informing.incidents.showing import require_incident
from raabta.registry.incidents.finding import whole_id
from raabta.registry.incidents.steps import acting, past_moment, stepped, with_cause, with_link
from raabta.registry.incidents.texts import needed, tidy_text
from raabta.registry.store import Records


def take_step(records: Records, incident_id: str, *, step: IncidentStep, now: dt.datetime) -> Incident:
    """Change an incident's state. "confirmed" after "resolved" or "reviewed" is a relapse: nothing is forgotten.

    Raises:
        ValueError: This state cannot follow; the text says which may. Or a time or text is wrong.
        LookupError: There is no such incident.
    """
    return _kept(records, stepped(require_incident(records, incident_id), step, now=now))


def set_cause(records: Records, incident_id: str, *, cause: Cause, now: dt.datetime) -> Incident:
    """Say what caused an incident, with the class of the evidence and a probability.

    Raises:
        ValueError: One of them is missing, or evidence is named that is not attached to this incident.
        LookupError: There is no such incident.
    """
    whole = tuple(whole_id(records, id_, prefix="at-", kind=Attachment) for id_ in cause.evidence_ids)
    changed = with_cause(require_incident(records, incident_id), structs.replace(cause, evidence_ids=whole), now=now)
    for id_ in whole:
        attached = records.get(Attachment, id_)
        if attached is None or attached.incident_id != incident_id:
            message = f"evidence_ids: {id_!r} is not attached to this incident. Try: raabta incident attach"
            raise ValueError(message)
    return _kept(records, changed)


def add_link(records: Records, incident_id: str, *, link: Link, now: dt.datetime) -> Incident:
    """Add a page elsewhere. The same address again changes its title, and whether it is public.

    Raises:
        ValueError: It is no address of a page.
        LookupError: There is no such incident.
    """
    return _kept(records, with_link(require_incident(records, incident_id), link, now=now))


def add_note(records: Records, note: TimelineNote, *, now: dt.datetime) -> TimelineNote:
    """Write a line into the timeline.

    Raises:
        ValueError: A field is wrong.
        LookupError: There is no such incident.
    """
    require_incident(records, note.incident_id)
    tidied = structs.replace(
        note,
        at=past_moment("at", note.at, now=now),
        text=needed("text", tidy_text("text", note.text)),
        by=acting(note.by),
    )
    records.add(tidied)
    return tidied


def _kept(records: Records, changed: Incident) -> Incident:
    records.put(changed)
    return changed
