"""Which version a register's tables have, and how they are brought to ours.

A new register gets the tables of today at once; an older one goes through Alembic's migrations, which are imported only
then (they take as long to load as everything else together).
"""

from pathlib import Path
from typing import Final

from sqlalchemy import Column, Connection, Engine, MetaData, Table, Text, insert, select, text
from sqlalchemy.exc import DBAPIError

from raabta.registry.engine import write
from raabta.registry.schema import SCHEMA_VERSION, STATE, all_tables
from raabta.registry.secrets import RegisterKey

READY: Final = SCHEMA_VERSION
NOTHING: Final = ""
"""The version of an empty database."""
MIGRATIONS: Final = Path(__file__).with_name("migrations")
MAKING_LOCK: Final = 7_261_622
"""PostgreSQL's advisory lock while tables are made: any number that nobody else takes ("raa" in a telephone's keys)."""

ALEMBIC: Final = Table("alembic_version", MetaData(), Column("version_num", Text, primary_key=True))


def ready_version(connection: Connection) -> str:
    """Give the version of the tables, "" where there are none."""
    try:
        return str(connection.execute(select(ALEMBIC.c.version_num)).scalar() or NOTHING)
    except DBAPIError as error:
        if any(words in str(error.orig) for words in ("no such table", "does not exist")) and _is_there(error):
            return NOTHING
        raise


def _is_there(error: DBAPIError) -> bool:
    """Say whether it is the table that is missing, and not the whole database."""
    return "alembic_version" in str(error.orig)


def renew(engine: Engine, key: RegisterKey, *, found: str) -> None:
    """Make the tables, or bring older ones up to date.

    Raises:
        ValueError: A newer Raabta made them.
    """
    if found == NOTHING:
        _make(engine, key)
        return
    if found > SCHEMA_VERSION:
        message = (
            f"this register has tables of version {found}; this Raabta knows {SCHEMA_VERSION}. Install a newer Raabta."
        )
        raise ValueError(message)
    migrate(engine)


def migrate(engine: Engine, version: str = "head") -> None:
    """Run Alembic's migrations up to a version."""
    from alembic import command  # noqa: PLC0415  takes a second, and is needed once a year
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with write(engine) as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, version)


def _make(engine: Engine, key: RegisterKey) -> None:
    with write(engine) as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": MAKING_LOCK})
        all_tables().create_all(connection)
        ALEMBIC.create(connection, checkfirst=True)
        if connection.execute(select(STATE.c.value)).first() is None:
            connection.execute(insert(ALEMBIC), {"version_num": SCHEMA_VERSION})
            connection.execute(insert(STATE), {"name": "key", "value": key.fingerprint})
