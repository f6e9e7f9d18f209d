import datetime as dt
import pickle
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from raabta.reference.networks import Networks, fixed_networks, load_networks

MADE_ON = dt.date(2026, 1, 1)

LAB = fixed_networks(
    [("198.18.0.0/15", 64500, "zz"), ("198.18.7.0/24", 64507, "pk"), ("2001:db8::/32", 64501, "PK")],
    as_of=MADE_ON,
    version="lab 1",
)


@pytest.fixture(scope="module")
def bundled() -> Networks:
    return load_networks()


@pytest.mark.parametrize(
    ("address", "asn"),
    [
        ("8.8.8.8", 15169),
        ("1.1.1.1", 13335),
        ("2001:4860:4860::8888", 15169),
        ("2606:4700:4700::1111", 13335),
        ("64:ff9b::808:808", 15169),
        ("::ffff:1.1.1.1", 13335),
        ("10.0.0.1", 0),
        ("192.0.2.1", 0),
        ("fe80::1", 0),
        ("not an address", 0),
    ],
)
def test_bundled_data_know_who_announces_an_address(bundled: Networks, address: str, asn: int) -> None:
    assert bundled.asn(address) == asn


@pytest.mark.parametrize(
    ("address", "country"),
    [
        ("203.135.44.1", "PK"),
        ("175.139.142.25", "MY"),
        ("2a00:1450:4001::1", "IE"),
        ("64:ff9b::cb87:2c01", "PK"),
        ("10.0.0.1", ""),
        ("", ""),
    ],
)
def test_bundled_data_know_where_an_address_was_assigned(bundled: Networks, address: str, country: str) -> None:
    assert bundled.country(address) == country


@given(st.one_of(st.text(), st.ip_addresses().map(str)))
def test_no_text_raises_and_countries_are_two_capitals(text: str) -> None:
    networks = load_networks()
    country = networks.country(text)
    assert networks.asn(text) >= 0
    assert country == "" or (len(country) == 2 and country.isupper())


def test_loading_opens_no_data_before_the_first_lookup() -> None:
    code = (
        "import sys; from raabta.reference.networks import load_networks; load_networks();"
        "sys.exit('whereip_network' in sys.modules or 'iptocc' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_version_names_both_packages_and_as_of_is_the_older_date(bundled: Networks) -> None:
    assert "whereip-network" in bundled.version
    assert "iptocc" in bundled.version
    assert str(bundled.as_of) in bundled.version


def test_bundled_networks_can_be_sent_to_a_worker(bundled: Networks) -> None:
    assert pickle.loads(pickle.dumps(bundled)).asn("8.8.8.8") == 15169


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("198.18.7.9", (64507, "PK")),
        ("198.19.0.1", (64500, "ZZ")),
        ("2001:db8::1", (64501, "PK")),
        ("8.8.8.8", (0, "")),
        ("x", (0, "")),
    ],
)
def test_fixed_rows_answer_by_longest_prefix(address: str, found: tuple[int, str]) -> None:
    assert (LAB.asn(address), LAB.country(address)) == found


def test_fixed_networks_can_be_sent_to_a_worker() -> None:
    assert pickle.loads(pickle.dumps(LAB)).asn("198.18.7.9") == 64507


@pytest.mark.parametrize(
    ("age_days", "weight"), [(-9, 1.0), (0, 1.0), (30, 1.0), (760, 0.5), (1490, 0.25), (9999, 0.25)]
)
def test_weight_halves_every_two_years_after_a_month_down_to_a_quarter(age_days: int, weight: float) -> None:
    assert LAB.weight(MADE_ON + dt.timedelta(days=age_days)) == weight


def test_age_counts_days_and_is_never_negative() -> None:
    assert (LAB.age_days(dt.date(2026, 1, 31)), LAB.age_days(dt.date(2025, 1, 1))) == (30, 0)
