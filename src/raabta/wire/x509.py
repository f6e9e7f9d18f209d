"""Certificate chains, checked at a time that is given: is this server who it says, by whom a browser trusts?

The path is built by ``cryptography``'s verifier: signatures, dates, basic constraints, path lengths, name constraints,
minimum key sizes, no SHA-1. Its rules for certificates of the public web (subject key identifiers, their criticality)
are switched off, since authorities in use break them and browsers do not mind.

The order of the answers is that of Go's verifier, which OONI's probe uses, so that the same chain gets the same
df-007 string: first the leaf's dates, then its name (RFC 6125: alternative names only, a wildcard for one label), then
the path.

Not done: revocation, certificate transparency, fetching of missing intermediates (RFC 5280 section 4.2.2.1).
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from cryptography import x509
from cryptography.utils import CryptographyDeprecationWarning
from cryptography.x509.oid import ExtendedKeyUsageOID
from cryptography.x509.verification import (
    Criticality,
    ExtensionPolicy,
    Policy,
    PolicyBuilder,
    Store,
    VerificationError,
)

INVALID_CERTIFICATE: Final = "ssl_invalid_certificate"
INVALID_HOSTNAME: Final = "ssl_invalid_hostname"
UNKNOWN_AUTHORITY: Final = "ssl_unknown_authority"

_UNREADABLE: Final = (ValueError, TypeError, OverflowError, x509.UnsupportedGeneralNameType, x509.DuplicateExtension)
"""What ``cryptography`` raises for broken certificates."""


MAX_PATHS: Final = 1_024
"""Chains that are remembered. A round of 150 targets sees some 200."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainFault:
    """What is wrong with a chain.

    ``failure`` is a df-007 string; ``detail`` is ``expired``, ``not yet valid``, ``unreadable``, ``other name``,
    ``self-signed`` or ``no path``.
    """

    failure: str
    detail: str


@dataclass(frozen=True, slots=True)
class TrustAnchors:
    """The authorities that are trusted. Making it costs milliseconds: keep it.

    ``paths`` remembers chains that led to one of them, and from when until when they do: the same chain comes from each
    address of a host, by TCP and by QUIC, and again in follow-ups.
    """

    store: Store
    n: int
    paths: dict[tuple[bytes, ...], tuple[datetime, datetime]] = field(default_factory=dict)


def read_anchors(pem: str) -> TrustAnchors:
    """Read trusted authorities from PEM text.

    Raises:
        ValueError: No certificate in it, or one that cannot be read.
    """
    return _anchors(x509.load_pem_x509_certificates(pem.encode()))


def anchors_of(ders: Iterable[bytes]) -> TrustAnchors:
    """Take trusted authorities in DER form; those that cannot be read are left out.

    Raises:
        ValueError: None could be read.
    """
    return _anchors([item for der in ders if (item := _read(der)) is not None])


def check_chain(chain: Sequence[bytes], *, server_name: str, anchors: TrustAnchors, at: datetime) -> ChainFault | None:
    """Check the chain that a server sent.

    Args:
        chain: DER of each certificate, leaf first.
        server_name: The name or IP address that was asked for; any case, Unicode or A-labels.
        anchors: Whom to trust.
        at: The time of the check, aware.

    Returns:
        None if the chain is good for that name at that time.
    """
    read = [_read(der) for der in chain]
    leaf = read[0] if read else None
    if leaf is None:
        return ChainFault(failure=INVALID_CERTIFICATE, detail="unreadable")
    dates = _dates(leaf, at)
    if dates:
        return ChainFault(failure=INVALID_CERTIFICATE, detail=dates)
    name = ascii_name(server_name)
    if not any(_covers(pattern, name) for pattern in _listed_names(leaf)):
        return ChainFault(failure=INVALID_HOSTNAME, detail="other name")
    if _leads_to_trust(chain, read, anchors=anchors, at=at):
        return None
    if leaf.issuer == leaf.subject:
        return ChainFault(failure=UNKNOWN_AUTHORITY, detail="self-signed")
    for item in read[1:]:
        if item is not None and (dates := _dates(item, at)):
            return ChainFault(failure=INVALID_CERTIFICATE, detail=dates)
    return ChainFault(failure=UNKNOWN_AUTHORITY, detail="no path")


def ascii_name(name: str) -> str:
    """Give a host name in lower case and A-labels, without a last dot; what is no name comes back in lower case."""
    bare = name.strip().rstrip(".").lower()
    if bare.isascii():
        return bare
    try:
        return bare.encode("idna").decode()
    except UnicodeError:
        return bare


def _anchors(certificates: list[x509.Certificate]) -> TrustAnchors:
    return TrustAnchors(Store(certificates), len(certificates))


@functools.lru_cache(maxsize=256)
def _read(der: bytes) -> x509.Certificate | None:
    try:
        with warnings.catch_warnings():
            # A serial number of 0 is somebody else's mistake and no matter here.
            warnings.simplefilter("ignore", CryptographyDeprecationWarning)
            certificate = x509.load_der_x509_certificate(der)
        _ = certificate.subject, certificate.issuer, certificate.not_valid_after_utc, certificate.not_valid_before_utc
    except _UNREADABLE:
        return None
    return certificate


def _dates(certificate: x509.Certificate, at: datetime) -> str:
    if at > certificate.not_valid_after_utc:
        return "expired"
    return "not yet valid" if at < certificate.not_valid_before_utc else ""


@functools.lru_cache(maxsize=256)
def _listed_names(leaf: x509.Certificate) -> list[str]:
    """Names and addresses that the certificate is for, in lower case."""
    try:
        names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        return [item.lower() for item in names.get_values_for_type(x509.DNSName)] + [
            str(item) for item in names.get_values_for_type(x509.IPAddress)
        ]
    except (*_UNREADABLE, x509.ExtensionNotFound):
        return []


def _covers(pattern: str, name: str) -> bool:
    """RFC 6125 section 6.4: a wildcard stands for the whole leftmost label and for no more."""
    if pattern.rstrip(".") == name:
        return True
    rest = name.partition(".")[2]
    return pattern.startswith("*.") and "." in rest and pattern[2:].rstrip(".") == rest


def _leads_to_trust(
    chain: Sequence[bytes], read: list[x509.Certificate | None], *, anchors: TrustAnchors, at: datetime
) -> bool:
    key = tuple(chain)
    begin, end = anchors.paths.get(key, (at, None))
    if end is not None and begin <= at <= end:
        return True
    leaf, *others = (item for item in read if item is not None)
    path = _path(leaf, others, anchors=anchors, at=at)
    if not path:
        return False
    if len(anchors.paths) >= MAX_PATHS:
        anchors.paths.clear()
    anchors.paths[key] = (
        max(item.not_valid_before_utc for item in path),
        min(item.not_valid_after_utc for item in path),
    )
    return True


def _path(
    leaf: x509.Certificate, others: list[x509.Certificate], *, anchors: TrustAnchors, at: datetime
) -> list[x509.Certificate]:
    """Give the path from the leaf to an authority that is trusted, empty if there is none.

    The verifier for clients' certificates is used, since it asks for no name: the name was matched here, and the one
    for servers takes no underscores, which names in use have. What the certificate is for is in ``_LEAF_POLICY``.
    """
    try:
        verifier = (
            PolicyBuilder()
            .store(anchors.store)
            .time(at)
            .extension_policies(ca_policy=_CA_POLICY, ee_policy=_LEAF_POLICY)
            .build_client_verifier()
        )
        return verifier.verify(leaf, others).chain
    except (VerificationError, *_UNREADABLE):
        return []


def _for_servers(_policy: Policy, _certificate: x509.Certificate, usage: x509.ExtendedKeyUsage | None) -> None:
    """Refuse a leaf that was made for something else (RFC 5280 section 4.2.1.12). Called by the verifier."""
    allowed = {ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE}
    if usage is not None and not allowed & set(usage):
        raise ValueError("not for servers")


_CA_POLICY: Final = ExtensionPolicy.permit_all().require_present(x509.BasicConstraints, Criticality.AGNOSTIC, None)
_LEAF_POLICY: Final = (
    ExtensionPolicy.permit_all()
    .require_present(x509.SubjectAlternativeName, Criticality.AGNOSTIC, None)
    .may_be_present(x509.ExtendedKeyUsage, Criticality.AGNOSTIC, _for_servers)
)
