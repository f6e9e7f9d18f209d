"""What proves that an answer is this control's: its TLS certificate and its signing key, kept in a folder.

Both keys are made on the first start and stay. Files are readable by their owner only (0600, the folder 0700). Clients
pin the certificate by its *pin*, the SHA-256 of its public key (SubjectPublicKeyInfo, as RFC 7469 defined it), so that
a renewed certificate with the same key needs no change on their side.
"""

import base64
import datetime as dt
import hashlib
import ipaddress
import os
import ssl
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from msgspec import Struct

from raabta.reference.addresses import is_address
from raabta.wire.control import signed_bytes

TLS_KEY: Final = "tls-key.pem"
TLS_CERTIFICATE: Final = "tls-certificate.pem"
SIGNING_KEY: Final = "signing-key.pem"

# A pinned certificate need not expire soon: the pin is checked, not the dates. Ten years, then a new one is made.
_LIFE_DAYS: Final = 3650


class ControlIdentity(Struct, frozen=True, kw_only=True):
    """Files of the certificate and its key; the certificate's pin; the key that signs answers."""

    certificate: Path
    key: Path
    pin: str
    signing_key: Ed25519PrivateKey

    @property
    def public_key(self) -> str:
        """The public half of the signing key, base64."""
        return base64.b64encode(self.signing_key.public_key().public_bytes_raw()).decode()

    def sign(self, body: bytes, *, question: bytes, date: str) -> str:
        """Sign an answer; base64."""
        return base64.b64encode(self.signing_key.sign(signed_bytes(body, question=question, date=date))).decode()

    def tls_context(self) -> ssl.SSLContext:
        """Prepare the server's side of TLS. No session tickets: they would tell one client's connections.

        Raises:
            ValueError: Certificate and key do not belong together.
        """
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.options |= ssl.OP_NO_TICKET
        context.num_tickets = 0
        context.set_alpn_protocols(["http/1.1"])
        try:
            context.load_cert_chain(self.certificate, self.key)
        except (OSError, ssl.SSLError) as error:
            message = f"{self.certificate} and {self.key} cannot be used together. Is this the key of that certificate?"
            raise ValueError(message) from error
        return context


def load_identity(
    state: Path, *, now: dt.datetime, names: tuple[str, ...] = (), given: tuple[Path, Path] | None = None
) -> ControlIdentity:
    """Read the keys of a folder, and make those that are missing.

    Args:
        state: The folder; it is made where missing.
        now: From when a self-made certificate is valid.
        names: Names and addresses to write into a self-made certificate.
        given: A certificate and its key to use in place of a self-made one.

    Raises:
        ValueError: A file cannot be read or written, or holds something else.
    """
    try:
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
        certificate, key = given or _own_certificate(state, now=now, names=names)
        pin = pin_of(x509.load_pem_x509_certificate(certificate.read_bytes()))
        signing_key = _signing_key(state / SIGNING_KEY)
    except (OSError, ValueError, TypeError) as error:
        message = f"keys in {state}: {error}. Give a folder that this user may write to, or remove the broken file."
        raise ValueError(message) from error
    return ControlIdentity(certificate=certificate, key=key, pin=pin, signing_key=signing_key)


def pin_of(certificate: x509.Certificate) -> str:
    """Give the pin of a certificate: base64 of the SHA-256 of its public key."""
    public = certificate.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return base64.b64encode(hashlib.sha256(public).digest()).decode()


def _signing_key(file: Path) -> Ed25519PrivateKey:
    if not file.exists():
        _write_private(file, _private_pem(Ed25519PrivateKey.generate()))
    key = serialization.load_pem_private_key(file.read_bytes(), password=None)
    if not isinstance(key, Ed25519PrivateKey):
        message = f"{file.name} holds another kind of key than Ed25519"
        raise TypeError(message)
    return key


def _own_certificate(state: Path, *, now: dt.datetime, names: tuple[str, ...]) -> tuple[Path, Path]:
    certificate, key_file = state / TLS_CERTIFICATE, state / TLS_KEY
    if not key_file.exists():
        _write_private(key_file, _private_pem(ec.generate_private_key(ec.SECP256R1())))
    if not certificate.exists() or _ends_at(certificate) <= now:
        key = serialization.load_pem_private_key(key_file.read_bytes(), password=None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            message = f"{key_file.name} holds another kind of key than P-256"
            raise TypeError(message)
        made = _self_signed(key, now=now, names=names or ("raabta-control",))
        certificate.unlink(missing_ok=True)
        _write_private(certificate, made.public_bytes(serialization.Encoding.PEM))
    return certificate, key_file


def _ends_at(certificate: Path) -> dt.datetime:
    return x509.load_pem_x509_certificate(certificate.read_bytes()).not_valid_after_utc


def _self_signed(key: ec.EllipticCurvePrivateKey, *, now: dt.datetime, names: tuple[str, ...]) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "raabta-control")])
    alternatives = [_general_name(name) for name in names]
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=_LIFE_DAYS))
        .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )


def _general_name(name: str) -> x509.GeneralName:
    return x509.IPAddress(ipaddress.ip_address(name)) if is_address(name) else x509.DNSName(name)


def _private_pem(key: Ed25519PrivateKey | ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _write_private(file: Path, data: bytes) -> None:
    """Write a new file that only its owner reads; whoever made it meanwhile is not overwritten."""
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(data)
