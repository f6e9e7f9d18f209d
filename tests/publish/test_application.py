"""The form that the regulator gets: complete, in both scripts, the same bytes each time, and no identity number."""

import datetime as dt
import io

import msgspec
import pytest
from pypdf import PdfReader

from raabta.model.application import Application, ApplicationEndpoint, ApplicationPaper
from raabta.publish.application import application_data, application_pdf, unprintable

NOW = dt.datetime(2026, 11, 22, 9, tzinfo=dt.UTC)


def application(n_endpoints: int = 1, **fields: object) -> Application:
    row = Application(
        case_id="c-1",
        kind="pk.A",
        title="VPN of a company",
        country="PK",
        regulator="Pakistan Telecommunication Authority (PTA)",
        reference="",
        legal_name="Saffron Systems (Private) Limited",
        trade_name="زعفران سسٹمز",
        legal_form="private_limited",
        registration_number="0123456",
        tax_number="7654321-0",
        board_number="",
        association_number="PA-1",
        sponsor="",
        focal_name="Ayesha Ahmed",
        focal_role="Head of IT",
        focal_email="it@saffron.example",
        focal_phone="+92 300 0000000",
        identity_kind="national_identity_card",
        identity_seen_on=NOW.date(),
        papers=(ApplicationPaper(title="Identity of the focal person", seen_on=NOW.date(), seen_by="officer-1"),),
        endpoints=tuple(
            ApplicationEndpoint(
                address=f"203.0.113.{number}/32",
                remote="198.51.100.7/32 port 51820",
                tunnel="wireguard udp",
                operator="north",
                addressing="static",
                site="Lahore",
                purpose="a client's network",
                valid_until=NOW.date(),
            )
            for number in range(n_endpoints)
        ),
        made_at=NOW,
    )
    return msgspec.structs.replace(row, **fields)


def text(raw: bytes) -> str:
    return " ".join("\n".join(page.extract_text() for page in PdfReader(io.BytesIO(raw)).pages).split())


@pytest.mark.parametrize(
    "words",
    [
        "VPN of a company",
        "Pakistan Telecommunication Authority (PTA)",
        "Saffron Systems (Private) Limited",
        "0123456",
        "7654321-0",
        "Ayesha Ahmed",
        "national identity card, seen by the association on 2026-11-22",
        "203.0.113.0/32",
        "officer-1",
        "(by hand)",
    ],
)
def test_the_form_says(words: str) -> None:
    assert words in text(application_pdf(application()))


def test_every_end_point_stands_on_the_form_also_on_later_pages() -> None:
    raw = application_pdf(application(60))
    assert len(PdfReader(io.BytesIO(raw)).pages) > 2
    assert all(f"203.0.113.{number}/32" in text(raw) for number in range(60))


def test_a_name_in_urdu_has_letters() -> None:
    assert unprintable(application()) == ""


def test_letters_without_a_font_are_told() -> None:
    assert unprintable(application(trade_name="株式会社")) == "会式株社"


def test_the_same_application_gives_the_same_bytes() -> None:
    assert application_pdf(application()) == application_pdf(application())


def test_a_field_that_is_not_asked_for_is_not_on_the_form() -> None:
    assert "Export board" not in text(application_pdf(application()))


def test_the_data_read_back_to_the_application() -> None:
    assert msgspec.json.decode(application_data(application()), type=Application) == application()
