"""Proofs in the register: a challenge is asked for, looks and attestations are kept, what is due is looked at again.

Each function is one transaction, or one before and one after a look: the register is never held while a network is
waited for. What a look found is kept only if the proof is still open then.
"""

import asyncio
import datetime as dt
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final

import msgspec

from raabta.model.exemption import Recipient
from raabta.model.register import MemberEndpoint, Organisation, Proof
from raabta.registry.claims import claim_of
from raabta.registry.proof_search import find_due_in
from raabta.registry.proofs import accept, challenge_key, find_open, find_rivals, is_bound, is_open, issue, note
from raabta.registry.store import Records, Register
from raabta.wire.attestation import Attestation, attestation_fault, read_attestation, write_attestation
from raabta.wire.challenge import Claim

if TYPE_CHECKING:  # what looks is slow to import, and asking for a challenge needs none of it
    from raabta.pipeline.proving import Look, ProvingSettings
    from raabta.probe.network import Network

MAX_LOOKS: Final = 16
"""Proofs that are looked at beside each other: one waits for lines, not for this machine."""


def ask_for_proof(register: Register, claim: Claim, *, nonce: bytes) -> Proof:
    """Give the proof of a claim that waits or is in force; where there is none, issue a challenge.

    Raises:
        LookupError: The organisation or end point is not in the register.
    """
    with register.change() as records:
        _require(records, claim)
        now = register.now()
        known = find_open(_proofs_of(records, claim), claim, now=now)
        if known is not None:
            return known
        proof = issue(claim, id_=register.new_id("f-"), key=challenge_key(register.key), nonce=nonce, now=now)
        records.add(proof)
        return proof


def open_proof(register: Register, claim: Claim) -> Proof:
    """Give the proof of a claim that waits or is in force, to be looked at.

    Raises:
        LookupError: There is none. The text says how one is asked for.
    """
    with register.look() as records:
        known = find_open(_proofs_of(records, claim), claim, now=register.now())
    if known is None:
        message = (
            f"no challenge for {claim.kind} of {claim.subject} is open. Run the same command without --check first."
        )
        raise LookupError(message)
    return known


async def look_and_keep(
    register: Register, proof: Proof, *, network: "Network", settings: "ProvingSettings", chance: bytes
) -> "tuple[Proof, Look]":
    """Look whether a proof is shown, and keep what was found.

    Raises:
        ValueError: Its challenge was not issued for it, or its kind is not looked for.
        LookupError: It is no longer in the register.
    """
    from raabta.pipeline.proving import look_at  # noqa: PLC0415  see above

    if not is_bound(proof, key=challenge_key(register.key)):
        message = f"proof {proof.id}: its challenge was not issued for this member and subject by this register."
        raise ValueError(message)
    look = await look_at(proof, network=network, settings=settings, now=register.now(), chance=chance)
    return keep_look(register, proof.id, look=look), look


def keep_look(register: Register, proof_id: str, *, look: "Look") -> Proof:
    """Write down what a look found: the proof is proved or renewed, or only the fault is noted.

    Raises:
        LookupError: The proof is no longer in the register.
        ValueError: It is over.
    """
    with register.change() as records:
        proof = _require_proof(records, proof_id)
        if not look.is_shown:
            kept = note(proof, evidence=look.evidence)
        else:
            kept = accept(proof, now=register.now(), witnesses=look.witnesses, evidence=look.evidence)
            _end_others(records, kept)
        if kept != proof:
            records.put(kept)
        return kept


def request_for(register: Register, proof: Proof) -> bytes:
    """Give what the operator is sent to be signed, as a file.

    Raises:
        ValueError: The proof is of another kind.
        LookupError: The end point or its operator is not in the register.
    """
    if proof.kind != "operator_attestation":
        message = f"{proof.kind} needs no operator's signature: there is no request to write."
        raise ValueError(message)
    with register.look() as records:
        _, recipient = _operator_of(records, proof)
    return write_attestation(_request(proof, recipient))


def keep_attestation(register: Register, proof_id: str, *, raw: bytes, name: str) -> Proof:
    """Check an operator's attestation, and take the proof as shown.

    Args:
        register: The register.
        proof_id: The proof that it answers.
        raw: What the operator sent.
        name: What to call it in an error.

    Raises:
        ValueError: It is no attestation, or does not prove this. The text says why.
        LookupError: The proof, end point or operator is not in the register.
    """
    attestation = read_attestation(raw, name=name)
    with register.change() as records:
        proof, now = _require_proof(records, proof_id), register.now()
        endpoint, recipient = _operator_of(records, proof)
        if not is_bound(proof, key=challenge_key(register.key)):
            message = f"proof {proof.id}: its challenge was not issued for this member and subject by this register."
            raise ValueError(message)
        fault = attestation_fault(
            attestation,
            request=_request(proof, recipient),
            key=recipient.attestation_key,
            asns=recipient.asns,
            now=now,
        )
        if fault is None and endpoint.asn not in (0, attestation.asn):
            fault = f"it says AS{attestation.asn}, the end point says AS{endpoint.asn}"
        if fault is not None:
            message = f"{name}: {fault}. Ask the operator for a new one, from the request that this command prints."
            raise ValueError(message)
        evidence = f"attested for AS{attestation.asn} on {_day(attestation.made_at)}"
        kept = accept(proof, now=now, witnesses=(recipient.id,), evidence=evidence, until=attestation.valid_until)
        records.put(kept)
        _end_others(records, kept)
        return kept


async def renew_due(
    register: Register,
    *,
    network: "Network",
    settings: "ProvingSettings",
    chance: Callable[[], bytes],
    tell: "Callable[[Proof, Look], None]",
) -> int:
    """Look again at all that is due and can be looked for. Run it daily: each has a third of its time for that.

    Args:
        register: The register.
        network: Where to look from.
        settings: Whom to ask.
        chance: Gives some bytes that nobody can foresee, each time others.
        tell: Is called for each proof as it is done.

    Returns:
        How many were not shown.
    """
    from raabta.pipeline.proving import LOOKED_FOR, Look, Sight  # noqa: PLC0415  see above

    now = register.now()
    with register.look() as records:
        wanted = [due.proof for due in find_due_in(records, now=now) if due.what in ("renew", "waiting")]
    places = asyncio.Semaphore(MAX_LOOKS)

    async def one(proof: Proof) -> bool:
        async with places:
            try:
                kept, look = await look_and_keep(register, proof, network=network, settings=settings, chance=chance())
            except (ValueError, LookupError) as error:  # one odd record holds up no other
                fault = Sight(witness="register", fault=str(error))
                kept, look = proof, Look(is_shown=False, sights=(fault,))
        tell(kept, look)
        return look.is_shown

    open_ones = [proof for proof in wanted if proof.kind in LOOKED_FOR and is_open(proof, now)]
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one(proof)) for proof in open_ones]
    return sum(not task.result() for task in tasks)


def rivals_of(register: Register, proof: Proof) -> list[str]:
    """Give the other organisations that have a proof of the same subject in force."""
    with register.look() as records:
        return find_rivals(records.find(Proof, subject=proof.subject), claim_of(proof), now=register.now())


def _request(proof: Proof, recipient: Recipient) -> Attestation:
    return Attestation(operator=recipient.id, prefix=proof.subject, challenge=proof.challenge)


def _operator_of(records: Records, proof: Proof) -> tuple[MemberEndpoint, Recipient]:
    endpoint = records.get(MemberEndpoint, proof.endpoint_id)
    if endpoint is None:
        message = f"there is no end point {proof.endpoint_id} any more. Look it up: raabta endpoint list"
        raise LookupError(message)
    recipient = records.get(Recipient, endpoint.operator)
    if recipient is None:
        message = (
            f"the operator {endpoint.operator!r} of end point {endpoint.id} is not in the register. Enter it first."
        )
        raise LookupError(message)
    return endpoint, recipient


def _proofs_of(records: Records, claim: Claim) -> Iterable[Proof]:
    return records.find(Proof, organisation_id=claim.organisation_id, subject=claim.subject)


def _end_others(records: Records, kept: Proof) -> None:
    """End the earlier proofs of the same claim, so that nobody is reminded of what was replaced."""
    claim = claim_of(kept)
    for other in _proofs_of(records, claim):
        if other.id != kept.id and claim_of(other) == claim and other.status in ("pending", "proved", "expired"):
            records.put(msgspec.structs.replace(other, status="withdrawn", evidence=f"replaced by {kept.id}"))


def _require(records: Records, claim: Claim) -> None:
    if records.get(Organisation, claim.organisation_id) is None:
        message = f"there is no organisation {claim.organisation_id}. Look it up: raabta org list"
        raise LookupError(message)
    if claim.endpoint_id and records.get(MemberEndpoint, claim.endpoint_id) is None:
        message = f"there is no end point {claim.endpoint_id}. Look it up: raabta endpoint list"
        raise LookupError(message)


def _require_proof(records: Records, proof_id: str) -> Proof:
    proof = records.get(Proof, proof_id)
    if proof is None:
        message = f"there is no proof {proof_id}. Look it up: raabta endpoint proofs"
        raise LookupError(message)
    return proof


def _day(at: dt.datetime | None) -> str:
    return at.date().isoformat() if at is not None else "an unknown day"
