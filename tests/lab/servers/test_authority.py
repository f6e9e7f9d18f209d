"""Certificates are what their kind says, to an independent verifier."""

import datetime as dt
import ipaddress
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.verification import PolicyBuilder, Store, Subject, VerificationError

from raabta.lab.servers.authority import Authority, CertificateKind

NOW = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)
HOST = x509.DNSName("shop.example")


def verify(authority: Authority, *, kind: CertificateKind, at: dt.datetime = NOW, of: Subject = HOST) -> None:
    leaf, *others = x509.load_pem_x509_certificates(
        authority.chain(("shop.example", "192.0.2.7"), kind=kind).read_bytes()
    )
    store = Store(x509.load_pem_x509_certificates(authority.trust_pem.encode()))
    PolicyBuilder().store(store).time(at).build_server_verifier(of).verify(leaf, others)


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path, now_at=NOW)


def test_a_valid_chain_is_valid_for_its_name_and_its_address(authority: Authority) -> None:
    verify(authority, kind="valid")
    verify(authority, kind="valid", of=x509.IPAddress(ipaddress.ip_address("192.0.2.7")))


@pytest.mark.parametrize(
    "kind", ["expired", "future", "wrong_name", "self_signed", "other_authority", "operator_authority"]
)
def test_every_other_kind_fails(authority: Authority, kind: CertificateKind) -> None:
    with pytest.raises(VerificationError):
        verify(authority, kind=kind)


def test_time_is_all_that_is_wrong_with_expired_and_future_certificates(authority: Authority) -> None:
    verify(authority, kind="expired", at=NOW - dt.timedelta(days=30))
    verify(authority, kind="future", at=NOW + dt.timedelta(days=30))


def test_the_name_is_all_that_is_wrong_with_a_wrong_certificate(authority: Authority) -> None:
    verify(authority, kind="wrong_name", of=x509.DNSName("shared-hosting.invalid"))


def test_a_chain_is_made_once(authority: Authority) -> None:
    first = authority.chain(("shop.example",)).read_bytes()
    assert authority.chain(("shop.example",)).read_bytes() == first
