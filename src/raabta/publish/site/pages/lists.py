"""Lists: a component, a month, all months, all that is open, all components."""

from collections.abc import Sequence
from itertools import groupby

from markupsafe import Markup

from raabta.model.publication import PublicThread
from raabta.model.site import Component, Site
from raabta.publish.site import paths
from raabta.publish.site.frame import Feed, Head, render_list
from raabta.publish.site.pages.beside import Fact
from raabta.publish.site.pages.rows import component_groups, thread_row
from raabta.publish.site.speech import Speech, fill, speech_of
from raabta.publish.site.view import (
    N_OF_COMPONENT,
    N_OPEN_LISTED,
    MonthCount,
    SiteView,
    component_state,
    newest_first,
)


def render_component(component: Component, threads: Sequence[PublicThread], *, site: Site) -> dict[str, bytes]:
    """Make a component's page in each language.

    Args:
        component: Which one.
        threads: All open threads that concern it, and the newest ``view.N_OF_COMPONENT`` others (more are cut off).
        site: Who speaks.
    """
    every = newest_first(threads)
    is_open = [one for one in every if one.is_open]
    closed = [one for one in every if not one.is_open]
    shown = is_open[:N_OPEN_LISTED] + closed[:N_OF_COMPONENT]
    state = component_state(component.id, is_open)
    made: dict[str, bytes] = {}
    for language in site.languages:
        speech = speech_of(site, language)
        path = paths.component_path(component.id, language)
        feed = Feed(
            type="application/atom+xml",
            path=paths.component_feed_path(component.id, language),
            title=speech.word("component", "feed"),
        )
        name = speech.either(component.name_en, component.name_ur)
        up = paths.up(path)
        more = '<a href="{}{}">{}</a>'
        below = [fill(more, up, feed.path, feed.title)]
        if len(closed) >= N_OF_COMPONENT:
            below.append(fill(more, up, paths.history_path(language), speech.word("component", "older")))
        made |= render_list(
            "list",
            _head(path, speech.either_plain(component.name_en, component.name_ur), speech, feeds=(feed,)),
            speech=speech,
            pieces=[thread_row(one, speech, up=up, level=2) for one in shown],
            above=speech.word("kind", component.kind),
            title=name,
            lead="",
            state=state,
            facts=_component_facts(component, speech),
            rows=True,
            nothing=speech.word("component", "none"),
            below=below,
        )
    return made


def render_month(month: str, threads: Sequence[PublicThread], *, site: Site) -> dict[str, bytes]:
    """Make a month's pages in each language from all threads that began in it (``Publication.month``)."""
    every = sorted(threads, key=lambda one: (one.started_at, one.sequence), reverse=True)
    made: dict[str, bytes] = {}
    for language in site.languages:
        speech = speech_of(site, language)
        path = paths.month_path(month, language)
        up = paths.up(path)
        above = fill('<a href="{}{}">{}</a>', up, paths.history_path(language), speech.word("list", "history"))
        title = speech.month(month)
        head = _head(path, title.striptags(), speech, current="history")
        made |= _rows(head, every, speech=speech, title=title, above=above)
    return made


def render_open(view: SiteView, speech: Speech) -> dict[str, bytes]:
    """Make the list of all that is open."""
    title = speech.word("list", "open")
    head = _head(paths.open_path(speech.language), title.striptags(), speech, current="now")
    return _rows(head, view.open_threads[:N_OPEN_LISTED], speech=speech, title=title)


def render_components(view: SiteView, speech: Speech) -> dict[str, bytes]:
    """Make the list of all components."""
    path = paths.components_path(speech.language)
    title = speech.word("list", "components")
    return render_list(
        "list",
        _head(path, title.striptags(), speech, current="now"),
        speech=speech,
        pieces=list(component_groups(speech.site.components, view.states, speech=speech, up=paths.up(path))),
        title=title,
        **(_BARE | {"rows": False}),
    )


def render_history(months: Sequence[MonthCount], site: Site) -> dict[str, bytes]:
    """Make the list of months in each language."""
    newest = sorted(months, key=lambda one: one.month, reverse=True)
    made: dict[str, bytes] = {}
    for language in site.languages:
        speech = speech_of(site, language)
        path = paths.history_path(language)
        title = speech.word("list", "history")
        pieces = [
            _year(year, list(group), speech, up=paths.up(path))
            for year, group in groupby(newest, key=lambda one: one.month[:4])
        ]
        made |= render_list(
            "list",
            _head(path, title.striptags(), speech, current="history"),
            speech=speech,
            pieces=pieces,
            title=title,
            **(
                _BARE
                | {"rows": False, "lead": speech.word("list", "history_lead"), "nothing": speech.word("list", "none")}
            ),
        )
    return made


_BARE: dict[str, object] = {"above": "", "lead": "", "state": "", "facts": (), "rows": True, "nothing": "", "below": ()}


def _rows(
    head: Head, threads: Sequence[PublicThread], *, speech: Speech, title: Markup, above: Markup | str = ""
) -> dict[str, bytes]:
    return render_list(
        "list",
        head,
        speech=speech,
        pieces=[thread_row(one, speech, up=paths.up(head.path), level=2) for one in threads],
        title=title,
        **(_BARE | {"above": above, "nothing": speech.word("list", "none")}),
    )


def _year(year: str, months: Sequence[MonthCount], speech: Speech, *, up: str) -> Markup:
    line = '<li><a href="{}{}">{}</a> <span class="small">{}{}</span></li>'
    lines = [
        fill(
            line,
            up,
            paths.month_path(one.month, speech.language),
            speech.month(one.month),
            _count("one", "many", one.n_threads, speech),
            speech.comma() + _count("one_open", "many_open", one.n_open, speech) if one.n_open else "",
        )
        for one in months
    ]
    return fill('<section><h2>{}</h2><ul class="months">{}</ul></section>', speech.text(year), Markup("").join(lines))


def _count(one: str, many: str, n: int, speech: Speech) -> Markup:
    return speech.word("list", one) if n == 1 else speech.word("list", many, n=speech.number(n))


def _head(path: str, title: str, speech: Speech, *, current: str = "", feeds: tuple[Feed, ...] = ()) -> Head:
    site = speech.site
    name = speech.either_plain(site.name_en, site.name_ur)
    return Head(path=path, title=f"{title} – {name}", current=current, feeds=feeds)


def _component_facts(component: Component, speech: Speech) -> tuple[Fact, ...]:
    facts: list[Fact] = []
    if component.hosts:
        hosts = [speech.technical(host) for host in component.hosts[:24]]
        facts.append((speech.word("component", "hosts"), speech.comma().join(hosts)))
    if component.asns:
        networks = [speech.technical(f"AS{asn}") for asn in component.asns[:24]]
        facts.append((speech.word("component", "networks"), speech.comma().join(networks)))
    return tuple(facts)
