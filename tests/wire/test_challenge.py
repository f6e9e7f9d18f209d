"""Challenges are bound to who asked for them, and stand where they should."""

import msgspec
import pytest

from raabta.wire.challenge import (
    Claim,
    is_challenge_for,
    make_challenge,
    reverse_names,
    token_of,
    txt_name,
    txt_value,
    web_path,
)

KEY = b"k" * 32
NONCE = bytes(16)
CLAIM = Claim(organisation_id="o-1", endpoint_id="e-1", kind="acme_http", subject="9.1.2.3")


def test_a_challenge_is_its_own_claims() -> None:
    challenge = make_challenge(CLAIM, key=KEY, nonce=NONCE)
    assert is_challenge_for(challenge, CLAIM, key=KEY)


@pytest.mark.parametrize(
    "changed",
    [{"organisation_id": "o-2"}, {"endpoint_id": "e-2"}, {"kind": "acme_tls_alpn"}, {"subject": "9.1.2.4"}],
    ids=["member", "endpoint", "kind", "subject"],
)
def test_a_challenge_proves_nothing_for_another(changed: dict[str, str]) -> None:
    challenge = make_challenge(CLAIM, key=KEY, nonce=NONCE)
    assert not is_challenge_for(challenge, msgspec.structs.replace(CLAIM, **changed), key=KEY)


def test_parts_of_a_claim_cannot_be_shifted_into_each_other() -> None:
    one = Claim(organisation_id="o-1", endpoint_id="e-1", kind="k", subject="s")
    other = Claim(organisation_id="o-1e", endpoint_id="-1", kind="k", subject="s")
    assert not is_challenge_for(make_challenge(one, key=KEY, nonce=NONCE), other, key=KEY)


def test_another_register_did_not_issue_it() -> None:
    assert not is_challenge_for(make_challenge(CLAIM, key=b"x" * 32, nonce=NONCE), CLAIM, key=KEY)


@pytest.mark.parametrize("text", ["", ".", "a.b", "é" * 22 + "." + "é" * 43, "x" * 10_000])
def test_what_is_no_challenge_is_none(text: str) -> None:
    assert not is_challenge_for(text, CLAIM, key=KEY)


def test_a_nonce_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="16 random bytes"):
        make_challenge(CLAIM, key=KEY, nonce=b"short")


def test_no_name_or_path_that_is_asked_for_holds_the_answer() -> None:
    challenge = make_challenge(CLAIM, key=KEY, nonce=NONCE)
    answer = challenge.partition(".")[2]
    assert answer not in txt_name("company.example") + web_path(challenge) + token_of(challenge)
    assert answer in txt_value(challenge)


@pytest.mark.parametrize(
    ("prefix", "names"),
    [
        ("9.1.2.3/32", ["3.2.1.9.in-addr.arpa"]),
        ("9.1.2.3", ["3.2.1.9.in-addr.arpa"]),
        ("9.1.2.4/31", ["4.2.1.9.in-addr.arpa", "5.2.1.9.in-addr.arpa"]),
        ("9.1.2.0/24", ["2.1.9.in-addr.arpa"]),
        ("2a00:1234:5678::/48", ["8.7.6.5.4.3.2.1.0.0.a.2.ip6.arpa"]),
        ("2a00:1234:5678::/47", [f"{digit}.7.6.5.4.3.2.1.0.0.a.2.ip6.arpa" for digit in "89"]),
    ],
)
def test_reverse_names_are_the_whole_prefix(prefix: str, names: list[str]) -> None:
    assert reverse_names(prefix) == names


def test_a_29_has_eight_reverse_names_and_a_25_too_many() -> None:
    assert len(reverse_names("9.1.2.8/29")) == 8
    with pytest.raises(ValueError, match="in parts"):
        reverse_names("9.1.2.0/25")
