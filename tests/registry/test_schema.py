import sqlite3
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from msgspec import structs

from raabta.model.register import Organisation
from raabta.registry.engine import make_engine
from raabta.registry.schema import KINDS, METADATA, SCHEMA_VERSION, all_tables, table_of
from raabta.registry.versions import MIGRATIONS, migrate
from tests.registry.specimens import opened, organisation


def test_migrations_make_what_the_types_derive(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path}/r")
    migrate(engine)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, all_tables()) == []
    engine.dispose()


def test_a_fresh_register_has_the_tables_that_migrations_make(tmp_path: Path) -> None:
    migrated = make_engine(f"sqlite:///{tmp_path}/migrated")
    migrate(migrated)
    migrated.dispose()
    opened(f"sqlite:///{tmp_path}/fresh").close()
    assert described(tmp_path / "fresh") == described(tmp_path / "migrated")


def tell(base: sqlite3.Connection, pragma: str, table: str) -> list[tuple[object, ...]]:
    """What SQLite says of a table; the order in which indexes were made does not matter."""
    rows = base.execute(f"PRAGMA {pragma}({table})").fetchall()
    return [row[1:] if pragma == "index_list" else row for row in rows]


def described(file: Path) -> dict[str, list[tuple[object, ...]]]:
    """Columns, foreign keys and indexes by table, as the database itself tells them."""
    with sqlite3.connect(file) as base:
        names = [name for (name,) in base.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        told = {
            name: [
                row
                for pragma in ("table_info", "foreign_key_list", "index_list")
                for row in sorted(tell(base, pragma, name), key=repr)
            ]
            for name in names
            if name != "alembic_version"
        }
    base.close()
    return told


def test_the_newest_migration_is_the_version_of_the_schema() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    assert ScriptDirectory.from_config(config).get_current_head() == SCHEMA_VERSION


def test_every_field_is_a_column_in_its_order() -> None:
    assert {kind: [column.name for column in table_of(kind).c] for kind in KINDS} == {
        kind: [field.name for field in structs.fields(kind)] for kind in KINDS
    }


def test_no_table_has_room_for_an_identity_number_or_a_key_of_a_tunnel() -> None:
    all_tables()
    columns = {column.name for table in METADATA.tables.values() for column in table.c}
    assert {"identity_number", "cnic", "private_key", "psk", "traffic"} & columns == set()


def test_a_register_of_a_newer_raabta_is_left_alone(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/r"
    opened(url).close()
    with sqlite3.connect(tmp_path / "r") as base:
        base.execute("UPDATE alembic_version SET version_num = '9999'")
    base.close()
    with pytest.raises(ValueError, match="version 9999; this Raabta knows"):
        opened(url)


def test_opening_twice_keeps_what_is_there(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/r"
    with opened(url) as register, register.change() as records:
        records.add(organisation())
    with opened(url) as register, register.look() as records:
        assert records.count(Organisation) == 1
