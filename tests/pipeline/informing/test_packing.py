import hashlib
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader

from raabta.model.bulletin import Bulletin, BulletinText
from raabta.model.incident import (
    Attachment,
    ImpactNote,
    IncidentStep,
    MemberReport,
    Message,
    Party,
    Promise,
    Question,
    Statement,
    TimelineNote,
)
from raabta.model.register import Consent
from raabta.pipeline.informing.packing import PackOrder, make_pack
from raabta.publish.pack.reading import PackReport, read_pack
from raabta.registry import Register
from raabta.remedy.keys import SigningKey
from raabta.remedy.minisign import check_minisign
from tests.cases.incident_file import NOW, at, desk, incident
from tests.registry.specimens import opened, organisation

KEY = SigningKey("site", b"k" * 32)
MEASURED = b'{"test_name": "web_connectivity"}\n'
SECRETS = (
    "noc-person@cdn.example",
    "+14155550100",
    "Jane Contact",
    "LETTER-TEXT",
    "LETTER-SUBJECT",
    "DESK-NOTE",
    "STEP-NOTE",
    "REPORTER-WORDS",
    "reporter@example.pk",
    "Sana",
    "o-a",
    "Company o-a",
    "LOSS-WORDS",
    "PRIVATE-PROMISE",
    "DRAFT-TITLE",
    "HELD-BYTES",
)


@pytest.fixture
def register(tmp_path: Path) -> Iterator[Register]:
    """An incident file that holds all that must stay in the house."""
    held = b"HELD-BYTES"
    for raw in (MEASURED, held):
        sha256 = hashlib.sha256(raw).hexdigest()
        place = tmp_path / "attachments" / sha256[:2] / sha256
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(raw)
    file = incident(member_ids=("o-a",), steps=(IncidentStep(state="reported", at=NOW, by="Sana", note="STEP-NOTE"),))
    here: dict[str, Any] = {"incident_id": file.id}
    text = BulletinText(language="en", title="DRAFT-TITLE")
    records_of_it = (
        organisation("o-a"),
        Consent(id="n-a", organisation_id="o-a", purpose="statistics", recipient="public", given_at=NOW),
        file,
        Party(
            id="pa-cdn",
            role="cdn",
            name_en="The CDN",
            contact_name="Jane Contact",
            email="noc-person@cdn.example",
            phone="+14155550100",
            created_at=NOW,
            **here,
        ),
        Party(id="pa-reg", role="regulator", name_en="The regulator", created_at=NOW, **here),
        Message(
            id="me-a",
            party_id="pa-cdn",
            direction="to_them",
            way="email",
            at=at(1),
            subject="LETTER-SUBJECT",
            text="LETTER-TEXT",
            by="Sana",
            **here,
        ),
        TimelineNote(id="nt-a", at=at(2), text="DESK-NOTE", by="Sana", **here),
        MemberReport(
            id="rp-a",
            code="K",
            way="web",
            target="vpn",
            words="REPORTER-WORDS",
            contact="reporter@example.pk",
            reported_at=NOW,
            **here,
        ),
        ImpactNote(
            id="im-a",
            organisation_id="o-a",
            kind="clients_lost",
            consent_id="n-a",
            words="LOSS-WORDS",
            by="Sana",
            created_at=NOW,
            **here,
        ),
        Promise(
            id="pr-a", party_id="pa-reg", words_en="PRIVATE-PROMISE", made_at=NOW, due_at=at(60), by="Sana", **here
        ),
        Promise(id="pr-b", party_id="pa-cdn", words_en="A look", made_at=NOW, due_at=at(60), by="Sana", **here),
        Statement(id="st-a", party_id="pa-reg", at=at(3), text_en="A glitch.", by="Sana", **here),
        Question(id="qu-a", asked_of="The regulator", text_en="Which rule?", by="Sana", created_at=NOW, **here),
        Attachment(
            id="at-a",
            kind="measurement",
            name="../../round one.jsonl",
            sha256=hashlib.sha256(MEASURED).hexdigest(),
            size_bytes=len(MEASURED),
            added_at=NOW,
            by="Sana",
            **here,
        ),
        Attachment(
            id="at-b",
            kind="capture",
            name="c.pcap",
            sha256=hashlib.sha256(held).hexdigest(),
            size_bytes=len(held),
            withheld="it shows addresses of others",
            added_at=NOW,
            by="Sana",
            **here,
        ),
        Bulletin(
            id="bu-a",
            thread_id=file.id,
            kind="incident",
            number=1,
            texts=(text,),
            author="Sana",
            created_at=NOW,
            changed_at=NOW,
        ),
    )
    with opened() as register:
        with register.change() as records:
            for record in records_of_it:
                records.add(record)
        yield register


def packed(register: Register, folder: Path, recipient: str = "whom it concerns") -> tuple[bytes, PackReport]:
    order = PackOrder("in-vpn", recipient, "pk-a", at(90))
    with register.look() as records:
        raw = make_pack(records, order, site=desk().site, folder=folder, key=KEY)
    return raw, read_pack(raw, check=lambda signed, signature: check_minisign(signed, signature, key=KEY.public))


def all_text(report: PackReport) -> str:
    """Everything that somebody can read in a pack, the PDF's words among it."""
    pages = PdfReader(io.BytesIO(report.files["summary.pdf"])).pages
    printed = "".join(page.extract_text() for page in pages)
    assert report.manifest is not None
    return "\n".join(
        (printed, str(report.manifest), *(raw.decode("utf-8", "replace") for raw in report.files.values()))
    )


@pytest.mark.parametrize("recipient", ["whom it concerns", "pa-cdn"])
def test_nothing_of_the_desks_own_is_in_a_pack(register: Register, tmp_path: Path, recipient: str) -> None:
    _, report = packed(register, tmp_path, recipient)
    assert report.problems == ()
    text = all_text(report)
    assert [secret for secret in SECRETS if secret in text] == []


def test_all_that_stays_is_counted_with_its_reason(register: Register, tmp_path: Path) -> None:
    _, report = packed(register, tmp_path)
    assert report.manifest is not None
    assert {part.what: part.n for part in report.manifest.withheld} == {
        "letter or call": 1,
        "contact": 1,
        "note of the desk": 2,
        "report": None,
        "member": None,
        "note on losses": None,
        "bulletin": 1,
        "statement, promise or question": 3,
        "attached file (capture)": 1,
    }
    assert "it shows addresses of others" in {part.why for part in report.manifest.withheld}


def test_a_party_gets_what_is_its_own(register: Register, tmp_path: Path) -> None:
    assert "A look" not in all_text(packed(register, tmp_path)[1])
    report = packed(register, tmp_path, "pa-cdn")[1]
    assert "A look" in all_text(report)
    assert report.manifest is not None
    assert report.manifest.recipient == "The CDN"


def test_the_official_statement_and_the_measurement_are_in_it(register: Register, tmp_path: Path) -> None:
    _, report = packed(register, tmp_path)
    assert "A glitch." in all_text(report)
    assert report.files["measurements/round-one.jsonl"] == MEASURED


def test_the_same_file_gives_the_same_pack(register: Register, tmp_path: Path) -> None:
    assert packed(register, tmp_path)[0] == packed(register, tmp_path)[0]


def test_an_attachment_that_was_exchanged_on_disk_is_refused(register: Register, tmp_path: Path) -> None:
    sha256 = hashlib.sha256(MEASURED).hexdigest()
    (tmp_path / "attachments" / sha256[:2] / sha256).write_bytes(b"other")
    with pytest.raises(ValueError, match="not the file that was attached"):
        packed(register, tmp_path)


def test_what_few_reported_is_not_counted(register: Register, tmp_path: Path) -> None:
    text = all_text(packed(register, tmp_path)[1])
    assert "1 report" not in text
    assert "fewer than 5" in text


def test_a_long_file_is_packed_too(register: Register, tmp_path: Path) -> None:
    with register.change() as records:
        for number in range(12):
            records.add(
                Statement(
                    id=f"st-long-{number}",
                    incident_id="in-vpn",
                    party_id="pa-reg",
                    at=at(number),
                    text_en="A long statement. " * 500 + f"END-{number}",
                    by="Sana",
                )
            )
    raw, report = packed(register, tmp_path)
    assert report.problems == ()
    assert "END-11" in report.files["timeline.csv"].decode()
    assert len(raw) < 1_000_000
