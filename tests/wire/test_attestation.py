"""An operator's word counts when it is that operator's, for this challenge, this prefix, and now."""

import base64
import datetime as dt
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from raabta.wire.attestation import (
    Attestation,
    attestation_fault,
    read_attestation,
    sign_attestation,
    write_attestation,
)

NOW = dt.datetime(2026, 11, 20, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
OPERATOR = Ed25519PrivateKey.from_private_bytes(b"o" * 32)
STRANGER = Ed25519PrivateKey.from_private_bytes(b"s" * 32)
REQUEST = Attestation(operator="operator-a", prefix="9.1.2.3", challenge="token.key")


def public(key: Ed25519PrivateKey) -> str:
    return base64.b64encode(key.public_key().public_bytes_raw()).decode()


def signed(key: Ed25519PrivateKey = OPERATOR, **changed: Any) -> Attestation:
    filled = msgspec.structs.replace(REQUEST, asn=64501, made_at=NOW - DAY, valid_until=NOW + 30 * DAY)
    return sign_attestation(msgspec.structs.replace(filled, **changed), key)


def fault(attestation: Attestation, **changed: Any) -> str | None:
    given: dict[str, Any] = {"request": REQUEST, "key": public(OPERATOR), "asns": (64501,), "now": NOW} | changed
    return attestation_fault(attestation, **given)


def test_a_signed_answer_to_the_request_counts_also_after_a_round_through_a_file() -> None:
    attestation = signed()
    assert fault(attestation) is None
    assert fault(read_attestation(write_attestation(attestation), name="a.json")) is None


@pytest.mark.parametrize(
    ("attestation", "said"),
    [
        pytest.param(signed(STRANGER), "not signed", id="strangers-key"),
        pytest.param(msgspec.structs.replace(signed(), prefix="9.1.2.4"), "not signed", id="altered"),
        pytest.param(msgspec.structs.replace(signed(), signature="!"), "not signed", id="no-signature"),
        pytest.param(signed(operator="operator-b"), "by another operator", id="other-operator"),
        pytest.param(signed(challenge="token.other"), "another challenge", id="another-member"),
        pytest.param(signed(prefix="9.1.2.0/24"), "for another prefix", id="wider"),
        pytest.param(signed(prefix="9.1.2.4"), "for another prefix", id="neighbour"),
        pytest.param(signed(prefix="nonsense"), "for another prefix", id="no-prefix"),
        pytest.param(signed(asn=64999), "no network of", id="asn"),
        pytest.param(signed(asn=0), "no network of", id="no-asn"),
        pytest.param(signed(made_at=None), "no dates", id="no-date"),
        pytest.param(signed(made_at=NOW.replace(tzinfo=None)), "no dates", id="no-zone"),
        pytest.param(signed(made_at=NOW + DAY), "future", id="future"),
        pytest.param(signed(valid_until=NOW), "expired", id="expired"),
        pytest.param(signed(valid_until=NOW + 500 * DAY), "more than", id="too-long"),
    ],
)
def test_anything_else_does_not(attestation: Attestation, said: str) -> None:
    assert said in (fault(attestation) or "")


def test_an_operator_without_a_key_attests_nothing() -> None:
    assert "no attestation key" in (fault(signed(), key="") or "")


@pytest.mark.parametrize(
    "raw",
    [b"", b"[]", b"\xff", b'{"operator": "a"}', b"{" * 4_000, b'{"operator":"a","prefix":"b","challenge":"c","x":1}'],
)
def test_a_file_that_is_none_is_refused_with_its_name(raw: bytes) -> None:
    with pytest.raises(ValueError, match=r"a\.json: this is no attestation"):
        read_attestation(raw, name="a.json")


def test_a_huge_file_is_refused() -> None:
    with pytest.raises(ValueError, match="too many"):
        read_attestation(b" " * 10_000, name="a.json")
