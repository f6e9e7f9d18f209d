"""Claims: whose a domain or an end point's address is said to be, and by which kind of proof that can be shown at all.

Pure. What is refused here is refused before anybody is asked to show anything: names that mean something inside a
network only, addresses that nobody serves from, addresses that are shared, networks where a kind proves one address.
"""

import datetime as dt
import ipaddress
from collections.abc import Sequence
from typing import Final, get_args

from raabta.model.register import MemberEndpoint, Organisation, Proof, ProofKind
from raabta.reference.special import IANA_RANGES, SpecialRanges
from raabta.wire.challenge import Claim, reverse_names
from raabta.wire.x509 import ascii_name

DOMAIN_KINDS: Final[tuple[ProofKind, ...]] = ("dns_txt", "web_file")
ADDRESS_KINDS: Final[tuple[ProofKind, ...]] = (
    "acme_http",
    "acme_tls_alpn",
    "reverse_dns",
    "operator_attestation",
    "call_back",
)
NETWORK_KINDS: Final[tuple[ProofKind, ...]] = ("reverse_dns", "operator_attestation")
"""What can prove more than one address at a time."""
ONE_SUBSCRIBER_BITS: Final = 64
"""An IPv6 /64 is one line (RFC 6177): whoever calls from it calls from the line. IPv4 has no such unit."""
NOT_OFFERED: Final = {
    "rpki_checklist": "signed checklists (RFC 9323) are not read yet: no validator for them is common enough to rely on"
}

_INSIDE: Final = frozenset({"localhost", "local", "internal", "home", "lan", "localdomain", "onion", "arpa", "invalid"})
"""Names that mean something inside a network only (RFC 6761, 6762, 7686, 8375), and the reverse zones."""


def domain_claim(organisation: Organisation, domain: str, *, kind: str) -> Claim:
    """Claim a domain.

    Raises:
        ValueError: This kind proves no domain, or no public domain can be named so.
    """
    _refuse_kind(kind, DOMAIN_KINDS, what="a domain")
    name = ascii_name(domain)
    labels = name.split(".")
    is_name = len(labels) > 1 and len(name) <= 200 and all(map(_is_label, labels)) and not labels[-1].isdigit()
    if not is_name or labels[-1] in _INSIDE:
        message = f"{domain!r} is no domain of the public internet. Give it as example.com.pk, without https:// or /."
        raise ValueError(message)
    return Claim(organisation_id=organisation.id, kind=kind, subject=name)


def endpoint_claim(
    endpoint: MemberEndpoint, kind: str, *, now: dt.datetime, special: SpecialRanges = IANA_RANGES
) -> Claim:
    """Claim the address of an end point.

    Args:
        endpoint: The end point.
        kind: How it will be proved.
        now: Aware UTC.
        special: Addresses that nobody serves from; the lab passes its own.

    Raises:
        ValueError: It cannot be proved, or not by this kind. The text says what can.
    """
    _refuse_kind(kind, ADDRESS_KINDS, what="an address")
    subject = subject_of(endpoint)
    _refuse_shared(endpoint)
    if endpoint.valid_until <= now:
        message = f"end point {endpoint.id} ended on {endpoint.valid_until.date()}. Give it a later end first."
        raise ValueError(message)
    network = ipaddress.ip_network(subject)
    found = special.kind(str(network.network_address)) or special.kind(str(network.broadcast_address))
    if found:
        message = f"{subject} is a {found} address, which is nobody's on the internet: there is nothing to prove."
        raise ValueError(message)
    is_line = kind == "call_back" and network.version == 6 and network.prefixlen >= ONE_SUBSCRIBER_BITS
    if network.num_addresses > 1 and kind not in NETWORK_KINDS and not is_line:
        message = (
            f"{kind} proves one address, and {subject} are {network.num_addresses}. "
            f"Use {' or '.join(NETWORK_KINDS)}, or register the addresses one by one."
        )
        raise ValueError(message)
    if kind == "operator_attestation" and not endpoint.operator:
        message = f"end point {endpoint.id} names no operator who could attest it. Enter its operator first."
        raise ValueError(message)
    if kind == "reverse_dns":
        reverse_names(subject)
    return Claim(organisation_id=endpoint.organisation_id, endpoint_id=endpoint.id, kind=kind, subject=subject)


def subject_of(endpoint: MemberEndpoint) -> str:
    """Give what there is to prove of an end point: one address bare, more in CIDR form.

    Raises:
        ValueError: Its address is not known beforehand, or cannot be read.
    """
    if not endpoint.prefix:
        message = (
            f"end point {endpoint.id} has no address of its own (mobile): there is nothing to prove beforehand. "
            "It gets leases instead, which show the address each time."
        )
        raise ValueError(message)
    try:
        network = ipaddress.ip_network(endpoint.prefix)
    except ValueError as error:
        message = f"end point {endpoint.id}: {endpoint.prefix!r} is no address or network: {error}."
        raise ValueError(message) from error
    return str(network.network_address) if network.num_addresses == 1 else str(network)


def claim_of(proof: Proof) -> Claim:
    """Give what a proof is about."""
    return Claim(
        organisation_id=proof.organisation_id, endpoint_id=proof.endpoint_id, kind=proof.kind, subject=proof.subject
    )


def _refuse_kind(kind: str, allowed: Sequence[str], *, what: str) -> None:
    if kind in NOT_OFFERED:
        message = f"{kind} is not offered: {NOT_OFFERED[kind]}. Use one of {', '.join(allowed)}."
        raise ValueError(message)
    if kind not in allowed:
        known = "" if kind in get_args(ProofKind) else "; there is no such kind"
        message = f"{kind!r} does not prove {what}{known}. Use one of {', '.join(allowed)}."
        raise ValueError(message)


def _refuse_shared(endpoint: MemberEndpoint) -> None:
    if endpoint.cgnat:
        message = (
            f"end point {endpoint.id} stands behind a shared address (CGNAT): no proof makes that the member's alone. "
            "Register the fixed gateway that it dials, or ask the operator for an address of its own."
        )
        raise ValueError(message)


def _is_label(label: str) -> bool:
    plain = label.replace("-", "").replace("_", "")
    return 0 < len(label) <= 63 and plain.isascii() and plain.isalnum() and label[0] != "-" and label[-1] != "-"
