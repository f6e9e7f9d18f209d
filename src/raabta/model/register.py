"""The nouns of the register: who, with which end points, on what evidence, in which application.

No identity number, key, user list or traffic volume has a field here. A person's name and contacts are held by
``registry`` encrypted; an identity paper is *seen*, and kept as a keyed hash (``identity_hash``) that only tells
whether the same paper was seen before.

Times are aware UTC datetimes, dates are calendar days of the country.
"""

import datetime as dt
from typing import Final, Literal

from msgspec import Struct

LegalForm = Literal[
    "sole_proprietorship",
    "single_member_company",
    "private_limited",
    "public_limited",
    "partnership",
    "limited_liability_partnership",
    "bank",
    "university",
    "mission",
    "non_profit",
    "government",
    "individual",
]
"""``individual`` is a freelancer without a company of their own."""

Direction = Literal["member_source", "remote_gateway", "inbound_service"]
"""Whose address the prefix is: the member's own, a gateway abroad that it dials, or a service that others dial."""

Addressing = Literal["static", "pool", "mobile"]

TunnelProtocol = Literal["wireguard", "openvpn", "ikev2", "l2tp", "pptp", "sstp", "ssh", "tls", "sip", "other"]

ProofKind = Literal[
    "dns_txt",
    "web_file",
    "acme_http",
    "acme_tls_alpn",
    "call_back",
    "operator_attestation",
    "reverse_dns",
    "rpki_checklist",
]

CaseStatus = Literal[
    "draft",
    "evidence",
    "verified",
    "submitted",
    "operator_check",
    "approved",
    "rejected",
    "expired",
    "revoked",
    "appeal",
]

CASE_STEPS: Final[dict[str, frozenset[str]]] = {
    "draft": frozenset({"evidence"}),
    "evidence": frozenset({"draft", "verified"}),
    "verified": frozenset({"evidence", "submitted"}),
    "submitted": frozenset({"evidence", "operator_check", "approved", "rejected"}),
    "operator_check": frozenset({"approved", "rejected"}),
    "approved": frozenset({"expired", "revoked"}),
    "rejected": frozenset({"appeal", "evidence"}),
    "expired": frozenset({"evidence"}),
    "revoked": frozenset({"appeal"}),
    "appeal": frozenset({"submitted", "approved", "rejected"}),
}
"""Which status may follow which. Every step is recorded with its time and a reason code."""


class Organisation(Struct, frozen=True, kw_only=True):
    """A member: a company, or a freelancer (``legal_form`` "individual").

    Numbers are the organisation's own (register of companies, tax, association), never a person's; an individual's tax
    number is a person's identity number and is refused here.
    """

    id: str
    legal_name: str
    trade_name: str = ""
    legal_form: LegalForm
    sector: str = ""
    country: str
    registration_number: str = ""
    registration_checked_on: dt.date | None = None
    tax_number: str = ""
    tax_checked_on: dt.date | None = None
    board_number: str = ""
    """Of the country's software export board."""
    board_valid_until: dt.date | None = None
    association_number: str = ""
    association_valid_until: dt.date | None = None
    domains: tuple[str, ...] = ()
    sponsor_id: str = ""
    """The member that vouches for a freelancer."""
    created_at: dt.datetime
    changed_at: dt.datetime


class Person(Struct, frozen=True, kw_only=True):
    """A focal person. Name, e-mail, phone and role are stored encrypted; ``identity_hash`` is keyed."""

    id: str
    organisation_id: str
    name: str
    email: str = ""
    phone: str = ""
    role: str = ""
    identity_kind: str = ""
    """Which paper was seen, such as ``national_identity_card``."""
    identity_hash: str = ""
    identity_seen_at: dt.datetime | None = None
    identity_seen_by: str = ""
    created_at: dt.datetime


class MemberEndpoint(Struct, frozen=True, kw_only=True):
    """One end of a member's tunnel or service.

    ``prefix`` is an address or a narrow network in CIDR form, "" where it is not known beforehand (mobile: leases).
    ``remote`` is the other end, "" where it is not known; ``port`` is the destination's, 0 for any.
    ``asn`` is the network that announces ``prefix``, ``operator`` the recipient id of who runs it.
    """

    id: str
    organisation_id: str
    direction: Direction
    prefix: str
    asn: int = 0
    operator: str = ""
    addressing: Addressing = "static"
    cgnat: bool = False
    site: str = ""
    protocol: TunnelProtocol = "other"
    transport: Literal["udp", "tcp", "esp", "gre", "any"] = "udp"
    remote: str = ""
    port: int = 0
    purpose: str = ""
    device_keys: tuple[str, ...] = ()
    """Public keys (Ed25519, base64) of devices that may ask for leases towards this end point."""
    valid_from: dt.datetime
    valid_until: dt.datetime
    created_at: dt.datetime


class Proof(Struct, frozen=True, kw_only=True):
    """One proof that a domain or address is its claimant's, from issue of the challenge to its end.

    ``subject`` is a domain or an address; ``challenge`` is what had to be shown (a token, never a secret once shown).
    ``witnesses`` are names of the vantage points that saw it, ``evidence`` what they saw in short.
    """

    id: str
    organisation_id: str
    endpoint_id: str = ""
    kind: ProofKind
    subject: str
    challenge: str
    status: Literal["pending", "proved", "failed", "expired", "withdrawn"] = "pending"
    issued_at: dt.datetime
    proved_at: dt.datetime | None = None
    expires_at: dt.datetime | None = None
    witnesses: tuple[str, ...] = ()
    evidence: str = ""


class Document(Struct, frozen=True, kw_only=True):
    """One line of a case's checklist: a paper that was seen, and by whom. Papers themselves are never stored."""

    kind: str
    seen_at: dt.datetime | None = None
    seen_by: str = ""
    fingerprint: str = ""
    """Keyed hash of the file that was seen, so that an exchanged paper is noticed."""
    waived: str = ""
    """The reason why it is not needed."""


class CaseStep(Struct, frozen=True, kw_only=True):
    """One change of a case's status."""

    status: CaseStatus
    at: dt.datetime
    by: str = ""
    reason: str = ""
    """A reason code of the country's data, "" where none is needed."""


class Case(Struct, frozen=True, kw_only=True):
    """One application. ``kind`` is a key of the country's application types, as "pk.A"."""

    id: str
    organisation_id: str
    endpoint_ids: tuple[str, ...] = ()
    kind: str
    status: CaseStatus = "draft"
    reference: str = ""
    """The regulator's."""
    documents: tuple[Document, ...] = ()
    steps: tuple[CaseStep, ...] = ()
    valid_until: dt.date | None = None
    created_at: dt.datetime
    changed_at: dt.datetime


class Consent(Struct, frozen=True, kw_only=True):
    """A member's agreement that data go to a recipient for a purpose."""

    id: str
    organisation_id: str
    purpose: Literal["register", "application", "exemption_list", "contact", "statistics"]
    recipient: str
    given_at: dt.datetime
    withdrawn_at: dt.datetime | None = None
