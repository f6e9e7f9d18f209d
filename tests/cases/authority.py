"""A certificate authority made in code: roots, an intermediate, and whatever certificate a case needs."""

import functools
import ipaddress
import ssl
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

NOW = datetime(2026, 11, 20, 9, 14, 5, tzinfo=UTC)
"""The time by which certificates of these cases are judged."""


@dataclass(frozen=True)
class Issued:
    """A certificate with its key and those above it, without the root."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate
    above: tuple[x509.Certificate, ...] = ()

    @property
    def chain(self) -> list[bytes]:
        return [item.public_bytes(serialization.Encoding.DER) for item in (self.certificate, *self.above)]

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    def context(self, *, alpn: tuple[str, ...] = ("h2", "http/1.1"), only_1_2: bool = False) -> ssl.SSLContext:
        """A server's context with this certificate."""
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        if alpn:
            made.set_alpn_protocols(list(alpn))
        if only_1_2:
            made.maximum_version = ssl.TLSVersion.TLSv1_2
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "both.pem")
            path.write_bytes(self._key_pem() + b"".join(_pem(item) for item in (self.certificate, *self.above)))
            made.load_cert_chain(path)
        return made

    def _key_pem(self) -> bytes:
        return self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )


def root(name: str = "Invented Root") -> Issued:
    """A root of its own making."""
    return _issue(name, None, authority=True, strict=True)


@functools.cache
def the_root() -> Issued:
    """The root that the probe of these cases trusts."""
    return root()


@functools.cache
def the_intermediate() -> Issued:
    return _issue("Invented Intermediate", the_root(), authority=True, strict=True)


def issue(
    *names: str,
    by: Issued | None = None,
    days: tuple[int, int] = (-30, 60),
    usage: ObjectIdentifier = ExtendedKeyUsageOID.SERVER_AUTH,
    strict: bool = True,
) -> Issued:
    """A server's certificate by the intermediate, or by another issuer; ``days`` count from ``NOW``.

    ``strict`` False leaves out the key identifiers that the web's rules ask for.
    """
    above = the_intermediate() if by is None else by
    return _issue(names[0] if names else "", above, names=names, days=days, usage=usage, strict=strict)


def self_signed(*names: str) -> Issued:
    return _issue(names[0], None, names=names, strict=False)


def intermediate(*, by: Issued, days: tuple[int, int] = (-100, 100)) -> Issued:
    return _issue("Another Intermediate", by, authority=True, days=days, strict=True)


def intermediate_for(domain: str, *, by: Issued) -> Issued:
    """One that may only sign for names under a domain (RFC 5280 section 4.2.1.10)."""
    limits = x509.NameConstraints(permitted_subtrees=[x509.DNSName(domain)], excluded_subtrees=None)
    plain = intermediate(by=by)
    builder = x509.CertificateBuilder(
        issuer_name=plain.certificate.issuer,
        subject_name=plain.certificate.subject,
        public_key=plain.key.public_key(),
        serial_number=plain.certificate.serial_number,
        not_valid_before=plain.certificate.not_valid_before_utc,
        not_valid_after=plain.certificate.not_valid_after_utc,
        extensions=[*plain.certificate.extensions, x509.Extension(limits.oid, critical=True, value=limits)],
    )
    return Issued(plain.key, builder.sign(by.key, hashes.SHA256()), plain.above)


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _issue(
    name: str,
    by: Issued | None,
    *,
    names: tuple[str, ...] = (),
    authority: bool = False,
    days: tuple[int, int] = (-400, 400),
    usage: ObjectIdentifier = ExtendedKeyUsageOID.SERVER_AUTH,
    strict: bool = False,
) -> Issued:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name or "nameless")])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(by.certificate.subject if by else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW + timedelta(days=days[0]))
        .not_valid_after(NOW + timedelta(days=days[1]))
    )
    if authority:
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    else:
        builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName([_general(item) for item in names]), critical=False)
    if strict:
        builder = _with_identifiers(builder, key, by)
    signed = builder.sign(by.key if by else key, hashes.SHA256())
    above = (by.certificate, *by.above) if by and by.certificate.issuer != by.certificate.subject else ()
    return Issued(key, signed, above)


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _with_identifiers(
    builder: x509.CertificateBuilder, key: ec.EllipticCurvePrivateKey, by: Issued | None
) -> x509.CertificateBuilder:
    builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    if by is None:
        return builder
    identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(by.key.public_key())
    return builder.add_extension(identifier, critical=False)
