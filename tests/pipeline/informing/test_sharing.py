"""Only what is public can be passed on, and only from what was made public."""

import datetime as dt
from collections.abc import Iterator
from itertools import count

import pytest
from msgspec import structs

from raabta.model.bulletin import Bulletin
from raabta.pipeline.informing.sharing import share_files
from raabta.registry import Register, RegisterKey, open_register
from tests.cases.publication import NOW, example_site, example_thread
from tests.cases.published import put_threads, withdraw

THREAD = example_thread("in-cdn2025may19")
UPDATE = THREAD.updates[-1]
BULLETIN = Bulletin(
    id=UPDATE.id,
    thread_id=THREAD.id,
    kind="incident",
    number=UPDATE.number,
    texts=UPDATE.texts,
    state="published",
    author="Ayesha",
    created_at=UPDATE.at,
    changed_at=UPDATE.at,
    published_at=UPDATE.at,
    sequence=UPDATE.sequence,
)


@pytest.fixture
def register() -> Iterator[Register]:
    ids, key = count(1), RegisterKey(seal=bytes(32), identity=bytes(32))
    with open_register("sqlite://", key=key, now=lambda: NOW, new_id=lambda kind: f"{kind}{next(ids)}") as found:
        with found.change() as records:
            records.add(BULLETIN)
            put_threads(records, [THREAD])
        yield found


def files(register: Register, bulletin_id: str = BULLETIN.id) -> dict[str, bytes]:
    with register.look() as records:
        return share_files(records, bulletin_id, site=example_site())


def test_a_published_bulletin_becomes_a_text_and_a_picture_in_each_language(register: Register) -> None:
    found = files(register)
    assert found.keys() == {"bu-cdn-3-en.txt", "bu-cdn-3-en.png", "bu-cdn-3-ur.txt", "bu-cdn-3-ur.png"}
    assert found["bu-cdn-3-en.txt"].decode().startswith("Half of the addresses answer again")
    assert found["bu-cdn-3-ur.png"][:4] == b"\x89PNG"


@pytest.mark.parametrize("fields", [{"state": "approved"}, {"state": "draft"}, {"audience": "members"}])
def test_what_is_not_public_cannot_be_passed_on(register: Register, fields: dict[str, str]) -> None:
    with register.change() as records:
        records.put(structs.replace(BULLETIN, **fields))
    with pytest.raises(ValueError, match="cannot be passed on"):
        files(register)


def test_an_unknown_bulletin_is_named(register: Register) -> None:
    with pytest.raises(LookupError, match="no bulletin bu-none"):
        files(register, "bu-none")


def test_the_words_are_those_that_were_published(register: Register) -> None:
    edited = structs.replace(BULLETIN, texts=(structs.replace(UPDATE.texts[0], title="Changed behind our back"),))
    with register.change() as records:
        records.put(structs.replace(edited, changed_at=NOW + dt.timedelta(days=1)))
    assert b"Changed behind our back" not in files(register)["bu-cdn-3-en.txt"]


def test_a_bulletin_without_its_publication_is_an_error_that_says_so(register: Register) -> None:
    with register.change() as records:
        withdraw(records, THREAD.id)
    with pytest.raises(LookupError, match="damaged"):
        files(register)
