"""From entries to tuples: shapes, ends, cuts, and what is refused."""

import datetime as dt

import pytest

from raabta.model.exemption import Restriction
from raabta.remedy.flows import CUT_S, BlockShape, Shape, entries_of_leases, find_flows
from tests.cases.gating import NOW, entry, exemptions
from tests.cases.leasing import a_grant, a_lease

DAY = dt.timedelta(days=1)
NOW_S = int(NOW.timestamp())
DAY_S = 86_400


def test_an_entry_is_one_element_of_its_shape_whatever_its_width() -> None:
    entries = (
        entry(1, now=NOW),
        entry(2, now=NOW, source="198.18.4.8/29"),
        entry(3, now=NOW, source="2001:db8:1::/48", destination="2001:db8:8000::1/128", transport="tcp", port=443),
        entry(4, now=NOW, destination="", transport="esp", port=0),
        entry(5, now=NOW, transport="any", port=0),
    )
    found = find_flows(exemptions(entries, now=NOW), now=NOW)
    assert {shape: list(elements) for shape, elements in found.spared.items()} == {
        Shape(4, 32, 32, "port"): ["198.18.0.1 . 198.19.0.1 . 17 . 51820"],
        Shape(4, 29, 32, "port"): ["198.18.4.8 . 198.19.0.2 . 17 . 51820"],
        Shape(6, 48, 128, "port"): ["2001:db8:1:: . 2001:db8:8000::1 . 6 . 443"],
        Shape(4, 32, 0, "protocol"): ["198.18.0.4 . 50"],
        Shape(4, 32, 32, "pair"): ["198.18.0.5 . 198.19.0.5"],
    }
    assert found.n_entries == 5


def test_a_port_of_any_transport_means_udp_and_tcp_and_nothing_else() -> None:
    found = find_flows(exemptions((entry(1, now=NOW, transport="any", port=53),), now=NOW), now=NOW)
    assert sorted(found.spared[Shape(4, 32, 32, "port")]) == [
        "198.18.0.1 . 198.19.0.1 . 17 . 53",
        "198.18.0.1 . 198.19.0.1 . 6 . 53",
    ]


def test_an_element_ends_with_its_entry_and_the_gate_with_the_grace() -> None:
    found = find_flows(exemptions((entry(1, now=NOW),), now=NOW, life=30 * DAY), now=NOW)
    assert list(found.spared.values()) == [{"198.18.0.1 . 198.19.0.1 . 17 . 51820": NOW_S + 90 * DAY_S}]
    assert (found.closes_s, found.cut) == (NOW_S + 37 * DAY_S, {})


def test_the_grace_counts_from_when_the_list_was_last_known_to_be_the_newest() -> None:
    found = find_flows(exemptions((entry(1, now=NOW),), now=NOW), now=NOW, fresh_until=NOW + DAY)
    assert found.closes_s == NOW_S + 8 * DAY_S


def test_what_may_end_before_the_gate_is_cut_by_the_kernel_alone() -> None:
    soon = entry(1, now=NOW, not_after=NOW + DAY)
    found = find_flows(exemptions((soon, entry(2, now=NOW)), now=NOW, life=30 * DAY), now=NOW)
    assert list(found.cut.values()) == [{"198.18.0.1 . 198.19.0.1 . 17 . 51820": NOW_S + DAY_S + CUT_S}]


def test_what_is_over_or_has_not_begun_is_not_loaded_and_its_beginning_is_told() -> None:
    entries = (
        entry(1, now=NOW, not_after=NOW),
        entry(2, now=NOW, not_before=NOW + DAY),
        entry(3, now=NOW, not_before=NOW + 2 * DAY),
    )
    found = find_flows(exemptions(entries, now=NOW), now=NOW)
    assert (found.spared, found.next_at) == ({}, NOW + DAY)


def test_after_the_grace_nothing_is_left() -> None:
    found = find_flows(exemptions((entry(1, now=NOW),), now=NOW, life=DAY), now=NOW + 8 * DAY)
    assert (found.spared, found.n_entries) == ({}, 0)


def test_of_two_entries_for_the_same_traffic_the_later_end_counts() -> None:
    entries = (entry(1, now=NOW), entry(1, now=NOW, id="x-again", not_after=NOW + DAY))
    found = find_flows(exemptions(entries, now=NOW), now=NOW)
    assert list(found.spared.values()) == [{"198.18.0.1 . 198.19.0.1 . 17 . 51820": NOW_S + 90 * DAY_S}]


def test_a_lease_is_loaded_towards_its_grants_destination_and_never_longer_than_the_grant_allows() -> None:
    grant = a_grant(max_h=2)
    lease = a_lease(hours=4)
    (found,) = entries_of_leases([lease], exemptions((), now=NOW, grants=(grant,)))
    assert (found.source, found.destination, found.port) == (lease.address, grant.destination, grant.port)
    assert (found.lease, found.not_after) == (True, lease.not_before + dt.timedelta(hours=2))


def test_a_lease_whose_grant_is_gone_is_not_loaded() -> None:
    assert entries_of_leases([a_lease()], exemptions((), now=NOW)) == []


def test_blocked_networks_are_elements_by_their_length_and_host_names_are_left_out() -> None:
    def restriction(name: str, target: str) -> Restriction:
        return Restriction(
            id=name, target=target, reason="malware", basis="b", owner="o", not_before=NOW, not_after=NOW + DAY
        )

    restrictions = (restriction("a", "203.0.113.0/24"), restriction("b", "evil.example"))
    found = find_flows(exemptions((), now=NOW, restrictions=restrictions), now=NOW)
    assert found.blocked == {BlockShape(4, 24): {"203.0.113.0": NOW_S + DAY_S}}


def test_an_entry_that_would_spare_everybody_is_refused() -> None:
    with pytest.raises(ValueError, match="would spare everybody"):
        find_flows(exemptions((entry(1, now=NOW, source="0.0.0.0/0"),), now=NOW), now=NOW)


def test_more_shapes_than_a_packet_can_bear_are_refused() -> None:
    entries = tuple(
        entry(number, now=NOW, source=f"2001:db8:{number:x}::/{48 + number}", destination="2001:db8:8000::1/128")
        for number in range(65)
    )
    with pytest.raises(ValueError, match="65 shapes"):
        find_flows(exemptions(entries, now=NOW), now=NOW)
