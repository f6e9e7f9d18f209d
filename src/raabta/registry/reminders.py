"""What ends soon, and who waits for whom too long: the register's clocks.

A reminder is due from so many days before the end (the country's data); it stays due until the thing is renewed.
Waiting too long is counted against what the regulator itself promised, and against what applicants have seen.
"""

import datetime as dt
from collections.abc import Iterable, Iterator
from typing import Final

from msgspec import Struct

from raabta.model.register import Case, MemberEndpoint, Organisation
from raabta.registry.country import Clock, Country
from raabta.registry.waiting import WAITING

_HOURS_A_DAY: Final = 24


class Reminder(Struct, frozen=True, kw_only=True):
    """Something to do. ``days_left`` below 0: it is over since. ``subject`` is the id of what it is about."""

    clock: str
    subject: str
    organisation_id: str
    on: dt.date
    days_left: int
    words: str


def find_due(
    *,
    organisations: Iterable[Organisation],
    endpoints: Iterable[MemberEndpoint],
    cases: Iterable[Case],
    country: Country,
    now: dt.datetime,
) -> list[Reminder]:
    """All reminders that are due, the most urgent first."""
    today = now.date()
    found = [
        *_of_organisations(organisations, country, today),
        *_of_endpoints(endpoints, country, today),
        *_of_cases(cases, country, now),
    ]
    return sorted(found, key=lambda reminder: (reminder.days_left, reminder.clock, reminder.subject))


def _of_organisations(rows: Iterable[Organisation], country: Country, today: dt.date) -> Iterator[Reminder]:
    clocks = {name: clock for name, clock in country.clock.items() if clock.field}
    for row in rows:
        for name, clock in clocks.items():
            ends_on: dt.date | None = getattr(row, clock.field)
            if ends_on is not None and _is_due(clock, ends_on, today):
                yield _reminder(name, (row.id, row.id), clock=clock, ends_on=ends_on, today=today)


def _of_endpoints(rows: Iterable[MemberEndpoint], country: Country, today: dt.date) -> Iterator[Reminder]:
    clock = country.clock.get("endpoint")
    for row in rows if clock else ():
        ends_on = row.valid_until.date()
        if clock is not None and _is_due(clock, ends_on, today):
            yield _reminder("endpoint", (row.id, row.organisation_id), clock=clock, ends_on=ends_on, today=today)


def _of_cases(rows: Iterable[Case], country: Country, now: dt.datetime) -> Iterator[Reminder]:
    clock = country.clock.get("case")
    for row in rows:
        ends_on = row.valid_until
        if clock and row.status == "approved" and ends_on is not None and _is_due(clock, ends_on, now.date()):
            yield _reminder("case", (row.id, row.organisation_id), clock=clock, ends_on=ends_on, today=now.date())
        if row.status in WAITING:
            yield from _of_waiting(row, country, now)


def _of_waiting(case: Case, country: Country, now: dt.datetime) -> Iterator[Reminder]:
    application = country.application_of(case.kind)
    since = next(step.at for step in reversed(case.steps) if step.status == case.status)
    promised_at = since + dt.timedelta(hours=application.promised_h)
    seen_at = since + dt.timedelta(days=application.seen_days[1])
    if now < promised_at:
        return
    waited_h = (now - since).total_seconds() / 3600
    waited = f"{waited_h:.0f} hours" if waited_h < 2 * _HOURS_A_DAY else f"{waited_h / _HOURS_A_DAY:.0f} days"
    words = f"{case.status} for {waited}; {application.promised_h:g} hours were promised"
    is_very_late = now >= seen_at
    words += (
        f". Longer than the {application.seen_days[1]} days that others saw: take it further." if is_very_late else ""
    )
    deadline = seen_at if is_very_late else promised_at
    yield Reminder(
        clock="answer_overdue" if is_very_late else "answer_late",
        subject=case.id,
        organisation_id=case.organisation_id,
        on=deadline.date(),
        days_left=(deadline.date() - now.date()).days,
        words=words,
    )


def _is_due(clock: Clock, ends_on: dt.date, today: dt.date) -> bool:
    return (ends_on - today).days <= max(clock.remind_days)


def _reminder(name: str, whose: tuple[str, str], *, clock: Clock, ends_on: dt.date, today: dt.date) -> Reminder:
    left = (ends_on - today).days
    when = f"ends in {left} days" if left > 0 else "ends today" if left == 0 else f"ended {-left} days ago"
    return Reminder(
        clock=name,
        subject=whose[0],
        organisation_id=whose[1],
        on=ends_on,
        days_left=left,
        words=f"{clock.title}: {when}, on {ends_on.isoformat()}",
    )
