"""Records in, records out, within one transaction: what ``register.change()`` and ``register.look()`` give."""

import datetime as dt
from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

import msgspec
from msgspec import Struct
from sqlalchemy import Column, ColumnElement, Connection, Select, Table, bindparam, delete, func, insert, select, update

from raabta.registry.schema import SEALED, key_name, table_of
from raabta.registry.secrets import RegisterKey, Sealer

Record = TypeVar("Record", bound=Struct)


class Records:
    """What is kept, within one transaction."""

    def __init__(self, connection: Connection, key: RegisterKey, *, writes: bool) -> None:
        self.connection = connection
        self.key = key
        self._writes = writes
        self._sealer_made: Sealer | None = None

    def add(self, record: Struct) -> None:
        """Insert a record.

        Raises:
            ValueError: One with this id is there, its organisation is not, or a field has another type.
        """
        self.add_all((record,))

    def add_all(self, records: Iterable[Struct]) -> None:
        """Insert many records of one kind, quicker than one by one."""
        given = list(records)
        if given:
            self._run(insert(table_of(type(given[0]))), [self._to_row(record) for record in given])

    def put(self, record: Struct) -> None:
        """Replace the record with this id.

        Raises:
            LookupError: There is none.
        """
        self.put_all((record,))

    def put_all(self, records: Iterable[Struct]) -> None:
        """Replace many records of one kind, quicker than one by one.

        Raises:
            LookupError: One of them is not there.
        """
        given = list(records)
        if not given:
            return
        kind = type(given[0])
        table, name = table_of(kind), key_name(kind)
        rows = [self._to_row(record) | {"known": getattr(record, name)} for record in given]
        changed = self._run(update(table).where(table.c[name] == bindparam("known")), rows)
        if changed.rowcount != len(given):
            which = f" {rows[0]['known']}" if len(given) == 1 else ""
            message = f"{kind.__name__}{which}: not in the register, so it cannot be changed."
            raise LookupError(message)

    def get(self, kind: type[Record], key: str | int) -> Record | None:
        """Give the record with this id, or None."""
        return next(self.find(kind, **{key_name(kind): key}), None)

    def find(self, kind: type[Record], /, **equal: object) -> Iterator[Record]:
        """Give records of a kind whose fields equal what is given, ordered by id; all rows are read at once.

        A list means any of its values, None that nothing is there.

        Raises:
            ValueError: No such field, or it is stored encrypted.
        """
        return self._select(kind, select(table_of(kind)).where(*_conditions(kind, equal)))

    def where(self, kind: type[Record], *conditions: ColumnElement[bool]) -> Iterator[Record]:
        """Give records of a kind for which conditions on columns of ``table_of(kind)`` hold, ordered by id."""
        return self._select(kind, select(table_of(kind)).where(*conditions))

    def page(
        self, kind: type[Record], *, after: str = "", n_most: int, like: tuple[str, str] | None = None, **equal: object
    ) -> list[Record]:
        """Give the next records by id, ``n_most`` of them.

        Args:
            kind: The kind.
            after: The id that was the last one before; "" from the start.
            n_most: How many at most.
            like: A field, and a text that stands in it, in capitals or not.
            equal: As in ``find``.
        """
        table = table_of(kind)
        where = [table.c[key_name(kind)] > after, *_conditions(kind, equal)]
        if like is not None:
            _conditions(kind, {like[0]: ""})
            where.append(func.lower(table.c[like[0]]).contains(like[1].lower(), autoescape=True))
        return list(self._select(kind, select(table).where(*where), n_most=n_most))

    def count(self, kind: type[Struct], /, **equal: object) -> int:
        """Count records of a kind whose fields equal what is given."""
        table = table_of(kind)
        return int(self._run(select(func.count()).select_from(table).where(*_conditions(kind, equal))).scalar_one())

    def remove(self, kind: type[Struct], key: str | int) -> bool:
        """Remove the record with this id; say whether there was one."""
        return self.remove_all(kind, **{key_name(kind): key}) > 0

    def remove_all(self, kind: type[Struct], /, **equal: object) -> int:
        """Remove records whose fields equal what is given; count them."""
        return int(self._run(delete(table_of(kind)).where(*_conditions(kind, equal))).rowcount)

    def _select(self, kind: type[Record], query: Select[Any], *, n_most: int | None = None) -> Iterator[Record]:
        ordered = query.order_by(table_of(kind).c[key_name(kind)]).limit(n_most)
        rows = self._run(ordered).fetchall()
        names = kind.__struct_fields__
        if kind not in SEALED:
            return (kind(**dict(zip(names, row, strict=True))) for row in rows)
        return (self._opened(kind, dict(zip(names, row, strict=True))) for row in rows)

    def _run(self, statement: Any, rows: list[dict[str, Any]] | None = None) -> Any:
        if not (statement.is_select or self._writes):
            message = "this part of the register is open for reading only: change it inside register.change()."
            raise ValueError(message)
        return self.connection.execute(statement, rows)

    def _to_row(self, record: Struct) -> dict[str, Any]:
        kind = type(record)
        _check(record)
        row = {name: getattr(record, name) for name in kind.__struct_fields__}
        for name in SEALED.get(kind, ()):
            row[name] = self._sealer.seal(row[name], sealing_place(kind, row[key_name(kind)], name=name))
        return row

    def _opened(self, kind: type[Record], row: dict[str, Any]) -> Record:
        for name in SEALED[kind]:
            row[name] = self._sealer.open(row[name], sealing_place(kind, row[key_name(kind)], name=name))
        return kind(**row)

    @property
    def _sealer(self) -> Sealer:
        if self._sealer_made is None:
            self._sealer_made = Sealer(self.key)
        return self._sealer_made


def _check(record: Struct) -> None:
    """See that fields have the types that they say: the database must not hold what cannot be read back."""
    kind = type(record)
    try:
        raw = msgspec.json.encode(record)
        msgspec.json.decode(raw, type=kind)
    except (msgspec.MsgspecError, ValueError, TypeError) as error:
        place = str(error).rpartition("$.")[2].rstrip("`") if "$." in str(error) else "a field"
        message = (
            f"{kind.__name__} {getattr(record, key_name(kind))}: {place} has a value that the type does not allow."
        )
        raise ValueError(message) from None
    naive = [name for name in kind.__struct_fields__ if _is_naive(getattr(record, name))]
    if naive:
        message = f"{kind.__name__} {getattr(record, key_name(kind))}: {naive[0]} is a time without its zone. Give UTC."
        raise ValueError(message)
    if b"\\u0000" in raw:
        message = f"{kind.__name__}: a text holds a NUL character, which databases refuse."
        raise ValueError(message)


def _is_naive(value: object) -> bool:
    return isinstance(value, dt.datetime) and value.tzinfo is None


def sealing_place(kind: type[Struct], key: object, *, name: str) -> str:
    """Name the place that a sealed field is bound to."""
    return f"{table_of(kind).name}.{name}.{key}"


def _conditions(kind: type[Struct], equal: dict[str, object]) -> list[Any]:
    table: Table = table_of(kind)
    for name in equal:
        if name not in table.c:
            message = f"{kind.__name__} has no field {name}. Fields are {', '.join(kind.__struct_fields__)}."
            raise ValueError(message)
        if name in SEALED.get(kind, ()):
            message = f"{kind.__name__}.{name} is stored encrypted and cannot be searched. Read all, and compare."
            raise ValueError(message)
    columns: list[tuple[Column[Any], object]] = [(table.c[name], value) for name, value in equal.items()]
    return [_condition(column, value) for column, value in columns]


def _condition(column: Column[Any], value: object) -> Any:
    if value is None:
        return column.is_(None)
    return column.in_(value) if isinstance(value, list) else column == value
