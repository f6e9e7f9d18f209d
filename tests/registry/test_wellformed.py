import datetime as dt
from typing import Any

import pytest

from raabta.model.register import Document
from raabta.registry.wellformed import (
    has_identity_number,
    tidy_case,
    tidy_endpoint,
    tidy_organisation,
    tidy_person,
)
from tests.cases.membership import case
from tests.registry.specimens import DEVICE_KEY, IDENTITY_NUMBER, NOW, endpoint, organisation, person

PLANTED = (IDENTITY_NUMBER, "3520212345671", "35202 1234567 1", "ID35202–1234567–1.", "۳۵۲۰۲-۱۲۳۴۵۶۷-۱")


@pytest.mark.parametrize("number", PLANTED)
def test_an_identity_number_is_known_however_it_is_written(number: str) -> None:
    assert has_identity_number(f"Mr X {number}, Lahore")


@pytest.mark.parametrize(
    "text", ["+92 300 1234567", "0012345", "1234567-8", "0092 300 1234567", "2026-11-23", "12345678901234"]
)
def test_a_phone_or_company_number_is_no_identity_number(text: str) -> None:
    assert not has_identity_number(text)


@pytest.mark.parametrize(
    "field", ["legal_name", "trade_name", "sector", "registration_number", "tax_number", "board_number", "domains"]
)
def test_an_identity_number_is_refused_in_every_text_of_an_organisation(field: str) -> None:
    fields: dict[str, Any] = {field: (IDENTITY_NUMBER,) if field == "domains" else IDENTITY_NUMBER}
    _, complaints = tidy_organisation(organisation(**fields))
    assert field in complaints
    assert IDENTITY_NUMBER not in str(complaints)


def test_a_keyed_hash_may_hold_thirteen_digits_in_a_row() -> None:
    by_chance = "ab3520212345671cd0e1f2a3b4c5d6e7f8a9b0c1"
    assert tidy_person(person(identity_hash=by_chance))[1] == {}
    paper = Document(kind="identity", seen_at=NOW, seen_by="officer-1", fingerprint=by_chance)
    assert tidy_case(case(documents=(paper,)))[1] == {}


@pytest.mark.parametrize("field", ["site", "purpose", "operator", "prefix", "remote"])
def test_an_identity_number_is_refused_in_every_text_of_an_end_point(field: str) -> None:
    _, complaints = tidy_endpoint(endpoint(**{field: IDENTITY_NUMBER}))
    assert field in complaints
    assert IDENTITY_NUMBER not in str(complaints)


@pytest.mark.parametrize("field", ["name", "email", "phone", "role", "identity_kind", "identity_seen_by"])
def test_an_identity_number_is_refused_in_every_text_of_a_person(field: str) -> None:
    _, complaints = tidy_person(person(**{field: IDENTITY_NUMBER}))
    assert field in complaints
    assert IDENTITY_NUMBER not in str(complaints)


def test_a_freelancers_tax_number_is_an_identity_number() -> None:
    _, complaints = tidy_organisation(organisation(legal_form="individual", tax_number="1234567-8"))
    assert complaints == {
        "tax_number": "an individual's tax number is their identity number, which is not kept. Leave it empty."
    }


def test_one_way_of_writing() -> None:
    tidied, complaints = tidy_organisation(
        organisation(legal_name="  Acme   Ltd ", country="PK", domains=("WWW.Acme.pk.", "www.acme.pk"))
    )
    assert complaints == {}
    assert (tidied.legal_name, tidied.country, tidied.domains) == ("Acme Ltd", "pk", ("www.acme.pk",))


@pytest.mark.parametrize(
    ("given", "written"),
    [
        ("39.40.1.1", "39.40.1.1/32"),
        ("39.40.1.0/29", "39.40.1.0/29"),
        ("2001:DB8::1", "2001:db8::1/128"),
        ("2001:db8:0:0::/64", "2001:db8::/64"),
    ],
)
def test_a_prefix_has_one_way_of_writing(given: str, written: str) -> None:
    tidied, complaints = tidy_endpoint(endpoint(prefix=given))
    assert (tidied.prefix, complaints) == (written, {})


@pytest.mark.parametrize(
    ("fields", "place", "words"),
    [
        ({"prefix": ""}, "prefix", "Only mobile ones have none"),
        ({"prefix": "39.40.1.1/29"}, "prefix", "write 39.40.1.0/29"),
        ({"prefix": "39.40.1"}, "prefix", "no address and no network"),
        ({"prefix": "fe80::1%eth0"}, "prefix", "zone"),
        ({"remote": "not a host"}, "remote", "no address and no network"),
        ({"port": 65536}, "port", "from 1 to 65535"),
        ({"port": -1}, "port", "from 1 to 65535"),
        ({"port": 1, "transport": "esp"}, "port", "esp has no ports"),
        ({"asn": 2**32}, "asn", "from 1 to 4294967295"),
        ({"device_keys": ("AAAA",)}, "device_keys", "44 characters"),
        ({"purpose": "a\nb"}, "purpose", "line break"),
        ({"purpose": "x" * 501}, "purpose", "at most 500"),
        ({"site": "=HYPERLINK(1)"}, "site", "a spreadsheet would run it"),
        ({"valid_until": NOW - dt.timedelta(days=1)}, "valid_until", "ends before it begins"),
        ({"valid_until": NOW + dt.timedelta(days=367)}, "valid_until", "at most 12 months"),
    ],
)
def test_what_is_wrong_with_an_end_point_is_told_by_field(fields: dict[str, Any], place: str, words: str) -> None:
    _, complaints = tidy_endpoint(endpoint(**fields))
    assert list(complaints) == [place]
    assert words in complaints[place]


def test_a_mobile_end_point_has_a_device_and_no_prefix() -> None:
    _, complaints = tidy_endpoint(endpoint(prefix="", addressing="mobile", device_keys=(DEVICE_KEY,)))
    assert complaints == {}


@pytest.mark.parametrize("remote", ["gw.example.com", "GW.Example.com.", "185.1.2.3", ""])
def test_the_other_end_is_an_address_a_name_or_unknown(remote: str) -> None:
    tidied, complaints = tidy_endpoint(endpoint(remote=remote))
    assert complaints == {}
    assert tidied.remote in ("gw.example.com", "185.1.2.3/32", "")


@pytest.mark.parametrize(
    ("fields", "place"),
    [({"email": "nobody"}, "email"), ({"phone": "12345678"}, "phone"), ({"name": " "}, "name")],
)
def test_what_is_wrong_with_a_person_is_told_by_field(fields: dict[str, str], place: str) -> None:
    _, complaints = tidy_person(person(**fields))
    assert list(complaints) == [place]
