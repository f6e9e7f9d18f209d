"""Skill and reliability, on numbers that can be checked by hand."""

import math
import xml.etree.ElementTree as ET

import pytest

from raabta.lab.scoring.reliability import bin_forecasts, draw_reliability, family_points
from raabta.lab.scoring.skill import PREVALENCES, Forecast, measure_skill, reweigh


def forecasts(*rows: tuple[float, bool], prior: float = 0.5) -> list[Forecast]:
    return [Forecast(f"family{i % 7}", p, prior, true) for i, (p, true) in enumerate(rows)]


def test_a_posterior_at_its_own_prior_stays() -> None:
    assert reweigh(0.8, prior=0.5, prevalence=0.5) == pytest.approx(0.8)


def test_a_posterior_moves_with_the_odds_of_the_prior() -> None:
    # Odds 99 at one to one become 99 / 99 at one to 99.
    assert reweigh(0.99, prior=0.5, prevalence=0.01) == pytest.approx(0.5)


def test_who_says_the_prior_has_no_skill_at_any_prevalence() -> None:
    cells = forecasts(*[(0.5, i % 2 == 0) for i in range(40)])
    for prevalence in PREVALENCES:
        skill = measure_skill(cells, prevalence=prevalence)
        assert skill is not None
        assert skill.log_loss == pytest.approx(0.0, abs=1e-9)
        assert skill.brier == pytest.approx(0.0, abs=1e-9)
        assert skill.brier_interval == pytest.approx((0.0, 0.0), abs=1e-9)


def test_who_is_right_and_sure_has_nearly_all_skill() -> None:
    skill = measure_skill(forecasts(*[(float(i % 2), i % 2 == 1) for i in range(40)]), prevalence=0.5)
    assert skill is not None
    assert skill.log_loss > 0.999
    assert skill.brier > 0.999


def test_who_is_wrong_and_sure_has_less_than_none() -> None:
    skill = measure_skill(forecasts(*[(float(i % 2), i % 2 == 0) for i in range(40)]), prevalence=0.05)
    assert skill is not None
    assert skill.log_loss < 0
    assert skill.brier < 0


def test_skill_is_what_its_definition_says() -> None:
    skill = measure_skill(forecasts((0.8, True), (0.3, False)), prevalence=0.5)
    assert skill is not None
    log_loss = -(math.log(0.8) + math.log(0.7)) / 2
    assert skill.log_loss == pytest.approx(1 - log_loss / math.log(2))
    assert skill.brier == pytest.approx(1 - (0.2**2 + 0.3**2) / 2 / 0.25)


def test_intervals_hold_the_skill_and_are_the_same_each_time() -> None:
    cells = forecasts(*[(0.2 + 0.6 * (i % 3 == 0), i % 3 != 1) for i in range(60)])
    first, second = (measure_skill(cells, prevalence=0.05) for _ in range(2))
    assert first == second
    assert first is not None
    low, high = first.log_loss_interval
    assert low <= first.log_loss <= high
    assert low < high


@pytest.mark.parametrize("true", [True, False])
def test_cells_of_one_kind_alone_have_no_skill(true: bool) -> None:
    assert measure_skill(forecasts((0.5, true), (0.6, true)), prevalence=0.5) is None


def test_bins_hold_every_cell_once() -> None:
    cells = forecasts(*[(p, p > 0.5) for p in (0.0, 0.005, 0.01, 0.3, 0.5, 0.94, 0.99, 1.0)])
    bins = bin_forecasts(cells)
    assert sum(one.n for one in bins) == len(cells)
    assert (bins[0].n, bins[0].mean, bins[0].observed) == (2, 0.0025, 0.0)
    assert (bins[-1].n, bins[-1].observed) == (2, 1.0)


def test_the_family_farthest_from_the_truth_comes_first() -> None:
    rows = [("good", 0.9, True), ("good", 0.1, False), ("bad", 0.2, True), ("bad", 0.4, True)]
    points = family_points(Forecast(family, p, 0.5, true) for family, p, true in rows)
    first = points[0]
    assert (first.family, first.is_interference, first.n) == ("bad", True, 2)
    assert first.mean == pytest.approx(0.3)


def test_the_picture_is_well_formed_and_holds_every_family() -> None:
    cells = forecasts(*[(0.02 + 0.96 * (i % 2), i % 2 == 1) for i in range(40)])
    picture = draw_reliability(bin_forecasts(cells), family_points(cells), title="Families <scoring>")
    root = ET.fromstring(picture)
    assert root.tag.endswith("svg")
    ticks = [line for line in root.iter("{http://www.w3.org/2000/svg}line") if len(line)]
    assert len(ticks) == 14
    assert "Families &lt;scoring&gt;" in picture
    assert len(picture) < 20_000
