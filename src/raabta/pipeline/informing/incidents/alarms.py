"""The desk's clocks over the whole register: what is due, which alarms are raised, and who acknowledged them.

An alarm becomes a message to each person of its level in the transaction that raises it; the outbox sends it. So a
machine that stops in between raises nothing twice, and loses nothing.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Final

from msgspec import structs

from raabta.model.incident import Party, Promise
from raabta.model.subscription import Alarm, Delivery
from raabta.pipeline.informing.settings import Publishing
from raabta.registry.incidents.clocks import (
    Clock,
    IncidentAtAGlance,
    Level,
    about_bulletin,
    about_draft,
    about_promise,
    about_question,
    about_reports,
    about_updates,
    levels_of,
    new_alarms,
)
from raabta.registry.incidents.finding import (
    IDS_AT_ONCE,
    first_drafts,
    first_promises,
    first_questions,
    first_updates,
    unacknowledged_reports,
    waiting_bulletins,
    waiting_for_a_notice,
)
from raabta.registry.incidents.steps import acting
from raabta.registry.incidents.timeline import IncidentRecords
from raabta.registry.store import Records

DUE_MOST: Final = 200
"""Of each kind of clock, that are read where nobody asks for all."""


def due(
    records: Records,
    settings: Publishing,
    *,
    now: dt.datetime,
    n_most: int | None = DUE_MOST,
    only_overdue: bool = False,
) -> list[Clock]:
    """Give what must be done, what is due first before others: overdue things, and what comes next.

    Args:
        records: The register.
        settings: Its ``clocks`` say how long things may take.
        now: Aware UTC.
        n_most: How many of each kind of record; None for all.
        only_overdue: Leave out what is not due yet.
    """
    until = now if only_overdue else None
    found = [
        *_updates(records, settings, until=until, n_most=n_most),
        *_promises(records, until=until, n_most=n_most),
        *(clock for one in first_questions(records, until=until, n_most=n_most) if (clock := about_question(one))),
        *(clock for one in first_drafts(records, until=until, n_most=n_most) if (clock := about_draft(one))),
        *_reports(records, settings),
        *(
            about_bulletin(one, approval_min=settings.clocks.approval_min)
            for one in waiting_bulletins(records, n_most=n_most)
        ),
    ]
    shown = (clock for clock in found if clock.is_overdue(now) or not only_overdue)
    return sorted(shown, key=lambda clock: (clock.due_at, clock.kind, clock.about_id))


def due_of(whole: IncidentRecords, settings: Publishing) -> list[Clock]:
    """Give the clocks of one incident whose records are at hand, what is due first before others."""
    incident, clocks = whole.incident, settings.clocks
    published = [one.published_at for one in whole.bulletins if one.published_at is not None]
    glance = IncidentAtAGlance(
        id=incident.id,
        title_en=incident.title_en,
        steps=incident.steps,
        next_update_at=incident.next_update_at,
        published_at=max(published, default=None),
    )
    names = {id_: party.name_en for id_, party in whole.parties.items()}
    found = [
        *about_updates(glance, first_notice_min=clocks.first_notice_min),
        *(about_promise(one, party=names.get(one.party_id, "")) for one in whole.promises if one.state == "open"),
        *(clock for one in whole.questions if (clock := about_question(one)) is not None),
        *(
            about_bulletin(one, approval_min=clocks.approval_min)
            for one in whole.bulletins
            if one.state in {"draft", "approved"}
        ),
    ]
    return sorted(found, key=lambda clock: (clock.due_at, clock.kind, clock.about_id))


def raise_alarms(records: Records, settings: Publishing, *, now: dt.datetime) -> list[Alarm]:
    """Raise the alarms that are new: one for each overdue clock and level, and a message to each person of that level.

    As often as it is called, an alarm comes once. Nothing more comes of a clock that somebody acknowledged, or that was
    stopped by doing the thing; a deadline that was put off is a new clock.

    Args:
        records: Open for writing.
        settings: The duty list and the clocks.
        now: Aware UTC.

    Returns:
        The alarms that were raised by this call.
    """
    clocks = due(records, settings, now=now, n_most=None, only_overdue=True)
    known = alarms_of(records, clocks)
    duty = [(person.level, person.name) for person in settings.duty]
    raised = []
    for clock in clocks:
        levels = levels_of(clock, duty=duty, escalate_min=settings.clocks.escalate_min)
        raised += new_alarms(clock, levels=levels, known=known.get(clock.about_id, ()), now=now)
    records.add_all([alarm for alarm, _ in raised])
    records.add_all(
        [one for alarm, level in raised for one in _messages(alarm, level, reachable=_reachable(settings), now=now)]
    )
    _note_told(records, raised, now=now)
    return [alarm for alarm, _ in raised]


def acknowledge(records: Records, subject: str, *, by: str, now: dt.datetime) -> list[Alarm]:
    """Say that somebody has taken on what alarms are about: nobody else is told.

    Args:
        records: Open for writing.
        subject: An alarm's id (all its levels are meant), the id of what alarms are about, or an incident's
            for all of its alarms.
        by: Who has taken it on.
        now: Aware UTC.

    Returns:
        The alarms that were open until now.

    Raises:
        LookupError: There are none.
    """
    name = acting(by)
    found = {
        alarm.id: alarm
        for field in ("id", "about_id", "incident_id")
        for alarm in records.find(Alarm, **{field: subject}, acknowledged_at=None)
    }
    for alarm in list(found.values()) if subject in found else ():
        levels = records.find(Alarm, about_id=alarm.about_id, due_at=alarm.due_at, acknowledged_at=None)
        found |= {other.id: other for other in levels}
    if not found or not subject:
        message = f"there is no alarm about {subject!r} that waits. See: raabta incident due"
        raise LookupError(message)
    done = [structs.replace(alarm, acknowledged_by=name, acknowledged_at=now) for alarm in found.values()]
    records.put_all(done)
    _drop_messages(records, [alarm.id for alarm in done], now=now)
    return done


def silence(records: Records, *, about_id: str, now: dt.datetime) -> None:
    """Keep messages back that have not been sent, about a thing that was done meanwhile."""
    _drop_messages(records, [alarm.id for alarm in records.find(Alarm, about_id=about_id)], now=now)


def alarms_of(records: Records, clocks: Sequence[Clock]) -> dict[str, list[Alarm]]:
    """Give the alarms that were raised about the same things as these clocks, by what they are about."""
    ids = sorted({clock.about_id for clock in clocks})
    found = defaultdict(list)
    for start in range(0, len(ids), IDS_AT_ONCE):
        for alarm in records.find(Alarm, about_id=ids[start : start + IDS_AT_ONCE]):
            found[alarm.about_id].append(alarm)
    return found


def _updates(
    records: Records, settings: Publishing, *, until: dt.datetime | None, n_most: int | None
) -> Iterator[Clock]:
    for incidents in (waiting_for_a_notice(records), first_updates(records, until=until, n_most=n_most)):
        for incident in incidents:
            yield from about_updates(incident, first_notice_min=settings.clocks.first_notice_min)


def _promises(records: Records, *, until: dt.datetime | None, n_most: int | None) -> Iterator[Clock]:
    found = first_promises(records, until=until, n_most=n_most)
    names: dict[str, str] = {}
    ids = sorted({promise.party_id for promise in found} - {""})
    for start in range(0, len(ids), IDS_AT_ONCE):
        parties = records.find(Party, id=ids[start : start + IDS_AT_ONCE])
        names |= {party.id: party.name_en for party in parties}
    return (about_promise(promise, party=names.get(promise.party_id, "")) for promise in found)


def _reports(records: Records, settings: Publishing) -> Iterator[Clock]:
    waiting = unacknowledged_reports(records)
    if waiting is not None:
        n_waiting, oldest_id, reported_at = waiting
        minutes = settings.clocks.acknowledge_min
        yield about_reports(oldest_id, reported_at, n_waiting=n_waiting, acknowledge_min=minutes)


def _reachable(settings: Publishing) -> set[str]:
    return {person.name for person in settings.duty if person.email}


def _messages(alarm: Alarm, level: Level, *, reachable: set[str], now: dt.datetime) -> Iterator[Delivery]:
    for name in level.names:
        if name in reachable:
            yield Delivery(
                id=f"alarm/{alarm.id}/{name}",
                channel="email",
                reason="alarm",
                subject_id=alarm.id,
                to_id=name,
                created_at=now,
                next_try_at=now,
            )


def _note_told(records: Records, raised: Sequence[tuple[Alarm, Level]], *, now: dt.datetime) -> None:
    """Write into a promise which of its own levels were told."""
    told: dict[str, set[str]] = defaultdict(set)
    after: dict[str, set[int]] = defaultdict(set)
    for alarm, level in raised:
        if alarm.kind == "promise":
            told[alarm.about_id].update(level.names)
            after[alarm.about_id].add(level.after_min)
    for id_, minutes in after.items():
        promise = records.get(Promise, id_)
        if promise is None or not promise.escalations:
            continue
        noted = tuple(
            structs.replace(one, told_at=now) if one.after_min in minutes and one.to in told[id_] else one
            for one in promise.escalations
        )
        records.put(structs.replace(promise, escalations=noted))


def _drop_messages(records: Records, alarm_ids: list[str], *, now: dt.datetime) -> None:
    if alarm_ids:
        waiting = records.find(Delivery, subject_id=alarm_ids, state="waiting")
        records.put_all([structs.replace(one, state="dropped", settled_at=now) for one in waiting])
