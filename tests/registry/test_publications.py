"""What a build of the site asks the register for."""

import datetime as dt
from collections.abc import Iterator

import msgspec
import pytest

from raabta.registry import Register
from raabta.registry.publications import (
    all_ids,
    contents_of,
    count_months,
    lines_above,
    newest_sequence,
    of_month,
    open_or_newest,
    open_or_newest_of,
)
from tests.cases.published import many_threads, put_threads
from tests.registry.specimens import opened

THREADS = [
    msgspec.structs.replace(one, is_open=number in (2, 19), component_ids=("vpn",) if number % 2 else ("calls", "vpn"))
    for number, one in enumerate(many_threads(20, n_updates=2, first_at=dt.datetime(2024, 11, 28, 20, tzinfo=dt.UTC)))
]
"""The n-th has the sequence 2n + 2; every eight hours, the seventh in December there, and in November in UTC."""


@pytest.fixture(scope="module")
def register() -> Iterator[Register]:
    with opened() as found:
        with found.change() as records:
            put_threads(records, THREADS)
        yield found


def test_all_that_is_open_and_the_newest_come_newest_first(register: Register) -> None:
    with register.look() as records:
        found = [one.sequence for one in open_or_newest(records, n_newest=3)]
    assert found == [40, 38, 36, 6]


def test_of_a_component_likewise(register: Register) -> None:
    with register.look() as records:
        found = [one.sequence for one in open_or_newest_of(records, "calls", n_newest=3)]
        assert open_or_newest_of(records, "none", n_newest=3) == []
    assert found == [38, 34, 30, 6]


def test_lines_are_those_with_an_update_after_a_sequence(register: Register) -> None:
    with register.look() as records:
        assert [line.sequence for line in lines_above(records, 36)] == [38, 40]
        assert lines_above(records, 40) == []
        assert len(lines_above(records, 0)) == 20
        assert lines_above(records, 38)[0].component_ids == ("vpn",)
        assert newest_sequence(records) == 40


def test_months_are_local_and_counted_with_what_is_open(register: Register) -> None:
    with register.look() as records:
        assert count_months(records) == [("2024-12", 14, 1), ("2024-11", 6, 1)]
        assert [one.sequence for one in of_month(records, "2024-11")] == [12, 10, 8, 6, 4, 2]


def test_contents_are_read_in_bits_and_what_is_gone_is_left_out(register: Register) -> None:
    with register.look() as records:
        ids = all_ids(records)
        asked = [*(f"in-gone{number}" for number in range(700)), *ids]
        assert {one.id for one in contents_of(records, asked)} == ids == {one.id for one in THREADS}


def test_an_empty_register_has_no_sequence() -> None:
    with opened() as register, register.look() as records:
        assert newest_sequence(records) == 0
        assert count_months(records) == []
