"""Whom a probe trusts: the authorities of the settings, or the platform's."""

import functools
import ssl
from pathlib import Path

import certifi

from raabta.probe.settings import ProbeSettings
from raabta.wire.x509 import TrustAnchors, anchors_of, read_anchors


def trust_anchors(settings: ProbeSettings) -> TrustAnchors:
    """Give the trust store that the settings name, read once per process.

    Raises:
        ValueError: ``settings.trust_pem`` holds no certificates.
    """
    return _from_pem(settings.trust_pem) if settings.trust_pem else _of_platform()


@functools.lru_cache(maxsize=8)
def _from_pem(pem: str) -> TrustAnchors:
    return read_anchors(pem)


@functools.lru_cache(maxsize=1)
def _of_platform() -> TrustAnchors:
    """The platform's store; where it has none (some builds of Python do not), Mozilla's by ``certifi``."""
    ders = ssl.create_default_context().get_ca_certs(binary_form=True) or _of_folder()
    return anchors_of(ders) if ders else read_anchors(Path(certifi.where()).read_text(encoding="ascii"))


def _of_folder() -> list[bytes]:
    """A folder of authorities is read by OpenSSL only when it needs one, so that it lists none; read it here."""
    folder = ssl.get_default_verify_paths().capath
    files = sorted(Path(folder).glob("*.0")) if folder else []
    return [ssl.PEM_cert_to_DER_cert(file.read_text(encoding="ascii", errors="ignore")) for file in files]
