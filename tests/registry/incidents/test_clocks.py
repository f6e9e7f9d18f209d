import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from msgspec import structs

from raabta.model.incident import Escalation
from raabta.registry.incidents.clocks import (
    Clock,
    IncidentAtAGlance,
    about_promise,
    about_reports,
    about_updates,
    levels_of,
    new_alarms,
)
from tests.cases.incident_file import NOW, at, promise, steps

DUTY = [(2, "chair"), (0, "sana"), (0, "omar")]


def clock(**fields: Any) -> Clock:
    given: dict[str, Any] = {"kind": "update", "about_id": "in-a", "incident_id": "in-a", "due_at": NOW, "words": "x"}
    return Clock(**given | fields)


def glance(**fields: Any) -> IncidentAtAGlance:
    given: dict[str, Any] = {"id": "in-a", "title_en": "VPNs fail", "steps": steps(("reported", 0), ("confirmed", 10))}
    return IncidentAtAGlance(**given | fields)


def raised(given: Clock, minute: float, known: Any = ()) -> list[str]:
    levels = levels_of(given, duty=DUTY, escalate_min=20)
    return [alarm.id for alarm, _ in new_alarms(given, levels=levels, known=known, now=at(minute))]


def test_a_confirmed_incident_waits_for_its_first_notice_until_one_is_published() -> None:
    (found,) = about_updates(glance(), first_notice_min=30)
    assert (found.due_at, found.words) == (at(40), "First notice: VPNs fail")
    assert about_updates(glance(published_at=at(12)), first_notice_min=30) == []


def test_a_relapse_waits_for_a_notice_although_there_were_bulletins() -> None:
    back = steps(("reported", 0), ("confirmed", 10), ("resolved", 60), ("confirmed", 90))
    assert [one.due_at for one in about_updates(glance(steps=back, published_at=at(61)), first_notice_min=30)] == [
        at(120)
    ]


def test_a_promised_update_is_due_even_when_all_is_over() -> None:
    over = steps(("reported", 0), ("confirmed", 10), ("resolved", 60))
    (found,) = about_updates(glance(steps=over, published_at=at(12), next_update_at=at(72)), first_notice_min=30)
    assert (found.due_at, found.words) == (at(72), "Promised update: VPNs fail")


def test_a_thousand_reports_are_one_clock() -> None:
    found = about_reports("rp-a", at(30), n_waiting=1000)
    assert (found.about_id, found.due_at, found.words) == ("rp-a", at(30), "1,000 reports wait for an acknowledgement")


def test_levels_of_the_list_follow_each_other_whatever_their_numbers() -> None:
    found = [(level.number, level.after_min, level.names) for level in levels_of(clock(), duty=DUTY, escalate_min=20)]
    assert found == [(0, 0, ("omar", "sana")), (2, 20, ("chair",))]


def test_without_a_duty_list_there_is_still_an_alarm() -> None:
    assert [level.names for level in levels_of(clock(), duty=(), escalate_min=20)] == [()]


def test_a_promise_is_settled_as_kept_or_broken_or_put_off() -> None:
    advice = about_promise(promise(), party="CDN").advice.split("; or: ")
    assert [one.split("promise ")[1].split()[0] for one in advice] == ["settle", "settle", "put-off"]
    assert [one.split()[-1] for one in advice[:2]] == ["kept", "broken"]


def test_a_promise_may_name_its_own_next_levels() -> None:
    own = about_promise(
        promise(escalations=(Escalation(after_min=90, to="chair"), Escalation(after_min=15, to="omar"))), party="CDN"
    )
    found = [(level.number, level.after_min, level.names) for level in levels_of(own, duty=DUTY, escalate_min=20)]
    assert found == [(0, 0, ("omar", "sana")), (1, 15, ("omar",)), (2, 90, ("chair",))]


@pytest.mark.parametrize(("minute", "levels"), [(-0.01, []), (0, ["0"]), (19.9, ["0"]), (20, ["0", "2"])])
def test_each_level_has_its_minute(minute: float, levels: list[str]) -> None:
    assert raised(clock(), minute) == [f"update/in-a/20241110T0930Z/{level}" for level in levels]


def test_levels_that_were_missed_come_at_once_and_never_twice() -> None:
    given = clock()
    levels = levels_of(given, duty=DUTY, escalate_min=20)
    first = [alarm for alarm, _ in new_alarms(given, levels=levels, known=(), now=at(500))]
    assert [alarm.level for alarm in first] == [0, 2]
    assert raised(given, 501, known=first) == []


def test_an_acknowledged_clock_is_quiet_and_a_deadline_put_off_is_a_new_clock() -> None:
    given = clock()
    levels = levels_of(given, duty=DUTY, escalate_min=20)
    first = [
        structs.replace(one, acknowledged_by="Omar", acknowledged_at=at(1))
        for one, _ in new_alarms(given, levels=levels, known=(), now=NOW)
    ]
    assert raised(given, 60, known=first) == []
    assert raised(clock(due_at=at(30)), 60, known=first) == [
        "update/in-a/20241110T1000Z/0",
        "update/in-a/20241110T1000Z/2",
    ]


@pytest.mark.parametrize("zone", ["Europe/London", "Asia/Karachi", "America/New_York"])
def test_a_change_of_clocks_changes_no_alarm(zone: str) -> None:
    """27 October 2024, 01:00 UTC: in London the hour from 01:00 to 02:00 comes twice."""
    before = dt.datetime(2024, 10, 27, 0, 50, tzinfo=dt.UTC)
    local = clock(due_at=before.astimezone(ZoneInfo(zone)))
    assert local.key == clock(due_at=before).key == "update/in-a/20241027T0050Z"
    levels = levels_of(local, duty=DUTY, escalate_min=20)
    for elapsed, n_levels in ((-1, 0), (0, 1), (19, 1), (20, 2), (60, 2)):
        now = (before + dt.timedelta(minutes=elapsed)).astimezone(ZoneInfo(zone))
        assert len(new_alarms(local, levels=levels, known=(), now=now)) == n_levels
