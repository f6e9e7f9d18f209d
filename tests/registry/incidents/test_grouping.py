import datetime as dt
from typing import Any

import pytest

from raabta.model.incident import MemberReport
from raabta.model.site import Component
from raabta.registry.incidents.grouping import (
    WINDOW,
    Sighting,
    count_independent,
    find_groups,
    suggestion,
    what_of,
)

START = dt.datetime(2024, 11, 10, 9, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)


def seen(id_: str, after: dt.timedelta = MINUTE, **fields: Any) -> Sighting:
    given: dict[str, Any] = {"what": "cdn", "operator_id": "north", "at": START + after}
    return Sighting(report_id=f"rp-{id_}", **given | fields)


def grouped(*sightings: Sighting) -> dict[str, list[str]]:
    return {id_: [one.report_id for one in several] for id_, several in find_groups(sightings).items()}


def test_reports_on_the_same_target_and_operator_belong_together() -> None:
    assert grouped(seen("a"), seen("b", 5 * MINUTE)) == {"gr-a": ["rp-a", "rp-b"]}


@pytest.mark.parametrize(
    "other",
    [
        pytest.param({"what": "vpn"}, id="another-target"),
        pytest.param({"operator_id": "south"}, id="another-operator"),
        pytest.param({"operator_id": ""}, id="an-unknown-operator"),
        pytest.param({"at": START + WINDOW + 2 * MINUTE}, id="too-late"),
    ],
)
def test_other_reports_stand_apart(other: dict[str, Any]) -> None:
    assert grouped(seen("a"), seen("b", **other)) == {"gr-a": ["rp-a"], "gr-b": ["rp-b"]}


def test_a_group_goes_on_while_reports_follow_each_other() -> None:
    many = [seen(str(n), n * WINDOW) for n in range(5)]
    assert list(grouped(*many)) == ["gr-0"]


def test_a_report_never_changes_its_group() -> None:
    joined = grouped(seen("a"), seen("b", group_id="gr-old"), seen("c", group_id="gr-other"))
    assert joined == {"gr-old": ["rp-a", "rp-b"], "gr-other": ["rp-c"]}


@pytest.mark.parametrize(
    ("target", "what"),
    [("cdn.example.com", "cdn"), ("img.cdn.example.com", "cdn"), ("example.com", "example.com"), ("vpn", "vpn")],
)
def test_a_components_hosts_and_those_below_are_the_component(target: str, what: str) -> None:
    component = Component(id="cdn", name_en="CDN", name_ur="", hosts=("cdn.example.com",))
    assert what_of(target, (component,)) == what


def report(id_: str, **fields: Any) -> MemberReport:
    return MemberReport(id=id_, code="x", way="web", target="cdn", reported_at=START, **fields)


def test_known_people_count_once_and_strangers_by_what_they_say() -> None:
    reports = [
        report("1", member_id="o-a"),
        report("2", member_id="o-a"),
        report("3", contact="a@example.pk"),
        report("4", contact="A@example.pk"),
        report("5", words="It is slow"),
        report("6", words="it  is slow"),
        report("7"),
        report("8"),
    ]
    assert count_independent(reports) == 5


def test_three_independent_reports_suggest_an_incident_and_two_do_not() -> None:
    assert suggestion([seen("a")] * 3, n_independent=3) == "open"
    assert suggestion([seen("a")] * 9, n_independent=2) == ""


def test_a_group_of_which_some_belong_to_an_incident_suggests_to_link_the_others() -> None:
    assert suggestion([seen("a", incident_id="in-a"), seen("b")], n_independent=2) == "link"
    assert suggestion([seen("a", incident_id="in-a")], n_independent=5) == ""
