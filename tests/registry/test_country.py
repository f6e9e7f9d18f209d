"""A country's file: read, and refused where it names what it does not define."""

import pytest

from raabta.registry.country import country_codes, load_country, read_country

PK = load_country("pk")


def raw() -> str:
    import importlib.resources

    return importlib.resources.files("raabta.registry").joinpath("countries", "pk.toml").read_text("utf-8")


@pytest.mark.parametrize("code", country_codes())
def test_every_country_s_file_is_in_order(code: str) -> None:
    assert load_country(code).code.lower() == code


def test_pakistan_has_four_types_of_application() -> None:
    assert {name: row.title for name, row in PK.application.items()} == {
        "A": "VPN of a company",
        "B": "VPN of a freelancer",
        "C": "Addresses of a call centre",
        "D": "Addresses for video conferencing",
    }


def test_an_unknown_country_is_told_with_those_that_exist() -> None:
    with pytest.raises(ValueError, match=r"no data for the country 'XX'\. There are some for: pk"):
        load_country("XX")


def test_a_paper_that_is_not_defined_is_told_with_its_place() -> None:
    wrong = raw().replace(
        'requires = [["identity"], ["letter_of_organisation"]]', 'requires = [["identity"], ["letter"]]'
    )
    with pytest.raises(ValueError, match=r"x.toml: application.D.requires names 'letter', which is no \[document"):
        read_country(wrong.encode(), name="x.toml")


def test_an_unknown_field_is_told_with_its_place() -> None:
    with pytest.raises(ValueError, match=r"x\.toml: .*promised_hours"):
        read_country(raw().replace("promised_h =", "promised_hours =").encode(), name="x.toml")
