import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest

from raabta.model.incident import Incident, MemberReport
from raabta.model.publication import Publication
from raabta.model.subscription import Delivery
from raabta.pipeline.informing.desk.grouping import group_reports, link_reports
from raabta.pipeline.informing.desk.reports import (
    MAILS_A_DAY_TO_ONE,
    ReportGiven,
    acknowledge_reports,
    newest_reports,
    state_of_report,
    take_report,
)
from raabta.registry import Records
from raabta.registry.incidents.grouping import WINDOW
from raabta.registry.schema import table_of
from tests.cases.desk_records import new_code, new_id, register_with, settings
from tests.cases.incident_file import INCIDENT, NOW, at

MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def records() -> Iterator[Records]:
    with register_with(1) as register, register.change() as found:
        yield found


def take(records: Records, now: dt.datetime = NOW, code: str = "", **fields: Any) -> MemberReport:
    given = ReportGiven(**({"way": "web", "target": "cdn", "operator_id": "north"} | fields))
    return take_report(records, given, settings=settings(), now=now, new_id=new_id, code=code or new_code())


def test_a_report_is_kept_as_it_came_but_for_what_tells_who_wrote_it(records: Records) -> None:
    report = take(
        records,
        target="https://www.Example.pk/private?user=1",
        place=" Lahore ",
        symptom="slow",
        words="From 39.40.1.1: https://www.example.pk/private is slow, call 0300 1234567",
        contact="Amina@Example.pk",
        began_at=at(-30),
    )
    assert records.get(MemberReport, report.id) == report
    assert report == MemberReport(
        id=report.id,
        code=report.code,
        way="web",
        target="www.example.pk",
        operator_id="north",
        place="Lahore",
        symptom="slow",
        words="From (address): www.example.pk is slow, call (number)",
        contact="Amina@example.pk",
        began_at=at(-30),
        reported_at=NOW,
    )


def test_words_and_contact_stand_nowhere_in_the_database_as_they_are(records: Records) -> None:
    take(records, words="vanishing words", contact="vanishing@example.pk")
    row = records.connection.execute(table_of(MemberReport).select()).one()
    assert "vanishing" not in repr(row)


def test_a_report_has_no_field_for_an_address() -> None:
    names = {*ReportGiven.__struct_fields__, *MemberReport.__struct_fields__}
    assert [name for name in names if "ip" in name.split("_") or "address" in name or "url" in name] == []


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("target", "39.40.1.1", "target: "),
        ("operator_id", "west", "operator: one of north, south"),
        ("language", "fr", "language: one of en, ur"),
        ("symptom", "bored", "symptom: one of no_connection"),
        ("place", "House 5, Street 7", "place: a town at most"),
        ("place", "x" * 61, "place: it has 61 characters"),
        ("words", "my card is 35202-1234567-1", "words: this looks like a person's identity number"),
        ("words", "a\x1bb", "words: it holds the control character"),
        ("words", "x" * 2001, "words: it has 2,001 characters"),
        ("contact", "0300 1234567", "contact: an e-mail address"),
        ("contact", "a@example.pk\r\nBcc: b@example.pk", "contact: an e-mail address"),
        ("contact", "a@example.pk, b@example.pk", "contact: an e-mail address"),
        ("contact", "3520212345671@example.pk", "contact: an e-mail address"),
        ("began_at", at(60), "began: a time within"),
        ("began_at", NOW.replace(tzinfo=None), "began: a time without its zone"),
        ("began_at", dt.datetime(1, 1, 1, tzinfo=dt.UTC), "began: a time from 2000 to 2100"),
        ("words", "my card 35202   1234567   1", "words: this looks like a person's identity number"),
        ("began_at", NOW - dt.timedelta(days=91), "began: a time within"),
        ("code", "' OR 1=1", "code: not eight letters"),
    ],
)
def test_what_is_wrong_is_refused_by_its_field(records: Records, field: str, value: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words) as refused:
        take(records, **{field: value})
    assert str(value) not in str(refused.value)
    assert records.count(MemberReport) == 0


def test_a_code_is_given_once_only(records: Records) -> None:
    code = take(records).code
    with pytest.raises(ValueError, match="Draw another one"):
        take(records, code=code.lower())


def test_a_member_that_is_not_there_cannot_report(records: Records) -> None:
    with pytest.raises(LookupError, match="no organisation"):
        take(records, member_id="o-nobody")


def test_who_leaves_an_address_is_told_and_who_leaves_none_is_not(records: Records) -> None:
    take(records)
    told = take(records, contact="a@example.pk")
    assert [(one.reason, one.channel, one.to_id) for one in records.find(Delivery)] == [
        ("acknowledge", "email", told.id)
    ]


def test_an_address_gets_a_few_mails_a_day_however_often_it_is_typed(records: Records) -> None:
    for n in range(5):
        take(records, contact=f"victim{'+x' * (n > 2)}@example.pk", now=NOW + n * MINUTE)
    take(records, contact="other@example.pk", now=NOW + 9 * MINUTE)
    take(records, contact="victim@example.pk", now=NOW + dt.timedelta(days=2))
    assert records.count(Delivery) == MAILS_A_DAY_TO_ONE + 2


@pytest.mark.parametrize(("way", "state"), [("web", "new"), ("email", "acknowledged"), ("phone", "acknowledged")])
def test_who_speaks_with_the_desk_is_acknowledged_at_once(records: Records, way: str, state: str) -> None:
    report = take(records, way=way)
    assert (report.state, report.acknowledged_at) == (state, None if way == "web" else NOW)


def test_the_desk_may_note_a_phone_number(records: Records) -> None:
    report = take(records, way="phone", contact="0300 1234567")
    assert (report.contact, records.count(Delivery)) == ("0300 1234567", 0)


def test_the_code_tells_what_became_of_a_report_and_nothing_of_who_wrote_it(records: Records) -> None:
    report = take(records, words="vanishing", contact="vanishing@example.pk", place="Lahore")
    link_reports(records, [report.id], incident_id=INCIDENT, now=at(1))
    state = state_of_report(records, f" {report.code[:4].lower()} {report.code[4:]}")
    assert state is not None
    assert (state.state, state.target, state.acknowledged_at, state.thread_id) == ("linked", "cdn", at(1), "")
    assert "vanishing" not in repr(state)
    records.add(Publication(id=INCIDENT, kind="incident", sequence=1, month="2024-11", is_open=True, content="{}"))
    public = state_of_report(records, report.code)
    assert public is not None
    assert public.thread_id == INCIDENT


@pytest.mark.parametrize("code", ["", "ZZZZZZZZ", "' OR 1=1 --"])
def test_a_code_that_nobody_has_tells_nothing(records: Records, code: str) -> None:
    take(records)
    assert state_of_report(records, code) is None


def test_a_group_is_found_and_suggests_an_incident_but_opens_none(records: Records) -> None:
    for n, target in enumerate(("cdn", "cdn.example.com", "https://img.cdn.example.com/x")):
        take(records, target=target, now=NOW + n * MINUTE)
    take(records, operator_id="south", now=NOW + 3 * MINUTE)
    first, second = group_reports(records, settings=settings(), now=at(10))
    assert (first.target, first.operator_id, first.n_reports, first.n_independent, first.suggests) == (
        "cdn", "north", 3, 3, "open",
    )  # fmt: skip
    assert (second.n_reports, second.suggests) == (1, "")
    assert records.count(MemberReport, group_id=first.id) == 3
    assert records.count(Incident) == 1


def test_one_person_who_reports_often_suggests_nothing(records: Records) -> None:
    for n in range(6):
        take(records, contact="a@example.pk", now=NOW + n * MINUTE)
    (only,) = group_reports(records, settings=settings(), now=at(10))
    assert (only.n_reports, only.n_independent, only.suggests) == (6, 1, "")


def test_one_mailbox_and_one_phone_are_one_person_however_they_are_written(records: Records) -> None:
    for contact in ("amina+0@example.pk", "Amina+1@example.pk", "amina@example.pk"):
        take(records, contact=contact)
    for contact in ("0300 1234567", "+92 300 1234567", "0092-300-1234567"):
        take(records, way="phone", contact=contact)
    (only,) = group_reports(records, settings=settings(), now=NOW)
    assert (only.n_reports, only.n_independent, only.suggests) == (6, 2, "")


def test_grouping_again_changes_nothing_and_a_late_report_joins(records: Records) -> None:
    take(records)
    take(records, now=NOW + MINUTE)
    before = group_reports(records, settings=settings(), now=at(10))
    assert group_reports(records, settings=settings(), now=at(11)) == before
    take(records, now=NOW + WINDOW)
    (joined,) = group_reports(records, settings=settings(), now=NOW + WINDOW)
    assert (joined.id, joined.n_reports) == (before[0].id, 3)


def test_a_group_is_linked_whole_and_its_members_are_counted_as_hit(records: Records) -> None:
    take(records, member_id="o-0")
    take(records)
    (group,) = group_reports(records, settings=settings(), now=at(1))
    linked = link_reports(records, [group.id], incident_id=INCIDENT, now=at(2))
    incident = records.get(Incident, INCIDENT)
    assert incident is not None
    assert incident.member_ids == ("o-0",)
    assert {(one.state, one.acknowledged_at, one.incident_id) for one in linked} == {("linked", at(2), INCIDENT)}
    take(records, now=at(3))
    (more,) = group_reports(records, settings=settings(), now=at(4))
    assert (more.suggests, more.incident_ids) == ("link", (INCIDENT,))


def test_acknowledging_is_noted_once(records: Records) -> None:
    report = take(records)
    assert [one.acknowledged_at for one in acknowledge_reports(records, [report.code], now=at(5))] == [at(5)]
    assert acknowledge_reports(records, [report.id], now=at(6)) == []


def test_reports_are_listed_newest_first_and_page_by_page_without_words(records: Records) -> None:
    taken = [take(records, now=NOW + n * MINUTE, words="secret", contact="a@example.pk") for n in range(5)]
    first = newest_reports(records, n_most=2)
    rest = newest_reports(records, n_most=9, after=first[-1].id)
    assert [one.id for one in (*first, *rest)] == [one.id for one in reversed(taken)]
    assert {(one.words, one.contact) for one in (*first, *rest)} == {("", "")}
    assert newest_reports(records, n_most=9, states=["closed"]) == []


@pytest.mark.parametrize("id_", ["rp-x", "gr-x", "in-x", "ZZZZZZZZ", "x"])
def test_what_is_not_there_is_said(records: Records, id_: str) -> None:
    with pytest.raises(LookupError, match="no report has this id"):
        acknowledge_reports(records, [id_], now=NOW)
    with pytest.raises(LookupError):
        link_reports(records, [id_], incident_id="in-nothing", now=NOW)
