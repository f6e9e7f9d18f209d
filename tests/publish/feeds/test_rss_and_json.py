"""RSS and JSON Feed tell the same updates as Atom, each by its own rules."""

import datetime as dt
import json
from email.utils import parsedate_to_datetime
from typing import Any

import pytest

from raabta.publish.feeds import jsonfeed, rss
from tests.cases.hostile import WORDS, hostile, hostile_site
from tests.cases.publication import example_site, example_thread, example_threads
from tests.cases.readers import read_feed, read_html, read_xml

UPDATES = [
    one.id
    for one in sorted((one for thread in example_threads() for one in thread.updates), key=lambda one: -one.sequence)
]

# jsonfeed.org/version/1.1, compiled by hand: names of the feed and of an item, their types, and whether each must be.
FEED_FIELDS = {
    "version": (str, True),
    "title": (str, True),
    "home_page_url": (str, False),
    "feed_url": (str, False),
    "description": (str, False),
    "language": (str, False),
    "authors": (list, False),
    "items": (list, True),
}
ITEM_FIELDS = {
    "id": (str, True),
    "url": (str, False),
    "title": (str, False),
    "summary": (str, False),
    "content_html": (str, False),
    "content_text": (str, False),
    "date_published": (str, False),
    "date_modified": (str, False),
    "language": (str, False),
    "tags": (list, False),
}


def assert_is_json_feed(raw: bytes) -> dict[str, Any]:
    feed: dict[str, Any] = json.loads(raw.decode("utf-8"))
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert_fields(feed, FEED_FIELDS)
    assert all(author.keys() <= {"name", "url", "avatar"} and author for author in feed["authors"])
    for item in feed["items"]:
        assert_fields(item, ITEM_FIELDS)
        assert "content_html" in item or "content_text" in item
        assert all(isinstance(tag, str) for tag in item["tags"])
        for name in ("date_published", "date_modified"):
            assert dt.datetime.fromisoformat(item[name]).tzinfo is not None
    ids = [item["id"] for item in feed["items"]]
    assert len(ids) == len(set(ids))
    return feed


def assert_fields(found: dict[str, Any], fields: dict[str, Any]) -> None:
    own = {name for name in found if name.startswith("_")}  # extensions
    assert found.keys() - own <= fields.keys()
    for name, (kind, is_needed) in fields.items():
        assert name in found or not is_needed
        assert isinstance(found.get(name, kind()), kind)


def test_json_feed_follows_version_1_1() -> None:
    for path, raw in jsonfeed.render(example_threads(), example_site()).items():
        feed = assert_is_json_feed(raw)
        assert feed["feed_url"] == f"https://status.example.pk/{path}"
        assert [item["_raabta"]["update"] for item in feed["items"]] == UPDATES


def test_json_feed_says_state_evidence_and_next_update_as_data() -> None:
    feed = json.loads(jsonfeed.render([example_thread("in-cdn2025may19")], example_site())["en/feed.json"])
    ours = feed["items"][0]["_raabta"]
    assert ours["state"] == "mitigating"
    assert (ours["evidence_class"], ours["probability_percent"]) == ("reproduced", 95)
    assert ours["next_update_at"] == "2025-05-20T17:00:00Z"
    assert "Next update by: 20 May 2025, 22:00 PKT (UTC+05:00)" in feed["items"][0]["content_text"]


def test_rss_has_an_item_for_every_update() -> None:
    for path, raw in rss.render(example_threads(), example_site()).items():
        read = read_feed(raw)
        assert not read.bozo
        assert read.version == "rss20"
        assert [entry.link.rpartition("#")[2] for entry in read.entries] == UPDATES
        assert read.feed.links[-1].href == f"https://status.example.pk/{path}"


def test_rss_has_what_its_specification_asks_for() -> None:
    channel = read_xml(rss.render(example_threads(), example_site())["ur/feed.rss"]).find("channel")
    assert all(channel.findtext(name) for name in ("title", "link", "description"))
    assert channel.findtext("language") == "ur-pk"
    for item in channel.iterfind("item"):
        assert item.find("guid").get("isPermaLink") == "false"
        written = parsedate_to_datetime(item.findtext("pubDate"))
        assert written.utcoffset() == dt.timedelta(hours=5)


def test_guids_of_rss_and_ids_of_the_others_are_the_same() -> None:
    guids = [entry.id for entry in read_feed(rss.render(example_threads(), example_site())["en/feed.rss"]).entries]
    feed = json.loads(jsonfeed.render(example_threads(), example_site())["en/feed.json"])
    assert guids == [item["id"] for item in feed["items"]]


@pytest.mark.parametrize("words", WORDS)
def test_no_words_break_rss_or_json(words: str) -> None:
    threads, site = [hostile(one, words) for one in example_threads()], hostile_site(example_site(), words)
    for raw in rss.render(threads, site).values():
        read_xml(raw)
        assert len(read_feed(raw).entries) == len(UPDATES)
    for raw in jsonfeed.render(threads, site).values():
        feed = assert_is_json_feed(raw)
        for item in feed["items"]:
            assert not read_html(item["content_html"]).xpath("//script | //b | //*[@onclick]")


def test_an_empty_feed_is_one_too() -> None:
    assert read_feed(rss.render((), example_site())["en/feed.rss"]).entries == []
    assert assert_is_json_feed(jsonfeed.render((), example_site())["en/feed.json"])["items"] == []
