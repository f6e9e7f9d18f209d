import datetime as dt
from collections.abc import Iterator

import pytest
from sqlalchemy import text

from raabta.model.subscription import Subscriber
from raabta.registry import Records
from raabta.registry.subscribers import (
    address_hash,
    count_asked,
    count_like,
    find_subscriber,
    forgettable,
    known_hashes,
    list_subscribers,
    open_addresses,
)
from tests.cases.subscribing import subscriber
from tests.registry.specimens import KEY, NOW, OTHER_KEY, opened

DAY = dt.timedelta(days=1)


@pytest.fixture
def records() -> Iterator[Records]:
    with opened() as register, register.change() as records:
        yield records


def hashed(mailbox: str, address: str) -> str:
    return address_hash(KEY, "email", mailbox=mailbox, address=address)


def test_a_hash_needs_the_identity_secret_and_outlives_the_sealing_one() -> None:
    plain = hashed("a", "a")
    assert plain == address_hash(OTHER_KEY, "email", mailbox="a", address="a")
    assert plain != address_hash(KEY, "webhook", mailbox="a", address="a")
    assert len(plain) == 40


def test_addresses_of_a_mailbox_share_the_first_half() -> None:
    first, second, other = hashed("m", "a"), hashed("m", "b"), hashed("n", "b")
    assert first[:20] == second[:20] != other[:20]
    assert second[20:] == other[20:] != first[20:]


def test_what_a_mailbox_was_asked_is_counted_over_all_its_addresses(records: Records) -> None:
    for number in range(3):
        one = hashed("m", str(number))
        records.add(subscriber(id=f"su-{number}", address_hash=one, asked_at=NOW - number * DAY))
    records.add(subscriber(id="su-x", address_hash=hashed("n", "0")))
    counts = [count_asked(records, hashed("m", "new"), since=NOW - days * DAY) for days in (0.5, 1.5, 9)]
    assert counts == [1, 2, 3]


def test_subscribers_are_found_by_hash_alone(records: Records) -> None:
    records.add(subscriber(address_hash=hashed("m", "a")))
    assert find_subscriber(records, hashed("m", "a")) == subscriber(address_hash=hashed("m", "a"))
    assert find_subscriber(records, hashed("m", "b")) is None
    many = [hashed("m", str(number)) for number in range(1200)]
    assert known_hashes(records, [*many, hashed("m", "a")]) == {hashed("m", "a")}


def test_only_old_pending_and_ended_ones_can_be_forgotten(records: Records) -> None:
    for state in ("pending", "confirmed", "suspended", "ended"):
        for days in (1, 10):
            at = NOW - days * DAY
            fields = {"asked_at": at, "ended_at": at if state == "ended" else None}
            records.add(subscriber(id=f"su-{state}-{days}", state=state, **fields))
    found = forgettable(records, pending_before=NOW - 7 * DAY, ended_before=NOW - 3 * DAY, n_most=10)
    assert found == ["su-pending-10", "su-ended-10"]
    assert forgettable(records, pending_before=NOW, ended_before=NOW, n_most=1) == ["su-pending-1"]


def test_lists_are_paged_and_hold_no_address_until_it_is_asked_for(records: Records) -> None:
    records.add_all(subscriber(id=f"su-{number}", address=f"a{number}@example.pk") for number in range(5))
    page = list_subscribers(records, after="su-1", n_most=2, state="confirmed")
    assert [row.id for row in page] == ["su-2", "su-3"]
    assert count_like(records, after="su-1", state="confirmed") == 3
    assert [row.address for row in open_addresses(records, page)] == ["a2@example.pk", "a3@example.pk"]


def test_questions_that_are_asked_often_use_an_index(records: Records) -> None:
    """Of SQLite: PostgreSQL decides by the table's size."""
    questions = (
        "SELECT * FROM subscribers WHERE address_hash = 'a'",
        "SELECT count(*) FROM subscribers WHERE address_hash >= 'a' AND address_hash < 'g' AND asked_at > 'x'",
        "SELECT id FROM subscribers WHERE state = 'pending' AND asked_at < 'x' ORDER BY id LIMIT 9",
        "SELECT count(*) FROM subscribers WHERE state = 'pending'",
    )
    for question in questions:
        plan = records.connection.execute(text(f"EXPLAIN QUERY PLAN {question}")).fetchall()
        assert "USING" in plan[0][3], question
    assert Subscriber.__struct_fields__[0] == "id"
