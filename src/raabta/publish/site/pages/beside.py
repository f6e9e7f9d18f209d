"""What stands beside a thread's updates: facts, official statements, promises, and pages elsewhere."""

import datetime as dt
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from markupsafe import Markup
from msgspec import structs

from raabta.model.incident import EvidenceClass
from raabta.model.publication import PublicPromise, PublicStatement, PublicThread, PublicUpdate
from raabta.publish.site import paths
from raabta.publish.site.packing import cut_text
from raabta.publish.site.speech import Speech, fill, is_web, shortened

Fact = tuple[Markup, Markup]
"""What it is, and what is said."""

N_NAMES: Final = 24
"""Components or operators in one fact; there are as many more as the last words say."""


class Event(NamedTuple):
    """One line of the timeline. ``pieces`` are its HTML, more than one where it is long."""

    at: dt.datetime
    order: int
    pieces: list[Markup]
    anchor: str = ""
    """Of an update."""


# --- facts ---


def thread_facts(thread: PublicThread, speech: Speech, *, up: str) -> Iterator[Fact]:
    """Say what is so of the whole thread: times, effect, whom it concerns."""
    newest = thread.updates[-1]
    yield from _latest_of(thread, speech)
    if thread.kind == "incident":
        yield from _times(thread, speech)
        if thread.severity != "none":
            yield speech.word("thread", "severity"), speech.shared("severity", thread.severity)
    if thread.component_ids:
        yield speech.word("thread", "components"), _components(thread.component_ids, speech, up=up)
    if thread.operator_ids:
        yield speech.word("thread", "operators"), joined(list(map(speech.operator, thread.operator_ids)), speech)
    for name, number in (("reports", thread.n_reports), ("members", thread.n_members)):
        if number is not None:
            yield speech.word("thread", name), fill("{}", speech.number(number))
    first = thread.updates[0]
    yield speech.word("thread", "published"), speech.moment(first.at)
    if newest is not first:
        yield speech.word("thread", "changed"), speech.moment(newest.at)


def _times(thread: PublicThread, speech: Speech) -> Iterator[Fact]:
    is_planned = thread.incident_kind == "maintenance"
    yield speech.word("thread", "starts" if is_planned else "began"), speech.moment(thread.started_at)
    if thread.ended_at is not None:
        yield speech.word("thread", "ends" if is_planned else "ended"), speech.moment(thread.ended_at)
        yield speech.word("thread", "lasted"), speech.duration(thread.started_at, thread.ended_at)


def _latest_of(thread: PublicThread, speech: Speech) -> Iterator[Fact]:
    """Say when and where to meet, or what is affected, as the newest update that tells it has it."""
    for update in reversed(thread.updates):
        if update.meeting or update.advisory:
            yield from meeting_facts(update, speech)
            yield from advisory_facts(update, speech)
            return


def meeting_facts(update: PublicUpdate, speech: Speech) -> Iterator[Fact]:
    """Say when and where members meet."""
    for one in update.meeting:
        yield speech.word("thread", "starts"), speech.moment(one.starts_at)
        yield speech.word("thread", "ends"), speech.moment(one.ends_at)
        if one.place_en or one.place_ur:
            yield speech.word("thread", "place"), speech.either(one.place_en, one.place_ur)
        if one.url:
            yield speech.word("thread", "online"), speech.link(one.url)


def advisory_facts(update: PublicUpdate, speech: Speech) -> Iterator[Fact]:
    """Say which product and versions are affected."""
    for one in update.advisory:
        products = [speech.technical(speech.products.get(id_, id_)) for id_ in one.products]
        yield speech.word("thread", "products"), joined(products, speech)
        for name in ("affected", "fixed", "score"):
            if value := getattr(one, name):
                yield speech.word("thread", name), speech.technical(value)
        if one.identifiers:
            yield speech.word("thread", "identifiers"), joined(list(map(speech.technical, one.identifiers)), speech)


def _components(ids: Sequence[str], speech: Speech, *, up: str) -> Markup:
    return joined(
        [
            fill('<a href="{}{}">{}</a>', up, paths.component_path(id_, speech.language), speech.component(id_))
            if id_ in speech.components
            else speech.component(id_)
            for id_ in ids
        ],
        speech,
    )


def joined(names: Sequence[Markup], speech: Speech) -> Markup:
    """Join names, of which so many may be shown."""
    shown = list(names[:N_NAMES])
    if len(names) > N_NAMES:
        shown.append(speech.word("frame", "more", n=speech.number(len(names) - N_NAMES)))
    return speech.comma().join(shown)


@lru_cache(maxsize=4096)
def cause_words(evidence_class: EvidenceClass, speech: Speech, *, percent: int | None) -> Markup:
    """Say the class of the evidence and the probability: never one without the other."""
    words = speech.shared("evidence", evidence_class)
    if percent is None:
        return words
    return fill("{}{}{}", words, speech.comma(), speech.word("thread", "percent", n=speech.number(percent)))


# --- statements ---


def statement_pieces(statement: PublicStatement, speech: Speech) -> list[Markup]:
    """Show what a party stated, word for word, with its source; in pieces where it is long."""
    own, other = statement.text_en, statement.text_ur
    own, other = (own, other) if speech.language == "en" else (other, own)
    told = speech if own else speech.other()
    bodies = cut_text(own or other, told.blocks)
    attributes = Markup("") if own else fill(' lang="{}" dir="{}"', told.language, told.direction)
    head = fill(
        '<p class="who">{}{}{}</p>',
        speech.either(statement.party_en, statement.party_ur),
        speech.comma(),
        speech.moment(statement.at),
    )
    source = Markup("")
    if statement.source:
        shown = speech.link(statement.source) if is_web(statement.source) else speech.text(statement.source)
        source = fill('<p class="small">{}: {}</p>', speech.word("thread", "source"), shown)
    quote = '<blockquote class="said">{}<div{}>{}</div>{}</blockquote>'
    last = len(bodies) - 1
    return [
        fill(quote, head if index == 0 else "", attributes, body, source if index == last else "")
        for index, body in enumerate(bodies)
    ]


def statement_start(statement: PublicStatement, speech: Speech) -> Markup:
    """Show how a long statement begins."""
    short = structs.replace(
        statement,
        text_en=shortened(statement.text_en),
        text_ur=shortened(statement.text_ur),
        source=statement.source[:300],
    )
    return statement_pieces(short, speech)[0]


def statement_line(statement: PublicStatement, speech: Speech, *, page: str) -> Markup:
    """Say in the timeline that a party stated something which stands above."""
    party = speech.either(statement.party_en, statement.party_ur)
    words = speech.word("thread", "event_statement", party=party)
    return _line(statement.at, fill('<a href="{}#cause">{}</a>', page, words), speech)


# --- promises ---


def promise_row(promise: PublicPromise, speech: Speech) -> Markup:
    """Show who promised what until when, and what became of it."""
    settled = Markup("")
    if promise.settled_at is not None and promise.state != "open":
        settled = fill(" {}", speech.word("thread", "settled_on", at=speech.moment(promise.settled_at)))
    return fill(
        '<li class="promise is-{}"><p><strong>{}</strong>: {}</p><p>{} <strong>{}</strong>{}</p>'
        '<p class="small"><span class="chip is-{}">{}</span>{} <span class="sep">·</span> {}</p></li>',
        promise.state,
        _party(promise, speech),
        speech.either(promise.words_en, promise.words_ur),
        speech.word("thread", "promised_by"),
        speech.moment(promise.due_at),
        _put_off(promise, speech),
        promise.state,
        speech.shared("promise", promise.state),
        settled,
        speech.word("thread", "made_on", at=speech.moment(promise.made_at)),
    )


def _put_off(promise: PublicPromise, speech: Speech) -> Markup:
    """Say which deadlines it had before, the first one first."""
    if not promise.put_off:
        return Markup("")
    earlier = joined(list(map(speech.moment, promise.put_off)), speech)
    return fill(' <span class="put-off">({})</span>', speech.word("thread", "put_off", at=earlier))


def promise_lines(promise: PublicPromise, speech: Speech) -> Iterator[tuple[dt.datetime, Markup]]:
    """Say in the timeline that it was promised, and that it was kept or not."""
    values = {"party": _party(promise, speech), "what": speech.either(promise.words_en, promise.words_ur)}
    yield promise.made_at, _line(promise.made_at, speech.word("thread", "event_promise", **values), speech)
    if promise.settled_at is not None and promise.state in ("kept", "broken", "withdrawn"):
        words = speech.word("thread", f"event_{promise.state}", **values)
        yield promise.settled_at, _line(promise.settled_at, words, speech)


def promise_order(promise: PublicPromise) -> tuple[bool, float]:
    """Give the order of promises: open ones by what is due first, then settled ones, the newest first."""
    is_open = promise.state == "open"
    due = promise.due_at.timestamp()
    return not is_open, due if is_open else -due


def _party(promise: PublicPromise, speech: Speech) -> Markup:
    if not promise.party_en and not promise.party_ur:
        return speech.word("thread", "us")
    return speech.either(promise.party_en, promise.party_ur)


def _line(at: dt.datetime, words: Markup, speech: Speech) -> Markup:
    return fill('<p class="event">{} <span>{}</span></p>', speech.moment(at), words)
