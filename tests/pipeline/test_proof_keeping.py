"""Proofs in a register: asked for once, looked at, kept, renewed; and never taken for somebody else's."""

import asyncio
import base64
import datetime as dt
from collections.abc import Iterator
from contextlib import AsyncExitStack
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from raabta.model.exemption import Recipient
from raabta.model.register import MemberEndpoint, Proof
from raabta.pipeline.proof_keeping import (
    ask_for_proof,
    keep_attestation,
    keep_look,
    look_and_keep,
    open_proof,
    renew_due,
    request_for,
    rivals_of,
)
from raabta.pipeline.proving import Look, ProvingSettings, Sight
from raabta.probe.host import HostNetwork
from raabta.registry import Register, RegisterKey, open_register
from raabta.registry.claims import domain_claim, endpoint_claim
from raabta.registry.proof_search import find_due_in
from raabta.registry.proofs import accept
from raabta.wire.attestation import read_attestation, sign_attestation, write_attestation
from raabta.wire.challenge import Claim, txt_value
from tests.cases.authority import NOW
from tests.cases.nameserver import Zone, from_zone, name_server, text
from tests.cases.proving import DOMAIN, ORGANISATION, endpoint, proving

OPERATOR = Ed25519PrivateKey.from_private_bytes(b"o" * 32)
DAY = dt.timedelta(days=1)
NONCE = bytes(16)
SEEN = Look(is_shown=True, sights=(Sight(witness="a"), Sight(witness="b")))
MISSED = Look(is_shown=False, sights=(Sight(witness="a", fault="it has no text"),))


class Clock:
    def __init__(self) -> None:
        self.at = NOW
        self.n_ids = 0

    def now(self) -> dt.datetime:
        return self.at

    def new_id(self, prefix: str) -> str:
        self.n_ids += 1
        return f"{prefix.rstrip('-')}-{self.n_ids:04}"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def register(clock: Clock) -> Iterator[Register]:
    key = RegisterKey(seal=b"s" * 32, identity=b"i" * 32)
    with open_register("sqlite://", key=key, now=clock.now, new_id=clock.new_id) as made:
        with made.change() as records:
            records.add(ORGANISATION)
            records.add(msgspec.structs.replace(ORGANISATION, id="o-other"))
            records.add(endpoint())
            public = base64.b64encode(OPERATOR.public_key().public_bytes_raw()).decode()
            records.add(Recipient(id="operator-a", name="Operator A", asns=(64501,), attestation_key=public))
        yield made


def claim_domain(organisation_id: str = ORGANISATION.id, kind: str = "dns_txt") -> Claim:
    return domain_claim(msgspec.structs.replace(ORGANISATION, id=organisation_id), DOMAIN, kind=kind)


def stored(register: Register, proof: Proof) -> Proof | None:
    with register.look() as records:
        return records.get(Proof, proof.id)


# --- asking -----------------------------------------------------------------------------------------------------------


def test_asking_twice_gives_the_same_challenge(register: Register) -> None:
    first = ask_for_proof(register, claim_domain(), nonce=NONCE)
    assert ask_for_proof(register, claim_domain(), nonce=b"x" * 16) == first == stored(register, first)


def test_two_members_with_the_same_nonce_get_different_challenges(register: Register) -> None:
    one = ask_for_proof(register, claim_domain(), nonce=NONCE)
    other = ask_for_proof(register, claim_domain("o-other"), nonce=NONCE)
    assert one.challenge != other.challenge


def test_a_challenge_that_was_not_shown_in_time_is_replaced(register: Register, clock: Clock) -> None:
    first = ask_for_proof(register, claim_domain(), nonce=NONCE)
    clock.at += 31 * DAY
    assert ask_for_proof(register, claim_domain(), nonce=b"x" * 16).challenge != first.challenge


def test_asking_for_an_organisation_or_endpoint_that_is_not_there_is_refused(register: Register) -> None:
    with pytest.raises(LookupError, match="raabta org list"):
        ask_for_proof(register, claim_domain("o-nobody"), nonce=NONCE)
    with pytest.raises(LookupError, match="raabta endpoint list"):
        ask_for_proof(register, endpoint_claim(endpoint(id="e-x"), "acme_http", now=NOW), nonce=NONCE)


def test_a_look_before_anything_was_asked_for_says_what_to_do(register: Register) -> None:
    with pytest.raises(LookupError, match="without --check first"):
        open_proof(register, claim_domain())


# --- keeping ----------------------------------------------------------------------------------------------------------


def test_what_was_seen_is_kept_with_its_witnesses_and_end(register: Register) -> None:
    proof = ask_for_proof(register, claim_domain(), nonce=NONCE)
    kept = keep_look(register, proof.id, look=SEEN)
    assert kept == stored(register, proof)
    assert (kept.status, kept.witnesses, kept.expires_at) == ("proved", ("a", "b"), NOW + 90 * DAY)


def test_what_was_not_seen_is_noted_and_the_proof_keeps_its_state(register: Register) -> None:
    proof = ask_for_proof(register, claim_domain(), nonce=NONCE)
    assert keep_look(register, proof.id, look=MISSED).status == "pending"
    proved = keep_look(register, proof.id, look=SEEN)
    assert keep_look(register, proof.id, look=MISSED) == proved


def test_a_new_proof_ends_the_earlier_one_of_the_same_claim(register: Register, clock: Clock) -> None:
    old = keep_look(register, ask_for_proof(register, claim_domain(), nonce=NONCE).id, look=SEEN)
    clock.at += 91 * DAY
    new = ask_for_proof(register, claim_domain(), nonce=b"x" * 16)
    keep_look(register, new.id, look=SEEN)
    after = stored(register, old)
    assert after is not None
    assert (after.status, after.evidence) == ("withdrawn", f"replaced by {new.id}")


def test_another_kind_or_member_is_left_alone(register: Register) -> None:
    file = keep_look(register, ask_for_proof(register, claim_domain(kind="web_file"), nonce=NONCE).id, look=SEEN)
    other = keep_look(register, ask_for_proof(register, claim_domain("o-other"), nonce=NONCE).id, look=SEEN)
    text_proof = keep_look(register, ask_for_proof(register, claim_domain(), nonce=NONCE).id, look=SEEN)
    assert (stored(register, file), stored(register, other)) == (file, other)
    assert rivals_of(register, text_proof) == ["o-other"]


def test_a_proof_of_another_member_moved_into_a_row_is_refused(register: Register) -> None:
    stolen = ask_for_proof(register, claim_domain("o-other"), nonce=NONCE)
    moved = msgspec.structs.replace(stolen, id="f-moved", organisation_id=ORGANISATION.id)
    with register.change() as records:
        records.add(moved)
    look = look_and_keep(register, moved, network=HostNetwork(), settings=proving(), chance=NONCE)
    with pytest.raises(ValueError, match="was not issued for this member"):
        asyncio.run(look)


def test_a_proof_that_is_gone_is_not_brought_back(register: Register) -> None:
    proof = ask_for_proof(register, claim_domain(), nonce=NONCE)
    with register.change() as records:
        records.remove(Proof, proof.id)
    with pytest.raises(LookupError, match="there is no proof"):
        keep_look(register, proof.id, look=SEEN)


# --- renewal ----------------------------------------------------------------------------------------------------------


def renew(register: Register, zone: Zone) -> tuple[int, list[tuple[str, bool]]]:
    told: list[tuple[str, bool]] = []

    async def all_of_it() -> int:
        async with AsyncExitStack() as stack:
            resolvers = [await stack.enter_async_context(name_server(from_zone(zone))) for _ in range(2)]
            settings: ProvingSettings = proving(*resolvers)
            return await renew_due(
                register,
                network=HostNetwork(),
                settings=settings,
                chance=lambda: NONCE,
                tell=lambda proof, look: told.append((proof.id, look.is_shown)),
            )

    return asyncio.run(all_of_it()), told


def test_what_is_due_is_looked_at_again_and_what_still_stands_is_renewed(register: Register, clock: Clock) -> None:
    stays = keep_look(register, ask_for_proof(register, claim_domain(), nonce=NONCE).id, look=SEEN)
    gone = keep_look(register, ask_for_proof(register, claim_domain("o-other"), nonce=NONCE).id, look=SEEN)
    zone = {("_raabta-challenge." + DOMAIN, "TXT"): [text(txt_value(stays.challenge))]}
    clock.at += 59 * DAY
    assert renew(register, zone) == (0, [])
    clock.at += 2 * DAY
    n_missing, told = renew(register, zone)
    assert (n_missing, sorted(told)) == (1, [(stays.id, True), (gone.id, False)])
    renewed, still = stored(register, stays), stored(register, gone)
    assert (renewed and renewed.expires_at, still) == (NOW + 151 * DAY, gone)


def test_one_odd_record_holds_up_no_other(register: Register, clock: Clock) -> None:
    good = ask_for_proof(register, claim_domain(), nonce=NONCE)
    odd = msgspec.structs.replace(good, id="f-odd", organisation_id="o-other", subject="odd.example")
    with register.change() as records:
        records.add(odd)
    zone = {("_raabta-challenge." + DOMAIN, "TXT"): [text(txt_value(good.challenge))]}
    n_missing, told = renew(register, zone)
    assert (n_missing, sorted(told)) == (1, [(good.id, True), ("f-odd", False)])


def test_only_what_may_be_due_is_read_and_the_same_is_due(register: Register, clock: Clock) -> None:
    proof = keep_look(register, ask_for_proof(register, claim_domain(), nonce=NONCE).id, look=SEEN)
    for days, due in ((0, []), (59, []), (60, ["renew"]), (90, ["expired"]), (181, [])):
        with register.look() as records:
            assert [one.what for one in find_due_in(records, now=NOW + days * DAY)] == due
    assert proof.proved_at == NOW


def test_the_most_urgent_of_a_register_come_first_and_no_more_than_wanted(register: Register, clock: Clock) -> None:
    proved = keep_look(register, ask_for_proof(register, claim_domain(), nonce=NONCE).id, look=SEEN)
    clock.at += 70 * DAY
    waiting = ask_for_proof(register, claim_domain("o-other"), nonce=NONCE)
    with register.look() as records:
        assert [due.proof.id for due in find_due_in(records, now=clock.at)] == [proved.id, waiting.id]
        assert [due.proof.id for due in find_due_in(records, now=clock.at, n_most=1)] == [proved.id]
        of_other = find_due_in(records, now=clock.at, organisation_id="o-other")
        assert [due.what for due in of_other] == ["waiting"]


# --- the operator's word ----------------------------------------------------------------------------------------------


def ask_operator(register: Register) -> Proof:
    return ask_for_proof(register, endpoint_claim(endpoint(), "operator_attestation", now=NOW), nonce=NONCE)


def attested(register: Register, proof: Proof, key: Ed25519PrivateKey = OPERATOR, **changed: Any) -> bytes:
    request = read_attestation(request_for(register, proof), name="request.json")
    filled = msgspec.structs.replace(request, asn=64501, made_at=NOW, valid_until=NOW + 40 * DAY)
    return write_attestation(sign_attestation(msgspec.structs.replace(filled, **changed), key))


def test_an_operators_attestation_proves_the_address_until_its_own_end(register: Register) -> None:
    proof = ask_operator(register)
    kept = keep_attestation(register, proof.id, raw=attested(register, proof), name="a.json")
    assert (kept.status, kept.witnesses, kept.expires_at) == ("proved", ("operator-a",), NOW + 40 * DAY)
    assert kept.evidence == "attested for AS64501 on 2026-11-20"


def test_a_request_names_nobody(register: Register) -> None:
    raw = request_for(register, ask_operator(register))
    assert ORGANISATION.id.encode() not in raw
    assert ORGANISATION.legal_name.encode() not in raw


def test_a_word_by_another_key_or_for_another_network_is_refused(register: Register) -> None:
    proof = ask_operator(register)
    stranger = Ed25519PrivateKey.from_private_bytes(b"x" * 32)
    with pytest.raises(ValueError, match=r"a\.json: it is not signed with this operator's key"):
        keep_attestation(register, proof.id, raw=attested(register, proof, stranger), name="a.json")
    with register.change() as records:
        records.put(endpoint(asn=64777))
    with pytest.raises(ValueError, match="it says AS64501, the end point says AS64777"):
        keep_attestation(register, proof.id, raw=attested(register, proof), name="a.json")


def test_an_operator_that_nobody_entered_cannot_attest(register: Register) -> None:
    proof = ask_operator(register)
    with register.change() as records:
        records.remove(Recipient, "operator-a")
    with pytest.raises(LookupError, match="'operator-a' of end point e-office is not in the register"):
        request_for(register, proof)


def test_a_request_is_written_for_attestations_only(register: Register) -> None:
    with pytest.raises(ValueError, match="no request to write"):
        request_for(register, ask_for_proof(register, claim_domain(), nonce=NONCE))


def test_an_endpoint_that_is_gone_cannot_be_attested(register: Register) -> None:
    proof = ask_operator(register)
    raw = attested(register, proof)
    with register.change() as records:
        records.remove(MemberEndpoint, "e-office")
    with pytest.raises(LookupError, match="any more"):
        keep_attestation(register, proof.id, raw=raw, name="a.json")


def test_a_call_back_has_its_place(register: Register) -> None:
    """Receipts are judged by ``pipeline.calling_back``; what they prove is accepted as every other kind."""
    proof = ask_for_proof(register, endpoint_claim(endpoint(), "call_back", now=NOW), nonce=NONCE)
    kept = accept(proof, now=NOW, witnesses=("control a", "control b"), evidence="3 days")
    assert (kept.status, kept.expires_at) == ("proved", NOW + 30 * DAY)
