"""Reading prefixes, held against Python's ipaddress; judging them, against the tables asked directly."""

import ipaddress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from raabta.remedy.linting.places import Place, Quiet, has_host_bits, place_of, read_span, text_of
from raabta.remedy.rules import load_rules
from tests.cases.linting import BENCH, TABLES

QUIET = Quiet(TABLES)


@given(st.ip_addresses(), st.integers(0, 128))
def test_a_prefix_is_read_as_ipaddress_reads_it(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address, length: int
) -> None:
    length = min(length, address.max_prefixlen)
    network = ipaddress.ip_network(f"{address}/{length}", strict=False)
    span = read_span(f"{address}/{length}")
    assert span is not None
    assert (span.last, span.is_ipv6, span.length) == (int(network.broadcast_address), address.version == 6, length)
    assert has_host_bits(span) == (network.network_address != address)
    assert text_of(span) == str(network)


@given(st.text(alphabet="0123456789abcdef.:/%[] ", max_size=50))
@example("1.2.3.4/032")
@example("::1.2.3.4/128")
@example("1:2:3:4:5:6:7:8:9/128")
def test_what_ipaddress_refuses_is_refused(text: str) -> None:
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        assert read_span(text) is None


@given(
    st.one_of(
        st.ip_addresses(v=4),
        st.ip_addresses(v=6),
        st.ip_addresses(network="198.18.0.0/15"),
        st.ip_addresses(network="2001:db8::/32"),
        st.ip_addresses(network="2002::/16"),
        st.ip_addresses(network="64:ff9b::/96"),
    ),
)
def test_the_quiet_way_says_what_the_tables_say(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    length = address.max_prefixlen
    place = place_of(f"{address}/{length}", TABLES, quiet=QUIET)
    kind = TABLES.special.kind(str(address))
    inside_ipv6 = {"address.special", "address.cgnat"} & {rule for rule, _ in place.wrong}
    assert bool(inside_ipv6) == (kind is not None)
    if kind is None and address.version == 4:
        shared = TABLES.services.of_address(str(address), TABLES.networks) or TABLES.providers.of_address(
            str(address), TABLES.networks
        )
        assert any(rule.startswith("shared.") for rule, _ in place.wrong) == (shared is not None)


@pytest.mark.parametrize(
    ("prefix", "rules"),
    [
        ("198.19.14.0/29", []),
        ("198.19.14.8/29", ["shared.public_dns"]),
        ("198.18.127.248/29", []),
        ("8.8.8.8/32", ["shared.public_dns"]),
        ("1.1.1.1/32", ["shared.public_dns"]),
        ("104.16.0.0/29", ["shared.cdn", "shared.cdn_wide"]),
        ("13.32.0.1/32", ["shared.cloud"]),
        ("185.65.134.66/32", ["shared.commercial_vpn"]),
        ("9.9.9.9/32", ["shared.public_dns"]),
        ("2606:4700:4700::1111/128", ["shared.public_dns", "shared.cdn"]),
        ("100.127.255.248/29", ["address.cgnat"]),
        ("192.0.0.8/29", ["address.special"]),
    ],
)
def test_the_packages_tables_tell_what_many_share(prefix: str, rules: list[str]) -> None:
    assert [rule for rule, _ in place_of(prefix, TABLES, quiet=QUIET).wrong] == rules


def test_a_prefix_across_two_networks_is_told() -> None:
    across = place_of("198.19.251.0/29", TABLES, quiet=QUIET)
    assert across.wrong == (("origin.split", "AS64777 and AS64510"),)


def test_a_prefix_is_judged_once() -> None:
    seen: dict[str, Place] = {}
    assert BENCH.place("198.18.1.2/32", seen) is BENCH.place("198.18.1.2/32", seen)


@pytest.mark.parametrize(
    "text",
    ["64:ff9b::8000:0/97", "64:ff9b::6810:0/108", "64:ff9b::6810:1/128", "2002:6810:1::/48", "2001:0:4136::/64"],
)
def test_ipv6_that_carries_ipv4_is_never_an_address_of_its_own(text: str) -> None:
    rules = {rule for rule, _ in place_of(text, TABLES, quiet=QUIET).wrong}
    assert rules & {"address.translated", "address.special", "prefix.far_too_wide"}
    assert load_rules()["address.translated"].review is False
