"""Rules that hold for every page."""

import re
import tomllib
from itertools import pairwise
from pathlib import Path, PurePosixPath
from posixpath import normpath

import pytest
from msgspec import structs

import raabta.publish.site
from raabta.model.publication import PublicThread
from raabta.model.site import Component
from raabta.publish.feeds import render_feeds
from raabta.publish.site import make_view, render_component, render_front, render_history
from raabta.publish.site.paths import owner_of, thread_path
from raabta.publish.site.view import MonthCount, component_state
from tests.cases.publication import NOW, at, example_site, example_thread, example_threads
from tests.cases.site_pages import example_pages, pages_of, parse, text_of

SITE = example_site()
PAGES = example_pages()
LATER = pages_of(SITE, example_threads(), now=at("2025-05-20 20:31"))
HTML = {path: content for path, content in PAGES.items() if path.endswith(".html")}
ROOTS = {path: parse(content) for path, content in HTML.items()}

each_page = pytest.mark.parametrize("path", sorted(HTML))


def words_of(path: str) -> str:
    return text_of(ROOTS[path])


@each_page
def test_a_page_names_its_language_and_direction(path: str) -> None:
    root = ROOTS[path]
    language = path.partition("/")[0] if "/" in path else "en"
    assert (root.get("lang"), root.get("dir")) == (language, {"en": "ltr", "ur": "rtl"}[language])
    assert len(root.findall(".//h1")) == 1
    assert len(root.findall(".//main")) == 1
    assert root.findtext(".//title")


@each_page
def test_a_page_has_no_script_and_asks_for_nothing_but_its_style_sheet(path: str) -> None:
    root = ROOTS[path]
    assert not list(root.iter("script", "img", "iframe", "object", "embed", "video", "audio", "style"))
    assert not root.xpath("//@style")
    assert not [name for element in root.iter("*") for name in element.attrib if name.startswith("on")]
    (policy,) = root.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")
    assert policy == (
        "default-src 'none'; style-src 'self'; img-src data:; form-action https://desk.example.pk; base-uri 'none'"
    )
    loaded = root.xpath("//link[@rel='stylesheet' or @rel='icon']/@href")
    assert [normpath(str(PurePosixPath(path).parent / one)) for one in loaded[:1]] == ["style.css"]
    assert loaded[1].startswith("data:image/svg+xml,")


@each_page
def test_every_link_within_the_site_is_relative_and_leads_somewhere(path: str) -> None:
    feeds = render_feeds(example_threads(), SITE, now=NOW)
    known = set(PAGES) | set(feeds)
    for element, _, link, _ in ROOTS[path].iterlinks():
        if re.match(r"(https?|mailto|data):", link) or element.tag == "form":
            continue
        target, _, anchor = link.partition("#")
        where = normpath(str(PurePosixPath(path).parent / target)) if target else path
        assert where in known, link
        if anchor and where in ROOTS:
            assert ROOTS[where].xpath("//*[@id=$anchor]", anchor=anchor), link


@each_page
def test_every_page_leads_to_the_same_page_in_the_other_language_and_on_the_mirrors(path: str) -> None:
    if path == "index.html":
        return
    other = path.replace("en/", "ur/", 1) if path.startswith("en/") else path.replace("ur/", "en/", 1)
    (href,) = ROOTS[path].xpath("//link[@rel='alternate'][@hreflang]/@href")
    assert normpath(str(PurePosixPath(path).parent / href)) == other
    links = set(ROOTS[path].xpath("//footer//a/@href"))
    assert {f"{mirror}/{path}" for mirror in (SITE.url, *SITE.mirrors)} <= links


@each_page
def test_headings_descend_one_level_at_a_time_and_ids_are_unique(path: str) -> None:
    levels = [int(element.tag[1]) for element in ROOTS[path].iter("h1", "h2", "h3", "h4")]
    assert all(after - before <= 1 for before, after in pairwise(levels))
    ids = ROOTS[path].xpath("//@id")
    assert len(ids) == len(set(ids))


@each_page
def test_only_front_pages_know_when_they_were_made(path: str) -> None:
    assert (LATER[path] != PAGES[path]) == (owner_of(path) == "front")


def test_every_page_but_fixed_ones_has_an_owner() -> None:
    owners = {path: owner_of(path) for path in HTML}
    assert owners["index.html"] == owners["en/index.html"] == "front"
    assert owners["ur/incident/in-vpn20241110.html"] == "thread/in-vpn20241110"
    assert owners["en/component/vpn.html"] == "component/vpn"
    assert owner_of("en/month/2024-11.2.html") == "month/2024-11"
    assert owner_of("en/history.2.html") == owners["ur/history.html"] == "history"
    assert {path for path, owner in owners.items() if not owner} == {
        f"{language}/{name}.html" for language in ("en", "ur") for name in ("about", "report", "subscribe")
    }


@pytest.mark.parametrize("name", ["../x", "a/b", "", ".", "a.b", "x" * 101, "-a", "a\nb"])
def test_no_id_leads_out_of_its_folder(name: str) -> None:
    with pytest.raises(ValueError, match="cannot be the name of a page"):
        thread_path("incident", name, language="en")


# --- the front page ---


def test_the_front_page_shows_open_incidents_first_with_the_next_update() -> None:
    shown = words_of("en/index.html")
    assert "A major disturbance" in shown
    assert "One incident is open" in shown
    assert shown.index("Half of the addresses answer again") < shown.index("Maintenance of a submarine cable")
    assert "Next update by 20 May 2025, 22:00 PKT (UTC+05:00)" in shown
    assert "This page was made on 20 May 2025, 18:30 PKT (UTC+05:00)." in shown


def test_the_front_page_without_incidents_says_so() -> None:
    view = make_view((), (), site=SITE)
    made = render_front(view, SITE, now=NOW)
    assert "No incident is open" in parse(made["en/index.html"]).text_content()
    assert "کوئی واقعہ جاری نہیں" in parse(made["index.html"]).text_content()


def test_an_update_that_did_not_come_in_time_is_said_to_be_late() -> None:
    view = make_view((example_thread("in-cdn2025may19"),), (), site=SITE)
    in_time = render_front(view, SITE, now=at("2025-05-20 21:59"))["en/index.html"]
    too_late = render_front(view, SITE, now=at("2025-05-20 22:01"))["en/index.html"]
    assert "Next update by 20 May 2025, 22:00 PKT" in text_of(parse(in_time))
    assert "Late: an update was promised by 20 May 2025, 22:00 PKT" in text_of(parse(too_late))


def test_wherever_a_list_says_what_happened_it_says_how_sure_that_is() -> None:
    for path in ("en/index.html", "en/month/2025-05.html", "en/component/cloudflare.html"):
        (row,) = [one for one in ROOTS[path].find_class("row") if "Half of the addresses" in text_of(one)]
        assert "Blocking" in text_of(row)
        assert "Corroborated, and reproduced, Probability 95%" in text_of(row)


def test_a_meeting_that_is_over_is_not_coming_up() -> None:
    threads = (example_thread("bu-meeting-1"),)
    view = make_view((), threads, site=SITE)
    before = render_front(view, SITE, now=at("2025-05-24 17:29"))["en/index.html"].decode()
    after = render_front(view, SITE, now=at("2025-05-24 17:31"))["en/index.html"].decode()
    assert "Coming up" in before
    assert "Coming up" not in after


def test_the_worst_open_incident_is_the_state_of_a_component() -> None:
    minor = structs.replace(example_thread("in-cdn2025may19"), id="in-minor", severity="minor")
    every = (minor, *example_threads())
    is_open = [one for one in every if one.is_open]
    assert component_state("cloudflare", is_open) == "major"
    assert component_state("international", is_open) == "works"
    assert component_state("vpn", is_open) == "fine"
    assert component_state("cloudflare", [structs.replace(minor, severity="none")]) == "watched"


def test_root_has_both_languages() -> None:
    shown = words_of("index.html")
    assert "Half of the addresses answer again" in shown
    assert "آدھے پتے دوبارہ جواب دے رہے ہیں" in shown
    assert set(ROOTS["index.html"].xpath("//section//a[@hreflang]/@href")) == {"en/index.html", "ur/index.html"}


# --- words ---


def test_all_words_are_there_in_both_languages_with_the_same_places() -> None:
    words = tomllib.loads((Path(raabta.publish.site.__file__).parent / "data" / "words.toml").read_text("utf-8"))
    for group, named in words.items():
        for name, both in named.items():
            places = {language: sorted(re.findall(r"{[a-z]+}", both[language])) for language in ("en", "ur")}
            assert places["en"] == places["ur"], (group, name)
            assert both["en"], (group, name)
            assert re.search("[ء-ی]", both["ur"]) or both["ur"] == both["en"], (group, name)


# --- lists ---


def test_a_component_shows_its_state_and_what_concerned_it() -> None:
    shown = words_of("en/component/international.html")
    assert "Maintenance of a submarine cable" in shown
    assert "Speeds are back" in shown
    assert "VPNs connect again" not in shown


def test_a_component_that_nothing_was_said_about_has_a_page() -> None:
    component = Component(id="new", name_en="New", name_ur="نیا")
    made = render_component(component, (), site=SITE)
    assert "Nothing has been published about this yet." in made["en/component/new.html"].decode()


def test_the_history_counts_by_month_newest_first() -> None:
    made = render_history([MonthCount(month="2023-12", n_threads=1), MonthCount(month="2024-01", n_threads=12)], SITE)
    shown = text_of(parse(made["en/history.html"]))
    assert shown.index("January 2024") < shown.index("12 entries") < shown.index("December 2023")
    assert "1 entry" in shown


# --- forms ---


def test_forms_go_to_the_desk_and_to_nobody_without_one() -> None:
    actions = {
        form.get("action") for path in ("en/subscribe.html", "ur/report.html") for form in ROOTS[path].iter("form")
    }
    assert actions == {
        "https://desk.example.pk/subscribe",
        "https://desk.example.pk/report",
        "https://desk.example.pk/report/state",
    }
    without = pages_of(structs.replace(SITE, desk_url=""), ())
    for path in ("en/subscribe.html", "ur/report.html"):
        assert b"<form" not in without[path]
        assert b"form-action &#39;none&#39;" in without[path]


def test_every_field_has_a_label() -> None:
    for path in ("en/subscribe.html", "ur/subscribe.html", "en/report.html", "ur/report.html"):
        root = ROOTS[path]
        for field in root.iter("input", "select", "textarea"):
            if field.get("type") == "hidden":
                continue
            is_wrapped = any(above.tag == "label" for above in field.iterancestors())
            assert is_wrapped or root.xpath("//label[@for=$id]", id=field.get("id")), field.get("name")


def test_about_has_the_key_and_how_to_check_a_copy() -> None:
    made = pages_of(structs.replace(SITE, key="RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3"), ())
    assert "raabta publish check https://status.example.pk --key RWQf6" in made["en/about.html"].decode()


def test_a_thread_of_every_kind_stands_in_its_folder() -> None:
    kinds: set[PublicThread] = set(example_threads())
    assert {one.kind for one in kinds} == {"incident", "notice", "meeting", "advisory"}
    assert all(f"en/{one.kind}/{one.id}.html" in HTML for one in kinds)
