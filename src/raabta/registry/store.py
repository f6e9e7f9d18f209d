"""The register itself: records in, records out, in transactions that are on the disk when they end.

``open_register`` gives a ``Register``; ``with register.change() as records`` is one transaction: it commits at the end
and is undone when an exception leaves it; ``with register.look() as records`` reads one consistent state.

One writer at a time, on both kinds of database: SQLite locks its file, on PostgreSQL a change holds the row of
``register_state`` that names the key. So "look, decide, write" inside one change needs no further care. Readers never
wait. Durable: SQLite runs with ``synchronous=FULL`` and a write-ahead log, PostgreSQL with ``synchronous_commit=on``.

What leaves here are ``ValueError`` (the data), ``LookupError`` (a record that is not there) and ``OSError`` (the
database), with words that repeat no field's value.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Final, Self, TypeVar

import msgspec
from msgspec import Struct
from sqlalchemy import (
    Column,
    Connection,
    Engine,
    Select,
    Table,
    bindparam,
    create_engine,
    delete,
    event,
    func,
    insert,
    inspect,
    select,
    update,
)
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, SQLAlchemyError
from sqlalchemy.pool import StaticPool

from raabta.registry.schema import SEALED, STATE, key_name, table_of
from raabta.registry.secrets import RegisterKey, Sealer

WAIT_S: Final = 10
"""How long a writer waits for another one, and for a server to answer. A command of ours holds the lock for < 1 s."""
STATEMENT_MS: Final = 60_000
"""A statement that takes longer than this on PostgreSQL is given up."""
WRITES: Final = "raabta_writes"

Record = TypeVar("Record", bound=Struct)


class Records:
    """What is kept, within one transaction."""

    def __init__(self, connection: Connection, key: RegisterKey, *, writes: bool) -> None:
        self.connection = connection
        self._key = key
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

        Raises:
            ValueError: No such field, or it is stored encrypted.
        """
        return self._select(kind, select(table_of(kind)).where(*_conditions(kind, equal)))

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
            row[name] = self._sealer.seal(row[name], _place(kind, row, name))
        return row

    def _opened(self, kind: type[Record], row: dict[str, Any]) -> Record:
        for name in SEALED[kind]:
            row[name] = self._sealer.open(row[name], _place(kind, row, name))
        return kind(**row)

    @property
    def _sealer(self) -> Sealer:
        if self._sealer_made is None:
            self._sealer_made = Sealer(self._key)
        return self._sealer_made


class Register:
    """A register that is open. ``now`` tells the time, ``new_id("o-")`` makes an id: both were given."""

    def __init__(
        self, engine: Engine, key: RegisterKey, *, now: Callable[[], dt.datetime], new_id: Callable[[str], str]
    ) -> None:
        self.engine = engine
        self.key = key
        self.now = now
        self.new_id = new_id

    @property
    def name(self) -> str:
        """Where it is, without a password."""
        return self.engine.url.render_as_string(hide_password=True)

    @contextmanager
    def change(self) -> Iterator[Records]:
        """Change the register: all of it, on the disk, or nothing."""
        with plain_errors(self.name), write(self.engine) as connection:
            check_key(connection, self.key, name=self.name)
            yield Records(connection, self.key, writes=True)

    @contextmanager
    def look(self) -> Iterator[Records]:
        """Read the register, as it is at one moment."""
        with plain_errors(self.name), self.engine.connect() as connection:
            if connection.dialect.name == "postgresql":
                connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            with connection.begin():
                yield Records(connection, self.key, writes=False)

    def close(self) -> None:
        """Let go of the database."""
        self.engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_register(
    url: str, *, key: RegisterKey, now: Callable[[], dt.datetime], new_id: Callable[[str], str]
) -> Register:
    """Open a register, and make or renew its tables where needed.

    Args:
        url: ``sqlite:///FILE`` or ``postgresql://USER@HOST/NAME``; ``sqlite://`` is one in memory.
        key: What its personal fields are sealed with.
        now: The clock: aware UTC times.
        new_id: Makes an id that begins with what is given ("o-").

    Raises:
        ValueError: No such kind of database, another key, or a newer Raabta made it.
        OSError: The database cannot be reached.
    """
    engine = make_engine(url)
    register = Register(engine, key, now=now, new_id=new_id)
    try:
        with plain_errors(register.name):
            _prepare(engine, key)
    except BaseException:
        engine.dispose()
        raise
    return register


def make_engine(url: str) -> Engine:
    """Give SQLAlchemy's engine for a URL, with our ways of locking, waiting and writing."""
    try:
        place = make_url(url)
    except ArgumentError as error:
        message = "this is no URL of a register. Try sqlite:///register.sqlite or postgresql://USER@HOST/NAME."
        raise ValueError(message) from error
    match place.get_backend_name():
        case "sqlite":
            return _sqlite_engine(place)
        case "postgresql":
            return _postgresql_engine(place.set(drivername="postgresql+psycopg"))
        case other:
            message = f"{other}: not a database for a register. Try sqlite:///FILE or postgresql://USER@HOST/NAME."
            raise ValueError(message)


@contextmanager
def write(engine: Engine) -> Iterator[Connection]:
    """Begin a transaction that writes, and so holds the database's lock from its start."""
    with engine.connect().execution_options(**{WRITES: True}) as connection, connection.begin():
        yield connection


def _sqlite_engine(place: URL) -> Engine:
    in_memory = place.database in (None, "", ":memory:")
    pool: dict[str, Any] = {"poolclass": StaticPool} if in_memory else {}
    engine = create_engine(
        place, hide_parameters=True, connect_args={"timeout": WAIT_S, "check_same_thread": False}, **pool
    )

    @event.listens_for(engine, "connect")
    def prepare(raw: Any, _record: object) -> None:
        raw.isolation_level = None  # else the driver decides when a transaction begins
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
            raw.execute(f"PRAGMA {pragma}").fetchall()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get(WRITES, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _postgresql_engine(place: URL) -> Engine:
    settings = {
        "timezone": "UTC",
        "synchronous_commit": "on",
        "lock_timeout": f"{WAIT_S}s",
        "statement_timeout": f"{STATEMENT_MS}ms",
    }
    options = " ".join(f"-c {name}={value}" for name, value in settings.items())
    return create_engine(place, hide_parameters=True, connect_args={"connect_timeout": WAIT_S, "options": options})


def _prepare(engine: Engine, key: RegisterKey) -> None:
    """See by one quick query that the tables are ours and of this version; else make or renew them."""
    name = engine.url.render_as_string(hide_password=True)
    from raabta.registry.versions import READY, ready_version, renew  # noqa: PLC0415  it needs this module

    with engine.connect() as connection:
        version = ready_version(connection)
    if version != READY:
        renew(engine, key, found=version)
    with engine.connect() as connection:
        check_key(connection, key, name=name, lock=False)


def check_key(connection: Connection, key: RegisterKey, *, name: str, lock: bool = True) -> None:
    """See that this register is sealed with this key. With ``lock`` no other change begins before this one ends.

    Raises:
        ValueError: It is another.
    """
    query = select(STATE.c.value).where(STATE.c.name == "key")
    if connection.execute(query.with_for_update() if lock else query).scalar() == key.fingerprint:
        return
    message = f"{name}: sealed with another key. Take its register.key; a deletion replaces it by a new one."
    raise ValueError(message)


def read_fingerprint(url: str) -> str:
    """Tell which key a register is sealed with, "" where there is none yet.

    Raises:
        OSError: The database cannot be reached.
    """
    engine = make_engine(url)
    with plain_errors(engine.url.render_as_string(hide_password=True)), engine.connect() as connection:
        if not inspect(connection).has_table(STATE.name):
            return ""
        return str(connection.execute(select(STATE.c.value).where(STATE.c.name == "key")).scalar() or "")


@contextmanager
def plain_errors(name: str) -> Iterator[None]:
    """Turn the database's exceptions into ours, whose words repeat no value."""
    try:
        yield
    except IntegrityError as error:
        message = f"{name}: {_why_refused(error)}"
        raise ValueError(message) from None
    except DBAPIError as error:
        first = str(error.orig).strip().splitlines()[:1]
        message = f"{name}: {''.join(first)}. Is the database there, and may this user write to it?"
        raise OSError(message) from None
    except SQLAlchemyError as error:
        message = f"{name}: the database failed ({type(error).__name__}). Try again, and report it if it stays."
        raise OSError(message) from None


def _why_refused(error: IntegrityError) -> str:
    words = str(error.orig).lower()
    if "foreign key" in words:
        return "a record refers to an organisation that is not there, or others still refer to it. Look at `org list`."
    if "unique" in words or "duplicate" in words:
        return "a record with this id is there already. Change it, or take another id."
    return "the record breaks a rule of its table. A field that must be there is missing."


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


def _place(kind: type[Struct], row: dict[str, Any], name: str) -> str:
    return f"{table_of(kind).name}.{name}.{row[key_name(kind)]}"


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
    return [column.is_(None) if value is None else column == value for column, value in columns]
