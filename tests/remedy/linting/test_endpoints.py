from typing import Any

import pytest

from raabta.remedy.lint import is_refused, lint_endpoint
from tests.cases.linting import ANY_BENCH, BENCH, DAY, NOW, endpoint


def rules(fields: dict[str, Any], **more: Any) -> set[tuple[str, bool]]:
    findings = lint_endpoint(endpoint(**fields), bench=BENCH, now=NOW, **more)
    return {(finding.rule, finding.hard) for finding in findings}


def test_a_good_end_point_of_each_direction_has_no_finding() -> None:
    gateway = {"direction": "remote_gateway", "prefix": "198.19.1.2/32", "asn": 64510, "remote": "198.18.1.2/32"}
    service = {"direction": "inbound_service", "remote": "198.19.1.2/32"}
    assert rules({}) == rules(gateway) == rules(service) == set()


@pytest.mark.parametrize(
    ("rule", "fields"),
    [
        ("prefix.far_too_wide", {"prefix": "0.0.0.0/0"}),
        ("prefix.far_too_wide", {"remote": "0.0.0.0/0"}),
        ("prefix.too_wide", {"prefix": "198.18.1.0/26"}),
        ("prefix.malformed", {"prefix": "198.18.1"}),
        ("address.special", {"prefix": "192.168.1.2"}),
        ("address.cgnat", {"prefix": "100.64.3.3"}),
        ("address.cgnat", {"cgnat": True}),
        ("shared.cdn", {"remote": "198.19.10.1"}),
        ("shared.public_dns", {"remote": "8.8.8.8"}),
        ("origin.mismatch", {"asn": 64501}),
        ("origin.not_recipient", {"prefix": "198.18.200.1", "asn": 64501}),
        ("name.unpaired", {"remote": "vpn.example.org"}),
        ("endpoint.no_prefix", {"prefix": ""}),
        ("port.malformed", {"port": 70_000}),
        ("port.needless", {"transport": "gre"}),
        ("time.too_long", {"valid_until": NOW + 400 * DAY}),
        ("time.expired", {"valid_until": NOW - DAY / 2}),
        ("time.reversed", {"valid_from": NOW + 301 * DAY}),
        ("personal.identity_number", {"purpose": "line of 35202-1234567-1"}),
        ("personal.phone", {"site": "call 0300-1234567"}),
        ("secret.key", {"purpose": "key AbCdEfGhIjKlMnOpQrStUvWxYzAbCdEfGhIjKlMnOpQ="}),
    ],
)
def test_one_fault_keeps_an_end_point_out(rule: str, fields: dict[str, Any]) -> None:
    assert (rule, True) in rules(fields)


@pytest.mark.parametrize(
    ("rule", "fields"),
    [
        ("endpoint.no_remote", {"remote": ""}),
        ("endpoint.pool", {"addressing": "pool"}),
        ("origin.unstated", {"asn": 0}),
        ("precise.any_port", {"port": 0}),
        ("personal.name_likely", {"purpose": "laptop of Ms Anybody"}),
    ],
)
def test_what_is_only_weak_is_told(rule: str, fields: dict[str, Any]) -> None:
    assert rules(fields) == {(rule, False)}


def test_a_mobile_end_point_needs_no_prefix() -> None:
    assert rules({"prefix": "", "addressing": "mobile", "asn": 0}) == set()


def test_one_that_begins_later_may_be_registered_now() -> None:
    assert rules({"valid_from": NOW + DAY}) == set()


def test_a_review_lets_a_gateway_in_a_cloud_pass() -> None:
    fields = {"remote": "198.19.11.1"}
    assert rules(fields) == {("shared.cloud", True)}
    assert rules(fields, reviewed=("shared.cloud",)) == {("shared.cloud", False)}


def test_the_name_of_a_person_of_the_organisation_stands_in_no_text() -> None:
    fields = {"purpose": "for Zahra Qureshi at home"}
    assert ("personal.name", True) in rules(fields, names=("Zahra Qureshi",))


def test_nothing_personal_is_repeated() -> None:
    bad = endpoint(id="e-3520212345671", prefix="35202-1234567-1", site="35202-1234567-1", purpose="0300-1234567")
    findings = lint_endpoint(bad, bench=ANY_BENCH, now=NOW)
    told = " ".join(f"{one.subject} {one.words} {one.advice}" for one in findings)
    assert is_refused(findings)
    assert "1234567" not in told
