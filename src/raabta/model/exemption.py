"""The nouns of exemption: what a signed list says, entry by entry, and what a rule found wrong with one.

A list is for one recipient and holds nothing of anybody else's. It names no organisation: ``organisation_ref`` is
opaque and differs from recipient to recipient. The canonical form is RFC 8785 JSON of these
types (``remedy.canonical``). An entry's fields that have their default are left out, so that a field that is added
later changes the bytes of no older entry; a field more on a list itself is a new ``LIST_VERSION``.
"""

import datetime as dt
from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

Moment = Annotated[dt.datetime, Meta(tz=True)]
"""A time with its zone; one without is refused where it is read."""

LIST_VERSION: Final = 1
"""Version of the stored shape of a list."""

Transport = Literal["udp", "tcp", "esp", "gre", "any"]

EVIDENCE_LEVELS: Final = {
    0: "claimed, nothing proved",
    1: "papers seen",
    2: "one proof of control that is in force",
    3: "two proofs of control of different kinds, or one and the operator's attestation",
}
"""How well an entry is founded. Below 2 nothing enters a list."""


class ExemptionEntry(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Traffic that is spared: from ``source`` to ``destination``, and back.

    ``source`` and ``destination`` are prefixes in CIDR form; ``destination`` "" means any (then the entry is less
    precise, which a rule tells). ``port`` is the destination's, 0 for any. ``origin_asn`` announces the side that the
    member has in the recipient's network. Not spared before ``not_before`` nor from ``not_after`` on.
    """

    id: str
    source: str
    destination: str = ""
    transport: Transport = "udp"
    port: int = 0
    origin_asn: int = 0
    organisation_ref: str
    evidence_level: int
    basis: str
    """A code, such as "pk.A": the type of application that it rests on."""
    not_before: Moment
    not_after: Moment
    member_side: Literal["source", "destination"] = "source"
    """Which end is the member's own: files that know only prefixes hold that one."""
    lease: bool = False
    serial: int = 0
    """Of the list in which it first stood."""
    log_index: int | None = None
    reviewed: str = ""
    """Ids of rules, joined by blanks, that a named person let pass for this entry; the reason is in the log."""


class LeaseGrant(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What leases may be given for: a device, by its public key, towards one destination, for so long at most.

    Signed with the list, so that whoever steals the key that signs leases can give none to a device of theirs.
    """

    id: str
    device_key: str
    """Ed25519 public key, base64."""
    destination: str
    transport: Transport = "udp"
    port: int
    asns: tuple[int, ...] = ()
    """Networks in which the device may stand: the recipient's."""
    max_h: int = 12
    organisation_ref: str
    evidence_level: int
    basis: str
    not_before: Moment
    not_after: Moment
    reviewed: str = ""
    """As in ``ExemptionEntry``: a gateway at a cloud needs it."""


class Lease(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An exemption for hours: the address that a device has now. The device signs all of it but the signature."""

    id: str
    grant_id: str
    address: str
    """One address as a prefix: /32 or /128."""
    nonce: str
    asked_at: Moment
    not_before: Moment
    not_after: Moment
    signature: str = ""
    """Of the device's key over ``remedy.leases.lease_bytes``, base64."""


class Restriction(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A protective block: never without basis, owner and end.

    ``target`` is a prefix or a host name. ``shared`` counts how many other names are known to live there, and says so.
    """

    id: str
    target: str
    reason: Literal["malware", "botnet_control", "phishing", "attack_source", "amplifier"]
    basis: str
    owner: str
    not_before: Moment
    not_after: Moment
    shared: str = ""
    log_index: int | None = None
    reviewed: str = ""
    """As in ``ExemptionEntry``."""


class ExemptionList(Struct, frozen=True, kw_only=True):
    """All that a recipient's gateway loads: signed offline, renewed daily."""

    recipient: str
    country: str
    serial: int
    made_at: Moment
    expires_at: Moment
    entries: tuple[ExemptionEntry, ...] = ()
    grants: tuple[LeaseGrant, ...] = ()
    restrictions: tuple[Restriction, ...] = ()
    log_size: int = 0
    log_root: str = ""
    """Root hash (hex) of the log when the list was made."""
    version: int = LIST_VERSION


class LeaseList(Struct, frozen=True, kw_only=True):
    """Leases in force: signed online, and believed only as far as grants of the ``ExemptionList`` reach."""

    recipient: str
    serial: int
    made_at: Moment
    expires_at: Moment
    leases: tuple[Lease, ...] = ()
    version: int = LIST_VERSION


class Recipient(Struct, frozen=True, kw_only=True):
    """Who gets a list: an operator, by the networks that it runs."""

    id: str
    name: str
    asns: tuple[int, ...] = ()
    kind: Literal["operator", "regulator", "content_network"] = "operator"
    attestation_key: str = ""
    """Ed25519 public key (base64) with which it attests its customers' addresses."""
    reference_key: str = ""
    """Secret of the register (hex): makes ``organisation_ref`` differ between recipients. Never leaves it."""


class LintFinding(Struct, frozen=True, kw_only=True):
    """What a rule found wrong: ``rule`` is a permanent id, ``subject`` the entry's id, ``place`` a field of it.

    ``hard`` keeps the entry out; otherwise it is told and passes.
    """

    rule: str
    hard: bool
    subject: str
    place: str
    words: str
    advice: str


class Review(Struct, frozen=True, kw_only=True):
    """A named person's decision that rules may be passed over for one end point or restriction, and why."""

    id: str
    subject: str
    rules: tuple[str, ...]
    by: str
    reason: str
    at: Moment


LogEvent = Literal[
    "entry_added",
    "entry_changed",
    "entry_removed",
    "restriction_added",
    "restriction_removed",
    "restriction_reported",
]


class LogLeaf(Struct, frozen=True, kw_only=True):
    """One leaf of the public log: that something changed, and why; a hash tells what, to who holds it."""

    index: int
    at: Moment
    event: LogEvent
    subject_hash: str
    """SHA-256 (hex) of the canonical bytes of the entry or restriction."""
    reason: str
    """A code, never free text."""
