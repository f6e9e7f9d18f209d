"""Chains are judged at a given time, by given authorities, in the order that OONI's probe judges."""

from datetime import timedelta

import pytest
from cryptography.x509.oid import ExtendedKeyUsageOID

from raabta.wire.x509 import ChainFault, TrustAnchors, anchors_of, ascii_name, check_chain, read_anchors
from tests.cases.authority import NOW, Issued, intermediate, intermediate_for, issue, root, self_signed, the_root

HOST = "www.gazette.example"


@pytest.fixture(scope="module")
def trusted() -> TrustAnchors:
    return read_anchors(the_root().pem)


def fault(issued: Issued, trusted: TrustAnchors, *, name: str = HOST, days: int = 0) -> tuple[str, str] | None:
    found = check_chain(issued.chain, server_name=name, anchors=trusted, at=NOW + timedelta(days=days))
    return (found.failure, found.detail) if found else None


def test_a_good_chain_has_no_fault(trusted: TrustAnchors) -> None:
    assert fault(issue(HOST), trusted) is None


def test_a_chain_without_the_identifiers_that_the_web_asks_for_is_good_too(trusted: TrustAnchors) -> None:
    assert fault(issue(HOST, strict=False), trusted) is None


def test_a_leaf_right_under_the_root_is_good(trusted: TrustAnchors) -> None:
    assert fault(issue(HOST, by=the_root()), trusted) is None


def test_certificates_of_no_use_in_the_chain_do_no_harm(trusted: TrustAnchors) -> None:
    chain = [*issue(HOST).chain[:1], self_signed("stranger.example").chain[0], b"rubbish", *issue(HOST).chain[1:]]
    assert check_chain(chain, server_name=HOST, anchors=trusted, at=NOW) is None


def test_an_expired_certificate(trusted: TrustAnchors) -> None:
    assert fault(issue(HOST, days=(-90, -1)), trusted) == ("ssl_invalid_certificate", "expired")


def test_a_certificate_of_the_future(trusted: TrustAnchors) -> None:
    assert fault(issue(HOST, days=(1, 90)), trusted) == ("ssl_invalid_certificate", "not yet valid")


@pytest.mark.parametrize(("days", "detail"), [(3650, "expired"), (-3650, "not yet valid")])
def test_the_time_is_the_one_that_is_given(trusted: TrustAnchors, days: int, detail: str) -> None:
    assert fault(issue(HOST), trusted, days=days) == ("ssl_invalid_certificate", detail)


def test_an_expired_intermediate_is_an_invalid_certificate(trusted: TrustAnchors) -> None:
    leaf = issue(HOST, by=intermediate(by=the_root(), days=(-100, -1)))
    assert fault(leaf, trusted) == ("ssl_invalid_certificate", "expired")


def test_a_certificate_for_another_name(trusted: TrustAnchors) -> None:
    assert fault(issue("block.operator.example"), trusted) == ("ssl_invalid_hostname", "other name")


def test_a_certificate_for_no_name(trusted: TrustAnchors) -> None:
    assert fault(issue(), trusted) == ("ssl_invalid_hostname", "other name")


def test_an_authority_that_nobody_trusts(trusted: TrustAnchors) -> None:
    assert fault(issue(HOST, by=root("Operator's Root")), trusted) == ("ssl_unknown_authority", "no path")


def test_an_authority_that_only_has_the_name_of_a_trusted_one(trusted: TrustAnchors) -> None:
    assert fault(issue(HOST, by=root("Invented Root")), trusted) == ("ssl_unknown_authority", "no path")


def test_a_certificate_that_signed_itself(trusted: TrustAnchors) -> None:
    assert fault(self_signed(HOST), trusted) == ("ssl_unknown_authority", "self-signed")


def test_a_missing_intermediate(trusted: TrustAnchors) -> None:
    chain = issue(HOST).chain[:1]
    expected = ChainFault(failure="ssl_unknown_authority", detail="no path")
    assert check_chain(chain, server_name=HOST, anchors=trusted, at=NOW) == expected


def test_a_server_certificate_is_no_authority(trusted: TrustAnchors) -> None:
    assert fault(issue(HOST, by=issue("thief.example")), trusted) == ("ssl_unknown_authority", "no path")


@pytest.mark.parametrize(("domain", "good"), [("gazette.example", True), ("operator.example", False)])
def test_an_authority_for_one_domain_is_none_for_others(trusted: TrustAnchors, domain: str, good: bool) -> None:
    leaf = issue(HOST, by=intermediate_for(domain, by=the_root()))
    assert fault(leaf, trusted) == (None if good else ("ssl_unknown_authority", "no path"))


def test_a_certificate_for_mail_is_not_for_servers(trusted: TrustAnchors) -> None:
    leaf = issue(HOST, usage=ExtendedKeyUsageOID.EMAIL_PROTECTION)
    assert fault(leaf, trusted) == ("ssl_unknown_authority", "no path")


@pytest.mark.parametrize("chain", [[], [b""], [b"rubbish"]])
def test_what_is_no_certificate_is_invalid(trusted: TrustAnchors, chain: list[bytes]) -> None:
    expected = ChainFault(failure="ssl_invalid_certificate", detail="unreadable")
    assert check_chain(chain, server_name=HOST, anchors=trusted, at=NOW) == expected


@pytest.mark.parametrize(
    ("listed", "asked", "good"),
    [
        ("*.gazette.example", "www.gazette.example", True),
        ("*.gazette.example", "gazette.example", False),
        ("*.gazette.example", "a.www.gazette.example", False),
        ("*.example", "gazette.example", False),
        ("WWW.gazette.example", "www.GAZETTE.example.", True),
        ("xn--mgb9awbf.example", "پاکستان.example", False),
        ("xn--mnchen-3ya.example", "münchen.example", True),
        ("api_v2.gazette.example", "api_v2.gazette.example", True),
        ("*.gazette.example", "api_v2.gazette.example", True),
        ("5.9.40.1", "5.9.40.1", True),
        ("5.9.40.1", "5.9.40.2", False),
        ("2a01:4f8:40::1", "2a01:4f8:40:0::1", False),
        ("2a01:4f8:40::1", "2a01:4f8:40::1", True),
        ("www.gazette.example", "", False),
    ],
)
def test_names_are_compared_as_rfc_6125_says(trusted: TrustAnchors, listed: str, asked: str, good: bool) -> None:
    found = fault(issue(listed), trusted, name=asked)
    assert found == (None if good else ("ssl_invalid_hostname", "other name"))


@pytest.mark.parametrize(
    ("name", "expected"),
    [("Münch.Example.", "xn--mnch-0ra.example"), ("a..b", "a..b"), ("ü" * 70, "ü" * 70)],
)
def test_a_name_is_brought_into_one_form(name: str, expected: str) -> None:
    assert ascii_name(name) == expected


def test_anchors_that_cannot_be_read_are_left_out() -> None:
    assert anchors_of([b"rubbish", *the_root().chain]).n == 1


def test_no_anchor_at_all_is_refused() -> None:
    with pytest.raises(ValueError, match=r"."):
        anchors_of([b"rubbish"])
