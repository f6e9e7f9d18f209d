"""A member that proves something on loopback: its claim, its challenge, certificates, and settings of the looks."""

import datetime as dt
import ipaddress
from typing import Any

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from raabta.model.register import MemberEndpoint, Organisation, Proof
from raabta.pipeline.proving import ProvingSettings
from raabta.probe.settings import Resolver, Timeouts
from raabta.reference.special import special_ranges_without
from raabta.registry.proofs import issue
from raabta.wire.acme import ACME_IDENTIFIER, identifier_of
from raabta.wire.challenge import Claim
from tests.cases.authority import NOW, Issued, the_root
from tests.cases.loopback import LOCAL

KEY = b"k" * 32
NONCE = bytes(range(16))
HERE_SPECIAL = special_ranges_without("127.0.0.0/8")
DOMAIN = "company.example"
_YEAR = dt.timedelta(days=365)

ORGANISATION = Organisation(
    id="o-company",
    legal_name="Company",
    legal_form="private_limited",
    country="PK",
    domains=(DOMAIN,),
    created_at=NOW,
    changed_at=NOW,
)


def endpoint(**changed: Any) -> MemberEndpoint:
    made = MemberEndpoint(
        id="e-office",
        organisation_id=ORGANISATION.id,
        direction="member_source",
        prefix="9.1.2.3/32",
        operator="operator-a",
        asn=64501,
        valid_from=NOW,
        valid_until=NOW + _YEAR,
        created_at=NOW,
    )
    return msgspec.structs.replace(made, **changed)


def pending(kind: str, subject: str = DOMAIN, **changed: Any) -> Proof:
    """A challenge that was just issued."""
    claim = Claim(organisation_id=ORGANISATION.id, kind=kind, subject=subject)
    claim = msgspec.structs.replace(claim, **changed)
    return issue(claim, id_="f-1", key=KEY, nonce=NONCE, now=NOW)


def proving(*resolvers: Resolver, deadline_s: float = 5.0, **changed: Any) -> ProvingSettings:
    """Settings for loopback. Nothing comes second there, so that a lookup does not wait for it."""
    times = Timeouts(dns_s=0.4, dns_second_s=0.02, tcp_s=deadline_s, tls_s=deadline_s, http_s=deadline_s)
    made = ProvingSettings(resolvers=resolvers, special=HERE_SPECIAL, trust_pem=the_root().pem, timeouts=times)
    return msgspec.structs.replace(made, **changed)


def acme_certificate(
    challenge: str,
    *,
    names: tuple[str, ...] = (LOCAL,),
    critical: bool = True,
    signer: ec.EllipticCurvePrivateKey | None = None,
    with_identifier: bool = True,
) -> Issued:
    """A certificate as RFC 8738 asks for, or with one thing wrong."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "proof")])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW)
        .not_valid_after(NOW + _YEAR)
    )
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName([_general(name) for name in names]), critical=False)
    if with_identifier:
        value = x509.UnrecognizedExtension(ACME_IDENTIFIER, identifier_of(challenge))
        builder = builder.add_extension(value, critical=critical)
    return Issued(key, builder.sign(signer or key, hashes.SHA256()))


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
