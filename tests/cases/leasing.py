"""Keys, receipts and leases of a device that is on the move: made by hand, so that tests can make them wrong."""

import datetime as dt
import hashlib
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from raabta.model.exemption import Lease, LeaseGrant
from raabta.reference import fixed_networks, load_tables, special_ranges_without
from raabta.reference.tables import Tables
from raabta.remedy.leases import LeaseRequest, sign_lease
from raabta.wire.receipt import Receipt, give_receipt, public_text, sign_request

NOW = dt.datetime(2026, 11, 22, 9, 0, tzinfo=dt.UTC)
ADDRESS = "198.18.7.9"
NONCE = "00112233445566778899aabb"


def key_of(name: str) -> Ed25519PrivateKey:
    """A key that is the same in every run."""
    return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(name.encode()).digest())


DEVICE = key_of("device")
CONTROLS = (key_of("control one"), key_of("control two"), key_of("control three"))
CONTROL_KEYS = frozenset(map(public_text, CONTROLS))


def tables() -> Tables:
    """The package's, where 198.18.0.0/15 and 2001:db8::/32 are two operators' networks."""
    networks = fixed_networks(
        [("198.18.0.0/16", 64500, "PK"), ("198.19.0.0/16", 64501, "PK"), ("2001:db8::/32", 64500, "PK")],
        as_of=dt.date(2026, 11, 1),
        version="leasing",
    )
    special = special_ranges_without("198.18.0.0/15", "2001:db8::/32")
    return msgspec.structs.replace(load_tables(), networks=networks, special=special)


def a_grant(**changed: Any) -> LeaseGrant:
    given: dict[str, Any] = {
        "id": "g-aaaaaaaaaaaaaaaa",
        "device_key": public_text(DEVICE),
        "destination": "203.0.113.5/32",
        "port": 51820,
        "asns": (64500,),
        "organisation_ref": "ref",
        "evidence_level": 2,
        "basis": "pk.A",
        "not_before": NOW - dt.timedelta(days=10),
        "not_after": NOW + dt.timedelta(days=80),
    }
    return LeaseGrant(**given | changed)


def a_lease(*, key: Ed25519PrivateKey = DEVICE, hours: float = 4, **changed: Any) -> Lease:
    """A lease as the device signs it, with what is changed; ``signature=`` replaces the right one."""
    given: dict[str, Any] = {
        "id": "l-bbbbbbbbbbbbbbbb",
        "grant_id": "g-aaaaaaaaaaaaaaaa",
        "address": f"{ADDRESS}/32",
        "nonce": NONCE,
        "asked_at": NOW,
        "not_before": NOW,
        "not_after": NOW + dt.timedelta(hours=hours),
    }
    signature = changed.pop("signature", None)
    lease = sign_lease(Lease(**given | changed), key)
    return lease if signature is None else msgspec.structs.replace(lease, signature=signature)


def a_receipt(
    control: Ed25519PrivateKey,
    *,
    address: str = ADDRESS,
    at: dt.datetime = NOW,
    nonce: str = NONCE,
    key: Ed25519PrivateKey = DEVICE,
) -> Receipt:
    """What a control signs for a device that comes from an address."""
    request = sign_request(key, nonce=nonce, time=at)
    return give_receipt(request, address=address, now=at, signing_key=control)


def a_request(lease: Lease | None = None, *receipts: Receipt) -> LeaseRequest:
    """A lease with two controls' receipts, or with those that are given."""
    seen = receipts or tuple(a_receipt(control) for control in CONTROLS[:2])
    return LeaseRequest(lease=lease or a_lease(), receipts=seen)
