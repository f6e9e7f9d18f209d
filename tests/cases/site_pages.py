"""The whole site of some threads, as the builder puts it together, but in memory."""

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lxml import html

from raabta.model.publication import PublicThread
from raabta.model.site import Site
from raabta.publish.feeds import render_feeds
from raabta.publish.moments import month_of
from raabta.publish.site import (
    MonthCount,
    make_view,
    render_component,
    render_fixed,
    render_front,
    render_history,
    render_month,
    render_thread,
)
from tests.cases.publication import NOW, example_site, example_threads


def pages_of(site: Site, threads: Sequence[PublicThread], *, now: dt.datetime = NOW) -> dict[str, bytes]:
    """Give all pages with the style sheet, without feeds."""
    by_month: dict[str, list[PublicThread]] = {}
    for thread in threads:
        by_month.setdefault(month_of(thread.started_at, site), []).append(thread)
    months = [
        MonthCount(month=month, n_threads=len(some), n_open=sum(one.is_open for one in some))
        for month, some in by_month.items()
    ]
    view = make_view([one for one in threads if one.is_open], threads[:20], months=months, site=site)
    made = render_front(view, site, now=now) | render_history(months, site) | render_fixed(site)
    for thread in threads:
        made |= render_thread(thread, site)
    for component in site.components:
        made |= render_component(component, [one for one in threads if component.id in one.component_ids], site=site)
    for month, some in by_month.items():
        made |= render_month(month, some, site=site)
    return made


def parse(content: bytes) -> Any:
    """Read a page; lxml's types say too little of what XPath gives."""
    return html.document_fromstring(content)


def text_of(element: Any) -> str:
    """Give the text of an element in one line."""
    return " ".join(element.text_content().split())


def example_pages() -> dict[str, bytes]:
    """Give all pages of the example."""
    return pages_of(example_site(), example_threads())


def write_site(folder: Path, site: Site, threads: Sequence[PublicThread]) -> list[str]:
    """Write pages and feeds into a folder, and give the paths of the pages."""
    pages = pages_of(site, threads)
    for path, content in (pages | render_feeds(threads, site, now=NOW)).items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    return sorted(path for path in pages if path.endswith(".html"))
