"""Real measurements of many kinds and ages: all are read, none is lost, and those with a known cause get it."""

import functools
from typing import Final

import pytest

from raabta.model import Measurement, Verdict
from raabta.pipeline import diagnose_each
from raabta.wire.ooni import NETTESTS
from tests.cases.judging import diagnosis, ooni_data

N_DOCUMENTS: Final = 41


@functools.cache
def results() -> dict[int, tuple[Measurement, Verdict]]:
    """Measurement and verdict by line; every line must be read."""
    found = list(diagnose_each([str(ooni_data() / "real.jsonl")], diagnosis()))
    read = [item for item in found if isinstance(item, tuple)]
    assert [item for item in found if not isinstance(item, tuple)] == []
    return {measurement.line: (measurement, verdict) for measurement, verdict in read}


def verdict_of(line: int) -> Verdict:
    return results()[line][1]


def test_every_document_is_read_and_keeps_its_line() -> None:
    assert list(results()) == list(range(1, N_DOCUMENTS + 1))


def test_no_field_of_a_real_document_is_lost() -> None:
    assert {line: measurement.notes for line, (measurement, _) in results().items() if measurement.notes} == {}


def test_every_nettest_is_in_the_table() -> None:
    assert {measurement.test_name for measurement, _ in results().values()} - set(NETTESTS) == set()


@pytest.mark.parametrize(
    ("line", "mechanism"),
    [(15, "http.redirect"), (17, "dns.injection.bogon"), (10, "http.tamper.header"), (12, "http.tamper.request_line")],
)
def test_known_interference_is_found(line: int, mechanism: str) -> None:
    verdict = verdict_of(line)
    assert (verdict.state, mechanism in verdict.mechanisms) == ("blocked", True)


@pytest.mark.parametrize("line", [3, 39, 40])
def test_sites_that_work_are_ok(line: int) -> None:
    assert (verdict_of(line).state, verdict_of(line).mechanisms) == ("ok", [])


@pytest.mark.parametrize("line", [34, 35])
def test_bad_certificates_are_the_sites_own(line: int) -> None:
    assert (verdict_of(line).state, verdict_of(line).mechanisms) == ("down", ["server.certificate"])


def test_what_is_not_judged_says_why() -> None:
    unjudged = [verdict for measurement, verdict in results().values() if measurement.unjudged]
    assert len(unjudged) >= 10
    assert {verdict.state for verdict in unjudged} == {"insufficient"}
    assert all(verdict.reason.startswith(verdict.test_name) for verdict in unjudged)
