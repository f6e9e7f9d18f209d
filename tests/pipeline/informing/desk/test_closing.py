import datetime as dt
from collections.abc import Iterator

import pytest
from msgspec import structs

from raabta.model.incident import MemberReport
from raabta.model.subscription import Delivery, DeliveryState
from raabta.pipeline.informing.desk.closing import ANSWER_WAITS, EMPTY_SEALED_CHARACTERS, close_reports, forget_contacts
from raabta.pipeline.informing.desk.grouping import link_reports
from raabta.pipeline.informing.desk.reports import ReportGiven, state_of_report, take_report
from raabta.registry import Records
from raabta.registry.secrets import Sealer
from tests.cases.desk_records import new_code, new_id, register_with, settings
from tests.cases.incident_file import INCIDENT, NOW, at
from tests.registry.specimens import KEY


@pytest.fixture
def records() -> Iterator[Records]:
    with register_with() as register, register.change() as found:
        yield found


def take(records: Records, contact: str = "") -> MemberReport:
    given = ReportGiven(way="phone", target="cdn", contact=contact)
    return take_report(records, given, settings=settings(), now=NOW, new_id=new_id, code=new_code())


def contact_of(records: Records, report: MemberReport) -> str:
    found = records.get(MemberReport, report.id)
    assert found is not None
    return found.contact


def settle(records: Records, report: MemberReport, state: DeliveryState) -> None:
    answer = records.get(Delivery, f"answer/{report.id}/{report.id}")
    assert answer is not None
    records.put(structs.replace(answer, state=state))


def test_the_contact_goes_once_the_answer_is_sent(records: Records) -> None:
    report = take(records, "a@example.pk")
    close_reports(records, [report.id], because="A cable was repaired.", now=at(60))
    assert forget_contacts(records, now=at(61)) == 0
    assert contact_of(records, report) == "a@example.pk"
    settle(records, report, "sent")
    assert forget_contacts(records, now=at(62)) == 1
    assert contact_of(records, report) == ""
    assert forget_contacts(records, now=at(63)) == 0


@pytest.mark.parametrize("state", ["given_up", "dropped"])
def test_the_contact_goes_when_the_answer_cannot_be_sent(records: Records, state: DeliveryState) -> None:
    report = take(records, "a@example.pk")
    close_reports(records, [report.id], because="Over.", now=at(60))
    settle(records, report, state)
    forget_contacts(records, now=at(61))
    assert contact_of(records, report) == ""


def test_the_contact_goes_after_some_days_even_if_nobody_sends_mail(records: Records) -> None:
    report = take(records, "a@example.pk")
    close_reports(records, [report.id], because="Over.", now=NOW)
    forget_contacts(records, now=NOW + ANSWER_WAITS - dt.timedelta(seconds=1))
    assert contact_of(records, report) != ""
    forget_contacts(records, now=NOW + ANSWER_WAITS)
    assert contact_of(records, report) == ""


def test_who_was_told_gets_no_answer_and_the_contact_goes_at_once(records: Records) -> None:
    report = take(records, "a@example.pk")
    (closed,) = close_reports(records, [report.id], because="Over.", now=at(60), told=True)
    assert (closed.contact, contact_of(records, report), records.count(Delivery, reason="answer")) == ("", "", 0)


def test_who_left_a_phone_number_is_called_first(records: Records) -> None:
    report = take(records, "0300 1234567")
    with pytest.raises(ValueError, match="Call first") as refused:
        close_reports(records, [report.id], because="Over.", now=NOW)
    assert "0300" not in str(refused.value)
    close_reports(records, [report.id], because="Over.", now=NOW, told=True)
    assert contact_of(records, report) == ""


def test_all_reports_of_an_incident_are_closed_together(records: Records) -> None:
    reports = [take(records), take(records, "a@example.pk"), take(records)]
    link_reports(records, [one.id for one in reports], incident_id=INCIDENT, now=at(1))
    assert len(close_reports(records, [INCIDENT], because="Over.", now=at(60))) == 3
    state = state_of_report(records, reports[0].code)
    assert state is not None
    assert (state.state, state.closed_because) == ("closed", "Over.")


def test_a_closed_report_is_neither_closed_nor_linked_again(records: Records) -> None:
    report = take(records)
    close_reports(records, [report.id], because="Over.", now=NOW)
    with pytest.raises(ValueError, match="closed already"):
        close_reports(records, [report.id], because="Over.", now=NOW)
    with pytest.raises(ValueError, match="linked no more"):
        link_reports(records, [report.id], incident_id=INCIDENT, now=NOW)


def test_a_report_is_not_closed_without_a_word(records: Records) -> None:
    report = take(records, "a@example.pk")
    with pytest.raises(ValueError, match="because: it is empty"):
        close_reports(records, [report.id], because=" ", now=NOW)


def test_an_empty_text_that_is_sealed_is_as_long_as_is_said() -> None:
    assert len(Sealer(KEY).seal("", "a.b.c")) == EMPTY_SEALED_CHARACTERS
    assert len(Sealer(KEY).seal("a@b.pk", "a.b.c")) > EMPTY_SEALED_CHARACTERS
