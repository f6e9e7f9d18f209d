"""An incident file in and out of the register."""

from collections.abc import Iterator
from typing import Any

import pytest
from msgspec import structs

from raabta.model.incident import (
    Attachment,
    Cause,
    Incident,
    IncidentStep,
    Link,
    Message,
    Party,
    Promise,
    Statement,
    TimelineNote,
)
from raabta.pipeline.informing.incidents import (
    add_link,
    add_message,
    add_note,
    add_party,
    add_promise,
    add_statement,
    change_incident,
    change_party,
    change_promise,
    change_statement,
    find_incident,
    open_incident,
    put_off_promise,
    set_cause,
    settle_promise,
    take_step,
    timeline,
)
from raabta.registry import Records, Register
from raabta.registry.incidents.finding import newest_incidents
from tests.cases.incident_file import INCIDENT, NOW, at, desk, incident, party, promise
from tests.registry.specimens import opened, organisation

SITE = desk().site


@pytest.fixture
def register() -> Iterator[Register]:
    with opened() as made:
        yield made


@pytest.fixture
def records(register: Register) -> Iterator[Records]:
    """A register with one incident and one party."""
    with register.change() as made:
        open_incident(made, incident(), site=SITE)
        add_party(made, party())
        yield made


def note(text: str = "", **fields: Any) -> TimelineNote:
    given: dict[str, Any] = {"id": "nt-a", "incident_id": INCIDENT, "at": at(5), "text": text, "by": "Omar"}
    return TimelineNote(**given | fields)


def message(**fields: Any) -> Message:
    given: dict[str, Any] = {"id": "me-a", "incident_id": INCIDENT, "party_id": "pa-cdn", "direction": "to_them"}
    return Message(**given | {"way": "email", "at": NOW, "subject": "S", "text": "T", "by": "Sana"} | fields)


def statement(**fields: Any) -> Statement:
    given: dict[str, Any] = {"id": "st-a", "incident_id": INCIDENT, "party_id": "pa-cdn", "at": NOW, "text_en": "Fine"}
    return Statement(**given | {"by": "Sana"} | fields)


def test_an_incident_is_opened_with_its_first_steps(register: Register) -> None:
    with register.change() as records:
        given = incident(state="confirmed", title_en="  VPNs\u00a0 fail ", component_ids=("vpn", "vpn"))
        kept = open_incident(records, given, site=SITE)
        assert records.get(Incident, INCIDENT) == kept
    assert (kept.title_en, kept.component_ids) == ("VPNs fail", ("vpn",))
    assert [(step.state, step.by) for step in kept.steps] == [("reported", "Sana"), ("confirmed", "Sana")]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"title_en": " "}, "title_en: it is empty"),
        ({"title_en": "Call 35202-1234567-1"}, "title_en: .*identity number"),
        ({"title_ur": "a\x00b"}, "title_ur: .*control character"),
        ({"component_ids": ("vpm",)}, "component_ids: 'vpm' is none of vpn, cdn"),
        ({"operator_ids": ("south",)}, "operator_ids: 'south' is none of north"),
        ({"kind": "war"}, "kind: 'war' is none of unknown"),
        ({"severity": "huge"}, "severity: 'huge' is none of none, minor"),
        ({"started_at": at(1)}, "started_at: .* has not come yet"),
        ({"started_at": at(0).replace(tzinfo=None)}, "started_at: a time without its zone"),
        ({"state": "resolved"}, "a new incident is reported or confirmed"),
        ({"ended_at": NOW}, "a new incident has no history"),
        ({"related_ids": (INCIDENT,)}, "there is no incident"),
        ({"member_ids": ("o-x",)}, "member_ids: there is no organisation 'o-x'"),
        ({"opened_by": ""}, "by: it is empty"),
    ],
)
def test_what_is_wrong_is_refused_by_the_name_of_its_field(
    register: Register, fields: dict[str, Any], words: str
) -> None:
    with register.change() as records:
        with pytest.raises((ValueError, LookupError), match=words):
            open_incident(records, incident(**fields), site=SITE)
        assert records.count(Incident) == 0


def test_maintenance_may_begin_tomorrow(register: Register) -> None:
    with register.change() as records:
        given = incident(kind="maintenance", started_at=at(24 * 60))
        assert open_incident(records, given, site=SITE).started_at == at(24 * 60)


def test_what_changed_stands_in_the_timeline_and_members_only_as_a_number(records: Records) -> None:
    records.add(organisation("o-secret"))
    kept = records.get(Incident, INCIDENT)
    assert kept is not None
    changed = structs.replace(kept, severity="critical", member_ids=("o-secret",), state="resolved", steps=())
    found = change_incident(records, changed, site=SITE, note=note("banks too"))
    assert (found.severity, found.state, found.steps) == ("critical", "reported", kept.steps)
    (line,) = [line.words for line in timeline(records, INCIDENT) if line.what == "note" and line.record_id == "nt-a"]
    assert line == "Changed: severity minor → critical; members 0 → 1. banks too"
    with pytest.raises(ValueError, match="nothing changes"):
        change_incident(records, found, site=SITE, note=note(id="nt-b"))


def test_an_end_is_for_what_is_over(records: Records) -> None:
    kept = take_step(records, INCIDENT, step=IncidentStep(state="confirmed", at=at(1), by="Sana"), now=at(1))
    with pytest.raises(ValueError, match="ended_at: it is not over"):
        change_incident(records, structs.replace(kept, ended_at=at(2)), site=SITE, note=note())
    over = take_step(records, INCIDENT, step=IncidentStep(state="resolved", at=at(4), by="Sana"), now=at(4))
    earlier = change_incident(records, structs.replace(over, ended_at=at(2)), site=SITE, note=note())
    assert earlier.ended_at == at(2)
    with pytest.raises(ValueError, match="ended_at: it began at"):
        change_incident(records, structs.replace(over, ended_at=at(-26)), site=SITE, note=note(id="nt-c"))


def test_evidence_of_a_cause_is_attached_to_this_incident(records: Records) -> None:
    attached = Attachment(
        id="at-a", incident_id="in-other", kind="verdict", name="v", sha256="0", size_bytes=1, added_at=NOW, by="Sana"
    )
    records.add(attached)
    cause = Cause(
        at=NOW,
        by="Sana",
        evidence_class="measured",
        probability_percent=80,
        words_en="A filter",
        evidence_ids=("at-a",),
    )
    with pytest.raises(ValueError, match="'at-a' is not attached to this incident"):
        set_cause(records, INCIDENT, cause=cause, now=NOW)
    records.put(structs.replace(attached, incident_id=INCIDENT))
    assert set_cause(records, INCIDENT, cause=cause, now=NOW).causes == (cause,)


def test_contacts_and_messages_come_back_as_they_were_given_and_lie_encrypted(records: Records) -> None:
    add_party(records, party("pa-pta", role="regulator", email="desk@example.pk", contact_name="Ms Desk"))
    add_message(records, message(party_id="pa-pta", text="Line one\nLine two"), now=NOW)
    found = records.get(Party, "pa-pta")
    kept = records.get(Message, "me-a")
    assert found is not None
    assert kept is not None
    assert (found.email, kept.text) == ("desk@example.pk", "Line one\nLine two")
    dump = repr(records.connection.exec_driver_sql("select * from parties").fetchall())
    dump += repr(records.connection.exec_driver_sql("select * from messages").fetchall())
    assert not [secret for secret in ("desk@example.pk", "Ms Desk", "Line one") if secret in dump]


@pytest.mark.parametrize(
    "fields", [{"email": "desk"}, {"phone": "call me"}, {"phone": "3520212345671"}, {"email": "a@b.pk\nBcc: c@d.pk"}]
)
def test_a_wrong_contact_is_refused_and_not_repeated(records: Records, fields: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=f"^{next(iter(fields))}:") as caught:
        add_party(records, party("pa-b", **fields))
    assert next(iter(fields.values())) not in str(caught.value)


def test_a_changed_party_stays_with_its_incident(records: Records) -> None:
    change_party(records, party(incident_id="in-other", name_en="Cloud", created_at=at(9)))
    assert records.get(Party, "pa-cdn") == party(name_en="Cloud")


def test_only_parties_of_the_incident_write_promise_and_state(records: Records) -> None:
    open_incident(records, incident(id="in-other"), site=SITE)
    with pytest.raises(LookupError, match="there is no party 'pa-cdn' in this incident"):
        add_message(records, message(incident_id="in-other"), now=NOW)
    with pytest.raises(LookupError, match="there is no party"):
        add_promise(records, promise(incident_id="in-other"), duty=(), now=NOW)
    with pytest.raises(LookupError, match="there is no party"):
        add_statement(records, statement(incident_id="in-other"), now=NOW)


def test_a_promise_put_off_tells_in_the_timeline_by_whom_and_why(records: Records) -> None:
    add_promise(records, promise(), duty=(), now=NOW)
    put_off_promise(records, "pr-a", due_at=at(120), note=note("parts are missing"))
    settle_promise(records, "pr-a", state="kept", at=at(100), now=at(100))
    found = records.get(Promise, "pr-a")
    assert found is not None
    assert (found.put_off, found.due_at, found.state) == ((at(60),), at(120), "kept")
    words = [line.words for line in timeline(records, INCIDENT)]
    assert "Put off from 2024-11-10 10:30 UTC to 2024-11-10 11:30 UTC: Repair (parts are missing)" in words
    assert words[-1] == "Promise kept: Repair (Cloud Network (NOC))"


def test_what_was_promised_or_stated_is_never_rewritten(records: Records) -> None:
    add_promise(records, promise(), duty=(), now=NOW)
    add_statement(records, statement(), now=NOW)
    assert change_promise(records, "pr-a", words_ur="مرمت", public=True) == promise(words_ur="مرمت", public=True)
    changed = statement(text_en="Other", at=at(-5), text_ur="ٹھیک", public=False)
    assert change_statement(records, changed) == statement(text_ur="ٹھیک", public=False)


def test_markup_is_kept_as_text_and_a_source_that_is_an_address_must_be_a_good_one(records: Records) -> None:
    text = '<script>alert(1)</script> & "quoted"'
    assert add_statement(records, statement(text_en=text), now=NOW).text_en == text
    with pytest.raises(ValueError, match="source: this is no address"):
        add_statement(records, statement(id="st-b", source="javascript://%0aalert(1)"), now=NOW)


def test_notes_and_links_belong_to_an_incident_that_is_there(records: Records) -> None:
    add_note(records, note("Called"), now=at(5))
    add_link(records, INCIDENT, link=Link(url="https://example.pk/", title="News"), now=NOW)
    with pytest.raises(LookupError, match=r"there is no incident 'in-x'\. Try: raabta incident list"):
        add_note(records, note("x", incident_id="in-x"), now=at(5))
    with pytest.raises(LookupError, match="there is no incident"):
        add_link(records, "in-x", link=Link(url="https://example.pk/"), now=NOW)


def test_an_incident_is_found_by_the_beginning_of_its_id_or_as_the_last_one(records: Records) -> None:
    open_incident(records, incident(id="in-vpx", created_at=at(1)), site=SITE)
    for text in ("in-vpn", "vpn", "IN-VPN", " vpn "):
        assert find_incident(records, text).id == INCIDENT
    assert find_incident(records, "last").id == "in-vpx"
    with pytest.raises(LookupError, match=r"'vp' may be several: in-vpn, in-vpx\. Type some more"):
        find_incident(records, "vp")
    for text in ("", "%", "vpn_", "in-vpn' or '1'='1"):
        with pytest.raises(LookupError, match=r"there is no incident|may be several"):
            find_incident(records, text)


def test_incidents_are_listed_from_the_newest_page_by_page(records: Records) -> None:
    for number in range(5):
        given = incident(id=f"in-{number}", started_at=at(-100 - number), component_ids=("cdn",))
        open_incident(records, given, site=SITE)
    take_step(records, "in-3", step=IncidentStep(state="resolved", at=NOW, by="Sana"), now=NOW)
    first = newest_incidents(records, n_most=2)
    assert [one.id for one in first] == [INCIDENT, "in-0"]
    assert [one.id for one in newest_incidents(records, n_most=9, after="in-0")] == ["in-1", "in-2", "in-3", "in-4"]
    assert [one.id for one in newest_incidents(records, n_most=9, states=("resolved",))] == ["in-3"]
    assert [one.id for one in newest_incidents(records, n_most=9, component_id="vpn")] == [INCIDENT]
