"""One sender for a register: a second one would send what the first has under way.

SQLite: a lock on a file beside the database. PostgreSQL: an advisory lock, held by a connection of its own. Both end
with the process that held them, however it ends.
"""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from sqlalchemy import text

from raabta.registry.engine import plain_errors
from raabta.registry.store import Register

LOCK_FILE: Final = "outbox.lock"
LOCK_NUMBER: Final = 0x7261_6162_7461_6F62
"""PostgreSQL names advisory locks by a number: "raabtaob"."""


@contextmanager
def only_sender(register: Register) -> Iterator[Callable[[], None]]:
    """Be the only sender of a register.

    Yields:
        A function that sees that this is still so. A database connection can be lost, and with it the lock: then it
        raises ``OSError``.

    Raises:
        ValueError: Another one is at work.
    """
    engine = register.engine
    if engine.dialect.name == "postgresql":
        with _advisory(register) as check:
            yield check
    elif engine.url.database in (None, "", ":memory:"):
        yield lambda: None
    else:
        with _file(Path(str(engine.url.database)).with_name(LOCK_FILE)):
            yield lambda: None


@contextmanager
def _file(path: Path) -> Iterator[None]:
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ValueError(_other(str(path))) from None
        yield
    finally:
        os.close(handle)


@contextmanager
def _advisory(register: Register) -> Iterator[Callable[[], None]]:
    ask = text("SELECT pg_try_advisory_lock(:number)")
    with plain_errors(register.name), register.engine.connect() as raw:
        connection = raw.execution_options(isolation_level="AUTOCOMMIT")
        if not connection.execute(ask, {"number": LOCK_NUMBER}).scalar_one():
            raise ValueError(_other(register.name))

        def check() -> None:
            with plain_errors(register.name):
                connection.execute(text("SELECT 1"))

        try:
            yield check
        finally:
            connection.invalidate()  # ends the session, and with it the lock: it must not go back into the pool


def _other(where: str) -> str:
    return f"{where}: another sender is at work on this register. Let it work, or stop it first."
