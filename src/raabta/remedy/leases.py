"""Leases: an exemption for some hours, for a device whose address changes. Pure rules, the same at every stage.

The first answer is no lease: a device tunnels to its employer's registered gateway, and only that needs an exemption.
Where that cannot be, a device that was granted leases (``LeaseGrant``: its key, one destination; signed offline with
the list) asks two controls at the same moment what its address is. It signs the address with a nonce and 1 to 12 hours.
The association checks all that (``judge_request``) and publishes the lease under an online key.

A gateway needs no receipts and no association: ``verify_lease`` holds a lease against its grant by the device's
signature alone. So whoever steals the online key can give a lease to no device of theirs; they can leave leases out, or
repeat one that was ended early until its own end, 12 h at most.

Split NAT: an operator that shares addresses may send one line's connections out by several of them. Two controls,
asked within 120 s, must name the same address; else the address is the pool's and never leased. An address in
100.64.0.0/10 is never leased, nor any that is not one public address of an access network.

Limits: behind an operator's NAT whose address *is* public, everybody who shares the address shares the exemption for
those hours. Two controls can tell a pool, not a single shared address: so an end point known to be so (``cgnat``) gets
no grant. What the tables do not know to be shared cannot be told.
"""

import datetime as dt
import ipaddress
import re
from collections.abc import Collection, Sequence
from typing import Final

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import Struct

from raabta.model.exemption import ExemptionList, Lease, LeaseGrant, LeaseList, LintFinding
from raabta.reference.addresses import embedded_ipv4
from raabta.reference.tables import Tables
from raabta.remedy.canonical import canonical
from raabta.remedy.lease_rules import MAX_H, MIN_H, found
from raabta.wire.control import is_signed
from raabta.wire.receipt import WINDOW_S, Receipt, is_genuine, is_nonce, signature_text

_PURPOSE: Final = b"raabta-lease-1\n"
_ID: Final = re.compile(r"l-[a-z2-7]{16}")
_WINDOW: Final = dt.timedelta(seconds=WINDOW_S)
_UTC_OFFSET: Final = dt.timedelta(0)
_MAX_RECEIPTS: Final = 16
_MIN_EVIDENCE: Final = 2  # model.exemption.EVIDENCE_LEVELS
_SIX_TO_FOUR: Final = 0x2002  # RFC 3056


class LeaseRequest(Struct, frozen=True, kw_only=True):
    """What a device hands to the association: the lease that it signed, and what controls saw of it."""

    lease: Lease
    receipts: tuple[Receipt, ...]


def lease_bytes(lease: Lease) -> bytes:
    """Give the bytes that the device signs: the purpose, and the lease without its signature in canonical form."""
    return _PURPOSE + canonical(msgspec.structs.replace(lease, signature=""))


def sign_lease(lease: Lease, key: Ed25519PrivateKey) -> Lease:
    """Give the lease with the device's signature."""
    return msgspec.structs.replace(lease, signature=signature_text(key, lease_bytes(lease)))


def renew_at(lease: Lease) -> dt.datetime:
    """Say when to ask for the next one: at half of its life, so that a failure leaves time to try again."""
    return lease.not_before + (lease.not_after - lease.not_before) / 2


def verify_lease(lease: Lease, grant: LeaseGrant, *, now: dt.datetime, tables: Tables) -> list[LintFinding]:
    """Hold a lease against its grant. This is all that a gateway needs.

    Args:
        lease: Anything that was read as a lease; nothing in it is believed.
        grant: From a list whose signatures were checked.
        now: Aware UTC.
        tables: Special ranges, providers and networks: the package's, or an operator's own.

    Returns:
        What is wrong; a lease is loaded only where nothing hard is. Never raises on a lease.
    """
    times = (lease.asked_at, lease.not_before, lease.not_after)
    # In another zone the same moment is written otherwise, and a register that keeps UTC would break the signature.
    if not _ID.fullmatch(lease.id) or any(at.utcoffset() != _UTC_OFFSET for at in times):
        return [found("lease.form", lease.id, place="id")]
    checks = {
        ("lease.grant", "grant_id"): lease.grant_id != grant.id,
        ("lease.signature", "signature"): not is_signed(
            lease_bytes(lease), signature=lease.signature, key=grant.device_key
        ),
        ("lease.nonce", "nonce"): not is_nonce(lease.nonce),
        ("lease.nonce_age", "not_before"): abs(lease.not_before - lease.asked_at) > _WINDOW,
        ("lease.length", "not_after"): not _fits(lease.not_after - lease.not_before, grant.max_h),
        ("lease.grant_time", "not_after"): lease.not_before < grant.not_before - _WINDOW
        or lease.not_after > grant.not_after,
        ("lease.over", "not_after"): now >= lease.not_after,
        ("lease.early", "not_before"): lease.not_before > now + _WINDOW,
        ("lease.evidence", "grant_id"): grant.evidence_level < _MIN_EVIDENCE,
    }
    wrong = [found(rule, lease.id, place=place) for (rule, place), is_wrong in checks.items() if is_wrong]
    return wrong + _judge_address(lease, grant, tables)


def leases_that_hold(
    leases: LeaseList, listed: ExemptionList, *, now: dt.datetime, tables: Tables
) -> tuple[list[tuple[Lease, LeaseGrant]], list[LintFinding]]:
    """Sort a list of leases by what its device's signature and its grant say: all that a gateway loads.

    Args:
        leases: Signed online; nothing in it is believed but what ``verify_lease`` finds.
        listed: Signed offline, checked: whose grants count.
        now: Aware UTC.
        tables: As for ``verify_lease``.

    Returns:
        Leases that hold, with their grants, at most one for each grant: the one that was asked for last. And what is
        wrong with the others.
    """
    if leases.recipient != listed.recipient:
        return [], [found("lease.recipient", leases.recipient, place="recipient")]
    grants = {grant.id: grant for grant in listed.grants}
    holding: dict[str, Lease] = {}
    findings: list[LintFinding] = []
    for lease in leases.leases:
        grant = grants.get(lease.grant_id)
        wrong = (
            [found("lease.grant", lease.id, place="grant_id")]
            if grant is None
            else verify_lease(lease, grant, now=now, tables=tables)
        )
        findings += wrong
        if any(finding.hard for finding in wrong):
            continue
        other = holding.get(lease.grant_id, lease)
        holding[lease.grant_id] = newest = max(other, lease, key=lambda one: (one.asked_at, one.id))
        if other != lease:
            older = lease if newest is other else other
            findings.append(found("lease.replaced", older.id, place="asked_at"))
    return [(lease, grants[lease.grant_id]) for lease in holding.values()], findings


def judge_request(
    request: LeaseRequest,
    grant: LeaseGrant,
    *,
    control_keys: Collection[str],
    now: dt.datetime,
    tables: Tables,
) -> list[LintFinding]:
    """Judge what a device asks for, before the association gives it: the lease, its age, and the two receipts.

    Args:
        request: What the device handed in; nothing in it is believed.
        grant: The one that its lease names.
        control_keys: Public keys (base64) of the controls that the association runs or knows.
        now: Aware UTC.
        tables: As for ``verify_lease``.

    Returns:
        What is wrong; nothing is given while anything hard is among it.
    """
    lease = request.lease
    findings = verify_lease(lease, grant, now=now, tables=tables)
    if any(finding.rule == "lease.form" for finding in findings):
        return findings
    if abs(now - lease.asked_at) > _WINDOW and all(finding.rule != "lease.nonce_age" for finding in findings):
        findings.append(found("lease.nonce_age", lease.id, place="asked_at"))
    return findings + judge_receipts(request.receipts, lease, device_key=grant.device_key, control_keys=control_keys)


def judge_receipts(
    receipts: Sequence[Receipt], lease: Lease, *, device_key: str, control_keys: Collection[str]
) -> list[LintFinding]:
    """Hold two controls' receipts against a lease: the test for split NAT.

    Receipts that no known control signed are passed over, and so are all beyond the sixteenth. Of the others every one
    must fit: one that names another address is no matter of majority.
    """
    genuine = [one for one in receipts[:_MAX_RECEIPTS] if is_genuine(one, control_keys=control_keys)]
    if len({one.control for one in genuine}) < 2:
        return [found("lease.receipts", lease.id, place="receipts")]
    times = [one.seen_at for one in genuine]
    addresses = {one.address for one in genuine}
    apart = max(times) - min(times) > _WINDOW or any(abs(at - lease.asked_at) > _WINDOW for at in times)
    checks = {
        "lease.receipt_other": any((one.key, one.nonce) != (device_key, lease.nonce) for one in genuine),
        "lease.receipt_age": apart,
        "lease.split_nat": len(addresses) > 1,
        "lease.receipt_address": len(addresses) == 1 and prefix_of(*addresses) != lease.address,
    }
    return [found(rule, lease.id, place="receipts") for rule, is_wrong in checks.items() if is_wrong]


def prefix_of(address: str) -> str:
    """Give an address as the prefix that holds it alone, in its usual spelling; a prefix stays one.

    Raises:
        ValueError: This is neither.
    """
    return str(ipaddress.ip_network(address))


def address_rule(address: str, tables: Tables) -> str:
    """Give the id of the rule by which an address is never leased; "" where it may be.

    Args:
        address: One address, in its usual spelling.
        tables: As for ``verify_lease``.
    """
    number = int(ipaddress.ip_address(address))
    kind = tables.special.kind(address)
    if kind == "cgnat":
        return "lease.cgnat"
    if ":" in address and (embedded_ipv4(number) is not None or number >> 112 == _SIX_TO_FOUR):
        return "lease.translated"
    if kind is not None:
        return "lease.special"
    shared = (table.of_address(address, tables.networks) for table in (tables.providers, tables.services))
    return "lease.shared" if any(shared) else ""


def _judge_address(lease: Lease, grant: LeaseGrant, tables: Tables) -> list[LintFinding]:
    try:
        network = ipaddress.ip_network(lease.address)
    except ValueError:
        return [found("lease.one_address", lease.id, place="address")]
    # A scope ("%eth0") is kept by the parser, and may hold anything.
    if network.num_addresses != 1 or str(network) != lease.address or "%" in lease.address:
        return [found("lease.one_address", lease.id, place="address")]
    if (network.version == 6) != (":" in grant.destination):
        return [found("lease.family", lease.id, place="address")]
    address = str(network.network_address)
    rule = address_rule(address, tables) or _origin_rule(address, grant, tables)
    return [found(rule, lease.id, place="address")] if rule else []


def _origin_rule(address: str, grant: LeaseGrant, tables: Tables) -> str:
    asn = tables.networks.asn(address)
    if not grant.asns or asn in grant.asns:
        return ""
    return "lease.origin" if asn else "lease.origin_unknown"


def _fits(length: dt.timedelta, max_h: int) -> bool:
    return dt.timedelta(hours=MIN_H) <= length <= dt.timedelta(hours=min(max_h, MAX_H))
