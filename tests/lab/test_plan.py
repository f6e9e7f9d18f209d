"""The plan: unique addresses, who owns which, what the lab's tables know. Pure."""

import datetime as dt
import ipaddress
import math

import pytest

from raabta.lab.scenario.load import load_packaged
from raabta.lab.scenario.types import Condition, Network, Scenario, Target
from raabta.lab.world.country import (
    ALTERNATIVE_ASN,
    CONTROL_ANCHOR,
    GROUP_ASN,
    LINES,
    OTHER_ADDRESS,
    OTHER_ASN,
    PUBLIC_RESOLVER,
    RESOLVER_ASN,
    Country,
    plan_country,
)
from raabta.lab.world.tables import lab_tables

TODAY = dt.date(2026, 1, 1)


def plan(*targets: Target, networks: int = 1, condition: tuple[Condition, ...] = ()) -> Country:
    names = [Network(name=f"n{index}") for index in range(networks)]
    scenario = Scenario(title="", family="", network=names, target=list(targets), condition=list(condition))
    return plan_country(scenario)


def test_targets_of_one_group_share_addresses_and_others_do_not() -> None:
    a, b, c = plan(
        Target(name="a", address_group="g", n_addresses=2), Target(name="b", address_group="g"), Target(name="c")
    ).targets
    assert (a.addresses, b.addresses, c.addresses) == (
        ("198.19.0.10", "198.19.0.11"),
        ("198.19.0.10",),
        ("198.19.1.10",),
    )


def test_targets_of_one_host_share_addresses_since_a_name_has_one_answer() -> None:
    a, b = plan(Target(name="a", host="x.example"), Target(name="b", host="x.example", url="http://x.example/")).targets
    assert (a.host, a.url, b.url) == ("x.example", "https://x.example/", "http://x.example/")
    assert a.addresses == b.addresses


def test_three_hundred_targets_have_three_hundred_addresses() -> None:
    country = plan(*(Target(name=f"t{index}", ipv6=True) for index in range(300)))
    addresses = {address for target in country.targets for address in (*target.addresses, *target.addresses6)}
    assert len(addresses) == 600


def test_more_networks_or_addresses_than_there_are_numbers_are_refused() -> None:
    with pytest.raises(ValueError, match="61 networks"):
        plan(Target(name="t"), networks=61)
    with pytest.raises(ValueError, match="300 addresses are more"):
        plan(Target(name="t", n_addresses=300))


def test_no_address_of_a_country_is_used_twice() -> None:
    country = plan(Target(name="a", ipv6=True), Target(name="b"), networks=60)
    ends = [address for link in country.links for address in (link.left4, link.right4, link.left6, link.right6)]
    bare = [ipaddress.ip_address(address.partition("/")[0]) for address in ends]
    assert len(bare) == len(set(bare)) == 4 * (2 * 60 + 3)


def test_the_table_names_the_network_of_every_address() -> None:
    country = plan(Target(name="a", ipv6=True), Target(name="b", ipv6=True), networks=2)
    asn = lab_tables(country, as_of=TODAY).networks.asn
    b = country.targets[1]
    assert [asn(address) for address in (*b.addresses, *b.addresses6)] == [GROUP_ASN + 1] * 2
    assert [asn(address) for address in (*b.alternatives, *b.alternatives6)] == [ALTERNATIVE_ASN + 1] * 2
    two = country.networks[1]
    assert [asn(address) for address in (two.client_address, two.resolver_address6, "198.18.6.5")] == [two.asn] * 3
    assert (asn(PUBLIC_RESOLVER), asn(OTHER_ADDRESS)) == (RESOLVER_ASN, OTHER_ASN)
    ends = [address.partition("/")[0] for link in country.links for address in (link.left4, link.right6)]
    assert 0 not in {asn(address) for address in (*ends, CONTROL_ANCHOR)}


def test_the_lab_s_addresses_are_ordinary_in_its_own_tables_and_private_ones_are_not() -> None:
    special = lab_tables(plan(Target(name="t")), as_of=TODAY).special
    assert [special.kind(address) for address in ("198.19.0.10", "2001:db8:a0::10", "10.10.34.36")] == [
        None,
        None,
        "private",
    ]


def test_a_group_of_several_hosts_is_a_content_network_and_a_single_host_is_not() -> None:
    country = plan(Target(name="a", address_group="g"), Target(name="b", address_group="g"), Target(name="c"))
    tables = lab_tables(country, as_of=TODAY)
    shared, alone = (tables.providers.of_asn(GROUP_ASN + group) for group in (0, 1))
    assert (shared is not None, alone) == (True, None)


def test_only_a_group_with_a_cache_at_an_operator_is_known_for_caches() -> None:
    conditions = (Condition(kind="geo_dns", targets=["a"]), Condition(kind="access_cache", targets=["b"]))
    country = plan(Target(name="a"), Target(name="b"), condition=conditions)
    tables = lab_tables(country, as_of=TODAY)
    found = [tables.providers.of_asn(GROUP_ASN + group) for group in (0, 1)]
    assert [one and one.caches_in_access_networks for one in found] == [False, True]


def test_the_median_line_loses_what_was_measured_per_round_trip() -> None:
    line = LINES["median_pk"]
    assert math.isclose(1 - (1 - line.loss) ** 2, 0.086)
    assert (line.rate_mbit, line.delay_ms) == (5.3, 88.8)


def test_every_packaged_scenario_has_a_plan() -> None:
    assert [name for name, scenario in load_packaged().items() if not plan_country(scenario).targets] == []
