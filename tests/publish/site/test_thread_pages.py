import datetime as dt
import time
from typing import Any

import pytest
from msgspec import structs

from raabta.model.bulletin import BulletinText
from raabta.model.incident import EVIDENCE_CLASSES
from raabta.model.publication import PublicStatement, PublicThread
from raabta.publish.moments import iso, say_moment
from raabta.publish.site import render_thread
from raabta.publish.site.paths import thread_path
from tests.cases.publication import example_site, example_thread, example_threads
from tests.cases.site_pages import parse, text_of

SITE = example_site()


def page(thread: PublicThread, language: Any = "en") -> Any:
    made = render_thread(thread, SITE)
    return parse(made[thread_path(thread.kind, thread.id, language=language)])


def one(root: Any, css_class: str) -> Any:
    (found,) = root.find_class(css_class)
    return found


def test_an_open_incident_says_that_it_is_not_over_and_when_the_next_update_comes() -> None:
    thread = example_thread("in-cdn2025may19")
    verdict = text_of(one(page(thread), "verdict"))
    assert "No, it is not over" in verdict
    assert "Next update by 20 May 2025, 22:00 PKT (UTC+05:00)" in verdict


def test_a_resolved_incident_says_that_it_is_over_and_promises_no_update() -> None:
    verdict = text_of(one(page(example_thread("in-vpn20241110")), "verdict"))
    assert "Yes, it is over" in verdict
    assert "No further update is planned." in verdict
    assert "Next update by" not in verdict


def test_an_incident_that_is_monitored_is_neither_over_nor_going_on() -> None:
    thread = structs.replace(example_thread("in-cdn2025may19"), state="monitoring", severity="none")
    assert "we are still watching" in text_of(one(page(thread), "verdict"))


def test_updates_stand_newest_first_each_under_its_anchor() -> None:
    thread = example_thread("in-vpn20241110")
    shown = [element.get("id") for element in page(thread).find_class("update")]
    assert shown == [update.id for update in reversed(thread.updates)]


def test_statements_and_promises_stand_between_updates_in_the_order_of_their_times() -> None:
    firsts = [
        block.find(".//time").get("datetime")
        for block in page(example_thread("in-vpn20241110")).find_class("timeline")[0]
    ]
    assert firsts == sorted(firsts, reverse=True)
    assert len(firsts) == 3 + 1 + 4


def test_the_cause_stands_beside_the_official_statement_with_class_and_probability() -> None:
    cause = one(page(example_thread("in-vpn20241110")), "cause")
    ours, theirs = text_of(one(cause, "ours")), text_of(one(cause, "theirs"))
    assert "Measured on several networks, beside a witness outside" in ours
    assert "Probability 90%" in ours
    assert "technical glitch" in theirs
    assert "Telecom regulator, 10 November 2024, 16:05 PKT (UTC+05:00)" in theirs


@pytest.mark.parametrize("evidence", [one for one in EVIDENCE_CLASSES if one != "none"])
@pytest.mark.parametrize("language", ["en", "ur"])
def test_every_class_of_evidence_stands_with_its_probability(evidence: Any, language: str) -> None:
    thread = structs.replace(example_thread("in-cdn2025may19"), evidence_class=evidence, probability_percent=61)
    ours = text_of(one(page(thread, language), "ours"))
    assert ("Probability 61%" if language == "en" else "امکان 61 فیصد") in ours


def test_a_cause_that_is_not_established_has_no_probability() -> None:
    thread = structs.replace(example_thread("in-cdn2025may19"), evidence_class="none", probability_percent=None)
    ours = text_of(one(page(thread), "ours"))
    assert "Cause not established" in ours
    assert "Probability" not in ours


def test_every_update_has_its_own_class_and_probability() -> None:
    shown = [text_of(update) for update in page(example_thread("in-vpn20241110")).find_class("update")]
    assert ["Probability 90%" in text for text in shown] == [True, True, False]
    assert "Reports only, not measured, Probability 40%" in shown[2]


def test_without_a_statement_the_page_says_so() -> None:
    thread = structs.replace(example_thread("in-cdn2025may19"), statements=())
    assert "We know of no official statement yet." in text_of(one(page(thread), "theirs"))


def test_a_statement_of_many_words_begins_beside_the_cause_and_stands_whole_in_the_timeline() -> None:
    thread = example_thread("in-vpn20241110")
    words = " ".join(f"word{number}" for number in range(1200))
    long = PublicStatement(party_en="Party", party_ur="فریق", at=thread.started_at, text_en=words)
    root = page(structs.replace(thread, statements=(long,)))
    theirs = text_of(one(root, "theirs"))
    assert "word0" in theirs
    assert "word1199" not in theirs
    assert "More statements stand in the timeline." in theirs
    assert "word1199" in text_of(one(root, "timeline"))


def test_both_sides_of_a_correction_stay_visible_and_lead_to_each_other() -> None:
    root = page(example_thread("in-vpn20241110"))
    wrong, right = root.get_element_by_id("bu-vpn-1"), root.get_element_by_id("bu-vpn-2")
    assert "Fixed lines are not hit." in text_of(wrong)
    assert [link.get("href") for link in one(wrong, "mend").iter("a")] == ["in-vpn20241110.html#bu-vpn-2"]
    assert [link.get("href") for link in one(right, "mend").iter("a")] == ["in-vpn20241110.html#bu-vpn-1"]
    assert "That was wrong" in text_of(right)


def test_a_promise_that_was_not_kept_stays_and_says_so() -> None:
    promises = [text_of(item) for item in page(example_thread("in-vpn20241110")).find_class("promise")]
    assert len(promises) == 2
    assert any("Telecom regulator" in text and "Not kept" in text and "12 November 2024" in text for text in promises)
    assert any(text.startswith("We") and "Kept" in text for text in promises)


@pytest.mark.parametrize("thread", example_threads(), ids=lambda one: one.id)
@pytest.mark.parametrize("language", ["en", "ur"])
def test_every_time_carries_its_zone_and_can_be_read_by_machines(thread: PublicThread, language: str) -> None:
    for found in page(thread, language).iter("time"):
        machine = found.get("datetime", "")
        assert dt.datetime.fromisoformat(machine).tzinfo is not None
        if ":" in found.text_content():
            assert "PKT (UTC+05:00)" in found.text_content()
    first = thread.updates[0].at
    assert say_moment(first, SITE, language="en") in text_of(page(thread))
    assert iso(first) in page(thread).xpath("//time/@datetime")


def test_another_zone_of_the_machine_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    thread = example_thread("in-cdn2025may19")
    before = render_thread(thread, SITE)
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    try:
        assert render_thread(thread, structs.replace(SITE)) == before
    finally:
        monkeypatch.delenv("TZ")
        time.tzset()


def test_the_same_thread_gives_the_same_bytes() -> None:
    for thread in example_threads():
        assert render_thread(thread, SITE) == render_thread(thread, structs.replace(SITE))


def test_a_meeting_says_when_and_where() -> None:
    shown = text_of(page(example_thread("bu-meeting-1")))
    assert "Begins 24 May 2025, 15:00 PKT (UTC+05:00)" in shown
    assert "Arfa Software Technology Park, Lahore, and online" in shown
    assert "Is it over?" not in shown


def test_an_advisory_says_which_versions_from_left_to_right() -> None:
    root = page(example_thread("bu-advisory-1"), "ur")
    runs = [run.text_content() for run in root.iter("bdi") if run.get("dir") == "ltr"]
    assert "10.2.9-h1, 11.0.4-h1, 11.1.2-h3" in runs
    assert "CVE-2024-3400" in runs


def test_a_text_that_is_missing_in_one_language_is_shown_in_the_other_and_marked() -> None:
    thread = example_thread("bu-notice-1")
    (update,) = thread.updates
    english = tuple(text for text in update.texts if text.language == "en")
    root = page(structs.replace(thread, updates=(structs.replace(update, texts=english),)), "ur")
    heading = root.find(".//h1")
    assert heading is not None
    assert (heading.get("lang"), heading.get("dir")) == ("en", "ltr")
    assert one(root, "update").get("lang") == "en"


def test_digits_of_the_site_are_those_of_running_text_but_not_of_addresses() -> None:
    site = structs.replace(SITE, digits="extended_arabic")
    thread = example_thread("in-cdn2025may19")
    root = parse(render_thread(thread, site)["ur/incident/in-cdn2025may19.html"])
    main = root.get_element_by_id("main")
    technical = {run.text_content() for run in main.iter("bdi")}
    assert {"104.21.32.1", "AS17557", "104.16.0.0/13", "cdn.example.com"} <= technical
    assert "۲۰ مئی ۲۰۲۵" in text_of(main)
    assert "۶۱ میں سے ۳۱" in text_of(main)
    for run in list(main.iter("bdi")):
        run.text = ""
    assert not set("0123456789") & set(text_of(main))


def test_a_site_of_one_language_has_no_pages_in_another() -> None:
    site = structs.replace(SITE, languages=("en",))
    made = render_thread(example_thread("in-vpn20241110"), site)
    assert list(made) == ["en/incident/in-vpn20241110.html"]
    assert b"hreflang" not in made["en/incident/in-vpn20241110.html"]


def test_an_update_without_any_text_breaks_no_page() -> None:
    thread = example_thread("bu-notice-1")
    bare = structs.replace(thread.updates[0], texts=())
    assert "bu-notice-1" in text_of(page(structs.replace(thread, updates=(bare,))))


def test_web_addresses_in_a_text_become_links_without_the_full_stop() -> None:
    thread = example_thread("bu-notice-1")
    words = "See https://regulator.example.pk/form?id=7&x=1. Or (http://example.org/a)."
    update = structs.replace(thread.updates[0], texts=(BulletinText(language="en", title="t", known=words),))
    links = [a.get("href") for a in one(page(structs.replace(thread, updates=(update,))), "update").iter("a")]
    assert links[1:] == ["https://regulator.example.pk/form?id=7&x=1", "http://example.org/a"]


@pytest.mark.parametrize(
    ("language", "words"), [("en", "put off from 11 November 2024, 09:00 PKT"), ("ur", "پہلے کی مدت: ")]
)
def test_a_promise_that_was_put_off_shows_the_deadlines_that_it_had(language: str, words: str) -> None:
    thread = example_thread("in-vpn20241110")
    earlier = dt.datetime(2024, 11, 11, 4, tzinfo=dt.UTC)
    moved = structs.replace(thread, promises=(structs.replace(thread.promises[0], put_off=(earlier,)),))
    (promise,) = page(moved, language).find_class("promise")
    assert words in text_of(promise)
    assert iso(earlier) in [one.get("datetime") for one in promise.iter("time")]


def test_a_promise_that_was_put_off_a_hundred_times_still_stands_on_the_page() -> None:
    thread = example_thread("in-vpn20241110")
    times = tuple(dt.datetime(2024, 1, 1, tzinfo=dt.UTC) + dt.timedelta(days=n) for n in range(100))
    moved = structs.replace(thread, promises=(structs.replace(thread.promises[0], put_off=times),))
    assert len(page(moved).find_class("promise")) == 1


@pytest.mark.parametrize(("language", "words"), [("en", "Cause Not established"), ("ur", "وجہ ثابت نہیں ہوئی")])
def test_an_update_without_a_cause_says_the_word_cause_once(language: str, words: str) -> None:
    thread = example_thread("in-vpn20241110")
    update = structs.replace(thread.updates[0], evidence_class="none", probability_percent=None)
    shown = text_of(page(structs.replace(thread, updates=(update,)), language).find_class("update")[0])
    assert words in shown
    assert "وجہ وجہ" not in shown
