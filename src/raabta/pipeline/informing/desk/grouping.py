"""Reports that belong together, and the incident that they belong to.

Contacts and words are opened of ``COUNTED_MAX`` reports of a group at most, the newest: so many are enough to see
whether several people speak, and a wave of thousands costs no more time.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Final

from msgspec import structs
from sqlalchemy import select, update

from raabta.model.incident import Incident, MemberReport
from raabta.pipeline.informing.desk.reports import chosen_reports
from raabta.pipeline.informing.settings import Publishing
from raabta.pipeline.informing.subscribing.addresses import mailbox_of
from raabta.registry.incidents.grouping import (
    ReportGroup,
    Sighting,
    count_independent,
    find_groups,
    suggestion,
    what_of,
)
from raabta.registry.records import Records
from raabta.registry.schema import table_of

LOOKED_BACK: Final = dt.timedelta(days=1)
"""What is older was grouped before, or is no news."""
COUNTED_MAX: Final = 20
PHONE_DIGITS: Final = 9
"""Without what stands before a network's number: 0, +92, 0092."""


def group_reports(records: Records, *, settings: Publishing, now: dt.datetime) -> list[ReportGroup]:
    """Put reports of the last day that are not closed into groups, and say what each group suggests.

    Nothing is opened or linked by it: a person does that.

    Args:
        records: Of a change.
        settings: Components, whose hosts belong together.
        now: Aware UTC.

    Returns:
        Groups, those with most independent reports first.
    """
    seen = _sightings(records, settings, since=now - LOOKED_BACK)
    groups = find_groups(seen)
    columns = table_of(MemberReport).c
    for id_, several in groups.items():
        fresh = [one.report_id for one in several if one.group_id != id_]
        for some in _parts(fresh):
            records.connection.execute(update(table_of(MemberReport)).where(columns.id.in_(some)).values(group_id=id_))
    made = [_told(records, id_, several) for id_, several in groups.items()]
    return sorted(made, key=lambda one: (-one.n_independent, -one.n_reports, one.first_at, one.id))


def _sightings(records: Records, settings: Publishing, *, since: dt.datetime) -> list[Sighting]:
    columns = table_of(MemberReport).c
    query = select(
        columns.id, columns.target, columns.operator_id, columns.reported_at, columns.group_id, columns.incident_id
    ).where(columns.reported_at > since, columns.state != "closed")
    components = settings.site.components
    targets: dict[str, str] = {}
    found = []
    for id_, target, operator_id, at, group_id, incident_id in records.connection.execute(query):
        what = targets.setdefault(target, what_of(target, components))
        found.append(
            Sighting(
                report_id=id_, what=what, operator_id=operator_id, at=at, group_id=group_id, incident_id=incident_id
            )
        )
    return found


def _told(records: Records, id_: str, several: Sequence[Sighting]) -> ReportGroup:
    newest = [one.report_id for one in several[-COUNTED_MAX:]]
    n_independent = (
        count_independent(records.find(MemberReport, id=newest), receiver_of=_receiver_of) if len(several) > 1 else 1
    )
    return ReportGroup(
        id=id_,
        target=several[0].what,
        operator_id=several[0].operator_id,
        n_reports=len(several),
        n_independent=n_independent,
        first_at=several[0].at,
        last_at=several[-1].at,
        incident_ids=tuple(sorted({one.incident_id for one in several if one.incident_id})),
        suggests=suggestion(several, n_independent=n_independent),
    )


def _receiver_of(contact: str) -> str:
    """Give one name for all spellings of a mailbox ("+…" does not count), or of a phone number, by its last digits."""
    if "@" in contact:
        return mailbox_of(contact, "email")
    return "".join(one for one in contact if one.isdecimal())[-PHONE_DIGITS:]


def _parts(ids: Sequence[str], n_most: int = 500) -> Iterable[list[str]]:
    return (list(ids[start : start + n_most]) for start in range(0, len(ids), n_most))


def link_reports(records: Records, ids: Iterable[str], *, incident_id: str, now: dt.datetime) -> list[MemberReport]:
    """Say that reports belong to an incident; members among their senders are counted as hit.

    Args:
        records: Of a change.
        ids: Of reports (or their codes), or of groups: then all of theirs that are not closed.
        incident_id: The incident.
        now: Aware UTC.

    Returns:
        The reports as they are now.

    Raises:
        LookupError: There is no such report, group or incident.
        ValueError: All of them are closed.
    """
    incident = records.get(Incident, incident_id)
    if incident is None:
        message = f"{incident_id}: no incident has this id. Look for it with: raabta incident list"
        raise LookupError(message)
    linked = [
        structs.replace(one, incident_id=incident_id, state="linked", acknowledged_at=one.acknowledged_at or now)
        for one in chosen_reports(records, ids)
        if one.state != "closed"
    ]
    if not linked:
        raise ValueError("these reports are closed. A closed report is linked no more.")
    records.put_all(linked)
    members = tuple(sorted({*incident.member_ids, *(one.member_id for one in linked if one.member_id)}))
    if members != incident.member_ids:
        records.put(structs.replace(incident, member_ids=members, changed_at=now))
    return linked
