"""What a server shows to prove an address: the certificate and names of ACME's challenges for IP identifiers.

The challenge is ``TOKEN.KEY``: TOKEN is asked for, the whole is the answer (RFC 8555, 8.1, "key authorization"), so a
server that only echoes what it is asked for does not pass. TLS-ALPN-01 shows the SHA-256 of the whole in a critical
extension of a self-signed certificate for that one address. No authority vouches for such a certificate: its content
is the proof, and the handshake proves that the server holds its key.

Source: RFC 8555 sections 8.1 and 8.3, RFC 8737 section 3, RFC 8738 sections 4 to 6.
"""

import hashlib
import ipaddress
import warnings
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.utils import CryptographyDeprecationWarning

ALPN: Final = "acme-tls/1"
HTTP_PATH: Final = "/.well-known/acme-challenge/"
ACME_IDENTIFIER: Final = x509.ObjectIdentifier("1.3.6.1.5.5.7.1.31")
_OCTETS_OF_SHA256: Final = b"\x04\x20"
"""DER: an OCTET STRING of 32 bytes."""

_UNREADABLE: Final = (
    ValueError,
    TypeError,
    OverflowError,
    x509.UnsupportedGeneralNameType,
    x509.DuplicateExtension,
    UnsupportedAlgorithm,
)
"""What ``cryptography`` raises for broken or strange certificates."""


def identifier_of(challenge: str) -> bytes:
    """The value of the acmeIdentifier extension, DER."""
    return _OCTETS_OF_SHA256 + hashlib.sha256(challenge.encode()).digest()


def reverse_name(address: str) -> str:
    """The name of an address in ``in-addr.arpa`` or ``ip6.arpa``: what is asked for by SNI (RFC 8738, section 6).

    Raises:
        ValueError: It is no address.
    """
    return ipaddress.ip_address(address).reverse_pointer


def certificate_fault(der: bytes, *, address: str, challenge: str) -> str | None:
    """Say why a certificate does not prove an address; None where it does.

    Args:
        der: The certificate that the server sent first.
        address: The address that was connected to.
        challenge: ``TOKEN.KEY``.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", CryptographyDeprecationWarning)  # a serial number of 0 is no matter here
            certificate = x509.load_der_x509_certificate(der)
            return _fault(certificate, address=address, challenge=challenge)
    except _UNREADABLE:
        return "the certificate cannot be read"


def _fault(certificate: x509.Certificate, *, address: str, challenge: str) -> str | None:
    names = _names(certificate)
    if names is None or len(names) != 1 or not isinstance(names[0], x509.IPAddress):
        return "the certificate is not for exactly one address"
    if str(names[0].value) != str(ipaddress.ip_address(address)):
        return "the certificate is for another address"
    found = [item for item in certificate.extensions if item.oid == ACME_IDENTIFIER]
    if not found:
        return "the certificate has no acmeIdentifier"
    if not found[0].critical:
        return "the acmeIdentifier is not critical"
    value = found[0].value
    if not isinstance(value, x509.UnrecognizedExtension) or value.value != identifier_of(challenge):
        return "the acmeIdentifier is another challenge's"
    return None if _is_self_signed(certificate) else "the certificate is not self-signed"


def _names(certificate: x509.Certificate) -> list[x509.GeneralName] | None:
    try:
        return list(certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value)
    except x509.ExtensionNotFound:
        return None


def _is_self_signed(certificate: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(certificate)
    except InvalidSignature:
        return False
    return True
