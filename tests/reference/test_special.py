import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from raabta.reference.special import SPECIAL_ROWS, SpecialRanges, special_range, special_ranges_without

# Where the registries and Python 3.11's older copy of them differ, or this module judges the carried IPv4 address.
DIFFERENT = tuple(
    ipaddress.ip_network(prefix)
    for prefix in (
        "192.0.0.0/24", "192.88.99.0/24", "64:ff9b::/96", "64:ff9b:1::/48", "100:0:0:1::/64", "2001::/23", "2002::/16",
        "3fff::/20", "5f00::/16", "fec0::/10", "::ffff:0:0/96",
    )
)  # fmt: skip


@given(st.one_of(st.ip_addresses(), st.ip_addresses(v=4)))
def test_special_is_what_python_says_is_not_global_unicast(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    if any(address in network for network in DIFFERENT):
        return
    is_ordinary = address.is_global and not (address.is_multicast or address.is_reserved)
    assert (special_range(str(address)) is None) == is_ordinary


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("8.8.8.8", None),
        ("0.0.0.0", "this_network"),
        ("10.10.34.34", "private"),
        ("172.15.255.255", None),
        ("172.16.0.1", "private"),
        ("172.32.0.0", None),
        ("100.64.0.1", "cgnat"),
        ("100.128.0.0", None),
        ("127.0.0.1", "loopback"),
        ("169.254.1.1", "link_local"),
        ("192.0.0.1", "protocol"),
        ("192.0.0.9", None),
        ("192.0.2.1", "documentation"),
        ("198.18.0.1", "benchmark"),
        ("198.20.0.0", None),
        ("203.0.113.7", "documentation"),
        ("224.0.0.1", "multicast"),
        ("243.185.187.39", "reserved"),
        ("255.255.255.255", "broadcast"),
        ("::", "this_network"),
        ("::1", "loopback"),
        ("d0::11", "reserved"),
        ("2606:4700::1111", None),
        ("2001:db8::1", "documentation"),
        ("3fff::1", "documentation"),
        ("2001:0:1::1", "teredo"),
        ("2001:2::1", "benchmark"),
        ("fc00::1", "unique_local"),
        ("fe80::1%eth0", "link_local"),
        ("[fe80::1]", "link_local"),
        ("ff02::1", "multicast"),
        ("100::1", "discard"),
        (" 10.0.0.1 ", "private"),
        ("010.0.0.1", "private"),
    ],
)
def test_addresses_have_the_kind_of_their_registry_row(address: str, kind: str | None) -> None:
    assert special_range(address) == kind


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("::ffff:10.0.0.1", "private"),
        ("::ffff:8.8.8.8", "mapped"),
        ("64:ff9b::a00:1", "private"),
        ("64:ff9b::808:808", None),
        ("64:ff9b:1::1", "private"),
        ("2002:a00:1::1", "private"),
        ("2002:808:808::1", None),
    ],
)
def test_ipv4_inside_ipv6_is_judged_as_ipv4(address: str, kind: str | None) -> None:
    assert special_range(address) == kind


@given(st.text())
def test_no_text_raises(text: str) -> None:
    assert special_range(text) is None or special_range(text) in {kind for _, kind, _ in SPECIAL_ROWS}


@pytest.mark.parametrize("text", ["", "8.example", "10.example", "x", "300.1.1.1"])
def test_text_that_is_no_address_has_no_kind(text: str) -> None:
    assert special_range(text) is None


def test_the_lab_can_open_a_range_and_no_other() -> None:
    lab = special_ranges_without("198.18.0.0/15")
    assert (lab.kind("198.18.0.1"), lab.kind("10.0.0.1"), special_range("198.18.0.1")) == (None, "private", "benchmark")


def test_a_table_of_other_rows_knows_only_those() -> None:
    only = SpecialRanges([("9.0.0.0/8", "private", "test")], version="test")
    assert (only.kind("9.1.1.1"), only.kind("10.0.0.1"), only.version) == ("private", None, "test")


def test_every_row_names_its_source_and_no_prefix_twice() -> None:
    assert all(source.startswith("RFC ") for _, _, source in SPECIAL_ROWS)
    assert len({prefix for prefix, _, _ in SPECIAL_ROWS}) == len(SPECIAL_ROWS)
