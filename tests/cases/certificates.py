"""Certificate chains made in code, as OONI documents hold them."""

import base64
import functools
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_MEASURED_AT = datetime(2026, 11, 20, 9, 14, 5, tzinfo=UTC)


@functools.cache
def _key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def chain(
    name: str, *, issuer: str = "Invented Authority", from_days: int = -90, until_days: int = 90
) -> list[dict[str, Any]]:
    """A chain of one certificate for ``name``; days count from the documents' time of measurement."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    signer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)])
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(signer)
        .public_key(_key().public_key())
        .serial_number(1)
        .not_valid_before(_MEASURED_AT + timedelta(days=from_days))
        .not_valid_after(_MEASURED_AT + timedelta(days=until_days))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(_key(), hashes.SHA256())
    )
    der = made.public_bytes(serialization.Encoding.DER)
    return [{"data": base64.b64encode(der).decode(), "format": "base64"}]
