"""From end points to entries: who is in a recipient's list, who is not and why, and what a list gives away."""

import datetime as dt
from typing import Any

import msgspec
import pytest

from raabta.model.exemption import ExemptionList, Recipient, Review
from raabta.model.register import Case, Consent, MemberEndpoint
from raabta.remedy.canonical import canonical
from raabta.remedy.entries import REASONS, Compiled, RegisterView, compile_list
from raabta.remedy.lint import bench_of, lint_list
from tests.cases.linting import BENCH, DAY, NOW, RECIPIENT, TABLES, endpoint, grant, restriction

ORGANISATION = "o-aaaaaaaaaaaaaaaa"
OTHER = "o-cccccccccccccccc"
SOUTH = Recipient(id="south", name="South Networks", asns=(64501,), reference_key="cd" * 32)


def case(*endpoint_ids: str, **changed: Any) -> Case:
    made: dict[str, Any] = {
        "id": "c-aaaaaaaaaaaaaaaa",
        "organisation_id": ORGANISATION,
        "endpoint_ids": endpoint_ids or ("e-aaaaaaaaaaaaaaaa",),
        "kind": "pk.A",
        "status": "approved",
        "created_at": NOW - 9 * DAY,
        "changed_at": NOW - 2 * DAY,
    }
    return Case(**(made | changed))


def consent(organisation: str = ORGANISATION, recipient: str = "north", **changed: Any) -> Consent:
    made: dict[str, Any] = {
        "id": f"n-{organisation[2:]}",
        "organisation_id": organisation,
        "purpose": "exemption_list",
        "recipient": recipient,
        "given_at": NOW - 9 * DAY,
    }
    return Consent(**(made | changed))


def view(*endpoints: MemberEndpoint, **changed: Any) -> RegisterView:
    ids = [one.id for one in endpoints]
    made: dict[str, Any] = {
        "country": "PK",
        "endpoints": endpoints,
        "cases": (case(*ids),),
        "consents": (consent(), consent(OTHER)),
        "evidence": dict.fromkeys(ids, 2),
    }
    return RegisterView(**(made | changed))


def compiled(given: RegisterView, *, previous: ExemptionList | None = None, now: dt.datetime = NOW) -> Compiled:
    return compile_list(given, bench=BENCH, now=now, expires_at=now + 30 * DAY, previous=previous)


def test_a_members_source_becomes_an_entry_that_names_nobody() -> None:
    made = compiled(view(endpoint()))
    (one,) = made.list.entries
    assert (one.source, one.destination, one.transport, one.port) == ("198.18.1.2/32", "198.19.1.2/32", "udp", 51820)
    assert (one.origin_asn, one.basis, one.evidence_level, one.serial, one.log_index) == (64500, "pk.A", 2, 1, None)
    assert made.subjects == {one.id: "e-aaaaaaaaaaaaaaaa"}
    raw = canonical(made.list)
    for text in (b"aaaaaaaa", b"Head office", b"client", b"ab" * 32):
        assert text not in raw


def test_a_gateway_abroad_is_a_destination_and_the_member_its_source() -> None:
    gateway = endpoint(direction="remote_gateway", prefix="198.19.1.2", asn=64510, remote="198.18.1.8/29")
    (one,) = compiled(view(gateway)).list.entries
    assert (one.source, one.destination, one.origin_asn) == ("198.18.1.8/29", "198.19.1.2/32", 64500)


@pytest.mark.parametrize(
    ("remote", "ends"),
    [("198.19.1.2", ("198.19.1.2/32", "198.18.1.2/32", 443)), ("", ("198.18.1.2/32", "", 0))],
)
def test_a_service_is_a_destination_where_it_is_known_who_dials(remote: str, ends: tuple[str, str, int]) -> None:
    service = endpoint(direction="inbound_service", remote=remote, port=443, transport="tcp")
    (one,) = compiled(view(service)).list.entries
    assert (one.source, one.destination, one.port) == ends


@pytest.mark.parametrize(
    ("reason", "fields", "parts"),
    [
        ("ended", {"valid_until": NOW}, {}),
        ("not_begun", {"valid_from": NOW + DAY}, {}),
        ("mobile", {"prefix": "", "addressing": "mobile"}, {}),
        ("mobile", {"cgnat": True}, {}),
        ("no_source", {"direction": "remote_gateway", "prefix": "198.19.1.2", "remote": ""}, {}),
        ("host_name", {"remote": "vpn.example.org"}, {}),
        ("unreadable", {"prefix": "198.18.1.9/29"}, {}),
        ("other_network", {"prefix": "198.18.200.1/32", "asn": 64501}, {}),
        ("ended", {"prefix": "198.18.200.1/32", "asn": 64501, "valid_until": NOW}, {}),
        ("no_consent", {}, {"consents": ()}),
        ("no_consent", {}, {"consents": (consent(recipient="south"),)}),
        ("no_consent", {}, {"consents": (consent(withdrawn_at=NOW - DAY),)}),
        ("no_consent", {}, {"consents": (consent(purpose="application"),)}),
        ("no_case", {}, {"cases": ()}),
        ("no_case", {}, {"cases": (case(status="submitted"),)}),
        ("no_case", {}, {"cases": (case(status="revoked"),)}),
        ("no_case", {}, {"cases": (case(status="expired"),)}),
        ("no_case", {}, {"cases": (case("e-other"),)}),
        ("no_case", {}, {"cases": (case(valid_until=NOW.date() - DAY),)}),
        ("evidence", {}, {"evidence": {}}),
        ("evidence", {}, {"evidence": {"e-aaaaaaaaaaaaaaaa": 1}}),
        ("lint", {"remote": "0.0.0.0/0"}, {}),
        ("lint", {"remote": "198.19.10.9"}, {}),
        ("lint", {"remote": "10.0.0.1"}, {}),
        ("lint", {"prefix": "198.18.1.0/24"}, {}),
    ],
)
def test_what_must_not_be_in_a_list_stays_out_and_says_why(
    reason: str, fields: dict[str, Any], parts: dict[str, Any]
) -> None:
    made = compiled(view(endpoint(**({"operator": "north"} | fields)), **parts))
    assert made.list.entries == ()
    assert [(one.subject, one.reason) for one in made.left_out] == [("e-aaaaaaaaaaaaaaaa", reason)]
    assert REASONS[made.left_out[0].reason]


def test_another_networks_end_point_is_not_this_recipients_and_is_not_told() -> None:
    for operator in ("", "south"):
        made = compiled(view(endpoint(prefix="198.18.200.1/32", asn=64501, operator=operator)))
        assert (made.list.entries, made.left_out) == ((), ())


def test_one_that_names_the_wrong_operator_is_told_with_who_announces_it() -> None:
    (left,) = compiled(view(endpoint(prefix="198.18.200.1/32", asn=64501, operator="north"))).left_out
    assert (left.reason, left.detail) == ("other_network", "announced by AS64501, not by north (AS64500)")


def test_two_recipients_cannot_tell_by_a_reference_that_a_member_is_in_both_lists() -> None:
    north = endpoint()
    south = endpoint(id="e-bbbbbbbbbbbbbbbb", prefix="198.18.200.1/32", asn=64501, operator="south")
    given = view(north, south, consents=(consent(), consent(recipient="south", id="n-s")))
    first = compiled(given).list
    second = compile_list(given, bench=bench_of(TABLES, SOUTH), now=NOW, expires_at=NOW + DAY).list
    assert [one.source for one in first.entries] == ["198.18.1.2/32"]
    assert [one.source for one in second.entries] == ["198.18.200.1/32"]
    assert first.entries[0].organisation_ref != second.entries[0].organisation_ref
    assert b"198.18.200" not in canonical(first)
    assert b"198.18.1.2" not in canonical(second)


def test_one_members_entries_have_one_reference() -> None:
    made = compiled(view(endpoint(), endpoint(id="e-bbbbbbbbbbbbbbbb", port=51821)))
    assert len({one.organisation_ref for one in made.list.entries}) == 1


def test_what_lint_finds_in_a_compiled_list_is_nothing_hard() -> None:
    bad = [endpoint(id=f"e-bad{number}", remote=remote) for number, remote in enumerate(["::/0", "8.8.8.8", "1.1.1.1"])]
    made = compiled(view(endpoint(), *bad))
    assert len(made.list.entries) == 1
    assert lint_list(made.list, bench=BENCH, now=NOW) == []
    assert {finding.rule for one in made.left_out for finding in one.findings} == {
        "prefix.far_too_wide",
        "prefix.mixed_families",
        "shared.public_dns",
    }


def test_of_two_that_are_the_same_the_one_that_stood_in_the_list_stays() -> None:
    old = endpoint()
    before = compiled(view(old)).list
    twin = endpoint(id="e-0000000000000000", organisation_id=OTHER)
    made = compiled(view(twin, old), previous=before)
    assert [made.subjects[one.id] for one in made.list.entries] == [old.id]
    assert [(one.subject, one.findings[0].rule) for one in made.left_out] == [(twin.id, "duplicate.same")]


def test_a_fault_that_hid_a_duplicate_does_not_cost_the_good_one() -> None:
    wide = endpoint(id="e-0000000000000000", prefix="198.18.1.0/28")
    made = compiled(view(wide, endpoint()))
    assert [made.subjects[one.id] for one in made.list.entries] == ["e-aaaaaaaaaaaaaaaa"]
    assert [one.subject for one in made.left_out] == [wide.id]


def test_serial_and_place_in_the_log_are_carried_over_and_nothing_else() -> None:
    before = compiled(view(endpoint())).list
    logged = msgspec.structs.replace(
        before, entries=(msgspec.structs.replace(before.entries[0], log_index=4, evidence_level=3),)
    )
    later = NOW + DAY
    more = endpoint(id="e-bbbbbbbbbbbbbbbb", port=51821)
    made = compiled(view(endpoint(), more), previous=logged, now=later)
    found = {one.port: (one.serial, one.log_index, one.evidence_level) for one in made.list.entries}
    assert made.list.serial == 2
    assert found == {51820: (1, 4, 2), 51821: (2, None, 2)}


def test_a_changed_tuple_is_another_entry() -> None:
    before = compiled(view(endpoint())).list
    made = compiled(view(endpoint(port=443)), previous=before)
    assert made.list.entries[0].id != before.entries[0].id
    assert made.list.entries[0].serial == 2


def test_what_was_revoked_is_gone_from_the_next_list() -> None:
    before = compiled(view(endpoint())).list
    made = compiled(view(endpoint(), cases=(case(status="revoked"),)), previous=before)
    assert (made.list.entries, made.list.serial) == ((), 2)


def test_an_entry_ends_with_its_end_point_or_its_approval() -> None:
    until = NOW.date() + 10 * DAY
    (one,) = compiled(view(endpoint(), cases=(case(valid_until=until),))).list.entries
    assert one.not_after == dt.datetime(2026, 12, 4, tzinfo=dt.UTC)
    (other,) = compiled(view(endpoint())).list.entries
    assert other.not_after == NOW + 300 * DAY


def test_a_review_of_an_end_point_stands_in_its_entry() -> None:
    review = Review(
        id="v-1", subject="e-aaaaaaaaaaaaaaaa", rules=("shared.cloud",), by="a person", reason="reserved", at=NOW
    )
    made = compiled(view(endpoint(remote="198.19.11.9"), reviews=(review,)))
    assert [one.reviewed for one in made.list.entries] == ["shared.cloud"]
    assert [(one.rule, one.hard) for one in made.findings] == [("shared.cloud", False)]
    assert b"a person" not in canonical(made.list)
    assert b"reserved" not in canonical(made.list)


# --- grants and restrictions --------------------------------------------------------------------------------------


def with_grant(**changed: Any) -> RegisterView:
    given = grant(organisation_ref=ORGANISATION, asns=(64500, 64501))
    gateway = endpoint(direction="remote_gateway", prefix="198.19.1.2", remote="", device_keys=(given.device_key,))
    base = view(gateway, grants=(given,))
    return msgspec.structs.replace(base, **({"evidence": {given.id: 2}} | changed))


def test_a_grant_goes_into_the_list_with_an_opaque_reference_and_this_recipients_networks() -> None:
    made = compiled(with_grant())
    (one,) = made.list.grants
    assert (one.asns, one.basis, one.evidence_level) == ((64500,), "pk.A", 2)
    assert one.organisation_ref.startswith("m-")
    assert ORGANISATION.encode() not in canonical(made.list)


@pytest.mark.parametrize(
    ("reason", "parts"),
    [
        ("no_consent", {"consents": ()}),
        ("no_case", {"cases": ()}),
        ("evidence", {"evidence": {}}),
        ("no_endpoint", {"endpoints": ()}),
    ],
)
def test_a_grant_that_rests_on_nothing_stays_out(reason: str, parts: dict[str, Any]) -> None:
    made = compiled(with_grant(**parts))
    assert made.list.grants == ()
    assert ("g-aaaaaaaaaaaaaaaa", reason) in [(one.subject, one.reason) for one in made.left_out]


def test_another_recipients_grant_is_not_in_the_list() -> None:
    made = compiled(with_grant(grants=(grant(organisation_ref=ORGANISATION, asns=(64501,)),)))
    assert made.list.grants == ()
    assert "g-aaaaaaaaaaaaaaaa" not in [one.subject for one in made.left_out]


def test_only_restrictions_in_force_and_without_fault_are_listed() -> None:
    good = restriction()
    over = restriction(id="r-over", target="198.19.200.10", not_after=NOW)
    shared = restriction(id="r-shared", target="198.19.10.1/32")
    made = compiled(view(endpoint(), restrictions=(good, over, shared)))
    assert [one.id for one in made.list.restrictions] == [good.id]
    assert [(one.subject, one.reason) for one in made.left_out] == [("r-shared", "lint")]


# --- the whole ------------------------------------------------------------------------------------------------------


def test_a_recipient_without_a_secret_gets_no_list() -> None:
    bare = bench_of(TABLES, msgspec.structs.replace(RECIPIENT, reference_key=""))
    with pytest.raises(ValueError, match="reference key"):
        compile_list(view(), bench=bare, now=NOW, expires_at=NOW + DAY)


def test_a_list_that_ends_before_it_begins_is_not_made() -> None:
    with pytest.raises(ValueError, match=r"list\.reversed"):
        compile_list(view(endpoint()), bench=BENCH, now=NOW, expires_at=NOW)


def test_an_empty_register_gives_an_empty_list() -> None:
    made = compiled(RegisterView(country=""))
    assert (made.list.entries, made.list.serial, made.left_out) == ((), 1, ())


def test_the_same_register_gives_the_same_bytes() -> None:
    endpoints = [endpoint(id=f"e-{number:016d}", port=1000 + number) for number in range(20)]
    first, second = compiled(view(*endpoints)), compiled(view(*reversed(endpoints)))
    assert canonical(first.list) == canonical(second.list)
