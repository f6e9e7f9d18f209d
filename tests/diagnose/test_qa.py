"""OONI's emulated measurements: the condition of each is known, and so is the verdict that it deserves."""

import json
from datetime import date
from typing import Any, Final

import pytest

from raabta.model import Verdict
from tests.cases.documents import Document
from tests.cases.judging import FRESH, TODAY, is_named, judge, ooni_data
from tests.cases.renaming import renamed, reordered

FOUND: Final = ("blocked", "throttled")
STATE_BY_TRUTH: Final = {"ok": "ok", "down": "down", "server_side": "down"}

DAYS = [pytest.param(FRESH, id="fresh-table"), pytest.param(TODAY, id="today")]


def truths() -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads((ooni_data() / "qa.json").read_bytes())
    return rows


def document_of(row: dict[str, Any]) -> Document:
    document: Document = json.loads((ooni_data() / "qa" / f"{row['name']}.json").read_bytes())
    return document


def judged(today: date, *, blocked: bool) -> list[tuple[dict[str, Any], Verdict]]:
    rows = [row for row in truths() if (row["truth"] == "blocked") == blocked]
    return [(row, judge(document_of(row), today=today)) for row in rows]


def names_all(verdict: Verdict, mechanisms: list[str]) -> bool:
    return len(verdict.mechanisms) == len(mechanisms) and all(
        any(is_named(named, truth) for named in verdict.mechanisms) for truth in mechanisms
    )


@pytest.mark.parametrize("today", DAYS)
def test_all_interference_is_found(today: date) -> None:
    missed = [row["name"] for row, verdict in judged(today, blocked=True) if verdict.state not in FOUND]
    assert missed == []


@pytest.mark.parametrize("today", DAYS)
def test_layers_are_exactly_right_in_all_but_one(today: date) -> None:
    wrong = [row["name"] for row, verdict in judged(today, blocked=True) if set(verdict.layers) != set(row["layers"])]
    assert len(wrong) <= 1, wrong


@pytest.mark.parametrize("today", DAYS)
def test_mechanisms_are_right_in_all_but_one(today: date) -> None:
    wrong = [row["name"] for row, verdict in judged(today, blocked=True) if not names_all(verdict, row["mechanisms"])]
    assert len(wrong) <= 1, wrong


@pytest.mark.parametrize("today", DAYS)
def test_nothing_is_found_where_nothing_interferes(today: date) -> None:
    false = [row["name"] for row, verdict in judged(today, blocked=False) if verdict.state in FOUND]
    assert false == []


@pytest.mark.parametrize("today", DAYS)
def test_ok_and_down_are_told_apart(today: date) -> None:
    found = {row["name"]: verdict.state for row, verdict in judged(today, blocked=False)}
    assert found == {row["name"]: STATE_BY_TRUTH[row["truth"]] for row in truths() if row["truth"] != "blocked"}


def test_a_challenge_is_called_a_challenge() -> None:
    found = [verdict.mechanisms for row, verdict in judged(TODAY, blocked=False) if row["truth"] == "server_side"]
    assert found == [["server.challenge"]]


def said_of(document: Document) -> tuple[str, set[str], set[str]]:
    verdict = judge(document, today=FRESH)
    return verdict.state, set(verdict.layers), set(verdict.mechanisms)


def differing(change: Any) -> dict[str, Any]:
    """Verdicts that a change of what does not matter has changed, before and after."""
    pairs = {row["name"]: (said_of(document_of(row)), said_of(change(document_of(row)))) for row in truths()}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def test_other_names_addresses_and_networks_change_no_verdict() -> None:
    assert differing(renamed) == {}


def test_another_order_of_the_steps_changes_no_verdict() -> None:
    assert differing(reordered) == {}


def test_other_names_and_another_order_change_no_verdict() -> None:
    assert differing(lambda document: reordered(renamed(document))) == {}


def test_renaming_leaves_no_name_or_address_behind() -> None:
    kept = [row["name"] for row in truths() if any(old in json.dumps(renamed(document_of(row))) for old in FORMER)]
    assert kept == []


FORMER: Final = ("example.com", "badssl.com", "bit.ly", "93.184.216.34", "130.192.182.17", "AS137", "67.199.248.11")
