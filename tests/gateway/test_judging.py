"""What speaks against a list, with its permanent code; and what the operator's own tables forbid."""

import datetime as dt
from pathlib import Path
from typing import Any

import msgspec
import pytest

from raabta.gateway.judging import differences, marks_restored, refusals, unsafe_notrack
from raabta.gateway.state import Load, Notes
from raabta.model.exemption import Restriction
from tests.cases.gating import NOW, entry, exemptions, gateway, load

DAY = dt.timedelta(days=1)


def _entries(after: int) -> tuple[Any, ...]:
    return tuple(entry(number, now=NOW) for number in range(after))


def _list(n: int, *, serial: int = 2, **changed: Any) -> Load:
    return load(msgspec.structs.replace(exemptions(_entries(n), now=NOW, serial=serial), **changed))


BEFORE = _list(10, serial=1)


def _codes(
    folder: Path,
    of: Load,
    *,
    before: Load | None = BEFORE,
    now: dt.datetime = NOW,
    latest_at: dt.datetime | None = None,
) -> list[str]:
    agent = gateway(folder, clock=lambda: now)
    notes = Notes(latest_at=latest_at)
    found = refusals(of, before, settings=agent.settings, notes=notes, now=now, bench=agent.bench)
    return [one.code for one in found]


@pytest.mark.parametrize(
    ("of", "before", "codes"),
    [
        pytest.param(_list(10), BEFORE, [], id="newer"),
        pytest.param(_list(12), BEFORE, [], id="a-fifth-more"),
        pytest.param(_list(13), BEFORE, ["change.large"], id="more-than-a-fifth-more"),
        pytest.param(_list(7), BEFORE, ["change.large"], id="more-than-a-fifth-less"),
        pytest.param(_list(50), None, [], id="the-first"),
        pytest.param(_list(10, serial=1), BEFORE, [], id="the-same-again"),
        pytest.param(_list(9, serial=1), BEFORE, ["serial.reused"], id="another-with-the-same-serial"),
        pytest.param(_list(10, serial=0), BEFORE, ["serial.older"], id="older"),
        pytest.param(_list(10, recipient="isp-b"), BEFORE, ["list.recipient", "list.rules"], id="of-somebody-else"),
    ],
)
def test_lists_are_refused_for_what_they_are(tmp_path: Path, of: Load, before: Load | None, codes: list[str]) -> None:
    assert _codes(tmp_path, of, before=before) == codes


@pytest.mark.parametrize("source", ["0.0.0.0/0", "10.0.0.1/32", "100.64.0.1/32", "198.18.0.0/16"])
def test_what_would_spare_too_much_is_refused_here_too(tmp_path: Path, source: str) -> None:
    wide = exemptions((*_entries(10), entry(99, now=NOW, source=source)), now=NOW, serial=2)
    assert _codes(tmp_path, load(wide)) == ["list.rules"]


def test_an_expired_list_is_not_loaded_anew_but_one_that_is_loaded_lasts_through_its_grace(tmp_path: Path) -> None:
    after = NOW + 31 * DAY
    assert _codes(tmp_path, _list(10, serial=1), now=after) == []
    assert "list.expired" in _codes(tmp_path, _list(10), now=after)
    assert _codes(tmp_path, _list(10, serial=1), now=NOW + 38 * DAY) == ["list.over"]


def test_a_clock_that_is_behind_or_went_back_is_told(tmp_path: Path) -> None:
    assert "clock.behind" in _codes(tmp_path, _list(10), now=NOW - DAY)
    assert _codes(tmp_path, _list(10), latest_at=NOW + DAY) == ["clock.back"]


def test_only_the_size_of_a_change_may_be_overridden(tmp_path: Path) -> None:
    agent = gateway(tmp_path, clock=lambda: NOW)
    found = refusals(_list(3, serial=0), BEFORE, settings=agent.settings, notes=Notes(), now=NOW, bench=agent.bench)
    assert {one.code: one.may_override for one in found} == {"serial.older": False, "change.large": True}


def test_many_blocks_at_once_wait_for_a_person(tmp_path: Path) -> None:
    blocks = tuple(
        Restriction(
            id=f"r-{number}",
            target=f"203.0.{number}.0/24",
            reason="malware",
            basis="court order 7",
            owner="north",
            not_before=NOW,
            not_after=NOW + DAY,
        )
        for number in range(11)
    )
    assert "change.blocks" not in _codes(tmp_path, _list(10, restrictions=blocks[:10]))
    assert "change.blocks" in _codes(tmp_path, _list(10, restrictions=blocks))


def test_an_entry_that_lasts_longer_has_not_changed() -> None:
    longer = exemptions(tuple(entry(number, now=NOW, not_after=NOW + DAY) for number in range(10)), now=NOW)
    found = differences(BEFORE.list, longer)
    assert (found.n_added, found.n_removed, found.change_share) == (0, 0, 0.0)


CHAIN = {"family": "ip", "table": "t", "name": "c"}
RULE = {"family": "ip", "table": "t", "chain": "c"}
STATE = {"match": {"op": "in", "left": {"ct": {"key": "state"}}, "right": "established"}}
COPY = {"mangle": {"key": {"meta": {"key": "mark"}}, "value": {"ct": {"key": "mark"}}}}


@pytest.mark.parametrize(
    ("others", "old", "is_unsafe"),
    [
        ([], "", False),
        ([{"chain": CHAIN | {"type": "filter"}}, {"rule": RULE | {"expr": [{"accept": None}]}}], "filter\n", False),
        ([{"chain": CHAIN | {"type": "nat"}}], "", True),
        ([{"rule": RULE | {"expr": [STATE]}}], "", True),
        ([{"rule": RULE | {"expr": [{"xt": None}]}}], "", True),
        ([], "nat\nfilter\n", True),
    ],
)
def test_connection_tracking_is_left_alone_where_something_needs_it(
    others: list[dict[str, Any]], old: str, is_unsafe: bool
) -> None:
    assert bool(unsafe_notrack(others, old)) is is_unsafe


def test_a_rule_that_copies_a_connections_mark_is_found() -> None:
    assert marks_restored([{"rule": RULE | {"expr": [COPY]}}]) == "chain c of table t"
    assert marks_restored([{"rule": RULE | {"expr": [STATE]}}]) == ""
