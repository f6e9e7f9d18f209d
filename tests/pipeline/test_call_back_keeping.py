"""Receipts that a member hands in become a proof in the register, of this end point and no other."""

import datetime as dt
from collections.abc import Iterator

import pytest

from raabta.model.register import MemberEndpoint, Proof
from raabta.pipeline.call_back_keeping import keep_call_back
from raabta.pipeline.proof_keeping import ask_for_proof
from raabta.reference import special_ranges_without
from raabta.registry.claims import endpoint_claim
from raabta.registry.secrets import RegisterKey
from raabta.registry.store import Register, open_register
from raabta.wire.receipt import Receipt
from tests.cases.lease_register import DAY, ENDPOINT, fill
from tests.cases.leasing import ADDRESS, CONTROL_KEYS, CONTROLS, NOW, a_receipt

SPECIAL = special_ranges_without("198.18.0.0/15")


@pytest.fixture
def register() -> Iterator[Register]:
    key, ids = RegisterKey(seal=b"s" * 32, identity=b"i" * 32), iter(range(100))
    with open_register("sqlite://", key=key, now=lambda: NOW, new_id=lambda prefix: f"{prefix}{next(ids)}") as found:
        with found.change() as records:
            fill(records, now=NOW, prefix=f"{ADDRESS}/32", direction="member_source", remote="198.18.40.5")
        yield found


def challenge_of(register: Register, *, now: dt.datetime) -> str:
    with register.look() as records:
        endpoint = records.get(MemberEndpoint, ENDPOINT)
    assert endpoint is not None
    claim = endpoint_claim(endpoint, "call_back", now=now, special=SPECIAL)
    proof = ask_for_proof(register, claim, nonce=b"n" * 16)
    with register.change() as records:
        import msgspec

        records.put(msgspec.structs.replace(proof, issued_at=NOW - 10 * DAY))
    return proof.challenge


def three_days(challenge: str) -> list[Receipt]:
    return [a_receipt(control, at=NOW - n * DAY, nonce=challenge) for n in (0, 3, 6) for control in CONTROLS[:2]]


def test_three_days_of_receipts_prove_the_address_for_thirty_days(register: Register) -> None:
    receipts = three_days(challenge_of(register, now=NOW))
    proof, found = keep_call_back(register, ENDPOINT, receipts=receipts, control_keys=CONTROL_KEYS, special=SPECIAL)
    assert found.is_proved
    with register.look() as records:
        kept = records.get(Proof, proof.id)
    assert kept is not None
    assert (kept.status, kept.expires_at, len(kept.witnesses)) == ("proved", NOW + 30 * DAY, 2)
    assert ADDRESS not in kept.evidence


def test_what_is_missing_leaves_the_proof_pending(register: Register) -> None:
    receipts = three_days(challenge_of(register, now=NOW))[:4]
    proof, found = keep_call_back(register, ENDPOINT, receipts=receipts, control_keys=CONTROL_KEYS, special=SPECIAL)
    assert (found.is_proved, proof.status) == (False, "pending")


def test_receipts_for_another_members_challenge_are_worth_nothing(register: Register) -> None:
    challenge_of(register, now=NOW)
    others = three_days("x" * 22 + "." + "y" * 43)
    _, found = keep_call_back(register, ENDPOINT, receipts=others, control_keys=CONTROL_KEYS, special=SPECIAL)
    assert not found.is_proved


def test_nothing_is_proved_that_was_not_asked_for(register: Register) -> None:
    with pytest.raises(LookupError, match="no challenge"):
        keep_call_back(register, ENDPOINT, receipts=[], control_keys=CONTROL_KEYS, special=SPECIAL)
    with pytest.raises(LookupError, match="endpoint list"):
        keep_call_back(register, "e-x", receipts=[], control_keys=CONTROL_KEYS, special=SPECIAL)
