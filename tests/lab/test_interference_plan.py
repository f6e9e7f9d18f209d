"""What is planned for a scenario, before anything is built: who queues what, and what the kernel is told."""

from typing import Any

import pytest

from raabta.lab.interference.kernel import is_for_kernel
from raabta.lab.interference.orders import Orders, iptables_script, nft_script
from raabta.lab.interference.rules import rule_for
from raabta.lab.interference.start import Plan, plan_interference
from raabta.lab.middlebox import Rule
from raabta.lab.scenario.load import load_packaged
from raabta.lab.scenario.types import Condition, Interference, Line, Network, Scenario, Target
from raabta.lab.world import Country, plan_country
from raabta.lab.world.country import CONTROL_ANCHOR
from tests.lab.middlebox.scripted import packed


def country(
    *rows: Interference, conditions: tuple[Condition, ...] = (), line: Any = "clean", ipv6: bool = True, **target: Any
) -> Country:
    return plan_country(
        Scenario(
            title="",
            family="",
            network=[Network(name="one", line=line, ipv6=ipv6), Network(name="two", line="clean")],
            target=[Target(name="blocked", **target), Target(name="free")],
            interference=list(rows),
            condition=list(conditions),
        )
    )


def plan(*rows: Interference, **more: Any) -> Plan:
    return plan_interference(country(*rows, **more))


def row(action: str, trigger: str, **more: Any) -> Interference:
    return Interference(action=action, trigger=trigger, **more)


def rule(*rows: Interference) -> Rule:
    known = country(*rows)
    return rule_for(rows[0], country=known, network=known.networks[0])


def test_a_clean_country_queues_nothing_and_says_nothing() -> None:
    assert plan() == Plan(paths={}, orders={})


def test_a_line_queues_at_its_client_only() -> None:
    found = plan(line="fibre")
    assert set(found.paths) == set(found.orders) == {"client0"}


def test_a_rule_queues_where_it_lives_for_whom_it_is_about() -> None:
    assert set(plan(row("drop", "sni", networks=["two"])).paths) == {"access1"}
    transit = plan(row("drop", "sni", networks=["two"], where="transit"))
    assert set(transit.paths) == set(transit.orders) == {"transit"}
    assert {text.split()[3] for _, text in transit.orders["transit"].iptables} == {"198.18.11.2"}


def test_a_servers_own_line_queues_its_addresses_abroad() -> None:
    far = plan_interference(
        plan_country(
            Scenario(
                title="",
                family="",
                network=[Network(name="one", line="clean")],
                target=[Target(name="far", line=Line(delay_ms=90), n_addresses=2), Target(name="near")],
            )
        )
    )
    assert set(far.paths) == {"abroad"}
    assert {text.split()[3] for _, text in far.orders["abroad"].iptables} == {"198.19.0.10", "198.19.0.11"}
    assert far.orders["abroad"].ip6tables == []


def test_the_kernels_rules_need_no_queue() -> None:
    found = plan(row("drop", "address", engine="kernel", networks=["one"]))
    assert found.paths == {}
    assert set(found.orders) == {"access0"}


@pytest.mark.parametrize(
    ("asked", "is_kernels"),
    [
        (row("drop", "address", engine="kernel"), True),
        (row("drop", "address"), False),
        (row("drop", "address", engine="kernel", probability=0.5), False),
        (row("drop", "sni", engine="kernel", residual_s=9.0), False),
        (row("alert", "sni", engine="kernel"), False),
        (row("outage", "all"), True),
    ],
)
def test_what_the_kernel_cannot_do_is_left_to_the_middlebox(asked: Interference, is_kernels: bool) -> None:
    assert is_for_kernel(asked) == is_kernels


def test_a_rule_knows_the_operators_addresses() -> None:
    found = rule(row("inject", "name", answer="blockpage", targets=["blocked"]))
    assert found.hosts == {"blocked.example"}
    assert found.answer.address == "198.18.10.80"
    assert found.clients == {packed("198.18.10.2"), packed("2001:db8:10::2")}
    assert found.spared == frozenset()


def test_an_address_rule_takes_all_addresses_of_a_target_and_spares_the_operators_own() -> None:
    found = rule(row("drop", "address", targets=["free"]))
    assert found.servers == {packed("198.19.1.10"), packed("198.19.101.10")}
    assert packed("198.18.10.53") in found.spared


@pytest.mark.parametrize("trigger", ["tls", "http", "quic"])
def test_targets_narrow_what_is_about_everything(trigger: str) -> None:
    assert rule(row("drop", trigger)).servers == frozenset()
    assert packed("198.19.0.10") in rule(row("drop", trigger, targets=["blocked"])).servers


def test_a_redirect_names_the_operators_server_and_a_page_is_whole() -> None:
    assert b"location: http://198.18.10.80/\r\n" in rule(row("redirect", "http")).page.lower()
    page = rule(row("blockpage", "host")).page
    head, _, body = page.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    assert f"content-length: {len(body)}".encode() in head


def test_what_servers_do_is_led_to_them() -> None:
    found = plan(row("mitm_self", "sni", networks=["one"], targets=["blocked"]))
    assert found.paths == {}
    (only,) = found.orders["access0"].nft["nat"]
    assert only.startswith('iifname "down" ip daddr {')
    assert all(address in only for address in ("198.19.0.10", CONTROL_ANCHOR))
    assert only.endswith("tcp dport { 443 } redirect to :8443")
    assert plan(row("lie", "name", answer="bogon")) == Plan(paths={}, orders={})


def numbers_lost(trigger: str, loss: float, **more: Any) -> list[int]:
    """Packets of a round of 1000 that the kernel's first rule for a network drops."""
    first, *_ = plan(row("loss", trigger, loss=loss, engine="kernel", **more)).orders["access0"].nft["forward"]
    which, drop = first.partition("numgen inc mod 1000 ")[2].split(" } ")
    sign, _, listed = which.partition("{ ")
    chosen = {int(number) for number in listed.split(", ")}
    assert drop == "drop"
    return [number for number in range(1000) if (number in chosen) is (not sign)]


@pytest.mark.parametrize("loss", [0.001, 0.05, 0.1, 0.25, 0.2, 0.5, 0.9])
@pytest.mark.parametrize(("trigger", "more"), [("address", {}), ("port", {"ports": [443]}), ("all", {})])
def test_the_kernel_loses_the_share_asked_for_and_spreads_it(trigger: str, more: dict[str, Any], loss: float) -> None:
    lost = numbers_lost(trigger, loss, **more)
    assert len(lost) == round(loss * 1000)
    in_each_fifth = [sum(number // 200 == fifth for number in lost) for fifth in range(5)]
    assert max(in_each_fifth) - min(in_each_fifth) <= 1


def test_the_kernels_loss_of_nothing_and_of_everything() -> None:
    rules = [plan(row("loss", "all", loss=loss, engine="kernel")).orders["access0"].nft["forward"] for loss in (0, 1)]
    assert [rule[0].rpartition(" ")[2] for rule in rules] == ["continue", "drop"]


def test_two_shapers_share_a_root() -> None:
    rows = (
        row("throttle", "all", rate_kbit=256, engine="kernel"),
        row("throttle", "address", rate_kbit=99, engine="kernel"),
    )
    orders = plan(*rows).orders["access0"].tc
    assert sum(" root " in order for order in orders) == 2
    assert sum(order.startswith("class add dev down ") for order in orders) == 2


def test_scripts_hold_each_table_and_chain_once() -> None:
    orders = Orders()
    orders.add_nft("forward", "drop")
    orders.add_nft("nat", "redirect to :1")
    orders.add_nft("forward", "accept")
    orders.add_iptables("mangle", "-A FORWARD -j ACCEPT")
    orders.add_iptables("filter", "-A INPUT -j DROP")
    script = nft_script(orders.nft)
    assert script.count("chain forward") == 1
    assert script.index("drop") < script.index("accept") < script.index("redirect")
    assert iptables_script(orders.iptables) == (
        "*mangle\n-A FORWARD -j ACCEPT\nCOMMIT\n*filter\n-A INPUT -j DROP\nCOMMIT\n"
    )


def test_the_same_scenario_is_planned_the_same_way_twice() -> None:
    rows = (row("drop", "name"), row("drop", "quic", engine="kernel"))
    assert plan(*rows).orders == plan(*rows).orders


def test_ipv6_tables_are_left_alone_where_nobody_has_ipv6() -> None:
    assert plan(line="fibre", ipv6=False).orders["client0"].ip6tables == []
    assert plan(line="fibre", ipv6=True).orders["client0"].ip6tables


def test_every_packaged_scenario_has_a_plan() -> None:
    for scenario in load_packaged().values():
        plan_interference(plan_country(scenario))
