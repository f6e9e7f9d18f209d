"""The desk's clocks over the whole register: what is due, which alarms are raised, and who acknowledged them.

An alarm becomes a message to each person of its level in the transaction that raises it; the outbox sends it. So a
machine that stops in between raises nothing twice, and loses nothing.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import zip_longest
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
    closed,
    levels_of,
    new_alarms,
)
from raabta.registry.incidents.finding import (
    IDS_AT_ONCE,
    alarms_beginning,
    first_drafts,
    first_promises,
    first_questions,
    first_updates,
    newest_waves,
    unacknowledged_reports,
    waiting_alarm_messages,
    waiting_bulletins,
    waiting_for_a_notice,
)
from raabta.registry.incidents.steps import acting
from raabta.registry.incidents.timeline import IncidentRecords
from raabta.registry.store import Records

DUE_MOST: Final = 200
"""Of each kind of clock, that are read where nobody asks for all."""
WAVE: Final = dt.timedelta(days=1)
"""So long reports belong to an alarm that nobody takes on: it wakes people once a day, not more. Judgement."""
MESSAGE_WAITS: Final = dt.timedelta(days=7)
"""No message waits longer: the outbox gives up after three days (``registry.outbox.outcome``)."""
WAVES: Final = 12
"""So many are told apart, the newest; what is older stands in the first of them."""


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
    _drop_done(records, clocks, now=now)
    records.add_all([alarm for alarm, _ in raised])
    records.add_all(
        [one for alarm, level in raised for one in _messages(alarm, level, reachable=_reachable(settings), now=now)]
    )
    _note_told(records, raised, reachable=_reachable(settings), now=now)
    return [alarm for alarm, _ in raised]


def acknowledge(records: Records, subject: str, *, by: str, now: dt.datetime) -> list[Alarm]:
    """Say that somebody has taken on what alarms are about: nobody else is told.

    Args:
        records: Open for writing.
        subject: An alarm's id (all its levels are meant), the id of what alarms are about, or an incident's
            for all of its alarms; or the beginning of one of these.
        by: Who has taken it on.
        now: Aware UTC.

    Returns:
        The alarms that were open until now.

    Raises:
        LookupError: There are none, or the beginning of an id may mean several things.
    """
    name, text = acting(by), subject.strip()
    found = _meant(records, text) or _meant(records, _whole_id(records, text))
    if not found:
        message = f"there is no alarm about {text[:80]!r} that waits. See: raabta incident due"
        raise LookupError(message)
    done = [structs.replace(alarm, acknowledged_by=name, acknowledged_at=now) for alarm in found.values()]
    records.put_all(done)
    _drop_messages(records, [alarm.id for alarm in done], now=now)
    return done


def _meant(records: Records, subject: str) -> dict[str, Alarm]:
    """Give the alarms that wait, by the whole id of an alarm, of what it is about, or of an incident."""
    if not subject or not subject.isprintable():
        return {}
    found = {
        alarm.id: alarm
        for field in ("id", "about_id", "incident_id")
        for alarm in records.find(Alarm, **{field: subject}, acknowledged_at=None)
    }
    for alarm in list(found.values()) if subject in found else ():
        levels = records.find(Alarm, about_id=alarm.about_id, due_at=alarm.due_at, acknowledged_at=None)
        found |= {other.id: other for other in levels}
    return found


def _whole_id(records: Records, text: str) -> str:
    """Give the id of which somebody typed the beginning, "" where there is none; of an alarm's id the part about what.

    Raises:
        LookupError: There are several.
    """
    wanted = text.lower().split("/")[1] if text.count("/") else text.lower()
    if not wanted or not wanted.isascii():
        return ""
    ids = alarms_beginning(records, wanted, n_most=4)
    if len(ids) > 1:
        among = ", ".join(ids[:3])
        message = f"{text!r} may be several: {among}{' …' if len(ids) > 3 else ''}. Type some more of the id."
        raise LookupError(message)
    return ids[0] if ids else ""


def close_alarms(records: Records, *, about_id: str, now: dt.datetime) -> None:
    """Say that alarms about a thing are over; if it still is overdue, it alarms again."""
    records.put_all([closed(alarm, now=now) for alarm in records.find(Alarm, about_id=about_id)])


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
    """Give the clocks of reports: one for each wave that alarmed and still waits, and one for what came afterwards.

    A wave ends when somebody takes on its alarm, or after a day; what comes later alarms anew. While it lasts its clock
    stays the same, although its first reports may have been looked at.
    """
    if unacknowledged_reports(records) is None:
        return
    ended_at = None
    waves = newest_waves(records, n_most=WAVES)
    for wave, following in zip_longest(waves, waves[1:]):
        until = _end_of_wave(records, wave.alarm, after=ended_at)
        if following is not None:
            until = min(until, following.began_at - dt.timedelta(microseconds=1))
        still = unacknowledged_reports(records, after=ended_at, until=until)
        if still is not None:
            yield about_reports(wave.alarm.about_id, wave.alarm.due_at, n_waiting=still.n_reports)
        ended_at = until
    further = unacknowledged_reports(records, after=ended_at)
    if further is not None:
        due_at = further.oldest_at + dt.timedelta(minutes=settings.clocks.acknowledge_min)
        yield about_reports(further.oldest_id, due_at, n_waiting=further.n_reports)


def _end_of_wave(records: Records, first: Alarm, *, after: dt.datetime | None) -> dt.datetime:
    """Say until when reports belong to an alarm's wave: it is over as well when all that alarmed were looked at."""
    if first.acknowledged_at is not None:
        return first.acknowledged_at
    waits = unacknowledged_reports(records, after=after, until=first.raised_at) is not None
    return first.raised_at + WAVE if waits else first.raised_at


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


def _note_told(
    records: Records, raised: Sequence[tuple[Alarm, Level]], *, reachable: set[str], now: dt.datetime
) -> None:
    """Write into a promise which of its own levels were told: nobody who has no address."""
    told: dict[str, set[str]] = defaultdict(set)
    after: dict[str, set[int]] = defaultdict(set)
    for alarm, level in raised:
        if alarm.kind == "promise":
            told[alarm.about_id].update(reachable.intersection(level.names))
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


def _drop_done(records: Records, clocks: Sequence[Clock], *, now: dt.datetime) -> None:
    """Keep messages back that have not been sent, where the thing was done meanwhile: its clock does not run any more.

    Whatever stops a clock (a bulletin that was published, an answer, a report that was looked at) need not know of it.
    """
    running = {clock.key for clock in clocks}
    waiting = waiting_alarm_messages(records, since=now - MESSAGE_WAITS)
    done = [one for one in waiting if one.subject_id.rpartition("/")[0] not in running]
    records.put_all([structs.replace(one, state="dropped", settled_at=now) for one in done])


def _drop_messages(records: Records, alarm_ids: list[str], *, now: dt.datetime) -> None:
    if alarm_ids:
        waiting = records.find(Delivery, subject_id=alarm_ids, state="waiting")
        records.put_all([structs.replace(one, state="dropped", settled_at=now) for one in waiting])
