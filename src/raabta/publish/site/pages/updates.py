"""One update as it stands on its thread's page.

A long one is cut into pieces, of which only the first has the anchor, the time and the state, so that it can go on on a
further page.
"""

from collections.abc import Iterator

from markupsafe import Markup
from msgspec import Struct

from raabta.model.bulletin import BulletinText
from raabta.model.publication import PublicThread, PublicUpdate
from raabta.publish.site.frame import template
from raabta.publish.site.packing import PIECE_BYTES_MAX, cut_text, weight
from raabta.publish.site.pages.beside import Fact, advisory_facts, cause_words, joined, meeting_facts
from raabta.publish.site.speech import Speech, fill
from raabta.publish.site.view import ComponentState

_PARTS = ("correction", "known", "not_known", "stated", "workaround")

Shown = tuple[Markup | str, Markup]
"""A heading, "" for none, and what stands under it."""


class UpdatePiece(Struct, frozen=True, kw_only=True):
    """A piece of an update, for its template."""

    first: bool
    anchor: str = ""
    attributes: Markup = Markup("")
    tags: tuple[tuple[str, Markup], ...] = ()
    """Tone and words."""
    notes: tuple[Markup, ...] = ()
    parts: tuple[Shown, ...] = ()
    facts: tuple[Fact, ...] = ()


def update_pieces(update: PublicUpdate, thread: PublicThread, *, speech: Speech, page: str) -> list[Markup]:
    """Show an update, in one piece or more.

    Args:
        update: One of the thread's.
        thread: The whole, of which corrections and components are read.
        speech: Who speaks.
        page: File name of the thread's first page, for links to other updates.
    """
    told, text = speech.text_of(update)
    attributes = Markup("")
    if told is not speech:
        attributes = fill(' lang="{}" dir="{}"', told.language, told.direction)
    groups = list(_groups(_parts(text, thread, told)))
    is_only = len(thread.updates) == 1 and len(groups) == 1  # then its title is the page's heading
    made = []
    for index, parts in enumerate(groups):
        is_first, is_last = index == 0, index == len(groups) - 1
        piece = UpdatePiece(
            first=is_first,
            anchor=update.id if is_first else "",
            attributes=attributes,
            tags=_tags(update, speech) if is_first else (),
            notes=tuple(_notes(update, thread, speech, page=page)) if is_first else (),
            parts=tuple(parts),
            facts=tuple(_facts(update, thread, speech)) if is_last else (),
        )
        made.append(_show(piece, update, speech, title=Markup("") if is_only else told.text(text.title)))
    return made


def tone_of(update: PublicUpdate) -> ComponentState | str:
    """Say in which colour an update stands."""
    if update.severity != "none":
        return update.severity
    if update.incident_state is None:
        return "plain"
    return "fine" if update.incident_state in ("resolved", "reviewed") else "watched"


def _show(piece: UpdatePiece, update: PublicUpdate, speech: Speech, *, title: Markup) -> Markup:
    shown = template("update").render(
        piece=piece, update=update, tone=tone_of(update), title=title, s=speech, t=speech.word, w=speech.shared
    )
    return Markup(shown)  # noqa: S704  a template's result: it escapes what is put into it


def _parts(text: BulletinText, thread: PublicThread, speech: Speech) -> Iterator[Shown]:
    for name in _PARTS:
        words = getattr(text, name).strip()
        if not words:
            continue
        heading = speech.shared("part", name) if thread.kind == "incident" or name != "known" else ""
        for shown in cut_text(words, speech.blocks):
            yield heading, shown
            heading = ""


def _groups(parts: Iterator[Shown]) -> Iterator[list[Shown]]:
    """Put parts together as long as the piece is no larger than it may be; one group at least."""
    group: list[Shown] = []
    size = 0
    for part in parts:
        size += weight(part[1])
        if group and size > PIECE_BYTES_MAX:
            yield group
            group, size = [], weight(part[1])
        group.append(part)
    yield group


def _tags(update: PublicUpdate, speech: Speech) -> tuple[tuple[str, Markup], ...]:
    tags: list[tuple[str, Markup]] = []
    if update.incident_state is not None:
        tags.append(("", speech.shared("state", update.incident_state)))
        tags.append((str(tone_of(update)), speech.shared("severity", update.severity)))
    elif update.severity != "none":
        tags.append((update.severity, speech.shared("severity", update.severity)))
    return tuple(tags)


def _notes(update: PublicUpdate, thread: PublicThread, speech: Speech, *, page: str) -> Iterator[Markup]:
    """Say what corrects it, and what it corrects: both stay visible, and lead to each other."""
    known = {one.id: one for one in thread.updates}
    link = '<a href="{}#{}">{}</a>'
    if later := known.get(update.corrected_by):
        words = speech.word("thread", "corrected_by", at=speech.moment(later.at))
        yield fill("{} {}", speech.word("thread", "corrected"), fill(link, page, later.id, words))
    elif update.corrected_by:
        yield speech.word("thread", "corrected")
    if earlier := known.get(update.corrects_id):
        yield fill(link, page, earlier.id, speech.word("thread", "corrects", at=speech.moment(earlier.at)))


def _facts(update: PublicUpdate, thread: PublicThread, speech: Speech) -> Iterator[Fact]:
    if update.component_ids and update.component_ids != thread.component_ids:
        names = joined(list(map(speech.component, update.component_ids)), speech)
        yield speech.word("thread", "components"), names
    if update.operator_ids and update.operator_ids != thread.operator_ids:
        names = joined(list(map(speech.operator, update.operator_ids)), speech)
        yield speech.word("thread", "operators"), names
    if update.incident_state is not None:
        words = speech.shared("part", "not_established")
        if update.evidence_class != "none":
            words = cause_words(update.evidence_class, speech, percent=update.probability_percent)
        yield speech.shared("part", "cause"), words
    if len(thread.updates) > 1:
        yield from meeting_facts(update, speech)
        yield from advisory_facts(update, speech)
    if update.next_update_at is not None:
        yield speech.shared("part", "next_update"), speech.moment(update.next_update_at)
