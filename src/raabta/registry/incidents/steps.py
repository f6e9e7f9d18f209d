"""An incident's way from the first report to the review: states, causes, and the facts that go with them. Pure.

Which state may follow which stands in ``model.incident.INCIDENT_STEPS``. What is over keeps its history: a relapse is
the step back to "confirmed", and the time of the end is open again.
"""

import datetime as dt
from collections.abc import Sequence
from typing import Final

from msgspec import structs

from raabta.model.incident import EVIDENCE_CLASSES, INCIDENT_STEPS, Cause, Incident, IncidentStep, Link
from raabta.registry.incidents.texts import needed, tidy_line, tidy_text, tidy_url

OVER: Final = frozenset({"resolved", "reviewed"})
WORDS_CHARACTERS_MAX: Final = 500
"""Of a cause in words, or the note of a step. Judgement."""
LINKS_MAX: Final = 50
NAME_CHARACTERS_MAX: Final = 80
"""Of who acts."""
YEARS: Final = (2000, 2100)
"""From the first year to the last one that a record may name: another one is a mistake in typing, and so near to the
calendar's ends that nothing can be counted from it."""


def is_over(incident: Incident) -> bool:
    """Say whether it is resolved or reviewed."""
    return incident.state in OVER


def stepped(incident: Incident, step: IncidentStep, *, now: dt.datetime) -> Incident:
    """Take a step.

    Args:
        incident: As it is.
        step: The new state, when and by whom. The time may lie back, but not before the step before.
        now: Aware UTC.

    Raises:
        ValueError: This state cannot follow, or the time is wrong.
    """
    follow = INCIDENT_STEPS[incident.state]
    if step.state not in follow:
        among = ", ".join(state for state in INCIDENT_STEPS if state in follow)
        again = "It is in this state already" if step.state == incident.state else f"{step.state} cannot follow"
        message = f"state: {again}. After {incident.state} may come: {among}."
        raise ValueError(message)
    taken = structs.replace(
        step,
        at=past_moment("at", step.at, now=now),
        by=acting(step.by),
        note=tidy_text("note", step.note, n_most=WORDS_CHARACTERS_MAX),
    )
    earlier = incident.steps[-1] if incident.steps else None
    if earlier is not None and taken.at < earlier.at:
        message = f"at: the step before ({earlier.state}) was at {utc(earlier.at)}. Give a later time."
        raise ValueError(message)
    ended_at = incident.ended_at
    if step.state == "resolved":
        ended_at = max(taken.at, incident.started_at)
    elif step.state != "reviewed":
        ended_at = None
    return structs.replace(
        incident, state=step.state, steps=(*incident.steps, taken), ended_at=ended_at, changed_at=now
    )


def with_cause(incident: Incident, cause: Cause, *, now: dt.datetime) -> Incident:
    """Say what caused it. Earlier causes stay; the newest holds.

    Raises:
        ValueError: A cause without class, probability or words, or a probability where no cause is established.
    """
    given = structs.replace(
        cause,
        at=past_moment("at", cause.at, now=now),
        by=acting(cause.by),
        words_en=tidy_text("words_en", cause.words_en, n_most=WORDS_CHARACTERS_MAX),
        words_ur=tidy_text("words_ur", cause.words_ur, n_most=WORDS_CHARACTERS_MAX),
    )
    if given.evidence_class not in EVIDENCE_CLASSES:
        message = f"evidence_class: {given.evidence_class!r} is none of {', '.join(EVIDENCE_CLASSES)}."
        raise ValueError(message)
    if given.evidence_class == "none":
        _nothing_established(given)
    else:
        needed("words_en", given.words_en)
        _probable(given)
    return structs.replace(incident, causes=(*incident.causes, given), changed_at=now)


def with_link(incident: Incident, link: Link, *, now: dt.datetime) -> Incident:
    """Add a page elsewhere; the same address again replaces its title.

    Raises:
        ValueError: It is no address, or there are too many.
    """
    tidied = structs.replace(link, url=tidy_url("url", link.url), title=tidy_line("title", link.title))
    others = tuple(one for one in incident.links if one.url != tidied.url)
    if len(others) >= LINKS_MAX:
        message = f"url: an incident has {LINKS_MAX} links at most. Write a note for the others."
        raise ValueError(message)
    return structs.replace(incident, links=(*others, tidied), changed_at=now)


def first_notice_from(steps: Sequence[IncidentStep]) -> dt.datetime | None:
    """Say since when the public waits for a first notice: since it was confirmed, or came back; None before, or after.

    A step from "reported" straight to the cause confirms as well.
    """
    if not steps or steps[-1].state in OVER:
        return None
    before = "reported"
    since = None
    for step in steps:
        begins = before in OVER or before == "reported"
        if begins and step.state != "reported" and step.state not in OVER:
            since = step.at
        before = step.state
    return since


def moment(name: str, at: dt.datetime) -> dt.datetime:
    """Give a time in UTC: two local times of one zone cannot be compared where its clocks change.

    Raises:
        ValueError: It has no zone, or lies in no year of ``YEARS``.
    """
    if at.tzinfo is None:
        message = f"{name}: a time without its zone. Give UTC."
        raise ValueError(message)
    first, last = YEARS
    try:
        given = at.astimezone(dt.UTC)
    except OverflowError:
        given = None
    if given is None or not first <= given.year <= last:
        message = f"{name}: a time from {first} to {last}, with its zone. Look at the year."
        raise ValueError(message)
    return given


def past_moment(name: str, at: dt.datetime, *, now: dt.datetime) -> dt.datetime:
    """Give a time in UTC that has come.

    Raises:
        ValueError: It lies ahead, or is none of ``moment``.
    """
    given = moment(name, at)
    if given > now.astimezone(dt.UTC):
        message = f"{name}: {utc(at)} has not come yet (it is {utc(now)}). Give an earlier time."
        raise ValueError(message)
    return given


def acting(by: str) -> str:
    """Give the name of who acts.

    Raises:
        ValueError: There is none, or it is too long.
    """
    return needed("by", tidy_line("by", by, n_most=NAME_CHARACTERS_MAX))


def utc(at: dt.datetime) -> str:
    """Write a time for errors and records: ``2024-11-10 09:00 UTC``."""
    return f"{at.astimezone(dt.UTC):%Y-%m-%d %H:%M} UTC"


def _nothing_established(cause: Cause) -> None:
    if cause.probability_percent is not None:
        message = "probability_percent: where no cause is established there is no probability. Leave it out."
        raise ValueError(message)
    if cause.words_en or cause.words_ur or cause.evidence_ids:
        message = (
            "words_en: class none means that no cause is established, so none is named. What a party says is a "
            "statement (class statement), what you suspect a note."
        )
        raise ValueError(message)


def _probable(cause: Cause) -> None:
    percent = cause.probability_percent
    if percent is None or not 0 <= percent <= 100:
        message = f"probability_percent: a cause of class {cause.evidence_class} needs one, from 0 to 100."
        raise ValueError(message)
