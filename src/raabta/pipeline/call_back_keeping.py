"""Receipts of call-backs, as a member hands them in, become a proof in the register."""

from collections.abc import Collection, Sequence

from raabta.model.register import MemberEndpoint, Proof
from raabta.pipeline.calling_back import CallBack, CallBackFinding, judge_call_back
from raabta.pipeline.proof_keeping import keep_look, open_proof
from raabta.pipeline.proving import Look, Sight
from raabta.reference.special import IANA_RANGES, SpecialRanges
from raabta.registry.claims import endpoint_claim
from raabta.registry.proofs import challenge_key, is_bound
from raabta.registry.store import Register
from raabta.wire.receipt import Receipt

_SHOWN_SIGNS = 12
"""Of a control's key, as its name among the witnesses."""


def keep_call_back(
    register: Register,
    endpoint_id: str,
    *,
    receipts: Sequence[Receipt],
    control_keys: Collection[str],
    special: SpecialRanges = IANA_RANGES,
) -> tuple[Proof, CallBackFinding]:
    """Judge receipts for an end point's open challenge, and take the proof as shown where nothing is missing.

    Args:
        register: The register.
        endpoint_id: Whose address is to be proved.
        receipts: What the member handed in; nothing in it is believed but what the controls signed.
        control_keys: Public keys (base64) of the association's controls.
        special: Addresses that nobody serves from; the lab passes its own.

    Raises:
        LookupError: The end point is not in the register, or no challenge of this kind is open for it.
        ValueError: Its address cannot be proved so.
    """
    with register.look() as records:
        endpoint = records.get(MemberEndpoint, endpoint_id)
    if endpoint is None:
        message = f"there is no end point {endpoint_id}. Look it up: raabta endpoint list"
        raise LookupError(message)
    now = register.now()
    proof = open_proof(register, endpoint_claim(endpoint, "call_back", now=now, special=special))
    if not is_bound(proof, key=challenge_key(register.key)):
        message = f"proof {proof.id}: its challenge was not issued for this end point by this register."
        raise ValueError(message)
    call = CallBack(
        challenge=proof.challenge,
        prefix=proof.subject,
        issued_at=proof.issued_at,
        control_keys=frozenset(control_keys),
    )
    found = judge_call_back(receipts, call, now=now)
    if not found.is_proved:
        return proof, found
    sights = tuple(Sight(witness=f"control {key[:_SHOWN_SIGNS]}") for key in found.witnesses)
    kept = keep_look(register, proof.id, look=Look(is_shown=True, sights=sights))
    return kept, found
