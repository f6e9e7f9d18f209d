"""The lab's certificate authorities: one that its clients trust, and others that they should not.

A chain is leaf, issuing authority, root, as on the internet; the root is not sent. All keys are EC P-256, since making
and using them takes a fraction of a millisecond. Chains are files (OpenSSL loads nothing else), made when first asked
for and kept: a worker and the servers that it forks share one folder, so that each chain is made once per worker.
"""

import hashlib
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Final, Literal

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

CertificateKind = Literal[
    "valid", "expired", "future", "wrong_name", "self_signed", "other_authority", "operator_authority"
]
"""``other_authority`` is a site's own that nobody knows, ``operator_authority`` that of an operator who intercepts."""

WRONG_NAME: Final = "shared-hosting.invalid"
"""The name on a certificate that was installed for somebody else."""

_DAY: Final = timedelta(days=1)
# Days from the lab's now: a leaf lives for 90 days, as those of free authorities do; roots live long.
_LIVES: Final = {"expired": (-100, -10), "future": (20, 110)}
_LEAF_LIFE: Final = (-30, 60)
_AUTHORITY_LIFE: Final = (-1500, 3000)
_AUTHORITIES: Final = {
    "lab": ("Lab Trust Services", "Lab Root R1", "Lab Issuing CA E1"),
    "other": ("Internal IT", "Internal Root", "Internal Issuing CA"),
    "operator": ("National Gateway", "Gateway Inspection Root", "Gateway Inspection CA"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Issuer:
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey
    authority: str

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)


class Authority:
    """Makes certificates as of ``now_at`` and keeps them in ``folder``, which must exist and belong to nobody else."""

    def __init__(self, folder: Path, *, now_at: datetime) -> None:
        self.folder = folder
        self.now_at = now_at
        self._leaf_key = ec.generate_private_key(ec.SECP256R1())
        self._roots = {name: _make_root(name, now_at=now_at) for name in _AUTHORITIES}
        self._issuers = {name: _make_issuer(name, root, now_at=now_at) for name, root in self._roots.items()}

    @property
    def trust_pem(self) -> str:
        """The trust store of the lab's clients: one root."""
        return self._roots["lab"].pem.decode()

    def chain(self, names: Sequence[str], *, kind: CertificateKind = "valid") -> Path:
        """Give the file with leaf, issuing authority and private key for host names or addresses (PEM).

        The first name is the subject's. A ``wrong_name`` certificate is sound, but for ``WRONG_NAME``.
        """
        path = self.folder / f"{_file_name(names, kind)}.pem"
        if not path.exists():
            part = path.with_suffix(".part")
            part.write_bytes(self._chain_pem((WRONG_NAME,) if kind == "wrong_name" else tuple(names), kind))
            part.replace(path)
        return path

    def _chain_pem(self, names: tuple[str, ...], kind: CertificateKind) -> bytes:
        issuer = {"other_authority": "other", "operator_authority": "operator"}.get(kind, "lab")
        first, last = _LIVES.get(kind, _LEAF_LIFE)
        leaf = _builder(names[0], organisation="", life=(self.now_at + first * _DAY, self.now_at + last * _DAY))
        leaf = leaf.public_key(self._leaf_key.public_key())
        leaf = leaf.add_extension(x509.SubjectAlternativeName([_general_name(name) for name in names]), critical=False)
        leaf = leaf.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        leaf = leaf.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        leaf = leaf.add_extension(_subject_key(self._leaf_key), critical=False)
        key_pem = _key_pem(self._leaf_key)
        if kind == "self_signed":
            signed = leaf.issuer_name(_name(names[0], "")).sign(self._leaf_key, hashes.SHA256())
            return signed.public_bytes(serialization.Encoding.PEM) + key_pem
        by = self._issuers[issuer]
        leaf = leaf.add_extension(_issuer_key(by), critical=False).issuer_name(by.certificate.subject)
        signed = leaf.sign(by.key, hashes.SHA256())
        return signed.public_bytes(serialization.Encoding.PEM) + by.pem + key_pem


def _make_root(authority: str, *, now_at: datetime) -> _Issuer:
    organisation, root_name, _ = _AUTHORITIES[authority]
    key = ec.generate_private_key(ec.SECP256R1())
    builder = _authority_builder(root_name, organisation, now_at=now_at).public_key(key.public_key())
    builder = builder.add_extension(_subject_key(key), critical=False).issuer_name(_name(root_name, organisation))
    return _Issuer(certificate=builder.sign(key, hashes.SHA256()), key=key, authority=authority)


def _make_issuer(authority: str, root: _Issuer, *, now_at: datetime) -> _Issuer:
    organisation, _, issuer_name = _AUTHORITIES[authority]
    key = ec.generate_private_key(ec.SECP256R1())
    builder = _authority_builder(issuer_name, organisation, now_at=now_at).public_key(key.public_key())
    builder = builder.add_extension(_subject_key(key), critical=False).add_extension(_issuer_key(root), critical=False)
    signed = builder.issuer_name(root.certificate.subject).sign(root.key, hashes.SHA256())
    return _Issuer(certificate=signed, key=key, authority=authority)


def _authority_builder(name: str, organisation: str, *, now_at: datetime) -> x509.CertificateBuilder:
    first, last = _AUTHORITY_LIFE
    usage = x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=True,
        encipher_only=False,
        decipher_only=False,
    )
    builder = _builder(name, organisation=organisation, life=(now_at + first * _DAY, now_at + last * _DAY))
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    return builder.add_extension(usage, critical=True)


def _builder(name: str, *, organisation: str, life: tuple[datetime, datetime]) -> x509.CertificateBuilder:
    builder = x509.CertificateBuilder().subject_name(_name(name, organisation))
    builder = builder.serial_number(x509.random_serial_number())
    return builder.not_valid_before(life[0]).not_valid_after(life[1])


@cache
def _name(name: str, organisation: str) -> x509.Name:
    # RFC 5280, appendix A.1: a common name has at most 64 characters.
    parts = [x509.NameAttribute(NameOID.COMMON_NAME, name[:64])]
    if organisation:
        parts.insert(0, x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation))
    return x509.Name(parts)


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _subject_key(key: ec.EllipticCurvePrivateKey) -> x509.SubjectKeyIdentifier:
    return x509.SubjectKeyIdentifier.from_public_key(key.public_key())


def _issuer_key(issuer: _Issuer) -> x509.AuthorityKeyIdentifier:
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.key.public_key())


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _file_name(names: Sequence[str], kind: CertificateKind) -> str:
    digest = hashlib.blake2b("\n".join(names).encode(), digest_size=12).hexdigest()
    return f"{kind}-{digest}"
