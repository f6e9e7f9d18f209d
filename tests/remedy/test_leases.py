"""Leases: what a gateway believes, what the association gives, and the test for split NAT."""

import datetime as dt
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from raabta.model.exemption import ExemptionList, Lease, LeaseGrant, LeaseList, LintFinding
from raabta.reference.tables import load_tables
from raabta.remedy.canonical import canonical, read_canonical
from raabta.remedy.lease_rules import LEASE_RULES, SOFT
from raabta.remedy.leases import judge_request, lease_bytes, leases_that_hold, renew_at, verify_lease
from raabta.wire.receipt import Receipt
from tests.cases.leasing import (
    CONTROL_KEYS,
    CONTROLS,
    NOW,
    a_grant,
    a_lease,
    a_receipt,
    a_request,
    key_of,
    tables,
)

TABLES = tables()
HOUR = dt.timedelta(hours=1)


def rules(findings: list[LintFinding]) -> list[str]:
    return [finding.rule for finding in findings]


def verified(lease: Lease, grant: LeaseGrant | None = None, *, now: dt.datetime = NOW) -> list[str]:
    return rules(verify_lease(lease, grant or a_grant(), now=now, tables=TABLES))


def judged(*receipts: Receipt, lease: Lease | None = None, now: dt.datetime = NOW) -> list[str]:
    request = a_request(lease, *receipts)
    return rules(judge_request(request, a_grant(), control_keys=CONTROL_KEYS, now=now, tables=TABLES))


# --- what a gateway believes ----------------------------------------------------------------------------------


def test_a_lease_that_the_granted_device_signed_holds_until_its_end() -> None:
    lease = a_lease(hours=4)
    assert verified(lease) == []
    assert verified(lease, now=NOW + 4 * HOUR - dt.timedelta(seconds=1)) == []
    assert verified(lease, now=NOW + 4 * HOUR) == ["lease.over"]
    assert renew_at(lease) == NOW + 2 * HOUR


def test_it_can_be_read_back_from_the_list_and_still_holds() -> None:
    lease = a_lease()
    assert verified(msgspec.json.decode(canonical(lease), type=Lease)) == []
    assert lease_bytes(lease) == lease_bytes(msgspec.structs.replace(lease, signature=""))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("id", "l-cccccccccccccccc"),
        ("address", "198.18.7.10/32"),
        ("nonce", "ffffffffffffffffffffffff"),
        ("asked_at", NOW + dt.timedelta(seconds=1)),
        ("not_before", NOW + dt.timedelta(seconds=1)),
        ("not_after", NOW + 5 * HOUR),
        ("signature", ""),
        ("signature", "é"),
    ],
)
def test_nothing_in_a_lease_can_be_changed_without_the_devices_key(field: str, value: Any) -> None:
    assert verified(msgspec.structs.replace(a_lease(), **{field: value})) == ["lease.signature"]


def test_a_stolen_online_key_gives_no_lease_to_another_device() -> None:
    assert verified(a_lease(key=key_of("thief"))) == ["lease.signature"]


def test_a_lease_is_for_its_own_grant() -> None:
    assert verified(a_lease(grant_id="g-cccccccccccccccc")) == ["lease.grant"]


@pytest.mark.parametrize(
    ("address", "rule"),
    [
        pytest.param("100.64.0.1/32", "lease.cgnat", id="cgnat"),
        pytest.param("100.127.255.254/32", "lease.cgnat", id="cgnat-end"),
        pytest.param("::ffff:100.64.0.1/128", "lease.one_address", id="cgnat-mapped-unusual"),
        pytest.param("::ffff:6440:1/128", "lease.cgnat", id="cgnat-mapped"),
        pytest.param("10.1.2.3/32", "lease.special", id="private"),
        pytest.param("127.0.0.1/32", "lease.special", id="loopback"),
        pytest.param("169.254.169.254/32", "lease.special", id="metadata"),
        pytest.param("192.0.2.1/32", "lease.special", id="documentation"),
        pytest.param("224.0.0.1/32", "lease.special", id="multicast"),
        pytest.param("fe80::1/128", "lease.special", id="link-local"),
        pytest.param("fd00::1/128", "lease.special", id="unique-local"),
        pytest.param("64:ff9b::c612:709/128", "lease.translated", id="nat64"),
        pytest.param("2002:c612:709::1/128", "lease.translated", id="6to4"),
        pytest.param("104.16.0.1/32", "lease.shared", id="cdn"),
        pytest.param("0.0.0.0/0", "lease.one_address", id="everything"),
        pytest.param("::/0", "lease.one_address", id="everything-6"),
        pytest.param("198.18.7.8/31", "lease.one_address", id="two"),
        pytest.param("198.18.7.0/24", "lease.one_address", id="network"),
        pytest.param("198.18.7.9", "lease.one_address", id="no-length"),
        pytest.param("198.18.007.9/32", "lease.one_address", id="zeros"),
        pytest.param("shop.example", "lease.one_address", id="name"),
        pytest.param("", "lease.one_address", id="nothing"),
        pytest.param("2001:db8:0::1/128", "lease.one_address", id="unusual-6"),
        pytest.param("198.19.0.1/32", "lease.origin", id="another-network"),
        pytest.param("203.96.1.1/32", "lease.origin_unknown", id="nobody-knows"),
    ],
)
def test_an_address_that_is_not_one_customers_own_is_never_leased(address: str, rule: str) -> None:
    towards = "2001:db8:9::5/128" if ":" in address else "203.0.113.5/32"
    assert verified(a_lease(address=address), a_grant(destination=towards)) == [rule]


def test_an_ipv6_address_may_be_leased_and_a_grant_without_networks_takes_any() -> None:
    towards6 = a_grant(destination="2001:db8:9::5/128")
    assert verified(a_lease(address="2001:db8::9/128"), towards6) == []
    assert verified(a_lease(address="198.19.0.1/32"), a_grant(asns=())) == []


def test_no_kernel_is_given_one_family_towards_the_other() -> None:
    assert verified(a_lease(address="2001:db8::9/128")) == ["lease.family"]
    assert verified(a_lease(), a_grant(destination="2001:db8:9::5/128")) == ["lease.family"]


@pytest.mark.parametrize(
    ("hours", "max_h", "rule"),
    [(1, 12, None), (12, 12, None), (0.9, 12, "lease.length"), (12.1, 24, "lease.length"), (5, 4, "lease.length")],
)
def test_a_lease_lasts_one_to_twelve_hours_and_no_longer_than_granted(
    hours: float, max_h: int, rule: str | None
) -> None:
    assert verified(a_lease(hours=hours), a_grant(max_h=max_h)) == ([rule] if rule else [])


def test_a_lease_that_ends_before_it_begins_is_none() -> None:
    assert verified(a_lease(hours=-1)) == ["lease.length", "lease.over"]


@pytest.mark.parametrize(
    ("changed", "rule"),
    [
        ({"not_before": NOW + dt.timedelta(seconds=121)}, "lease.nonce_age"),
        ({"asked_at": NOW - dt.timedelta(seconds=121)}, "lease.nonce_age"),
        ({"nonce": "short"}, "lease.nonce"),
        ({"nonce": "x" * 129}, "lease.nonce"),
        ({"id": "l-1"}, "lease.form"),
        ({"asked_at": NOW.astimezone(dt.timezone(dt.timedelta(hours=5)))}, "lease.form"),
    ],
)
def test_what_is_malformed_or_stale_is_told(changed: dict[str, Any], rule: str) -> None:
    assert rule in verified(a_lease(**changed))


def test_a_lease_from_the_future_waits() -> None:
    later = NOW + HOUR
    assert verified(a_lease(asked_at=later, not_before=later)) == ["lease.early"]


def test_a_lease_stays_within_the_time_and_evidence_of_its_grant() -> None:
    assert verified(a_lease(), a_grant(not_after=NOW + HOUR)) == ["lease.grant_time"]
    assert verified(a_lease(), a_grant(not_before=NOW + HOUR)) == ["lease.grant_time"]
    assert verified(a_lease(), a_grant(evidence_level=1)) == ["lease.evidence"]


@settings(max_examples=60, deadline=None)
@given(
    lease=st.builds(
        Lease,
        id=st.just("l-bbbbbbbbbbbbbbbb") | st.text(),
        grant_id=st.text(),
        address=st.text() | st.ip_addresses().map(str) | st.integers(0, 200).map(lambda n: f"198.18.0.0/{n}"),
        nonce=st.text(),
        asked_at=st.datetimes(timezones=st.just(dt.UTC)),
        not_before=st.datetimes(timezones=st.none() | st.just(dt.UTC)),
        not_after=st.datetimes(timezones=st.sampled_from([dt.UTC, dt.timezone(dt.timedelta(hours=-12))])),
        signature=st.text(),
    )
)
def test_no_lease_raises_and_none_without_a_signature_holds(lease: Lease) -> None:
    assert any(finding.hard for finding in verify_lease(lease, a_grant(), now=NOW, tables=TABLES))


# --- a whole list of leases -----------------------------------------------------------------------------------


def held(*leases: Lease, recipient: str = "op") -> tuple[list[Lease], list[str]]:
    made = {"serial": 1, "made_at": NOW, "expires_at": NOW + 24 * HOUR}
    listed = ExemptionList(recipient="op", country="PK", grants=(a_grant(),), **made)  # type: ignore[arg-type]
    online = LeaseList(recipient=recipient, leases=leases, **made)  # type: ignore[arg-type]
    holding, findings = leases_that_hold(online, listed, now=NOW, tables=TABLES)
    return [lease for lease, _ in holding], rules(findings)


def test_only_leases_within_offline_grants_are_loaded_and_the_others_do_not_spoil_them() -> None:
    good = a_lease()
    bad = [a_lease(id="l-cccccccccccccccc", grant_id="g-x"), a_lease(key=key_of("thief")), a_lease(address="0.0.0.0/0")]
    assert held(bad[0], good, *bad[1:]) == ([good], ["lease.grant", "lease.signature", "lease.one_address"])


def test_a_device_has_one_lease_the_one_that_it_asked_for_last() -> None:
    soon = NOW + dt.timedelta(seconds=60)
    old, new = a_lease(), a_lease(id="l-cccccccccccccccc", address="198.18.9.9/32", asked_at=soon, not_before=soon)
    assert held(old, new) == held(new, old) == ([new], ["lease.replaced"])
    assert held(new, new) == ([new], [])


def test_leases_of_another_recipients_list_are_not_taken() -> None:
    assert held(a_lease(), recipient="other") == ([], ["lease.recipient"])


# --- what the association gives -------------------------------------------------------------------------------


def test_a_request_with_the_receipts_of_two_controls_is_given() -> None:
    assert judged() == []
    assert judged(*(a_receipt(control) for control in CONTROLS)) == []


def test_two_controls_that_see_two_addresses_have_found_split_nat() -> None:
    one, other = a_receipt(CONTROLS[0]), a_receipt(CONTROLS[1], address="198.18.7.10")
    assert judged(one, other) == ["lease.split_nat"]
    assert judged(one, a_receipt(CONTROLS[2]), other) == ["lease.split_nat"]


@pytest.mark.parametrize(
    "receipts",
    [
        pytest.param([a_receipt(CONTROLS[0])], id="one"),
        pytest.param(
            [a_receipt(CONTROLS[0]), a_receipt(CONTROLS[0], at=NOW + dt.timedelta(seconds=5))], id="one-twice"
        ),
        pytest.param([a_receipt(CONTROLS[0]), a_receipt(key_of("own control"))], id="a-strange-control"),
        pytest.param([a_receipt(CONTROLS[0]), msgspec.structs.replace(a_receipt(CONTROLS[1]), nonce="x")], id="forged"),
    ],
)
def test_fewer_than_two_known_controls_prove_nothing(receipts: list[Receipt]) -> None:
    assert judged(*receipts) == ["lease.receipts"]


def test_receipts_are_for_this_device_and_this_nonce() -> None:
    first = a_receipt(CONTROLS[0])
    assert judged(first, a_receipt(CONTROLS[1], key=key_of("another"))) == ["lease.receipt_other"]
    assert judged(first, a_receipt(CONTROLS[1], nonce="f" * 24)) == ["lease.receipt_other"]


def test_receipts_name_the_leases_address() -> None:
    moved = [a_receipt(control, address="198.18.7.10") for control in CONTROLS[:2]]
    assert judged(*moved) == ["lease.receipt_address"]


@pytest.mark.parametrize("seconds", [121, -121])
def test_receipts_are_of_one_moment_and_of_the_leases(seconds: int) -> None:
    at = NOW + dt.timedelta(seconds=seconds)
    assert judged(a_receipt(CONTROLS[0]), a_receipt(CONTROLS[1], at=at)) == ["lease.receipt_age"]
    assert judged(*(a_receipt(control, at=at) for control in CONTROLS[:2])) == ["lease.receipt_age"]


def test_a_request_is_handed_on_at_once_or_not_at_all() -> None:
    assert judged(now=NOW + dt.timedelta(seconds=120)) == []
    assert judged(now=NOW + dt.timedelta(seconds=121)) == ["lease.nonce_age"]


def test_a_request_of_another_form_is_not_looked_at_further() -> None:
    assert judged(lease=a_lease(id="x")) == ["lease.form"]


# --- the rules ------------------------------------------------------------------------------------------------


def test_every_rule_says_what_is_wrong_and_what_to_try() -> None:
    assert all(name.startswith("lease.") and words and advice for name, (words, advice) in LEASE_RULES.items())
    assert set(LEASE_RULES) > SOFT


def test_tables_are_an_argument() -> None:
    """The package's own tables refuse the lab's addresses: nothing asks where it runs."""
    own = load_tables()
    assert rules(verify_lease(a_lease(), a_grant(), now=NOW, tables=own)) == ["lease.special"]


def test_the_guide_has_every_rule_as_it_is() -> None:
    guide = (Path(__file__).parents[2] / "docs" / "guides" / "leases.md").read_text(encoding="utf-8")
    expected = [
        f"| `{rule}` | {'soft' if rule in SOFT else 'hard'} | {words} |" for rule, (words, _) in LEASE_RULES.items()
    ]
    assert [line for line in guide.splitlines() if line.startswith("| `lease.")] == expected
    assert "Only that gateway needs an exemption" in guide


def test_a_lease_whose_times_have_no_zone_is_refused_where_it_is_read() -> None:
    raw = canonical(a_lease()).replace(b"Z", b"")
    with pytest.raises(ValueError, match="timezone"):
        read_canonical(raw, Lease, name="leases.json")


def test_an_address_with_a_scope_is_no_address() -> None:
    scoped = a_lease(address="2001:db8::7%x};flush ruleset/128")
    grant = a_grant(destination="2001:db8:1::5/128")
    assert "lease.one_address" in {finding.rule for finding in verify_lease(scoped, grant, now=NOW, tables=tables())}
