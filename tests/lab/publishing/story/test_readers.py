"""What independent readers make of the site's pages and feeds, over plain HTTP."""

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest

from tests.cases.readers import atom_grammar, cap_schema, read_alert, read_events, read_feed, read_html, read_xml
from tests.contract import statuspage
from tests.lab.publishing.story.story import Story

pytestmark = pytest.mark.lab

LANGUAGES = ("en", "ur")
N_UPDATES = 17


@pytest.fixture(scope="module")
def pages(story: Story) -> dict[str, str]:
    listed = story.data("manifest.json")["files"]
    return {one["path"]: story.page(one["path"]) for one in listed if one["path"].endswith(".html")}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_atom_feed_is_valid_and_has_one_entry_for_every_update(story: Story, language: str) -> None:
    raw = story.raw(f"{language}/feed.atom")
    grammar = atom_grammar()
    assert grammar.validate(read_xml(raw)), grammar.error_log
    feed = read_feed(raw)
    assert (feed.bozo, len(feed.entries), feed.feed.language) == (False, N_UPDATES, language)
    assert len({entry.id for entry in feed.entries}) == N_UPDATES


def test_an_entry_of_november_is_the_same_entry_in_may(story: Story) -> None:
    then = {entry.id: entry.title for entry in read_feed(story.found["feed in November"]).entries}
    now = {entry.id: entry.title for entry in read_feed(story.raw("en/feed.atom")).entries}
    assert len(then) == 7
    assert {id_: now[id_] for id_ in then} == then


@pytest.mark.parametrize("language", LANGUAGES)
def test_rss_and_json_feed_have_the_same_entries(story: Story, language: str) -> None:
    atom = [entry.id for entry in read_feed(story.raw(f"{language}/feed.atom")).entries]
    rss = read_feed(story.raw(f"{language}/feed.rss"))
    listed = story.data(f"{language}/feed.json")
    assert rss.bozo is False
    assert [entry.id for entry in rss.entries] == atom
    assert [item["id"] for item in listed["items"]] == atom
    assert listed["version"] == "https://jsonfeed.org/version/1.1"


def test_a_feed_of_one_component_has_that_components_updates(story: Story) -> None:
    feed = read_feed(story.raw("en/component/vpn.atom"))
    assert len(feed.entries) == 6
    assert all(story.ids["november"] in entry.link for entry in feed.entries)


def test_feeds_print_the_official_statement_beside_our_cause(story: Story) -> None:
    entries = {entry.link.partition("#")[2]: entry for entry in read_feed(story.raw("en/feed.atom")).entries}
    said = entries[story.ids["summer cause"]].content[0].value
    assert "Two submarine cables are damaged." in said
    assert "probability 55%" in said


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_calendar_has_three_incidents_and_a_meeting_with_times_in_utc(story: Story, language: str) -> None:
    events = read_events(story.raw(f"{language}/calendar.ics"))
    assert len(events) == 4
    assert all(event.start.utcoffset() == dt.timedelta() for event in events)


def test_every_alert_is_valid_and_in_both_languages_with_local_offsets(story: Story) -> None:
    schema = cap_schema()
    names = [one["path"] for one in story.data("manifest.json")["files"] if one["path"].startswith("cap/")]
    alerts = [name for name in names if name.endswith(".xml")]
    assert len(alerts) == N_UPDATES - 1
    for name in alerts:
        raw = story.raw(name)
        assert schema.validate(read_xml(raw)), (name, schema.error_log)
        read = read_alert(raw)
        assert [info["cap_language"] for info in read["cap_info"]] == ["en-PK", "ur-PK"]
        assert str(read["cap_sent"]).endswith("+05:00")


def test_the_alerts_of_november_are_an_alert_updates_and_a_cancellation(story: Story) -> None:
    named = ("first", "second", "third", "correction", "over")
    kinds = [
        str(read_alert(story.raw(f"cap/{story.ids[f'november {name}']}.xml"))["cap_message_type"]) for name in named
    ]
    assert kinds == ["Alert", "Update", "Update", "Update", "Cancel"]


def test_a_client_of_statuspage_sees_the_outage_while_it_lasts_and_calm_after_it(
    story: Story, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # it keeps a cache where it runs
    during = {one["name"]: one["status"] for one in story.found["summary in November"]["components"]}
    assert during["VPN tunnels"] == "major_outage"
    assert story.found["summary in November"]["status"]["indicator"] == "critical"
    checker = pytest.importorskip("statuspage_prometheus_exporter.service_checker")
    config = {"name": "Raabta", "url": f"{story.base}/api/v2/summary.json"}
    found = checker.check_status_page_service("raabta", config)
    assert found["success"]
    assert {one["status"] for one in found["component_metadata"]} == {"operational"}


def test_every_file_of_the_status_interface_has_its_fields(story: Story) -> None:
    for name, fields in statuspage.FILES.items():
        assert story.data(f"api/v2/{name}.json").keys() == fields, name
    listed = story.data("api/v2/incidents.json")["incidents"]
    assert {one["id"] for one in listed} == {story.ids[name] for name in ("summer", "november", "may")}
    assert {one["status"] for one in listed} == {"postmortem"}
    assert all(one.keys() == statuspage.INCIDENT.keys() for one in listed)


def test_every_page_is_small_and_loads_nothing_from_elsewhere(story: Story, pages: dict[str, str]) -> None:
    style = len(story.raw("style.css"))
    assert len(pages) > 30
    for path, page in pages.items():
        assert len(page.encode()) + style <= 50_000, path
        read = read_html(page)
        assert not read.xpath("//script|//img|//iframe|//object|//style|//@onclick"), path
        loaded = read.xpath("//link[@rel='stylesheet' or @rel='icon']/@href")
        assert not [one for one in loaded if not one.startswith("data:") and "//" in one], path


def test_every_time_on_a_page_carries_its_zone(pages: dict[str, str]) -> None:
    times = [one for page in pages.values() for one in read_html(page).xpath("//time[contains(@datetime, 'T')]")]
    assert len(times) > 100
    for one in times:
        assert dt.datetime.fromisoformat(one.get("datetime")).tzinfo is not None
        assert "PKT" in " ".join(one.itertext())


def test_urdu_pages_run_from_right_to_left_and_isolate_what_does_not(pages: dict[str, str]) -> None:
    urdu = {path: read_html(page) for path, page in pages.items() if path.startswith("ur/")}
    assert {page.get("dir") for page in urdu.values()} == {"rtl"}
    assert {page.get("lang") for page in urdu.values()} == {"ur"}
    for path, page in urdu.items():
        zones = [one for one in page.xpath("//main//text()[contains(., 'PKT')]") if "\u2068" not in one]
        assert not [one for one in zones if not _is_isolated(one)], path


def _is_isolated(text: Any) -> bool:
    """Say whether some element around a text sets its direction."""
    around = text.getparent()
    return any(one.get("dir") == "ltr" for one in (around, *around.iterancestors()))


def test_both_languages_have_the_same_pages_and_link_to_each_other(pages: dict[str, str]) -> None:
    english = {path[3:] for path in pages if path.startswith("en/")}
    assert english == {path[3:] for path in pages if path.startswith("ur/")}
    for path in english:
        assert read_html(pages[f"en/{path}"]).xpath("//link[@hreflang='ur']"), path


def test_share_text_and_picture_are_made_in_both_languages(story: Story) -> None:
    folder = story.desk.folder / "share"
    story.raabta("bulletin", "share", story.ids["may first"], "--output", folder)
    texts = {file.name[-6:-4]: file.read_text("utf-8") for file in folder.glob("*.txt")}
    assert sorted(texts) == ["en", "ur"]
    assert all(len(text) <= 900 and "2025" in text for text in texts.values())
    assert len(list(folder.glob("*.png"))) == 2


def test_what_is_only_for_members_cannot_be_shared(story: Story) -> None:
    refused = story.raabta("bulletin", "share", story.ids["members notice"], "--output", "no", code=2)
    assert json.dumps(story.ids["members notice"])[1:-1] not in refused.out
