"""Feeds of the public site: the same updates for readers, calendars, monitors and warning systems. Pure.

- ``items``: which updates, their ids, addresses and words
- ``atom``, ``rss``, ``jsonfeed``: for feed readers, in each language; ``atom`` also for each component
- ``statuspage``: for what reads Atlassian Statuspage's public API
- ``calendar``: iCalendar with meetings, maintenance and incidents
- ``cap``: alerts of the Common Alerting Protocol
- ``elements``, ``cleaning``: XML, and text that every format can hold
"""

import datetime as dt
from collections.abc import Mapping, Sequence

from raabta.model.publication import PublicThread
from raabta.model.site import Site
from raabta.publish.feeds import atom, calendar, cap, jsonfeed, rss, statuspage

__all__ = ["render_feeds"]


def render_feeds(
    threads: Sequence[PublicThread],
    site: Site,
    *,
    now: dt.datetime,
    by_component: Mapping[str, Sequence[PublicThread]] | None = None,
) -> dict[str, bytes]:
    """Make all feeds.

    Args:
        threads: Public threads, newest first: all that are open, and at least the newest 200 (no feed holds more).
        site: Who speaks, about which components.
        now: Only maintenance under way and planned depends on it.
        by_component: For which components feeds are made, and the newest threads of each; None makes those of all
            components from ``threads``.

    Returns:
        Path within the site to content.
    """
    found = statuspage.render(threads, site, now=now)
    for made in (atom, rss, jsonfeed, calendar, cap):
        found |= made.render(threads, site)
    for component in site.components:
        concerned = threads if by_component is None else by_component.get(component.id)
        if concerned is not None:
            found |= atom.render_component(component, concerned, site=site)
    return found
