import datetime as dt
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec import Struct, structs

from raabta.model.exemption import LogLeaf, Recipient, Review
from raabta.model.register import Organisation, Person
from raabta.registry import Register
from raabta.registry.schema import KINDS
from tests.registry.specimens import KEY, NOW, OTHER_KEY, SPECIMENS, opened, organisation, person


@pytest.fixture
def register() -> Iterator[Register]:
    with opened() as made:
        yield made


@pytest.fixture
def filled(register: Register) -> Register:
    with register.change() as records:
        for specimen in SPECIMENS:
            records.add(specimen)
    return register


def test_every_kind_has_a_specimen_here() -> None:
    assert {type(specimen) for specimen in SPECIMENS} == set(KINDS)


@pytest.mark.parametrize("specimen", SPECIMENS, ids=lambda one: type(one).__name__)
def test_what_goes_in_comes_out_the_same(filled: Register, specimen: Any) -> None:
    key = getattr(specimen, "id", 0)
    with filled.look() as records:
        assert records.get(type(specimen), key) == specimen
        assert list(records.find(type(specimen))) == [specimen]
        assert records.count(type(specimen)) == 1


def test_time_in_another_zone_comes_out_as_the_same_moment_in_utc(register: Register) -> None:
    karachi = dt.timezone(dt.timedelta(hours=5))
    with register.change() as records:
        records.add(organisation(created_at=NOW.astimezone(karachi)))
        found = records.get(Organisation, "o-a")
    assert found is not None
    assert (found.created_at, found.created_at.tzinfo) == (NOW, dt.UTC)


def test_an_exception_undoes_the_whole_change(register: Register) -> None:
    with pytest.raises(ValueError, match="already"), register.change() as records:
        records.add_all([organisation(), organisation("o-b"), organisation()])
    with register.look() as records:
        assert records.count(Organisation) == 0


def test_put_replaces_and_refuses_what_is_not_there(filled: Register) -> None:
    with filled.change() as records:
        records.put(organisation(legal_name="New name"))
        assert [found.legal_name for found in records.find(Organisation)] == ["New name"]
        with pytest.raises(LookupError, match="Organisation o-b: not in the register"):
            records.put(organisation("o-b"))


def test_remove_says_whether_there_was_one(filled: Register) -> None:
    with filled.change() as records:
        assert [records.remove(Review, "v-a"), records.remove(Review, "v-a")] == [True, False]


def test_a_second_record_with_the_same_id_is_refused(filled: Register) -> None:
    with pytest.raises(ValueError, match="a record with this id is there already"), filled.change() as records:
        records.add(organisation())


def test_nothing_belongs_to_an_organisation_that_is_not_there(filled: Register) -> None:
    with pytest.raises(ValueError, match="refers to an organisation that is not there"), filled.change() as records:
        records.add(person("p-b", organisation_id="o-nobody"))
    with pytest.raises(ValueError, match="others still refer to it"), filled.change() as records:
        records.remove(Organisation, "o-a")


def test_find_filters_by_equality_in_the_order_of_ids(register: Register) -> None:
    with register.change() as records:
        records.add_all([organisation(f"o-{name}", sector=sector) for name, sector in ("cx", "ay", "bx")])
        assert [found.id for found in records.find(Organisation, sector="x")] == ["o-b", "o-c"]
        assert [found.id for found in records.find(Organisation, tax_checked_on=None)] == ["o-a", "o-b", "o-c"]
        assert [found.id for found in records.page(Organisation, after="o-a", n_most=1)] == ["o-b"]
        assert [found.id for found in records.page(Organisation, n_most=9, like=("legal_name", "NY o-C"))] == ["o-c"]
        assert list(records.page(Organisation, n_most=9, like=("legal_name", "%"))) == []


def test_records_may_be_changed_while_they_are_gone_through(register: Register) -> None:
    with register.change() as records:
        records.add_all([organisation(f"o-{number:03}") for number in range(50)])
        for found in records.find(Organisation):
            records.put(structs.replace(found, sector="seen"))
        assert records.count(Organisation, sector="seen") == 50


@pytest.mark.parametrize(("kind", "field"), [(Person, "name"), (Person, "email"), (Recipient, "reference_key")])
def test_a_sealed_field_cannot_be_searched(filled: Register, kind: type[Struct], field: str) -> None:
    with pytest.raises(ValueError, match="stored encrypted"), filled.look() as records:
        records.find(kind, **{field: "x"})


def test_an_unknown_field_is_named_with_those_that_there_are(register: Register) -> None:
    words = "Organisation has no field nmae. Fields are id, legal_name"
    with pytest.raises(ValueError, match=words), register.look() as records:
        records.find(Organisation, nmae="x")


@pytest.mark.parametrize(
    ("record", "words"),
    [
        (organisation(legal_form="gang"), "Organisation o-a: legal_form has a value that the type does not allow"),
        (organisation(domains=(1,)), "Organisation o-a: domains.* has a value that the type does not allow"),
        (organisation(created_at=dt.datetime(2026, 1, 1)), "created_at is a time without its zone"),  # noqa: DTZ001
        (organisation(legal_name="A\0B"), "NUL"),
    ],
)
def test_what_could_not_be_read_back_is_refused_without_its_value(register: Register, record: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words) as caught, register.change() as records:
        records.add(record)
    assert "gang" not in str(caught.value)


def test_looking_changes_nothing(register: Register) -> None:
    with pytest.raises(ValueError, match="open for reading only"), register.look() as records:
        records.add(organisation())


def test_personal_fields_stand_in_no_file(tmp_path: Path) -> None:
    with opened(f"sqlite:///{tmp_path}/r") as register, register.change() as records:
        records.add(organisation())
        records.add(person())
    written = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert b"Company o-a" in written
    assert [word for word in (b"Zainab", b"zainab@", b"Secretname") if word in written] == []


def test_another_key_is_refused_in_plain_words(tmp_path: Path) -> None:
    opened(f"sqlite:///{tmp_path}/r").close()
    with pytest.raises(ValueError, match="sealed with another key"):
        opened(f"sqlite:///{tmp_path}/r", key=OTHER_KEY)


def test_a_sealed_value_does_not_open_in_another_row(tmp_path: Path) -> None:
    with opened(f"sqlite:///{tmp_path}/r") as register:
        with register.change() as records:
            records.add(organisation())
            records.add_all([person("p-a", name="One"), person("p-b", name="Two")])
            records.connection.exec_driver_sql(
                "UPDATE people SET name = (SELECT name FROM people WHERE id = 'p-a') WHERE id = 'p-b'"
            )
        with pytest.raises(ValueError, match=r"people.name.p-b: cannot be opened"), register.look() as records:
            records.get(Person, "p-b")


def test_two_writers_wait_for_each_other_and_lose_nothing(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/r"
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


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("nonsense", "no URL of a register"),
        ("mysql://x/y", "mysql: not a database for a register"),
    ],
)
def test_another_kind_of_database_is_refused(url: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        opened(url)


def test_a_database_that_cannot_be_opened_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="unable to open database file"):
        opened(f"sqlite:///{tmp_path}/nowhere/r")


def test_no_error_names_the_password(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="Is the database there") as caught:
        opened(f"postgresql://user:hushhush@/nothing?host={tmp_path}")
    assert "hushhush" not in str(caught.value)


def test_the_key_shows_neither_secret() -> None:
    assert repr(KEY) == f"RegisterKey({KEY.fingerprint})"
    assert KEY.fingerprint != OTHER_KEY.fingerprint
