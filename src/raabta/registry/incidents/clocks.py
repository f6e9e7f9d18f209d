"""Clocks of the desk: what must be done until when, and who is told when it was not. Pure.

A clock is made from records as they are, so it stops by itself when the thing is done, and starts anew when a deadline
is put off. Its alarms are named by what it is about, its deadline and the level: the same clock never raises the same
alarm twice, however often it is looked at. All times are UTC moments; no local clock, and no change of one, has a part
in it.

Levels: level 0 of the duty list is told when the time has come, the next level some minutes later if nobody
acknowledged, and so on. Levels of the list need not follow without gaps. A promise may name its own next levels, which
then stand in place of the list's.
"""

import datetime as dt
from collections.abc import Collection, Iterable, Sequence
from itertools import groupby
from typing import Final, Literal

from msgspec import Struct, structs

from raabta.model.bulletin import Bulletin
from raabta.model.incident import ConsultationDraft, Escalation, IncidentStep, Promise, Question
from raabta.model.subscription import Alarm
from raabta.registry.incidents.steps import first_notice_from

ClockKind = Literal["update", "promise", "question", "acknowledgement", "draft", "approval"]

TITLE_CHARACTERS: Final = 120
"""Of a title in a clock's words."""


class Clock(Struct, frozen=True, kw_only=True):
    """Something that must be done until ``due_at``. ``advice`` is the command that does it."""

    kind: ClockKind
    about_id: str
    incident_id: str = ""
    due_at: dt.datetime
    words: str
    advice: str = ""
    escalations: tuple[Escalation, ...] = ()
    """A promise's own."""

    @property
    def key(self) -> str:
        """What its alarms' ids begin with."""
        due_at = _utc(self.due_at)
        seconds = f"{due_at:%S}" if due_at.second else ""
        return f"{self.kind}/{self.about_id}/{due_at:%Y%m%dT%H%M}{seconds}Z"

    def is_overdue(self, now: dt.datetime) -> bool:
        """Say whether its time has come."""
        return _utc(self.due_at) <= _utc(now)


class Level(Struct, frozen=True, kw_only=True):
    """Who is told so many minutes after a deadline."""

    number: int
    after_min: int
    names: tuple[str, ...] = ()


class IncidentAtAGlance(Struct, frozen=True, kw_only=True):
    """What clocks need of an incident: read by these columns alone, since there may be thousands."""

    id: str
    title_en: str
    steps: tuple[IncidentStep, ...] = ()
    next_update_at: dt.datetime | None = None
    published_at: dt.datetime | None = None
    """Of its newest bulletin."""


def about_updates(incident: IncidentAtAGlance, *, first_notice_min: int) -> list[Clock]:
    """Give the clocks of an incident: its first notice, and the update that was promised."""
    found = []
    since = first_notice_from(incident.steps)
    if since is not None and (incident.published_at is None or incident.published_at < since):
        found.append(_update(incident, _utc(since) + dt.timedelta(minutes=first_notice_min), what="First notice"))
    if incident.next_update_at is not None:
        found.append(_update(incident, incident.next_update_at, what="Promised update"))
    return found


def about_promise(promise: Promise, *, party: str) -> Clock:
    """Give the clock of an open promise. ``party`` is the name of who made it, "" where we did."""
    whose = f"Promise of {party}" if party else "Our promise"
    return Clock(
        kind="promise",
        about_id=promise.id,
        incident_id=promise.incident_id,
        due_at=promise.due_at,
        words=f"{whose}: {promise.words_en}{' (put off before)' if promise.put_off else ''}",
        advice=_or(
            f"raabta incident promise settle {promise.id} kept",
            f"raabta incident promise settle {promise.id} broken",
            f"raabta incident promise put-off {promise.id} --due TIME",
        ),
        escalations=promise.escalations,
    )


def _or(*commands: str) -> str:
    """Give commands of which one is run: messages set each on a line of its own (``publish.message.letters``)."""
    return "; or: ".join(commands)


def about_question(question: Question) -> Clock | None:
    """Give the clock of a question that waits for its answer; None where none was promised."""
    if question.due_at is None or question.state != "asked":
        return None
    return Clock(
        kind="question",
        about_id=question.id,
        incident_id=question.incident_id,
        due_at=question.due_at,
        words=f"Answer of {question.asked_of}: {_short(question.text_en)}",
        advice=f"raabta incident question answer {question.id}",
    )


def about_reports(about_id: str, due_at: dt.datetime, *, n_waiting: int) -> Clock:
    """Give the one clock of a wave of reports that nobody acknowledged.

    One for all of a wave, so that thousands, or somebody who sends thousands, wake the duty officer once.

    Args:
        about_id: The oldest report of the wave, when its alarm was raised; else the oldest that waits.
        due_at: Until when somebody must look at it.
        n_waiting: How many of the wave wait.
    """
    many = "1 report waits" if n_waiting == 1 else f"{n_waiting:,} reports wait"
    return Clock(
        kind="acknowledgement",
        about_id=about_id,
        due_at=due_at,
        words=f"{many} for an acknowledgement",
        advice="raabta incident report list --state new, then: report acknowledge ID",
    )


def about_bulletin(bulletin: Bulletin, *, approval_min: int) -> Clock:
    """Give the clock of a bulletin that waits for its second person, or, once approved, for its publication."""
    is_approved = bulletin.state == "approved"
    since = bulletin.approved_at if is_approved and bulletin.approved_at is not None else bulletin.changed_at
    title = next((text.title for text in bulletin.texts), "")
    return Clock(
        kind="approval",
        about_id=bulletin.id,
        incident_id=bulletin.thread_id if bulletin.kind == "incident" else "",
        due_at=_utc(since) + dt.timedelta(minutes=approval_min),
        words=f"Bulletin {'is approved, not published' if is_approved else 'waits for approval'}: {_short(title)}",
        advice=f"raabta bulletin {'publish' if is_approved else 'approve'} {bulletin.id}",
    )


def about_draft(draft: ConsultationDraft) -> Clock | None:
    """Give the clock of a consultation: until when it must be answered."""
    if draft.respond_by is None or draft.state not in {"draft", "circulated"}:
        return None
    return Clock(
        kind="draft",
        about_id=draft.id,
        incident_id=draft.incident_id,
        due_at=draft.respond_by,
        words=f"Consultation: {_short(draft.title)}",
        advice=f"raabta incident draft show {draft.id}",
    )


def levels_of(clock: Clock, *, duty: Iterable[tuple[int, str]], escalate_min: int) -> list[Level]:
    """Say who is told when: the duty list's levels, or a promise's own after the first.

    Args:
        clock: Which.
        duty: Level and name of everybody on the duty list.
        escalate_min: From one level of the list to the next, in minutes.
    """
    by_level = groupby(sorted(duty), key=lambda one: one[0])
    listed = [(number, tuple(name for _, name in many)) for number, many in by_level] or [(0, ())]
    if not clock.escalations:
        return [
            Level(number=number, after_min=place * escalate_min, names=names)
            for place, (number, names) in enumerate(listed)
        ]
    own = groupby(sorted(clock.escalations, key=lambda one: one.after_min), key=lambda one: one.after_min)
    first = Level(number=listed[0][0], after_min=0, names=listed[0][1])
    further = (
        Level(number=first.number + place, after_min=after_min, names=tuple(sorted({one.to for one in many})))
        for place, (after_min, many) in enumerate(own, start=1)
    )
    return [first, *further]


def new_alarms(
    clock: Clock, *, levels: Sequence[Level], known: Collection[Alarm], now: dt.datetime
) -> list[tuple[Alarm, Level]]:
    """Give the alarms that a clock must raise now, each with who is told.

    None where somebody acknowledged one of its alarms, and none that is known. Levels that were missed, since nobody
    looked, come at once. Alarms that are over (``closed``) do not count: those that follow have a number of their own.
    """
    own = [alarm for alarm in known if alarm.id.startswith(f"{clock.key}/")]
    standing = [alarm for alarm in own if not is_closed(alarm)]
    if any(alarm.acknowledged_at is not None for alarm in standing):
        return []
    raised = {alarm.level for alarm in standing}
    found = []
    for level in levels:
        if level.number in raised or _utc(clock.due_at) + dt.timedelta(minutes=level.after_min) > _utc(now):
            continue
        n_before = sum(alarm.level == level.number for alarm in own)
        again = f".{n_before + 1}" if n_before else ""
        found.append((_alarm(clock, f"{clock.key}/{level.number}{again}", level=level.number, now=now), level))
    return found


def closed(alarm: Alarm, *, now: dt.datetime) -> Alarm:
    """Give an alarm as over, without somebody who took it on: what it was about was settled, and is open again."""
    return structs.replace(alarm, acknowledged_by="", acknowledged_at=now)


def is_closed(alarm: Alarm) -> bool:
    """Say whether an alarm is over without somebody who took it on."""
    return alarm.acknowledged_at is not None and not alarm.acknowledged_by


def _alarm(clock: Clock, id_: str, *, level: int, now: dt.datetime) -> Alarm:
    return Alarm(
        id=id_,
        about_id=clock.about_id,
        incident_id=clock.incident_id,
        kind=clock.kind,
        level=level,
        due_at=clock.due_at,
        raised_at=now,
        words=f"{clock.words}. Next: {clock.advice}" if clock.advice else clock.words,
    )


def _update(incident: IncidentAtAGlance, due_at: dt.datetime, *, what: str) -> Clock:
    return Clock(
        kind="update",
        about_id=incident.id,
        incident_id=incident.id,
        due_at=due_at,
        words=f"{what}: {_short(incident.title_en)}",
        advice=f"raabta bulletin write {incident.id}",
    )


def _utc(at: dt.datetime) -> dt.datetime:
    """Write a time in UTC: Python compares and adds within one zone by its wall clock, which may go back."""
    return at.astimezone(dt.UTC)


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= TITLE_CHARACTERS else f"{line[: TITLE_CHARACTERS - 1]}…"
