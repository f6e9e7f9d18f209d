"""The files of ``api/v2/`` are those of Statuspage, field for field, and say what pages say."""

import datetime as dt
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import pytest
from msgspec import structs

from raabta.model.publication import PublicThread
from raabta.model.site import Site
from raabta.publish.feeds import statuspage
from tests.cases.hostile import WORDS, hostile, hostile_site
from tests.cases.publication import NOW, example_site, example_thread, example_threads
from tests.contract import statuspage as contract

DURING_WORKS = dt.datetime(2025, 5, 21, 22, tzinfo=dt.UTC)


def files(
    threads: Sequence[PublicThread] | None = None, *, site: Site | None = None, now: dt.datetime = NOW
) -> dict[str, Any]:
    made = statuspage.render(example_threads() if threads is None else threads, site or example_site(), now=now)
    return {path.removeprefix("api/v2/").removesuffix(".json"): json.loads(raw) for path, raw in made.items()}


def assert_fields(found: dict[str, Any], fields: dict[str, Any]) -> None:
    assert found.keys() == fields.keys()
    for name, types in fields.items():
        assert isinstance(found[name], types), name
        assert bool in types or not isinstance(found[name], bool), name


def assert_components(listed: Iterable[dict[str, Any]]) -> None:
    for one in listed:
        assert_fields(one, contract.GROUP if one["group"] else contract.COMPONENT)
        assert one["status"] in contract.COMPONENT_STATUSES


def assert_incidents(listed: Iterable[dict[str, Any]], fields: dict[str, Any], statuses: set[str]) -> None:
    for one in listed:
        assert_fields(one, fields)
        assert one["status"] in statuses
        assert one["impact"] in contract.IMPACTS
        assert_components(one["components"])
        for update in one["incident_updates"]:
            assert_fields(update, contract.UPDATE)
            assert update["status"] in statuses
            for change in update["affected_components"] or ():
                assert_fields(change, contract.CHANGE)
                assert {change["old_status"], change["new_status"]} <= contract.COMPONENT_STATUSES


def assert_is_statuspage(found: dict[str, Any]) -> None:
    assert found.keys() == contract.FILES.keys()
    for name, body in found.items():
        assert body.keys() == contract.FILES[name]
        assert_fields(body["page"], contract.PAGE)
        if "status" in body:
            assert_fields(body["status"], contract.STATUS)
            assert body["status"]["indicator"] in contract.INDICATORS
        assert_components(body.get("components", ()))
        assert_incidents(body.get("incidents", ()), contract.INCIDENT, contract.INCIDENT_STATUSES)
        works = body.get("scheduled_maintenances", ())
        assert_incidents(works, contract.MAINTENANCE, contract.MAINTENANCE_STATUSES)


def test_every_file_has_the_fields_of_statuspage() -> None:
    assert_is_statuspage(files())
    assert_is_statuspage(files(()))
    assert_is_statuspage(files(now=DURING_WORKS))


def test_every_time_carries_its_offset() -> None:
    def times(value: Any) -> Iterator[Any]:
        if isinstance(value, dict):
            for name, inner in value.items():
                if name.endswith("_at") or name in ("scheduled_for", "scheduled_until"):
                    yield inner
                else:
                    yield from times(inner)
        elif isinstance(value, list):
            for inner in value:
                yield from times(inner)

    found = [one for one in times(files()) if one is not None]
    assert {dt.datetime.fromisoformat(one).utcoffset() for one in found} == {dt.timedelta(hours=5)}


def test_what_is_open_is_unresolved_and_in_the_summary() -> None:
    found = files()
    assert [one["id"] for one in found["incidents/unresolved"]["incidents"]] == ["in-cdn2025may19"]
    assert found["summary"]["incidents"] == found["incidents/unresolved"]["incidents"]
    assert found["status"]["status"] == {"indicator": "major", "description": "Partial System Outage"}


def test_all_incidents_stand_newest_first_without_maintenance_and_notices() -> None:
    assert [one["id"] for one in files()["incidents"]["incidents"]] == [
        "in-cdn2025may19",
        "in-vpn20241110",
        "in-slow2024july",
    ]


def test_states_are_told_in_statuspages_words() -> None:
    vpn = next(one for one in files()["incidents"]["incidents"] if one["id"] == "in-vpn20241110")
    assert [one["status"] for one in vpn["incident_updates"]] == ["resolved", "investigating", "investigating"]
    assert (vpn["status"], vpn["impact"]) == ("resolved", "critical")
    assert vpn["resolved_at"] == "2024-11-10T16:30:00.000+05:00"
    assert vpn["shortlink"] == "https://status.example.pk/en/incident/in-vpn20241110.html"
    slow = next(one for one in files()["incidents"]["incidents"] if one["id"] == "in-slow2024july")
    assert slow["status"] == "postmortem"


def test_a_relapse_is_not_resolved() -> None:
    thread = example_thread("in-vpn20241110")
    again = structs.replace(thread.updates[0], id="bu-vpn-9", sequence=30, at=NOW)
    back = structs.replace(thread, state="confirmed", is_open=True, updates=(*thread.updates, again), sequence=30)
    one = files([back])["incidents/unresolved"]["incidents"][0]
    assert (one["status"], one["resolved_at"]) == ("investigating", None)


def test_components_are_as_bad_as_the_worst_that_is_open() -> None:
    listed = {one["id"]: one for one in files()["components"]["components"]}
    assert listed["cloudflare"]["status"] == "partial_outage"
    assert listed["vpn"]["status"] == "operational"
    group = listed["group.reaching-the-world"]
    assert (group["status"], group["components"]) == ("partial_outage", ["international", "cloudflare", "vpn"])
    assert {listed[one]["group_id"] for one in group["components"]} == {group["id"]}
    assert [listed[one]["position"] for one in group["components"]] == [1, 2, 3]


def test_maintenance_is_planned_then_under_way_by_the_clock() -> None:
    before, during = files()["scheduled-maintenances"], files(now=DURING_WORKS)
    assert before["scheduled_maintenances"][0]["status"] == "scheduled"
    works = during["scheduled-maintenances/active"]["scheduled_maintenances"][0]
    assert (works["status"], works["impact"]) == ("in_progress", "maintenance")
    assert works["scheduled_for"] == "2025-05-22T02:00:00.000+05:00"
    assert works["scheduled_until"] == "2025-05-22T05:00:00.000+05:00"
    listed = {one["id"]: one["status"] for one in during["components"]["components"]}
    assert listed["karachi"] == "under_maintenance"
    assert during["scheduled-maintenances/upcoming"]["scheduled_maintenances"] == []


def test_maintenance_alone_is_the_indicator_maintenance() -> None:
    works = [example_thread("in-works2025may22")]
    assert files(works)["status"]["status"]["indicator"] == "none"
    assert files(works, now=DURING_WORKS)["status"]["status"] == {
        "indicator": "maintenance",
        "description": "Service Under Maintenance",
    }


def test_maintenance_that_is_over_is_completed() -> None:
    thread = example_thread("in-works2025may22")
    done = structs.replace(thread.updates[0], id="bu-works-2", sequence=40, incident_state="resolved", at=DURING_WORKS)
    over = structs.replace(thread, updates=(*thread.updates, done), state="resolved", is_open=False, sequence=40)
    one = files([over], now=DURING_WORKS)["scheduled-maintenances"]["scheduled_maintenances"][0]
    assert (one["status"], one["incident_updates"][0]["status"]) == ("completed", "completed")


def test_updates_say_which_components_changed() -> None:
    cdn = files()["incidents/unresolved"]["incidents"][0]
    newest = {one["code"]: one for one in cdn["incident_updates"][0]["affected_components"]}
    assert (newest["cloudflare"]["old_status"], newest["cloudflare"]["new_status"]) == (
        "major_outage",
        "partial_outage",
    )


def test_an_update_says_its_evidence() -> None:
    newest = files()["incidents/unresolved"]["incidents"][0]["incident_updates"][0]
    assert "Cause: Corroborated, and reproduced, probability 95%" in newest["body"]


@pytest.mark.parametrize("words", WORDS)
def test_no_words_break_a_file(words: str) -> None:
    threads, site = [hostile(one, words) for one in example_threads()], hostile_site(example_site(), words)
    assert_is_statuspage(files(threads, site=site))
