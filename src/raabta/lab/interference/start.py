"""The one entry: everything between a country's clients and its servers, put to work."""

import os
import random  # noqa: TID251  seeded here, from the scenario
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from raabta.lab.interference.conditions import add_condition
from raabta.lab.interference.kernel import add_kernel_rule, add_proxy, add_redirect, is_for_kernel
from raabta.lab.interference.lines import (
    abroad_path,
    access_path,
    client_path,
    queue_abroad,
    queue_access,
    queue_client,
    queue_transit,
)
from raabta.lab.interference.orders import Enter, Orders, carry_out
from raabta.lab.interference.rules import NOT_THE_MIDDLEBOX, rule_for
from raabta.lab.middlebox.box import Middlebox
from raabta.lab.middlebox.path import RouterPath
from raabta.lab.middlebox.process import start_process
from raabta.lab.middlebox.rules import Chance, Rule
from raabta.lab.scenario.types import Interference
from raabta.lab.servers.children import Child
from raabta.lab.world.country import ABROAD, TRANSIT, Country, NetworkPlan


@dataclass(slots=True)
class Interfering:
    """What is at work. The kernel's rules go with the namespaces; ``close`` ends the process, if one was needed."""

    process: Child | None

    def close(self) -> None:
        """End the process. May be called twice.

        Raises:
            RuntimeError: It had ended by itself: from then on nothing interfered, and what was measured is worthless.
        """
        process, self.process = self.process, None
        if process is None:
            return
        if os.waitpid(process.pid, os.WNOHANG) != (0, 0):
            raise RuntimeError("the middlebox ended by itself; its last words are on standard error")
        process.close()


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that a scenario needs: what the process does in which router, and orders to namespaces."""

    paths: dict[str, RouterPath]
    orders: dict[str, Orders]


def start_interference(country: Country, *, enter: Enter) -> Interfering:
    """Put lines, interference and network-level conditions of the country's scenario to work.

    Args:
        country: The plan of a country whose namespaces and servers are there.
        enter: Enters a namespace for this thread.

    Raises:
        LabUnavailableError: A tool is missing or the kernel lacks something.
        RuntimeError: The middlebox could not start.
    """
    plan = plan_interference(country)
    interfering = Interfering(start_process(plan.paths, enter=enter) if plan.paths else None)
    try:
        carry_out(plan.orders, enter=enter)
    except BaseException:
        interfering.close()
        raise
    return interfering


def plan_interference(country: Country) -> Plan:
    """Decide what is to happen where."""
    orders: dict[str, Orders] = {}
    paths: dict[str, RouterPath] = {}
    dice = (random.Random(f"{country.scenario.seed} {purpose}").random for purpose in range(1_000))  # noqa: S311  a lab

    def orders_of(name: str) -> Orders:
        return orders.setdefault(name, Orders())

    for network in country.networks:
        rules = [rule_for(row, country=country, network=network) for row in _rows(country, network, where="access")]
        box = _box(rules, next(dice))
        if box is not None:
            paths[network.access] = access_path(network, box, chance=next(dice))
            queue_access(orders_of(network.access))
        line = client_path(network, has_rules=box is not None, chance=next(dice))
        if line is not None:
            paths[network.client] = line
            queue_client(orders_of(network.client))
        _add_rest(country, network, orders_of)
    _plan_transit(country, paths, orders_of, next(dice))
    abroad = abroad_path(country, chance=next(dice))
    if abroad is not None:
        paths[ABROAD] = abroad
        queue_abroad(orders_of(ABROAD), country.targets)
    for condition in country.scenario.condition:
        add_condition(condition, country=country, orders=orders_of)
    _spare_ipv6(country, orders)
    return Plan(paths=paths, orders=orders)


def _spare_ipv6(country: Country, orders: Mapping[str, Orders]) -> None:
    """Say nothing to IPv6's tables where nobody has IPv6: a command less to wait for."""
    without = {name for network in country.networks if not network.ipv6 for name in (network.client, network.access)}
    if all(not network.ipv6 for network in country.networks):
        without |= {TRANSIT, ABROAD}
    for name in without & orders.keys():
        orders[name].ip6tables.clear()


def _plan_transit(
    country: Country, paths: dict[str, RouterPath], orders_of: Callable[[str], Orders], dice: Chance
) -> None:
    rules = [
        (network, rule_for(row, country=country, network=network))
        for network in country.networks
        for row in _rows(country, network, where="transit")
    ]
    box = _box([rule for _, rule in rules], dice)
    if box is not None:
        paths[TRANSIT] = RouterPath(box=box)
        meant = {network.index for network, _ in rules}
        queue_transit(orders_of(TRANSIT), [network for network in country.networks if network.index in meant])


def _box(rules: list[Rule], dice: Chance) -> Middlebox | None:
    return Middlebox(rules, chance=dice) if rules else None


def _about(country: Country, network: NetworkPlan) -> Iterator[Interference]:
    for row in country.scenario.interference:
        if not row.networks or network.name in row.networks:
            yield row


def _rows(country: Country, network: NetworkPlan, *, where: str) -> list[Interference]:
    """The rows about a network that a middlebox carries out at a place, in the scenario's order."""
    rows = _about(country, network)
    return [
        row for row in rows if row.where == where and row.action not in NOT_THE_MIDDLEBOX and not is_for_kernel(row)
    ]


def _add_rest(country: Country, network: NetworkPlan, orders_of: Callable[[str], Orders]) -> None:
    """Give orders for what the kernel carries out, and for leading connections to the operator's servers."""
    for row in _about(country, network):
        if row.action == "proxy":
            hosts = [target.host.lower() for target in country.targets_named(row.targets)]
            add_proxy(orders_of(network.access), None if row.trigger == "all" else hosts, network=network)
        elif row.action.startswith("mitm_"):
            add_redirect(orders_of(network.access), row, country=country)
        elif is_for_kernel(row):
            place = TRANSIT if row.where == "transit" else network.access
            add_kernel_rule(orders_of(place), row, country=country, network=network)
