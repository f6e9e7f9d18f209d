import pytest
from hypothesis import given
from hypothesis import strategies as st

from raabta.remedy.linting.personal import in_code, in_text, masked


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("35202-1234567-1", "personal.identity_number"),
        ("card 3520212345671 of the owner", "personal.identity_number"),
        ("35202 1234567 1", "personal.identity_number"),
        ("35202.1234567.1", "personal.identity_number"),
        ("۳۵۲۰۲-۱۲۳۴۵۶۷-۱", "personal.identity_number"),
        ("３５２０２１２３４５６７１", "personal.identity_number"),
        ("1234 5678 9012", "personal.identity_number"),
        ("123-45-6789", "personal.identity_number"),
        ("passport AB1234567", "personal.identity_number"),
        ("PK36SCBL0000001123456702", "personal.identity_number"),
        ("PK36 SCBL 0000 0011 2345 6702", "personal.identity_number"),
        ("write to zahid@example.org", "personal.email"),
        ("zahid (at) example.org", "personal.email"),
        ("+92 300 1234567", "personal.phone"),
        ("0300-1234567", "personal.phone"),
        ("(021) 34567890", "personal.phone"),
        ("0092 21 34567890", "personal.phone"),
        ("account 123456789", "personal.number"),
        ("AbCdEfGhIjKlMnOpQrStUvWxYzAbCdEfGhIjKlMnOpQ=", "secret.key"),
        ("-----BEGIN PRIVATE KEY-----", "secret.key"),
        ("password: hunter22", "secret.key"),
        ("desk of Mr Anybody", "personal.name_likely"),
        ("Fatima's laptop", "personal.name_likely"),
        ("جناب", "personal.name_likely"),
        ("", ""),
        ("Head office, Block 6, Karachi", ""),
        ("Call centre, 2nd floor, 24 seats", ""),
        ("Gateway 198.51.100.200, standby 198.51.100.201/32", ""),
        ("since 2026-11-23 10:00", ""),
        ("Plot 12-C, Phase 6, 75500", ""),
        ("company tax number 1234567-8", ""),
        ("2001:db8:1234:5678:1234:5678:1234:5678", ""),
        ("AS4200", ""),
    ],
)
def test_a_text_that_holds_a_persons_data_is_told(text: str, rule: str) -> None:
    assert in_text(text) == rule


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("Zahra Qureshi's tunnel", "personal.name"),
        ("tunnel of QURESHI, Zahra", "personal.name"),
        ("tunnel to Qureshi Industries", ""),
    ],
)
def test_a_name_that_the_register_knows_is_found(text: str, rule: str) -> None:
    assert in_text(text, names=("Zahra Qureshi",)) == rule


@pytest.mark.parametrize(
    ("code", "rule"),
    [
        ("e-abcdefgh234567xy", ""),
        ("x-0000000000000001", ""),
        ("pk.A", ""),
        ("9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", ""),
        ("e-3520212345671", "personal.identity_number"),
        ("35202-1234567-1", "personal.identity_number"),
        ("03001234567", "personal.identity_number"),
        ("923001234567", "personal.identity_number"),
        ("two words", "text.not_code"),
        ("", "text.not_code"),
        ("-x", "text.not_code"),
        ("a" * 65, "text.not_code"),
        ("line\nbreak", "text.not_code"),
        ("a@example.org", "personal.email"),
    ],
)
def test_a_code_is_a_code_and_no_number_of_a_person(code: str, rule: str) -> None:
    assert in_code(code) == rule


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("35202-1234567-1/32", "###############/32"),
        ("198.51.100.256/32", "198.51.100.256/32"),
        ("198.51.100.25/32", "198.51.100.25/32"),
        ("2026-11-23 08:00", "2026-11-23 08:00"),
        ("zahid@example.org", "(e-mail)"),
        ("AS64500", "AS64500"),
    ],
)
def test_an_error_shows_addresses_and_hides_numbers(text: str, shown: str) -> None:
    assert masked(text) == shown


@given(st.text())
def test_no_text_raises(text: str) -> None:
    assert in_text(text) or in_code(text) or masked(text) == text or masked(text)


@given(st.from_regex(r"\A[1-7][0-9]{4}-?[0-9]{7}-?[0-9]\Z"), st.sampled_from(["", "site ", "cnic:", "a/"]))
def test_no_identity_number_passes_wherever_it_stands(number: str, before: str) -> None:
    assert in_text(f"{before}{number}").startswith("personal.")
    assert number not in masked(f"{before}{number}")
