"""The register on PostgreSQL as on SQLite. What is said of SQLite alone stands in tests/registry."""

import datetime as dt
import random
import threading
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from msgspec import Struct

from raabta.model.exemption import LogLeaf, Recipient
from raabta.model.register import Organisation, Person
from raabta.pipeline.importing import Maker, import_endpoints, import_organisations
from raabta.registry.deletion import forget, remove_organisation
from raabta.registry.engine import make_engine
from raabta.registry.schema import KINDS, all_tables
from raabta.registry.secrets import RegisterKey
from raabta.registry.versions import migrate
from tests.lab.registry.conftest import Database
from tests.registry.killing import kill_at_random_moments
from tests.registry.specimens import (
    IDENTITY_NUMBER,
    KEY,
    NOW,
    OTHER_KEY,
    SPECIMENS,
    endpoint,
    ids,
    opened,
    organisation,
    person,
)

DIGITS = IDENTITY_NUMBER.replace("-", "")


@pytest.mark.parametrize("specimen", SPECIMENS, ids=lambda one: type(one).__name__)
def test_what_goes_in_comes_out_the_same(url: str, specimen: Any) -> None:
    with opened(url) as register:
        with register.change() as records:
            for record in SPECIMENS[: SPECIMENS.index(specimen) + 1]:
                records.add(record)
        with register.look() as records:
            assert list(records.find(type(specimen))) == [specimen]


def test_change_count_and_order_are_the_same(url: str) -> None:
    with opened(url) as register:
        with register.change() as records:
            records.add_all([organisation(f"o-{name}") for name in ("b", "a", "c2", "c")])
            records.put_all([organisation("o-a", sector="x"), organisation("o-b", sector="x")])
            with pytest.raises(LookupError):
                records.put(organisation("o-z"))
        with register.look() as records:
            assert [found.id for found in records.find(Organisation)] == ["o-a", "o-b", "o-c", "o-c2"]
            assert [found.id for found in records.page(Organisation, after="o-a", n_most=2)] == ["o-b", "o-c"]
            assert [found.id for found in records.page(Organisation, n_most=2, like=("legal_name", "O-C"))] == [
                "o-c",
                "o-c2",
            ]
            assert records.count(Organisation, sector="x", tax_checked_on=None) == 2


@pytest.mark.parametrize(
    ("record", "words"),
    [
        (organisation(), "a record with this id is there already"),
        (person("p-b", organisation_id="o-nobody"), "refers to an organisation that is not there"),
        (organisation("o-b", legal_name="A\0B"), "NUL"),
    ],
)
def test_what_is_refused_is_refused_in_the_same_words(url: str, record: Struct, words: str) -> None:
    with opened(url) as register:
        with register.change() as records:
            records.add(organisation())
        with pytest.raises(ValueError, match=words) as caught, register.change() as records:
            records.add(record)
        assert "Zainab" not in str(caught.value)
        with register.look() as records:
            assert records.count(Organisation) == 1


def test_three_writers_lose_nothing(url: str) -> None:
    opened(url).close()

    def count_up() -> None:
        with opened(url) as register:
            for _ in range(20):
                with register.change() as records:
                    n_leaves = records.count(LogLeaf)
                    records.add(LogLeaf(index=n_leaves, at=NOW, event="entry_added", subject_hash="", reason=""))

    threads = [threading.Thread(target=count_up) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    with opened(url) as register, register.look() as records:
        assert [leaf.index for leaf in records.find(LogLeaf)] == list(range(60))


def test_a_first_use_by_three_at_once_makes_one_register(url: str) -> None:
    faults: list[Exception] = []

    def begin() -> None:
        try:
            opened(url).close()
        except (ValueError, OSError) as error:
            faults.append(error)

    threads = [threading.Thread(target=begin) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert faults == []


def test_no_acknowledged_case_is_lost_to_a_hundred_kills(url: str) -> None:
    killed = kill_at_random_moments(url, n_times=100, chance=random.Random(4))
    assert (killed.lost, killed.n_half) == ([], 0)
    assert killed.n_acknowledged > 100


def test_migrations_make_what_the_types_derive_on_postgresql(database: Database) -> None:
    engine = make_engine(database.url)
    migrate(engine)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, all_tables()) == []
    engine.dispose()


def test_reading_holds_up_no_writer_and_sees_one_moment(url: str) -> None:
    with opened(url) as register, opened(url) as other:
        with register.look() as records:
            assert records.count(Organisation) == 0
            with other.change() as theirs:
                theirs.add(organisation())
            assert records.count(Organisation) == 0
        with register.look() as records:
            assert records.count(Organisation) == 1


# --- privacy ------------------------------------------------------------------------------------------------

ROWS = (
    f"One,bank,pk,Zainab Secretname,{IDENTITY_NUMBER},",
    f"Two,bank,pk,Yusuf Secretname,{DIGITS},",
    f"{IDENTITY_NUMBER},bank,pk,Zainab Secretname,{IDENTITY_NUMBER},",
    f"Three,bank,pk,{DIGITS},{IDENTITY_NUMBER},",
    f"Four,{DIGITS},pk,Zainab Secretname,{IDENTITY_NUMBER},",
    f"Five,bank,pk,Zainab Secretname,{IDENTITY_NUMBER},{IDENTITY_NUMBER}",
)


def plant(url: str) -> str:
    """Take in tables into which identity numbers were planted; give all that was said of them."""
    maker = Maker(now=NOW, new_id=ids(), key=KEY, lint=lambda *_: ())
    head = "legal_name,legal_form,country,person_name,identity_number,sector,identity_kind,identity_seen_by"
    table = [head, *(f"{row},cnic,Desk" for row in ROWS)]
    with opened(url) as register, register.change() as records:
        taken = import_organisations(records, [f"{line}\n".encode() for line in table], maker=maker)
        owner = taken.ids[0]
        ends = [f"organisation_id,direction,prefix,purpose\n{owner},member_source,39.40.1.1,VPN {IDENTITY_NUMBER}\n"]
        refused = import_endpoints(records, [line.encode() for part in ends for line in part.splitlines()], maker=maker)
    assert len(taken.ids) == 2
    assert refused.ids == ()
    return str([str(fault) for fault in (*taken.faults, *refused.faults)])


def test_planted_identity_numbers_are_in_no_dump_log_or_file_of_postgresql(database: Database) -> None:
    said = plant(database.url)
    written = database.cluster.written() + database.cluster.dump(database.name).encode()
    assert b"One" in written
    assert [word for word in (IDENTITY_NUMBER, DIGITS, "Secretname") if word.encode() in written] == []
    assert [word for word in (IDENTITY_NUMBER, DIGITS) if word in said] == []


def test_planted_identity_numbers_are_in_no_file_of_sqlite(tmp_path: Path, require: object) -> None:
    said = plant(f"sqlite:///{tmp_path}/r")
    written = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert b"One" in written
    assert [word for word in (IDENTITY_NUMBER, DIGITS, "Secretname") if word.encode() in written] == []
    assert [word for word in (IDENTITY_NUMBER, DIGITS) if word in said] == []


def test_deletion_leaves_nothing_in_tables_and_dump_of_postgresql(database: Database) -> None:
    with opened(database.url) as register:
        with register.change() as records:
            records.add(organisation(legal_name="Vanishing Ltd"))
            records.add(organisation("o-b", legal_name="Staying Ltd"))
            records.add_all([person(name="Vanishing"), person("p-b", organisation_id="o-b", name="Staying")])
            records.add(endpoint(site="Vanishing site"))
            records.add(Recipient(id="op", name="Operator", reference_key="secret"))
        forget(register, lambda records: remove_organisation(records, "o-a"), new_key=OTHER_KEY, key_file=None)
        with register.look() as records:
            assert [found.name for found in records.find(Person)] == ["Staying"]
            left = {KINDS[kind]: records.count(kind) for kind in KINDS if records.count(kind)}
    assert left == {"organisations": 1, "people": 1, "recipients": 1}
    database.cluster.sql("CHECKPOINT")
    number = database.cluster.sql(f"SELECT oid FROM pg_database WHERE datname = '{database.name}'").strip()
    tables = b"".join(file.read_bytes() for file in (database.cluster.folder / "data" / "base" / number).iterdir())
    assert b"Staying Ltd" in tables
    assert b"Vanishing" not in tables + database.cluster.dump(database.name).encode()


def test_an_old_backup_does_not_open_with_the_key_after_a_deletion(database: Database) -> None:
    with opened(database.url) as register:
        with register.change() as records:
            records.add(organisation())
            records.add(person())
        backup = database.cluster.dump(database.name)
        key = RegisterKey(seal=b"n" * 32, identity=KEY.identity)
        forget(register, lambda records: remove_organisation(records, "o-a"), new_key=key, key_file=None)
    restored = Database(database.cluster, f"{database.name}_restored")
    database.cluster.sql(f"CREATE DATABASE {restored.name} OWNER clerk")
    file = database.cluster.folder / "backup.sql"
    file.write_text(backup)
    file.chmod(0o644)
    database.cluster.run(
        "psql", "-q", "-h", str(database.cluster.folder), "-U", "owner", "-d", restored.name, "-f", str(file)
    )
    with pytest.raises(ValueError, match="sealed with another key"):
        opened(restored.url, key=key)
    file.unlink()


def test_times_are_utc_whatever_the_server_thinks(database: Database) -> None:
    database.cluster.sql(f"ALTER DATABASE {database.name} SET timezone TO 'Asia/Karachi'")
    with opened(database.url) as register:
        with register.change() as records:
            records.add(organisation())
        with register.look() as records:
            found = records.get(Organisation, "o-a")
    assert found is not None
    assert (found.created_at, found.created_at.tzinfo) == (NOW, dt.UTC)
