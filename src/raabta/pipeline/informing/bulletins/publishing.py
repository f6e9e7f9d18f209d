"""Publishing an approved bulletin: one transaction, after which pages, feeds and the outbox know of it."""

import datetime as dt
from collections.abc import Callable

import msgspec
from msgspec import structs

from raabta.model.bulletin import Bulletin
from raabta.model.incident import Incident
from raabta.model.publication import Publication, PublicationPlace, PublicThread
from raabta.model.subscription import Dispatch
from raabta.pipeline.informing.bulletins.checking import goes_public, surroundings
from raabta.pipeline.informing.bulletins.finding import newest_sequence, require_bulletin, require_same_audience
from raabta.pipeline.informing.incidents.alarms import silence
from raabta.pipeline.informing.settings import Publishing
from raabta.publish.bulletin.approvers import acting_person
from raabta.publish.bulletin.hashing import changed_since
from raabta.publish.moments import month_of, say_moment
from raabta.publish.public import OVER, public_thread
from raabta.registry import Records
from raabta.registry.incidents.steps import acting


def publish_bulletin(
    records: Records,
    bulletin_id: str,
    *,
    settings: Publishing,
    by: str,
    now: dt.datetime,
    new_id: Callable[[str], str],
) -> Bulletin:
    """Publish an approved bulletin: give it its sequence, make its thread public, and have it sent.

    Args:
        records: Open for writing: all of it happens in this transaction, or nothing.
        bulletin_id: Which.
        settings: The site's zone, for the month under which the thread is filed.
        by: Who publishes it.
        now: Aware UTC: the time of publication.
        new_id: Makes an id that begins with "di-".

    Returns:
        The published bulletin.

    Raises:
        ValueError: It is not approved, was changed since, or promises an update for a time that has passed.
        LookupError: There is none of this id.
    """
    bulletin = require_bulletin(records, bulletin_id)
    name = acting_person(acting(by))
    _check(records, bulletin, settings=settings, now=now)
    published = structs.replace(
        bulletin, state="published", published_by=name, published_at=now, sequence=newest_sequence(records) + 1
    )
    records.put(published)
    if published.audience == "public":
        _promise_next(records, published)
        silence(records, about_id=published.thread_id, now=now)
        make_public(records, published.thread_id, settings=settings)
    records.add(Dispatch(id=new_id("di-"), bulletin_id=published.id, created_at=now))
    return published


def make_public(records: Records, thread_id: str, *, settings: Publishing) -> PublicThread:
    """Make a thread's public form anew from its records.

    Raises:
        ValueError: Nothing of it is public.
    """
    bulletins = list(records.find(Bulletin, thread_id=thread_id, state="published"))
    thread = public_thread(bulletins, surroundings(records, thread_id))
    publication = Publication(
        id=thread.id,
        kind=thread.kind,
        sequence=thread.sequence,
        month=month_of(thread.started_at, settings.site),
        is_open=thread.is_open,
        component_ids=thread.component_ids,
        content=msgspec.json.encode(thread).decode(),
    )
    if records.count(Publication, id=thread.id):
        records.put(publication)
    else:
        records.add(publication)
    records.remove_all(PublicationPlace, thread_id=thread.id)
    records.add_all(
        PublicationPlace(id=f"{thread.id}/{id_}", component_id=id_, thread_id=thread.id, sequence=thread.sequence)
        for id_ in thread.component_ids
    )
    return thread


def _check(records: Records, bulletin: Bulletin, *, settings: Publishing, now: dt.datetime) -> None:
    if bulletin.state == "published":
        at = say_moment(bulletin.published_at or bulletin.changed_at, settings.site, language="en")
        message = (
            f"bulletin {bulletin.id} is out already: no. {bulletin.sequence}, published on {at}. "
            f"Was something wrong in it? raabta bulletin correct {bulletin.id}"
        )
        raise ValueError(message)
    if bulletin.state != "approved":
        message = (
            f"bulletin {bulletin.id} is {bulletin.state}, not approved. Try: raabta bulletin approve {bulletin.id}"
        )
        raise ValueError(message)
    around = goes_public(records, bulletin, settings=settings)
    changed = changed_since(bulletin.approved_hash, bulletin, around=around)
    if changed:
        lines = "\n".join(f"  {one}" for one in changed)
        message = (
            f"bulletin {bulletin.id} and what goes public with it is not what was approved:\n{lines}\n"
            f"It needs a new approval, by somebody who did not write it: raabta bulletin approve {bulletin.id}"
        )
        raise ValueError(message)
    if bulletin.next_update_at is not None and bulletin.next_update_at <= now:
        promised = say_moment(bulletin.next_update_at, settings.site, language="en")
        message = (
            f"next: the next update was promised for {promised}, which has passed. "
            f"Try: raabta bulletin change {bulletin.id} --next +1h"
        )
        raise ValueError(message)
    if bulletin.corrects_id:
        wrong = require_bulletin(records, bulletin.corrects_id)
        if wrong.state != "published" or wrong.thread_id != bulletin.thread_id:
            message = f"bulletin {bulletin.corrects_id} is not published in this thread: there is nothing to correct."
            raise ValueError(message)
        require_same_audience(bulletin, wrong)
    if bulletin.kind == "incident":
        _check_incident(records, bulletin)


def _check_incident(records: Records, bulletin: Bulletin) -> None:
    incident = records.get(Incident, bulletin.thread_id)
    if incident is None:
        message = f"there is no incident {bulletin.thread_id} any more. Withdraw the bulletin."
        raise LookupError(message)
    if incident.state != bulletin.incident_state:
        message = (
            f"incident_state: the incident is {incident.state}, the bulletin says {bulletin.incident_state}. "
            "Take the step (raabta incident step), or change the bulletin (--state)."
        )
        raise ValueError(message)
    if bulletin.final and incident.state not in OVER:
        message = "final: an incident that is not over has a next update. Give --next TIME."
        raise ValueError(message)


def _promise_next(records: Records, bulletin: Bulletin) -> None:
    """Start the clock of the next update: a missed one raises an alarm."""
    incident = records.get(Incident, bulletin.thread_id) if bulletin.kind == "incident" else None
    if incident is not None and incident.next_update_at != bulletin.next_update_at:
        records.put(structs.replace(incident, next_update_at=bulletin.next_update_at))
