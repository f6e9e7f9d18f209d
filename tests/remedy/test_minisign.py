"""The format of minisign, by itself. tests/lab/remedy lets Debian's minisign judge."""

import pytest

from raabta.remedy.minisign import check_minisign, minisign, minisign_public
from tests.cases.publisher import signing_key

KEY = signing_key("publisher")
FILE = b"198.18.0.1/32\n"
SIGNATURE = minisign(FILE, KEY, comment="serial 7")


def test_a_signature_gives_its_trusted_comment() -> None:
    assert check_minisign(FILE, SIGNATURE, key=KEY.public) == "serial 7"


def test_a_public_key_is_two_lines() -> None:
    comment, body = minisign_public(KEY.public).splitlines()
    assert comment.startswith("untrusted comment: minisign public key ")
    assert len(body) == 56


@pytest.mark.parametrize(
    ("content", "signature", "words"),
    [
        pytest.param(FILE + b"198.18.0.2/32\n", SIGNATURE, "not what 'publisher' signed", id="file"),
        pytest.param(FILE, SIGNATURE.replace("serial 7", "serial 8"), "not what 'publisher' signed", id="comment"),
        pytest.param(FILE, minisign(FILE, signing_key("x"), comment=""), "not what 'publisher' signed", id="key"),
        pytest.param(FILE, "", "four lines", id="empty"),
        pytest.param(
            FILE, "\n".join(["untrusted comment: a", "?", "trusted comment: b", "?"]), "no base64", id="no-base64"
        ),
        pytest.param(
            FILE,
            "\n".join(["untrusted comment: a", "RUQ=", "trusted comment: b", "AAAA"]),
            "no prehashed one",
            id="short",
        ),
    ],
)
def test_what_was_not_signed_is_refused(content: bytes, signature: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        check_minisign(content, signature, key=KEY.public)


def test_a_comment_of_two_lines_is_refused() -> None:
    with pytest.raises(ValueError, match="one line"):
        minisign(FILE, KEY, comment="serial 7\nserial 8")
