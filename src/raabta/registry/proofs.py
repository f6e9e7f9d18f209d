"""Proofs of control: what is claimed, whether it is in force, how well an entry is founded, what is due for renewal.

Pure. A proof begins as a challenge (``issue``), becomes ``proved`` when it was seen (``accept``), and ends by itself
after so many days as its kind is worth. Whether one is in force is always reckoned from its times: a stored status
that nobody has brought up to date proves nothing.

A renewal looks at the same challenge again, so a record that stays in place keeps its proof alive. After a year a
fresh challenge is asked for. A look that fails takes nothing back: the proof stands until its days are over.

Who looks is ``pipeline.proving``; receipts of call-backs come from ``pipeline.calling_back`` and end here in
``accept``, as every other kind.
"""

import datetime as dt
import hmac
import ipaddress
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from typing import Final

import msgspec
from msgspec import Struct

from raabta.model.register import Case, MemberEndpoint, Organisation, Person, Proof, ProofKind
from raabta.registry.claims import ADDRESS_KINDS, DOMAIN_KINDS, claim_of
from raabta.registry.secrets import RegisterKey
from raabta.registry.wellformed import without_identity_numbers
from raabta.wire.challenge import Claim, is_challenge_for, make_challenge

VALID_DAYS: Final[dict[ProofKind, int]] = {
    "dns_txt": 90,
    "web_file": 90,
    "operator_attestation": 90,
    "acme_http": 60,
    "acme_tls_alpn": 60,
    "reverse_dns": 60,
    "call_back": 30,
}
"""How long each is believed, 30 to 90 days (design/remedy.md). Names and an operator's word change seldom, addresses
of servers sooner, those of lines soonest. Judgement, to be compared with how often renewals find something else."""
_TERM: Final = {kind: dt.timedelta(days=days) for kind, days in VALID_DAYS.items()}
_NONE: Final = dt.timedelta()
CHALLENGE_DAYS: Final = 30
"""How long a challenge waits to be shown: a record at a provider or an operator's signature can take weeks."""
MAX_CHALLENGE_DAYS: Final = 365
"""After this the same challenge is no longer looked at again."""
RENEW_SHARE: Final = 1 / 3
"""A proof is due for renewal when this share of its time is left, as ACME's clients do it (of 90 days at 30)."""
FORGET_DAYS: Final = 90
"""So long is said that a proof has expired. Who has not renewed it by then does not want to. Judgement."""
_FORGOTTEN: Final = dt.timedelta(days=FORGET_DAYS)
MAX_EVIDENCE_CHARS: Final = 400

SAME_MEANS: Final[dict[str, str]] = {"acme_http": "service", "acme_tls_alpn": "service"}
"""Kinds that rest on one thing: a server answers at the address, by whichever port. Together they are one proof."""


class Due(Struct, frozen=True, kw_only=True):
    """A proof to see to. ``what``: ``renew``, ``expired`` or ``waiting`` (the challenge was not shown yet)."""

    proof: Proof
    what: str
    due_at: dt.datetime
    ends_at: dt.datetime


def challenge_key(key: RegisterKey) -> bytes:
    """Give the secret that challenges are made with. It outlives a change of the sealing secret."""
    return hmac.digest(key.identity, b"raabta challenge", "sha256")


# --- from challenge to end --------------------------------------------------------------------------------------------


def issue(claim: Claim, *, id_: str, key: bytes, nonce: bytes, now: dt.datetime) -> Proof:
    """Give a member something to show.

    Args:
        claim: From ``registry.claims``.
        id_: The proof's, "f-…".
        key: From ``challenge_key``.
        nonce: 16 bytes that nobody can foresee.
        now: Aware UTC.
    """
    return Proof(
        id=id_,
        organisation_id=claim.organisation_id,
        endpoint_id=claim.endpoint_id,
        kind=msgspec.convert(claim.kind, ProofKind),
        subject=claim.subject,
        challenge=make_challenge(claim, key=key, nonce=nonce),
        issued_at=now,
    )


def is_bound(proof: Proof, *, key: bytes) -> bool:
    """Say whether a proof's challenge was issued for its own member, end point, kind and subject."""
    return is_challenge_for(proof.challenge, claim_of(proof), key=key)


def accept(
    proof: Proof, *, now: dt.datetime, witnesses: Sequence[str], evidence: str, until: dt.datetime | None = None
) -> Proof:
    """Take a proof as shown, or renew it.

    Args:
        proof: Waiting, or in force.
        now: When it was seen.
        witnesses: Who saw it.
        evidence: What they saw, in short; cut at 400 characters.
        until: An earlier end than the kind's own, such as the operator's.

    Raises:
        ValueError: Nobody saw it, or it can be taken no more.
    """
    if not is_open(proof, now):
        message = f"proof {proof.id} is over: ask for a new challenge and show that."
        raise ValueError(message)
    if not witnesses:
        message = f"proof {proof.id}: nobody saw it."
        raise ValueError(message)
    ends_at = now + dt.timedelta(days=VALID_DAYS[proof.kind])
    return msgspec.structs.replace(
        proof,
        status="proved",
        proved_at=now,
        expires_at=min(ends_at, until or ends_at),
        witnesses=tuple(witnesses),
        evidence=_short(evidence),
    )


def note(proof: Proof, *, evidence: str) -> Proof:
    """Write down a look that did not find it. A proof in force keeps what it rests on."""
    if proof.status != "pending":
        return proof
    return msgspec.structs.replace(proof, evidence=_short(evidence))


def withdraw(proof: Proof, *, reason: str) -> Proof:
    """End a proof before its time: somebody else has the address, the member has left."""
    return msgspec.structs.replace(proof, status="withdrawn", evidence=_short(reason))


def _short(evidence: str) -> str:
    """Cut what a look found; names and pages that it quotes are a member's, and may hold anything."""
    return without_identity_numbers(evidence)[:MAX_EVIDENCE_CHARS]


def settle(proof: Proof, now: dt.datetime) -> Proof:
    """Bring the status up to date: what was not shown in time has failed, what is over has expired."""
    match proof.status:
        case "pending" if not is_open(proof, now):
            return msgspec.structs.replace(proof, status="failed")
        case "proved" if not is_in_force(proof, now):
            return msgspec.structs.replace(proof, status="expired")
        case _:
            return proof


def is_in_force(proof: Proof, now: dt.datetime) -> bool:
    """Say whether a proof proves something at this time."""
    if proof.status != "proved" or proof.proved_at is None or proof.expires_at is None:
        return False
    return proof.proved_at <= now < min(proof.expires_at, proof.proved_at + _TERM.get(proof.kind, _NONE))


def is_open(proof: Proof, now: dt.datetime) -> bool:
    """Say whether a look may still be taken: the challenge waits, or the proof is in force and may be renewed."""
    if proof.status == "pending":
        return now < proof.issued_at + dt.timedelta(days=CHALLENGE_DAYS)
    return is_in_force(proof, now) and now < proof.issued_at + dt.timedelta(days=MAX_CHALLENGE_DAYS)


def find_open(proofs: Iterable[Proof], claim: Claim, *, now: dt.datetime) -> Proof | None:
    """Give the proof of a claim that is waiting or in force, the newest of several."""
    fitting = [proof for proof in proofs if claim_of(proof) == claim and is_open(proof, now)]
    return max(fitting, key=lambda proof: (proof.issued_at, proof.id), default=None)


def find_rivals(proofs: Iterable[Proof], claim: Claim, *, now: dt.datetime) -> list[str]:
    """Give the other organisations that have a proof of the same subject in force: somebody should ask why."""
    same = (proof for proof in proofs if proof.subject == claim.subject and is_in_force(proof, now))
    return sorted({proof.organisation_id for proof in same} - {claim.organisation_id})


# --- renewal ----------------------------------------------------------------------------------------------------------


def find_due(proofs: Iterable[Proof], *, now: dt.datetime) -> list[Due]:
    """Give the proofs to see to, the most urgent first: to be renewed, expired and not replaced, not shown yet."""
    known = list(proofs)
    living = {_key(proof) for proof in known if is_in_force(proof, now)}
    found = [due for proof in known if (due := _due(proof, now, living)) is not None]
    return sorted(found, key=lambda due: (due.ends_at, due.proof.id))


def renew_from(proof: Proof) -> dt.datetime | None:
    """Give when a proof becomes due for renewal; None for one that was never shown."""
    if proof.proved_at is None or proof.expires_at is None:
        return None
    return proof.expires_at - (proof.expires_at - proof.proved_at) * RENEW_SHARE


_Key = tuple[str, str, str, str]


def _key(proof: Proof) -> _Key:
    """What ``claim_of`` holds, as a tuple: tens of thousands are compared."""
    return proof.organisation_id, proof.endpoint_id, proof.kind, proof.subject


def _due(proof: Proof, now: dt.datetime, living: AbstractSet[_Key]) -> Due | None:
    from_, ends_at = renew_from(proof), proof.expires_at
    if proof.status in ("proved", "expired") and from_ is not None and ends_at is not None:
        if is_in_force(proof, now):
            return Due(proof=proof, what="renew", due_at=from_, ends_at=ends_at) if now >= from_ else None
        is_over = _key(proof) in living or now - ends_at > _FORGOTTEN
        return None if is_over else Due(proof=proof, what="expired", due_at=from_, ends_at=ends_at)
    if proof.status == "pending" and is_open(proof, now) and _key(proof) not in living:
        ends_at = proof.issued_at + dt.timedelta(days=CHALLENGE_DAYS)
        return Due(proof=proof, what="waiting", due_at=proof.issued_at, ends_at=ends_at)
    return None


# --- evidence ---------------------------------------------------------------------------------------------------------


def endpoint_level(endpoint: MemberEndpoint, proofs: Iterable[Proof], *, has_papers: bool, now: dt.datetime) -> int:
    """Give the evidence level of an end point (``model.exemption.EVIDENCE_LEVELS``).

    Only proofs of its own address count, and only if they hold all of it: a domain says nothing of an address, and a
    changed address has yet to be proved.
    """
    return _level((proof for proof in proofs if _is_about(proof, endpoint)), has_papers=has_papers, now=now)


def organisation_level(
    organisation: Organisation, proofs: Iterable[Proof], *, has_papers: bool, now: dt.datetime
) -> int:
    """Give the evidence level of an organisation itself, from proofs of its domains."""
    own = (proof for proof in proofs if proof.organisation_id == organisation.id and proof.kind in DOMAIN_KINDS)
    return _level(own, has_papers=has_papers, now=now)


def proved_domains(proofs: Iterable[Proof], *, now: dt.datetime) -> list[str]:
    """Give the domains that are proved at this time, sorted."""
    return sorted({proof.subject for proof in proofs if proof.kind in DOMAIN_KINDS and is_in_force(proof, now)})


def has_papers(organisation: Organisation, people: Iterable[Person], *, cases: Iterable[Case] = ()) -> bool:
    """Say whether anybody saw papers of this organisation: its registration, a person's identity, a case's list."""
    if organisation.registration_checked_on or organisation.tax_checked_on:
        return True
    if any(person.identity_seen_at for person in people):
        return True
    return any(paper.seen_at for case in cases for paper in case.documents)


def _level(proofs: Iterable[Proof], *, has_papers: bool, now: dt.datetime) -> int:
    means = {SAME_MEANS.get(proof.kind, proof.kind) for proof in proofs if is_in_force(proof, now)}
    if not means:
        return 1 if has_papers else 0
    return 3 if len(means) > 1 else 2


def _is_about(proof: Proof, endpoint: MemberEndpoint) -> bool:
    if (proof.organisation_id, proof.endpoint_id) != (endpoint.organisation_id, endpoint.id):
        return False
    if proof.kind not in ADDRESS_KINDS or not endpoint.prefix or endpoint.cgnat:
        return False
    try:
        whole = ipaddress.ip_network(endpoint.prefix)
        return proof.subject == endpoint.prefix or ipaddress.ip_network(proof.subject) == whole
    except ValueError:
        return False
