"""The life of a proof: challenge, proved, renewed, over; and what it is worth meanwhile."""

import datetime as dt
from typing import Any, get_args

import msgspec
import pytest

from raabta.model.register import Proof, ProofKind
from raabta.registry.claims import ADDRESS_KINDS, DOMAIN_KINDS, NOT_OFFERED, claim_of
from raabta.registry.instructions import lines_to_show, words_to_show
from raabta.registry.proofs import (
    CHALLENGE_DAYS,
    MAX_CHALLENGE_DAYS,
    VALID_DAYS,
    accept,
    challenge_key,
    endpoint_level,
    find_due,
    find_open,
    find_rivals,
    has_papers,
    is_bound,
    is_in_force,
    is_open,
    note,
    organisation_level,
    proved_domains,
    renew_from,
    settle,
    withdraw,
)
from raabta.registry.secrets import RegisterKey
from tests.cases.authority import NOW
from tests.cases.proving import DOMAIN, KEY, ORGANISATION, endpoint, pending

DAY = dt.timedelta(days=1)


def proved(kind: str = "dns_txt", subject: str = DOMAIN, *, at: dt.datetime = NOW, **changed: Any) -> Proof:
    made = pending(kind, subject, **changed)
    return accept(made, now=at, witnesses=("a", "b"), evidence="seen")


def of_office(kind: str, subject: str = "9.1.2.3", *, at: dt.datetime = NOW) -> Proof:
    return proved(kind, subject, at=at, endpoint_id="e-office")


# --- tables -----------------------------------------------------------------------------------------------------------


def test_every_kind_is_offered_with_a_term_and_words_or_said_not_to_be() -> None:
    assert {*VALID_DAYS, *NOT_OFFERED} == set(get_args(ProofKind)) == {*DOMAIN_KINDS, *ADDRESS_KINDS, *NOT_OFFERED}
    assert all(30 <= days <= 90 for days in VALID_DAYS.values())
    assert all(words_to_show(pending(kind, "9.1.2.3")) for kind in VALID_DAYS)


@pytest.mark.parametrize("kind", VALID_DAYS)
def test_what_is_to_be_shown_holds_the_challenge_or_its_hash(kind: str) -> None:
    proof = pending(kind, "9.1.2.3")
    said = " ".join(value for _, value in lines_to_show(proof))
    assert proof.challenge in said or kind == "acme_tls_alpn"


# --- life -------------------------------------------------------------------------------------------------------------


def test_a_challenge_proves_nothing_until_it_is_seen() -> None:
    assert not is_in_force(pending("dns_txt"), NOW)


@pytest.mark.parametrize("kind", VALID_DAYS)
def test_a_proof_ends_by_itself_after_the_days_of_its_kind(kind: str) -> None:
    proof = proved(kind, "9.1.2.3")
    ends_at = NOW + VALID_DAYS[proof.kind] * DAY
    assert (is_in_force(proof, ends_at - dt.timedelta(seconds=1)), is_in_force(proof, ends_at)) == (True, False)
    assert settle(proof, ends_at).status == "expired"


def test_a_proof_is_not_in_force_before_it_was_seen() -> None:
    assert not is_in_force(proved(), NOW - DAY)


def test_a_stored_end_beyond_the_kinds_term_is_not_believed() -> None:
    forged = msgspec.structs.replace(proved("call_back", "9.1.2.3"), expires_at=NOW + 1_000 * DAY)
    assert not is_in_force(forged, NOW + 31 * DAY)


def test_an_earlier_end_than_the_kinds_holds() -> None:
    proof = accept(pending("operator_attestation"), now=NOW, witnesses=("o",), evidence="", until=NOW + 2 * DAY)
    assert proof.expires_at == NOW + 2 * DAY


def test_a_renewal_moves_the_end() -> None:
    again = accept(proved(), now=NOW + 70 * DAY, witnesses=("c",), evidence="again")
    assert (again.expires_at, again.witnesses) == (NOW + 160 * DAY, ("c",))


def test_a_look_that_fails_takes_nothing_back_but_is_noted_while_waiting() -> None:
    assert note(proved(), evidence="nothing there") == proved()
    assert note(pending("dns_txt"), evidence="x" * 1_000).evidence == "x" * 400


def test_what_was_not_shown_in_time_has_failed_and_cannot_be_taken_any_more() -> None:
    late = NOW + CHALLENGE_DAYS * DAY
    proof = pending("dns_txt")
    assert (settle(proof, late - DAY).status, settle(proof, late).status) == ("pending", "failed")
    with pytest.raises(ValueError, match="new challenge"):
        accept(proof, now=late, witnesses=("a",), evidence="")


def test_what_expired_needs_a_new_challenge() -> None:
    with pytest.raises(ValueError, match="new challenge"):
        accept(proved(), now=NOW + 90 * DAY, witnesses=("a",), evidence="")


def test_after_a_year_the_same_challenge_is_looked_at_no_more() -> None:
    proof, now = proved(), NOW
    while now + 80 * DAY < NOW + MAX_CHALLENGE_DAYS * DAY:
        now += 80 * DAY
        proof = accept(proof, now=now, witnesses=("a",), evidence="")
    assert is_in_force(proof, NOW + MAX_CHALLENGE_DAYS * DAY)
    assert not is_open(proof, NOW + MAX_CHALLENGE_DAYS * DAY)


def test_nobody_who_saw_it_is_no_proof() -> None:
    with pytest.raises(ValueError, match="nobody saw"):
        accept(pending("dns_txt"), now=NOW, witnesses=(), evidence="")


def test_a_withdrawn_proof_is_over() -> None:
    proof = withdraw(proved(), reason="the line was given up")
    assert not is_in_force(proof, NOW)
    assert settle(proof, NOW).status == "withdrawn"


def test_a_row_that_was_moved_to_another_member_is_noticed() -> None:
    proof = pending("dns_txt")
    assert is_bound(proof, key=KEY)
    assert not is_bound(msgspec.structs.replace(proof, organisation_id="o-other"), key=KEY)


def test_the_secret_of_challenges_outlives_a_new_sealing_key_and_is_not_the_other() -> None:
    one = RegisterKey(seal=b"1" * 32, identity=b"i" * 32)
    other = RegisterKey(seal=b"2" * 32, identity=b"i" * 32)
    assert challenge_key(one) == challenge_key(other) != one.identity


def test_the_newest_open_proof_of_the_very_claim_is_found() -> None:
    old = pending("dns_txt")
    new = msgspec.structs.replace(old, id="f-2", issued_at=NOW + DAY)
    others = [pending("web_file"), pending("dns_txt", "other.example"), withdraw(new, reason="")]
    assert find_open([old, new, *others], claim_of(old), now=NOW + DAY) == new
    assert find_open(others, claim_of(old), now=NOW) is None


def test_another_member_with_the_same_subject_is_named() -> None:
    other = proved(organisation_id="o-other")
    assert find_rivals([proved(), other], claim_of(proved()), now=NOW) == ["o-other"]
    assert find_rivals([proved(), other], claim_of(proved()), now=NOW + 91 * DAY) == []


# --- renewal ----------------------------------------------------------------------------------------------------------


def test_a_proof_is_due_when_a_third_of_its_time_is_left() -> None:
    proof = proved()
    assert renew_from(proof) == NOW + 60 * DAY
    assert find_due([proof], now=NOW + 59 * DAY) == []
    assert [due.what for due in find_due([proof], now=NOW + 60 * DAY)] == ["renew"]
    assert [due.what for due in find_due([proof], now=NOW + 90 * DAY)] == ["expired"]


def test_what_expired_long_ago_is_no_longer_told() -> None:
    assert find_due([proved()], now=NOW + 180 * DAY) != []
    assert find_due([proved()], now=NOW + 181 * DAY) == []


def test_what_was_replaced_is_not_due() -> None:
    old = proved()
    new = proved(at=NOW + 20 * DAY)
    assert [due.what for due in find_due([old], now=NOW + 95 * DAY)] == ["expired"]
    assert [due.proof for due in find_due([old, new], now=NOW + 95 * DAY)] == [new]


def test_the_most_urgent_comes_first_and_what_waits_is_told_until_it_failed() -> None:
    waiting = pending("web_file")
    renew = of_office("acme_http", at=NOW - 50 * DAY + DAY)
    found = find_due([waiting, renew], now=NOW + DAY)
    assert [(due.what, due.ends_at) for due in found] == [("renew", NOW + 11 * DAY), ("waiting", NOW + 30 * DAY)]
    assert find_due([waiting], now=NOW + 30 * DAY) == []


# --- evidence ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kinds", "papers", "level"),
    [
        ([], False, 0),
        ([], True, 1),
        (["acme_http"], False, 2),
        (["operator_attestation"], True, 2),
        (["acme_http", "acme_http"], True, 2),
        (["acme_http", "acme_tls_alpn"], True, 2),
        (["acme_http", "reverse_dns"], True, 3),
        (["call_back", "operator_attestation"], True, 3),
    ],
)
def test_the_level_of_an_endpoint(kinds: list[str], papers: bool, level: int) -> None:
    proofs = [of_office(kind) for kind in kinds]
    assert endpoint_level(endpoint(), proofs, has_papers=papers, now=NOW) == level


@pytest.mark.parametrize(
    "proof",
    [
        pytest.param(proved(), id="a-domain"),
        pytest.param(of_office("acme_http", "9.1.2.4"), id="the-address-before"),
        pytest.param(proved("acme_http", "9.1.2.3", endpoint_id="e-other"), id="another-endpoint"),
        pytest.param(
            proved("acme_http", "9.1.2.3", endpoint_id="e-office", organisation_id="o-other"), id="another-member"
        ),
        pytest.param(of_office("acme_http", at=NOW - 60 * DAY + DAY), id="expired"),
        pytest.param(pending("acme_http", "9.1.2.3", endpoint_id="e-office"), id="not-shown"),
        pytest.param(withdraw(of_office("acme_http"), reason=""), id="withdrawn"),
    ],
)
def test_what_is_not_about_the_endpoint_now_does_not_count(proof: Proof) -> None:
    assert endpoint_level(endpoint(), [proof], has_papers=False, now=NOW + DAY) == 0


def test_an_address_of_a_network_does_not_prove_the_network() -> None:
    assert endpoint_level(endpoint(prefix="9.1.2.0/29"), [of_office("acme_http")], has_papers=True, now=NOW) == 1


def test_a_shared_address_is_proved_by_nothing() -> None:
    assert endpoint_level(endpoint(cgnat=True), [of_office("acme_http")], has_papers=True, now=NOW) == 1


def test_an_organisation_is_known_by_its_domains() -> None:
    other = proved("web_file", organisation_id="o-other")
    level = [
        organisation_level(ORGANISATION, proofs, has_papers=False, now=NOW)
        for proofs in ([], [proved(), other], [proved(), proved("web_file")], [of_office("acme_http")])
    ]
    assert level == [0, 2, 3, 0]
    assert proved_domains([proved(), of_office("acme_http"), proved(subject="b.example")], now=NOW) == [
        "b.example",
        DOMAIN,
    ]


def test_papers_are_a_registration_an_identity_or_a_line_of_a_case() -> None:
    assert not has_papers(ORGANISATION, [])
    checked = msgspec.structs.replace(ORGANISATION, registration_checked_on=NOW.date())
    assert has_papers(checked, [])
