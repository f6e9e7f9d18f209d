"""One line of a list of threads, and one line of a list of components."""

import datetime as dt
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Final

from markupsafe import Markup
from msgspec import Struct

from raabta.model.publication import PublicThread
from raabta.model.site import Component
from raabta.publish.site import paths
from raabta.publish.site.frame import template
from raabta.publish.site.pages.beside import cause_words
from raabta.publish.site.speech import Speech, fill, shortened
from raabta.publish.site.view import ComponentState, meeting_of, state_of

N_NAMES: Final = 4
"""Components that a line names."""
GROUP_MAX: Final = 40
"""Components in one piece of a list; a larger group goes on in the next piece."""


class ComponentLine(Struct, frozen=True, kw_only=True):
    """A component and its state, for its template."""

    path: str
    name: Markup
    state: ComponentState


def thread_row(
    thread: PublicThread,
    speech: Speech,
    *,
    up: str,
    level: int = 3,
    excerpt: bool = False,
    now: dt.datetime | None = None,
) -> Markup:
    """Show a thread in a list.

    Args:
        thread: Which.
        speech: Who speaks.
        up: What leads from the page to the root.
        level: Of its heading: 3 under a list's heading of level 2.
        excerpt: Whether to show how what is known begins.
        now: Where the page knows it: then an update that was promised by an earlier time is said to be late.
    """
    told, text = speech.text_of(thread.updates[-1])
    attributes = Markup("")
    if told is not speech:
        attributes = fill(' lang="{}" dir="{}"', told.language, told.direction)
    tone, label = _tone_and_label(thread, speech)
    has_next = thread.is_open and thread.kind == "incident" and thread.next_update_at is not None
    shown = template("row").render(
        tone=tone,
        label=label,
        kind=_kind(thread, speech),
        level=level,
        attributes=attributes,
        up=up,
        path=paths.thread_path(thread.kind, thread.id, language=speech.language),
        title=told.text(text.title),
        when=_when(thread, speech),
        names=_names(thread, speech),
        excerpt=told.text(shortened(text.known)) if excerpt else "",
        cause=_cause(thread, speech),
        next_words=_next_words(thread, speech, now=now),
        next_update=speech.moment(thread.next_update_at) if has_next and thread.next_update_at else None,
    )
    return Markup(shown)  # noqa: S704  a template's result: it escapes what is put into it


def component_groups(
    components: Iterable[Component], states: dict[str, ComponentState], *, speech: Speech, up: str
) -> Iterator[Markup]:
    """Show components with their states, those of a group together."""
    for name, members in groupby(components, key=lambda one: speech.either(one.group_en, one.group_ur)):
        lines = [_component_line(one, states, speech) for one in members]
        for start in range(0, len(lines), GROUP_MAX):
            part = lines[start : start + GROUP_MAX]
            shown = template("group").render(name=name if start == 0 else "", components=part, up=up, t=speech.word)
            yield Markup(shown)  # noqa: S704  a template's result: it escapes what is put into it


def _component_line(component: Component, states: dict[str, ComponentState], speech: Speech) -> ComponentLine:
    return ComponentLine(
        path=paths.component_path(component.id, speech.language),
        name=speech.component(component.id),
        state=states.get(component.id, "fine"),
    )


def _tone_and_label(thread: PublicThread, speech: Speech) -> tuple[str, Markup]:
    if thread.kind != "incident":
        return ("plain", speech.shared("bulletin", thread.kind))
    if not thread.is_open:
        return "over", speech.shared("state", thread.state or "resolved")
    tone = state_of(thread)
    return tone, speech.word("component", tone)


def _cause(thread: PublicThread, speech: Speech) -> Markup | str:
    """What happened names a cause, so the class of its evidence stands with it."""
    if thread.kind != "incident":
        return ""
    return cause_words(thread.evidence_class, speech, percent=thread.probability_percent)


def _next_words(thread: PublicThread, speech: Speech, *, now: dt.datetime | None) -> Markup:
    if now is not None and thread.next_update_at is not None and thread.next_update_at < now:
        return speech.word("list", "late")
    return speech.shared("part", "next_update")


def _kind(thread: PublicThread, speech: Speech) -> Markup | str:
    if thread.kind != "incident":
        return ""
    what = speech.shared("kind", thread.incident_kind)
    if not thread.is_open or thread.state is None:
        return what
    return fill('{} <span class="sep">·</span> {}', what, speech.shared("state", thread.state))


def _when(thread: PublicThread, speech: Speech) -> Markup:
    meeting = meeting_of(thread)
    if meeting is not None:
        place = speech.either(meeting.place_en, meeting.place_ur)
        when = speech.moment(meeting.starts_at)
        return fill('{} <span class="sep">·</span> {}', when, place) if place else when
    if thread.kind != "incident":
        return speech.word("list", "on", at=speech.day(thread.updates[0].at))
    if thread.ended_at is None:
        return speech.word("list", "since", at=speech.moment(thread.started_at))
    if thread.is_open:
        return _span(thread.started_at, thread.ended_at, speech)
    took = speech.duration(thread.started_at, thread.ended_at)
    return fill('{} <span class="sep">·</span> {}', speech.moment(thread.started_at), took)


def _span(start: dt.datetime, end: dt.datetime, speech: Speech) -> Markup:
    return speech.word("list", "from_until", **{"from": speech.moment(start), "until": speech.moment(end)})


def _names(thread: PublicThread, speech: Speech) -> Markup:
    names = [speech.component(id_) for id_ in thread.component_ids[:N_NAMES]]
    if len(thread.component_ids) > N_NAMES:
        names.append(speech.word("frame", "more", n=speech.number(len(thread.component_ids) - N_NAMES)))
    return speech.comma().join(names)
