"""The site's pages and feeds, rendered from the register: each with its owner, the name for what is replaced together.

An owner's files are made anew all at once, so that a list that became shorter leaves no further pages behind.
"""

import datetime as dt
from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from raabta.model.publication import Publication, PublicThread
from raabta.model.site import Site
from raabta.publish import public
from raabta.publish import site as html
from raabta.publish.feeds import atom, render_feeds
from raabta.publish.site import MonthCount, make_view
from raabta.publish.site.view import N_NEWEST, N_OF_COMPONENT
from raabta.registry import Records
from raabta.registry.publications import contents_of, count_months, of_month, open_or_newest, open_or_newest_of

Files = dict[str, bytes]
Owned = tuple[str, Files]
"""An owner, and all its files."""

N_OF_FEEDS: Final = 200
"""Newest threads that feeds are made from: none shows more updates (CAP has the newest 200)."""


def thread_owner(id_: str) -> str:
    """Name the owner of a thread's pages."""
    return f"thread {id_}"


def month_owner(month: str) -> str:
    """Name the owner of a month's pages."""
    return f"month {month}"


def read_thread(publication: Publication) -> PublicThread:
    """Give what is public of a thread.

    Raises:
        ValueError: What is kept is none: a newer Raabta wrote it.
    """
    try:
        return public.read_thread(publication.content)
    except msgspec.DecodeError as error:
        message = f"publication {publication.id}: {error}. Was it written by a newer Raabta?"
        raise ValueError(message) from error


def render_threads(records: Records, site: Site, *, ids: Iterable[str]) -> Iterator[Owned]:
    """Render threads."""
    for publication in contents_of(records, ids):
        yield thread_owner(publication.id), html.render_thread(read_thread(publication), site)


def render_months(records: Records, site: Site, *, months: Iterable[str]) -> Iterator[Owned]:
    """Render months; one without threads has no page."""
    for month in sorted(months):
        if threads := [read_thread(one) for one in of_month(records, month)]:
            yield month_owner(month), html.render_month(month, threads, site=site)


def render_components(records: Records, site: Site, *, ids: Iterable[str]) -> Iterator[Owned]:
    """Render components with their feeds; one without threads has a page too."""
    known = {one.id: one for one in site.components}
    for id_ in sorted(ids):
        found = open_or_newest_of(records, id_, n_newest=max(N_OF_COMPONENT, N_OF_FEEDS))
        threads = [read_thread(one) for one in found]
        files = html.render_component(known[id_], threads, site=site)
        yield f"component {id_}", files | atom.render_component(known[id_], threads, site=site)


def render_always(records: Records, site: Site, *, now: dt.datetime) -> Iterator[Owned]:
    """Render what any update may change: front pages, history, and feeds of all."""
    threads = [read_thread(one) for one in open_or_newest(records, n_newest=max(N_OF_FEEDS, 2 * N_NEWEST))]
    months = [MonthCount(month=month, n_threads=n, n_open=n_open) for month, n, n_open in count_months(records)]
    is_open = [one for one in threads if one.is_open]
    view = make_view(is_open, threads[: 2 * N_NEWEST], months=months, site=site)
    yield "front", html.render_front(view, site, now=now)
    yield "history", html.render_history(months, site)
    yield "feeds", render_feeds(threads, site, now=now, by_component={})


def render_fixed(site: Site) -> Iterator[Owned]:
    """Render what only the settings change."""
    yield "fixed", html.render_fixed(site)
