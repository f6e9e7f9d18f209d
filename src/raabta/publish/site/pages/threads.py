"""The page of an incident, notice, meeting or advisory.

Above: is it over, and when comes the next update. Then facts, the cause with the class of its evidence beside official
statements, promises, and everything that happened, newest first. What does not fit goes on in further pages; the first
one keeps the anchor of every update, since feeds and mails link to it.
"""

from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Final, NamedTuple

from markupsafe import Markup

from raabta.model.publication import PublicThread
from raabta.model.site import Site
from raabta.publish.site import paths
from raabta.publish.site.frame import Head, Turn, render_page, style
from raabta.publish.site.packing import pack, room_beside, take, weight
from raabta.publish.site.pages.beside import (
    Event,
    promise_lines,
    promise_order,
    promise_row,
    statement_line,
    statement_pieces,
    statement_start,
    thread_facts,
)
from raabta.publish.site.pages.updates import update_pieces
from raabta.publish.site.speech import Speech, fill, shortened, speech_of
from raabta.publish.site.view import state_of

# Of what stands above the timeline: the rest is in the timeline itself. Together a fifth of a page; judgement.
STATEMENTS_BYTES_MAX: Final = 6_000
PROMISES_BYTES_MAX: Final = 4_000
LINKS_BYTES_MAX: Final = 3_000
POINTERS_BYTES_MAX: Final = 14_000
"""Of the lines on the first page that lead to updates on further ones: forty at least."""
_POINTER_LETTERS: Final = 60
_SMALL_BYTES: Final = 18_000
"""Of a timeline that certainly fits beside any frame: then nothing is measured."""


class Cause(NamedTuple):
    """What we can show of the cause: class, probability, what the class means, and the update that tells it."""

    words: Markup
    percent: Markup
    meaning: Markup
    told: Markup


def render_thread(thread: PublicThread, site: Site) -> dict[str, bytes]:
    """Make the pages of a thread, in each language; a long one goes on in further pages."""
    made: dict[str, bytes] = {}
    for language in site.languages:
        made |= _ThreadPages(thread, speech_of(site, language)).render()
    return made


class _ThreadPages:
    """The pages of one thread in one language, under way."""

    def __init__(self, thread: PublicThread, speech: Speech) -> None:
        self._thread = thread
        self._speech = speech
        self._path = paths.thread_path(thread.kind, thread.id, language=speech.language)
        self._file = PurePosixPath(self._path).name
        self._up = paths.up(self._path)
        self._told, self._text = speech.text_of(thread.updates[-1])
        self._links = [speech.link(one.url, one.title) for one in thread.links]
        self._shown_links = take(self._links, room_bytes=LINKS_BYTES_MAX)
        self._above: dict[str, object] = {}

    def render(self) -> dict[str, bytes]:
        statements = sorted(self._thread.statements, key=lambda one: one.at, reverse=True)
        told = [statement_pieces(one, self._speech) for one in statements]
        above = take((Markup("").join(one) for one in told), room_bytes=STATEMENTS_BYTES_MAX)
        rows = [promise_row(one, self._speech) for one in sorted(self._thread.promises, key=promise_order)]
        self._above = self._values() | {
            "statements": above or [statement_start(one, self._speech) for one in statements[:1]],
            "more_statements": len(above) < len(statements),
            "promises": take(rows, room_bytes=PROMISES_BYTES_MAX),
            "links": self._shown_links,
        }
        events = self._update_events() + self._promise_events()
        for index, one in enumerate(statements):
            is_above = index < len(above)
            pieces = [statement_line(one, self._speech, page=self._file)] if is_above else told[index]
            events.append(Event(one.at, 0, pieces))
        events.sort(key=lambda event: (event.at, event.order), reverse=True)
        return self._paged(events)

    def _update_events(self) -> list[Event]:
        return [
            Event(one.at, one.sequence, update_pieces(one, self._thread, speech=self._speech, page=self._file), one.id)
            for one in self._thread.updates
        ]

    def _promise_events(self) -> list[Event]:
        return [Event(at, 0, [line]) for one in self._thread.promises for at, line in promise_lines(one, self._speech)]

    def _paged(self, events: Sequence[Event]) -> dict[str, bytes]:
        """Put what happened on as many pages as it takes."""
        pieces = [piece for event in events for piece in event.pieces] + self._more_links()
        if sum(map(weight, pieces)) <= _SMALL_BYTES:
            return {self._path: self._page(pieces, page=1, pages=1)}
        frames = [self._page((), page=page, pages=2) for page in (1, 2)]
        first, later = (room_beside(frame_bytes=len(frame), style_bytes=len(style())) for frame in frames)
        packed = pack(pieces, room_bytes=later, first_room_bytes=first)
        if len(packed) == 1:
            return {self._path: self._page(pieces, page=1, pages=1)}
        pointed = [event for event in events if event.anchor]
        longest = take([self._pointer(event, page=999) for event in pointed], room_bytes=POINTERS_BYTES_MAX)
        packed = pack(pieces, room_bytes=later, first_room_bytes=max(0, first - sum(map(weight, longest))))
        where = {id(piece): number for number, page in enumerate(packed, 1) for piece in page}
        pointers = [
            self._pointer(event, page=where[id(event.pieces[0])]) for event in pointed if where[id(event.pieces[0])] > 1
        ]
        shown = take(pointers, room_bytes=POINTERS_BYTES_MAX)
        return {
            self._turn(number, len(packed)).at(number): self._page(
                page, page=number, pages=len(packed), pointers=shown if number == 1 else ()
            )
            for number, page in enumerate(packed, 1)
        }

    def _pointer(self, event: Event, *, page: int) -> Markup:
        """A line on the first page, with an update's anchor, that leads to where it stands."""
        update = next(one for one in self._thread.updates if one.id == event.anchor)
        told, text = self._speech.text_of(update)
        target = PurePosixPath(self._turn(page, page).at(page)).name
        return fill(
            '<li id="{}">{} <a href="{}#{}">{}</a></li>',
            update.id,
            self._speech.moment(update.at),
            target,
            update.id,
            told.text(shortened(text.title, n_most=_POINTER_LETTERS)),
        )

    def _more_links(self) -> list[Markup]:
        return [fill('<p class="event">{}</p>', one) for one in self._links[len(self._shown_links) :]]

    def _turn(self, page: int, pages: int) -> Turn:
        return Turn(page=page, pages=pages, path=self._path)

    def _page(self, pieces: Sequence[Markup], *, page: int, pages: int, pointers: Sequence[Markup] = ()) -> bytes:
        turn = self._turn(page, pages)
        site = self._speech.site
        name = self._speech.either_plain(site.name_en, site.name_ur)
        head = Head(
            path=turn.at(page),
            first=self._path,
            title=f"{self._told.plain(self._text.title)} – {name}",
            description=self._told.description(self._text.known),
        )
        values = self._above | {"pieces": pieces, "turn": turn, "pointers": pointers}
        return render_page("thread", head, speech=self._speech, **values)

    def _values(self) -> dict[str, object]:
        """What is so of the whole thread."""
        thread, speech = self._thread, self._speech
        is_foreign = self._told is not speech
        attributes = fill(' lang="{}" dir="{}"', self._told.language, self._told.direction)
        has_next = thread.is_open and thread.next_update_at is not None
        return {
            "kind": self._kind(),
            "title": self._told.text(self._text.title),
            "title_attributes": attributes if is_foreign else Markup(""),
            **self._verdict(),
            "next_update": speech.moment(thread.next_update_at) if has_next and thread.next_update_at else None,
            "final": not thread.is_open or thread.updates[-1].final,
            "facts": tuple(thread_facts(thread, speech, up=self._up)),
            "timeline_title": speech.word(
                "thread", "timeline" if len(thread.updates) > 1 or is_incident(thread) else "words"
            ),
            "cause": self._cause(),
        }

    def _kind(self) -> Markup:
        kind = self._speech.shared("bulletin", self._thread.kind)
        if not is_incident(self._thread):
            return kind
        what = self._speech.shared("kind", self._thread.incident_kind)
        return fill('{} <span class="sep">·</span> {}', kind, what)

    def _verdict(self) -> dict[str, object]:
        """Is it over? Of an incident alone."""
        thread, speech = self._thread, self._speech
        if not is_incident(thread):
            return {"verdict": None, "tone": "plain", "label": "", "state": ""}
        tone = state_of(thread)
        state = speech.shared("state", thread.state) if thread.state else ""
        if not thread.is_open:
            return {"verdict": speech.word("thread", "over_yes"), "tone": "fine", "label": state, "state": ""}
        name = {"watched": "over_watch", "works": "over_planned"}.get(tone, "over_no")
        if thread.state in ("monitoring", "resolved", "reviewed"):
            name = "over_watch"
        label = speech.word("component", tone)
        return {"verdict": speech.word("thread", name), "tone": tone, "label": label, "state": state}

    def _cause(self) -> Cause | None:
        thread, speech = self._thread, self._speech
        if not is_incident(thread):
            return None
        percent = Markup("")
        if thread.probability_percent is not None:
            percent = speech.word("thread", "percent", n=speech.number(thread.probability_percent))
        meaning = speech.word("about", f"evidence_{thread.evidence_class}")
        return Cause(speech.shared("evidence", thread.evidence_class), percent, meaning, self._cause_told())

    def _cause_told(self) -> Markup:
        """Lead to the update that told the cause: the last one that said that it is identified, else the newest."""
        if self._thread.evidence_class == "none":
            return Markup("")
        updates = self._thread.updates
        identified = [one for one in updates if one.incident_state == "cause_identified"]
        one = (identified or updates)[-1]
        told, text = self._speech.text_of(one)
        when = self._speech.word("thread", "told_in", at=self._speech.moment(one.at))
        return fill('{} <a href="{}#{}">{}</a>', when, self._file, one.id, told.text(text.title))


def is_incident(thread: PublicThread) -> bool:
    """Say whether a thread is an incident: only then there is an effect, a cause and an end."""
    return thread.kind == "incident"
