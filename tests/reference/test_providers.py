import collections
import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from raabta.reference.networks import fixed_networks
from raabta.reference.providers import load_providers, provider, provider_of_address

NETWORKS = fixed_networks(
    [("185.199.108.0/22", 54113, "US"), ("151.101.0.0/16", 54113, "US"), ("203.0.113.0/24", 32934, "US")],
    as_of=dt.date(2026, 1, 1),
    version="test",
)


@pytest.mark.parametrize(
    ("asn", "name"),
    [(13335, "Cloudflare"), (20940, "Akamai"), (54113, "Fastly"), (15133, "Edgio (Edgecast, Limelight)"), (0, None)],
)
def test_an_asn_names_its_provider(asn: int, name: str | None) -> None:
    assert provider(asn) == name


@pytest.mark.parametrize(
    ("address", "name"),
    [
        pytest.param("185.199.108.153", "GitHub", id="a-published-prefix-wins-over-the-network-that-announces-it"),
        pytest.param("151.101.1.1", "Fastly", id="published-prefix"),
        pytest.param("203.0.113.5", "Meta (Facebook)", id="by-asn"),
        pytest.param("2606:4700::1", "Cloudflare", id="ipv6"),
        pytest.param("64:ff9b::6810:101", "Cloudflare", id="ipv4-inside-nat64"),
        pytest.param("192.0.2.1", None, id="nobody"),
        pytest.param("not an address", None, id="text"),
    ],
)
def test_an_address_names_its_provider(address: str, name: str | None) -> None:
    assert provider_of_address(address, NETWORKS) == name


@given(st.text())
def test_no_text_raises(text: str) -> None:
    assert provider_of_address(text, NETWORKS) is None or text


def test_no_asn_and_no_prefix_has_two_providers() -> None:
    rows = load_providers().rows
    owned = collections.Counter(asn for row in rows for asn in row.asns | row.former_asns)
    published = collections.Counter(prefix for row in rows for prefix in row.prefixes)
    assert {key for key, n in (owned + published).items() if n > 1} == set()


def test_published_prefixes_name_where_they_are_published() -> None:
    assert [row.name for row in load_providers().rows if bool(row.prefixes) != bool(row.prefix_source)] == []


def test_a_row_without_asn_and_prefix_says_why() -> None:
    rows = load_providers().rows
    assert [row.name for row in rows if not (row.asns or row.former_asns or row.prefixes or row.note)] == []


def test_programmes_with_caches_in_access_networks_are_marked() -> None:
    marked = {row.name for row in load_providers().rows if row.caches_in_access_networks}
    assert {"Akamai", "Google", "Netflix", "Meta (Facebook)", "Cloudflare", "Qwilt"} <= marked
