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
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

from sqlalchemy import Connection, Engine, inspect, select

from raabta.registry.engine import make_engine, plain_errors, write
from raabta.registry.records import Records
from raabta.registry.schema import STATE
from raabta.registry.secrets import RegisterKey

__all__ = ["Records", "Register", "check_key", "open_register", "read_fingerprint"]


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
    try:
        with plain_errors(engine.url.render_as_string(hide_password=True)), engine.connect() as connection:
            if not inspect(connection).has_table(STATE.name):
                return ""
            return str(connection.execute(select(STATE.c.value).where(STATE.c.name == "key")).scalar() or "")
    finally:
        engine.dispose()
