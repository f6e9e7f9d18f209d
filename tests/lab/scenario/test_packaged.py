"""What the package's scenarios have to cover, and that their split is a fair one."""

import importlib.resources
from collections import defaultdict

import pytest

from raabta.lab.results import truth_of
from raabta.lab.scenario.load import load_packaged
from raabta.lab.scenario.types import Scenario
from raabta.lab.scenario.vocabulary import ACTIONS, CONDITIONS, LINE_PROFILES
from raabta.lab.scoring.judged import kind_of, sort_rows
from raabta.lab.scoring.split import PARTS, load_split, part_of
from raabta.lab.world.country import LINES, plan_country

SCENARIOS = load_packaged()
N_SCENARIOS = 110
N_INTERFERENCE_FAMILIES = 45
N_BENIGN_FAMILIES = 45
N_BENIGN_CELLS = 600
MAX_LINES = 70


def cells(scenario: Scenario) -> list[tuple[str, str]]:
    return [(network.name, target.name) for network in scenario.network for target in scenario.target]


def benign() -> dict[str, Scenario]:
    return {name: scenario for name, scenario in SCENARIOS.items() if not scenario.interference}


def interfered() -> dict[str, Scenario]:
    return {name: scenario for name, scenario in SCENARIOS.items() if scenario.interference}


def needed_mechanisms(scenario: Scenario) -> set[str]:
    """Mechanisms that a verdict has to name in some cell; of several, the first."""
    return {row.one_of[0] for row in sort_rows(scenario.truth)[0]}


def test_there_are_enough_of_each_kind() -> None:
    families = {scenario.family for scenario in interfered().values()}
    well = {scenario.family for scenario in benign().values()}
    assert len(SCENARIOS) >= N_SCENARIOS
    assert len(families) >= N_INTERFERENCE_FAMILIES
    assert len(well) >= N_BENIGN_FAMILIES
    assert sum(len(cells(one)) * one.repeat for one in benign().values()) >= N_BENIGN_CELLS


def test_scoring_families_alone_hold_enough_benign_runs() -> None:
    split = load_split()
    scored = [scenario for scenario in benign().values() if split[scenario.family] == "scoring"]
    assert len({scenario.family for scenario in scored}) >= 40
    assert sum(len(cells(one)) * one.repeat for one in scored) >= N_BENIGN_CELLS


def test_every_interference_names_a_twin_that_is_benign() -> None:
    well = {scenario.family for scenario in benign().values()}
    assert {name for name, scenario in interfered().items() if scenario.twin not in well} == set()
    assert {name for name, scenario in benign().items() if scenario.twin} == set()


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_country_can_be_planned(name: str) -> None:
    country = plan_country(SCENARIOS[name])
    assert len(country.networks) * len(country.targets) == len(cells(SCENARIOS[name]))


def test_every_interference_has_a_cell_in_which_it_shows_and_one_in_which_it_may_not() -> None:
    for name, scenario in interfered().items():
        rows = [truth_of(scenario, network=network, target=target) for network, target in cells(scenario)]
        assert any(row for row in rows), name


def test_no_benign_scenario_says_interference() -> None:
    for name, scenario in benign().items():
        kinds = {kind_of(truth_of(scenario, network=n, target=t)) for n, t in cells(scenario)}
        assert kinds == {"benign"}, name


def test_files_are_short() -> None:
    folder = importlib.resources.files("raabta.lab") / "scenarios"
    longest = {name: len((folder / f"{name}.toml").read_text("utf-8").splitlines()) for name in SCENARIOS}
    assert {name: n for name, n in longest.items() if n > MAX_LINES} == {}


def test_every_action_and_every_condition_is_used() -> None:
    rules = [rule for scenario in SCENARIOS.values() for rule in scenario.interference]
    conditions = [row for scenario in SCENARIOS.values() for row in scenario.condition]
    assert {rule.action for rule in rules} == set(ACTIONS)
    assert {row.kind for row in conditions} == set(CONDITIONS)


def test_the_profiles_of_the_vocabulary_are_those_of_the_country() -> None:
    assert set(LINE_PROFILES) == set(LINES)
    used = {network.line for scenario in SCENARIOS.values() for network in scenario.network if network.line in LINES}
    assert used == set(LINES)


# --- the split ------------------------------------------------------------------------------------------------


def test_every_family_has_a_part_and_every_part_has_families() -> None:
    assert set(load_split()) == {scenario.family for scenario in SCENARIOS.values()}
    assert set(load_split().values()) == set(PARTS)


def test_no_scenario_is_in_two_parts_through_its_content() -> None:
    """Two families of different parts never hold the same rules, conditions and networks."""
    seen: dict[bytes, set[str]] = defaultdict(set)
    for scenario in SCENARIOS.values():
        content = repr((scenario.network, scenario.target, scenario.interference, scenario.condition)).encode()
        seen[content].add(load_split()[scenario.family])
    assert [parts for parts in seen.values() if len(parts) > 1] == []


def test_every_mechanism_is_fitted_and_scored_through_different_families() -> None:
    parts: dict[str, set[str]] = defaultdict(set)
    for scenario in SCENARIOS.values():
        for mechanism in needed_mechanisms(scenario):
            parts[mechanism].add(load_split()[scenario.family])
    assert {mechanism for mechanism, found in parts.items() if not {"fitting", "scoring"} <= found} == set()


def test_what_cannot_be_told_either_way_is_never_fitted_or_calibrated_on() -> None:
    unclear = {
        scenario.family
        for scenario in SCENARIOS.values()
        for network, target in cells(scenario)
        if kind_of(truth_of(scenario, network=network, target=target)) == "unclear"
    }
    assert unclear
    assert {load_split()[family] for family in unclear} == {"scoring"}


def test_a_family_that_the_package_does_not_have_is_for_scoring() -> None:
    assert part_of("mine.alert_by_name") == "scoring"
