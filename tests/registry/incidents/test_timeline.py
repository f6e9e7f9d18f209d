from typing import Any

from raabta.model.bulletin import Bulletin, BulletinText
from raabta.model.incident import Attachment, Cause, Message, Question, Statement, TimelineNote
from raabta.registry.incidents.timeline import IncidentRecords, make_timeline
from tests.cases.incident_file import INCIDENT, NOW, at, incident, party, promise, steps

MESSAGE = Message(
    id="me-a",
    incident_id=INCIDENT,
    party_id="pa-cdn",
    direction="to_them",
    way="email",
    at=at(3),
    subject="Secret subject",
    text="Secret text",
    by="Sana",
)

STATEMENT = Statement(id="st-a", incident_id=INCIDENT, party_id="pa-cdn", at=at(40), text_en="All\nfine", by="Sana")
ATTACHMENT = Attachment(
    id="at-a",
    incident_id=INCIDENT,
    kind="capture",
    name="a.pcap",
    sha256="00",
    size_bytes=1,
    added_at=at(6),
    by="Sana",
)
QUESTION = Question(
    id="qu-a",
    incident_id=INCIDENT,
    asked_of="the regulator",
    text_en="By which order?",
    asked_at=at(41),
    answered_at=at(80),
    answer="By none",
    by="Sana",
    created_at=NOW,
)


def bulletin(**fields: Any) -> Bulletin:
    given: dict[str, Any] = {
        "id": "bu-a",
        "thread_id": INCIDENT,
        "kind": "incident",
        "number": 2,
        "sequence": 1,
        "texts": (BulletinText(language="en", title="VPNs fail"),),
        "state": "published",
        "author": "Sana",
        "created_at": NOW,
        "changed_at": NOW,
        "published_by": "Omar",
        "published_at": at(20),
    }
    return Bulletin(**given | fields)


def whole(**fields: Any) -> IncidentRecords:
    cause = Cause(at=at(30), by="Sana", evidence_class="measured", probability_percent=80, words_en="A filter")
    given: dict[str, Any] = {
        "incident": incident(
            steps=steps(("reported", 0), ("confirmed", 5), ("resolved", 90), ("confirmed", 120)), causes=(cause,)
        ),
        "parties": {"pa-cdn": party()},
        "messages": (MESSAGE,),
        "promises": (promise(put_off=(at(50),), state="kept", settled_at=at(70), public=True),),
        "statements": (STATEMENT,),
        "notes": (TimelineNote(id="nt-a", incident_id=INCIDENT, at=at(2), text="Called", by="Omar"),),
        "attachments": (ATTACHMENT,),
        "questions": (QUESTION,),
        "bulletins": (bulletin(), bulletin(id="bu-b", state="draft", published_at=None)),
        "reported_at": (at(-5), at(1), at(2), at(3), at(4), at(5)),
    }
    return IncidentRecords(**given | fields)


def test_all_that_happened_stands_in_order() -> None:
    lines = make_timeline(whole())
    assert [line.at for line in lines] == sorted(line.at for line in lines)
    assert [line.words for line in lines] == [
        "6 reports of members and visitors in this hour",
        "It began (as far as is known)",
        "Opened: VPNs fail across the country",
        "State: reported",
        "Cloud Network (NOC) promised: Repair, until 2024-11-10 10:20 UTC",
        "Called",
        "E-mail to Cloud Network (NOC)",
        "State: confirmed",
        "Capture attached: a.pcap",
        "Bulletin 1 published: VPNs fail",
        "Cause: A filter · measured on one network, or without a witness outside · 80 %",
        "Cloud Network (NOC) stated: All fine",
        "the regulator was asked: By which order?",
        "Promise kept late: Repair (Cloud Network (NOC))",
        "the regulator answered: By none",
        "State: resolved",
        "State: confirmed (it came back)",
    ]


def test_what_was_written_is_shown_in_the_house_only() -> None:
    assert "Secret" not in repr(make_timeline(whole()))
    inside = repr(make_timeline(whole(), with_contents=True))
    assert "Secret subject" in inside
    assert "Secret text" not in inside


def test_public_is_what_its_record_says_and_few_reports_never() -> None:
    public = [line.what for line in make_timeline(whole()) if line.public]
    assert public == ["report", "promise", "bulletin", "statement", "promise_settled"]
    few = make_timeline(whole(reported_at=(NOW,) * 4, bulletins=(bulletin(audience="members"),)))
    assert [line.what for line in few if line.public] == ["promise", "statement", "promise_settled"]
