"""The first pages: of each language, and of both. They alone know when they were made."""

import datetime as dt
from collections.abc import Sequence
from typing import Final

from markupsafe import Markup

from raabta.model.publication import PublicThread
from raabta.model.site import Site
from raabta.publish.site import paths
from raabta.publish.site.frame import Head, render_page
from raabta.publish.site.packing import take
from raabta.publish.site.pages.lists import render_components, render_open
from raabta.publish.site.pages.rows import component_groups, thread_row
from raabta.publish.site.speech import Speech, fill, host_of, speech_of
from raabta.publish.site.view import N_NEWEST, STATES, SiteView, meeting_of, state_of, worst

# What the parts of a front page may take, of 50 kB with frame and style; the rest has pages of its own. Judgement.
OPEN_BYTES_MAX: Final = 10_000
COMPONENTS_BYTES_MAX: Final = 9_000
AHEAD_BYTES_MAX: Final = 4_000
NEWEST_BYTES_MAX: Final = 7_000
N_OPEN_ON_ROOT: Final = 5


def render_front(view: SiteView, site: Site, *, now: dt.datetime) -> dict[str, bytes]:
    """Make ``index.html``, the front page of each language, and the lists that these cannot hold.

    Args:
        view: What is told (``view.make_view``).
        site: Who speaks.
        now: When the pages are made.
    """
    made = {paths.ROOT: _root(view, site, now=now)}
    for language in site.languages:
        made |= _front(view, speech_of(site, language), now=now)
    return made


def is_ahead(thread: PublicThread, *, now: dt.datetime) -> bool:
    """Say whether something that was announced has not ended: a meeting, or maintenance."""
    meeting = meeting_of(thread)
    if meeting is not None:
        return meeting.ends_at > now
    return thread.is_open and thread.kind == "incident" and thread.incident_kind == "maintenance"


def _front(view: SiteView, speech: Speech, *, now: dt.datetime) -> dict[str, bytes]:
    path = paths.front_path(speech.language)
    up = paths.up(path)
    made: dict[str, bytes] = {}
    incidents = _incidents(view)
    rows = (thread_row(one, speech, up=up, excerpt=True, now=now) for one in incidents)
    shown = take(rows, room_bytes=OPEN_BYTES_MAX)
    if len(shown) < len(incidents):
        made |= render_open(view, speech)
    groups = list(component_groups(speech.site.components, view.states, speech=speech, up=up))
    shown_groups = take(groups, room_bytes=COMPONENTS_BYTES_MAX)
    if len(shown_groups) < len(groups):
        made |= render_components(view, speech)
        hit = [one for one in speech.site.components if view.states[one.id] != "fine"]
        shown_groups = take(
            list(component_groups(hit, view.states, speech=speech, up=up)), room_bytes=COMPONENTS_BYTES_MAX
        )
    ahead = _ahead(view, now=now)
    told = {one.id for one in (*incidents, *ahead)}
    newest = [one for one in view.newest_threads if one.id not in told][:N_NEWEST]
    name = speech.either_plain(speech.site.name_en, speech.site.name_ur)
    made[path] = render_page(
        "front",
        Head(
            path=path,
            title=f"{speech.word('overall', _overall(view)).striptags()} – {name}",
            description=speech.word("front", "description").striptags(),
            current="now",
        ),
        speech=speech,
        state=_overall(view),
        count=_count(len(incidents), speech),
        made=speech.word("front", "made", at=speech.moment(now)),
        open=shown,
        all_open=paths.open_path(speech.language) if len(shown) < len(incidents) else "",
        n_open=speech.number(len(view.open_threads)),
        ahead=_fitting(ahead, speech, up=up, room_bytes=AHEAD_BYTES_MAX),
        components=shown_groups,
        all_components=paths.components_path(speech.language) if len(shown_groups) < len(groups) else "",
        n_components=speech.number(len(speech.site.components)),
        newest=_fitting(newest, speech, up=up, room_bytes=NEWEST_BYTES_MAX),
    )
    return made


def _fitting(threads: Sequence[PublicThread], speech: Speech, *, up: str, room_bytes: int) -> list[Markup]:
    return take((thread_row(one, speech, up=up) for one in threads), room_bytes=room_bytes)


def _incidents(view: SiteView) -> list[PublicThread]:
    """Give open incidents, the worst first; what was announced stands elsewhere."""
    found = [one for one in view.open_threads if one.kind == "incident" and one.incident_kind != "maintenance"]
    return sorted(found, key=lambda one: STATES.index(state_of(one)), reverse=True)


def _ahead(view: SiteView, *, now: dt.datetime) -> list[PublicThread]:
    """Give what was announced, the next first."""
    known = {one.id: one for one in (*view.open_threads, *view.newest_threads)}
    return sorted((one for one in known.values() if is_ahead(one, now=now)), key=_starts_at)


def _starts_at(thread: PublicThread) -> dt.datetime:
    meeting = meeting_of(thread)
    return thread.started_at if meeting is None else meeting.starts_at


def _overall(view: SiteView) -> str:
    return worst(state_of(one) for one in view.open_threads)


def _count(n: int, speech: Speech) -> Markup | str:
    match n:
        case 0:
            return ""
        case 1:
            return speech.word("front", "one_open")
        case _:
            return speech.word("front", "many_open", n=speech.number(n))


def _root(view: SiteView, site: Site, *, now: dt.datetime) -> bytes:
    """Make the page that asks for no language: the state in each, and where to go."""
    speeches = [speech_of(site, language) for language in site.languages]
    incidents = _incidents(view)
    first = speeches[0]
    halves = [
        {
            "s": speech,
            "front": paths.front_path(speech.language),
            "state": speech.word("overall", _overall(view)),
            "open": [_root_line(one, speech) for one in incidents[:N_OPEN_ON_ROOT]],
            "made": speech.word("front", "made", at=speech.moment(now)),
        }
        for speech in speeches
    ]
    mirrors = [(url, first.technical(host_of(url))) for url in dict.fromkeys((site.url, *site.mirrors))]
    head = Head(
        path=paths.ROOT,
        title=" · ".join(speech.either_plain(site.name_en, site.name_ur) for speech in speeches),
        description=first.word("front", "description").striptags(),
    )
    return render_page("root", head, speech=first, halves=halves, tone=_overall(view), mirrors=mirrors[:8])


def _root_line(thread: PublicThread, speech: Speech) -> Markup:
    told, text = speech.text_of(thread.updates[-1])
    path = paths.thread_path(thread.kind, thread.id, language=speech.language)
    title = fill('<span lang="{}" dir="{}">{}</span>', told.language, told.direction, told.text(text.title))
    return fill('<a href="{}">{}</a>', path, title)
