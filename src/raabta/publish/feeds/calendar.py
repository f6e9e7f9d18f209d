"""iCalendar (RFC 5545): a calendar in each language with meetings, maintenance and incidents.

Times are UTC, which needs no VTIMEZONE and stays right when a country changes its clocks; the words say them in local
time. An event keeps its UID; SEQUENCE counts the bulletins on it, so that a reader takes the newest. A meeting, or
maintenance that is over before it began, is shown as cancelled where a bulletin says so.
"""

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from raabta.model.bulletin import Language, Meeting
from raabta.model.publication import PublicThread
from raabta.model.site import Site
from raabta.publish.feeds.cleaning import cleaned, one_line
from raabta.publish.feeds.items import (
    OVER,
    Item,
    bare_title,
    host_of,
    in_direction,
    lines_of,
    name_of,
    site_name,
    thread_url,
)
from raabta.publish.site.paths import feed_path
from raabta.publish.words import say

EVENTS_MAX: Final = 200
"""Of a calendar, the newest. Judgement."""
LINE_BYTES_MAX: Final = 75
"""RFC 5545, 3.1: a line is at most 75 octets without its break."""
_SHORTEST: Final = dt.timedelta(minutes=1)
"""DTEND must be later than DTSTART (RFC 5545, 3.8.2.2)."""
_PRODUCT: Final = "-//Raabta//Status calendar//EN"
_ESCAPED: Final = re.compile(r"([\\;,])")


class _Time(NamedTuple):
    start: dt.datetime
    end: dt.datetime
    is_cancelled: bool
    place: str = ""


def render(threads: Sequence[PublicThread], site: Site) -> dict[str, bytes]:
    """Make ``en/calendar.ics`` and ``ur/calendar.ics``.

    Args:
        threads: Public threads, newest first. Notices and advisories have no time and are left out.
        site: Who speaks.
    """
    site = cleaned(site)
    timed = [cleaned(one) for one in threads if one.kind in ("incident", "meeting")][:EVENTS_MAX]
    return {
        feed_path("calendar.ics", language): _calendar(timed, site, language=language) for language in site.languages
    }


def _calendar(threads: Iterable[PublicThread], site: Site, *, language: Language) -> bytes:
    name = _text(site_name(site, language=language))
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        f"PRODID:{_PRODUCT}",
        "CALSCALE:GREGORIAN",
        f"NAME:{name}",
        f"X-WR-CALNAME:{name}",
        f"X-WR-TIMEZONE:{site.zone}",
        "REFRESH-INTERVAL;VALUE=DURATION:PT15M",
        "X-PUBLISHED-TTL:PT15M",
    ]
    for thread in threads:
        time = _time(thread, language)
        if time is not None:
            lines += _event(thread, time, site, language=language)
    lines.append("END:VCALENDAR")
    return b"".join(_folded(line) for line in lines)


def _time(thread: PublicThread, language: Language) -> _Time | None:
    """Say when a thread's event is; None where a meeting names no time."""
    if thread.kind == "meeting":
        return _meeting_time(thread, language)
    last = thread.updates[-1]
    told = thread.next_update_at or last.next_update_at or last.at
    end = thread.ended_at or (told if thread.is_open else last.at)
    is_dropped = thread.incident_kind == "maintenance" and last.incident_state in OVER and last.at < thread.started_at
    return _Time(thread.started_at, max(end, thread.started_at + _SHORTEST), is_dropped)


def _meeting_time(thread: PublicThread, language: Language) -> _Time | None:
    named: list[Meeting] = [one for update in thread.updates for one in update.meeting]
    if not named:
        return None
    meeting = named[-1]
    place = one_line((language == "ur" and meeting.place_ur) or meeting.place_en)
    end = max(meeting.ends_at, meeting.starts_at + _SHORTEST)
    return _Time(meeting.starts_at, end, meeting.cancelled, place)


def _event(thread: PublicThread, time: _Time, site: Site, *, language: Language) -> Iterator[str]:
    last = thread.updates[-1]
    item = Item(thread, last)
    kind = thread.incident_kind if thread.kind == "incident" else ""
    word = say("kind", kind, language=language) if kind else say("bulletin", thread.kind, language=language)
    title = in_direction(_title(item, language=language), site, language=language)
    url = thread_url(thread, site, language=language)
    words = lines_of(item, site, language=language)
    yield "BEGIN:VEVENT"
    yield f"UID:{_text(thread.id)}@{host_of(site)}"
    yield f"DTSTAMP:{_utc(last.at)}"
    yield f"CREATED:{_utc(thread.updates[0].at)}"
    yield f"LAST-MODIFIED:{_utc(last.at)}"
    yield f"SEQUENCE:{len(thread.updates) - 1}"
    yield f"DTSTART:{_utc(time.start)}"
    yield f"DTEND:{_utc(time.end)}"
    yield f"SUMMARY;LANGUAGE={language}:{_text(title)}"
    yield f"DESCRIPTION;LANGUAGE={language}:{_text(words + chr(10) + url)}"
    if time.place:
        yield f"LOCATION;LANGUAGE={language}:{_text(in_direction(time.place, site, language=language))}"
    yield f"CATEGORIES;LANGUAGE={language}:{_text(word)}"
    yield f"URL:{url}"
    yield f"STATUS:{'CANCELLED' if time.is_cancelled else 'CONFIRMED'}"
    yield f"TRANSP:{'OPAQUE' if thread.kind == 'meeting' and not time.is_cancelled else 'TRANSPARENT'}"
    yield "END:VEVENT"


def _title(item: Item, *, language: Language) -> str:
    """Call an incident as it was called first, with its state; of a meeting the newest title holds."""
    if item.update.incident_state is None:
        return bare_title(item.update, language=language)
    return f"{name_of(item.thread, language=language)} — {say('state', item.update.incident_state, language=language)}"


def _utc(at: dt.datetime) -> str:
    return at.astimezone(dt.UTC).strftime("%Y%m%dT%H%M%SZ")


def _text(text: str) -> str:
    """Escape a value of the type TEXT (RFC 5545, 3.3.11)."""
    return _ESCAPED.sub(r"\\\1", text.strip()).replace("\t", " ").replace("\n", r"\n")


def _folded(line: str) -> bytes:
    """Fold a line after 75 octets at most, never within a character (RFC 5545, 3.1)."""
    rest, pieces = line.encode(), []
    while len(rest) > LINE_BYTES_MAX:
        end = LINE_BYTES_MAX
        while rest[end] & 0xC0 == 0x80:  # a byte that goes on with a character (RFC 3629)
            end -= 1
        pieces.append(rest[:end])
        rest = b" " + rest[end:]
    return b"".join(b"%b\r\n" % piece for piece in (*pieces, rest))
