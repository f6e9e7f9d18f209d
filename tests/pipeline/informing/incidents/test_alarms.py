"""Clocks over a whole register: who is told when, how often, and what stops it."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from msgspec import structs

from raabta.model.bulletin import Bulletin, BulletinText
from raabta.model.incident import (
    ConsultationDraft,
    Escalation,
    Incident,
    IncidentStep,
    MemberReport,
    Promise,
    Question,
    TimelineNote,
)
from raabta.model.subscription import Alarm, Delivery
from raabta.pipeline.informing.incidents import (
    acknowledge,
    add_party,
    add_promise,
    due,
    open_incident,
    put_off_promise,
    raise_alarms,
    settle_promise,
    take_step,
)
from raabta.pipeline.informing.incidents.alarms import due_of
from raabta.pipeline.informing.incidents.timelines import read_file
from raabta.pipeline.informing.settings import DutyPerson
from raabta.registry import Records, Register
from tests.cases.incident_file import INCIDENT, NOW, at, desk, incident, minutes, party, promise
from tests.registry.specimens import opened

DESK = desk()


@pytest.fixture
def register() -> Iterator[Register]:
    with opened() as made:
        yield made


@pytest.fixture
def records(register: Register) -> Iterator[Records]:
    """A register with one reported incident, which has no clock yet, and one party."""
    with register.change() as made:
        open_incident(made, incident(), site=DESK.site)
        add_party(made, party())
        yield made


def bulletin(**fields: Any) -> Bulletin:
    given: dict[str, Any] = {"id": "bu-a", "thread_id": INCIDENT, "kind": "incident", "number": 1, "author": "Sana"}
    given |= {"texts": (BulletinText(language="en", title="VPNs fail"),), "created_at": NOW, "changed_at": NOW}
    return Bulletin(**given | fields)


def step(records: Records, state: Any, minute: float) -> None:
    take_step(records, INCIDENT, step=IncidentStep(state=state, at=at(minute), by="Sana"), now=at(minute))


def promised(records: Records, **fields: Any) -> None:
    add_promise(records, promise(**fields), duty=DESK.duty, now=NOW)


def raised(records: Records, minute: float, settings: Any = DESK) -> list[str]:
    return [alarm.id for alarm in raise_alarms(records, settings, now=at(minute))]


def raise_and_stop(register: Register) -> None:
    """Raise alarms in a transaction that does not come to its end."""
    with register.change() as records:
        assert raised(records, 61)
        raise KeyError


def clocks(records: Records, minute: float = 0, **options: Any) -> list[tuple[str, str, dt.timedelta]]:
    return [(one.kind, one.about_id, one.due_at - NOW) for one in due(records, DESK, now=at(minute), **options)]


def test_a_report_alone_has_no_clock(records: Records) -> None:
    assert clocks(records) == []


def test_a_missed_promise_raises_one_alarm_per_level_and_tells_each_person_once(records: Records) -> None:
    promised(records)
    assert raised(records, 59) == []
    assert raised(records, 60) == ["promise/pr-a/20241110T1030Z/0"]
    assert raised(records, 60) == raised(records, 79) == []
    assert raised(records, 80) == ["promise/pr-a/20241110T1030Z/1"]
    assert raised(records, 5000) == []
    messages = {(one.id, one.to_id, one.channel, one.reason, one.state) for one in records.find(Delivery)}
    assert messages == {
        (f"alarm/promise/pr-a/20241110T1030Z/{level}/{name}", name, "email", "alarm", "waiting")
        for level, name in ((0, "sana"), (0, "omar"), (1, "chair"))
    }


def test_a_desk_that_slept_raises_all_levels_at_once_and_only_once(records: Records) -> None:
    promised(records)
    assert [id_[-1] for id_ in raised(records, 500)] == ["0", "1"]
    assert raised(records, 501) == []


def test_an_alarm_survives_a_transaction_that_is_undone(register: Register) -> None:
    with register.change() as records:
        open_incident(records, incident(), site=DESK.site)
        add_party(records, party())
        promised(records)
    with pytest.raises(KeyError):
        raise_and_stop(register)
    with register.change() as records:
        assert (records.count(Alarm), records.count(Delivery)) == (0, 0)
        assert [id_[-1] for id_ in raised(records, 61)] == ["0"]
        assert records.count(Delivery) == 2


def test_who_acknowledges_stops_the_next_level_and_messages_that_wait(records: Records) -> None:
    promised(records)
    raised(records, 60)
    (done,) = acknowledge(records, "pr-a", by="Omar", now=at(61))
    assert (done.acknowledged_by, done.acknowledged_at) == ("Omar", at(61))
    assert {one.state for one in records.find(Delivery)} == {"dropped"}
    assert raised(records, 500) == []
    assert [kind for kind, *_ in clocks(records, 500)] == ["promise"]
    with pytest.raises(LookupError, match="there is no alarm about 'pr-a' that waits"):
        acknowledge(records, "pr-a", by="Omar", now=at(62))


@pytest.mark.parametrize("subject", [INCIDENT, "pr-a", "promise/pr-a/20241110T1030Z/0"])
def test_alarms_are_acknowledged_by_their_id_subject_or_incident(records: Records, subject: str) -> None:
    promised(records)
    raised(records, 80)
    assert [one.level for one in acknowledge(records, subject, by="Omar", now=at(81))] == [0, 1]


@pytest.mark.parametrize("subject", ["", "pr-b", "in-x"])
def test_nothing_is_acknowledged_by_accident(records: Records, subject: str) -> None:
    records.add(Alarm(id="a", about_id="b", kind="draft", level=0, due_at=NOW, raised_at=NOW, words="x"))
    with pytest.raises(LookupError):
        acknowledge(records, subject, by="Omar", now=NOW)


def test_a_promise_that_was_kept_in_time_raises_nothing_and_a_late_one_falls_silent(records: Records) -> None:
    promised(records)
    promised(records, id_="pr-b")
    settle_promise(records, "pr-a", state="kept", at=at(59), now=at(59))
    assert raised(records, 60) == ["promise/pr-b/20241110T1030Z/0"]
    settle_promise(records, "pr-b", state="broken", at=at(61), now=at(61))
    assert raised(records, 500) == []
    assert {one.state for one in records.find(Delivery)} == {"dropped"}


def test_a_deadline_that_was_put_off_begins_a_clock_of_its_own(records: Records) -> None:
    promised(records)
    raised(records, 60)
    acknowledge(records, "pr-a", by="Omar", now=at(61))
    note = TimelineNote(id="nt-a", incident_id="", at=at(62), text="", by="Omar")
    put_off_promise(records, "pr-a", due_at=at(120), note=note)
    assert raised(records, 119) == []
    assert raised(records, 120) == ["promise/pr-a/20241110T1130Z/0"]
    assert raised(records, 140) == ["promise/pr-a/20241110T1130Z/1"]
    assert records.count(Alarm) == 3


def test_a_promise_that_was_settled_by_mistake_alarms_again_when_that_is_taken_back(records: Records) -> None:
    promised(records, escalations=(Escalation(after_min=5, to="chair"),))
    assert [id_[-1] for id_ in raised(records, 66)] == ["0", "1"]
    acknowledge(records, "pr-a", by="Omar", now=at(67))
    settle_promise(records, "pr-a", state="kept", at=at(68), now=at(68))
    assert raised(records, 69) == []
    settle_promise(records, "pr-a", state="open", at=at(70), now=at(70))
    again = raised(records, 71)
    assert again == ["promise/pr-a/20241110T1030Z/0.2", "promise/pr-a/20241110T1030Z/1.2"]
    assert raised(records, 72) == []
    waiting = [one.subject_id for one in records.find(Delivery, state="waiting")]
    assert sorted(waiting) == sorted([again[0], again[0], again[1]])
    assert [one.level for one in acknowledge(records, "pr-a", by="Omar", now=at(73))] == [0, 1]
    assert raised(records, 500) == []
    for _ in range(2):
        settle_promise(records, "pr-a", state="broken", at=at(501), now=at(501))
        settle_promise(records, "pr-a", state="open", at=at(502), now=at(502))
    assert raised(records, 503) == ["promise/pr-a/20241110T1030Z/0.3", "promise/pr-a/20241110T1030Z/1.3"]


def test_a_promise_that_is_opened_again_in_time_alarms_as_any_other(records: Records) -> None:
    promised(records)
    settle_promise(records, "pr-a", state="kept", at=at(1), now=at(1))
    settle_promise(records, "pr-a", state="open", at=at(2), now=at(2))
    assert raised(records, 60) == ["promise/pr-a/20241110T1030Z/0"]


def test_a_deadline_that_was_put_off_by_seconds_is_another_one(records: Records) -> None:
    promised(records, due_at=at(60) + dt.timedelta(seconds=5))
    raised(records, 60.2)
    acknowledge(records, "pr-a", by="Omar", now=at(60.3))
    note = TimelineNote(id="nt-a", incident_id="", at=at(60.4), text="", by="Omar")
    put_off_promise(records, "pr-a", due_at=at(60) + dt.timedelta(seconds=50), note=note)
    assert raised(records, 61) == ["promise/pr-a/20241110T103050Z/0"]


def test_who_has_no_address_was_not_told(records: Records) -> None:
    settings = desk(duty=(*DESK.duty, DutyPerson(name="night", level=2)))
    given = promise(escalations=(Escalation(after_min=5, to="night"), Escalation(after_min=5, to="chair")))
    add_promise(records, given, duty=settings.duty, now=NOW)
    raised(records, 70, settings)
    found = records.get(Promise, "pr-a")
    assert found is not None
    assert {one.to: one.told_at for one in found.escalations} == {"night": None, "chair": at(70)}


def report(id_: str, minute: float, **fields: Any) -> MemberReport:
    return MemberReport(id=id_, code=id_, way="web", target="vpn", reported_at=at(minute), **fields)


def seen(records: Records, id_: str, minute: float) -> None:
    (found,) = records.find(MemberReport, id=id_)
    records.put(structs.replace(found, state="acknowledged", acknowledged_at=at(minute)))


def test_reports_that_come_after_somebody_took_on_the_earlier_ones_alarm(records: Records) -> None:
    records.add_all([report("rp-a", 0), report("rp-b", 5)])
    assert raised(records, 31) == ["acknowledgement/rp-a/20241110T1000Z/0"]
    acknowledge(records, "rp-a", by="Omar", now=at(32))
    assert raised(records, 400) == []
    records.add_all([report(f"rp-later-{n}", 7200 + n) for n in range(30)])
    assert raised(records, 7229) == []
    assert raised(records, 7230) == ["acknowledgement/rp-later-0/20241115T1000Z/0"]
    assert [(kind, id_) for kind, id_, _ in clocks(records, 7230)] == [
        ("acknowledgement", "rp-a"),
        ("acknowledgement", "rp-later-0"),
    ]


def test_working_through_reports_that_were_taken_on_wakes_nobody(records: Records) -> None:
    records.add_all([report(f"rp-{n}", n / 10) for n in range(10)])
    assert len(raised(records, 31)) == 1
    acknowledge(records, "rp-0", by="Omar", now=at(32))
    for number in range(10):
        seen(records, f"rp-{number}", 40 + number)
        assert raised(records, 100 + number) == []
    assert clocks(records, 200) == []


def test_reports_that_nobody_takes_on_go_up_the_levels_although_the_first_was_looked_at(records: Records) -> None:
    records.add_all([report("rp-a", 0), report("rp-b", 1)])
    assert raised(records, 31) == ["acknowledgement/rp-a/20241110T1000Z/0"]
    seen(records, "rp-a", 35)
    assert raised(records, 51) == ["acknowledgement/rp-a/20241110T1000Z/1"]


def test_a_report_that_comes_after_all_others_were_looked_at_alarms(records: Records) -> None:
    records.add(report("rp-a", 0))
    raised(records, 31)
    seen(records, "rp-a", 35)
    records.add(report("rp-b", 40))
    assert raised(records, 70) == ["acknowledgement/rp-b/20241110T1040Z/0"]


def test_a_wave_that_was_taken_on_does_not_make_a_later_one_climb(records: Records) -> None:
    records.add(report("rp-a", 0))
    raised(records, 31)
    acknowledge(records, "rp-a", by="Omar", now=at(32))
    records.add(report("rp-b", 100))
    assert raised(records, 131) == ["acknowledgement/rp-b/20241110T1140Z/0"]
    seen(records, "rp-b", 132)
    assert raised(records, 500) == []
    assert [id_ for _, id_, _ in clocks(records, 500)] == ["rp-a"]
    records.add(report("rp-c", 600))
    assert [id_.split("/")[1] for id_ in raised(records, 640)] == ["rp-c"]


def test_a_wave_that_nobody_takes_on_wakes_again_the_next_day(records: Records) -> None:
    records.add(report("rp-a", 0))
    assert len([*raised(records, 31), *raised(records, 51)]) == 2
    records.add_all([report("rp-b", 1000), report("rp-c", 2000)])
    assert raised(records, 1100) == []
    assert raised(records, 2030) == ["acknowledgement/rp-c/20241111T1920Z/0"]


def test_an_alarm_that_has_not_been_sent_is_dropped_when_the_thing_was_done(records: Records) -> None:
    step(records, "confirmed", 10)
    promised(records)
    question = Question(id="qu-a", asked_of="PTA", text_en="Why?", by="Sana", created_at=NOW)
    records.add(structs.replace(question, state="asked", due_at=at(50)))
    assert len(raised(records, 61)) == 4
    records.add(bulletin(state="published", published_at=at(62), sequence=1))
    records.put(structs.replace(question, state="answered", due_at=at(50)))
    raised(records, 63)
    states = {one.subject_id.split("/")[0]: one.state for one in records.find(Delivery)}
    assert states == {"update": "dropped", "question": "dropped", "promise": "waiting"}


@pytest.mark.parametrize("subject", ["pr-", "pr-a", "a", "in-v", "vpn", "promise/pr-a", "PR-A"])
def test_alarms_are_acknowledged_by_the_beginning_of_an_id(records: Records, subject: str) -> None:
    promised(records)
    raised(records, 80)
    assert [one.level for one in acknowledge(records, subject, by="Omar", now=at(81))] == [0, 1]


def test_a_beginning_that_means_several_things_is_refused(records: Records) -> None:
    promised(records, id_="pr-ab")
    promised(records, id_="pr-ac")
    raised(records, 80)
    with pytest.raises(LookupError, match="'pr-a' may be several: pr-ab, pr-ac"):
        acknowledge(records, "pr-a", by="Omar", now=at(81))
    assert len(acknowledge(records, "pr-ab", by="Omar", now=at(81))) == 2


def test_a_promise_escalates_to_whom_it_names_and_notes_when(records: Records) -> None:
    promised(records, escalations=(Escalation(after_min=5, to="omar"), Escalation(after_min=90, to="chair")))
    assert [id_[-1] for id_ in raised(records, 65)] == ["0", "1"]
    found = records.get(Promise, "pr-a")
    assert found is not None
    assert [(one.to, one.told_at) for one in found.escalations] == [("omar", at(65)), ("chair", None)]
    assert raised(records, 150) == ["promise/pr-a/20241110T1030Z/2"]


def test_without_somebody_to_tell_there_is_an_alarm_without_a_message(records: Records) -> None:
    promised(records)
    assert raised(records, 500, desk(duty=())) == ["promise/pr-a/20241110T1030Z/0"]
    nameless = desk(duty=(DutyPerson(name="sana"), DutyPerson(name="chair", level=1, email="chair@example.pk")))
    assert raised(records, 501, nameless) == ["promise/pr-a/20241110T1030Z/1"]
    assert [one.to_id for one in records.find(Delivery)] == ["chair"]


def test_the_first_notice_is_due_half_an_hour_after_the_confirmation(records: Records) -> None:
    step(records, "confirmed", 10)
    assert clocks(records) == [("update", INCIDENT, minutes(40))]
    assert raised(records, 40) == [f"update/{INCIDENT}/20241110T1010Z/0"]
    records.add(bulletin(state="published", published_at=at(41), sequence=1))
    assert clocks(records, 41) == []
    assert raised(records, 500) == []


def test_an_update_that_was_promised_and_missed_alarms_even_after_the_end(records: Records) -> None:
    step(records, "confirmed", 1)
    records.add(bulletin(state="published", published_at=at(10), sequence=1))
    step(records, "resolved", 50)
    kept = records.get(Incident, INCIDENT)
    assert kept is not None
    records.put(structs.replace(kept, next_update_at=at(70)))
    assert clocks(records) == [("update", INCIDENT, minutes(70))]
    assert raised(records, 70) == [f"update/{INCIDENT}/20241110T1040Z/0"]
    records.put(structs.replace(kept, next_update_at=None))
    assert clocks(records) == []


def test_a_relapse_is_due_a_notice_of_its_own(records: Records) -> None:
    step(records, "confirmed", 1)
    records.add(bulletin(state="published", published_at=at(10), sequence=1))
    step(records, "resolved", 50)
    step(records, "confirmed", 100)
    assert clocks(records) == [("update", INCIDENT, minutes(130))]


def test_questions_drafts_bulletins_and_reports_have_clocks(records: Records) -> None:
    question = Question(id="qu-a", asked_of="PTA", text_en="Why?", by="Sana", created_at=NOW)
    records.add(structs.replace(question, state="asked", due_at=at(50)))
    records.add(structs.replace(question, id="qu-b", state="answered", due_at=at(50)))
    records.add(structs.replace(question, id="qu-c", state="asked"))
    records.add(ConsultationDraft(id="dr-a", title="T", respond_by=at(45), created_at=NOW, changed_at=NOW))
    records.add(bulletin())
    records.add(bulletin(id="bu-b", state="approved", approved_at=at(5), changed_at=at(5)))
    records.add(bulletin(id="bu-c", state="withdrawn"))
    report = MemberReport(id="rp-b", code="A", way="web", target="vpn", reported_at=at(-20))
    records.add(report)
    records.add(structs.replace(report, id="rp-a", reported_at=at(-10)))
    records.add(structs.replace(report, id="rp-c", reported_at=at(-99), state="acknowledged", acknowledged_at=NOW))
    assert clocks(records) == [
        ("acknowledgement", "rp-b", minutes(10)),
        ("approval", "bu-a", minutes(30)),
        ("approval", "bu-b", minutes(35)),
        ("draft", "dr-a", minutes(45)),
        ("question", "qu-a", minutes(50)),
    ]
    assert [kind for kind, *_ in clocks(records, 36, only_overdue=True)] == ["acknowledgement", "approval", "approval"]


def test_a_wave_of_reports_wakes_the_duty_officer_once(records: Records) -> None:
    report = MemberReport(id="rp-0000", code="A", way="web", target="vpn", reported_at=NOW)
    records.add_all([structs.replace(report, id=f"rp-{n:04}", reported_at=at(n / 100)) for n in range(1500)])
    assert raised(records, 30) == ["acknowledgement/rp-0000/20241110T1000Z/0"]
    assert raised(records, 31) == []
    assert records.count(Delivery) == 2


def test_one_incident_shows_the_clocks_that_the_whole_register_has_of_it(records: Records) -> None:
    step(records, "confirmed", 1)
    promised(records)
    records.add(bulletin())
    records.add(
        Question(
            id="qu-a",
            incident_id=INCIDENT,
            asked_of="PTA",
            text_en="Why?",
            state="asked",
            due_at=at(50),
            by="Sana",
            created_at=NOW,
        )
    )
    assert due_of(read_file(records, INCIDENT), DESK) == due(records, DESK, now=NOW)


@pytest.mark.parametrize("zone", ["Asia/Karachi", "Europe/London"])
def test_a_site_whose_clocks_change_raises_the_same_alarms_at_the_same_moments(register: Register, zone: str) -> None:
    """27 October 2024, 01:00 UTC: London's clocks go back while promises run out."""
    settings = desk(zone)
    night = dt.datetime(2024, 10, 27, 0, 30, tzinfo=dt.UTC)
    found = []
    with register.change() as records:
        open_incident(records, incident(started_at=night, created_at=night, changed_at=night), site=settings.site)
        for number, due_min in enumerate((20, 40, 70)):
            given = promise(f"pr-{number}", party_id="", made_at=night, due_at=night + minutes(due_min))
            add_promise(records, given, duty=settings.duty, now=night)
        for elapsed in range(0, 121, 5):
            found += [(elapsed, one.id) for one in raise_alarms(records, settings, now=night + minutes(elapsed))]
    assert found == [
        (20, "promise/pr-0/20241027T0050Z/0"),
        (40, "promise/pr-0/20241027T0050Z/1"),
        (40, "promise/pr-1/20241027T0110Z/0"),
        (60, "promise/pr-1/20241027T0110Z/1"),
        (70, "promise/pr-2/20241027T0140Z/0"),
        (90, "promise/pr-2/20241027T0140Z/1"),
    ]
