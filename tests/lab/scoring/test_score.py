"""A run's results to figures, and figures to text."""

import msgspec

from raabta.lab.results import CellResult
from raabta.lab.scoring import report, score
from raabta.lab.scoring.judged import OUTCOMES
from tests.lab.scoring.made_up import CLOSED, DOWN, LOSSY, SLOWED, SNI, result, verdict


def run() -> list[CellResult]:
    """Ten interfered cells of which one is missed, a twin without mistakes, one false accusation elsewhere."""
    filtered = [
        result(
            SNI,
            said=verdict("tls.reset.sni") if i else verdict(),
            scenario="reset",
            twin="benign.resets",
            target=f"t{i}",
        )
        for i in range(10)
    ]
    beside = [result(scenario="reset", twin="benign.resets", target="bank")]
    twin = [result(DOWN, said=verdict("server.down"), scenario="benign-resets", target=f"t{i}") for i in range(4)]
    other = [
        result(LOSSY, said=verdict("tcp.timeout") if not i else verdict(), scenario="benign-line", target=f"t{i}")
        for i in range(6)
    ]
    return filtered + beside + twin + other


def test_the_shares_count_what_they_say() -> None:
    found = score(run())
    assert (found.mechanism.n_good, found.mechanism.n) == (9, 10)
    assert (found.all_cells.n_good, found.all_cells.n) == (19, 21)
    assert (found.locus.n_good, found.locus.n) == (13, 13)


def test_interference_verdicts_among_benign_runs_are_counted_apart_from_those_beside_interference() -> None:
    found = score(run())
    assert (found.benign_runs, found.benign_families, found.n_false) == (10, 2, 1)
    assert (found.beside_n, found.beside_n_false) == (1, 0)


def test_a_family_is_told_apart_from_its_twin_only_in_every_cell() -> None:
    (row,) = score(run()).twins
    assert (row.family, row.n, row.n_found, row.twin, row.twin_n, row.twin_n_false) == (
        "reset",
        10,
        9,
        "benign.resets",
        4,
        0,
    )
    assert not row.is_told_apart
    (perfect,) = score(run()[1:]).twins
    assert perfect.is_told_apart


def test_the_confusion_says_what_was_named_instead() -> None:
    rows = {row.truth: row for row in score(run()).confusion}
    assert set(rows) == {"(well)", "server.down", "tls.reset.sni"}
    assert rows["tls.reset.sni"].outcomes == {"missed": 1, "exact": 9}
    assert rows["tls.reset.sni"].instead == [("ok", 1)]
    assert rows["(well)"].instead == [("tcp.timeout", 1)]


def test_every_mistake_is_listed_with_its_scenario() -> None:
    found = score(run()).mistakes
    assert [(one.place, one.outcome, one.said) for one in found] == [
        ("reset north/t0", "missed", "ok"),
        ("benign-line north/t0", "false", "tcp.timeout"),
    ]


def test_what_the_lab_could_not_measure_is_told_and_not_scored() -> None:
    lost = CellResult(scenario="s", family="f", network="north", target="news", error="the worker ended")
    skipped = CellResult(scenario="t", family="f", network="north", target="news", skipped="nginx not found")
    found = score([lost, lost, skipped, *run()])
    assert found.n_cells == len(run())
    assert (found.errors, found.skipped) == (["s: the worker ended"], ["t: nginx not found"])


def test_cells_that_cannot_be_told_either_way_are_neither_benign_nor_interfered_with() -> None:
    found = score([result(SLOWED, said=verdict("path.throttle"), scenario="slowed"), *run()])
    assert found.n_unclear == 1
    assert (found.benign_runs, found.mechanism.n) == (10, 10)


def test_repeats_are_runs() -> None:
    assert score([result(scenario="b", repeat=i) for i in range(3)]).benign_runs == 3


def test_a_score_of_nothing_is_a_score() -> None:
    found = score([])
    assert (found.n_cells, found.skills) == (0, [])
    assert "0 cells" in report(found)


def test_the_report_fits_eighty_columns_and_ends_in_a_newline() -> None:
    long_name = "a-scenario-with-a-name-that-is-longer-than-any-name-should-be-but-may-be-all-the-same"
    text = report(score([*run(), result(CLOSED, SNI, scenario=long_name, said=verdict("dns.nxdomain"))]))
    assert max(map(len, text.splitlines())) <= 80
    assert text.endswith("\n")
    assert not text.endswith("\n\n")


def test_the_report_says_the_figures() -> None:
    text = report(score(run()))
    assert "mechanism exact, interfered cells     90.0%   9 of 10" in text
    assert "1 of 10 runs, 2 families" in text
    assert OUTCOMES["missed"] in text


def test_a_score_can_be_written_as_json() -> None:
    assert msgspec.json.decode(msgspec.json.encode(score(run())))["n_false"] == 1
