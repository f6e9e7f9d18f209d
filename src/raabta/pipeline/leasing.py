"""Grants and leases in the register: a device is granted leases, asks for one, and is given it or told why not.

A grant in the register has its organisation's id in ``organisation_ref``; what goes into a list has the recipient's
opaque one. Its ``asns`` are the recipient's networks, and so say whose list it goes into. One device key has one grant:
the same key in two operators' lists would tell them that it is the same member.

A device has one lease at a time. A new one ends the one before: the address may already be somebody else's. Leases
that are over are forgotten when the next one is given, so the register keeps no history of where a device was.

Each function is called within one transaction of ``register.change()``.
"""

import datetime as dt
import re
from collections.abc import Callable, Iterable
from typing import Final

import msgspec
from msgspec import Struct

from raabta.model.exemption import Lease, LeaseGrant, LintFinding, Recipient, Review
from raabta.model.register import Case, MemberEndpoint, Organisation, Person, Proof
from raabta.pipeline.registering import rules_of
from raabta.reference.tables import Tables
from raabta.registry.proofs import endpoint_level, has_papers, organisation_level
from raabta.registry.store import Records
from raabta.remedy.lease_rules import MAX_H, MIN_H
from raabta.remedy.leases import LeaseRequest, judge_request, prefix_of
from raabta.remedy.lint import bench_of, lint_grant
from raabta.wire.receipt import read_key

GRANT_DAYS: Final = 90
"""How long a grant lasts where nothing else is said: as long as the longest proof."""


class Terms(Struct, frozen=True, kw_only=True):
    """What a device is granted: its key, towards which end point, in whose list, for how long."""

    endpoint_id: str
    device_key: str
    recipient: str
    max_h: int = MAX_H
    days: int = GRANT_DAYS


class Desk(Struct, frozen=True, kw_only=True):
    """What the association decides with: its controls' public keys (base64), and tables of addresses."""

    control_keys: frozenset[str]
    tables: Tables


def add_grant(
    records: Records, terms: Terms, *, tables: Tables, now: dt.datetime, new_id: Callable[[str], str]
) -> LeaseGrant:
    """Grant leases to a device.

    Args:
        records: Of ``register.change()``.
        terms: What is granted.
        tables: For lint.
        now: Aware UTC.
        new_id: Makes an id that begins with what is given ("g-").

    Raises:
        ValueError: It may not be granted: the text says by which rule, or which field, and what to try.
        LookupError: The end point or recipient is not in the register.
    """
    endpoint = _endpoint(records, terms.endpoint_id)
    recipient = _recipient(records, terms.recipient)
    key = read_key(terms.device_key)
    _check_terms(terms, endpoint, now)
    other = next(records.find(LeaseGrant, device_key=key), None)
    if other is not None:
        message = (
            f"this device's key is granted leases already, by {other.id}. End that one (raabta lease grant end), or "
            "make another key for another operator: raabta lease key --key FILE"
        )
        raise ValueError(message)
    grant = LeaseGrant(
        id=new_id("g-"),
        device_key=key,
        destination=destination_of(endpoint),
        transport=endpoint.transport,
        port=endpoint.port,
        asns=recipient.asns,
        max_h=terms.max_h,
        organisation_ref=endpoint.organisation_id,
        evidence_level=evidence_for(records, endpoint, now=now),
        basis=_basis(records, endpoint, now),
        not_before=now,
        not_after=min(now + dt.timedelta(days=terms.days), endpoint.valid_until),
        reviewed=" ".join(sorted(rules_of(list(records.find(Review, subject=endpoint.id))))),
    )
    _refuse(lint_grant(grant, bench=bench_of(tables, recipient), now=now))
    if key not in endpoint.device_keys:
        records.put(msgspec.structs.replace(endpoint, device_keys=(*endpoint.device_keys, key)))
    records.add(grant)
    return grant


def end_grant(records: Records, grant_id: str) -> None:
    """Take a grant back, and the lease that rests on it: both leave the lists when they are next made.

    Raises:
        LookupError: There is none.
    """
    grant = _grant(records, grant_id)
    for endpoint in _endpoints_of(records, grant):
        keys = tuple(key for key in endpoint.device_keys if key != grant.device_key)
        records.put(msgspec.structs.replace(endpoint, device_keys=keys))
    records.remove_all(Lease, grant_id=grant.id)
    records.remove(LeaseGrant, grant.id)


def give_lease(records: Records, request: LeaseRequest, *, desk: Desk, now: dt.datetime) -> Lease:
    """Give a device the lease that it asks for, in place of the one that it has.

    Args:
        records: Of ``register.change()``.
        request: What the device handed in; nothing in it is believed.
        desk: Whose receipts count, and tables of addresses.
        now: Aware UTC.

    Raises:
        ValueError: It is not given. The text names every rule that speaks against it.
        LookupError: Its grant is not in the register.
    """
    lease = request.lease
    grant = _grant(records, lease.grant_id)
    if not any(endpoint.valid_from <= now < endpoint.valid_until for endpoint in _endpoints_of(records, grant)):
        message = (
            f"{grant.id}: the end point of this grant has ended. Give it a later end first: raabta endpoint change"
        )
        raise ValueError(message)
    _refuse(judge_request(request, grant, control_keys=desk.control_keys, now=now, tables=desk.tables))
    before = list(records.find(Lease, grant_id=grant.id))
    if any(lease.asked_at <= other.asked_at for other in before) or records.get(Lease, lease.id) is not None:
        message = f"{lease.id}: this request was given already, or a newer one of the same device. Ask anew."
        raise ValueError(message)
    records.remove_all(Lease, grant_id=grant.id)
    forget_over(records, now=now)
    records.add(lease)
    return lease


def end_lease(records: Records, lease_id: str) -> None:
    """End a lease before its time: it leaves the list of leases when that is next made.

    Raises:
        LookupError: There is none.
    """
    if not records.remove(Lease, lease_id):
        message = f"{lease_id}: there is no such lease, or it is over. See: raabta lease list"
        raise LookupError(message)


def leases_in_force(records: Records, *, now: dt.datetime) -> tuple[Lease, ...]:
    """Give the leases that are not over, for the list of leases; it takes those of its own grants."""
    return tuple(lease for lease in records.find(Lease) if now < lease.not_after)


def forget_over(records: Records, *, now: dt.datetime) -> int:
    """Remove leases that are over; count them."""
    over = [lease.id for lease in records.find(Lease) if lease.not_after <= now]
    return sum(records.remove(Lease, lease_id) for lease_id in over)


def evidence_for(records: Records, endpoint: MemberEndpoint, *, now: dt.datetime) -> int:
    """Say how well founded a grant is: by the address that is dialled where it is the member's, else by who that is.

    A device's own address is proved with each lease, by two receipts; so where it dials out from an end point of its
    own, what is left to prove is the member.
    """
    of_member = {"organisation_id": endpoint.organisation_id}
    proofs, cases = list(records.find(Proof, **of_member)), list(records.find(Case, **of_member))
    organisation = records.get(Organisation, endpoint.organisation_id)
    if organisation is None:
        return 0
    seen = has_papers(organisation, records.find(Person, **of_member), cases=cases)
    of_address = endpoint_level(endpoint, proofs, has_papers=seen, now=now)
    if endpoint.direction != "member_source":
        return of_address
    return max(of_address, organisation_level(organisation, proofs, has_papers=seen, now=now))


def destination_of(endpoint: MemberEndpoint) -> str:
    """Say what a device dials: the end point itself, or the far end where the end point is the device's own.

    Raises:
        ValueError: That is not known.
    """
    place = endpoint.remote if endpoint.direction == "member_source" else endpoint.prefix
    if not place:
        field = "remote" if endpoint.direction == "member_source" else "prefix"
        message = f"{endpoint.id}: its {field} is empty, and a lease is towards one known place. Enter it first."
        raise ValueError(message)
    if not re.fullmatch(r"[0-9a-f.:]+(?:/[0-9]+)?", place):
        message = f"{endpoint.id}: its remote is a name, and a lease is towards one known address. Enter the address."
        raise ValueError(message)
    return prefix_of(place)


def _check_terms(terms: Terms, endpoint: MemberEndpoint, now: dt.datetime) -> None:
    if not MIN_H <= terms.max_h <= MAX_H:
        message = f"{terms.max_h} hours: a lease lasts {MIN_H} to {MAX_H}. Grant so many."
        raise ValueError(message)
    if terms.days < 1:
        message = f"{terms.days} days: a grant lasts a day at least."
        raise ValueError(message)
    if endpoint.valid_until <= now:
        message = f"{endpoint.id} ended on {endpoint.valid_until.date()}. Give it a later end first."
        raise ValueError(message)
    if endpoint.direction == "member_source" and endpoint.cgnat:
        message = (
            f"{endpoint.id} stands behind a shared address (CGNAT), which is never leased. Tunnel to the employer's "
            "registered gateway: only that needs an exemption."
        )
        raise ValueError(message)


def _basis(records: Records, endpoint: MemberEndpoint, now: dt.datetime) -> str:
    """Give the kind of the newest approved application that the end point stands in, "" for none in force."""
    cases = records.find(Case, organisation_id=endpoint.organisation_id, status="approved")
    in_force = [case for case in cases if case.valid_until is None or now.date() <= case.valid_until]
    fitting = [case for case in in_force if endpoint.id in case.endpoint_ids]
    return max(fitting, key=lambda case: (case.changed_at, case.id)).kind if fitting else ""


def _endpoints_of(records: Records, grant: LeaseGrant) -> list[MemberEndpoint]:
    endpoints = records.find(MemberEndpoint, organisation_id=grant.organisation_ref)
    return [endpoint for endpoint in endpoints if grant.device_key in endpoint.device_keys]


def _refuse(findings: Iterable[LintFinding]) -> None:
    hard = [f"{finding.rule}: {finding.words}. {finding.advice}" for finding in findings if finding.hard]
    if hard:
        raise ValueError("; ".join(hard))


def _endpoint(records: Records, endpoint_id: str) -> MemberEndpoint:
    endpoint = records.get(MemberEndpoint, endpoint_id)
    if endpoint is None:
        message = f"{endpoint_id}: no end point has this id. See: raabta endpoint list"
        raise LookupError(message)
    return endpoint


def _recipient(records: Records, recipient_id: str) -> Recipient:
    recipient = records.get(Recipient, recipient_id)
    if recipient is None or not recipient.asns:
        message = f"{recipient_id}: no recipient with networks has this id. Enter the operator first."
        raise LookupError(message)
    return recipient


def _grant(records: Records, grant_id: str) -> LeaseGrant:
    grant = records.get(LeaseGrant, grant_id)
    if grant is None:
        message = f"{grant_id}: no grant has this id. See: raabta lease grant list"
        raise LookupError(message)
    return grant
