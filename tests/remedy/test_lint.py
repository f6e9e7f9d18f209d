"""Every rule of lint, broken by a record that differs from a good one in one thing."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from raabta.model.exemption import ExemptionEntry, LintFinding
from raabta.remedy.lint import is_refused, lint_entry, lint_grant, lint_list
from tests.cases.linting import ANY_BENCH, BENCH, DAY, NOW, RECIPIENT, changed, entry, grant, listed, restriction


def rules_of(findings: list[LintFinding]) -> set[str]:
    return {finding.rule for finding in findings}


def hard_rules_of(findings: list[LintFinding]) -> set[str]:
    return {finding.rule for finding in findings if finding.hard}


def test_a_good_record_of_each_kind_has_no_finding() -> None:
    assert lint_entry(entry(), bench=BENCH, now=NOW) == []
    assert lint_grant(grant(), bench=BENCH, now=NOW) == []
    assert lint_list(listed(entry(), grants=(grant(),), restrictions=(restriction(),)), bench=BENCH, now=NOW) == []


HARD: list[tuple[str, dict[str, Any]]] = [
    ("prefix.far_too_wide", {"source": "0.0.0.0/0"}),
    ("prefix.far_too_wide", {"destination": "0.0.0.0/0"}),
    ("prefix.far_too_wide", {"source": "::/0", "destination": "2001:db8:f::1/128"}),
    ("prefix.far_too_wide", {"source": "0.0.0.0/1"}),
    ("prefix.far_too_wide", {"source": "128.0.0.0/1"}),
    ("prefix.far_too_wide", {"source": "198.18.0.0/23"}),
    ("prefix.far_too_wide", {"source": "2000::/3", "destination": "2001:db8:f::1/128"}),
    ("prefix.too_wide", {"source": "198.18.1.0/24"}),
    ("prefix.too_wide", {"source": "198.18.1.0/28"}),
    ("prefix.too_wide", {"source": "2001:db8::/47", "destination": "2001:db8:f::1/128"}),
    ("prefix.missing", {"source": ""}),
    ("prefix.host_bits", {"source": "198.18.1.2/29"}),
    ("prefix.mixed_families", {"destination": "2001:db8:f::1/128"}),
    ("address.special", {"source": "10.1.2.3/32"}),
    ("address.special", {"source": "192.168.1.0/29"}),
    ("address.special", {"destination": "127.0.0.1/32"}),
    ("address.special", {"source": "203.0.113.9/32"}),
    ("address.special", {"source": "224.0.0.1/32"}),
    ("address.special", {"source": "fe80::1/128", "destination": "2001:db8:f::1/128"}),
    ("address.special", {"source": "::ffff:198.18.1.2/128", "destination": "2001:db8:f::1/128"}),
    ("address.special", {"source": "64:ff9b::a01:203/128", "destination": "2001:db8:f::1/128"}),
    ("address.special", {"source": "2002:a01:203::/48", "destination": "2001:db8:f::1/128"}),
    ("address.cgnat", {"source": "100.64.9.9/32"}),
    ("address.unannounced", {"destination": "198.19.250.1/32"}),
    ("origin.mismatch", {"origin_asn": 64501}),
    ("origin.not_recipient", {"source": "198.18.200.1/32", "origin_asn": 64501}),
    ("origin.not_recipient", {"source": "198.18.200.1/32", "origin_asn": 0}),
    ("shared.cdn", {"destination": "198.19.10.9/32"}),
    ("shared.cdn", {"destination": "198.19.9.9/32"}),
    ("shared.cdn_wide", {"destination": "198.19.10.8/31"}),
    ("shared.cloud", {"destination": "198.19.11.9/32"}),
    ("shared.hosting", {"destination": "198.19.12.9/32"}),
    ("shared.platform", {"destination": "198.19.13.9/32"}),
    ("shared.public_dns", {"destination": "198.19.14.8/32"}),
    ("shared.public_dns", {"destination": "198.19.14.8/29"}),
    ("shared.commercial_vpn", {"destination": "198.19.15.9/32"}),
    ("shared.cdn", {"source": "198.19.10.9/32"}),
    ("port.malformed", {"port": 65_536}),
    ("port.malformed", {"port": -1}),
    ("port.needless", {"transport": "esp"}),
    ("port.needless", {"transport": "any"}),
    ("time.expired", {"not_after": NOW - DAY / 2}),
    ("time.expired", {"not_after": NOW}),
    ("time.not_yet", {"not_before": NOW + DAY}),
    ("time.too_long", {"not_after": NOW + 366 * DAY}),
    ("time.reversed", {"not_before": NOW, "not_after": NOW - DAY}),
    ("time.no_zone", {"not_after": (NOW + DAY).replace(tzinfo=None)}),
    ("evidence.too_low", {"evidence_level": 1}),
    ("evidence.unknown", {"evidence_level": 4}),
    ("basis.missing", {"basis": ""}),
    ("text.not_code", {"basis": "an order of the ministry"}),
    ("text.not_code", {"organisation_ref": "Example Software House"}),
    ("text.not_code", {"organisation_ref": ""}),
    ("personal.identity_number", {"organisation_ref": "35202-1234567-1"}),
    ("personal.identity_number", {"id": "x-3520212345671"}),
    ("personal.email", {"basis": "someone@example.org"}),
    ("grant.too_long", {"lease": True}),
]


@pytest.mark.parametrize(("rule", "fields"), HARD, ids=lambda value: value if isinstance(value, str) else str(value))
def test_one_fault_keeps_an_entry_out_by_its_rule(rule: str, fields: dict[str, Any]) -> None:
    assert rule in hard_rules_of(lint_entry(entry(**fields), bench=BENCH, now=NOW))


@pytest.mark.parametrize(
    "text",
    [
        "198.18.1.256/32",
        "198.18.1/32",
        "198.18.1.2",
        "198.18.1.2/33",
        "198.18.1.2/ 32",
        "198.18.1,2/32",
        "198.18.01.2/32",
        "198.18.1.2\\32",
        " 198.18.1.2/32",
        "198.18.1.2/32 ",
        "198.18.1.2/255.255.255.255",
        "198.18.1.2/+32",
        "１９８.18.1.2/32",
        "fe80::1%eth0/64",
        "[2001:db8::1]/128",
        "2001:db8:::1/128",
        "2001:db8::12345/128",
        "2001:db8::1/129",
        "vpn.example.org/32",
        "/",
        "any",
    ],
)
def test_a_misspelled_prefix_is_malformed(text: str) -> None:
    assert "prefix.malformed" in hard_rules_of(lint_entry(entry(source=text), bench=BENCH, now=NOW))


SOFT: list[tuple[str, dict[str, Any]]] = [
    ("precise.no_destination", {"destination": ""}),
    ("precise.any_port", {"port": 0}),
    ("precise.any_transport", {"transport": "any", "port": 0}),
    ("origin.unstated", {"origin_asn": 0}),
]


@pytest.mark.parametrize(("rule", "fields"), SOFT)
def test_what_is_only_imprecise_is_told_and_passes(rule: str, fields: dict[str, Any]) -> None:
    findings = lint_entry(entry(**fields), bench=BENCH, now=NOW)
    assert (rules_of(findings), is_refused(findings)) == ({rule}, False)


@pytest.mark.parametrize(
    "destination",
    ["198.19.1.0/29", "198.19.1.2/31"],
)
def test_a_narrow_network_is_no_fault(destination: str) -> None:
    assert lint_entry(entry(destination=destination), bench=BENCH, now=NOW) == []


def test_ipv6_to_a_48_is_no_fault() -> None:
    good = entry(source="2001:db8:1::/48", destination="2001:db8:f::1/128")
    assert lint_entry(good, bench=BENCH, now=NOW) == []


def test_a_protocol_without_ports_has_none() -> None:
    assert lint_entry(entry(transport="esp", port=0), bench=BENCH, now=NOW) == []


# --- reviews ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "fields"),
    [
        ("shared.cdn", {"destination": "198.19.10.9/32"}),
        ("shared.cloud", {"destination": "198.19.11.8/29"}),
        ("prefix.too_wide", {"source": "198.18.1.0/24"}),
        ("address.unannounced", {"destination": "198.19.250.1/32"}),
    ],
)
def test_what_was_reviewed_is_told_and_passes(rule: str, fields: dict[str, Any]) -> None:
    findings = lint_entry(entry(reviewed=rule, **fields), bench=BENCH, now=NOW)
    assert (rules_of(findings), is_refused(findings)) == ({rule}, False)


@pytest.mark.parametrize(
    ("rule", "fields"),
    [
        ("prefix.far_too_wide", {"source": "0.0.0.0/0"}),
        ("prefix.far_too_wide", {"source": "::/0", "destination": ""}),
        ("shared.cdn_wide", {"destination": "198.19.10.0/29"}),
        ("address.special", {"source": "10.0.0.1/32"}),
        ("address.cgnat", {"source": "100.64.0.1/32"}),
        ("origin.mismatch", {"origin_asn": 64501}),
        ("time.too_long", {"not_after": NOW + 400 * DAY}),
    ],
)
def test_no_review_lets_it_pass(rule: str, fields: dict[str, Any]) -> None:
    everything = f"{rule} prefix.too_wide shared.cdn"
    findings = lint_entry(entry(reviewed=everything, **fields), bench=BENCH, now=NOW)
    assert rule in hard_rules_of(findings)
    assert "review.unknown" in rules_of(findings)


# --- time: judged by when the list was made ------------------------------------------------------------------


def test_an_entry_that_ended_since_the_list_was_made_is_told_and_does_not_cost_the_list() -> None:
    ends_soon = entry(not_after=NOW + DAY)
    findings = lint_list(listed(ends_soon), bench=BENCH, now=NOW + 2 * DAY)
    assert [(finding.rule, finding.hard) for finding in findings] == [("time.expired_since", False)]


def test_an_entry_that_had_ended_when_the_list_was_made_costs_the_list() -> None:
    ended = entry(not_after=NOW - DAY / 2)
    assert "time.expired" in hard_rules_of(lint_list(listed(ended), bench=BENCH, now=NOW))


def test_a_clock_that_is_some_minutes_off_costs_nothing() -> None:
    late = listed(entry(not_before=NOW))
    assert lint_list(late, bench=BENCH, now=NOW - DAY / 288) == []


# --- entries beside each other ---------------------------------------------------------------------------------


def test_the_same_traffic_twice_is_a_duplicate_and_the_first_stays() -> None:
    findings = lint_list(listed(entry(), entry(id="x-2")), bench=BENCH, now=NOW)
    assert [(finding.rule, finding.subject) for finding in findings] == [("duplicate.same", "x-2")]


@pytest.mark.parametrize(
    "wider",
    [
        {"source": "198.18.1.0/29"},
        {"destination": "198.19.1.0/30"},
        {"destination": ""},
        {"port": 0},
        {"transport": "any", "port": 0},
    ],
)
def test_an_entry_inside_another_is_contained(wider: dict[str, Any]) -> None:
    findings = lint_list(listed(entry(), entry(id="x-wide", **wider)), bench=BENCH, now=NOW)
    hard = [(finding.rule, finding.subject) for finding in findings if finding.hard]
    assert hard == [("duplicate.contained", "x-aaaaaaaaaaaaaaaa")]


@pytest.mark.parametrize(
    "other",
    [{"port": 51821}, {"transport": "tcp"}, {"source": "198.18.1.3/32"}, {"destination": "198.19.1.3/32"}],
)
def test_an_entry_beside_another_is_no_duplicate(other: dict[str, Any]) -> None:
    assert lint_list(listed(entry(), entry(id="x-2", **other)), bench=BENCH, now=NOW) == []


def test_one_id_twice_is_found() -> None:
    findings = lint_list(listed(entry(), entry(port=1)), bench=BENCH, now=NOW)
    assert rules_of(findings) == {"duplicate.id"}


# --- the list as a whole ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "fields"),
    [
        ("list.version", {"version": 2}),
        ("list.expired", {"made_at": NOW - 2 * DAY, "expires_at": NOW - DAY}),
        ("list.reversed", {"expires_at": NOW - DAY}),
        ("list.from_future", {"made_at": NOW + DAY}),
        ("list.wrong_recipient", {"recipient": "south"}),
        ("time.no_zone", {"made_at": NOW.replace(tzinfo=None)}),
        ("personal.email", {"recipient": "a@example.org"}),
    ],
)
def test_a_list_as_a_whole_is_refused(rule: str, fields: dict[str, Any]) -> None:
    assert rule in hard_rules_of(lint_list(listed(entry(), **fields), bench=BENCH, now=NOW))


def test_a_list_that_lives_long_is_told() -> None:
    findings = lint_list(listed(entry(), expires_at=NOW + 40 * DAY), bench=BENCH, now=NOW)
    assert [(finding.rule, finding.hard) for finding in findings] == [("list.lives_long", True)]


@pytest.mark.parametrize(("serial", "rule"), [(6, {"list.serial_older"}), (7, {"list.serial_reused"}), (8, set())])
def test_a_serial_only_grows(serial: int, rule: set[str]) -> None:
    before = listed(entry())
    after = listed(entry(id="x-2"), serial=serial)
    assert hard_rules_of(lint_list(after, bench=BENCH, now=NOW, previous=before)) == rule


def test_the_same_list_again_is_no_fault() -> None:
    assert lint_list(listed(entry()), bench=BENCH, now=NOW, previous=listed(entry())) == []


def test_without_a_recipient_no_rule_about_one_is_applied() -> None:
    elsewhere = entry(source="198.18.200.1/32", origin_asn=64501)
    assert lint_list(listed(elsewhere, recipient="south"), bench=ANY_BENCH, now=NOW) == []


# --- grants -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "fields"),
    [
        ("grant.no_destination", {"destination": ""}),
        ("grant.any_port", {"port": 0}),
        ("grant.too_long", {"max_h": 13}),
        ("grant.too_long", {"max_h": 0}),
        ("grant.device_key", {"device_key": "not a key"}),
        ("grant.device_key", {"device_key": "A" * 44}),
        ("origin.not_recipient", {"asns": (64500, 64501)}),
        ("prefix.far_too_wide", {"destination": "0.0.0.0/0"}),
        ("shared.cloud", {"destination": "198.19.11.1/32"}),
        ("evidence.too_low", {"evidence_level": 0}),
        ("time.expired", {"not_after": NOW}),
    ],
)
def test_a_grant_is_kept_out(rule: str, fields: dict[str, Any]) -> None:
    assert rule in hard_rules_of(lint_grant(grant(**fields), bench=BENCH, now=NOW))


def test_a_reviewed_gateway_in_a_cloud_may_be_granted_leases() -> None:
    findings = lint_grant(grant(destination="198.19.11.1/32", reviewed="shared.cloud"), bench=BENCH, now=NOW)
    assert not is_refused(findings)


# --- restrictions in a list ------------------------------------------------------------------------------------


def test_a_block_that_hits_an_entry_is_told() -> None:
    block = restriction(target="198.19.1.0/29")
    findings = lint_list(listed(entry(), restrictions=(block,)), bench=BENCH, now=NOW)
    assert [(finding.rule, finding.subject) for finding in findings] == [("restriction.hits_entry", block.id)]


# --- robustness and privacy -------------------------------------------------------------------------------------

ANY_TEXT = st.text(max_size=60)


@given(st.builds(dict, source=ANY_TEXT, destination=ANY_TEXT, basis=ANY_TEXT, organisation_ref=ANY_TEXT, id=ANY_TEXT))
def test_no_text_raises_and_none_passes_for_good(fields: dict[str, str]) -> None:
    assert is_refused(lint_list(listed(entry(**fields)), bench=BENCH, now=NOW))


@pytest.mark.parametrize("field", ["id", "source", "destination", "organisation_ref", "basis", "reviewed"])
@pytest.mark.parametrize("number", ["35202-1234567-1", "3520212345671", "+92 300 1234567", "zahid@example.org"])
def test_a_persons_number_is_never_repeated(field: str, number: str) -> None:
    findings = lint_list(listed(entry(**{field: number})), bench=BENCH, now=NOW)
    told = " ".join(f"{one.subject} {one.place} {one.words} {one.advice}" for one in findings)
    assert is_refused(findings)
    assert number not in told
    assert "1234567" not in told


def test_a_recipient_is_compared_by_the_tables_and_not_by_what_an_entry_says() -> None:
    claims_ours = changed(entry(), source="198.18.200.1/32", origin_asn=64500)
    assert hard_rules_of(lint_entry(claims_ours, bench=BENCH, now=NOW)) == {"origin.mismatch", "origin.not_recipient"}
    assert RECIPIENT.asns == (64500,)


def test_every_finding_of_an_entry_names_it_and_a_field() -> None:
    bad = entry(source="10.0.0.1/32", port=0, basis="")
    fields = set(ExemptionEntry.__struct_fields__)
    for finding in lint_entry(bad, bench=BENCH, now=NOW):
        assert finding.subject == bad.id
        assert finding.place in fields
        assert finding.words
        assert finding.advice
