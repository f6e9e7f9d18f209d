"""Whatever was written, a cleaned text stands in XML, JSON and a calendar, and comes out of them as it went in."""

import json

import icalendar
import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from raabta.model.bulletin import BulletinText
from raabta.publish.feeds import calendar, jsonfeed
from raabta.publish.feeds.cleaning import REPLACEMENT, clean, cleaned, one_line, shortened
from raabta.publish.feeds.elements import Element
from tests.cases.hostile import hostile
from tests.cases.publication import example_site, example_thread
from tests.cases.readers import read_xml

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=60)  # with halves of surrogate pairs
QUICK = settings(max_examples=80, deadline=None)


@QUICK
@given(ANY_TEXT)
def test_a_clean_text_passes_through_xml_and_stays_clean(text: str) -> None:
    found = clean(text)
    assert clean(found) == found
    root = Element("a", {"b": one_line(text)})
    root.add("c", found)
    read = read_xml(root.document())
    assert (read.findtext("c") or "") == found
    assert read.get("b") == one_line(text)


@QUICK
@given(ANY_TEXT)
def test_a_whole_thread_is_cleaned_however_deep_its_texts_stand(text: str) -> None:
    thread = cleaned(hostile(example_thread("in-cdn2025may19"), text))
    assert {one.known for one in thread.updates[0].texts} == {clean(text)}
    assert thread.statements[0].source == clean(text)
    assert cleaned(thread) == thread
    assert json.loads(jsonfeed.as_json({"x": thread.links[0].title})) == {"x": clean(text)}


@QUICK
@given(ANY_TEXT)
def test_a_calendar_gives_back_what_was_put_in(text: str) -> None:
    thread = example_thread("bu-meeting-1")
    texts = (BulletinText(language="en", title="title", known=text),)
    changed = msgspec.structs.replace(thread, updates=(msgspec.structs.replace(thread.updates[0], texts=texts),))
    raw = calendar.render([changed], example_site())["en/calendar.ics"]
    description = str(icalendar.Calendar.from_ical(raw).walk("VEVENT")[0]["DESCRIPTION"])
    assert clean(text).replace("\t", " ") in description or not text.strip()


@QUICK
@given(ANY_TEXT, st.integers(min_value=1, max_value=70))
def test_a_shortened_text_is_never_longer_than_asked(text: str, n_most: int) -> None:
    found = shortened(text, n_most)
    assert len(found) <= n_most
    assert found == text or found.endswith("…")


def test_what_cannot_be_shown_is_marked_and_what_turns_text_round_is_taken_out() -> None:
    assert clean("a\x00b\ud800c") == f"a{REPLACEMENT}b{REPLACEMENT}c"
    assert clean("\u202eabc\u202c \u2067d\u2069") == "abc d"
    assert clean("one\r\ntwo\rthree\u2028four\x85five") == "one\ntwo\nthree\nfour\nfive"
    assert clean("نہیں\u200cہے 👍") == "نہیں\u200cہے 👍"
