"""Atom feeds hold one entry for every update, and are what RFC 4287 says: its grammar, and a reader, agree."""

import calendar
import datetime as dt
from collections.abc import Sequence

import pytest
from lxml import etree
from msgspec import structs

from raabta.model.publication import PublicThread
from raabta.model.site import Site
from raabta.publish.feeds import atom, cap, render_feeds
from tests.cases.hostile import WORDS, hostile, hostile_site
from tests.cases.publication import NOW, example_site, example_thread, example_threads
from tests.cases.readers import atom_grammar, read_feed, read_html, read_xml

SPACE = {"a": "http://www.w3.org/2005/Atom"}


@pytest.fixture(scope="module")
def grammar() -> etree.RelaxNG:
    return atom_grammar()


@pytest.fixture(scope="module")
def feeds() -> dict[str, bytes]:
    return atom.render(example_threads(), example_site())


def all_atom(threads: Sequence[PublicThread], site: Site) -> dict[str, bytes]:
    return {path: raw for path, raw in render_feeds(threads, site, now=NOW).items() if path.endswith(".atom")}


def assert_valid(grammar: etree.RelaxNG, raw: bytes) -> None:
    feed = read_xml(raw)
    assert grammar.validate(feed), grammar.error_log
    # What the Schematron rules of RFC 4287 and its prose ask for beyond the grammar.
    ids = feed.xpath("//a:entry/a:id/text()", namespaces=SPACE)
    assert len(ids) == len(set(ids))
    assert feed.xpath("a:author", namespaces=SPACE)  # 4.1.1: an author, in the feed or in every entry
    for entry in feed.xpath("a:entry", namespaces=SPACE):
        kinds = [(one.get("type"), one.get("hreflang")) for one in entry.xpath("a:link", namespaces=SPACE)]
        assert len(kinds) == len(set(kinds))  # 4.1.2: no two alternates of one type and language


def test_every_feed_follows_the_grammar_of_rfc_4287(grammar: etree.RelaxNG) -> None:
    found = all_atom(example_threads(), example_site())
    assert "cap/index.atom" in found
    assert len(found) == 2 + 2 * len(example_site().components) + 1
    for raw in found.values():
        assert_valid(grammar, raw)


def test_the_grammar_refuses_a_feed_without_an_id(grammar: etree.RelaxNG, feeds: dict[str, bytes]) -> None:
    broken = feeds["en/feed.atom"].replace(b"<id>", b"<x>").replace(b"</id>", b"</x>")
    assert not grammar.validate(read_xml(broken))


def test_every_update_has_its_own_entry_newest_first(feeds: dict[str, bytes]) -> None:
    read = read_feed(feeds["en/feed.atom"])
    assert not read.bozo
    updates = sorted((one for thread in example_threads() for one in thread.updates), key=lambda one: -one.sequence)
    assert [entry.link.rpartition("#")[2] for entry in read.entries] == [one.id for one in updates]
    assert [calendar.timegm(entry.published_parsed) for entry in read.entries] == [
        int(one.at.timestamp()) for one in updates
    ]


def test_ids_are_tags_that_stay_when_updates_follow() -> None:
    thread = example_thread("in-vpn20241110")
    earlier = structs.replace(thread, updates=thread.updates[:2], sequence=thread.updates[1].sequence)

    def ids(one: PublicThread) -> set[str]:
        return {e.id for e in read_feed(atom.render([one], example_site())["ur/feed.atom"]).entries}

    assert "tag:status.example.pk,2024-11-10:bu-vpn-1/ur" in ids(earlier)
    assert ids(earlier) < ids(thread)


def test_a_corrected_entry_says_so_and_is_newer_than_its_publication(feeds: dict[str, bytes]) -> None:
    entries = {entry.link.rpartition("#")[2]: entry for entry in read_feed(feeds["en/feed.atom"]).entries}
    corrected, correcting = entries["bu-vpn-1"], entries["bu-vpn-2"]
    assert corrected.updated_parsed == correcting.published_parsed > corrected.published_parsed
    assert "A later update corrects this one" in corrected.content[0].value
    assert correcting.title.startswith("Correction: ")


def test_an_entry_says_cause_evidence_and_what_parties_stated(feeds: dict[str, bytes]) -> None:
    entry = next(e for e in read_feed(feeds["en/feed.atom"]).entries if e.link.endswith("#bu-vpn-3"))
    words = entry.content[0].value
    assert "probability 90%" in words
    assert "The disruption of VPN services was due to a technical glitch" in words
    assert "16:30 PKT (UTC+05:00)" in words


def test_categories_name_components_severity_and_state(feeds: dict[str, bytes]) -> None:
    entry = next(e for e in read_feed(feeds["ur/feed.atom"]).entries if e.link.endswith("#bu-cdn-2"))
    terms = {(tag.scheme.rpartition("#")[2], tag.term) for tag in entry.tags}
    assert {("component", "cloudflare"), ("severity", "critical"), ("state", "cause_identified")} <= terms
    assert "سنگین" in {tag.label for tag in entry.tags}


def test_urdu_is_marked_as_such_and_isolates_host_names(feeds: dict[str, bytes]) -> None:
    read = read_feed(feeds["ur/feed.atom"])
    assert read.feed.language == "ur"
    entry = next(e for e in read.entries if e.link.endswith("#bu-cdn-1"))
    assert entry.content[0].value.startswith('<div dir="rtl" lang="ur">')
    assert "\u2068cdn.example.com\u2069" in entry.content[0].value


def test_a_component_has_a_feed_of_its_own_updates_only() -> None:
    component = next(one for one in example_site().components if one.id == "vpn")
    found = atom.render_component(component, example_threads(), site=example_site())
    entries = read_feed(found["en/component/vpn.atom"]).entries
    assert {e.link.rpartition("#")[2] for e in entries} == {"bu-vpn-1", "bu-vpn-2", "bu-vpn-3", "bu-notice-1"}


def test_the_same_threads_give_the_same_bytes_at_any_time() -> None:
    threads, site = example_threads(), example_site()
    early, late = (render_feeds(threads, site, now=now) for now in (NOW, NOW + dt.timedelta(hours=1)))
    assert early == late


def test_an_empty_site_has_valid_feeds(grammar: etree.RelaxNG) -> None:
    for raw in all_atom((), example_site()).values():
        assert_valid(grammar, raw)


@pytest.mark.parametrize("words", WORDS)
def test_no_words_break_a_feed(grammar: etree.RelaxNG, words: str) -> None:
    threads = [hostile(one, words) for one in example_threads()]
    for path, raw in all_atom(threads, hostile_site(example_site(), words)).items():
        assert_valid(grammar, raw)
        assert not read_feed(raw).bozo, path


def test_markup_arrives_as_words_not_as_markup() -> None:
    raw = atom.render([hostile(example_thread("bu-notice-1"), WORDS[0])], example_site())["en/feed.atom"]
    shown = read_html(read_feed(raw).entries[0].content[0].value)
    assert not shown.xpath("//script | //b | //*[@onclick]")
    assert "<script>alert(1)</script>" in "".join(shown.itertext())


def test_a_feed_holds_the_newest_hundred_updates() -> None:
    thread = example_thread("bu-notice-1")
    many = [
        structs.replace(
            thread, id=f"bu-{n}", updates=(structs.replace(thread.updates[0], id=f"bu-{n}", sequence=n),), sequence=n
        )
        for n in range(150, 0, -1)
    ]
    entries = read_feed(atom.render(many, example_site())["en/feed.atom"]).entries
    assert [e.link.rpartition("#")[2] for e in entries] == [f"bu-{n}" for n in range(150, 50, -1)]


def test_the_list_of_alerts_leads_to_each_alert() -> None:
    found = cap.render(example_threads(), example_site())
    entries = read_feed(found["cap/index.atom"]).entries
    listed = {entry.links[0].href.removeprefix("https://status.example.pk/") for entry in entries}
    assert listed == found.keys() - {"cap/index.atom"}
    assert {entry.links[0].type for entry in entries} == {"application/cap+xml"}


def test_a_site_in_urdu_alone_has_all_feeds_and_no_link_to_english_pages(grammar: etree.RelaxNG) -> None:
    site = structs.replace(example_site(), languages=("ur",))
    found = render_feeds(example_threads(), site, now=NOW)
    assert not any(path.startswith("en/") or b"example.pk/en/" in raw for path, raw in found.items())
    assert_valid(grammar, found["cap/index.atom"])
