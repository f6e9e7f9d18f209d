"""The calendar follows RFC 5545: icalendar reads it, lines are folded, and events stay the same ones."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

import icalendar
import pytest
from msgspec import structs

from raabta.model.bulletin import Language
from raabta.model.publication import PublicThread
from raabta.publish.feeds import calendar
from tests.cases.hostile import WORDS, hostile, hostile_site
from tests.cases.publication import example_site, example_thread, example_threads
from tests.cases.readers import read_events


def events(threads: Sequence[PublicThread], language: Language = "en") -> dict[str, Any]:
    raw = calendar.render(threads, example_site())[f"{language}/calendar.ics"]
    return {str(one["UID"]).partition("@")[0]: one for one in read_events(raw)}


def utc(year: int, month: int, day: int, hour: int, minute: int = 0) -> dt.datetime:
    return dt.datetime(year, month, day, hour, minute, tzinfo=dt.UTC)


def test_it_holds_incidents_maintenance_and_meetings_and_nothing_else() -> None:
    timed = {one.id for one in example_threads() if one.kind in ("incident", "meeting")}
    assert events(example_threads()).keys() == events(example_threads(), "ur").keys() == timed


def test_a_meeting_has_its_time_place_and_words() -> None:
    meeting = events(example_threads(), "ur")["bu-meeting-1"]
    assert (meeting.start, meeting.end) == (utc(2025, 5, 24, 10), utc(2025, 5, 24, 12, 30))
    assert "لاہور" in meeting["LOCATION"]
    assert meeting["SUMMARY"].params["LANGUAGE"] == "ur"
    assert meeting["STATUS"] == "CONFIRMED"


def test_maintenance_stands_at_its_planned_time() -> None:
    works = events(example_threads())["in-works2025may22"]
    assert (works.start, works.end) == (utc(2025, 5, 21, 21), utc(2025, 5, 22, 0))
    assert works["TRANSP"] == "TRANSPARENT"


def test_an_incident_lasts_until_its_end_or_its_next_update() -> None:
    found = events(example_threads())
    assert found["in-vpn20241110"].end == utc(2024, 11, 10, 10, 55)
    assert found["in-cdn2025may19"].end == utc(2025, 5, 20, 17)


def test_every_bulletin_raises_the_sequence_of_the_same_event() -> None:
    thread = example_thread("in-cdn2025may19")
    earlier = structs.replace(thread, updates=thread.updates[:1])
    before, after = events([earlier])[thread.id], events([thread])[thread.id]
    assert before["UID"] == after["UID"]
    assert (before["SEQUENCE"], after["SEQUENCE"]) == (0, 2)
    assert before["DTSTAMP"].dt < after["DTSTAMP"].dt


def test_a_meeting_that_is_called_off_is_cancelled() -> None:
    thread = example_thread("bu-meeting-1")
    first = thread.updates[0]
    off = structs.replace(
        first,
        id="bu-meeting-2",
        sequence=20,
        at=first.at + dt.timedelta(days=1),
        meeting=(structs.replace(first.meeting[0], cancelled=True),),
    )
    event = events([structs.replace(thread, updates=(first, off), sequence=20)])[thread.id]
    assert (event["STATUS"], event["SEQUENCE"], event["TRANSP"]) == ("CANCELLED", 1, "TRANSPARENT")
    assert event["SUMMARY"].startswith("Cancelled: ")


def test_maintenance_that_ends_before_it_begins_is_cancelled() -> None:
    thread = example_thread("in-works2025may22")
    first = thread.updates[0]
    off = structs.replace(
        first, id="bu-works-2", sequence=20, at=first.at + dt.timedelta(hours=2), incident_state="resolved", final=True
    )
    over = structs.replace(thread, updates=(first, off), state="resolved", is_open=False, sequence=20)
    assert events([over])[thread.id]["STATUS"] == "CANCELLED"


def test_a_change_of_clocks_moves_no_event() -> None:
    site = structs.replace(example_site(), zone="Europe/London")
    thread = example_thread("bu-meeting-1")
    night = utc(2025, 10, 26, 0, 30)  # the hour that exists twice there
    meeting = structs.replace(thread.updates[0].meeting[0], starts_at=night, ends_at=night + dt.timedelta(hours=2))
    moved = structs.replace(thread, updates=(structs.replace(thread.updates[0], meeting=(meeting,)),))
    raw = calendar.render([moved], site)["en/calendar.ics"]
    event = read_events(raw)[0]
    assert (event.start, event.end) == (night, night + dt.timedelta(hours=2))


def test_an_event_ends_after_it_begins_whatever_was_typed() -> None:
    thread = example_thread("in-vpn20241110")
    wrong = structs.replace(thread, ended_at=thread.started_at - dt.timedelta(hours=1))
    event = events([wrong])[thread.id]
    assert event.end > event.start


@pytest.mark.parametrize("words", WORDS)
def test_no_words_break_the_calendar(words: str) -> None:
    threads, site = [hostile(one, words) for one in example_threads()], hostile_site(example_site(), words)
    for raw in calendar.render(threads, site).values():
        lines = raw.split(b"\r\n")
        assert lines[-1] == b""
        assert max(map(len, lines)) <= 75
        assert b"\n" not in raw.replace(b"\r\n", b"")
        for line in lines:
            line.decode("utf-8")  # no letter is parted
        read = icalendar.Calendar.from_ical(raw)
        assert [one.name for one in read.walk()].count("VALARM") == 0
        assert len(read.walk("VEVENT")) == 5
        assert not any(one.errors for one in read.walk())


def test_folding_loses_nothing() -> None:
    words = "ا" * 300 + "😀" * 50
    event = events([hostile(example_thread("bu-meeting-1"), words)], "ur")["bu-meeting-1"]
    assert words in event["DESCRIPTION"]
