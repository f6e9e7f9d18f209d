"""What runs in a client's place sees the client's network, resolver and clock, and cannot stop the others."""

import os
import signal
import socket
from pathlib import Path

from raabta.lab.order import Order
from raabta.lab.results import CellResult, blank_results
from raabta.lab.scenario.types import Network, Scenario, Target
from raabta.lab.vantage import clock_of, measure_country
from raabta.lab.world import Country, NetworkPlan, plan_country
from raabta.lab.world.build import build
from tests.lab.conftest import Inside

SCENARIO = Scenario(
    title="",
    family="f",
    network=[Network(name="one"), Network(name="two", resolver="public"), Network(name="three", resolver="none")],
    target=[Target(name="t")],
)


def look(country: Country, network: NetworkPlan, order: Order) -> list[CellResult]:
    """A stand-in for the probe."""
    if network.name == order.scenario.title:
        os.kill(os.getpid(), signal.SIGKILL)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.connect(("198.19.0.10", 9))
        address = sock.getsockname()[0]
    resolv = Path("/etc/resolv.conf").read_text("ascii").strip()
    rows = blank_results(order.name, order.scenario, repeat=0, skipped=f"{address} {resolv}".strip())
    return [row for row in rows if row.network == network.name]


def measure(title: str) -> list[list[str]]:
    import msgspec

    order = Order(name="x", scenario=msgspec.structs.replace(SCENARIO, title=title))
    country = plan_country(order.scenario)
    with build(country):
        rows = measure_country(country, order, measure=look)
    return [[row.network, row.target, row.skipped, row.error] for row in rows]


def test_each_client_has_its_own_address_and_resolver(lab: Inside) -> None:
    assert lab.call(measure, "") == [
        ["one", "t", "198.18.10.2 nameserver 198.18.10.53", ""],
        ["two", "t", "198.18.11.2 nameserver 198.19.251.53", ""],
        ["three", "t", "198.18.12.2", ""],
    ]


def test_a_probe_that_dies_costs_its_network_only(lab: Inside) -> None:
    one, two, three = lab.call(measure, "two")
    assert (one[3], three[3]) == ("", "")
    assert two == ["two", "t", "", "the probe ended without a result: -9"]


def resolvers_after() -> bool:
    before = Path("/etc/resolv.conf").read_bytes() if Path("/etc/resolv.conf").exists() else b""
    measure("")
    after = Path("/etc/resolv.conf").read_bytes() if Path("/etc/resolv.conf").exists() else b""
    return before == after


def test_a_client_s_resolver_is_seen_by_nobody_else(lab: Inside) -> None:
    assert lab.call(resolvers_after) is True


def test_a_client_s_clock_may_be_wrong() -> None:
    scenario = Scenario(title="", family="", network=[Network(name="n", clock_off_s=-86_400.0)], target=[])
    country = plan_country(scenario)
    right = plan_country(SCENARIO)
    off = clock_of(country.networks[0])() - clock_of(right.networks[0])()
    assert round(off.total_seconds()) == -86_400
