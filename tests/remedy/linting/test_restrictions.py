from typing import Any

import pytest

from raabta.remedy.lint import is_refused, lint_restriction
from tests.cases.linting import BENCH, DAY, NOW, restriction


def rules(fields: dict[str, Any], **more: Any) -> set[tuple[str, bool]]:
    findings = lint_restriction(restriction(**fields), bench=BENCH, now=NOW, **more)
    return {(finding.rule, finding.hard) for finding in findings}


@pytest.mark.parametrize("target", ["198.19.200.9", "198.19.200.9/32", "bad.example.org", "2001:db8:f::9/128"])
def test_a_founded_narrow_block_has_no_finding(target: str) -> None:
    assert rules({"target": target}) == set()


@pytest.mark.parametrize(
    ("rule", "fields"),
    [
        ("restriction.no_basis", {"basis": "  "}),
        ("restriction.no_owner", {"owner": ""}),
        ("restriction.target_malformed", {"target": "https://bad.example.org/"}),
        ("restriction.target_malformed", {"target": "198.19.200.999"}),
        ("prefix.host_bits", {"target": "198.19.200.9/24"}),
        ("restriction.too_wide", {"target": "198.19.200.0/23"}),
        ("restriction.far_too_wide", {"target": "0.0.0.0/0"}),
        ("restriction.far_too_wide", {"target": "198.18.0.0/15"}),
        ("restriction.far_too_wide", {"target": "::/0"}),
        ("restriction.target_malformed", {"target": "pk"}),
        ("restriction.name_too_wide", {"target": "com.pk"}),
        ("restriction.name_too_wide", {"target": "github.io"}),
        ("restriction.shared", {"target": "198.19.10.9/32"}),
        ("restriction.shared", {"target": "198.19.11.9/32"}),
        ("restriction.shared_wide", {"target": "198.19.10.0/24"}),
        ("restriction.shared_wide", {"target": "104.16.0.0/24"}),
        ("restriction.critical", {"target": "198.19.7.3/32"}),
        ("restriction.critical", {"target": "bank.example.pk"}),
        ("restriction.critical", {"target": "example.pk"}),
        ("restriction.critical", {"target": "github.com"}),
        ("restriction.critical", {"target": "8.8.8.8/32"}),
        ("address.special", {"target": "10.0.0.0/24"}),
        ("address.cgnat", {"target": "100.64.0.0/24"}),
        ("time.expired", {"not_after": NOW}),
        ("time.too_long", {"not_after": NOW + 367 * DAY}),
        ("personal.email", {"owner": "someone@example.org"}),
        ("personal.phone", {"basis": "call 0300-1234567"}),
    ],
)
def test_one_fault_keeps_a_block_out(rule: str, fields: dict[str, Any]) -> None:
    assert (rule, True) in rules(fields)


def test_on_a_shared_address_it_says_who_else_lives_there() -> None:
    told = rules({"target": "198.19.10.9/32", "shared": "some 400 other names"})
    assert told == {("restriction.shared_told", False)}


def test_a_review_lets_a_block_of_a_critical_service_pass_and_nothing_wider() -> None:
    assert rules({"target": "198.19.7.3/32"}, reviewed=("restriction.critical",)) == {("restriction.critical", False)}
    everything = restriction(target="0.0.0.0/0", reviewed="restriction.far_too_wide restriction.too_wide")
    assert is_refused(lint_restriction(everything, bench=BENCH, now=NOW))
