"""The reminders that are due, out of a whole register: only what may be due is read."""

import datetime as dt

from sqlalchemy import and_, or_

from raabta.model.register import Case, MemberEndpoint, Organisation
from raabta.registry.country import Country
from raabta.registry.reminders import Reminder, find_due
from raabta.registry.schema import table_of
from raabta.registry.store import Records
from raabta.registry.waiting import WAITING


def find_due_in(records: Records, *, country: Country, now: dt.datetime) -> list[Reminder]:
    """Give all that is due, as ``registry.reminders.find_due``, the most urgent first.

    Args:
        records: The register.
        country: Whose rules.
        now: Aware UTC.
    """
    cases, endpoints = table_of(Case).c, table_of(MemberEndpoint).c
    longest_days = max((max(clock.remind_days) for clock in country.clock.values()), default=0)
    last = now + dt.timedelta(days=longest_days + 1)
    ending = and_(cases.status == "approved", cases.valid_until <= last.date())
    return find_due(
        organisations=records.find(Organisation, country=[country.code.lower(), country.code]),
        endpoints=records.where(MemberEndpoint, endpoints.valid_until <= last),
        cases=(
            case
            for case in records.where(Case, or_(cases.status.in_(sorted(WAITING)), ending))
            if case.kind.startswith(f"{country.code.lower()}.")
        ),
        country=country,
        now=now,
    )
