"""What is published, out of a whole register: by queries that read only the rows that a build of the site needs."""

from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple

from sqlalchemy import Select, case, func, or_, select

from raabta.model.publication import Publication, PublicationPlace
from raabta.registry.schema import table_of
from raabta.registry.store import Records

_AT_ONCE: Final = 500
"""Ids in one query: SQLite takes 999 variables."""


class Line(NamedTuple):
    """A publication without its content."""

    id: str
    sequence: int
    month: str
    component_ids: tuple[str, ...]


def newest_sequence(records: Records) -> int:
    """Give the sequence of the newest bulletin that is public, 0 where there is none."""
    return int(records.connection.execute(select(func.max(table_of(Publication).c.sequence))).scalar() or 0)


def lines_above(records: Records, sequence: int) -> list[Line]:
    """List publications with an update after a sequence, the oldest first; after 0 all."""
    column = table_of(Publication).c
    query = select(*(column[name] for name in Line._fields)).where(column.sequence > sequence)
    return [Line(*row) for row in records.connection.execute(query.order_by(column.sequence))]


def all_ids(records: Records) -> set[str]:
    """Give the ids of all publications."""
    return set(records.connection.execute(select(table_of(Publication).c.id)).scalars())


def contents_of(records: Records, ids: Iterable[str]) -> Iterator[Publication]:
    """Give publications by their ids, in any order; ids that are gone are left out."""
    asked = list(ids)
    for start in range(0, len(asked), _AT_ONCE):
        yield from records.find(Publication, id=asked[start : start + _AT_ONCE])


def open_or_newest(records: Records, *, n_newest: int) -> list[Publication]:
    """Give all that are open, and the newest ones, newest first."""
    column = table_of(Publication).c
    newest = select(column.id).order_by(column.sequence.desc()).limit(n_newest)
    return _read(records, select(table_of(Publication)).where(or_(column.is_open, column.id.in_(newest))))


def open_or_newest_of(records: Records, component_id: str, *, n_newest: int) -> list[Publication]:
    """Give those that concern a component and are open, and its newest ones, newest first."""
    column, place = table_of(Publication).c, table_of(PublicationPlace).c
    here = select(place.thread_id).where(place.component_id == component_id)
    newest = here.order_by(place.sequence.desc()).limit(n_newest)
    is_open = column.is_open & column.id.in_(here)
    return _read(records, select(table_of(Publication)).where(or_(is_open, column.id.in_(newest))))


def of_month(records: Records, month: str) -> list[Publication]:
    """Give those that began in a month, newest first."""
    return _read(records, select(table_of(Publication)).where(table_of(Publication).c.month == month))


def count_months(records: Records) -> list[tuple[str, int, int]]:
    """Count publications by the month of their start, all and the open ones; the newest month first."""
    column = table_of(Publication).c
    n_open = func.sum(case((column.is_open, 1), else_=0))
    query = select(column.month, func.count(), n_open).group_by(column.month).order_by(column.month.desc())
    return [(str(month), int(n), int(n_of_open)) for month, n, n_of_open in records.connection.execute(query)]


def _read(records: Records, query: Select[Any]) -> list[Publication]:
    names = Publication.__struct_fields__
    rows = records.connection.execute(query.order_by(table_of(Publication).c.sequence.desc()))
    return [Publication(**dict(zip(names, row, strict=True))) for row in rows]
