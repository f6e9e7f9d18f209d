"""Public resolvers and commercial VPNs: the table that lint uses beside the providers."""

import collections

import pytest

from raabta.reference.networks import load_networks
from raabta.reference.providers import load_providers, load_services


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("8.8.8.8", "Google Public DNS"),
        ("2001:4860:4860::8888", "Google Public DNS"),
        ("1.1.1.1", "Cloudflare 1.1.1.1"),
        ("9.9.9.9", "Quad9"),
        ("149.112.112.112", "Quad9"),
        ("208.67.222.222", "Cisco OpenDNS"),
        ("94.140.14.14", "AdGuard DNS"),
        ("77.88.8.8", "Yandex DNS"),
        ("223.5.5.5", "AliDNS"),
        ("162.159.193.10", "Cloudflare WARP"),
        ("185.65.134.66", "Mullvad and 31173 Services"),
        ("8.8.9.8", None),
        ("39.32.1.1", None),
    ],
)
def test_an_address_names_the_service_that_many_use(address: str, name: str | None) -> None:
    found = load_services().of_address(address, load_networks())
    assert (found.name if found else None) == name


def test_no_asn_and_no_prefix_has_two_rows() -> None:
    rows = load_services().rows
    listed = collections.Counter(
        [*(asn for row in rows for asn in row.asns), *(p for row in rows for p in row.prefixes)]
    )
    assert [key for key, n in listed.items() if n > 1] == []


def test_a_service_is_no_provider_so_that_no_diagnosis_rests_on_it() -> None:
    kinds = {row.kind for row in load_providers().rows}
    assert kinds == {"cdn", "cloud", "hosting", "platform"}
    assert {row.kind for row in load_services().rows} == {"public_dns", "commercial_vpn", "hosting"}
    assert not {asn for row in load_services().rows for asn in row.asns} & {
        asn for row in load_providers().rows for asn in row.asns
    }


def test_published_prefixes_name_where_they_are_published() -> None:
    assert [row.name for row in load_services().rows if bool(row.prefixes) != bool(row.prefix_source)] == []


def test_a_row_names_something() -> None:
    assert [row.name for row in load_services().rows if not (row.asns or row.prefixes)] == []
