"""Key files: sealed, bound together, and never telling their seed."""

import msgspec
import pytest

from raabta.remedy.keys import PublicKey, SigningKey, is_signed, open_key, public_file, read_public, seal_key

SEED, SALT, NONCE = bytes(range(32)), b"s" * 16, b"n" * 12
WORDS = "correct horse battery"
QUICK = 2**10


def sealed(**changed: object) -> bytes:
    raw = seal_key(SEED, WORDS, name="ayesha", salt=SALT, nonce=NONCE, n=QUICK)
    return msgspec.json.encode(msgspec.json.decode(raw) | changed)


def test_a_key_opens_with_its_passphrase_and_signs() -> None:
    key = open_key(sealed(), WORDS, file="a.key")
    assert key.public == SigningKey("ayesha", SEED).public
    assert is_signed(b"list", key.sign(b"list"), key=key.public)
    assert not is_signed(b"lisT", key.sign(b"list"), key=key.public)


def test_a_wrong_passphrase_is_said_without_telling_it() -> None:
    with pytest.raises(ValueError, match=r"a\.key: the passphrase is wrong") as caught:
        open_key(sealed(), "incorrect horse battery", file="a.key")
    assert "incorrect horse" not in str(caught.value)


@pytest.mark.parametrize(
    ("field", "value"),
    [("name", "bilal"), ("public", "AAAA"), ("nonce", "bm5ubm5ubm5ubm5v"), ("r", 4), ("n", 2**9), ("salt", "AAAA")],
)
def test_no_field_of_a_key_file_can_be_exchanged(field: str, value: object) -> None:
    with pytest.raises(ValueError, match="the passphrase is wrong, or the file was changed"):
        open_key(sealed(**{field: value}), WORDS, file="a.key")


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b"", id="empty"),
        pytest.param(public_file(SigningKey("ayesha", SEED).public), id="a-public-key"),
        pytest.param(sealed(n=2**30), id="all-memory"),
        pytest.param(sealed(n=3), id="no-power-of-two"),
        pytest.param(sealed(n=-1), id="negative"),
        pytest.param(sealed(sealed="?"), id="no-base64"),
    ],
)
def test_what_is_no_key_file_is_said(raw: bytes) -> None:
    with pytest.raises(ValueError, match=r"a\.key: this is no key file of Raabta"):
        open_key(raw, WORDS, file="a.key")


def test_neither_seed_nor_passphrase_is_in_the_file_or_shown() -> None:
    key = open_key(sealed(), WORDS, file="a.key")
    for secret in (SEED.hex(), WORDS, "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="):
        assert secret not in sealed().decode() + repr(key) + repr(vars(key)["public"])


@pytest.mark.parametrize(
    ("passphrase", "name"),
    [("too short", "ayesha"), (WORDS, ""), (WORDS, "../ayesha"), (WORDS, "a\nb"), (WORDS, "a" * 65)],
)
def test_short_passphrases_and_odd_names_are_refused(passphrase: str, name: str) -> None:
    with pytest.raises(ValueError, match=r"characters|cannot be called"):
        seal_key(SEED, passphrase, name=name, salt=SALT, nonce=NONCE, n=QUICK)


def test_a_public_key_is_read_back() -> None:
    public = SigningKey("ayesha", SEED).public
    assert read_public(public_file(public), file="a.pub") == public


@pytest.mark.parametrize(
    "raw",
    [b"", b"{}", sealed(public=""), public_file(PublicKey(name="a", public="AAAA")), b'{"name":"a","public":"?"}'],
)
def test_what_is_no_public_key_is_said(raw: bytes) -> None:
    with pytest.raises(ValueError, match="public"):
        read_public(raw, file="a.pub")
