"""Reports, sums and the deletion of a member, on PostgreSQL as on SQLite."""

import datetime as dt

from msgspec import structs

from raabta.model.incident import Incident, MemberReport
from raabta.model.subscription import Delivery
from raabta.pipeline.informing.desk.closing import close_reports, forget_contacts
from raabta.pipeline.informing.desk.grouping import group_reports, link_reports
from raabta.pipeline.informing.desk.impact import ImpactGiven, add_impact, sum_impact
from raabta.pipeline.informing.desk.reports import ReportGiven, newest_reports, take_report
from raabta.registry.deletion import forget, remove_organisation
from tests.cases.desk_records import consent, member, new_code, new_id, settings
from tests.cases.incident_file import INCIDENT, NOW, at, incident
from tests.registry.specimens import OTHER_KEY, opened


def test_reports_are_grouped_linked_closed_and_forgotten(url: str) -> None:
    with opened(url) as register, register.change() as records:
        records.add(incident())
        for n in range(3):
            given = ReportGiven(way="web", target="cdn", contact=f"p{n}@example.pk")
            take_report(
                records, given, settings=settings(), now=NOW + dt.timedelta(minutes=n), new_id=new_id, code=new_code()
            )
        (group,) = group_reports(records, settings=settings(), now=at(5))
        assert (group.n_independent, group.suggests) == (3, "open")
        link_reports(records, [group.id], incident_id=INCIDENT, now=at(6))
        close_reports(records, [INCIDENT], because="Over.", now=at(7))
        first = newest_reports(records, n_most=1)
        assert len(newest_reports(records, n_most=9, after=first[0].id)) == 2
        assert forget_contacts(records, now=at(8)) == 0
        answers = list(records.find(Delivery, reason="answer"))
        records.put_all(structs.replace(one, state="sent") for one in answers)
        assert forget_contacts(records, now=at(9)) == 3
        assert {one.contact for one in records.find(MemberReport)} == {""}


def test_who_leaves_is_in_no_file_and_no_sum(url: str) -> None:
    with opened(url) as register:
        with register.change() as records:
            records.add(incident(member_ids=("o-0", "o-1")))
            records.add_all([member(number) for number in range(5)])
            records.add_all([consent(number) for number in range(5)])
            for number in range(5):
                given = ImpactGiven(incident_id=INCIDENT, organisation_id=f"o-{number}", kind="hours_lost", number=7)
                add_impact(records, given, by="Sana", now=NOW, new_id=new_id)
            assert [one.total for one in sum_impact(records, INCIDENT, now=NOW, new_id=new_id)] == [35]
        forget(register, lambda records: remove_organisation(records, "o-1"), new_key=OTHER_KEY, key_file=None)
        with register.change() as records:
            assert [one.member_ids for one in records.find(Incident)] == [("o-0",)]
            assert [one.total for one in sum_impact(records, INCIDENT, now=NOW, new_id=new_id)] == [None]
