"""RSS 2.0 (RSS Advisory Board, 2.0.11): a feed in each language, for readers that know no Atom."""

import datetime as dt
from collections.abc import Sequence
from email.utils import format_datetime

from raabta.model.bulletin import Language
from raabta.model.publication import PublicThread
from raabta.model.site import Site
from raabta.publish.feeds.atom import categories
from raabta.publish.feeds.cleaning import cleaned
from raabta.publish.feeds.elements import ATOM, Element
from raabta.publish.feeds.items import (
    Item,
    html_of,
    in_direction,
    locale_of,
    newest,
    newest_at,
    phrase,
    site_name,
    tag_of,
    title_of,
    update_url,
)
from raabta.publish.moments import local
from raabta.publish.site.paths import absolute, feed_path, front_path

MINUTES_TO_KEEP = 5
"""How long a reader may keep what it has (``ttl``): an update that matters is not older. Judgement."""


def render(threads: Sequence[PublicThread], site: Site) -> dict[str, bytes]:
    """Make ``en/feed.rss`` and ``ur/feed.rss``.

    Args:
        threads: Public threads, newest first.
        site: Who speaks.
    """
    site, items = cleaned(site), newest(threads)
    return {feed_path("feed.rss", language): _feed(items, site, language=language) for language in site.languages}


def _feed(items: Sequence[Item], site: Site, *, language: Language) -> bytes:
    feed = Element("rss", {"version": "2.0", "xmlns:atom": ATOM})
    channel = feed.add("channel")
    channel.add("title", in_direction(site_name(site, language=language), site, language=language))
    channel.add("link", absolute(site, front_path(language)))
    channel.add("description", phrase("about", language=language))
    channel.add("language", locale_of(site, language=language).lower())
    own = {"rel": "self", "type": "application/rss+xml", "href": absolute(site, feed_path("feed.rss", language))}
    channel.add("atom:link", attributes=own)
    if items:
        channel.add("lastBuildDate", _date(newest_at(items), site))
    channel.add("ttl", str(MINUTES_TO_KEEP))
    for item in items:
        _add_item(channel, item, site, language=language)
    return feed.document()


def _add_item(channel: Element, item: Item, site: Site, *, language: Language) -> None:
    entry = channel.add("item")
    entry.add("title", in_direction(title_of(item, language=language), site, language=language))
    entry.add("link", update_url(item, site, language=language))
    entry.add("guid", tag_of(item, site, language=language), attributes={"isPermaLink": "false"})
    entry.add("pubDate", _date(item.update.at, site))
    for _, scheme, label in categories(item, site, language=language):
        entry.add("category", label, attributes={"domain": f"{site.url}/#{scheme}"})
    entry.add("description", html_of(item, site, language=language))


def _date(at: dt.datetime, site: Site) -> str:
    return format_datetime(local(at, site).replace(microsecond=0))
