"""What can be claimed at all, and what is refused before anybody is asked to show anything."""

import datetime as dt

import pytest

from raabta.registry.claims import domain_claim, endpoint_claim, subject_of
from tests.cases.authority import NOW
from tests.cases.proving import ORGANISATION, endpoint


@pytest.mark.parametrize(
    ("given", "subject"),
    [("Company.Example.", "company.example"), ("bücher.example", "xn--bcher-kva.example"), ("a.com.pk", "a.com.pk")],
)
def test_a_domain_is_claimed_in_its_one_spelling(given: str, subject: str) -> None:
    assert domain_claim(ORGANISATION, given, kind="dns_txt").subject == subject


@pytest.mark.parametrize(
    "given",
    [
        "",
        "pk",
        "9.1.2.3",
        "https://a.example",
        "a.example/x",
        "a..example",
        "-a.example",
        "a b.example",
        "*.a.example",
        "printer.local",
        "x.onion",
        "2.1.9.in-addr.arpa",
        "x" * 64 + ".example",
        ".".join(["abc"] * 60),
        "2a00::1",
    ],
)
def test_what_is_no_public_domain_is_refused(given: str) -> None:
    with pytest.raises(ValueError, match="no domain of the public internet"):
        domain_claim(ORGANISATION, given, kind="dns_txt")


@pytest.mark.parametrize(("prefix", "subject"), [("9.1.2.3/32", "9.1.2.3"), ("9.1.2.8/29", "9.1.2.8/29")])
def test_the_subject_of_an_endpoint_is_its_whole_prefix(prefix: str, subject: str) -> None:
    claim = endpoint_claim(endpoint(prefix=prefix), "operator_attestation", now=NOW)
    assert (claim.subject, claim.endpoint_id) == (subject, "e-office")


@pytest.mark.parametrize(
    "prefix",
    [
        "10.1.2.3/32",
        "127.0.0.1/32",
        "100.64.0.1/32",
        "169.254.169.254/32",
        "192.0.2.1/32",
        "224.0.0.1/32",
        "fd00::/64",
        "::ffff:9.1.2.3/128",
        "0.0.0.0/0",
        "2001:db8::/48",
        "64:ff9b::a00:1/128",
    ],
)
def test_addresses_that_are_nobodys_are_refused(prefix: str) -> None:
    with pytest.raises(ValueError, match="nobody's on the internet"):
        endpoint_claim(endpoint(prefix=prefix), "operator_attestation", now=NOW)


def test_a_shared_address_is_nobodys_alone() -> None:
    with pytest.raises(ValueError, match="CGNAT"):
        endpoint_claim(endpoint(cgnat=True), "operator_attestation", now=NOW)


def test_a_mobile_endpoint_has_nothing_to_prove_beforehand() -> None:
    with pytest.raises(ValueError, match="leases"):
        endpoint_claim(endpoint(prefix=""), "acme_http", now=NOW)


def test_an_endpoint_that_ended_is_refused() -> None:
    with pytest.raises(ValueError, match="ended on"):
        endpoint_claim(endpoint(valid_until=NOW), "acme_http", now=NOW)


@pytest.mark.parametrize("kind", ["acme_http", "acme_tls_alpn", "call_back"])
def test_one_answering_address_proves_no_network(kind: str) -> None:
    with pytest.raises(ValueError, match="proves one address"):
        endpoint_claim(endpoint(prefix="9.1.2.8/29"), kind, now=NOW)


def test_a_call_back_proves_an_ipv6_line_and_no_more() -> None:
    assert endpoint_claim(endpoint(prefix="2a00:1:2:3::/64"), "call_back", now=NOW).subject == "2a00:1:2:3::/64"
    with pytest.raises(ValueError, match="proves one address"):
        endpoint_claim(endpoint(prefix="2a00:1:2::/56"), "call_back", now=NOW)


def test_an_attestation_needs_an_operator() -> None:
    with pytest.raises(ValueError, match="names no operator"):
        endpoint_claim(endpoint(operator=""), "operator_attestation", now=NOW)


def test_signed_checklists_are_not_offered_and_that_is_said() -> None:
    with pytest.raises(ValueError, match="not offered"):
        endpoint_claim(endpoint(), "rpki_checklist", now=NOW)


@pytest.mark.parametrize("kind", ["dns_txt", "guess"])
def test_a_kind_that_proves_no_address_is_refused_with_those_that_do(kind: str) -> None:
    with pytest.raises(ValueError, match="acme_http, acme_tls_alpn"):
        endpoint_claim(endpoint(), kind, now=NOW)


def test_an_address_proves_no_domain() -> None:
    with pytest.raises(ValueError, match="dns_txt, web_file"):
        domain_claim(ORGANISATION, "company.example", kind="acme_http")


def test_host_bits_are_an_error_that_names_the_endpoint() -> None:
    with pytest.raises(ValueError, match=r"e-office: '9\.1\.2\.3/24'"):
        subject_of(endpoint(prefix="9.1.2.3/24"))


def test_an_endpoint_that_ends_later_may_be_proved() -> None:
    later = endpoint(valid_until=NOW + dt.timedelta(seconds=1))
    assert endpoint_claim(later, "acme_http", now=NOW).subject == "9.1.2.3"
