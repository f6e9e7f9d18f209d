import stat
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509

from raabta.control import ControlIdentity, load_identity
from raabta.control.identity import SIGNING_KEY, TLS_CERTIFICATE, TLS_KEY, pin_of
from raabta.wire.control import is_signed, signed_bytes
from tests.cases.authority import NOW, issue


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_keys_are_made_once_and_only_their_owner_reads_them(tmp_path: Path) -> None:
    state = tmp_path / "deep" / "state"
    first = load_identity(state, now=NOW)
    second = load_identity(state, now=NOW + timedelta(days=30))
    assert (first.pin, first.public_key) == (second.pin, second.public_key)
    assert mode_of(state) == 0o700
    assert {path.name: mode_of(path) for path in state.iterdir()} == dict.fromkeys(
        (SIGNING_KEY, TLS_CERTIFICATE, TLS_KEY), 0o600
    )


def test_a_certificate_that_has_ended_is_renewed_and_its_pin_stays(tmp_path: Path) -> None:
    first = load_identity(tmp_path, now=NOW)
    old = first.certificate.read_bytes()
    second = load_identity(tmp_path, now=NOW + timedelta(days=4000))
    assert second.certificate.read_bytes() != old
    assert second.pin == first.pin


def test_a_self_made_certificate_names_what_it_listens_on(tmp_path: Path) -> None:
    made = load_identity(tmp_path, now=NOW, names=("192.0.2.7", "2001:db8::7", "control.example"))
    certificate = x509.load_pem_x509_certificate(made.certificate.read_bytes())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert [str(item.value) for item in names] == ["192.0.2.7", "2001:db8::7", "control.example"]


def test_a_given_certificate_is_used_and_its_pin_told(tmp_path: Path) -> None:
    issued = issue("control.example")
    (tmp_path / "c.pem").write_text(issued.pem)
    (tmp_path / "k.pem").write_bytes(issued._key_pem())
    identity = load_identity(tmp_path, now=NOW, given=(tmp_path / "c.pem", tmp_path / "k.pem"))
    assert identity.pin == pin_of(issued.certificate)
    identity.tls_context()
    assert not (tmp_path / TLS_KEY).exists()


@pytest.mark.parametrize("name", [SIGNING_KEY, TLS_CERTIFICATE, TLS_KEY])
@pytest.mark.parametrize("content", [b"", b"junk", None])
def test_a_broken_or_swapped_file_is_told_with_what_to_try(tmp_path: Path, name: str, content: bytes | None) -> None:
    load_identity(tmp_path, now=NOW)
    other = {SIGNING_KEY: TLS_KEY, TLS_KEY: SIGNING_KEY, TLS_CERTIFICATE: TLS_KEY}[name]
    (tmp_path / name).write_bytes((tmp_path / other).read_bytes() if content is None else content)
    with pytest.raises(ValueError, match=r"broken file|key of that certificate"):
        load_identity(tmp_path, now=NOW).tls_context()


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(ValueError, match="may write to"):
        load_identity(tmp_path / "file" / "state", now=NOW)


def test_an_answer_is_signed_with_its_question_and_its_date(tmp_path: Path) -> None:
    identity: ControlIdentity = load_identity(tmp_path, now=NOW)
    signature = identity.sign(b"{}", question=b"q", date="today")
    good = signed_bytes(b"{}", question=b"q", date="today")
    others = [
        signed_bytes(b"{ }", question=b"q", date="today"),
        signed_bytes(b"{}", question=b"r", date="today"),
        signed_bytes(b"{}", question=b"q", date="tomorrow"),
    ]
    key = identity.public_key
    assert is_signed(good, signature=signature, key=key)
    assert [is_signed(other, signature=signature, key=key) for other in others] == [False] * 3
    assert [is_signed(good, signature=words, key=key) for words in ("", "é", "AAAA")] == [False] * 3
