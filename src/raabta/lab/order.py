"""What the runner and its workers say to each other: an order in, a report out, one line of JSON each."""

from msgspec import Struct

from raabta.lab.results import CellResult
from raabta.lab.scenario.types import Scenario


class Order(Struct, frozen=True, kw_only=True):
    """One scenario to run once. ``repeat`` counts from 0; every repeat has a country of its own."""

    name: str
    scenario: Scenario
    repeat: int = 0


class Report(Struct, frozen=True, kw_only=True):
    """What an order yielded: a row for every cell."""

    results: list[CellResult]


def orders_of(name: str, scenario: Scenario) -> list[Order]:
    """Give one order for each repeat that a scenario asks for."""
    return [Order(name=name, scenario=scenario, repeat=repeat) for repeat in range(max(1, scenario.repeat))]
