"""Incident files and their clocks out of a whole register: only rows, and columns, that are needed are read."""

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple, TypeVar, cast, get_args

from msgspec import Struct
from sqlalchemy import ColumnElement, Select, Text, and_, exists, func, or_, select, tuple_, type_coerce

from raabta.model.bulletin import Bulletin
from raabta.model.incident import (
    INCIDENT_STEPS,
    ConsultationDraft,
    Incident,
    IncidentState,
    MemberReport,
    Promise,
    Question,
)
from raabta.model.subscription import Alarm, Delivery
from raabta.registry.incidents.clocks import IncidentAtAGlance
from raabta.registry.incidents.steps import OVER
from raabta.registry.schema import table_of
from raabta.registry.store import Records

IDS_AT_ONCE: Final = 1_000
"""Below what SQLite (32,766) and PostgreSQL (65,535) take as values of one question."""
ACTIVE: Final[tuple[str, ...]] = tuple(state for state in INCIDENT_STEPS if state != "reported" and state not in OVER)
OPEN: Final[tuple[IncidentState, ...]] = tuple(state for state in get_args(IncidentState) if state not in OVER)
SEVERAL: Final = 4
"""Ids that are looked for where one is meant: three are named, and whether there are more."""
_CAME_BACK: Final = '"state":"resolved"'
"""In the steps of an incident that was over once, as they are stored."""

Record = TypeVar("Record", bound=Struct)


def newest_incidents(
    records: Records,
    *,
    n_most: int,
    states: Sequence[IncidentState] = (),
    component_id: str = "",
    after: str = "",
) -> list[Incident]:
    """Give incidents, the one that began last first.

    Args:
        records: The register.
        n_most: How many at most.
        states: Only in one of these; all where empty.
        component_id: Only those that concern this component.
        after: The id of the last one that was shown.

    Raises:
        LookupError: There is no incident ``after``.
    """
    columns = table_of(Incident).c
    where: list[ColumnElement[bool]] = []
    if states:
        where.append(columns.state.in_(list(states)))
    if component_id:
        where.append(_holds(columns.component_ids, component_id))
    if after:
        last = records.get(Incident, after)
        if last is None:
            message = f"--after: there is no incident {after}."
            raise LookupError(message)
        where.append(tuple_(columns.started_at, columns.id) < tuple_(last.started_at, last.id))
    query = select(columns.id).where(*where).order_by(columns.started_at.desc(), columns.id.desc()).limit(n_most)
    ids = [str(row[0]) for row in records.connection.execute(query)]
    return _by_ids(records, Incident, ids)


def ids_beginning(
    records: Records, text: str, *, n_most: int, kind: type[Struct] = Incident, field: str = "id"
) -> list[str]:
    """Give ids of records of a kind that begin with a text; or other values of it, each once, by the field's name."""
    column = table_of(kind).c[field]
    query = select(column).where(column.startswith(text, autoescape=True)).distinct().order_by(column).limit(n_most)
    return [str(row[0]) for row in records.connection.execute(query)]


def whole_id(records: Records, text: str, *, prefix: str, kind: type[Struct], field: str = "id") -> str:
    """Give the id of which somebody typed the beginning; the text as it is where nothing begins so.

    Args:
        records: The register.
        text: The whole id, or its beginning, with its prefix or without.
        prefix: Of such ids, as "pr-".
        kind: Of which records.
        field: The ids' field.

    Raises:
        LookupError: More than one begins so.
    """
    if records.count(kind, **{field: text}):
        return text
    typed = text.strip().lower()
    bare = typed.removeprefix(prefix)
    if not bare or not bare.isascii() or not bare.isprintable():
        return text
    ids = ids_beginning(records, f"{prefix}{bare}", n_most=SEVERAL, kind=kind, field=field)
    if len(ids) > 1:
        among = ", ".join(ids[: SEVERAL - 1])
        message = f"{typed!r} may be several: {among}{' …' if len(ids) == SEVERAL else ''}. Type some more of the id."
        raise LookupError(message)
    return (ids or [text])[0]


def last_opened(records: Records) -> str | None:
    """Give the id of the incident that was opened last, whatever became of it: a step must not change who is meant."""
    columns = table_of(Incident).c
    query = select(columns.id).order_by(columns.created_at.desc(), columns.id).limit(1)
    found = records.connection.execute(query).scalar()
    return None if found is None else str(found)


def first_updates(records: Records, *, until: dt.datetime | None, n_most: int | None) -> list[IncidentAtAGlance]:
    """Give incidents whose readers were promised an update, the one that is due first before others."""
    columns = table_of(Incident).c
    due_at = columns.next_update_at
    within = due_at.isnot(None) if until is None else due_at <= until
    query = select(columns.id, columns.title_en, due_at).where(within).order_by(due_at, columns.id).limit(n_most)
    rows = records.connection.execute(query)
    return [IncidentAtAGlance(id=row.id, title_en=row.title_en, next_update_at=row.next_update_at) for row in rows]


def waiting_for_a_notice(records: Records) -> Iterator[IncidentAtAGlance]:
    """Give active incidents that may wait for a first notice: none was published, or they came back once."""
    columns, bulletins = table_of(Incident).c, table_of(Bulletin).c
    is_published = and_(bulletins.thread_id == columns.id, bulletins.state == "published")
    newest = select(func.max(bulletins.published_at)).where(is_published).scalar_subquery()
    unsaid = or_(~exists().where(is_published), _as_text(columns.steps).contains(_CAME_BACK, autoescape=True))
    query = select(columns.id, columns.title_en, columns.steps, newest.label("published_at"))
    for row in records.connection.execute(query.where(columns.state.in_(list(ACTIVE)), unsaid)):
        yield IncidentAtAGlance(id=row.id, title_en=row.title_en, steps=row.steps, published_at=row.published_at)


def first_promises(records: Records, *, until: dt.datetime | None, n_most: int | None) -> list[Promise]:
    """Give open promises, the one that is due first before others; only those due ``until`` then, None for all."""
    columns = table_of(Promise).c
    return _first_due(records, Promise, columns.due_at, until=until, n_most=n_most, where=[columns.state == "open"])


def first_questions(records: Records, *, until: dt.datetime | None, n_most: int | None) -> list[Question]:
    """Give questions that wait for an answer until some time. As ``first_promises``."""
    columns = table_of(Question).c
    where = [columns.state == "asked", columns.due_at.isnot(None)]
    return _first_due(records, Question, columns.due_at, until=until, n_most=n_most, where=where)


def first_drafts(records: Records, *, until: dt.datetime | None, n_most: int | None) -> list[ConsultationDraft]:
    """Give consultations that must be answered until some time. As ``first_promises``."""
    columns = table_of(ConsultationDraft).c
    where = [columns.state.in_(["draft", "circulated"]), columns.respond_by.isnot(None)]
    return _first_due(records, ConsultationDraft, columns.respond_by, until=until, n_most=n_most, where=where)


def waiting_bulletins(records: Records, *, n_most: int | None) -> list[Bulletin]:
    """Give bulletins that wait for approval or publication, the one that waits longest first."""
    columns = table_of(Bulletin).c
    where = [columns.state.in_(["draft", "approved"])]
    return _first_due(records, Bulletin, columns.changed_at, until=None, n_most=n_most, where=where)


class Waiting(NamedTuple):
    """Reports that nobody acknowledged: how many, and which one came first, when."""

    n_reports: int
    oldest_id: str
    oldest_at: dt.datetime


def unacknowledged_reports(
    records: Records, *, after: dt.datetime | None = None, until: dt.datetime | None = None
) -> Waiting | None:
    """Count reports that nobody acknowledged; None where there is none.

    Args:
        records: The register.
        after: Only those that came later than this.
        until: Only those that had come by then.
    """
    columns = table_of(MemberReport).c
    where = [columns.state == "new"]
    where += [] if after is None else [columns.reported_at > after]
    where += [] if until is None else [columns.reported_at <= until]
    oldest = select(columns.id, columns.reported_at).where(*where).order_by(columns.reported_at, columns.id).limit(1)
    row = records.connection.execute(oldest).first()
    if row is None:
        return None
    n_waiting = records.connection.execute(select(func.count()).where(*where)).scalar_one()
    return Waiting(int(n_waiting), str(row.id), row.reported_at)


class Wave(NamedTuple):
    """Reports that alarmed together: the first alarm about them, and when the first of them came."""

    alarm: Alarm
    began_at: dt.datetime


def newest_waves(records: Records, *, n_most: int) -> list[Wave]:
    """Give the waves of reports that alarmed last, the earliest first."""
    columns = table_of(Alarm).c
    lowest = select(columns.about_id, columns.due_at, func.min(columns.level)).where(columns.kind == "acknowledgement")
    grouped = lowest.group_by(columns.about_id, columns.due_at).order_by(columns.due_at.desc(), columns.about_id)
    rows = records.connection.execute(grouped.limit(n_most)).fetchall()
    began = {one.id: one.reported_at for one in records.find(MemberReport, id=[row[0] for row in rows])}
    alarms = (next(records.find(Alarm, about_id=row[0], due_at=row[1], level=row[2])) for row in reversed(rows))
    return [Wave(alarm, began.get(alarm.about_id, alarm.due_at)) for alarm in alarms]


def alarms_beginning(records: Records, text: str, *, n_most: int) -> list[str]:
    """Give ids of what alarms are about, and of incidents, that begin with a text; only where an alarm waits.

    Args:
        records: The register.
        text: The beginning of an id, with what it is of ("pr-") or without.
        n_most: How many of each at most.
    """
    table = table_of(Alarm).c
    found: set[str] = set()
    for column in (table.about_id, table.incident_id):
        begins = or_(column.startswith(text, autoescape=True), func.substr(column, 4).startswith(text, autoescape=True))
        query = select(column).where(table.acknowledged_at.is_(None), begins).distinct().order_by(column).limit(n_most)
        found.update(str(row[0]) for row in records.connection.execute(query))
    return sorted(found)


def waiting_alarm_messages(records: Records, *, since: dt.datetime) -> list[Delivery]:
    """Give messages that were not sent yet, about alarms that were raised since some time."""
    columns = table_of(Alarm).c
    ids = [str(row[0]) for row in records.connection.execute(select(columns.id).where(columns.raised_at > since))]
    parts = (ids[start : start + IDS_AT_ONCE] for start in range(0, len(ids), IDS_AT_ONCE))
    return [one for part in parts for one in records.find(Delivery, subject_id=part, state="waiting", reason="alarm")]


def report_times(records: Records, incident_id: str) -> list[dt.datetime]:
    """Give when reports that are linked to an incident came in, ascending."""
    columns = table_of(MemberReport).c
    query = select(columns.reported_at).where(columns.incident_id == incident_id).order_by(columns.reported_at)
    return [row[0] for row in records.connection.execute(query)]


def _first_due(
    records: Records,
    kind: type[Record],
    due_at: Any,
    *,
    until: dt.datetime | None,
    n_most: int | None,
    where: Sequence[ColumnElement[bool]],
) -> list[Record]:
    key = table_of(kind).c.id
    within = [*where, due_at <= until] if until is not None else list(where)
    query: Select[Any] = select(key).where(*within).order_by(due_at, key).limit(n_most)
    ids = [str(row[0]) for row in records.connection.execute(query)]
    return _by_ids(records, kind, ids)


def _by_ids(records: Records, kind: type[Record], ids: list[str]) -> list[Record]:
    """Read records in the order of their ids that is given, some at a time: databases bound what one question holds."""
    found = {}
    for start in range(0, len(ids), IDS_AT_ONCE):
        part = records.find(kind, id=ids[start : start + IDS_AT_ONCE])
        found.update({record.id: record for record in part})  # type: ignore[attr-defined]
    return [found[id_] for id_ in ids]


def _holds(column: Any, id_: str) -> ColumnElement[bool]:
    return cast("ColumnElement[bool]", _as_text(column).contains(f'"{id_}"', autoescape=True))


def _as_text(column: Any) -> Any:
    return type_coerce(column, Text())
