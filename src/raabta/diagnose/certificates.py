"""What is wrong with a certificate chain, checked here instead of believed.

The probe's word ("ssl_invalid_certificate") does not say whether a certificate is expired, somebody else's, or made by
the one who presents it. Where the chain is in the data we look: dates against the time of measurement, names against
the name asked for (RFC 6125), issuer against subject.

Not done: building a path to a root. The probe did that with its own trust store; its verdict is the fact that led here.
"""

from __future__ import annotations

import base64
import binascii
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography import x509


def fault_of_chain(chain: tuple[str, ...], *, name: str, measured_at: str) -> str:
    """Say what is wrong with a chain.

    Args:
        chain: Base64 DER of each certificate, leaf first, as received.
        name: The server name that was asked for, ASCII.
        measured_at: ISO 8601 time in UTC of the measurement, "" where unknown.

    Returns:
        ``expired``, ``not_yet``, ``self_signed``, ``other_name``, ``own_authority`` (issued by an authority
        that the probe did not trust), or ``none`` where there is no chain or it cannot be read.
    """
    leaf = _leaf(chain)
    if leaf is None:
        return "none"
    if leaf.issuer == leaf.subject:
        return "self_signed"
    if measured_at:
        at = datetime.fromisoformat(measured_at)
        if at > leaf.not_valid_after_utc:
            return "expired"
        if at < leaf.not_valid_before_utc:
            return "not_yet"
    return "own_authority" if _covers(leaf, name.lower()) else "other_name"


def _leaf(chain: tuple[str, ...]) -> x509.Certificate | None:
    if not chain:
        return None
    from cryptography import x509  # noqa: PLC0415  a fifth of the start-up time, for few documents

    try:
        certificate = x509.load_der_x509_certificate(base64.b64decode(chain[0], validate=False))
        _ = certificate.subject, certificate.issuer, certificate.not_valid_after_utc, certificate.not_valid_before_utc
    except (ValueError, TypeError, binascii.Error, OverflowError, x509.UnsupportedGeneralNameType):
        return None
    return certificate


def _covers(leaf: x509.Certificate, name: str) -> bool:
    """Say whether the certificate is for this name: alternative names, with a wildcard for one label (RFC 6125)."""
    from cryptography import x509  # noqa: PLC0415  loaded already when this is called

    try:
        names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        listed = [item.lower() for item in names.get_values_for_type(x509.DNSName)]
    except (ValueError, x509.ExtensionNotFound, x509.DuplicateExtension, x509.UnsupportedGeneralNameType):
        return False
    return name in listed or ("*." + name.partition(".")[2]) in listed
