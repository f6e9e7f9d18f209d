"""The database beneath: how it locks, waits and writes, and its faults in our words.

SQLAlchemy opens it; what differs between SQLite and PostgreSQL stands here and in ``deletion``.
"""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, SQLAlchemyError
from sqlalchemy.pool import StaticPool

WAIT_S: Final = 10
"""How long a writer waits for another one, and for a server to answer. A command of ours holds the lock for < 1 s."""
AGAIN_S: Final = 0.02
"""Between two tries to switch a database that another process has just made."""
STATEMENT_MS: Final = 60_000
"""A statement that takes longer than this on PostgreSQL is given up."""
WRITES: Final = "raabta_writes"


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
        _keep_a_log(raw)
        for pragma in ("synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
            raw.execute(f"PRAGMA {pragma}").fetchall()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get(WRITES, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _keep_a_log(raw: sqlite3.Connection) -> None:
    """Switch a new database to its write-ahead log: the one statement for which SQLite does not wait by itself."""
    deadline = time.monotonic() + WAIT_S
    while True:
        try:
            raw.execute("PRAGMA journal_mode=WAL").fetchall()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(AGAIN_S)
        else:
            return


def _postgresql_engine(place: URL) -> Engine:
    settings = {
        "timezone": "UTC",
        "synchronous_commit": "on",
        "lock_timeout": f"{WAIT_S}s",
        "statement_timeout": f"{STATEMENT_MS}ms",
    }
    options = " ".join(f"-c {name}={value}" for name, value in settings.items())
    connecting = {"connect_timeout": WAIT_S, "options": options}
    # Not asked for at each start: a type that no table of ours has.
    return create_engine(place, hide_parameters=True, use_native_hstore=False, connect_args=connecting)


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
